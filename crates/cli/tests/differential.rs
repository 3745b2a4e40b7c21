//! Command lines are treated as the Python package `awscli` treats them: the same requests, exit code, standard output, files and
//! service errors.
//!
//! ```text
//! cargo test -p inia-cli --test differential     every tenth line
//! cargo xtask differential cli                   all lines
//! cargo xtask differential cli --examples        the command lines of the package's own documentation, as a report
//! ```
//! The lines are in `differential/lines/`. The package runs in a Python process (`differential/peer.py`) that intercepts its
//! requests; inia runs as a command behind a proxy that gives the same responses (`differential/proxy.rs`). Differences between
//! versions 1 and 2 of the AWS CLI, of which the package is the first and inia follows the second, are in
//! `differential/compare.rs`; other known differences are in `differential/known.rs`.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed setup fails the test"
)]

mod differential {
    pub(crate) mod compare;
    pub(crate) mod corpus;
    pub(crate) mod known;
    pub(crate) mod peer;
    pub(crate) mod proxy;
    pub(crate) mod shell_words;
}

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use differential::compare::{Difference, compare};
use differential::corpus::{self, Case};
use differential::known::{self, KNOWN};
use differential::peer::{Peer, RunResult};
use differential::proxy::Proxy;
use differential::shell_words;
use libtest_mimic::{Arguments, Failed, Trial};

/// One of so many lines is run unless all are requested.
const SAMPLE: usize = 10;

fn variable(name: &str) -> Option<String> {
    std::env::var(format!("INIA_CLI_DIFFERENTIAL_{name}"))
        .ok()
        .filter(|value| !value.is_empty())
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let name = "command lines are treated as the AWS CLI treats them";
    let lines = match peers() {
        Some(peers) => Trial::test(name, move || compare_lines(&peers).map_err(Failed::from)),
        // A CI run may skip nothing. Elsewhere, the test is ignored instead of passed.
        None => Trial::test(name, || {
            Err("the package awscli is missing: run cargo xtask peers".into())
        })
        .with_ignored_flag(std::env::var("CI").as_deref() != Ok("true")),
    };
    let words = Trial::test("words are split as in a shell", || {
        shell_words::check();
        Ok(())
    });
    libtest_mimic::run(&arguments, vec![lines, words]).exit_code()
}

/// Compares the selected lines. Returns the differences that are not known, and the known ones that no longer occur, as a message.
fn compare_lines(peers: &Path) -> Result<(), String> {
    let all = variable("ALL").is_some();
    let mut cases = match (variable("LINES"), variable("EXAMPLES")) {
        (Some(path), _) => corpus::file(path.as_ref()),
        (None, Some(_)) => corpus::examples(peers),
        (None, None) => corpus::own(),
    };
    if let Some(filter) = variable("FILTER") {
        cases.retain(|case| case.line.contains(&filter));
    }
    let step = match variable("STEP") {
        Some(step) => step.parse().unwrap(),
        None if all || variable("EXAMPLES").is_some() || variable("LINES").is_some() => 1,
        None => SAMPLE,
    };
    let cases: Vec<Case> = cases.into_iter().step_by(step).collect();
    let total = cases.len();
    let results = run(&cases, peers);
    let mut unexplained = String::new();
    let mut report = String::new();
    let mut used = BTreeSet::new();
    let mut different = 0;
    for (case, differences) in cases.iter().zip(results) {
        let mut is_different = false;
        for difference in differences {
            match known::reason(case, &difference) {
                Some(row) => {
                    used.insert(row);
                }
                None => {
                    is_different = true;
                    let _ = writeln!(unexplained, "{}\n    {difference}", case.line);
                    let _ = writeln!(
                        report,
                        "{}",
                        serde_json::json!({"line": case.line, "aspect": difference.aspect.name(), "detail": difference.detail})
                    );
                }
            }
        }
        different += usize::from(is_different);
    }
    if let Some(path) = variable("REPORT") {
        std::fs::write(path, &report).unwrap();
    }
    println!("{total} command lines, {different} different");
    if variable("EXAMPLES").is_some() || variable("LINES").is_some() {
        return Ok(());
    }
    if all && variable("FILTER").is_none() {
        for (position, row) in KNOWN.iter().enumerate() {
            if !used.contains(&position) {
                let _ = writeln!(
                    unexplained,
                    "the known difference {:?} no longer occurs",
                    row.line
                );
            }
        }
    }
    match unexplained.is_empty() {
        true => Ok(()),
        false => Err(unexplained),
    }
}

/// Returns the folder of the peers if the package is installed there.
fn peers() -> Option<PathBuf> {
    let peers = match std::env::var_os("INIA_PEERS") {
        Some(peers) => PathBuf::from(peers),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/peers"),
    };
    let script = peers.join("venv/bin/aws");
    script.is_file().then_some(peers)
}

/// Runs all cases on both sides, on as many threads as there are processors.
fn run(cases: &[Case], peers: &Path) -> Vec<Vec<Difference>> {
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let next = AtomicUsize::new(0);
    let results = Mutex::new(vec![Vec::new(); cases.len()]);
    let proxy = Proxy::new();
    // Neighbours share a service, whose definitions a peer reads once.
    const BATCH: usize = 8;
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let (next, results, proxy) = (&next, &results, &proxy);
            scope.spawn(move || {
                let mut peer = Peer::start(peers, thread);
                loop {
                    let start = next.fetch_add(BATCH, Ordering::Relaxed);
                    let end = cases.len().min(start + BATCH);
                    if start >= end {
                        break;
                    }
                    for (position, case) in cases.iter().enumerate().take(end).skip(start) {
                        let expected = peer.run(case);
                        let actual: RunResult = proxy.run(case, &expected, thread);
                        let differences = compare(case, &expected, &actual);
                        results.lock().unwrap()[position] = differences;
                    }
                }
            });
        }
    });
    results.into_inner().unwrap()
}
