//! [`OsFiles`]: the file system.

use std::fs::{OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use inia_core::ports::{FileLock, Files};

/// The maximum size of a file, in bytes.
const MAX_FILE_SIZE: u64 = 1 << 30;

/// The operating system's files.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsFiles;

impl Files for OsFiles {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let metadata = std::fs::metadata(path)?;
        // A pipe or a device may block forever or never end. The null device stands for an empty file.
        let is_special = !metadata.is_file() && !metadata.is_dir();
        if is_special && path != Path::new("/dev/null") {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "not a regular file",
            ));
        }
        if metadata.len() > MAX_FILE_SIZE {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                format!("larger than {MAX_FILE_SIZE} bytes"),
            ));
        }
        std::fs::read(path)
    }

    fn modified(&self, path: &Path) -> Option<SystemTime> {
        std::fs::metadata(path).ok()?.modified().ok()
    }

    fn try_lock(&self, path: &Path) -> io::Result<Option<FileLock>> {
        if let Some(folder) = path.parent() {
            create_private_folder(folder)?;
        }
        let file = private_options().create(true).open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Box::new(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn write_private(&self, path: &Path, contents: &[u8]) -> io::Result<()> {
        // Symbolic links are followed, so that the rename does not replace the link.
        let path = &std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        if let Some(folder) = path.parent() {
            create_private_folder(folder)?;
        }
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}-{:08x}", std::process::id(), fastrand::u32(..)));
        let temporary = path.with_file_name(name);
        let written = private_options()
            .create_new(true)
            .open(&temporary)
            .and_then(|mut file| file.write_all(contents).and_then(|()| file.sync_all()))
            .and_then(|()| std::fs::rename(&temporary, path));
        if written.is_err() {
            // Reports the first error, and leaves no file with a secret behind.
            let _ = std::fs::remove_file(&temporary);
        }
        written
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        std::fs::remove_file(path)
    }

    fn list(&self, folder: &Path) -> Vec<PathBuf> {
        let Ok(entries) = std::fs::read_dir(folder) else {
            return Vec::new();
        };
        let mut paths: Vec<PathBuf> = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .collect();
        paths.sort();
        paths
    }
}

/// Returns options to write files that only their owner can read.
fn private_options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

#[cfg(unix)]
fn create_private_folder(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
}

#[cfg(not(unix))]
fn create_private_folder(path: &Path) -> io::Result<()> {
    std::fs::create_dir_all(path)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn private_files_are_replaced_atomically() {
        let folder = std::env::temp_dir().join(format!("inia-files-{}", std::process::id()));
        let path = folder.join("deep/credentials");
        OsFiles.write_private(&path, b"one").unwrap();
        OsFiles.write_private(&path, b"two").unwrap();
        assert_eq!(OsFiles.read(&path).unwrap(), b"two");
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(OsFiles.list(path.parent().unwrap()).len(), 1);
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn locks_exclude_each_other_until_dropped() {
        let folder = std::env::temp_dir().join(format!("inia-locks-{}", std::process::id()));
        let path = folder.join("deep/file.lock");
        let lock = OsFiles.try_lock(&path).unwrap();
        assert!(lock.is_some());
        assert!(OsFiles.try_lock(&path).unwrap().is_none());
        drop(lock);
        assert!(OsFiles.try_lock(&path).unwrap().is_some());
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn pipes_and_devices_are_errors_and_do_not_block() {
        let folder = std::env::temp_dir().join(format!("inia-pipes-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let pipe = folder.join("pipe");
        let status = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(status.unwrap().success());
        for path in [&*pipe, Path::new("/dev/zero")] {
            let error = OsFiles.read(path).unwrap_err();
            assert_eq!(error.to_string(), "not a regular file");
        }
        assert_eq!(OsFiles.read(Path::new("/dev/null")).unwrap(), b"");
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
