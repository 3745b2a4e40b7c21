//! Signing parameters: credentials, region, service, time and the rules of the service.

use inia_core::{Credentials, Secret};

use crate::time::SigningTime;

/// The two algorithms of Signature Version 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SigningAlgorithm {
    /// SigV4: a key derived from the secret for one day, region and service.
    HmacSha256,
    /// SigV4a: a key pair derived from the secret, for any set of regions.
    EcdsaP256Sha256,
}

impl SigningAlgorithm {
    /// Returns the name used in the string to sign, the `Authorization` header and `X-Amz-Algorithm`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::HmacSha256 => "AWS4-HMAC-SHA256",
            Self::EcdsaP256Sha256 => "AWS4-ECDSA-P256-SHA256",
        }
    }
}

/// Signing parameters.
#[derive(Debug, Clone, Copy)]
pub struct SigningParams<'a> {
    /// The credentials to sign with.
    pub credentials: &'a Credentials,
    /// The signing region. For SigV4a the signing region set: region names and wildcards, separated by
    /// commas, such as `us-east-1,eu-*` or `*`.
    pub region: &'a str,
    /// The signing name of the service, such as `s3` or `execute-api`.
    pub service: &'a str,
    /// The signing time. AWS accepts a clock skew of five minutes (S3 and some other services: fifteen).
    pub time: SigningTime,
    /// The rules of the service.
    pub settings: SigningSettings,
}

/// Rules for the canonical request that differ between services.
///
/// ```
/// use inia_signing::{PathEncoding, SigningSettings};
///
/// assert_eq!(SigningSettings::default(), SigningSettings::GENERAL);
/// assert_eq!(SigningSettings::S3.path_encoding, PathEncoding::Once);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SigningSettings {
    /// Number of times the path is percent-encoded in the canonical request.
    pub path_encoding: PathEncoding,
    /// If `true`, resolves `.` and `..` segments and drops empty segments in the canonical request.
    pub normalize_path: bool,
    /// When the `x-amz-content-sha256` header is added.
    pub content_sha256: ContentSha256,
    /// Selects whether the session token is signed.
    pub session_token: SessionTokenMode,
    /// The name of the session token's header or query parameter.
    pub token_name: TokenName,
}

impl SigningSettings {
    /// All services except S3.
    ///
    /// # Source
    /// botocore `auth.py:SigV4Auth`
    pub const GENERAL: Self = Self {
        path_encoding: PathEncoding::Twice,
        normalize_path: true,
        content_sha256: ContentSha256::WhenExplicit,
        session_token: SessionTokenMode::Signed,
        token_name: TokenName::Security,
    };

    /// S3, S3 Control, S3 Object Lambda and S3 on Outposts: object keys are not normalized.
    ///
    /// # Source
    /// botocore `auth.py:S3SigV4Auth`
    pub const S3: Self = Self {
        path_encoding: PathEncoding::Once,
        normalize_path: false,
        content_sha256: ContentSha256::Always,
        session_token: SessionTokenMode::Signed,
        token_name: TokenName::Security,
    };

    /// S3 Express One Zone: S3 with the token of a bucket session.
    ///
    /// # Source
    /// botocore `auth.py:S3ExpressAuth`
    pub const S3_EXPRESS: Self = Self {
        token_name: TokenName::S3Session,
        ..Self::S3
    };
}

impl Default for SigningSettings {
    fn default() -> Self {
        Self::GENERAL
    }
}

/// Number of times the path is percent-encoded in the canonical request, including its encoding on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathEncoding {
    /// Unchanged from the wire.
    Once,
    /// Once more than on the wire.
    Twice,
}

/// When the `x-amz-content-sha256` header is added to a request that is signed in its headers. Presigning never
/// adds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContentSha256 {
    /// Always. S3 requires it.
    Always,
    /// If the payload line is a marker instead of the hash of the body.
    WhenExplicit,
    /// Never.
    Never,
}

/// Selects whether the session token is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionTokenMode {
    /// Signed, as by nearly all services.
    Signed,
    /// Sent but added after signing, as AWS IoT's device gateway requires.
    AddedAfterSigning,
}

/// The name of the session token's header or query parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenName {
    /// `x-amz-security-token`
    Security,
    /// `x-amz-s3session-token`, for S3 Express One Zone sessions
    S3Session,
}

impl TokenName {
    pub(crate) fn header(self) -> &'static str {
        match self {
            Self::Security => "x-amz-security-token",
            Self::S3Session => "x-amz-s3session-token",
        }
    }

    pub(crate) fn query(self) -> &'static str {
        match self {
            Self::Security => "X-Amz-Security-Token",
            Self::S3Session => "X-Amz-S3session-Token",
        }
    }

    /// Returns the name of the POST form field.
    pub(crate) fn field(self) -> &'static str {
        match self {
            Self::Security => "x-amz-security-token",
            Self::S3Session => "X-Amz-S3session-Token",
        }
    }
}

/// Returns the session token. An empty token counts as none, as in botocore.
pub(crate) fn session_token(credentials: &Credentials) -> Option<&str> {
    let token = credentials.session_token.as_ref().map(Secret::expose);
    token.filter(|token| !token.is_empty())
}

impl SigningParams<'_> {
    /// Appends the credential scope: `20150830/us-east-1/iam/aws4_request`; without the region for SigV4a.
    pub(crate) fn push_scope(&self, out: &mut String, algorithm: SigningAlgorithm) {
        out.push_str(self.time.date());
        out.push('/');
        if algorithm == SigningAlgorithm::HmacSha256 {
            out.push_str(self.region);
            out.push('/');
        }
        out.push_str(self.service);
        out.push_str("/aws4_request");
    }

    /// Returns the access key id and the credential scope, the value of `Credential=` and `X-Amz-Credential`.
    pub(crate) fn credential(&self, algorithm: SigningAlgorithm) -> String {
        let mut out =
            String::with_capacity(self.credentials.access_key_id.len() + self.scope_len() + 1);
        out.push_str(&self.credentials.access_key_id);
        out.push('/');
        self.push_scope(&mut out, algorithm);
        out
    }

    /// Returns an upper bound of the length of the credential scope.
    pub(crate) fn scope_len(&self) -> usize {
        "20150830///aws4_request".len() + self.region.len() + self.service.len()
    }
}
