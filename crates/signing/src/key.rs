//! [`SigningKey`], and the HMAC that signatures are made of.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::time::SigningTime;

/// A SigV4 signing key, derived from a secret access key for one day, region and service.
///
/// Stores the state of HMAC after keying, which saves two of the four rounds of SHA-256 that keying costs on
/// every use. Wiped when dropped; `Debug` is redacted.
///
/// ```text
/// kDate    = HMAC("AWS4" + secret, date)
/// kRegion  = HMAC(kDate, region)
/// kService = HMAC(kRegion, service)
/// kSigning = HMAC(kService, "aws4_request")
/// ```
///
/// # Source
/// botocore `auth.py:SigV4Auth.signature`
#[derive(Clone)]
pub struct SigningKey(Hmac<Sha256>);

impl SigningKey {
    /// Derives the key for the date of `time`, a region and a service.
    #[must_use]
    pub fn derive(secret_access_key: &str, time: SigningTime, region: &str, service: &str) -> Self {
        let mut secret = Zeroizing::new(Vec::with_capacity(4 + secret_access_key.len()));
        secret.extend_from_slice(b"AWS4");
        secret.extend_from_slice(secret_access_key.as_bytes());
        let date = Zeroizing::new(mac(hmac_sha256(&secret), time.date().as_bytes()));
        let region = Zeroizing::new(mac(hmac_sha256(date.as_slice()), region.as_bytes()));
        let service = Zeroizing::new(mac(hmac_sha256(region.as_slice()), service.as_bytes()));
        let signing = Zeroizing::new(mac(hmac_sha256(service.as_slice()), b"aws4_request"));
        Self(hmac_sha256(signing.as_slice()))
    }

    /// Returns the signature of a string to sign: 32 bytes, not in hexadecimal.
    #[must_use]
    pub fn sign(&self, string_to_sign: &[u8]) -> [u8; 32] {
        mac(self.0.clone(), string_to_sign)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(** redacted **)")
    }
}

/// Returns HMAC-SHA-256 keyed with `key`.
pub(crate) fn hmac_sha256(key: &[u8]) -> Hmac<Sha256> {
    with_hmac_block::<Sha256, _>(key, |block| Hmac::new(block.into()))
}

/// Passes on the first block of HMAC (RFC 2104), which is a key of at most one block padded with zeros or the hash of a longer
/// key, and wipes it afterwards.
#[inline]
pub(crate) fn with_hmac_block<D: Digest, T>(
    key: &[u8],
    use_block: impl FnOnce(&[u8; 64]) -> T,
) -> T {
    let mut block = Zeroizing::new([0; 64]);
    match block.get_mut(..key.len()) {
        Some(start) => start.copy_from_slice(key),
        None => {
            for (to, from) in block.iter_mut().zip(D::digest(key)) {
                *to = from;
            }
        }
    }
    use_block(&block)
}

pub(crate) fn mac(mut hmac: Hmac<Sha256>, message: &[u8]) -> [u8; 32] {
    hmac.update(message);
    hmac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::HexDigest;
    use crate::test_values::time;

    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

    /// Example of AWS's page on creating a signed request.
    #[test]
    fn derives_the_published_key() {
        let key = SigningKey::derive(SECRET, time("20150830T123600Z"), "us-east-1", "iam");
        let string_to_sign = "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/iam/aws4_request\n\
            f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59";
        assert_eq!(
            HexDigest::encode(&key.sign(string_to_sign.as_bytes())).as_str(),
            "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
        );
    }

    /// RFC 4231, test cases 2 (a short key) and 6 (a key longer than a block).
    #[test]
    fn supports_keys_of_any_length() {
        assert_eq!(
            HexDigest::encode(&mac(hmac_sha256(b"Jefe"), b"what do ya want for nothing?")).as_str(),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert_eq!(
            HexDigest::encode(&mac(
                hmac_sha256(&[0xaa; 131]),
                b"Test Using Larger Than Block-Size Key - Hash Key First"
            ))
            .as_str(),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
    }
}
