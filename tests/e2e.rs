//! End to end: calls to a local moto server through the library, `inia run` and the other commands.
//!
//! The calls are in `tests/e2e/calls.json`, in order: `expect` is a JMESPath expression that must be true for the
//! result, `error` the expected error code. moto is part of the peers' Python environment (`cargo xtask peers`).

mod support;

#[path = "e2e/command.rs"]
mod command_line;
#[path = "e2e/moto.rs"]
mod moto;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};
use inia::jmespath::Expression;
use inia::{Credentials, ErrorKind, Session, Value, model::Kind};
use moto::Moto;
use serde::Deserialize;

#[derive(Clone, Deserialize)]
struct Case {
    service: String,
    operation: String,
    params: Value,
    expect: Option<String>,
    error: Option<String>,
}

fn cases() -> Vec<Case> {
    serde_json::from_str(include_str!("e2e/calls.json")).expect("calls.json is valid")
}

fn main() -> std::process::ExitCode {
    let python = support::peers_dir()
        .map(|peers| peers.join("venv/bin/python"))
        .filter(|python| python.exists());
    let Some(python) = python else {
        return support::run(
            "e2e",
            vec![support::Case::unavailable("the peers' Python environment")],
        );
    };
    let against_moto = |run: fn(&Moto) -> Result<()>| {
        let python = python.clone();
        move || {
            Moto::start(&python)
                .and_then(|moto| run(&moto))
                .map_err(|error| format!("{error:#}"))
        }
    };
    let cases = vec![
        support::Case::new("library", against_moto(through_library)),
        support::Case::new("run", against_moto(through_run)),
        support::Case::new("command/pages", against_moto(command_line::pages)),
        support::Case::new("command/waits", against_moto(command_line::waits)),
        support::Case::new("command/resources", against_moto(command_line::resources)),
    ];
    support::run("e2e", cases)
}

fn through_library(moto: &Moto) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let session = Session::builder()
            .region("us-east-1")
            .credentials(Credentials::new("AKIDEXAMPLE", "secret", None))
            .endpoint_url(moto.url())
            .load()
            .await?;
        let mut failures = Vec::new();
        for case in cases() {
            let call_name = format!("{} {}", case.service, case.operation);
            let client = session.client(&case.service).context(call_name.clone())?;
            let params = with_blobs(&client, &case)?;
            let response = client.call(&case.operation, params).collect().await;
            let outcome = match &response {
                Ok(output) => check(&case, Some(&output.value), None),
                Err(error) if error.kind() == ErrorKind::Service => {
                    check(&case, None, error.service().map(|service| &*service.code))
                }
                Err(error) => Err(anyhow::anyhow!("{error:#}")),
            };
            if let Err(error) = outcome {
                failures.push(format!("{call_name}: {error:#}"));
            }
        }
        ensure!(
            failures.is_empty(),
            "{} calls failed:\n{}",
            failures.len(),
            failures.join("\n")
        );
        Ok(())
    })
}

/// The list has blobs in base64, as `inia run` does; the library expects bytes.
fn with_blobs(client: &inia::Client, case: &Case) -> Result<Value> {
    fn decode(
        model: &inia::model::ServiceModel,
        member: &inia::model::Member,
        value: &mut Value,
    ) -> Result<()> {
        match (&model.shape(member.target).kind, &mut *value) {
            (Kind::Structure(structure), Value::Map(map)) => {
                for (name, value) in map.iter_mut() {
                    if let Some(member) = structure.member(name) {
                        decode(model, member, value)?;
                    }
                }
            }
            (Kind::List(element), Value::List(list)) => {
                for value in list.iter_mut() {
                    decode(model, element, value)?;
                }
            }
            (Kind::Map { value: element, .. }, Value::Map(map)) => {
                for (_, value) in map.iter_mut() {
                    decode(model, element, value)?;
                }
            }
            (Kind::Blob, Value::String(text)) => {
                use base64::Engine as _;
                let bytes = base64::prelude::BASE64_STANDARD.decode(text.as_bytes())?;
                *value = Value::Blob(bytes.into());
            }
            _ => {}
        }
        Ok(())
    }
    let mut params = case.params.clone();
    let model = client.model();
    if let Some(input) = &model.operation(&case.operation)?.input {
        decode(model, input, &mut params)?;
    }
    Ok(params)
}

fn through_run(moto: &Moto) -> Result<()> {
    let mut child = Command::new(command()?)
        .args(["run", "--concurrency", "1"])
        .env_clear()
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ENDPOINT_URL", moto.url())
        .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let cases = cases();
    let mut lines = String::new();
    for (number, case) in cases.iter().enumerate() {
        let params = case.params.to_json();
        let line = serde_json::json!({"id": number, "service": case.service, "operation": case.operation, "params": params});
        lines.push_str(&line.to_string());
        lines.push('\n');
    }
    let mut stdin = child.stdin.take().context("standard input")?;
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = child.wait_with_output()?;
    writer
        .join()
        .map_err(|_| anyhow::anyhow!("the writer panicked"))??;
    ensure!(
        output.status.success(),
        "inia run exited with {}",
        output.status
    );

    let mut failures = Vec::new();
    let mut received = 0;
    for line in String::from_utf8(output.stdout)?.lines() {
        let response: Value = serde_json::from_str(line)?;
        let number = response["id"]
            .as_i64()
            .and_then(|id| usize::try_from(id).ok())
            .context("an id")?;
        let case = cases.get(number).context("unknown id")?;
        received += 1;
        let code = response["error"]["code"].as_str();
        let outcome = match response["ok"].as_bool() {
            Some(true) => check(case, Some(&response["result"]), None),
            _ if code.is_some() => check(case, None, code),
            _ => Err(anyhow::anyhow!("{}", response["error"].to_json_string())),
        };
        if let Err(error) = outcome {
            failures.push(format!("{} {}: {error:#}", case.service, case.operation));
        }
    }
    ensure!(
        received == cases.len(),
        "{} calls, {received} results",
        cases.len()
    );
    ensure!(
        failures.is_empty(),
        "{} calls failed:\n{}",
        failures.len(),
        failures.join("\n")
    );
    Ok(())
}

fn check(case: &Case, result: Option<&Value>, code: Option<&str>) -> Result<()> {
    match (&case.expect, &case.error, result, code) {
        (Some(expect), _, Some(result), _) => {
            let matched = Expression::compile(expect)?.search(result)?.into_owned();
            ensure!(
                matched == true,
                "{expect} is not true for {}",
                result.to_json_string()
            );
            Ok(())
        }
        (_, Some(error), _, Some(code)) => {
            ensure!(error == code, "expected the error {error}, got {code}");
            Ok(())
        }
        (_, _, Some(result), _) => bail!("succeeded with {}", result.to_json_string()),
        (_, _, _, code) => bail!("failed with {code:?}"),
    }
}

/// Returns the path of the `inia` command built with the tests.
fn command() -> Result<PathBuf> {
    let test = std::env::current_exe()?;
    let folder = test
        .parent()
        .and_then(|deps| deps.parent())
        .context("no target folder")?;
    let path = folder.join(format!("inia{}", std::env::consts::EXE_SUFFIX));
    ensure!(
        path.exists(),
        "{} is not built: run `cargo build -p inia-cli`",
        path.display()
    );
    Ok(path)
}
