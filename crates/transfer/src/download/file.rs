//! Downloads to files and other writers by position.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use inia_core::{Error, ErrorKind, Result};
use inia_dispatch::detail::{Algorithm, SavedFile};

use super::journal::DownloadJournal;
use super::ordered::write_in_order;
use super::range::fetch_range;
use super::sink::{PositionedSink, WriteAt};
use super::{OpenedObject, RemoteObject, open, verify};
use crate::TransferOutput;
use crate::checksum::PartChecksum;
use crate::config::MIB;
use crate::context::{TransferContext, unblock};
use crate::object::ObjectName;
use crate::parts::PartTasks;
use crate::source::file_error;

/// Downloads an object to a file that replaces an existing one when it is complete.
pub(super) async fn download_file(
    context: &Arc<TransferContext>,
    object: ObjectName,
    path: PathBuf,
) -> Result<TransferOutput> {
    let opened = open(context, object).await?;
    let saved = open_file(&path, None).await?;
    write_file(context, opened, saved, path, None).await
}

/// Opens a temporary file beside the path, with a name of its own or this one.
pub(super) async fn open_file(path: &Path, name: Option<String>) -> Result<SavedFile> {
    let path = path.to_owned();
    unblock(move || {
        SavedFile::open(&path, name.as_deref()).map_err(|error| file_error(&path, error))
    })
    .await
}

/// Writes an object to a temporary file, which then replaces the file.
pub(super) async fn write_file(
    context: &Arc<TransferContext>,
    opened: OpenedObject,
    saved: SavedFile,
    path: PathBuf,
    journal: Option<Arc<DownloadJournal>>,
) -> Result<TransferOutput> {
    if !saved.is_positioned() {
        let file = saved.file().try_clone();
        let file = file.map_err(|error| file_error(&path, error))?;
        return write_in_order(context, opened, tokio::fs::File::from_std(file)).await;
    }
    let saved = Arc::new(saved);
    let writer = Arc::clone(&saved) as Arc<dyn WriteAt>;
    let output = download_parts(context, opened, writer, journal).await?;
    let saved = Arc::into_inner(saved)
        .ok_or_else(|| Error::new(ErrorKind::Stream, "the file is still being written to"))?;
    unblock(move || saved.finish().map_err(|error| file_error(&path, error))).await?;
    Ok(output)
}

impl WriteAt for SavedFile {
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> std::io::Result<()> {
        self.file().write_all_at(bytes, offset)
    }
}

/// Downloads an object to a writer by position.
pub(crate) async fn download_to(
    context: Arc<TransferContext>,
    object: ObjectName,
    writer: Arc<dyn WriteAt>,
) -> Result<TransferOutput> {
    let transfer = async {
        let opened = open(&context, object).await?;
        download_parts(&context, opened, writer, None).await
    };
    context.control.until_cancelled(transfer).await
}

/// Maximum size of the parts of an upload that are downloaded as they were uploaded, in bytes.
const MAX_UPLOADED_PART: u64 = 64 * MIB;

/// Returns the size of the parts that an object with a composite checksum was uploaded in, and its algorithm: the checksum is verified if
/// the same parts are downloaded. `None` if that is not known, or the parts have several sizes.
async fn uploaded_part_size(
    context: &Arc<TransferContext>,
    remote: &RemoteObject,
) -> Option<(u64, Algorithm)> {
    let (checksum, count) = remote.composite()?;
    if count == 1 {
        return (remote.length <= MAX_UPLOADED_PART).then_some((remote.length, checksum.algorithm));
    }
    if remote.is_short(context) {
        return None;
    }
    let mut params = remote.params();
    params.insert("PartNumber", 1);
    let head = context.send("HeadObject", &params).await.ok()?;
    let size = u64::try_from(head.int("ContentLength").ok()?).ok()?;
    let has_count = head
        .int("PartsCount")
        .ok()
        .and_then(|count| u64::try_from(count).ok())
        == Some(count);
    let is_uniform = size > 0 && remote.length.div_ceil(size) == count;
    (has_count && is_uniform && size <= MAX_UPLOADED_PART).then_some((size, checksum.algorithm))
}

/// Downloads an object in parts, and verifies its checksum.
async fn download_parts(
    context: &Arc<TransferContext>,
    opened: OpenedObject,
    writer: Arc<dyn WriteAt>,
    journal: Option<Arc<DownloadJournal>>,
) -> Result<TransferOutput> {
    let OpenedObject { remote, mut body } = opened;
    let remote = Arc::new(remote);
    let (part_size, algorithm) = match &journal {
        Some(journal) => (journal.part_size, Some(journal.algorithm)),
        None => match uploaded_part_size(context, &remote).await {
            Some((size, algorithm)) => (size, Some(algorithm)),
            None if remote.is_short(context) => (remote.length, remote.full_checksum()),
            None => (context.config.part_size, remote.full_checksum()),
        },
    };
    let mut tasks = PartTasks::new();
    let mut start = 0;
    while start < remote.length || body.is_some() {
        tasks
            .wait_for_fewer_than(context.config.concurrency)
            .await?;
        let end = start.saturating_add(part_size).min(remote.length);
        let (context, remote) = (Arc::clone(context), Arc::clone(&remote));
        let mut sink = PositionedSink::new(Arc::clone(&writer), start, algorithm);
        let body = body.take();
        let journal = journal.clone();
        tasks.spawn(async move {
            if let Some(journal) = &journal
                && let Some(checksum) = journal.stored_part(start..end).await?
            {
                context.progress.add_resumed(end - start);
                return Ok((start, Some(checksum)));
            }
            fetch_range(&context, &remote, start..end, body, &mut sink).await?;
            let checksum = sink.finish().await?;
            if let (Some(journal), Some(checksum)) = (&journal, &checksum) {
                journal.add(start, checksum).await?;
            }
            context.progress.add_part();
            Ok((start, checksum))
        });
        start = end;
    }
    let mut parts = tasks.finish().await?;
    parts.sort_by_key(|(start, _)| *start);
    let count = u32::try_from(parts.len()).unwrap_or(u32::MAX);
    let checksums: Option<Vec<PartChecksum>> =
        parts.into_iter().map(|(_, checksum)| checksum).collect();
    verify(&remote, checksums.as_deref())?;
    Ok(TransferOutput {
        value: remote.value.clone(),
        bytes: remote.length,
        parts: count,
        resumed_bytes: context.progress.get().resumed_bytes,
    })
}
