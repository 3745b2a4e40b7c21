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

use crate::packed::Version;
use crate::{Archive, ServiceModel, did_you_mean};
use folders::Folders;

/// Names that services went by before, and their names now.
///
/// # Source
/// botocore `handlers.py`, event `choose-service-name`.
pub(crate) const ALIASES: &[(&str, &str)] = &[("runtime.sagemaker", "sagemaker-runtime")];

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

/// A definition file as found, and where it came from.
#[derive(Clone, Debug)]
pub struct Definition {
    /// What the file holds, extras merged in.
    pub content: Bytes,
    /// How it holds it.
    pub form: Form,
    /// The file's path, or what it is of the built-in definitions; for messages.
    pub place: String,
}

/// The form of a [`Definition`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// JSON, as AWS writes it.
    Json,
    /// The bytes that the type it is for has written: the built-in `endpoint-rule-set-1`, `partitions` and `endpoints`.
    Compiled,
}

impl Definition {
    /// The definition as a type.
    ///
    /// # Errors
    /// `Model`: the content is no such thing; the message has the file, line and column.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T> {
        if self.form == Form::Compiled {
            return Err(Error::new(
                ErrorKind::Model,
                format!("{}: it is compiled, and no JSON", self.place),
            ));
        }
        serde_json::from_slice(&self.content)
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
        let extras = self.read_folders(&[name, version, &extras_of(MODEL)])?;
        let built_in = self.built_in(name, version);
        let definition = match self.read_folders(&[name, version, MODEL])? {
            Some(own) => {
                let extras = match extras {
                    Some(extras) => Some(extras),
                    None => built_in_file(built_in.as_ref(), name, &extras_of(MODEL))?,
                };
                match extras {
                    Some(extras) => merge::merge(&own, &extras)?,
                    None => own,
                }
            }
            None => {
                let model = built_in.and_then(|found| found.model(name));
                let model = model.ok_or_else(|| self.no_such_version(name, version))??;
                // A model that is built in has its own extras in it already.
                let Some(extras) = extras else {
                    return Ok(model);
                };
                let place = format!("built-in definition {name}/{version}/{MODEL}");
                merge::merge_value(crate::definition::write(&model), &place, &extras)?
            }
        };
        ServiceModel::from_json(name, &definition.content)
            .map_err(|error| error.at(&definition.place))
    }

    fn read_folders(&self, parts: &[&str]) -> Result<Option<Definition>> {
        match &self.folders {
            Some(folders) => folders.read(parts),
            None => Ok(None),
        }
    }

    fn built_in(&self, service: &str, version: &str) -> Option<Version> {
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
        let extras = self.read_folders(&[service, &version, &extras_of(kind)])?;
        let built_in = self.built_in(service, &version);
        let built_in = |kind: &str| built_in_file(built_in.as_ref(), service, kind);
        let (base, extras) = match self.read_folders(&[service, &version, kind])? {
            Some(own) => (own, extras.or(built_in(&extras_of(kind))?)),
            // Built-in extras are merged into the built-in definition already.
            None => match built_in(kind)? {
                Some(found) => (found, extras),
                None => return Ok(None),
            },
        };
        match extras {
            Some(extras) => merge::merge(&base, &extras).map(Some),
            None => Ok(Some(base)),
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
        if let Some(found) = self.read_folders(&[kind])? {
            return Ok(Some(found));
        }
        built_in_file(self.built_in("", "").as_ref(), "", kind)
    }
}

fn built_in_file(
    version: Option<&Version>,
    service: &str,
    kind: &str,
) -> Result<Option<Definition>> {
    let Some((version, file)) =
        version.and_then(|version| Some((version.name, version.file(service, kind)?)))
    else {
        return Ok(None);
    };
    let (content, form) = file?;
    let place = if service.is_empty() {
        format!("built-in definition {kind}")
    } else {
        format!("built-in definition {service}/{version}/{kind}")
    };
    Ok(Some(Definition {
        content,
        form,
        place,
    }))
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
