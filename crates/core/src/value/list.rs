//! [`List`]: the type of [`Value::List`].

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use thin_vec::ThinVec;

use super::Value;
use super::member_pool::SharedValues;

/// An ordered list of values. Dereferences to a slice.
///
/// ```
/// # use inia_core as inia;
/// use inia::{List, Value};
///
/// let mut list = List::from_iter(["a", "b"]);
/// list.push(Value::from(3));
/// assert_eq!(list.len(), 3);
/// assert_eq!(list[0], "a");
/// ```
#[derive(Clone)]
pub struct List(ListRepr);

#[derive(Clone)]
enum ListRepr {
    Own(ThinVec<Value>),
    /// A slice of a chunk of an [`ItemPool`](super::ItemPool).
    Pooled {
        length: u16,
        start: u32,
        values: Arc<SharedValues>,
    },
}

impl List {
    /// Creates an empty list, without allocating.
    #[must_use]
    pub fn new() -> Self {
        List::own(ThinVec::new())
    }

    /// Creates an empty list with capacity for `capacity` values.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        if capacity == 0 {
            Self::new()
        } else {
            List::own(ThinVec::with_capacity(capacity))
        }
    }

    #[inline]
    pub(super) fn own(values: ThinVec<Value>) -> Self {
        List(ListRepr::Own(values))
    }

    /// Creates a list of `length` values of a chunk from index `start` on; empty if the numbers exceed 32 or 16 bits.
    #[inline]
    pub(super) fn pooled(values: &Arc<SharedValues>, start: usize, length: usize) -> Self {
        match (u32::try_from(start), u16::try_from(length)) {
            (Ok(start), Ok(length)) => List(ListRepr::Pooled {
                length,
                start,
                values: Arc::clone(values),
            }),
            _ => List::new(),
        }
    }

    /// Returns the values for modification. Values in a chunk are copied first.
    fn values_mut(&mut self) -> &mut ThinVec<Value> {
        if let ListRepr::Pooled { .. } = self.0 {
            self.0 = ListRepr::Own(self.iter().cloned().collect());
        }
        match &mut self.0 {
            ListRepr::Own(values) => values,
            #[expect(clippy::unreachable, reason = "pooled values were copied above")]
            ListRepr::Pooled { .. } => unreachable!("the list owns its values"),
        }
    }

    /// Appends a value.
    #[inline]
    pub fn push(&mut self, value: impl Into<Value>) {
        self.values_mut().push(value.into());
    }

    /// Removes and returns the last value.
    pub fn pop(&mut self) -> Option<Value> {
        self.values_mut().pop()
    }

    /// Removes the values from index `at` on and returns them as a list without excess capacity.
    #[must_use]
    pub fn split_off(&mut self, at: usize) -> List {
        let at = at.min(self.len());
        List::own(self.values_mut().split_off(at))
    }

    /// Shortens the list to its first `len` values.
    pub fn truncate(&mut self, len: usize) {
        self.values_mut().truncate(len);
    }
}

impl Default for List {
    fn default() -> Self {
        List::new()
    }
}

impl Deref for List {
    type Target = [Value];

    #[inline]
    fn deref(&self) -> &[Value] {
        match &self.0 {
            ListRepr::Own(values) => values,
            ListRepr::Pooled {
                length,
                start,
                values,
            } => {
                let values = values.get().map_or(&[][..], Vec::as_slice);
                let tail = values.get(*start as usize..).unwrap_or_default();
                tail.get(..usize::from(*length)).unwrap_or_default()
            }
        }
    }
}

impl DerefMut for List {
    fn deref_mut(&mut self) -> &mut [Value] {
        self.values_mut()
    }
}

impl PartialEq for List {
    fn eq(&self, other: &List) -> bool {
        **self == **other
    }
}

impl<V: Into<Value>> FromIterator<V> for List {
    fn from_iter<I: IntoIterator<Item = V>>(values: I) -> Self {
        List::own(values.into_iter().map(Into::into).collect())
    }
}

impl<V: Into<Value>> Extend<V> for List {
    fn extend<I: IntoIterator<Item = V>>(&mut self, values: I) {
        self.values_mut().extend(values.into_iter().map(Into::into));
    }
}

impl IntoIterator for List {
    type Item = Value;
    type IntoIter = thin_vec::IntoIter<Value>;

    fn into_iter(mut self) -> Self::IntoIter {
        std::mem::take(self.values_mut()).into_iter()
    }
}

impl<'a> IntoIterator for &'a List {
    type Item = &'a Value;
    type IntoIter = std::slice::Iter<'a, Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Debug for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::super::ItemPool;
    use super::*;

    #[test]
    fn pooled_lists_behave_like_owned_lists() {
        for count in [0, 1, 5, 100] {
            let plain: List = (0..count).collect();
            let mut items = ItemPool::new();
            let _outer = items.begin();
            items.push(Value::Null);
            let mark = items.begin();
            for position in 0..count {
                items.push(Value::Int(position));
            }
            let pooled = items.finish(mark);
            drop(items);
            assert_eq!(pooled, plain);
            for change in [
                |list: &mut List| list.push(7),
                |list: &mut List| drop(list.pop()),
                |list: &mut List| list.truncate(2),
                |list: &mut List| drop(list.split_off(1)),
                |list: &mut List| *list = list.split_off(1),
                |list: &mut List| list.extend([1, 2]),
                |list: &mut List| list.reverse(),
                |list: &mut List| *list = list.clone().into_iter().skip(1).collect(),
            ] {
                let (mut one, mut other) = (pooled.clone(), plain.clone());
                change(&mut one);
                change(&mut other);
                assert_eq!(one, other);
            }
            assert_eq!(pooled, plain, "changing a clone changed the list");
        }
    }

    #[test]
    fn list_is_16_bytes_wide() {
        assert_eq!(size_of::<List>(), 16);
    }
}
