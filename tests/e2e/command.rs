//! The `inia` command against moto: pagination, waiters and resources.

use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value as Json, json};

use super::moto::Moto;

/// Runs a command line and parses its JSON output.
fn run(moto: &Moto, line: &str) -> Result<Json> {
    let output = Command::new(super::command()?)
        .args(line.split(' '))
        .env_clear()
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ENDPOINT_URL", moto.url())
        .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .output()?;
    ensure!(
        output.status.success(),
        "{line}: {}{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    if output.stdout.is_empty() {
        return Ok(Json::Null);
    }
    serde_json::from_slice(&output.stdout).with_context(|| line.to_owned())
}

/// Runs a command line and compares its output.
fn expect(moto: &Moto, line: &str, expected: &Json) -> Result<()> {
    let printed = run(moto, line)?;
    ensure!(
        printed == *expected,
        "{line}: {printed}, expected {expected}"
    );
    Ok(())
}

pub(super) fn pages(moto: &Moto) -> Result<()> {
    for number in 0..7 {
        let line = format!(
            "dynamodb create-table --table-name tbl{number} --key-schema AttributeName=id,KeyType=HASH \
             --attribute-definitions AttributeName=id,AttributeType=S --billing-mode PAY_PER_REQUEST"
        );
        run(moto, &line.split_whitespace().collect::<Vec<_>>().join(" "))?;
    }
    let all: Vec<String> = (0..7).map(|number| format!("tbl{number}")).collect();
    expect(moto, "dynamodb list-tables", &json!({"TableNames": &all}))?;
    expect(
        moto,
        "dynamodb list-tables --page-size 2",
        &json!({"TableNames": &all}),
    )?;
    let one = run(moto, "dynamodb list-tables --no-paginate --limit 3")?;
    ensure!(one["LastEvaluatedTableName"] == "tbl2", "{one}");

    // In parts, with a page size that differs from the number of items.
    let mut names_of_all_parts = Vec::new();
    let mut line = "dynamodb list-tables --max-items 3 --page-size 2".to_owned();
    loop {
        let part = run(moto, &line)?;
        let names = part["TableNames"].as_array().context("names")?;
        ensure!(names.len() <= 3, "{part}");
        names_of_all_parts.extend(names.iter().cloned());
        match part["NextToken"].as_str() {
            Some(token) => {
                line = format!(
                    "dynamodb list-tables --max-items 3 --page-size 2 --starting-token {token}"
                );
            }
            None => break,
        }
    }
    ensure!(names_of_all_parts == all, "{names_of_all_parts:?}");
    expect(
        moto,
        "dynamodb list-tables --page-size 2 --query TableNames[?ends_with(@,'6')]",
        &json!(["tbl6"]),
    )
}

pub(super) fn waits(moto: &Moto) -> Result<()> {
    run(moto, "s3 create-bucket --bucket waited")?;
    expect(moto, "s3 wait bucket-exists --bucket waited", &Json::Null)?;
    expect(
        moto,
        "s3 wait bucket-not-exists --bucket never",
        &Json::Null,
    )?;
    let made = run(moto, "ec2 run-instances --image-id ami-12c6146b --count 1")?;
    let id = made["Instances"][0]["InstanceId"]
        .as_str()
        .context("an id")?;
    expect(
        moto,
        &format!("ec2 wait instance-running --instance-ids {id}"),
        &Json::Null,
    )?;
    run(
        moto,
        &format!("ec2 terminate-instances --instance-ids {id}"),
    )?;
    let running = run(
        moto,
        &format!("ec2 wait instance-running --instance-ids {id}"),
    );
    let message = running
        .err()
        .context("waiting for a terminated instance must fail")?
        .to_string();
    ensure!(
        message.contains("terminal failure state")
            && message.contains("last response:")
            && message.contains(id),
        "{message}"
    );
    Ok(())
}

pub(super) fn resources(moto: &Moto) -> Result<()> {
    run(moto, "resource s3 create-bucket --bucket logs")?;
    for key in ["a/1", "a/2", "b/1"] {
        run(moto, &format!("resource s3 Bucket logs Object {key} put"))?;
    }
    expect(
        moto,
        "resource s3 buckets --query [].name",
        &json!(["logs"]),
    )?;
    expect(
        moto,
        "resource s3 Bucket logs objects --limit 2 --page-size 1 --query [].key",
        &json!(["a/1", "a/2"]),
    )?;
    expect(
        moto,
        "resource s3 Bucket logs objects --prefix b --query [].[bucket_name,key]",
        &json!([["logs", "b/1"]]),
    )?;
    run(moto, "resource s3 Bucket logs Object b/1 delete")?;
    expect(
        moto,
        "resource s3 Bucket logs objects --query length(@)",
        &json!(2),
    )?;
    let made = run(
        moto,
        "resource ec2 create-instances --image-id ami-12c6146b --min-count 1 --max-count 1 --query [0].id",
    )?;
    let id = made.as_str().context("an id")?;
    let vpc = run(moto, &format!("resource ec2 Instance {id} vpc id"))?;
    ensure!(
        vpc.as_str().is_some_and(|vpc| vpc.starts_with("vpc-")),
        "{vpc}"
    );
    expect(
        moto,
        &format!("resource ec2 Instance {id} wait-until-running"),
        &Json::Null,
    )?;
    run(
        moto,
        &format!("resource ec2 Instance {id} create-tags --tags Key=team,Value=red"),
    )?;
    expect(
        moto,
        &format!("resource ec2 Instance {id} tags"),
        &json!([{"Key": "team", "Value": "red"}]),
    )?;
    run(moto, &format!("resource ec2 Instance {id} terminate"))?;
    expect(
        moto,
        &format!("resource ec2 Instance {id} state --query Name"),
        &json!("terminated"),
    )
}
