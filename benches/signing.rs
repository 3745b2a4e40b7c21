//! Signing time: hash the body, make and hash the canonical request, sign, and make the headers.
//!
//! `digests alone` is the SHA-256 work of the same request and nothing else: the floor.
//!
//! Run with `cargo bench --bench signing`.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use inia_signing::{
    Algorithm, Credentials, HexDigest, Payload, Settings, SignableRequest, SigningKeyCache,
    SigningParams, SigningTime, headers_canonical_request, presign_v4, sign_v4, sign_v4a,
    string_to_sign,
};

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
        settings: Settings::GENERAL,
    }
}

fn signing(criterion: &mut Criterion) {
    let keys = SigningKeyCache::default();
    let v4 = Algorithm::HmacSha256;
    let token = "FwoGZXIvYXdzE".repeat(64);
    for (name, len) in [("292 B", 292), ("64 KiB", 65_536)] {
        let body = vec![b'x'; len];
        let mut group = criterion.benchmark_group(format!("sign {name}"));
        group.throughput(Throughput::Bytes(len as u64));
        group.bench_function("v4", |bencher| {
            let params = params(None);
            bencher.iter(|| sign_v4(&request(black_box(&body)), black_box(&params), &keys));
        });
        group.bench_function("v4, session token of 832 B", |bencher| {
            let params = params(Some(&token));
            bencher.iter(|| sign_v4(&request(black_box(&body)), black_box(&params), &keys));
        });
        group.bench_function("digests alone", |bencher| {
            let params = params(None);
            let canonical = headers_canonical_request(v4, &request(&body), &params);
            let text = string_to_sign(v4, &params, &canonical);
            let key = keys.signing_key(
                &params.credentials,
                params.time,
                params.region,
                params.service,
            );
            bencher.iter(|| {
                let payload = HexDigest::of(black_box(&body));
                let canonical = HexDigest::of(black_box(canonical.as_str().as_bytes()));
                (payload, canonical, key.sign(black_box(text.as_bytes())))
            });
        });
        group.finish();
    }

    let mut group = criterion.benchmark_group("other signatures, 292 B");
    let body = [b'x'; 292];
    group.bench_function("v4, key not cached", |bencher| {
        let params = params(None);
        bencher.iter(|| {
            sign_v4(
                &request(black_box(&body)),
                &params,
                &SigningKeyCache::with_capacity(1),
            )
        });
    });
    group.bench_function("v4, presigned", |bencher| {
        let params = params(None);
        bencher.iter(|| presign_v4(&request(black_box(&body)), &params, 3600, &keys));
    });
    group.bench_function("v4a", |bencher| {
        let params = params(None);
        bencher.iter(|| sign_v4a(&request(black_box(&body)), &params, &keys));
    });
    group.bench_function("signing time", |bencher| {
        bencher.iter(|| SigningTime::from_unix_seconds(black_box(1_440_938_160)));
    });
    group.finish();
}

criterion_group!(benches, signing);
criterion_main!(benches);
