//! [`Fixtures`]: parameters and canned responses, the same for all peers.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use serde_json::Value;

/// A folder of fixtures, written by `fixtures.py`.
#[derive(Clone, Debug)]
pub struct Fixtures(PathBuf);

/// A case.
#[derive(Clone, Debug)]
pub struct Case {
    /// Name: service, operation, and variant.
    pub name: String,
    /// botocore's name of the service.
    pub service: String,
    /// The operation.
    pub operation: String,
    /// Client options under botocore's names.
    pub client: Value,
}

/// A canned response.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The headers, in order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
}

impl Fixtures {
    /// Opens a folder of fixtures.
    #[must_use]
    pub fn at(folder: &Path) -> Fixtures {
        Fixtures(folder.to_path_buf())
    }

    /// Returns all cases.
    #[must_use]
    pub fn cases(&self) -> Vec<Case> {
        let text = |case: &Value, name: &str| {
            let value = case[name].as_str();
            value.unwrap_or_else(|| panic!("cases.json: {name}")).into()
        };
        let cases = self.json("cases.json");
        let cases = cases.as_array().expect("cases.json is a list");
        let read = |case: &Value| Case {
            name: text(case, "name"),
            service: text(case, "service"),
            operation: text(case, "operation"),
            client: case["client"].clone(),
        };
        cases.iter().map(read).collect()
    }

    /// Returns the parameters of a case. Values that JSON cannot represent are tagged: `$base64`, `$epoch` and `$file`.
    #[must_use]
    pub fn params(&self, case: &str) -> Value {
        self.json(&format!("{case}.params.json"))
    }

    /// Returns the expected output of a case, tagged like parameters; `None` if the response is streamed.
    #[must_use]
    pub fn expected(&self, case: &str) -> Option<Value> {
        let name = format!("{case}.expect.json");
        self.0.join(&name).exists().then(|| self.json(&name))
    }

    /// Returns the canned response of a case in a wire format, by its name in the definitions.
    #[must_use]
    pub fn reply(&self, case: &str, protocol: &str) -> Reply {
        let json = self.json(&format!("{case}.response.json"));
        let reply = json["by_protocol"].get(protocol).unwrap_or(&json);
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let headers = reply["headers"].as_array().expect("headers");
        Reply {
            status: u16::try_from(reply["status"].as_u64().expect("status")).expect("a status"),
            headers: headers
                .iter()
                .map(|pair| (text(&pair[0]), text(&pair[1])))
                .collect(),
            body: reply["body"]
                .as_str()
                .map_or_else(Bytes::new, |file| self.bytes(file)),
        }
    }

    /// Returns the contents of a file.
    #[must_use]
    pub fn bytes(&self, name: &str) -> Bytes {
        let path = self.0.join(name);
        match std::fs::read(&path) {
            Ok(bytes) => bytes.into(),
            Err(error) => panic!(
                "{}: {error}; run `cargo xtask bench fixtures`",
                path.display()
            ),
        }
    }

    fn json(&self, name: &str) -> Value {
        serde_json::from_slice(&self.bytes(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }
}
