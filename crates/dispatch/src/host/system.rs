//! Environment, clock and chance.

use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use inia_core::ports::{BoxFuture, Clock, Env, Prompt, Rng};
use inia_core::{Error, ErrorKind, Result, Secret, Timestamp};

/// The process's own environment.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsEnv;

impl Env for OsEnv {
    fn var(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn vars(&self) -> Vec<(String, String)> {
        let unicode = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        std::env::vars_os().filter_map(unicode).collect()
    }

    fn home(&self) -> Option<PathBuf> {
        std::env::home_dir().filter(|home| !home.as_os_str().is_empty())
    }
}

/// The machine's clock and tokio's timer.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Timestamp::new(
            i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
            since.subsec_nanos(),
        )
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(time))
    }
}

/// A fast generator of each thread's own, seeded by the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRng;

impl Rng for SystemRng {
    fn fill(&self, buffer: &mut [u8]) {
        fastrand::fill(buffer);
    }
}

/// Nobody to ask.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoPrompt;

impl Prompt for NoPrompt {
    fn secret(&self, question: &str) -> BoxFuture<'_, Result<Secret>> {
        let message =
            format!("{question} has no answer: this program cannot ask; give the session a prompt");
        Box::pin(async move { Err(Error::new(ErrorKind::Credentials, message)) })
    }
}
