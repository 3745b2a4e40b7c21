//! Loads the protocol suites as cases.
//!
//! ```text
//! [ { "description", "metadata", "shapes", "clientEndpoint",
//!     "cases": [ { "id", "given": operation, "params", "serialized": request }        in an input file
//!                { "id", "given": operation, "response", "result" or "error" } ] } ]   in an output file
//! ```

use std::path::{Path, PathBuf};
use std::sync::Arc;

use inia_core::Value;
use inia_model::ServiceModel;
use inia_protocol::{Codec, Protocol};
use serde_json::{Value as Json, json};

use super::{input, output};
use crate::support::Case;

/// Result of a check.
pub type CheckResult = Result<(), String>;

/// Returns the cases of all files below a folder.
pub fn cases(root: &Path) -> Vec<Case> {
    let mut cases = Vec::new();
    for (folder, check) in [
        ("input", input::check as fn(&CaseSetup) -> CheckResult),
        ("output", output::check),
        ("legacy/input", input::check),
        ("legacy/output", output::check),
    ] {
        for file in files(&root.join(folder)) {
            let name = file
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let text = std::fs::read(&file).unwrap();
            let suites: Vec<Json> = serde_json::from_slice(&text).unwrap();
            // Parsed again to keep the order of parameters, which is that of query strings.
            let ordered: Value = serde_json::from_slice(&text).unwrap();
            for (suite_index, suite) in suites.iter().enumerate() {
                let suite = Arc::new(suite.clone());
                for (case_index, case) in suite["cases"].as_array().unwrap().iter().enumerate() {
                    let id = match case["id"].as_str() {
                        Some(id) => format!("{folder}/{name}/{id}"),
                        None => format!("{folder}/{name}/{suite_index}:{case_index}"),
                    };
                    let (suite, case) = (Arc::clone(&suite), case.clone());
                    let params = ordered[suite_index]["cases"][case_index]["params"].clone();
                    cases.push(Case::new(id, move || {
                        check(&CaseSetup::new(&suite, case, params))
                    }));
                }
            }
        }
    }
    cases
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .collect();
    files.sort();
    files
}

/// A case with its service.
pub struct CaseSetup {
    /// The case as in the file.
    pub case: Json,
    /// Its parameters, in order.
    pub params: Value,
    /// The client's endpoint.
    pub endpoint: String,
    /// The wire format.
    pub protocol: Protocol,
    /// A service with the operation of the case.
    pub model: Arc<ServiceModel>,
    /// The codec under test.
    pub codec: Codec,
}

impl CaseSetup {
    fn new(suite: &Json, case: Json, params: Value) -> CaseSetup {
        let name = operation_name(&case);
        let mut definition = json!({
            "metadata": suite["metadata"],
            "shapes": suite["shapes"],
            "operations": {name.clone(): case["given"]},
        });
        if definition["metadata"]["endpointPrefix"].is_null() {
            definition["metadata"]["endpointPrefix"] = json!("test");
        }
        // Query responses wrap the members in an element named after the operation, which the cases omit.
        let output = &mut definition["operations"][&name]["output"];
        if suite["metadata"]["protocol"] == "query"
            && suite["shapes"][output["shape"].as_str().unwrap_or_default()]["members"]
                .as_object()
                .is_some_and(|members| !members.is_empty())
        {
            output["resultWrapper"] = json!(format!("{name}Result"));
        }
        let output = output.clone();
        if output.is_null()
            && let Some(operation) = definition["operations"][&name].as_object_mut()
        {
            operation.remove("output");
        }
        // Some older cases have the payload trait on the reference to the input instead of its shape.
        let input = definition["operations"][&name]["input"].clone();
        if let (Some(shape), Some(payload)) = (input["shape"].as_str(), input["payload"].as_str()) {
            definition["shapes"][shape]["payload"] = json!(payload);
        }
        let model = ServiceModel::from_json("test", definition.to_string().as_bytes())
            .unwrap_or_else(|error| panic!("{error:#}"));
        let protocol = Protocol::of(model.metadata()).unwrap_or_else(|error| panic!("{error:#}"));
        let model = Arc::new(model);
        CaseSetup {
            case,
            params,
            endpoint: suite["clientEndpoint"]
                .as_str()
                .unwrap_or("https://example.com")
                .to_owned(),
            protocol,
            codec: protocol.codec(Arc::clone(&model)),
            model,
        }
    }

    /// Returns the operation of the case.
    pub fn operation(&self) -> &inia_model::Operation {
        self.model
            .operation(&operation_name(&self.case))
            .unwrap_or_else(|error| panic!("{error:#}"))
    }
}

fn operation_name(case: &Json) -> String {
    case["given"]["name"]
        .as_str()
        .unwrap_or("OperationName")
        .to_owned()
}
