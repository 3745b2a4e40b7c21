//! Resources: a service as things that have identifiers, data and actions, and that lead to each other.
//!
//! ```text
//! {"service": {                                                   the service itself: sqs.ServiceResource
//!     "actions": {"CreateQueue": {
//!         "request": {"operation": "CreateQueue"},
//!         "resource": {"type": "Queue", "identifiers": [
//!             {"target": "Url", "source": "response", "path": "QueueUrl"}]}}},
//!     "has": {"Queue": {"resource": {"type": "Queue", "identifiers": [{"target": "Url", "source": "input"}]}}},
//!     "hasMany": {"Queues": {
//!         "request": {"operation": "ListQueues"},
//!         "resource": {"type": "Queue", "identifiers": [
//!             {"target": "Url", "source": "response", "path": "QueueUrls[]"}]}}}},
//!  "resources": {"Queue": {
//!     "identifiers": [{"name": "Url"}],
//!     "shape": "GetQueueAttributesResult",                         its attributes are this shape's members
//!     "load": {"path": "@", "request": {"operation": "GetQueueAttributes", "params": [
//!         {"target": "QueueUrl", "source": "identifier", "name": "Url"}]}},
//!     "actions": {}, "batchActions": {}, "has": {}, "hasMany": {}, "waiters": {}}}}
//! ```
//!
//! # Source
//! boto3 `resources/model.py`.

mod action;
mod describe;
mod model;
mod target;

pub use action::{
    IdentifierSource, ParamSource, ResourceAction, ResourceCollection, ResourceParam,
    ResourceRelation, ResourceRequest, ResourceTarget, ResourceWaiter, TargetIdentifier,
};
pub use model::{ResourceAttribute, ResourceIdentifier, ResourceModel};
pub use target::ParamPath;

use std::fmt;
use std::sync::{Arc, OnceLock};

use indexmap::IndexMap;
use inia_core::{Error, ErrorKind, Result, Str, Value};

use crate::catalog::{Catalog, Definition};
use crate::node::Node;
use crate::{ServiceModel, did_you_mean};
use model::SERVICE_RESOURCE;

/// The resources of a service: a `resources-1` file.
///
/// Each is read when it is first asked for, so that a broken one hurts no other.
///
/// ```no_run
/// # use std::sync::Arc;
/// # use inia_model::{Catalog, Resources};
/// # fn example(catalog: &Catalog) -> inia_core::Result<()> {
/// let s3 = catalog.service("s3", None)?;
/// let resources = Resources::load(catalog, &s3)?;
/// let bucket = resources.resource("Bucket")?;
/// assert_eq!(bucket.identifiers[0].name, "name");
/// assert_eq!(bucket.collection("objects")?.resource.resource, "ObjectSummary");
/// # Ok(())
/// # }
/// ```
pub struct Resources {
    model: Arc<ServiceModel>,
    place: String,
    definition: Value,
    service: OnceLock<Arc<ResourceModel>>,
    resources: IndexMap<Str, OnceLock<Arc<ResourceModel>>>,
}

impl Resources {
    /// The resources of a service, in the API version of its model.
    ///
    /// # Errors
    /// `Model`: the service has no such file, and the message names the services that have; or it cannot be read, or is no
    /// resources file.
    pub fn load(catalog: &Catalog, model: &Arc<ServiceModel>) -> Result<Self> {
        let version = &model.metadata().api_version;
        match catalog.definition(model.name(), Some(version), "resources-1")? {
            Some(definition) => Self::from_definition(Arc::clone(model), &definition),
            None => Err(no_resources(catalog, model.name())),
        }
    }

    /// The names of the services that have resources, in order.
    #[must_use]
    pub fn services(catalog: &Catalog) -> Vec<Str> {
        let mut services = catalog.services();
        services.retain(|service| !catalog.api_versions(service, "resources-1").is_empty());
        services
    }

    /// Reads a file.
    ///
    /// # Errors
    /// `Model`: it is no JSON object with the objects `service` and `resources`.
    pub fn from_definition(model: Arc<ServiceModel>, definition: &Definition) -> Result<Self> {
        Self::from_value(model, &definition.place, definition.parse()?)
    }

    /// Takes what was read from a file; `place` is the file's name, for messages.
    ///
    /// # Errors
    /// `Model`: there are no objects `service` and `resources`.
    pub fn from_value(model: Arc<ServiceModel>, place: &str, definition: Value) -> Result<Self> {
        let root = Node::root(place, &definition);
        root.need("service")?.object()?;
        let resources = match root.get("resources") {
            Some(resources) => resources
                .entries()?
                .map(|(name, _)| (name.clone(), OnceLock::new()))
                .collect(),
            None => IndexMap::new(),
        };
        if resources.contains_key(SERVICE_RESOURCE) {
            let message = format!("{place}: no resource may be named {SERVICE_RESOURCE}");
            return Err(Error::new(ErrorKind::Model, message));
        }
        Ok(Resources {
            model,
            place: place.to_owned(),
            definition,
            service: OnceLock::new(),
            resources,
        })
    }

    /// The service's model.
    #[must_use]
    pub fn model(&self) -> &Arc<ServiceModel> {
        &self.model
    }

    /// The names of the resources, in the definition's order.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &Str> {
        self.resources.keys()
    }

    /// The service itself as a resource.
    ///
    /// # Errors
    /// `Model`: its part of the file is broken; the message has the file and the place in it.
    pub fn service(&self) -> Result<&Arc<ResourceModel>> {
        if let Some(service) = self.service.get() {
            return Ok(service);
        }
        let root = Node::root(&self.place, &self.definition);
        let nothing = Value::map();
        let none = Node::root(&self.place, &nothing);
        let others = root.get("resources").unwrap_or(none);
        let node = root.need("service")?;
        let model = ResourceModel::read(&self.model, SERVICE_RESOURCE, &node, Some(&others))?;
        Ok(self.service.get_or_init(|| Arc::new(model)))
    }

    /// The resource of a name, spelt as the definition does.
    ///
    /// # Errors
    /// `Model`: there is none, and the message offers the nearest names; or its part of the file is broken, and the message has
    /// the file and the place in it.
    pub fn resource(&self, name: &str) -> Result<&Arc<ResourceModel>> {
        let Some((name, cell)) = self.resources.get_key_value(name) else {
            let hint = did_you_mean(name, self.names().map(Str::as_str));
            let service = self.model.name();
            return Err(Error::new(
                ErrorKind::Model,
                format!("{service} has no resource {name:?}{hint}"),
            ));
        };
        if let Some(resource) = cell.get() {
            return Ok(resource);
        }
        let root = Node::root(&self.place, &self.definition);
        let all = root.need("resources")?;
        let model = ResourceModel::read(&self.model, name, &all.need(name)?, None)?;
        Ok(cell.get_or_init(|| Arc::new(model)))
    }
}

impl fmt::Debug for Resources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resources")
            .field("service", self.model.name())
            .field("place", &self.place)
            .field("resources", &self.resources.keys())
            .finish_non_exhaustive()
    }
}

#[cold]
fn no_resources(catalog: &Catalog, service: &str) -> Error {
    let services = Resources::services(catalog).join(", ");
    Error::new(
        ErrorKind::Model,
        format!("{service} has no resources; these services have: {services}"),
    )
}

#[cfg(test)]
mod tests;
