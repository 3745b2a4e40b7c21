//! The catalog: finds and loads definitions.
//!
//! ```text
//! AWS_DATA_PATH's folders, in order    <service>/<api-version>/<kind>.json[.gz], <kind>.json[.gz]
//! ~/.aws/models                        the same
//! the built-in archive                 the same, packed
//! ```
//! The first location that has a file is used, for each file separately: a folder may add a newer API version of a
//! service, replace the paginators of a built-in version, or add only extras. Kinds are `service-2`, `paginators-1`,
//! `waiters-2`, `resources-1` and `endpoint-rule-set-1`; a file `<kind>.sdk-extras` is merged over the `<kind>` of the
//! same version. Files for all services (`partitions`, `endpoints`, `_retry`, `sdk-default-configuration`) are beside
//! the folders of the services.
//!
//! A folder may also hold Smithy models, as files or as the tree that AWS publishes:
//!
//! ```text
//! <service>.json, <service>/service/<api-version>/<any>.json, models/<service>/service/<api-version>/<any>.json
//! ```
//! A Smithy model takes the place of `service-2`, and of `paginators-1`, `waiters-2` and `endpoint-rule-set-1` if it has
//! the traits for them. For one API version, a file in botocore's layout takes precedence over a Smithy model, and both
//! over the built-in definition. Smithy models are searched once per catalog.
//!
//! A service name is never used as a path unchecked: only plain file names are accepted.

mod folders;
mod merge;
mod smithy;

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use inia_core::ports::Files;
use inia_core::{Error, ErrorKind, Result, Str};

use crate::definition_file::Definition;
use crate::names::letters_and_digits;
use crate::packed::{Archive, ArchivedVersion};
use crate::{ServiceModel, did_you_mean};
use folders::Folders;
use smithy::{LoadedDefinition, SmithyFile};

const MODEL: &str = "service-2";

/// Finds definitions and loads each once; shared behind an `Arc` by all clients of a session.
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
    /// Definitions that were registered in memory, which take precedence over files.
    registered: Vec<(Str, LoadedDefinition)>,
    smithy_files: OnceLock<Vec<SmithyFile>>,
    loaded: Mutex<HashMap<ServiceKey, ServiceSlot>>,
}

/// The definition of a service among those of all locations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefinitionSource {
    /// API version.
    pub api_version: Str,
    /// Origin of the definition.
    pub origin: DefinitionOrigin,
}

/// Location of a definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DefinitionOrigin {
    /// Built into the program.
    BuiltIn,
    /// A file in botocore's layout, with its path.
    File(String),
    /// A Smithy model, with its path.
    Smithy(String),
    /// Registered in memory.
    Memory,
}

impl fmt::Display for DefinitionOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DefinitionOrigin::BuiltIn => f.write_str("built in"),
            DefinitionOrigin::File(path) | DefinitionOrigin::Smithy(path) => f.write_str(path),
            DefinitionOrigin::Memory => f.write_str("in memory"),
        }
    }
}

/// Service name and requested API version.
type ServiceKey = (Str, Option<Str>);

/// Locked while the service is loaded, so that concurrent requests load it once.
type ServiceSlot = Arc<Mutex<Option<Arc<ServiceModel>>>>;

impl Catalog {
    /// Creates a catalog of built-in definitions.
    #[must_use]
    pub fn new(archive: Archive) -> Self {
        Catalog {
            archive: Some(archive),
            ..Catalog::empty()
        }
    }

    /// Creates a catalog without definitions, for [`Catalog::with_folders`].
    #[must_use]
    pub fn empty() -> Self {
        Catalog {
            folders: None,
            archive: None,
            registered: Vec::new(),
            smithy_files: OnceLock::new(),
            loaded: Mutex::default(),
        }
    }

    /// Adds folders that are searched, in order, before the built-in definitions.
    #[must_use]
    pub fn with_folders(self, files: Arc<dyn Files>, folders: Vec<PathBuf>) -> Self {
        Catalog {
            folders: Some(Folders { files, folders }),
            ..self
        }
    }

    /// Registers a definition under a service name: JSON in botocore's `service-2` format, or a Smithy model. It takes precedence
    /// over files and built-in definitions of the same API version.
    ///
    /// # Errors
    /// `Model`: an invalid name or definition.
    pub fn with_definition(mut self, name: &str, json: &[u8]) -> Result<Self> {
        check_name(name)?;
        let definition = LoadedDefinition::from_json(name, "definition in memory", json)?;
        self.registered.push((Str::from(name), definition));
        Ok(self)
    }

    /// Returns the names of all services, in order.
    #[must_use]
    pub fn services(&self) -> Vec<Str> {
        let mut names: BTreeSet<Str> = BTreeSet::new();
        names.extend(self.registered.iter().map(|(name, _)| name.clone()));
        names.extend(self.smithy_files().iter().map(|file| file.service.clone()));
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

    /// Returns the API versions of a service that have a file of a kind, in ascending order; empty if there is no such
    /// service or file.
    #[must_use]
    pub fn api_versions(&self, service: &str, kind: &str) -> Vec<Str> {
        self.versions(&self.resolve_name(service), kind)
    }

    fn versions(&self, service: &str, kind: &str) -> Vec<Str> {
        let mut versions: BTreeSet<Str> = BTreeSet::new();
        if !is_safe_name(service) || !is_safe_name(kind) {
            return Vec::new();
        }
        let registered = self.registered(service);
        versions.extend(
            registered
                .filter(|definition| definition.has(kind))
                .map(|definition| definition.version().clone()),
        );
        let files = self.smithy_files().iter();
        versions.extend(
            files
                .filter(|file| file.service == *service && file.has(kind))
                .map(SmithyFile::version),
        );
        if let Some(folders) = &self.folders {
            versions.extend(folders.versions(service, kind).into_iter().map(Str::from));
        }
        if let Some(archive) = &self.archive {
            versions.extend(
                archive
                    .versions(service)
                    .iter()
                    .filter(|version| version.has(kind))
                    .map(|version| version.name.clone()),
            );
        }
        versions.into_iter().collect()
    }

    /// Returns the name of the service that has this name in another spelling, as its service id (`Lex Runtime V2`, `eventbridge`), as
    /// boto3's class name (`ElasticLoadBalancingv2`), or as a former name. A name that no service has is returned unchanged.
    fn resolve_name<'n>(&self, name: &'n str) -> Cow<'n, str> {
        let exists = |name: &str| is_safe_name(name) && !self.versions(name, MODEL).is_empty();
        if exists(name) || !is_safe_name(&name.replace(' ', "-")) {
            return Cow::Borrowed(name);
        }
        let letters = letters_and_digits(name);
        let built_in = self
            .archive
            .and_then(|archive| archive.service_named(&letters));
        if let Some(built_in) = built_in.filter(|service| exists(service)) {
            return Cow::Borrowed(built_in);
        }
        let mut services = self.services().into_iter();
        match services.find(|service| letters_and_digits(service) == letters) {
            Some(service) => Cow::Owned(service.to_string()),
            None => Cow::Borrowed(name),
        }
    }

    /// Returns the model of a service, in a given API version or the newest.
    ///
    /// # Errors
    /// `Model`: unknown service or version, with suggestions in the message; or an invalid definition, with the file,
    /// location and shape in the message.
    ///
    /// # Source
    /// botocore `loaders.py:Loader.load_service_model`.
    pub fn service(&self, name: &str, api_version: Option<&str>) -> Result<Arc<ServiceModel>> {
        let key = |name: &str| (Str::from(name), api_version.map(Str::from));
        let known = self.slots().get(&key(name)).map(Arc::clone);
        // A name that was loaded before is not looked for again.
        let known = known.and_then(|slot| slot.lock().ok()?.clone());
        if let Some(model) = known {
            return Ok(model);
        }
        let name = &*self.resolve_name(name);
        let key = key(name);
        let slot = Arc::clone(self.slots().entry(key.clone()).or_default());
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(model) = &*slot {
            return Ok(Arc::clone(model));
        }
        let loaded = match api_version {
            Some(version) => self.load(name, version),
            None => self
                .newest(name, MODEL)
                .and_then(|version| version.ok_or_else(|| self.unknown_service(name)))
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

    /// Returns the API version and the origin of the definition that [`Catalog::service`] loads.
    ///
    /// # Errors
    /// `Model`: unknown service or version, or a file that cannot be read.
    pub fn source(&self, name: &str, api_version: Option<&str>) -> Result<DefinitionSource> {
        let name = &*self.resolve_name(name);
        let api_version = match api_version {
            Some(version) => Str::from(version),
            None => self
                .newest(name, MODEL)?
                .ok_or_else(|| self.unknown_service(name))?,
        };
        let mut registered = self.registered(name);
        let origin = if registered.any(|found| *found.version() == api_version) {
            DefinitionOrigin::Memory
        } else if let Some(own) = self.read_folders(&[name, &api_version, MODEL])? {
            DefinitionOrigin::File(own.origin)
        } else if let Some(file) = self.smithy_file(name, &api_version) {
            DefinitionOrigin::Smithy(file.origin())
        } else if self.built_in(name, &api_version).is_some() {
            DefinitionOrigin::BuiltIn
        } else {
            return Err(self.unknown_version(name, &api_version));
        };
        Ok(DefinitionSource {
            api_version,
            origin,
        })
    }

    fn slots(&self) -> MutexGuard<'_, HashMap<ServiceKey, ServiceSlot>> {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn smithy_files(&self) -> &[SmithyFile] {
        self.smithy_files.get_or_init(|| {
            let find = |folders| smithy::find(folders, self.archive.as_ref());
            self.folders.as_ref().map(find).unwrap_or_default()
        })
    }

    fn registered(&self, service: &str) -> impl Iterator<Item = &LoadedDefinition> {
        let of_service = move |(name, _): &&(Str, LoadedDefinition)| **name == *service;
        let registered = self.registered.iter().filter(of_service);
        registered.map(|(_, definition)| definition)
    }

    /// Returns the Smithy model of a service in a version.
    fn smithy(&self, service: &str, version: &str) -> Result<Option<Arc<LoadedDefinition>>> {
        let file = self.smithy_file(service, version);
        file.map(SmithyFile::load).transpose()
    }

    fn smithy_file(&self, service: &str, version: &str) -> Option<&SmithyFile> {
        let mut files = self.smithy_files().iter();
        files.find(|file| file.service == *service && file.has_version(version))
    }

    fn load(&self, name: &str, version: &str) -> Result<Arc<ServiceModel>> {
        if !self
            .versions(name, MODEL)
            .iter()
            .any(|existing| **existing == *version)
        {
            return Err(self.unknown_version(name, version));
        }
        let mut registered = self.registered(name);
        if let Some(registered) = registered.find(|found| **found.version() == *version) {
            return Ok(Arc::clone(registered.model()));
        }
        let extras = self.read_folders(&[name, version, &extras_of(MODEL)])?;
        let built_in = self.built_in(name, version);
        let definition = if let Some(own) = self.read_folders(&[name, version, MODEL])? {
            let extras = match extras {
                Some(extras) => Some(extras),
                None => built_in_file(built_in.as_ref(), name, &extras_of(MODEL))?,
            };
            match extras {
                Some(extras) => merge::merge(&own, &extras)?,
                None => own,
            }
        } else {
            let (model, origin, extras) = match self.smithy(name, version)? {
                Some(found) => {
                    let extras = match extras {
                        Some(extras) => Some(extras),
                        None => built_in_file(built_in.as_ref(), name, &extras_of(MODEL))?,
                    };
                    (Arc::clone(found.model()), found.origin().to_owned(), extras)
                }
                None => {
                    let model = built_in.and_then(|found| found.model(name));
                    let (metadata, packed) =
                        model.ok_or_else(|| self.unknown_version(name, version))??;
                    let model = ServiceModel::packed(Str::from(name), metadata, packed);
                    let origin = format!("built-in definition {name}/{version}/{MODEL}");
                    // A built-in model already includes its own extras.
                    (Arc::new(model), origin, extras)
                }
            };
            let Some(extras) = extras else {
                return Ok(model);
            };
            merge::merge_value(crate::definition::write(&model), &origin, &extras)?
        };
        ServiceModel::from_json(name, &definition.json()?)
            .map(Arc::new)
            .map_err(|error| error.at(&definition.origin))
    }

    fn read_folders(&self, parts: &[&str]) -> Result<Option<Definition>> {
        match &self.folders {
            // A version may come from a file.
            Some(folders) if parts.iter().all(|part| is_safe_name(part)) => folders.read(parts),
            _ => Ok(None),
        }
    }

    fn built_in(&self, service: &str, version: &str) -> Option<ArchivedVersion> {
        let mut versions = self.archive.as_ref()?.versions(service).into_iter();
        versions.find(|found| found.name == *version)
    }

    fn newest(&self, name: &str, kind: &str) -> Result<Option<Str>> {
        check_name(name)?;
        Ok(self.versions(name, kind).pop())
    }

    #[cold]
    fn unknown_service(&self, name: &str) -> Error {
        let archive = self.archive.unwrap_or_default();
        if let Some(service) = archive.service_named(&letters_and_digits(name)) {
            let problem = format!(
                "the definition of {service} is not part of this program, which was built with INIA_SERVICES: add {service} to INIA_SERVICES, \
                 or put the definition into a folder of AWS_DATA_PATH"
            );
            return Error::new(ErrorKind::Model, problem);
        }
        let services = self.services();
        let aliases = archive.names().filter(|(alias, service)| {
            *alias != letters_and_digits(service) && services.iter().any(|name| **name == **service)
        });
        let names = services.iter().map(Str::as_str);
        let hint = did_you_mean(name, names.chain(aliases.map(|(alias, _)| alias)));
        Error::new(ErrorKind::Model, format!("no service {name:?}{hint}"))
    }

    #[cold]
    fn unknown_version(&self, name: &str, version: &str) -> Error {
        match self.newest(name, MODEL) {
            Err(error) => error,
            Ok(None) => self.unknown_service(name),
            Ok(Some(_)) => {
                let versions = self.versions(name, MODEL).join(", ");
                Error::new(
                    ErrorKind::Model,
                    format!("{name} has no API version {version:?}; available: {versions}"),
                )
            }
        }
    }

    /// Returns a definition file of a service, such as its `paginators-1`, with its extras merged in; in a given API
    /// version, or the newest that has such a file. `None` if there is no such file. The models of built-in services
    /// are packed and not available as text: use [`Catalog::service`].
    ///
    /// # Errors
    /// `Model`: unknown service, or a file that cannot be read or merged.
    ///
    /// # Source
    /// botocore `loaders.py:Loader.load_service_model`, `ExtrasProcessor`. DIFFERENCE: extras from a folder are merged
    /// over a built-in definition that already includes its own extras; botocore skips the built-in extras in that
    /// case.
    pub fn definition(
        &self,
        service: &str,
        api_version: Option<&str>,
        kind: &str,
    ) -> Result<Option<Definition>> {
        let service = &*self.resolve_name(service);
        let version = match api_version {
            Some(version) => Str::from(version),
            None => match self.newest(service, kind)? {
                Some(version) => version,
                None if self.newest(service, MODEL)?.is_none() => {
                    return Err(self.unknown_service(service));
                }
                None => return Ok(None),
            },
        };
        if !is_safe_name(service) || !is_safe_name(kind) {
            return Ok(None);
        }
        let mut registered = self.registered(service);
        let registered = registered.find(|found| *found.version() == version);
        if let Some(found) = registered.and_then(|found| found.file(kind)) {
            return Ok(Some(found.clone()));
        }
        let extras = self.read_folders(&[service, &version, &extras_of(kind)])?;
        let built_in = self.built_in(service, &version);
        let built_in = |kind: &str| match self.smithy(service, &version)? {
            Some(found) if found.file(kind).is_some() => Ok(found.file(kind).cloned()),
            _ => built_in_file(built_in.as_ref(), service, kind),
        };
        let (base, extras) = match self.read_folders(&[service, &version, kind])? {
            Some(own) => (own, extras.or(built_in(&extras_of(kind))?)),
            // A built-in definition already includes its own extras.
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

    /// Returns a file for all services: `partitions`, `endpoints`, `_retry` or `sdk-default-configuration`. `None` if
    /// there is none.
    ///
    /// # Errors
    /// `Model`: a file cannot be read.
    pub fn shared(&self, kind: &str) -> Result<Option<Definition>> {
        if !is_safe_name(kind) {
            return Ok(None);
        }
        if let Some(found) = self.read_folders(&[kind])? {
            return Ok(Some(found));
        }
        self.built_in_shared(kind)
    }

    /// Returns a built-in file for all services, even if a folder has its own.
    ///
    /// # Errors
    /// `Model`: the archive is damaged.
    pub fn built_in_shared(&self, kind: &str) -> Result<Option<Definition>> {
        built_in_file(self.built_in("", "").as_ref(), "", kind)
    }
}

fn built_in_file(
    version: Option<&ArchivedVersion>,
    service: &str,
    kind: &str,
) -> Result<Option<Definition>> {
    let file = version.and_then(|version| version.file(service, kind));
    file.transpose()
}

fn extras_of(kind: &str) -> String {
    format!("{kind}.sdk-extras")
}

fn check_name(name: &str) -> Result<()> {
    if is_safe_name(name) {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Model,
        format!(
            "invalid service name {name:?}: only letters, digits, '-', '_' and '.' are allowed"
        ),
    ))
}

/// Returns whether a name is a single path component that cannot leave its folder.
fn is_safe_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with('.')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}
