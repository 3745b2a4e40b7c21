//! Every file of `fuzz/corpus` through the fuzz target of its folder, on the stable toolchain.
//!
//! What a fuzzer finds is committed there, so that it stays found.

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
fn no_file_makes_its_target_panic() {
    for (name, target) in targets::TARGETS {
        let folder = corpus().join(name);
        let files = names(&folder);
        assert!(!files.is_empty(), "{name}: there is no file");
        for file in files {
            let bytes = fs::read(folder.join(&file)).unwrap();
            assert!(bytes.len() <= 4096, "{name}/{file} is too big to keep");
            // The name of the file comes with the panic, if there is one.
            let failed = std::panic::catch_unwind(|| target(&bytes)).is_err();
            assert!(!failed, "{name}/{file}");
        }
    }
}

#[test]
fn targets_folders_and_programs_are_the_same() {
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
