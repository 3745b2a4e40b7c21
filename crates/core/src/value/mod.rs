//! [`Value`]: the data type of parameters and outputs.
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
//! | missing value, JSON null | [`Value::Null`] |

mod blob;
mod convert;
mod deserialize;
mod from_value;
mod item_pool;
mod json;
mod list;
mod map;
mod member_pool;
mod name;
mod native;
mod path_error;
mod restricted;
mod row_keys;
mod row_pool;
pub(crate) mod serde_token;
mod serialize;
mod to_value;

pub use blob::{Blob, BytePool};
pub use from_value::{from_value, from_value_ref};
pub use item_pool::{ItemMark, ItemPool};
pub use list::List;
pub use map::{Map, MapIntoIter, MapIter};
pub use member_pool::{MemberMark, MemberPool};
pub use name::Name;
pub use row_keys::RowKeys;
pub use row_pool::{RowPool, RowSlot};
pub use to_value::to_value;

use std::ops::Index;

use crate::{Str, Timestamp};

/// A value of any shape: parameters, an output, or part of either.
///
/// Indexing by name or position never fails: a missing value reads as [`Value::Null`].
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
    /// A missing value, or null on the wire.
    #[default]
    Null,
    /// A boolean.
    Bool(bool),
    /// A signed integer of up to 64 bits.
    Int(i64),
    /// An integer beyond 64 bits: decimal digits with an optional leading `-`.
    BigInt(Box<str>),
    /// A floating-point number, including NaN and the infinities.
    Float(f64),
    /// Text.
    String(Str),
    /// Bytes.
    Blob(Blob),
    /// A timestamp.
    Timestamp(Timestamp),
    /// An ordered list.
    List(List),
    /// An ordered map from names to values.
    Map(Map),
}

static NULL: Value = Value::Null;

impl Value {
    /// Creates an empty [`Value::Map`].
    #[must_use]
    pub fn map() -> Value {
        Value::Map(Map::new())
    }

    /// Returns true for [`Value::Null`].
    #[must_use]
    #[inline]
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// Returns the name of the value's type for error messages.
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

    /// Returns the boolean, if this is one.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// Returns the integer, if this is one of at most 64 bits.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Value::Int(value) => Some(*value),
            _ => None,
        }
    }

    /// Returns an integer or float as the nearest `f64`.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Float(value) => Some(*value),
            #[expect(
                clippy::cast_precision_loss,
                reason = "rounds to the nearest float, as documented"
            )]
            Value::Int(value) => Some(*value as f64),
            Value::BigInt(digits) => digits.parse().ok(),
            _ => None,
        }
    }

    /// Returns the string, if this is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(value) => Some(value),
            _ => None,
        }
    }

    /// Returns the bytes, if this is a blob.
    #[must_use]
    pub fn as_blob(&self) -> Option<&[u8]> {
        match self {
            Value::Blob(value) => Some(value),
            _ => None,
        }
    }

    /// Returns the timestamp, if this is one.
    #[must_use]
    pub fn as_timestamp(&self) -> Option<Timestamp> {
        match self {
            Value::Timestamp(value) => Some(*value),
            _ => None,
        }
    }

    /// Returns the list, if this is one.
    #[must_use]
    pub fn as_list(&self) -> Option<&List> {
        match self {
            Value::List(value) => Some(value),
            _ => None,
        }
    }

    /// Returns the map, if this is one.
    #[must_use]
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Value::Map(value) => Some(value),
            _ => None,
        }
    }

    /// Returns the map for modification, if this is one.
    #[must_use]
    pub fn as_map_mut(&mut self) -> Option<&mut Map> {
        match self {
            Value::Map(value) => Some(value),
            _ => None,
        }
    }

    /// Returns the value of a map entry; `None` if this is not a map or has no such entry.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.as_map()?.get(name)
    }

    /// Returns the values of a list. Any other value, such as a missing list, has none.
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

    /// Returns the entries of a map. Any other value has none.
    #[must_use]
    pub fn entries(&self) -> MapIter<'_> {
        static EMPTY: std::sync::LazyLock<Map> = std::sync::LazyLock::new(Map::new);
        match self {
            Value::Map(map) => map.iter(),
            _ => EMPTY.iter(),
        }
    }

    /// Returns the value and leaves [`Value::Null`] in its place.
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
    fn value_is_24_bytes_wide() {
        // A page of results stores one for each member, so its size determines the memory of the page.
        assert_eq!(size_of::<Value>(), 24);
        assert_eq!(size_of::<(Str, Value)>(), 48);
    }
}
