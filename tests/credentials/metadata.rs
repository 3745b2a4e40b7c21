//! `ecs-tests.json`, `imds-config` and `imds-v21-tests.json`: endpoints and requests of metadata services.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex};

use inia::Session;
use inia_core::config::setting;
use inia_core::{CredentialChain, ProviderContext};
use serde_json::Value as Json;

use super::secrets::Secrets;
use crate::fakes::{FakeEnv, FakeHttp, FakePorts, block_on, logged, response};
use crate::support::Case;
use crate::{strings, tests_of};

type Check = fn(&Json) -> Result<(), String>;

pub(crate) fn cases(dir: &Path, cases: &mut Vec<Case>) {
    let suites: [(&str, &str, &str, Check); 3] = [
        ("ecs", "ecs-tests.json", "docs", ecs),
        ("imds", "imds-config/imds-endpoint-tests.json", "docs", imds),
        ("imds-v21", "imds-v21-tests.json", "summary", imds_v21),
    ];
    for (suite, file, name, check) in suites {
        for (number, test) in tests_of(&dir.join(file)).into_iter().enumerate() {
            let id = format!("{suite}/{} {}", number + 1, test[name].as_str().unwrap());
            cases.push(Case::new(id, move || check(&test)));
        }
    }
}

/// Returns the default chain reduced to one provider.
pub(crate) fn only(name: &str) -> CredentialChain {
    let mut chain = CredentialChain::default();
    let others: Vec<String> = chain
        .names()
        .filter(|other| *other != name)
        .map(str::to_owned)
        .collect();
    for other in others {
        chain.remove(&other);
    }
    chain
}

fn ecs(test: &Json) -> Result<(), String> {
    let credentials = r#"{"AccessKeyId": "A", "SecretAccessKey": "container-secret", "Token": "container-token",
        "Expiration": "2030-01-01T00:00:00Z"}"#;
    let ports = FakePorts::new(FakeEnv::of(strings(&test["env"])), 1_700_000_000)
        .http(FakeHttp::new(move |_| response(200, credentials)));
    let session = Session::builder()
        .host(ports.host())
        .credential_chain(only("container-role"))
        .build()
        .unwrap();
    let mut secrets = Secrets::default();
    secrets.add_json("", &test["env"]);
    for secret in ["container-secret", "container-token"] {
        secrets.add(secret);
    }
    let (result, log) = logged(|| block_on(session.credentials()));
    secrets.check("the log", &log)?;
    match &result {
        Ok(credentials) => secrets.check("the credentials", &format!("{credentials:?}"))?,
        Err(error) => secrets.check("the error", &format!("{error:#} {error:?}"))?,
    }
    match (test["result"]["Ok"].as_str(), result) {
        (Some(url), Ok(_)) => {
            assert_eq!(ports.http.urls(), [format!("GET {url}")]);
            Ok(())
        }
        (None, Err(error)) => {
            let wording = match test["result"]["ErrorContains"].as_str().unwrap() {
                "No environment variables were set to configure ECS provider" => {
                    "neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI is set"
                }
                "URI did not specify a host" => "the URL has no host",
                other => other,
            };
            assert!(ports.http.urls().is_empty());
            match error.to_string().contains(wording) {
                true => Ok(()),
                false => Err(format!("`{error}` does not contain `{wording}`")),
            }
        }
        (_, result) => Err(format!("{result:?}")),
    }
}

fn imds(test: &Json) -> Result<(), String> {
    let ports = FakePorts::new(FakeEnv::of(strings(&test["env"])), 1_700_000_000)
        .http(FakeHttp::new(|_| response(404, "")));
    for (name, text) in strings(&test["fs"]) {
        ports.files.put(&name, text);
    }
    let mut builder = Session::builder()
        .host(ports.host())
        .credential_chain(only("iam-role"));
    if let Some(endpoint) = test["endpoint_override"].as_str() {
        builder = builder.setting(&setting::EC2_METADATA_SERVICE_ENDPOINT, endpoint);
    }
    if let Some(mode) = test["mode_override"].as_str() {
        builder = builder.setting(&setting::EC2_METADATA_SERVICE_ENDPOINT_MODE, mode);
    }
    let error = block_on(builder.build().unwrap().credentials()).unwrap_err();
    match test["result"]["Ok"].as_str() {
        Some(url) => {
            assert_eq!(ports.http.urls()[0], format!("PUT {url}"));
            Ok(())
        }
        None => {
            let wording = match test["result"]["Err"].as_str().unwrap() {
                "`error` is not a valid endpoint mode" => "`error` is not one of ipv4, ipv6",
                "`IPv7` is not a valid endpoint mode" => "`IPv7` is not one of ipv4, ipv6",
                "invalid uri character" => "the URL contains invalid characters",
                other => other,
            };
            assert!(ports.http.urls().is_empty());
            match error.to_string().contains(wording) {
                true => Ok(()),
                false => Err(format!("`{error}` does not contain `{wording}`")),
            }
        }
    }
}

fn imds_v21(test: &Json) -> Result<(), String> {
    let mut secrets = Secrets::default();
    secrets.add_json("", &test["expectations"]);
    let expectations: VecDeque<Json> = test["expectations"].as_array().unwrap().clone().into();
    // Ten minutes after the credentials were issued; they are valid for 50 more.
    let now = expectations
        .iter()
        .find_map(|one| one["response"]["body"]["Expiration"].as_str())
        .map_or(1_700_000_000, |text| {
            let format = inia_core::TimestampFormat::Iso8601;
            inia_core::Timestamp::parse(text, format).unwrap().seconds() - 3000
        });
    let expectations = Arc::new(Mutex::new(expectations));
    let coming = Arc::clone(&expectations);
    let http = FakeHttp::new(move |request| {
        if request.method == "PUT" {
            return response(200, "imds-session-token");
        }
        let path = request.url.strip_prefix("http://169.254.169.254").unwrap();
        let expected = coming
            .lock()
            .unwrap()
            .pop_front()
            .unwrap_or_else(|| panic!("unexpected request for {path}"));
        assert_eq!(path.trim_end_matches('/'), expected["get"]);
        let status = expected["response"]["status"].as_u64().unwrap();
        let body = match &expected["response"]["body"] {
            Json::Null => String::new(),
            Json::String(text) => text.clone(),
            json => json.to_string(),
        };
        response(u16::try_from(status).unwrap(), body)
    });
    let env = test["config"]
        .get("envVars")
        .map(strings)
        .unwrap_or_default();
    let ports = FakePorts::new(FakeEnv::of(env), now).http(http);
    let mut builder = Session::builder().host(ports.host());
    if let Some(name) = test["config"]["ec2InstanceProfileName"].as_str() {
        builder = builder.setting(&setting::EC2_INSTANCE_PROFILE_NAME, name);
    }
    let context = ProviderContext {
        host: ports.host(),
        settings: builder.build().unwrap().settings().clone(),
        invoke: None,
        signing_name: None,
    };
    // The chain without the session's cache: the suite loads credentials each time.
    let chain = only("iam-role");
    for outcome in test["outcomes"].as_array().unwrap() {
        let (result, log) = logged(|| block_on(chain.load(&context)));
        secrets.check("the log", &log)?;
        match (outcome["result"].as_str().unwrap(), result) {
            ("credentials", Ok(credentials)) => {
                assert_eq!(
                    credentials.account_id.as_deref(),
                    outcome["accountId"].as_str()
                );
                assert_eq!(credentials.access_key_id, "ASIAIOSFODNN7EXAMPLE");
                secrets.check("the credentials", &format!("{credentials:?}"))?;
            }
            ("no credentials", Err(error)) => {
                assert!(
                    error
                        .to_string()
                        .contains("AWS_EC2_METADATA_DISABLED is true")
                );
            }
            ("invalid profile", Err(error)) => {
                assert!(error.to_string().contains("instance profile `"));
            }
            (outcome, result) => return Err(format!("{result:?} is not `{outcome}`")),
        }
    }
    match expectations.lock().unwrap().is_empty() {
        true => Ok(()),
        false => Err("not all expected requests were sent".to_owned()),
    }
}
