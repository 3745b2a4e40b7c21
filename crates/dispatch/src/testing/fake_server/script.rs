//! Rules from a script: a JSON object a line.

use std::time::Duration;

use inia_core::{Error, ErrorKind, Result, Value};

use super::super::stub_client::StubSession;

/// Members of a line.
const MEMBERS: [&str; 8] = [
    "service",
    "operation",
    "with",
    "returns",
    "fails",
    "delay_ms",
    "times",
    "optional",
];

/// Adds the rules of a script.
///
/// # Errors
/// `Config`: a line is wrong; the message has its number.
pub(super) fn add_rules(stubs: &StubSession, script: &str) -> Result<()> {
    for (number, line) in script.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        add_rule(stubs, line).map_err(|error| error.at(format_args!("line {}", number + 1)))?;
    }
    // A mistake in a rule is found when it is added.
    stubs.check_rules()
}

/// Returns a member; null if it is absent.
fn member<'v>(value: &'v Value, name: &str) -> &'v Value {
    static ABSENT: Value = Value::Null;
    value.get(name).unwrap_or(&ABSENT)
}

fn add_rule(stubs: &StubSession, line: &str) -> Result<()> {
    let json: serde_json::Value = serde_json::from_str(line)
        .map_err(|error| Error::new(ErrorKind::Config, "not JSON").with_source(error))?;
    let value = Value::from(json);
    if let Some((name, _)) = value
        .entries()
        .find(|(name, _)| !MEMBERS.contains(&name.as_str()))
    {
        let message = format!("unknown member {name:?}; known: {}", MEMBERS.join(", "));
        return Err(Error::new(ErrorKind::Config, message));
    }
    let text = |name: &str| {
        member(&value, name)
            .as_str()
            .ok_or_else(|| Error::new(ErrorKind::Config, format!("{name} is not a string")))
    };
    let count = |name: &str| match member(&value, name) {
        Value::Null => Ok(None),
        number => number.as_u64().map(Some).ok_or_else(|| {
            Error::new(
                ErrorKind::Config,
                format!("{name} is not a positive integer"),
            )
        }),
    };
    let mut rule = stubs.service(text("service")?)?.on(text("operation")?);
    if !member(&value, "with").is_null() {
        rule = rule.with(member(&value, "with").clone());
    }
    if !member(&value, "returns").is_null() {
        rule = rule.returns(member(&value, "returns").clone());
    }
    let fails = member(&value, "fails");
    if !fails.is_null() {
        let code = member(fails, "code")
            .as_str()
            .ok_or_else(|| Error::new(ErrorKind::Config, "fails.code is not a string"))?;
        let message = member(fails, "message").as_str().unwrap_or_default();
        rule = rule.fails_with_details(code, message, member(fails, "details").clone());
    }
    if let Some(milliseconds) = count("delay_ms")? {
        rule = rule.delay(Duration::from_millis(milliseconds));
    }
    if let Some(times) = count("times")? {
        rule = rule.times(usize::try_from(times).unwrap_or(usize::MAX));
    }
    if member(&value, "optional").as_bool() == Some(true) {
        rule = rule.optional();
    }
    drop(rule);
    Ok(())
}
