//! Fetches a range of an object, and goes on where the connection breaks off.

#![expect(
    clippy::indexing_slicing,
    reason = "indexing a value by a missing key returns null"
)]

use std::ops::Range;

use futures_util::StreamExt as _;
use inia_core::{Error, ErrorKind, Result};
use inia_dispatch::ByteStream;

use super::sink::PartSink;
use super::{CONDITIONS, RemoteObject};
use crate::context::{TransferContext, call_with};
use crate::retry::PartRetries;

/// Number of bytes after which the failures of a range are counted anew.
const PROGRESS: u64 = 16 * 1024;

/// Fetches a range into a sink. `body` is the beginning of the range, if it was requested already.
pub(super) async fn fetch_range(
    context: &TransferContext,
    remote: &RemoteObject,
    range: Range<u64>,
    mut body: Option<ByteStream>,
    sink: &mut impl PartSink,
) -> Result<()> {
    let mut position = range.start;
    let mut retries = PartRetries::default();
    let mut counted_from = position;
    while position < range.end || body.is_some() {
        let permit = context.shared.gate.enter().await;
        context.control.checkpoint().await?;
        let opened = match body.take() {
            Some(body) => Ok(body),
            None => request(context, remote, position..range.end).await,
        };
        let result = match opened {
            Ok(body) => receive(context, body, &mut position, range.end, sink).await,
            Err(error) => Err(error),
        };
        drop(permit);
        match result {
            Ok(()) => context.shared.gate.succeeded(),
            Err(error) => {
                if position >= counted_from + PROGRESS {
                    retries.reset();
                    counted_from = position;
                }
                retries.wait(context, error).await?;
            }
        }
    }
    Ok(())
}

/// Requests the rest of a range.
async fn request(
    context: &TransferContext,
    remote: &RemoteObject,
    range: Range<u64>,
) -> Result<ByteStream> {
    let mut params = remote.params();
    let last = range.end.saturating_sub(1);
    params.insert("Range", format!("bytes={}-{last}", range.start));
    let mut arguments = context.arguments.clone();
    for name in CONDITIONS {
        arguments.remove(name);
    }
    let call = call_with(&context.client, &arguments, "GetObject", params)?;
    let output = call.send().await.map_err(|error| {
        match error.http_status() {
            Some(412) => changed(remote),
            // The object is shorter than before.
            Some(416) if remote.etag.is_none() => changed(remote),
            _ => error,
        }
    })?;
    if let (Some(expected), Some(etag)) = (&remote.etag, output.value["ETag"].as_str())
        && expected != etag
    {
        return Err(changed(remote));
    }
    let expected = format!("bytes {}-{last}/{}", range.start, remote.length);
    match output.value["ContentRange"].as_str() {
        Some(actual) if actual == expected => Ok(output.body.unwrap_or_default()),
        actual => Err(unexpected_range(remote, &expected, actual)),
    }
}

/// Reads a body into the sink, up to the end of the range.
async fn receive(
    context: &TransferContext,
    mut body: ByteStream,
    position: &mut u64,
    end: u64,
    sink: &mut impl PartSink,
) -> Result<()> {
    while *position < end {
        context.control.checkpoint().await?;
        let Some(chunk) = body.next().await.transpose()? else {
            return Err(Error::new(
                ErrorKind::Connection,
                format!("the response body ended {} bytes early", end - *position),
            ));
        };
        let wanted = usize::try_from(end - *position).unwrap_or(usize::MAX);
        let chunk = if chunk.len() > wanted {
            chunk.slice(..wanted)
        } else {
            chunk
        };
        let length = chunk.len() as u64;
        if let Some(bandwidth) = &context.shared.bandwidth {
            bandwidth.take(length).await;
        }
        sink.write(chunk).await?;
        *position += length;
        context.progress.add_bytes(length);
    }
    // The end of the body releases its connection, and verifies its checksum.
    if body.len().is_some_and(|length| length <= end) {
        while let Some(rest) = body.next().await.transpose()? {
            if !rest.is_empty() {
                break;
            }
        }
    }
    Ok(())
}

#[cold]
pub(super) fn changed(remote: &RemoteObject) -> Error {
    Error::new(
        ErrorKind::Stream,
        format!(
            "{}: the object was changed while it was downloaded; download it again",
            remote.name
        ),
    )
}

#[cold]
fn unexpected_range(remote: &RemoteObject, expected: &str, actual: Option<&str>) -> Error {
    let actual = actual.unwrap_or("the whole object");
    Error::new(
        ErrorKind::Stream,
        format!(
            "{}: the server returned {actual} in place of {expected}",
            remote.name
        ),
    )
}
