//! [`Walk`]: one walk over parameters and shapes, which finds every problem.

use inia_core::{Error, Map, Problem, Result, Timestamp, Value};

use super::place::{Place, Step};
use super::printed::{Names, Printed};
use super::respell::{special_float, spelt_in_snake_case};
use super::{MAX_DEPTH, MAX_PROBLEMS};
use crate::names::is_snake_case_of;
use crate::{Kind, Location, Member, Operation, ServiceModel, Structure, did_you_mean};

/// A walk through parameters, which finds every problem.
pub(super) struct Walk<'m> {
    model: &'m ServiceModel,
    pub(super) problems: Vec<Problem>,
    /// Something is only spelt differently: the walk is to be done again once that is put right.
    pub(super) must_respell: bool,
    /// This is that second walk: what is still spelt differently is there twice.
    pub(super) is_respelt: bool,
}

impl<'m> Walk<'m> {
    pub(super) fn new(model: &'m ServiceModel) -> Self {
        Walk {
            model,
            problems: Vec::new(),
            must_respell: false,
            is_respelt: false,
        }
    }

    pub(super) fn outcome(self, operation: &Operation) -> Result<()> {
        if self.problems.is_empty() {
            Ok(())
        } else {
            Err(Error::from_problems(&operation.name, self.problems))
        }
    }

    pub(super) fn input(&mut self, operation: &'m Operation, params: &Value, supplied: &[&str]) {
        let place = Place::ROOT;
        let Value::Map(map) = params else {
            return self.wrong_type(&place, params, false, "map");
        };
        match self.model.input(operation) {
            Some(structure) => {
                let is_union = operation
                    .input
                    .as_ref()
                    .is_some_and(|input| input.traits.is_union());
                self.structure(structure, is_union, map, &place, supplied);
            }
            None => {
                for (name, _) in map {
                    let message = format!("unknown parameter; {} takes none", operation.name);
                    self.report(&place.then(Step::Name(name)), message);
                }
            }
        }
    }

    #[cold]
    fn report(&mut self, place: &Place<'_>, message: impl Into<String>) {
        if !self.is_full() {
            self.problems.push(Problem {
                path: place.to_string(),
                message: message.into(),
            });
        }
    }

    fn is_full(&self) -> bool {
        self.problems.len() >= MAX_PROBLEMS
    }

    #[cold]
    fn wrong_type(&mut self, place: &Place<'_>, value: &Value, is_secret: bool, types: &str) {
        let printed = Printed { value, is_secret };
        let kind = value.type_name();
        self.report(
            place,
            format!("invalid type, value: {printed}, type: {kind}, valid types: {types}"),
        );
    }

    pub(super) fn value(&mut self, member: &'m Member, value: &Value, place: &Place<'_>) {
        if place.depth > MAX_DEPTH {
            return self.report(place, "nested too deeply");
        }
        let shape = self.model.shape(member.target);
        let is_secret = member.traits.is_sensitive();
        match (&shape.kind, value) {
            (Kind::Structure(_), _) if member.traits.is_document() => self.document(value, place),
            (Kind::Structure(structure), Value::Map(map)) => {
                self.structure(structure, member.traits.is_union(), map, place, &[]);
            }
            // An event stream given whole: each element is one event.
            (Kind::Structure(structure), Value::List(events))
                if member.traits.is_event_stream() =>
            {
                for (index, event) in events.iter().enumerate() {
                    let place = place.then(Step::Index(index));
                    match event {
                        Value::Map(map) => self.structure(structure, true, map, &place, &[]),
                        _ => self.wrong_type(&place, event, is_secret, "map"),
                    }
                }
            }
            (Kind::List(element), Value::List(list)) => {
                self.length(member, list.len(), place);
                let is_sparse = member.traits.is_sparse();
                for (index, item) in list.iter().enumerate() {
                    if !(is_sparse && item.is_null()) {
                        self.value(element, item, &place.then(Step::Index(index)));
                    }
                    if self.is_full() {
                        return;
                    }
                }
            }
            (
                Kind::Map {
                    key,
                    value: element,
                },
                Value::Map(map),
            ) => {
                let is_sparse = member.traits.is_sparse();
                for (name, item) in map {
                    self.string(key, name, &place.then(Step::Key(name)));
                    if !(is_sparse && item.is_null()) {
                        self.value(element, item, &place.then(Step::Name(name)));
                    }
                    if self.is_full() {
                        return;
                    }
                }
            }
            (Kind::String, _) if is_json_header(member) => self.document(value, place),
            (Kind::String, Value::String(text)) => self.string(member, text, place),
            (Kind::Boolean, Value::Bool(_))
            | (Kind::Blob, Value::Blob(_) | Value::String(_))
            | (Kind::Timestamp, Value::Timestamp(_)) => {}
            (Kind::Integer | Kind::Long, Value::Int(_) | Value::BigInt(_))
            | (Kind::Float | Kind::Double, Value::Float(_) | Value::Int(_) | Value::BigInt(_)) => {
                self.number(member, value, place);
            }
            (Kind::Float | Kind::Double, Value::String(text))
                if special_float(text).is_some() && !self.is_respelt =>
            {
                self.must_respell = true;
            }
            (Kind::Timestamp, Value::Int(seconds)) if Timestamp::new(*seconds, 0).in_range() => {}
            (Kind::Timestamp, Value::Float(seconds)) if Timestamp::from_f64(*seconds).is_ok() => {}
            (Kind::Timestamp, Value::String(text)) if Timestamp::parse_lenient(text).is_ok() => {}
            _ => self.wrong_type(place, value, is_secret, valid_types(&shape.kind)),
        }
    }

    /// Whether a value fits at first sight: a scalar of just the shape's type, far from the least that is allowed.
    ///
    /// Nearly every scalar does, and a place for a message need not be made for it.
    #[inline]
    pub(super) fn plainly_fits(&self, member: &Member, value: &Value) -> bool {
        let shape = self.model.shape(member.target);
        let min = match shape.constraints.min {
            Some(min) => min,
            None if member.traits.is_host_label() => return false,
            None => f64::NEG_INFINITY,
        };
        #[expect(
            clippy::cast_precision_loss,
            reason = "only compared, and what is near goes the long way"
        )]
        match (&shape.kind, value) {
            // A character has at most four bytes.
            (Kind::String, Value::String(text)) => text.len() as f64 >= min * 4.0,
            (Kind::Integer | Kind::Long, Value::Int(number)) => *number as f64 > min,
            (Kind::Float | Kind::Double, Value::Float(number)) => *number > min,
            (Kind::Boolean, Value::Bool(_))
            | (Kind::Blob, Value::Blob(_))
            | (Kind::Timestamp, Value::Timestamp(_)) => true,
            _ => false,
        }
    }

    fn structure(
        &mut self,
        structure: &'m Structure,
        is_union: bool,
        map: &Map,
        place: &Place<'_>,
        supplied: &[&str],
    ) {
        if is_union {
            self.union(structure, map, place);
        }
        // Required members come first, as a reader wants them.
        for (at, &position) in structure.required.iter().enumerate() {
            let Some(member) = structure.members.get(position as usize) else {
                continue;
            };
            // They mostly come first in the parameters, too.
            let given = match map.get_index(at) {
                Some((name, value)) if *name == member.name => Some(value),
                _ => map.get(&member.name),
            };
            if given.is_none_or(Value::is_null) && !supplied.contains(&member.name.as_str()) {
                if !self.is_respelt && map.keys().any(|name| is_snake_case_of(name, &member.name)) {
                    self.must_respell = true;
                } else {
                    self.report(
                        &place.then(Step::Name(&member.name)),
                        "missing required parameter",
                    );
                }
            }
        }
        let mut next = 0;
        for (name, value) in map {
            let position = structure.member_position_from(next, name);
            let Some(member) = position.and_then(|position| structure.members.get(position)) else {
                self.unknown(structure, name, place);
                continue;
            };
            next = position.map_or(0, |position| position + 1);
            if !value.is_null() && !self.plainly_fits(member, value) {
                self.value(member, value, &place.then(Step::Name(&member.name)));
            }
            if self.is_full() {
                return;
            }
        }
        for name in supplied {
            if map.get(name).is_some_and(|value| !value.is_null()) {
                self.report(
                    &place.then(Step::Name(name)),
                    "given both as a parameter and as a stream",
                );
            }
        }
    }

    fn union(&mut self, structure: &Structure, map: &Map, place: &Place<'_>) {
        let set = map.values().filter(|value| !value.is_null()).count();
        if set != 1 {
            let demand = if set == 0 {
                "must set one of the following keys"
            } else {
                "can only set one of the following keys"
            };
            self.report(place, format!("{demand}: {}", Names(structure)));
        }
    }

    #[cold]
    fn unknown(&mut self, structure: &Structure, name: &str, place: &Place<'_>) {
        let snake = spelt_in_snake_case(structure, name);
        if snake.is_some() && !self.is_respelt {
            self.must_respell = true;
            return;
        }
        let message = match snake {
            Some(member) => format!("given twice, also as {}", member.name),
            None => {
                let names = structure.members.iter().map(|member| member.name.as_str());
                match did_you_mean(name, names) {
                    hint if !hint.is_empty() => format!("unknown parameter{hint}"),
                    _ if structure.members.is_empty() => {
                        "unknown parameter, none may be given".to_owned()
                    }
                    _ => format!("unknown parameter, must be one of: {}", Names(structure)),
                }
            }
        };
        self.report(&place.then(Step::Name(name)), message);
    }

    fn string(&mut self, member: &Member, text: &str, place: &Place<'_>) {
        if let Some(min) = self.min(member) {
            // A character has at most four bytes, so that a long text need not be counted.
            #[expect(
                clippy::cast_precision_loss,
                reason = "a length is far below 2^53, and only compared"
            )]
            if (text.len() as f64) < min * 4.0 {
                self.length(member, text.chars().count(), place);
            }
        }
    }

    fn length(&mut self, member: &Member, length: usize, place: &Place<'_>) {
        #[expect(
            clippy::cast_precision_loss,
            reason = "a length is far below 2^53, and only compared"
        )]
        if let Some(min) = self.min(member)
            && (length as f64) < min
        {
            self.report(
                place,
                format!("invalid length, value: {length}, valid min length: {min}"),
            );
        }
    }

    fn number(&mut self, member: &Member, value: &Value, place: &Place<'_>) {
        if let Some(min) = self.min(member)
            && value.as_f64().is_some_and(|number| number < min)
        {
            let is_secret = member.traits.is_sensitive();
            let printed = Printed { value, is_secret };
            self.report(
                place,
                format!("invalid value, value: {printed}, valid min value: {min}"),
            );
        }
    }

    /// The least value or length. A label of the host is at least one character long.
    fn min(&self, member: &Member) -> Option<f64> {
        let min = self.model.shape(member.target).constraints.min;
        min.or_else(|| member.traits.is_host_label().then_some(1.0))
    }

    fn document(&mut self, value: &Value, place: &Place<'_>) {
        if place.depth > MAX_DEPTH {
            return self.report(place, "nested too deeply");
        }
        match value {
            Value::List(list) => {
                for (index, item) in list.iter().enumerate() {
                    self.document(item, &place.then(Step::Index(index)));
                }
            }
            Value::Map(map) => {
                for (name, item) in map {
                    self.document(item, &place.then(Step::Name(name)));
                }
            }
            Value::Blob(_) | Value::Timestamp(_) => {
                let types = "null, boolean, integer, float, string, list, map";
                self.wrong_type(place, value, false, types);
            }
            _ => {}
        }
    }
}

/// What a problem names as the types that fit.
fn valid_types(kind: &Kind) -> &'static str {
    match kind {
        Kind::Structure(_) | Kind::Map { .. } => "map",
        Kind::List(_) => "list",
        Kind::String => "string",
        Kind::Blob => "blob, string",
        Kind::Boolean => "boolean",
        Kind::Integer | Kind::Long => "integer",
        Kind::Float | Kind::Double => "float, integer",
        Kind::Timestamp => "timestamp, number, timestamp string",
    }
}

/// Whether any JSON may be given. A `jsonvalue` that is no header is the text of its JSON, as it stands.
///
/// # Source
/// botocore `utils.py:is_json_value_header`.
fn is_json_header(member: &Member) -> bool {
    member.traits.is_json_value() && member.traits.location == Some(Location::Header)
}
