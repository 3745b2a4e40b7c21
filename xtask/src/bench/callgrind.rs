//! Counts instructions with callgrind. Counts do not depend on the machine's load.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::report;

/// Growth of a count that is reported as a regression.
const TOLERANCE: f64 = 0.05;

/// Counts the instructions of a process.
pub(crate) fn instructions<S: AsRef<OsStr>>(
    program: &Path,
    args: impl IntoIterator<Item = S>,
    env: &[(&str, &Path)],
) -> Result<f64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args(args)
        .envs(env.iter().copied())
        .output()
        .context("cannot start valgrind; on Debian and Ubuntu: apt-get install valgrind")?;
    let text = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{}: {text}", program.display());
    text.lines()
        .find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok())
        .with_context(|| format!("no instruction count in the output of valgrind: {text}"))
}

/// Counts of a previously stored table: second column by first.
#[derive(Debug)]
pub(crate) struct Baseline(BTreeMap<String, f64>);

impl Baseline {
    /// Reads the table of a section from a copy of `docs/benchmarks.md`.
    pub(crate) fn read(document: &Path, section: &str) -> Result<Baseline> {
        let text =
            std::fs::read_to_string(document).with_context(|| document.display().to_string())?;
        let rows = report::stored(&text, section)
            .with_context(|| format!("{}: no table {section}", document.display()))?;
        let counts = rows.into_iter().filter_map(|row| match row.as_slice() {
            [name, count, ..] => Some((name.clone(), count.parse().ok()?)),
            _ => None,
        });
        Ok(Baseline(counts.collect()))
    }

    pub(crate) fn count(&self, name: &str) -> Option<f64> {
        self.0.get(name).copied()
    }

    /// Returns the relative change of a count.
    pub(crate) fn change(&self, name: &str, now: f64) -> Option<f64> {
        self.count(name).map(|before| now / before - 1.0)
    }

    /// Fails if a count has grown by more than the tolerance.
    pub(crate) fn check_regressions<'n>(
        &self,
        counts: impl IntoIterator<Item = (&'n str, f64)>,
    ) -> Result<()> {
        let grown: Vec<String> = counts
            .into_iter()
            .filter_map(|(name, now)| Some((name, self.change(name, now)?)))
            .filter(|(_, change)| *change > TOLERANCE)
            .map(|(name, change)| format!("{name} {}", percent(change)))
            .collect();
        ensure!(
            grown.is_empty(),
            "grown by more than {}: {}",
            percent(TOLERANCE),
            grown.join("; ")
        );
        Ok(())
    }
}

/// Formats a change in percent.
pub(crate) fn percent(change: f64) -> String {
    format!("{:+.1} %", change * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_growth_beyond_the_tolerance_is_a_regression() {
        let before = Baseline([("a".to_owned(), 100.0), ("b".to_owned(), 100.0)].into());
        assert!(
            before
                .check_regressions([("a", 104.0), ("b", 50.0), ("new", 9e9)])
                .is_ok()
        );
        let error = before
            .check_regressions([("a", 106.0), ("b", 100.0)])
            .unwrap_err();
        assert_eq!(error.to_string(), "grown by more than +5.0 %: a +6.0 %");
    }
}
