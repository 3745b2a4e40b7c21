//! Event stream responses.

use bytes::Bytes;
use inia_core::Blob;
use inia_model::{Kind, Member};
use inia_protocol::{EventHeader, EventMessage, Protocol};

use super::ResponseGenerator;
use super::xml::XmlElement;
use crate::differential::exchange::ResponseBytes;
use crate::differential::scalars::{Alphabet, integer, text, timestamp};

impl<'m> ResponseGenerator<'m> {
    pub(super) fn events(&mut self, stream: &'m Member, wire: &mut ResponseBytes) {
        wire.header("content-type", "application/vnd.amazon.eventstream");
        let mut frames = Vec::new();
        if matches!(self.protocol, Protocol::Json | Protocol::RpcV2Cbor) {
            let payload = if self.protocol == Protocol::Json {
                Bytes::from_static(b"{}")
            } else {
                Bytes::from_static(&[0xa0])
            };
            frames.push(message("event", "initial-response", Vec::new(), payload));
        }
        let Some(structure) = self.model.structure(stream) else {
            return;
        };
        for _ in 0..1 + self.random.below(4) {
            if self.random.chance(10) {
                frames.push(message(
                    "event",
                    "UnknownEvent",
                    Vec::new(),
                    Bytes::from_static(b"{}"),
                ));
            }
            let member = self.random.pick(&structure.members);
            let event = self.event(member);
            let ends = event
                .text(":message-type")
                .is_some_and(|kind| *kind == "exception");
            frames.push(event);
            if ends {
                break;
            }
        }
        if self.random.chance(5) {
            let headers = [
                (":message-type", "error"),
                (":error-code", "InternalError"),
                (":error-message", "it broke"),
            ];
            let headers =
                headers.map(|(name, value)| (name.into(), EventHeader::String(value.into())));
            frames.push(EventMessage {
                headers: headers.into(),
                payload: Bytes::new(),
            });
        }
        for frame in frames {
            wire.body.extend(frame.encode().expect("a short frame"));
        }
    }

    fn event(&mut self, member: &'m Member) -> EventMessage {
        let Some(structure) = self.model.structure(member) else {
            return EventMessage::default();
        };
        let is_exception = self.model.shape(member.target).traits.is_exception();
        let mut headers = Vec::new();
        let mut payload = None;
        for part in &structure.members {
            let kind = &self.model.shape(part.target).kind;
            if part.traits.is_event_header() {
                let value = match kind {
                    Kind::Boolean => EventHeader::Bool(self.random.chance(50)),
                    Kind::Integer => EventHeader::Int(integer(self.random, false) as i32),
                    Kind::Long => EventHeader::Long(integer(self.random, true)),
                    Kind::Timestamp => EventHeader::Timestamp(timestamp(self.random).millis()),
                    Kind::Blob => EventHeader::Bytes(self.random.bytes(5).into()),
                    _ => EventHeader::String(text(self.random, Alphabet::Any, 0).into()),
                };
                headers.push((part.name.clone(), value));
            } else if part.traits.is_event_payload() {
                payload = Some(match kind {
                    Kind::Blob => Blob::from(self.random.bytes(20)).into_bytes(),
                    Kind::String => text(self.random, Alphabet::Any, 0).into_bytes().into(),
                    _ => self.event_body(part),
                });
            }
        }
        let payload = payload.unwrap_or_else(|| self.event_body(member));
        message(
            if is_exception { "exception" } else { "event" },
            &member.name,
            headers,
            payload,
        )
    }

    fn event_body(&mut self, member: &'m Member) -> Bytes {
        if self.protocol == Protocol::RestXml {
            let element = self
                .model
                .structure(member)
                .map_or_else(XmlElement::default, |inner| {
                    self.xml_structure(inner, false, 1)
                });
            return format!("<{0}>{1}</{0}>", member.wire_name(), element.content).into();
        }
        let mut out = String::new();
        self.json_value(member, &mut out, 1);
        out.into()
    }
}

fn message(
    kind: &str,
    name: &str,
    mut headers: Vec<(inia_core::Str, EventHeader)>,
    payload: Bytes,
) -> EventMessage {
    let type_header = if kind == "exception" {
        ":exception-type"
    } else {
        ":event-type"
    };
    headers.push((":message-type".into(), EventHeader::String(kind.into())));
    headers.push((type_header.into(), EventHeader::String(name.into())));
    EventMessage { headers, payload }
}
