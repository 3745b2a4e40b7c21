//! A signature, as text.

use std::fmt;

use crate::digest::HexDigest;

/// A signature in hexadecimal: 64 digits for SigV4, up to 144 (DER, usually 140 to 144) for SigV4a.
///
/// It is what `Signature=` and `X-Amz-Signature` carry, and what the first chunk or event of a stream chains to.
#[derive(Clone, PartialEq, Eq)]
pub struct Signature(Repr);

#[derive(Clone, PartialEq, Eq)]
enum Repr {
    Hmac(HexDigest),
    #[cfg(feature = "sigv4a")]
    Ecdsa(String),
}

impl Signature {
    pub(crate) fn from_hmac(bytes: &[u8; 32]) -> Self {
        Self(Repr::Hmac(HexDigest::encode(bytes)))
    }

    #[cfg(feature = "sigv4a")]
    pub(crate) fn from_ecdsa(der: &[u8]) -> Self {
        let digits = der.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
        Self(Repr::Ecdsa(
            digits
                .map(|nibble| char::from(crate::digest::hex_digit(nibble)))
                .collect(),
        ))
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Repr::Hmac(digest) => digest.as_str(),
            #[cfg(feature = "sigv4a")]
            Repr::Ecdsa(text) => text,
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
