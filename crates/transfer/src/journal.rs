//! [`Journal`]: the progress of a resumable transfer, as a file.
//!
//! A journal is a file of lines: the first one is a JSON object that binds it to the source, the destination and their versions, and each
//! other one is a part of a download that was written.
//!
//! ```text
//! {"version":1,"kind":"download","etag":"\"e\"","size":"20971520","part_size":"8388608","checksum":"CRC64NVME","temporary":".inia-0f.part"}
//! 0 mGOB9qdHZ1M=
//! 8388608 sRsoBLnLWsI=
//! ```

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use inia_core::{Error, ErrorKind, Map, Result, Value, to_hex};
use inia_dispatch::Client;
use sha2::{Digest as _, Sha256};

use crate::config::TransferConfig;
use crate::object::ObjectName;
use crate::source::file_error;

/// Version of the format.
const VERSION: i64 = 1;

/// Maximum size of a journal, in bytes: one line for each of 10,000 parts takes less than a tenth of it.
const MAX_SIZE: u64 = 8 << 20;

/// The direction of the transfer that a journal is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JournalKind {
    Upload,
    Download,
}

impl JournalKind {
    fn name(self) -> &'static str {
        match self {
            JournalKind::Upload => "upload",
            JournalKind::Download => "download",
        }
    }
}

/// The journal of a transfer, locked against other processes.
#[derive(Debug)]
pub(crate) struct Journal {
    file: File,
    path: PathBuf,
    kind: JournalKind,
    /// The first line, if it is valid.
    pub(crate) header: Option<Value>,
    /// The other lines.
    pub(crate) lines: Vec<String>,
}

impl Journal {
    /// Opens the journal of the transfers between a file and an object.
    ///
    /// # Errors
    /// `Config`: the folder of journals cannot be written, or another process makes this transfer.
    pub(crate) fn open(
        client: &Client,
        config: &TransferConfig,
        kind: JournalKind,
        object: &ObjectName,
        local: &Path,
    ) -> Result<Self> {
        let folder = match &config.journal_folder {
            Some(folder) => folder.clone(),
            None => client
                .session()
                .settings()
                .in_aws_folder(&["inia", "transfers"]),
        };
        if folder.as_os_str().is_empty() {
            return Err(Error::new(
                ErrorKind::Config,
                "resumable transfers require a home folder or a folder of journals: set HOME, or TransferConfig::journal_folder",
            ));
        }
        let local = std::path::absolute(local).map_err(|error| file_error(local, error))?;
        let name = journal_name(client, kind, object, &local);
        let path = folder.join(format!("{name}.journal"));
        let failed = |error| {
            Error::new(
                ErrorKind::Config,
                format!("cannot write the journal {}", path.display()),
            )
            .with_source(error)
        };
        create_private_folder(&folder).map_err(failed)?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::new(
                    ErrorKind::Config,
                    format!(
                        "another process transfers {object} and {}: wait for it",
                        local.display()
                    ),
                ));
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let mut text = String::new();
        let read = (&mut file).take(MAX_SIZE).read_to_string(&mut text);
        // A journal that is not text is that of no transfer.
        let text = read.map(|_| text).unwrap_or_default();
        let mut lines = text.split_inclusive('\n');
        let header = lines
            .next()
            .filter(|line| line.ends_with('\n'))
            .and_then(|line| serde_json::from_str::<Value>(line).ok())
            .filter(|header| {
                header["version"].as_i64() == Some(VERSION)
                    && header["kind"].as_str() == Some(kind.name())
            });
        // The last line may be cut off.
        let lines = lines
            .filter(|line| line.ends_with('\n'))
            .map(|line| line.trim_end().to_owned())
            .collect();
        Ok(Journal {
            file,
            path,
            kind,
            header,
            lines,
        })
    }

    /// Returns the text of a member of the header.
    pub(crate) fn str(&self, name: &str) -> Option<&str> {
        self.header.as_ref()?.get(name)?.as_str()
    }

    /// Returns a member of the header that is true or false; false if it is missing.
    pub(crate) fn bool(&self, name: &str) -> bool {
        let header = self.header.as_ref();
        header.is_some_and(|header| header[name].as_bool() == Some(true))
    }

    /// Replaces the contents by a header.
    pub(crate) fn begin(&mut self, mut header: Map) -> Result<()> {
        header.insert("version", VERSION);
        header.insert("kind", self.kind.name());
        let header = Value::Map(header);
        let line = format!("{}\n", header.to_json_string());
        self.header = Some(header);
        self.lines.clear();
        let written = self
            .file
            .set_len(0)
            .and_then(|()| self.file.seek(SeekFrom::Start(0)).map(drop))
            .and_then(|()| self.file.write_all(line.as_bytes()))
            // The id of an upload must not be lost.
            .and_then(|()| self.file.sync_data());
        written.map_err(|error| file_error(&self.path, error))
    }

    /// Adds a line.
    pub(crate) fn add(&mut self, line: &str) -> Result<()> {
        let written = self
            .file
            .seek(SeekFrom::End(0))
            .and_then(|_| self.file.write_all(format!("{line}\n").as_bytes()));
        written.map_err(|error| file_error(&self.path, error))
    }

    /// Removes the journal.
    pub(crate) fn remove(self) {
        // A journal that remains is overwritten by the next transfer.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Returns a name for the transfers between a file and an object of an endpoint.
fn journal_name(client: &Client, kind: JournalKind, object: &ObjectName, local: &Path) -> String {
    let settings = client.settings();
    let mut hash = Sha256::new();
    for part in [
        kind.name(),
        settings.endpoint_url.as_deref().unwrap_or_default(),
        settings.region.as_deref().unwrap_or_default(),
        &object.bucket,
        &object.key,
    ] {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    hash.update(local.as_os_str().as_encoded_bytes());
    let mut name = to_hex(&hash.finalize());
    name.truncate(32);
    name
}

fn create_private_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}
