//! [`BodyWriter`], the traversal of parameters and compiled shapes, for any [`BodySyntax`].

use std::marker::PhantomData;

use inia_core::{Error, ErrorKind, List, Map, Result, Str, Timestamp, TimestampFormat, Value};
use inia_model::{Member, ShapeId};

use super::buffer::{Buffer, Window};
use crate::format::BodyPart;
use crate::params::{descend, mismatch};
use crate::shape::{
    CompiledShape, CompiledStructure, KeyEncode, MemberOrder, Shapes, TypeSpec, ValueType,
    is_long_enough,
};
use crate::strictness::Strictness;

/// The syntax of a body format. Each function takes the write position and returns the one after the bytes it wrote.
pub(crate) trait BodySyntax {
    /// The nesting limit of parameters that are not validated.
    const MAX_DEPTH: u32;

    /// Encodes a member's wire name as the key in front of its value.
    fn key(name: &str) -> Vec<u8>;

    /// Starts a structure or map with `entries` entries.
    fn open_map(out: &mut Buffer, at: usize, entries: usize) -> usize;

    /// Ends a structure or map that started at `start` with `announced` entries, of which `written` were written.
    fn close_map(
        out: &mut Buffer,
        start: usize,
        at: usize,
        announced: usize,
        written: usize,
    ) -> usize;

    /// Writes the key of a map entry.
    fn entry(out: &mut Buffer, at: usize, name: &str) -> usize;

    /// Starts a list with `items` items.
    fn open_list(out: &mut Buffer, at: usize, items: usize) -> usize;

    /// Writes the separator in front of an item.
    fn item(out: &mut Buffer, at: usize) -> usize;

    /// Ends a list that started at `start`.
    fn close_list(out: &mut Buffer, start: usize, at: usize) -> usize;

    /// Writes a null.
    fn null(out: &mut Buffer, at: usize) -> usize;

    /// Writes a string.
    fn string(out: &mut Buffer, at: usize, text: &str) -> usize;

    /// Writes a string to a window and returns the encoded length, or `None` if the string needs
    /// [`BodySyntax::string`].
    fn short_string(window: &mut Window, text: &[u8]) -> Option<usize>;

    /// Writes an integer and returns the encoded length.
    fn integer(window: &mut Window, number: i64) -> usize;

    /// Writes a float of double precision and returns the encoded length.
    fn double(window: &mut Window, number: f64) -> usize;

    /// Writes a timestamp and returns the encoded length, or `None` if it needs [`BodySyntax::scalar`].
    fn short_timestamp(
        window: &mut Window,
        timestamp: Timestamp,
        format: Option<TimestampFormat>,
    ) -> Option<usize>;

    /// Writes a scalar or document; `depth` is the number of levels that a document may still nest.
    fn scalar(
        out: &mut Buffer,
        at: usize,
        target: ValueType,
        context: &str,
        value: &Value,
        depth: u32,
    ) -> Result<usize>;
}

/// Writes values of a service's shapes.
#[derive(Debug)]
pub(crate) struct BodyWriter<'m, S> {
    out: Buffer,
    shapes: &'m Shapes<KeyEncode>,
    strictness: Strictness,
    syntax: PhantomData<S>,
}

impl<'m, S: BodySyntax> BodyWriter<'m, S> {
    /// Creates a writer with room for `capacity` bytes.
    pub(crate) fn new(
        shapes: &'m Shapes<KeyEncode>,
        strictness: Strictness,
        capacity: usize,
    ) -> Self {
        BodyWriter {
            out: Buffer::new(capacity),
            shapes,
            strictness,
            syntax: PhantomData,
        }
    }

    /// Writes a body; an empty one if there are no members.
    pub(crate) fn body(self, part: BodyPart<'_>) -> Result<Vec<u8>> {
        match part {
            BodyPart::Members {
                input,
                params,
                body_only,
            } => self.members(input.target, params, body_only),
            BodyPart::Value { member, value } => self.member(member, value),
            BodyPart::None(_) => Ok(Vec::new()),
        }
    }

    /// Writes the value of a member as a body.
    fn member(mut self, member: &Member, value: &Value) -> Result<Vec<u8>> {
        let spec = TypeSpec::of(&self.shapes.model, member);
        let depth = self.strictness.max_depth(S::MAX_DEPTH);
        let end = self.value(&spec, value, &member.name, depth, 0)?;
        Ok(self.out.into_vec(end))
    }

    /// Writes the members of a structure as a body. With `body_only`, members with a location are skipped.
    fn members(mut self, id: ShapeId, map: &Map, body_only: bool) -> Result<Vec<u8>> {
        let Some(layout) = self.shapes.structure(id) else {
            return Err(invalid_input("the shape is not a structure"));
        };
        let depth = self.strictness.max_depth(S::MAX_DEPTH);
        let end = self.write_members(
            layout,
            map,
            body_only,
            depth,
            &mut MemberOrder::default(),
            0,
        )?;
        Ok(self.out.into_vec(end))
    }

    /// Writes a value of a type.
    #[inline(never)]
    fn value(
        &mut self,
        spec: &TypeSpec,
        value: &Value,
        context: &Str,
        depth: u32,
        at: usize,
    ) -> Result<usize> {
        match short::<S>(spec, value, self.out.window(at)) {
            Some(length) => Ok(at + length),
            None => self.long(spec, value, context, depth, at),
        }
    }

    /// Writes a value that is not [`short`].
    #[inline(never)]
    fn long(
        &mut self,
        spec: &TypeSpec,
        value: &Value,
        context: &Str,
        depth: u32,
        at: usize,
    ) -> Result<usize> {
        match (spec.target, value) {
            (ValueType::Structure(id), Value::Map(map)) => {
                self.structure(id, map, context, depth, at)
            }
            (ValueType::List(id), Value::List(list)) if spec.accepts_length(list.len()) => {
                self.list(id, list, context, depth, at)
            }
            (ValueType::Map(id), Value::Map(map)) => self.map(id, map, context, depth, at),
            (ValueType::String, Value::String(text))
                if spec.accepts_string(text) || self.strictness == Strictness::Lenient =>
            {
                Ok(S::string(&mut self.out, at, text))
            }
            _ => self.fallback(spec, value, context, depth, at),
        }
    }

    /// Writes the remaining scalars, and handles type mismatches.
    #[inline(never)]
    fn fallback(
        &mut self,
        spec: &TypeSpec,
        value: &Value,
        context: &Str,
        depth: u32,
        at: usize,
    ) -> Result<usize> {
        if self.strictness == Strictness::Strict && !spec.accepts(value, depth) {
            return Err(invalid_value(context, value));
        }
        match (spec.target, value) {
            (ValueType::List(id), Value::List(list)) => self.list(id, list, context, depth, at),
            (ValueType::Structure(_) | ValueType::Map(_), Value::String(_) | Value::List(_)) => {
                Err(mismatch(context, "a map", value))
            }
            (ValueType::List(_), Value::String(_) | Value::Map(_)) => {
                Err(mismatch(context, "a list", value))
            }
            (target, value) => S::scalar(&mut self.out, at, target, context, value, depth),
        }
    }

    #[inline(never)]
    fn structure(
        &mut self,
        id: ShapeId,
        map: &Map,
        context: &Str,
        depth: u32,
        at: usize,
    ) -> Result<usize> {
        let depth = descend(depth, context)?;
        match self.shapes.structure(id) {
            Some(layout) => {
                self.write_members(layout, map, false, depth, &mut MemberOrder::default(), at)
            }
            None => Err(invalid_input("the shape is not a structure")),
        }
    }

    /// Writes the members of a structure.
    #[inline(never)]
    fn write_members(
        &mut self,
        layout: &CompiledStructure<KeyEncode>,
        map: &Map,
        body_only: bool,
        depth: u32,
        order: &mut MemberOrder,
        start: usize,
    ) -> Result<usize> {
        match map.as_pairs() {
            Some(pairs) => {
                let members = pairs.iter().map(|(name, value)| (name, value));
                self.write_each_member(layout, map, members, body_only, depth, order, start)
            }
            None => self.write_each_member(layout, map, map.iter(), body_only, depth, order, start),
        }
    }

    /// As [`BodyWriter::write_members`], inlined into the caller.
    #[inline(always)]
    #[expect(clippy::too_many_arguments, reason = "always inlined")]
    fn write_each_member<'v>(
        &mut self,
        layout: &CompiledStructure<KeyEncode>,
        map: &Map,
        members: impl Iterator<Item = (&'v Str, &'v Value)>,
        body_only: bool,
        depth: u32,
        order: &mut MemberOrder,
        start: usize,
    ) -> Result<usize> {
        let announced = map.len();
        let mut at = S::open_map(&mut self.out, start, announced);
        let mut required = 0;
        let mut skipped = 0;
        for (ordinal, (name, value)) in members.enumerate() {
            let Some((_, member)) = layout.find(name, ordinal, order) else {
                // In lenient mode a null counts as absent even for an unknown name.
                if value.is_null() && self.strictness == Strictness::Lenient {
                    skipped += 1;
                    continue;
                }
                return Err(layout.unknown_member(&self.shapes.model, name));
            };
            if value.is_null() {
                skipped += 1;
                continue;
            }
            required += usize::from(member.spec.is_required);
            if member.has_location && body_only {
                skipped += 1;
                continue;
            }
            // Fast path: most values are short.
            let short = |window: &mut Window| short::<S>(&member.spec, value, window);
            at = match self.out.literal_and(at, &member.wire, short) {
                Some(end) => end,
                None => {
                    let at = self.out.literal(at, &member.wire);
                    self.value(&member.spec, value, name, depth, at)?
                }
            };
        }
        let written = announced - skipped;
        layout.check_members(self.strictness, required, written)?;
        Ok(S::close_map(&mut self.out, start, at, announced, written))
    }

    #[inline(never)]
    fn list(
        &mut self,
        id: ShapeId,
        list: &List,
        context: &Str,
        depth: u32,
        start: usize,
    ) -> Result<usize> {
        let depth = descend(depth, context)?;
        let Some(CompiledShape::List { item, is_sparse }) = self.shapes.get(id) else {
            return Err(invalid_input("the shape is not a list"));
        };
        // Looked up once for all items.
        let layout = self.structure_layout(&item.spec, depth);
        let mut order = MemberOrder::default();
        let mut at = S::open_list(&mut self.out, start, list.len());
        for value in list.iter() {
            at = S::item(&mut self.out, at);
            at = match (layout, value) {
                (Some(layout), Value::Map(map)) => match map.as_pairs() {
                    // Inlined, as most long lists hold structures built by the caller.
                    Some(pairs) => {
                        let members = pairs.iter().map(|(name, value)| (name, value));
                        self.write_each_member(
                            layout,
                            map,
                            members,
                            false,
                            depth - 1,
                            &mut order,
                            at,
                        )?
                    }
                    None => self.write_members(layout, map, false, depth - 1, &mut order, at)?,
                },
                (_, Value::Null) => self.null(*is_sparse, context, at)?,
                _ => self.value(&item.spec, value, context, depth, at)?,
            };
        }
        Ok(S::close_list(&mut self.out, start, at))
    }

    #[inline(never)]
    fn map(
        &mut self,
        id: ShapeId,
        map: &Map,
        context: &Str,
        depth: u32,
        start: usize,
    ) -> Result<usize> {
        let depth = descend(depth, context)?;
        let Some(CompiledShape::Map {
            key,
            value: item,
            is_sparse,
        }) = self.shapes.get(id)
        else {
            return Err(invalid_input("the shape is not a map"));
        };
        // Looked up once for all entries.
        let layout = self.structure_layout(&item.spec, depth);
        let mut order = MemberOrder::default();
        let mut at = S::open_map(&mut self.out, start, map.len());
        for (name, value) in map {
            if self.strictness == Strictness::Strict && !is_long_enough(name, key.spec.min_length) {
                return Err(invalid_input("a key is too short"));
            }
            at = S::entry(&mut self.out, at, name);
            at = match (layout, value) {
                (Some(layout), Value::Map(map)) => {
                    self.write_members(layout, map, false, depth - 1, &mut order, at)?
                }
                (_, Value::Null) => self.null(*is_sparse, name, at)?,
                _ => self.value(&item.spec, value, name, depth, at)?,
            };
        }
        Ok(S::close_map(&mut self.out, start, at, map.len(), map.len()))
    }

    /// Returns the layout of a structure type, if another level may be entered.
    fn structure_layout(
        &self,
        spec: &TypeSpec,
        depth: u32,
    ) -> Option<&'m CompiledStructure<KeyEncode>> {
        match spec.target {
            ValueType::Structure(id) if depth > 0 => self.shapes.structure(id),
            _ => None,
        }
    }

    /// Writes a null in a list or map.
    fn null(&mut self, is_sparse: bool, context: &Str, at: usize) -> Result<usize> {
        self.strictness.check_null(is_sparse, context)?;
        Ok(S::null(&mut self.out, at))
    }
}

/// Writes a scalar if it is valid and short, as most are, and returns the encoded length.
#[inline(always)]
fn short<S: BodySyntax>(spec: &TypeSpec, value: &Value, window: &mut Window) -> Option<usize> {
    match (spec.target, value) {
        (ValueType::String, Value::String(text)) => {
            // Resolve the storage form once.
            let text = text.as_str();
            if spec.accepts_string(text) {
                S::short_string(window, text.as_bytes())
            } else {
                None
            }
        }
        (ValueType::Integer, Value::Int(number)) if spec.accepts_integer(*number) => {
            Some(S::integer(window, *number))
        }
        (ValueType::Double, Value::Float(number)) if spec.accepts_float(*number) => {
            Some(S::double(window, *number))
        }
        (ValueType::Timestamp(format), Value::Timestamp(timestamp)) => {
            S::short_timestamp(window, *timestamp, format)
        }
        _ => None,
    }
}

#[cold]
fn invalid_value(context: &str, value: &Value) -> Error {
    mismatch(context, "a value that matches its shape", value)
}

#[cold]
fn invalid_input(message: &str) -> Error {
    Error::new(ErrorKind::Validation, message.to_owned())
}
