//! Transfers use bounded memory: a counting allocator tracks live bytes while a sparse file of 1 GiB is uploaded and downloaded.

use std::alloc::System;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use bytes::Bytes;
use futures_util::StreamExt as _;
use inia::ports::BoxFuture;
use inia::protocol::Headers;
use inia::transfer::TransferManager;
use inia::transport::{Transport, WireBody, WireRequest, WireResponse};
use inia::{ByteStream, Credentials, Result, Session};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const LENGTH: u64 = 1 << 30;

/// Memory of the parts by default, and room for all else.
const LIMIT: usize = (32 + 16) << 20;

fn live() -> usize {
    let stats = ALLOCATOR.stats();
    stats
        .bytes_allocated
        .saturating_sub(stats.bytes_deallocated)
}

/// Discards uploads, and makes an object of zeros.
#[derive(Debug, Default)]
struct Endless {
    received: AtomicU64,
    peak: AtomicUsize,
}

impl Endless {
    fn observe(&self) {
        self.peak.fetch_max(live(), Ordering::Relaxed);
    }
}

impl Transport for Endless {
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<WireResponse>> {
        Box::pin(async move {
            let mut headers = Headers::new();
            headers.set("etag", "\"e\"");
            let mut status = 200;
            let mut body = ByteStream::empty();
            match request.body {
                WireBody::Bytes(bytes) => {
                    self.received
                        .fetch_add(bytes.len() as u64, Ordering::Relaxed);
                }
                WireBody::Stream(mut stream) => {
                    while let Some(chunk) = stream.next().await {
                        self.received
                            .fetch_add(chunk?.len() as u64, Ordering::Relaxed);
                        self.observe();
                    }
                }
            }
            if request.method.as_str() == "POST" {
                body = "<Result><UploadId>u</UploadId><ETag>e</ETag></Result>".into();
            }
            if request.method.as_str() == "GET" {
                let range = request.headers.get("range").and_then(|range| {
                    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
                    Some((first.parse::<u64>().ok()?, last.parse::<u64>().ok()?))
                });
                let length = match range {
                    Some((first, last)) => {
                        status = 206;
                        headers.set("content-range", format!("bytes {first}-{last}/{LENGTH}"));
                        last + 1 - first
                    }
                    None => LENGTH,
                };
                headers.set("content-length", length.to_string());
                let zeros = Bytes::from(vec![0; 1 << 20]);
                let chunks = futures_util::stream::unfold(length, move |left| {
                    let chunk = zeros.slice(..zeros.len().min(left as usize));
                    let left = left - chunk.len() as u64;
                    async move { (!chunk.is_empty()).then_some((Ok(chunk), left)) }
                });
                body = ByteStream::from_stream(chunks, Some(length));
            }
            self.observe();
            Ok(WireResponse {
                status,
                headers,
                body,
            })
        })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gibibyte_takes_no_more_memory_than_its_parts_in_flight() {
    let transport = Arc::new(Endless::default());
    let s3 = Session::builder()
        .region("us-east-1")
        .credentials(Credentials::new("AKIDEXAMPLE", "secret", None))
        .transport(Arc::clone(&transport) as Arc<dyn Transport>)
        .build()
        .unwrap()
        .client("s3")
        .unwrap();
    let transfers = TransferManager::new(&s3);
    let folder = tempfile::tempdir().unwrap();
    let (source, target) = (folder.path().join("source"), folder.path().join("target"));
    std::fs::File::create(&source)
        .unwrap()
        .set_len(LENGTH)
        .unwrap();
    // One-time allocations come first.
    transfers
        .upload_fileobj(vec![0; 9 << 20], "river", "k")
        .await
        .unwrap();
    let peak_of = |base: usize| {
        transport
            .peak
            .swap(0, Ordering::Relaxed)
            .saturating_sub(base)
    };

    peak_of(0);
    let base = live();
    let sent = transfers.upload_file(&source, "river", "k").await.unwrap();
    assert_eq!((sent.bytes, sent.parts), (LENGTH, 128));
    assert!(transport.received.load(Ordering::Relaxed) >= LENGTH);
    let peak = peak_of(base);
    assert!(peak <= LIMIT, "upload: {peak} bytes");

    let base = live();
    let received = transfers
        .download_file("river", "k", &target)
        .await
        .unwrap();
    assert_eq!((received.bytes, received.parts), (LENGTH, 128));
    let peak = peak_of(base);
    assert!(peak <= LIMIT, "download: {peak} bytes");
    assert_eq!(std::fs::metadata(&target).unwrap().len(), LENGTH);

    let base = live();
    let sink = tokio::io::sink();
    transfers
        .download_fileobj("river", "k", sink)
        .await
        .unwrap();
    let peak = peak_of(base);
    assert!(peak <= LIMIT, "in order: {peak} bytes");
}
