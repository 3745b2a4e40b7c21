//! Cases with a folder each: `env.json`, `fs/`, `http-traffic.json` and `test-case.json`.

use std::path::Path;
use std::sync::Arc;

use inia::Session;
use inia_core::{CredentialChain, Credentials, Error, ErrorKind};
use serde_json::Value as Json;

use super::folder::{self, SOME_TIME};
use super::replay::Recording;
use crate::fakes::{FakePorts, block_on, logged};
use crate::read_json;
use crate::support::Case;

/// Error texts of the suite and of inia.
const WORDINGS: [(&str, &[&str]); 11] = [
    (
        "was not enabled",
        &[
            "no credentials found in any provider",
            "no credentials found in credential_source Ec2InstanceMetadata of profile `default`",
            "no credentials found in credential_source Environment of profile `A`",
        ],
    ),
    (
        "request forbidden: IMDS is disabled",
        &["no credentials found in credential_source Ec2InstanceMetadata of profile `default`"],
    ),
    (
        "failed to read `/home/.aws/sso/cache/dace00cba5f8355ec9d274ceb2bcebdfbeed0e12.json`: No such file or directory (os error 2)",
        &[
            "cannot read /home/.aws/sso/cache/dace00cba5f8355ec9d274ceb2bcebdfbeed0e12.json; log in first: No such file or directory (os error 2)",
        ],
    ),
    (
        "an error occurred while loading credentials: Error retrieving credentials: external process exited with code exit status: 1",
        &["credential_process `exit` ended with exit status 1"],
    ),
    (
        "an error occurred while loading credentials",
        &["provider `sso` is configured but failed to load credentials"],
    ),
    (
        "`web_identity_token_file` was specified but `role_arn` was missing",
        &["profile `B` has web_identity_token_file, but no role_arn"],
    ),
    (
        "InvalidIdentityTokenException: No OpenIDConnect provider found in your account",
        &["InvalidIdentityToken (HTTP 400): No OpenIDConnect provider found in your account"],
    ),
    (
        "Error retrieving credentials from external process, could not parse response: invalid JSON in response",
        &["invalid output of credential_process `echo`: invalid JSON"],
    ),
    (
        "could not parse profile file",
        &["/home/.aws/config:2: Property did not have a name"],
    ),
    (
        "selected profile will resolve an access token instead of credentials",
        &["provides a token only"],
    ),
    (
        "No such file or directory (os error 2)",
        &["/token.jwt: No such file or directory (os error 2)"],
    ),
];

/// Returns the cases of a suite.
pub(crate) fn cases(dir: &Path, suite: &'static str, profile_only: bool, cases: &mut Vec<Case>) {
    for folder in folder::folders(&dir.join(suite)) {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        cases.push(Case::new(format!("{suite}/{name}"), move || {
            check(&folder, profile_only, load)
        }));
    }
}

/// Result and log output of a case.
pub(crate) struct RecordedOutcome {
    pub(crate) result: Result<Arc<Credentials>, Error>,
    pub(crate) session: String,
    pub(crate) log: String,
}

fn load(ports: &FakePorts, recording: &Recording, chain: CredentialChain) -> RecordedOutcome {
    let ((result, session), log) = logged(|| {
        let session = Session::builder()
            .host(ports.host())
            .credential_chain(chain)
            .invoke(recording.invoke(&ports.host()))
            .build();
        match session {
            Ok(session) => (
                block_on(session.credentials()),
                format!("{session:?} {:?}", session.settings()),
            ),
            Err(error) => (Err(error), String::new()),
        }
    });
    RecordedOutcome {
        result,
        session,
        log,
    }
}

/// Loads the credentials of a case and compares them with the expected ones.
pub(crate) fn check(
    folder: &Path,
    profile_only: bool,
    load: impl FnOnce(&FakePorts, &Recording, CredentialChain) -> RecordedOutcome,
) -> Result<(), String> {
    let case = read_json(&folder.join("test-case.json"));
    let expected = &case["result"]["Ok"];
    // One hour before the expiration, so that the credentials are valid.
    let now = expected["expiry"]
        .as_i64()
        .map_or(SOME_TIME, |expiry| expiry - 3600);
    let (ports, recording, mut secrets) = folder::ports(folder, now);
    for name in ["secret_access_key", "session_token"] {
        secrets.add(expected[name].as_str().unwrap_or_default());
    }
    let mut chain = CredentialChain::default();
    if profile_only {
        for name in ["env", "container-role", "iam-role"] {
            chain.remove(name);
        }
    }
    let RecordedOutcome {
        result,
        session,
        log,
    } = load(&ports, &recording, chain);
    secrets.check("the log", &log)?;
    secrets.check("the session", &session)?;
    match (result, case["result"]["ErrorContains"].as_str()) {
        (Ok(credentials), None) => {
            secrets.check("the credentials", &format!("{credentials:?}"))?;
            same(&credentials, expected)?;
            match recording.is_over() {
                true => Ok(()),
                false => Err(format!("unused recorded exchanges: {recording:?}")),
            }
        }
        (Err(error), Some(wording)) => {
            let message = format!("{error:#}");
            secrets.check("the error", &format!("{message} {error:?}"))?;
            assert!(matches!(
                error.kind(),
                ErrorKind::Credentials | ErrorKind::Config
            ));
            check_wording(&message, wording)
        }
        (Ok(credentials), Some(_)) => Err(format!("no error, but {credentials:?}")),
        (Err(error), None) => Err(format!("{error:#}\n{log}")),
    }
}

fn check_wording(message: &str, theirs: &str) -> Result<(), String> {
    let (_, ours) = WORDINGS
        .iter()
        .find(|(wording, _)| theirs.contains(wording))
        .ok_or_else(|| format!("no wording for `{theirs}`; inia says `{message}`"))?;
    if ours.iter().any(|ours| message.contains(ours)) {
        Ok(())
    } else {
        Err(format!("`{message}` is not `{theirs}`"))
    }
}

fn same(credentials: &Arc<Credentials>, expected: &Json) -> Result<(), String> {
    let got = serde_json::json!({
        "access_key_id": credentials.access_key_id.as_str(),
        "secret_access_key": credentials.secret_access_key.expose(),
        "session_token": credentials.session_token.as_ref().map(|token| token.expose()),
        "account_id": credentials.account_id.as_deref(),
        "expiry": credentials.expires.map(|expires| expires.seconds()),
    });
    for (name, value) in got.as_object().unwrap() {
        if expected[name] != *value {
            return Err(format!("{name}: got {value}, expected {}", expected[name]));
        }
    }
    Ok(())
}
