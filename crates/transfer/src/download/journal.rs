//! [`DownloadJournal`]: the parts of a download that are in its temporary file.

use std::collections::HashMap;
use std::fs::File;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use inia_core::Result;
use inia_dispatch::detail::{Algorithm, Hasher};

use crate::checksum::PartChecksum;
use crate::config::MIB;
use crate::context::unblock;
use crate::journal::Journal;
use crate::source::read_exact_at;

/// The journal of a download, and the parts that it says are in the temporary file.
#[derive(Debug)]
pub(super) struct DownloadJournal {
    pub(super) journal: Mutex<Journal>,
    pub(super) part_size: u64,
    pub(super) algorithm: Algorithm,
    pub(super) file: Arc<File>,
    pub(super) parts: HashMap<u64, Vec<u8>>,
}

impl DownloadJournal {
    /// Returns the checksum of a part if the temporary file has it.
    pub(super) async fn stored_part(&self, range: Range<u64>) -> Result<Option<PartChecksum>> {
        let Some(expected) = self.parts.get(&range.start).cloned() else {
            return Ok(None);
        };
        let (file, algorithm) = (Arc::clone(&self.file), self.algorithm);
        let length = range.end.saturating_sub(range.start);
        unblock(move || {
            let mut hasher = Hasher::new(algorithm);
            let mut buffer = vec![0; usize::try_from(MIB.min(length)).unwrap_or(0)];
            let mut offset = range.start;
            while offset < range.end {
                let left = usize::try_from(range.end - offset).unwrap_or(usize::MAX);
                let size = left.min(buffer.len());
                let Some(chunk) = buffer.get_mut(..size) else {
                    return Ok(None);
                };
                // A part that cannot be read is downloaded again.
                if read_exact_at(&file, chunk, offset).is_err() {
                    return Ok(None);
                }
                hasher.update(chunk);
                offset += size as u64;
            }
            let digest = hasher.digest();
            Ok((digest == expected).then_some(PartChecksum { digest, length }))
        })
        .await
    }

    /// Records a part that was written.
    pub(super) async fn add(self: &Arc<Self>, start: u64, checksum: &PartChecksum) -> Result<()> {
        let line = format!("{start} {}", checksum.base64());
        let this = Arc::clone(self);
        unblock(move || {
            let mut journal = this.journal.lock().unwrap_or_else(PoisonError::into_inner);
            journal.add(&line)
        })
        .await
    }
}
