//! Instructions of whole calls of inia and the generated SDK.

use std::ffi::OsStr;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::callgrind::{self, Baseline, percent};
use super::report::{Table, count, ratio, show, store};
use super::{Arguments, Bench, read_json};

/// Section of `docs/benchmarks.md`.
const SECTION: &str = "instructions";

/// Case size above which two additional calls are enough.
const LONG: u64 = 100_000;

/// Instructions per call of each peer.
#[derive(Debug)]
struct CaseInstructions {
    name: String,
    ours: Option<f64>,
    aws: Option<f64>,
}

/// Counts, prints the table, and stores it or compares it with a baseline.
pub(crate) fn run(bench: &Bench, args: &Arguments<'_>) -> Result<()> {
    let baseline = args
        .get("--against")
        .map(|document| Baseline::read(Path::new(document), SECTION))
        .transpose()?;
    // Only inia is compared with a baseline.
    let default_peers = if baseline.is_some() {
        "ours"
    } else {
        "ours,aws-sdk-rust"
    };
    let rows = rows(bench, args, &args.peers(default_peers))?;
    let notes = [
        "Instructions per call: the difference between two runs, one of which makes twice as many calls."
            .to_owned(),
    ];
    let Some(baseline) = baseline else {
        let mut table = Table::new(&["case", "inia", "aws-sdk-rust", "inia / aws-sdk-rust"]);
        for CaseInstructions { name, ours, aws } in rows {
            let to_aws = ours.unwrap_or(f64::NAN) / aws.unwrap_or(f64::NAN);
            table.row(vec![name, count(ours), count(aws), ratio(to_aws)]);
        }
        if args.get("--case").is_none() {
            return store(bench, SECTION, &table, &notes);
        }
        show(&table, &notes);
        return Ok(());
    };
    let mut table = Table::new(&["case", "inia", "baseline", "change"]);
    for CaseInstructions { name, ours, .. } in &rows {
        let change = ours.and_then(|now| baseline.change(name, now));
        table.row(vec![
            name.clone(),
            count(*ours),
            count(baseline.count(name)),
            change.map(percent).unwrap_or_default(),
        ]);
    }
    show(&table, &notes);
    baseline.check_regressions(
        rows.iter()
            .filter_map(|row| Some((row.name.as_str(), row.ours?))),
    )
}

fn rows(bench: &Bench, args: &Arguments<'_>, peers: &[&str]) -> Result<Vec<CaseInstructions>> {
    let fixtures = bench.fixtures(args)?;
    for peer in peers {
        match *peer {
            "ours" => bench.build("ours")?,
            "aws-sdk-rust" => bench.build("peer-aws-sdk-rust")?,
            other => bail!("unknown peer {other}; expected ours or aws-sdk-rust"),
        }
    }
    let mut rows = Vec::new();
    let cases = read_json(&fixtures.join("cases.json"))?;
    for case in cases.as_array().context("cases.json is not a list")? {
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
        rows.push(CaseInstructions {
            name: name.to_owned(),
            ours: of("ours", "ours")?,
            aws: of("aws-sdk-rust", "peer-aws-sdk-rust")?,
        });
    }
    Ok(rows)
}

/// Counts the instructions of a process that makes `calls` calls.
fn process(bench: &Bench, program: &str, fixtures: &Path, case: &str, calls: u64) -> Result<f64> {
    let calls = calls.to_string();
    let args = ["--case", case, "--iters", &calls, "--fixtures"].map(OsStr::new);
    let args = args.into_iter().chain([fixtures.as_os_str()]);
    callgrind::instructions(&bench.program(program), args, &[])
}
