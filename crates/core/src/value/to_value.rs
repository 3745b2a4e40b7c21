//! [`to_value`]: anything that serde can serialize, as a [`Value`].

use serde::ser::{
    Error as _, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant,
    SerializeTuple, SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use super::narrow::{Machine, ToKey};
use super::path::PathError;
use super::{Blob, List, Map, Value, private};
use crate::{ErrorKind, Result, Str, Timestamp};

type Outcome<T> = std::result::Result<T, PathError>;

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
pub(super) struct ToValue;

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
pub(super) struct ToList(List);

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
pub(super) struct ToMap {
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
pub(super) struct Variant<C> {
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
}
