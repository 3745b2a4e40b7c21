//! `assume-role-tests.json`: the role chains of profiles.

use std::path::Path;

use inia::Session;
use inia_core::config::ConfigFiles;
use inia_core::{CredentialChain, Error, ErrorKind};
use serde_json::Value as Json;

use super::scripted::{ScriptedInvoke, assumed};
use super::secrets::Secrets;
use crate::fakes::{FakeEnv, FakeHttp, FakePorts, block_on, logged, response};
use crate::support::Case;
use crate::tests_of;

const NOW: i64 = 1_700_000_000;

/// Error texts of the suite and of inia.
const WORDINGS: [(&str, &str); 14] = [
    (
        "profile must contain `source_profile`",
        "has role_arn, but neither source_profile nor credential_source",
    ),
    (
        "profile contained both source_profile and credential_source",
        "has both source_profile and credential_source",
    ),
    (
        "profile missing aws_secret_access_key",
        "has aws_access_key_id, but no aws_secret_access_key",
    ),
    (
        "profile missing aws_access_key_id",
        "has aws_secret_access_key, but no aws_access_key_id",
    ),
    (
        "profile `B` did not contain credential information",
        "no credentials found in source profile `B`",
    ),
    (
        "profile `A` did not contain credential information",
        "profile `A` of the config file has no aws_access_key_id",
    ),
    (
        "could not find source profile B referenced from A",
        "profile `B`, the source_profile of profile `A`, not found",
    ),
    ("No profiles were defined", "profile `A` not found in"),
    (
        "profile formed an infinite loop",
        "source profiles form a cycle: A -> B -> A",
    ),
    (
        "`role_arn` was missing",
        "profile `A` has web_identity_token_file, but no role_arn",
    ),
    (
        "if `sso_role_name` is set, then `sso_account_id` must also be set",
        "incomplete SSO settings in profile `A`: sso_account_id is missing",
    ),
    (
        "if `sso_account_id` is set, then `sso_role_name` must also be set",
        "incomplete SSO settings in profile `A`: sso_role_name is missing",
    ),
    (
        "`sso_region` can only be specified in the [sso-session] config when a session name is given",
        "sso-session `A` has no sso_region",
    ),
    (
        "sso-session named `oops` (referenced by profile `A`) was not found",
        "sso-session `oops` of profile `A` not found",
    ),
];

pub(crate) fn cases(path: &Path, cases: &mut Vec<Case>) {
    for (number, test) in tests_of(path).into_iter().enumerate() {
        let docs = test["docs"].as_str().unwrap();
        let id = format!("assume-role/{} {docs}", number + 1);
        cases.push(Case::new(id, move || check(&test)));
    }
}

fn check(test: &Json) -> Result<(), String> {
    let input = &test["input"];
    let mut file = String::new();
    for (kind, key) in [("profile", "profiles"), ("sso-session", "sso_sessions")] {
        for (name, properties) in input[key].as_object().into_iter().flatten() {
            file.push_str(&format!("[{kind} {name}]\n"));
            for (name, value) in crate::strings(properties) {
                file.push_str(&format!("{name} = {value}\n"));
            }
        }
    }
    let mut secrets = Secrets::default();
    secrets.add_file("config", &file);

    let ports = FakePorts::new(FakeEnv::of([("HOME", "/home")]), NOW).http(instance());
    ports.files.put("/var/token.jwt", "web-identity-token");
    let selected = input["selected_profile"].as_str().unwrap();
    let mut chain = CredentialChain::default();
    chain.remove("iam-role");
    let services = ScriptedInvoke::new(|call| match call.operation.as_str() {
        "GetRoleCredentials" => Ok(serde_json::json!({"roleCredentials": {
            "accessKeyId": "AKID-sso", "secretAccessKey": "secret-of-sso", "sessionToken": "t", "expiration": (NOW + 3600) * 1000
        }})),
        _ => Ok(assumed(call, NOW)),
    });
    let steps = test["output"]["ProfileChain"].as_array();
    let sso = steps.and_then(|steps| steps[0].get("Sso"));
    if let Some(sso) = sso {
        let name = sso.get("sso_session").unwrap_or(&sso["sso_start_url"]);
        ports.files.put(
            &format!("/home/.aws/sso/cache/{}.json", sha1(name.as_str().unwrap())),
            r#"{"accessToken": "sso-access-token", "expiresAt": "2080-01-01T00:00:00Z"}"#,
        );
    }
    let ((credentials, token), log) = logged(|| {
        let session = ConfigFiles::parse(&file, "").and_then(|files| {
            Session::builder()
                .host(ports.host())
                .config_files(files)
                .profile(selected)
                .region("us-east-1")
                .credential_chain(chain)
                .invoke(services.invoke())
                .build()
        });
        match session {
            Ok(session) => (
                block_on(session.credentials()),
                block_on(session.token(None)),
            ),
            Err(error) => (Err(error), Err(Error::new(ErrorKind::Config, ""))),
        }
    });
    secrets.check("the log", &log)?;

    if let Some(wording) = test["output"]["Error"].as_str() {
        // For a token profile, the error is reported when the token is resolved.
        let mut messages = String::new();
        for error in [credentials.err(), token.err()].into_iter().flatten() {
            messages.push_str(&format!("{error:#}\n"));
            secrets.check("the error", &format!("{error:?}"))?;
        }
        let (_, ours) = WORDINGS
            .iter()
            .find(|(theirs, _)| wording == *theirs)
            .ok_or_else(|| format!("no wording for `{wording}`; inia says `{messages}`"))?;
        return match messages.contains(ours) {
            true => Ok(()),
            false => Err(format!("`{messages}` is not `{wording}`")),
        };
    }

    if sso.is_some_and(|sso| sso.get("sso_role_name").is_none()) {
        let token = token.map_err(|error| format!("{error:#}"))?;
        assert_eq!(token.token.expose(), "sso-access-token");
        return Ok(());
    }
    let credentials = credentials.map_err(|error| format!("{error:#}"))?;
    let mut signer: Option<String> = None;
    let mut calls = services.calls().into_iter();
    for step in steps.unwrap() {
        let (kind, expected) = step.as_object().unwrap().iter().next().unwrap();
        signer = Some(match kind.as_str() {
            "AccessKey" => {
                if let Some(account) = expected["account_id"].as_str() {
                    assert_eq!(account, "123456789001");
                }
                expected["access_key_id"].as_str().unwrap().to_owned()
            }
            "NamedSource" => {
                assert_eq!(expected, "Ec2InstanceMetadata");
                "AKID-instance".to_owned()
            }
            "Sso" => {
                let call = calls.next().ok_or("SSO was not called")?;
                assert_eq!(call.params["roleName"], expected["sso_role_name"]);
                assert_eq!(call.params["accountId"], expected["sso_account_id"]);
                assert_eq!(call.params["accessToken"], "sso-access-token");
                assert_eq!(
                    call.options.region.as_deref(),
                    expected["sso_region"].as_str()
                );
                "AKID-sso".to_owned()
            }
            role => {
                let call = calls
                    .next()
                    .ok_or_else(|| format!("{role} was not called"))?;
                let signed_by = call
                    .options
                    .credentials
                    .map(|credentials| credentials.access_key_id.to_string());
                if role == "AssumeRole" {
                    assert_eq!(call.operation, "AssumeRole");
                    assert_eq!(signed_by, signer, "the signer of {expected}");
                } else {
                    assert_eq!(call.operation, "AssumeRoleWithWebIdentity");
                    assert_eq!(call.params["WebIdentityToken"], "web-identity-token");
                    assert_eq!(signed_by, None);
                }
                assert_eq!(call.params["RoleArn"], expected["role_arn"]);
                assert_eq!(call.params["ExternalId"], expected["external_id"]);
                match expected["role_session_name"].as_str() {
                    Some(name) => assert_eq!(call.params["RoleSessionName"], name),
                    None => assert_eq!(
                        call.params["RoleSessionName"],
                        format!("botocore-session-{NOW}")
                    ),
                }
                let arn = expected["role_arn"].as_str().unwrap();
                format!("AKID-{}", arn.rsplit('/').next().unwrap())
            }
        });
    }
    assert!(calls.next().is_none(), "unexpected call");
    assert_eq!(Some(credentials.access_key_id.to_string()), signer);
    secrets.check("the credentials", &format!("{credentials:?}"))
}

/// An instance with a role.
fn instance() -> FakeHttp {
    FakeHttp::new(|request| {
        if request.url.ends_with("/api/token") {
            return response(200, "imds-token");
        }
        if request.url.ends_with('/') {
            return response(200, "role");
        }
        response(
            200,
            r#"{"Code": "Success", "AccessKeyId": "AKID-instance", "SecretAccessKey": "secret-of-instance",
                "Token": "token-of-instance", "Expiration": "2030-01-01T00:00:00Z"}"#,
        )
    })
}

/// Returns the SHA-1 names of token files for the suite's sessions and start URLs.
fn sha1(text: &str) -> &'static str {
    match text {
        "foo" => "0beec7b5ea3f0fdbc95d0dd47f3c5bc275da8a33",
        "https://foo.bar" => "7c459196c60f9c8b83244ac9c88b673bfec5eece",
        other => panic!("no SHA-1 of {other}"),
    }
}
