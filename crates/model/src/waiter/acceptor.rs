//! [`Acceptor`]: a rule that matches responses while waiting.

use std::fmt;

use inia_core::{Result, ServiceError, Str, Value};

use crate::jmespath::{self, Expression};
use inia_core::definition_node::DefinitionNode;

/// A rule of a waiter: a matching response sets the state of the wait.
#[derive(Clone, Debug, PartialEq)]
pub struct Acceptor {
    /// State after a match.
    pub state: AcceptorState,
    /// Condition.
    pub matcher: Matcher,
}

/// State of a wait after a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AcceptorState {
    /// The wait succeeded.
    Success,
    /// The wait failed.
    Failure,
    /// The operation is called again.
    Retry,
}

/// Condition on a response.
#[derive(Clone, Debug, PartialEq)]
pub enum Matcher {
    /// `path`: the expression result equals the value.
    Path(Expression, Value),
    /// `pathAll`: the expression result is a non-empty list, and each element equals the value.
    PathAll(Expression, Value),
    /// `pathAny`: the expression result is a list, and at least one element equals the value.
    PathAny(Expression, Value),
    /// `status`: the HTTP status equals the value.
    Status(u16),
    /// `error`: condition on the service error.
    Error(ErrorMatch),
    /// The expression result contains the value: as an element of a list, a substring of a string, or a key of a map.
    /// For ad hoc waits only; not available in files.
    Contains(Expression, Value),
    /// The expression result does not contain the value. For ad hoc waits only; not available in files.
    NotContains(Expression, Value),
}

/// Condition on a service error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorMatch {
    /// `true`: any error.
    Any,
    /// `false`: no error.
    None,
    /// An error with this code.
    Code(Str),
}

/// Response of an operation, as far as waiters evaluate it.
#[derive(Clone, Copy, Debug)]
pub enum WaiterResponse<'a> {
    /// Output and HTTP status.
    Output(&'a Value, u16),
    /// Service error.
    Error(&'a ServiceError),
}

impl Acceptor {
    pub(super) fn parse(node: &DefinitionNode<'_, '_>) -> Result<Self> {
        let state = node.require("state")?;
        let state = match state.string()?.as_str() {
            "success" => AcceptorState::Success,
            "failure" => AcceptorState::Failure,
            "retry" => AcceptorState::Retry,
            other => return Err(state.error(format_args!("unknown state `{other}`"))),
        };
        let expected = node.require("expected")?;
        let path = || -> Result<_> {
            let expression = Expression::from_node(&node.require("argument")?)?;
            Ok((expression, expected.value().clone()))
        };
        let matcher = node.require("matcher")?;
        let matcher = match matcher.string()?.as_str() {
            "path" => path().map(|(path, value)| Matcher::Path(path, value))?,
            "pathAll" => path().map(|(path, value)| Matcher::PathAll(path, value))?,
            "pathAny" => path().map(|(path, value)| Matcher::PathAny(path, value))?,
            "status" => Matcher::Status(
                u16::try_from(expected.unsigned::<u32>()?)
                    .map_err(|_| expected.error("not a valid HTTP status"))?,
            ),
            "error" => Matcher::Error(match expected.value() {
                Value::Bool(true) => ErrorMatch::Any,
                Value::Bool(false) => ErrorMatch::None,
                _ => ErrorMatch::Code(expected.string()?.clone()),
            }),
            other => return Err(matcher.error(format_args!("unknown matcher `{other}`"))),
        };
        Ok(Acceptor { state, matcher })
    }
}

impl Matcher {
    /// Returns whether a response matches.
    ///
    /// Values are compared as by JMESPath's `==`. An error code matches the code on the wire or the name of the modeled
    /// error.
    ///
    /// # Errors
    /// `Validation`: as [`Expression::search`].
    ///
    /// # Source
    /// botocore `waiter.py:AcceptorConfig`. DIFFERENCE: botocore compares error codes with the code on the wire only,
    /// which in query-compatible services differs from the modeled name in newer definitions.
    pub fn matches(&self, response: WaiterResponse<'_>) -> Result<bool> {
        let (output, status) = match response {
            WaiterResponse::Output(output, status) => (output, status),
            WaiterResponse::Error(error) => {
                return Ok(match self {
                    Matcher::Status(expected) => error.http_status == *expected,
                    Matcher::Error(ErrorMatch::Any) => true,
                    Matcher::Error(ErrorMatch::Code(code)) => {
                        error.code == *code || error.shape.as_ref() == Some(code)
                    }
                    _ => false,
                });
            }
        };
        Ok(match self {
            Matcher::Path(path, expected) => jmespath::equal(&*path.search(output)?, expected),
            Matcher::PathAll(path, expected) => match &*path.search(output)? {
                Value::List(found) if !found.is_empty() => {
                    found.iter().all(|each| jmespath::equal(each, expected))
                }
                _ => false,
            },
            Matcher::PathAny(path, expected) => match &*path.search(output)? {
                Value::List(found) => found.iter().any(|each| jmespath::equal(each, expected)),
                _ => false,
            },
            Matcher::Contains(path, expected) => contains(&*path.search(output)?, expected),
            Matcher::NotContains(path, expected) => !contains(&*path.search(output)?, expected),
            Matcher::Status(expected) => status == *expected,
            Matcher::Error(expected) => *expected == ErrorMatch::None,
        })
    }
}

fn contains(found: &Value, expected: &Value) -> bool {
    match (found, expected) {
        (Value::List(list), _) => list.iter().any(|each| jmespath::equal(each, expected)),
        (Value::Map(map), Value::String(key)) => map.contains_key(key),
        (Value::String(text), Value::String(part)) => text.contains(part.as_str()),
        _ => false,
    }
}

/// Describes the condition, for error messages.
impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Matcher::Path(path, expected) => write!(f, "`{path}` is {}", DisplayValue(expected)),
            Matcher::PathAll(path, expected) => {
                write!(f, "all of `{path}` are {}", DisplayValue(expected))
            }
            Matcher::PathAny(path, expected) => {
                write!(f, "one of `{path}` is {}", DisplayValue(expected))
            }
            Matcher::Contains(path, expected) => {
                write!(f, "`{path}` contains {}", DisplayValue(expected))
            }
            Matcher::NotContains(path, expected) => {
                write!(f, "`{path}` does not contain {}", DisplayValue(expected))
            }
            Matcher::Status(expected) => write!(f, "the HTTP status is {expected}"),
            Matcher::Error(ErrorMatch::Any) => f.write_str("the service returns an error"),
            Matcher::Error(ErrorMatch::None) => f.write_str("the service returns no error"),
            Matcher::Error(ErrorMatch::Code(code)) => {
                write!(f, "the service returns the error {code}")
            }
        }
    }
}

/// Formats scalar values as JSON.
struct DisplayValue<'a>(&'a Value);

impl fmt::Display for DisplayValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::String(text) => write!(f, "{text:?}"),
            Value::Null => f.write_str("null"),
            Value::Bool(value) => write!(f, "{value}"),
            Value::Int(value) => write!(f, "{value}"),
            Value::Float(value) => write!(f, "{value}"),
            other => write!(f, "{other:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use inia_core::{Timestamp, json};

    fn matcher(matcher: &str, argument: &str, expected: Value) -> Matcher {
        let json = json!({"state": "success", "matcher": matcher, "argument": argument, "expected": expected});
        Acceptor::parse(&DefinitionNode::root("f", &json))
            .unwrap()
            .matcher
    }

    fn matches_output(matcher: &Matcher, output: Value) -> bool {
        matcher
            .matches(WaiterResponse::Output(&output, 200))
            .unwrap()
    }

    fn matches_error(matcher: &Matcher, code: &str, status: u16) -> bool {
        let error = ServiceError {
            code: code.into(),
            http_status: status,
            ..ServiceError::default()
        };
        matcher.matches(WaiterResponse::Error(&error)).unwrap()
    }

    #[test]
    fn path_compares_the_whole_value() {
        let path = matcher("path", "Table.Status", json!("ACTIVE"));
        assert!(matches_output(
            &path,
            json!({"Table": {"Status": "ACTIVE"}})
        ));
        assert!(!matches_output(
            &path,
            json!({"Table": {"Status": "CREATING"}})
        ));
        assert!(!matches_output(&path, json!({})));
        let flag = matcher("path", "length(Tables) > `0`", json!(true));
        assert!(matches_output(&flag, json!({"Tables": [1]})));
        assert!(!matches_output(&flag, json!({"Tables": []})));
        let count = matcher("path", "Count", json!(1));
        assert!(matches_output(&count, json!({"Count": 1.0})));
        assert!(!matches_output(&count, json!({"Count": true})));
    }

    #[test]
    fn path_all_and_path_any_require_a_non_empty_list() {
        let all = matcher("pathAll", "Tables[].State", json!("GOOD"));
        let any = matcher("pathAny", "Tables[].State", json!("GOOD"));
        let tables = |states: &[&str]| {
            let tables: Vec<Value> = states
                .iter()
                .map(|state| json!({"State": *state}))
                .collect();
            json!({"Tables": tables})
        };
        for (states, every, one) in [
            (&["GOOD"][..], true, true),
            (&["GOOD", "GOOD"], true, true),
            (&["GOOD", "BAD"], false, true),
            (&["BAD", "GOOD"], false, true),
            (&["BAD", "BAD"], false, false),
            (&[], false, false),
        ] {
            assert_eq!(matches_output(&all, tables(states)), every, "{states:?}");
            assert_eq!(matches_output(&any, tables(states)), one, "{states:?}");
        }
        for other in [
            json!({"Other": []}),
            json!({"Tables": [{"NotState": "GOOD"}]}),
        ] {
            assert!(!matches_output(&all, other.clone()) && !matches_output(&any, other));
        }
        assert!(!matches_output(
            &matcher("pathAll", "State", json!("GOOD")),
            json!({"State": "GOOD"})
        ));
    }

    #[test]
    fn paths_do_not_match_errors() {
        for name in ["path", "pathAll", "pathAny"] {
            let matcher = matcher(name, "length(Tables) > `0`", json!(true));
            assert!(!matches_error(&matcher, "DoesNotExist", 400));
        }
    }

    #[test]
    fn matches_statuses_and_errors() {
        let ok = matcher("status", "", json!(200));
        let missing = matcher("status", "", json!(404));
        assert!(matches_output(&ok, json!({})));
        assert!(!matches_error(&ok, "Gone", 404));
        assert!(matches_error(&missing, "Gone", 404));
        let gone = matcher("error", "", json!("Gone"));
        assert!(matches_error(&gone, "Gone", 400));
        assert!(!matches_error(&gone, "Gome", 400));
        assert!(!matches_output(&gone, json!({})));
        let any = matcher("error", "", json!(true));
        assert!(matches_error(&any, "Whatever", 500));
        assert!(!matches_output(&any, json!({})));
        let none = matcher("error", "", json!(false));
        assert!(!matches_error(&none, "Whatever", 500));
        assert!(matches_output(&none, json!({})));
    }

    #[test]
    fn matches_error_by_code_or_shape_name() {
        let error = ServiceError {
            code: "AWS.SimpleQueueService.NonExistentQueue".into(),
            shape: Some("QueueDoesNotExist".into()),
            ..ServiceError::default()
        };
        for code in [
            "QueueDoesNotExist",
            "AWS.SimpleQueueService.NonExistentQueue",
        ] {
            let matcher = matcher("error", "", json!(code));
            assert!(matcher.matches(WaiterResponse::Error(&error)).unwrap());
        }
    }

    #[test]
    fn matches_contains_and_not_contains() {
        let path = || Expression::compile("A").unwrap();
        let contains = Matcher::Contains(path(), json!("x"));
        let not_contains = Matcher::NotContains(path(), json!("x"));
        for (output, expected) in [
            (json!({"A": ["w", "x"]}), true),
            (json!({"A": ["w"]}), false),
            (json!({"A": "taxi"}), true),
            (json!({"A": "bus"}), false),
            (json!({"A": {"x": 1}}), true),
            (json!({"A": {"y": "x"}}), false),
            (json!({"A": 5}), false),
            (json!({}), false),
        ] {
            assert_eq!(
                matches_output(&contains, output.clone()),
                expected,
                "{output:?}"
            );
            assert_eq!(
                matches_output(&not_contains, output.clone()),
                !expected,
                "{output:?}"
            );
        }
        let moments = Matcher::Contains(path(), json!("2026-04-24T03:06:40Z"));
        let output = json!({"A": [Timestamp::new(1_777_000_000, 0)]});
        assert!(matches_output(&moments, output));
    }

    #[test]
    fn returns_expression_errors() {
        let matcher = matcher("path", "length(A)", json!(1));
        let error = matcher
            .matches(WaiterResponse::Output(&json!({}), 200))
            .unwrap_err();
        assert!(error.to_string().contains("length"), "{error}");
    }

    #[test]
    fn displays_matchers() {
        for (matcher, text) in [
            (matcher("path", "A.B", json!("x")), r#"`A.B` is "x""#),
            (
                matcher("pathAll", "A[]", json!(true)),
                "all of `A[]` are true",
            ),
            (matcher("pathAny", "A[]", json!(1)), "one of `A[]` is 1"),
            (matcher("status", "", json!(404)), "the HTTP status is 404"),
            (
                matcher("error", "", json!("E")),
                "the service returns the error E",
            ),
        ] {
            assert_eq!(matcher.to_string(), text);
        }
    }
}
