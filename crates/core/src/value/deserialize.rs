//! [`Value`] from any self-describing format, such as JSON, and anything that serde can deserialize from a [`Value`].

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::de::value::{BorrowedStrDeserializer, StrDeserializer};
use serde::de::{
    Deserialize, DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error as _,
    IntoDeserializer, MapAccess, SeqAccess, Unexpected, VariantAccess, Visitor,
};

use super::path::PathError;
use super::{Blob, List, Map, MapIter, Value, private};
use crate::{ErrorKind, Result, Str, Timestamp};

/// From whatever the format has: numbers beyond 64 bits become [`Value::BigInt`], bytes a blob. JSON has no timestamps, blobs or
/// NaN; text stays text.
impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        // Our own deserializer knows this name; the others go on with what they have.
        deserializer.deserialize_newtype_struct(private::VALUE, AnyValue)
    }
}

/// Takes whatever there is.
struct AnyValue;

impl<'de> DeserializeSeed<'de> for AnyValue {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> std::result::Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> std::result::Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_unit<E>(self) -> std::result::Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> std::result::Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> std::result::Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E>(self, value: bool) -> std::result::Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> std::result::Result<Value, E> {
        Ok(Value::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> std::result::Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_i128<E>(self, value: i128) -> std::result::Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u128<E>(self, value: u128) -> std::result::Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> std::result::Result<Value, E> {
        Ok(Value::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> std::result::Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_string<E>(self, value: String) -> std::result::Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_bytes<E>(self, value: &[u8]) -> std::result::Result<Value, E> {
        Ok(Value::Blob(Blob::from(value)))
    }

    fn visit_byte_buf<E>(self, value: Vec<u8>) -> std::result::Result<Value, E> {
        Ok(Value::Blob(Blob::from(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> std::result::Result<Value, A::Error> {
        let mut list = List::new();
        while let Some(value) = sequence.next_element_seed(AnyValue)? {
            list.push(value);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> std::result::Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<Str>()? {
            map.insert(key, entries.next_value_seed(AnyValue)?);
        }
        Ok(Value::Map(map))
    }

    /// What [`Native`] has that serde has no word for.
    fn visit_enum<A: EnumAccess<'de>>(self, data: A) -> std::result::Result<Value, A::Error> {
        let (name, content) = data.variant::<Str>()?;
        match name.as_str() {
            private::TIMESTAMP => {
                let (seconds, nanoseconds) = content.newtype_variant()?;
                Ok(Value::Timestamp(Timestamp::new(seconds, nanoseconds)))
            }
            private::DIGITS => {
                let digits: String = content.newtype_variant()?;
                Ok(Value::BigInt(digits.into()))
            }
            _ => Err(A::Error::invalid_type(Unexpected::Enum, &self)),
        }
    }
}

impl<'de> Deserialize<'de> for List {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::List(list) => Ok(list),
            other => Err(D::Error::custom(format_args!(
                "expected a list, got a {}",
                other.type_name()
            ))),
        }
    }
}

impl<'de> Deserialize<'de> for Map {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Map(map) => Ok(map),
            other => Err(D::Error::custom(format_args!(
                "expected a map, got a {}",
                other.type_name()
            ))),
        }
    }
}

/// From base64 in formats for people, from bytes in formats for machines; from the bytes of a blob or a string in a [`Value`].
impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Bytes;
        impl<'de> Visitor<'de> for Bytes {
            type Value = Blob;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes, or base64")
            }

            fn visit_newtype_struct<D: Deserializer<'de>>(
                self,
                deserializer: D,
            ) -> std::result::Result<Blob, D::Error> {
                if deserializer.is_human_readable() {
                    deserializer.deserialize_any(self)
                } else {
                    deserializer.deserialize_byte_buf(self)
                }
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> std::result::Result<Blob, E> {
                let bytes = BASE64
                    .decode(text)
                    .map_err(|_| E::invalid_value(Unexpected::Str(text), &self))?;
                Ok(Blob::from(bytes))
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> std::result::Result<Blob, E> {
                Ok(Blob::from(bytes))
            }

            fn visit_byte_buf<E>(self, bytes: Vec<u8>) -> std::result::Result<Blob, E> {
                Ok(Blob::from(bytes))
            }

            fn visit_seq<A: SeqAccess<'de>>(
                self,
                mut sequence: A,
            ) -> std::result::Result<Blob, A::Error> {
                let mut bytes = Vec::new();
                while let Some(byte) = sequence.next_element()? {
                    bytes.push(byte);
                }
                Ok(Blob::from(bytes))
            }
        }
        deserializer.deserialize_newtype_struct(private::BLOB, Bytes)
    }
}

/// A type of one's own from a value: the result of a call.
///
/// Beside what serde does for every format: a blob becomes bytes, a `Vec<u8>`, or a string if it is UTF-8; a timestamp a [`Timestamp`],
/// an ISO 8601 string or a number of seconds, as the type asks; the string `NaN`, `Infinity` or `-Infinity` a float where one is asked for; a map of one entry, such as
/// a union, an enum.
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
struct Source<'de>(&'de Value);

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

fn visit_list<'de, V: Visitor<'de>, D: Deserializer<'de, Error = PathError>>(
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

fn visit_map<'de, V: Visitor<'de>, D: Deserializer<'de, Error = PathError>>(
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

/// Deserializes a [`Value`] from a [`Value`]: what serde has no word for goes as an enum of our own names.
#[derive(Clone, Copy)]
struct Native<'de>(&'de Value);

impl<'de> Deserializer<'de> for Native<'de> {
    type Error = PathError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
        match self.0 {
            Value::Timestamp(moment) => visitor.visit_enum(Own::Timestamp(*moment)),
            Value::BigInt(digits) => visitor.visit_enum(Own::Digits(digits)),
            Value::List(list) => visit_list(list, visitor, Native),
            Value::Map(map) => visit_map(map, visitor, Native),
            other => Source(other).deserialize_any(visitor),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct newtype_struct
        seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// What serde has no word for.
enum Own<'de> {
    Timestamp(Timestamp),
    Digits(&'de str),
}

impl<'de> EnumAccess<'de> for Own<'de> {
    type Error = PathError;
    type Variant = Own<'de>;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Outcome<(T::Value, Own<'de>)> {
        let name = match self {
            Own::Timestamp(_) => private::TIMESTAMP,
            Own::Digits(_) => private::DIGITS,
        };
        let name: StrDeserializer<'_, PathError> = name.into_deserializer();
        Ok((seed.deserialize(name)?, self))
    }
}

impl<'de> VariantAccess<'de> for Own<'de> {
    type Error = PathError;

    fn unit_variant(self) -> Outcome<()> {
        Err(PathError::custom("the variant has content"))
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Outcome<T::Value> {
        match self {
            Own::Timestamp(moment) => seed.deserialize(Moment(moment)),
            Own::Digits(digits) => seed.deserialize(BorrowedStrDeserializer::new(digits)),
        }
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, _visitor: V) -> Outcome<V::Value> {
        self.unit_variant()
            .and(Err(PathError::custom("the variant is no tuple")))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        _visitor: V,
    ) -> Outcome<V::Value> {
        self.unit_variant()
            .and(Err(PathError::custom("the variant is no structure")))
    }
}

/// Deserializes a timestamp as machines write it: seconds and nanoseconds.
struct Moment(Timestamp);

impl<'de> Deserializer<'de> for Moment {
    type Error = PathError;

    fn is_human_readable(&self) -> bool {
        false
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
        let parts = [self.0.seconds(), i64::from(self.0.nanoseconds())];
        visitor.visit_seq(serde::de::value::SeqDeserializer::new(parts.into_iter()))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct newtype_struct
        seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;
    use crate::{json, to_value};

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

    #[test]
    fn json_is_read_into_values() {
        let value: Value = serde_json::from_str(
            r#"{"b": [1, -1, 18446744073709551615, 1.5, null, true], "a": "x", "b": {}}"#,
        )
        .unwrap();
        assert_eq!(value, json!({"b": {}, "a": "x"}));
        assert_eq!(value.as_map().unwrap().keys().next().unwrap(), "b");
        let numbers: Value =
            serde_json::from_str("[18446744073709551615, 1e400, 0.1]").unwrap_or_default();
        assert!(
            numbers.is_null(),
            "serde_json refuses a number beyond every float"
        );
        let value: Value = serde_json::from_str("18446744073709551615").unwrap();
        assert_eq!(value, Value::from(u64::MAX));
    }

    #[test]
    fn a_private_name_in_foreign_data_is_data() {
        let text = r#"{"$inia_core::Timestamp": [1, 2], "$inia_core::Blob": "AQ=="}"#;
        let value: Value = serde_json::from_str(text).unwrap();
        assert_eq!(value, to_value(&value).unwrap());
        assert_eq!(value.as_map().unwrap().len(), 2);
    }
}
