//! `Deserialize` for [`Value`], [`List`], [`Map`] and [`Blob`], from any self-describing format such as JSON.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, EnumAccess, Error as _, MapAccess, SeqAccess,
    Unexpected, VariantAccess, Visitor,
};

use super::{Blob, List, Map, Value, serde_token};
use crate::{Str, Timestamp};

/// Integers beyond 64 bits become [`Value::BigInt`] and bytes a blob. JSON strings stay strings, even if they are base64 or dates.
impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        // `ValueDeserializer` recognizes this name; other deserializers ignore it and call `visit_newtype_struct`.
        deserializer.deserialize_newtype_struct(serde_token::VALUE, ValueVisitor)
    }
}

/// Accepts any type and builds a [`Value`].
struct ValueVisitor;

impl<'de> DeserializeSeed<'de> for ValueVisitor {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> std::result::Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValueVisitor {
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
        while let Some(value) = sequence.next_element_seed(ValueVisitor)? {
            list.push(value);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> std::result::Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<Str>()? {
            map.insert(key, entries.next_value_seed(ValueVisitor)?);
        }
        Ok(Value::Map(map))
    }

    /// Timestamps and large integers, which [`NativeDeserializer`](super::from_value::NativeDeserializer) passes as enum variants.
    fn visit_enum<A: EnumAccess<'de>>(self, data: A) -> std::result::Result<Value, A::Error> {
        let (name, content) = data.variant::<Str>()?;
        match name.as_str() {
            serde_token::TIMESTAMP => {
                let (seconds, nanoseconds) = content.newtype_variant()?;
                Ok(Value::Timestamp(Timestamp::new(seconds, nanoseconds)))
            }
            serde_token::DIGITS => {
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

/// Reads base64 in human-readable formats and bytes in binary formats. In a [`Value`], reads a blob or the bytes of a string.
impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct BlobVisitor;
        impl<'de> Visitor<'de> for BlobVisitor {
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
        deserializer.deserialize_newtype_struct(serde_token::BLOB, BlobVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{json, to_value};

    #[test]
    fn deserializes_json() {
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
            "serde_json rejects a number beyond the range of f64"
        );
        let value: Value = serde_json::from_str("18446744073709551615").unwrap();
        assert_eq!(value, Value::from(u64::MAX));
    }

    #[test]
    fn reserved_serde_names_are_ordinary_keys_in_foreign_data() {
        let text = r#"{"$inia_core::Timestamp": [1, 2], "$inia_core::Blob": "AQ=="}"#;
        let value: Value = serde_json::from_str(text).unwrap();
        assert_eq!(value, to_value(&value).unwrap());
        assert_eq!(value.as_map().unwrap().len(), 2);
    }
}
