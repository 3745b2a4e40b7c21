//! No `Debug` output, log or error of a public type contains a secret. `Value` and its parts print their contents.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use inia::config::{Config, Proxies};
use inia::ports::BoxFuture;
use inia::transfer::TransferManager;
use inia::{
    Blob, ByteStream, Credentials, Error, ErrorKind, Map, Params, Result, Session, Value,
    credentials::Secret, credentials::Token, error::Fault, error::Problem, error::ServiceError,
    json, protocol::Headers, resource::ResourceOutcome, transport::HttpVersion,
    transport::Transport, transport::WireBody, transport::WireRequest, transport::WireResponse,
    wait::Condition,
};

use inia_protocol::{EventHeader, EventMessage, MessageDecoder};

mod fakes;

use fakes::{FakeEnv, FakePorts, block_on, logged};

const NOW: i64 = 1_767_323_045;
/// Part of every planted secret.
const PLANTED: &str = "pl4nt3d";

fn secret(name: &str) -> String {
    format!("{PLANTED}-{name}")
}

/// Returns a response that repeats secrets in headers and body.
#[derive(Debug)]
struct Server {
    status: u16,
    body: String,
}

impl Transport for Server {
    fn send(&self, _: WireRequest) -> BoxFuture<'_, Result<WireResponse>> {
        let response = WireResponse {
            status: self.status,
            headers: [
                ("set-cookie", secret("cookie")),
                ("x-amz-security-token", secret("token")),
                (
                    "x-amz-server-side-encryption-customer-key-md5",
                    secret("md5"),
                ),
            ]
            .into_iter()
            .collect(),
            body: ByteStream::from(self.body.clone()),
        };
        Box::pin(std::future::ready(Ok(response)))
    }
}

fn credentials() -> Credentials {
    Credentials::new(
        "AKIDEXAMPLE",
        &secret("key"),
        Some(&secret("session-token")),
    )
}

fn config() -> Config {
    let proxy = format!("http://user:{}@proxy:3128", secret("proxy"));
    Config::new().proxies(
        Proxies::new()
            .with("http", proxy.as_str())
            .with("all", proxy),
    )
}

fn session(status: u16, body: impl Into<String>) -> Session {
    let server = Server {
        status,
        body: body.into(),
    };
    Session::builder()
        .host(FakePorts::new(FakeEnv::default(), NOW).host())
        .region("us-east-1")
        .credentials(credentials())
        .transport(Arc::new(server))
        .build()
        .unwrap()
}

fn assume_role() -> String {
    format!(
        "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>{}</SecretAccessKey>\
         <SessionToken>{}</SessionToken></Credentials></AssumeRoleResult></AssumeRoleResponse>",
        secret("key"),
        secret("session")
    )
}

/// Collects the debug output of values, by the names of their types.
#[derive(Default)]
struct Printed(Vec<(&'static str, String)>);

impl Printed {
    fn add(&mut self, name: &'static str, value: &impl Debug) {
        self.0.push((name, format!("{value:?}\n{value:#?}")));
    }
}

/// Public types that hold no values of the user or the service, and plain values, which print their contents.
const WITHOUT_SECRETS: &[&str] = &[
    // Values.
    "Blob",
    "List",
    "Map",
    "Str",
    "Timestamp",
    "TimestampFormat",
    "Value",
    // Enumerations and identifiers.
    "ErrorKind",
    "Fault",
    "HttpVersion",
    "Protocol",
    "RetryClass",
    "UserAgentFeatures",
    // Providers print their own names; their credentials are `Credentials`.
    "CredentialChain",
    "Lookup",
    "Provider",
    "ProviderChain",
    "ProviderContext",
    "TokenChain",
    // Logins: `tests/secrets.rs`.
    "SsoLogin",
    "SsoLogout",
    // Traits.
    "Backoff",
    "Interceptor",
    "RetryClassifier",
    "Transport",
    // Numbers and names; the error of an attempt is an `Error`.
    "CallContext",
    "FailedAttempt",
    "RetryDecision",
    "RetryOptions",
    "StallLimit",
    // Definitions.
    "Acceptor",
    "AcceptorState",
    "Catalog",
    "ErrorMatch",
    "IdentifierSource",
    "Kind",
    "Location",
    "Matcher",
    "Member",
    "Metadata",
    "Operation",
    "PaginatorModel",
    "Paginators",
    "ParamPath",
    "ParamSource",
    "ResourceAction",
    "ResourceAttribute",
    "ResourceCollection",
    "ResourceIdentifier",
    "ResourceModel",
    "ResourceParam",
    "ResourceRelation",
    "ResourceRequest",
    "ResourceTarget",
    "ResourceWaiter",
    "Resources",
    "ResultKey",
    "ServiceModel",
    "Shape",
    "ShapeId",
    "Structure",
    "TargetIdentifier",
    "Traits",
    "WaiterModel",
    "Waiters",
    "ResourcePart",
    // Where definitions come from.
    "DefinitionOrigin",
    "DefinitionSource",
    "ReadOnlySource",
    "SmithyService",
    "WireOperation",
    // Names of providers and settings: `tests/explain.rs`.
    "ChainExplanation",
    "Explain",
    "ExplainedProvider",
    "Explanation",
    "ProviderOutcome",
    // Names, sizes and times of files and objects.
    "CopySource",
    "DeleteFailure",
    "DeleteOutput",
    "DeleteTarget",
    "ListedObject",
    "LocalEntry",
    "LocalFile",
    "LocalListing",
    "ObjectListing",
    "Progress",
    "ProgressStream",
    "ResourceKey",
    "SkippedFile",
    "SyncChange",
    "SyncDirection",
    "SyncEntry",
    "SyncOptions",
    "SyncPlan",
    "SyncStep",
    "Transfer",
    "TransferConfig",
    "TransferControl",
    "TransferOutput",
    // Traits of transfers.
    "ClientTransfers",
    "ResourceTransfers",
    "WriteAt",
    // Test doubles print the values that a test gave them; recordings are in `tests/recordings.rs`.
    "FakeServer",
    "FakeServerBuilder",
    "Recorder",
    "Replayer",
    "StubCall",
    "StubClient",
    "StubRule",
    "StubSession",
    // Certificates are public, and `Result` is an alias.
    "CaBundle",
    "Result",
];

fn wire_request() -> WireRequest {
    let headers: Headers = [
        ("authorization", secret("authorization")),
        ("x-amz-security-token", secret("token")),
        ("x-amz-s3session-token", secret("token")),
        ("x-amz-server-side-encryption-customer-key", secret("key")),
        (
            "x-amz-copy-source-server-side-encryption-customer-key",
            secret("key"),
        ),
        ("proxy-authorization", secret("proxy")),
        ("x-amz-sso_bearer_token", secret("bearer")),
        ("cookie", secret("cookie")),
    ]
    .into_iter()
    .collect();
    WireRequest {
        method: "POST".into(),
        url: format!("https://host/path?X-Amz-Signature={PLANTED}"),
        headers,
        body: WireBody::Bytes(secret("body").into()),
        read_timeout: None,
        stall_limit: None,
        version: HttpVersion::Http1,
        operation: None,
    }
}

#[test]
fn debug_output_of_public_types_contains_no_secret() {
    let mut printed = Printed::default();
    printed.add("Secret", &Secret::from(secret("x")));
    printed.add("Credentials", &credentials());
    printed.add("Token", &Token::new(secret("token")));
    printed.add("config", &config());
    let request = wire_request();
    printed.add("Headers", &request.headers);
    printed.add("WireBody", &request.body);
    printed.add(
        "WireBody",
        &WireBody::Stream(ByteStream::from(secret("body"))),
    );
    let serialized = inia::protocol::Request {
        headers: request.headers.clone(),
        query: secret("query"),
        body: secret("body").into(),
        ..inia::protocol::Request::default()
    };
    printed.add("Request", &serialized);
    printed.add("WireRequest", &request);
    printed.add(
        "WireResponse",
        &WireResponse {
            status: 200,
            headers: [("set-cookie", secret("cookie"))].into_iter().collect(),
            body: ByteStream::from(secret("body")),
        },
    );
    printed.add("ByteStream", &ByteStream::from(secret("body")));
    printed.add(
        "Params",
        &Params::from(json!({"Password": secret("password")})),
    );
    let details: Map = [("AccessToken", Value::from(secret("token")))]
        .into_iter()
        .collect();
    let response = ServiceError {
        code: "Refused".into(),
        fault: Some(Fault::Sender),
        headers: vec![("set-cookie".into(), secret("cookie").into())],
        details,
        ..ServiceError::default()
    };
    printed.add("ServiceError", &response);
    printed.add("Error", &Error::from_service("Get", response));
    printed.add(
        "Problem",
        &Problem {
            path: "Password".into(),
            message: "too short".into(),
        },
    );
    printed.add("Condition", &Condition::equals("done"));
    let mut message = EventMessage {
        payload: secret("payload").into(),
        ..EventMessage::default()
    };
    for (name, value) in [
        (":event-type", EventHeader::String("Chunk".into())),
        ("text", EventHeader::String(secret("header").into())),
        (
            ":chunk-signature",
            EventHeader::Bytes(secret("signature").into()),
        ),
    ] {
        message.headers.push((name.into(), value));
    }
    assert!(format!("{message:?}").contains(r#"":event-type": "Chunk""#));
    let mut decoder = MessageDecoder::new();
    decoder.push(secret("chunk").as_bytes());
    printed.add("EventMessage", &message);
    printed.add("EventHeader", &message.headers[1].1);
    printed.add("MessageDecoder", &decoder);

    let session = session(200, assume_role());
    printed.add("Session", &session);
    let builder = Session::builder()
        .credentials(credentials())
        .config(&config());
    printed.add("SessionBuilder", &builder);
    let sts = session.client("sts").unwrap();
    printed.add("Client", &sts);
    let with_options = Session::builder()
        .host(FakePorts::new(FakeEnv::default(), NOW).host())
        .config(&config())
        .build()
        .unwrap();
    printed.add("Session", &with_options);
    printed.add(
        "ClientSettings",
        with_options.client("sts").unwrap().settings(),
    );
    let params = || json!({"RoleArn": "arn:aws:iam::123456789012:role/r", "RoleSessionName": secret("name"), "TokenCode": secret("code")});
    let call = sts
        .call("AssumeRole", params())
        .header("Authorization", secret("authorization"))
        .credentials(credentials())
        .token(Token::new(secret("token")));
    printed.add("Call", &call);
    let presign = sts
        .presign("GetCallerIdentity", json!({}), Duration::from_secs(60))
        .header("cookie", secret("cookie"))
        .credentials(credentials());
    printed.add("Presign", &presign);
    let presigned = block_on(
        sts.presign("GetCallerIdentity", json!({}), Duration::from_secs(60))
            .sign(),
    )
    .unwrap();
    assert!(presigned.url().contains(PLANTED));
    printed.add("PresignedRequest", &presigned);
    let s3 = session.client("s3").unwrap();
    let form = || {
        s3.presign_post("bucket", "key", Duration::from_secs(60))
            .field("x-amz-security-token", secret("token"))
            .credentials(credentials())
    };
    printed.add("PresignPost", &form());
    printed.add("PresignedPost", &block_on(form().sign()).unwrap());
    let transfers = TransferManager::new(&s3);
    let upload = transfers
        .upload_fileobj(secret("body"), "bucket", "key")
        .extra_args(json!({"SSECustomerKey": secret("key")}));
    printed.add("TransferManager", &transfers);
    printed.add("TransferRequest", &upload);
    let mut valid = params();
    valid
        .as_map_mut()
        .unwrap()
        .insert("RoleSessionName", "name");
    valid.as_map_mut().unwrap().remove("TokenCode");
    let output = block_on(sts.call("AssumeRole", valid).send()).unwrap();
    assert!(
        output["Credentials"]["SessionToken"]
            .as_str()
            .unwrap()
            .contains(PLANTED)
    );
    printed.add("ResponseMetadata", &output.metadata);
    printed.add("Output", &output);
    printed.add("ResourceOutcome", &ResourceOutcome::from(output));

    let ec2 = session.client("ec2").unwrap();
    let with_secret = || json!({"Filters": [{"Name": "tag:Password", "Values": [secret("tag")]}]});
    printed.add(
        "Paginator",
        &ec2.paginate("DescribeInstances", with_secret()),
    );
    printed.add(
        "PageItems",
        &ec2.paginate("DescribeInstances", with_secret()).items(),
    );
    printed.add(
        "SearchResults",
        &ec2.paginate("DescribeInstances", with_secret())
            .search("Reservations"),
    );
    printed.add("Wait", &ec2.wait("InstanceRunning", with_secret()));
    let iam = session.resource("iam").unwrap();
    let pair = iam
        .get(
            "AccessKeyPair",
            [
                Value::from("user"),
                "AKIDEXAMPLE".into(),
                secret("key").into(),
            ],
        )
        .unwrap();
    printed.add("Resource", &pair);
    printed.0.push(("Resource", pair.to_string()));
    printed.add(
        "Action",
        &iam.action(
            "create_user",
            json!({"UserName": "u", "Password": secret("password")}),
        ),
    );
    let collection = iam
        .collection("users")
        .filter(json!({"PathPrefix": secret("path")}));
    printed.add("Collection", &collection);
    printed.add("CollectionItems", &collection.clone().iter());
    printed.add("CollectionPages", &collection.pages());

    for (name, text) in &printed.0 {
        assert!(!text.contains(PLANTED), "{name}: {text}");
        assert!(!text.contains(&base64(PLANTED)), "{name}: {text}");
    }
    // A new public type has to be added to this test or to the list of those without secrets.
    let covered: BTreeSet<&str> = printed
        .0
        .iter()
        .map(|(name, _)| *name)
        .chain(WITHOUT_SECRETS.iter().copied())
        // Covered by the transport's and the event stream's own tests.
        .chain([
            "EventReceiver",
            "EventSender",
            "EventStream",
            "HyperTransport",
            "ProxySettings",
            "TlsSettings",
            "TransportSettings",
            "WaitOutcome",
        ])
        .collect();
    let missing: Vec<String> = public_types()
        .into_iter()
        .filter(|name| !covered.contains(name.as_str()))
        .collect();
    assert_eq!(missing, Vec::<String>::new());
}

fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}

/// Returns the names of the types that the facade exports.
fn public_types() -> Vec<String> {
    let source = std::fs::read_to_string("src/lib.rs").unwrap();
    let names = source
        .split("pub use ")
        .skip(1)
        .flat_map(|item| {
            item.split(';')
                .next()
                .unwrap()
                .split(['{', '}', ',', ':', ' ', '\n'])
        })
        .filter(|name| name.starts_with(|c: char| c.is_ascii_uppercase()));
    let mut names: Vec<String> = names.map(str::to_owned).collect();
    names.sort();
    names.dedup();
    assert!(names.len() > 60, "{names:?}");
    names
}

#[test]
fn logs_and_errors_of_calls_contain_no_secret() {
    let long = secret(&"x".repeat(5000));
    for (status, body) in [
        (200, assume_role()),
        (200, assume_role().replace("</Credentials>", "")),
        (200, format!("<x>{PLANTED}")),
        (200, format!("{{\"SecretString\": \"{PLANTED}")),
        (200, format!("{{\"SecretString\": [\"{PLANTED}\"]}}")),
        (
            403,
            "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>".to_owned(),
        ),
        (500, "{}".to_owned()),
    ] {
        let calls = [
            (
                "sts",
                "AssumeRole",
                json!({"RoleArn": "arn:aws:iam::123456789012:role/r", "RoleSessionName": "n", "TokenCode": "123456"}),
            ),
            (
                "sts",
                "AssumeRole",
                json!({"RoleArn": "arn:aws:iam::123456789012:role/r", "RoleSessionName": "n", "TokenCode": long.clone()}),
            ),
            ("secretsmanager", "GetSecretValue", json!({"SecretId": "s"})),
            (
                "secretsmanager",
                "CreateSecret",
                json!({"Name": "s", "SecretString": [secret("list")]}),
            ),
            (
                "secretsmanager",
                "CreateSecret",
                json!({"Name": "s", "SecretString": {"a": secret("map")}, "SecretBinary": 7}),
            ),
            (
                "secretsmanager",
                "PutSecretValue",
                json!({"SecretId": "s", "SecretString": secret("string"), "SecretBinary": Blob::from(secret("b").into_bytes())}),
            ),
            (
                "rds",
                "CreateDBInstance",
                json!({"DBInstanceIdentifier": "d", "DBInstanceClass": "c", "Engine": "e", "MasterUserPassword": secret("password")}),
            ),
            (
                "s3",
                "PutObject",
                json!({"Bucket": "b", "Key": "k", "Body": secret("body"), "SSECustomerAlgorithm": "AES256", "SSECustomerKey": secret("key")}),
            ),
            (
                "lambda",
                "UpdateFunctionConfiguration",
                json!({"FunctionName": "f", "Environment": {"Variables": {"DB_PASSWORD": secret("env")}}}),
            ),
            (
                "cognito-idp",
                "AdminSetUserPassword",
                json!({"UserPoolId": "p", "Username": "u", "Password": {"x": secret("password")}}),
            ),
        ];
        let session = session(status, body);
        for (service, operation, params) in calls {
            let client = session.client(service).unwrap();
            let call = client.call(operation, params);
            let (result, log) = logged(|| block_on(call.send()));
            assert!(!log.contains(PLANTED), "{operation}: {log}");
            if let Err(error) = result {
                let text = format!("{error} {error:#} {error:?} {error:#?}");
                assert!(!text.contains(PLANTED), "{operation}: {text}");
                assert_ne!(error.kind(), ErrorKind::Connection);
            }
        }
    }
}
