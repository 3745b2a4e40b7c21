//! Removes documentation from definitions.
//!
//! Documentation is identified by its *position*, not by key alone: `documentation` is a trait of a shape, but also the
//! name of members, parameters and operations.

use crate::json::{Json, Object};

/// Positions of documentation by kind of file: keys from the root; `*` matches every key of an object and every array
/// item.
///
/// `deprecatedMessage` is kept: it names the replacement of a deprecated feature.
const PROSE: &[(&str, &[&str])] = &[
    (
        "service-2",
        &[
            "documentation",
            "examples",
            "clientContextParams/*/documentation",
            "operations/*/documentation",
            "operations/*/documentationUrl",
            "operations/*/input/documentation",
            "operations/*/output/documentation",
            "operations/*/errors/*/documentation",
            "shapes/*/documentation",
            "shapes/*/documentationUrl",
            "shapes/*/key/documentation",
            "shapes/*/value/documentation",
            "shapes/*/member/documentation",
            "shapes/*/members/*/documentation",
        ],
    ),
    ("waiters-2", &["waiters/*/description"]),
    ("endpoint-rule-set-1", &["parameters/*/documentation"]),
    ("sdk-default-configuration", &["documentation"]),
];

/// Removes the documentation from a definition. `kind` is a file name without `.json`.
pub(crate) fn strip(kind: &str, definition: &mut Json) {
    // An extras file contains a part of the file it extends, under `merge`.
    let (kind, definition) = match kind.strip_suffix(".sdk-extras") {
        Some(base) => match definition {
            Json::Object(object) => match object.get_mut("merge") {
                Some(merge) => (base, merge),
                None => return,
            },
            _ => return,
        },
        None => (kind, definition),
    };
    for (_, positions) in PROSE.iter().filter(|(of, _)| *of == kind) {
        for position in *positions {
            let keys: Vec<&str> = position.split('/').collect();
            remove(definition, &keys);
        }
    }
    if kind == "endpoint-rule-set-1" {
        strip_rules(definition);
    }
}

/// Returns the path of remaining documentation: a `documentation` key with a string value.
pub(crate) fn leftover(definition: &Json) -> Option<String> {
    match definition {
        Json::Object(object) => object.iter().find_map(|(key, value)| {
            if key == "documentation" && value.as_str().is_some() {
                return Some(key.clone());
            }
            leftover(value).map(|rest| format!("{key}/{rest}"))
        }),
        Json::Array(items) => items
            .iter()
            .enumerate()
            .find_map(|(index, item)| leftover(item).map(|rest| format!("{index}/{rest}"))),
        _ => None,
    }
}

fn remove(json: &mut Json, keys: &[&str]) {
    let Some((first, rest)) = keys.split_first() else {
        return;
    };
    match json {
        Json::Object(object) if rest.is_empty() => {
            object.shift_remove(*first);
        }
        Json::Object(object) if *first == "*" => {
            object.values_mut().for_each(|value| remove(value, rest));
        }
        Json::Object(object) => {
            if let Some(value) = object.get_mut(*first) {
                remove(value, rest);
            }
        }
        Json::Array(items) if *first == "*" => {
            items.iter_mut().for_each(|item| remove(item, rest));
        }
        _ => {}
    }
}

/// Strips rules recursively.
fn strip_rules(json: &mut Json) {
    let Json::Object(object) = json else { return };
    if let Some(Json::Array(rules)) = object.get_mut("rules") {
        for rule in rules {
            if let Json::Object(rule) = rule {
                Object::shift_remove(rule, "documentation");
            }
            strip_rules(rule);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stripped(kind: &str, text: &str) -> String {
        let mut json = serde_json::from_str(text).unwrap();
        strip(kind, &mut json);
        serde_json::to_string(&json).unwrap()
    }

    #[test]
    fn removes_traits_but_keeps_things_named_documentation() {
        let service = r#"{
            "documentation": "<p>x</p>",
            "operations": {
                "documentation": {
                    "name": "documentation", "documentation": "x",
                    "input": {"shape": "documentation", "documentation": "x"},
                    "errors": [{"shape": "E", "documentation": "x"}]
                }
            },
            "shapes": {
                "documentation": {
                    "type": "structure", "required": ["documentation"], "documentation": "x",
                    "members": {"documentation": {"shape": "S", "documentation": "x"}}
                },
                "M": {"type": "map", "key": {"shape": "S", "documentation": "x"}, "value": {"shape": "S", "documentation": "x"}},
                "L": {"type": "list", "member": {"shape": "S", "documentation": "x"}}
            }
        }"#;
        let expected = r#"{
            "operations": {
                "documentation": {
                    "name": "documentation",
                    "input": {"shape": "documentation"},
                    "errors": [{"shape": "E"}]
                }
            },
            "shapes": {
                "documentation": {
                    "type": "structure", "required": ["documentation"],
                    "members": {"documentation": {"shape": "S"}}
                },
                "M": {"type": "map", "key": {"shape": "S"}, "value": {"shape": "S"}},
                "L": {"type": "list", "member": {"shape": "S"}}
            }
        }"#;
        assert_eq!(stripped("service-2", service), stripped("none", expected));
    }

    #[test]
    fn strips_extras_below_merge() {
        assert_eq!(
            stripped(
                "service-2.sdk-extras",
                r#"{"version":1.0,"merge":{"shapes":{"A":{"members":{"documentation":{"shape":"S","documentation":"x"}}}}}}"#
            ),
            r#"{"version":1.0,"merge":{"shapes":{"A":{"members":{"documentation":{"shape":"S"}}}}}}"#
        );
    }

    #[test]
    fn strips_rules_at_every_depth() {
        assert_eq!(
            stripped(
                "endpoint-rule-set-1",
                r#"{"parameters":{"documentation":{"type":"String","documentation":"x"}},
                    "rules":[{"documentation":"x","type":"tree","rules":[{"documentation":"y","type":"error","error":"z"}]}]}"#
            ),
            r#"{"parameters":{"documentation":{"type":"String"}},"rules":[{"type":"tree","rules":[{"type":"error","error":"z"}]}]}"#
        );
    }

    #[test]
    fn finds_remaining_documentation() {
        let json = serde_json::from_str(
            r#"{"a":[{"documentation":{"shape":"S"}},{"documentation":"x"}]}"#,
        )
        .unwrap();
        assert_eq!(leftover(&json).as_deref(), Some("a/1/documentation"));
    }
}
