//! [`CborFormat`], the protocol `smithy-rpc-v2-cbor`.
//!
//! ```text
//! POST /service/GraniteServiceVersion20100801/operation/PutMetricData
//! smithy-protocol: rpc-v2-cbor
//! accept: application/cbor
//! content-type: application/cbor
//!
//! {"Namespace": "n", ..} in CBOR
//! ```
//! # Source
//! Smithy's [RPC v2 CBOR](https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html); botocore
//! `serialize.py:RpcV2CBORSerializer` and `parsers.py:RpcV2CBORParser`.

use std::sync::Arc;

use bytes::Bytes;
use inia_core::detail::MemberPool;
use inia_core::{Blob, List, Map, Result, Str, Timestamp, Value};
use inia_model::{Member, Operation, ServiceModel, ShapeId};

use super::reader::{
    CborReader, ItemHead, ItemLength, MAX_DEPTH, lossy_text, negative, read_cbor, reserve, unsigned,
};
use super::writer::CborSyntax;
use crate::body::{BodySyntax, BodyWriter};
use crate::format::{
    BodyPart, CONTENT_TYPE, EVENT_STREAM_TYPE, FixedParts, WireFormat, push_query_mode,
};
use crate::mismatch::{is_match, settle, settle_members};
use crate::scalar::{timestamp_from_text, whole_number};
use crate::service_error::{ErrorParts, code_of};
use crate::shape::{
    CompiledShape, DecodeMember, DecodeStructure, KeyDecode, KeyEncode, Shapes, ValueType,
    head_word, unknown_union_member,
};
use crate::strictness::Strictness;
use crate::{Headers, Response};

/// The number of entries beyond which a map gets a hash index.
const INDEX_THRESHOLD: usize = 32;

/// The protocol `smithy-rpc-v2-cbor` for one service.
#[derive(Debug)]
pub(crate) struct CborFormat {
    decode: Shapes<KeyDecode>,
    encode: Shapes<KeyEncode>,
}

impl CborFormat {
    pub(crate) fn new(model: Arc<ServiceModel>) -> Self {
        CborFormat {
            decode: Shapes::new(Arc::clone(&model), KeyDecode(CborSyntax::key)),
            encode: Shapes::new(model, KeyEncode(CborSyntax::key)),
        }
    }

    /// Reads a body with `read`, which is passed the head of its item. Returns with the result whether a value did not
    /// match its shape.
    fn read<'t, T>(
        &'t self,
        body: &'t Bytes,
        read: impl FnOnce(&mut CborDecoder<'t>, ItemHead) -> Result<T>,
    ) -> Result<(T, bool)> {
        let mut decoder = CborDecoder {
            reader: CborReader::new(body),
            shapes: &self.decode,
            members: MemberPool::new(),
            has_mismatch: false,
        };
        let head = decoder.reader.head()?;
        let value = read(&mut decoder, head)?;
        decoder.reader.end()?;
        Ok((value, decoder.has_mismatch))
    }
}

impl WireFormat for CborFormat {
    fn media_type(&self) -> Str {
        Str::from_static("application/cbor")
    }

    fn fixed_parts(&self, operation: &Operation) -> FixedParts {
        let model = &self.encode.model;
        let target = model.metadata().target_prefix.as_deref();
        let target = target.unwrap_or_default();
        let mut headers = Headers::new();
        headers.push("smithy-protocol", "rpc-v2-cbor");
        let accept = match model.event_stream_output(operation) {
            Some(_) => EVENT_STREAM_TYPE,
            None => self.media_type(),
        };
        headers.push("accept", accept);
        push_query_mode(&mut headers, model.metadata());
        if model.event_stream_input(operation).is_some() {
            headers.push(CONTENT_TYPE, EVENT_STREAM_TYPE);
        }
        FixedParts {
            path: Some(format!("/service/{target}/operation/{}", operation.name)),
            headers,
            ..FixedParts::default()
        }
    }

    fn write(
        &self,
        _: &FixedParts,
        part: BodyPart<'_>,
        strictness: Strictness,
        capacity: usize,
    ) -> Result<Vec<u8>> {
        BodyWriter::<CborSyntax>::new(&self.encode, strictness, capacity).body(part)
    }

    fn read_members(&self, shape: ShapeId, body: &Bytes, _: bool, map: &mut Map) -> Result<()> {
        let (mut members, has_mismatch) = self.read(body, |decoder, head| {
            match (decoder.shapes.structure(shape), head) {
                (_, ItemHead::Null) => Ok(Map::new()),
                (Some(layout), ItemHead::Map(length)) => {
                    decoder.read_members(layout, length, MAX_DEPTH - 1)
                }
                _ => Err(decoder.reader.malformed("expected a map")),
            }
        })?;
        if has_mismatch {
            settle_members(&self.decode.model, shape, &mut members, false);
        }
        map.append(members);
        Ok(())
    }

    fn read_member(&self, member: &Member, body: &Bytes) -> Result<Value> {
        let target = ValueType::of(&self.decode.model, member);
        let (mut value, has_mismatch) =
            self.read(body, |decoder, head| decoder.value(target, head, MAX_DEPTH))?;
        if has_mismatch {
            settle(&self.decode.model, &member.name, target, &mut value, false);
        }
        Ok(value)
    }

    fn error_parts(&self, response: &Response) -> ErrorParts {
        let body = match read_cbor(response.body.clone()) {
            Ok(Value::Map(map)) => map,
            _ => Map::new(),
        };
        ErrorParts::keyed(response, code_of(body.get("__type")), &body, None)
    }
}

/// The CBOR parser guided by shapes, for one body.
#[derive(Debug)]
struct CborDecoder<'t> {
    reader: CborReader<'t>,
    shapes: &'t Shapes<KeyDecode>,
    /// The members of the structures that are being read, outermost first.
    members: MemberPool,
    /// `true` if a value did not match its shape.
    has_mismatch: bool,
}

impl<'t> CborDecoder<'t> {
    /// Parses a value whose head was read; `depth` is the number of levels that may still be entered. A value of another
    /// type than the shape's keeps its own type.
    fn value(&mut self, target: ValueType, head: ItemHead, depth: u32) -> Result<Value> {
        match (target, head) {
            (_, ItemHead::Null) => Ok(Value::Null),
            (ValueType::String, ItemHead::Text(length)) => {
                let value = self.reader.text_value(length)?;
                self.has_mismatch |= matches!(value, Value::Blob(_));
                Ok(value)
            }
            (ValueType::Boolean, ItemHead::Bool(value)) => Ok(Value::Bool(value)),
            (ValueType::Integer, ItemHead::Unsigned(number)) => Ok(unsigned(number)),
            (ValueType::Integer, ItemHead::Negative(number)) => Ok(negative(number)),
            (ValueType::Float | ValueType::Double, ItemHead::Float(bits)) => {
                Ok(Value::Float(bits.value()))
            }
            (ValueType::Structure(id), ItemHead::Map(length)) => {
                let depth = self.reader.descend(depth)?;
                match self.shapes.structure(id) {
                    Some(layout) => self.read_members(layout, length, depth).map(Value::Map),
                    None => Err(self.reader.malformed("the shape is not a structure")),
                }
            }
            (ValueType::List(id), ItemHead::Array(length)) => self.list(id, length, depth),
            (ValueType::Map(id), ItemHead::Map(length)) => self.map(id, length, depth),
            (ValueType::Timestamp(_), head) => self.timestamp(head, depth),
            (ValueType::Blob, ItemHead::Bytes(length)) => self
                .reader
                .blob(length)
                .map(|bytes| Value::Blob(Blob::from(bytes))),
            (
                ValueType::Structure(_) | ValueType::Map(_) | ValueType::List(_),
                ItemHead::Tag(_),
            ) => {
                // A tag on a container is ignored.
                let depth = self.reader.descend(depth)?;
                let head = self.reader.head()?;
                self.value(target, head, depth)
            }
            (_, head) => self.scalar(target, head, depth),
        }
    }

    /// Parses the rarer types, and values that do not match their shapes.
    fn scalar(&mut self, target: ValueType, head: ItemHead, depth: u32) -> Result<Value> {
        let value = match (target, self.reader.any_after(head, depth)?) {
            (ValueType::Integer, Value::Float(number)) => {
                whole_number(number).unwrap_or(Value::Float(number))
            }
            (ValueType::Float | ValueType::Double, value) => {
                value.as_f64().map_or(value, Value::Float)
            }
            (_, value) => value,
        };
        self.has_mismatch |= !is_match(target, &value);
        Ok(value)
    }

    /// Parses a timestamp, with or without its tag.
    fn timestamp(&mut self, head: ItemHead, depth: u32) -> Result<Value> {
        let value = self.reader.any_after(head, depth)?;
        let timestamp = match &value {
            Value::Timestamp(timestamp) => Some(*timestamp),
            Value::Int(seconds) => Timestamp::try_new(*seconds, 0).ok(),
            Value::Float(seconds) => Timestamp::from_f64(*seconds).ok(),
            Value::String(text) => timestamp_from_text(text),
            _ => None,
        };
        self.has_mismatch |= timestamp.is_none() && !value.is_null();
        Ok(timestamp.map_or(value, Value::Timestamp))
    }

    fn read_members(
        &mut self,
        layout: &DecodeStructure,
        length: ItemLength,
        depth: u32,
    ) -> Result<Map> {
        let mark = self.members.begin();
        // A bit for each member that was read, by position; those from the 64th on share the last bit.
        let mut seen: u64 = 0;
        let mut unknown = None;
        let mut count = 0;
        // Fast path: many responses have their members in the order of the model.
        let mut next = 0;
        loop {
            let (name, found) = match layout.members.get(next) {
                Some(member)
                    if length.is_none_or(|length| count < length)
                        && self.reader.consume_if(&member.wire) =>
                {
                    count += 1;
                    (Str::new(), Some((next, member)))
                }
                _ => match self.reader.element(length, &mut count)? {
                    Some(head) => self.member_of_key(layout, head, depth)?,
                    None => break,
                },
            };
            let head = self.reader.head()?;
            match found {
                Some((position, member)) => {
                    next = position + 1;
                    let value = self.value(member.spec, head, depth)?;
                    let bit = 1 << position.min(63);
                    // Of duplicate keys the last one counts.
                    if seen & bit != 0 {
                        self.members.remove(&mark, member.name);
                    }
                    if !value.is_null() {
                        seen |= bit;
                        self.members.push(member.name, value);
                    }
                }
                None => {
                    self.reader.any_after(head, depth)?;
                    if layout.is_union && head != ItemHead::Null && name != "__type" {
                        self.has_mismatch |= unknown.is_some();
                        unknown.get_or_insert(name);
                    }
                }
            }
        }
        if layout.is_union {
            // DIFFERENCE: botocore keeps the name of a union's unknown member in JSON and XML, and drops it in CBOR.
            if let Some(name) = unknown {
                let (name, value) = unknown_union_member(name);
                self.members.push(name, value);
            }
            self.has_mismatch |= self.members.count(&mark) != 1;
        }
        Ok(self.members.finish(mark))
    }

    /// Consumes a key whose head was read; returns the member with that name, or the key's text if there is none.
    #[inline]
    fn member_of_key<'f>(
        &mut self,
        layout: &'f DecodeStructure,
        head: ItemHead,
        depth: u32,
    ) -> Result<(Str, Option<(usize, &'f DecodeMember)>)> {
        if let ItemHead::Text(Some(length)) = head {
            let raw = self.reader.slice(length)?;
            return match layout.by_wire_name(raw, head_word(raw)) {
                Some(found) => Ok((Str::new(), Some(found))),
                None => Ok((lossy_text(raw), None)),
            };
        }
        let name = self.reader.key(head, depth)?;
        let found = layout.by_wire_name(name.as_bytes(), head_word(name.as_bytes()));
        Ok((name, found))
    }

    fn list(&mut self, id: ShapeId, length: ItemLength, depth: u32) -> Result<Value> {
        let depth = self.reader.descend(depth)?;
        let Some(CompiledShape::List { item, .. }) = self.shapes.get(id) else {
            return Err(self.reader.malformed("the shape is not a list"));
        };
        let mut list = List::with_capacity(reserve(length));
        let mut count = 0;
        while let Some(head) = self.reader.element(length, &mut count)? {
            list.push(self.value(item.spec, head, depth)?);
        }
        Ok(Value::List(list))
    }

    fn map(&mut self, id: ShapeId, length: ItemLength, depth: u32) -> Result<Value> {
        let depth = self.reader.descend(depth)?;
        let Some(CompiledShape::Map {
            value: item,
            is_sparse,
            ..
        }) = self.shapes.get(id)
        else {
            return Err(self.reader.malformed("the shape is not a map"));
        };
        let mut map = Map::with_capacity(reserve(length).min(INDEX_THRESHOLD));
        let mut count = 0;
        while let Some(head) = self.reader.element(length, &mut count)? {
            let name = self.reader.key(head, depth)?;
            let head = self.reader.head()?;
            let value = self.value(item.spec, head, depth)?;
            // DIFFERENCE: a null in a dense map is dropped. botocore keeps it, and parses the values of maps without
            // their shapes, so that unknown members stay.
            if value.is_null() && !*is_sparse {
                continue;
            }
            map.insert(name, value);
        }
        Ok(Value::Map(map))
    }
}
