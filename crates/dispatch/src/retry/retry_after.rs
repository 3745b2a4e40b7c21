//! Delays that a service states in its response.

use std::time::Duration;

use inia_core::{Error, Timestamp, TimestampFormat};

/// Maximum time that a stated delay adds to the computed one.
const MAX_ADDITIONAL: Duration = Duration::from_secs(5);

/// Returns the delay before the next attempt: the stated one, but neither less than the computed delay nor five seconds more than it.
///
/// # Source
/// botocore `retries/standard.py:ExponentialBackoff.delay_amount`.
pub(super) fn delay(computed: Duration, error: &Error, now: Timestamp) -> Duration {
    match stated_delay(error, now) {
        Some(stated) => stated.clamp(computed, computed.saturating_add(MAX_ADDITIONAL)),
        None => computed,
    }
}

/// Returns the delay in `x-amz-retry-after`, in milliseconds, or else in `retry-after`, in seconds or as a date.
///
/// DIFFERENCE: botocore does not read `retry-after`.
fn stated_delay(error: &Error, now: Timestamp) -> Option<Duration> {
    let response = error.service()?;
    if let Some(text) = response.header("x-amz-retry-after") {
        return text.trim().parse().ok().map(Duration::from_millis);
    }
    let text = response.header("retry-after")?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = Timestamp::parse(text, TimestampFormat::Rfc822).ok()?;
    let seconds = date.seconds().saturating_sub(now.seconds());
    Some(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use inia_core::ServiceError;

    use super::*;

    #[test]
    fn stated_delay_is_clamped() {
        // 2026-01-02T03:04:05Z
        let now = Timestamp::new(1_767_323_045, 0);
        for (name, value, computed, milliseconds) in [
            // botocore's cases.
            ("x-amz-retry-after", "1500", 50, 1500),
            ("x-amz-retry-after", "0", 50, 50),
            ("x-amz-retry-after", "10000", 50, 5050),
            ("x-amz-retry-after", "invalid", 50, 50),
            ("x-amz-retry-after", "-100", 50, 50),
            ("x-amz-retry-after", "18446744073709551615", 50, 5050),
            ("x-amz-retry-after", "99999999999999999999", 50, 50),
            ("retry-after", "2", 50, 2000),
            ("retry-after", "120", 50, 5050),
            ("retry-after", "0", 50, 50),
            ("retry-after", "1.5", 50, 50),
            ("retry-after", "Fri, 02 Jan 2026 03:04:08 GMT", 50, 3000),
            ("retry-after", "Fri, 02 Jan 2026 03:04:01 GMT", 50, 50),
            ("retry-after", "Fri, 31 Dec 9999 23:59:59 GMT", 50, 5050),
            ("date", "Fri, 02 Jan 2026 03:04:08 GMT", 50, 50),
        ] {
            let error = ServiceError {
                headers: vec![(name.into(), value.into())],
                ..ServiceError::default()
            };
            let error = Error::from_service("Op", error);
            assert_eq!(
                delay(Duration::from_millis(computed), &error, now),
                Duration::from_millis(milliseconds),
                "{name}: {value}"
            );
        }
        let both = ServiceError {
            headers: vec![
                ("retry-after".into(), "3".into()),
                ("x-amz-retry-after".into(), "100".into()),
            ],
            ..ServiceError::default()
        };
        let both = Error::from_service("Op", both);
        assert_eq!(
            delay(Duration::ZERO, &both, now),
            Duration::from_millis(100)
        );
    }
}
