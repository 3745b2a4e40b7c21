//! Classifies errors for retries.

use inia_core::{Error, RetryClass, ServiceError};

use super::FailedAttempt;

/// Decides whether a failed attempt is retried. Any function of the failed attempt is one.
pub trait RetryClassifier: Send + Sync {
    /// Returns the class of the failed attempt: `failed.class` to leave it as the retry mode has it. An error that is not retryable ends
    /// the call.
    fn classify(&self, failed: &FailedAttempt<'_>) -> RetryClass;
}

impl<F: Fn(&FailedAttempt<'_>) -> RetryClass + Send + Sync> RetryClassifier for F {
    fn classify(&self, failed: &FailedAttempt<'_>) -> RetryClass {
        self(failed)
    }
}

/// Error codes of throttling.
///
/// # Source
/// botocore `retries/standard.py:ThrottledRetryableChecker`.
pub(super) const THROTTLING_CODES: &[&str] = &[
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

/// Status of throttling, unless the error is a modeled one.
pub(super) const THROTTLING_STATUS: u16 = 429;

/// Transient errors of single services.
///
/// # Source
/// botocore `retries/special.py`.
const TRANSIENT_SERVICE_CODES: &[(&str, &str)] = &[("sts", "IDPCommunicationError")];

/// Classifies the error of a failed attempt at an operation of `service`, in the modes `standard` and `adaptive`.
pub(super) fn classify(service: &str, error: &Error) -> RetryClass {
    match error.service() {
        Some(response) => classify_response(service, response),
        None => error.retry_class(),
    }
}

fn classify_response(service: &str, error: &ServiceError) -> RetryClass {
    let code = &*error.code;
    let is_throttling_status = error.http_status == THROTTLING_STATUS && error.shape.is_none();
    if error.throttling || THROTTLING_CODES.contains(&code) || is_throttling_status {
        RetryClass::Throttling
    } else if error.retryable
        || TRANSIENT_CODES.contains(&code)
        || TRANSIENT_STATUSES.contains(&error.http_status)
        || TRANSIENT_SERVICE_CODES.contains(&(service, code))
    {
        RetryClass::Transient
    } else {
        RetryClass::NotRetryable
    }
}

#[cfg(test)]
mod tests {
    use inia_core::ErrorKind;

    use super::*;

    fn response(code: &str, http_status: u16) -> ServiceError {
        ServiceError {
            code: code.into(),
            http_status,
            ..ServiceError::default()
        }
    }

    #[test]
    fn classifies_errors() {
        let class = |service: &str, error: ServiceError| {
            classify(service, &Error::from_service("Op", error))
        };
        for (service, error, expected) in [
            ("s3", response("Throttling", 400), RetryClass::Throttling),
            ("s3", response("InternalError", 500), RetryClass::Transient),
            (
                "s3",
                response("NoSuchBucket", 404),
                RetryClass::NotRetryable,
            ),
            ("s3", response("429", 429), RetryClass::Throttling),
            ("s3", response("", 429), RetryClass::Throttling),
            ("s3", response("NotListed", 429), RetryClass::Throttling),
            ("s3", response("", 500), RetryClass::Transient),
            ("s3", response("", 502), RetryClass::Transient),
            ("s3", response("BadError", 503), RetryClass::Transient),
            ("s3", response("", 504), RetryClass::Transient),
            ("s3", response("", 501), RetryClass::NotRetryable),
            ("s3", response("", 400), RetryClass::NotRetryable),
            ("s3", response("RequestTimeout", 400), RetryClass::Transient),
            (
                "glacier",
                response("RequestTimeoutException", 408),
                RetryClass::Transient,
            ),
            (
                "s3",
                response("PriorRequestNotComplete", 400),
                RetryClass::Throttling,
            ),
            ("ec2", response("SlowDown", 503), RetryClass::Throttling),
            (
                "kms",
                response("LimitExceededException", 400),
                RetryClass::Throttling,
            ),
            (
                "sts",
                response("IDPCommunicationError", 400),
                RetryClass::Transient,
            ),
            (
                "iam",
                response("IDPCommunicationError", 400),
                RetryClass::NotRetryable,
            ),
        ] {
            assert_eq!(class(service, error.clone()), expected, "{error:?}");
        }
        let modeled = ServiceError {
            shape: Some("TooManyTags".into()),
            ..response("TooManyTags", 429)
        };
        assert_eq!(class("s3", modeled), RetryClass::NotRetryable);
        let modeled = ServiceError {
            throttling: true,
            ..response("Custom", 400)
        };
        assert_eq!(class("s3", modeled), RetryClass::Throttling);
        for (kind, expected) in [
            (ErrorKind::Timeout, RetryClass::Transient),
            (ErrorKind::Connection, RetryClass::Transient),
            (ErrorKind::Validation, RetryClass::NotRetryable),
            (ErrorKind::Stream, RetryClass::NotRetryable),
        ] {
            assert_eq!(classify("s3", &Error::new(kind, "failed")), expected);
        }
        let corrupt =
            Error::new(ErrorKind::Stream, "checksum").with_retry_class(RetryClass::Transient);
        assert_eq!(classify("dynamodb", &corrupt), RetryClass::Transient);
    }
}
