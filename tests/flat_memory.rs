//! Paginators and streams use constant memory: a counting allocator tracks live bytes over hundreds of pages, or 64 MiB
//! of a stream.

use std::alloc::System;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::StreamExt as _;
use inia::ports::BoxFuture;
use inia::{
    ByteStream, Credentials, Result, Session, json, protocol::Headers, transport::Transport,
    transport::WireBody, transport::WireRequest, transport::WireResponse,
};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The counters are per process, so tests run one at a time.
static TEST_LOCK: Mutex<()> = Mutex::new(());

const PAGES: usize = 400;
/// Pages before the baseline is taken, so that one-time allocations are excluded.
const WARM_UP_PAGES: usize = 50;
/// Approximate size of a page, in bytes.
const PAGE: usize = 40 * 1024;
/// Size of a stream and of its chunks, in bytes.
const STREAM: usize = 64 * 1024 * 1024;
const CHUNK: usize = 64 * 1024;

/// Returns the number of live bytes.
fn live() -> usize {
    let stats = ALLOCATOR.stats();
    stats
        .bytes_allocated
        .saturating_sub(stats.bytes_deallocated)
}

/// Peak of live bytes above a baseline.
#[derive(Default)]
struct Peak {
    steps: usize,
    base: usize,
    peak: usize,
}

impl Peak {
    fn step(&mut self, warm_up: usize) {
        self.steps += 1;
        let live = live();
        if self.steps == warm_up {
            self.base = live;
        } else if self.steps > warm_up {
            self.peak = self.peak.max(live);
        }
    }

    /// Asserts that the peak is at peak `bytes` above the baseline.
    #[track_caller]
    fn assert_below(&self, steps: usize, bytes: usize) {
        assert!(self.steps >= steps, "{} steps", self.steps);
        let more = self.peak.saturating_sub(self.base);
        assert!(
            more <= bytes,
            "{more} bytes more after {} steps",
            self.steps
        );
    }
}

/// The limit is 8 times the file, of which the file itself takes one part while it is parsed.
#[test]
fn config_file_of_many_profiles_takes_a_few_times_its_size() {
    use std::fmt::Write as _;

    const PROFILES: usize = 200_000;
    let _lock = TEST_LOCK.lock().unwrap();
    for properties in [
        "",
        "region = us-east-1\n",
        "region = us-east-1\noutput = json\nrole_arn = arn:aws:iam::123456789012:role/reader\nsource_profile = default\n",
    ] {
        let mut text = String::new();
        for number in 0..PROFILES {
            write!(text, "[profile p{number}]\n{properties}").unwrap();
        }
        let before = live();
        let files = inia::config::ConfigFiles::parse(&text, "").unwrap();
        let more = live() - before;
        assert_eq!(files.profile_names().count(), PROFILES);
        assert!(more < 7 * text.len(), "{more} bytes for {}", text.len());
    }
}

/// A service that generates pages by number.
struct PageServer {
    page: fn(usize) -> String,
    served: AtomicUsize,
}

impl std::fmt::Debug for PageServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PageServer")
    }
}

impl Transport for PageServer {
    fn send(&self, _: WireRequest) -> BoxFuture<'_, Result<WireResponse>> {
        let number = self.served.fetch_add(1, Ordering::SeqCst);
        let body = (self.page)(number).into_bytes();
        Box::pin(std::future::ready(Ok(WireResponse {
            status: 200,
            headers: Headers::new(),
            body: body.into(),
        })))
    }
}

/// A service that streams bytes and consumes streams.
#[derive(Debug)]
struct StreamServer;

fn chunks() -> Pin<Box<dyn futures_util::Stream<Item = Result<Bytes>> + Send>> {
    let chunks = (0..STREAM / CHUNK).map(|number| Ok(Bytes::from(vec![number as u8; CHUNK])));
    Box::pin(futures_util::stream::iter(chunks))
}

impl Transport for StreamServer {
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
                    // Checksum trailers use chunks of one MiB.
                    peak.assert_below(64, 4 * 1024 * 1024);
                }
                WireBody::Bytes(_) => {
                    headers.push("content-length", STREAM.to_string());
                    body = ByteStream::from_stream(chunks(), Some(STREAM as u64));
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
    session(Arc::new(PageServer {
        page,
        served: AtomicUsize::new(0),
    }))
}

fn walk(run: impl Future<Output = ()>) {
    // A failed test does not poison the lock for the others.
    let _lock = TEST_LOCK
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner());
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(run);
}

/// Returns a page of DynamoDB: 100 items and a token.
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

/// Returns a page of S3: 200 keys and a token.
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
fn pages_and_items_use_constant_memory() {
    walk(async {
        let client = paged(items).client("dynamodb").unwrap();
        let mut pages = client.paginate("Scan", json!({"TableName": "fish"}));
        let mut peak = Peak::default();
        while let Some(page) = pages.next().await {
            assert_eq!(page.unwrap()["Items"].items().count(), 100);
            peak.step(WARM_UP_PAGES);
        }
        peak.assert_below(PAGES, PAGE);

        let client = paged(items).client("dynamodb").unwrap();
        let mut items = client
            .paginate("Scan", json!({"TableName": "fish"}))
            .items();
        let mut peak = Peak::default();
        while let Some(item) = items.next().await {
            item.unwrap();
            peak.step(WARM_UP_PAGES * 100);
        }
        peak.assert_below(PAGES * 100, 4 * PAGE);
    });
}

#[test]
fn searches_use_constant_memory() {
    walk(async {
        let client = paged(items).client("dynamodb").unwrap();
        let mut ids = client
            .paginate("Scan", json!({"TableName": "fish"}))
            .search("Items[?ends_with(id.S, '-7')].id.S");
        let mut peak = Peak::default();
        while let Some(id) = ids.next().await {
            id.unwrap();
            peak.step(WARM_UP_PAGES);
        }
        peak.assert_below(PAGES, 4 * PAGE);
    });
}

#[test]
fn collections_use_constant_memory() {
    walk(async {
        let s3 = paged(keys).resource("s3").unwrap();
        let bucket = s3.get("Bucket", ["logs"]).unwrap();
        let mut objects = bucket.collection("objects").iter();
        let mut peak = Peak::default();
        while let Some(object) = objects.next().await {
            object.unwrap();
            peak.step(WARM_UP_PAGES * 200);
        }
        peak.assert_below(PAGES * 200, 4 * PAGE);
    });
}

#[test]
fn streams_use_constant_memory() {
    walk(async {
        let client = session(Arc::new(StreamServer)).client("s3").unwrap();
        let object = json!({"Bucket": "logs", "Key": "large"});
        let output = client.call("GetObject", object.clone()).await.unwrap();
        let mut body = output.body.unwrap();
        let mut peak = Peak::default();
        let mut bytes = 0;
        while let Some(piece) = body.next().await {
            bytes += piece.unwrap().len();
            peak.step(20);
        }
        assert_eq!(bytes, STREAM);
        peak.assert_below(STREAM / CHUNK, 16 * CHUNK);

        // The transport measures the stream it receives.
        let body = ByteStream::from_stream(chunks(), Some(STREAM as u64));
        client.call("PutObject", object).body(body).await.unwrap();
    });
}

/// A service that responds to each frame of a request with an event.
#[derive(Debug)]
struct EchoServer;

impl Transport for EchoServer {
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<WireResponse>> {
        let WireBody::Stream(body) = request.body else {
            panic!("the request has no stream");
        };
        let mut decoder = inia_protocol::MessageDecoder::new();
        let chunks = body.map(move |chunk| {
            decoder.push(&chunk?);
            let mut events = bytes::BytesMut::new();
            while let Some(frame) = decoder.next()? {
                if !frame.payload.is_empty() {
                    let text = |text: &str| inia_protocol::EventHeader::String(text.into());
                    let event = inia_protocol::EventMessage {
                        headers: vec![
                            (":message-type".into(), text("event")),
                            (":event-type".into(), text("TranscriptEvent")),
                        ],
                        payload: r#"{"transcript": "How do you feel today?"}"#.into(),
                    };
                    event.encode_to(&mut events)?;
                }
            }
            Ok(events.freeze())
        });
        let response = WireResponse {
            status: 200,
            headers: Headers::new(),
            body: ByteStream::from_stream(chunks, None),
        };
        Box::pin(std::future::ready(Ok(response)))
    }
}

#[test]
fn conversations_use_constant_memory() {
    const EVENTS: usize = 10_000;
    walk(async {
        let client = session(Arc::new(EchoServer))
            .client("lexv2-runtime")
            .unwrap();
        let params = json!({"botId": "BOTBOTBOT1", "botAliasId": "TSTALIASID", "localeId": "en_US", "sessionId": "s1"});
        let events = futures_util::stream::iter(0..EVENTS).map(|number| {
            let audio = inia::Blob::from(vec![number as u8; 320]);
            json!({"AudioInputEvent": {"contentType": "audio/lpcm", "audioChunk": audio}})
        });
        let call = client.call("StartConversation", params);
        let mut received = call
            .event_stream(events)
            .await
            .unwrap()
            .events
            .take()
            .unwrap();
        let mut peak = Peak::default();
        while let Some(event) = received.next().await {
            event.unwrap();
            peak.step(500);
        }
        peak.assert_below(EVENTS, 256 * 1024);
    });
}
