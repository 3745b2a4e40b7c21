//! [`JsonDecoder`], the JSON parser guided by shapes.
//!
//! Unknown members are skipped, nulls are dropped, and a value that does not match its shape is kept as it was sent.

use inia_core::detail::{MemberMark, blob_from_base64, pooled_blob_from_base64};
use inia_core::{List, Map, Result, Value};
use inia_model::{Member, ShapeId};

use super::builder::{JsonBuilder, MAX_DEPTH, MapEntries};
use super::lexer::{JsonKey, number_of};
use crate::scalar::{scalar_from_text, timestamp_from_text, whole_number};
use crate::shape::{
    CompiledShape, DecodeMember, DecodeStructure, KeyDecode, Shapes, ValueType, head_word,
    unknown_union_member,
};

/// Parses values of a service's shapes from one document.
#[derive(Debug)]
pub(super) struct JsonDecoder<'t> {
    builder: JsonBuilder<'t>,
    shapes: &'t Shapes<KeyDecode>,
    /// `true` if a value did not match its shape.
    has_mismatch: bool,
}

impl<'t> JsonDecoder<'t> {
    pub(super) fn new(text: &'t str, shapes: &'t Shapes<KeyDecode>) -> Self {
        JsonDecoder {
            builder: JsonBuilder::new(text),
            shapes,
            has_mismatch: false,
        }
    }

    /// Parses the document as the value of a member, and returns with it whether a value did not match its shape.
    pub(super) fn member(mut self, member: &Member) -> Result<(Value, bool)> {
        let target = ValueType::of(&self.shapes.model, member);
        let value = self.value(target, MAX_DEPTH, |_, value| value)?;
        self.builder.lexer.end()?;
        Ok((value, self.has_mismatch))
    }

    /// Parses the document as the members of a structure, into a map that may have others. With `body_only`, members
    /// with a location are skipped. Returns whether a value did not match its shape.
    pub(super) fn members(mut self, id: ShapeId, map: &mut Map, body_only: bool) -> Result<bool> {
        let Some(layout) = self.shapes.structure(id) else {
            return Err(self.builder.lexer.malformed("the shape is not a structure"));
        };
        match self.builder.lexer.peek() {
            b'n' => self.builder.lexer.word("null")?,
            b'{' => {
                self.builder.lexer.advance();
                let mark = self.builder.members.begin();
                if !self.builder.lexer.eat(b'}') {
                    self.read_members(layout, MAX_DEPTH - 1, body_only, &mark, 0)?;
                }
                map.append(self.builder.members.finish_owned(mark));
            }
            _ => return Err(self.builder.lexer.malformed("expected an object")),
        }
        self.builder.lexer.end()?;
        Ok(self.has_mismatch)
    }

    /// Parses a value and passes it to `put`; `depth` is the number of levels that may still be entered.
    ///
    /// Passed on rather than returned, and inlined into each caller: a value that is moved right after it was written
    /// stalls until the store completes, and documents have millions of values.
    #[inline(always)]
    fn value<R>(
        &mut self,
        target: ValueType,
        depth: u32,
        put: impl FnOnce(&mut JsonBuilder<'t>, Value) -> R,
    ) -> Result<R> {
        // Fast path: most values are strings.
        if target == ValueType::String
            && let Some(range) = self.builder.lexer.plain_string()
        {
            let text = self.builder.lexer.slice(range);
            return Ok(put(&mut self.builder, Value::String(text)));
        }
        let first = self.builder.lexer.peek();
        let value = match (target, first) {
            (ValueType::Structure(id), b'{') => {
                let map = self.structure(id, depth)?;
                return Ok(put(&mut self.builder, Value::Map(map)));
            }
            (ValueType::Map(id), b'{') => Value::Map(self.map(id, depth)?),
            (ValueType::List(id), b'[') => Value::List(self.list(id, depth)?),
            _ => self.scalar(target, first, depth)?,
        };
        Ok(put(&mut self.builder, value))
    }

    /// Parses a value that is neither a container nor a string without escapes.
    fn scalar(&mut self, target: ValueType, first: u8, depth: u32) -> Result<Value> {
        match (target, first) {
            (ValueType::String, b'"') => {
                let span = self.builder.lexer.string()?;
                self.builder.lexer.text(span).map(Value::String)
            }
            (ValueType::Boolean, b't') => {
                self.builder.lexer.word("true").map(|()| Value::Bool(true))
            }
            (ValueType::Boolean, b'f') => self
                .builder
                .lexer
                .word("false")
                .map(|()| Value::Bool(false)),
            (ValueType::Integer, b'-' | b'0'..=b'9') => self.integer(),
            (ValueType::Blob, b'"') => self.blob(),
            _ => self.other(target, first, depth),
        }
    }

    /// Parses the rarer types, and values that do not match their shapes.
    #[inline(never)]
    fn other(&mut self, target: ValueType, first: u8, depth: u32) -> Result<Value> {
        let lexer = &mut self.builder.lexer;
        let value = match (target, first) {
            (_, b'n') => return lexer.word("null").map(|()| Value::Null),
            (ValueType::Document, _) => return self.builder.any(depth),
            (ValueType::Float | ValueType::Double, b'-' | b'0'..=b'9') => {
                let (text, _) = lexer.number()?;
                return Ok(Value::Float(text.parse().unwrap_or(f64::NAN)));
            }
            (ValueType::Timestamp(_), b'-' | b'0'..=b'9') => {
                let (text, is_float) = lexer.number()?;
                match timestamp_from_text(text) {
                    Some(timestamp) => return Ok(Value::Timestamp(timestamp)),
                    None => number_of(text, is_float),
                }
            }
            (
                ValueType::Timestamp(_)
                | ValueType::Boolean
                | ValueType::Integer
                | ValueType::Float
                | ValueType::Double,
                b'"',
            ) => {
                let span = lexer.string()?;
                let text = lexer.own_text(span)?;
                match scalar_from_text(target, &text) {
                    Some(value) => return Ok(value),
                    None => Value::String(text),
                }
            }
            _ => self.builder.any(depth)?,
        };
        self.has_mismatch = true;
        Ok(value)
    }

    fn blob(&mut self) -> Result<Value> {
        let lexer = &mut self.builder.lexer;
        let span = lexer.string()?;
        let blob = if span.has_escapes {
            blob_from_base64(lexer.unescaped(span)?.as_bytes())
        } else {
            pooled_blob_from_base64(&mut self.builder.blobs, lexer.raw(span))
        };
        match blob {
            Some(blob) => Ok(Value::Blob(blob)),
            None => {
                self.has_mismatch = true;
                lexer.text(span).map(Value::String)
            }
        }
    }

    /// Parses an integer. A whole number written with a fraction or exponent is an integer too.
    fn integer(&mut self) -> Result<Value> {
        let (text, is_float) = self.builder.lexer.number()?;
        if !is_float {
            return Ok(match text.parse::<i64>() {
                Ok(number) => Value::Int(number),
                Err(_) => Value::BigInt(text.into()),
            });
        }
        let number = text.parse().unwrap_or(f64::NAN);
        Ok(whole_number(number).unwrap_or_else(|| {
            self.has_mismatch = true;
            Value::Float(number)
        }))
    }

    fn structure(&mut self, id: ShapeId, depth: u32) -> Result<Map> {
        match self.shapes.structure(id) {
            Some(layout) => self.structure_of(layout, depth),
            None => Err(self.builder.lexer.malformed("the shape is not a structure")),
        }
    }

    fn structure_of(&mut self, layout: &DecodeStructure, depth: u32) -> Result<Map> {
        let depth = self.builder.descend(depth)?;
        self.builder.lexer.advance();
        if self.builder.lexer.eat(b'}') {
            self.has_mismatch |= layout.is_union;
            return Ok(Map::new());
        }
        match self.key(layout)? {
            Ok((position, member)) => self.structure_from(layout, position, member, depth),
            Err(key) => {
                let mark = self.builder.members.begin();
                self.unknown_member(layout, key, depth, &mark)?;
                self.structure_rest(layout, depth, mark, 0)
            }
        }
    }

    /// Parses a structure from the value of its first member on.
    fn structure_from(
        &mut self,
        layout: &DecodeStructure,
        position: usize,
        member: &DecodeMember,
        depth: u32,
    ) -> Result<Map> {
        let mark = self.builder.members.begin();
        let mut seen = 0;
        // Fast path for a structure of one member, as unions are, and so DynamoDB's attributes.
        let only = self.value(member.spec, depth, |builder, value| {
            if value.is_null() {
                return Err(mark);
            }
            if builder.lexer.peek() == b'}' {
                return Ok(builder.members.finish_single(mark, member.name, value));
            }
            seen = 1 << position.min(63);
            builder.members.push(member.name, value);
            Err(mark)
        })?;
        match only {
            Ok(map) => {
                self.builder.lexer.advance();
                Ok(map)
            }
            Err(mark) => self.structure_rest(layout, depth, mark, seen),
        }
    }

    /// Parses a structure after its first member.
    fn structure_rest(
        &mut self,
        layout: &DecodeStructure,
        depth: u32,
        mark: MemberMark,
        seen: u64,
    ) -> Result<Map> {
        if self.builder.lexer.comma_or(b'}')? {
            self.read_members(layout, depth, false, &mark, seen)?;
        }
        if layout.is_union && self.builder.members.count(&mark) != 1 {
            self.has_mismatch = true;
        }
        Ok(self.builder.members.finish(mark))
    }

    /// Parses the members of an object up to its closing brace. `seen` has a bit for each member that was read, by position; those from the 64th on share the last bit.
    fn read_members(
        &mut self,
        layout: &DecodeStructure,
        depth: u32,
        body_only: bool,
        mark: &MemberMark,
        mut seen: u64,
    ) -> Result<()> {
        // Fast path: many responses have their members in the order of the model.
        let mut next = seen.trailing_zeros() as usize + 1;
        loop {
            let found = match layout.members.get(next) {
                Some(member) if self.builder.lexer.consume_literal(&member.wire) => {
                    Ok((next, member))
                }
                _ => self.key(layout)?,
            };
            match found {
                Ok((position, member)) if !(body_only && member.has_location) => {
                    next = position + 1;
                    let bit = 1 << position.min(63);
                    if seen & bit != 0 {
                        self.builder.members.remove(mark, member.name);
                    }
                    seen |= bit;
                    self.value(member.spec, depth, |builder, value| {
                        if !value.is_null() {
                            builder.members.push(member.name, value);
                        }
                    })?;
                }
                Ok(_) => self.builder.skip(depth)?,
                Err(key) => self.unknown_member(layout, key, depth, mark)?,
            }
            if !self.builder.lexer.comma_or(b'}')? {
                return Ok(());
            }
        }
    }

    /// Skips an unknown member; in a union, the name of the first one is kept as the unknown member.
    ///
    /// # Source
    /// botocore `parsers.py:ResponseParser._has_unknown_tagged_union_member`.
    #[inline(never)]
    fn unknown_member(
        &mut self,
        layout: &DecodeStructure,
        key: JsonKey,
        depth: u32,
        mark: &MemberMark,
    ) -> Result<()> {
        let is_null = self.builder.lexer.peek() == b'n';
        self.builder.skip(depth)?;
        let name = self.builder.lexer.own_text(key.span)?;
        if layout.is_union && !is_null && name != "__type" {
            let (name, value) = unknown_union_member(name);
            if self.builder.members.contains(mark, name) {
                self.has_mismatch = true;
            } else {
                self.builder.members.push(name, value);
            }
        }
        Ok(())
    }

    /// Consumes a key and returns the member with that name and its position, or the key if there is none.
    #[inline(always)]
    fn key<'f>(
        &mut self,
        layout: &'f DecodeStructure,
    ) -> Result<Result<(usize, &'f DecodeMember), JsonKey>> {
        // A short key that equals a member's name has no escapes.
        if let Some((head, length)) = self.builder.lexer.short_key()
            && let Some(found) = layout.by_short_name(head, length)
        {
            self.builder.lexer.take_short_key(length);
            return Ok(Ok(found));
        }
        self.any_key(layout)
    }

    #[inline(never)]
    fn any_key<'f>(
        &mut self,
        layout: &'f DecodeStructure,
    ) -> Result<Result<(usize, &'f DecodeMember), JsonKey>> {
        let key = self.builder.lexer.key()?;
        let found = if key.span.has_escapes {
            let name = self.builder.lexer.unescaped(key.span)?;
            let name = name.as_bytes();
            layout.by_wire_name(name, head_word(name))
        } else {
            layout.by_wire_name(self.builder.lexer.raw(key.span), key.head)
        };
        Ok(found.ok_or(key))
    }

    /// Looks up the type of list items or map values, once for all of them.
    #[inline]
    fn item(&self, target: ValueType) -> ItemType<'t> {
        let layout = match target {
            ValueType::Structure(id) => self.shapes.structure(id),
            _ => None,
        };
        ItemType { target, layout }
    }

    /// Parses a list item or map value as [`JsonDecoder::value`] does.
    #[inline(always)]
    fn item_value<R>(
        &mut self,
        item: ItemType<'t>,
        depth: u32,
        put: impl FnOnce(&mut JsonBuilder<'t>, Value) -> R,
    ) -> Result<R> {
        match item.layout {
            Some(layout) if self.builder.lexer.peek() == b'{' => {
                let map = self.structure_of(layout, depth)?;
                Ok(put(&mut self.builder, Value::Map(map)))
            }
            _ => self.value(item.target, depth, put),
        }
    }

    /// Parses a map entry from the value of the first member of its structure on.
    #[inline(always)]
    fn predicted_entry(
        &mut self,
        entries: &mut MapEntries,
        layout: &DecodeStructure,
        (position, member): (usize, &DecodeMember),
        depth: u32,
    ) -> Result<()> {
        let depth = self.builder.descend(depth)?;
        // Fast path: most attributes of a DynamoDB item are strings, and numbers written as strings.
        if member.spec == ValueType::String
            && let Some(slot) = entries.slot()
            && let Some(range) = self.builder.lexer.last_plain_string()
        {
            let JsonBuilder { lexer, members, .. } = &mut self.builder;
            let text = || Value::String(lexer.slice(range));
            slot.fill(Value::Map(members.single_scalar(member.name, text)));
            return Ok(());
        }
        let map = self.structure_from(layout, position, member, depth)?;
        if let Some(slot) = entries.slot() {
            slot.fill(Value::Map(map));
        }
        Ok(())
    }

    fn list(&mut self, id: ShapeId, depth: u32) -> Result<List> {
        let depth = self.builder.descend(depth)?;
        let Some(CompiledShape::List { item, .. }) = self.shapes.get(id) else {
            return Err(self.builder.lexer.malformed("the shape is not a list"));
        };
        let item = self.item(item.spec);
        self.builder.lexer.advance();
        let mark = self.builder.items.begin();
        if !self.builder.lexer.eat(b']') {
            loop {
                self.item_value(item, depth, |builder, value| builder.items.push(value))?;
                if !self.builder.lexer.comma_or(b']')? {
                    break;
                }
            }
        }
        Ok(self.builder.items.finish(mark))
    }

    fn map(&mut self, id: ShapeId, depth: u32) -> Result<Map> {
        let depth = self.builder.descend(depth)?;
        let Some(CompiledShape::Map {
            value, is_sparse, ..
        }) = self.shapes.get(id)
        else {
            return Err(self.builder.lexer.malformed("the shape is not a map"));
        };
        let (item, is_sparse) = (self.item(value.spec), *is_sparse);
        self.builder.lexer.advance();
        let mut entries = MapEntries::new(&mut self.builder, depth, item.target);
        if !self.builder.lexer.eat(b'}') {
            loop {
                if let Some(layout) = item.layout
                    && let Some(position) = entries.opening(&mut self.builder)
                    && let Some(member) = layout.members.get(position)
                {
                    self.predicted_entry(&mut entries, layout, (position, member), depth)?;
                } else {
                    let key = entries.key(&mut self.builder)?;
                    // DIFFERENCE: a null in a dense map is dropped, as the Smithy specification says; botocore keeps
                    // it.
                    self.item_value(item, depth, |builder, value| {
                        if is_sparse || !value.is_null() {
                            entries.add(builder, key, value);
                        } else {
                            entries.drop_entry(builder);
                        }
                    })?;
                }
                if !self.builder.lexer.comma_or(b'}')? {
                    break;
                }
            }
        }
        Ok(entries.finish(&mut self.builder, item.layout))
    }
}

/// The type of list items or map values.
#[derive(Clone, Copy, Debug)]
struct ItemType<'l> {
    target: ValueType,
    /// The layout of a structure type.
    layout: Option<&'l DecodeStructure>,
}
