//! The definitions of `data/`, packed into the program.
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
//! Partitions and regions, which all services share, are always there. A program that brings its own definitions, in a folder of
//! `AWS_DATA_PATH`, leaves this crate out: `inia` without its default feature `builtin`. What else makes a program small is in
//! `benches/README.md`, under "A small program".
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
        // The build script has opened these very bytes: they are an archive.
        Archive::open(BYTES).unwrap_or_else(|_| Archive::empty())
    });
    *ARCHIVE
}

static BYTES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/definitions.inia"));

#[cfg(test)]
mod tests {
    use inia_model::Catalog;

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
}
