//! Generates random responses in all wire formats: valid ones with everything that a client must ignore or tolerate.
//!
//! | variation | reason |
//! |---|---|
//! | members in any order, missing members, nulls | services omit absent members |
//! | unknown members, unknown union members, unknown enumeration values | the service is newer than the definition |
//! | timestamps and numbers in any format | services deviate from their definitions |
//! | white space, escapes, comments, CDATA, namespaces, indefinite lengths | allowed by the format |

mod cbor;
mod errors;
mod events;
mod head;
mod json;
mod xml;

use inia_core::{Timestamp, TimestampFormat};
use inia_model::{Kind, Member, Operation, ServiceModel, Structure};
use inia_protocol::Protocol;

use super::exchange::ResponseBytes;
use super::params::Extent;
use super::random::Random;
use super::scalars::{Alphabet, text, timestamp, timestamp_text};

/// Maximum depth of optional members.
const MAX_DEPTH: usize = 7;
/// Number of values after which only the minimum is generated.
const BUDGET: usize = 300;

/// Generates the responses to one call.
pub struct ResponseGenerator<'m> {
    model: &'m ServiceModel,
    operation: &'m Operation,
    protocol: Protocol,
    extent: Extent,
    random: &'m mut Random,
    budget: usize,
    /// Code of the error being written.
    error_code: Option<String>,
}

impl<'m> ResponseGenerator<'m> {
    pub fn new(
        model: &'m ServiceModel,
        operation: &'m Operation,
        protocol: Protocol,
        extent: Extent,
        random: &'m mut Random,
    ) -> Self {
        ResponseGenerator {
            model,
            operation,
            protocol,
            extent,
            random,
            budget: BUDGET,
            error_code: None,
        }
    }

    /// Returns the response to a successful call.
    pub fn success(mut self) -> ResponseBytes {
        let mut wire = ResponseBytes {
            status: self.operation.response_code.unwrap_or(200),
            ..ResponseBytes::default()
        };
        if self.random.chance(5) {
            wire.status = *self.random.pick(&[200, 201, 202, 206]);
        }
        self.request_id(&mut wire);
        let output = self.model.output(self.operation);
        if let (true, Some(structure)) = (self.is_rest(), output) {
            self.head(structure, &mut wire);
        }
        if self.operation.method == "HEAD" {
            return wire;
        }
        if let Some(stream) = self.model.event_stream_output(self.operation) {
            self.events(stream, &mut wire);
            return wire;
        }
        let payload = output
            .filter(|_| self.is_rest())
            .and_then(Structure::payload_member);
        match payload.map(|payload| (payload, &self.model.shape(payload.target).kind)) {
            Some((_, Kind::Blob)) => {
                let length = *self.random.pick(&[0, 1, 20, 3000]);
                wire.body = self.random.bytes(length);
                self.checksum(&mut wire);
                if self.random.chance(50) {
                    wire.header("Content-Length", wire.body.len().to_string());
                }
            }
            Some((_, Kind::String)) => wire.body = text(self.random, Alphabet::Any, 0).into_bytes(),
            _ => {
                wire.body = match self.protocol {
                    Protocol::Json | Protocol::RestJson => self.json_body(output, payload),
                    Protocol::RestXml | Protocol::Query | Protocol::Ec2 => {
                        self.xml_body(output, payload)
                    }
                    Protocol::RpcV2Cbor => self.cbor_body(output),
                };
            }
        }
        wire
    }

    fn is_rest(&self) -> bool {
        matches!(self.protocol, Protocol::RestJson | Protocol::RestXml)
    }

    /// Decides whether an optional member is written.
    fn include(&mut self, depth: usize) -> bool {
        self.budget = self.budget.saturating_sub(1);
        if depth >= MAX_DEPTH || self.budget == 0 {
            return false;
        }
        match self.extent {
            Extent::All => true,
            Extent::Half => self.random.chance(60),
            Extent::Required => self.random.chance(15),
        }
    }

    /// Returns a random number of items for a list or map.
    fn length(&mut self, depth: usize) -> usize {
        if depth >= MAX_DEPTH || self.budget == 0 {
            return 0;
        }
        *self.random.pick(&[0, 1, 1, 2, 3])
    }

    /// Returns the members to write, shuffled; exactly one for a union.
    fn members(
        &mut self,
        structure: &'m Structure,
        is_union: bool,
        depth: usize,
    ) -> Vec<&'m Member> {
        if is_union {
            if structure.members.is_empty() {
                return Vec::new();
            }
            return vec![self.random.pick(&structure.members)];
        }
        let mut members: Vec<&Member> = structure
            .members
            .iter()
            .filter(|_| self.include(depth))
            .collect();
        if self.random.chance(10) {
            self.random.shuffle(&mut members);
        }
        members
    }

    /// Returns a random string.
    fn string(&mut self, member: &Member, alphabet: Alphabet) -> String {
        let values = self.model.shape(member.target).constraints.enumeration();
        if !values.is_empty() && self.random.chance(85) {
            return self.random.pick(values).to_string();
        }
        text(self.random, alphabet, 0)
    }

    /// Returns a timestamp as a number, or in another format as a string.
    fn timestamp(&mut self, member: &Member, default: TimestampFormat) -> FormattedTimestamp {
        let timestamp = timestamp(self.random);
        let format = match self.random.below(10) {
            0 => *self.random.pick(&[
                TimestampFormat::Iso8601,
                TimestampFormat::Rfc822,
                TimestampFormat::UnixTimestamp,
            ]),
            1 => return FormattedTimestamp::Text(timestamp_text(self.random, timestamp)),
            _ => member.traits.timestamp_format.unwrap_or(default),
        };
        // A float of seconds cannot represent all timestamps to the microsecond.
        let timestamp = match format {
            TimestampFormat::UnixTimestamp if timestamp.nanoseconds() > 0 => Timestamp::new(
                timestamp.seconds().rem_euclid(1 << 31),
                timestamp.nanoseconds() / 1_000_000 * 1_000_000,
            ),
            _ => timestamp,
        };
        let text = timestamp.format(format);
        match format {
            TimestampFormat::UnixTimestamp if self.random.chance(10) => {
                FormattedTimestamp::Number(format!("{:e}", timestamp.as_f64()))
            }
            TimestampFormat::UnixTimestamp => FormattedTimestamp::Number(text),
            _ => FormattedTimestamp::Text(text),
        }
    }
}

/// A formatted timestamp.
enum FormattedTimestamp {
    Number(String),
    Text(String),
}

impl FormattedTimestamp {
    fn into_text(self) -> String {
        match self {
            FormattedTimestamp::Number(text) | FormattedTimestamp::Text(text) => text,
        }
    }
}
