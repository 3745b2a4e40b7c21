//! Sessions of S3 Express: a directory bucket is asked for credentials of its own, which sign the calls for it for some minutes.
//!
//! # Source
//! botocore `utils.py:S3ExpressIdentityCache`, `S3ExpressIdentityResolver`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use inia_core::ports::BoxFuture;
use inia_core::{Credentials, Error, ErrorKind, Result, Value, json};

use crate::pipeline::{CallOptions, Service};

/// The most buckets whose sessions are kept.
const MOST_BUCKETS: usize = 100;
/// The seconds before a session's end from which one call asks for another, and the others go on with it.
const ADVISORY: i64 = 45;
/// The seconds before a session's end from which all calls wait for another.
const MANDATORY: i64 = 10;

/// The sessions of a client.
#[derive(Debug, Default)]
pub(crate) struct ExpressSessions(Mutex<HashMap<String, Arc<Bucket>>>);

/// The session of one bucket.
#[derive(Debug, Default)]
struct Bucket {
    session: RwLock<Option<Arc<Credentials>>>,
    /// Held by the one call that asks for a session.
    asking: tokio::sync::Mutex<()>,
}

impl ExpressSessions {
    fn bucket(&self, key: &str) -> Arc<Bucket> {
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bucket) = buckets.get(key) {
            return Arc::clone(bucket);
        }
        if buckets.len() >= MOST_BUCKETS {
            buckets.clear();
        }
        let bucket = Arc::<Bucket>::default();
        buckets.insert(key.to_owned(), Arc::clone(&bucket));
        bucket
    }
}

impl Bucket {
    /// The session, where it lasts for more than so many seconds.
    fn session(&self, now: i64, seconds: i64) -> Option<Arc<Credentials>> {
        let session = self.session.read().unwrap_or_else(PoisonError::into_inner);
        let session = session.as_ref()?;
        let ends = session.expires?.seconds();
        (ends.saturating_sub(now) > seconds).then(|| Arc::clone(session))
    }
}

impl Service {
    /// The credentials of a directory bucket's session.
    ///
    /// # Errors
    /// Those of `CreateSession`, and of the credentials that it is called with.
    pub(crate) async fn express_session(
        &self,
        bucket: &str,
        options: &CallOptions,
    ) -> Result<Arc<Credentials>> {
        let owner = options.credentials.as_ref();
        let key = match owner {
            None => bucket.to_owned(),
            // Who has credentials of his own gets sessions of his own.
            Some(owner) => format!("{bucket}\n{}", owner.access_key_id),
        };
        let place = self.express.bucket(&key);
        let now = || self.clock.now().seconds();
        if let Some(session) = place.session(now(), ADVISORY) {
            return Ok(session);
        }
        let _only_one = match place.session(now(), MANDATORY) {
            Some(session) => match place.asking.try_lock() {
                Ok(guard) => guard,
                Err(_) => return Ok(session),
            },
            None => place.asking.lock().await,
        };
        // It may have come while we waited.
        if let Some(session) = place.session(now(), ADVISORY) {
            return Ok(session);
        }
        match self.create_session(bucket, options).await {
            Ok(session) => {
                let session = Arc::new(session);
                let mut kept = place
                    .session
                    .write()
                    .unwrap_or_else(PoisonError::into_inner);
                *kept = Some(Arc::clone(&session));
                Ok(session)
            }
            Err(error) => match place.session(now(), MANDATORY) {
                Some(session) => {
                    tracing::warn!(%bucket, error = %error.kind(), "no new session: the old one is used on");
                    Ok(session)
                }
                None => Err(error.at(format_args!("the session of the bucket {bucket}"))),
            },
        }
    }

    /// Boxed, since a call is made within a call.
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
            let params = json!({"Bucket": bucket});
            let output = self.call(operation, params, options).await?;
            read(&output.value)
        })
    }
}

fn read(answer: &Value) -> Result<Credentials> {
    let fields = &answer["Credentials"];
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
    let message = format!("CreateSession answered without Credentials.{member}");
    Error::new(ErrorKind::Parse, message)
}
