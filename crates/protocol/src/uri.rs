//! Paths, query strings and host prefixes: percent-encoding and URI templates.

use inia_core::{Error, ErrorKind, Map, Result, Str, Value, push_percent_encoded_except};
use inia_model::{Location, Member, Structure};

use crate::params::mismatch;

/// A parsed URI template with `{labels}`.
#[derive(Debug)]
pub(crate) struct UriTemplate(Box<[UriTemplatePart]>);

#[derive(Debug)]
enum UriTemplatePart {
    Literal(Box<str>),
    Label(UriLabel),
}

#[derive(Debug)]
struct UriLabel {
    name: Box<str>,
    /// The position of the input member that is bound to the label.
    member: Option<usize>,
    greedy: bool,
}

impl UriTemplate {
    /// Parses a template; `member` returns the position of the input member for a label.
    fn new(text: &str, member: impl Fn(&str) -> Option<usize>) -> Self {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((literal, label, after)) = rest.split_once('{').and_then(|(before, rest)| {
            let (label, after) = rest.split_once('}')?;
            Some((before, label, after))
        }) {
            if !literal.is_empty() {
                parts.push(UriTemplatePart::Literal(literal.into()));
            }
            let (name, greedy) = match label.strip_suffix('+') {
                Some(name) => (name, true),
                None => (label, false),
            };
            parts.push(UriTemplatePart::Label(UriLabel {
                name: name.into(),
                member: member(name),
                greedy,
            }));
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(UriTemplatePart::Literal(rest.into()));
        }
        UriTemplate(parts.into())
    }

    /// Parses an operation's path, whose labels are location names.
    pub(crate) fn path(text: &str, input: Option<&Structure>) -> Self {
        UriTemplate::new(text, |label| {
            input?.members.iter().position(|member| {
                member.traits.location == Some(Location::Uri) && *member.wire_name() == *label
            })
        })
    }

    /// Parses a host prefix, whose labels are member names.
    pub(crate) fn host_prefix(text: &str, input: Option<&Structure>) -> Self {
        UriTemplate::new(text, |label| input?.member_position(label))
    }

    /// Fills in the labels; `push` appends the value of a label and the member bound to it, and returns `false` if it has
    /// none.
    ///
    /// # Errors
    /// `Model`: no member is bound to a label. `Validation`: a label has no value; else those of `push`.
    fn render(
        &self,
        place: &str,
        mut push: impl FnMut(&mut String, &UriLabel, usize) -> Result<bool>,
    ) -> Result<String> {
        let mut out = String::with_capacity(64);
        for part in &self.0 {
            match part {
                UriTemplatePart::Literal(text) => out.push_str(text),
                UriTemplatePart::Label(label) => {
                    let member = label.member.ok_or_else(|| unbound_label(&label.name))?;
                    if !push(&mut out, label, member)? {
                        return Err(missing_label(&label.name, place));
                    }
                }
            }
        }
        Ok(out)
    }

    /// Fills in the labels of a path; `text` returns the value of the member at a position.
    ///
    /// # Errors
    /// `Model`: no member is bound to a label. `Validation`: `text` returns no value, or an empty one.
    pub(crate) fn render_path(
        &self,
        mut text: impl FnMut(usize) -> Result<Option<Str>>,
    ) -> Result<String> {
        self.render("path", |out, label, member| {
            let Some(text) = text(member)? else {
                return Ok(false);
            };
            if text.is_empty() {
                let message = format!(
                    "{}: must not be empty, as it is part of the path",
                    label.name
                );
                return Err(Error::new(ErrorKind::Validation, message));
            }
            // A greedy label keeps its slashes.
            push_percent_encoded_except(out, &text, |byte| label.greedy && byte == b'/');
            Ok(true)
        })
    }

    /// Fills in the labels of a host prefix.
    ///
    /// # Errors
    /// `Model`: no member is bound to a label. `Validation`: a value is missing, or cannot be part of a host name.
    ///
    /// # Source
    /// botocore `serialize.py:Serializer._expand_host_prefix`.
    pub(crate) fn render_host_prefix(&self, members: &[Member], params: &Map) -> Result<String> {
        self.render("host name", |out, label, member| {
            let member = members.get(member);
            match member.and_then(|member| params.get(&member.name)) {
                None | Some(Value::Null) => Ok(false),
                Some(Value::String(text)) if is_host_label(text) => {
                    out.push_str(text);
                    Ok(true)
                }
                Some(Value::String(_)) => {
                    let name = &label.name;
                    let message = format!(
                        "{name}: only letters, digits, hyphens and dots are allowed in the host name"
                    );
                    Err(Error::new(ErrorKind::Validation, message))
                }
                Some(value) => Err(mismatch(&label.name, "a string", value)),
            }
        })
    }
}

#[cold]
fn unbound_label(label: &str) -> Error {
    Error::new(
        ErrorKind::Model,
        format!("no input member is bound to the label {{{label}}}"),
    )
}

#[cold]
fn missing_label(label: &str, what: &str) -> Error {
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

/// Splits a request URI into its path and its fixed query parameters.
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
    fn encodes_labels_and_keeps_slashes_of_greedy_ones() {
        let template = UriTemplate::new("/{Bucket}/x/{Key+}", |name| {
            ["Bucket", "Key"].iter().position(|label| *label == name)
        });
        let values = ["a b/c", "d/é&~"];
        let path = template
            .render_path(|position| Ok(Some(values[position].into())))
            .unwrap();
        assert_eq!(path, "/a%20b%2Fc/x/d/%C3%A9%26~");
    }

    #[test]
    fn rejects_missing_empty_and_unbound_labels() {
        let template = UriTemplate::new("/{Id}", |_| Some(0));
        let missing_label = template.render_path(|_| Ok(None)).unwrap_err();
        assert_eq!(missing_label.kind(), ErrorKind::Validation);
        let empty = template.render_path(|_| Ok(Some(Str::new()))).unwrap_err();
        assert_eq!(empty.kind(), ErrorKind::Validation);
        let unbound_label = UriTemplate::new("/{Id}", |_| None)
            .render_path(|_| Ok(None))
            .unwrap_err();
        assert_eq!(unbound_label.kind(), ErrorKind::Model);
    }

    #[test]
    fn keeps_an_unclosed_brace() {
        let template = UriTemplate::new("/a{b", |_| None);
        assert_eq!(template.render_path(|_| Ok(None)).unwrap(), "/a{b");
    }
}
