//! Descriptions of resources, as data.

use inia_core::{Map, Str, Value, json};

use crate::{
    ParamSource, ResourceAction, ResourceModel, ResourceParam, ResourceRelation, ResourceTarget,
    Resources,
};

impl ResourceModel {
    /// Returns a description of the resource as data: identifiers, attributes, actions, sub-resources, references,
    /// collections and waiters, each with its name and properties.
    ///
    /// `resources` contains this resource, and is used to find the batch actions of its collections.
    #[must_use]
    pub fn describe(&self, resources: &Resources) -> Value {
        let identifiers = self.identifiers.iter().map(|identifier| {
            let mut entry = json!({"name": &identifier.name});
            if let (Some(entry), Some(attribute)) = (entry.as_map_mut(), &identifier.attribute) {
                entry.insert("attribute", attribute);
            }
            entry
        });
        let attributes = self.attributes.iter().map(|attribute| {
            let kind = resources.model().shape(attribute.shape).kind.name();
            json!({"name": &attribute.name, "member": &attribute.member, "type": kind})
        });
        let collections = self.collections.iter().map(|collection| {
            let target = &collection.resource.resource;
            let batch_actions: Vec<Value> = resources.resource(target).map_or_else(
                |_| Vec::new(),
                |model| model.batch_actions.iter().map(describe_action).collect(),
            );
            json!({
                "name": &collection.name, "operation": &collection.request.operation, "resource": target,
                "filled_in": filled_in(&collection.request.params), "batch_actions": batch_actions,
            })
        });
        let waiters = self.waiters.iter().map(|waiter| {
            json!({"name": &waiter.name, "waiter": &waiter.waiter, "filled_in": filled_in(&waiter.params)})
        });
        json!({
            "service": &self.service,
            "resource": &self.name,
            "identifiers": identifiers.collect::<Value>(),
            "attributes": attributes.collect::<Value>(),
            "load": self.load.as_ref().map(describe_action),
            "actions": self.actions.iter().map(describe_action).collect::<Value>(),
            "sub_resources": self.subresources.iter().map(relation).collect::<Value>(),
            "references": self.references.iter().map(relation).collect::<Value>(),
            "collections": collections.collect::<Value>(),
            "waiters": waiters.collect::<Value>(),
        })
    }
}

fn describe_action(action: &ResourceAction) -> Value {
    let mut entry = Map::new();
    entry.insert("name", &action.name);
    entry.insert("operation", &action.request.operation);
    entry.insert("filled_in", filled_in(&action.request.params));
    if let Some(target) = &action.resource {
        entry.insert("resource", &target.resource);
    }
    Value::Map(entry)
}

fn relation(relation: &ResourceRelation) -> Value {
    json!({
        "name": &relation.name, "resource": &relation.resource.resource,
        "identifiers": inputs(&relation.resource),
    })
}

/// Returns the identifiers that the caller sets.
fn inputs(target: &ResourceTarget) -> Value {
    target.inputs().map(Value::from).collect()
}

/// Returns the parameters that the resource sets, without duplicates.
fn filled_in(params: &[ResourceParam]) -> Value {
    let mut names: Vec<Str> = Vec::new();
    for param in params {
        let name = Str::from(param.target.parameter());
        if param.source != ParamSource::Input && !names.contains(&name) {
            names.push(name);
        }
    }
    names.into_iter().collect()
}
