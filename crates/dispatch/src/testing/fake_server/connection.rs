//! Accepts connections, and answers their requests.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use inia_core::{Credentials, ErrorKind, ServiceError, Str, Value};
use inia_model::Operation;
use inia_protocol::{Headers, Response};
use tokio::net::{TcpListener, TcpStream};

use super::super::stub_client::StubSession;
use super::super::stub_rules::StubCall;
use super::directory::{FoundCall, PREFIX, ServiceDirectory};
use super::fault::{Fault, FaultKind};
use super::http_request::{HttpRequest, Unreadable};
use super::{sample, signature};

/// Answers the requests of a server.
pub(super) struct Handler {
    pub(super) directory: ServiceDirectory,
    pub(super) stubs: StubSession,
    pub(super) faults: Vec<Fault>,
    /// Signatures are verified with these keys, if there are any.
    pub(super) keys: Vec<Credentials>,
}

/// A request that gets no response: its connection is closed.
#[derive(Debug)]
struct Closed;

impl std::fmt::Display for Closed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the connection is closed on purpose")
    }
}

impl std::error::Error for Closed {}

/// Accepts connections until the listener fails.
pub(super) async fn accept(listener: TcpListener, handler: Arc<Handler>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(serve(stream, Arc::clone(&handler)));
            }
            // Such as too many open files: others may be closed meanwhile.
            Err(error) => {
                tracing::warn!("the fake server cannot accept a connection: {error}");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

async fn serve(stream: TcpStream, handler: Arc<Handler>) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let handler = Arc::clone(&handler);
        async move {
            let response = handler.respond(request).await?;
            to_http(response)
        }
    });
    let connection =
        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    if let Err(error) = connection.await {
        tracing::debug!("a connection of the fake server ended: {error}");
    }
}

impl Handler {
    async fn respond(&self, request: hyper::Request<Incoming>) -> Result<Response, Closed> {
        let request = match HttpRequest::read(request).await {
            Ok(request) => request,
            Err(Unreadable::Closed) => return Err(Closed),
            Err(Unreadable::TooLong) => return Ok(text_response(413, "the body is too long")),
        };
        let found = self.directory.find(&request);
        // A random number for each fault: with one for all, the first would hide every rarer one.
        let mut faults = self.faults.iter();
        if let Some(fault) = faults.find(|fault| fault.occurs(fastrand::f64())) {
            return self.fail(fault, found.as_ref()).await;
        }
        let Some(found) = found else {
            return Ok(text_response(
                404,
                &format!(
                    "no operation matches {} {}; if the request does not identify its service, use the endpoint URL http://..{PREFIX}SERVICE",
                    request.method, request.path
                ),
            ));
        };
        let Some(operation) = found.operation() else {
            return Ok(text_response(500, "unknown operation"));
        };
        if !self.keys.is_empty()
            && operation.auth_type.as_deref() != Some("none")
            && let Err(refusal) = signature::verify(&request, &self.keys)
        {
            let error = service_error(refusal.code(), refusal.message(), 403);
            return Ok(error_response(&found, operation, &error));
        }
        self.call(&found, operation).await
    }

    /// Answers a call by the rules of the server.
    async fn call(&self, found: &FoundCall, operation: &Operation) -> Result<Response, Closed> {
        let model = found.codec.model();
        let params = match found.codec.parse_request(operation, &found.request) {
            Ok(params) => params,
            Err(error) => {
                let error = service_error("SerializationException", &format!("{error:#}"), 400);
                return Ok(error_response(found, operation, &error));
            }
        };
        let call = StubCall {
            service: model.name().clone(),
            operation: operation.name.clone(),
            params: params.clone(),
            body: None,
        };
        let output = match self.stubs.answer_or_none(call) {
            Ok(None) => Ok(sample::output(model, operation)),
            Ok(Some((answer, delay))) => {
                if !delay.is_zero() {
                    tokio::time::sleep(delay).await;
                }
                answer.into_value(model, operation, &params)
            }
            Err(error) => Err(error),
        };
        Ok(match output {
            Ok(output) => success_response(found, operation, &output),
            Err(error) => match (error.kind(), error.service()) {
                (_, Some(service)) => error_response(found, operation, service),
                (ErrorKind::Connection | ErrorKind::Timeout, None) => return Err(Closed),
                // In the wire format of the service, so that any client shows the message.
                _ => {
                    let error = service_error("FakeServerError", &format!("{error:#}"), 500);
                    error_response(found, operation, &error)
                }
            },
        })
    }

    async fn fail(&self, fault: &Fault, found: Option<&FoundCall>) -> Result<Response, Closed> {
        match &fault.kind {
            FaultKind::Status(status) => Ok(text_response(*status, "")),
            FaultKind::Reset => Err(Closed),
            FaultKind::Stall => std::future::pending().await,
            FaultKind::Error(code) => {
                let error = service_error(code, "a fault of the fake server", 400);
                match found.and_then(|found| Some((found, found.operation()?))) {
                    Some((found, operation)) => Ok(error_response(found, operation, &error)),
                    None => Ok(text_response(400, code)),
                }
            }
        }
    }
}

fn success_response(found: &FoundCall, operation: &Operation, output: &Value) -> Response {
    match found.codec.write_response(operation, output) {
        Ok(mut response) => {
            let service = found.codec.model().name();
            for row in &RESPONSE_ROWS {
                if *row.service == **service && *row.operation == *operation.name {
                    (row.change)(output, &mut response);
                }
            }
            response
        }
        Err(error) => text_response(500, &format!("the output cannot be written: {error:#}")),
    }
}

/// A change to the response of an operation whose definition does not describe it.
struct ResponseRow {
    service: &'static str,
    operation: &'static str,
    change: fn(&Value, &mut Response),
}

const RESPONSE_ROWS: [ResponseRow; 1] = [ResponseRow {
    service: "s3",
    operation: "GetBucketLocation",
    change: bucket_location,
}];

/// Writes the location as the text of the root element.
///
/// # Source
/// botocore `handlers.py:parse_get_bucket_location`.
fn bucket_location(output: &Value, response: &mut Response) {
    let region = output["LocationConstraint"].as_str().unwrap_or_default();
    let body = format!(
        "<LocationConstraint xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">{region}</LocationConstraint>"
    );
    response.body = body.into();
}

fn error_response(found: &FoundCall, operation: &Operation, error: &ServiceError) -> Response {
    match found.codec.write_error(Some(operation), error) {
        Ok(response) => response,
        Err(error) => text_response(500, &format!("the error cannot be written: {error:#}")),
    }
}

fn service_error(code: &str, message: &str, status: u16) -> ServiceError {
    ServiceError {
        code: Str::from(code),
        message: Str::from(message),
        http_status: status,
        ..ServiceError::default()
    }
}

fn text_response(status: u16, text: &str) -> Response {
    let mut headers = Headers::new();
    headers.push("content-type", "text/plain");
    Response {
        status,
        headers,
        body: Bytes::copy_from_slice(text.as_bytes()),
    }
}

fn to_http(response: Response) -> Result<hyper::Response<WholeBody>, Closed> {
    let mut builder = hyper::Response::builder().status(response.status);
    for (name, value) in &response.headers {
        builder = builder.header(name.as_str(), value.as_bytes());
    }
    builder
        .body(WholeBody(Some(response.body)))
        .map_err(|error| {
            tracing::warn!("the fake server cannot send a response: {error}");
            Closed
        })
}

/// A body in memory.
struct WholeBody(Option<Bytes>);

impl Body for WholeBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let bytes = self.0.take().filter(|bytes| !bytes.is_empty());
        Poll::Ready(bytes.map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.as_ref().is_none_or(Bytes::is_empty)
    }

    fn size_hint(&self) -> SizeHint {
        let length = self.0.as_ref().map_or(0, Bytes::len);
        SizeHint::with_exact(length as u64)
    }
}
