//! DynamoDB.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
use aws_sdk_dynamodb::operation::put_item::PutItemOutput;
use aws_sdk_dynamodb::operation::query::QueryOutput;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_types::{Blob, base64};
use bench_harness::Bench;
use serde_json::Value;

use crate::fields::{integer, text};
use crate::{config, measure};

/// Measures the service's cases.
pub fn measure_all(bench: &mut Bench) {
    let name = "dynamodb.PutItem";
    if bench.is_selected(name) {
        let (client, params) = case_setup(bench, name);
        let builder = client
            .put_item()
            .set_table_name(text(&params, "TableName"))
            .set_item(Some(attributes(&params["Item"])));
        measure!(bench, name, builder, |_: &PutItemOutput| true);
    }
    let name = "dynamodb.GetItem";
    if bench.is_selected(name) {
        let (client, params) = case_setup(bench, name);
        let builder = client
            .get_item()
            .set_table_name(text(&params, "TableName"))
            .set_key(Some(attributes(&params["Key"])))
            .consistent_read(true);
        measure!(bench, name, builder, |output: &GetItemOutput| {
            output.item().is_some_and(|item| item.len() == 20)
        });
    }
    let name = "dynamodb.Query";
    if bench.is_selected(name) {
        let (client, params) = case_setup(bench, name);
        let values = attributes(&params["ExpressionAttributeValues"]);
        let builder = client
            .query()
            .set_table_name(text(&params, "TableName"))
            .set_key_condition_expression(text(&params, "KeyConditionExpression"))
            .set_expression_attribute_values(Some(values))
            .set_limit(integer(&params, "Limit"));
        measure!(bench, name, builder, |output: &QueryOutput| {
            output.items().len() > 700 && output.items().iter().all(|item| item.len() == 20)
        });
    }
}

fn case_setup(bench: &Bench, name: &str) -> (Client, Value) {
    let client = Client::new(&config(bench, name, "json"));
    (client, bench.fixtures().params(name))
}

fn attributes(of: &Value) -> HashMap<String, AttributeValue> {
    let members = of.as_object().expect("a map");
    members
        .iter()
        .map(|(name, value)| (name.clone(), attribute(value)))
        .collect()
}

fn attribute(of: &Value) -> AttributeValue {
    let (kind, value) = of
        .as_object()
        .expect("a map")
        .iter()
        .next()
        .expect("a member");
    let string = |value: &Value| value.as_str().expect("a text").to_owned();
    let items = || value.as_array().expect("a list").iter();
    match kind.as_str() {
        "S" => AttributeValue::S(string(value)),
        "N" => AttributeValue::N(string(value)),
        "B" => AttributeValue::B(blob(value)),
        "BOOL" => AttributeValue::Bool(value.as_bool().expect("a boolean")),
        "NULL" => AttributeValue::Null(value.as_bool().expect("a boolean")),
        "SS" => AttributeValue::Ss(items().map(string).collect()),
        "NS" => AttributeValue::Ns(items().map(string).collect()),
        "BS" => AttributeValue::Bs(items().map(blob).collect()),
        "L" => AttributeValue::L(items().map(attribute).collect()),
        "M" => AttributeValue::M(attributes(value)),
        other => panic!("unknown attribute type {other}"),
    }
}

fn blob(of: &Value) -> Blob {
    let text = of["$base64"].as_str().expect("base64");
    Blob::new(base64::decode(text).expect("base64"))
}
