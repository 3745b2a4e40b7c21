//! Checks endpoint rules.

use std::collections::HashSet;

use crate::json::Json;

use super::service::Service;
use super::{Problems, paths};

/// Checks a service's `endpoint-rule-set-1`: references are to parameters or assigned variables, and all parameters set
/// by the service exist.
pub(super) fn verify(service: &Service<'_>, rules: &Json, problems: &mut Problems) {
    let parameters: HashSet<&str> = rules.members("parameters").map(|(name, _)| name).collect();
    verify_rules(rules, &mut parameters.clone(), problems);
    verify_paths(*service, problems);

    let mut check = |name: &str, setter: &str| {
        problems.check(parameters.contains(name), || {
            format!("unknown parameter `{name}`, which {setter} sets")
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

/// Checks the paths that read operation parameters.
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

/// Checks rules against the defined names. Variables assigned by a rule are defined in that rule and its subrules.
fn verify_rules<'a>(rules: &'a Json, defined: &mut HashSet<&'a str>, problems: &mut Problems) {
    for rule in rules.items("rules") {
        let mut assigned = Vec::new();
        for condition in rule.items("conditions") {
            check_references(condition, defined, problems);
            if let Some(name) = condition.string("assign")
                && defined.insert(name)
            {
                assigned.push(name);
            }
        }
        for key in ["endpoint", "error"] {
            if let Some(result) = rule.get(key) {
                check_references(result, defined, problems);
            }
        }
        match rule.string("type").unwrap_or_default() {
            "tree" => verify_rules(rule, defined, problems),
            "endpoint" | "error" => {}
            other => problems.add(format_args!("a rule has the unknown type `{other}`")),
        }
        for name in assigned {
            defined.remove(name);
        }
    }
}

/// Checks `{"ref": "Name"}` and, in strings, `{Name}` and `{Name#path}`.
fn check_references(json: &Json, defined: &HashSet<&str>, problems: &mut Problems) {
    let check = |name: &str, problems: &mut Problems| {
        problems.check(defined.contains(name), || {
            format!("`{name}` is not defined here")
        });
    };
    match json {
        Json::String(text) => names(text).for_each(|name| check(name, problems)),
        Json::Array(items) => items
            .iter()
            .for_each(|item| check_references(item, defined, problems)),
        Json::Object(object) => {
            for (key, value) in object {
                match value {
                    Json::String(name) if key == "ref" => check(name, problems),
                    Json::String(_) if key == "fn" || key == "assign" => {}
                    value => check_references(value, defined, problems),
                }
            }
        }
        _ => {}
    }
}

/// Returns the names in a template. `{{` and `}}` are escaped braces.
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
        problems.list
    }

    fn problems(rules: &str) -> Vec<String> {
        problems_of(SERVICE, rules)
    }

    #[test]
    fn finds_parameters_in_templates() {
        let parameters: Vec<&str> =
            names("https://{Bucket}.s3.{Partition#dnsSuffix}/{{x}}").collect();
        assert_eq!(parameters, ["Bucket", "Partition"]);
    }

    #[test]
    fn assigned_variables_are_scoped_to_their_rule() {
        let rules = r#"{
            "parameters": {"Kind": {"type": "String"}, "Names": {"type": "stringArray"}},
            "rules": [
                {"type": "tree", "conditions": [{"fn": "aws.partition", "argv": [{"ref": "Kind"}], "assign": "P"}],
                 "rules": [{"type": "endpoint", "conditions": [], "endpoint": {"url": "https://{P#dnsSuffix}"}}]},
                {"type": "error", "conditions": [], "error": "no {P}"}
            ]
        }"#;
        assert_eq!(problems(rules), [": `P` is not defined here"]);
    }

    #[test]
    fn parameters_set_by_the_service_must_exist() {
        assert_eq!(
            problems(r#"{"parameters": {"Names": {}}, "rules": []}"#),
            [": unknown parameter `Kind`, which Get sets"]
        );
    }

    #[test]
    fn parameters_read_from_the_input_must_exist() {
        let service = SERVICE.replace(r#""path":"Name""#, r#""path":"Nome""#);
        assert_eq!(
            problems_of(
                &service,
                r#"{"parameters": {"Kind": {}, "Names": {}}, "rules": []}"#
            ),
            [": Get: Names `Nome`: Nome not found in In"]
        );
    }
}
