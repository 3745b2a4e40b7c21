//! Process start and first calls.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::report::{Table, store, within};
use super::{Arguments, Bench, output};

/// Maximum CPU time of the most expensive first call above the cheapest, in milliseconds.
const CALL_GOAL: f64 = 1.0;

/// Maximum number of names in a note.
const MAX_NAMES: usize = 50;

/// Measures processes from their start, prints the table and stores it.
pub(crate) fn run(bench: &Bench, args: &Arguments<'_>) -> Result<()> {
    bench.build("ours")?;
    let runs = args.number("--runs", 20)?.to_string();
    let measured = output(
        Command::new(bench.program("start"))
            .arg(ec2_folder(bench)?)
            .arg(&runs),
    )?;
    let measured: Value = serde_json::from_str(&measured)?;
    let mut starts = Starts {
        nothing: cpu(&measured["nothing"]),
        table: Table::new(&[
            "from process start to",
            "CPU",
            "over an empty process",
            "peak memory",
            "goal",
        ]),
    };
    let above = |name: &str| cpu(&measured[name]) - cpu(&measured["nothing"]);
    starts.row("empty process", &measured["nothing"], String::new());
    starts.row("STS's client", &measured["client_sts"], String::new());
    starts.row(
        "EC2's client",
        &measured["client_ec2"],
        within(above("client_ec2"), Some(1.0), " ms above"),
    );
    starts.row(
        "EC2's client, from a JSON file",
        &measured["client_ec2_from_json"],
        within(
            above("client_ec2_from_json") - above("client_ec2"),
            Some(12.0),
            " ms above the built-in definition",
        ),
    );
    let all = &measured["all"];
    starts.row(
        "clients of all services",
        all,
        format!(
            "{}; {}",
            within(cpu(all), Some(150.0), " ms"),
            within(peak(all) / MIB, Some(60.0), " MiB")
        ),
    );
    let calls = &measured["calls"];
    starts.first_calls(calls);
    cold(bench, args, &mut starts.table)?;
    let mut notes = vec![format!(
        "User and system time of whole processes, the minimum of {runs} interleaved runs (of STS calls: the median of 20), as \
         reported by the system. First calls have only the required members, each with the first valid value of its shape; every operation of \
         every service is called once, and the median is over these calls."
    )];
    notes.extend(notes_about_skipped(calls));
    store(bench, "start", &starts.table, &notes)
}

const MIB: f64 = 1024.0 * 1024.0;

/// Returns the CPU time of a row in milliseconds.
fn cpu(row: &Value) -> f64 {
    row["cpu_ms"].as_f64().unwrap_or(f64::NAN)
}

/// Returns the peak memory of a row in bytes.
fn peak(row: &Value) -> f64 {
    row["peak_kib"].as_f64().unwrap_or(f64::NAN) * 1024.0
}

/// Table of process starts.
#[derive(Debug)]
struct Starts {
    nothing: f64,
    table: Table,
}

impl Starts {
    fn row(&mut self, metric: &str, row: &Value, goal: String) {
        self.table.row(vec![
            metric.to_owned(),
            format!("{:.2} ms", cpu(row)),
            format!("{:.2} ms", cpu(row) - self.nothing),
            mib(peak(row)),
            goal,
        ]);
    }

    fn first_calls(&mut self, calls: &Value) {
        let range = cpu(&calls["max"]) - cpu(&calls["min"]);
        let goal = within(range, Some(CALL_GOAL), " ms above the minimum");
        for (which, goal) in [
            ("min", String::new()),
            ("median", String::new()),
            ("max", goal),
        ] {
            let metric = format!(
                "request of a first call, {which} of {} operations ({})",
                calls["measured"],
                calls[which]["call"].as_str().unwrap_or_default()
            );
            self.row(&metric, &calls[which], goal);
        }
    }
}

/// Returns notes about operations that could not be measured.
fn notes_about_skipped(calls: &Value) -> Vec<String> {
    let list = |field: &str| calls[field].as_array().cloned().unwrap_or_default();
    let (streams, refused) = (list("event_streams"), list("refused"));
    let mut notes = Vec::new();
    if !streams.is_empty() {
        let names: Vec<&str> = streams.iter().filter_map(Value::as_str).collect();
        notes.push(format!(
            "Not called, because their input is an event stream: {}.",
            names.join(", ")
        ));
    }
    if !refused.is_empty() {
        let reasons = refused.iter().take(MAX_NAMES).map(|row| {
            let text = |field: &str| row[field].as_str().unwrap_or_default();
            format!("{} ({})", text("call"), text("error"))
        });
        notes.push(format!(
            "{} operations were not sent: {}.",
            refused.len(),
            reasons.collect::<Vec<_>>().join(", ")
        ));
    }
    notes
}

/// Creates a folder for `AWS_DATA_PATH` with only EC2.
fn ec2_folder(bench: &Bench) -> Result<PathBuf> {
    let folder = bench.scratch("data")?;
    for version in fs::read_dir(bench.root.join("data").join("ec2"))? {
        let version = version?;
        let to = folder.join("ec2").join(version.file_name());
        fs::create_dir_all(&to)?;
        for file in fs::read_dir(version.path())? {
            let file = file?;
            fs::copy(file.path(), to.join(file.file_name()))?;
        }
    }
    Ok(folder)
}

/// Adds processes that make one STS call over loopback.
fn cold(bench: &Bench, args: &Arguments<'_>, table: &mut Table) -> Result<()> {
    let command = bench.command()?;
    let fixtures = bench.fixtures(args)?;
    let cold = bench.program("cold");
    let programs: [(&str, &Path, &[&str]); 2] = [
        ("a response: a program's one STS call (`cold`)", &cold, &[]),
        (
            "a response: `inia sts get-caller-identity`",
            &command,
            &["sts", "get-caller-identity"],
        ),
    ];
    for (metric, program, arguments) in programs {
        ensure!(program.exists(), "{} is not built", program.display());
        let measured = output(
            Command::new(bench.program("launch"))
                .args(["--runs", "20", "--stub"])
                .arg(&fixtures)
                .arg(program)
                .args(arguments),
        )?;
        let measured: Value = serde_json::from_str(&measured)?;
        let number = |name: &str| measured[name].as_f64().context("a number");
        let (cpu, peak) = (number("cpu_s")? * 1e3, number("peak_bytes")?);
        table.row(vec![
            metric.to_owned(),
            format!("{cpu:.2} ms"),
            String::new(),
            mib(peak),
            format!(
                "{}; {}",
                within(cpu, Some(5.0), " ms"),
                within(peak / MIB, Some(10.0), " MiB")
            ),
        ]);
    }
    Ok(())
}

fn mib(bytes: f64) -> String {
    format!("{:.1} MiB", bytes / MIB)
}
