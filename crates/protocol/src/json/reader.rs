//! [`Reader`]: from JSON text straight to values, guided by shapes.
//!
//! What a shape does not expect is taken as botocore takes it: members that are not known are passed over, nulls are left out,
//! and a scalar of another JSON type than the shape's is the value it is.

use inia_core::{Map, Result, SharedText, Str, Value};
use inia_model::{Member, ServiceModel, ShapeId};

use super::lexer::Span;
use super::values::{MAX_DEPTH, Values};
use crate::layout::{Field, Fields, Layout, Layouts, Target, unknown_union_member};
use crate::scalar::{
    blob_from_base64, float_from_text, integer_from_text, timestamp_from_text, unreadable,
};

/// Reads values of a service's shapes from one text.
#[derive(Debug)]
pub(super) struct Reader<'t> {
    values: Values<'t>,
    model: &'t ServiceModel,
    layouts: &'t Layouts,
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t SharedText, model: &'t ServiceModel, layouts: &'t Layouts) -> Self {
        Reader {
            values: Values::new(text),
            model,
            layouts,
        }
    }

    /// Reads the text as the value of a member.
    pub(super) fn member(mut self, member: &Member) -> Result<Value> {
        let target = Target::of(self.model, member);
        let value = self.value(target, MAX_DEPTH)?;
        self.values.lexer.end()?;
        Ok(value)
    }

    /// Reads the text as the members of a structure, into a map that may hold others. With `body_only`, members that travel in the
    /// head of an HTTP message are passed over.
    pub(super) fn members(mut self, id: ShapeId, map: &mut Map, body_only: bool) -> Result<()> {
        let Layout::Structure(fields) = self.layouts.get(self.model, id) else {
            return Err(self.values.lexer.broken("the shape is not a structure"));
        };
        if self.values.lexer.peek() == b'n' {
            self.values.lexer.word("null")?;
        } else {
            self.open(b'{', "an object")?;
            self.fields(fields, MAX_DEPTH - 1, body_only)?;
            for (name, value) in self.values.entries.drain(..) {
                map.push(name, value);
            }
        }
        self.values.lexer.end()
    }

    fn open(&mut self, bracket: u8, expected: &str) -> Result<()> {
        if self.values.lexer.eat(bracket) {
            Ok(())
        } else {
            Err(self.values.lexer.broken(&format!("expected {expected}")))
        }
    }

    /// Reads a value; `depth` is how many levels may still be entered.
    fn value(&mut self, target: Target, depth: u32) -> Result<Value> {
        let first = self.values.lexer.peek();
        match (target, first) {
            (Target::String, b'"') => {
                let span = self.values.lexer.string()?;
                self.values.lexer.text(span).map(Value::String)
            }
            (Target::Structure(id), b'{') => self.structure(id, depth),
            (Target::Map(id), b'{') => self.map(id, depth),
            (Target::List(id), b'[') => self.list(id, depth),
            (_, b'n') => self.values.lexer.word("null").map(|()| Value::Null),
            (Target::Integer, b'-' | b'0'..=b'9') => self.integer(),
            (Target::Float | Target::Double, b'-' | b'0'..=b'9') => {
                let (text, _) = self.values.lexer.number()?;
                Ok(Value::Float(text.parse().unwrap_or(f64::NAN)))
            }
            (Target::Boolean, b't') => self.values.lexer.word("true").map(|()| Value::Bool(true)),
            (Target::Boolean, b'f') => self.values.lexer.word("false").map(|()| Value::Bool(false)),
            (Target::Timestamp(_), b'-' | b'0'..=b'9') => {
                let (text, _) = self.values.lexer.number()?;
                timestamp(text)
            }
            (_, b'"') => {
                let span = self.values.lexer.string()?;
                let text = self.values.lexer.text(span)?;
                self.scalar_from_text(target, text)
            }
            (Target::Structure(_), _) => Err(self.values.lexer.broken("expected an object")),
            (Target::Map(_), _) => Err(self.values.lexer.broken("expected an object")),
            (Target::List(_), _) => Err(self.values.lexer.broken("expected an array")),
            (Target::Blob, _) => Err(self.values.lexer.broken("expected a string in base64")),
            (Target::Timestamp(_), _) => Err(self.values.lexer.broken("expected a timestamp")),
            _ => self.values.any(depth),
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

    /// A scalar that is written as a string.
    fn scalar_from_text(&mut self, target: Target, text: Str) -> Result<Value> {
        Ok(match target {
            Target::Blob => match blob_from_base64(&text) {
                Some(blob) => Value::Blob(blob),
                None => return Err(unreadable("blob", "base64", &text)),
            },
            Target::Timestamp(_) => return timestamp(&text),
            Target::Integer => integer_from_text(&text).unwrap_or(Value::String(text)),
            Target::Float | Target::Double => {
                float_from_text(&text).map_or(Value::String(text), Value::Float)
            }
            Target::Boolean if text.eq_ignore_ascii_case("true") => Value::Bool(true),
            Target::Boolean if text.eq_ignore_ascii_case("false") => Value::Bool(false),
            Target::Structure(_) | Target::Map(_) => {
                return Err(self.values.lexer.broken("expected an object"));
            }
            Target::List(_) => return Err(self.values.lexer.broken("expected an array")),
            Target::Boolean | Target::String | Target::Document => Value::String(text),
        })
    }

    fn structure(&mut self, id: ShapeId, depth: u32) -> Result<Value> {
        let depth = self.values.deeper(depth)?;
        let Layout::Structure(fields) = self.layouts.get(self.model, id) else {
            return Err(self.values.lexer.broken("the shape is not a structure"));
        };
        self.values.lexer.advance();
        let start = self.values.entries.len();
        self.fields(fields, depth, false)?;
        let mut map = Map::with_capacity(self.values.entries.len() - start);
        for (name, value) in self.values.entries.drain(start..) {
            map.push(name, value);
        }
        Ok(Value::Map(map))
    }

    /// Reads the members of an object, whose opening brace was taken, onto the entries.
    fn fields(&mut self, fields: &Fields, depth: u32, body_only: bool) -> Result<()> {
        let start = self.values.entries.len();
        // The members that have been seen, by position: those beyond 64 share the last bit.
        let mut seen: u64 = 0;
        let mut unknown_count = 0;
        let mut unknown: Option<Str> = None;
        if !self.values.lexer.eat(b'}') {
            loop {
                let key = self.values.key()?;
                match self.field(fields, key)? {
                    Some((position, field)) if !(body_only && field.has_location) => {
                        let value = self.value(field.target, depth)?;
                        let bit = 1 << position.min(63);
                        if seen & bit != 0 {
                            self.forget(start, &field.name);
                        }
                        if !value.is_null() {
                            seen |= bit;
                            self.values.entries.push((field.name.clone(), value));
                        }
                    }
                    _ => {
                        let is_null = self.values.lexer.peek() == b'n';
                        self.values.skip(depth)?;
                        if fields.is_union && !is_null && self.values.lexer.raw(key) != b"__type" {
                            unknown_count += 1;
                            unknown = Some(self.values.lexer.text(key)?);
                        }
                    }
                }
                if self.values.lexer.eat(b',') {
                    continue;
                }
                self.values.lexer.expect(b'}')?;
                break;
            }
        }
        if fields.is_union {
            self.union(fields, start, unknown_count, unknown)?;
        }
        Ok(())
    }

    /// Checks that a union has exactly one member; one that is not known is named in its place.
    ///
    /// # Source
    /// botocore `parsers.py:ResponseParser._has_unknown_tagged_union_member`.
    fn union(
        &mut self,
        fields: &Fields,
        start: usize,
        unknown_count: usize,
        unknown: Option<Str>,
    ) -> Result<()> {
        if self.values.entries.len() - start + unknown_count != 1 {
            return Err(self.values.lexer.broken(&format!(
                "the union {} must have exactly one member",
                fields.shape_name
            )));
        }
        if let Some(name) = unknown {
            self.values.entries.push(unknown_union_member(name));
        }
        Ok(())
    }

    /// Takes an earlier value of a member away: the last one counts.
    #[cold]
    fn forget(&mut self, start: usize, name: &Str) {
        if let Some(earlier) = self
            .values
            .entries
            .get(start..)
            .and_then(|entries| entries.iter().position(|(key, _)| key == name))
        {
            self.values.entries.remove(start + earlier);
        }
    }

    /// The member of a key.
    #[inline]
    fn field<'f>(&self, fields: &'f Fields, key: Span) -> Result<Option<(usize, &'f Field)>> {
        if key.has_escapes {
            return Ok(fields.by_wire_name(self.values.lexer.unescaped(key)?.as_bytes()));
        }
        Ok(fields.by_wire_name(self.values.lexer.raw(key)))
    }

    fn list(&mut self, id: ShapeId, depth: u32) -> Result<Value> {
        let depth = self.values.deeper(depth)?;
        let Layout::List(item) = *self.layouts.get(self.model, id) else {
            return Err(self.values.lexer.broken("the shape is not a list"));
        };
        self.values.lexer.advance();
        let start = self.values.items.len();
        if !self.values.lexer.eat(b']') {
            loop {
                let value = self.value(item, depth)?;
                self.values.items.push(value);
                if self.values.lexer.eat(b',') {
                    continue;
                }
                self.values.lexer.expect(b']')?;
                break;
            }
        }
        Ok(self.values.take_list(start))
    }

    fn map(&mut self, id: ShapeId, depth: u32) -> Result<Value> {
        let depth = self.values.deeper(depth)?;
        let Layout::Map { value, is_sparse } = *self.layouts.get(self.model, id) else {
            return Err(self.values.lexer.broken("the shape is not a map"));
        };
        self.values.lexer.advance();
        let start = self.values.entries.len();
        if !self.values.lexer.eat(b'}') {
            loop {
                let key = self.values.key()?;
                let name = self.values.lexer.text(key)?;
                let value = self.value(value, depth)?;
                // What is dense has no nulls; one that is there all the same is left out.
                if is_sparse || !value.is_null() {
                    self.values.entries.push((name, value));
                }
                if self.values.lexer.eat(b',') {
                    continue;
                }
                self.values.lexer.expect(b'}')?;
                break;
            }
        }
        Ok(self.values.take_map(start))
    }
}

fn timestamp(text: &str) -> Result<Value> {
    timestamp_from_text(text)
        .map(Value::Timestamp)
        .ok_or_else(|| unreadable("timestamp", "a timestamp", text))
}
