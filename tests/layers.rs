//! Dependencies point down only: the crates that each crate may use, and no async runtime or network library below
//! `dispatch`.

use std::collections::BTreeSet;
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
