//! Interning of values while a definition is compiled.

use std::collections::HashMap;
use std::hash::Hash;

use crate::error::DefinitionError;
use crate::json::JsonPath;

/// Interned values in the order of their indexes.
#[derive(Debug)]
pub(crate) struct Interner<T> {
    ids: HashMap<T, u16>,
    items: Vec<T>,
}

impl<T> Default for Interner<T> {
    fn default() -> Self {
        Self {
            ids: HashMap::new(),
            items: Vec::new(),
        }
    }
}

impl<T: Clone + Eq + Hash> Interner<T> {
    /// Interns a value and returns its index.
    pub(crate) fn intern(&mut self, value: T, path: &JsonPath<'_>) -> Result<u16, DefinitionError> {
        if let Some(id) = self.ids.get(&value) {
            return Ok(*id);
        }
        let id = next_index(self.items.len(), path)?;
        self.items.push(value.clone());
        self.ids.insert(value, id);
        Ok(id)
    }

    pub(crate) fn items(&self) -> &[T] {
        &self.items
    }

    pub(crate) fn into_items(self) -> Vec<T> {
        self.items
    }
}

/// Returns the index of the next item after `count` items. The maximum `u16` is reserved.
pub(crate) fn next_index(count: usize, path: &JsonPath<'_>) -> Result<u16, DefinitionError> {
    match u16::try_from(count) {
        Ok(index) if index < u16::MAX => Ok(index),
        _ => Err(path.error("definition too large")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_share_an_index() {
        let mut interner = Interner::default();
        let path = JsonPath::Root;
        assert_eq!(interner.intern("a", &path), Ok(0));
        assert_eq!(interner.intern("b", &path), Ok(1));
        assert_eq!(interner.intern("a", &path), Ok(0));
        assert_eq!(interner.into_items(), ["a", "b"]);
        assert!(next_index(65_534, &path).is_ok());
        assert!(next_index(65_535, &path).is_err());
    }
}
