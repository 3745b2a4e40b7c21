//! Encodes a service.

use inia_core::packed::PackedWriter;
use inia_core::{Str, TimestampFormat, Value};

use super::dictionary::TextSink;
use super::records::write_records;
use super::value;
use crate::packed::{METHODS, NAME_OF_TARGET, ShapeHead, location_name, operation_flag, traits};
use crate::{
    Constraints, Kind, Location, Member, Metadata, Operation, ServiceModel, Shape, Structure,
    Traits,
};

/// Encodes a service. The output is deterministic.
pub(super) fn service(model: &ServiceModel, texts: &mut impl TextSink) -> Vec<u8> {
    let mut encoder = ServiceEncoder {
        model,
        texts,
        traits: vec![Traits::default()],
    };
    let shapes: Vec<Vec<u8>> = model
        .shapes()
        .map(|(_, shape)| encoder.shape(shape))
        .collect();
    let operations: Vec<Vec<u8>> = model
        .operations()
        .map(|operation| encoder.operation(operation))
        .collect();
    let mut out = PackedWriter::default();
    encoder.metadata(model.metadata(), &mut out);
    encoder.traits_table(&mut out);
    write_records(operations.iter().map(Vec::as_slice), &mut out);
    write_records(shapes.iter().map(Vec::as_slice), &mut out);
    let errors: Vec<usize> = model
        .shapes()
        .filter(|(_, shape)| shape.traits.is_exception())
        .map(|(id, _)| id.index())
        .collect();
    out.size(errors.len());
    let mut before = 0;
    for error in errors {
        out.size(error - std::mem::replace(&mut before, error));
    }
    out.bytes
}

struct ServiceEncoder<'a, T> {
    model: &'a ServiceModel,
    texts: &'a mut T,
    /// Distinct sets of traits, without location names; the first is empty.
    traits: Vec<Traits>,
}

impl<T: TextSink> ServiceEncoder<'_, T> {
    fn text(&mut self, text: &str, out: &mut PackedWriter) {
        self.texts.text(text, out);
    }

    fn texts(&mut self, texts: &[Str], out: &mut PackedWriter) {
        out.size(texts.len());
        texts.iter().for_each(|text| self.text(text, out));
    }

    fn pairs(&mut self, pairs: &[(Str, Value)], out: &mut PackedWriter) {
        out.size(pairs.len());
        for (name, content) in pairs {
            self.text(name, out);
            value::write(content, self.texts, out);
        }
    }

    fn text_pairs(&mut self, pairs: &[(Str, Str)], out: &mut PackedWriter) {
        out.size(pairs.len());
        for (name, content) in pairs {
            self.text(name, out);
            self.text(content, out);
        }
    }

    fn metadata(&mut self, metadata: &Metadata, out: &mut PackedWriter) {
        let Metadata {
            service_id,
            api_version,
            endpoint_prefix,
            signing_name,
            signature_version,
            auth,
            protocol,
            protocols,
            json_version,
            target_prefix,
            xml_namespace,
            global_endpoint,
            full_name,
            abbreviation,
            uid,
            query_compatible,
            h2,
            client_context,
            deprecated,
            unknown,
        } = metadata;
        for text in [
            service_id,
            api_version,
            endpoint_prefix,
            signature_version,
            protocol,
            full_name,
            uid,
        ] {
            self.text(text, out);
        }
        let optional = [
            signing_name,
            json_version,
            target_prefix,
            xml_namespace,
            global_endpoint,
            abbreviation,
            h2,
        ];
        let mut flags = u64::from(*query_compatible) | u64::from(*deprecated) << 1;
        for (bit, text) in (2..).zip(&optional) {
            flags |= u64::from(text.is_some()) << bit;
        }
        out.number(flags);
        for text in optional.into_iter().flatten() {
            self.text(text, out);
        }
        self.texts(auth, out);
        self.texts(protocols, out);
        self.text_pairs(client_context, out);
        self.pairs(unknown, out);
    }

    /// Writes the table of the trait sets that [`ServiceEncoder::traits_index`] has collected.
    fn traits_table(&mut self, out: &mut PackedWriter) {
        let table = std::mem::take(&mut self.traits);
        out.size(table.len());
        for entry in &table {
            let Traits {
                flags,
                location,
                location_name: _,
                query_name,
                xml_namespace,
                timestamp_format,
                context_param,
                unknown,
            } = entry;
            out.number(u64::from(flags.bits()));
            let location = match location {
                None => 0,
                Some(Location::Uri) => 1,
                Some(Location::QueryString) => 2,
                Some(Location::Header) => 3,
                Some(Location::Headers) => 4,
                Some(Location::StatusCode) => 5,
            };
            let format = match timestamp_format {
                None => 0,
                Some(TimestampFormat::Iso8601) => 1,
                Some(TimestampFormat::Rfc822) => 2,
                Some(TimestampFormat::UnixTimestamp) => 3,
            };
            let prefix = xml_namespace
                .as_ref()
                .and_then(|namespace| namespace.prefix.as_ref());
            out.byte(location | format << 3);
            let mut parts = 0;
            for (bit, is_present) in [
                (traits::QUERY_NAME, query_name.is_some()),
                (traits::XML_NAMESPACE, xml_namespace.is_some()),
                (traits::XML_PREFIX, prefix.is_some()),
                (traits::CONTEXT_PARAM, context_param.is_some()),
                (traits::UNKNOWN, unknown.is_some()),
            ] {
                parts |= if is_present { bit } else { 0 };
            }
            out.byte(parts);
            let uri = xml_namespace.as_ref().map(|namespace| &namespace.uri);
            for text in [query_name.as_ref(), uri, prefix, context_param.as_ref()]
                .into_iter()
                .flatten()
            {
                self.text(text, out);
            }
            if let Some(unknown) = unknown {
                self.pairs(unknown, out);
            }
        }
    }

    fn traits_index(&mut self, traits_key: &Traits) -> usize {
        let traits_key = Traits {
            location_name: None,
            ..traits_key.clone()
        };
        match self.traits.iter().position(|known| *known == traits_key) {
            Some(index) => index,
            None => {
                self.traits.push(traits_key);
                self.traits.len() - 1
            }
        }
    }

    /// Writes traits with the location name, which mostly equals the member's name with the first letter in lower case.
    fn traits(&mut self, name: &str, is_required: bool, traits: &Traits, out: &mut PackedWriter) {
        let index = self.traits_index(traits);
        let mode = match &traits.location_name {
            None => location_name::NONE,
            Some(wire) if **wire == *name => location_name::SAME,
            Some(wire) if location_name::with_lower_initial(name).as_ref() == Some(wire) => {
                location_name::LOWER_INITIAL
            }
            Some(_) => location_name::OTHER,
        };
        out.size(index << 3 | mode << 1 | usize::from(is_required));
        if let (location_name::OTHER, Some(wire)) = (mode, &traits.location_name) {
            self.text(wire, out);
        }
    }

    /// Writes a reference to a shape without a name.
    fn part(&mut self, part: &Member, out: &mut PackedWriter) {
        out.size(part.target.index());
        self.traits(&part.name, false, &part.traits, out);
    }

    fn member(&mut self, member: &Member, is_required: bool, out: &mut PackedWriter) {
        if member.name == self.model.shape(member.target).name {
            out.number(NAME_OF_TARGET);
        } else {
            self.text(&member.name, out);
        }
        out.size(member.target.index());
        self.traits(&member.name, is_required, &member.traits, out);
    }

    fn shape(&mut self, shape: &Shape) -> Vec<u8> {
        let mut out = PackedWriter::default();
        self.text(&shape.name, &mut out);
        let head = ShapeHead {
            kind: kind_number(&shape.kind),
            has_traits: shape.traits != Traits::default(),
            has_constraints: shape.constraints != Constraints::default(),
            has_more: matches!(&shape.kind, Kind::Structure(structure)
                if structure.error.is_some() || structure.payload.is_some()),
        };
        out.byte(head.to_byte());
        if head.has_traits {
            self.traits(&shape.name, false, &shape.traits, &mut out);
        }
        match &shape.kind {
            Kind::Structure(structure) => self.structure(structure, head.has_more, &mut out),
            Kind::List(member) => self.part(member, &mut out),
            Kind::Map { key, value } => {
                self.part(key, &mut out);
                self.part(value, &mut out);
            }
            _ => {}
        }
        // Constraints come last: enumerations may be long and are decoded only on use.
        if head.has_constraints {
            self.constraints(&shape.constraints, &mut out);
        }
        out.bytes
    }

    fn structure(&mut self, structure: &Structure, has_more: bool, out: &mut PackedWriter) {
        if has_more {
            out.number(
                structure
                    .payload
                    .map_or(0, |payload| u64::from(payload) + 1),
            );
            let error = structure.error.as_deref();
            let mut flags = u64::from(error.is_some());
            if let Some(error) = error {
                flags |= u64::from(error.sender_fault) << 1;
                flags |= u64::from(error.code.is_some()) << 2;
                flags |= u64::from(error.http_status.is_some()) << 3;
                flags |= u64::from(error.retryable.is_some()) << 4;
                flags |= u64::from(error.retryable.is_some_and(|r| r.throttling)) << 5;
            }
            out.number(flags);
            if let Some(code) = error.and_then(|error| error.code.as_ref()) {
                self.text(code, out);
            }
            if let Some(status) = error.and_then(|error| error.http_status) {
                out.number(u64::from(status));
            }
        }
        out.size(structure.members.len());
        for (position, member) in (0u32..).zip(&structure.members) {
            self.member(member, structure.required.contains(&position), out);
        }
    }

    fn constraints(&mut self, constraints: &Constraints, out: &mut PackedWriter) {
        let pattern = constraints.pattern();
        let values = constraints.enumeration();
        let numbers = [constraints.min, constraints.max];
        let mut flags = u8::from(pattern.is_some()) << 4 | u8::from(!values.is_empty()) << 5;
        for (bit, number) in (0..).step_by(2).zip(&numbers) {
            flags |= match number {
                None => 0,
                Some(number) if exact_integer(*number).is_some() => 1 << bit,
                Some(_) => 2 << bit,
            };
        }
        out.byte(flags);
        for number in numbers.into_iter().flatten() {
            match exact_integer(number) {
                Some(number) => out.signed(number),
                None => out.float(number),
            }
        }
        if let Some(pattern) = pattern {
            self.text(pattern, out);
        }
        if !values.is_empty() {
            self.texts(values, out);
        }
    }

    fn operation(&mut self, operation: &Operation) -> Vec<u8> {
        let Operation {
            name,
            index: _,
            method,
            request_uri,
            response_code,
            input,
            output,
            result_wrapper,
            errors,
            auth,
            auth_type,
            unsigned_payload,
            host_prefix,
            checksum,
            checksum_required,
            compression,
            static_context,
            operation_context,
            endpoint_discovery,
            is_endpoint_operation,
            is_idempotent,
            is_readonly,
            is_deprecated,
            unknown,
        } = operation;
        let mut out = PackedWriter::default();
        let out = &mut out;
        self.text(name, out);
        let known_method = METHODS.iter().position(|known| *known == &**method);
        let mut flags = 0u64;
        for (bit, is_present) in [
            (operation_flag::OTHER_METHOD, known_method.is_none()),
            (
                operation_flag::RESPONSE_CODE,
                response_code.is_some_and(|code| code != 200),
            ),
            (operation_flag::NO_RESPONSE_CODE, response_code.is_none()),
            (operation_flag::INPUT, input.is_some()),
            (operation_flag::OUTPUT, output.is_some()),
            (operation_flag::RESULT_WRAPPER, result_wrapper.is_some()),
            (operation_flag::AUTH, auth.is_some()),
            (operation_flag::AUTH_TYPE, auth_type.is_some()),
            (operation_flag::UNSIGNED_PAYLOAD, *unsigned_payload),
            (operation_flag::HOST_PREFIX, host_prefix.is_some()),
            (operation_flag::CHECKSUM, checksum.is_some()),
            (operation_flag::CHECKSUM_REQUIRED, *checksum_required),
            (operation_flag::COMPRESSION, !compression.is_empty()),
            (operation_flag::STATIC_CONTEXT, !static_context.is_empty()),
            (
                operation_flag::OPERATION_CONTEXT,
                !operation_context.is_empty(),
            ),
            (operation_flag::DISCOVERY, endpoint_discovery.is_some()),
            (
                operation_flag::DISCOVERY_REQUIRED,
                endpoint_discovery.is_some_and(|d| d.required),
            ),
            (operation_flag::ENDPOINT_OPERATION, *is_endpoint_operation),
            (operation_flag::IDEMPOTENT, *is_idempotent),
            (operation_flag::READONLY, *is_readonly),
            (operation_flag::DEPRECATED, *is_deprecated),
            (operation_flag::UNKNOWN, !unknown.is_empty()),
        ] {
            flags |= u64::from(is_present) << bit;
        }
        out.number(flags);
        match known_method {
            Some(known) => out.size(known),
            None => self.text(method, out),
        }
        self.text(request_uri, out);
        if let Some(code) = response_code.filter(|code| *code != 200) {
            out.number(u64::from(code));
        }
        for part in [input, output].into_iter().flatten() {
            self.part(part, out);
        }
        if let Some(wrapper) = result_wrapper {
            self.text(wrapper, out);
        }
        out.size(errors.len());
        errors.iter().for_each(|error| out.size(error.index()));
        if let Some(auth) = auth {
            self.texts(auth, out);
        }
        for text in [auth_type, host_prefix].into_iter().flatten() {
            self.text(text, out);
        }
        if let Some(checksum) = checksum {
            let names = [
                &checksum.request_algorithm_member,
                &checksum.request_validation_mode_member,
            ];
            let mut flags = u8::from(checksum.request_required);
            for (bit, name) in (1..).zip(names) {
                flags |= u8::from(name.is_some()) << bit;
            }
            out.byte(flags);
            for name in names.into_iter().flatten() {
                self.text(name, out);
            }
            self.texts(&checksum.response_algorithms, out);
        }
        if !compression.is_empty() {
            self.texts(compression, out);
        }
        if !static_context.is_empty() {
            self.pairs(static_context, out);
        }
        if !operation_context.is_empty() {
            self.text_pairs(operation_context, out);
        }
        if !unknown.is_empty() {
            self.pairs(unknown, out);
        }
        std::mem::take(&mut out.bytes)
    }
}

impl ShapeHead {
    fn to_byte(self) -> u8 {
        self.kind
            | u8::from(self.has_traits) << 4
            | u8::from(self.has_constraints) << 5
            | u8::from(self.has_more) << 6
    }
}

fn kind_number(kind: &Kind) -> u8 {
    match kind {
        Kind::Structure(_) => 0,
        Kind::List(_) => 1,
        Kind::Map { .. } => 2,
        Kind::String => 3,
        Kind::Blob => 4,
        Kind::Boolean => 5,
        Kind::Integer => 6,
        Kind::Long => 7,
        Kind::Float => 8,
        Kind::Double => 9,
        Kind::Timestamp => 10,
    }
}

/// Returns the number as an integer if it is exactly one of at most 53 bits.
fn exact_integer(number: f64) -> Option<i64> {
    const LIMIT: f64 = 9_007_199_254_740_992.0;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "within 2^53 a exact_integer float is exactly an integer"
    )]
    let integer = number as i64;
    #[expect(
        clippy::cast_precision_loss,
        reason = "compared with what it came from"
    )]
    let is_whole = number.abs() <= LIMIT && integer as f64 == number;
    // Minus zero would be decoded as zero.
    (is_whole && (integer != 0 || number.is_sign_positive())).then_some(integer)
}
