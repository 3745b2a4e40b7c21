//! [`Canned`]: an HTTP client for the SDK that responds from memory.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bench_harness::Reply;
use http_body_util::BodyExt;

/// Reads each request to its end, like a connection, and returns the response.
#[derive(Clone, Debug)]
pub struct Canned(SharedHttpConnector);

#[derive(Debug)]
struct Connector(Arc<CannedResponse>);

#[derive(Debug)]
struct CannedResponse {
    response: http::Response<bytes::Bytes>,
    dump: Option<PathBuf>,
    dumped: AtomicBool,
}

impl Canned {
    /// Returns a client that responds with `reply` and writes the first request to files with the prefix `dump`.
    pub fn new(reply: &Reply, dump: Option<PathBuf>) -> Canned {
        let mut response = http::Response::builder().status(reply.status);
        for (name, value) in &reply.headers {
            response = response.header(name, value);
        }
        let response = response.body(reply.body.clone()).expect("a response");
        let canned = CannedResponse {
            response,
            dumped: AtomicBool::new(dump.is_none()),
            dump,
        };
        Canned(SharedHttpConnector::new(Connector(Arc::new(canned))))
    }
}

impl HttpClient for Canned {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        self.0.clone()
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let canned = Arc::clone(&self.0);
        HttpConnectorFuture::new(async move {
            if !canned.dumped.swap(true, Ordering::Relaxed)
                && let Some(stem) = &canned.dump
            {
                dump(request, stem).await;
            } else {
                let mut body = request.into_body();
                match body.bytes() {
                    Some(bytes) => {
                        std::hint::black_box(bytes);
                    }
                    None => {
                        while let Some(frame) = body.frame().await {
                            std::hint::black_box(frame.expect("a frame"));
                        }
                    }
                }
            }
            let response = canned.response.clone().map(SdkBody::from);
            Ok(HttpResponse::try_from(response).expect("a response"))
        })
    }
}

/// Writes a request: `<stem>.head.txt` with the request line and sorted headers, `<stem>.body` with the body.
async fn dump(request: HttpRequest, stem: &Path) {
    let headers = request.headers().iter();
    let mut lines: Vec<String> = headers
        .map(|(name, value)| format!("{name}: {value}\n"))
        .collect();
    lines.sort();
    let line = format!("{} {}", request.method(), request.uri());
    let body = request
        .into_body()
        .collect()
        .await
        .expect("a body")
        .to_bytes();
    let head = format!("{line}\n{}\n[body: {} bytes]\n", lines.concat(), body.len());
    let write = |extension: &str, bytes: &[u8]| {
        let path = format!("{}.{extension}", stem.display());
        std::fs::write(&path, bytes).unwrap_or_else(|error| panic!("{path}: {error}"));
    };
    write("head.txt", head.as_bytes());
    write("body", &body);
}
