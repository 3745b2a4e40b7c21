//! Random answers of services, as bytes, in every wire format: valid ones, with all that a client must pass over or cope with.
//!
//! | noise | why it may be there |
//! |---|---|
//! | members in any order, missing members, nulls | a service says what it has |
//! | unknown members, unknown union members, unknown enumerations | a service is newer than the definition |
//! | timestamps and numbers in any form | services differ from their own definitions |
//! | white space, escapes, comments, CDATA, namespaces, indefinite lengths | the format allows them |

mod cbor;
mod errors;
mod events;
mod head;
mod json;
mod xml;

use inia_core::{Timestamp, TimestampFormat};
use inia_model::{Kind, Member, Operation, ServiceModel, Structure};
use inia_protocol::Protocol;

use super::exchange::Wire;
use super::params::Extent;
use super::random::Random;
use super::scalars::{Alphabet, moment, moment_text, text};

/// How deep members are written that may be left out.
const DEPTH: usize = 7;
/// How many values are written before as few as possible are.
const BUDGET: usize = 300;

/// Makes the answers to one call.
pub struct Maker<'m> {
    model: &'m ServiceModel,
    operation: &'m Operation,
    protocol: Protocol,
    extent: Extent,
    random: &'m mut Random,
    budget: usize,
    /// The code of the error that is being written.
    error_code: Option<String>,
}

impl<'m> Maker<'m> {
    pub fn new(
        model: &'m ServiceModel,
        operation: &'m Operation,
        protocol: Protocol,
        extent: Extent,
        random: &'m mut Random,
    ) -> Self {
        Maker {
            model,
            operation,
            protocol,
            extent,
            random,
            budget: BUDGET,
            error_code: None,
        }
    }

    /// The answer to a call that succeeds.
    pub fn success(mut self) -> Wire {
        let mut wire = Wire {
            status: self.operation.response_code.unwrap_or(200),
            ..Wire::default()
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

    /// Whether a member is written.
    fn wants(&mut self, depth: usize) -> bool {
        self.budget = self.budget.saturating_sub(1);
        if depth >= DEPTH || self.budget == 0 {
            return false;
        }
        match self.extent {
            Extent::All => true,
            Extent::Half => self.random.chance(60),
            Extent::Required => self.random.chance(15),
        }
    }

    /// How many items a list or map has.
    fn length(&mut self, depth: usize) -> usize {
        if depth >= DEPTH || self.budget == 0 {
            return 0;
        }
        *self.random.pick(&[0, 1, 1, 2, 3])
    }

    /// The members of a structure that are written, in some order; of a union one.
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
            .filter(|_| self.wants(depth))
            .collect();
        if self.random.chance(10) {
            self.random.shuffle(&mut members);
        }
        members
    }

    /// The text of a string.
    fn string(&mut self, member: &Member, alphabet: Alphabet) -> String {
        let values = self.model.shape(member.target).constraints.enumeration();
        if !values.is_empty() && self.random.chance(85) {
            return self.random.pick(values).to_string();
        }
        text(self.random, alphabet, 0)
    }

    /// A moment as a number, or as the text of one of the other formats.
    fn moment(&mut self, member: &Member, default: TimestampFormat) -> Moment {
        let moment = moment(self.random);
        let format = match self.random.below(10) {
            0 => *self.random.pick(&[
                TimestampFormat::Iso8601,
                TimestampFormat::Rfc822,
                TimestampFormat::UnixTimestamp,
            ]),
            1 => return Moment::Text(moment_text(self.random, moment)),
            _ => member.traits.timestamp_format.unwrap_or(default),
        };
        // A float of seconds cannot hold every moment to the microsecond.
        let moment = match format {
            TimestampFormat::UnixTimestamp if moment.nanoseconds() > 0 => Timestamp::new(
                moment.seconds().rem_euclid(1 << 31),
                moment.nanoseconds() / 1_000_000 * 1_000_000,
            ),
            _ => moment,
        };
        let text = moment.format(format);
        match format {
            TimestampFormat::UnixTimestamp if self.random.chance(10) => {
                Moment::Number(format!("{:e}", moment.as_f64()))
            }
            TimestampFormat::UnixTimestamp => Moment::Number(text),
            _ => Moment::Text(text),
        }
    }
}

/// A moment as it is written.
enum Moment {
    Number(String),
    Text(String),
}

impl Moment {
    fn into_text(self) -> String {
        match self {
            Moment::Number(text) | Moment::Text(text) => text,
        }
    }
}
