//! Tokens of the environment, and the refresh of SSO's.

use std::sync::Arc;

use inia_core::ports::BoxFuture;
use inia_core::{
    Error, ErrorKind, Lookup, ProviderContext, Result, Secret, Session, Token, TokenChain,
    TokenProvider,
};
use serde_json::Value as Json;

use super::scripted::Scripted;
use super::secrets::Secrets;
use crate::fakes::{FakeEnv, World, block_on, logged};
use crate::support::Case;

const NOW: i64 = 1_700_000_000;
const CONFIG: &str = "[default]\nsso_session = dev\n[sso-session dev]\nsso_region = eu-west-1\nsso_start_url = https://some.url\n";
/// The file of the session `dev`.
const FILE: &str = "/home/.aws/sso/cache/34c6fceca75e456f25e7e99531e2425c6c1de443.json";

pub(crate) fn cases(cases: &mut Vec<Case>) {
    let trials: &[(&str, fn())] = &[
        (
            "the environment has tokens for single services",
            environment,
        ),
        (
            "a token that is about to end is refreshed and kept",
            refresh,
        ),
        (
            "a token that cannot be refreshed is used until it ends",
            unrefreshable,
        ),
        (
            "a session that is wrong or not there is an error",
            misconfigured,
        ),
        ("chains are put together by name", chains),
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

fn token(session: &Session, signing_name: Option<&str>) -> Result<Option<Arc<Token>>> {
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

fn no_services() -> Scripted {
    Scripted::new(|call| panic!("{} {} is called", call.service, call.operation))
}

fn session(world: &World, services: &Scripted) -> Session {
    Session::builder(world.host())
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
    let world = world(&env, "");
    let session = session(&world, &no_services());
    let found = |name| {
        let token = token(&session, name).unwrap()?;
        assert_eq!(token.expires, None);
        Some(token.token.expose().to_owned())
    };
    assert_eq!(found(Some("bedrock")).as_deref(), Some("env-token"));
    assert_eq!(found(Some("some-name")).as_deref(), Some("env-token-two"));
    assert_eq!(found(Some("empty")), None);
    assert_eq!(found(Some("sqs")), None);
    assert_eq!(found(Some(" ")), None);
    assert_eq!(found(None), None);
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
    let world = world(&[], CONFIG);
    // Ten minutes left.
    world
        .files
        .put(FILE, file("2023-11-14T22:23:20Z", "2030-01-01T00:00:00Z"));
    let services = Scripted::new(|call| {
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
    let session = session(&world, &services);
    for _ in 0..3 {
        let token = token(&session, Some("codecatalyst")).unwrap().unwrap();
        assert_eq!(token.token.expose(), "new-token");
        assert_eq!(token.expires.unwrap().seconds(), NOW + 28800);
    }
    assert_eq!(services.calls().len(), 1);
    let written: Json = serde_json::from_str(&world.files.text(FILE).unwrap()).unwrap();
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
        || Scripted::new(|_| Err(Error::new(ErrorKind::Connection, "connection refused")));
    for (registration, services, reason) in [
        ("2030-01-01T00:00:00Z", failing(), "connection refused"),
        (
            "2020-01-01T00:00:00Z",
            no_services(),
            "the registration to refresh it by expired",
        ),
    ] {
        let world = world(&[], CONFIG);
        world
            .files
            .put(FILE, file("2023-11-14T22:23:20Z", registration));
        let session = session(&world, &services);
        let old = token(&session, None).unwrap().unwrap();
        assert_eq!(old.token.expose(), "old-token");
        world.clock.advance(601);
        let error = token(&session, None).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Credentials);
        let text = format!("{error:#}");
        assert!(
            text.contains("the SSO token of `dev` has expired: log in again"),
            "{text}"
        );
        assert!(text.contains(reason), "{text}");
    }
}

fn misconfigured() {
    for (config, problem) in [
        (
            "[default]\nsso_session = gone\n",
            "there is no sso-session `gone`",
        ),
        (
            "[default]\nsso_session = dev\n[sso-session dev]\nsso_region = a\n",
            "sso-session `dev` has no sso_start_url",
        ),
        (CONFIG, "there is no SSO token"),
    ] {
        let world = world(&[], config);
        let error = token(&session(&world, &no_services()), None).unwrap_err();
        let text = format!("{error:#}");
        assert!(text.contains(problem), "{text}");
        assert!(
            text.contains("\n  env: the environment's tokens are for single services"),
            "{text}"
        );
    }
}

fn chains() {
    #[derive(Debug)]
    struct Mine;

    impl TokenProvider for Mine {
        fn name(&self) -> &str {
            "mine"
        }

        fn load<'a>(
            &'a self,
            _context: &'a ProviderContext,
            signing_name: Option<&'a str>,
        ) -> BoxFuture<'a, Result<Lookup<Token>>> {
            Box::pin(std::future::ready(Ok(Lookup::Found(Token {
                token: Secret::from(format!("mine for {signing_name:?}")),
                expires: None,
            }))))
        }
    }

    let mut chain = TokenChain::default();
    assert_eq!(chain.names().collect::<Vec<_>>(), ["env", "sso"]);
    chain.insert_after("env", Arc::new(Mine)).unwrap();
    assert_eq!(chain.names().collect::<Vec<_>>(), ["env", "mine", "sso"]);
    assert!(chain.insert_before("sso", Arc::new(Mine)).is_err());
    assert!(chain.replace("gone", Arc::new(Mine)).is_err());
    assert!(chain.remove("env"));
    let world = world(&[], "");
    let session = Session::builder(world.host())
        .token_chain(chain)
        .build()
        .unwrap();
    let found = token(&session, Some("a")).unwrap().unwrap();
    assert_eq!(found.token.expose(), "mine for Some(\"a\")");
}
