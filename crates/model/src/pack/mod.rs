//! [`ArchiveBuilder`]: creates archives of definitions.

mod dictionary;
mod service;

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write as _;
use std::sync::Arc;

use inia_core::packed::{Packed, PackedWriter, TextSink};
use inia_core::{Error, ErrorKind, Result, Value};

use self::dictionary::TextCounter;
use crate::ServiceModel;
use crate::metadata::Metadata;
use crate::names::{SERVICE_ALIASES, letters_and_digits};
use crate::packed::{MAGIC, NOT_A_VALUE};

/// Packs definitions into an [`Archive`](crate::Archive).
///
/// The output is deterministic.
#[derive(Default)]
pub struct ArchiveBuilder {
    services: BTreeMap<String, BTreeMap<String, BTreeMap<String, NewFile>>>,
    /// The service id and boto3's class name of each service.
    other_names: BTreeMap<String, [String; 2]>,
}

struct NewFile {
    is_value: bool,
    /// Large files are compressed. Others are read in place, as models must be.
    is_compressible: bool,
    write: Box<dyn Fn(&mut PackedWriter<'_>)>,
}

impl ArchiveBuilder {
    /// Creates a builder for an empty archive.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the model of a service.
    pub fn add_model(&mut self, service: &str, api_version: &str, model: Arc<ServiceModel>) {
        let metadata = model.metadata();
        let other_names = [metadata.service_id.to_string(), class_name(metadata)];
        self.other_names.insert(service.to_owned(), other_names);
        let file = NewFile {
            is_value: false,
            is_compressible: false,
            write: Box::new(move |out| service::write(&model, out)),
        };
        self.add((service, api_version, "service-2"), file);
    }

    /// Adds a file that is read as a value, such as `paginators-1`. Files for all services, such as `_retry`, have an
    /// empty service name and version.
    pub fn add_value(&mut self, service: &str, api_version: &str, kind: &str, content: Value) {
        let file = NewFile {
            is_value: true,
            is_compressible: true,
            write: Box::new(move |out| content.write(out)),
        };
        self.add((service, api_version, kind), file);
    }

    /// Adds a file in the packed form of the type that reads it, such as an `endpoint-rule-set-1`.
    pub fn add_compiled<T: Packed + 'static>(
        &mut self,
        service: &str,
        api_version: &str,
        kind: &str,
        content: T,
    ) {
        let file = NewFile {
            is_value: false,
            is_compressible: true,
            write: Box::new(move |out| content.write(out)),
        };
        self.add((service, api_version, kind), file);
    }

    fn add(&mut self, (service, api_version, kind): (&str, &str, &str), file: NewFile) {
        let versions = self.services.entry(service.to_owned()).or_default();
        let files = versions.entry(api_version.to_owned()).or_default();
        files.insert(kind.to_owned(), file);
    }

    /// Returns the bytes of the archive.
    ///
    /// # Errors
    /// `Model`: the archive would exceed 4 GiB.
    pub fn finish(self) -> Result<Vec<u8>> {
        let mut counter = TextCounter::default();
        self.services(&mut counter)?;
        let mut encoder = counter.into_encoder();
        let (services, contents) = self.services(&mut encoder)?;
        let mut out = PackedWriter::default();
        out.raw(MAGIC);
        encoder.write(&mut out);
        let names = self.names();
        out.records(names.iter().map(|(letters, service)| {
            let mut record = PackedWriter::default();
            record.block(letters.as_bytes());
            record.block(service.as_bytes());
            record.bytes
        }));
        out.records(services.iter());
        out.raw(&contents);
        if u32::try_from(out.bytes.len()).is_err() {
            return Err(Error::new(
                ErrorKind::Model,
                "an archive of definitions is limited to 4 GiB",
            ));
        }
        Ok(out.bytes)
    }

    /// Returns all names of services by their letters and digits. A name of its own comes before another one of the same letters.
    fn names(&self) -> BTreeMap<String, &str> {
        let own = self.other_names.keys().map(|name| (name, name.as_str()));
        let ids = self.other_names.iter();
        let ids = ids.map(|(service, [id, _])| (id, service.as_str()));
        let classes = self.other_names.iter();
        let classes = classes.map(|(service, [_, class])| (class, service.as_str()));
        let mut names = BTreeMap::new();
        for (name, service) in own.chain(ids).chain(classes) {
            names.entry(letters_and_digits(name)).or_insert(service);
        }
        for (name, service) in SERVICE_ALIASES {
            if self.other_names.contains_key(*service) {
                names.entry(letters_and_digits(name)).or_insert(service);
            }
        }
        names
    }

    /// Returns the record of each service, and the contents of all.
    fn services(&self, texts: &mut dyn TextSink) -> Result<(Vec<Vec<u8>>, Vec<u8>)> {
        let mut contents: Vec<u8> = Vec::new();
        let mut out = PackedWriter::with_texts(texts);
        let mut records = Vec::with_capacity(self.services.len());
        for (service, versions) in &self.services {
            out.block(service.as_bytes());
            out.size(contents.len());
            out.size(versions.len());
            for (name, files) in versions {
                out.text(name);
                out.size(files.len());
                for (kind, file) in files {
                    let content = out.nested(|out| (file.write)(out));
                    let (length, stored) = file.compress(content)?;
                    out.text(kind);
                    out.size(length << 1 | if file.is_value { 0 } else { NOT_A_VALUE });
                    out.size(stored.len());
                    contents.extend_from_slice(&stored);
                }
            }
            records.push(std::mem::take(&mut out.bytes));
        }
        Ok((records, contents))
    }
}

impl fmt::Debug for ArchiveBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ArchiveBuilder")
            .field("services", &self.services.len())
            .finish_non_exhaustive()
    }
}

/// Minimum size of compressed values, in bytes; smaller ones are read in place.
const MIN_VALUE_SIZE: usize = 2 << 10;

/// Minimum size of other compressed files, in bytes. Rule sets and partitions are smaller: the first request reads them.
const MIN_COMPILED_SIZE: usize = 16 << 10;

/// Returns boto3's class name of a service's client.
///
/// # Source
/// botocore `utils.py:get_service_module_name`.
fn class_name(metadata: &Metadata) -> String {
    let name = metadata
        .abbreviation
        .as_ref()
        .unwrap_or(&metadata.full_name);
    name.replace("Amazon", "").replace("AWS", "")
}

impl NewFile {
    /// Returns the uncompressed length, or 0 if the content is not compressed; and the bytes to store.
    fn compress(&self, content: Vec<u8>) -> Result<(usize, Vec<u8>)> {
        let failed =
            |error| Error::new(ErrorKind::Model, "cannot compress a file").with_source(error);
        let min_size = match self.is_value {
            true => MIN_VALUE_SIZE,
            false => MIN_COMPILED_SIZE,
        };
        if self.is_compressible && content.len() >= min_size {
            let mut deflate =
                flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
            deflate.write_all(&content).map_err(failed)?;
            let deflated = deflate.finish().map_err(failed)?;
            if deflated.len() < content.len() {
                return Ok((content.len(), deflated));
            }
        }
        Ok((0, content))
    }
}
