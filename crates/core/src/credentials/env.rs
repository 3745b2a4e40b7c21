//! Provider 1, `env`: credentials from environment variables.

use super::provider::failed;
use super::{Credentials, Lookup, Provider, ProviderContext, expiration};
use crate::config::setting::{self, Setting};
use crate::ports::BoxFuture;
use crate::{Result, Secret, Str, UserAgentFeatures};

/// Credentials from environment variables.
///
/// # Source
/// botocore `credentials.py:EnvProvider`.
///
/// DIFFERENCE: white space around keys and tokens is removed, and a variable with only white space counts as not set, as in the other
/// SDKs; botocore uses them as they are.
#[derive(Debug)]
pub(super) struct EnvProvider;

impl Provider<Credentials> for EnvProvider {
    fn name(&self) -> &str {
        "env"
    }

    fn load<'a>(
        &'a self,
        context: &'a ProviderContext,
    ) -> BoxFuture<'a, Result<Lookup<Credentials>>> {
        Box::pin(async move { load(context) })
    }
}

pub(super) fn load(context: &ProviderContext) -> Result<Lookup<Credentials>> {
    let var = |row: &Setting| Some(row.from_env(&*context.host.env)?.1);
    for row in [
        &setting::ACCESS_KEY_ID,
        &setting::SECRET_ACCESS_KEY,
        &setting::SESSION_TOKEN,
    ] {
        if let Some((name, value)) = row.from_env(&*context.host.env)
            && value.contains(char::is_control)
        {
            let message = format!("{name} contains a line break or another control character");
            return Err(failed(message));
        }
    }
    let Some(access_key_id) = var(&setting::ACCESS_KEY_ID) else {
        return Lookup::none("AWS_ACCESS_KEY_ID is not set");
    };
    let Some(secret_access_key) = var(&setting::SECRET_ACCESS_KEY) else {
        return Err(failed(
            "AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not",
        ));
    };
    let expires = match var(&setting::CREDENTIAL_EXPIRATION) {
        Some(text) => Some(expiration::parse(&text).map_err(|error| {
            failed("invalid timestamp in AWS_CREDENTIAL_EXPIRATION").with_source(error)
        })?),
        None => None,
    };
    Ok(Lookup::Found(Credentials {
        access_key_id: Str::from(access_key_id),
        secret_access_key: Secret::from(secret_access_key),
        session_token: var(&setting::SESSION_TOKEN).map(Secret::from),
        expires,
        account_id: var(&setting::ACCOUNT_ID).map(Str::from),
        provider: Str::from_static("env"),
        features: UserAgentFeatures::CREDENTIALS_ENV_VARS,
    }))
}
