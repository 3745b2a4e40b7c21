//! The definitions of `data/`, packed into the program: `definitions.inia`, which `cargo xtask models` writes.
//!
//! # Only some services
//!
//! Only the services named in the environment variable `INIA_SERVICES` are taken in when it is set at build time:
//!
//! ```sh
//! INIA_SERVICES=sts,sqs cargo build --release
//! ```
//!
//! A program that always wants the same ones says so in its `.cargo/config.toml`:
//!
//! ```toml
//! [env]
//! INIA_SERVICES = "sts,sqs"
//! ```
//!
//! A name that no service has fails the build. Partitions and regions, which all services share, are always there, and so are the
//! words that names are spelt with: half a megabyte. A program that brings its own definitions, in a folder of `AWS_DATA_PATH`, leaves
//! this crate out: `inia` without its default feature `builtin`. What else makes a program small is in `README.md`, under "Small
//! programs".
//!
//! # Reading them
//!
//! ```
//! let catalog = inia_model::Catalog::new(inia_builtin::archive());
//! for name in catalog.services() {
//!     println!("{name}");
//! }
//! ```

#![forbid(unsafe_code)]

use std::sync::LazyLock;

use inia_model::Archive;

/// The packed definitions. Nothing of them is read, copied or decompressed before it is asked for.
#[must_use]
pub fn archive() -> Archive {
    static ARCHIVE: LazyLock<Archive> = LazyLock::new(|| {
        // A test holds these very bytes against `data/`: they are an archive.
        Archive::open(BYTES).unwrap_or_else(|_| Archive::empty())
    });
    *ARCHIVE
}

/// What `cargo xtask models` has packed.
#[cfg(not(some_services))]
static BYTES: &[u8] = include_bytes!("../definitions.inia");

/// What the build script has taken out of it.
#[cfg(some_services)]
static BYTES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/definitions.inia"));

#[cfg(test)]
#[path = "../choose.rs"]
mod choose;

#[cfg(test)]
mod tests {
    use inia_model::{Archive, Catalog};

    use super::choose::choose;

    static ALL: &[u8] = include_bytes!("../definitions.inia");

    #[test]
    fn the_built_in_services_open() {
        let catalog = Catalog::new(super::archive());
        let names = catalog.services();
        assert!(!names.is_empty());
        for name in names {
            let service = catalog.service(&name, None).unwrap();
            assert!(service.operations().len() > 0, "{name}");
        }
    }

    fn chosen(names: &[&str]) -> Catalog {
        let bytes = choose(ALL, names).unwrap();
        assert!(bytes.len() < ALL.len());
        Catalog::new(Archive::open(bytes.leak()).unwrap())
    }

    #[test]
    fn chosen_services_are_as_they_are_among_all() {
        let all = Catalog::new(Archive::open(ALL).unwrap());
        // More than the places of one table's stride, from all over the archive; and some twice.
        let names = all.services();
        let names: Vec<&str> = names.iter().step_by(20).map(|name| &**name).collect();
        assert!(names.len() > 16);
        let some = chosen(&[names.clone(), names[..2].to_vec()].concat());
        assert_eq!(some.services(), names);
        let kinds = ["paginators-1", "waiters-2", "endpoint-rule-set-1"];
        for name in names {
            assert_eq!(
                *all.service(name, None).unwrap(),
                *some.service(name, None).unwrap()
            );
            for kind in kinds {
                let content = |catalog: &Catalog| {
                    let found = catalog.definition(name, None, kind).unwrap();
                    found.map(|found| found.content)
                };
                assert_eq!(content(&all), content(&some), "{name} {kind}");
            }
        }
        for kind in [
            "partitions",
            "endpoints",
            "_retry",
            "sdk-default-configuration",
        ] {
            let content = |catalog: &Catalog| catalog.shared(kind).unwrap().unwrap().content;
            assert_eq!(content(&all), content(&some), "{kind}");
        }
    }

    #[test]
    fn services_are_chosen_by_former_names() {
        let some = chosen(&["runtime.sagemaker", "sqs"]);
        assert_eq!(some.services(), ["sagemaker-runtime", "sqs"]);
        assert!(some.service("runtime.sagemaker", None).is_ok());
    }

    #[test]
    fn unknown_services_are_refused() {
        for name in ["sqz", "SQS", "partitions"] {
            let error = choose(ALL, &["sqs", name]).unwrap_err();
            assert_eq!(error, format!("there is no service {name:?}"));
        }
        assert!(choose(ALL, &[""]).is_err());
        assert!(choose(b"inia\x01", &["sqs"]).is_err());
        assert!(choose(&ALL[..1000], &["sqs"]).is_err());
    }
}
