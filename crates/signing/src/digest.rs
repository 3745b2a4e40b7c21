//! SHA-256 and digests in lower-case hexadecimal.

use std::fmt;

use inia_core::hex_digits;
use sha2::{Digest, Sha256};

/// A 32-byte digest as 64 lower-case hexadecimal digits, stored inline.
///
/// ```
/// use inia_signing::HexDigest;
///
/// assert_eq!(HexDigest::of(b""), HexDigest::EMPTY);
/// assert!(HexDigest::of(b"a").as_str().starts_with("ca978112"));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct HexDigest([u8; 64]);

impl HexDigest {
    /// The SHA-256 of the empty string: the payload hash of every request without a body.
    pub const EMPTY: Self =
        Self(*b"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");

    /// Returns the SHA-256 of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        if bytes.is_empty() {
            Self::EMPTY
        } else {
            Self::encode(&sha256(bytes))
        }
    }

    /// Encodes 32 bytes.
    #[must_use]
    pub fn encode(bytes: &[u8; 32]) -> Self {
        let mut text = [0; 64];
        let (pairs, _) = text.as_chunks_mut::<2>();
        for (pair, byte) in pairs.iter_mut().zip(bytes) {
            *pair = hex_digits(*byte);
        }
        Self(text)
    }

    /// Returns the 64 digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for HexDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for HexDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_digests() {
        assert_eq!(HexDigest::encode(&sha256(b"")), HexDigest::EMPTY);
        assert_eq!(
            HexDigest::of(b"abc").as_str(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
