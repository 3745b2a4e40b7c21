//! JSON, the body format of the protocols `json` (AWS JSON 1.0 and 1.1) and `rest-json`.

mod builder;
mod decoder;
mod entries;
mod format;
mod lexer;
mod writer;

use bytes::Bytes;
use inia_core::{Result, Str, Value};

pub(crate) use format::JsonFormat;

use crate::scalar::utf8_text;

/// Parses any JSON text.
///
/// Whole numbers of up to 64 bits are integers, larger ones keep their digits; of equal keys the last one counts.
///
/// # Errors
/// `Parse`: the text is not JSON as RFC 8259 has it, not UTF-8, or nested more than 512 levels deep.
///
/// ```
/// use inia_core::json;
/// use inia_protocol::read_json;
///
/// let value = read_json(r#"{"a": [1, 2.5, "\u00e9"], "b": null}"#.into())?;
/// assert_eq!(value, json!({"a": [1, 2.5, "é"], "b": null}));
/// assert!(read_json("{,}".into()).is_err());
/// # Ok::<(), inia_core::Error>(())
/// ```
pub fn read_json(text: Bytes) -> Result<Value> {
    builder::document(utf8_text("JSON", &text)?)
}

/// Appends a value as ASCII JSON, as headers require.
pub(crate) fn write_ascii_document(out: &mut Vec<u8>, context: &str, value: &Value) -> Result<()> {
    writer::whole_document(out, context, value, writer::NonAscii::Escaped)
}

/// Returns a value as JSON, or `None` if it has no JSON form.
pub(crate) fn document_text(value: &Value) -> Option<Str> {
    let mut text = Vec::new();
    writer::whole_document(&mut text, "", value, writer::NonAscii::Utf8).ok()?;
    Some(Str::from(String::from_utf8_lossy(&text)))
}
