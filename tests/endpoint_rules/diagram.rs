//! Converts endpoint rule sets to decision diagrams with the same results.

use std::collections::HashMap;

use base64::Engine as _;
use serde_json::{Map, Value, json};

/// Reference if no rule matches.
const NO_MATCH: i64 = 1;
/// Reference to the result before the first one that is listed.
const FIRST_RESULT: i64 = 100_000_000;

/// Converts a rule set. Every second node has its branches swapped, and a negative reference.
pub fn from_rule_set(rule_set: &Value) -> Value {
    let mut builder = DiagramBuilder {
        nodes: vec![[-1, 1, -1]],
        ..DiagramBuilder::default()
    };
    let root = builder.rules(&rule_set["rules"], &HashMap::new(), NO_MATCH);
    let bytes = builder.nodes.iter().flatten().flat_map(|number| {
        let number = i32::try_from(*number).unwrap();
        number.to_be_bytes()
    });
    let nodes = base64::engine::general_purpose::STANDARD.encode(bytes.collect::<Vec<u8>>());
    json!({
        "version": "1.1",
        "parameters": rule_set["parameters"],
        "conditions": builder.conditions,
        "results": builder.results,
        "root": root,
        "nodeCount": builder.nodes.len(),
        "nodes": nodes
    })
}

/// Names of variables in a rule set, and their unique names in the diagram.
type Scope = HashMap<String, String>;

#[derive(Default)]
struct DiagramBuilder {
    conditions: Vec<Value>,
    positions: HashMap<String, i64>,
    results: Vec<Value>,
    nodes: Vec<[i64; 3]>,
    variables: HashMap<String, String>,
}

impl DiagramBuilder {
    /// Returns the reference to the first of some rules; `otherwise` is the one if none matches.
    fn rules(&mut self, rules: &Value, scope: &Scope, otherwise: i64) -> i64 {
        let rules = rules.as_array().into_iter().flatten().rev();
        rules.fold(otherwise, |next, rule| self.rule(rule, scope, next))
    }

    fn rule(&mut self, rule: &Value, scope: &Scope, otherwise: i64) -> i64 {
        let mut scope = scope.clone();
        let conditions = rule["conditions"].as_array().into_iter().flatten();
        let conditions: Vec<i64> = conditions
            .map(|condition| self.condition(condition, &mut scope))
            .collect();
        let body = if rule["type"] == "tree" {
            self.rules(&rule["rules"], &scope, otherwise)
        } else {
            let mut result = renamed(rule, &scope);
            result["conditions"] = json!([]);
            self.results.push(result);
            FIRST_RESULT + i64::try_from(self.results.len()).unwrap()
        };
        let conditions = conditions.into_iter().rev();
        conditions.fold(body, |next, condition| {
            self.node(condition, next, otherwise)
        })
    }

    fn condition(&mut self, condition: &Value, scope: &mut Scope) -> i64 {
        let mut condition = renamed(condition, scope);
        let fields = condition.as_object_mut().unwrap();
        let variable = fields.remove("assign");
        let text = Value::from(fields.clone()).to_string();
        if let Some(variable) = variable {
            let count = self.variables.len();
            let unique = self
                .variables
                .entry(text)
                .or_insert_with(|| format!("variable{count}"));
            fields.insert("assign".to_owned(), unique.as_str().into());
            scope.insert(variable.as_str().unwrap().to_owned(), unique.clone());
        }
        let next = i64::try_from(self.conditions.len()).unwrap();
        let position = *self.positions.entry(condition.to_string()).or_insert(next);
        if position == next {
            self.conditions.push(condition);
        }
        position
    }

    fn node(&mut self, condition: i64, if_true: i64, if_false: i64) -> i64 {
        let position = i64::try_from(self.nodes.len()).unwrap() + 1;
        if position % 2 == 0 {
            self.nodes.push([condition, if_true, if_false]);
            return position;
        }
        self.nodes.push([condition, if_false, if_true]);
        -position
    }
}

/// Returns a value with the unique names of variables in references and templates.
fn renamed(value: &Value, scope: &Scope) -> Value {
    match value {
        Value::Object(fields) => {
            if let (1, Some(Value::String(name))) = (fields.len(), fields.get("ref")) {
                return json!({"ref": scope.get(name).unwrap_or(name)});
            }
            let fields = fields.iter();
            let fields = fields.map(|(name, field)| (name.clone(), renamed(field, scope)));
            fields.collect::<Map<_, _>>().into()
        }
        Value::Array(items) => items.iter().map(|item| renamed(item, scope)).collect(),
        Value::String(text) => scope
            .iter()
            .fold(text.clone(), |text, (name, unique)| {
                let text = text.replace(&format!("{{{name}}}"), &format!("{{{unique}}}"));
                text.replace(&format!("{{{name}#"), &format!("{{{unique}#"))
            })
            .into(),
        other => other.clone(),
    }
}
