//! [`StartTag`] and its attributes.

use std::borrow::Cow;

use super::reference::push_reference;

/// A start tag.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StartTag<'t> {
    /// The name with its prefix.
    pub(super) name: &'t [u8],
    /// The length of the prefix with its colon.
    pub(super) prefix: usize,
    /// The text between the name and the end of the tag.
    pub(super) attributes: &'t str,
    /// `true` if the element is empty (`<a/>`), without an end tag.
    pub(super) empty: bool,
}

impl<'t> StartTag<'t> {
    /// Returns the name without its prefix.
    pub(crate) fn local_name(&self) -> &'t [u8] {
        self.name.get(self.prefix..).unwrap_or_default()
    }

    /// Returns the name without its prefix for a message, truncated.
    pub(crate) fn shown_name(&self) -> String {
        shown(self.local_name())
    }

    /// Returns whether the element is empty (`<a/>`), without an end tag.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.empty
    }

    /// Returns whether the element states that it has no value: `xsi:nil="true"`, with any prefix.
    #[inline]
    pub(crate) fn is_nil(&self) -> bool {
        !self.attributes.is_empty() && self.has_nil_attribute()
    }

    #[cold]
    fn has_nil_attribute(&self) -> bool {
        self.attributes().any(|attribute| {
            !attribute.prefix.is_empty()
                && attribute.local_name == "nil"
                && matches!(attribute.raw.trim(), "true" | "1")
        })
    }

    /// Returns the attributes.
    pub(crate) fn attributes(&self) -> Attributes<'t> {
        Attributes {
            rest: self.attributes,
        }
    }
}

/// An iterator over the attributes of a start tag, which are well-formed, as the reader checked the tag.
#[derive(Clone, Debug)]
pub(crate) struct Attributes<'t> {
    rest: &'t str,
}

/// An attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Attribute<'t> {
    /// The prefix without its colon; empty if there is none.
    pub(crate) prefix: &'t str,
    /// The name without its prefix.
    pub(crate) local_name: &'t str,
    /// The raw value.
    raw: &'t str,
}

impl<'t> Attribute<'t> {
    /// Returns the value with references resolved, and line ends and tabs replaced by spaces.
    ///
    /// # Errors
    /// A message if a reference is invalid.
    pub(crate) fn value(&self) -> std::result::Result<Cow<'t, str>, &'static str> {
        if !self
            .raw
            .bytes()
            .any(|byte| matches!(byte, b'&' | b'\n' | b'\r' | b'\t'))
        {
            return Ok(Cow::Borrowed(self.raw));
        }
        let mut text = String::with_capacity(self.raw.len());
        let mut rest = self.raw;
        while let Some(first) = rest.chars().next() {
            let length = match first {
                '&' => push_reference(&mut text, rest)?,
                '\r' | '\n' | '\t' => {
                    text.push(' ');
                    if rest.starts_with("\r\n") { 2 } else { 1 }
                }
                other => {
                    text.push(other);
                    other.len_utf8()
                }
            };
            rest = rest.get(length..).unwrap_or_default();
        }
        Ok(Cow::Owned(text))
    }
}

impl<'t> Iterator for Attributes<'t> {
    type Item = Attribute<'t>;

    fn next(&mut self) -> Option<Attribute<'t>> {
        let (name, rest) = self.rest.split_once('=')?;
        let rest = rest.trim_ascii_start();
        let quote = rest.chars().next()?;
        let (raw, rest) = rest.get(1..)?.split_once(quote)?;
        self.rest = rest;
        let name = name.trim_ascii();
        let (prefix, local_name) = name.split_once(':').unwrap_or(("", name));
        Some(Attribute {
            prefix,
            local_name,
            raw,
        })
    }
}

/// Returns a name for an error message, truncated.
pub(crate) fn shown(name: &[u8]) -> String {
    String::from_utf8_lossy(name).chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::super::reader::XmlReader;

    #[test]
    fn parses_attribute_prefixes_and_references() {
        let mut reader = XmlReader::new(
            "<a xmlns:x = 'u' x:type=\"Canonical&#85;ser\"\n b='1 \t2&quot;' c=''/>",
        );
        let root = reader.root().unwrap();
        let attributes: Vec<_> = root
            .attributes()
            .map(|a| (a.prefix, a.local_name, a.value().unwrap().into_owned()))
            .collect();
        assert_eq!(
            attributes,
            [
                ("xmlns", "x", "u".to_owned()),
                ("x", "type", "CanonicalUser".to_owned()),
                ("", "b", "1  2\"".to_owned()),
                ("", "c", String::new()),
            ]
        );
    }
}
