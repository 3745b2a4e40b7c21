//! The JSON torture set: files that a reader of JSON must take (`y_`), must refuse (`n_`), or may treat either way (`i_`), and must
//! survive in any case. <https://github.com/nst/JSONTestSuite>

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a case that panics is a case that fails, with the place"
)]

use std::process::ExitCode;

use inia_core::Value;
use inia_protocol::read_json;

mod support;
use support::Case;

fn main() -> ExitCode {
    let Some(folder) = support::conformance_dir("json-parsing") else {
        return support::run("json-torture", vec![Case::absent("the JSON torture set")]);
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
        _ => Err("the name says nothing".into()),
    }
}

/// What must be taken must be taken as what it says: as another reader has it.
fn check_value(text: &[u8], value: &Value) -> Result<(), String> {
    let expected: Value = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    // Numbers by what they are: the other reader makes a float of minus zero.
    let is_number = value[0].as_f64().is_some();
    if *value == expected || is_number && value[0].as_f64() == expected[0].as_f64() {
        Ok(())
    } else {
        Err(format!("{value:?}, expected {expected:?}"))
    }
}
