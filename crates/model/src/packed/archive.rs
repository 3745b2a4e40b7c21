//! [`Archive`]: the definitions that a program carries.

use std::cmp::Ordering;
use std::fmt;
use std::io::Read as _;

use ::bytes::Bytes;
use inia_core::{Error, ErrorKind, Result, Str};

use super::PackedService;
use super::bytes::{Reader, Records};
use super::words::Words;
use crate::{Form, ServiceModel};

/// Bumped with every change of the form; `choose.rs` of `inia-builtin` reads it, too.
pub(super) const MAGIC: &[u8] = b"inia\x02";

/// How a file lies in an archive, as bits.
pub(super) mod encoding {
    pub(in super::super) const DEFLATED: u8 = 1;
    pub(in super::super) const COMPILED: u8 = 2;
}

/// The longest file that is taken out of an archive, in bytes.
const LONGEST_FILE: usize = 1 << 26;

/// The definitions that a program carries, read in place. The feature `pack` has the `ArchiveBuilder` that makes one.
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
    words: Words,
    kinds: Records,
    services: Records,
    contents: &'static [u8],
}

impl Archive {
    /// Opens an archive.
    ///
    /// # Errors
    /// `Model`: these bytes are no archive of this version.
    pub fn open(bytes: &'static [u8]) -> Result<Archive> {
        Self::read(bytes).ok_or_else(|| {
            Error::new(
                ErrorKind::Model,
                "the built-in definitions are no archive of this version",
            )
        })
    }

    /// An archive of nothing.
    #[must_use]
    pub fn empty() -> Archive {
        Archive {
            words: Words::default(),
            kinds: Records::default(),
            services: Records::default(),
            contents: &[],
        }
    }

    fn read(bytes: &'static [u8]) -> Option<Archive> {
        let mut reader = Reader::new(bytes.strip_prefix(MAGIC)?);
        Some(Archive {
            words: Words::read(&mut reader)?,
            kinds: {
                let _former_names = Records::read(&mut reader)?;
                Records::read(&mut reader)?
            },
            services: Records::read(&mut reader)?,
            contents: reader.rest(),
        })
    }

    /// The names of the services, in order.
    pub fn services(&self) -> impl Iterator<Item = &'static str> {
        (0..self.services.len())
            .filter_map(|index| self.services.get(index)?.plain())
            .filter(|name| !name.is_empty())
    }

    /// The API versions of a service, each with what is there of it; the empty name holds what is shared by all services.
    pub(crate) fn versions(&self, service: &str) -> Vec<Version> {
        self.find(service)
            .and_then(|reader| self.read_versions(reader))
            .unwrap_or_default()
    }

    fn find(&self, service: &str) -> Option<Reader> {
        let (mut low, mut high) = (0, self.services.len());
        while low < high {
            let middle = low.midpoint(high);
            let mut reader = self.services.get(middle)?;
            match reader.plain()?.cmp(service) {
                Ordering::Equal => return Some(reader),
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
            }
        }
        None
    }

    fn read_versions(&self, mut reader: Reader) -> Option<Vec<Version>> {
        let mut contents = Reader::at(self.contents, reader.size()?)?;
        let count = reader.count()?;
        let mut versions = Vec::with_capacity(count);
        for _ in 0..count {
            let name = reader.plain()?;
            let model = contents.take(reader.size()?)?;
            let mut files = Vec::new();
            for _ in 0..reader.count()? {
                files.push(File {
                    kind: std::str::from_utf8(self.kinds.get(reader.size()?)?.rest()).ok()?,
                    encoding: reader.byte()?,
                    length: reader.size()?,
                    content: contents.take(reader.size()?)?,
                });
            }
            versions.push(Version {
                name,
                words: self.words,
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

/// One API version of a service in an archive.
#[derive(Debug)]
pub(crate) struct Version {
    pub(crate) name: &'static str,
    words: Words,
    model: Option<&'static [u8]>,
    files: Vec<File>,
}

#[derive(Debug)]
struct File {
    kind: &'static str,
    encoding: u8,
    /// As it was, in bytes.
    length: usize,
    content: &'static [u8],
}

impl Version {
    /// Whether there is a model (`service-2`) or a file of a kind.
    pub(crate) fn has(&self, kind: &str) -> bool {
        (kind == "service-2" && self.model.is_some())
            || self.files.iter().any(|file| file.kind == kind)
    }

    /// Opens the service; `None` where only files are there.
    pub(crate) fn model(&self, service: &str) -> Option<Result<ServiceModel>> {
        let opened = PackedService::open(self.words, self.model?);
        Some(
            opened
                .map(|(metadata, packed)| {
                    ServiceModel::packed(Str::from(service), metadata, packed)
                })
                .ok_or_else(|| broken(service, self.name, "service-2")),
        )
    }

    /// A file's bytes, as they were put in, and in which form.
    pub(crate) fn file(&self, service: &str, kind: &str) -> Option<Result<(Bytes, Form)>> {
        let file = self.files.iter().find(|file| file.kind == kind)?;
        Some(file.read().ok_or_else(|| broken(service, self.name, kind)))
    }
}

impl File {
    fn read(&self) -> Option<(Bytes, Form)> {
        let form = if self.encoding & encoding::COMPILED != 0 {
            Form::Compiled
        } else {
            Form::Json
        };
        if self.encoding & encoding::DEFLATED == 0 {
            return Some((Bytes::from_static(self.content), form));
        }
        if self.length > LONGEST_FILE {
            return None;
        }
        let mut bytes = Vec::with_capacity(self.length);
        flate2::read::DeflateDecoder::new(self.content)
            .take(self.length as u64 + 1)
            .read_to_end(&mut bytes)
            .ok()?;
        (bytes.len() == self.length).then(|| (Bytes::from(bytes), form))
    }
}

#[cold]
fn broken(service: &str, version: &str, kind: &str) -> Error {
    Error::new(
        ErrorKind::Model,
        format!("the built-in definition {service}/{version}/{kind} is broken"),
    )
}
