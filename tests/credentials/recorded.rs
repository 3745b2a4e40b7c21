//! The cases that are a folder each: `env.json`, `fs/`, `http-traffic.json` and `test-case.json`.

use std::path::Path;
use std::sync::Arc;

use inia_core::{CredentialChain, Credentials, Error, ErrorKind, Session};
use serde_json::Value as Json;

use super::folder::{self, SOME_TIME};
use super::replay::Recording;
use crate::fakes::{World, block_on, logged};
use crate::read_json;
use crate::support::Case;

/// How errors are worded where the suite was written, and here.
const WORDINGS: [(&str, &[&str]); 11] = [
    (
        "was not enabled",
        &[
            "there are no credentials; all providers were passed over",
            "credential_source Ec2InstanceMetadata of profile `default` has no credentials",
            "credential_source Environment of profile `A` has no credentials",
        ],
    ),
    (
        "request forbidden: IMDS is disabled",
        &["credential_source Ec2InstanceMetadata of profile `default` has no credentials"],
    ),
    (
        "failed to read `/home/.aws/sso/cache/dace00cba5f8355ec9d274ceb2bcebdfbeed0e12.json`: No such file or directory (os error 2)",
        &[
            "/home/.aws/sso/cache/dace00cba5f8355ec9d274ceb2bcebdfbeed0e12.json cannot be read; log in first: No such file or directory (os error 2)",
        ],
    ),
    (
        "an error occurred while loading credentials: Error retrieving credentials: external process exited with code exit status: 1",
        &["credential_process `exit` ended with exit status 1"],
    ),
    (
        "an error occurred while loading credentials",
        &["`sso` is configured to give credentials but cannot"],
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
        &["credential_process `echo` printed no credentials: invalid JSON"],
    ),
    (
        "could not parse profile file",
        &["/home/.aws/config:2: Property did not have a name"],
    ),
    (
        "selected profile will resolve an access token instead of credentials",
        &["it gives a token, not credentials"],
    ),
    (
        "No such file or directory (os error 2)",
        &["/token.jwt cannot be read: No such file or directory (os error 2)"],
    ),
];

/// The folders of a suite.
pub(crate) fn cases(dir: &Path, suite: &'static str, profile_only: bool, cases: &mut Vec<Case>) {
    for folder in folder::folders(&dir.join(suite)) {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        cases.push(Case::new(format!("{suite}/{name}"), move || {
            check(&folder, profile_only, load)
        }));
    }
}

/// What came of a case, and everything that was printed on the way.
pub(crate) struct Outcome {
    pub(crate) result: Result<Arc<Credentials>, Error>,
    pub(crate) session: String,
    pub(crate) log: String,
}

fn load(world: &World, recording: &Recording, chain: CredentialChain) -> Outcome {
    let ((result, session), log) = logged(|| {
        let session = Session::builder(world.host())
            .credential_chain(chain)
            .invoke(recording.invoke())
            .build();
        match session {
            Ok(session) => (
                block_on(session.credentials()),
                format!("{session:?} {:?}", session.settings()),
            ),
            Err(error) => (Err(error), String::new()),
        }
    });
    Outcome {
        result,
        session,
        log,
    }
}

/// Loads credentials in a case's world, and compares them with what the case expects.
pub(crate) fn check(
    folder: &Path,
    profile_only: bool,
    load: impl FnOnce(&World, &Recording, CredentialChain) -> Outcome,
) -> Result<(), String> {
    let case = read_json(&folder.join("test-case.json"));
    let expected = &case["result"]["Ok"];
    // An hour before the credentials expire: they are good, and will be for a while.
    let now = expected["expiry"]
        .as_i64()
        .map_or(SOME_TIME, |expiry| expiry - 3600);
    let (world, recording, mut secrets) = folder::world(folder, now);
    for name in ["secret_access_key", "session_token"] {
        secrets.add(expected[name].as_str().unwrap_or_default());
    }
    let mut chain = CredentialChain::default();
    if profile_only {
        for name in ["env", "container-role", "iam-role"] {
            chain.remove(name);
        }
    }
    let Outcome {
        result,
        session,
        log,
    } = load(&world, &recording, chain);
    secrets.check("the log", &log)?;
    secrets.check("the session", &session)?;
    match (result, case["result"]["ErrorContains"].as_str()) {
        (Ok(credentials), None) => {
            secrets.check("the credentials", &format!("{credentials:?}"))?;
            same(&credentials, expected)?;
            match recording.is_over() {
                true => Ok(()),
                false => Err(format!(
                    "not all that was recorded was asked for: {recording:?}"
                )),
            }
        }
        (Err(error), Some(wording)) => {
            let message = format!("{error:#}");
            secrets.check("the error", &format!("{message} {error:?}"))?;
            assert!(matches!(
                error.kind(),
                ErrorKind::Credentials | ErrorKind::Config
            ));
            worded(&message, wording)
        }
        (Ok(credentials), Some(_)) => Err(format!("no error, but {credentials:?}")),
        (Err(error), None) => Err(format!("{error:#}\n{log}")),
    }
}

fn worded(message: &str, theirs: &str) -> Result<(), String> {
    let (_, ours) = WORDINGS
        .iter()
        .find(|(wording, _)| theirs.contains(wording))
        .ok_or_else(|| format!("nothing is known of `{theirs}`; ours is `{message}`"))?;
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
