//! Truncated, corrupted and malicious response bodies: each wire format returns a value or an error, in bounded time.
//!
//! Valid bodies of each format are truncated at every byte and mutated (bit flips, replaced bytes, repeated parts) by a
//! generator with a fixed seed. `INIA_HOSTILE_ROUNDS` sets the number of rounds.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic fails the test"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use inia_core::Value;
use inia_model::ServiceModel;
use inia_protocol::{
    EventHeader, EventMessage, Headers, MessageDecoder, Protocol, Response, read_cbor, read_json,
};

/// Returns a service with all kinds of shapes, in a wire format.
fn model(protocol: Protocol) -> Arc<ServiceModel> {
    let definition = r#"{
        "metadata": {"protocol": "PROTOCOL", "jsonVersion": "1.1", "targetPrefix": "T", "endpointPrefix": "t"},
        "operations": {"Go": {
            "http": {"method": "POST", "requestUri": "/"},
            "output": {"shape": "Out", "resultWrapper": "GoResult"},
            "errors": [{"shape": "Oops"}]
        }},
        "shapes": {
            "Out": {"type": "structure", "members": {
                "Text": {"shape": "Text"}, "Bytes": {"shape": "Bytes"}, "Yes": {"shape": "Yes"}, "Count": {"shape": "Count"},
                "Ratio": {"shape": "Ratio"}, "When": {"shape": "When"}, "List": {"shape": "List"}, "Flat": {"shape": "Flat"},
                "Map": {"shape": "Map"}, "Either": {"shape": "Either"}, "Self": {"shape": "Out"}, "Any": {"shape": "Any"},
                "Status": {"shape": "Count", "location": "statusCode"},
                "Header": {"shape": "When", "location": "header", "locationName": "x-when"},
                "Headers": {"shape": "Map", "location": "headers", "locationName": "x-m-"}
            }},
            "Oops": {"type": "structure", "exception": true, "members": {"Message": {"shape": "Text"}, "Detail": {"shape": "Either"}}},
            "Either": {"type": "structure", "union": true, "members": {"Text": {"shape": "Text"}, "Self": {"shape": "Out"}}},
            "Any": {"type": "structure", "document": true, "members": {}},
            "List": {"type": "list", "member": {"shape": "Out"}},
            "Flat": {"type": "list", "member": {"shape": "Text"}, "flattened": true},
            "Map": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Text"}},
            "Text": {"type": "string"}, "Bytes": {"type": "blob"}, "Yes": {"type": "boolean"}, "Count": {"type": "long"},
            "Ratio": {"type": "double"}, "When": {"type": "timestamp"}
        }
    }"#;
    let definition = definition.replace("PROTOCOL", protocol.name());
    Arc::new(ServiceModel::from_json("t", definition.as_bytes()).unwrap())
}

const JSON: &str = r#"{"__type": "a#Oops:http://x", "message": "m", "Text": "é\u00e9\ud83d\ude00 and a text of some length", "Bytes": "AAECAw==",
 "Yes": true, "Count": -12345678901234567890, "Ratio": 1.5e-7, "When": 1440938160.123, "List": [{"Text": "a"}, {}, null],
 "Flat": ["x", "y"], "Map": {"k": "v", "k": "w", "n": null}, "Either": {"Text": "t"}, "Detail": {"Other": [1, {"a": []}]},
 "Self": {"Self": {"Either": {"Self": {}}}}, "Any": {"a": [1, 2.5, "x", {"b": null}]}, "Unknown": [[[]], {"x": "\n"}], "NaN": "NaN"}"#;

const XML: &str = r#"<?xml version="1.0"?><!-- c --><GoResponse xmlns="http://x"><GoResult><Text>a &amp; b &#233; <![CDATA[<x>]]></Text>
<Bytes>AAECAw==</Bytes><Yes>true</Yes><Count>12</Count><Ratio>NaN</Ratio><When>2015-08-30T12:36:00Z</When><List><member><Text>a</Text></member>
<member/></List><Flat>x</Flat><Flat>y</Flat><Map><entry><key>k</key><value>v</value></entry></Map><Either><Text>t</Text></Either>
<Self><Self/></Self><Unknown a="b" c='d'><y/></Unknown></GoResult><Error><Code>Oops</Code><Message>m</Message><Type>Sender</Type></Error>
<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></GoResponse>"#;

/// The members of [`JSON`], with strings, lists and maps of definite and indefinite length.
const CBOR: &str = "bf665f5f747970656661234f6f7073676d657373616765616d64546578747f67c3a920616e6420781a6d6f72652074657874207468616e2066697473\
    20696e6c696e65ff654279746573440001020363596573f565436f756e74c24901000000000000000065526174696ff93e00645768656ec1fb41d578\
    be2c07df3b644c69737483a164546578746161a0f664466c61749f61786179ff634d6170a3616b6176616b6177616ef666456974686572a164546578\
    7461746644657461696ca1654f746865728201a16161806453656c66a16453656c66a166456974686572a16453656c66a063416e79a161618401fb40\
    040000000000006178a16162f667556e6b6e6f776e9fd82061758280a1617824ffff";

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text
        .chars()
        .filter_map(|digit| digit.to_digit(16))
        .collect();
    digits
        .chunks(2)
        .map(|pair| u8::try_from(pair[0] * 16 + pair[1]).unwrap())
        .collect()
}

fn event() -> Vec<u8> {
    let message = EventMessage {
        headers: vec![
            (":message-type".into(), EventHeader::String("event".into())),
            (":event-type".into(), EventHeader::String("Text".into())),
            ("count".into(), EventHeader::Long(7)),
        ],
        payload: JSON.into(),
    };
    message.encode().unwrap().to_vec()
}

/// Pseudorandom number generator: xorshift64*.
struct XorShift(u64);

impl XorShift {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(limit.max(1)).unwrap()).unwrap()
    }
}

/// Returns a mutated body.
fn mutated(body: &[u8], rng: &mut XorShift) -> Vec<u8> {
    let mut bytes = body.to_vec();
    for _ in 0..=rng.below(4) {
        let at = rng.below(bytes.len());
        match rng.below(5) {
            0 => bytes.truncate(at),
            1 => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << rng.below(8);
                }
            }
            2 => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = u8::try_from(rng.below(256)).unwrap();
                }
            }
            3 => {
                let end = (at + rng.below(16)).min(bytes.len());
                let part = bytes[at.min(end)..end].to_vec();
                let to = rng.below(bytes.len());
                bytes.splice(to..to, part);
            }
            _ => {
                let end = (at + rng.below(16)).min(bytes.len());
                bytes.drain(at.min(end)..end);
            }
        }
    }
    bytes
}

fn rounds() -> usize {
    std::env::var("INIA_HOSTILE_ROUNDS")
        .ok()
        .and_then(|rounds| rounds.parse().ok())
        .unwrap_or(2000)
}

/// Feeds truncated and mutated bodies to a parser.
fn parse_mutations(body: &[u8], seed: u64, mut read: impl FnMut(Vec<u8>)) {
    for end in 0..=body.len() {
        read(body[..end].to_vec());
    }
    let mut rng = XorShift(seed);
    for _ in 0..rounds() {
        read(mutated(body, &mut rng));
    }
}

fn parse_mutations_with(protocol: Protocol, body: &[u8]) {
    let model = model(protocol);
    let codec = protocol.codec(Arc::clone(&model));
    let operation = model.operation("Go").unwrap();
    let response = |body: Vec<u8>, status| Response {
        status,
        headers: [
            ("x-when", "Sun, 30 Aug 2015 12:36:00 GMT"),
            ("x-m-a", "b"),
            ("x-amzn-query-error", "Query.Oops;Sender"),
        ]
        .into_iter()
        .collect(),
        body: body.into(),
    };
    // The unmodified body must parse, or mutating it would test nothing.
    let value = codec
        .parse(operation, response(body.to_vec(), 200))
        .unwrap();
    assert!(value.entries().len() > 5, "{protocol}: {value:?}");
    let error = codec.parse_error(operation, response(body.to_vec(), 400));
    assert_eq!(
        error.shape.as_deref(),
        Some("Oops"),
        "{protocol}: {error:?}"
    );
    parse_mutations(body, 42, |bytes| {
        let _ = codec.parse(operation, response(bytes.clone(), 200));
        let error = codec.parse_error(operation, response(bytes, 500));
        assert!(!error.code.is_empty());
    });
}

#[test]
fn json() {
    parse_mutations_with(Protocol::Json, JSON.as_bytes());
    parse_mutations(JSON.as_bytes(), 1, |bytes| drop(read_json(bytes.into())));
}

#[test]
fn rest_json() {
    parse_mutations_with(Protocol::RestJson, JSON.as_bytes());
}

#[test]
fn cbor() {
    let body = unhex(CBOR);
    parse_mutations_with(Protocol::RpcV2Cbor, &body);
    parse_mutations(&body, 2, |bytes| drop(read_cbor(bytes.into())));
}

#[test]
fn query() {
    parse_mutations_with(Protocol::Query, XML.as_bytes());
}

#[test]
fn event_streams() {
    let frame = event();
    parse_mutations(&frame, 3, |bytes| {
        let mut decoder = MessageDecoder::new();
        for piece in bytes.chunks(50) {
            decoder.push(piece);
            while let Ok(Some(_)) = decoder.next() {}
        }
        let _ = decoder.finish();
    });
}

#[test]
fn headers() {
    let model = model(Protocol::RestJson);
    let codec = Protocol::RestJson.codec(Arc::clone(&model));
    let operation = model.operation("Go").unwrap();
    parse_mutations(b"Sun, 30 Aug 2015 12:36:00 GMT", 4, |bytes| {
        let headers: Headers = [("x-when", String::from_utf8_lossy(&bytes).into_owned())]
            .into_iter()
            .collect();
        let response = Response {
            status: 200,
            headers,
            body: Bytes::new(),
        };
        let _ = codec.parse(operation, response);
    });
}

/// Deep nesting, long runs and many entries are rejected or parsed in linear time.
#[test]
fn malicious_bodies_are_parsed_in_linear_time() {
    let started = Instant::now();
    let depth = 200_000;
    let entries: String = (0..100_000).map(|i| format!("\"k{i}\":\"v\",")).collect();
    let same_hash: String = (0..20_000)
        .map(|i| format!("\"aaaaaaaa{i:08}zzzz\":null,"))
        .collect();
    let bodies = [
        "[".repeat(depth),
        "{\"Self\":".repeat(depth),
        "{\"a\":".repeat(depth),
        format!("{{\"List\":{}", "[".repeat(depth)),
        format!("{{\"Any\":{}", "[".repeat(depth)),
        format!("{{\"Map\":{{{entries}\"z\":\"v\"}}}}"),
        format!("{{\"Any\":{{{same_hash}\"z\":1}}}}"),
        format!("{{\"Text\":\"{}", "\\".repeat(depth)),
        format!("{{\"Text\":\"{}\"}}", "\\u00e9".repeat(depth)),
        format!("{{\"Count\":{}}}", "9".repeat(depth)),
        format!("{{\"Ratio\":{}}}", "9".repeat(depth)),
        format!("{{\"When\":{}}}", "9".repeat(depth)),
        format!("{{\"When\":\"{}\"}}", "-".repeat(depth)),
        " ".repeat(depth),
        format!("{{\"Text\":1{}", ",\"Text\":1".repeat(depth)),
    ];
    for protocol in [Protocol::Json, Protocol::RestJson] {
        let model = model(protocol);
        let codec = protocol.codec(Arc::clone(&model));
        let operation = model.operation("Go").unwrap();
        for body in &bodies {
            let response = |status| Response {
                status,
                headers: Headers::new(),
                body: body.clone().into(),
            };
            let _ = codec.parse(operation, response(200));
            let _ = codec.parse_error(operation, response(400));
        }
    }
    let mut cbor = [
        vec![0x9f; depth],
        vec![0xc1; depth],
        [0xbf, 0x64, b'S', b'e', b'l', b'f'].repeat(depth),
        vec![0x5f; depth],
        vec![0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        vec![0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    ];
    let model = model(Protocol::RpcV2Cbor);
    let codec = Protocol::RpcV2Cbor.codec(Arc::clone(&model));
    let operation = model.operation("Go").unwrap();
    for body in &mut cbor {
        let response = |status| Response {
            status,
            headers: Headers::new(),
            body: Bytes::copy_from_slice(body),
        };
        let _ = codec.parse(operation, response(200));
        let _ = codec.parse_error(operation, response(400));
        assert!(read_cbor(Bytes::copy_from_slice(body)).is_err());
    }
    assert!(
        started.elapsed() < Duration::from_secs(60),
        "it took {:?}",
        started.elapsed()
    );
}

/// The maximum nesting depth fits the stack of a small thread.
#[test]
fn maximum_nesting_fits_a_small_stack() {
    let body = format!("{}{}", "{\"Self\":".repeat(510), "{}") + &"}".repeat(510);
    let read = move || {
        let model = model(Protocol::Json);
        let codec = Protocol::Json.codec(Arc::clone(&model));
        let operation = model.operation("Go").unwrap();
        let response = Response {
            status: 200,
            headers: Headers::new(),
            body: body.clone().into(),
        };
        let value = codec.parse(operation, response).unwrap();
        let mut depth = 0;
        let mut inner: &Value = &value;
        while let Some(next) = inner.get("Self") {
            inner = next;
            depth += 1;
        }
        assert_eq!(depth, 510);
        assert!(read_json(body.into()).is_ok());
    };
    std::thread::Builder::new()
        .stack_size(2 << 20)
        .spawn(read)
        .unwrap()
        .join()
        .unwrap();
}
