//! [`ConfigFiles`]: what the config file and the credentials file say together.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use indexmap::IndexMap;

use super::location::FileLocations;
use super::parse::{self, LineKind, ParseError};
use super::words::split_words;
use crate::ports::Files;
use crate::{Error, ErrorKind, Result, Str};

/// The two files read: their profiles, each on its own and merged, and the other sections of the config file.
///
/// | | config file | credentials file |
/// |---|---|---|
/// | default profile | `[default]`, or `[profile default]`, which wins | `[default]` |
/// | other profiles | `[profile name]`, `[profile "any name"]` | `[name]` |
/// | others | `[sso-session name]`, `[services name]` | - |
///
/// A profile in both files has the properties of both; of a property in both, the credentials file's counts. Names of properties
/// and of sub-properties are case-insensitive, those of sections are not. A section whose name is not allowed, and a property whose
/// name is not, are passed over.
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
/// DIFFERENCE: sections and properties that occur twice are merged, the last one winning, as AWS's format says; botocore refuses them.
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
    /// The value. Lines that continue it follow, each after a line feed; a property with sub-properties has no value on its
    /// own line, so its value begins with a line feed.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// The sub-properties, by lower-case name, where the property holds some.
    pub fn nested(&self) -> Option<impl Iterator<Item = (&str, &str)>> {
        let nested = self.nested.as_ref()?;
        Some(nested.iter().map(|(name, value)| (&**name, &**value)))
    }

    /// The line it stands on, counted from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }
}

impl Section {
    /// The value of a property; `None` where it holds sub-properties.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.property(name)
            .filter(|property| property.nested.is_none())
            .map(Property::value)
    }

    /// The value of a sub-property.
    #[must_use]
    pub fn get_nested(&self, name: &str, sub: &str) -> Option<&str> {
        let nested = self.property(name)?.nested.as_ref()?;
        lookup(nested, sub).map(|value| &**value)
    }

    /// A property, whatever it holds.
    #[must_use]
    pub fn property(&self, name: &str) -> Option<&Property> {
        lookup(&self.0, name)
    }

    /// Whether there is such a property.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.property(name).is_some()
    }

    /// The properties by lower-case name, in the order of the file.
    pub fn properties(&self) -> impl Iterator<Item = (&str, &Property)> {
        self.0.iter().map(|(name, property)| (&**name, property))
    }

    fn merge(&mut self, other: &Section) {
        for (name, property) in &other.0 {
            self.0.insert(name.clone(), property.clone());
        }
    }
}

/// Looks a lower-case name up, whatever the case of the name asked for.
fn lookup<'a, T>(map: &'a IndexMap<Str, T>, name: &str) -> Option<&'a T> {
    match map.get(name) {
        Some(found) => Some(found),
        None => map.get(&*name.to_ascii_lowercase()),
    }
}

impl fmt::Debug for Section {
    /// Names the properties without their values, which may be secrets.
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
    /// Reads both files from where they are; a file that is not there counts as empty.
    ///
    /// # Errors
    /// `Config` where a file cannot be read, is not UTF-8 or breaks the format; the message starts with `file:line`.
    pub fn load(files: &dyn Files, locations: FileLocations) -> Result<Self> {
        let config = read(files, &locations.config)?;
        let credentials = read(files, &locations.credentials)?;
        Self::from_bytes(locations, &config, &credentials)
    }

    /// Reads the text of both files; empty text for a file that is not there.
    ///
    /// # Errors
    /// `Config` where a text breaks the format; the message starts with `file:line`.
    pub fn parse(config: &str, credentials: &str) -> Result<Self> {
        Self::from_bytes(
            FileLocations::default(),
            config.as_bytes(),
            credentials.as_bytes(),
        )
    }

    fn from_bytes(locations: FileLocations, config: &[u8], credentials: &[u8]) -> Result<Self> {
        let config = config_sections(config).map_err(|error| at(&locations.config, &error))?;
        let mut credentials = credentials_sections(credentials)
            .map_err(|error| at(&locations.credentials, &error))?;
        // White space in a name calls for quotes, which the credentials file does not have: there it counts where the config file
        // has quoted the same name.
        credentials
            .profiles
            .retain(|name, _| parse::is_identifier(name) || config.profiles.contains_key(name));
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

    /// Where the files are.
    #[must_use]
    pub fn locations(&self) -> &FileLocations {
        &self.locations
    }

    /// A profile, of both files.
    #[must_use]
    pub fn profile(&self, name: &str) -> Option<&Section> {
        self.profiles.get(name)
    }

    /// A profile as the config file alone has it.
    #[must_use]
    pub fn config_profile(&self, name: &str) -> Option<&Section> {
        self.config.profiles.get(name)
    }

    /// A profile as the credentials file alone has it.
    #[must_use]
    pub fn credentials_profile(&self, name: &str) -> Option<&Section> {
        self.credentials.profiles.get(name)
    }

    /// The names of all profiles: the config file's in order, then those only the credentials file has.
    pub fn profile_names(&self) -> impl Iterator<Item = &str> {
        self.profiles.keys().map(|name| &**name)
    }

    /// An `[sso-session]` section.
    #[must_use]
    pub fn sso_session(&self, name: &str) -> Option<&Section> {
        self.config.sso_sessions.get(name)
    }

    /// The names of all `[sso-session]` sections, in order.
    pub fn sso_session_names(&self) -> impl Iterator<Item = &str> {
        self.config.sso_sessions.keys().map(|name| &**name)
    }

    /// A `[services]` section.
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
            format!("{}: the file cannot be read", path.display()),
        )
        .with_source(error)),
    }
}

#[cold]
fn at(path: &Path, error: &ParseError) -> Error {
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

/// What a section of the config file is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heading {
    /// A profile; `prefixed` where the heading says `profile`.
    Profile {
        name: String,
        prefixed: bool,
    },
    SsoSession(String),
    Services(String),
    /// A heading that means nothing here.
    Other,
}

impl Heading {
    /// Reads the heading of a section of the config file.
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
        if name.is_empty() || !(quoted || parse::is_identifier(name)) {
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

    /// Reads the heading of a section of the credentials file, where every section is a profile.
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

fn config_sections(bytes: &[u8]) -> Result<Sections, ParseError> {
    let mut sections = Sections::default();
    let mut prefixed_default = false;
    for (heading, section) in raw_sections(bytes)? {
        let (into, name) = match Heading::of_config(heading) {
            Heading::Profile { name, prefixed } => {
                if name == "default" {
                    if prefixed && !prefixed_default {
                        // `[profile default]` replaces what any `[default]` said.
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
        into.entry(Str::from(name)).or_default().merge(&section);
    }
    Ok(sections)
}

fn credentials_sections(bytes: &[u8]) -> Result<Sections, ParseError> {
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

/// The sections in order, by their heading's text.
fn raw_sections(bytes: &[u8]) -> Result<Vec<(&str, Section)>, ParseError> {
    let mut sections: Vec<(&str, Section)> = Vec::new();
    // The property that a continuation belongs to; `None` where its name is not allowed.
    let mut open: Option<(Str, String, Property)> = None;
    let close = |sections: &mut Vec<(&str, Section)>, open: Option<(Str, String, Property)>| {
        if let (Some((_, section)), Some((name, value, mut property))) = (sections.last_mut(), open)
        {
            property.value = Str::from(value);
            section.0.insert(name, property);
        }
    };
    for (number, line) in parse::parse(parse::decode(bytes)?)?.into_iter().enumerate() {
        match line.kind {
            LineKind::Blank | LineKind::Comment => {}
            LineKind::Section(heading) => {
                close(&mut sections, open.take());
                sections.push((heading, Section::default()));
            }
            LineKind::Property { name, value } => {
                close(&mut sections, open.take());
                if parse::is_identifier(name) {
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
                    if parse::is_identifier(name) {
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
    fn quoted_names_may_hold_anything_and_reach_the_credentials_file() {
        let files = ConfigFiles::parse(
            "[profile \"my profile\"]\na = 1\n[profile \"x\" \"y\"]\nb = 2\n[profile \"open]\nc = 3",
            "[my profile]\nd = 4\n[other profile]\ne = 5",
        )
        .unwrap();
        assert_eq!(files.profile_names().collect::<Vec<_>>(), ["my profile"]);
        assert_eq!(files.profile("my profile").unwrap().get("d"), Some("4"));
    }

    #[test]
    fn errors_name_file_and_line() {
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
    fn nothing_of_a_value_is_printed() {
        let files = ConfigFiles::parse("", "[a]\naws_secret_access_key = hidden").unwrap();
        let debug = format!("{files:?}");
        assert!(debug.contains("aws_secret_access_key") && !debug.contains("hidden"));
    }

    #[test]
    fn each_file_keeps_its_own_profiles() {
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
