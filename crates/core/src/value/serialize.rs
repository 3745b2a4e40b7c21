//! [`Value`] into any format of serde's, and anything that serde can serialize into a [`Value`].

use std::fmt::Display;

use serde::ser::{
    Error as _, Impossible, Serialize, SerializeMap, SerializeSeq, SerializeStruct,
    SerializeStructVariant, SerializeTuple, SerializeTupleStruct, SerializeTupleVariant,
    Serializer,
};

use super::path::PathError;
use super::{Blob, List, Map, Value, private};
use crate::{ErrorKind, Result, Str, Timestamp};

type Outcome<T> = std::result::Result<T, PathError>;

/// In formats for people a blob is base64, a timestamp ISO 8601 in UTC, and a number that is none the string `NaN`, `Infinity` or
/// `-Infinity`; in formats for machines a blob is bytes, a timestamp seconds and nanoseconds, and every float a float. An integer
/// is a number up to 128 bits and its digits beyond.
impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        match self {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Int(value) => serializer.serialize_i64(*value),
            Value::BigInt(digits) => serialize_digits(digits, serializer),
            Value::Float(value) => match non_finite(*value) {
                Some(_) => {
                    serializer.serialize_newtype_struct(private::NON_FINITE, &NonFinite(*value))
                }
                None => serializer.serialize_f64(*value),
            },
            Value::String(value) => serializer.serialize_str(value),
            Value::Blob(value) => value.serialize(serializer),
            Value::Timestamp(value) => value.serialize(serializer),
            Value::List(value) => value.serialize(serializer),
            Value::Map(value) => value.serialize(serializer),
        }
    }
}

/// A float that is no number: its name to people.
struct NonFinite(f64);

impl Serialize for NonFinite {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        match non_finite(self.0) {
            Some(name) if serializer.is_human_readable() => serializer.serialize_str(name),
            _ => serializer.serialize_f64(self.0),
        }
    }
}

/// The name of a float that JSON has no number for.
pub(super) fn non_finite(value: f64) -> Option<&'static str> {
    if value.is_finite() {
        None
    } else if value.is_nan() {
        Some("NaN")
    } else if value > 0.0 {
        Some("Infinity")
    } else {
        Some("-Infinity")
    }
}

fn serialize_digits<S: Serializer>(
    digits: &str,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    if let Ok(value) = digits.parse() {
        serializer.serialize_u64(value)
    } else if let Ok(value) = digits.parse() {
        serializer.serialize_i128(value)
    } else if let Ok(value) = digits.parse() {
        serializer.serialize_u128(value)
    } else {
        serializer.serialize_newtype_struct(private::DIGITS, digits)
    }
}

impl Serialize for List {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_seq(self)
    }
}

impl Serialize for Map {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_map(self)
    }
}

/// Base64 in formats for people, bytes in formats for machines.
impl Serialize for Blob {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        struct Content<'b>(&'b Blob);
        impl Serialize for Content<'_> {
            fn serialize<S: Serializer>(
                &self,
                serializer: S,
            ) -> std::result::Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    serializer.serialize_str(&self.0.to_base64())
                } else {
                    serializer.serialize_bytes(self.0)
                }
            }
        }
        serializer.serialize_newtype_struct(private::BLOB, &Content(self))
    }
}

/// Anything that serde can serialize, as a value: parameters of a call from a type of one's own.
///
/// Structures and maps become maps in their order, keys that are numbers or booleans their text, enum variants what serde_json
/// makes of them. A [`Value`], [`Blob`] or [`Timestamp`] anywhere within stays what it is, and bytes become a blob.
///
/// ```
/// use inia_core::{Timestamp, json, to_value};
/// use serde::Serialize;
///
/// #[derive(Serialize)]
/// #[serde(rename_all = "PascalCase")]
/// struct Query<'a> {
///     names: Vec<&'a str>,
///     since: Timestamp,
///     #[serde(skip_serializing_if = "Option::is_none")]
///     limit: Option<u32>,
/// }
///
/// let since = Timestamp::new(1_440_938_160, 0);
/// let params = to_value(&Query { names: vec!["a"], since, limit: None })?;
/// assert_eq!(params, json!({"Names": ["a"], "Since": since}));
/// # Ok::<(), inia_core::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Validation`]: a map has keys that are no strings, numbers or booleans, or the type refuses to be serialized. The
/// message says where.
pub fn to_value<T: Serialize + ?Sized>(value: &T) -> Result<Value> {
    value
        .serialize(ToValue)
        .map_err(|error| error.into_error(ErrorKind::Validation))
}

/// Serializes into a [`Value`].
struct ToValue;

macro_rules! integers {
    ($($method:ident $integer:ty),*) => {$(
        fn $method(self, value: $integer) -> Outcome<Value> {
            Ok(Value::from(value))
        }
    )*};
}

impl Serializer for ToValue {
    type Ok = Value;
    type Error = PathError;
    type SerializeSeq = ToList;
    type SerializeTuple = ToList;
    type SerializeTupleStruct = ToList;
    type SerializeTupleVariant = Variant<ToList>;
    type SerializeMap = ToMap;
    type SerializeStruct = ToMap;
    type SerializeStructVariant = Variant<ToMap>;

    integers!(
        serialize_i8 i8, serialize_i16 i16, serialize_i32 i32, serialize_i64 i64, serialize_i128 i128,
        serialize_u8 u8, serialize_u16 u16, serialize_u32 u32, serialize_u64 u64, serialize_u128 u128,
        serialize_f32 f32, serialize_f64 f64, serialize_bool bool
    );

    fn serialize_char(self, value: char) -> Outcome<Value> {
        Ok(Value::String(Str::from(value)))
    }

    fn serialize_str(self, value: &str) -> Outcome<Value> {
        Ok(Value::from(value))
    }

    fn serialize_bytes(self, value: &[u8]) -> Outcome<Value> {
        Ok(Value::Blob(Blob::from(value)))
    }

    fn serialize_none(self) -> Outcome<Value> {
        Ok(Value::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Outcome<Value> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Outcome<Value> {
        Ok(Value::Null)
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Outcome<Value> {
        Ok(Value::Null)
    }

    fn serialize_unit_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Outcome<Value> {
        Ok(Value::String(Str::from_static(variant)))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Outcome<Value> {
        match name {
            private::BLOB | private::NON_FINITE => value.serialize(Machine(self)),
            private::TIMESTAMP => {
                let parts = value.serialize(Machine(self))?;
                let seconds = parts.items().next().and_then(Value::as_i64);
                let nanoseconds = parts.items().nth(1).and_then(Value::as_i64);
                let nanoseconds = nanoseconds.and_then(|value| u32::try_from(value).ok());
                match (seconds, nanoseconds) {
                    (Some(seconds), Some(nanoseconds)) => {
                        Ok(Value::Timestamp(Timestamp::new(seconds, nanoseconds)))
                    }
                    _ => Err(PathError::custom("a timestamp is seconds and nanoseconds")),
                }
            }
            private::DIGITS => match value.serialize(self)? {
                Value::String(digits) => Ok(Value::BigInt(digits.as_str().into())),
                other => Ok(other),
            },
            _ => value.serialize(self),
        }
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Outcome<Value> {
        let variant = Str::from_static(variant);
        let value = value
            .serialize(self)
            .map_err(|error| error.in_field(&variant))?;
        Ok(entry(variant, value))
    }

    fn serialize_seq(self, len: Option<usize>) -> Outcome<ToList> {
        Ok(ToList(List::with_capacity(capped(len))))
    }

    fn serialize_tuple(self, len: usize) -> Outcome<ToList> {
        self.serialize_seq(Some(len))
    }

    fn serialize_tuple_struct(self, _name: &'static str, len: usize) -> Outcome<ToList> {
        self.serialize_seq(Some(len))
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        len: usize,
    ) -> Outcome<Variant<ToList>> {
        let content = self.serialize_seq(Some(len))?;
        Ok(Variant { variant, content })
    }

    fn serialize_map(self, len: Option<usize>) -> Outcome<ToMap> {
        Ok(ToMap {
            map: Map::with_capacity(capped(len)),
            key: Str::new(),
        })
    }

    fn serialize_struct(self, _name: &'static str, len: usize) -> Outcome<ToMap> {
        self.serialize_map(Some(len))
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        len: usize,
    ) -> Outcome<Variant<ToMap>> {
        let content = self.serialize_map(Some(len))?;
        Ok(Variant { variant, content })
    }
}

/// A length that somebody announced, as far as it is believed before the elements are there.
fn capped(len: Option<usize>) -> usize {
    len.unwrap_or(0).min(4096)
}

fn entry(name: Str, value: Value) -> Value {
    let mut map = Map::with_capacity(1);
    map.push(name, value);
    Value::Map(map)
}

/// Gathers a list.
struct ToList(List);

impl ToList {
    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Outcome<()> {
        let value = value
            .serialize(ToValue)
            .map_err(|error| error.in_element(self.0.len()))?;
        self.0.push(value);
        Ok(())
    }
}

impl SerializeSeq for ToList {
    type Ok = Value;
    type Error = PathError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Outcome<()> {
        self.push(value)
    }

    fn end(self) -> Outcome<Value> {
        Ok(Value::List(self.0))
    }
}

impl SerializeTuple for ToList {
    type Ok = Value;
    type Error = PathError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Outcome<()> {
        self.push(value)
    }

    fn end(self) -> Outcome<Value> {
        Ok(Value::List(self.0))
    }
}

impl SerializeTupleStruct for ToList {
    type Ok = Value;
    type Error = PathError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Outcome<()> {
        self.push(value)
    }

    fn end(self) -> Outcome<Value> {
        Ok(Value::List(self.0))
    }
}

/// Gathers a map.
struct ToMap {
    map: Map,
    key: Str,
}

impl ToMap {
    fn insert<T: Serialize + ?Sized>(&mut self, key: Str, value: &T) -> Outcome<()> {
        let value = value
            .serialize(ToValue)
            .map_err(|error| error.in_field(&key))?;
        self.map.insert(key, value);
        Ok(())
    }
}

impl SerializeMap for ToMap {
    type Ok = Value;
    type Error = PathError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Outcome<()> {
        self.key = key.serialize(ToKey)?;
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Outcome<()> {
        let key = std::mem::take(&mut self.key);
        self.insert(key, value)
    }

    fn end(self) -> Outcome<Value> {
        Ok(Value::Map(self.map))
    }
}

impl SerializeStruct for ToMap {
    type Ok = Value;
    type Error = PathError;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Outcome<()> {
        self.insert(Str::from_static(key), value)
    }

    fn end(self) -> Outcome<Value> {
        Ok(Value::Map(self.map))
    }
}

/// Gathers the content of an enum's variant.
struct Variant<C> {
    variant: &'static str,
    content: C,
}

impl<C> Variant<C> {
    fn within<T>(&self, outcome: Outcome<T>) -> Outcome<T> {
        outcome.map_err(|error| error.in_field(&Str::from_static(self.variant)))
    }
}

impl SerializeTupleVariant for Variant<ToList> {
    type Ok = Value;
    type Error = PathError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Outcome<()> {
        let outcome = self.content.push(value);
        self.within(outcome)
    }

    fn end(self) -> Outcome<Value> {
        Ok(entry(
            Str::from_static(self.variant),
            Value::List(self.content.0),
        ))
    }
}

impl SerializeStructVariant for Variant<ToMap> {
    type Ok = Value;
    type Error = PathError;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Outcome<()> {
        let outcome = self.content.insert(Str::from_static(key), value);
        self.within(outcome)
    }

    fn end(self) -> Outcome<Value> {
        Ok(entry(
            Str::from_static(self.variant),
            Value::Map(self.content.map),
        ))
    }
}

/// A serializer of only a few kinds of values: the others are refused with a message.
macro_rules! refuse {
    ($message:expr; $($method:ident($($argument:ty),*) -> $result:ty;)*) => {$(
        fn $method(self, $(_: $argument),*) -> Outcome<$result> {
            Err(PathError::custom($message))
        }
    )*};
}

/// Serializes a map's key into a string.
struct ToKey;

const KEY: &str = "a key of a map has to be a string, a number or a boolean";

impl ToKey {
    fn text(value: &dyn Display) -> Outcome<Str> {
        Ok(Str::from(value.to_string()))
    }
}

macro_rules! keys {
    ($($method:ident $type:ty),*) => {$(
        fn $method(self, value: $type) -> Outcome<Str> {
            ToKey::text(&value)
        }
    )*};
}

impl Serializer for ToKey {
    type Ok = Str;
    type Error = PathError;
    type SerializeSeq = Impossible<Str, PathError>;
    type SerializeTuple = Impossible<Str, PathError>;
    type SerializeTupleStruct = Impossible<Str, PathError>;
    type SerializeTupleVariant = Impossible<Str, PathError>;
    type SerializeMap = Impossible<Str, PathError>;
    type SerializeStruct = Impossible<Str, PathError>;
    type SerializeStructVariant = Impossible<Str, PathError>;

    keys!(
        serialize_i8 i8, serialize_i16 i16, serialize_i32 i32, serialize_i64 i64, serialize_i128 i128,
        serialize_u8 u8, serialize_u16 u16, serialize_u32 u32, serialize_u64 u64, serialize_u128 u128,
        serialize_f32 f32, serialize_f64 f64, serialize_bool bool, serialize_char char
    );

    fn serialize_str(self, value: &str) -> Outcome<Str> {
        Ok(Str::from(value))
    }

    fn serialize_unit_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Outcome<Str> {
        Ok(Str::from_static(variant))
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Outcome<Str> {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        value: &T,
    ) -> Outcome<Str> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _value: &T,
    ) -> Outcome<Str> {
        Err(PathError::custom(KEY))
    }

    refuse! { KEY;
        serialize_bytes(&[u8]) -> Str;
        serialize_none() -> Str;
        serialize_unit() -> Str;
        serialize_unit_struct(&'static str) -> Str;
        serialize_seq(Option<usize>) -> Self::SerializeSeq;
        serialize_tuple(usize) -> Self::SerializeTuple;
        serialize_tuple_struct(&'static str, usize) -> Self::SerializeTupleStruct;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Self::SerializeTupleVariant;
        serialize_map(Option<usize>) -> Self::SerializeMap;
        serialize_struct(&'static str, usize) -> Self::SerializeStruct;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Self::SerializeStructVariant;
    }
}

/// Serializes what one of our own types is to a machine: bytes, a float, or a few integers.
struct Machine(ToValue);

const OWN: &str = "this name of a newtype struct is reserved for values";

impl Serializer for Machine {
    type Ok = Value;
    type Error = PathError;
    type SerializeSeq = Impossible<Value, PathError>;
    type SerializeTuple = ToList;
    type SerializeTupleStruct = Impossible<Value, PathError>;
    type SerializeTupleVariant = Impossible<Value, PathError>;
    type SerializeMap = Impossible<Value, PathError>;
    type SerializeStruct = Impossible<Value, PathError>;
    type SerializeStructVariant = Impossible<Value, PathError>;

    fn is_human_readable(&self) -> bool {
        false
    }

    fn serialize_bytes(self, value: &[u8]) -> Outcome<Value> {
        self.0.serialize_bytes(value)
    }

    fn serialize_f64(self, value: f64) -> Outcome<Value> {
        self.0.serialize_f64(value)
    }

    fn serialize_tuple(self, len: usize) -> Outcome<ToList> {
        self.0.serialize_tuple(len)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, _value: &T) -> Outcome<Value> {
        Err(PathError::custom(OWN))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _value: &T,
    ) -> Outcome<Value> {
        Err(PathError::custom(OWN))
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _value: &T,
    ) -> Outcome<Value> {
        Err(PathError::custom(OWN))
    }

    refuse! { OWN;
        serialize_bool(bool) -> Value;
        serialize_i8(i8) -> Value;
        serialize_i16(i16) -> Value;
        serialize_i32(i32) -> Value;
        serialize_i64(i64) -> Value;
        serialize_u8(u8) -> Value;
        serialize_u16(u16) -> Value;
        serialize_u32(u32) -> Value;
        serialize_u64(u64) -> Value;
        serialize_f32(f32) -> Value;
        serialize_char(char) -> Value;
        serialize_str(&str) -> Value;
        serialize_none() -> Value;
        serialize_unit() -> Value;
        serialize_unit_struct(&'static str) -> Value;
        serialize_unit_variant(&'static str, u32, &'static str) -> Value;
        serialize_seq(Option<usize>) -> Self::SerializeSeq;
        serialize_tuple_struct(&'static str, usize) -> Self::SerializeTupleStruct;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Self::SerializeTupleVariant;
        serialize_map(Option<usize>) -> Self::SerializeMap;
        serialize_struct(&'static str, usize) -> Self::SerializeStruct;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Self::SerializeStructVariant;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Serialize;

    use super::*;
    use crate::json;

    #[derive(Serialize)]
    enum Choice {
        Unit,
        New(u8),
        Tuple(u8, &'static str),
        Struct { a: Option<u8> },
    }

    #[derive(Serialize)]
    struct Everything {
        text: &'static str,
        letter: char,
        big: u128,
        small: i8,
        unit: (),
        tuple: (u8, bool),
        choices: Vec<Choice>,
        keys: BTreeMap<u8, f32>,
        value: Value,
        blob: Blob,
        moment: Timestamp,
    }

    #[test]
    fn every_kind_of_data_becomes_a_value() {
        let moment = Timestamp::new(i64::MIN, 1);
        let everything = Everything {
            text: "t",
            letter: 'é',
            big: u128::MAX,
            small: -1,
            unit: (),
            tuple: (1, true),
            choices: vec![
                Choice::Unit,
                Choice::New(1),
                Choice::Tuple(2, "x"),
                Choice::Struct { a: None },
            ],
            keys: BTreeMap::from([(7, 0.5)]),
            value: json!({"deep": [moment, Blob::from(vec![0, 255])], "nan": f64::NAN}),
            blob: Blob::from(vec![1]),
            moment,
        };
        let value = to_value(&everything).unwrap();
        assert!(value["value"]["nan"].as_f64().unwrap().is_nan());
        let mut value = value;
        value
            .as_map_mut()
            .unwrap()
            .get_mut("value")
            .unwrap()
            .as_map_mut()
            .unwrap()
            .remove("nan");
        assert_eq!(
            value,
            json!({
                "text": "t",
                "letter": "é",
                "big": u128::MAX,
                "small": -1,
                "unit": null,
                "tuple": [1, true],
                "choices": ["Unit", {"New": 1}, {"Tuple": [2, "x"]}, {"Struct": {"a": null}}],
                "keys": {"7": 0.5},
                "value": {"deep": [moment, Blob::from(vec![0, 255])]},
                "blob": Blob::from(vec![1]),
                "moment": moment,
            })
        );
        let keys: Vec<&str> = value.as_map().unwrap().keys().map(Str::as_str).collect();
        assert_eq!(keys[..3], ["text", "letter", "big"]);
    }

    #[test]
    fn an_integer_beyond_128_bits_stays_one() {
        let digits = Value::BigInt("1".repeat(60).into());
        assert_eq!(to_value(&digits).unwrap(), digits);
        assert_eq!(
            serde_json::to_string(&digits).unwrap(),
            format!("\"{}\"", "1".repeat(60))
        );
        let fits = Value::BigInt("99999999999999999999".into());
        assert_eq!(
            serde_json::to_string(&fits).unwrap(),
            "99999999999999999999"
        );
    }

    #[test]
    fn errors_say_where() {
        struct Refuses;
        impl Serialize for Refuses {
            fn serialize<S: Serializer>(&self, _: S) -> std::result::Result<S::Ok, S::Error> {
                Err(S::Error::custom("no"))
            }
        }
        let error = to_value(&BTreeMap::from([(
            "Tags",
            vec![BTreeMap::from([("Key", Refuses)])],
        )]))
        .unwrap_err();
        assert_eq!(error.to_string(), "Tags[0].Key: no");
        assert_eq!(error.kind(), ErrorKind::Validation);
        let error = to_value(&[BTreeMap::from([(Some(vec![1]), 1)])]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "[0]: a key of a map has to be a string, a number or a boolean"
        );
    }

    #[test]
    fn formats_for_people_get_what_json_gets() {
        let value = json!({"at": Timestamp::new(0, 1000), "data": Blob::from(vec![1]), "f": [f64::INFINITY, f64::NEG_INFINITY]});
        let text =
            r#"{"at":"1970-01-01T00:00:00.000001Z","data":"AQ==","f":["Infinity","-Infinity"]}"#;
        assert_eq!(serde_json::to_string(&value).unwrap(), text);
        assert_eq!(value.to_json_string(), text);
    }

    #[test]
    fn formats_for_machines_get_bytes_and_floats() {
        let value =
            json!({"data": Blob::from(vec![1, 2]), "nan": f64::INFINITY, "n": [1, -1, u64::MAX]});
        let mut bytes = Vec::new();
        ciborium::into_writer(&value, &mut bytes).unwrap();
        assert_eq!(ciborium::from_reader::<Value, _>(&*bytes).unwrap(), value);

        let moment = Timestamp::new(i64::MAX, 999_999_999);
        let mut bytes = Vec::new();
        ciborium::into_writer(&moment, &mut bytes).unwrap();
        assert_eq!(
            ciborium::from_reader::<Timestamp, _>(&*bytes).unwrap(),
            moment
        );
    }
}
