//! What none of the suites asks: bad input, hanging services, caches, and refreshes that many wait for.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use inia_core::config::{Config, DefaultsMode, DefaultsTable, ServiceName, setting};
use inia_core::ports::{BoxFuture, HttpResponse};
use inia_core::{
    CredentialChain, CredentialProvider, Credentials, Error, ErrorKind, Lookup, ProviderContext,
    Result, ServiceError, Session, Timestamp, json,
};
use serde_json::Value as Json;

use super::metadata::only;
use super::scripted::{Scripted, assumed};
use super::secrets::Secrets;
use crate::fakes::{CommandOutcome, FakeEnv, FakeHttp, World, answer, block_on, logged};
use crate::support::Case;

const NOW: i64 = 1_700_000_000;

pub(crate) fn cases(cases: &mut Vec<Case>) {
    let trials: &[(&str, fn())] = &[
        (
            "a thousand callers with expired credentials cause one refresh",
            thousand,
        ),
        ("the error of an empty chain lists all providers", exhausted),
        (
            "the error of a broken provider lists those before it",
            broken,
        ),
        (
            "a profile chosen in code hides the environment",
            explicit_profile,
        ),
        (
            "credentials of the environment are all or none",
            environment,
        ),
        ("a metadata service that hangs is left in time", imds_hangs),
        (
            "a metadata service that lies gives no credentials",
            imds_lies,
        ),
        (
            "a metadata service is asked without a session only where it may",
            imds_v1,
        ),
        (
            "an instance's credentials are used on while they are not renewed",
            imds_stability,
        ),
        (
            "a metadata service is asked again as often as it is set",
            imds_attempts,
        ),
        (
            "a container's endpoint is asked three times",
            container_attempts,
        ),
        (
            "a container's endpoint is asked without TLS only where it may",
            container_hosts,
        ),
        (
            "a container's token is shown and cannot break the header",
            container_token,
        ),
        ("a process is held to what it should print", process),
        ("a source profile's way has an end", long_way),
        ("an MFA code is asked for once", mfa),
        ("a role outlives the session in the cache", role_cache),
        ("a role's parameters reach STS", role_parameters),
        ("SSO says when a new login is needed", sso_unauthorized),
        (
            "SSO settings that contradict each other are refused",
            sso_contradiction,
        ),
        ("a login says why it is not refreshed", login_refused),
        ("the files of older tools are read", legacy_files),
        ("chains are put together by name", chains),
        ("the mode auto finds out where it is", auto_mode),
        ("given credentials are used as they are", given),
    ];
    for (name, trial) in trials {
        let trial = *trial;
        cases.push(Case::new(format!("behaviour/{name}"), move || {
            trial();
            Ok::<(), String>(())
        }));
    }
}

fn world(env: &[(&str, &str)], config: &str) -> World {
    let mut env = FakeEnv::of(env.iter().copied());
    env.variables.insert("HOME".to_owned(), "/home".to_owned());
    let world = World::new(env, NOW);
    world.files.put("/home/.aws/config", config);
    world
}

fn session(world: &World, services: &Scripted) -> Session {
    Session::builder(world.host())
        .region("us-east-1")
        .invoke(services.invoke())
        .build()
        .unwrap()
}

fn no_services() -> Scripted {
    Scripted::new(|call| panic!("{} {} is called", call.service, call.operation))
}

/// The session's credentials, with a look for secrets in all that was printed.
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
            .unwrap_or_else(|| panic!("`{part}` is not where it should be in `{message}`"));
        rest = after;
    }
}

fn thousand() {
    #[derive(Debug, Default)]
    struct Slow {
        loads: AtomicUsize,
    }

    impl CredentialProvider for Slow {
        fn name(&self) -> &str {
            "slow"
        }

        fn load<'a>(
            &'a self,
            context: &'a ProviderContext,
        ) -> BoxFuture<'a, Result<Lookup<Credentials>>> {
            Box::pin(async move {
                let load = self.loads.fetch_add(1, Ordering::SeqCst);
                // Not at once: everybody is to be there by then.
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

    let world = world(&[], "");
    let slow = Arc::new(Slow::default());
    let session = Session::builder(world.host())
        .credential_chain(CredentialChain::new(vec![slow.clone()]).unwrap())
        .build()
        .unwrap();
    for round in 0..2 {
        std::thread::scope(|scope| {
            for _ in 0..8 {
                // Clients have clones of the session.
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
        world.clock.advance(3601);
    }
}

fn exhausted() {
    let world = world(&[], "[default]\nregion = us-east-1\n");
    let session = session(&world, &no_services());
    let (_, log) = logged(|| block_on(session.credentials()));
    // What is looked for secrets is there to be looked at.
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
            "there are no credentials; all providers were passed over",
            "\n  env: AWS_ACCESS_KEY_ID is not set",
            "\n  assume-role: profile `default` has no role_arn",
            "\n  assume-role-with-web-identity: AWS_WEB_IDENTITY_TOKEN_FILE is not set",
            "\n  sso: profile `default` has no sso_account_id",
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
    let world = world(
        &[],
        "[default]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = keys\n[profile keys]\n\
         aws_access_key_id = AKID\naws_secret_access_key = secret-of-keys\n",
    );
    let services = Scripted::new(|call| {
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
    let session = session(&world, &services);
    let text = message(&session, &["secret-of-keys"]);
    contains(
        &text,
        &[
            "`assume-role` is configured to give credentials but cannot",
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
    let world = world(
        &env,
        "[profile p]\naws_access_key_id = AKIDPROFILE\naws_secret_access_key = secret-of-profile\n",
    );
    let session = Session::builder(world.host()).profile("p").build().unwrap();
    let found = credentials(&session, &["secret-of-env", "secret-of-profile"]).unwrap();
    assert_eq!(found.access_key_id, "AKIDPROFILE");
    // The environment's own choice of a profile hides nothing.
    let mut env = FakeEnv::of(env);
    env.variables.insert("HOME".into(), "/home".into());
    env.variables.insert("AWS_PROFILE".into(), "p".into());
    let other = World::new(env, NOW);
    other.files.put("/home/.aws/config", "[profile p]\n");
    let session = Session::builder(other.host()).build().unwrap();
    let found = credentials(&session, &["secret-of-env"]).unwrap();
    assert_eq!(found.access_key_id, "AKIDENV");
}

fn environment() {
    let key = ("AWS_ACCESS_KEY_ID", "AKID");
    let secret = ("AWS_SECRET_ACCESS_KEY", "secret-of-env");
    let load = |env: &[(&str, &str)]| {
        let world = world(env, "");
        let session = session(&world, &no_services());
        credentials(&session, &["secret-of-env", "old-token", "new-token"])
    };
    let error = load(&[key]).unwrap_err().to_string();
    contains(&error, &["AWS_SECRET_ACCESS_KEY is not"]);
    let found = load(&[
        key,
        secret,
        ("AWS_SESSION_TOKEN", "new-token"),
        ("AWS_SECURITY_TOKEN", "old-token"),
        ("AWS_CREDENTIAL_EXPIRATION", "2030-01-01T00:00:00Z"),
        ("AWS_ACCOUNT_ID", "123456789012"),
    ])
    .unwrap();
    assert_eq!(found.session_token.as_ref().unwrap().expose(), "old-token");
    assert_eq!(found.expires.unwrap().to_string(), "2030-01-01T00:00:00Z");
    assert_eq!(found.account_id.as_deref(), Some("123456789012"));
    let expired = ("AWS_CREDENTIAL_EXPIRATION", "2020-01-01T00:00:00Z");
    let error = load(&[key, secret, expired]).unwrap_err().to_string();
    contains(&error, &["expired at 2020-01-01T00:00:00Z"]);
    let never = ("AWS_CREDENTIAL_EXPIRATION", "never");
    contains(
        &load(&[key, secret, never]).unwrap_err().to_string(),
        &["AWS_CREDENTIAL_EXPIRATION is no time"],
    );
}

fn imds_session(http: FakeHttp, env: &[(&str, &str)]) -> (World, Session) {
    let world = world(env, "").http(http);
    let session = Session::builder(world.host())
        .credential_chain(only("iam-role"))
        .build()
        .unwrap();
    (world, session)
}

fn imds_hangs() {
    let hanging =
        FakeHttp::new(|_| Err(Error::new(ErrorKind::Timeout, "no answer within a second")));
    let (world, session) = imds_session(hanging, &[]);
    contains(&message(&session, &[]), &["no answer within a second"]);
    let requests = world.http.requests.lock().unwrap();
    assert!(requests.len() <= 2, "{} requests", requests.len());
    for request in requests.iter() {
        assert_eq!(request.timeout, Duration::from_secs(1));
        assert!(request.limit <= 64 * 1024);
    }
}

fn good(expires: &str) -> String {
    format!(
        r#"{{"Code": "Success", "AccessKeyId": "AKIDI", "SecretAccessKey": "secret-of-instance",
            "Token": "token-of-instance", "Expiration": "{expires}"}}"#
    )
}

/// A metadata service with given answers: the session's token, the role's name, its credentials.
fn imds(token: (u16, &'static str), name: (u16, &'static str), found: (u16, String)) -> FakeHttp {
    FakeHttp::new(move |request| {
        if request.method == "PUT" {
            answer(token.0, token.1)
        } else if request.url.contains("-extended/") {
            answer(404, "")
        } else if request.url.ends_with('/') {
            answer(name.0, name.1)
        } else {
            answer(found.0, found.1.clone())
        }
    })
}

fn imds_lies() {
    let role = (200, "role");
    let token = (200, "imds-token");
    let fine = (200, good("2030-01-01T00:00:00Z"));
    let liars: Vec<(FakeHttp, &str)> = vec![
        (imds((400, "no"), role, fine.clone()), "no session: HTTP 400"),
        (
            imds(token, (200, "../../user-data"), fine.clone()),
            "it gave no instance profile's name",
        ),
        (
            imds(token, (200, "<html>"), fine.clone()),
            "it gave no instance profile's name",
        ),
        (imds(token, (500, ""), fine.clone()), "HTTP 500"),
        (imds(token, (200, ""), fine.clone()), "the answer is empty"),
        (imds(token, (401, ""), fine), "HTTP 401"),
        (imds(token, role, (200, "<html>".into())), "invalid JSON"),
        (imds(token, role, (200, "[]".into())), "not an object"),
        (
            imds(token, role, (200, r#"{"AccessKeyId": "A"}"#.into())),
            "it gave credentials without SecretAccessKey",
        ),
        (
            imds(
                token,
                role,
                (200, r#"{"AccessKeyId": "A", "SecretAccessKey": "secret-of-instance", "Token": 5}"#.into()),
            ),
            "it gave credentials without Token",
        ),
        (
            imds(token, role, (200, good("soon"))),
            "it gave credentials without Expiration",
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
    let fine = (200, good("2030-01-01T00:00:00Z"));
    let secrets = ["secret-of-instance", "token-of-instance"];
    for token in [(404, ""), (403, ""), (405, ""), (200, "two\nlines")] {
        let (world, session) = imds_session(imds(token, (200, "role"), fine.clone()), &[]);
        credentials(&session, &secrets).unwrap();
        for request in world.http.requests.lock().unwrap().iter().skip(1) {
            assert!(request.headers.is_empty());
        }
        let disabled = [("AWS_EC2_METADATA_V1_DISABLED", "true")];
        let (world, session) = imds_session(imds(token, (200, "role"), fine.clone()), &disabled);
        contains(
            &message(&session, &secrets),
            &["asking without one is disabled"],
        );
        assert_eq!(world.http.urls().len(), 1);
    }
    let disabled = [("AWS_EC2_METADATA_DISABLED", "True")];
    let (world, session) = imds_session(imds((200, "t"), (200, "role"), fine), &disabled);
    contains(
        &message(&session, &[]),
        &["AWS_EC2_METADATA_DISABLED is true"],
    );
    assert!(world.http.urls().is_empty());
}

fn imds_stability() {
    let down = Arc::new(AtomicUsize::new(0));
    let state = Arc::clone(&down);
    let http = FakeHttp::new(move |request| match state.load(Ordering::SeqCst) {
        0 => (imds_answer)(request, "2023-11-14T22:13:20Z"),
        1 => (imds_answer)(request, "2023-11-14T23:13:20Z"),
        2 => answer(503, ""),
        _ => Err(Error::new(ErrorKind::Timeout, "no answer")),
    });
    fn imds_answer(request: &inia_core::ports::HttpRequest, expires: &str) -> Result<HttpResponse> {
        if request.method == "PUT" {
            answer(200, "imds-token")
        } else if request.url.ends_with('/') {
            answer(200, "role")
        } else {
            answer(200, good(expires))
        }
    }
    let secrets = ["secret-of-instance", "token-of-instance", "imds-token"];
    let (world, session) = imds_session(http, &[]);
    // 2023-11-14T22:13:20Z is now: they have just expired, and are used on.
    let first = credentials(&session, &secrets).unwrap();
    let left = first.expires.unwrap().seconds() - NOW;
    assert!((17 * 60..=25 * 60).contains(&left), "{left}");
    // Good ones again.
    down.store(1, Ordering::SeqCst);
    world.clock.advance(11 * 60);
    let second = credentials(&session, &secrets).unwrap();
    assert_eq!(second.expires.unwrap().seconds(), NOW + 3600);
    // Then nothing any more, until long after they have expired.
    for (state, minutes) in [(2, 60), (3, 60), (3, 60)] {
        down.store(state, Ordering::SeqCst);
        world.clock.advance(minutes * 60);
        let used_on = credentials(&session, &secrets).unwrap();
        assert_eq!(used_on.access_key_id, "AKIDI");
        assert!(used_on.expires.unwrap().seconds() > NOW + 3600);
    }
    // Unless a service refuses them.
    let refused = block_on(session.credentials()).unwrap();
    session.invalidate(&refused);
    contains(&message(&session, &secrets), &["no answer"]);
}

fn imds_attempts() {
    let count = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&count);
    let http = FakeHttp::new(move |request| {
        // Every other request fails.
        if counter.fetch_add(1, Ordering::SeqCst).is_multiple_of(2) {
            return answer(503, "");
        }
        if request.method == "PUT" {
            answer(200, "imds-token")
        } else if request.url.ends_with('/') {
            answer(200, "role")
        } else {
            answer(200, good("2030-01-01T00:00:00Z"))
        }
    });
    let env = [
        ("AWS_METADATA_SERVICE_NUM_ATTEMPTS", "2"),
        ("AWS_METADATA_SERVICE_TIMEOUT", "3"),
    ];
    let (world, session) = imds_session(http, &env);
    credentials(&session, &["secret-of-instance"]).unwrap();
    let requests = world.http.requests.lock().unwrap();
    assert_eq!(requests.len(), 6);
    assert!(
        requests
            .iter()
            .all(|request| request.timeout.as_secs() == 3)
    );
}

fn container_world(http: FakeHttp, env: &[(&str, &str)]) -> (World, Session) {
    let world = world(env, "").http(http);
    let session = Session::builder(world.host())
        .credential_chain(only("container-role"))
        .build()
        .unwrap();
    (world, session)
}

fn container_attempts() {
    let env = [("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/c")];
    let body = r#"{"code": "ThrottlingException", "message": "slowly", "SecretAccessKey": "secret-of-task"}"#;
    let (world, session) = container_world(FakeHttp::new(move |_| answer(429, body)), &env);
    contains(
        &message(&session, &["secret-of-task"]),
        &["in 3 attempts", "HTTP 429: ThrottlingException slowly"],
    );
    assert_eq!(world.http.urls().len(), 3);
    assert_eq!(
        inia_core::ports::Clock::now(&*world.clock).seconds(),
        NOW + 2
    );
    for request in world.http.requests.lock().unwrap().iter() {
        assert_eq!(request.timeout, Duration::from_secs(2));
    }
    // What is no JSON may be so for a moment.
    let count = AtomicUsize::new(0);
    let http = FakeHttp::new(move |_| match count.fetch_add(1, Ordering::SeqCst) {
        0 => answer(200, "<html>"),
        1 => Err(Error::new(ErrorKind::Timeout, "no answer")),
        _ => answer(
            200,
            r#"{"AccessKeyId": "A", "SecretAccessKey": "secret-of-task", "Token": "task-token", "Expiration": "2030-01-01T00:00:00Z"}"#,
        ),
    });
    let (_, session) = container_world(http, &env);
    credentials(&session, &["secret-of-task", "task-token"]).unwrap();
    let (_, session) = container_world(
        FakeHttp::new(|_| answer(200, r#"{"AccessKeyId": "A"}"#)),
        &env,
    );
    contains(&message(&session, &[]), &["without SecretAccessKey"]);
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
        let (world, session) = container_world(
            FakeHttp::silent(),
            &[("AWS_CONTAINER_CREDENTIALS_FULL_URI", url)],
        );
        contains(
            &message(&session, &[]),
            &["AWS_CONTAINER_CREDENTIALS_FULL_URI"],
        );
        assert!(world.http.urls().is_empty(), "{url}");
    }
    for path in ["@example.com/", "relative", ":80@example.com/x"] {
        let (world, session) = container_world(
            FakeHttp::silent(),
            &[("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", path)],
        );
        contains(&message(&session, &[]), &["does not start with /"]);
        assert!(world.http.urls().is_empty(), "{path}");
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
        let (world, session) = container_world(FakeHttp::new(move |_| answer(200, fine)), &env);
        world.files.put("/token", contents);
        match (credentials(&session, &secrets), shown) {
            (Ok(_), Some(shown)) => {
                let requests = world.http.requests.lock().unwrap();
                let (_, value) = requests[0]
                    .headers
                    .iter()
                    .find(|(name, _)| name == "Authorization")
                    .unwrap();
                assert_eq!(value.expose(), shown);
            }
            (Err(error), None) => {
                contains(&error.to_string(), &["has line breaks"]);
                assert!(world.http.urls().is_empty());
            }
            (result, _) => panic!("{result:?}"),
        }
    }
}

fn process() {
    let config =
        "[default]\ncredential_process = \"/opt/my tool\" --for 'some one' hidden-argument\n";
    let run = |outcome: CommandOutcome| {
        let mut world = world(&[], config);
        Arc::get_mut(&mut world.commands).unwrap().outcome = Some(outcome);
        let session = session(&world, &no_services());
        let result = credentials(
            &session,
            &["hidden-secret", "hidden-argument", "hidden-token"],
        );
        let commands = world.commands.commands.lock().unwrap();
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
        (CommandOutcome::Hangs, "did not run to its end: the command did not end"),
        (CommandOutcome::PrintsTooMuch, "printed more than 65536 bytes"),
        (
            CommandOutcome::Fails(2, "log in first".into()),
            "credential_process `/opt/my tool` ended with exit status 2: log in first",
        ),
        (
            CommandOutcome::Prints("hidden-secret".into()),
            "printed no credentials: invalid JSON at line 1, column 1",
        ),
        (
            CommandOutcome::Prints(r#"{"Version": 2, "SecretAccessKey": "hidden-secret"}"#.into()),
            "whose Version is not 1",
        ),
        (
            CommandOutcome::Prints(r#"{"Version": 1, "SecretAccessKey": "hidden-secret"}"#.into()),
            "`AccessKeyId` is missing",
        ),
        (
            CommandOutcome::Prints(r#"{"Version": 1, "AccessKeyId": "A", "SecretAccessKey": {"a": "hidden-secret"}}"#.into()),
            "printed no SecretAccessKey",
        ),
        (
            CommandOutcome::Prints(
                r#"{"Version": 1, "AccessKeyId": "A", "SecretAccessKey": "hidden-secret", "Expiration": "soon"}"#.into(),
            ),
            "an Expiration that is no time",
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
    let world = world(&[], "[default]\ncredential_process = \"open\n");
    contains(
        &message(&session(&world, &no_services()), &[]),
        &["credential_process is no command line"],
    );
}

fn long_way() {
    let mut config =
        String::from("[default]\nrole_arn = arn:aws:iam::1:role/d\nsource_profile = p0\n");
    for number in 0..10_000 {
        config.push_str(&format!(
            "[profile p{number}]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = p{}\n",
            number + 1
        ));
    }
    let world = world(&[], &config);
    contains(
        &message(&session(&world, &no_services()), &[]),
        &["no credentials within 64 source profiles"],
    );
}

const MFA: &str = "[default]\nrole_arn = arn:aws:iam::1:role/mfa\nsource_profile = keys\nmfa_serial = arn:aws:iam::1:mfa/me\n\
    [profile keys]\naws_access_key_id = AKID\naws_secret_access_key = secret-of-keys\n";

fn mfa() {
    let world = world(&[], MFA);
    world
        .prompt
        .answers
        .lock()
        .unwrap()
        .push_back("908172 ".into());
    let clock = Arc::clone(&world.clock);
    let services = Scripted::new(move |call| {
        Ok(assumed(
            call,
            inia_core::ports::Clock::now(&*clock).seconds(),
        ))
    });
    let session = session(&world, &services);
    let secrets = ["secret-of-keys", "secret-of-mfa", "token-of-mfa", "908172"];
    credentials(&session, &secrets).unwrap();
    let call = &services.calls()[0];
    assert_eq!(call.params["TokenCode"], "908172");
    assert_eq!(call.params["SerialNumber"], "arn:aws:iam::1:mfa/me");
    assert_eq!(
        *world.prompt.questions.lock().unwrap(),
        ["Enter MFA code for arn:aws:iam::1:mfa/me: "]
    );
    world.clock.advance(3601);
    contains(
        &message(&session, &secrets),
        &["have expired, and with them what its MFA code was good for"],
    );
    assert_eq!(world.prompt.questions.lock().unwrap().len(), 1);
    // Nobody there to ask.
    let other = self::world(&[], MFA);
    contains(
        &message(&self::session(&other, &services), &secrets),
        &["there is nobody to ask"],
    );
}

fn role_cache() {
    let config = "[default]\nrole_arn = arn:aws:iam::1:role/outer\nsource_profile = inner\n\
        [profile inner]\nrole_arn = arn:aws:iam::1:role/inner\nsource_profile = keys\n\
        [profile keys]\naws_access_key_id = AKID\naws_secret_access_key = secret-of-keys\n";
    let secrets = ["secret-of-keys", "secret-of-outer", "secret-of-inner"];
    let world = world(&[], config);
    let services = Scripted::new(|call| Ok(assumed(call, NOW)));
    let first = credentials(&session(&world, &services), &secrets).unwrap();
    assert_eq!(services.calls().len(), 2);
    // The name is the AWS CLI's: the SHA-1 of {"RoleArn": "arn:aws:iam::1:role/outer"}.
    let outer = "/home/.aws/cli/cache/8bf2e092cd7786ecdba4605cd56f35513d78c4d0.json";
    let inner = "/home/.aws/cli/cache/a088d7475453b72cbff44d29d5d05900766a95aa.json";
    let written: Json = serde_json::from_str(&world.files.text(outer).unwrap()).unwrap();
    assert_eq!(
        written,
        serde_json::json!({"Credentials": {
            "AccessKeyId": "AKID-outer", "SecretAccessKey": "secret-of-outer", "SessionToken": "token-of-outer",
            "Expiration": "2023-11-14T23:13:20Z", "AccountId": "123456789012"
        }})
    );
    assert!(world.files.text(inner).is_some());
    // Another session finds them, the outer one alone.
    let second_session = session(&world, &services);
    let second = credentials(&second_session, &secrets).unwrap();
    assert_eq!(first.secret_access_key, second.secret_access_key);
    assert_eq!(first.account_id, second.account_id);
    assert_eq!(first.expires, second.expires);
    assert_eq!(services.calls().len(), 2);
    // A session whose credentials were refused does not take them from there again.
    second_session.invalidate(&second);
    credentials(&second_session, &secrets).unwrap();
    assert_eq!(services.calls().len(), 3);
    // What is about to expire, and what is no JSON, is asked for anew.
    world.clock.advance(50 * 60);
    credentials(&session(&world, &services), &secrets).unwrap();
    assert_eq!(services.calls().len(), 5);
    world.clock.advance(-50 * 60);
    world.files.put(outer, "{ secret-of-outer");
    credentials(&session(&world, &services), &secrets).unwrap();
    assert_eq!(services.calls().len(), 6);
}

fn role_parameters() {
    let config = "[default]\nrole_arn = arn:aws:iam::1:role/r\ncredential_source = environment\n\
        external_id = ext\nduration_seconds = 900\nrole_session_name = me\n";
    let env = [
        ("AWS_ACCESS_KEY_ID", "AKIDENV"),
        ("AWS_SECRET_ACCESS_KEY", "secret-of-env"),
    ];
    let world = world(&env, config);
    let services = Scripted::new(|call| Ok(assumed(call, NOW)));
    let mut chain = CredentialChain::default();
    chain.remove("env");
    let session = Session::builder(world.host())
        .credential_chain(chain)
        .invoke(services.invoke())
        .build()
        .unwrap();
    let found = credentials(&session, &["secret-of-env", "secret-of-r"]).unwrap();
    assert_eq!(found.account_id.as_deref(), Some("123456789012"));
    assert_eq!(found.features.ids().collect::<Vec<_>>(), ["g", "i", "p"]);
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
/// The file of the session `dev`.
const SSO_FILE: &str = "/home/.aws/sso/cache/34c6fceca75e456f25e7e99531e2425c6c1de443.json";

fn sso_unauthorized() {
    let world = world(&[], SSO);
    world.files.put(
        SSO_FILE,
        r#"{"accessToken": "sso-access-token", "expiresAt": "2080-01-01T00:00:00Z"}"#,
    );
    let services = Scripted::new(|call| {
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
    let session = session(&world, &services);
    contains(
        &message(&session, &["sso-access-token"]),
        &["the SSO token is not good any more: log in again"],
    );
    world
        .files
        .put(SSO_FILE, "{\"accessToken\": sso-access-token");
    contains(
        &message(&session, &["sso-access-token"]),
        &["holds no SSO token: invalid JSON"],
    );
}

fn sso_contradiction() {
    let config = SSO.replace("sso_role_name", "sso_region = us-east-1\nsso_role_name");
    let world = world(&[], &config);
    contains(
        &message(&session(&world, &no_services()), &[]),
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
    for (reason, said) in [
        ("TOKEN_EXPIRED", "the login has expired: log in again"),
        ("USER_CREDENTIALS_CHANGED", "have changed since the login"),
        ("INSUFFICIENT_PERMISSIONS", "lacks the permission"),
        ("OTHER", "the login could not be refreshed"),
    ] {
        let world = world(&env, config);
        let services = Scripted::new(move |call| {
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
        world.files.put(path, file("2020-01-01T00:00:00Z"));
        let session = session(&world, &services);
        contains(&message(&session, &secrets), &[said]);
        // While they are good, the old ones are used on.
        world.files.put(path, file("2023-11-14T22:17:20Z"));
        credentials(&session, &secrets).unwrap();
        assert_eq!(services.calls().len(), 2);
    }
    // A key that is none.
    let world = world(&env, config);
    world.files.put(
        path,
        file("2020-01-01T00:00:00Z").replace("PRIVATE KEY-----\\n", "PRIVATE KEY-----\\n%"),
    );
    contains(
        &message(&session(&world, &no_services()), &["login-refresh-token"]),
        &["the dpopKey is no P-256 key"],
    );
}

/// A P-256 key in PEM.
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
    let world = world(&env, "");
    world.files.put(
        "/home/ec2",
        "# keys\nAWSAccessKeyId=AKIDEC2\nAWSSecretKey = secret-of-ec2\n",
    );
    let found = credentials(&session(&world, &no_services()), &["secret-of-ec2"]).unwrap();
    assert_eq!(found.access_key_id, "AKIDEC2");
    assert_eq!(found.provider, "ec2-credentials-file");

    let world = self::world(&[], "");
    world.files.put(
        "/home/.boto",
        "[Boto]\ndebug = 1\n[Credentials]\naws_access_key_id: AKIDBOTO\naws_secret_access_key: secret-of-boto\n",
    );
    let found = credentials(&session(&world, &no_services()), &["secret-of-boto"]).unwrap();
    assert_eq!(found.access_key_id, "AKIDBOTO");
    assert_eq!(found.features.ids().collect::<Vec<_>>(), ["x"]);

    let world = self::world(&[("AWS_CREDENTIAL_FILE", "/gone")], "");
    contains(
        &message(&session(&world, &no_services()), &[]),
        &["AWS_CREDENTIAL_FILE: there is no /gone"],
    );
}

fn chains() {
    #[derive(Debug)]
    struct Named(&'static str);

    impl CredentialProvider for Named {
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
    let named = |name| -> Arc<dyn CredentialProvider> { Arc::new(Named(name)) };
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
    let session = Session::builder(world(&[], "").host())
        .credential_chain(chain)
        .build()
        .unwrap();
    assert_eq!(
        block_on(session.credentials()).unwrap().access_key_id,
        "first"
    );
}

fn auto_mode() {
    let table = DefaultsTable::from_json(&serde_json::json!({
        "base": {"connectTimeoutInMillis": 1100},
        "modes": {
            "standard": {"connectTimeoutInMillis": {"override": 3100}}, "in-region": {},
            "cross-region": {"connectTimeoutInMillis": {"override": 3200}}
        }
    }))
    .unwrap();
    let service = ServiceName {
        name: "sqs",
        id: "SQS",
    };
    let asked = Arc::new(Mutex::new(0));
    let mode = |http: FakeHttp| {
        let asked = Arc::clone(&asked);
        let world =
            world(&[("AWS_DEFAULTS_MODE", "auto")], "").http(FakeHttp::new(move |request| {
                *asked.lock().unwrap() += 1;
                let _ = &http;
                if request.method == "PUT" {
                    answer(200, "imds-token")
                } else {
                    answer(200, "eu-west-1")
                }
            }));
        let session = Session::builder(world.host())
            .region("eu-west-1")
            .defaults(table.clone())
            .build()
            .unwrap();
        let before = session.client_settings(service, &Config::new()).unwrap();
        assert_eq!(before.defaults_mode, DefaultsMode::Standard);
        block_on(session.prepare()).unwrap();
        block_on(session.prepare()).unwrap();
        session
    };
    let session = mode(FakeHttp::silent());
    assert_eq!(*asked.lock().unwrap(), 2);
    let here = session.client_settings(service, &Config::new()).unwrap();
    assert_eq!(here.defaults_mode, DefaultsMode::InRegion);
    assert_eq!(here.connect_timeout, Duration::from_millis(1100));
    let there = session
        .client_settings(service, &Config::new().region("us-east-1"))
        .unwrap();
    assert_eq!(there.connect_timeout, Duration::from_millis(3200));
    // A mode without defaults at hand is an error rather than another mode.
    let world = world(&[("AWS_DEFAULTS_MODE", "mobile")], "");
    let session = Session::builder(world.host()).build().unwrap();
    assert!(session.client_settings(service, &Config::new()).is_err());
}

fn given() {
    let world = world(
        &[
            ("AWS_ACCESS_KEY_ID", "AKIDENV"),
            ("AWS_SECRET_ACCESS_KEY", "secret-of-env"),
        ],
        "",
    );
    let session = Session::builder(world.host())
        .credentials(Credentials::new(
            "AKIDGIVEN",
            "given-secret",
            Some("given-token"),
        ))
        .set(&setting::RETRY_MODE, "adaptive")
        .build()
        .unwrap();
    let found = credentials(&session, &["given-secret", "given-token"]).unwrap();
    assert_eq!(found.access_key_id, "AKIDGIVEN");
    assert_eq!(found.features.ids().collect::<Vec<_>>(), ["e"]);
    assert!(!format!("{session:?}").contains("given-secret"));
}
