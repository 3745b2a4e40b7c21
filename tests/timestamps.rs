//! The timestamp suite of smithy-rs: `epoch-seconds`, `http-date` and `date-time`, formatted and parsed.

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
    format_epoch_seconds: Vec<Given>,
    format_http_date: Vec<Given>,
    format_date_time: Vec<Given>,
    parse_epoch_seconds: Vec<Given>,
    parse_http_date: Vec<Given>,
    parse_date_time: Vec<Given>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    #[serde(rename = "iso8601")]
    _iso8601: String,
    canonical_seconds: String,
    canonical_nanos: u32,
    error: bool,
    smithy_format_value: Option<String>,
}

impl Given {
    fn moment(&self) -> Timestamp {
        let seconds = self.canonical_seconds.parse().expect("a number of seconds");
        Timestamp::new(seconds, self.canonical_nanos)
    }
}

fn main() -> ExitCode {
    let cases = match support::conformance_dir("timestamps") {
        Some(dir) => cases(&dir),
        None => vec![Case::absent("the timestamp suite of smithy-rs")],
    };
    support::run("timestamps", cases)
}

fn cases(dir: &Path) -> Vec<Case> {
    let path = dir.join("date_time_format_test_suite.json");
    let text = std::fs::read_to_string(&path).expect("the suite can be read");
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
        for (index, given) in list.into_iter().enumerate() {
            cases.push(Case::new(format!("{section}-{index}"), move || {
                formats(&given, format)
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
        for (index, given) in list.into_iter().enumerate() {
            cases.push(Case::new(format!("{section}-{index}"), move || {
                parses(&given, format)
            }));
        }
    }
    cases
}

fn formats(given: &Given, format: TimestampFormat) -> Result<(), String> {
    match (
        given.moment().try_format(format),
        &given.smithy_format_value,
    ) {
        (Ok(text), Some(wanted)) if !given.error && text == *wanted => Ok(()),
        (Err(_), None) if given.error => Ok(()),
        (result, wanted) => Err(format!("{result:?}, not {wanted:?}")),
    }
}

fn parses(given: &Given, format: TimestampFormat) -> Result<(), String> {
    let text = given.smithy_format_value.as_deref().unwrap_or_default();
    let (strict, lenient) = (
        Timestamp::parse(text, format),
        Timestamp::parse_lenient(text),
    );
    match (strict, lenient) {
        (Ok(strict), Ok(lenient))
            if !given.error && strict == given.moment() && lenient == strict =>
        {
            Ok(())
        }
        (Err(_), Err(_)) if given.error => Ok(()),
        (strict, lenient) => Err(format!(
            "`{text}` is {strict:?} and {lenient:?}, not {:?}",
            given.moment()
        )),
    }
}
