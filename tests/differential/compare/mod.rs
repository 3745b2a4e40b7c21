//! Compares requests and outcomes.

mod request;
mod response;
mod xml_tree;

pub use request::{BodyFormat, requests};
pub use response::outcomes;

use std::fmt;

/// A difference between inia and botocore.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Location: `requests[0].header.x-amz-target`, `output.Queues[].Url`, `error.code`, `outcome`. List indices are
    /// omitted.
    pub path: String,
    /// Value of inia; `-` if missing.
    pub ours: String,
    /// Value of botocore.
    pub theirs: String,
}

impl Difference {
    pub fn new(
        path: impl Into<String>,
        ours: impl fmt::Display,
        theirs: impl fmt::Display,
    ) -> Self {
        Difference {
            path: path.into(),
            ours: short(&ours),
            theirs: short(&theirs),
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: ours {}, botocore's {}",
            self.path, self.ours, self.theirs
        )
    }
}

/// Formats a value; `-` if missing.
fn or_dash<T: fmt::Debug>(value: Option<T>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:?}"))
}

/// Shortens a text for the report.
fn short(value: &impl fmt::Display) -> String {
    const MAX_CHARS: usize = 300;
    let text = value.to_string();
    match text.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!(
            "{}... ({} bytes)",
            text.get(..end).unwrap_or_default(),
            text.len()
        ),
        None => text,
    }
}
