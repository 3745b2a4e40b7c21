//! Provider 7, `custom-process`: credentials that a command prints.

use std::time::Duration;

use zeroize::Zeroizing;

use super::provider::{failed, misconfigured};
use super::{
    CredentialFeatures, CredentialProvider, Credentials, Lookup, ProviderContext, json, moment,
};
use crate::config::Platform;
use crate::config::words::{split_words, split_words_windows};
use crate::ports::BoxFuture;
use crate::{Result, Str};

/// How long a command may run: it may well ask its user for a code first.
const TIME_LIMIT: Duration = Duration::from_secs(5 * 60);
/// How much a command may print, in bytes.
const OUTPUT_LIMIT: usize = 64 * 1024;
/// How much of what a command says went wrong is shown, in characters.
const ERROR_LIMIT: usize = 1024;

/// Runs the profile's `credential_process`.
///
/// # Source
/// botocore `credentials.py:ProcessProvider`. The command is run as it is, without a shell, as botocore runs it.
///
/// DIFFERENCE: a command that runs for more than five minutes or prints more than 64 KiB is an error.
#[derive(Debug)]
pub(super) struct ProcessProvider;

pub(super) const NAME: &str = "custom-process";

impl CredentialProvider for ProcessProvider {
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
            "profile `{profile}`: credential_process is no command line"
        ))
    })?;
    let program = words.first().map(String::as_str).unwrap_or_default();

    let output = context
        .host
        .commands
        .run(&words, TIME_LIMIT, OUTPUT_LIMIT)
        .await
        .map_err(|error| {
            failed(format!(
                "credential_process `{program}` did not run to its end"
            ))
            .with_source(error)
        })?;
    let stdout = Zeroizing::new(output.stdout);
    if output.status != Some(0) {
        let status = match output.status {
            Some(status) => format!("exit status {status}"),
            None => "a signal".to_owned(),
        };
        let complaint = String::from_utf8_lossy(&output.stderr);
        let complaint: String = complaint.trim().chars().take(ERROR_LIMIT).collect();
        let complaint = if complaint.is_empty() {
            complaint
        } else {
            format!(": {complaint}")
        };
        return Err(failed(format!(
            "credential_process `{program}` ended with {status}{complaint}"
        )));
    }

    let unusable = |error: crate::Error| {
        failed(format!(
            "credential_process `{program}` printed no credentials"
        ))
        .with_source(error)
    };
    let mut object = json::object(&stdout).map_err(unusable)?;
    if object.get("Version").and_then(serde_json::Value::as_i64) != Some(1) {
        return Err(failed(format!(
            "credential_process `{program}` printed credentials whose Version is not 1"
        )));
    }
    let access_key_id = json::required(&object, "AccessKeyId").map_err(unusable)?;
    let access_key_id = Str::from(access_key_id);
    let secret_access_key = json::take_secret(&mut object, "SecretAccessKey").ok_or_else(|| {
        failed(format!(
            "credential_process `{program}` printed no SecretAccessKey"
        ))
    })?;
    let expires = match json::text(&object, "Expiration") {
        Some(text) => Some(moment::parse(text).map_err(|error| {
            failed(format!(
                "credential_process `{program}` printed an Expiration that is no time"
            ))
            .with_source(error)
        })?),
        None => None,
    };
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
        features: CredentialFeatures::PROFILE_PROCESS | CredentialFeatures::PROCESS,
    }))
}
