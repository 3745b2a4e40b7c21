//! [`from_value`]: deserializes a [`Value`] into a type that implements `Deserialize`.

mod native;

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{
    Deserialize, DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error as _,
    MapAccess, SeqAccess, Unexpected, VariantAccess, Visitor,
};

use super::number::number_text;
use super::path_error::{PathError, PathResult};
use super::set::set_items;
use super::{List, Map, MapIter, Value, serde_token};
use crate::{ErrorKind, Result, Str};

use native::{NativeDeserializer, TimestampDeserializer};

/// Deserializes a value, such as the output of a call, into any type that implements `Deserialize`.
///
/// In addition to serde's usual conversions:
///
/// - a blob becomes bytes, a `Vec<u8>`, or a string if it is UTF-8;
/// - a timestamp becomes a [`Timestamp`](crate::Timestamp), an ISO 8601 string, or a number of seconds, depending on the type;
/// - the strings `NaN`, `Infinity` and `-Infinity` become floats if the type is a float;
/// - a [`Number`](crate::Number) becomes the nearest float if the type is a float;
/// - a [`Set`](crate::Set) becomes any collection of its elements;
/// - a map with one entry, such as a union, becomes an enum.
///
/// ```
/// # use inia_core as inia;
/// use inia::{Blob, Timestamp, from_value, json};
/// use serde::Deserialize;
///
/// #[derive(Deserialize, Debug, PartialEq)]
/// #[serde(rename_all = "PascalCase")]
/// struct Message {
///     body: Vec<u8>,
///     sent: Timestamp,
///     attempts: Option<u32>,
/// }
///
/// let sent = Timestamp::new(1_440_938_160, 0);
/// let output = json!({"Body": Blob::from(vec![1, 2]), "Sent": sent, "Unknown": true});
/// let message: Message = from_value(output)?;
/// assert_eq!(message, Message { body: vec![1, 2], sent, attempts: None });
///
/// let error = from_value::<Message>(json!({"Body": [1, "x"], "Sent": 5})).unwrap_err();
/// assert_eq!(error.to_string(), r#"Body[1]: invalid type: string "x", expected u8"#);
/// # Ok::<(), inia_core::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Parse`]: the value does not fit the type. The message contains the path.
pub fn from_value<T: DeserializeOwned>(value: Value) -> Result<T> {
    from_value_ref(&value)
}

/// Deserializes a value like [`from_value`], into a type that may borrow strings and bytes from the value.
///
/// ```
/// use inia_core::{from_value_ref, json};
///
/// let output = json!({"QueueUrls": ["https://a", "https://b"]});
/// let urls: Vec<&str> = from_value_ref(&output["QueueUrls"])?;
/// assert_eq!(urls, ["https://a", "https://b"]);
/// # Ok::<(), inia_core::Error>(())
/// ```
///
/// # Errors
/// Same as [`from_value`].
pub fn from_value_ref<'de, T: Deserialize<'de>>(value: &'de Value) -> Result<T> {
    T::deserialize(ValueDeserializer(value)).map_err(|error| error.into_error(ErrorKind::Parse))
}

/// Deserializes from a [`Value`].
#[derive(Clone, Copy)]
pub(super) struct ValueDeserializer<'de>(pub(super) &'de Value);

/// Returns the description of a value for type errors.
fn unexpected(value: &Value) -> Unexpected<'_> {
    match value {
        Value::Null => Unexpected::Unit,
        Value::Bool(value) => Unexpected::Bool(*value),
        Value::Int(value) => Unexpected::Signed(*value),
        Value::Float(value) => Unexpected::Float(*value),
        Value::String(value) => Unexpected::Str(value),
        Value::Blob(_) => Unexpected::Other("blob"),
        Value::Timestamp(_) => Unexpected::Other("timestamp"),
        Value::BigInt(_) => Unexpected::Other("integer beyond 64 bits"),
        Value::List(_) => Unexpected::Seq,
        Value::Map(_) => Unexpected::Map,
    }
}

fn visit_digits<'de, V: Visitor<'de>>(digits: &'de str, visitor: V) -> PathResult<V::Value> {
    if let Ok(value) = digits.parse() {
        visitor.visit_u64(value)
    } else if let Ok(value) = digits.parse() {
        visitor.visit_i128(value)
    } else if let Ok(value) = digits.parse() {
        visitor.visit_u128(value)
    } else {
        visitor.visit_borrowed_str(digits)
    }
}

/// Deserializes integers. A timestamp becomes its whole seconds.
macro_rules! integers {
    ($($method:ident),*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> PathResult<V::Value> {
            match self.0 {
                Value::Timestamp(timestamp) => visitor.visit_i64(timestamp.seconds()),
                _ => self.deserialize_any(visitor),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for ValueDeserializer<'de> {
    type Error = PathError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> PathResult<V::Value> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Int(value) => visitor.visit_i64(*value),
            Value::BigInt(digits) => visit_digits(digits, visitor),
            Value::Float(value) => visitor.visit_f64(*value),
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Blob(bytes) => visitor.visit_borrowed_bytes(bytes),
            Value::Timestamp(timestamp) => visitor.visit_str(&timestamp.iso8601()),
            Value::List(list) => visit_list(list, visitor, ValueDeserializer),
            Value::Map(map) => visit_map(map, visitor, ValueDeserializer),
        }
    }

    integers!(
        deserialize_i8,
        deserialize_i16,
        deserialize_i32,
        deserialize_i64,
        deserialize_i128,
        deserialize_u8,
        deserialize_u16,
        deserialize_u32,
        deserialize_u64,
        deserialize_u128
    );

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> PathResult<V::Value> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> PathResult<V::Value> {
        match self.0 {
            Value::Timestamp(timestamp) => visitor.visit_f64(timestamp.as_f64()),
            Value::BigInt(_) => visitor.visit_f64(self.0.as_f64().unwrap_or(f64::NAN)),
            Value::String(text) => match text.as_str() {
                "NaN" => visitor.visit_f64(f64::NAN),
                "Infinity" => visitor.visit_f64(f64::INFINITY),
                "-Infinity" => visitor.visit_f64(f64::NEG_INFINITY),
                text => visitor.visit_borrowed_str(text),
            },
            Value::Map(map) => match number_text(map).and_then(|text| text.parse().ok()) {
                Some(number) => visitor.visit_f64(number),
                None => self.deserialize_any(visitor),
            },
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> PathResult<V::Value> {
        match self.0 {
            Value::BigInt(digits) => visitor.visit_borrowed_str(digits),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> PathResult<V::Value> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> PathResult<V::Value> {
        match self.0 {
            Value::String(text) => visitor.visit_borrowed_bytes(text.as_bytes()),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> PathResult<V::Value> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> PathResult<V::Value> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> PathResult<V::Value> {
        match (name, self.0) {
            (serde_token::VALUE, value) => visitor.visit_newtype_struct(NativeDeserializer(value)),
            (serde_token::TIMESTAMP, Value::Timestamp(timestamp)) => {
                visitor.visit_newtype_struct(TimestampDeserializer(*timestamp))
            }
            (serde_token::BLOB, Value::String(text)) => {
                visitor.visit_borrowed_bytes(text.as_bytes())
            }
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> PathResult<V::Value> {
        match self.0 {
            Value::Blob(bytes) => visitor.visit_seq(serde::de::value::SeqDeserializer::new(
                bytes.iter().copied(),
            )),
            Value::Map(map) => match set_items(map) {
                Some(items) => visit_list(items, visitor, ValueDeserializer),
                None => self.deserialize_any(visitor),
            },
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _len: usize, visitor: V) -> PathResult<V::Value> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _len: usize,
        visitor: V,
    ) -> PathResult<V::Value> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> PathResult<V::Value> {
        let entry = match self.0 {
            Value::String(name) => Some((name, None)),
            Value::Map(map) if map.len() == 1 => {
                map.get_index(0).map(|(name, value)| (name, Some(value)))
            }
            _ => None,
        };
        match entry {
            Some((name, content)) => visitor.visit_enum(EnumEntry { name, content }),
            None => Err(PathError::invalid_type(
                unexpected(self.0),
                &"the name of a variant, or a map with one entry",
            )),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> PathResult<V::Value> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> PathResult<V::Value> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        bool char unit map struct identifier
    }
}

pub(super) fn visit_list<'de, V: Visitor<'de>, D: Deserializer<'de, Error = PathError>>(
    list: &'de List,
    visitor: V,
    deserializer: fn(&'de Value) -> D,
) -> PathResult<V::Value> {
    let mut elements = ListAccess {
        values: list.iter(),
        position: 0,
        deserializer,
    };
    let result = visitor.visit_seq(&mut elements)?;
    match elements.values.len() {
        0 => Ok(result),
        _ => Err(PathError::invalid_length(
            list.len(),
            &"a list with fewer elements",
        )),
    }
}

pub(super) fn visit_map<'de, V: Visitor<'de>, D: Deserializer<'de, Error = PathError>>(
    map: &'de Map,
    visitor: V,
    deserializer: fn(&'de Value) -> D,
) -> PathResult<V::Value> {
    visitor.visit_map(EntryAccess {
        entries: map.iter(),
        current: None,
        deserializer,
    })
}

/// Sequence access to a list.
struct ListAccess<'de, D> {
    values: std::slice::Iter<'de, Value>,
    position: usize,
    deserializer: fn(&'de Value) -> D,
}

impl<'de, D: Deserializer<'de, Error = PathError>> SeqAccess<'de> for ListAccess<'de, D> {
    type Error = PathError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> PathResult<Option<T::Value>> {
        let Some(value) = self.values.next() else {
            return Ok(None);
        };
        let position = self.position;
        self.position += 1;
        seed.deserialize((self.deserializer)(value))
            .map(Some)
            .map_err(|error| error.in_element(position))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.values.len())
    }
}

/// Map access to a map.
struct EntryAccess<'de, D> {
    entries: MapIter<'de>,
    current: Option<(&'de Str, &'de Value)>,
    deserializer: fn(&'de Value) -> D,
}

impl<'de, D: Deserializer<'de, Error = PathError>> MapAccess<'de> for EntryAccess<'de, D> {
    type Error = PathError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> PathResult<Option<K::Value>> {
        self.current = self.entries.next();
        let Some((key, _)) = self.current else {
            return Ok(None);
        };
        seed.deserialize(KeyDeserializer(key))
            .map(Some)
            .map_err(|error| error.in_field(key))
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> PathResult<T::Value> {
        let Some((key, value)) = self.current.take() else {
            return Err(PathError::custom(
                "next_value_seed called before next_key_seed",
            ));
        };
        seed.deserialize((self.deserializer)(value))
            .map_err(|error| error.in_field(key))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.entries.len())
    }
}

/// Deserializes a map key: a string, or a number or boolean in decimal or literal form.
struct KeyDeserializer<'de>(&'de Str);

macro_rules! parsed_keys {
    ($($method:ident $visit:ident),*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> PathResult<V::Value> {
            match self.0.parse() {
                Ok(value) => visitor.$visit(value),
                Err(_) => visitor.visit_borrowed_str(self.0),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for KeyDeserializer<'de> {
    type Error = PathError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> PathResult<V::Value> {
        visitor.visit_borrowed_str(self.0)
    }

    parsed_keys!(
        deserialize_i8 visit_i8, deserialize_i16 visit_i16, deserialize_i32 visit_i32, deserialize_i64 visit_i64,
        deserialize_i128 visit_i128, deserialize_u8 visit_u8, deserialize_u16 visit_u16, deserialize_u32 visit_u32,
        deserialize_u64 visit_u64, deserialize_u128 visit_u128, deserialize_f32 visit_f32, deserialize_f64 visit_f64,
        deserialize_bool visit_bool
    );

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> PathResult<V::Value> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> PathResult<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> PathResult<V::Value> {
        BorrowedStrDeserializer::new(self.0).deserialize_enum(name, variants, visitor)
    }

    serde::forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

/// Enum access: the name of a variant, and its content if any.
struct EnumEntry<'de> {
    name: &'de Str,
    content: Option<&'de Value>,
}

impl<'de> EnumAccess<'de> for EnumEntry<'de> {
    type Error = PathError;
    type Variant = VariantContent<'de>;

    fn variant_seed<T: DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> PathResult<(T::Value, VariantContent<'de>)> {
        let variant = seed.deserialize(KeyDeserializer(self.name))?;
        Ok((variant, VariantContent(self)))
    }
}

/// Variant access to the content of an enum variant.
struct VariantContent<'de>(EnumEntry<'de>);

impl<'de> VariantContent<'de> {
    fn deserializer(&self) -> PathResult<ValueDeserializer<'de>> {
        self.0.content.map(ValueDeserializer).ok_or_else(|| {
            PathError::custom(format_args!(
                "missing content of the variant {}",
                self.0.name
            ))
        })
    }

    fn within<T>(&self, result: PathResult<T>) -> PathResult<T> {
        result.map_err(|error| error.in_field(self.0.name))
    }
}

impl<'de> VariantAccess<'de> for VariantContent<'de> {
    type Error = PathError;

    fn unit_variant(self) -> PathResult<()> {
        match self.0.content {
            // A union member without content is an empty structure on the wire.
            None | Some(Value::Null) => Ok(()),
            Some(Value::Map(map)) if map.is_empty() => Ok(()),
            Some(other) => self.within(Err(PathError::invalid_type(
                unexpected(other),
                &"a variant without content",
            ))),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> PathResult<T::Value> {
        let deserializer = self.deserializer()?;
        self.within(seed.deserialize(deserializer))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, visitor: V) -> PathResult<V::Value> {
        let deserializer = self.deserializer()?;
        self.within(deserializer.deserialize_seq(visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> PathResult<V::Value> {
        let deserializer = self.deserializer()?;
        self.within(deserializer.deserialize_any(visitor))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;
    use crate::{Blob, Timestamp, json};

    #[derive(Deserialize, Debug, PartialEq)]
    enum Choice {
        Unit,
        New(u8),
        Tuple(u8, String),
        Struct { a: Option<u8> },
    }

    #[derive(Deserialize, Debug, PartialEq)]
    struct Everything<'a> {
        text: &'a str,
        letter: char,
        big: u128,
        float: f32,
        choices: Vec<Choice>,
        keys: BTreeMap<u8, bool>,
        value: Value,
        bytes: &'a [u8],
        vec: Vec<u8>,
        blob: Blob,
        timestamp: Timestamp,
        iso: String,
        seconds: i64,
        exact: f64,
        absent: Option<u8>,
        null: Option<u8>,
        unit: (),
    }

    #[test]
    fn deserializes_every_kind_of_data() {
        let timestamp = Timestamp::new(1_440_938_160, 250_000_000);
        let blob = Blob::from(vec![0, 255]);
        let inner = json!({"deep": [timestamp, blob.clone(), Value::BigInt("1".repeat(60).into()), null, 1.5]});
        let value = json!({
            "text": "t",
            "letter": "é",
            "big": u128::MAX,
            "float": 1,
            "choices": ["Unit", {"Unit": {}}, {"New": 1}, {"Tuple": [2, "x"]}, {"Struct": {}}],
            "keys": {"7": true},
            "value": inner.clone(),
            "bytes": blob.clone(),
            "vec": blob.clone(),
            "blob": blob.clone(),
            "timestamp": timestamp,
            "iso": timestamp,
            "seconds": timestamp,
            "exact": timestamp,
            "null": null,
            "unit": null,
            "more": {"is": "ignored"},
        });
        let everything: Everything<'_> = from_value_ref(&value).unwrap();
        assert_eq!(
            everything,
            Everything {
                text: "t",
                letter: 'é',
                big: u128::MAX,
                float: 1.0,
                choices: vec![
                    Choice::Unit,
                    Choice::Unit,
                    Choice::New(1),
                    Choice::Tuple(2, "x".into()),
                    Choice::Struct { a: None },
                ],
                keys: BTreeMap::from([(7, true)]),
                value: inner,
                bytes: &[0, 255],
                vec: vec![0, 255],
                blob,
                timestamp,
                iso: "2015-08-30T12:36:00.250000Z".into(),
                seconds: 1_440_938_160,
                exact: 1_440_938_160.25,
                absent: None,
                null: None,
                unit: (),
            }
        );
    }

    #[test]
    fn converts_values_like_call_parameters() {
        assert_eq!(
            from_value::<Timestamp>(json!("2015-08-30"))
                .unwrap()
                .seconds(),
            1_440_892_800
        );
        assert_eq!(
            from_value::<Timestamp>(json!(1.5)).unwrap(),
            Timestamp::new(1, 500_000_000)
        );
        assert_eq!(
            from_value::<Blob>(json!("text")).unwrap(),
            Blob::from(b"text".as_slice())
        );
        assert_eq!(
            from_value::<String>(json!(Blob::from(b"text".as_slice()))).unwrap(),
            "text"
        );
        assert!(from_value::<String>(json!(Blob::from(vec![255]))).is_err());
        assert!(from_value::<f64>(json!("NaN")).unwrap().is_nan());
        assert!(from_value::<f64>(json!("-Infinity")).unwrap() < f64::MIN);
        assert_eq!(from_value::<Option<Vec<u8>>>(json!(null)).unwrap(), None);
        assert_eq!(
            from_value::<List>(json!([1])).unwrap(),
            *json!([1]).as_list().unwrap()
        );
        assert!(from_value::<Map>(json!([1])).is_err());
        // In JSON, a string for a blob is base64.
        assert_eq!(
            serde_json::from_str::<Blob>("\"AQ==\"").unwrap(),
            Blob::from(vec![1])
        );
        assert!(serde_json::from_str::<Blob>("\"not base64\"").is_err());
        assert_eq!(
            serde_json::from_str::<Timestamp>("5").unwrap(),
            Timestamp::new(5, 0)
        );
    }

    #[test]
    fn errors_contain_the_path() {
        #[derive(Deserialize, Debug)]
        struct Tag {
            #[serde(rename = "Key")]
            _key: String,
        }
        type Tags = BTreeMap<String, Vec<Tag>>;
        for (value, expected) in [
            (
                json!({"Tags": [{"Key": "a"}, {"Key": 5}]}),
                "Tags[1].Key: invalid type: integer `5`, expected a string",
            ),
            (json!({"Tags": [{}]}), "Tags[0]: missing field `Key`"),
            (
                json!({"Tags": {}}),
                "Tags: invalid type: map, expected a sequence",
            ),
            (json!([]), "invalid type: sequence, expected a map"),
        ] {
            let error = from_value::<Tags>(value).unwrap_err();
            assert_eq!(error.to_string(), expected);
            assert_eq!(error.kind(), ErrorKind::Parse);
        }
        let error = from_value::<Vec<Choice>>(json!(["Unit", {"New": "x"}, "Other"])).unwrap_err();
        assert_eq!(
            error.to_string(),
            "[1].New: invalid type: string \"x\", expected u8"
        );
        assert!(
            from_value::<Choice>(json!("New"))
                .unwrap_err()
                .to_string()
                .contains("missing content of the variant New")
        );
        assert!(from_value::<(u8, u8)>(json!([1, 2, 3])).is_err());
        assert!(
            from_value::<Timestamp>(json!("noon"))
                .unwrap_err()
                .to_string()
                .contains("invalid timestamp `noon`")
        );
    }
}
