//! The literal structure of a config file: what each line is, before any line means anything.
//!
//! ```text
//! # comment                        Comment
//! [profile dev]   ; comment        Section   "profile dev"
//! region = eu-west-1  # comment    Property  "region", "eu-west-1"
//! s3 =                             Property  "s3", ""
//!   addressing_style = path        Continuation, and under an empty value a sub-property
//! ```
//!
//! Every line keeps its own text, so that the file can be written back with one line changed
//! ([`ConfigFileEditor`](super::ConfigFileEditor)).
//!
//! # Source
//! AWS's shared configuration file format. Where the format calls an indented line that continues nothing an error, botocore
//! (`configloader.py:raw_config_parse`) takes an indented `key = value` as a property, and an indented `#` or `;` as a comment:
//! files written so work there, and here.
//!
//! DIFFERENCE: botocore also takes `key : value`, and keeps `# comment` after a value as part of the value. AWS's format, which every
//! other SDK follows, says an error and a comment.

use std::fmt;

/// One line of a config file.
#[derive(Clone, Debug)]
pub(crate) struct Line<'a> {
    /// The line as it stands, with its line ending.
    pub(crate) text: &'a str,
    /// What it is.
    pub(crate) kind: LineKind<'a>,
}

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LineKind<'a> {
    /// White space.
    Blank,
    /// A comment on a line of its own.
    Comment,
    /// The start of a section, with the trimmed text between the brackets.
    Section(&'a str),
    /// A property, its name as written and its value without comment.
    Property { name: &'a str, value: &'a str },
    /// A further line of the property above; with the name and value it holds where that property has no value of its own.
    Continuation {
        text: &'a str,
        sub: Option<(&'a str, &'a str)>,
    },
}

/// Why a config file cannot be read, and the line, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ParseError {
    pub(crate) line: usize,
    pub(crate) message: &'static str,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

/// Reads bytes as text.
pub(crate) fn decode(bytes: &[u8]) -> Result<&str, ParseError> {
    match std::str::from_utf8(bytes) {
        // Windows editors put a byte order mark in front.
        Ok(text) => Ok(text.strip_prefix('\u{feff}').unwrap_or(text)),
        Err(error) => {
            let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
            Err(ParseError {
                line: 1 + valid.iter().filter(|byte| **byte == b'\n').count(),
                message: "The file is not UTF-8",
            })
        }
    }
}

/// The property that a continuation would belong to.
#[derive(Clone, Copy)]
struct Open {
    indent: usize,
    nested: bool,
}

/// Reads a file's lines.
pub(crate) fn parse(text: &str) -> Result<Vec<Line<'_>>, ParseError> {
    let mut lines = Vec::new();
    let mut in_section = false;
    let mut open: Option<Open> = None;
    for (number, text) in text.split_inclusive('\n').enumerate() {
        let fail = |message| ParseError {
            line: number + 1,
            message,
        };
        let content = text.strip_suffix('\n').unwrap_or(text);
        let content = content.strip_suffix('\r').unwrap_or(content);
        let trimmed = trim(content);
        let indent = content.len() - content.trim_start_matches(is_space).len();
        let continues = open.filter(|open| indent > open.indent);
        let kind = if trimmed.is_empty() {
            LineKind::Blank
        } else if trimmed.starts_with(['#', ';']) {
            LineKind::Comment
        } else if let Some(property) = continues {
            LineKind::Continuation {
                text: trimmed,
                sub: if property.nested {
                    Some(sub_property(trimmed).map_err(fail)?)
                } else {
                    None
                },
            }
        } else if let Some(rest) = trimmed.strip_prefix('[') {
            let (name, _comment) = rest
                .split_once(']')
                .ok_or_else(|| fail("Section definition must end with ']'"))?;
            in_section = true;
            open = None;
            LineKind::Section(trim(name))
        } else if !in_section {
            return Err(fail("Expected a section definition"));
        } else {
            let property = split_property(without_comment(trimmed));
            let (name, value) = match property {
                Some((name, value)) if !name.is_empty() => (name, value),
                _ if indent > 0 => {
                    return Err(fail("Expected a property definition, found continuation"));
                }
                Some(_) => return Err(fail("Property did not have a name")),
                None => return Err(fail("Expected an '=' sign defining a property")),
            };
            open = Some(Open {
                indent,
                nested: value.is_empty(),
            });
            LineKind::Property { name, value }
        };
        lines.push(Line { text, kind });
    }
    Ok(lines)
}

fn sub_property(text: &str) -> Result<(&str, &str), &'static str> {
    match split_property(text) {
        Some((name, value)) if !name.is_empty() => Ok((name, value)),
        Some(_) => Err("Property did not have a name in sub-property"),
        None => Err("Expected an '=' sign defining a property in sub-property"),
    }
}

fn split_property(text: &str) -> Option<(&str, &str)> {
    let (name, value) = text.split_once('=')?;
    Some((trim(name), trim(value)))
}

/// The text up to a `#` or `;` that follows white space.
pub(crate) fn without_comment(text: &str) -> &str {
    let mut after_space = false;
    for (position, character) in text.char_indices() {
        if after_space && matches!(character, '#' | ';') {
            return trim(text.get(..position).unwrap_or_default());
        }
        after_space = is_space(character);
    }
    text
}

fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\u{b}' | '\u{c}')
}

fn trim(text: &str) -> &str {
    text.trim_matches(is_space)
}

/// Whether a text may name a property, or a profile without quotes: letters, digits and `_ - / . % @ : +`.
pub(crate) fn is_identifier(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| {
            byte.is_ascii_alphanumeric()
                || matches!(byte, b'_' | b'-' | b'/' | b'.' | b'%' | b'@' | b':' | b'+')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<LineKind<'_>> {
        parse(text)
            .unwrap()
            .into_iter()
            .map(|line| line.kind)
            .collect()
    }

    #[test]
    fn every_line_is_what_it_looks_like() {
        assert_eq!(
            kinds("; c\n\n[profile a]#x\nkey = v # c\ns3=\n  a = b # kept\nk = v\n\tmore"),
            [
                LineKind::Comment,
                LineKind::Blank,
                LineKind::Section("profile a"),
                LineKind::Property {
                    name: "key",
                    value: "v"
                },
                LineKind::Property {
                    name: "s3",
                    value: ""
                },
                LineKind::Continuation {
                    text: "a = b # kept",
                    sub: Some(("a", "b # kept"))
                },
                LineKind::Property {
                    name: "k",
                    value: "v"
                },
                LineKind::Continuation {
                    text: "more",
                    sub: None
                },
            ]
        );
    }

    #[test]
    fn indented_properties_and_comments_are_read_as_botocore_reads_them() {
        assert_eq!(
            kinds("[default]\n  region = a\n  # note\n  s3 =\n    x = y\n  output = json")
                .last()
                .unwrap(),
            &LineKind::Property {
                name: "output",
                value: "json"
            }
        );
    }

    #[test]
    fn the_text_of_all_lines_is_the_file() {
        let file = "\r\n[a]\r\nb = c\n  d\n# e";
        let text: String = parse(file).unwrap().iter().map(|line| line.text).collect();
        assert_eq!(text, file);
    }

    #[test]
    fn errors_name_the_line() {
        for (text, line, message) in [
            ("a = b", 1, "Expected a section definition"),
            ("[a]\n\n[b", 3, "Section definition must end with ']'"),
            ("[a]\n= b", 2, "Property did not have a name"),
            ("[a]\nb", 2, "Expected an '=' sign defining a property"),
            (
                "[a]\nb =\n c",
                3,
                "Expected an '=' sign defining a property in sub-property",
            ),
        ] {
            assert_eq!(
                parse(text).unwrap_err(),
                ParseError { line, message },
                "{text}"
            );
        }
        assert_eq!(decode(b"[a]\n\xff").unwrap_err().line, 2);
    }

    #[test]
    fn comments_start_after_white_space_only() {
        assert_eq!(without_comment("a; b"), "a; b");
        assert_eq!(without_comment("a ; b"), "a");
        assert_eq!(without_comment("é\t#"), "é");
        assert_eq!(without_comment(";"), ";");
    }
}
