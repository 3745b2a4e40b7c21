//! Moments in time as credential files and metadata services write them.

use std::time::Duration;

use crate::{Result, Timestamp, TimestampFormat};

/// Reads an expiration: ISO 8601, with the zone as `Z`, as an offset, or as the `UTC` that Python's `%Z` writes.
pub(crate) fn parse(text: &str) -> Result<Timestamp> {
    let text = text.trim();
    match text.strip_suffix("UTC") {
        Some(local) => Timestamp::parse(&format!("{local}Z"), TimestampFormat::Iso8601),
        None => Timestamp::parse(text, TimestampFormat::Iso8601),
    }
}

/// Writes an expiration to the second, as botocore's caches have it.
pub(crate) fn format(moment: Timestamp) -> String {
    Timestamp::new(moment.seconds(), 0).format(TimestampFormat::Iso8601)
}

/// A moment some time after another.
pub(crate) fn after(moment: Timestamp, time: Duration) -> Timestamp {
    let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    Timestamp::new(
        moment.seconds().saturating_add(seconds),
        moment.nanoseconds(),
    )
}

/// Whole seconds from one moment until another; less than 0 where it has passed.
pub(crate) fn seconds_until(now: Timestamp, moment: Timestamp) -> i64 {
    moment.seconds().saturating_sub(now.seconds())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_forms_of_a_zone_are_read() {
        let moment = Timestamp::new(1_651_516_560, 0);
        for text in [
            "2022-05-02T18:36:00Z",
            "2022-05-02T18:36:00+00:00",
            " 2022-05-02T20:36:00+02:00\n",
            "2022-05-02T18:36:00UTC",
        ] {
            assert_eq!(parse(text).unwrap(), moment, "{text}");
        }
        assert_eq!(format(moment), "2022-05-02T18:36:00Z");
        assert!(parse("soon").is_err());
    }
}
