//! Bucket names and addressing.

use inia_core::{Error, Problem, Result, Value};
use inia_endpoint::Arn;

use crate::customization::{ParamsStage, RequestStage};

/// Rejects invalid bucket names before they become part of a host or path.
pub(in crate::customization) fn check_name(stage: &mut ParamsStage<'_>) -> Result<()> {
    let Some(bucket) = stage.params.get("Bucket").and_then(Value::as_str) else {
        return Ok(());
    };
    if is_name(bucket) || is_access_point(bucket) {
        return Ok(());
    }
    let message = format!(
        "invalid bucket name {bucket:?}: must be 1 to 255 letters, digits, dots, hyphens and underscores, or the ARN of an access point"
    );
    Err(Error::from_problems(
        &stage.operation.name,
        vec![Problem {
            path: "Bucket".into(),
            message,
        }],
    ))
}

fn is_name(bucket: &str) -> bool {
    (1..=255).contains(&bucket.len())
        && bucket
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
}

/// Returns true if this is the ARN of an access point of S3, of S3 Object Lambda, or on an outpost.
pub(super) fn is_access_point(text: &str) -> bool {
    let mut parts = text.splitn(6, ':');
    let (Some("arn"), Some(partition), Some(service), Some(region), Some(account), Some(resource)) = (
        parts.next(),
        parts.next(),
        parts.next(),
        parts.next(),
        parts.next(),
        parts.next(),
    ) else {
        return false;
    };
    let is_label = |text: &str, extra: &[u8]| {
        (1..=63).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || extra.contains(&byte))
    };
    let resource: Vec<&str> = resource.split([':', '/']).collect();
    partition.starts_with("aws")
        && region
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && account.len() == 12
        && account.bytes().all(|byte| byte.is_ascii_digit())
        && match (service, resource.as_slice()) {
            ("s3" | "s3-object-lambda", ["accesspoint", name]) => is_label(name, b"."),
            ("s3-outposts", ["outpost", outpost, "accesspoint", name]) => {
                !region.is_empty() && is_label(outpost, b"") && is_label(name, b"")
            }
            _ => false,
        }
}

/// Overrides the addressing style for `GetBucketLocation` and ARNs, and records the bucket for region redirects.
pub(in crate::customization) fn choose_addressing(stage: &mut ParamsStage<'_>) -> Result<()> {
    let bucket = stage.params.get("Bucket").and_then(Value::as_str);
    let is_arn = bucket.is_some_and(|bucket| Arn::parse(bucket).is_some());
    if stage.operation.name == "GetBucketLocation" {
        // With path-style addressing, any regional endpoint returns the location of any bucket.
        stage.state.force_path_style = Some(true);
    } else if is_arn {
        stage.state.force_path_style = Some(false);
    }
    if !is_arn {
        stage.state.bucket = bucket.map(Into::into);
    }
    Ok(())
}

/// Removes the bucket from the path, because the endpoint rule set adds it to the host or path. The HMAC-SHA1 signature still covers
/// the path that includes the bucket.
pub(in crate::customization) fn remove_from_path(stage: &mut RequestStage<'_>) -> Result<()> {
    if stage.operation.request_uri.starts_with("/{Bucket}") {
        let path = &mut stage.request.path;
        let end = path
            .get(1..)
            .and_then(|rest| rest.find('/'))
            .map_or(path.len(), |end| end + 1);
        let bucket = stage.params.get("Bucket").and_then(Value::as_str);
        *stage.auth_path = Some(match bucket.and_then(Arn::parse) {
            Some(_) => path.get(end..).unwrap_or_default().to_owned(),
            None if end == path.len() => format!("{path}/"),
            None => path.clone(),
        });
        path.replace_range(..end, "");
        if path.is_empty() {
            path.push('/');
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn validates_bucket_names_and_access_points() {
        for bucket in ["logs", "My_Bucket.1", "a"] {
            assert!(is_name(bucket), "{bucket}");
        }
        for bucket in ["", "a/b", "../x", "a b", "é", &"x".repeat(256)] {
            assert!(!is_name(bucket), "{bucket}");
        }
        for arn in [
            "arn:aws:s3:us-west-2:123456789012:accesspoint/name",
            "arn:aws-cn:s3:cn-north-1:123456789012:accesspoint:name",
            "arn:aws:s3::123456789012:accesspoint:mfzwi23gnjvgw.mrap",
            "arn:aws:s3-outposts:us-west-2:123456789012:outpost/op-01/accesspoint/mine",
        ] {
            assert!(is_access_point(arn), "{arn}");
        }
        for arn in [
            "arn:aws:s3:::bucket",
            "arn:aws:s3:us-west-2:123:accesspoint/x",
            "arn:aws:sqs:us-west-2:123456789012:accesspoint/x",
        ] {
            assert!(!is_access_point(arn), "{arn}");
        }
    }
}
