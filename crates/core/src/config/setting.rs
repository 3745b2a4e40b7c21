//! The settings: environment variables, profile keys, type and default of each, from the table in `table.rs`.
//!
//! The value of a setting is taken from, in this order: code, the environment variables, the profile keys, the default.

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use super::location::{Platform, expand};
use super::table::{client_options, proxy_options, s3_options, session_settings};
use crate::ports::Env;
use crate::{Error, ErrorKind, Map, Result, Str, Value};

/// A row of the settings table: the sources and the default of a setting.
///
/// ```
/// # use inia_core as inia;
/// use inia::config::setting;
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
    /// The default value; empty if it is an empty list or object.
    pub default: Option<&'static str>,
    /// `true` for an option of [`Config`](super::Config).
    pub is_option: bool,
    /// The bounds of an integer, if it has any.
    bounds: &'static [RangeInclusive<i64>],
    /// The lines of the documentation.
    doc: &'static [&'static str],
}

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

    /// Parses a value. `origin` names the source of the text in errors.
    ///
    /// # Errors
    /// `Config` if the text is not valid.
    pub(super) fn parse<T: OptionType>(&self, text: &str, origin: &str) -> Result<T> {
        let value = T::parse(text.trim(), origin).filter(|value| value.is_within(self.bounds));
        value.ok_or_else(|| self.invalid::<T>(ErrorKind::Config, origin, text.trim()))
    }

    /// Checks a value that is set in code.
    ///
    /// # Errors
    /// `Config` if the value is not within the bounds.
    pub(super) fn check<T: OptionType>(&self, value: &T) -> Result<()> {
        match value.is_within(self.bounds) {
            true => Ok(()),
            false => Err(self.invalid::<T>(ErrorKind::Config, self.name, "the value")),
        }
    }

    #[cold]
    fn invalid<T: OptionType>(&self, kind: ErrorKind, origin: &str, text: &str) -> Error {
        let expected = match (T::NAMES, self.bounds) {
            ([], []) => T::EXPECTED.to_owned(),
            ([], [bounds, ..]) => {
                format!(
                    "{} between {} and {}",
                    T::EXPECTED,
                    bounds.start(),
                    bounds.end()
                )
            }
            (names, _) => format!("{} {}", T::EXPECTED, names.join(", ")),
        };
        Error::new(kind, format!("{origin}: `{text}` is not {expected}"))
    }

    /// Returns the error of a JSON value that is not valid.
    #[cold]
    pub(super) fn invalid_json(&self, expected: &str, json: &Value) -> Error {
        let actual = json.type_name();
        let problem = format!("config.{}: expected {expected}, got a {actual}", self.name);
        Error::new(ErrorKind::Validation, problem)
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

/// The type of a setting.
pub(crate) trait OptionType: Clone {
    /// The description of valid values, for error messages.
    const EXPECTED: &str;
    /// The valid names, if these are the only values.
    const NAMES: &[&str] = &[];

    /// Parses a text; `None` if it is not valid. `origin` is for warnings.
    fn parse(text: &str, origin: &str) -> Option<Self>;

    /// Converts a JSON value.
    ///
    /// # Errors
    /// `Validation` if the value is not valid.
    fn from_json(setting: &Setting, json: &Value) -> Result<Self> {
        let text = match json {
            Value::String(text) => text.to_string(),
            Value::Bool(_) | Value::Int(_) | Value::Float(_) => json.to_json_string(),
            _ => return Err(setting.invalid_json(Self::EXPECTED, json)),
        };
        let origin = format!("config.{}", setting.name);
        let value = setting.parse(&text, &origin);
        value.map_err(|error| Error::new(ErrorKind::Validation, error.to_string()))
    }

    /// Returns `true` if an integer is within the bounds.
    fn is_within(&self, _bounds: &[RangeInclusive<i64>]) -> bool {
        true
    }

    /// Expands `~` and variables in a path of the environment or the profile.
    fn expanded(self, _env: &dyn Env) -> Self {
        self
    }

    /// Returns this value, which overrides `base`.
    fn merged_over(&self, _base: &Self) -> Self {
        self.clone()
    }
}

impl OptionType for Str {
    const EXPECTED: &str = "a string";

    fn parse(text: &str, _: &str) -> Option<Self> {
        Some(Str::from(text))
    }
}

impl OptionType for PathBuf {
    const EXPECTED: &str = "a path";

    fn parse(text: &str, _: &str) -> Option<Self> {
        Some(PathBuf::from(text))
    }

    fn expanded(self, env: &dyn Env) -> Self {
        self.to_str()
            .map_or_else(|| self.clone(), |path| expand(path, env, Platform::CURRENT))
    }
}

impl OptionType for bool {
    const EXPECTED: &str = "true or false";

    fn parse(text: &str, origin: &str) -> Option<Self> {
        let flag = text.eq_ignore_ascii_case("true");
        if !flag && !text.eq_ignore_ascii_case("false") {
            tracing::warn!("{origin}: `{text}` is neither true nor false, using false");
        }
        Some(flag)
    }

    fn from_json(setting: &Setting, json: &Value) -> Result<Self> {
        let flag = json.as_bool();
        flag.ok_or_else(|| setting.invalid_json("true or false", json))
    }
}

macro_rules! integer_options {
    ($($type:ty),*) => {$(
        impl OptionType for $type {
            const EXPECTED: &str = "an integer";

            fn parse(text: &str, _: &str) -> Option<Self> {
                text.parse().ok()
            }

            fn is_within(&self, bounds: &[RangeInclusive<i64>]) -> bool {
                i64::try_from(*self).is_ok_and(|value| bounds.iter().all(|bounds| bounds.contains(&value)))
            }
        }
    )*};
}

integer_options!(u32, usize);

impl OptionType for Duration {
    const EXPECTED: &str = "a number of seconds between 0 and 86400";

    fn parse(text: &str, _: &str) -> Option<Self> {
        // The limit of a day prevents overflow when timeouts are added.
        let seconds = text
            .parse()
            .ok()
            .filter(|seconds| (0.0..=86_400.0).contains(seconds))?;
        Some(Duration::from_secs_f64(seconds))
    }
}

impl OptionType for Map {
    const EXPECTED: &str = "an object";

    fn parse(text: &str, _: &str) -> Option<Self> {
        text.is_empty().then(Map::new)
    }

    fn from_json(setting: &Setting, json: &Value) -> Result<Self> {
        let map = json.as_map().cloned();
        map.ok_or_else(|| setting.invalid_json("an object", json))
    }
}

/// Defines the constants of a part of the table, and a list of them.
macro_rules! define_settings {
    (($list:ident, $is_option:literal, $prefix:literal) $(
        $(#[doc = $doc:literal])*
        $constant:ident $field:ident: $type:ident $([$bounds:expr])? $(= $default:literal)?
        $(, env [$($env:literal),*])? $(, keys [$($key:literal),*])? $(, resolve $method:ident)?;
    )*) => {
        $(
            $(#[doc = $doc])*
            pub static $constant: Setting = Setting {
                name: concat!($prefix, stringify!($field)),
                env: &[$($($env),*)?],
                keys: &[$($($key),*)?],
                default: first(&[$($default)?]),
                is_option: $is_option,
                bounds: &[$($bounds)?],
                doc: &[$($doc),*],
            };
        )*

        static $list: &[&Setting] = &[$(&$constant),*];
    };
}

const fn first(default: &[&'static str]) -> Option<&'static str> {
    match default {
        [text, ..] => Some(*text),
        [] => None,
    }
}

client_options!(define_settings CLIENT_OPTIONS, true, "");
s3_options!(define_settings S3_OPTIONS, true, "s3.");
proxy_options!(define_settings PROXY_OPTIONS, true, "proxies_config.");
session_settings!(define_settings SESSION_SETTINGS, false, "");

/// Returns all settings, in the order of the table.
pub fn all() -> impl Iterator<Item = &'static Setting> {
    let parts = [CLIENT_OPTIONS, S3_OPTIONS, PROXY_OPTIONS, SESSION_SETTINGS];
    parts.into_iter().flatten().copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{IpVersion, RetryMode};

    #[test]
    fn names_are_unique_and_defaults_are_valid() {
        let mut names = std::collections::HashSet::new();
        let mut variables = std::collections::HashSet::new();
        for setting in all() {
            assert!(names.insert(setting.name), "{}", setting.name);
            for variable in setting.env {
                assert!(variables.insert(variable), "{variable}");
            }
        }
        macro_rules! parse_defaults {
            (() $(
                $(#[doc = $doc:literal])*
                $constant:ident $field:ident: $type:ident $([$bounds:expr])? $(= $default:literal)?
                $(, env $env:tt)? $(, keys $keys:tt)?;
            )*) => {
                $($($constant.parse::<$type>($default, $constant.name).unwrap();)?)*
            };
        }
        session_settings!(parse_defaults);
    }

    #[test]
    fn parses_values_of_each_type() {
        fn parse<T: OptionType>(setting: &Setting, text: &str) -> std::result::Result<T, String> {
            setting.parse(text, "X").map_err(|error| error.to_string())
        }
        fn error<T>(text: &str) -> std::result::Result<T, String> {
            Err(format!("X: {text}"))
        }
        assert_eq!(parse(&RETRY_MODE, "Adaptive"), Ok(RetryMode::Adaptive));
        assert_eq!(parse(&USE_FIPS_ENDPOINT, "TRUE"), Ok(true));
        assert_eq!(parse(&USE_FIPS_ENDPOINT, "1"), Ok(false));
        assert_eq!(parse(&MAX_ATTEMPTS, " 5 "), Ok(5u32));
        let timeout = Duration::from_millis(500);
        assert_eq!(parse(&METADATA_SERVICE_TIMEOUT, "0.5"), Ok(timeout));
        assert_eq!(
            parse::<u32>(&MAX_ATTEMPTS, "0"),
            error("`0` is not an integer between 1 and 1000000")
        );
        assert_eq!(
            parse::<Duration>(&METADATA_SERVICE_TIMEOUT, "NaN"),
            error("`NaN` is not a number of seconds between 0 and 86400")
        );
        assert_eq!(
            parse::<RetryMode>(&RETRY_MODE, "fast"),
            error("`fast` is not one of legacy, standard, adaptive")
        );
        assert!(parse::<IpVersion>(&EC2_METADATA_SERVICE_ENDPOINT_MODE, "ipv5").is_err());
    }
}
