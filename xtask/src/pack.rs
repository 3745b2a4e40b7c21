//! Packs `data/` into the archive of `inia-builtin`. The archive is checked in, so that builds of inia do not pack.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use anyhow::{Context, Result, ensure};
use inia_core::ports::Files;
use inia_endpoint::{EndpointsData, Partitions, RuleSet};
use inia_model::{ArchiveBuilder, Catalog, Definition};

use crate::models::SHARED;

/// Path of the archive in the workspace.
const ARCHIVE: &str = "crates/builtin/definitions.inia";

/// Kinds of packed files besides the service model.
const KINDS: [&str; 6] = [
    "paginators-1",
    "waiters-2",
    "resources-1",
    "endpoint-rule-set-1",
    // Also applied to a user's own definition of a built-in service.
    "service-2.sdk-extras",
    "paginators-1.sdk-extras",
];

/// `cargo xtask models --pack`: writes the archive.
pub(crate) fn write(root: &Path) -> Result<()> {
    let bytes = packed(&root.join("data"))?;
    let file = root.join(ARCHIVE);
    let is_same = fs::read(&file).is_ok_and(|present| present == bytes);
    if !is_same {
        fs::write(&file, &bytes).with_context(|| file.display().to_string())?;
    }
    let state = if is_same { "unchanged" } else { "written" };
    println!("{ARCHIVE}: {} bytes, {state}", bytes.len());
    Ok(())
}

/// Fails if the archive differs from a newly packed one.
pub(crate) fn verify(root: &Path) -> Result<()> {
    let file = root.join(ARCHIVE);
    let present = fs::read(&file).unwrap_or_default();
    ensure!(
        present == packed(&root.join("data"))?,
        "{ARCHIVE} does not match data/; run `cargo xtask models --pack`"
    );
    println!("{ARCHIVE} matches data/");
    Ok(())
}

/// Packs the definitions of a folder. The output is deterministic.
fn packed(data: &Path) -> Result<Vec<u8>> {
    let catalog = Catalog::empty().with_folders(Arc::new(DataFiles), vec![data.to_owned()]);
    let mut builder = ArchiveBuilder::new();
    for name in catalog.services() {
        for version in catalog.api_versions(&name, "service-2") {
            builder.add_model(&name, &version, catalog.service(&name, Some(&version))?);
            for kind in KINDS {
                if let Some(definition) = catalog.definition(&name, Some(&version), kind)? {
                    add_file(&mut builder, (&name, &version, kind), &definition)?;
                }
            }
        }
    }
    for kind in SHARED {
        if let Some(definition) = catalog.shared(kind)? {
            add_file(&mut builder, ("", "", kind), &definition)?;
        }
    }
    Ok(builder.finish()?)
}

fn add_file(
    builder: &mut ArchiveBuilder,
    (service, version, kind): (&str, &str, &str),
    definition: &Definition,
) -> Result<()> {
    match kind {
        "endpoint-rule-set-1" => {
            let rules = definition.load(RuleSet::from_json)?;
            builder.add_compiled(service, version, kind, rules);
        }
        "partitions" => {
            let partitions = definition.load(Partitions::from_json)?;
            builder.add_compiled(service, version, kind, partitions);
        }
        "endpoints" => {
            let endpoints = definition.load(EndpointsData::from_json)?;
            builder.add_compiled(service, version, kind, endpoints);
        }
        _ => builder.add_value(service, version, kind, definition.value()?),
    }
    Ok(())
}

/// `data/` as a `Files` port.
#[derive(Debug)]
struct DataFiles;

impl Files for DataFiles {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        fs::read(path)
    }

    fn list(&self, folder: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        paths.sort();
        paths
    }

    fn write_private(&self, _: &Path, _: &[u8]) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn remove(&self, _: &Path) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }
}
