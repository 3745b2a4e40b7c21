//! Uploads of files that go on where an earlier one ended.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use inia_core::{Error, ErrorKind, Map, Result, Str};
use inia_dispatch::detail::Algorithm;

use super::SeekableSource;
use super::multipart::{MultipartUpload, StoredPart, upload_all};
use crate::TransferOutput;
use crate::checksum::ObjectChecksum;
use crate::context::{TransferContext, unblock};
use crate::journal::{Journal, JournalKind};
use crate::object::ObjectName;
use crate::source::SourceFile;

/// An upload that goes on, or a new one.
struct ResumedUpload {
    upload: Arc<MultipartUpload>,
    part_size: u64,
    stored: HashMap<u32, StoredPart>,
}

/// Uploads a file in parts. The parts of an earlier upload that the journal names are used, if the file is unchanged.
pub(super) async fn upload(
    context: &Arc<TransferContext>,
    file: SourceFile,
    object: ObjectName,
    checksum: Option<ObjectChecksum>,
    part_size: u64,
) -> Result<TransferOutput> {
    let mut journal = {
        let (context, object, path) = (Arc::clone(context), object.clone(), file.path.clone());
        unblock(move || {
            let kind = JournalKind::Upload;
            Journal::open(&context.client, &context.config, kind, &object, &path)
        })
        .await?
    };
    let start = async {
        match earlier(context, &journal, &file, &object, checksum).await? {
            Some(upload) => Ok((upload, false)),
            None => {
                let params = Map::new();
                let upload = MultipartUpload::create(context, object, checksum, params).await?;
                let stored = HashMap::new();
                let upload = ResumedUpload {
                    upload,
                    part_size,
                    stored,
                };
                Ok((upload, true))
            }
        }
    };
    let (resumed, is_new) = context.control.until_cancelled(start).await?;
    let ResumedUpload {
        upload,
        part_size,
        stored,
    } = resumed;
    if is_new {
        let mut header = Map::new();
        header.insert("upload_id", upload.id.clone());
        header.insert("size", file.version.length.to_string());
        header.insert("modified", modified(&file));
        header.insert("part_size", part_size.to_string());
        header.insert("checksum", checksum_name(checksum));
        header.insert("stores_checksum", upload.stores_checksum());
        let begun = unblock(move || {
            journal.begin(header)?;
            Ok(journal)
        });
        journal = match begun.await {
            Ok(journal) => journal,
            Err(error) => return Err(upload.abort(error).await),
        };
    }
    let source = SeekableSource::File(file);
    let transfer = upload_all(&upload, &source, part_size, stored);
    let error = match context.control.until_cancelled(transfer).await {
        Ok(output) => {
            journal.remove();
            return Ok(output);
        }
        Err(error) => error,
    };
    if source.check_unchanged().await.is_err() {
        journal.remove();
        return Err(upload.abort(error).await);
    }
    Err(error.with_note("the parts are kept: the same upload goes on where this one ended"))
}

/// Returns the upload of a journal if it is of this version of the file. Removes the parts of another version.
async fn earlier(
    context: &Arc<TransferContext>,
    journal: &Journal,
    file: &SourceFile,
    object: &ObjectName,
    checksum: Option<ObjectChecksum>,
) -> Result<Option<ResumedUpload>> {
    let Some(id) = journal.str("upload_id") else {
        return Ok(None);
    };
    let number = |name: &str| journal.str(name).and_then(|text| text.parse::<u64>().ok());
    let stores_checksum = journal.bool("stores_checksum");
    let upload = MultipartUpload::existing(
        context,
        object.clone(),
        Str::from(id),
        checksum,
        stores_checksum,
    );
    let is_same = number("size") == Some(file.version.length)
        && journal.str("modified") == Some(&modified(file))
        && journal.str("checksum") == Some(&checksum_name(checksum));
    match number("part_size").filter(|size| is_same && *size > 0) {
        Some(part_size) => match upload.stored_parts().await {
            Ok(stored) => Ok(Some(ResumedUpload {
                upload,
                part_size,
                stored,
            })),
            Err(error) if error.code() == Some("NoSuchUpload") => Ok(None),
            Err(error) => Err(error),
        },
        None => {
            // Its parts are of no use; the new upload is not affected if they remain.
            let cause = Error::new(ErrorKind::Cancelled, "the file was changed");
            let aborted = upload.abort(cause).await;
            tracing::debug!(upload = id, result = %aborted, "removed the parts of an earlier version");
            Ok(None)
        }
    }
}

/// Returns the time of the last modification of a file.
fn modified(file: &SourceFile) -> String {
    let since = file
        .version
        .modified
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    since.map_or_else(String::new, |since| since.as_nanos().to_string())
}

fn checksum_name(checksum: Option<ObjectChecksum>) -> String {
    let name = checksum.map_or("none", |checksum| Algorithm::name(checksum.algorithm));
    let kind = checksum.map_or("", ObjectChecksum::type_name);
    format!("{name} {kind}")
}
