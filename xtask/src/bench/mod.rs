//! `cargo xtask bench`: benchmarks of inia and its peers. Each prints a table and stores it in `docs/benchmarks.md`,
//! with the command and the machine.

#![expect(
    clippy::indexing_slicing,
    reason = "indexing a JSON value by a missing key returns null"
)]

mod callgrind;
mod compare;
mod events;
mod goals;
mod instructions;
mod memory;
mod paths;
mod report;
mod serde;
mod size;
mod start;
mod transfer;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::packages;
use crate::peers;

/// Usage text with all measurements.
pub(crate) const USAGE: &str = "\
Usage: cargo xtask bench <MEASUREMENT>

  all --cases DIR   all measurements below, then all goals with the measured values
  compare [--peers ours,aws-sdk-rust,botocore] [--case SUBSTR] [--passes N] [--batch-ms MS]
                    whole calls in memory and over loopback, with the peers and bare libraries
  paths [--case SUBSTR] [--against FILE]
                    instructions of each hot path, by callgrind
  instructions [--peers ours,aws-sdk-rust] [--case SUBSTR] [--against FILE]
                    instructions of a whole call, by callgrind
  serde --cases DIR [--out FILE] [--botocore] [--passes N]
                    the wire formats alone, on the cross-SDK benchmark's cases
  start [--runs N]  processes from start to a client, a response, and the first request of every operation
  memory            memory of a page of results
  events [--runs N] event streams in both directions, beside a bare HTTP/2 client
  size [--build]    sizes of release programs; with --build, the time of a clean release build
  transfer [--passes N] [--case SUBSTR]
                    S3 transfers, with s5cmd, rclone, boto3 and the AWS CLI
  goals             collect all goals from the stored tables
  fixtures          write the fixtures into target/bench/fixtures

With --fixtures DIR, calls are measured with the fixtures of another folder. With --built, programs are not rebuilt.
With --against FILE, a copy of docs/benchmarks.md, counts are compared with those in FILE and not stored, and the
command fails if one has grown by more than 5 %.
";

/// Runs a measurement.
pub(crate) fn run(root: &Path, args: &[&str]) -> Result<ExitCode> {
    let Some((name, args)) = args.split_first() else {
        eprint!("{USAGE}");
        return Ok(ExitCode::from(2));
    };
    let bench = Bench {
        root: root.to_path_buf(),
        built: args.contains(&"--built"),
    };
    let args = Arguments::read(args)?;
    match *name {
        "all" => all(&bench, args)?,
        "compare" => compare::run(&bench, &args)?,
        "paths" => paths::run(&bench, &args)?,
        "instructions" => instructions::run(&bench, &args)?,
        "serde" => serde::run(&bench, &args)?,
        "start" => start::run(&bench, &args)?,
        "memory" => memory::run(&bench, &args)?,
        "events" => events::run(&bench, &args)?,
        "size" => size::run(&bench, &args)?,
        "transfer" => transfer::run(&bench, &args)?,
        "goals" => goals::run(&bench)?,
        "fixtures" => println!("{}", bench.fixtures(&args)?.display()),
        _ => {
            eprint!("{USAGE}");
            return Ok(ExitCode::from(2));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs all measurements; each stores its table.
fn all(bench: &Bench, mut args: Arguments<'_>) -> Result<()> {
    ensure!(
        args.has("--cases"),
        "missing --cases DIR, the folder of the cross-SDK benchmark"
    );
    args.0.extend([("--botocore", ""), ("--build", "")]);
    compare::run(bench, &args)?;
    paths::run(bench, &args)?;
    instructions::run(bench, &args)?;
    serde::run(bench, &args)?;
    start::run(bench, &args)?;
    memory::run(bench, &args)?;
    events::run(bench, &args)?;
    size::run(bench, &args)?;
    transfer::run(bench, &args)?;
    goals::run(bench)
}

/// Options with their values, in command-line order.
#[derive(Debug, Default)]
struct Arguments<'a>(Vec<(&'a str, &'a str)>);

/// Options without a value.
const FLAGS: [&str; 3] = ["--botocore", "--build", "--built"];

/// Options with a value.
const OPTIONS: [&str; 9] = [
    "--against",
    "--peers",
    "--case",
    "--cases",
    "--passes",
    "--batch-ms",
    "--fixtures",
    "--out",
    "--runs",
];

impl<'a> Arguments<'a> {
    fn read(args: &[&'a str]) -> Result<Arguments<'a>> {
        let mut read = Arguments::default();
        let mut rest = args.iter().copied();
        while let Some(option) = rest.next() {
            if FLAGS.contains(&option) {
                read.0.push((option, ""));
            } else if OPTIONS.contains(&option) {
                let value = rest.next();
                read.0.push((
                    option,
                    value.with_context(|| format!("{option} requires a value"))?,
                ));
            } else {
                bail!("unknown option {option}\n{USAGE}");
            }
        }
        Ok(read)
    }

    fn get(&self, option: &str) -> Option<&'a str> {
        self.0
            .iter()
            .find(|(name, _)| *name == option)
            .map(|(_, value)| *value)
    }

    fn has(&self, flag: &str) -> bool {
        self.get(flag).is_some()
    }

    fn number(&self, option: &str, default: u32) -> Result<u32> {
        match self.get(option) {
            None => Ok(default),
            Some(text) => text.parse().with_context(|| format!("{option} {text}")),
        }
    }

    fn peers(&self, default: &'a str) -> Vec<&'a str> {
        self.get("--peers").unwrap_or(default).split(',').collect()
    }
}

/// Paths and settings of the measurements.
#[derive(Debug)]
struct Bench {
    root: PathBuf,
    /// The programs are already built.
    built: bool,
}

impl Bench {
    /// Returns the document with the stored tables.
    fn document(&self) -> PathBuf {
        self.root.join("docs").join("benchmarks.md")
    }

    /// Returns the workspace of the measured programs.
    fn workspace(&self) -> PathBuf {
        self.root.join("benches").join("compare")
    }

    /// Returns the path of a program of that workspace.
    fn program(&self, name: &str) -> PathBuf {
        let built = self.root.join("target").join("compare").join("release");
        built.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
    }

    /// Builds a package of that workspace in release mode.
    fn build(&self, package: &str) -> Result<()> {
        if self.built {
            return Ok(());
        }
        eprintln!("building {package}");
        packages::run(
            cargo()
                .args(["build", "--release", "--package", package])
                .arg("--target-dir")
                .arg(self.root.join("target").join("compare"))
                .current_dir(self.workspace()),
        )
    }

    /// Builds the command in release mode and returns its path.
    fn command(&self) -> Result<PathBuf> {
        if !self.built {
            eprintln!("building inia-cli");
            packages::run(
                cargo()
                    .args(["build", "--release", "--package", "inia-cli"])
                    .current_dir(&self.root),
            )?;
        }
        let built = self.root.join("target").join("release");
        Ok(built.join(format!("inia{}", std::env::consts::EXE_SUFFIX)))
    }

    /// Returns the Python of the environment with botocore.
    fn python(&self) -> Result<PathBuf> {
        let peers = match std::env::var_os("INIA_PEERS") {
            Some(peers) => peers.into(),
            None => peers::fetch(&self.root)?,
        };
        let venv = peers.join("venv");
        Ok(if cfg!(windows) {
            venv.join("Scripts").join("python.exe")
        } else {
            venv.join("bin").join("python")
        })
    }

    /// Returns the fixtures folder: `--fixtures`, else the default fixtures, which are generated if missing.
    fn fixtures(&self, args: &Arguments<'_>) -> Result<PathBuf> {
        if let Some(folder) = args.get("--fixtures") {
            return Ok(folder.into());
        }
        let folder = self.root.join("target").join("bench").join("fixtures");
        if !folder.join("cases.json").exists() {
            packages::run(
                Command::new(self.python()?)
                    .arg(self.workspace().join("fixtures.py"))
                    .arg(&folder),
            )?;
        }
        Ok(folder)
    }

    /// Returns the path of a temporary file.
    fn scratch(&self, name: &str) -> Result<PathBuf> {
        let folder = self.root.join("target").join("bench");
        std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        Ok(folder.join(name))
    }
}

/// Returns a Cargo command without the environment that Cargo sets for xtask. Build scripts that watch these variables,
/// such as ring's, and all their dependents would be rebuilt.
fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in std::env::vars_os() {
        let of_package = ["CARGO_PKG_", "CARGO_MANIFEST_"];
        let name = name.to_string_lossy();
        if of_package.iter().any(|prefix| name.starts_with(prefix)) {
            cargo.env_remove(name.as_ref());
        }
    }
    cargo
}

/// Runs a program and returns its output.
fn output(command: &mut Command) -> Result<String> {
    let output = command
        .stderr(std::process::Stdio::inherit())
        .output()
        .with_context(|| format!("cannot start {command:?}"))?;
    ensure!(output.status.success(), "{command:?}: {}", output.status);
    String::from_utf8(output.stdout).context("the output is not UTF-8")
}

/// Reads a JSON file.
fn read_json(path: &Path) -> Result<Value> {
    let text = std::fs::read(path).with_context(|| path.display().to_string())?;
    serde_json::from_slice(&text).with_context(|| path.display().to_string())
}

/// Returns the median; NaN if empty.
fn median(numbers: impl IntoIterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = numbers.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_known_options_with_values() {
        let read = Arguments::read(&["--case", "s3", "--botocore"]).unwrap();
        assert_eq!(read.get("--case"), Some("s3"));
        assert!(read.has("--botocore") && !read.has("--build"));
        assert_eq!(read.number("--passes", 3).unwrap(), 3);
        assert!(Arguments::read(&["--case"]).is_err());
        assert!(Arguments::read(&["s3"]).is_err());
    }

    #[test]
    fn median_is_the_middle_value() {
        assert!((median([3.0, 1.0, 2.0]) - 2.0).abs() < f64::EPSILON);
        assert!(median([]).is_nan());
    }
}
