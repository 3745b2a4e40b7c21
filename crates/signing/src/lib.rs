//! AWS request signatures as pure functions: no clock, no environment, no I/O. They take a request as it will be sent
//! and return the headers, or the query string, to send with it.
//!
//! | signature | in headers | in the query | botocore's `signature_version` |
//! |---|---|---|---|
//! | SigV4 | [`sign_v4`] | [`presign_v4`] | `v4`, `s3v4`, `v4-s3express`, each `-query` |
//! | SigV4 of a streamed body | [`ChunkSigner`], [`EventSigner`] | | |
//! | SigV4 of an HTML form | [`PostPolicy::sign_v4`] | | `s3v4-presign-post`, `v4-s3express-presign-post` |
//! | SigV4a | [`sign_v4a`] | [`presign_v4a`] | `v4a`, `s3v4a`, each `-query` |
//! | HMAC-SHA-1 of S3 | [`sign_hmac_v1`] | [`presign_hmac_v1`] | `s3`, `s3-query` |
//! | HMAC-SHA-1 of an HTML form | [`PostPolicy::sign_hmac_v1`] | | `s3-presign-post` |
//! | Version 2 | | [`sign_v2`] | `v2` |
//!
//! The rules of a service are [`SigningSettings`]: [`GENERAL`](SigningSettings::GENERAL), [`S3`](SigningSettings::S3)
//! or [`S3_EXPRESS`](SigningSettings::S3_EXPRESS). Derived keys are cached in a [`SigningKeyCache`]. If a service
//! responds with `SignatureDoesNotMatch`, compare the canonical request in its message with
//! [`headers_canonical_request`].
//!
//! Not included: bearer tokens, which are not signatures, and CloudFront's RSA-signed URLs.
//!
//! # Secrets
//! Keys are wiped from memory when dropped, and no `Debug` output contains a secret, a session token or a signature that
//! could be replayed. [`CanonicalRequest::as_str`] and [`Presigned::query`], which are meant for debugging and sending,
//! contain the session token: do not log them.

#![forbid(unsafe_code)]

#[cfg(feature = "sigv4a")]
mod asymmetric_key;
mod canonical;
mod chunked;
mod digest;
mod encode;
mod event_stream;
mod headers;
mod hmac_v1;
mod host;
mod key;
mod key_cache;
mod params;
mod payload_signing;
mod post_policy;
mod presign;
mod request;
mod signature;
#[cfg(test)]
mod test_values;
mod time;
mod v2;
mod v4;
#[cfg(feature = "sigv4a")]
mod v4a;

#[cfg(feature = "sigv4a")]
pub use asymmetric_key::{AsymmetricKey, SigningError};
pub use canonical::CanonicalRequest;
pub use chunked::ChunkSigner;
pub use digest::HexDigest;
pub use event_stream::{EventSigner, SignedEvent};
pub use headers::{SignedHeaders, headers_canonical_request, string_to_sign};
pub use hmac_v1::{presign_hmac_v1, sign_hmac_v1};
pub use host::host_header;
pub use key::SigningKey;
pub use key_cache::SigningKeyCache;
pub use params::{
    ContentSha256, PathEncoding, SessionTokenMode, SigningAlgorithm, SigningParams,
    SigningSettings, TokenName,
};
pub use payload_signing::PayloadSigning;
pub use post_policy::{PostFields, PostPolicy};
pub use presign::{Presigned, query_canonical_request};
pub use request::{Payload, SignableRequest};
pub use signature::Signature;
pub use time::SigningTime;
pub use v2::sign_v2;
pub use v4::{presign_v4, sign_v4};
#[cfg(feature = "sigv4a")]
pub use v4a::{presign_v4a, sign_v4a};
