//! Signed aws-chunked bodies: the signature of each chunk covers the signature of the previous chunk.
//!
//! ```text
//! 10000;chunk-signature=<signature>\r\n        length in hexadecimal
//! <65536 bytes>\r\n
//! 0;chunk-signature=<signature>\r\n            the last chunk has no data
//! x-amz-checksum-crc32c:<base64>\r\n           trailers, if any,
//! x-amz-trailer-signature:<signature>\r\n      and their signature
//! \r\n
//! ```
//!
//! # Source
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html> and `sigv4-streaming-trailers.html`

use std::fmt;
use std::fmt::Write as _;

use crate::digest::HexDigest;
use crate::key::SigningKey;
use crate::key_cache::SigningKeyCache;
use crate::params::{SigningAlgorithm, SigningParams};
use crate::signature::Signature;

/// The length of a chunk's signature in hexadecimal digits. SigV4a signatures vary in length and are padded to it.
const HMAC_DIGITS: u64 = 64;
const ECDSA_DIGITS: u64 = 144;

/// Signs the chunks of one body in order.
///
/// Sign the request first, with [`Payload::StreamingSigned`] or [`Payload::StreamingSignedTrailer`], a
/// `content-length` of [`encoded_len`](Self::encoded_len) and an `x-amz-decoded-content-length`; the signature of
/// the request seeds the chain. All chunks except the last two must have at least 8 KiB.
///
/// ```
/// # use inia_core::{Credentials, Timestamp};
/// # use inia_signing::*;
/// # let credentials = Credentials::new("AKIDEXAMPLE", "secret", None);
/// # let params = SigningParams {
/// #     credentials: &credentials, region: "us-east-1", service: "s3",
/// #     time: Timestamp::new(0, 0).into(), settings: SigningSettings::S3,
/// # };
/// # let keys = SigningKeyCache::default();
/// # let request = SignableRequest {
/// #     method: "PUT", host: "h", path: "/", query: "", headers: &[], payload: Payload::StreamingSigned,
/// # };
/// let signed = sign_v4(&request, &params, &keys);
/// let mut signer = ChunkSigner::v4(&params, signed.signature(), &keys);
/// let mut body = Vec::new();
/// for chunk in [b"one".as_slice(), b"two"] {
///     body.extend_from_slice(signer.chunk_head(chunk).as_bytes());
///     body.extend_from_slice(chunk);
///     body.extend_from_slice(b"\r\n");
/// }
/// body.extend_from_slice(signer.last_chunk(&[]).as_bytes());
/// assert_eq!(body.len() as u64, ChunkSigner::encoded_len(SigningAlgorithm::HmacSha256, 6, 3, &[]));
/// ```
///
/// [`Payload::StreamingSigned`]: crate::Payload::StreamingSigned
/// [`Payload::StreamingSignedTrailer`]: crate::Payload::StreamingSignedTrailer
pub struct ChunkSigner<K = SigningKey> {
    key: K,
    algorithm: SigningAlgorithm,
    /// The timestamp and the credential scope, each followed by a line break.
    context: String,
    previous: Signature,
}

impl ChunkSigner {
    /// Creates a signer of SigV4 chunks that chain to the request's signature.
    #[must_use]
    pub fn v4(params: &SigningParams<'_>, seed: &Signature, keys: &SigningKeyCache) -> Self {
        let key = keys.signing_key(
            params.credentials,
            params.time,
            params.region,
            params.service,
        );
        Self::new(key, SigningAlgorithm::HmacSha256, params, seed)
    }

    /// Signs the next chunk and returns its signature. The last chunk is empty.
    pub fn sign_chunk(&mut self, data: &[u8]) -> Signature {
        let string_to_sign = self.chunk_string_to_sign(data);
        self.previous = Signature::from_hmac(&self.key.sign(string_to_sign.as_bytes()));
        self.previous.clone()
    }

    /// Signs the trailers, after the last chunk: names (in lower case) and values.
    pub fn sign_trailers(&mut self, trailers: &[(&str, &str)]) -> Signature {
        let string_to_sign = self.trailer_string_to_sign(trailers);
        self.previous = Signature::from_hmac(&self.key.sign(string_to_sign.as_bytes()));
        self.previous.clone()
    }

    /// Signs the next chunk and returns the line to send before its data. Send `\r\n` after the data.
    pub fn chunk_head(&mut self, data: &[u8]) -> String {
        let signature = self.sign_chunk(data);
        format!("{:x};chunk-signature={signature}\r\n", data.len())
    }

    /// Returns the end of the encoded body: the empty chunk and the trailers.
    pub fn last_chunk(&mut self, trailers: &[(&str, &str)]) -> String {
        let mut out = self.chunk_head(b"");
        if !trailers.is_empty() {
            let signature = self.sign_trailers(trailers);
            push_trailers(&mut out, trailers, signature.as_str());
        }
        out.push_str("\r\n");
        out
    }

    /// Returns the length in bytes of the encoded body, for the `content-length` header: `decoded_len` bytes of data
    /// in chunks of `chunk_len` (the last chunk may be shorter), and trailers as lengths in bytes of names and
    /// values. Saturates on overflow; a `chunk_len` of zero counts as one.
    #[must_use]
    pub fn encoded_len(
        algorithm: SigningAlgorithm,
        decoded_len: u64,
        chunk_len: u64,
        trailers: &[(usize, usize)],
    ) -> u64 {
        let digits = match algorithm {
            SigningAlgorithm::HmacSha256 => HMAC_DIGITS,
            SigningAlgorithm::EcdsaP256Sha256 => ECDSA_DIGITS,
        };
        let head_len = |len: u64| hex_len(len) + ";chunk-signature=\r\n".len() as u64 + digits;
        let chunk_len = chunk_len.max(1);
        let (full, rest) = (decoded_len / chunk_len, decoded_len % chunk_len);
        let heads = full.saturating_mul(head_len(chunk_len) + 2);
        let rest_head = if rest > 0 { head_len(rest) + 2 } else { 0 };
        let names = trailers
            .iter()
            .map(|(name, value)| *name as u64 + *value as u64 + 3)
            .sum::<u64>();
        let signature = if trailers.is_empty() {
            0
        } else {
            "x-amz-trailer-signature:\r\n".len() as u64 + digits
        };
        let end = head_len(0) + names + signature + 2;
        decoded_len
            .saturating_add(heads)
            .saturating_add(rest_head)
            .saturating_add(end)
    }
}

#[cfg(feature = "sigv4a")]
impl ChunkSigner<crate::AsymmetricKey> {
    /// Creates a signer of SigV4a chunks that chain to the request's signature.
    ///
    /// # Errors
    /// See [`SigningError`](crate::SigningError); the methods return the same errors.
    pub fn v4a(
        params: &SigningParams<'_>,
        seed: &Signature,
        keys: &SigningKeyCache,
    ) -> Result<Self, crate::SigningError> {
        let key = keys.asymmetric_key(params.credentials)?;
        Ok(Self::new(
            key,
            SigningAlgorithm::EcdsaP256Sha256,
            params,
            seed,
        ))
    }

    /// Signs the next chunk and returns its signature without padding. The last chunk is empty.
    ///
    /// # Errors
    /// See [`SigningError`](crate::SigningError).
    pub fn sign_chunk(&mut self, data: &[u8]) -> Result<Signature, crate::SigningError> {
        self.previous = self.key.sign(self.chunk_string_to_sign(data).as_bytes())?;
        Ok(self.previous.clone())
    }

    /// Signs the trailers, after the last chunk: names (in lower case) and values. Returns the signature without padding.
    ///
    /// # Errors
    /// See [`SigningError`](crate::SigningError).
    pub fn sign_trailers(
        &mut self,
        trailers: &[(&str, &str)],
    ) -> Result<Signature, crate::SigningError> {
        self.previous = self
            .key
            .sign(self.trailer_string_to_sign(trailers).as_bytes())?;
        Ok(self.previous.clone())
    }

    /// Signs the next chunk and returns the line to send before its data. Send `\r\n` after the data.
    ///
    /// # Errors
    /// See [`SigningError`](crate::SigningError).
    pub fn chunk_head(&mut self, data: &[u8]) -> Result<String, crate::SigningError> {
        let signature = self.sign_chunk(data)?;
        Ok(format!(
            "{:x};chunk-signature={:*<144}\r\n",
            data.len(),
            signature.as_str()
        ))
    }

    /// Returns the end of the encoded body: the empty chunk and the trailers.
    ///
    /// # Errors
    /// See [`SigningError`](crate::SigningError).
    pub fn last_chunk(&mut self, trailers: &[(&str, &str)]) -> Result<String, crate::SigningError> {
        let mut out = self.chunk_head(b"")?;
        if !trailers.is_empty() {
            let signature = self.sign_trailers(trailers)?;
            push_trailers(&mut out, trailers, &format!("{:*<144}", signature.as_str()));
        }
        out.push_str("\r\n");
        Ok(out)
    }
}

impl<K> ChunkSigner<K> {
    fn new(
        key: K,
        algorithm: SigningAlgorithm,
        params: &SigningParams<'_>,
        seed: &Signature,
    ) -> Self {
        let mut context = String::with_capacity(params.scope_len() + 20);
        context.push_str(params.time.as_str());
        context.push('\n');
        params.push_scope(&mut context, algorithm);
        context.push('\n');
        Self {
            key,
            algorithm,
            context,
            previous: seed.clone(),
        }
    }

    /// ```text
    /// AWS4-HMAC-SHA256-PAYLOAD, time, scope, previous signature, SHA256(""), SHA256(data)
    /// ```
    fn chunk_string_to_sign(&self, data: &[u8]) -> String {
        let mut out = self.start("-PAYLOAD\n");
        out.push_str(HexDigest::EMPTY.as_str());
        out.push('\n');
        out.push_str(HexDigest::of(data).as_str());
        out
    }

    /// ```text
    /// AWS4-HMAC-SHA256-TRAILER, time, scope, previous signature, SHA256(trailers, sorted, as name:value\n)
    /// ```
    fn trailer_string_to_sign(&self, trailers: &[(&str, &str)]) -> String {
        let mut sorted = trailers.to_vec();
        sorted.sort_by_key(|(name, _)| *name);
        let mut lines = String::new();
        for (name, value) in sorted {
            // Writing to a String cannot fail.
            let _ = writeln!(lines, "{name}:{}", value.trim_ascii());
        }
        let mut out = self.start("-TRAILER\n");
        out.push_str(HexDigest::of(lines.as_bytes()).as_str());
        out
    }

    fn start(&self, kind: &str) -> String {
        let mut out = String::with_capacity(self.context.len() + 320);
        out.push_str(self.algorithm.as_str());
        out.push_str(kind);
        out.push_str(&self.context);
        out.push_str(self.previous.as_str());
        out.push('\n');
        out
    }
}

impl<K> fmt::Debug for ChunkSigner<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChunkSigner")
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

fn push_trailers(out: &mut String, trailers: &[(&str, &str)], signature: &str) {
    for (name, value) in trailers {
        let _ = write!(out, "{name}:{}\r\n", value.trim_ascii());
    }
    let _ = write!(out, "x-amz-trailer-signature:{signature}\r\n");
}

/// Returns the number of hexadecimal digits of a number.
fn hex_len(number: u64) -> u64 {
    u64::from((64 - number.leading_zeros()).div_ceil(4).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_values::{credentials, time};
    use crate::{Payload, SignableRequest, SigningSettings, sign_v4};

    const CHUNK: u64 = 65_536;

    fn params() -> SigningParams<'static> {
        SigningParams {
            credentials: credentials(
                "AKIAIOSFODNN7EXAMPLE",
                "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                None,
            ),
            region: "us-east-1",
            service: "s3",
            time: time("20130524T000000Z"),
            settings: SigningSettings::S3,
        }
    }

    fn put<'a>(headers: &'a [(&'a str, &'a str)], payload: Payload<'a>) -> SignableRequest<'a> {
        let path = "/examplebucket/chunkObject.txt";
        SignableRequest {
            method: "PUT",
            host: "s3.amazonaws.com",
            path,
            query: "",
            headers,
            payload,
        }
    }

    /// Example of the S3 guide, "Transferring Payload in Multiple Chunks".
    #[test]
    fn s3_example() {
        let length = ChunkSigner::encoded_len(SigningAlgorithm::HmacSha256, 66_560, CHUNK, &[]);
        assert_eq!(length, 66_824);
        let headers = [
            ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
            ("content-encoding", "aws-chunked"),
            ("x-amz-decoded-content-length", "66560"),
            ("content-length", "66824"),
        ];
        let keys = SigningKeyCache::default();
        let signed = sign_v4(&put(&headers, Payload::StreamingSigned), &params(), &keys);
        assert_eq!(
            signed.signature().as_str(),
            "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
        );
        let mut signer = ChunkSigner::v4(&params(), signed.signature(), &keys);
        let mut body = String::new();
        for (chunk, expected) in [
            (
                &[b'a'; 65_536][..],
                "10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n",
            ),
            (
                &[b'a'; 1024],
                "400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n",
            ),
        ] {
            let head = signer.chunk_head(chunk);
            assert_eq!(head, expected);
            body.push_str(&head);
            body.push_str(std::str::from_utf8(chunk).unwrap());
            body.push_str("\r\n");
        }
        let last = signer.last_chunk(&[]);
        assert_eq!(
            last,
            "0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n"
        );
        assert_eq!((body + &last).len() as u64, length);
    }

    /// Example of the S3 guide, "Including Trailing Headers".
    #[test]
    fn s3_example_with_trailer() {
        let headers = [
            ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
            ("content-encoding", "aws-chunked"),
            ("x-amz-decoded-content-length", "66560"),
            ("x-amz-trailer", "x-amz-checksum-crc32c"),
        ];
        let keys = SigningKeyCache::default();
        let signed = sign_v4(
            &put(&headers, Payload::StreamingSignedTrailer),
            &params(),
            &keys,
        );
        assert_eq!(
            signed.signature().as_str(),
            "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"
        );
        let mut signer = ChunkSigner::v4(&params(), signed.signature(), &keys);
        let one = signer.sign_chunk(&[b'a'; 65_536]);
        assert_eq!(
            one.as_str(),
            "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2"
        );
        let two = signer.sign_chunk(&[b'a'; 1024]);
        assert_eq!(
            two.as_str(),
            "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7"
        );
        assert_eq!(
            signer.last_chunk(&[("x-amz-checksum-crc32c", "sOO8/Q==")]),
            "0;chunk-signature=2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992\r\n\
             x-amz-checksum-crc32c:sOO8/Q==\r\n\
             x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n"
        );
    }

    #[test]
    fn encoded_len_is_the_length_of_the_encoded_body() {
        let keys = SigningKeyCache::default();
        for (len, chunk_len) in [
            (0, 8),
            (1, 8),
            (8, 8),
            (9, 8),
            (100, 16),
            (4096, 4096),
            (5000, 4096),
            (3, 0),
        ] {
            for trailers in [
                &[][..],
                &[("x-amz-checksum-crc32", "AAAAAA==")],
                &[("a", "1"), ("b", "22")],
            ] {
                let signed = sign_v4(&put(&[], Payload::StreamingSigned), &params(), &keys);
                let mut signer = ChunkSigner::v4(&params(), signed.signature(), &keys);
                let data = vec![b'x'; len];
                let mut encoded = 0;
                for chunk in data.chunks(chunk_len.max(1)) {
                    encoded += signer.chunk_head(chunk).len() + chunk.len() + 2;
                }
                encoded += signer.last_chunk(trailers).len();
                let lens: Vec<_> = trailers
                    .iter()
                    .map(|(name, value)| (name.len(), value.len()))
                    .collect();
                let computed = ChunkSigner::encoded_len(
                    SigningAlgorithm::HmacSha256,
                    len as u64,
                    chunk_len as u64,
                    &lens,
                );
                assert_eq!(
                    computed, encoded as u64,
                    "{len} in {chunk_len}s, {trailers:?}"
                );
            }
        }
        assert_eq!(
            ChunkSigner::encoded_len(SigningAlgorithm::HmacSha256, u64::MAX, 1, &[]),
            u64::MAX
        );
    }

    #[cfg(feature = "sigv4a")]
    #[test]
    fn v4a_signatures_are_padded_on_the_wire_but_chained_unpadded() {
        let keys = SigningKeyCache::default();
        let signed =
            crate::sign_v4a(&put(&[], Payload::StreamingSignedTrailer), &params(), &keys).unwrap();
        let mut signer = ChunkSigner::v4a(&params(), signed.signature(), &keys).unwrap();
        let trailers = [("x-amz-checksum-crc32", "AAAAAA==")];
        let mut len = 0;
        for round in 0..20_u8 {
            let data = [round; 16];
            let before = signer.previous.clone();
            let head = signer.chunk_head(&data).unwrap();
            assert_eq!(head.len(), "10;chunk-signature=\r\n".len() + 144);
            assert!(
                head.trim_end()
                    .trim_end_matches('*')
                    .ends_with(signer.previous.as_str())
            );
            assert!(!signer.previous.as_str().contains('*') && signer.previous != before);
            len += head.len() + 16 + 2;
        }
        len += signer.last_chunk(&trailers).unwrap().len();
        let lens = [(trailers[0].0.len(), trailers[0].1.len())];
        assert_eq!(
            ChunkSigner::encoded_len(SigningAlgorithm::EcdsaP256Sha256, 320, 16, &lens),
            len as u64
        );
    }
}
