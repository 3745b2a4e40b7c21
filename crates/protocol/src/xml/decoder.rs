//! [`XmlDecoder`], the XML parser guided by shapes.
//!
//! One pass without a tree: elements become values at once. Long strings are copied to an arena, so that the response
//! need not be kept. Members and items are kept on two stacks shared by all levels, so that each list and map is
//! allocated once, at its exact size.
//!
//! # Source
//! botocore `parsers.py:BaseXMLResponseParser`.

use inia_core::{
    Error, ErrorKind, ItemPool, Map, MemberPool, Result, Str, TextPool, Timestamp, Value,
};

use super::layout::{XmlKind, XmlLayout, XmlLayouts, XmlMapLayout, XmlType};
use super::reader::{MAX_DEPTH, XmlEvent, XmlReader, XmlText};
use super::tag::{StartTag, shown};
use crate::scalar;

/// Returns the body of a response as text.
///
/// # Errors
/// `Parse`: it is not UTF-8.
pub(crate) fn text_of(body: &[u8]) -> Result<&str> {
    std::str::from_utf8(body).map_err(|error| {
        Error::new(
            ErrorKind::Parse,
            format!("XML at byte {}: not UTF-8", error.valid_up_to()),
        )
    })
}

/// Parses values from the text of a response.
#[derive(Debug)]
pub(crate) struct XmlDecoder<'t, 'l> {
    pub(crate) reader: XmlReader<'t>,
    text: &'t str,
    /// The arena of the strings that were read.
    strings: TextPool,
    pub(super) layouts: &'l XmlLayouts,
    /// The members of the structures that are being read, outermost first.
    pub(super) members: MemberPool,
    /// The items of the lists that are being read, outermost first.
    pub(super) items: ItemPool,
    /// The location of the request id, if it is to be read.
    request_id_location: Option<RequestIdLocation>,
    request_id: Option<Str>,
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
    pub(crate) fn new(text: &'t str, layouts: &'l XmlLayouts) -> Self {
        XmlDecoder {
            reader: XmlReader::new(text),
            text,
            strings: TextPool::for_input_len(text.len()),
            layouts,
            members: MemberPool::new(),
            items: ItemPool::new(),
            request_id_location: None,
            request_id: None,
        }
    }

    /// Also reads the request id.
    pub(crate) fn with_request_id(mut self, location: RequestIdLocation) -> Self {
        self.request_id_location = Some(location);
        self
    }

    /// Returns the request id that was read.
    pub(crate) fn take_request_id(&mut self) -> Option<Str> {
        self.request_id.take()
    }

    /// Parses the root element as a value.
    ///
    /// # Errors
    /// `Parse`: the text is not XML, or does not match the shape.
    pub(crate) fn document(&mut self, target: XmlType) -> Result<Value> {
        let root = self.reader.root()?;
        let value = self.value(target, &root, 1)?;
        self.reader.end()?;
        Ok(value)
    }

    /// Parses one child of the root element as a value, or only the request id if `expected` is `None`.
    ///
    /// # Errors
    /// `Parse`: the text is not XML, or does not match the shape, or the child is missing.
    pub(crate) fn wrapped_document(&mut self, expected: Option<(&str, XmlType)>) -> Result<Value> {
        let root = self.reader.root()?;
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
            (Some(value), _) => Ok(value),
            (None, None) => Ok(Value::map()),
            (None, Some((name, _))) => Err(self
                .reader
                .error(&format!("missing <{name}> in the root element"))),
        }
    }

    /// Parses an element as a value; `depth` is its nesting level, 1 for the root element.
    ///
    /// # Errors
    /// `Parse`: the text is not XML, or does not match the shape.
    #[inline]
    pub(crate) fn value(
        &mut self,
        target: XmlType,
        tag: &StartTag<'t>,
        depth: u32,
    ) -> Result<Value> {
        match target.kind {
            XmlKind::String => {
                let text = self.reader.text(tag, depth)?;
                Ok(Value::String(self.str(text)))
            }
            XmlKind::Structure | XmlKind::List | XmlKind::Map => self.nested(target, tag, depth),
            kind => self.scalar(kind, tag, depth),
        }
    }

    fn nested(&mut self, target: XmlType, tag: &StartTag<'t>, depth: u32) -> Result<Value> {
        if depth > MAX_DEPTH {
            return Err(self.reader.too_deep());
        }
        match self.layouts.get(target.shape) {
            Some(XmlLayout::Structure(layout)) => self.structure(layout, tag, depth),
            Some(XmlLayout::List(item)) => self.list(*item, tag, depth),
            Some(XmlLayout::Map(layout)) => self.map(layout, tag, depth),
            Some(XmlLayout::Scalar) | None => Err(self.reader.error("a shape of another service")),
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

    fn scalar(&mut self, kind: XmlKind, tag: &StartTag<'t>, depth: u32) -> Result<Value> {
        let text = self.reader.text(tag, depth)?;
        self.scalar_of(kind, text)
            .ok_or_else(|| self.unreadable(kind, text, &shown(tag.local_name())))
    }

    /// Converts text to a scalar.
    #[inline]
    pub(super) fn scalar_of(&mut self, kind: XmlKind, text: XmlText) -> Option<Value> {
        match kind {
            XmlKind::String => Some(Value::String(self.str(text))),
            kind => scalar_value(kind, self.reader.resolve(text)),
        }
    }

    #[cold]
    pub(super) fn unreadable(&self, kind: XmlKind, text: XmlText, name: &str) -> Error {
        let shown: String = self.reader.resolve(text).chars().take(40).collect();
        let message = format!("<{name}>: {shown:?} is not {}", kind.expectation());
        match text {
            XmlText::Range(start, _) => self.reader.error_at(start, &message),
            XmlText::Assembled => self.reader.error(&message),
        }
    }

    fn list(&mut self, item: XmlType, tag: &StartTag<'t>, depth: u32) -> Result<Value> {
        let base = self.items.len();
        if !tag.is_empty() {
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
            self.reader.close(tag)?;
        }
        Ok(Value::List(self.items.split_off(base)))
    }

    fn map(&mut self, layout: &'l XmlMapLayout, tag: &StartTag<'t>, depth: u32) -> Result<Value> {
        let mut map = Map::new();
        if !tag.is_empty() {
            while let XmlEvent::Child(child) = self.reader.next()? {
                let (key, value) = self.map_entry(layout, &child, depth + 1)?;
                map.insert(key, value);
            }
            self.reader.close(tag)?;
        }
        Ok(Value::Map(map))
    }

    /// Parses an entry of a map. An entry without a value is null.
    ///
    /// DIFFERENCE: botocore fails on children that are neither key nor value; here they are skipped, as in structures.
    pub(super) fn map_entry(
        &mut self,
        layout: &'l XmlMapLayout,
        tag: &StartTag<'t>,
        depth: u32,
    ) -> Result<(Str, Value)> {
        let mut key = None;
        let mut value = Value::Null;
        if !tag.is_empty() {
            while let XmlEvent::Child(child) = self.reader.next()? {
                let name = child.local_name();
                if name == layout.key_name.as_bytes() {
                    let text = self.reader.text(&child, depth + 1)?;
                    // Keys are compared while the document is read (the last duplicate counts), so they are not in the
                    // arena.
                    key = Some(Str::from(self.reader.resolve(text)));
                } else if name == layout.value_name.as_bytes() {
                    value = self.value(layout.value, &child, depth + 1)?;
                } else {
                    self.reader.skip_content(&child, depth + 1)?;
                }
            }
            self.reader.close(tag)?;
        }
        match key {
            Some(key) => Ok((key, value)),
            None => Err(self
                .reader
                .error(&format!("a map entry without <{}>", layout.key_name))),
        }
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

impl XmlKind {
    pub(super) fn expectation(self) -> &'static str {
        match self {
            XmlKind::Blob => "base64",
            XmlKind::Boolean => "a boolean",
            XmlKind::Integer => "an integer",
            XmlKind::Float => "a number",
            XmlKind::Timestamp => "a timestamp",
            XmlKind::String | XmlKind::Structure | XmlKind::List | XmlKind::Map => "a string",
        }
    }
}

/// Parses a scalar other than a string from its text.
pub(super) fn scalar_value(kind: XmlKind, text: &str) -> Option<Value> {
    match kind {
        XmlKind::Boolean => Some(Value::Bool(text == "true")),
        XmlKind::Integer => scalar::integer_from_text(text),
        XmlKind::Float => scalar::float_from_text(text).map(Value::Float),
        XmlKind::Timestamp => Timestamp::parse_lenient(text).ok().map(Value::Timestamp),
        XmlKind::Blob => scalar::blob_from_base64(text).map(Value::Blob),
        XmlKind::String | XmlKind::Structure | XmlKind::List | XmlKind::Map => {
            Some(Value::from(text))
        }
    }
}
