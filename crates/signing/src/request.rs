//! The request to sign.

use crate::digest::{HexDigest, sha256};
use crate::params::SigningAlgorithm;

/// A request exactly as it will be sent. The signature does not match if a proxy or an HTTP client changes any of this
/// afterwards.
#[derive(Debug, Clone, Copy)]
pub struct SignableRequest<'a> {
    /// The HTTP method.
    pub method: &'a str,
    /// The value of the `host` header, as returned by [`host_header`](crate::host_header). A `host` in `headers` takes
    /// precedence.
    pub host: &'a str,
    /// The percent-encoded path, from the first slash to the `?`.
    pub path: &'a str,
    /// The percent-encoded query string without the `?`; empty if there is none.
    pub query: &'a str,
    /// Names, which must be **in lower case**, and values of the headers. Headers that proxies
    /// change, such as `user-agent`, are not signed.
    pub headers: &'a [(&'a str, &'a str)],
    /// The body, or the marker that replaces its hash.
    pub payload: Payload<'a>,
}

/// The payload line of the canonical request, which covers or replaces the hash of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payload<'a> {
    /// The complete body, hashed while signing.
    Bytes(&'a [u8]),
    /// The SHA-256 of the complete body, computed by the caller, for example for a file.
    Sha256([u8; 32]),
    /// `UNSIGNED-PAYLOAD`: the body is protected by TLS and a checksum only.
    Unsigned,
    /// `STREAMING-UNSIGNED-PAYLOAD-TRAILER`: aws-chunked with a checksum trailer, without signatures.
    StreamingUnsignedTrailer,
    /// `STREAMING-AWS4-HMAC-SHA256-PAYLOAD` (or `-ECDSA-P256-`): aws-chunked, with each chunk signed by a
    /// [`ChunkSigner`](crate::ChunkSigner).
    StreamingSigned,
    /// `STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER` (or `-ECDSA-P256-`): signed chunks and signed trailers.
    StreamingSignedTrailer,
    /// `STREAMING-AWS4-HMAC-SHA256-EVENTS` (or `-ECDSA-P256-`): an event stream with each message signed by an
    /// [`EventSigner`](crate::EventSigner).
    Events,
}

/// The last line of a canonical request.
#[derive(Debug, Clone, Copy)]
pub(crate) enum PayloadLine<'a> {
    Digest(HexDigest),
    Text(&'a str),
}

impl PayloadLine<'_> {
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Digest(digest) => digest.as_str(),
            Self::Text(text) => text,
        }
    }
}

impl Payload<'_> {
    pub(crate) fn line(self, algorithm: SigningAlgorithm) -> PayloadLine<'static> {
        PayloadLine::Text(match (self, algorithm) {
            (Self::Bytes([]), _) => return PayloadLine::Digest(HexDigest::EMPTY),
            (Self::Bytes(bytes), _) => {
                return PayloadLine::Digest(HexDigest::encode(&sha256(bytes)));
            }
            (Self::Sha256(digest), _) => return PayloadLine::Digest(HexDigest::encode(&digest)),
            (Self::Unsigned, _) => "UNSIGNED-PAYLOAD",
            (Self::StreamingUnsignedTrailer, _) => "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
            (Self::StreamingSigned, SigningAlgorithm::HmacSha256) => {
                "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
            }
            (Self::StreamingSigned, SigningAlgorithm::EcdsaP256Sha256) => {
                "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"
            }
            (Self::StreamingSignedTrailer, SigningAlgorithm::HmacSha256) => {
                "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
            }
            (Self::StreamingSignedTrailer, SigningAlgorithm::EcdsaP256Sha256) => {
                "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER"
            }
            (Self::Events, SigningAlgorithm::HmacSha256) => "STREAMING-AWS4-HMAC-SHA256-EVENTS",
            (Self::Events, SigningAlgorithm::EcdsaP256Sha256) => {
                "STREAMING-AWS4-ECDSA-P256-SHA256-EVENTS"
            }
        })
    }

    /// Returns `true` if the payload line is a marker instead of the hash of the body.
    pub(crate) fn is_marker(self) -> bool {
        !matches!(self, Self::Bytes(_) | Self::Sha256(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precomputed_hash_equals_hash_of_bytes() {
        let digest = sha256(b"body");
        let of = |payload: Payload<'_>| {
            payload
                .line(SigningAlgorithm::HmacSha256)
                .as_str()
                .to_owned()
        };
        assert_eq!(of(Payload::Bytes(b"body")), of(Payload::Sha256(digest)));
        assert_eq!(of(Payload::Bytes(b"")), HexDigest::EMPTY.as_str());
    }

    #[test]
    fn markers_name_the_algorithm() {
        let line = Payload::StreamingSignedTrailer.line(SigningAlgorithm::EcdsaP256Sha256);
        assert_eq!(
            line.as_str(),
            "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER"
        );
    }
}
