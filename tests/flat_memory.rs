//! What is walked through page by page or piece by piece takes no more memory the longer it is: bytes that are alive are counted by
//! the allocator while hundreds of pages, or 64 MiB of a stream, go by.

use std::alloc::System;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::StreamExt as _;
use inia::ports::BoxFuture;
use inia::{
    ByteStream, Credentials, Headers, Result, Session, Transport, WireBody, WireRequest,
    WireResponse, json,
};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The counters are the process's: one walk at a time.
static ALONE: Mutex<()> = Mutex::new(());

const PAGES: usize = 400;
/// Pages after which all that is made once has been made.
const WARM: usize = 50;
/// Bytes of a page, about.
const PAGE: usize = 40 * 1024;
/// Bytes of a stream, and of a piece of it.
const STREAM: usize = 64 * 1024 * 1024;
const PIECE: usize = 64 * 1024;

/// Bytes that are allocated now.
fn live() -> usize {
    let stats = ALLOCATOR.stats();
    stats
        .bytes_allocated
        .saturating_sub(stats.bytes_deallocated)
}

/// The most that was alive, from a moment on.
#[derive(Default)]
struct Peak {
    steps: usize,
    base: usize,
    most: usize,
}

impl Peak {
    fn step(&mut self, warm: usize) {
        self.steps += 1;
        let live = live();
        if self.steps == warm {
            self.base = live;
        } else if self.steps > warm {
            self.most = self.most.max(live);
        }
    }

    /// That no more than so many bytes came to it.
    #[track_caller]
    fn holds(&self, steps: usize, bytes: usize) {
        assert!(self.steps >= steps, "{} steps", self.steps);
        let more = self.most.saturating_sub(self.base);
        assert!(
            more <= bytes,
            "{more} bytes more after {} steps",
            self.steps
        );
    }
}

/// A service that makes each page when it is asked for, by its number.
struct Pages {
    page: fn(usize) -> String,
    given: AtomicUsize,
}

impl std::fmt::Debug for Pages {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pages")
    }
}

impl Transport for Pages {
    fn send(&self, _: WireRequest) -> BoxFuture<'_, Result<WireResponse>> {
        let number = self.given.fetch_add(1, Ordering::SeqCst);
        let body = (self.page)(number).into_bytes();
        Box::pin(std::future::ready(Ok(WireResponse {
            status: 200,
            headers: Headers::new(),
            body: body.into(),
        })))
    }
}

/// Bytes of a stream, and what becomes of one.
#[derive(Debug)]
struct Streams;

fn pieces() -> Pin<Box<dyn futures_util::Stream<Item = Result<Bytes>> + Send>> {
    let pieces = (0..STREAM / PIECE).map(|number| Ok(Bytes::from(vec![number as u8; PIECE])));
    Box::pin(futures_util::stream::iter(pieces))
}

impl Transport for Streams {
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<WireResponse>> {
        Box::pin(async move {
            let mut headers = Headers::new();
            let mut body = ByteStream::empty();
            match request.body {
                WireBody::Stream(mut stream) => {
                    let mut peak = Peak::default();
                    while let Some(piece) = stream.next().await {
                        piece?;
                        peak.step(8);
                    }
                    // The checksum's frames are of a MiB.
                    peak.holds(64, 4 * 1024 * 1024);
                }
                WireBody::Bytes(_) => {
                    headers.push("content-length", STREAM.to_string());
                    body = ByteStream::from_stream(pieces(), Some(STREAM as u64));
                }
            }
            Ok(WireResponse {
                status: 200,
                headers,
                body,
            })
        })
    }
}

fn session(transport: Arc<dyn Transport>) -> Session {
    Session::builder()
        .region("us-east-1")
        .credentials(Credentials::new("AKIDEXAMPLE", "secret", None))
        .transport(transport)
        .build()
        .unwrap()
}

fn paged(page: fn(usize) -> String) -> Session {
    session(Arc::new(Pages {
        page,
        given: AtomicUsize::new(0),
    }))
}

fn walk(run: impl Future<Output = ()>) {
    // A walk that failed says nothing about the next.
    let _alone = ALONE
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner());
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(run);
}

/// A page of DynamoDB: 100 items, and where to go on.
fn items(number: usize) -> String {
    let item = |position: usize| {
        let text = "x".repeat(350);
        format!(r#"{{"id": {{"S": "item-{number}-{position}"}}, "text": {{"S": "{text}"}}}}"#)
    };
    let items: Vec<String> = (0..100).map(item).collect();
    let last = match number + 1 {
        PAGES.. => String::new(),
        next => format!(r#", "LastEvaluatedKey": {{"id": {{"S": "item-{next}-of-{PAGES}"}}}}"#),
    };
    format!(r#"{{"Items": [{}], "Count": 100{last}}}"#, items.join(", "))
}

/// A page of S3: 200 keys, and where to go on.
fn keys(number: usize) -> String {
    let key = |position: usize| {
        format!(
            "<Contents><Key>2026/{number:06}/{position:06}.log</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified>\
             <ETag>&quot;d41d8cd98f00b204e9800998ecf8427e&quot;</ETag><Size>1</Size></Contents>"
        )
    };
    let keys: String = (0..200).map(key).collect();
    let next = match number + 1 {
        PAGES.. => "<IsTruncated>false</IsTruncated>".to_owned(),
        next => format!(
            "<IsTruncated>true</IsTruncated><NextMarker>{next}</NextMarker><NextContinuationToken>{next}</NextContinuationToken>"
        ),
    };
    format!(
        r#"<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{keys}{next}</ListBucketResult>"#
    )
}

#[test]
fn pages_and_items() {
    walk(async {
        let client = paged(items).client("dynamodb").unwrap();
        let mut pages = client.paginate("Scan", json!({"TableName": "fish"}));
        let mut peak = Peak::default();
        while let Some(page) = pages.next().await {
            assert_eq!(page.unwrap()["Items"].items().count(), 100);
            peak.step(WARM);
        }
        peak.holds(PAGES, PAGE);

        let client = paged(items).client("dynamodb").unwrap();
        let mut items = client
            .paginate("Scan", json!({"TableName": "fish"}))
            .items();
        let mut peak = Peak::default();
        while let Some(item) = items.next().await {
            item.unwrap();
            peak.step(WARM * 100);
        }
        peak.holds(PAGES * 100, 4 * PAGE);
    });
}

#[test]
fn what_is_searched_for() {
    walk(async {
        let client = paged(items).client("dynamodb").unwrap();
        let mut found = client
            .paginate("Scan", json!({"TableName": "fish"}))
            .search("Items[?ends_with(id.S, '-7')].id.S");
        let mut peak = Peak::default();
        while let Some(id) = found.next().await {
            id.unwrap();
            peak.step(WARM);
        }
        peak.holds(PAGES, 4 * PAGE);
    });
}

#[test]
fn collections() {
    walk(async {
        let s3 = paged(keys).resource("s3").unwrap();
        let bucket = s3.get("Bucket", ["logs"]).unwrap();
        let mut objects = bucket.collection("objects").iter();
        let mut peak = Peak::default();
        while let Some(object) = objects.next().await {
            object.unwrap();
            peak.step(WARM * 200);
        }
        peak.holds(PAGES * 200, 4 * PAGE);
    });
}

#[test]
fn streams_in_and_out() {
    walk(async {
        let client = session(Arc::new(Streams)).client("s3").unwrap();
        let object = json!({"Bucket": "logs", "Key": "large"});
        let answer = client.call("GetObject", object.clone()).await.unwrap();
        let mut body = answer.body.unwrap();
        let mut peak = Peak::default();
        let mut bytes = 0;
        while let Some(piece) = body.next().await {
            bytes += piece.unwrap().len();
            peak.step(20);
        }
        assert_eq!(bytes, STREAM);
        peak.holds(STREAM / PIECE, 16 * PIECE);

        // The transport measures what it is given.
        let body = ByteStream::from_stream(pieces(), Some(STREAM as u64));
        client.call("PutObject", object).body(body).await.unwrap();
    });
}
