//! [`SsoLogin`]: a login to IAM Identity Center with the device authorization flow: the user confirms it in a browser.
//!
//! ```text
//! RegisterClient            -> client id and secret, cached in ~/.aws/sso/cache until they expire
//! StartDeviceAuthorization  -> URL and code for the user
//! CreateToken, polled until the user has confirmed: AuthorizationPending -> wait, SlowDown -> wait longer
//! -> the token, cached in ~/.aws/sso/cache, shared with the AWS CLI and other SDKs
//! ```
//!
//! # Source
//! RFC 8628; the AWS CLI, `sso login --use-device-code`, including its file names and contents.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use zeroize::Zeroizing;

use super::disk_cache::{self, sha1_hex};
use super::identity::ADVISORY_REFRESH;
use super::json::{self, Object, PythonValue};
use super::provider::{failed, misconfigured};
use super::response::{integer, text};
use super::{ProviderContext, Token, expiration, sso_token};
use crate::config::{Section, Settings};
use crate::ports::InvokeOptions;
use crate::{Result, Secret, Str, Timestamp, Value, json};

/// The scopes of a login if the `[sso-session]` has none.
const DEFAULT_SCOPES: &str = "sso:account:access";
const DEVICE_CODE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// The default polling interval, in seconds.
const DEFAULT_INTERVAL: i64 = 5;
/// The increment of the polling interval after `SlowDownException`, in seconds.
const SLOW_DOWN_INCREMENT: i64 = 5;
/// The maximum polling interval, in seconds.
const MAX_INTERVAL: i64 = 60;
/// The maximum lifetime of a device code, in seconds.
const MAX_LIFETIME: i64 = 60 * 60;

/// A pending login: show the URL and the code to the user, then call [`finish`](Self::finish).
///
/// ```no_run
/// # async fn example(session: inia_core::Identities) -> inia_core::Result<()> {
/// let login = session.sso_login(None).await?;
/// println!("open {} and enter {}", login.verification_url(), login.user_code());
/// login.finish().await?;
/// # Ok(())
/// # }
/// ```
pub struct SsoLogin {
    context: ProviderContext,
    target: LoginTarget,
    registration: ClientRegistration,
    device_code: Secret,
    user_code: Str,
    verification_url: Str,
    complete_verification_url: Option<Str>,
    expires: Timestamp,
    interval: i64,
}

/// The start URL and region to log in to.
#[derive(Clone, Debug, PartialEq, Eq)]
struct LoginTarget {
    /// The name of the `[sso-session]`; `None` for a profile with `sso_start_url`.
    session: Option<Str>,
    start_url: Str,
    region: Str,
    scopes: Vec<Str>,
}

/// The registration of this program with the service.
struct ClientRegistration {
    client_id: Str,
    client_secret: Secret,
    expires: Timestamp,
    /// `true` if it was read from the cache, in which case the service may have deleted it.
    cached: bool,
}

impl SsoLogin {
    /// Starts a login for an `[sso-session]`, or for that of the profile.
    pub(super) async fn start(context: &ProviderContext, session: Option<&str>) -> Result<Self> {
        let target = LoginTarget::read(&context.settings, session)?;
        let registration = match ClientRegistration::read(context, &target) {
            Some(registration) => registration,
            None => ClientRegistration::create(context, &target).await?,
        };
        let cached = registration.cached;
        match authorize(context, &target, registration).await {
            Err(error) if cached && is_unknown_client(&error) => {
                tracing::debug!("registering the client again: {error:#}");
                let registration = ClientRegistration::create(context, &target).await?;
                authorize(context, &target, registration).await
            }
            other => other,
        }
    }

    /// Returns the URL on which the user confirms the login.
    #[must_use]
    pub fn verification_url(&self) -> &str {
        &self.verification_url
    }

    /// Returns the URL that includes the user code.
    #[must_use]
    pub fn complete_verification_url(&self) -> Option<&str> {
        self.complete_verification_url.as_deref()
    }

    /// Returns the code that the user enters on the page, or compares with the displayed one.
    #[must_use]
    pub fn user_code(&self) -> &str {
        &self.user_code
    }

    /// Returns the expiration of the code.
    #[must_use]
    pub fn expires(&self) -> Timestamp {
        self.expires
    }

    /// Returns the start URL of the login.
    #[must_use]
    pub fn start_url(&self) -> &str {
        &self.target.start_url
    }

    /// Waits until the user has confirmed the login, and writes the token to the cache that SDKs share.
    ///
    /// # Errors
    /// `Credentials` if the user declines or does not confirm in time, or the token cannot be written; other errors of the service.
    pub async fn finish(mut self) -> Result<Token> {
        let clock = std::sync::Arc::clone(&self.context.host.clock);
        let response = loop {
            let remaining = expiration::seconds_until(clock.now(), self.expires);
            if remaining <= 0 {
                return Err(failed(
                    "the login was not confirmed in time; start it again",
                ));
            }
            let pause = self.interval.min(remaining);
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
                Ok(response) => break response,
                Err(error) => error,
            };
            // The modeled error code, or the code of RFC 8628 if the header with the modeled code is missing.
            let code = error.service().map(|service| service.code.clone());
            match code.as_deref() {
                Some("AuthorizationPendingException" | "authorization_pending") => {}
                Some("SlowDownException" | "slow_down") => {
                    self.interval = (self.interval + SLOW_DOWN_INCREMENT).min(MAX_INTERVAL);
                }
                Some("ExpiredTokenException" | "expired_token") => {
                    return Err(
                        failed("the login was not confirmed in time; start it again")
                            .with_source(error),
                    );
                }
                Some("AccessDeniedException" | "access_denied") => {
                    return Err(failed("the login was declined").with_source(error));
                }
                _ => return Err(error),
            }
        };
        self.save_token(&response)
    }

    /// Writes the token to the cache.
    fn save_token(&self, response: &Value) -> Result<Token> {
        let access_token = text(response, "accessToken")
            .ok_or_else(|| failed("the response of CreateToken has no accessToken"))?;
        let seconds = integer(response, "expiresIn")
            .ok_or_else(|| failed("the response of CreateToken has no expiresIn"))?;
        let now = self.context.host.clock.now();
        let expires = Timestamp::new(now.seconds().saturating_add(seconds), 0);
        let mut file = Object::new();
        let mut put = |name: &str, value: &str| {
            file.insert(name.to_owned(), value.into());
        };
        put("startUrl", &self.target.start_url);
        put("region", &self.target.region);
        put("accessToken", access_token);
        put("expiresAt", &expiration::format(expires));
        put("clientId", &self.registration.client_id);
        put("clientSecret", self.registration.client_secret.expose());
        put(
            "registrationExpiresAt",
            &expiration::format(self.registration.expires),
        );
        if let Some(refresh_token) = text(response, "refreshToken") {
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
                failed(format!("cannot write the token to {}", path.display())).with_source(error)
            })?;
        Ok(Token {
            expires: Some(expires),
            ..Token::new(access_token)
        })
    }
}

impl fmt::Debug for SsoLogin {
    /// Omits the codes, which would allow others to complete the login.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SsoLogin")
            .field("target", &self.target)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

impl LoginTarget {
    fn read(settings: &Settings, session: Option<&str>) -> Result<LoginTarget> {
        let files = settings.files();
        let profile = settings.profile_name();
        let section = files.profile(profile);
        if let Some(name) = session.or_else(|| section.and_then(|s| s.get("sso_session"))) {
            let section_name = format!("sso-session `{name}`");
            let section = files.sso_session(name).ok_or_else(|| {
                misconfigured(match session {
                    Some(_) => format!("{section_name} not found"),
                    None => format!("{section_name} of profile `{profile}` not found"),
                })
            })?;
            let scopes = section
                .get("sso_registration_scopes")
                .unwrap_or(DEFAULT_SCOPES);
            return Ok(LoginTarget {
                session: Some(Str::from(name)),
                start_url: required(section, &section_name, "sso_start_url")?,
                region: required(section, &section_name, "sso_region")?,
                scopes: scopes
                    .split(',')
                    .map(str::trim)
                    .filter(|scope| !scope.is_empty())
                    .map(Str::from)
                    .collect(),
            });
        }
        let section_name = format!("profile `{profile}`");
        let Some(section) = section.filter(|section| section.contains("sso_start_url")) else {
            return Err(misconfigured(format!(
                "{section_name} has neither sso_session nor sso_start_url"
            )));
        };
        Ok(LoginTarget {
            session: None,
            start_url: required(section, &section_name, "sso_start_url")?,
            region: required(section, &section_name, "sso_region")?,
            scopes: Vec::new(),
        })
    }
}

fn required(section: &Section, section_name: &str, key: &str) -> Result<Str> {
    section
        .get(key)
        .filter(|value| !value.is_empty())
        .map(Str::from)
        .ok_or_else(|| misconfigured(format!("{section_name} has no {key}")))
}

impl ClientRegistration {
    /// Reads the registration of an earlier login, unless it expires soon.
    fn read(context: &ProviderContext, target: &LoginTarget) -> Option<ClientRegistration> {
        let path = registration_path(context, target)?;
        let bytes = Zeroizing::new(context.host.files.read(&path).ok()?);
        let mut file = json::object(&bytes).ok()?;
        let expires = expiration::required(&file, "expiresAt").ok()?;
        let remaining = expiration::seconds_until(context.host.clock.now(), expires);
        let window = i64::try_from(ADVISORY_REFRESH.as_secs()).unwrap_or(i64::MAX);
        if remaining < window {
            return None;
        }
        Some(ClientRegistration {
            client_id: Str::from(json::text(&file, "clientId")?),
            client_secret: json::take_secret(&mut file, "clientSecret")?,
            expires,
            cached: true,
        })
    }

    /// Registers the client and caches the registration. A failure to cache it is only logged, because the next login registers again.
    async fn create(context: &ProviderContext, target: &LoginTarget) -> Result<ClientRegistration> {
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
        let response = call(context, target, "RegisterClient", params).await?;
        let missing =
            |member: &str| failed(format!("the response of RegisterClient has no {member}"));
        let registration = ClientRegistration {
            client_id: Str::from(text(&response, "clientId").ok_or_else(|| missing("clientId"))?),
            client_secret: text(&response, "clientSecret")
                .map(Secret::from)
                .ok_or_else(|| missing("clientSecret"))?,
            expires: Timestamp::new(
                integer(&response, "clientSecretExpiresAt")
                    .ok_or_else(|| missing("clientSecretExpiresAt"))?,
                0,
            ),
            cached: false,
        };
        if let Some(path) = registration_path(context, target) {
            let mut file = serde_json::json!({
                "clientId": registration.client_id.as_str(),
                "clientSecret": registration.client_secret.expose(),
                "expiresAt": expiration::format(registration.expires),
            });
            if let (Some(file), false) = (file.as_object_mut(), target.scopes.is_empty()) {
                let scopes = target.scopes.iter().map(Str::as_str);
                file.insert("scopes".to_owned(), scopes.collect());
            }
            let text = Zeroizing::new(file.to_string());
            if let Err(error) = context.host.files.write_private(&path, text.as_bytes()) {
                tracing::warn!("cannot write {}: {error}", path.display());
            }
        }
        Ok(registration)
    }
}

/// Returns the cache file of a registration; `None` if there is no home folder.
fn registration_path(context: &ProviderContext, target: &LoginTarget) -> Option<PathBuf> {
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
        // A region with these characters must not become part of a path.
        None if target.region.contains(['/', '\\', '.']) => sha1_hex(&target.region),
        None => format!("botocore-client-id-{}", target.region),
    };
    (!folder.as_os_str().is_empty()).then(|| folder.join(format!("{name}.json")))
}

async fn authorize(
    context: &ProviderContext,
    target: &LoginTarget,
    registration: ClientRegistration,
) -> Result<SsoLogin> {
    let params = json!({
        "clientId": &registration.client_id,
        "clientSecret": registration.client_secret.expose(),
        "startUrl": &target.start_url,
    });
    let response = call(context, target, "StartDeviceAuthorization", params).await?;
    let missing = |member: &str| {
        failed(format!(
            "the response of StartDeviceAuthorization has no {member}"
        ))
    };
    // These texts are printed to a terminal, so they must not contain escape sequences.
    let display_text = |member: &'static str| match text(&response, member) {
        Some(text) if text.contains(char::is_control) => Err(failed(format!(
            "the response of StartDeviceAuthorization has control characters in {member}"
        ))),
        other => Ok(other.map(Str::from)),
    };
    let device_code = text(&response, "deviceCode").ok_or_else(|| missing("deviceCode"))?;
    let seconds = integer(&response, "expiresIn").ok_or_else(|| missing("expiresIn"))?;
    let now = context.host.clock.now();
    Ok(SsoLogin {
        device_code: Secret::from(device_code),
        user_code: display_text("userCode")?.ok_or_else(|| missing("userCode"))?,
        verification_url: display_text("verificationUri")?
            .ok_or_else(|| missing("verificationUri"))?,
        complete_verification_url: display_text("verificationUriComplete")?,
        expires: Timestamp::new(
            now.seconds().saturating_add(seconds.clamp(0, MAX_LIFETIME)),
            0,
        ),
        interval: integer(&response, "interval")
            .unwrap_or(DEFAULT_INTERVAL)
            .clamp(1, MAX_INTERVAL),
        context: context.clone(),
        target: target.clone(),
        registration,
    })
}

async fn call(
    context: &ProviderContext,
    target: &LoginTarget,
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
