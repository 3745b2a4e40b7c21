//! Waiters from the `waitable` traits of the operations.
//!
//! # Source
//! <https://smithy.io/2.0/additional-specs/waiters.html>.

use inia_core::{List, Map, Value};

use super::ast::{Ast, name_of};
use super::closure::Closure;
use super::traits::Trait;

/// Delays of a waiter that states none, in seconds.
const MIN_DELAY: i64 = 2;
const MAX_DELAY: i64 = 120;
/// Maximum number of calls. The trait has none: an SDK asks its caller for a maximum time. Most of AWS's waiters have 40 attempts.
const MAX_ATTEMPTS: i64 = 40;

/// Returns a `waiters-2` value; `None` if the service has no waiters.
pub(super) fn waiters(ast: &Ast<'_>, closure: &Closure) -> Option<Value> {
    let mut waiters = Map::new();
    for &operation in &closure.operations {
        let traits = &ast.shape(operation).traits;
        let Some(Value::Map(waitable)) = traits.get(Trait::Waitable) else {
            continue;
        };
        for (name, waiter) in waitable {
            waiters.insert(name.clone(), convert(name_of(ast.id(operation)), waiter));
        }
    }
    if waiters.is_empty() {
        return None;
    }
    let mut root = Map::new();
    root.insert("version", 2);
    root.insert("waiters", Value::Map(waiters));
    Some(Value::Map(root))
}

fn convert(operation: &str, waiter: &Value) -> Value {
    let seconds = |name, default| waiter.get(name).cloned().unwrap_or(Value::Int(default));
    let acceptors = waiter.get("acceptors").map(Value::items);
    let acceptors = acceptors.into_iter().flatten().map(acceptor);
    let mut converted = Map::new();
    converted.insert("operation", operation);
    converted.insert("delay", seconds("minDelay", MIN_DELAY));
    converted.insert("maxDelay", seconds("maxDelay", MAX_DELAY));
    converted.insert("maxAttempts", MAX_ATTEMPTS);
    converted.insert("acceptors", acceptors.collect::<List>());
    Value::Map(converted)
}

/// Converts an acceptor. An unknown matcher keeps its name, so that its waiter is rejected when it is used.
fn acceptor(acceptor: &Value) -> Value {
    let mut converted = Map::new();
    if let Some(state) = acceptor.get("state") {
        converted.insert("state", state.clone());
    }
    let matcher = acceptor.get("matcher").and_then(Value::as_map);
    let Some((kind, value)) = matcher.and_then(|matcher| matcher.iter().next()) else {
        return Value::Map(converted);
    };
    match (kind.as_str(), value) {
        ("success", Value::Bool(success)) => {
            converted.insert("matcher", "error");
            converted.insert("expected", !success);
        }
        ("errorType", Value::String(error)) => {
            converted.insert("matcher", "error");
            converted.insert("expected", name_of(error));
        }
        ("output", path) => path_matcher(path, &mut converted),
        (other, _) => {
            converted.insert("matcher", other);
            converted.insert("expected", Value::Null);
        }
    }
    Value::Map(converted)
}

fn path_matcher(path: &Value, converted: &mut Map) {
    let comparator = path.get("comparator").and_then(Value::as_str);
    let expected = path.get("expected").cloned().unwrap_or_default();
    let (matcher, expected) = match comparator {
        Some("booleanEquals") => ("path", Value::Bool(expected.as_str() == Some("true"))),
        Some("allStringEquals") => ("pathAll", expected),
        Some("anyStringEquals") => ("pathAny", expected),
        Some("stringEquals") => ("path", expected),
        other => (other.unwrap_or("output"), expected),
    };
    converted.insert("matcher", matcher);
    converted.insert("argument", path.get("path").cloned().unwrap_or_default());
    converted.insert("expected", expected);
}
