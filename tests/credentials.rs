//! Credential suites, one trial per case.
//!
//! - `default-credential-provider-chain/<case>`, `profile-provider/<case>`: folders with environment, files and recorded traffic
//! - `wire/..`: the same folders with service calls compared byte by byte
//! - `assume-role/<n> <title>`: role chains of profiles
//! - `ecs/<n> <title>`, `imds/<n> <title>`, `imds-v21/<n> <title>`: metadata services
//! - `login/<title>`, `botocore-login/<title>`: logins and token refresh
//! - `modular/<id> <title>`: combined provider chains
//! - `behaviour/<title>`: cases that are in none of the suites
//!
//! Each trial asserts that no log line contains a secret. The data is `credentials` below `INIA_CONFORMANCE` or
//! `../shared/conformance`, and botocore's source archive below `INIA_PEERS` or `target/peers`.

// A case fails by panicking.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod credentials {
    pub(crate) mod assume_role;
    pub(crate) mod behaviour;
    pub(crate) mod folder;
    pub(crate) mod login;
    pub(crate) mod metadata;
    pub(crate) mod modular;
    pub(crate) mod recorded;
    pub(crate) mod replay;
    pub(crate) mod scripted;
    pub(crate) mod secrets;
    pub(crate) mod wire;
}
mod fakes;
mod support;

use std::path::Path;
use std::process::ExitCode;

use serde_json::Value as Json;
use support::Case;

fn main() -> ExitCode {
    let mut cases = Vec::new();
    match support::conformance_dir("credentials") {
        Some(dir) => {
            use credentials::{assume_role, login, metadata, modular, recorded, wire};
            for (suite, profile_only) in [
                ("default-credential-provider-chain", false),
                ("profile-provider", true),
            ] {
                recorded::cases(&dir, suite, profile_only, &mut cases);
                wire::cases(&dir, suite, profile_only, &mut cases);
            }
            assume_role::cases(&dir.join("assume-role-tests.json"), &mut cases);
            metadata::cases(&dir, &mut cases);
            login::cases(
                "login",
                &dir.join("login-provider-test-cases.json"),
                &mut cases,
            );
            modular::cases(&dir.join("modular-credential-chain-tests.json"), &mut cases);
        }
        None => cases.push(Case::unavailable("the suites of credentials")),
    }
    let login = support::botocore_source()
        .map(|botocore| botocore.join("tests/unit/login/login-provider-test-cases.json"));
    match login.filter(|path| path.is_file()) {
        Some(path) => credentials::login::cases("botocore-login", &path, &mut cases),
        None => cases.push(Case::unavailable("botocore's logins")),
    }
    credentials::behaviour::cases(&mut cases);
    support::run("credentials", cases)
}

fn read_json(path: &Path) -> Json {
    let text =
        std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Returns the members of an object of strings.
fn strings(object: &Json) -> Vec<(String, String)> {
    let text = |(name, value): (&String, &Json)| (name.clone(), value.as_str().unwrap().to_owned());
    object.as_object().into_iter().flatten().map(text).collect()
}

/// Returns the cases of a file: a list, or an object with a list.
fn tests_of(path: &Path) -> Vec<Json> {
    let file = read_json(path);
    let list = file.get("tests").unwrap_or(&file);
    list.as_array()
        .unwrap_or_else(|| panic!("{}: no list of cases", path.display()))
        .clone()
}
