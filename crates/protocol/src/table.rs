//! [`OperationTable`]: what a wire format works out about an operation once.

use std::sync::OnceLock;

use inia_core::{Error, ErrorKind};
use inia_model::{Operation, ServiceModel};

/// A value for each operation of a service, made on first use and kept.
#[derive(Debug)]
pub(crate) struct OperationTable<T> {
    cells: Box<[OnceLock<T>]>,
}

impl<T> OperationTable<T> {
    /// An empty table for a service.
    pub(crate) fn new(model: &ServiceModel) -> Self {
        OperationTable {
            cells: model.operations().map(|_| OnceLock::new()).collect(),
        }
    }

    /// The operation's entry, made by `make` the first time it is asked for. `None` for an operation of another service.
    #[inline]
    pub(crate) fn get_or_init(
        &self,
        operation: &Operation,
        make: impl FnOnce() -> T,
    ) -> Option<&T> {
        self.cells
            .get(operation.index as usize)
            .map(|cell| cell.get_or_init(make))
    }
}

/// The error for an operation that is not of the codec's service.
#[cold]
pub(crate) fn foreign(operation: &Operation) -> Error {
    Error::new(
        ErrorKind::Model,
        format!("{} is an operation of another service", operation.name),
    )
}
