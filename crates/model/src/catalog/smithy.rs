//! Smithy models in the user's folders, and definitions that are loaded with the files that accompany them.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use inia_core::ports::Files;
use inia_core::{Error, ErrorKind, Result, Str, Value};

use super::folders::{Folders, read_error};
use super::{MODEL, is_safe_name};
use crate::ServiceModel;
use crate::definition_file::Definition;
use crate::names::letters_and_digits;
use crate::packed::Archive;
use crate::smithy::{SmithyService, is_smithy};

/// Names of files for all services, which are beside those of the services.
const SHARED_FILES: [&str; 4] = [
    "partitions",
    "endpoints",
    "_retry",
    "sdk-default-configuration",
];

/// Version of a file that cannot be loaded, so that the error is reported when the service is used.
const INVALID_VERSION: &str = "invalid";

/// A definition with the files that accompany it.
#[derive(Debug)]
pub(super) struct LoadedDefinition {
    model: Arc<ServiceModel>,
    files: Vec<(&'static str, Definition)>,
    origin: String,
}

impl LoadedDefinition {
    /// Loads a definition in either format; `origin` is its path, for error messages.
    pub(super) fn from_json(name: &str, origin: &str, json: &[u8]) -> Result<Self> {
        if !is_smithy(json) {
            let model = ServiceModel::from_json(name, json).map_err(|error| error.at(origin))?;
            return Ok(LoadedDefinition {
                model: Arc::new(model),
                files: Vec::new(),
                origin: origin.to_owned(),
            });
        }
        let service = SmithyService::from_json(name, json).map_err(|error| error.at(origin))?;
        let files = [
            ("paginators-1", service.paginators),
            ("waiters-2", service.waiters),
            ("endpoint-rule-set-1", service.endpoint_rules),
        ];
        let file = |(kind, value): (&'static str, Option<Value>)| {
            let definition = Definition::from_json(origin, value?.to_json_string());
            Some((kind, definition))
        };
        Ok(LoadedDefinition {
            model: Arc::new(service.model),
            files: files.into_iter().filter_map(file).collect(),
            origin: origin.to_owned(),
        })
    }

    pub(super) fn model(&self) -> &Arc<ServiceModel> {
        &self.model
    }

    pub(super) fn version(&self) -> &Str {
        &self.model.metadata().api_version
    }

    pub(super) fn origin(&self) -> &str {
        &self.origin
    }

    /// Returns a file other than the model.
    pub(super) fn file(&self, kind: &str) -> Option<&Definition> {
        let mut files = self.files.iter();
        files.find(|(name, _)| *name == kind).map(|(_, file)| file)
    }

    pub(super) fn has(&self, kind: &str) -> bool {
        kind == MODEL || self.file(kind).is_some()
    }
}

/// A file with a Smithy model, loaded on first use.
#[derive(Debug)]
pub(super) struct SmithyFile {
    pub(super) service: Str,
    /// Version of the folder; if `None`, that of the model.
    version: Option<Str>,
    path: PathBuf,
    files: Arc<dyn Files>,
    loaded: Mutex<Option<Arc<LoadedDefinition>>>,
}

impl SmithyFile {
    /// Returns the path.
    pub(super) fn origin(&self) -> String {
        self.path.display().to_string()
    }

    /// Loads the model, unless it is loaded.
    pub(super) fn load(&self) -> Result<Arc<LoadedDefinition>> {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(loaded) = &*loaded {
            return Ok(Arc::clone(loaded));
        }
        let origin = self.origin();
        let text = self.files.read(&self.path);
        let text = text.map_err(|error| read_error(&origin, error))?;
        if !is_smithy(&text) {
            let problem = "not a Smithy JSON AST: no \"smithy\" version at the start";
            return Err(Error::new(ErrorKind::Model, problem).at(origin));
        }
        let found = Arc::new(LoadedDefinition::from_json(&self.service, &origin, &text)?);
        Ok(Arc::clone(loaded.insert(found)))
    }

    /// Returns the API version, for which a file outside of a version's folder is loaded.
    pub(super) fn version(&self) -> Str {
        match &self.version {
            Some(version) => version.clone(),
            None => self
                .load()
                .map_or(Str::from_static(INVALID_VERSION), |loaded| {
                    loaded.version().clone()
                }),
        }
    }

    /// Returns whether the folder or the model has a version.
    pub(super) fn has_version(&self, version: &str) -> bool {
        let loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        let is_loaded = loaded
            .as_ref()
            .is_some_and(|loaded| **loaded.version() == *version);
        drop(loaded);
        is_loaded || *self.version() == *version
    }

    /// Returns whether the model takes the place of a kind of file.
    pub(super) fn has(&self, kind: &str) -> bool {
        kind == MODEL || self.load().is_ok_and(|loaded| loaded.has(kind))
    }
}

/// Finds the Smithy models in folders, in order of precedence.
pub(super) fn find(folders: &Folders, archive: Option<&Archive>) -> Vec<SmithyFile> {
    let mut search = SmithySearch {
        folders,
        archive,
        found: Vec::new(),
    };
    for folder in &folders.folders {
        search.folder(folder);
        search.tree(&folder.join("models"));
    }
    search.found
}

struct SmithySearch<'f> {
    folders: &'f Folders,
    archive: Option<&'f Archive>,
    found: Vec<SmithyFile>,
}

impl SmithySearch<'_> {
    /// Adds the files `<service>.json` of a folder, and its tree.
    fn folder(&mut self, folder: &Path) {
        for path in self.folders.files.list(folder) {
            let Some(stem) = json_stem(&path) else {
                continue;
            };
            if SHARED_FILES.contains(&stem) || stem.ends_with(".sdk-extras") {
                continue;
            }
            let is_model = self.folders.files.read(&path);
            if is_model.is_ok_and(|text| is_smithy(&text)) {
                self.add(stem, None, &path);
            }
        }
        self.tree(folder);
    }

    /// Adds the files `<service>/service/<api-version>/<any>.json` of a folder.
    fn tree(&mut self, folder: &Path) {
        for service in self.folders.files.list(folder) {
            let Some(name) = file_name(&service).filter(|name| is_safe_name(name)) else {
                continue;
            };
            for version in self.folders.files.list(&service.join("service")) {
                let Some(version_name) = file_name(&version) else {
                    continue;
                };
                let files = self.folders.files.list(&version);
                if let Some(path) = files.iter().find(|path| json_stem(path).is_some()) {
                    self.add(name, Some(Str::from(version_name)), path);
                }
            }
        }
    }

    fn add(&mut self, name: &str, version: Option<Str>, path: &Path) {
        let service = self
            .archive
            .and_then(|archive| archive.service_named(&letters_and_digits(name)));
        self.found.push(SmithyFile {
            service: Str::from(service.unwrap_or(name)),
            version,
            path: path.to_owned(),
            files: Arc::clone(&self.folders.files),
            loaded: Mutex::default(),
        });
    }
}

fn file_name(path: &Path) -> Option<&str> {
    path.file_name()?.to_str()
}

/// Returns the name of a JSON file without its extension.
fn json_stem(path: &Path) -> Option<&str> {
    let stem = file_name(path)?.strip_suffix(".json")?;
    is_safe_name(stem).then_some(stem)
}
