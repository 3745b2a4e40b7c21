//! Completion of parameters before a call.

use std::collections::BTreeMap;

use inia::{Client, Value};

use super::{OperationCommand, cloudfront};
use crate::status::CliError;

/// Completes the parameters, for which other calls may be necessary. `kept` are arguments for code.
///
/// # Errors
/// If another call fails.
pub(crate) async fn complete(
    client: &Client,
    command: OperationCommand<'_>,
    kept: &BTreeMap<&'static str, String>,
    params: &mut Value,
) -> Result<(), CliError> {
    let Some(params) = params.as_map_mut() else {
        return Ok(());
    };
    if command.is_one_of("cloudfront", &["update-distribution"])
        && let Some(object) = kept.get("default-root-object")
    {
        let completed = cloudfront::update_default_root_object(client, params, object).await;
        completed.map_err(|error| CliError::Call {
            operation: "GetDistributionConfig".to_owned(),
            error,
        })?;
    }
    Ok(())
}

/// Reports whether a member is set by [`complete`].
pub(crate) fn is_set_later(
    command: OperationCommand<'_>,
    member: &str,
    kept: &BTreeMap<&'static str, String>,
) -> bool {
    command.is_one_of("cloudfront", &["update-distribution"])
        && member == "DistributionConfig"
        && kept.contains_key("default-root-object")
}

/// Services whose endpoint is a resource of the user's.
///
/// # Source
/// The AWS CLI, `customizations/cloudsearchdomain.py`.
const OWN_ENDPOINTS: &[&str] = &["cloudsearchdomain"];

/// Checks that a service whose endpoint is the user's own has one.
///
/// # Errors
/// If there is none.
pub(crate) fn check_endpoint(service: &str, has_endpoint: bool) -> Result<(), CliError> {
    if OWN_ENDPOINTS.contains(&service) && !has_endpoint {
        return Err(CliError::usage(format!(
            "--endpoint-url is required for {service} commands"
        )));
    }
    Ok(())
}

/// Operations of Amazon EC2 that are slow without a page size, and the parameters with which they have the default one.
///
/// # Source
/// The AWS CLI, `customizations/ec2/paginate.py`.
const PAGE_SIZES: &[(&str, &[&str])] = &[
    (
        "describe-snapshots",
        &["OwnerIds", "RestorableByUserIds", "DryRun", "NextToken"],
    ),
    ("describe-volumes", &["DryRun", "NextToken"]),
];

/// Returns the page size of an operation if the command line has none.
pub(crate) fn default_page_size(command: OperationCommand<'_>, params: &Value) -> Option<u64> {
    const PAGE_SIZE: u64 = 1000;
    let (_, allowed) = PAGE_SIZES
        .iter()
        .find(|(operation, _)| command.is_one_of("ec2", &[operation]))?;
    let has_others = params
        .entries()
        .any(|(name, _)| !allowed.contains(&name.as_str()));
    (!has_others).then_some(PAGE_SIZE)
}

/// Reports whether a parameter, which is not a token of the paginator, requests a single page.
///
/// # Source
/// The AWS CLI, `customizations/kinesis.py`.
pub(crate) fn requests_single_page(command: OperationCommand<'_>, params: &Value) -> bool {
    command.is_one_of("kinesis", &["list-streams"])
        && params.get("ExclusiveStartStreamName").is_some()
}
