//! Paths, query strings and host prefixes: percent-encoding, and templates split ahead.

use inia_core::{Error, ErrorKind, Result, Str, Value};
use inia_model::{Location, Structure};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything but letters, digits and `-._~`.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// [`RESERVED`] without `/`: what a greedy label encodes.
const RESERVED_BUT_SLASH: &AsciiSet = &RESERVED.remove(b'/');

/// Appends text, percent-encoded.
///
/// # Source
/// botocore `utils.py:percent_encode`.
#[inline]
pub(crate) fn push_encoded(out: &mut String, text: &str) {
    // Most text is plain, and copied at once.
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    if text.bytes().all(is_plain) {
        out.push_str(text);
    } else {
        out.extend(utf8_percent_encode(text, RESERVED));
    }
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
    pub(crate) fn render_path<'a>(
        &self,
        mut label: impl FnMut(usize) -> Result<Option<std::borrow::Cow<'a, str>>>,
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
                            let set = if *greedy {
                                RESERVED_BUT_SLASH
                            } else {
                                RESERVED
                            };
                            out.extend(utf8_percent_encode(&text, set));
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
    use std::borrow::Cow;

    #[test]
    fn labels_are_encoded_and_greedy_ones_keep_their_slashes() {
        let template = Template::new("/{Bucket}/x/{Key+}", |name| {
            ["Bucket", "Key"].iter().position(|label| *label == name)
        });
        let values = ["a b/c", "d/é&~"];
        let path = template
            .render_path(|position| Ok(Some(Cow::Borrowed(values[position]))))
            .unwrap();
        assert_eq!(path, "/a%20b%2Fc/x/d/%C3%A9%26~");
    }

    #[test]
    fn a_missing_empty_or_unbound_label_is_an_error() {
        let template = Template::new("/{Id}", |_| Some(0));
        let missing = template.render_path(|_| Ok(None)).unwrap_err();
        assert_eq!(missing.kind(), ErrorKind::Validation);
        let empty = template
            .render_path(|_| Ok(Some(Cow::Borrowed(""))))
            .unwrap_err();
        assert_eq!(empty.kind(), ErrorKind::Validation);
        let unbound = Template::new("/{Id}", |_| None)
            .render_path(|_| Ok(None))
            .unwrap_err();
        assert_eq!(unbound.kind(), ErrorKind::Model);
    }

    #[test]
    fn an_unclosed_brace_is_literal() {
        let template = Template::new("/a{b", |_| None);
        assert_eq!(template.render_path(|_| Ok(None)).unwrap(), "/a{b");
    }
}
