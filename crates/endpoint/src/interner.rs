//! Interning of values while a definition is compiled.

use std::hash::Hash;

use indexmap::IndexSet;
use inia_core::{Error, ErrorKind, Result};

use crate::hasher::BuildMixHasher;

/// Distinct values in the order of their indexes.
#[derive(Debug)]
pub(crate) struct Interner<T>(IndexSet<T, BuildMixHasher>);

impl<T> Default for Interner<T> {
    fn default() -> Self {
        Interner(IndexSet::default())
    }
}

impl<T: Eq + Hash> Interner<T> {
    /// Interns a value and returns its index.
    pub(crate) fn intern(&mut self, value: T) -> Result<u16> {
        to_index(self.0.insert_full(value).0)
    }

    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = &T> {
        self.0.iter()
    }

    pub(crate) fn into_items<C: FromIterator<T>>(self) -> C {
        self.0.into_iter().collect()
    }
}

impl<T: Eq + Hash> FromIterator<T> for Interner<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        Interner(values.into_iter().collect())
    }
}

/// Converts the position of an item to its index. The maximum `u16` is reserved.
pub(crate) fn to_index(position: usize) -> Result<u16> {
    match u16::try_from(position) {
        Ok(index) if index < u16::MAX => Ok(index),
        _ => Err(too_large()),
    }
}

#[cold]
pub(crate) fn too_large() -> Error {
    Error::new(ErrorKind::Model, "definition too large")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_share_an_index() {
        let mut interner = Interner::default();
        assert_eq!(interner.intern("a").unwrap(), 0);
        assert_eq!(interner.intern("b").unwrap(), 1);
        assert_eq!(interner.intern("a").unwrap(), 0);
        assert_eq!(interner.into_items::<Vec<_>>(), ["a", "b"]);
        assert!(to_index(65_534).is_ok());
        assert!(to_index(65_535).is_err());
    }
}
