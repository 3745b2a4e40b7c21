//! Ports: the small traits through which this crate reaches the world.
//!
//! The crate opens no socket, reads no environment variable and looks at no clock of its own: whoever builds a
//! [`Session`](crate::Session) hands it an [`Host`] with an adapter for each port. `inia-dispatch` brings the real adapters;
//! tests bring fakes.

use std::fmt;
use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::{Result, Secret, Str, Timestamp};

#[cfg(feature = "session")]
mod invoke;
#[cfg(feature = "session")]
pub use invoke::{Invoke, InvokeOptions, UrlHeaders};

/// A boxed future that may move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The process's environment.
pub trait Env: Send + Sync + fmt::Debug {
    /// An environment variable; `None` where it is not set or not Unicode.
    fn var(&self, name: &str) -> Option<String>;

    /// All environment variables, for rules that look for a prefix.
    fn vars(&self) -> Vec<(String, String)>;

    /// The user's home folder.
    fn home(&self) -> Option<PathBuf>;
}

/// The file system.
pub trait Files: Send + Sync + fmt::Debug {
    /// Reads a whole file.
    ///
    /// # Errors
    /// As the operating system says; `NotFound` where there is no such file.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// Writes a whole file that only its owner may read (mode 0600), in one step: readers see the old file or the new one.
    /// Missing folders are made.
    ///
    /// # Errors
    /// As the operating system says.
    fn write_private(&self, path: &Path, contents: &[u8]) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// As the operating system says.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// The files and folders of a folder, by name in order; nothing where there is no such folder.
    fn list(&self, folder: &Path) -> Vec<PathBuf>;
}

/// Clock and sleep.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The wall clock's time.
    fn now(&self) -> Timestamp;

    /// Waits.
    fn sleep(&self, time: Duration) -> BoxFuture<'_, ()>;
}

/// Randomness: jitter and idempotency tokens, never keys.
pub trait Rng: Send + Sync + fmt::Debug {
    /// Fills a buffer.
    fn fill(&self, buffer: &mut [u8]);

    /// A number in 0..1.
    fn unit(&self) -> f64 {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double exactly")]
        let number = (u64::from_le_bytes(bytes) >> 11) as f64;
        number / (1u64 << 53) as f64
    }

    /// A version 4 UUID in its hyphenated lower-case form.
    fn uuid(&self) -> Str {
        let digit = |nibble: u8| b'0' + nibble + u8::from(nibble > 9) * (b'a' - b'0' - 10);
        let mut bytes = [0; 16];
        self.fill(&mut bytes);
        bytes[6] = (bytes[6] & 0x0f) | 0x40;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        let mut text = [b'-'; 36];
        let mut places = text.iter_mut();
        for (position, byte) in bytes.into_iter().enumerate() {
            if matches!(position, 4 | 6 | 8 | 10) {
                places.next();
            }
            // In this order, so that no place is taken that has no digit.
            for (nibble, place) in [byte >> 4, byte & 0xf].into_iter().zip(&mut places) {
                *place = digit(nibble);
            }
        }
        str::from_utf8(&text).map_or_else(|_| Str::new(), Str::from)
    }
}

/// A plain HTTP request, as metadata services need it.
#[derive(Clone, Debug)]
pub struct HttpRequest {
    /// `GET`, `PUT` or `POST`.
    pub method: &'static str,
    /// The whole URL.
    pub url: String,
    /// Header names and values; a value may be a secret, so none is ever logged.
    pub headers: Vec<(String, Secret)>,
    /// The body.
    pub body: Bytes,
    /// The time limit for the whole exchange.
    pub timeout: Duration,
    /// The most bytes of body to read; a longer one is an error.
    pub limit: usize,
}

/// A plain HTTP response.
#[derive(Clone, Debug)]
pub struct HttpResponse {
    /// The status.
    pub status: u16,
    /// Header names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
}

/// Plain HTTP without retries, redirects, proxies or signing.
pub trait Http: Send + Sync + fmt::Debug {
    /// Sends one request.
    ///
    /// # Errors
    /// `Connection` and `Timeout`. Any status is an answer, not an error.
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse>>;
}

/// What a finished command left behind.
#[derive(Clone, Debug)]
pub struct CommandOutput {
    /// The exit status; `None` where a signal ended it.
    pub status: Option<i32>,
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: Vec<u8>,
}

/// Runs commands for `credential_process`.
pub trait Commands: Send + Sync + fmt::Debug {
    /// Runs a command with its arguments, without a shell, and collects at most `limit` bytes of each output.
    ///
    /// # Errors
    /// `Credentials` where it cannot be started or writes more than `limit`; `Timeout` where it does not end in time.
    fn run(
        &self,
        arguments: &[String],
        timeout: Duration,
        limit: usize,
    ) -> BoxFuture<'_, Result<CommandOutput>>;
}

/// Asks the person at the terminal.
pub trait Prompt: Send + Sync + fmt::Debug {
    /// Asks for a secret, such as an MFA code.
    ///
    /// # Errors
    /// `Credentials` where there is nobody to ask.
    fn secret(&self, question: &str) -> BoxFuture<'_, Result<Secret>>;
}

/// An adapter for every port.
#[derive(Clone, Debug)]
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
