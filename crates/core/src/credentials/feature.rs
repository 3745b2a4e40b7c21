//! [`CredentialFeatures`]: the sources of credentials, for the user agent.

use std::fmt;

/// The sources of credentials: a set of feature ids for the user agent (`m/g,n`).
///
/// ```
/// use inia_core::CredentialFeatures;
///
/// let both = CredentialFeatures::PROFILE | CredentialFeatures::STS_ASSUME_ROLE;
/// assert_eq!(both.ids().collect::<Vec<_>>(), ["i", "n"]);
/// ```
///
/// # Source
/// botocore `useragent.py:_USERAGENT_FEATURE_MAPPINGS`.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct CredentialFeatures(u32);

macro_rules! features {
    ($($(#[$doc:meta])* $name:ident = $bit:literal $id:literal;)*) => {
        impl CredentialFeatures {
            $($(#[$doc])* pub const $name: CredentialFeatures = CredentialFeatures(1 << $bit);)*

            const ALL: &[(CredentialFeatures, &str)] = &[$((CredentialFeatures::$name, $id)),*];
        }
    };
}

features! {
    /// Set in code.
    CODE = 0 "e";
    /// From environment variables.
    ENV_VARS = 1 "g";
    /// A web identity token from environment variables.
    ENV_VARS_STS_WEB_ID_TOKEN = 2 "h";
    /// From AssumeRole.
    STS_ASSUME_ROLE = 3 "i";
    /// From AssumeRoleWithWebIdentity.
    STS_ASSUME_ROLE_WEB_ID = 4 "k";
    /// Access keys of a profile.
    PROFILE = 5 "n";
    /// A profile with `source_profile`.
    PROFILE_SOURCE_PROFILE = 6 "o";
    /// A profile with `credential_source`.
    PROFILE_NAMED_PROVIDER = 7 "p";
    /// A web identity token from a profile.
    PROFILE_STS_WEB_ID_TOKEN = 8 "q";
    /// A profile with `sso_session`.
    PROFILE_SSO = 9 "r";
    /// From SSO with an `sso_session`.
    SSO = 10 "s";
    /// A profile with `sso_start_url`.
    PROFILE_SSO_LEGACY = 11 "t";
    /// From SSO without an `sso_session`.
    SSO_LEGACY = 12 "u";
    /// A profile with `credential_process`.
    PROFILE_PROCESS = 13 "v";
    /// From a process.
    PROCESS = 14 "w";
    /// From the config file of boto 2.
    BOTO2_CONFIG_FILE = 15 "x";
    /// From the container credentials endpoint.
    HTTP = 16 "z";
    /// From the instance metadata service.
    IMDS = 17 "0";
    /// A profile with `login_session`.
    PROFILE_LOGIN = 18 "AC";
    /// From a login.
    LOGIN = 19 "AD";
}

impl CredentialFeatures {
    /// Returns the ids in the order of the constants.
    pub fn ids(self) -> impl Iterator<Item = &'static str> {
        Self::ALL
            .iter()
            .filter(move |(feature, _)| self.0 & feature.0 != 0)
            .map(|(_, id)| *id)
    }
}

impl std::ops::BitOr for CredentialFeatures {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        CredentialFeatures(self.0 | other.0)
    }
}

impl std::ops::BitOrAssign for CredentialFeatures {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

impl fmt::Debug for CredentialFeatures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.ids()).finish()
    }
}
