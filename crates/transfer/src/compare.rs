//! Compares a file with an object by checksum.

#![expect(
    clippy::indexing_slicing,
    reason = "indexing a value by a missing key returns null"
)]

use std::path::PathBuf;
use std::sync::Arc;

use inia_core::{Result, Value};
use inia_dispatch::detail::{Algorithm, Hasher};

use crate::checksum::ObjectChecksum;
use crate::config::MIB;
use crate::context::{TransferContext, unblock};
use crate::object::ObjectName;
use crate::source::SourceFile;

/// The operations of a comparison.
pub(crate) const OPERATIONS: &[&str] = &["HeadObject"];

/// Returns true if a file has the contents of an object.
pub(crate) async fn has_same_contents(
    context: Arc<TransferContext>,
    object: ObjectName,
    path: PathBuf,
) -> Result<bool> {
    let mut params = object.params();
    params.insert("ChecksumMode", "ENABLED");
    let head = context
        .control
        .until_cancelled(context.send("HeadObject", &params))
        .await?;
    let size = head.value["ContentLength"].as_u64();
    let expected = expected_hash(&head.value);
    unblock(move || {
        let Some(file) = SourceFile::open(&path)? else {
            return Ok(false);
        };
        let Some((algorithm, expected)) = expected else {
            return Ok(false);
        };
        if Some(file.version.length) != size {
            return Ok(false);
        }
        let mut hasher = Hasher::new(algorithm);
        let mut offset = 0;
        while offset < file.version.length {
            let length = MIB.min(file.version.length - offset);
            hasher.update(&file.read(offset, length, &context.shared.buffers)?);
            offset += length;
        }
        file.check_unchanged()?;
        Ok(hasher.digest() == expected)
    })
    .await
}

/// Returns the hash of all bytes of an object.
fn expected_hash(head: &Value) -> Option<(Algorithm, Vec<u8>)> {
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;

    if let Some((checksum, value)) = ObjectChecksum::of_object(head)
        && checksum.is_full_object
    {
        return Some((checksum.algorithm, BASE64_STANDARD.decode(value).ok()?));
    }
    // The ETag is an MD5 unless the object was uploaded in parts or is encrypted with a key of KMS or the customer.
    let is_encrypted = head["SSECustomerAlgorithm"].as_str().is_some()
        || head["ServerSideEncryption"]
            .as_str()
            .is_some_and(|algorithm| algorithm.starts_with("aws:kms"));
    let etag = head["ETag"].as_str()?.trim_matches('"');
    if is_encrypted || etag.len() != 32 {
        return None;
    }
    let digits: Option<Vec<u8>> = etag
        .chars()
        .map(|digit| {
            digit
                .to_digit(16)
                .and_then(|digit| u8::try_from(digit).ok())
        })
        .collect();
    let digits = digits?;
    let (pairs, _) = digits.as_chunks::<2>();
    let md5 = pairs.iter().map(|[high, low]| high << 4 | low).collect();
    Some((Algorithm::Md5, md5))
}

#[cfg(test)]
mod tests {
    use inia_core::json;

    use super::*;

    #[test]
    fn objects_are_compared_by_checksum_or_etag() {
        let md5 = "\"5d41402abc4b2a76b9719d911017c592\"";
        for (head, algorithm) in [
            (json!({"ETag": md5}), Some(Algorithm::Md5)),
            (
                json!({"ETag": md5, "ChecksumCRC32": "NhCmhg=="}),
                Some(Algorithm::Crc32),
            ),
            (
                json!({"ETag": md5, "ServerSideEncryption": "aws:kms"}),
                None,
            ),
            (
                json!({"ETag": "\"5d41402abc4b2a76b9719d911017c592-2\""}),
                None,
            ),
            (
                json!({"ETag": "\"zz41402abc4b2a76b9719d911017c592\""}),
                None,
            ),
            (json!({"ChecksumCRC32": "NhCmhg==-2"}), None),
        ] {
            let found = expected_hash(&head);
            assert_eq!(
                found.as_ref().map(|(algorithm, _)| *algorithm),
                algorithm,
                "{head}"
            );
            if let Some((algorithm, expected)) = found {
                let mut hasher = Hasher::new(algorithm);
                hasher.update(b"hello");
                assert_eq!(hasher.digest(), expected);
            }
        }
    }
}
