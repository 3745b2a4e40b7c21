//! The timestamp suite of smithy-rs: formatting and parsing of `epoch-seconds`, `http-date` and `date-time`.

use std::path::Path;
use std::process::ExitCode;

use inia_core::{Timestamp, TimestampFormat};
use serde::Deserialize;

mod support;
use support::Case;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Suite {
    #[serde(rename = "description")]
    _description: Vec<String>,
    format_epoch_seconds: Vec<TimestampCase>,
    format_http_date: Vec<TimestampCase>,
    format_date_time: Vec<TimestampCase>,
    parse_epoch_seconds: Vec<TimestampCase>,
    parse_http_date: Vec<TimestampCase>,
    parse_date_time: Vec<TimestampCase>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TimestampCase {
    #[serde(rename = "iso8601")]
    _iso8601: String,
    canonical_seconds: String,
    canonical_nanos: u32,
    error: bool,
    smithy_format_value: Option<String>,
}

impl TimestampCase {
    fn timestamp(&self) -> Timestamp {
        let seconds = self
            .canonical_seconds
            .parse()
            .expect("seconds are a number");
        Timestamp::new(seconds, self.canonical_nanos)
    }
}

fn main() -> ExitCode {
    let cases = match support::conformance_dir("timestamps") {
        Some(dir) => cases(&dir),
        None => vec![Case::unavailable("the timestamp suite of smithy-rs")],
    };
    support::run("timestamps", cases)
}

fn cases(dir: &Path) -> Vec<Case> {
    let path = dir.join("date_time_format_test_suite.json");
    let text = std::fs::read_to_string(&path).expect("the suite is readable");
    let suite: Suite =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut cases = Vec::new();
    for (section, list, format) in [
        (
            "format_epoch_seconds",
            suite.format_epoch_seconds,
            TimestampFormat::UnixTimestamp,
        ),
        (
            "format_http_date",
            suite.format_http_date,
            TimestampFormat::Rfc822,
        ),
        (
            "format_date_time",
            suite.format_date_time,
            TimestampFormat::Iso8601,
        ),
    ] {
        for (index, case) in list.into_iter().enumerate() {
            cases.push(Case::new(format!("{section}-{index}"), move || {
                formats(&case, format)
            }));
        }
    }
    for (section, list, format) in [
        (
            "parse_epoch_seconds",
            suite.parse_epoch_seconds,
            TimestampFormat::UnixTimestamp,
        ),
        (
            "parse_http_date",
            suite.parse_http_date,
            TimestampFormat::Rfc822,
        ),
        (
            "parse_date_time",
            suite.parse_date_time,
            TimestampFormat::Iso8601,
        ),
    ] {
        for (index, case) in list.into_iter().enumerate() {
            cases.push(Case::new(format!("{section}-{index}"), move || {
                parses(&case, format)
            }));
        }
    }
    cases
}

fn formats(case: &TimestampCase, format: TimestampFormat) -> Result<(), String> {
    match (
        case.timestamp().try_format(format),
        &case.smithy_format_value,
    ) {
        (Ok(text), Some(expected)) if !case.error && text == *expected => Ok(()),
        (Err(_), None) if case.error => Ok(()),
        (result, expected) => Err(format!("{result:?}, expected {expected:?}")),
    }
}

fn parses(case: &TimestampCase, format: TimestampFormat) -> Result<(), String> {
    let text = case.smithy_format_value.as_deref().unwrap_or_default();
    let (strict, lenient) = (
        Timestamp::parse(text, format),
        Timestamp::parse_lenient(text),
    );
    match (strict, lenient) {
        (Ok(strict), Ok(lenient))
            if !case.error && strict == case.timestamp() && lenient == strict =>
        {
            Ok(())
        }
        (Err(_), Err(_)) if case.error => Ok(()),
        (strict, lenient) => Err(format!(
            "`{text}` is {strict:?} and {lenient:?}, not {:?}",
            case.timestamp()
        )),
    }
}
