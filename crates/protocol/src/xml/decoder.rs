//! [`XmlDecoder`], the XML parser guided by shapes.
//!
//! One pass without a tree: elements become values at once. Long strings are copied to an arena, so that the response
//! need not be kept. Members and items are kept on two stacks shared by all levels, so that each list and map is
//! allocated once, at its exact size.
//!
//! # Source
//! botocore `parsers.py:BaseXMLResponseParser`.

use inia_core::detail::{ItemPool, MemberPool, TextPool};
use inia_core::{Map, Result, Str, Value};

use inia_model::ShapeId;

use super::layout::{XmlMember, XmlShapes};
use super::reader::{MAX_DEPTH, XmlEvent, XmlReader, XmlText};
use super::tag::StartTag;
use crate::mismatch::{self, MAX_LOGGED};
use crate::scalar::scalar_from_text;
use crate::shape::{CompiledShape, ValueType};

/// Parses values from the text of a response.
#[derive(Debug)]
pub(crate) struct XmlDecoder<'t, 'l> {
    pub(crate) reader: XmlReader<'t>,
    text: &'t str,
    /// The arena of the strings that were read.
    strings: TextPool,
    pub(super) shapes: &'l XmlShapes,
    /// The members of the structures that are being read, outermost first.
    pub(super) members: MemberPool,
    /// The items of the lists that are being read, outermost first.
    pub(super) items: ItemPool,
    /// The location of the request id, if it is to be read.
    request_id_location: Option<RequestIdLocation>,
    request_id: Option<Str>,
    /// `true` if a value did not match its shape, or is null.
    pub(super) has_mismatch: bool,
    /// The number of elements that were logged.
    log_count: usize,
}

/// The location of the request id in a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RequestIdLocation {
    /// `<ResponseMetadata><RequestId>` in the root element.
    ResponseMetadata,
    /// `<requestId>` in the root element.
    Root,
}

impl<'t, 'l> XmlDecoder<'t, 'l> {
    /// Creates a decoder at the start of a text.
    pub(crate) fn new(text: &'t str, shapes: &'l XmlShapes) -> Self {
        XmlDecoder {
            reader: XmlReader::new(text),
            text,
            strings: TextPool::for_input_len(text.len()),
            shapes,
            members: MemberPool::new(),
            items: ItemPool::new(),
            request_id_location: None,
            request_id: None,
            has_mismatch: false,
            log_count: 0,
        }
    }

    /// Also reads the request id.
    pub(crate) fn with_request_id(mut self, location: RequestIdLocation) -> Self {
        self.request_id_location = Some(location);
        self
    }

    /// Parses the root element as a value; returns with it the request id that was read.
    ///
    /// # Errors
    /// `Parse`: the text is not XML.
    pub(crate) fn document(mut self, target: ValueType) -> Result<(Value, Option<Str>)> {
        let root = self.root()?;
        let value = self.value(target, &root, 1)?;
        self.reader.end()?;
        Ok(self.finish(target, value))
    }

    /// Parses the start of the root element.
    ///
    /// DIFFERENCE: a page of HTML, as proxies and login portals send with status 200, is an error; botocore returns an empty output.
    fn root(&mut self) -> Result<StartTag<'t>> {
        let root = self.reader.root()?;
        if root.local_name().eq_ignore_ascii_case(b"html") {
            return Err(self
                .reader
                .error("expected a document of the service, but it is HTML"));
        }
        Ok(root)
    }

    /// Ends decoding, after which the value is readable.
    pub(crate) fn finish(self, target: ValueType, mut value: Value) -> (Value, Option<Str>) {
        let (shapes, has_mismatch, request_id) =
            (self.shapes, self.has_mismatch, self.request_id.clone());
        drop(self);
        if has_mismatch {
            shapes.settle(target, &mut value);
        }
        (value, request_id)
    }

    /// Parses one child of the root element as a structure, or only the request id if `expected` is `None`; returns with
    /// it the request id that was read.
    ///
    /// # Errors
    /// `Parse`: the text is not XML, or neither that child nor a member of the structure is in the root element.
    pub(crate) fn wrapped_document(
        mut self,
        expected: Option<(&str, ValueType)>,
    ) -> Result<(Value, Option<Str>)> {
        let root = self.root()?;
        let start = self.reader.position();
        let mut value = None;
        if !root.is_empty() {
            while let XmlEvent::Child(child) = self.reader.next()? {
                match expected {
                    Some((name, target))
                        if value.is_none() && child.local_name() == name.as_bytes() =>
                    {
                        value = Some(self.value(target, &child, 2)?);
                    }
                    _ => self.skip_unknown(&child, 1)?,
                }
            }
            self.reader.close(&root)?;
        }
        self.reader.end()?;
        match (value, expected) {
            (value, None) => Ok((value.unwrap_or_else(Value::map), self.request_id)),
            (Some(value), Some((_, target))) => Ok(self.finish(target, value)),
            (None, Some((name, target))) => self.unwrapped_document(name, target, &root, start),
        }
    }

    /// Parses the root element as a structure that should be in a child `name` of it.
    #[cold]
    fn unwrapped_document(
        mut self,
        name: &str,
        target: ValueType,
        root: &StartTag<'t>,
        start: usize,
    ) -> Result<(Value, Option<Str>)> {
        let message = format!("missing <{name}> in the root element");
        self.reader.rewind(start);
        match self.value(target, root, 1)? {
            Value::Map(members) if !members.is_empty() => {
                mismatch::log(&root.shown_name(), &message);
                Ok(self.finish(target, Value::Map(members)))
            }
            _ => Err(self.reader.error(&message)),
        }
    }

    /// Parses an element as a value; `depth` is its nesting level, 1 for the root element. A value that does not match
    /// its shape is kept as text, or as an untyped value if it has child elements.
    ///
    /// # Errors
    /// `Parse`: the text is not XML.
    #[inline]
    pub(crate) fn value(
        &mut self,
        target: ValueType,
        tag: &StartTag<'t>,
        depth: u32,
    ) -> Result<Value> {
        if tag.is_nil() {
            return self.nil(tag, depth);
        }
        match target {
            ValueType::Structure(shape) | ValueType::List(shape) | ValueType::Map(shape) => {
                self.nested(shape, tag, depth)
            }
            target => self.scalar(target, tag, depth),
        }
    }

    /// Skips an element that states that it has no value.
    #[cold]
    fn nil(&mut self, tag: &StartTag<'t>, depth: u32) -> Result<Value> {
        self.has_mismatch = true;
        self.reader.skip_content(tag, depth)?;
        Ok(Value::Null)
    }

    fn nested(&mut self, shape: ShapeId, tag: &StartTag<'t>, depth: u32) -> Result<Value> {
        if depth > MAX_DEPTH {
            return Err(self.reader.too_deep());
        }
        match self.shapes.get(shape) {
            Some(CompiledShape::Structure(layout)) => self.structure(layout, tag, depth),
            Some(CompiledShape::List { item, .. }) => self.list(item.spec, tag, depth),
            Some(CompiledShape::Map { key, value, .. }) => self.map(key, value, tag, depth),
            Some(CompiledShape::Scalar) | None => {
                Err(self.reader.error("a shape of another service"))
            }
        }
    }

    /// Returns a string for a value. It is not readable before the whole document is read, as its arena is filled
    /// later.
    #[inline]
    fn str(&mut self, text: XmlText) -> Str {
        match text {
            XmlText::Range(start, end) => self
                .strings
                .add(self.text.get(start..end).unwrap_or_default()),
            XmlText::Assembled => self.strings.add(self.reader.resolve(text)),
        }
    }

    #[inline]
    fn scalar(&mut self, target: ValueType, tag: &StartTag<'t>, depth: u32) -> Result<Value> {
        let start = self.reader.position();
        let text = self.reader.text(tag, depth)?;
        if text == XmlText::Assembled && self.has_only_children(start)? {
            self.has_mismatch = true;
            return self.reader.untyped(tag, depth);
        }
        Ok(self.scalar_of(target, text))
    }

    /// Converts text to a scalar.
    #[inline]
    pub(super) fn scalar_of(&mut self, target: ValueType, text: XmlText) -> Value {
        if target == ValueType::String {
            return Value::String(self.str(text));
        }
        match scalar_from_text(target, self.reader.resolve(text)) {
            Some(value) => value,
            None => {
                self.has_mismatch = true;
                Value::String(self.str(text))
            }
        }
    }

    /// Returns whether an element whose assembled text was read has no text, but child elements. If so, the reader is
    /// moved back to its content.
    #[cold]
    fn has_only_children(&mut self, start: usize) -> Result<bool> {
        let text = self.reader.resolve(XmlText::Assembled).trim_ascii();
        if !text.is_empty() {
            return Ok(false);
        }
        let end = self.reader.position();
        self.reader.rewind(start);
        let has_children = matches!(self.reader.next()?, XmlEvent::Child(_));
        self.reader.rewind(if has_children { start } else { end });
        Ok(has_children)
    }

    /// Consumes the end tag of a structure, list or map without children, whose content starts at `start`. Returns its
    /// text if it has some.
    #[inline]
    pub(super) fn close_childless(
        &mut self,
        tag: &StartTag<'t>,
        start: usize,
        depth: u32,
    ) -> Result<Option<Value>> {
        if self.reader.is_blank_since(start) {
            self.reader.close(tag)?;
            return Ok(None);
        }
        let end = self.reader.position();
        self.reader.rewind(start);
        let Ok(text) = self.reader.text(tag, depth) else {
            // Stray characters that are not even text.
            self.reader.rewind(end);
            self.reader.close(tag)?;
            return Ok(None);
        };
        if self.reader.resolve(text).trim_ascii().is_empty() {
            return Ok(None);
        }
        self.has_mismatch = true;
        Ok(Some(Value::String(self.str(text))))
    }

    /// Logs a problem of the element whose start tag was just read.
    #[cold]
    pub(super) fn log(&mut self, position: usize, problem: &str) {
        self.log_count += 1;
        if self.log_count <= MAX_LOGGED {
            mismatch::log(&self.reader.path_to(position), problem);
        }
    }

    fn list(&mut self, item: ValueType, tag: &StartTag<'t>, depth: u32) -> Result<Value> {
        let mark = self.items.begin();
        if !tag.is_empty() {
            let start = self.reader.position();
            let mut previous: Option<StartTag<'t>> = None;
            loop {
                let child = match previous.and_then(|tag| self.reader.enter_same(&tag)) {
                    Some(child) => child,
                    None => match self.reader.next()? {
                        XmlEvent::Child(child) => child,
                        XmlEvent::End => break,
                    },
                };
                previous = Some(child);
                let value = self.value(item, &child, depth + 1)?;
                self.items.push(value);
            }
            if !self.items.is_empty(&mark) {
                self.reader.close(tag)?;
            } else if let Some(text) = self.close_childless(tag, start, depth)? {
                // The list is empty.
                let _ = self.items.finish(mark);
                return Ok(text);
            }
        }
        Ok(Value::List(self.items.finish_owned(mark)))
    }

    fn map(
        &mut self,
        key: &'l XmlMember,
        value: &'l XmlMember,
        tag: &StartTag<'t>,
        depth: u32,
    ) -> Result<Value> {
        let mut map = Map::new();
        if !tag.is_empty() {
            let start = self.reader.position();
            let mut keyless = None;
            while let XmlEvent::Child(child) = self.reader.next()? {
                let position = self.reader.position();
                match self.map_entry(key, value, &child, depth + 1)? {
                    Some((key, value)) => drop(map.insert(key, value)),
                    None => keyless = keyless.or(Some(position)),
                }
            }
            match keyless {
                None if map.is_empty() => {
                    if let Some(text) = self.close_childless(tag, start, depth)? {
                        return Ok(text);
                    }
                }
                // The children are not entries.
                Some(_) if map.is_empty() && self.reader.has_text_since(start) => {
                    self.has_mismatch = true;
                    self.reader.rewind(start);
                    return self.reader.untyped(tag, depth);
                }
                keyless => {
                    self.reader.close(tag)?;
                    if let Some(position) = keyless {
                        self.log(position, "an entry without a key; left out");
                    }
                }
            }
        }
        Ok(Value::Map(map))
    }

    /// Parses an entry of a map. An entry without a value is null; returns `None` for one without a key.
    ///
    /// DIFFERENCE: botocore fails on children that are neither key nor value; here they are skipped, as in structures.
    pub(super) fn map_entry(
        &mut self,
        key_member: &'l XmlMember,
        value_member: &'l XmlMember,
        tag: &StartTag<'t>,
        depth: u32,
    ) -> Result<Option<(Str, Value)>> {
        let mut key = None;
        let mut value = Value::Null;
        if !tag.is_empty() {
            while let XmlEvent::Child(child) = self.reader.next()? {
                let name = child.local_name();
                if name == key_member.wire.element_name() {
                    let text = self.reader.text(&child, depth + 1)?;
                    // Keys are compared while the document is read (the last duplicate counts), so they are not in the
                    // arena.
                    key = Some(Str::from(self.reader.resolve(text)));
                } else if name == value_member.wire.element_name() {
                    value = self.value(value_member.spec, &child, depth + 1)?;
                } else {
                    self.reader.skip_content(&child, depth + 1)?;
                }
            }
            self.reader.close(tag)?;
        }
        Ok(key.map(|key| (key, value)))
    }

    /// Skips a child that is not a member, but reads the request id.
    pub(super) fn skip_unknown(&mut self, child: &StartTag<'t>, depth: u32) -> Result<()> {
        if depth == 1 && self.request_id.is_none() {
            match self.request_id_location {
                Some(RequestIdLocation::Root) if child.local_name() == b"requestId" => {
                    return self.read_request_id(child);
                }
                Some(RequestIdLocation::ResponseMetadata)
                    if child.local_name() == b"ResponseMetadata" && !child.is_empty() =>
                {
                    while let XmlEvent::Child(child) = self.reader.next()? {
                        if child.local_name() == b"RequestId" {
                            self.read_request_id(&child)?;
                        } else {
                            self.reader.skip_content(&child, depth + 2)?;
                        }
                    }
                    return self.reader.close(child);
                }
                _ => {}
            }
        }
        self.reader.skip_content(child, depth + 1)
    }

    fn read_request_id(&mut self, tag: &StartTag<'t>) -> Result<()> {
        let text = self.reader.text(tag, 3)?;
        self.request_id = Some(Str::from(self.reader.resolve(text)));
        Ok(())
    }
}
