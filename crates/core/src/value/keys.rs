//! [`Keys`]: the names of maps that have the same ones.

use std::sync::Arc;

use crate::Str;

/// The names of map entries in their order, shared by all maps that have just these.
///
/// The items of a table mostly have the same attributes. As a map of pairs each would hold its names, 24 bytes each; as a row of
/// [`Rows`](super::Rows) it holds its values alone.
///
/// ```
/// use inia_core::Keys;
///
/// let keys = Keys::from_iter(["id", "total"]);
/// assert_eq!(keys.names()[1], "total");
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
