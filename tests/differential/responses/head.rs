//! Response headers: request ids, members, checksums.

use inia_core::TimestampFormat;
use inia_model::{Kind, Location, Member, Structure};

use super::ResponseGenerator;
use crate::differential::exchange::ResponseBytes;
use crate::differential::params::document;
use crate::differential::scalars::{Alphabet, float, integer, text, token};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

impl<'m> ResponseGenerator<'m> {
    pub(super) fn request_id(&mut self, wire: &mut ResponseBytes) {
        match self.random.below(5) {
            0 => {}
            1 => {
                wire.header("x-amz-request-id", "request-1");
                wire.header("x-amz-id-2", "host-1");
            }
            _ => wire.header("x-amzn-requestid", "request-1"),
        }
    }

    /// Writes the members of a structure with a header location.
    pub(super) fn head(&mut self, structure: &'m Structure, wire: &mut ResponseBytes) {
        for member in &structure.members {
            let Some(location) = member.traits.location else {
                continue;
            };
            if !self.include(0) {
                continue;
            }
            match (location, &self.model.shape(member.target).kind) {
                (Location::Headers, _) => {
                    for _ in 0..self.random.below(4) {
                        // Header names are case-insensitive, and HTTP/2 sends lower case.
                        let name = format!("{}{}", member.wire_name(), token(self.random))
                            .to_ascii_lowercase();
                        wire.header(&name, text(self.random, Alphabet::Header, 0));
                    }
                }
                (Location::Header, _) => {
                    let name = member.wire_name().to_ascii_lowercase();
                    // Values that must be valid are added later.
                    let must_be_right =
                        matches!(name.as_str(), "content-length" | "x-amzn-errortype")
                            || name.starts_with("x-amz-checksum-");
                    if !must_be_right {
                        let value = self.header_text(member);
                        wire.header(member.wire_name(), value);
                    }
                }
                _ => {}
            }
        }
    }

    fn header_text(&mut self, member: &'m Member) -> String {
        match &self.model.shape(member.target).kind {
            Kind::String if member.traits.is_json_value() => {
                let mut json = Vec::new();
                document(self.random, 0).write_json(&mut json);
                BASE64.encode(json)
            }
            Kind::String => self.string(member, Alphabet::Header),
            Kind::Boolean => (*self.random.pick(&["true", "false"])).to_owned(),
            kind @ (Kind::Integer | Kind::Long) => {
                integer(self.random, matches!(kind, Kind::Long)).to_string()
            }
            kind @ (Kind::Float | Kind::Double) => {
                format!("{:?}", float(self.random, matches!(kind, Kind::Float)))
            }
            Kind::Timestamp => self.timestamp(member, TimestampFormat::Rfc822).into_text(),
            Kind::Blob => {
                let bytes = self.random.bytes(9);
                BASE64.encode(bytes)
            }
            Kind::List(item) => {
                let items: Vec<String> = (0..1 + self.random.below(3))
                    .map(|_| self.header_text(item).replace([',', '"'], "-"))
                    .collect();
                items.join(", ")
            }
            Kind::Structure(_) | Kind::Map { .. } => String::new(),
        }
    }

    /// Adds a checksum of the body if the operation supports it, nearly always a valid one.
    pub(super) fn checksum(&mut self, wire: &mut ResponseBytes) {
        let algorithms = self
            .operation
            .checksum
            .as_ref()
            .map(|traits| &traits.response_algorithms);
        if algorithms
            .is_some_and(|algorithms| algorithms.iter().any(|algorithm| *algorithm == "CRC32"))
            && self.random.chance(60)
        {
            let mut crc = flate2::Crc::new();
            crc.update(&wire.body);
            let wrong = u32::from(self.random.chance(10));
            wire.header(
                "x-amz-checksum-crc32",
                BASE64.encode((crc.sum() ^ wrong).to_be_bytes()),
            );
        }
    }
}
