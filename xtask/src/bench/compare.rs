//! Whole calls of inia, the generated SDK, botocore and bare libraries.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::report::{Table, count, ratio, store, time, within};
use super::{Arguments, Bench, median, output, read_json};
use crate::packages::run as run_command;

/// Maximum CPU time of inia relative to the generated SDK.
const GOALS: [(&str, f64); 14] = [
    ("sqs.SendMessage", 0.2),
    ("dynamodb.PutItem", 0.2),
    ("dynamodb.GetItem", 0.2),
    ("dynamodb.Query", 0.2),
    ("s3.ListObjectsV2", 0.2),
    ("s3.GetObject", 0.35),
    ("s3.GetObject.when_required", 0.35),
    ("s3.PutObject", 0.6),
    ("s3.PutObject.when_required", 0.6),
    ("ec2.DescribeInstances", 0.2),
    ("ec2.RunInstances", 0.2),
    ("sts.GetCallerIdentity", 0.2),
    ("cloudwatch.PutMetricData.nocompress", 0.35),
    (
        "cloudwatch.PutMetricData.nocompress+smithy-rpc-v2-cbor",
        0.35,
    ),
];

/// Maximum time of a signature, in nanoseconds.
const SIGNING_GOAL: f64 = 1500.0;

/// Maximum CPU time of a call over loopback relative to the bare client.
const LOAD_GOAL: f64 = 1.7;

/// PeerRows of one peer and pass, by case.
type PeerRows = BTreeMap<String, Value>;

/// A peer and the command that runs it.
#[derive(Debug)]
struct Peer {
    name: String,
    program: PathBuf,
    script: Option<PathBuf>,
}

impl Peer {
    fn prepare(bench: &Bench, name: &str) -> Result<Peer> {
        let (program, script) = match name {
            "ours" => {
                bench.build("ours")?;
                (bench.program("ours"), None)
            }
            "aws-sdk-rust" => {
                bench.build("peer-aws-sdk-rust")?;
                (bench.program("peer-aws-sdk-rust"), None)
            }
            "botocore" => {
                let script = bench.workspace().join("peer-botocore").join("peer.py");
                (bench.python()?, Some(script))
            }
            other => bail!("unknown peer {other}; expected ours, aws-sdk-rust or botocore"),
        };
        Ok(Peer {
            name: name.to_owned(),
            program,
            script,
        })
    }

    fn rows(&self, bench: &Bench, fixtures: &Path, case: &str, batch_ms: u32) -> Result<PeerRows> {
        let file = bench.scratch("rows.json")?;
        let mut command = Command::new(&self.program);
        command.args(&self.script);
        command.args(["--case", case, "--batches", "3", "--batch-ms"]);
        command.arg(batch_ms.to_string()).arg("--fixtures");
        command.arg(fixtures).arg("--json").arg(&file);
        output(&mut command)?;
        let rows = read_json(&file)?;
        let rows = rows.as_array().cloned().unwrap_or_default();
        let name = |row: &Value| row["case"].as_str().unwrap_or_default().to_owned();
        Ok(rows.into_iter().map(|row| (name(&row), row)).collect())
    }
}

/// Cost of a case for a peer, per pass.
#[derive(Debug, Default)]
struct Cost {
    cpu_ns: Vec<f64>,
    allocs: Option<f64>,
    bytes: Option<f64>,
}

impl Cost {
    fn cpu(&self) -> f64 {
        median(self.cpu_ns.iter().copied())
    }
}

/// Measures, prints the table and stores it.
pub(crate) fn run(bench: &Bench, args: &Arguments<'_>) -> Result<()> {
    let fixtures = bench.fixtures(args)?;
    let peers: Vec<Peer> = args
        .peers("ours,aws-sdk-rust,botocore")
        .into_iter()
        .map(|name| Peer::prepare(bench, name))
        .collect::<Result<_>>()?;
    let passes = args.number("--passes", 3)?;
    let batch_ms = args.number("--batch-ms", 100)?;
    // One process measures all cases of a service, so peers alternate per service.
    let groups = match args.get("--case") {
        Some(case) => vec![case.to_owned()],
        None => groups(&fixtures)?,
    };
    let mut costs: BTreeMap<(String, String), Cost> = BTreeMap::new();
    for group in &groups {
        for pass in 1..=passes {
            for peer in &peers {
                eprintln!("{group}: {} (pass {pass} of {passes})", peer.name);
                for (case, row) in peer.rows(bench, &fixtures, group, batch_ms)? {
                    let cost = costs.entry((case, peer.name.clone())).or_default();
                    cost.cpu_ns.extend(row["cpu_ns"].as_f64());
                    cost.allocs = row["allocs"].as_f64().or(cost.allocs);
                    cost.bytes = row["bytes"].as_f64().or(cost.bytes);
                }
            }
        }
    }
    let mut table = Table::new(&[
        "case",
        "inia",
        "allocations",
        "aws-sdk-rust",
        "allocations",
        "inia / aws-sdk-rust",
        "goal",
        "botocore",
        "botocore / inia",
    ]);
    let none = Cost::default();
    let names: Vec<&String> = names(&costs);
    for name in &names {
        let of = |peer: &str| {
            costs
                .get(&((*name).clone(), peer.to_owned()))
                .unwrap_or(&none)
        };
        // A second wire format of inia is compared with the peers' only one.
        let base = name.split('+').next().unwrap_or(name).to_owned();
        let peer = |peer: &str| costs.get(&(base.clone(), peer.to_owned())).unwrap_or(&none);
        let (ours, aws, botocore) = (of("ours"), peer("aws-sdk-rust"), peer("botocore"));
        let to_aws = same_pass(ours, aws);
        let goal = match name.as_str() {
            "sigv4" => within(ours.cpu(), Some(SIGNING_GOAL), " ns"),
            case => {
                let goal = GOALS.iter().find(|(name, _)| *name == case);
                within(to_aws, goal.map(|(_, goal)| *goal), " x")
            }
        };
        table.row(vec![
            (*name).clone(),
            time(ours.cpu()),
            count(ours.allocs),
            time(aws.cpu()),
            count(aws.allocs),
            ratio(to_aws),
            goal,
            time(botocore.cpu()),
            ratio(same_pass(botocore, ours)),
        ]);
    }
    let mut notes = vec![format!(
        "CPU time of one call, the median of {passes} passes of 3 batches of {batch_ms} ms, the peers alternating; ratios are within the same pass. \
         `+` names a wire format other than botocore's choice. `bare` is a library's work on the same bytes: parsing them \
         into `serde_json::Value`, reading the XML's events, SHA-256. `sigv4.floor` is only the digests of a signature. The fixtures \
         are {}.",
        if args.has("--fixtures") {
            "those of the given folder"
        } else {
            "our own (`fixtures.py`)"
        }
    )];
    if args.get("--case").is_none() {
        notes.push(load(bench, &fixtures, &mut table)?);
        store(bench, "compare", &table, &notes)
    } else {
        super::report::show(&table, &notes);
        Ok(())
    }
}

/// Returns the case name filters, one per process.
fn groups(fixtures: &Path) -> Result<Vec<String>> {
    let cases = read_json(&fixtures.join("cases.json"))?;
    let mut groups: Vec<String> = Vec::new();
    for case in cases.as_array().context("cases.json is not a list")? {
        let service = case["service"].as_str().unwrap_or_default();
        // `bare.` cases contain the name of their case and are measured with it.
        let group = format!("{service}.");
        if !groups.contains(&group) {
            groups.push(group);
        }
    }
    groups.extend(["sigv4".to_owned(), "bare.sha2".to_owned()]);
    Ok(groups)
}

/// Returns the case names: calls, then signatures, then bare libraries.
fn names(costs: &BTreeMap<(String, String), Cost>) -> Vec<&String> {
    let mut names: Vec<&String> = costs.keys().map(|(name, _)| name).collect();
    names.dedup();
    names.sort_by_key(|name| {
        let group = match name.as_str() {
            name if name.starts_with("bare.") => 2,
            name if name.starts_with("sigv4") => 1,
            _ => 0,
        };
        (group, *name)
    });
    names
}

/// Returns the median ratio of two peers within the same pass.
fn same_pass(one: &Cost, two: &Cost) -> f64 {
    let pairs = one.cpu_ns.iter().zip(&two.cpu_ns);
    median(pairs.map(|(one, two)| one / two))
}

/// Adds the rows of calls over loopback and returns the note about them.
fn load(bench: &Bench, fixtures: &Path, table: &mut Table) -> Result<String> {
    let file = bench.scratch("load.json")?;
    run_command(
        Command::new(bench.program("load"))
            .arg("--fixtures")
            .arg(fixtures)
            .arg("--json")
            .arg(&file),
    )?;
    for row in read_json(&file)?.as_array().into_iter().flatten() {
        let bare = &row["hyper-util pool"];
        let number = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
        let to_bare = number(&bare["ratio"]);
        table.row(vec![
            format!(
                "{} over loopback, concurrency {}",
                row["case"].as_str().unwrap_or_default(),
                row["concurrency"]
            ),
            time(number(&row["inia"]["cpu_us"]) * 1e3),
            String::new(),
            String::new(),
            String::new(),
            format!("{} x bare hyper", ratio(to_bare)),
            within(to_bare, Some(LOAD_GOAL), " x"),
            String::new(),
            String::new(),
        ]);
    }
    Ok("Over loopback: CPU time of the client's process, relative to hyper-util's pooled client, which sends the same bytes \
        alternately in the same process (`load`)."
        .to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_per_pass() {
        let cost = |cpu_ns: [f64; 3]| Cost {
            cpu_ns: cpu_ns.to_vec(),
            ..Cost::default()
        };
        let ratio_of_costs = same_pass(&cost([1.0, 4.0, 3.0]), &cost([2.0, 8.0, 3.0]));
        assert!((ratio_of_costs - 0.5).abs() < f64::EPSILON);
        assert!(same_pass(&cost([1.0, 1.0, 1.0]), &Cost::default()).is_nan());
    }
}
