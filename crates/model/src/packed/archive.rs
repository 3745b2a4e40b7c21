//! [`Archive`]: the built-in definitions of a program.

use std::cmp::Ordering;
use std::fmt;
use std::io::Read as _;

use ::bytes::Bytes;
use inia_core::{Error, ErrorKind, Result};

use super::PackedService;
use super::dictionary::Dictionary;
use super::reader::{PackedReader, RecordTable};
use crate::definition_file::DefinitionFormat;
use crate::metadata::Metadata;

/// Magic bytes with the format version, which changes with the format; `select.rs` in `inia-builtin` checks them, too.
pub(crate) const MAGIC: &[u8] = b"inia\x02";

/// Encoding of a file in an archive, as bits.
pub(crate) mod encoding {
    pub(crate) const DEFLATED: u8 = 1;
    pub(crate) const COMPILED: u8 = 2;
}

/// Maximum size of a file when decompressed, in bytes.
const MAX_FILE_SIZE: usize = 1 << 26;

/// Built-in definitions, decoded in place. The feature `pack` adds `ArchiveBuilder`, which creates archives.
///
/// ```
/// use inia_model::{Archive, ArchiveBuilder};
///
/// let mut builder = ArchiveBuilder::new();
/// builder.add_file("sqs", "2012-11-05", "paginators-1", br#"{"pagination": {}}"#);
/// let bytes: &'static [u8] = builder.finish()?.leak();
///
/// let archive = Archive::open(bytes)?;
/// assert_eq!(archive.services().collect::<Vec<_>>(), ["sqs"]);
/// # Ok::<(), inia_core::Error>(())
/// ```
#[derive(Clone, Copy)]
pub struct Archive {
    dictionary: Dictionary,
    kinds: RecordTable,
    services: RecordTable,
    contents: &'static [u8],
}

impl Archive {
    /// Opens an archive.
    ///
    /// # Errors
    /// `Model`: not an archive, or a different format version.
    pub fn open(bytes: &'static [u8]) -> Result<Archive> {
        Self::read(bytes).ok_or_else(|| {
            Error::new(
                ErrorKind::Model,
                "the built-in definitions are not an archive of a supported version",
            )
        })
    }

    /// Returns an archive without definitions.
    #[must_use]
    pub fn empty() -> Archive {
        Archive {
            dictionary: Dictionary::default(),
            kinds: RecordTable::default(),
            services: RecordTable::default(),
            contents: &[],
        }
    }

    fn read(bytes: &'static [u8]) -> Option<Archive> {
        let mut reader = PackedReader::new(bytes.strip_prefix(MAGIC)?);
        Some(Archive {
            dictionary: Dictionary::read(&mut reader)?,
            kinds: {
                let _aliases = RecordTable::read(&mut reader)?;
                RecordTable::read(&mut reader)?
            },
            services: RecordTable::read(&mut reader)?,
            contents: reader.rest(),
        })
    }

    /// Returns the names of the services, in order.
    pub fn services(&self) -> impl Iterator<Item = &'static str> {
        (0..self.services.len())
            .filter_map(|index| self.services.get(index)?.text())
            .filter(|name| !name.is_empty())
    }

    /// Returns the API versions of a service. Files for all services have an empty service name.
    pub(crate) fn versions(&self, service: &str) -> Vec<ArchivedVersion> {
        self.find(service)
            .and_then(|reader| self.read_versions(reader))
            .unwrap_or_default()
    }

    fn find(&self, service: &str) -> Option<PackedReader> {
        let (mut low, mut high) = (0, self.services.len());
        while low < high {
            let middle = low.midpoint(high);
            let mut reader = self.services.get(middle)?;
            match reader.text()?.cmp(service) {
                Ordering::Equal => return Some(reader),
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
            }
        }
        None
    }

    fn read_versions(&self, mut reader: PackedReader) -> Option<Vec<ArchivedVersion>> {
        let mut contents = PackedReader::at(self.contents, reader.int()?)?;
        let count = reader.count(1)?;
        let mut versions = Vec::with_capacity(count);
        for _ in 0..count {
            let name = reader.text()?;
            let model = contents.take(reader.int()?)?;
            let mut files = Vec::new();
            for _ in 0..reader.count(1)? {
                files.push(ArchivedFile {
                    kind: std::str::from_utf8(self.kinds.get(reader.int()?)?.rest()).ok()?,
                    encoding: reader.byte()?,
                    length: reader.int()?,
                    content: contents.take(reader.int()?)?,
                });
            }
            versions.push(ArchivedVersion {
                name,
                dictionary: self.dictionary,
                model: Some(model).filter(|model| !model.is_empty()),
                files,
            });
        }
        Some(versions)
    }
}

impl fmt::Debug for Archive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Archive")
            .field("services", &self.services.len())
            .field("bytes", &self.contents.len())
            .finish_non_exhaustive()
    }
}

/// An API version of a service in an archive.
#[derive(Debug)]
pub(crate) struct ArchivedVersion {
    pub(crate) name: &'static str,
    dictionary: Dictionary,
    model: Option<&'static [u8]>,
    files: Vec<ArchivedFile>,
}

#[derive(Debug)]
struct ArchivedFile {
    kind: &'static str,
    encoding: u8,
    /// Uncompressed size, in bytes.
    length: usize,
    content: &'static [u8],
}

impl ArchivedVersion {
    /// Returns whether there is a model (`service-2`) or a file of a kind.
    pub(crate) fn has(&self, kind: &str) -> bool {
        (kind == "service-2" && self.model.is_some())
            || self.files.iter().any(|file| file.kind == kind)
    }

    /// Opens the model; `None` if there are only files.
    pub(crate) fn model(&self, service: &str) -> Option<Result<(Metadata, PackedService)>> {
        let opened = PackedService::open(self.dictionary, self.model?);
        Some(opened.ok_or_else(|| corrupt(service, self.name, "service-2")))
    }

    /// Returns the content of a file, decompressed, and its format.
    pub(crate) fn file(
        &self,
        service: &str,
        kind: &str,
    ) -> Option<Result<(Bytes, DefinitionFormat)>> {
        let file = self.files.iter().find(|file| file.kind == kind)?;
        Some(file.read().ok_or_else(|| corrupt(service, self.name, kind)))
    }
}

impl ArchivedFile {
    fn read(&self) -> Option<(Bytes, DefinitionFormat)> {
        let format = if self.encoding & encoding::COMPILED != 0 {
            DefinitionFormat::Compiled
        } else {
            DefinitionFormat::Json
        };
        if self.encoding & encoding::DEFLATED == 0 {
            return Some((Bytes::from_static(self.content), format));
        }
        if self.length > MAX_FILE_SIZE {
            return None;
        }
        let mut bytes = Vec::with_capacity(self.length);
        flate2::read::DeflateDecoder::new(self.content)
            .take(self.length as u64 + 1)
            .read_to_end(&mut bytes)
            .ok()?;
        (bytes.len() == self.length).then(|| (Bytes::from(bytes), format))
    }
}

#[cold]
fn corrupt(service: &str, version: &str, kind: &str) -> Error {
    Error::new(
        ErrorKind::Model,
        format!("the built-in definition {service}/{version}/{kind} is corrupt"),
    )
}
