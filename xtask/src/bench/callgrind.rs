//! Counting instructions: the same on a busy machine as on an idle one.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::report;

/// By how much a count may have grown before it is called a regression.
const TOLERANCE: f64 = 0.05;

/// The instructions of a whole process.
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
        .with_context(|| format!("valgrind counted nothing: {text}"))
}

/// What a table that was kept says: the second column by the first.
#[derive(Debug)]
pub(crate) struct Before(BTreeMap<String, f64>);

impl Before {
    /// The table of a section, in `docs/benchmarks.md` as it was at some time.
    pub(crate) fn read(document: &Path, section: &str) -> Result<Before> {
        let text =
            std::fs::read_to_string(document).with_context(|| document.display().to_string())?;
        let rows = report::kept(&text, section)
            .with_context(|| format!("{}: no table {section}", document.display()))?;
        let counts = rows.into_iter().filter_map(|row| match row.as_slice() {
            [name, count, ..] => Some((name.clone(), count.parse().ok()?)),
            _ => None,
        });
        Ok(Before(counts.collect()))
    }

    pub(crate) fn count(&self, name: &str) -> Option<f64> {
        self.0.get(name).copied()
    }

    /// By how much a count has changed, as a part of what it was.
    pub(crate) fn change(&self, name: &str, now: f64) -> Option<f64> {
        self.count(name).map(|before| now / before - 1.0)
    }

    /// Fails where one of the counts has grown more than it may.
    pub(crate) fn judge<'n>(&self, counts: impl IntoIterator<Item = (&'n str, f64)>) -> Result<()> {
        let grown: Vec<String> = counts
            .into_iter()
            .filter_map(|(name, now)| Some((name, self.change(name, now)?)))
            .filter(|(_, change)| *change > TOLERANCE)
            .map(|(name, change)| format!("{name} {}", percent(change)))
            .collect();
        ensure!(
            grown.is_empty(),
            "more than {} grown: {}",
            percent(TOLERANCE),
            grown.join("; ")
        );
        Ok(())
    }
}

/// A change as text.
pub(crate) fn percent(change: f64) -> String {
    format!("{:+.1} %", change * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_grew_beyond_the_tolerance_is_a_regression() {
        let before = Before([("a".to_owned(), 100.0), ("b".to_owned(), 100.0)].into());
        assert!(
            before
                .judge([("a", 104.0), ("b", 50.0), ("new", 9e9)])
                .is_ok()
        );
        let error = before.judge([("a", 106.0), ("b", 100.0)]).unwrap_err();
        assert_eq!(error.to_string(), "more than +5.0 % grown: a +6.0 %");
    }
}
