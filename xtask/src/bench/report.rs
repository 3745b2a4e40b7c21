//! Tables, stored in sections of `docs/benchmarks.md`.

use std::path::Path;

use anyhow::{Context, Result};

use super::{Bench, output};

/// A Markdown table.
#[derive(Debug)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(head: &[&str]) -> Table {
        let head = head.iter().map(|cell| (*cell).to_owned()).collect();
        Table { rows: vec![head] }
    }

    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for (index, row) in self.rows.iter().enumerate() {
            text.push_str(&format!("| {} |\n", row.join(" | ")));
            if index == 0 {
                text.push_str(&format!("|{}\n", "---|".repeat(row.len())));
            }
        }
        text
    }
}

/// Prints a table with its notes and returns the text.
pub(crate) fn show(table: &Table, notes: &[String]) -> String {
    let mut text = table.text();
    for note in notes {
        text.push_str(&format!("\n{note}\n"));
    }
    print!("{text}");
    text
}

/// Prints a table and stores it in its section of `docs/benchmarks.md`, with the command and the machine.
pub(crate) fn store(bench: &Bench, section: &str, table: &Table, notes: &[String]) -> Result<()> {
    let command: Vec<String> = std::env::args().skip(1).collect();
    let mut text = show(table, notes);
    text.push_str(&format!(
        "\n`cargo xtask {}` on {}.\n",
        command_text(&command),
        machine(bench)?
    ));
    let path = bench.document();
    let document = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let replaced = replace(&document, section, &text)
        .with_context(|| format!("{}: no section {section}", path.display()))?;
    std::fs::write(&path, replaced).with_context(|| path.display().to_string())
}

/// Formats the command; folders outside the workspace are shortened to their names.
fn command_text(command: &[String]) -> String {
    let arguments = command.iter().map(|argument| {
        let path = Path::new(argument);
        if !path.is_absolute() {
            return argument.clone();
        }
        let name = path.file_name().map(|name| name.to_string_lossy());
        name.unwrap_or_default().to_uppercase()
    });
    arguments.collect::<Vec<_>>().join(" ")
}

/// Replaces the text between `<!-- section -->` and `<!-- /section -->`.
fn replace(document: &str, section: &str, text: &str) -> Option<String> {
    let (opening, closing) = (
        format!("<!-- {section} -->"),
        format!("<!-- /{section} -->"),
    );
    let (before, rest) = document.split_once(&opening)?;
    let (_, after) = rest.split_once(&closing)?;
    Some(format!("{before}{opening}\n\n{text}\n{closing}{after}"))
}

/// Returns the rows of the table between `<!-- section -->` and `<!-- /section -->`, including the header.
pub(crate) fn stored(document: &str, section: &str) -> Option<Vec<Vec<String>>> {
    let (_, rest) = document.split_once(&format!("<!-- {section} -->"))?;
    let (text, _) = rest.split_once(&format!("<!-- /{section} -->"))?;
    let lines = text.lines().filter_map(|line| {
        let cells = line.strip_prefix("| ")?.strip_suffix(" |")?;
        Some(cells.split(" | ").map(str::to_owned).collect())
    });
    Some(lines.collect())
}

/// Describes the machine: processor, cores, system, compiler and date.
fn machine(bench: &Bench) -> Result<String> {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let processor = info
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or(std::env::consts::ARCH, |(_, name)| name);
    let count = std::thread::available_parallelism().map_or(1, usize::from);
    let rustc = output(std::process::Command::new("rustc").arg("--version"))?;
    let day = output(std::process::Command::new("date").args(["-u", "+%F"]))?;
    let commit = output(
        std::process::Command::new("git")
            .args(["describe", "--always", "--dirty"])
            .current_dir(&bench.root),
    );
    Ok(format!(
        "{count} x {processor}, {}, {}, {}, inia at {}",
        std::env::consts::OS,
        rustc.trim(),
        day.trim(),
        commit.as_deref().unwrap_or("an unknown commit").trim()
    ))
}

/// Formats a time in nanoseconds.
pub(crate) fn time(ns: f64) -> String {
    match ns {
        ns if ns.is_nan() => "-".to_owned(),
        ns if ns < 1e3 => format!("{ns:.0} ns"),
        ns if ns < 1e5 => format!("{:.2} us", ns / 1e3),
        ns if ns < 1e6 => format!("{:.0} us", ns / 1e3),
        ns => format!("{:.2} ms", ns / 1e6),
    }
}

/// Formats a ratio; `-` if it is not a number.
pub(crate) fn ratio(ratio: f64) -> String {
    match ratio {
        ratio if ratio.is_nan() => "-".to_owned(),
        ratio if ratio < 0.01 => format!("{ratio:.4}"),
        ratio if ratio < 10.0 => format!("{ratio:.2}"),
        ratio => format!("{ratio:.1}"),
    }
}

/// Formats an integer; `-` if it is missing.
pub(crate) fn count(number: Option<f64>) -> String {
    number.map_or_else(|| "-".to_owned(), |number| format!("{number:.0}"))
}

/// Formats a lower bound and whether it is met.
pub(crate) fn at_least(number: f64, goal: f64, unit: &str) -> String {
    let result = if number >= goal { "met" } else { "**under**" };
    format!(">= {goal}{unit}: {result}")
}

/// Formats an upper bound and whether it is met.
pub(crate) fn within(number: f64, goal: Option<f64>, unit: &str) -> String {
    match goal {
        None => String::new(),
        Some(goal) if number.is_nan() => format!("<= {goal}{unit}"),
        Some(goal) if number <= goal => format!("<= {goal}{unit}: met"),
        Some(goal) => format!("<= {goal}{unit}: **over**"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_only_the_section() {
        let document = "a\n<!-- x -->\nold\n<!-- /x -->\nb\n";
        let replaced = replace(document, "x", "new\n").unwrap();
        assert_eq!(replaced, "a\n<!-- x -->\n\nnew\n\n<!-- /x -->\nb\n");
        assert_eq!(replace(&replaced, "x", "new\n").unwrap(), replaced);
        assert!(replace(document, "y", "").is_none());
    }

    #[test]
    fn reads_a_stored_table() {
        let mut table = Table::new(&["case", "goal"]);
        table.row(vec!["a".to_owned(), String::new()]);
        let text = replace("<!-- x --><!-- /x -->", "x", &table.text()).unwrap();
        let rows = [["case", "goal"], ["a", ""]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(stored(&text, "x").unwrap(), rows);
        assert!(stored(&text, "y").is_none());
    }

    #[test]
    fn shortens_folders_outside_the_workspace() {
        let command = ["bench", "serde", "--cases", "/somewhere/cases"].map(str::to_owned);
        assert_eq!(command_text(&command), "bench serde --cases CASES");
    }

    #[test]
    fn numbers_have_significant_digits_only() {
        assert_eq!(time(930.0), "930 ns");
        assert_eq!(time(3_739.0), "3.74 us");
        assert_eq!(time(10_597_608.0), "10.60 ms");
        assert_eq!(ratio(0.1347), "0.13");
        assert_eq!(within(0.3, Some(0.2), " x"), "<= 0.2 x: **over**");
    }
}
