//! Every goal that a measurement has, with what was found: the rows of the kept tables that name one.

use anyhow::{Context, Result};

use super::Bench;
use super::report::{Table, keep, kept};

/// The sections whose tables have goals, with the columns that say what was found.
const SECTIONS: [(&str, &[&str]); 5] = [
    (
        "compare",
        &["inia", "allocations", "aws-sdk-rust", "inia / aws-sdk-rust"],
    ),
    ("serde", &["botocore / inia"]),
    (
        "start",
        &["CPU", "above a process that does nothing", "peak memory"],
    ),
    ("memory", &["ratio"]),
    ("size", &["found"]),
];

/// Gathers them, prints the table and keeps it.
pub(crate) fn run(bench: &Bench) -> Result<()> {
    let path = bench.document();
    let document = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let mut table = Table::new(&["what", "found", "goal"]);
    for (section, columns) in SECTIONS {
        let rows = kept(&document, section).with_context(|| format!("no table {section}"))?;
        for row in gather(&rows, columns) {
            table.row(row);
        }
    }
    let mut notes = vec!["The rows of the tables below that have a goal.".to_owned()];
    let compared = kept(&document, "compare").context("no table compare")?;
    notes.extend(signature(&compared).map(|found| {
        format!(
            "Goals in seconds were set on a machine where the generated SDK takes {SIGNATURE} for a SigV4 signature (`sigv4`); on this \
             one it took {found}."
        )
    }));
    keep(bench, "goals", &table, &notes)
}

/// How long the generated SDK takes for a signature where the goals were set.
const SIGNATURE: &str = "7.4 us";

/// How long it took here, by the table of whole calls.
fn signature(rows: &[Vec<String>]) -> Option<&str> {
    let (head, rows) = rows.split_first()?;
    let place = head.iter().position(|cell| cell == "aws-sdk-rust")?;
    let row = rows
        .iter()
        .find(|row| row.first().is_some_and(|name| name == "sigv4"))?;
    row.get(place).map(String::as_str)
}

/// Name, what was found and goal of each row that has one; the first row is the head.
fn gather(rows: &[Vec<String>], columns: &[&str]) -> Vec<Vec<String>> {
    let Some((head, rows)) = rows.split_first() else {
        return Vec::new();
    };
    let place = |name: &str| head.iter().position(|cell| cell == name);
    let with_goal = rows.iter().filter_map(|row| {
        let goal = row.get(place("goal")?).filter(|goal| !goal.is_empty())?;
        let cells = columns.iter().filter_map(|name| {
            let cell = row.get(place(name)?).filter(|cell| !cell.is_empty())?;
            Some(format!("{name} {cell}"))
        });
        let found = cells.collect::<Vec<_>>().join(", ");
        Some(vec![row.first()?.clone(), found, goal.clone()])
    });
    with_goal.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_is_told_by_the_peer_s_signature() {
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
    fn rows_with_a_goal_are_gathered() {
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
