//! [`ConfigFileEditor`]: sets single values of a config file, and preserves the rest.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use inia::config::Heading;
use inia::config::line_parser::{self, LineKind};
use inia::ports::Files;
use inia::{Error, ErrorKind, Result};

/// Indentation of sub-properties.
const SUB_INDENT: &str = "    ";

/// The kind of a file, which determines its section names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ConfigFileKind {
    Config,
    Credentials,
}

/// The kind and name of a section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SectionName {
    Profile(String),
    /// `[sso-session name]`.
    SsoSession(String),
    /// `[services name]`.
    Services(String),
    /// A section of the AWS CLI itself: `[preview]` or `[plugins]`.
    Plain(String),
}

/// Edits a config file line by line. Unchanged lines, including comments and unknown sections, are preserved.
///
/// # Source
/// The places and indentations of new lines are those of the AWS CLI, `configure/writer.py:ConfigFileWriter`.
///
/// DIFFERENCE: the AWS CLI replaces a sub-property of the same name instead of the property, takes comments with `=` for properties,
/// and joins a sub-property to a last line without a line break. It converts CR LF to LF in some cases; here the file's own line
/// ends are used.
pub(super) struct ConfigFileEditor {
    kind: ConfigFileKind,
    path: PathBuf,
    text: String,
}

impl ConfigFileEditor {
    /// Opens a file. A file that does not exist is treated as empty, and is created by [`save`](Self::save).
    ///
    /// # Errors
    /// `Config` if the file cannot be read or is malformed. Such a file is not overwritten.
    pub(super) fn open(files: &dyn Files, path: &Path, kind: ConfigFileKind) -> Result<Self> {
        let bytes = match files.read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => {
                return Err(Error::new(
                    ErrorKind::Config,
                    format!("{}: cannot read the file", path.display()),
                )
                .with_source(error));
            }
        };
        let decode = || {
            let text = line_parser::decode(&bytes)?;
            line_parser::parse(text)?;
            Ok(text.to_owned())
        };
        let text = decode().map_err(|error: line_parser::ConfigParseError| {
            Error::new(
                ErrorKind::Config,
                format!("{}:{}: {}", path.display(), error.line, error.message),
            )
        })?;
        Ok(ConfigFileEditor {
            kind,
            path: path.to_owned(),
            text,
        })
    }

    /// Writes the file, readable by its owner only.
    ///
    /// # Errors
    /// `Config` if the file cannot be written.
    pub(super) fn save(&self, files: &dyn Files) -> Result<()> {
        files
            .write_private(&self.path, self.text.as_bytes())
            .map_err(|error| {
                Error::new(
                    ErrorKind::Config,
                    format!("{}: cannot write the file", self.path.display()),
                )
                .with_source(error)
            })
    }

    /// Returns the value of a property.
    ///
    /// # Errors
    /// `Config` if the section name cannot be represented in the file.
    pub(super) fn get(&self, section: &SectionName, name: &str) -> Result<Option<String>> {
        let file = self.outline(section)?;
        let value = file.property(name).and_then(|range| file.value(range.0));
        Ok(value.map(str::to_owned))
    }

    /// Sets a property. An existing property is replaced; a new one is added at the end of the section, and a new section at the end
    /// of the file.
    ///
    /// # Errors
    /// `Config` if the section name, the property name or the value cannot be represented in the file.
    pub(super) fn set(&mut self, section: &SectionName, name: &str, value: &str) -> Result<()> {
        check(name, value, true)?;
        let line = format!("{name} = {value}");
        self.replace_lone_cr();
        let file = self.outline(section)?;
        match file.property(name) {
            Some(range) => {
                let indent = file.indent(range.0);
                self.replace(&file, range, &[format!("{indent}{line}")]);
            }
            None => self.append(section, &file, &[line])?,
        }
        Ok(())
    }

    /// Sets a sub-property. An existing sub-property is replaced; a new one is added after the others, and its property if that is new.
    ///
    /// # Errors
    /// As [`set`](Self::set), and if the property already has a plain value.
    pub(super) fn set_nested(
        &mut self,
        section: &SectionName,
        name: &str,
        sub: &str,
        value: &str,
    ) -> Result<()> {
        check(sub, value, false)?;
        check(name, "", true)?;
        let line = format!("{sub} = {value}");
        self.replace_lone_cr();
        let file = self.outline(section)?;
        let Some(range) = file.property(name) else {
            let lines = [format!("{name} ="), format!("{SUB_INDENT}{line}")];
            return self.append(section, &file, &lines);
        };
        if file.value(range.0).is_some_and(|value| !value.is_empty()) {
            return Err(Error::new(
                ErrorKind::Config,
                format!("{name} has a plain value and cannot have sub-properties"),
            ));
        }
        match file.sub_property(range, sub) {
            Some(position) => {
                let indent = file.indent(position);
                self.replace(&file, (position, position), &[format!("{indent}{line}")]);
            }
            None => {
                let base = file.indent(range.0);
                // A sub-property has a deeper indentation than its property.
                let base = if base.len() < SUB_INDENT.len() {
                    ""
                } else {
                    base
                };
                let position = file.after_blank_lines(range.1 + 1);
                self.insert(position, &[format!("{base}{SUB_INDENT}{line}")]);
            }
        }
        Ok(())
    }

    fn outline(&self, section: &SectionName) -> Result<Outline> {
        let heading = heading_text(self.kind, section)?;
        Ok(Outline::read(self.kind, &self.text, section, &heading))
    }

    /// Replaces line ends of CR alone, which most programs do not know, so that an added line would continue the last one.
    fn replace_lone_cr(&mut self) {
        let is_lone = |line: &str| line.ends_with('\r');
        if line_parser::split_lines(&self.text).any(is_lone) {
            let end = self.line_end();
            self.text = line_parser::split_lines(&self.text)
                .flat_map(|line| match line.strip_suffix('\r') {
                    Some(text) => [text, end],
                    None => [line, ""],
                })
                .collect();
        }
    }

    /// Adds lines at the end of a section. If the file lacks the section, it is added at the end.
    fn append(&mut self, section: &SectionName, file: &Outline, lines: &[String]) -> Result<()> {
        match file.end_of_section() {
            Some(position) => {
                let indent = file.indent_at(position);
                let lines: Vec<String> =
                    lines.iter().map(|line| format!("{indent}{line}")).collect();
                self.insert(position, &lines);
            }
            None => {
                let mut added = vec![format!("[{}]", heading_text(self.kind, section)?)];
                added.extend_from_slice(lines);
                self.insert(usize::MAX, &added);
            }
        }
        Ok(())
    }

    /// Inserts lines before a position.
    fn insert(&mut self, position: usize, lines: &[String]) {
        self.splice(position, lines, |_| false);
    }

    /// Replaces the lines `first..=last`, except comments.
    fn replace(&mut self, file: &Outline, (first, last): (usize, usize), lines: &[String]) {
        self.splice(first, lines, |position| {
            (first..=last).contains(&position) && !file.is_comment(position)
        });
    }

    /// Inserts lines before position `from`, and removes the lines for which `remove` returns `true`.
    fn splice(&mut self, from: usize, lines: &[String], remove: impl Fn(usize) -> bool) {
        let end = self.line_end();
        let mut text = String::with_capacity(self.text.len() + 64);
        let put = |text: &mut String| {
            for line in lines {
                if !text.is_empty() && !text.ends_with('\n') {
                    text.push_str(end);
                }
                text.push_str(line);
                text.push_str(end);
            }
        };
        let mut count = 0;
        for (position, line) in line_parser::split_lines(&self.text).enumerate() {
            if position == from {
                put(&mut text);
            }
            if !remove(position) {
                text.push_str(line);
            }
            count = position + 1;
        }
        if count <= from {
            put(&mut text);
        }
        self.text = text;
    }

    fn line_end(&self) -> &'static str {
        if self.text.contains("\r\n") {
            "\r\n"
        } else {
            "\n"
        }
    }
}

/// The lines of a file, by position counted from 0, with those of one section marked.
struct Outline {
    lines: Vec<OutlineLine>,
    /// The last line of the section that is neither blank nor a comment.
    end: Option<usize>,
}

struct OutlineLine {
    inside: bool,
    kind: OutlineKind,
    indent: String,
}

enum OutlineKind {
    Property {
        name: String,
        value: String,
    },
    Continuation {
        sub: Option<String>,
    },
    Section,
    Blank,
    /// A comment; `is_property` if it looks like a property that is commented out.
    Comment {
        is_property: bool,
    },
}

impl Outline {
    fn read(kind: ConfigFileKind, text: &str, section: &SectionName, heading: &str) -> Outline {
        let lines = line_parser::parse(text).unwrap_or_default();
        // `[profile default]` takes precedence over `[default]`.
        let prefixed = kind == ConfigFileKind::Config
            && *section == SectionName::Profile("default".to_owned())
            && lines.iter().any(|line| match line.kind {
                LineKind::Section(text) => {
                    let name = "default".to_owned();
                    Heading::of_config(text)
                        == Heading::Profile {
                            name,
                            prefixed: true,
                        }
                }
                _ => false,
            });
        let is_section = |text: &str| {
            if text == heading && !prefixed {
                return true;
            }
            match (parse_heading(kind, text), section) {
                (Heading::Profile { name, prefixed: p }, SectionName::Profile(expected)) => {
                    name == *expected && (name != "default" || p == prefixed)
                }
                (Heading::SsoSession(name), SectionName::SsoSession(expected))
                | (Heading::Services(name), SectionName::Services(expected)) => name == *expected,
                _ => false,
            }
        };
        let mut outline = Outline {
            lines: Vec::with_capacity(lines.len()),
            end: None,
        };
        let mut inside = false;
        for (position, line) in lines.iter().enumerate() {
            let kind = match line.kind {
                LineKind::Section(text) => {
                    inside = is_section(text);
                    OutlineKind::Section
                }
                LineKind::Property { name, value } => OutlineKind::Property {
                    name: name.to_ascii_lowercase(),
                    value: value.to_owned(),
                },
                LineKind::Continuation { sub, .. } => OutlineKind::Continuation {
                    sub: sub.map(|(name, _)| name.to_ascii_lowercase()),
                },
                LineKind::Blank => OutlineKind::Blank,
                LineKind::Comment => OutlineKind::Comment {
                    is_property: line.text.contains(['=', ':']),
                },
            };
            if inside && !matches!(kind, OutlineKind::Blank | OutlineKind::Comment { .. }) {
                outline.end = Some(position);
            }
            let indent = line.text.len() - line.text.trim_start_matches([' ', '\t']).len();
            outline.lines.push(OutlineLine {
                inside,
                kind,
                indent: line.text.get(..indent).unwrap_or_default().to_owned(),
            });
        }
        outline
    }

    /// Returns the first and last line of the last occurrence of a property.
    fn property(&self, name: &str) -> Option<(usize, usize)> {
        let name = name.to_ascii_lowercase();
        let first = self.lines.iter().rposition(|line| {
            line.inside
                && matches!(&line.kind, OutlineKind::Property { name: other, .. } if *other == name)
        })?;
        let last = self
            .lines
            .iter()
            .enumerate()
            .skip(first + 1)
            .take_while(|(_, line)| {
                line.inside && !matches!(line.kind, OutlineKind::Property { .. })
            })
            .filter(|(_, line)| matches!(line.kind, OutlineKind::Continuation { .. }))
            .last()
            .map_or(first, |(position, _)| position);
        Some((first, last))
    }

    fn value(&self, position: usize) -> Option<&str> {
        match &self.lines.get(position)?.kind {
            OutlineKind::Property { value, .. } => Some(value),
            _ => None,
        }
    }

    /// Returns the position of a sub-property in the lines of its property.
    fn sub_property(&self, range: (usize, usize), sub: &str) -> Option<usize> {
        let sub = sub.to_ascii_lowercase();
        let lines = self.lines.get(..=range.1)?;
        let is_sub = |line: &OutlineLine| matches!(&line.kind, OutlineKind::Continuation { sub: Some(name) } if *name == sub);
        lines
            .iter()
            .rposition(is_sub)
            .filter(|position| *position > range.0)
    }

    /// Returns the position of a line that is added to the section: after its last property, and if the section is the last one,
    /// also after one blank line or the comments behind it.
    fn end_of_section(&self) -> Option<usize> {
        let end = self.end? + 1;
        let rest = self.lines.get(end..).unwrap_or_default();
        if rest
            .iter()
            .any(|line| matches!(line.kind, OutlineKind::Section))
        {
            return Some(end);
        }
        let is_property =
            |line: &OutlineLine| matches!(line.kind, OutlineKind::Comment { is_property: true });
        let end = match rest.iter().rposition(is_property) {
            Some(comment) => end + comment + 1,
            None => end,
        };
        Some(end + 1)
    }

    /// Returns the first position from one on that is not a blank line.
    fn after_blank_lines(&self, position: usize) -> usize {
        let rest = self.lines.get(position..).unwrap_or_default();
        let is_blank = |line: &&OutlineLine| matches!(line.kind, OutlineKind::Blank);
        position + rest.iter().take_while(is_blank).count()
    }

    /// Returns the indentation of a line that is added at a position: that of the next heading, which would otherwise continue the
    /// line, and not deeper than that of the property before.
    fn indent_at(&self, position: usize) -> &str {
        let is_section = |line: &&OutlineLine| matches!(line.kind, OutlineKind::Section);
        let next = self.lines.iter().skip(position).find(is_section);
        if next.is_none_or(|line| line.indent.is_empty()) {
            return "";
        }
        let is_end = |line: &&OutlineLine| {
            matches!(
                line.kind,
                OutlineKind::Property { .. } | OutlineKind::Section
            )
        };
        let before = self.lines.iter().take(position).rev().find(is_end);
        let before = before.filter(|line| matches!(line.kind, OutlineKind::Property { .. }));
        before.or(next).map_or("", |line| &line.indent)
    }

    fn is_comment(&self, position: usize) -> bool {
        self.lines.get(position).is_some_and(|line| {
            matches!(line.kind, OutlineKind::Blank | OutlineKind::Comment { .. })
        })
    }

    fn indent(&self, position: usize) -> &str {
        self.lines.get(position).map_or("", |line| &line.indent)
    }
}

/// Checks that a name and a value would be parsed back unchanged.
fn check(name: &str, value: &str, comments: bool) -> Result<()> {
    let problem = if !line_parser::is_identifier(name) {
        format!("invalid property name `{name}`: only letters, digits and _-/.%@:+ are allowed")
    } else if value.contains(['\n', '\r']) || value.trim() != value {
        format!("the value of {name} must not contain line breaks or start or end with white space")
    } else if comments
        && line_parser::without_comment(&format!("= {value}")) != format!("= {value}")
    {
        format!(
            "the value of {name} must not contain # or ; after white space, which starts a comment"
        )
    } else {
        return Ok(());
    };
    Err(Error::new(ErrorKind::Config, problem))
}

fn parse_heading(kind: ConfigFileKind, text: &str) -> Heading {
    match kind {
        ConfigFileKind::Config => Heading::of_config(text),
        ConfigFileKind::Credentials => Heading::of_credentials(text),
    }
}

/// Returns the text between the brackets of a section heading. It is quoted if it could not be read back otherwise.
///
/// # Source
/// The AWS CLI, `configure/__init__.py:profile_to_section`, quotes names with a space or a tab. DIFFERENCE: names with quotes or
/// backslashes are quoted too, because botocore cannot read them otherwise.
fn heading_text(kind: ConfigFileKind, section: &SectionName) -> Result<String> {
    let (prefix, name) = match section {
        SectionName::Profile(name) if kind == ConfigFileKind::Credentials => ("", name),
        SectionName::Profile(name) if name == "default" => ("", name),
        SectionName::Profile(name) => ("profile ", name),
        SectionName::SsoSession(name) => ("sso-session ", name),
        SectionName::Services(name) => ("services ", name),
        SectionName::Plain(name) => ("", name),
    };
    if kind == ConfigFileKind::Credentials && !matches!(section, SectionName::Profile(_)) {
        return Err(Error::new(
            ErrorKind::Config,
            "the credentials file can only contain profiles",
        ));
    }
    let is_readable = |text: &String| {
        let line = format!("[{text}]");
        let lines = line_parser::parse(&line);
        let is_whole = lines.is_ok_and(
            |lines| matches!(lines.as_slice(), [line] if line.kind == LineKind::Section(text)),
        );
        is_whole
            && match (parse_heading(kind, text), section) {
                (Heading::Profile { name: read, .. }, SectionName::Profile(_))
                | (Heading::SsoSession(read), SectionName::SsoSession(_))
                | (Heading::Services(read), SectionName::Services(_)) => read == *name,
                (Heading::Other, SectionName::Plain(_)) => true,
                _ => false,
            }
    };
    let plain = format!("{prefix}{name}");
    let quoted = format!("{prefix}'{}'", name.replace('\'', r#"'"'"'"#));
    [plain, quoted]
        .into_iter()
        .find(is_readable)
        .ok_or_else(|| Error::new(ErrorKind::Config, format!("invalid section name `{name}`")))
}

impl fmt::Debug for ConfigFileEditor {
    /// Omits the text, which may contain secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConfigFileEditor")
            .field("kind", &self.kind)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
