//! Signing in the query string: a URL that anybody who has it may use until it expires.

use std::fmt;
use std::fmt::Write as _;

use crate::canonical::{
    CanonicalRequest, push_pair, push_signed_headers, signed_headers, split_pair,
};
use crate::encode::{complete_encoding, push_encoded};
use crate::params::{Algorithm, SessionToken, SigningParams};
use crate::request::{PayloadLine, SignableRequest};
use crate::signature::Signature;

/// The query string that makes a URL a presigned one. Printing it shows nothing of the query, which is a
/// credential until it expires.
pub struct Presigned {
    query: String,
    signed_headers: String,
    signature: Signature,
}

impl Presigned {
    /// The whole query string, without `?`: what the request had, and the signature's parameters after it.
    #[must_use]
    pub fn query(&self) -> &str {
        &self.query
    }

    /// The names of the headers that are signed, separated by semicolons. Whoever uses the URL must send
    /// these, with the values that were signed; `host` every HTTP client sends.
    #[must_use]
    pub fn signed_headers(&self) -> &str {
        &self.signed_headers
    }

    /// The signature.
    #[must_use]
    pub fn signature(&self) -> &Signature {
        &self.signature
    }

    /// The whole query string, taken out.
    #[must_use]
    pub fn into_query(self) -> String {
        self.query
    }
}

impl fmt::Debug for Presigned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Presigned")
            .field("signed_headers", &self.signed_headers)
            .finish_non_exhaustive()
    }
}

/// The canonical request that [`presign_v4`](crate::presign_v4) or [`presign_v4a`](crate::presign_v4a) signs.
#[must_use]
pub fn query_canonical_request(
    algorithm: Algorithm,
    request: &SignableRequest<'_>,
    params: &SigningParams<'_>,
    expires_in: u64,
) -> CanonicalRequest {
    Unsigned::new(algorithm, request, params, expires_in).canonical
}

/// The query string before there is a signature, and its canonical request.
pub(crate) struct Unsigned {
    query: String,
    pub(crate) canonical: CanonicalRequest,
}

impl Unsigned {
    pub(crate) fn new(
        algorithm: Algorithm,
        request: &SignableRequest<'_>,
        params: &SigningParams<'_>,
        expires_in: u64,
    ) -> Self {
        // What goes into the query does not go into the headers.
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
        let token = params
            .credentials
            .token()
            .filter(|_| params.settings.session_token == SessionToken::Signed);

        let mut query =
            String::with_capacity(request.query.len() + 512 + token.map_or(0, str::len));
        push_operation_params(&mut query, request.query);
        query.push_str("X-Amz-Algorithm=");
        query.push_str(algorithm.as_str());
        query.push_str("&X-Amz-Credential=");
        push_encoded(&mut query, &params.credential(algorithm));
        query.push_str("&X-Amz-Date=");
        query.push_str(params.time.as_str());
        // Writing to a String cannot fail.
        let _ = write!(query, "&X-Amz-Expires={expires_in}");
        query.push_str("&X-Amz-SignedHeaders=");
        push_encoded(&mut query, &names);
        if algorithm == Algorithm::EcdsaP256Sha256 {
            query.push_str("&X-Amz-Region-Set=");
            push_encoded(&mut query, params.region);
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
        if params.settings.session_token == SessionToken::AddedAfterSigning
            && let Some(token) = params.credentials.token()
        {
            push_token(&mut query, params, token);
        }
        query.push_str("&X-Amz-Signature=");
        query.push_str(signature.as_str());
        Presigned {
            query,
            signed_headers: self.canonical.signed_headers().to_owned(),
            signature,
        }
    }
}

/// The request's own parameters come first: the operation's, then the signature's.
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
    push_encoded(out, token);
}
