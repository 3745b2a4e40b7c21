//! Which failures are worth another attempt.

use inia_core::{Error, ErrorKind, ServiceError};

/// What a failed attempt says about another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The same request would fail again.
    Final,
    /// The failure may pass.
    Transient,
    /// Calls come too fast.
    Throttled,
}

/// The codes by which services say that calls come too fast.
///
/// # Source
/// botocore `retries/standard.py:ThrottledRetryableChecker`.
const THROTTLING: &[&str] = &[
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

/// The codes by which services say that a failure may pass.
///
/// # Source
/// botocore `retries/standard.py:TransientRetryableChecker`.
const TRANSIENT: &[&str] = &[
    "RequestTimeout",
    "RequestTimeoutException",
    "PriorRequestNotComplete",
];

/// The statuses of failures that may pass.
const TRANSIENT_STATUS: &[u16] = &[500, 502, 503, 504];

/// Looks at a failed attempt.
pub(crate) fn classify(error: &Error) -> Verdict {
    match error.kind() {
        ErrorKind::Connection | ErrorKind::Timeout => Verdict::Transient,
        ErrorKind::Service => error.service().map_or(Verdict::Final, classify_service),
        _ => Verdict::Final,
    }
}

fn classify_service(error: &ServiceError) -> Verdict {
    let code = &*error.code;
    if error.throttling || THROTTLING.contains(&code) {
        Verdict::Throttled
    } else if error.retryable
        || TRANSIENT.contains(&code)
        || TRANSIENT_STATUS.contains(&error.http_status)
    {
        Verdict::Transient
    } else {
        Verdict::Final
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_told_apart() {
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
        assert_eq!(service("Throttling", 400, false), Verdict::Throttled);
        assert_eq!(service("Custom", 400, true), Verdict::Throttled);
        assert_eq!(service("InternalError", 500, false), Verdict::Transient);
        assert_eq!(service("NoSuchBucket", 404, false), Verdict::Final);
        assert_eq!(
            classify(&Error::new(ErrorKind::Timeout, "late")),
            Verdict::Transient
        );
        assert_eq!(
            classify(&Error::new(ErrorKind::Validation, "wrong")),
            Verdict::Final
        );
    }
}
