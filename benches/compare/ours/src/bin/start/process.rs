//! Runs this program as a process and measures its cost.

use std::process::Command;

use serde_json::{Value, json};

/// Services that support only bearer tokens, in the spelling of environment variables.
const BEARER_SERVICES: [&str; 2] = ["ACCOUNT_ACCESS", "CODECATALYST"];

/// Resources used by a process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    /// CPU time since its start, in milliseconds.
    pub(crate) cpu_ms: f64,
    /// Peak memory, in KiB.
    pub(crate) peak_kib: f64,
}

impl Cost {
    pub(crate) fn row(self) -> Value {
        json!({"cpu_ms": self.cpu_ms, "peak_kib": self.peak_kib})
    }

    /// Returns the cost with less CPU time.
    pub(crate) fn min(self, other: Cost) -> Cost {
        if other.cpu_ms < self.cpu_ms {
            other
        } else {
            self
        }
    }
}

/// Runs this program once, with `data` as its `AWS_DATA_PATH`.
///
/// # Errors
/// The standard error output if the process failed.
pub(crate) fn once(args: &[&str], data: Option<&str>) -> Result<Cost, String> {
    let program = std::env::current_exe().expect("the path of this program");
    let mut command = Command::new(&program);
    command.args(args);
    for service in BEARER_SERVICES {
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

/// Returns the minimum of several interleaved runs of each process, so that variations of the machine's speed affect
/// all of them.
pub(crate) fn best<const N: usize>(
    processes: [(&[&str], Option<&str>); N],
    runs: usize,
) -> [Cost; N] {
    let run = |(args, data)| once(args, data).unwrap_or_else(|error| panic!("{args:?}: {error}"));
    (1..runs).fold(processes.map(run), |best, _| {
        let costs = processes.map(run);
        std::array::from_fn(|index| best[index].min(costs[index]))
    })
}
