//! [`BodyResumer`]: requests the rest of a body that breaks off.
//!
//! ```text
//! GET /bucket/key                       200, ETag "e", Content-Length 1000; the connection fails after 400 bytes
//! GET /bucket/key, Range: bytes=400-999, If-Match: "e"      206, Content-Range: bytes 400-999/1000
//! ```

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use inia_core::{Credentials, Error, ErrorKind, Result, Str, Token, Value};
use inia_model::{Operation, snake_case};
use inia_protocol::Headers;

use crate::pipeline::CallOptions;
use crate::retry::exponential_delay;
use crate::{ByteStream, Client};

/// Operations whose bodies can be resumed: they accept `Range` and `IfMatch`, and return an `ETag`.
///
/// # Source
/// The S3 API reference, `GetObject`.
const RESUMABLE: [(&str, &str); 1] = [("s3", "GetObject")];

/// Parameters that the request for the rest replaces or omits: conditions were checked by the first request, and a part is
/// requested as the range that it had.
const OMITTED: [&str; 6] = [
    "IfMatch",
    "IfModifiedSince",
    "IfNoneMatch",
    "IfUnmodifiedSince",
    "PartNumber",
    "Range",
];

/// Maximum number of requests for the rest, unless [`PROGRESS`] bytes arrive between them.
const MAX_RESUMES: u32 = 5;

/// Number of bytes after which the requests for the rest are counted from zero.
const PROGRESS: u64 = 8 << 20;

/// Maximum first delay between two requests for the rest.
const DELAY: Duration = Duration::from_millis(100);

/// A call whose body is resumed.
#[derive(Debug)]
pub(crate) struct BodyResumer {
    client: Client,
    operation: Str,
    params: Arc<Value>,
    headers: Headers,
    credentials: Option<Arc<Credentials>>,
    token: Option<Arc<Token>>,
}

impl BodyResumer {
    /// Returns true if the body of an operation can be resumed.
    pub(crate) fn supports(client: &Client, operation: &Operation) -> bool {
        RESUMABLE.contains(&(&**client.service_name(), &operation.name))
    }

    pub(crate) fn new(
        client: &Client,
        operation: &Operation,
        params: Arc<Value>,
        options: &CallOptions,
    ) -> Self {
        BodyResumer {
            client: client.clone(),
            operation: operation.name.clone(),
            params,
            headers: options.headers.clone(),
            credentials: options.credentials.clone(),
            token: options.token.clone(),
        }
    }

    /// Wraps the body of a response so that it requests its rest when it breaks off. A body without a strong ETag is returned
    /// unchanged: its rest could be that of another object.
    pub(crate) fn wrap(
        self: &Arc<Self>,
        body: ByteStream,
        status: u16,
        headers: &Headers,
    ) -> ByteStream {
        let length = body.len();
        let etag = headers
            .get_shared("etag")
            .filter(|etag| !etag.starts_with("W/"));
        let range = match status {
            206 => content_range(headers),
            _ => Some((0, length.and_then(|length| length.checked_sub(1)))),
        };
        let (Some(etag), Some((first, last))) = (etag, range) else {
            return body;
        };
        let state = ResumingBody {
            resumer: Arc::clone(self),
            body,
            etag: etag.clone(),
            next: first,
            last,
            resumes: 0,
            counted_from: first,
        };
        let chunks = futures_util::stream::try_unfold(state, |mut state| async move {
            loop {
                match state.body.next().await {
                    Some(Ok(chunk)) => {
                        state.next += chunk.len() as u64;
                        return Ok(Some((chunk, state)));
                    }
                    Some(Err(error)) => state.resume(error).await?,
                    None => return Ok(None),
                }
            }
        });
        ByteStream::from_stream(chunks, length)
    }
}

/// A body, and the place that it has been read to.
struct ResumingBody {
    resumer: Arc<BodyResumer>,
    body: ByteStream,
    etag: Str,
    /// Offset of the next byte in the object.
    next: u64,
    /// Offset of the last byte of the body, if it is known.
    last: Option<u64>,
    resumes: u32,
    /// Offset from which `resumes` is counted.
    counted_from: u64,
}

impl ResumingBody {
    /// Replaces the body by its rest. Returns `broken` if there is none.
    async fn resume(&mut self, broken: Error) -> Result<()> {
        let is_resumable = matches!(
            broken.kind(),
            ErrorKind::Stream | ErrorKind::Connection | ErrorKind::Timeout
        );
        if !is_resumable || self.last.is_some_and(|last| self.next > last) {
            return Err(broken);
        }
        if self.next >= self.counted_from.saturating_add(PROGRESS) {
            self.resumes = 0;
            self.counted_from = self.next;
        }
        while self.resumes < MAX_RESUMES {
            if self.resumes > 0 {
                let service = self.resumer.client.service();
                let delay = exponential_delay(DELAY, self.resumes, service.rng.unit());
                service.clock.sleep(delay).await;
            }
            self.resumes += 1;
            tracing::debug!(operation = %self.resumer.operation, offset = self.next, error = %broken, "requesting the rest of the body");
            match self.request_rest().await {
                Ok(rest) => {
                    self.body = rest;
                    return Ok(());
                }
                Err(error) if error.is_retryable() => {}
                Err(error) => {
                    return Err(
                        broken.with_note(format_args!("the rest cannot be requested: {error:#}"))
                    );
                }
            }
        }
        Err(broken.with_note(format_args!("resumed {MAX_RESUMES} times")))
    }

    async fn request_rest(&self) -> Result<ByteStream> {
        let resumer = &self.resumer;
        let mut params = Value::clone(&resumer.params);
        if let Some(params) = params.as_map_mut() {
            for name in OMITTED {
                params.remove(name);
                params.remove(&snake_case(name));
            }
            let last = self.last.map_or(String::new(), |last| last.to_string());
            params.insert("Range", format!("bytes={}-{last}", self.next));
            params.insert("IfMatch", self.etag.clone());
        }
        let options = CallOptions {
            headers: resumer.headers.clone(),
            credentials: resumer.credentials.clone(),
            token: resumer.token.clone(),
            ..CallOptions::default()
        };
        let call = resumer.client.call(&resumer.operation, params);
        let output = call.with_options(options).await.map_err(|error| {
            match error.http_status() {
                // As the request with the range, which has the conditions of the first one.
                Some(412) => changed(),
                _ => error,
            }
        })?;
        let headers = &output.metadata.headers;
        if headers.get("etag").is_some_and(|etag| *etag != *self.etag) {
            return Err(changed());
        }
        let starts_here = content_range(headers).is_some_and(|(first, _)| first == self.next);
        match output.body {
            Some(body) if output.metadata.http_status == 206 && starts_here => Ok(body),
            _ => Err(Error::new(
                ErrorKind::Stream,
                "the server does not return the requested range",
            )),
        }
    }
}

#[cold]
fn changed() -> Error {
    Error::new(ErrorKind::Stream, "the object was changed meanwhile")
}

/// Returns the offsets of the first and the last byte of a response with `Content-Range`.
fn content_range(headers: &Headers) -> Option<(u64, Option<u64>)> {
    let range = headers.get("content-range")?.strip_prefix("bytes ")?;
    let (first, last) = range.split_once('/')?.0.split_once('-')?;
    Some((first.trim().parse().ok()?, Some(last.trim().parse().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_content_ranges() {
        for (text, range) in [
            ("bytes 0-9/10", Some((0, Some(9)))),
            ("bytes 400-999/*", Some((400, Some(999)))),
            ("bytes */10", None),
            ("items 0-9/10", None),
            ("", None),
        ] {
            let mut headers = Headers::new();
            headers.set("content-range", text);
            assert_eq!(content_range(&headers), range, "{text}");
        }
    }
}
