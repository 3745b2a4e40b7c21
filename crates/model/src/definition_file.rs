//! [`Definition`]: the content of a definition file.

use bytes::Bytes;
use inia_core::{Error, ErrorKind, Result};
use serde::de::DeserializeOwned;

/// A definition file and its origin.
#[derive(Clone, Debug)]
pub struct Definition {
    /// Content of the file, with extras merged in.
    pub content: Bytes,
    /// Format of the content.
    pub format: DefinitionFormat,
    /// Path of the file, or name of the built-in definition, for error messages.
    pub origin: String,
}

/// Format of a [`Definition`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefinitionFormat {
    /// JSON, as AWS writes it.
    Json,
    /// Binary format of the type that reads it: the built-in `endpoint-rule-set-1`, `partitions` and `endpoints`.
    Compiled,
}

impl Definition {
    /// Deserializes the content.
    ///
    /// # Errors
    /// `Model`: the content is not valid for the type; the message has the file, line and column.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T> {
        if self.format == DefinitionFormat::Compiled {
            return Err(Error::new(
                ErrorKind::Model,
                format!("{}: the definition is compiled, not JSON", self.origin),
            ));
        }
        serde_json::from_slice(&self.content)
            .map_err(|error| Error::new(ErrorKind::Model, format!("{}: {error}", self.origin)))
    }

    /// Reads the content with the function for its format.
    ///
    /// # Errors
    /// `Model`: the content is not valid; the message has the origin.
    pub fn read<T>(
        &self,
        json: impl FnOnce(&[u8]) -> Result<T>,
        compiled: impl FnOnce(&[u8]) -> Result<T>,
    ) -> Result<T> {
        match self.format {
            DefinitionFormat::Json => json(&self.content),
            DefinitionFormat::Compiled => compiled(&self.content),
        }
        .map_err(|error| Error::new(ErrorKind::Model, format!("{}: {error}", self.origin)))
    }
}
