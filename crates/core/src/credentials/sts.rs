//! Credentials in the answers of STS.

use super::answer::{member, text};
use super::provider::failed;
use super::{CredentialFeatures, Credentials, ProviderContext, moment};
use crate::{Result, Secret, Str, Timestamp, Value};

/// Reads the answer of AssumeRole or AssumeRoleWithWebIdentity, with the account id of the role it names.
///
/// # Source
/// botocore `credentials.py:BaseAssumeRoleCredentialFetcher._add_account_id_to_response`.
pub(super) fn assumed_role(
    operation: &str,
    answer: &Value,
    provider: &'static str,
    features: CredentialFeatures,
) -> Result<Credentials> {
    let account_id = text(member(answer, "AssumedRoleUser"), "Arn")
        .and_then(account_of)
        .map(Str::from);
    let missing = |member: &str| failed(format!("{operation} answered without {member}"));
    let fields = member(answer, "Credentials");
    let access_key_id = text(fields, "AccessKeyId").ok_or_else(|| missing("AccessKeyId"))?;
    let secret = text(fields, "SecretAccessKey").ok_or_else(|| missing("SecretAccessKey"))?;
    let expires = moment_of(member(fields, "Expiration")).ok_or_else(|| missing("Expiration"))?;
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

fn moment_of(value: &Value) -> Option<Timestamp> {
    value
        .as_timestamp()
        .or_else(|| moment::parse(value.as_str()?).ok())
}

/// The account id in an ARN.
fn account_of(arn: &str) -> Option<&str> {
    let mut parts = arn.split(':');
    (parts.next()? == "arn").then_some(())?;
    parts.nth(3).filter(|account| !account.is_empty())
}

/// The name of a session that was given none: botocore's, as there are policies that ask for it.
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
    fn the_account_is_the_fifth_part() {
        for (arn, account) in [
            (
                "arn:aws:sts::123456789012:assumed-role/r/s",
                Some("123456789012"),
            ),
            ("arn:aws:s3:::bucket", None),
            ("arn:aws", None),
            ("urn:aws:sts::1:r", None),
        ] {
            assert_eq!(account_of(arn), account, "{arn}");
        }
    }
}
