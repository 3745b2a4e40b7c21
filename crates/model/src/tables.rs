//! [`ShapeTable`] and [`OperationTable`]: data derived from shapes and operations, computed on first use.

use std::sync::OnceLock;

use crate::{Operation, ShapeId};

/// Table with one value per shape of a service, computed on first use and kept, such as the compiled form of a shape
/// for a wire format.
#[derive(Debug)]
pub struct ShapeTable<T> {
    values: LazyTable<T>,
}

impl<T> ShapeTable<T> {
    /// Creates an empty table for a service with `shapes` shapes.
    #[must_use]
    pub fn new(shapes: usize) -> Self {
        ShapeTable {
            values: LazyTable::new(shapes),
        }
    }

    /// Returns the value for a shape, computed by `make` on first use. `None` if the shape id is out of range.
    #[inline]
    pub fn get_or_init(&self, id: ShapeId, make: impl FnOnce() -> T) -> Option<&T> {
        self.values.get_or_init(id.index(), make)
    }

    /// Returns the number of shapes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Returns whether the table is for a service without shapes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.len() == 0
    }
}

/// Table with one value per operation of a service, computed on first use and kept.
#[derive(Debug)]
pub struct OperationTable<T> {
    values: LazyTable<T>,
}

impl<T> OperationTable<T> {
    /// Creates an empty table for a service with `operations` operations.
    #[must_use]
    pub fn new(operations: usize) -> Self {
        OperationTable {
            values: LazyTable::new(operations),
        }
    }

    /// Returns the value for an operation if it has been computed.
    #[must_use]
    #[inline]
    pub fn get(&self, operation: &Operation) -> Option<&T> {
        self.values.get(operation.index as usize)
    }

    /// Returns the value for an operation, computed by `make` on first use. `None` if the operation's index is out of
    /// range.
    #[inline]
    pub fn get_or_init(&self, operation: &Operation, make: impl FnOnce() -> T) -> Option<&T> {
        self.values.get_or_init(operation.index as usize, make)
    }
}

/// Values by index, each computed on first use and kept.
///
/// Most processes use a few shapes and operations of a service. Memory is allocated in chunks, each with the first of
/// its values: page faults on unused memory would cost a new process more than all other work of a client's setup.
#[derive(Debug)]
pub(crate) struct LazyTable<T> {
    chunks: Box<[OnceLock<Chunk<T>>]>,
    count: usize,
}

type Chunk<T> = Box<[OnceLock<T>; CHUNK_LEN]>;

/// Number of values in a chunk.
const CHUNK_LEN: usize = 16;

impl<T> LazyTable<T> {
    /// Creates a table of `count` values.
    pub(crate) fn new(count: usize) -> Self {
        LazyTable {
            chunks: (0..count.div_ceil(CHUNK_LEN))
                .map(|_| OnceLock::new())
                .collect(),
            count,
        }
    }

    /// Returns the number of values.
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// Returns the value at an index if it has been computed.
    #[inline]
    fn get(&self, index: usize) -> Option<&T> {
        self.chunks
            .get(index / CHUNK_LEN)?
            .get()?
            .get(index % CHUNK_LEN)?
            .get()
    }

    /// Returns the value at an index, computed by `make` on first use. `None` if the index is out of range.
    #[inline]
    pub(crate) fn get_or_init(&self, index: usize, make: impl FnOnce() -> T) -> Option<&T> {
        if index >= self.count {
            return None;
        }
        let chunk = self.chunks.get(index / CHUNK_LEN)?;
        let chunk = chunk.get_or_init(|| Box::new([const { OnceLock::new() }; CHUNK_LEN]));
        let slot = chunk.get(index % CHUNK_LEN)?;
        Some(slot.get_or_init(make))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn computes_each_value_once_and_rejects_out_of_range() {
        for count in [0, 1, CHUNK_LEN, 3 * CHUNK_LEN + 1] {
            let values = LazyTable::new(count);
            for index in 0..count {
                assert_eq!(values.get_or_init(index, || index), Some(&index));
            }
            for index in 0..count {
                assert_eq!(values.get_or_init(index, || 0), Some(&index));
            }
            assert_eq!(values.get_or_init(count, || 0), None);
            assert_eq!(values.len(), count);
        }
    }
}
