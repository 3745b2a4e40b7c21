//! [`ConfigFileEditor`]: sets and unsets single values of a config file, and preserves the rest.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::files::Heading;
use super::line_parser::{self, LineKind};
use crate::ports::Files;
use crate::{Error, ErrorKind, Result};

/// The kind of a file, which determines its section names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigFileKind {
    /// The config file.
    Config,
    /// The credentials file.
    Credentials,
}

impl ConfigFileKind {
    fn heading(self, text: &str) -> Heading {
        match self {
            ConfigFileKind::Config => Heading::of_config(text),
            ConfigFileKind::Credentials => Heading::of_credentials(text),
        }
    }
}

impl Heading {
    /// Returns `true` if this is a heading of a section.
    fn names(&self, section: &SectionName) -> bool {
        match (self, section) {
            (Heading::Profile { name, .. }, SectionName::Profile(expected))
            | (Heading::SsoSession(name), SectionName::SsoSession(expected))
            | (Heading::Services(name), SectionName::Services(expected)) => name == expected,
            _ => false,
        }
    }
}

/// The kind and name of a section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SectionName {
    /// A profile.
    Profile(String),
    /// An `[sso-session]` section.
    SsoSession(String),
    /// A `[services]` section.
    Services(String),
}

/// Edits a config file line by line. Unchanged lines, including comments and unknown sections, are preserved.
///
/// ```
/// use inia_core::config::{ConfigFileEditor, ConfigFileKind, SectionName};
///
/// let mut file = ConfigFileEditor::from_text(
///     ConfigFileKind::Config,
///     "# mine\n[default]\nregion=us-east-1 # home\noutput = json\n",
/// )?;
/// let default = SectionName::Profile("default".into());
/// file.set(&default, "region", "eu-west-1")?;
/// file.set_nested(&default, "s3", "addressing_style", "path")?;
/// assert_eq!(
///     file.text(),
///     "# mine\n[default]\nregion = eu-west-1\noutput = json\ns3 =\n  addressing_style = path\n"
/// );
/// # Ok::<(), inia_core::Error>(())
/// ```
pub struct ConfigFileEditor {
    kind: ConfigFileKind,
    path: PathBuf,
    text: String,
}

impl ConfigFileEditor {
    /// Opens a file. A file that does not exist is treated as empty, and is created by [`save`](Self::save).
    ///
    /// # Errors
    /// `Config` if the file cannot be read or is malformed. Such a file is not overwritten.
    pub fn open(files: &dyn Files, path: &Path, kind: ConfigFileKind) -> Result<Self> {
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

    /// Edits text in memory.
    ///
    /// # Errors
    /// `Config` if the text is malformed.
    pub fn from_text(kind: ConfigFileKind, text: &str) -> Result<Self> {
        line_parser::parse(text)
            .map_err(|error| Error::new(ErrorKind::Config, error.to_string()))?;
        Ok(ConfigFileEditor {
            kind,
            path: PathBuf::new(),
            text: text.to_owned(),
        })
    }

    /// Returns the edited text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Writes the file, readable by its owner only.
    ///
    /// # Errors
    /// `Config` if the file cannot be written.
    pub fn save(&self, files: &dyn Files) -> Result<()> {
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

    /// Sets a property. An existing property is replaced; a new one is added at the end of the section, and a new section at the end
    /// of the file.
    ///
    /// # Errors
    /// `Config` if the section name, the property name or the value cannot be represented in the file.
    pub fn set(&mut self, section: &SectionName, name: &str, value: &str) -> Result<()> {
        let line = property_line(name, value)?;
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
    pub fn set_nested(
        &mut self,
        section: &SectionName,
        name: &str,
        sub: &str,
        value: &str,
    ) -> Result<()> {
        check(sub, value, false)?;
        let head = property_line(name, "")?;
        let line = format!("  {sub} = {value}");
        let file = self.outline(section)?;
        let Some(range) = file.property(name) else {
            return self.append(section, &file, &[head, line]);
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
                self.replace(
                    &file,
                    (position, position),
                    &[format!("{indent}{sub} = {value}")],
                );
            }
            None => {
                let (first, last) = range;
                let indent = if last > first {
                    file.indent(last)
                } else {
                    format!("{}  ", file.indent(first))
                };
                self.insert_after(last, &[format!("{indent}{sub} = {value}")]);
            }
        }
        Ok(())
    }

    /// Removes all occurrences of a property in a section. Returns `true` if there were any.
    ///
    /// # Errors
    /// `Config` if the section name cannot be represented in the file.
    pub fn unset(&mut self, section: &SectionName, name: &str) -> Result<bool> {
        let mut removed = false;
        loop {
            let file = self.outline(section)?;
            let Some(range) = file.property(name) else {
                return Ok(removed);
            };
            self.replace(&file, range, &[]);
            removed = true;
        }
    }

    /// Removes a sub-property, and the property if no other is left. Returns `true` if it existed.
    ///
    /// # Errors
    /// `Config` if the section name cannot be represented in the file.
    pub fn unset_nested(&mut self, section: &SectionName, name: &str, sub: &str) -> Result<bool> {
        let file = self.outline(section)?;
        let Some(range) = file.property(name) else {
            return Ok(false);
        };
        let Some(position) = file.sub_property(range, sub) else {
            return Ok(false);
        };
        if file.sub_properties(range).count() == 1 {
            self.replace(&file, range, &[]);
        } else {
            self.replace(&file, (position, position), &[]);
        }
        Ok(true)
    }

    fn outline(&self, section: &SectionName) -> Result<Outline> {
        let heading = heading_text(self.kind, section)?;
        Ok(Outline::read(self.kind, &self.text, section, heading))
    }

    /// Adds lines at the end of a section, before the blank lines that separate it from the next one.
    fn append(&mut self, section: &SectionName, file: &Outline, lines: &[String]) -> Result<()> {
        match file.end {
            Some(end) => {
                // A line with a deeper indentation would continue the line above, so the new line takes the one of its neighbours.
                let indent = file.neighbour_indent(end);
                let lines: Vec<String> =
                    lines.iter().map(|line| format!("{indent}{line}")).collect();
                self.insert_after(end, &lines);
            }
            None => {
                let mut added = Vec::with_capacity(lines.len() + 2);
                if !self.text.is_empty() && !self.text.ends_with("\n\n") {
                    added.push(String::new());
                }
                added.push(format!("[{}]", heading_text(self.kind, section)?));
                added.extend_from_slice(lines);
                if !self.text.is_empty() && !self.text.ends_with(['\n', '\r']) {
                    self.text.push_str(self.line_end());
                }
                let end = self.line_end();
                for line in added {
                    self.text.push_str(&line);
                    self.text.push_str(end);
                }
            }
        }
        Ok(())
    }

    fn insert_after(&mut self, position: usize, lines: &[String]) {
        self.splice(position + 1, lines, |_| false);
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
                if !text.is_empty() && !text.ends_with(['\n', '\r']) {
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
    Property { name: String, value: String },
    Continuation { sub: Option<String> },
    Section,
    Other,
}

impl Outline {
    fn read(kind: ConfigFileKind, text: &str, section: &SectionName, heading: String) -> Outline {
        // `[profile default]` takes precedence over `[default]`.
        let prefixed = matches!(section, SectionName::Profile(name) if name == "default")
            && kind == ConfigFileKind::Config
            && line_parser::parse(text).is_ok_and(|lines| {
                lines.iter().any(|line| match line.kind {
                    LineKind::Section(text) => {
                        Heading::of_config(text)
                            == Heading::Profile {
                                name: "default".to_owned(),
                                prefixed: true,
                            }
                    }
                    _ => false,
                })
            });
        let is_section = |text: &str| {
            if text == heading && !prefixed {
                return true;
            }
            let parsed = kind.heading(text);
            let other_default = matches!(&parsed, Heading::Profile { name, prefixed: p } if name == "default" && *p != prefixed);
            parsed.names(section) && !other_default
        };
        let mut outline = Outline {
            lines: Vec::new(),
            end: None,
        };
        let mut inside = false;
        for (position, line) in line_parser::parse(text)
            .unwrap_or_default()
            .iter()
            .enumerate()
        {
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
                LineKind::Blank | LineKind::Comment => OutlineKind::Other,
            };
            if inside && line.kind != LineKind::Blank && line.kind != LineKind::Comment {
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

    fn sub_properties(&self, range: (usize, usize)) -> impl Iterator<Item = (usize, &str)> {
        self.lines
            .iter()
            .enumerate()
            .take(range.1 + 1)
            .skip(range.0 + 1)
            .filter_map(|(position, line)| match &line.kind {
                OutlineKind::Continuation { sub: Some(name) } => Some((position, &**name)),
                _ => None,
            })
    }

    fn sub_property(&self, range: (usize, usize), sub: &str) -> Option<usize> {
        let sub = sub.to_ascii_lowercase();
        self.sub_properties(range)
            .filter(|(_, name)| *name == sub)
            .last()
            .map(|(position, _)| position)
    }

    /// Returns the indentation for a new property after line `end`: that of the property before, otherwise that of the next section.
    fn neighbour_indent(&self, end: usize) -> String {
        let before = self
            .lines
            .iter()
            .take(end + 1)
            .rev()
            .take_while(|line| !matches!(line.kind, OutlineKind::Section))
            .find(|line| matches!(line.kind, OutlineKind::Property { .. }));
        let after = || {
            self.lines
                .iter()
                .skip(end + 1)
                .find(|line| matches!(line.kind, OutlineKind::Section))
        };
        before
            .or_else(after)
            .map(|line| line.indent.clone())
            .unwrap_or_default()
    }

    fn is_comment(&self, position: usize) -> bool {
        self.lines
            .get(position)
            .is_some_and(|line| matches!(line.kind, OutlineKind::Other))
    }

    fn indent(&self, position: usize) -> String {
        self.lines
            .get(position)
            .map(|line| line.indent.clone())
            .unwrap_or_default()
    }
}

fn property_line(name: &str, value: &str) -> Result<String> {
    check(name, value, true)?;
    Ok(if value.is_empty() {
        format!("{name} =")
    } else {
        format!("{name} = {value}")
    })
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

/// Returns the text between the brackets of a section heading.
fn heading_text(kind: ConfigFileKind, section: &SectionName) -> Result<String> {
    let (prefix, name) = match section {
        SectionName::Profile(name) if kind == ConfigFileKind::Credentials => ("", name),
        SectionName::Profile(name) if name == "default" => ("", name),
        SectionName::Profile(name) => ("profile ", name),
        SectionName::SsoSession(name) => ("sso-session ", name),
        SectionName::Services(name) => ("services ", name),
    };
    if kind == ConfigFileKind::Credentials && !matches!(section, SectionName::Profile(_)) {
        return Err(Error::new(
            ErrorKind::Config,
            "the credentials file can only contain profiles",
        ));
    }
    let plain = format!("{prefix}{name}");
    let escaped = name.replace('\\', "\\\\").replace('"', "\\\"");
    let quoted = format!("{prefix}\"{escaped}\"");
    [plain, quoted]
        .into_iter()
        .find(|text| is_heading_of(kind, text, section))
        .filter(|_| !name.contains(char::is_control))
        .ok_or_else(|| {
            let problem = format!("invalid section name `{name}`");
            Error::new(ErrorKind::Config, problem)
        })
}

/// Returns `true` if a line with this text between brackets is read as the heading of a section.
fn is_heading_of(kind: ConfigFileKind, text: &str, section: &SectionName) -> bool {
    let line = format!("[{text}]");
    let lines = line_parser::parse(&line).unwrap_or_default();
    let [line] = lines.as_slice() else {
        return false;
    };
    line.kind == LineKind::Section(text) && kind.heading(text).names(section)
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
mod tests {
    use super::*;
    use crate::config::ConfigFiles;

    fn profile(name: &str) -> SectionName {
        SectionName::Profile(name.to_owned())
    }

    fn edit(text: &str, change: impl Fn(&mut ConfigFileEditor)) -> String {
        let mut editor = ConfigFileEditor::from_text(ConfigFileKind::Config, text).unwrap();
        change(&mut editor);
        editor.text().to_owned()
    }

    #[test]
    fn adds_section_at_end_of_file_and_property_at_end_of_section() {
        let text = edit("[default]\na = 1\n\n# next\n[profile x]\nb = 2", |file| {
            file.set(&profile("default"), "c", "3").unwrap();
            file.set(&profile("x"), "d", "4").unwrap();
            file.set(&profile("new one"), "e", "5").unwrap();
            file.set(&SectionName::SsoSession("s".into()), "f", "6")
                .unwrap();
        });
        assert_eq!(
            text,
            "[default]\na = 1\nc = 3\n\n# next\n[profile x]\nb = 2\nd = 4\n\n[profile \"new one\"]\ne = 5\n\n[sso-session s]\nf = 6\n"
        );
        let files = ConfigFiles::parse(&text, "").unwrap();
        assert_eq!(files.profile("new one").unwrap().get("e"), Some("5"));
    }

    #[test]
    fn odd_section_names_are_read_back() {
        for name in [
            "Acme Prod",
            "zoë",
            "[PROD]-x",
            r"DOM\user",
            "O'Brien",
            "a\"b",
            "a,b",
            "x]y",
            "x] #y",
            "a #b",
            "p;q",
            "a \\\" b",
        ] {
            let mut texts = Vec::new();
            for kind in [ConfigFileKind::Config, ConfigFileKind::Credentials] {
                let mut file = ConfigFileEditor::from_text(kind, "").unwrap();
                // A bracket before a comment cannot be written without quotes.
                match file.set(&profile(name), "key", "x") {
                    Ok(()) => assert!(file.unset(&profile(name), "gone").is_ok()),
                    Err(_) => assert_eq!((kind, name), (ConfigFileKind::Credentials, "x] #y")),
                }
                file.set(&profile("last"), "key", "y").unwrap();
                texts.push(file.text().to_owned());
            }
            let files = ConfigFiles::parse(&texts[0], &texts[1]).unwrap();
            let value = files.config_profile(name).unwrap().get("key");
            assert_eq!(value, Some("x"), "{}", texts[0]);
            if name != "x] #y" {
                let value = files.credentials_profile(name).unwrap().get("key");
                assert_eq!(value, Some("x"), "{}", texts[1]);
            }
        }
    }

    #[test]
    fn changes_the_effective_occurrence() {
        // The last occurrence is effective, and `[profile default]` rather than `[default]`.
        let text =
            "[default]\nk = 0\n[profile default]\nk = 1\n[profile a]\n[profile default]\nK = 2\n";
        let changed = edit(text, |file| {
            file.set(&profile("default"), "k", "3").unwrap()
        });
        assert_eq!(changed, text.replace("K = 2", "k = 3"));
        let cleared = edit(text, |file| {
            assert!(file.unset(&profile("default"), "k").unwrap());
            assert!(!file.unset(&profile("default"), "k").unwrap());
        });
        assert_eq!(
            cleared,
            "[default]\nk = 0\n[profile default]\n[profile a]\n[profile default]\n"
        );
    }

    #[test]
    fn sub_properties_keep_indentation_and_neighbours() {
        let text = "[default]\r\ns3 =\r\n\t# how\r\n\tuse_arn_region = true\r\n\r\nregion = a\r\n";
        let changed = edit(text, |file| {
            let section = profile("default");
            file.set_nested(&section, "s3", "use_arn_region", "false")
                .unwrap();
            file.set_nested(&section, "s3", "addressing_style", "path")
                .unwrap();
            assert!(file.set_nested(&section, "region", "x", "y").is_err());
        });
        assert_eq!(
            changed,
            "[default]\r\ns3 =\r\n\t# how\r\n\tuse_arn_region = false\r\n\taddressing_style = path\r\n\r\nregion = a\r\n"
        );
        let cleared = edit(&changed, |file| {
            let section = profile("default");
            assert!(file.unset_nested(&section, "s3", "use_arn_region").unwrap());
            assert!(
                file.unset_nested(&section, "s3", "addressing_style")
                    .unwrap()
            );
            assert!(!file.unset_nested(&section, "s3", "gone").unwrap());
        });
        assert_eq!(cleared, "[default]\r\n\t# how\r\n\r\nregion = a\r\n");
    }

    #[test]
    fn credentials_file_has_profiles_without_prefix() {
        let mut file = ConfigFileEditor::from_text(ConfigFileKind::Credentials, "").unwrap();
        file.set(&profile("dev"), "aws_access_key_id", "AKID")
            .unwrap();
        assert_eq!(file.text(), "[dev]\naws_access_key_id = AKID\n");
        assert!(
            file.set(&SectionName::Services("s".into()), "a", "b")
                .is_err()
        );
    }

    #[test]
    fn set_values_are_parsed_back_and_other_lines_are_preserved() {
        const PARTS: [&str; 20] = [
            "[",
            "]",
            "[profile x]",
            "[default]",
            "[profile default]",
            "[profile \"x\"]",
            "\n",
            "\n",
            "\n",
            "\r\n",
            " ",
            "\t",
            "=",
            "a = b",
            "key = old",
            "s3 =",
            "  sub = c",
            "# d",
            ";",
            "é",
        ];
        let mut state = 1_u64;
        let mut random = |below: usize| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            usize::try_from(state >> 33).unwrap() % below
        };
        let mut edited = 0;
        for _ in 0..4_000 {
            let text: String = (0..random(16))
                .map(|_| PARTS[random(PARTS.len())])
                .collect();
            // The parser and the editor accept the same files.
            let before = ConfigFiles::parse(&text, "");
            let Ok(mut editor) = ConfigFileEditor::from_text(ConfigFileKind::Config, &text) else {
                assert!(before.is_err(), "{text:?}");
                continue;
            };
            edited += 1;
            for name in ["x", "default"] {
                let section_name = profile(name);
                editor.set(&section_name, "key", "new").unwrap();
                let nested = editor.set_nested(&section_name, "s3", "sub", "new");
                let after = ConfigFiles::parse(editor.text(), "").unwrap();
                let section = after.profile(name).unwrap();
                assert_eq!(
                    section.get("key"),
                    Some("new"),
                    "{text:?} {:?}",
                    editor.text()
                );
                if nested.is_ok() {
                    assert_eq!(
                        section.get_nested("s3", "sub"),
                        Some("new"),
                        "{text:?} {:?}",
                        editor.text()
                    );
                }
                if let Some(old) = before.as_ref().unwrap().profile(name) {
                    assert_eq!(
                        old.get("a"),
                        section.get("a"),
                        "{text:?} {:?}",
                        editor.text()
                    );
                }
            }
            for line in text.lines().filter(|line| line.trim().starts_with('#')) {
                assert!(editor.text().contains(line), "{text:?} {:?}", editor.text());
            }
            for name in ["x", "default"] {
                editor.unset(&profile(name), "key").unwrap();
                let after = ConfigFiles::parse(editor.text(), "").unwrap();
                assert!(
                    !after.profile(name).unwrap().contains("key"),
                    "{text:?} {:?}",
                    editor.text()
                );
            }
        }
        assert!(edited > 500, "{edited}");
    }

    #[test]
    fn rejects_names_and_values_that_cannot_be_represented() {
        let mut file = ConfigFileEditor::from_text(ConfigFileKind::Config, "").unwrap();
        for (section, name, value) in [
            ("a", "two words", "x"),
            ("a", "key", "x\n[profile b]"),
            ("a", "key", " x"),
            ("a", "key", "x # y"),
            ("a", "key", "# y"),
            ("a\n]", "key", "x"),
            ("", "key", "x"),
        ] {
            assert!(
                file.set(&profile(section), name, value).is_err(),
                "{section} {name} {value}"
            );
        }
        assert_eq!(file.text(), "");
        file.set(&profile("a"), "key", "x;y=z").unwrap();
        assert!(format!("{file:?}").find("x;y").is_none());
    }
}
