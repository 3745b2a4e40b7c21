//! [`Items`]: where parsers gather the items of lists.

use std::ops::RangeInclusive;

use super::members::Levels;
use super::{List, Value};

/// The items of lists that are being read, those of the outer ones first.
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
pub(super) const SIDE_BY_SIDE: RangeInclusive<usize> = 8..=256;

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

    /// Takes the items from a place on.
    fn drain(&mut self, start: usize) -> std::vec::Drain<'_, Value> {
        self.gathered.drain(start.min(self.gathered.len())..)
    }
}
