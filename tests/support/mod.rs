//! Shared by the conformance suites: location of their data, and execution of a suite.
//!
//! A suite is a test of the root package with `harness = false` in `Cargo.toml`:
//!
//! ```text
//! mod support;
//!
//! fn main() -> std::process::ExitCode {
//!     let Some(dir) = support::conformance_dir("jmespath") else {
//!         return support::run("jmespath", vec![support::Case::unavailable("the JMESPath compliance suite")]);
//!     };
//!     let cases = load(&dir).into_iter().map(|case| support::Case::new(case.id(), move || case.check()));
//!     support::run("jmespath", cases.collect())
//! }
//! ```
//!
//! A case is one trial, so `cargo test --test jmespath -- filters` runs those with `filters` in their id. If the data
//! is not available, the suite is reported as one ignored trial, never as passed; with `CI=true` it fails.
//!
//! Known failures are listed in `tests/known-failures/<suite>.toml`, grouped by reason:
//!
//! ```toml
//! [[known]]
//! reason = "botocore writes six digits of a fraction, the suite as few as it can"
//! cases = ["format_date_time-3", "format_date_time-4"]
//! ```
//!
//! They run like other cases but must fail: one that passes fails the run, and so does an entry without a case, so the
//! list only shrinks.

// Each test suite is a separate crate and uses a part of this module.
#![allow(dead_code)]

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

/// A case of a suite.
pub(crate) struct Case {
    id: String,
    check: Option<Box<dyn FnOnce() -> Result<(), Failed> + Send>>,
}

impl Case {
    /// Creates a case with its check: an error or a panic is a failure.
    pub(crate) fn new<E: Into<Failed>>(
        id: impl Into<String>,
        check: impl FnOnce() -> Result<(), E> + Send + 'static,
    ) -> Case {
        Case {
            id: id.into(),
            check: Some(Box::new(move || check().map_err(Into::into))),
        }
    }

    /// Creates the placeholder for a suite whose data is not available.
    pub(crate) fn unavailable(suite: &str) -> Case {
        Case {
            id: format!("{suite}: data not available"),
            check: None,
        }
    }
}

/// Returns the folder of a conformance suite below `INIA_CONFORMANCE`, by default `../shared/conformance` beside the
/// workspace.
pub(crate) fn conformance_dir(sub: &str) -> Option<PathBuf> {
    let root = std::env::var_os("INIA_CONFORMANCE").map_or_else(
        || workspace().join("..").join("shared").join("conformance"),
        PathBuf::from,
    );
    existing(root.join(sub))
}

/// Returns the folder with the source archives and the Python environment fetched by `cargo xtask`: `INIA_PEERS`, by
/// default `target/peers` in the workspace.
pub(crate) fn peers_dir() -> Option<PathBuf> {
    let peers = std::env::var_os("INIA_PEERS")
        .map_or_else(|| workspace().join("target").join("peers"), PathBuf::from);
    existing(peers)
}

/// Returns the unpacked source archive of botocore, in the version that `xtask/packages.json` pins.
pub(crate) fn botocore_source() -> Option<PathBuf> {
    let pins = std::fs::read(workspace().join("xtask/packages.json")).ok()?;
    let pins: serde_json::Value = serde_json::from_slice(&pins).ok()?;
    let version = pins.get("botocore")?.get("version")?.as_str()?;
    existing(peers_dir()?.join(format!("botocore-{version}")))
}

/// Returns the root of the workspace.
pub(crate) fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn existing(path: PathBuf) -> Option<PathBuf> {
    path.is_dir().then_some(path)
}

/// Reports whether this is a CI run, in which no suite may be skipped.
pub(crate) fn in_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| value == "true")
}

/// Returns the known failures of a suite: reason by case. Empty if the suite has no list.
pub(crate) fn known_failures(suite: &str) -> BTreeMap<String, String> {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct List {
        known: Vec<KnownFailures>,
    }
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct KnownFailures {
        reason: String,
        cases: Vec<String>,
    }
    let path = workspace()
        .join("tests")
        .join("known-failures")
        .join(format!("{suite}.toml"));
    let Ok(text) = std::fs::read_to_string(&path) else {
        return BTreeMap::new();
    };
    let list: List =
        toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut failures = BTreeMap::new();
    for KnownFailures { reason, cases } in list.known {
        for case in cases {
            let twice = failures.insert(case.clone(), reason.clone());
            assert!(
                twice.is_none(),
                "{}: {case} is listed twice",
                path.display()
            );
        }
    }
    failures
}

/// Runs a suite, with libtest's arguments from the command line.
pub(crate) fn run(suite: &str, cases: Vec<Case>) -> ExitCode {
    let arguments = Arguments::from_args();
    let mut known = known_failures(suite);
    let complete = cases.iter().all(|case| case.check.is_some());
    let mut ids = BTreeSet::new();
    let mut trials = Vec::with_capacity(cases.len() + 1);
    for Case { id, check } in cases {
        assert!(ids.insert(id.clone()), "duplicate case id {id} in {suite}");
        trials.push(match (check, known.remove(&id)) {
            (Some(check), None) => Trial::test(id, check),
            (Some(check), Some(reason)) => {
                Trial::test(id, move || must_fail(check, &reason)).with_kind("known failure")
            }
            (None, _) if in_ci() => {
                Trial::test(id, || Err(Failed::from("CI=true: the data is required")))
            }
            (None, _) => Trial::test(id, || Ok(())).with_ignored_flag(true),
        });
    }
    if complete {
        // Remaining entries have no case.
        let stale: Vec<String> = known.into_keys().collect();
        trials.push(Trial::test(
            "known failures name existing cases",
            move || {
                if stale.is_empty() {
                    Ok(())
                } else {
                    Err(format!("unknown case {}", stale.join(", ")).into())
                }
            },
        ));
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn must_fail(
    check: Box<dyn FnOnce() -> Result<(), Failed> + Send>,
    reason: &str,
) -> Result<(), Failed> {
    match catch_unwind(AssertUnwindSafe(check)) {
        Ok(Ok(())) => {
            Err(format!("passes: remove it from the list of known failures (\"{reason}\")").into())
        }
        Ok(Err(_)) | Err(_) => Ok(()),
    }
}
