//! A single-threaded loopback server that serves the fixtures by operation: `stub FIXTURES [PORT]`.
//!
//! Prints its port. The operation is in `x-amz-target`, in `Action=` of a form, or in the path of an RPC.

#![forbid(unsafe_code)]

use std::collections::HashMap;
use std::convert::Infallible;
use std::path::Path;
use std::sync::Arc;

use bench_harness::{Fixtures, Reply};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;

/// Formats in which an operation can be called.
const FORMATS: [&str; 3] = ["json", "smithy-rpc-v2-cbor", "query"];

/// Responses by operation and, if they differ, by format.
type Responses = HashMap<(String, &'static str), Response<Full<Bytes>>>;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut args = std::env::args().skip(1);
    let fixtures = Fixtures::at(Path::new(
        &args.next().expect("usage: stub FIXTURES [PORT]"),
    ));
    let port: u16 = args.next().map_or(0, |port| port.parse().expect("a port"));
    let mut responses = Responses::new();
    for case in fixtures.cases() {
        for format in FORMATS {
            let key = (case.operation.clone(), format);
            let reply = fixtures.reply(&case.name, format);
            responses.entry(key).or_insert_with(|| response(reply));
        }
    }
    let responses = Arc::new(responses);
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port))
        .await
        .expect("a port");
    println!("{}", listener.local_addr().expect("an address").port());
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        let _ = stream.set_nodelay(true);
        let responses = Arc::clone(&responses);
        let service =
            hyper::service::service_fn(move |request| serve(request, Arc::clone(&responses)));
        let connection = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service);
        tokio::spawn(async move {
            // Errors of a connection do not affect other clients.
            let _ = connection.await;
        });
    }
}

fn response(reply: Reply) -> Response<Full<Bytes>> {
    let mut response = Response::builder().status(reply.status);
    for (name, value) in &reply.headers {
        // Written by the server itself.
        if !["connection", "content-length", "date"].contains(&name.to_ascii_lowercase().as_str()) {
            response = response.header(name, value);
        }
    }
    response.body(Full::new(reply.body)).expect("a response")
}

async fn serve(
    request: Request<Incoming>,
    responses: Arc<Responses>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = match body.collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => Bytes::new(),
    };
    let form = || {
        let fields = body.split(|byte| *byte == b'&');
        let mut actions = fields.filter_map(|field| field.strip_prefix(b"Action="));
        actions.next().map(String::from_utf8_lossy)
    };
    let target = head.headers.get("x-amz-target");
    let key = if let Some(target) = target.and_then(|target| target.to_str().ok()) {
        let operation = target.rsplit('.').next().unwrap_or_default();
        Some((operation.to_owned(), "json"))
    } else if let Some((_, operation)) = head.uri.path().split_once("/operation/") {
        Some((operation.to_owned(), "smithy-rpc-v2-cbor"))
    } else {
        form().map(|operation| (operation.into_owned(), "query"))
    };
    Ok(match key.and_then(|key| responses.get(&key)) {
        Some(response) => response.clone(),
        None => {
            let mut response = Response::new(Full::default());
            *response.status_mut() = http::StatusCode::NOT_FOUND;
            response
        }
    })
}
