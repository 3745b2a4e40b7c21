//! The tokens that `aws sso login` caches in `~/.aws/sso/cache`, and their refresh.
//!
//! The file name is the SHA-1 of the session name, or of the start URL if there is no session:
//!
//! ```text
//! {"startUrl": "..", "region": "..", "accessToken": "..", "expiresAt": "2026-..Z",
//!  "clientId": "..", "clientSecret": "..", "registrationExpiresAt": "..", "refreshToken": ".."}
//! ```
//!
//! # Source
//! botocore `tokens.py:SSOTokenProvider`, `utils.py:SSOTokenLoader`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use zeroize::Zeroizing;

use super::disk_cache::sha1_hex;
use super::identity::ADVISORY_REFRESH;
use super::json::{self, Object};
use super::provider::{failed, misconfigured};
use super::response::{integer, text};
use super::token_file::{self, CachedLogin};
use super::{Lookup, ProviderContext, Token, expiration};
use crate::config::Settings;
use crate::ports::InvokeOptions;
use crate::{Error, Result, Secret, Str, Timestamp, json};

/// The settings of an `[sso-session]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SsoSession {
    pub(super) name: Str,
    pub(super) start_url: Str,
    pub(super) region: Str,
}

impl SsoSession {
    /// Returns the session of a profile.
    pub(super) fn of_profile(settings: &Settings, profile: &str) -> Result<Lookup<SsoSession>> {
        let files = settings.files();
        let Some(name) = files
            .profile(profile)
            .and_then(|section| section.get("sso_session"))
        else {
            return Lookup::none(format!("profile `{profile}` has no sso_session"));
        };
        let section = files.sso_session(name).ok_or_else(|| {
            misconfigured(format!(
                "sso-session `{name}` of profile `{profile}` not found"
            ))
        })?;
        let value = |key: &str| {
            section
                .get(key)
                .map(Str::from)
                .ok_or_else(|| misconfigured(format!("sso-session `{name}` has no {key}")))
        };
        Ok(Lookup::Found(SsoSession {
            name: Str::from(name),
            start_url: value("sso_start_url")?,
            region: value("sso_region")?,
        }))
    }
}

/// Loads the token of a session, and refreshes it if it expires soon.
pub(super) async fn load(context: &ProviderContext, session: &SsoSession) -> Result<Token> {
    let path = path(context, &session.name)?;
    let read = || read(context, &path);
    let login = read()?;
    let file = if login.is_valid(context, ADVISORY_REFRESH) {
        login.file
    } else {
        let refresh = |file| refresh(context, session, file);
        token_file::refresh(context, &path, ADVISORY_REFRESH, read, refresh)
            .await
            .map_err(|error| {
                let message = format!(
                    "the SSO token of `{}` has expired; log in again",
                    session.name
                );
                failed(message).with_source(error)
            })?
    };
    token(&path, file)
}

/// Loads the token of a start URL, which cannot be refreshed.
pub(super) fn load_legacy(context: &ProviderContext, start_url: &str) -> Result<Token> {
    let path = path(context, start_url)?;
    let login = read(context, &path)?;
    if !login.is_valid(context, Duration::ZERO) {
        return Err(failed(format!(
            "the SSO token of {start_url} has expired; log in again"
        )));
    }
    token(&path, login.file)
}

async fn refresh(
    context: &ProviderContext,
    session: &SsoSession,
    mut file: Object,
) -> Result<Object> {
    let now = context.host.clock.now();
    let value = |name: &str| {
        json::text(&file, name).ok_or_else(|| {
            failed(format!(
                "the token cannot be refreshed: its file has no {name}"
            ))
        })
    };
    let registration = expiration::required(&file, "registrationExpiresAt")
        .map_err(|error| failed("the token cannot be refreshed").with_source(error))?;
    if expiration::seconds_until(now, registration) <= 0 {
        return Err(failed(format!(
            "the token cannot be refreshed: its client registration expired at {registration}"
        )));
    }
    let params = json!({
        "grantType": "refresh_token",
        "clientId": value("clientId")?,
        "clientSecret": value("clientSecret")?,
        "refreshToken": value("refreshToken")?,
    });
    let options = InvokeOptions {
        region: Some(session.region.clone()),
        ..InvokeOptions::default()
    };
    let response = context
        .call("sso-oidc", "CreateToken", params, options)
        .await?;
    let access_token = text(&response, "accessToken")
        .ok_or_else(|| failed("the response of CreateToken has no accessToken"))?;
    let seconds = integer(&response, "expiresIn")
        .ok_or_else(|| failed("the response of CreateToken has no expiresIn"))?;
    let expires = Timestamp::new(now.seconds().saturating_add(seconds), 0);
    let mut put = |name: &str, value: &str| {
        file.insert(name.to_owned(), value.into());
    };
    put("startUrl", &session.start_url);
    put("region", &session.region);
    put("accessToken", access_token);
    put("expiresAt", &expiration::format(expires));
    // A refresh token can only be used once.
    match text(&response, "refreshToken") {
        Some(refresh_token) => put("refreshToken", refresh_token),
        None => {
            file.remove("refreshToken");
        }
    }
    Ok(file)
}

/// Returns the cache file of a token for a session name or start URL.
pub(super) fn path(context: &ProviderContext, name: &str) -> Result<PathBuf> {
    let folder = context.settings.in_aws_folder(&["sso", "cache"]);
    if folder.as_os_str().is_empty() {
        return Err(failed("no home folder found to read the SSO token from"));
    }
    Ok(folder.join(format!("{}.json", sha1_hex(name))))
}

fn read(context: &ProviderContext, path: &Path) -> Result<CachedLogin> {
    let bytes = context.host.files.read(path).map_err(|error| {
        failed(format!(
            "no SSO token found: cannot read {}; log in first",
            path.display()
        ))
        .with_source(error)
    })?;
    let file = json::object(&Zeroizing::new(bytes)).map_err(|error| invalid_file(path, error))?;
    let expires =
        expiration::required(&file, "expiresAt").map_err(|error| invalid_file(path, error))?;
    Ok(CachedLogin { file, expires })
}

fn token(path: &Path, mut file: Object) -> Result<Token> {
    let expires =
        expiration::required(&file, "expiresAt").map_err(|error| invalid_file(path, error))?;
    let token: Secret = json::take_secret(&mut file, "accessToken")
        .ok_or_else(|| failed(format!("{} has no accessToken", path.display())))?;
    Ok(Token {
        expires: Some(expires),
        ..Token::new(token)
    })
}

#[cold]
fn invalid_file(path: &Path, error: Error) -> Error {
    failed(format!("{} contains no valid SSO token", path.display())).with_source(error)
}
