//! [`RowPool`]: the arena for maps with the same names.

use std::sync::Arc;

use super::item_pool::CHUNK_CAPACITIES;
use super::{Map, RowKeys, Value};
use crate::Str;
use crate::chunks::{Chunk, Chunks, SharedChunk};

/// Arena for maps with the same names, stored like the rows of a table.
///
/// Parsers that predict the names of a map push its values only. A map reads as empty until the pool is dropped or starts the next
/// chunk. Values must not contain maps of the same pool.
///
/// ```
/// use inia_core::detail::{RowKeys, RowPool};
/// use inia_core::{Map, Value};
///
/// let mut rows = RowPool::new(RowKeys::from_iter(["id", "total"]));
/// rows.begin();
/// rows.push(Value::Int(1));
/// rows.push(Value::Int(2));
/// let map = rows.finish().unwrap();
/// drop(rows);
/// assert_eq!(map, Map::from_iter([("id", 1), ("total", 2)]));
/// ```
#[derive(Debug)]
pub struct RowPool {
    keys: RowKeys,
    chunks: Chunks<RowTable>,
    /// Index of the first value of the current row.
    start: usize,
}

/// A chunk of rows; unset until its [`RowPool`] finishes it.
pub(super) type SharedTable = SharedChunk<RowTable>;

/// The shared names, and the values of all rows.
#[derive(Debug)]
pub(super) struct RowTable {
    keys: Option<RowKeys>,
    values: Vec<Value>,
}

/// The destination of the next value of a row, so that parsers can create the value in place.
#[derive(Debug)]
pub struct RowSlot<'r>(&'r mut Vec<Value>);

impl RowSlot<'_> {
    /// Stores the value.
    #[inline(always)]
    pub fn fill(self, value: Value) {
        self.0.push(value);
    }
}

impl RowPool {
    /// Creates an empty pool for maps with these names.
    #[must_use]
    pub fn new(keys: RowKeys) -> Self {
        RowPool {
            keys,
            chunks: Chunks::default(),
            start: 0,
        }
    }

    /// Returns the names.
    #[must_use]
    pub fn keys(&self) -> &RowKeys {
        &self.keys
    }

    /// Starts a row.
    pub fn begin(&mut self) {
        let (_, table) = self
            .chunks
            .reserve(self.keys.names().len(), &CHUNK_CAPACITIES);
        if table.keys.is_none() {
            table.keys = Some(self.keys.clone());
        }
        self.start = table.values.len();
    }

    /// Returns the destination of the next value of the row; `None` before [`begin`](Self::begin).
    #[inline(always)]
    pub fn slot(&mut self) -> Option<RowSlot<'_>> {
        self.chunks
            .current()
            .map(|(_, table)| RowSlot(&mut table.values))
    }

    /// Adds the next value of the row.
    #[inline]
    pub fn push(&mut self, value: Value) {
        if let Some(slot) = self.slot() {
            slot.fill(value);
        }
    }

    /// Returns the number of values of the current row.
    #[must_use]
    #[inline]
    pub fn filled(&self) -> usize {
        self.chunks.current_len() - self.start
    }

    /// Finishes the row and returns it as a map; `None` if it does not have exactly one value per name.
    #[must_use]
    pub fn finish(&mut self) -> Option<Map> {
        let start = self.start;
        if self.filled() != self.keys.names().len() {
            return None;
        }
        let (shared, _) = self.chunks.current()?;
        Some(Map::of_row(Arc::clone(shared), start))
    }

    /// Discards the current row and returns its values.
    #[must_use]
    pub fn take(&mut self) -> Vec<Value> {
        let start = self.start;
        match self.chunks.current() {
            Some((_, table)) => table.values.drain(start..).collect(),
            None => Vec::new(),
        }
    }
}

impl RowTable {
    #[inline]
    pub(super) fn keys(&self) -> Option<&RowKeys> {
        self.keys.as_ref()
    }

    /// Returns the names, and the values of the row that starts at index `start`.
    #[inline]
    pub(super) fn row(&self, start: usize) -> (&[Str], &[Value]) {
        let names = self.keys.as_ref().map_or(&[][..], RowKeys::names);
        let values = self.values.get(start..).unwrap_or_default();
        (names, values.get(..names.len()).unwrap_or_default())
    }
}

impl Chunk for RowTable {
    fn with_capacity(capacity: usize) -> Self {
        RowTable {
            keys: None,
            values: Vec::with_capacity(capacity),
        }
    }

    #[inline]
    fn len(&self) -> usize {
        self.values.len()
    }

    #[inline]
    fn capacity(&self) -> usize {
        self.values.capacity()
    }

    fn shrink_to_fit(&mut self) {
        self.values.shrink_to_fit();
    }
}
