//! Expiration timestamps as written by credential files and metadata services.

use std::time::Duration;

use serde_json::Value;

use super::json::Object;
use crate::{Error, ErrorKind, Result, Timestamp, TimestampFormat};

/// The number from which an expiration is in milliseconds: the year 5138 in seconds, 1973 in milliseconds.
const MIN_MILLISECONDS: f64 = 1e11;
/// The maximum number of an expiration: the year 5138 in milliseconds.
const MAX_NUMBER: f64 = 1e14;

/// Parses an expiration: ISO 8601 with the zone as `Z`, as an offset, or as `UTC` (written by Python's `%Z`), or a number of seconds or
/// milliseconds since the epoch.
pub(crate) fn parse(text: &str) -> Result<Timestamp> {
    let text = text.trim();
    if let Ok(number) = text.parse() {
        return from_number(number);
    }
    match text.strip_suffix("UTC") {
        Some(local) => Timestamp::parse(&format!("{local}Z"), TimestampFormat::Iso8601),
        None => Timestamp::parse(text, TimestampFormat::Iso8601),
    }
}

/// Returns the expiration in a JSON object, as text or as a number; `None` if there is none.
///
/// # Errors
/// `Parse` if it is invalid: such credentials would otherwise never be refreshed.
pub(crate) fn optional(object: &Object, name: &str) -> Result<Option<Timestamp>> {
    let invalid = |error: Error| error.at(format_args!("invalid {name}"));
    match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
        Some(Value::String(text)) => parse(text).map(Some).map_err(invalid),
        Some(value) => {
            let number = value.as_f64().unwrap_or(f64::NAN);
            from_number(number).map(Some).map_err(invalid)
        }
    }
}

/// Returns the expiration in a JSON object, as text or as a number.
///
/// # Errors
/// `Parse` if it is missing or invalid.
pub(crate) fn required(object: &Object, name: &str) -> Result<Timestamp> {
    let missing = || Error::new(ErrorKind::Parse, format!("`{name}` is missing"));
    optional(object, name)?.ok_or_else(missing)
}

fn from_number(number: f64) -> Result<Timestamp> {
    if !(0.0..MAX_NUMBER).contains(&number) {
        let problem = "neither a timestamp nor a number of seconds since the epoch";
        return Err(Error::new(ErrorKind::Parse, problem));
    }
    let seconds = if number < MIN_MILLISECONDS {
        number
    } else {
        number / 1000.0
    };
    #[expect(clippy::cast_possible_truncation, reason = "within the bounds above")]
    Ok(Timestamp::new(seconds as i64, 0))
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
            "1651516560",
            "1651516560.5",
            "1651516560000",
        ] {
            assert_eq!(parse(text).unwrap(), expiration, "{text}");
        }
        assert_eq!(format(expiration), "2022-05-02T18:36:00Z");
        for text in ["soon", "NaN", "inf", "-1", "1e300"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn numbers_in_json_are_expirations() {
        for (json, seconds) in [
            (serde_json::json!({"E": 1_651_516_560}), Some(1_651_516_560)),
            (
                serde_json::json!({"E": 1_651_516_560.9}),
                Some(1_651_516_560),
            ),
            (
                serde_json::json!({"E": 1_651_516_560_000_u64}),
                Some(1_651_516_560),
            ),
            (
                serde_json::json!({"E": "2022-05-02T18:36:00Z"}),
                Some(1_651_516_560),
            ),
            (serde_json::json!({"E": null}), None),
            (serde_json::json!({"E": ""}), None),
            (serde_json::json!({}), None),
        ] {
            let expires = optional(json.as_object().unwrap(), "E").unwrap();
            assert_eq!(expires.map(Timestamp::seconds), seconds, "{json}");
        }
        for json in [
            serde_json::json!({"E": true}),
            serde_json::json!({"E": [1]}),
            serde_json::json!({"E": -5}),
            serde_json::json!({"E": "tomorrow"}),
        ] {
            assert!(optional(json.as_object().unwrap(), "E").is_err(), "{json}");
        }
    }
}
