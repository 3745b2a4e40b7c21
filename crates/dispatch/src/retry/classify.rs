//! Classifies errors for retries.

use inia_core::{Error, ErrorKind, ServiceError};

/// Classification of a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RetryClass {
    /// The same request would fail again.
    NotRetryable,
    /// A transient error.
    Transient,
    /// The service throttles the caller.
    Throttling,
}

/// Error codes of throttling.
///
/// # Source
/// botocore `retries/standard.py:ThrottledRetryableChecker`.
const THROTTLING_CODES: &[&str] = &[
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "LimitExceededException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionInProgressException",
];

/// Error codes of transient errors.
///
/// # Source
/// botocore `retries/standard.py:TransientRetryableChecker`.
const TRANSIENT_CODES: &[&str] = &[
    "RequestTimeout",
    "RequestTimeoutException",
    "PriorRequestNotComplete",
];

/// HTTP statuses of transient errors.
const TRANSIENT_STATUSES: &[u16] = &[500, 502, 503, 504];

/// Classifies the error of a failed attempt.
pub(crate) fn classify(error: &Error) -> RetryClass {
    match error.kind() {
        ErrorKind::Connection | ErrorKind::Timeout => RetryClass::Transient,
        ErrorKind::Service => error
            .service()
            .map_or(RetryClass::NotRetryable, classify_service),
        _ => RetryClass::NotRetryable,
    }
}

fn classify_service(error: &ServiceError) -> RetryClass {
    let code = &*error.code;
    if error.throttling || THROTTLING_CODES.contains(&code) {
        RetryClass::Throttling
    } else if error.retryable
        || TRANSIENT_CODES.contains(&code)
        || TRANSIENT_STATUSES.contains(&error.http_status)
    {
        RetryClass::Transient
    } else {
        RetryClass::NotRetryable
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classifies_errors() {
        let service = |code: &str, http_status, throttling| {
            classify(&Error::from_service(
                "Op",
                ServiceError {
                    code: code.into(),
                    http_status,
                    throttling,
                    ..ServiceError::default()
                },
            ))
        };
        assert_eq!(service("Throttling", 400, false), RetryClass::Throttling);
        assert_eq!(service("Custom", 400, true), RetryClass::Throttling);
        assert_eq!(service("InternalError", 500, false), RetryClass::Transient);
        assert_eq!(
            service("NoSuchBucket", 404, false),
            RetryClass::NotRetryable
        );
        assert_eq!(
            classify(&Error::new(ErrorKind::Timeout, "late")),
            RetryClass::Transient
        );
        assert_eq!(
            classify(&Error::new(ErrorKind::Validation, "wrong")),
            RetryClass::NotRetryable
        );
    }
}
