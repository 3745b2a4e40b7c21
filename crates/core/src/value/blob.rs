//! [`Blob`]: bytes.

use std::fmt;
use std::ops::Deref;

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
