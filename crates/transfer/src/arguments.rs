//! [`ExtraArgs`]: distributes the extra arguments of a transfer to its operations.

use inia_core::{Error, ErrorKind, Map, Problem, Result, Str, Value};
use inia_dispatch::Client;
use inia_model::{did_you_mean, snake_case};

/// Members that a transfer sets itself.
const RESERVED: [&str; 19] = [
    "Body",
    "Bucket",
    "ContentLength",
    "ContentMD5",
    "ContinuationToken",
    "CopySource",
    "CopySourceRange",
    "Delete",
    "Delimiter",
    "IfMatchInitiatedTime",
    "Key",
    "MaxParts",
    "MultipartUpload",
    "PartNumber",
    "PartNumberMarker",
    "Prefix",
    "Range",
    "UploadId",
    "WriteOffsetBytes",
];

/// Members that an operation has, but that apply to another operation of a transfer.
const NOT_PASSED: [(&str, &[&str]); 2] = [
    // Conditions on a stored object, which is not there until the upload is complete.
    ("AbortMultipartUpload", &["IfMatch", "IfNoneMatch"]),
    // The checksum of the whole object.
    ("UploadPart", &["Checksum"]),
];

/// Extra arguments, named as in the definition.
#[derive(Clone, Debug, Default)]
pub(crate) struct ExtraArgs(Map);

impl ExtraArgs {
    /// Reads the arguments of a transfer that calls these operations. Names may be in snake case.
    ///
    /// # Errors
    /// `Validation`: no operation has an argument of this name, or the transfer sets it itself.
    pub(crate) fn new(client: &Client, operations: &[&str], arguments: Value) -> Result<Self> {
        let Value::Map(arguments) = arguments else {
            return match arguments {
                Value::Null => Ok(ExtraArgs::default()),
                other => Err(Error::new(
                    ErrorKind::Validation,
                    format!(
                        "the extra arguments must be a map, got {}",
                        other.type_name()
                    ),
                )),
            };
        };
        let mut known: Vec<&Str> = Vec::new();
        for operation in operations {
            let operation = client.model().operation(operation)?;
            let input = client.model().input(operation);
            let members = input.iter().flat_map(|input| &input.members);
            known.extend(members.map(|member| &member.name));
        }
        known.retain(|name| !RESERVED.contains(&name.as_str()));
        known.sort();
        known.dedup();
        let mut map = Map::new();
        let mut problems = Vec::new();
        for (name, value) in arguments {
            let found = known
                .iter()
                .find(|known| ***known == name || snake_case(known) == name.as_str());
            match found {
                Some(known) => {
                    map.insert((*known).clone(), value);
                }
                None => problems.push(unknown(&name, &known)),
            }
        }
        if problems.is_empty() {
            return Ok(ExtraArgs(map));
        }
        let operation = operations.first().copied().unwrap_or_default();
        Err(Error::from_problems(operation, problems))
    }

    /// Returns an argument by its name in the definition.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// Returns an argument that is a string.
    pub(crate) fn str(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::as_str)
    }

    /// Sets an argument.
    pub(crate) fn set(&mut self, name: &'static str, value: impl Into<Value>) {
        self.0.insert(name, value);
    }

    /// Removes an argument.
    pub(crate) fn remove(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name)
    }

    /// Returns the arguments that are parameters of an operation.
    pub(crate) fn for_operation(&self, client: &Client, operation: &str) -> Result<Map> {
        let mut params = Map::new();
        if self.0.is_empty() {
            return Ok(params);
        }
        let model = client.model();
        let Some(input) = model.input(model.operation(operation)?) else {
            return Ok(params);
        };
        for (name, value) in &self.0 {
            if input.member(name).is_some() && is_passed(operation, name) {
                params.insert(name.clone(), value.clone());
            }
        }
        Ok(params)
    }
}

fn is_passed(operation: &str, name: &str) -> bool {
    NOT_PASSED
        .iter()
        .filter(|(of, _)| *of == operation)
        .flat_map(|(_, names)| names.iter())
        .all(|excluded| match *excluded {
            "Checksum" => !is_checksum_value(name),
            excluded => excluded != name,
        })
}

/// Returns true for the members that hold a checksum, such as `ChecksumCRC32`.
fn is_checksum_value(name: &str) -> bool {
    name.starts_with("Checksum")
        && !matches!(name, "ChecksumAlgorithm" | "ChecksumMode" | "ChecksumType")
}

fn unknown(name: &str, known: &[&Str]) -> Problem {
    let message = if RESERVED.contains(&name) {
        "is set by the transfer itself".to_owned()
    } else {
        let similar = did_you_mean(name, known.iter().map(|name| name.as_str()));
        format!("unknown argument{similar}")
    };
    Problem {
        path: name.to_owned(),
        message,
    }
}
