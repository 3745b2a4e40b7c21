//! The credentials cache in `~/.aws/cli/cache`.
//!
//! ```text
//! {"ProviderType": "sso", "Credentials": {"AccessKeyId": "..", "SecretAccessKey": "..", "SessionToken": "..", "Expiration": "2026-..Z", "AccountId": ".."}}
//! ```
//! `ProviderType` is set for SSO credentials only, which a logout removes.
//!
//! File names and contents are compatible with the AWS CLI, so that both share the cache.
//!
//! # Source
//! botocore `credentials.py:CachedCredentialFetcher`, `utils.py:JSONFileCache`; the AWS CLI, which configures this folder.
//!
//! DIFFERENCE: botocore without the AWS CLI caches in memory only.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use sha1::{Digest as _, Sha1};
use zeroize::Zeroizing;

use super::identity::ADVISORY_REFRESH;
use super::json::{self, PythonValue};
use super::{Credentials, ProviderContext, expiration};
use crate::{Error, ErrorKind, Result, Str, UserAgentFeatures, to_hex};

/// The cache on disk, with the access key id that a service has rejected and that must not be read again.
#[derive(Debug, Default)]
pub(super) struct DiskCache {
    rejected: Mutex<Option<Str>>,
}

impl DiskCache {
    /// Returns the cached credentials of a key, or loads and caches new ones if they expire soon. If that fails, the cached ones are used
    /// until they expire.
    pub(super) async fn get(
        &self,
        context: &ProviderContext,
        key: &str,
        provider_type: Option<&str>,
        load: impl Future<Output = Result<Credentials>>,
    ) -> Result<Credentials> {
        if let Some(cached) = self.read(context, key) {
            return Ok(cached);
        }
        match load.await {
            Ok(credentials) => {
                self.write(context, key, &credentials, provider_type);
                Ok(credentials)
            }
            Err(error) => self.read_after(context, key, error),
        }
    }

    /// Returns the cached credentials of a key unless they expire soon.
    pub(super) fn read(&self, context: &ProviderContext, key: &str) -> Option<Credentials> {
        self.read_if_valid(context, key, ADVISORY_REFRESH)
    }

    /// Returns the cached credentials of a key unless they have expired, after an attempt to replace them failed.
    ///
    /// # Errors
    /// That of the attempt, if there are none.
    pub(super) fn read_after(
        &self,
        context: &ProviderContext,
        key: &str,
        error: Error,
    ) -> Result<Credentials> {
        match self.read_if_valid(context, key, Duration::from_secs(1)) {
            Some(cached) => {
                tracing::warn!("refresh failed, using credentials in the cache: {error:#}");
                Ok(cached)
            }
            None => Err(error),
        }
    }

    /// Returns the cached credentials of a key if they are valid for at least `time`.
    fn read_if_valid(
        &self,
        context: &ProviderContext,
        key: &str,
        time: Duration,
    ) -> Option<Credentials> {
        let path = path(context, key)?;
        let bytes = Zeroizing::new(context.host.files.read(&path).ok()?);
        let credentials = match from_json(&bytes) {
            Ok(credentials) => credentials,
            Err(error) => {
                tracing::debug!("ignoring {}: {error:#}", path.display());
                return None;
            }
        };
        let rejected = self.rejected.lock().unwrap_or_else(PoisonError::into_inner);
        if rejected.as_ref() == Some(&credentials.access_key_id) {
            return None;
        }
        let remaining = expiration::seconds_until(context.host.clock.now(), credentials.expires?);
        let window = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
        (remaining >= window).then_some(credentials)
    }

    /// Writes credentials. A failure is only logged, because the credentials can be requested again.
    pub(super) fn write(
        &self,
        context: &ProviderContext,
        key: &str,
        credentials: &Credentials,
        provider_type: Option<&str>,
    ) {
        let (Some(path), Some(expires)) = (path(context, key), credentials.expires) else {
            return;
        };
        let mut fields = serde_json::Map::new();
        let mut put = |name: &str, value: &str| fields.insert(name.to_owned(), value.into());
        put("AccessKeyId", &credentials.access_key_id);
        put("SecretAccessKey", credentials.secret_access_key.expose());
        if let Some(token) = &credentials.session_token {
            put("SessionToken", token.expose());
        }
        put("Expiration", &expiration::format(expires));
        if let Some(account_id) = &credentials.account_id {
            put("AccountId", account_id);
        }
        let mut file = serde_json::json!({"Credentials": Value::Object(fields)});
        if let (Some(name), Some(file)) = (provider_type, file.as_object_mut()) {
            file.insert("ProviderType".to_owned(), name.into());
        }
        let text = Zeroizing::new(file.to_string());
        if let Err(error) = context.host.files.write_private(&path, text.as_bytes()) {
            tracing::warn!("cannot write {}: {error}", path.display());
        }
    }

    /// Ignores the cached credentials with this access key id from now on.
    pub(super) fn reject(&self, rejected: &Credentials) {
        let mut slot = self.rejected.lock().unwrap_or_else(PoisonError::into_inner);
        *slot = Some(rejected.access_key_id.clone());
    }
}

/// Returns the cache key for the parameters of a request: the SHA-1 of their JSON.
pub(super) fn key(entries: &[(&str, PythonValue)], compact: bool) -> String {
    sha1_hex(&json::python_dumps(entries, compact))
}

/// Returns the SHA-1 of a text in hexadecimal, as used in the names of cache files.
pub(super) fn sha1_hex(text: &str) -> String {
    to_hex(&Sha1::digest(text.as_bytes()))
}

fn path(context: &ProviderContext, key: &str) -> Option<PathBuf> {
    let folder = context.settings.in_aws_folder(&["cli", "cache"]);
    (!folder.as_os_str().is_empty()).then(|| folder.join(format!("{key}.json")))
}

fn from_json(bytes: &[u8]) -> Result<Credentials> {
    let mut file = json::object(bytes)?;
    let Some(Value::Object(mut fields)) = file.remove("Credentials") else {
        return Err(missing("Credentials"));
    };
    Ok(Credentials {
        access_key_id: Str::from(json::required(&fields, "AccessKeyId")?),
        secret_access_key: json::take_secret(&mut fields, "SecretAccessKey")
            .ok_or_else(|| missing("SecretAccessKey"))?,
        session_token: json::take_secret(&mut fields, "SessionToken"),
        expires: Some(expiration::required(&fields, "Expiration")?),
        account_id: json::text(&fields, "AccountId").map(Str::from),
        provider: Str::new(),
        features: UserAgentFeatures::default(),
    })
}

#[cold]
fn missing(name: &str) -> Error {
    Error::new(ErrorKind::Parse, format!("`{name}` is missing"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_equal_those_of_the_aws_cli() {
        // hashlib.sha1(json.dumps({"RoleArn": "arn:aws:iam::123456789012:role/r", "ExternalId": "é", "DurationSeconds": 900},
        // sort_keys=True).encode()).hexdigest()
        let entries = [
            (
                "RoleArn",
                PythonValue::Text("arn:aws:iam::123456789012:role/r".into()),
            ),
            ("ExternalId", PythonValue::Text("é".into())),
            ("DurationSeconds", PythonValue::Integer(900)),
        ];
        assert_eq!(
            key(&entries, false),
            "704087a0e2a558cd9a228b69596213b27ab22cff"
        );
        // json.dumps({"roleName": "r", "accountId": "1", "sessionName": "s"}, sort_keys=True, separators=(",", ":"))
        let entries = [
            ("roleName", PythonValue::Text("r".into())),
            ("accountId", PythonValue::Text("1".into())),
            ("sessionName", PythonValue::Text("s".into())),
        ];
        assert_eq!(
            key(&entries, true),
            "c5a16f1e78f48dca91be86ba2e308f4d622bae1b"
        );
    }

    #[test]
    fn reads_files_of_the_aws_cli() {
        let file = br#"{"Credentials": {"AccessKeyId": "A", "SecretAccessKey": "S", "SessionToken": "T",
            "Expiration": "2019-10-14T03:56:45UTC"}, "AssumedRoleUser": {"Arn": "x"}, "ResponseMetadata": {}}"#;
        let credentials = from_json(file).unwrap();
        assert_eq!(credentials.access_key_id, "A");
        assert_eq!(credentials.expires.unwrap().seconds(), 1_571_025_405);
        assert!(from_json(b"{}").is_err());
    }
}
