//! Credentials end to end: the real ports (files, HTTP, commands, clock) and the whole pipeline, with loopback servers
//! in place of STS, SSO, signin, the instance metadata service and a container's endpoint.
//!
//! Each trial logs at the lowest level and asserts that no log line and no error contains a secret.

// A case fails by panicking.
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
#[path = "credentials_e2e/machine.rs"]
mod machine;
#[path = "credentials_e2e/metadata.rs"]
mod metadata;
#[path = "credentials_e2e/refresh.rs"]
mod refresh;
#[path = "credentials/secrets.rs"]
mod secrets;
#[path = "credentials_e2e/services.rs"]
mod services;
mod support;

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
