//! Provider 12, `iam-role`: the role of an EC2 instance.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::cache::ADVISORY_REFRESH;
use super::imds::{self, Imds, NoAnswer, SessionToken};
use super::json;
use super::provider::failed;
use super::{CredentialFeatures, CredentialProvider, Credentials, Lookup, ProviderContext, moment};
use crate::config::setting;
use crate::ports::BoxFuture;
use crate::{Error, ErrorKind, Result, Secret, Str};

/// Credentials of the instance metadata service.
///
/// Static stability: while the service gives credentials that are about to expire, or gives none, those at hand are used on, and
/// asked for again in 2 to 10 minutes. AWS accepts them: it is AWS that could not renew them.
///
/// # Source
/// botocore `utils.py:InstanceMetadataFetcher`.
///
/// DIFFERENCE: the paths that also give the account id (`security-credentials-extended`) are asked first, and credentials at hand are
/// used on when the service does not answer at all; botocore does neither.
#[derive(Debug, Default)]
pub(super) struct InstanceProvider {
    state: Mutex<State>,
}

#[derive(Clone, Debug, Default)]
struct State {
    /// Which of the paths the service has.
    paths: Option<Paths>,
    /// The instance profile's name, as the service gave it.
    profile: Option<Str>,
    /// The credentials it gave last.
    last: Option<Credentials>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Paths {
    Extended,
    Legacy,
}

impl Paths {
    fn prefix(self) -> &'static str {
        match self {
            Paths::Extended => "/latest/meta-data/iam/security-credentials-extended/",
            Paths::Legacy => "/latest/meta-data/iam/security-credentials/",
        }
    }
}

const NAME: &str = "iam-role";

impl CredentialProvider for InstanceProvider {
    fn name(&self) -> &str {
        NAME
    }

    fn load<'a>(
        &'a self,
        context: &'a ProviderContext,
    ) -> BoxFuture<'a, Result<Lookup<Credentials>>> {
        Box::pin(self.ask(context))
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
    async fn ask(&self, context: &ProviderContext) -> Result<Lookup<Credentials>> {
        let Some(service) = Imds::new(context)? else {
            return Lookup::none("AWS_EC2_METADATA_DISABLED is true");
        };
        let mut state = self
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let found = match service.open().await {
            Ok(token) => self.find(context, &service, &token, &mut state).await,
            Err(problem) => Err(Problem::NoAnswer(problem)),
        };
        let result = match found {
            Ok(credentials) => {
                state.last = Some(credentials.clone());
                Ok(Lookup::Found(extended(context, credentials)))
            }
            Err(Problem::Configured(error)) => Err(error),
            Err(Problem::NoAnswer(NoAnswer::Down(error))) => match &state.last {
                Some(last) => {
                    tracing::warn!(
                        "the instance metadata service does not answer; the credentials at hand are used on: {error:#}"
                    );
                    Ok(Lookup::Found(extended(context, last.clone())))
                }
                None => Lookup::none(format!("the instance metadata service: {error:#}")),
            },
            Err(Problem::NoAnswer(NoAnswer::NotFound)) => {
                Lookup::none("the instance has no role: HTTP 404")
            }
            Err(Problem::NoAnswer(NoAnswer::Refused(error))) => {
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

    /// Finds the instance profile's name, and with it the credentials.
    async fn find(
        &self,
        context: &ProviderContext,
        service: &Imds<'_>,
        token: &SessionToken,
        state: &mut State,
    ) -> Result<Credentials, Problem> {
        let configured = context
            .settings
            .text(&setting::EC2_INSTANCE_PROFILE_NAME)
            .map_err(Problem::Configured)?;
        let mut listed = false;
        loop {
            let paths = state.paths.unwrap_or(Paths::Extended);
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
                    Err(NoAnswer::NotFound)
                        if paths == Paths::Extended && state.paths.is_none() =>
                    {
                        state.paths = Some(Paths::Legacy);
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
                Err(NoAnswer::NotFound) => {
                    if configured.is_some() {
                        if state.paths.is_none() {
                            state.paths = Some(Paths::Legacy);
                            continue;
                        }
                        return Err(Problem::Configured(failed(format!(
                            "the instance has no instance profile `{name}`"
                        ))));
                    }
                    // The profile may have been exchanged since its name was asked for: once.
                    state.profile = None;
                    if listed {
                        return Err(NoAnswer::NotFound.into());
                    }
                }
                Err(problem) => return Err(problem.into()),
            }
        }
    }
}

/// Why there are no credentials.
enum Problem {
    /// The service does not give them.
    NoAnswer(NoAnswer),
    /// What is configured cannot be.
    Configured(Error),
}

impl From<NoAnswer> for Problem {
    fn from(problem: NoAnswer) -> Self {
        Problem::NoAnswer(problem)
    }
}

fn out_of_order(message: impl Into<std::borrow::Cow<'static, str>>) -> Problem {
    Problem::NoAnswer(NoAnswer::Down(Error::new(ErrorKind::Parse, message)))
}

fn profile_name(body: &bytes::Bytes) -> Result<Str, Problem> {
    let name = imds::text(body).and_then(|text| text.lines().next());
    match name {
        // The name goes into a path: anything else is no name.
        Some(name)
            if name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+=,.@_-".contains(&byte)) =>
        {
            Ok(Str::from(name))
        }
        _ => Err(out_of_order("it gave no instance profile's name")),
    }
}

fn credentials(body: &[u8]) -> Result<Credentials, Problem> {
    let mut answer =
        json::object(body).map_err(|error| Problem::NoAnswer(NoAnswer::Down(error)))?;
    let code = json::text(&answer, "Code").unwrap_or("Success");
    if code != "Success" {
        let message = json::text(&answer, "Message").unwrap_or_default();
        let said: String = format!("{code} {message}").chars().take(500).collect();
        return Err(Problem::NoAnswer(NoAnswer::Refused(Error::new(
            ErrorKind::Connection,
            said,
        ))));
    }
    let missing = |name: &str| out_of_order(format!("it gave credentials without {name}"));
    let access_key_id = json::text(&answer, "AccessKeyId").map(Str::from);
    let secret: Option<Secret> = json::take_secret(&mut answer, "SecretAccessKey");
    let token = json::take_secret(&mut answer, "Token");
    let expires = json::text(&answer, "Expiration").and_then(|text| moment::parse(text).ok());
    Ok(Credentials {
        access_key_id: access_key_id.ok_or_else(|| missing("AccessKeyId"))?,
        secret_access_key: secret.ok_or_else(|| missing("SecretAccessKey"))?,
        session_token: Some(token.ok_or_else(|| missing("Token"))?),
        expires: Some(expires.ok_or_else(|| missing("Expiration"))?),
        account_id: json::text(&answer, "AccountId").map(Str::from),
        provider: Str::from_static(NAME),
        features: CredentialFeatures::IMDS,
    })
}

/// Credentials that are about to expire are used on for another while.
///
/// # Source
/// botocore `utils.py:InstanceMetadataFetcher._evaluate_expiration`.
fn extended(context: &ProviderContext, mut credentials: Credentials) -> Credentials {
    let Some(expires) = credentials.expires else {
        return credentials;
    };
    // Two to ten minutes, so that not all instances ask at once.
    let jitter = Duration::from_secs_f64(120.0 + 480.0 * context.host.rng.unit());
    let window = ADVISORY_REFRESH + jitter;
    let now = context.host.clock.now();
    let seconds = i64::try_from(window.as_secs()).unwrap_or(i64::MAX);
    if moment::seconds_until(now, expires) <= seconds {
        tracing::warn!(
            "the instance's credentials are not renewed in time; they are used on, and asked for again in {} minutes",
            jitter.as_secs() / 60
        );
        credentials.expires = Some(moment::after(now, window));
    }
    credentials
}
