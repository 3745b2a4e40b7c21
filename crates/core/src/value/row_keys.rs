//! [`RowKeys`]: names that several maps share.

use std::sync::Arc;

use crate::Str;

/// Names of map entries in order, shared by all maps with exactly these names.
///
/// The items of a table mostly have the same attributes. A map of pairs stores 24 bytes per name; a row of a
/// [`RowPool`](super::RowPool) stores its values only.
///
/// ```
/// use inia_core::detail::RowKeys;
///
/// let keys = RowKeys::from_iter(["id", "total"]);
/// assert_eq!(keys.names()[1], "total");
/// ```
#[derive(Clone, Debug)]
pub struct RowKeys(Arc<Box<[Str]>>);

impl RowKeys {
    /// Returns the names.
    #[must_use]
    #[inline]
    pub fn names(&self) -> &[Str] {
        &self.0
    }

    /// Returns true if both are clones of the same keys.
    #[must_use]
    #[inline]
    pub fn is_same(&self, other: &RowKeys) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl<K: Into<Str>> FromIterator<K> for RowKeys {
    fn from_iter<I: IntoIterator<Item = K>>(names: I) -> Self {
        RowKeys(Arc::new(names.into_iter().map(Into::into).collect()))
    }
}
