//! [`BufferPool`]: reuses the memory of parts, which allocators keep for each thread otherwise.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

/// Maximum number of buffers that are kept.
const MAX_KEPT: usize = 4;

/// Minimum size of a buffer that is kept, in bytes.
const MIN_KEPT: usize = 1 << 20;

/// Buffers that are not in use.
#[derive(Default)]
pub(crate) struct BufferPool(Mutex<Vec<Vec<u8>>>);

impl BufferPool {
    /// Returns a buffer of this length with any contents.
    pub(crate) fn take(self: &Arc<Self>, length: usize) -> PartBuffer {
        let mut bytes = if length < MIN_KEPT {
            Vec::new()
        } else {
            self.lock().pop().unwrap_or_default()
        };
        bytes.resize(length, 0);
        PartBuffer {
            bytes,
            pool: Arc::clone(self),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for BufferPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BufferPool").finish_non_exhaustive()
    }
}

/// A buffer that returns to its pool when it is dropped.
pub(crate) struct PartBuffer {
    bytes: Vec<u8>,
    pool: Arc<BufferPool>,
}

impl PartBuffer {
    pub(crate) fn as_mut_slice(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    /// Converts the buffer into bytes. It returns to its pool with the last of them.
    pub(crate) fn freeze(self) -> Bytes {
        Bytes::from_owner(self)
    }
}

impl AsRef<[u8]> for PartBuffer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for PartBuffer {
    fn drop(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
        let mut kept = self.pool.lock();
        if bytes.len() >= MIN_KEPT && kept.len() < MAX_KEPT {
            kept.push(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_are_used_again() {
        let pool = Arc::new(BufferPool::default());
        let bytes = pool.take(MIN_KEPT).freeze();
        let slice = bytes.slice(10..20);
        drop(bytes);
        assert!(pool.lock().is_empty());
        drop(slice);
        let again = pool.take(MIN_KEPT + 5);
        assert_eq!((pool.lock().len(), again.as_ref().len()), (0, MIN_KEPT + 5));
        drop(again);
        let short = pool.take(100).freeze();
        assert_eq!(short.len(), 100);
        drop(short);
        let third = pool.take(MIN_KEPT).freeze();
        assert_eq!(third.len(), MIN_KEPT);
        let all: Vec<PartBuffer> = (0..10).map(|_| pool.take(MIN_KEPT)).collect();
        drop(all);
        assert_eq!(pool.lock().len(), MAX_KEPT);
    }
}
