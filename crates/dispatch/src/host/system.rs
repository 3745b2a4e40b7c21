//! Environment, clock, random numbers, and prompts.

use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use inia_core::ports::{BoxFuture, Clock, Env, Prompt, Rng};
use inia_core::{Error, ErrorKind, Result, Secret, Timestamp};

/// The environment of the process.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsEnv;

impl Env for OsEnv {
    fn var(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn not_unicode(&self) -> Vec<String> {
        std::env::vars_os()
            .filter(|(_, value)| value.to_str().is_none())
            .map(|(name, _)| name.to_string_lossy().into_owned())
            .collect()
    }

    /// Returns the home folder: `HOME`, or `USERPROFILE` on Windows; otherwise the one that the operating system knows, with the
    /// feature `dirs`.
    ///
    /// # Source
    /// Python's `os.path.expanduser`, which botocore uses.
    fn home(&self) -> Option<PathBuf> {
        let variable = if cfg!(windows) { "USERPROFILE" } else { "HOME" };
        match std::env::var_os(variable).filter(|home| !home.is_empty()) {
            Some(home) => Some(PathBuf::from(home)),
            None => system_home(),
        }
    }

    /// Returns the home folder in the user database of Unix.
    #[cfg(unix)]
    fn home_of(&self, user: &str) -> Option<PathBuf> {
        let user = nix::unistd::User::from_name(user).ok()??;
        Some(user.dir)
    }
}

#[cfg(feature = "dirs")]
fn system_home() -> Option<PathBuf> {
    dirs::home_dir()
}

#[cfg(not(feature = "dirs"))]
fn system_home() -> Option<PathBuf> {
    None
}

/// The system clock and tokio's timer.
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

/// A fast thread-local generator, seeded by the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRng;

impl Rng for SystemRng {
    fn fill(&self, buffer: &mut [u8]) {
        fastrand::fill(buffer);
    }
}

/// A prompt that always fails, for programs without a terminal.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoPrompt;

impl Prompt for NoPrompt {
    fn secret(&self, question: &str) -> BoxFuture<'_, Result<Secret>> {
        let message =
            format!("cannot prompt {question:?}: the session's host has no prompt; set one");
        Box::pin(async move { Err(Error::new(ErrorKind::Credentials, message)) })
    }
}

#[cfg(all(test, feature = "dirs", target_os = "linux"))]
mod tests {
    use std::os::unix::fs::MetadataExt as _;
    use std::process::Command;

    use super::*;

    /// Runs this test in another process without `HOME`, because variables of a running process cannot be removed safely.
    #[test]
    fn home_without_variable_is_that_of_the_passwd_database() {
        if std::env::var_os("HOME").is_some() {
            let status = Command::new(std::env::current_exe().unwrap())
                .args([
                    "--exact",
                    "host::system::tests::home_without_variable_is_that_of_the_passwd_database",
                ])
                .env_remove("HOME")
                .status()
                .unwrap();
            assert!(status.success());
            return;
        }
        let uid = std::fs::metadata("/proc/self").unwrap().uid().to_string();
        let passwd = std::fs::read_to_string("/etc/passwd").unwrap();
        let home = passwd.lines().find_map(|line| {
            let fields: Vec<&str> = line.split(':').collect();
            (fields.get(2) == Some(&&*uid)).then(|| PathBuf::from(fields[5]))
        });
        assert_eq!(OsEnv.home(), home);
    }
}
