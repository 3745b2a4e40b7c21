//! Differential tests against botocore: random parameters for every operation must produce the same request, and random
//! responses the same value.
//!
//! ```text
//! cargo test --test differential            some operations of each service
//! cargo xtask differential --all            all 19,796 of them
//! cargo xtask differential --service s3 --operation PutObject --seed 7
//! ```
//!
//! A trial is a service. Each of its operations is called with all members, with the required ones, with random subsets
//! and with invalid parameters, and receives full, sparse and random responses and errors in the service's wire format.
//! The call runs through the whole client on both sides: inia with an in-memory transport, botocore in a Python process
//! (`differential/peer.py`) whose requests are intercepted before they are sent.
//!
//! Compared are: method, URL, headers except those of the transport (`differential/compare/request.rs` has the table),
//! signing scope, and the parsed body; then the parsed output or error, with types; and for invalid parameters the
//! reported paths. Intended differences are listed with reasons in `tests/known-failures/differential.toml`; a row that
//! no longer differs fails.

#![allow(
    clippy::explicit_auto_deref,
    reason = "without the dereference the element type is inferred to be str"
)]

mod differential {
    pub mod compare;
    pub mod exchange;
    pub mod known;
    pub mod mistakes;
    pub mod names;
    pub mod params;
    pub mod peer;
    pub mod random;
    pub mod responses;
    pub mod scalars;
    pub mod suite;
    pub mod tagged;
}
mod fakes;
mod support;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use differential::suite::{DEFAULT_SEED, Plan, Suite};
use differential::{names, tagged};
use inia_model::Catalog;
use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    let Some(peers) = support::peers_dir().filter(|peers| peers.join("venv").is_dir()) else {
        return support::run(
            "differential-absent",
            vec![support::Case::unavailable("botocore")],
        );
    };
    let variable = |name: &str| {
        std::env::var(format!("INIA_DIFFERENTIAL_{name}"))
            .ok()
            .filter(|value| !value.is_empty())
    };
    let plan = Plan {
        smithy: variable("SMITHY").is_some(),
        seed: variable("SEED").map_or(DEFAULT_SEED, |seed| {
            seed.parse()
                .expect("INIA_DIFFERENTIAL_SEED must be a number")
        }),
        all: variable("ALL").is_some(),
        operation: variable("OPERATION"),
        region: variable("REGION"),
        report: variable("REPORT").map(Into::into),
    };
    let catalog = Catalog::new(inia_builtin::archive());
    // `cargo xtask differential --smithy`: the definitions are Smithy models in a folder.
    let catalog = Arc::new(match variable("SMITHY") {
        Some(folder) => catalog.with_folders(inia::host::system_host().files, vec![folder.into()]),
        None => catalog,
    });
    let services = catalog.services();
    let suite = match Suite::new(plan, catalog, peers, support::workspace().to_owned()) {
        Ok(suite) => Arc::new(suite),
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    // Each thread has a peer process that is equally busy.
    arguments.test_threads = arguments
        .test_threads
        .or_else(|| std::thread::available_parallelism().ok().map(Into::into));
    let started = Instant::now();
    let mut trials: Vec<Trial> = services
        .iter()
        .map(|name| {
            let (suite, name) = (Arc::clone(&suite), name.to_string());
            Trial::test(name.clone(), move || {
                suite.service(&name).map_err(Failed::from)
            })
        })
        .collect();
    let shared = Arc::clone(&suite);
    trials.push(Trial::test("names in snake case", move || {
        names::check(&shared).map_err(Failed::from)
    }));
    trials.push(Trial::test("tagged values", || {
        tagged::check().map_err(Failed::from)
    }));
    let shared = Arc::clone(&suite);
    trials.push(Trial::test(
        "known differences name existing operations",
        move || {
            let is_operation = |service: &str, operation: &str| {
                shared
                    .catalog
                    .service(service, None)
                    .is_ok_and(|model| model.operation(operation).is_ok())
            };
            match shared.known.unknown_operations(is_operation).as_slice() {
                [] => Ok(()),
                unknown => Err(format!("unknown operation {}", unknown.join(", ")).into()),
            }
        },
    ));
    let listed = arguments.list;
    let conclusion = libtest_mimic::run(&arguments, trials);
    suite.finish();
    if !listed {
        suite.tally().print(started);
    }
    conclusion.exit_code()
}
