//! Provider 12, `iam-role`: the role of an EC2 instance.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::identity::ADVISORY_REFRESH;
use super::imds::{self, Imds, ImdsError, SessionToken};
use super::json;
use super::provider::failed;
use super::{Credentials, Lookup, Provider, ProviderContext, expiration};
use crate::config::setting;
use crate::ports::BoxFuture;
use crate::{Error, ErrorKind, Result, Secret, Str, UserAgentFeatures};

/// Credentials from the instance metadata service.
///
/// Static stability: if the service returns credentials that are about to expire, or is unavailable, the last credentials are used and
/// their refresh is tried again after 2 to 10 minutes. AWS accepts such credentials while it cannot renew them.
///
/// # Source
/// botocore `utils.py:InstanceMetadataFetcher`.
///
/// DIFFERENCE: the paths that also return the account id (`security-credentials-extended`) are tried first, and the last credentials are
/// used when the service does not respond at all; botocore does neither.
#[derive(Debug, Default)]
pub(super) struct InstanceProvider {
    state: Mutex<InstanceState>,
}

#[derive(Clone, Debug, Default)]
struct InstanceState {
    /// The paths that the service supports, once known.
    paths: Option<CredentialPaths>,
    /// The name of the instance profile, as returned by the service.
    profile: Option<Str>,
    /// The last credentials.
    last: Option<Credentials>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CredentialPaths {
    Extended,
    Legacy,
}

impl CredentialPaths {
    fn prefix(self) -> &'static str {
        match self {
            CredentialPaths::Extended => "/latest/meta-data/iam/security-credentials-extended/",
            CredentialPaths::Legacy => "/latest/meta-data/iam/security-credentials/",
        }
    }
}

const NAME: &str = "iam-role";

impl Provider<Credentials> for InstanceProvider {
    fn name(&self) -> &str {
        NAME
    }

    fn load<'a>(
        &'a self,
        context: &'a ProviderContext,
    ) -> BoxFuture<'a, Result<Lookup<Credentials>>> {
        Box::pin(self.load_credentials(context))
    }

    fn invalidate(&self, rejected: &Credentials) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state
            .last
            .as_ref()
            .is_some_and(|last| last.access_key_id == rejected.access_key_id)
        {
            state.last = None;
        }
    }
}

impl InstanceProvider {
    async fn load_credentials(&self, context: &ProviderContext) -> Result<Lookup<Credentials>> {
        let Some(service) = Imds::new(context)? else {
            return Lookup::none("AWS_EC2_METADATA_DISABLED is true");
        };
        let mut state = self
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let fetched = match service.session_token().await {
            Ok(token) => self.fetch(context, &service, &token, &mut state).await,
            Err(problem) => Err(FetchError::Imds(problem)),
        };
        let result = match fetched {
            Ok(credentials) => {
                state.last = Some(credentials.clone());
                Ok(Lookup::Found(extend_expiration(context, credentials)))
            }
            Err(FetchError::Config(error)) => Err(error),
            Err(FetchError::Imds(ImdsError::Unavailable(error))) => match &state.last {
                Some(last) => {
                    tracing::warn!(
                        "the instance metadata service is unavailable, using the last credentials: {error:#}"
                    );
                    Ok(Lookup::Found(extend_expiration(context, last.clone())))
                }
                None => Lookup::none(format!("the instance metadata service: {error:#}")),
            },
            Err(FetchError::Imds(ImdsError::NotFound)) => {
                Lookup::none("the instance has no role: HTTP 404")
            }
            Err(FetchError::Imds(ImdsError::Refused(error))) => {
                if error.kind() == ErrorKind::Credentials {
                    Err(error)
                } else {
                    Lookup::none(format!("the instance metadata service: {error:#}"))
                }
            }
        };
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
        result
    }

    /// Requests the name of the instance profile, unless it is known, and its credentials.
    async fn fetch(
        &self,
        context: &ProviderContext,
        service: &Imds<'_>,
        token: &SessionToken,
        state: &mut InstanceState,
    ) -> Result<Credentials, FetchError> {
        let configured = context
            .settings
            .text(&setting::EC2_INSTANCE_PROFILE_NAME)
            .map_err(FetchError::Config)?;
        let mut listed = false;
        loop {
            let paths = state.paths.unwrap_or(CredentialPaths::Extended);
            let prefix = paths.prefix();
            let name = match configured.as_ref().or(state.profile.as_ref()) {
                Some(name) => name.clone(),
                None => match service.get(prefix, token).await {
                    Ok(body) => {
                        listed = true;
                        let name = profile_name(&body)?;
                        state.paths = Some(paths);
                        state.profile = Some(name.clone());
                        name
                    }
                    Err(ImdsError::NotFound)
                        if paths == CredentialPaths::Extended && state.paths.is_none() =>
                    {
                        state.paths = Some(CredentialPaths::Legacy);
                        continue;
                    }
                    Err(problem) => return Err(problem.into()),
                },
            };
            match service.get(&format!("{prefix}{name}"), token).await {
                Ok(body) => {
                    let credentials = credentials(&body)?;
                    state.paths = Some(paths);
                    return Ok(credentials);
                }
                Err(ImdsError::NotFound) => {
                    if configured.is_some() {
                        if state.paths.is_none() {
                            state.paths = Some(CredentialPaths::Legacy);
                            continue;
                        }
                        return Err(FetchError::Config(failed(format!(
                            "instance profile `{name}` not found"
                        ))));
                    }
                    // The instance profile may have been replaced since its name was requested; try once more.
                    state.profile = None;
                    if listed {
                        return Err(ImdsError::NotFound.into());
                    }
                }
                Err(problem) => return Err(problem.into()),
            }
        }
    }
}

/// The error of [`InstanceProvider::fetch`].
enum FetchError {
    /// The service did not return credentials.
    Imds(ImdsError),
    /// A setting is invalid.
    Config(Error),
}

impl From<ImdsError> for FetchError {
    fn from(problem: ImdsError) -> Self {
        FetchError::Imds(problem)
    }
}

fn unavailable(message: impl Into<std::borrow::Cow<'static, str>>) -> FetchError {
    FetchError::Imds(ImdsError::Unavailable(Error::new(
        ErrorKind::Parse,
        message,
    )))
}

fn profile_name(body: &bytes::Bytes) -> Result<Str, FetchError> {
    let name = imds::text(body).and_then(|text| text.lines().next());
    match name {
        // The name becomes part of a path, so other characters are not allowed.
        Some(name)
            if name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+=,.@_-".contains(&byte)) =>
        {
            Ok(Str::from(name))
        }
        _ => Err(unavailable("invalid instance profile name")),
    }
}

fn credentials(body: &[u8]) -> Result<Credentials, FetchError> {
    let mut response =
        json::object(body).map_err(|error| FetchError::Imds(ImdsError::Unavailable(error)))?;
    let code = json::text(&response, "Code").unwrap_or("Success");
    if code != "Success" {
        let message = json::text(&response, "Message").unwrap_or_default();
        let detail: String = format!("{code} {message}").chars().take(500).collect();
        return Err(FetchError::Imds(ImdsError::Refused(Error::new(
            ErrorKind::Connection,
            detail,
        ))));
    }
    let missing = |name: &str| unavailable(format!("the response has no {name}"));
    let access_key_id = json::text(&response, "AccessKeyId").map(Str::from);
    let secret: Option<Secret> = json::take_secret(&mut response, "SecretAccessKey");
    let token = json::take_secret(&mut response, "Token");
    let expires = expiration::optional(&response, "Expiration").ok().flatten();
    Ok(Credentials {
        access_key_id: access_key_id.ok_or_else(|| missing("AccessKeyId"))?,
        secret_access_key: secret.ok_or_else(|| missing("SecretAccessKey"))?,
        session_token: Some(token.ok_or_else(|| missing("Token"))?),
        expires: Some(expires.ok_or_else(|| missing("Expiration"))?),
        account_id: json::text(&response, "AccountId").map(Str::from),
        provider: Str::from_static(NAME),
        features: UserAgentFeatures::CREDENTIALS_IMDS,
    })
}

/// Extends the expiration of credentials that are about to expire (static stability).
///
/// # Source
/// botocore `utils.py:InstanceMetadataFetcher._evaluate_expiration`.
fn extend_expiration(context: &ProviderContext, mut credentials: Credentials) -> Credentials {
    let Some(expires) = credentials.expires else {
        return credentials;
    };
    // Two to ten minutes, so that instances do not refresh simultaneously.
    let jitter = Duration::from_secs_f64(120.0 + 480.0 * context.host.rng.unit());
    let window = ADVISORY_REFRESH + jitter;
    let now = context.host.clock.now();
    let seconds = i64::try_from(window.as_secs()).unwrap_or(i64::MAX);
    if expiration::seconds_until(now, expires) <= seconds {
        tracing::warn!(
            "the credentials of the instance were not renewed in time; using them, and refreshing again in {} minutes",
            jitter.as_secs() / 60
        );
        credentials.expires = Some(expiration::after(now, window));
    }
    credentials
}
