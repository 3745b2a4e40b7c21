//! [`Map`]: names to values, in the order they were put in.

mod iter;

use std::fmt;
use std::hash::RandomState;
use std::sync::Arc;

use indexmap::IndexMap;
use thin_vec::ThinVec;

use super::members::SharedValues;
use super::name::NameNumber;
use super::rows::SharedTable;
use super::{NULL, Name, Value};
use crate::Str;
use crate::text::same;

pub use iter::{IntoIter, Iter};

/// An ordered map from names to values: a structure's members or a map shape's entries.
///
/// Iteration follows the order of insertion, which is the order of the model or of the wire. Two maps are equal when they
/// hold the same entries in any order.
///
/// ```
/// use inia_core::{Map, Value};
///
/// let mut tag = Map::new();
/// tag.insert("Key", "team");
/// tag.insert("Value", Value::from("river"));
/// assert_eq!(tag.get("Key"), Some(&Value::from("team")));
/// assert_eq!(tag.keys().collect::<Vec<_>>(), ["Key", "Value"]);
/// ```
#[derive(Clone, Default)]
pub struct Map(Repr);

#[derive(Clone)]
enum Repr {
    /// Entries looked up one by one: the fastest form to build, and to search while short.
    Pairs(ThinVec<(Str, Value)>),
    /// The members of a structure that was read: a third smaller than pairs, for the names are interned.
    Members(ThinVec<(Name, Value)>),
    /// The one member of a structure, as unions have.
    Member(NameNumber, Box<Value>),
    /// The one member of a structure that was read, side by side with others of its kind. One DynamoDB item has dozens of them.
    Pooled {
        place: u16,
        name: NameNumber,
        values: Arc<SharedValues>,
    },
    /// Entries whose names are those of other maps as well, side by side with theirs: where the values begin.
    Row { start: u32, table: Arc<SharedTable> },
    /// Entries behind a hash index: what a server fills with any number of names.
    Index(Box<IndexMap<Str, Value, RandomState>>),
}

/// The names of a row, and its values.
#[inline]
fn row(table: &SharedTable, start: u32) -> (&[Str], &[Value]) {
    match table.get() {
        Some(table) => table.row(start as usize),
        None => (&[], &[]),
    }
}

/// The one value of a map that shares its storage with others.
#[inline]
fn pooled(values: &SharedValues, place: u16) -> &Value {
    values
        .get()
        .and_then(|values| values.get(usize::from(place)))
        .unwrap_or(&NULL)
}

/// The text of a member's name.
#[inline]
fn text(name: NameNumber) -> &'static Str {
    static NONE: Str = Str::new();
    name.name().map_or(&NONE, Name::as_shared)
}

impl Default for Repr {
    fn default() -> Self {
        Repr::Pairs(ThinVec::new())
    }
}

/// The number of entries up to which [`Map::insert`] keeps pairs without an index.
const PAIRS: usize = 16;

impl Map {
    /// An empty map, without allocating.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty map with room for `capacity` entries.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        if capacity == 0 {
            Self::new()
        } else {
            Map(Repr::Pairs(ThinVec::with_capacity(capacity)))
        }
    }

    /// A map of one member of a structure.
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
        Map(Repr::Member(name.number(), Box::new(value)))
    }

    #[inline]
    pub(super) fn of_pooled(name: Name, values: Arc<SharedValues>, place: u16) -> Self {
        Map(Repr::Pooled {
            place,
            name: name.number(),
            values,
        })
    }

    /// A row of a table, whose values begin at a place.
    #[inline]
    pub(super) fn of_row(table: Arc<SharedTable>, start: usize) -> Self {
        match u32::try_from(start) {
            Ok(start) => Map(Repr::Row { start, table }),
            Err(_) => Map::new(),
        }
    }

    /// Gives a map whose values stand side by side with those of others its own, so that it can be changed.
    fn own(&mut self) {
        match &self.0 {
            Repr::Pooled {
                place,
                name,
                values,
            } => {
                let value = pooled(values, *place).clone();
                self.0 = Repr::Member(*name, Box::new(value));
            }
            Repr::Row { start, table } => {
                let (keys, values) = row(table, *start);
                let pairs = keys.iter().cloned().zip(values.iter().cloned()).collect();
                self.0 = Repr::Pairs(pairs);
            }
            _ => {}
        }
    }

    pub(super) fn of_members(members: ThinVec<(Name, Value)>) -> Self {
        Map(Repr::Members(members))
    }

    /// How many entries there are.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        match &self.0 {
            Repr::Pairs(pairs) => pairs.len(),
            Repr::Members(members) => members.len(),
            Repr::Member(..) | Repr::Pooled { .. } => 1,
            Repr::Row { start, table } => row(table, *start).1.len(),
            Repr::Index(index) => index.len(),
        }
    }

    /// Whether there is no entry.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value under a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        match &self.0 {
            Repr::Pairs(pairs) => find(pairs, name),
            Repr::Members(members) => find(members, name),
            Repr::Member(key, value) => same_name(text(*key), name).then_some(&**value),
            Repr::Pooled {
                place,
                name: key,
                values,
            } => same_name(text(*key), name).then(|| pooled(values, *place)),
            Repr::Row { start, table } => {
                let (keys, values) = row(table, *start);
                values.get(keys.iter().position(|key| same_name(key, name))?)
            }
            Repr::Index(index) => index.get(name),
        }
    }

    /// The value under a name, to change in place.
    #[must_use]
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        self.own();
        match &mut self.0 {
            Repr::Pairs(pairs) => find_mut(pairs, name),
            Repr::Members(members) => find_mut(members, name),
            Repr::Member(key, value) => same_name(text(*key), name).then_some(&mut **value),
            Repr::Pooled { .. } | Repr::Row { .. } => None,
            Repr::Index(index) => index.get_mut(name),
        }
    }

    /// The entry at a position.
    #[must_use]
    pub fn get_index(&self, position: usize) -> Option<(&Str, &Value)> {
        match &self.0 {
            Repr::Pairs(pairs) => pairs.get(position).map(|(key, value)| (key, value)),
            Repr::Members(members) => members.get(position).map(|(key, value)| (&**key, value)),
            Repr::Member(key, value) => (position == 0).then_some((text(*key), &**value)),
            Repr::Pooled {
                place,
                name,
                values,
            } => (position == 0).then(|| (text(*name), pooled(values, *place))),
            Repr::Row { start, table } => {
                let (keys, values) = row(table, *start);
                keys.get(position).zip(values.get(position))
            }
            Repr::Index(index) => index.get_index(position),
        }
    }

    /// The value at a position, to change in place.
    #[must_use]
    pub fn get_index_mut(&mut self, position: usize) -> Option<&mut Value> {
        self.own();
        match &mut self.0 {
            Repr::Pairs(pairs) => pairs.get_mut(position).map(|(_, value)| value),
            Repr::Members(members) => members.get_mut(position).map(|(_, value)| value),
            Repr::Member(_, value) => (position == 0).then_some(&mut **value),
            Repr::Pooled { .. } | Repr::Row { .. } => None,
            Repr::Index(index) => index.get_index_mut(position).map(|(_, value)| value),
        }
    }

    /// Takes the entries from a position on off, as a map of exactly their size.
    ///
    /// Parsers that build maps inside of maps gather the entries of all of them in one, and cut each off when it is complete.
    ///
    /// ```
    /// use inia_core::Map;
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
            Repr::Pairs(pairs) => Repr::Pairs(pairs.split_off(at)),
            Repr::Members(members) => Repr::Members(members.split_off(at)),
            repr @ (Repr::Member(..) | Repr::Pooled { .. } | Repr::Row { .. }) if at == 0 => {
                std::mem::take(repr)
            }
            Repr::Member(..) | Repr::Pooled { .. } => Repr::default(),
            Repr::Row { .. } => {
                self.own();
                return self.split_off(at);
            }
            Repr::Index(index) => Repr::Index(Box::new(index.split_off(at))),
        })
    }

    /// Whether there is an entry under a name.
    #[must_use]
    pub fn contains_key(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Puts a value under a name, in the place of an earlier one, which is returned, or at the end.
    pub fn insert(&mut self, name: impl Into<Str>, value: impl Into<Value>) -> Option<Value> {
        let (name, value) = (name.into(), value.into());
        if let Some(slot) = self.get_mut(&name) {
            return Some(std::mem::replace(slot, value));
        }
        if self.len() >= PAIRS && !matches!(self.0, Repr::Index(_)) {
            self.0 = Repr::Index(Box::new(std::mem::take(self).into_iter().collect()));
        }
        self.push(name, value);
        None
    }

    /// Appends an entry whose name is known to be new, without looking for an earlier one.
    ///
    /// Parsers that walk a structure's members use this; with a name that is already there, the first entry is found.
    #[inline]
    pub fn push(&mut self, name: Str, value: Value) {
        match &mut self.0 {
            Repr::Pairs(pairs) => pairs.push((name, value)),
            Repr::Members(_) | Repr::Member(..) | Repr::Pooled { .. } | Repr::Row { .. } => {
                let mut pairs = self.take_pairs();
                pairs.push((name, value));
                self.0 = Repr::Pairs(pairs);
            }
            Repr::Index(index) => {
                index.entry(name).or_insert(value);
            }
        }
    }

    /// The entries as pairs, leaving none.
    fn take_pairs(&mut self) -> ThinVec<(Str, Value)> {
        std::mem::take(self).into_iter().collect()
    }

    /// Appends entries whose names are known to be new.
    pub fn append(&mut self, other: Map) {
        if self.is_empty() {
            *self = other;
            return;
        }
        for (name, value) in other {
            self.push(name, value);
        }
    }

    /// Takes the value under a name out; the order of the others stays.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        self.own();
        match &mut self.0 {
            Repr::Pairs(pairs) => {
                let position = pairs.iter().position(|(key, _)| **key == *name)?;
                Some(pairs.remove(position).1)
            }
            Repr::Members(members) => {
                let position = members.iter().position(|(key, _)| ***key == *name)?;
                Some(members.remove(position).1)
            }
            Repr::Member(key, value) => {
                let value = (**text(*key) == *name).then(|| value.take())?;
                self.0 = Repr::default();
                Some(value)
            }
            Repr::Pooled { .. } | Repr::Row { .. } => None,
            Repr::Index(index) => index.shift_remove(name),
        }
    }

    /// The value under a name, made by `default` if there is none yet.
    pub fn get_or_insert_with(
        &mut self,
        name: &str,
        default: impl FnOnce() -> Value,
    ) -> &mut Value {
        let found = self.keys().position(|key| *key == *name);
        let position = match found {
            Some(position) => position,
            None => {
                self.insert(name, default());
                self.len().saturating_sub(1)
            }
        };
        // The entry was found or just inserted at the end.
        #[expect(clippy::expect_used, reason = "the position is that of an entry")]
        self.get_index_mut(position).expect("an entry is there")
    }

    /// The entries in order.
    #[must_use]
    #[inline]
    pub fn iter(&self) -> Iter<'_> {
        Iter::of(self)
    }

    /// The entries in order as they are stored, where that is as pairs: a walk through these need not ask at each how it is stored.
    #[must_use]
    #[inline]
    pub fn as_pairs(&self) -> Option<&[(Str, Value)]> {
        match &self.0 {
            Repr::Pairs(pairs) => Some(pairs),
            _ => None,
        }
    }

    /// The names in order.
    #[inline]
    pub fn keys(&self) -> impl Iterator<Item = &Str> {
        self.iter().map(|(key, _)| key)
    }

    /// The values in order.
    #[inline]
    pub fn values(&self) -> impl Iterator<Item = &Value> {
        self.iter().map(|(_, value)| value)
    }

    /// The values in order, to change in place.
    pub fn iter_mut(&mut self) -> Box<dyn Iterator<Item = (&Str, &mut Value)> + '_> {
        self.own();
        match &mut self.0 {
            Repr::Pairs(pairs) => Box::new(pairs.iter_mut().map(|(key, value)| (&*key, value))),
            Repr::Members(members) => {
                Box::new(members.iter_mut().map(|(key, value)| (&**key, value)))
            }
            Repr::Member(key, value) => Box::new(std::iter::once((text(*key), &mut **value))),
            Repr::Pooled { .. } | Repr::Row { .. } => Box::new(std::iter::empty()),
            Repr::Index(index) => Box::new(index.iter_mut()),
        }
    }

    /// Keeps the entries for which `keep` says so.
    pub fn retain(&mut self, mut keep: impl FnMut(&Str, &mut Value) -> bool) {
        self.own();
        match &mut self.0 {
            Repr::Pairs(pairs) => pairs.retain_mut(|(key, value)| keep(key, value)),
            Repr::Members(members) => members.retain_mut(|(key, value)| keep(key, value)),
            Repr::Member(key, value) => {
                if !keep(text(*key), value) {
                    self.0 = Repr::default();
                }
            }
            Repr::Pooled { .. } | Repr::Row { .. } => {}
            Repr::Index(index) => index.retain(|key, value| keep(key, value)),
        }
    }
}

#[inline]
fn same_name(key: &Str, name: &str) -> bool {
    same(key.as_bytes(), name.as_bytes())
}

/// The value of the first entry of a name.
#[inline]
fn find<'a, K: AsRef<[u8]>>(entries: &'a [(K, Value)], name: &str) -> Option<&'a Value> {
    let mut entries = entries.iter();
    entries
        .find(|(key, _)| same(key.as_ref(), name.as_bytes()))
        .map(|(_, value)| value)
}

/// The value of the first entry of a name, to change in place.
#[inline]
fn find_mut<'a, K: AsRef<[u8]>>(
    entries: &'a mut [(K, Value)],
    name: &str,
) -> Option<&'a mut Value> {
    let mut entries = entries.iter_mut();
    entries
        .find(|(key, _)| same(key.as_ref(), name.as_bytes()))
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
