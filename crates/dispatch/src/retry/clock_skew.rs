//! [`ClockSkew`]: the difference between the clocks of a service and of this machine.

use std::sync::atomic::{AtomicI64, Ordering};

use inia_core::{ServiceError, Timestamp, TimestampFormat};

/// Codes of errors that a wrong clock may cause.
const SKEWED_CODES: [&str; 6] = [
    "AuthFailure",
    "InvalidSignatureException",
    "RequestExpired",
    "RequestInTheFuture",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
];

/// Minimum skew that causes these errors, in seconds. Services accept five minutes or more.
const MIN_SKEW: i64 = 240;

/// Maximum skew that is corrected, in seconds: seven days, the longest validity of a SigV4 signature. A signature of a later date would
/// remain valid for longer than any signature that a correct clock can make, so a `date` header cannot cause one.
const MAX_SKEW: i64 = 7 * 24 * 60 * 60;

/// Clock skew of a client, from the last error that a wrong clock caused.
#[derive(Debug, Default)]
pub(crate) struct ClockSkew(AtomicI64);

impl ClockSkew {
    /// Returns the skew in seconds; positive if the service's clock is ahead.
    pub(crate) fn seconds(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Corrects the skew by the response's `date` header if the error says that the request's time is wrong. `signed_with` is the skew
    /// that the request was signed with, and `now` the local time. Returns true if another skew applies now, so that a request signed
    /// with it may succeed.
    ///
    /// DIFFERENCE: botocore signs with the local clock, and fails while it is wrong.
    pub(crate) fn correct(&self, error: &ServiceError, signed_with: i64, now: Timestamp) -> bool {
        if !SKEWED_CODES.contains(&&*error.code) {
            return false;
        }
        let Some(service_time) = error
            .header("date")
            .and_then(|date| Timestamp::parse(date, TimestampFormat::Rfc822).ok())
        else {
            return false;
        };
        let skew = service_time.seconds().saturating_sub(now.seconds());
        if skew.abs() > MAX_SKEW {
            tracing::warn!(
                skew,
                "the service's time differs from the local clock by more than seven days; not used"
            );
            return false;
        }
        if skew.saturating_sub(signed_with).abs() < MIN_SKEW {
            return false;
        }
        // Concurrent calls that were signed with the same wrong time correct it to about the same skew.
        if self.0.swap(skew, Ordering::Relaxed) == signed_with {
            tracing::warn!(
                skew,
                "the local clock differs from the service's; signing with the service's time"
            );
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(date: &str) -> ServiceError {
        ServiceError {
            code: "RequestTimeTooSkewed".into(),
            headers: vec![("date".into(), date.into())],
            ..ServiceError::default()
        }
    }

    #[test]
    fn corrects_a_clock_within_seven_days_only() {
        // 2026-01-02T03:04:05Z
        let now = Timestamp::new(1_767_323_045, 0);
        for (date, signed_with, corrected) in [
            ("Fri, 02 Jan 2026 04:04:05 GMT", 0, Some(3600)),
            ("Fri, 26 Dec 2025 04:04:05 GMT", 0, Some(-601_200)),
            // The request was signed with this skew already.
            ("Fri, 02 Jan 2026 04:04:05 GMT", 3500, None),
            // The clock was set after an earlier correction.
            ("Fri, 02 Jan 2026 03:04:05 GMT", 3600, Some(0)),
            ("Fri, 02 Jan 2026 03:06:05 GMT", 0, None),
            ("Fri, 31 Dec 9999 23:59:59 GMT", 0, None),
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0, None),
            ("Sat, 10 Jan 2026 03:04:05 GMT", 0, None),
            ("yesterday", 0, None),
        ] {
            let skew = ClockSkew(AtomicI64::new(signed_with));
            let changed = skew.correct(&refused(date), signed_with, now);
            assert_eq!(changed.then(|| skew.seconds()), corrected, "{date}");
        }
        let other = ServiceError {
            code: "AccessDenied".into(),
            ..refused("Fri, 02 Jan 2026 04:04:05 GMT")
        };
        assert!(!ClockSkew::default().correct(&other, 0, now));
    }
}
