//! [`AsymmetricKey`], the key pair of Signature Version 4a.

use std::fmt;

use p256::ecdsa::signature::Signer;
use p256::ecdsa::{DerSignature, VerifyingKey};
use zeroize::Zeroizing;

use crate::key::{hmac_sha256, mac};
use crate::params::SigningAlgorithm;
use crate::signature::Signature;

/// The order of P-256 minus two, big-endian: the largest candidate that the key derivation accepts.
const ORDER_MINUS_TWO: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x4f,
];

/// An error of SigV4a signing. Each has a probability of less than 2⁻³².
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SigningError {
    /// No private key could be derived from the secret access key in 254 attempts.
    KeyDerivation,
    /// The signature could not be computed.
    Ecdsa,
}

impl fmt::Display for SigningError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::KeyDerivation => "no SigV4a key can be derived from this secret access key",
            Self::Ecdsa => "the SigV4a signature could not be computed",
        })
    }
}

impl std::error::Error for SigningError {}

/// A SigV4a key pair, derived from credentials for any day, region and service. Wiped when dropped; `Debug` is
/// redacted.
#[derive(Clone)]
pub struct AsymmetricKey(p256::ecdsa::SigningKey);

impl AsymmetricKey {
    /// Derives the key pair of an access key with NIST SP 800-108's KDF in counter mode:
    ///
    /// ```text
    /// candidate = HMAC("AWS4A" + secret, 0x00000001 + "AWS4-ECDSA-P256-SHA256" + 0x00 + keyId + counter + 0x00000100)
    /// ```
    ///
    /// for the counters 1, 2, ... until the candidate is at most the order of the curve minus two. The private key is the
    /// candidate plus one.
    ///
    /// # Errors
    /// [`SigningError::KeyDerivation`] if no counter yields a candidate.
    ///
    /// # Source
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-signing-elements.html>
    pub fn derive(access_key_id: &str, secret_access_key: &str) -> Result<Self, SigningError> {
        let mut secret = Zeroizing::new(Vec::with_capacity(5 + secret_access_key.len()));
        secret.extend_from_slice(b"AWS4A");
        secret.extend_from_slice(secret_access_key.as_bytes());
        let hmac = hmac_sha256(&secret);
        for counter in 1..=254_u8 {
            let mut input = Vec::with_capacity(32 + access_key_id.len());
            input.extend_from_slice(&1_u32.to_be_bytes());
            input.extend_from_slice(SigningAlgorithm::EcdsaP256Sha256.as_str().as_bytes());
            input.push(0);
            input.extend_from_slice(access_key_id.as_bytes());
            input.push(counter);
            input.extend_from_slice(&256_u32.to_be_bytes());
            let mut candidate = Zeroizing::new(mac(hmac.clone(), &input));
            // A rejected candidate is not secret, so that a constant-time comparison is not needed.
            if *candidate <= ORDER_MINUS_TWO {
                increment(&mut candidate);
                return p256::ecdsa::SigningKey::from_slice(candidate.as_slice())
                    .map(Self)
                    .map_err(|_| SigningError::KeyDerivation);
            }
        }
        Err(SigningError::KeyDerivation)
    }

    /// Returns the signature of a string to sign.
    ///
    /// # Errors
    /// [`SigningError::Ecdsa`] if the computation fails.
    pub fn sign(&self, string_to_sign: &[u8]) -> Result<Signature, SigningError> {
        self.sign_der(string_to_sign)
            .map(|der| Signature::from_ecdsa(&der))
    }

    /// Returns the signature of a string to sign in DER.
    pub(crate) fn sign_der(&self, string_to_sign: &[u8]) -> Result<Vec<u8>, SigningError> {
        let signature: DerSignature = self
            .0
            .try_sign(string_to_sign)
            .map_err(|_| SigningError::Ecdsa)?;
        Ok(signature.as_bytes().to_vec())
    }

    /// Returns the public key as an uncompressed SEC 1 point: `0x04`, then X and Y of 32 bytes each.
    #[must_use]
    pub fn public_key(&self) -> [u8; 65] {
        let point = VerifyingKey::from(&self.0).to_sec1_point(false);
        let mut bytes = [0; 65];
        for (to, from) in bytes.iter_mut().zip(point.as_bytes()) {
            *to = *from;
        }
        bytes
    }
}

impl fmt::Debug for AsymmetricKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AsymmetricKey(** redacted **)")
    }
}

/// Adds one to a big-endian number.
fn increment(number: &mut [u8; 32]) {
    for byte in number.iter_mut().rev() {
        let (sum, carries) = byte.overflowing_add(1);
        *byte = sum;
        if !carries {
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The public key published in AWS's signing test suite.
    #[test]
    fn derives_the_published_key() {
        let key = AsymmetricKey::derive("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
            .unwrap();
        assert_eq!(
            inia_core::to_hex(&key.public_key()),
            "04b6618f6a65740a99e650b33b6b4b5bd0d43b176d721a3edfea7e7d2d56d936b1\
             865ed22a7eadc9c5cb9d2cbaca1b3699139fedc5043dc6661864218330c8e518"
        );
        assert!(!format!("{key:?}").contains("b6618f"));
    }

    #[test]
    fn increments_with_carry() {
        let mut number = [0; 32];
        number[30..].fill(0xff);
        increment(&mut number);
        assert_eq!(number[29..], [1, 0, 0]);
    }
}
