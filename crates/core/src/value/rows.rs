//! [`Rows`]: maps of the same names, side by side.

use std::sync::Arc;

use super::items::SIDE_BY_SIDE;
use super::{Keys, Map, Value};
use crate::Str;
use crate::chunks::{Chunk, Chunks, Done};

/// Maps of the same names that stand side by side, as the rows of a table do.
///
/// Parsers that know a map's names ahead put its values here, one after the other. A map is not there until these rows are dropped;
/// what it holds must not come from the same rows.
///
/// ```
/// use inia_core::{Keys, Map, Rows, Value};
///
/// let mut rows = Rows::new(Keys::from_iter(["id", "total"]));
/// rows.begin();
/// rows.push(Value::Int(1));
/// rows.push(Value::Int(2));
/// let map = rows.finish();
/// drop(rows);
/// assert_eq!(map, Map::from_iter([("id", 1), ("total", 2)]));
/// ```
#[derive(Debug)]
pub struct Rows {
    keys: Keys,
    chunks: Chunks<Table>,
    /// Where the row that is being gathered begins.
    start: usize,
}

/// Rows that stand side by side: not there until the [`Rows`] that gather them are done.
pub(super) type SharedTable = Done<Table>;

/// Names, and as many values for each row.
#[derive(Debug)]
pub(super) struct Table {
    keys: Option<Keys>,
    values: Vec<Value>,
}

/// Where a value of a row goes: who has it can make the value right there.
#[derive(Debug)]
pub struct Slot<'r>(&'r mut Vec<Value>);

impl Slot<'_> {
    /// Puts the value there.
    #[inline(always)]
    pub fn fill(self, value: Value) {
        self.0.push(value);
    }
}

impl Rows {
    /// Those of these names: none so far.
    #[must_use]
    pub fn new(keys: Keys) -> Self {
        Rows {
            keys,
            chunks: Chunks::default(),
            start: 0,
        }
    }

    /// The names.
    #[must_use]
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Begins a row.
    pub fn begin(&mut self) {
        let (_, table) = self
            .chunks
            .with_room(self.keys.names().len(), &SIDE_BY_SIDE);
        if table.keys.is_none() {
            table.keys = Some(self.keys.clone());
        }
        self.start = table.values.len();
    }

    /// Where the next value of the row goes.
    #[inline(always)]
    pub fn slot(&mut self) -> Option<Slot<'_>> {
        self.chunks
            .current()
            .map(|(_, table)| Slot(&mut table.values))
    }

    /// Adds the next value of the row.
    #[inline]
    pub fn push(&mut self, value: Value) {
        if let Some(slot) = self.slot() {
            slot.fill(value);
        }
    }

    /// How many values the row has so far.
    #[must_use]
    #[inline]
    pub fn filled(&self) -> usize {
        self.chunks.length() - self.start
    }

    /// The row as a map. What is missing is null, and what is too much is left out: both are the caller's mistake.
    #[must_use]
    pub fn finish(&mut self) -> Map {
        let (start, count) = (self.start, self.keys.names().len());
        let Some((shared, table)) = self.chunks.current() else {
            return Map::new();
        };
        table.values.resize(start + count, Value::Null);
        Map::of_row(Arc::clone(shared), start)
    }

    /// Takes the values of the row that is being gathered back.
    #[must_use]
    pub fn take(&mut self) -> Vec<Value> {
        let start = self.start;
        match self.chunks.current() {
            Some((_, table)) => table.values.drain(start..).collect(),
            None => Vec::new(),
        }
    }
}

impl Table {
    /// The names, and the values of the row that begins at a place.
    #[inline]
    pub(super) fn row(&self, start: usize) -> (&[Str], &[Value]) {
        let names = self.keys.as_ref().map_or(&[][..], Keys::names);
        let values = self.values.get(start..).unwrap_or_default();
        (names, values.get(..names.len()).unwrap_or_default())
    }
}

impl Chunk for Table {
    fn with_room(room: usize) -> Self {
        Table {
            keys: None,
            values: Vec::with_capacity(room),
        }
    }

    #[inline]
    fn length(&self) -> usize {
        self.values.len()
    }

    #[inline]
    fn room(&self) -> usize {
        self.values.capacity()
    }

    fn shrink(&mut self) {
        self.values.shrink_to_fit();
    }
}
