//! [`PlainHttp`]: unsigned HTTP for metadata services.

use std::time::Duration;

use inia_core::ports::{BoxFuture, Http, HttpRequest, HttpResponse};
use inia_core::{Error, ErrorKind, Result, Str};
use inia_protocol::Headers;

use crate::transport::{
    HttpVersion, HyperTransport, Transport, TransportSettings, WireBody, WireRequest,
};

/// HTTP over hyper without signing, retries or proxies.
///
/// DIFFERENCE: botocore calls the instance metadata service through the proxies of the environment unless `NO_PROXY` lists its
/// address. Its responses are specific to this machine, so no proxy is used here.
#[derive(Debug)]
pub struct PlainHttp(HyperTransport);

impl Default for PlainHttp {
    fn default() -> Self {
        // Each exchange has its own time limit; an unreachable host fails sooner.
        let settings = TransportSettings {
            connect_timeout: Some(Duration::from_secs(5)),
            ..TransportSettings::default()
        };
        PlainHttp(HyperTransport::new(settings))
    }
}

impl Http for PlainHttp {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse>> {
        Box::pin(async move {
            let mut headers = Headers::with_capacity(request.headers.len());
            for (name, value) in &request.headers {
                headers.push(name.to_ascii_lowercase(), value.expose());
            }
            let url = request.url.clone();
            let wire = WireRequest {
                method: Str::from_static(request.method),
                url: request.url,
                headers,
                body: WireBody::Bytes(request.body),
                read_timeout: None,
                stall_limit: None,
                version: HttpVersion::Http1,
                operation: None,
            };
            let exchange = async {
                let response = self.0.send(wire).await?;
                let body = response.body.collect(request.limit).await?;
                Ok(HttpResponse {
                    status: response.status,
                    headers: response
                        .headers
                        .iter()
                        .map(|(name, value)| (name.to_string(), value.to_string()))
                        .collect(),
                    body,
                })
            };
            tokio::time::timeout(request.timeout, exchange)
                .await
                .unwrap_or_else(|_| {
                    Err(Error::new(
                        ErrorKind::Timeout,
                        format!("{url}: no response within {:?}", request.timeout),
                    ))
                })
        })
    }
}
