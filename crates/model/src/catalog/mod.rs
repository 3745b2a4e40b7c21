//! The catalog: which definitions there are, and where each is loaded from.
//!
//! ```text
//! AWS_DATA_PATH's folders, in order    <service>/<api-version>/<kind>.json[.gz], <kind>.json[.gz]
//! ~/.aws/models                        the same
//! the built-in archive                 the same, packed
//! ```
//! The first place that has a file wins, for each file by itself: a folder may bring a newer API version of a service, another
//! paginator file for a version that is built in, or only extras. Kinds are `service-2`, `paginators-1`, `waiters-2`, `resources-1`
//! and `endpoint-rule-set-1`; a file `<kind>.sdk-extras` is merged over the `<kind>` of the same version. What all services share
//! (`partitions`, `endpoints`, `_retry`, `sdk-default-configuration`) lies beside the services' folders.
//!
//! A service's name is never a path: it is looked up among the names that are there.

mod folders;
mod merge;

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use inia_core::ports::{Env, Files};
use inia_core::{Error, ErrorKind, Result, Str};
use serde::de::DeserializeOwned;

use crate::{Archive, ServiceModel, did_you_mean};
use folders::Folders;

/// Names that services went by before, and their names now.
///
/// # Source
/// botocore `handlers.py`, event `choose-service-name`.
const ALIASES: &[(&str, &str)] = &[("runtime.sagemaker", "sagemaker-runtime")];

const MODEL: &str = "service-2";

/// Finds and loads definitions, each once; shared behind an `Arc` by everything that a session makes.
///
/// ```
/// use inia_model::{ArchiveBuilder, Archive, Catalog, ServiceModel};
/// # let json = br#"{"metadata": {"protocol": "json", "endpointPrefix": "sqs"},
/// #     "operations": {"ListQueues": {"http": {"method": "POST", "requestUri": "/"}}}, "shapes": {}}"#;
///
/// let mut builder = ArchiveBuilder::new();
/// builder.add_model("sqs", "2012-11-05", ServiceModel::from_json("sqs", json)?.into());
/// let catalog = Catalog::new(Archive::open(builder.finish()?.leak())?);
///
/// let sqs = catalog.service("sqs", None)?;
/// assert_eq!(sqs.operation("list_queues")?.name, "ListQueues");
/// let error = catalog.service("sqz", None).unwrap_err();
/// assert_eq!(error.to_string(), "no service \"sqz\"; did you mean sqs?");
/// # Ok::<(), inia_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Catalog {
    folders: Option<Folders>,
    archive: Option<Archive>,
    loaded: Mutex<HashMap<Key, Slot>>,
}

/// A service's name and, where one was asked for, its API version.
type Key = (Str, Option<Str>);

/// Held locked while a service is loaded, so that it is loaded once however many ask for it.
type Slot = Arc<Mutex<Option<Arc<ServiceModel>>>>;

/// A definition file as found: JSON, and where it came from.
#[derive(Clone, Debug)]
pub struct Definition {
    /// The JSON text, extras merged in.
    pub text: Bytes,
    /// The file's path, or what it is of the built-in definitions; for messages.
    pub place: String,
}

impl Definition {
    /// The definition as a type.
    ///
    /// # Errors
    /// `Model`: the text is no such thing; the message has the file, line and column.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.text)
            .map_err(|error| Error::new(ErrorKind::Model, format!("{}: {error}", self.place)))
    }
}

impl Catalog {
    /// A catalog of built-in definitions only.
    #[must_use]
    pub fn new(archive: Archive) -> Self {
        Catalog {
            archive: Some(archive),
            ..Catalog::empty()
        }
    }

    /// A catalog of nothing, for [`Catalog::with_folders`] to fill.
    #[must_use]
    pub fn empty() -> Self {
        Catalog {
            folders: None,
            archive: None,
            loaded: Mutex::default(),
        }
    }

    /// Looks into these folders first, in order.
    #[must_use]
    pub fn with_folders(self, files: Arc<dyn Files>, folders: Vec<PathBuf>) -> Self {
        Catalog {
            folders: Some(Folders { files, folders }),
            ..self
        }
    }

    /// The folders that a user's definitions lie in: those of `data_path` (the `data_path` setting, else the variable
    /// `AWS_DATA_PATH`), separated as in `PATH`, and then `~/.aws/models`. `~` and variables in them are replaced.
    ///
    /// # Source
    /// botocore `loaders.py:create_loader`, `Loader.CUSTOMER_DATA_PATH`.
    #[must_use]
    pub fn search_path(env: &dyn Env, data_path: Option<&str>) -> Vec<PathBuf> {
        folders::search_path(env, data_path)
    }

    /// The names of all services, in order.
    #[must_use]
    pub fn services(&self) -> Vec<Str> {
        let mut names: BTreeSet<Str> = BTreeSet::new();
        if let Some(archive) = &self.archive {
            names.extend(archive.services().map(Str::from_static));
        }
        if let Some(folders) = &self.folders {
            let has_model = |name: &String| !folders.versions(name, MODEL).is_empty();
            names.extend(
                folders
                    .services()
                    .into_iter()
                    .filter(has_model)
                    .map(Str::from),
            );
        }
        names.into_iter().collect()
    }

    /// The API versions of a service that a file of this kind is there for, the oldest first; empty where there is no such
    /// service, or the service has no such file.
    #[must_use]
    pub fn api_versions(&self, service: &str, kind: &str) -> Vec<Str> {
        let service = current_name(service);
        let mut versions: BTreeSet<Str> = BTreeSet::new();
        if !is_plain_name(service) || !is_plain_name(kind) {
            return Vec::new();
        }
        if let Some(folders) = &self.folders {
            versions.extend(folders.versions(service, kind).into_iter().map(Str::from));
        }
        if let Some(archive) = &self.archive {
            versions.extend(
                archive
                    .versions(service)
                    .iter()
                    .filter(|version| version.has(kind))
                    .map(|version| Str::from_static(version.name)),
            );
        }
        versions.into_iter().collect()
    }

    /// The model of a service, in the given API version or the newest.
    ///
    /// # Errors
    /// `Model`: there is no such service or version, and the message offers the nearest names; or its definition is broken,
    /// and the message has the file, the place in it and the shape.
    ///
    /// # Source
    /// botocore `loaders.py:Loader.load_service_model`.
    pub fn service(&self, name: &str, api_version: Option<&str>) -> Result<Arc<ServiceModel>> {
        let name = current_name(name);
        let key = (Str::from(name), api_version.map(Str::from));
        let slot = Arc::clone(self.slots().entry(key.clone()).or_default());
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(model) = &*slot {
            return Ok(Arc::clone(model));
        }
        let loaded = match api_version {
            Some(version) => self.load(name, version).map(Arc::new),
            None => self
                .newest(name, MODEL)
                .and_then(|version| version.ok_or_else(|| self.no_such_service(name)))
                .and_then(|version| self.service(name, Some(&version))),
        };
        match loaded {
            Ok(model) => Ok(Arc::clone(slot.insert(model))),
            Err(error) => {
                self.slots().remove(&key);
                Err(error)
            }
        }
    }

    fn slots(&self) -> MutexGuard<'_, HashMap<Key, Slot>> {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn load(&self, name: &str, version: &str) -> Result<ServiceModel> {
        if !self
            .api_versions(name, MODEL)
            .iter()
            .any(|known| **known == *version)
        {
            return Err(self.no_such_version(name, version));
        }
        if !self.is_in_folders(name, version, MODEL)
            && let Some(model) = self
                .built_in(name, version)
                .and_then(|found| found.model(name))
        {
            return model;
        }
        let definition = self
            .definition(name, Some(version), MODEL)?
            .ok_or_else(|| self.no_such_version(name, version))?;
        ServiceModel::from_json(name, &definition.text).map_err(|error| error.at(&definition.place))
    }

    fn is_in_folders(&self, service: &str, version: &str, kind: &str) -> bool {
        self.folders.as_ref().is_some_and(|folders| {
            let has = |kind: &str| folders.versions(service, kind).iter().any(|v| v == version);
            has(kind) || has(&extras_of(kind))
        })
    }

    fn built_in(&self, service: &str, version: &str) -> Option<crate::packed::Version> {
        let mut versions = self.archive.as_ref()?.versions(service).into_iter();
        versions.find(|found| found.name == version)
    }

    fn newest(&self, name: &str, kind: &str) -> Result<Option<Str>> {
        if !is_plain_name(name) {
            return Err(Error::new(
                ErrorKind::Model,
                format!(
                    "{name:?} is not a service's name: those have letters, digits, '-', '_' and '.'"
                ),
            ));
        }
        Ok(self.api_versions(name, kind).pop())
    }

    #[cold]
    fn no_such_service(&self, name: &str) -> Error {
        let services = self.services();
        let hint = did_you_mean(name, services.iter().map(Str::as_str));
        Error::new(ErrorKind::Model, format!("no service {name:?}{hint}"))
    }

    #[cold]
    fn no_such_version(&self, name: &str, version: &str) -> Error {
        match self.newest(name, MODEL) {
            Err(error) => error,
            Ok(None) => self.no_such_service(name),
            Ok(Some(_)) => {
                let versions = self.api_versions(name, MODEL).join(", ");
                Error::new(
                    ErrorKind::Model,
                    format!("{name} has no API version {version:?}; there is {versions}"),
                )
            }
        }
    }

    /// A definition file of a service, such as its `paginators-1`, with its extras merged in; in the given API version, or the
    /// newest that has such a file. `None` where there is none. The models of built-in services are packed, and not to be had
    /// as text: [`Catalog::service`] opens them.
    ///
    /// # Errors
    /// `Model`: there is no such service, or a file that is there cannot be read or merged.
    ///
    /// # Source
    /// botocore `loaders.py:Loader.load_service_model`, `ExtrasProcessor`. DIFFERENCE: extras from a folder are merged over a built-in
    /// definition that has its own extras in it already; botocore leaves out the built-in extras then.
    pub fn definition(
        &self,
        service: &str,
        api_version: Option<&str>,
        kind: &str,
    ) -> Result<Option<Definition>> {
        let service = current_name(service);
        let version = match api_version {
            Some(version) if is_plain_name(version) => Str::from(version),
            Some(_) => return Ok(None),
            None => match self.newest(service, kind)? {
                Some(version) => version,
                None if self.newest(service, MODEL)?.is_none() => {
                    return Err(self.no_such_service(service));
                }
                None => return Ok(None),
            },
        };
        if !is_plain_name(service) || !is_plain_name(kind) {
            return Ok(None);
        }
        let extras = extras_of(kind);
        let from_folders = |kind: &str| match &self.folders {
            Some(folders) => folders.read(&[service, &version, kind]),
            None => Ok(None),
        };
        let built_in = self.built_in(service, &version);
        let built_in = |kind: &str| {
            let text = built_in.as_ref()?.file(service, kind)?;
            let place = format!("built-in definition {service}/{version}/{kind}");
            Some(text.map(|text| Definition { text, place }))
        };
        let own = from_folders(kind)?;
        let extras = match from_folders(&extras)? {
            Some(extras) => Some(extras),
            // Built-in extras are merged into the built-in definition already.
            None if own.is_some() => built_in(&extras).transpose()?,
            None => None,
        };
        let base = match own {
            Some(own) => Some(own),
            None => built_in(kind).transpose()?,
        };
        match (base, extras) {
            (Some(base), Some(extras)) => merge::merge(base, &extras).map(Some),
            (base, _) => Ok(base),
        }
    }

    /// A file that all services share: `partitions`, `endpoints`, `_retry` or `sdk-default-configuration`. `None` where there is none.
    ///
    /// # Errors
    /// `Model`: a file that is there cannot be read.
    pub fn shared(&self, kind: &str) -> Result<Option<Definition>> {
        if !is_plain_name(kind) {
            return Ok(None);
        }
        if let Some(folders) = &self.folders
            && let Some(found) = folders.read(&[kind])?
        {
            return Ok(Some(found));
        }
        let Some(text) = self.built_in("", "").and_then(|found| found.file("", kind)) else {
            return Ok(None);
        };
        let place = format!("built-in definition {kind}");
        Ok(Some(Definition { text: text?, place }))
    }
}

fn extras_of(kind: &str) -> String {
    format!("{kind}.sdk-extras")
}

fn current_name(name: &str) -> &str {
    let alias = ALIASES.iter().find(|(before, _)| *before == name);
    alias.map_or(name, |(_, now)| now)
}

/// Whether a name is one part of a path that leads nowhere else.
fn is_plain_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with('.')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}
