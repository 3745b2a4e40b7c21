//! Sizes of release programs, and the time of a release build.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use super::report::{Table, store, within};
use super::{Arguments, Bench, cargo, output};
use crate::packages;

/// Measures, prints the table and stores it.
pub(crate) fn run(bench: &Bench, args: &Arguments<'_>) -> Result<()> {
    let mut table = Table::new(&["metric", "measured", "goal"]);
    let command = bench.command()?;
    table.row(size(
        "`inia` with all services, release, stripped",
        &command,
        12.0,
    )?);
    let target = bench.root.join("target").join("minimal");
    if !bench.built {
        packages::run(
            cargo()
                .args(["build", "--release", "--package", "minimal"])
                .arg("--target-dir")
                .arg(&target)
                .env("INIA_SERVICES", "sts")
                .current_dir(bench.workspace().join("minimal")),
        )?;
    }
    let minimal = target.join("release").join("minimal");
    table.row(size(
        "a program with one service (`minimal`)",
        &minimal,
        5.0,
    )?);
    if args.has("--build") {
        table.row(build(bench)?);
    }
    let notes = ["Sizes in MiB of 1024 KiB. The build is `cargo build --release` of the command and all its dependencies.".to_owned()];
    store(bench, "size", &table, &notes)
}

fn size(metric: &str, program: &Path, goal: f64) -> Result<Vec<String>> {
    let bytes = std::fs::metadata(program)
        .with_context(|| program.display().to_string())?
        .len();
    let mib = bytes as f64 / 1024.0 / 1024.0;
    Ok(vec![
        metric.to_owned(),
        format!("{mib:.2} MiB"),
        within(mib, Some(goal), " MiB"),
    ])
}

/// Measures a clean release build in a separate target folder.
fn build(bench: &Bench) -> Result<Vec<String>> {
    bench.build("ours")?;
    let target = bench.scratch("clean")?;
    if target.exists() {
        std::fs::remove_dir_all(&target)?;
    }
    let measured = output(
        Command::new(bench.program("launch"))
            .arg(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args(["build", "--release", "--package", "inia-cli", "--quiet"])
            .arg("--target-dir")
            .arg(&target)
            .current_dir(&bench.root),
    )?;
    std::fs::remove_dir_all(&target)?;
    let measured: Value = serde_json::from_str(&measured)?;
    let number = |name: &str| measured[name].as_f64().unwrap_or(f64::NAN);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let (wall, cpu) = (number("wall_s"), number("cpu_s"));
    Ok(vec![
        format!("clean release build of `inia` on {cores} cores"),
        format!("{wall:.0} s, {cpu:.0} s of CPU"),
        within(wall, Some(90.0), " s"),
    ])
}
