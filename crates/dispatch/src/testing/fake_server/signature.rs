//! Verifies SigV4 signatures, in headers or in the query.
//!
//! # Source
//! The IAM user guide, "Create a signed AWS API request".

use inia_core::{Credentials, Timestamp, TimestampFormat};
use inia_signing::{HexDigest, SigningKey, SigningTime};

use super::http_request::HttpRequest;

/// The reason why a signature is refused, as the services name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    Missing,
    UnknownKey,
    Mismatch,
    /// The body is not the one that was signed.
    Body,
}

impl Refusal {
    pub(super) fn code(self) -> &'static str {
        match self {
            Refusal::Missing => "MissingAuthenticationToken",
            Refusal::UnknownKey => "InvalidClientTokenId",
            Refusal::Mismatch => "SignatureDoesNotMatch",
            Refusal::Body => "XAmzContentSHA256Mismatch",
        }
    }

    pub(super) fn message(self) -> &'static str {
        match self {
            Refusal::Missing => "the request has no SigV4 signature",
            Refusal::UnknownKey => "the access key is not one of this server's",
            Refusal::Mismatch => "the signature is not that of the request and the secret key",
            Refusal::Body => "the SHA-256 of the body is not the one in x-amz-content-sha256",
        }
    }
}

/// The signing name in a request's signature, for finding its service.
pub(super) fn signing_name(request: &HttpRequest) -> Option<String> {
    Some(SignatureParts::of(request)?.service)
}

/// The parts of a signature.
struct SignatureParts {
    access_key_id: String,
    date: String,
    region: String,
    service: String,
    signed_headers: Vec<String>,
    signature: String,
    /// `20260102T030405Z`.
    time: String,
    is_in_query: bool,
}

impl SignatureParts {
    fn of(request: &HttpRequest) -> Option<Self> {
        let in_header = request.headers.get("authorization");
        let field = |name: &str| match in_header {
            Some(header) => {
                let (_, fields) = header.split_once(' ')?;
                let mut fields = fields
                    .split(',')
                    .filter_map(|field| field.trim().split_once('='));
                fields
                    .find(|(key, _)| *key == name)
                    .map(|(_, value)| value.to_owned())
            }
            None => query_field(&request.query, &format!("X-Amz-{name}")),
        };
        if in_header.is_some_and(|header| !header.starts_with("AWS4-HMAC-SHA256 ")) {
            return None;
        }
        let credential = field("Credential")?;
        // An access key has no slash, but its scope has three.
        let mut parts = credential.rsplitn(5, '/');
        let (_, service, region, date, access_key_id) = (
            parts.next()?,
            parts.next()?,
            parts.next()?,
            parts.next()?,
            parts.next()?,
        );
        let time = match in_header {
            Some(_) => request.headers.get("x-amz-date").map(str::to_owned),
            None => query_field(&request.query, "X-Amz-Date"),
        };
        Some(SignatureParts {
            access_key_id: access_key_id.to_owned(),
            date: date.to_owned(),
            region: region.to_owned(),
            service: service.to_owned(),
            signed_headers: field("SignedHeaders")?
                .split(';')
                .map(str::to_owned)
                .collect(),
            signature: field("Signature")?,
            time: time?,
            is_in_query: in_header.is_none(),
        })
    }
}

/// Verifies the signature of a request with the keys of a server.
pub(super) fn verify(request: &HttpRequest, keys: &[Credentials]) -> Result<(), Refusal> {
    let parts = SignatureParts::of(request).ok_or(Refusal::Missing)?;
    let key = keys
        .iter()
        .find(|key| *key.access_key_id == *parts.access_key_id)
        .ok_or(Refusal::UnknownKey)?;
    let time = signing_time(&parts.time).ok_or(Refusal::Missing)?;
    let body_hash = HexDigest::of(&request.body);
    let stated = request.headers.get("x-amz-content-sha256");
    let payload = match stated {
        Some(hash) if hash.len() == 64 && *hash != *body_hash.as_str() => {
            return Err(Refusal::Body);
        }
        Some(hash) => hash,
        None if parts.is_in_query && request.body.is_empty() => "UNSIGNED-PAYLOAD",
        None => body_hash.as_str(),
    };
    let secret = key.secret_access_key.expose();
    let signing_key = SigningKey::derive(secret, time, &parts.region, &parts.service);
    // S3 signs the path as it is, the others encode it once more; the empty body of a presigned request may be hashed.
    let paths = [request.path.clone(), encoded_path(&request.path)];
    let payloads = [payload, body_hash.as_str()];
    let is_valid = paths.iter().any(|path| {
        payloads.iter().any(|payload| {
            let canonical = canonical_request(request, &parts, path, payload);
            let to_sign = format!(
                "AWS4-HMAC-SHA256\n{}\n{}/{}/{}/aws4_request\n{}",
                parts.time,
                parts.date,
                parts.region,
                parts.service,
                HexDigest::of(canonical.as_bytes()).as_str()
            );
            let signature = HexDigest::encode(&signing_key.sign(to_sign.as_bytes()));
            signature.as_str() == parts.signature
        })
    });
    match is_valid {
        true => Ok(()),
        false => Err(Refusal::Mismatch),
    }
}

fn canonical_request(
    request: &HttpRequest,
    parts: &SignatureParts,
    path: &str,
    payload: &str,
) -> String {
    let mut query: Vec<String> = request
        .query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .filter(|pair| !(parts.is_in_query && pair.starts_with("X-Amz-Signature=")))
        .map(|pair| match pair.contains('=') {
            true => pair.to_owned(),
            false => format!("{pair}="),
        })
        .collect();
    // By name and then by value, not by the pair as text: `=` is above some characters of names.
    query.sort_by(|left, right| left.split_once('=').cmp(&right.split_once('=')));
    let mut canonical = format!("{}\n{path}\n{}\n", request.method, query.join("&"));
    for name in &parts.signed_headers {
        let values: Vec<String> = request
            .headers
            .iter()
            .filter(|(key, _)| **key == **name)
            .map(|(_, value)| value.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect();
        canonical.push_str(&format!("{name}:{}\n", values.join(",")));
    }
    canonical.push_str(&format!("\n{}\n{payload}", parts.signed_headers.join(";")));
    canonical
}

/// Encodes an encoded path once more, and removes empty segments, as all services but S3 do.
///
/// Not shared with the signer, whose mistakes it is to find.
fn encoded_path(path: &str) -> String {
    let mut out = String::new();
    let ends_with_slash = path.ends_with('/');
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            segment => segments.push(segment),
        }
    }
    for segment in &segments {
        out.push('/');
        out.push_str(&segment.replace('%', "%25"));
    }
    if ends_with_slash || out.is_empty() {
        out.push('/');
    }
    out
}

/// Returns the decoded value of a query parameter.
fn query_field(query: &str, name: &str) -> Option<String> {
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(key, _)| *key == name)?;
    let decoded = percent_encoding::percent_decode_str(value);
    Some(decoded.decode_utf8_lossy().into_owned())
}

/// Parses the time of a signature, such as `20260102T030405Z`.
fn signing_time(text: &str) -> Option<SigningTime> {
    Timestamp::parse(text, TimestampFormat::Iso8601)
        .ok()
        .map(SigningTime::from)
}
