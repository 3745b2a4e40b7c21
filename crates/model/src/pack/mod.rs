//! [`ArchiveBuilder`]: creates archives of definitions.

mod dictionary;
mod encode;
mod records;
mod value;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::sync::Arc;

use inia_core::packed::PackedWriter;
use inia_core::{Error, ErrorKind, Result};

use self::dictionary::TextCounter;
use self::records::write_records;
use crate::ServiceModel;
use crate::definition_file::DefinitionFormat;
use crate::names::SERVICE_ALIASES;
use crate::packed::{MAGIC, encoding};

/// Packs definitions into an [`Archive`](crate::Archive).
///
/// The output is deterministic.
#[derive(Debug, Default)]
pub struct ArchiveBuilder {
    services: BTreeMap<String, BTreeMap<String, ArchiveEntry>>,
}

#[derive(Debug, Default)]
struct ArchiveEntry {
    model: Option<Arc<ServiceModel>>,
    files: BTreeMap<String, (DefinitionFormat, Vec<u8>)>,
}

impl ArchiveBuilder {
    /// Creates a builder for an empty archive.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the model of a service.
    pub fn add_model(&mut self, service: &str, api_version: &str, model: Arc<ServiceModel>) {
        self.version(service, api_version).model = Some(model);
    }

    /// Adds a JSON file, such as `paginators-1`. Files for all services, such as `partitions`, have an empty service
    /// name and version.
    pub fn add_file(&mut self, service: &str, api_version: &str, kind: &str, content: &[u8]) {
        let files = &mut self.version(service, api_version).files;
        files.insert(
            kind.to_owned(),
            (DefinitionFormat::Json, content.to_owned()),
        );
    }

    /// Adds a file in the binary format of the type that reads it, such as an `endpoint-rule-set-1`.
    pub fn add_compiled(&mut self, service: &str, api_version: &str, kind: &str, content: Vec<u8>) {
        let files = &mut self.version(service, api_version).files;
        files.insert(kind.to_owned(), (DefinitionFormat::Compiled, content));
    }

    fn version(&mut self, service: &str, api_version: &str) -> &mut ArchiveEntry {
        let versions = self.services.entry(service.to_owned()).or_default();
        versions.entry(api_version.to_owned()).or_default()
    }

    /// Returns the bytes of the archive.
    ///
    /// # Errors
    /// `Model`: the archive would exceed 4 GiB.
    pub fn finish(self) -> Result<Vec<u8>> {
        let versions = || self.services.values().flat_map(BTreeMap::values);
        let mut counter = TextCounter::default();
        for model in versions().filter_map(|version| version.model.as_ref()) {
            encode::service(model, &mut counter);
        }
        let mut encoder = counter.into_encoder();
        let kinds: BTreeSet<&str> = versions()
            .flat_map(|version| version.files.keys())
            .map(String::as_str)
            .collect();
        let kinds: Vec<&str> = kinds.into_iter().collect();

        let mut contents = PackedWriter::default();
        let mut entries = Vec::with_capacity(self.services.len());
        for (service, versions) in &self.services {
            let mut entry = PackedWriter::default();
            entry.block(service.as_bytes());
            entry.size(contents.bytes.len());
            entry.size(versions.len());
            for (name, version) in versions {
                entry.block(name.as_bytes());
                let model = version.model.as_ref();
                let model = model.map(|model| encode::service(model, &mut encoder));
                let model = model.unwrap_or_default();
                entry.size(model.len());
                contents.bytes.extend_from_slice(&model);
                entry.size(version.files.len());
                for (kind, (format, content)) in &version.files {
                    let (encoding, stored) = encode_file(*format, content)?;
                    entry.size(kinds.binary_search(&kind.as_str()).unwrap_or_default());
                    entry.byte(encoding);
                    entry.size(content.len());
                    entry.size(stored.len());
                    contents.bytes.extend_from_slice(&stored);
                }
            }
            entries.push(entry.bytes);
        }
        let mut out = PackedWriter::default();
        out.bytes.extend_from_slice(MAGIC);
        encoder.write(&mut out);
        let aliases = SERVICE_ALIASES.iter().map(|(before, now)| {
            let mut names = PackedWriter::default();
            names.block(before.as_bytes());
            names.block(now.as_bytes());
            names.bytes
        });
        let aliases: Vec<Vec<u8>> = aliases.collect();
        write_records(aliases.iter().map(Vec::as_slice), &mut out);
        write_records(kinds.iter().map(|kind| kind.as_bytes()), &mut out);
        write_records(entries.iter().map(Vec::as_slice), &mut out);
        out.bytes.extend_from_slice(&contents.bytes);
        if u32::try_from(out.bytes.len()).is_err() {
            return Err(Error::new(
                ErrorKind::Model,
                "an archive of definitions is limited to 4 GiB",
            ));
        }
        Ok(out.bytes)
    }
}

/// Minimum size of compressed binary files, in bytes; smaller ones are read in place.
const MIN_COMPRESSED_SIZE: usize = 16 << 10;

fn encode_file(format: DefinitionFormat, content: &[u8]) -> Result<(u8, Vec<u8>)> {
    let failed = |error| Error::new(ErrorKind::Model, "cannot compress a file").with_source(error);
    let encoding = match format {
        DefinitionFormat::Json => 0,
        DefinitionFormat::Compiled => encoding::COMPILED,
    };
    if format == DefinitionFormat::Json || content.len() >= MIN_COMPRESSED_SIZE {
        let mut deflate =
            flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        deflate.write_all(content).map_err(failed)?;
        let deflated = deflate.finish().map_err(failed)?;
        if deflated.len() < content.len() {
            return Ok((encoding | encoding::DEFLATED, deflated));
        }
    }
    Ok((encoding, content.to_owned()))
}
