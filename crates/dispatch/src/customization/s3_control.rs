//! S3 Control.

use inia_core::{Error, Problem, Result, Str, Value};
use inia_endpoint::Arn;

use super::{ParamsStage, RequestStage};

/// Sets `AccountId` from the ARN of a bucket or access point on Outposts. `CreateBucket` and `ListRegionalBuckets` take no ARN;
/// `CreateAccessPoint` takes one for its bucket only.
///
/// DIFFERENCE: botocore takes any text with five colons for an ARN, and rejects it.
pub(super) fn account_from_arn(stage: &mut ParamsStage<'_>) -> Result<()> {
    let operation = stage.operation.name.as_str();
    let members: &[(&str, &str)] = match operation {
        "CreateBucket" | "ListRegionalBuckets" => &[],
        "CreateAccessPoint" => &[("Bucket", "bucket")],
        _ => &[("Name", "accesspoint"), ("Bucket", "bucket")],
    };
    for (member, kind) in members {
        let name = stage.params.get(member).and_then(Value::as_str);
        let Some(arn) = name.and_then(Arn::parse) else {
            continue;
        };
        let problem = |path: &str, message: String| {
            let path = path.to_owned();
            Error::from_problems(operation, vec![Problem { path, message }])
        };
        if !is_on_outpost(&arn, kind) {
            let message = format!("the ARN is not that of a {kind} on an outpost");
            return Err(problem(member, message));
        }
        let account = Str::from(arn.account_id);
        let other = stage.params.get("AccountId").and_then(Value::as_str);
        if let Some(other) = other.filter(|other| **other != *account) {
            let message = format!("is {other}, but the ARN in {member} has account {account}");
            return Err(problem("AccountId", message));
        }
        if let Some(params) = stage.params.as_map_mut() {
            params.insert("AccountId", account);
        }
    }
    Ok(())
}

/// Returns true if the resource is `outpost/<id>/<kind>/<name>`, separated by slashes or colons.
fn is_on_outpost(arn: &Arn<'_>, kind: &str) -> bool {
    let parts: Vec<&str> = arn.resource.split(['/', ':']).collect();
    arn.service == "s3-outposts"
        && matches!(parts.as_slice(), ["outpost", _, resource, _] if *resource == kind)
}

/// Removes the account from the host prefix, because the endpoint rule set adds it to the host.
pub(super) fn remove_account_prefix(stage: &mut RequestStage<'_>) -> Result<()> {
    if stage.operation.host_prefix.as_deref() == Some("{AccountId}.") {
        stage.request.host_prefix = None;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recognizes_arns_on_outposts() {
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
