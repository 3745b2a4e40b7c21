//! A loopback server of HTTP/2 without TLS for event streams. It checks the signature of each request and of each event that
//! chains to it, without the code that signs them.

// Each test suite is a separate crate and uses a part of this module.
#![allow(dead_code)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, RecvStream, SendStream};
use inia::Credentials;
use inia_protocol::{EventHeader, EventMessage, MessageDecoder};
use inia_signing::{
    HexDigest, Payload, SignableRequest, SigningKey, SigningKeyCache, SigningParams,
    SigningSettings, SigningTime, sign_v4,
};
use tokio::net::TcpListener;

pub(crate) const KEY_ID: &str = "AKIDEXAMPLE";
pub(crate) const SECRET: &str = "secret";

/// A server. Its tasks end with the runtime of the test.
pub(crate) struct EventServer {
    pub(crate) url: String,
    connections: Arc<AtomicUsize>,
}

impl EventServer {
    /// Starts a server that gives each request to `handler`, with its number.
    pub(crate) async fn start<F>(
        handler: impl Fn(Conversation, usize) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        Self::with_builder(h2::server::Builder::new(), handler).await
    }

    /// Starts a server with settings of HTTP/2.
    pub(crate) async fn with_builder<F>(
        builder: h2::server::Builder,
        handler: impl Fn(Conversation, usize) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let connections = Arc::new(AtomicUsize::new(0));
        let (count, handler) = (Arc::clone(&connections), Arc::new(handler));
        let requests = Arc::new(AtomicUsize::new(0));
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                socket.set_nodelay(true).unwrap();
                let connection_number = count.fetch_add(1, Ordering::SeqCst);
                let (handler, requests) = (Arc::clone(&handler), Arc::clone(&requests));
                let builder = builder.clone();
                tokio::spawn(async move {
                    let Ok(mut connection) = builder.handshake::<_, Bytes>(socket).await else {
                        return;
                    };
                    let cut = Arc::new(tokio::sync::Notify::new());
                    let goaway = Arc::new(tokio::sync::Notify::new());
                    loop {
                        let accepted = tokio::select! {
                            accepted = connection.accept() => accepted,
                            () = cut.notified() => return,
                            () = goaway.notified() => {
                                connection.graceful_shutdown();
                                continue;
                            }
                        };
                        let Some(Ok((request, response))) = accepted else {
                            return;
                        };
                        let (head, body) = request.into_parts();
                        let conversation = Conversation {
                            chain: SignatureChain::of(&head),
                            head,
                            body,
                            decoder: MessageDecoder::new(),
                            state: ResponseState::Waiting(response),
                            ended: false,
                            connection: connection_number,
                            cut: Arc::clone(&cut),
                            goaway: Arc::clone(&goaway),
                        };
                        let number = requests.fetch_add(1, Ordering::SeqCst);
                        tokio::spawn(handler(conversation, number));
                    }
                });
            }
        });
        EventServer {
            url: format!("http://127.0.0.1:{port}"),
            connections,
        }
    }

    /// Returns the number of connections so far.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// One request and its response.
pub(crate) struct Conversation {
    pub(crate) head: http::request::Parts,
    /// `None` if the request is not signed.
    chain: Option<SignatureChain>,
    body: RecvStream,
    decoder: MessageDecoder,
    state: ResponseState,
    ended: bool,
    /// Number of the connection.
    pub(crate) connection: usize,
    cut: Arc<tokio::sync::Notify>,
    goaway: Arc<tokio::sync::Notify>,
}

enum ResponseState {
    Waiting(SendResponse<Bytes>),
    Streaming(SendStream<Bytes>),
    Ended,
}

impl Conversation {
    /// Returns a header of the request.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.head
            .headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// Returns the next event, verified; `None` after the end frame, and an error if the request was reset.
    pub(crate) async fn next(&mut self) -> Result<Option<EventMessage>, h2::Error> {
        loop {
            if let Some(frame) = self.decoder.next().unwrap() {
                let Some(chain) = &mut self.chain else {
                    return Ok(Some(frame));
                };
                assert!(!self.ended, "a frame after the end frame");
                let message = chain.verify(&frame);
                if message.is_empty() {
                    self.ended = true;
                    continue;
                }
                let mut decoder = MessageDecoder::new();
                decoder.push(&message);
                let message = decoder.next().unwrap().unwrap();
                decoder.finish().unwrap();
                return Ok(Some(message));
            }
            match self.body.data().await.transpose()? {
                Some(data) => {
                    let _ = self.body.flow_control().release_capacity(data.len());
                    self.decoder.push(&data);
                }
                None => {
                    self.decoder.finish().unwrap();
                    return Ok(None);
                }
            }
        }
    }

    /// Reports whether the signed end frame has arrived.
    pub(crate) fn has_end_frame(&self) -> bool {
        self.ended
    }

    /// Reads all events to the end of the request, and returns their names and payloads as text.
    pub(crate) async fn all(&mut self) -> Vec<(String, String)> {
        let mut events = Vec::new();
        while let Some(event) = self.next().await.unwrap() {
            events.push(name_and_payload(&event));
        }
        assert!(self.ended || self.chain.is_none(), "no end frame");
        events
    }

    /// Sends the headers of a response.
    pub(crate) fn respond(&mut self, status: u16, headers: &[(&str, &str)]) {
        let mut response = http::Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        let ResponseState::Waiting(sender) = &mut self.state else {
            panic!("responded twice");
        };
        let stream = sender.send_response(response.body(()).unwrap(), false);
        // The client may have gone.
        self.state = stream.map_or(ResponseState::Ended, ResponseState::Streaming);
    }

    /// Sends the headers of a successful response with events.
    pub(crate) fn accept(&mut self) {
        self.respond(
            200,
            &[("content-type", "application/vnd.amazon.eventstream")],
        );
    }

    /// Sends bytes of the body, as fast as the client takes them. Returns false if the client has gone.
    pub(crate) async fn send_bytes(&mut self, mut bytes: Bytes) -> bool {
        let ResponseState::Streaming(stream) = &mut self.state else {
            return false;
        };
        while !bytes.is_empty() {
            stream.reserve_capacity(bytes.len());
            let capacity = std::future::poll_fn(|context| stream.poll_capacity(context)).await;
            let Some(Ok(capacity)) = capacity else {
                return false;
            };
            let part = bytes.split_to(capacity.min(bytes.len()));
            if stream.send_data(part, false).is_err() {
                return false;
            }
        }
        true
    }

    /// Sends an event.
    pub(crate) async fn send(&mut self, name: &str, payload: impl Into<Bytes>) -> bool {
        let frame = message("event", ":event-type", name, payload);
        self.send_bytes(frame.encode().unwrap()).await
    }

    /// Sends an exception.
    pub(crate) async fn exception(&mut self, name: &str, payload: &str) -> bool {
        let frame = message("exception", ":exception-type", name, payload.to_owned());
        self.send_bytes(frame.encode().unwrap()).await
    }

    /// Ends the response.
    pub(crate) fn finish(&mut self) {
        if let ResponseState::Streaming(stream) = &mut self.state {
            let _ = stream.send_data(Bytes::new(), true);
        }
        self.state = ResponseState::Ended;
    }

    /// Resets the stream.
    pub(crate) fn reset(&mut self, reason: Reason) {
        match &mut self.state {
            ResponseState::Waiting(sender) => sender.send_reset(reason),
            ResponseState::Streaming(stream) => stream.send_reset(reason),
            ResponseState::Ended => {}
        }
        self.state = ResponseState::Ended;
    }

    /// Closes the connection without notice.
    pub(crate) fn cut(&self) {
        self.cut.notify_one();
    }

    /// Announces that the connection takes no further requests.
    pub(crate) fn go_away(&self) {
        self.goaway.notify_one();
    }
}

/// Returns a message with its type and name.
pub(crate) fn message(
    kind: &str,
    header: &'static str,
    name: &str,
    payload: impl Into<Bytes>,
) -> EventMessage {
    EventMessage {
        headers: vec![
            (":message-type".into(), EventHeader::String(kind.into())),
            (header.into(), EventHeader::String(name.into())),
            (
                ":content-type".into(),
                EventHeader::String("application/json".into()),
            ),
        ],
        payload: payload.into(),
    }
}

/// Returns the name of an event, and its payload as text.
pub(crate) fn name_and_payload(event: &EventMessage) -> (String, String) {
    let name = event.text(":event-type").unwrap().to_string();
    let payload = String::from_utf8_lossy(&event.payload).into_owned();
    (name, payload)
}

/// The signature chain of a request.
struct SignatureChain {
    previous: String,
    key: ChainKey,
    scope: String,
}

enum ChainKey {
    V4(SigningKey),
    /// The public key.
    V4a(p256::ecdsa::VerifyingKey),
}

impl SignatureChain {
    /// Verifies the signature of a request, which starts the chain; `None` if it has none.
    fn of(head: &http::request::Parts) -> Option<Self> {
        let headers: BTreeMap<&str, &str> = head
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
            .collect();
        let authorization = headers.get("authorization")?;
        if let Some(rest) = authorization.strip_prefix("AWS4-ECDSA-P256-SHA256 Credential=") {
            return Some(Self::of_v4a(rest, &headers));
        }
        let rest = authorization.strip_prefix("AWS4-HMAC-SHA256 Credential=")?;
        assert_eq!(
            headers["x-amz-content-sha256"],
            "STREAMING-AWS4-HMAC-SHA256-EVENTS"
        );
        let (credential, rest) = rest.split_once(", SignedHeaders=").unwrap();
        let (signed, signature) = rest.split_once(", Signature=").unwrap();
        let scope: Vec<&str> = credential.split('/').collect();
        let [key_id, date, region, service, "aws4_request"] = scope[..] else {
            panic!("{credential}");
        };
        assert_eq!(key_id, KEY_ID);
        let time = signing_time(headers["x-amz-date"]);
        assert_eq!(date, time.date());
        let names: Vec<&str> = signed.split(';').collect();
        let pairs: Vec<(&str, &str)> = names
            .iter()
            .filter(|name| !["host", "x-amz-date", "x-amz-content-sha256"].contains(*name))
            .map(|name| (*name, headers[name]))
            .collect();
        let uri = &head.uri;
        let credentials = Credentials::new(KEY_ID, SECRET, None);
        let request = SignableRequest {
            method: head.method.as_str(),
            host: uri.authority().unwrap().as_str(),
            path: uri.path(),
            query: uri.query().unwrap_or_default(),
            headers: &pairs,
            payload: Payload::Events,
        };
        let params = SigningParams {
            credentials: &credentials,
            region,
            service,
            time,
            settings: SigningSettings::GENERAL,
        };
        let expected = sign_v4(&request, &params, &SigningKeyCache::default());
        assert_eq!(expected.authorization(), *authorization);
        Some(SignatureChain {
            previous: signature.to_owned(),
            key: ChainKey::V4(SigningKey::derive(SECRET, time, region, service)),
            scope: scope[1..].join("/"),
        })
    }

    /// Starts the chain of a request with a SigV4a signature, which is not verified itself.
    fn of_v4a(rest: &str, headers: &BTreeMap<&str, &str>) -> Self {
        assert_eq!(
            headers["x-amz-content-sha256"],
            "STREAMING-AWS4-ECDSA-P256-SHA256-EVENTS"
        );
        let (credential, rest) = rest.split_once(", SignedHeaders=").unwrap();
        let (_, signature) = rest.split_once(", Signature=").unwrap();
        let (_, scope) = credential.split_once('/').unwrap();
        let key = inia_signing::AsymmetricKey::derive(KEY_ID, SECRET).unwrap();
        let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(&key.public_key()).unwrap();
        SignatureChain {
            previous: signature.to_owned(),
            key: ChainKey::V4a(key),
            scope: scope.to_owned(),
        }
    }

    /// Verifies the signature of a frame, and returns the message in it.
    fn verify(&mut self, frame: &EventMessage) -> Bytes {
        let [(date_name, date), (signature_name, signature)] = &frame.headers[..] else {
            panic!("{frame:?}");
        };
        assert_eq!(
            (&**date_name, &**signature_name),
            (":date", ":chunk-signature")
        );
        let (EventHeader::Timestamp(millis), EventHeader::Bytes(signature)) = (date, signature)
        else {
            panic!("{frame:?}");
        };
        let mut header = vec![5];
        header.extend_from_slice(b":date");
        header.push(8);
        header.extend_from_slice(&millis.to_be_bytes());
        let time = SigningTime::from(inia::Timestamp::from_millis(*millis));
        let algorithm = match self.key {
            ChainKey::V4(_) => "AWS4-HMAC-SHA256",
            ChainKey::V4a(_) => "AWS4-ECDSA-P256-SHA256",
        };
        let text = format!(
            "{algorithm}-PAYLOAD\n{}\n{}\n{}\n{}\n{}",
            time.as_str(),
            self.scope,
            self.previous,
            HexDigest::of(&header).as_str(),
            HexDigest::of(&frame.payload).as_str(),
        );
        match &self.key {
            ChainKey::V4(key) => {
                let expected = key.sign(text.as_bytes());
                assert_eq!(signature[..], expected[..], "the chain is broken");
            }
            ChainKey::V4a(key) => {
                use p256::ecdsa::signature::Verifier as _;
                let der = p256::ecdsa::DerSignature::from_bytes(signature).unwrap();
                key.verify(text.as_bytes(), &der)
                    .expect("the chain is broken");
            }
        }
        self.previous = signature.iter().map(|byte| format!("{byte:02x}")).collect();
        frame.payload.clone()
    }
}

/// Parses a time such as `20150830T123600Z`.
fn signing_time(text: &str) -> SigningTime {
    let part = |range: std::ops::Range<usize>| &text[range];
    let iso = format!(
        "{}-{}-{}T{}:{}:{}Z",
        part(0..4),
        part(4..6),
        part(6..8),
        part(9..11),
        part(11..13),
        part(13..15)
    );
    SigningTime::from(inia::Timestamp::parse_lenient(&iso).unwrap())
}
