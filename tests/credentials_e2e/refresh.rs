//! Concurrent calls with expiring credentials.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use inia::json;
use p256::elliptic_curve::Generate as _;
use p256::pkcs8::{EncodePrivateKey as _, LineEnding};

use crate::fakes::logged;
use crate::loopback::{Request, Server, response};
use crate::machine::{TestMachine, Trials, check, in_seconds, keys, runtime, signers, sts};

pub(crate) const TRIALS: Trials = &[
    (
        "a concurrent_calls calls with expired credentials refresh once",
        concurrent_calls,
    ),
    (
        "a concurrent_calls calls of many threads and clients refresh once",
        concurrent_threads,
    ),
    (
        "credentials that cannot be refreshed are used until they expire",
        outage,
    ),
    (
        "credentials that a service rejects as expired are refreshed",
        rejected,
    ),
    (
        "several processes use one refresh token of SSO once",
        shared_sso_login,
    ),
    (
        "several processes use one refresh token of a login once",
        shared_login,
    ),
    (
        "credentials of a role that cannot be renewed are used from the cache until they expire",
        outage_of_sts,
    ),
    (
        "a cancelled call ends its credential_process",
        hanging_process,
    ),
];

/// Starts a container endpoint that returns `AKID-0`, `AKID-1`, ..., each valid for one hour.
fn counting() -> Server {
    let issued = AtomicUsize::new(0);
    Server::start(move |_| {
        let number = issued.fetch_add(1, Ordering::SeqCst);
        if number > 0 {
            // Delayed, so that all callers are waiting by then.
            std::thread::sleep(Duration::from_millis(200));
        }
        response(
            200,
            keys(
                &number.to_string(),
                3600 + i64::try_from(number).unwrap() * 7200,
            ),
        )
    })
}

fn machine(endpoint: &Server, services: &Server) -> TestMachine {
    TestMachine::new("")
        .env("AWS_ENDPOINT_URL_STS", &services.url)
        .env(
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            format!("{}/creds", endpoint.url),
        )
}

/// Asserts that the first call was signed with the first keys, and all others with the second.
fn check_signers(services: &Server, calls: usize) {
    let signers = signers(services);
    assert_eq!(signers.len(), calls + 1);
    assert_eq!(signers[0].as_deref(), Some("AKID-0"));
    assert!(
        signers[1..]
            .iter()
            .all(|signer| signer.as_deref() == Some("AKID-1"))
    );
}

fn concurrent_calls() {
    let (endpoint, services) = (counting(), Server::start(sts));
    let machine = machine(&endpoint, &services);
    let ((), log) = logged(|| {
        runtime().block_on(async {
            let session = machine.session();
            let client = session.client("sts").unwrap();
            client.call("GetCallerIdentity", json!({})).await.unwrap();
            machine.clock.advance(7200);
            let calls = (0..1000).map(|_| client.call("GetCallerIdentity", json!({})).send());
            for result in join_all(calls).await {
                result.unwrap();
            }
        });
    });
    check("the log", &log);
    assert_eq!(endpoint.requests().len(), 2);
    check_signers(&services, 1000);
}

fn concurrent_threads() {
    let (endpoint, services) = (counting(), Server::start(sts));
    let machine = machine(&endpoint, &services);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(8)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let session = machine.session();
        let first = session.client("sts").unwrap();
        first.call("GetCallerIdentity", json!({})).await.unwrap();
        machine.clock.advance(7200);
        let calls = (0..1000).map(|_| {
            let session = session.clone();
            tokio::spawn(async move {
                let client = session.client("sts").unwrap();
                client.call("GetCallerIdentity", json!({})).await
            })
        });
        for result in join_all(calls.collect::<Vec<_>>()).await {
            result.unwrap().unwrap();
        }
    });
    assert_eq!(endpoint.requests().len(), 2);
    check_signers(&services, 1000);
}

fn outage() {
    let issued = AtomicUsize::new(0);
    let endpoint = Server::start(move |_| match issued.fetch_add(1, Ordering::SeqCst) {
        0 => response(200, keys("0", 3600)),
        _ => response(503, ""),
    });
    let services = Server::start(sts);
    let machine = machine(&endpoint, &services);
    runtime().block_on(async {
        let client = machine.session().client("sts").unwrap();
        client.call("GetCallerIdentity", json!({})).await.unwrap();
        // Within the last 15 minutes, existing credentials continue to be used.
        machine.clock.advance(3600 - 12 * 60);
        client.call("GetCallerIdentity", json!({})).await.unwrap();
        assert!(endpoint.requests().len() > 1);
        // And within the last 10 minutes, when all calls wait for the refresh.
        machine.clock.advance(11 * 60);
        client.call("GetCallerIdentity", json!({})).await.unwrap();
        // Expired credentials are not used.
        machine.clock.advance(61);
        let error = client
            .call("GetCallerIdentity", json!({}))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), inia::ErrorKind::Credentials);
        let text = format!("{error:#} {error:?}");
        assert!(
            text.contains("container-role") && text.contains("503"),
            "{text}"
        );
        check("the error", &text);
    });
    assert_eq!(services.requests().len(), 3);
}

fn rejected() {
    let endpoint = counting();
    let services = Server::start(|request| match request.access_key() {
        Some("AKID-0") => response(
            403,
            "<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredToken</Code><Message>expired</Message></Error></ErrorResponse>",
        ),
        _ => sts(request),
    });
    let services = Arc::new(services);
    let machine = machine(&endpoint, &services).env("AWS_MAX_ATTEMPTS", "2");
    runtime().block_on(async {
        let client = machine.session().client("sts").unwrap();
        // Even if the call itself is not retried, the next one has new keys.
        let first = client.call("GetCallerIdentity", json!({})).await;
        let second = client.call("GetCallerIdentity", json!({})).await;
        assert!(first.is_ok() || second.is_ok(), "{first:?} {second:?}");
        second.unwrap();
    });
    assert_eq!(endpoint.requests().len(), 2);
    assert!(signers(&services).contains(&Some("AKID-1".to_owned())));
}

/// Loads credentials in sessions that share nothing but their files, as processes do. Returns the number of token requests.
fn load_in_sessions(machine: &TestMachine, server: &Server, token_path: &str) -> usize {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_all()
        .build()
        .unwrap();
    let loads: Vec<_> = (0..8)
        .map(|_| {
            let session = machine.session();
            runtime.spawn(async move { session.credentials().await })
        })
        .collect();
    for credentials in runtime.block_on(join_all(loads)) {
        let credentials = credentials.unwrap().unwrap();
        assert_eq!(credentials.access_key_id, "AKID-new");
    }
    let requests = server.requests();
    let is_refresh = |request: &&Request| request.target == token_path;
    requests.iter().filter(is_refresh).count()
}

/// Responds to the first token request, and rejects a second use of its refresh token.
fn single_use(used: &AtomicUsize, token: impl Fn() -> String) -> crate::loopback::Reply {
    std::thread::sleep(Duration::from_millis(100));
    match used.fetch_add(1, Ordering::SeqCst) {
        0 => response(200, token()),
        _ => response(
            400,
            r#"{"error": "invalid_grant", "__type": "InvalidGrantException"}"#,
        ),
    }
}

fn shared_sso_login() {
    let used = AtomicUsize::new(0);
    let server = Server::start(
        move |request| match request.target.split('?').next().unwrap() {
            "/token" => single_use(&used, || {
                r#"{"accessToken": "hush-new", "expiresIn": 28800, "refreshToken": "hush-refresh-2"}"#
                .to_owned()
            }),
            _ => {
                assert_eq!(request.header("x-amz-sso_bearer_token"), Some("hush-new"));
                response(
                    200,
                    r#"{"roleCredentials": {"accessKeyId": "AKID-new", "secretAccessKey": "hush-secret", "sessionToken": "hush-token",
                    "expiration": 4000000000000}}"#,
                )
            }
        },
    );
    let machine = TestMachine::new(
        "[default]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = reader\n\
         [sso-session corp]\nsso_start_url = https://corp.example/start\nsso_region = eu-west-1\n",
    )
    .env("AWS_ENDPOINT_URL", &server.url);
    machine.write(
        // SHA-1 of `corp`.
        ".aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json",
        &format!(
            r#"{{"startUrl": "https://corp.example/start", "region": "eu-west-1", "accessToken": "hush-old", "expiresAt": "{}",
                "clientId": "client", "clientSecret": "hush-client", "registrationExpiresAt": "2099-01-01T00:00:00Z",
                "refreshToken": "hush-refresh-1"}}"#,
            in_seconds(-60)
        ),
    );
    assert_eq!(load_in_sessions(&machine, &server, "/token"), 1);
}

fn shared_login() {
    let used = AtomicUsize::new(0);
    let server = Server::start(move |_| {
        single_use(&used, || {
            r#"{"accessToken": {"accessKeyId": "AKID-new", "secretAccessKey": "hush-secret", "sessionToken": "hush-token"},
                "tokenType": "aws_sigv4", "expiresIn": 900, "refreshToken": "hush-refresh-2"}"#
                .to_owned()
        })
    });
    let machine = TestMachine::new(
        "[default]\nlogin_session = arn:aws:sts::123456789012:assumed-role/Admin/me\n",
    )
    .env("AWS_ENDPOINT_URL", &server.url);
    let pem = p256::SecretKey::generate()
        .to_pkcs8_pem(LineEnding::LF)
        .unwrap();
    machine.write(
        // SHA-256 of the session.
        ".aws/login/cache/c03a7323bda916bba892295dd46ea73c98866a0ad0a2606cb839909f35fbc865.json",
        &serde_json::json!({
            "accessToken": {"accessKeyId": "AKID-old", "secretAccessKey": "hush-old", "sessionToken": "hush-old-token",
                "accountId": "123456789012", "expiresAt": in_seconds(-60)},
            "tokenType": "aws_sigv4", "refreshToken": "hush-refresh-1", "clientId": "arn:aws:signin:::devtools/same-device",
            "dpopKey": pem.as_str(),
        })
        .to_string(),
    );
    assert_eq!(load_in_sessions(&machine, &server, "/v1/token"), 1);
}

fn outage_of_sts() {
    let server = Server::start(|_| response(503, ""));
    let machine = TestMachine::new(
        "[default]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = keys\n\
         [profile keys]\naws_access_key_id = AKID-keys\naws_secret_access_key = hush-secret\n",
    )
    .env("AWS_ENDPOINT_URL", &server.url);
    machine.write(
        // hashlib.sha1(json.dumps({"RoleArn": "arn:aws:iam::123456789012:role/r"}).encode()).hexdigest()
        ".aws/cli/cache/6dc9e6e1e186b9f293814df3266de783142c48a2.json",
        &format!(
            r#"{{"Credentials": {{"AccessKeyId": "AKID-role", "SecretAccessKey": "hush-role", "SessionToken": "hush-token",
                "Expiration": "{}"}}}}"#,
            in_seconds(300)
        ),
    );
    let session = machine.session();
    let credentials = runtime().block_on(session.credentials()).unwrap();
    assert_eq!(credentials.access_key_id, "AKID-role");
    assert!(!server.requests().is_empty());
    machine.clock.advance(301);
    let error = runtime().block_on(session.credentials()).unwrap_err();
    check("the error", &format!("{error:#}"));
}

fn hanging_process() {
    let machine = TestMachine::new("");
    let pid_file = machine.path("pid");
    machine.write(
        ".aws/config",
        &format!(
            "[default]\ncredential_process = sh -c \"echo $$ > {} ; exec sleep 60\"\n",
            pid_file.display()
        ),
    );
    runtime().block_on(async {
        let session = machine.session();
        let limit = Duration::from_millis(500);
        let ended = tokio::time::timeout(limit, session.credentials()).await;
        assert!(ended.is_err());
    });
    let pid = std::fs::read_to_string(&pid_file).unwrap();
    let process = std::path::PathBuf::from(format!("/proc/{}/stat", pid.trim()));
    let is_running = || {
        let stat = std::fs::read_to_string(&process).unwrap_or_default();
        !stat.is_empty() && !stat.contains(") Z ")
    };
    for _ in 0..100 {
        if !is_running() {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("the process is still running");
}
