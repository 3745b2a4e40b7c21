//! Compares snake_case names of all operations and members with botocore's.

use std::collections::BTreeSet;

use inia_core::Value;
use inia_model::{Kind, snake_case};

use super::suite::Suite;

/// Number of names per job.
const BATCH_SIZE: usize = 2000;

/// Compares all names.
pub fn check(suite: &Suite) -> Result<(), String> {
    let mut names = BTreeSet::new();
    for service in suite.catalog.services() {
        let model = suite
            .catalog
            .service(&service, None)
            .map_err(|error| error.to_string())?;
        names.extend(model.operation_names().map(ToString::to_string));
        for (_, shape) in model.shapes() {
            if let Kind::Structure(structure) = &shape.kind {
                names.extend(
                    structure
                        .members
                        .iter()
                        .map(|member| member.name.to_string()),
                );
            }
        }
    }
    let names: Vec<String> = names.into_iter().collect();
    let mut wrong = Vec::new();
    suite.with_peer(|peer| {
        for chunk in names.chunks(BATCH_SIZE) {
            peer.send(
                serde_json::json!({ "names": chunk })
                    .to_string()
                    .into_bytes(),
            );
            let reply = peer.receive()?;
            let theirs: Vec<&str> = reply["snake"].items().filter_map(Value::as_str).collect();
            if theirs.len() != chunk.len() {
                return Err(format!("sent {} names, got {}", chunk.len(), theirs.len()));
            }
            for (name, theirs) in chunk.iter().zip(theirs) {
                let ours = snake_case(name);
                if ours != theirs {
                    wrong.push(format!("{name}: ours {ours}, botocore's {theirs}"));
                }
            }
        }
        Ok(())
    })?;
    if wrong.is_empty() {
        return Ok(());
    }
    Err(format!(
        "{} of {} names differ:\n{}",
        wrong.len(),
        names.len(),
        wrong.join("\n")
    ))
}
