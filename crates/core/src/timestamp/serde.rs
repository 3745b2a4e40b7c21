//! A moment in serde's formats.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use super::Timestamp;
use crate::value::private;

/// ISO 8601 in UTC in formats for people, seconds and nanoseconds in formats for machines.
impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Content(Timestamp);
        impl Serialize for Content {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    serializer.serialize_str(&self.0.iso8601())
                } else {
                    (self.0.seconds, self.0.nanoseconds).serialize(serializer)
                }
            }
        }
        serializer.serialize_newtype_struct(private::TIMESTAMP, &Content(*self))
    }
}

/// Text or a number, as [`Timestamp::parse_lenient`] takes them, in formats for people; seconds and nanoseconds in
/// formats for machines.
impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(private::TIMESTAMP, Moment)
    }
}

struct Moment;

impl<'de> Visitor<'de> for Moment {
    type Value = Timestamp;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a date and time or seconds since 1970")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<Timestamp, D::Error> {
        if deserializer.is_human_readable() {
            deserializer.deserialize_any(self)
        } else {
            deserializer.deserialize_tuple(2, self)
        }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Timestamp, E> {
        Timestamp::parse_lenient(text).map_err(E::custom)
    }

    fn visit_i64<E: Error>(self, seconds: i64) -> Result<Timestamp, E> {
        Timestamp::try_new(seconds, 0).map_err(E::custom)
    }

    fn visit_u64<E: Error>(self, seconds: u64) -> Result<Timestamp, E> {
        self.visit_i64(i64::try_from(seconds).unwrap_or(i64::MAX))
    }

    fn visit_f64<E: Error>(self, seconds: f64) -> Result<Timestamp, E> {
        Timestamp::from_f64(seconds).map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Timestamp, A::Error> {
        let seconds = parts
            .next_element()?
            .ok_or_else(|| A::Error::invalid_length(0, &self))?;
        let nanoseconds = parts
            .next_element()?
            .ok_or_else(|| A::Error::invalid_length(1, &self))?;
        Ok(Timestamp::new(seconds, nanoseconds))
    }
}
