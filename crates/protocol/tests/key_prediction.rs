//! Key prediction for maps with the same keys: each map is parsed as it is alone.

#![expect(clippy::unwrap_used, reason = "tests may panic")]

use std::sync::Arc;

use bytes::Bytes;
use inia_core::{Result, Value};
use inia_model::ServiceModel;
use inia_protocol::{Codec, Headers, Protocol, Response};

/// `Items` and `Others` have values of two unions, with the same member names at different positions; `Pairs` those of
/// a structure.
const DEFINITION: &str = r#"{
    "metadata": {"protocol": "json", "endpointPrefix": "t", "apiVersion": "1", "serviceId": "T", "targetPrefix": "T", "jsonVersion": "1.0"},
    "operations": {"Go": {"name": "Go", "http": {"method": "POST", "requestUri": "/"}, "output": {"shape": "Out"}}},
    "shapes": {
        "Out": {"type": "structure", "members": {
            "Items": {"shape": "Items"}, "Others": {"shape": "Others"}, "Pairs": {"shape": "Pairs"}}},
        "Items": {"type": "list", "member": {"shape": "Item"}},
        "Item": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Attribute"}},
        "Attribute": {"type": "structure", "union": true, "members": {
            "S": {"shape": "Text"}, "N": {"shape": "Text"}, "B": {"shape": "Blob"}, "BOOL": {"shape": "Flag"},
            "L": {"shape": "Attributes"}, "M": {"shape": "Item"}}},
        "Attributes": {"type": "list", "member": {"shape": "Attribute"}},
        "Others": {"type": "list", "member": {"shape": "Other"}},
        "Other": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "OtherAttribute"}},
        "OtherAttribute": {"type": "structure", "union": true, "members": {
            "BOOL": {"shape": "Flag"}, "N": {"shape": "Number"}, "S": {"shape": "Blob"}}},
        "Pairs": {"type": "list", "member": {"shape": "Pair"}},
        "Pair": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Both"}},
        "Both": {"type": "structure", "members": {"S": {"shape": "Text"}, "N": {"shape": "Number"}}},
        "Text": {"type": "string"}, "Blob": {"type": "blob"}, "Flag": {"type": "boolean"}, "Number": {"type": "integer"}}}"#;

/// Maps with the same start; some are not valid as items, others not as pairs.
const MAPS: [&str; 16] = [
    r#"{"a":{"S":"YQ=="},"b":{"N":"2"}}"#,
    r#"{"a":{"S":"a string of more than twenty-three bytes"},"b":{"N":"2"}}"#,
    r#"{"a":{"S":"YQ==" } , "b" : {"N":2}}"#,
    r#"{"a":{"S":"Y\u0051=="},"b":{"S":"\u00e9"}}"#,
    r#"{"a":{"N":"1"},"b":{"S":"YQ=="}}"#,
    r#"{"a":{"S":null},"b":{"N":"2"}}"#,
    r#"{"a":{"S":null,"N":"1"},"b":{"N":"2"}}"#,
    r#"{"a":{"S":"YQ==","N":"1"},"b":{"N":"2"}}"#,
    r#"{"a":{"S":"YQ==","S":"Yg=="},"b":{"N":"2"}}"#,
    r#"{"a":{"S":"YQ=="}}"#,
    r#"{"a":{"S":"YQ=="},"b":{"N":"2"},"c":{"BOOL":true}}"#,
    r#"{"a":{"S":"YQ=="},"b":{"M":{"a":{"S":"YQ=="},"b":{"L":[{"M":{"a":{"S":"x"},"b":{"N":"2"}}},{"S":"y"}]}}}}"#,
    r#"{"a":{"S":"YQ=="},"a":{"S":"Yg=="}}"#,
    r#"{"a":null,"b":{"N":"2"}}"#,
    r#"{"a":{"UNKNOWN":"x"},"b":{"N":"2"}}"#,
    r#"{"a":{"S":"YQ=="},"b":{"N":"2"}"#,
];

fn parse(codec: &Codec, model: &ServiceModel, text: &str) -> Result<Value> {
    let response = Response {
        status: 200,
        headers: Headers::new(),
        body: Bytes::from(text.to_owned()),
    };
    codec.parse(model.operation("Go").unwrap(), response)
}

#[test]
fn maps_do_not_depend_on_earlier_ones() {
    let model = Arc::new(ServiceModel::from_json("t", DEFINITION.as_bytes()).unwrap());
    let codec = Protocol::of(model.metadata())
        .unwrap()
        .codec(Arc::clone(&model));
    let mut parsed_count = 0;
    for member in ["Items", "Others", "Pairs"] {
        let alone = |map: &str| parse(&codec, &model, &format!(r#"{{"{member}":[{map}]}}"#));
        for first in MAPS {
            for second in MAPS {
                let maps = [first, first, first, second, second, first];
                let text = format!(r#"{{"{member}":[{}]}}"#, maps.join(","));
                let together = parse(&codec, &model, &text);
                let (one, other) = (alone(first), alone(second));
                let (Ok(one), Ok(other)) = (one, other) else {
                    assert!(together.is_err(), "{text}");
                    continue;
                };
                let (one, other) = (&one[member][0], &other[member][0]);
                let expected = [one, one, one, other, other, one];
                assert!(together.unwrap()[member].items().eq(expected), "{text}");
                parsed_count += 1;
            }
        }
    }
    assert!(parsed_count > 300, "{parsed_count}");
}

#[test]
fn predictions_are_separate_per_map_type() {
    let model = Arc::new(ServiceModel::from_json("t", DEFINITION.as_bytes()).unwrap());
    let codec = Protocol::of(model.metadata())
        .unwrap()
        .codec(Arc::clone(&model));
    let map = r#"{"a":{"S":"YQ=="},"b":{"N":"2"}}"#;
    let maps = [map; 4].join(",");
    let text = format!(r#"{{"Items":[{maps}],"Others":[{maps}],"Pairs":[{maps}]}}"#);
    let output = parse(&codec, &model, &text).unwrap();
    for position in 0..4 {
        assert_eq!(output["Items"][position]["a"]["S"], "YQ==");
        assert_eq!(
            output["Others"][position]["a"]["S"].as_blob(),
            Some(&b"a"[..])
        );
        assert_eq!(output["Pairs"][position]["b"]["N"], Value::Int(2));
        assert_eq!(output["Items"][position]["b"]["N"], "2");
    }
}
