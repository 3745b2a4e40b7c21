//! [`RouteTable`]: the operation of a request.

use std::collections::HashMap;

use inia_core::Str;
use inia_model::{Location, Operation, ServiceModel};

use super::is_rest;
use super::text::{pairs, percent_decode};
use crate::{Protocol, Request};

/// The routes of a service's operations.
#[derive(Debug)]
pub(super) enum RouteTable {
    /// By name, in a header, a form or the path.
    Names(Protocol),
    /// By method and URI template.
    Paths(HashMap<Str, Vec<Route>>),
}

/// The method and URI of an operation in a REST format.
#[derive(Debug)]
pub(super) struct Route {
    /// The index of the operation.
    operation: u32,
    segments: Vec<Segment>,
    /// Fixed query parameters.
    query: Vec<(String, String)>,
    /// Query parameters of required members.
    required_query: Vec<String>,
    /// Headers of required members.
    required_headers: Vec<String>,
    /// Query parameters of other members.
    optional_query: Vec<String>,
    is_deprecated: bool,
}

#[derive(Debug)]
enum Segment {
    Literal(String),
    Label,
    /// One or more segments up to those that follow.
    Greedy,
}

impl RouteTable {
    pub(super) fn new(protocol: Protocol, model: &ServiceModel) -> Self {
        if !is_rest(protocol) {
            return RouteTable::Names(protocol);
        }
        let mut routes: HashMap<Str, Vec<Route>> = HashMap::new();
        for operation in model.operations() {
            let method = match &*operation.method {
                "" => Str::from_static("POST"),
                _ => operation.method.clone(),
            };
            routes
                .entry(method)
                .or_default()
                .push(Route::new(model, operation));
        }
        RouteTable::Paths(routes)
    }

    pub(super) fn find<'m>(
        &self,
        model: &'m ServiceModel,
        request: &Request,
    ) -> Option<&'m Operation> {
        let name = match self {
            RouteTable::Paths(routes) => {
                let routes = routes.get(&request.method)?.iter();
                let query: Vec<(String, String)> = pairs(&request.query).collect();
                let scored = routes.filter_map(|route| {
                    Some((route.specificity(request, &query)?, route.operation))
                });
                // The first of equal ones: the order of the definition.
                let (_, index) = scored.reduce(|best, next| match next.0 > best.0 {
                    true => next,
                    false => best,
                })?;
                return model.operation_at(index);
            }
            RouteTable::Names(Protocol::Json) => {
                let target = request.headers.get("x-amz-target")?;
                target.rsplit('.').next()?.to_owned()
            }
            RouteTable::Names(Protocol::RpcV2Cbor) => {
                let (_, name) = request.path.rsplit_once("/operation/")?;
                name.to_owned()
            }
            RouteTable::Names(_) => {
                let body = std::str::from_utf8(&request.body).ok()?;
                let mut fields = pairs(body).chain(pairs(&request.query));
                fields.find(|(name, _)| name == "Action")?.1
            }
        };
        let mut operations = model.operations();
        operations.find(|operation| *operation.name == *name)
    }
}

impl Route {
    fn new(model: &ServiceModel, operation: &Operation) -> Self {
        let (path, query) = match operation.request_uri.split_once('?') {
            Some((path, query)) => (path, query),
            None => (&*operation.request_uri, ""),
        };
        let segments = segments_of(path)
            .map(|segment| match segment.strip_prefix('{') {
                Some(label) if label.ends_with("+}") => Segment::Greedy,
                Some(label) if label.ends_with('}') => Segment::Label,
                _ => Segment::Literal(percent_decode(segment)),
            })
            .collect();
        let mut required_query = Vec::new();
        let mut required_headers = Vec::new();
        let mut optional_query = Vec::new();
        if let Some(input) = model.input(operation) {
            for (position, member) in (0u32..).zip(&input.members) {
                let is_required = input.required.contains(&position);
                let name = member.wire_name();
                match member.traits.location {
                    Some(Location::QueryString) if is_required => {
                        required_query.push(name.to_string());
                    }
                    Some(Location::QueryString) => optional_query.push(name.to_string()),
                    Some(Location::Header) if is_required => {
                        required_headers.push(name.to_ascii_lowercase());
                    }
                    _ => {}
                }
            }
        }
        Route {
            operation: operation.index,
            segments,
            query: pairs(query).collect(),
            required_query,
            required_headers,
            optional_query,
            is_deprecated: operation.is_deprecated,
        }
    }

    /// Returns how specific the route is if it matches a request.
    fn specificity(&self, request: &Request, query: &[(String, String)]) -> Option<i64> {
        let path: Vec<&str> = segments_of(&request.path).collect();
        if !matches_segments(&self.segments, &path) {
            return None;
        }
        if !self.query.iter().all(|pair| query.contains(pair)) {
            return None;
        }
        // A list that is required may be empty, so that a parameter that is missing only counts against the route.
        let is_present = |name: &String| query.iter().any(|(key, _)| key == name);
        let in_query = self.required_query.iter().map(is_present);
        let headers = self.required_headers.iter();
        let in_headers = headers.map(|name| request.headers.contains(name));
        let required: i64 = in_query
            .chain(in_headers)
            .map(|is_present| if is_present { 100 } else { -10_000 })
            .sum();
        let known: i64 = self
            .optional_query
            .iter()
            .map(|name| i64::from(is_present(name)))
            .sum();
        let segments = self.segments.iter().map(|segment| match segment {
            Segment::Literal(_) => 20,
            Segment::Label => 10,
            Segment::Greedy => 0,
        });
        let fixed = i64::try_from(self.query.len()).unwrap_or_default();
        let newer = i64::from(!self.is_deprecated);
        Some(100_000 * fixed + required + segments.sum::<i64>() + 2 * known + newer)
    }
}

/// Returns the segments of a path, without a slash at the end.
fn segments_of(path: &str) -> impl Iterator<Item = &str> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let path = path.strip_suffix('/').unwrap_or(path);
    path.split('/')
}

fn matches_segments(template: &[Segment], path: &[&str]) -> bool {
    match (template.split_first(), path.split_first()) {
        (None, None) => true,
        (Some((Segment::Literal(literal), template)), Some((segment, path))) => {
            *literal == percent_decode(segment) && matches_segments(template, path)
        }
        (Some((Segment::Label, template)), Some((segment, path))) => {
            !segment.is_empty() && matches_segments(template, path)
        }
        // The labels after a greedy one match the last segments.
        (Some((Segment::Greedy, template)), Some(_)) => {
            let most = path.len().saturating_sub(template.len());
            most >= 1
                && path
                    .get(most..)
                    .is_some_and(|rest| matches_segments(template, rest))
        }
        _ => false,
    }
}

/// Returns the texts of the labels of an operation's URI template in the path of a request.
pub(super) fn labels(operation: &Operation, path: &str) -> Vec<(String, String)> {
    let template = operation.request_uri.split('?').next().unwrap_or_default();
    let template: Vec<&str> = segments_of(template).collect();
    // A greedy label keeps a slash at the end.
    let rest = path.strip_prefix('/').unwrap_or(path);
    let is_greedy_last = template.last().is_some_and(|last| last.ends_with("+}"));
    let path: Vec<&str> = match is_greedy_last {
        true => rest.split('/').collect(),
        false => segments_of(path).collect(),
    };
    let mut labels = Vec::new();
    let mut at = 0;
    for (position, segment) in template.iter().enumerate() {
        let label = segment
            .strip_prefix('{')
            .and_then(|label| label.strip_suffix('}'));
        let Some(label) = label else {
            at += 1;
            continue;
        };
        let length = match label.strip_suffix('+') {
            Some(_) => path
                .len()
                .saturating_sub(at + template.len() - position - 1),
            None => 1,
        };
        let text = path.get(at..at + length).unwrap_or_default().join("/");
        labels.push((
            label.trim_end_matches('+').to_owned(),
            percent_decode(&text),
        ));
        at += length;
    }
    labels
}
