//! `cargo xtask ci`: runs all checks that a change must pass, in order, until one fails.

use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use anyhow::{Context, Result};

/// A check: its name, the arguments of Cargo, and additional environment variables.
struct Check {
    name: &'static str,
    arguments: &'static [&'static str],
    environment: &'static [(&'static str, &'static str)],
}

const fn check(name: &'static str, arguments: &'static [&'static str]) -> Check {
    Check {
        name,
        arguments,
        environment: &[],
    }
}

/// The checks in the order they run in: the tests first, because they fail most often.
const CHECKS: &[Check] = &[
    check("tests", &["xtask", "test"]),
    check("definitions as imported", &["xtask", "models", "--check"]),
    check(
        "definitions are consistent and packed",
        &["xtask", "models", "--verify"],
    ),
    check("format", &["fmt", "--all", "--", "--check"]),
    check(
        "lints",
        &[
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ],
    ),
    check(
        "lints without features",
        &[
            "clippy",
            "--package",
            "inia",
            "--lib",
            "--no-default-features",
            "--",
            "-D",
            "warnings",
        ],
    ),
    Check {
        name: "documentation",
        arguments: &["doc", "--workspace", "--no-deps"],
        environment: &[("RUSTDOCFLAGS", "-D warnings")],
    },
    check(
        "first README command",
        &["run", "--release", "--example", "s3_tour"],
    ),
];

/// Runs all checks; returns the exit code of the first that fails.
///
/// `CI=true` is set, so that suites without data fail instead of being ignored.
pub(crate) fn run(root: &Path) -> Result<ExitCode> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let started = Instant::now();
    for check in CHECKS {
        println!("\n==> {}", check.name);
        let began = Instant::now();
        let status = Command::new(&cargo)
            .args(check.arguments)
            .current_dir(root)
            .stdin(Stdio::null())
            .env("CI", "true")
            .envs(check.environment.iter().copied())
            .status()
            .context("cannot start cargo")?;
        let seconds = began.elapsed().as_secs();
        if !status.success() {
            println!("==> {}: failed ({status}) after {seconds} s", check.name);
            // A process killed by a signal has no exit code.
            let code = status.code().and_then(|code| u8::try_from(code).ok());
            return Ok(code.map_or(ExitCode::FAILURE, ExitCode::from));
        }
        println!("==> {}: ok after {seconds} s", check.name);
    }
    println!(
        "\n==> all checks: ok after {} s",
        started.elapsed().as_secs()
    );
    Ok(ExitCode::SUCCESS)
}
