//! Instructions of each hot path: the same code as the bench `paths`, counted instead of timed.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use super::callgrind::{Baseline, instructions, percent};
use super::report::{Table, count, show, store};
use super::{Arguments, Bench, cargo, output};

/// Section of `docs/benchmarks.md`.
const SECTION: &str = "paths";

/// Counts, prints the table, and stores it or compares it with a baseline.
pub(crate) fn run(bench: &Bench, args: &Arguments<'_>) -> Result<()> {
    let baseline = args
        .get("--against")
        .map(|document| Baseline::read(Path::new(document), SECTION))
        .transpose()?;
    let program = program(bench)?;
    let fixtures = std::path::absolute(bench.fixtures(args)?)?;
    let names = output(
        Command::new(&program)
            .arg("--names")
            .env("INIA_FIXTURES", &fixtures),
    )?;
    let mut counts = Vec::new();
    for line in names.lines() {
        let (repeats, name) = line.split_once(' ').context("a path")?;
        if args.get("--case").is_none_or(|part| name.contains(part)) {
            eprintln!("{name}");
            let repeats = repeats.parse().context("invalid repeat count")?;
            counts.push((name, instructions_of(&program, &fixtures, name, repeats)?));
        }
    }
    let notes = [
        "Instructions of one run of each path, counted by callgrind: the difference between two processes, one of which runs it twice as often. \
         The bench `paths` times the same code."
            .to_owned(),
    ];
    let Some(baseline) = baseline else {
        let mut table = Table::new(&["path", "instructions"]);
        for (name, now) in counts {
            table.row(vec![name.to_owned(), count(Some(now))]);
        }
        if args.get("--case").is_none() {
            return store(bench, SECTION, &table, &notes);
        }
        show(&table, &notes);
        return Ok(());
    };
    let mut table = Table::new(&["path", "instructions", "baseline", "change"]);
    for &(name, now) in &counts {
        table.row(vec![
            name.to_owned(),
            count(Some(now)),
            count(baseline.count(name)),
            baseline.change(name, now).map(percent).unwrap_or_default(),
        ]);
    }
    show(&table, &notes);
    baseline.check_regressions(counts)
}

fn instructions_of(program: &Path, fixtures: &Path, name: &str, repeats: u32) -> Result<f64> {
    let inputs = (2 * repeats).to_string();
    let counted = |iters: u32| {
        let iters = iters.to_string();
        let args = ["--count", name, "--inputs", &inputs, "--iters", &iters];
        instructions(program, args, &[("INIA_FIXTURES", fixtures)])
    };
    let (few, many) = (counted(repeats)?, counted(2 * repeats)?);
    Ok((many - few) / f64::from(repeats))
}

/// Builds the bench and copies it to a fixed path.
fn program(bench: &Bench) -> Result<PathBuf> {
    let program = bench.scratch("paths")?;
    if bench.built {
        return Ok(program);
    }
    eprintln!("building the bench `paths`");
    let messages = output(
        cargo()
            .args(["bench", "--bench", "paths", "--no-run"])
            .arg("--message-format=json-render-diagnostics")
            .current_dir(&bench.root),
    )?;
    let built = messages.lines().find_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        let is_bench = message["target"]["kind"] == serde_json::json!(["bench"]);
        let executable = message["executable"].as_str()?;
        is_bench.then(|| executable.to_owned())
    });
    let built = built.context("cargo reported no executable")?;
    std::fs::copy(&built, &program).with_context(|| built.clone())?;
    Ok(program)
}
