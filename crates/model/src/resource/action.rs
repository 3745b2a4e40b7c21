//! Parts of a resource that make calls or lead to other resources: actions, collections, relations and waiters.

use inia_core::{Result, Str, Value};

use super::param_path::ParamPath;
use crate::jmespath::Expression;
use crate::snake_case;
use inia_core::definition_node::DefinitionNode;

/// An action of a resource: a call, and the result made from its output.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceAction {
    /// Public name: in snake case, with a suffix if another part of the resource has the same name.
    pub name: Str,
    /// Name as the definition spells it.
    pub model_name: Str,
    /// Request of the call.
    pub request: ResourceRequest,
    /// Resource or resources returned by the action. If `None`, the action returns the output.
    pub resource: Option<ResourceTarget>,
    /// Part of the output that is returned if no resource is. For a load, the location of the data of the resource.
    pub path: Option<Expression>,
}

/// A collection: the resources that an operation lists.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceCollection {
    /// Public name.
    pub name: Str,
    /// Name as the definition spells it.
    pub model_name: Str,
    /// Request that lists the resources.
    pub request: ResourceRequest,
    /// Listed resources.
    pub resource: ResourceTarget,
}

/// A related resource: a reference if its identifiers come from data, else a sub-resource.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceRelation {
    /// Public name: in snake case for a reference, as the definition spells it for a sub-resource.
    pub name: Str,
    /// Name as the definition spells it.
    pub model_name: Str,
    /// Related resource.
    pub resource: ResourceTarget,
}

/// A waiter of a resource.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceWaiter {
    /// Public name, such as `wait_until_running`.
    pub name: Str,
    /// Name as the definition spells it, such as `Running`.
    pub model_name: Str,
    /// Name of the service's waiter.
    pub waiter: Str,
    /// Parameters set by the resource.
    pub params: Box<[ResourceParam]>,
}

/// Request of a resource, with the parameters that the resource sets.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceRequest {
    /// Name of the operation.
    pub operation: Str,
    /// Parameters set by the resource.
    pub params: Box<[ResourceParam]>,
}

/// A parameter set by a resource.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceParam {
    /// Path of the parameter.
    pub target: ParamPath,
    /// Source of the value.
    pub source: ParamSource,
}

/// Source of a parameter value.
#[derive(Clone, Debug, PartialEq)]
pub enum ParamSource {
    /// Identifier of the resource, by position.
    Identifier(usize),
    /// Expression in the data of the resource, which is loaded first.
    Data(Expression),
    /// Constant in the definition.
    Constant(Value),
    /// Set by the caller.
    Input,
}

/// Resource or resources made by an action, a collection or a relation.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceTarget {
    /// Name of the resource type.
    pub resource: Str,
    /// Identifiers, in order.
    pub identifiers: Box<[TargetIdentifier]>,
    /// Location of the resource data in the response. For a reference, in the data of the parent resource.
    pub path: Option<Expression>,
}

/// An identifier of a new resource.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetIdentifier {
    /// Name of the identifier, in snake case.
    pub target: Str,
    /// Source of the value.
    pub source: IdentifierSource,
}

/// Source of an identifier value.
#[derive(Clone, Debug, PartialEq)]
pub enum IdentifierSource {
    /// Expression in the response.
    Response(Expression),
    /// Expression in the parameters of the call.
    RequestParameter(Expression),
    /// Identifier of the parent resource, by position.
    Identifier(usize),
    /// Expression in the data of the parent resource, which is loaded first.
    Data(Expression),
    /// Set by the caller.
    Input,
}

impl ResourceTarget {
    /// Returns whether any identifier comes from the data of the parent resource.
    #[must_use]
    pub fn needs_data(&self) -> bool {
        self.identifiers
            .iter()
            .any(|identifier| matches!(identifier.source, IdentifierSource::Data(_)))
    }

    /// Returns the identifiers that the caller sets, in order.
    pub fn inputs(&self) -> impl Iterator<Item = &Str> {
        self.identifiers
            .iter()
            .filter(|identifier| identifier.source == IdentifierSource::Input)
            .map(|identifier| &identifier.target)
    }

    /// Returns a target with all identifiers set by the caller.
    pub(super) fn of_inputs(resource: &Str, identifiers: impl Iterator<Item = Str>) -> Self {
        ResourceTarget {
            resource: resource.clone(),
            identifiers: identifiers
                .map(|name| TargetIdentifier {
                    target: snake_case(&name).into(),
                    source: IdentifierSource::Input,
                })
                .collect(),
            path: None,
        }
    }

    pub(super) fn parse(node: &DefinitionNode<'_, '_>, owner: &OwningResource<'_>) -> Result<Self> {
        let identifiers = match node.get("identifiers") {
            None => Box::default(),
            Some(identifiers) => identifiers
                .items()?
                .map(|identifier| target_identifier(&identifier, owner))
                .collect::<Result<_>>()?,
        };
        Ok(ResourceTarget {
            resource: node.require("type")?.string()?.clone(),
            identifiers,
            path: path(node)?,
        })
    }
}

fn target_identifier(
    node: &DefinitionNode<'_, '_>,
    owner: &OwningResource<'_>,
) -> Result<TargetIdentifier> {
    let source = node.require("source")?;
    let expression = || Expression::from_node(&node.require("path")?);
    Ok(TargetIdentifier {
        target: snake_case(node.require("target")?.string()?).into(),
        source: match source.string()?.as_str() {
            "response" => IdentifierSource::Response(expression()?),
            "requestParameter" => IdentifierSource::RequestParameter(expression()?),
            "identifier" => IdentifierSource::Identifier(owner.identifier(node)?),
            "data" => IdentifierSource::Data(expression()?),
            "input" => IdentifierSource::Input,
            other => return Err(source.error(format_args!("unknown source `{other}`"))),
        },
    })
}

/// The resource that contains a part, for resolving its identifiers.
pub(super) struct OwningResource<'a> {
    pub(super) name: &'a str,
    /// Names of its identifiers, as the definition spells them.
    pub(super) identifiers: &'a [Str],
}

impl OwningResource<'_> {
    /// Returns the position of the identifier in `name`.
    fn identifier(&self, node: &DefinitionNode<'_, '_>) -> Result<usize> {
        let name = node.require("name")?;
        let requested = name.string()?;
        let snake = snake_case(requested);
        self.identifiers
            .iter()
            .position(|known| known == requested || snake_case(known) == snake)
            .ok_or_else(|| {
                let known = self.identifiers.join(", ");
                name.error(format_args!(
                    "{} has no identifier `{requested}`; identifiers: {known}",
                    self.name
                ))
            })
    }
}

pub(super) fn params(
    node: &DefinitionNode<'_, '_>,
    owner: &OwningResource<'_>,
) -> Result<Box<[ResourceParam]>> {
    let Some(params) = node.get("params") else {
        return Ok(Box::default());
    };
    params.items()?.map(|node| param(&node, owner)).collect()
}

fn param(node: &DefinitionNode<'_, '_>, owner: &OwningResource<'_>) -> Result<ResourceParam> {
    let target = node.require("target")?;
    let source = node.require("source")?;
    Ok(ResourceParam {
        target: ParamPath::parse(target.string()?).map_err(|problem| target.error(problem))?,
        source: match source.string()?.as_str() {
            "identifier" => ParamSource::Identifier(owner.identifier(node)?),
            "data" => ParamSource::Data(Expression::from_node(&node.require("path")?)?),
            "string" | "integer" | "boolean" => {
                ParamSource::Constant(node.require("value")?.value().clone())
            }
            "input" => ParamSource::Input,
            other => return Err(source.error(format_args!("unknown source `{other}`"))),
        },
    })
}

impl ResourceRequest {
    /// Returns whether any parameter comes from the data of the resource.
    #[must_use]
    pub fn needs_data(&self) -> bool {
        self.params
            .iter()
            .any(|param| matches!(param.source, ParamSource::Data(_)))
    }

    pub(super) fn parse(node: &DefinitionNode<'_, '_>, owner: &OwningResource<'_>) -> Result<Self> {
        Ok(ResourceRequest {
            operation: node.require("operation")?.string()?.clone(),
            params: params(node, owner)?,
        })
    }
}

impl ResourceAction {
    pub(super) fn parse(
        name: Str,
        model_name: &str,
        node: &DefinitionNode<'_, '_>,
        owner: &OwningResource<'_>,
    ) -> Result<Self> {
        Ok(ResourceAction {
            name,
            model_name: model_name.into(),
            request: ResourceRequest::parse(&node.require("request")?, owner)?,
            resource: match node.get("resource") {
                Some(target) => Some(ResourceTarget::parse(&target, owner)?),
                None => None,
            },
            path: path(node)?,
        })
    }
}

/// Returns the expression in `path`; `None` for `$`, which is the whole value.
fn path(node: &DefinitionNode<'_, '_>) -> Result<Option<Expression>> {
    match node.get("path") {
        Some(path) if path.string()? != "$" => Expression::from_node(&path).map(Some),
        _ => Ok(None),
    }
}
