//! [`LocalListing`]: the files of a folder, in the order of the keys that they have in a bucket.

use std::collections::VecDeque;
use std::fs::Metadata;
use std::path::{Path, PathBuf};

use futures_util::StreamExt as _;
use inia_core::{Error, ErrorKind, Result, Str, Timestamp};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::boxed_stream::boxed_stream;
use crate::source::{FileId, file_error, file_id};

/// Number of files that are listed ahead.
const FILES_AHEAD: usize = 1000;

/// Maximum depth of folders.
const MAX_DEPTH: usize = 1000;

/// A file below a folder.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct LocalFile {
    /// The path below the folder, with `/` as its separator.
    pub key: Str,
    /// The path.
    pub path: PathBuf,
    /// The size in bytes.
    pub size: u64,
    /// The time of the last modification.
    pub modified: Option<Timestamp>,
}

/// An entry of a folder that is not listed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SkippedFile {
    /// The path.
    pub path: PathBuf,
    /// The reason, such as `is a device`.
    pub reason: Str,
}

/// An item of a [`LocalListing`].
#[derive(Clone, Debug, PartialEq)]
pub enum LocalEntry {
    /// A file.
    File(LocalFile),
    /// An entry that cannot be uploaded: a device, a pipe, a socket, a broken link, or a file that cannot be read.
    Skipped(SkippedFile),
}

boxed_stream! {
    /// The files of a folder and its subfolders, in the order of their keys. Only the entries of the folders on the way to the current
    /// file are in memory.
    pub struct LocalListing(Result<LocalEntry>);

    /// Returns the next entry; `None` at the end.
    fn next;
}

impl LocalListing {
    /// Lists a folder. Symbolic links are followed or left out.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>, follow_symlinks: bool) -> Self {
        let folder = folder.into();
        let entries = async move {
            let (sender, entries) = channel(FILES_AHEAD);
            tokio::task::spawn_blocking(move || {
                let walk = FolderWalk {
                    sender,
                    follow_symlinks,
                    ancestors: Vec::new(),
                };
                walk.run(&folder);
            });
            futures_util::stream::unfold(entries, |mut entries: Receiver<_>| async {
                Some((entries.recv().await?, entries))
            })
        };
        LocalListing(Box::pin(futures_util::stream::once(entries).flatten()))
    }
}

struct FolderWalk {
    sender: Sender<Result<LocalEntry>>,
    follow_symlinks: bool,
    /// The folders that are being listed, from the outermost one.
    ancestors: Vec<OpenFolder>,
}

/// A folder that is being listed.
struct OpenFolder {
    id: FileId,
    entries: VecDeque<FolderEntry>,
}

struct FolderEntry {
    /// The name below the folder of the listing; with `/` at the end for a folder, which is its order among keys.
    key: String,
    path: PathBuf,
    metadata: Metadata,
}

impl FolderWalk {
    fn run(mut self, folder: &Path) {
        let outermost = std::fs::metadata(folder)
            .map_err(|error| file_error(folder, error))
            .and_then(|metadata| self.open(folder, "", &metadata));
        match outermost {
            Ok(open) => self.ancestors.push(open),
            Err(error) => {
                // The receiver may be gone.
                let _ = self.sender.blocking_send(Err(error));
                return;
            }
        }
        while let Some(open) = self.ancestors.last_mut() {
            let Some(entry) = open.entries.pop_front() else {
                self.ancestors.pop();
                continue;
            };
            let sent = if entry.metadata.is_dir() {
                self.enter(&entry)
            } else {
                self.send(LocalEntry::File(LocalFile {
                    size: entry.metadata.len(),
                    modified: entry.metadata.modified().ok().map(Timestamp::from),
                    key: entry.key.into(),
                    path: entry.path,
                }))
            };
            if !sent {
                return;
            }
        }
    }

    /// Sends an entry. Returns false if the receiver is gone.
    fn send(&self, entry: LocalEntry) -> bool {
        self.sender.blocking_send(Ok(entry)).is_ok()
    }

    fn skip(&self, path: PathBuf, reason: impl Into<Str>) -> bool {
        let reason = reason.into();
        self.send(LocalEntry::Skipped(SkippedFile { path, reason }))
    }

    fn enter(&mut self, entry: &FolderEntry) -> bool {
        let id = file_id(&entry.metadata);
        let is_loop = id.is_some() && self.ancestors.iter().any(|open| open.id == id);
        if is_loop {
            return self.skip(entry.path.clone(), "is a loop of symbolic links");
        }
        if self.ancestors.len() >= MAX_DEPTH {
            return self.skip(entry.path.clone(), "is nested too deep");
        }
        match self.open(&entry.path, &entry.key, &entry.metadata) {
            Ok(open) => {
                self.ancestors.push(open);
                true
            }
            Err(error) => self.skip(entry.path.clone(), format!("cannot be read: {error:#}")),
        }
    }

    /// Reads the entries of a folder.
    fn open(&self, folder: &Path, key: &str, metadata: &Metadata) -> Result<OpenFolder> {
        let failed = |error| file_error(folder, error);
        let mut entries = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
                if !self.skip(path, "has a name that is not UTF-8") {
                    break;
                }
                continue;
            };
            let name = format!("{key}{name}");
            if let Some(entry) = self.entry(path, name) {
                entries.push(entry);
            }
        }
        entries.sort_by(|one: &FolderEntry, two| one.key.cmp(&two.key));
        Ok(OpenFolder {
            id: file_id(metadata),
            entries: entries.into(),
        })
    }

    /// Returns an entry to list.
    fn entry(&self, path: PathBuf, mut key: String) -> Option<FolderEntry> {
        let metadata = match std::fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_symlink() => {
                if !self.follow_symlinks {
                    return None;
                }
                std::fs::metadata(&path)
            }
            other => other,
        };
        let metadata = match metadata {
            Ok(metadata) => metadata,
            Err(error) => {
                self.skip(path, format!("cannot be read: {error}"));
                return None;
            }
        };
        if metadata.is_dir() {
            key.push('/');
        } else if !metadata.is_file() {
            self.skip(path, "is a device, a pipe or a socket");
            return None;
        }
        Some(FolderEntry {
            key,
            path,
            metadata,
        })
    }
}

/// Returns the path of an object below a folder.
///
/// ```
/// use std::path::Path;
/// # mod inia { pub mod transfer { pub use inia_transfer::*; } }
/// use inia::transfer::local_path;
///
/// let folder = Path::new("photos");
/// assert_eq!(local_path(folder, "2026/boto.jpg").unwrap(), Path::new("photos/2026/boto.jpg"));
/// assert!(local_path(folder, "../boto.jpg").is_err());
/// ```
///
/// # Errors
/// `Validation`: the key does not name a file below the folder: it is absolute, has a part `..`, a NUL character or a drive letter, or
/// ends with `/`.
pub fn local_path(folder: &Path, key: &str) -> Result<PathBuf> {
    let mut path = folder.to_owned();
    let refused = |reason: &str| {
        Err(Error::new(
            ErrorKind::Validation,
            format!("the key {key:?} {reason}, so it is not written to a file"),
        ))
    };
    if key.starts_with('/') {
        return refused("is an absolute path");
    }
    if key.is_empty() || key.ends_with('/') {
        return refused("names a folder");
    }
    if key.contains('\0') {
        return refused("has a NUL character");
    }
    for part in key.split('/') {
        if part == ".." {
            return refused("leads out of the folder");
        }
        if cfg!(windows) && part.contains(['\\', ':']) {
            return refused("has a drive letter or a backslash");
        }
        if !part.is_empty() && part != "." {
            path.push(part);
        }
    }
    if path == folder {
        return refused("names a folder");
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run<F: Future>(future: F) -> F::Output {
        tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
            .block_on(future)
    }

    #[test]
    fn files_are_listed_in_the_order_of_keys() {
        run(async {
            let folder = std::env::temp_dir().join(format!("inia-local-{}", std::process::id()));
            let _ = std::fs::remove_dir_all(&folder);
            for name in ["a/x", "a.b", "a-b/c", "a0", "z", "é/ü"] {
                let path = folder.join(name);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, name).unwrap();
            }
            #[cfg(unix)]
            {
                std::os::unix::fs::symlink("..", folder.join("a/loop")).unwrap();
                std::os::unix::fs::symlink("nowhere", folder.join("broken")).unwrap();
            }
            for follow in [false, true] {
                let mut listing = LocalListing::new(&folder, follow);
                let (mut keys, mut skipped) = (Vec::new(), 0);
                while let Some(entry) = listing.next().await {
                    match entry.unwrap() {
                        LocalEntry::File(file) => keys.push(file.key),
                        LocalEntry::Skipped(_) => skipped += 1,
                    }
                }
                assert_eq!(keys, ["a-b/c", "a.b", "a/x", "a0", "z", "é/ü"]);
                assert!(keys.is_sorted());
                assert_eq!(skipped, if follow && cfg!(unix) { 2 } else { 0 });
            }
            std::fs::remove_dir_all(&folder).unwrap();
            let mut missing = LocalListing::new(&folder, true);
            assert!(missing.next().await.unwrap().is_err());
            assert!(missing.next().await.is_none());
        });
    }

    #[test]
    fn keys_that_lead_out_of_the_folder_are_refused() {
        let folder = Path::new("f");
        for (key, path) in [
            ("a", Some("f/a")),
            ("a//b", Some("f/a/b")),
            ("./a", Some("f/a")),
            ("a/..b/c..", Some("f/a/..b/c..")),
            ("..", None),
            ("../a", None),
            ("a/../../b", None),
            ("/a", None),
            ("a/", None),
            ("", None),
            (".", None),
            ("a\0b", None),
        ] {
            assert_eq!(
                local_path(folder, key).ok(),
                path.map(PathBuf::from),
                "{key}"
            );
        }
    }
}
