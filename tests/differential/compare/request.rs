//! Compares requests: method, URL, headers and body.

use std::io::Read as _;

use inia_core::Value;
use inia_model::{Operation, ServiceModel, Structure};
use inia_protocol::{Protocol, read_cbor, read_json};

use super::response::values;
use super::{Difference, or_dash, xml_tree};
use crate::differential::exchange::SentRequest;

/// The headers that are not compared, and why.
const EXCLUDED: &[(&str, &str)] = &[
    ("accept-encoding", "transport"),
    ("amz-sdk-invocation-id", "random"),
    ("amz-sdk-request", "depends on the attempt"),
    ("connection", "transport"),
    ("content-length", "transport: the bodies are compared"),
    ("expect", "transport"),
    ("host", "transport: the URLs are compared"),
    ("transfer-encoding", "transport"),
    (
        "user-agent",
        "depends on the SDK, except for its feature ids",
    ),
    ("x-amz-user-agent", "depends on the SDK"),
    ("x-amzn-trace-id", "from the environment"),
];

/// Headers of the signature. Signatures differ with each byte of the request, so only their independent parts are
/// compared, in [`signature`].
const SIGNATURE_HEADERS: &[&str] = &["authorization", "x-amz-content-sha256"];

/// Reports whether a header depends on the exact bytes of the body; it is compared only if these are equal.
fn depends_on_bytes(name: &str) -> bool {
    const CHECKSUMS: &[&str] = &[
        "crc32",
        "crc32c",
        "crc64nvme",
        "md5",
        "sha1",
        "sha256",
        "sha512",
    ];
    name.strip_prefix("x-amz-checksum-")
        .is_some_and(|algorithm| CHECKSUMS.contains(&algorithm))
}

/// Format of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyFormat {
    Json,
    Xml,
    Form,
    Cbor,
    Raw,
}

impl BodyFormat {
    /// Returns the format of an operation's requests.
    pub fn of(protocol: Protocol, model: &ServiceModel, operation: &Operation) -> Self {
        let payload = model.input(operation).and_then(Structure::payload_member);
        match protocol {
            Protocol::RestJson | Protocol::RestXml
                if payload.is_some_and(|payload| {
                    model.structure(payload).is_none() && !payload.traits.is_document()
                }) =>
            {
                BodyFormat::Raw
            }
            Protocol::Json | Protocol::RestJson => BodyFormat::Json,
            Protocol::RestXml => BodyFormat::Xml,
            Protocol::Query | Protocol::Ec2 => BodyFormat::Form,
            Protocol::RpcV2Cbor => BodyFormat::Cbor,
        }
    }
}

/// Compares requests; returns whether all bytes are equal.
pub fn requests(
    format: BodyFormat,
    ours: &[SentRequest],
    theirs: &[SentRequest],
    differences: &mut Vec<Difference>,
) -> bool {
    if ours.len() != theirs.len() {
        let urls = |sent: &[SentRequest]| {
            sent.iter()
                .map(|sent| format!("{} {}", sent.method, sent.url))
                .collect::<Vec<_>>()
                .join(", ")
        };
        differences.push(Difference::new("requests", urls(ours), urls(theirs)));
    }
    let mut same = true;
    for (ours, theirs) in ours.iter().zip(theirs) {
        same &= request(format, ours, theirs, differences);
    }
    same
}

fn request(
    format: BodyFormat,
    ours: &SentRequest,
    theirs: &SentRequest,
    differences: &mut Vec<Difference>,
) -> bool {
    if ours.method != theirs.method {
        differences.push(Difference::new("method", &ours.method, &theirs.method));
    }
    let (our_host, our_path, our_query) = split(&ours.url);
    let (their_host, their_path, their_query) = split(&theirs.url);
    if our_host != their_host {
        differences.push(Difference::new("host", our_host, their_host));
    }
    // An empty path is sent as `/`.
    let sent = |path: &str| {
        if path.is_empty() {
            "/".to_owned()
        } else {
            path.to_owned()
        }
    };
    if sent(our_path) != sent(their_path) {
        differences.push(Difference::new("path", our_path, their_path));
    }
    query(our_query, their_query, differences);
    headers(ours, theirs, differences);
    signature(ours, theirs, differences);
    let format = if theirs.header("content-type") == Some("application/x-www-form-urlencoded") {
        BodyFormat::Form
    } else {
        format
    };
    body(format, ours, theirs, differences);
    ours.body == theirs.body
}

/// Splits a URL into scheme and host, path, and query.
fn split(url: &str) -> (&str, &str, &str) {
    let (rest, query) = url.split_once('?').unwrap_or((url, ""));
    let start = rest.find("://").map_or(0, |scheme| scheme + 3);
    let path = rest
        .get(start..)
        .and_then(|rest| rest.find('/'))
        .map_or(rest.len(), |path| start + path);
    let (host, path) = rest.split_at(path);
    (host, path, query)
}

fn query(ours: &str, theirs: &str, differences: &mut Vec<Difference>) {
    if ours == theirs {
        return;
    }
    let mut our_pairs: Vec<&str> = ours.split('&').collect();
    let mut their_pairs: Vec<&str> = theirs.split('&').collect();
    our_pairs.sort_unstable();
    their_pairs.sort_unstable();
    if our_pairs == their_pairs {
        // The order of parameters has no meaning; signatures sort them as well.
        return;
    }
    let missing: Vec<&&str> = their_pairs
        .iter()
        .filter(|pair| !our_pairs.contains(pair))
        .collect();
    let added: Vec<&&str> = our_pairs
        .iter()
        .filter(|pair| !their_pairs.contains(pair))
        .collect();
    let name = missing
        .first()
        .or(added.first())
        .and_then(|pair| pair.split('=').next())
        .unwrap_or("*");
    differences.push(Difference::new(
        format!("query.{name}"),
        format!("{added:?}"),
        format!("{missing:?}"),
    ));
}

/// Returns the feature ids in the user agent, sorted.
fn features(sent: &SentRequest) -> Vec<&str> {
    let user_agent = sent.header("user-agent").unwrap_or_default();
    let features = user_agent
        .split(' ')
        .find_map(|component| component.strip_prefix("m/"));
    let mut ids: Vec<&str> = features.unwrap_or_default().split(',').collect();
    ids.sort_unstable();
    ids
}

fn headers(ours: &SentRequest, theirs: &SentRequest, differences: &mut Vec<Difference>) {
    let (mut our_features, mut their_features) = (features(ours), features(theirs));
    // Without awscrt, botocore does not sign with SigV4a.
    our_features.retain(|id| *id != "S");
    // botocore sends the ids of the session's credentials in requests that these do not sign, too.
    let authorization = ours.header("authorization").unwrap_or_default();
    if !authorization.starts_with("AWS") && !our_features.contains(&"e") {
        their_features.retain(|id| *id != "e");
    }
    if our_features != their_features {
        differences.push(Difference::new(
            "header.user-agent",
            our_features.join(","),
            their_features.join(","),
        ));
    }
    let same_bytes = ours.body == theirs.body;
    let compared = |name: &str| {
        !EXCLUDED.iter().any(|(excluded, _)| *excluded == name)
            && !SIGNATURE_HEADERS.contains(&name)
    };
    for (name, value) in &theirs.headers {
        let is_there = depends_on_bytes(name) && !same_bytes && ours.header(name).is_some();
        if compared(name) && !is_there && ours.header(name) != Some(value) {
            differences.push(Difference::new(
                format!("header.{name}"),
                or_dash(ours.header(name)),
                format!("{value:?}"),
            ));
        }
    }
    for (name, value) in &ours.headers {
        if compared(name) && theirs.header(name).is_none() {
            differences.push(Difference::new(
                format!("header.{name}"),
                format!("{value:?}"),
                "-",
            ));
        }
    }
}

/// Compares signatures: algorithm, credential scope, and the placeholder for an unhashed body.
fn signature(ours: &SentRequest, theirs: &SentRequest, differences: &mut Vec<Difference>) {
    let scope = |sent: &SentRequest| -> Option<String> {
        let value = sent.header("authorization")?;
        match value.split_once(", SignedHeaders=") {
            Some((scope, _)) => Some(scope.to_owned()),
            None => value
                .rsplit_once(':')
                .map_or(Some(value.to_owned()), |(id, _)| Some(id.to_owned())),
        }
    };
    if scope(ours) != scope(theirs) {
        differences.push(Difference::new(
            "signature",
            or_dash(scope(ours)),
            or_dash(scope(theirs)),
        ));
    }
    let hash = |sent: &SentRequest| sent.header("x-amz-content-sha256").map(ToOwned::to_owned);
    let is_digest = |hash: &Option<String>| hash.as_ref().is_some_and(|hash| hash.len() == 64);
    let (our_hash, their_hash) = (hash(ours), hash(theirs));
    let both = is_digest(&our_hash) && is_digest(&their_hash);
    if our_hash != their_hash && !(both && ours.body != theirs.body) {
        differences.push(Difference::new(
            "signature.body",
            or_dash(our_hash),
            or_dash(their_hash),
        ));
    }
}

fn body(
    format: BodyFormat,
    ours: &SentRequest,
    theirs: &SentRequest,
    differences: &mut Vec<Difference>,
) {
    if ours.body == theirs.body {
        return;
    }
    let is_compressed = |sent: &SentRequest| {
        sent.header("content-encoding")
            .is_some_and(|encoding| encoding.ends_with("gzip"))
    };
    let unpacked = |sent: &SentRequest| {
        let mut body = Vec::new();
        let read = flate2::read::GzDecoder::new(sent.body.as_slice()).read_to_end(&mut body);
        read.map(|_| body)
    };
    let (ours, theirs) = if is_compressed(ours) && is_compressed(theirs) {
        match (unpacked(ours), unpacked(theirs)) {
            (Ok(ours), Ok(theirs)) => (ours, theirs),
            _ => (ours.body.clone(), theirs.body.clone()),
        }
    } else {
        (ours.body.clone(), theirs.body.clone())
    };
    if ours == theirs || compare_parsed_bodies(format, &ours, &theirs, differences).is_some() {
        return;
    }
    let text = |bytes: &[u8]| format!("{:?}", String::from_utf8_lossy(bytes));
    differences.push(Difference::new("body", text(&ours), text(&theirs)));
}

/// Compares the parsed bodies; `None` if one cannot be parsed.
fn compare_parsed_bodies(
    format: BodyFormat,
    ours: &[u8],
    theirs: &[u8],
    differences: &mut Vec<Difference>,
) -> Option<()> {
    let as_text = |bytes| std::str::from_utf8(bytes).ok();
    match format {
        BodyFormat::Json => {
            let json = |bytes: &[u8]| -> Option<Value> { read_json(bytes.to_vec().into()).ok() };
            values("body", &json(ours)?, &json(theirs)?, differences);
        }
        BodyFormat::Cbor => {
            let cbor = |bytes: &[u8]| -> Option<Value> { read_cbor(bytes.to_vec().into()).ok() };
            values("body", &cbor(ours)?, &cbor(theirs)?, differences);
        }
        BodyFormat::Xml => {
            let (ours, theirs) = (
                xml_tree::parse(as_text(ours)?)?,
                xml_tree::parse(as_text(theirs)?)?,
            );
            if ours != theirs {
                return None;
            }
        }
        BodyFormat::Form => {
            let (ours, theirs) = (form(as_text(ours)?), form(as_text(theirs)?));
            if ours == theirs {
                return Some(());
            }
            let (our, their) = match ours
                .iter()
                .zip(&theirs)
                .find(|(ours, theirs)| ours != theirs)
            {
                Some((our, their)) => (Some(our), Some(their)),
                None => (ours.get(theirs.len()), theirs.get(ours.len())),
            };
            let name = their.or(our).map_or("*", |(name, _)| name.as_str());
            differences.push(Difference::new(
                format!("body.{name}"),
                or_dash(our),
                or_dash(their),
            ));
        }
        BodyFormat::Raw => return None,
    }
    Some(())
}

/// Returns the decoded pairs of a form, in order.
fn form(text: &str) -> Vec<(String, String)> {
    let decode = |text: &str| {
        let text = text.replace('+', " ");
        String::from_utf8_lossy(&percent_decode(text.as_bytes())).into_owned()
    };
    text.split('&')
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        })
        .collect()
}

fn percent_decode(text: &[u8]) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, after @ ..] = rest {
        if let (b'%', [high, low, after @ ..]) = (first, after)
            && let (Some(high), Some(low)) = (digit(*high), digit(*low))
        {
            out.push((high * 16 + low) as u8);
            rest = after;
            continue;
        }
        out.push(*first);
        rest = after;
    }
    out
}
