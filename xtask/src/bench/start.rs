//! Cold starts, and what a page of results holds.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::report::{Table, keep, ratio, within};
use super::{Arguments, Bench, output, read_json};

/// Measures processes from their start, prints the table and keeps it.
pub(crate) fn run(bench: &Bench, args: &Arguments<'_>) -> Result<()> {
    bench.build("ours")?;
    let runs = args.number("--runs", 5)?.to_string();
    let measured = output(
        Command::new(bench.program("start"))
            .arg(ec2_folder(bench)?)
            .arg(&runs),
    )?;
    let measured: Value = serde_json::from_str(&measured)?;
    let number = |name: &str, field: &str| measured[name][field].as_f64().unwrap_or(f64::NAN);
    let nothing = number("nothing", "cpu_ms");
    let mut table = Table::new(&[
        "from process start to",
        "CPU",
        "above a process that does nothing",
        "peak memory",
        "goal",
    ]);
    let mut row = |what: String, name: &str, goal: String| {
        let cpu = number(name, "cpu_ms");
        table.row(vec![
            what,
            format!("{cpu:.2} ms"),
            format!("{:.2} ms", cpu - nothing),
            mib(number(name, "peak_kib") * 1024.0),
            goal,
        ]);
    };
    let above = |name: &str| number(name, "cpu_ms") - nothing;
    row("nothing".to_owned(), "nothing", String::new());
    row("STS's client".to_owned(), "client_sts", String::new());
    row(
        "EC2's client".to_owned(),
        "client_ec2",
        within(above("client_ec2"), Some(1.0), " ms above"),
    );
    row(
        "EC2's client, its definition a dropped-in JSON file".to_owned(),
        "client_ec2_from_json",
        within(
            above("client_ec2_from_json") - above("client_ec2"),
            Some(12.0),
            " ms above the built-in one",
        ),
    );
    let call = |name: &str| {
        measured[name]["call"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    for (which, name) in [
        ("least", "call_least"),
        ("median", "call_median"),
        ("most", "call_most"),
    ] {
        let goal = if which == "most" {
            let range = number("call_most", "cpu_ms") - number("call_least", "cpu_ms");
            within(range, Some(1.0), " ms above the least")
        } else {
            String::new()
        };
        row(
            format!(
                "the first call's request, {which} of {} services ({})",
                measured["calls"],
                call(name)
            ),
            name,
            goal,
        );
    }
    let services = |goal: String| (goal, "all");
    let (goal, name) = services(format!(
        "{}; {}",
        within(number("all", "cpu_ms"), Some(150.0), " ms"),
        within(number("all", "peak_kib") / 1024.0, Some(60.0), " MiB")
    ));
    row("clients of all services".to_owned(), name, goal);
    cold(bench, args, &mut table)?;
    let notes = [format!(
        "User and system time of whole processes, the least of {runs} runs (of STS calls: the median of 20), as the system accounts for it. First calls are measured for the services that have an operation without required parameters; the others have none to call so."
    )];
    keep(bench, "start", &table, &notes)
}

/// A folder for `AWS_DATA_PATH` that has EC2 and nothing else.
fn ec2_folder(bench: &Bench) -> Result<std::path::PathBuf> {
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

/// Adds whole processes that make one STS call over loopback.
fn cold(bench: &Bench, args: &Arguments<'_>, table: &mut Table) -> Result<()> {
    let command = bench.command()?;
    let fixtures = bench.fixtures(args)?;
    let cold = bench.program("cold");
    let programs: [(&str, &std::path::Path, &[&str]); 2] = [
        ("an answer: a program's one STS call (`cold`)", &cold, &[]),
        (
            "an answer: `inia sts get-caller-identity`",
            &command,
            &["sts", "get-caller-identity"],
        ),
    ];
    for (what, program, arguments) in programs {
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
            what.to_owned(),
            format!("{cpu:.2} ms"),
            String::new(),
            mib(peak),
            format!(
                "{}; {}",
                within(cpu, Some(5.0), " ms"),
                within(peak / 1024.0 / 1024.0, Some(10.0), " MiB")
            ),
        ]);
    }
    Ok(())
}

fn mib(bytes: f64) -> String {
    format!("{:.1} MiB", bytes / 1024.0 / 1024.0)
}

/// Measures what a page of results holds, prints the table and keeps it.
pub(crate) fn memory(bench: &Bench, args: &Arguments<'_>) -> Result<()> {
    bench.build("ours")?;
    let fixtures = bench.fixtures(args)?;
    let file = bench.scratch("memory.json")?;
    output(
        Command::new(bench.program("ours-counted"))
            .arg("--memory")
            .arg("--fixtures")
            .arg(fixtures)
            .arg("--json")
            .arg(&file),
    )?;
    let mut table = Table::new(&["page", "bytes on the wire", "live bytes", "ratio", "goal"]);
    for row in read_json(&file)?.as_array().into_iter().flatten() {
        let found = row["ratio"].as_f64().unwrap_or(f64::NAN);
        table.row(vec![
            row["case"].as_str().unwrap_or_default().to_owned(),
            row["wire_bytes"].to_string(),
            row["live_bytes"].to_string(),
            ratio(found),
            within(found, Some(2.5), " x"),
        ]);
    }
    let notes = ["Live bytes of a parsed page, the buffer it came in included where strings are slices of it, as a counting allocator \
                  sees them."
        .to_owned()];
    keep(bench, "memory", &table, &notes)
}
