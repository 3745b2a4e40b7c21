//! The parts of a request that must be equal in both SDKs.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use inia::ports::BoxFuture;
use inia::{
    transport::HyperTransport, transport::Transport, transport::TransportSettings,
    transport::WireBody, transport::WireRequest, transport::WireResponse,
};
use serde_json::Value as Json;

use crate::rename::GeneratedNames;

/// A request without parts that change from run to run: dates, signatures, random tokens.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Request {
    method: String,
    path: String,
    query: Vec<String>,
    headers: BTreeMap<String, String>,
    body: Body,
}

#[derive(Clone, Debug, PartialEq)]
enum Body {
    Form(Vec<String>),
    Json(Json),
    Text(String),
    Bytes(Vec<u8>),
}

/// Headers with dates or tokens, or that depend on the SDK.
const VOLATILE: [&str; 3] = ["x-amz-date", "x-amz-security-token", "x-amz-user-agent"];

/// Headers derived from the body, which may contain generated ids.
const DIGESTS: [&str; 2] = ["x-amz-content-sha256", "x-amz-checksum-"];

/// Parameters with random values.
const RANDOM: [&str; 2] = ["ClientToken=", "ClientRequestToken="];

impl Request {
    fn new<'a>(
        method: &str,
        url: &str,
        headers: impl Iterator<Item = (&'a str, &'a str)>,
        body: &[u8],
    ) -> Self {
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        let target = rest.find('/').map_or("/", |start| &rest[start..]);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let headers: BTreeMap<String, String> = headers
            .filter(|(name, _)| {
                name.starts_with("x-amz-") || *name == "content-type" || *name == "content-md5"
            })
            .filter(|(name, value)| !VOLATILE.contains(name) && *value != "application/xml")
            .map(|(name, value)| {
                let is_digest =
                    name == "content-md5" || DIGESTS.iter().any(|start| name.starts_with(start));
                let value = if is_digest { "a digest" } else { value };
                (name.to_owned(), value.to_owned())
            })
            .collect();
        let content_type = headers.get("content-type").map_or("", String::as_str);
        Request {
            method: method.to_owned(),
            path: path.to_owned(),
            query: pairs(query),
            body: Body::new(content_type, body),
            headers,
        }
    }

    /// Returns the request with generated names replaced.
    pub(crate) fn renamed(self, names: &mut GeneratedNames) -> Self {
        let all = |texts: Vec<String>, names: &mut GeneratedNames| -> Vec<String> {
            let mut texts: Vec<String> = texts.iter().map(|text| names.rename(text)).collect();
            texts.sort();
            texts
        };
        Request {
            path: names.rename(&self.path),
            query: all(self.query, names),
            body: match self.body {
                Body::Form(pairs) => Body::Form(all(pairs, names)),
                Body::Json(json) => Body::Json(names.rename_all(json)),
                Body::Text(text) => Body::Text(names.rename(&text)),
                bytes @ Body::Bytes(_) => bytes,
            },
            ..self
        }
    }

    /// Parses a request printed by the peer.
    pub(crate) fn of_peer(json: &Json) -> Result<Self> {
        let text = |name: &str| json[name].as_str().context(name.to_owned());
        let headers = json["headers"].as_object().context("headers")?;
        let headers = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str().unwrap_or_default()));
        let body = BASE64_STANDARD.decode(text("body")?)?;
        Ok(Request::new(text("method")?, text("url")?, headers, &body))
    }
}

/// Returns the sorted pairs of a query or form.
fn pairs(text: &str) -> Vec<String> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    let mut pairs: Vec<String> = pairs
        .map(
            |pair| match RANDOM.iter().find(|name| pair.starts_with(**name)) {
                Some(name) => format!("{name}random"),
                // The `=` after a name without a value is optional.
                None => pair.strip_suffix('=').unwrap_or(pair).replace('+', "%20"),
            },
        )
        .collect();
    pairs.sort();
    pairs
}

impl Body {
    fn new(content_type: &str, body: &[u8]) -> Self {
        let Ok(text) = std::str::from_utf8(body) else {
            return Body::Bytes(body.to_vec());
        };
        if content_type.starts_with("application/x-www-form-urlencoded") {
            return Body::Form(pairs(text));
        }
        match serde_json::from_str(text) {
            Ok(json @ (Json::Object(_) | Json::Array(_))) => Body::Json(sorted_sets(json)),
            _ => Body::Text(text.to_owned()),
        }
    }
}

/// A transport that records requests.
#[derive(Debug)]
pub(crate) struct Recorder {
    network: HyperTransport,
    requests: Mutex<Vec<Request>>,
}

impl Recorder {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Recorder {
            network: HyperTransport::new(TransportSettings::default()),
            requests: Mutex::default(),
        })
    }

    /// Returns the requests since the last call.
    pub(crate) fn take(&self) -> Vec<Request> {
        std::mem::take(&mut self.requests.lock().expect("a lock"))
    }
}

impl Transport for Recorder {
    fn send(&self, mut request: WireRequest) -> BoxFuture<'_, inia::Result<WireResponse>> {
        Box::pin(async move {
            let body = match request.body {
                WireBody::Bytes(bytes) => bytes,
                WireBody::Stream(stream) => stream.collect(1 << 24).await?,
            };
            let headers = request.headers.iter();
            let headers = headers.map(|(name, value)| (name.as_str(), value.as_str()));
            let kept = Request::new(&request.method, &request.url, headers, &body);
            self.requests.lock().expect("a lock").push(kept);
            request.body = WireBody::Bytes(body);
            self.network.send(request).await
        })
    }
}

/// Sorts the sets of DynamoDB, which boto3 sends in any order.
pub(crate) fn sorted_sets(json: Json) -> Json {
    match json {
        Json::Object(map) => map
            .into_iter()
            .map(|(key, value)| match (key.as_str(), sorted_sets(value)) {
                ("SS" | "NS" | "BS", Json::Array(mut items)) => {
                    items.sort_by_key(ToString::to_string);
                    (key, Json::Array(items))
                }
                (_, value) => (key, value),
            })
            .collect(),
        Json::Array(list) => list.into_iter().map(sorted_sets).collect(),
        other => other,
    }
}
