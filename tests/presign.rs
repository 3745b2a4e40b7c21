//! Presigned URLs compared with botocore's: `presign/cases.json` has the output of botocore 1.44.5, written by
//! `presign/make_cases.py`.

use std::time::Duration;

use inia::config::Config;
use inia::{Credentials, ErrorKind, Result, Session, json, presign::PresignedRequest};

mod fakes;

use fakes::{FakeEnv, FakePorts, block_on};

/// Signing time: 2026-01-02T03:04:05Z, as in `make_cases.py`.
const NOW: i64 = 1_767_323_045;

#[derive(serde::Deserialize)]
struct Case {
    service: String,
    region: String,
    operation: String,
    params: serde_json::Value,
    #[serde(default)]
    config: inia::Value,
    method: Option<String>,
    token: Option<String>,
    endpoint_url: Option<String>,
    expires: Option<u64>,
    url: String,
}

fn session(region: &str, token: Option<&str>) -> Session {
    Session::builder()
        .host(FakePorts::new(FakeEnv::default(), NOW).host())
        .region(region)
        .credentials(Credentials::new("AKIDEXAMPLE", "secret", token))
        .build()
        .unwrap()
}

fn presign(case: &Case) -> Result<PresignedRequest> {
    let mut config = Config::from_value(&case.config)?;
    if let Some(url) = &case.endpoint_url {
        config = config.endpoint_url(url.as_str());
    }
    let session = session(&case.region, case.token.as_deref());
    let client = session.client_with(&case.service, &config)?;
    let expires = Duration::from_secs(case.expires.unwrap_or(3600));
    let mut presign = client.presign(&case.operation, case.params.clone(), expires);
    if let Some(method) = &case.method {
        presign = presign.method(method.as_str());
    }
    block_on(presign.sign())
}

/// Splits a URL into the part before the query and the sorted query pairs. Services ignore their order.
fn parts(url: &str) -> (&str, Vec<&str>) {
    let (head, query) = url.split_once('?').unwrap();
    let mut pairs: Vec<&str> = query.split('&').collect();
    pairs.sort_unstable();
    (head, pairs)
}

#[test]
fn urls_equal_botocore() {
    let cases = include_str!("presign/cases.json");
    let cases: Vec<Case> = serde_json::from_str(cases).unwrap();
    assert!(cases.len() > 25);
    let mut wrong = Vec::new();
    for case in &cases {
        match presign(case) {
            Ok(made) if parts(made.url()) == parts(&case.url) => {}
            Ok(made) => wrong.push(format!("ours {}\nbotocore's {}", made.url(), case.url)),
            Err(error) => wrong.push(format!("{error:#}\nbotocore's {}", case.url)),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn returns_the_headers_to_send() {
    let s3 = session("eu-west-1", None).client("s3").unwrap();
    let params = json!({"Bucket": "photos", "Key": "k", "ContentType": "image/jpeg", "Metadata": {"who": "me"}});
    let made = block_on(
        s3.presign("PutObject", params, Duration::from_secs(60))
            .sign(),
    )
    .unwrap();
    assert_eq!(made.method(), "PUT");
    let mut headers: Vec<String> = made
        .headers()
        .iter()
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    headers.sort();
    assert_eq!(headers, ["content-type: image/jpeg", "x-amz-meta-who: me"]);
    assert!(
        made.url()
            .contains("X-Amz-SignedHeaders=content-type%3Bhost%3Bx-amz-meta-who&"),
        "{}",
        made.url()
    );
    assert_eq!(made.expires().seconds(), NOW + 60);

    // Parameters of a JSON protocol remain in the body.
    let sqs = session("eu-west-1", None).client("sqs").unwrap();
    let made = block_on(
        sqs.presign(
            "ListQueues",
            json!({"MaxResults": 1}),
            Duration::from_secs(60),
        )
        .sign(),
    )
    .unwrap();
    assert_eq!(made.body().as_ref(), br#"{"MaxResults":1}"#);
    assert_eq!(
        made.headers().get("x-amz-target"),
        Some("AmazonSQS.ListQueues")
    );
}

#[test]
fn expiry_is_limited_by_the_credentials() {
    let mut credentials = Credentials::new("AKIDOTHER", "secret", Some("token"));
    credentials.expires = Some(inia::Timestamp::new(NOW + 30, 0));
    let sts = session("eu-west-1", None).client("sts").unwrap();
    let hour = Duration::from_secs(3600);
    let made = block_on(
        sts.presign("get_caller_identity", json!({}), hour)
            .method("GET")
            .header("X-K8s-Aws-Id", "cluster")
            .credentials(credentials)
            .sign(),
    )
    .unwrap();
    assert_eq!(made.expires().seconds(), NOW + 30);
    assert!(
        made.url().contains("AKIDOTHER") && made.url().contains("host%3Bx-k8s-aws-id"),
        "{}",
        made.url()
    );
}

#[test]
fn rejects_invalid_input_before_signing() {
    let session = session("eu-west-1", None);
    let s3 = session.client("s3").unwrap();
    let key = json!({"Bucket": "photos", "Key": "k"});
    for seconds in [0.0, 0.5, 604_801.0] {
        let refused = s3.presign("GetObject", key.clone(), Duration::from_secs_f64(seconds));
        let error = block_on(refused.sign()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Validation, "{seconds}: {error}");
    }
    let hour = Duration::from_secs(3600);
    for (operation, params, kind) in [
        ("GetObjekt", key.clone(), ErrorKind::Model),
        (
            "GetObject",
            json!({"Bucket": "photos"}),
            ErrorKind::Validation,
        ),
        (
            "GetObject",
            json!({"Bucket": "a/b", "Key": "k"}),
            ErrorKind::Validation,
        ),
    ] {
        let error = block_on(s3.presign(operation, params, hour).sign()).unwrap_err();
        assert_eq!(error.kind(), kind, "{operation}: {error}");
    }
    // Bearer tokens cannot be presigned.
    let bearer = Config::new().signature_version("bearer");
    let s3 = session.client_with("s3", &bearer).unwrap();
    let error = block_on(s3.presign("GetObject", key.clone(), hour).sign()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    // Without a signature, the result is a plain URL.
    let unsigned = Config::new().signature_version(inia::config::UNSIGNED);
    let s3 = session.client_with("s3", &unsigned).unwrap();
    let made = block_on(s3.presign("GetObject", key, hour).sign()).unwrap();
    assert_eq!(made.url(), "https://photos.s3.eu-west-1.amazonaws.com/k");
}

#[derive(serde::Deserialize)]
struct PostCase {
    bucket: String,
    key: String,
    config: inia::Value,
    token: Option<String>,
    endpoint_url: Option<String>,
    expires: Option<u64>,
    #[serde(default)]
    fields: std::collections::BTreeMap<String, String>,
    #[serde(default)]
    conditions: Vec<inia::Value>,
    url: String,
    made: std::collections::BTreeMap<String, String>,
    policy: inia::Value,
}

#[test]
fn forms_equal_botocore() {
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;

    let cases: Vec<PostCase> = serde_json::from_str(include_str!("presign/posts.json")).unwrap();
    for case in cases {
        let mut config = Config::from_value(&case.config).unwrap();
        if let Some(url) = &case.endpoint_url {
            config = config.endpoint_url(url.as_str());
        }
        let session = session("eu-west-1", case.token.as_deref());
        let client = session.client_with("s3", &config).unwrap();
        let expires = Duration::from_secs(case.expires.unwrap_or(3600));
        let mut form = client.presign_post(case.bucket.as_str(), case.key.as_str(), expires);
        for (name, value) in &case.fields {
            form = form.field(name.as_str(), value.as_str());
        }
        for condition in &case.conditions {
            form = form.condition(condition.clone());
        }
        let form = block_on(form.sign()).unwrap();
        assert_eq!(
            form.url().trim_end_matches('/'),
            case.url.trim_end_matches('/')
        );
        let mut made: std::collections::BTreeMap<String, String> = form
            .fields()
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_string()))
            .collect();
        let policy = BASE64_STANDARD.decode(&made["policy"]).unwrap();
        let policy: inia::Value = serde_json::from_slice(&policy).unwrap();
        assert_eq!(policy, case.policy, "{}", case.key);
        let mut expected = case.made;
        if !case.conditions.is_empty() {
            // The white space of conditions is signed, and differs.
            for name in ["policy", "x-amz-signature"] {
                made.remove(name);
                expected.remove(name);
            }
        }
        assert_eq!(made, expected);
        assert!(!format!("{form:?}").contains("signature"));
    }
    let s3 = session("eu-west-1", None).client("s3").unwrap();
    let form = s3
        .presign_post("photos", "k", Duration::ZERO)
        .condition("x");
    let error = block_on(form.sign()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Validation);
    assert_eq!(error.problems().len(), 2, "{error}");
    // A field without a condition of its own gets one, as S3 requires.
    let form = s3
        .presign_post("photos", "k", expires())
        .field("acl", "private");
    let form = block_on(form.sign()).unwrap();
    let policy = &form
        .fields()
        .iter()
        .find(|(name, _)| name == "policy")
        .unwrap()
        .1;
    let policy = String::from_utf8(BASE64_STANDARD.decode(policy.as_str()).unwrap()).unwrap();
    assert!(policy.contains(r#"{"acl": "private"}"#), "{policy}");
}

fn expires() -> Duration {
    Duration::from_secs(60)
}
