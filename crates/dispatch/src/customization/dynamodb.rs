//! DynamoDB.

use inia_core::{Error, ErrorKind, Result, RetryClass};
use inia_protocol::Response;

/// Compares the body with the checksum in the header `x-amz-crc32`. A mismatch is a transient error.
pub(super) fn check_crc32(response: &mut Response) -> Result<()> {
    let Some(expected) = response.headers.get("x-amz-crc32") else {
        return Ok(());
    };
    let actual = crc32fast::hash(&response.body);
    if expected.trim().parse() == Ok(actual) {
        return Ok(());
    }
    let message = format!(
        "checksum mismatch: the CRC32 of the body is {actual}, but the response header has {expected}"
    );
    Err(Error::new(ErrorKind::Stream, message).with_retry_class(RetryClass::Transient))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejects_a_body_that_does_not_match_its_checksum() {
        for (header, accepted) in [
            (None, true),
            (Some("3421780262"), true),
            (Some("3421780263"), false),
            (Some("none"), false),
        ] {
            let mut response = Response {
                body: "123456789".into(),
                ..Response::default()
            };
            if let Some(header) = header {
                response.headers.set("x-amz-crc32", header);
            }
            let result = check_crc32(&mut response);
            assert_eq!(result.is_ok(), accepted, "{header:?}");
            if let Err(error) = result {
                assert!(error.is_retryable());
            }
        }
    }
}
