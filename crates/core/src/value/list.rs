//! [`List`]: values in order.

use std::fmt;
use std::ops::{Deref, DerefMut};

use thin_vec::ThinVec;

use super::{Keys, Map, Value};

/// Values in order. Reads as a slice.
///
/// ```
/// use inia_core::{List, Value};
///
/// let mut list = List::from_iter(["a", "b"]);
/// list.push(Value::from(3));
/// assert_eq!(list.len(), 3);
/// assert_eq!(list[0], "a");
/// ```
#[derive(Clone, Default, PartialEq)]
pub struct List(ThinVec<Value>);

impl List {
    /// An empty list, without allocating.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty list with room for `capacity` values.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        if capacity == 0 {
            Self::new()
        } else {
            List(ThinVec::with_capacity(capacity))
        }
    }

    /// Appends a value.
    #[inline]
    pub fn push(&mut self, value: impl Into<Value>) {
        self.0.push(value.into());
    }

    /// Takes the last value off.
    pub fn pop(&mut self) -> Option<Value> {
        self.0.pop()
    }

    /// Takes the values from a position on off, as a list of exactly their size.
    #[must_use]
    pub fn split_off(&mut self, at: usize) -> List {
        List(self.0.split_off(at.min(self.0.len())))
    }

    /// Takes the values from a position on off, as a map of these names: of as many as there are of both.
    #[must_use]
    #[inline]
    pub fn split_off_keyed(&mut self, at: usize, keys: &Keys) -> Map {
        Map::of_keys(keys, self.0.drain(at.min(self.0.len())..))
    }

    /// Keeps the first `len` values.
    pub fn truncate(&mut self, len: usize) {
        self.0.truncate(len);
    }
}

impl Deref for List {
    type Target = [Value];

    fn deref(&self) -> &[Value] {
        &self.0
    }
}

impl DerefMut for List {
    fn deref_mut(&mut self) -> &mut [Value] {
        &mut self.0
    }
}

impl<V: Into<Value>> FromIterator<V> for List {
    fn from_iter<I: IntoIterator<Item = V>>(values: I) -> Self {
        List(values.into_iter().map(Into::into).collect())
    }
}

impl<V: Into<Value>> Extend<V> for List {
    fn extend<I: IntoIterator<Item = V>>(&mut self, values: I) {
        self.0.extend(values.into_iter().map(Into::into));
    }
}

impl IntoIterator for List {
    type Item = Value;
    type IntoIter = thin_vec::IntoIter<Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a List {
    type Item = &'a Value;
    type IntoIter = std::slice::Iter<'a, Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl fmt::Debug for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
