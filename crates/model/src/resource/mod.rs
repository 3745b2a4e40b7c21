//! Resources: object-oriented definitions of a service, with identifiers, data, actions and relations.
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
mod model;
mod param_path;

pub use action::{
    IdentifierSource, ParamSource, ResourceAction, ResourceCollection, ResourceParam,
    ResourceRelation, ResourceRequest, ResourceTarget, ResourceWaiter, TargetIdentifier,
};
pub use model::{ResourceAttribute, ResourceIdentifier, ResourceModel};
pub use param_path::ParamPath;

use std::fmt;
use std::sync::{Arc, OnceLock};

use indexmap::IndexMap;
use inia_core::{Error, ErrorKind, Result, Str, Value};

use crate::catalog::Catalog;
use crate::definition_file::Definition;
use crate::{ServiceModel, did_you_mean};
use inia_core::definition_node::DefinitionNode;
use model::SERVICE_RESOURCE;

/// Resources of a service: a `resources-1` file.
///
/// Each resource is parsed on first use, so that an invalid one does not affect the others.
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
    origin: String,
    definition: Value,
    service: OnceLock<Arc<ResourceModel>>,
    resources: IndexMap<Str, OnceLock<Arc<ResourceModel>>>,
}

impl Resources {
    /// Loads the resources of a service in the API version of its model.
    ///
    /// # Errors
    /// `Model`: the service has no such file, with the services that have one in the message; or the file cannot be
    /// read or is not a resources file.
    pub fn load(catalog: &Catalog, model: &Arc<ServiceModel>) -> Result<Self> {
        let version = &model.metadata().api_version;
        match catalog.definition(model.name(), Some(version), "resources-1")? {
            Some(definition) => Self::from_definition(Arc::clone(model), &definition),
            None => Err(no_resources(catalog, model.name())),
        }
    }

    /// Returns the names of the services that have resources, in order.
    #[must_use]
    pub fn services(catalog: &Catalog) -> Vec<Str> {
        let mut services = catalog.services();
        services.retain(|service| !catalog.api_versions(service, "resources-1").is_empty());
        services
    }

    /// Parses a file.
    ///
    /// # Errors
    /// `Model`: not a JSON object with the objects `service` and `resources`.
    pub fn from_definition(model: Arc<ServiceModel>, definition: &Definition) -> Result<Self> {
        Self::from_value(model, &definition.origin, definition.value()?)
    }

    /// Creates resources from a parsed file; `origin` is the file name, for error messages.
    ///
    /// # Errors
    /// `Model`: the objects `service` and `resources` are missing.
    pub fn from_value(model: Arc<ServiceModel>, origin: &str, definition: Value) -> Result<Self> {
        let root = DefinitionNode::root(origin, &definition);
        root.require("service")?.object()?;
        let resources = match root.get("resources") {
            Some(resources) => resources
                .entries()?
                .map(|(name, _)| (name.clone(), OnceLock::new()))
                .collect(),
            None => IndexMap::new(),
        };
        if resources.contains_key(SERVICE_RESOURCE) {
            let message = format!("{origin}: resource name {SERVICE_RESOURCE} is reserved");
            return Err(Error::new(ErrorKind::Model, message));
        }
        Ok(Resources {
            model,
            origin: origin.to_owned(),
            definition,
            service: OnceLock::new(),
            resources,
        })
    }

    /// Returns the model of the service.
    #[must_use]
    pub fn model(&self) -> &Arc<ServiceModel> {
        &self.model
    }

    /// Returns the names of the resources, in the order of the definition.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &Str> {
        self.resources.keys()
    }

    /// Returns the service itself as a resource.
    ///
    /// # Errors
    /// `Model`: its part of the file is invalid; the message has the file and the location.
    pub fn service(&self) -> Result<&Arc<ResourceModel>> {
        if let Some(service) = self.service.get() {
            return Ok(service);
        }
        let root = DefinitionNode::root(&self.origin, &self.definition);
        let empty = Value::map();
        let none = DefinitionNode::root(&self.origin, &empty);
        let others = root.get("resources").unwrap_or(none);
        let node = root.require("service")?;
        let model = ResourceModel::parse(&self.model, SERVICE_RESOURCE, &node, Some(&others))?;
        Ok(self.service.get_or_init(|| Arc::new(model)))
    }

    /// Returns the resource with a name, spelled as in the definition.
    ///
    /// # Errors
    /// `Model`: unknown resource, with suggestions in the message; or its part of the file is invalid, with the file
    /// and location in the message.
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
        let root = DefinitionNode::root(&self.origin, &self.definition);
        let all = root.require("resources")?;
        let model = ResourceModel::parse(&self.model, name, &all.require(name)?, None)?;
        Ok(cell.get_or_init(|| Arc::new(model)))
    }
}

impl fmt::Debug for Resources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resources")
            .field("service", self.model.name())
            .field("origin", &self.origin)
            .field("resources", &self.resources.keys())
            .finish_non_exhaustive()
    }
}

#[cold]
fn no_resources(catalog: &Catalog, service: &str) -> Error {
    let services = Resources::services(catalog).join(", ");
    Error::new(
        ErrorKind::Model,
        format!("{service} has no resources; services with resources: {services}"),
    )
}

#[cfg(test)]
mod tests;
