//! Skeletons and descriptions of definitions that a user drops in, however deep or large.

#![expect(clippy::unwrap_used, reason = "a failed setup fails the test")]

mod support;

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use support::{CommandResult, fresh_home, inia, run_command};

/// Writes the definition of the service `odd`, whose operation `Get` has the shape `S0` as input and output.
fn define(test: &str, shapes: &str) {
    let folder = fresh_home(test).join(".aws/models/odd/2020-01-01");
    std::fs::create_dir_all(&folder).unwrap();
    let definition = format!(
        r#"{{"metadata": {{"protocol": "json", "endpointPrefix": "odd", "apiVersion": "2020-01-01", "signatureVersion": "v4", "jsonVersion": "1.0", "targetPrefix": "O"}},
            "operations": {{"Get": {{"name": "Get", "http": {{"method": "POST", "requestUri": "/"}}, "input": {{"shape": "S0"}}, "output": {{"shape": "S0"}}}}}},
            "shapes": {{{shapes}}}}}"#
    );
    std::fs::write(folder.join("service-2.json"), definition).unwrap();
}

fn run(test: &str, arguments: &[&str]) -> CommandResult {
    let started = Instant::now();
    let result = run_command(inia(test).args(arguments));
    assert!(started.elapsed() < Duration::from_secs(60), "{arguments:?}");
    result
}

/// Prints the help and the skeleton of the operation; returns the skeleton.
fn describe(test: &str) -> CommandResult {
    let help = run(test, &["odd", "get", "help"]);
    assert_eq!(help.status, 0, "{:.500}", help.stderr);
    assert!(help.stdout.len() < 50_000_000);
    let input = run(test, &["odd", "get", "--generate-cli-skeleton"]);
    assert_eq!(input.status, 0, "{:.500}", input.stderr);
    input
}

#[test]
fn a_shape_of_200000_levels_has_a_skeleton_of_64() {
    let mut shapes = String::new();
    for level in 0..200_000 {
        let _ = write!(
            shapes,
            r#""S{level}": {{"type": "structure", "members": {{"M": {{"shape": "S{}"}}}}}}, "#,
            level + 1
        );
    }
    define("deep", &(shapes + r#""S200000": {"type": "string"}"#));
    let skeleton = describe("deep");
    assert_eq!(skeleton.stdout.matches("\"M\"").count(), 64);
    assert_eq!(
        skeleton.stderr,
        "note: the skeleton of Get is incomplete: empty structures and lists stand for shapes below 64 levels and beyond 200000 values\n"
    );
}

#[test]
fn a_shape_that_doubles_40_times_has_a_bounded_skeleton() {
    let mut shapes = String::new();
    for level in 0..40 {
        let next = level + 1;
        let _ = write!(
            shapes,
            r#""S{level}": {{"type": "structure", "members": {{"A": {{"shape": "S{next}"}}, "B": {{"shape": "S{next}"}}}}}}, "#
        );
    }
    define("doubling", &(shapes + r#""S40": {"type": "string"}"#));
    let skeleton = describe("doubling");
    assert!(
        skeleton
            .stderr
            .contains("the skeleton of Get is incomplete"),
        "{}",
        skeleton.stderr
    );
    assert!(skeleton.stdout.len() < 100_000_000);
    for kind in ["output", "yaml-input"] {
        let skeleton = run("doubling", &["odd", "get", "--generate-cli-skeleton", kind]);
        assert_eq!(skeleton.status, 0, "{:.500}", skeleton.stderr);
    }
}

#[test]
fn maps_whose_keys_and_values_are_maps_have_a_bounded_description() {
    let mut shapes =
        r#""S0": {"type": "structure", "members": {"M": {"shape": "M0"}}}, "#.to_owned();
    for level in 0..40 {
        let next = level + 1;
        let _ = write!(
            shapes,
            r#""M{level}": {{"type": "map", "key": {{"shape": "M{next}"}}, "value": {{"shape": "M{next}"}}}}, "#
        );
    }
    define("maps", &(shapes + r#""M40": {"type": "string"}"#));
    describe("maps");
}

#[test]
fn a_structure_of_200000_members_has_a_skeleton() {
    let members: Vec<String> = (0..250_000)
        .map(|number| format!(r#""M{number}": {{"shape": "T"}}"#))
        .collect();
    define(
        "wide",
        &format!(
            r#""S0": {{"type": "structure", "members": {{{}}}}}, "T": {{"type": "string"}}"#,
            members.join(", ")
        ),
    );
    let skeleton = describe("wide");
    assert!(
        skeleton.stderr.contains("incomplete"),
        "{}",
        skeleton.stderr
    );
}

#[test]
fn recursive_shapes_are_cut_without_a_note() {
    define(
        "recursive",
        r#""S0": {"type": "structure", "members": {"Again": {"shape": "S0"}, "Some": {"shape": "L"}, "Text": {"shape": "T"}}},
           "L": {"type": "list", "member": {"shape": "L"}}, "T": {"type": "string"}"#,
    );
    let skeleton = describe("recursive");
    assert_eq!(skeleton.stderr, "");
    assert_eq!(
        skeleton.stdout,
        "{\n    \"Again\": {},\n    \"Some\": [\n        []\n    ],\n    \"Text\": \"\"\n}\n"
    );
}
