//! The JMESPath compliance suite: <https://github.com/jmespath/jmespath.test>.

use std::path::Path;
use std::process::ExitCode;

use inia_core::Value;
use inia_model::jmespath::Expression;
use serde::Deserialize;

mod support;
use support::Case;

#[derive(Deserialize)]
struct SuiteGroup {
    #[serde(rename = "given")]
    document: Value,
    cases: Vec<SuiteCase>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SuiteCase {
    expression: String,
    #[serde(default, deserialize_with = "present")]
    result: Option<Value>,
    error: Option<String>,
    /// Benchmark cases: only that they evaluate is checked.
    bench: Option<String>,
    #[serde(rename = "comment")]
    _comment: Option<String>,
}

/// Deserializes a present member, including null, as `Some`.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

fn main() -> ExitCode {
    let cases = match support::conformance_dir("jmespath") {
        Some(dir) => cases(&dir),
        None => vec![Case::unavailable("the JMESPath compliance suite")],
    };
    support::run("jmespath", cases)
}

fn cases(dir: &Path) -> Vec<Case> {
    let mut files: Vec<_> = std::fs::read_dir(dir)
        .expect("the folder is readable")
        .map(|entry| entry.expect("the folder is readable").path())
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
        let text = std::fs::read_to_string(&file).expect("the file is readable");
        let groups: Vec<SuiteGroup> = serde_json::from_str(&text)
            .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        for (number, group) in groups.into_iter().enumerate() {
            let SuiteGroup {
                document,
                cases: list,
            } = group;
            for (index, case) in list.into_iter().enumerate() {
                let document = document.clone();
                cases.push(Case::new(format!("{name}-{number}-{index}"), move || {
                    check(&document, &case)
                }));
            }
        }
    }
    cases
}

fn check(document: &Value, case: &SuiteCase) -> Result<(), String> {
    let SuiteCase {
        expression,
        result,
        error,
        bench,
        ..
    } = case;
    let compiled = Expression::compile(expression);
    let actual = compiled
        .as_ref()
        .map_err(ToString::to_string)
        .and_then(|compiled| compiled.search(document).map_err(|error| error.to_string()));
    match (result, error.as_deref(), bench, actual) {
        (Some(expected), None, None, Ok(actual)) if same(expected, &actual) => Ok(()),
        (Some(expected), None, None, actual) => Err(format!(
            "`{expression}` returns {actual:?}, expected {expected:?}"
        )),
        (None, None, Some(_), actual) => actual.map(drop),
        // Syntax errors must be reported at compile time.
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
        (None, Some(error), None, Ok(actual)) => Err(format!(
            "`{expression}` returns {actual:?}, expected the error {error}"
        )),
        _ => Err(format!("invalid case in the suite: `{expression}`")),
    }
}

/// Compares two results as JSON: lists in order, maps in any order, numbers by value.
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
