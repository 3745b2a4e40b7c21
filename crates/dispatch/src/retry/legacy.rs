//! [`LegacyRules`]: the rules of the mode `legacy`, read from `_retry.json`.

use std::time::Duration;

use inia_core::{Error, RetryClass, Str, Value};

use super::backoff::MAX_BACKOFF;
use super::classify::{THROTTLING_CODES, THROTTLING_STATUS};
use super::{Backoff, FailedAttempt};

/// The rules of a service: its own policies and those of all services.
///
/// # Source
/// botocore `translate.py:build_retry_config`, `retryhandler.py`.
#[derive(Debug)]
pub(crate) struct LegacyRules {
    max_attempts: u32,
    /// The first delay in seconds; `None` is a random one below a second.
    base: Option<f64>,
    growth: f64,
    policies: Vec<LegacyPolicy>,
}

/// Responses that are retried.
#[derive(Debug, PartialEq)]
struct LegacyPolicy {
    http_status: u16,
    /// Any code if `None`.
    code: Option<Str>,
}

impl LegacyRules {
    /// Reads the rules of a service, by its endpoint prefix.
    pub(crate) fn from_definition(definition: &Value, endpoint_prefix: &str) -> Self {
        let mut rules = LegacyRules {
            max_attempts: 5,
            base: None,
            growth: 2.0,
            policies: Vec::new(),
        };
        let services = &definition["retry"];
        let shared_policies = &definition["definitions"];
        for service in ["__default__", endpoint_prefix] {
            let entry = &services[service];
            let entry = match service {
                "__default__" => entry,
                _ => &entry["__default__"],
            };
            let max_attempts = entry["max_attempts"].as_i64();
            if let Some(max_attempts) = max_attempts.and_then(|max| u32::try_from(max).ok()) {
                rules.max_attempts = max_attempts;
            }
            let delay = &entry["delay"];
            if !delay.is_null() {
                rules.base = delay["base"].as_f64();
                rules.growth = delay["growth_factor"].as_f64().unwrap_or(2.0);
            }
            for (_, policy) in entry["policies"].as_map().into_iter().flatten() {
                let policy = match policy["$ref"].as_str() {
                    Some(name) => &shared_policies[name],
                    None => policy,
                };
                let condition = &policy["applies_when"];
                let response = &condition["response"];
                // Checksums and lost connections are retried in every mode.
                if let Some(status) = response["http_status_code"].as_i64() {
                    rules.policies.push(LegacyPolicy {
                        http_status: u16::try_from(status).unwrap_or_default(),
                        code: response["service_error_code"].as_str().map(Str::from),
                    });
                }
            }
        }
        rules
    }

    /// Returns the maximum number of attempts per call.
    pub(crate) fn max_attempts(&self) -> u32 {
        self.max_attempts
    }

    /// Classifies the error of a failed attempt.
    pub(super) fn classify(&self, error: &Error) -> RetryClass {
        let Some(response) = error.service() else {
            return error.retry_class();
        };
        let is_retryable = self.policies.iter().any(|policy| {
            policy.http_status == response.http_status
                && policy
                    .code
                    .as_ref()
                    .is_none_or(|code| *code == response.code)
        });
        let is_throttling = response.http_status == THROTTLING_STATUS
            || THROTTLING_CODES.contains(&&*response.code);
        match (is_retryable, is_throttling) {
            (false, _) => RetryClass::NotRetryable,
            (true, false) => RetryClass::Transient,
            (true, true) => RetryClass::Throttling,
        }
    }
}

impl Backoff for LegacyRules {
    /// Returns the delay, at most 20 seconds.
    ///
    /// DIFFERENCE: botocore has no maximum: after 20 attempts, it waits for days.
    fn delay(&self, failed: &FailedAttempt<'_>, jitter: f64) -> Duration {
        let exponent = i32::try_from(failed.attempt.saturating_sub(1)).unwrap_or(i32::MAX);
        let seconds = self.base.unwrap_or(jitter) * self.growth.powi(exponent);
        Duration::try_from_secs_f64(seconds).map_or(MAX_BACKOFF, |delay| delay.min(MAX_BACKOFF))
    }
}

#[cfg(all(test, feature = "builtin"))]
mod tests {
    use inia_core::{ErrorKind, ServiceError};
    use inia_model::Catalog;

    use super::*;

    #[expect(clippy::unwrap_used, reason = "test helpers may panic")]
    fn rules(endpoint_prefix: &str) -> LegacyRules {
        let catalog = Catalog::new(inia_builtin::archive());
        let definition = catalog.shared("_retry").unwrap().unwrap();
        LegacyRules::from_definition(&definition.value().unwrap(), endpoint_prefix)
    }

    #[test]
    fn rules_are_those_of_the_definition() {
        for (service, attempts, status, code, expected) in [
            ("sqs", 5, 403, "RequestThrottled", RetryClass::Throttling),
            ("ec2", 5, 403, "RequestThrottled", RetryClass::NotRetryable),
            (
                "ec2",
                5,
                503,
                "RequestLimitExceeded",
                RetryClass::Throttling,
            ),
            ("ec2", 5, 400, "Throttling", RetryClass::Throttling),
            ("ec2", 5, 403, "Throttling", RetryClass::NotRetryable),
            ("s3", 5, 400, "BadDigest", RetryClass::Transient),
            ("sqs", 5, 400, "BadDigest", RetryClass::NotRetryable),
            ("sqs", 5, 500, "InternalError", RetryClass::Transient),
            ("sqs", 5, 509, "", RetryClass::Transient),
            ("sqs", 5, 429, "", RetryClass::Throttling),
            ("sqs", 5, 501, "", RetryClass::NotRetryable),
            (
                "sqs",
                5,
                400,
                "LimitExceededException",
                RetryClass::NotRetryable,
            ),
            (
                "kinesis",
                5,
                400,
                "LimitExceededException",
                RetryClass::Throttling,
            ),
            (
                "dynamodb",
                10,
                409,
                "ReplicatedWriteConflictException",
                RetryClass::Transient,
            ),
            (
                "streams.dynamodb",
                5,
                409,
                "ReplicatedWriteConflictException",
                RetryClass::NotRetryable,
            ),
            (
                "sts",
                5,
                400,
                "IDPCommunicationError",
                RetryClass::Transient,
            ),
        ] {
            let rules = rules(service);
            let error = ServiceError {
                code: code.into(),
                http_status: status,
                // The model's trait does not count in this mode.
                retryable: true,
                ..ServiceError::default()
            };
            let class = rules.classify(&Error::from_service("Op", error));
            assert_eq!(
                (rules.max_attempts(), class),
                (attempts, expected),
                "{service} {status} {code}"
            );
        }
        let lost = Error::new(ErrorKind::Connection, "reset");
        assert_eq!(rules("sqs").classify(&lost), RetryClass::Transient);
    }

    #[test]
    fn delays_are_random_except_those_of_dynamodb() {
        let error = Error::new(ErrorKind::Connection, "reset");
        for (service, attempt, jitter, milliseconds) in [
            ("sqs", 1, 0.5, 500),
            ("sqs", 3, 0.5, 2000),
            ("sqs", 20, 0.5, 20_000),
            ("dynamodb", 1, 0.5, 50),
            ("dynamodb", 9, 0.5, 12_800),
            ("dynamodb", 4_000_000_000, 0.5, 20_000),
        ] {
            let failed = FailedAttempt::at(service, attempt, &error, RetryClass::Transient);
            let delay = rules(service).delay(&failed, jitter);
            assert_eq!(
                delay,
                Duration::from_millis(milliseconds),
                "{service} {attempt}"
            );
        }
    }

    #[test]
    fn definition_of_another_form_has_the_defaults() {
        let rules = LegacyRules::from_definition(
            &inia_core::json!({"retry": {"__default__": {"max_attempts": -1, "policies": [1]}}}),
            "s3",
        );
        assert_eq!((rules.max_attempts, rules.policies.len()), (5, 0));
    }
}
