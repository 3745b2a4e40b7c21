//! What a page of results holds.

use std::process::Command;

use anyhow::Result;

use super::report::{Table, keep, ratio, within};
use super::{Arguments, Bench, output, read_json};

/// The most that a page may hold, in units of its bytes on the wire.
const GOAL: f64 = 2.5;

/// Measures, prints the table and keeps it.
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
        let found = row["ratio"].as_f64().unwrap_or(f64::NAN);
        table.row(vec![
            row["case"].as_str().unwrap_or_default().to_owned(),
            row["wire_bytes"].to_string(),
            row["live_bytes"].to_string(),
            ratio(found),
            within(found, Some(GOAL), " x"),
        ]);
    }
    let notes = ["Live bytes of a parsed page, the buffer it came in included where strings are slices of it, as a counting allocator \
                  sees them."
        .to_owned()];
    keep(bench, "memory", &table, &notes)
}
