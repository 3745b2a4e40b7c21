//! Shared by the suites of the higher layers: checks of JMESPath expressions against shapes, and clients with canned
//! responses.

// Each test suite is a separate crate and uses a part of this module.
#![allow(dead_code)]

#[path = "../fakes/mod.rs"]
pub(crate) mod fakes;
pub(crate) mod paths;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use inia::ports::{BoxFuture, Clock, Host};
use inia::{
    Client, Credentials, Error, ErrorKind, Result, Session, SessionBuilder, Timestamp, Value,
    model::Catalog, protocol::Headers, transport::Transport, transport::WireBody,
    transport::WireRequest, transport::WireResponse,
};

/// The built-in definitions.
pub(crate) fn catalog() -> Catalog {
    Catalog::new(inia_builtin::archive())
}

/// A transport that returns canned responses and records requests.
#[derive(Debug, Default)]
pub(crate) struct CannedTransport {
    responses: Mutex<VecDeque<(u16, String)>>,
    requests: Mutex<Vec<Request>>,
}

/// The compared parts of a request.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) body: String,
}

impl CannedTransport {
    /// Creates a transport with responses in order: HTTP status and body.
    pub(crate) fn new<B: ToString>(responses: impl IntoIterator<Item = (u16, B)>) -> Arc<Self> {
        let responses = responses
            .into_iter()
            .map(|(status, body)| (status, body.to_string()));
        Arc::new(CannedTransport {
            responses: Mutex::new(responses.collect()),
            requests: Mutex::default(),
        })
    }

    /// Creates a transport with successful responses in order.
    pub(crate) fn pages(responses: impl IntoIterator<Item = Value>) -> Arc<Self> {
        CannedTransport::new(
            responses
                .into_iter()
                .map(|response| (200, response.to_json())),
        )
    }

    /// Returns the requests so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// Returns the JSON bodies of the requests so far.
    pub(crate) fn params(&self) -> Vec<Value> {
        let parsed = |request: &Request| serde_json::from_str(&request.body).unwrap();
        self.requests.lock().unwrap().iter().map(parsed).collect()
    }

    /// Returns a session with this transport.
    pub(crate) fn session(self: &Arc<Self>) -> SessionBuilder {
        self.session_over(host(Arc::new(SleepRecorder::default())))
    }

    /// Returns a session with this transport and the given ports.
    pub(crate) fn session_over(self: &Arc<Self>, host: Host) -> SessionBuilder {
        Session::builder()
            .host(host)
            .region("us-east-1")
            .credentials(Credentials::new("AKIDEXAMPLE", "secret", None))
            .transport(self.clone())
    }

    /// Returns a client with this transport.
    pub(crate) fn client(self: &Arc<Self>, service: &str) -> Client {
        let session: Session = self.session().build().unwrap();
        session.client(service).unwrap()
    }
}

impl Transport for CannedTransport {
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<WireResponse>> {
        Box::pin(async move {
            let body = match request.body {
                WireBody::Bytes(bytes) => bytes.to_vec(),
                WireBody::Stream(stream) => stream.collect(1 << 20).await?.to_vec(),
            };
            self.requests.lock().unwrap().push(Request {
                method: request.method.to_string(),
                url: request.url,
                body: String::from_utf8(body).unwrap(),
            });
            // Yields, so that concurrent calls interleave.
            tokio::task::yield_now().await;
            let Some((status, body)) = self.responses.lock().unwrap().pop_front() else {
                return Err(Error::new(ErrorKind::Config, "no canned response is left"));
            };
            Ok(WireResponse {
                status,
                headers: Headers::new(),
                body: body.into_bytes().into(),
            })
        })
    }
}

/// Returns fake ports with a clock that records sleeps.
pub(crate) fn host(clock: Arc<SleepRecorder>) -> Host {
    let ports = fakes::FakePorts::new(fakes::FakeEnv::default(), 1_800_000_000);
    Host {
        clock,
        ..ports.host()
    }
}

/// A clock that stands still and records each sleep in seconds.
#[derive(Debug, Default)]
pub(crate) struct SleepRecorder(Mutex<Vec<f64>>);

impl SleepRecorder {
    pub(crate) fn seconds(&self) -> Vec<f64> {
        self.0.lock().unwrap().clone()
    }
}

impl Clock for SleepRecorder {
    fn now(&self) -> Timestamp {
        Timestamp::new(1_800_000_000, 0)
    }

    fn sleep(&self, time: std::time::Duration) -> BoxFuture<'_, ()> {
        self.0.lock().unwrap().push(time.as_secs_f64());
        Box::pin(std::future::ready(()))
    }
}
