//! Error responses: modeled errors, unknown ones, and responses of intermediaries.

use inia_core::Str;
use inia_model::{Kind, Shape, Structure};
use inia_protocol::Protocol;

use super::ResponseGenerator;
use super::cbor::cbor_text;
use super::json::json_string;
use crate::differential::exchange::ResponseBytes;
use crate::differential::scalars::{Alphabet, text};

/// Codes that are in no definition.
const UNMODELED: &[&str] = &[
    "ThrottlingException",
    "InternalFailure",
    "AccessDenied",
    "UnknownThing.Else",
    "X",
];
const STATUSES: &[u16] = &[400, 403, 404, 409, 429, 500, 503];
/// Bodies sent by intermediaries such as proxies.
const FOREIGN: &[&str] = &[
    "",
    "<html><body><h1>503 Service Unavailable</h1></body></html>",
    "upstream connect error",
    "{\"broken\": ",
];

/// Code, status and shape of an error.
struct Modeled<'m> {
    /// Name of the shape.
    name: Str,
    /// Code of the shape; by default its name.
    code: Str,
    status: u16,
    structure: Option<&'m Structure>,
}

impl<'m> ResponseGenerator<'m> {
    /// Returns the response to a failed call.
    pub fn error(mut self) -> ResponseBytes {
        let error = self.pick_error();
        let mut wire = ResponseBytes {
            status: error.status,
            ..ResponseBytes::default()
        };
        self.request_id(&mut wire);
        if let (true, Some(structure)) = (self.is_rest(), error.structure) {
            self.head(structure, &mut wire);
        }
        if self.operation.method == "HEAD" {
            return wire;
        }
        if self.random.chance(8) {
            wire.body = self.random.pick(FOREIGN).as_bytes().to_vec();
            return wire;
        }
        match self.protocol {
            Protocol::Json | Protocol::RestJson => self.json_error(&error, &mut wire),
            Protocol::RpcV2Cbor => self.cbor_error(&error, &mut wire),
            Protocol::RestXml | Protocol::Query | Protocol::Ec2 => {
                self.xml_error(&error, &mut wire)
            }
        }
        if self.was_query() && (error.code != error.name || self.random.chance(60)) {
            let broken = self.random.chance(10) && error.code == error.name;
            let fault = *self.random.pick(&["Sender", "Receiver"]);
            wire.header(
                "x-amzn-query-error",
                if broken {
                    "NoFault".to_owned()
                } else {
                    format!("{};{fault}", error.code)
                },
            );
        }
        wire
    }

    /// Reports whether errors use the codes of the former query protocol.
    fn was_query(&self) -> bool {
        matches!(self.protocol, Protocol::Json | Protocol::RpcV2Cbor)
            && self.model.metadata().query_compatible
    }

    fn pick_error(&mut self) -> Modeled<'m> {
        let model = self.model;
        let own = &self.operation.errors;
        let shape: Option<&Shape> = match self.random.below(10) {
            0..7 if !own.is_empty() => Some(model.shape(*self.random.pick(own))),
            7 | 8 => {
                // An error of another operation of the service.
                let all: Vec<&Shape> = model
                    .operations()
                    .flat_map(|operation| operation.errors.iter())
                    .map(|id| model.shape(*id))
                    .collect();
                (!all.is_empty()).then(|| *self.random.pick(&all))
            }
            _ => None,
        };
        let status = *self.random.pick(STATUSES);
        match shape.map(|shape| (shape, &shape.kind)) {
            Some((shape, Kind::Structure(structure))) => {
                let traits = structure.error.as_deref().cloned().unwrap_or_default();
                Modeled {
                    name: shape.name.clone(),
                    code: traits.code.unwrap_or_else(|| shape.name.clone()),
                    status: traits.http_status.unwrap_or(status),
                    structure: Some(structure),
                }
            }
            _ => {
                let code = Str::from(*self.random.pick(UNMODELED));
                Modeled {
                    name: code.clone(),
                    code,
                    status,
                    structure: None,
                }
            }
        }
    }

    fn message(&mut self) -> String {
        let alphabet = if matches!(
            self.protocol,
            Protocol::Json | Protocol::RestJson | Protocol::RpcV2Cbor
        ) {
            Alphabet::Any
        } else {
            Alphabet::Xml
        };
        text(self.random, alphabet, 0)
    }

    /// Returns the code in one of the formats that services use.
    fn code(&mut self, code: &str) -> String {
        match self.random.below(4) {
            0 => format!("com.amazon.coral.service#{code}"),
            1 => format!("{code}:http://internal.amazon.com/coral/com.amazon.coral.service/"),
            2 => format!("aws.service#{code}:http://internal.amazon.com/"),
            _ => code.to_owned(),
        }
    }

    fn json_error(&mut self, error: &Modeled<'m>, wire: &mut ResponseBytes) {
        let code = if self.was_query() {
            error.name.clone()
        } else {
            error.code.clone()
        };
        let code = self.code(&code);
        self.error_code = Some(code.clone());
        let mut fields: Vec<(&str, String)> = Vec::new();
        match (self.protocol, self.random.below(4)) {
            (Protocol::RestJson, 0 | 1) => wire.header("x-amzn-ErrorType", code),
            (Protocol::RestJson, 2) => fields.push((*self.random.pick(&["code", "Code"]), code)),
            // Omits the code from the body.
            (Protocol::RestJson, 3) if self.random.chance(10) => {}
            _ => fields.push(("__type", code)),
        }
        let has_message = error.structure.is_some_and(|structure| {
            structure
                .members
                .iter()
                .any(|member| member.wire_name().eq_ignore_ascii_case("message"))
        });
        if !has_message && self.random.chance(80) {
            let message = self.message();
            fields.push((*self.random.pick(&["message", "Message"]), message));
        }
        let mut body = String::new();
        let write = |maker: &mut Self, out: &mut String| {
            for (name, value) in fields {
                json_string(name, out, None);
                out.push(':');
                json_string(&value, out, Some(&mut *maker));
                out.push(',');
            }
        };
        match error.structure {
            Some(structure) => self.json_structure(structure, false, &mut body, 0, write),
            None => {
                body.push('{');
                write(self, &mut body);
                if body.ends_with(',') {
                    body.pop();
                }
                body.push('}');
            }
        }
        wire.body = body.into_bytes();
    }

    fn cbor_error(&mut self, error: &Modeled<'m>, wire: &mut ResponseBytes) {
        let mut entries = Vec::new();
        let mut entry = Vec::new();
        cbor_text("__type", &mut entry);
        let code = if self.was_query() {
            error.name.clone()
        } else {
            error.code.clone()
        };
        cbor_text(&self.code(&code), &mut entry);
        entries.push(entry);
        if error.structure.is_none() {
            let mut entry = Vec::new();
            cbor_text("message", &mut entry);
            cbor_text(&self.message(), &mut entry);
            entries.push(entry);
        }
        match error.structure {
            Some(structure) => self.cbor_structure(structure, false, &mut wire.body, 0, entries),
            None => {
                wire.body.push(0xa0 | entries.len() as u8);
                wire.body.extend(entries.concat());
            }
        }
    }

    fn xml_error(&mut self, error: &Modeled<'m>, wire: &mut ResponseBytes) {
        let mut fields = String::new();
        let type_ = *self
            .random
            .pick(&["<Type>Sender</Type>", "<Type>Receiver</Type>", ""]);
        fields.push_str(type_);
        let code = self.xml_escaped(&error.code);
        fields.push_str(&format!("<Code>{code}</Code>"));
        let has_message = error.structure.is_some_and(|structure| {
            structure
                .members
                .iter()
                .any(|member| member.wire_name().eq_ignore_ascii_case("message"))
        });
        let message = self.message();
        if !has_message || self.random.chance(50) {
            let message = self.xml_escaped(&message);
            fields.push_str(&format!("<Message>{message}</Message>"));
        }
        if let Some(structure) = error.structure {
            let mut rest = self.xml_structure(structure, false, 0).content;
            // Some parsers read a duplicate element as a list.
            let message = if fields.contains("<Message>") {
                &["Message", "message"][..]
            } else {
                &[]
            };
            for name in ["Code", "Type"].iter().chain(message) {
                rest = without(&rest, name);
            }
            fields.push_str(&rest);
        }
        let is_s3 = matches!(self.model.name().as_str(), "s3" | "s3control");
        let body = match self.protocol {
            Protocol::Ec2 => format!(
                "<Response><Errors><Error>{fields}</Error></Errors><RequestID>request-1</RequestID></Response>"
            ),
            Protocol::RestXml if is_s3 => format!(
                "<Error>{fields}<Resource>/a</Resource><RequestId>request-1</RequestId><HostId>host-5</HostId></Error>"
            ),
            _ => {
                let namespace = *self.random.pick(&[
                    "",
                    " xmlns=\"http://example.amazonaws.com/doc/2026-01-01/\"",
                ]);
                format!(
                    "<ErrorResponse{namespace}><Error>{fields}</Error><RequestId>request-1</RequestId></ErrorResponse>"
                )
            }
        };
        wire.body = format!("<?xml version=\"1.0\"?>\n{body}").into_bytes();
    }
}

/// Removes all elements of a name.
fn without(text: &str, name: &str) -> String {
    let mut out = text.replace(&format!("<{name}/>"), "");
    let (start, end) = (format!("<{name}>"), format!("</{name}>"));
    while let Some((before, rest)) = out.split_once(&start)
        && let Some((_, after)) = rest.split_once(&end)
    {
        out = format!("{before}{after}");
    }
    out
}
