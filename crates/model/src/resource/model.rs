//! [`ResourceModel`]: one kind of resource.

use std::collections::HashSet;

use indexmap::IndexMap;
use inia_core::{Error, ErrorKind, Result, Str};

use super::action::{
    self, Owner, ResourceAction, ResourceCollection, ResourceRelation, ResourceRequest,
    ResourceTarget, ResourceWaiter,
};
use crate::node::Node;
use crate::{ServiceModel, ShapeId, did_you_mean, snake_case};

/// One kind of resource: what its instances are told apart by, have, do and lead to.
///
/// Every part has the name that boto3 gives it: in snake case, and where another part has that name already with its kind behind it
/// (`id_action`). The order of precedence is load, identifiers, actions, relations, collections, waiters, attributes.
///
/// # Source
/// boto3 `resources/model.py:ResourceModel`.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceModel {
    /// The service's name.
    pub service: Str,
    /// Its name, such as `Bucket`; `ServiceResource` for the service itself.
    pub name: Str,
    /// The shape of its data.
    pub shape: Option<ShapeId>,
    /// What tells its instances apart, in the order in which callers give it.
    pub identifiers: Box<[ResourceIdentifier]>,
    /// The members of its data.
    pub attributes: Box<[ResourceAttribute]>,
    /// The call that loads its data.
    pub load: Option<ResourceAction>,
    /// What it does.
    pub actions: Box<[ResourceAction]>,
    /// What is done to a page of a collection of it with one call.
    pub batch_actions: Box<[ResourceAction]>,
    /// The resources that callers make from it with further identifiers.
    pub subresources: Box<[ResourceRelation]>,
    /// The resources that its data lead to.
    pub references: Box<[ResourceRelation]>,
    /// The resources that it lists.
    pub collections: Box<[ResourceCollection]>,
    /// What can be waited for.
    pub waiters: Box<[ResourceWaiter]>,
}

/// An identifier of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceIdentifier {
    /// The name users know it by.
    pub name: Str,
    /// The name as the definition spells it.
    pub model_name: Str,
    /// `memberName`: the attribute that is the same, by the name users know it by.
    pub attribute: Option<Str>,
}

/// An attribute of a resource: a member of its data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceAttribute {
    /// The name users know it by.
    pub name: Str,
    /// The member of the data's shape.
    pub member: Str,
    /// The member's shape.
    pub shape: ShapeId,
    /// The identifier that is the same, by its place: it needs no data.
    pub identifier: Option<usize>,
}

/// The name of the resource that is a service itself.
pub(super) const SERVICE_RESOURCE: &str = "ServiceResource";

/// What a resource's names are, and those that are taken.
struct Names<'a> {
    resource: &'a str,
    taken: HashSet<String>,
}

impl Names<'_> {
    /// The name under which a part is known.
    fn take(&mut self, name: String, kind: &str) -> Result<Str, String> {
        if self.taken.insert(name.clone()) {
            return Ok(name.into());
        }
        let other = format!("{name}_{kind}");
        if self.taken.insert(other.clone()) {
            return Ok(other.into());
        }
        Err(format!(
            "{}: both `{name}` and `{other}` are names of other parts",
            self.resource
        ))
    }
}

impl ResourceModel {
    /// Reads a resource. `others` has every resource of the service: given for the service itself, which leads to all of them.
    pub(super) fn read(
        model: &ServiceModel,
        name: &str,
        node: &Node<'_, '_>,
        others: Option<&Node<'_, '_>>,
    ) -> Result<Self> {
        let model_names = identifier_names(node)?;
        let owner = Owner {
            name,
            identifiers: &model_names,
        };
        let mut names = Names {
            resource: name,
            taken: HashSet::from(["meta".to_owned()]),
        };
        let load = match node.get("load") {
            Some(node) => {
                names.taken.insert("load".to_owned());
                let load = ResourceAction::read("load".into(), "load", &node, &owner)?;
                if load.request.needs_data() {
                    return Err(node.error("it needs the data that it loads"));
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
            actions.push(ResourceAction::read(name, model_name, node, &owner)?);
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
                request: ResourceRequest::read(&node.need("request")?, &owner)?,
                resource: ResourceTarget::read(&node.need("resource")?, &owner)?,
            });
            Ok(())
        })?;
        let mut waiters = Vec::new();
        for_each(node, "waiters", |model_name, node| {
            let name = snake_case(&format!("WaitUntil{model_name}"));
            waiters.push(ResourceWaiter {
                name: take(&mut names, node, name, "waiter")?,
                model_name: model_name.into(),
                waiter: node.need("waiterName")?.string()?.clone(),
                params: action::params(node, &owner)?,
            });
            Ok(())
        })?;
        let mut batch_actions = Vec::new();
        for_each(node, "batchActions", |model_name, node| {
            let name = snake_case(model_name).into();
            batch_actions.push(ResourceAction::read(name, model_name, node, &owner)?);
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

    /// Whether this is the service itself.
    #[must_use]
    pub fn is_service(&self) -> bool {
        self.name == SERVICE_RESOURCE
    }

    /// The place of an identifier, by any spelling of its name.
    #[must_use]
    pub fn identifier(&self, name: &str) -> Option<usize> {
        let found = find(&self.identifiers, name)?;
        self.identifiers
            .iter()
            .position(|identifier| std::ptr::eq(identifier, found))
    }

    /// The attribute of a name, as users know it or as the shape spells it.
    ///
    /// # Errors
    /// `Model`: there is none; the message offers the nearest names.
    pub fn attribute(&self, name: &str) -> Result<&ResourceAttribute> {
        self.part("attribute", &self.attributes, name)
    }

    /// The action of a name, in any spelling.
    ///
    /// # Errors
    /// `Model`: there is none; the message offers the nearest names.
    pub fn action(&self, name: &str) -> Result<&ResourceAction> {
        self.part("action", &self.actions, name)
    }

    /// The batch action of a name, in any spelling.
    ///
    /// # Errors
    /// `Model`: there is none; the message offers the nearest names.
    pub fn batch_action(&self, name: &str) -> Result<&ResourceAction> {
        self.part("batch action", &self.batch_actions, name)
    }

    /// The sub-resource of a name, in any spelling.
    ///
    /// # Errors
    /// `Model`: there is none; the message offers the nearest names.
    pub fn subresource(&self, name: &str) -> Result<&ResourceRelation> {
        self.part("sub-resource", &self.subresources, name)
    }

    /// The reference of a name, in any spelling.
    ///
    /// # Errors
    /// `Model`: there is none; the message offers the nearest names.
    pub fn reference(&self, name: &str) -> Result<&ResourceRelation> {
        self.part("reference", &self.references, name)
    }

    /// The collection of a name, in any spelling.
    ///
    /// # Errors
    /// `Model`: there is none; the message offers the nearest names.
    pub fn collection(&self, name: &str) -> Result<&ResourceCollection> {
        self.part("collection", &self.collections, name)
    }

    /// The waiter of a name, in any spelling, with or without its `wait_until_`.
    ///
    /// # Errors
    /// `Model`: there is none; the message offers the nearest names.
    pub fn waiter(&self, name: &str) -> Result<&ResourceWaiter> {
        find(&self.waiters, name).ok_or_else(|| {
            let short = |waiter: &ResourceWaiter| snake_case(&waiter.model_name);
            let names: Vec<String> = self.waiters.iter().map(short).collect();
            self.no_part("waiter", name, names.iter().map(String::as_str))
        })
    }

    fn part<'a, T: Part>(&self, kind: &str, parts: &'a [T], name: &str) -> Result<&'a T> {
        let names = parts.iter().map(|part| part.name().as_str());
        find(parts, name).ok_or_else(|| self.no_part(kind, name, names))
    }

    #[cold]
    fn no_part<'a>(
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

/// A part of a resource that is found by name.
trait Part {
    fn name(&self) -> &Str;
    fn model_name(&self) -> &Str;
}

macro_rules! parts {
    ($($part:ty: $model_name:ident),*) => {$(
        impl Part for $part {
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

/// The part of a name: as users know it, as the definition spells it, or that in snake or kebab case.
fn find<'a, T: Part>(parts: &'a [T], name: &str) -> Option<&'a T> {
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

fn take(names: &mut Names<'_>, node: &Node<'_, '_>, name: String, kind: &str) -> Result<Str> {
    names
        .take(name, kind)
        .map_err(|problem| node.error(problem))
}

/// Calls `read` for each entry of an object, if it is there.
fn for_each(
    node: &Node<'_, '_>,
    name: &str,
    mut read: impl FnMut(&str, &Node<'_, '_>) -> Result<()>,
) -> Result<()> {
    if let Some(all) = node.get(name) {
        for (name, node) in all.entries()? {
            read(name, &node)?;
        }
    }
    Ok(())
}

fn identifier_names(node: &Node<'_, '_>) -> Result<Vec<Str>> {
    let Some(identifiers) = node.get("identifiers") else {
        return Ok(Vec::new());
    };
    identifiers
        .items()?
        .map(|identifier| identifier.need("name")?.string().cloned())
        .collect()
}

/// What a resource leads to. The service leads to every resource, by the names its own relations give them or else by theirs.
///
/// # Source
/// boto3 `resources/model.py:ResourceModel._get_has_definition`.
fn relations(
    node: &Node<'_, '_>,
    others: Option<&Node<'_, '_>>,
    owner: &Owner<'_>,
) -> Result<Vec<(Str, ResourceTarget)>> {
    let mut own = Vec::new();
    for_each(node, "has", |name, node| {
        let target = ResourceTarget::read(&node.need("resource")?, owner)?;
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
            // What a relation calls as another resource is called leads to what the relation says, if it comes later.
            all.extend(named.cloned());
        }
    }
    Ok(all.into_iter().collect())
}

fn shape(model: &ServiceModel, node: &Node<'_, '_>) -> Result<Option<ShapeId>> {
    let Some(shape) = node.get("shape") else {
        return Ok(None);
    };
    let name = shape.string()?;
    match model.shape_id(name) {
        Some(id) => Ok(Some(id)),
        None => Err(shape.error(format_args!("{} has no shape `{name}`", model.name()))),
    }
}

/// The members of a resource's shape, but for its identifiers.
///
/// # Source
/// boto3 `resources/model.py:ResourceModel.get_attributes`, `resources/factory.py:ResourceFactory._load_attributes`.
fn attributes(
    model: &ServiceModel,
    shape: ShapeId,
    node: &Node<'_, '_>,
    names: &mut Names<'_>,
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
    let Some(given) = node.get("identifiers") else {
        return Ok(attributes.into());
    };
    for (position, (identifier, node)) in identifiers.iter_mut().zip(given.items()?).enumerate() {
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
