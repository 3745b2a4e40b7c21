//! Conversion of scalars to text and back, shared by the wire formats.

use inia_core::detail::{FloatText, blob_from_base64, encode_base64};
use inia_core::{
    Error, ErrorKind, Result, Str, Timestamp, TimestampFormat, TimestampPrecision, Value,
};

use crate::params::{mismatch, timestamp_param};
use crate::shape::ValueType;

/// Returns a body as text.
///
/// # Errors
/// `Parse`: it is not UTF-8.
pub(crate) fn utf8_text<'b>(format: &str, body: &'b [u8]) -> Result<&'b str> {
    std::str::from_utf8(body).map_err(|error| {
        let message = format!("{format} at byte {}: not UTF-8", error.valid_up_to());
        Error::new(ErrorKind::Parse, message)
    })
}

/// Parses a timestamp in any format: seconds since 1970, ISO 8601, or an HTTP date.
pub(crate) fn timestamp_from_text(text: &str) -> Option<Timestamp> {
    Timestamp::parse_lenient(text.trim_ascii()).ok()
}

/// Parses a float, including NaN and the infinities.
///
/// DIFFERENCE: botocore leaves those three as strings in JSON.
pub(crate) fn float_from_text(text: &str) -> Option<f64> {
    match text.trim_ascii() {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        text => text.parse().ok(),
    }
}

/// Converts a float to an integer if it is a whole number of up to 2^53.
pub(crate) fn whole_number(number: f64) -> Option<Value> {
    let is_whole = number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "only whole numbers of up to 2^53 are cast"
    )]
    is_whole.then(|| Value::Int(number as i64))
}

/// Parses an integer: as `Int` up to 64 bits, as its digits beyond.
pub(crate) fn integer_from_text(text: &str) -> Option<Value> {
    let text = text.trim_ascii();
    if let Ok(number) = text.parse::<i64>() {
        return Some(Value::Int(number));
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if unsigned.is_empty() || !unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(Value::BigInt(text.trim_start_matches('+').into()))
}

/// Converts a scalar parameter to its text form in a URI, header, form or element; `format` is the default format of
/// timestamps there.
///
/// # Source
/// botocore `serialize.py:BaseRestSerializer._get_uri_and_query_string_value` and `_convert_header_value`.
pub(crate) fn text_param(
    context: &str,
    target: ValueType,
    format: TimestampFormat,
    value: &Value,
) -> Result<Str> {
    let text = |timestamp: Timestamp, format| {
        let text = timestamp.text(format, TimestampPrecision::Default);
        Str::from(text.as_str())
    };
    if let ValueType::Timestamp(modeled) = target {
        let timestamp = timestamp_param(context, value)?;
        return Ok(text(timestamp, modeled.unwrap_or(format)));
    }
    Ok(match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => Str::from_static("true"),
        Value::Bool(false) => Str::from_static("false"),
        Value::Int(number) => Str::from(itoa::Buffer::new().format(*number)),
        Value::BigInt(digits) => Str::from(&**digits),
        Value::Float(number) => Str::from(FloatText::new().format(*number)),
        Value::Blob(bytes) => Str::from(encode_base64(bytes)),
        Value::Timestamp(timestamp) => text(*timestamp, format),
        Value::Null | Value::List(_) | Value::Map(_) => {
            return Err(mismatch(context, "a single value", value));
        }
    })
}

/// Parses a scalar other than a string from its text form. Returns `None` if the text does not match the type, and for
/// types that have no text form.
///
/// DIFFERENCE: in XML, botocore reads any boolean but `true` as false.
#[inline]
pub(crate) fn scalar_from_text(target: ValueType, text: &str) -> Option<Value> {
    match target {
        ValueType::Boolean => boolean_from_text(text).map(Value::Bool),
        ValueType::Integer => integer_from_text(text),
        ValueType::Float | ValueType::Double => float_from_text(text).map(Value::Float),
        ValueType::Timestamp(_) => timestamp_from_text(text).map(Value::Timestamp),
        ValueType::Blob => blob_from_base64(text).map(Value::Blob),
        _ => None,
    }
}

/// Parses a boolean, in any case.
fn boolean_from_text(text: &str) -> Option<bool> {
    let text = text.trim_ascii();
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
