//! [`UserAgentFeatures`]: the feature ids in the user agent.

use std::fmt;

/// A set of features that a request uses, whose ids are sent in its user agent (`m/E,Z,b,g`).
///
/// ```
/// # mod inia { pub mod credentials { pub use inia_core::*; } }
/// use inia::credentials::UserAgentFeatures;
///
/// let features = UserAgentFeatures::CREDENTIALS_PROFILE | UserAgentFeatures::CREDENTIALS_STS_ASSUME_ROLE;
/// assert_eq!(features.ids().collect::<Vec<_>>(), ["i", "n"]);
/// ```
///
/// # Source
/// botocore `useragent.py:_USERAGENT_FEATURE_MAPPINGS`.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct UserAgentFeatures(u64);

/// Defines a constant per feature; its bit is its position in the list.
macro_rules! features {
    ($($(#[$doc:meta])* $name:ident = $id:literal;)*) => {
        #[allow(
            non_camel_case_types,
            clippy::upper_case_acronyms,
            reason = "each variant is the bit of the constant of the same name"
        )]
        enum FeatureBit { $($name),* }

        impl UserAgentFeatures {
            $($(#[$doc])* pub const $name: Self = Self(1 << FeatureBit::$name as u32);)*

            /// The ids by bit.
            const IDS: &[&str] = &[$($id),*];
        }
    };
}

features! {
    /// A call of a waiter.
    WAITER = "B";
    /// A call of a paginator.
    PAGINATOR = "C";
    /// The retry mode `legacy`.
    RETRY_MODE_LEGACY = "D";
    /// The retry mode `standard`.
    RETRY_MODE_STANDARD = "E";
    /// The retry mode `adaptive`.
    RETRY_MODE_ADAPTIVE = "F";
    /// A call of the S3 transfer manager.
    S3_TRANSFER = "G";
    /// A request whose body is compressed.
    GZIP_REQUEST_COMPRESSION = "L";
    /// The protocol `smithy-rpc-v2-cbor`.
    PROTOCOL_RPC_V2_CBOR = "M";
    /// An endpoint from code, the environment or the config file.
    ENDPOINT_OVERRIDE = "N";
    /// The account id endpoint mode `preferred`.
    ACCOUNT_ID_MODE_PREFERRED = "P";
    /// The account id endpoint mode `disabled`.
    ACCOUNT_ID_MODE_DISABLED = "Q";
    /// The account id endpoint mode `required`.
    ACCOUNT_ID_MODE_REQUIRED = "R";
    /// A signature with SigV4a.
    SIGV4A_SIGNING = "S";
    /// Endpoint rules that received the account id.
    RESOLVED_ACCOUNT_ID = "T";
    /// A request checksum with CRC-32.
    FLEXIBLE_CHECKSUMS_REQ_CRC32 = "U";
    /// A request checksum with CRC-32C.
    FLEXIBLE_CHECKSUMS_REQ_CRC32C = "V";
    /// A request checksum with CRC-64/NVME.
    FLEXIBLE_CHECKSUMS_REQ_CRC64 = "W";
    /// A request checksum with SHA-1.
    FLEXIBLE_CHECKSUMS_REQ_SHA1 = "X";
    /// A request checksum with SHA-256.
    FLEXIBLE_CHECKSUMS_REQ_SHA256 = "Y";
    /// Request checksums for all operations that support them.
    FLEXIBLE_CHECKSUMS_REQ_WHEN_SUPPORTED = "Z";
    /// Request checksums for operations that require them.
    FLEXIBLE_CHECKSUMS_REQ_WHEN_REQUIRED = "a";
    /// Validation of response checksums for all operations that support it.
    FLEXIBLE_CHECKSUMS_RES_WHEN_SUPPORTED = "b";
    /// Validation of response checksums for operations that require it.
    FLEXIBLE_CHECKSUMS_RES_WHEN_REQUIRED = "c";
    /// Credentials set in code.
    CREDENTIALS_CODE = "e";
    /// Credentials from environment variables.
    CREDENTIALS_ENV_VARS = "g";
    /// A web identity token from environment variables.
    CREDENTIALS_ENV_VARS_STS_WEB_ID_TOKEN = "h";
    /// Credentials from AssumeRole.
    CREDENTIALS_STS_ASSUME_ROLE = "i";
    /// Credentials from AssumeRoleWithWebIdentity.
    CREDENTIALS_STS_ASSUME_ROLE_WEB_ID = "k";
    /// Access keys of a profile.
    CREDENTIALS_PROFILE = "n";
    /// A profile with `source_profile`.
    CREDENTIALS_PROFILE_SOURCE_PROFILE = "o";
    /// A profile with `credential_source`.
    CREDENTIALS_PROFILE_NAMED_PROVIDER = "p";
    /// A web identity token from a profile.
    CREDENTIALS_PROFILE_STS_WEB_ID_TOKEN = "q";
    /// A profile with `sso_session`.
    CREDENTIALS_PROFILE_SSO = "r";
    /// Credentials from SSO with an `sso_session`.
    CREDENTIALS_SSO = "s";
    /// A profile with `sso_start_url`.
    CREDENTIALS_PROFILE_SSO_LEGACY = "t";
    /// Credentials from SSO without an `sso_session`.
    CREDENTIALS_SSO_LEGACY = "u";
    /// A profile with `credential_process`.
    CREDENTIALS_PROFILE_PROCESS = "v";
    /// Credentials from a process.
    CREDENTIALS_PROCESS = "w";
    /// Credentials from the config file of boto 2.
    CREDENTIALS_BOTO2_CONFIG_FILE = "x";
    /// Credentials from the container credentials endpoint.
    CREDENTIALS_HTTP = "z";
    /// Credentials from the instance metadata service.
    CREDENTIALS_IMDS = "0";
    /// A bearer token from environment variables.
    BEARER_SERVICE_ENV_VARS = "3";
    /// A profile with `login_session`.
    CREDENTIALS_PROFILE_LOGIN = "AC";
    /// Credentials from `aws login`.
    CREDENTIALS_LOGIN = "AD";
    /// A request checksum with MD5.
    FLEXIBLE_CHECKSUMS_REQ_MD5 = "AE";
    /// A request checksum with SHA-512.
    FLEXIBLE_CHECKSUMS_REQ_SHA512 = "AF";
    /// A request checksum with XXH3.
    FLEXIBLE_CHECKSUMS_REQ_XXHASH3 = "AG";
    /// A request checksum with XXH64.
    FLEXIBLE_CHECKSUMS_REQ_XXHASH64 = "AH";
    /// A request checksum with XXH128.
    FLEXIBLE_CHECKSUMS_REQ_XXHASH128 = "AI";
    /// An S3 request to the region of an earlier redirect.
    S3_REGION_REDIRECT = "Ah";
}

impl UserAgentFeatures {
    /// Returns the ids in the order of the constants.
    pub fn ids(self) -> impl Iterator<Item = &'static str> {
        Self::IDS
            .iter()
            .enumerate()
            .filter(move |(bit, _)| self.0 & (1 << bit) != 0)
            .map(|(_, id)| *id)
    }

    /// Returns `true` if the set is empty.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl std::ops::BitOr for UserAgentFeatures {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        UserAgentFeatures(self.0 | other.0)
    }
}

impl std::ops::BitOrAssign for UserAgentFeatures {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

impl fmt::Debug for UserAgentFeatures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.ids()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_stay_below_the_size_limit() {
        let ids: Vec<&str> = UserAgentFeatures(u64::MAX).ids().collect();
        assert_eq!(ids.len(), UserAgentFeatures::IDS.len());
        let unique: std::collections::HashSet<&str> = ids.iter().copied().collect();
        assert_eq!(unique.len(), ids.len());
        // botocore truncates the component to 1024 bytes (`useragent.py:UserAgentString._build_feature_metadata`).
        assert!("m/".len() + ids.join(",").len() <= 1024);
    }
}
