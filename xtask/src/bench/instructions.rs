//! Instructions of a whole call, by callgrind: the same on a busy machine as on an idle one.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::report::{Table, keep, ratio, show};
use super::{Arguments, Bench, read_json};

/// The cases whose one call is long: two more calls tell enough.
const LONG: u64 = 100_000;

/// Measures, prints the table and keeps it.
pub(crate) fn run(bench: &Bench, args: &Arguments<'_>) -> Result<()> {
    let fixtures = bench.fixtures(args)?;
    let peers = args.peers("ours,aws-sdk-rust");
    for peer in &peers {
        match *peer {
            "ours" => bench.build("ours")?,
            "aws-sdk-rust" => bench.build("peer-aws-sdk-rust")?,
            other => bail!("unknown peer {other}; there are ours and aws-sdk-rust"),
        }
    }
    let mut table = Table::new(&["case", "inia", "aws-sdk-rust", "inia / aws-sdk-rust"]);
    let cases = read_json(&fixtures.join("cases.json"))?;
    for case in cases.as_array().context("cases.json is no list")? {
        let name = case["name"].as_str().unwrap_or_default();
        if args.get("--case").is_some_and(|part| !name.contains(part)) {
            continue;
        }
        let params = std::fs::metadata(fixtures.join(format!("{name}.params.json")))?.len();
        let bytes = case["response_bytes"].as_u64().unwrap_or(0).max(params);
        let calls = if bytes > LONG { 2 } else { 20 };
        let of = |peer: &str, program: &str| -> Result<f64> {
            if !peers.contains(&peer) {
                return Ok(f64::NAN);
            }
            eprintln!("{name}: {peer}");
            let few = instructions(bench, program, &fixtures, name, calls)?;
            let many = instructions(bench, program, &fixtures, name, 2 * calls)?;
            Ok((many - few) / calls as f64)
        };
        let ours = of("ours", "ours")?;
        let aws = of("aws-sdk-rust", "peer-aws-sdk-rust")?;
        let shown = |number: f64| {
            if number.is_nan() {
                "-".to_owned()
            } else {
                format!("{number:.0}")
            }
        };
        table.row(vec![
            name.to_owned(),
            shown(ours),
            shown(aws),
            ratio(ours / aws),
        ]);
    }
    let notes = [
        "Instructions of one call: the difference of two runs of which one makes twice as many."
            .to_owned(),
    ];
    if args.get("--case").is_some() {
        show(&table, &notes);
        return Ok(());
    }
    keep(bench, "instructions", &table, &notes)
}

/// The instructions of a whole process that makes some calls.
fn instructions(
    bench: &Bench,
    program: &str,
    fixtures: &Path,
    case: &str,
    calls: u64,
) -> Result<f64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(bench.program(program))
        .args(["--case", case, "--iters", &calls.to_string()])
        .arg("--fixtures")
        .arg(fixtures)
        .output()
        .context("cannot start valgrind; on Debian and Ubuntu: apt-get install valgrind")?;
    let text = String::from_utf8_lossy(&output.stderr);
    text.lines()
        .find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok())
        .with_context(|| format!("valgrind counted nothing: {text}"))
}
