//! Signatures in the query string: presigned URLs, usable by anyone until they expire.

use std::fmt;
use std::fmt::Write as _;

use inia_core::push_percent_encoded;

use crate::canonical::{
    CanonicalRequest, push_pair, push_signed_headers, signed_headers, split_pair,
};
use crate::encode::complete_encoding;
use crate::params::{SessionTokenMode, SigningAlgorithm, SigningParams, session_token};
use crate::request::{PayloadLine, SignableRequest};
use crate::signature::Signature;

/// The query string of a presigned URL. `Debug` does not show the query, which is a credential until it expires.
pub struct Presigned {
    query: String,
    signature: Signature,
}

impl Presigned {
    /// Returns the complete query string without `?`: the request's parameters, then those of the signature.
    #[must_use]
    pub fn query(&self) -> &str {
        &self.query
    }

    /// Returns the signature.
    #[must_use]
    pub fn signature(&self) -> &Signature {
        &self.signature
    }

    /// Converts into the complete query string.
    #[must_use]
    pub fn into_query(self) -> String {
        self.query
    }
}

impl fmt::Debug for Presigned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Presigned").finish_non_exhaustive()
    }
}

/// Returns the canonical request that [`presign_v4`](crate::presign_v4) or [`presign_v4a`](crate::presign_v4a) signs.
#[must_use]
pub fn query_canonical_request(
    algorithm: SigningAlgorithm,
    request: &SignableRequest<'_>,
    params: &SigningParams<'_>,
    expires_in: u64,
) -> CanonicalRequest {
    UnsignedQuery::new(algorithm, request, params, expires_in).canonical
}

/// The query string before the signature is added, and its canonical request.
pub(crate) struct UnsignedQuery {
    query: String,
    pub(crate) canonical: CanonicalRequest,
}

impl UnsignedQuery {
    pub(crate) fn new(
        algorithm: SigningAlgorithm,
        request: &SignableRequest<'_>,
        params: &SigningParams<'_>,
        expires_in: u64,
    ) -> Self {
        // Parameters of the query are not sent as headers.
        let in_query = |name: &str| {
            matches!(
                name,
                "x-amz-date"
                    | "x-amz-security-token"
                    | "x-amz-s3session-token"
                    | "x-amz-region-set"
            )
        };
        let headers = signed_headers(request, in_query, []);
        let mut names = String::new();
        push_signed_headers(&mut names, &headers);
        let token = session_token(params.credentials)
            .filter(|_| params.settings.session_token == SessionTokenMode::Signed);

        let mut query =
            String::with_capacity(request.query.len() + 512 + token.map_or(0, str::len));
        push_operation_params(&mut query, request.query);
        query.push_str("X-Amz-Algorithm=");
        query.push_str(algorithm.as_str());
        query.push_str("&X-Amz-Credential=");
        push_percent_encoded(&mut query, &params.credential(algorithm));
        query.push_str("&X-Amz-Date=");
        query.push_str(params.time.as_str());
        // Writing to a String cannot fail.
        let _ = write!(query, "&X-Amz-Expires={expires_in}");
        query.push_str("&X-Amz-SignedHeaders=");
        push_percent_encoded(&mut query, &names);
        if algorithm == SigningAlgorithm::EcdsaP256Sha256 {
            query.push_str("&X-Amz-Region-Set=");
            push_percent_encoded(&mut query, params.region);
        }
        if let Some(token) = token {
            push_token(&mut query, params, token);
        }

        let own = request
            .headers
            .iter()
            .find(|(name, _)| *name == "x-amz-content-sha256");
        let payload = match own {
            Some((_, text)) => PayloadLine::Text(text),
            None => request.payload.line(algorithm),
        };
        let canonical =
            CanonicalRequest::write(request, &query, &headers, &payload, &params.settings);
        Self { query, canonical }
    }

    pub(crate) fn finish(self, params: &SigningParams<'_>, signature: Signature) -> Presigned {
        let mut query = self.query;
        if params.settings.session_token == SessionTokenMode::AddedAfterSigning
            && let Some(token) = session_token(params.credentials)
        {
            push_token(&mut query, params, token);
        }
        query.push_str("&X-Amz-Signature=");
        query.push_str(signature.as_str());
        Presigned { query, signature }
    }
}

/// Appends the request's own parameters, which precede those of the signature.
fn push_operation_params(out: &mut String, query: &str) {
    if query.is_empty() {
        return;
    }
    for pair in complete_encoding(query, |byte| matches!(byte, b'&' | b'=')).split('&') {
        let (name, value) = split_pair(pair);
        push_pair(out, name, value);
        out.push('&');
    }
}

fn push_token(out: &mut String, params: &SigningParams<'_>, token: &str) {
    out.push('&');
    out.push_str(params.settings.token_name.query());
    out.push('=');
    push_percent_encoded(out, token);
}
