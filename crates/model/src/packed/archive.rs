//! [`Archive`]: the built-in definitions of a program.

use std::fmt;
use std::io::Read as _;

use bytes::Bytes;
use inia_core::packed::{Dictionary, PackedReader, RecordTable};
use inia_core::{Error, ErrorKind, Result, Str};

use super::{PackedService, binary_search};
use crate::definition_file::{Definition, DefinitionContent, corrupt};
use crate::metadata::Metadata;

/// Magic bytes with the format version, which changes with the format; `select.rs` in `inia-builtin` checks them, too.
pub(crate) const MAGIC: &[u8] = b"inia\x03";

/// Bit in the encoding of a file: its content is the packed form of a type, not of a value.
pub(crate) const NOT_A_VALUE: usize = 1;

/// Maximum size of a file when decompressed, in bytes.
const MAX_FILE_SIZE: usize = 1 << 26;

/// Kind of a model.
const MODEL: &str = "service-2";

/// Built-in definitions, decoded in place. The feature `pack` adds `ArchiveBuilder`, which creates archives.
///
/// ```
/// use inia_core::json;
/// use inia_model::{Archive, ArchiveBuilder};
///
/// let mut builder = ArchiveBuilder::new();
/// builder.add_value("sqs", "2012-11-05", "paginators-1", json!({"pagination": {}}));
/// let bytes: &'static [u8] = builder.finish()?.leak();
///
/// let archive = Archive::open(bytes)?;
/// assert_eq!(archive.services().collect::<Vec<_>>(), ["sqs"]);
/// # Ok::<(), inia_core::Error>(())
/// ```
#[derive(Clone, Copy, Default)]
pub struct Archive {
    dictionary: Dictionary,
    names: RecordTable,
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
        Archive::default()
    }

    fn read(bytes: &'static [u8]) -> Option<Archive> {
        let mut reader = PackedReader::new(bytes.strip_prefix(MAGIC)?);
        let dictionary = reader.words()?;
        let names = reader.records()?;
        Some(Archive {
            dictionary,
            names,
            services: reader.records()?,
            contents: reader.rest(),
        })
    }

    /// Returns the names of the services, in order.
    pub fn services(&self) -> impl Iterator<Item = &'static str> {
        (0..self.services.len())
            .filter_map(|index| Some(self.service(index)?.0))
            .filter(|name| !name.is_empty())
    }

    /// Returns the service that has a name of these [letters and digits](crate::names::letters_and_digits). The archive may lack its
    /// definitions.
    pub(crate) fn service_named(&self, letters: &str) -> Option<&'static str> {
        let index = binary_search(self.names.len(), |index| {
            Some(self.name(index)?.0.cmp(letters))
        });
        Some(self.name(index?)?.1)
    }

    /// Returns all names of services by their letters and digits, each with its service.
    pub(crate) fn names(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        (0..self.names.len()).filter_map(|index| self.name(index))
    }

    fn name(&self, index: usize) -> Option<(&'static str, &'static str)> {
        let mut reader = PackedReader::new(self.names.get(index)?);
        let letters = std::str::from_utf8(reader.block()?).ok()?;
        Some((letters, std::str::from_utf8(reader.block()?).ok()?))
    }

    /// Returns the name of a service and the rest of its record.
    fn service(&self, index: usize) -> Option<(&'static str, PackedReader<'static>)> {
        let mut reader = PackedReader::with_dictionary(self.services.get(index)?, self.dictionary);
        let name = std::str::from_utf8(reader.block()?).ok()?;
        Some((name, reader))
    }

    /// Returns the API versions of a service. Files for all services have an empty service name.
    pub(crate) fn versions(&self, service: &str) -> Vec<ArchivedVersion> {
        let index = binary_search(self.services.len(), |index| {
            Some(self.service(index)?.0.cmp(service))
        });
        index
            .and_then(|index| self.read_versions(self.service(index)?.1))
            .unwrap_or_default()
    }

    fn read_versions(&self, mut reader: PackedReader<'static>) -> Option<Vec<ArchivedVersion>> {
        let start: usize = reader.int()?;
        let mut contents =
            PackedReader::with_dictionary(self.contents.get(start..)?, self.dictionary);
        reader.list(|reader| {
            Some(ArchivedVersion {
                name: reader.text()?,
                files: reader.list(|reader| {
                    Some(ArchivedFile {
                        kind: reader.text()?,
                        encoding: reader.int()?,
                        content: PackedReader::with_dictionary(
                            contents.take(reader.int()?)?,
                            self.dictionary,
                        ),
                    })
                })?,
            })
        })
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
    pub(crate) name: Str,
    files: Vec<ArchivedFile>,
}

#[derive(Debug)]
struct ArchivedFile {
    kind: Str,
    /// Twice the uncompressed size in bytes, or 0 if it is not compressed; and [`NOT_A_VALUE`].
    encoding: usize,
    content: PackedReader<'static>,
}

impl ArchivedVersion {
    fn find(&self, kind: &str) -> Option<&ArchivedFile> {
        self.files.iter().find(|file| file.kind == *kind)
    }

    /// Returns whether there is a file of a kind.
    pub(crate) fn has(&self, kind: &str) -> bool {
        self.find(kind).is_some()
    }

    /// Opens the model; `None` if there are only other files.
    pub(crate) fn model(&self, service: &str) -> Option<Result<(Metadata, PackedService)>> {
        let opened = PackedService::open(self.find(MODEL)?.content);
        Some(opened.ok_or_else(|| corrupt(&self.origin(service, MODEL))))
    }

    /// Returns a file other than the model.
    pub(crate) fn file(&self, service: &str, kind: &str) -> Option<Result<Definition>> {
        let file = self.find(kind).filter(|file| file.kind != *MODEL)?;
        let origin = self.origin(service, kind);
        Some(match file.read() {
            Some(content) => Ok(Definition { content, origin }),
            None => Err(corrupt(&origin)),
        })
    }

    fn origin(&self, service: &str, kind: &str) -> String {
        if service.is_empty() {
            format!("built-in definition {kind}")
        } else {
            format!("built-in definition {service}/{}/{kind}", self.name)
        }
    }
}

impl ArchivedFile {
    fn read(&self) -> Option<DefinitionContent> {
        let length = self.encoding >> 1;
        let bytes = if length == 0 {
            Bytes::from_static(self.content.rest())
        } else {
            inflate(self.content.rest(), length)?.into()
        };
        let dictionary = self.content.dictionary();
        Some(if self.encoding & NOT_A_VALUE == 0 {
            DefinitionContent::Value { bytes, dictionary }
        } else {
            DefinitionContent::Compiled { bytes, dictionary }
        })
    }
}

fn inflate(content: &[u8], length: usize) -> Option<Vec<u8>> {
    if length > MAX_FILE_SIZE {
        return None;
    }
    let mut bytes = Vec::with_capacity(length);
    flate2::read::DeflateDecoder::new(content)
        .take(length as u64 + 1)
        .read_to_end(&mut bytes)
        .ok()?;
    (bytes.len() == length).then_some(bytes)
}
