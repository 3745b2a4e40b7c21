//! Definitions: loading them from JSON, opening them packed, and checking parameters against them.
//!
//! | bench | what is measured |
//! |---|---|
//! | `model/ec2 from JSON` | EC2's `service-2.json`, 1.25 MB, into a model: what a dropped-in file costs |
//! | `model/ec2 opened` | a new catalog opens EC2's packed model |
//! | `model/ec2 opened, RunInstances` | the same, and every shape of RunInstances' input and output is unpacked |
//! | `model/ec2 opened, run_instances` | a new catalog finds one operation of EC2 by its snake case |
//! | `model/sts opened, GetCallerIdentity` | the same for the smallest call of a small service |
//! | `model/all opened` | a new catalog opens all services: metadata and the names of their operations |
//! | `model/all unpacked` | the same, and every shape and operation of them |
//! | `validate/item of 20 attributes` | DynamoDB PutItem with an item of 20 attributes |
//! | `validate/flat` | SQS SendMessage, three members |
//! | `validate/20 members of 78` | RDS CreateDBInstance, 20 strings |
//!
//! Run with `cargo bench --bench model`.

use std::collections::HashSet;
use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, criterion_group, criterion_main};
use inia_core::{Map, Value, json};
use inia_model::{Catalog, Kind, Operation, ServiceModel, ShapeId};

/// Unpacks every shape that an operation's input and output reach; how many there are.
fn unpack(model: &ServiceModel, operation: &Operation) -> usize {
    let mut seen = HashSet::new();
    let mut waiting: Vec<ShapeId> = [&operation.input, &operation.output]
        .into_iter()
        .flatten()
        .map(|member| member.target)
        .collect();
    while let Some(id) = waiting.pop() {
        if !seen.insert(id) {
            continue;
        }
        match &model.shape(id).kind {
            Kind::Structure(structure) => {
                waiting.extend(structure.members.iter().map(|member| member.target));
            }
            Kind::List(member) => waiting.push(member.target),
            Kind::Map { key, value } => waiting.extend([key.target, value.target]),
            _ => {}
        }
    }
    seen.len()
}

fn built_in() -> Catalog {
    Catalog::new(inia_builtin::archive())
}

fn open_operation(service: &str, operation: &str) -> usize {
    let model = built_in().service(service, None).unwrap();
    let operation = model.operation(operation).unwrap();
    unpack(&model, operation)
}

fn models(criterion: &mut Criterion) {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/ec2/2016-11-15/service-2.json");
    let json = std::fs::read(data).unwrap();
    let mut group = criterion.benchmark_group("model");
    group.bench_function("ec2 from JSON", |b| {
        b.iter(|| ServiceModel::from_json("ec2", black_box(&json)).unwrap());
    });
    group.bench_function("ec2 opened", |b| {
        b.iter(|| built_in().service("ec2", None).unwrap());
    });
    group.bench_function("ec2 opened, RunInstances", |b| {
        b.iter(|| open_operation("ec2", "RunInstances"));
    });
    group.bench_function("ec2 opened, run_instances", |b| {
        b.iter(|| {
            built_in()
                .service("ec2", None)
                .unwrap()
                .operation("run_instances")
                .unwrap()
                .index
        });
    });
    group.bench_function("sts opened, GetCallerIdentity", |b| {
        b.iter(|| open_operation("sts", "GetCallerIdentity"));
    });
    group.sample_size(20);
    group.bench_function("all opened", |b| {
        b.iter(|| {
            let catalog = built_in();
            let names = catalog.services();
            let models: Vec<_> = names
                .iter()
                .map(|name| catalog.service(name, None).unwrap())
                .collect();
            models
                .iter()
                .map(|model| model.operation_names().count())
                .sum::<usize>()
        });
    });
    group.bench_function("all unpacked", |b| {
        b.iter(|| {
            let catalog = built_in();
            let names = catalog.services();
            let models: Vec<_> = names
                .iter()
                .map(|name| catalog.service(name, None).unwrap())
                .collect();
            let shapes: usize = models
                .iter()
                .flat_map(|model| model.shapes())
                .map(|(_, shape)| shape.name.len())
                .sum();
            let operations: usize = models
                .iter()
                .flat_map(|model| model.operations())
                .map(|o| o.name.len())
                .sum();
            shapes + operations
        });
    });
}

fn validation(criterion: &mut Criterion) {
    let catalog = built_in();
    let mut group = criterion.benchmark_group("validate");
    let dynamodb = catalog.service("dynamodb", None).unwrap();
    let put_item = dynamodb.operation("PutItem").unwrap();
    let item: Map = (0..20)
        .map(|i| {
            (
                format!("attribute{i}"),
                json!({"S": "a value of some length"}),
            )
        })
        .collect();
    let mut params = json!({"TableName": "table", "Item": Value::Map(item)});
    group.bench_function("item of 20 attributes", |b| {
        b.iter(|| {
            dynamodb
                .validate(put_item, black_box(&mut params), &[])
                .unwrap()
        });
    });
    let sqs = catalog.service("sqs", None).unwrap();
    let send_message = sqs.operation("SendMessage").unwrap();
    let mut params = json!({"QueueUrl": "https://sqs.us-east-1.amazonaws.com/1/q", "MessageBody": "hello", "DelaySeconds": 1});
    group.bench_function("flat", |b| {
        b.iter(|| {
            sqs.validate(send_message, black_box(&mut params), &[])
                .unwrap()
        });
    });
    let rds = catalog.service("rds", None).unwrap();
    let create = rds.operation("CreateDBInstance").unwrap();
    let structure = rds.input(create).unwrap();
    let members: Map = structure
        .members
        .iter()
        .filter(|member| matches!(rds.shape(member.target).kind, Kind::String))
        .take(20)
        .map(|member| (member.name.clone(), Value::from("a value")))
        .collect();
    assert_eq!(members.len(), 20);
    let mut params = Value::Map(members);
    group.bench_function("20 members of 78", |b| {
        b.iter(|| rds.validate(create, black_box(&mut params), &[]).unwrap());
    });
}

criterion_group!(benches, models, validation);
criterion_main!(benches);
