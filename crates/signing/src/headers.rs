//! Signatures in headers: `authorization` and the headers that accompany it.

use std::fmt;

use crate::canonical::{CanonicalRequest, signed_headers};
use crate::params::{
    ContentSha256, SessionTokenMode, SigningAlgorithm, SigningParams, session_token,
};
use crate::request::{PayloadLine, SignableRequest};
use crate::signature::Signature;

const X_AMZ_DATE: &str = "x-amz-date";
const X_AMZ_CONTENT_SHA256: &str = "x-amz-content-sha256";
const X_AMZ_REGION_SET: &str = "x-amz-region-set";

/// The headers of a signature. Each replaces any header of the same name in the request, so that a request can be
/// signed again for a second attempt.
///
/// `Debug` shows only the names.
pub struct SignedHeaders<'a> {
    date: DateHeader,
    token: Option<(&'static str, &'a str)>,
    content_sha256: Option<PayloadLine<'static>>,
    region_set: Option<&'a str>,
    authorization: String,
    signature: Signature,
}

/// `x-amz-date`, or `date` if the request already has that header.
enum DateHeader {
    XAmzDate(crate::SigningTime),
    Date(String),
}

impl DateHeader {
    fn get(&self) -> (&'static str, &str) {
        match self {
            Self::XAmzDate(time) => (X_AMZ_DATE, time.as_str()),
            Self::Date(text) => ("date", text),
        }
    }
}

impl SignedHeaders<'_> {
    /// Returns names (in lower case) and values of the headers to set; `authorization` is the last.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            Some(self.date.get()),
            self.token,
            self.content_sha256
                .as_ref()
                .map(|line| (X_AMZ_CONTENT_SHA256, line.as_str())),
            self.region_set.map(|regions| (X_AMZ_REGION_SET, regions)),
            Some(("authorization", self.authorization.as_str())),
        ]
        .into_iter()
        .flatten()
    }

    /// Returns the value of the `authorization` header.
    #[must_use]
    pub fn authorization(&self) -> &str {
        &self.authorization
    }

    /// Returns the signature, which seeds a [`ChunkSigner`](crate::ChunkSigner) or [`EventSigner`](crate::EventSigner).
    #[must_use]
    pub fn signature(&self) -> &Signature {
        &self.signature
    }
}

impl fmt::Debug for SignedHeaders<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(self.iter().map(|(name, _)| name))
            .finish()
    }
}

/// Returns the canonical request that [`sign_v4`](crate::sign_v4) or [`sign_v4a`](crate::sign_v4a) signs, for
/// debugging a `SignatureDoesNotMatch` error.
#[must_use]
pub fn headers_canonical_request(
    algorithm: SigningAlgorithm,
    request: &SignableRequest<'_>,
    params: &SigningParams<'_>,
) -> CanonicalRequest {
    UnsignedHeaders::new(algorithm, request, params).canonical_request(request, params)
}

/// Returns the string to sign: the text whose HMAC or ECDSA signature is the signature of the request.
///
/// ```text
/// StringToSign =
///   Algorithm + '\n' +
///   RequestDateTime + '\n' +
///   CredentialScope + '\n' +
///   HexEncode(SHA256(CanonicalRequest))
/// ```
///
/// # Source
/// botocore `auth.py:SigV4Auth.string_to_sign`
#[must_use]
pub fn string_to_sign(
    algorithm: SigningAlgorithm,
    params: &SigningParams<'_>,
    canonical: &CanonicalRequest,
) -> String {
    let mut out = String::with_capacity(algorithm.as_str().len() + params.scope_len() + 96);
    out.push_str(algorithm.as_str());
    out.push('\n');
    out.push_str(params.time.as_str());
    out.push('\n');
    params.push_scope(&mut out, algorithm);
    out.push('\n');
    out.push_str(canonical.hash().as_str());
    out
}

/// The headers to add, before the signature is computed.
pub(crate) struct UnsignedHeaders<'r, 'a> {
    algorithm: SigningAlgorithm,
    date: DateHeader,
    token: Option<(&'static str, &'a str)>,
    content_sha256: Option<PayloadLine<'static>>,
    payload: PayloadLine<'r>,
    region_set: Option<&'a str>,
}

impl<'r, 'a> UnsignedHeaders<'r, 'a> {
    pub(crate) fn new(
        algorithm: SigningAlgorithm,
        request: &SignableRequest<'r>,
        params: &SigningParams<'a>,
    ) -> Self {
        let settings = &params.settings;
        let header = |header_name: &str| {
            request
                .headers
                .iter()
                .find(|(name, _)| *name == header_name)
                .map(|(_, value)| *value)
        };
        // botocore uses the date header that the request already has: `auth.py:SigV4Auth._set_necessary_date_headers`.
        let date = match header("date") {
            Some(_) => DateHeader::Date(params.time.http_date().replace("GMT", "-0000")),
            None => DateHeader::XAmzDate(params.time),
        };
        let adds_content_sha256 = match settings.content_sha256 {
            ContentSha256::Always => true,
            ContentSha256::WhenExplicit => request.payload.is_marker(),
            ContentSha256::Never => false,
        };
        // If the service sets its own x-amz-content-sha256 (Glacier), its value is the payload line.
        let (payload, content_sha256) = match header(X_AMZ_CONTENT_SHA256) {
            Some(text) if !adds_content_sha256 => (PayloadLine::Text(text), None),
            _ => {
                let line = request.payload.line(algorithm);
                (line, adds_content_sha256.then_some(line))
            }
        };
        Self {
            algorithm,
            date,
            token: session_token(params.credentials)
                .map(|token| (settings.token_name.header(), token)),
            content_sha256,
            payload,
            region_set: (algorithm == SigningAlgorithm::EcdsaP256Sha256).then_some(params.region),
        }
    }

    pub(crate) fn canonical_request(
        &self,
        request: &SignableRequest<'_>,
        params: &SigningParams<'_>,
    ) -> CanonicalRequest {
        let date = self.date.get();
        let replaces = |name: &str| {
            name == X_AMZ_DATE
                || name == date.0
                || self.token.is_some_and(|(token_name, _)| name == token_name)
                || self.content_sha256.is_some() && name == X_AMZ_CONTENT_SHA256
                || self.region_set.is_some() && name == X_AMZ_REGION_SET
        };
        let signs_token = params.settings.session_token == SessionTokenMode::Signed;
        let adds = [
            Some(date),
            self.token.filter(|_| signs_token),
            self.content_sha256
                .as_ref()
                .map(|line| (X_AMZ_CONTENT_SHA256, line.as_str())),
            self.region_set.map(|regions| (X_AMZ_REGION_SET, regions)),
        ];
        let headers = signed_headers(request, replaces, adds.into_iter().flatten());
        CanonicalRequest::write(
            request,
            request.query,
            &headers,
            &self.payload,
            &params.settings,
        )
    }

    pub(crate) fn finish(
        self,
        params: &SigningParams<'_>,
        canonical: &CanonicalRequest,
        signature: Signature,
    ) -> SignedHeaders<'a> {
        let names = canonical.signed_headers();
        let digits = signature.as_str();
        let credential = params.credentials.access_key_id.len() + 1 + params.scope_len();
        let mut authorization = String::with_capacity(credential + names.len() + digits.len() + 72);
        authorization.push_str(self.algorithm.as_str());
        authorization.push_str(" Credential=");
        authorization.push_str(&params.credentials.access_key_id);
        authorization.push('/');
        params.push_scope(&mut authorization, self.algorithm);
        authorization.push_str(", SignedHeaders=");
        authorization.push_str(names);
        authorization.push_str(", Signature=");
        authorization.push_str(digits);
        SignedHeaders {
            date: self.date,
            token: self.token,
            content_sha256: self.content_sha256,
            region_set: self.region_set,
            authorization,
            signature,
        }
    }
}
