//! [`ItemPool`]: the stack and arena in which parsers build lists.

use std::ops::RangeInclusive;

use super::member_pool::{LevelChunks, Mark};
use super::{List, Value};

/// A stack of the items of all lists that are being parsed, outer lists first.
///
/// Parsers push the items of all nesting levels and take those of a list when it is complete, as with
/// [`MemberPool`](super::MemberPool).
///
/// ```
/// use inia_core::detail::ItemPool;
/// use inia_core::{List, Value};
///
/// let mut items = ItemPool::new();
/// let outer = items.begin();
/// items.push(Value::Int(1));
/// let inner = items.begin();
/// items.push(Value::Int(2));
/// let inner = items.finish(inner);
/// let outer = items.finish(outer);
/// drop(items);
/// assert_eq!(inner, List::from_iter([2]));
/// assert_eq!(outer, List::from_iter([1]));
/// ```
#[derive(Debug, Default)]
pub struct ItemPool {
    stack: Vec<Value>,
    /// Number of lists that are being parsed.
    open: usize,
    /// Finished short lists.
    short: LevelChunks,
    /// Capacity of the first chunk, in items.
    first_capacity: usize,
}

/// A list that is being parsed, from [`ItemPool::begin`] to one of the functions that finish it; as a
/// [`MemberMark`](super::MemberMark).
#[derive(Debug)]
#[must_use]
pub struct ItemMark(Mark);

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

    /// Starts a list.
    #[inline]
    pub fn begin(&mut self) -> ItemMark {
        ItemMark(Mark::open(&mut self.open, self.stack.len()))
    }

    /// Returns whether a list has no items so far.
    #[must_use]
    #[inline]
    pub fn is_empty(&self, mark: &ItemMark) -> bool {
        self.stack.len() <= mark.0.start
    }

    /// Pushes an item of the innermost list.
    #[inline]
    pub fn push(&mut self, value: Value) {
        self.stack.push(value);
    }

    /// Finishes a list and returns it without excess capacity. Short lists share a chunk with other lists of their level, and read as
    /// empty until the pool is dropped or starts the next chunk.
    #[must_use]
    #[inline]
    pub fn finish(&mut self, mark: ItemMark) -> List {
        let length = self.stack.len().saturating_sub(mark.0.start);
        if length == 0 || length > MAX_SHORT_LIST {
            return self.finish_owned(mark);
        }
        let level = mark.0.close(&mut self.open);
        let Some(chunks) = level.and_then(|level| self.short.level(level)) else {
            return self.drain(mark.0.start);
        };
        let first = self
            .first_capacity
            .clamp(*CHUNK_CAPACITIES.start(), *CHUNK_CAPACITIES.end());
        let (values, chunk) = chunks.reserve(length, &(first..=*CHUNK_CAPACITIES.end()));
        let list = List::pooled(values, chunk.len(), length);
        chunk.extend(self.stack.drain(mark.0.start..));
        list
    }

    /// Finishes a list and returns it as one that is readable at once.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "the list is finished")]
    pub fn finish_owned(&mut self, mark: ItemMark) -> List {
        mark.0.close(&mut self.open);
        self.drain(mark.0.start)
    }

    fn drain(&mut self, start: usize) -> List {
        List::own(self.stack.drain(start.min(self.stack.len())..).collect())
    }
}
