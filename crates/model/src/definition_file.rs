//! [`Definition`]: the content of a definition file.

use bytes::Bytes;
use inia_core::packed::{Dictionary, Packed, PackedReader};
use inia_core::{Error, ErrorKind, Result, Value};

/// A definition file and its origin.
#[derive(Clone, Debug, PartialEq)]
pub struct Definition {
    pub(crate) content: DefinitionContent,
    /// Path of the file, or name of the built-in definition, for error messages.
    pub origin: String,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum DefinitionContent {
    /// JSON, as AWS writes it, with extras merged in.
    Json(Bytes),
    /// A packed value.
    Value {
        bytes: Bytes,
        dictionary: Dictionary,
    },
    /// The packed form of the type that reads it: the built-in `endpoint-rule-set-1`, `partitions` and `endpoints`.
    Compiled {
        bytes: Bytes,
        dictionary: Dictionary,
    },
}

impl Definition {
    /// Creates a definition of JSON text.
    #[must_use]
    pub fn from_json(origin: impl Into<String>, text: impl Into<Bytes>) -> Self {
        Definition {
            content: DefinitionContent::Json(text.into()),
            origin: origin.into(),
        }
    }

    /// Returns whether the content is compiled, so that it is not available as a value.
    #[must_use]
    pub fn is_compiled(&self) -> bool {
        matches!(self.content, DefinitionContent::Compiled { .. })
    }

    /// Returns the content as a value.
    ///
    /// # Errors
    /// `Model`: the content is compiled, or is not JSON; the message has the file, line and column.
    pub fn value(&self) -> Result<Value> {
        match &self.content {
            DefinitionContent::Json(text) => serde_json::from_slice(without_mark(text))
                .map_err(|error| Error::new(ErrorKind::Model, error.to_string()).at(&self.origin)),
            DefinitionContent::Value { bytes, dictionary } => {
                let value = PackedReader::with_dictionary(bytes, *dictionary).whole();
                value.ok_or_else(|| corrupt(&self.origin))
            }
            DefinitionContent::Compiled { .. } => Err(Error::new(
                ErrorKind::Model,
                "the definition is compiled, not JSON",
            )
            .at(&self.origin)),
        }
    }

    /// Returns the content as JSON.
    ///
    /// # Errors
    /// `Model`: the content is compiled.
    pub fn json(&self) -> Result<Bytes> {
        match &self.content {
            DefinitionContent::Json(text) => Ok(text.slice_ref(without_mark(text))),
            _ => Ok(self.value()?.to_json_string().into()),
        }
    }

    /// Reads the content as a type that is built from JSON or from its own packed form.
    ///
    /// # Errors
    /// Those of `from_json`; or `Model`: the packed content is damaged. The message has the file.
    pub fn load<T: Packed>(&self, from_json: impl FnOnce(&[u8]) -> Result<T>) -> Result<T> {
        match &self.content {
            DefinitionContent::Compiled { bytes, dictionary } => {
                let value = PackedReader::with_dictionary(bytes, *dictionary).whole();
                value.ok_or_else(|| corrupt(&self.origin))
            }
            _ => from_json(&self.json()?).map_err(|error| error.at(&self.origin)),
        }
    }
}

/// Returns a text without the byte order mark that some editors add.
fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}

#[cold]
pub(crate) fn corrupt(origin: &str) -> Error {
    Error::new(ErrorKind::Model, format!("{origin}: corrupt"))
}
