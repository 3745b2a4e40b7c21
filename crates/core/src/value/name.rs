//! [`Name`]: a member's name, interned; [`Members`]: where parsers gather the members of structures.

use std::collections::HashMap;
use std::fmt;
use std::ops::Deref;
use std::sync::{LazyLock, Mutex, PoisonError};

use thin_vec::ThinVec;

use super::{Map, Value};
use crate::Str;

/// The name of a structure's member, interned: one pointer wide, and copied without counting references.
///
/// A page of results has the same few names over and over: as a [`Str`] each would take 24 bytes for every member of every
/// structure, as a `Name` it takes 8. Interned text is never freed. Only names that stand in definitions are interned, never
/// what a server sends, so there are no more of them than the definitions in use have.
///
/// ```
/// use inia_core::Name;
///
/// let name = Name::intern("QueueUrl");
/// assert_eq!(name, Name::intern("QueueUrl"));
/// assert_eq!(name.len(), 8);
/// ```
#[derive(Clone, Copy)]
pub struct Name(&'static Str);

impl Name {
    /// The one name of this text.
    #[must_use]
    pub fn intern(text: &str) -> Name {
        static NAMES: LazyLock<Mutex<HashMap<&'static str, &'static Str>>> =
            LazyLock::new(Mutex::default);
        let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = names.get(text) {
            return Name(known);
        }
        // Detached, since what is kept for good must not keep anything else.
        let name: &'static Str = Box::leak(Box::new(Str::from(text).detach()));
        names.insert(name.as_str(), name);
        Name(name)
    }

    /// The name as the string it is.
    #[must_use]
    pub fn as_shared(self) -> &'static Str {
        self.0
    }
}

impl AsRef<[u8]> for Name {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl Deref for Name {
    type Target = Str;

    fn deref(&self) -> &Str {
        self.0
    }
}

impl PartialEq for Name {
    /// Interned, so equal names are one and the same.
    fn eq(&self, other: &Name) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Eq for Name {}

impl From<Name> for Str {
    fn from(name: Name) -> Str {
        name.0.clone()
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.0, f)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.0, f)
    }
}

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
#[derive(Debug, Default)]
pub struct Members(ThinVec<(Name, Value)>);

impl Members {
    /// None, without allocating.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many members there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a member, whose name must be new among those of its structure.
    #[inline]
    pub fn push(&mut self, name: Name, value: Value) {
        self.0.push((name, value));
    }

    /// The position of a member among those from a place on.
    #[must_use]
    pub fn position(&self, start: usize, name: Name) -> Option<usize> {
        let mut members = self.0.iter().skip(start);
        members
            .position(|(key, _)| *key == name)
            .map(|at| start + at)
    }

    /// The value of a member among those from a place on, to change in place.
    #[must_use]
    pub fn get_mut(&mut self, start: usize, name: Name) -> Option<&mut Value> {
        let position = self.position(start, name)?;
        self.0.get_mut(position).map(|(_, value)| value)
    }

    /// Takes a member away, among those from a place on, if it is there; the order of the others stays.
    pub fn forget(&mut self, start: usize, name: Name) {
        if let Some(position) = self.position(start, name) {
            self.0.remove(position);
        }
    }

    /// Cuts the members from a place on off, as a map of exactly their size.
    #[must_use]
    #[inline]
    pub fn split_off(&mut self, start: usize) -> Map {
        match self.0.len().saturating_sub(start) {
            0 => Map::new(),
            1 => self
                .0
                .pop()
                .map_or_else(Map::new, |(name, value)| Map::of_member(name, value)),
            _ => Map::of_members(self.0.split_off(start)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_one_pointer_wide_and_interned_once() {
        assert_eq!(size_of::<Name>(), 8);
        assert_eq!(size_of::<(Name, Value)>(), 32);
        let name = Name::intern("a member name of more than 23 bytes");
        assert!(std::ptr::eq(
            name.as_shared(),
            Name::intern("a member name of more than 23 bytes").as_shared()
        ));
    }

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
}
