//! [`Recorder`]: records HTTP exchanges to a file.

use std::fmt;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use inia_core::ports::BoxFuture;
use inia_core::{Error, ErrorKind, Result, Str};
use inia_protocol::Headers;

use super::exchange::{RecordedExchange, RecordedOutcome};
use crate::ByteStream;
use crate::scrub::Scrubber;
use crate::transport::{
    Transport, WireBody, WireOperation, WireRequest, WireResponse, decode_body,
};

/// Maximum size of a recorded body, in bytes.
const MAX_BODY_BYTES: usize = 64 << 20;

/// Records HTTP exchanges to a file of JSON lines, which a [`Replayer`](super::Replayer) plays back.
///
/// Signatures, tokens, and the values of members that the definition marks as sensitive are removed. Other data is recorded as it is:
/// read the file before you publish it. Bodies are read into memory, up to 64 MiB each; streams reach the caller when they are complete.
///
/// ```no_run
/// # async fn example() -> inia_core::Result<()> {
/// use inia_dispatch::testing::Recorder;
/// use inia_dispatch::Session;
///
/// let recorder = Recorder::create("tests/data/queues.jsonl")?;
/// let session = Session::builder()
///     .wrap_transport(move |transport| recorder.wrap(transport))
///     .load()
///     .await?;
/// session.client("sqs")?.call("ListQueues", ()).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Recorder {
    file: Arc<Mutex<File>>,
    kept: Arc<[Str]>,
}

impl Recorder {
    /// Creates the file, or empties it.
    ///
    /// # Errors
    /// `Config`: the file cannot be created.
    pub fn create(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let file = File::create(path).map_err(|error| {
            let message = format!("cannot create {}", path.display());
            Error::new(ErrorKind::Config, message).with_source(error)
        })?;
        Ok(Recorder {
            file: Arc::new(Mutex::new(file)),
            kept: Arc::from([]),
        })
    }

    /// Keeps the values of members that are sensitive, by their names in the definition, such as the `Payload` of Lambda functions.
    #[must_use]
    pub fn keep<N: Into<Str>>(mut self, members: impl IntoIterator<Item = N>) -> Self {
        self.kept = members.into_iter().map(Into::into).collect();
        self
    }

    /// Returns a transport that records the exchanges of another one, for
    /// [`SessionBuilder::wrap_transport`](crate::SessionBuilder::wrap_transport).
    #[must_use]
    pub fn wrap(&self, transport: Arc<dyn Transport>) -> Arc<dyn Transport> {
        Arc::new(RecordingTransport {
            transport,
            recorder: self.clone(),
        })
    }

    fn write(&self, exchange: &RecordedExchange) -> Result<()> {
        let mut line = exchange.to_line();
        line.push('\n');
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(line.as_bytes()).map_err(|error| {
            Error::new(ErrorKind::Config, "cannot write the recording").with_source(error)
        })
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct RecordingTransport {
    transport: Arc<dyn Transport>,
    recorder: Recorder,
}

impl Transport for RecordingTransport {
    fn send(&self, mut request: WireRequest) -> BoxFuture<'_, Result<WireResponse>> {
        Box::pin(async move {
            let Some(operation) = request.operation.clone() else {
                return self.transport.send(request).await;
            };
            let (method, url) = (request.method.clone(), request.url.clone());
            let headers = request.headers.clone();
            let body = recorded_body(&mut request).await?;
            let result = self.transport.send(request).await;
            let result = match result {
                Ok(response) => Ok(buffered(response).await?),
                Err(error) => Err(error),
            };
            let outcome = match &result {
                Ok(response) => RecordedOutcome::Response {
                    status: response.status,
                    headers: response.headers.clone(),
                    body: Bytes::copy_from_slice(response.body.as_bytes().unwrap_or_default()),
                },
                Err(error) => RecordedOutcome::Error {
                    kind: error.kind(),
                    message: Str::from(error.message()),
                },
            };
            let exchange = RecordedExchange {
                service: Str::from(operation.service()),
                operation: Str::from(operation.name()),
                method,
                url: Str::from(url),
                request_headers: headers,
                request_body: body,
                outcome,
            };
            self.recorder
                .write(&scrub(exchange, &operation, &self.recorder.kept)?)?;
            result
        })
    }
}

/// Removes the secrets of an exchange.
pub(super) fn scrub(
    exchange: RecordedExchange,
    operation: &WireOperation,
    kept: &[Str],
) -> Result<RecordedExchange> {
    let definition = operation.definition().ok_or_else(|| {
        Error::new(
            ErrorKind::Model,
            "the operation of the request is not in its definition",
        )
    })?;
    let requests = Scrubber::of_request(operation.model(), definition, kept);
    let mut request_headers = requests.headers(&exchange.request_headers);
    let request_body = requests.body(&mut request_headers, exchange.request_body);
    let outcome = match exchange.outcome {
        RecordedOutcome::Response {
            status,
            headers,
            body,
        } => {
            let responses = Scrubber::of_response(operation.model(), definition, status, kept);
            let mut headers = responses.headers(&headers);
            let body = responses.body(&mut headers, body);
            RecordedOutcome::Response {
                status,
                headers,
                body,
            }
        }
        error @ RecordedOutcome::Error { .. } => error,
    };
    Ok(RecordedExchange {
        url: requests.url(definition, &exchange.url),
        request_headers,
        request_body,
        outcome,
        ..exchange
    })
}

/// Returns the body of a request. A stream that can be read only once is buffered.
pub(super) async fn recorded_body(request: &mut WireRequest) -> Result<Bytes> {
    let stream = match &mut request.body {
        WireBody::Bytes(bytes) => return Ok(bytes.clone()),
        WireBody::Stream(stream) => stream,
    };
    match stream.try_clone() {
        Some(copy) => copy.collect(MAX_BODY_BYTES).await,
        None => {
            let bytes = std::mem::take(stream).collect(MAX_BODY_BYTES).await?;
            *stream = ByteStream::from(bytes.clone());
            Ok(bytes)
        }
    }
}

/// Reads the body of a response into memory, decoded if it is a compressed document.
async fn buffered(response: WireResponse) -> Result<WireResponse> {
    let mut headers: Headers = response.headers;
    let body = response.body.collect(MAX_BODY_BYTES).await?;
    // The checksum of DynamoDB is that of the compressed body.
    let body = match headers.contains("x-amz-crc32") {
        true if headers.contains("content-encoding") => {
            headers.remove("x-amz-crc32");
            let decoded = decode_body(&headers, body, MAX_BODY_BYTES)?;
            headers.remove("content-encoding");
            headers.remove("content-length");
            decoded
        }
        _ => body,
    };
    Ok(WireResponse {
        status: response.status,
        headers,
        body: ByteStream::from(body),
    })
}
