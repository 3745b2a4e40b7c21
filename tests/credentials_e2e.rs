//! Credentials end to end: the real ports (files, HTTP, commands, clock) and the whole pipeline, with servers on the loopback
//! interface in the place of STS, SSO, signin, the instance metadata service and a container's endpoint.
//!
//! Every trial logs at the finest level and looks for its secrets in what was logged and in every error.

// A case fails by a panic.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "credentials_e2e/bad_servers.rs"]
mod bad_servers;
mod fakes;
mod loopback;
#[path = "credentials_e2e/metadata.rs"]
mod metadata;
#[path = "credentials_e2e/refresh.rs"]
mod refresh;
#[path = "credentials/secrets.rs"]
mod secrets;
#[path = "credentials_e2e/services.rs"]
mod services;
mod support;
#[path = "credentials_e2e/world.rs"]
mod world;

use std::process::ExitCode;

use support::Case;

fn main() -> ExitCode {
    let mut cases = Vec::new();
    for (suite, trials) in [
        ("services", services::TRIALS),
        ("metadata", metadata::TRIALS),
        ("bad-servers", bad_servers::TRIALS),
        ("refresh", refresh::TRIALS),
    ] {
        for (name, trial) in trials {
            let trial = *trial;
            cases.push(Case::new(format!("{suite}/{name}"), move || {
                trial();
                Ok::<(), String>(())
            }));
        }
    }
    support::run("credentials_e2e", cases)
}
