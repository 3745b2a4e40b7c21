//! [`TransferConfig`]: sizes and limits of transfers.

use std::path::PathBuf;
use std::time::Duration;

/// One mebibyte, in bytes.
pub(crate) const MIB: u64 = 1 << 20;

/// Minimum size of a part other than the last one, in bytes.
///
/// # Source
/// The S3 user guide, "Amazon S3 multipart upload limits".
pub(crate) const MIN_PART_SIZE: u64 = 5 * MIB;

/// Maximum size of a part, in bytes.
pub(crate) const MAX_PART_SIZE: u64 = 5 << 30;

/// Maximum number of parts of an upload.
pub(crate) const MAX_PARTS: u64 = 10_000;

/// Sizes and limits of transfers, with boto3's defaults for sizes and concurrency.
///
/// | boto3's `TransferConfig` | here |
/// |---|---|
/// | `multipart_threshold` | [`multipart_threshold`](Self::multipart_threshold) |
/// | `multipart_chunksize` | [`part_size`](Self::part_size) |
/// | `max_concurrency` | [`concurrency`](Self::concurrency) |
/// | `max_bandwidth` | [`max_bandwidth`](Self::max_bandwidth) |
/// | `num_download_attempts` | [`part_attempts`](Self::part_attempts), for uploads and copies too |
/// | `use_threads=False` | `concurrency(1)` |
/// | `max_io_queue`, `io_chunksize` | not needed: parts are written where they belong |
///
/// ```
/// # mod inia { pub mod transfer { pub use inia_transfer::*; } }
/// use inia::transfer::TransferConfig;
///
/// let config = TransferConfig::new().part_size(16 << 20).concurrency(20).max_memory(256 << 20);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferConfig {
    pub(crate) multipart_threshold: u64,
    pub(crate) part_size: u64,
    pub(crate) concurrency: usize,
    pub(crate) max_memory: u64,
    pub(crate) max_bandwidth: Option<u64>,
    pub(crate) part_attempts: u32,
    pub(crate) retry_delay: Duration,
    pub(crate) is_resumable: bool,
    pub(crate) journal_folder: Option<PathBuf>,
}

impl Default for TransferConfig {
    fn default() -> Self {
        TransferConfig {
            multipart_threshold: 8 * MIB,
            part_size: 8 * MIB,
            concurrency: 10,
            max_memory: 32 * MIB,
            max_bandwidth: None,
            part_attempts: 10,
            retry_delay: Duration::from_millis(100),
            is_resumable: false,
            journal_folder: None,
        }
    }
}

impl TransferConfig {
    /// Returns the defaults.
    #[must_use]
    pub fn new() -> Self {
        TransferConfig::default()
    }

    /// Sets the size from which an object is transferred in parts, in bytes. Default: 8 MiB.
    #[must_use]
    pub fn multipart_threshold(mut self, bytes: u64) -> Self {
        self.multipart_threshold = bytes.max(1);
        self
    }

    /// Sets the size of a part, in bytes. Default: 8 MiB. Parts of uploads and copies have 5 MiB at least, and more if the object
    /// has more than 10,000 parts otherwise.
    #[must_use]
    pub fn part_size(mut self, bytes: u64) -> Self {
        self.part_size = bytes.clamp(1, MAX_PART_SIZE);
        self
    }

    /// Sets the maximum number of concurrent requests. Default: 10. Throttling reduces it temporarily.
    #[must_use]
    pub fn concurrency(mut self, requests: usize) -> Self {
        self.concurrency = requests.clamp(1, 10_000);
        self
    }

    /// Sets the maximum size of the parts in memory, in bytes. Default: 32 MiB, that is four parts. Uploads and downloads in order
    /// (to a pipe or a writer) keep their parts in memory; downloads to a file do not. If a single part is longer, there is one at a
    /// time.
    #[must_use]
    pub fn max_memory(mut self, bytes: u64) -> Self {
        self.max_memory = bytes.max(MIB);
        self
    }

    /// Sets the maximum rate of all transfers of the manager together, in bytes per second. Default: none.
    #[must_use]
    pub fn max_bandwidth(mut self, bytes_per_second: u64) -> Self {
        self.max_bandwidth = Some(bytes_per_second.max(1));
        self
    }

    /// Sets the maximum number of consecutive failures of a part, each of which is a call with all its retries. Default: 10.
    /// A download that received bytes since its last failure starts to count anew. Throttling does not count until it has
    /// happened 50 times in a row.
    #[must_use]
    pub fn part_attempts(mut self, attempts: u32) -> Self {
        self.part_attempts = attempts.max(1);
        self
    }

    /// Sets the delay after the first failure of a part; it doubles with each further one, up to 20 seconds. Default: 100 ms.
    #[must_use]
    pub fn retry_delay(mut self, delay: Duration) -> Self {
        self.retry_delay = delay;
        self
    }

    /// Makes all transfers resumable: see [`TransferRequest::resumable`](crate::TransferRequest::resumable).
    #[must_use]
    pub fn resumable(mut self, is_resumable: bool) -> Self {
        self.is_resumable = is_resumable;
        self
    }

    /// Sets the folder of the journals of resumable transfers. Default: `~/.aws/inia/transfers`.
    #[must_use]
    pub fn journal_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.journal_folder = Some(folder.into());
        self
    }
}

/// Returns the size of the parts of an upload or a copy: the preferred one, or the next power-of-two multiple that needs at most 10,000
/// parts.
///
/// # Source
/// s3transfer `utils.py:ChunksizeAdjuster`.
pub(crate) fn upload_part_size(preferred: u64, total: Option<u64>) -> u64 {
    let mut size = preferred.clamp(MIN_PART_SIZE, MAX_PART_SIZE);
    if let Some(total) = total {
        while size < MAX_PART_SIZE && total.div_ceil(size) > MAX_PARTS {
            size = size.saturating_mul(2).min(MAX_PART_SIZE);
        }
    }
    size
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_long_objects_are_longer() {
        for (preferred, total, size) in [
            (8 * MIB, Some(100 * MIB), 8 * MIB),
            (8 * MIB, Some(80_000 * MIB), 8 * MIB),
            (8 * MIB, Some(80_000 * MIB + 1), 16 * MIB),
            (8 * MIB, Some(5 << 40), 1024 * MIB),
            (1, Some(1), 5 * MIB),
            (6 << 30, None, 5 << 30),
            (8 * MIB, Some(u64::MAX), 5 << 30),
        ] {
            assert_eq!(upload_part_size(preferred, total), size, "{total:?}");
        }
    }
}
