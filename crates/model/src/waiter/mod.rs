//! Waiters: the operation to poll, the interval, and the conditions on its responses.
//!
//! ```text
//! {"version": 2, "waiters": {
//!     "InstanceRunning": {
//!         "operation": "DescribeInstances", "delay": 15, "maxAttempts": 40,
//!         "acceptors": [                                                        the first match decides
//!             {"state": "success", "matcher": "pathAll", "argument": "Reservations[].Instances[].State.Name", "expected": "running"},
//!             {"state": "failure", "matcher": "pathAny", "argument": "...", "expected": "shutting-down"},
//!             {"state": "retry", "matcher": "error", "expected": "InvalidInstanceID.NotFound"}
//!         ]
//!     }
//! }}
//! ```
//!
//! # Source
//! botocore `waiter.py:WaiterModel`, `SingleWaiterConfig`.

mod acceptor;

pub use acceptor::{Acceptor, AcceptorState, ErrorMatch, Matcher, WaiterResponse};

use std::time::Duration;

use inia_core::{Error, ErrorKind, Result, Str, Value};

use crate::catalog::Catalog;
use crate::definition_file::Definition;
use crate::names::is_snake_case_of;
use crate::{ServiceModel, did_you_mean};
use inia_core::definition_node::DefinitionNode;

/// Supported version of the format.
const SUPPORTED_VERSION: i64 = 2;

/// Definition of a waiter.
///
/// ```
/// use std::time::Duration;
///
/// # mod inia { pub use inia_core::*; pub mod model { pub use inia_model::*; } }
/// use inia::json;
/// use inia::model::Waiters;
///
/// let file = Waiters::from_value("dynamodb/waiters-2.json", json!({"version": 2, "waiters": {
///     "TableExists": {"operation": "DescribeTable", "delay": 20, "maxAttempts": 25, "acceptors": [
///         {"state": "success", "matcher": "path", "argument": "Table.TableStatus", "expected": "ACTIVE"}
///     ]}
/// }}))?;
/// let waiter = file.waiter("table_exists")?;
/// assert_eq!(waiter.name, "TableExists");
/// assert_eq!(waiter.delay, Duration::from_secs(20));
/// # Ok::<(), inia_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct WaiterModel {
    /// Name, such as `InstanceRunning`.
    pub name: Str,
    /// Operation to poll.
    pub operation: Str,
    /// Delay between a response and the next call.
    pub delay: Duration,
    /// `maxDelay`: maximum delay, if delays grow exponentially with jitter, as those of Smithy's waiters do.
    pub max_delay: Option<Duration>,
    /// Maximum number of calls.
    pub max_attempts: u32,
    /// Conditions on responses; the first match decides.
    pub acceptors: Box<[Acceptor]>,
}

impl WaiterModel {
    fn parse(name: &Str, node: &DefinitionNode<'_, '_>) -> Result<Self> {
        let seconds = |seconds: u32| Duration::from_secs(u64::from(seconds));
        let max_delay = node.get("maxDelay").map(|delay| delay.unsigned::<u32>());
        let acceptors = node.require("acceptors")?;
        Ok(WaiterModel {
            name: name.clone(),
            operation: node.require("operation")?.string()?.clone(),
            delay: seconds(node.require("delay")?.unsigned::<u32>()?),
            max_delay: max_delay.transpose()?.map(seconds),
            max_attempts: node.require("maxAttempts")?.unsigned()?,
            acceptors: acceptors
                .items()?
                .map(|acceptor| Acceptor::parse(&acceptor))
                .collect::<Result<_>>()?,
        })
    }
}

/// Waiters that are shipped with a service: a `waiters-2` file.
///
/// Each waiter is parsed on use, so that an invalid one does not affect the others.
#[derive(Clone, Debug)]
pub struct Waiters {
    origin: String,
    definition: Value,
}

impl Waiters {
    /// Loads the waiters of a service in the API version of its model; `None` if there is no such file.
    ///
    /// # Errors
    /// `Model`: the file cannot be read or is not a waiters file.
    pub fn load(catalog: &Catalog, model: &ServiceModel) -> Result<Option<Self>> {
        let version = &model.metadata().api_version;
        let found = catalog.definition(model.name(), Some(version), "waiters-2")?;
        found.as_ref().map(Self::from_definition).transpose()
    }

    /// Parses a file.
    ///
    /// # Errors
    /// `Model`: not a JSON object, an unsupported version, or no object `waiters`.
    pub fn from_definition(definition: &Definition) -> Result<Self> {
        Self::from_value(&definition.origin, definition.value()?)
    }

    /// Creates waiters from a parsed file; `origin` is the file name, for error messages.
    ///
    /// # Errors
    /// `Model`: an unsupported version, or no object `waiters`.
    pub fn from_value(origin: &str, definition: Value) -> Result<Self> {
        let root = DefinitionNode::root(origin, &definition);
        root.require("waiters")?.object()?;
        let version = root.require("version")?;
        if version.value().as_i64() != Some(SUPPORTED_VERSION) {
            return Err(version.error(format_args!(
                "unsupported version; only version {SUPPORTED_VERSION} is supported"
            )));
        }
        Ok(Waiters {
            origin: origin.to_owned(),
            definition,
        })
    }

    /// Returns the names of the waiters.
    pub fn names(&self) -> impl Iterator<Item = &Str> {
        self.definition
            .get("waiters")
            .and_then(Value::as_map)
            .into_iter()
            .flat_map(|map| map.keys())
    }

    /// Returns the waiter with a name, spelled as in the definition or in snake case.
    ///
    /// # Errors
    /// `Model`: unknown waiter, with suggestions in the message; or an invalid one, with the file and location in the
    /// message.
    pub fn waiter(&self, name: &str) -> Result<WaiterModel> {
        let root = DefinitionNode::root(&self.origin, &self.definition);
        let all = root.require("waiters")?;
        let snake = name.replace('-', "_");
        let found = self
            .names()
            .find(|candidate| **candidate == *name)
            .or_else(|| {
                self.names()
                    .find(|candidate| is_snake_case_of(&snake, candidate))
            });
        match found {
            Some(waiter) => WaiterModel::parse(waiter, &all.require(waiter)?),
            None => {
                let hint = did_you_mean(name, self.names().map(Str::as_str));
                let origin = &self.origin;
                Err(Error::new(
                    ErrorKind::Model,
                    format!("{origin}: no waiter {name:?}{hint}"),
                ))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use inia_core::json;

    fn good() -> Value {
        json!({"operation": "Describe", "delay": 5, "maxAttempts": 40, "acceptors": [
            {"state": "success", "matcher": "status", "expected": 200}
        ]})
    }

    fn file(waiter: Value) -> Result<Waiters> {
        Waiters::from_value(
            "f.json",
            json!({"version": 2, "waiters": {"ThingReady": waiter, "DBQueueGone": good()}}),
        )
    }

    #[test]
    fn finds_waiters_in_any_spelling() {
        let file = file(good()).unwrap();
        for name in ["ThingReady", "thing_ready", "thing-ready"] {
            assert_eq!(file.waiter(name).unwrap().name, "ThingReady");
        }
        assert_eq!(file.waiter("db_queue_gone").unwrap().name, "DBQueueGone");
        let error = file.waiter("ThingReddy").unwrap_err().to_string();
        assert_eq!(
            error,
            "f.json: no waiter \"ThingReddy\"; did you mean ThingReady?"
        );
    }

    #[test]
    fn rejects_invalid_waiter_with_its_path_only() {
        for (name, bad, message) in [
            (
                "operation",
                json!(null),
                "f.json: waiters.ThingReady: missing `operation`",
            ),
            (
                "delay",
                json!("5"),
                "waiters.ThingReady.delay: expected a non-negative integer",
            ),
            (
                "delay",
                json!(-5),
                "waiters.ThingReady.delay: expected a non-negative integer",
            ),
            (
                "maxAttempts",
                json!(1.5),
                "waiters.ThingReady.maxAttempts: expected a non-negative",
            ),
            (
                "acceptors",
                json!({}),
                "waiters.ThingReady.acceptors: expected an array",
            ),
            (
                "acceptors",
                json!([{"state": "success", "matcher": "pathSome", "expected": 1}]),
                "waiters.ThingReady.acceptors[0].matcher: unknown matcher `pathSome`",
            ),
            (
                "acceptors",
                json!([{"state": "maybe", "matcher": "status", "expected": 1}]),
                "waiters.ThingReady.acceptors[0].state: unknown state `maybe`",
            ),
            (
                "acceptors",
                json!([{"state": "retry", "matcher": "path", "argument": "a[", "expected": 1}]),
                "waiters.ThingReady.acceptors[0].argument: invalid JMESPath",
            ),
            (
                "acceptors",
                json!([{"state": "retry", "matcher": "path", "argument": "a"}]),
                "waiters.ThingReady.acceptors[0]: missing `expected`",
            ),
        ] {
            let mut broken = good();
            broken.as_map_mut().unwrap().insert(name, bad);
            let file = file(broken).unwrap();
            let error = file.waiter("ThingReady").unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
            assert!(file.waiter("DBQueueGone").is_ok());
        }
    }

    #[test]
    fn rejects_other_versions() {
        for (broken, message) in [
            (
                json!({"version": 1, "waiters": {}}),
                "f.json: version: unsupported version",
            ),
            (json!({"waiters": {}}), "f.json: missing `version`"),
            (json!({"version": 2}), "f.json: missing `waiters`"),
        ] {
            let error = Waiters::from_value("f.json", broken).unwrap_err();
            assert!(error.to_string().starts_with(message), "{error}");
        }
    }
}
