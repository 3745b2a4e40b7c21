//! `cargo xtask bench`: what inia costs, beside what its peers cost. Each measurement prints its table and puts it into
//! `docs/benchmarks.md`, with the command and the machine.

#![expect(
    clippy::indexing_slicing,
    reason = "a JSON value indexed by a name that it has not is null"
)]

mod callgrind;
mod compare;
mod goals;
mod instructions;
mod memory;
mod paths;
mod report;
mod serde;
mod size;
mod start;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::packages;
use crate::peers;

/// What there is to measure, as the usage text has it.
pub(crate) const USAGE: &str = "\
Usage: cargo xtask bench <WHAT>

  all --cases DIR   everything below, one after another, then every goal with what was found
  compare [--peers ours,aws-sdk-rust,botocore] [--case SUBSTR] [--passes N] [--batch-ms MS]
                    whole calls in memory and over loopback, beside the peers and the bare libraries
  paths [--case SUBSTR] [--against FILE]
                    instructions of each hot path, by callgrind
  instructions [--peers ours,aws-sdk-rust] [--case SUBSTR] [--against FILE]
                    instructions of a whole call, by callgrind
  serde --cases DIR [--out FILE] [--botocore] [--passes N]
                    the wire formats alone, on the cross-SDK benchmark's cases
  start [--runs N]  processes from their start to a client, an answer, and the first request of every operation
  memory            what a page of results holds
  size [--build]    the sizes of release programs; with --build, what a clean release build costs
  goals             gather every goal from the tables that were kept
  fixtures          write the fixtures into target/bench/fixtures

With --fixtures DIR, calls are measured on the fixtures of another folder. With --built, a measurement takes the programs as they were
built before. With --against FILE, a copy of docs/benchmarks.md, counts are held against those kept there, nothing is kept, and the
command fails where one has grown by more than 5 %.
";

/// Runs one measurement.
pub(crate) fn run(root: &Path, args: &[&str]) -> Result<ExitCode> {
    let Some((what, args)) = args.split_first() else {
        eprint!("{USAGE}");
        return Ok(ExitCode::from(2));
    };
    let bench = Bench {
        root: root.to_path_buf(),
        built: args.contains(&"--built"),
    };
    let args = Arguments::read(args)?;
    match *what {
        "all" => all(&bench, args)?,
        "compare" => compare::run(&bench, &args)?,
        "paths" => paths::run(&bench, &args)?,
        "instructions" => instructions::run(&bench, &args)?,
        "serde" => serde::run(&bench, &args)?,
        "start" => start::run(&bench, &args)?,
        "memory" => memory::run(&bench, &args)?,
        "size" => size::run(&bench, &args)?,
        "goals" => goals::run(&bench)?,
        "fixtures" => println!("{}", bench.fixtures(&args)?.display()),
        _ => {
            eprint!("{USAGE}");
            return Ok(ExitCode::from(2));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs every measurement, each of which keeps its table.
fn all(bench: &Bench, mut args: Arguments<'_>) -> Result<()> {
    ensure!(
        args.has("--cases"),
        "--cases DIR is missing: the cross-SDK benchmark's folder"
    );
    args.0.extend([("--botocore", ""), ("--build", "")]);
    compare::run(bench, &args)?;
    paths::run(bench, &args)?;
    instructions::run(bench, &args)?;
    serde::run(bench, &args)?;
    start::run(bench, &args)?;
    memory::run(bench, &args)?;
    size::run(bench, &args)?;
    goals::run(bench)
}

/// Options with a value and options without, as they were given.
#[derive(Debug, Default)]
struct Arguments<'a>(Vec<(&'a str, &'a str)>);

/// Options that stand alone.
const FLAGS: [&str; 3] = ["--botocore", "--build", "--built"];

/// Options that have a value.
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
                    value.with_context(|| format!("{option} needs a value"))?,
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

/// Where the measuring happens.
#[derive(Debug)]
struct Bench {
    root: PathBuf,
    /// Whether the programs are built already.
    built: bool,
}

impl Bench {
    /// Where the tables are kept.
    fn document(&self) -> PathBuf {
        self.root.join("docs").join("benchmarks.md")
    }

    /// The workspace of the programs that are measured.
    fn workspace(&self) -> PathBuf {
        self.root.join("benches").join("compare")
    }

    /// A program of that workspace.
    fn program(&self, name: &str) -> PathBuf {
        let built = self.root.join("target").join("compare").join("release");
        built.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
    }

    /// Builds a package of that workspace as a release.
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

    /// Builds the command as a release, and returns the program.
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

    /// The Python environment with botocore.
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

    /// The fixtures: those of `--fixtures`, else our own, which are written where they are missing.
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

    /// A file for what a program writes.
    fn scratch(&self, name: &str) -> Result<PathBuf> {
        let folder = self.root.join("target").join("bench");
        std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        Ok(folder.join(name))
    }
}

/// Cargo, without what the Cargo that runs this task says of xtask: build scripts that look at it would run again, as ring's does, and
/// all that depends on them would be built anew.
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

/// Runs a program and returns what it printed.
fn output(command: &mut Command) -> Result<String> {
    let output = command
        .stderr(std::process::Stdio::inherit())
        .output()
        .with_context(|| format!("cannot start {command:?}"))?;
    ensure!(output.status.success(), "{command:?}: {}", output.status);
    String::from_utf8(output.stdout).context("its output is no text")
}

/// Reads a file of JSON.
fn read_json(path: &Path) -> Result<Value> {
    let text = std::fs::read(path).with_context(|| path.display().to_string())?;
    serde_json::from_slice(&text).with_context(|| path.display().to_string())
}

/// The middle of some numbers; NaN of none.
fn median(numbers: impl IntoIterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = numbers.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_known_options_with_their_values() {
        let read = Arguments::read(&["--case", "s3", "--botocore"]).unwrap();
        assert_eq!(read.get("--case"), Some("s3"));
        assert!(read.has("--botocore") && !read.has("--build"));
        assert_eq!(read.number("--passes", 3).unwrap(), 3);
        assert!(Arguments::read(&["--case"]).is_err());
        assert!(Arguments::read(&["s3"]).is_err());
    }

    #[test]
    fn the_median_is_the_one_in_the_middle() {
        assert!((median([3.0, 1.0, 2.0]) - 2.0).abs() < f64::EPSILON);
        assert!(median([]).is_nan());
    }
}
