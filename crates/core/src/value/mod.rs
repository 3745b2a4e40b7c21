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
mod number;
mod path_error;
mod row_keys;
mod row_pool;
pub(crate) mod serde_token;
mod serialize;
mod set;
mod to_value;
pub(crate) mod wrapper;

pub use blob::{Blob, BytePool, blob_from_base64, pooled_blob_from_base64};
pub use from_value::{from_value, from_value_ref};
pub use item_pool::{ItemMark, ItemPool};
pub use json::write_json_string;
pub use list::List;
pub use map::{Map, MapIntoIter, MapIter};
pub use member_pool::{MemberMark, MemberPool};
pub use name::Name;
pub use number::Number;
pub use row_keys::RowKeys;
pub use row_pool::{RowPool, RowSlot};
pub use set::Set;
pub use to_value::to_value;

use std::ops::{Index, IndexMut};

use crate::{Str, Timestamp};

/// A value of any shape: parameters, an output, or part of either.
///
/// Indexing by name or position never fails: a missing value reads as [`Value::Null`].
///
/// ```
/// # use inia_core as inia;
/// use inia::{Value, json};
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

    /// Returns the integer, if this is one from 0 to 2^64 - 1.
    ///
    /// ```
    /// # use inia_core as inia;
    /// use inia::Value;
    ///
    /// assert_eq!(Value::from(u64::MAX).as_u64(), Some(u64::MAX));
    /// assert_eq!(Value::from(-1).as_u64(), None);
    /// ```
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        match self {
            Value::Int(value) => u64::try_from(*value).ok(),
            Value::BigInt(digits) => digits.parse().ok(),
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

    /// Returns the value of a map entry for modification; `None` if this is not a map or has no such entry.
    #[must_use]
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        self.as_map_mut()?.get_mut(name)
    }

    /// Returns the number of items of a list or of entries of a map. Any other value has none.
    ///
    /// ```
    /// # use inia_core as inia;
    /// use inia::json;
    ///
    /// let page = json!({"QueueUrls": ["a", "b"]});
    /// assert_eq!((page.len(), page["QueueUrls"].len(), page["Absent"].len()), (1, 2, 0));
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Value::List(list) => list.len(),
            Value::Map(map) => map.len(),
            _ => 0,
        }
    }

    /// Returns true if there are no items or entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the value at a JSON pointer; `None` if there is none. The empty pointer is this value; `~1` is a slash in a name, and
    /// `~0` a tilde.
    ///
    /// ```
    /// # use inia_core as inia;
    /// use inia::json;
    ///
    /// let page = json!({"Tags": [{"Key": "a/b", "Value": "1"}]});
    /// assert_eq!(*page.pointer("/Tags/0/Value").unwrap(), "1");
    /// assert_eq!(page.pointer("/Tags/1/Value"), None);
    /// ```
    ///
    /// # Source
    /// RFC 6901.
    #[must_use]
    pub fn pointer(&self, pointer: &str) -> Option<&Value> {
        if pointer.is_empty() {
            return Some(self);
        }
        let mut tokens = pointer.strip_prefix('/')?.split('/');
        tokens.try_fold(self, |value, token| match value {
            Value::Map(map) if token.contains('~') => {
                map.get(&token.replace("~1", "/").replace("~0", "~"))
            }
            Value::Map(map) => map.get(token),
            // Leading zeros and signs are not array indexes.
            Value::List(list) if token == "0" || !token.starts_with(['0', '+']) => {
                list.get(token.parse::<usize>().ok()?)
            }
            _ => None,
        })
    }

    /// Returns the values of a list. Any other value, such as a missing list, has none.
    ///
    /// ```
    /// # use inia_core as inia;
    /// use inia::json;
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

impl IndexMut<&str> for Value {
    /// Returns the entry of a map, inserting null if it is missing. Null becomes a map first.
    ///
    /// ```
    /// # use inia_core as inia;
    /// use inia::{Value, json};
    ///
    /// let mut params = Value::Null;
    /// params["Filter"]["Name"] = json!("state");
    /// assert_eq!(params, json!({"Filter": {"Name": "state"}}));
    /// ```
    ///
    /// # Panics
    /// If this is neither a map nor null.
    fn index_mut(&mut self, name: &str) -> &mut Value {
        if self.is_null() {
            *self = Value::map();
        }
        match self {
            Value::Map(map) => map.get_or_insert_with(name, || Value::Null),
            other => not_indexable(other.type_name(), &name),
        }
    }
}

impl IndexMut<usize> for Value {
    /// Returns the item of a list.
    ///
    /// # Panics
    /// If this is not a list or is shorter.
    fn index_mut(&mut self, position: usize) -> &mut Value {
        let type_name = self.type_name();
        match self {
            Value::List(list) if position < list.len() => list.get_mut(position),
            _ => None,
        }
        .unwrap_or_else(|| not_indexable(type_name, &position))
    }
}

#[cold]
#[expect(
    clippy::panic,
    reason = "assignment to a missing place is an error of the program, as with Vec and serde_json"
)]
fn not_indexable(type_name: &str, index: &dyn std::fmt::Debug) -> ! {
    panic!("cannot assign to {index:?} of a value of type {type_name}")
}

impl<'v> IntoIterator for &'v Value {
    type Item = &'v Value;
    type IntoIter = std::slice::Iter<'v, Value>;

    /// Iterates over the values of a list, as [`Value::items`].
    fn into_iter(self) -> Self::IntoIter {
        self.items()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_json_pointers() {
        let value = crate::json!({"a/b": [10, {"~": true}], "": 1});
        assert_eq!(value.pointer(""), Some(&value));
        assert_eq!(value.pointer("/"), Some(&Value::Int(1)));
        assert_eq!(value.pointer("/a~1b/0"), Some(&Value::Int(10)));
        assert_eq!(value.pointer("/a~1b/1/~0"), Some(&Value::Bool(true)));
        for absent in [
            "a",
            "/a",
            "/a~1b/00",
            "/a~1b/+0",
            "/a~1b/2",
            "/a~1b/-",
            "/a~1b/0/x",
        ] {
            assert_eq!(value.pointer(absent), None, "{absent}");
        }
    }

    #[test]
    fn iterates_and_assigns_by_reference() {
        let mut value = crate::json!({"Items": [1, 2]});
        value["Items"][1] = Value::from(3);
        value["Name"] = Value::from("n");
        let items: Vec<i64> = (&value["Items"])
            .into_iter()
            .filter_map(Value::as_i64)
            .collect();
        assert_eq!(items, [1, 3]);
        assert_eq!(value["Items"].len(), 2);
        assert_eq!(Value::from(1.5), 1.5);
        assert_eq!(Value::from(2), 2.0);
        let name = String::from("n");
        assert!(value["Name"] == name);
    }

    #[test]
    #[should_panic(expected = "cannot assign to 5 of a value of type list")]
    fn assignment_beyond_the_end_panics() {
        crate::json!([1])[5] = Value::Null;
    }

    #[test]
    fn value_is_24_bytes_wide() {
        // A page of results stores one for each member, so its size determines the memory of the page.
        assert_eq!(size_of::<Value>(), 24);
        assert_eq!(size_of::<(Str, Value)>(), 48);
    }
}
