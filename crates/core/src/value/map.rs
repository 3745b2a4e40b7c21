//! [`Map`]: names to values, in the order they were put in.

use std::fmt;
use std::hash::RandomState;
use std::sync::Arc;

use indexmap::IndexMap;
use thin_vec::ThinVec;

use super::members::SharedValues;
use super::name::NameNumber;
use super::{Keys, NULL, Name, Value};
use crate::Str;
use crate::text::same;

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
    /// Entries whose names are those of other maps as well: the names, and then the values.
    Keyed(ThinVec<Slot>),
    /// Entries behind a hash index: what a server fills with any number of names.
    Index(Box<IndexMap<Str, Value, RandomState>>),
}

/// What stands in a map of shared names.
#[derive(Clone, Debug)]
enum Slot {
    /// The names: the first slot, and no other.
    Keys(Keys),
    Value(Value),
}

impl Slot {
    #[inline]
    fn value(&self) -> Option<&Value> {
        match self {
            Slot::Value(value) => Some(value),
            Slot::Keys(_) => None,
        }
    }

    fn value_mut(&mut self) -> Option<&mut Value> {
        match self {
            Slot::Value(value) => Some(value),
            Slot::Keys(_) => None,
        }
    }

    fn into_value(self) -> Option<Value> {
        match self {
            Slot::Value(value) => Some(value),
            Slot::Keys(_) => None,
        }
    }
}

/// The names of a map of shared names, and its values.
#[inline]
fn parts(slots: &[Slot]) -> (&[Str], &[Slot]) {
    match slots.split_first() {
        Some((Slot::Keys(keys), values)) => (keys.names(), values),
        _ => (&[], &[]),
    }
}

/// As [`parts`], with values to change in place.
fn parts_mut(slots: &mut [Slot]) -> (&[Str], &mut [Slot]) {
    match slots.split_first_mut() {
        Some((Slot::Keys(keys), values)) => (keys.names(), values),
        _ => (&[], &mut []),
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

    /// A map of these names and as many values.
    #[inline]
    pub(super) fn of_keys(keys: &Keys, values: impl Iterator<Item = Value>) -> Self {
        let count = keys.names().len();
        let mut slots = ThinVec::with_capacity(count + 1);
        slots.push(Slot::Keys(keys.clone()));
        slots.extend(values.take(count).map(Slot::Value));
        Map(Repr::Keyed(slots))
    }

    /// Gives a map whose value stands side by side with others one of its own, so that it can be changed.
    fn own(&mut self) {
        if let Repr::Pooled {
            place,
            name,
            values,
        } = &self.0
        {
            let value = pooled(values, *place).clone();
            self.0 = Repr::Member(*name, Box::new(value));
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
            Repr::Keyed(slots) => slots.len().saturating_sub(1),
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
            Repr::Keyed(slots) => {
                let (keys, values) = parts(slots);
                let position = keys.iter().position(|key| same_name(key, name))?;
                values.get(position)?.value()
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
            Repr::Pooled { .. } => None,
            Repr::Keyed(slots) => {
                let (keys, values) = parts_mut(slots);
                let position = keys.iter().position(|key| same_name(key, name))?;
                values.get_mut(position)?.value_mut()
            }
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
            Repr::Keyed(slots) => {
                let (keys, values) = parts(slots);
                Some((keys.get(position)?, values.get(position)?.value()?))
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
            Repr::Pooled { .. } => None,
            Repr::Keyed(slots) => parts_mut(slots).1.get_mut(position)?.value_mut(),
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
        self.unshare_names();
        Map(match &mut self.0 {
            Repr::Pairs(pairs) => Repr::Pairs(pairs.split_off(at)),
            Repr::Members(members) => Repr::Members(members.split_off(at)),
            Repr::Member(..) | Repr::Pooled { .. } | Repr::Keyed(_) if at == 0 => {
                std::mem::take(&mut self.0)
            }
            Repr::Member(..) | Repr::Pooled { .. } | Repr::Keyed(_) => Repr::default(),
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
            Repr::Members(_) | Repr::Member(..) | Repr::Pooled { .. } | Repr::Keyed(_) => {
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

    /// Gives a map of shared names its own, so that it can have others.
    fn unshare_names(&mut self) {
        if matches!(self.0, Repr::Keyed(_)) {
            self.0 = Repr::Pairs(self.take_pairs());
        }
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
        self.unshare_names();
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
            Repr::Pooled { .. } | Repr::Keyed(_) => None,
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
        Iter(match &self.0 {
            Repr::Pairs(pairs) => IterRepr::Pairs(pairs.iter()),
            Repr::Members(members) => IterRepr::Members(members.iter()),
            Repr::Member(key, value) => IterRepr::One(Some((text(*key), &**value))),
            Repr::Pooled {
                place,
                name,
                values,
            } => IterRepr::One(Some((text(*name), pooled(values, *place)))),
            Repr::Keyed(slots) => {
                let (keys, values) = parts(slots);
                IterRepr::Keyed(keys.iter(), values.iter())
            }
            Repr::Index(index) => IterRepr::Index(index.iter()),
        })
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
            Repr::Pooled { .. } => Box::new(std::iter::empty()),
            Repr::Keyed(slots) => {
                let (keys, values) = parts_mut(slots);
                Box::new(
                    keys.iter()
                        .zip(values.iter_mut().filter_map(Slot::value_mut)),
                )
            }
            Repr::Index(index) => Box::new(index.iter_mut()),
        }
    }

    /// Keeps the entries for which `keep` says so.
    pub fn retain(&mut self, mut keep: impl FnMut(&Str, &mut Value) -> bool) {
        self.own();
        self.unshare_names();
        match &mut self.0 {
            Repr::Pairs(pairs) => pairs.retain_mut(|(key, value)| keep(key, value)),
            Repr::Members(members) => members.retain_mut(|(key, value)| keep(key, value)),
            Repr::Member(key, value) => {
                if !keep(text(*key), value) {
                    self.0 = Repr::default();
                }
            }
            Repr::Pooled { .. } | Repr::Keyed(_) => {}
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

/// The entries of a [`Map`], in order.
#[derive(Clone, Debug)]
pub struct Iter<'a>(IterRepr<'a>);

#[derive(Clone, Debug)]
enum IterRepr<'a> {
    Pairs(std::slice::Iter<'a, (Str, Value)>),
    Members(std::slice::Iter<'a, (Name, Value)>),
    One(Option<(&'a Str, &'a Value)>),
    Keyed(std::slice::Iter<'a, Str>, std::slice::Iter<'a, Slot>),
    Index(indexmap::map::Iter<'a, Str, Value>),
}

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a Str, &'a Value);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            IterRepr::Pairs(pairs) => pairs.next().map(|(key, value)| (key, value)),
            IterRepr::Members(members) => members.next().map(|(key, value)| (&**key, value)),
            IterRepr::One(one) => one.take(),
            IterRepr::Keyed(keys, values) => Some((keys.next()?, values.next()?.value()?)),
            IterRepr::Index(index) => index.next(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.0 {
            IterRepr::Pairs(pairs) => pairs.size_hint(),
            IterRepr::Members(members) => members.size_hint(),
            IterRepr::One(one) => (usize::from(one.is_some()), Some(usize::from(one.is_some()))),
            IterRepr::Keyed(_, values) => values.size_hint(),
            IterRepr::Index(index) => index.size_hint(),
        }
    }
}

impl ExactSizeIterator for Iter<'_> {}

impl<'a> IntoIterator for &'a Map {
    type Item = (&'a Str, &'a Value);
    type IntoIter = Iter<'a>;

    #[inline]
    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

impl IntoIterator for Map {
    type Item = (Str, Value);
    type IntoIter = IntoIter;

    fn into_iter(self) -> IntoIter {
        IntoIter(match self.0 {
            Repr::Pairs(pairs) => IntoIterRepr::Pairs(pairs.into_iter()),
            Repr::Members(members) => IntoIterRepr::Members(members.into_iter()),
            Repr::Member(key, value) => IntoIterRepr::One(Some((text(key).clone(), *value))),
            Repr::Pooled {
                place,
                name,
                values,
            } => IntoIterRepr::One(Some((text(name).clone(), pooled(&values, place).clone()))),
            Repr::Keyed(slots) => {
                let mut slots = slots.into_iter();
                match slots.next() {
                    Some(Slot::Keys(keys)) => IntoIterRepr::Keyed(keys, 0, slots),
                    _ => IntoIterRepr::One(None),
                }
            }
            Repr::Index(index) => IntoIterRepr::Index(index.into_iter()),
        })
    }
}

/// The entries of a [`Map`] by value, in order.
#[derive(Debug)]
pub struct IntoIter(IntoIterRepr);

#[derive(Debug)]
enum IntoIterRepr {
    Pairs(thin_vec::IntoIter<(Str, Value)>),
    Members(thin_vec::IntoIter<(Name, Value)>),
    One(Option<(Str, Value)>),
    /// The names, how many of them were taken, and the values that are left.
    Keyed(Keys, usize, thin_vec::IntoIter<Slot>),
    Index(indexmap::map::IntoIter<Str, Value>),
}

impl Iterator for IntoIter {
    type Item = (Str, Value);

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            IntoIterRepr::Pairs(pairs) => pairs.next(),
            IntoIterRepr::Members(members) => {
                members.next().map(|(name, value)| (name.into(), value))
            }
            IntoIterRepr::One(one) => one.take(),
            IntoIterRepr::Keyed(keys, taken, values) => {
                let value = values.next()?.into_value()?;
                let key = keys.names().get(*taken)?.clone();
                *taken += 1;
                Some((key, value))
            }
            IntoIterRepr::Index(index) => index.next(),
        }
    }
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
mod tests {
    use super::super::{List, Members};
    use super::*;

    #[test]
    fn many_entries_keep_their_order_and_are_found() {
        let map: Map = (0..1000).map(|i| (format!("key{i}"), i)).collect();
        assert_eq!(map.len(), 1000);
        assert_eq!(map.get("key999"), Some(&Value::Int(999)));
        assert_eq!(map.keys().nth(500).unwrap(), "key500");
    }

    #[test]
    fn equality_ignores_order() {
        let one: Map = [("a", 1), ("b", 2)].into_iter().collect();
        let two: Map = [("b", 2), ("a", 1)].into_iter().collect();
        let three: Map = [("b", 2), ("a", 3)].into_iter().collect();
        assert_eq!(one, two);
        assert_ne!(one, three);
    }

    #[test]
    fn insert_replaces_and_remove_keeps_the_order() {
        let mut map: Map = (0..40).map(|i| (format!("k{i}"), i)).collect();
        assert_eq!(map.insert("k3", "three"), Some(Value::Int(3)));
        assert_eq!(map.remove("k0"), Some(Value::Int(0)));
        assert_eq!(map.keys().next().unwrap(), "k1");
        assert_eq!(map.get_index(2).unwrap().1, &Value::from("three"));
        *map.get_or_insert_with("new", || Value::Null) = Value::from(true);
        assert_eq!(map.get("new"), Some(&Value::Bool(true)));
    }

    /// A map in each form that it can have: with the entries `m0`, `m1`, ... and their positions.
    fn forms(count: i64) -> Vec<Map> {
        let names = (0..count).map(|position| format!("m{position}"));
        let mut members = Members::new();
        for (name, position) in names.clone().zip(0..) {
            members.push(Name::intern(&name), Value::Int(position));
        }
        let mut forms = vec![
            members.split_off(0),
            List::from_iter(0..count).split_off_keyed(0, &Keys::from_iter(names)),
        ];
        if count == 1 {
            forms.push(Map::of_member(Name::intern("m0"), Value::Int(0)));
        }
        forms
    }

    #[test]
    fn maps_of_every_form_do_what_other_maps_do() {
        let plain = |count| (0..count).map(|i| (format!("m{i}"), i)).collect::<Map>();
        for (count, form) in [0, 1, 2, 20]
            .into_iter()
            .flat_map(|count| forms(count).into_iter().map(move |form| (count, form)))
        {
            let plain = plain(count);
            assert_eq!(form, plain);
            assert_eq!(form.clone().into_iter().collect::<Map>(), plain);
            assert_eq!(form.iter().len(), plain.len());
            assert_eq!(form.get("m7"), plain.get("m7"));
            for change in [
                |map: &mut Map| drop(map.insert("new", 1)),
                |map: &mut Map| drop(map.insert("m0", 1)),
                |map: &mut Map| map.push("new".into(), Value::Null),
                |map: &mut Map| drop(map.remove("m0")),
                |map: &mut Map| drop(map.remove("m7")),
                |map: &mut Map| map.retain(|key, _| *key != "m0"),
                |map: &mut Map| map.iter_mut().for_each(|(_, value)| *value = Value::Null),
                |map: &mut Map| *map.get_or_insert_with("m1", Value::map) = Value::Int(9),
                |map: &mut Map| *map = map.split_off(1),
                |map: &mut Map| *map = map.split_off(0),
                |map: &mut Map| map.append(Map::from_iter([("other", 1)])),
            ] {
                let (mut one, mut other) = (form.clone(), plain.clone());
                change(&mut one);
                change(&mut other);
                assert_eq!(one, other);
                assert!(one.keys().eq(other.keys()));
                assert_eq!(one.get_index(0), other.get_index(0));
                assert_eq!(one.clone(), other);
            }
            assert_eq!(form, plain, "a change of a clone shows in the map");
        }
    }

    #[test]
    fn a_map_leaves_room_for_a_tag_in_a_value() {
        assert_eq!(size_of::<Map>(), 16);
    }
}
