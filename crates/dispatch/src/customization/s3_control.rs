//! S3 Control.

use inia_core::{Error, Problem, Result, Str, Value};
use inia_endpoint::Arn;

use super::{ParamsStage, RequestStage};

/// The account of an ARN given for a bucket or access point is the account of the call. The operations that make them, and the one
/// that lists buckets, take names.
///
/// DIFFERENCE: botocore takes any text with five colons for an ARN, and refuses it.
pub(super) fn account_from_arn(stage: &mut ParamsStage<'_>) -> Result<()> {
    let operation = stage.operation.name.as_str();
    let members: &[(&str, &str)] = match operation {
        "CreateBucket" | "ListRegionalBuckets" => &[],
        "CreateAccessPoint" => &[("Bucket", "bucket")],
        _ => &[("Name", "accesspoint"), ("Bucket", "bucket")],
    };
    for (member, kind) in members {
        let given = stage.params.get(member).and_then(Value::as_str);
        let Some(arn) = given.and_then(Arn::parse) else {
            continue;
        };
        let refuse = |path: &str, message: String| {
            let path = path.to_owned();
            Error::from_problems(operation, vec![Problem { path, message }])
        };
        if !is_on_outpost(&arn, kind) {
            let message = format!("it is an ARN, but not of a {kind} on an outpost");
            return Err(refuse(member, message));
        }
        let account = Str::from(arn.account_id);
        let other = stage.params.get("AccountId").and_then(Value::as_str);
        if let Some(other) = other.filter(|other| **other != *account) {
            let message = format!("it is {other}, but the ARN in {member} belongs to {account}");
            return Err(refuse("AccountId", message));
        }
        if let Some(params) = stage.params.as_map_mut() {
            params.insert("AccountId", account);
        }
    }
    Ok(())
}

/// Whether a resource is `outpost/<id>/<kind>/<name>`, its parts between slashes or colons.
fn is_on_outpost(arn: &Arn<'_>, kind: &str) -> bool {
    let parts: Vec<&str> = arn.resource.split(['/', ':']).collect();
    arn.service == "s3-outposts"
        && matches!(parts.as_slice(), ["outpost", _, found, _] if *found == kind)
}

/// The endpoint rule set puts the account before the host itself.
pub(super) fn leave_account_to_endpoint(stage: &mut RequestStage<'_>) -> Result<()> {
    if stage.operation.host_prefix.as_deref() == Some("{AccountId}.") {
        stage.request.host_prefix = None;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_on_outposts_are_told_from_others() {
        for (arn, kind, expected) in [
            (
                "arn:aws:s3-outposts:us-east-1:123456789012:outpost/op-1/bucket/b",
                "bucket",
                true,
            ),
            (
                "arn:aws:s3-outposts:us-east-1:123456789012:outpost:op-1:accesspoint:a",
                "accesspoint",
                true,
            ),
            (
                "arn:aws:s3-outposts:us-east-1:123456789012:outpost/op-1/bucket/b",
                "accesspoint",
                false,
            ),
            (
                "arn:aws:s3:us-east-1:123456789012:accesspoint/a",
                "accesspoint",
                false,
            ),
            (
                "arn:aws:s3-outposts:us-east-1:123456789012:outpost/op-1",
                "bucket",
                false,
            ),
        ] {
            assert_eq!(
                is_on_outpost(&Arn::parse(arn).unwrap(), kind),
                expected,
                "{arn}"
            );
        }
    }
}
