//! Definitions: loading from JSON, and opening packed ones.
//!
//! | path | measured work |
//! |---|---|
//! | `model/load EC2 JSON` | EC2's `service-2.json`, 1.25 MB, to a model, as for user definitions |
//! | `model/open EC2` | opening EC2's packed model in a new catalog |
//! | `model/open EC2, find run_instances` | the same, plus the lookup of an operation by its snake_case name |
//! | `model/open EC2, unpack RunInstances` | the same, plus unpacking all shapes of RunInstances' input and output |
//! | `model/open STS, unpack GetCallerIdentity` | the same for the smallest call of a small service |
//! | `model/open all` | opening all services in a new catalog: metadata and operation names |
//! | `model/unpack all` | the same, plus all shapes and operations |

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use inia::{model::Catalog, model::Kind, model::Operation, model::ServiceModel, model::ShapeId};

use crate::measure::Measure;

/// Returns a new catalog of the built-in definitions.
pub fn built_in() -> Catalog {
    Catalog::new(inia_builtin::archive())
}

/// Unpacks all shapes reachable from an operation's input and output; returns their number.
fn unpack(model: &ServiceModel, operation: &Operation) -> usize {
    let mut visited = HashSet::new();
    let mut waiting: Vec<ShapeId> = [&operation.input, &operation.output]
        .into_iter()
        .flatten()
        .map(|member| member.target)
        .collect();
    while let Some(id) = waiting.pop() {
        if !visited.insert(id) {
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
    visited.len()
}

fn open(service: &str) -> Arc<ServiceModel> {
    built_in()
        .service(service, None)
        .expect("a built-in service")
}

fn open_operation(service: &str, operation: &str) -> usize {
    let model = open(service);
    unpack(&model, model.operation(operation).expect("the operation"))
}

fn open_all() -> Vec<Arc<ServiceModel>> {
    let catalog = built_in();
    let names = catalog.services();
    let open = |name: &_| catalog.service(name, None).expect("a built-in service");
    names.iter().map(|name| open(name)).collect()
}

/// Measures the paths of this group.
pub fn paths(measure: &mut Measure) {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/ec2/2016-11-15/service-2.json");
    let json = std::fs::read(data).expect("EC2's definition");
    let load = measure
        .path("model/load EC2 JSON")
        .bytes(json.len())
        .repeats(2);
    load.work(|| || ServiceModel::from_json("ec2", &json).expect("a definition"));
    measure.path("model/open EC2").work(|| || open("ec2"));
    measure.path("model/open EC2, find run_instances").work(|| {
        || {
            let model = open("ec2");
            model
                .operation("run_instances")
                .expect("the operation")
                .index
        }
    });
    measure
        .path("model/open EC2, unpack RunInstances")
        .work(|| || open_operation("ec2", "RunInstances"));
    measure
        .path("model/open STS, unpack GetCallerIdentity")
        .work(|| || open_operation("sts", "GetCallerIdentity"));
    measure.path("model/open all").repeats(1).work(|| {
        || {
            let models = open_all();
            let names = models.iter().map(|model| model.operation_names().count());
            names.sum::<usize>()
        }
    });
    measure.path("model/unpack all").repeats(1).work(|| {
        || {
            let models = open_all();
            let shapes = models.iter().flat_map(|model| model.shapes());
            let shapes: usize = shapes.map(|(_, shape)| shape.name.len()).sum();
            let operations = models.iter().flat_map(|model| model.operations());
            shapes
                + operations
                    .map(|operation| operation.name.len())
                    .sum::<usize>()
        }
    });
}
