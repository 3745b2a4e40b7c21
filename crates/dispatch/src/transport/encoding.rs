//! Decodes response bodies that a server compressed although the request did not ask for it.

use std::io::{self, Read};

use bytes::Bytes;
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use inia_core::{Error, ErrorKind, Result};
use inia_protocol::Headers;

/// Maximum number of encodings of one body.
const MAX_ENCODINGS: usize = 4;

/// Decodes a body by its `content-encoding` header, up to `limit` bytes.
///
/// Only for responses that are read as a document: a stored object is returned as it is. Unknown encodings, and bodies that are not
/// compressed despite the header, are returned unchanged.
///
/// DIFFERENCE: botocore does not decode bodies, and fails to parse them.
///
/// # Errors
/// `Parse`: the compressed data is invalid. `Stream`: it is longer than the limit.
pub(crate) fn decode_body(headers: &Headers, body: Bytes, limit: usize) -> Result<Bytes> {
    match headers.get("content-encoding") {
        Some(encodings) if !body.is_empty() => decode(encodings, body, limit),
        _ => Ok(body),
    }
}

fn decode(encodings: &str, mut body: Bytes, limit: usize) -> Result<Bytes> {
    for encoding in encodings.rsplit(',').take(MAX_ENCODINGS) {
        let encoding = encoding.trim();
        let is = |name: &str| encoding.eq_ignore_ascii_case(name);
        let decoded = if (is("gzip") || is("x-gzip")) && body.starts_with(&[0x1f, 0x8b]) {
            read_all(MultiGzDecoder::new(&*body), limit)
        } else if is("deflate") {
            // The header means the zlib format, but some servers omit its frame.
            match read_all(ZlibDecoder::new(&*body), limit) {
                Err(_) => match read_all(DeflateDecoder::new(&*body), limit) {
                    Err(_) => return Ok(body),
                    decoded => decoded,
                },
                decoded => decoded,
            }
        } else {
            continue;
        };
        let decoded = decoded.map_err(|error| {
            let message = format!("the response body is not valid {encoding}");
            Error::new(ErrorKind::Parse, message).with_source(error)
        })?;
        body = decoded.ok_or_else(|| {
            let message = format!("the decompressed response is longer than {limit} bytes");
            Error::new(ErrorKind::Stream, message)
        })?;
    }
    Ok(body)
}

/// Reads everything; `None` if it is longer than the limit.
fn read_all(decoder: impl Read, limit: usize) -> io::Result<Option<Bytes>> {
    let mut decoded = Vec::new();
    let limit = u64::try_from(limit).unwrap_or(u64::MAX);
    decoder
        .take(limit.saturating_add(1))
        .read_to_end(&mut decoded)?;
    Ok((decoded.len() as u64 <= limit).then(|| Bytes::from(decoded)))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::*;

    const TEXT: &[u8] = b"{\"QueueUrls\":[\"a\",\"a\",\"a\",\"a\"]}";

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn decodes_bodies_that_were_compressed_unasked() {
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
        zlib.write_all(TEXT).unwrap();
        let mut deflate = DeflateEncoder::new(Vec::new(), Compression::default());
        deflate.write_all(TEXT).unwrap();
        for (encoding, body, expected) in [
            ("gzip", gzip(TEXT), TEXT),
            ("X-GZIP", gzip(TEXT), TEXT),
            ("gzip", [gzip(b"{"), gzip(b"}")].concat(), b"{}"),
            ("gzip, gzip", gzip(&gzip(TEXT)), TEXT),
            ("identity, gzip", gzip(TEXT), TEXT),
            ("deflate", zlib.finish().unwrap(), TEXT),
            ("deflate", deflate.finish().unwrap(), TEXT),
            // Not compressed despite the header, or in an unknown encoding.
            ("gzip", TEXT.to_vec(), TEXT),
            ("deflate", TEXT.to_vec(), TEXT),
            ("br", TEXT.to_vec(), TEXT),
            ("aws-chunked", TEXT.to_vec(), TEXT),
        ] {
            let mut headers = Headers::new();
            headers.push("content-encoding", encoding);
            let decoded = decode_body(&headers, Bytes::from(body), 100).unwrap();
            assert_eq!(decoded, expected, "{encoding}");
        }
        assert_eq!(
            decode_body(&Headers::new(), Bytes::from(gzip(TEXT)), 100).unwrap(),
            gzip(TEXT)
        );
    }

    #[test]
    fn decompressed_bodies_are_bounded() {
        let bomb = Bytes::from(gzip(&vec![0; 1 << 20]));
        let error = decode("gzip", bomb.clone(), 1000).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Stream);
        let error = decode("gzip", bomb.slice(..bomb.len() / 2), 1 << 30).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Parse);
    }
}
