//! Expiration timestamps as written by credential files and metadata services.

use std::time::Duration;

use crate::{Result, Timestamp, TimestampFormat};

/// Parses an expiration: ISO 8601 with the zone as `Z`, as an offset, or as `UTC` (written by Python's `%Z`).
pub(crate) fn parse(text: &str) -> Result<Timestamp> {
    let text = text.trim();
    match text.strip_suffix("UTC") {
        Some(local) => Timestamp::parse(&format!("{local}Z"), TimestampFormat::Iso8601),
        None => Timestamp::parse(text, TimestampFormat::Iso8601),
    }
}

/// Formats an expiration with a resolution of seconds, as in botocore's caches.
pub(crate) fn format(expiration: Timestamp) -> String {
    Timestamp::new(expiration.seconds(), 0).format(TimestampFormat::Iso8601)
}

/// Returns the timestamp `time` after another, in whole seconds.
pub(crate) fn after(moment: Timestamp, time: Duration) -> Timestamp {
    let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    Timestamp::new(
        moment.seconds().saturating_add(seconds),
        moment.nanoseconds(),
    )
}

/// Returns the whole seconds from `now` until an expiration; negative if it has passed.
pub(crate) fn seconds_until(now: Timestamp, expiration: Timestamp) -> i64 {
    expiration.seconds().saturating_sub(now.seconds())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_all_forms_of_a_zone() {
        let expiration = Timestamp::new(1_651_516_560, 0);
        for text in [
            "2022-05-02T18:36:00Z",
            "2022-05-02T18:36:00+00:00",
            " 2022-05-02T20:36:00+02:00\n",
            "2022-05-02T18:36:00UTC",
        ] {
            assert_eq!(parse(text).unwrap(), expiration, "{text}");
        }
        assert_eq!(format(expiration), "2022-05-02T18:36:00Z");
        assert!(parse("soon").is_err());
    }
}
