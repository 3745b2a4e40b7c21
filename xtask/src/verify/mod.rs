//! Checks that all references within the definitions of a data folder resolve.

mod paths;
mod resources;
mod rules;
mod service;

use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::json::Json;
use crate::models::{self, Tree};
use crate::strip;

/// Problems list, each with its location.
#[derive(Debug, Default)]
struct Problems {
    place: String,
    list: Vec<String>,
}

impl Problems {
    fn add(&mut self, text: impl std::fmt::Display) {
        self.list.push(format!("{}: {text}", self.place));
    }

    fn check(&mut self, is_valid: bool, text: impl FnOnce() -> String) {
        if !is_valid {
            self.add(text());
        }
    }
}

/// Problems of the upstream packages that are accepted, with the reason. A problem that no longer occurs is reported.
const ACCEPTED: &[(&str, &str)] = &[
    (
        r#"ec2/2016-11-15/resources-1.json: NetworkInterfaceAssociation.has.Address: `AllocationId`: AllocationId not found in InstanceNetworkInterfaceAssociation"#,
        "the reference is empty, as in boto3 if the path of an identifier matches nothing",
    ),
    (
        r#"iam/2010-05-08/resources-1.json: service.actions.CreateSigningCertificate: SigningCertificate requires identifiers {"Id", "UserName"}, got {"Id"}"#,
        "the call is made but no resource is created; boto3 fails on the missing `user_name`",
    ),
    (
        r#"iam/2010-05-08/resources-1.json: service.has.Policy: Policy requires identifiers {"Arn"}, got {"PolicyArn"}"#,
        "identifiers passed by the caller are positional",
    ),
];

/// Checks a definition against its service.
type Check = fn(&service::Service<'_>, &Json, &mut Problems);

/// `cargo xtask models --verify`: prints all problems and fails if there is one.
pub(crate) fn report(data: &Path) -> Result<()> {
    let tree = models::read(data)?;
    let (mut problems, services) = verify(&tree)?;
    for (accepted, _) in ACCEPTED {
        match problems.iter().position(|problem| problem == accepted) {
            Some(at) => drop(problems.remove(at)),
            None => problems.push(format!("accepted problem no longer occurs: {accepted}")),
        }
    }
    for problem in &problems {
        eprintln!("{problem}");
    }
    if !problems.is_empty() {
        bail!("{} problems in {}", problems.len(), data.display());
    }
    for (accepted, reason) in ACCEPTED {
        println!("accepted: {accepted}: {reason}");
    }
    println!(
        "{services} services verified, {} accepted problems",
        ACCEPTED.len()
    );
    Ok(())
}

/// Returns the problems of the files of a data folder, and the number of services.
fn verify(tree: &Tree) -> Result<(Vec<String>, usize)> {
    let mut problems = Problems::default();
    let mut services = 0;
    for path in tree.keys().filter(|path| path.ends_with(".json")) {
        problems.place.clone_from(path);
        if let Some(prose) = strip::leftover(&parsed(tree, path)?) {
            problems.add(format_args!("prose at {prose}"));
        }
        if let Some(folder) = path.strip_suffix("/service-2.json") {
            verify_service(tree, folder, &mut problems)?;
            services += 1;
        } else if let Some((folder, _)) = path.rsplit_once('/') {
            let service = format!("{folder}/service-2.json");
            problems.check(tree.contains_key(&service), || {
                "not beside a service-2.json".to_owned()
            });
        }
    }
    Ok((problems.list, services))
}

fn verify_service(tree: &Tree, folder: &str, problems: &mut Problems) -> Result<()> {
    let model = merged(tree, folder, "service-2")?.context("missing service-2.json")?;
    let model = service::Service::new(&model);
    service::verify(&model, folder, problems);
    let checks: [(&str, Check); 3] = [
        ("paginators-1", service::verify_paginators),
        ("waiters-2", service::verify_waiters),
        ("endpoint-rule-set-1", rules::verify),
    ];
    for (kind, verify) in checks {
        if let Some(definition) = merged(tree, folder, kind)? {
            problems.place = format!("{folder}/{kind}.json");
            verify(&model, &definition, problems);
        }
    }
    if let Some(definition) = merged(tree, folder, "resources-1")? {
        let waiters = merged(tree, folder, "waiters-2")?.unwrap_or(Json::Null);
        problems.place = format!("{folder}/resources-1.json");
        resources::verify(&model, &waiters, &definition, problems);
    }
    Ok(())
}

/// Returns a definition merged with its `sdk-extras`, or `None` if it does not exist.
fn merged(tree: &Tree, folder: &str, kind: &str) -> Result<Option<Json>> {
    let path = format!("{folder}/{kind}.json");
    if !tree.contains_key(&path) {
        return Ok(None);
    }
    let mut definition = parsed(tree, &path)?;
    let extras = format!("{folder}/{kind}.sdk-extras.json");
    if tree.contains_key(&extras)
        && let Some(merge) = parsed(tree, &extras)?.get("merge")
    {
        definition.merge(merge);
    }
    Ok(Some(definition))
}

fn parsed(tree: &Tree, path: &str) -> Result<Json> {
    let bytes = tree
        .get(path)
        .with_context(|| format!("missing file {path}"))?;
    serde_json::from_slice(bytes).with_context(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVICE: &str = r#"{
        "metadata": {"apiVersion": "2020-01-01"},
        "operations": {"List": {"name": "List", "input": {"shape": "In"}, "output": {"shape": "Out"}}},
        "shapes": {
            "In": {"type": "structure", "members": {"Token": {"shape": "S"}}},
            "Out": {"type": "structure", "required": ["Token"], "members": {"Token": {"shape": "S"}, "Names": {"shape": "L"}}},
            "L": {"type": "list", "member": {"shape": "S"}},
            "S": {"type": "string"}
        }
    }"#;
    const PAGINATORS: &str = r#"{"pagination": {"List": {"input_token": "Token", "output_token": "Token", "result_key": "Names"}}}"#;
    const WAITERS: &str = r#"{"waiters": {"Named": {"operation": "List", "acceptors": [
        {"state": "success", "matcher": "pathAny", "argument": "Names[]", "expected": "x"}]}}}"#;
    const RESOURCES: &str = r#"{
        "service": {"hasMany": {"Things": {
            "request": {"operation": "List"},
            "resource": {"type": "Thing", "identifiers": [{"target": "Name", "source": "response", "path": "Names[]"}]}
        }}},
        "resources": {"Thing": {
            "identifiers": [{"name": "Name"}],
            "waiters": {"Named": {"waiterName": "Named", "params": [{"target": "Token", "source": "identifier", "name": "Name"}]}}
        }}
    }"#;

    /// Returns the problems of a small service after replacing `from` with `to`.
    fn problems(from: &str, to: &str) -> Vec<String> {
        let tree: Tree = [
            ("service-2", SERVICE),
            ("paginators-1", PAGINATORS),
            ("waiters-2", WAITERS),
            ("resources-1", RESOURCES),
        ]
        .into_iter()
        .map(|(kind, text)| {
            let path = format!("s/2020-01-01/{kind}.json");
            (path, text.replace(from, to).into_bytes())
        })
        .collect();
        verify(&tree).unwrap().0
    }

    #[test]
    fn a_consistent_service_has_no_problems() {
        assert_eq!(problems("-", "-"), Vec::<String>::new());
    }

    #[test]
    fn finds_each_kind_of_problem() {
        for (from, to, expected) in [
            (
                r#"{"shape": "L"}"#,
                r#"{"shape": "M"}"#,
                "shapes/Out/Names is of the shape `M`, which is not defined",
            ),
            ("\"2020-01-01\"", "\"2021-01-01\"", "its apiVersion is"),
            (
                r#""type": "list""#,
                r#""type": "set""#,
                "has the unknown type `set`",
            ),
            (r#"["Token"]"#, r#"["Tokens"]"#, "has no member"),
            (
                r#""input_token": "Token""#,
                r#""input_token": "Tokens""#,
                "List: input_token `Tokens` is not a parameter",
            ),
            (
                r#""result_key": "Names""#,
                r#""result_key": "Name""#,
                "List: result_key `Name`",
            ),
            (
                r#""argument": "Names[]""#,
                r#""argument": "Name[]""#,
                "Named: `Name[]`",
            ),
            ("pathAny", "pathSome", "Named: unknown matcher `pathSome`"),
            (
                r#""operation": "List""#,
                r#""operation": "Get""#,
                "unknown operation `Get`",
            ),
            (
                r#""type": "Thing""#,
                r#""type": "Things""#,
                "unknown resource `Things`",
            ),
            (
                r#""waiterName": "Named""#,
                r#""waiterName": "Name""#,
                "unknown waiter `Name`",
            ),
            (
                r#""identifiers": [{"name": "Name"}]"#,
                r#""identifiers": [{"name": "Id"}]"#,
                "unknown identifier `Name`",
            ),
            (
                r#""path": "Names[]""#,
                r#""path": "Name[]""#,
                "service.hasMany.Things: `Name[]`",
            ),
        ] {
            let list = problems(from, to);
            assert!(
                list.iter().any(|problem| problem.contains(expected)),
                "{to}: {list:#?}"
            );
        }
    }
}
