//! The settings: environment variables, profile keys, kind and default of each, from the [table](super::table).
//!
//! The value of a setting is taken from, in this order: code, the environment variables, the profile keys, the default.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::options::{
    AccountIdEndpointMode, AddressingStyle, ChecksumMode, ClientCertificate, DefaultsMode,
    EndpointDiscovery, NameList, Proxies, ProxyConfig, RegionalEndpoints, RetryMode, S3Config,
};
use super::table::{client_options, proxy_options, s3_options, session_settings};
use crate::ports::Env;
use crate::{Error, ErrorKind, Map, Result, Str, Value};

/// A row of the settings table: the sources, the kind and the default of a setting.
///
/// ```
/// use inia_core::config::setting;
///
/// assert_eq!(setting::REGION.env, ["AWS_REGION", "AWS_DEFAULT_REGION"]);
/// assert_eq!(setting::RETRY_MODE.default, Some("standard"));
/// assert_eq!(setting::CA_BUNDLE.summary(), "A file of trusted CA certificates that replaces the built-in ones.");
/// assert!(setting::all().any(|setting| setting.name == "use_fips_endpoint"));
/// ```
#[derive(Debug)]
pub struct Setting {
    /// The name in code, the same as in botocore.
    pub name: &'static str,
    /// The environment variables; the first one that is set is used.
    pub env: &'static [&'static str],
    /// The profile keys; the first one that exists is used. A dot separates a property from a sub-property.
    pub keys: &'static [&'static str],
    /// The kind of the value.
    pub kind: SettingKind,
    /// The default value.
    pub default: Option<&'static str>,
    /// `true` for an option of [`Config`](super::Config).
    pub is_option: bool,
    /// The lines of the documentation.
    doc: &'static [&'static str],
}

/// The kind of a setting, which determines its valid values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingKind {
    /// Any text.
    Text,
    /// A path, in which `~` and variables are expanded.
    Path,
    /// A boolean: `true`, case-insensitively; any other text is false.
    Flag,
    /// An integer within inclusive bounds.
    Integer(i64, i64),
    /// A number of seconds, possibly with a fraction.
    Seconds,
    /// One of a list of names, case-insensitively.
    Choice(&'static [&'static str]),
    /// Several values, set only in code or in JSON.
    Object,
}

/// The parsed value of a setting.
#[derive(Clone, PartialEq)]
pub enum SettingValue {
    /// Text, or the chosen name as spelled in the settings table.
    Text(Str),
    /// A boolean.
    Flag(bool),
    /// An integer.
    Integer(i64),
    /// A duration.
    Seconds(Duration),
}

impl fmt::Debug for SettingValue {
    /// Omits text, which may be a secret key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SettingValue::Text(_) => f.write_str("Text(..)"),
            SettingValue::Flag(flag) => write!(f, "Flag({flag})"),
            SettingValue::Integer(number) => write!(f, "Integer({number})"),
            SettingValue::Seconds(duration) => write!(f, "Seconds({duration:?})"),
        }
    }
}

/// The maximum of a setting in seconds: a day, which prevents overflow when timeouts are added.
const MAX_SECONDS: f64 = 86_400.0;

impl Setting {
    /// Returns the first environment variable that is set, with its value. White space around the value is removed: keys are often
    /// exported with a line end. An empty variable counts as not set.
    ///
    /// DIFFERENCE: botocore uses the value of an empty variable; the other SDKs ignore it.
    #[must_use]
    pub fn from_env(&self, env: &dyn Env) -> Option<(&'static str, String)> {
        self.env.iter().find_map(|name| {
            let value = trimmed(env.var(name)?);
            (!value.is_empty()).then_some((*name, value))
        })
    }

    /// Returns the first paragraph of the documentation.
    #[must_use]
    pub fn summary(&self) -> String {
        let lines = self.doc.iter().map(|line| line.trim());
        let lines: Vec<&str> = lines.take_while(|line| !line.is_empty()).collect();
        lines.join(" ")
    }

    /// Returns the key of the option in its JSON object: the name, without that of the object.
    pub(super) fn json_name(&self) -> &'static str {
        self.name.rsplit_once('.').map_or(self.name, |(_, key)| key)
    }

    /// Parses a value of this setting's kind. `origin` names the source of the text in errors.
    ///
    /// # Errors
    /// `Config` if the text is not valid.
    pub fn parse(&self, text: &str, origin: &str) -> Result<SettingValue> {
        let text = text.trim();
        let value = match self.kind {
            SettingKind::Text | SettingKind::Path => Some(SettingValue::Text(Str::from(text))),
            SettingKind::Flag => {
                let flag = text.eq_ignore_ascii_case("true");
                if !flag && !text.eq_ignore_ascii_case("false") {
                    tracing::warn!("{origin}: `{text}` is neither true nor false, using false");
                }
                Some(SettingValue::Flag(flag))
            }
            SettingKind::Integer(..) => text.parse().ok().and_then(|value| self.integer(value)),
            SettingKind::Seconds => text.parse().ok().and_then(seconds),
            SettingKind::Choice(names) => choice(names, text),
            SettingKind::Object => None,
        };
        value.ok_or_else(|| {
            let problem = format!("{origin}: `{text}` is not {}", self.expected());
            Error::new(ErrorKind::Config, problem)
        })
    }

    /// Converts a JSON value of this setting's kind.
    ///
    /// # Errors
    /// `Validation` if the value is not valid.
    pub(super) fn parse_json(&self, json: &Value) -> Result<SettingValue> {
        let value = match self.kind {
            SettingKind::Text | SettingKind::Path => {
                json.as_str().map(|text| SettingValue::Text(text.into()))
            }
            SettingKind::Flag => json.as_bool().map(SettingValue::Flag),
            SettingKind::Integer(..) => json.as_i64().and_then(|value| self.integer(value)),
            SettingKind::Seconds => json.as_f64().and_then(seconds),
            SettingKind::Choice(names) => match json {
                Value::Bool(flag) => choice(names, if *flag { "true" } else { "false" }),
                json => json.as_str().and_then(|name| choice(names, name)),
            },
            SettingKind::Object => None,
        };
        value.ok_or_else(|| self.invalid_json(&self.expected(), json))
    }

    /// Returns the error of a JSON value that is not valid.
    #[cold]
    pub(super) fn invalid_json(&self, expected: &str, json: &Value) -> Error {
        let actual = match json {
            Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::String(_) => {
                json.to_json_string()
            }
            json => format!("a {}", json.type_name()),
        };
        let problem = format!("config.{}: expected {expected}, got {actual}", self.name);
        Error::new(ErrorKind::Validation, problem)
    }

    fn integer(&self, value: i64) -> Option<SettingValue> {
        let SettingKind::Integer(min, max) = self.kind else {
            return None;
        };
        let is_valid = (min..=max).contains(&value);
        is_valid.then_some(SettingValue::Integer(value))
    }

    /// Checks the bounds of an integer that is set in code.
    ///
    /// # Errors
    /// `Config` if it is not within them.
    pub(super) fn check_integer(&self, value: impl TryInto<i64> + ToString + Copy) -> Result<()> {
        match value.try_into().ok().and_then(|value| self.integer(value)) {
            Some(_) => Ok(()),
            None => Err(Error::new(
                ErrorKind::Config,
                format!(
                    "{}: `{}` is not {}",
                    self.name,
                    value.to_string(),
                    self.expected()
                ),
            )),
        }
    }

    /// Returns the description of valid values for error messages.
    fn expected(&self) -> String {
        match self.kind {
            SettingKind::Text | SettingKind::Path => "a string".to_owned(),
            SettingKind::Flag => "true or false".to_owned(),
            SettingKind::Integer(min, max) => format!("an integer between {min} and {max}"),
            SettingKind::Seconds => format!("a number of seconds between 0 and {MAX_SECONDS}"),
            SettingKind::Choice(names) => format!("one of {}", names.join(", ")),
            SettingKind::Object => "an object".to_owned(),
        }
    }
}

/// Removes the white space around a value.
pub(crate) fn trimmed(value: String) -> String {
    let text = value.trim();
    if text.len() == value.len() {
        return value;
    }
    text.to_owned()
}

fn seconds(value: f64) -> Option<SettingValue> {
    let is_valid = (0.0..=MAX_SECONDS).contains(&value);
    is_valid.then(|| SettingValue::Seconds(Duration::from_secs_f64(value)))
}

fn choice(names: &[&'static str], text: &str) -> Option<SettingValue> {
    let mut names = names.iter();
    let name = names.find(|name| name.eq_ignore_ascii_case(text))?;
    Some(SettingValue::Text(Str::from_static(name)))
}

/// The type of an option.
pub(super) trait OptionType: Clone {
    /// The kind of settings of this type.
    const KIND: SettingKind;

    /// Converts the parsed value of a setting; `None` if it is of another kind.
    fn from_setting(value: SettingValue) -> Option<Self>;

    /// Converts a JSON value.
    ///
    /// # Errors
    /// `Validation` if the value is not valid.
    fn from_json(setting: &Setting, json: &Value) -> Result<Self> {
        let value = setting.parse_json(json)?;
        Self::from_setting(value).ok_or_else(|| setting.invalid_json(&setting.expected(), json))
    }

    /// Checks a value that is set in code.
    ///
    /// # Errors
    /// `Config` if the value is not valid.
    fn check(&self, _: &Setting) -> Result<()> {
        Ok(())
    }

    /// Returns this value, which overrides `base`.
    fn merged_over(&self, _base: &Self) -> Self {
        self.clone()
    }
}

impl OptionType for Str {
    const KIND: SettingKind = SettingKind::Text;

    fn from_setting(value: SettingValue) -> Option<Self> {
        match value {
            SettingValue::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl OptionType for PathBuf {
    const KIND: SettingKind = SettingKind::Path;

    fn from_setting(value: SettingValue) -> Option<Self> {
        Str::from_setting(value).map(|path| PathBuf::from(path.as_str()))
    }
}

impl OptionType for NameList {
    const KIND: SettingKind = SettingKind::Text;

    fn from_setting(value: SettingValue) -> Option<Self> {
        Str::from_setting(value).map(|names| NameList::from(names.as_str()))
    }
}

impl OptionType for bool {
    const KIND: SettingKind = SettingKind::Flag;

    fn from_setting(value: SettingValue) -> Option<Self> {
        match value {
            SettingValue::Flag(flag) => Some(flag),
            SettingValue::Text(name) => Some(name == "true"),
            _ => None,
        }
    }
}

macro_rules! integer_options {
    ($($type:ty),*) => {$(
        impl OptionType for $type {
            const KIND: SettingKind = SettingKind::Integer(0, i64::MAX);

            fn from_setting(value: SettingValue) -> Option<Self> {
                match value {
                    SettingValue::Integer(number) => number.try_into().ok(),
                    _ => None,
                }
            }

            fn check(&self, setting: &Setting) -> Result<()> {
                setting.check_integer(*self)
            }
        }
    )*};
}

integer_options!(u32, usize);

impl OptionType for Duration {
    const KIND: SettingKind = SettingKind::Seconds;

    fn from_setting(value: SettingValue) -> Option<Self> {
        match value {
            SettingValue::Seconds(duration) => Some(duration),
            _ => None,
        }
    }
}

impl OptionType for Map {
    const KIND: SettingKind = SettingKind::Object;

    fn from_setting(_: SettingValue) -> Option<Self> {
        None
    }

    fn from_json(setting: &Setting, json: &Value) -> Result<Self> {
        let map = json.as_map().cloned();
        map.ok_or_else(|| setting.invalid_json("an object", json))
    }
}

/// Defines the constants of a part of the table, and a list of them.
macro_rules! define_settings {
    (($list:ident, $is_option:literal) $(
        $(#[doc = $doc:literal])*
        $constant:ident $($name:literal)? $field:ident: $type:ident $([$($values:tt)*])? = $default:tt
        $(, env $env:tt)? $(, keys $keys:tt)? $(, resolve $method:ident)?;
    )*) => {
        $(
            $(#[doc = $doc])*
            pub static $constant: Setting = Setting {
                name: setting_name!($field $($name)?),
                env: &optional_list!($($env)?),
                keys: &optional_list!($($keys)?),
                kind: setting_kind!($type $($($values)*)?),
                default: setting_default!($default),
                is_option: $is_option,
                doc: &[$($doc),*],
            };
        )*

        static $list: &[&Setting] = &[$(&$constant),*];
    };
}

macro_rules! setting_name {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $name:literal) => {
        $name
    };
}

macro_rules! optional_list {
    () => {
        []
    };
    ($list:tt) => {
        $list
    };
}

macro_rules! setting_kind {
    ($type:ident) => {
        <$type as OptionType>::KIND
    };
    ($type:ident $min:literal..=$max:literal) => {
        SettingKind::Integer($min, $max)
    };
    ($type:ident $($name:literal)|+) => {
        SettingKind::Choice(&[$($name),+])
    };
}

macro_rules! setting_default {
    (None) => {
        None
    };
    (empty) => {
        None
    };
    ($text:literal) => {
        Some($text)
    };
}

client_options!(define_settings CLIENT_OPTIONS, true);
s3_options!(define_settings S3_OPTIONS, true);
proxy_options!(define_settings PROXY_OPTIONS, true);
session_settings!(define_settings SESSION_SETTINGS, false);

/// Returns all settings, in the order of the table.
pub fn all() -> impl Iterator<Item = &'static Setting> {
    let parts = [CLIENT_OPTIONS, S3_OPTIONS, PROXY_OPTIONS, SESSION_SETTINGS];
    parts.into_iter().flatten().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_valid_and_names_are_unique() {
        let mut names = std::collections::HashSet::new();
        let mut variables = std::collections::HashSet::new();
        for setting in all() {
            assert!(names.insert(setting.name), "{}", setting.name);
            for variable in setting.env {
                assert!(variables.insert(variable), "{variable}");
            }
            if let Some(default) = setting.default {
                setting.parse(default, setting.name).unwrap();
            }
        }
    }

    #[test]
    fn parses_values_of_each_kind() {
        for (setting, text, expected) in [
            (
                &RETRY_MODE,
                "Adaptive",
                Ok(SettingValue::Text("adaptive".into())),
            ),
            (&USE_FIPS_ENDPOINT, "TRUE", Ok(SettingValue::Flag(true))),
            (&USE_FIPS_ENDPOINT, "1", Ok(SettingValue::Flag(false))),
            (&MAX_ATTEMPTS, " 5 ", Ok(SettingValue::Integer(5))),
            (
                &METADATA_SERVICE_TIMEOUT,
                "0.5",
                Ok(SettingValue::Seconds(Duration::from_millis(500))),
            ),
            (
                &MAX_ATTEMPTS,
                "0",
                Err("X: `0` is not an integer between 1 and 1000000"),
            ),
            (
                &METADATA_SERVICE_TIMEOUT,
                "NaN",
                Err("X: `NaN` is not a number of seconds between 0 and 86400"),
            ),
            (
                &RETRY_MODE,
                "fast",
                Err("X: `fast` is not one of legacy, standard, adaptive"),
            ),
        ] {
            match (setting.parse(text, "X"), expected) {
                (Ok(value), Ok(expected)) => assert_eq!(value, expected, "{text}"),
                (Err(error), Err(expected)) => assert_eq!(error.to_string(), expected),
                (got, expected) => panic!("{text}: {got:?}, not {expected:?}"),
            }
        }
    }
}
