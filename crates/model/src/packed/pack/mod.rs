//! [`ArchiveBuilder`]: packs definitions into an archive.

mod encode;
mod value;
mod words;
mod writer;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::sync::Arc;

use inia_core::{Error, ErrorKind, Result};

use self::words::Counter;
use self::writer::Writer;
use super::archive::{MAGIC, encoding};
use crate::catalog::ALIASES;
use crate::{Form, ServiceModel};

/// Packs definitions into an [`Archive`](crate::Archive).
///
/// The same definitions always give the same bytes.
#[derive(Debug, Default)]
pub struct ArchiveBuilder {
    services: BTreeMap<String, BTreeMap<String, Version>>,
}

#[derive(Debug, Default)]
struct Version {
    model: Option<Arc<ServiceModel>>,
    files: BTreeMap<String, (Form, Vec<u8>)>,
}

impl ArchiveBuilder {
    /// An empty archive.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a service's model.
    pub fn add_model(&mut self, service: &str, api_version: &str, model: Arc<ServiceModel>) {
        self.version(service, api_version).model = Some(model);
    }

    /// Adds a JSON file, such as `paginators-1`; an empty service name and version stand for what all services share, such as
    /// `partitions`.
    pub fn add_file(&mut self, service: &str, api_version: &str, kind: &str, content: &[u8]) {
        let files = &mut self.version(service, api_version).files;
        files.insert(kind.to_owned(), (Form::Json, content.to_owned()));
    }

    /// Adds a file in a form that its type has compiled it to, such as an `endpoint-rule-set-1`.
    pub fn add_compiled(&mut self, service: &str, api_version: &str, kind: &str, content: Vec<u8>) {
        let files = &mut self.version(service, api_version).files;
        files.insert(kind.to_owned(), (Form::Compiled, content));
    }

    fn version(&mut self, service: &str, api_version: &str) -> &mut Version {
        let versions = self.services.entry(service.to_owned()).or_default();
        versions.entry(api_version.to_owned()).or_default()
    }

    /// The archive's bytes.
    ///
    /// # Errors
    /// `Model`: the archive would be larger than 4 GiB.
    pub fn finish(self) -> Result<Vec<u8>> {
        let versions = || self.services.values().flat_map(BTreeMap::values);
        let mut counter = Counter::default();
        for model in versions().filter_map(|version| version.model.as_ref()) {
            encode::service(model, &mut counter);
        }
        let mut coder = counter.into_coder();
        let kinds: BTreeSet<&str> = versions()
            .flat_map(|version| version.files.keys())
            .map(String::as_str)
            .collect();
        let kinds: Vec<&str> = kinds.into_iter().collect();

        let mut contents = Writer::default();
        let mut entries = Vec::with_capacity(self.services.len());
        for (service, versions) in &self.services {
            let mut entry = Writer::default();
            entry.block(service.as_bytes());
            entry.size(contents.bytes.len());
            entry.size(versions.len());
            for (name, version) in versions {
                entry.block(name.as_bytes());
                let model = version.model.as_ref();
                let model = model.map(|model| encode::service(model, &mut coder));
                let model = model.unwrap_or_default();
                entry.size(model.len());
                contents.bytes.extend_from_slice(&model);
                entry.size(version.files.len());
                for (kind, (form, content)) in &version.files {
                    let (encoding, stored) = stored(*form, content)?;
                    entry.size(kinds.binary_search(&kind.as_str()).unwrap_or_default());
                    entry.byte(encoding);
                    entry.size(content.len());
                    entry.size(stored.len());
                    contents.bytes.extend_from_slice(&stored);
                }
            }
            entries.push(entry.bytes);
        }
        let mut out = Writer::default();
        out.bytes.extend_from_slice(MAGIC);
        coder.write(&mut out);
        let former = ALIASES.iter().map(|(before, now)| {
            let mut names = Writer::default();
            names.block(before.as_bytes());
            names.block(now.as_bytes());
            names.bytes
        });
        let former: Vec<Vec<u8>> = former.collect();
        out.records(former.iter().map(Vec::as_slice));
        out.records(kinds.iter().map(|kind| kind.as_bytes()));
        out.records(entries.iter().map(Vec::as_slice));
        out.bytes.extend_from_slice(&contents.bytes);
        if u32::try_from(out.bytes.len()).is_err() {
            return Err(Error::new(
                ErrorKind::Model,
                "an archive of definitions holds at most 4 GiB",
            ));
        }
        Ok(out.bytes)
    }
}

/// The length from which compiled files are compressed, in bytes; shorter ones are read in place.
const LONG: usize = 16 << 10;

fn stored(form: Form, content: &[u8]) -> Result<(u8, Vec<u8>)> {
    let failed =
        |error| Error::new(ErrorKind::Model, "a file does not compress").with_source(error);
    let encoding = match form {
        Form::Json => 0,
        Form::Compiled => encoding::COMPILED,
    };
    if form == Form::Json || content.len() >= LONG {
        let mut encoder =
            flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(content).map_err(failed)?;
        let deflated = encoder.finish().map_err(failed)?;
        if deflated.len() < content.len() {
            return Ok((encoding | encoding::DEFLATED, deflated));
        }
    }
    Ok((encoding, content.to_owned()))
}
