//! [`Canned`]: a transport that responds from memory.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use bench_harness::Reply;
use bytes::Bytes;
use futures_util::StreamExt;
use inia::ports::BoxFuture;
use inia::{ByteStream, protocol::Headers, Result, transport::Transport, transport::WireBody, transport::WireRequest, transport::WireResponse};

/// Maximum length of a streaming request body in bytes, for writing it to a file.
const DUMP_LIMIT: usize = 1 << 30;

/// Reads each request to its end, like a connection, and returns the response.
#[derive(Debug)]
pub struct Canned {
    status: u16,
    headers: Headers,
    body: Bytes,
    /// Each response is a new buffer, as from a connection, instead of another handle to the same one.
    fresh: bool,
    dump: Option<PathBuf>,
    dumped: AtomicBool,
}

impl Canned {
    /// Returns a transport that responds with `reply` and writes the first request to files with the prefix `dump`.
    pub fn new(reply: &Reply, dump: Option<PathBuf>) -> Canned {
        let headers = reply.headers.iter();
        Canned {
            status: reply.status,
            headers: headers
                .map(|(name, value)| (name.to_ascii_lowercase(), value.as_str()))
                .collect(),
            body: reply.body.clone(),
            fresh: false,
            dumped: AtomicBool::new(dump.is_none()),
            dump,
        }
    }

    /// Returns each response as a new buffer.
    pub fn fresh(mut self) -> Canned {
        self.fresh = true;
        self
    }
}

impl Transport for Canned {
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<WireResponse>> {
        Box::pin(async move {
            if !self.dumped.swap(true, Ordering::Relaxed)
                && let Some(stem) = &self.dump
            {
                dump(request, stem).await?;
            } else if let WireBody::Stream(mut stream) = request.body {
                while let Some(bytes) = stream.next().await {
                    std::hint::black_box(bytes?);
                }
            }
            let body = if self.fresh {
                Bytes::copy_from_slice(&self.body)
            } else {
                self.body.clone()
            };
            Ok(WireResponse {
                status: self.status,
                headers: self.headers.clone(),
                body: ByteStream::from(body),
            })
        })
    }
}

/// Writes a request: `<stem>.head.txt` with the request line and sorted headers, `<stem>.body` with the body.
async fn dump(request: WireRequest, stem: &Path) -> Result<()> {
    let headers = request.headers.iter();
    let mut lines: Vec<String> = headers
        .map(|(name, value)| format!("{name}: {value}\n"))
        .collect();
    lines.sort();
    let body = match request.body {
        WireBody::Bytes(bytes) => bytes,
        WireBody::Stream(stream) => stream.collect(DUMP_LIMIT).await?,
    };
    let head = format!(
        "{} {}\n{}\n[body: {} bytes]\n",
        request.method,
        request.url,
        lines.concat(),
        body.len()
    );
    let write = |extension: &str, bytes: &[u8]| {
        let path = format!("{}.{extension}", stem.display());
        std::fs::write(&path, bytes).unwrap_or_else(|error| panic!("{path}: {error}"));
    };
    write("head.txt", head.as_bytes());
    write("body", &body);
    Ok(())
}
