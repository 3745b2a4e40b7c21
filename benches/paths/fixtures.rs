//! The parameters and answers of the comparison with other SDKs: in `INIA_FIXTURES`, or where `cargo xtask bench fixtures` writes them.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use inia::{Blob, List, Map, Timestamp, Value};

/// A folder of fixtures.
pub struct Fixtures(PathBuf);

impl Fixtures {
    /// The folder; `None`, and a word about it, where there is none.
    pub fn find() -> Option<Fixtures> {
        let folder = std::env::var_os("INIA_FIXTURES").map_or_else(
            || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench/fixtures"),
            PathBuf::from,
        );
        if folder.join("cases.json").is_file() {
            return Some(Fixtures(folder));
        }
        eprintln!(
            "{} has no fixtures, so the paths that need them are left out: `cargo xtask bench fixtures` writes them",
            folder.display()
        );
        None
    }

    /// The parameters of a case.
    pub fn params(&self, case: &str) -> Value {
        untag(&self.json(&format!("{case}.params.json")))
    }

    /// The body of a case's answer.
    pub fn body(&self, case: &str) -> Vec<u8> {
        let answer = self.json(&format!("{case}.response.json"));
        self.read(answer["body"].as_str().expect("the name of a file"))
    }

    fn json(&self, file: &str) -> Value {
        serde_json::from_slice(&self.read(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
    }

    fn read(&self, file: &str) -> Vec<u8> {
        let path = self.0.join(file);
        std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }
}

/// A value with what JSON cannot say put in the place of its tags.
fn untag(value: &Value) -> Value {
    match value {
        Value::List(list) => list.iter().map(untag).collect::<List>().into(),
        Value::Map(map) => {
            if let (1, Some(text)) = (map.len(), map.get("$base64").and_then(Value::as_str)) {
                return Value::Blob(Blob::from(STANDARD.decode(text).expect("base64")));
            }
            if let (1, Some(seconds)) = (map.len(), map.get("$epoch").and_then(Value::as_f64)) {
                return Value::Timestamp(Timestamp::from_f64(seconds).expect("a moment"));
            }
            let entries = map.iter().map(|(name, value)| (name.clone(), untag(value)));
            entries.collect::<Map>().into()
        }
        other => other.clone(),
    }
}
