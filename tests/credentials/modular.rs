//! `modular-credential-chain-tests.json`: custom credential chains.
//!
//! The suite is for an SDK whose providers are separate modules, each for its own slot. A module that is not installed
//! corresponds to a removed provider, and a slot to the provider in it.

use std::path::Path;
use std::sync::{Arc, Mutex};

use inia::Session;
use inia_core::config::ConfigFiles;
use inia_core::ports::BoxFuture;
use inia_core::{
    CredentialChain, Credentials, Error, ErrorKind, Lookup, Provider, ProviderContext, Str,
};
use serde_json::Value as Json;

use super::scripted::ScriptedInvoke;
use super::secrets::Secrets;
use crate::fakes::{FakeEnv, FakeHttp, FakePorts, block_on, logged, response};
use crate::support::Case;
use crate::{strings, tests_of};

const NOW: i64 = 1_700_000_000;

/// Slots and selected providers by their names in the suite, the providers of inia, and their modules.
const SLOTS: [(&str, &str, &str, &str); 8] = [
    ("ENVIRONMENT", "Environment", "env", "core"),
    (
        "PROFILE_STATIC_KEYS",
        "ProfileStaticKeys",
        "config-file",
        "core",
    ),
    (
        "PROFILE_SESSION_KEYS",
        "ProfileSessionKeys",
        "config-file",
        "core",
    ),
    (
        "PROFILE_ASSUME_ROLE",
        "ProfileAssumeRole",
        "assume-role",
        "sts",
    ),
    (
        "WEB_IDENTITY_TOKEN_ENV",
        "WebIdentityTokenEnv",
        "assume-role-with-web-identity",
        "sts",
    ),
    ("PROFILE_SSO_SESSION", "ProfileSsoSession", "sso", "sso"),
    ("ECS_CONTAINER", "EcsContainer", "container-role", "ecs"),
    (
        "EC2_INSTANCE_METADATA",
        "Ec2InstanceMetadata",
        "iam-role",
        "imds",
    ),
];

fn provider_of(name: &str) -> &str {
    SLOTS
        .iter()
        .find(|(slot, provider, _, _)| *slot == name || *provider == name)
        .map_or(name, |(_, _, provider, _)| provider)
}

pub(crate) fn cases(path: &Path, cases: &mut Vec<Case>) {
    for test in tests_of(path) {
        let id = format!(
            "modular/{} {}",
            test["id"].as_str().unwrap(),
            test["documentation"].as_str().unwrap()
        );
        cases.push(Case::new(id, move || check(&test)));
    }
}

fn check(test: &Json) -> Result<(), String> {
    let (input, expected) = (&test["input"], &test["expected"]);
    let ports = ports(input);
    let rejected = Arc::new(Mutex::new(Vec::new()));

    let chain = chain(input, &rejected);
    if let Some(reason) = expected.get("assemblyError") {
        let Err(error) = chain else {
            return Err(format!("expected an error: {reason}"));
        };
        let conflict = provider_of(reason["conflict"].as_str().unwrap());
        let message = format!("provider `{conflict}` already exists");
        return match error.to_string() == message {
            true => Ok(()),
            false => Err(format!("`{error}` is not `{message}`")),
        };
    }
    let chain = chain.map_err(|error| error.to_string())?;

    let services = services(input);
    let mut builder = Session::builder()
        .host(ports.host())
        .region("us-east-1")
        .credential_chain(chain.clone())
        .invoke(services.invoke());
    if let Some(config) = input["preloadedConfigFile"].as_str() {
        builder = builder.config_files(ConfigFiles::parse(config, "").unwrap());
    }
    if let Some(profile) = input["profileNameOverride"].as_str() {
        builder = builder.profile(profile);
    }
    if let Some(spec) = input.get("clientIdentityResolver") {
        builder = builder.credentials(credentials(spec, "explicit"));
    }
    let session = builder.build().map_err(|error| error.to_string())?;

    if input["identityType"] == "TokenIdentity" {
        let token = block_on(session.token(None)).map_err(|error| format!("{error:#}"))?;
        assert_eq!(token.token.expose(), expected["resolved"]["token"]);
        return Ok(());
    }
    if let Some(providers) = expected.get("invalidatedProviders") {
        let identity = credentials(&input["invalidationIdentity"], "x");
        chain.invalidate(&identity);
        let reported = Json::from(rejected.lock().unwrap().clone());
        return match reported == *providers {
            true => Ok(()),
            false => Err(format!("{reported} were invalidated, expected {providers}")),
        };
    }
    let mut secrets = Secrets::default();
    secrets.add_json("", test);
    let (result, log) = logged(|| block_on(session.credentials()));
    secrets.check("the log", &log)?;
    secrets.check("the session", &format!("{session:?} {session:#?}"))?;
    match &result {
        Ok(credentials) => secrets.check("the credentials", &format!("{credentials:?}"))?,
        Err(error) => secrets.check("the error", &format!("{error:#} {error:?}"))?,
    }
    match (expected.get("resolved"), result) {
        (Some(resolved), Ok(got)) => {
            for (name, value) in [
                ("accessKeyId", Some(got.access_key_id.as_str())),
                ("secretAccessKey", Some(got.secret_access_key.expose())),
                (
                    "sessionToken",
                    got.session_token.as_ref().map(|token| token.expose()),
                ),
                ("accountId", got.account_id.as_deref()),
            ] {
                if resolved[name].as_str() != value {
                    return Err(format!("{name}: {value:?} is not {}", resolved[name]));
                }
            }
            let selected = expected["selectedProvider"].as_str().unwrap_or("explicit");
            assert_eq!(got.provider, provider_of(selected));
            let features: Vec<&str> = got.features.ids().collect();
            for id in expected["featureIds"].as_array().into_iter().flatten() {
                assert!(
                    features.contains(&id.as_str().unwrap()),
                    "{id} of {features:?}"
                );
            }
            Ok(())
        }
        (None, Err(error)) => {
            // The message lists all tried providers in order.
            let message = error.to_string();
            let mut rest = message.as_str();
            for tried in expected["resolutionError"]["providersTried"]
                .as_array()
                .unwrap()
            {
                let line = format!("\n  {}: ", provider_of(tried.as_str().unwrap()));
                let (_, after) = rest
                    .split_once(&line)
                    .ok_or_else(|| format!("{tried} is not in `{message}`"))?;
                rest = after;
            }
            Ok(())
        }
        (_, result) => Err(format!("{result:?} is not {expected}")),
    }
}

/// Builds the chain of a case: the default chain, plus the case's own providers, minus modules that are not installed.
fn chain(input: &Json, rejected: &Arc<Mutex<Vec<String>>>) -> Result<CredentialChain, Error> {
    let mut chain = CredentialChain::default();
    let installed = input["installedModules"].as_array().unwrap();
    for custom in input["customProviders"].as_array().into_iter().flatten() {
        if custom["supportsIdentityType"] == false {
            continue;
        }
        let slot = custom["ordering"]["slot"].as_str().unwrap();
        let standard = custom["ordering"]["type"] == "Standard";
        let provider = Arc::new(Custom {
            // A provider that occupies a slot has the name of the slot's provider.
            name: provider_of(if standard {
                slot
            } else {
                custom["name"].as_str().unwrap()
            })
            .to_owned(),
            spec: custom.clone(),
            rejected: Arc::clone(rejected),
        });
        match custom["ordering"]["type"].as_str().unwrap() {
            "After" => chain.insert_after(provider_of(slot), provider)?,
            _ => chain.insert_before(provider_of(slot), provider)?,
        }
    }
    for (_, _, provider, module) in SLOTS {
        if !installed.iter().any(|name| name == module) {
            chain.remove(provider);
        }
    }
    Ok(chain)
}

#[derive(Debug)]
struct Custom {
    name: String,
    spec: Json,
    rejected: Arc<Mutex<Vec<String>>>,
}

impl Provider<Credentials> for Custom {
    fn name(&self) -> &str {
        &self.name
    }

    fn load<'a>(
        &'a self,
        _context: &'a ProviderContext,
    ) -> BoxFuture<'a, inia_core::Result<Lookup<Credentials>>> {
        let lookup = if self.spec["present"] == false {
            Ok(Lookup::NotConfigured("not present".into()))
        } else if let Some(error) = self.spec["response"]["error"].as_str() {
            match self.spec["terminal"].as_bool() {
                Some(false) => Ok(Lookup::NotConfigured(error.to_owned().into())),
                _ => Err(Error::new(ErrorKind::Credentials, error.to_owned())),
            }
        } else {
            Ok(Lookup::Found(credentials(
                &self.spec["response"],
                &self.name,
            )))
        };
        Box::pin(std::future::ready(lookup))
    }

    fn invalidate(&self, rejected: &Credentials) {
        assert_eq!(rejected.access_key_id, "1");
        self.rejected.lock().unwrap().push(self.name.clone());
    }
}

fn credentials(spec: &Json, provider: &str) -> Credentials {
    let text = |name: &str| spec[name].as_str();
    let mut credentials = Credentials::new(
        text("accessKeyId").unwrap(),
        text("secretAccessKey").unwrap(),
        text("sessionToken"),
    );
    credentials.account_id = text("accountId").map(Str::from);
    credentials.provider = Str::from(provider);
    credentials
}

fn ports(input: &Json) -> FakePorts {
    let env = input.get("env").map(strings).unwrap_or_default();
    let mut env = FakeEnv::of(env);
    env.variables.insert("HOME".to_owned(), "/home".to_owned());
    let (imds, container) = (input["imdsResponse"].clone(), input["httpResponse"].clone());
    let ports = FakePorts::new(env, NOW).http(FakeHttp::new(move |request| {
        let metadata = |spec: &Json| {
            serde_json::json!({
                "Code": "Success", "AccessKeyId": spec["accessKeyId"], "SecretAccessKey": spec["secretAccessKey"],
                "Token": spec["sessionToken"], "AccountId": spec["accountId"], "Expiration": "2030-01-01T00:00:00Z"
            })
            .to_string()
        };
        if !request.url.contains("169.254.169.254") {
            return response(200, metadata(&container));
        }
        match request.url.as_str() {
            url if url.ends_with("/api/token") => response(200, "imds-token"),
            _ if imds.get("accessKeyId").is_none() => response(404, ""),
            url if url.ends_with('/') => response(200, "role"),
            _ => response(200, metadata(&imds)),
        }
    }));
    if let Some(config) = input["configFiles"]["aws"].as_str() {
        ports.files.put("/home/.aws/config", config);
    }
    ports.files.put("/some/path", "web-identity-token");
    // Token file of the session `dev`.
    let token = input["ssoResponse"]["token"]
        .as_str()
        .unwrap_or("sso-token");
    ports.files.put(
        "/home/.aws/sso/cache/34c6fceca75e456f25e7e99531e2425c6c1de443.json",
        serde_json::json!({"accessToken": token, "expiresAt": "2080-01-01T00:00:00Z"}).to_string(),
    );
    ports
}

fn services(input: &Json) -> ScriptedInvoke {
    let (sts, sso) = (input["stsResponse"].clone(), input["ssoResponse"].clone());
    ScriptedInvoke::new(move |call| {
        let spec = if call.service == "sts" { &sts } else { &sso };
        if let Some(error) = spec["error"].as_str() {
            return Err(Error::new(ErrorKind::Service, error.to_owned()));
        }
        Ok(match call.service.as_str() {
            "sts" => serde_json::json!({
                "AssumedRoleUser": {"Arn": format!("arn:aws:sts::{}:assumed-role/r/s", spec["accountId"].as_str().unwrap())},
                "Credentials": {
                    "AccessKeyId": spec["accessKeyId"], "SecretAccessKey": spec["secretAccessKey"],
                    "SessionToken": spec["sessionToken"], "Expiration": "2030-01-01T00:00:00Z"
                }
            }),
            _ => serde_json::json!({"roleCredentials": {
                "accessKeyId": spec["accessKeyId"], "secretAccessKey": spec["secretAccessKey"],
                "sessionToken": spec["sessionToken"], "expiration": (NOW + 3600) * 1000
            }}),
        })
    })
}
