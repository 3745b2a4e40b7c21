//! [`Blob`]: immutable bytes, and [`BytePool`]: the arena that parsers store short ones in.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

use bytes::Bytes;

use crate::base64::{
    base64_len, decode_base64, decode_to, decoded_len, encode_base64, write_base64,
};
use crate::chunks::{Chunks, SharedChunk};

/// Immutable bytes, reference-counted and cheap to clone.
///
/// ```
/// # use inia_core as inia;
/// use inia::Blob;
///
/// let blob = Blob::from(vec![1, 2, 3]);
/// assert_eq!(&blob[..], [1, 2, 3]);
/// ```
#[derive(Clone)]
pub struct Blob(BlobRepr);

#[derive(Clone)]
enum BlobRepr {
    Own(Box<Bytes>),
    /// A slice of a chunk of a [`BytePool`].
    Pooled {
        length: u16,
        start: u32,
        bytes: Arc<SharedBytes>,
    },
}

/// A chunk of bytes that blobs are slices of; unset until its [`BytePool`] finishes it.
type SharedBytes = SharedChunk<Vec<u8>>;

impl Blob {
    /// Returns the bytes. Only pooled blobs, which are short, are copied.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        match self.0 {
            BlobRepr::Own(bytes) => *bytes,
            BlobRepr::Pooled { .. } => Bytes::copy_from_slice(&self),
        }
    }

    /// Returns the bytes, sharing storage with the blob unless it is pooled.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        self.clone().into_bytes()
    }

    /// Returns the bytes as base64 with padding, the representation of blobs at every JSON boundary.
    ///
    /// ```
    /// # use inia_core as inia;
    /// use inia::Blob;
    ///
    /// assert_eq!(Blob::from(vec![1, 2, 3, 4]).to_base64(), "AQIDBA==");
    /// ```
    #[must_use]
    pub fn to_base64(&self) -> String {
        encode_base64(self)
    }

    /// Appends the bytes as base64 with padding.
    pub fn write_base64(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.resize(start + base64_len(self), 0);
        write_base64(out.get_mut(start..).unwrap_or_default(), self);
    }
}

impl Deref for Blob {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            BlobRepr::Own(bytes) => bytes,
            BlobRepr::Pooled {
                length,
                start,
                bytes,
            } => {
                let bytes = bytes.get().map_or(&[][..], Vec::as_slice);
                let tail = bytes.get(*start as usize..).unwrap_or_default();
                tail.get(..usize::from(*length)).unwrap_or_default()
            }
        }
    }
}

impl Default for Blob {
    fn default() -> Self {
        Blob::from(Bytes::new())
    }
}

impl PartialEq for Blob {
    fn eq(&self, other: &Blob) -> bool {
        **self == **other
    }
}

impl Eq for Blob {}

impl Hash for Blob {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl From<Bytes> for Blob {
    fn from(bytes: Bytes) -> Self {
        Blob(BlobRepr::Own(Box::new(bytes)))
    }
}

impl From<Vec<u8>> for Blob {
    fn from(bytes: Vec<u8>) -> Self {
        Blob::from(Bytes::from(bytes))
    }
}

impl From<&[u8]> for Blob {
    fn from(bytes: &[u8]) -> Self {
        Blob::from(Bytes::copy_from_slice(bytes))
    }
}

impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_bytes(), f)
    }
}

/// Arena for the short blobs of a response while it is parsed; the counterpart of [`TextPool`](crate::detail::TextPool) for strings.
///
/// ```
/// use inia_core::detail::BytePool;
///
/// let mut pool = BytePool::default();
/// let blob = pool.fill(3, |bytes| bytes.copy_from_slice(b"abc"));
/// drop(pool);
/// assert_eq!(&blob[..], b"abc");
/// ```
#[derive(Debug, Default)]
pub struct BytePool {
    chunks: Chunks<Vec<u8>>,
}

/// Capacities of the first chunk and of the largest, in bytes.
const CHUNK_CAPACITIES: std::ops::RangeInclusive<usize> = 128..=16 * 1024;

impl BytePool {
    /// Returns a blob of `length` bytes that `fill` writes into a zeroed buffer. It reads as empty until the pool is dropped or
    /// starts the next chunk.
    pub fn fill(&mut self, length: usize, fill: impl FnOnce(&mut [u8])) -> Blob {
        // A blob that would fill much of a chunk gets its own allocation.
        let short = u16::try_from(length).ok();
        let Some(short) = short.filter(|_| length <= CHUNK_CAPACITIES.end() / 4) else {
            let mut bytes = vec![0; length];
            fill(&mut bytes);
            return Blob::from(bytes);
        };
        let (shared, chunk) = self.chunks.reserve(length, &CHUNK_CAPACITIES);
        let start = chunk.len();
        chunk.resize(start + length, 0);
        if let Some(bytes) = chunk.get_mut(start..) {
            fill(bytes);
        }
        Blob(BlobRepr::Pooled {
            length: short,
            // Does not saturate: a chunk has at most 16 KiB.
            start: u32::try_from(start).unwrap_or(u32::MAX),
            bytes: Arc::clone(shared),
        })
    }
}

/// Decodes base64, skipping bytes outside of the alphabet; `None` if the rest is not base64.
///
/// # Source
/// Python's `base64.b64decode`, which botocore uses.
pub fn blob_from_base64(text: impl AsRef<[u8]>) -> Option<Blob> {
    decode_base64(text.as_ref()).map(Blob::from)
}

/// Decodes base64 like [`blob_from_base64`]; stores short blobs in a pool.
pub fn pooled_blob_from_base64(pool: &mut BytePool, text: &[u8]) -> Option<Blob> {
    let mut is_base64 = false;
    let blob = pool.fill(decoded_len(text), |bytes| {
        is_base64 = decode_to(text, bytes);
    });
    if is_base64 {
        Some(blob)
    } else {
        blob_from_base64(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pool_stores_blobs_of_any_length() {
        let lengths: Vec<usize> = (0..300).chain((0..20_000).step_by(997)).collect();
        let mut pool = BytePool::default();
        let blobs: Vec<Blob> = lengths
            .iter()
            .map(|length| pool.fill(*length, |bytes| bytes.fill(*length as u8)))
            .collect();
        drop(pool);
        for (blob, length) in blobs.iter().zip(&lengths) {
            let expected = vec![*length as u8; *length];
            assert_eq!(**blob, expected);
            assert_eq!(blob.to_bytes(), expected);
            assert_eq!(*blob, Blob::from(expected));
        }
    }
}
