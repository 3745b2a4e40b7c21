//! [`ConfigFiles`]: the merged contents of the config file and the credentials file.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use indexmap::IndexMap;

use super::line_parser::{self, ConfigParseError, LineKind};
use super::location::FileLocations;
use super::shell_words::split_words;
use crate::ports::Files;
use crate::{Error, ErrorKind, Result, Str};

/// The parsed config file and credentials file: the profiles, merged and per file, and the other sections of the config file.
///
/// | | config file | credentials file |
/// |---|---|---|
/// | default profile | `[default]`, or `[profile default]`, which wins | `[default]` |
/// | other profiles | `[profile name]`, `[profile "any name"]` | `[name]` |
/// | others | `[sso-session name]`, `[services name]` | - |
///
/// A profile in both files is merged; the credentials file takes precedence. Names of properties and sub-properties are
/// case-insensitive, those of sections are case-sensitive. Sections and properties with invalid names are ignored.
///
/// ```
/// use inia_core::config::ConfigFiles;
///
/// let files = ConfigFiles::parse(
///     "[profile dev]\nregion = eu-west-1\ns3 =\n  addressing_style = path\n",
///     "[dev]\naws_access_key_id = AKID\n",
/// )?;
/// let dev = files.profile("dev").unwrap();
/// assert_eq!(dev.get("Region"), Some("eu-west-1"));
/// assert_eq!(dev.get("aws_access_key_id"), Some("AKID"));
/// assert_eq!(dev.get_nested("s3", "addressing_style"), Some("path"));
/// # Ok::<(), inia_core::Error>(())
/// ```
///
/// # Source
/// AWS's shared configuration file format; botocore `configloader.py:build_profile_map`, `session.py:Session.full_config`.
///
/// DIFFERENCE: duplicate sections and properties are merged, and the last one wins, as AWS's format specifies; botocore rejects them.
#[derive(Clone, Default)]
pub struct ConfigFiles {
    locations: FileLocations,
    config: Sections,
    credentials: Sections,
    profiles: IndexMap<Str, Section>,
}

/// The sections of one file by kind and name.
#[derive(Clone, Debug, Default)]
struct Sections {
    profiles: IndexMap<Str, Section>,
    sso_sessions: IndexMap<Str, Section>,
    services: IndexMap<Str, Section>,
}

/// The properties of a section.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Section(IndexMap<Str, Property>);

/// A property of a section.
#[derive(Clone, PartialEq, Eq)]
pub struct Property {
    value: Str,
    nested: Option<IndexMap<Str, Str>>,
    line: usize,
}

impl Property {
    /// Returns the value. Continuation lines are appended, each after a line feed; the value of a property with sub-properties starts
    /// with a line feed.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Returns the sub-properties by lower-case name, or `None` if the property has a plain value.
    pub fn nested(&self) -> Option<impl Iterator<Item = (&str, &str)>> {
        let nested = self.nested.as_ref()?;
        Some(nested.iter().map(|(name, value)| (&**name, &**value)))
    }

    /// Returns the line number of the property, counted from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }
}

impl Section {
    /// Returns the value of a property; `None` if it does not exist or has sub-properties.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.property(name)
            .filter(|property| property.nested.is_none())
            .map(Property::value)
    }

    /// Returns the value of a sub-property.
    #[must_use]
    pub fn get_nested(&self, name: &str, sub: &str) -> Option<&str> {
        let nested = self.property(name)?.nested.as_ref()?;
        lookup(nested, sub).map(|value| &**value)
    }

    /// Returns the value of a property, or of a sub-property after a dot (`s3.addressing_style`).
    pub(crate) fn get_path(&self, path: &str) -> Option<&str> {
        match path.split_once('.') {
            None => self.get(path),
            Some((name, sub)) => self.get_nested(name, sub),
        }
    }

    /// Returns a property.
    #[must_use]
    pub fn property(&self, name: &str) -> Option<&Property> {
        lookup(&self.0, name)
    }

    /// Returns `true` if the section has a property of this name.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.property(name).is_some()
    }

    /// Returns the properties by lower-case name, in file order.
    pub fn properties(&self) -> impl Iterator<Item = (&str, &Property)> {
        self.0.iter().map(|(name, property)| (&**name, property))
    }

    fn merge(&mut self, other: &Section) {
        for (name, property) in &other.0 {
            self.0.insert(name.clone(), property.clone());
        }
    }
}

/// Looks up a name case-insensitively. The keys are lower-case.
fn lookup<'a, T>(map: &'a IndexMap<Str, T>, name: &str) -> Option<&'a T> {
    match map.get(name) {
        Some(value) => Some(value),
        None => map.get(&*name.to_ascii_lowercase()),
    }
}

impl fmt::Debug for Section {
    /// Omits the values, which may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl fmt::Debug for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Property")
            .field("line", &self.line)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ConfigFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConfigFiles")
            .field("locations", &self.locations)
            .field("profiles", &self.profiles)
            .field("sso_sessions", &self.config.sso_sessions)
            .field("services", &self.config.services)
            .finish()
    }
}

impl ConfigFiles {
    /// Reads both files. A file that does not exist is treated as empty.
    ///
    /// # Errors
    /// `Config` if a file cannot be read, is not UTF-8 or is malformed; the message of a malformed file starts with `file:line`.
    pub fn load(files: &dyn Files, locations: FileLocations) -> Result<Self> {
        let config = read(files, &locations.config)?;
        let credentials = read(files, &locations.credentials)?;
        Self::from_bytes(locations, &config, &credentials)
    }

    /// Parses the text of both files. The text of a file that does not exist is empty.
    ///
    /// # Errors
    /// `Config` if a text is malformed; the message starts with `file:line`.
    pub fn parse(config: &str, credentials: &str) -> Result<Self> {
        Self::from_bytes(
            FileLocations::default(),
            config.as_bytes(),
            credentials.as_bytes(),
        )
    }

    fn from_bytes(locations: FileLocations, config: &[u8], credentials: &[u8]) -> Result<Self> {
        let config =
            config_sections(config).map_err(|error| parse_failed(&locations.config, &error))?;
        let mut credentials = credentials_sections(credentials)
            .map_err(|error| parse_failed(&locations.credentials, &error))?;
        // The credentials file has no quoted names. A name that would need quotes is accepted only if the config file has a quoted
        // profile of the same name.
        credentials.profiles.retain(|name, _| {
            line_parser::is_identifier(name) || config.profiles.contains_key(name)
        });
        let mut profiles = config.profiles.clone();
        for (name, section) in &credentials.profiles {
            profiles.entry(name.clone()).or_default().merge(section);
        }
        Ok(ConfigFiles {
            locations,
            config,
            credentials,
            profiles,
        })
    }

    /// Returns the locations of the files.
    #[must_use]
    pub fn locations(&self) -> &FileLocations {
        &self.locations
    }

    /// Returns a profile, merged from both files.
    #[must_use]
    pub fn profile(&self, name: &str) -> Option<&Section> {
        self.profiles.get(name)
    }

    /// Returns a profile of the config file, without the credentials file.
    #[must_use]
    pub fn config_profile(&self, name: &str) -> Option<&Section> {
        self.config.profiles.get(name)
    }

    /// Returns a profile of the credentials file, without the config file.
    #[must_use]
    pub fn credentials_profile(&self, name: &str) -> Option<&Section> {
        self.credentials.profiles.get(name)
    }

    /// Returns the names of all profiles: those of the config file, then those that only the credentials file has, in file order.
    pub fn profile_names(&self) -> impl Iterator<Item = &str> {
        self.profiles.keys().map(|name| &**name)
    }

    /// Returns an `[sso-session]` section.
    #[must_use]
    pub fn sso_session(&self, name: &str) -> Option<&Section> {
        self.config.sso_sessions.get(name)
    }

    /// Returns the names of all `[sso-session]` sections, in file order.
    pub fn sso_session_names(&self) -> impl Iterator<Item = &str> {
        self.config.sso_sessions.keys().map(|name| &**name)
    }

    /// Returns a `[services]` section.
    #[must_use]
    pub fn services(&self, name: &str) -> Option<&Section> {
        self.config.services.get(name)
    }
}

fn read(files: &dyn Files, path: &Path) -> Result<Vec<u8>> {
    if path.as_os_str().is_empty() {
        return Ok(Vec::new());
    }
    match files.read(path) {
        Ok(bytes) => Ok(bytes),
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound
                    | io::ErrorKind::IsADirectory
                    | io::ErrorKind::NotADirectory
            ) =>
        {
            Ok(Vec::new())
        }
        Err(error) => Err(Error::new(
            ErrorKind::Config,
            format!("{}: cannot read the file", path.display()),
        )
        .with_source(error)),
    }
}

#[cold]
fn parse_failed(path: &Path, error: &ConfigParseError) -> Error {
    let path = if path.as_os_str().is_empty() {
        PathBuf::from("config")
    } else {
        path.to_owned()
    };
    Error::new(
        ErrorKind::Config,
        format!("{}:{}: {}", path.display(), error.line, error.message),
    )
}

/// The parsed heading of a section.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heading {
    /// A profile; `prefixed` if the heading is `[profile name]`.
    Profile {
        name: String,
        prefixed: bool,
    },
    SsoSession(String),
    Services(String),
    /// An unknown or invalid heading.
    Other,
}

impl Heading {
    /// Parses the heading of a section of the config file.
    pub(super) fn of_config(text: &str) -> Heading {
        if text == "default" {
            return Heading::Profile {
                name: text.to_owned(),
                prefixed: false,
            };
        }
        let Some(words) = split_words(text) else {
            return Heading::Other;
        };
        let [kind, name] = words.as_slice() else {
            return Heading::Other;
        };
        let quoted = text.contains(['"', '\'']) && !name.chars().any(char::is_control);
        if name.is_empty() || !(quoted || line_parser::is_identifier(name)) {
            return Heading::Other;
        }
        let name = name.clone();
        match kind.as_str() {
            "profile" => Heading::Profile {
                name,
                prefixed: true,
            },
            "sso-session" => Heading::SsoSession(name),
            "services" => Heading::Services(name),
            _ => Heading::Other,
        }
    }

    /// Parses the heading of a section of the credentials file, in which every section is a profile.
    pub(super) fn of_credentials(text: &str) -> Heading {
        let prefixed = text
            .split_once([' ', '\t'])
            .is_some_and(|(kind, _)| matches!(kind, "profile" | "sso-session" | "services"));
        if text.is_empty() || prefixed {
            return Heading::Other;
        }
        Heading::Profile {
            name: text.to_owned(),
            prefixed: false,
        }
    }
}

fn config_sections(bytes: &[u8]) -> Result<Sections, ConfigParseError> {
    let mut sections = Sections::default();
    let mut prefixed_default = false;
    for (heading, section) in raw_sections(bytes)? {
        let (target, name) = match Heading::of_config(heading) {
            Heading::Profile { name, prefixed } => {
                if name == "default" {
                    if prefixed && !prefixed_default {
                        // `[profile default]` replaces all of `[default]`.
                        prefixed_default = true;
                        sections.profiles.shift_remove("default");
                    } else if !prefixed && prefixed_default {
                        continue;
                    }
                }
                (&mut sections.profiles, name)
            }
            Heading::SsoSession(name) => (&mut sections.sso_sessions, name),
            Heading::Services(name) => (&mut sections.services, name),
            Heading::Other => continue,
        };
        target.entry(Str::from(name)).or_default().merge(&section);
    }
    Ok(sections)
}

fn credentials_sections(bytes: &[u8]) -> Result<Sections, ConfigParseError> {
    let mut sections = Sections::default();
    for (heading, section) in raw_sections(bytes)? {
        if let Heading::Profile { name, .. } = Heading::of_credentials(heading) {
            sections
                .profiles
                .entry(Str::from(name))
                .or_default()
                .merge(&section);
        }
    }
    Ok(sections)
}

/// Returns the sections in file order, with the text of their headings.
fn raw_sections(bytes: &[u8]) -> Result<Vec<(&str, Section)>, ConfigParseError> {
    let mut sections: Vec<(&str, Section)> = Vec::new();
    // The property that a continuation line belongs to; `None` if its name is invalid.
    let mut open: Option<(Str, String, Property)> = None;
    let close = |sections: &mut Vec<(&str, Section)>, open: Option<(Str, String, Property)>| {
        if let (Some((_, section)), Some((name, value, mut property))) = (sections.last_mut(), open)
        {
            property.value = Str::from(value);
            section.0.insert(name, property);
        }
    };
    for (number, line) in line_parser::parse(line_parser::decode(bytes)?)?
        .into_iter()
        .enumerate()
    {
        match line.kind {
            LineKind::Blank | LineKind::Comment => {}
            LineKind::Section(heading) => {
                close(&mut sections, open.take());
                sections.push((heading, Section::default()));
            }
            LineKind::Property { name, value } => {
                close(&mut sections, open.take());
                if line_parser::is_identifier(name) {
                    let property = Property {
                        value: Str::new(),
                        nested: None,
                        line: number + 1,
                    };
                    open = Some((
                        Str::from(name.to_ascii_lowercase()),
                        value.to_owned(),
                        property,
                    ));
                }
            }
            LineKind::Continuation { text, sub } => {
                let Some((_, value, property)) = &mut open else {
                    continue;
                };
                value.push('\n');
                value.push_str(text);
                if let Some((name, value)) = sub {
                    let nested = property.nested.get_or_insert_default();
                    if line_parser::is_identifier(name) {
                        nested.insert(Str::from(name.to_ascii_lowercase()), Str::from(value));
                    }
                }
            }
        }
    }
    close(&mut sections, open);
    Ok(sections)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_names_allow_white_space_and_match_the_credentials_file() {
        let files = ConfigFiles::parse(
            "[profile \"my profile\"]\na = 1\n[profile \"x\" \"y\"]\nb = 2\n[profile \"open]\nc = 3",
            "[my profile]\nd = 4\n[other profile]\ne = 5",
        )
        .unwrap();
        assert_eq!(files.profile_names().collect::<Vec<_>>(), ["my profile"]);
        assert_eq!(files.profile("my profile").unwrap().get("d"), Some("4"));
    }

    #[test]
    fn errors_contain_file_and_line() {
        let locations = FileLocations {
            config: "/c".into(),
            credentials: "/d".into(),
        };
        let error = ConfigFiles::from_bytes(locations, b"", b"[a]\nb").unwrap_err();
        assert_eq!(
            error.to_string(),
            "/d:2: Expected an '=' sign defining a property"
        );
        assert_eq!(error.kind(), ErrorKind::Config);
    }

    #[test]
    fn debug_omits_values() {
        let files = ConfigFiles::parse("", "[a]\naws_secret_access_key = hidden").unwrap();
        let debug = format!("{files:?}");
        assert!(debug.contains("aws_secret_access_key") && !debug.contains("hidden"));
    }

    #[test]
    fn profiles_of_each_file_are_kept_separately() {
        let files =
            ConfigFiles::parse("[default]\nk = config\nl = 1", "[default]\nk = creds").unwrap();
        assert_eq!(files.profile("default").unwrap().get("k"), Some("creds"));
        assert_eq!(files.profile("default").unwrap().get("l"), Some("1"));
        assert_eq!(
            files.config_profile("default").unwrap().get("k"),
            Some("config")
        );
        assert!(!files.credentials_profile("default").unwrap().contains("l"));
    }
}
