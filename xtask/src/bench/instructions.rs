//! Instructions of whole calls, beside the generated SDK's.

use std::ffi::OsStr;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::callgrind::{self, Before, percent};
use super::report::{Table, count, keep, ratio, show};
use super::{Arguments, Bench, read_json};

/// The section of `docs/benchmarks.md`.
const SECTION: &str = "instructions";

/// The cases whose one call is long: two more calls tell enough.
const LONG: u64 = 100_000;

/// A case, and what one call of each peer takes.
#[derive(Debug)]
struct Row {
    name: String,
    ours: Option<f64>,
    aws: Option<f64>,
}

/// Counts, prints the table, and keeps it or holds it against another.
pub(crate) fn run(bench: &Bench, args: &Arguments<'_>) -> Result<()> {
    let before = args
        .get("--against")
        .map(|document| Before::read(Path::new(document), SECTION))
        .transpose()?;
    // What is held against a table is ours.
    let usual = if before.is_some() {
        "ours"
    } else {
        "ours,aws-sdk-rust"
    };
    let rows = rows(bench, args, &args.peers(usual))?;
    let notes = [
        "Instructions of one call: the difference of two runs of which one makes twice as many."
            .to_owned(),
    ];
    let Some(before) = before else {
        let mut table = Table::new(&["case", "inia", "aws-sdk-rust", "inia / aws-sdk-rust"]);
        for Row { name, ours, aws } in rows {
            let to_aws = ours.unwrap_or(f64::NAN) / aws.unwrap_or(f64::NAN);
            table.row(vec![name, count(ours), count(aws), ratio(to_aws)]);
        }
        if args.get("--case").is_none() {
            return keep(bench, SECTION, &table, &notes);
        }
        show(&table, &notes);
        return Ok(());
    };
    let mut table = Table::new(&["case", "inia", "before", "change"]);
    for Row { name, ours, .. } in &rows {
        let change = ours.and_then(|now| before.change(name, now));
        table.row(vec![
            name.clone(),
            count(*ours),
            count(before.count(name)),
            change.map(percent).unwrap_or_default(),
        ]);
    }
    show(&table, &notes);
    before.judge(
        rows.iter()
            .filter_map(|row| Some((row.name.as_str(), row.ours?))),
    )
}

fn rows(bench: &Bench, args: &Arguments<'_>, peers: &[&str]) -> Result<Vec<Row>> {
    let fixtures = bench.fixtures(args)?;
    for peer in peers {
        match *peer {
            "ours" => bench.build("ours")?,
            "aws-sdk-rust" => bench.build("peer-aws-sdk-rust")?,
            other => bail!("unknown peer {other}; there are ours and aws-sdk-rust"),
        }
    }
    let mut rows = Vec::new();
    let cases = read_json(&fixtures.join("cases.json"))?;
    for case in cases.as_array().context("cases.json is no list")? {
        let name = case["name"].as_str().unwrap_or_default();
        if args.get("--case").is_some_and(|part| !name.contains(part)) {
            continue;
        }
        let params = std::fs::metadata(fixtures.join(format!("{name}.params.json")))?.len();
        let bytes = case["response_bytes"].as_u64().unwrap_or(0).max(params);
        let calls = if bytes > LONG { 2 } else { 20 };
        let of = |peer: &str, program: &str| -> Result<Option<f64>> {
            if !peers.contains(&peer) {
                return Ok(None);
            }
            eprintln!("{name}: {peer}");
            let few = process(bench, program, &fixtures, name, calls)?;
            let many = process(bench, program, &fixtures, name, 2 * calls)?;
            Ok(Some((many - few) / calls as f64))
        };
        rows.push(Row {
            name: name.to_owned(),
            ours: of("ours", "ours")?,
            aws: of("aws-sdk-rust", "peer-aws-sdk-rust")?,
        });
    }
    Ok(rows)
}

/// The instructions of a whole process that makes some calls.
fn process(bench: &Bench, program: &str, fixtures: &Path, case: &str, calls: u64) -> Result<f64> {
    let calls = calls.to_string();
    let args = ["--case", case, "--iters", &calls, "--fixtures"].map(OsStr::new);
    let args = args.into_iter().chain([fixtures.as_os_str()]);
    callgrind::instructions(&bench.program(program), args, &[])
}
