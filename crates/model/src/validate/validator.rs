//! [`ParamValidator`]: validates parameters against shapes and collects all problems.

use inia_core::{Error, Map, Problem, Result, Timestamp, Value};

use super::display::{MemberNames, RedactedValue};
use super::normalize::{member_in_snake_case, special_float};
use super::problem_path::{PathStep, ProblemPath};
use super::{MAX_DEPTH, MAX_PROBLEMS};
use crate::names::is_snake_case_of;
use crate::{Kind, Location, Member, Operation, ServiceModel, Structure, did_you_mean};

/// Validates parameters and collects all problems.
pub(super) struct ParamValidator<'m> {
    model: &'m ServiceModel,
    pub(super) problems: Vec<Problem>,
    /// Alternative spellings were found: convert them and validate again.
    pub(super) needs_normalizing: bool,
    /// Alternative spellings have been converted: any that is left duplicates another name.
    pub(super) is_normalized: bool,
}

impl<'m> ParamValidator<'m> {
    pub(super) fn new(model: &'m ServiceModel) -> Self {
        ParamValidator {
            model,
            problems: Vec::new(),
            needs_normalizing: false,
            is_normalized: false,
        }
    }

    pub(super) fn finish(self, operation: &Operation) -> Result<()> {
        if self.problems.is_empty() {
            Ok(())
        } else {
            Err(Error::from_problems(&operation.name, self.problems))
        }
    }

    pub(super) fn input(&mut self, operation: &'m Operation, params: &Value, supplied: &[&str]) {
        let path = ProblemPath::ROOT;
        let Value::Map(map) = params else {
            return self.wrong_type(&path, params, false, "map");
        };
        match self.model.input(operation) {
            Some(structure) => {
                let is_union = operation
                    .input
                    .as_ref()
                    .is_some_and(|input| input.traits.is_union());
                self.structure(structure, is_union, map, &path, supplied);
            }
            None => {
                for (name, _) in map {
                    let message =
                        format!("unknown parameter; {} takes no parameters", operation.name);
                    self.report(&path.then(PathStep::Name(name)), message);
                }
            }
        }
    }

    /// Validates an event, the item at `index` of an event stream.
    pub(super) fn event(&mut self, stream: &'m Member, event: &Value, index: usize) {
        if let Some(structure) = self.model.structure(stream) {
            let path = ProblemPath::ROOT;
            let path = path.then(PathStep::Name(&stream.name));
            self.event_value(structure, event, &path.then(PathStep::Index(index)));
        }
    }

    fn event_value(&mut self, structure: &'m Structure, value: &Value, path: &ProblemPath<'_>) {
        match value {
            // An event is one member, even if the stream requires another (Kinesis `SubscribeToShard`).
            Value::Map(map) => {
                let names = structure.members.iter().map(|member| &*member.name);
                let others: Vec<&str> = names.filter(|name| map.get(name).is_none()).collect();
                self.structure(structure, true, map, path, &others);
            }
            _ => self.wrong_type(path, value, false, "map"),
        }
    }

    #[cold]
    fn report(&mut self, path: &ProblemPath<'_>, message: impl Into<String>) {
        if !self.is_full() {
            self.problems.push(Problem {
                path: path.to_string(),
                message: message.into(),
            });
        }
    }

    fn is_full(&self) -> bool {
        self.problems.len() >= MAX_PROBLEMS
    }

    #[cold]
    fn wrong_type(
        &mut self,
        path: &ProblemPath<'_>,
        value: &Value,
        is_sensitive: bool,
        types: &str,
    ) {
        let printed = RedactedValue {
            value,
            is_sensitive,
        };
        let kind = value.type_name();
        self.report(
            path,
            format!("invalid type, value: {printed}, type: {kind}, valid types: {types}"),
        );
    }

    pub(super) fn value(&mut self, member: &'m Member, value: &Value, path: &ProblemPath<'_>) {
        if path.depth > MAX_DEPTH {
            return self.report(path, "nested too deeply");
        }
        let shape = self.model.shape(member.target);
        let is_sensitive = member.traits.is_sensitive();
        match (&shape.kind, value) {
            (Kind::Structure(_), _) if member.traits.is_document() => self.document(value, path),
            (Kind::Structure(structure), Value::Map(map)) => {
                self.structure(structure, member.traits.is_union(), map, path, &[]);
            }
            // Event stream as a list: each element is an event.
            (Kind::Structure(structure), Value::List(events))
                if member.traits.is_event_stream() =>
            {
                for (index, event) in events.iter().enumerate() {
                    self.event_value(structure, event, &path.then(PathStep::Index(index)));
                }
            }
            (Kind::List(element), Value::List(list)) => {
                self.length(member, list.len(), path);
                let is_sparse = member.traits.is_sparse();
                for (index, item) in list.iter().enumerate() {
                    if !(is_sparse && item.is_null()) {
                        self.value(element, item, &path.then(PathStep::Index(index)));
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
                    self.string(key, name, &path.then(PathStep::Key(name)));
                    if !(is_sparse && item.is_null()) {
                        self.value(element, item, &path.then(PathStep::Name(name)));
                    }
                    if self.is_full() {
                        return;
                    }
                }
            }
            (Kind::String, _) if is_json_header(member) => self.document(value, path),
            (Kind::String, Value::String(text)) => self.string(member, text, path),
            (Kind::Boolean, Value::Bool(_))
            | (Kind::Blob, Value::Blob(_) | Value::String(_))
            | (Kind::Timestamp, Value::Timestamp(_)) => {}
            (Kind::Integer | Kind::Long, Value::Int(_) | Value::BigInt(_))
            | (Kind::Float | Kind::Double, Value::Float(_) | Value::Int(_) | Value::BigInt(_)) => {
                self.number(member, value, path);
            }
            (Kind::Float | Kind::Double, Value::String(text))
                if special_float(text).is_some() && !self.is_normalized =>
            {
                self.needs_normalizing = true;
            }
            (Kind::Timestamp, Value::Int(seconds)) if Timestamp::new(*seconds, 0).in_range() => {}
            (Kind::Timestamp, Value::Float(seconds)) if Timestamp::from_f64(*seconds).is_ok() => {}
            (Kind::Timestamp, Value::String(text)) if Timestamp::parse_lenient(text).is_ok() => {}
            _ => self.wrong_type(path, value, is_sensitive, valid_types(&shape.kind)),
        }
    }

    /// Returns whether a scalar is certainly valid: of the type of the shape, and well above the minimum.
    ///
    /// Fast path for nearly all scalars, without creating a path.
    #[inline]
    pub(super) fn is_certainly_valid(&self, member: &Member, value: &Value) -> bool {
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
        path: &ProblemPath<'_>,
        supplied: &[&str],
    ) {
        if is_union {
            self.union(structure, map, path);
        }
        // Missing members are reported before other problems.
        for (at, &position) in structure.required.iter().enumerate() {
            let Some(member) = structure.members.get(position as usize) else {
                continue;
            };
            // Required members mostly have the same position in the parameters.
            let member_value = match map.get_index(at) {
                Some((name, value)) if *name == member.name => Some(value),
                _ => map.get(&member.name),
            };
            if member_value.is_none_or(Value::is_null) && !supplied.contains(&member.name.as_str())
            {
                if !self.is_normalized
                    && map.keys().any(|name| is_snake_case_of(name, &member.name))
                {
                    self.needs_normalizing = true;
                } else {
                    self.report(
                        &path.then(PathStep::Name(&member.name)),
                        "missing required parameter",
                    );
                }
            }
        }
        let mut next = 0;
        for (name, value) in map {
            let position = structure.member_position_from(next, name);
            let Some(member) = position.and_then(|position| structure.members.get(position)) else {
                self.unknown(structure, name, path);
                continue;
            };
            next = position.map_or(0, |position| position + 1);
            if !value.is_null() && !self.is_certainly_valid(member, value) {
                self.value(member, value, &path.then(PathStep::Name(&member.name)));
            }
            if self.is_full() {
                return;
            }
        }
        for name in supplied {
            if map.get(name).is_some_and(|value| !value.is_null()) {
                self.report(
                    &path.then(PathStep::Name(name)),
                    "passed both as a parameter and as a stream",
                );
            }
        }
    }

    fn union(&mut self, structure: &Structure, map: &Map, path: &ProblemPath<'_>) {
        let set = map.values().filter(|value| !value.is_null()).count();
        if set != 1 {
            let demand = if set == 0 {
                "must set one of the following keys"
            } else {
                "can only set one of the following keys"
            };
            self.report(path, format!("{demand}: {}", MemberNames(structure)));
        }
    }

    #[cold]
    fn unknown(&mut self, structure: &Structure, name: &str, path: &ProblemPath<'_>) {
        let snake = member_in_snake_case(structure, name);
        if snake.is_some() && !self.is_normalized {
            self.needs_normalizing = true;
            return;
        }
        let message = match snake {
            Some(member) => format!("duplicate parameter, also passed as {}", member.name),
            None => {
                let names = structure.members.iter().map(|member| member.name.as_str());
                match did_you_mean(name, names) {
                    hint if !hint.is_empty() => format!("unknown parameter{hint}"),
                    _ if structure.members.is_empty() => {
                        "unknown parameter; the structure has no members".to_owned()
                    }
                    _ => format!(
                        "unknown parameter, must be one of: {}",
                        MemberNames(structure)
                    ),
                }
            }
        };
        self.report(&path.then(PathStep::Name(name)), message);
    }

    fn string(&mut self, member: &Member, text: &str, path: &ProblemPath<'_>) {
        if let Some(min) = self.min(member) {
            // A character has at most four bytes, so that long texts need not be counted.
            #[expect(
                clippy::cast_precision_loss,
                reason = "a length is far below 2^53, and only compared"
            )]
            if (text.len() as f64) < min * 4.0 {
                self.length(member, text.chars().count(), path);
            }
        }
    }

    fn length(&mut self, member: &Member, length: usize, path: &ProblemPath<'_>) {
        #[expect(
            clippy::cast_precision_loss,
            reason = "a length is far below 2^53, and only compared"
        )]
        if let Some(min) = self.min(member)
            && (length as f64) < min
        {
            self.report(
                path,
                format!("invalid length, value: {length}, valid min length: {min}"),
            );
        }
    }

    fn number(&mut self, member: &Member, value: &Value, path: &ProblemPath<'_>) {
        if let Some(min) = self.min(member)
            && value.as_f64().is_some_and(|number| number < min)
        {
            let is_sensitive = member.traits.is_sensitive();
            let printed = RedactedValue {
                value,
                is_sensitive,
            };
            self.report(
                path,
                format!("invalid value, value: {printed}, valid min value: {min}"),
            );
        }
    }

    /// Returns the minimum value or length. A host label has at least one character.
    fn min(&self, member: &Member) -> Option<f64> {
        let min = self.model.shape(member.target).constraints.min;
        min.or_else(|| member.traits.is_host_label().then_some(1.0))
    }

    fn document(&mut self, value: &Value, path: &ProblemPath<'_>) {
        if path.depth > MAX_DEPTH {
            return self.report(path, "nested too deeply");
        }
        match value {
            Value::List(list) => {
                for (index, item) in list.iter().enumerate() {
                    self.document(item, &path.then(PathStep::Index(index)));
                }
            }
            Value::Map(map) => {
                for (name, item) in map {
                    self.document(item, &path.then(PathStep::Name(name)));
                }
            }
            Value::Blob(_) | Value::Timestamp(_) => {
                let types = "null, boolean, integer, float, string, list, map";
                self.wrong_type(path, value, false, types);
            }
            _ => {}
        }
    }
}

/// Returns the valid types for a problem message.
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

/// Returns whether any JSON value is valid. A `jsonvalue` outside a header is the text of the JSON.
///
/// # Source
/// botocore `utils.py:is_json_value_header`.
fn is_json_header(member: &Member) -> bool {
    member.traits.is_json_value() && member.traits.location == Some(Location::Header)
}
