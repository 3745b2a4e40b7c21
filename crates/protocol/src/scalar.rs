//! Scalars: what the wire formats share in turning single values into text and back.

use std::ops::Deref;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
use std::sync::LazyLock;

use base64::Engine as _;
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
use base64::engine::general_purpose::STANDARD as BASE64;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
use base64::engine::{Simd, general_purpose::PAD};
use inia_core::{
    Blob, BytePool, Error, ErrorKind, Result, Str, Timestamp, TimestampFormat, TimestampPrecision,
    TimestampText, Value,
};
use inia_model::Kind;

/// Base64 as the processor is quickest at it.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
static BASE64: LazyLock<Simd> = LazyLock::new(|| Simd::standard(PAD));

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

/// Appends a float as [`FloatText`] has it.
pub(crate) fn push_float(out: &mut impl Append, value: f64) {
    out.append(FloatText::new().of(value));
}

/// The text of a float as botocore prints it, on the stack: the shortest digits that read back the same, with an exponent below
/// 0.0001 and from 10^16.
///
/// # Source
/// Python's `repr(float)`, which `json.dumps` and `str` use.
pub(crate) struct FloatText {
    digits: zmij::Buffer,
    /// What is printed otherwise than the digits are.
    odd: String,
}

impl FloatText {
    pub(crate) fn new() -> Self {
        FloatText {
            digits: zmij::Buffer::new(),
            odd: String::new(),
        }
    }

    #[inline]
    pub(crate) fn of(&mut self, value: f64) -> &str {
        // Between these no exponent is printed, here or there.
        if (1e-4..1e15).contains(&value.abs()) || value == 0.0 {
            return self.digits.format_finite(value);
        }
        self.odd(value)
    }

    #[cold]
    fn odd(&mut self, value: f64) -> &str {
        if !value.is_finite() {
            return special_float(value);
        }
        let text = self.digits.format_finite(value);
        let out = &mut self.odd;
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

/// As [`blob_from_base64`], into a pool where it is short.
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

/// How many bytes there are in base64 that is whole.
fn decoded_length(text: &[u8]) -> usize {
    let ends = text.iter().rev().take(2);
    let padding = ends.take_while(|byte| **byte == b'=').count();
    (text.len() / 4 * 3).saturating_sub(padding)
}

/// Decodes base64 into exactly the bytes it has; whether it is nothing else.
fn is_base64_of(text: &[u8], bytes: &mut [u8]) -> bool {
    text.len().is_multiple_of(4) && BASE64.decode_slice(text, bytes).is_ok()
}

/// How long bytes are as base64.
pub(crate) fn base64_length(bytes: &[u8]) -> usize {
    bytes.len().div_ceil(3) * 4
}

/// Writes bytes as base64 to where there is room for just that.
pub(crate) fn base64_to(text: &mut [u8], bytes: &[u8]) {
    // There is room.
    let _ = BASE64.encode_slice(bytes, text);
}

/// Appends bytes as base64.
pub(crate) fn base64_into(out: &mut Vec<u8>, bytes: &[u8]) {
    let start = out.len();
    out.resize(start + base64_length(bytes), 0);
    base64_to(out.get_mut(start..).unwrap_or_default(), bytes);
}

/// Bytes as base64.
pub(crate) fn base64(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

/// The text that stands for a scalar: borrowed, or short enough to lie on the stack as a rule.
#[derive(Debug)]
pub(crate) enum ScalarText<'a> {
    Of(&'a Str),
    Static(&'static str),
    Own(Str),
    Moment(TimestampText),
}

impl Deref for ScalarText<'_> {
    type Target = str;

    #[inline]
    fn deref(&self) -> &str {
        match self {
            ScalarText::Of(text) => text,
            ScalarText::Static(text) => text,
            ScalarText::Own(text) => text,
            ScalarText::Moment(text) => text,
        }
    }
}

impl From<ScalarText<'_>> for Str {
    fn from(text: ScalarText<'_>) -> Str {
        match text {
            ScalarText::Of(text) => text.clone(),
            ScalarText::Static(text) => Str::from_static(text),
            ScalarText::Own(text) => text,
            ScalarText::Moment(text) => Str::from(text.as_str()),
        }
    }
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
) -> Result<ScalarText<'a>> {
    let text = |moment: Timestamp| moment.text(format, TimestampPrecision::Default);
    if matches!(kind, Kind::Timestamp) {
        return timestamp_param(place, value).map(|moment| ScalarText::Moment(text(moment)));
    }
    Ok(match value {
        Value::String(text) => ScalarText::Of(text),
        Value::Bool(true) => ScalarText::Static("true"),
        Value::Bool(false) => ScalarText::Static("false"),
        Value::Int(number) => ScalarText::Own(Str::from(itoa::Buffer::new().format(*number))),
        Value::BigInt(digits) => ScalarText::Own(Str::from(&**digits)),
        Value::Float(number) => {
            let mut text = String::new();
            push_float(&mut text, *number);
            ScalarText::Own(Str::from(text))
        }
        Value::Blob(bytes) => ScalarText::Own(Str::from(base64(bytes))),
        Value::Timestamp(moment) => ScalarText::Moment(text(*moment)),
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
