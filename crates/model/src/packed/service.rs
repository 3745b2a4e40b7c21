//! Decodes the shapes and operations of a packed service, one at a time.

use inia_core::Str;
use inia_core::packed::{Dictionary, Packed, PackedReader, RecordTable};

use super::{NAME_OF_TARGET, ShapeHead, location_name, response_code};
use crate::metadata::Metadata;
use crate::{Constraints, Kind, Member, Operation, Shape, ShapeId, Structure, Traits};

/// An opened service in an archive. Records are located but not decoded.
#[derive(Clone, Debug)]
pub(crate) struct PackedService {
    dictionary: Dictionary,
    traits: Box<[Traits]>,
    operations: RecordTable,
    shapes: RecordTable,
    errors: &'static [u8],
}

impl PackedService {
    pub(super) fn open(mut reader: PackedReader<'static>) -> Option<(Metadata, PackedService)> {
        let metadata = Metadata::read(&mut reader)?;
        let service = PackedService {
            dictionary: reader.dictionary(),
            traits: Packed::read(&mut reader)?,
            operations: reader.records()?,
            shapes: reader.records()?,
            errors: reader.rest(),
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
        let mut id = 0u32;
        PackedReader::new(self.errors).list(|reader| {
            id = id.checked_add(reader.int()?)?;
            self.in_range(ShapeId(id))
        })
    }

    fn in_range(&self, id: ShapeId) -> Option<ShapeId> {
        (id.index() < self.shapes.len()).then_some(id)
    }

    fn target(&self, reader: &mut PackedReader<'static>) -> Option<ShapeId> {
        self.in_range(ShapeId(reader.int()?))
    }

    fn record(&self, table: &RecordTable, index: usize) -> Option<PackedReader<'static>> {
        table
            .get(index)
            .map(|bytes| PackedReader::with_dictionary(bytes, self.dictionary))
    }

    /// Returns the name of an operation, without decoding the operation.
    pub(crate) fn operation_name(&self, index: usize) -> Option<Str> {
        self.record(&self.operations, index)?.text()
    }

    /// Returns the name of a shape, without decoding the shape.
    pub(crate) fn shape_name(&self, id: ShapeId) -> Option<Str> {
        self.record(&self.shapes, id.index())?.text()
    }

    pub(crate) fn shape(&self, id: ShapeId) -> Option<Shape> {
        let mut reader = self.record(&self.shapes, id.index())?;
        let name = reader.text()?;
        let head = ShapeHead::from_byte(reader.byte()?);
        let traits = if head.has_traits {
            self.member_traits(&name, &mut reader)?.0
        } else {
            Traits::default()
        };
        let kind = match head.kind {
            0 => Kind::Structure(self.structure(head, &mut reader)?),
            1 => Kind::List(self.part("member", &mut reader)?),
            2 => Kind::Map {
                key: self.part("key", &mut reader)?,
                value: self.part("value", &mut reader)?,
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
            let mut flags = reader.number()?;
            let min = reader.part(&mut flags)?;
            let max = reader.part(&mut flags)?;
            let texts = (flags != 0).then_some(PackedTexts { reader, flags });
            Constraints::packed(min, max, texts)
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

    fn structure(&self, head: ShapeHead, reader: &mut PackedReader<'static>) -> Option<Structure> {
        let mut structure = Structure::default();
        if head.has_payload {
            structure.payload = Some(reader.int()?);
        }
        if head.has_error {
            structure.error = Some(Packed::read(reader)?);
        }
        let mut required = Vec::new();
        let mut position = 0u32;
        let members = reader.list(|reader| {
            let (member, is_required) = self.member(reader)?;
            if is_required {
                required.push(position);
            }
            position += 1;
            Some(member)
        })?;
        structure.members = members.into();
        structure.required = required.into();
        structure.build_name_index();
        Some(structure)
    }

    fn member(&self, reader: &mut PackedReader<'static>) -> Option<(Member, bool)> {
        let mut lookahead = *reader;
        let name = if lookahead.number()? == NAME_OF_TARGET {
            *reader = lookahead;
            None
        } else {
            Some(reader.text()?)
        };
        let target = self.target(reader)?;
        let name = match name {
            Some(name) => name,
            None => self.shape_name(target)?,
        };
        let (traits, is_required) = self.member_traits(&name, reader)?;
        let member = Member {
            name,
            target,
            traits,
        };
        Some((member, is_required))
    }

    fn part(&self, name: &'static str, reader: &mut PackedReader<'static>) -> Option<Member> {
        let target = self.target(reader)?;
        let (traits, _) = self.member_traits(name, reader)?;
        Some(Member {
            name: Str::from_static(name),
            target,
            traits,
        })
    }

    /// Reads traits with the location name, and whether the member is required.
    fn member_traits(
        &self,
        name: &str,
        reader: &mut PackedReader<'static>,
    ) -> Option<(Traits, bool)> {
        let tag: usize = reader.int()?;
        let mut traits = self.traits.get(tag >> 3)?.clone();
        traits.location_name = match tag >> 1 & 3 {
            location_name::NONE => None,
            location_name::SAME => Some(Str::from(name)),
            location_name::LOWER_INITIAL => location_name::with_lower_initial(name),
            _ => Some(reader.text()?),
        };
        Some((traits, tag & 1 == 1))
    }

    pub(crate) fn operation(&self, index: usize) -> Option<Operation> {
        let mut reader = self.record(&self.operations, index)?;
        let mut operation = Operation::read(&mut reader)?;
        operation.index = u32::try_from(index).ok()?;
        operation.response_code = match reader.int()? {
            response_code::OK => Some(200),
            response_code::NONE => None,
            code => Some(code),
        };
        for part in [&mut operation.input, &mut operation.output] {
            if bool::read(&mut reader)? {
                *part = Some(self.part("", &mut reader)?);
            }
        }
        Some(operation)
    }
}

/// Undecoded pattern and enumeration of a shape.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PackedTexts {
    reader: PackedReader<'static>,
    flags: u64,
}

impl PackedTexts {
    pub(crate) fn read(mut self) -> Option<(Option<Str>, Box<[Str]>)> {
        let pattern = self.reader.part(&mut self.flags)?;
        let values = self.reader.part(&mut self.flags)?;
        Some((pattern, values))
    }
}
