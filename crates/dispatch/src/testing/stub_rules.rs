//! [`StubRules`]: the rules of stubbed calls, and the calls that they answered.

use std::fmt::{self, Write as _};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use inia_core::{Error, ErrorKind, Result, Str, Timestamp, Value};

use super::stub_answer::StubAnswer;

/// A test of a call's parameters.
pub(super) type ParamsMatcher = dyn Fn(&Value) -> bool + Send + Sync;

/// The rules and calls of a [`StubSession`](super::StubSession).
#[derive(Debug, Default)]
pub(super) struct StubRules {
    rules: Vec<CallRule>,
    pub(super) calls: Vec<StubCall>,
    /// Mistakes in the rules, which every call and `verify` report.
    mistakes: Vec<String>,
    /// Calls that no rule answers.
    unexpected: Vec<String>,
}

/// A call that a stub received.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct StubCall {
    /// The service's name.
    pub service: Str,
    /// The operation, as the definition spells it.
    pub operation: Str,
    /// The parameters as they were given, names as in the definition. Members that the client fills in, such as idempotency tokens, are
    /// absent.
    pub params: Value,
    /// The streaming body, if the call had one.
    pub body: Option<Bytes>,
}

/// Answers the calls of one operation whose parameters match.
pub(super) struct CallRule {
    pub(super) service: Str,
    pub(super) operation: Str,
    /// Parameters that a call has, besides others.
    pub(super) contains: Option<Value>,
    /// The parameters of a call.
    pub(super) equals: Option<Value>,
    pub(super) matches: Option<Arc<ParamsMatcher>>,
    /// In order; the last one is repeated.
    pub(super) answers: Vec<StubAnswer>,
    pub(super) delay: Duration,
    /// The number of calls, if it is limited.
    pub(super) times: Option<usize>,
    pub(super) is_optional: bool,
    used: usize,
}

impl CallRule {
    pub(super) fn new(service: Str, operation: Str) -> Self {
        CallRule {
            service,
            operation,
            contains: None,
            equals: None,
            matches: None,
            answers: Vec::new(),
            delay: Duration::ZERO,
            times: None,
            is_optional: false,
            used: 0,
        }
    }

    fn accepts(&self, service: &str, operation: &str, params: &Value) -> bool {
        *self.service == *service
            && *self.operation == *operation
            && self.times.is_none_or(|times| self.used < times)
            && self
                .contains
                .as_ref()
                .is_none_or(|part| contains(params, part))
            && self
                .equals
                .as_ref()
                .is_none_or(|all| contains(params, all) && contains(all, params))
            && self.matches.as_ref().is_none_or(|matches| matches(params))
    }

    /// Returns the number of calls that the rule requires.
    fn required(&self) -> usize {
        match self.times {
            _ if self.is_optional => 0,
            Some(times) => times,
            None => self.answers.len().max(1),
        }
    }
}

impl fmt::Debug for CallRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallRule")
            .field("service", &self.service)
            .field("operation", &self.operation)
            .field("answers", &self.answers)
            .finish_non_exhaustive()
    }
}

impl StubRules {
    /// Adds a rule and returns its index.
    pub(super) fn add(&mut self, rule: CallRule) -> usize {
        self.rules.push(rule);
        self.rules.len() - 1
    }

    pub(super) fn rule_mut(&mut self, index: usize) -> Option<&mut CallRule> {
        self.rules.get_mut(index)
    }

    pub(super) fn add_mistake(&mut self, error: &Error) {
        self.mistakes.push(error.message().to_owned());
    }

    /// Returns an error if a rule is wrong.
    ///
    /// # Errors
    /// `Config`: the message lists the mistakes.
    pub(super) fn check(&self) -> Result<()> {
        if self.mistakes.is_empty() {
            return Ok(());
        }
        let message = format!("wrong stub: {}", self.mistakes.join("; "));
        Err(Error::new(ErrorKind::Config, message))
    }

    /// Records a call, and returns its answer and the time until it.
    ///
    /// # Errors
    /// `Config`: a rule is wrong, or none accepts the call.
    pub(super) fn answer(&mut self, call: StubCall) -> Result<(StubAnswer, Duration)> {
        if let Some(answer) = self.answer_or_none(call)? {
            return Ok(answer);
        }
        // The call was recorded last.
        let call = self.calls.last();
        let message = call.map_or_else(String::new, |call| self.describe_unexpected(call));
        self.unexpected.push(message.clone());
        Err(Error::new(ErrorKind::Config, message))
    }

    /// Records a call, and returns its answer and the time until it; `None` if no rule accepts the call.
    ///
    /// # Errors
    /// `Config`: a rule is wrong.
    pub(super) fn answer_or_none(
        &mut self,
        call: StubCall,
    ) -> Result<Option<(StubAnswer, Duration)>> {
        self.check()?;
        let rule = self
            .rules
            .iter_mut()
            .find(|rule| rule.accepts(&call.service, &call.operation, &call.params));
        self.calls.push(call);
        let Some(rule) = rule else {
            return Ok(None);
        };
        let last = rule.answers.len().saturating_sub(1);
        let answer = rule.answers.get(rule.used.min(last)).cloned();
        rule.used += 1;
        let answer = answer.unwrap_or_else(|| StubAnswer::Output(Arc::new(Value::map())));
        Ok(Some((answer, rule.delay)))
    }

    /// Describes a call that no rule accepts, with the rules of its operation.
    fn describe_unexpected(&self, call: &StubCall) -> String {
        let (service, operation) = (&call.service, &call.operation);
        let mut text = format!("unexpected call: {service} {operation} {}", call.params);
        let rules: Vec<&CallRule> = self
            .rules
            .iter()
            .filter(|rule| rule.service == *service && rule.operation == *operation)
            .collect();
        if rules.is_empty() {
            let _ = write!(
                text,
                "; no rule for {operation}: add stub.on({operation:?})"
            );
        }
        for rule in rules {
            text.push_str("; a rule ");
            match (&rule.equals, &rule.contains) {
                (Some(params), _) => {
                    let _ = write!(text, "expects exactly {params}");
                }
                (None, Some(params)) => {
                    let _ = write!(text, "expects {params}");
                }
                (None, None) if rule.matches.is_some() => text.push_str("has a matcher"),
                (None, None) => text.push_str("accepts all parameters"),
            }
            if let Some(times) = rule.times {
                let _ = write!(text, ", {times} times, used {}", rule.used);
            }
        }
        text
    }

    /// Checks that the rules are right, each was used as often as required, and every call was answered.
    pub(super) fn verify(&self) -> Result<()> {
        let mut problems: Vec<String> = self
            .mistakes
            .iter()
            .map(|mistake| format!("wrong stub: {mistake}"))
            .collect();
        problems.extend(self.unexpected.iter().cloned());
        for rule in &self.rules {
            if rule.used < rule.required() {
                problems.push(format!(
                    "{} {}: called {} times instead of {}",
                    rule.service,
                    rule.operation,
                    rule.used,
                    rule.required()
                ));
            }
        }
        if problems.is_empty() {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Config,
            format!("stubs and calls differ:\n  {}", problems.join("\n  ")),
        ))
    }
}

/// Returns true if `part` is part of `whole`: maps may have more entries, and a null entry is an absent one.
fn contains(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::Null, Value::Map(part)) => part.values().all(Value::is_null),
        (Value::Map(whole), Value::Map(part)) => {
            part.iter().all(|(name, part)| match whole.get(name) {
                Some(value) if !value.is_null() => contains(value, part),
                _ => part.is_null(),
            })
        }
        (Value::List(whole), Value::List(part)) => {
            whole.len() == part.len()
                && whole
                    .iter()
                    .zip(part.iter())
                    .all(|(whole, part)| contains(whole, part))
        }
        // A string given for a blob is its UTF-8 bytes.
        (Value::Blob(blob), Value::String(text)) | (Value::String(text), Value::Blob(blob)) => {
            **blob == *text.as_bytes()
        }
        (Value::Timestamp(time), other) | (other, Value::Timestamp(time)) => {
            timestamp_of(other).is_some_and(|other| other == *time)
        }
        (Value::Int(_), Value::Float(_)) | (Value::Float(_), Value::Int(_)) => {
            whole.as_f64() == part.as_f64()
        }
        _ => whole == part,
    }
}

/// Returns a timestamp that is given as such, as seconds since 1970 or as text.
fn timestamp_of(value: &Value) -> Option<Timestamp> {
    match value {
        Value::Timestamp(time) => Some(*time),
        Value::Int(seconds) => Timestamp::try_new(*seconds, 0).ok(),
        Value::Float(seconds) => Timestamp::from_f64(*seconds).ok(),
        Value::String(text) => Timestamp::parse_lenient(text).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use inia_core::json;

    use super::*;

    #[test]
    fn expected_parameters_are_part_of_those_of_the_call() {
        let call =
            json!({"Name": "a", "Tags": [{"Key": "k", "Value": "v"}], "Size": 3, "None": null});
        for (part, is_part) in [
            (json!({}), true),
            (json!({"Name": "a"}), true),
            (json!({"Name": "b"}), false),
            (json!({"Tags": [{"Key": "k"}]}), true),
            (json!({"Tags": []}), false),
            (json!({"Size": 3.0}), true),
            (json!({"Other": null, "None": null}), true),
            (json!({"Name": null}), false),
        ] {
            assert_eq!(contains(&call, &part), is_part, "{part}");
        }
    }
}
