//! Credentials, bearer tokens and their providers.
//!
//! ```text
//! Session -> RefreshCell  -> ProviderChain  -> Provider -> ports (environment, files, HTTP, commands, Invoke)
//!            one refresh for  tries providers    one source each
//!            all waiting calls in order
//! ```

mod assume_role;
mod chain;
mod container;
mod disk_cache;
mod dpop;
mod env;
mod expiration;
mod explain;
mod identities;
mod identity;
mod imds;
mod instance;
mod json;
mod legacy;
mod login;
mod process;
mod profile;
mod provider;
mod response;
mod skipped;
mod sso;
mod sso_login;
mod sso_logout;
mod sso_token;
mod sts;
mod token;
mod token_file;
mod url;
mod web_identity;

pub use chain::{CredentialChain, ProviderChain, TokenChain};
pub use explain::{ChainExplanation, ExplainedProvider, ProviderOutcome};
pub use identities::Identities;
pub use identity::{Credentials, Token};
pub use provider::{Lookup, Provider, ProviderContext};
pub use sso_login::SsoLogin;
pub use sso_logout::SsoLogout;

#[cfg(test)]
pub(crate) mod tests {
    use std::pin::pin;
    use std::sync::atomic::{AtomicI64, Ordering};
    use std::task::{Context, Poll, Waker};
    use std::time::Duration;

    use crate::Timestamp;
    use crate::ports::{BoxFuture, Clock};

    /// A clock that only advances manually.
    #[derive(Debug)]
    pub(crate) struct FakeClock(AtomicI64);

    impl FakeClock {
        pub(crate) fn at(seconds: i64) -> Self {
            FakeClock(AtomicI64::new(seconds))
        }

        pub(crate) fn advance(&self, seconds: i64) {
            self.0.fetch_add(seconds, Ordering::SeqCst);
        }
    }

    impl Clock for FakeClock {
        fn now(&self) -> Timestamp {
            Timestamp::new(self.0.load(Ordering::SeqCst), 0)
        }

        fn sleep(&self, time: Duration) -> BoxFuture<'_, ()> {
            self.advance(i64::try_from(time.as_secs()).unwrap());
            Box::pin(std::future::ready(()))
        }
    }

    /// Polls a future until it is ready.
    pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
        let mut future = pin!(future);
        let mut context = Context::from_waker(Waker::noop());
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
                return output;
            }
        }
    }
}
