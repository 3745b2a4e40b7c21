//! Where in the files a dotted name stands.

use inia::config::{ConfigFileKind, ConfigFiles, Section, SectionName};

use super::{CREDENTIAL_KEYS, Files};
use crate::status::Failure;

/// A property of a section, or a sub-property.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) section: SectionName,
    pub(super) key: String,
    pub(super) sub: Option<String>,
}

impl Place {
    /// The place of a name as `configure get` and `set` take it.
    ///
    /// # Source
    /// The AWS CLI reference, `configure set`: a name without a section is the profile's own; `default` and `profile.P` choose
    /// another one, and so does the name of a profile that there is.
    ///
    /// DIFFERENCE: `sso-session.S` and `services.S` choose the sections of those kinds, and the name of a profile or section that
    /// there is may have dots.
    pub(super) fn of_name(files: &Files, name: &str) -> Result<Place, Failure> {
        place(
            name,
            files.profile(),
            |profile| files.read.profile(profile).is_some(),
            |session| files.read.sso_session(session).is_some(),
            |services| files.read.services(services).is_some(),
        )
        .ok_or_else(|| {
            Failure::usage(format!(
                "{name:?} names nothing: KEY, KEY.SUB, default.KEY, profile.P.KEY and profile.P.KEY.SUB do"
            ))
        })
    }

    /// Whether it is in a profile.
    pub(super) fn is_in(&self, profile: &str) -> bool {
        matches!(&self.section, SectionName::Profile(name) if name == profile)
    }

    /// The file it is written to.
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

    /// Its value.
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

fn place(
    name: &str,
    profile: &str,
    is_profile: impl Fn(&str) -> bool,
    is_session: impl Fn(&str) -> bool,
    is_services: impl Fn(&str) -> bool,
) -> Option<Place> {
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
    Some(Place {
        section,
        key: (*key).to_owned(),
        sub,
    })
}

/// Parts the name of a section from the key: the longest name that there is, else the first part.
fn section_name<'p, 'a>(
    parts: &'p [&'a str],
    is_there: impl Fn(&str) -> bool,
) -> Option<(String, &'p [&'a str])> {
    for length in (1..parts.len()).rev() {
        let (name, rest) = parts.split_at_checked(length)?;
        let name = name.join(".");
        if rest.len() <= 2 && is_there(&name) {
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
    fn names_are_read_as_the_aws_cli_reads_them() {
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
            let got = place(name, "chosen", is_profile, |_| false, |_| false);
            let expected = expected.map(|(section, key, sub)| Place {
                section,
                key: key.to_owned(),
                sub: sub.map(str::to_owned),
            });
            assert_eq!(got, expected, "{name}");
        }
    }
}
