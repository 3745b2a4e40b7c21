//! [`Decoder`]: from XML to values, guided by [`Layouts`].
//!
//! One pass, no tree: what is read becomes a value at once. Long strings are gathered in a pool, so that the response
//! need not be kept. Members and items gather on two stacks shared by all levels, so that each list and map is
//! allocated once, at its exact size.
//!
//! # Source
//! botocore `parsers.py:BaseXMLResponseParser`.

use inia_core::{Error, ErrorKind, Items, Map, Members, Result, Str, TextPool, Timestamp, Value};

use super::layout::{Form, Layout, Layouts, MapLayout, Target};
use super::reader::{MAX_DEPTH, Next, Reader, Text};
use super::tag::{Tag, shown};
use crate::scalar;

/// The body of a response as text.
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

/// Reads values out of the text of a response.
#[derive(Debug)]
pub(crate) struct Decoder<'t, 'l> {
    pub(crate) reader: Reader<'t>,
    text: &'t str,
    /// The strings that were read.
    strings: TextPool,
    pub(super) layouts: &'l Layouts,
    /// Members of the structures that are being read: those of the outer ones first.
    pub(super) members: Members,
    /// Items of the lists that are being read: those of the outer ones first.
    pub(super) items: Items,
    /// A child of the root element that is no member but holds the request id, and which way.
    request_id_in: Option<RequestIdIn>,
    request_id: Option<Str>,
}

/// Where an answer carries its request id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RequestIdIn {
    /// `<ResponseMetadata><RequestId>` in the root element.
    ResponseMetadata,
    /// `<requestId>` in the root element.
    Root,
}

impl<'t, 'l> Decoder<'t, 'l> {
    /// A decoder at the start of a text.
    pub(crate) fn new(text: &'t str, layouts: &'l Layouts) -> Self {
        Decoder {
            reader: Reader::new(text),
            text,
            strings: TextPool::for_text(text.len()),
            layouts,
            members: Members::new(),
            items: Items::new(),
            request_id_in: None,
            request_id: None,
        }
    }

    /// The same decoder, which notes the request id where it comes by.
    pub(crate) fn with_request_id(mut self, place: RequestIdIn) -> Self {
        self.request_id_in = Some(place);
        self
    }

    /// The request id that came by.
    pub(crate) fn take_request_id(&mut self) -> Option<Str> {
        self.request_id.take()
    }

    /// Reads the root element as a value.
    ///
    /// # Errors
    /// `Parse`: the text is no XML, or not what the shape allows.
    pub(crate) fn document(&mut self, target: Target) -> Result<Value> {
        let root = self.reader.root()?;
        let value = self.value(target, &root, 1)?;
        self.reader.end()?;
        Ok(value)
    }

    /// Reads one child of the root element as a value, or, without one to read, nothing but the request id.
    ///
    /// # Errors
    /// `Parse`: the text is no XML, or not what the shape allows, or the child is not there.
    pub(crate) fn wrapped(&mut self, wanted: Option<(&str, Target)>) -> Result<Value> {
        let root = self.reader.root()?;
        let mut value = None;
        if !root.is_empty() {
            while let Next::Child(child) = self.reader.next()? {
                match wanted {
                    Some((name, target))
                        if value.is_none() && child.local_name() == name.as_bytes() =>
                    {
                        value = Some(self.value(target, &child, 2)?);
                    }
                    _ => self.unknown(&child, 1)?,
                }
            }
            self.reader.close(&root)?;
        }
        self.reader.end()?;
        match (value, wanted) {
            (Some(value), _) => Ok(value),
            (None, None) => Ok(Value::map()),
            (None, Some((name, _))) => Err(self
                .reader
                .error(&format!("<{name}> is not in the root element"))),
        }
    }

    /// Reads an element as a value; `depth` is how deep it lies, the root element at 1.
    ///
    /// # Errors
    /// `Parse`: the text is no XML, or not what the shape allows.
    #[inline]
    pub(crate) fn value(&mut self, target: Target, tag: &Tag<'t>, depth: u32) -> Result<Value> {
        match target.form {
            Form::String => {
                let text = self.reader.text(tag, depth)?;
                Ok(Value::String(self.str(text)))
            }
            Form::Structure | Form::List | Form::Map => self.nested(target, tag, depth),
            form => self.scalar(form, tag, depth),
        }
    }

    fn nested(&mut self, target: Target, tag: &Tag<'t>, depth: u32) -> Result<Value> {
        if depth > MAX_DEPTH {
            return Err(self.reader.too_deep());
        }
        match self.layouts.get(target.shape) {
            Some(Layout::Structure(layout)) => self.structure(layout, tag, depth),
            Some(Layout::List(item)) => self.list(*item, tag, depth),
            Some(Layout::Map(layout)) => self.map(layout, tag, depth),
            Some(Layout::Scalar) | None => Err(self.reader.error("a shape of another service")),
        }
    }

    /// Text as a string that becomes a value: not to be looked at before the whole text is read.
    #[inline]
    fn str(&mut self, text: Text) -> Str {
        match text {
            Text::Range(start, end) => self
                .strings
                .add(self.text.get(start..end).unwrap_or_default()),
            Text::Pieced => self.strings.add(self.reader.resolve(text)),
        }
    }

    fn scalar(&mut self, form: Form, tag: &Tag<'t>, depth: u32) -> Result<Value> {
        let text = self.reader.text(tag, depth)?;
        self.scalar_of(form, text)
            .ok_or_else(|| self.unreadable(form, text, &shown(tag.local_name())))
    }

    /// A text as a scalar.
    #[inline]
    pub(super) fn scalar_of(&mut self, form: Form, text: Text) -> Option<Value> {
        match form {
            Form::String => Some(Value::String(self.str(text))),
            form => scalar_value(form, self.reader.resolve(text)),
        }
    }

    #[cold]
    pub(super) fn unreadable(&self, form: Form, text: Text, name: &str) -> Error {
        let shown: String = self.reader.resolve(text).chars().take(40).collect();
        let message = format!("<{name}> holds {shown:?}, which is not {}", form.article());
        match text {
            Text::Range(start, _) => self.reader.error_at(start, &message),
            Text::Pieced => self.reader.error(&message),
        }
    }

    fn list(&mut self, item: Target, tag: &Tag<'t>, depth: u32) -> Result<Value> {
        let base = self.items.len();
        if !tag.is_empty() {
            let mut previous: Option<Tag<'t>> = None;
            loop {
                let child = match previous.and_then(|tag| self.reader.next_like(&tag)) {
                    Some(child) => child,
                    None => match self.reader.next()? {
                        Next::Child(child) => child,
                        Next::End => break,
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

    fn map(&mut self, layout: &'l MapLayout, tag: &Tag<'t>, depth: u32) -> Result<Value> {
        let mut map = Map::new();
        if !tag.is_empty() {
            while let Next::Child(child) = self.reader.next()? {
                let (key, value) = self.map_entry(layout, &child, depth + 1)?;
                map.insert(key, value);
            }
            self.reader.close(tag)?;
        }
        Ok(Value::Map(map))
    }

    /// Reads an entry of a map. One without a value has a null.
    ///
    /// DIFFERENCE: botocore fails on children that are neither key nor value; here they are passed over, as in structures.
    pub(super) fn map_entry(
        &mut self,
        layout: &'l MapLayout,
        tag: &Tag<'t>,
        depth: u32,
    ) -> Result<(Str, Value)> {
        let mut key = None;
        let mut value = Value::Null;
        if !tag.is_empty() {
            while let Next::Child(child) = self.reader.next()? {
                let name = child.local_name();
                if name == layout.key_name.as_bytes() {
                    let text = self.reader.text(&child, depth + 1)?;
                    // Of equal keys the last one counts: a key is looked at before the text is read.
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
                .error(&format!("an entry without <{}>", layout.key_name))),
        }
    }

    /// Passes over a child that is no member, but notes the request id.
    pub(super) fn unknown(&mut self, child: &Tag<'t>, depth: u32) -> Result<()> {
        if depth == 1 && self.request_id.is_none() {
            match self.request_id_in {
                Some(RequestIdIn::Root) if child.local_name() == b"requestId" => {
                    return self.note_request_id(child);
                }
                Some(RequestIdIn::ResponseMetadata)
                    if child.local_name() == b"ResponseMetadata" && !child.is_empty() =>
                {
                    while let Next::Child(child) = self.reader.next()? {
                        if child.local_name() == b"RequestId" {
                            self.note_request_id(&child)?;
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

    fn note_request_id(&mut self, tag: &Tag<'t>) -> Result<()> {
        let text = self.reader.text(tag, 3)?;
        self.request_id = Some(Str::from(self.reader.resolve(text)));
        Ok(())
    }
}

impl Form {
    pub(super) fn article(self) -> &'static str {
        match self {
            Form::Blob => "base64",
            Form::Boolean => "a boolean",
            Form::Integer => "an integer",
            Form::Float => "a number",
            Form::Timestamp => "a timestamp",
            Form::String | Form::Structure | Form::List | Form::Map => "a string",
        }
    }
}

/// A scalar other than a string from its text.
pub(super) fn scalar_value(form: Form, text: &str) -> Option<Value> {
    match form {
        Form::Boolean => Some(Value::Bool(text == "true")),
        Form::Integer => scalar::integer_from_text(text),
        Form::Float => scalar::float_from_text(text).map(Value::Float),
        Form::Timestamp => Timestamp::parse_lenient(text).ok().map(Value::Timestamp),
        Form::Blob => scalar::blob_from_base64(text).map(Value::Blob),
        Form::String | Form::Structure | Form::List | Form::Map => Some(Value::from(text)),
    }
}
