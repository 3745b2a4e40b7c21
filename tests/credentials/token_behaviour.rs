//! Tokens from the environment, and refresh of SSO tokens.

use std::sync::Arc;

use inia::Session;
use inia_core::ports::{BoxFuture, Clock as _};
use inia_core::{
    Error, ErrorKind, Lookup, Provider, ProviderContext, Result, ServiceError, SsoLogout,
    Timestamp, Token, TokenChain,
};
use serde_json::Value as Json;

use super::scripted::ScriptedInvoke;
use super::secrets::Secrets;
use crate::fakes::{FakeEnv, FakePorts, block_on, logged};
use crate::support::Case;

const NOW: i64 = 1_700_000_000;
const CONFIG: &str = "[default]\nsso_session = dev\n[sso-session dev]\nsso_region = eu-west-1\nsso_start_url = https://some.url\n";
/// Token file of the session `dev`.
const FILE: &str = "/home/.aws/sso/cache/34c6fceca75e456f25e7e99531e2425c6c1de443.json";

pub(crate) fn cases(cases: &mut Vec<Case>) {
    let trials: &[(&str, fn())] = &[
        (
            "the environment has tokens for single services",
            environment,
        ),
        (
            "a token that is about to expire is refreshed and cached",
            refresh,
        ),
        (
            "a token that cannot be refreshed is used until it expires",
            unrefreshable,
        ),
        ("a missing or invalid session is an error", misconfigured),
        ("chains are modified by provider name", chains),
        ("a login polls for confirmation and obeys slow_down", login),
        ("a declined or expired login is an error", login_refused),
        ("a forgotten client is registered again", login_forgotten),
        ("a login rejects control characters", login_shown),
        (
            "a logout removes cached tokens even if the service fails",
            logout,
        ),
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

fn token(session: &Session, signing_name: Option<&str>) -> Result<Arc<Token>> {
    let mut secrets = Secrets::default();
    for secret in [
        "env-token",
        "old-token",
        "new-token",
        "old-refresh",
        "new-refresh",
        "client-secret",
    ] {
        secrets.add(secret);
    }
    let (result, log) = logged(|| block_on(session.token(signing_name)));
    secrets.check("the log", &log).unwrap();
    secrets.check("the result", &format!("{result:?}")).unwrap();
    if let Err(error) = &result {
        secrets.check("the error", &format!("{error:#}")).unwrap();
    }
    result
}

fn no_services() -> ScriptedInvoke {
    ScriptedInvoke::new(|call| panic!("{} {} is called", call.service, call.operation))
}

fn session(ports: &FakePorts, services: &ScriptedInvoke) -> Session {
    Session::builder()
        .host(ports.host())
        .invoke(services.invoke())
        .build()
        .unwrap()
}

fn environment() {
    let env = [
        ("AWS_BEARER_TOKEN_BEDROCK", "env-token"),
        ("AWS_BEARER_TOKEN_SOME_NAME", "env-token-two"),
        ("AWS_BEARER_TOKEN_EMPTY", ""),
    ];
    let ports = ports(&env, "");
    let session = session(&ports, &no_services());
    let token_for = |name| {
        let token = match token(&session, name) {
            Ok(token) => token,
            Err(error) => {
                let text = error.to_string();
                assert!(text.starts_with("no token found in any provider"), "{text}");
                return None;
            }
        };
        assert_eq!(token.expires, None);
        Some(token.token.expose().to_owned())
    };
    assert_eq!(token_for(Some("bedrock")).as_deref(), Some("env-token"));
    assert_eq!(
        token_for(Some("some-name")).as_deref(),
        Some("env-token-two")
    );
    assert_eq!(token_for(Some("empty")), None);
    assert_eq!(token_for(Some("sqs")), None);
    assert_eq!(token_for(Some(" ")), None);
    assert_eq!(token_for(None), None);
}

fn file(expires: &str, registration: &str) -> String {
    serde_json::json!({
        "startUrl": "https://some.url", "region": "eu-west-1", "accessToken": "old-token", "expiresAt": expires,
        "clientId": "client", "clientSecret": "client-secret", "registrationExpiresAt": registration,
        "refreshToken": "old-refresh", "other": 1
    })
    .to_string()
}

fn refresh() {
    let ports = ports(&[], CONFIG);
    // Ten minutes until expiration.
    ports
        .files
        .put(FILE, file("2023-11-14T22:23:20Z", "2030-01-01T00:00:00Z"));
    let services = ScriptedInvoke::new(|call| {
        assert_eq!(
            (call.service.as_str(), call.operation.as_str()),
            ("sso-oidc", "CreateToken")
        );
        assert_eq!(call.options.region.as_deref(), Some("eu-west-1"));
        assert!(call.options.credentials.is_none());
        assert_eq!(
            call.params,
            serde_json::json!({
                "grantType": "refresh_token", "clientId": "client", "clientSecret": "client-secret", "refreshToken": "old-refresh"
            })
        );
        Ok(
            serde_json::json!({"accessToken": "new-token", "expiresIn": 28800, "refreshToken": "new-refresh"}),
        )
    });
    let session = session(&ports, &services);
    for _ in 0..3 {
        let token = token(&session, Some("codecatalyst")).unwrap();
        assert_eq!(token.token.expose(), "new-token");
        assert_eq!(token.expires.unwrap().seconds(), NOW + 28800);
    }
    assert_eq!(services.calls().len(), 1);
    let written: Json = serde_json::from_str(&ports.files.text(FILE).unwrap()).unwrap();
    assert_eq!(
        written,
        serde_json::json!({
            "startUrl": "https://some.url", "region": "eu-west-1", "accessToken": "new-token",
            "expiresAt": "2023-11-15T06:13:20Z", "clientId": "client", "clientSecret": "client-secret",
            "registrationExpiresAt": "2030-01-01T00:00:00Z", "refreshToken": "new-refresh", "other": 1
        })
    );
}

fn unrefreshable() {
    let failing =
        || ScriptedInvoke::new(|_| Err(Error::new(ErrorKind::Connection, "connection refused")));
    for (registration, services, reason) in [
        ("2030-01-01T00:00:00Z", failing(), "connection refused"),
        (
            "2020-01-01T00:00:00Z",
            no_services(),
            "its client registration expired",
        ),
    ] {
        let ports = ports(&[], CONFIG);
        ports
            .files
            .put(FILE, file("2023-11-14T22:23:20Z", registration));
        let session = session(&ports, &services);
        let old = token(&session, None).unwrap();
        assert_eq!(old.token.expose(), "old-token");
        ports.clock.advance(601);
        let error = token(&session, None).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Credentials);
        let text = format!("{error:#}");
        assert!(
            text.contains("the SSO token of `dev` has expired; log in again"),
            "{text}"
        );
        assert!(text.contains(reason), "{text}");
    }
}

fn misconfigured() {
    for (config, problem) in [
        ("[default]\nsso_session = gone\n", "sso-session `gone`"),
        (
            "[default]\nsso_session = dev\n[sso-session dev]\nsso_region = a\n",
            "sso-session `dev` has no sso_start_url",
        ),
        (CONFIG, "no SSO token found"),
    ] {
        let ports = ports(&[], config);
        let error = token(&session(&ports, &no_services()), None).unwrap_err();
        let text = format!("{error:#}");
        assert!(text.contains(problem), "{text}");
        assert!(
            text.contains("\n  env: environment tokens require a signing name"),
            "{text}"
        );
    }
}

fn chains() {
    #[derive(Debug)]
    struct Mine;

    impl Provider<Token> for Mine {
        fn name(&self) -> &str {
            "mine"
        }

        fn load<'a>(
            &'a self,
            context: &'a ProviderContext,
        ) -> BoxFuture<'a, Result<Lookup<Token>>> {
            Box::pin(std::future::ready(Ok(Lookup::Found(Token::new(format!(
                "mine for {:?}",
                context.signing_name.as_deref()
            ))))))
        }
    }

    let mut chain = TokenChain::default();
    assert_eq!(chain.names().collect::<Vec<_>>(), ["env", "sso"]);
    chain.insert_after("env", Arc::new(Mine)).unwrap();
    assert_eq!(chain.names().collect::<Vec<_>>(), ["env", "mine", "sso"]);
    assert!(chain.insert_before("sso", Arc::new(Mine)).is_err());
    assert!(chain.replace("gone", Arc::new(Mine)).is_err());
    assert!(chain.remove("env"));
    let ports = ports(&[], "");
    let session = Session::builder()
        .host(ports.host())
        .token_chain(chain)
        .build()
        .unwrap();
    let token_for = token(&session, Some("a")).unwrap();
    assert_eq!(token_for.token.expose(), "mine for Some(\"a\")");
}

/// Returns a service error.
fn service_error(code: &str) -> Error {
    Error::from_service(
        "CreateToken",
        ServiceError {
            code: code.into(),
            message: "refused".into(),
            http_status: 400,
            ..ServiceError::default()
        },
    )
}

/// Fakes IAM Identity Center; `create_token` gets the number of the CreateToken request.
fn identity_center(
    token: impl Fn(usize) -> std::result::Result<(), &'static str> + Send + Sync + 'static,
) -> ScriptedInvoke {
    let token_requests = std::sync::atomic::AtomicUsize::new(0);
    ScriptedInvoke::new(move |call| {
        Ok(match call.operation.as_str() {
            "RegisterClient" => {
                serde_json::json!({"clientId": "client", "clientSecret": "client-secret",
                "clientSecretExpiresAt": NOW + 90 * 86_400})
            }
            "StartDeviceAuthorization" => {
                serde_json::json!({"deviceCode": "device-code", "userCode": "CODE-CODE",
                "verificationUri": "https://device", "expiresIn": 60})
            }
            "CreateToken" => {
                let count = token_requests.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                token(count).map_err(service_error)?;
                serde_json::json!({"accessToken": "new-token", "expiresIn": 3600, "refreshToken": "new-refresh"})
            }
            other => panic!("{other}"),
        })
    })
}

fn log_in(session: &Session) -> Result<Token> {
    let mut secrets = Secrets::default();
    for secret in ["new-token", "new-refresh", "client-secret", "device-code"] {
        secrets.add(secret);
    }
    let (result, log) = logged(|| {
        block_on(async {
            let login = session.sso_login(None).await?;
            secrets
                .check("Debug", &format!("{login:?} {login:#?}"))
                .unwrap();
            login.finish().await
        })
    });
    secrets.check("the log", &log).unwrap();
    secrets.check("the result", &format!("{result:?}")).unwrap();
    if let Err(error) = &result {
        secrets
            .check("the error", &format!("{error} {error:#}"))
            .unwrap();
    }
    result
}

fn with(ports: &FakePorts, services: &ScriptedInvoke) -> Session {
    Session::builder()
        .host(ports.host())
        .invoke(services.invoke())
        .build()
        .unwrap()
}

fn login() {
    let ports = ports(&[], CONFIG);
    let services = identity_center(|count| match count {
        0 | 2 => Err("AuthorizationPendingException"),
        1 => Err("SlowDownException"),
        _ => Ok(()),
    });
    let session = with(&ports, &services);
    let token = log_in(&session).unwrap();
    assert_eq!(token.token.expose(), "new-token");
    // 5 seconds by RFC 8628, plus 5 more after `slow_down`.
    let waited = 5 + 5 + 10 + 10;
    assert_eq!(ports.clock.now().seconds(), NOW + waited);
    let file: Json = serde_json::from_str(&ports.files.text(FILE).unwrap()).unwrap();
    let expires = Timestamp::new(NOW + waited + 3600, 0).to_string();
    assert_eq!(
        file,
        serde_json::json!({"startUrl": "https://some.url", "region": "eu-west-1", "accessToken": "new-token", "expiresAt": expires,
            "clientId": "client", "clientSecret": "client-secret", "refreshToken": "new-refresh",
            "registrationExpiresAt": Timestamp::new(NOW + 90 * 86_400, 0).to_string()})
    );
    // The session that logged in uses the token immediately.
    let token = block_on(session.token(None)).unwrap();
    assert_eq!(token.token.expose(), "new-token");
    for call in services.calls() {
        assert_eq!(call.service, "sso-oidc");
        assert_eq!(call.options.region.as_deref(), Some("eu-west-1"));
        assert!(call.options.credentials.is_none());
    }
}

fn login_refused() {
    for (code, message) in [
        ("AccessDeniedException", "declined"),
        ("ExpiredTokenException", "not confirmed in time"),
        ("AuthorizationPendingException", "not confirmed in time"),
        ("SlowDownException", "not confirmed in time"),
        ("InternalServerException", "refused"),
    ] {
        let ports = ports(&[], CONFIG);
        let services = identity_center(move |_| Err(code));
        let error = log_in(&with(&ports, &services)).unwrap_err();
        assert!(format!("{error:#}").contains(message), "{code}: {error:#}");
        assert!(ports.clock.now().seconds() <= NOW + 60, "{code}");
        assert_eq!(ports.files.text(FILE), None);
    }
    let ports = ports(&[], "[default]\nregion = us-east-1\n");
    let error = log_in(&with(&ports, &identity_center(|_| Ok(())))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
}

fn login_forgotten() {
    let ports = ports(&[], CONFIG);
    let first = identity_center(|_| Ok(()));
    log_in(&with(&ports, &first)).unwrap();
    let second = ScriptedInvoke::new({
        let inner = identity_center(|_| Ok(()));
        let starts = std::sync::atomic::AtomicUsize::new(0);
        move |call| {
            if call.operation == "StartDeviceAuthorization"
                && starts.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0
            {
                return Err(service_error("InvalidClientException"));
            }
            inner.respond(call)
        }
    });
    log_in(&with(&ports, &second)).unwrap();
    let operations: Vec<String> = second
        .calls()
        .into_iter()
        .map(|call| call.operation)
        .collect();
    assert_eq!(
        operations,
        [
            "StartDeviceAuthorization",
            "RegisterClient",
            "StartDeviceAuthorization",
            "CreateToken"
        ]
    );
}

fn login_shown() {
    let ports = ports(&[], CONFIG);
    let services = ScriptedInvoke::new(|call| {
        Ok(match call.operation.as_str() {
            "RegisterClient" => {
                serde_json::json!({"clientId": "c", "clientSecret": "s", "clientSecretExpiresAt": NOW + 86_400})
            }
            _ => {
                serde_json::json!({"deviceCode": "d", "userCode": "\u{1b}]0;title", "verificationUri": "https://device", "expiresIn": 60})
            }
        })
    });
    let error = log_in(&with(&ports, &services)).unwrap_err();
    assert!(
        error.to_string().contains("control characters in userCode"),
        "{error}"
    );
}

fn logout() {
    let ports = ports(&[], CONFIG);
    let folder = "/home/.aws/sso/cache";
    ports.files.put(
        FILE,
        r#"{"accessToken": "one-token", "region": "eu-west-1"}"#,
    );
    ports.files.put(
        &format!("{folder}/b.json"),
        r#"{"accessToken": "other-token", "region": "us-east-1"}"#,
    );
    ports.files.put(
        &format!("{folder}/registration.json"),
        r#"{"clientId": "c", "clientSecret": "s"}"#,
    );
    ports.files.put(&format!("{folder}/notes.txt"), "mine");
    ports.files.put(
        "/home/.aws/cli/cache/a.json",
        r#"{"ProviderType": "sso", "Credentials": {}}"#,
    );
    ports
        .files
        .put("/home/.aws/cli/cache/b.json", r#"{"Credentials": {}}"#);
    let services = ScriptedInvoke::new(|_| Err(service_error("UnauthorizedException")));
    let (removed, log) = logged(|| block_on(with(&ports, &services).sso_logout()));
    assert_eq!(
        removed.unwrap(),
        SsoLogout {
            tokens: 2,
            credentials: 1
        }
    );
    assert!(
        !log.contains("one-token") && !log.contains("other-token"),
        "{log}"
    );
    let left: Vec<String> = ports.files.0.lock().unwrap().keys().cloned().collect();
    assert_eq!(
        left,
        [
            "/home/.aws/cli/cache/b.json",
            "/home/.aws/config",
            "/home/.aws/sso/cache/notes.txt",
            "/home/.aws/sso/cache/registration.json"
        ]
    );
    let calls: Vec<(String, String)> = services
        .calls()
        .into_iter()
        .map(|call| {
            (
                call.operation,
                call.params["accessToken"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    assert_eq!(calls.len(), 2);
    assert!(calls.contains(&("Logout".to_owned(), "one-token".to_owned())));
}
