//! Provider 2, `assume-role`: assumes a role with source credentials, which may themselves be those of a role.
//!
//! ```text
//! [profile A] role_arn = A, source_profile = B      AssumeRole A, signed by
//! [profile B] role_arn = B, source_profile = C        AssumeRole B, signed by
//! [profile C] aws_access_key_id = ...                   these keys
//! ```

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::container::ContainerProvider;
use super::disk_cache::{self, DiskCache};
use super::instance::InstanceProvider;
use super::json::PythonValue;
use super::provider::{failed, misconfigured};
use super::skipped::SkippedProviders;
use super::{
    Credentials, Lookup, Provider, ProviderContext, env, login, process, profile, sso, sts,
    web_identity,
};
use crate::config::{Section, Settings};
use crate::ports::{BoxFuture, InvokeOptions};
use crate::{Result, Str, UserAgentFeatures, Value, json};

/// Assumes the role of a profile with `role_arn`.
///
/// # Source
/// botocore `credentials.py:AssumeRoleProvider`, `AssumeRoleCredentialFetcher`.
#[derive(Debug)]
pub(super) struct AssumeRoleProvider {
    container: Arc<ContainerProvider>,
    instance: Arc<InstanceProvider>,
    cache: DiskCache,
    /// Set after the first AssumeRole with an MFA code: the user is not prompted again.
    mfa_used: AtomicBool,
}

const NAME: &str = "assume-role";
/// The maximum number of profiles followed by `source_profile`.
const MAX_SOURCE_PROFILES: usize = 64;

/// The parameters of one AssumeRole call.
#[derive(Debug, PartialEq, Eq)]
struct Role {
    arn: Str,
    session_name: Option<Str>,
    external_id: Option<Str>,
    mfa_serial: Option<Str>,
    duration_seconds: Option<i64>,
}

/// The source of the credentials for the first AssumeRole call.
#[derive(Debug, PartialEq, Eq)]
enum BaseCredentials {
    /// A profile.
    Profile(Str),
    /// A provider named by `credential_source`.
    Source(CredentialSource),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CredentialSource {
    Environment,
    EcsContainer,
    Ec2InstanceMetadata,
}

impl CredentialSource {
    const ALL: [CredentialSource; 3] = [
        CredentialSource::Environment,
        CredentialSource::EcsContainer,
        CredentialSource::Ec2InstanceMetadata,
    ];

    fn name(self) -> &'static str {
        match self {
            CredentialSource::Environment => "Environment",
            CredentialSource::EcsContainer => "EcsContainer",
            CredentialSource::Ec2InstanceMetadata => "Ec2InstanceMetadata",
        }
    }

    fn features(self) -> UserAgentFeatures {
        match self {
            CredentialSource::Environment => UserAgentFeatures::CREDENTIALS_ENV_VARS,
            CredentialSource::EcsContainer => UserAgentFeatures::CREDENTIALS_HTTP,
            CredentialSource::Ec2InstanceMetadata => UserAgentFeatures::CREDENTIALS_IMDS,
        }
    }
}

/// The roles to assume, starting from the base credentials.
#[derive(Debug, PartialEq, Eq)]
struct RoleChain {
    base: BaseCredentials,
    /// The roles in the order in which they are assumed.
    roles: Vec<Role>,
}

impl AssumeRoleProvider {
    pub(super) fn new(container: Arc<ContainerProvider>, instance: Arc<InstanceProvider>) -> Self {
        AssumeRoleProvider {
            container,
            instance,
            cache: DiskCache::default(),
            mfa_used: AtomicBool::new(false),
        }
    }

    async fn load_role(&self, context: &ProviderContext) -> Result<Lookup<Credentials>> {
        let settings = &context.settings;
        let name = settings.profile_name();
        if !settings.profile().is_some_and(has_role) {
            return Lookup::none(match settings.profile() {
                Some(profile) if profile.contains("role_arn") => {
                    format!("profile `{name}` assumes its role with a web identity")
                }
                _ => format!("profile `{name}` has no role_arn"),
            });
        }
        let chain = RoleChain::resolve(settings, name)?;
        let features = chain.features();
        // Roles before a cached one need not be assumed.
        let mut credentials = None;
        let mut rest = chain.roles.as_slice();
        for (position, role) in chain.roles.iter().enumerate().rev() {
            if let Some(cached) = self.cache.read(context, &role.cache_key()) {
                credentials = Some(Credentials {
                    features: UserAgentFeatures::CREDENTIALS_STS_ASSUME_ROLE,
                    ..cached
                });
                rest = chain.roles.get(position + 1..).unwrap_or_default();
                break;
            }
        }
        let assume_all = async {
            let mut credentials = match credentials {
                Some(cached) => cached,
                None => self.base_credentials(context, &chain.base).await?,
            };
            credentials.features |= features;
            for role in rest {
                credentials = self.assume(context, role, credentials).await?;
            }
            Ok(credentials)
        };
        let credentials = match (assume_all.await, chain.roles.last()) {
            (Err(error), Some(role)) => {
                let cached = self.cache.read_after(context, &role.cache_key(), error)?;
                Credentials {
                    features: features | UserAgentFeatures::CREDENTIALS_STS_ASSUME_ROLE,
                    ..cached
                }
            }
            (result, _) => result?,
        };
        Ok(Lookup::Found(Credentials {
            provider: Str::from_static(NAME),
            ..credentials
        }))
    }

    /// Loads the credentials for the first AssumeRole call.
    async fn base_credentials(
        &self,
        context: &ProviderContext,
        base: &BaseCredentials,
    ) -> Result<Credentials> {
        let name = match base {
            BaseCredentials::Source(source) => {
                let lookup = match source {
                    CredentialSource::Environment => env::load(context)?,
                    CredentialSource::EcsContainer => self.container.load(context).await?,
                    CredentialSource::Ec2InstanceMetadata => self.instance.load(context).await?,
                };
                return match lookup {
                    Lookup::Found(credentials) => Ok(credentials),
                    Lookup::NotConfigured(reason) => Err(failed(format!(
                        "no credentials found in credential_source {} of profile `{}`: {reason}",
                        source.name(),
                        context.settings.profile_name()
                    ))),
                };
            }
            BaseCredentials::Profile(name) => name,
        };
        // The providers of the default chain that read a profile, in the same order and without the environment.
        let settings = &context.settings;
        let mut skipped = SkippedProviders::default();
        let providers: [(&str, BoxFuture<'_, Result<Lookup<Credentials>>>); 6] = [
            (
                web_identity::NAME,
                Box::pin(web_identity::load(context, name, false, &self.cache)),
            ),
            (sso::NAME, Box::pin(sso::load(context, name, &self.cache))),
            (
                profile::SHARED_CREDENTIALS_FILE,
                Box::pin(async { profile::load_shared(settings, name) }),
            ),
            (login::NAME, Box::pin(login::load(context, name))),
            (process::NAME, Box::pin(process::load(context, name))),
            (
                profile::CONFIG_FILE,
                Box::pin(async { profile::load_config(settings, name) }),
            ),
        ];
        for (provider, load) in providers {
            match load.await? {
                Lookup::Found(credentials) => return Ok(credentials),
                Lookup::NotConfigured(reason) => skipped.add(provider, reason),
            }
        }
        Err(misconfigured(format!(
            "no credentials found in source profile `{name}` ({})",
            skipped.reasons()
        )))
    }

    async fn assume(
        &self,
        context: &ProviderContext,
        role: &Role,
        source: Credentials,
    ) -> Result<Credentials> {
        let features = source.features | UserAgentFeatures::CREDENTIALS_STS_ASSUME_ROLE;
        let mut params = json!({
            "RoleArn": &role.arn,
            "RoleSessionName": match &role.session_name {
                Some(name) => name.clone(),
                None => sts::default_session_name(context),
            },
        });
        let mut put = |name: &'static str, value: Value| {
            if let Some(params) = params.as_map_mut() {
                params.insert(name, value);
            }
        };
        if let Some(id) = &role.external_id {
            put("ExternalId", id.into());
        }
        if let Some(seconds) = role.duration_seconds {
            put("DurationSeconds", seconds.into());
        }
        if let Some(serial) = &role.mfa_serial {
            if self.mfa_used.load(Ordering::Relaxed) {
                return Err(failed(format!(
                    "the credentials of role {} have expired, and renewing them requires a new MFA code",
                    role.arn
                )));
            }
            let prompt = format!("Enter MFA code for {serial}: ");
            let code = context.host.prompt.secret(&prompt).await?;
            put("SerialNumber", serial.into());
            put("TokenCode", code.expose().trim().into());
        }
        let options = InvokeOptions {
            credentials: Some(source),
            ..InvokeOptions::default()
        };
        let response = context.call("sts", "AssumeRole", params, options).await?;
        if role.mfa_serial.is_some() {
            self.mfa_used.store(true, Ordering::Relaxed);
        }
        let credentials = sts::assumed_role("AssumeRole", &response, NAME, features)?;
        self.cache
            .write(context, &role.cache_key(), &credentials, None);
        Ok(credentials)
    }
}

impl Provider<Credentials> for AssumeRoleProvider {
    fn name(&self) -> &str {
        NAME
    }

    fn load<'a>(
        &'a self,
        context: &'a ProviderContext,
    ) -> BoxFuture<'a, Result<Lookup<Credentials>>> {
        Box::pin(self.load_role(context))
    }

    fn invalidate(&self, rejected: &Credentials) {
        self.cache.reject(rejected);
    }
}

impl Role {
    fn read(profile: &str, section: &Section) -> Role {
        let value = |name: &str| section.get(name).filter(|value| !value.is_empty());
        let text = |name: &str| value(name).map(Str::from);
        let duration_seconds = value("duration_seconds").and_then(|text| {
            let seconds = text.trim().parse().ok();
            if seconds.is_none() {
                tracing::warn!(
                    "profile `{profile}`: ignoring duration_seconds, which is not a number"
                );
            }
            seconds
        });
        Role {
            arn: text("role_arn").unwrap_or_default(),
            session_name: text("role_session_name"),
            external_id: text("external_id"),
            mfa_serial: text("mfa_serial"),
            duration_seconds,
        }
    }

    /// Returns the cache key of the role.
    fn cache_key(&self) -> String {
        let mut entries = vec![("RoleArn", PythonValue::Text(self.arn.clone()))];
        for (name, value) in [
            ("RoleSessionName", &self.session_name),
            ("ExternalId", &self.external_id),
            ("SerialNumber", &self.mfa_serial),
        ] {
            if let Some(value) = value {
                entries.push((name, PythonValue::Text(value.clone())));
            }
        }
        if let Some(seconds) = self.duration_seconds {
            entries.push(("DurationSeconds", PythonValue::Integer(seconds)));
        }
        disk_cache::key(&entries, false)
    }
}

impl RoleChain {
    /// Follows `source_profile` up to the profile with credentials.
    ///
    /// # Source
    /// botocore `credentials.py:AssumeRoleProvider._get_role_config`, `_validate_source_profile`, `_resolve_credentials_from_profile`.
    fn resolve(settings: &Settings, start: &str) -> Result<RoleChain> {
        let files = settings.files();
        let mut roles = Vec::new();
        let mut visited: Vec<Str> = vec![Str::from(start)];
        let mut name = Str::from(start);
        loop {
            let section = files
                .profile(&name)
                .ok_or_else(|| misconfigured(format!("profile `{name}` not found")))?;
            roles.push(Role::read(&name, section));
            let value = |key: &str| section.get(key).filter(|value| !value.is_empty());
            let source = match (value("source_profile"), value("credential_source")) {
                (Some(_), Some(_)) => {
                    return Err(misconfigured(format!(
                        "profile `{name}` has both source_profile and credential_source"
                    )));
                }
                (None, None) => {
                    return Err(misconfigured(format!(
                        "profile `{name}` has role_arn, but neither source_profile nor credential_source"
                    )));
                }
                (None, Some(value)) => {
                    let source = CredentialSource::ALL
                        .into_iter()
                        .find(|source| source.name().eq_ignore_ascii_case(value))
                        .ok_or_else(|| {
                            misconfigured(format!(
                                "profile `{name}`: credential_source `{value}` is not one of {}",
                                CredentialSource::ALL.map(CredentialSource::name).join(", ")
                            ))
                        })?;
                    roles.reverse();
                    return Ok(RoleChain {
                        base: BaseCredentials::Source(source),
                        roles,
                    });
                }
                (Some(source), None) => Str::from(source),
            };
            let section = files.profile(&source).ok_or_else(|| {
                misconfigured(format!(
                    "profile `{source}`, the source_profile of profile `{name}`, not found"
                ))
            })?;
            // A profile may be its own source_profile if it has access keys.
            if visited.contains(&source) && (source != name || !has_keys(section)) {
                visited.push(source);
                let cycle: Vec<&str> = visited.iter().map(Str::as_str).collect();
                return Err(misconfigured(format!(
                    "source profiles form a cycle: {}",
                    cycle.join(" -> ")
                )));
            }
            if has_keys(section) || !has_role(section) {
                roles.reverse();
                return Ok(RoleChain {
                    base: BaseCredentials::Profile(source),
                    roles,
                });
            }
            if visited.len() >= MAX_SOURCE_PROFILES {
                return Err(misconfigured(format!(
                    "profile `{start}`: more than {MAX_SOURCE_PROFILES} source profiles"
                )));
            }
            visited.push(source.clone());
            name = source;
        }
    }

    /// Returns the features of the profiles, without those of the base credentials.
    ///
    /// # Source
    /// botocore `credentials.py:AssumeRoleProvider._resolve_source_credentials`, `_resolve_credentials_from_profile`.
    fn features(&self) -> UserAgentFeatures {
        let mut features = UserAgentFeatures::default();
        if self.roles.len() > 1 || matches!(self.base, BaseCredentials::Profile(_)) {
            features |= UserAgentFeatures::CREDENTIALS_PROFILE
                | UserAgentFeatures::CREDENTIALS_PROFILE_SOURCE_PROFILE;
        }
        if let BaseCredentials::Source(source) = self.base {
            features |= UserAgentFeatures::CREDENTIALS_PROFILE_NAMED_PROVIDER | source.features();
        }
        features
    }
}

/// Returns `true` if a profile has a role that is not assumed with a web identity.
fn has_role(profile: &Section) -> bool {
    profile.contains("role_arn") && !profile.contains("web_identity_token_file")
}

fn has_keys(profile: &Section) -> bool {
    profile.contains("aws_access_key_id") || profile.contains("aws_secret_access_key")
}
