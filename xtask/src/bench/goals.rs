//! Collects all goals and measured values from the stored tables.

use anyhow::{Context, Result};

use super::Bench;
use super::report::{Table, store, stored};

/// Sections with goals, and the columns with the measured values.
const SECTIONS: [(&str, &[&str]); 5] = [
    (
        "compare",
        &["inia", "allocations", "aws-sdk-rust", "inia / aws-sdk-rust"],
    ),
    ("serde", &["botocore / inia"]),
    ("start", &["CPU", "over an empty process", "peak memory"]),
    ("memory", &["ratio"]),
    ("size", &["measured"]),
];

/// Collects the goals, prints the table and stores it.
pub(crate) fn run(bench: &Bench) -> Result<()> {
    let path = bench.document();
    let document = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let mut table = Table::new(&["metric", "measured", "goal"]);
    for (section, columns) in SECTIONS {
        let rows = stored(&document, section).with_context(|| format!("no table {section}"))?;
        for row in gather(&rows, columns) {
            table.row(row);
        }
    }
    let mut notes = vec!["Rows of the tables below that have a goal.".to_owned()];
    let compared = stored(&document, "compare").context("no table compare")?;
    notes.extend(signature(&compared).map(|time| {
        format!(
            "Goals in seconds were set on a machine on which the generated SDK takes {SIGNATURE} for a SigV4 signature (`sigv4`); on this \
             one it takes {time}."
        )
    }));
    store(bench, "goals", &table, &notes)
}

/// Time of a signature with the generated SDK on the machine for which the goals were set.
const SIGNATURE: &str = "7.4 us";

/// Returns the time of that signature in the `compare` table.
fn signature(rows: &[Vec<String>]) -> Option<&str> {
    let (head, rows) = rows.split_first()?;
    let column = head.iter().position(|cell| cell == "aws-sdk-rust")?;
    let row = rows
        .iter()
        .find(|row| row.first().is_some_and(|name| name == "sigv4"))?;
    row.get(column).map(String::as_str)
}

/// Returns name, measured value and goal of each row with a goal. The first row is the header.
fn gather(rows: &[Vec<String>], columns: &[&str]) -> Vec<Vec<String>> {
    let Some((head, rows)) = rows.split_first() else {
        return Vec::new();
    };
    let column = |name: &str| head.iter().position(|cell| cell == name);
    let with_goal = rows.iter().filter_map(|row| {
        let goal = row.get(column("goal")?).filter(|goal| !goal.is_empty())?;
        let cells = columns.iter().filter_map(|name| {
            let cell = row.get(column(name)?).filter(|cell| !cell.is_empty())?;
            Some(format!("{name} {cell}"))
        });
        let measured = cells.collect::<Vec<_>>().join(", ");
        Some(vec![row.first()?.clone(), measured, goal.clone()])
    });
    with_goal.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machine_speed_is_the_signature_time_of_the_peer() {
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let rows = [
            row(["case", "inia", "aws-sdk-rust"]),
            row(["sqs", "1 us", "2 us"]),
            row(["sigv4", "3 us", "4 us"]),
        ];
        assert_eq!(signature(&rows), Some("4 us"));
        assert_eq!(signature(&rows[..2]), None);
    }

    #[test]
    fn collects_rows_with_a_goal() {
        let row = |cells: [&str; 4]| cells.map(str::to_owned).to_vec();
        let rows = [
            row(["case", "inia", "ratio", "goal"]),
            row(["a", "1 us", "0.10", "<= 0.2 x: met"]),
            row(["b", "2 us", "", ""]),
        ];
        assert_eq!(
            gather(&rows, &["inia", "ratio"]),
            [["a", "inia 1 us, ratio 0.10", "<= 0.2 x: met"]
                .map(str::to_owned)
                .to_vec()]
        );
    }
}
