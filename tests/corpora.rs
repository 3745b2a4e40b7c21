//! Runs each file of `fuzz/corpus` through the fuzz target of its folder, on the stable toolchain.
//!
//! Inputs found by a fuzzer are committed there as regression tests.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

#[path = "../fuzz/src/lib.rs"]
mod targets;

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz")
        .join("corpus")
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries =
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[test]
fn corpus_files_do_not_panic() {
    for (name, target) in targets::TARGETS {
        let folder = corpus().join(name);
        let files = names(&folder);
        assert!(!files.is_empty(), "{name}: no files");
        for file in files {
            let bytes = fs::read(folder.join(&file)).unwrap();
            assert!(bytes.len() <= 4096, "{name}/{file} exceeds 4096 bytes");
            // Collects the file name instead of stopping at the first panic.
            let failed = std::panic::catch_unwind(|| target(&bytes)).is_err();
            assert!(!failed, "{name}/{file}");
        }
    }
}

#[test]
fn every_target_has_a_folder_and_a_program() {
    let targets: BTreeSet<String> = targets::TARGETS
        .iter()
        .map(|(name, _)| (*name).to_owned())
        .collect();
    assert_eq!(names(&corpus()), targets);
    let programs = corpus().with_file_name("fuzz_targets");
    let programs: BTreeSet<String> = names(&programs)
        .iter()
        .map(|name| name.trim_end_matches(".rs").to_owned())
        .collect();
    assert_eq!(programs, targets);
    let manifest = fs::read_to_string(corpus().with_file_name("Cargo.toml")).unwrap();
    for name in &targets {
        assert!(manifest.contains(&format!("name = \"{name}\"\n")), "{name}");
    }
}
