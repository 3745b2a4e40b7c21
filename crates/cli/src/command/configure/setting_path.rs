//! Dotted names of settings in the config files.

use inia::config::{ConfigFileKind, ConfigFiles, Section, SectionName};

use super::{CREDENTIAL_KEYS, Files};
use crate::status::CliError;

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

    /// Returns the value.
    pub(super) fn value<'a>(&self, files: &'a ConfigFiles) -> Option<&'a str> {
        let section: &Section = match &self.section {
            SectionName::Profile(name) => files.profile(name),
            SectionName::SsoSession(name) => files.sso_session(name),
            SectionName::Services(name) => files.services(name),
        }?;
        match &self.sub {
            Some(sub) => section.get_nested(&self.key, sub),
            None => section.get(&self.key),
        }
    }
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
