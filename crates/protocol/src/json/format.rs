//! [`JsonFormat`], JSON bodies of one service.

use std::sync::Arc;

use bytes::Bytes;
use inia_core::{Map, Result, Value};
use inia_model::{Member, Operation, ServiceModel, ShapeId};

use super::decoder::JsonDecoder;
use super::lexer::key_text;
use super::text_of;
use super::writer::JsonSyntax;
use crate::body::{BodySyntax, BodyWriter};
use crate::body_lengths::BodyLengths;
use crate::event_stream::EventFormat;
use crate::mismatch::{settle, settle_members};
use crate::scalar::params_map;
use crate::shape::{KeyDecode, KeyEncode, Shapes, ValueType};
use crate::strictness::Strictness;

/// Reads and writes JSON bodies of one service.
#[derive(Debug)]
pub(crate) struct JsonFormat {
    model: Arc<ServiceModel>,
    decode: Shapes<KeyDecode>,
    encode: Shapes<KeyEncode>,
    lengths: BodyLengths,
}

impl JsonFormat {
    pub(crate) fn new(model: Arc<ServiceModel>) -> Self {
        JsonFormat {
            decode: Shapes::new(Arc::clone(&model), KeyDecode(key_text)),
            encode: Shapes::new(Arc::clone(&model), KeyEncode(JsonSyntax::key)),
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
        strictness: Strictness,
    ) -> Result<Vec<u8>> {
        let no_params = Map::new();
        let map = params_map(&operation.name, params, &no_params)?;
        self.write_sized(operation, strictness, |writer| {
            writer.members(shape, map, false)
        })
    }

    /// Writes the parameters of an operation that have no location as a body.
    pub(crate) fn write_body(
        &self,
        operation: &Operation,
        shape: ShapeId,
        params: &Map,
        strictness: Strictness,
    ) -> Result<Vec<u8>> {
        self.write_sized(operation, strictness, |writer| {
            writer.members(shape, params, true)
        })
    }

    /// Writes the payload member of an operation as a body.
    pub(crate) fn write_payload(
        &self,
        operation: &Operation,
        member: &Member,
        value: &Value,
        strictness: Strictness,
    ) -> Result<Vec<u8>> {
        self.write_sized(operation, strictness, |writer| writer.member(member, value))
    }

    fn write_sized(
        &self,
        operation: &Operation,
        strictness: Strictness,
        write: impl FnOnce(BodyWriter<'_, JsonSyntax>) -> Result<Vec<u8>>,
    ) -> Result<Vec<u8>> {
        let capacity = self.lengths.predict(operation);
        let body = write(BodyWriter::new(&self.encode, strictness, capacity))?;
        self.lengths.record(operation, body.len());
        Ok(body)
    }

    /// Parses a body as the members of a structure, into a map that may have others. With `body_only`, members with a
    /// location are skipped.
    pub(crate) fn read_members(
        &self,
        shape: ShapeId,
        body: Bytes,
        map: &mut Map,
        body_only: bool,
    ) -> Result<()> {
        let decoder = JsonDecoder::new(text_of(&body)?, &self.decode);
        if decoder.members(shape, map, body_only)? {
            settle_members(&self.model, shape, map, body_only);
        }
        Ok(())
    }

    /// Parses a body as a member's value.
    pub(crate) fn read_member(&self, member: &Member, body: Bytes) -> Result<Value> {
        let decoder = JsonDecoder::new(text_of(&body)?, &self.decode);
        let (mut value, has_mismatch) = decoder.member(member)?;
        if has_mismatch {
            let target = ValueType::of(&self.model, member);
            settle(&self.model, &member.name, target, &mut value, false);
        }
        Ok(value)
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
        BodyWriter::<JsonSyntax>::new(&self.encode, Strictness::Lenient, 256).member(member, value)
    }
}
