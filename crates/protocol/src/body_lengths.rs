//! [`BodyLengths`], a prediction of body lengths, to allocate once.

use std::sync::atomic::{AtomicUsize, Ordering};

use inia_core::{Error, ErrorKind};
use inia_model::{Operation, ServiceModel};

/// The longest body of each operation so far, from which the capacity of the next one is predicted.
#[derive(Debug)]
pub(crate) struct BodyLengths(Box<[AtomicUsize]>);

/// The capacity of the first body of an operation, in bytes.
const FIRST_CAPACITY: usize = 256;

/// The maximum capacity that is predicted, in bytes: one long body must not inflate all later ones.
const MAX_CAPACITY: usize = 1 << 20;

impl BodyLengths {
    /// Creates a table for a service.
    pub(crate) fn new(model: &ServiceModel) -> Self {
        BodyLengths(
            (0..model.operation_count())
                .map(|_| AtomicUsize::new(FIRST_CAPACITY))
                .collect(),
        )
    }

    /// Returns the predicted length of an operation's body, in bytes.
    pub(crate) fn predict(&self, operation: &Operation) -> usize {
        self.0
            .get(operation.index as usize)
            .map_or(FIRST_CAPACITY, |length| length.load(Ordering::Relaxed))
    }

    /// Records the length of an operation's body.
    pub(crate) fn record(&self, operation: &Operation, length: usize) {
        if let Some(recorded) = self.0.get(operation.index as usize)
            && length > recorded.load(Ordering::Relaxed)
        {
            // With some headroom over the longest so far.
            recorded.store((length + length / 8).min(MAX_CAPACITY), Ordering::Relaxed);
        }
    }
}

/// Returns the error for an operation of another service than the codec's.
#[cold]
pub(crate) fn foreign_operation(operation: &Operation) -> Error {
    Error::new(
        ErrorKind::Model,
        format!("{} is an operation of another service", operation.name),
    )
}
