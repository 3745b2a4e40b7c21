//! [`to_value`]: serializes a type that implements `Serialize` into a [`Value`].

mod restricted;

use serde::ser::{
    Error as _, Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant,
    SerializeTuple, SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use super::path_error::{PathError, PathResult};
use super::{Blob, List, Map, Value, serde_token};
use crate::{ErrorKind, Result, Str, Timestamp};

use restricted::{BinarySerializer, KeySerializer};

/// Serializes any type that implements `Serialize` into a value, for example into the parameters of a call.
///
/// Structures and maps become maps in their order, and enum variants are represented as in serde_json. Keys that are numbers or
/// booleans become strings. A nested [`Value`], [`Blob`] or [`Timestamp`] is preserved, and bytes become a blob.
///
/// ```
/// # use inia_core as inia;
/// use inia::{Timestamp, json, to_value};
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
/// [`ErrorKind::Validation`]: a map key is not a string, number or boolean, or a `Serialize` implementation fails. The message
/// contains the path.
pub fn to_value<T: Serialize + ?Sized>(value: &T) -> Result<Value> {
    value
        .serialize(ValueSerializer)
        .map_err(|error| error.into_error(ErrorKind::Validation))
}

/// Serializes into a [`Value`].
pub(super) struct ValueSerializer;

macro_rules! integers {
    ($($method:ident $integer:ty),*) => {$(
        fn $method(self, value: $integer) -> PathResult<Value> {
            Ok(Value::from(value))
        }
    )*};
}

impl Serializer for ValueSerializer {
    type Ok = Value;
    type Error = PathError;
    type SerializeSeq = ListSerializer;
    type SerializeTuple = ListSerializer;
    type SerializeTupleStruct = ListSerializer;
    type SerializeTupleVariant = VariantSerializer<ListSerializer>;
    type SerializeMap = MapSerializer;
    type SerializeStruct = MapSerializer;
    type SerializeStructVariant = VariantSerializer<MapSerializer>;

    integers!(
        serialize_i8 i8, serialize_i16 i16, serialize_i32 i32, serialize_i64 i64, serialize_i128 i128,
        serialize_u8 u8, serialize_u16 u16, serialize_u32 u32, serialize_u64 u64, serialize_u128 u128,
        serialize_f32 f32, serialize_f64 f64, serialize_bool bool
    );

    fn serialize_char(self, value: char) -> PathResult<Value> {
        Ok(Value::String(Str::from(value)))
    }

    fn serialize_str(self, value: &str) -> PathResult<Value> {
        Ok(Value::from(value))
    }

    fn serialize_bytes(self, value: &[u8]) -> PathResult<Value> {
        Ok(Value::Blob(Blob::from(value)))
    }

    fn serialize_none(self) -> PathResult<Value> {
        Ok(Value::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> PathResult<Value> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> PathResult<Value> {
        Ok(Value::Null)
    }

    fn serialize_unit_struct(self, _name: &'static str) -> PathResult<Value> {
        Ok(Value::Null)
    }

    fn serialize_unit_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> PathResult<Value> {
        Ok(Value::String(Str::from_static(variant)))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> PathResult<Value> {
        match name {
            serde_token::BLOB | serde_token::NON_FINITE => value.serialize(BinarySerializer(self)),
            serde_token::TIMESTAMP => {
                let parts = value.serialize(BinarySerializer(self))?;
                let seconds = parts.items().next().and_then(Value::as_i64);
                let nanoseconds = parts.items().nth(1).and_then(Value::as_i64);
                let nanoseconds = nanoseconds.and_then(|value| u32::try_from(value).ok());
                match (seconds, nanoseconds) {
                    (Some(seconds), Some(nanoseconds)) => {
                        Ok(Value::Timestamp(Timestamp::new(seconds, nanoseconds)))
                    }
                    _ => Err(PathError::custom(
                        "expected seconds and nanoseconds of a timestamp",
                    )),
                }
            }
            serde_token::DIGITS => match value.serialize(self)? {
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
    ) -> PathResult<Value> {
        let variant = Str::from_static(variant);
        let value = value
            .serialize(self)
            .map_err(|error| error.in_field(&variant))?;
        Ok(entry(variant, value))
    }

    fn serialize_seq(self, len: Option<usize>) -> PathResult<ListSerializer> {
        Ok(ListSerializer(List::with_capacity(initial_capacity(len))))
    }

    fn serialize_tuple(self, len: usize) -> PathResult<ListSerializer> {
        self.serialize_seq(Some(len))
    }

    fn serialize_tuple_struct(self, _name: &'static str, len: usize) -> PathResult<ListSerializer> {
        self.serialize_seq(Some(len))
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        len: usize,
    ) -> PathResult<VariantSerializer<ListSerializer>> {
        let content = self.serialize_seq(Some(len))?;
        Ok(VariantSerializer { variant, content })
    }

    fn serialize_map(self, len: Option<usize>) -> PathResult<MapSerializer> {
        Ok(MapSerializer {
            map: Map::with_capacity(initial_capacity(len)),
            key: Str::new(),
        })
    }

    fn serialize_struct(self, _name: &'static str, len: usize) -> PathResult<MapSerializer> {
        self.serialize_map(Some(len))
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        len: usize,
    ) -> PathResult<VariantSerializer<MapSerializer>> {
        let content = self.serialize_map(Some(len))?;
        Ok(VariantSerializer { variant, content })
    }
}

/// Returns the capacity to allocate for an announced length, which is not trusted.
fn initial_capacity(len: Option<usize>) -> usize {
    len.unwrap_or(0).min(4096)
}

fn entry(name: Str, value: Value) -> Value {
    let mut map = Map::with_capacity(1);
    map.push(name, value);
    Value::Map(map)
}

/// Serializes a sequence into a list.
pub(super) struct ListSerializer(List);

impl ListSerializer {
    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> PathResult<()> {
        let value = value
            .serialize(ValueSerializer)
            .map_err(|error| error.in_element(self.0.len()))?;
        self.0.push(value);
        Ok(())
    }
}

impl SerializeSeq for ListSerializer {
    type Ok = Value;
    type Error = PathError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> PathResult<()> {
        self.push(value)
    }

    fn end(self) -> PathResult<Value> {
        Ok(Value::List(self.0))
    }
}

impl SerializeTuple for ListSerializer {
    type Ok = Value;
    type Error = PathError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> PathResult<()> {
        self.push(value)
    }

    fn end(self) -> PathResult<Value> {
        Ok(Value::List(self.0))
    }
}

impl SerializeTupleStruct for ListSerializer {
    type Ok = Value;
    type Error = PathError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> PathResult<()> {
        self.push(value)
    }

    fn end(self) -> PathResult<Value> {
        Ok(Value::List(self.0))
    }
}

/// Serializes a map or structure into a map.
pub(super) struct MapSerializer {
    map: Map,
    key: Str,
}

impl MapSerializer {
    fn insert<T: Serialize + ?Sized>(&mut self, key: Str, value: &T) -> PathResult<()> {
        let value = value
            .serialize(ValueSerializer)
            .map_err(|error| error.in_field(&key))?;
        self.map.insert(key, value);
        Ok(())
    }
}

impl SerializeMap for MapSerializer {
    type Ok = Value;
    type Error = PathError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> PathResult<()> {
        self.key = key.serialize(KeySerializer)?;
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> PathResult<()> {
        let key = std::mem::take(&mut self.key);
        self.insert(key, value)
    }

    fn end(self) -> PathResult<Value> {
        Ok(Value::Map(self.map))
    }
}

impl SerializeStruct for MapSerializer {
    type Ok = Value;
    type Error = PathError;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> PathResult<()> {
        self.insert(Str::from_static(key), value)
    }

    fn end(self) -> PathResult<Value> {
        Ok(Value::Map(self.map))
    }
}

/// Serializes the content of an enum variant.
pub(super) struct VariantSerializer<C> {
    variant: &'static str,
    content: C,
}

impl<C> VariantSerializer<C> {
    fn within<T>(&self, result: PathResult<T>) -> PathResult<T> {
        result.map_err(|error| error.in_field(&Str::from_static(self.variant)))
    }
}

impl SerializeTupleVariant for VariantSerializer<ListSerializer> {
    type Ok = Value;
    type Error = PathError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> PathResult<()> {
        let result = self.content.push(value);
        self.within(result)
    }

    fn end(self) -> PathResult<Value> {
        Ok(entry(
            Str::from_static(self.variant),
            Value::List(self.content.0),
        ))
    }
}

impl SerializeStructVariant for VariantSerializer<MapSerializer> {
    type Ok = Value;
    type Error = PathError;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> PathResult<()> {
        let result = self.content.insert(Str::from_static(key), value);
        self.within(result)
    }

    fn end(self) -> PathResult<Value> {
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
        timestamp: Timestamp,
    }

    #[test]
    fn serializes_every_kind_of_data() {
        let timestamp = Timestamp::new(i64::MIN, 1);
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
            value: json!({"deep": [timestamp, Blob::from(vec![0, 255])], "nan": f64::NAN}),
            blob: Blob::from(vec![1]),
            timestamp,
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
                "value": {"deep": [timestamp, Blob::from(vec![0, 255])]},
                "blob": Blob::from(vec![1]),
                "timestamp": timestamp,
            })
        );
        let keys: Vec<&str> = value.as_map().unwrap().keys().map(Str::as_str).collect();
        assert_eq!(keys[..3], ["text", "letter", "big"]);
    }

    #[test]
    fn errors_contain_the_path() {
        struct FailingSerialize;
        impl Serialize for FailingSerialize {
            fn serialize<S: Serializer>(&self, _: S) -> std::result::Result<S::Ok, S::Error> {
                Err(S::Error::custom("no"))
            }
        }
        let error = to_value(&BTreeMap::from([(
            "Tags",
            vec![BTreeMap::from([("Key", FailingSerialize)])],
        )]))
        .unwrap_err();
        assert_eq!(error.to_string(), "Tags[0].Key: no");
        assert_eq!(error.kind(), ErrorKind::Validation);
        let error = to_value(&[BTreeMap::from([(Some(vec![1]), 1)])]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "[0]: map keys must be strings, numbers or booleans"
        );
    }
}
