//! [`CborFormat`]: bodies in CBOR, by the shapes of one service.

use std::sync::Arc;

use bytes::Bytes;
use inia_core::{Blob, List, Map, Members, Result, Str, Timestamp, Value};
use inia_model::{Member, Operation, ServiceModel, ShapeId};

use super::reader::{Head, Length, MAX_DEPTH, Reader, reserve};
use super::writer::Cbor;
use crate::body::{Notation, Patterns, Writer};
use crate::event_stream::EventFormat;
use crate::fit::Misfits;
use crate::layout::{Field, Fields, Layout, Layouts, Target, unknown_union_member};
use crate::lengths::BodyLengths;
use crate::names::{NameFilter, head_of};
use crate::scalar::mismatch;

/// How many entries a map may have before it gets a hash index.
const UNINDEXED: usize = 32;

/// Reads and writes bodies in CBOR by the shapes of one service.
#[derive(Debug)]
pub(crate) struct CborFormat {
    model: Arc<ServiceModel>,
    layouts: Layouts,
    patterns: Patterns,
    lengths: BodyLengths,
}

impl CborFormat {
    pub(crate) fn new(model: Arc<ServiceModel>) -> Self {
        CborFormat {
            layouts: Layouts::new(&model, Cbor::key),
            patterns: Patterns::new(&model, Cbor::key),
            lengths: BodyLengths::new(&model),
            model,
        }
    }

    /// Writes the parameters of an operation as a body.
    pub(crate) fn write_input(
        &self,
        operation: &Operation,
        shape: ShapeId,
        params: &Value,
        misfits: Misfits,
    ) -> Result<Vec<u8>> {
        let empty = Map::new();
        let map = match params {
            Value::Map(map) => map,
            Value::Null => &empty,
            other => return Err(mismatch(&operation.name, "a map", other)),
        };
        let capacity = self.lengths.guess(operation);
        let writer = Writer::<Cbor>::new(&self.model, &self.patterns, misfits, capacity);
        let body = writer.members(shape, map, false)?;
        self.lengths.learn(operation, body.len());
        Ok(body)
    }

    /// Reads a body as the members of a structure.
    pub(crate) fn read_members(&self, shape: ShapeId, body: &Bytes) -> Result<Map> {
        let mut parser = Parser::new(self, body);
        let head = parser.reader.head()?;
        let map = match (parser.layouts.get(&self.model, shape), head) {
            (_, Head::Null) => Map::new(),
            (Layout::Structure(fields), Head::Map(length)) => {
                parser.fields(fields, length, MAX_DEPTH - 1)?
            }
            _ => return Err(parser.reader.broken("expected a map")),
        };
        parser.reader.end()?;
        Ok(map)
    }
}

impl EventFormat for CborFormat {
    const CONTENT_TYPE: &'static str = "application/cbor";

    fn read(&self, member: &Member, payload: Bytes) -> Result<Value> {
        if payload.is_empty() {
            return Ok(Value::map());
        }
        let mut parser = Parser::new(self, &payload);
        let head = parser.reader.head()?;
        let target = Target::of(&self.model, member);
        let value = parser.value(target, head, MAX_DEPTH)?;
        parser.reader.end()?;
        Ok(value)
    }

    fn write(&self, member: &Member, value: &Value) -> Result<Vec<u8>> {
        Writer::<Cbor>::new(&self.model, &self.patterns, Misfits::Write, 256).member(member, value)
    }
}

/// Reads values of a service's shapes from one body.
#[derive(Debug)]
struct Parser<'t> {
    reader: Reader<'t>,
    model: &'t ServiceModel,
    layouts: &'t Layouts,
    /// The members of the structures that are being read: those of the outer ones first.
    members: Members,
}

impl<'t> Parser<'t> {
    fn new(format: &'t CborFormat, body: &'t Bytes) -> Self {
        Parser {
            reader: Reader::new(body),
            model: &format.model,
            layouts: &format.layouts,
            members: Members::new(),
        }
    }

    /// Reads a value whose head has been read; `depth` is how many levels may still be entered. A scalar of another type than
    /// the shape's is the value it is.
    fn value(&mut self, target: Target, head: Head, depth: u32) -> Result<Value> {
        match (target, head) {
            (_, Head::Null) => Ok(Value::Null),
            (Target::String, Head::Text(length)) => self.reader.text(length).map(Value::String),
            (Target::Structure(id), Head::Map(length)) => {
                let depth = self.reader.deeper(depth)?;
                match self.layouts.get(self.model, id) {
                    Layout::Structure(fields) => self.fields(fields, length, depth).map(Value::Map),
                    _ => Err(self.reader.broken("the shape is not a structure")),
                }
            }
            (Target::List(id), Head::Array(length)) => self.list(id, length, depth),
            (Target::Map(id), Head::Map(length)) => self.map(id, length, depth),
            (Target::Timestamp(_), head) => self.timestamp(head, depth),
            (Target::Integer, Head::Float(bits)) => Ok(integer(bits.value())),
            (Target::Float | Target::Double, head) => {
                let value = self.reader.any_after(head, depth)?;
                Ok(value.as_f64().map_or(value, Value::Float))
            }
            (Target::Blob, Head::Bytes(length)) => self
                .reader
                .blob(length)
                .map(|bytes| Value::Blob(Blob::from(bytes))),
            (Target::Structure(_) | Target::Map(_), head) if !matches!(head, Head::Tag(_)) => {
                Err(self.reader.broken("expected a map"))
            }
            (Target::List(_), head) if !matches!(head, Head::Tag(_)) => {
                Err(self.reader.broken("expected an array"))
            }
            (Target::Structure(_) | Target::Map(_) | Target::List(_), _) => {
                // A tag on a container says nothing here.
                let depth = self.reader.deeper(depth)?;
                let head = self.reader.head()?;
                self.value(target, head, depth)
            }
            (_, head) => self.reader.any_after(head, depth),
        }
    }

    /// A timestamp, with or without its tag.
    fn timestamp(&mut self, head: Head, depth: u32) -> Result<Value> {
        let value = match self.reader.any_after(head, depth)? {
            Value::Int(seconds) => Timestamp::try_new(seconds, 0),
            Value::Float(seconds) => Timestamp::from_f64(seconds),
            Value::String(text) => Timestamp::parse_lenient(&text),
            value @ Value::Timestamp(_) => return Ok(value),
            _ => return Err(self.reader.broken("expected a timestamp")),
        };
        value
            .map(Value::Timestamp)
            .map_err(|error| self.reader.broken(error.message()))
    }

    fn fields(&mut self, fields: &Fields, length: Length, depth: u32) -> Result<Map> {
        let start = self.members.len();
        // The members that have been seen, by position: those beyond 64 share the last bit.
        let mut seen: u64 = 0;
        let mut unknown_count = 0;
        let mut unknown = None;
        let mut count = 0;
        // Many answers have their members in the order of the model.
        let mut next = 0;
        loop {
            let (name, found) = match fields.fields.get(next) {
                Some(field)
                    if length.is_none_or(|length| count < length)
                        && self.reader.takes(&field.key) =>
                {
                    count += 1;
                    (Str::new(), Some((next, field)))
                }
                _ => match self.reader.element(length, &mut count)? {
                    Some(head) => self.field(fields, head)?,
                    None => break,
                },
            };
            let head = self.reader.head()?;
            match found {
                Some((position, field)) => {
                    next = position + 1;
                    let value = self.value(field.target, head, depth)?;
                    let bit = 1 << position.min(63);
                    // Of equal keys the last one counts.
                    if seen & bit != 0 {
                        self.members.forget(start, field.name);
                    }
                    if !value.is_null() {
                        seen |= bit;
                        self.members.push(field.name, value);
                    }
                }
                None => {
                    self.reader.skip(head, depth)?;
                    if fields.is_union && head != Head::Null && name != "__type" {
                        unknown_count += 1;
                        unknown = Some(name);
                    }
                }
            }
        }
        if fields.is_union {
            if self.members.len() - start + unknown_count != 1 {
                return Err(self.reader.broken(&format!(
                    "the union {} must have exactly one member",
                    fields.shape_name
                )));
            }
            // DIFFERENCE: botocore names the unknown member of a union in its JSON and XML formats, and drops it here.
            if let Some(name) = unknown {
                let (name, value) = unknown_union_member(name);
                self.members.push(name, value);
            }
        }
        let level = (MAX_DEPTH - depth) as usize;
        Ok(self.members.split_off_nested(start, level))
    }

    /// The member of a key whose head has been read; the key's text only where there is no such member.
    #[inline]
    fn field<'f>(
        &mut self,
        fields: &'f Fields,
        head: Head,
    ) -> Result<(Str, Option<(usize, &'f Field)>)> {
        let Head::Text(length) = head else {
            return Err(self.reader.broken("the key of an entry is not text"));
        };
        if let Some(raw) = self.reader.raw_text(length)? {
            return match fields.by_wire_name(raw, head_of(raw)) {
                Some(found) => Ok((Str::new(), Some(found))),
                None => Ok((self.reader.utf8(raw)?, None)),
            };
        }
        let name = self.reader.text(length)?;
        let found = fields.by_wire_name(name.as_bytes(), head_of(name.as_bytes()));
        Ok((name, found))
    }

    fn list(&mut self, id: ShapeId, length: Length, depth: u32) -> Result<Value> {
        let depth = self.reader.deeper(depth)?;
        let Layout::List(item) = *self.layouts.get(self.model, id) else {
            return Err(self.reader.broken("the shape is not a list"));
        };
        let mut list = List::with_capacity(reserve(length));
        let mut count = 0;
        while let Some(head) = self.reader.element(length, &mut count)? {
            list.push(self.value(item, head, depth)?);
        }
        Ok(Value::List(list))
    }

    fn map(&mut self, id: ShapeId, length: Length, depth: u32) -> Result<Value> {
        let depth = self.reader.deeper(depth)?;
        let Layout::Map { value, is_sparse } = *self.layouts.get(self.model, id) else {
            return Err(self.reader.broken("the shape is not a map"));
        };
        let mut map = Map::with_capacity(reserve(length).min(UNINDEXED));
        let mut filter = NameFilter::default();
        let mut count = 0;
        while let Some(head) = self.reader.element(length, &mut count)? {
            let name = self.reader.key(head)?;
            let head = self.reader.head()?;
            let value = self.value(value, head, depth)?;
            // DIFFERENCE: what is dense has no nulls; one that is there all the same is left out. botocore keeps it, and reads
            // the values of maps as they come, so that members which the definition does not know stay there.
            if value.is_null() && !is_sparse {
                continue;
            }
            if map.len() < UNINDEXED && filter.is_new(name.as_bytes(), head_of(name.as_bytes())) {
                map.push(name, value);
            } else {
                map.insert(name, value);
            }
        }
        Ok(Value::Map(map))
    }
}

/// A float where an integer is expected: the integer, where it is one.
fn integer(number: f64) -> Value {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "only whole numbers of up to 2^53 are cast"
    )]
    if number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0 {
        Value::Int(number as i64)
    } else {
        Value::Float(number)
    }
}
