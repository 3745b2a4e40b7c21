//! `cargo xtask test`: runs all tests. Requires only Rust and Python.

use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::peers;

/// Fetches the peers and runs `cargo test --workspace` with `args`; returns its exit code.
///
/// The tests read the absolute path of the peers from `INIA_PEERS`.
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
    // A process killed by a signal has no exit code.
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}
