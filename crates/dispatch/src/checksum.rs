//! Checksums of bodies: which one a request carries, and whether an answer's is right.
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
use inia_core::{Error, ErrorKind, Result, Str, Value};
use inia_model::{ChecksumTraits, Operation, Structure};
use inia_protocol::Headers;
use sha2::Digest as _;
use twox_hash::{XxHash3_64, XxHash3_128, XxHash64};

use crate::ByteStream;

/// A checksum algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
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
    /// Every algorithm, the cheapest to compute first: the order in which an answer's checksums are looked for.
    const BY_COST: [Algorithm; 10] = [
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

    /// The name as parameters and definitions spell it.
    pub(crate) const fn name(self) -> &'static str {
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

    /// The header, or trailer, that carries the checksum.
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

    fn from_name(name: &str) -> Option<Algorithm> {
        Algorithm::BY_COST
            .into_iter()
            .find(|algorithm| algorithm.name().eq_ignore_ascii_case(name))
    }
}

/// A checksum being computed.
pub(crate) enum Hasher {
    Crc32(crc32fast::Hasher),
    Crc32c(u32),
    Crc64Nvme(crc64fast_nvme::Digest),
    Sha1(sha1::Sha1),
    Sha256(sha2::Sha256),
    Sha512(sha2::Sha512),
    Md5(md5::Md5),
    XxHash64(XxHash64),
    // These two hold blocks of a kilobyte.
    XxHash3(Box<XxHash3_64>),
    XxHash128(Box<XxHash3_128>),
}

impl Hasher {
    pub(crate) fn new(algorithm: Algorithm) -> Self {
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

    pub(crate) fn update(&mut self, bytes: &[u8]) {
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

    /// The checksum in base64.
    pub(crate) fn finish(self) -> String {
        match self {
            Hasher::Crc32(hasher) => BASE64_STANDARD.encode(hasher.finalize().to_be_bytes()),
            Hasher::Crc32c(checksum) => BASE64_STANDARD.encode(checksum.to_be_bytes()),
            Hasher::Crc64Nvme(digest) => BASE64_STANDARD.encode(digest.sum64().to_be_bytes()),
            Hasher::Sha1(digest) => BASE64_STANDARD.encode(digest.finalize()),
            Hasher::Sha256(digest) => BASE64_STANDARD.encode(digest.finalize()),
            Hasher::Sha512(digest) => BASE64_STANDARD.encode(digest.finalize()),
            Hasher::Md5(digest) => BASE64_STANDARD.encode(digest.finalize()),
            Hasher::XxHash64(hasher) => BASE64_STANDARD.encode(hasher.finish().to_be_bytes()),
            Hasher::XxHash3(hasher) => BASE64_STANDARD.encode(hasher.finish().to_be_bytes()),
            Hasher::XxHash128(hasher) => BASE64_STANDARD.encode(hasher.finish_128().to_be_bytes()),
        }
    }
}

/// The checksum of bytes in base64.
pub(crate) fn checksum(algorithm: Algorithm, bytes: &[u8]) -> String {
    let mut hasher = Hasher::new(algorithm);
    hasher.update(bytes);
    hasher.finish()
}

/// Where a request's checksum goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RequestChecksum {
    pub(crate) algorithm: Algorithm,
    /// After an aws-chunked body instead of in a header before it.
    pub(crate) in_trailer: bool,
}

/// Decides which checksum a request carries, and names the algorithm in the request's header where that has one.
///
/// `None` where it needs none or brings its own.
pub(crate) fn for_request(
    operation: &Operation,
    input: Option<&Structure>,
    params: &Value,
    headers: &mut Headers,
    mode: ChecksumMode,
    may_trail: bool,
) -> Result<Option<RequestChecksum>> {
    let traits = operation.checksum.as_deref();
    let required =
        operation.checksum_required || traits.is_some_and(|traits| traits.request_required);
    let member = traits.and_then(|traits| traits.request_algorithm_member.as_ref());
    if !required && member.is_none() || brings_checksum(headers) {
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
        in_trailer: may_trail,
    }))
}

/// Whether the caller gave a checksum of the body. An MD5 of old does not count: the service checks both.
fn brings_checksum(headers: &Headers) -> bool {
    const NOT_CHECKSUMS: [&str; 3] = [
        "x-amz-checksum-algorithm",
        "x-amz-checksum-mode",
        "x-amz-checksum-type",
    ];
    headers
        .iter()
        .any(|(name, _)| name.starts_with("x-amz-checksum-") && !NOT_CHECKSUMS.contains(&&**name))
}

/// The checksum an answer carries that can be checked, and what it should be.
pub(crate) fn of_response(traits: &ChecksumTraits, headers: &Headers) -> Option<(Algorithm, Str)> {
    Algorithm::BY_COST.into_iter().find_map(|algorithm| {
        if !traits
            .response_algorithms
            .iter()
            .any(|name| name.eq_ignore_ascii_case(algorithm.name()))
        {
            return None;
        }
        // With a `-` it is a checksum over the checksums of an object's parts, which says nothing of these bytes.
        let expected = headers.get_shared(algorithm.header())?;
        (!expected.contains('-')).then(|| (algorithm, expected.clone()))
    })
}

/// Checks bytes against the checksum their answer carries.
pub(crate) fn validate(algorithm: Algorithm, expected: &str, bytes: &[u8]) -> Result<()> {
    compare(algorithm, expected, &checksum(algorithm, bytes))
}

fn compare(algorithm: Algorithm, expected: &str, found: &str) -> Result<()> {
    if expected == found {
        return Ok(());
    }
    let message = format!(
        "the body's {} is {found}, but the response says {expected}: the bytes were damaged on the way",
        algorithm.name()
    );
    Err(Error::new(ErrorKind::Stream, message))
}

/// The same stream, ending in an error where the checksum is not the expected one.
pub(crate) fn validating(body: ByteStream, algorithm: Algorithm, expected: Str) -> ByteStream {
    let length = body.len();
    let stream = Validating {
        body,
        hasher: Some(Hasher::new(algorithm)),
        algorithm,
        expected,
    };
    ByteStream::from_stream(stream, length)
}

struct Validating {
    body: ByteStream,
    hasher: Option<Hasher>,
    algorithm: Algorithm,
    expected: Str,
}

impl Stream for Validating {
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

/// How many bytes of the body one chunk of an aws-chunked body holds.
const CHUNK: usize = 1024 * 1024;

/// A body in the aws-chunked encoding, with its checksum in the trailer behind it.
///
/// # Source
/// The S3 API reference, "Transferring payloads with multiple chunks"; botocore `httpchecksum.py:AwsChunkedWrapper`.
pub(crate) fn aws_chunked(body: ByteStream, algorithm: Algorithm) -> ByteStream {
    let length = body.len().map(|length| chunked_length(length, algorithm));
    let body = match body.into_bytes() {
        Ok(bytes) if bytes.len() <= CHUNK => {
            return ByteStream::from(chunked_bytes(&bytes, algorithm));
        }
        Ok(bytes) => ByteStream::from(bytes),
        Err(body) => body,
    };
    let state = Chunking {
        body,
        pending: BytesMut::new(),
        ended: false,
    };
    let stream = futures_util::stream::try_unfold(
        (state, Some(Hasher::new(algorithm))),
        move |(mut state, hasher)| async move {
            let Some(mut hasher) = hasher else {
                return Ok(None);
            };
            let chunk = state.next_chunk().await?;
            if chunk.is_empty() {
                let end = trailer(algorithm, &hasher.finish());
                return Ok(Some((Bytes::from(end), (state, None))));
            }
            hasher.update(&chunk);
            let mut framed = BytesMut::with_capacity(chunk.len() + 16);
            framed.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            framed.extend_from_slice(&chunk);
            framed.extend_from_slice(b"\r\n");
            Ok(Some((framed.freeze(), (state, Some(hasher)))))
        },
    );
    ByteStream::from_stream(stream, length)
}

/// Gathers a stream's pieces into chunks of even size.
struct Chunking {
    body: ByteStream,
    pending: BytesMut,
    ended: bool,
}

impl Chunking {
    /// The next chunk: full, or the last one, or empty at the end.
    async fn next_chunk(&mut self) -> Result<Bytes> {
        while self.pending.len() < CHUNK && !self.ended {
            match self.body.next().await.transpose()? {
                Some(piece) => self.pending.extend_from_slice(&piece),
                None => self.ended = true,
            }
        }
        let length = self.pending.len().min(CHUNK);
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

/// The length of an aws-chunked body whose content has the given length.
fn chunked_length(length: u64, algorithm: Algorithm) -> u64 {
    let framed = |size: u64| format!("{size:x}").len() as u64 + 4 + size;
    let (full, rest) = (length / CHUNK as u64, length % CHUNK as u64);
    let mut total = full * framed(CHUNK as u64);
    if rest > 0 {
        total += framed(rest);
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
    fn checksums_of_the_check_string() {
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

    /// The values of botocore's `test_httpchecksum.py`, in one piece and in many.
    #[test]
    fn xxhash_in_pieces() {
        for (algorithm, expected) in [
            (Algorithm::XxHash64, "RatnNLIeaWg="),
            (Algorithm::XxHash3, "1Eex6kDmmIs="),
            (Algorithm::XxHash128, "340J6T+HSQCpm4d1zBW2xw=="),
        ] {
            assert_eq!(checksum(algorithm, b"hello world"), expected);
            let long = vec![3; 5000];
            let mut hasher = Hasher::new(algorithm);
            for piece in long.chunks(7) {
                hasher.update(piece);
            }
            assert_eq!(hasher.finish(), checksum(algorithm, &long));
            assert_eq!(Algorithm::from_name(algorithm.name()), Some(algorithm));
        }
    }

    #[test]
    fn chunks_are_framed_and_counted() {
        let small = aws_chunked(ByteStream::from("hello"), Algorithm::Crc32);
        let length = small.len().unwrap();
        let body = run(small.collect(1024)).unwrap();
        assert_eq!(
            body,
            "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n"
        );
        assert_eq!(length, body.len() as u64);

        let large = vec![7u8; CHUNK * 2 + 100];
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
                run(chunked.collect(CHUNK * 4)).unwrap().len() as u64,
                length
            );
        }
        assert_eq!(
            aws_chunked(ByteStream::empty(), Algorithm::Sha1).len(),
            Some(chunked_length(0, Algorithm::Sha1))
        );
    }

    #[test]
    fn damage_shows_at_the_end_of_a_stream() {
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
