//! Provider 6, `login`: the credentials that `aws login` caches in `~/.aws/login/cache`, and their refresh.
//!
//! The file name is the SHA-256 of `login_session` of the profile:
//!
//! ```text
//! {"accessToken": {"accessKeyId": "..", "secretAccessKey": "..", "sessionToken": "..", "accountId": "..", "expiresAt": "2026-..Z"},
//!  "refreshToken": "..", "clientId": "..", "dpopKey": "-----BEGIN PRIVATE KEY-----..", "idToken": "..", "signInRegion": ".."}
//! ```
//!
//! # Source
//! botocore `credentials.py:LoginProvider`, `LoginCredentialFetcher`, `utils.py:LoginTokenLoader`.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::dpop::DpopKey;
use super::json::{self, Object};
use super::provider::failed;
use super::response::{integer, member, text};
use super::token_file::{self, CachedLogin};
use super::{Credentials, Lookup, Provider, ProviderContext, expiration};
use crate::config::setting;
use crate::ports::{BoxFuture, InvokeOptions, UrlHeaders};
use crate::{Error, ErrorKind, Result, Str, Timestamp, UserAgentFeatures, Value, json, to_hex};

/// The time before expiration from which cached credentials are refreshed.
const REFRESH_WINDOW: Duration = Duration::from_secs(5 * 60);

/// Credentials for `login_session` of the profile.
#[derive(Debug)]
pub(super) struct LoginProvider;

pub(super) const NAME: &str = "login";

impl Provider<Credentials> for LoginProvider {
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
    let Some(session) = section.and_then(|section| section.get("login_session")) else {
        return Lookup::none(format!("profile `{profile}` has no login_session"));
    };
    let folder = match setting::LOGIN_CACHE_DIRECTORY.from_env(&*context.host.env) {
        Some((_, folder)) => context.settings.expand(&folder),
        None => context.settings.in_aws_folder(&["login", "cache"]),
    };
    let path = folder.join(format!(
        "{}.json",
        to_hex(&Sha256::digest(session.as_bytes()))
    ));
    let read = || read(context, session, &path);
    let login = read()?;
    let file = if login.is_valid(context, REFRESH_WINDOW) {
        login.file
    } else {
        let refresh = |file| refresh(context, &path, file);
        token_file::refresh(context, &path, REFRESH_WINDOW, read, refresh).await?
    };
    let credentials = credentials(&file).map_err(|error| invalid_file(&path, error))?;
    Ok(Lookup::Found(credentials))
}

fn read(context: &ProviderContext, session: &str, path: &Path) -> Result<CachedLogin> {
    let bytes = context.host.files.read(path).map_err(|error| {
        failed(format!(
            "no login found for {session}: cannot read {}; log in first",
            path.display()
        ))
        .with_source(error)
    })?;
    let invalid = |error| invalid_file(path, error);
    let file = json::object(&Zeroizing::new(bytes)).map_err(invalid)?;
    let missing: Vec<&str> = ["accessToken", "refreshToken", "dpopKey", "clientId"]
        .into_iter()
        .filter(|name| !file.contains_key(*name))
        .collect();
    if !missing.is_empty() {
        return Err(failed(format!(
            "{} has no {}; log in again",
            path.display(),
            missing.join(", ")
        )));
    }
    let expires = credentials(&file).map_err(invalid)?.expires;
    Ok(CachedLogin {
        expires: expires.unwrap_or_default(),
        file,
    })
}

#[cold]
fn invalid_file(path: &Path, error: Error) -> Error {
    failed(format!(
        "{} contains no valid login; log in again",
        path.display()
    ))
    .with_source(error)
}

async fn refresh(context: &ProviderContext, path: &Path, mut file: Object) -> Result<Object> {
    let invalid = |error| invalid_file(path, error);
    let key = DpopKey::from_pem(json::required(&file, "dpopKey").map_err(invalid)?)?;
    let params = json!({
        "tokenInput": {
            "clientId": json::required(&file, "clientId").map_err(invalid)?,
            "refreshToken": json::required(&file, "refreshToken").map_err(invalid)?,
            "grantType": "refresh_token",
        }
    });
    let (clock, rng) = (
        Arc::clone(&context.host.clock),
        Arc::clone(&context.host.rng),
    );
    let proof = UrlHeaders::new(move |url| {
        let proof = key.proof(url, clock.now(), &rng.uuid())?;
        Ok(vec![(Str::from_static("DPoP"), Str::from(proof))])
    });
    let options = InvokeOptions {
        // Files of older logins have no region.
        region: json::text(&file, "signInRegion").map(Str::from),
        url_headers: Some(proof),
        features: features(),
        ..InvokeOptions::default()
    };
    let response = context
        .call("signin", "CreateOAuth2Token", params, options)
        .await
        .map_err(refresh_failed)?;

    let output = member(&response, "tokenOutput");
    let missing =
        |member: &str| failed(format!("the response of CreateOAuth2Token has no {member}"));
    let token = member(output, "accessToken");
    let required = |name: &str| text(token, name).ok_or_else(|| missing(name));
    let seconds = integer(output, "expiresIn").ok_or_else(|| missing("expiresIn"))?;
    let now = context.host.clock.now();
    let expires = Timestamp::new(now.seconds().saturating_add(seconds), 0);
    let account_id = file
        .get("accessToken")
        .and_then(|token| token.get("accountId"))
        .cloned()
        .unwrap_or(Json::Null);
    let token = serde_json::json!({
        "accessKeyId": required("accessKeyId")?,
        "secretAccessKey": required("secretAccessKey")?,
        "sessionToken": required("sessionToken")?,
        "accountId": account_id,
        "expiresAt": expiration::format(expires),
    });
    file.insert("accessToken".to_owned(), token);
    let refresh_token = text(output, "refreshToken").ok_or_else(|| missing("refreshToken"))?;
    file.insert("refreshToken".to_owned(), refresh_token.into());
    Ok(file)
}

fn credentials(file: &Object) -> Result<Credentials> {
    let missing = |name: &str| Error::new(ErrorKind::Parse, format!("`{name}` is missing"));
    let mut token = match file.get("accessToken") {
        Some(Json::Object(token)) => token.clone(),
        _ => return Err(missing("accessToken")),
    };
    Ok(Credentials {
        access_key_id: Str::from(json::required(&token, "accessKeyId")?),
        secret_access_key: json::take_secret(&mut token, "secretAccessKey")
            .ok_or_else(|| missing("secretAccessKey"))?,
        session_token: json::take_secret(&mut token, "sessionToken"),
        expires: Some(expiration::required(&token, "expiresAt")?),
        account_id: json::text(&token, "accountId").map(Str::from),
        provider: Str::from_static(NAME),
        features: features(),
    })
}

fn features() -> UserAgentFeatures {
    UserAgentFeatures::CREDENTIALS_PROFILE_LOGIN | UserAgentFeatures::CREDENTIALS_LOGIN
}

/// Returns the error of a failed refresh, with advice for the user.
fn refresh_failed(error: Error) -> Error {
    let reason = error
        .service()
        .filter(|service| service.code == "AccessDeniedException")
        .and_then(|service| service.details.get("error").and_then(Value::as_str));
    let message = match reason {
        Some("TOKEN_EXPIRED") => "the login has expired; log in again",
        Some("USER_CREDENTIALS_CHANGED") => {
            "the credentials of the user have changed since the login; log in again"
        }
        Some("INSUFFICIENT_PERMISSIONS") => {
            "refreshing the login requires the permission signin:CreateOAuth2Token"
        }
        _ => "refreshing the login failed",
    };
    failed(message).with_source(error)
}
