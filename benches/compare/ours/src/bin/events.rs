//! CPU time of event streams in both directions, beside a bare HTTP/2 client that sends and reads the same bytes:
//! `events [--runs N] [--events N]`. Prints one line of JSON per size of event.
//!
//! The server runs in threads of its own; only the thread of the client is measured.

#![forbid(unsafe_code)]

use std::convert::Infallible;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use cpu_time::ThreadTime;
use futures_util::{StreamExt, future::join, stream};
use hmac::{Hmac, KeyInit, Mac};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper_util::rt::{TokioExecutor, TokioIo};
use inia::config::Config;
use inia::{Blob, Credentials, Session, Value, json};
use inia_protocol::{EventHeader, EventMessage};
use serde_json::json as text;
use sha2::{Digest, Sha256};

/// Payload sizes of the events that are sent, in bytes: a tenth of a second of speech, and a large block.
const SIZES: [usize; 3] = [100, 3_200, 16_000];

fn main() {
    let (mut runs, mut events) = (5_usize, 10_000_usize);
    let mut args = std::env::args().skip(1);
    while let Some(option) = args.next() {
        let value = args.next().and_then(|value| value.parse().ok());
        match option.as_str() {
            "--runs" => runs = value.expect("a number"),
            "--events" => events = value.expect("a number"),
            other => panic!("unknown option {other}"),
        }
    }
    for size in SIZES {
        let port = serve(events);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let (mut ours, mut bare, mut digests) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..runs.max(1) {
            ours.push(measure(|| runtime.block_on(converse(port, size, events))));
            bare.push(measure(|| runtime.block_on(send_bare(port, size, events))));
            digests.push(measure(|| digest(size, events)));
        }
        let median = |times: &mut Vec<Duration>| {
            times.sort();
            times[times.len() / 2].as_secs_f64() / events as f64
        };
        let (ours, bare, digests) = (median(&mut ours), median(&mut bare), median(&mut digests));
        println!(
            "{}",
            text!({"size": size, "events": events, "ours_s": ours, "bare_s": bare, "digests_s": digests})
        );
    }
}

/// Returns the CPU time of the thread.
fn measure(work: impl FnOnce()) -> Duration {
    let started = ThreadTime::now();
    work();
    started.elapsed()
}

/// A message as it is sent or received.
fn message(name: &str, content_type: &str, payload: Bytes) -> EventMessage {
    let text = |text: &str| EventHeader::String(text.into());
    EventMessage {
        headers: vec![
            (":message-type".into(), text("event")),
            (":event-type".into(), text(name)),
            (":content-type".into(), text(content_type)),
        ],
        payload,
    }
}

/// The frame of a received event.
fn received() -> Bytes {
    let payload = r#"{"transcriptSegment":{"segmentId":"1","audioBeginOffset":1.5,"content":"How do you feel today?"}}"#;
    message("transcriptEvent", "application/json", payload.into())
        .encode()
        .expect("a frame")
}

/// The frame of a sent event, with a signature.
fn signed(size: usize) -> Bytes {
    let inner = message(
        "binaryAudioEvent",
        "application/octet-stream",
        Bytes::from(vec![7; size]),
    );
    EventMessage {
        headers: vec![
            (":date".into(), EventHeader::Timestamp(1_700_000_000_000)),
            (
                ":chunk-signature".into(),
                EventHeader::Bytes(Bytes::from_static(&[7; 32])),
            ),
        ],
        payload: inner.encode().expect("a frame"),
    }
    .encode()
    .expect("a frame")
}

/// Starts a server that reads requests and responds with the same number of events at the same time.
fn serve(events: usize) -> u16 {
    let (sender, port) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
                .await
                .expect("a port");
            sender
                .send(listener.local_addr().expect("an address").port())
                .expect("sent");
            while let Ok((socket, _)) = listener.accept().await {
                socket.set_nodelay(true).expect("no delay");
                let service = hyper::service::service_fn(
                    move |request: hyper::Request<Incoming>| async move {
                        let mut body = request.into_body();
                        let (done, read) = tokio::sync::oneshot::channel();
                        tokio::spawn(async move {
                            while let Some(Ok(_)) = body.frame().await {}
                            let _ = done.send(());
                        });
                        // The response ends after the request.
                        let end = stream::once(async move {
                            let _ = read.await;
                            Ok(Frame::data(Bytes::new()))
                        });
                        let frames =
                            (0..events).map(|_| Ok::<_, Infallible>(Frame::data(received())));
                        Ok::<_, Infallible>(hyper::Response::new(StreamBody::new(
                            stream::iter(frames).chain(end),
                        )))
                    },
                );
                tokio::spawn(
                    hyper::server::conn::http2::Builder::new(TokioExecutor::new())
                        .serve_connection(TokioIo::new(socket), service),
                );
            }
        });
    });
    port.recv().expect("a port")
}

/// Sends and receives events with inia.
async fn converse(port: u16, size: usize, events: usize) {
    let config = Config::new()
        .endpoint_url(format!("http://127.0.0.1:{port}"))
        .inject_host_prefix(false);
    let client = Session::builder()
        .region("us-east-1")
        .credentials(Credentials::new("AKIDEXAMPLE", "secret", None))
        .config(&config)
        .build()
        .and_then(|session| session.client("connecthealth"))
        .expect("a client");
    let params = json!({
        "sessionId": "01234567-89ab-cdef-0123-456789abcdef", "domainId": "hai-0123456789abcdef",
        "subscriptionId": "sub-0123456789abcdefghijk", "languageCode": "en-US", "mediaSampleRateHertz": 16000,
        "mediaEncoding": "pcm"
    });
    let call = client.call("StartMedicalScribeListeningSession", params);
    let (mut send, mut receive) = call.duplex().await.expect("a conversation");
    let audio = Blob::from(vec![7; size]);
    let sending = async move {
        for _ in 0..events {
            let event = json!({"binaryAudioEvent": {"audioChunk": audio.clone()}});
            send.send(event).await.expect("sent");
        }
    };
    let receiving = async move {
        let mut count = 0;
        while let Some(event) = receive.next().await {
            assert!(!matches!(
                event.expect("an event")["transcriptEvent"],
                Value::Null
            ));
            count += 1;
        }
        assert_eq!(count, events);
    };
    join(sending, receiving).await;
}

/// Sends and receives the same bytes with hyper.
async fn send_bare(port: u16, size: usize, events: usize) {
    let socket = tokio::net::TcpStream::connect(("127.0.0.1", port))
        .await
        .expect("a connection");
    socket.set_nodelay(true).expect("no delay");
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(socket))
            .await
            .expect("a handshake");
    tokio::spawn(connection);
    let frame = signed(size);
    let frames = (0..events).map(move |_| Ok::<_, Infallible>(Frame::data(frame.clone())));
    let request = hyper::Request::post(format!("http://127.0.0.1:{port}/medical-scribe-stream/"))
        .body(StreamBody::new(stream::iter(frames)))
        .expect("a request");
    let mut body = sender
        .send_request(request)
        .await
        .expect("a response")
        .into_body();
    let mut read = 0;
    while let Some(frame) = body.frame().await {
        read += frame.expect("a frame").data_ref().map_or(0, Bytes::len);
    }
    assert_eq!(read, received().len() * events);
}

/// Computes the digests and the signature that each event needs.
fn digest(size: usize, events: usize) {
    let payload = BytesMut::zeroed(size + 100);
    let mut previous = [0; 32];
    for _ in 0..events {
        let mut mac = Hmac::<Sha256>::new_from_slice(&previous).expect("a key");
        mac.update(&Sha256::digest(&payload));
        mac.update(&Sha256::digest([0; 15]));
        mac.update(&[0; 200]);
        previous = mac.finalize().into_bytes().into();
    }
    assert_ne!(previous, [0; 32]);
}
