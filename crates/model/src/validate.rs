//! Validation: whether parameters fit an operation, before anything is sent.
//!
//! One walk over parameters and shapes finds every problem. What is only spelt differently (`queue_name` for `QueueName`, `"NaN"`
//! for a float) is put right in place first, so that a serializer sees the model's own names and nothing else.
//!
//! | shape | values that fit |
//! |---|---|
//! | structure | map with the structure's members only, and all that are required |
//! | union | map with exactly one member |
//! | document | anything but a blob or a timestamp, to any depth |
//! | list, map | list, map; nulls in them only where the shape is sparse |
//! | string | string; anything a document may be where it is a `jsonvalue` in a header |
//! | blob | blob, or string, which stands for its UTF-8 bytes |
//! | boolean | boolean |
//! | integer, long | integer of any size |
//! | float, double | float, integer, or one of the strings `NaN`, `Infinity` and `-Infinity` |
//! | timestamp | timestamp, number of seconds since 1970, or a string that [`Timestamp::parse_lenient`] reads |
//!
//! `min` is the one constraint that is checked, as botocore does: the greatest lengths and values, patterns and enumerations of
//! a definition grow at AWS before they grow here. A null member counts as absent.

use std::fmt::{self, Write as _};

use inia_core::{Error, Map, Problem, Result, Str, Timestamp, Value};

use crate::names::is_snake_case_of;
use crate::{Kind, Location, Member, Operation, ServiceModel, Structure, did_you_mean};

/// How deep parameters may be nested. DynamoDB's 32 levels of attributes take 96.
const MAX_DEPTH: usize = 256;

/// How many problems are listed; the walk ends there.
const MAX_PROBLEMS: usize = 100;

/// How many names are listed where none is near a misspelt one.
const MAX_NAMES: usize = 20;

impl ServiceModel {
    /// Checks the parameters of a call, and respells in place what is only written differently.
    ///
    /// `supplied` names the input's members that are given beside the parameters: a streaming body, an event stream.
    ///
    /// ```
    /// use inia_core::json;
    /// # let model = inia_model::ServiceModel::from_json("tiny", br#"{
    /// #     "metadata": {"protocol": "json", "endpointPrefix": "tiny"},
    /// #     "operations": {"Tag": {"http": {}, "input": {"shape": "TagRequest"}}},
    /// #     "shapes": {
    /// #         "TagRequest": {"type": "structure", "required": ["Arn"], "members": {"Arn": {"shape": "Text"}, "Tags": {"shape": "Tags"}}},
    /// #         "Tags": {"type": "list", "member": {"shape": "Tag"}},
    /// #         "Tag": {"type": "structure", "required": ["Key"], "members": {"Key": {"shape": "Text"}}},
    /// #         "Text": {"type": "string"}}
    /// # }"#)?;
    /// let tag = model.operation("Tag")?;
    /// let mut params = json!({"arn": "arn:aws:..", "tags": [{"Key": "team"}]});
    /// model.validate(tag, &mut params, &[])?;
    /// assert_eq!(params["Tags"][0]["Key"], "team");
    ///
    /// let error = model.validate(tag, &mut json!({"Tags": [{"Kex": "team"}, {"Key": 5}]}), &[]).unwrap_err();
    /// let problems: Vec<String> = error.problems().iter().map(ToString::to_string).collect();
    /// assert_eq!(problems, [
    ///     "Arn: missing required parameter",
    ///     "Tags[0].Key: missing required parameter",
    ///     "Tags[0].Kex: unknown parameter; did you mean Key?",
    ///     "Tags[1].Key: invalid type, value: 5, type: integer, valid types: string",
    /// ]);
    /// # Ok::<(), inia_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Validation`, with all problems and their paths.
    ///
    /// # Source
    /// botocore `validate.py:ParamValidator`. DIFFERENCE: a boolean is no integer (in Python it is one); a null member is an absent
    /// one (so that an `Option` may be serialized as it stands), and nulls are allowed in sparse lists and maps; a document's
    /// problems have their whole path; unknown parameters of an operation without input are reported rather than dropped.
    pub fn validate(
        &self,
        operation: &Operation,
        params: &mut Value,
        supplied: &[&str],
    ) -> Result<()> {
        if params.is_null() {
            *params = Value::map();
        }
        if self.fits(operation, params, supplied)? {
            return Ok(());
        }
        if let Some(input) = &operation.input {
            respell(self, input, params, 0);
        }
        let mut walk = Walk::new(self);
        walk.is_respelt = true;
        walk.input(operation, params, supplied);
        walk.outcome(operation)
    }

    /// Checks the parameters of a call without changing them. `false` means that something is spelt differently, and
    /// [`validate`](Self::validate) is to decide.
    ///
    /// # Errors
    /// As [`validate`](Self::validate).
    pub fn fits(&self, operation: &Operation, params: &Value, supplied: &[&str]) -> Result<bool> {
        let mut walk = Walk::new(self);
        walk.input(operation, params, supplied);
        if walk.must_respell {
            return Ok(false);
        }
        walk.outcome(operation).map(|()| true)
    }
}

/// Where the walk is: a list through its stack frames, written out only for a problem.
#[derive(Clone, Copy)]
struct Place<'p> {
    parent: Option<&'p Place<'p>>,
    step: Step<'p>,
    depth: usize,
}

#[derive(Clone, Copy)]
enum Step<'p> {
    /// The parameters as a whole.
    Root,
    /// A member of a structure, or the value of a map's entry.
    Name(&'p str),
    /// An element of a list.
    Index(usize),
    /// The key of a map's entry.
    Key(&'p str),
}

impl<'p> Place<'p> {
    const ROOT: Place<'static> = Place {
        parent: None,
        step: Step::Root,
        depth: 0,
    };

    fn then(&'p self, step: Step<'p>) -> Place<'p> {
        Place {
            parent: Some(self),
            step,
            depth: self.depth + 1,
        }
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(parent) = self.parent else {
            return Ok(());
        };
        parent.fmt(f)?;
        match self.step {
            Step::Root => Ok(()),
            Step::Name(name) if parent.parent.is_none() => f.write_str(name),
            Step::Name(name) => write!(f, ".{name}"),
            Step::Index(index) => write!(f, "[{index}]"),
            Step::Key(key) => write!(f, " (key: {key})"),
        }
    }
}

struct Walk<'m> {
    model: &'m ServiceModel,
    problems: Vec<Problem>,
    /// Something is only spelt differently: the walk is to be done again once that is put right.
    must_respell: bool,
    /// This is that second walk: what is still spelt differently is there twice.
    is_respelt: bool,
}

impl<'m> Walk<'m> {
    fn new(model: &'m ServiceModel) -> Self {
        Walk {
            model,
            problems: Vec::new(),
            must_respell: false,
            is_respelt: false,
        }
    }

    fn outcome(self, operation: &Operation) -> Result<()> {
        if self.problems.is_empty() {
            Ok(())
        } else {
            Err(Error::from_problems(&operation.name, self.problems))
        }
    }

    fn input(&mut self, operation: &'m Operation, params: &Value, supplied: &[&str]) {
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

    fn value(&mut self, member: &'m Member, value: &Value, place: &Place<'_>) {
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
    fn plainly_fits(&self, member: &Member, value: &Value) -> bool {
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

/// The floats that JSON has no number for.
fn special_float(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

fn spelt_in_snake_case<'s>(structure: &'s Structure, name: &str) -> Option<&'s Member> {
    structure
        .members
        .iter()
        .find(|member| is_snake_case_of(name, &member.name))
}

/// Gives parameters the model's names, and special floats their values. Where a name is there in both spellings, it stays as
/// it is, for the walk to report.
#[cold]
fn respell(model: &ServiceModel, member: &Member, value: &mut Value, depth: usize) {
    if depth > MAX_DEPTH {
        return;
    }
    match (&model.shape(member.target).kind, value) {
        (Kind::Structure(_), _) if member.traits.is_document() => {}
        (Kind::Structure(structure), Value::Map(map)) => {
            respell_structure(model, structure, map, depth);
        }
        (Kind::Structure(structure), Value::List(events)) => {
            for event in events.iter_mut() {
                if let Value::Map(map) = event {
                    respell_structure(model, structure, map, depth);
                }
            }
        }
        (Kind::List(element), Value::List(list)) => {
            for item in list.iter_mut() {
                respell(model, element, item, depth + 1);
            }
        }
        (Kind::Map { value: element, .. }, Value::Map(map)) => {
            for (_, item) in map.iter_mut() {
                respell(model, element, item, depth + 1);
            }
        }
        (Kind::Float | Kind::Double, value) => {
            if let Some(float) = value.as_str().and_then(special_float) {
                *value = Value::Float(float);
            }
        }
        _ => {}
    }
}

fn respell_structure(model: &ServiceModel, structure: &Structure, map: &mut Map, depth: usize) {
    let is_foreign = |name: &Str| structure.member_position(name).is_none();
    if map.keys().any(is_foreign) {
        let mut respelt = Map::with_capacity(map.len());
        let given = std::mem::take(map);
        let names: Vec<Str> = given.keys().cloned().collect();
        for (name, value) in given {
            let own = is_foreign(&name)
                .then(|| spelt_in_snake_case(structure, &name))
                .flatten()
                .map(|member| &member.name)
                .filter(|own| !names.contains(own) && !respelt.contains_key(own))
                .cloned();
            respelt.insert(own.unwrap_or(name), value);
        }
        *map = respelt;
    }
    for (name, value) in map.iter_mut() {
        if let Some(member) = structure.member(name) {
            respell(model, member, value, depth + 1);
        }
    }
}

/// A value as a problem prints it: never long, and never a secret.
struct Printed<'v> {
    value: &'v Value,
    is_secret: bool,
}

impl fmt::Display for Printed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LONGEST: usize = 64;
        match self.value {
            _ if self.is_secret => f.write_str("(sensitive)"),
            Value::Null => f.write_str("null"),
            Value::Bool(value) => value.fmt(f),
            Value::Int(value) => value.fmt(f),
            Value::Float(value) => value.fmt(f),
            Value::BigInt(text) => abridged(text, LONGEST, f),
            Value::String(text) => {
                f.write_char('"')?;
                abridged(text, LONGEST, f)?;
                f.write_char('"')
            }
            Value::Timestamp(moment) => moment.fmt(f),
            Value::Blob(bytes) => write!(f, "({} bytes)", bytes.len()),
            Value::List(list) => write!(f, "({} values)", list.len()),
            Value::Map(map) => write!(f, "({} entries)", map.len()),
        }
    }
}

fn abridged(text: &str, longest: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut rest = text.chars();
    for character in rest.by_ref().take(longest) {
        f.write_char(character)?;
    }
    if rest.next().is_some() {
        f.write_str("...")?;
    }
    Ok(())
}

/// The names of a structure's members, the first ones of many.
struct Names<'s>(&'s Structure);

impl fmt::Display for Names<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, member) in self.0.members.iter().take(MAX_NAMES).enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            f.write_str(&member.name)?;
        }
        match self.0.members.len().checked_sub(MAX_NAMES) {
            Some(more @ 1..) => write!(f, " and {more} more"),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use inia_core::{Blob, ErrorKind, List, json};

    use super::*;

    fn model() -> ServiceModel {
        let text = br#"{"metadata": {"protocol": "json", "endpointPrefix": "t"},
            "operations": {
                "Go": {"http": {}, "input": {"shape": "In"}},
                "Choose": {"http": {}, "input": {"shape": "Choice"}},
                "Put": {"http": {}, "input": {"shape": "Put"}},
                "Nothing": {"http": {}}},
            "shapes": {
                "In": {"type": "structure", "members": {
                    "Text": {"shape": "Text"}, "Number": {"shape": "Number"}, "Ratio": {"shape": "Ratio"}, "Flag": {"shape": "Flag"},
                    "Data": {"shape": "Data"}, "When": {"shape": "When"}, "Names": {"shape": "Names"}, "Sparse": {"shape": "Sparse"},
                    "Table": {"shape": "Table"}, "Choice": {"shape": "Choice"}, "Document": {"shape": "Document"},
                    "Json": {"shape": "Text", "jsonvalue": true, "location": "header"}, "JsonText": {"shape": "Text", "jsonvalue": true}, "Self": {"shape": "In"},
                    "HTTPRoute": {"shape": "Free"}, "Label": {"shape": "Free", "hostLabel": true}, "Password": {"shape": "Password"}}},
                "Text": {"type": "string", "min": 2, "max": 3, "pattern": "[a-z]+", "enum": ["ab"]},
                "Free": {"type": "string"}, "Password": {"type": "string", "sensitive": true, "min": 8},
                "Number": {"type": "integer", "min": 1, "max": 9}, "Ratio": {"type": "double", "min": 0}, "Flag": {"type": "boolean"},
                "Data": {"type": "blob"}, "When": {"type": "timestamp"},
                "Names": {"type": "list", "member": {"shape": "Text"}, "min": 1},
                "Sparse": {"type": "list", "member": {"shape": "Text"}, "sparse": true},
                "Table": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Number"}},
                "Choice": {"type": "structure", "union": true, "members": {"One": {"shape": "Text"}, "Two": {"shape": "Ratio"}}},
                "Document": {"type": "structure", "document": true, "members": {}},
                "Put": {"type": "structure", "required": ["Body", "Key"], "payload": "Body",
                        "members": {"Body": {"shape": "Data", "streaming": true}, "Key": {"shape": "Free"}}}}}"#;
        ServiceModel::from_json("test", text).unwrap()
    }

    fn problems(operation: &str, mut params: Value, supplied: &[&str]) -> Vec<String> {
        let model = model();
        let operation = model.operation(operation).unwrap();
        match model.validate(operation, &mut params, supplied) {
            Ok(()) => Vec::new(),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Validation);
                error.problems().iter().map(Problem::to_string).collect()
            }
        }
    }

    #[test]
    fn values_that_fit_do() {
        for params in [
            json!({}),
            Value::Null,
            json!({"Text": "ab", "Number": 1, "Ratio": 0, "Flag": false, "Names": ["ab"], "Table": {"ab": 1}}),
            json!({"Text": "abcdef", "Number": 10}),
            json!({"Data": "text", "When": "2026-01-01T00:00:00Z"}),
            json!({"Data": Blob::from(vec![1]), "When": Timestamp::new(1, 0)}),
            json!({"When": 12, "Self": {"When": 1.5}}),
            json!({"Ratio": f64::NAN, "Number": Value::BigInt("99999999999999999999".into())}),
            json!({"Sparse": [null, "ab", null], "Text": null}),
            json!({"Choice": {"One": "ab", "Two": null}}),
            json!({"Document": [null, {"a": [1, 2.5, "x", true]}], "Json": {"any": ["thing"]}}),
        ] {
            assert_eq!(problems("Go", params.clone(), &[]), [""; 0], "{params:?}");
        }
    }

    #[test]
    fn every_problem_is_reported_with_its_path() {
        let blob = Value::from(Blob::from(vec![1, 2]));
        for (params, expected) in [
            (
                json!([]),
                "invalid type, value: (0 values), type: list, valid types: map",
            ),
            (
                json!({"Text": 5}),
                "Text: invalid type, value: 5, type: integer, valid types: string",
            ),
            (
                json!({"Text": "a"}),
                "Text: invalid length, value: 1, valid min length: 2",
            ),
            (
                json!({"Text": "é"}),
                "Text: invalid length, value: 1, valid min length: 2",
            ),
            (
                json!({"Number": 0}),
                "Number: invalid value, value: 0, valid min value: 1",
            ),
            (
                json!({"Number": 1.0}),
                "Number: invalid type, value: 1, type: float, valid types: integer",
            ),
            (
                json!({"Number": true}),
                "Number: invalid type, value: true, type: boolean, valid types: integer",
            ),
            (
                json!({"Ratio": -0.5}),
                "Ratio: invalid value, value: -0.5, valid min value: 0",
            ),
            (
                json!({"Ratio": "much"}),
                "Ratio: invalid type, value: \"much\", type: string, valid types: float, integer",
            ),
            (
                json!({"Ratio": "-Infinity"}),
                "Ratio: invalid value, value: -inf, valid min value: 0",
            ),
            (
                json!({"Flag": "true"}),
                "Flag: invalid type, value: \"true\", type: string, valid types: boolean",
            ),
            (
                json!({"Data": 1}),
                "Data: invalid type, value: 1, type: integer, valid types: blob, string",
            ),
            (
                json!({"When": f64::NAN}),
                "When: invalid type, value: NaN, type: float, valid types: timestamp, number, timestamp string",
            ),
            (
                json!({"When": "soon"}),
                "When: invalid type, value: \"soon\", type: string, valid types: timestamp, number, timestamp string",
            ),
            (
                json!({"When": i64::MAX}),
                "When: invalid type, value: 9223372036854775807, type: integer, valid types: timestamp, number, timestamp string",
            ),
            (
                json!({"When": true}),
                "When: invalid type, value: true, type: boolean, valid types: timestamp, number, timestamp string",
            ),
            (
                json!({"Names": []}),
                "Names: invalid length, value: 0, valid min length: 1",
            ),
            (
                json!({"Names": ["ab", null]}),
                "Names[1]: invalid type, value: null, type: null, valid types: string",
            ),
            (
                json!({"Names": {}}),
                "Names: invalid type, value: (0 entries), type: map, valid types: list",
            ),
            (
                json!({"Self": {"Table": {"a": 1}}}),
                "Self.Table (key: a): invalid length, value: 1, valid min length: 2",
            ),
            (
                json!({"Self": {"Table": {"ab": 0}}}),
                "Self.Table.ab: invalid value, value: 0, valid min value: 1",
            ),
            (
                json!({"Choice": {}}),
                "Choice: must set one of the following keys: One, Two",
            ),
            (
                json!({"Choice": {"One": "ab", "Two": 1}}),
                "Choice: can only set one of the following keys: One, Two",
            ),
            (
                json!({"Document": {"a": [blob.clone()]}}),
                "Document.a[0]: invalid type, value: (2 bytes), type: blob, valid types: null, boolean, integer, float, string, list, map",
            ),
            (
                json!({"JsonText": {"any": "thing"}}),
                "JsonText: invalid type, value: (1 entries), type: map, valid types: string",
            ),
            (
                json!({"Json": blob}),
                "Json: invalid type, value: (2 bytes), type: blob, valid types: null, boolean, integer, float, string, list, map",
            ),
            (
                json!({"Txt": "ab"}),
                "Txt: unknown parameter; did you mean Text?",
            ),
            (
                json!({"Self": {"Wholly different": "ab"}}),
                "Self.Wholly different: unknown parameter, must be one of: Text, Number, Ratio, Flag, Data, When, Names, Sparse, Table, Choice, Document, Json, JsonText, Self, HTTPRoute, Label, Password",
            ),
            (
                json!({"Label": ""}),
                "Label: invalid length, value: 0, valid min length: 1",
            ),
            (
                json!({"Password": 12345}),
                "Password: invalid type, value: (sensitive), type: integer, valid types: string",
            ),
        ] {
            assert_eq!(
                problems("Go", params.clone(), &[]),
                [expected],
                "{params:?}"
            );
        }
    }

    #[test]
    fn an_operation_without_input_takes_no_parameters() {
        assert_eq!(problems("Nothing", json!({}), &[]), [""; 0]);
        assert_eq!(
            problems("Nothing", json!({"A": 1}), &[]),
            ["A: unknown parameter; Nothing takes none"]
        );
    }

    #[test]
    fn what_is_supplied_beside_the_parameters_is_not_missing() {
        assert_eq!(problems("Put", json!({"Key": "k"}), &["Body"]), [""; 0]);
        assert_eq!(
            problems("Put", json!({"Key": null}), &[]),
            [
                "Body: missing required parameter",
                "Key: missing required parameter"
            ]
        );
        assert_eq!(
            problems("Put", json!({"Key": "k", "Body": "b"}), &["Body"]),
            ["Body: given both as a parameter and as a stream"]
        );
    }

    #[test]
    fn other_spellings_are_put_right_in_place() {
        let model = model();
        let go = model.operation("Go").unwrap();
        let mut params = json!({"text": "ab", "self": {"http_route": "x", "choice": {"two": "NaN"}}, "Number": 2});
        model.validate(go, &mut params, &[]).unwrap();
        let names: Vec<&Str> = params.as_map().unwrap().keys().collect();
        assert_eq!(names, ["Text", "Self", "Number"]);
        assert_eq!(params["Self"]["HTTPRoute"], "x");
        assert!(matches!(params["Self"]["Choice"]["Two"], Value::Float(float) if float.is_nan()));

        let mut params = json!({"key": "k"});
        model
            .validate(model.operation("Put").unwrap(), &mut params, &["Body"])
            .unwrap();
        assert_eq!(params["Key"], "k");
    }

    #[test]
    fn both_spellings_at_once_are_a_problem() {
        assert_eq!(
            problems("Go", json!({"text": "ab", "Text": "cd"}), &[]),
            ["text: given twice, also as Text"]
        );
    }

    #[test]
    fn depth_and_the_number_of_problems_are_bounded() {
        let mut deep = json!({});
        for _ in 0..2 * MAX_DEPTH {
            deep = json!({"Self": deep});
        }
        let found = problems("Go", deep, &[]);
        assert_eq!(found.len(), 1);
        assert!(found[0].ends_with("Self: nested too deeply"), "{found:?}");

        let mut document = Value::Null;
        for _ in 0..2 * MAX_DEPTH {
            document = json!([document]);
        }
        assert!(
            problems("Go", json!({"Document": document}), &[])[0].ends_with("nested too deeply")
        );

        let wrong: List = std::iter::repeat_n(Value::Null, 100_000).collect();
        assert_eq!(
            problems("Go", json!({"Names": wrong}), &[]).len(),
            MAX_PROBLEMS
        );
    }
}
