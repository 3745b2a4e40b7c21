//! Serialization and parsing alone, on the cases of the cross-SDK benchmark.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use super::report::{Table, at_least, ratio, store, time};
use super::{Arguments, Bench, median, output, read_json};

/// Minimum of the geometric mean of all ratios.
const MEAN_GOAL: f64 = 40.0;

/// Minimum of each ratio.
const MIN_GOAL: f64 = 12.0;

/// Median times in nanoseconds, per case and pass.
type Times = BTreeMap<String, Vec<f64>>;

/// Measures; writes the rows of the last pass to `--out` and, with `--botocore`, stores the ratios.
pub(crate) fn run(bench: &Bench, args: &Arguments<'_>) -> Result<()> {
    let Some(cases) = args.get("--cases") else {
        bail!("missing --cases DIR, the folder with cases.json and the definitions");
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
        let measured = median(pairs.map(|(ours, other)| other / ours));
        // Minified bodies are extra rows and do not count as cases.
        if !case.ends_with("_minified") {
            ratios.push((measured, case));
        }
        table.row(vec![
            case.clone(),
            time(median(times.iter().copied())),
            time(median(other.iter().copied())),
            ratio(measured),
            String::new(),
        ]);
    }
    let mean =
        (ratios.iter().map(|(ratio, _)| ratio.ln()).sum::<f64>() / ratios.len() as f64).exp();
    let min = ratios
        .iter()
        .min_by(|one, two| one.0.total_cmp(&two.0))
        .context("no cases")?;
    let mut sum = |metric: String, measured: f64, goal: f64| {
        table.row(vec![
            metric,
            String::new(),
            String::new(),
            ratio(measured),
            at_least(measured, goal, " x"),
        ]);
    };
    sum(
        format!("geometric mean of {} cases", ratios.len()),
        mean,
        MEAN_GOAL,
    );
    sum(format!("minimum, {}", min.1), min.0, MIN_GOAL);
    let notes = [
        "Median wall time of one serialization or parse, ratios within the same pass. Minified bodies are not included in the \
         summary."
            .to_owned(),
    ];
    store(bench, "serde", &table, &notes)
}

fn collect(file: &Path, times: &mut Times) -> Result<()> {
    let report = read_json(file)?;
    for row in report["serde_benchmarks"].as_array().into_iter().flatten() {
        let case = row["id"].as_str().context("missing id in a row")?;
        let median = row["p50"].as_f64().context("missing p50 in a row")?;
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
