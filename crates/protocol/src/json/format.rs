//! [`JsonFormat`]: bodies in JSON, by the shapes of one service.

use std::sync::Arc;

use bytes::Bytes;
use inia_core::{Map, Result, Value};
use inia_model::{Member, Operation, ServiceModel, ShapeId};

use super::lexer::key_text;
use super::reader::Reader;
use super::text_of;
use super::writer::Json;
use crate::body::{Notation, Patterns, Writer};
use crate::event_stream::EventFormat;
use crate::fit::Misfits;
use crate::layout::Layouts;
use crate::lengths::BodyLengths;
use crate::scalar::mismatch;

/// Reads and writes bodies in JSON by the shapes of one service.
#[derive(Debug)]
pub(crate) struct JsonFormat {
    model: Arc<ServiceModel>,
    layouts: Layouts,
    patterns: Patterns,
    lengths: BodyLengths,
}

impl JsonFormat {
    pub(crate) fn new(model: Arc<ServiceModel>) -> Self {
        JsonFormat {
            layouts: Layouts::new(&model, key_text),
            patterns: Patterns::new(&model, Json::key),
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
        let none = Map::new();
        let map = match params {
            Value::Map(map) => map,
            Value::Null => &none,
            other => return Err(mismatch(&operation.name, "a map", other)),
        };
        self.write_sized(operation, misfits, |writer| {
            writer.members(shape, map, false)
        })
    }

    /// Writes the parameters of an operation that have no location as a body.
    pub(crate) fn write_body(
        &self,
        operation: &Operation,
        shape: ShapeId,
        params: &Map,
        misfits: Misfits,
    ) -> Result<Vec<u8>> {
        self.write_sized(operation, misfits, |writer| {
            writer.members(shape, params, true)
        })
    }

    /// Writes the payload member of an operation as a body.
    pub(crate) fn write_payload(
        &self,
        operation: &Operation,
        member: &Member,
        value: &Value,
        misfits: Misfits,
    ) -> Result<Vec<u8>> {
        self.write_sized(operation, misfits, |writer| writer.member(member, value))
    }

    fn write_sized(
        &self,
        operation: &Operation,
        misfits: Misfits,
        write: impl FnOnce(Writer<'_, Json>) -> Result<Vec<u8>>,
    ) -> Result<Vec<u8>> {
        let capacity = self.lengths.guess(operation);
        let body = write(Writer::new(&self.model, &self.patterns, misfits, capacity))?;
        self.lengths.learn(operation, body.len());
        Ok(body)
    }

    /// Reads a body as the members of a structure, into a map that may hold others. With `body_only`, members that travel in the
    /// head of an HTTP message are passed over.
    pub(crate) fn read_members(
        &self,
        shape: ShapeId,
        body: Bytes,
        map: &mut Map,
        body_only: bool,
    ) -> Result<()> {
        let text = text_of(&body)?;
        Reader::new(text, &self.model, &self.layouts).members(shape, map, body_only)
    }

    /// Reads a body as a member's value.
    pub(crate) fn read_member(&self, member: &Member, body: Bytes) -> Result<Value> {
        let text = text_of(&body)?;
        Reader::new(text, &self.model, &self.layouts).member(member)
    }
}

impl EventFormat for JsonFormat {
    const CONTENT_TYPE: &'static str = "application/json";

    fn read(&self, member: &Member, payload: Bytes) -> Result<Value> {
        if payload.is_empty() {
            return Ok(Value::map());
        }
        self.read_member(member, payload)
    }

    fn write(&self, member: &Member, value: &Value) -> Result<Vec<u8>> {
        Writer::<Json>::new(&self.model, &self.patterns, Misfits::Write, 256).member(member, value)
    }
}
