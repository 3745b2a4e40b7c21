//! [`RetryOptions`]: how a session, a client or a call retries.

use std::fmt;
use std::sync::Arc;

use inia_core::config::{Config, RetryMode};

use super::{Backoff, RetryClassifier};

/// Options for retries, of a session ([`SessionBuilder::retry`](crate::SessionBuilder::retry)) or a call
/// ([`Call::retry`](crate::Call::retry)). Unset options are taken from the session, or from the settings `retry_mode` and
/// `max_attempts`.
///
/// ```
/// use std::time::Duration;
/// # mod inia { pub use inia_dispatch::*; pub mod error { pub use inia_core::*; } pub mod retry { pub use inia_dispatch::*; } }
/// use inia::Session;
/// use inia::error::RetryClass;
/// use inia::retry::{FailedAttempt, RetryOptions};
///
/// // Retries a conflict too, after 10 ms each.
/// let retry = RetryOptions::new()
///     .max_attempts(5)
///     .classifier(|failed: &FailedAttempt<'_>| match failed.error.code() {
///         Some("ConflictException") => RetryClass::Transient,
///         _ => failed.class,
///     })
///     .backoff(|_: &FailedAttempt<'_>, _: f64| Duration::from_millis(10));
/// let session = Session::builder().retry(retry).build()?;
/// # Ok::<(), inia_core::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct RetryOptions {
    pub(crate) mode: Option<RetryMode>,
    pub(crate) max_attempts: Option<u32>,
    pub(crate) classifier: Option<Arc<dyn RetryClassifier>>,
    pub(crate) backoff: Option<Arc<dyn Backoff>>,
}

impl RetryOptions {
    /// Returns options of which none is set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns options for a single attempt, without retries.
    #[must_use]
    pub fn disabled() -> Self {
        Self::new().max_attempts(1)
    }

    /// Sets the retry mode.
    #[must_use]
    pub fn mode(mut self, mode: RetryMode) -> Self {
        self.mode = Some(mode);
        self
    }

    /// Sets the maximum number of attempts, including the first. 0 is 1.
    #[must_use]
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = Some(attempts.max(1));
        self
    }

    /// Sets the classifier of errors, which decides after the rules of the retry mode.
    #[must_use]
    pub fn classifier(mut self, classifier: impl RetryClassifier + 'static) -> Self {
        self.classifier = Some(Arc::new(classifier));
        self
    }

    /// Sets the backoff, in place of that of the retry mode.
    #[must_use]
    pub fn backoff(mut self, backoff: impl Backoff + 'static) -> Self {
        self.backoff = Some(Arc::new(backoff));
        self
    }

    /// Returns a copy of a config with the mode and the number of attempts of these options.
    pub(crate) fn in_config(&self, config: &Config) -> Config {
        let mut config = config.clone();
        config.retry_mode = self.mode.or(config.retry_mode);
        config.max_attempts = self.max_attempts.or(config.max_attempts);
        config
    }

    /// Returns these options overridden by those set in `other`.
    pub(crate) fn merge(&self, other: &Self) -> Self {
        RetryOptions {
            mode: other.mode.or(self.mode),
            max_attempts: other.max_attempts.or(self.max_attempts),
            classifier: other
                .classifier
                .as_ref()
                .or(self.classifier.as_ref())
                .cloned(),
            backoff: other.backoff.as_ref().or(self.backoff.as_ref()).cloned(),
        }
    }
}

impl fmt::Debug for RetryOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryOptions")
            .field("mode", &self.mode)
            .field("max_attempts", &self.max_attempts)
            .field("classifier", &self.classifier.is_some())
            .field("backoff", &self.backoff.is_some())
            .finish()
    }
}
