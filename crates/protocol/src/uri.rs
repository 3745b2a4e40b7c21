//! Paths, query strings and host prefixes: percent-encoding, and templates split ahead.

use std::ops::Deref;

use inia_core::{Error, ErrorKind, Result, Str, Value};
use inia_model::{Location, Structure};
use percent_encoding::percent_encode_byte;

/// Whether a byte stands as it is: letters, digits and `-._~`.
#[inline]
const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// What [`is_unreserved`] says of each byte: a look at a table is faster than the comparisons it stands for.
const UNRESERVED: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::indexing_slicing,
            reason = "the loop ends at 256, the length of the table"
        )]
        {
            table[byte] = is_unreserved(byte as u8);
        }
        byte += 1;
    }
    table
};

/// Appends text, percent-encoded.
///
/// # Source
/// botocore `utils.py:percent_encode`.
#[inline]
pub(crate) fn push_encoded(out: &mut String, text: &str) {
    push_encoded_but(out, text, b'-');
}

/// Appends text, percent-encoded but for what is unreserved and the byte `plain`, which is ASCII.
#[inline]
fn push_encoded_but(out: &mut String, text: &str, plain: u8) {
    #[expect(
        clippy::indexing_slicing,
        reason = "the table has an entry for every byte"
    )]
    let is_plain = |byte: u8| UNRESERVED[usize::from(byte)] || byte == plain;
    // Most text is appended at once. What is plain is ASCII, so that runs of it begin and end between characters.
    let mut start = 0;
    for (at, byte) in text.bytes().enumerate() {
        if !is_plain(byte) {
            out.push_str(text.get(start..at).unwrap_or_default());
            out.push_str(percent_encode_byte(byte));
            start = at + 1;
        }
    }
    out.push_str(text.get(start..).unwrap_or_default());
}

/// Appends `name=value` to a query string, percent-encoded, behind `&` where something comes before.
pub(crate) fn push_query(out: &mut String, name: &str, value: &str) {
    if !out.is_empty() {
        out.push('&');
    }
    push_encoded(out, name);
    out.push('=');
    push_encoded(out, value);
}

/// A template with `{labels}`, split ahead.
#[derive(Debug)]
pub(crate) struct Template(Box<[Part]>);

#[derive(Debug)]
enum Part {
    Literal(Box<str>),
    Label {
        name: Box<str>,
        /// The member that fills it, as a position in the input.
        member: Option<usize>,
        greedy: bool,
    },
}

impl Template {
    /// Splits a template; `member` finds the input member of a label.
    fn new(text: &str, member: impl Fn(&str) -> Option<usize>) -> Self {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((literal, label, after)) = rest.split_once('{').and_then(|(before, rest)| {
            let (label, after) = rest.split_once('}')?;
            Some((before, label, after))
        }) {
            if !literal.is_empty() {
                parts.push(Part::Literal(literal.into()));
            }
            let (name, greedy) = match label.strip_suffix('+') {
                Some(name) => (name, true),
                None => (label, false),
            };
            parts.push(Part::Label {
                name: name.into(),
                member: member(name),
                greedy,
            });
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(Part::Literal(rest.into()));
        }
        Template(parts.into())
    }

    /// The template of an operation's path; labels go by location name.
    pub(crate) fn path(text: &str, input: Option<&Structure>) -> Self {
        Template::new(text, |label| {
            input?.members.iter().position(|member| {
                member.traits.location == Some(Location::Uri) && *member.wire_name() == *label
            })
        })
    }

    /// The template of a host prefix; labels go by member name.
    pub(crate) fn host_prefix(text: &str, input: Option<&Structure>) -> Self {
        Template::new(text, |label| input?.member_position(label))
    }

    /// Fills the labels in: `label` gives the value of the member at a position.
    ///
    /// # Errors
    /// `Model`: no member fills a label. `Validation`: `label` has no value, or an empty one.
    pub(crate) fn render_path<T: Deref<Target = str>>(
        &self,
        mut label: impl FnMut(usize) -> Result<Option<T>>,
    ) -> Result<String> {
        let mut out = String::with_capacity(64);
        for part in &self.0 {
            match part {
                Part::Literal(text) => out.push_str(text),
                Part::Label {
                    name,
                    member,
                    greedy,
                } => {
                    let position = member.ok_or_else(|| unbound(name))?;
                    match label(position)? {
                        Some(text) if !text.is_empty() => {
                            // A greedy label keeps its slashes.
                            let plain = if *greedy { b'/' } else { b'-' };
                            push_encoded_but(&mut out, &text, plain);
                        }
                        Some(_) => {
                            return Err(Error::new(
                                ErrorKind::Validation,
                                format!("{name}: it is part of the path and must not be empty"),
                            ));
                        }
                        None => return Err(missing(name, "path")),
                    }
                }
            }
        }
        Ok(out)
    }

    /// Fills the labels of a host prefix in.
    ///
    /// # Errors
    /// `Model`: no member fills a label. `Validation`: a value is missing, or cannot be part of a host name.
    ///
    /// # Source
    /// botocore `serialize.py:Serializer._expand_host_prefix`.
    pub(crate) fn render_host_prefix(
        &self,
        structure: Option<&Structure>,
        params: &Value,
    ) -> Result<String> {
        let mut out = String::with_capacity(32);
        for part in &self.0 {
            match part {
                Part::Literal(text) => out.push_str(text),
                Part::Label { name, member, .. } => {
                    let value = member
                        .and_then(|position| structure?.members.get(position))
                        .ok_or_else(|| unbound(name))
                        .map(|member| params.get(&member.name))?;
                    match value {
                        Some(Value::String(text)) if is_host_label(text) => out.push_str(text),
                        Some(Value::String(_)) => {
                            return Err(Error::new(
                                ErrorKind::Validation,
                                format!(
                                    "{name}: it is part of the host name and may hold only letters, digits, hyphens and dots"
                                ),
                            ));
                        }
                        Some(value) if !value.is_null() => {
                            return Err(crate::scalar::mismatch(name, "a string", value));
                        }
                        _ => return Err(missing(name, "host name")),
                    }
                }
            }
        }
        Ok(out)
    }
}

#[cold]
fn unbound(label: &str) -> Error {
    Error::new(
        ErrorKind::Model,
        format!("no member of the input fills the label {{{label}}}"),
    )
}

#[cold]
fn missing(label: &str, what: &str) -> Error {
    Error::new(
        ErrorKind::Validation,
        format!("missing required parameter {label}: it is part of the {what}"),
    )
}

fn is_host_label(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'))
}

/// A request URI cut into its path and its fixed query parameters.
pub(crate) fn split_query(uri: &str) -> (&str, Str) {
    match uri.split_once('?') {
        Some((path, query)) => (path, Str::from(query)),
        None => (uri, Str::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_encoded_and_greedy_ones_keep_their_slashes() {
        let template = Template::new("/{Bucket}/x/{Key+}", |name| {
            ["Bucket", "Key"].iter().position(|label| *label == name)
        });
        let values = ["a b/c", "d/é&~"];
        let path = template
            .render_path(|position| Ok(Some(values[position])))
            .unwrap();
        assert_eq!(path, "/a%20b%2Fc/x/d/%C3%A9%26~");
    }

    #[test]
    fn a_missing_empty_or_unbound_label_is_an_error() {
        let template = Template::new("/{Id}", |_| Some(0));
        let missing = template.render_path(|_| Ok(None::<&str>)).unwrap_err();
        assert_eq!(missing.kind(), ErrorKind::Validation);
        let empty = template.render_path(|_| Ok(Some(""))).unwrap_err();
        assert_eq!(empty.kind(), ErrorKind::Validation);
        let unbound = Template::new("/{Id}", |_| None)
            .render_path(|_| Ok(None::<&str>))
            .unwrap_err();
        assert_eq!(unbound.kind(), ErrorKind::Model);
    }

    #[test]
    fn an_unclosed_brace_is_literal() {
        let template = Template::new("/a{b", |_| None);
        assert_eq!(template.render_path(|_| Ok(None::<&str>)).unwrap(), "/a{b");
    }
}
