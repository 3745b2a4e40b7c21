//! The differences that are meant: `tests/known-failures/differential.toml`.
//!
//! ```toml
//! [[known]]
//! reason = "an empty list sends an empty header, as the Smithy specification has it"
//! services = ["s3"]                       # globs; all where absent
//! operations = ["Get*"]                   # globs; all where absent
//! places = ["header.x-amz-*"]             # globs
//! ours = ["\"\""]                         # globs of what we have there; anything where absent
//! theirs = ["-"]                          # globs of what botocore has there; anything where absent
//! witness = "s3.GetObjectAttributes"      # an operation that differs so with the usual seed
//! seed = 2                                # or with this one
//! ```
//!
//! The operation named as witness is in every run, and a row that its witness no longer needs fails the run: the list only shrinks.

use std::collections::BTreeSet;
use std::path::Path;

use super::compare::Difference;

/// One row.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    pub reason: String,
    #[serde(default)]
    services: Vec<String>,
    #[serde(default)]
    operations: Vec<String>,
    places: Vec<String>,
    #[serde(default)]
    ours: Vec<String>,
    #[serde(default)]
    theirs: Vec<String>,
    pub witness: String,
    /// The seed with which the witness differs, where it is not the usual one.
    #[serde(default)]
    seed: Option<u64>,
}

/// All rows.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    #[serde(default)]
    known: Vec<Row>,
}

impl Known {
    /// Reads the list.
    pub fn load(workspace: &Path) -> Known {
        let path = workspace
            .join("tests")
            .join("known-failures")
            .join("differential.toml");
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
            }
            Err(_) => Known::default(),
        }
    }

    /// The row that a difference is meant by, as its position.
    pub fn row(&self, service: &str, operation: &str, difference: &Difference) -> Option<usize> {
        self.known.iter().position(|row| {
            let any = |globs: &[String], text: &str| globs.iter().any(|glob| matches(glob, text));
            let allows = |globs: &[String], text: &str| globs.is_empty() || any(globs, text);
            allows(&row.services, service)
                && allows(&row.operations, operation)
                && any(&row.places, &difference.place)
                && allows(&row.ours, &difference.ours)
                && allows(&row.theirs, &difference.theirs)
        })
    }

    /// Why a row's differences are meant.
    pub fn reason(&self, row: usize) -> &str {
        self.known.get(row).map_or("", |row| &row.reason)
    }

    /// The seed that a row's witness differs with, where it is not the usual one.
    pub fn seed(&self, row: usize) -> Option<u64> {
        self.known.get(row).and_then(|row| row.seed)
    }

    /// The operations of a service that are witnesses.
    pub fn witnesses(&self, service: &str) -> BTreeSet<&str> {
        self.of_witness(service)
            .map(|(_, _, operation)| operation)
            .collect()
    }

    /// The rows whose witness is an operation of a service: their positions, reasons and operations.
    pub fn of_witness(&self, service: &str) -> impl Iterator<Item = (usize, &str, &str)> {
        self.known
            .iter()
            .enumerate()
            .filter_map(move |(position, row)| {
                let (of, operation) = row.witness.split_once('.')?;
                (of == service).then_some((position, row.reason.as_str(), operation))
            })
    }

    /// The witnesses that are no operation of any of the services.
    pub fn strangers(&self, is_operation: impl Fn(&str, &str) -> bool) -> Vec<&str> {
        let is_strange = |row: &&Row| {
            !row.witness
                .split_once('.')
                .is_some_and(|(service, operation)| is_operation(service, operation))
        };
        self.known
            .iter()
            .filter(is_strange)
            .map(|row| row.witness.as_str())
            .collect()
    }
}

/// Whether a text is what a glob says, in which a star is anything.
fn matches(glob: &str, text: &str) -> bool {
    let mut parts = glob.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    true
}
