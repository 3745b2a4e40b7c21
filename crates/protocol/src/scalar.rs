//! Conversion of scalars to text and back, shared by the wire formats.

use std::ops::Deref;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
use std::sync::LazyLock;

use crate::shape::ValueType;
use base64::Engine as _;
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
use base64::engine::general_purpose::STANDARD as BASE64;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
use base64::engine::{Simd, general_purpose::PAD};
use inia_core::{
    Blob, BytePool, Error, ErrorKind, Map, Result, Str, Timestamp, TimestampFormat,
    TimestampPrecision, TimestampText, Value,
};

/// Base64 with SIMD.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
static BASE64: LazyLock<Simd> = LazyLock::new(|| Simd::standard(PAD));

/// Returns the error for a value that cannot be written as its shape. It is reached only if validation is disabled or
/// skipped.
#[cold]
pub(crate) fn mismatch(context: &str, expected: &str, value: &Value) -> Error {
    let expectation = if value.type_name().starts_with('i') {
        "an"
    } else {
        "a"
    };
    Error::new(
        ErrorKind::Validation,
        format!(
            "{context}: expected {expected}, got {expectation} {}",
            value.type_name()
        ),
    )
}

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

/// Enters a level of nested parameters, of which `depth` may still be entered.
///
/// # Errors
/// `Validation`: there is none.
#[inline]
pub(crate) fn descend(depth: u32, context: &str) -> Result<u32> {
    depth.checked_sub(1).ok_or_else(|| {
        let message = format!("{context}: nested too deeply");
        Error::new(ErrorKind::Validation, message)
    })
}

/// Returns the parameters of a call as a map: `empty` for null.
///
/// # Errors
/// `Validation`: they are not a map.
pub(crate) fn params_map<'p>(
    operation: &str,
    params: &'p Value,
    empty: &'p Map,
) -> Result<&'p Map> {
    match params {
        Value::Map(map) => Ok(map),
        Value::Null => Ok(empty),
        other => Err(mismatch(operation, "a map", other)),
    }
}

/// Returns the bytes of a blob parameter: a blob's own, or a string's UTF-8.
#[inline]
pub(crate) fn blob_bytes<'a>(context: &str, value: &'a Value) -> Result<&'a [u8]> {
    match value {
        Value::Blob(blob) => Ok(blob),
        Value::String(text) => Ok(text.as_bytes()),
        other => Err(mismatch(context, "bytes", other)),
    }
}

/// Converts a timestamp parameter: a timestamp, seconds since 1970, or text in any of the formats.
///
/// # Source
/// botocore `utils.py:parse_to_aware_datetime`.
pub(crate) fn timestamp_param(context: &str, value: &Value) -> Result<Timestamp> {
    let timestamp = match value {
        Value::Timestamp(timestamp) => return Ok(*timestamp),
        Value::Int(seconds) => Timestamp::try_new(*seconds, 0),
        Value::Float(seconds) => Timestamp::from_f64(*seconds),
        Value::String(text) => Timestamp::parse_lenient(text),
        other => return Err(mismatch(context, "a timestamp", other)),
    };
    timestamp.map_err(|error| {
        Error::new(
            ErrorKind::Validation,
            format!("{context}: {}", error.message()),
        )
    })
}

/// Parses a timestamp in any format: seconds since 1970, ISO 8601, or an HTTP date.
pub(crate) fn timestamp_from_text(text: &str) -> Option<Timestamp> {
    Timestamp::parse_lenient(text.trim()).ok()
}

/// Appends a float as [`FloatText`] formats it.
pub(crate) fn push_float(out: &mut impl Append, value: f64) {
    out.append(FloatText::new().format(value));
}

/// A stack buffer that formats floats as Python does: the shortest digits that round-trip, with an exponent below
/// 0.0001 and from 10^16.
///
/// # Source
/// Python's `repr(float)`, which `json.dumps` and `str` use.
pub(crate) struct FloatText {
    digits: zmij::Buffer,
    /// The text of a float whose exponent notation differs from that of `digits`.
    rewritten: String,
}

impl FloatText {
    pub(crate) fn new() -> Self {
        FloatText {
            digits: zmij::Buffer::new(),
            rewritten: String::new(),
        }
    }

    #[inline]
    pub(crate) fn format(&mut self, value: f64) -> &str {
        // In this range neither notation has an exponent.
        if (1e-4..1e15).contains(&value.abs()) || value == 0.0 {
            return self.digits.format_finite(value);
        }
        self.format_with_exponent(value)
    }

    #[cold]
    fn format_with_exponent(&mut self, value: f64) -> &str {
        if !value.is_finite() {
            return special_float(value);
        }
        let text = self.digits.format_finite(value);
        let out = &mut self.rewritten;
        if let Some((digits, exponent)) = text.split_once('e') {
            let (sign, exponent) = match exponent.strip_prefix('-') {
                Some(exponent) => ("e-", exponent),
                None => ("e+", exponent.trim_start_matches('+')),
            };
            out.push_str(digits);
            out.push_str(sign);
            if exponent.len() < 2 {
                out.push('0');
            }
            out.push_str(exponent);
            return out;
        }
        let (sign, unsigned) = match text.strip_prefix('-') {
            Some(unsigned) => ("-", unsigned),
            None => ("", text),
        };
        if let Some(digits) = unsigned.strip_prefix("0.0000")
            && let Some((first, rest)) = digits.split_at_checked(1)
        {
            out.push_str(sign);
            out.push_str(first);
            if !rest.is_empty() {
                out.push('.');
                out.push_str(rest);
            }
            out.push_str("e-05");
            return out;
        }
        text
    }
}

/// A buffer that text is appended to.
pub(crate) trait Append {
    /// Appends text.
    fn append(&mut self, text: &str);
}

impl Append for String {
    #[inline]
    fn append(&mut self, text: &str) {
        self.push_str(text);
    }
}

impl Append for Vec<u8> {
    #[inline]
    fn append(&mut self, text: &str) {
        self.extend_from_slice(text.as_bytes());
    }
}

/// Returns the wire form of NaN or an infinity.
pub(crate) fn special_float(value: f64) -> &'static str {
    if value.is_nan() {
        "NaN"
    } else if value > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    }
}

/// Parses a float, including NaN and the infinities.
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

/// Parses an integer: as `Int` up to 64 bits, as its digits beyond.
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

/// Decodes base64 leniently as botocore does: bytes outside of the alphabet are skipped.
pub(crate) fn blob_from_base64(text: impl AsRef<[u8]>) -> Option<Blob> {
    let text = text.as_ref();
    let mut bytes = vec![0; decoded_length(text)];
    if is_base64_of(text, &mut bytes) {
        return Some(Blob::from(bytes));
    }
    let kept: Vec<u8> = text
        .iter()
        .copied()
        .filter(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='))
        .collect();
    BASE64.decode(kept).ok().map(Blob::from)
}

/// As [`blob_from_base64`], with short blobs stored in a pool.
pub(crate) fn pooled_blob_from_base64(pool: &mut BytePool, text: &[u8]) -> Option<Blob> {
    let mut is_base64 = false;
    let blob = pool.fill(decoded_length(text), |bytes| {
        is_base64 = is_base64_of(text, bytes);
    });
    if is_base64 {
        Some(blob)
    } else {
        blob_from_base64(text)
    }
}

/// Returns the decoded length of well-formed base64.
fn decoded_length(text: &[u8]) -> usize {
    let ends = text.iter().rev().take(2);
    let padding = ends.take_while(|byte| **byte == b'=').count();
    (text.len() / 4 * 3).saturating_sub(padding)
}

/// Decodes base64 into a buffer of its [`decoded_length`]; returns `false` if it is not well-formed.
fn is_base64_of(text: &[u8], bytes: &mut [u8]) -> bool {
    text.len().is_multiple_of(4) && BASE64.decode_slice(text, bytes).is_ok()
}

/// Returns the length of bytes in base64.
pub(crate) fn base64_length(bytes: &[u8]) -> usize {
    bytes.len().div_ceil(3) * 4
}

/// Encodes bytes as base64 into a buffer of [`base64_length`].
pub(crate) fn base64_to(text: &mut [u8], bytes: &[u8]) {
    // The only error is a buffer that is too short.
    let _ = BASE64.encode_slice(bytes, text);
}

/// Appends bytes as base64.
pub(crate) fn base64_into(out: &mut Vec<u8>, bytes: &[u8]) {
    let start = out.len();
    out.resize(start + base64_length(bytes), 0);
    base64_to(out.get_mut(start..).unwrap_or_default(), bytes);
}

/// Encodes bytes as base64.
pub(crate) fn base64(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

/// The text form of a scalar, without an allocation in most cases.
#[derive(Debug)]
pub(crate) enum ScalarText<'a> {
    Borrowed(&'a Str),
    Static(&'static str),
    Owned(Str),
    Timestamp(TimestampText),
}

impl Deref for ScalarText<'_> {
    type Target = str;

    #[inline]
    fn deref(&self) -> &str {
        match self {
            ScalarText::Borrowed(text) => text,
            ScalarText::Static(text) => text,
            ScalarText::Owned(text) => text,
            ScalarText::Timestamp(text) => text,
        }
    }
}

impl From<ScalarText<'_>> for Str {
    fn from(text: ScalarText<'_>) -> Str {
        match text {
            ScalarText::Borrowed(text) => text.clone(),
            ScalarText::Static(text) => Str::from_static(text),
            ScalarText::Owned(text) => text,
            ScalarText::Timestamp(text) => Str::from(text.as_str()),
        }
    }
}

/// Converts a scalar parameter to its text form in a URI, header, form or element; `format` is the default format of
/// timestamps there.
///
/// # Source
/// botocore `serialize.py:BaseRestSerializer._get_uri_and_query_string_value` and `_convert_header_value`.
pub(crate) fn text_param<'a>(
    context: &str,
    target: ValueType,
    format: TimestampFormat,
    value: &'a Value,
) -> Result<ScalarText<'a>> {
    let text = |timestamp: Timestamp, format| timestamp.text(format, TimestampPrecision::Default);
    if let ValueType::Timestamp(modeled) = target {
        let timestamp = timestamp_param(context, value)?;
        return Ok(ScalarText::Timestamp(text(
            timestamp,
            modeled.unwrap_or(format),
        )));
    }
    Ok(match value {
        Value::String(text) => ScalarText::Borrowed(text),
        Value::Bool(true) => ScalarText::Static("true"),
        Value::Bool(false) => ScalarText::Static("false"),
        Value::Int(number) => ScalarText::Owned(Str::from(itoa::Buffer::new().format(*number))),
        Value::BigInt(digits) => ScalarText::Owned(Str::from(&**digits)),
        Value::Float(number) => {
            let mut text = String::new();
            push_float(&mut text, *number);
            ScalarText::Owned(Str::from(text))
        }
        Value::Blob(bytes) => ScalarText::Owned(Str::from(base64(bytes))),
        Value::Timestamp(timestamp) => ScalarText::Timestamp(text(*timestamp, format)),
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
    let text = text.trim();
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
    fn formats_floats_as_python_does() {
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
