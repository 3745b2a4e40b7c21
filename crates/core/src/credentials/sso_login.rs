//! [`SsoLogin`]: a login to IAM Identity Center that its user confirms in a browser, on this device or another.
//!
//! ```text
//! RegisterClient            -> client id and secret, kept for their lifetime in ~/.aws/sso/cache
//! StartDeviceAuthorization  -> URL and code for the user
//! CreateToken, again and again until the user has confirmed: AuthorizationPending -> wait, SlowDown -> wait longer
//! -> the token, kept in ~/.aws/sso/cache where the AWS CLI and every SDK look for it
//! ```
//!
//! # Source
//! RFC 8628; the AWS CLI, `sso login --use-device-code`, whose file names and contents these are.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use zeroize::Zeroizing;

use super::answer::{integer, text};
use super::cache::ADVISORY_REFRESH;
use super::disk_cache::{self, sha1_hex};
use super::json::{self, Object, PythonValue};
use super::provider::{failed, misconfigured};
use super::sso_token::expiry;
use super::{ProviderContext, Token, moment, sso_token};
use crate::config::{Section, Settings};
use crate::ports::InvokeOptions;
use crate::{Result, Secret, Str, Timestamp, Value, json};

/// What a login asks for where the `[sso-session]` does not say.
const DEFAULT_SCOPES: &str = "sso:account:access";
const DEVICE_CODE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// The pause between two questions where the service does not say, in seconds.
const DEFAULT_INTERVAL: i64 = 5;
/// What a service that is asked too often adds to the pause, in seconds.
const SLOW_DOWN: i64 = 5;
/// The longest pause and the longest wait that a service may ask for, in seconds.
const LONGEST_INTERVAL: i64 = 60;
const LONGEST_WAIT: i64 = 60 * 60;

/// A login that waits for its user: show the URL and the code, then [`finish`](Self::finish).
///
/// ```no_run
/// # async fn example(session: inia_core::Session) -> inia_core::Result<()> {
/// let login = session.sso_login(None).await?;
/// println!("open {} and enter {}", login.verification_url(), login.user_code());
/// login.finish().await?;
/// # Ok(())
/// # }
/// ```
pub struct SsoLogin {
    context: ProviderContext,
    target: Target,
    registration: Registration,
    device_code: Secret,
    user_code: Str,
    url: Str,
    complete_url: Option<Str>,
    expires: Timestamp,
    interval: i64,
}

/// What is logged in to.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Target {
    /// The `[sso-session]`'s name; `None` for a profile with a start URL of its own.
    session: Option<Str>,
    start_url: Str,
    region: Str,
    scopes: Vec<Str>,
}

/// This program as the service knows it.
struct Registration {
    client_id: Str,
    client_secret: Secret,
    expires: Timestamp,
    /// Whether it was registered by an earlier login, so that the service may have forgotten it.
    old: bool,
}

impl SsoLogin {
    /// Starts a login for the session of a name, or else for what the profile names.
    pub(crate) async fn start(context: &ProviderContext, session: Option<&str>) -> Result<Self> {
        let target = Target::read(&context.settings, session)?;
        let registration = match Registration::read(context, &target) {
            Some(registration) => registration,
            None => Registration::make(context, &target).await?,
        };
        let old = registration.old;
        match authorize(context, &target, registration).await {
            Err(error) if old && is_unknown_client(&error) => {
                tracing::debug!("the client is registered anew: {error:#}");
                let registration = Registration::make(context, &target).await?;
                authorize(context, &target, registration).await
            }
            other => other,
        }
    }

    /// Where the user confirms the login.
    #[must_use]
    pub fn verification_url(&self) -> &str {
        &self.url
    }

    /// The URL that holds the code, so that the user need not enter it.
    #[must_use]
    pub fn complete_verification_url(&self) -> Option<&str> {
        self.complete_url.as_deref()
    }

    /// The code that the user enters there, or compares with the one shown there.
    #[must_use]
    pub fn user_code(&self) -> &str {
        &self.user_code
    }

    /// When the code stops to be good.
    #[must_use]
    pub fn expires(&self) -> Timestamp {
        self.expires
    }

    /// The start URL of what is logged in to.
    #[must_use]
    pub fn start_url(&self) -> &str {
        &self.target.start_url
    }

    /// Waits until the user has confirmed, and keeps the token where this and other SDKs look for it.
    ///
    /// # Errors
    /// `Credentials` where the user declines or does not confirm in time, or the token cannot be kept; the service's other errors.
    pub async fn finish(mut self) -> Result<Token> {
        let clock = std::sync::Arc::clone(&self.context.host.clock);
        let answer = loop {
            let left = moment::seconds_until(clock.now(), self.expires);
            if left <= 0 {
                return Err(failed(
                    "the login was not confirmed in time: start it again",
                ));
            }
            let pause = self.interval.min(left);
            clock
                .sleep(Duration::from_secs(
                    u64::try_from(pause).unwrap_or_default(),
                ))
                .await;
            let params = json!({
                "grantType": DEVICE_CODE_GRANT,
                "clientId": &self.registration.client_id,
                "clientSecret": self.registration.client_secret.expose(),
                "deviceCode": self.device_code.expose(),
            });
            let error = match call(&self.context, &self.target, "CreateToken", params).await {
                Ok(answer) => break answer,
                Err(error) => error,
            };
            // The model's name for the error, or RFC 8628's where a header that names the model's is missing.
            let code = error.service().map(|service| service.code.clone());
            match code.as_deref() {
                Some("AuthorizationPendingException" | "authorization_pending") => {}
                Some("SlowDownException" | "slow_down") => {
                    self.interval = (self.interval + SLOW_DOWN).min(LONGEST_INTERVAL);
                }
                Some("ExpiredTokenException" | "expired_token") => {
                    return Err(
                        failed("the login was not confirmed in time: start it again")
                            .with_source(error),
                    );
                }
                Some("AccessDeniedException" | "access_denied") => {
                    return Err(failed("the login was declined").with_source(error));
                }
                _ => return Err(error),
            }
        };
        self.keep(&answer)
    }

    /// Writes the token's file.
    fn keep(&self, answer: &Value) -> Result<Token> {
        let access_token = text(answer, "accessToken")
            .ok_or_else(|| failed("CreateToken answered without accessToken"))?;
        let seconds = integer(answer, "expiresIn")
            .ok_or_else(|| failed("CreateToken answered without expiresIn"))?;
        let now = self.context.host.clock.now();
        let expires = Timestamp::new(now.seconds().saturating_add(seconds), 0);
        let mut file = Object::new();
        let mut put = |name: &str, value: &str| {
            file.insert(name.to_owned(), value.into());
        };
        put("startUrl", &self.target.start_url);
        put("region", &self.target.region);
        put("accessToken", access_token);
        put("expiresAt", &moment::format(expires));
        put("clientId", &self.registration.client_id);
        put("clientSecret", self.registration.client_secret.expose());
        put(
            "registrationExpiresAt",
            &moment::format(self.registration.expires),
        );
        if let Some(refresh_token) = text(answer, "refreshToken") {
            put("refreshToken", refresh_token);
        }
        let name = self.target.session.as_ref();
        let path = sso_token::path(&self.context, name.unwrap_or(&self.target.start_url))?;
        let text = Zeroizing::new(serde_json::Value::Object(file).to_string());
        self.context
            .host
            .files
            .write_private(&path, text.as_bytes())
            .map_err(|error| {
                failed(format!("the token cannot be kept in {}", path.display())).with_source(error)
            })?;
        Ok(Token {
            token: Secret::from(access_token),
            expires: Some(expires),
        })
    }
}

impl fmt::Debug for SsoLogin {
    /// Says what is logged in to. Whoever has the codes may finish the login, so they are left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SsoLogin")
            .field("target", &self.target)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

impl Target {
    fn read(settings: &Settings, session: Option<&str>) -> Result<Target> {
        let files = settings.files();
        let profile = settings.profile_name();
        let section = files.profile(profile);
        if let Some(name) = session.or_else(|| section.and_then(|s| s.get("sso_session"))) {
            let place = format!("sso-session `{name}`");
            let section = files.sso_session(name).ok_or_else(|| {
                misconfigured(match session {
                    Some(_) => format!("there is no {place}"),
                    None => format!("there is no {place}, which profile `{profile}` names"),
                })
            })?;
            let scopes = section
                .get("sso_registration_scopes")
                .unwrap_or(DEFAULT_SCOPES);
            return Ok(Target {
                session: Some(Str::from(name)),
                start_url: required(section, &place, "sso_start_url")?,
                region: required(section, &place, "sso_region")?,
                scopes: scopes
                    .split(',')
                    .map(str::trim)
                    .filter(|scope| !scope.is_empty())
                    .map(Str::from)
                    .collect(),
            });
        }
        let place = format!("profile `{profile}`");
        let Some(section) = section.filter(|section| section.contains("sso_start_url")) else {
            return Err(misconfigured(format!(
                "{place} has neither an sso_session nor an sso_start_url to log in to"
            )));
        };
        Ok(Target {
            session: None,
            start_url: required(section, &place, "sso_start_url")?,
            region: required(section, &place, "sso_region")?,
            scopes: Vec::new(),
        })
    }
}

fn required(section: &Section, place: &str, key: &str) -> Result<Str> {
    section
        .get(key)
        .filter(|value| !value.is_empty())
        .map(Str::from)
        .ok_or_else(|| misconfigured(format!("{place} has no {key}")))
}

impl Registration {
    /// The registration of an earlier login, if it is good for another while.
    fn read(context: &ProviderContext, target: &Target) -> Option<Registration> {
        let path = registration_path(context, target)?;
        let bytes = Zeroizing::new(context.host.files.read(&path).ok()?);
        let mut file = json::object(&bytes).ok()?;
        let expires = expiry(json::text(&file, "expiresAt")?).ok()?;
        let left = moment::seconds_until(context.host.clock.now(), expires);
        let window = i64::try_from(ADVISORY_REFRESH.as_secs()).unwrap_or(i64::MAX);
        if left < window {
            return None;
        }
        Some(Registration {
            client_id: Str::from(json::text(&file, "clientId")?),
            client_secret: json::take_secret(&mut file, "clientSecret")?,
            expires,
            old: true,
        })
    }

    /// Registers, and keeps the registration. That it could not be kept is no reason to fail: the next login registers again.
    async fn make(context: &ProviderContext, target: &Target) -> Result<Registration> {
        let now = context.host.clock.now().seconds();
        let client_name = match &target.session {
            Some(name) => format!("botocore-client-{name}"),
            None => format!("botocore-client-{now}"),
        };
        let mut params = json!({"clientName": client_name, "clientType": "public"});
        if let Some(map) = params.as_map_mut()
            && !target.scopes.is_empty()
        {
            let scopes = target.scopes.iter().cloned().map(Value::from);
            map.insert("scopes", scopes.collect::<Value>());
        }
        let answer = call(context, target, "RegisterClient", params).await?;
        let missing = |member: &str| failed(format!("RegisterClient answered without {member}"));
        let registration = Registration {
            client_id: Str::from(text(&answer, "clientId").ok_or_else(|| missing("clientId"))?),
            client_secret: text(&answer, "clientSecret")
                .map(Secret::from)
                .ok_or_else(|| missing("clientSecret"))?,
            expires: Timestamp::new(
                integer(&answer, "clientSecretExpiresAt")
                    .ok_or_else(|| missing("clientSecretExpiresAt"))?,
                0,
            ),
            old: false,
        };
        if let Some(path) = registration_path(context, target) {
            let mut file = serde_json::json!({
                "clientId": registration.client_id.as_str(),
                "clientSecret": registration.client_secret.expose(),
                "expiresAt": moment::format(registration.expires),
            });
            if let (Some(file), false) = (file.as_object_mut(), target.scopes.is_empty()) {
                let scopes = target.scopes.iter().map(Str::as_str);
                file.insert("scopes".to_owned(), scopes.collect());
            }
            let text = Zeroizing::new(file.to_string());
            if let Err(error) = context.host.files.write_private(&path, text.as_bytes()) {
                tracing::warn!("{} could not be written: {error}", path.display());
            }
        }
        Ok(registration)
    }
}

/// The file of a registration; `None` where there is no home folder.
fn registration_path(context: &ProviderContext, target: &Target) -> Option<PathBuf> {
    let folder = context.settings.in_aws_folder(&["sso", "cache"]);
    let name = match &target.session {
        Some(session) => disk_cache::key(
            &[
                ("tool", PythonValue::Text(Str::from_static("botocore"))),
                ("startUrl", PythonValue::Text(target.start_url.clone())),
                ("region", PythonValue::Text(target.region.clone())),
                ("scopes", PythonValue::List(target.scopes.clone())),
                ("session_name", PythonValue::Text(session.clone())),
            ],
            false,
        ),
        // A region that could not stand in a host name must not choose a folder either.
        None if target.region.contains(['/', '\\', '.']) => sha1_hex(&target.region),
        None => format!("botocore-client-id-{}", target.region),
    };
    (!folder.as_os_str().is_empty()).then(|| folder.join(format!("{name}.json")))
}

async fn authorize(
    context: &ProviderContext,
    target: &Target,
    registration: Registration,
) -> Result<SsoLogin> {
    let params = json!({
        "clientId": &registration.client_id,
        "clientSecret": registration.client_secret.expose(),
        "startUrl": &target.start_url,
    });
    let answer = call(context, target, "StartDeviceAuthorization", params).await?;
    let missing = |member: &str| {
        failed(format!(
            "StartDeviceAuthorization answered without {member}"
        ))
    };
    // These are shown at a terminal, which must not be told anything else by them.
    let shown = |member: &'static str| match text(&answer, member) {
        Some(text) if text.contains(char::is_control) => Err(failed(format!(
            "StartDeviceAuthorization answered with control characters in {member}"
        ))),
        other => Ok(other.map(Str::from)),
    };
    let device_code = text(&answer, "deviceCode").ok_or_else(|| missing("deviceCode"))?;
    let seconds = integer(&answer, "expiresIn").ok_or_else(|| missing("expiresIn"))?;
    let now = context.host.clock.now();
    Ok(SsoLogin {
        device_code: Secret::from(device_code),
        user_code: shown("userCode")?.ok_or_else(|| missing("userCode"))?,
        url: shown("verificationUri")?.ok_or_else(|| missing("verificationUri"))?,
        complete_url: shown("verificationUriComplete")?,
        expires: Timestamp::new(
            now.seconds().saturating_add(seconds.clamp(0, LONGEST_WAIT)),
            0,
        ),
        interval: integer(&answer, "interval")
            .unwrap_or(DEFAULT_INTERVAL)
            .clamp(1, LONGEST_INTERVAL),
        context: context.clone(),
        target: target.clone(),
        registration,
    })
}

async fn call(
    context: &ProviderContext,
    target: &Target,
    operation: &str,
    params: Value,
) -> Result<Value> {
    let options = InvokeOptions {
        region: Some(target.region.clone()),
        ..InvokeOptions::default()
    };
    context.call("sso-oidc", operation, params, options).await
}

fn is_unknown_client(error: &crate::Error) -> bool {
    error.service().is_some_and(|service| {
        matches!(
            &*service.code,
            "InvalidClientException"
                | "invalid_client"
                | "UnauthorizedClientException"
                | "unauthorized_client"
        )
    })
}
