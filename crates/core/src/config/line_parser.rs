//! The syntax of a config file: classifies each line, without interpreting it.
//!
//! ```text
//! # comment                        Comment
//! [profile dev]   ; comment        Section   "profile dev"
//! region = eu-west-1  # comment    Property  "region", "eu-west-1"
//! s3 =                             Property  "s3", ""
//!   addressing_style = path        Continuation; a sub-property, because the value above is empty
//! ```
//!
//! Every line keeps its original text, so that an editor can change single lines:
//!
//! ```
//! use inia_core::config::line_parser::{LineKind, lines};
//!
//! let text = "# mine\n[default]\nregion = eu-west-1 # home\n";
//! let region = lines(text).find_map(|line| match line.ok()?.kind {
//!     LineKind::Property { name: "region", value } => Some(value),
//!     _ => None,
//! });
//! assert_eq!(region, Some("eu-west-1"));
//! ```
//!
//! # Source
//! AWS's shared configuration file format. The format rejects an indented line that does not continue a property, but botocore
//! (`configloader.py:raw_config_parse`) accepts an indented `key = value` as a property, and an indented `#` or `;` as a comment.
//! This parser accepts them too, so that files written for botocore work.
//!
//! DIFFERENCE: botocore also accepts `key : value`, and keeps `# comment` after a value as part of the value. AWS's format, which all
//! other SDKs follow, rejects the former and treats the latter as a comment, here unless it is within quotes.

use std::fmt;

use super::shell_words::split_words;

/// One line of a config file.
#[derive(Clone)]
pub struct ConfigLine<'a> {
    /// The original text, including the line ending.
    pub text: &'a str,
    /// The kind of the line.
    pub kind: LineKind<'a>,
}

/// The kind of a line.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum LineKind<'a> {
    /// An empty line or white space only.
    Blank,
    /// A comment on a line of its own.
    Comment,
    /// The start of a section, with the trimmed text between the brackets.
    Section(&'a str),
    /// A property, with its name as written and its value without the comment.
    Property {
        /// The name as written.
        name: &'a str,
        /// The value without the comment.
        value: &'a str,
    },
    /// A continuation of the property above; `sub` is the name and value of a sub-property if the value of that property is empty.
    Continuation {
        /// The trimmed text.
        text: &'a str,
        /// The name and value of a sub-property.
        sub: Option<(&'a str, &'a str)>,
    },
}

impl fmt::Debug for ConfigLine<'_> {
    /// Omits the text, which may contain a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ConfigLine").field(&self.kind).finish()
    }
}

impl fmt::Debug for LineKind<'_> {
    /// Omits the values, which may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LineKind::Blank => f.write_str("Blank"),
            LineKind::Comment => f.write_str("Comment"),
            LineKind::Section(text) => f.debug_tuple("Section").field(text).finish(),
            LineKind::Property { name, .. } => f.debug_tuple("Property").field(name).finish(),
            LineKind::Continuation { sub, .. } => f
                .debug_tuple("Continuation")
                .field(&sub.map(|(name, _)| name))
                .finish(),
        }
    }
}

/// A syntax error, with its line number, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigParseError {
    /// The line number.
    pub line: usize,
    /// The problem.
    pub message: &'static str,
}

impl std::error::Error for ConfigParseError {}

impl fmt::Display for ConfigParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

/// Decodes a file as UTF-8, without a byte order mark.
///
/// # Errors
/// The line that is not UTF-8.
pub fn decode(bytes: &[u8]) -> Result<&str, ConfigParseError> {
    match std::str::from_utf8(bytes) {
        // Some Windows editors add a byte order mark.
        Ok(text) => Ok(text.strip_prefix('\u{feff}').unwrap_or(text)),
        Err(error) => {
            let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
            Err(ConfigParseError {
                line: 1 + valid.iter().filter(|byte| **byte == b'\n').count(),
                message: "The file is not UTF-8",
            })
        }
    }
}

/// The property that an indented line would continue.
#[derive(Clone, Copy)]
struct OpenProperty {
    indent: usize,
    nested: bool,
}

/// Parses the lines of a file.
///
/// # Errors
/// The first line with a syntax error.
pub fn parse(text: &str) -> Result<Vec<ConfigLine<'_>>, ConfigParseError> {
    lines(text).collect()
}

/// Parses the lines of a file one by one.
pub fn lines(text: &str) -> impl Iterator<Item = Result<ConfigLine<'_>, ConfigParseError>> {
    let mut in_section = false;
    let mut open: Option<OpenProperty> = None;
    split_lines(text).enumerate().map(move |(number, text)| {
        match parse_line(text, &mut in_section, &mut open) {
            Ok(kind) => Ok(ConfigLine { text, kind }),
            Err(message) => Err(ConfigParseError {
                line: number + 1,
                message,
            }),
        }
    })
}

/// Splits a text after each line end: LF, CR LF or CR.
pub fn split_lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let end = match rest.find(['\n', '\r']) {
            Some(end) if rest.get(end..)?.starts_with("\r\n") => end + 2,
            Some(end) => end + 1,
            None if rest.is_empty() => return None,
            None => rest.len(),
        };
        let (line, after) = rest.split_at_checked(end)?;
        rest = after;
        Some(line)
    })
}

fn parse_line<'a>(
    text: &'a str,
    in_section: &mut bool,
    open: &mut Option<OpenProperty>,
) -> Result<LineKind<'a>, &'static str> {
    let trimmed = text.trim();
    let indent = text.len() - text.trim_start().len();
    let continues = open.filter(|open| indent > open.indent);
    Ok(if trimmed.is_empty() {
        LineKind::Blank
    } else if trimmed.starts_with(['#', ';']) {
        LineKind::Comment
    } else if let Some(property) = continues {
        LineKind::Continuation {
            text: trimmed,
            sub: if property.nested {
                Some(sub_property(trimmed)?)
            } else {
                None
            },
        }
    } else if let Some(rest) = trimmed.strip_prefix('[') {
        let name = heading(rest).ok_or("Section definition must end with ']'")?;
        *in_section = true;
        *open = None;
        LineKind::Section(name.trim())
    } else if !*in_section {
        return Err("Expected a section definition");
    } else {
        let text = without_comment(trimmed);
        let (name, value) = match split_property(text) {
            Some((name, value)) if !name.is_empty() => (name, value),
            _ if indent > 0 => return Err("Expected a property definition, found continuation"),
            Some(_) => return Err("Property did not have a name"),
            None => return Err("Expected an '=' sign defining a property"),
        };
        *open = Some(OpenProperty {
            indent,
            nested: value.is_empty(),
        });
        LineKind::Property { name, value }
    })
}

/// Returns the text of a heading, without the comment after its bracket. The text may contain brackets (`[profile [PROD]-x]`).
fn heading(text: &str) -> Option<&str> {
    let mut brackets = text.match_indices(']').map(|(end, _)| text.split_at(end));
    let before_comment = brackets.find(|(name, rest)| {
        let rest = rest.get(1..).unwrap_or_default().trim_start();
        (rest.is_empty() || rest.starts_with(['#', ';'])) && split_words(name).is_some()
    });
    match before_comment {
        Some((name, _)) => Some(name),
        None => text.rsplit_once(']').map(|(name, _)| name),
    }
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
    Some((name.trim(), value.trim()))
}

/// Returns the text before a comment: a `#` or `;` after white space and outside quotes.
pub fn without_comment(text: &str) -> &str {
    let mut previous = '\0';
    let mut characters = text.char_indices();
    while let Some((position, character)) = characters.next() {
        match character {
            '#' | ';' if previous.is_whitespace() => {
                return text.get(..position).unwrap_or_default().trim();
            }
            // A quote within a word is an apostrophe, and so is one that is not closed.
            '"' | '\'' if previous.is_whitespace() || previous == '=' => {
                let rest = characters.as_str();
                if let Some(quoted) = quoted_length(rest, character) {
                    characters.nth(rest.get(..quoted).unwrap_or_default().chars().count());
                }
            }
            _ => {}
        }
        previous = character;
    }
    text
}

/// Returns the length of a text up to its closing quote. Between double quotes, a backslash escapes.
fn quoted_length(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    text.find(|character| {
        let closes = character == quote && !escaped;
        escaped = character == '\\' && quote == '"' && !escaped;
        closes
    })
}

/// Returns `true` if the text is a valid name of a property: letters, digits and `_ - / . % @ : +`.
pub fn is_identifier(text: &str) -> bool {
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
    fn classifies_lines() {
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
    fn accepts_indented_properties_and_comments_as_botocore() {
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
    fn lines_keep_the_text_of_the_file() {
        let file = "\r\n[a]\r\nb = c\n  d\n# e";
        let text: String = parse(file).unwrap().iter().map(|line| line.text).collect();
        assert_eq!(text, file);
    }

    #[test]
    fn errors_contain_the_line_number() {
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
                ConfigParseError { line, message },
                "{text}"
            );
        }
        assert_eq!(decode(b"[a]\n\xff").unwrap_err().line, 2);
    }

    #[test]
    fn comments_require_white_space_before_them() {
        assert_eq!(without_comment("a; b"), "a; b");
        assert_eq!(without_comment("a ; b"), "a");
        assert_eq!(without_comment("é\t#"), "é");
        assert_eq!(without_comment(";"), ";");
    }

    #[test]
    fn quotes_hide_comments() {
        for (text, value) in [
            (r#"k = sh -c "true ; cat f""#, r#"k = sh -c "true ; cat f""#),
            (
                "k = sh -c 'true # cat f' # note",
                "k = sh -c 'true # cat f'",
            ),
            (r#"k = "a \" ; b" ; c"#, r#"k = "a \" ; b""#),
            (r#"k = --opt="a ; b" ; c"#, r#"k = --opt="a ; b""#),
            (r#"k="é ; b" ; c"#, r#"k="é ; b""#),
            ("k = it's # Bob's", "k = it's"),
            (r#"k = 5" # of 10""#, r#"k = 5""#),
            (r#"k = "open ; b"#, r#"k = "open"#),
        ] {
            assert_eq!(without_comment(text), value, "{text}");
        }
    }

    #[test]
    fn lines_end_with_lf_crlf_or_cr() {
        let lines: Vec<&str> = split_lines("a\n\r\nb\rc\r\n\rd").collect();
        assert_eq!(lines, ["a\n", "\r\n", "b\r", "c\r\n", "\r", "d"]);
        assert_eq!(
            kinds("[a]\rb = c\r").last(),
            Some(&LineKind::Property {
                name: "b",
                value: "c"
            })
        );
    }
}
