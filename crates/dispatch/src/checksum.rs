//! Checksums of request and response bodies.
//!
//! # Source
//! botocore `httpchecksum.py`; the S3 guide "Checking object integrity".

use std::hash::Hasher as _;
use std::pin::Pin;
use std::task::{Context, Poll};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use futures_util::StreamExt;
use inia_core::config::ChecksumMode;
use inia_core::{Error, ErrorKind, Result, Str, UserAgentFeatures, Value};
use inia_model::{ChecksumTraits, Operation, Structure};
use inia_protocol::Headers;
use sha2::Digest as _;
use twox_hash::{XxHash3_64, XxHash3_128, XxHash64};

use crate::ByteStream;

/// A checksum algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "named after the algorithms")]
pub enum Algorithm {
    Crc32,
    Crc32c,
    Crc64Nvme,
    Sha1,
    Sha256,
    Sha512,
    Md5,
    XxHash64,
    XxHash3,
    XxHash128,
}

impl Algorithm {
    /// All algorithms, cheapest first: the order in which a response's checksums are looked up.
    pub const BY_COST: [Algorithm; 10] = [
        Algorithm::XxHash128,
        Algorithm::XxHash3,
        Algorithm::Crc64Nvme,
        Algorithm::XxHash64,
        Algorithm::Crc32c,
        Algorithm::Crc32,
        Algorithm::Sha1,
        Algorithm::Sha256,
        Algorithm::Sha512,
        Algorithm::Md5,
    ];

    /// Returns the name in parameters and definitions.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Algorithm::Crc32 => "CRC32",
            Algorithm::Crc32c => "CRC32C",
            Algorithm::Crc64Nvme => "CRC64NVME",
            Algorithm::Sha1 => "SHA1",
            Algorithm::Sha256 => "SHA256",
            Algorithm::Sha512 => "SHA512",
            Algorithm::Md5 => "MD5",
            Algorithm::XxHash64 => "XXHASH64",
            Algorithm::XxHash3 => "XXHASH3",
            Algorithm::XxHash128 => "XXHASH128",
        }
    }

    /// Returns the name of the header or trailer that carries the checksum.
    pub(crate) const fn header(self) -> &'static str {
        match self {
            Algorithm::Crc32 => "x-amz-checksum-crc32",
            Algorithm::Crc32c => "x-amz-checksum-crc32c",
            Algorithm::Crc64Nvme => "x-amz-checksum-crc64nvme",
            Algorithm::Sha1 => "x-amz-checksum-sha1",
            Algorithm::Sha256 => "x-amz-checksum-sha256",
            Algorithm::Sha512 => "x-amz-checksum-sha512",
            Algorithm::Md5 => "x-amz-checksum-md5",
            Algorithm::XxHash64 => "x-amz-checksum-xxhash64",
            Algorithm::XxHash3 => "x-amz-checksum-xxhash3",
            Algorithm::XxHash128 => "x-amz-checksum-xxhash128",
        }
    }

    /// Returns the feature of a request with this checksum.
    pub(crate) const fn feature(self) -> UserAgentFeatures {
        match self {
            Algorithm::Crc32 => UserAgentFeatures::FLEXIBLE_CHECKSUMS_REQ_CRC32,
            Algorithm::Crc32c => UserAgentFeatures::FLEXIBLE_CHECKSUMS_REQ_CRC32C,
            Algorithm::Crc64Nvme => UserAgentFeatures::FLEXIBLE_CHECKSUMS_REQ_CRC64,
            Algorithm::Sha1 => UserAgentFeatures::FLEXIBLE_CHECKSUMS_REQ_SHA1,
            Algorithm::Sha256 => UserAgentFeatures::FLEXIBLE_CHECKSUMS_REQ_SHA256,
            Algorithm::Sha512 => UserAgentFeatures::FLEXIBLE_CHECKSUMS_REQ_SHA512,
            Algorithm::Md5 => UserAgentFeatures::FLEXIBLE_CHECKSUMS_REQ_MD5,
            Algorithm::XxHash64 => UserAgentFeatures::FLEXIBLE_CHECKSUMS_REQ_XXHASH64,
            Algorithm::XxHash3 => UserAgentFeatures::FLEXIBLE_CHECKSUMS_REQ_XXHASH3,
            Algorithm::XxHash128 => UserAgentFeatures::FLEXIBLE_CHECKSUMS_REQ_XXHASH128,
        }
    }

    /// Returns the algorithm of a name, in any case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Algorithm> {
        Algorithm::BY_COST
            .into_iter()
            .find(|algorithm| algorithm.name().eq_ignore_ascii_case(name))
    }
}

/// An incremental checksum.
#[allow(missing_docs, reason = "named after the algorithms")]
pub enum Hasher {
    Crc32(crc32fast::Hasher),
    Crc32c(u32),
    Crc64Nvme(crc64fast_nvme::Digest),
    Sha1(sha1::Sha1),
    Sha256(sha2::Sha256),
    Sha512(sha2::Sha512),
    Md5(md5::Md5),
    XxHash64(XxHash64),
    // Boxed, because the state of these two is about a kilobyte.
    XxHash3(Box<XxHash3_64>),
    XxHash128(Box<XxHash3_128>),
}

impl Hasher {
    /// Returns the checksum of no bytes.
    #[must_use]
    pub fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Crc32 => Hasher::Crc32(crc32fast::Hasher::new()),
            Algorithm::Crc32c => Hasher::Crc32c(0),
            Algorithm::Crc64Nvme => Hasher::Crc64Nvme(crc64fast_nvme::Digest::new()),
            Algorithm::Sha1 => Hasher::Sha1(sha1::Sha1::new()),
            Algorithm::Sha256 => Hasher::Sha256(sha2::Sha256::new()),
            Algorithm::Sha512 => Hasher::Sha512(sha2::Sha512::new()),
            Algorithm::Md5 => Hasher::Md5(md5::Md5::new()),
            Algorithm::XxHash64 => Hasher::XxHash64(XxHash64::with_seed(0)),
            Algorithm::XxHash3 => Hasher::XxHash3(Box::new(XxHash3_64::new())),
            Algorithm::XxHash128 => Hasher::XxHash128(Box::new(XxHash3_128::new())),
        }
    }

    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match self {
            Hasher::Crc32(hasher) => hasher.update(bytes),
            Hasher::Crc32c(checksum) => *checksum = crc32c::crc32c_append(*checksum, bytes),
            Hasher::Crc64Nvme(digest) => digest.write(bytes),
            Hasher::Sha1(digest) => digest.update(bytes),
            Hasher::Sha256(digest) => digest.update(bytes),
            Hasher::Sha512(digest) => digest.update(bytes),
            Hasher::Md5(digest) => digest.update(bytes),
            Hasher::XxHash64(hasher) => hasher.write(bytes),
            Hasher::XxHash3(hasher) => hasher.write(bytes),
            Hasher::XxHash128(hasher) => hasher.write(bytes),
        }
    }

    /// Returns the checksum in base64.
    #[must_use]
    pub fn finish(self) -> String {
        BASE64_STANDARD.encode(self.digest())
    }

    /// Returns the bytes of the checksum, most significant first.
    #[must_use]
    pub fn digest(self) -> Vec<u8> {
        match self {
            Hasher::Crc32(hasher) => hasher.finalize().to_be_bytes().to_vec(),
            Hasher::Crc32c(checksum) => checksum.to_be_bytes().to_vec(),
            Hasher::Crc64Nvme(digest) => digest.sum64().to_be_bytes().to_vec(),
            Hasher::Sha1(digest) => digest.finalize().to_vec(),
            Hasher::Sha256(digest) => digest.finalize().to_vec(),
            Hasher::Sha512(digest) => digest.finalize().to_vec(),
            Hasher::Md5(digest) => digest.finalize().to_vec(),
            Hasher::XxHash64(hasher) => hasher.finish().to_be_bytes().to_vec(),
            Hasher::XxHash3(hasher) => hasher.finish().to_be_bytes().to_vec(),
            Hasher::XxHash128(hasher) => hasher.finish_128().to_be_bytes().to_vec(),
        }
    }
}

impl std::fmt::Debug for Hasher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hasher").finish_non_exhaustive()
    }
}

/// Returns the checksum of `bytes` in base64.
pub(crate) fn checksum(algorithm: Algorithm, bytes: &[u8]) -> String {
    let mut hasher = Hasher::new(algorithm);
    hasher.update(bytes);
    hasher.finish()
}

/// The checksum that a request carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RequestChecksum {
    pub(crate) algorithm: Algorithm,
    /// True for the trailer of an aws-chunked body, false for a header.
    pub(crate) in_trailer: bool,
}

/// Resolves the checksum of a request, and sets the header that names a default algorithm if the operation has one.
///
/// Returns `None` if the request needs no checksum or already has one.
pub(crate) fn for_request(
    operation: &Operation,
    input: Option<&Structure>,
    params: &Value,
    headers: &mut Headers,
    mode: ChecksumMode,
    allow_trailer: bool,
) -> Result<Option<RequestChecksum>> {
    let traits = operation.checksum.as_deref();
    let required =
        operation.checksum_required || traits.is_some_and(|traits| traits.request_required);
    let member = traits.and_then(|traits| traits.request_algorithm_member.as_ref());
    if !required && member.is_none() || has_checksum(headers) {
        return Ok(None);
    }
    let chosen = member
        .and_then(|member| params.get(member))
        .and_then(Value::as_str);
    let algorithm = match chosen {
        Some(name) => Algorithm::from_name(name).ok_or_else(|| {
            let message = format!(
                "{}: the checksum algorithm {name:?} is not supported",
                operation.name
            );
            Error::new(ErrorKind::Validation, message)
        })?,
        None if required || mode == ChecksumMode::WhenSupported => {
            let header =
                member.and_then(|member| input?.member(member)?.traits.location_name.as_ref());
            if let Some(header) = header {
                headers.set(header.to_ascii_lowercase(), Algorithm::Crc32.name());
            }
            Algorithm::Crc32
        }
        None => return Ok(None),
    };
    Ok(Some(RequestChecksum {
        algorithm,
        in_trailer: allow_trailer,
    }))
}

/// Returns true if an operation requires a checksum of its body, and the parameters neither set one nor choose its algorithm.
pub(crate) fn needs_default(operation: &Operation, params: &Value, headers: &Headers) -> bool {
    let traits = operation.checksum.as_deref();
    let required =
        operation.checksum_required || traits.is_some_and(|traits| traits.request_required);
    let member = traits.and_then(|traits| traits.request_algorithm_member.as_ref());
    let is_chosen = member.is_some_and(|member| params.get(member).is_some());
    required && !is_chosen && !has_checksum(headers) && !headers.contains("content-md5")
}

/// Returns true if the parameters set a checksum of the body. Content-MD5 does not count as a checksum: the service checks both.
fn has_checksum(headers: &Headers) -> bool {
    const NOT_CHECKSUMS: [&str; 3] = [
        "x-amz-checksum-algorithm",
        "x-amz-checksum-mode",
        "x-amz-checksum-type",
    ];
    headers
        .iter()
        .any(|(name, _)| name.starts_with("x-amz-checksum-") && !NOT_CHECKSUMS.contains(&&**name))
}

/// Returns the features of the checksums that the parameters set.
pub(crate) fn features_in_headers(headers: &Headers) -> UserAgentFeatures {
    headers
        .iter()
        .filter_map(|(name, _)| Algorithm::from_name(name.strip_prefix("x-amz-checksum-")?))
        .fold(UserAgentFeatures::default(), |features, algorithm| {
            features | algorithm.feature()
        })
}

/// Returns the algorithm and expected checksum of a response, if it carries one that can be verified.
pub(crate) fn for_response(traits: &ChecksumTraits, headers: &Headers) -> Option<(Algorithm, Str)> {
    Algorithm::BY_COST.into_iter().find_map(|algorithm| {
        if !traits
            .response_algorithms
            .iter()
            .any(|name| name.eq_ignore_ascii_case(algorithm.name()))
        {
            return None;
        }
        // A `-` marks a composite checksum over the checksums of an object's parts, which does not cover these bytes.
        let expected = headers.get_shared(algorithm.header())?;
        (!expected.contains('-')).then(|| (algorithm, expected.clone()))
    })
}

/// Verifies a body against the expected checksum.
pub(crate) fn validate(algorithm: Algorithm, expected: &str, bytes: &[u8]) -> Result<()> {
    compare(algorithm, expected, &checksum(algorithm, bytes))
}

fn compare(algorithm: Algorithm, expected: &str, actual: &str) -> Result<()> {
    if expected == actual {
        return Ok(());
    }
    let message = format!(
        "checksum mismatch: the {} of the body is {actual}, but the response header has {expected}",
        algorithm.name()
    );
    Err(Error::new(ErrorKind::Stream, message))
}

/// Wraps a stream so that it ends with an error if the checksum does not match.
pub(crate) fn validating(body: ByteStream, algorithm: Algorithm, expected: Str) -> ByteStream {
    let length = body.len();
    let stream = ChecksumStream {
        body,
        hasher: Some(Hasher::new(algorithm)),
        algorithm,
        expected,
    };
    ByteStream::from_stream(stream, length)
}

struct ChecksumStream {
    body: ByteStream,
    hasher: Option<Hasher>,
    algorithm: Algorithm,
    expected: Str,
}

impl Stream for ChecksumStream {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = futures_util::ready!(self.body.poll_next_unpin(context));
        Poll::Ready(match next {
            Some(Ok(chunk)) => {
                if let Some(hasher) = &mut self.hasher {
                    hasher.update(&chunk);
                }
                Some(Ok(chunk))
            }
            Some(Err(error)) => {
                self.hasher = None;
                Some(Err(error))
            }
            None => self.hasher.take().and_then(|hasher| {
                compare(self.algorithm, &self.expected, &hasher.finish())
                    .err()
                    .map(Err)
            }),
        })
    }
}

/// Size of a chunk in an aws-chunked body, in bytes.
const CHUNK_SIZE: usize = 1024 * 1024;

/// Encodes a body as aws-chunked, with its checksum in a trailer.
///
/// # Source
/// The S3 API reference, "Transferring payloads with multiple chunks"; botocore `httpchecksum.py:AwsChunkedWrapper`.
pub(crate) fn aws_chunked(body: ByteStream, algorithm: Algorithm) -> ByteStream {
    let length = body.len().map(|length| chunked_length(length, algorithm));
    let body = match body.into_bytes() {
        Ok(bytes) if bytes.len() <= CHUNK_SIZE => {
            return ByteStream::from(chunked_bytes(&bytes, algorithm));
        }
        Ok(bytes) => ByteStream::from(bytes),
        Err(body) => body,
    };
    let chunker = Chunker {
        body,
        pending: BytesMut::new(),
        ended: false,
    };
    let stream = futures_util::stream::try_unfold(
        (chunker, Some(Hasher::new(algorithm))),
        move |(mut chunker, hasher)| async move {
            let Some(mut hasher) = hasher else {
                return Ok(None);
            };
            let chunk = chunker.next_chunk().await?;
            if chunk.is_empty() {
                let end = trailer(algorithm, &hasher.finish());
                return Ok(Some((Bytes::from(end), (chunker, None))));
            }
            hasher.update(&chunk);
            let mut framed = BytesMut::with_capacity(chunk.len() + 16);
            framed.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            framed.extend_from_slice(&chunk);
            framed.extend_from_slice(b"\r\n");
            Ok(Some((framed.freeze(), (chunker, Some(hasher)))))
        },
    );
    ByteStream::from_stream(stream, length)
}

/// Splits a stream into chunks of equal size.
struct Chunker {
    body: ByteStream,
    pending: BytesMut,
    ended: bool,
}

impl Chunker {
    /// Returns the next chunk. Only the last one may be shorter; it is empty at the end.
    async fn next_chunk(&mut self) -> Result<Bytes> {
        while self.pending.len() < CHUNK_SIZE && !self.ended {
            match self.body.next().await.transpose()? {
                Some(bytes) => self.pending.extend_from_slice(&bytes),
                None => self.ended = true,
            }
        }
        let length = self.pending.len().min(CHUNK_SIZE);
        Ok(self.pending.split_to(length).freeze())
    }
}

fn chunked_bytes(bytes: &[u8], algorithm: Algorithm) -> Bytes {
    let mut framed = Vec::with_capacity(bytes.len() + 96);
    if !bytes.is_empty() {
        framed.extend_from_slice(format!("{:x}\r\n", bytes.len()).as_bytes());
        framed.extend_from_slice(bytes);
        framed.extend_from_slice(b"\r\n");
    }
    framed.extend_from_slice(trailer(algorithm, &checksum(algorithm, bytes)).as_bytes());
    Bytes::from(framed)
}

fn trailer(algorithm: Algorithm, checksum: &str) -> String {
    format!("0\r\n{}:{checksum}\r\n\r\n", algorithm.header())
}

/// Returns the length of an aws-chunked body for the given content length.
fn chunked_length(length: u64, algorithm: Algorithm) -> u64 {
    let framed = |size: u64| format!("{size:x}").len() as u64 + 4 + size;
    let (full, last) = (length / CHUNK_SIZE as u64, length % CHUNK_SIZE as u64);
    let mut total = full * framed(CHUNK_SIZE as u64);
    if last > 0 {
        total += framed(last);
    }
    total + trailer(algorithm, &checksum(algorithm, b"")).len() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run<F: std::future::Future>(future: F) -> F::Output {
        tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
            .block_on(future)
    }

    #[test]
    fn computes_checksums_of_the_check_string() {
        for (algorithm, expected) in [
            (Algorithm::Crc32, "y/Q5Jg=="),
            (Algorithm::Crc32c, "4waSgw=="),
            (Algorithm::Crc64Nvme, "rosUhgp5mIg="),
            (Algorithm::Sha1, "98O8HYCOBHMq32eZZczDTKeuNEE="),
            (Algorithm::Md5, "JfnnlDI7RTiF9RgfG2JNCw=="),
        ] {
            assert_eq!(
                checksum(algorithm, b"123456789"),
                expected,
                "{}",
                algorithm.name()
            );
        }
    }

    /// The values of botocore's `test_httpchecksum.py`, hashed at once and incrementally.
    #[test]
    fn computes_xxhash_incrementally() {
        for (algorithm, expected) in [
            (Algorithm::XxHash64, "RatnNLIeaWg="),
            (Algorithm::XxHash3, "1Eex6kDmmIs="),
            (Algorithm::XxHash128, "340J6T+HSQCpm4d1zBW2xw=="),
        ] {
            assert_eq!(checksum(algorithm, b"hello world"), expected);
            let long = vec![3; 5000];
            let mut hasher = Hasher::new(algorithm);
            for chunk in long.chunks(7) {
                hasher.update(chunk);
            }
            assert_eq!(hasher.finish(), checksum(algorithm, &long));
            assert_eq!(Algorithm::from_name(algorithm.name()), Some(algorithm));
        }
    }

    #[test]
    fn chunked_bodies_have_the_predicted_length() {
        let small = aws_chunked(ByteStream::from("hello"), Algorithm::Crc32);
        let length = small.len().unwrap();
        let body = run(small.collect(1024)).unwrap();
        assert_eq!(
            body,
            "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n"
        );
        assert_eq!(length, body.len() as u64);

        let large = vec![7u8; CHUNK_SIZE * 2 + 100];
        for body in [
            ByteStream::from(large.clone()),
            ByteStream::from_stream(
                futures_util::stream::iter([Ok(Bytes::from(large.clone()))]),
                Some(large.len() as u64),
            ),
        ] {
            let chunked = aws_chunked(body, Algorithm::Crc32c);
            let length = chunked.len().unwrap();
            assert_eq!(
                run(chunked.collect(CHUNK_SIZE * 4)).unwrap().len() as u64,
                length
            );
        }
        assert_eq!(
            aws_chunked(ByteStream::empty(), Algorithm::Sha1).len(),
            Some(chunked_length(0, Algorithm::Sha1))
        );
    }

    #[test]
    fn checksum_mismatch_ends_the_stream_with_an_error() {
        let good = validating(
            ByteStream::from("hello"),
            Algorithm::Crc32,
            "NhCmhg==".into(),
        );
        assert_eq!(run(good.collect(10)).unwrap(), "hello");
        let bad = validating(
            ByteStream::from("hellO"),
            Algorithm::Crc32,
            "NhCmhg==".into(),
        );
        assert_eq!(run(bad.collect(10)).unwrap_err().kind(), ErrorKind::Stream);
    }
}
