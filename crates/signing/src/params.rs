//! Who signs, for where, when, and by which service's rules.

use crate::credentials::Credentials;
use crate::time::SigningTime;

/// The two algorithms of Signature Version 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// SigV4: a key for one day, region and service, derived from the secret.
    HmacSha256,
    /// SigV4a: a key pair derived from the secret, for any set of regions.
    EcdsaP256Sha256,
}

impl Algorithm {
    /// The name in the string to sign, the `Authorization` header and `X-Amz-Algorithm`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::HmacSha256 => "AWS4-HMAC-SHA256",
            Self::EcdsaP256Sha256 => "AWS4-ECDSA-P256-SHA256",
        }
    }
}

/// Who signs, for where, when, and by which rules.
#[derive(Debug, Clone, Copy)]
pub struct SigningParams<'a> {
    /// Whose signature it is.
    pub credentials: Credentials<'a>,
    /// The signing region. For SigV4a the signing region set: region names and wildcards, separated by
    /// commas, such as `us-east-1,eu-*` or `*`.
    pub region: &'a str,
    /// The signing name of the service, such as `s3` or `execute-api`.
    pub service: &'a str,
    /// When. AWS allows a clock to be off by five minutes (S3 and some others: fifteen).
    pub time: SigningTime,
    /// The service's rules.
    pub settings: Settings,
}

/// What differs from service to service in making a canonical request.
///
/// ```
/// use inia_signing::{PathEncoding, Settings};
///
/// assert_eq!(Settings::default(), Settings::GENERAL);
/// assert_eq!(Settings::S3.path_encoding, PathEncoding::Once);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// How often the path is percent-encoded in the canonical request.
    pub path_encoding: PathEncoding,
    /// Whether `.` and `..` segments and empty segments are resolved in the canonical request.
    pub normalize_path: bool,
    /// When the `x-amz-content-sha256` header is added.
    pub content_sha256: ContentSha256,
    /// Whether the session token is signed.
    pub session_token: SessionToken,
    /// The name under which the session token is sent.
    pub token_name: TokenName,
}

impl Settings {
    /// All services but S3.
    ///
    /// # Source
    /// botocore `auth.py:SigV4Auth`
    pub const GENERAL: Self = Self {
        path_encoding: PathEncoding::Twice,
        normalize_path: true,
        content_sha256: ContentSha256::WhenExplicit,
        session_token: SessionToken::Signed,
        token_name: TokenName::Security,
    };

    /// S3, S3 Control, S3 Object Lambda and S3 on Outposts: keys are taken as they are.
    ///
    /// # Source
    /// botocore `auth.py:S3SigV4Auth`
    pub const S3: Self = Self {
        path_encoding: PathEncoding::Once,
        normalize_path: false,
        content_sha256: ContentSha256::Always,
        session_token: SessionToken::Signed,
        token_name: TokenName::Security,
    };

    /// S3 Express One Zone: S3 with the token of a bucket's session.
    ///
    /// # Source
    /// botocore `auth.py:S3ExpressAuth`
    pub const S3_EXPRESS: Self = Self {
        token_name: TokenName::S3Session,
        ..Self::S3
    };
}

impl Default for Settings {
    fn default() -> Self {
        Self::GENERAL
    }
}

/// How often the path is percent-encoded in the canonical request, counting the encoding it has on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathEncoding {
    /// As on the wire.
    Once,
    /// Once more than on the wire.
    Twice,
}

/// When the `x-amz-content-sha256` header is added to a request that is signed in its headers. Presigning
/// never adds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContentSha256 {
    /// To every request. S3 requires it.
    Always,
    /// Where the payload line is not simply the hash of the body.
    WhenExplicit,
    /// To none.
    Never,
}

/// Whether the session token is part of what is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionToken {
    /// As nearly everywhere.
    Signed,
    /// Sent, but added after signing, as AWS IoT's device gateway expects.
    AddedAfterSigning,
}

/// The name under which the session token is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenName {
    /// `x-amz-security-token`
    Security,
    /// `x-amz-s3session-token`, for the sessions of S3 Express One Zone
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

    /// The name of the field of a POST form.
    pub(crate) fn field(self) -> &'static str {
        match self {
            Self::Security => "x-amz-security-token",
            Self::S3Session => "X-Amz-S3session-Token",
        }
    }
}

impl SigningParams<'_> {
    /// Appends the credential scope: `20150830/us-east-1/iam/aws4_request`; SigV4a's has no region.
    pub(crate) fn push_scope(&self, out: &mut String, algorithm: Algorithm) {
        out.push_str(self.time.date());
        out.push('/');
        if algorithm == Algorithm::HmacSha256 {
            out.push_str(self.region);
            out.push('/');
        }
        out.push_str(self.service);
        out.push_str("/aws4_request");
    }

    /// The access key id and the credential scope, as `Credential=` and `X-Amz-Credential` have them.
    pub(crate) fn credential(&self, algorithm: Algorithm) -> String {
        let mut out =
            String::with_capacity(self.credentials.access_key_id.len() + self.scope_len() + 1);
        out.push_str(self.credentials.access_key_id);
        out.push('/');
        self.push_scope(&mut out, algorithm);
        out
    }

    /// An upper bound of the length of the credential scope.
    pub(crate) fn scope_len(&self) -> usize {
        "20150830///aws4_request".len() + self.region.len() + self.service.len()
    }
}
