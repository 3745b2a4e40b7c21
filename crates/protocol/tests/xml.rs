//! The formats with XML responses, end to end: valid, unusual and hostile responses.
#![expect(clippy::unwrap_used, reason = "tests may panic")]

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use inia_core::{ErrorKind, Fault, Value, json};
use inia_model::ServiceModel;
use inia_protocol::{Codec, Headers, Input, Protocol, Response};

const SHAPES: &str = r#"{
    "Input": {"type": "structure", "members": {
        "Name": {"shape": "String", "location": "uri", "locationName": "Name"},
        "Text": {"shape": "String"}}},
    "Output": {"type": "structure", "members": {
        "Header": {"shape": "String", "location": "header", "locationName": "x-header"},
        "Text": {"shape": "String"}, "Renamed": {"shape": "String", "locationName": "wireName"},
        "Flag": {"shape": "Boolean"}, "Number": {"shape": "Long"}, "Ratio": {"shape": "Double"},
        "Time": {"shape": "Timestamp"}, "Data": {"shape": "Blob"},
        "List": {"shape": "List"}, "Flat": {"shape": "Flat"}, "FlatTexts": {"shape": "Texts", "flattened": true, "locationName": "T"},
        "Map": {"shape": "Map"}, "FlatMap": {"shape": "Map", "flattened": true},
        "Inner": {"shape": "Inner"}, "Grantee": {"shape": "Grantee"}, "Union": {"shape": "Union"},
        "Event": {"shape": "String"}, "Events": {"shape": "Texts", "flattened": true, "locationName": "Event"},
        "Deep": {"shape": "Output"}}},
    "Inner": {"type": "structure", "members": {"A": {"shape": "String"}, "B": {"shape": "Long"}}},
    "Grantee": {"type": "structure", "members": {
        "Type": {"shape": "String", "locationName": "xsi:type", "xmlAttribute": true},
        "Plain": {"shape": "Long", "locationName": "plain", "xmlAttribute": true}, "ID": {"shape": "String"}}},
    "Union": {"type": "structure", "union": true, "members": {"A": {"shape": "String"}, "B": {"shape": "Texts"}}},
    "List": {"type": "list", "member": {"shape": "Inner"}},
    "Flat": {"type": "list", "member": {"shape": "Inner", "locationName": "Item"}, "flattened": true},
    "Texts": {"type": "list", "member": {"shape": "String"}},
    "Map": {"type": "map", "key": {"shape": "String"}, "value": {"shape": "Inner"}},
    "NotThere": {"type": "structure", "exception": true, "error": {"code": "NotThere", "httpStatusCode": 404, "senderFault": true},
        "members": {"Message": {"shape": "String"}, "Count": {"shape": "Long"},
                    "Hint": {"shape": "String", "location": "header", "locationName": "x-hint"}}},
    "String": {"type": "string"}, "Boolean": {"type": "boolean"}, "Long": {"type": "long"}, "Double": {"type": "double"},
    "Timestamp": {"type": "timestamp"}, "Blob": {"type": "blob"}
}"#;

/// A service with one operation, and one without an output.
fn model(protocol: Protocol) -> Arc<ServiceModel> {
    let wrapper = match protocol {
        Protocol::Query => r#", "resultWrapper": "OpResult""#,
        _ => "",
    };
    let uri = match protocol {
        Protocol::RestXml => "/{Name}",
        _ => "/",
    };
    let definition = format!(
        r#"{{"metadata": {{"protocol": "{protocol}", "serviceId": "Test", "apiVersion": "2026-01-01", "endpointPrefix": "test",
              "signatureVersion": "v4"}},
            "operations": {{
              "Op": {{"name": "Op", "http": {{"method": "POST", "requestUri": "{uri}"}}, "input": {{"shape": "Input"}},
                      "output": {{"shape": "Output"{wrapper}}}, "errors": [{{"shape": "NotThere"}}]}},
              "Quiet": {{"name": "Quiet", "http": {{"method": "POST", "requestUri": "/"}}}}}},
            "shapes": {SHAPES}}}"#
    );
    Arc::new(ServiceModel::from_json("test", definition.as_bytes()).unwrap())
}

struct Client {
    model: Arc<ServiceModel>,
    codec: Codec,
}

impl Client {
    fn new(protocol: Protocol) -> Self {
        let model = model(protocol);
        let codec = protocol.codec(Arc::clone(&model));
        Client { model, codec }
    }

    fn parse(&self, operation: &str, body: impl Into<Bytes>) -> inia_core::Result<Value> {
        let operation = self.model.operation(operation).unwrap();
        self.codec.parse(operation, response(200, body))
    }
}

fn response(status: u16, body: impl Into<Bytes>) -> Response {
    Response {
        status,
        headers: Headers::new(),
        body: body.into(),
    }
}

/// Parses the content of a root element as the output.
fn read(content: &str) -> inia_core::Result<Value> {
    Client::new(Protocol::RestXml).parse("Op", format!("<R xmlns=\"http://r\">{content}</R>"))
}

#[test]
fn parses_values_by_shape() {
    for (content, expected) in [
        ("", json!({})),
        ("<Text>a</Text>", json!({"Text": "a"})),
        (
            "<Text/><wireName></wireName>",
            json!({"Text": "", "Renamed": ""}),
        ),
        (
            "<Text> kept \n as it is </Text>",
            json!({"Text": " kept \n as it is "}),
        ),
        (
            "<Text>longer than fits inline, &lt;with&gt; &#x1F600;</Text>",
            json!({"Text": "longer than fits inline, <with> \u{1F600}"}),
        ),
        (
            "<Flag>true</Flag><Number> -5 </Number><Ratio>1e3</Ratio>",
            json!({"Flag": true, "Number": -5, "Ratio": 1000.0}),
        ),
        (
            "<Flag>TRUE</Flag><Deep><Flag>false</Flag></Deep>",
            json!({"Flag": true, "Deep": {"Flag": false}}),
        ),
        (
            "<Ratio>-Infinity</Ratio>",
            json!({"Ratio": f64::NEG_INFINITY}),
        ),
        (
            "<List><member><A>x</A></member><anything><B>2</B></anything><member/></List>",
            json!({"List": [{"A": "x"}, {"B": 2}, {}]}),
        ),
        ("<List/>", json!({"List": []})),
        ("<List>\n  </List>", json!({"List": []})),
        (
            "<Item><A>1</A></Item><Item><A>2</A></Item>",
            json!({"Flat": [{"A": "1"}, {"A": "2"}]}),
        ),
        (
            "<T>1</T><Item/><T>2</T><Text>x</Text><T>3</T><Item><B>1</B></Item>",
            json!({"FlatTexts": ["1", "2", "3"], "Flat": [{}, {"B": 1}], "Text": "x"}),
        ),
        (
            "<Map><entry><key>k</key><value><B>1</B></value></entry><e><value/><key>l</key></e></Map>",
            json!({"Map": {"k": {"B": 1}, "l": {}}}),
        ),
        (
            "<Map><entry><key>k</key><other/></entry></Map>",
            json!({"Map": {"k": null}}),
        ),
        (
            "<FlatMap><key>k</key><value/></FlatMap><Text/><FlatMap><key>l</key><value/></FlatMap>",
            json!({"FlatMap": {"k": {}, "l": {}}, "Text": ""}),
        ),
        (
            "<Inner>\n <Unknown><A>no</A></Unknown> <p:A xmlns:p='u'>yes</p:A></Inner>",
            json!({"Inner": {"A": "yes"}}),
        ),
        (
            "<Grantee xmlns:xsi='http://x' xsi:type='a&amp;b' plain='7'><ID>i</ID></Grantee>",
            json!({"Grantee": {"Type": "a&b", "Plain": 7, "ID": "i"}}),
        ),
        (
            "<Grantee other:type='t'/>",
            json!({"Grantee": {"Type": "t"}}),
        ),
        (
            "<Grantee type='t' x:plain='7' xmlns:type='u'/>",
            json!({"Grantee": {}}),
        ),
        (
            "<Union><B><member>x</member></B></Union>",
            json!({"Union": {"B": ["x"]}}),
        ),
        (
            "<Union><New><A>x</A></New></Union>",
            json!({"Union": {"SDK_UNKNOWN_MEMBER": {"name": "New"}}}),
        ),
        // Of a repeated element the first one counts.
        (
            "<Text>first</Text><Text>second</Text>",
            json!({"Text": "first"}),
        ),
        (
            "<Inner><A>1</A></Inner><Inner><A>2</A></Inner>",
            json!({"Inner": {"A": "1"}}),
        ),
        // Two members share an element name.
        ("<Event>e</Event>", json!({"Event": "e", "Events": ["e"]})),
        (
            "<Event>e</Event><Event>f</Event>",
            json!({"Event": "e", "Events": ["e", "f"]}),
        ),
        // Text, comments, instructions and sections between elements.
        (
            "stray<!-- <Text>no</Text> --><Text>x</Text><?pi?><![CDATA[<Flag>]]>",
            json!({"Text": "x"}),
        ),
    ] {
        assert_eq!(read(content).unwrap(), expected, "{content}");
        // Again, with the order of members learnt from the others.
        assert_eq!(read(content).unwrap(), expected, "{content}");
    }
    let moment = read("<Time>2015-08-30T12:36:00.5Z</Time>").unwrap();
    assert_eq!(
        moment["Time"].as_timestamp().unwrap().nanoseconds(),
        500_000_000
    );
    let data = read("<Data>aGk\n/</Data>").unwrap();
    assert_eq!(data["Data"].as_blob(), Some(&b"hi?"[..]));
    let big = read("<Number>-170141183460469231731687303715884105728</Number>").unwrap();
    assert_eq!(big["Number"].type_name(), "integer");
}

#[test]
fn reports_malformed_xml_with_position() {
    for (content, expected) in [
        ("<Number>&nope;</Number>", "invalid character reference"),
        ("<Grantee plain='&nope;'/>", "invalid character reference"),
        ("<Map><entry><key>a</entry></Map>", "</entry> ends <key>"),
        ("<Text>a</Txt>", "</Txt> ends <Text>"),
        ("<Inner><A></Inner></A>", "</Inner> ends <A>"),
    ] {
        let error = read(content).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Parse, "{content}");
        let message = error.to_string();
        assert!(message.starts_with("XML at byte "), "{message}");
        assert!(message.contains(expected), "{message}");
    }
    let long = "x".repeat(100_000);
    let error = read(&format!("<{long}></a>")).unwrap_err();
    assert!(error.to_string().len() < 300);
    let mut invalid = b"<R><Text>".to_vec();
    invalid.push(0xff);
    invalid.extend_from_slice(b"</Text></R>");
    let error = Client::new(Protocol::RestXml)
        .parse("Op", invalid)
        .unwrap_err();
    assert_eq!(error.to_string(), "XML at byte 9: not UTF-8");
}

#[test]
fn parses_results_and_request_ids() {
    for (protocol, body, expected, id) in [
        (
            Protocol::Query,
            "<OpResponse><Other/><OpResult><Text>a</Text></OpResult><ResponseMetadata><X/><RequestId>id</RequestId></ResponseMetadata></OpResponse>",
            json!({"Text": "a"}),
            Some("id"),
        ),
        (
            Protocol::Query,
            "<OpResponse><OpResult/></OpResponse>",
            json!({}),
            None,
        ),
        (
            Protocol::Ec2,
            "<OpResponse><requestId>id</requestId><Text>a</Text><Inner><requestId>no</requestId></Inner></OpResponse>",
            json!({"Text": "a", "Inner": {}}),
            Some("id"),
        ),
        (
            Protocol::RestXml,
            "<Any><Text>a</Text></Any>",
            json!({"Text": "a"}),
            None,
        ),
        (Protocol::RestXml, "", json!({}), None),
    ] {
        let client = Client::new(protocol);
        let operation = client.model.operation("Op").unwrap();
        let (value, request_id) = client
            .codec
            .parse_with_request_id(operation, response(200, body))
            .unwrap();
        assert_eq!(value, expected, "{protocol} {body}");
        assert_eq!(request_id.as_deref(), id, "{protocol} {body}");
    }
}

#[test]
fn rejects_responses_without_result() {
    for (protocol, body) in [
        (Protocol::Query, ""),
        (Protocol::Query, "<OpResponse/>"),
        (
            Protocol::Query,
            "<OpResponse><ResponseMetadata/></OpResponse>",
        ),
        (Protocol::Query, "<html>gateway</html>"),
        (Protocol::Ec2, ""),
        (Protocol::Ec2, " "),
        (Protocol::Ec2, "Service Unavailable"),
        (Protocol::RestXml, "{\"Text\": \"a\"}"),
    ] {
        let error = Client::new(protocol).parse("Op", body).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Parse, "{protocol} {body:?}");
    }
}

#[test]
fn accepts_empty_bodies_without_output() {
    for protocol in [Protocol::Query, Protocol::Ec2, Protocol::RestXml] {
        let client = Client::new(protocol);
        for body in [
            "",
            "<QuietResponse><requestId>id</requestId></QuietResponse>",
        ] {
            assert_eq!(
                client.parse("Quiet", body).unwrap(),
                json!({}),
                "{protocol}"
            );
        }
    }
}

#[test]
fn parses_errors_of_every_envelope() {
    let inner =
        "<Type>Sender</Type><Code>NotThere</Code><Message>gone</Message><Count>3</Count><Other/>";
    for (protocol, body) in [
        (
            Protocol::Query,
            format!(
                "<ErrorResponse><Error>{inner}</Error><RequestId>id</RequestId></ErrorResponse>"
            ),
        ),
        (
            Protocol::Ec2,
            format!(
                "<Response><Errors><Error>{inner}</Error></Errors><RequestID>id</RequestID></Response>"
            ),
        ),
        (
            Protocol::RestXml,
            format!(
                "<ErrorResponse><Error>{inner}</Error><RequestId>id</RequestId></ErrorResponse>"
            ),
        ),
        (
            Protocol::RestXml,
            format!("<Error>{inner}<RequestId>id</RequestId></Error>"),
        ),
    ] {
        let client = Client::new(protocol);
        let operation = client.model.operation("Op").unwrap();
        let mut response = response(404, body);
        if protocol == Protocol::RestXml {
            response.headers.set("x-hint", "look");
        }
        let error = client.codec.parse_error(operation, response);
        assert_eq!(error.code, "NotThere");
        assert_eq!(error.message, "gone");
        assert_eq!(error.shape.as_deref(), Some("NotThere"));
        assert_eq!(error.fault, Some(Fault::Sender));
        assert_eq!(error.http_status, 404);
        assert_eq!(error.request_id.as_deref(), Some("id"));
        let expected = match protocol {
            Protocol::RestXml => json!({"Count": 3, "Hint": "look"}),
            _ => json!({"Count": 3}),
        };
        assert_eq!(Value::Map(error.details), expected, "{protocol}");
    }
}

#[test]
fn falls_back_to_the_status_for_unparsable_errors() {
    for protocol in [Protocol::Query, Protocol::Ec2, Protocol::RestXml] {
        let client = Client::new(protocol);
        let operation = client.model.operation("Op").unwrap();
        for (status, body, code, message) in [
            (404, "", "404", "Not Found"),
            (404, "garbage", "404", "Not Found"),
            (
                400,
                "<ErrorResponse><Error><Code>Cut</Code>",
                "400",
                "Bad Request",
            ),
            (
                503,
                "<html><body>busy</body></html>",
                "503",
                "Service Unavailable",
            ),
            (502, " \n", "502", "Bad Gateway"),
            (400, "<Other/>", "400", "Bad Request"),
            (400, "<Error><Message>why</Message></Error>", "400", "why"),
            (
                400,
                "<Error><Code>NotThere</Code><Count>x</Count></Error>",
                "NotThere",
                "",
            ),
        ] {
            let error = client.codec.parse_error(operation, response(status, body));
            assert_eq!(error.code, code, "{protocol} {body}");
            assert_eq!(error.message, message, "{protocol} {body}");
            assert_eq!(error.http_status, status);
            let expected = match code {
                "NotThere" => json!({"Count": "x"}),
                _ => json!({}),
            };
            assert_eq!(Value::Map(error.details), expected);
        }
    }
}

/// A response of each format with all types.
fn full_responses() -> Vec<(Protocol, String)> {
    let content = "<!-- c --><Text>t&amp;<![CDATA[x]]>\r\n</Text><wireName>a text of more than twenty-three bytes</wireName>\
        <Flag>true</Flag><Number>5</Number><Ratio>1.5</Ratio><Time>2015-08-30T12:36:00Z</Time><Data>aGk=</Data>\
        <List>\n <member><A>&#65;</A><B>1</B></member>\n <member/></List><Item><A>a</A></Item><T>x</T><Item/><T>y</T>\
        <Map><entry><key>k</key><value><A>v</A></value></entry></Map><FlatMap><key>k</key><value/></FlatMap>\
        <Grantee xmlns:xsi='u' xsi:type=\"T&quot;\" plain='1'><ID>é</ID></Grantee><Union><B><member>u</member></B></Union>\
        <Event>e</Event><Unknown a='b'><c/>d</Unknown><Deep><Deep><Text>deep</Text></Deep></Deep>";
    vec![
        (
            Protocol::RestXml,
            format!("<?xml version='1.0'?><R>{content}</R>"),
        ),
        (
            Protocol::Ec2,
            format!("<R><requestId>id</requestId>{content}</R>"),
        ),
        (
            Protocol::Query,
            format!(
                "<R><OpResult>{content}</OpResult><ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></R>"
            ),
        ),
    ]
}

#[test]
fn rejects_truncated_responses() {
    for (protocol, body) in full_responses() {
        let client = Client::new(protocol);
        let operation = client.model.operation("Op").unwrap();
        client.parse("Op", body.clone()).unwrap();
        for end in 1..body.len() {
            let cut = &body.as_bytes()[..end];
            let error = client.parse("Op", cut.to_vec()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Parse);
            let error = client
                .codec
                .parse_error(operation, response(500, cut.to_vec()));
            assert_eq!(error.code, "500");
        }
    }
}

#[test]
fn does_not_panic_on_damaged_responses() {
    // Knuth's generator, for reproducible damage.
    let mut state = 42u64;
    let mut random = |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    for (protocol, body) in full_responses() {
        let client = Client::new(protocol);
        let operation = client.model.operation("Op").unwrap();
        for _ in 0..4000 {
            let mut bytes = body.clone().into_bytes();
            for _ in 0..=random(3) {
                let at = random(bytes.len());
                match random(4) {
                    0 => bytes[at] ^= 1 << random(8),
                    1 => bytes[at] = b"<>&/!?'\"= "[random(10)],
                    2 => drop(bytes.remove(at)),
                    _ => {
                        let from = random(bytes.len());
                        let piece = bytes[from..(from + random(40)).min(bytes.len())].to_vec();
                        bytes.splice(at..at, piece);
                    }
                }
            }
            if let Err(error) = client.parse("Op", bytes.clone()) {
                assert_eq!(error.kind(), ErrorKind::Parse);
            }
            let error = client.codec.parse_error(operation, response(400, bytes));
            assert!(!error.code.is_empty());
        }
    }
}

#[test]
fn parses_hostile_responses_quickly() {
    let many = 100_000;
    let repeat = |piece: &str| piece.repeat(many);
    let mut attributes = String::new();
    let mut keys = String::new();
    for i in 0..many {
        write!(attributes, " a{i}='{i}'").unwrap();
        write!(keys, "<entry><key>k{i}</key><value/></entry>").unwrap();
    }
    let spaces = " ".repeat(10 * many);
    for (content, is_valid) in [
        (repeat("<a>"), false),
        (repeat("<Deep>"), false),
        (repeat("<List>"), false),
        (format!("<Text>{}", repeat("<a>")), false),
        (repeat("<!--"), false),
        (repeat("<![CDATA["), false),
        (format!("<a{}", repeat("<a")), false),
        (repeat("&"), true),
        (format!("<Text>{}</Text>", repeat("&amp;")), true),
        (format!("<Text>{}</Text>", repeat("&")), false),
        (format!("<Text>{}</Text>", repeat("<![CDATA[x]]>")), true),
        (format!("<Text>{}</Text>", repeat("<!-- x -->")), true),
        (format!("<Text>{}</Text>", repeat("\r")), true),
        (format!("<Text>{}</Text>", repeat("<a/>")), true),
        (format!("<Grantee{attributes}/>"), true),
        (format!("<Map>{keys}</Map>"), true),
        (repeat("<T>x</T><Item/>"), true),
        (repeat("<FlatMap><key>k</key><value/></FlatMap>"), true),
        (repeat("<Event>x</Event>"), true),
        (repeat("<Text>x</Text>"), true),
        (repeat("<Unknown/>"), true),
        (repeat("<?pi?>"), true),
        (
            format!("<Text>x</Text>{spaces}<Flag>true</Flag>{spaces}"),
            true,
        ),
        (format!("<{}/>", "n".repeat(10 * many)), true),
    ] {
        let start = Instant::now();
        let result = read(&content);
        let shown: String = content.chars().take(40).collect();
        assert_eq!(result.is_ok(), is_valid, "{shown}: {:?}", result.err());
        // A megabyte takes milliseconds; anything quadratic would take minutes.
        assert!(start.elapsed() < Duration::from_secs(20), "{shown}");
    }
}

#[test]
fn serializes_requests() {
    let params = json!({"Name": "a/b", "Text": "<&>"});
    for (protocol, path, body, content_type) in [
        (
            Protocol::Query,
            "/",
            "Action=Op&Version=2026-01-01&Name=a%2Fb&Text=%3C%26%3E",
            "application/x-www-form-urlencoded; charset=utf-8",
        ),
        (
            Protocol::Ec2,
            "/",
            "Action=Op&Version=2026-01-01&Name=a%2Fb&Text=%3C%26%3E",
            "application/x-www-form-urlencoded; charset=utf-8",
        ),
        (
            Protocol::RestXml,
            "/a%2Fb",
            "<Input><Text>&lt;&amp;&gt;</Text></Input>",
            "application/xml",
        ),
    ] {
        let client = Client::new(protocol);
        let operation = client.model.operation("Op").unwrap();
        let request = client
            .codec
            .serialize(operation, Input::from(&params))
            .unwrap();
        assert_eq!(request.method, "POST");
        assert_eq!(request.path, path);
        assert_eq!(request.body, body);
        assert_eq!(request.headers.get("content-type"), Some(content_type));
        let quiet = client.model.operation("Quiet").unwrap();
        let request = client
            .codec
            .serialize(quiet, Input::from(&Value::Null))
            .unwrap();
        assert_eq!(request.body.is_empty(), protocol == Protocol::RestXml);
    }
}
