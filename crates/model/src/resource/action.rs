//! What a resource does and leads to: actions, collections, related resources and waits.

use inia_core::{Result, Str, Value};

use super::target::ParamPath;
use crate::jmespath::Expression;
use crate::node::Node;
use crate::snake_case;

/// An action of a resource: one call, and what is made of its answer.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceAction {
    /// The name users know it by: in snake case, changed where another part of the resource has the name already.
    pub name: Str,
    /// The name as the definition spells it.
    pub model_name: Str,
    /// The call.
    pub request: ResourceRequest,
    /// The resource or resources that it answers with; its output where absent.
    pub resource: Option<ResourceTarget>,
    /// The part of the output that it answers with, where it answers with no resource. For a load, where the resource's data are.
    pub path: Option<Expression>,
}

/// A collection of a resource: the resources that an operation lists.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceCollection {
    /// The name users know it by.
    pub name: Str,
    /// The name as the definition spells it.
    pub model_name: Str,
    /// The call that lists.
    pub request: ResourceRequest,
    /// What is listed.
    pub resource: ResourceTarget,
}

/// A resource that another one leads to: a reference if it is told by data, else a sub-resource.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceRelation {
    /// The name users know it by: of a reference in snake case, of a sub-resource as the definition spells it.
    pub name: Str,
    /// The name as the definition spells it.
    pub model_name: Str,
    /// What it leads to.
    pub resource: ResourceTarget,
}

/// A wait for a resource.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceWaiter {
    /// The name users know it by, such as `wait_until_running`.
    pub name: Str,
    /// The name as the definition spells it, such as `Running`.
    pub model_name: Str,
    /// The service's waiter.
    pub waiter: Str,
    /// The parameters that the resource fills in.
    pub params: Box<[ResourceParam]>,
}

/// A call that a resource makes, and the parameters that it fills in.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceRequest {
    /// The operation.
    pub operation: Str,
    /// The parameters that the resource fills in.
    pub params: Box<[ResourceParam]>,
}

/// A parameter that a resource fills in.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceParam {
    /// Where it goes.
    pub target: ParamPath,
    /// Where it comes from.
    pub source: ParamSource,
}

/// Where a parameter that a resource fills in comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum ParamSource {
    /// An identifier of the resource, by its place among them.
    Identifier(usize),
    /// The resource's data, which are loaded for it.
    Data(Expression),
    /// The definition itself.
    Constant(Value),
    /// The caller; nothing is filled in.
    Input,
}

/// The resource or resources that an action, a collection or a relation makes.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceTarget {
    /// Which resource of the service.
    pub resource: Str,
    /// Where its identifiers come from.
    pub identifiers: Box<[TargetIdentifier]>,
    /// Where its data are in the answer; of a reference, in the data of the resource that it belongs to.
    pub path: Option<Expression>,
}

/// Where an identifier of a new resource comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetIdentifier {
    /// The identifier, in snake case.
    pub target: Str,
    /// Where it comes from.
    pub source: IdentifierSource,
}

/// Where an identifier of a new resource comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum IdentifierSource {
    /// The answer.
    Response(Expression),
    /// The parameters of the call.
    RequestParameter(Expression),
    /// An identifier of the resource it is made by, by its place among them.
    Identifier(usize),
    /// The data of the resource it is made by, which are loaded for it.
    Data(Expression),
    /// The caller.
    Input,
}

impl ResourceTarget {
    /// Whether it needs the data of the resource it is made by.
    #[must_use]
    pub fn needs_data(&self) -> bool {
        self.identifiers
            .iter()
            .any(|identifier| matches!(identifier.source, IdentifierSource::Data(_)))
    }

    /// The identifiers that the caller gives, in order.
    pub fn inputs(&self) -> impl Iterator<Item = &Str> {
        self.identifiers
            .iter()
            .filter(|identifier| identifier.source == IdentifierSource::Input)
            .map(|identifier| &identifier.target)
    }

    /// What the caller makes a resource of with nothing but identifiers.
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

    pub(super) fn read(node: &Node<'_, '_>, owner: &Owner<'_>) -> Result<Self> {
        let identifiers = match node.get("identifiers") {
            None => Box::default(),
            Some(identifiers) => identifiers
                .items()?
                .map(|identifier| target_identifier(&identifier, owner))
                .collect::<Result<_>>()?,
        };
        Ok(ResourceTarget {
            resource: node.need("type")?.string()?.clone(),
            identifiers,
            path: path(node)?,
        })
    }
}

fn target_identifier(node: &Node<'_, '_>, owner: &Owner<'_>) -> Result<TargetIdentifier> {
    let source = node.need("source")?;
    let expression = || node.need("path")?.expression();
    Ok(TargetIdentifier {
        target: snake_case(node.need("target")?.string()?).into(),
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

/// The resource that a part belongs to, as far as the part refers to it.
pub(super) struct Owner<'a> {
    pub(super) name: &'a str,
    /// Its identifiers, as the definition spells them.
    pub(super) identifiers: &'a [Str],
}

impl Owner<'_> {
    /// The place of the identifier that a source names.
    fn identifier(&self, node: &Node<'_, '_>) -> Result<usize> {
        let name = node.need("name")?;
        let wanted = name.string()?;
        let snake = snake_case(wanted);
        self.identifiers
            .iter()
            .position(|known| known == wanted || snake_case(known) == snake)
            .ok_or_else(|| {
                let known = self.identifiers.join(", ");
                name.error(format_args!(
                    "{} has no identifier `{wanted}`, but these: {known}",
                    self.name
                ))
            })
    }
}

pub(super) fn params(node: &Node<'_, '_>, owner: &Owner<'_>) -> Result<Box<[ResourceParam]>> {
    let Some(params) = node.get("params") else {
        return Ok(Box::default());
    };
    params.items()?.map(|node| param(&node, owner)).collect()
}

fn param(node: &Node<'_, '_>, owner: &Owner<'_>) -> Result<ResourceParam> {
    let target = node.need("target")?;
    let source = node.need("source")?;
    Ok(ResourceParam {
        target: ParamPath::parse(target.string()?).map_err(|problem| target.error(problem))?,
        source: match source.string()?.as_str() {
            "identifier" => ParamSource::Identifier(owner.identifier(node)?),
            "data" => ParamSource::Data(node.need("path")?.expression()?),
            "string" | "integer" | "boolean" => {
                ParamSource::Constant(node.need("value")?.value().clone())
            }
            "input" => ParamSource::Input,
            other => return Err(source.error(format_args!("unknown source `{other}`"))),
        },
    })
}

impl ResourceRequest {
    /// Whether it needs the data of the resource that makes it.
    #[must_use]
    pub fn needs_data(&self) -> bool {
        self.params
            .iter()
            .any(|param| matches!(param.source, ParamSource::Data(_)))
    }

    pub(super) fn read(node: &Node<'_, '_>, owner: &Owner<'_>) -> Result<Self> {
        Ok(ResourceRequest {
            operation: node.need("operation")?.string()?.clone(),
            params: params(node, owner)?,
        })
    }
}

impl ResourceAction {
    pub(super) fn read(
        name: Str,
        model_name: &str,
        node: &Node<'_, '_>,
        owner: &Owner<'_>,
    ) -> Result<Self> {
        Ok(ResourceAction {
            name,
            model_name: model_name.into(),
            request: ResourceRequest::read(&node.need("request")?, owner)?,
            resource: match node.get("resource") {
                Some(target) => Some(ResourceTarget::read(&target, owner)?),
                None => None,
            },
            path: path(node)?,
        })
    }
}

/// The expression under `path`; `$` stands for the whole.
fn path(node: &Node<'_, '_>) -> Result<Option<Expression>> {
    match node.get("path") {
        Some(path) if path.string()? != "$" => path.expression().map(Some),
        _ => Ok(None),
    }
}
