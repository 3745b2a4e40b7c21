//! Parameters of any format: the conversions of values that a type accepts, and the errors for those that it does not.

use inia_core::{Error, ErrorKind, Map, Result, Timestamp, Value};

/// Returns the error for a value that cannot be written as its shape. It is reached only if validation is disabled or
/// skipped.
#[cold]
pub(crate) fn mismatch(context: &str, expected: &str, value: &Value) -> Error {
    let message = format!(
        "{context}: expected {expected}, got {}",
        with_article(value)
    );
    Error::new(ErrorKind::Validation, message)
}

/// Returns the name of a value's type with its article.
pub(crate) fn with_article(value: &Value) -> String {
    let name = value.type_name();
    let article = if name.starts_with('i') { "an" } else { "a" };
    format!("{article} {name}")
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
