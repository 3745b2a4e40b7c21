//! Downloads to files that go on where an earlier one ended.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use inia_core::{Map, Result};
use inia_dispatch::detail::Algorithm;

use super::file::{open_file, write_file};
use super::journal::DownloadJournal;
use super::{RemoteObject, head, open};
use crate::TransferOutput;
use crate::context::{TransferContext, unblock};
use crate::journal::{Journal, JournalKind};
use crate::object::ObjectName;

/// Prefix and suffix of the names of temporary files.
const TEMPORARY: (&str, &str) = (".inia-", ".part");

/// Downloads an object to a file. The parts of an earlier download that the journal names are used, if the object is unchanged.
pub(super) async fn download_file(
    context: &Arc<TransferContext>,
    object: ObjectName,
    path: PathBuf,
) -> Result<TransferOutput> {
    let mut journal = {
        let (context, object, path) = (Arc::clone(context), object.clone(), path.clone());
        unblock(move || {
            let kind = JournalKind::Download;
            Journal::open(&context.client, &context.config, kind, &object, &path)
        })
        .await?
    };
    let opened = match journal.header {
        Some(_) => head(context, object).await?,
        None => open(context, object).await?,
    };
    let earlier = EarlierDownload::of(&journal, &opened.remote);
    if earlier.is_none() {
        remove_temporary(&journal, &path);
    }
    if opened.remote.is_short(context) {
        let saved = open_file(&path, None).await?;
        let output = write_file(context, opened, saved, path, None).await;
        journal.remove();
        return output;
    }
    let (name, part_size, algorithm, parts) = match earlier {
        Some(earlier) => (
            earlier.name,
            earlier.part_size,
            earlier.algorithm,
            earlier.parts,
        ),
        None => {
            let algorithm = opened.remote.full_checksum();
            let (prefix, suffix) = TEMPORARY;
            let name = format!("{prefix}{:016x}{suffix}", fastrand::u64(..));
            (
                name,
                context.config.part_size,
                algorithm.unwrap_or(Algorithm::Crc64Nvme),
                HashMap::new(),
            )
        }
    };
    let saved = open_file(&path, Some(name.clone())).await?;
    if !saved.is_positioned() {
        journal.remove();
        return write_file(context, opened, saved, path, None).await;
    }
    if parts.is_empty() {
        let mut header = Map::new();
        header.insert("etag", opened.remote.etag.clone().unwrap_or_default());
        header.insert("size", opened.remote.length.to_string());
        header.insert("part_size", part_size.to_string());
        header.insert("checksum", algorithm.name());
        header.insert("temporary", name);
        journal = unblock(move || {
            journal.begin(header)?;
            Ok(journal)
        })
        .await?;
    }
    let file = saved.file().try_clone();
    let file = file.map_err(|error| crate::source::file_error(&path, error))?;
    let journal = Arc::new(DownloadJournal {
        journal: Mutex::new(journal),
        part_size,
        algorithm,
        file: Arc::new(file),
        parts,
    });
    let result = write_file(context, opened, saved, path, Some(Arc::clone(&journal))).await;
    match result {
        Ok(output) => {
            if let Some(journal) = Arc::into_inner(journal) {
                let journal = journal.journal.into_inner();
                journal.unwrap_or_else(PoisonError::into_inner).remove();
            }
            Ok(output)
        }
        Err(error) => Err(error.with_note(
            "the parts are kept: the same download goes on where this one ended, unless the object changes",
        )),
    }
}

/// An earlier download of the same version of an object, from its journal.
struct EarlierDownload {
    name: String,
    part_size: u64,
    algorithm: Algorithm,
    parts: HashMap<u64, Vec<u8>>,
}

impl EarlierDownload {
    fn of(journal: &Journal, remote: &RemoteObject) -> Option<Self> {
        let number = |name: &str| journal.str(name)?.parse::<u64>().ok();
        let algorithm = Algorithm::from_name(journal.str("checksum")?)?;
        let is_same = journal.str("etag") == remote.etag.as_deref()
            && number("size") == Some(remote.length)
            && remote.full_checksum().is_none_or(|full| full == algorithm);
        if !is_same {
            return None;
        }
        let parts = journal.lines.iter().filter_map(|line| {
            let (start, digest) = line.split_once(' ')?;
            Some((start.parse().ok()?, BASE64_STANDARD.decode(digest).ok()?))
        });
        Some(EarlierDownload {
            name: temporary_name(journal)?.to_owned(),
            part_size: number("part_size").filter(|size| *size > 0)?,
            algorithm,
            parts: parts.collect(),
        })
    }
}

/// Returns the name of the temporary file of a journal, if it is one.
fn temporary_name(journal: &Journal) -> Option<&str> {
    let name = journal.str("temporary")?;
    let random = name.strip_prefix(TEMPORARY.0)?.strip_suffix(TEMPORARY.1)?;
    random
        .bytes()
        .all(|byte| byte.is_ascii_hexdigit())
        .then_some(name)
}

/// Removes the temporary file of an earlier version of the object.
fn remove_temporary(journal: &Journal, path: &Path) {
    if let (Some(name), Some(folder)) = (temporary_name(journal), path.parent()) {
        // It may not exist.
        let _ = std::fs::remove_file(folder.join(name));
    }
}
