//! SigV4 of a typical request, and the lower bound of its digests.

use std::hint::black_box;

use bench_harness::Bench;
use hmac::{Hmac, KeyInit, Mac};
use inia::{Credentials, Timestamp};
use inia_signing::{
    Payload, SignableRequest, SigningAlgorithm, SigningKeyCache, SigningParams, SigningSettings,
    headers_canonical_request, sign_v4, string_to_sign,
};
use sha2::{Digest, Sha256};

/// Size of the body in bytes, as in SQS SendMessage.
const BODY: usize = 292;

/// Headers of a JSON request before signing.
const HEADERS: &[(&str, &str)] = &[
    ("content-type", "application/x-amz-json-1.0"),
    ("x-amz-target", "AmazonSQS.SendMessage"),
    ("x-amzn-query-mode", "true"),
    ("content-length", "292"),
    (
        "amz-sdk-invocation-id",
        "698f7342-a4a1-4e1f-b437-6ac027aeed0c",
    ),
    ("amz-sdk-request", "attempt=1; max=1"),
    (
        "user-agent",
        "inia/0.1.0 ua/2.1 os/linux lang/rust#1.95.0 m/E",
    ),
];

/// Measures signing with a cached key, and the lower bound.
pub fn measure(bench: &mut Bench) {
    let body = vec![b'x'; BODY];
    let keys = SigningKeyCache::default();
    let request = SignableRequest {
        method: "POST",
        host: "sqs.us-east-1.amazonaws.com",
        path: "/",
        query: "",
        headers: HEADERS,
        payload: Payload::Bytes(&body),
    };
    let credentials = Credentials::new(
        "AKIDEXAMPLE00000000",
        "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        None,
    );
    let params = || SigningParams {
        credentials: &credentials,
        region: "us-east-1",
        service: "sqs",
        time: Timestamp::new(black_box(1_795_000_000), 0).into(),
        settings: SigningSettings::GENERAL,
    };
    if bench.is_selected("sigv4") {
        bench.measure_plain("sigv4", || {
            black_box(sign_v4(black_box(&request), &params(), &keys));
        });
    }
    if bench.is_selected("sigv4.floor") {
        let params = params();
        let canonical = headers_canonical_request(SigningAlgorithm::HmacSha256, &request, &params);
        let text = string_to_sign(SigningAlgorithm::HmacSha256, &params, &canonical);
        let keyed = Hmac::<Sha256>::new_from_slice(&[7; 32]).expect("a key");
        bench.measure_plain("sigv4.floor", || {
            black_box(Sha256::digest(black_box(&body)));
            black_box(Sha256::digest(black_box(canonical.as_str().as_bytes())));
            let mut mac = keyed.clone();
            mac.update(black_box(text.as_bytes()));
            black_box(mac.finalize());
        });
    }
}
