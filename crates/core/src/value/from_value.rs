//! [`from_value`]: anything that serde can deserialize, from a [`Value`].

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{
    Deserialize, DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error as _,
    MapAccess, SeqAccess, Unexpected, VariantAccess, Visitor,
};

use super::native::{Moment, Native};
use super::path::PathError;
use super::{List, Map, MapIter, Value, private};
use crate::{ErrorKind, Result, Str};

/// A type of one's own from a value: the result of a call.
///
/// Beside what serde does for every format: a blob becomes bytes, a `Vec<u8>`, or a string if it is UTF-8; a
/// timestamp a [`Timestamp`](crate::Timestamp), an ISO 8601 string or a number of seconds, as the type asks; the
/// string `NaN`, `Infinity` or `-Infinity` a float where one is asked for; a map of one entry, such as a union, an
/// enum.
///
/// ```
/// use inia_core::{Blob, Timestamp, from_value, json};
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
/// [`ErrorKind::Parse`]: the value does not fit the type. The message says where.
pub fn from_value<T: DeserializeOwned>(value: Value) -> Result<T> {
    // Values within the type are shared with this one, which may be gone by then.
    from_value_ref(&value)
}

/// As [`from_value`], for a type that may borrow strings and bytes from the value.
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
/// As [`from_value`].
pub fn from_value_ref<'de, T: Deserialize<'de>>(value: &'de Value) -> Result<T> {
    T::deserialize(Source(value)).map_err(|error| error.into_error(ErrorKind::Parse))
}

type Outcome<T> = std::result::Result<T, PathError>;

/// Deserializes from a [`Value`].
#[derive(Clone, Copy)]
pub(super) struct Source<'de>(pub(super) &'de Value);

/// What a value is, for the message that it does not fit.
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

fn visit_digits<'de, V: Visitor<'de>>(digits: &'de str, visitor: V) -> Outcome<V::Value> {
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

/// A number is asked for; a timestamp counts as its whole seconds.
macro_rules! integers {
    ($($method:ident),*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
            match self.0 {
                Value::Timestamp(moment) => visitor.visit_i64(moment.seconds()),
                _ => self.deserialize_any(visitor),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for Source<'de> {
    type Error = PathError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Int(value) => visitor.visit_i64(*value),
            Value::BigInt(digits) => visit_digits(digits, visitor),
            Value::Float(value) => visitor.visit_f64(*value),
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Blob(bytes) => visitor.visit_borrowed_bytes(bytes),
            Value::Timestamp(moment) => visitor.visit_str(&moment.iso8601()),
            Value::List(list) => visit_list(list, visitor, Source),
            Value::Map(map) => visit_map(map, visitor, Source),
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

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
        match self.0 {
            Value::Timestamp(moment) => visitor.visit_f64(moment.as_f64()),
            Value::BigInt(_) => visitor.visit_f64(self.0.as_f64().unwrap_or(f64::NAN)),
            Value::String(text) => match text.as_str() {
                "NaN" => visitor.visit_f64(f64::NAN),
                "Infinity" => visitor.visit_f64(f64::INFINITY),
                "-Infinity" => visitor.visit_f64(f64::NEG_INFINITY),
                text => visitor.visit_borrowed_str(text),
            },
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
        match self.0 {
            Value::BigInt(digits) => visitor.visit_borrowed_str(digits),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
        match self.0 {
            Value::String(text) => visitor.visit_borrowed_bytes(text.as_bytes()),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Outcome<V::Value> {
        match (name, self.0) {
            (private::VALUE, value) => visitor.visit_newtype_struct(Native(value)),
            (private::TIMESTAMP, Value::Timestamp(moment)) => {
                visitor.visit_newtype_struct(Moment(*moment))
            }
            (private::BLOB, Value::String(text)) => visitor.visit_borrowed_bytes(text.as_bytes()),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
        match self.0 {
            Value::Blob(bytes) => visitor.visit_seq(serde::de::value::SeqDeserializer::new(
                bytes.iter().copied(),
            )),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Outcome<V::Value> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _len: usize,
        visitor: V,
    ) -> Outcome<V::Value> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Outcome<V::Value> {
        let entry = match self.0 {
            Value::String(name) => Some((name, None)),
            Value::Map(map) if map.len() == 1 => {
                map.get_index(0).map(|(name, value)| (name, Some(value)))
            }
            _ => None,
        };
        match entry {
            Some((name, content)) => visitor.visit_enum(OneOf { name, content }),
            None => Err(PathError::invalid_type(
                unexpected(self.0),
                &"the name of a variant, or a map of one entry",
            )),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Outcome<V::Value> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
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
) -> Outcome<V::Value> {
    let mut elements = Elements {
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
) -> Outcome<V::Value> {
    visitor.visit_map(Entries {
        entries: map.iter(),
        current: None,
        deserializer,
    })
}

/// The elements of a list, each as a deserializer.
struct Elements<'de, D> {
    values: std::slice::Iter<'de, Value>,
    position: usize,
    deserializer: fn(&'de Value) -> D,
}

impl<'de, D: Deserializer<'de, Error = PathError>> SeqAccess<'de> for Elements<'de, D> {
    type Error = PathError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Outcome<Option<T::Value>> {
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

/// The entries of a map, each value as a deserializer.
struct Entries<'de, D> {
    entries: MapIter<'de>,
    current: Option<(&'de Str, &'de Value)>,
    deserializer: fn(&'de Value) -> D,
}

impl<'de, D: Deserializer<'de, Error = PathError>> MapAccess<'de> for Entries<'de, D> {
    type Error = PathError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Outcome<Option<K::Value>> {
        self.current = self.entries.next();
        let Some((key, _)) = self.current else {
            return Ok(None);
        };
        seed.deserialize(Key(key))
            .map(Some)
            .map_err(|error| error.in_field(key))
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Outcome<T::Value> {
        let Some((key, value)) = self.current.take() else {
            return Err(PathError::custom("a value was asked for before its key"));
        };
        seed.deserialize((self.deserializer)(value))
            .map_err(|error| error.in_field(key))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.entries.len())
    }
}

/// Deserializes a map's key: a string, or the number or boolean whose text it is.
struct Key<'de>(&'de Str);

macro_rules! parsed_keys {
    ($($method:ident $visit:ident),*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
            match self.0.parse() {
                Ok(value) => visitor.$visit(value),
                Err(_) => visitor.visit_borrowed_str(self.0),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for Key<'de> {
    type Error = PathError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
        visitor.visit_borrowed_str(self.0)
    }

    parsed_keys!(
        deserialize_i8 visit_i8, deserialize_i16 visit_i16, deserialize_i32 visit_i32, deserialize_i64 visit_i64,
        deserialize_i128 visit_i128, deserialize_u8 visit_u8, deserialize_u16 visit_u16, deserialize_u32 visit_u32,
        deserialize_u64 visit_u64, deserialize_u128 visit_u128, deserialize_f32 visit_f32, deserialize_f64 visit_f64,
        deserialize_bool visit_bool
    );

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Outcome<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Outcome<V::Value> {
        BorrowedStrDeserializer::new(self.0).deserialize_enum(name, variants, visitor)
    }

    serde::forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

/// An enum: a variant's name, and its content if it has one.
struct OneOf<'de> {
    name: &'de Str,
    content: Option<&'de Value>,
}

impl<'de> EnumAccess<'de> for OneOf<'de> {
    type Error = PathError;
    type Variant = Content<'de>;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Outcome<(T::Value, Content<'de>)> {
        let variant = seed.deserialize(Key(self.name))?;
        Ok((variant, Content(self)))
    }
}

/// The content of an enum's variant.
struct Content<'de>(OneOf<'de>);

impl<'de> Content<'de> {
    fn source(&self) -> Outcome<Source<'de>> {
        self.0.content.map(Source).ok_or_else(|| {
            PathError::custom(format_args!(
                "the variant {} has content, but none is given",
                self.0.name
            ))
        })
    }

    fn within<T>(&self, outcome: Outcome<T>) -> Outcome<T> {
        outcome.map_err(|error| error.in_field(self.0.name))
    }
}

impl<'de> VariantAccess<'de> for Content<'de> {
    type Error = PathError;

    fn unit_variant(self) -> Outcome<()> {
        match self.0.content {
            // A union's member without content is an empty structure on the wire.
            None | Some(Value::Null) => Ok(()),
            Some(Value::Map(map)) if map.is_empty() => Ok(()),
            Some(other) => self.within(Err(PathError::invalid_type(
                unexpected(other),
                &"a variant without content",
            ))),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Outcome<T::Value> {
        let source = self.source()?;
        self.within(seed.deserialize(source))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Outcome<V::Value> {
        let source = self.source()?;
        self.within(source.deserialize_seq(visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Outcome<V::Value> {
        let source = self.source()?;
        self.within(source.deserialize_any(visitor))
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
        moment: Timestamp,
        iso: String,
        seconds: i64,
        exact: f64,
        absent: Option<u8>,
        null: Option<u8>,
        unit: (),
    }

    #[test]
    fn every_kind_of_data_comes_from_a_value() {
        let moment = Timestamp::new(1_440_938_160, 250_000_000);
        let blob = Blob::from(vec![0, 255]);
        let inner = json!({"deep": [moment, blob.clone(), Value::BigInt("1".repeat(60).into()), null, 1.5]});
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
            "moment": moment,
            "iso": moment,
            "seconds": moment,
            "exact": moment,
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
                moment,
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
    fn values_are_understood_as_parameters_are() {
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
        // At a JSON boundary a string for a blob is base64.
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
    fn errors_say_where() {
        #[derive(Deserialize, Debug)]
        struct Tag {
            #[serde(rename = "Key")]
            _key: String,
        }
        type Tags = BTreeMap<String, Vec<Tag>>;
        for (value, wanted) in [
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
            assert_eq!(error.to_string(), wanted);
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
                .contains("has content")
        );
        assert!(from_value::<(u8, u8)>(json!([1, 2, 3])).is_err());
        assert!(
            from_value::<Timestamp>(json!("noon"))
                .unwrap_err()
                .to_string()
                .contains("`noon` is no timestamp")
        );
    }
}
