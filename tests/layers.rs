//! Arrows point down only: which of our crates each crate may use, and that none below `dispatch` knows a runtime or a network.

use std::collections::BTreeSet;
use std::process::Command;

/// Each crate below the command, with those of ours that it may use: docs/architecture.md.
const LAYERS: &[(&str, &[&str])] = &[
    ("inia-core", &[]),
    ("inia-endpoint", &["inia-core"]),
    ("inia-signing", &["inia-core"]),
    ("inia-model", &["inia-core"]),
    ("inia-builtin", &["inia-core", "inia-model"]),
    ("inia-protocol", &["inia-core", "inia-model"]),
];

/// What only `dispatch` and those above it may use.
const NETWORK: &[&str] = &[
    "h2",
    "hyper",
    "hyper-rustls",
    "hyper-util",
    "ring",
    "rustls",
    "tokio",
    "tokio-rustls",
    "tokio-util",
    "webpki-roots",
];

/// Every package that a package is built with.
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
fn arrows_point_down_only() {
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
        assert!(network.is_empty(), "{package} is built with {network:?}");
    }
}

/// A check that finds nothing anywhere would hold nothing.
#[test]
fn the_network_is_in_dispatch() {
    let tree = tree("inia-dispatch");
    for name in ["tokio", "hyper", "rustls"] {
        assert!(tree.contains(name), "{name}");
    }
}
