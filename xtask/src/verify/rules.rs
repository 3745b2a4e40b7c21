//! The endpoint rules of a service.

use std::collections::HashSet;

use crate::json::Json;

use super::service::Service;
use super::{Problems, paths};

/// Checks a service's `endpoint-rule-set-1`: every reference is a parameter or assigned before, every parameter that the
/// service sets is there.
pub(super) fn verify(service: &Service<'_>, rules: &Json, problems: &mut Problems) {
    let parameters: HashSet<&str> = rules.members("parameters").map(|(name, _)| name).collect();
    verify_rules(rules, &mut parameters.clone(), problems);
    verify_paths(*service, problems);

    let mut check = |name: &str, place: &str| {
        problems.check(parameters.contains(name), || {
            format!("there is no parameter `{name}`, which {place} sets")
        });
    };
    for (name, _) in service.model.members("clientContextParams") {
        check(name, "the client");
    }
    for (operation, definition) in service.model.members("operations") {
        for key in ["staticContextParams", "operationContextParams"] {
            for (name, _) in definition.members(key) {
                check(name, operation);
            }
        }
    }
    for (shape, definition) in service.model.members("shapes") {
        for (_, member) in definition.members("members") {
            if let Some(name) = member
                .get("contextParam")
                .and_then(|param| param.string("name"))
            {
                check(name, shape);
            }
        }
    }
}

/// Checks that what is taken from an operation's parameters is there.
fn verify_paths(service: Service<'_>, problems: &mut Problems) {
    for (operation, definition) in service.model.members("operations") {
        for (name, param) in definition.members("operationContextParams") {
            let path = param.string("path").unwrap_or_default();
            if let Err(error) = paths::check(path, service.side(operation, "input")) {
                problems.add(format_args!("{operation}: {name} `{path}`: {error}"));
            }
        }
    }
}

/// Checks rules with the names they may refer to; what a rule assigns is known in that rule and below it.
fn verify_rules<'a>(rules: &'a Json, known: &mut HashSet<&'a str>, problems: &mut Problems) {
    for rule in rules.items("rules") {
        let mut assigned = Vec::new();
        for condition in rule.items("conditions") {
            check_references(condition, known, problems);
            if let Some(name) = condition.string("assign")
                && known.insert(name)
            {
                assigned.push(name);
            }
        }
        for key in ["endpoint", "error"] {
            if let Some(result) = rule.get(key) {
                check_references(result, known, problems);
            }
        }
        match rule.string("type").unwrap_or_default() {
            "tree" => verify_rules(rule, known, problems),
            "endpoint" | "error" => {}
            other => problems.add(format_args!("a rule of the type `{other}`")),
        }
        for name in assigned {
            known.remove(name);
        }
    }
}

/// Checks `{"ref": "Name"}` and `{Name}`, `{Name#path}` in strings, wherever they stand.
fn check_references(json: &Json, known: &HashSet<&str>, problems: &mut Problems) {
    let check = |name: &str, problems: &mut Problems| {
        problems.check(known.contains(name), || {
            format!("`{name}` is not known here")
        });
    };
    match json {
        Json::String(text) => names(text).for_each(|name| check(name, problems)),
        Json::Array(items) => items
            .iter()
            .for_each(|item| check_references(item, known, problems)),
        Json::Object(object) => {
            for (key, value) in object {
                match value {
                    Json::String(name) if key == "ref" => check(name, problems),
                    Json::String(_) if key == "fn" || key == "assign" => {}
                    value => check_references(value, known, problems),
                }
            }
        }
        _ => {}
    }
}

/// The names in a template; `{{` and `}}` stand for braces.
fn names(template: &str) -> impl Iterator<Item = &str> {
    template.split("{{").flat_map(|text| {
        text.split('{').skip(1).filter_map(|rest| {
            let (name, _) = rest.split_once('}')?;
            name.split('#').next()
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVICE: &str = r#"{
        "operations": {"Get": {
            "input": {"shape": "In"},
            "staticContextParams": {"Kind": {"value": "x"}},
            "operationContextParams": {"Names": {"path":"Name"}}
        }},
        "shapes": {"In": {"type": "structure", "members": {"Name": {"shape": "S"}}}, "S": {"type": "string"}}
    }"#;

    fn problems_of(service: &str, rules: &str) -> Vec<String> {
        let service = serde_json::from_str(service).unwrap();
        let rules = serde_json::from_str(rules).unwrap();
        let mut problems = Problems::default();
        verify(&Service::new(&service), &rules, &mut problems);
        problems.found
    }

    fn problems(rules: &str) -> Vec<String> {
        problems_of(SERVICE, rules)
    }

    #[test]
    fn templates_name_parameters() {
        let found: Vec<&str> = names("https://{Bucket}.s3.{Partition#dnsSuffix}/{{x}}").collect();
        assert_eq!(found, ["Bucket", "Partition"]);
    }

    #[test]
    fn what_a_rule_assigns_is_known_below_it_only() {
        let rules = r#"{
            "parameters": {"Kind": {"type": "String"}, "Names": {"type": "stringArray"}},
            "rules": [
                {"type": "tree", "conditions": [{"fn": "aws.partition", "argv": [{"ref": "Kind"}], "assign": "P"}],
                 "rules": [{"type": "endpoint", "conditions": [], "endpoint": {"url": "https://{P#dnsSuffix}"}}]},
                {"type": "error", "conditions": [], "error": "no {P}"}
            ]
        }"#;
        assert_eq!(problems(rules), [": `P` is not known here"]);
    }

    #[test]
    fn parameters_that_the_service_sets_must_be_there() {
        assert_eq!(
            problems(r#"{"parameters": {"Names": {}}, "rules": []}"#),
            [": there is no parameter `Kind`, which Get sets"]
        );
    }

    #[test]
    fn parameters_that_are_taken_from_the_input_must_be_in_it() {
        let service = SERVICE.replace(r#""path":"Name""#, r#""path":"Nome""#);
        assert_eq!(
            problems_of(
                &service,
                r#"{"parameters": {"Kind": {}, "Names": {}}, "rules": []}"#
            ),
            [": Get: Names `Nome`: Nome is not there in In"]
        );
    }
}
