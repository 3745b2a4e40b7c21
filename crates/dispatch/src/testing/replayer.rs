//! [`Replayer`]: plays recorded HTTP exchanges back.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use inia_core::ports::BoxFuture;
use inia_core::{Error, ErrorKind, Result, Str};

use super::exchange::{RecordedExchange, RecordedOutcome};
use super::recorder::{recorded_body, scrub};
use crate::ByteStream;
use crate::transport::{Transport, WireRequest, WireResponse};

/// Maximum size of a recording, in bytes.
const MAX_FILE_BYTES: u64 = 1 << 30;

/// A transport that returns the responses of a recording instead of sending requests.
///
/// Requests have to be the recorded ones, in their order: same method, URL and body. Headers, and what the [`Recorder`](super::Recorder)
/// removes, may differ. With [`by_operation`](Self::by_operation), a request only has to be of the same operation. A request that was not
/// recorded is an error of kind `Config`.
///
/// ```no_run
/// # async fn example() -> inia_core::Result<()> {
/// use std::sync::Arc;
/// use inia_core::Credentials;
/// use inia_dispatch::Session;
/// use inia_dispatch::testing::Replayer;
///
/// let replayer = Replayer::open("tests/data/queues.jsonl")?;
/// let session = Session::builder()
///     .region("us-east-1")
///     .credentials(Credentials::new("AKIDEXAMPLE", "secret", None))
///     .transport(Arc::new(replayer.clone()))
///     .load()
///     .await?;
/// session.client("sqs")?.call("ListQueues", ()).await?;
/// replayer.verify()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Replayer {
    recording: Arc<Mutex<Vec<ReplayedExchange>>>,
    kept: Arc<[Str]>,
    by_operation: bool,
}

struct ReplayedExchange {
    exchange: RecordedExchange,
    is_played: bool,
}

impl Replayer {
    /// Opens a recording.
    ///
    /// # Errors
    /// `Config`: the file cannot be read. `Parse`: a line is not a recorded exchange.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let unreadable = |error: std::io::Error| {
            let message = format!("cannot read {}", path.display());
            Error::new(ErrorKind::Config, message).with_source(error)
        };
        let size = std::fs::metadata(path).map_err(unreadable)?.len();
        if size > MAX_FILE_BYTES {
            let message = format!("{}: longer than {MAX_FILE_BYTES} bytes", path.display());
            return Err(Error::new(ErrorKind::Config, message));
        }
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        Replayer::parse(&text).map_err(|error| error.at(path.display()))
    }

    /// Parses a recording, such as one that `include_str!` includes in a test.
    ///
    /// # Errors
    /// `Parse`: a line is not a recorded exchange.
    pub fn parse(text: &str) -> Result<Self> {
        let mut recording = Vec::new();
        for (number, line) in text.lines().enumerate() {
            if line.trim().is_empty() {
                continue;
            }
            let exchange = RecordedExchange::from_line(line)
                .map_err(|error| error.at(format_args!("line {}", number + 1)))?;
            recording.push(ReplayedExchange {
                exchange,
                is_played: false,
            });
        }
        Ok(Replayer {
            recording: Arc::new(Mutex::new(recording)),
            kept: Arc::from([]),
            by_operation: false,
        })
    }

    /// Plays the next exchange of a request's operation, whatever its parameters. Calls of different operations may be in any order.
    #[must_use]
    pub fn by_operation(mut self) -> Self {
        self.by_operation = true;
        self
    }

    /// Compares the values of sensitive members that the recorder [kept](super::Recorder::keep).
    #[must_use]
    pub fn keep<N: Into<Str>>(mut self, members: impl IntoIterator<Item = N>) -> Self {
        self.kept = members.into_iter().map(Into::into).collect();
        self
    }

    /// Checks that all exchanges were played.
    ///
    /// # Errors
    /// `Config`: the message lists those that were not.
    pub fn verify(&self) -> Result<()> {
        let recording = self.recording();
        let left: Vec<String> = recording
            .iter()
            .filter(|entry| !entry.is_played)
            .map(|entry| describe(&entry.exchange))
            .collect();
        if left.is_empty() {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Config,
            format!(
                "recorded exchanges were not requested:\n  {}",
                left.join("\n  ")
            ),
        ))
    }

    fn recording(&self) -> MutexGuard<'_, Vec<ReplayedExchange>> {
        self.recording
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the outcome of a request, and marks its exchange as played.
    fn play(&self, request: &RecordedExchange) -> Result<RecordedOutcome> {
        let mut recording = self.recording();
        let next = recording.iter_mut().find(|entry| {
            !entry.is_played && (!self.by_operation || is_same_operation(&entry.exchange, request))
        });
        match next {
            None => Err(Error::new(
                ErrorKind::Config,
                format!(
                    "the recording has no further exchange for {}",
                    describe(request)
                ),
            )),
            Some(entry) if self.by_operation || is_same_request(&entry.exchange, request) => {
                entry.is_played = true;
                Ok(entry.exchange.outcome.clone())
            }
            Some(entry) => Err(Error::new(
                ErrorKind::Config,
                difference(&entry.exchange, request),
            )),
        }
    }
}

impl fmt::Debug for Replayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replayer")
            .field("exchanges", &self.recording().len())
            .field("by_operation", &self.by_operation)
            .finish_non_exhaustive()
    }
}

impl Transport for Replayer {
    fn send(&self, mut request: WireRequest) -> BoxFuture<'_, Result<WireResponse>> {
        Box::pin(async move {
            let Some(operation) = request.operation.clone() else {
                let message = "a recording has calls of operations only";
                return Err(Error::new(ErrorKind::Config, message));
            };
            let body = recorded_body(&mut request).await?;
            let exchange = RecordedExchange {
                service: Str::from(operation.service()),
                operation: Str::from(operation.name()),
                method: request.method,
                url: Str::from(request.url),
                request_headers: request.headers,
                request_body: body,
                outcome: RecordedOutcome::Error {
                    kind: ErrorKind::Config,
                    message: Str::new(),
                },
            };
            match self.play(&scrub(exchange, &operation, &self.kept)?)? {
                RecordedOutcome::Response {
                    status,
                    headers,
                    body,
                } => Ok(WireResponse {
                    status,
                    headers,
                    body: ByteStream::from(body),
                }),
                RecordedOutcome::Error { kind, message } => {
                    Err(Error::new(kind, String::from(&*message)))
                }
            }
        })
    }
}

fn describe(exchange: &RecordedExchange) -> String {
    format!(
        "{} {} ({} {})",
        exchange.service, exchange.operation, exchange.method, exchange.url
    )
}

fn is_same_operation(recorded: &RecordedExchange, request: &RecordedExchange) -> bool {
    recorded.service == request.service && recorded.operation == request.operation
}

fn is_same_request(recorded: &RecordedExchange, request: &RecordedExchange) -> bool {
    is_same_operation(recorded, request)
        && recorded.method == request.method
        && recorded.url == request.url
        && recorded.request_body == request.request_body
}

/// Describes the first difference between the next recorded request and the one that is sent.
fn difference(recorded: &RecordedExchange, request: &RecordedExchange) -> String {
    if describe(recorded) != describe(request) {
        return format!(
            "the next recorded request is {}, not {}",
            describe(recorded),
            describe(request)
        );
    }
    format!(
        "{}: the body differs from the recorded one: recorded {}, sent {}",
        describe(recorded),
        excerpt(&recorded.request_body),
        excerpt(&request.request_body)
    )
}

/// Returns the start of a body as text.
fn excerpt(body: &[u8]) -> String {
    const MAX_CHARACTERS: usize = 200;
    let text = String::from_utf8_lossy(body);
    match text.char_indices().nth(MAX_CHARACTERS) {
        Some(_) => text
            .chars()
            .take(MAX_CHARACTERS)
            .chain("..".chars())
            .collect(),
        None => text.into_owned(),
    }
}
