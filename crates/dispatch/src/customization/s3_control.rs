//! S3 Control.

use inia_core::{Error, Problem, Result, Str, Value};
use inia_endpoint::Arn;

use super::{ParamsStage, RequestStage};

/// The account of an ARN given for a bucket or access point is the account of the call.
pub(super) fn account_from_arn(stage: &mut ParamsStage<'_>) -> Result<()> {
    let member =
        if stage.operation.name == "CreateAccessPoint" || stage.params.get("Name").is_none() {
            "Bucket"
        } else {
            "Name"
        };
    let Some(account) = stage
        .params
        .get(member)
        .and_then(Value::as_str)
        .and_then(account_of)
    else {
        return Ok(());
    };
    let given = stage.params.get("AccountId").and_then(Value::as_str);
    if let Some(given) = given.filter(|given| **given != *account) {
        let message = format!("it is {given}, but the ARN in {member} belongs to {account}");
        return Err(Error::from_problems(
            &stage.operation.name,
            vec![Problem {
                path: "AccountId".into(),
                message,
            }],
        ));
    }
    if let Some(params) = stage.params.as_map_mut() {
        params.insert("AccountId", account);
    }
    Ok(())
}

fn account_of(text: &str) -> Option<Str> {
    let arn = Arn::parse(text)?;
    (!arn.account_id.is_empty()).then(|| Str::from(arn.account_id))
}

/// The endpoint rule set puts the account before the host itself.
pub(super) fn leave_account_to_endpoint(stage: &mut RequestStage<'_>) -> Result<()> {
    if stage.operation.host_prefix.as_deref() == Some("{AccountId}.") {
        stage.request.host_prefix = None;
    }
    Ok(())
}
