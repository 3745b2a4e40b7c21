//! [`ShapeTable`] and [`OperationTable`]: what is worked out once about each shape and operation, on first use.

use std::sync::OnceLock;

use crate::{Operation, ShapeId};

/// A value for each shape of a service, made on first use and kept: what a wire format works out about a shape once.
#[derive(Debug)]
pub struct ShapeTable<T> {
    cells: Cells<T>,
}

impl<T> ShapeTable<T> {
    /// An empty table for a service with `shapes` shapes.
    #[must_use]
    pub fn new(shapes: usize) -> Self {
        ShapeTable {
            cells: Cells::new(shapes),
        }
    }

    /// The shape's entry, made by `make` the first time it is asked for. `None` for a shape of another service.
    #[inline]
    pub fn get_or_init(&self, id: ShapeId, make: impl FnOnce() -> T) -> Option<&T> {
        self.cells.get_or_init(id.index(), make)
    }

    /// How many shapes the table is for.
    #[must_use]
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether the table is for no shape at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cells.len() == 0
    }
}

/// A value for each operation of a service, made on first use and kept, as a [`ShapeTable`] has one for each shape.
#[derive(Debug)]
pub struct OperationTable<T> {
    cells: Cells<T>,
}

impl<T> OperationTable<T> {
    /// An empty table for a service with `operations` operations.
    #[must_use]
    pub fn new(operations: usize) -> Self {
        OperationTable {
            cells: Cells::new(operations),
        }
    }

    /// The operation's entry, if it has been made.
    #[must_use]
    #[inline]
    pub fn get(&self, operation: &Operation) -> Option<&T> {
        self.cells.get(operation.index as usize)
    }

    /// The operation's entry, made by `make` the first time it is asked for. `None` for an operation of another service.
    #[inline]
    pub fn get_or_init(&self, operation: &Operation, make: impl FnOnce() -> T) -> Option<&T> {
        self.cells.get_or_init(operation.index as usize, make)
    }
}

/// Values by number, each made on first use and kept.
///
/// A process mostly asks for a few of the shapes and operations of a service. They stand in blocks that are made with the first of
/// theirs: memory that nobody asked for is not touched, which costs a new process more than all else that a client needs.
#[derive(Debug)]
pub(crate) struct Cells<T> {
    blocks: Box<[OnceLock<Block<T>>]>,
    count: usize,
}

type Block<T> = Box<[OnceLock<T>; BLOCK]>;

/// How many values stand in a block.
const BLOCK: usize = 16;

impl<T> Cells<T> {
    /// No value yet of so many.
    pub(crate) fn new(count: usize) -> Self {
        Cells {
            blocks: (0..count.div_ceil(BLOCK))
                .map(|_| OnceLock::new())
                .collect(),
            count,
        }
    }

    /// How many values there may be.
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// The value of a number, if it has been made.
    #[inline]
    fn get(&self, number: usize) -> Option<&T> {
        self.blocks
            .get(number / BLOCK)?
            .get()?
            .get(number % BLOCK)?
            .get()
    }

    /// The value of a number, made by `make` the first time it is asked for. `None` for a number that is too high.
    #[inline]
    pub(crate) fn get_or_init(&self, number: usize, make: impl FnOnce() -> T) -> Option<&T> {
        if number >= self.count {
            return None;
        }
        let block = self.blocks.get(number / BLOCK)?;
        let block = block.get_or_init(|| Box::new([const { OnceLock::new() }; BLOCK]));
        let cell = block.get(number % BLOCK)?;
        Some(cell.get_or_init(make))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_is_made_once_and_none_beyond_the_last() {
        for count in [0, 1, BLOCK, 3 * BLOCK + 1] {
            let cells = Cells::new(count);
            for number in 0..count {
                assert_eq!(cells.get_or_init(number, || number), Some(&number));
            }
            for number in 0..count {
                assert_eq!(cells.get_or_init(number, || 0), Some(&number));
            }
            assert_eq!(cells.get_or_init(count, || 0), None);
            assert_eq!(cells.len(), count);
        }
    }
}
