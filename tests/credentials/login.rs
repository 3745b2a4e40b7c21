//! `login-provider-test-cases.json`: login tokens and their refresh.

use std::path::Path;

use inia::Session;
use inia_core::{Error, ServiceError};
use serde_json::Value as Json;

use super::scripted::ScriptedInvoke;
use super::secrets::Secrets;
use crate::fakes::{FakeEnv, FakePorts, block_on, logged};
use crate::support::Case;
use crate::tests_of;

/// Time expected by the cases: 2025-11-19T00:00:00Z.
const NOW: i64 = 1_763_510_400;

pub(crate) fn cases(suite: &str, path: &Path, cases: &mut Vec<Case>) {
    for test in tests_of(path) {
        let id = format!("{suite}/{}", test["documentation"].as_str().unwrap());
        cases.push(Case::new(id, move || check(&test)));
    }
}

fn check(test: &Json) -> Result<(), String> {
    let ports = FakePorts::new(FakeEnv::of([("HOME", "/home")]), NOW);
    ports.files.put(
        "/home/.aws/config",
        test["configContents"].as_str().unwrap(),
    );
    let mut secrets = Secrets::default();
    secrets.add_json("", test);
    for (name, contents) in test["cacheContents"].as_object().unwrap() {
        ports.files.put(&cached(name), contents.to_string());
    }
    let api = test["mockApiCalls"].as_array().cloned().unwrap_or_default();
    let expected_calls = api.len();
    let services = ScriptedInvoke::new(move |call| {
        assert_eq!(
            (call.service.as_str(), call.operation.as_str()),
            ("signin", "CreateOAuth2Token")
        );
        assert_eq!(call.params, api[0]["request"]);
        assert!(call.options.credentials.is_none());
        let url = "https://us-east-1.signin.aws.amazon.com/v1/token";
        let headers = call.options.url_headers.as_ref().unwrap().make(url)?;
        let [(name, proof)] = headers.as_slice() else {
            panic!("{} headers", headers.len());
        };
        assert_eq!(*name, "DPoP");
        assert_eq!(proof.split('.').count(), 3);
        match api[0]["responseCode"].as_u64() {
            Some(status) => Err(Error::from_service(
                "CreateOAuth2Token",
                ServiceError {
                    code: "AccessDeniedException".into(),
                    http_status: u16::try_from(status).unwrap(),
                    ..ServiceError::default()
                },
            )),
            None => Ok(api[0]["response"].clone()),
        }
    });
    let (result, log) = logged(|| {
        let session = Session::builder()
            .host(ports.host())
            .profile("signin")
            .region("us-east-1")
            .invoke(services.invoke())
            .build()
            .unwrap();
        block_on(session.credentials())
    });
    secrets.check("the log", &log)?;
    assert_eq!(services.calls().len(), expected_calls);
    match &result {
        Ok(credentials) => secrets.check("the credentials", &format!("{credentials:?}"))?,
        Err(error) => secrets.check("the error", &format!("{error:#} {error:?}"))?,
    }
    for outcome in test["outcomes"].as_array().unwrap() {
        match (outcome["result"].as_str().unwrap(), &result) {
            ("error", Err(_)) => {}
            ("credentials", Ok(credentials)) => {
                let got = serde_json::json!({
                    "result": "credentials",
                    "accessKeyId": credentials.access_key_id.as_str(),
                    "secretAccessKey": credentials.secret_access_key.expose(),
                    "sessionToken": credentials.session_token.as_ref().unwrap().expose(),
                    "accountId": credentials.account_id.as_deref(),
                    "expiresAt": credentials.expires.unwrap().to_string(),
                });
                assert_eq!(&got, outcome);
            }
            ("cacheContents", Ok(_)) => {
                for (name, contents) in outcome.as_object().unwrap() {
                    if name != "result" {
                        let written = ports.files.text(&cached(name)).unwrap();
                        let written: Json = serde_json::from_str(&written).unwrap();
                        assert_eq!(&written, contents);
                    }
                }
            }
            (outcome, result) => return Err(format!("{result:?} is not `{outcome}`")),
        }
    }
    Ok(())
}

fn cached(name: &str) -> String {
    format!("/home/.aws/login/cache/{name}")
}
