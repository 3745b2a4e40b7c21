//! S3 Express session cache: calls of a directory bucket are signed with short-lived credentials from `CreateSession`.
//!
//! # Source
//! botocore `utils.py:S3ExpressIdentityCache`, `S3ExpressIdentityResolver`.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use inia_core::ports::{BoxFuture, Clock};
use inia_core::{Credentials, Error, ErrorKind, RefreshCache, RefreshPolicy, Result, Value, json};

use crate::pipeline::{CallOptions, Service};

/// Maximum number of cached sessions.
const MAX_SESSIONS: usize = 100;

/// Sessions expire after five minutes.
const REFRESH: RefreshPolicy = RefreshPolicy {
    advisory: Duration::from_secs(45),
    mandatory: Duration::from_secs(10),
    pause: Duration::from_secs(5),
};

/// S3 Express session cache of a client. Sessions are cached per bucket and access key.
pub(crate) type ExpressSessions = RefreshCache<String, Credentials>;

/// Creates an empty session cache.
pub(crate) fn express_sessions(clock: &Arc<dyn Clock>) -> ExpressSessions {
    RefreshCache::new(REFRESH, Arc::clone(clock), MAX_SESSIONS)
}

/// Returns the cache key of a session.
fn session_key<'a>(bucket: &'a str, options: &CallOptions) -> Cow<'a, str> {
    match &options.credentials {
        None => Cow::Borrowed(bucket),
        Some(credentials) => Cow::Owned(format!("{bucket}\n{}", credentials.access_key_id)),
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
        let session = self.express.cell(&*session_key(bucket, options));
        match session.fresh() {
            Some(credentials) => Ok(credentials),
            None => {
                let credentials = session.get(self.create_session(bucket, options)).await;
                credentials.map_err(|error| {
                    error.at(format_args!("S3 Express session of bucket {bucket}"))
                })
            }
        }
    }

    /// Removes a session that the service has refused from the cache.
    pub(crate) fn invalidate_session(
        &self,
        bucket: &str,
        options: &CallOptions,
        refused: &Arc<Credentials>,
    ) {
        let session = self.express.cell(&*session_key(bucket, options));
        session.invalidate(refused);
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
                ttl: options.ttl,
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
