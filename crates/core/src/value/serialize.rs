//! `Serialize` for [`Value`], [`List`], [`Map`] and [`Blob`].

use serde::ser::{Serialize, Serializer};

use super::{Blob, List, Map, Value, serde_token};
use crate::float::non_finite;

/// In human-readable formats a blob is base64, a timestamp ISO 8601 in UTC, and a non-finite float the string `NaN`, `Infinity` or
/// `-Infinity`. In binary formats a blob is bytes, a timestamp seconds and nanoseconds, and every float a float. An integer of up to
/// 128 bits is a number, a larger one a string of its digits.
impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        match self {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Int(value) => serializer.serialize_i64(*value),
            Value::BigInt(digits) => serialize_digits(digits, serializer),
            Value::Float(value) => match non_finite(*value) {
                Some(_) => {
                    serializer.serialize_newtype_struct(serde_token::NON_FINITE, &NonFinite(*value))
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

/// A float that is NaN or infinite: its name in human-readable formats.
struct NonFinite(f64);

impl Serialize for NonFinite {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        match non_finite(self.0) {
            Some(name) if serializer.is_human_readable() => serializer.serialize_str(name),
            _ => serializer.serialize_f64(self.0),
        }
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
        serializer.serialize_newtype_struct(serde_token::DIGITS, digits)
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

/// Base64 in human-readable formats, bytes in binary formats.
impl Serialize for Blob {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        struct BlobContent<'b>(&'b Blob);
        impl Serialize for BlobContent<'_> {
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
        serializer.serialize_newtype_struct(serde_token::BLOB, &BlobContent(self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Timestamp, json, to_value};

    #[test]
    fn preserves_integers_beyond_128_bits() {
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
    fn human_readable_formats_match_json() {
        let value = json!({"at": Timestamp::new(0, 1000), "data": Blob::from(vec![1]), "f": [f64::INFINITY, f64::NEG_INFINITY]});
        let text =
            r#"{"at":"1970-01-01T00:00:00.000001Z","data":"AQ==","f":["Infinity","-Infinity"]}"#;
        assert_eq!(serde_json::to_string(&value).unwrap(), text);
        assert_eq!(value.to_json_string(), text);
    }

    #[test]
    fn binary_formats_get_bytes_and_floats() {
        let value =
            json!({"data": Blob::from(vec![1, 2]), "nan": f64::INFINITY, "n": [1, -1, u64::MAX]});
        let mut bytes = Vec::new();
        ciborium::into_writer(&value, &mut bytes).unwrap();
        assert_eq!(ciborium::from_reader::<Value, _>(&*bytes).unwrap(), value);

        let timestamp = Timestamp::new(i64::MAX, 999_999_999);
        let mut bytes = Vec::new();
        ciborium::into_writer(&timestamp, &mut bytes).unwrap();
        assert_eq!(
            ciborium::from_reader::<Timestamp, _>(&*bytes).unwrap(),
            timestamp
        );
    }
}
