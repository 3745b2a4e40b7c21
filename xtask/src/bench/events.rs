//! Event streams in both directions beside a bare HTTP/2 client.

use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use super::report::{Table, ratio, store, within};
use super::{Arguments, Bench, output};

/// Maximum CPU time relative to that of a bare client.
const GOAL: f64 = 2.0;

/// Measures, prints the table and stores it.
pub(crate) fn run(bench: &Bench, args: &Arguments<'_>) -> Result<()> {
    bench.build("ours")?;
    let runs = args.number("--runs", 5)?.to_string();
    let text = output(Command::new(bench.program("events")).args(["--runs", &runs]))?;
    let mut table = Table::new(&[
        "bytes of a sent event",
        "events each way",
        "inia",
        "bare hyper",
        "digests",
        "inia / bare hyper",
        "goal",
    ]);
    for line in text.lines() {
        let row: Value = serde_json::from_str(line).with_context(|| line.to_owned())?;
        let seconds = |name: &str| row[name].as_f64().unwrap_or(f64::NAN);
        let micros = |name: &str| format!("{:.2} us", seconds(name) * 1e6);
        let measured = seconds("ours_s") / seconds("bare_s");
        table.row(vec![
            row["size"].to_string(),
            row["events"].to_string(),
            micros("ours_s"),
            micros("bare_s"),
            micros("digests_s"),
            ratio(measured),
            within(measured, Some(GOAL), " x"),
        ]);
    }
    let notes = [
        "CPU time of the client's thread for one event sent and one received over loopback, the median of the runs. \
         `bare hyper` sends and reads the same bytes without making or reading frames. `digests` are the SHA-256 and HMAC \
         of the event's signature alone."
            .to_owned(),
    ];
    store(bench, "events", &table, &notes)
}
