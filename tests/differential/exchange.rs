//! Calls on inia's side: a client over an in-memory transport that records requests and returns one response for all of
//! them.

use std::sync::{Arc, Mutex, PoisonError};

use inia_core::ports::BoxFuture;
use inia_core::{
    Blob, Credentials, Error, ErrorKind, List, Lookup, Map, Provider, ProviderContext, Result,
    ServiceError, Str, Token, TokenChain, Value,
};
use inia_dispatch::{
    ByteStream, Client, Output, Session, Transport, WireBody, WireRequest, WireResponse,
};
use inia_model::{Catalog, Operation};
use inia_protocol::Headers;

use crate::fakes::{FakeEnv, FakePorts, block_on};

/// Time of all calls: 2026-01-02T03:04:05Z, as in `peer.py`.
const NOW: i64 = 1_767_323_045;
/// Response to endpoint discovery operations other than the call itself, as in `peer.py`.
const ENDPOINTS: &str =
    r#"{"Endpoints":[{"Address":"discovered.example.com","CachePeriodInMinutes":60}]}"#;
/// Maximum body size in bytes.
const LIMIT: usize = 1 << 24;

/// A response as bytes.
#[derive(Clone, Debug, Default)]
pub struct ResponseBytes {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl ResponseBytes {
    /// Sets a header.
    pub fn header(&mut self, name: &str, value: impl Into<String>) {
        self.headers
            .retain(|(key, _)| !key.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.into()));
    }
}

/// A request as bytes.
#[derive(Clone, Debug, Default)]
pub struct SentRequest {
    pub method: String,
    pub url: String,
    /// Lower-case names.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl SentRequest {
    /// Returns the value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

/// Outcome of a call.
#[derive(Clone, Debug)]
pub enum CallOutcome {
    /// The parsed output, with status and request id as `ResponseMetadata`.
    Output(Value),
    /// The service error.
    Error(Box<ServiceError>),
    /// Any other error: kind, message, and paths of invalid parameters.
    Failure {
        kind: ErrorKind,
        message: String,
        paths: Vec<String>,
    },
}

/// Requests and outcome of a call.
#[derive(Clone, Debug)]
pub struct Exchange {
    pub requests: Vec<SentRequest>,
    pub outcome: CallOutcome,
}

/// The in-memory transport.
#[derive(Debug, Default)]
struct CannedTransport(Mutex<TransportState>);

#[derive(Debug, Default)]
struct TransportState {
    response: ResponseBytes,
    is_for_endpoints: bool,
    requests: Vec<SentRequest>,
}

impl CannedTransport {
    fn state(&self) -> std::sync::MutexGuard<'_, TransportState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Transport for CannedTransport {
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
            let sent = SentRequest {
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

/// Provides a constant bearer token.
#[derive(Debug)]
struct ConstantToken;

impl Provider<Token> for ConstantToken {
    fn name(&self) -> &str {
        "test"
    }

    fn load<'a>(&'a self, _context: &'a ProviderContext) -> BoxFuture<'a, Result<Lookup<Token>>> {
        let token = Token::new("bearer-token");
        Box::pin(std::future::ready(Ok(Lookup::Found(token))))
    }
}

/// A client of one service.
pub struct IniaClient {
    pub client: Client,
    transport: Arc<CannedTransport>,
}

impl IniaClient {
    /// Creates a client with only keys, an account id and a region.
    pub fn new(catalog: &Arc<Catalog>, service: &str, region: &str) -> Result<IniaClient> {
        let transport = Arc::new(CannedTransport::default());
        let mut credentials = Credentials::new("AKIDEXAMPLE", "secret", Some("token"));
        credentials.account_id = Some("123456789012".into());
        let config = inia_core::config::Config::new().max_attempts(1);
        let tokens = TokenChain::new(vec![Arc::new(ConstantToken)])?;
        let session: Session = Session::builder()
            .host(FakePorts::new(FakeEnv::default(), NOW).host())
            .catalog(Arc::clone(catalog))
            .region(region)
            .credentials(credentials)
            .config(&config)
            .token_chain(tokens)
            .transport(transport.clone())
            .build()?;
        Ok(IniaClient {
            client: session.client(service)?,
            transport,
        })
    }

    /// Makes a call that gets the given response.
    pub fn call(&self, operation: &Operation, params: Value, response: &ResponseBytes) -> Exchange {
        *self.transport.state() = TransportState {
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

    /// Returns an output with its streams read into it, as the peer does.
    async fn output(&self, operation: &Operation, output: Output) -> Result<CallOutcome> {
        let Output {
            value,
            metadata,
            body,
            events,
            ..
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
            while let Some(event) = events.next().await {
                match event {
                    Ok(event) => list.push(event),
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
        Ok(CallOutcome::Output(map.into()))
    }
}

fn failure(error: Error) -> CallOutcome {
    match error.service() {
        Some(service) => CallOutcome::Error(Box::new(service.clone())),
        None => CallOutcome::Failure {
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
