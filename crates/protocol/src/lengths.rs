//! [`BodyLengths`]: what a wire format learns about the bodies of operations.

use std::sync::atomic::{AtomicUsize, Ordering};

use inia_core::{Error, ErrorKind};
use inia_model::{Operation, ServiceModel};

/// How long the bodies of each operation were: the next is likely as long.
#[derive(Debug)]
pub(crate) struct BodyLengths(Box<[AtomicUsize]>);

/// The room for a body when nothing is known of it.
const FIRST_CAPACITY: usize = 256;

/// The most room that is made ahead: what one long body took must not be taken for each that follows.
const MAX_CAPACITY: usize = 1 << 20;

impl BodyLengths {
    /// Nothing known yet of a service's operations.
    pub(crate) fn new(model: &ServiceModel) -> Self {
        BodyLengths(
            (0..model.operation_count())
                .map(|_| AtomicUsize::new(FIRST_CAPACITY))
                .collect(),
        )
    }

    /// How much room to make for a body of an operation.
    pub(crate) fn guess(&self, operation: &Operation) -> usize {
        self.0
            .get(operation.index as usize)
            .map_or(FIRST_CAPACITY, |length| length.load(Ordering::Relaxed))
    }

    /// Takes note of the length of a body of an operation.
    pub(crate) fn learn(&self, operation: &Operation, length: usize) {
        if let Some(known) = self.0.get(operation.index as usize)
            && length > known.load(Ordering::Relaxed)
        {
            // A little more than the longest so far.
            known.store((length + length / 8).min(MAX_CAPACITY), Ordering::Relaxed);
        }
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
