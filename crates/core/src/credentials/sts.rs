//! Credentials in responses of STS.

use super::provider::failed;
use super::response::{member, text};
use super::{Credentials, ProviderContext, expiration};
use crate::{Result, Secret, Str, Timestamp, UserAgentFeatures, Value};

/// Parses the response of AssumeRole or AssumeRoleWithWebIdentity. The account id is taken from the ARN of the role.
///
/// # Source
/// botocore `credentials.py:BaseAssumeRoleCredentialFetcher._add_account_id_to_response`.
pub(super) fn assumed_role(
    operation: &str,
    response: &Value,
    provider: &'static str,
    features: UserAgentFeatures,
) -> Result<Credentials> {
    let account_id = text(member(response, "AssumedRoleUser"), "Arn")
        .and_then(account_in_arn)
        .map(Str::from);
    let missing = |member: &str| failed(format!("the response of {operation} has no {member}"));
    let fields = member(response, "Credentials");
    let access_key_id = text(fields, "AccessKeyId").ok_or_else(|| missing("AccessKeyId"))?;
    let secret = text(fields, "SecretAccessKey").ok_or_else(|| missing("SecretAccessKey"))?;
    let expires = timestamp(member(fields, "Expiration")).ok_or_else(|| missing("Expiration"))?;
    Ok(Credentials {
        access_key_id: Str::from(access_key_id),
        secret_access_key: Secret::from(secret),
        session_token: text(fields, "SessionToken").map(Secret::from),
        expires: Some(expires),
        account_id,
        provider: Str::from_static(provider),
        features,
    })
}

fn timestamp(value: &Value) -> Option<Timestamp> {
    value
        .as_timestamp()
        .or_else(|| expiration::parse(value.as_str()?).ok())
}

/// Returns the account id in an ARN.
fn account_in_arn(arn: &str) -> Option<&str> {
    let mut parts = arn.split(':');
    (parts.next()? == "arn").then_some(())?;
    parts.nth(3).filter(|account| !account.is_empty())
}

/// Returns the default role session name. It is the same as in botocore, because policies may match it.
pub(super) fn default_session_name(context: &ProviderContext) -> Str {
    Str::from(format!(
        "botocore-session-{}",
        context.host.clock.now().seconds()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn account_is_the_fifth_part_of_an_arn() {
        for (arn, account) in [
            (
                "arn:aws:sts::123456789012:assumed-role/r/s",
                Some("123456789012"),
            ),
            ("arn:aws:s3:::bucket", None),
            ("arn:aws", None),
            ("urn:aws:sts::1:r", None),
        ] {
            assert_eq!(account_in_arn(arn), account, "{arn}");
        }
    }
}
