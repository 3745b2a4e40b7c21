//! JSON, the body format of the protocols `json` (AWS JSON 1.0 and 1.1) and `rest-json`.

mod builder;
mod decoder;
mod format;
mod lexer;
mod writer;

use bytes::Bytes;
use inia_core::{Result, Value};

pub(crate) use format::JsonFormat;
pub(crate) use writer::ascii_document;

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
