//! Our side of a call: a client over a transport that sends nothing, keeps the requests and answers them all with one response.

use std::sync::{Arc, Mutex, PoisonError};

use inia_core::ports::BoxFuture;
use inia_core::{
    Blob, Credentials, Error, ErrorKind, List, Lookup, Map, ProviderContext, Result, ServiceError,
    Str, Token, TokenChain, TokenProvider, Value,
};
use inia_dispatch::{
    ByteStream, Client, Output, Session, SessionBuilder, Transport, WireBody, WireRequest,
    WireResponse,
};
use inia_model::{Catalog, Operation};
use inia_protocol::Headers;

use crate::fakes::{FakeEnv, World, block_on};

/// When all of this happens: 2026-01-02T03:04:05Z, as in `peer.py`.
const NOW: i64 = 1_767_323_045;
/// What an operation that asks for endpoints is answered with when it is not the one of the call, as in `peer.py`.
const ENDPOINTS: &str =
    r#"{"Endpoints":[{"Address":"discovered.example.com","CachePeriodInMinutes":60}]}"#;
/// The most bytes of a body.
const LIMIT: usize = 1 << 24;

/// A response as bytes.
#[derive(Clone, Debug, Default)]
pub struct Wire {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Wire {
    /// Sets a header.
    pub fn header(&mut self, name: &str, value: impl Into<String>) {
        self.headers
            .retain(|(key, _)| !key.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.into()));
    }
}

/// A request as bytes.
#[derive(Clone, Debug, Default)]
pub struct Sent {
    pub method: String,
    pub url: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Sent {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

/// How a call ended.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// What was parsed, and the status and request id as `ResponseMetadata`.
    Output(Value),
    /// The service's error.
    Error(Box<ServiceError>),
    /// Anything else: what kind of failure, what it says, and which parameters are to blame.
    Failure {
        kind: ErrorKind,
        message: String,
        paths: Vec<String>,
    },
}

/// What a call did.
#[derive(Clone, Debug)]
pub struct Exchange {
    pub requests: Vec<Sent>,
    pub outcome: Outcome,
}

/// The transport.
#[derive(Debug, Default)]
struct Canned(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    response: Wire,
    is_for_endpoints: bool,
    requests: Vec<Sent>,
}

impl Canned {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Transport for Canned {
    fn send(&self, request: WireRequest) -> BoxFuture<'_, Result<WireResponse>> {
        Box::pin(async move {
            let body = match request.body {
                WireBody::Bytes(bytes) => bytes,
                WireBody::Stream(stream) => stream.collect(LIMIT).await?,
            };
            let mut state = self.state();
            let headers: Vec<(String, String)> = request
                .headers
                .iter()
                .map(|(name, value)| (name.to_string(), value.to_string()))
                .collect();
            let sent = Sent {
                method: request.method.to_string(),
                url: request.url,
                headers,
                body: body.to_vec(),
            };
            let asks_for_endpoints = sent
                .header("x-amz-target")
                .is_some_and(|target| target.ends_with(".DescribeEndpoints"));
            state.requests.push(sent);
            if asks_for_endpoints && !state.is_for_endpoints {
                return Ok(WireResponse {
                    status: 200,
                    headers: Headers::new(),
                    body: ByteStream::from(ENDPOINTS),
                });
            }
            let headers = state
                .response
                .headers
                .iter()
                .map(|(name, value)| (name.to_ascii_lowercase(), value.as_str()));
            Ok(WireResponse {
                status: state.response.status,
                headers: headers.collect(),
                body: ByteStream::from(state.response.body.clone()),
            })
        })
    }
}

/// A bearer token for whoever asks.
#[derive(Debug)]
struct Tokens;

impl TokenProvider for Tokens {
    fn name(&self) -> &str {
        "test"
    }

    fn load<'a>(
        &'a self,
        _context: &'a ProviderContext,
        _signing_name: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Lookup<Token>>> {
        let token = Token {
            token: "bearer-token".into(),
            expires: None,
        };
        Box::pin(std::future::ready(Ok(Lookup::Found(token))))
    }
}

/// A client of one service.
pub struct Ours {
    pub client: Client,
    transport: Arc<Canned>,
}

impl Ours {
    /// A client as a user has it who has given keys, an account and a region, and nothing else.
    pub fn new(catalog: &Arc<Catalog>, service: &str, region: &str) -> Result<Ours> {
        let transport = Arc::new(Canned::default());
        let mut credentials = Credentials::new("AKIDEXAMPLE", "secret", Some("token"));
        credentials.account_id = Some("123456789012".into());
        let config = inia_core::config::Config::new().max_attempts(1);
        let mut tokens = TokenChain::empty();
        tokens.push(Arc::new(Tokens))?;
        let session: Session = SessionBuilder::over(World::new(FakeEnv::default(), NOW).host())
            .catalog(Arc::clone(catalog))
            .region(region)
            .credentials(credentials)
            .config(&config)
            .core(|core| core.token_chain(tokens))
            .transport(transport.clone())
            .build()?;
        Ok(Ours {
            client: session.client(service)?,
            transport,
        })
    }

    /// Makes a call that is answered with a response.
    pub fn call(&self, operation: &Operation, params: Value, response: &Wire) -> Exchange {
        *self.transport.state() = State {
            response: response.clone(),
            is_for_endpoints: operation.name == "DescribeEndpoints",
            requests: Vec::new(),
        };
        let call = self.client.call(&operation.name, params);
        let outcome = block_on(async {
            match call.send().await {
                Ok(output) => self.output(operation, output).await.unwrap_or_else(failure),
                Err(error) => failure(error),
            }
        });
        Exchange {
            requests: std::mem::take(&mut self.transport.state().requests),
            outcome,
        }
    }

    /// An output with its streams read into it, as the other side tells it.
    async fn output(&self, operation: &Operation, output: Output) -> Result<Outcome> {
        let Output {
            value,
            metadata,
            body,
            events,
        } = output;
        let mut map = match value {
            Value::Map(map) => map,
            _ => Map::new(),
        };
        let model = self.client.model();
        if let (Some(body), Some(member)) = (body, model.streaming_output(operation)) {
            map.insert(member.name.clone(), Blob::from(body.collect(LIMIT).await?));
        }
        if let (Some(mut events), Some(member)) = (events, model.event_stream_output(operation)) {
            let mut list = List::new();
            loop {
                match events.next().await {
                    Ok(Some(event)) => list.push(event),
                    Ok(None) => break,
                    Err(error) => {
                        let service = error.service().cloned().ok_or(error)?;
                        let error: Map = [
                            ("Code", Value::from(service.code)),
                            ("Message", service.message.into()),
                        ]
                        .into_iter()
                        .collect();
                        list.push(
                            [("\0error", Value::from(error))]
                                .into_iter()
                                .collect::<Map>(),
                        );
                        break;
                    }
                }
            }
            map.insert(member.name.clone(), list);
        }
        let mut about = Map::new();
        about.insert("HTTPStatusCode", i64::from(metadata.http_status));
        if let Some(id) = metadata.request_id {
            about.insert("RequestId", id);
        }
        map.insert(Str::from("ResponseMetadata"), about);
        Ok(Outcome::Output(map.into()))
    }
}

fn failure(error: Error) -> Outcome {
    match error.service() {
        Some(service) => Outcome::Error(Box::new(service.clone())),
        None => Outcome::Failure {
            kind: error.kind(),
            message: format!("{error:#}"),
            paths: error
                .problems()
                .iter()
                .map(|problem| problem.path.clone())
                .collect(),
        },
    }
}
