//! Object parameters: customer-provided encryption keys (SSE-C) and copy sources.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use inia_core::{Error, Problem, Result, Value, push_percent_encoded_except};

use super::bucket::is_access_point;
use crate::customization::ParamsStage;
use crate::sign::content_md5;

/// Encodes the customer-provided key in base64, and adds its MD5.
pub(in crate::customization) fn hash_customer_key(stage: &mut ParamsStage<'_>) -> Result<()> {
    hash_key(stage, "SSECustomerKey", "SSECustomerKeyMD5");
    Ok(())
}

/// Encodes the customer-provided key of a copy's source in base64, and adds its MD5.
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
    let has_md5 = params.get(md5_member).is_some_and(|md5| !md5.is_null());
    let key: &[u8] = match params.get(key_member) {
        // With its MD5, a text is the encoded key.
        Some(Value::String(key)) if !has_md5 => key.as_bytes(),
        Some(Value::Blob(key)) => key,
        _ => return,
    };
    let (encoded, md5) = (BASE64_STANDARD.encode(key), content_md5(key));
    params.insert(key_member, encoded);
    if !has_md5 {
        params.insert(md5_member, md5);
    }
}

/// Encodes the source of a copy for its header. The parameter is `bucket/key`, `bucket/key?versionId=..`, or a map of `Bucket`, `Key`
/// and `VersionId`.
pub(in crate::customization) fn encode_copy_source(stage: &mut ParamsStage<'_>) -> Result<()> {
    let operation = &stage.operation.name;
    let encoded = match stage.params.get("CopySource") {
        Some(Value::String(source)) => encode_source(source),
        Some(Value::Map(source)) => {
            let text = |name: &str| source.get(name).and_then(Value::as_str);
            let (Some(bucket), Some(key)) = (text("Bucket"), text("Key")) else {
                let message = "a map requires Bucket and Key".into();
                return Err(Error::from_problems(
                    operation,
                    vec![Problem {
                        path: "CopySource".into(),
                        message,
                    }],
                ));
            };
            // Objects of an access point have the prefix `object/`.
            let path = if is_access_point(bucket) {
                format!("{bucket}/object/{key}")
            } else {
                format!("{bucket}/{key}")
            };
            let mut encoded = encode_path(&path);
            if let Some(version) = text("VersionId") {
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

/// Percent-encodes a path for the `x-amz-copy-source` header.
fn encode_path(path: &str) -> String {
    let mut encoded = String::with_capacity(path.len());
    push_percent_encoded_except(&mut encoded, path, |byte| byte == b'/');
    encoded
}

fn encode_source(source: &str) -> String {
    let version = source.rfind("?versionId=").filter(|start| {
        let id = source
            .get(start + "?versionId=".len()..)
            .unwrap_or_default();
        !id.is_empty() && !id.contains(char::is_whitespace)
    });
    let (path, version) = source.split_at(version.unwrap_or(source.len()));
    let mut encoded = encode_path(path);
    encoded.push_str(version);
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_only_the_path_of_a_copy_source() {
        for (source, expected) in [
            ("bucket/key+1.txt", "bucket/key%2B1.txt"),
            ("/bucket/a b?versionId=123", "/bucket/a%20b?versionId=123"),
            ("bucket/what?versionId=", "bucket/what%3FversionId%3D"),
            ("bucket/\u{2713}", "bucket/%E2%9C%93"),
        ] {
            assert_eq!(encode_source(source), expected);
        }
    }
}
