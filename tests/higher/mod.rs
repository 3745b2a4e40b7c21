//! What the suites of the higher layers share: shapes that paths lead through, and a client whose answers are given ahead.

// Each suite is a program of its own and uses a part of this.
#![allow(dead_code)]

#[path = "../fakes/mod.rs"]
pub(crate) mod fakes;
pub(crate) mod paths;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use inia::ports::{BoxFuture, Clock, Host};
use inia::{
    Catalog, Client, Credentials, Error, ErrorKind, Headers, Result, Session, SessionBuilder,
    Timestamp, Transport, Value, WireBody, WireRequest, WireResponse,
};

/// The built-in definitions.
pub(crate) fn catalog() -> Catalog {
    Catalog::new(inia_builtin::archive())
}

/// A transport that gives prepared answers and keeps the requests.
#[derive(Debug, Default)]
pub(crate) struct Canned {
    answers: Mutex<VecDeque<(u16, String)>>,
    requests: Mutex<Vec<Request>>,
}

/// A request as far as the tests look at it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) body: String,
}

impl Canned {
    /// Answers in their order: each an HTTP status and a body.
    pub(crate) fn new<B: ToString>(answers: impl IntoIterator<Item = (u16, B)>) -> Arc<Self> {
        let answers = answers
            .into_iter()
            .map(|(status, body)| (status, body.to_string()));
        Arc::new(Canned {
            answers: Mutex::new(answers.collect()),
            requests: Mutex::default(),
        })
    }

    /// Successes in their order.
    pub(crate) fn pages(answers: impl IntoIterator<Item = Value>) -> Arc<Self> {
        Canned::new(answers.into_iter().map(|answer| (200, answer.to_json())))
    }

    /// The requests so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// The bodies of the requests so far, each a JSON text.
    pub(crate) fn params(&self) -> Vec<Value> {
        let parsed = |request: &Request| serde_json::from_str(&request.body).unwrap();
        self.requests.lock().unwrap().iter().map(parsed).collect()
    }

    /// A session over this transport.
    pub(crate) fn session(self: &Arc<Self>) -> SessionBuilder {
        self.session_over(host(Arc::new(Sleeps::default())))
    }

    /// A session over this transport and the given ports.
    pub(crate) fn session_over(self: &Arc<Self>, host: Host) -> SessionBuilder {
        SessionBuilder::over(host)
            .region("us-east-1")
            .credentials(Credentials::new("AKIDEXAMPLE", "secret", None))
            .transport(self.clone())
    }

    /// A client of a service over this transport.
    pub(crate) fn client(self: &Arc<Self>, service: &str) -> Client {
        let session: Session = self.session().build().unwrap();
        session.client(service).unwrap()
    }
}

impl Transport for Canned {
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
            // Others get a turn, as on a network.
            tokio::task::yield_now().await;
            let Some((status, body)) = self.answers.lock().unwrap().pop_front() else {
                return Err(Error::new(ErrorKind::Config, "no answer is left"));
            };
            Ok(WireResponse {
                status,
                headers: Headers::new(),
                body: body.into_bytes().into(),
            })
        })
    }
}

/// The fakes of all ports, with a clock that tells how long was slept.
pub(crate) fn host(clock: Arc<Sleeps>) -> Host {
    let world = fakes::World::new(fakes::FakeEnv::default(), 1_800_000_000);
    Host {
        clock,
        ..world.host()
    }
}

/// A clock on which no time passes, and which keeps every sleep in seconds.
#[derive(Debug, Default)]
pub(crate) struct Sleeps(Mutex<Vec<f64>>);

impl Sleeps {
    pub(crate) fn seconds(&self) -> Vec<f64> {
        self.0.lock().unwrap().clone()
    }
}

impl Clock for Sleeps {
    fn now(&self) -> Timestamp {
        Timestamp::new(1_800_000_000, 0)
    }

    fn sleep(&self, time: std::time::Duration) -> BoxFuture<'_, ()> {
        self.0.lock().unwrap().push(time.as_secs_f64());
        Box::pin(std::future::ready(()))
    }
}
