//! Memory of a page of results.

use std::process::Command;

use anyhow::Result;

use super::report::{Table, ratio, store, within};
use super::{Arguments, Bench, output, read_json};

/// Maximum memory of a page relative to its bytes on the wire.
const GOAL: f64 = 2.5;

/// Measures, prints the table and stores it.
pub(crate) fn run(bench: &Bench, args: &Arguments<'_>) -> Result<()> {
    bench.build("ours")?;
    let fixtures = bench.fixtures(args)?;
    let file = bench.scratch("memory.json")?;
    output(
        Command::new(bench.program("ours-counted"))
            .arg("--memory")
            .arg("--fixtures")
            .arg(fixtures)
            .arg("--json")
            .arg(&file),
    )?;
    let mut table = Table::new(&["page", "bytes on the wire", "live bytes", "ratio", "goal"]);
    for row in read_json(&file)?.as_array().into_iter().flatten() {
        let measured = row["ratio"].as_f64().unwrap_or(f64::NAN);
        table.row(vec![
            row["case"].as_str().unwrap_or_default().to_owned(),
            row["wire_bytes"].to_string(),
            row["live_bytes"].to_string(),
            ratio(measured),
            within(measured, Some(GOAL), " x"),
        ]);
    }
    let notes = ["Live bytes of a parsed page, including the response buffer if strings are slices of it, as counted by the \
                  allocator."
        .to_owned()];
    store(bench, "memory", &table, &notes)
}
