//! Scalars: what the wire formats share in turning single values into text and back.

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use inia_core::{
    Blob, Error, ErrorKind, Result, Str, Timestamp, TimestampFormat, TimestampPrecision, Value,
};
use inia_model::Kind;

/// The error for a value that cannot be written as its shape. Validation catches these before; it can be switched off.
#[cold]
pub(crate) fn mismatch(place: &str, expected: &str, value: &Value) -> Error {
    let article = if value.type_name().starts_with('i') {
        "an"
    } else {
        "a"
    };
    Error::new(
        ErrorKind::Validation,
        format!(
            "{place}: expected {expected}, got {article} {}",
            value.type_name()
        ),
    )
}

/// The error for something on the wire that cannot be read as its shape.
#[cold]
pub(crate) fn unreadable(place: &str, expected: &str, text: &str) -> Error {
    let shown: String = text.chars().take(40).collect();
    Error::new(
        ErrorKind::Parse,
        format!("{place}: {shown:?} is not {expected}"),
    )
}

/// The bytes of a blob parameter: a blob's own, or a string's UTF-8.
#[inline]
pub(crate) fn blob_bytes<'a>(place: &str, value: &'a Value) -> Result<&'a [u8]> {
    match value {
        Value::Blob(blob) => Ok(blob),
        Value::String(text) => Ok(text.as_bytes()),
        other => Err(mismatch(place, "bytes", other)),
    }
}

/// The moment that a timestamp parameter means: a timestamp, seconds since 1970, or text in any of the formats.
///
/// # Source
/// botocore `utils.py:parse_to_aware_datetime`.
pub(crate) fn timestamp_param(place: &str, value: &Value) -> Result<Timestamp> {
    let moment = match value {
        Value::Timestamp(moment) => return Ok(*moment),
        Value::Int(seconds) => Timestamp::try_new(*seconds, 0),
        Value::Float(seconds) => Timestamp::from_f64(*seconds),
        Value::String(text) => Timestamp::parse_lenient(text),
        other => return Err(mismatch(place, "a timestamp", other)),
    };
    moment.map_err(|error| {
        Error::new(
            ErrorKind::Validation,
            format!("{place}: {}", error.message()),
        )
    })
}

/// A moment from text in any format: seconds since 1970, ISO 8601, or an HTTP date.
pub(crate) fn timestamp_from_text(text: &str) -> Option<Timestamp> {
    Timestamp::parse_lenient(text.trim()).ok()
}

/// Appends a finite float as botocore prints it: the shortest digits that read back the same, with an exponent below
/// 0.0001 and from 10^16.
///
/// # Source
/// Python's `repr(float)`, which `json.dumps` and `str` use.
pub(crate) fn push_float(out: &mut impl fmt::Write, value: f64) {
    // Writing to a buffer in memory does not fail.
    let _ = write_float(out, value);
}

fn write_float(out: &mut impl fmt::Write, value: f64) -> fmt::Result {
    if !value.is_finite() {
        return out.write_str(special_float(value));
    }
    let mut buffer = zmij::Buffer::new();
    let text = buffer.format_finite(value);
    if let Some((digits, exponent)) = text.split_once('e') {
        let (sign, exponent) = match exponent.strip_prefix('-') {
            Some(exponent) => ('-', exponent),
            None => ('+', exponent.trim_start_matches('+')),
        };
        return write!(out, "{digits}e{sign}{exponent:0>2}");
    }
    let (sign, unsigned) = match text.strip_prefix('-') {
        Some(unsigned) => ("-", unsigned),
        None => ("", text),
    };
    if let Some(digits) = unsigned.strip_prefix("0.0000") {
        let mut chars = digits.chars();
        if let Some(first) = chars.next() {
            let rest = chars.as_str();
            let point = if rest.is_empty() { "" } else { "." };
            return write!(out, "{sign}{first}{point}{rest}e-05");
        }
    }
    out.write_str(text)
}

/// NaN and the infinities as they are spelt on the wire.
pub(crate) fn special_float(value: f64) -> &'static str {
    if value.is_nan() {
        "NaN"
    } else if value > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    }
}

/// A float from text, NaN and the infinities among it.
///
/// DIFFERENCE: botocore leaves those three as strings in JSON.
pub(crate) fn float_from_text(text: &str) -> Option<f64> {
    match text.trim() {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        text => text.parse().ok(),
    }
}

/// An integer from text: of up to 64 bits, or as its digits beyond.
pub(crate) fn integer_from_text(text: &str) -> Option<Value> {
    let text = text.trim();
    if let Ok(number) = text.parse::<i64>() {
        return Some(Value::Int(number));
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if unsigned.is_empty() || !unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(Value::BigInt(text.trim_start_matches('+').into()))
}

/// Bytes from base64, as botocore reads it: what is not of the alphabet is passed over.
pub(crate) fn blob_from_base64(text: impl AsRef<[u8]>) -> Option<Blob> {
    let text = text.as_ref();
    // Exactly as long as the bytes are, so that they need not be moved or shared to be kept.
    let padding = text
        .iter()
        .rev()
        .take(2)
        .take_while(|byte| **byte == b'=')
        .count();
    let mut bytes = vec![0; (text.len() / 4 * 3).saturating_sub(padding)];
    if text.len().is_multiple_of(4) && BASE64.decode_slice(text, &mut bytes).is_ok() {
        return Some(Blob::from(bytes));
    }
    let kept: Vec<u8> = text
        .iter()
        .copied()
        .filter(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='))
        .collect();
    BASE64.decode(kept).ok().map(Blob::from)
}

/// Appends bytes as base64.
pub(crate) fn base64_into(out: &mut Vec<u8>, bytes: &[u8]) {
    let start = out.len();
    out.resize(start + bytes.len().div_ceil(3) * 4, 0);
    if let Some(room) = out.get_mut(start..) {
        // The room is exactly what the text takes.
        let _ = BASE64.encode_slice(bytes, room);
    }
}

/// Bytes as base64.
pub(crate) fn base64(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

/// A scalar parameter as the text that stands for it outside of a body.
///
/// # Source
/// botocore `serialize.py:BaseRestSerializer._get_uri_and_query_string_value` and `_convert_header_value`.
pub(crate) fn text_param<'a>(
    place: &str,
    kind: &Kind,
    format: TimestampFormat,
    value: &'a Value,
) -> Result<Cow<'a, str>> {
    if matches!(kind, Kind::Timestamp) {
        let moment = timestamp_param(place, value)?;
        let text = moment.text(format, TimestampPrecision::Default);
        return Ok(Cow::Owned(text.as_str().to_owned()));
    }
    Ok(match value {
        Value::String(text) => Cow::Borrowed(text),
        Value::Bool(true) => Cow::Borrowed("true"),
        Value::Bool(false) => Cow::Borrowed("false"),
        Value::Int(number) => Cow::Owned(number.to_string()),
        Value::BigInt(digits) => Cow::Borrowed(digits),
        Value::Float(number) => {
            let mut text = String::new();
            push_float(&mut text, *number);
            Cow::Owned(text)
        }
        Value::Blob(bytes) => Cow::Owned(base64(bytes)),
        Value::Timestamp(moment) => Cow::Owned(moment.format(format)),
        Value::Null | Value::List(_) | Value::Map(_) => {
            return Err(mismatch(place, "a single value", value));
        }
    })
}

/// A scalar result from the text that stands for it outside of a body.
///
/// # Source
/// botocore `parsers.py:BaseRestParser._parse_non_payload_attrs`.
pub(crate) fn value_from_text(place: &str, kind: &Kind, text: &Str) -> Result<Value> {
    let value = match kind {
        Kind::Boolean => Some(Value::Bool(text.trim().eq_ignore_ascii_case("true"))),
        Kind::Integer | Kind::Long => integer_from_text(text),
        Kind::Float | Kind::Double => float_from_text(text).map(Value::Float),
        Kind::Timestamp => timestamp_from_text(text).map(Value::Timestamp),
        Kind::Blob => blob_from_base64(text).map(Value::Blob),
        _ => Some(Value::String(text.clone())),
    };
    value.ok_or_else(|| unreadable(place, article(kind), text))
}

fn article(kind: &Kind) -> &'static str {
    match kind {
        Kind::Boolean => "a boolean",
        Kind::Integer | Kind::Long => "an integer",
        Kind::Float | Kind::Double => "a number",
        Kind::Timestamp => "a timestamp",
        Kind::Blob => "base64",
        _ => "a string",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_printed_as_botocore_prints_them() {
        for (value, expected) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.5, "1.5"),
            (100.0, "100.0"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (-0.000_012_5, "-1.25e-05"),
            (1.5e-7, "1.5e-07"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (1.7976931348623157e308, "1.7976931348623157e+308"),
            (5e-324, "5e-324"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            let mut text = String::new();
            push_float(&mut text, value);
            assert_eq!(text, expected);
        }
    }

    #[test]
    fn integers_beyond_64_bits_keep_their_digits() {
        assert_eq!(
            integer_from_text("-170141183460469231731687303715884105728"),
            Some(Value::BigInt(
                "-170141183460469231731687303715884105728".into()
            ))
        );
        assert_eq!(integer_from_text("12x"), None);
        assert_eq!(integer_from_text(""), None);
    }
}
