//! `cargo xtask differential`: compares inia with botocore on more cases than `cargo test` does.

use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

use crate::{peers, smithy};

/// Fetches the peers and compares command lines with the AWS CLI; returns the exit code of the test.
pub(crate) fn run_cli(root: &Path, args: &[&str]) -> Result<ExitCode> {
    let mut command = cargo_test(root)?;
    command
        .args(["-p", "inia-cli", "--test", "differential"])
        .args(["--", "--nocapture"])
        .env("INIA_CLI_DIFFERENTIAL_ALL", "1");
    let mut rest = args.iter().copied();
    while let Some(argument) = rest.next() {
        let mut value = || {
            rest.next()
                .with_context(|| format!("{argument} requires a value"))
        };
        match argument {
            "--examples" => command.env("INIA_CLI_DIFFERENTIAL_EXAMPLES", "1"),
            "--step" => command.env("INIA_CLI_DIFFERENTIAL_STEP", value()?),
            "--filter" => command.env("INIA_CLI_DIFFERENTIAL_FILTER", value()?),
            "--report" => command.env("INIA_CLI_DIFFERENTIAL_REPORT", root.join(value()?)),
            other => {
                bail!("{other}: there are --examples, --step N, --filter TEXT and --report FILE")
            }
        };
    }
    exit_code(&mut command)
}

/// Fetches the peers, and returns a command `cargo test` whose tests must find them.
fn cargo_test(root: &Path) -> Result<Command> {
    let peers = match std::env::var_os("INIA_PEERS") {
        Some(peers) => peers.into(),
        None => peers::fetch(root)?,
    };
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .arg("test")
        .current_dir(root)
        .env("INIA_PEERS", &peers)
        .env("CI", "true");
    Ok(command)
}

/// Runs a command and returns its exit code.
fn exit_code(command: &mut Command) -> Result<ExitCode> {
    let status = command.status().context("cannot start cargo")?;
    // A process killed by a signal has no exit code.
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

/// Selected cases.
#[derive(Debug, Default, PartialEq)]
struct Selection<'a> {
    all: bool,
    service: Option<&'a str>,
    operation: Option<&'a str>,
    region: Option<&'a str>,
    seed: Option<u64>,
    report: Option<&'a str>,
    /// Calls are made by the Smithy models that the definitions are converted to.
    smithy: bool,
}

/// Fetches the peers and runs the differential test; returns its exit code.
pub(crate) fn run(root: &Path, args: &[&str]) -> Result<ExitCode> {
    let selection = parse(args)?;
    let mut command = cargo_test(root)?;
    command.args(["--test", "differential", "--"]);
    if let Some(service) = selection.service {
        command.args(["--exact", service]);
    }
    let named = selection.service.is_some() && selection.operation.is_none();
    if selection.all || named {
        command.env("INIA_DIFFERENTIAL_ALL", "1");
    }
    if let Some(operation) = selection.operation {
        command.env("INIA_DIFFERENTIAL_OPERATION", operation);
    }
    if let Some(region) = selection.region {
        command.env("INIA_DIFFERENTIAL_REGION", region);
    }
    if let Some(seed) = selection.seed {
        command.env("INIA_DIFFERENTIAL_SEED", seed.to_string());
    }
    if let Some(report) = selection.report {
        command.env("INIA_DIFFERENTIAL_REPORT", root.join(report));
    }
    if selection.smithy {
        command.env("INIA_DIFFERENTIAL_SMITHY", smithy::write(root)?);
    }
    exit_code(&mut command)
}

fn parse<'a>(args: &[&'a str]) -> Result<Selection<'a>> {
    let mut selection = Selection::default();
    let mut rest = args.iter().copied();
    while let Some(argument) = rest.next() {
        let mut value = || {
            rest.next()
                .with_context(|| format!("{argument} requires a value"))
        };
        match argument {
            "--all" => selection.all = true,
            "--smithy" => selection.smithy = true,
            "--service" => selection.service = Some(value()?),
            "--operation" => selection.operation = Some(value()?),
            "--region" => selection.region = Some(value()?),
            "--seed" => {
                let text = value()?;
                selection.seed = Some(text.parse().with_context(|| format!("--seed {text}"))?);
            }
            "--report" => selection.report = Some(value()?),
            other => bail!(
                "{other}: there are --all, --smithy, --service S, --operation O, --region R, --seed N and --report FILE"
            ),
        }
    }
    Ok(selection)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_the_selection() {
        let selection = parse(&["--service", "s3", "--seed", "7"]).unwrap();
        let expected = Selection {
            service: Some("s3"),
            seed: Some(7),
            ..Selection::default()
        };
        assert_eq!(selection, expected);
        assert!(parse(&["--seed", "x"]).is_err());
        assert!(parse(&["--service"]).is_err());
        assert!(parse(&["s3"]).is_err());
    }
}
