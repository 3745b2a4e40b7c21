//! Objects: customers' keys, metadata, and copies.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use inia_core::{Error, Problem, Result, Value};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::bucket::is_access_point;
use crate::customization::ParamsStage;
use crate::sign::content_md5;

/// What stands in a `x-amz-copy-source` header as it is.
const COPY_SOURCE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'/');

/// Encodes a customer's encryption key, and adds its MD5.
pub(in crate::customization) fn hash_customer_key(stage: &mut ParamsStage<'_>) -> Result<()> {
    hash_key(stage, "SSECustomerKey", "SSECustomerKeyMD5");
    Ok(())
}

/// The same for the key of a copy's source.
pub(in crate::customization) fn hash_copy_source_key(stage: &mut ParamsStage<'_>) -> Result<()> {
    hash_key(
        stage,
        "CopySourceSSECustomerKey",
        "CopySourceSSECustomerKeyMD5",
    );
    Ok(())
}

fn hash_key(stage: &mut ParamsStage<'_>, key_member: &'static str, md5_member: &'static str) {
    let Some(params) = stage.params.as_map_mut() else {
        return;
    };
    if params.contains_key(md5_member) {
        return;
    }
    let (encoded, md5) = match params.get(key_member) {
        Some(Value::String(key)) => (
            BASE64_STANDARD.encode(key.as_bytes()),
            content_md5(key.as_bytes()),
        ),
        Some(Value::Blob(key)) => (BASE64_STANDARD.encode(&**key), content_md5(key)),
        _ => return,
    };
    params.insert(key_member, encoded);
    params.insert(md5_member, md5);
}

/// Refuses metadata that a header cannot carry.
pub(in crate::customization) fn check_metadata(stage: &mut ParamsStage<'_>) -> Result<()> {
    let Some(Value::Map(metadata)) = stage.params.get("Metadata") else {
        return Ok(());
    };
    let is_broken = |value: &Value| value.as_str().is_some_and(|text| !text.is_ascii());
    let problems: Vec<Problem> = metadata
        .iter()
        .filter(|(name, value)| !name.is_ascii() || is_broken(value))
        .map(|(name, _)| Problem {
            path: format!("Metadata.{name}"),
            message: "metadata travels in headers, so its names and values must be ASCII".into(),
        })
        .collect();
    if problems.is_empty() {
        Ok(())
    } else {
        Err(Error::from_problems(&stage.operation.name, problems))
    }
}

/// Brings the source of a copy into the form of its header: given as `bucket/key`, `bucket/key?versionId=..`, or as a map of
/// `Bucket`, `Key` and `VersionId`.
pub(in crate::customization) fn encode_copy_source(stage: &mut ParamsStage<'_>) -> Result<()> {
    let operation = &stage.operation.name;
    let encoded = match stage.params.get("CopySource") {
        Some(Value::String(source)) => from_text(source),
        Some(Value::Map(source)) => {
            let part = |name: &str| source.get(name).and_then(Value::as_str);
            let (Some(bucket), Some(key)) = (part("Bucket"), part("Key")) else {
                let message = "a map must have Bucket and Key".into();
                return Err(Error::from_problems(
                    operation,
                    vec![Problem {
                        path: "CopySource".into(),
                        message,
                    }],
                ));
            };
            // An access point's objects stand below `object/`.
            let path = if is_access_point(bucket) {
                format!("{bucket}/object/{key}")
            } else {
                format!("{bucket}/{key}")
            };
            let mut encoded = utf8_percent_encode(&path, COPY_SOURCE).to_string();
            if let Some(version) = part("VersionId") {
                encoded.push_str("?versionId=");
                encoded.push_str(version);
            }
            encoded
        }
        _ => return Ok(()),
    };
    if let Some(params) = stage.params.as_map_mut() {
        params.insert("CopySource", encoded);
    }
    Ok(())
}

fn from_text(source: &str) -> String {
    let version = source.rfind("?versionId=").filter(|start| {
        let id = source
            .get(start + "?versionId=".len()..)
            .unwrap_or_default();
        !id.is_empty() && !id.contains(char::is_whitespace)
    });
    let (path, version) = source.split_at(version.unwrap_or(source.len()));
    let mut encoded = utf8_percent_encode(path, COPY_SOURCE).to_string();
    encoded.push_str(version);
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_key_of_a_copy_source_is_encoded() {
        for (source, expected) in [
            ("bucket/key+1.txt", "bucket/key%2B1.txt"),
            ("/bucket/a b?versionId=123", "/bucket/a%20b?versionId=123"),
            ("bucket/what?versionId=", "bucket/what%3FversionId%3D"),
            ("bucket/\u{2713}", "bucket/%E2%9C%93"),
        ] {
            assert_eq!(from_text(source), expected);
        }
    }
}
