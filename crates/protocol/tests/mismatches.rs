//! Members of responses that do not match their shapes: the response is kept, with all other members.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests may panic"
)]

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use inia_core::{ErrorKind, Timestamp, Value, json};
use inia_model::ServiceModel;
use inia_protocol::{Codec, EventHeader, EventMessage, Headers, Protocol, Response};
use tracing::field::{Field, Visit};
use tracing::{Event, Metadata, span};

const SHAPES: &str = r#"{
    "Output": {"type": "structure", "members": {
        "Text": {"shape": "String"}, "Size": {"shape": "Long"}, "Ratio": {"shape": "Double"}, "Flag": {"shape": "Boolean"},
        "Time": {"shape": "Timestamp"}, "Data": {"shape": "Blob"}, "Owner": {"shape": "Owner"},
        "Names": {"shape": "Names"}, "Sizes": {"shape": "Sizes"}, "Owners": {"shape": "Owners"},
        "Flat": {"shape": "Names", "flattened": true}, "FlatOwners": {"shape": "Owners", "flattened": true},
        "Tags": {"shape": "Tags"}, "FlatTags": {"shape": "Tags", "flattened": true}, "Limits": {"shape": "Limits"},
        "Choice": {"shape": "Choice"}, "Last": {"shape": "String"}}},
    "Owner": {"type": "structure", "members": {
        "Kind": {"shape": "String", "locationName": "xsi:type", "xmlAttribute": true},
        "Age": {"shape": "Long", "locationName": "age", "xmlAttribute": true},
        "Name": {"shape": "String"}, "Since": {"shape": "Timestamp"}}},
    "Choice": {"type": "structure", "union": true, "members": {"Left": {"shape": "String"}, "Right": {"shape": "Long"}}},
    "Names": {"type": "list", "member": {"shape": "String"}}, "Sizes": {"type": "list", "member": {"shape": "Long"}},
    "Owners": {"type": "list", "member": {"shape": "Owner"}},
    "Tags": {"type": "map", "key": {"shape": "String"}, "value": {"shape": "String"}},
    "Limits": {"type": "map", "key": {"shape": "String"}, "value": {"shape": "Long"}},
    "Failed": {"type": "structure", "exception": true, "members": {"Message": {"shape": "String"}, "Size": {"shape": "Long"},
        "Time": {"shape": "Timestamp"}, "Last": {"shape": "String"}}},
    "Rest": {"type": "structure", "payload": "Body", "members": {
        "Modified": {"shape": "Timestamp", "location": "header", "locationName": "Last-Modified"},
        "Expires": {"shape": "Timestamp", "location": "header", "locationName": "Expires"},
        "Size": {"shape": "Long", "location": "header", "locationName": "Content-Length"},
        "Ratio": {"shape": "Double", "location": "header", "locationName": "x-ratio"},
        "Flag": {"shape": "Boolean", "location": "header", "locationName": "x-flag"},
        "Data": {"shape": "Blob", "location": "header", "locationName": "x-data"},
        "Text": {"shape": "String", "location": "header", "locationName": "x-text"},
        "Json": {"shape": "String", "jsonvalue": true, "location": "header", "locationName": "x-json"},
        "Sizes": {"shape": "Sizes", "location": "header", "locationName": "x-sizes"},
        "Times": {"shape": "Times", "location": "header", "locationName": "x-times"},
        "Status": {"shape": "Long", "location": "statusCode"},
        "Meta": {"shape": "Tags", "location": "headers", "locationName": "x-meta-"},
        "Body": {"shape": "Owner"}}},
    "Times": {"type": "list", "member": {"shape": "Timestamp"}},
    "Page": {"type": "structure", "payload": "Body", "members": {"Body": {"shape": "String"},
        "Etag": {"shape": "String", "location": "header", "locationName": "etag"}}},
    "Watch": {"type": "structure", "members": {"Stream": {"shape": "Stream"}}},
    "Stream": {"type": "structure", "eventstream": true, "members": {"Tick": {"shape": "Tick"}, "Note": {"shape": "Note"}, "Row": {"shape": "Row"}}},
    "Tick": {"type": "structure", "event": true, "members": {
        "Count": {"shape": "Long", "eventheader": true}, "At": {"shape": "Timestamp", "eventheader": true},
        "Owner": {"shape": "Owner"}, "Last": {"shape": "String"}}},
    "Note": {"type": "structure", "event": true, "members": {"Text": {"shape": "String", "eventpayload": true}}},
    "Row": {"type": "structure", "event": true, "members": {"Size": {"shape": "Long"}, "Last": {"shape": "String"}}},
    "String": {"type": "string"}, "Boolean": {"type": "boolean"}, "Long": {"type": "long"}, "Double": {"type": "double"},
    "Timestamp": {"type": "timestamp"}, "Blob": {"type": "blob"}
}"#;

struct Service {
    model: Arc<ServiceModel>,
    codec: Codec,
}

impl Service {
    fn new(protocol: Protocol) -> Self {
        Service::with_shapes(protocol, SHAPES)
    }

    fn with_shapes(protocol: Protocol, shapes: &str) -> Self {
        let wrapper = match protocol {
            Protocol::Query => r#", "resultWrapper": "GetResult""#,
            _ => "",
        };
        let mut operations = format!(
            r#""Get": {{"http": {{"method": "POST", "requestUri": "/"}}, "output": {{"shape": "Output"{wrapper}}}"#
        );
        if shapes.contains("\"Rest\"") {
            operations.push_str(
                r#", "errors": [{"shape": "Failed"}]},
                "GetRest": {"http": {"method": "GET", "requestUri": "/rest"}, "output": {"shape": "Rest"}},
                "GetPage": {"http": {"method": "GET", "requestUri": "/page"}, "output": {"shape": "Page"}},
                "Watch": {"http": {"method": "GET", "requestUri": "/watch"}, "output": {"shape": "Watch"}"#,
            );
        }
        let definition = format!(
            r#"{{"metadata": {{"protocol": "{protocol}", "serviceId": "T", "apiVersion": "1", "endpointPrefix": "t",
                 "signatureVersion": "v4", "jsonVersion": "1.1", "targetPrefix": "T"}},
                "operations": {{{operations}}}}}, "shapes": {shapes}}}"#
        );
        let model = Arc::new(ServiceModel::from_json("t", definition.as_bytes()).unwrap());
        let codec = protocol.codec(Arc::clone(&model));
        Service { model, codec }
    }

    fn parse(&self, operation: &str, response: Response) -> inia_core::Result<Value> {
        self.codec
            .parse(self.model.operation(operation).unwrap(), response)
    }

    fn body(&self, body: impl Into<Bytes>) -> inia_core::Result<Value> {
        self.parse("Get", response(200, &[], body))
    }
}

fn response(status: u16, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Response {
    Response {
        status,
        headers: headers.iter().copied().collect::<Headers>(),
        body: body.into(),
    }
}

const JSON_PROTOCOLS: [Protocol; 2] = [Protocol::Json, Protocol::RestJson];

#[test]
fn json_members_of_another_type_are_kept_as_sent() {
    let moment = Value::Timestamp(Timestamp::new(1_440_938_160, 0));
    let cases: Vec<(&str, Value)> = vec![
        // Timestamps.
        (
            r#""Time": "30/11/2026, 18:47:48""#,
            json!({"Time": "30/11/2026, 18:47:48"}),
        ),
        (r#""Time": "yesterday""#, json!({"Time": "yesterday"})),
        (r#""Time": """#, json!({})),
        (r#""Time": " ""#, json!({})),
        (
            r#""Time": 1440938160000"#,
            json!({"Time": 1_440_938_160_000_i64}),
        ),
        (r#""Time": 1e300"#, json!({"Time": 1e300})),
        (r#""Time": -1e12"#, json!({"Time": -1e12})),
        (r#""Time": true"#, json!({"Time": true})),
        (r#""Time": [1]"#, json!({"Time": [1]})),
        (r#""Time": {"s": 1}"#, json!({"Time": {"s": 1}})),
        (r#""Time": {}"#, json!({})),
        (r#""Time": []"#, json!({})),
        (r#""Time": " 1440938160 ""#, json!({"Time": moment})),
        // Numbers and booleans.
        (r#""Size": "12x""#, json!({"Size": "12x"})),
        (r#""Size": """#, json!({})),
        (r#""Size": 1.5"#, json!({"Size": 1.5})),
        (r#""Size": 2.0"#, json!({"Size": 2})),
        (r#""Size": "7""#, json!({"Size": 7})),
        (r#""Size": 1e999"#, json!({"Size": f64::INFINITY})),
        (r#""Size": true"#, json!({"Size": true})),
        (r#""Size": [1]"#, json!({"Size": [1]})),
        (r#""Size": {"N": "1"}"#, json!({"Size": {"N": "1"}})),
        (
            r#""Size": 170141183460469231731687303715884105728"#,
            json!({"Size": Value::BigInt("170141183460469231731687303715884105728".into())}),
        ),
        (r#""Ratio": "1,5""#, json!({"Ratio": "1,5"})),
        (r#""Ratio": """#, json!({})),
        (r#""Ratio": false"#, json!({"Ratio": false})),
        (r#""Ratio": {"a": []}"#, json!({"Ratio": {"a": []}})),
        (r#""Flag": "yes""#, json!({"Flag": "yes"})),
        (r#""Flag": "True""#, json!({"Flag": true})),
        (r#""Flag": 1"#, json!({"Flag": 1})),
        (r#""Flag": """#, json!({})),
        (r#""Flag": []"#, json!({})),
        // Text and bytes.
        (r#""Text": 5"#, json!({"Text": 5})),
        (r#""Text": ["a"]"#, json!({"Text": ["a"]})),
        (r#""Text": {"a": "b"}"#, json!({"Text": {"a": "b"}})),
        (r#""Text": []"#, json!({})),
        (r#""Data": "a!""#, json!({"Data": "a!"})),
        (r#""Data": "a\u0062c""#, json!({"Data": "abc"})),
        (r#""Data": 5"#, json!({"Data": 5})),
        (r#""Data": ["x"]"#, json!({"Data": ["x"]})),
        // Structures, lists and maps.
        (r#""Owner": "bob""#, json!({"Owner": "bob"})),
        (r#""Owner": """#, json!({})),
        (r#""Owner": []"#, json!({})),
        (
            r#""Owner": [{"Name": "bob"}]"#,
            json!({"Owner": [{"Name": "bob"}]}),
        ),
        (r#""Owner": 5"#, json!({"Owner": 5})),
        (
            r#""Owner": {"Name": "bob", "Since": "soon"}"#,
            json!({"Owner": {"Name": "bob", "Since": "soon"}}),
        ),
        (
            r#""Owner": {"Name": ["a"], "Since": ""}"#,
            json!({"Owner": {"Name": ["a"]}}),
        ),
        (r#""Names": "a""#, json!({"Names": "a"})),
        (r#""Names": """#, json!({})),
        (r#""Names": {}"#, json!({})),
        (
            r#""Names": {"member": ["a", "b"]}"#,
            json!({"Names": {"member": ["a", "b"]}}),
        ),
        (
            r#""Names": ["a", 1, null, {"b": 2}, []]"#,
            json!({"Names": ["a", 1, null, {"b": 2}, []]}),
        ),
        (
            r#""Sizes": [1, "x", "", 4]"#,
            json!({"Sizes": [1, "x", null, 4]}),
        ),
        (
            r#""Owners": [{"Name": "a"}, "b", {"Since": "c"}]"#,
            json!({"Owners": [{"Name": "a"}, "b", {"Since": "c"}]}),
        ),
        (r#""Tags": "a=b""#, json!({"Tags": "a=b"})),
        (
            r#""Tags": [{"Key": "a", "Value": "b"}]"#,
            json!({"Tags": [{"Key": "a", "Value": "b"}]}),
        ),
        (r#""Tags": []"#, json!({})),
        (
            r#""Tags": {"a": 1, "b": ["c"], "d": [], "e": "f"}"#,
            json!({"Tags": {"a": 1, "b": ["c"], "e": "f"}}),
        ),
        (
            r#""Limits": {"a": "x", "b": "", "c": 3}"#,
            json!({"Limits": {"a": "x", "c": 3}}),
        ),
        // Unions.
        (r#""Choice": {}"#, json!({})),
        (r#""Choice": "Left""#, json!({"Choice": "Left"})),
        (
            r#""Choice": {"Left": "a", "Right": 2}"#,
            json!({"Choice": {"Left": "a", "Right": 2}}),
        ),
        (
            r#""Choice": {"Left": "a", "New": 2}"#,
            json!({"Choice": {"Left": "a"}}),
        ),
        (
            r#""Choice": {"New": 1, "Newer": 2}"#,
            json!({"Choice": {"SDK_UNKNOWN_MEMBER": {"name": "New"}}}),
        ),
        (
            r#""Choice": {"Right": "x"}"#,
            json!({"Choice": {"Right": "x"}}),
        ),
        (r#""Choice": {"Right": ""}"#, json!({})),
        // Of duplicate keys the last one counts.
        (r#""Size": "x", "Size": 2"#, json!({"Size": 2})),
    ];
    for protocol in JSON_PROTOCOLS {
        let service = Service::new(protocol);
        for (member, expected) in &cases {
            let body = format!(r#"{{"Text": "first", {member}, "Last": "last"}}"#);
            let mut all = json!({"Text": "first"});
            let map = all.as_map_mut().unwrap();
            if member.contains(r#""Text""#) {
                map.remove("Text");
            }
            map.extend(expected.as_map().unwrap().clone());
            map.insert("Last", "last");
            let parsed = service.body(body.clone()).unwrap();
            // NaN-free, so plain equality.
            assert_eq!(parsed, all, "{protocol} {body}");
        }
    }
}

#[test]
fn malformed_json_stays_an_error() {
    for protocol in JSON_PROTOCOLS {
        let service = Service::new(protocol);
        for body in [
            r#"{"Time": "30/11/2026""#,
            r#"{"Names": "a"#,
            r#"{"Size": 1.}"#,
            r#"{"Size": 01}"#,
            r#"{"Owner": [}"#,
            r#"{"Owner": {"Name"}}"#,
            r#"{"Text": "\x"}"#,
            r#"{"Size": NaN}"#,
            r#"{"Flag": yes}"#,
            r#"[{"Text": "a"}]"#,
            r#""text""#,
            "<html>",
        ] {
            let error = service.body(body).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Parse, "{protocol} {body}");
        }
    }
}

#[test]
fn xml_members_of_another_type_are_kept_as_sent() {
    let cases: Vec<(&str, Value)> = vec![
        // Empty elements, as mock servers write them.
        ("<Size/>", json!({})),
        ("<Size></Size>", json!({})),
        ("<Size> \n </Size>", json!({})),
        ("<Size><!-- none --></Size>", json!({})),
        ("<Time/>", json!({})),
        ("<Flag/>", json!({})),
        ("<Ratio/>", json!({})),
        ("<Text/>", json!({"Text": ""})),
        (
            "<Owner><Name>bob</Name><Since/></Owner>",
            json!({"Owner": {"Name": "bob"}}),
        ),
        ("<Owner><Since/></Owner>", json!({"Owner": {}})),
        // Elements without a value.
        ("<Size xsi:nil=\"true\"/>", json!({})),
        ("<Size xsi:nil='1'></Size>", json!({})),
        ("<Text xsi:nil=\"true\"/>", json!({})),
        ("<Text xsi:nil=\"true\"></Text>", json!({})),
        ("<Text xsi:nil=\"false\">a</Text>", json!({"Text": "a"})),
        ("<Owner p:nil=\"true\"/>", json!({})),
        ("<Names xsi:nil=\"true\"/>", json!({})),
        (
            "<Names><member>a</member><member xsi:nil='true'/></Names>",
            json!({"Names": ["a", null]}),
        ),
        // Scalars.
        (
            "<Time>30/11/2026, 18:47:48</Time>",
            json!({"Time": "30/11/2026, 18:47:48"}),
        ),
        (
            "<Time>1440938160000</Time>",
            json!({"Time": "1440938160000"}),
        ),
        (
            "<Time>soon &amp; later</Time>",
            json!({"Time": "soon & later"}),
        ),
        ("<Size>12x</Size>", json!({"Size": "12x"})),
        ("<Size>1.5</Size>", json!({"Size": "1.5"})),
        ("<Size unit='B'>7</Size>", json!({"Size": 7})),
        (
            "<Size>170141183460469231731687303715884105728</Size>",
            json!({"Size": Value::BigInt("170141183460469231731687303715884105728".into())}),
        ),
        ("<Ratio>1,5</Ratio>", json!({"Ratio": "1,5"})),
        ("<Flag>yes</Flag>", json!({"Flag": "yes"})),
        ("<Flag>1</Flag>", json!({"Flag": "1"})),
        ("<Flag>False</Flag>", json!({"Flag": false})),
        ("<Data>a</Data>", json!({"Data": "a"})),
        // The first of repeated elements counts.
        ("<Size>1</Size><Size>2</Size>", json!({"Size": 1})),
        ("<Size>x</Size><Size>2</Size>", json!({"Size": "x"})),
        (
            "<Owner><Name>a</Name></Owner><Owner><Name>b</Name></Owner>",
            json!({"Owner": {"Name": "a"}}),
        ),
        // Elements where a scalar is modeled.
        (
            "<Text><Name>a</Name><Code>1</Code></Text>",
            json!({"Text": {"Name": "a", "Code": "1"}}),
        ),
        (
            "<Size>\n <a>1</a><a>2</a><b><c/></b></Size>",
            json!({"Size": {"a": ["1", "2"], "b": {"c": ""}}}),
        ),
        ("<Text>a<b/>c</Text>", json!({"Text": "a"})),
        ("<Time><b>1</b></Time>", json!({"Time": {"b": "1"}})),
        ("<Data><b>1</b></Data>", json!({"Data": {"b": "1"}})),
        // Text where elements are modeled.
        ("<Owner>bob</Owner>", json!({"Owner": "bob"})),
        ("<Owner>\n  </Owner>", json!({"Owner": {}})),
        ("<Owner>b&amp;b</Owner>", json!({"Owner": "b&b"})),
        ("<Owner>\n<!-- x --></Owner>", json!({"Owner": {}})),
        (
            "<Owner xsi:type='t'>bob</Owner>",
            json!({"Owner": {"Kind": "t"}}),
        ),
        ("<Owner><New>1</New></Owner>", json!({"Owner": {}})),
        ("<Names>a</Names>", json!({"Names": "a"})),
        ("<Names><![CDATA[a]]></Names>", json!({"Names": "a"})),
        ("<Names/>", json!({"Names": []})),
        ("<Tags>none</Tags>", json!({"Tags": "none"})),
        ("<Tags/>", json!({"Tags": {}})),
        // Attributes.
        (
            "<Owner age='x'><Name>a</Name></Owner>",
            json!({"Owner": {"Age": "x", "Name": "a"}}),
        ),
        ("<Owner age=''/>", json!({"Owner": {}})),
        // Items and entries.
        (
            "<Sizes><member>1</member><member>x</member><member/></Sizes>",
            json!({"Sizes": [1, "x", null]}),
        ),
        (
            "<Owners><member><Name>a</Name></member><member>b</member></Owners>",
            json!({"Owners": [{"Name": "a"}, "b"]}),
        ),
        (
            "<Tags><entry><value>x</value></entry><entry><key>a</key><value>b</value></entry></Tags>",
            json!({"Tags": {"a": "b"}}),
        ),
        ("<Tags><entry/></Tags>", json!({"Tags": {}})),
        (
            "<Tags><a>1</a><b>2</b></Tags>",
            json!({"Tags": {"a": "1", "b": "2"}}),
        ),
        (
            "<Limits><entry><key>a</key><value>x</value></entry><entry><key>b</key><value/></entry></Limits>",
            json!({"Limits": {"a": "x"}}),
        ),
        // Wrapped where flattened is modeled, and flattened where wrapped is modeled.
        (
            "<Flat><member>a</member><member>b</member></Flat>",
            json!({"Flat": [{"member": ["a", "b"]}]}),
        ),
        (
            "<Flat xsi:nil='true'/><Flat>a</Flat>",
            json!({"Flat": [null, "a"]}),
        ),
        ("<FlatOwners>a</FlatOwners>", json!({"FlatOwners": ["a"]})),
        (
            "<FlatTags><value>x</value></FlatTags><FlatTags><key>a</key><value>b</value></FlatTags>",
            json!({"FlatTags": {"a": "b"}}),
        ),
        ("<FlatTags><value>x</value></FlatTags>", json!({})),
        (
            "<Owners><Name>a</Name><Since>b</Since></Owners>",
            json!({"Owners": ["a", "b"]}),
        ),
        // Unions.
        ("<Choice/>", json!({})),
        ("<Choice>Left</Choice>", json!({"Choice": "Left"})),
        (
            "<Choice><Left>a</Left><Right>2</Right></Choice>",
            json!({"Choice": {"Left": "a", "Right": 2}}),
        ),
        (
            "<Choice><Left>a</Left><New/></Choice>",
            json!({"Choice": {"Left": "a"}}),
        ),
        (
            "<Choice><Right>x</Right></Choice>",
            json!({"Choice": {"Right": "x"}}),
        ),
        ("<Choice><Right/></Choice>", json!({})),
    ];
    for protocol in [Protocol::RestXml, Protocol::Query, Protocol::Ec2] {
        let service = Service::new(protocol);
        for (member, expected) in &cases {
            let mut all = json!({});
            let map = all.as_map_mut().unwrap();
            map.extend(expected.as_map().unwrap().clone());
            map.insert("Last", "last");
            for body in [
                format!("{member}<Last>last</Last>"),
                format!("<Last>last</Last>{member}"),
            ] {
                let body = match protocol {
                    Protocol::Query => format!("<R><GetResult>{body}</GetResult></R>"),
                    _ => format!("<R>{body}</R>"),
                };
                // Again, with the order of members learnt.
                for _ in 0..2 {
                    let parsed = service.body(body.clone()).unwrap();
                    assert_eq!(parsed, all, "{protocol} {body}");
                }
            }
        }
    }
}

#[test]
fn query_members_outside_of_the_result_element_are_kept() {
    let service = Service::new(Protocol::Query);
    let parsed = service.body("<GetResponse><Text>a</Text><Size/></GetResponse>");
    assert_eq!(parsed.unwrap(), json!({"Text": "a"}));
    for text in ["<R><GetResult>none</GetResult></R>", "<R><GetResult/></R>"] {
        assert_eq!(service.body(text).unwrap(), json!({}), "{text}");
    }
}

/// A value on the wire, of any format.
#[derive(Clone, Debug)]
enum Wire {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<Wire>),
    Map(Vec<(String, Wire)>),
    /// Encoded in the format.
    Raw(Vec<u8>),
}

impl Wire {
    fn json(&self, out: &mut Vec<u8>) {
        match self {
            Wire::Null => out.extend(b"null"),
            Wire::Bool(value) => out.extend(value.to_string().bytes()),
            Wire::Int(value) => out.extend(value.to_string().bytes()),
            Wire::Float(value) => out.extend(format!("{value:?}").bytes()),
            Wire::Text(text) => out.extend(serde_json::to_vec(text).unwrap()),
            Wire::List(items) => {
                out.push(b'[');
                for (index, item) in items.iter().enumerate() {
                    out.extend((index > 0).then_some(b','));
                    item.json(out);
                }
                out.push(b']');
            }
            Wire::Map(entries) => {
                out.push(b'{');
                for (index, (name, value)) in entries.iter().enumerate() {
                    out.extend((index > 0).then_some(b','));
                    out.extend(serde_json::to_vec(name).unwrap());
                    out.push(b':');
                    value.json(out);
                }
                out.push(b'}');
            }
            Wire::Raw(bytes) => out.extend(bytes),
        }
    }

    fn cbor(&self, out: &mut Vec<u8>) {
        let head = |out: &mut Vec<u8>, major: u8, number: u64| {
            out.push(major << 5 | 27);
            out.extend(number.to_be_bytes());
        };
        match self {
            Wire::Null => out.push(0xf6),
            Wire::Bool(value) => out.push(0xf4 + u8::from(*value)),
            Wire::Int(value) if *value < 0 => head(out, 1, value.unsigned_abs() - 1),
            Wire::Int(value) => head(out, 0, value.unsigned_abs()),
            Wire::Float(value) => {
                out.push(0xfb);
                out.extend(value.to_be_bytes());
            }
            Wire::Text(text) => {
                head(out, 3, text.len() as u64);
                out.extend(text.bytes());
            }
            Wire::List(items) => {
                head(out, 4, items.len() as u64);
                items.iter().for_each(|item| item.cbor(out));
            }
            Wire::Map(entries) => {
                head(out, 5, entries.len() as u64);
                for (name, value) in entries {
                    Wire::Text(name.clone()).cbor(out);
                    value.cbor(out);
                }
            }
            Wire::Raw(bytes) => out.extend(bytes),
        }
    }

    /// Writes the content of an element of a type.
    fn xml(&self, shape: &Shape, out: &mut Vec<u8>) {
        let element = |out: &mut Vec<u8>, name: &str, value: &Wire, shape: &Shape| {
            out.extend(format!("<{name}>").bytes());
            value.xml(shape, out);
            out.extend(format!("</{name}>").bytes());
        };
        match (self, shape) {
            (Wire::Null, _) => {}
            (Wire::Bool(value), _) => out.extend(value.to_string().bytes()),
            (Wire::Int(value), _) => out.extend(value.to_string().bytes()),
            (Wire::Float(value), _) => out.extend(format!("{value:?}").bytes()),
            (Wire::Text(text), _) => {
                out.extend(text.replace('&', "&amp;").replace('<', "&lt;").bytes());
            }
            (Wire::List(items), shape) => {
                let item_shape = match shape {
                    Shape::List(item) => item,
                    _ => &Shape::Text,
                };
                for item in items {
                    element(out, "member", item, item_shape);
                }
            }
            (Wire::Map(entries), Shape::Map(item)) => {
                for (name, value) in entries {
                    out.extend(b"<entry>");
                    element(out, "key", &Wire::Text(name.clone()), &Shape::Text);
                    element(out, "value", value, item);
                    out.extend(b"</entry>");
                }
            }
            (Wire::Map(entries), shape) => {
                for (name, value) in entries {
                    let member = match shape {
                        Shape::Structure(members) => {
                            members.iter().find(|(member, _)| member == name)
                        }
                        _ => None,
                    };
                    element(
                        out,
                        name,
                        value,
                        member.map_or(&Shape::Text, |(_, shape)| shape),
                    );
                }
            }
            (Wire::Raw(bytes), _) => out.extend(bytes),
        }
    }
}

fn cbor_body(members: Vec<(&str, Wire)>) -> Vec<u8> {
    let members = members
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value));
    let mut out = Vec::new();
    Wire::Map(members.collect()).cbor(&mut out);
    out
}

/// The dates that moto sends for AppMesh, Shield and MediaStore, of which botocore cannot parse any.
#[test]
fn dates_of_moto_are_kept_as_sent_in_all_protocols() {
    for date in [
        "30/11/2026, 18:47:48",
        "12/31/2026, 00:00:00",
        "30. November",
        "tomorrow",
    ] {
        let json = format!(
            r#"{{"Time": "{date}", "Owner": {{"Name": "n", "Since": "{date}"}}, "Last": "end"}}"#
        );
        let members = format!(
            "<Time>{date}</Time><Owner><Name>n</Name><Since>{date}</Since></Owner><Last>end</Last>"
        );
        let text = |text: &str| Wire::Text(text.to_owned());
        let owner = [("Name", text("n")), ("Since", text(date))];
        let owner = owner.map(|(name, value)| (name.to_owned(), value));
        let cbor = cbor_body(vec![
            ("Time", text(date)),
            ("Owner", Wire::Map(owner.into())),
            ("Last", text("end")),
        ]);
        let expected = json!({"Time": date, "Owner": {"Name": "n", "Since": date}, "Last": "end"});
        for (protocol, body) in [
            (Protocol::Json, json.clone().into_bytes()),
            (Protocol::RestJson, json.into_bytes()),
            (Protocol::RestXml, format!("<R>{members}</R>").into_bytes()),
            (Protocol::Ec2, format!("<R>{members}</R>").into_bytes()),
            (
                Protocol::Query,
                format!("<R><GetResult>{members}</GetResult></R>").into_bytes(),
            ),
            (Protocol::RpcV2Cbor, cbor),
        ] {
            let output = Service::new(protocol).body(body).unwrap();
            assert_eq!(output, expected, "{protocol} {date}");
        }
        let headers = [("last-modified", date), ("x-text", "end")];
        let headers = response(200, &headers, "{}");
        let output = Service::new(Protocol::RestJson)
            .parse("GetRest", headers)
            .unwrap();
        assert_eq!(
            (&output["Modified"], &output["Text"]),
            (&json!(date), &json!("end"))
        );
    }
}

#[test]
fn cbor_members_of_another_type_are_kept_as_sent() {
    let text = |text: &str| Wire::Text(text.to_owned());
    let raw = |bytes: &[u8]| Wire::Raw(bytes.to_vec());
    let map = |entries: &[(&str, Wire)]| {
        Wire::Map(
            entries
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone()))
                .collect(),
        )
    };
    let moment = Value::Timestamp(Timestamp::new(1, 0));
    let bytes = |bytes: &'static [u8]| Value::Blob(bytes.into());
    let cases: Vec<(&str, Wire, Value)> = vec![
        (
            "Time",
            text("30/11/2026, 18:47:48"),
            json!({"Time": "30/11/2026, 18:47:48"}),
        ),
        ("Time", text(""), json!({})),
        (
            "Time",
            Wire::Int(1_440_938_160_000),
            json!({"Time": 1_440_938_160_000_i64}),
        ),
        (
            "Time",
            raw(&[0xc1, 0x1b, 0, 0, 1, 0x4f, 0x7e, 0xc3, 0x40, 0]),
            json!({"Time": 1_440_940_769_280_i64}),
        ),
        ("Time", raw(&[0xc1, 0x61, b'x']), json!({"Time": "x"})),
        ("Time", raw(&[0xc1, 0x80]), json!({})),
        (
            "Time",
            raw(&[0xc1, 0xf9, 0x7e, 0]),
            json!({"Time": f64::NAN}),
        ),
        (
            "Time",
            raw(&[0xc0, 0x61, b'1']),
            json!({"Time": moment.clone()}),
        ),
        ("Time", Wire::List(vec![Wire::Int(1)]), json!({"Time": [1]})),
        ("Time", Wire::Bool(true), json!({"Time": true})),
        ("Size", text("12x"), json!({"Size": "12x"})),
        ("Size", text(""), json!({})),
        ("Size", Wire::Float(1.5), json!({"Size": 1.5})),
        ("Size", Wire::Float(2.0), json!({"Size": 2})),
        ("Size", Wire::Float(f64::NAN), json!({"Size": f64::NAN})),
        ("Size", raw(&[0xc1, 1]), json!({"Size": moment})),
        ("Size", raw(&[0xd8, 32, 1]), json!({"Size": 1})),
        (
            "Size",
            raw(&[0x43, 1, 2, 3]),
            json!({"Size": bytes(&[1, 2, 3])}),
        ),
        ("Size", raw(&[0xe0]), json!({})),
        ("Size", raw(&[0xf8, 0xff]), json!({})),
        ("Size", raw(&[0xf7]), json!({})),
        ("Ratio", text("1,5"), json!({"Ratio": "1,5"})),
        ("Ratio", Wire::Int(1), json!({"Ratio": 1.0})),
        (
            "Ratio",
            map(&[("a", Wire::Int(1))]),
            json!({"Ratio": {"a": 1}}),
        ),
        ("Flag", text("yes"), json!({"Flag": "yes"})),
        ("Flag", Wire::Int(1), json!({"Flag": 1})),
        ("Text", Wire::Int(5), json!({"Text": 5})),
        (
            "Text",
            raw(&[0x42, b'a', b'b']),
            json!({"Text": bytes(b"ab")}),
        ),
        (
            "Text",
            raw(&[0x62, 0xff, b'b']),
            json!({"Text": bytes(&[0xff, b'b'])}),
        ),
        (
            "Text",
            raw(&[0x7f, 0x61, 0xc3, 0x61, 0xa9, 0xff]),
            json!({"Text": "é"}),
        ),
        ("Data", text("ab"), json!({"Data": "ab"})),
        ("Data", Wire::Int(5), json!({"Data": 5})),
        ("Data", Wire::List(vec![]), json!({})),
        ("Owner", text("bob"), json!({"Owner": "bob"})),
        (
            "Owner",
            Wire::List(vec![text("bob")]),
            json!({"Owner": ["bob"]}),
        ),
        ("Owner", Wire::List(vec![]), json!({})),
        (
            "Owner",
            raw(&[0xd8, 99, 0xa1, 0x64, b'N', b'a', b'm', b'e', 0x61, b'a']),
            json!({"Owner": {"Name": "a"}}),
        ),
        (
            "Owner",
            map(&[("Name", Wire::Int(1)), ("Since", text("x"))]),
            json!({"Owner": {"Name": 1, "Since": "x"}}),
        ),
        ("Owner", raw(&[0xa1, 0x01, 0x02]), json!({"Owner": {}})),
        ("Names", text("a"), json!({"Names": "a"})),
        (
            "Names",
            map(&[("member", text("a"))]),
            json!({"Names": {"member": "a"}}),
        ),
        ("Names", Wire::Map(vec![]), json!({})),
        (
            "Sizes",
            Wire::List(vec![Wire::Int(1), text("x"), text("")]),
            json!({"Sizes": [1, "x", null]}),
        ),
        ("Tags", Wire::Int(5), json!({"Tags": 5})),
        (
            "Tags",
            map(&[("a", Wire::Int(1)), ("b", text("c"))]),
            json!({"Tags": {"a": 1, "b": "c"}}),
        ),
        (
            "Tags",
            raw(&[0xa2, 0x01, 0x61, b'x', 0x61, b'a', 0x61, b'b']),
            json!({"Tags": {"1": "x", "a": "b"}}),
        ),
        (
            "Tags",
            raw(&[0xa1, 0x41, b'k', 0x61, b'x']),
            json!({"Tags": {"k": "x"}}),
        ),
        (
            "Tags",
            raw(&[0xa1, 0x81, 0xf5, 0x61, b'x']),
            json!({"Tags": {"[true]": "x"}}),
        ),
        (
            "Limits",
            map(&[("a", text("x")), ("b", text("")), ("c", Wire::Int(1))]),
            json!({"Limits": {"a": "x", "c": 1}}),
        ),
        ("Choice", Wire::Map(vec![]), json!({})),
        (
            "Choice",
            map(&[("Left", text("a")), ("Right", Wire::Int(2))]),
            json!({"Choice": {"Left": "a", "Right": 2}}),
        ),
        (
            "Choice",
            map(&[("New", text("a")), ("Left", text("b"))]),
            json!({"Choice": {"Left": "b"}}),
        ),
        (
            "Choice",
            map(&[("New", text("a")), ("Newer", text("b"))]),
            json!({"Choice": {"SDK_UNKNOWN_MEMBER": {"name": "New"}}}),
        ),
    ];
    let service = Service::new(Protocol::RpcV2Cbor);
    for (name, member, expected) in cases {
        let body = cbor_body(vec![(name, member.clone()), ("Last", text("last"))]);
        let mut all = expected;
        all.as_map_mut().unwrap().insert("Last", "last");
        let parsed = service.body(body).unwrap();
        assert!(is_same(&parsed, &all), "{name} {member:?}: {parsed:?}");
    }
    for malformed in [
        &[0xa1, 0x61][..],
        &[0xa1, 0x61, b'a', 0x1c],
        &[0xa1, 0x61, b'a', 0xff],
        &[0xa1, 0x61, b'a', 0xf8, 0x10],
        &[0x80],
        &[0x01],
    ] {
        let error = service.body(malformed.to_vec()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Parse, "{malformed:?}");
    }
}

/// Compares values; NaN is equal to itself.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Float(one), Value::Float(other)) => one == other || one.is_nan() && other.is_nan(),
        (Value::Map(one), Value::Map(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .all(|(name, value)| other.get(name).is_some_and(|other| is_same(value, other)))
        }
        (Value::List(one), Value::List(other)) => {
            one.len() == other.len() && one.iter().zip(other.iter()).all(|(a, b)| is_same(a, b))
        }
        (one, other) => one == other,
    }
}

#[test]
fn headers_of_another_type_are_kept_as_text() {
    let cases: Vec<(&str, &str, Value)> = vec![
        (
            "last-modified",
            "yesterday",
            json!({"Modified": "yesterday"}),
        ),
        ("last-modified", "", json!({})),
        ("expires", "never", json!({"Expires": "never"})),
        (
            "expires",
            "-1",
            json!({"Expires": Value::Timestamp(Timestamp::new(-1, 0))}),
        ),
        ("content-length", "many", json!({"Size": "many"})),
        ("content-length", " ", json!({})),
        ("content-length", "1.5", json!({"Size": "1.5"})),
        ("x-ratio", "half", json!({"Ratio": "half"})),
        ("x-ratio", "NaN", json!({"Ratio": f64::NAN})),
        ("x-flag", "yes", json!({"Flag": "yes"})),
        ("x-flag", "TRUE", json!({"Flag": true})),
        ("x-flag", "", json!({})),
        ("x-data", "a", json!({"Data": "a"})),
        ("x-text", "", json!({"Text": ""})),
        ("x-json", "no base64", json!({"Json": "no base64"})),
        ("x-json", "e30=", json!({"Json": {}})),
        ("x-json", "ew==", json!({"Json": "ew=="})),
        ("x-json", "", json!({})),
        ("x-sizes", "1, x,, 3", json!({"Sizes": [1, "x", 3]})),
        ("x-sizes", "", json!({"Sizes": []})),
        ("x-times", "soon, 1", json!({"Times": ["soon, 1"]})),
        (
            "x-times",
            "later today, 1",
            json!({"Times": ["later today", Value::Timestamp(Timestamp::new(1, 0))]}),
        ),
        ("x-meta-", "empty", json!({"Meta": {"": "empty"}})),
        ("x-meta-a", "", json!({"Meta": {"a": ""}})),
    ];
    for (protocol, body) in [
        (Protocol::RestJson, r#"{"Name": "bob", "Since": "soon"}"#),
        (
            Protocol::RestXml,
            "<Owner><Name>bob</Name><Since>soon</Since></Owner>",
        ),
    ] {
        let service = Service::new(protocol);
        for (name, value, expected) in &cases {
            let headers = [("etag", "x"), (*name, *value)];
            let parsed = service
                .parse("GetRest", response(200, &headers, body))
                .unwrap();
            let mut all = expected.clone();
            let map = all.as_map_mut().unwrap();
            map.insert("Status", 200);
            map.insert("Body", json!({"Name": "bob", "Since": "soon"}));
            if map.get("Meta").is_none() {
                map.insert("Meta", json!({}));
            }
            assert!(
                is_same(&parsed, &all),
                "{protocol} {name}: {value}: {parsed:?}"
            );
        }
    }
}

#[test]
fn payloads_of_another_type_are_kept_as_sent() {
    for (protocol, body, expected) in [
        (Protocol::RestJson, r#""bob""#, json!("bob")),
        (Protocol::RestJson, "[1]", json!([1])),
        (Protocol::RestJson, "5", json!(5)),
        (Protocol::RestJson, "[]", Value::Null),
        (Protocol::RestJson, "null", Value::Null),
        (Protocol::RestXml, "<Owner>bob</Owner>", json!("bob")),
        (Protocol::RestXml, "<Owner xsi:nil='true'/>", Value::Null),
    ] {
        let parsed = Service::new(protocol)
            .parse("GetRest", response(200, &[], body))
            .unwrap();
        assert_eq!(parsed["Body"], expected, "{protocol} {body}");
        assert_eq!(parsed["Status"], 200);
    }
    for protocol in [Protocol::RestJson, Protocol::RestXml] {
        let headers = [("etag", "x")];
        let body = &b"a\xff"[..];
        let parsed = Service::new(protocol)
            .parse("GetPage", response(200, &headers, body))
            .unwrap();
        assert_eq!(parsed["Body"].as_blob(), Some(body));
        assert_eq!(parsed["Etag"], "x");
    }
}

#[test]
fn error_details_of_another_type_are_kept_as_sent() {
    let mut cbor = Vec::new();
    for (name, value) in [
        ("__type", "Failed"),
        ("Size", "many"),
        ("Time", ""),
        ("Last", "last"),
    ] {
        Wire::Text(name.to_owned()).cbor(&mut cbor);
        Wire::Text(value.to_owned()).cbor(&mut cbor);
    }
    cbor.insert(0, 0xa5);
    Wire::Text("Message".to_owned()).cbor(&mut cbor);
    Wire::Map(vec![("a".to_owned(), Wire::Int(1))]).cbor(&mut cbor);
    let json =
        r#"{"__type": "Failed", "Message": {"a": 1}, "Size": "many", "Time": "", "Last": "last"}"#;
    let xml = "<Error><Code>Failed</Code><Message>why</Message><Size>many</Size><Time/><Last>last</Last></Error>";
    for (protocol, body) in [
        (Protocol::Json, json.into()),
        (Protocol::RestJson, json.into()),
        (Protocol::RpcV2Cbor, cbor),
        (Protocol::RestXml, xml.into()),
        (
            Protocol::Query,
            format!("<ErrorResponse>{xml}</ErrorResponse>").into_bytes(),
        ),
        (
            Protocol::Ec2,
            format!("<Response><Errors>{xml}</Errors></Response>").into_bytes(),
        ),
    ] {
        let service = Service::new(protocol);
        let operation = service.model.operation("Get").unwrap();
        let body: Vec<u8> = body;
        let error = service
            .codec
            .parse_error(operation, response(400, &[], body));
        assert_eq!(error.code, "Failed", "{protocol}");
        assert!(
            ["why", r#"{"a":1}"#].contains(&error.message.as_str()),
            "{protocol} {}",
            error.message
        );
        assert_eq!(
            Value::Map(error.details),
            json!({"Size": "many", "Last": "last"}),
            "{protocol}"
        );
    }
}

#[test]
fn events_of_another_type_are_kept_as_sent() {
    let message = |event: &str, headers: &[(&str, EventHeader)], payload: &[u8]| {
        let text = |text: &str| EventHeader::String(text.into());
        let mut all = vec![
            (":message-type".into(), text("event")),
            (":event-type".into(), text(event)),
        ];
        all.extend(
            headers
                .iter()
                .map(|(name, value)| ((*name).into(), value.clone())),
        );
        EventMessage {
            headers: all,
            payload: Bytes::copy_from_slice(payload),
        }
    };
    let parse = |protocol: Protocol, message: EventMessage| {
        let service = Service::new(protocol);
        let operation = service.model.operation("Watch").unwrap();
        service
            .codec
            .parse_event(operation, message)
            .unwrap()
            .unwrap()
    };
    let headers = [
        ("Count", EventHeader::String("many".into())),
        ("At", EventHeader::Bool(true)),
    ];
    let cbor = cbor_body(vec![
        ("Owner", Wire::Text("bob".to_owned())),
        ("Last", Wire::Text("last".to_owned())),
    ]);
    let bodies: [(Protocol, &[u8]); 4] = [
        (Protocol::Json, br#"{"Owner": "bob", "Last": "last"}"#),
        (Protocol::RestJson, br#"{"Owner": "bob", "Last": "last"}"#),
        (
            Protocol::RestXml,
            b"<Tick><Owner>bob</Owner><Last>last</Last></Tick>",
        ),
        (Protocol::RpcV2Cbor, &cbor),
    ];
    for (protocol, payload) in bodies {
        assert_eq!(
            parse(protocol, message("Tick", &headers, payload)),
            json!({"Tick": {"Count": "many", "At": true, "Owner": "bob", "Last": "last"}}),
            "{protocol}"
        );
        let note = parse(protocol, message("Note", &[], b"a\xff"));
        assert_eq!(note["Note"]["Text"].as_blob(), Some(&b"a\xff"[..]));
    }
    for (payload, expected) in [
        (&br#""text""#[..], json!({"Row": "text"})),
        (b"[1]", json!({"Row": [1]})),
        (b"[]", json!({"Row": {}})),
        (br#"{"Size": "", "Last": 5}"#, json!({"Row": {"Last": 5}})),
    ] {
        let parsed = parse(Protocol::Json, message("Row", &[], payload));
        assert_eq!(parsed, expected);
    }
    for (payload, expected) in [
        (
            &br#"{"a": 1}"#[..],
            json!({"Count": "many", "At": true, "a": 1}),
        ),
        (b"[1]", json!({"Count": "many", "At": true, "payload": [1]})),
        (b"{", json!({"Count": "many", "At": true, "payload": "{"})),
        (b"", json!({"Count": "many", "At": true})),
    ] {
        let mut unknown = message("Later", &headers, payload);
        let json = EventHeader::String("application/json".into());
        unknown.headers.push((":content-type".into(), json));
        assert_eq!(parse(Protocol::Json, unknown), json!({"Later": expected}));
    }
    let service = Service::new(Protocol::Json);
    let operation = service.model.operation("Watch").unwrap();
    let mut unknown = message("", &[], br#"{"message": "no", "Left": 2}"#);
    unknown.headers = vec![
        (
            ":message-type".into(),
            EventHeader::String("exception".into()),
        ),
        (
            ":exception-type".into(),
            EventHeader::String("Later".into()),
        ),
        (
            ":content-type".into(),
            EventHeader::String("application/json".into()),
        ),
    ];
    for has_content_type in [true, false] {
        let mut unknown = unknown.clone();
        if !has_content_type {
            unknown.headers.pop();
        }
        let error = service.codec.parse_event(operation, unknown).unwrap_err();
        let error = error.service().unwrap();
        assert_eq!((&*error.code, &*error.message), ("Later", "no"));
        assert_eq!(error.details.get("Left"), Some(&Value::Int(2)));
    }
    let error = service
        .codec
        .parse_event(operation, message("Row", &[], b"{\"Size\": "));
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Parse);
}

/// Records the messages of log events.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl tracing::Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn event(&self, event: &Event<'_>) {
        struct Message(String);
        impl Visit for Message {
            fn record_debug(&mut self, _: &Field, value: &dyn std::fmt::Debug) {
                let _ = write!(self.0, "{value:?}");
            }
        }
        let mut message = Message(String::new());
        event.record(&mut message);
        self.0.lock().unwrap().push(message.0);
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

/// Returns the messages that `work` logs. It runs twice: a thread that logs a message for the first time, without a subscriber, may
/// cache at the same moment that nobody is interested in it.
fn logged(work: impl Fn()) -> Vec<String> {
    let log = Log::default();
    tracing::subscriber::with_default(log.clone(), || {
        work();
        tracing::callsite::rebuild_interest_cache();
        log.0.lock().unwrap().clear();
        work();
    });
    let lines = log.0.lock().unwrap();
    lines.clone()
}

#[test]
fn a_warning_names_the_path_of_each_member_that_does_not_match() {
    let json = Service::new(Protocol::Json);
    let lines = logged(|| {
        let body = r#"{"Size": "many", "Owners": [{}, {"Since": "soon"}], "Limits": {"a b": "x"}, "Time": "", "Choice": {}}"#;
        json.body(body).unwrap();
    });
    assert_eq!(
        lines,
        [
            "Output.Size: expected an integer, got a string; kept as sent",
            "Output.Owners[1].Since: expected a timestamp, got a string; kept as sent",
            "Output.Limits[\"a b\"]: expected an integer, got a string; kept as sent",
            "Output.Time: expected a timestamp, got nothing; left out",
            "Output.Choice: expected one member of a union, got 0",
        ]
    );
    let xml = Service::new(Protocol::RestXml);
    let lines = logged(|| {
        xml.body(
            "<R><Owners><member/><member><Since>soon</Since></member></Owners><Tags><entry/><entry><key>a</key></entry>\
             <entry><value>x</value></entry></Tags><Size>1</Size><Size>2</Size></R>",
        )
        .unwrap();
    });
    assert_eq!(
        lines,
        [
            "R.Tags.entry: an entry without a key; left out",
            "R.Size: repeated; the first one counts",
            "Output.Owners[1].Since: expected a timestamp, got a string; kept as sent",
        ]
    );
    let rest = Service::new(Protocol::RestXml);
    let lines = logged(|| {
        let headers = [("last-modified", "yesterday"), ("x-sizes", "1, x")];
        rest.parse("GetRest", response(200, &headers, "")).unwrap();
    });
    assert_eq!(
        lines,
        [
            "Rest.Modified: expected a timestamp, got a string; kept as sent",
            "Rest.Sizes: expected an integer, got a string; kept as sent",
        ]
    );
    // A response that matches its shape logs nothing; one with many mismatches logs some.
    assert!(
        logged(|| drop(
            json.body(r#"{"Size": 1, "New": [], "Owner": null}"#)
                .unwrap()
        ))
        .is_empty()
    );
    let many = format!(r#"{{"Sizes": [{}1]}}"#, r#""x","#.repeat(1000));
    let lines = logged(|| drop(json.body(many.clone()).unwrap()));
    assert_eq!(lines.len(), 11);
    assert_eq!(
        lines[10],
        "990 more members of the response do not match their shapes"
    );
    let repeated = format!("<R>{}</R>", "<Size>1</Size>".repeat(1000));
    assert_eq!(
        logged(|| drop(xml.body(repeated.clone()).unwrap())).len(),
        10
    );
}

/// A shape of a random definition.
#[derive(Clone, Debug)]
enum Shape {
    Text,
    Long,
    Double,
    Boolean,
    Time,
    Blob,
    Structure(Vec<(String, Shape)>),
    List(Box<Shape>),
    Map(Box<Shape>),
}

/// Knuth's generator, for reproducible shapes.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }

    fn shape(&mut self, depth: usize) -> Shape {
        match self.below(if depth == 0 { 6 } else { 10 }) {
            0 => Shape::Text,
            1 => Shape::Long,
            2 => Shape::Double,
            3 => Shape::Boolean,
            4 => Shape::Time,
            5 => Shape::Blob,
            6 => Shape::List(Box::new(self.shape(depth - 1))),
            7 => Shape::Map(Box::new(self.shape(depth - 1))),
            _ => self.structure(depth - 1),
        }
    }

    fn structure(&mut self, depth: usize) -> Shape {
        let count = 1 + self.below(5);
        let members = (0..count).map(|number| (format!("Member{number}"), self.shape(depth)));
        Shape::Structure(members.collect())
    }

    /// Returns a value that matches a shape.
    fn value(&mut self, shape: &Shape) -> Wire {
        match shape {
            Shape::Text => Wire::Text(
                ["", "a", "é & <b>", "a text of more than twenty-three bytes"][self.below(4)]
                    .to_owned(),
            ),
            Shape::Long => Wire::Int([0, 1, -5, i64::MAX][self.below(4)]),
            Shape::Double => Wire::Float([0.5, -1e100, 1.0][self.below(3)]),
            Shape::Boolean => Wire::Bool(self.below(2) == 0),
            Shape::Time => Wire::Int(self.below(2_000_000_000) as i64),
            Shape::Blob => Wire::Text(["", "aGk=", "AAECAw=="][self.below(3)].to_owned()),
            Shape::Structure(members) => Wire::Map(
                members
                    .iter()
                    .map(|(name, shape)| (name.clone(), self.value(shape)))
                    .collect(),
            ),
            Shape::List(item) => Wire::List((0..self.below(4)).map(|_| self.value(item)).collect()),
            Shape::Map(item) => Wire::Map(
                (0..self.below(4))
                    .map(|number| (format!("key {number}"), self.value(item)))
                    .collect(),
            ),
        }
    }

    /// Returns any value.
    fn any(&mut self, depth: usize, format: Format) -> Wire {
        if self.below(6) == 0 {
            let raw: &[&[u8]] = match format {
                Format::Json => &[
                    b"1e999",
                    b"-0",
                    b"123456789012345678901234567890",
                    br#""\ud800""#,
                ],
                Format::Cbor => &[
                    &[0xc1, 0x61, b'x'],
                    &[0xc2, 0x41, 1],
                    &[0x62, 0xff, 0xff],
                    &[0xa1, 1, 2],
                    &[0x9f, 0xff],
                    &[0xe5],
                    &[0xf9, 0x7e, 0],
                ],
                Format::Xml => &[
                    b"<a/>",
                    b"x<a/>",
                    b"<a>1</a><a>2</a>",
                    b"<entry><value>x</value></entry>",
                    b"<!-- c -->",
                    b"<![CDATA[<x>]]>",
                    b"<?pi?> <key>k</key>",
                ],
            };
            return Wire::Raw(raw[self.below(raw.len())].to_vec());
        }
        match self.below(if depth == 0 { 6 } else { 8 }) {
            0 => Wire::Null,
            1 => Wire::Bool(self.below(2) == 0),
            2 => Wire::Int([7, -1, 1_700_000_000_000, i64::MIN][self.below(4)]),
            3 => Wire::Float([1.5, 1e300, -2.0][self.below(3)]),
            4 => Wire::Text(
                [
                    "",
                    " ",
                    "30/11/2026, 18:47:48",
                    "yes",
                    "true",
                    "12",
                    "a text of more than twenty-three bytes",
                ][self.below(7)]
                .to_owned(),
            ),
            5 => Wire::Text("a=".to_owned()),
            6 => Wire::List(
                (0..self.below(3))
                    .map(|_| self.any(depth - 1, format))
                    .collect(),
            ),
            _ => Wire::Map(
                (0..self.below(3))
                    .map(|number| (format!("Member{}", number * 2), self.any(depth - 1, format)))
                    .collect(),
            ),
        }
    }

    /// Replaces a random member, item or entry, and returns the path to it.
    fn replace(&mut self, wire: &mut Wire, format: Format, path: &mut Vec<Step>) {
        let length = match wire {
            Wire::Map(entries) => entries.len(),
            Wire::List(items) => items.len(),
            _ => 0,
        };
        if length == 0 || !path.is_empty() && self.below(3) == 0 {
            *wire = self.any(2, format);
            return;
        }
        let at = self.below(length);
        match wire {
            Wire::Map(entries) => {
                path.push(Step::Name(entries[at].0.clone()));
                self.replace(&mut entries[at].1, format, path);
            }
            Wire::List(items) => {
                path.push(Step::Item(at));
                self.replace(&mut items[at], format, path);
            }
            _ => {}
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Format {
    Json,
    Cbor,
    Xml,
}

#[derive(Clone, Debug)]
enum Step {
    Name(String),
    Item(usize),
}

/// Removes the value at a path.
fn without(value: &mut Value, path: &[Step]) {
    match (path, value) {
        ([Step::Name(name)], Value::Map(map)) => drop(map.remove(name)),
        ([Step::Item(at)], Value::List(list)) => list[*at] = Value::Null,
        ([Step::Name(name), path @ ..], Value::Map(map)) => {
            without(map.get_mut(name).unwrap(), path);
        }
        ([Step::Item(at), path @ ..], Value::List(list)) => without(&mut list[*at], path),
        (path, value) => panic!("{path:?} {value:?}"),
    }
}

/// Returns the definition of shapes.
fn definition(shape: &Shape, out: &mut Vec<String>) -> String {
    let name = match shape {
        Shape::Text => return "String".to_owned(),
        Shape::Long => return "Long".to_owned(),
        Shape::Double => return "Double".to_owned(),
        Shape::Boolean => return "Boolean".to_owned(),
        Shape::Time => return "Timestamp".to_owned(),
        Shape::Blob => return "Blob".to_owned(),
        Shape::Structure(members) => {
            let members: Vec<String> = members
                .iter()
                .map(|(name, shape)| {
                    format!(r#""{name}": {{"shape": "{}"}}"#, definition(shape, out))
                })
                .collect();
            format!(
                r#"{{"type": "structure", "members": {{{}}}}}"#,
                members.join(",")
            )
        }
        Shape::List(item) => {
            format!(
                r#"{{"type": "list", "member": {{"shape": "{}"}}}}"#,
                definition(item, out)
            )
        }
        Shape::Map(item) => format!(
            r#"{{"type": "map", "key": {{"shape": "String"}}, "value": {{"shape": "{}"}}}}"#,
            definition(item, out)
        ),
    };
    let number = out.len();
    out.push(format!(r#""Shape{number}": {name}"#));
    format!("Shape{number}")
}

#[test]
fn replacing_a_member_changes_no_other_member() {
    let mut random = Random(2026);
    for round in 0..300 {
        let shape = random.structure(3);
        let mut shapes = Vec::new();
        let Shape::Structure(members) = &shape else {
            panic!("not a structure")
        };
        let output: Vec<String> = members
            .iter()
            .map(|(name, shape)| {
                format!(
                    r#""{name}": {{"shape": "{}"}}"#,
                    definition(shape, &mut shapes)
                )
            })
            .collect();
        shapes.push(format!(
            r#""Output": {{"type": "structure", "members": {{{}}}}}"#,
            output.join(",")
        ));
        let scalars = r#""String": {"type": "string"}, "Boolean": {"type": "boolean"}, "Long": {"type": "long"},
            "Double": {"type": "double"}, "Timestamp": {"type": "timestamp"}, "Blob": {"type": "blob"}"#;
        let shapes = format!("{{{}, {scalars}}}", shapes.join(","));
        for protocol in Protocol::ALL {
            let format = match protocol {
                Protocol::Json | Protocol::RestJson => Format::Json,
                Protocol::RpcV2Cbor => Format::Cbor,
                Protocol::RestXml | Protocol::Query | Protocol::Ec2 => Format::Xml,
            };
            let encode = |wire: &Wire| {
                let mut body = Vec::new();
                match format {
                    Format::Json => wire.json(&mut body),
                    Format::Cbor => wire.cbor(&mut body),
                    Format::Xml => wire.xml(&shape, &mut body),
                }
                let text = String::from_utf8_lossy(&body);
                match protocol {
                    Protocol::RestXml | Protocol::Ec2 => format!("<R>{text}</R>").into_bytes(),
                    Protocol::Query => format!("<R><GetResult>{text}</GetResult></R>").into_bytes(),
                    _ => body,
                }
            };
            let service = Service::with_shapes(protocol, &shapes);
            let good = random.value(&shape);
            let mut bad = good.clone();
            let mut path = Vec::new();
            random.replace(&mut bad, format, &mut path);
            let mut expected = service.body(encode(&good)).unwrap();
            let shown = format!(
                "{round} {protocol} {path:?}\n{}",
                String::from_utf8_lossy(&encode(&bad))
            );
            let mut parsed = service
                .body(encode(&bad))
                .unwrap_or_else(|error| panic!("{shown}: {error}"));
            without(&mut expected, &path);
            without(&mut parsed, &path);
            assert!(
                is_same(&expected, &parsed),
                "{shown}\n{expected:?}\n{parsed:?}"
            );
        }
    }
}
