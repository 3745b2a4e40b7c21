//! What resources have, as data, with what is added to their definitions.

use inia_core::{List, Map, Result, Value, json};
use inia_model::ResourceModel;

use super::Resource;
use super::extras::{ActionExtra, LoadExtra};
use crate::Client;

/// What a name means to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResourcePart {
    /// It tells the resource apart.
    Identifier,
    /// A member of its data.
    Attribute,
    /// Something it does.
    Action,
    /// A resource that is made from it with further identifiers.
    Subresource,
    /// A resource that its data lead to.
    Reference,
    /// Resources that it lists.
    Collection,
    /// What can be waited for.
    Waiter,
}

impl Client {
    /// What the resource of a name has, as data; what the service itself has for no name.
    ///
    /// # Errors
    /// `Model`: there is no resource definition of the service, or no such resource (the message offers the nearest names).
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
                Ok(service.describe_model(model))
            }
        }
    }
}

impl Resource {
    /// What the resource has, as data: identifiers, attributes, actions, sub-resources, references, collections and waiters.
    #[must_use]
    pub fn describe(&self) -> Value {
        self.describe_model(&self.0.model)
    }

    fn describe_model(&self, model: &ResourceModel) -> Value {
        let mut told = model.describe(&self.0.resources);
        let Some(parts) = told.as_map_mut() else {
            return told;
        };
        if let Some(extra) = LoadExtra::of(model) {
            parts.insert(
                "load",
                json!({"name": "load", "operation": extra.operation}),
            );
        }
        if let Some(Value::List(actions)) = parts.get_mut("actions") {
            for extra in ActionExtra::all_of(model) {
                add_action(actions, extra);
            }
        }
        told
    }

    /// What a name means to the resource, in any spelling; `None` where it means nothing.
    #[must_use]
    pub fn part(&self, name: &str) -> Option<ResourcePart> {
        let model = &self.0.model;
        if model.identifier(name).is_some() {
            Some(ResourcePart::Identifier)
        } else if model.action(name).is_ok() || ActionExtra::of(model, name).is_some() {
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

/// Whether a name has no capital: those of sub-resources have.
fn is_snake(name: &str) -> bool {
    !name.bytes().any(|byte| byte.is_ascii_uppercase())
}

/// Puts an action in the place of one of its name, or behind the others.
fn add_action(actions: &mut List, extra: &ActionExtra) {
    let filled_in: Value = extra.filled_in.iter().copied().collect();
    let told = json!({"name": extra.name, "operation": extra.operation, "filled_in": filled_in});
    let same = actions.iter_mut().find(|one| one["name"] == *extra.name);
    match same {
        Some(same) => {
            let resource = same
                .as_map_mut()
                .and_then(|same: &mut Map| same.remove("resource"));
            *same = told;
            if let (Some(same), Some(resource)) = (same.as_map_mut(), resource) {
                same.insert("resource", resource);
            }
        }
        None => actions.push(told),
    }
}
