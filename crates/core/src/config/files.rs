//! [`ConfigFiles`]: the merged contents of the config file and the credentials file.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use indexmap::IndexMap;

use super::line_parser::{self, ConfigParseError, LineKind};
use super::location::{Platform, expand, in_aws_folder};
use super::setting::{self, Setting};
use super::shell_words::split_words;
use crate::ports::{Env, Files};
use crate::{Error, ErrorKind, Result, Str};

/// The paths of the two files; empty if there is no home folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileLocations {
    /// The config file: `AWS_CONFIG_FILE`, or `~/.aws/config`.
    pub config: PathBuf,
    /// The credentials file: `AWS_SHARED_CREDENTIALS_FILE`, or `~/.aws/credentials`.
    pub credentials: PathBuf,
}

impl FileLocations {
    /// Resolves the paths from the environment.
    ///
    /// # Source
    /// botocore `configprovider.py:BOTOCORE_DEFAUT_SESSION_VARIABLES` (`config_file`, `credentials_file`), and Python's `expanduser`.
    #[must_use]
    pub fn resolve(env: &dyn Env, platform: Platform) -> Self {
        let locate = |row: &Setting, name: &str| match row.from_env(env) {
            Some((_, path)) => expand(&path, env, platform),
            None => in_aws_folder(env, platform, &[name]),
        };
        FileLocations {
            config: locate(&setting::CONFIG_FILE, "config"),
            credentials: locate(&setting::CREDENTIALS_FILE, "credentials"),
        }
    }
}

/// The parsed config file and credentials file: the profiles, merged and per file, and the other sections of the config file.
///
/// | | config file | credentials file |
/// |---|---|---|
/// | default profile | `[default]`, or `[profile default]`, which wins | `[default]` |
/// | other profiles | `[profile name]`, `[profile "any name"]` | `[name]` |
/// | others | `[sso-session name]`, `[services name]` | - |
///
/// A profile in both files is merged; the credentials file takes precedence. Names of properties and sub-properties are
/// case-insensitive, those of sections are case-sensitive. A name in the config file is quoted as in a shell if it has white space or
/// quotes; the credentials file has no quoting. Properties with invalid names are ignored.
///
/// ```
/// # use inia_core as inia;
/// use inia::config::ConfigFiles;
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
    /// The profiles that both files have.
    merged: IndexMap<Str, Section>,
}

/// The sections of one file by kind and name.
#[derive(Clone, Debug, Default)]
struct Sections {
    profiles: IndexMap<Str, Section>,
    sso_sessions: IndexMap<Str, Section>,
    services: IndexMap<Str, Section>,
    /// `true` if the file has `[profile default]`, which replaces all of `[default]`.
    has_prefixed_default: bool,
}

/// The properties of a section.
// A sorted list instead of a map: a file may have millions of sections, most of them with a few properties.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Section(Vec<(Str, Property)>);

/// A property of a section.
#[derive(Clone, PartialEq, Eq)]
pub struct Property {
    value: Str,
    nested: Option<Box<[(Str, Str)]>>,
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

    /// Returns the properties by lower-case name, sorted.
    pub fn properties(&self) -> impl Iterator<Item = (&str, &Property)> {
        self.0.iter().map(|(name, property)| (&**name, property))
    }

    /// Returns the section with the properties of another one, which take precedence.
    fn merged(&self, other: &Section) -> Section {
        let mut properties = self.0.clone();
        properties.extend_from_slice(&other.0);
        sort_last_wins(&mut properties);
        Section(properties)
    }
}

/// Looks up a name case-insensitively in a sorted list. The names in the list are lower-case.
fn lookup<'a, T>(list: &'a [(Str, T)], name: &str) -> Option<&'a T> {
    let find = |name: &str| {
        let position = list.binary_search_by(|(other, _)| other.as_str().cmp(name));
        position.ok().and_then(|position| list.get(position))
    };
    let found = find(name).or_else(|| find(&name.to_ascii_lowercase()));
    found.map(|(_, value)| value)
}

/// Sorts a list by name. Of entries with the same name, the last one is kept.
fn sort_last_wins<T>(list: &mut Vec<(Str, T)>) {
    if list.is_sorted_by(|(one, _), (next, _)| one < next) {
        return;
    }
    list.sort_by(|(one, _), (other, _)| one.cmp(other));
    list.dedup_by(|later, earlier| {
        let same = later.0 == earlier.0;
        if same {
            std::mem::swap(later, earlier);
        }
        same
    });
}

impl fmt::Debug for Section {
    /// Omits the values, which may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.properties().map(|(name, _)| name);
        f.debug_set().entries(names).finish()
    }
}

impl fmt::Debug for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Property").finish_non_exhaustive()
    }
}

impl fmt::Debug for ConfigFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConfigFiles")
            .field("locations", &self.locations)
            .field("config", &self.config.profiles)
            .field("credentials", &self.credentials.profiles)
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
        let config = Sections::parse(config, Heading::of_config)
            .map_err(|error| parse_failed(&locations.config, &error))?;
        let credentials = Sections::parse(credentials, Heading::of_credentials)
            .map_err(|error| parse_failed(&locations.credentials, &error))?;
        let merge = |(name, section): (&Str, &Section)| {
            let overriding = credentials.profiles.get(name)?;
            Some((name.clone(), section.merged(overriding)))
        };
        let merged = config.profiles.iter().filter_map(merge).collect();
        Ok(ConfigFiles {
            locations,
            config,
            credentials,
            merged,
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
        self.merged
            .get(name)
            .or_else(|| self.credentials_profile(name))
            .or_else(|| self.config_profile(name))
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
        let config = self.config.profiles.keys();
        let credentials = self.credentials.profiles.keys();
        let credentials = credentials.filter(|name| !self.merged.contains_key(*name));
        config.chain(credentials).map(|name| &**name)
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
pub enum Heading {
    /// A profile.
    Profile {
        /// The name of the profile.
        name: String,
        /// `true` if the heading is `[profile name]`.
        prefixed: bool,
    },
    /// `[sso-session name]`.
    SsoSession(String),
    /// `[services name]`.
    Services(String),
    /// An unknown or invalid heading.
    Other,
}

impl Heading {
    /// Parses the heading of a section of the config file.
    #[must_use]
    pub fn of_config(text: &str) -> Heading {
        if text == "default" {
            return Heading::Profile {
                name: text.to_owned(),
                prefixed: false,
            };
        }
        let name = match split_words(text).as_deref() {
            Some([_, name]) if !name.is_empty() => name.clone(),
            _ => return Heading::Other,
        };
        if text.starts_with("profile") {
            Heading::Profile {
                name,
                prefixed: true,
            }
        } else if text.starts_with("sso-session") {
            Heading::SsoSession(name)
        } else if text.starts_with("services") {
            Heading::Services(name)
        } else {
            Heading::Other
        }
    }

    /// Parses the heading of a section of the credentials file, in which every section is a profile.
    #[must_use]
    pub fn of_credentials(text: &str) -> Heading {
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

impl Sections {
    fn parse(
        bytes: &[u8],
        parse_heading: fn(&str) -> Heading,
    ) -> Result<Sections, ConfigParseError> {
        let mut sections = Sections::default();
        let mut heading = Heading::Other;
        let mut properties = PropertyList::default();
        for line in line_parser::lines(line_parser::decode(bytes)?) {
            match line?.kind {
                LineKind::Blank | LineKind::Comment => {}
                LineKind::Section(text) => {
                    let ended = std::mem::replace(&mut heading, parse_heading(text));
                    sections.add(ended, properties.take());
                }
                LineKind::Property { name, value } => properties.open(name, value),
                LineKind::Continuation { text, sub } => properties.append(text, sub),
            }
        }
        sections.add(heading, properties.take());
        let all = [
            &mut sections.profiles,
            &mut sections.sso_sessions,
            &mut sections.services,
        ];
        for section in all.into_iter().flat_map(IndexMap::values_mut) {
            sort_last_wins(&mut section.0);
        }
        Ok(sections)
    }

    /// Adds properties to the section of a heading.
    fn add(&mut self, heading: Heading, mut properties: Vec<(Str, Property)>) {
        let (sections, name) = match heading {
            Heading::Profile { name, prefixed } => {
                if name == "default" {
                    if prefixed && !self.has_prefixed_default {
                        self.has_prefixed_default = true;
                        self.profiles.shift_remove("default");
                    } else if !prefixed && self.has_prefixed_default {
                        return;
                    }
                }
                (&mut self.profiles, name)
            }
            Heading::SsoSession(name) => (&mut self.sso_sessions, name),
            Heading::Services(name) => (&mut self.services, name),
            Heading::Other => return,
        };
        let section = sections.entry(Str::from(name)).or_default();
        if section.0.is_empty() {
            properties.shrink_to_fit();
            section.0 = properties;
        } else {
            section.0.append(&mut properties);
        }
    }
}

/// The properties of the section that is being parsed.
#[derive(Default)]
struct PropertyList {
    complete: Vec<(Str, Property)>,
    /// The property that a continuation line belongs to; `None` if its name is invalid.
    open: Option<OpenProperty>,
}

struct OpenProperty {
    name: Str,
    value: String,
    nested: Option<Vec<(Str, Str)>>,
}

impl PropertyList {
    fn open(&mut self, name: &str, value: &str) {
        self.close();
        self.open = line_parser::is_identifier(name).then(|| OpenProperty {
            name: Str::from(name.to_ascii_lowercase()),
            value: value.to_owned(),
            nested: None,
        });
    }

    fn append(&mut self, text: &str, sub: Option<(&str, &str)>) {
        let Some(open) = &mut self.open else {
            return;
        };
        open.value.push('\n');
        open.value.push_str(text);
        if let Some((name, value)) = sub {
            let nested = open.nested.get_or_insert_default();
            if line_parser::is_identifier(name) {
                nested.push((Str::from(name.to_ascii_lowercase()), Str::from(value)));
            }
        }
    }

    fn close(&mut self) {
        if let Some(open) = self.open.take() {
            let nested = open.nested.map(|mut nested| {
                sort_last_wins(&mut nested);
                nested.into_boxed_slice()
            });
            let value = Str::from(open.value);
            self.complete.push((open.name, Property { value, nested }));
        }
    }

    /// Returns the properties of the section, and starts the next one.
    fn take(&mut self) -> Vec<(Str, Property)> {
        self.close();
        std::mem::take(&mut self.complete)
    }
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
        assert_eq!(
            files.profile_names().collect::<Vec<_>>(),
            ["my profile", "other profile"]
        );
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
