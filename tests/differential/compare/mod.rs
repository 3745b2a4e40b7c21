//! What is the same, and what is not.

mod answer;
mod request;
mod xml_tree;

pub use answer::answers;
pub use request::{BodyFormat, requests};

use std::fmt;

/// One thing that differs.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Where: `requests[0].header.x-amz-target`, `output.Queues[].Url`, `error.code`, `outcome`. Positions in lists are left out.
    pub place: String,
    /// What we have there; `-` for nothing.
    pub ours: String,
    /// What botocore has there.
    pub theirs: String,
}

impl Difference {
    pub fn new(
        place: impl Into<String>,
        ours: impl fmt::Display,
        theirs: impl fmt::Display,
    ) -> Self {
        Difference {
            place: place.into(),
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
            self.place, self.ours, self.theirs
        )
    }
}

/// What is there, or `-`.
fn or_nothing<T: fmt::Debug>(value: Option<T>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:?}"))
}

/// A text that fits a report.
fn short(value: &impl fmt::Display) -> String {
    const MOST: usize = 300;
    let text = value.to_string();
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!(
            "{}... ({} bytes)",
            text.get(..end).unwrap_or_default(),
            text.len()
        ),
        None => text,
    }
}
