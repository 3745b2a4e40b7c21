//! [`XmlReader`], a pull parser.
//!
//! It handles elements, attributes and text, without shapes. Text without references is returned as a range of the
//! response, so that it is not copied.
//!
//! ```text
//! <a:Name x="1">text &amp; <![CDATA[more]]><!-- no text --></a:Name>
//! ^ next()      ^ text()                                  ^ closed by text()
//! ```
//!
//! A document type declaration is rejected: AWS responses have none, and its entities allow exponential expansion.
//!
//! DIFFERENCE: botocore's parser rejects unbound prefixes, duplicate attributes and references to control characters;
//! here prefixes and namespace declarations are ignored, and a reference may be to any character but NUL, so that
//! whatever a service stored can be read back.

use inia_core::{Error, ErrorKind, List, Map, Result, Str, Value};
use memchr::{memchr, memchr2, memmem};

use super::reference::push_reference;
use super::tag::{StartTag, shown};

/// The nesting limit of elements. AWS responses stay below 30.
pub(crate) const MAX_DEPTH: u32 = 256;

/// A forward-only position in the text of a response.
#[derive(Clone, Debug)]
pub(crate) struct XmlReader<'t> {
    text: &'t str,
    position: usize,
    /// `true` if the text has a carriage return, which needs normalization. It rarely has, and then text is not
    /// searched for one.
    has_returns: bool,
    /// The last text that was assembled from pieces.
    assembled: String,
}

/// The next event inside an element.
#[derive(Clone, Copy, Debug)]
pub(crate) enum XmlEvent<'t> {
    /// The start of a child element, whose content comes next.
    Child(StartTag<'t>),
    /// The element's end tag, which [`XmlReader::close`] consumes.
    End,
}

/// The text of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum XmlText {
    /// A range of the response, without references.
    Range(usize, usize),
    /// Text assembled from pieces, which the reader keeps until it reads the next text.
    Assembled,
}

const EMPTY: XmlText = XmlText::Range(0, 0);

impl<'t> XmlReader<'t> {
    /// Creates a reader at the start of a text.
    pub(crate) fn new(text: &'t str) -> Self {
        XmlReader {
            text,
            position: if text.starts_with('\u{feff}') {
                '\u{feff}'.len_utf8()
            } else {
                0
            },
            has_returns: memchr(b'\r', text.as_bytes()).is_some(),
            assembled: String::new(),
        }
    }

    /// Returns the current position, in bytes.
    #[inline]
    pub(crate) fn position(&self) -> usize {
        self.position
    }

    /// Moves back to the content of an element, where [`XmlReader::position`] was `start`.
    #[cold]
    pub(crate) fn rewind(&mut self, start: usize) {
        self.position = start;
    }

    /// Returns whether the content of an element, read so far from `start` on, is white space.
    #[inline]
    pub(crate) fn is_blank_since(&self, start: usize) -> bool {
        let read = self.bytes().get(start..self.position).unwrap_or_default();
        read.iter().all(|byte| is_space(*byte))
    }

    /// Returns whether there is text other than white space between the tags from `start` on.
    #[cold]
    pub(crate) fn has_text_since(&self, start: usize) -> bool {
        let read = self.slice(start, self.position);
        let mut pieces = read.split('>');
        pieces.any(|piece| {
            let (text, _) = piece.split_once('<').unwrap_or((piece, ""));
            !text.trim_ascii().is_empty()
        })
    }

    /// Returns the path of the element at a position: the names of the elements from the root on.
    #[cold]
    pub(crate) fn path_to(&self, position: usize) -> String {
        let mut reader = XmlReader::new(self.text);
        let Ok(root) = reader.root() else {
            return String::new();
        };
        let mut open = vec![root];
        while reader.position < position
            && let Some(tag) = open.last().copied()
        {
            match reader.next() {
                Ok(XmlEvent::Child(child)) if child.empty && reader.position < position => {}
                Ok(XmlEvent::Child(child)) => open.push(child),
                Ok(XmlEvent::End) if reader.close(&tag).is_ok() => drop(open.pop()),
                _ => break,
            }
        }
        let names: Vec<String> = open.iter().map(|tag| shown(tag.local_name())).collect();
        names.join(".")
    }

    /// Returns an error at the current position.
    #[cold]
    pub(crate) fn error(&self, message: &str) -> Error {
        self.error_at(self.position, message)
    }

    /// Returns an error at a position.
    #[cold]
    pub(crate) fn error_at(&self, position: usize, message: &str) -> Error {
        if self.text.trim_ascii().is_empty() {
            return Error::new(ErrorKind::Parse, "XML: the body is empty");
        }
        Error::new(
            ErrorKind::Parse,
            format!("XML at byte {position}: {message}"),
        )
    }

    #[inline]
    fn bytes(&self) -> &'t [u8] {
        self.text.as_bytes()
    }

    /// Returns the unread bytes.
    #[inline]
    fn rest(&self) -> &'t [u8] {
        self.bytes().get(self.position..).unwrap_or_default()
    }

    #[inline]
    fn byte(&self, ahead: usize) -> Option<u8> {
        self.bytes().get(self.position + ahead).copied()
    }

    /// Consumes the start of the root element.
    ///
    /// # Errors
    /// `Parse`: the text is not XML, or no element follows.
    pub(crate) fn root(&mut self) -> Result<StartTag<'t>> {
        loop {
            self.skip_space();
            match (self.byte(0), self.byte(1)) {
                (Some(b'<'), Some(b'?')) => self.skip_past(b"?>")?,
                (Some(b'<'), Some(b'!')) if self.rest().starts_with(b"<!--") => {
                    self.skip_comment()?;
                }
                (Some(b'<'), Some(b'!')) => {
                    return Err(self.error("a document type declaration is not allowed"));
                }
                (Some(b'<'), _) => return self.tag(),
                (Some(_), _) => return Err(self.error("expected an element")),
                (None, _) => return Err(self.error("the text ends before the root element")),
            }
        }
    }

    /// Consumes the rest of the document after the root element.
    ///
    /// # Errors
    /// `Parse`: anything but comments, instructions and white space follows.
    pub(crate) fn end(&mut self) -> Result<()> {
        loop {
            self.skip_space();
            match self.byte(0) {
                None => return Ok(()),
                Some(b'<') if self.byte(1) == Some(b'?') => self.skip_past(b"?>")?,
                Some(b'<') if self.rest().starts_with(b"<!--") => self.skip_comment()?,
                Some(_) => return Err(self.error("unexpected content after the root element")),
            }
        }
    }

    /// Moves to the next child of the current element or to the element's end, skipping text.
    ///
    /// # Errors
    /// `Parse`: the text is not XML.
    #[inline]
    pub(crate) fn next(&mut self) -> Result<XmlEvent<'t>> {
        loop {
            if self.byte(0) != Some(b'<') {
                match memchr(b'<', self.rest()) {
                    Some(ahead) => self.position += ahead,
                    None => return Err(self.truncated()),
                }
            }
            match self.byte(1) {
                Some(b'/') => return Ok(XmlEvent::End),
                Some(b'!') => self.skip_declaration()?,
                Some(b'?') => self.skip_past(b"?>")?,
                _ => return self.tag().map(XmlEvent::Child),
            }
        }
    }

    /// Enters the next child if it is `<name>` without attributes; `open` is the name followed by `>`.
    #[inline]
    pub(crate) fn enter_if(&mut self, open: &[u8]) -> Option<StartTag<'t>> {
        let (start, rest) = self.peek_tag()?;
        if !rest.starts_with(open) {
            return None;
        }
        let name = rest.get(..open.len().checked_sub(1)?)?;
        self.position = start + open.len();
        Some(StartTag {
            name,
            prefix: 0,
            attributes: "",
            empty: false,
        })
    }

    /// Consumes the next child if it is `<name>text</name>` without attributes, references and children, and returns
    /// its text; `open` is the name followed by `>`.
    #[inline]
    pub(crate) fn text_if(&mut self, open: &[u8]) -> Option<XmlText> {
        let (start, rest) = self.peek_tag()?;
        if !rest.starts_with(open) || self.has_returns {
            return None;
        }
        let content = rest.get(open.len()..)?;
        let length = memchr2(b'<', b'&', content)?;
        let close = content.get(length..)?.strip_prefix(b"</")?;
        if !close.starts_with(open) {
            return None;
        }
        let start = start + open.len();
        self.position = start + length + 2 + open.len();
        Some(XmlText::Range(start, start + length))
    }

    /// Enters the next child if it has the same name as another one and no attributes.
    #[inline]
    pub(crate) fn enter_same(&mut self, tag: &StartTag<'t>) -> Option<StartTag<'t>> {
        let (start, rest) = self.peek_tag()?;
        if !rest.starts_with(tag.name) || rest.get(tag.name.len()) != Some(&b'>') {
            return None;
        }
        self.position = start + tag.name.len() + 1;
        Some(StartTag {
            attributes: "",
            empty: false,
            ..*tag
        })
    }

    /// Returns the text after the next `<` and its position if only white space precedes it.
    #[inline]
    fn peek_tag(&self) -> Option<(usize, &'t [u8])> {
        let mut position = self.position;
        loop {
            match self.bytes().get(position)? {
                b'<' => break,
                byte if is_space(*byte) => position += 1,
                _ => return None,
            }
        }
        Some((position + 1, self.bytes().get(position + 1..)?))
    }

    /// Consumes the end tag of an element, found by [`XmlReader::next`].
    ///
    /// # Errors
    /// `Parse`: it is the end tag of another element.
    #[inline]
    pub(crate) fn close(&mut self, tag: &StartTag<'t>) -> Result<()> {
        let rest = self.bytes().get(self.position + 2..).unwrap_or_default();
        if rest.starts_with(tag.name) {
            let after = self.position + 2 + tag.name.len();
            if self.bytes().get(after) == Some(&b'>') {
                self.position = after + 1;
                return Ok(());
            }
        }
        self.close_unusual(tag)
    }

    #[cold]
    fn close_unusual(&mut self, tag: &StartTag<'t>) -> Result<()> {
        let start = self.position + 2;
        let rest = self.bytes().get(start..).unwrap_or_default();
        let Some(end) = memchr(b'>', rest) else {
            return Err(self.truncated());
        };
        let name = rest.get(..end).unwrap_or_default().trim_ascii_end();
        if name != tag.name {
            return Err(self.error(&format!("</{}> ends <{}>", shown(name), shown(tag.name))));
        }
        self.position = start + end + 1;
        Ok(())
    }

    /// Returns the text of an element up to its first child, and consumes the element.
    ///
    /// # Errors
    /// `Parse`: the text is not XML.
    #[inline]
    pub(crate) fn text(&mut self, tag: &StartTag<'t>, depth: u32) -> Result<XmlText> {
        if tag.empty {
            return Ok(EMPTY);
        }
        if let Some(length) = memchr2(b'<', b'&', self.rest()) {
            let (start, end) = (self.position, self.position + length);
            let bytes = self.bytes();
            if bytes.get(end) == Some(&b'<')
                && bytes.get(end + 1) == Some(&b'/')
                && !self.has_returns
            {
                self.position = end;
                self.close(tag)?;
                return Ok(XmlText::Range(start, end));
            }
        }
        self.assembled_text(tag, depth)
    }

    /// Assembles the text of an element with references, sections, comments or children.
    fn assembled_text(&mut self, tag: &StartTag<'t>, depth: u32) -> Result<XmlText> {
        let mut assembled = std::mem::take(&mut self.assembled);
        assembled.clear();
        let result = self.assemble(&mut assembled, tag, depth);
        self.assembled = assembled;
        result.map(|()| XmlText::Assembled)
    }

    fn assemble(&mut self, assembled: &mut String, tag: &StartTag<'t>, depth: u32) -> Result<()> {
        loop {
            let Some(length) = memchr2(b'<', b'&', self.rest()) else {
                return Err(self.truncated());
            };
            let end = self.position + length;
            self.push_lines(assembled, self.position, end);
            self.position = end;
            if self.byte(0) == Some(b'&') {
                self.position += push_reference(assembled, self.slice_from(end))
                    .map_err(|message| self.error(message))?;
                continue;
            }
            match self.byte(1) {
                Some(b'/') => return self.close(tag),
                Some(b'?') => self.skip_past(b"?>")?,
                Some(b'!') if self.rest().starts_with(CDATA) => {
                    let start = self.position + CDATA.len();
                    self.skip_past(b"]]>")?;
                    self.push_lines(assembled, start, self.position - 3);
                }
                Some(b'!') => self.skip_declaration()?,
                _ => return self.skip_content(tag, depth),
            }
        }
    }

    /// Appends a range with its line ends normalized to `\n`, as XML requires.
    fn push_lines(&self, assembled: &mut String, start: usize, end: usize) {
        let mut rest = self.slice(start, end);
        if self.has_returns {
            while let Some((line, after)) = rest.split_once('\r') {
                assembled.push_str(line);
                assembled.push('\n');
                rest = after.strip_prefix('\n').unwrap_or(after);
            }
        }
        assembled.push_str(rest);
    }

    /// Consumes the rest of an element.
    ///
    /// # Errors
    /// `Parse`: the text is not XML, or exceeds the nesting limit.
    pub(crate) fn skip_content(&mut self, tag: &StartTag<'t>, depth: u32) -> Result<()> {
        if tag.empty {
            return Ok(());
        }
        let mut open = vec![*tag];
        while let Some(tag) = open.last() {
            match self.next()? {
                XmlEvent::End => {
                    let tag = *tag;
                    self.close(&tag)?;
                    open.pop();
                }
                XmlEvent::Child(child) if child.empty => {}
                XmlEvent::Child(child) => {
                    if open.len() + depth as usize >= MAX_DEPTH as usize {
                        return Err(self.too_deep());
                    }
                    open.push(child);
                }
            }
        }
        Ok(())
    }

    /// Parses an element without a shape: its text, or a map of its children by name, with a list for those of the same
    /// name.
    ///
    /// # Errors
    /// As [`XmlReader::skip_content`].
    #[cold]
    pub(crate) fn untyped(&mut self, tag: &StartTag<'t>, depth: u32) -> Result<Value> {
        if depth > MAX_DEPTH {
            return Err(self.too_deep());
        }
        let start = self.position;
        let mut map = Map::new();
        while !tag.empty
            && let XmlEvent::Child(child) = self.next()?
        {
            let value = self.untyped(&child, depth + 1)?;
            let name = Str::from(String::from_utf8_lossy(child.local_name()));
            match map.get_mut(&name) {
                None => drop(map.insert(name, value)),
                Some(Value::List(list)) => list.push(value),
                Some(first) => *first = Value::List(List::from_iter([first.take(), value])),
            }
        }
        if map.is_empty() {
            self.position = start;
            let text = self.text(tag, depth)?;
            return Ok(Value::from(self.resolve(text)));
        }
        self.close(tag)?;
        Ok(Value::Map(map))
    }

    /// Returns the error for exceeding the nesting limit.
    #[cold]
    pub(crate) fn too_deep(&self) -> Error {
        self.error(&format!(
            "elements are nested more than {MAX_DEPTH} levels deep"
        ))
    }

    #[cold]
    fn truncated(&self) -> Error {
        self.error_at(self.text.len(), "the text ends inside an element")
    }

    /// Returns a range of the text, which starts and ends at ASCII characters.
    #[inline]
    fn slice(&self, start: usize, end: usize) -> &'t str {
        self.text.get(start..end).unwrap_or_default()
    }

    fn slice_from(&self, start: usize) -> &'t str {
        self.text.get(start..).unwrap_or_default()
    }

    /// Returns the characters of a text.
    #[inline]
    pub(crate) fn resolve(&self, text: XmlText) -> &str {
        match text {
            XmlText::Range(start, end) => self.slice(start, end),
            XmlText::Assembled => &self.assembled,
        }
    }

    fn skip_space(&mut self) {
        while self.byte(0).is_some_and(is_space) {
            self.position += 1;
        }
    }

    /// Skips everything up to and including `mark`.
    fn skip_past(&mut self, mark: &[u8]) -> Result<()> {
        match memmem::find(self.rest(), mark) {
            Some(ahead) => {
                self.position += ahead + mark.len();
                Ok(())
            }
            None => Err(self.truncated()),
        }
    }

    fn skip_comment(&mut self) -> Result<()> {
        self.position += b"<!--".len();
        self.skip_past(b"-->")
    }

    /// Skips a comment or a CDATA section between elements.
    #[cold]
    fn skip_declaration(&mut self) -> Result<()> {
        if self.rest().starts_with(b"<!--") {
            self.skip_comment()
        } else if self.rest().starts_with(CDATA) {
            self.skip_past(b"]]>")
        } else {
            Err(self.error("a declaration is not allowed here"))
        }
    }

    /// Consumes a start tag from its `<`.
    fn tag(&mut self) -> Result<StartTag<'t>> {
        let rest = self.bytes().get(self.position + 1..).unwrap_or_default();
        let mut prefix = 0;
        let mut length = 0;
        let mut end = None;
        for &byte in rest {
            match byte {
                b'>' | b'/' | b' ' | b'\n' | b'\t' | b'\r' => {
                    end = Some(byte);
                    break;
                }
                b':' => prefix = length + 1,
                b'<' | b'&' | b'"' | b'\'' | b'=' | b'!' | b'?' => {
                    return Err(self.error("invalid element name"));
                }
                _ => {}
            }
            length += 1;
        }
        let name = rest.get(..length).unwrap_or_default();
        match name.first() {
            Some(first) if is_name_start(*first) => {}
            Some(_) => return Err(self.error("invalid element name")),
            None if end.is_none() => return Err(self.truncated()),
            None => return Err(self.error("expected an element name")),
        }
        self.position += 1 + length;
        let tag = StartTag {
            name,
            prefix,
            attributes: "",
            empty: false,
        };
        match end {
            Some(b'>') => {
                self.position += 1;
                Ok(tag)
            }
            Some(_) => self.tag_with_attributes(tag),
            None => Err(self.truncated()),
        }
    }

    /// Consumes the rest of a start tag after the name.
    fn tag_with_attributes(&mut self, tag: StartTag<'t>) -> Result<StartTag<'t>> {
        let start = self.position;
        loop {
            self.skip_space();
            match self.byte(0) {
                Some(b'>') => {
                    let attributes = self.slice(start, self.position);
                    self.position += 1;
                    return Ok(StartTag { attributes, ..tag });
                }
                Some(b'/') if self.byte(1) == Some(b'>') => {
                    let attributes = self.slice(start, self.position);
                    self.position += 2;
                    return Ok(StartTag {
                        attributes,
                        empty: true,
                        ..tag
                    });
                }
                Some(byte) if is_name_start(byte) => self.skip_attribute()?,
                Some(_) => return Err(self.error("expected an attribute or the end of the tag")),
                None => return Err(self.truncated()),
            }
        }
    }

    fn skip_attribute(&mut self) -> Result<()> {
        while self
            .byte(0)
            .is_some_and(|byte| !is_space(byte) && !matches!(byte, b'=' | b'>' | b'/' | b'<'))
        {
            self.position += 1;
        }
        self.skip_space();
        if self.byte(0) != Some(b'=') {
            return Err(self.error("expected `=` and the attribute's value"));
        }
        self.position += 1;
        self.skip_space();
        match self.byte(0) {
            Some(quote @ (b'"' | b'\'')) => {
                self.position += 1;
                match memchr2(quote, b'<', self.rest()) {
                    Some(length) if self.byte(length) == Some(quote) => {
                        self.position += length + 1;
                        Ok(())
                    }
                    Some(_) => Err(self.error("`<` inside an attribute's value")),
                    None => Err(self.truncated()),
                }
            }
            _ => Err(self.error("expected an attribute's value in quotes")),
        }
    }
}

const CDATA: &[u8] = b"<![CDATA[";

#[inline]
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\t' | b'\r')
}

#[inline]
fn is_name_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || matches!(byte, b'_' | b':') || byte >= 0x80
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Parses a document of one element and returns its text.
    fn text_of(document: &str) -> Result<String> {
        let mut reader = XmlReader::new(document);
        let root = reader.root()?;
        let text = reader.text(&root, 1)?;
        reader.end()?;
        Ok(reader.resolve(text).to_owned())
    }

    #[test]
    fn assembles_text_from_pieces() {
        for (document, expected) in [
            ("<a>plain</a>", "plain"),
            ("<a/>", ""),
            ("<a />", ""),
            ("<a></a >", ""),
            (
                "\u{feff}<?xml version='1.0'?>\n<!-- x --><a>b</a>\n<!-- y -->\n",
                "b",
            ),
            ("<a>&lt;&gt;&amp;&quot;&apos;</a>", "<>&\"'"),
            ("<a>&#65;&#x42;&#x1F600;&#13;</a>", "AB\u{1F600}\r"),
            ("<a>x<![CDATA[<&amp;>]]>y</a>", "x<&amp;>y"),
            ("<a>x<!-- <b> -->y<?pi ?>z</a>", "xyz"),
            ("<a>one\r\ntwo\rthree</a>", "one\ntwo\nthree"),
            ("<a>before<b>inside</b>after</a>", "before"),
            ("<p:a xmlns:p=\"u>v\">é</p:a>", "é"),
        ] {
            assert_eq!(text_of(document).unwrap(), expected, "{document}");
        }
    }

    #[test]
    fn reports_the_position_of_malformed_xml() {
        for (document, expected) in [
            ("", "XML: the body is empty"),
            (" \n", "XML: the body is empty"),
            ("junk", "XML at byte 0: expected an element"),
            ("<a>", "XML at byte 3: the text ends inside an element"),
            ("<a", "XML at byte 2: the text ends inside an element"),
            ("<", "XML at byte 1: the text ends inside an element"),
            ("<a>x</b>", "XML at byte 4: </b> ends <a>"),
            ("<a>x</a", "XML at byte 7: the text ends inside an element"),
            ("<a>x</ab>", "XML at byte 4: </ab> ends <a>"),
            (
                "<a>&nope;</a>",
                "XML at byte 3: invalid character reference",
            ),
            ("<a>&#0;</a>", "XML at byte 3: invalid character reference"),
            (
                "<a>&#xD800;</a>",
                "XML at byte 3: invalid character reference",
            ),
            ("<a>a & b</a>", "XML at byte 5: `&` without a reference"),
            (
                "<a>x</a><b/>",
                "XML at byte 8: unexpected content after the root element",
            ),
            (
                "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
                "XML at byte 0: a document type declaration is not allowed",
            ),
            (
                "<a><!ELEMENT></a>",
                "XML at byte 3: a declaration is not allowed here",
            ),
            (
                "<a b></a>",
                "XML at byte 4: expected `=` and the attribute's value",
            ),
            (
                "<a b=c></a>",
                "XML at byte 5: expected an attribute's value in quotes",
            ),
            (
                "<a b='<'></a>",
                "XML at byte 6: `<` inside an attribute's value",
            ),
            (
                "<a 1='2'></a>",
                "XML at byte 3: expected an attribute or the end of the tag",
            ),
            ("<1/>", "XML at byte 0: invalid element name"),
            ("< a/>", "XML at byte 0: expected an element name"),
            (
                "<a><!-- </a>",
                "XML at byte 12: the text ends inside an element",
            ),
            ("{\"json\": true}", "XML at byte 0: expected an element"),
        ] {
            let error = match text_of(document) {
                Ok(text) => panic!("{document}: read as {text:?}"),
                Err(error) => error,
            };
            assert_eq!(error.kind(), ErrorKind::Parse);
            assert_eq!(error.to_string(), expected, "{document}");
        }
    }

    #[test]
    fn rejects_excessive_nesting() {
        let deep = "<a>".repeat(100_000);
        let error = text_of(&format!("<r>{deep}")).unwrap_err();
        assert!(
            error.to_string().contains("more than 256 levels deep"),
            "{error}"
        );
    }
}
