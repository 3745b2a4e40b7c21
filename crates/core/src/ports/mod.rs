//! Ports: small traits for all side effects of this crate.
//!
//! The crate itself opens no sockets and reads neither the environment nor the clock: a session is built with a
//! [`Host`] that contains an adapter for each port. `inia-dispatch` implements the adapters for the operating system; tests use
//! fakes.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;

use crate::{Result, Secret, Str, Timestamp};

#[cfg(feature = "session")]
mod invoke;
#[cfg(feature = "session")]
pub use invoke::{Invoke, InvokeOptions, UrlHeaders};

/// A boxed future that is `Send`.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Environment variables and the home folder.
pub trait Env: Send + Sync + fmt::Debug {
    /// Returns an environment variable; `None` if it is unset or not Unicode.
    fn var(&self, name: &str) -> Option<String>;

    /// Returns the names of the variables that are set but not Unicode. A session rejects them if they are settings.
    fn not_unicode(&self) -> Vec<String> {
        Vec::new()
    }

    /// Returns the user's home folder.
    fn home(&self) -> Option<PathBuf>;

    /// Returns the home folder of another user, by name, for paths such as `~user/file`; `None` if it is not known.
    fn home_of(&self, user: &str) -> Option<PathBuf> {
        let _ = user;
        None
    }
}

/// The lock of a file, which is released when it is dropped.
pub type FileLock = Box<dyn Any + Send>;

/// The file system.
pub trait Files: Send + Sync + fmt::Debug {
    /// Reads a whole file.
    ///
    /// # Errors
    /// Errors of the operating system; `NotFound` if the file does not exist.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// Returns the time of the last modification, for caches of parsed files; `None` if it is not known.
    fn modified(&self, path: &Path) -> Option<SystemTime> {
        let _ = path;
        None
    }

    /// Writes a whole file atomically, readable by its owner only (mode 0600). Creates missing folders.
    ///
    /// # Errors
    /// Errors of the operating system.
    fn write_private(&self, path: &Path, contents: &[u8]) -> io::Result<()>;

    /// Locks a file against other processes and other locks of this one, without waiting; `None` if it is locked. The file is created if
    /// it does not exist.
    ///
    /// # Errors
    /// Errors of the operating system.
    fn try_lock(&self, path: &Path) -> io::Result<Option<FileLock>> {
        let _ = path;
        Ok(Some(Box::new(())))
    }

    /// Removes a file.
    ///
    /// # Errors
    /// Errors of the operating system.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Returns the entries of a folder, sorted by name; empty if the folder does not exist.
    fn list(&self, folder: &Path) -> Vec<PathBuf>;
}

/// Clock and sleep.
pub trait Clock: Send + Sync + fmt::Debug {
    /// Returns the current wall-clock time.
    fn now(&self) -> Timestamp;

    /// Waits for `duration`.
    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()>;
}

/// Random numbers for jitter and idempotency tokens, not for keys.
pub trait Rng: Send + Sync + fmt::Debug {
    /// Fills a buffer with random bytes.
    fn fill(&self, buffer: &mut [u8]);

    /// Returns a number in the range 0 to 1, exclusive of 1.
    fn unit(&self) -> f64 {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double exactly")]
        let number = (u64::from_le_bytes(bytes) >> 11) as f64;
        number / (1u64 << 53) as f64
    }

    /// Returns a version 4 UUID, hyphenated and in lower case.
    fn uuid(&self) -> Str {
        let digit = |nibble: u8| b'0' + nibble + u8::from(nibble > 9) * (b'a' - b'0' - 10);
        let mut bytes = [0; 16];
        self.fill(&mut bytes);
        bytes[6] = (bytes[6] & 0x0f) | 0x40;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        let mut text = [b'-'; 36];
        let mut digits = text.iter_mut();
        for (position, byte) in bytes.into_iter().enumerate() {
            if matches!(position, 4 | 6 | 8 | 10) {
                digits.next();
            }
            // `digits` comes second: `zip` would otherwise take a position from it after the last nibble.
            for (nibble, out) in [byte >> 4, byte & 0xf].into_iter().zip(&mut digits) {
                *out = digit(nibble);
            }
        }
        str::from_utf8(&text).map_or_else(|_| Str::new(), Str::from)
    }
}

/// An HTTP request to a metadata service.
#[derive(Clone)]
pub struct HttpRequest {
    /// `GET`, `PUT` or `POST`.
    pub method: &'static str,
    /// The absolute URL.
    pub url: String,
    /// Header names and values. Values may be secrets and are never logged.
    pub headers: Vec<(String, Secret)>,
    /// The body.
    pub body: Bytes,
    /// Timeout of the whole exchange.
    pub timeout: Duration,
    /// Maximum length of the response body in bytes; a longer body is an error.
    pub limit: usize,
}

impl fmt::Debug for HttpRequest {
    /// Omits the body, which may contain secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpRequest")
            .field("method", &self.method)
            .field("url", &self.url)
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}

/// The response to an [`HttpRequest`].
#[derive(Clone)]
pub struct HttpResponse {
    /// The status code.
    pub status: u16,
    /// Header names, in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
}

impl fmt::Debug for HttpResponse {
    /// Omits headers and body, which may contain secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpResponse")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// HTTP without retries, redirects, proxies or signing.
pub trait Http: Send + Sync + fmt::Debug {
    /// Sends one request.
    ///
    /// # Errors
    /// `Connection` and `Timeout`. Responses of any status are returned as `Ok`.
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse>>;
}

/// Exit status and output of a command.
#[derive(Clone)]
pub struct CommandOutput {
    /// The exit status; `None` if a signal ended the command.
    pub status: Option<i32>,
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: Vec<u8>,
}

impl fmt::Debug for CommandOutput {
    /// Omits the output, which may contain secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CommandOutput")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// Runs commands for `credential_process`.
pub trait Commands: Send + Sync + fmt::Debug {
    /// Runs a command without a shell and returns its output, at most `limit` bytes of each stream. The first of `arguments` is the
    /// program.
    ///
    /// # Errors
    /// `Credentials` if the command cannot be started or its output exceeds `limit`; `Timeout` if it does not end in time.
    fn run(
        &self,
        arguments: &[String],
        timeout: Duration,
        limit: usize,
    ) -> BoxFuture<'_, Result<CommandOutput>>;
}

/// Interactive prompts.
pub trait Prompt: Send + Sync + fmt::Debug {
    /// Prompts for a secret, such as an MFA code.
    ///
    /// # Errors
    /// `Credentials` if the program is not interactive.
    fn secret(&self, question: &str) -> BoxFuture<'_, Result<Secret>>;
}

/// The host environment: one adapter per port.
#[derive(Clone)]
#[expect(missing_docs, reason = "each field is the port its type names")]
pub struct Host {
    pub env: Arc<dyn Env>,
    pub files: Arc<dyn Files>,
    pub clock: Arc<dyn Clock>,
    pub rng: Arc<dyn Rng>,
    pub http: Arc<dyn Http>,
    pub commands: Arc<dyn Commands>,
    pub prompt: Arc<dyn Prompt>,
}

impl fmt::Debug for Host {
    /// Omits the adapters, which may print the environment.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").finish_non_exhaustive()
    }
}
