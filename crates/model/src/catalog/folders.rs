//! Definitions in the user's folders.

use std::collections::BTreeSet;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use inia_core::ports::Files;
use inia_core::{Error, ErrorKind, Result};

use super::is_safe_name;
use crate::definition_file::Definition;

/// Maximum uncompressed size of a compressed definition, in bytes. EC2's with all documentation has 3 MB.
const MAX_UNCOMPRESSED_SIZE: u64 = 1 << 28;

const EXTENSIONS: [&str; 2] = [".json", ".json.gz"];

#[derive(Debug)]
pub(super) struct Folders {
    pub(super) files: Arc<dyn Files>,
    pub(super) folders: Vec<PathBuf>,
}

impl Folders {
    /// Returns the names of all folders that may be services.
    pub(super) fn services(&self) -> BTreeSet<String> {
        self.folders
            .iter()
            .flat_map(|folder| self.names(folder))
            .collect()
    }

    /// Returns the API versions of a service that have a file of a kind.
    pub(super) fn versions(&self, service: &str, kind: &str) -> BTreeSet<String> {
        let mut versions = BTreeSet::new();
        for folder in &self.folders {
            let folder = folder.join(service);
            for version in self.names(&folder) {
                let has_kind = |name: String| {
                    let extension = name.strip_prefix(kind);
                    extension.is_some_and(|extension| EXTENSIONS.contains(&extension))
                };
                if !versions.contains(&version) && self.names(&folder.join(&version)).any(has_kind)
                {
                    versions.insert(version);
                }
            }
        }
        versions
    }

    fn names(&self, folder: &Path) -> impl Iterator<Item = String> + use<> {
        self.files
            .list(folder)
            .into_iter()
            .filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()))
            .filter(|name| is_safe_name(name))
    }

    /// Reads the first existing file with this path, trying `.json` before `.json.gz`.
    pub(super) fn read(&self, parts: &[&str]) -> Result<Option<Definition>> {
        for folder in &self.folders {
            for extension in EXTENSIONS {
                let mut path: PathBuf = folder.clone();
                path.extend(parts);
                path.as_mut_os_string().push(extension);
                let origin = path.display().to_string();
                let bytes = match self.files.read(&path) {
                    Ok(bytes) => bytes,
                    Err(error) if is_not_found(&error) => continue,
                    Err(error) => return Err(read_error(&origin, error)),
                };
                let text = if extension == ".json" {
                    bytes
                } else {
                    decompress(&bytes).map_err(|error| read_error(&origin, error))?
                };
                return Ok(Some(Definition::from_json(origin, text)));
            }
        }
        Ok(None)
    }
}

fn is_not_found(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory
    )
}

#[cold]
pub(super) fn read_error(origin: &str, error: io::Error) -> Error {
    Error::new(ErrorKind::Model, format!("cannot read {origin}")).with_source(error)
}

fn decompress(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    flate2::read::MultiGzDecoder::new(bytes)
        .take(MAX_UNCOMPRESSED_SIZE + 1)
        .read_to_end(&mut text)?;
    if text.len() as u64 > MAX_UNCOMPRESSED_SIZE {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "uncompressed size exceeds 256 MiB",
        ));
    }
    Ok(text)
}
