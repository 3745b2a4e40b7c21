//! Packs `data/` into one file for `include_bytes!`.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{env, fs, io};

use inia_core::ports::Files;
use inia_endpoint::{EndpointsData, Partitions, RuleSet};
use inia_model::{Archive, ArchiveBuilder, Catalog, Definition};

/// The files of a service besides its model.
const KINDS: [&str; 6] = [
    "paginators-1",
    "waiters-2",
    "resources-1",
    "endpoint-rule-set-1",
    // For a user's own definition of a built-in service: extras are merged over that too.
    "service-2.sdk-extras",
    "paginators-1.sdk-extras",
];

/// The files that all services share.
const SHARED: [&str; 4] = [
    "partitions",
    "endpoints",
    "_retry",
    "sdk-default-configuration",
];

/// What a kind of file is compiled to; `None` for what is kept as JSON.
fn compiled(kind: &str, definition: &Definition) -> Result<Option<Vec<u8>>, Box<dyn Error>> {
    let text = &definition.content;
    let compiled = match kind {
        "endpoint-rule-set-1" => RuleSet::from_json(text).map(|rules| rules.to_bytes()),
        "partitions" => Partitions::from_json(text).map(|partitions| partitions.to_bytes()),
        "endpoints" => EndpointsData::from_json(text).map(|endpoints| endpoints.to_bytes()),
        _ => return Ok(None),
    };
    compiled
        .map(Some)
        .map_err(|error| format!("{}: {error}", definition.place).into())
}

fn add_file(
    builder: &mut ArchiveBuilder,
    (service, version, kind): (&str, &str, &str),
    definition: &Definition,
) -> Result<(), Box<dyn Error>> {
    match compiled(kind, definition)? {
        Some(compiled) => builder.add_compiled(service, version, kind, compiled),
        None => builder.add_file(service, version, kind, &definition.content),
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let data = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../../data");
    println!("cargo::rerun-if-changed={}", data.display());
    println!("cargo::rerun-if-env-changed=INIA_SERVICES");
    let chosen = env::var("INIA_SERVICES").unwrap_or_default();
    let chosen: Vec<&str> = chosen
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .collect();

    let catalog = Catalog::empty().with_folders(Arc::new(DataFiles), vec![data]);
    let mut builder = ArchiveBuilder::new();
    if chosen.is_empty() {
        for service in catalog.services() {
            add(&mut builder, &catalog, &service)?;
        }
    } else {
        for service in chosen {
            add(&mut builder, &catalog, service)?;
        }
    }
    for kind in SHARED {
        if let Some(definition) = catalog.shared(kind)? {
            add_file(&mut builder, ("", "", kind), &definition)?;
        }
    }
    let bytes = builder.finish()?;
    fs::write(
        Path::new(&env::var("OUT_DIR")?).join("definitions.inia"),
        &bytes,
    )?;
    Archive::open(bytes.leak())?;
    Ok(())
}

fn add(
    builder: &mut ArchiveBuilder,
    catalog: &Catalog,
    service: &str,
) -> Result<(), Box<dyn Error>> {
    // Under its present name, should it be chosen by a former one.
    let name = catalog.service(service, None)?.name().clone();
    for version in catalog.api_versions(&name, "service-2") {
        builder.add_model(&name, &version, catalog.service(&name, Some(&version))?);
        for kind in KINDS {
            if let Some(definition) = catalog.definition(&name, Some(&version), kind)? {
                add_file(builder, (&name, &version, kind), &definition)?;
            }
        }
    }
    Ok(())
}

/// The files of `data/`.
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
