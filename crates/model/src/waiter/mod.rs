//! Waiters: which operation to ask, how often, and what its answers say.
//!
//! ```text
//! {"version": 2, "waiters": {
//!     "InstanceRunning": {
//!         "operation": "DescribeInstances", "delay": 15, "maxAttempts": 40,
//!         "acceptors": [                                                        the first one that matches an answer decides
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

pub use acceptor::{Acceptor, AcceptorState, Answer, ErrorMatch, Matcher};

use std::time::Duration;

use inia_core::{Error, ErrorKind, Result, Str, Value};

use crate::catalog::{Catalog, Definition};
use crate::names::is_snake_case_of;
use crate::node::Node;
use crate::{ServiceModel, did_you_mean};

/// The version of the format that is understood.
const VERSION: i64 = 2;

/// What one waiter waits for.
///
/// ```
/// use std::time::Duration;
///
/// use inia_core::json;
/// use inia_model::Waiters;
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
    /// Its name, such as `InstanceRunning`.
    pub name: Str,
    /// The operation to ask.
    pub operation: Str,
    /// The time between an answer and the next question.
    pub delay: Duration,
    /// How often to ask in all.
    pub max_attempts: u32,
    /// What the answers say; the first that matches decides.
    pub acceptors: Box<[Acceptor]>,
}

impl WaiterModel {
    fn read(name: &Str, node: &Node<'_, '_>) -> Result<Self> {
        let delay = node.need("delay")?.unsigned()?;
        let acceptors = node.need("acceptors")?;
        Ok(WaiterModel {
            name: name.clone(),
            operation: node.need("operation")?.string()?.clone(),
            delay: Duration::from_secs(u64::from(delay)),
            max_attempts: node.need("maxAttempts")?.unsigned()?,
            acceptors: acceptors
                .items()?
                .map(|acceptor| Acceptor::read(&acceptor))
                .collect::<Result<_>>()?,
        })
    }
}

/// The waiters that are shipped with a service: a `waiters-2` file.
///
/// Each is read when it is asked for, so that a broken one hurts no other.
#[derive(Clone, Debug)]
pub struct Waiters {
    place: String,
    definition: Value,
}

impl Waiters {
    /// The waiters of a service, in the API version of its model; `None` where it has no such file.
    ///
    /// # Errors
    /// `Model`: the file cannot be read or is no waiters file.
    pub fn load(catalog: &Catalog, model: &ServiceModel) -> Result<Option<Self>> {
        let version = &model.metadata().api_version;
        let found = catalog.definition(model.name(), Some(version), "waiters-2")?;
        found.as_ref().map(Self::from_definition).transpose()
    }

    /// Reads a file.
    ///
    /// # Errors
    /// `Model`: it is no JSON object, of another version, or without an object `waiters`.
    pub fn from_definition(definition: &Definition) -> Result<Self> {
        Self::from_value(&definition.place, definition.parse()?)
    }

    /// Takes what was read from a file; `place` is the file's name, for messages.
    ///
    /// # Errors
    /// `Model`: it is of another version, or without an object `waiters`.
    pub fn from_value(place: &str, definition: Value) -> Result<Self> {
        let root = Node::root(place, &definition);
        root.need("waiters")?.object()?;
        let version = root.need("version")?;
        if version.value().as_i64() != Some(VERSION) {
            return Err(version.error(format_args!(
                "waiters of version {VERSION} are understood, and no others"
            )));
        }
        Ok(Waiters {
            place: place.to_owned(),
            definition,
        })
    }

    /// The waiters' names.
    pub fn names(&self) -> impl Iterator<Item = &Str> {
        self.definition
            .get("waiters")
            .and_then(Value::as_map)
            .into_iter()
            .flat_map(|map| map.keys())
    }

    /// The waiter of a name, spelt as the definition does or in snake case.
    ///
    /// # Errors
    /// `Model`: there is none, and the message offers the nearest names; or it is broken, and the message has the file and the
    /// place in it.
    pub fn waiter(&self, name: &str) -> Result<WaiterModel> {
        let root = Node::root(&self.place, &self.definition);
        let all = root.need("waiters")?;
        let snake = name.replace('-', "_");
        let found = self
            .names()
            .find(|known| **known == *name)
            .or_else(|| self.names().find(|known| is_snake_case_of(&snake, known)));
        match found {
            Some(known) => WaiterModel::read(known, &all.need(known)?),
            None => {
                let hint = did_you_mean(name, self.names().map(Str::as_str));
                let place = &self.place;
                Err(Error::new(
                    ErrorKind::Model,
                    format!("{place}: no waiter {name:?}{hint}"),
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
    fn names_are_found_however_they_are_spelt() {
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
    fn what_is_broken_says_where_and_hurts_no_other() {
        for (name, bad, message) in [
            (
                "operation",
                json!(null),
                "f.json: waiters.ThingReady: there is no `operation`",
            ),
            (
                "delay",
                json!("5"),
                "waiters.ThingReady.delay: expected a whole number",
            ),
            (
                "delay",
                json!(-5),
                "waiters.ThingReady.delay: expected a whole number",
            ),
            (
                "maxAttempts",
                json!(1.5),
                "waiters.ThingReady.maxAttempts: expected a whole",
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
                "waiters.ThingReady.acceptors[0]: there is no `expected`",
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
    fn other_versions_are_refused() {
        for (broken, message) in [
            (
                json!({"version": 1, "waiters": {}}),
                "f.json: version: waiters of version 2",
            ),
            (json!({"waiters": {}}), "f.json: there is no `version`"),
            (json!({"version": 2}), "f.json: there is no `waiters`"),
        ] {
            let error = Waiters::from_value("f.json", broken).unwrap_err();
            assert!(error.to_string().starts_with(message), "{error}");
        }
    }
}
