//! The bearer token suite, one trial per case, and additional cases.
//!
//! - `default-token-provider-chain/<case>`: folders with environment, files and recorded traffic
//! - `behaviour/<title>`: tokens from the environment, refresh of SSO tokens, login and logout

// A case fails by panicking.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod credentials {
    pub(crate) mod folder;
    pub(crate) mod recorded_tokens;
    pub(crate) mod replay;
    pub(crate) mod scripted;
    pub(crate) mod secrets;
    pub(crate) mod token_behaviour;
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
        Some(dir) => credentials::recorded_tokens::cases(&dir, &mut cases),
        None => cases.push(Case::unavailable("the suite of tokens")),
    }
    credentials::token_behaviour::cases(&mut cases);
    support::run("tokens", cases)
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
