//! Each `DIFFERENCE:` comment has an entry in docs/differences-from-botocore.md, and vice versa.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Counts the `DIFFERENCE:` comments per file, by path below `crates`.
fn count_marks(folder: &Path, root: &Path, counts: &mut BTreeMap<String, usize>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            count_marks(&path, root, counts);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let count = fs::read_to_string(&path)
                .unwrap()
                .matches("DIFFERENCE: ")
                .count();
            if count > 0 {
                let name = path.strip_prefix(root).unwrap().to_string_lossy();
                counts.insert(name.replace('\\', "/"), count);
            }
        }
    }
}

#[test]
fn every_difference_is_documented() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut in_code = BTreeMap::new();
    let crates = root.join("crates");
    for entry in fs::read_dir(&crates).unwrap() {
        count_marks(&entry.unwrap().path().join("src"), &crates, &mut in_code);
    }
    let page = fs::read_to_string(root.join("docs/differences-from-botocore.md")).unwrap();
    let mut in_page = BTreeMap::new();
    for name in page.split('`').filter(|text| text.ends_with(".rs")) {
        if !name.starts_with("tests/") {
            *in_page.entry(name.to_owned()).or_insert(0) += 1;
        }
    }
    assert!(in_code.len() > 40);
    assert_eq!(in_page, in_code);
}
