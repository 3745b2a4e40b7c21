//! Converts native values to attribute values, and back.
//!
//! | native value | attribute value |
//! |---|---|
//! | null | `{"NULL": true}` |
//! | boolean | `{"BOOL": true}` |
//! | integer, float, [`Number`] | `{"N": "1.5"}` |
//! | string | `{"S": "a"}` |
//! | blob, or `{"$binary": "AQID"}` in JSON | `{"B": "AQID"}` |
//! | [`Set`](inia_core::Set) of strings, numbers or blobs | `{"SS": ["a"]}`, `{"NS": ["1"]}`, `{"BS": ["AQID"]}` |
//! | list | `{"L": [..]}` |
//! | map | `{"M": {..}}` |
//!
//! A map attribute whose only key is the name of such an entry has one more `$` in its native form: `{"$$set": ..}`.
//!
//! # Source
//! boto3 `dynamodb/types.py:TypeSerializer`, `TypeDeserializer`. DIFFERENCE: a finite float is sent as its shortest decimal text, and an
//! empty set is an error; boto3 refuses floats, and sends an empty set, which the service rejects.

use std::collections::HashSet;
use std::hash::Hash;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use inia_core::detail::{BINARY, ItemPool, NUMBER, RowPool, SET};
use inia_core::{Blob, Error, ErrorKind, List, Map, Name, Number, Result, Str, Value};

/// Returns the attribute value of a native value.
///
/// Native clients convert parameters themselves: this is for attribute values elsewhere, such as tests of Lambda functions.
///
/// ```
/// # use inia_dispatch as inia;
/// use inia::dynamodb::{from_attribute, to_attribute};
/// use inia::json;
///
/// let attribute = to_attribute(json!({"id": "a", "sizes": {"$set": [1, 2]}}))?;
/// assert_eq!(attribute, json!({"M": {"id": {"S": "a"}, "sizes": {"NS": ["1", "2"]}}}));
/// assert_eq!(from_attribute(&attribute), json!({"id": "a", "sizes": {"$set": [1, 2]}}));
/// # Ok::<(), inia_core::Error>(())
/// ```
///
/// # Errors
/// `Validation`: DynamoDB has no such value, such as a timestamp, a float that is not finite, or a number of more than 38 digits. The message
/// has the path to it.
pub fn to_attribute(value: impl Into<Value>) -> Result<Value> {
    let mut value = value.into();
    encode(&mut value)
        .map(|()| value)
        .map_err(AttributeError::into_error)
}

/// Returns the native value of an attribute value, as in an event of DynamoDB Streams. Bytes may be base64. A type that is unknown, because
/// it is newer than this program, stays as it is.
#[must_use]
pub fn from_attribute(attribute: &Value) -> Value {
    let mut decoder = AttributeDecoder::default();
    decoder.value(attribute)
}

/// Returns the item of a native item: a map of attribute values.
///
/// ```
/// # use inia_dispatch as inia;
/// use inia::dynamodb::{from_item, to_item};
/// use inia::json;
///
/// let item = to_item(json!({"id": "a", "n": 1}))?;
/// assert_eq!(item, json!({"id": {"S": "a"}, "n": {"N": "1"}}));
/// assert_eq!(from_item(&item), json!({"id": "a", "n": 1}));
/// # Ok::<(), inia_core::Error>(())
/// ```
///
/// # Errors
/// As [`to_attribute`]; also if the item is not a map.
pub fn to_item(item: impl Into<Value>) -> Result<Value> {
    let mut item = item.into();
    let Value::Map(attributes) = &mut item else {
        let message = format!("an item must be a map, not a {}", item.type_name());
        return Err(Error::new(ErrorKind::Validation, message));
    };
    for (name, value) in attributes.iter_mut() {
        encode(value)
            .map_err(|error| error.within(PathSegment::Field(name.clone())).into_error())?;
    }
    Ok(item)
}

/// Returns the native form of an item, which is a map of attribute values. Any other value stays as it is.
#[must_use]
pub fn from_item(item: &Value) -> Value {
    match item {
        Value::Map(item) => {
            let mut decoder = AttributeDecoder::default();
            Value::Map(decoder.map(item))
        }
        other => other.clone(),
    }
}

/// Member names of an attribute value.
struct TypeNames {
    string: Name,
    number: Name,
    binary: Name,
    string_set: Name,
    number_set: Name,
    binary_set: Name,
    null: Name,
    boolean: Name,
    map: Name,
    list: Name,
    set_entry: Name,
}

static NAMES: LazyLock<TypeNames> = LazyLock::new(|| TypeNames {
    string: Name::intern("S"),
    number: Name::intern("N"),
    binary: Name::intern("B"),
    string_set: Name::intern("SS"),
    number_set: Name::intern("NS"),
    binary_set: Name::intern("BS"),
    null: Name::intern("NULL"),
    boolean: Name::intern("BOOL"),
    map: Name::intern("M"),
    list: Name::intern("L"),
    set_entry: Name::intern(SET),
});

/// A native value that has no attribute value, and the path to it, which is built from the inside out.
#[derive(Debug)]
pub(super) struct AttributeError {
    pub(super) message: String,
    /// The innermost segment first.
    segments: Vec<PathSegment>,
}

#[derive(Debug)]
enum PathSegment {
    Field(Str),
    Element(usize),
}

impl AttributeError {
    #[cold]
    pub(super) fn new(message: impl Into<String>) -> Self {
        AttributeError {
            message: message.into(),
            segments: Vec::new(),
        }
    }

    #[cold]
    fn within(mut self, segment: PathSegment) -> Self {
        self.segments.push(segment);
        self
    }

    #[cold]
    fn into_error(self) -> Error {
        let mut path = String::new();
        self.push_path(&mut path);
        if !path.is_empty() {
            path.push_str(": ");
        }
        Error::new(ErrorKind::Validation, format!("{path}{}", self.message))
    }

    /// Appends the path within the attribute.
    pub(super) fn push_path(&self, path: &mut String) {
        for segment in self.segments.iter().rev() {
            match segment {
                PathSegment::Field(name) => {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(name);
                }
                PathSegment::Element(position) => {
                    path.push('[');
                    path.push_str(&position.to_string());
                    path.push(']');
                }
            }
        }
    }
}

/// Maximum nesting depth of an attribute. DynamoDB accepts 32 levels.
const MAX_DEPTH: usize = 100;

/// Replaces a native value by its attribute value.
pub(super) fn encode(value: &mut Value) -> Result<(), AttributeError> {
    encode_level(value, MAX_DEPTH)
}

fn encode_level(value: &mut Value, depth: usize) -> Result<(), AttributeError> {
    let Some(depth) = depth.checked_sub(1) else {
        return Err(AttributeError::new("nested too deeply"));
    };
    let names = &*NAMES;
    let (name, content) = match value {
        Value::Null => (names.null, Value::Bool(true)),
        Value::Bool(_) => (names.boolean, value.take()),
        Value::String(_) => (names.string, value.take()),
        Value::Blob(_) => (names.binary, value.take()),
        Value::Int(number) => (names.number, Value::from(number.to_string())),
        Value::BigInt(_) | Value::Float(_) => {
            (names.number, Value::String(number(value)?.into_text()))
        }
        Value::Timestamp(_) => {
            return Err(AttributeError::new(
                "a timestamp is not an attribute value; convert it to a string or a number",
            ));
        }
        Value::List(list) => {
            for (position, item) in list.iter_mut().enumerate() {
                encode_level(item, depth)
                    .map_err(|error| error.within(PathSegment::Element(position)))?;
            }
            (names.list, value.take())
        }
        Value::Map(map) => match encode_wrapper(map)? {
            Some(attribute) => attribute,
            None => {
                for (key, item) in map.iter_mut() {
                    encode_level(item, depth)
                        .map_err(|error| error.within(PathSegment::Field(key.clone())))?;
                }
                (names.map, value.take())
            }
        },
    };
    *value = Value::Map(Map::of_member(name, content));
    Ok(())
}

/// Converts the map form of a number, a set or bytes. Removes the additional `$` of a map that only looks like one.
fn encode_wrapper(map: &mut Map) -> Result<Option<(Name, Value)>, AttributeError> {
    let names = &*NAMES;
    let Some((key, content)) = map.only_entry() else {
        return Ok(None);
    };
    Ok(Some(match key.as_str() {
        NUMBER => (
            names.number,
            Value::String(wrapped_number(content)?.into_text()),
        ),
        BINARY => (names.binary, Value::Blob(wrapped_blob(content)?)),
        SET => encode_set(content)?,
        name if is_wrapper_name(name) => {
            let key = Str::from(name.strip_prefix('$').unwrap_or(name));
            let content = content.clone();
            *map = Map::from_iter([(key, content)]);
            return Ok(None);
        }
        _ => return Ok(None),
    }))
}

/// Returns true for the entry names of numbers, sets and bytes, with any number of additional `$`.
fn is_wrapper_name(key: &str) -> bool {
    key.starts_with('$')
        && [NUMBER, SET, BINARY]
            .iter()
            .any(|name| key.trim_start_matches('$') == name.trim_start_matches('$'))
}

fn wrapped_number(content: &Value) -> Result<Number, AttributeError> {
    match content {
        Value::String(text) => text.parse().map_err(|error: inia_core::Error| {
            AttributeError::new(format!("{NUMBER}: {}", error.message()))
        }),
        other => number(other),
    }
}

fn wrapped_blob(content: &Value) -> Result<Blob, AttributeError> {
    match content {
        Value::Blob(blob) => Ok(blob.clone()),
        Value::String(text) => match BASE64_STANDARD.decode(text.as_bytes()) {
            Ok(bytes) => Ok(Blob::from(bytes)),
            Err(_) => Err(AttributeError::new(format!("{BINARY} requires base64"))),
        },
        other => Err(AttributeError::new(format!(
            "{BINARY} requires base64, not a {}",
            other.type_name()
        ))),
    }
}

fn number(value: &Value) -> Result<Number, AttributeError> {
    let number = match value {
        Value::Int(int) => return Ok(Number::from(*int)),
        Value::BigInt(digits) => digits.parse(),
        Value::Float(float) => Number::try_from(*float),
        other => {
            return Err(AttributeError::new(format!(
                "expected a number, not a {}",
                other.type_name()
            )));
        }
    };
    number.map_err(|error| AttributeError::new(error.message()))
}

/// An element of a set.
enum SetItem {
    String(Str),
    Number(Number),
    Binary(Blob),
}

impl SetItem {
    fn of(value: &Value) -> Result<Self, AttributeError> {
        Ok(match value {
            Value::String(text) => SetItem::String(text.clone()),
            Value::Blob(blob) => SetItem::Binary(blob.clone()),
            Value::Int(_) | Value::BigInt(_) | Value::Float(_) => SetItem::Number(number(value)?),
            Value::Map(map) => match map.only_entry() {
                Some((key, content)) if *key == *NUMBER => {
                    SetItem::Number(wrapped_number(content)?)
                }
                Some((key, content)) if *key == *BINARY => SetItem::Binary(wrapped_blob(content)?),
                _ => return Err(mixed_set()),
            },
            _ => return Err(mixed_set()),
        })
    }
}

#[cold]
fn mixed_set() -> AttributeError {
    AttributeError::new("a set has only strings, only numbers, or only blobs")
}

/// Returns the attribute value of a set. Duplicates are removed: the service rejects them.
fn encode_set(content: &Value) -> Result<(Name, Value), AttributeError> {
    let Value::List(list) = content else {
        return Err(AttributeError::new(format!(
            "{SET} requires a list, not a {}",
            content.type_name()
        )));
    };
    let (mut strings, mut numbers, mut blobs) = (Vec::new(), Vec::new(), Vec::new());
    for (position, item) in list.iter().enumerate() {
        match SetItem::of(item) {
            Ok(SetItem::String(text)) => strings.push(text),
            Ok(SetItem::Number(number)) => numbers.push(number),
            Ok(SetItem::Binary(blob)) => blobs.push(blob),
            Err(error) => return Err(error.within(PathSegment::Element(position))),
        }
    }
    let names = &*NAMES;
    match (strings.is_empty(), numbers.is_empty(), blobs.is_empty()) {
        (false, true, true) => Ok((names.string_set, distinct(strings, Value::String))),
        (true, false, true) => {
            let text = |number: Number| Value::String(number.into_text());
            Ok((names.number_set, distinct(numbers, text)))
        }
        (true, true, false) => Ok((names.binary_set, distinct(blobs, Value::Blob))),
        (true, true, true) => Err(AttributeError::new(
            "a set must not be empty; leave the attribute out",
        )),
        _ => Err(mixed_set()),
    }
}

fn distinct<T: Clone + Eq + Hash>(items: Vec<T>, value: impl Fn(T) -> Value) -> Value {
    let mut seen = HashSet::with_capacity(items.len());
    let items = items.into_iter().filter(|item| seen.insert(item.clone()));
    Value::List(items.map(value).collect())
}

/// Converts attribute values to native values. Maps with shared keys share them in their native form too.
///
/// The maps and lists of its values can be read after it is dropped.
#[derive(Debug, Default)]
pub(super) struct AttributeDecoder {
    pools: Vec<RowPool>,
    items: ItemPool,
    depth: usize,
}

/// Maximum nesting depth of a converted attribute. Deeper values stay as they are.
const MAX_DECODED_DEPTH: usize = 200;

/// Maximum number of different keys that are shared.
const MAX_POOLS: usize = 16;

impl AttributeDecoder {
    /// Returns the native value of an attribute value. A type that is unknown, because it is newer than this program, is returned as it
    /// is.
    pub(super) fn value(&mut self, attribute: &Value) -> Value {
        let Some(map) = attribute.as_map() else {
            return attribute.clone();
        };
        let Some((name, content)) = map.only_entry() else {
            return attribute.clone();
        };
        match (name.as_str(), content) {
            ("S" | "BOOL", content) | ("B", content @ Value::Blob(_)) => content.clone(),
            ("B", content) => binary(content),
            ("N", Value::String(text)) => Number::text_to_value(text),
            ("NULL", _) => Value::Null,
            ("M", Value::Map(map)) if self.depth < MAX_DECODED_DEPTH => {
                self.depth += 1;
                let value = self.nested_map(map);
                self.depth -= 1;
                value
            }
            ("L", Value::List(list)) if self.depth < MAX_DECODED_DEPTH => {
                self.depth += 1;
                let value = Value::List(self.list(list));
                self.depth -= 1;
                value
            }
            ("SS", Value::List(list)) => set(list.clone()),
            ("BS", Value::List(list)) => set(list.iter().map(binary).collect()),
            ("NS", Value::List(list)) => set(list.iter().map(set_number).collect()),
            _ => attribute.clone(),
        }
    }

    /// Returns a map of attribute values, such as an item, in native form.
    pub(super) fn map(&mut self, map: &Map) -> Map {
        let Some(keys) = map.row_keys() else {
            return self.own_map(map);
        };
        let pool = self.pools.iter().position(|pool| pool.keys().is_same(keys));
        let mut pool = match pool {
            Some(position) => self.pools.swap_remove(position),
            None if self.pools.len() < MAX_POOLS => RowPool::new(keys.clone()),
            None => return self.own_map(map),
        };
        pool.begin();
        for value in map.values() {
            let value = self.value(value);
            pool.push(value);
        }
        let row = pool.finish();
        self.pools.push(pool);
        row.unwrap_or_else(|| self.own_map(map))
    }

    fn own_map(&mut self, map: &Map) -> Map {
        let mut native = Map::with_capacity(map.len());
        for (name, value) in map {
            let value = self.value(value);
            native.push(name.clone(), value);
        }
        native
    }

    fn nested_map(&mut self, map: &Map) -> Value {
        match map.only_entry() {
            Some((key, content)) if is_wrapper_name(key) => {
                let content = self.value(content);
                Value::Map(Map::from_iter([(format!("${key}"), content)]))
            }
            _ => Value::Map(self.map(map)),
        }
    }

    fn list(&mut self, list: &List) -> List {
        let mark = self.items.begin();
        for item in list {
            let value = self.value(item);
            self.items.push(value);
        }
        self.items.finish(mark)
    }
}

/// Returns bytes that may be base64.
fn binary(content: &Value) -> Value {
    wrapped_blob(content).map_or_else(|_| content.clone(), Value::Blob)
}

fn set_number(text: &Value) -> Value {
    match text {
        Value::String(text) => Number::text_to_value(text),
        other => other.clone(),
    }
}

fn set(items: List) -> Value {
    Value::Map(Map::of_member(NAMES.set_entry, Value::List(items)))
}

/// Compares two attribute values that are parts of a key. Numbers are compared by value.
pub(super) fn is_same_key(one: &Value, other: &Value) -> bool {
    match (&one["N"], &other["N"]) {
        (Value::String(one), Value::String(other)) if one != other => {
            match (one.parse::<Number>(), other.parse::<Number>()) {
                (Ok(one), Ok(other)) => one == other,
                _ => false,
            }
        }
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use inia_core::{Set, Timestamp, json};

    fn encoded(mut value: Value) -> std::result::Result<Value, String> {
        encode(&mut value).map(|()| value).map_err(|error| {
            let mut path = String::new();
            error.push_path(&mut path);
            format!("{path}: {}", error.message)
        })
    }

    fn decoded(attribute: &Value) -> Value {
        let mut decoder = AttributeDecoder::default();
        let value = decoder.value(attribute);
        drop(decoder);
        value
    }

    fn blob(bytes: &[u8]) -> Value {
        Value::Blob(Blob::from(bytes))
    }

    #[test]
    fn native_values_become_attribute_values_and_come_back() {
        let pi = "3.14159265358979323846264338327950288419";
        for (native, attribute) in [
            (Value::Null, json!({"NULL": true})),
            (json!(false), json!({"BOOL": false})),
            (json!(1), json!({"N": "1"})),
            (json!(-7), json!({"N": "-7"})),
            (json!(1.25), json!({"N": "1.25"})),
            (json!(1e-7), json!({"N": "1E-7"})),
            (json!(u64::MAX), json!({"N": "18446744073709551615"})),
            (
                Value::from("2".parse::<Number>().unwrap()),
                json!({"N": "2"}),
            ),
            (
                json!({"$number": "0.12345678901234567890"}),
                json!({"N": "0.12345678901234567890"}),
            ),
            (json!("foo"), json!({"S": "foo"})),
            (json!(""), json!({"S": ""})),
            (blob(b"\x01"), json!({"B": blob(b"\x01")})),
            (json!([]), json!({"L": []})),
            (json!({}), json!({"M": {}})),
            (
                json!(["foo", 1, [null]]),
                json!({"L": [{"S": "foo"}, {"N": "1"}, {"L": [{"NULL": true}]}]}),
            ),
            (
                json!({"foo": "bar", "baz": {"biz": 1}}),
                json!({"M": {"foo": {"S": "bar"}, "baz": {"M": {"biz": {"N": "1"}}}}}),
            ),
            (Set::from(["b", "a"]).into(), json!({"SS": ["b", "a"]})),
            (json!({"$set": [1, 2.5]}), json!({"NS": ["1", "2.5"]})),
            (
                Set::from([Blob::from(vec![1])]).into(),
                json!({"BS": [blob(b"\x01")]}),
            ),
            // Maps that only look like sets and numbers.
            (
                json!({"$$set": [1]}),
                json!({"M": {"$set": {"L": [{"N": "1"}]}}}),
            ),
            (
                json!({"$$$number": "x"}),
                json!({"M": {"$$number": {"S": "x"}}}),
            ),
            (
                json!({"$set": 1, "b": 2}),
                json!({"M": {"$set": {"N": "1"}, "b": {"N": "2"}}}),
            ),
            (json!({"$other": 1}), json!({"M": {"$other": {"N": "1"}}})),
        ] {
            assert_eq!(encoded(native.clone()).unwrap(), attribute, "{native}");
            assert_eq!(decoded(&attribute), native, "{attribute}");
        }
        // Forms that have a shorter one.
        for (native, attribute) in [
            (json!({"$number": "5"}), json!({"N": "5"})),
            (json!({"$number": 5}), json!({"N": "5"})),
            (
                json!({"$number": pi.get(..39).unwrap()}),
                json!({"N": pi.get(..39).unwrap()}),
            ),
            (json!({"$binary": "AQ=="}), json!({"B": blob(b"\x01")})),
            (
                json!({"$set": [{"$binary": "AQ=="}]}),
                json!({"BS": [blob(b"\x01")]}),
            ),
            (json!({"$set": ["a", "b", "a"]}), json!({"SS": ["a", "b"]})),
            (
                json!({"$set": [1, 1.0, {"$number": "1.00"}]}),
                json!({"NS": ["1"]}),
            ),
        ] {
            assert_eq!(encoded(native.clone()).unwrap(), attribute, "{native}");
        }
        // Types that are newer than this program, and an odd response.
        for odd in [
            json!({"VEC": [1]}),
            json!({}),
            json!({"S": "a", "N": "1"}),
            json!("x"),
            Value::Null,
        ] {
            assert_eq!(decoded(&odd), odd);
        }
    }

    #[test]
    fn values_that_dynamodb_does_not_have_are_refused_with_their_path() {
        let time = Value::Timestamp(Timestamp::new(0, 0));
        let mut deep = Value::Null;
        for _ in 0..1000 {
            deep = Value::from(vec![deep]);
        }
        for (value, expected) in [
            (
                json!({"a": [1, time]}),
                "a[1]: a timestamp is not an attribute value; convert it to a string or a number",
            ),
            (
                json!({"a": f64::NAN}),
                "a: NaN and the infinities are not numbers",
            ),
            (
                json!([f64::NEG_INFINITY]),
                "[0]: NaN and the infinities are not numbers",
            ),
            (json!(1e200), ": 1e+200 is out of range"),
            (
                Value::BigInt("123456789012345678901234567890123456789".into()),
                ": 123456789012345678901234567890123456789 has more than 38 significant digits",
            ),
            (
                json!({"$number": "abc"}),
                ": $number: abc is not a decimal number",
            ),
            (
                json!({"$number": true}),
                ": expected a number, not a boolean",
            ),
            (json!({"$binary": "%"}), ": $binary requires base64"),
            (
                json!({"$binary": 1}),
                ": $binary requires base64, not a integer",
            ),
            (json!({"$set": "a"}), ": $set requires a list, not a string"),
            (
                json!({"s": {"$set": []}}),
                "s: a set must not be empty; leave the attribute out",
            ),
            (
                json!({"s": {"$set": ["a", 1]}}),
                "s: a set has only strings, only numbers, or only blobs",
            ),
            (
                json!({"s": {"$set": ["a", null]}}),
                "s[1]: a set has only strings, only numbers, or only blobs",
            ),
        ] {
            assert_eq!(encoded(value.clone()).unwrap_err(), expected, "{value}");
        }
        assert!(encoded(deep).unwrap_err().ends_with("nested too deeply"));
    }

    #[test]
    fn numbers_of_keys_are_compared_by_value() {
        for (one, other, expected) in [
            (json!({"N": "1"}), json!({"N": "1.0"}), true),
            (json!({"N": "1"}), json!({"N": "2"}), false),
            (json!({"N": "1"}), json!({"S": "1"}), false),
            (json!({"S": "1"}), json!({"S": "1"}), true),
        ] {
            assert_eq!(is_same_key(&one, &other), expected);
        }
    }
}
