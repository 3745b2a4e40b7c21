//! The wire formats alone, on the cases that AWS's SDK teams share.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use super::report::{Table, at_least, keep, ratio, time};
use super::{Arguments, Bench, median, output, read_json};

/// The least that the geometric mean of all ratios may be.
const MEAN_GOAL: f64 = 40.0;

/// The least that any one ratio may be.
const LEAST_GOAL: f64 = 12.0;

/// The median times in nanoseconds, pass by pass, by case.
type Times = BTreeMap<String, Vec<f64>>;

/// Measures; writes the rows of the last pass into `--out` and, with `--botocore`, keeps the ratios.
pub(crate) fn run(bench: &Bench, args: &Arguments<'_>) -> Result<()> {
    let Some(cases) = args.get("--cases") else {
        bail!("--cases DIR is missing: the folder with cases.json and the definitions");
    };
    let passes = args.number("--passes", 3)?;
    bench.build("ours")?;
    let python = args.has("--botocore").then(|| bench.python()).transpose()?;
    let (ours_file, botocore_file) = (
        bench.scratch("serde-ours.json")?,
        bench.scratch("serde-botocore.json")?,
    );
    let (mut ours, mut botocore) = (Times::new(), Times::new());
    for pass in 1..=passes {
        eprintln!("pass {pass} of {passes}");
        output(
            Command::new(bench.program("serde"))
                .arg(cases)
                .arg("--out")
                .arg(&ours_file),
        )?;
        collect(&ours_file, &mut ours)?;
        if let Some(python) = &python {
            let script = bench.workspace().join("peer-botocore").join("serde.py");
            output(
                Command::new(python)
                    .arg(script)
                    .args([cases, "60"])
                    .arg(&botocore_file),
            )?;
            collect(&botocore_file, &mut botocore)?;
        }
    }
    if let Some(out) = args.get("--out") {
        let mut report = read_json(&ours_file)?;
        report["metadata"]["instance"] = json!(processor());
        std::fs::write(out, serde_json::to_string_pretty(&report)?)
            .with_context(|| out.to_owned())?;
    }
    if python.is_none() {
        for (case, times) in &ours {
            println!("{case:48} {}", time(median(times.iter().copied())));
        }
        return Ok(());
    }
    table(bench, &ours, &botocore)
}

fn table(bench: &Bench, ours: &Times, botocore: &Times) -> Result<()> {
    ensure!(
        ours.keys().eq(botocore.keys()),
        "the two programs measured different cases"
    );
    let mut table = Table::new(&["case", "inia", "botocore", "botocore / inia", "goal"]);
    let mut ratios = Vec::new();
    for (case, times) in ours {
        let other = botocore.get(case).map_or(&[] as &[f64], Vec::as_slice);
        let pairs = times.iter().zip(other);
        let found = median(pairs.map(|(ours, other)| other / ours));
        // The minified bodies stand beside the cases; they are none of them.
        if !case.ends_with("_minified") {
            ratios.push((found, case));
        }
        table.row(vec![
            case.clone(),
            time(median(times.iter().copied())),
            time(median(other.iter().copied())),
            ratio(found),
            String::new(),
        ]);
    }
    let mean =
        (ratios.iter().map(|(ratio, _)| ratio.ln()).sum::<f64>() / ratios.len() as f64).exp();
    let least = ratios
        .iter()
        .min_by(|one, two| one.0.total_cmp(&two.0))
        .context("no cases")?;
    let mut sum = |what: String, found: f64, goal: f64| {
        table.row(vec![
            what,
            String::new(),
            String::new(),
            ratio(found),
            at_least(found, goal, " x"),
        ]);
    };
    sum(
        format!("the geometric mean of {} cases", ratios.len()),
        mean,
        MEAN_GOAL,
    );
    sum(format!("the least, {}", least.1), least.0, LEAST_GOAL);
    let notes = [
        "Median wall time of one serialization or parse, ratios of the same pass. The minified bodies are not among the cases that are \
         summed up."
            .to_owned(),
    ];
    keep(bench, "serde", &table, &notes)
}

fn collect(file: &Path, times: &mut Times) -> Result<()> {
    let report = read_json(file)?;
    for row in report["serde_benchmarks"].as_array().into_iter().flatten() {
        let case = row["id"].as_str().context("a row without id")?;
        let median = row["p50"].as_f64().context("a row without p50")?;
        times.entry(case.to_owned()).or_default().push(median);
    }
    Ok(())
}

fn processor() -> Value {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info.lines().find_map(|line| {
        Some(
            line.strip_prefix("model name")?
                .split_once(": ")?
                .1
                .to_owned(),
        )
    });
    name.map_or(json!(std::env::consts::ARCH), Value::from)
}
