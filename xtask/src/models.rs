//! Imports the service definitions: the newest API version of every service, without documentation, into `data/`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

use crate::json::Json;
use crate::packages::Packages;
use crate::peers::{self, Sources};
use crate::{strip, verify};

/// Definitions outside the service folders.
pub(crate) const SHARED: &[&str] = &[
    "_retry",
    "endpoints",
    "partitions",
    "sdk-default-configuration",
];

/// Kinds of service definitions that botocore ships.
const BOTOCORE_KINDS: &[&str] = &[
    "service-2",
    "paginators-1",
    "waiters-2",
    "endpoint-rule-set-1",
];
const RESOURCES: &str = "resources-1";

/// Documentation files that are not imported.
const SKIPPED: &[&str] = &["examples-1"];

/// Files of a data folder: relative path with `/` separators, to content.
pub(crate) type Tree = BTreeMap<String, Vec<u8>>;

/// `cargo xtask models`: writes `data/` as imported from the pinned packages and verifies it.
pub(crate) fn import(root: &Path) -> Result<()> {
    write(root, &peers::sources(root)?)
}

/// `cargo xtask models --botocore V --boto3 V`: pins other versions of the packages and imports them; `None` stands for the newest one.
pub(crate) fn import_versions(
    root: &Path,
    botocore: Option<&str>,
    boto3: Option<&str>,
) -> Result<()> {
    let sources = peers::sources_of(root, botocore, boto3)?;
    sources.packages.write(root)?;
    write(root, &sources)
}

/// `cargo xtask models --report OLD`: prints what `data/` has beyond the definitions of an older botocore.
pub(crate) fn report(root: &Path, old: &str) -> Result<()> {
    let pinned = Packages::pinned(root)?;
    let sources = peers::sources_of(root, Some(old), Some(&pinned.boto3.version))?;
    let old = crate::report::Inventory::of(&sources.botocore.join("botocore").join("data"))?;
    let new = crate::report::Inventory::of(&root.join("data"))?;
    for line in new.since(&old) {
        println!("{line}");
    }
    Ok(())
}

fn write(root: &Path, sources: &Sources) -> Result<()> {
    let data = root.join("data");
    let expected = build(sources)?;
    let present = read(&data)?;
    let mut written = 0_usize;
    for (path, bytes) in &expected {
        if present.get(path) != Some(bytes) {
            let file = data.join(path);
            if let Some(folder) = file.parent() {
                fs::create_dir_all(folder)?;
            }
            fs::write(&file, bytes).with_context(|| file.display().to_string())?;
            written += 1;
        }
    }
    let stale: Vec<&String> = present
        .keys()
        .filter(|path| !expected.contains_key(*path))
        .collect();
    for path in &stale {
        let file = data.join(path);
        fs::remove_file(&file).with_context(|| file.display().to_string())?;
        // Removes parent folders that are empty now; `remove_dir` fails on others.
        let mut folder = file.parent();
        while let Some(empty) = folder.filter(|folder| *folder != data) {
            if fs::remove_dir(empty).is_err() {
                break;
            }
            folder = empty.parent();
        }
    }
    println!(
        "{} files, {} bytes: {written} written, {} removed",
        expected.len(),
        expected.values().map(Vec::len).sum::<usize>(),
        stale.len()
    );
    verify::report(&data)
}

/// `cargo xtask models --check`: fails if an import would change `data/`.
pub(crate) fn check(root: &Path) -> Result<()> {
    let expected = build(&peers::sources(root)?)?;
    let present = read(&root.join("data"))?;
    let mut differences: Vec<String> = Vec::new();
    for (path, bytes) in &expected {
        match present.get(path) {
            None => differences.push(format!("missing: {path}")),
            Some(found) if found != bytes => differences.push(format!("differs: {path}")),
            Some(_) => {}
        }
    }
    let stale = present.keys().filter(|path| !expected.contains_key(*path));
    differences.extend(stale.map(|path| format!("not from the import: {path}")));
    if differences.is_empty() {
        println!("{} files are as imported", expected.len());
        return Ok(());
    }
    for line in differences.iter().take(20) {
        eprintln!("{line}");
    }
    bail!(
        "{} files of data/ are not as `cargo xtask models` makes them",
        differences.len()
    )
}

/// Reads all files below `folder`; none if it does not exist.
pub(crate) fn read(folder: &Path) -> Result<Tree> {
    fn walk(folder: &Path, prefix: &str, files: &mut Tree) -> Result<()> {
        for (name, is_folder) in entries(folder)? {
            let path = folder.join(&name);
            if is_folder {
                walk(&path, &format!("{prefix}{name}/"), files)?;
            } else {
                let bytes = fs::read(&path).with_context(|| path.display().to_string())?;
                files.insert(format!("{prefix}{name}"), bytes);
            }
        }
        Ok(())
    }
    let mut files = Tree::new();
    if folder.is_dir() {
        walk(folder, "", &mut files)?;
    }
    Ok(files)
}

/// Returns the sorted entries of a folder, and whether each is a folder.
fn entries(folder: &Path) -> Result<Vec<(String, bool)>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let entry = entry?;
        let name = entry
            .file_name()
            .into_string()
            .ok()
            .with_context(|| format!("a file name in {} is not UTF-8", folder.display()))?;
        names.push((name, entry.file_type()?.is_dir()));
    }
    names.sort();
    Ok(names)
}

/// Returns the sorted names of the subfolders.
fn folders(folder: &Path) -> Result<Vec<String>> {
    let entries = entries(folder)?.into_iter();
    Ok(entries
        .filter_map(|(name, is_folder)| is_folder.then_some(name))
        .collect())
}

/// Builds the contents of `data/`.
fn build(sources: &Sources) -> Result<Tree> {
    let botocore = sources.botocore.join("botocore").join("data");
    let boto3 = sources.boto3.join("boto3").join("data");
    let mut tree = Tree::new();
    for kind in SHARED {
        let (path, bytes) = convert(&botocore, "", kind)?;
        tree.insert(path, bytes);
    }
    let services = folders(&botocore)?;
    let mut operations = 0;
    for service in &services {
        let version = newest(&botocore.join(service), "service-2")?;
        let folder_path = format!("{service}/{version}/");
        for kind in kinds(&botocore.join(service).join(&version))? {
            let (path, bytes) = convert(&botocore, &folder_path, &kind)?;
            if kind == "service-2" {
                let service: Json = serde_json::from_slice(&bytes)?;
                operations += service.members("operations").count();
            }
            tree.insert(path, bytes);
        }
        // botocore loads paginators, waiters and rule sets of the service's API version, or else the newest ones. As
        // only one version is kept, both must be the same.
        for kind in BOTOCORE_KINDS {
            if let Ok(other) = newest(&botocore.join(service), kind) {
                ensure!(
                    other == version,
                    "{service}: the newest {kind} is version {other}, the newest service-2 is {version}"
                );
            }
        }
    }
    let resources = folders(&boto3)?;
    for service in &resources {
        // boto3 creates the client for the API version of the resources.
        let version = newest(&boto3.join(service), RESOURCES)?;
        let folder_path = format!("{service}/{version}/");
        ensure!(
            tree.contains_key(&format!("{folder_path}service-2.json")),
            "{service}: the newest {RESOURCES} is version {version}, not the newest service-2"
        );
        let (path, bytes) = convert(&boto3, &folder_path, RESOURCES)?;
        tree.insert(path, bytes);
    }
    let source = source(
        &sources.packages,
        &tree,
        services.len(),
        operations,
        &resources,
    )?;
    tree.insert("SOURCE.md".to_owned(), source.into_bytes());
    Ok(tree)
}

/// Returns the newest API version of a service that has a definition of this kind.
///
/// # Source
/// botocore `loaders.py:Loader.determine_latest_version`.
fn newest(service: &Path, kind: &str) -> Result<String> {
    folders(service)?
        .into_iter()
        .filter(|version| service.join(version).join(format!("{kind}.json")).is_file())
        .max()
        .with_context(|| format!("{} has no {kind}", service.display()))
}

/// Returns the kinds of definitions to import from a version folder. An unclassified kind is an error.
fn kinds(version: &Path) -> Result<Vec<String>> {
    let mut kinds = Vec::new();
    for (file, _) in entries(version)? {
        let kind = file
            .strip_suffix(".json")
            .with_context(|| format!("{} is not JSON", version.join(&file).display()))?;
        let base = kind.strip_suffix(".sdk-extras").unwrap_or(kind);
        if BOTOCORE_KINDS.contains(&base) {
            kinds.push(kind.to_owned());
        } else {
            ensure!(
                SKIPPED.contains(&base),
                "{}: unknown kind of definition",
                version.join(&file).display()
            );
        }
    }
    Ok(kinds)
}

/// Strips a definition: returns its path in `data/` and its compact JSON with a trailing newline.
fn convert(data: &Path, folder_path: &str, kind: &str) -> Result<(String, Vec<u8>)> {
    let path = format!("{folder_path}{kind}.json");
    let file = data.join(&path);
    let text = fs::read(&file).with_context(|| file.display().to_string())?;
    let mut json: Json =
        serde_json::from_slice(&text).with_context(|| file.display().to_string())?;
    strip::strip(kind, &mut json);
    let mut bytes = serde_json::to_vec(&json)?;
    bytes.push(b'\n');
    Ok((path, bytes))
}

/// Returns the text of `data/SOURCE.md`.
fn source(
    packages: &Packages,
    tree: &Tree,
    services: usize,
    operations: usize,
    resources: &[String],
) -> Result<String> {
    let Packages {
        botocore, boto3, ..
    } = packages;
    let mut text = format!(
        "\
# Where these definitions come from

Written by `cargo xtask models`; do not edit by hand.

They are AWS's own descriptions of its services, as shipped in two packages of the Python package index:

| package | version | archive | SHA-256 |
|---|---|---|---|
| {} | {} | {} | `{}` |
| {} | {} | {} | `{}` |

Licence: Apache License 2.0, as both packages; see `LICENSE-APACHE` and `NOTICE` at the root of this repository.
Copyright Amazon.com, Inc. or its affiliates.

## What is here

{services} services with {operations} operations, each in its newest API version only, in botocore's own layout:
`<service>/<api-version>/<kind>.json`.

| kind | files | bytes |
|---|---:|---:|
",
        botocore.name,
        botocore.version,
        botocore.archive(),
        botocore.sha256,
        boto3.name,
        boto3.version,
        boto3.archive(),
        boto3.sha256,
    );
    let mut kinds = BTreeMap::<&str, (usize, usize)>::new();
    for (path, bytes) in tree {
        let kind = path.rsplit('/').next().unwrap_or(path);
        let (files, size) = kinds.entry(kind).or_default();
        *files += 1;
        *size += bytes.len();
    }
    let (mut files, mut size) = (0, 0);
    for (kind, (kind_files, kind_size)) in kinds {
        writeln!(text, "| {kind} | {kind_files} | {kind_size} |")?;
        files += kind_files;
        size += kind_size;
    }
    writeln!(text, "| all | {files} | {size} |")?;
    write!(
        text,
        "
## What was changed

- Prose is taken out, by its position and not by its name: `documentation` of services, operations, their inputs, outputs and
  errors, shapes, members, client context parameters, endpoint parameters and rules, and of the default configuration;
  `description` of waiters. `deprecatedMessage` stays. Members, shapes and parameters that are *named* `documentation` stay.
- `examples-1` files and older API versions are not imported.
- JSON is written compactly, keys in the order of the source, with a newline at the end. Nothing else differs.

## Resources

`{RESOURCES}` comes from {}, for these services: {}.

There it is kept under an API version too, and the client of a resource is made for that version. Each stands here in the
newest version that has one, which for all of them is the newest version of the service as well; the import fails should
that ever change. The older versions of ec2's are not imported.

## Check

`cargo xtask models --check` imports again and fails if any byte here would change; `cargo xtask models --verify` checks
that every reference in these files resolves, but for the few that do not in the packages either, which it lists.
",
        boto3.name,
        resources.join(", "),
    )?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A temporary folder, removed on drop.
    struct Folder(std::path::PathBuf);

    impl Folder {
        fn new(name: &str, files: &[(&str, &str)]) -> Self {
            let folder =
                std::env::temp_dir().join(format!("inia-xtask-{}-{name}", std::process::id()));
            for (path, text) in files {
                let path = folder.join(path);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
            }
            Folder(folder)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    const SERVICE: &str = r#"{ "documentation": "x", "operations": { "Get": {} }, "shapes": {} }"#;

    fn sources(folder: &Folder) -> Sources {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        Sources {
            packages: Packages::pinned(&root).unwrap(),
            botocore: folder.0.join("b"),
            boto3: folder.0.join("r"),
        }
    }

    const SHARED_FILES: &[(&str, &str)] = &[
        ("b/botocore/data/_retry.json", "{}"),
        ("b/botocore/data/endpoints.json", "{}"),
        ("b/botocore/data/partitions.json", "{}"),
        ("b/botocore/data/sdk-default-configuration.json", "{}"),
    ];

    #[test]
    fn imports_the_newest_version_without_documentation_and_examples() {
        let mut files = SHARED_FILES.to_vec();
        files.extend([
            ("b/botocore/data/sqs/2011-01-01/service-2.json", SERVICE),
            ("b/botocore/data/sqs/2012-11-05/service-2.json", SERVICE),
            ("b/botocore/data/sqs/2012-11-05/examples-1.json", "{}"),
            ("r/boto3/data/sqs/2012-11-05/resources-1.json", "{ }"),
        ]);
        let folder = Folder::new("newest", &files);
        let tree = build(&sources(&folder)).unwrap();
        let paths: Vec<&str> = tree.keys().map(String::as_str).collect();
        assert_eq!(
            paths,
            [
                "SOURCE.md",
                "_retry.json",
                "endpoints.json",
                "partitions.json",
                "sdk-default-configuration.json",
                "sqs/2012-11-05/resources-1.json",
                "sqs/2012-11-05/service-2.json",
            ]
        );
        assert_eq!(
            tree["sqs/2012-11-05/service-2.json"],
            b"{\"operations\":{\"Get\":{}},\"shapes\":{}}\n"
        );
    }

    #[test]
    fn rejects_resources_of_an_older_version() {
        let mut files = SHARED_FILES.to_vec();
        files.extend([
            ("b/botocore/data/sqs/2012-11-05/service-2.json", SERVICE),
            ("r/boto3/data/sqs/2011-01-01/resources-1.json", "{}"),
        ]);
        let folder = Folder::new("older", &files);
        let error = build(&sources(&folder)).unwrap_err().to_string();
        assert!(error.contains("not the newest service-2"), "{error}");
    }

    #[test]
    fn rejects_an_unknown_kind() {
        let mut files = SHARED_FILES.to_vec();
        files.extend([
            ("b/botocore/data/sqs/2012-11-05/service-2.json", SERVICE),
            ("b/botocore/data/sqs/2012-11-05/novelties-1.json", "{}"),
            ("r/boto3/data/sqs/2012-11-05/resources-1.json", "{}"),
        ]);
        let folder = Folder::new("unknown", &files);
        let error = build(&sources(&folder)).unwrap_err().to_string();
        assert!(error.contains("novelties-1.json"), "{error}");
    }
}
