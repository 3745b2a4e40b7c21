//! [`Passed`]: which providers gave nothing, and why: what an error of the whole chain tells.

use std::borrow::Cow;

use crate::{Error, ErrorKind};

/// The providers that were passed over, and why.
#[derive(Default)]
pub(super) struct Passed(Vec<(String, Cow<'static, str>)>);

impl Passed {
    pub(super) fn add(&mut self, name: &str, reason: Cow<'static, str>) {
        tracing::debug!("{name}: {reason}");
        self.0.push((name.to_owned(), reason));
    }

    /// The reasons on one line.
    pub(super) fn reasons(&self) -> String {
        let reasons: Vec<String> = self
            .0
            .iter()
            .map(|(name, reason)| format!("{name}: {reason}"))
            .collect();
        reasons.join("; ")
    }

    /// The provider that ends the chain stands last in the list, so that its causes follow it.
    #[cold]
    pub(super) fn broken(mut self, what: &str, name: &str, error: Error) -> Error {
        let message = format!("`{name}` is configured to give {what} but cannot");
        self.0.push((name.to_owned(), error.to_string().into()));
        let broken = self.error(&message);
        match error.into_source() {
            Some(source) => broken.with_source(source),
            None => broken,
        }
    }

    #[cold]
    pub(super) fn exhausted(self, what: &str) -> Error {
        self.error(&format!(
            "there are no {what}; all providers were passed over"
        ))
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
