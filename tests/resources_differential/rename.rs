//! Names that a server makes up by chance, replaced by the order in which they are first seen: two runs that differ in nothing else
//! become the same.

use std::collections::HashMap;
use std::sync::LazyLock;

use regex_lite::{Captures, Regex};
use serde_json::Value as Json;

/// UUIDs; ids of EC2 (`vpc-0a1b2c3d`); keys and ids of IAM; anything that is longer.
static MADE_UP: LazyLock<Regex> = LazyLock::new(|| {
    let forms = [
        "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        r"\b[a-z]{1,12}-[0-9a-f]{17}\b",
        r"\b[a-z]{1,12}-[0-9a-f]{8}\b",
        r"\b[A-Z]{4}[A-Z0-9]{12,}\b",
        r"\b[a-z0-9]{20}\b",
        r"secret='[^']{40}'",
        r"\b[A-Za-z0-9_-]{40,}\b",
    ];
    Regex::new(&forms.join("|")).expect("a regular expression")
});

#[derive(Debug, Default)]
pub(crate) struct Names(HashMap<String, usize>);

impl Names {
    pub(crate) fn rename(&mut self, text: &str) -> String {
        let renamed = MADE_UP.replace_all(text, |found: &Captures<'_>| {
            let next = self.0.len() + 1;
            let number = self.0.entry(found[0].to_owned()).or_insert(next);
            format!("name-{number}")
        });
        renamed.into_owned()
    }

    pub(crate) fn rename_all(&mut self, value: Json) -> Json {
        match value {
            Json::String(text) => Json::String(self.rename(&text)),
            Json::Array(list) => list.into_iter().map(|each| self.rename_all(each)).collect(),
            Json::Object(map) => {
                let entries = map.into_iter();
                entries
                    .map(|(key, each)| (self.rename(&key), self.rename_all(each)))
                    .collect()
            }
            other => other,
        }
    }
}
