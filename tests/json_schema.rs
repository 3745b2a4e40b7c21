//! The JSON Schemas of all operations: complete, bounded, and with every reference defined.

use inia::model::{Catalog, ReadOnlySource};
use inia::{Value, json};
use std::collections::BTreeMap;

/// One of this many operations of a service is checked.
const SAMPLE: usize = 6;

fn references(schema: &Value, found: &mut Vec<String>) {
    match schema {
        Value::Map(map) => {
            for (name, value) in map {
                match value {
                    Value::String(target) if *name == *"$ref" => found.push(target.to_string()),
                    value => references(value, found),
                }
            }
        }
        Value::List(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[test]
fn every_operation_has_a_schema_whose_references_are_defined() {
    let catalog = Catalog::new(inia_builtin::archive());
    let (mut operations, mut longest) = (0, 0);
    for service in catalog.services() {
        let model = catalog.service(&service, None).unwrap();
        for operation in model.operations().step_by(SAMPLE) {
            for schema in [
                model.input_json_schema(operation),
                model.output_json_schema(operation),
            ] {
                let mut found = Vec::new();
                references(&schema, &mut found);
                for target in found {
                    let name = target.strip_prefix("#/$defs/").unwrap();
                    assert!(
                        !schema["$defs"][name].is_null(),
                        "{service} {} {target}",
                        operation.name
                    );
                }
                longest = longest.max(schema.to_json_string().len());
            }
            operations += 1;
        }
    }
    assert!(operations > 19_000 / SAMPLE, "{operations}");
    // Shared structures are written once: no schema is longer than its shapes.
    assert!(longest < 2_000_000, "{longest}");
    println!("{operations} operations, the longest schema has {longest} bytes");
}

#[test]
fn a_call_of_dynamodb_has_the_expected_schema() {
    let model = Catalog::new(inia_builtin::archive())
        .service("dynamodb", None)
        .unwrap();
    let schema = model.input_json_schema(model.operation("GetItem").unwrap());
    assert_eq!(schema["required"], json!(["TableName", "Key"]));
    assert_eq!(
        schema["properties"]["Key"]["additionalProperties"]["$ref"],
        "#/$defs/AttributeValue"
    );
    let list = &schema["$defs"]["AttributeValue"]["properties"]["L"]["items"]["$ref"];
    assert_eq!(*list, "#/$defs/AttributeValue");
}

/// The rule agrees with the trait `readonly` where a definition has it, as far as names tell; it never takes an operation for read-only
/// whose service says with the trait on its other operations that it is not.
#[test]
fn read_only_verdicts_are_safe() {
    let catalog = Catalog::new(inia_builtin::archive());
    let mut counts = BTreeMap::new();
    for service in catalog.services() {
        let model = catalog.service(&service, None).unwrap();
        for operation in model.operations() {
            let (verdict, source) = model.is_read_only(operation);
            *counts.entry(format!("{verdict} {source:?}")).or_insert(0) += 1;
            if operation.is_readonly && source != ReadOnlySource::Rule {
                assert!(verdict, "{service} {}", operation.name);
            }
        }
    }
    println!("{counts:?}");
    let verdict = |service: &str, operation: &str| {
        let model = catalog.service(service, None).unwrap();
        model.is_read_only(model.operation(operation).unwrap()).0
    };
    for (service, operation) in [
        ("ec2", "DescribeInstances"),
        ("s3", "GetObject"),
        ("s3", "HeadBucket"),
        ("sqs", "ListQueues"),
        ("dynamodb", "GetItem"),
        ("sts", "GetCallerIdentity"),
    ] {
        assert!(verdict(service, operation), "{service} {operation}");
    }
    for (service, operation) in [
        ("sqs", "ReceiveMessage"),
        ("dynamodb", "UpdateItem"),
        ("sts", "AssumeRole"),
        ("sts", "GetSessionToken"),
        ("cognito-identity", "GetId"),
        ("ec2", "RunInstances"),
        ("lambda", "Invoke"),
        ("stepfunctions", "GetActivityTask"),
        ("s3", "DeleteObjects"),
        ("ecr", "GetAuthorizationToken"),
    ] {
        assert!(!verdict(service, operation), "{service} {operation}");
    }
}
