//! [`CredentialFeatures`]: how credentials were come by, for the user agent.

use std::fmt;

/// How credentials were come by: a set of the feature ids that a request's user agent tells AWS (`m/g,n`).
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
    /// Given in code.
    CODE = 0 "e";
    /// From environment variables.
    ENV_VARS = 1 "g";
    /// A web identity named by the environment.
    ENV_VARS_STS_WEB_ID_TOKEN = 2 "h";
    /// From AssumeRole.
    STS_ASSUME_ROLE = 3 "i";
    /// From AssumeRoleWithWebIdentity.
    STS_ASSUME_ROLE_WEB_ID = 4 "k";
    /// Keys of a profile.
    PROFILE = 5 "n";
    /// A profile that names a source profile.
    PROFILE_SOURCE_PROFILE = 6 "o";
    /// A profile that names a credential source.
    PROFILE_NAMED_PROVIDER = 7 "p";
    /// A web identity named by a profile.
    PROFILE_STS_WEB_ID_TOKEN = 8 "q";
    /// An SSO session named by a profile.
    PROFILE_SSO = 9 "r";
    /// From SSO by a session.
    SSO = 10 "s";
    /// A profile with SSO settings of its own.
    PROFILE_SSO_LEGACY = 11 "t";
    /// From SSO without a session.
    SSO_LEGACY = 12 "u";
    /// A process named by a profile.
    PROFILE_PROCESS = 13 "v";
    /// From a process.
    PROCESS = 14 "w";
    /// From the config file of the first boto.
    BOTO2_CONFIG_FILE = 15 "x";
    /// From a container's endpoint.
    HTTP = 16 "z";
    /// From the instance metadata service.
    IMDS = 17 "0";
    /// A login named by a profile.
    PROFILE_LOGIN = 18 "AC";
    /// From a login.
    LOGIN = 19 "AD";
}

impl CredentialFeatures {
    /// The ids, in the order of the list above.
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
