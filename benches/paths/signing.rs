//! Signing time: hash the body, make and hash the canonical request, sign, and make the headers.
//!
//! `digests alone` is the SHA-256 work of the same request and nothing else: the floor.

use std::hint::black_box;

use inia_signing::{
    Credentials, HexDigest, Payload, SignableRequest, SigningAlgorithm, SigningKeyCache,
    SigningParams, SigningSettings, SigningTime, headers_canonical_request, presign_v4, sign_v4,
    sign_v4a, string_to_sign,
};

use crate::measure::Measure;

/// The headers of a JSON call, as they go on the wire.
const HEADERS: &[(&str, &str)] = &[
    ("content-type", "application/x-amz-json-1.0"),
    ("x-amz-target", "DynamoDB_20120810.PutItem"),
    ("user-agent", "inia/0.1.0 os/linux lang/rust md/arch#x86_64"),
    (
        "amz-sdk-invocation-id",
        "1f0c2f6e-5d0b-4a5f-9a51-0c6f0d7e8a2b",
    ),
    ("amz-sdk-request", "attempt=1"),
    ("content-length", "292"),
];

fn request(body: &[u8]) -> SignableRequest<'_> {
    SignableRequest {
        method: "POST",
        host: "dynamodb.us-east-1.amazonaws.com",
        path: "/",
        query: "",
        headers: HEADERS,
        payload: Payload::Bytes(body),
    }
}

fn params(token: Option<&str>) -> SigningParams<'_> {
    SigningParams {
        credentials: Credentials::new(
            "AKIDEXAMPLE",
            "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            token,
        ),
        region: "us-east-1",
        service: "dynamodb",
        time: SigningTime::from_unix_seconds(1_440_938_160),
        settings: SigningSettings::GENERAL,
    }
}

/// Measures them.
pub fn paths(measure: &mut Measure) {
    let token = "FwoGZXIvYXdzE".repeat(64);
    let v4 = SigningAlgorithm::HmacSha256;
    for (size, len) in [("292 B", 292), ("64 KiB", 65_536)] {
        let body = vec![b'x'; len];
        let name = |what| format!("sign/{what}, {size}");
        let path = measure.path(name("v4")).bytes(len);
        path.work(|| {
            let keys = SigningKeyCache::default();
            let (params, body) = (params(None), &body);
            move || sign_v4(&request(black_box(body)), black_box(&params), &keys)
        });
        let path = measure.path(name("v4 with a session token")).bytes(len);
        path.work(|| {
            let keys = SigningKeyCache::default();
            let (params, body) = (params(Some(&token)), &body);
            move || sign_v4(&request(black_box(body)), black_box(&params), &keys)
        });
        let path = measure.path(name("digests alone")).bytes(len);
        path.work(|| {
            let (params, body) = (params(None), &body);
            let canonical = headers_canonical_request(v4, &request(body), &params);
            let text = string_to_sign(v4, &params, &canonical);
            let key = SigningKeyCache::default().signing_key(
                &params.credentials,
                params.time,
                params.region,
                params.service,
            );
            move || {
                let payload = HexDigest::of(black_box(body));
                let canonical = HexDigest::of(black_box(canonical.as_str().as_bytes()));
                (payload, canonical, key.sign(black_box(text.as_bytes())))
            }
        });
    }
    let body = [b'x'; 292];
    measure.path("sign/v4, key not cached").work(|| {
        let (params, body) = (params(None), &body);
        move || {
            let keys = SigningKeyCache::with_capacity(1);
            sign_v4(&request(black_box(body)), &params, &keys)
        }
    });
    measure.path("sign/v4 in the query").work(|| {
        let keys = SigningKeyCache::default();
        let (params, body) = (params(None), &body);
        move || presign_v4(&request(black_box(body)), &params, 3600, &keys)
    });
    measure.path("sign/v4a").repeats(5).work(|| {
        let keys = SigningKeyCache::default();
        let (params, body) = (params(None), &body);
        move || sign_v4a(&request(black_box(body)), &params, &keys)
    });
    measure
        .path("sign/time")
        .work(|| || SigningTime::from_unix_seconds(black_box(1_440_938_160)));
}
