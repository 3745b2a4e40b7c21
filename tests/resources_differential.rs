//! The same programme of resources, collections, paginators and waiters run by boto3 and by us, each against a fresh moto server: it
//! must ask for the same in the same order, and give the same.
//!
//! The programme stands in `tests/resources_differential/steps.json`, a step a line; each step is a trial. Both runs start moto's
//! chance from the same seed, and names that it makes up all the same are compared by the order in which they come. moto and boto3 come from the peers' Python environment.

mod support;

#[path = "e2e/moto.rs"]
mod moto;

// The example that shows these layers: it walks, too.
#[path = "../examples/higher_layers.rs"]
#[allow(dead_code)]
mod example;

#[path = "resources_differential/programme.rs"]
mod programme;

#[path = "resources_differential/rename.rs"]
mod rename;

#[path = "resources_differential/request.rs"]
mod request;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};

use anyhow::{Context as _, Result, bail, ensure};
use moto::Moto;
use programme::Step;
use serde_json::Value as Json;

/// What a step asked for and gave.
#[derive(Clone, Debug, PartialEq)]
struct Outcome {
    requests: Vec<request::Request>,
    result: Result<Json, String>,
}

/// What each step came to: with boto3, and with us.
type Runs = Result<(Vec<Outcome>, Vec<Outcome>), String>;

fn folder() -> PathBuf {
    support::workspace()
        .join("tests")
        .join("resources_differential")
}

fn main() -> std::process::ExitCode {
    const SUITE: &str = "resources_differential";
    let python = support::peers_dir().map(|peers| peers.join("venv/bin/python"));
    let Some(python) = python.filter(|python| python.exists()) else {
        let absent = support::Case::absent("the peers' Python environment");
        return support::run(SUITE, vec![absent]);
    };
    let for_example = python.clone();
    let steps = Arc::new(programme::steps());
    let runs: Arc<OnceLock<Runs>> = Arc::default();
    let cases = steps.iter().enumerate().map(|(number, step)| {
        let (python, runs, steps) = (python.clone(), Arc::clone(&runs), Arc::clone(&steps));
        support::Case::new(format!("{:03} {step}", number + 1), move || {
            let runs = runs
                .get_or_init(|| run_both(&python, &steps).map_err(|error| format!("{error:#}")));
            let (theirs, ours) = runs.as_ref().map_err(Clone::clone)?;
            compare(&theirs[number], &ours[number])
        })
    });
    let example = support::Case::new("the example walks", move || {
        let walk = || -> Result<()> {
            let moto = Moto::start(&for_example)?;
            runtime()?.block_on(example::walk(&moto.url()))
        };
        walk().map_err(|error| format!("{error:#}"))
    });
    support::run(SUITE, cases.chain([example]).collect())
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
}

fn compare(theirs: &Outcome, ours: &Outcome) -> Result<(), String> {
    if theirs == ours {
        return Ok(());
    }
    let mut text = String::new();
    if theirs.requests != ours.requests {
        text += &format!(
            "boto3 asks\n{:#?}\nand we\n{:#?}\n",
            theirs.requests, ours.requests
        );
    }
    if theirs.result != ours.result {
        text += &format!(
            "boto3 gives\n{:#?}\nand we\n{:#?}\n",
            theirs.result, ours.result
        );
    }
    Err(text)
}

fn run_both(python: &Path, steps: &[Step]) -> Result<(Vec<Outcome>, Vec<Outcome>)> {
    let moto = Moto::start(python)?;
    let theirs = run_boto3(python, &moto)?;
    let ours = run_ours(&moto, steps)?;
    ensure!(
        theirs.len() == steps.len(),
        "boto3 came to the end of {} steps only",
        theirs.len()
    );
    Ok((renamed(theirs), renamed(ours)))
}

/// The outcomes with names made up by the server replaced by their order.
fn renamed(outcomes: Vec<Outcome>) -> Vec<Outcome> {
    let mut names = rename::Names::default();
    let rename = |outcome: Outcome| Outcome {
        requests: outcome
            .requests
            .into_iter()
            .map(|request| request.renamed(&mut names))
            .collect(),
        result: outcome.result.map(|result| names.rename_all(result)),
    };
    outcomes.into_iter().map(rename).collect()
}

fn run_boto3(python: &Path, moto: &Moto) -> Result<Vec<Outcome>> {
    prepare(moto)?;
    let output = Command::new(python)
        .args([folder().join("peer.py").as_os_str(), moto.url().as_ref()])
        .arg(folder().join("steps.json"))
        .env_clear()
        .output()
        .context("boto3 cannot be started")?;
    if !output.status.success() {
        bail!("boto3 fails: {}", String::from_utf8_lossy(&output.stderr));
    }
    let text = String::from_utf8(output.stdout)?;
    text.lines().map(theirs).collect()
}

/// What boto3 did, from a line of what the peer prints.
fn theirs(line: &str) -> Result<Outcome> {
    let line: Json = serde_json::from_str(line)?;
    let requests = line["requests"].as_array().context("requests")?;
    Ok(Outcome {
        requests: requests
            .iter()
            .map(request::Request::of_peer)
            .collect::<Result<_>>()?,
        result: match line["error"].as_str() {
            Some(error) => Err(error.to_owned()),
            None => Ok(programme::without_times(line["result"].clone())),
        },
    })
}

fn run_ours(moto: &Moto, steps: &[Step]) -> Result<Vec<Outcome>> {
    prepare(moto)?;
    runtime()?.block_on(programme::run(&moto.url(), steps))
}

/// Makes the server forget everything, and its chance start anew.
fn prepare(moto: &Moto) -> Result<()> {
    use std::io::{Read as _, Write as _};
    let address = moto.url();
    let address = address
        .strip_prefix("http://")
        .context("the server's address")?;
    for path in ["/moto-api/reset", "/moto-api/seed?a=42"] {
        let mut stream = std::net::TcpStream::connect(address)?;
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        ensure!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
    }
    Ok(())
}
