//! S3 Express session cache: calls of a directory bucket are signed with short-lived credentials from `CreateSession`.
//!
//! # Source
//! botocore `utils.py:S3ExpressIdentityCache`, `S3ExpressIdentityResolver`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use inia_core::ports::BoxFuture;
use inia_core::{Credentials, Error, ErrorKind, Result, Value, json};

use crate::pipeline::{CallOptions, Service};

/// Maximum number of cached sessions.
const MAX_SESSIONS: usize = 100;
/// Advisory refresh window before expiration, in seconds: one call refreshes the session, the others use the cached one.
const ADVISORY_REFRESH: i64 = 45;
/// Mandatory refresh window before expiration, in seconds: all calls wait for the refresh.
const MANDATORY_REFRESH: i64 = 10;

/// S3 Express session cache of a client. Sessions are cached per access key and bucket.
#[derive(Debug, Default)]
pub(crate) struct ExpressSessions(Mutex<HashMap<String, Arc<BucketSession>>>);

/// The session of one bucket.
#[derive(Debug, Default)]
struct BucketSession {
    credentials: RwLock<Option<Arc<Credentials>>>,
    /// Locked by the call that refreshes the session.
    refresh: tokio::sync::Mutex<()>,
}

impl ExpressSessions {
    fn session(&self, key: &str) -> Arc<BucketSession> {
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(session) = sessions.get(key) {
            return Arc::clone(session);
        }
        if sessions.len() >= MAX_SESSIONS {
            sessions.clear();
        }
        let session = Arc::<BucketSession>::default();
        sessions.insert(key.to_owned(), Arc::clone(&session));
        session
    }

    /// Removes a session that the service has refused.
    pub(crate) fn invalidate(
        &self,
        bucket: &str,
        options: &CallOptions,
        refused: &Arc<Credentials>,
    ) {
        let session = self.session(&session_key(bucket, options));
        let mut cached = session
            .credentials
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        if cached
            .as_ref()
            .is_some_and(|credentials| Arc::ptr_eq(credentials, refused))
        {
            *cached = None;
        }
    }
}

/// Returns the cache key of a session.
fn session_key(bucket: &str, options: &CallOptions) -> String {
    match &options.credentials {
        None => bucket.to_owned(),
        Some(credentials) => format!("{bucket}\n{}", credentials.access_key_id),
    }
}

impl BucketSession {
    /// Returns the cached credentials if they expire in more than `window` seconds.
    fn cached(&self, now: i64, window: i64) -> Option<Arc<Credentials>> {
        let credentials = self
            .credentials
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let credentials = credentials.as_ref()?;
        let expires = credentials.expires?.seconds();
        (expires.saturating_sub(now) > window).then(|| Arc::clone(credentials))
    }
}

impl Service {
    /// Returns the credentials of a directory bucket's session, cached or from `CreateSession`.
    ///
    /// # Errors
    /// Those of `CreateSession`, and of the credentials that it is called with.
    pub(crate) async fn express_session(
        &self,
        bucket: &str,
        options: &CallOptions,
    ) -> Result<Arc<Credentials>> {
        let session = self.express.session(&session_key(bucket, options));
        let now = || self.clock.now().seconds();
        if let Some(credentials) = session.cached(now(), ADVISORY_REFRESH) {
            return Ok(credentials);
        }
        let _guard = match session.cached(now(), MANDATORY_REFRESH) {
            Some(credentials) => match session.refresh.try_lock() {
                Ok(guard) => guard,
                Err(_) => return Ok(credentials),
            },
            None => session.refresh.lock().await,
        };
        // Another call may have refreshed the session while this one waited for the lock.
        if let Some(credentials) = session.cached(now(), ADVISORY_REFRESH) {
            return Ok(credentials);
        }
        match self.create_session(bucket, options).await {
            Ok(credentials) => {
                let credentials = Arc::new(credentials);
                let mut cached = session
                    .credentials
                    .write()
                    .unwrap_or_else(PoisonError::into_inner);
                *cached = Some(Arc::clone(&credentials));
                Ok(credentials)
            }
            Err(error) => match session.cached(now(), MANDATORY_REFRESH) {
                Some(credentials) => {
                    tracing::warn!(%bucket, error = %error.kind(), "session refresh failed; using cached credentials");
                    Ok(credentials)
                }
                None => Err(error.at(format_args!("S3 Express session of bucket {bucket}"))),
            },
        }
    }

    /// Calls `CreateSession`. Boxed, because a call is made within a call.
    fn create_session<'a>(
        &'a self,
        bucket: &'a str,
        options: &'a CallOptions,
    ) -> BoxFuture<'a, Result<Credentials>> {
        Box::pin(async move {
            let operation = self.model.operation("CreateSession")?;
            let options = CallOptions {
                credentials: options.credentials.clone(),
                ..CallOptions::default()
            };
            let features = self.credentials(&options).await?.features;
            let params = json!({"Bucket": bucket});
            let output = self.call(operation, params, options).await?;
            let credentials = parse_credentials(&output.value)?;
            Ok(Credentials {
                features,
                ..credentials
            })
        })
    }
}

fn parse_credentials(output: &Value) -> Result<Credentials> {
    let fields = &output["Credentials"];
    let text = |name: &str| {
        let text = fields[name].as_str().filter(|text| !text.is_empty());
        text.ok_or_else(|| missing(name))
    };
    let token = text("SessionToken")?;
    let mut credentials =
        Credentials::new(text("AccessKeyId")?, text("SecretAccessKey")?, Some(token));
    let expires = fields["Expiration"].as_timestamp();
    credentials.expires = Some(expires.ok_or_else(|| missing("Expiration"))?);
    Ok(credentials)
}

#[cold]
fn missing(member: &str) -> Error {
    let message = format!("CreateSession response lacks Credentials.{member}");
    Error::new(ErrorKind::Parse, message)
}
