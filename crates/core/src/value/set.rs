//! [`Set`]: a set in parameters and outputs.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::wrapper::{SET, WrapperNames, content};
use super::{List, Map, Value};
use crate::Str;

/// A set of strings, numbers or blobs, as DynamoDB has them.
///
/// As a [`Value`] and as JSON it is a map with the entry `$set`: `{"$set": ["a", "b"]}`. The elements keep their order, which equality
/// ignores; duplicates are removed when the set is sent. A field of type `Vec<T>` or `HashSet<T>` can be read from a set as well, but is
/// sent as a list.
///
/// ```
/// use inia_core::{Set, Value, from_value, json, to_value};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct User {
///     id: u64,
///     roles: Set<String>,
/// }
///
/// let user = json!({"id": 7, "roles": Set::from(["admin", "editor"])});
/// assert_eq!(user, json!({"id": 7, "roles": {"$set": ["admin", "editor"]}}));
/// let user: User = from_value(user)?;
/// assert!(user.roles.contains(&"admin".to_owned()));
/// assert_eq!(to_value(&user)?["roles"], Value::from(Set::from(["admin", "editor"])));
/// # Ok::<(), inia_core::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Set<T = Value>(Vec<T>);

impl<T> Set<T> {
    /// Returns the elements.
    #[must_use]
    pub fn into_vec(self) -> Vec<T> {
        self.0
    }
}

impl Set {
    /// Returns the elements of a value that is a set.
    ///
    /// ```
    /// use inia_core::{Set, Value, json};
    ///
    /// assert_eq!(Set::items(&json!({"$set": [1, 2]})).unwrap().len(), 2);
    /// assert_eq!(Set::items(&json!([1, 2])), None);
    /// ```
    #[must_use]
    pub fn items(value: &Value) -> Option<&List> {
        set_items(value.as_map()?)
    }
}

/// Returns the elements of a set in its map form.
pub(super) fn set_items(map: &Map) -> Option<&List> {
    content(map, SET)?.as_list()
}

impl<T> Deref for Set<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

/// Compares the elements in any order.
impl<T: PartialEq> PartialEq for Set<T> {
    fn eq(&self, other: &Set<T>) -> bool {
        let holds = |one: &Set<T>, other: &Set<T>| one.iter().all(|item| other.contains(item));
        holds(self, other) && holds(other, self)
    }
}

impl<T: Eq> Eq for Set<T> {}

impl<T: fmt::Debug> fmt::Debug for Set<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(&self.0).finish()
    }
}

impl<T, const N: usize> From<[T; N]> for Set<T> {
    fn from(items: [T; N]) -> Self {
        Set(items.into())
    }
}

impl<T> From<Vec<T>> for Set<T> {
    fn from(items: Vec<T>) -> Self {
        Set(items)
    }
}

impl<T> FromIterator<T> for Set<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Set(items.into_iter().collect())
    }
}

impl<T> IntoIterator for Set<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a Set<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<T: Into<Value>> From<Set<T>> for Value {
    fn from(set: Set<T>) -> Value {
        let items: List = set.0.into_iter().collect();
        Value::Map(Map::of_member(WrapperNames::get().set, Value::List(items)))
    }
}

impl<T: Serialize> Serialize for Set<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(SET, &self.0)?;
        map.end()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Set<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(SetVisitor(PhantomData))
    }
}

struct SetVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for SetVisitor<T> {
    type Value = Set<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a set, which is a map with the entry $set")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Set<T>, A::Error> {
        match map.next_key::<Str>()? {
            Some(key) if key == *SET => {}
            _ => return Err(A::Error::missing_field(SET)),
        }
        let items = map.next_value()?;
        match map.next_key::<Str>()? {
            None => Ok(Set(items)),
            Some(key) => Err(A::Error::custom(format_args!(
                "unexpected entry {key} in a set"
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Blob, from_value, json, to_value};

    #[test]
    fn sets_are_maps_with_one_entry() {
        let set = Set::from([1, 2]);
        let value = json!({"$set": [1, 2]});
        assert_eq!(Value::from(set.clone()), value);
        assert_eq!(to_value(&set).unwrap(), value);
        assert_eq!(
            from_value::<Set<i64>>(value.clone()).unwrap(),
            Set::from([2, 1])
        );
        assert_eq!(serde_json::to_string(&set).unwrap(), r#"{"$set":[1,2]}"#);
        assert_eq!(
            serde_json::from_str::<Set<i64>>(r#"{"$set":[1,2]}"#).unwrap(),
            set
        );
        let blobs = Value::from(Set::from([Blob::from(vec![1])]));
        assert_eq!(
            from_value::<Set>(blobs.clone()).unwrap().into_vec(),
            [Value::from(Blob::from(vec![1]))]
        );
        assert_ne!(Set::from([1, 2]), Set::from([1, 3]));
        for wrong in [
            json!([1]),
            json!({"$set": 1}),
            json!({"$set": [1], "x": 2}),
            json!({}),
        ] {
            assert!(from_value::<Set<i64>>(wrong.clone()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn other_collections_are_read_from_a_set() {
        let value = json!({"$set": ["a", "b"]});
        assert_eq!(
            from_value::<Vec<String>>(value.clone()).unwrap(),
            ["a", "b"]
        );
        let set: std::collections::BTreeSet<String> = from_value(value).unwrap();
        assert_eq!(set.len(), 2);
    }
}
