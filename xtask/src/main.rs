//! Tasks of the inia workspace, run as `cargo xtask <task>`.
//!
//! ```text
//! cargo xtask models            import the service definitions into data/, and pack them
//! cargo xtask models --botocore V --boto3 V | --latest
//!                               pin other versions in xtask/packages.json, and import and pack their definitions
//! cargo xtask models --report V print what data/ has beyond the definitions of botocore V
//! cargo xtask models --pack     pack data/ into crates/builtin/definitions.inia
//! cargo xtask models --check    fail if importing again would change data/
//! cargo xtask models --verify   check that all references in data/ resolve, and that the archive matches data/
//! cargo xtask peers             fetch the packages that the tests compare inia with, into target/peers/
//! cargo xtask test [ARGS]       peers, then `cargo test --workspace ARGS`
//! cargo xtask differential --all
//!                               peers, then compare every operation with botocore; with --service S, --operation O,
//! --seed N a part of it
//! cargo xtask smithy [SERVICE]  convert data/ to Smithy models in target/smithy, load them, and compare the shape graphs
//! cargo xtask differential cli  peers, then compare command lines with the AWS CLI; with --examples those of its documentation
//! cargo xtask ci                run all checks that a change must pass, as `.ci/run` does
//! cargo xtask bench <WHAT>      measure inia and its peers; `cargo xtask bench` lists the measurements
//! ```

mod bench;
mod ci;
mod differential;
mod json;
mod models;
mod pack;
mod packages;
mod peers;
mod report;
mod smithy;
mod strip;
mod test;
mod verify;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};

const USAGE: &str = "\
Tasks of the inia workspace.

Usage: cargo xtask <TASK>

Tasks:
  models            import the service definitions into data/, and pack them
  models --botocore V --boto3 V | --latest
                    pin other versions in xtask/packages.json, and import and pack their definitions
  models --report V print what data/ has beyond the definitions of botocore V
  models --pack     pack data/ into crates/builtin/definitions.inia
  models --check    fail if importing again would change data/
  models --verify   check that all references in data/ resolve, and that the archive matches data/
  peers             fetch the packages that the tests compare inia with, into target/peers/
  test [ARGS]       fetch the peers, then run `cargo test --workspace ARGS`
  differential [--all] [--smithy] [--service S] [--operation O] [--seed N] [--report FILE]
                    fetch the peers, then compare requests and responses of random calls with botocore's
  smithy [SERVICE]  convert data/ to Smithy models in target/smithy, load them, and compare the shape graphs
  differential cli [--examples] [--step N] [--filter TEXT] [--report FILE]
                    fetch the peers, then compare command lines with the AWS CLI
  ci                run all checks that a change must pass, as `.ci/run` does
  bench <WHAT>      measure inia and its peers; `cargo xtask bench` lists the measurements
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match run(&args) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &[String]) -> Result<ExitCode> {
    let root = workspace_root()?;
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["models"] => {
            models::import(&root)?;
            pack::write(&root)?;
        }
        ["models", "--latest"] => {
            models::import_versions(&root, None, None)?;
            pack::write(&root)?;
        }
        ["models", "--botocore", botocore, "--boto3", boto3] => {
            models::import_versions(&root, Some(botocore), Some(boto3))?;
            pack::write(&root)?;
        }
        ["models", "--report", old] => models::report(&root, old)?,
        ["models", "--pack"] => pack::write(&root)?,
        ["models", "--check"] => models::check(&root)?,
        ["models", "--verify"] => {
            verify::report(&root.join("data"))?;
            pack::verify(&root)?;
        }
        ["peers"] => {
            peers::fetch(&root)?;
        }
        ["test", rest @ ..] => return test::run(&root, rest),
        ["smithy"] => smithy::run(&root, None)?,
        ["smithy", service] => smithy::run(&root, Some(service))?,
        ["ci"] => return ci::run(&root),
        ["differential", "cli", rest @ ..] => return differential::run_cli(&root, rest),
        ["differential", rest @ ..] => return differential::run(&root, rest),
        ["bench", rest @ ..] => return bench::run(&root, rest),
        [] | ["help" | "-h" | "--help"] => print!("{USAGE}"),
        _ => {
            eprint!("{USAGE}");
            return Ok(ExitCode::from(2));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Returns the workspace folder.
///
/// Cargo sets `CARGO_MANIFEST_DIR` at run time; the compiled-in path is used when the program is run without Cargo.
fn workspace_root() -> Result<PathBuf> {
    let package = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    package
        .parent()
        .map(Path::to_path_buf)
        .with_context(|| format!("{} has no parent folder", package.display()))
}
