//! Cases that are in none of the suites: invalid input, hanging services, caches, and concurrent refreshes.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use inia::Session;
use inia_core::config::{Config, DefaultsMode, setting};
use inia_core::ports::{BoxFuture, HttpResponse};
use inia_core::{
    CredentialChain, Credentials, Error, ErrorKind, Lookup, Provider, ProviderContext, Result,
    ServiceError, Timestamp, json,
};
use serde_json::Value as Json;

use super::metadata::only;
use super::scripted::{ScriptedInvoke, assumed};
use super::secrets::Secrets;
use crate::fakes::{CommandOutcome, FakeEnv, FakeHttp, FakePorts, block_on, logged, response};
use crate::support::Case;

const NOW: i64 = 1_700_000_000;

pub(crate) fn cases(cases: &mut Vec<Case>) {
    let trials: &[(&str, fn())] = &[
        (
            "a concurrent_refresh concurrent calls with expired credentials refresh once",
            concurrent_refresh,
        ),
        ("the error of an empty chain lists all providers", exhausted),
        (
            "the error of a failing provider lists those before it",
            broken,
        ),
        (
            "an explicit profile overrides the environment",
            explicit_profile,
        ),
        ("environment credentials must be complete", environment),
        (
            "line breaks within keys name their variable or provider",
            line_breaks,
        ),
        ("a hanging metadata service times out", imds_hangs),
        (
            "a metadata service with invalid responses has no credentials",
            imds_invalid,
        ),
        ("IMDSv1 is used only if enabled", imds_v1),
        (
            "instance credentials are used until they are refreshed",
            imds_stability,
        ),
        (
            "the number of metadata attempts is configurable",
            imds_attempts,
        ),
        (
            "a container endpoint is tried three times",
            container_attempts,
        ),
        (
            "a container endpoint without TLS must be local",
            container_hosts,
        ),
        ("a container token is sent and validated", container_token),
        ("the output of a credential process is validated", process),
        ("the chain of source profiles is bounded", long_source_chain),
        ("an MFA code is prompted for once", mfa),
        ("role credentials are cached across sessions", role_cache),
        ("role parameters are sent to STS", role_parameters),
        (
            "an expired SSO token requires a new login",
            sso_unauthorized,
        ),
        ("contradictory SSO settings are rejected", sso_contradiction),
        ("a failed login refresh reports the reason", login_refused),
        ("legacy credential files are read", legacy_files),
        ("chains are modified by provider name", chains),
        ("defaults_mode auto detects its environment", auto_mode),
        ("static credentials are used unchanged", static_credentials),
    ];
    for (name, trial) in trials {
        let trial = *trial;
        cases.push(Case::new(format!("behaviour/{name}"), move || {
            trial();
            Ok::<(), String>(())
        }));
    }
}

fn ports(env: &[(&str, &str)], config: &str) -> FakePorts {
    let mut env = FakeEnv::of(env.iter().copied());
    env.variables.insert("HOME".to_owned(), "/home".to_owned());
    let ports = FakePorts::new(env, NOW);
    ports.files.put("/home/.aws/config", config);
    ports
}

fn session(ports: &FakePorts, services: &ScriptedInvoke) -> Session {
    Session::builder()
        .host(ports.host())
        .region("us-east-1")
        .invoke(services.invoke())
        .build()
        .unwrap()
}

fn no_services() -> ScriptedInvoke {
    ScriptedInvoke::new(|call| panic!("{} {} is called", call.service, call.operation))
}

/// Returns the session's credentials and asserts that no secret is printed.
fn credentials(session: &Session, secrets: &[&str]) -> Result<Arc<Credentials>> {
    let mut list = Secrets::default();
    for secret in secrets {
        list.add(secret);
    }
    let (result, log) = logged(|| block_on(session.credentials()));
    list.check("the log", &log).unwrap();
    match &result {
        Ok(credentials) => list.check("the credentials", &format!("{credentials:?}")),
        Err(error) => list.check("the error", &format!("{error:#} {error:?}")),
    }
    .unwrap();
    result
}

fn message(session: &Session, secrets: &[&str]) -> String {
    let error = credentials(session, secrets).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credentials);
    format!("{error:#}")
}

#[track_caller]
fn contains(message: &str, parts: &[&str]) {
    let mut rest = message;
    for part in parts {
        let (_, after) = rest
            .split_once(part)
            .unwrap_or_else(|| panic!("`{part}` is missing or out of order in `{message}`"));
        rest = after;
    }
}

fn concurrent_refresh() {
    #[derive(Debug, Default)]
    struct SlowProvider {
        loads: AtomicUsize,
    }

    impl Provider<Credentials> for SlowProvider {
        fn name(&self) -> &str {
            "slow"
        }

        fn load<'a>(
            &'a self,
            context: &'a ProviderContext,
        ) -> BoxFuture<'a, Result<Lookup<Credentials>>> {
            Box::pin(async move {
                let load = self.loads.fetch_add(1, Ordering::SeqCst);
                // Delayed, so that all callers are waiting by then.
                let start = std::time::Instant::now();
                std::future::poll_fn(|context| {
                    if start.elapsed() > Duration::from_millis(100) {
                        return std::task::Poll::Ready(());
                    }
                    context.waker().wake_by_ref();
                    std::task::Poll::Pending
                })
                .await;
                let mut credentials = Credentials::new(&format!("AKID{load}"), "s", None);
                let now = context.host.clock.now().seconds();
                credentials.expires = Some(Timestamp::new(now + 3600, 0));
                Ok(Lookup::Found(credentials))
            })
        }
    }

    let ports = ports(&[], "");
    let slow = Arc::new(SlowProvider::default());
    let session = Session::builder()
        .host(ports.host())
        .credential_chain(CredentialChain::new(vec![slow.clone()]).unwrap())
        .build()
        .unwrap();
    for round in 0..2 {
        std::thread::scope(|scope| {
            for _ in 0..8 {
                // Clients hold clones of the session.
                let session = session.clone();
                scope.spawn(move || {
                    let mut calls: Vec<_> =
                        (0..125).map(|_| Box::pin(session.credentials())).collect();
                    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
                    while !calls.is_empty() {
                        calls.retain_mut(|call| match call.as_mut().poll(&mut context) {
                            std::task::Poll::Ready(credentials) => {
                                let expected = format!("AKID{round}");
                                assert_eq!(credentials.unwrap().access_key_id, expected);
                                false
                            }
                            std::task::Poll::Pending => true,
                        });
                        std::thread::yield_now();
                    }
                });
            }
        });
        assert_eq!(slow.loads.load(Ordering::SeqCst), round + 1);
        ports.clock.advance(3601);
    }
}

fn exhausted() {
    let ports = ports(&[], "[default]\nregion = us-east-1\n");
    let session = session(&ports, &no_services());
    let (_, log) = logged(|| block_on(session.credentials()));
    // The chain is logged, so that the check for secrets covers it.
    contains(
        &log,
        &[
            "looking for credentials in env",
            "env: AWS_ACCESS_KEY_ID is not set",
            "looking for credentials in iam-role",
        ],
    );
    contains(
        &message(&session, &[]),
        &[
            "no credentials found in any provider",
            "\n  env: AWS_ACCESS_KEY_ID is not set",
            "\n  assume-role: profile `default` has no role_arn",
            "\n  assume-role-with-web-identity: AWS_WEB_IDENTITY_TOKEN_FILE is not set",
            "\n  sso: profile `default` has neither sso_account_id",
            "\n  shared-credentials-file: /home/.aws/credentials has no profile `default`",
            "\n  login: profile `default` has no login_session",
            "\n  custom-process: profile `default` has no credential_process",
            "\n  config-file: profile `default` of /home/.aws/config has no aws_access_key_id",
            "\n  ec2-credentials-file: AWS_CREDENTIAL_FILE is not set",
            "\n  boto-config: no boto config file",
            "\n  container-role: neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
            "\n  iam-role: the instance metadata service: connection refused",
        ],
    );
}

fn broken() {
    let ports = ports(
        &[],
        "[default]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = keys\n[profile keys]\n\
         aws_access_key_id = AKID\naws_secret_access_key = secret-of-keys\n",
    );
    let services = ScriptedInvoke::new(|call| {
        Err(Error::from_service(
            &call.operation,
            ServiceError {
                code: "AccessDenied".into(),
                message: "not authorized to assume".into(),
                http_status: 403,
                ..ServiceError::default()
            },
        ))
    });
    let session = session(&ports, &services);
    let text = message(&session, &["secret-of-keys"]);
    contains(
        &text,
        &[
            "provider `assume-role` is configured but failed to load credentials",
            "\n  env: AWS_ACCESS_KEY_ID is not set",
            "\n  assume-role: AssumeRole failed with AccessDenied (HTTP 403): not authorized to assume",
        ],
    );
    assert!(!text.contains("sso:"), "{text}");
}

fn explicit_profile() {
    let env = [
        ("AWS_ACCESS_KEY_ID", "AKIDENV"),
        ("AWS_SECRET_ACCESS_KEY", "secret-of-env"),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", "/token"),
        ("AWS_ROLE_ARN", "arn:aws:iam::1:role/r"),
    ];
    let ports = ports(
        &env,
        "[profile p]\naws_access_key_id = AKIDPROFILE\naws_secret_access_key = secret-of-profile\n",
    );
    let session = Session::builder()
        .host(ports.host())
        .profile("p")
        .build()
        .unwrap();
    let resolved = credentials(&session, &["secret-of-env", "secret-of-profile"]).unwrap();
    assert_eq!(resolved.access_key_id, "AKIDPROFILE");
    // A profile selected by the environment overrides nothing.
    let mut env = FakeEnv::of(env);
    env.variables.insert("HOME".into(), "/home".into());
    env.variables.insert("AWS_PROFILE".into(), "p".into());
    let other = FakePorts::new(env, NOW);
    other.files.put("/home/.aws/config", "[profile p]\n");
    let session = Session::builder().host(other.host()).build().unwrap();
    let resolved = credentials(&session, &["secret-of-env"]).unwrap();
    assert_eq!(resolved.access_key_id, "AKIDENV");
}

fn environment() {
    let key = ("AWS_ACCESS_KEY_ID", "AKID");
    let secret = ("AWS_SECRET_ACCESS_KEY", "secret-of-env");
    let load = |env: &[(&str, &str)]| {
        let ports = ports(env, "");
        let session = session(&ports, &no_services());
        credentials(&session, &["secret-of-env", "old-token", "new-token"])
    };
    let error = load(&[key]).unwrap_err().to_string();
    contains(&error, &["AWS_SECRET_ACCESS_KEY is not"]);
    let resolved = load(&[
        key,
        secret,
        ("AWS_SESSION_TOKEN", "new-token"),
        ("AWS_SECURITY_TOKEN", "old-token"),
        ("AWS_CREDENTIAL_EXPIRATION", "2030-01-01T00:00:00Z"),
        ("AWS_ACCOUNT_ID", "123456789012"),
    ])
    .unwrap();
    assert_eq!(
        resolved.session_token.as_ref().unwrap().expose(),
        "old-token"
    );
    assert_eq!(
        resolved.expires.unwrap().to_string(),
        "2030-01-01T00:00:00Z"
    );
    assert_eq!(resolved.account_id.as_deref(), Some("123456789012"));
    let expired = ("AWS_CREDENTIAL_EXPIRATION", "2020-01-01T00:00:00Z");
    let error = load(&[key, secret, expired]).unwrap_err().to_string();
    contains(&error, &["expired at 2020-01-01T00:00:00Z"]);
    let never = ("AWS_CREDENTIAL_EXPIRATION", "never");
    contains(
        &load(&[key, secret, never]).unwrap_err().to_string(),
        &["invalid timestamp in AWS_CREDENTIAL_EXPIRATION"],
    );
}

fn imds_session(http: FakeHttp, env: &[(&str, &str)]) -> (FakePorts, Session) {
    let ports = ports(env, "").http(http);
    let session = Session::builder()
        .host(ports.host())
        .credential_chain(only("iam-role"))
        .build()
        .unwrap();
    (ports, session)
}

fn imds_hangs() {
    let hanging = FakeHttp::new(|_| {
        Err(Error::new(
            ErrorKind::Timeout,
            "no response within a second",
        ))
    });
    let (ports, session) = imds_session(hanging, &[]);
    contains(&message(&session, &[]), &["no response within a second"]);
    let requests = ports.http.requests.lock().unwrap();
    assert!(requests.len() <= 2, "{} requests", requests.len());
    for request in requests.iter() {
        assert_eq!(request.timeout, Duration::from_secs(1));
        assert!(request.limit <= 64 * 1024);
    }
}

fn valid_credentials(expires: &str) -> String {
    format!(
        r#"{{"Code": "Success", "AccessKeyId": "AKIDI", "SecretAccessKey": "secret-of-instance",
            "Token": "token-of-instance", "Expiration": "{expires}"}}"#
    )
}

/// Fakes a metadata service with canned token, role name and credentials.
fn imds(
    token: (u16, &'static str),
    name: (u16, &'static str),
    resolved: (u16, String),
) -> FakeHttp {
    FakeHttp::new(move |request| {
        if request.method == "PUT" {
            response(token.0, token.1)
        } else if request.url.contains("-extended/") {
            response(404, "")
        } else if request.url.ends_with('/') {
            response(name.0, name.1)
        } else {
            response(resolved.0, resolved.1.clone())
        }
    })
}

fn imds_invalid() {
    let role = (200, "role");
    let token = (200, "imds-token");
    let fine = (200, valid_credentials("2030-01-01T00:00:00Z"));
    let liars: Vec<(FakeHttp, &str)> = vec![
        (imds((400, "no"), role, fine.clone()), "cannot open a session"),
        (
            imds(token, (200, "../../user-data"), fine.clone()),
            "invalid instance profile name",
        ),
        (
            imds(token, (200, "<html>"), fine.clone()),
            "invalid instance profile name",
        ),
        (imds(token, (500, ""), fine.clone()), "HTTP 500"),
        (imds(token, (200, ""), fine.clone()), "empty response"),
        (imds(token, (401, ""), fine), "HTTP 401"),
        (imds(token, role, (200, "<html>".into())), "invalid JSON"),
        (imds(token, role, (200, "[]".into())), "not an object"),
        (
            imds(token, role, (200, r#"{"AccessKeyId": "A"}"#.into())),
            "the response has no SecretAccessKey",
        ),
        (
            imds(
                token,
                role,
                (200, r#"{"AccessKeyId": "A", "SecretAccessKey": "secret-of-instance", "Token": 5}"#.into()),
            ),
            "the response has no Token",
        ),
        (
            imds(token, role, (200, valid_credentials("soon"))),
            "the response has no Expiration",
        ),
        (
            imds(
                token,
                role,
                (
                    200,
                    r#"{"Code": "AssumeRoleUnauthorizedAccess", "Message": "EC2 cannot assume the role"}"#.into(),
                ),
            ),
            "AssumeRoleUnauthorizedAccess EC2 cannot assume the role",
        ),
        (imds(token, role, (404, String::new())), "the instance has no role: HTTP 404"),
    ];
    for (http, problem) in liars {
        let (_, session) = imds_session(http, &[]);
        let text = message(
            &session,
            &["secret-of-instance", "token-of-instance", "imds-token"],
        );
        contains(&text, &[problem]);
    }
}

fn imds_v1() {
    let fine = (200, valid_credentials("2030-01-01T00:00:00Z"));
    let secrets = ["secret-of-instance", "token-of-instance"];
    for token in [(404, ""), (403, ""), (405, ""), (200, "two\nlines")] {
        let (ports, session) = imds_session(imds(token, (200, "role"), fine.clone()), &[]);
        credentials(&session, &secrets).unwrap();
        for request in ports.http.requests.lock().unwrap().iter().skip(1) {
            assert!(request.headers.is_empty());
        }
        let disabled = [("AWS_EC2_METADATA_V1_DISABLED", "true")];
        let (ports, session) = imds_session(imds(token, (200, "role"), fine.clone()), &disabled);
        contains(&message(&session, &secrets), &["IMDSv1 is disabled"]);
        assert_eq!(ports.http.urls().len(), 1);
    }
    let disabled = [("AWS_EC2_METADATA_DISABLED", "True")];
    let (ports, session) = imds_session(imds((200, "t"), (200, "role"), fine), &disabled);
    contains(
        &message(&session, &[]),
        &["AWS_EC2_METADATA_DISABLED is true"],
    );
    assert!(ports.http.urls().is_empty());
}

fn imds_stability() {
    let down = Arc::new(AtomicUsize::new(0));
    let state = Arc::clone(&down);
    let http = FakeHttp::new(move |request| match state.load(Ordering::SeqCst) {
        0 => (imds_response)(request, "2023-11-14T22:13:20Z"),
        1 => (imds_response)(request, "2023-11-14T23:13:20Z"),
        2 => response(503, ""),
        _ => Err(Error::new(ErrorKind::Timeout, "no response")),
    });
    fn imds_response(
        request: &inia_core::ports::HttpRequest,
        expires: &str,
    ) -> Result<HttpResponse> {
        if request.method == "PUT" {
            response(200, "imds-token")
        } else if request.url.ends_with('/') {
            response(200, "role")
        } else {
            response(200, valid_credentials(expires))
        }
    }
    let secrets = ["secret-of-instance", "token-of-instance", "imds-token"];
    let (ports, session) = imds_session(http, &[]);
    // The current time is 2023-11-14T22:13:20Z: expired credentials continue to be used.
    let first = credentials(&session, &secrets).unwrap();
    let left = first.expires.unwrap().seconds() - NOW;
    assert!((17 * 60..=25 * 60).contains(&left), "{left}");
    // The service returns valid credentials again.
    down.store(1, Ordering::SeqCst);
    ports.clock.advance(11 * 60);
    let second = credentials(&session, &secrets).unwrap();
    assert_eq!(second.expires.unwrap().seconds(), NOW + 3600);
    // Later the service is unavailable until long after they expire.
    for (state, minutes) in [(2, 60), (3, 60), (3, 60)] {
        down.store(state, Ordering::SeqCst);
        ports.clock.advance(minutes * 60);
        let used_on = credentials(&session, &secrets).unwrap();
        assert_eq!(used_on.access_key_id, "AKIDI");
        assert!(used_on.expires.unwrap().seconds() > NOW + 3600);
    }
    // Except if a service rejects them.
    let rejected = block_on(session.credentials()).unwrap();
    session.invalidate(&rejected);
    contains(&message(&session, &secrets), &["no response"]);
}

fn imds_attempts() {
    let count = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&count);
    let http = FakeHttp::new(move |request| {
        // Every other request fails.
        if counter.fetch_add(1, Ordering::SeqCst).is_multiple_of(2) {
            return response(503, "");
        }
        if request.method == "PUT" {
            response(200, "imds-token")
        } else if request.url.ends_with('/') {
            response(200, "role")
        } else {
            response(200, valid_credentials("2030-01-01T00:00:00Z"))
        }
    });
    let env = [
        ("AWS_METADATA_SERVICE_NUM_ATTEMPTS", "2"),
        ("AWS_METADATA_SERVICE_TIMEOUT", "3"),
    ];
    let (ports, session) = imds_session(http, &env);
    credentials(&session, &["secret-of-instance"]).unwrap();
    let requests = ports.http.requests.lock().unwrap();
    assert_eq!(requests.len(), 6);
    assert!(
        requests
            .iter()
            .all(|request| request.timeout.as_secs() == 3)
    );
}

fn container_world(http: FakeHttp, env: &[(&str, &str)]) -> (FakePorts, Session) {
    let ports = ports(env, "").http(http);
    let session = Session::builder()
        .host(ports.host())
        .credential_chain(only("container-role"))
        .build()
        .unwrap();
    (ports, session)
}

fn container_attempts() {
    let env = [("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/c")];
    let body = r#"{"code": "ThrottlingException", "message": "slowly", "SecretAccessKey": "secret-of-task"}"#;
    let (ports, session) = container_world(FakeHttp::new(move |_| response(429, body)), &env);
    contains(
        &message(&session, &["secret-of-task"]),
        &["after 3 attempts", "HTTP 429: ThrottlingException slowly"],
    );
    assert_eq!(ports.http.urls().len(), 3);
    assert_eq!(
        inia_core::ports::Clock::now(&*ports.clock).seconds(),
        NOW + 2
    );
    for request in ports.http.requests.lock().unwrap().iter() {
        assert_eq!(request.timeout, Duration::from_secs(2));
    }
    // An invalid response is retried.
    let count = AtomicUsize::new(0);
    let http = FakeHttp::new(move |_| match count.fetch_add(1, Ordering::SeqCst) {
        0 => response(200, "<html>"),
        1 => Err(Error::new(ErrorKind::Timeout, "no response")),
        _ => response(
            200,
            r#"{"AccessKeyId": "A", "SecretAccessKey": "secret-of-task", "Token": "task-token", "Expiration": "2030-01-01T00:00:00Z"}"#,
        ),
    });
    let (_, session) = container_world(http, &env);
    credentials(&session, &["secret-of-task", "task-token"]).unwrap();
    let (_, session) = container_world(
        FakeHttp::new(|_| response(200, r#"{"AccessKeyId": "A"}"#)),
        &env,
    );
    contains(&message(&session, &[]), &["has no SecretAccessKey"]);
}

fn container_hosts() {
    for url in [
        "http://169.254.170.3/c",
        "http://example.com/c",
        "http://127.0.0.1.example.com/c",
        "http://localhost@example.com/c",
        "http://example.com\\@localhost/c",
        "http://[fd00:ec2::24]/c",
        "file:///etc/passwd",
        "not a url",
    ] {
        let (ports, session) = container_world(
            FakeHttp::silent(),
            &[("AWS_CONTAINER_CREDENTIALS_FULL_URI", url)],
        );
        contains(
            &message(&session, &[]),
            &["AWS_CONTAINER_CREDENTIALS_FULL_URI"],
        );
        assert!(ports.http.urls().is_empty(), "{url}");
    }
    for path in ["@example.com/", "relative", ":80@example.com/x"] {
        let (ports, session) = container_world(
            FakeHttp::silent(),
            &[("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", path)],
        );
        contains(&message(&session, &[]), &["must start with /"]);
        assert!(ports.http.urls().is_empty(), "{path}");
    }
}

fn container_token() {
    let fine = r#"{"AccessKeyId": "A", "SecretAccessKey": "secret-of-task", "Token": "task-token", "Expiration": "2030-01-01T00:00:00Z"}"#;
    let url = ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://localhost:1/c");
    let file = ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/token");
    let inline = ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "inline-authorization");
    let secrets = [
        "secret-of-task",
        "file-authorization",
        "inline-authorization",
    ];
    for (env, contents, shown) in [
        (vec![url, inline], "", Some("inline-authorization")),
        (
            vec![url, inline, file],
            "file-authorization",
            Some("file-authorization"),
        ),
        (vec![url, file], "file-authorization\r\nHost: evil", None),
    ] {
        let (ports, session) = container_world(FakeHttp::new(move |_| response(200, fine)), &env);
        ports.files.put("/token", contents);
        match (credentials(&session, &secrets), shown) {
            (Ok(_), Some(shown)) => {
                let requests = ports.http.requests.lock().unwrap();
                let (_, value) = requests[0]
                    .headers
                    .iter()
                    .find(|(name, _)| name == "Authorization")
                    .unwrap();
                assert_eq!(value.expose(), shown);
            }
            (Err(error), None) => {
                contains(&error.to_string(), &["contains line breaks"]);
                assert!(ports.http.urls().is_empty());
            }
            (result, _) => panic!("{result:?}"),
        }
    }
}

fn process() {
    let config =
        "[default]\ncredential_process = \"/opt/my tool\" --for 'some one' hidden-argument\n";
    let run = |outcome: CommandOutcome| {
        let mut ports = ports(&[], config);
        Arc::get_mut(&mut ports.commands).unwrap().outcome = Some(outcome);
        let session = session(&ports, &no_services());
        let result = credentials(
            &session,
            &["hidden-secret", "hidden-argument", "hidden-token"],
        );
        let commands = ports.commands.commands.lock().unwrap();
        assert_eq!(
            commands[0],
            ["/opt/my tool", "--for", "some one", "hidden-argument"]
        );
        result
    };
    let prints = |json: Json| run(CommandOutcome::Prints(json.to_string()));
    let fine = prints(serde_json::json!({
        "Version": 1, "AccessKeyId": "AKIDP", "SecretAccessKey": "hidden-secret", "SessionToken": "hidden-token"
    }))
    .unwrap();
    assert_eq!((fine.access_key_id.as_str(), fine.expires), ("AKIDP", None));
    for (outcome, problem) in [
        (CommandOutcome::Hangs, "failed to run: the command did not end"),
        (CommandOutcome::PrintsTooMuch, "printed more than 65536 bytes"),
        (
            CommandOutcome::Fails(2, "log in first".into()),
            "credential_process `/opt/my tool` ended with exit status 2: log in first",
        ),
        (
            CommandOutcome::Prints("hidden-secret".into()),
            "invalid output of credential_process `/opt/my tool`: invalid JSON at line 1, column 1",
        ),
        (
            CommandOutcome::Prints(r#"{"Version": 2, "SecretAccessKey": "hidden-secret"}"#.into()),
            "Version of the output must be 1",
        ),
        (
            CommandOutcome::Prints(r#"{"Version": 1, "SecretAccessKey": "hidden-secret"}"#.into()),
            "`AccessKeyId` is missing",
        ),
        (
            CommandOutcome::Prints(r#"{"Version": 1, "AccessKeyId": "A", "SecretAccessKey": {"a": "hidden-secret"}}"#.into()),
            "has no SecretAccessKey",
        ),
        (
            CommandOutcome::Prints(
                r#"{"Version": 1, "AccessKeyId": "A", "SecretAccessKey": "hidden-secret", "Expiration": "soon"}"#.into(),
            ),
            "invalid Expiration",
        ),
        (
            CommandOutcome::Prints(
                r#"{"Version": 1, "AccessKeyId": "A", "SecretAccessKey": "hidden-secret", "Expiration": "2001-01-01T00:00:00Z"}"#.into(),
            ),
            "expired at 2001-01-01T00:00:00Z",
        ),
    ] {
        let error = run(outcome).unwrap_err();
        contains(&format!("{error:#}"), &[problem]);
    }
    let ports = ports(&[], "[default]\ncredential_process = \"open\n");
    contains(
        &message(&session(&ports, &no_services()), &[]),
        &["credential_process is not a valid command line"],
    );
}

fn long_source_chain() {
    let mut config =
        String::from("[default]\nrole_arn = arn:aws:iam::1:role/d\nsource_profile = p0\n");
    for number in 0..10_000 {
        config.push_str(&format!(
            "[profile p{number}]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = p{}\n",
            number + 1
        ));
    }
    let ports = ports(&[], &config);
    contains(
        &message(&session(&ports, &no_services()), &[]),
        &["more than 64 source profiles"],
    );
}

const MFA: &str = "[default]\nrole_arn = arn:aws:iam::1:role/mfa\nsource_profile = keys\nmfa_serial = arn:aws:iam::1:mfa/me\n\
    [profile keys]\naws_access_key_id = AKID\naws_secret_access_key = secret-of-keys\n";

fn mfa() {
    let ports = ports(&[], MFA);
    ports
        .prompt
        .inputs
        .lock()
        .unwrap()
        .push_back("908172 ".into());
    let clock = Arc::clone(&ports.clock);
    let services = ScriptedInvoke::new(move |call| {
        Ok(assumed(
            call,
            inia_core::ports::Clock::now(&*clock).seconds(),
        ))
    });
    let session = session(&ports, &services);
    let secrets = ["secret-of-keys", "secret-of-mfa", "token-of-mfa", "908172"];
    credentials(&session, &secrets).unwrap();
    let call = &services.calls()[0];
    assert_eq!(call.params["TokenCode"], "908172");
    assert_eq!(call.params["SerialNumber"], "arn:aws:iam::1:mfa/me");
    assert_eq!(
        *ports.prompt.questions.lock().unwrap(),
        ["Enter MFA code for arn:aws:iam::1:mfa/me: "]
    );
    ports.clock.advance(3601);
    contains(
        &message(&session, &secrets),
        &["have expired, and renewing them requires a new MFA code"],
    );
    assert_eq!(ports.prompt.questions.lock().unwrap().len(), 1);
    // Without a prompt.
    let other = self::ports(&[], MFA);
    contains(
        &message(&self::session(&other, &services), &secrets),
        &["no prompt available"],
    );
}

fn role_cache() {
    let config = "[default]\nrole_arn = arn:aws:iam::1:role/outer\nsource_profile = inner\n\
        [profile inner]\nrole_arn = arn:aws:iam::1:role/inner\nsource_profile = keys\n\
        [profile keys]\naws_access_key_id = AKID\naws_secret_access_key = secret-of-keys\n";
    let secrets = ["secret-of-keys", "secret-of-outer", "secret-of-inner"];
    let ports = ports(&[], config);
    let services = ScriptedInvoke::new(|call| Ok(assumed(call, NOW)));
    let first = credentials(&session(&ports, &services), &secrets).unwrap();
    assert_eq!(services.calls().len(), 2);
    // The file name is the AWS CLI's: the SHA-1 of {"RoleArn": "arn:aws:iam::1:role/outer"}.
    let outer = "/home/.aws/cli/cache/8bf2e092cd7786ecdba4605cd56f35513d78c4d0.json";
    let inner = "/home/.aws/cli/cache/a088d7475453b72cbff44d29d5d05900766a95aa.json";
    let written: Json = serde_json::from_str(&ports.files.text(outer).unwrap()).unwrap();
    assert_eq!(
        written,
        serde_json::json!({"Credentials": {
            "AccessKeyId": "AKID-outer", "SecretAccessKey": "secret-of-outer", "SessionToken": "token-of-outer",
            "Expiration": "2023-11-14T23:13:20Z", "AccountId": "123456789012"
        }})
    );
    assert!(ports.files.text(inner).is_some());
    // Another session reads the outer role's credentials from the cache.
    let second_session = session(&ports, &services);
    let second = credentials(&second_session, &secrets).unwrap();
    assert_eq!(first.secret_access_key, second.secret_access_key);
    assert_eq!(first.account_id, second.account_id);
    assert_eq!(first.expires, second.expires);
    assert_eq!(services.calls().len(), 2);
    // A session does not read rejected credentials from the cache again.
    second_session.invalidate(&second);
    credentials(&second_session, &secrets).unwrap();
    assert_eq!(services.calls().len(), 3);
    // Cached credentials that are about to expire or not valid JSON are replaced.
    ports.clock.advance(50 * 60);
    credentials(&session(&ports, &services), &secrets).unwrap();
    assert_eq!(services.calls().len(), 5);
    ports.clock.advance(-50 * 60);
    ports.files.put(outer, "{ secret-of-outer");
    credentials(&session(&ports, &services), &secrets).unwrap();
    assert_eq!(services.calls().len(), 6);
}

fn role_parameters() {
    let config = "[default]\nrole_arn = arn:aws:iam::1:role/r\ncredential_source = environment\n\
        external_id = ext\nduration_seconds = 900\nrole_session_name = me\n";
    let env = [
        ("AWS_ACCESS_KEY_ID", "AKIDENV"),
        ("AWS_SECRET_ACCESS_KEY", "secret-of-env"),
    ];
    let ports = ports(&env, config);
    let services = ScriptedInvoke::new(|call| Ok(assumed(call, NOW)));
    let mut chain = CredentialChain::default();
    chain.remove("env");
    let session = Session::builder()
        .host(ports.host())
        .credential_chain(chain)
        .invoke(services.invoke())
        .build()
        .unwrap();
    let resolved = credentials(&session, &["secret-of-env", "secret-of-r"]).unwrap();
    assert_eq!(resolved.account_id.as_deref(), Some("123456789012"));
    assert_eq!(resolved.features.ids().collect::<Vec<_>>(), ["g", "i", "p"]);
    let call = &services.calls()[0];
    assert_eq!(
        call.params,
        serde_json::json!({
            "RoleArn": "arn:aws:iam::1:role/r", "RoleSessionName": "me", "ExternalId": "ext", "DurationSeconds": 900
        })
    );
    let signer = call.options.credentials.as_ref().unwrap();
    assert_eq!(signer.access_key_id, "AKIDENV");
}

const SSO: &str = "[default]\nsso_session = dev\nsso_account_id = 1\nsso_role_name = r\n\
    [sso-session dev]\nsso_region = eu-west-1\nsso_start_url = https://some.url\n";
/// Token file of the session `dev`.
const SSO_FILE: &str = "/home/.aws/sso/cache/34c6fceca75e456f25e7e99531e2425c6c1de443.json";

fn sso_unauthorized() {
    let ports = ports(&[], SSO);
    ports.files.put(
        SSO_FILE,
        r#"{"accessToken": "sso-access-token", "expiresAt": "2080-01-01T00:00:00Z"}"#,
    );
    let services = ScriptedInvoke::new(|call| {
        assert_eq!(call.params["accessToken"], "sso-access-token");
        assert_eq!(call.options.region.as_deref(), Some("eu-west-1"));
        Err(Error::from_service(
            &call.operation,
            ServiceError {
                code: "UnauthorizedException".into(),
                message: "Session token not found or invalid".into(),
                http_status: 401,
                ..ServiceError::default()
            },
        ))
    });
    let session = session(&ports, &services);
    contains(
        &message(&session, &["sso-access-token"]),
        &["the SSO token is no longer valid; log in again"],
    );
    ports
        .files
        .put(SSO_FILE, "{\"accessToken\": sso-access-token");
    contains(
        &message(&session, &["sso-access-token"]),
        &["contains no valid SSO token: invalid JSON"],
    );
}

fn sso_contradiction() {
    let config = SSO.replace("sso_role_name", "sso_region = us-east-1\nsso_role_name");
    let ports = ports(&[], &config);
    contains(
        &message(&session(&ports, &no_services()), &[]),
        &["profile `default` and its sso-session have different values for sso_region"],
    );
}

fn login_refused() {
    let file = |expires: &str| {
        serde_json::json!({
            "accessToken": {"accessKeyId": "AKIDL", "secretAccessKey": "secret-of-login", "sessionToken": "t", "accountId": "1", "expiresAt": expires},
            "refreshToken": "login-refresh-token", "clientId": "c", "signInRegion": "eu-west-1",
            "dpopKey": key()
        })
        .to_string()
    };
    let path = "/logins/2744ccd10c7533bd736ad890f9dd5cab2adb27b07d500b9493f29cdc420cb2e0.json";
    let config = "[default]\nlogin_session = me\n";
    let env = [("AWS_LOGIN_CACHE_DIRECTORY", "/logins")];
    for (reason, expected) in [
        ("TOKEN_EXPIRED", "the login has expired; log in again"),
        ("USER_CREDENTIALS_CHANGED", "have changed since the login"),
        ("INSUFFICIENT_PERMISSIONS", "requires the permission"),
        ("OTHER", "refreshing the login failed"),
    ] {
        let ports = ports(&env, config);
        let services = ScriptedInvoke::new(move |call| {
            assert_eq!(call.options.region.as_deref(), Some("eu-west-1"));
            let details = json!({"error": reason});
            Err(Error::from_service(
                &call.operation,
                ServiceError {
                    code: "AccessDeniedException".into(),
                    http_status: 400,
                    details: details.as_map().unwrap().clone(),
                    ..ServiceError::default()
                },
            ))
        });
        let secrets = ["secret-of-login", "login-refresh-token"];
        ports.files.put(path, file("2020-01-01T00:00:00Z"));
        let session = session(&ports, &services);
        contains(&message(&session, &secrets), &[expected]);
        // Valid credentials continue to be used.
        ports.files.put(path, file("2023-11-14T22:17:20Z"));
        credentials(&session, &secrets).unwrap();
        assert_eq!(services.calls().len(), 2);
    }
    // An invalid key.
    let ports = ports(&env, config);
    ports.files.put(
        path,
        file("2020-01-01T00:00:00Z").replace("PRIVATE KEY-----\\n", "PRIVATE KEY-----\\n%"),
    );
    contains(
        &message(&session(&ports, &no_services()), &["login-refresh-token"]),
        &["the dpopKey is not a P-256 key"],
    );
}

/// Returns a P-256 key in PEM.
fn key() -> String {
    use base64::Engine as _;
    use p256::pkcs8::EncodePrivateKey as _;
    let key = p256::SecretKey::from_slice(&[7; 32]).unwrap();
    let der = key.to_pkcs8_der().unwrap();
    let body = base64::engine::general_purpose::STANDARD.encode(der.as_bytes());
    format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n")
}

fn legacy_files() {
    let env = [("AWS_CREDENTIAL_FILE", "~/ec2")];
    let ports = ports(&env, "");
    ports.files.put(
        "/home/ec2",
        "# keys\nAWSAccessKeyId=AKIDEC2\nAWSSecretKey = secret-of-ec2\n",
    );
    let resolved = credentials(&session(&ports, &no_services()), &["secret-of-ec2"]).unwrap();
    assert_eq!(resolved.access_key_id, "AKIDEC2");
    assert_eq!(resolved.provider, "ec2-credentials-file");

    let ports = self::ports(&[], "");
    ports.files.put(
        "/home/.boto",
        "[Boto]\ndebug = 1\n[Credentials]\naws_access_key_id: AKIDBOTO\naws_secret_access_key: secret-of-boto\n",
    );
    let resolved = credentials(&session(&ports, &no_services()), &["secret-of-boto"]).unwrap();
    assert_eq!(resolved.access_key_id, "AKIDBOTO");
    assert_eq!(resolved.features.ids().collect::<Vec<_>>(), ["x"]);

    let ports = self::ports(&[("AWS_CREDENTIAL_FILE", "/gone")], "");
    contains(
        &message(&session(&ports, &no_services()), &[]),
        &["AWS_CREDENTIAL_FILE: /gone not found"],
    );
}

fn chains() {
    #[derive(Debug)]
    struct Named(&'static str);

    impl Provider<Credentials> for Named {
        fn name(&self) -> &str {
            self.0
        }

        fn load<'a>(
            &'a self,
            _context: &'a ProviderContext,
        ) -> BoxFuture<'a, Result<Lookup<Credentials>>> {
            Box::pin(std::future::ready(Ok(Lookup::Found(Credentials::new(
                self.0, "s", None,
            )))))
        }
    }

    let names = |chain: &CredentialChain| chain.names().map(str::to_owned).collect::<Vec<_>>();
    let mut chain = CredentialChain::default();
    assert_eq!(
        names(&chain),
        [
            "env",
            "assume-role",
            "assume-role-with-web-identity",
            "sso",
            "shared-credentials-file",
            "login",
            "custom-process",
            "config-file",
            "ec2-credentials-file",
            "boto-config",
            "container-role",
            "iam-role"
        ]
    );
    let named = |name| -> Arc<dyn Provider<Credentials>> { Arc::new(Named(name)) };
    chain.insert_before("env", named("first")).unwrap();
    chain.insert_after("env", named("third")).unwrap();
    chain.replace("sso", named("mine")).unwrap();
    chain.replace("login", named("login")).unwrap();
    chain.push(named("last")).unwrap();
    assert!(chain.remove("boto-config") && !chain.remove("boto-config"));
    assert_eq!(
        names(&chain)[..5],
        [
            "first",
            "env",
            "third",
            "assume-role",
            "assume-role-with-web-identity"
        ]
    );
    assert_eq!(names(&chain)[5], "mine");
    assert_eq!(chain.names().last(), Some("last"));
    for error in [
        chain.insert_before("gone", named("x")).unwrap_err(),
        chain.insert_after("gone", named("x")).unwrap_err(),
        chain.replace("gone", named("x")).unwrap_err(),
        chain.replace("env", named("last")).unwrap_err(),
        chain.push(named("env")).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Config);
    }
    let session = Session::builder()
        .host(ports(&[], "").host())
        .credential_chain(chain)
        .build()
        .unwrap();
    assert_eq!(
        block_on(session.credentials()).unwrap().access_key_id,
        "first"
    );
}

fn auto_mode() {
    let metadata_requests = Arc::new(Mutex::new(0));
    let count = Arc::clone(&metadata_requests);
    let http = FakeHttp::new(move |request| {
        *count.lock().unwrap() += 1;
        match request.method {
            "PUT" => response(200, "imds-token"),
            _ => response(200, "eu-west-1"),
        }
    });
    let ports = ports(&[("AWS_DEFAULTS_MODE", "auto")], "").http(http);
    let builder = || Session::builder().host(ports.host()).region("eu-west-1");
    let settings = |session: &Session, config: Config| {
        let client = session.client_with("sqs", &config).unwrap();
        let settings = client.settings();
        (settings.defaults_mode, settings.connect_timeout)
    };
    let millis = Duration::from_millis;
    let before = builder().build().unwrap();
    assert_eq!(
        settings(&before, Config::new()),
        (DefaultsMode::Standard, millis(3100))
    );
    assert_eq!(*metadata_requests.lock().unwrap(), 0);
    let session = block_on(builder().load()).unwrap();
    assert_eq!(
        settings(&session, Config::new()),
        (DefaultsMode::InRegion, millis(1100))
    );
    assert_eq!(
        settings(&session, Config::new().region("us-east-1")),
        (DefaultsMode::CrossRegion, millis(3100))
    );
    assert_eq!(*metadata_requests.lock().unwrap(), 2);
}

fn static_credentials() {
    let ports = ports(
        &[
            ("AWS_ACCESS_KEY_ID", "AKIDENV"),
            ("AWS_SECRET_ACCESS_KEY", "secret-of-env"),
        ],
        "",
    );
    let session = Session::builder()
        .host(ports.host())
        .credentials(Credentials::new(
            "AKIDGIVEN",
            "static-secret",
            Some("static-token"),
        ))
        .setting(&setting::RETRY_MODE, "adaptive")
        .build()
        .unwrap();
    let resolved = credentials(&session, &["static-secret", "static-token"]).unwrap();
    assert_eq!(resolved.access_key_id, "AKIDGIVEN");
    assert_eq!(resolved.features.ids().collect::<Vec<_>>(), ["e"]);
    assert!(!format!("{session:?}").contains("static-secret"));
}

fn line_breaks() {
    let keys = [
        ("AWS_ACCESS_KEY_ID", "AKID"),
        ("AWS_SECRET_ACCESS_KEY", "env-secret"),
    ];
    for name in [
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
    ] {
        for text in ["env-secret\nsecond-line", "env-secret\u{1}second-line"] {
            let mut env = keys.to_vec();
            env.push((name, text));
            let ports = ports(&env, "");
            let message = message(
                &session(&ports, &no_services()),
                &["env-secret", "second-line"],
            );
            let problem = format!("env: {name} contains a line break or another control character");
            contains(&message, &[&problem]);
        }
    }
    let ports = ports(&[], "");
    let secret = "file-secret\u{7f}rest";
    let text = format!("[default]\naws_access_key_id = AKID\naws_secret_access_key = {secret}\n");
    ports.files.put("/home/.aws/credentials", text);
    let message = message(&session(&ports, &no_services()), &["file-secret"]);
    contains(
        &message,
        &["shared-credentials-file: the secret access key contains a line break"],
    );
}
