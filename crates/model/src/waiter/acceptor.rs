//! [`Acceptor`]: what an answer says of a wait.

use std::fmt;

use inia_core::{Result, ServiceError, Str, Value};

use crate::jmespath::{self, Expression};
use crate::node::Node;

/// One rule of a waiter: an answer that it matches puts the wait into its state.
#[derive(Clone, Debug, PartialEq)]
pub struct Acceptor {
    /// What a match means.
    pub state: AcceptorState,
    /// What matches.
    pub matcher: Matcher,
}

/// What an answer means for a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AcceptorState {
    /// It is over, and well.
    Success,
    /// It is over, and what was waited for will not come.
    Failure,
    /// Ask again.
    Retry,
}

/// What an answer is compared with.
#[derive(Clone, Debug, PartialEq)]
pub enum Matcher {
    /// `path`: the expression finds exactly this in the output.
    Path(Expression, Value),
    /// `pathAll`: the expression finds a list of at least one element in the output, and each is this.
    PathAll(Expression, Value),
    /// `pathAny`: the expression finds a list in the output, and one of its elements is this.
    PathAny(Expression, Value),
    /// `status`: the HTTP status is this.
    Status(u16),
    /// `error`: what the service said of an error.
    Error(ErrorMatch),
    /// What the expression finds in the output contains this: as an element of a list, a part of a text, or a key of a map. No
    /// file says this; waits made up on the spot do.
    Contains(Expression, Value),
    /// What the expression finds in the output does not contain this. No file says this; waits made up on the spot do.
    Lacks(Expression, Value),
}

/// What an `error` matcher expects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorMatch {
    /// `true`: any error.
    Any,
    /// `false`: no error.
    None,
    /// The error of this code.
    Code(Str),
}

/// What an operation answered, as far as a waiter looks at it.
#[derive(Clone, Copy, Debug)]
pub enum Answer<'a> {
    /// An output, and the HTTP status it came with.
    Output(&'a Value, u16),
    /// The service's error.
    Error(&'a ServiceError),
}

impl Acceptor {
    pub(super) fn read(node: &Node<'_, '_>) -> Result<Self> {
        let state = node.need("state")?;
        let state = match state.string()?.as_str() {
            "success" => AcceptorState::Success,
            "failure" => AcceptorState::Failure,
            "retry" => AcceptorState::Retry,
            other => return Err(state.error(format_args!("unknown state `{other}`"))),
        };
        let expected = node.need("expected")?;
        let path = || -> Result<_> {
            let expression = node.need("argument")?.expression()?;
            Ok((expression, expected.value().clone()))
        };
        let matcher = node.need("matcher")?;
        let matcher = match matcher.string()?.as_str() {
            "path" => path().map(|(path, value)| Matcher::Path(path, value))?,
            "pathAll" => path().map(|(path, value)| Matcher::PathAll(path, value))?,
            "pathAny" => path().map(|(path, value)| Matcher::PathAny(path, value))?,
            "status" => Matcher::Status(
                u16::try_from(expected.unsigned()?)
                    .map_err(|_| expected.error("this is no HTTP status"))?,
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
    /// Whether an answer is what this waits for.
    ///
    /// Values are compared as JMESPath's `==` does. An error code matches the code on the wire and the name of the modeled error.
    ///
    /// # Errors
    /// `Validation`: as [`Expression::search`].
    ///
    /// # Source
    /// botocore `waiter.py:AcceptorConfig`. DIFFERENCE: botocore compares error codes with the code on the wire only; a
    /// query-compatible service's differs from the modeled name that newer definitions use.
    pub fn matches(&self, answer: Answer<'_>) -> Result<bool> {
        let (output, status) = match answer {
            Answer::Output(output, status) => (output, status),
            Answer::Error(error) => {
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
            Matcher::Lacks(path, expected) => !contains(&*path.search(output)?, expected),
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

/// What a match says, as an error message tells it.
impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Matcher::Path(path, expected) => write!(f, "`{path}` is {}", Shown(expected)),
            Matcher::PathAll(path, expected) => {
                write!(f, "all of `{path}` are {}", Shown(expected))
            }
            Matcher::PathAny(path, expected) => {
                write!(f, "one of `{path}` is {}", Shown(expected))
            }
            Matcher::Contains(path, expected) => {
                write!(f, "`{path}` contains {}", Shown(expected))
            }
            Matcher::Lacks(path, expected) => write!(f, "`{path}` lacks {}", Shown(expected)),
            Matcher::Status(expected) => write!(f, "the HTTP status is {expected}"),
            Matcher::Error(ErrorMatch::Any) => f.write_str("the service answers with an error"),
            Matcher::Error(ErrorMatch::None) => f.write_str("the service answers without error"),
            Matcher::Error(ErrorMatch::Code(code)) => {
                write!(f, "the service answers with the error {code}")
            }
        }
    }
}

/// A value as JSON writes it, as far as it is a plain one.
struct Shown<'a>(&'a Value);

impl fmt::Display for Shown<'_> {
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
        Acceptor::read(&Node::root("f", &json)).unwrap().matcher
    }

    fn on(matcher: &Matcher, output: Value) -> bool {
        matcher.matches(Answer::Output(&output, 200)).unwrap()
    }

    fn on_error(matcher: &Matcher, code: &str, status: u16) -> bool {
        let error = ServiceError {
            code: code.into(),
            http_status: status,
            ..ServiceError::default()
        };
        matcher.matches(Answer::Error(&error)).unwrap()
    }

    #[test]
    fn a_path_must_find_the_value_itself() {
        let path = matcher("path", "Table.Status", json!("ACTIVE"));
        assert!(on(&path, json!({"Table": {"Status": "ACTIVE"}})));
        assert!(!on(&path, json!({"Table": {"Status": "CREATING"}})));
        assert!(!on(&path, json!({})));
        let flag = matcher("path", "length(Tables) > `0`", json!(true));
        assert!(on(&flag, json!({"Tables": [1]})));
        assert!(!on(&flag, json!({"Tables": []})));
        let count = matcher("path", "Count", json!(1));
        assert!(on(&count, json!({"Count": 1.0})));
        assert!(!on(&count, json!({"Count": true})));
    }

    #[test]
    fn all_and_any_need_a_list_with_elements() {
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
            assert_eq!(on(&all, tables(states)), every, "{states:?}");
            assert_eq!(on(&any, tables(states)), one, "{states:?}");
        }
        for other in [
            json!({"Other": []}),
            json!({"Tables": [{"NotState": "GOOD"}]}),
        ] {
            assert!(!on(&all, other.clone()) && !on(&any, other));
        }
        assert!(!on(
            &matcher("pathAll", "State", json!("GOOD")),
            json!({"State": "GOOD"})
        ));
    }

    #[test]
    fn paths_match_no_error_answers() {
        for name in ["path", "pathAll", "pathAny"] {
            let matcher = matcher(name, "length(Tables) > `0`", json!(true));
            assert!(!on_error(&matcher, "DoesNotExist", 400));
        }
    }

    #[test]
    fn statuses_and_errors() {
        let ok = matcher("status", "", json!(200));
        let missing = matcher("status", "", json!(404));
        assert!(on(&ok, json!({})));
        assert!(!on_error(&ok, "Gone", 404));
        assert!(on_error(&missing, "Gone", 404));
        let gone = matcher("error", "", json!("Gone"));
        assert!(on_error(&gone, "Gone", 400));
        assert!(!on_error(&gone, "Gome", 400));
        assert!(!on(&gone, json!({})));
        let any = matcher("error", "", json!(true));
        assert!(on_error(&any, "Whatever", 500));
        assert!(!on(&any, json!({})));
        let none = matcher("error", "", json!(false));
        assert!(!on_error(&none, "Whatever", 500));
        assert!(on(&none, json!({})));
    }

    #[test]
    fn a_modeled_errors_name_matches_as_its_code_does() {
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
            assert!(matcher.matches(Answer::Error(&error)).unwrap());
        }
    }

    #[test]
    fn containing_and_lacking() {
        let path = || Expression::compile("A").unwrap();
        let contains = Matcher::Contains(path(), json!("x"));
        let lacks = Matcher::Lacks(path(), json!("x"));
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
            assert_eq!(on(&contains, output.clone()), expected, "{output:?}");
            assert_eq!(on(&lacks, output.clone()), !expected, "{output:?}");
        }
        let moments = Matcher::Contains(path(), json!("2026-04-24T03:06:40Z"));
        let output = json!({"A": [Timestamp::new(1_777_000_000, 0)]});
        assert!(on(&moments, output));
    }

    #[test]
    fn a_search_that_fails_is_an_error() {
        let matcher = matcher("path", "length(A)", json!(1));
        let error = matcher
            .matches(Answer::Output(&json!({}), 200))
            .unwrap_err();
        assert!(error.to_string().contains("length"), "{error}");
    }

    #[test]
    fn matchers_tell_what_they_match() {
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
                "the service answers with the error E",
            ),
        ] {
            assert_eq!(matcher.to_string(), text);
        }
    }
}
