//! Compares what the package and inia did.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value as Json;

use super::corpus::Case;
use super::peer::{Exchange, RunResult};

/// What is different.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aspect {
    Calls,
    Url,
    Headers,
    Body,
    Status,
    Stdout,
    Stderr,
    Files,
}

impl Aspect {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Aspect::Calls => "calls",
            Aspect::Url => "url",
            Aspect::Headers => "headers",
            Aspect::Body => "body",
            Aspect::Status => "status",
            Aspect::Stdout => "stdout",
            Aspect::Stderr => "stderr",
            Aspect::Files => "files",
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Difference {
    pub(crate) aspect: Aspect,
    pub(crate) detail: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.aspect.name(), self.detail)
    }
}

/// Returns all differences.
pub(crate) fn compare(case: &Case, expected: &RunResult, actual: &RunResult) -> Vec<Difference> {
    let mut differences = Vec::new();
    let mut add = |aspect, detail: String| differences.push(Difference { aspect, detail });
    let status = expected_status(expected);
    if status != actual.status {
        let message = if actual.status == 0 {
            &expected.stderr
        } else {
            &actual.stderr
        };
        add(
            Aspect::Status,
            format!(
                "expected {status}, got {}: {}",
                actual.status,
                first_lines(message)
            ),
        );
    }
    if expected.exchanges.len() != actual.exchanges.len() {
        add(
            Aspect::Calls,
            format!(
                "expected {}, got {}",
                expected.exchanges.len(),
                actual.exchanges.len()
            ),
        );
    }
    for (expected, actual) in expected.exchanges.iter().zip(&actual.exchanges) {
        let (url, actual_url) = (
            format!("{} {}", expected.method, normal_url(&expected.url)),
            format!("{} {}", actual.method, normal_url(&actual.url)),
        );
        if url != actual_url {
            add(Aspect::Url, format!("expected {url}, got {actual_url}"));
        }
        let (headers, actual_headers) = (compared_headers(expected), compared_headers(actual));
        if headers != actual_headers {
            add(
                Aspect::Headers,
                format!("expected {headers:?}, got {actual_headers:?}"),
            );
        }
        let (body, actual_body) = (normal_body(expected), normal_body(actual));
        if body != actual_body {
            add(Aspect::Body, format!("expected {body}, got {actual_body}"));
        }
    }
    if status == 0 && expected.stdout != actual.stdout && !is_help(case) {
        add(
            Aspect::Stdout,
            first_difference(&expected.stdout, &actual.stdout),
        );
    }
    let (error, actual_error) = (
        error_message(&expected.stderr),
        error_message(&actual.stderr),
    );
    if status == 254 && error != actual_error {
        add(Aspect::Stderr, first_difference(error, actual_error));
    }
    if expected.files != actual.files {
        let names = |result: &RunResult| -> Vec<String> {
            let files = result.files.iter();
            files
                .map(|(name, contents)| format!("{name}: {}", String::from_utf8_lossy(contents)))
                .collect()
        };
        add(
            Aspect::Files,
            format!("expected {:?}, got {:?}", names(expected), names(actual)),
        );
    }
    differences
}

/// Returns an error without what version 2 adds to it: a prefix, and the modeled members.
fn error_message(text: &str) -> &str {
    let text = text.trim();
    let text = text.strip_prefix("aws: [ERROR]: ").unwrap_or(text);
    text.split_once("\n\nAdditional error details:")
        .map_or(text, |(message, _)| message)
}

/// Help is rendered by different programs.
fn is_help(case: &Case) -> bool {
    case.words.last().is_some_and(|word| word == "help")
}

/// Returns the exit code of version 2, which distinguishes errors that version 1 reports as 255 or 2.
fn expected_status(result: &RunResult) -> i64 {
    let text = &result.stderr;
    match result.status {
        0 => 0,
        130 => 130,
        _ if text.contains("An error occurred (") => 254,
        _ if text.contains("Unknown cli_timestamp_format") => 253,
        _ if text.contains("Unable to locate credentials")
            || text.contains("You must specify a region")
            || text.contains("could not be found") =>
        {
            253
        }
        255 if text.contains("Waiter ") => 255,
        255 if text.contains("Could not connect") || text.contains("bytes expected") => 255,
        _ => 252,
    }
}

fn first_lines(text: &str) -> String {
    text.trim().chars().take(300).collect()
}

fn first_difference(expected: &str, actual: &str) -> String {
    let mut lines = expected.lines().zip(actual.lines()).enumerate();
    match lines.find(|(_, (expected, actual))| expected != actual) {
        Some((number, (expected, actual))) => {
            format!("line {}: expected {expected:?}, got {actual:?}", number + 1)
        }
        None => format!(
            "expected {} bytes that end with {:?}, got {} that end with {:?}",
            expected.len(),
            expected.lines().last().unwrap_or_default(),
            actual.len(),
            actual.lines().last().unwrap_or_default()
        ),
    }
}

/// Returns a URL with a sorted query, masked random values, and the host of version 2.
fn normal_url(url: &str) -> String {
    let (address, query) = url.split_once('?').unwrap_or((url, ""));
    let mut pairs: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty()).collect();
    pairs.sort_unstable();
    // Version 1 uses endpoints of SQS and EMR that have a certificate with a common name.
    let mut address = address.to_owned();
    for (old, service) in [("queue", "sqs"), ("elasticmapreduce", "elasticmapreduce")] {
        if let Some((scheme, path)) = address.split_once(&format!(".{old}.amazonaws.com")) {
            let region = scheme.trim_start_matches("https://");
            address = format!("https://{service}.{region}.amazonaws.com{path}");
        }
    }
    let address = address.trim_end_matches('/').replace(":443", "");
    mask(&format!("{address}?{}", pairs.join("&")))
}

/// Headers of the transport and of the signature, which other tests compare.
const SKIPPED_HEADERS: &[&str] = &[
    "accept",
    "accept-encoding",
    "amz-sdk-invocation-id",
    "amz-sdk-request",
    "authorization",
    "connection",
    "content-length",
    "expect",
    "host",
    "transfer-encoding",
    "user-agent",
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-security-token",
    "x-amz-user-agent",
];

fn compared_headers(exchange: &Exchange) -> BTreeMap<String, String> {
    let is_compared = |name: &str| {
        // `content-type: application/xml` is sent by inia and by version 2 of the AWS CLI, which has the newer botocore.
        !SKIPPED_HEADERS.contains(&name)
            && !(name == "content-type"
                && (exchange.body.is_empty() || exchange.body.starts_with(b"<")))
            // Empty elements of XML have two forms.
            && !(name == "x-amz-checksum-crc32" && exchange.body.starts_with(b"<"))
    };
    let headers = exchange.headers.iter();
    headers
        .filter(|(name, _)| is_compared(name))
        .map(|(name, value)| (name.clone(), mask(value)))
        .collect()
}

/// Returns a body in a form in which equal bodies are equal: sorted fields of a form, canonical JSON, decoded chunks, masked random
/// values.
fn normal_body(exchange: &Exchange) -> String {
    let header = |name: &str| {
        let mut headers = exchange.headers.iter();
        headers
            .find(|(other, _)| other == name)
            .map_or("", |(_, value)| &**value)
    };
    let body = if header("content-encoding").contains("aws-chunked") {
        unchunked(&exchange.body)
    } else {
        exchange.body.clone()
    };
    let text = String::from_utf8_lossy(&body).into_owned();
    if header("content-type").starts_with("application/x-www-form-urlencoded") {
        let text = text.replace('+', "%20");
        let mut fields: Vec<&str> = text.split('&').collect();
        fields.sort_unstable();
        return mask(&fields.join("&"));
    }
    match serde_json::from_slice::<Json>(&body) {
        Ok(json) => mask(&canonical(&json)),
        Err(_) => mask(&text.replace(" />", "/>").replace("><", ">\n<"))
            .lines()
            .fold(String::new(), without_empty_element),
    }
}

/// Appends a tag; the end of an empty element makes one tag of both.
fn without_empty_element(mut text: String, tag: &str) -> String {
    if let Some(name) = tag.strip_prefix("</").and_then(|tag| tag.strip_suffix('>'))
        && let Some(before) = text.strip_suffix(&format!("<{name}>"))
    {
        text.truncate(before.len());
        return text + "<" + name + "/>";
    }
    text + tag
}

/// Returns JSON with sorted keys.
fn canonical(json: &Json) -> String {
    match json {
        Json::Object(map) => {
            let mut pairs: Vec<_> = map.iter().collect();
            pairs.sort_unstable_by_key(|(name, _)| *name);
            let pairs = pairs
                .iter()
                .map(|(name, value)| format!("{}:{}", Json::from(name.as_str()), canonical(value)));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(","))
        }
        Json::Array(list) => {
            let elements: Vec<String> = list.iter().map(canonical).collect();
            format!("[{}]", elements.join(","))
        }
        scalar => scalar.to_string(),
    }
}

fn unchunked(body: &[u8]) -> Vec<u8> {
    let mut rest = body;
    let mut decoded = Vec::new();
    while let Some(end) = rest.windows(2).position(|pair| pair == b"\r\n") {
        let line = String::from_utf8_lossy(&rest[..end]).into_owned();
        let size = line.split(';').next().unwrap_or_default();
        let Ok(size) = usize::from_str_radix(size, 16) else {
            break;
        };
        let start = end + 2;
        if size == 0 || rest.len() < start + size + 2 {
            break;
        }
        decoded.extend_from_slice(&rest[start..start + size]);
        rest = &rest[start + size + 2..];
    }
    decoded
}

/// Replaces UUIDs, and references of a time and a random number, by fixed texts.
fn mask(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let mut masked = String::with_capacity(text.len());
    let mut position = 0;
    while let Some(character) = characters.get(position) {
        let rest = &characters[position..];
        if is_uuid(rest) {
            masked.push_str("UUID");
            position += 36;
        } else if is_reference(rest) {
            masked.push_str("-REFERENCE");
            position += 12;
            while characters.get(position).is_some_and(char::is_ascii_digit) {
                position += 1;
            }
        } else {
            masked.push(*character);
            position += 1;
        }
    }
    masked
}

/// Reports whether a text begins with `-1234567890-1`.
fn is_reference(text: &[char]) -> bool {
    text.get(..13).is_some_and(|start| {
        start
            .iter()
            .enumerate()
            .all(|(position, character)| match position {
                0 | 11 => *character == '-',
                _ => character.is_ascii_digit(),
            })
    })
}

fn is_uuid(text: &[char]) -> bool {
    let Some(start) = text.get(..36) else {
        return false;
    };
    start.iter().enumerate().all(|(position, character)| {
        if matches!(position, 8 | 13 | 18 | 23) {
            *character == '-'
        } else {
            character.is_ascii_hexdigit()
        }
    })
}
