//! Parameters and responses of the comparison with other SDKs: from `INIA_FIXTURES`, by default the folder written by
//! `cargo xtask bench fixtures`.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use inia::{Blob, List, Map, Timestamp, Value};

/// A folder of fixtures.
pub struct Fixtures(PathBuf);

impl Fixtures {
    /// Returns the folder; `None`, with a message, if it does not exist.
    pub fn find() -> Option<Fixtures> {
        let folder = std::env::var_os("INIA_FIXTURES").map_or_else(
            || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench/fixtures"),
            PathBuf::from,
        );
        if folder.join("cases.json").is_file() {
            return Some(Fixtures(folder));
        }
        eprintln!(
            "no fixtures in {}: run `cargo xtask bench fixtures` to measure the paths that need them",
            folder.display()
        );
        None
    }

    /// Returns the parameters of a case.
    pub fn params(&self, case: &str) -> Value {
        untag(&self.json(&format!("{case}.params.json")))
    }

    /// Returns the response body of a case.
    pub fn body(&self, case: &str) -> Vec<u8> {
        let response = self.json(&format!("{case}.response.json"));
        self.read(response["body"].as_str().expect("a file name"))
    }

    fn json(&self, file: &str) -> Value {
        serde_json::from_slice(&self.read(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
    }

    fn read(&self, file: &str) -> Vec<u8> {
        let path = self.0.join(file);
        std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }
}

/// Converts a fixture to a value, replacing tagged objects.
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
