//! Packs `data/` into one file for `include_bytes!`.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{env, fs, io};

use inia_core::ports::Files;
use inia_model::{Archive, ArchiveBuilder, Catalog};

/// The files of a service besides its model.
const KINDS: [&str; 4] = [
    "paginators-1",
    "waiters-2",
    "resources-1",
    "endpoint-rule-set-1",
];

/// The files that all services share.
const SHARED: [&str; 4] = [
    "partitions",
    "endpoints",
    "_retry",
    "sdk-default-configuration",
];

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
            builder.add_file("", "", kind, &definition.text);
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
    let model = catalog.service(service, None)?;
    for version in catalog.api_versions(service, "service-2") {
        builder.add_model(service, &version, catalog.service(service, Some(&version))?);
        for kind in KINDS {
            if let Some(definition) = catalog.definition(service, Some(&version), kind)? {
                builder.add_file(model.name(), &version, kind, &definition.text);
            }
        }
        // A user's own definition takes the extras that are built in: those of paginators and models are kept for it.
        for kind in ["service-2.sdk-extras", "paginators-1.sdk-extras"] {
            if let Some(definition) = catalog.definition(service, Some(&version), kind)? {
                builder.add_file(model.name(), &version, kind, &definition.text);
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
