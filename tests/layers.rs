//! Dependencies point down only: the crates that each crate may use, no async runtime or network library below
//! `dispatch`, and no circles of modules inside a crate.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

/// Crates below the command, with the workspace crates that each may use: docs/architecture.md.
const LAYERS: &[(&str, &[&str])] = &[
    ("inia-core", &[]),
    ("inia-endpoint", &["inia-core"]),
    ("inia-signing", &["inia-core"]),
    ("inia-model", &["inia-core"]),
    ("inia-builtin", &["inia-core", "inia-model"]),
    ("inia-protocol", &["inia-core", "inia-model"]),
];

/// Libraries that only `dispatch` and crates above it may use.
const NETWORK: &[&str] = &[
    "h2",
    "hyper",
    "hyper-util",
    "ring",
    "rustls",
    "tokio",
    "tokio-rustls",
    "tokio-util",
    "webpki-roots",
];

/// Returns all packages in the dependency tree of a package.
fn tree(package: &str) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--package", package, "--all-features"])
        .args(["--edges", "normal", "--prefix", "none", "--format", "{p}"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let names = String::from_utf8(output.stdout).unwrap();
    let names: BTreeSet<String> = names
        .lines()
        .filter_map(|line| line.split(' ').next())
        .map(str::to_owned)
        .collect();
    assert!(names.contains(package), "{package}: {names:?}");
    names
}

#[test]
fn dependencies_point_down_only() {
    for (package, below) in LAYERS {
        let tree = tree(package);
        let ours: Vec<&str> = tree
            .iter()
            .map(String::as_str)
            .filter(|name| name.starts_with("inia"))
            .filter(|name| name != package && !below.contains(name))
            .collect();
        assert!(ours.is_empty(), "{package} uses {ours:?}");
        let network: Vec<&&str> = NETWORK
            .iter()
            .filter(|name| tree.contains(**name))
            .collect();
        assert!(network.is_empty(), "{package} depends on {network:?}");
    }
}

/// Guards against a check that never finds anything.
#[test]
fn dispatch_uses_the_network() {
    let tree = tree("inia-dispatch");
    for name in ["tokio", "hyper", "rustls"] {
        assert!(tree.contains(name), "{name}");
    }
}

/// Circles of sibling modules that are better kept: the crate, the folder, and one module of the circle.
const CIRCLES: &[(&str, &str, &str)] = &[
    // A function with an expression as its argument (`map`, `sort_by`) evaluates it.
    ("model", "jmespath", "eval"),
];

type ModulePath = Vec<String>;

/// Returns the modules of a crate, each with its code: without comments and unit tests.
fn modules(folder: &Path, path: &ModulePath, modules: &mut BTreeMap<ModulePath, String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let file = entry.unwrap().path();
        let stem = file.file_stem().unwrap().to_str().unwrap().to_owned();
        let mut child = path.clone();
        if !["mod", "lib", "main"].contains(&&*stem) {
            child.push(stem.clone());
        }
        if file.is_dir() {
            self::modules(&file, &child, modules);
        } else if stem != "tests" && file.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&file).unwrap();
            let code = text
                .split("#[cfg(test)]\nmod tests")
                .next()
                .unwrap_or_default();
            let lines = code
                .lines()
                .map(|line| line.split("//").next().unwrap_or_default());
            modules.insert(child, lines.collect::<Vec<_>>().join(" "));
        }
    }
}

/// Returns the paths after `crate::` and `super::` in the code of a module, from the root of the crate.
fn references(module: &ModulePath, code: &str) -> Vec<ModulePath> {
    let mut found = Vec::new();
    for (keyword, base) in [
        ("crate::", &[][..]),
        ("super::", &module[..module.len().saturating_sub(1)]),
    ] {
        for after in code.split(keyword).skip(1) {
            let (group, is_group) = match after.strip_prefix('{') {
                Some(group) => (group, true),
                None => (after, false),
            };
            let mut depth = 0;
            let end = group.find(|letter: char| {
                depth += i32::from(letter == '{') - i32::from(letter == '}');
                depth < 0 || !(is_group || letter.is_alphanumeric() || "_:".contains(letter))
            });
            // Nested groups are read as if their names were those of modules, which does no harm.
            for part in group[..end.unwrap_or(group.len())].split([',', '{', '}']) {
                let names = part.trim().split("::").map(str::trim).map(str::to_owned);
                found.push(base.iter().cloned().chain(names).collect());
            }
        }
    }
    found
}

/// Returns all modules that `from` uses, directly or not.
fn reachable<'a>(
    uses: &'a BTreeMap<String, BTreeSet<String>>,
    from: &str,
    seen: &mut BTreeSet<&'a str>,
) {
    for next in uses.get(from).into_iter().flatten() {
        if seen.insert(next) {
            reachable(uses, next, seen);
        }
    }
}

#[test]
fn modules_form_no_circles() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates");
    let mut circles = Vec::new();
    for entry in std::fs::read_dir(crates).unwrap() {
        let folder = entry.unwrap().path();
        let package = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let mut all = BTreeMap::new();
        modules(&folder.join("src"), &Vec::new(), &mut all);
        // The siblings that each module uses, by folder.
        let mut folders: BTreeMap<String, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
        for (module, code) in &all {
            for mut target in references(module, code) {
                while !target.is_empty() && !all.contains_key(&target) {
                    target.pop();
                }
                let shared = module
                    .iter()
                    .zip(&target)
                    .take_while(|(a, b)| a == b)
                    .count();
                if let (Some(from), Some(to)) = (module.get(shared), target.get(shared)) {
                    let siblings = folders.entry(module[..shared].join("/")).or_default();
                    siblings.entry(from.clone()).or_default().insert(to.clone());
                }
            }
        }
        for (folder, uses) in &folders {
            let reach = |from: &str| {
                let mut seen = BTreeSet::new();
                reachable(uses, from, &mut seen);
                seen
            };
            for module in uses.keys() {
                let circle: Vec<&str> = reach(module)
                    .into_iter()
                    .filter(|other| reach(other).contains(&**module))
                    .collect();
                let is_known = CIRCLES.iter().any(|(known_package, known_folder, member)| {
                    (*known_package, *known_folder) == (&*package, folder)
                        && circle.contains(member)
                });
                if !circle.is_empty() && !is_known {
                    circles.push(format!("{package} {folder}: {circle:?}"));
                }
            }
        }
    }
    assert!(circles.is_empty(), "{circles:#?}");
}
