//! Signing: hashing the body, building and hashing the canonical request, signing, and building the headers.
//!
//! `digests alone` is only the SHA-256 work of the same request: the lower bound.

use std::hint::black_box;

use inia_core::{Credentials, Timestamp};
use inia_signing::{
    HexDigest, Payload, SignableRequest, SigningAlgorithm, SigningKeyCache, SigningParams,
    SigningSettings, SigningTime, headers_canonical_request, presign_v4, sign_v4, sign_v4a,
    string_to_sign,
};

use crate::measure::Measure;

/// Headers of a JSON request on the wire.
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

fn credentials(token: Option<&str>) -> Credentials {
    Credentials::new(
        "AKIDEXAMPLE",
        "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        token,
    )
}

fn params(credentials: &Credentials) -> SigningParams<'_> {
    SigningParams {
        credentials,
        region: "us-east-1",
        service: "dynamodb",
        time: Timestamp::new(1_440_938_160, 0).into(),
        settings: SigningSettings::GENERAL,
    }
}

/// Measures the paths of this group.
pub fn paths(measure: &mut Measure) {
    let temporary = credentials(Some(&"FwoGZXIvYXdzE".repeat(64)));
    let permanent = credentials(None);
    let v4 = SigningAlgorithm::HmacSha256;
    for (size, len) in [("292 B", 292), ("64 KiB", 65_536)] {
        let body = vec![b'x'; len];
        let name = |title| format!("sign/{title}, {size}");
        let path = measure.path(name("v4")).bytes(len);
        path.work(|| {
            let keys = SigningKeyCache::default();
            let (params, body) = (params(&permanent), &body);
            move || sign_v4(&request(black_box(body)), black_box(&params), &keys)
        });
        let path = measure.path(name("v4 with a session token")).bytes(len);
        path.work(|| {
            let keys = SigningKeyCache::default();
            let (params, body) = (params(&temporary), &body);
            move || sign_v4(&request(black_box(body)), black_box(&params), &keys)
        });
        let path = measure.path(name("digests alone")).bytes(len);
        path.work(|| {
            let (params, body) = (params(&permanent), &body);
            let canonical = headers_canonical_request(v4, &request(body), &params);
            let text = string_to_sign(v4, &params, &canonical);
            let key = SigningKeyCache::default().signing_key(
                params.credentials,
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
        let (params, body) = (params(&permanent), &body);
        move || {
            let keys = SigningKeyCache::with_capacity(1);
            sign_v4(&request(black_box(body)), &params, &keys)
        }
    });
    measure.path("sign/v4 in the query").work(|| {
        let keys = SigningKeyCache::default();
        let (params, body) = (params(&permanent), &body);
        move || presign_v4(&request(black_box(body)), &params, 3600, &keys)
    });
    measure.path("sign/v4a").repeats(5).work(|| {
        let keys = SigningKeyCache::default();
        let (params, body) = (params(&permanent), &body);
        move || sign_v4a(&request(black_box(body)), &params, &keys)
    });
    measure
        .path("sign/time")
        .work(|| || SigningTime::from(Timestamp::new(black_box(1_440_938_160), 0)));
}
