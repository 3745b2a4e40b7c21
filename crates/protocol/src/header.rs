//! Members bound to headers: conversion to text and back.

use inia_core::detail::{blob_from_base64, encode_base64};
use inia_core::{Error, ErrorKind, List, Map, Result, Str, Timestamp, TimestampFormat, Value};
use inia_model::{Kind, Member, ServiceModel, ShapeId};

use crate::Headers;
use crate::mismatch::log_scalar;
use crate::params::mismatch;
use crate::scalar::{scalar_from_text, text_param};
use crate::shape::ValueType;

/// The default format of timestamps in headers.
const TIMESTAMP_FORMAT: TimestampFormat = TimestampFormat::Rfc822;

/// Converts a parameter to the value of its header. Returns `None` for null and for an empty list, which send no
/// header.
///
/// # Errors
/// `Validation`: the value does not match its shape, or has a character that is not allowed in headers.
///
/// # Source
/// botocore `serialize.py:BaseRestSerializer._convert_header_value`.
pub(crate) fn header_text(
    model: &ServiceModel,
    member: &Member,
    value: &Value,
) -> Result<Option<Str>> {
    let text = match (ValueType::of(model, member), value) {
        (_, Value::Null) => return Ok(None),
        (ValueType::List(_), Value::List(list)) if list.is_empty() => return Ok(None),
        (ValueType::String, value) if member.traits.is_json_value() => {
            let json = crate::json::ascii_document(&member.name, value)?;
            Str::from(encode_base64(json.as_bytes()))
        }
        (ValueType::List(id), Value::List(list)) => Str::from(list_text(model, member, id, list)?),
        (target @ ValueType::Timestamp(_), value) => {
            let timestamp = crate::params::timestamp_param(&member.name, value)?;
            let whole = Value::Timestamp(Timestamp::new(timestamp.seconds(), 0));
            text_param(&member.name, target, TIMESTAMP_FORMAT, &whole)?
        }
        (target, value) => text_param(&member.name, target, TIMESTAMP_FORMAT, value)?,
    };
    check_header_value(&member.name, &text)?;
    Ok(Some(text))
}

fn list_text(model: &ServiceModel, member: &Member, id: ShapeId, list: &List) -> Result<String> {
    let target = item_type(model, id);
    let mut out = String::new();
    for value in list.iter().filter(|value| !value.is_null()) {
        if !out.is_empty() {
            out.push(',');
        }
        match (target, value) {
            (ValueType::String, Value::String(text)) if text.contains(['"', ',']) => {
                out.push('"');
                out.push_str(&text.replace('"', "\\\""));
                out.push('"');
            }
            _ => out.push_str(&text_param(&member.name, target, TIMESTAMP_FORMAT, value)?),
        }
    }
    Ok(out)
}

/// Returns the type of a list's items.
fn item_type(model: &ServiceModel, id: ShapeId) -> ValueType {
    match &model.shape(id).kind {
        Kind::List(item) => ValueType::of(model, item),
        _ => ValueType::String,
    }
}

/// Rejects line breaks and NUL, with which a value could inject headers.
fn check_header_value(context: &str, text: &str) -> Result<()> {
    // No early exit, so that the loop vectorizes.
    let is_invalid = text.bytes().fold(false, |is_invalid, byte| {
        is_invalid | matches!(byte, b'\r' | b'\n' | b'\0')
    });
    if is_invalid {
        return Err(Error::new(
            ErrorKind::Validation,
            format!("{context}: line breaks are not allowed in a header"),
        ));
    }
    Ok(())
}

/// Adds the entries of a map as headers, each named `prefix`, which is in lower case, plus the entry's key.
///
/// # Errors
/// `Validation`: the value is not a map of strings, or has a character that is not allowed in headers.
pub(crate) fn push_prefix_headers(
    headers: &mut Headers,
    context: &str,
    prefix: &str,
    value: &Value,
) -> Result<()> {
    let Value::Map(map) = value else {
        return Err(mismatch(context, "a map", value));
    };
    for (name, value) in map.iter().filter(|(_, value)| !value.is_null()) {
        let mut full = String::with_capacity(prefix.len() + name.len());
        full.push_str(prefix);
        full.push_str(name);
        full.make_ascii_lowercase();
        if full.is_empty() || !full.bytes().all(is_token) {
            return Err(Error::new(
                ErrorKind::Validation,
                format!("{context}: {name:?} is not allowed in a header name"),
            ));
        }
        let text = text_param(context, ValueType::String, TIMESTAMP_FORMAT, value)?;
        check_header_value(context, &text)?;
        headers.set(full, text);
    }
    Ok(())
}

/// Returns whether a byte is allowed in a header name.
///
/// # Source
/// RFC 9110, section 5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Parses a member of a structure from the value of its header. Text that does not match the member's shape stays text,
/// and null stands for an empty one.
///
/// # Source
/// botocore `parsers.py:BaseRestParser._parse_non_payload_attrs`.
pub(crate) fn header_value(
    model: &ServiceModel,
    structure: &str,
    member: &Member,
    text: &Str,
) -> Value {
    let scalar = |target: ValueType, text: &Str| match target {
        ValueType::String => Value::String(text.clone()),
        target => scalar_from_text(target, text)
            .unwrap_or_else(|| unmatched_text(structure, &member.name, target, text)),
    };
    match ValueType::of(model, member) {
        ValueType::String if member.traits.is_json_value() => blob_from_base64(text)
            .and_then(|json| crate::json::read_json(json.into_bytes()).ok())
            .unwrap_or_else(|| unmatched_text(structure, &member.name, ValueType::Document, text)),
        ValueType::List(id) => {
            let target = item_type(model, id);
            let parts = match target {
                ValueType::Timestamp(_) => split_timestamps(text),
                _ => split_list(text),
            };
            let values = parts.iter().map(|part| scalar(target, part));
            Value::List(values.filter(|value| !value.is_null()).collect())
        }
        target => scalar(target, text),
    }
}

/// Returns the value for text that does not match a type.
#[cold]
fn unmatched_text(structure: &str, member: &str, target: ValueType, text: &Str) -> Value {
    let value = match text.trim() {
        "" => Value::Null,
        _ => Value::String(text.clone()),
    };
    log_scalar(structure, member, target, &value);
    value
}

/// Returns the headers whose names start with `prefix`, which is in lower case, keyed by the rest of their names.
pub(crate) fn prefix_headers(headers: &Headers, prefix: &str) -> Map {
    let mut map = Map::new();
    for (name, value) in headers {
        if let Some((start, rest)) = name.split_at_checked(prefix.len())
            && start.eq_ignore_ascii_case(prefix)
        {
            map.insert(rest, value);
        }
    }
    map
}

/// Splits a header list at commas; double quotes protect commas, with `\` as escape.
fn split_list(text: &str) -> Vec<Str> {
    let mut parts = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        if let Some(quoted) = rest.strip_prefix('"')
            && let Some((part, after)) = unquote(quoted)
        {
            parts.push(Str::from(part));
            let after = after.trim_start();
            rest = after.strip_prefix(',').unwrap_or(after).trim_start();
            continue;
        }
        let (part, after) = match rest.split_once(',') {
            Some((part, after)) => (part, after.trim_start()),
            None => (rest, ""),
        };
        parts.push(Str::from(part.trim()));
        rest = after;
    }
    parts
}

/// Parses a quoted string after its opening quote; returns its text and the text after the closing quote.
fn unquote(text: &str) -> Option<(String, &str)> {
    let mut out = String::new();
    let mut chars = text.chars();
    loop {
        match chars.next()? {
            '"' => return Some((out, chars.as_str())),
            '\\' => out.push(chars.next()?),
            other => out.push(other),
        }
    }
}

/// Splits a header list of timestamps. An HTTP date has a comma of its own after the weekday.
fn split_timestamps(text: &str) -> Vec<Str> {
    let mut parts = Vec::new();
    let mut day: Option<&str> = None;
    for part in text.split(',').map(str::trim) {
        if part.is_empty() {
            continue;
        }
        if part.bytes().all(|byte| byte.is_ascii_alphabetic()) {
            day = Some(part);
            continue;
        }
        parts.push(match day.take() {
            Some(day) => Str::from(format!("{day}, {part}")),
            None => Str::from(part),
        });
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_lists_at_commas_outside_of_quotes() {
        for (text, expected) in [
            ("a, b,c", &["a", "b", "c"][..]),
            (r#""b,c", "\"def\"", a"#, &["b,c", "\"def\"", "a"]),
            ("", &[]),
            (r#""open"#, &["\"open"]),
            ("a,,b", &["a", "", "b"]),
        ] {
            assert_eq!(split_list(text), expected, "{text}");
        }
    }

    #[test]
    fn splits_lists_of_http_dates() {
        assert_eq!(
            split_timestamps("Mon, 16 Dec 2019 23:48:18 GMT, 2019-12-16T23:48:18Z"),
            ["Mon, 16 Dec 2019 23:48:18 GMT", "2019-12-16T23:48:18Z"]
        );
    }

    #[test]
    fn rejects_header_injection() {
        assert!(check_header_value("Name", "a\r\nx-evil: 1").is_err());
        let mut headers = Headers::new();
        let map: Value = [("a: b\r\nc", "d")].into_iter().collect::<Map>().into();
        assert!(push_prefix_headers(&mut headers, "Metadata", "x-amz-meta-", &map).is_err());
    }
}
