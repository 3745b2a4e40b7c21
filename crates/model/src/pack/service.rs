//! Encodes a service.

use inia_core::packed::{Packed, PackedPart, PackedWriter};

use crate::packed::{NAME_OF_TARGET, ShapeHead, location_name, response_code};
use crate::{Constraints, Kind, Member, Operation, ServiceModel, Shape, Structure, Traits};

/// Encodes a service. The output is deterministic.
pub(super) fn write(model: &ServiceModel, out: &mut PackedWriter<'_>) {
    let mut encoder = ServiceEncoder {
        model,
        traits: vec![Traits::default()],
    };
    let shapes: Vec<Vec<u8>> = model
        .shapes()
        .map(|(_, shape)| out.nested(|out| encoder.shape(shape, out)))
        .collect();
    let operations: Vec<Vec<u8>> = model
        .operations()
        .map(|operation| out.nested(|out| encoder.operation(operation, out)))
        .collect();
    model.metadata().write(out);
    encoder.traits.write(out);
    out.records(operations.iter());
    out.records(shapes.iter());
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
}

struct ServiceEncoder<'a> {
    model: &'a ServiceModel,
    /// Distinct sets of traits, without location names; the first is empty.
    traits: Vec<Traits>,
}

impl ServiceEncoder<'_> {
    fn traits_index(&mut self, traits: &Traits) -> usize {
        let key = Traits {
            location_name: None,
            ..traits.clone()
        };
        match self.traits.iter().position(|known| *known == key) {
            Some(index) => index,
            None => {
                self.traits.push(key);
                self.traits.len() - 1
            }
        }
    }

    /// Writes traits with the location name, which mostly equals the member's name with the first letter in lower case.
    fn traits(
        &mut self,
        name: &str,
        is_required: bool,
        traits: &Traits,
        out: &mut PackedWriter<'_>,
    ) {
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
            out.text(wire);
        }
    }

    /// Writes a reference to a shape without a name.
    fn part(&mut self, part: &Member, out: &mut PackedWriter<'_>) {
        out.size(part.target.index());
        self.traits(&part.name, false, &part.traits, out);
    }

    fn shape(&mut self, shape: &Shape, out: &mut PackedWriter<'_>) {
        out.text(&shape.name);
        let structure = match &shape.kind {
            Kind::Structure(structure) => Some(structure),
            _ => None,
        };
        let head = ShapeHead {
            kind: kind_number(&shape.kind),
            has_traits: shape.traits != Traits::default(),
            has_constraints: shape.constraints != Constraints::default(),
            has_payload: structure.is_some_and(|structure| structure.payload.is_some()),
            has_error: structure.is_some_and(|structure| structure.error.is_some()),
        };
        out.byte(head.to_byte());
        if head.has_traits {
            self.traits(&shape.name, false, &shape.traits, out);
        }
        match &shape.kind {
            Kind::Structure(structure) => self.structure(structure, out),
            Kind::List(member) => self.part(member, out),
            Kind::Map { key, value } => {
                self.part(key, out);
                self.part(value, out);
            }
            _ => {}
        }
        // Constraints come last: enumerations may be long and are decoded only on use.
        if head.has_constraints {
            constraints(&shape.constraints, out);
        }
    }

    fn structure(&mut self, structure: &Structure, out: &mut PackedWriter<'_>) {
        structure.payload.write_present(out);
        structure.error.write_present(out);
        out.size(structure.members.len());
        for (position, member) in (0u32..).zip(&structure.members) {
            if member.name == self.model.shape(member.target).name {
                out.number(NAME_OF_TARGET);
            } else {
                out.text(&member.name);
            }
            out.size(member.target.index());
            let is_required = structure.required.contains(&position);
            self.traits(&member.name, is_required, &member.traits, out);
        }
    }

    fn operation(&mut self, operation: &Operation, out: &mut PackedWriter<'_>) {
        operation.write(out);
        out.number(match operation.response_code {
            Some(200) => response_code::OK,
            None => response_code::NONE,
            Some(code) => code,
        });
        for part in [&operation.input, &operation.output] {
            part.is_some().write(out);
            if let Some(part) = part {
                self.part(part, out);
            }
        }
    }
}

fn constraints(constraints: &Constraints, out: &mut PackedWriter<'_>) {
    let pattern = constraints.pattern();
    let values = constraints.enumeration();
    out.flags(&[
        constraints.min.is_some(),
        constraints.max.is_some(),
        pattern.is_some(),
        !values.is_empty(),
    ]);
    constraints.min.write_present(out);
    constraints.max.write_present(out);
    if let Some(pattern) = pattern {
        out.text(pattern);
    }
    if !values.is_empty() {
        out.list(values.iter());
    }
}

impl ShapeHead {
    fn to_byte(self) -> u8 {
        self.kind
            | u8::from(self.has_traits) << 4
            | u8::from(self.has_constraints) << 5
            | u8::from(self.has_payload) << 6
            | u8::from(self.has_error) << 7
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
