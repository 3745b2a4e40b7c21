//! Dotted names of settings in the config files.

use inia::config::{Property, setting};

use super::editor::{ConfigFileKind, SectionName};
use super::{CREDENTIAL_KEYS, Files};
use crate::status::CliError;

/// Sections of the AWS CLI itself.
///
/// # Source
/// The AWS CLI, `configure/__init__.py:PREDEFINED_SECTION_NAMES`.
const PLAIN_SECTIONS: [&str; 2] = ["plugins", "preview"];

/// The value of a setting.
pub(super) enum SettingValue {
    NotSet,
    Text(String),
    /// The setting has sub-properties.
    Nested,
}

/// A property or nested property of a section.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SettingPath {
    pub(super) section: SectionName,
    pub(super) key: String,
    pub(super) sub: Option<String>,
}

impl SettingPath {
    /// Resolves a name as given to `configure get` and `set`.
    ///
    /// # Source
    /// The AWS CLI reference, `configure set`: a name without a section refers to the current profile; `default`,
    /// `profile.P` and the name of an existing profile select another one.
    ///
    /// DIFFERENCE: `sso-session.S` and `services.S` select sections of those kinds, and names of existing profiles and
    /// sections may contain dots.
    pub(super) fn resolve(files: &Files, name: &str) -> Result<SettingPath, CliError> {
        parse(
            name,
            files.profile(),
            |profile| files.read.profile(profile).is_some(),
            |session| files.read.sso_session(session).is_some(),
            |services| files.read.services(services).is_some(),
        )
        .ok_or_else(|| {
            CliError::usage(format!(
                "invalid name {name:?}: expected KEY, KEY.SUB, default.KEY, profile.P.KEY or profile.P.KEY.SUB"
            ))
        })
    }

    /// Resolves a name as given to `configure set`: as [`resolve`](Self::resolve), but `s3.KEY` is always a sub-property, even if a
    /// profile has the name `s3`.
    pub(super) fn resolve_for_set(files: &Files, name: &str) -> Result<SettingPath, CliError> {
        match name.split_once('.') {
            Some((key, sub)) if is_nested_key(key) && !sub.contains('.') => Ok(SettingPath {
                section: SectionName::Profile(files.profile().to_owned()),
                key: key.to_owned(),
                sub: Some(sub.to_owned()),
            }),
            _ => SettingPath::resolve(files, name),
        }
    }

    /// Reports whether the setting belongs to a profile.
    pub(super) fn is_in(&self, profile: &str) -> bool {
        matches!(&self.section, SectionName::Profile(name) if name == profile)
    }

    /// Returns the file that contains the setting.
    pub(super) fn file(&self) -> ConfigFileKind {
        let secret = self.sub.is_none()
            && CREDENTIAL_KEYS
                .iter()
                .any(|key| self.key.eq_ignore_ascii_case(key));
        match self.section {
            SectionName::Profile(_) if secret => ConfigFileKind::Credentials,
            _ => ConfigFileKind::Config,
        }
    }

    /// Returns the value. A setting that a section of the AWS CLI itself lacks is read from the profile of that name.
    pub(super) fn value(&self, files: &Files) -> Result<SettingValue, CliError> {
        let (read, key) = (&files.read, &self.key);
        let section = match &self.section {
            SectionName::Profile(name) => read.profile(name),
            SectionName::SsoSession(name) => read.sso_session(name),
            SectionName::Services(name) => read.services(name),
            SectionName::Plain(name) => {
                if let Some(value) = files.open(self.file())?.get(&self.section, key)? {
                    return Ok(SettingValue::Text(value));
                }
                read.profile(name)
            }
        };
        let value = match (section, &self.sub) {
            (None, _) => None,
            (Some(section), Some(sub)) => section.get_nested(key, sub),
            (Some(section), None) => match section.property(key) {
                Some(property) if property.nested().is_some() => return Ok(SettingValue::Nested),
                property => property.map(Property::value),
            },
        };
        Ok(value.map_or(SettingValue::NotSet, |value| {
            SettingValue::Text(value.to_owned())
        }))
    }
}

/// Reports whether a profile key has sub-properties.
fn is_nested_key(key: &str) -> bool {
    setting::all()
        .flat_map(|setting| setting.keys)
        .any(|name| name.split_once('.').is_some_and(|(first, _)| first == key))
}

fn parse(
    name: &str,
    profile: &str,
    is_profile: impl Fn(&str) -> bool,
    is_session: impl Fn(&str) -> bool,
    is_services: impl Fn(&str) -> bool,
) -> Option<SettingPath> {
    let parts: Vec<&str> = name.split('.').collect();
    if parts.iter().any(|part| part.is_empty()) {
        return None;
    }
    let (section, rest) = match parts.as_slice() {
        [section, rest @ ..] if PLAIN_SECTIONS.contains(section) && !rest.is_empty() => {
            let [_] = rest else { return None };
            (SectionName::Plain((*section).to_owned()), rest)
        }
        ["profile", rest @ ..] if !rest.is_empty() => {
            let (name, rest) = section_name(rest, &is_profile)?;
            (SectionName::Profile(name), rest)
        }
        ["sso-session", rest @ ..] if !rest.is_empty() => {
            let (name, rest) = section_name(rest, &is_session)?;
            (SectionName::SsoSession(name), rest)
        }
        ["services", rest @ ..] if !rest.is_empty() => {
            let (name, rest) = section_name(rest, &is_services)?;
            (SectionName::Services(name), rest)
        }
        ["default", rest @ ..] if !rest.is_empty() => {
            (SectionName::Profile("default".to_owned()), rest)
        }
        [first, rest @ ..] if !rest.is_empty() && is_profile(first) => {
            (SectionName::Profile((*first).to_owned()), rest)
        }
        rest => (SectionName::Profile(profile.to_owned()), rest),
    };
    let (key, sub) = match rest {
        [key] => (key, None),
        [key, sub] => (key, Some((*sub).to_owned())),
        _ => return None,
    };
    Some(SettingPath {
        section,
        key: (*key).to_owned(),
        sub,
    })
}

/// Splits the name of a section from the key: the longest existing name, else the first part.
fn section_name<'p, 'a>(
    parts: &'p [&'a str],
    exists: impl Fn(&str) -> bool,
) -> Option<(String, &'p [&'a str])> {
    for length in (1..parts.len()).rev() {
        let (name, rest) = parts.split_at_checked(length)?;
        let name = name.join(".");
        if rest.len() <= 2 && exists(&name) {
            return Some((name, rest));
        }
    }
    let (first, rest) = parts.split_first()?;
    Some(((*first).to_owned(), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_names_like_the_aws_cli() {
        let profile = |name: &str| SectionName::Profile(name.to_owned());
        for (name, expected) in [
            ("region", Some((profile("chosen"), "region", None))),
            (
                "s3.addressing_style",
                Some((profile("chosen"), "s3", Some("addressing_style"))),
            ),
            ("default.region", Some((profile("default"), "region", None))),
            (
                "default.s3.addressing_style",
                Some((profile("default"), "s3", Some("addressing_style"))),
            ),
            ("profile.x.region", Some((profile("x"), "region", None))),
            ("profile.x.s3.a", Some((profile("x"), "s3", Some("a")))),
            ("known.region", Some((profile("known"), "region", None))),
            (
                "profile.with.dots.region",
                Some((profile("with.dots"), "region", None)),
            ),
            (
                "sso-session.corp.sso_region",
                Some((SectionName::SsoSession("corp".into()), "sso_region", None)),
            ),
            (
                "services.mine.s3.endpoint_url",
                Some((
                    SectionName::Services("mine".into()),
                    "s3",
                    Some("endpoint_url"),
                )),
            ),
            (
                "preview.cloudfront",
                Some((SectionName::Plain("preview".into()), "cloudfront", None)),
            ),
            ("preview.a.b", None),
            ("preview", Some((profile("chosen"), "preview", None))),
            ("profile.x", None),
            ("a.b.c.d", None),
            ("a..b", None),
            ("", None),
        ] {
            let is_profile = |name: &str| matches!(name, "known" | "with.dots");
            let parsed = parse(name, "chosen", is_profile, |_| false, |_| false);
            let expected = expected.map(|(section, key, sub)| SettingPath {
                section,
                key: key.to_owned(),
                sub: sub.map(str::to_owned),
            });
            assert_eq!(parsed, expected, "{name}");
        }
    }
}
