//! Known differences.

use super::compare::{Aspect, Difference};
use super::corpus::Case;

/// A known difference.
pub(crate) struct Known {
    /// Start of the command lines.
    pub(crate) line: &'static str,
    pub(crate) aspect: Aspect,
    #[allow(dead_code, reason = "read by people")]
    pub(crate) reason: &'static str,
}

pub(crate) const KNOWN: &[Known] = &[];

/// Returns the row of a known difference.
pub(crate) fn reason(case: &Case, difference: &Difference) -> Option<usize> {
    KNOWN
        .iter()
        .position(|row| row.aspect == difference.aspect && case.line.starts_with(row.line))
}
