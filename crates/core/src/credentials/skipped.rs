//! [`SkippedProviders`]: the reasons listed in the error of a provider chain.

use std::borrow::Cow;

use crate::{Error, ErrorKind};

/// The providers that were tried without success, with their reasons.
#[derive(Default)]
pub(super) struct SkippedProviders(Vec<(String, Cow<'static, str>)>);

impl SkippedProviders {
    pub(super) fn add(&mut self, name: &str, reason: Cow<'static, str>) {
        tracing::debug!("{name}: {reason}");
        self.0.push((name.to_owned(), reason));
    }

    /// Returns the reasons on one line.
    pub(super) fn reasons(&self) -> String {
        let reasons: Vec<String> = self
            .0
            .iter()
            .map(|(name, reason)| format!("{name}: {reason}"))
            .collect();
        reasons.join("; ")
    }

    /// Returns the error for a provider that is configured but failed. It is listed last, before its causes.
    #[cold]
    pub(super) fn broken(mut self, identity: &str, name: &str, error: Error) -> Error {
        let message = format!("provider `{name}` is configured but failed to load {identity}");
        self.0.push((name.to_owned(), error.to_string().into()));
        let broken = self.error(&message);
        match error.into_source() {
            Some(source) => broken.with_source(source),
            None => broken,
        }
    }

    #[cold]
    pub(super) fn exhausted(self, identity: &str) -> Error {
        self.error(&format!("no {identity} found in any provider"))
    }

    fn error(&self, message: &str) -> Error {
        let mut message = message.to_owned();
        for (name, reason) in &self.0 {
            message.push_str("\n  ");
            message.push_str(name);
            message.push_str(": ");
            message.push_str(reason);
        }
        Error::new(ErrorKind::Credentials, message)
    }
}
