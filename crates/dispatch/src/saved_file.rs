//! [`SavedFile`]: writes a file that replaces another one only when it is complete.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use futures_util::StreamExt as _;
use inia_core::Result;
use tokio::io::AsyncWriteExt as _;

use crate::ByteStream;
use crate::body::file_error;

/// Paths of open files. They are written through: the file behind them belongs to whoever opened it.
const DESCRIPTOR_PATHS: [&str; 4] = ["/dev/fd", "/dev/stderr", "/dev/stdout", "/proc"];

/// Maximum number of symbolic links that are followed to a file that does not exist.
const MAX_LINKS: u32 = 40;

impl ByteStream {
    /// Writes the body to a file, chunk by chunk. Returns the number of bytes written.
    ///
    /// The body is written beside the file, and replaces it at the end, so that the old file stays if reading or writing fails.
    /// Symbolic links are followed, and the file's mode is kept. Pipes and devices are written to directly.
    ///
    /// DIFFERENCE: the AWS CLI writes into the old file, which is lost if the body breaks off.
    ///
    /// # Errors
    /// `Stream`: reading or writing failed.
    pub async fn write_to(mut self, path: impl Into<PathBuf>) -> Result<u64> {
        let path = path.into();
        let failed = |error| file_error(&path, error);
        let opened = {
            let path = path.clone();
            unblock(move || SavedFile::open(&path, None)).await
        };
        let SavedFile { file, replacement } = opened.map_err(failed)?;
        let mut file = tokio::fs::File::from_std(file);
        let mut written = 0;
        while let Some(chunk) = self.next().await {
            let chunk = chunk?;
            file.write_all(&chunk).await.map_err(failed)?;
            written += chunk.len() as u64;
        }
        file.flush().await.map_err(failed)?;
        drop(file.into_std().await);
        if let Some(replacement) = replacement {
            unblock(|| replacement.finish()).await.map_err(failed)?;
        }
        Ok(written)
    }
}

/// Runs a function of the file system on another thread.
async fn unblock<T: Send + 'static>(
    run: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(run)
        .await
        .unwrap_or_else(|error| Err(io::Error::other(error)))
}

/// A file that is being written.
#[derive(Debug)]
pub struct SavedFile {
    file: File,
    /// `None` if the file is written directly.
    replacement: Option<Replacement>,
}

/// A temporary file, and the file that it becomes.
#[derive(Debug)]
struct Replacement {
    temporary: TemporaryFile,
    target: PathBuf,
    /// True if the contents are copied into the existing file: a new one would have another owner or other links.
    in_place: bool,
}

/// A temporary file, which is removed when this is dropped, unless it is kept.
#[derive(Debug)]
struct TemporaryFile {
    path: PathBuf,
    is_kept: bool,
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        if !self.is_kept {
            // It does not exist any more if it was renamed.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

impl SavedFile {
    /// Opens a temporary file beside `path`, or the device or pipe at `path`. A temporary file with a `name` is opened again if it exists,
    /// and stays unless the file is finished or [discarded](Self::discard).
    ///
    /// # Errors
    /// The path cannot be written, or is a folder.
    pub fn open(path: &Path, name: Option<&str>) -> io::Result<SavedFile> {
        let existing = match std::fs::metadata(path) {
            Ok(metadata) => Some(metadata),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let is_special = existing
            .as_ref()
            .is_some_and(|metadata| !metadata.is_file())
            || DESCRIPTOR_PATHS.iter().any(|open| path.starts_with(open));
        if is_special {
            let file = OpenOptions::new().write(true).truncate(true).open(path)?;
            return Ok(SavedFile {
                file,
                replacement: None,
            });
        }
        let target = match &existing {
            Some(_) => {
                // A file that cannot be written is not replaced either.
                OpenOptions::new().write(true).open(path)?;
                std::fs::canonicalize(path)?
            }
            None => link_target(path)?,
        };
        let (file, temporary, in_place) = match create_beside(&target, existing.as_ref(), name) {
            Ok((file, temporary)) => {
                let in_place = existing
                    .as_ref()
                    .is_some_and(|existing| !keeps_attributes(&file, existing));
                (file, temporary, in_place)
            }
            Err(error) if existing.is_some() && is_refused(&error) => {
                let beside = std::env::temp_dir().join("download");
                let (file, temporary) = create_beside(&beside, existing.as_ref(), name)?;
                (file, temporary, true)
            }
            Err(error) => return Err(error),
        };
        Ok(SavedFile {
            file,
            replacement: Some(Replacement {
                temporary,
                target,
                in_place,
            }),
        })
    }
}

impl SavedFile {
    /// Returns the file to write to.
    #[must_use]
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Returns false for a device or a pipe, which is written to directly and in order.
    #[must_use]
    pub fn is_positioned(&self) -> bool {
        self.replacement.is_some()
    }

    /// Replaces the file at the path by the temporary file.
    ///
    /// # Errors
    /// The file cannot be renamed or copied.
    pub fn finish(self) -> io::Result<()> {
        drop(self.file);
        match self.replacement {
            Some(replacement) => replacement.finish(),
            None => Ok(()),
        }
    }

    /// Removes the temporary file, even if it has a name.
    pub fn discard(mut self) {
        if let Some(replacement) = &mut self.replacement {
            replacement.temporary.is_kept = false;
        }
    }
}

impl Replacement {
    /// Replaces the target.
    fn finish(mut self) -> io::Result<()> {
        if !self.in_place && std::fs::rename(&self.temporary.path, &self.target).is_ok() {
            return Ok(());
        }
        // The target may be a mount of its own, which cannot be replaced.
        let mut from = File::open(&self.temporary.path)?;
        let mut to = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .open(&self.target)?;
        io::copy(&mut from, &mut to)?;
        self.temporary.is_kept = false;
        Ok(())
    }
}

/// Returns the path that a symbolic link to a file that does not exist leads to, or the path itself.
fn link_target(path: &Path) -> io::Result<PathBuf> {
    let mut target = path.to_owned();
    for _ in 0..MAX_LINKS {
        match std::fs::read_link(&target) {
            Ok(link) => target = folder_of(&target).join(link),
            Err(_) => return Ok(target),
        }
    }
    Err(io::Error::other("too many symbolic links"))
}

/// Creates a temporary file in the folder of a path, or opens the one with this name. It can be read by others only if it replaces no
/// file.
fn create_beside(
    path: &Path,
    existing: Option<&Metadata>,
    name: Option<&str>,
) -> io::Result<(File, TemporaryFile)> {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    let path = match name {
        Some(name) => {
            options.create(true).truncate(false);
            folder_of(path).join(name)
        }
        None => {
            options.create_new(true);
            let (process, random) = (std::process::id(), fastrand::u32(..));
            folder_of(path).join(format!(".inia-{process}-{random:08x}.part"))
        }
    };
    #[cfg(unix)]
    if existing.is_some() {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    let _ = existing;
    #[cfg(unix)]
    if name.is_some() {
        // A link in a shared folder must not lead to another file.
        let is_link = std::fs::symlink_metadata(&path).is_ok_and(|found| !found.is_file());
        if is_link {
            return Err(io::Error::other(format!(
                "{} is not a regular file: remove it",
                path.display()
            )));
        }
    }
    let file = options.open(&path)?;
    let is_kept = name.is_some();
    Ok((file, TemporaryFile { path, is_kept }))
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Returns true if the error is that of a folder without permission to create files.
fn is_refused(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem
    )
}

/// Gives a new file the mode and the owner of the one that it replaces. Returns false if that is not possible, or if the existing
/// file has several names.
#[cfg(unix)]
fn keeps_attributes(file: &File, existing: &Metadata) -> bool {
    use std::os::unix::fs::{MetadataExt as _, fchown};

    if existing.nlink() > 1 {
        return false;
    }
    let Ok(new) = file.metadata() else {
        return false;
    };
    let has_owner = new.uid() == existing.uid() && new.gid() == existing.gid();
    (has_owner || fchown(file, Some(existing.uid()), Some(existing.gid())).is_ok())
        && file.set_permissions(existing.permissions()).is_ok()
}

#[cfg(not(unix))]
fn keeps_attributes(file: &File, existing: &Metadata) -> bool {
    file.set_permissions(existing.permissions()).is_ok()
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};

    use inia_core::Error;

    use super::*;

    /// Returns an empty folder.
    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("inia-saved-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn save(body: ByteStream, path: &Path) -> Result<u64> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        runtime.block_on(body.write_to(path))
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_body_that_fails_keeps_the_old_file() {
        let folder = folder("failed");
        let path = folder.join("file");
        std::fs::write(&path, "old").unwrap();
        for path in [&path, &folder.join("new")] {
            let chunks = [
                Ok("half".into()),
                Err(Error::new(inia_core::ErrorKind::Stream, "cut")),
            ];
            let body = ByteStream::from_stream(futures_util::stream::iter(chunks), None);
            assert!(save(body, path).is_err());
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(names(&folder), ["file"]);
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn modes_and_links_are_kept() {
        let folder = folder("links");
        let file = folder.join("file");
        std::fs::write(&file, "old and longer").unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
        symlink("file", folder.join("link")).unwrap();
        symlink("missing", folder.join("dangling")).unwrap();
        std::fs::write(folder.join("two"), "old and longer").unwrap();
        std::fs::hard_link(folder.join("two"), folder.join("names")).unwrap();
        for name in ["link", "dangling", "two"] {
            assert_eq!(save("new".into(), &folder.join(name)).unwrap(), 3);
        }
        for name in ["file", "missing", "two", "names"] {
            let text = std::fs::read_to_string(folder.join(name)).unwrap();
            assert_eq!(text, "new", "{name}");
        }
        assert_eq!(std::fs::metadata(&file).unwrap().mode() & 0o777, 0o640);
        for name in ["link", "dangling"] {
            let metadata = std::fs::symlink_metadata(folder.join(name)).unwrap();
            assert!(metadata.is_symlink(), "{name}");
        }
        let all = ["dangling", "file", "link", "missing", "names", "two"];
        assert_eq!(names(&folder), all);
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn devices_are_written_to_and_folders_are_refused() {
        let folder = folder("special");
        assert_eq!(save("new".into(), Path::new("/dev/null")).unwrap(), 3);
        assert!(!std::fs::metadata("/dev/null").unwrap().is_file());
        assert!(save("new".into(), &folder).is_err());
        assert!(save("new".into(), &folder.join("missing/file")).is_err());
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
