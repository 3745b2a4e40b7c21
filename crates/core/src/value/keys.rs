//! [`Keys`]: the names of maps that have the same ones.

use std::sync::Arc;

use crate::Str;

/// The names of map entries in their order, shared by all maps that have just these.
///
/// The items of a table mostly have the same attributes. As a map of pairs each would hold its names, 24 bytes each; with its names
/// shared it holds its values alone.
///
/// ```
/// use inia_core::{Keys, List, Map, Value};
///
/// let keys = Keys::from_iter(["id", "total"]);
/// let mut values = List::from_iter([1, 2, 3]);
/// let map = values.split_off_keyed(1, &keys);
/// assert_eq!(map, Map::from_iter([("id", 2), ("total", 3)]));
/// assert_eq!(values, List::from_iter([1]));
/// ```
#[derive(Clone, Debug)]
pub struct Keys(Arc<Box<[Str]>>);

impl Keys {
    /// The names.
    #[must_use]
    #[inline]
    pub fn names(&self) -> &[Str] {
        &self.0
    }
}

impl<K: Into<Str>> FromIterator<K> for Keys {
    fn from_iter<I: IntoIterator<Item = K>>(names: I) -> Self {
        Keys(Arc::new(names.into_iter().map(Into::into).collect()))
    }
}
