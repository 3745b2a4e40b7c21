//! [`FailedAttempt`]: the facts that classifiers and backoffs decide by.

use inia_core::{Error, RetryClass};

/// A failed attempt of a call.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct FailedAttempt<'a> {
    /// The service's name, such as `dynamodb`.
    pub service: &'a str,
    /// The operation's name, such as `GetItem`.
    pub operation: &'a str,
    /// The number of the attempt, counted from 1.
    pub attempt: u32,
    /// The maximum number of attempts of the call.
    pub max_attempts: u32,
    /// The error of the attempt.
    pub error: &'a Error,
    /// The class of the error: for a classifier by the rules of the retry mode, and for a backoff by the classifier.
    pub class: RetryClass,
}

#[cfg(test)]
impl<'a> FailedAttempt<'a> {
    /// Creates a failed attempt at an operation `Op`.
    pub(super) fn at(service: &'a str, attempt: u32, error: &'a Error, class: RetryClass) -> Self {
        FailedAttempt {
            service,
            operation: "Op",
            attempt,
            max_attempts: 3,
            error,
            class,
        }
    }
}
