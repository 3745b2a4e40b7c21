//! Numbers for things, equal things the same, while a definition is compiled.

use std::collections::HashMap;
use std::hash::Hash;

use crate::error::DefinitionError;
use crate::json::Place;

/// Things in the order of their numbers.
#[derive(Debug)]
pub(crate) struct Numbered<T> {
    ids: HashMap<T, u16>,
    all: Vec<T>,
}

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Self {
            ids: HashMap::new(),
            all: Vec::new(),
        }
    }
}

impl<T: Clone + Eq + Hash> Numbered<T> {
    /// The number of a thing, a new one where it has none yet.
    pub(crate) fn id(&mut self, thing: T, place: &Place<'_>) -> Result<u16, DefinitionError> {
        if let Some(id) = self.ids.get(&thing) {
            return Ok(*id);
        }
        let id = next_number(self.all.len(), place)?;
        self.all.push(thing.clone());
        self.ids.insert(thing, id);
        Ok(id)
    }

    pub(crate) fn all(&self) -> &[T] {
        &self.all
    }

    pub(crate) fn into_all(self) -> Vec<T> {
        self.all
    }
}

/// The number of the next thing of which there are `count` already.
pub(crate) fn next_number(count: usize, place: &Place<'_>) -> Result<u16, DefinitionError> {
    match u16::try_from(count) {
        Ok(number) if number < u16::MAX => Ok(number),
        _ => Err(place.error("the definition is too large")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_things_have_one_number() {
        let mut numbered = Numbered::default();
        let place = Place::Root;
        assert_eq!(numbered.id("a", &place), Ok(0));
        assert_eq!(numbered.id("b", &place), Ok(1));
        assert_eq!(numbered.id("a", &place), Ok(0));
        assert_eq!(numbered.into_all(), ["a", "b"]);
        assert!(next_number(65_534, &place).is_ok());
        assert!(next_number(65_535, &place).is_err());
    }
}
