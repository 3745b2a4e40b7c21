//! [`Reader`]: from JSON text straight to values, guided by shapes.
//!
//! What a shape does not expect is taken as botocore takes it: members that are not known are passed over, nulls are left out,
//! and a scalar of another JSON type than the shape's is the value it is.

use inia_core::{List, Map, Result, Str, Value};
use inia_model::{Member, ServiceModel, ShapeId};

use super::entries::Entries;
use super::lexer::Key;
use super::values::{MAX_DEPTH, Values, level};
use crate::layout::{Field, Fields, Layout, Layouts, Target, unknown_union_member};
use crate::names::head_of;
use crate::scalar::{
    blob_from_base64, float_from_text, integer_from_text, pooled_blob_from_base64,
    timestamp_from_text, unreadable,
};

/// Reads values of a service's shapes from one text.
#[derive(Debug)]
pub(super) struct Reader<'t> {
    values: Values<'t>,
    model: &'t ServiceModel,
    layouts: &'t Layouts,
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t str, model: &'t ServiceModel, layouts: &'t Layouts) -> Self {
        Reader {
            values: Values::new(text),
            model,
            layouts,
        }
    }

    /// Reads the text as the value of a member.
    pub(super) fn member(mut self, member: &Member) -> Result<Value> {
        let target = Target::of(self.model, member);
        let value = self.value(target, MAX_DEPTH, |_, value| value)?;
        self.values.lexer.end()?;
        Ok(value)
    }

    /// Reads the text as the members of a structure, into a map that may hold others. With `body_only`, members that travel in the
    /// head of an HTTP message are passed over.
    pub(super) fn members(mut self, id: ShapeId, map: &mut Map, body_only: bool) -> Result<()> {
        let Layout::Structure(fields) = self.layouts.get(self.model, id) else {
            return Err(self.values.lexer.broken("the shape is not a structure"));
        };
        match self.values.lexer.peek() {
            b'n' => self.values.lexer.word("null")?,
            b'{' => {
                self.values.lexer.advance();
                if !self.values.lexer.eat(b'}') {
                    self.fields(fields, MAX_DEPTH - 1, body_only, 0, 0)?;
                }
                map.append(self.values.members.split_off(0));
            }
            _ => return Err(self.values.lexer.broken("expected an object")),
        }
        self.values.lexer.end()
    }

    /// Reads a value, and hands it on to where it stays; `depth` is how many levels may still be entered.
    ///
    /// Handed on rather than returned, and compiled into each place that reads one: values come by the million, and a value that is
    /// moved right after it was made waits until all of it is written.
    #[inline(always)]
    fn value<R>(
        &mut self,
        target: Target,
        depth: u32,
        put: impl FnOnce(&mut Values<'t>, Value) -> R,
    ) -> Result<R> {
        // Most values are strings.
        if target == Target::String
            && let Some(range) = self.values.lexer.plain_string()
        {
            let text = self.values.lexer.slice(range);
            return Ok(put(&mut self.values, Value::String(text)));
        }
        let first = self.values.lexer.peek();
        let value = match (target, first) {
            (Target::Structure(id), b'{') => {
                let map = self.structure(id, depth)?;
                return Ok(put(&mut self.values, Value::Map(map)));
            }
            (Target::Map(id), b'{') => Value::Map(self.map(id, depth)?),
            (Target::List(id), b'[') => Value::List(self.list(id, depth)?),
            _ => self.scalar(target, first, depth)?,
        };
        Ok(put(&mut self.values, value))
    }

    /// A value that is neither of a container nor a string without escapes.
    fn scalar(&mut self, target: Target, first: u8, depth: u32) -> Result<Value> {
        match (target, first) {
            (Target::String, b'"') => {
                let span = self.values.lexer.string()?;
                self.values.lexer.text(span).map(Value::String)
            }
            (Target::Boolean, b't') => self.values.lexer.word("true").map(|()| Value::Bool(true)),
            (Target::Boolean, b'f') => self.values.lexer.word("false").map(|()| Value::Bool(false)),
            (Target::Integer, b'-' | b'0'..=b'9') => self.integer(),
            (Target::Blob, b'"') => self.blob(),
            _ => self.other(target, first, depth),
        }
    }

    /// A value of what is met less often, or is not what the shape says.
    #[inline(never)]
    fn other(&mut self, target: Target, first: u8, depth: u32) -> Result<Value> {
        let lexer = &mut self.values.lexer;
        let expected = match (target, first) {
            (_, b'n') => return lexer.word("null").map(|()| Value::Null),
            (Target::Float | Target::Double, b'-' | b'0'..=b'9') => {
                let (text, _) = lexer.number()?;
                return Ok(Value::Float(text.parse().unwrap_or(f64::NAN)));
            }
            (Target::Timestamp(_), b'-' | b'0'..=b'9') => {
                let (text, _) = lexer.number()?;
                return timestamp(text);
            }
            (Target::Structure(_) | Target::Map(_), _) => "expected an object",
            (Target::List(_), _) => "expected an array",
            (_, b'"') => {
                let span = lexer.string()?;
                let text = lexer.own_text(span)?;
                return scalar_from_text(target, text);
            }
            (Target::Blob, _) => "expected a string in base64",
            (Target::Timestamp(_), _) => "expected a timestamp",
            _ => return self.values.any(depth),
        };
        Err(lexer.broken(expected))
    }

    fn blob(&mut self) -> Result<Value> {
        let lexer = &mut self.values.lexer;
        let span = lexer.string()?;
        let blob = if span.has_escapes {
            blob_from_base64(lexer.unescaped(span)?.as_bytes())
        } else {
            pooled_blob_from_base64(&mut self.values.blobs, lexer.raw(span))
        };
        match blob {
            Some(blob) => Ok(Value::Blob(blob)),
            None => Err(lexer.broken("a blob is not base64")),
        }
    }

    /// An integer; one that is written with a fraction or exponent is still the integer it is.
    fn integer(&mut self) -> Result<Value> {
        let (text, is_float) = self.values.lexer.number()?;
        if !is_float {
            return Ok(match text.parse::<i64>() {
                Ok(number) => Value::Int(number),
                Err(_) => Value::BigInt(text.into()),
            });
        }
        let number: f64 = text.parse().unwrap_or(f64::NAN);
        #[expect(
            clippy::cast_possible_truncation,
            reason = "only whole numbers of up to 2^53 are cast"
        )]
        if number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0 {
            return Ok(Value::Int(number as i64));
        }
        Ok(Value::Float(number))
    }

    fn structure(&mut self, id: ShapeId, depth: u32) -> Result<Map> {
        let layouts = self.layouts;
        match layouts.get(self.model, id) {
            Layout::Structure(fields) => self.structure_of(fields, depth),
            _ => Err(self.values.lexer.broken("the shape is not a structure")),
        }
    }

    fn structure_of(&mut self, fields: &Fields, depth: u32) -> Result<Map> {
        let depth = self.values.deeper(depth)?;
        self.values.lexer.advance();
        if self.values.lexer.eat(b'}') {
            if fields.is_union {
                return Err(self.not_one_member(fields));
            }
            return Ok(Map::new());
        }
        match self.key(fields)? {
            Ok((position, field)) => self.structure_from(fields, position, field, depth),
            Err(key) => {
                let start = self.values.members.len();
                self.unknown(fields, key, depth)?;
                self.structure_rest(fields, depth, start, 0)
            }
        }
    }

    /// Reads a structure from the value of its first member on.
    fn structure_from(
        &mut self,
        fields: &Fields,
        position: usize,
        field: &Field,
        depth: u32,
    ) -> Result<Map> {
        let start = self.values.members.len();
        let mut seen = 0;
        // A structure of one member, as unions are, is made at once: what DynamoDB's items are made of.
        let only = self.value(field.target, depth, |values, value| {
            if value.is_null() {
                return None;
            }
            if values.lexer.peek() == b'}' {
                return Some(values.members.only(level(depth), field.name, value));
            }
            seen = 1 << position.min(63);
            values.members.push(field.name, value);
            None
        })?;
        if let Some(map) = only {
            self.values.lexer.advance();
            return Ok(map);
        }
        self.structure_rest(fields, depth, start, seen)
    }

    /// Reads a structure from what stands behind its first member on.
    fn structure_rest(
        &mut self,
        fields: &Fields,
        depth: u32,
        start: usize,
        seen: u64,
    ) -> Result<Map> {
        if self.values.lexer.comma_or(b'}')? {
            self.fields(fields, depth, false, start, seen)?;
        }
        if fields.is_union && self.values.members.len() - start != 1 {
            return Err(self.not_one_member(fields));
        }
        Ok(self.values.members.split_off_nested(start, level(depth)))
    }

    /// Reads the members of an object up to its closing brace onto those that are being gathered, where its own begin at `start`.
    /// `seen` is a bit for each member that has been read, by position: those beyond 64 share the last.
    fn fields(
        &mut self,
        fields: &Fields,
        depth: u32,
        body_only: bool,
        start: usize,
        mut seen: u64,
    ) -> Result<()> {
        // Many answers have their members in the order of the model.
        let mut next = seen.trailing_zeros() as usize + 1;
        loop {
            let found = match fields.fields.get(next) {
                Some(field) if self.values.lexer.takes(&field.key) => Ok((next, field)),
                _ => self.key(fields)?,
            };
            match found {
                Ok((position, field)) if !(body_only && field.has_location) => {
                    next = position + 1;
                    let bit = 1 << position.min(63);
                    if seen & bit != 0 {
                        self.values.members.forget(start, field.name);
                    }
                    seen |= bit;
                    self.value(field.target, depth, |values, value| {
                        if !value.is_null() {
                            values.members.push(field.name, value);
                        }
                    })?;
                }
                Ok(_) => self.values.skip(depth)?,
                Err(key) => self.unknown(fields, key, depth)?,
            }
            if !self.values.lexer.comma_or(b'}')? {
                return Ok(());
            }
        }
    }

    /// Passes over a member that is not known; of a union, it is named in the member's place.
    ///
    /// # Source
    /// botocore `parsers.py:ResponseParser._has_unknown_tagged_union_member`.
    #[inline(never)]
    fn unknown(&mut self, fields: &Fields, key: Key, depth: u32) -> Result<()> {
        let is_null = self.values.lexer.peek() == b'n';
        self.values.skip(depth)?;
        let name = self.values.lexer.own_text(key.span)?;
        if fields.is_union && !is_null && name != "__type" {
            let (name, value) = unknown_union_member(name);
            self.values.members.push(name, value);
        }
        Ok(())
    }

    #[cold]
    fn not_one_member(&self, fields: &Fields) -> inia_core::Error {
        self.values.lexer.broken(&format!(
            "the union {} must have exactly one member",
            fields.shape_name
        ))
    }

    /// Takes a key: the member of that name, and its position, or the key of what is no member.
    #[inline(always)]
    fn key<'f>(&mut self, fields: &'f Fields) -> Result<Result<(usize, &'f Field), Key>> {
        // What is as short as that and the name of a member has no escapes.
        if let Some((head, length)) = self.values.lexer.short_key()
            && let Some(found) = fields.by_short_name(head, length)
        {
            self.values.lexer.take_short_key(length);
            return Ok(Ok(found));
        }
        self.any_key(fields)
    }

    #[inline(never)]
    fn any_key<'f>(&mut self, fields: &'f Fields) -> Result<Result<(usize, &'f Field), Key>> {
        let key = self.values.lexer.key()?;
        let found = if key.span.has_escapes {
            let name = self.values.lexer.unescaped(key.span)?;
            let name = name.as_bytes();
            fields.by_wire_name(name, head_of(name))
        } else {
            fields.by_wire_name(self.values.lexer.raw(key.span), key.head)
        };
        Ok(found.ok_or(key))
    }

    /// What the items of a list or the values of a map are read as, looked up once for all of them.
    #[inline]
    fn item(&self, target: Target) -> Item<'t> {
        let layouts = self.layouts;
        let fields = match target {
            Target::Structure(id) => match layouts.get(self.model, id) {
                Layout::Structure(fields) => Some(fields),
                _ => None,
            },
            _ => None,
        };
        Item { target, fields }
    }

    /// Reads an item of a list or the value of a map's entry, as [`Reader::value`].
    #[inline(always)]
    fn item_value<R>(
        &mut self,
        item: Item<'t>,
        depth: u32,
        put: impl FnOnce(&mut Values<'t>, Value) -> R,
    ) -> Result<R> {
        match item.fields {
            Some(fields) if self.values.lexer.peek() == b'{' => {
                let map = self.structure_of(fields, depth)?;
                Ok(put(&mut self.values, Value::Map(map)))
            }
            _ => self.value(item.target, depth, put),
        }
    }

    /// Reads a map's entry from the value of the first member of its structure on.
    #[inline(always)]
    fn opened(
        &mut self,
        entries: &mut Entries,
        fields: &Fields,
        (position, field): (usize, &Field),
        depth: u32,
    ) -> Result<()> {
        let depth = self.values.deeper(depth)?;
        // Most attributes of a DynamoDB item are strings and numbers, which are written as strings.
        if field.target == Target::String
            && let Some(slot) = entries.slot()
            && let Some(range) = self.values.lexer.last_plain_string()
        {
            let Values { lexer, members, .. } = &mut self.values;
            let text = || Value::String(lexer.slice(range));
            slot.fill(Value::Map(members.only_scalar(field.name, text)));
            return Ok(());
        }
        let map = self.structure_from(fields, position, field, depth)?;
        if let Some(slot) = entries.slot() {
            slot.fill(Value::Map(map));
        }
        Ok(())
    }

    fn list(&mut self, id: ShapeId, depth: u32) -> Result<List> {
        let depth = self.values.deeper(depth)?;
        let Layout::List(target) = *self.layouts.get(self.model, id) else {
            return Err(self.values.lexer.broken("the shape is not a list"));
        };
        let item = self.item(target);
        self.values.lexer.advance();
        let start = self.values.items.len();
        if !self.values.lexer.eat(b']') {
            loop {
                self.item_value(item, depth, |values, value| values.items.push(value))?;
                if !self.values.lexer.comma_or(b']')? {
                    break;
                }
            }
        }
        Ok(self.values.items.split_off_nested(start, level(depth)))
    }

    fn map(&mut self, id: ShapeId, depth: u32) -> Result<Map> {
        let depth = self.values.deeper(depth)?;
        let Layout::Map {
            value: target,
            is_sparse,
        } = *self.layouts.get(self.model, id)
        else {
            return Err(self.values.lexer.broken("the shape is not a map"));
        };
        let item = self.item(target);
        self.values.lexer.advance();
        let mut entries = Entries::new(&mut self.values, level(depth), target);
        if !self.values.lexer.eat(b'}') {
            loop {
                if let Some(fields) = item.fields
                    && let Some(position) = entries.opening(&mut self.values)
                    && let Some(field) = fields.fields.get(position)
                {
                    self.opened(&mut entries, fields, (position, field), depth)?;
                } else {
                    let name = entries.name(&mut self.values)?;
                    // DIFFERENCE: what is dense has no nulls; one that is there all the same is left out, as the Smithy
                    // specification has it. botocore keeps it.
                    self.item_value(item, depth, |values, value| {
                        if is_sparse || !value.is_null() {
                            entries.add(values, name, value);
                        } else {
                            entries.leave_out(values);
                        }
                    })?;
                }
                if !self.values.lexer.comma_or(b'}')? {
                    break;
                }
            }
        }
        Ok(entries.finish(&mut self.values, item.fields))
    }
}

/// What the items of a list or the values of a map are read as.
#[derive(Clone, Copy, Debug)]
struct Item<'l> {
    target: Target,
    /// The members of a structure.
    fields: Option<&'l Fields>,
}

/// A scalar that is written as a string.
fn scalar_from_text(target: Target, text: Str) -> Result<Value> {
    Ok(match target {
        Target::Timestamp(_) => return timestamp(&text),
        Target::Integer => integer_from_text(&text).unwrap_or(Value::String(text)),
        Target::Float | Target::Double => {
            float_from_text(&text).map_or(Value::String(text), Value::Float)
        }
        Target::Boolean if text.eq_ignore_ascii_case("true") => Value::Bool(true),
        Target::Boolean if text.eq_ignore_ascii_case("false") => Value::Bool(false),
        _ => Value::String(text),
    })
}

fn timestamp(text: &str) -> Result<Value> {
    timestamp_from_text(text)
        .map(Value::Timestamp)
        .ok_or_else(|| unreadable("timestamp", "a timestamp", text))
}
