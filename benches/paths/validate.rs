//! Validation of parameters against an operation's input.
//!
//! | path | measured work |
//! |---|---|
//! | `validate/item of 20 attributes` | DynamoDB PutItem with an item of 20 attributes |
//! | `validate/flat` | SQS SendMessage, three members |
//! | `validate/20 members of 78` | RDS CreateDBInstance, 20 strings |

use std::sync::Arc;

use inia::{Map, Value, json, model::Kind, model::ServiceModel};

use crate::measure::Measure;
use crate::model::built_in;

/// Returns a service's model and the index of an operation.
fn operation(service: &str, operation: &str) -> (Arc<ServiceModel>, u32) {
    let model = built_in()
        .service(service, None)
        .expect("a built-in service");
    let index = model.operation(operation).expect("the operation").index;
    (model, index)
}

/// Measures the paths of this group.
pub fn paths(measure: &mut Measure) {
    let item = (0..20).map(|number| {
        let name = format!("attribute{number}");
        (name, json!({"S": "a value of some length"}))
    });
    let item = json!({"TableName": "table", "Item": Value::Map(item.collect::<Map>())});
    path(
        measure,
        "item of 20 attributes",
        "dynamodb",
        "PutItem",
        |_| item,
    );
    let queue = "https://sqs.us-east-1.amazonaws.com/1/q";
    let flat = json!({"QueueUrl": queue, "MessageBody": "hello", "DelaySeconds": 1});
    path(measure, "flat", "sqs", "SendMessage", |_| flat);
    path(
        measure,
        "20 members of 78",
        "rds",
        "CreateDBInstance",
        |model| {
            let create = model.operation("CreateDBInstance").expect("the operation");
            let members = model.input(create).expect("an input").members.iter();
            let texts =
                members.filter(|member| matches!(model.shape(member.target).kind, Kind::String));
            let texts = texts
                .take(20)
                .map(|member| (member.name.clone(), Value::from("a value")));
            let params: Map = texts.collect();
            assert_eq!(params.len(), 20);
            params.into()
        },
    );
}

fn path(
    measure: &mut Measure,
    title: &str,
    service: &str,
    name: &str,
    params: impl FnOnce(&ServiceModel) -> Value,
) {
    measure.path(format!("validate/{title}")).work(|| {
        let (model, index) = operation(service, name);
        let mut params = params(&model);
        move || {
            let operation = model.operation_at(index).expect("the operation");
            model
                .validate(operation, &mut params, &[])
                .expect("valid parameters");
        }
    });
}
