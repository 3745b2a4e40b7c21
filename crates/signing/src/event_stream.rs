//! Signed event-stream messages: each one wraps a message, adds a timestamp, and chains to the previous signature.
//!
//! ```text
//! message {
//!   :date              timestamp
//!   :chunk-signature   32 bytes
//!   payload            the encoded message; empty at the end of the stream
//! }
//! ```
//!
//! # Source
//! <https://docs.aws.amazon.com/transcribe/latest/dg/streaming-setting-up.html>

use std::fmt;

use crate::digest::HexDigest;
use crate::key_cache::SigningKeyCache;
use crate::params::{SigningAlgorithm, SigningParams};
use crate::signature::Signature;

/// Signs the messages of one event stream in order.
///
/// Sign the request first, with [`Payload::Events`](crate::Payload::Events); the signature of the request seeds the
/// chain. Each message has its own timestamp, and its credentials may be newer than those of the request.
///
/// ```
/// # use inia_core::{Credentials, Timestamp};
/// # use inia_signing::*;
/// # let credentials = Credentials::new("AKIDEXAMPLE", "secret", None);
/// # let params = SigningParams {
/// #     credentials: &credentials, region: "us-east-1", service: "transcribe",
/// #     time: Timestamp::new(0, 0).into(), settings: SigningSettings::GENERAL,
/// # };
/// # let keys = SigningKeyCache::default();
/// # let request = SignableRequest {
/// #     method: "POST", host: "h", path: "/", query: "", headers: &[], payload: Payload::Events,
/// # };
/// # let encoded_message = b"";
/// let mut signer = EventSigner::new(sign_v4(&request, &params, &keys).signature());
/// let signed = signer.sign(encoded_message, &params, &keys);
/// // ... frame a message of the headers `:date` and `:chunk-signature` and the payload `encoded_message`
/// let end = signer.sign(b"", &params, &keys);
/// assert_ne!(signed.chunk_signature, end.chunk_signature);
/// ```
#[derive(Clone)]
pub struct EventSigner {
    previous: Signature,
}

/// Values of the two headers of a signed message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedEvent {
    /// `:date`: milliseconds since 1970-01-01T00:00:00Z, always whole seconds.
    pub date_millis: i64,
    /// `:chunk-signature`: the signature as bytes, 32 for SigV4, and DER for SigV4a.
    pub chunk_signature: Vec<u8>,
}

impl EventSigner {
    /// Creates a signer of messages that chain to the request's signature.
    #[must_use]
    pub fn new(seed: &Signature) -> Self {
        Self {
            previous: seed.clone(),
        }
    }

    /// Signs the next message. `payload` is the complete encoded message, or empty for the message that ends the
    /// stream.
    pub fn sign(
        &mut self,
        payload: &[u8],
        params: &SigningParams<'_>,
        keys: &SigningKeyCache,
    ) -> SignedEvent {
        let key = keys.signing_key(
            params.credentials,
            params.time,
            params.region,
            params.service,
        );
        let date_millis = params.time.timestamp().millis();
        let text = self.string_to_sign(SigningAlgorithm::HmacSha256, payload, date_millis, params);
        let chunk_signature = key.sign(text.as_bytes());
        self.previous = Signature::from_hmac(&chunk_signature);
        SignedEvent {
            date_millis,
            chunk_signature: chunk_signature.to_vec(),
        }
    }

    /// Signs the next message with SigV4a, for a request that [`sign_v4a`](crate::sign_v4a) signed.
    ///
    /// By analogy with SigV4: AWS publishes no example.
    ///
    /// # Errors
    /// See [`SigningError`](crate::SigningError).
    #[cfg(feature = "sigv4a")]
    pub fn sign_v4a(
        &mut self,
        payload: &[u8],
        params: &SigningParams<'_>,
        keys: &SigningKeyCache,
    ) -> Result<SignedEvent, crate::SigningError> {
        let key = keys.asymmetric_key(params.credentials)?;
        let date_millis = params.time.timestamp().millis();
        let algorithm = SigningAlgorithm::EcdsaP256Sha256;
        let text = self.string_to_sign(algorithm, payload, date_millis, params);
        let chunk_signature = key.sign_der(text.as_bytes())?;
        self.previous = Signature::from_ecdsa(&chunk_signature);
        Ok(SignedEvent {
            date_millis,
            chunk_signature,
        })
    }

    /// ```text
    /// AWS4-HMAC-SHA256-PAYLOAD, time, scope, previous signature, SHA256(headers), SHA256(payload)
    /// ```
    fn string_to_sign(
        &self,
        algorithm: SigningAlgorithm,
        payload: &[u8],
        date_millis: i64,
        params: &SigningParams<'_>,
    ) -> String {
        let mut out = String::with_capacity(params.scope_len() + 256);
        out.push_str(algorithm.as_str());
        out.push_str("-PAYLOAD\n");
        out.push_str(params.time.as_str());
        out.push('\n');
        params.push_scope(&mut out, algorithm);
        out.push('\n');
        out.push_str(self.previous.as_str());
        out.push('\n');
        out.push_str(HexDigest::of(&encoded_date_header(date_millis)).as_str());
        out.push('\n');
        out.push_str(HexDigest::of(payload).as_str());
        out
    }
}

impl fmt::Debug for EventSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventSigner").finish_non_exhaustive()
    }
}

/// Encodes the `:date` header of an event-stream message: length of the name, name, type 8, milliseconds.
fn encoded_date_header(millis: i64) -> [u8; 15] {
    let [a, b, c, d, e, f, g, h] = millis.to_be_bytes();
    [5, b':', b'd', b'a', b't', b'e', 8, a, b, c, d, e, f, g, h]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SigningSettings;
    use crate::test_values::{credentials, time};

    fn params() -> SigningParams<'static> {
        SigningParams {
            credentials: credentials("fake access key", "fake secret key", None),
            region: "us-east-1",
            service: "testservice",
            time: time("19731129T213309Z"),
            settings: SigningSettings::GENERAL,
        }
    }

    /// The string to sign on which the SDKs for Rust, Kotlin and Swift agree for these inputs.
    #[test]
    fn string_to_sign_matches_other_sdks() {
        let seed = Signature::from_hmac(&crate::digest::sha256(b"last message sts"));
        let text = EventSigner::new(&seed).string_to_sign(
            SigningAlgorithm::HmacSha256,
            b"test payload",
            123_456_789_000,
            &params(),
        );
        assert_eq!(
            text,
            "AWS4-HMAC-SHA256-PAYLOAD\n\
             19731129T213309Z\n\
             19731129/us-east-1/testservice/aws4_request\n\
             be1f8c7d79ef8e1abc5254a2c70e4da3bfaf4f07328f527444e1fc6ea67273e2\n\
             0c0e3b3bf66b59b976181bd7d401927bbd624107303c713fd1e5f3d3c8dd1b1e\n\
             813ca5285c28ccee5cab8b10ebda9c908fd6d78ed9dc94cc65ea6cb67a7f13ae"
        );
    }

    #[test]
    fn messages_chain_and_keys_follow_the_date() {
        let keys = SigningKeyCache::default();
        let seed = Signature::from_hmac(&[0; 32]);
        let mut signer = EventSigner::new(&seed);
        let first = signer.sign(b"a", &params(), &keys);
        assert_eq!(first.date_millis, 123_456_789_000);
        assert_eq!(
            signer.previous,
            Signature::from_hmac(&first.chunk_signature.clone().try_into().unwrap())
        );
        let second = signer.sign(b"a", &params(), &keys);
        assert_ne!(first.chunk_signature, second.chunk_signature);
        assert_eq!(first, EventSigner::new(&seed).sign(b"a", &params(), &keys));

        let tomorrow = SigningParams {
            time: time("19731130T213309Z"),
            ..params()
        };
        signer.sign(b"", &tomorrow, &keys);
        assert_eq!(keys.len(), 2);
    }

    #[cfg(feature = "sigv4a")]
    #[test]
    fn sigv4a_messages_chain_and_verify_with_the_public_key() {
        use p256::ecdsa::signature::Verifier as _;
        let keys = SigningKeyCache::default();
        let seed = Signature::from_ecdsa(&[1; 70]);
        let params = SigningParams {
            region: "*",
            ..params()
        };
        let mut signer = EventSigner::new(&seed);
        let text = signer.string_to_sign(
            SigningAlgorithm::EcdsaP256Sha256,
            b"a",
            123_456_789_000,
            &params,
        );
        assert!(text.starts_with(
            "AWS4-ECDSA-P256-SHA256-PAYLOAD\n19731129T213309Z\n19731129/testservice/aws4_request\n0101"
        ));
        let first = signer.sign_v4a(b"a", &params, &keys).unwrap();
        let key = keys.asymmetric_key(params.credentials).unwrap();
        let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(&key.public_key()).unwrap();
        let signature = p256::ecdsa::DerSignature::from_bytes(&first.chunk_signature).unwrap();
        key.verify(text.as_bytes(), &signature).unwrap();
        assert_eq!(
            signer.previous,
            Signature::from_ecdsa(&first.chunk_signature)
        );
    }
}
