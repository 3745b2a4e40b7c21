//! The JMESPath compliance suite: <https://github.com/jmespath/jmespath.test>.

use std::path::Path;
use std::process::ExitCode;

use inia_core::Value;
use inia_model::jmespath::Expression;
use serde::Deserialize;

mod support;
use support::Case;

#[derive(Deserialize)]
struct Group {
    given: Value,
    cases: Vec<Given>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    expression: String,
    #[serde(default, deserialize_with = "present")]
    result: Option<Value>,
    error: Option<String>,
    /// A case to be timed: that it works is all that counts here.
    bench: Option<String>,
    #[serde(rename = "comment")]
    _comment: Option<String>,
}

/// A member that is there, be it null.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

fn main() -> ExitCode {
    let cases = match support::conformance_dir("jmespath") {
        Some(dir) => cases(&dir),
        None => vec![Case::absent("the JMESPath compliance suite")],
    };
    support::run("jmespath", cases)
}

fn cases(dir: &Path) -> Vec<Case> {
    let mut files: Vec<_> = std::fs::read_dir(dir)
        .expect("the folder can be read")
        .map(|entry| entry.expect("the folder can be read").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .collect();
    files.sort();
    let mut cases = Vec::new();
    for file in files {
        let name = file
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let text = std::fs::read_to_string(&file).expect("the file can be read");
        let groups: Vec<Group> = serde_json::from_str(&text)
            .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        for (group, Group { given, cases: list }) in groups.into_iter().enumerate() {
            for (index, case) in list.into_iter().enumerate() {
                let given = given.clone();
                cases.push(Case::new(format!("{name}-{group}-{index}"), move || {
                    check(&given, &case)
                }));
            }
        }
    }
    cases
}

fn check(given: &Value, case: &Given) -> Result<(), String> {
    let Given {
        expression,
        result,
        error,
        bench,
        ..
    } = case;
    let compiled = Expression::compile(expression);
    let found = compiled
        .as_ref()
        .map_err(ToString::to_string)
        .and_then(|compiled| compiled.search(given).map_err(|error| error.to_string()));
    match (result, error.as_deref(), bench, found) {
        (Some(wanted), None, None, Ok(found)) if same(wanted, &found) => Ok(()),
        (Some(wanted), None, None, found) => {
            Err(format!("`{expression}` gives {found:?}, not {wanted:?}"))
        }
        (None, None, Some(_), found) => found.map(drop),
        // What can be told from the text alone is told when the expression is compiled.
        (None, Some("syntax"), None, Err(_)) if compiled.is_ok() => {
            Err(format!("`{expression}` compiles"))
        }
        (
            None,
            Some(
                "syntax" | "invalid-arity" | "unknown-function" | "invalid-value" | "invalid-type",
            ),
            None,
            Err(_),
        ) => Ok(()),
        (None, Some(error), None, Ok(found)) => Err(format!(
            "`{expression}` gives {found:?}, not the error {error}"
        )),
        _ => Err(format!(
            "a case the suite's format does not allow: `{expression}`"
        )),
    }
}

/// Whether two results are equal as JSON: lists in order, maps in any, numbers by their value.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::List(ones), Value::List(others)) => {
            ones.len() == others.len()
                && ones.iter().zip(others).all(|(one, other)| same(one, other))
        }
        (Value::Map(ones), Value::Map(others)) => {
            ones.len() == others.len()
                && ones
                    .iter()
                    .all(|(key, one)| others.get(key).is_some_and(|other| same(one, other)))
        }
        (Value::Int(_) | Value::Float(_), Value::Int(_) | Value::Float(_)) => {
            one.as_f64() == other.as_f64()
        }
        _ => one == other,
    }
}
