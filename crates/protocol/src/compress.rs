//! Request compression.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use inia_core::{Error, ErrorKind, Result};
use inia_model::Operation;

use crate::Request;

/// Compresses the body of a request if the operation supports gzip, and appends `gzip` to `content-encoding`. The
/// caller applies the minimum size, 10,240 bytes by default. Returns true if the body was compressed.
///
/// # Errors
/// `Validation`: the body cannot be compressed.
///
/// # Source
/// botocore `compress.py:maybe_compress_request`.
pub fn compress(operation: &Operation, request: &mut Request) -> Result<bool> {
    if request.body.is_empty()
        || !operation
            .compression
            .iter()
            .any(|encoding| *encoding == "gzip")
    {
        return Ok(false);
    }
    let mut encoder = GzEncoder::new(
        Vec::with_capacity(request.body.len() / 4),
        Compression::default(),
    );
    let compressed = encoder
        .write_all(&request.body)
        .and_then(|()| encoder.finish())
        .map_err(|error| {
            Error::new(
                ErrorKind::Validation,
                format!("{}: the body cannot be compressed", operation.name),
            )
            .with_source(error)
        })?;
    request.body = compressed.into();
    let encoding = match request.headers.get("content-encoding") {
        Some(encodings) if !encodings.is_empty() => format!("{encodings}, gzip"),
        _ => "gzip".to_owned(),
    };
    request.headers.set("content-encoding", encoding);
    Ok(true)
}
