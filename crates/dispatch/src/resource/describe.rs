//! Describes resources as values, including customizations.

use std::sync::Arc;

use inia_core::{List, Map, Result, Value, json};
use inia_model::ResourceModel;

use super::Resource;
use super::customizations::{CustomAction, CustomLoad};
use crate::Client;

/// The kind of a resource's member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResourcePart {
    /// An identifier.
    Identifier,
    /// A member of the data.
    Attribute,
    /// An action.
    Action,
    /// A resource addressed by this one and further identifiers.
    Subresource,
    /// A resource that the data refer to.
    Reference,
    /// A collection of resources.
    Collection,
    /// A waiter.
    Waiter,
}

impl Client {
    /// Describes a resource by its name, or the service resource without a name.
    ///
    /// # Errors
    /// `Model`: the service has no resource definition, or no such resource (the message suggests similar names).
    pub fn describe_resource(&self, name: Option<&str>) -> Result<Value> {
        let service = self.resource()?;
        match name {
            None => Ok(service.describe()),
            Some(name) => {
                let resources = &service.0.resources;
                let model = match service.0.model.subresource(name) {
                    Ok(relation) => resources.resource(&relation.resource.resource)?,
                    Err(_) => resources.resource(name)?,
                };
                Ok(service.describe_definition(model))
            }
        }
    }
}

impl Resource {
    /// Describes the resource: its identifiers, attributes, actions, sub-resources, references, collections and waiters.
    #[must_use]
    pub fn describe(&self) -> Value {
        self.describe_definition(&self.0.model)
    }

    /// Describes a resource of the same service by its [`definition`](Self::definition).
    #[must_use]
    pub fn describe_definition(&self, model: &ResourceModel) -> Value {
        let mut description = model.describe(&self.0.resources);
        let Some(parts) = description.as_map_mut() else {
            return description;
        };
        if let Some(load) = CustomLoad::find(model) {
            parts.insert("load", json!({"name": "load", "operation": load.operation}));
        }
        if let Some(Value::List(actions)) = parts.get_mut("actions") {
            for action in CustomAction::all(model) {
                add_action(actions, action);
            }
        }
        description
    }

    /// Returns the kind of the resource's member with this name, in any spelling; `None` if there is none.
    #[must_use]
    pub fn part(&self, name: &str) -> Option<ResourcePart> {
        self.part_of(&self.0.model, name)
    }

    /// Returns the definition of a resource of the same service.
    ///
    /// # Errors
    /// `Model`: the resource is unknown.
    pub fn definition(&self, name: &str) -> Result<&Arc<ResourceModel>> {
        if *name == *self.0.model.name {
            return Ok(&self.0.model);
        }
        self.0.resources.resource(name)
    }

    /// Returns the kind of a member, as [`part`](Self::part) does, of a resource of the same service by its
    /// [`definition`](Self::definition).
    #[must_use]
    pub fn part_of(&self, model: &ResourceModel, name: &str) -> Option<ResourcePart> {
        if model.identifier(name).is_some() {
            Some(ResourcePart::Identifier)
        } else if model.action(name).is_ok() || CustomAction::find(model, name).is_some() {
            Some(ResourcePart::Action)
        } else if model.subresource(name).is_ok() && !is_snake(name) {
            Some(ResourcePart::Subresource)
        } else if model.reference(name).is_ok() {
            Some(ResourcePart::Reference)
        } else if model.collection(name).is_ok() {
            Some(ResourcePart::Collection)
        } else if model.waiter(name).is_ok() {
            Some(ResourcePart::Waiter)
        } else if model.attribute(name).is_ok() {
            Some(ResourcePart::Attribute)
        } else if model.subresource(name).is_ok() {
            Some(ResourcePart::Subresource)
        } else {
            None
        }
    }
}

/// Returns true if a name has no capital letter. The names of sub-resources have.
fn is_snake(name: &str) -> bool {
    !name.bytes().any(|byte| byte.is_ascii_uppercase())
}

/// Replaces the action with the same name, or adds it.
fn add_action(actions: &mut List, action: &CustomAction) {
    let filled_in: Value = action.filled_in.iter().copied().collect();
    let description =
        json!({"name": action.name, "operation": action.operation, "filled_in": filled_in});
    let existing = actions
        .iter_mut()
        .find(|existing| existing["name"] == *action.name);
    match existing {
        Some(existing) => {
            let resource = existing
                .as_map_mut()
                .and_then(|existing: &mut Map| existing.remove("resource"));
            *existing = description;
            if let (Some(existing), Some(resource)) = (existing.as_map_mut(), resource) {
                existing.insert("resource", resource);
            }
        }
        None => actions.push(description),
    }
}
