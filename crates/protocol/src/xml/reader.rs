//! [`Reader`]: a pull reader over the text of a response.
//!
//! It knows elements, attributes, text and nothing of shapes. Text is read in place: what holds no reference is a range
//! of the response, so that long strings can stay where they are.
//!
//! ```text
//! <a:Name x="1">text &amp; <![CDATA[more]]><!-- no text --></a:Name>
//! ^ next()      ^ text()                                  ^ closed by text()
//! ```
//!
//! A document type declaration is refused: no answer of AWS has one, and its entities are how XML is made to explode.
//!
//! DIFFERENCE: botocore's parser refuses prefixes that no namespace declaration binds, repeated attributes and references to
//! control characters; here prefixes and declarations mean nothing, and any character but NUL may be referred to, so that
//! what a service stored can be read back.

use inia_core::{Error, ErrorKind, Result};
use memchr::{memchr, memchr2, memmem};

use super::reference::push_reference;
use super::tag::{Tag, shown};

/// How deep elements may lie in each other. The deepest answers of AWS stay below 30.
pub(crate) const MAX_DEPTH: u32 = 256;

/// A place in the text of a response that moves forward only.
#[derive(Clone, Debug)]
pub(crate) struct Reader<'t> {
    text: &'t str,
    position: usize,
    /// Whether there is a carriage return anywhere: where there is none, as nearly always, text needs no look for one.
    has_returns: bool,
    /// The last text that had to be put together.
    pieces: String,
}

/// What comes next inside an element.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Next<'t> {
    /// A child element, whose content comes next.
    Child(Tag<'t>),
    /// The element's end; [`Reader::close`] steps over it.
    End,
}

/// The text of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Text {
    /// A range of the response, free of references.
    Range(usize, usize),
    /// Text that had to be put together: the reader keeps it until it reads the next text.
    Pieced,
}

const EMPTY: Text = Text::Range(0, 0);

impl<'t> Reader<'t> {
    /// A reader at the start of a text.
    pub(crate) fn new(text: &'t str) -> Self {
        Reader {
            text,
            position: if text.starts_with('\u{feff}') {
                '\u{feff}'.len_utf8()
            } else {
                0
            },
            has_returns: memchr(b'\r', text.as_bytes()).is_some(),
            pieces: String::new(),
        }
    }

    /// An error about what is at the current place.
    #[cold]
    pub(crate) fn error(&self, message: &str) -> Error {
        self.error_at(self.position, message)
    }

    /// An error about what is at a place.
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

    /// What is not read yet.
    #[inline]
    fn rest(&self) -> &'t [u8] {
        self.bytes().get(self.position..).unwrap_or_default()
    }

    #[inline]
    fn byte(&self, ahead: usize) -> Option<u8> {
        self.bytes().get(self.position + ahead).copied()
    }

    /// Reads up to the content of the root element.
    ///
    /// # Errors
    /// `Parse`: what stands there is no XML, or no element follows.
    pub(crate) fn root(&mut self) -> Result<Tag<'t>> {
        loop {
            self.skip_space();
            match (self.byte(0), self.byte(1)) {
                (Some(b'<'), Some(b'?')) => self.skip_past(b"?>")?,
                (Some(b'<'), Some(b'!')) if self.rest().starts_with(b"<!--") => {
                    self.skip_comment()?;
                }
                (Some(b'<'), Some(b'!')) => {
                    return Err(self.error("a document type declaration is not accepted"));
                }
                (Some(b'<'), _) => return self.tag(),
                (Some(_), _) => return Err(self.error("expected an element")),
                (None, _) => return Err(self.error("the text ends before the root element")),
            }
        }
    }

    /// Reads what may follow the root element.
    ///
    /// # Errors
    /// `Parse`: more than comments and space follows.
    pub(crate) fn end(&mut self) -> Result<()> {
        loop {
            self.skip_space();
            match self.byte(0) {
                None => return Ok(()),
                Some(b'<') if self.byte(1) == Some(b'?') => self.skip_past(b"?>")?,
                Some(b'<') if self.rest().starts_with(b"<!--") => self.skip_comment()?,
                Some(_) => return Err(self.error("something follows the root element")),
            }
        }
    }

    /// Steps to the next child of the current element, past text, or to the element's end.
    ///
    /// # Errors
    /// `Parse`: what stands there is no XML.
    #[inline]
    pub(crate) fn next(&mut self) -> Result<Next<'t>> {
        loop {
            if self.byte(0) != Some(b'<') {
                match memchr(b'<', self.rest()) {
                    Some(ahead) => self.position += ahead,
                    None => return Err(self.truncated()),
                }
            }
            match self.byte(1) {
                Some(b'/') => return Ok(Next::End),
                Some(b'!') => self.skip_declaration()?,
                Some(b'?') => self.skip_past(b"?>")?,
                _ => return self.tag().map(Next::Child),
            }
        }
    }

    /// Steps into the next child if it is `<name>`, without attributes; `open` is the name with `>` behind it.
    #[inline]
    pub(crate) fn next_is(&mut self, open: &[u8]) -> Option<Tag<'t>> {
        let (start, rest) = self.peek_tag()?;
        if !rest.starts_with(open) {
            return None;
        }
        let name = rest.get(..open.len().checked_sub(1)?)?;
        self.position = start + open.len();
        Some(Tag {
            name,
            prefix: 0,
            attributes: "",
            empty: false,
        })
    }

    /// Reads the text of the next child if it is `<name>text</name>`, without attributes, references and children; `open` is
    /// the name with `>` behind it.
    #[inline]
    pub(crate) fn next_text(&mut self, open: &[u8]) -> Option<Text> {
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
        Some(Text::Range(start, start + length))
    }

    /// Steps into the next child if it is written as another one was, without attributes.
    #[inline]
    pub(crate) fn next_like(&mut self, tag: &Tag<'t>) -> Option<Tag<'t>> {
        let (start, rest) = self.peek_tag()?;
        if !rest.starts_with(tag.name) || rest.get(tag.name.len()) != Some(&b'>') {
            return None;
        }
        self.position = start + tag.name.len() + 1;
        Some(Tag {
            attributes: "",
            empty: false,
            ..*tag
        })
    }

    /// What follows the next `<`, and where it is, if only space stands before that.
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

    /// Steps over the end tag of an element, which [`Reader::next`] has found.
    ///
    /// # Errors
    /// `Parse`: another element ends here.
    #[inline]
    pub(crate) fn close(&mut self, tag: &Tag<'t>) -> Result<()> {
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
    fn close_unusual(&mut self, tag: &Tag<'t>) -> Result<()> {
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

    /// Reads the text of an element, up to its first child, and everything up to its end.
    ///
    /// # Errors
    /// `Parse`: what stands there is no XML.
    #[inline]
    pub(crate) fn text(&mut self, tag: &Tag<'t>, depth: u32) -> Result<Text> {
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
                return Ok(Text::Range(start, end));
            }
        }
        self.pieced_text(tag, depth)
    }

    /// The text of an element that holds references, sections, comments or children.
    fn pieced_text(&mut self, tag: &Tag<'t>, depth: u32) -> Result<Text> {
        let mut pieces = std::mem::take(&mut self.pieces);
        pieces.clear();
        let result = self.push_pieces(&mut pieces, tag, depth);
        self.pieces = pieces;
        result.map(|()| Text::Pieced)
    }

    fn push_pieces(&mut self, pieces: &mut String, tag: &Tag<'t>, depth: u32) -> Result<()> {
        loop {
            let Some(length) = memchr2(b'<', b'&', self.rest()) else {
                return Err(self.truncated());
            };
            let end = self.position + length;
            self.push_lines(pieces, self.position, end);
            self.position = end;
            if self.byte(0) == Some(b'&') {
                self.position += push_reference(pieces, self.slice_from(end))
                    .map_err(|message| self.error(message))?;
                continue;
            }
            match self.byte(1) {
                Some(b'/') => return self.close(tag),
                Some(b'?') => self.skip_past(b"?>")?,
                Some(b'!') if self.rest().starts_with(CDATA) => {
                    let start = self.position + CDATA.len();
                    self.skip_past(b"]]>")?;
                    self.push_lines(pieces, start, self.position - 3);
                }
                Some(b'!') => self.skip_declaration()?,
                _ => return self.skip_content(tag, depth),
            }
        }
    }

    /// Appends a range with its line ends made `\n`, as XML has it.
    fn push_lines(&self, pieces: &mut String, start: usize, end: usize) {
        let mut rest = self.slice(start, end);
        if self.has_returns {
            while let Some((line, after)) = rest.split_once('\r') {
                pieces.push_str(line);
                pieces.push('\n');
                rest = after.strip_prefix('\n').unwrap_or(after);
            }
        }
        pieces.push_str(rest);
    }

    /// Passes over the rest of an element and its end.
    ///
    /// # Errors
    /// `Parse`: what stands there is no XML, or lies too deep.
    pub(crate) fn skip_content(&mut self, tag: &Tag<'t>, depth: u32) -> Result<()> {
        if tag.empty {
            return Ok(());
        }
        let mut open = vec![*tag];
        while let Some(tag) = open.last() {
            match self.next()? {
                Next::End => {
                    let tag = *tag;
                    self.close(&tag)?;
                    open.pop();
                }
                Next::Child(child) if child.empty => {}
                Next::Child(child) => {
                    if open.len() + depth as usize >= MAX_DEPTH as usize {
                        return Err(self.too_deep());
                    }
                    open.push(child);
                }
            }
        }
        Ok(())
    }

    /// The error for elements in elements without end.
    #[cold]
    pub(crate) fn too_deep(&self) -> Error {
        self.error(&format!("elements lie more than {MAX_DEPTH} deep"))
    }

    #[cold]
    fn truncated(&self) -> Error {
        self.error_at(self.text.len(), "the text ends inside an element")
    }

    /// The text of a range that was found by its ASCII bounds.
    #[inline]
    fn slice(&self, start: usize, end: usize) -> &'t str {
        self.text.get(start..end).unwrap_or_default()
    }

    fn slice_from(&self, start: usize) -> &'t str {
        self.text.get(start..).unwrap_or_default()
    }

    /// What a text says.
    #[inline]
    pub(crate) fn resolve(&self, text: Text) -> &str {
        match text {
            Text::Range(start, end) => self.slice(start, end),
            Text::Pieced => &self.pieces,
        }
    }

    fn skip_space(&mut self) {
        while self.byte(0).is_some_and(is_space) {
            self.position += 1;
        }
    }

    /// Passes over everything up to and including a mark.
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

    /// Passes over a comment or a section between elements.
    #[cold]
    fn skip_declaration(&mut self) -> Result<()> {
        if self.rest().starts_with(b"<!--") {
            self.skip_comment()
        } else if self.rest().starts_with(CDATA) {
            self.skip_past(b"]]>")
        } else {
            Err(self.error("a declaration is not accepted here"))
        }
    }

    /// Reads a start tag from its `<`.
    fn tag(&mut self) -> Result<Tag<'t>> {
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
                    return Err(self.error("this is no name of an element"));
                }
                _ => {}
            }
            length += 1;
        }
        let name = rest.get(..length).unwrap_or_default();
        match name.first() {
            Some(first) if is_name_start(*first) => {}
            Some(_) => return Err(self.error("this is no name of an element")),
            None if end.is_none() => return Err(self.truncated()),
            None => return Err(self.error("expected the name of an element")),
        }
        self.position += 1 + length;
        let tag = Tag {
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

    /// Reads the rest of a start tag behind the name.
    fn tag_with_attributes(&mut self, tag: Tag<'t>) -> Result<Tag<'t>> {
        let start = self.position;
        loop {
            self.skip_space();
            match self.byte(0) {
                Some(b'>') => {
                    let attributes = self.slice(start, self.position);
                    self.position += 1;
                    return Ok(Tag { attributes, ..tag });
                }
                Some(b'/') if self.byte(1) == Some(b'>') => {
                    let attributes = self.slice(start, self.position);
                    self.position += 2;
                    return Ok(Tag {
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

    /// Reads a document as one element with its text.
    fn text_of(document: &str) -> Result<String> {
        let mut reader = Reader::new(document);
        let root = reader.root()?;
        let text = reader.text(&root, 1)?;
        reader.end()?;
        Ok(reader.resolve(text).to_owned())
    }

    #[test]
    fn text_is_put_together_from_all_its_pieces() {
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
    fn what_is_no_xml_is_an_error_with_its_place() {
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
                "XML at byte 3: a reference that names no character",
            ),
            (
                "<a>&#0;</a>",
                "XML at byte 3: a reference that names no character",
            ),
            (
                "<a>&#xD800;</a>",
                "XML at byte 3: a reference that names no character",
            ),
            ("<a>a & b</a>", "XML at byte 5: `&` begins no reference"),
            (
                "<a>x</a><b/>",
                "XML at byte 8: something follows the root element",
            ),
            (
                "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
                "XML at byte 0: a document type declaration is not accepted",
            ),
            (
                "<a><!ELEMENT></a>",
                "XML at byte 3: a declaration is not accepted here",
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
            ("<1/>", "XML at byte 0: this is no name of an element"),
            ("< a/>", "XML at byte 0: expected the name of an element"),
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
    fn elements_in_elements_without_end_are_refused() {
        let deep = "<a>".repeat(100_000);
        let error = text_of(&format!("<r>{deep}")).unwrap_err();
        assert!(error.to_string().contains("more than 256 deep"), "{error}");
    }
}
