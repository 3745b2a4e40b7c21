//! Checks that the definitions in a data folder hold together: every name that one file uses, another one defines.

mod paths;
mod resources;
mod rules;
mod service;

use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::json::Json;
use crate::models::{self, Tree};
use crate::strip;

/// What does not hold, each with the place where it stands.
#[derive(Debug, Default)]
struct Problems {
    place: String,
    found: Vec<String>,
}

impl Problems {
    fn add(&mut self, text: impl std::fmt::Display) {
        self.found.push(format!("{}: {text}", self.place));
    }

    fn check(&mut self, holds: bool, text: impl FnOnce() -> String) {
        if !holds {
            self.add(text());
        }
    }
}

/// What does not hold in the packages themselves, and why that is borne. One that no longer shows is a problem too.
const KNOWN: &[(&str, &str)] = &[
    (
        r#"ec2/2016-11-15/resources-1.json: NetworkInterfaceAssociation.has.Address: `AllocationId`: AllocationId is not there in InstanceNetworkInterfaceAssociation"#,
        "the reference is none, as in boto3 when an identifier's path finds nothing",
    ),
    (
        r#"iam/2010-05-08/resources-1.json: service.actions.CreateSigningCertificate: SigningCertificate needs the identifiers {"Id", "UserName"} and is given {"Id"}"#,
        "the call is made and the resource is not, as in boto3, which then misses `user_name`",
    ),
    (
        r#"iam/2010-05-08/resources-1.json: service.has.Policy: Policy needs the identifiers {"Arn"} and is given {"PolicyArn"}"#,
        "identifiers that the caller gives are taken by position",
    ),
];

/// Checks one definition against its service.
type Check = fn(&service::Service<'_>, &Json, &mut Problems);

/// `cargo xtask models --verify`: prints every problem; fails if there is one.
pub(crate) fn report(data: &Path) -> Result<()> {
    let tree = models::read(data)?;
    let (mut problems, services) = verify(&tree)?;
    for (known, _) in KNOWN {
        match problems.iter().position(|problem| problem == known) {
            Some(at) => drop(problems.remove(at)),
            None => problems.push(format!("known and no longer there: {known}")),
        }
    }
    for problem in &problems {
        eprintln!("{problem}");
    }
    if !problems.is_empty() {
        bail!("{} problems in {}", problems.len(), data.display());
    }
    for (known, reason) in KNOWN {
        println!("known: {known}: {reason}");
    }
    println!(
        "{services} services hold together, but for {} known problems",
        KNOWN.len()
    );
    Ok(())
}

/// The problems of a data folder's files, and how many services there are.
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
                "stands beside no service-2.json".to_owned()
            });
        }
    }
    Ok((problems.found, services))
}

fn verify_service(tree: &Tree, folder: &str, problems: &mut Problems) -> Result<()> {
    let model = merged(tree, folder, "service-2")?.context("service-2.json is not there")?;
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

/// A definition with its `sdk-extras`, if it is there.
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
        .with_context(|| format!("{path} is not there"))?;
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

    /// The problems of a small service in which `from` is replaced by `to`.
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
    fn a_service_that_holds_together_has_no_problems() {
        assert_eq!(problems("-", "-"), Vec::<String>::new());
    }

    #[test]
    fn what_does_not_hold_is_found() {
        for (from, to, expected) in [
            (
                r#"{"shape": "L"}"#,
                r#"{"shape": "M"}"#,
                "shapes/Out/Names is of the shape `M`, which is not there",
            ),
            ("\"2020-01-01\"", "\"2021-01-01\"", "its apiVersion is"),
            (
                r#""type": "list""#,
                r#""type": "set""#,
                "has the type `set`",
            ),
            (r#"["Token"]"#, r#"["Tokens"]"#, "has no member"),
            (
                r#""input_token": "Token""#,
                r#""input_token": "Tokens""#,
                "List: input_token `Tokens` is no parameter",
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
                "there is no operation `Get`",
            ),
            (
                r#""type": "Thing""#,
                r#""type": "Things""#,
                "there is no resource `Things`",
            ),
            (
                r#""waiterName": "Named""#,
                r#""waiterName": "Name""#,
                "there is no waiter `Name`",
            ),
            (
                r#""identifiers": [{"name": "Name"}]"#,
                r#""identifiers": [{"name": "Id"}]"#,
                "there is no identifier `Name`",
            ),
            (
                r#""path": "Names[]""#,
                r#""path": "Name[]""#,
                "service.hasMany.Things: `Name[]`",
            ),
        ] {
            let found = problems(from, to);
            assert!(
                found.iter().any(|problem| problem.contains(expected)),
                "{to} gives {found:#?}"
            );
        }
    }
}
