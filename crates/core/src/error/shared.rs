//! Copies of an error that several callers share.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use super::Error;

impl Error {
    /// Returns a copy of an error that several callers share. Its causes are those of the original.
    #[must_use]
    #[cold]
    pub fn share(shared: &Arc<Error>) -> Error {
        let mut copy = Error::new(shared.kind(), shared.message().to_owned());
        copy.0.service.clone_from(&shared.0.service);
        copy.0.problems.clone_from(&shared.0.problems);
        copy.0.attempts = shared.0.attempts;
        copy.0.retry_class = shared.0.retry_class;
        copy.0.call.clone_from(&shared.0.call);
        if shared.0.source.is_some() {
            copy.0.source = Some(Box::new(SharedCause(Arc::clone(shared))));
        }
        copy
    }
}

/// The cause of a shared error.
struct SharedCause(Arc<Error>);

impl SharedCause {
    fn cause(&self) -> &(dyn StdError + 'static) {
        self.0.source().unwrap_or(&*self.0)
    }
}

impl fmt::Display for SharedCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.cause(), f)
    }
}

impl fmt::Debug for SharedCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.cause(), f)
    }
}

impl StdError for SharedCause {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause().source()
    }
}
