//! Decodes the shapes and operations of a packed service, one at a time.

use inia_core::{Str, TimestampFormat};

use super::dictionary::Dictionary;
use super::reader::{PackedReader, RecordTable};
use super::record_reader::{PackedTexts, RecordReader};
use super::{METHODS, ShapeHead, location_name, operation_flag, traits};
use crate::metadata::Metadata;
use crate::{
    ChecksumTraits, Constraints, EndpointDiscovery, ErrorTraits, Flags, Kind, Location, Member,
    Operation, Retryable, Shape, ShapeId, Structure, Traits, XmlNamespace,
};

/// An opened service in an archive. Records are located but not decoded.
#[derive(Clone, Debug)]
pub(crate) struct PackedService {
    dictionary: Dictionary,
    traits: Box<[Traits]>,
    operations: RecordTable,
    shapes: RecordTable,
    errors: PackedReader,
}

impl PackedService {
    pub(super) fn open(
        dictionary: Dictionary,
        bytes: &'static [u8],
    ) -> Option<(Metadata, PackedService)> {
        let mut source = RecordReader {
            dictionary,
            reader: PackedReader::new(bytes),
        };
        let metadata = source.metadata()?;
        let traits = source.list(RecordReader::traits_entry)?;
        let operations = RecordTable::read(&mut source.reader)?;
        let shapes = RecordTable::read(&mut source.reader)?;
        let service = PackedService {
            dictionary,
            traits,
            operations,
            shapes,
            errors: source.reader,
        };
        Some((metadata, service))
    }

    pub(crate) fn operation_count(&self) -> usize {
        self.operations.len()
    }

    pub(crate) fn shape_count(&self) -> usize {
        self.shapes.len()
    }

    /// Returns the ids of the error shapes, in ascending order.
    pub(crate) fn errors(&self) -> Option<Vec<ShapeId>> {
        let mut reader = self.errors;
        let count = reader.count(1)?;
        let mut errors = Vec::with_capacity(count);
        let mut id = 0u32;
        for _ in 0..count {
            id = id.checked_add(reader.int()?)?;
            errors.push(self.shape_id(id)?);
        }
        Some(errors)
    }

    fn shape_id(&self, id: u32) -> Option<ShapeId> {
        let id = ShapeId(id);
        (id.index() < self.shapes.len()).then_some(id)
    }

    fn source(&self, reader: PackedReader) -> RecordReader {
        RecordReader {
            dictionary: self.dictionary,
            reader,
        }
    }

    /// Returns the name of an operation, without decoding the operation.
    pub(crate) fn operation_name(&self, index: usize) -> Option<Str> {
        self.source(self.operations.get(index)?).text()
    }

    /// Returns the name of a shape, without decoding the shape.
    pub(crate) fn shape_name(&self, id: ShapeId) -> Option<Str> {
        self.source(self.shapes.get(id.index())?).text()
    }

    pub(crate) fn shape(&self, id: ShapeId) -> Option<Shape> {
        let mut source = self.source(self.shapes.get(id.index())?);
        let name = source.text()?;
        let head = ShapeHead::from_byte(source.reader.byte()?);
        let traits = if head.has_traits {
            self.member_traits(&name, &mut source)?.0
        } else {
            Traits::default()
        };
        let kind = match head.kind {
            0 => Kind::Structure(self.structure(head.has_more, &mut source)?),
            1 => Kind::List(self.part("member", &mut source)?),
            2 => Kind::Map {
                key: self.part("key", &mut source)?,
                value: self.part("value", &mut source)?,
            },
            3 => Kind::String,
            4 => Kind::Blob,
            5 => Kind::Boolean,
            6 => Kind::Integer,
            7 => Kind::Long,
            8 => Kind::Float,
            9 => Kind::Double,
            10 => Kind::Timestamp,
            _ => return None,
        };
        let constraints = if head.has_constraints {
            source.constraints()?
        } else {
            Constraints::default()
        };
        Some(Shape {
            name,
            kind,
            traits,
            constraints,
        })
    }

    fn structure(&self, has_more: bool, source: &mut RecordReader) -> Option<Structure> {
        let mut structure = Structure::default();
        if has_more {
            structure.payload = source.reader.int::<u32>()?.checked_sub(1);
            let flags = source.reader.number()?;
            let has = |bit: u32| flags >> bit & 1 == 1;
            if has(0) {
                let mut error = ErrorTraits {
                    sender_fault: has(1),
                    ..ErrorTraits::default()
                };
                if has(2) {
                    error.code = Some(source.text()?);
                }
                if has(3) {
                    error.http_status = Some(source.reader.int()?);
                }
                if has(4) {
                    error.retryable = Some(Retryable { throttling: has(5) });
                }
                structure.error = Some(Box::new(error));
            }
        }
        let count = source.reader.count(1)?;
        let mut members = Vec::with_capacity(count);
        let mut required = Vec::new();
        for position in (0u32..).take(count) {
            let (member, is_required) = self.member(source)?;
            members.push(member);
            if is_required {
                required.push(position);
            }
        }
        structure.members = members.into();
        structure.required = required.into();
        structure.build_name_index();
        Some(structure)
    }

    fn member(&self, source: &mut RecordReader) -> Option<(Member, bool)> {
        let mut lookahead = source.reader;
        let name = if lookahead.number()? == super::NAME_OF_TARGET {
            source.reader = lookahead;
            None
        } else {
            Some(source.text()?)
        };
        let target = self.shape_id(source.reader.int()?)?;
        let name = match name {
            Some(name) => name,
            None => self.shape_name(target)?,
        };
        let (traits, is_required) = self.member_traits(&name, source)?;
        Some((
            Member {
                name,
                target,
                traits,
            },
            is_required,
        ))
    }

    fn part(&self, name: &'static str, source: &mut RecordReader) -> Option<Member> {
        let target = self.shape_id(source.reader.int()?)?;
        let (traits, _) = self.member_traits(name, source)?;
        Some(Member {
            name: Str::from_static(name),
            target,
            traits,
        })
    }

    /// Reads traits with the location name, and whether the member is required.
    fn member_traits(&self, name: &str, source: &mut RecordReader) -> Option<(Traits, bool)> {
        let tag: usize = source.reader.int()?;
        let mut traits = self.traits.get(tag >> 3)?.clone();
        traits.location_name = match tag >> 1 & 3 {
            location_name::NONE => None,
            location_name::SAME => Some(Str::from(name)),
            location_name::LOWER_INITIAL => location_name::with_lower_initial(name),
            location_name::OTHER => Some(source.text()?),
            _ => return None,
        };
        Some((traits, tag & 1 == 1))
    }

    pub(crate) fn operation(&self, index: usize) -> Option<Operation> {
        let mut source = self.source(self.operations.get(index)?);
        let name = source.text()?;
        let flags = source.reader.number()?;
        let has = |bit: u32| flags >> bit & 1 == 1;
        let method = if has(operation_flag::OTHER_METHOD) {
            source.text()?
        } else {
            Str::from_static(METHODS.get(source.reader.int::<usize>()?)?)
        };
        let request_uri = source.text()?;
        let response_code = if has(operation_flag::RESPONSE_CODE) {
            Some(source.reader.int()?)
        } else {
            (!has(operation_flag::NO_RESPONSE_CODE)).then_some(200)
        };
        let mut part = |bit| {
            if has(bit) {
                self.part("", &mut source).map(Some)
            } else {
                Some(None)
            }
        };
        let input = part(operation_flag::INPUT)?;
        let output = part(operation_flag::OUTPUT)?;
        let result_wrapper = source.text_if(has(operation_flag::RESULT_WRAPPER))?;
        let errors = source.list(|source| self.shape_id(source.reader.int()?))?;
        let auth = if has(operation_flag::AUTH) {
            Some(source.list(RecordReader::text)?)
        } else {
            None
        };
        let auth_type = source.text_if(has(operation_flag::AUTH_TYPE))?;
        let host_prefix = source.text_if(has(operation_flag::HOST_PREFIX))?;
        let checksum = if has(operation_flag::CHECKSUM) {
            let flags = source.reader.byte()?;
            Some(Box::new(ChecksumTraits {
                request_required: flags & 1 != 0,
                request_algorithm_member: source.text_if(flags & 2 != 0)?,
                request_validation_mode_member: source.text_if(flags & 4 != 0)?,
                response_algorithms: source.list(RecordReader::text)?,
            }))
        } else {
            None
        };
        let compression = source.list_if(has(operation_flag::COMPRESSION), RecordReader::text)?;
        let static_context =
            source.list_if(has(operation_flag::STATIC_CONTEXT), RecordReader::pair)?;
        let operation_context = source.list_if(
            has(operation_flag::OPERATION_CONTEXT),
            RecordReader::text_pair,
        )?;
        let unknown = source.list_if(has(operation_flag::UNKNOWN), RecordReader::pair)?;
        Some(Operation {
            name,
            index: u32::try_from(index).ok()?,
            method,
            request_uri,
            response_code,
            input,
            output,
            result_wrapper,
            errors,
            auth,
            auth_type,
            unsigned_payload: has(operation_flag::UNSIGNED_PAYLOAD),
            host_prefix,
            checksum,
            checksum_required: has(operation_flag::CHECKSUM_REQUIRED),
            compression,
            static_context,
            operation_context,
            endpoint_discovery: has(operation_flag::DISCOVERY).then(|| EndpointDiscovery {
                required: has(operation_flag::DISCOVERY_REQUIRED),
            }),
            is_endpoint_operation: has(operation_flag::ENDPOINT_OPERATION),
            is_idempotent: has(operation_flag::IDEMPOTENT),
            is_readonly: has(operation_flag::READONLY),
            is_deprecated: has(operation_flag::DEPRECATED),
            unknown,
        })
    }
}

impl RecordReader {
    fn metadata(&mut self) -> Option<Metadata> {
        let mut metadata = Metadata::default();
        for field in [
            &mut metadata.service_id,
            &mut metadata.api_version,
            &mut metadata.endpoint_prefix,
            &mut metadata.signature_version,
            &mut metadata.protocol,
            &mut metadata.full_name,
            &mut metadata.uid,
        ] {
            *field = self.text()?;
        }
        let flags = self.reader.number()?;
        metadata.query_compatible = flags & 1 != 0;
        metadata.deprecated = flags & 2 != 0;
        for (bit, field) in (2..).zip([
            &mut metadata.signing_name,
            &mut metadata.json_version,
            &mut metadata.target_prefix,
            &mut metadata.xml_namespace,
            &mut metadata.global_endpoint,
            &mut metadata.abbreviation,
            &mut metadata.h2,
        ]) {
            *field = self.text_if(flags >> bit & 1 == 1)?;
        }
        metadata.auth = self.list(RecordReader::text)?;
        metadata.protocols = self.list(RecordReader::text)?;
        metadata.client_context = self.list(RecordReader::text_pair)?;
        metadata.unknown = self.list(RecordReader::pair)?;
        Some(metadata)
    }

    fn traits_entry(&mut self) -> Option<Traits> {
        let flags = Flags::from_bits(self.reader.int()?);
        let location_and_format = self.reader.byte()?;
        let parts = self.reader.byte()?;
        let query_name = self.text_if(parts & traits::QUERY_NAME != 0)?;
        let uri = self.text_if(parts & traits::XML_NAMESPACE != 0)?;
        let prefix = self.text_if(parts & traits::XML_PREFIX != 0)?;
        let context_param = self.text_if(parts & traits::CONTEXT_PARAM != 0)?;
        let unknown = if parts & traits::UNKNOWN != 0 {
            Some(Box::new(self.list(RecordReader::pair)?.into_vec()))
        } else {
            None
        };
        Some(Traits {
            flags,
            location: match location_and_format & 7 {
                1 => Some(Location::Uri),
                2 => Some(Location::QueryString),
                3 => Some(Location::Header),
                4 => Some(Location::Headers),
                5 => Some(Location::StatusCode),
                _ => None,
            },
            location_name: None,
            query_name,
            xml_namespace: uri.map(|uri| Box::new(XmlNamespace { uri, prefix })),
            timestamp_format: match location_and_format >> 3 {
                1 => Some(TimestampFormat::Iso8601),
                2 => Some(TimestampFormat::Rfc822),
                3 => Some(TimestampFormat::UnixTimestamp),
                _ => None,
            },
            context_param,
            unknown,
        })
    }

    fn constraints(&mut self) -> Option<Constraints> {
        let flags = self.reader.byte()?;
        let mut number = |encoding: u8| {
            Some(match encoding & 3 {
                #[expect(
                    clippy::cast_precision_loss,
                    reason = "only written for integers that a double holds exactly"
                )]
                1 => Some(self.reader.signed()? as f64),
                2 => Some(self.reader.float()?),
                _ => None,
            })
        };
        let min = number(flags)?;
        let max = number(flags >> 2)?;
        let texts = PackedTexts {
            source: *self,
            has_pattern: flags & 1 << 4 != 0,
            has_values: flags & 1 << 5 != 0,
        };
        let has_texts = texts.has_pattern || texts.has_values;
        Some(Constraints::packed(min, max, has_texts.then_some(texts)))
    }
}
