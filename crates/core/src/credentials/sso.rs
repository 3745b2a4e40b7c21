//! Provider 4, `sso`: credentials from IAM Identity Center for an account and a role.

use super::disk_cache::{self, DiskCache};
use super::json::PythonValue;
use super::provider::{failed, misconfigured};
use super::response::{integer, member, text};
use super::sso_token::{self, SsoSession};
use super::{Credentials, Lookup, Provider, ProviderContext};
use crate::config::Settings;
use crate::ports::{BoxFuture, InvokeOptions};
use crate::{Error, Result, Secret, Str, Timestamp, UserAgentFeatures, Value, json};

/// Credentials for `sso_account_id` and `sso_role_name` of the profile, requested with the token of its `sso_session` or
/// `sso_start_url`.
///
/// # Source
/// botocore `credentials.py:SSOProvider`, `SSOCredentialFetcher`.
#[derive(Debug, Default)]
pub(super) struct SsoProvider {
    cache: DiskCache,
}

pub(super) const NAME: &str = "sso";

/// The SSO settings of a profile.
#[derive(Debug, PartialEq, Eq)]
struct SsoProfile {
    session: Option<Str>,
    start_url: Str,
    region: Str,
    account_id: Str,
    role_name: Str,
}

impl Provider<Credentials> for SsoProvider {
    fn name(&self) -> &str {
        NAME
    }

    fn load<'a>(
        &'a self,
        context: &'a ProviderContext,
    ) -> BoxFuture<'a, Result<Lookup<Credentials>>> {
        Box::pin(load(context, context.settings.profile_name(), &self.cache))
    }

    fn invalidate(&self, rejected: &Credentials) {
        self.cache.reject(rejected);
    }
}

pub(super) async fn load(
    context: &ProviderContext,
    profile: &str,
    cache: &DiskCache,
) -> Result<Lookup<Credentials>> {
    let sso = match SsoProfile::read(&context.settings, profile)? {
        Lookup::Found(sso) => sso,
        Lookup::NotConfigured(reason) => return Ok(Lookup::NotConfigured(reason)),
    };
    let (profile_features, sso_features) = if sso.session.is_some() {
        (
            UserAgentFeatures::CREDENTIALS_PROFILE_SSO,
            UserAgentFeatures::CREDENTIALS_SSO,
        )
    } else {
        (
            UserAgentFeatures::CREDENTIALS_PROFILE_SSO_LEGACY,
            UserAgentFeatures::CREDENTIALS_SSO_LEGACY,
        )
    };
    let features = profile_features | sso_features;
    let key = sso.cache_key();
    let load = async {
        let token = match &sso.session {
            Some(session) => {
                let session = SsoSession {
                    name: session.clone(),
                    start_url: sso.start_url.clone(),
                    region: sso.region.clone(),
                };
                sso_token::load(context, &session).await?
            }
            None => sso_token::load_legacy(context, &sso.start_url)?,
        };
        let params = json!({
            "roleName": &sso.role_name,
            "accountId": &sso.account_id,
            "accessToken": token.token.expose(),
        });
        let options = InvokeOptions {
            region: Some(sso.region.clone()),
            features: profile_features,
            ..InvokeOptions::default()
        };
        let response = context
            .call("sso", "GetRoleCredentials", params, options)
            .await
            .map_err(unauthorized)?;
        credentials(member(&response, "roleCredentials"), &sso, features)
    };
    let credentials = cache.get(context, &key, Some(NAME), load).await?;
    Ok(Lookup::Found(Credentials {
        provider: Str::from_static(NAME),
        features,
        ..credentials
    }))
}

fn credentials(
    fields: &Value,
    sso: &SsoProfile,
    features: UserAgentFeatures,
) -> Result<Credentials> {
    let missing = |member: &str| {
        failed(format!(
            "the response of GetRoleCredentials has no {member}"
        ))
    };
    let access_key_id = text(fields, "accessKeyId").ok_or_else(|| missing("accessKeyId"))?;
    let secret = text(fields, "secretAccessKey").ok_or_else(|| missing("secretAccessKey"))?;
    let millis = integer(fields, "expiration").ok_or_else(|| missing("expiration"))?;
    Ok(Credentials {
        access_key_id: Str::from(access_key_id),
        secret_access_key: Secret::from(secret),
        session_token: text(fields, "sessionToken").map(Secret::from),
        expires: Some(Timestamp::new(millis.div_euclid(1000), 0)),
        account_id: Some(sso.account_id.clone()),
        provider: Str::from_static(NAME),
        features,
    })
}

/// Adds advice to log in again to an `UnauthorizedException`.
fn unauthorized(error: Error) -> Error {
    let code = error.service().map(|service| service.code.clone());
    if code.as_deref() == Some("UnauthorizedException") {
        failed("the SSO token is no longer valid; log in again").with_source(error)
    } else {
        error
    }
}

impl SsoProfile {
    fn read(settings: &Settings, profile: &str) -> Result<Lookup<SsoProfile>> {
        let files = settings.files();
        let Some(section) = files.profile(profile) else {
            return Lookup::none(format!("profile `{profile}` not found"));
        };
        if !section.contains("sso_role_name") && !section.contains("sso_account_id") {
            return Lookup::none(if section.contains("sso_session") {
                format!(
                    "profile `{profile}` has sso_session but neither sso_account_id nor sso_role_name, and provides a token only"
                )
            } else {
                format!("profile `{profile}` has neither sso_account_id nor sso_role_name")
            });
        }
        let session = section.get("sso_session");
        let session_section = match session {
            Some(name) => Some(files.sso_session(name).ok_or_else(|| {
                misconfigured(format!(
                    "sso-session `{name}` of profile `{profile}` not found"
                ))
            })?),
            None => None,
        };
        let mut missing = Vec::new();
        let mut value = |name: &'static str| -> Result<Str> {
            let value_of_profile = section.get(name);
            let value = match session_section.and_then(|session| session.get(name)) {
                Some(shared) if value_of_profile.is_some_and(|value| value != shared) => {
                    return Err(misconfigured(format!(
                        "profile `{profile}` and its sso-session have different values for {name}"
                    )));
                }
                Some(shared) => Some(shared),
                None => value_of_profile,
            };
            Ok(value.map(Str::from).unwrap_or_else(|| {
                missing.push(name);
                Str::new()
            }))
        };
        let sso = SsoProfile {
            role_name: value("sso_role_name")?,
            account_id: value("sso_account_id")?,
            start_url: value("sso_start_url")?,
            region: value("sso_region")?,
            session: session.map(Str::from),
        };
        if missing.is_empty() {
            Ok(Lookup::Found(sso))
        } else {
            Err(misconfigured(format!(
                "incomplete SSO settings in profile `{profile}`: {} missing",
                match missing.as_slice() {
                    [name] => format!("{name} is"),
                    names => format!("{} are", names.join(", ")),
                }
            )))
        }
    }

    fn cache_key(&self) -> String {
        let (name, value) = match &self.session {
            Some(session) => ("sessionName", session),
            None => ("startUrl", &self.start_url),
        };
        disk_cache::key(
            &[
                ("roleName", PythonValue::Text(self.role_name.clone())),
                ("accountId", PythonValue::Text(self.account_id.clone())),
                (name, PythonValue::Text(value.clone())),
            ],
            true,
        )
    }
}
