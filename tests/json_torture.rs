//! The JSON parsing test suite: files that a parser must accept (`y_`), must reject (`n_`), or may treat either way
//! (`i_`), without panicking. <https://github.com/nst/JSONTestSuite>

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a case fails by panicking"
)]

use std::process::ExitCode;

use inia_core::Value;
use inia_protocol::read_json;

mod support;
use support::Case;

fn main() -> ExitCode {
    let Some(folder) = support::conformance_dir("json-parsing") else {
        return support::run(
            "json-torture",
            vec![Case::unavailable("the JSON torture set")],
        );
    };
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .collect();
    files.sort();
    let cases = files
        .into_iter()
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            Case::new(name.clone(), move || {
                check(&name, &std::fs::read(&path).unwrap())
            })
        })
        .collect();
    support::run("json-torture", cases)
}

fn check(name: &str, text: &[u8]) -> Result<(), String> {
    let read = read_json(bytes::Bytes::copy_from_slice(text));
    match (name.get(..2), read) {
        (Some("y_"), Ok(value)) => check_value(text, &value),
        (Some("y_"), Err(error)) => Err(format!("refused: {error:#}")),
        (Some("n_"), Ok(value)) => Err(format!("taken as {value:?}")),
        (Some("n_" | "i_"), _) => Ok(()),
        _ => Err("the file name has no known prefix".into()),
    }
}

/// Compares an accepted value with that of serde_json.
fn check_value(text: &[u8], value: &Value) -> Result<(), String> {
    let expected: Value = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    // Numbers are compared by value: serde_json returns a float for minus zero.
    let is_number = value[0].as_f64().is_some();
    if *value == expected || is_number && value[0].as_f64() == expected[0].as_f64() {
        Ok(())
    } else {
        Err(format!("{value:?}, expected {expected:?}"))
    }
}
