//! Provider 7, `custom-process`: credentials printed by a command.

use std::time::Duration;

use zeroize::Zeroizing;

use super::provider::{failed, misconfigured};
use super::{Credentials, Lookup, Provider, ProviderContext, expiration, json};
use crate::config::Platform;
use crate::config::shell_words::{split_words, split_words_windows};
use crate::ports::BoxFuture;
use crate::{Result, Str, UserAgentFeatures};

/// The timeout of a command, which may prompt the user for a code.
const TIMEOUT: Duration = Duration::from_secs(5 * 60);
/// The maximum size of the output, in bytes.
const OUTPUT_LIMIT: usize = 64 * 1024;
/// The maximum number of characters of standard error in an error message.
const ERROR_LIMIT: usize = 1024;

/// Runs `credential_process` of the profile.
///
/// # Source
/// botocore `credentials.py:ProcessProvider`. The command is run without a shell, as in botocore.
///
/// DIFFERENCE: it is an error if a command runs for more than five minutes or prints more than 64 KiB.
#[derive(Debug)]
pub(super) struct ProcessProvider;

pub(super) const NAME: &str = "custom-process";

impl Provider<Credentials> for ProcessProvider {
    fn name(&self) -> &str {
        NAME
    }

    fn load<'a>(
        &'a self,
        context: &'a ProviderContext,
    ) -> BoxFuture<'a, Result<Lookup<Credentials>>> {
        Box::pin(load(context, context.settings.profile_name()))
    }
}

pub(super) async fn load(context: &ProviderContext, profile: &str) -> Result<Lookup<Credentials>> {
    let section = context.settings.files().profile(profile);
    let Some(command) = section.and_then(|section| section.get("credential_process")) else {
        return Lookup::none(format!("profile `{profile}` has no credential_process"));
    };
    let words = match Platform::CURRENT {
        Platform::Unix => split_words(command),
        Platform::Windows => split_words_windows(command),
    };
    let words = words.filter(|words| !words.is_empty()).ok_or_else(|| {
        misconfigured(format!(
            "profile `{profile}`: credential_process is not a valid command line"
        ))
    })?;
    let program = words.first().map(String::as_str).unwrap_or_default();

    let output = context
        .host
        .commands
        .run(&words, TIMEOUT, OUTPUT_LIMIT)
        .await
        .map_err(|error| {
            failed(format!("credential_process `{program}` failed to run")).with_source(error)
        })?;
    let stdout = Zeroizing::new(output.stdout);
    if output.status != Some(0) {
        let status = match output.status {
            Some(status) => format!("exit status {status}"),
            None => "a signal".to_owned(),
        };
        let message = String::from_utf8_lossy(&output.stderr);
        let message: String = message.trim().chars().take(ERROR_LIMIT).collect();
        let message = if message.is_empty() {
            message
        } else {
            format!(": {message}")
        };
        return Err(failed(format!(
            "credential_process `{program}` ended with {status}{message}"
        )));
    }

    let invalid = |error: crate::Error| {
        failed(format!("invalid output of credential_process `{program}`")).with_source(error)
    };
    let mut object = json::object(&stdout).map_err(invalid)?;
    if object.get("Version").and_then(serde_json::Value::as_i64) != Some(1) {
        return Err(failed(format!(
            "credential_process `{program}`: Version of the output must be 1"
        )));
    }
    let access_key_id = json::required(&object, "AccessKeyId").map_err(invalid)?;
    let access_key_id = Str::from(access_key_id);
    let secret_access_key = json::take_secret(&mut object, "SecretAccessKey").ok_or_else(|| {
        failed(format!(
            "the output of credential_process `{program}` has no SecretAccessKey"
        ))
    })?;
    let expires = expiration::optional(&object, "Expiration").map_err(invalid)?;
    let account_id = json::text(&object, "AccountId")
        .or_else(|| section.and_then(|section| section.get("aws_account_id")))
        .map(Str::from);
    Ok(Lookup::Found(Credentials {
        access_key_id,
        secret_access_key,
        session_token: json::take_secret(&mut object, "SessionToken"),
        expires,
        account_id,
        provider: Str::from_static(NAME),
        features: UserAgentFeatures::CREDENTIALS_PROFILE_PROCESS
            | UserAgentFeatures::CREDENTIALS_PROCESS,
    }))
}
