//! [`ResourceModel`]: a resource type.

use std::collections::HashSet;

use indexmap::IndexMap;
use inia_core::{Error, ErrorKind, Result, Str};

use super::action::{
    self, OwningResource, ResourceAction, ResourceCollection, ResourceRelation, ResourceRequest,
    ResourceTarget, ResourceWaiter,
};
use crate::{ServiceModel, ShapeId, did_you_mean, snake_case};
use inia_core::definition_node::DefinitionNode;

/// A resource type: identifiers, attributes, actions and relations.
///
/// Each part has the name that boto3 gives it: in snake case, with the kind of the part as a suffix if another part
/// already has that name (`id_action`). The order of precedence is load, identifiers, actions, relations, collections,
/// waiters, attributes.
///
/// # Source
/// boto3 `resources/model.py:ResourceModel`.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceModel {
    /// Name of the service.
    pub service: Str,
    /// Name, such as `Bucket`; `ServiceResource` for the service itself.
    pub name: Str,
    /// Shape of the data.
    pub shape: Option<ShapeId>,
    /// Identifiers, in the order of arguments.
    pub identifiers: Box<[ResourceIdentifier]>,
    /// Attributes: members of the data.
    pub attributes: Box<[ResourceAttribute]>,
    /// Call that loads the data.
    pub load: Option<ResourceAction>,
    /// Actions.
    pub actions: Box<[ResourceAction]>,
    /// Batch actions: a single call for a page of a collection.
    pub batch_actions: Box<[ResourceAction]>,
    /// Resources that need no data, only further identifiers from the caller.
    pub subresources: Box<[ResourceRelation]>,
    /// Resources with identifiers from the data.
    pub references: Box<[ResourceRelation]>,
    /// Collections.
    pub collections: Box<[ResourceCollection]>,
    /// Waiters.
    pub waiters: Box<[ResourceWaiter]>,
}

/// An identifier of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceIdentifier {
    /// Public name.
    pub name: Str,
    /// Name as the definition spells it.
    pub model_name: Str,
    /// `memberName`: public name of the attribute with the same value.
    pub attribute: Option<Str>,
}

/// An attribute of a resource: a member of its data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceAttribute {
    /// Public name.
    pub name: Str,
    /// Name of the member in the shape of the data.
    pub member: Str,
    /// Shape of the member.
    pub shape: ShapeId,
    /// Position of the identifier with the same value; such an attribute needs no data.
    pub identifier: Option<usize>,
}

/// Name of the resource type for a service itself.
pub(super) const SERVICE_RESOURCE: &str = "ServiceResource";

/// Names in use in a resource.
struct ResourceNames<'a> {
    resource: &'a str,
    taken: HashSet<String>,
}

impl ResourceNames<'_> {
    /// Reserves a name for a part, with the kind as a suffix if the name is in use.
    fn take(&mut self, name: String, kind: &str) -> Result<Str, String> {
        if self.taken.insert(name.clone()) {
            return Ok(name.into());
        }
        let suffixed = format!("{name}_{kind}");
        if self.taken.insert(suffixed.clone()) {
            return Ok(suffixed.into());
        }
        Err(format!(
            "{}: names `{name}` and `{suffixed}` are both in use",
            self.resource
        ))
    }
}

impl ResourceModel {
    /// Parses a resource. `others` contains all resources of the service, and is set only for the service itself, which
    /// relates to each of them.
    pub(super) fn parse(
        model: &ServiceModel,
        name: &str,
        node: &DefinitionNode<'_, '_>,
        others: Option<&DefinitionNode<'_, '_>>,
    ) -> Result<Self> {
        let model_names = identifier_names(node)?;
        let owner = OwningResource {
            name,
            identifiers: &model_names,
        };
        let mut names = ResourceNames {
            resource: name,
            taken: HashSet::from(["meta".to_owned()]),
        };
        let load = match node.get("load") {
            Some(node) => {
                names.taken.insert("load".to_owned());
                let load = ResourceAction::parse("load".into(), "load", &node, &owner)?;
                if load.request.needs_data() {
                    return Err(node.error("load must not depend on the data that it loads"));
                }
                Some(load)
            }
            None => None,
        };
        let mut identifiers = Vec::new();
        for model_name in &model_names {
            identifiers.push(ResourceIdentifier {
                name: take(&mut names, node, snake_case(model_name), "identifier")?,
                model_name: model_name.clone(),
                attribute: None,
            });
        }
        let mut actions = Vec::new();
        for_each(node, "actions", |model_name, node| {
            let name = take(&mut names, node, snake_case(model_name), "action")?;
            actions.push(ResourceAction::parse(name, model_name, node, &owner)?);
            Ok(())
        })?;
        let (mut subresources, mut references) = (Vec::new(), Vec::new());
        for (model_name, resource) in relations(node, others, &owner)? {
            if resource.needs_data() {
                let name = take(&mut names, node, snake_case(&model_name), "reference")?;
                references.push(ResourceRelation {
                    name,
                    model_name,
                    resource,
                });
            } else {
                let name = take(&mut names, node, model_name.to_string(), "subresource")?;
                subresources.push(ResourceRelation {
                    name,
                    model_name,
                    resource,
                });
            }
        }
        let mut collections = Vec::new();
        for_each(node, "hasMany", |model_name, node| {
            collections.push(ResourceCollection {
                name: take(&mut names, node, snake_case(model_name), "collection")?,
                model_name: model_name.into(),
                request: ResourceRequest::parse(&node.require("request")?, &owner)?,
                resource: ResourceTarget::parse(&node.require("resource")?, &owner)?,
            });
            Ok(())
        })?;
        let mut waiters = Vec::new();
        for_each(node, "waiters", |model_name, node| {
            let name = snake_case(&format!("WaitUntil{model_name}"));
            waiters.push(ResourceWaiter {
                name: take(&mut names, node, name, "waiter")?,
                model_name: model_name.into(),
                waiter: node.require("waiterName")?.string()?.clone(),
                params: action::params(node, &owner)?,
            });
            Ok(())
        })?;
        let mut batch_actions = Vec::new();
        for_each(node, "batchActions", |model_name, node| {
            let name = snake_case(model_name).into();
            batch_actions.push(ResourceAction::parse(name, model_name, node, &owner)?);
            Ok(())
        })?;
        let shape = shape(model, node)?;
        let attributes = match shape {
            Some(shape) => attributes(model, shape, node, &mut names, &mut identifiers)?,
            None => Box::default(),
        };
        Ok(ResourceModel {
            service: model.name().clone(),
            name: name.into(),
            shape,
            identifiers: identifiers.into(),
            attributes,
            load,
            actions: actions.into(),
            batch_actions: batch_actions.into(),
            subresources: subresources.into(),
            references: references.into(),
            collections: collections.into(),
            waiters: waiters.into(),
        })
    }

    /// Returns whether this is the service itself.
    #[must_use]
    pub fn is_service(&self) -> bool {
        self.name == SERVICE_RESOURCE
    }

    /// Returns the position of an identifier, by any spelling of its name.
    #[must_use]
    pub fn identifier(&self, name: &str) -> Option<usize> {
        let found = find(&self.identifiers, name)?;
        self.identifiers
            .iter()
            .position(|identifier| std::ptr::eq(identifier, found))
    }

    /// Returns the attribute with a public name or member name.
    ///
    /// # Errors
    /// `Model`: unknown attribute; the message suggests the closest names.
    pub fn attribute(&self, name: &str) -> Result<&ResourceAttribute> {
        self.part("attribute", &self.attributes, name)
    }

    /// Returns the action with a name, in any spelling.
    ///
    /// # Errors
    /// `Model`: unknown action; the message suggests the closest names.
    pub fn action(&self, name: &str) -> Result<&ResourceAction> {
        self.part("action", &self.actions, name)
    }

    /// Returns the batch action with a name, in any spelling.
    ///
    /// # Errors
    /// `Model`: unknown batch action; the message suggests the closest names.
    pub fn batch_action(&self, name: &str) -> Result<&ResourceAction> {
        self.part("batch action", &self.batch_actions, name)
    }

    /// Returns the sub-resource with a name, in any spelling.
    ///
    /// # Errors
    /// `Model`: unknown sub-resource; the message suggests the closest names.
    pub fn subresource(&self, name: &str) -> Result<&ResourceRelation> {
        self.part("sub-resource", &self.subresources, name)
    }

    /// Returns the reference with a name, in any spelling.
    ///
    /// # Errors
    /// `Model`: unknown reference; the message suggests the closest names.
    pub fn reference(&self, name: &str) -> Result<&ResourceRelation> {
        self.part("reference", &self.references, name)
    }

    /// Returns the collection with a name, in any spelling.
    ///
    /// # Errors
    /// `Model`: unknown collection; the message suggests the closest names.
    pub fn collection(&self, name: &str) -> Result<&ResourceCollection> {
        self.part("collection", &self.collections, name)
    }

    /// Returns the waiter with a name, in any spelling, with or without `wait_until_`.
    ///
    /// # Errors
    /// `Model`: unknown waiter; the message suggests the closest names.
    pub fn waiter(&self, name: &str) -> Result<&ResourceWaiter> {
        find(&self.waiters, name).ok_or_else(|| {
            let short = |waiter: &ResourceWaiter| snake_case(&waiter.model_name);
            let names: Vec<String> = self.waiters.iter().map(short).collect();
            self.unknown_part("waiter", name, names.iter().map(String::as_str))
        })
    }

    fn part<'a, T: NamedPart>(&self, kind: &str, parts: &'a [T], name: &str) -> Result<&'a T> {
        let names = parts.iter().map(|part| part.name().as_str());
        find(parts, name).ok_or_else(|| self.unknown_part(kind, name, names))
    }

    #[cold]
    fn unknown_part<'a>(
        &self,
        kind: &str,
        name: &str,
        names: impl IntoIterator<Item = &'a str>,
    ) -> Error {
        let hint = did_you_mean(name, names);
        let (service, resource) = (&self.service, &self.name);
        Error::new(
            ErrorKind::Model,
            format!("{service}.{resource} has no {kind} {name:?}{hint}"),
        )
    }
}

/// A part of a resource with a name.
trait NamedPart {
    fn name(&self) -> &Str;
    fn model_name(&self) -> &Str;
}

macro_rules! parts {
    ($($part:ty: $model_name:ident),*) => {$(
        impl NamedPart for $part {
            fn name(&self) -> &Str {
                &self.name
            }

            fn model_name(&self) -> &Str {
                &self.$model_name
            }
        }
    )*};
}

parts!(
    ResourceIdentifier: model_name, ResourceAttribute: member, ResourceAction: model_name, ResourceRelation: model_name,
    ResourceCollection: model_name, ResourceWaiter: model_name
);

/// Returns the part with a name: the public name, the name in the definition, or the latter in snake or kebab case.
fn find<'a, T: NamedPart>(parts: &'a [T], name: &str) -> Option<&'a T> {
    if let Some(found) = parts.iter().find(|part| *part.name() == *name) {
        return Some(found);
    }
    if let Some(found) = parts.iter().find(|part| *part.model_name() == *name) {
        return Some(found);
    }
    let snake = name.replace('-', "_");
    let same = |part: &&T| *part.name() == *snake || snake_case(part.model_name()) == snake;
    parts.iter().find(same)
}

fn take(
    names: &mut ResourceNames<'_>,
    node: &DefinitionNode<'_, '_>,
    name: String,
    kind: &str,
) -> Result<Str> {
    names
        .take(name, kind)
        .map_err(|problem| node.error(problem))
}

/// Calls `read` for each entry of the object `name`, if present.
fn for_each(
    node: &DefinitionNode<'_, '_>,
    name: &str,
    mut read: impl FnMut(&str, &DefinitionNode<'_, '_>) -> Result<()>,
) -> Result<()> {
    if let Some(all) = node.get(name) {
        for (name, node) in all.entries()? {
            read(name, &node)?;
        }
    }
    Ok(())
}

fn identifier_names(node: &DefinitionNode<'_, '_>) -> Result<Vec<Str>> {
    let Some(identifiers) = node.get("identifiers") else {
        return Ok(Vec::new());
    };
    identifiers
        .items()?
        .map(|identifier| identifier.require("name")?.string().cloned())
        .collect()
}

/// Returns the related resources. A service relates to all its resources, under the names in its `has` or else under
/// their type names.
///
/// # Source
/// boto3 `resources/model.py:ResourceModel._get_has_definition`.
fn relations(
    node: &DefinitionNode<'_, '_>,
    others: Option<&DefinitionNode<'_, '_>>,
    owner: &OwningResource<'_>,
) -> Result<Vec<(Str, ResourceTarget)>> {
    let mut own = Vec::new();
    for_each(node, "has", |name, node| {
        let target = ResourceTarget::parse(&node.require("resource")?, owner)?;
        own.push((Str::from(name), target));
        Ok(())
    })?;
    let Some(others) = others else { return Ok(own) };
    let mut all: IndexMap<Str, ResourceTarget> = IndexMap::new();
    for (resource, node) in others.entries()? {
        let mut named = own
            .iter()
            .filter(|(_, target)| target.resource == *resource)
            .peekable();
        if named.peek().is_none() {
            let identifiers = identifier_names(&node)?.into_iter();
            let target = ResourceTarget::of_inputs(resource, identifiers);
            all.insert(resource.clone(), target);
        } else {
            // A relation that has the name of another resource type replaces that resource if it comes later.
            all.extend(named.cloned());
        }
    }
    Ok(all.into_iter().collect())
}

fn shape(model: &ServiceModel, node: &DefinitionNode<'_, '_>) -> Result<Option<ShapeId>> {
    let Some(shape) = node.get("shape") else {
        return Ok(None);
    };
    let name = shape.string()?;
    match model.shape_id(name) {
        Some(id) => Ok(Some(id)),
        None => Err(shape.error(format_args!("{} has no shape `{name}`", model.name()))),
    }
}

/// Returns the attributes: the members of the shape, without the identifiers.
///
/// # Source
/// boto3 `resources/model.py:ResourceModel.get_attributes`, `resources/factory.py:ResourceFactory._load_attributes`.
fn attributes(
    model: &ServiceModel,
    shape: ShapeId,
    node: &DefinitionNode<'_, '_>,
    names: &mut ResourceNames<'_>,
    identifiers: &mut [ResourceIdentifier],
) -> Result<Box<[ResourceAttribute]>> {
    let crate::Kind::Structure(structure) = &model.shape(shape).kind else {
        return Ok(Box::default());
    };
    let mut attributes = Vec::with_capacity(structure.members.len());
    for member in &structure.members {
        let snake = snake_case(&member.name);
        if identifiers
            .iter()
            .any(|identifier| *identifier.name == *snake)
        {
            continue;
        }
        attributes.push(ResourceAttribute {
            name: take(names, node, snake, "attribute")?,
            member: member.name.clone(),
            shape: member.target,
            identifier: None,
        });
    }
    let Some(definitions) = node.get("identifiers") else {
        return Ok(attributes.into());
    };
    for (position, (identifier, node)) in
        identifiers.iter_mut().zip(definitions.items()?).enumerate()
    {
        let Some(member) = node.get("memberName") else {
            continue;
        };
        let member = member.string()?;
        let same = attributes
            .iter_mut()
            .find(|attribute| attribute.member == *member);
        if let Some(attribute) = same {
            attribute.identifier = Some(position);
            identifier.attribute = Some(attribute.name.clone());
        }
    }
    Ok(attributes.into())
}
