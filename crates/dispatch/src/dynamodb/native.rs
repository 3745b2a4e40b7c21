//! [`NativeOperation`]: converts the attribute values in the parameters and the output of an operation.
//!
//! Attribute values are found by their shape, so that new operations and definitions of your own work as well.
//!
//! # Source
//! boto3 `dynamodb/transform.py`.

use std::collections::HashMap;

use inia_core::{Error, Map, Problem, Result, Str, Value};
use inia_model::{Kind, Member, Operation, ServiceModel, ShapeId, snake_case};

use super::attribute::{AttributeDecoder, encode};
use super::condition::{PlaceholderTable, Placeholders, build_expression, condition_tokens};
use crate::Output;

/// The attribute values in the input and the output of an operation.
#[derive(Debug)]
pub(crate) struct NativeOperation {
    input: Option<AttributeRoutes>,
    output: Option<AttributeRoutes>,
}

impl NativeOperation {
    pub(crate) fn new(model: &ServiceModel, operation: &Operation) -> Self {
        let routes = |member: &Option<Member>| {
            let member = member.as_ref()?;
            AttributeRoutes::compile(model, member.target)
        };
        NativeOperation {
            input: routes(&operation.input),
            output: routes(&operation.output),
        }
    }

    /// Returns true if the operation has neither attribute values nor conditions.
    pub(crate) fn is_plain(&self) -> bool {
        self.input.is_none() && self.output.is_none()
    }

    /// Returns true if the input has attribute values or conditions.
    pub(crate) fn has_input(&self) -> bool {
        self.input.is_some()
    }

    /// Converts native parameters.
    ///
    /// # Errors
    /// `Validation`: all values that cannot be converted, with their paths.
    pub(crate) fn encode(&self, operation: &Operation, params: &mut Value) -> Result<()> {
        let Some(routes) = &self.input else {
            return Ok(());
        };
        let mut encoder = RouteEncoder {
            routes,
            problems: Vec::new(),
        };
        encoder.node(0, params, &ParamPath::Root, MAX_DEPTH);
        match encoder.problems {
            problems if problems.is_empty() => Ok(()),
            problems => Err(Error::from_problems(&operation.name, problems)),
        }
    }

    /// Converts an output to native values.
    pub(crate) fn decode(&self, output: &mut Value) {
        if let Some(routes) = &self.output {
            routes.decode(output);
        }
    }

    /// Converts the output of a call, or the details of its service error.
    pub(crate) fn decode_result(
        &self,
        model: &ServiceModel,
        result: Result<Output>,
    ) -> Result<Output> {
        match result {
            Ok(mut output) => {
                self.decode(&mut output.value);
                Ok(output)
            }
            Err(error) => Err(decode_error(model, error)),
        }
    }
}

/// Converts the details of a service error, such as the item that did not meet a condition.
///
/// DIFFERENCE: boto3 does not convert them.
#[cold]
fn decode_error(model: &ServiceModel, mut error: Error) -> Error {
    if let Some(service) = error.service_mut()
        && let Some(shape) = service.shape.as_deref()
        && let Some(shape) = model.shape_id(shape)
        && let Some(routes) = AttributeRoutes::compile(model, shape)
    {
        let mut details = Value::Map(std::mem::take(&mut service.details));
        routes.decode(&mut details);
        if let Value::Map(details) = details {
            service.details = details;
        }
    }
    super::transaction::with_reasons(error)
}

/// Maximum nesting depth of parameters and outputs around an attribute value.
const MAX_DEPTH: usize = 100;

/// Maximum number of reported problems.
const MAX_PROBLEMS: usize = 100;

/// The ways from a shape to its attribute values and conditions. The first node is the shape itself.
#[derive(Debug)]
struct AttributeRoutes(Vec<RouteNode>);

#[derive(Debug)]
enum RouteNode {
    AttributeValue,
    Structure(StructureRoute),
    List(usize),
    Map(usize),
    /// A shape without attribute values.
    Plain,
}

#[derive(Debug)]
struct StructureRoute {
    members: Box<[MemberRoute]>,
    conditions: Box<[ConditionRoute]>,
}

#[derive(Debug)]
struct MemberRoute {
    name: MemberName,
    node: usize,
}

/// A member that accepts a condition.
#[derive(Debug)]
struct ConditionRoute {
    name: MemberName,
    is_key_condition: bool,
}

/// The name of a member, and its spelling in snake case, which parameters may have.
#[derive(Debug)]
struct MemberName {
    name: Str,
    snake: String,
}

impl MemberName {
    fn new(name: &Str) -> Self {
        MemberName {
            name: name.clone(),
            snake: snake_case(name),
        }
    }

    /// Returns the name that the parameters use for the member.
    fn find<'m>(&'m self, params: &Map) -> Option<&'m str> {
        [self.name.as_str(), self.snake.as_str()]
            .into_iter()
            .find(|name| params.contains_key(name))
    }
}

/// Returns true for the shape of an attribute value: a structure with a member for each type, of which `L` and `M` contain the structure
/// itself.
#[must_use]
pub fn is_attribute_value(model: &ServiceModel, id: ShapeId) -> bool {
    let Kind::Structure(structure) = &model.shape(id).kind else {
        return false;
    };
    let kind = |name: &str| {
        let member = structure.member(name)?;
        Some(&model.shape(member.target).kind)
    };
    matches!(kind("S"), Some(Kind::String))
        && matches!(kind("N"), Some(Kind::String))
        && matches!(kind("L"), Some(Kind::List(item)) if item.target == id)
        && matches!(kind("M"), Some(Kind::Map { value, .. }) if value.target == id)
}

/// Returns true if a shape is the condition of a key, false if it is another condition, and `None` otherwise.
fn condition_kind(model: &ServiceModel, id: ShapeId) -> Option<bool> {
    let shape = model.shape(id);
    match (&shape.kind, shape.name.as_str()) {
        (Kind::String, "ConditionExpression") => Some(false),
        (Kind::String, "KeyExpression") => Some(true),
        _ => None,
    }
}

impl AttributeRoutes {
    /// Finds the attribute values and conditions in a shape; `None` if there are none.
    fn compile(model: &ServiceModel, root: ShapeId) -> Option<Self> {
        // All shapes of the root, each with the indexes of the shapes that use it.
        let mut shapes = vec![(root, Vec::new())];
        let mut indexes = HashMap::from([(root, 0)]);
        let mut found = Vec::new();
        let mut next = 0;
        while let Some((id, _)) = shapes.get(next) {
            let id = *id;
            if is_attribute_value(model, id) || condition_kind(model, id).is_some() {
                found.push(next);
            } else {
                for target in targets(&model.shape(id).kind) {
                    let index = *indexes.entry(target).or_insert_with(|| {
                        shapes.push((target, Vec::new()));
                        shapes.len() - 1
                    });
                    if let Some((_, users)) = shapes.get_mut(index) {
                        users.push(next);
                    }
                }
            }
            next += 1;
        }
        let mut leads = vec![false; shapes.len()];
        while let Some(index) = found.pop() {
            if let (Some(leads), Some((_, users))) = (leads.get_mut(index), shapes.get(index))
                && !std::mem::replace(leads, true)
            {
                found.extend(users);
            }
        }
        if leads.first() != Some(&true) {
            return None;
        }
        let node_of = |member: &Member| {
            let index = *indexes.get(&member.target)?;
            leads
                .get(index)
                .is_some_and(|leads| *leads)
                .then_some(index)
        };
        let node = |(id, _): &(ShapeId, Vec<usize>)| {
            if is_attribute_value(model, *id) {
                return RouteNode::AttributeValue;
            }
            match &model.shape(*id).kind {
                Kind::Structure(structure) => {
                    let members = structure.members.iter();
                    let conditions = members.clone().filter_map(|member| {
                        Some(ConditionRoute {
                            is_key_condition: condition_kind(model, member.target)?,
                            name: MemberName::new(&member.name),
                        })
                    });
                    let members = members.filter_map(|member| {
                        let is_condition = condition_kind(model, member.target).is_some();
                        let node = node_of(member).filter(|_| !is_condition)?;
                        let name = MemberName::new(&member.name);
                        Some(MemberRoute { name, node })
                    });
                    RouteNode::Structure(StructureRoute {
                        members: members.collect(),
                        conditions: conditions.collect(),
                    })
                }
                Kind::List(item) => node_of(item).map_or(RouteNode::Plain, RouteNode::List),
                Kind::Map { value, .. } => node_of(value).map_or(RouteNode::Plain, RouteNode::Map),
                _ => RouteNode::Plain,
            }
        };
        Some(AttributeRoutes(shapes.iter().map(node).collect()))
    }

    fn decode(&self, value: &mut Value) {
        let mut decoder = AttributeDecoder::default();
        self.decode_node(0, value, &mut decoder, MAX_DEPTH);
    }

    fn decode_node(
        &self,
        node: usize,
        value: &mut Value,
        decoder: &mut AttributeDecoder,
        depth: usize,
    ) {
        let (Some(node), Some(depth)) = (self.0.get(node), depth.checked_sub(1)) else {
            return;
        };
        match (node, value) {
            (RouteNode::AttributeValue, value) => *value = decoder.value(value),
            (RouteNode::Structure(route), Value::Map(map)) => {
                for member in &route.members {
                    if let Some(value) = map.get_mut(&member.name.name) {
                        self.decode_node(member.node, value, decoder, depth);
                    }
                }
            }
            (RouteNode::List(item), Value::List(list)) => {
                for value in list.iter_mut() {
                    self.decode_node(*item, value, decoder, depth);
                }
            }
            (RouteNode::Map(entry), Value::Map(map)) => {
                if let Some(RouteNode::AttributeValue) = self.0.get(*entry) {
                    *map = decoder.map(map);
                    return;
                }
                for (_, value) in map.iter_mut() {
                    self.decode_node(*entry, value, decoder, depth);
                }
            }
            _ => {}
        }
    }
}

/// Returns the shapes that a shape refers to.
fn targets(kind: &Kind) -> Vec<ShapeId> {
    match kind {
        Kind::Structure(structure) => structure
            .members
            .iter()
            .map(|member| member.target)
            .collect(),
        Kind::List(member) | Kind::Map { value: member, .. } => vec![member.target],
        _ => Vec::new(),
    }
}

/// The path to a parameter.
enum ParamPath<'a> {
    Root,
    Name(&'a ParamPath<'a>, &'a str),
    Index(&'a ParamPath<'a>, usize),
}

impl ParamPath<'_> {
    fn push_to(&self, path: &mut String) {
        match self {
            ParamPath::Root => {}
            ParamPath::Name(parent, name) => {
                parent.push_to(path);
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(name);
            }
            ParamPath::Index(parent, index) => {
                parent.push_to(path);
                path.push_str(&format!("[{index}]"));
            }
        }
    }
}

struct RouteEncoder<'r> {
    routes: &'r AttributeRoutes,
    problems: Vec<Problem>,
}

impl RouteEncoder<'_> {
    fn node(&mut self, node: usize, value: &mut Value, path: &ParamPath<'_>, depth: usize) {
        let (Some(node), Some(depth)) = (self.routes.0.get(node), depth.checked_sub(1)) else {
            return;
        };
        match (node, value) {
            (RouteNode::AttributeValue, value) => {
                if let Err(error) = encode(value) {
                    let mut text = String::new();
                    path.push_to(&mut text);
                    error.push_path(&mut text);
                    self.report(text, error.message);
                }
            }
            (RouteNode::Structure(route), Value::Map(map)) => {
                self.conditions(route, map, path);
                for member in &route.members {
                    if let Some(name) = member.name.find(map)
                        && let Some(value) = map.get_mut(name)
                    {
                        self.node(member.node, value, &ParamPath::Name(path, name), depth);
                    }
                }
            }
            (RouteNode::List(item), Value::List(list)) => {
                for (index, value) in list.iter_mut().enumerate() {
                    self.node(*item, value, &ParamPath::Index(path, index), depth);
                }
            }
            (RouteNode::Map(entry), Value::Map(map)) => {
                for (name, value) in map.iter_mut() {
                    self.node(*entry, value, &ParamPath::Name(path, name), depth);
                }
            }
            // Validation reports a value of another type.
            _ => {}
        }
    }

    /// Replaces the conditions of a structure by expressions, and adds their names and values to those of the structure.
    ///
    /// DIFFERENCE: conditions of the actions of a transaction work as well; boto3 adds their names and values in the wrong place.
    fn conditions(&mut self, route: &StructureRoute, map: &mut Map, path: &ParamPath<'_>) {
        let conditions = route.conditions.iter().filter_map(|condition| {
            let name = condition.name.find(map)?;
            let position = map.keys().position(|key| *key == *name)?;
            condition_tokens(map.get(name)?)?;
            Some((condition.is_key_condition, position, name))
        });
        let mut conditions: Vec<(bool, usize, &str)> = conditions.collect();
        if conditions.is_empty() {
            return;
        }
        // In the order of boto3: conditions of keys are last, all others in the order of the parameters.
        conditions.sort_unstable();
        let taken = |name: &str, snake: &str| {
            PlaceholderTable::besides(
                map.get(name)
                    .or_else(|| map.get(snake))
                    .unwrap_or(&Value::Null),
            )
        };
        let mut placeholders = Placeholders {
            names: taken(NAMES.0, NAMES.1),
            values: taken(VALUES.0, VALUES.1),
        };
        for (is_key_condition, _, name) in conditions {
            let Some(value) = map.get_mut(name) else {
                continue;
            };
            let Some(tokens) = condition_tokens(value) else {
                continue;
            };
            match build_expression(tokens, is_key_condition, &mut placeholders) {
                Ok(expression) => *value = Value::from(expression),
                Err(message) => {
                    let mut text = String::new();
                    ParamPath::Name(path, name).push_to(&mut text);
                    self.report(text, message);
                }
            }
        }
        add_placeholders(map, NAMES, placeholders.names.entries);
        add_placeholders(map, VALUES, placeholders.values.entries);
    }

    #[cold]
    fn report(&mut self, path: String, message: String) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(Problem { path, message });
        }
    }
}

/// The members with the placeholders of expressions, also in snake case.
const NAMES: (&str, &str) = ("ExpressionAttributeNames", "expression_attribute_names");
const VALUES: (&str, &str) = ("ExpressionAttributeValues", "expression_attribute_values");

fn add_placeholders(map: &mut Map, (name, snake): (&str, &str), placeholders: Map) {
    if placeholders.is_empty() {
        return;
    }
    let name = if map.contains_key(snake) { snake } else { name };
    match map.get_mut(name) {
        Some(Value::Map(entries)) => entries.extend(placeholders),
        None | Some(Value::Null) => {
            map.insert(name, Value::Map(placeholders));
        }
        // Validation reports a value of another type.
        Some(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use inia_core::json;
    use inia_model::Catalog;

    use super::super::{Attr, Key};
    use super::*;

    fn dynamodb() -> Arc<ServiceModel> {
        Catalog::new(inia_builtin::archive())
            .service("dynamodb", None)
            .unwrap()
    }

    fn encoded(operation: &str, mut params: Value) -> Result<Value> {
        let model = dynamodb();
        let operation = model.operation(operation).unwrap();
        NativeOperation::new(&model, operation)
            .encode(operation, &mut params)
            .map(|()| params)
    }

    #[test]
    fn attribute_values_are_found_by_their_shape() {
        let model = dynamodb();
        let native: Vec<&str> = model
            .operations()
            .filter(|operation| !NativeOperation::new(&model, operation).is_plain())
            .map(|operation| operation.name.as_str())
            .collect();
        for name in [
            "BatchExecuteStatement",
            "BatchGetItem",
            "BatchWriteItem",
            "DeleteItem",
            "ExecuteStatement",
            "ExecuteTransaction",
            "GetItem",
            "PutItem",
            "Query",
            "Scan",
            "TransactGetItems",
            "TransactWriteItems",
            "UpdateItem",
        ] {
            assert!(native.contains(&name), "{name}");
        }
        assert!(!native.contains(&"DescribeTable"));
        let catalog = Catalog::new(inia_builtin::archive());
        // A shape of the same name that is a text.
        let forecast = catalog.service("forecast", None).unwrap();
        assert!(
            forecast
                .operations()
                .all(|operation| NativeOperation::new(&forecast, operation).is_plain())
        );
        let streams = catalog.service("dynamodbstreams", None).unwrap();
        let records = streams.operation("GetRecords").unwrap();
        let native = NativeOperation::new(&streams, records);
        let mut output = json!({"Records": [{"dynamodb": {"Keys": {"id": {"N": "1"}}, "NewImage": {"a": {"L": [{"S": "x"}]}}}}]});
        native.decode(&mut output);
        assert_eq!(
            output,
            json!({"Records": [{"dynamodb": {"Keys": {"id": 1}, "NewImage": {"a": ["x"]}}}]})
        );
    }

    #[test]
    fn parameters_are_converted_wherever_the_definition_has_attribute_values() {
        for (operation, native, wire) in [
            (
                "PutItem",
                json!({"TableName": "t", "Item": {"id": "a", "n": 1, "S": "s"}}),
                json!({"TableName": "t", "Item": {"id": {"S": "a"}, "n": {"N": "1"}, "S": {"S": "s"}}}),
            ),
            (
                "put_item",
                json!({"table_name": "t", "item": {"id": null}, "condition_expression": Attr("id").not_exists()}),
                json!({"table_name": "t", "item": {"id": {"NULL": true}}, "condition_expression": "attribute_not_exists(#n0)",
                    "ExpressionAttributeNames": {"#n0": "id"}}),
            ),
            (
                "UpdateItem",
                json!({"TableName": "t", "Key": {"id": 1}, "AttributeUpdates": {"a": {"Action": "PUT", "Value": [1]}},
                    "Expected": {"b": {"AttributeValueList": ["x", 2]}}}),
                json!({"TableName": "t", "Key": {"id": {"N": "1"}},
                    "AttributeUpdates": {"a": {"Action": "PUT", "Value": {"L": [{"N": "1"}]}}},
                    "Expected": {"b": {"AttributeValueList": [{"S": "x"}, {"N": "2"}]}}}),
            ),
            (
                "BatchWriteItem",
                json!({"RequestItems": {"t": [{"PutRequest": {"Item": {"a": 1}}}, {"DeleteRequest": {"Key": {"a": 2}}}]}}),
                json!({"RequestItems": {"t": [
                    {"PutRequest": {"Item": {"a": {"N": "1"}}}}, {"DeleteRequest": {"Key": {"a": {"N": "2"}}}}]}}),
            ),
            (
                "ExecuteStatement",
                json!({"Statement": "SELECT * FROM t WHERE id = ?", "Parameters": ["a"]}),
                json!({"Statement": "SELECT * FROM t WHERE id = ?", "Parameters": [{"S": "a"}]}),
            ),
            (
                "Query",
                json!({"TableName": "t", "KeyConditionExpression": Key("id").eq("a"), "FilterExpression": Attr("n").gt(1),
                    "ExpressionAttributeNames": {"#p": "name"}, "ProjectionExpression": "#p", "ExpressionAttributeValues": {":x": 5}}),
                json!({"TableName": "t", "KeyConditionExpression": "#n1 = :v1", "FilterExpression": "#n0 > :v0",
                    "ExpressionAttributeNames": {"#p": "name", "#n0": "n", "#n1": "id"}, "ProjectionExpression": "#p",
                    "ExpressionAttributeValues": {":x": {"N": "5"}, ":v0": {"N": "1"}, ":v1": {"S": "a"}}}),
            ),
            (
                "TransactWriteItems",
                json!({"TransactItems": [
                    {"Put": {"TableName": "t", "Item": {"id": 1}, "ConditionExpression": Attr("id").not_exists()}},
                    {"Delete": {"TableName": "t", "Key": {"id": 2}, "ConditionExpression": Attr("n").eq(3)}}]}),
                json!({"TransactItems": [
                    {"Put": {"TableName": "t", "Item": {"id": {"N": "1"}}, "ConditionExpression": "attribute_not_exists(#n0)",
                        "ExpressionAttributeNames": {"#n0": "id"}}},
                    {"Delete": {"TableName": "t", "Key": {"id": {"N": "2"}}, "ConditionExpression": "#n0 = :v0",
                        "ExpressionAttributeNames": {"#n0": "n"}, "ExpressionAttributeValues": {":v0": {"N": "3"}}}}]}),
            ),
            (
                "Scan",
                json!({"TableName": "t", "FilterExpression": "a = :a", "ExpressionAttributeValues": {":a": true}}),
                json!({"TableName": "t", "FilterExpression": "a = :a", "ExpressionAttributeValues": {":a": {"BOOL": true}}}),
            ),
            (
                "DescribeTable",
                json!({"TableName": "t"}),
                json!({"TableName": "t"}),
            ),
        ] {
            assert_eq!(encoded(operation, native).unwrap(), wire, "{operation}");
        }
    }

    #[test]
    fn all_values_that_cannot_be_converted_are_reported_with_their_paths() {
        let error = encoded(
            "BatchWriteItem",
            json!({"RequestItems": {"t": [
                {"PutRequest": {"Item": {"a": {"b": [f64::NAN]}, "c": {"$set": []}}}},
                {"DeleteRequest": {"Key": {"a": 1e300}}}]}}),
        );
        let error = error.unwrap_err();
        let paths: Vec<&str> = error
            .problems()
            .iter()
            .map(|problem| problem.path.as_str())
            .collect();
        assert_eq!(
            paths,
            [
                "RequestItems.t[0].PutRequest.Item.a.b[0]",
                "RequestItems.t[0].PutRequest.Item.c",
                "RequestItems.t[1].DeleteRequest.Key.a",
            ]
        );
        let error = encoded(
            "Query",
            json!({"KeyConditionExpression": Attr("id").eq("a")}),
        )
        .unwrap_err();
        assert!(
            error
                .to_string()
                .contains("KeyConditionExpression: id must be a Key"),
            "{error}"
        );
        // Validation reports these.
        for odd in [
            json!({"Item": 1}),
            json!({"Item": null}),
            json!([1]),
            Value::Null,
        ] {
            assert_eq!(encoded("PutItem", odd.clone()).unwrap(), odd);
        }
    }

    #[test]
    fn definitions_of_your_own_are_converted_at_any_nesting() {
        let model = ServiceModel::from_json(
            "tiny",
            br#"{
            "metadata": {"protocol": "json", "endpointPrefix": "tiny"},
            "operations": {
                "Put": {"http": {}, "input": {"shape": "Node"}, "output": {"shape": "Node"}},
                "Ping": {"http": {}}},
            "shapes": {
                "Node": {"type": "structure", "members": {
                    "One": {"shape": "Any"}, "Lists": {"shape": "Lists"}, "Maps": {"shape": "Maps"}, "Next": {"shape": "Node"},
                    "Texts": {"shape": "Texts"}, "If": {"shape": "ConditionExpression"},
                    "ExpressionAttributeNames": {"shape": "Names"}, "ExpressionAttributeValues": {"shape": "Map"}}},
                "Any": {"type": "structure", "members": {
                    "S": {"shape": "Text"}, "N": {"shape": "Text"}, "L": {"shape": "List"}, "M": {"shape": "Map"}}},
                "List": {"type": "list", "member": {"shape": "Any"}},
                "Lists": {"type": "list", "member": {"shape": "List"}},
                "Map": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Any"}},
                "Maps": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Map"}},
                "Names": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Text"}},
                "Texts": {"type": "list", "member": {"shape": "Text"}},
                "ConditionExpression": {"type": "string"},
                "Text": {"type": "string"}}
            }"#,
        )
        .unwrap();
        let put = model.operation("Put").unwrap();
        let native = NativeOperation::new(&model, put);
        let plain = json!({
            "One": 1, "Lists": [["a"], []], "Maps": {"x": {"y": [2]}}, "Texts": ["t"], "Next": {"Next": {"One": "deep"}}});
        let wire = json!({
            "One": {"N": "1"}, "Lists": [[{"S": "a"}], []], "Maps": {"x": {"y": {"L": [{"N": "2"}]}}}, "Texts": ["t"],
            "Next": {"Next": {"One": {"S": "deep"}}}});
        let mut params = plain.clone();
        native.encode(put, &mut params).unwrap();
        assert_eq!(params, wire);
        native.decode(&mut params);
        assert_eq!(params, plain);
        let mut params = json!({"Next": {"If": Attr("a").eq(1)}});
        native.encode(put, &mut params).unwrap();
        assert_eq!(
            params,
            json!({"Next": {"If": "#n0 = :v0", "ExpressionAttributeNames": {"#n0": "a"},
                "ExpressionAttributeValues": {":v0": {"N": "1"}}}})
        );
        // Values of other types than the definition's stay as they are; validation reports them.
        let odd = json!({"Lists": "foo", "Maps": [1], "Next": 5});
        let mut params = odd.clone();
        native.encode(put, &mut params).unwrap();
        assert_eq!(params, odd);
        // A value that is nested without end.
        let mut deep = json!({});
        for _ in 0..300 {
            deep = json!({"Next": deep});
        }
        native.encode(put, &mut deep).unwrap();
        native.decode(&mut deep);
        assert!(NativeOperation::new(&model, model.operation("Ping").unwrap()).is_plain());
    }

    #[test]
    fn pages_with_shared_keys_are_converted() {
        let model = dynamodb();
        let scan = model.operation("Scan").unwrap();
        let native = NativeOperation::new(&model, scan);
        let items: Vec<Value> = (0..50)
            .map(|n| json!({"id": {"N": n.to_string()}, "m": {"M": {"id": {"S": "x"}, "m": {"NULL": true}}}}))
            .collect();
        let mut page =
            json!({"Items": items, "LastEvaluatedKey": {"id": {"N": "49"}}, "Count": 50});
        native.decode(&mut page);
        assert_eq!(page["Items"].len(), 50);
        for (n, item) in (0..).zip(page["Items"].items()) {
            assert_eq!(*item, json!({"id": n, "m": {"id": "x", "m": null}}));
        }
        assert_eq!(page["LastEvaluatedKey"], json!({"id": 49}));
    }
}
