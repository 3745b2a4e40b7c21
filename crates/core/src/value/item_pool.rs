//! [`ItemPool`]: the stack and arena in which parsers build lists.

use std::ops::RangeInclusive;

use super::member_pool::LevelChunks;
use super::{List, Value};

/// A stack of the items of all lists that are being parsed, outer lists first.
///
/// Parsers push the items of all nesting levels and split off those of a list when it is complete, as with
/// [`MemberPool`](super::MemberPool).
///
/// ```
/// use inia_core::{ItemPool, List, Value};
///
/// let mut items = ItemPool::new();
/// items.push(Value::Int(1));
/// items.push(Value::Int(2));
/// assert_eq!(items.split_off(1), List::from_iter([2]));
/// assert_eq!(items.len(), 1);
/// ```
#[derive(Debug, Default)]
pub struct ItemPool {
    stack: Vec<Value>,
    /// Finished short lists.
    short: LevelChunks,
    /// Capacity of the first chunk, in items.
    first_capacity: usize,
}

/// Maximum length of a list that is stored in a chunk.
const MAX_SHORT_LIST: usize = 64;

/// Capacities of the first chunk and of the largest, in values: a long-lived list or map keeps at most 6 KiB of other values, and
/// their contents, alive.
pub(super) const CHUNK_CAPACITIES: RangeInclusive<usize> = 8..=256;

/// Typical input length per item of a short list, in bytes.
const BYTES_PER_ITEM: usize = 64;

impl ItemPool {
    /// Creates an empty pool, without allocating.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates an empty pool for an input of `len` bytes, which determines the capacity of the first chunk.
    #[must_use]
    pub fn for_input_len(len: usize) -> Self {
        ItemPool {
            first_capacity: len / BYTES_PER_ITEM,
            ..Self::default()
        }
    }

    /// Returns the number of items on the stack.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        self.stack.len()
    }

    /// Returns true if the stack is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.stack.is_empty()
    }

    /// Pushes an item.
    #[inline]
    pub fn push(&mut self, value: Value) {
        self.stack.push(value);
    }

    /// Removes the items from index `start` on and returns them as a list without excess capacity.
    #[must_use]
    pub fn split_off(&mut self, start: usize) -> List {
        List::own(self.drain(start).collect())
    }

    /// Removes the items from index `start` on and returns them as a list at nesting level `level`. Short lists share a chunk with
    /// other lists of their level, and read as empty until the pool is dropped or starts the next chunk.
    ///
    /// Lists from this pool among the items must be of a deeper level.
    ///
    /// ```
    /// use inia_core::{ItemPool, List, Value};
    ///
    /// let mut items = ItemPool::new();
    /// items.push(Value::from("only"));
    /// let list = items.split_off_nested(0, 3);
    /// drop(items);
    /// assert_eq!(list, List::from_iter(["only"]));
    /// ```
    #[must_use]
    #[inline]
    pub fn split_off_nested(&mut self, start: usize, level: usize) -> List {
        let length = self.len().saturating_sub(start);
        if length == 0 {
            return List::new();
        }
        let chunks = if length > MAX_SHORT_LIST {
            None
        } else {
            self.short.level(level)
        };
        let Some(chunks) = chunks else {
            return self.split_off(start);
        };
        let first = self
            .first_capacity
            .clamp(*CHUNK_CAPACITIES.start(), *CHUNK_CAPACITIES.end());
        let (values, chunk) = chunks.reserve(length, &(first..=*CHUNK_CAPACITIES.end()));
        let list = List::pooled(values, chunk.len(), length);
        chunk.extend(self.stack.drain(start..));
        list
    }

    /// Removes the items from index `start` on.
    fn drain(&mut self, start: usize) -> std::vec::Drain<'_, Value> {
        self.stack.drain(start.min(self.stack.len())..)
    }
}
