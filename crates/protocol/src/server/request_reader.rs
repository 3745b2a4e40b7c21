//! Parses requests whose members are in the path, the query string, headers and a body.

use inia_core::{List, Map, Result, Value};
use inia_model::{Kind, Location, Member, Operation, ServiceModel};

use super::is_rest;
use super::route::labels;
use super::text::{pairs, scalar};
use crate::format::WireFormat;
use crate::response::ResponsePlan;
use crate::shape::ValueType;
use crate::{Protocol, Request, Response};

/// Parses the parameters of a request.
///
/// # Errors
/// `Parse`: the body is malformed.
pub(super) fn read(
    model: &ServiceModel,
    format: &dyn WireFormat,
    protocol: Protocol,
    operation: &Operation,
    input: &Member,
    request: &Request,
) -> Result<Value> {
    let is_rest = is_rest(protocol);
    // Headers and bodies are as in responses.
    let message = Response {
        status: 200,
        headers: request.headers.clone(),
        body: request.body.clone(),
    };
    let plan = ResponsePlan::new(model, input.target, is_rest);
    let mut params = plan.read(format, model, input.target, &message, false)?;
    let Some(structure) = model.structure(input).filter(|_| is_rest) else {
        return Ok(Value::Map(params));
    };
    let labels = labels(operation, &request.path);
    let query: Vec<(String, String)> = pairs(&request.query).collect();
    let fixed = operation.request_uri.split_once('?');
    let fixed: Vec<(String, String)> = fixed
        .map(|(_, query)| pairs(query).collect())
        .unwrap_or_default();
    for member in &structure.members {
        let value = match member.traits.location {
            Some(Location::Uri) => {
                let name = member.wire_name();
                let text = labels.iter().find(|(label, _)| **name == **label);
                text.map(|(_, text)| scalar(ValueType::of(model, member), text))
            }
            Some(Location::QueryString) => {
                let is_taken = |pair: &(String, String)| {
                    fixed.contains(pair)
                        || structure.members.iter().any(|other| {
                            other.traits.location == Some(Location::QueryString)
                                && !std::ptr::eq(other, member)
                                && **other.wire_name() == *pair.0
                        })
                };
                query_value(model, member, &query, is_taken)
            }
            // A request without such headers reads as an empty map.
            Some(Location::Headers) => {
                let is_empty =
                    matches!(params.get(&member.name), Some(Value::Map(map)) if map.is_empty());
                if is_empty {
                    params.remove(&member.name);
                }
                None
            }
            _ => None,
        };
        if let Some(value) = value {
            params.insert(member.name.clone(), value);
        }
    }
    Ok(Value::Map(params))
}

/// Returns the value of a member that is bound to the query string.
fn query_value(
    model: &ServiceModel,
    member: &Member,
    query: &[(String, String)],
    is_taken: impl Fn(&(String, String)) -> bool,
) -> Option<Value> {
    let name = member.wire_name();
    match &model.shape(member.target).kind {
        Kind::Map { value, .. } => {
            let mut map = Map::new();
            for pair in query.iter().filter(|pair| !is_taken(pair)) {
                let is_list = matches!(model.shape(value.target).kind, Kind::List(_));
                match map.get_mut(&pair.0) {
                    Some(Value::List(list)) => list.push(pair.1.as_str()),
                    _ if is_list => {
                        let first = std::iter::once(pair.1.as_str()).collect::<List>();
                        map.insert(pair.0.as_str(), first);
                    }
                    _ => {
                        map.insert(pair.0.as_str(), pair.1.as_str());
                    }
                }
            }
            (!map.is_empty()).then_some(Value::Map(map))
        }
        Kind::List(item) => {
            let target = ValueType::of(model, item);
            let values = query.iter().filter(|(key, _)| **name == **key);
            let values: List = values.map(|(_, text)| scalar(target, text)).collect();
            (!values.is_empty()).then_some(Value::List(values))
        }
        _ => {
            let (_, text) = query.iter().find(|(key, _)| **name == **key)?;
            Some(scalar(ValueType::of(model, member), text))
        }
    }
}
