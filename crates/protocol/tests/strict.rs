//! Strict serialization: it accepts only valid parameters, and writes them as serialization after validation does.

#![expect(clippy::unwrap_used, reason = "tests may panic")]

use std::sync::Arc;

use inia_core::{Blob, Timestamp, Value, json};
use inia_model::ServiceModel;
use inia_protocol::{Input, Protocol};

const SHAPES: &str = r#"{
    "In": {"type": "structure", "required": ["Key"], "members": {
        "Key": {"shape": "Free", "location": "uri", "locationName": "Key"},
        "Header": {"shape": "Text", "location": "header", "locationName": "x-header"},
        "Json": {"shape": "Free", "jsonvalue": true, "location": "header", "locationName": "x-json"},
        "Text": {"shape": "Text"}, "Number": {"shape": "Number"}, "Ratio": {"shape": "Ratio"}, "Small": {"shape": "Small"},
        "Flag": {"shape": "Flag"}, "Data": {"shape": "Data"}, "When": {"shape": "When"}, "Names": {"shape": "Names"},
        "Sparse": {"shape": "Sparse"}, "Table": {"shape": "Table"}, "Choice": {"shape": "Choice"}, "Choices": {"shape": "Choices"},
        "Document": {"shape": "Document"}, "Inner": {"shape": "Inner"}, "ANameOfMoreThanThirtyTwoBytesInAll": {"shape": "Free"}}},
    "Inner": {"type": "structure", "required": ["A", "B"], "members": {
        "A": {"shape": "Free"}, "B": {"shape": "Number"}, "C": {"shape": "Inner"}}},
    "Text": {"type": "string", "min": 2}, "Free": {"type": "string"},
    "Number": {"type": "integer", "min": 1}, "Ratio": {"type": "double", "min": 0}, "Small": {"type": "float"},
    "Flag": {"type": "boolean"}, "Data": {"type": "blob"}, "When": {"type": "timestamp"},
    "Names": {"type": "list", "member": {"shape": "Text"}, "min": 1},
    "Sparse": {"type": "list", "member": {"shape": "Text"}, "sparse": true},
    "Table": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Number"}},
    "Choice": {"type": "structure", "union": true, "members": {"One": {"shape": "Text"}, "Two": {"shape": "Ratio"}}},
    "Choices": {"type": "list", "member": {"shape": "Choice"}},
    "Document": {"type": "structure", "document": true, "members": {}}}"#;

fn model(protocol: Protocol) -> Arc<ServiceModel> {
    let text = format!(
        r#"{{"metadata": {{"protocol": "{protocol}", "endpointPrefix": "t", "apiVersion": "1", "serviceId": "T", "targetPrefix": "T"}},
            "operations": {{
                "Go": {{"name": "Go", "http": {{"method": "POST", "requestUri": "/{{Key}}"}}, "input": {{"shape": "In"}}}},
                "Nothing": {{"name": "Nothing", "http": {{"method": "POST", "requestUri": "/"}}}}}},
            "shapes": {SHAPES}}}"#
    );
    Arc::new(ServiceModel::from_json("t", text.as_bytes()).unwrap())
}

fn with_key(mut params: Value) -> Value {
    if let Some(map) = params.as_map_mut() {
        map.insert("Key", "k");
    }
    params
}

#[test]
fn writes_valid_parameters_as_lenient_mode_does() {
    let blob = Value::from(Blob::from(vec![1, 2]));
    let moment = Value::from(Timestamp::new(1_700_000_000, 500_000_000));
    for params in [
        json!({}),
        json!({"Text": "ab", "Number": 1, "Ratio": 0.5, "Small": 1.5, "Flag": true}),
        json!({"Flag": false, "Ratio": 2, "Text": "a \"quoted\" text of more than thirty-two bytes", "Number": null}),
        json!({"Data": blob, "When": moment, "Header": "ab"}),
        json!({"Data": "text", "When": 12}),
        json!({"When": "2026-01-01T00:00:00Z", "Names": ["ab", "a string that is longer than 32 bytes is"]}),
        json!({"Table": {"ab": 1, "éé": 2}, "Sparse": ["ab"]}),
        json!({"Choices": [{"One": "ab"}, {"Two": 1.5}, {"Two": 2, "One": null}], "Choice": {"One": "é!"}}),
        json!({"Inner": {"A": "", "B": 5, "C": {"B": 6, "A": "\u{1}\n"}}}),
        json!({"ANameOfMoreThanThirtyTwoBytesInAll": "x"}),
        json!({"Number": i64::MAX, "Ratio": 1e300}),
    ] {
        let params = with_key(params);
        for protocol in Protocol::ALL {
            let model = model(protocol);
            let go = model.operation("Go").unwrap();
            let codec = protocol.codec(Arc::clone(&model));
            assert!(
                model.validate_as_is(go, &params, &[]).unwrap(),
                "{params:?}"
            );
            let request = codec.serialize_strict(go, Input::from(&params));
            let expected = codec.serialize(go, Input::from(&params)).unwrap();
            assert_eq!(request, Some(expected), "{protocol}: {params:?}");
        }
    }
}

#[test]
fn rejects_invalid_parameters() {
    let blob = Value::from(Blob::from(vec![1, 2]));
    let mut deep = json!({"A": "a", "B": 1});
    for _ in 0..300 {
        deep = json!({"A": "a", "B": 1, "C": deep});
    }
    let mut wrong: Vec<Value> = [
        json!({"Text": 5}),
        json!({"Text": "a"}),
        json!({"Text": "é"}),
        json!({"Header": "a"}),
        json!({"Json": blob.clone()}),
        json!({"Number": 0}),
        json!({"Number": 1.5}),
        json!({"Number": true}),
        json!({"Ratio": -0.5}),
        json!({"Ratio": "NaN"}),
        json!({"Flag": "true"}),
        json!({"Data": 1}),
        json!({"When": "soon"}),
        json!({"When": true}),
        json!({"Names": []}),
        json!({"Names": ["ab", null]}),
        json!({"Names": ["ab", "a"]}),
        json!({"Names": {}}),
        json!({"Names": "ab"}),
        json!({"Table": {"a": 1}}),
        json!({"Table": {"ab": 0}}),
        json!({"Table": {"ab": null}}),
        json!({"Table": []}),
        json!({"Choice": {}}),
        json!({"Choice": {"One": null}}),
        json!({"Choice": {"One": "ab", "Two": 1}}),
        json!({"Choices": [{"One": "ab"}, {}]}),
        json!({"Document": {"a": [blob]}}),
        json!({"Inner": {"A": "a"}}),
        json!({"Inner": {"A": "a", "B": null}}),
        json!({"Inner": {"A": "a", "B": 1, "C": {"A": "a"}}}),
        json!({"Inner": 5}),
        json!({"Inner": deep}),
        json!({"text": "ab"}),
        json!({"Inner": {"a": "a", "B": 1}}),
        json!({"Nope": null}),
        json!({"Inner": {"A": "a", "B": 1, "Nope": null}}),
    ]
    .into_iter()
    .map(with_key)
    .collect();
    wrong.extend([json!({}), json!([]), json!({"Key": null}), json!("text")]);
    for params in wrong {
        for protocol in Protocol::ALL {
            let model = model(protocol);
            let go = model.operation("Go").unwrap();
            let codec = protocol.codec(Arc::clone(&model));
            assert!(!matches!(model.validate_as_is(go, &params, &[]), Ok(true)));
            let request = codec.serialize_strict(go, Input::from(&params));
            assert_eq!(request, None, "{protocol}: {params:?}");
        }
    }
}

#[test]
fn rejects_unexpected_parameters_and_streams() {
    for protocol in Protocol::ALL {
        let model = model(protocol);
        let codec = protocol.codec(Arc::clone(&model));
        let nothing = model.operation("Nothing").unwrap();
        for (params, is_valid) in [
            (Value::Null, true),
            (json!({}), true),
            (json!({"A": 1}), false),
        ] {
            let request = codec.serialize_strict(nothing, Input::from(&params));
            assert_eq!(request.is_some(), is_valid, "{protocol}");
        }
        let params = json!({"Key": "k"});
        let input = Input {
            params: &params,
            has_stream: true,
        };
        let go = model.operation("Go").unwrap();
        assert_eq!(codec.serialize_strict(go, input), None);
    }
}
