//! Paginators from the `paginated` traits of the operations, completed by that of the service.
//!
//! # Source
//! <https://smithy.io/2.0/spec/behavior-traits.html#paginated-trait>.

use inia_core::{List, Map, Value};

use super::ast::{Ast, AstIndex, name_of};
use super::closure::Closure;
use super::traits::Trait;
use crate::ServiceModel;
use crate::page_members;

/// Entries of the trait, and their names in `paginators-1.json`.
const ENTRIES: [(&str, &str); 4] = [
    ("inputToken", "input_token"),
    ("outputToken", "output_token"),
    ("items", "result_key"),
    ("pageSize", "limit_key"),
];

/// Returns a `paginators-1` value; `None` if no operation has pages. What the trait cannot state is inferred from the members of the
/// output: the listed items if the trait names none, and the flag for further pages.
pub(super) fn paginators(
    ast: &Ast<'_>,
    service: AstIndex,
    closure: &Closure,
    model: &ServiceModel,
) -> Option<Value> {
    let defaults = ast.shape(service).traits.get(Trait::Paginated);
    let mut paginators = Map::new();
    for &operation in &closure.operations {
        let Some(own) = ast.shape(operation).traits.get(Trait::Paginated) else {
            continue;
        };
        let mut paginator = Map::new();
        for (entry, name) in ENTRIES {
            let value = own.get(entry).or_else(|| defaults?.get(entry));
            if let Some(value) = value {
                paginator.insert(name, value.clone());
            }
        }
        let name = name_of(ast.id(operation));
        let output = model
            .operation(name)
            .ok()
            .and_then(|operation| model.output(operation));
        if let Some(output) = output {
            if paginator.get("result_key").is_none() {
                let keys = page_members::result_paths(model, output);
                paginator.insert(
                    "result_key",
                    keys.into_iter().map(Value::from).collect::<List>(),
                );
            }
            if let Some(more_results) = page_members::more_results(model, output) {
                paginator.insert("more_results", more_results);
            }
        }
        paginators.insert(name, Value::Map(paginator));
    }
    if paginators.is_empty() {
        return None;
    }
    let mut root = Map::new();
    root.insert("pagination", Value::Map(paginators));
    Some(Value::Map(root))
}
