//! The request to sign, as it will go on the wire.

use crate::digest::{HexDigest, sha256};
use crate::params::Algorithm;

/// A request as it will go on the wire. What is signed must be what is sent: a proxy or an HTTP client that
/// rewrites any of this afterwards breaks the signature.
#[derive(Debug, Clone, Copy)]
pub struct SignableRequest<'a> {
    /// The HTTP method.
    pub method: &'a str,
    /// The value of the `host` header, as [`host_header`](crate::host_header) makes it. A `host` among the
    /// headers goes before it.
    pub host: &'a str,
    /// The path, percent-encoded, from its first slash up to the `?`.
    pub path: &'a str,
    /// The query string, percent-encoded, without the `?`; empty if there is none.
    pub query: &'a str,
    /// Names, which must be **in lower case**, and values of the headers that are sent. Signing leaves out
    /// the ones that proxies change (see [`is_signed_header`](crate::is_signed_header)).
    pub headers: &'a [(&'a str, &'a str)],
    /// The body, or what to say about it.
    pub payload: Payload<'a>,
}

/// What a signature says about the body: the last line of the canonical request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payload<'a> {
    /// The whole body, to be hashed here.
    Bytes(&'a [u8]),
    /// The SHA-256 of the whole body, hashed elsewhere, as for a body that is read from a file.
    Sha256([u8; 32]),
    /// `UNSIGNED-PAYLOAD`: nothing. TLS and a checksum protect the body.
    Unsigned,
    /// `STREAMING-UNSIGNED-PAYLOAD-TRAILER`: aws-chunked, with a checksum in a trailer and no signatures.
    StreamingUnsignedTrailer,
    /// `STREAMING-AWS4-HMAC-SHA256-PAYLOAD` (or `-ECDSA-P256-`): aws-chunked, each chunk signed by a
    /// [`ChunkSigner`](crate::ChunkSigner).
    StreamingSigned,
    /// `STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER` (or `-ECDSA-P256-`): the same with signed trailers.
    StreamingSignedTrailer,
    /// `STREAMING-AWS4-HMAC-SHA256-EVENTS`: an event stream, each message signed by an
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
    pub(crate) fn line(self, algorithm: Algorithm) -> PayloadLine<'static> {
        PayloadLine::Text(match (self, algorithm) {
            (Self::Bytes([]), _) => return PayloadLine::Digest(HexDigest::OF_NOTHING),
            (Self::Bytes(bytes), _) => {
                return PayloadLine::Digest(HexDigest::encode(&sha256(bytes)));
            }
            (Self::Sha256(digest), _) => return PayloadLine::Digest(HexDigest::encode(&digest)),
            (Self::Unsigned, _) => "UNSIGNED-PAYLOAD",
            (Self::StreamingUnsignedTrailer, _) => "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
            (Self::StreamingSigned, Algorithm::HmacSha256) => "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
            (Self::StreamingSigned, Algorithm::EcdsaP256Sha256) => {
                "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"
            }
            (Self::StreamingSignedTrailer, Algorithm::HmacSha256) => {
                "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
            }
            (Self::StreamingSignedTrailer, Algorithm::EcdsaP256Sha256) => {
                "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER"
            }
            (Self::Events, _) => "STREAMING-AWS4-HMAC-SHA256-EVENTS",
        })
    }

    /// Whether the line is something else than the hash of the body.
    pub(crate) fn is_marker(self) -> bool {
        !matches!(self, Self::Bytes(_) | Self::Sha256(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_precomputed_hash_says_the_same_as_the_bytes() {
        let digest = sha256(b"body");
        let of = |payload: Payload<'_>| payload.line(Algorithm::HmacSha256).as_str().to_owned();
        assert_eq!(of(Payload::Bytes(b"body")), of(Payload::Sha256(digest)));
        assert_eq!(of(Payload::Bytes(b"")), HexDigest::OF_NOTHING.as_str());
    }

    #[test]
    fn markers_name_the_algorithm() {
        let line = Payload::StreamingSignedTrailer.line(Algorithm::EcdsaP256Sha256);
        assert_eq!(
            line.as_str(),
            "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER"
        );
    }
}
