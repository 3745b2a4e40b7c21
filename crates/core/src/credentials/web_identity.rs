//! Provider 3, `assume-role-with-web-identity`: assumes a role with a web identity token, as in EKS pods.

use super::disk_cache::{self, DiskCache};
use super::json::PythonValue;
use super::provider::{failed, misconfigured};
use super::{Credentials, Lookup, Provider, ProviderContext, sts};
use crate::config::setting::{self, Setting};
use crate::ports::{BoxFuture, InvokeOptions};
use crate::{Result, Str, UserAgentFeatures, json};

/// Assumes a role with the token in `AWS_WEB_IDENTITY_TOKEN_FILE` or `web_identity_token_file` of the profile.
///
/// # Source
/// botocore `credentials.py:AssumeRoleWithWebIdentityProvider`.
#[derive(Debug, Default)]
pub(super) struct WebIdentityProvider {
    cache: DiskCache,
}

pub(super) const NAME: &str = "assume-role-with-web-identity";

impl Provider<Credentials> for WebIdentityProvider {
    fn name(&self) -> &str {
        NAME
    }

    fn load<'a>(
        &'a self,
        context: &'a ProviderContext,
    ) -> BoxFuture<'a, Result<Lookup<Credentials>>> {
        let settings = &context.settings;
        Box::pin(load(
            context,
            settings.profile_name(),
            !settings.has_explicit_profile(),
            &self.cache,
        ))
    }

    fn invalidate(&self, rejected: &Credentials) {
        self.cache.reject(rejected);
    }
}

/// Assumes the role of a profile. If `with_env` is `true`, environment variables take precedence over the profile.
pub(super) async fn load(
    context: &ProviderContext,
    profile: &str,
    with_env: bool,
    cache: &DiskCache,
) -> Result<Lookup<Credentials>> {
    let section = context.settings.files().profile(profile);
    let mut token_features = UserAgentFeatures::default();
    let mut value = |row: &Setting| -> Option<Str> {
        if with_env && let Some((_, value)) = row.from_env(&*context.host.env) {
            token_features |= UserAgentFeatures::CREDENTIALS_ENV_VARS_STS_WEB_ID_TOKEN;
            return Some(Str::from(value));
        }
        let value = super::profile::value(section?, row)?;
        token_features |= UserAgentFeatures::CREDENTIALS_PROFILE_STS_WEB_ID_TOKEN;
        Some(Str::from(value))
    };
    let Some(token_file) = value(&setting::WEB_IDENTITY_TOKEN_FILE) else {
        return Lookup::none(if with_env {
            format!(
                "AWS_WEB_IDENTITY_TOKEN_FILE is not set, and profile `{profile}` has no web_identity_token_file"
            )
        } else {
            format!("profile `{profile}` has no web_identity_token_file")
        });
    };
    let role_arn = value(&setting::ROLE_ARN).ok_or_else(|| {
        misconfigured(if with_env {
            format!(
                "a web identity token file is set, but neither AWS_ROLE_ARN nor role_arn of profile `{profile}` is"
            )
        } else {
            format!("profile `{profile}` has web_identity_token_file, but no role_arn")
        })
    })?;
    let role_session_name = value(&setting::ROLE_SESSION_NAME);
    let features = token_features | UserAgentFeatures::CREDENTIALS_STS_ASSUME_ROLE_WEB_ID;

    let mut key = vec![("RoleArn", PythonValue::Text(role_arn.clone()))];
    if let Some(name) = &role_session_name {
        key.push(("RoleSessionName", PythonValue::Text(name.clone())));
    }
    let key = disk_cache::key(&key, false);
    let load = async {
        let path = context.settings.expand(&token_file);
        let token = context.host.files.read(&path).map_err(|error| {
            failed(format!(
                "cannot read the web identity token file {}",
                path.display()
            ))
            .with_source(error)
        })?;
        let token = String::from_utf8(token).map_err(|_| {
            failed(format!(
                "the web identity token file {} is not UTF-8",
                path.display()
            ))
        })?;
        let session_name =
            role_session_name.unwrap_or_else(|| super::sts::default_session_name(context));
        let params = json!({
            "RoleArn": role_arn,
            "RoleSessionName": session_name,
            "WebIdentityToken": token.trim(),
        });
        let operation = "AssumeRoleWithWebIdentity";
        let options = InvokeOptions {
            features: token_features,
            ..InvokeOptions::default()
        };
        let response = context.call("sts", operation, params, options).await?;
        sts::assumed_role(operation, &response, NAME, features)
    };
    let credentials = cache.get(context, &key, None, load).await?;
    Ok(Lookup::Found(Credentials {
        provider: Str::from_static(NAME),
        features,
        ..credentials
    }))
}
