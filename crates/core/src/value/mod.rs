//! [`Value`]: what goes into a call and what comes out of it.
//!
//! | model type | variant |
//! |---|---|
//! | structure, union, map, document object | [`Value::Map`] |
//! | list, document array | [`Value::List`] |
//! | string, character, enum | [`Value::String`] |
//! | blob | [`Value::Blob`] |
//! | boolean | [`Value::Bool`] |
//! | integer, long | [`Value::Int`], beyond 64 bits [`Value::BigInt`] |
//! | float, double | [`Value::Float`] |
//! | timestamp | [`Value::Timestamp`] |
//! | absent list or map entry, JSON null | [`Value::Null`] |

mod blob;
mod convert;
mod deserialize;
mod from_value;
mod items;
mod json;
mod keys;
mod list;
mod map;
mod members;
mod name;
mod narrow;
mod native;
mod path;
pub(crate) mod private;
mod rows;
mod serialize;
mod to_value;

pub use blob::{Blob, BytePool};
pub use from_value::{from_value, from_value_ref};
pub use items::Items;
pub use keys::Keys;
pub use list::List;
pub use map::{IntoIter as MapIntoIter, Iter as MapIter, Map};
pub use members::Members;
pub use name::Name;
pub use rows::{Rows, Slot};
pub use to_value::to_value;

use std::ops::Index;

use crate::{Str, Timestamp};

/// One value of any shape: a parameter, a result, or a part of either.
///
/// Indexing with a name or a position never fails: what is not there is [`Value::Null`].
///
/// ```
/// use inia_core::{Value, json};
///
/// let params = json!({"QueueName": "jobs", "Attributes": {"DelaySeconds": "5"}, "Sizes": [1, 2]});
/// assert_eq!(params["QueueName"], "jobs");
/// assert_eq!(params["Attributes"]["DelaySeconds"].as_str(), Some("5"));
/// assert_eq!(params["Sizes"][1].as_i64(), Some(2));
/// assert!(params["Nope"]["deeper"].is_null());
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// Nothing: an absent value, or a null on the wire.
    #[default]
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer of up to 64 bits with its sign.
    Int(i64),
    /// An integer beyond 64 bits, kept as its decimal digits with an optional leading `-`.
    BigInt(Box<str>),
    /// A number with a fraction, NaN, or an infinity.
    Float(f64),
    /// Text.
    String(Str),
    /// Bytes.
    Blob(Blob),
    /// A moment in time.
    Timestamp(Timestamp),
    /// Values in order.
    List(List),
    /// Names and values, in order.
    Map(Map),
}

static NULL: Value = Value::Null;

impl Value {
    /// An empty [`Value::Map`].
    #[must_use]
    pub fn map() -> Value {
        Value::Map(Map::new())
    }

    /// Whether this is [`Value::Null`].
    #[must_use]
    #[inline]
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// What kind of value this is, as an error message names it.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Int(_) | Value::BigInt(_) => "integer",
            Value::Float(_) => "float",
            Value::String(_) => "string",
            Value::Blob(_) => "blob",
            Value::Timestamp(_) => "timestamp",
            Value::List(_) => "list",
            Value::Map(_) => "map",
        }
    }

    /// The boolean.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The integer, where it has at most 64 bits.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Value::Int(value) => Some(*value),
            _ => None,
        }
    }

    /// The number, of either kind, as a float.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Float(value) => Some(*value),
            #[expect(
                clippy::cast_precision_loss,
                reason = "asked for a float: the nearest one is the answer"
            )]
            Value::Int(value) => Some(*value as f64),
            Value::BigInt(digits) => digits.parse().ok(),
            _ => None,
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(value) => Some(value),
            _ => None,
        }
    }

    /// The bytes of a blob.
    #[must_use]
    pub fn as_blob(&self) -> Option<&[u8]> {
        match self {
            Value::Blob(value) => Some(value),
            _ => None,
        }
    }

    /// The moment in time.
    #[must_use]
    pub fn as_timestamp(&self) -> Option<Timestamp> {
        match self {
            Value::Timestamp(value) => Some(*value),
            _ => None,
        }
    }

    /// The list.
    #[must_use]
    pub fn as_list(&self) -> Option<&List> {
        match self {
            Value::List(value) => Some(value),
            _ => None,
        }
    }

    /// The map.
    #[must_use]
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Value::Map(value) => Some(value),
            _ => None,
        }
    }

    /// The map, to change in place.
    #[must_use]
    pub fn as_map_mut(&mut self) -> Option<&mut Map> {
        match self {
            Value::Map(value) => Some(value),
            _ => None,
        }
    }

    /// The value under a name of a map.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.as_map()?.get(name)
    }

    /// The values of a list; nothing for any other value, so that an absent list reads as an empty one.
    ///
    /// ```
    /// use inia_core::json;
    ///
    /// let page = json!({"QueueUrls": ["a", "b"]});
    /// assert_eq!(page["QueueUrls"].items().count(), 2);
    /// assert_eq!(page["Absent"].items().count(), 0);
    /// ```
    pub fn items(&self) -> std::slice::Iter<'_, Value> {
        match self {
            Value::List(list) => list.iter(),
            _ => [].iter(),
        }
    }

    /// The entries of a map; nothing for any other value.
    #[must_use]
    pub fn entries(&self) -> MapIter<'_> {
        static EMPTY: std::sync::LazyLock<Map> = std::sync::LazyLock::new(Map::new);
        match self {
            Value::Map(map) => map.iter(),
            _ => EMPTY.iter(),
        }
    }

    /// The value, leaving [`Value::Null`] in its place.
    #[must_use]
    pub fn take(&mut self) -> Value {
        std::mem::take(self)
    }
}

impl Index<&str> for Value {
    type Output = Value;

    fn index(&self, name: &str) -> &Value {
        self.get(name).unwrap_or(&NULL)
    }
}

impl Index<usize> for Value {
    type Output = Value;

    fn index(&self, position: usize) -> &Value {
        self.as_list()
            .and_then(|list| list.get(position))
            .unwrap_or(&NULL)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_24_bytes() {
        // A page of results holds one of these for every member: the size is what the memory of a page follows.
        assert_eq!(size_of::<Value>(), 24);
        assert_eq!(size_of::<(Str, Value)>(), 48);
    }
}
