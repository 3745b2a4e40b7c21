//! [`Tag`]: the start of an element, and its attributes.

use std::borrow::Cow;

use super::reference::push_reference;

/// The start of an element.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tag<'t> {
    /// The name as it is written, its prefix included.
    pub(super) name: &'t [u8],
    /// The length of the prefix with its colon.
    pub(super) prefix: usize,
    /// What stands between the name and the end of the tag, where there is anything.
    pub(super) attributes: &'t str,
    /// Whether the element is empty (`<a/>`): nothing closes it.
    pub(super) empty: bool,
}

impl<'t> Tag<'t> {
    /// The name without its prefix.
    pub(crate) fn local_name(&self) -> &'t [u8] {
        self.name.get(self.prefix..).unwrap_or_default()
    }

    /// Whether the element is empty (`<a/>`): nothing closes it.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.empty
    }

    /// The attributes: prefix, local name and raw value of each.
    pub(crate) fn attributes(&self) -> Attributes<'t> {
        Attributes {
            rest: self.attributes,
        }
    }
}

/// The attributes of a start tag, in order; the tag has been read, so they are well-formed.
#[derive(Clone, Debug)]
pub(crate) struct Attributes<'t> {
    rest: &'t str,
}

/// One attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Attribute<'t> {
    /// The prefix, without its colon; empty where there is none.
    pub(crate) prefix: &'t str,
    /// The name without its prefix.
    pub(crate) local_name: &'t str,
    /// The value as it is written.
    raw: &'t str,
}

impl<'t> Attribute<'t> {
    /// The value, its references resolved and its line ends and tabs made spaces.
    ///
    /// # Errors
    /// A message, where it holds a reference that names nothing.
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

/// A name as an error message shows it.
pub(crate) fn shown(name: &[u8]) -> String {
    String::from_utf8_lossy(name).chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::super::reader::Reader;

    #[test]
    fn attributes_have_prefixes_and_references() {
        let mut reader =
            Reader::new("<a xmlns:x = 'u' x:type=\"Canonical&#85;ser\"\n b='1 \t2&quot;' c=''/>");
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
