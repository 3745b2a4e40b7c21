//! Locks the folder of a config file, so that the changes of several processes are all kept.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use inia::ports::{Clock, Files};
use inia::{Error, ErrorKind, Result};

/// The pause between two attempts.
const PAUSE: Duration = Duration::from_millis(10);
/// The maximum number of attempts, which take ten seconds.
const ATTEMPTS: u32 = 1_000;

/// A lock, which is released when it is dropped.
#[derive(Debug)]
pub(super) struct FolderLock {
    /// `None` if the file system has no locks.
    _file: Option<File>,
}

impl FolderLock {
    /// Waits for the lock of a folder, which is created if it does not exist.
    ///
    /// # Errors
    /// `Config`: the folder cannot be opened, or another process holds the lock for ten seconds.
    pub(super) async fn acquire(folder: &Path, clock: &dyn Clock) -> Result<Self> {
        let failed = |message: &str| {
            Error::new(
                ErrorKind::Config,
                format!("{}: {message}", folder.display()),
            )
        };
        let file =
            open(folder).map_err(|error| failed("cannot lock the folder").with_source(error))?;
        for _ in 0..ATTEMPTS {
            match file.try_lock() {
                Ok(()) => return Ok(FolderLock { _file: Some(file) }),
                Err(TryLockError::WouldBlock) => clock.sleep(PAUSE).await,
                Err(TryLockError::Error(_)) => return Ok(FolderLock { _file: None }),
            }
        }
        Err(failed(
            "another process has locked the folder for ten seconds; try again",
        ))
    }
}

/// Opens the file that is locked: on Unix the folder itself, so that no file is left behind.
#[cfg(unix)]
fn open(folder: &Path) -> io::Result<File> {
    use std::os::unix::fs::DirBuilderExt as _;

    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    File::open(folder)
}

#[cfg(not(unix))]
fn open(folder: &Path) -> io::Result<File> {
    std::fs::create_dir_all(folder)?;
    std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .open(folder.join("config.lock"))
}

/// Returns the folder of a file. Symbolic links to the file are followed, as they are when it is written.
pub(super) fn folder_of(path: &Path) -> PathBuf {
    let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Removes the temporary files of processes that ended while they wrote a file. The folder is locked.
pub(super) fn remove_temporary_files(files: &dyn Files, path: &Path) {
    let name = path.file_name().and_then(|name| name.to_str());
    for other in files.list(&folder_of(path)) {
        let suffix = other.file_name().and_then(|other| {
            let rest = other.to_str()?.strip_prefix(name?)?;
            rest.strip_prefix('.')?.split_once('-')
        });
        let is_temporary = suffix.is_some_and(|(process, random)| {
            let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
            process.parse::<u32>().is_ok() && random.len() == 8 && digits(random)
        });
        if is_temporary {
            // It stays if it cannot be removed: it does no harm.
            let _ = files.remove(&other);
        }
    }
}
