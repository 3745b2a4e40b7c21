//! Intended differences: `tests/known-failures/differential.toml`.
//!
//! ```toml
//! [[known]]
//! reason = "an empty list sends an empty header, as the Smithy specification has it"
//! services = ["s3"]                       # globs; all if missing
//! operations = ["Get*"]                   # globs; all if missing
//! places = ["header.x-amz-*"]             # globs
//! ours = ["\"\""]                         # globs for inia's value; any if missing
//! theirs = ["-"]                          # globs for botocore's value; any if missing
//! witness = "s3.GetObjectAttributes"      # an operation with this difference under the default seed
//! seed = 2                                # or under this one
//! ```
//!
//! Witness operations are part of each run, and a row whose witness no longer differs fails the run, so the list only
//! shrinks.

use std::collections::BTreeSet;
use std::path::Path;

use super::compare::Difference;

/// A row of the list.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownDifference {
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
    /// Seed for the witness, if not the default.
    #[serde(default)]
    seed: Option<u64>,
}

/// The list of intended differences.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownDifferences {
    #[serde(default)]
    known: Vec<KnownDifference>,
}

impl KnownDifferences {
    /// Reads the list; with `smithy`, also that of definitions which are converted to Smithy models.
    pub fn load(workspace: &Path, smithy: bool) -> KnownDifferences {
        let folder = workspace.join("tests").join("known-failures");
        let read = |name: &str| {
            let path = folder.join(name);
            match std::fs::read_to_string(&path) {
                Ok(text) => toml::from_str(&text)
                    .unwrap_or_else(|error| panic!("{}: {error}", path.display())),
                Err(_) => KnownDifferences::default(),
            }
        };
        let mut known = read("differential.toml");
        if smithy {
            known.known.extend(read("differential-smithy.toml").known);
        }
        known
    }

    /// Returns the index of the row that matches a difference.
    pub fn row(&self, service: &str, operation: &str, difference: &Difference) -> Option<usize> {
        self.known.iter().position(|row| {
            let any = |globs: &[String], text: &str| globs.iter().any(|glob| matches(glob, text));
            let allows = |globs: &[String], text: &str| globs.is_empty() || any(globs, text);
            allows(&row.services, service)
                && allows(&row.operations, operation)
                && any(&row.places, &difference.path)
                && allows(&row.ours, &difference.ours)
                && allows(&row.theirs, &difference.theirs)
        })
    }

    /// Returns the reason of a row.
    pub fn reason(&self, row: usize) -> &str {
        self.known.get(row).map_or("", |row| &row.reason)
    }

    /// Returns the seed for a row's witness, if not the default.
    pub fn seed(&self, row: usize) -> Option<u64> {
        self.known.get(row).and_then(|row| row.seed)
    }

    /// Returns the witness operations of a service.
    pub fn witnesses(&self, service: &str) -> BTreeSet<&str> {
        self.of_witness(service)
            .map(|(_, _, operation)| operation)
            .collect()
    }

    /// Returns the rows with a witness in a service: index, reason and operation.
    pub fn of_witness(&self, service: &str) -> impl Iterator<Item = (usize, &str, &str)> {
        self.known
            .iter()
            .enumerate()
            .filter_map(move |(position, row)| {
                let (of, operation) = row.witness.split_once('.')?;
                (of == service).then_some((position, row.reason.as_str(), operation))
            })
    }

    /// Returns witnesses that are not operations.
    pub fn unknown_operations(&self, is_operation: impl Fn(&str, &str) -> bool) -> Vec<&str> {
        let is_strange = |row: &&KnownDifference| {
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

/// Reports whether a text matches a glob, in which `*` matches any text.
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
