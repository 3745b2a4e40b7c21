//! [`Blob`]: bytes; [`BytePool`]: where parsers gather short ones.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;

use crate::chunks::{Chunks, Done};

/// Bytes, shared and cheap to clone.
///
/// ```
/// use inia_core::Blob;
///
/// let blob = Blob::from(vec![1, 2, 3]);
/// assert_eq!(&blob[..], [1, 2, 3]);
/// ```
#[derive(Clone)]
pub struct Blob(Repr);

#[derive(Clone)]
enum Repr {
    Own(Box<Bytes>),
    /// Side by side with others, of which there are none until the [`BytePool`] that gathers them is done.
    Pooled {
        length: u16,
        start: u32,
        bytes: Arc<SharedBytes>,
    },
}

/// Bytes that blobs are slices of: none until the [`BytePool`] that gathers them is done.
type SharedBytes = Done<Vec<u8>>;

impl Blob {
    /// The bytes, without copying those that are not few.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        match self.0 {
            Repr::Own(bytes) => *bytes,
            Repr::Pooled { .. } => Bytes::copy_from_slice(&self),
        }
    }

    /// The bytes, shared where they are not few.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        self.clone().into_bytes()
    }

    /// The bytes as base64 with padding: how a blob stands at every JSON boundary.
    ///
    /// ```
    /// use inia_core::Blob;
    ///
    /// assert_eq!(Blob::from(vec![1, 2, 3, 4]).to_base64(), "AQIDBA==");
    /// ```
    #[must_use]
    pub fn to_base64(&self) -> String {
        BASE64.encode(&**self)
    }

    /// Appends the bytes as base64, as [`to_base64`](Self::to_base64).
    pub fn write_base64(&self, out: &mut Vec<u8>) {
        let start = out.len();
        // Four characters for every three bytes begun.
        out.resize(start + self.len().div_ceil(3) * 4, 0);
        if let Some(free) = out.get_mut(start..) {
            let written = BASE64.encode_slice(&**self, free).unwrap_or(0);
            out.truncate(start + written);
        }
    }
}

impl Deref for Blob {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            Repr::Own(bytes) => bytes,
            Repr::Pooled {
                length,
                start,
                bytes,
            } => {
                let bytes = bytes.get().map_or(&[][..], Vec::as_slice);
                let behind = bytes.get(*start as usize..).unwrap_or_default();
                behind.get(..usize::from(*length)).unwrap_or_default()
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
        Blob(Repr::Own(Box::new(bytes)))
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

/// Where the short blobs of a response are gathered while it is read, as a [`TextPool`](crate::TextPool) gathers its strings.
///
/// ```
/// use inia_core::BytePool;
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

/// The room of the first chunk and of the largest, in bytes.
const CHUNKS: std::ops::RangeInclusive<usize> = 128..=16 * 1024;

impl BytePool {
    /// A blob of so many bytes, which are zero before they are filled. It is empty until the pool is dropped or has filled its
    /// chunk.
    pub fn fill(&mut self, length: usize, fill: impl FnOnce(&mut [u8])) -> Blob {
        // One that would fill much of a chunk has its own storage.
        let short = u16::try_from(length).ok();
        let Some(short) = short.filter(|_| length <= CHUNKS.end() / 4) else {
            let mut bytes = vec![0; length];
            fill(&mut bytes);
            return Blob::from(bytes);
        };
        let (shared, chunk) = self.chunks.with_room(length, &CHUNKS);
        let start = chunk.len();
        chunk.resize(start + length, 0);
        if let Some(bytes) = chunk.get_mut(start..) {
            fill(bytes);
        }
        Blob(Repr::Pooled {
            length: short,
            // Chunks are far shorter than that.
            start: u32::try_from(start).unwrap_or(u32::MAX),
            bytes: Arc::clone(shared),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_holds_blobs_of_every_length() {
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
