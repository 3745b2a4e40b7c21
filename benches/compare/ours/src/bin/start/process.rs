//! A process of this program, and what it cost.

use std::process::Command;

use serde_json::{Value, json};

/// The services that take nothing but a bearer token, as the environment spells them.
const BEARERS: [&str; 2] = ["ACCOUNT_ACCESS", "CODECATALYST"];

/// What a process had used when it was where it was to be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    /// CPU time since its start, in milliseconds.
    pub(crate) cpu_ms: f64,
    /// The most memory it had, in KiB.
    pub(crate) peak_kib: f64,
}

impl Cost {
    pub(crate) fn row(self) -> Value {
        json!({"cpu_ms": self.cpu_ms, "peak_kib": self.peak_kib})
    }

    /// The one with less CPU time.
    pub(crate) fn least(self, other: Cost) -> Cost {
        if other.cpu_ms < self.cpu_ms {
            other
        } else {
            self
        }
    }
}

/// Runs this program once with arguments, `data` as its `AWS_DATA_PATH`.
///
/// # Errors
/// What it said where it did not come to its report.
pub(crate) fn once(args: &[&str], data: Option<&str>) -> Result<Cost, String> {
    let program = std::env::current_exe().expect("this program has a path");
    let mut command = Command::new(&program);
    command.args(args);
    for service in BEARERS {
        command.env(format!("AWS_BEARER_TOKEN_{service}"), "token");
    }
    if let Some(data) = data {
        command.env("AWS_DATA_PATH", data);
    }
    let output = command.output().expect("this program starts");
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
    }
    let row: Value = serde_json::from_slice(&output.stdout).expect("a row");
    Ok(Cost {
        cpu_ms: row["cpu_ns"].as_f64().expect("a number") / 1e6,
        peak_kib: row["peak_kib"].as_f64().expect("a number"),
    })
}

/// The cheapest of several runs of each, in turn: what slows the machine for a while slows all of them.
pub(crate) fn best<const N: usize>(
    processes: [(&[&str], Option<&str>); N],
    runs: usize,
) -> [Cost; N] {
    let run = |(args, data)| once(args, data).unwrap_or_else(|error| panic!("{args:?}: {error}"));
    (1..runs).fold(processes.map(run), |best, _| {
        let again = processes.map(run);
        std::array::from_fn(|place| best[place].least(again[place]))
    })
}
