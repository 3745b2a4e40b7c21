//! SigV4 of a typical request.

use std::hint::black_box;
use std::time::{Duration, SystemTime};

use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use bench_harness::Bench;

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

/// Measures signing.
pub fn measure(bench: &mut Bench) {
    if !bench.is_selected("sigv4") {
        return;
    }
    let body = vec![b'x'; BODY];
    let identity = crate::credentials().into();
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_000_000);
    bench.measure_plain("sigv4", || {
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region("us-east-1")
            .name("sqs")
            .time(black_box(time))
            .settings(SigningSettings::default())
            .build()
            .expect("parameters")
            .into();
        let request = SignableRequest::new(
            "POST",
            "https://sqs.us-east-1.amazonaws.com/",
            HEADERS.iter().copied(),
            SignableBody::Bytes(&body),
        );
        black_box(sign(request.expect("a request"), &params).expect("a signature"));
    });
}
