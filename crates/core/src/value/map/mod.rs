//! [`Map`]: the type of [`Value::Map`].

mod iter;

use std::fmt;
use std::hash::RandomState;
use std::sync::Arc;

use indexmap::IndexMap;
use thin_vec::ThinVec;

use super::member_pool::SharedValues;
use super::name::NameIndex;
use super::row_pool::SharedTable;
use super::{NULL, Name, RowKeys, Value};
use crate::Str;
use crate::text::bytes_equal;

pub use iter::{MapIntoIter, MapIter};

/// An ordered map from names to values: the members of a structure or the entries of a map shape.
///
/// Iteration is in insertion order, which is the order of the model or of the wire. Two maps are equal if they have the same
/// entries in any order.
///
/// ```
/// # use inia_core as inia;
/// use inia::{Map, Value};
///
/// let mut tag = Map::new();
/// tag.insert("Key", "team");
/// tag.insert("Value", Value::from("river"));
/// assert_eq!(tag.get("Key"), Some(&Value::from("team")));
/// assert_eq!(tag.keys().collect::<Vec<_>>(), ["Key", "Value"]);
/// ```
#[derive(Clone, Default)]
pub struct Map(MapRepr);

#[derive(Clone)]
enum MapRepr {
    /// Entries with linear lookup: the fastest form to build, and to search while short.
    Pairs(ThinVec<(Str, Value)>),
    /// Members of a parsed structure: a third smaller than pairs, because names are interned.
    Members(ThinVec<(Name, Value)>),
    /// The single member of a structure, such as a union.
    Member(NameIndex, Box<Value>),
    /// The single member of a structure in a chunk of a [`MemberPool`](super::MemberPool). A DynamoDB item has dozens of them.
    Pooled {
        index: u16,
        name: NameIndex,
        values: Arc<SharedValues>,
    },
    /// A row in a chunk of a [`RowPool`](super::RowPool): the index of its first value.
    Row { start: u32, table: Arc<SharedTable> },
    /// Entries with a hash index, for maps with many entries.
    Index(Box<IndexMap<Str, Value, RandomState>>),
}

/// Returns the names and values of a row.
#[inline]
fn row(table: &SharedTable, start: u32) -> (&[Str], &[Value]) {
    match table.get() {
        Some(table) => table.row(start as usize),
        None => (&[], &[]),
    }
}

/// Returns a value of a chunk; null if the chunk is unfinished.
#[inline]
fn pooled(values: &SharedValues, index: u16) -> &Value {
    values
        .get()
        .and_then(|values| values.get(usize::from(index)))
        .unwrap_or(&NULL)
}

/// Returns the text of a member name.
#[inline]
fn text(name: NameIndex) -> &'static Str {
    static EMPTY: Str = Str::new();
    name.name().map_or(&EMPTY, Name::as_static)
}

impl Default for MapRepr {
    fn default() -> Self {
        MapRepr::Pairs(ThinVec::new())
    }
}

/// Maximum number of pairs before [`Map::insert`] builds a hash index.
const MAX_PAIRS: usize = 16;

impl Map {
    /// Creates an empty map, without allocating.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates an empty map with capacity for `capacity` entries.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        if capacity == 0 {
            Self::new()
        } else {
            Map(MapRepr::Pairs(ThinVec::with_capacity(capacity)))
        }
    }

    /// Creates a map with a single structure member.
    ///
    /// ```
    /// use inia_core::{Map, Name, Value};
    ///
    /// let union = Map::of_member(Name::intern("S"), Value::from("text"));
    /// assert_eq!(union, Map::from_iter([("S", "text")]));
    /// ```
    #[must_use]
    #[inline]
    pub fn of_member(name: Name, value: Value) -> Self {
        Map(MapRepr::Member(name.index(), Box::new(value)))
    }

    #[inline]
    pub(super) fn of_pooled(name: Name, values: Arc<SharedValues>, index: u16) -> Self {
        Map(MapRepr::Pooled {
            index,
            name: name.index(),
            values,
        })
    }

    /// Creates a map from the row that starts at index `start` of a table.
    #[inline]
    pub(super) fn of_row(table: Arc<SharedTable>, start: usize) -> Self {
        match u32::try_from(start) {
            Ok(start) => Map(MapRepr::Row { start, table }),
            Err(_) => Map::new(),
        }
    }

    /// Copies pooled values, so that the map can be modified.
    fn make_owned(&mut self) {
        match &self.0 {
            MapRepr::Pooled {
                index,
                name,
                values,
            } => {
                let value = pooled(values, *index).clone();
                self.0 = MapRepr::Member(*name, Box::new(value));
            }
            MapRepr::Row { start, table } => {
                let (keys, values) = row(table, *start);
                let pairs = keys.iter().cloned().zip(values.iter().cloned()).collect();
                self.0 = MapRepr::Pairs(pairs);
            }
            _ => {}
        }
    }

    pub(super) fn of_members(members: ThinVec<(Name, Value)>) -> Self {
        Map(MapRepr::Members(members))
    }

    /// Returns the number of entries.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        match &self.0 {
            MapRepr::Pairs(pairs) => pairs.len(),
            MapRepr::Members(members) => members.len(),
            MapRepr::Member(..) | MapRepr::Pooled { .. } => 1,
            MapRepr::Row { start, table } => row(table, *start).1.len(),
            MapRepr::Index(index) => index.len(),
        }
    }

    /// Returns true if there are no entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the value of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        match &self.0 {
            MapRepr::Pairs(pairs) => find(pairs, name),
            MapRepr::Members(members) => find(members, name),
            MapRepr::Member(key, value) => same_name(text(*key), name).then_some(&**value),
            MapRepr::Pooled {
                index,
                name: key,
                values,
            } => same_name(text(*key), name).then(|| pooled(values, *index)),
            MapRepr::Row { start, table } => {
                let (keys, values) = row(table, *start);
                values.get(keys.iter().position(|key| same_name(key, name))?)
            }
            MapRepr::Index(index) => index.get(name),
        }
    }

    /// Returns the value of a name for modification.
    #[must_use]
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        self.make_owned();
        match &mut self.0 {
            MapRepr::Pairs(pairs) => find_mut(pairs, name),
            MapRepr::Members(members) => find_mut(members, name),
            MapRepr::Member(key, value) => same_name(text(*key), name).then_some(&mut **value),
            MapRepr::Pooled { .. } | MapRepr::Row { .. } => None,
            MapRepr::Index(index) => index.get_mut(name),
        }
    }

    /// Returns the entry at a position.
    #[must_use]
    pub fn get_index(&self, position: usize) -> Option<(&Str, &Value)> {
        match &self.0 {
            MapRepr::Pairs(pairs) => pairs.get(position).map(|(key, value)| (key, value)),
            MapRepr::Members(members) => members.get(position).map(|(key, value)| (&**key, value)),
            MapRepr::Member(key, value) => (position == 0).then_some((text(*key), &**value)),
            MapRepr::Pooled {
                index,
                name,
                values,
            } => (position == 0).then(|| (text(*name), pooled(values, *index))),
            MapRepr::Row { start, table } => {
                let (keys, values) = row(table, *start);
                keys.get(position).zip(values.get(position))
            }
            MapRepr::Index(index) => index.get_index(position),
        }
    }

    /// Returns the entry, if there is exactly one.
    #[must_use]
    #[inline]
    pub fn only_entry(&self) -> Option<(&Str, &Value)> {
        match &self.0 {
            MapRepr::Member(key, value) => Some((text(*key), &**value)),
            MapRepr::Pooled {
                index,
                name,
                values,
            } => Some((text(*name), pooled(values, *index))),
            _ if self.len() == 1 => self.get_index(0),
            _ => None,
        }
    }

    /// Returns the value at a position for modification.
    #[must_use]
    pub fn get_index_mut(&mut self, position: usize) -> Option<&mut Value> {
        self.make_owned();
        match &mut self.0 {
            MapRepr::Pairs(pairs) => pairs.get_mut(position).map(|(_, value)| value),
            MapRepr::Members(members) => members.get_mut(position).map(|(_, value)| value),
            MapRepr::Member(_, value) => (position == 0).then_some(&mut **value),
            MapRepr::Pooled { .. } | MapRepr::Row { .. } => None,
            MapRepr::Index(index) => index.get_index_mut(position).map(|(_, value)| value),
        }
    }

    /// Removes the entries from position `at` on and returns them as a map without excess capacity.
    ///
    /// Parsers use one map as a stack for the entries of nested maps, and split each off when it is complete.
    ///
    /// ```
    /// # use inia_core as inia;
    /// use inia::Map;
    ///
    /// let mut outer = Map::from_iter([("a", 1), ("b", 2), ("c", 3)]);
    /// let inner = outer.split_off(1);
    /// assert_eq!(outer.keys().collect::<Vec<_>>(), ["a"]);
    /// assert_eq!(inner.keys().collect::<Vec<_>>(), ["b", "c"]);
    /// ```
    #[must_use]
    pub fn split_off(&mut self, at: usize) -> Map {
        let at = at.min(self.len());
        Map(match &mut self.0 {
            MapRepr::Pairs(pairs) => MapRepr::Pairs(pairs.split_off(at)),
            MapRepr::Members(members) => MapRepr::Members(members.split_off(at)),
            repr @ (MapRepr::Member(..) | MapRepr::Pooled { .. } | MapRepr::Row { .. })
                if at == 0 =>
            {
                std::mem::take(repr)
            }
            MapRepr::Member(..) | MapRepr::Pooled { .. } => MapRepr::default(),
            MapRepr::Row { .. } => {
                self.make_owned();
                return self.split_off(at);
            }
            MapRepr::Index(index) => MapRepr::Index(Box::new(index.split_off(at))),
        })
    }

    /// Returns true if there is an entry with this name.
    #[must_use]
    pub fn contains_key(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Sets the value of a name. Replaces an existing value in place and returns it; a new entry is appended.
    pub fn insert(&mut self, name: impl Into<Str>, value: impl Into<Value>) -> Option<Value> {
        let (name, value) = (name.into(), value.into());
        if let Some(slot) = self.get_mut(&name) {
            return Some(std::mem::replace(slot, value));
        }
        if self.len() >= MAX_PAIRS && !matches!(self.0, MapRepr::Index(_)) {
            self.0 = MapRepr::Index(Box::new(std::mem::take(self).into_iter().collect()));
        }
        self.push(name, value);
        None
    }

    /// Appends an entry without checking for an existing one. If the name is present already, lookups find the first entry.
    #[inline]
    pub fn push(&mut self, name: Str, value: Value) {
        match &mut self.0 {
            MapRepr::Pairs(pairs) => pairs.push((name, value)),
            MapRepr::Members(_)
            | MapRepr::Member(..)
            | MapRepr::Pooled { .. }
            | MapRepr::Row { .. } => {
                let mut pairs = self.take_pairs();
                pairs.push((name, value));
                self.0 = MapRepr::Pairs(pairs);
            }
            MapRepr::Index(index) => {
                index.entry(name).or_insert(value);
            }
        }
    }

    /// Returns the entries as pairs and leaves the map empty.
    fn take_pairs(&mut self) -> ThinVec<(Str, Value)> {
        std::mem::take(self).into_iter().collect()
    }

    /// Appends all entries of `other`, like [`push`](Self::push).
    pub fn append(&mut self, other: Map) {
        if self.is_empty() {
            *self = other;
            return;
        }
        for (name, value) in other {
            self.push(name, value);
        }
    }

    /// Removes an entry and returns its value. Keeps the order of the others.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        self.make_owned();
        match &mut self.0 {
            MapRepr::Pairs(pairs) => {
                let position = pairs.iter().position(|(key, _)| **key == *name)?;
                Some(pairs.remove(position).1)
            }
            MapRepr::Members(members) => {
                let position = members.iter().position(|(key, _)| ***key == *name)?;
                Some(members.remove(position).1)
            }
            MapRepr::Member(key, value) => {
                let value = (**text(*key) == *name).then(|| value.take())?;
                self.0 = MapRepr::default();
                Some(value)
            }
            MapRepr::Pooled { .. } | MapRepr::Row { .. } => None,
            MapRepr::Index(index) => index.shift_remove(name),
        }
    }

    /// Returns the value of a name. If there is none, inserts the result of `default`.
    pub fn get_or_insert_with(
        &mut self,
        name: &str,
        default: impl FnOnce() -> Value,
    ) -> &mut Value {
        let existing = self.keys().position(|key| *key == *name);
        let position = match existing {
            Some(position) => position,
            None => {
                self.insert(name, default());
                self.len().saturating_sub(1)
            }
        };
        #[expect(clippy::expect_used, reason = "the entry was found or inserted above")]
        self.get_index_mut(position).expect("the entry exists")
    }

    /// Returns the entries in order.
    #[must_use]
    #[inline]
    pub fn iter(&self) -> MapIter<'_> {
        MapIter::of(self)
    }

    /// Returns the entries as a slice if they are stored as pairs. Iterating it avoids a branch on the storage form per entry.
    #[must_use]
    #[inline]
    pub fn as_pairs(&self) -> Option<&[(Str, Value)]> {
        match &self.0 {
            MapRepr::Pairs(pairs) => Some(pairs),
            _ => None,
        }
    }

    /// Returns the names, if the map shares them with others.
    #[doc(hidden)]
    #[must_use]
    #[inline]
    pub fn row_keys(&self) -> Option<&RowKeys> {
        match &self.0 {
            MapRepr::Row { table, .. } => table.get()?.keys(),
            _ => None,
        }
    }

    /// Returns the names in order.
    #[inline]
    pub fn keys(&self) -> impl Iterator<Item = &Str> {
        self.iter().map(|(key, _)| key)
    }

    /// Returns the values in order.
    #[inline]
    pub fn values(&self) -> impl Iterator<Item = &Value> {
        self.iter().map(|(_, value)| value)
    }

    /// Returns the names and mutable values in order.
    pub fn iter_mut(&mut self) -> Box<dyn Iterator<Item = (&Str, &mut Value)> + '_> {
        self.make_owned();
        match &mut self.0 {
            MapRepr::Pairs(pairs) => Box::new(pairs.iter_mut().map(|(key, value)| (&*key, value))),
            MapRepr::Members(members) => {
                Box::new(members.iter_mut().map(|(key, value)| (&**key, value)))
            }
            MapRepr::Member(key, value) => Box::new(std::iter::once((text(*key), &mut **value))),
            MapRepr::Pooled { .. } | MapRepr::Row { .. } => Box::new(std::iter::empty()),
            MapRepr::Index(index) => Box::new(index.iter_mut()),
        }
    }

    /// Keeps the entries for which `keep` returns true.
    pub fn retain(&mut self, mut keep: impl FnMut(&Str, &mut Value) -> bool) {
        self.make_owned();
        match &mut self.0 {
            MapRepr::Pairs(pairs) => pairs.retain_mut(|(key, value)| keep(key, value)),
            MapRepr::Members(members) => members.retain_mut(|(key, value)| keep(key, value)),
            MapRepr::Member(key, value) => {
                if !keep(text(*key), value) {
                    self.0 = MapRepr::default();
                }
            }
            MapRepr::Pooled { .. } | MapRepr::Row { .. } => {}
            MapRepr::Index(index) => index.retain(|key, value| keep(key, value)),
        }
    }
}

#[inline]
fn same_name(key: &Str, name: &str) -> bool {
    bytes_equal(key.as_bytes(), name.as_bytes())
}

/// Returns the value of the first entry with this name.
#[inline]
fn find<'a, K: AsRef<[u8]>>(entries: &'a [(K, Value)], name: &str) -> Option<&'a Value> {
    let mut entries = entries.iter();
    entries
        .find(|(key, _)| bytes_equal(key.as_ref(), name.as_bytes()))
        .map(|(_, value)| value)
}

/// Returns the value of the first entry with this name for modification.
#[inline]
fn find_mut<'a, K: AsRef<[u8]>>(
    entries: &'a mut [(K, Value)],
    name: &str,
) -> Option<&'a mut Value> {
    let mut entries = entries.iter_mut();
    entries
        .find(|(key, _)| bytes_equal(key.as_ref(), name.as_bytes()))
        .map(|(_, value)| value)
}

impl<K: Into<Str>, V: Into<Value>> FromIterator<(K, V)> for Map {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut map = Map::new();
        map.extend(entries);
        map
    }
}

impl<K: Into<Str>, V: Into<Value>> Extend<(K, V)> for Map {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        for (key, value) in entries {
            self.insert(key, value);
        }
    }
}

impl PartialEq for Map {
    fn eq(&self, other: &Map) -> bool {
        self.len() == other.len()
            && self
                .iter()
                .all(|(key, value)| other.get(key) == Some(value))
    }
}

impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests;
