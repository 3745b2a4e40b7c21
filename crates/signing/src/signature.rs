//! The text form of a signature.

use std::fmt;

use crate::digest::HexDigest;

/// A signature in hexadecimal: 64 digits for SigV4, up to 144 (DER, usually 140 to 144) for SigV4a.
///
/// The value of `Signature=` and `X-Amz-Signature`, and the seed of signed chunks and events.
#[derive(Clone, PartialEq, Eq)]
pub struct Signature(SignatureRepr);

#[derive(Clone, PartialEq, Eq)]
enum SignatureRepr {
    Hmac(HexDigest),
    #[cfg(feature = "sigv4a")]
    Ecdsa(String),
}

impl Signature {
    pub(crate) fn from_hmac(bytes: &[u8; 32]) -> Self {
        Self(SignatureRepr::Hmac(HexDigest::encode(bytes)))
    }

    #[cfg(feature = "sigv4a")]
    pub(crate) fn from_ecdsa(der: &[u8]) -> Self {
        Self(SignatureRepr::Ecdsa(inia_core::to_hex(der)))
    }

    /// Returns the hexadecimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            SignatureRepr::Hmac(digest) => digest.as_str(),
            #[cfg(feature = "sigv4a")]
            SignatureRepr::Ecdsa(text) => text,
        }
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({})", self.as_str())
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
