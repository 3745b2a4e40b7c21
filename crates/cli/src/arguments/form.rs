//! [`ValueForm`]: the form of values on the command line and in JSON.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use inia::{Blob, Value};

/// Form of values on the command line and in JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ValueForm {
    pub(crate) binary: BinaryFormat,
    /// True if the parameters have native values in place of DynamoDB's attribute values.
    pub(crate) is_native: bool,
}

/// Form of blobs on the command line and in JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum BinaryFormat {
    #[default]
    Base64,
    /// The text is the blob.
    Raw,
}

impl BinaryFormat {
    /// Returns the format of that name in the AWS CLI.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        match name {
            "base64" => Some(BinaryFormat::Base64),
            "raw-in-base64-out" => Some(BinaryFormat::Raw),
            _ => None,
        }
    }

    /// Returns the blob of a text.
    ///
    /// # Errors
    /// A message if the text is not base64.
    pub(crate) fn blob(self, text: &str) -> Result<Value, String> {
        match self {
            BinaryFormat::Base64 => blob_from_text(text),
            BinaryFormat::Raw => Ok(Value::Blob(Blob::from(text.as_bytes()))),
        }
    }
}

/// Decodes a blob from base64, its form on the command line and in JSON.
fn blob_from_text(text: &str) -> Result<Value, String> {
    BASE64_STANDARD
        .decode(text.trim().as_bytes())
        .map(|bytes| Value::Blob(Blob::from(bytes)))
        .map_err(|error| {
            format!("invalid base64 for a blob ({error}); use fileb:// to read bytes from a file")
        })
}
