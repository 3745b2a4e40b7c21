//! Providers 5 and 8, `shared-credentials-file` and `config-file`: access keys of a profile.

use std::path::Path;

use super::provider::failed;
use super::{Credentials, Lookup, Provider, ProviderContext};
use crate::config::setting::{self, Setting};
use crate::config::{Section, Settings};
use crate::ports::BoxFuture;
use crate::{Result, Secret, Str, UserAgentFeatures};

/// Access keys in the credentials file.
///
/// # Source
/// botocore `credentials.py:SharedCredentialProvider`.
#[derive(Debug)]
pub(super) struct SharedCredentialsFileProvider;

/// Access keys in the config file.
///
/// # Source
/// botocore `credentials.py:ConfigProvider`.
#[derive(Debug)]
pub(super) struct ConfigFileProvider;

pub(super) const SHARED_CREDENTIALS_FILE: &str = "shared-credentials-file";
pub(super) const CONFIG_FILE: &str = "config-file";

impl Provider<Credentials> for SharedCredentialsFileProvider {
    fn name(&self) -> &str {
        SHARED_CREDENTIALS_FILE
    }

    fn load<'a>(
        &'a self,
        context: &'a ProviderContext,
    ) -> BoxFuture<'a, Result<Lookup<Credentials>>> {
        let settings = &context.settings;
        Box::pin(async move { load_shared(settings, settings.profile_name()) })
    }
}

impl Provider<Credentials> for ConfigFileProvider {
    fn name(&self) -> &str {
        CONFIG_FILE
    }

    fn load<'a>(
        &'a self,
        context: &'a ProviderContext,
    ) -> BoxFuture<'a, Result<Lookup<Credentials>>> {
        let settings = &context.settings;
        Box::pin(async move { load_config(settings, settings.profile_name()) })
    }
}

/// Loads the access keys of a profile in the credentials file.
pub(super) fn load_shared(settings: &Settings, profile: &str) -> Result<Lookup<Credentials>> {
    let files = settings.files();
    let path = display_path(&files.locations().credentials, "the credentials file");
    let section = files.credentials_profile(profile);
    keys(section, profile, &path, SHARED_CREDENTIALS_FILE)
}

/// Loads the access keys of a profile in the config file.
pub(super) fn load_config(settings: &Settings, profile: &str) -> Result<Lookup<Credentials>> {
    let files = settings.files();
    let path = display_path(&files.locations().config, "the config file");
    let section = files.config_profile(profile);
    keys(section, profile, &path, CONFIG_FILE)
}

/// Returns the path of a file for messages, or `default` if it is empty.
fn display_path(path: &Path, default: &str) -> String {
    if path.as_os_str().is_empty() {
        default.to_owned()
    } else {
        path.display().to_string()
    }
}

fn keys(
    section: Option<&Section>,
    profile: &str,
    path: &str,
    provider: &'static str,
) -> Result<Lookup<Credentials>> {
    let Some(section) = section else {
        return Lookup::none(format!("{path} has no profile `{profile}`"));
    };
    let value = |row: &Setting| value(section, row);
    let (access_key_id, secret_access_key) = match (
        value(&setting::ACCESS_KEY_ID),
        value(&setting::SECRET_ACCESS_KEY),
    ) {
        (Some(access_key_id), Some(secret_access_key)) => (access_key_id, secret_access_key),
        (Some(_), None) => {
            return Err(failed(format!(
                "profile `{profile}` of {path} has aws_access_key_id, but no aws_secret_access_key"
            )));
        }
        (None, Some(_)) => {
            return Lookup::none(format!(
                "profile `{profile}` of {path} has aws_secret_access_key, but no aws_access_key_id"
            ));
        }
        (None, None) => {
            return Lookup::none(format!(
                "profile `{profile}` of {path} has no aws_access_key_id"
            ));
        }
    };
    Ok(Lookup::Found(Credentials {
        access_key_id: Str::from(access_key_id),
        secret_access_key: Secret::from(secret_access_key),
        session_token: value(&setting::SESSION_TOKEN).map(Secret::from),
        expires: None,
        account_id: value(&setting::ACCOUNT_ID).map(Str::from),
        provider: Str::from_static(provider),
        features: UserAgentFeatures::CREDENTIALS_PROFILE,
    }))
}

/// Returns the value of a setting in a section. The environment is not considered.
pub(super) fn value<'a>(section: &'a Section, row: &Setting) -> Option<&'a str> {
    row.keys
        .iter()
        .find_map(|key| section.get_path(key))
        .filter(|value| !value.is_empty())
}
