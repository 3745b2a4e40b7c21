//! Members that travel in headers: values to text and back.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use inia_core::{Error, ErrorKind, List, Map, Result, Str, TimestampFormat, Value};
use inia_model::{Kind, Member, ServiceModel};

use crate::Headers;
use crate::scalar::{mismatch, text_param, unreadable, value_from_text};

/// The format of timestamps in headers where the model names none.
const TIMESTAMP_FORMAT: TimestampFormat = TimestampFormat::Rfc822;

/// A parameter as the text of its header; `None` where it sends none.
///
/// An empty list sends none.
///
/// # Errors
/// `Validation`: the value cannot be written as its shape, or holds what no header may.
///
/// # Source
/// botocore `serialize.py:BaseRestSerializer._convert_header_value`.
pub(crate) fn header_text(
    model: &ServiceModel,
    member: &Member,
    value: &Value,
) -> Result<Option<Str>> {
    let text = match (&model.shape(member.target).kind, value) {
        (_, Value::Null) => return Ok(None),
        (Kind::List(_), Value::List(list)) if list.is_empty() => return Ok(None),
        (Kind::String, value) if member.traits.is_json_value() => {
            let mut json = Vec::new();
            crate::json::write_ascii_document(&mut json, &member.name, value)?;
            Str::from(BASE64.encode(json))
        }
        (Kind::List(item), Value::List(list)) => Str::from(list_text(model, member, item, list)?),
        (kind @ Kind::Timestamp, value) => {
            let moment = crate::scalar::timestamp_param(&member.name, value)?;
            let whole = inia_core::Timestamp::new(moment.seconds(), 0);
            let format = member.traits.timestamp_format.unwrap_or(TIMESTAMP_FORMAT);
            let whole = Value::Timestamp(whole);
            Str::from(text_param(&member.name, kind, format, &whole)?)
        }
        (_, Value::String(text)) => text.clone(),
        (kind, value) => Str::from(text_param(&member.name, kind, TIMESTAMP_FORMAT, value)?),
    };
    check(&member.name, &text)?;
    Ok(Some(text))
}

fn list_text(model: &ServiceModel, member: &Member, item: &Member, list: &List) -> Result<String> {
    let kind = &model.shape(item.target).kind;
    let mut out = String::new();
    for value in list.iter().filter(|value| !value.is_null()) {
        if !out.is_empty() {
            out.push(',');
        }
        match (kind, value) {
            (Kind::String, Value::String(text)) if text.contains(['"', ',']) => {
                out.push('"');
                out.push_str(&text.replace('"', "\\\""));
                out.push('"');
            }
            _ => {
                let format = item.traits.timestamp_format.unwrap_or(TIMESTAMP_FORMAT);
                out.push_str(&text_param(&member.name, kind, format, value)?);
            }
        }
    }
    Ok(out)
}

/// Refuses what would end a header early: a value must not be able to add headers of its own.
fn check(place: &str, text: &str) -> Result<()> {
    // Every byte is looked at, without a way out at the first: many at once are.
    let found = text.bytes().fold(false, |found, byte| {
        found | matches!(byte, b'\r' | b'\n' | b'\0')
    });
    if found {
        return Err(Error::new(
            ErrorKind::Validation,
            format!("{place}: it is sent as a header and must not hold line breaks"),
        ));
    }
    Ok(())
}

/// Adds the entries of a map as headers of their own: `prefix`, which is in lower case, and the entry's name.
///
/// # Errors
/// `Validation`: the value is not a map of strings, or holds what no header may.
pub(crate) fn push_prefix_headers(
    headers: &mut Headers,
    place: &str,
    prefix: &str,
    value: &Value,
) -> Result<()> {
    let Value::Map(map) = value else {
        return Err(mismatch(place, "a map", value));
    };
    for (name, value) in map.iter().filter(|(_, value)| !value.is_null()) {
        let mut full = String::with_capacity(prefix.len() + name.len());
        full.push_str(prefix);
        full.push_str(name);
        full.make_ascii_lowercase();
        if full.is_empty() || !full.bytes().all(is_token) {
            return Err(Error::new(
                ErrorKind::Validation,
                format!("{place}: {name:?} cannot be part of a header name"),
            ));
        }
        let text = match value {
            Value::String(text) => text.clone(),
            other => Str::from(text_param(place, &Kind::String, TIMESTAMP_FORMAT, other)?),
        };
        check(place, &text)?;
        headers.set(full, text);
    }
    Ok(())
}

/// Whether a byte may stand in a header name.
///
/// # Source
/// RFC 9110, section 5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// A result from the text of its header.
///
/// # Errors
/// `Parse`: the text is not what the member's shape allows.
pub(crate) fn header_value(model: &ServiceModel, member: &Member, text: &Str) -> Result<Value> {
    match &model.shape(member.target).kind {
        Kind::String if member.traits.is_json_value() => BASE64
            .decode(text.trim())
            .ok()
            .and_then(|json| crate::json::read_json(json.into()).ok())
            .ok_or_else(|| unreadable(&member.name, "JSON in base64", text)),
        Kind::List(item) => {
            let kind = &model.shape(item.target).kind;
            let parts = match kind {
                Kind::Timestamp => split_timestamps(text),
                _ => split_list(text),
            };
            parts
                .into_iter()
                .map(|part| value_from_text(&member.name, kind, &part))
                .collect::<Result<Vec<Value>>>()
                .map(|values| Value::List(values.into_iter().collect()))
        }
        kind => value_from_text(&member.name, kind, text),
    }
}

/// The headers whose names begin with `prefix`, which is in lower case, as a map from the rest of their names.
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

/// The parts of a header list: between commas, or between double quotes with `\` as escape.
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

/// A quoted string without its opening quote: its text, and what comes after the closing quote.
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

/// The parts of a header list of timestamps: an HTTP date has a comma of its own behind the name of the day.
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
    fn lists_are_split_at_commas_outside_of_quotes() {
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
    fn lists_of_http_dates_keep_the_comma_of_each_date() {
        assert_eq!(
            split_timestamps("Mon, 16 Dec 2019 23:48:18 GMT, 2019-12-16T23:48:18Z"),
            ["Mon, 16 Dec 2019 23:48:18 GMT", "2019-12-16T23:48:18Z"]
        );
    }

    #[test]
    fn a_header_cannot_add_another() {
        assert!(check("Name", "a\r\nx-evil: 1").is_err());
        let mut headers = Headers::new();
        let map: Value = [("a: b\r\nc", "d")].into_iter().collect::<Map>().into();
        assert!(push_prefix_headers(&mut headers, "Metadata", "x-amz-meta-", &map).is_err());
    }
}
