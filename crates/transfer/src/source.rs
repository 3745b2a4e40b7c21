//! [`SourceFile`]: reads a file by position, and detects changes.

use std::fs::{File, Metadata};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use inia_core::{Error, ErrorKind, Result};

use crate::buffer::BufferPool;

/// A file that is uploaded.
#[derive(Clone, Debug)]
pub(crate) struct SourceFile {
    file: Arc<File>,
    pub(crate) path: Arc<Path>,
    pub(crate) version: FileVersion,
}

/// The properties of a file that differ after a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileVersion {
    pub(crate) length: u64,
    pub(crate) modified: Option<SystemTime>,
    id: FileId,
}

/// Device and inode of a file or folder, on platforms that have them.
pub(crate) type FileId = Option<(u64, u64)>;

/// Returns the identity of a file or folder.
pub(crate) fn file_id(metadata: &Metadata) -> FileId {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        Some((metadata.dev(), metadata.ino()))
    }
    #[cfg(not(unix))]
    {
        let _ = metadata;
        None
    }
}

impl FileVersion {
    pub(crate) fn new(metadata: &Metadata) -> Self {
        FileVersion {
            length: metadata.len(),
            modified: metadata.modified().ok(),
            id: file_id(metadata),
        }
    }
}

impl SourceFile {
    /// Opens a regular file. Returns `None` for a pipe or a device, which can only be read in order.
    ///
    /// # Errors
    /// `Stream`: the file cannot be opened, or is a folder.
    pub(crate) fn open(path: &Path) -> Result<Option<Self>> {
        let failed = |error| file_error(path, error);
        let metadata = std::fs::metadata(path).map_err(failed)?;
        if metadata.is_dir() {
            let message = format!("{}: is a folder", path.display());
            return Err(Error::new(ErrorKind::Stream, message));
        }
        if !metadata.is_file() {
            return Ok(None);
        }
        let file = File::open(path).map_err(failed)?;
        let version = FileVersion::new(&file.metadata().map_err(failed)?);
        Ok(Some(SourceFile {
            file: Arc::new(file),
            path: path.into(),
            version,
        }))
    }

    /// Reads `length` bytes at an offset, into a buffer of the pool.
    ///
    /// # Errors
    /// `Stream`: reading failed, or the file became shorter.
    pub(crate) fn read(
        &self,
        offset: u64,
        length: u64,
        buffers: &Arc<BufferPool>,
    ) -> Result<Bytes> {
        let length = usize::try_from(length).map_err(|_| too_long(&self.path))?;
        let mut buffer = buffers.take(length);
        read_exact_at(&self.file, buffer.as_mut_slice(), offset).map_err(|error| {
            match error.kind() {
                std::io::ErrorKind::UnexpectedEof => changed(&self.path),
                _ => file_error(&self.path, error),
            }
        })?;
        Ok(buffer.freeze())
    }

    /// Checks that the file is the one that was opened, and was not written to.
    ///
    /// # Errors
    /// `Stream`: the file was changed.
    pub(crate) fn check_unchanged(&self) -> Result<()> {
        let metadata = self.file.metadata();
        let metadata = metadata.map_err(|error| file_error(&self.path, error))?;
        if FileVersion::new(&metadata) == self.version {
            Ok(())
        } else {
            Err(changed(&self.path))
        }
    }
}

/// Returns the error of a part that does not fit into the address space.
#[cold]
fn too_long(path: &Path) -> Error {
    Error::new(
        ErrorKind::Stream,
        format!("{}: the part is too long for this machine", path.display()),
    )
}

#[cold]
fn changed(path: &Path) -> Error {
    Error::new(
        ErrorKind::Stream,
        format!(
            "{}: the file was changed while it was uploaded; upload it again",
            path.display()
        ),
    )
}

#[cold]
pub(crate) fn file_error(path: &Path, error: std::io::Error) -> Error {
    Error::new(ErrorKind::Stream, path.display().to_string()).with_source(error)
}

/// Reads bytes at an offset of a file.
#[cfg(unix)]
pub(crate) fn read_exact_at(file: &File, buffer: &mut [u8], offset: u64) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buffer, offset)
}

/// Reads bytes at an offset of a file.
#[cfg(windows)]
pub(crate) fn read_exact_at(
    file: &File,
    mut buffer: &mut [u8],
    mut offset: u64,
) -> std::io::Result<()> {
    use std::os::windows::fs::FileExt as _;
    while !buffer.is_empty() {
        match file.seek_read(buffer, offset)? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            read => {
                buffer = buffer.get_mut(read..).unwrap_or_default();
                offset += read as u64;
            }
        }
    }
    Ok(())
}

/// Writes bytes at an offset of a file.
#[cfg(unix)]
pub(crate) fn write_all_at(file: &File, bytes: &[u8], offset: u64) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, offset)
}

/// Writes bytes at an offset of a file.
#[cfg(windows)]
pub(crate) fn write_all_at(file: &File, mut bytes: &[u8], mut offset: u64) -> std::io::Result<()> {
    use std::os::windows::fs::FileExt as _;
    while !bytes.is_empty() {
        match file.seek_write(bytes, offset)? {
            0 => return Err(std::io::ErrorKind::WriteZero.into()),
            written => {
                bytes = bytes.get(written..).unwrap_or_default();
                offset += written as u64;
            }
        }
    }
    Ok(())
}

/// The contents of an upload.
#[derive(Debug)]
pub(crate) enum UploadSource {
    Path(PathBuf),
    Body(inia_dispatch::ByteStream),
}
