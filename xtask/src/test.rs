//! All tests, on a machine that has only Rust and Python.

use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::peers;

/// Fetches the peers, then runs `cargo test --workspace` with `args`; its exit status is the task's.
///
/// The tests find the peers by `INIA_PEERS`, an absolute path.
pub(crate) fn run(root: &Path, args: &[&str]) -> Result<ExitCode> {
    let peers = peers::fetch(root)?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["test", "--workspace"])
        .args(args)
        .current_dir(root)
        .env("INIA_PEERS", &peers)
        .status()
        .context("cannot start cargo")?;
    // A process that a signal ended has no code.
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}
