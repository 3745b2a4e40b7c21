use inia_core::{Blob, ErrorKind, List, Problem, Str, Timestamp, json};

use super::*;

fn model() -> ServiceModel {
    let text = br#"{"metadata": {"protocol": "json", "endpointPrefix": "t"},
        "operations": {
            "Go": {"http": {}, "input": {"shape": "In"}},
            "Choose": {"http": {}, "input": {"shape": "Choice"}},
            "Put": {"http": {}, "input": {"shape": "Put"}},
            "Nothing": {"http": {}}},
        "shapes": {
            "In": {"type": "structure", "members": {
                "Text": {"shape": "Text"}, "Number": {"shape": "Number"}, "Ratio": {"shape": "Ratio"}, "Flag": {"shape": "Flag"},
                "Data": {"shape": "Data"}, "When": {"shape": "When"}, "Names": {"shape": "Names"}, "Sparse": {"shape": "Sparse"},
                "Table": {"shape": "Table"}, "Choice": {"shape": "Choice"}, "Document": {"shape": "Document"},
                "Json": {"shape": "Text", "jsonvalue": true, "location": "header"}, "JsonText": {"shape": "Text", "jsonvalue": true}, "Self": {"shape": "In"},
                "HTTPRoute": {"shape": "Free"}, "Label": {"shape": "Free", "hostLabel": true}, "Password": {"shape": "Password"}}},
            "Text": {"type": "string", "min": 2, "max": 3, "pattern": "[a-z]+", "enum": ["ab"]},
            "Free": {"type": "string"}, "Password": {"type": "string", "sensitive": true, "min": 8},
            "Number": {"type": "integer", "min": 1, "max": 9}, "Ratio": {"type": "double", "min": 0}, "Flag": {"type": "boolean"},
            "Data": {"type": "blob"}, "When": {"type": "timestamp"},
            "Names": {"type": "list", "member": {"shape": "Text"}, "min": 1},
            "Sparse": {"type": "list", "member": {"shape": "Text"}, "sparse": true},
            "Table": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Number"}},
            "Choice": {"type": "structure", "union": true, "members": {"One": {"shape": "Text"}, "Two": {"shape": "Ratio"}}},
            "Document": {"type": "structure", "document": true, "members": {}},
            "Put": {"type": "structure", "required": ["Body", "Key"], "payload": "Body",
                    "members": {"Body": {"shape": "Data", "streaming": true}, "Key": {"shape": "Free"}}}}}"#;
    ServiceModel::from_json("test", text).unwrap()
}

fn problems(operation: &str, mut params: Value, supplied: &[&str]) -> Vec<String> {
    let model = model();
    let operation = model.operation(operation).unwrap();
    match model.validate(operation, &mut params, supplied) {
        Ok(()) => Vec::new(),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Validation);
            error.problems().iter().map(Problem::to_string).collect()
        }
    }
}

#[test]
fn accepts_valid_values() {
    for params in [
        json!({}),
        Value::Null,
        json!({"Text": "ab", "Number": 1, "Ratio": 0, "Flag": false, "Names": ["ab"], "Table": {"ab": 1}}),
        json!({"Text": "abcdef", "Number": 10}),
        json!({"Data": "text", "When": "2026-01-01T00:00:00Z"}),
        json!({"Data": Blob::from(vec![1]), "When": Timestamp::new(1, 0)}),
        json!({"When": 12, "Self": {"When": 1.5}}),
        json!({"Ratio": f64::NAN, "Number": Value::BigInt("99999999999999999999".into())}),
        json!({"Sparse": [null, "ab", null], "Text": null}),
        json!({"Choice": {"One": "ab", "Two": null}}),
        json!({"Document": [null, {"a": [1, 2.5, "x", true]}], "Json": {"any": ["thing"]}}),
    ] {
        assert_eq!(problems("Go", params.clone(), &[]), [""; 0], "{params:?}");
    }
}

#[test]
fn reports_every_problem_with_its_path() {
    let blob = Value::from(Blob::from(vec![1, 2]));
    for (params, expected) in [
        (
            json!([]),
            "invalid type, value: (0 values), type: list, valid types: map",
        ),
        (
            json!({"Text": 5}),
            "Text: invalid type, value: 5, type: integer, valid types: string",
        ),
        (
            json!({"Text": "a"}),
            "Text: invalid length, value: 1, valid min length: 2",
        ),
        (
            json!({"Text": "é"}),
            "Text: invalid length, value: 1, valid min length: 2",
        ),
        (
            json!({"Number": 0}),
            "Number: invalid value, value: 0, valid min value: 1",
        ),
        (
            json!({"Number": 1.0}),
            "Number: invalid type, value: 1, type: float, valid types: integer",
        ),
        (
            json!({"Number": true}),
            "Number: invalid type, value: true, type: boolean, valid types: integer",
        ),
        (
            json!({"Ratio": -0.5}),
            "Ratio: invalid value, value: -0.5, valid min value: 0",
        ),
        (
            json!({"Ratio": "much"}),
            "Ratio: invalid type, value: \"much\", type: string, valid types: float, integer",
        ),
        (
            json!({"Ratio": "-Infinity"}),
            "Ratio: invalid value, value: -inf, valid min value: 0",
        ),
        (
            json!({"Flag": "true"}),
            "Flag: invalid type, value: \"true\", type: string, valid types: boolean",
        ),
        (
            json!({"Data": 1}),
            "Data: invalid type, value: 1, type: integer, valid types: blob, string",
        ),
        (
            json!({"When": f64::NAN}),
            "When: invalid type, value: NaN, type: float, valid types: timestamp, number, timestamp string",
        ),
        (
            json!({"When": "soon"}),
            "When: invalid type, value: \"soon\", type: string, valid types: timestamp, number, timestamp string",
        ),
        (
            json!({"When": i64::MAX}),
            "When: invalid type, value: 9223372036854775807, type: integer, valid types: timestamp, number, timestamp string",
        ),
        (
            json!({"When": true}),
            "When: invalid type, value: true, type: boolean, valid types: timestamp, number, timestamp string",
        ),
        (
            json!({"Names": []}),
            "Names: invalid length, value: 0, valid min length: 1",
        ),
        (
            json!({"Names": ["ab", null]}),
            "Names[1]: invalid type, value: null, type: null, valid types: string",
        ),
        (
            json!({"Names": {}}),
            "Names: invalid type, value: (0 entries), type: map, valid types: list",
        ),
        (
            json!({"Self": {"Table": {"a": 1}}}),
            "Self.Table (key: a): invalid length, value: 1, valid min length: 2",
        ),
        (
            json!({"Self": {"Table": {"ab": 0}}}),
            "Self.Table.ab: invalid value, value: 0, valid min value: 1",
        ),
        (
            json!({"Choice": {}}),
            "Choice: must set one of the following keys: One, Two",
        ),
        (
            json!({"Choice": {"One": "ab", "Two": 1}}),
            "Choice: can only set one of the following keys: One, Two",
        ),
        (
            json!({"Document": {"a": [blob.clone()]}}),
            "Document.a[0]: invalid type, value: (2 bytes), type: blob, valid types: null, boolean, integer, float, string, list, map",
        ),
        (
            json!({"JsonText": {"any": "thing"}}),
            "JsonText: invalid type, value: (1 entries), type: map, valid types: string",
        ),
        (
            json!({"Json": blob}),
            "Json: invalid type, value: (2 bytes), type: blob, valid types: null, boolean, integer, float, string, list, map",
        ),
        (
            json!({"Txt": "ab"}),
            "Txt: unknown parameter; did you mean Text?",
        ),
        (
            json!({"Self": {"Wholly different": "ab"}}),
            "Self.Wholly different: unknown parameter, must be one of: Text, Number, Ratio, Flag, Data, When, Names, Sparse, Table, Choice, Document, Json, JsonText, Self, HTTPRoute, Label, Password",
        ),
        (
            json!({"Label": ""}),
            "Label: invalid length, value: 0, valid min length: 1",
        ),
        (
            json!({"Password": 12345}),
            "Password: invalid type, value: (sensitive), type: integer, valid types: string",
        ),
    ] {
        assert_eq!(
            problems("Go", params.clone(), &[]),
            [expected],
            "{params:?}"
        );
    }
}

#[test]
fn rejects_parameters_without_input() {
    assert_eq!(problems("Nothing", json!({}), &[]), [""; 0]);
    assert_eq!(
        problems("Nothing", json!({"A": 1}), &[]),
        ["A: unknown parameter; Nothing takes no parameters"]
    );
}

#[test]
fn accepts_members_supplied_separately() {
    assert_eq!(problems("Put", json!({"Key": "k"}), &["Body"]), [""; 0]);
    assert_eq!(
        problems("Put", json!({"Key": null}), &[]),
        [
            "Body: missing required parameter",
            "Key: missing required parameter"
        ]
    );
    assert_eq!(
        problems("Put", json!({"Key": "k", "Body": "b"}), &["Body"]),
        ["Body: passed both as a parameter and as a stream"]
    );
}

#[test]
fn normalizes_other_spellings_in_place() {
    let model = model();
    let go = model.operation("Go").unwrap();
    let mut params =
        json!({"text": "ab", "self": {"http_route": "x", "choice": {"two": "NaN"}}, "Number": 2});
    model.validate(go, &mut params, &[]).unwrap();
    let names: Vec<&Str> = params.as_map().unwrap().keys().collect();
    assert_eq!(names, ["Text", "Self", "Number"]);
    assert_eq!(params["Self"]["HTTPRoute"], "x");
    assert!(matches!(params["Self"]["Choice"]["Two"], Value::Float(float) if float.is_nan()));

    let mut params = json!({"key": "k"});
    model
        .validate(model.operation("Put").unwrap(), &mut params, &["Body"])
        .unwrap();
    assert_eq!(params["Key"], "k");
}

#[test]
fn rejects_member_in_two_spellings() {
    assert_eq!(
        problems("Go", json!({"text": "ab", "Text": "cd"}), &[]),
        ["text: duplicate parameter, also passed as Text"]
    );
}

#[test]
fn limits_depth_and_number_of_problems() {
    let mut deep = json!({});
    for _ in 0..2 * MAX_DEPTH {
        deep = json!({"Self": deep});
    }
    let found = problems("Go", deep, &[]);
    assert_eq!(found.len(), 1);
    assert!(found[0].ends_with("Self: nested too deeply"), "{found:?}");

    let mut document = Value::Null;
    for _ in 0..2 * MAX_DEPTH {
        document = json!([document]);
    }
    assert!(problems("Go", json!({"Document": document}), &[])[0].ends_with("nested too deeply"));

    let wrong: List = std::iter::repeat_n(Value::Null, 100_000).collect();
    assert_eq!(
        problems("Go", json!({"Names": wrong}), &[]).len(),
        MAX_PROBLEMS
    );
}
