//! [`Blob`]: bytes.

use std::fmt;
use std::ops::Deref;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;

/// Bytes, shared and cheap to clone.
///
/// ```
/// use inia_core::Blob;
///
/// let blob = Blob::from(vec![1, 2, 3]);
/// assert_eq!(&blob[..], [1, 2, 3]);
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Blob(Box<Bytes>);

impl Blob {
    /// The bytes, without copying them.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        *self.0
    }

    /// The bytes, shared.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        (*self.0).clone()
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
        &self.0
    }
}

impl From<Bytes> for Blob {
    fn from(bytes: Bytes) -> Self {
        Blob(Box::new(bytes))
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
        fmt::Debug::fmt(&*self.0, f)
    }
}
