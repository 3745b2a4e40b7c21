//! [`Items`]: where parsers gather the items of lists; [`Rows`]: maps of the same names, side by side.

use std::ops::RangeInclusive;
use std::sync::Arc;

use super::members::Levels;
use super::{Keys, List, Map, Value};
use crate::Str;
use crate::chunks::{Chunk, Chunks, Done};

/// The items of lists that are being read, those of the outer ones first, and the values of maps whose names are known.
///
/// Parsers gather the items of all levels in one of these, and cut off those of each list when it is complete, as they do with
/// [`Members`](super::Members).
///
/// ```
/// use inia_core::{Items, List, Value};
///
/// let mut items = Items::new();
/// items.push(Value::Int(1));
/// items.push(Value::Int(2));
/// assert_eq!(items.split_off(1), List::from_iter([2]));
/// assert_eq!(items.len(), 1);
/// ```
#[derive(Debug, Default)]
pub struct Items {
    gathered: Vec<Value>,
    /// Those of short lists.
    short: Levels,
    /// How many items the first chunk has room for.
    room: usize,
}

/// How many items a list may have to be put side by side with others.
const SHORT: usize = 64;

/// How many values may stand side by side: a list or map that is kept for long keeps at most 6 KiB of others, and what those hold.
const SIDE_BY_SIDE: RangeInclusive<usize> = 8..=256;

/// How many bytes of a text there are for each item of a short list, where it has many.
const TEXT_OF_AN_ITEM: usize = 64;

impl Items {
    /// None, without allocating.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// None, for a text of so many bytes: what is put side by side is given room for as many as there may be.
    #[must_use]
    pub fn for_text(length: usize) -> Self {
        Items {
            room: length / TEXT_OF_AN_ITEM,
            ..Self::default()
        }
    }

    /// How many items there are.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        self.gathered.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.gathered.is_empty()
    }

    /// Adds an item.
    #[inline]
    pub fn push(&mut self, value: Value) {
        self.gathered.push(value);
    }

    /// Cuts the items from a place on off, as a list of exactly their size.
    #[must_use]
    pub fn split_off(&mut self, start: usize) -> List {
        List::own(self.drain(start).collect())
    }

    /// As [`split_off`](Self::split_off), of a list that is nested this deep: few items are put beside those of other lists, and are
    /// not there until this is dropped. What they hold must be nested deeper than `level`, if it comes from here.
    ///
    /// ```
    /// use inia_core::{Items, List, Value};
    ///
    /// let mut items = Items::new();
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
        let chunks = if length > SHORT {
            None
        } else {
            self.short.at(level)
        };
        let Some(chunks) = chunks else {
            return self.split_off(start);
        };
        let first = self.room.clamp(*SIDE_BY_SIDE.start(), *SIDE_BY_SIDE.end());
        let (values, chunk) = chunks.with_room(length, &(first..=*SIDE_BY_SIDE.end()));
        let list = List::pooled(values, chunk.len(), length);
        chunk.extend(self.gathered.drain(start..));
        list
    }

    /// Cuts the items from a place on off, as a map that is nested this deep and has the names of others: as many values as there are
    /// names. They are put beside those of the others, and are not there until `rows` is dropped. What they hold must be nested
    /// deeper than `level`, if it comes from here.
    ///
    /// ```
    /// use inia_core::{Items, Keys, Map, Rows, Value};
    ///
    /// let mut items = Items::new();
    /// let mut rows = Rows::new(Keys::from_iter(["id", "total"]));
    /// items.push(Value::Int(1));
    /// items.push(Value::Int(2));
    /// let map = items.split_off_keyed(0, 3, &mut rows);
    /// drop(rows);
    /// assert_eq!(map, Map::from_iter([("id", 1), ("total", 2)]));
    /// ```
    #[must_use]
    #[inline]
    pub fn split_off_keyed(&mut self, start: usize, level: usize, rows: &mut Rows) -> Map {
        rows.add(level, self.drain(start))
    }

    /// Takes the items from a place on.
    pub fn drain(&mut self, start: usize) -> std::vec::Drain<'_, Value> {
        self.gathered.drain(start.min(self.gathered.len())..)
    }
}

/// Maps of the same names that stand side by side, as the rows of a table do.
#[derive(Debug)]
pub struct Rows {
    keys: Keys,
    /// How deep the maps are nested: what they hold is nested deeper, so that no chunk holds itself.
    level: usize,
    chunks: Chunks<Table>,
}

/// Rows that stand side by side: not there until the [`Rows`] that gather them are done.
pub(super) type SharedTable = Done<Table>;

/// Names, and as many values for each row.
#[derive(Debug)]
pub(super) struct Table {
    keys: Option<Keys>,
    values: Vec<Value>,
}

impl Rows {
    /// Those of these names: none so far.
    #[must_use]
    pub fn new(keys: Keys) -> Self {
        Rows {
            keys,
            level: 0,
            chunks: Chunks::default(),
        }
    }

    /// The names.
    #[must_use]
    #[inline]
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    #[inline]
    fn add(&mut self, level: usize, values: std::vec::Drain<'_, Value>) -> Map {
        if self.level != level {
            self.chunks.finish();
            self.level = level;
        }
        let count = self.keys.names().len();
        let (table, chunk) = self.chunks.with_room(count, &SIDE_BY_SIDE);
        if chunk.keys.is_none() {
            chunk.keys = Some(self.keys.clone());
        }
        let start = chunk.values.len();
        chunk.values.extend(values);
        // A row with more values or fewer, which is the caller's mistake, must not shift the next one.
        if chunk.values.len() != start + count {
            chunk.values.resize(start + count, Value::Null);
        }
        Map::of_row(Arc::clone(table), start)
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
