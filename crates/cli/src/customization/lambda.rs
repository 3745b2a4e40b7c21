//! Arguments of AWS Lambda.
//!
//! # Source
//! The AWS CLI, `customizations/awslambda.py`.

/// Signature of the record at the end of a zip file.
const END_OF_CENTRAL_DIRECTORY: &[u8] = b"PK\x05\x06";

/// The record is at most so many bytes before the end: its size and that of the longest comment.
const MAX_DISTANCE_TO_END: usize = 22 + 65_535;

/// Checks that bytes are a zip file.
pub(super) fn check_zip(bytes: &[u8]) -> Result<(), String> {
    let start = bytes.len().saturating_sub(MAX_DISTANCE_TO_END);
    let end = bytes.get(start..).unwrap_or_default();
    let is_zip = end
        .windows(END_OF_CENTRAL_DIRECTORY.len())
        .any(|window| window == END_OF_CENTRAL_DIRECTORY);
    if is_zip {
        return Ok(());
    }
    Err("--zip-file must be a zip file with the fileb:// prefix.\n\
         Example usage:  --zip-file fileb://path/to/file.zip"
        .to_owned())
}
