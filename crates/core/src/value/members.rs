//! [`Members`]: where parsers gather the members of structures.

use std::ops::RangeInclusive;
use std::sync::Arc;

use thin_vec::ThinVec;

use super::{Map, Name, Value};
use crate::chunks::{Chunks, Done};

/// The members of structures that are being read, those of the outer ones first.
///
/// Parsers gather the members of all levels in one of these, and cut off those of each structure when it is complete: what is
/// made takes just the room it needs.
///
/// ```
/// use inia_core::{Members, Name, Value};
///
/// let mut members = Members::new();
/// members.push(Name::intern("Outer"), Value::Int(1));
/// members.push(Name::intern("Inner"), Value::Int(2));
/// let inner = members.split_off(1);
/// assert_eq!(inner.get("Inner"), Some(&Value::Int(2)));
/// assert_eq!(members.len(), 1);
/// ```
#[derive(Debug)]
pub struct Members {
    gathered: ThinVec<(Name, Value)>,
    /// Scalars that are only members. On the heap by itself each would cost an allocation, which takes longer than reading it.
    scalars: Chunks<Vec<Value>>,
    /// Lists and maps that are only members.
    containers: Levels,
    /// How many scalars the first chunk has room for.
    room: usize,
}

/// Values that stand side by side.
pub(super) type SharedValues = Done<Vec<Value>>;

/// How many scalars may stand side by side: a union of one that is kept for long keeps at most 24 KiB of others.
const MOST_SCALARS: usize = 1024;

/// How many bytes of a text there are for each union, where it has many.
const TEXT_OF_A_MEMBER: usize = 32;

/// How many lists and maps may stand side by side: a union of one that is kept for long keeps only some of its neighbours.
const CONTAINERS: RangeInclusive<usize> = 8..=32;

/// Values that stand side by side, by how deep what has them is nested: what they hold is nested deeper, so that no chunk holds itself.
#[derive(Debug, Default)]
pub(super) struct Levels(Vec<Chunks<Vec<Value>>>);

/// How deep containers may be nested and still stand side by side.
const LEVELS: usize = 64;

impl Levels {
    /// The chunks of a level that is not too deep.
    #[inline]
    pub(super) fn at(&mut self, level: usize) -> Option<&mut Chunks<Vec<Value>>> {
        if self.0.len() <= level && level < LEVELS {
            self.0.resize_with(level + 1, Chunks::default);
        }
        self.0.get_mut(level)
    }
}

impl Default for Members {
    fn default() -> Self {
        Members::new()
    }
}

impl Members {
    /// None, without allocating.
    #[must_use]
    pub fn new() -> Self {
        Self::for_text(0)
    }

    /// None, for a text of so many bytes: what is put side by side is given room for as many as there may be.
    #[must_use]
    pub fn for_text(length: usize) -> Self {
        Members {
            gathered: ThinVec::new(),
            scalars: Chunks::default(),
            containers: Levels::default(),
            room: (length / TEXT_OF_A_MEMBER).clamp(8, MOST_SCALARS),
        }
    }

    /// How many members there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.gathered.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.gathered.is_empty()
    }

    /// Adds a member, whose name must be new among those of its structure.
    #[inline]
    pub fn push(&mut self, name: Name, value: Value) {
        self.gathered.push((name, value));
    }

    /// The position of a member among those from a place on.
    #[must_use]
    pub fn position(&self, start: usize, name: Name) -> Option<usize> {
        let mut members = self.gathered.iter().skip(start);
        members
            .position(|(key, _)| *key == name)
            .map(|at| start + at)
    }

    /// The value of a member among those from a place on, to change in place.
    #[must_use]
    pub fn get_mut(&mut self, start: usize, name: Name) -> Option<&mut Value> {
        let position = self.position(start, name)?;
        self.gathered.get_mut(position).map(|(_, value)| value)
    }

    /// Takes a member away, among those from a place on, if it is there; the order of the others stays.
    pub fn forget(&mut self, start: usize, name: Name) {
        if let Some(position) = self.position(start, name) {
            self.gathered.remove(position);
        }
    }

    /// The structure that has this one member, as unions have. It is put beside others of its kind, and reads as null until this is
    /// dropped.
    ///
    /// `level` is how deep the structure is nested: what it holds must be nested deeper than that, if it comes from here.
    ///
    /// ```
    /// use inia_core::{Map, Members, Name, Value};
    ///
    /// let mut members = Members::new();
    /// let inner = members.only(1, Name::intern("S"), Value::from("text"));
    /// let outer = members.only(0, Name::intern("M"), Value::Map(inner));
    /// drop(members);
    /// assert_eq!(Value::Map(outer)["M"]["S"], "text");
    /// ```
    #[must_use]
    #[inline]
    pub fn only(&mut self, level: usize, name: Name, value: Value) -> Map {
        if matches!(value, Value::List(_) | Value::Map(_)) {
            return self.only_container(level, name, value);
        }
        self.only_scalar(name, || value)
    }

    /// As [`only`](Self::only), of a value that is no list and no map and is made where it stays.
    #[must_use]
    #[inline(always)]
    pub fn only_scalar(&mut self, name: Name, make: impl FnOnce() -> Value) -> Map {
        let (values, chunk) = self.scalars.with_room(1, &(self.room..=MOST_SCALARS));
        beside(values, chunk, name, make())
    }

    fn only_container(&mut self, level: usize, name: Name, value: Value) -> Map {
        match self.containers.at(level) {
            Some(chunks) => {
                let (values, chunk) = chunks.with_room(1, &CONTAINERS);
                beside(values, chunk, name, value)
            }
            None => Map::of_member(name, value),
        }
    }

    /// Cuts the members from a place on off, as a map of exactly their size.
    #[must_use]
    #[inline]
    pub fn split_off(&mut self, start: usize) -> Map {
        match self.gathered.len().saturating_sub(start) {
            0 => Map::new(),
            1 => match self.gathered.pop() {
                Some((name, value)) => Map::of_member(name, value),
                None => Map::new(),
            },
            _ => Map::of_members(self.gathered.split_off(start)),
        }
    }

    /// As [`split_off`](Self::split_off), of a structure that is nested this deep: one member alone is put beside others, as by
    /// [`only`](Self::only).
    #[must_use]
    #[inline]
    pub fn split_off_nested(&mut self, start: usize, level: usize) -> Map {
        if self.gathered.len().checked_sub(start) == Some(1)
            && let Some((name, value)) = self.gathered.pop()
        {
            return self.only(level, name, value);
        }
        self.split_off(start)
    }
}

/// A map of one member, whose value is put beside others: at most as many as have a place of 16 bits.
#[inline(always)]
fn beside(values: &Arc<SharedValues>, chunk: &mut Vec<Value>, name: Name, value: Value) -> Map {
    let place = u16::try_from(chunk.len()).unwrap_or(u16::MAX);
    chunk.push(value);
    Map::of_pooled(name, Arc::clone(values), place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_cut_off_as_maps() {
        let [a, b, c] = ["a", "b", "c"].map(Name::intern);
        let mut members = Members::new();
        for (name, value) in [(a, 1), (b, 2), (c, 3), (a, 4)] {
            members.push(name, Value::Int(value));
        }
        assert_eq!(members.split_off(3), Map::from_iter([("a", 4)]));
        members.forget(1, a);
        members.forget(1, b);
        assert_eq!(members.len(), 2);
        assert_eq!(members.get_mut(0, c), Some(&mut Value::Int(3)));
        assert_eq!(members.split_off(0), Map::from_iter([("c", 3), ("a", 1)]));
        assert_eq!(members.split_off(0), Map::new());
    }

    #[test]
    fn unions_of_anything_stand_side_by_side() {
        let name = Name::intern("only");
        let mut members = Members::new();
        let mut unions: Vec<Map> = (0..100)
            .map(|i| members.only(3, name, Value::Int(i)))
            .collect();
        for level in (0..LEVELS + 2).rev() {
            unions = unions
                .into_iter()
                .map(|union| members.only(level, name, Value::Map(union)))
                .collect();
        }
        drop(members);
        for (number, union) in (0..).zip(unions) {
            let mut value = &Value::Map(union);
            for _ in 0..LEVELS + 3 {
                value = &value["only"];
            }
            assert_eq!(*value, Value::Int(number));
        }
    }
}
