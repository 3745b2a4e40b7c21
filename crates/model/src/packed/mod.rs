//! The packed form of definitions: what a program carries instead of JSON.
//!
//! An archive holds many services. It is read in place: opening it looks at its first bytes, opening a service reads its
//! metadata, and a shape or operation is decoded the first time it is asked for. Nothing is decompressed but what is rarely
//! used (paginators, waiters, resources), a file at a time.
//!
//! ```text
//! archive   "inia" version  words  former  kinds  services  contents
//! words     records of text: the dictionary that every text below is spelt with
//! former    records of: a name that a service went by before, its name now
//! kinds     records of text: the names of file kinds
//! services  records of: name, where its contents begin, then for each API version: version, length of the model, then for each
//!           file: kind, encoding, length as it was, length as it is here; a nameless service holds what is shared
//! contents  of the services in the same order, without a gap: for each API version the model, if there is one, and the files
//! model     metadata  traits  operations: records  shapes: records  ids of errors
//! records   count  the place of each sixteenth  length of all  (length bytes)*
//! ```
//! Numbers are of variable length, seven bits a byte. A service's contents are in one piece, so that the build script of `inia-builtin`
//! can take some services out of an archive without knowing what is in them.
//!
//! Archives are made by the feature `pack`, and kept: with every change of the form its version is bumped, and
//! `crates/builtin/definitions.inia` is written again by `cargo xtask models --pack`.

mod archive;
mod bytes;
mod decode;
#[cfg(feature = "pack")]
mod pack;
mod value;
mod words;

pub use archive::Archive;
pub(crate) use archive::Version;
pub(crate) use decode::{PackedService, PackedTexts};
#[cfg(feature = "pack")]
pub use pack::ArchiveBuilder;

/// In place of a member's name: the name of the shape it targets. Read as a text this is an empty word that is followed by
/// more, which is never written.
const NAME_OF_TARGET: u64 = 1;

/// The HTTP methods with a number of their own.
const METHODS: [&str; 6] = ["POST", "GET", "PUT", "DELETE", "PATCH", "HEAD"];

/// The byte behind a shape's name.
#[derive(Clone, Copy)]
struct ShapeHead {
    kind: u8,
    has_traits: bool,
    has_constraints: bool,
    /// A structure is an error or has a payload.
    has_more: bool,
}

impl ShapeHead {
    fn from_byte(byte: u8) -> Self {
        ShapeHead {
            kind: byte & 15,
            has_traits: byte & 1 << 4 != 0,
            has_constraints: byte & 1 << 5 != 0,
            has_more: byte & 1 << 6 != 0,
        }
    }
}

/// How a location name is told.
mod location_name {
    use inia_core::Str;

    pub(super) const NONE: usize = 0;
    pub(super) const SAME: usize = 1;
    pub(super) const SMALL_INITIAL: usize = 2;
    pub(super) const OTHER: usize = 3;

    /// The name with a small first letter, where it has a capital one.
    pub(super) fn with_small_initial(name: &str) -> Option<Str> {
        let initial = name.chars().next().filter(char::is_ascii_uppercase)?;
        let rest = name.get(1..)?;
        let mut small = String::with_capacity(name.len());
        small.push(initial.to_ascii_lowercase());
        small.push_str(rest);
        Some(Str::from(small))
    }
}

/// Which parts a combination of traits has.
mod traits {
    pub(super) const QUERY_NAME: u8 = 1;
    pub(super) const XML_NAMESPACE: u8 = 2;
    pub(super) const XML_PREFIX: u8 = 4;
    pub(super) const CONTEXT_PARAM: u8 = 8;
    pub(super) const UNKNOWN: u8 = 16;
}

/// Which parts an operation has; the frequent ones have the low bits.
mod flag {
    pub(super) const INPUT: u32 = 0;
    pub(super) const OUTPUT: u32 = 1;
    pub(super) const NO_RESPONSE_CODE: u32 = 2;
    pub(super) const RESULT_WRAPPER: u32 = 3;
    pub(super) const IDEMPOTENT: u32 = 4;
    pub(super) const READONLY: u32 = 5;
    pub(super) const RESPONSE_CODE: u32 = 6;
    pub(super) const OTHER_METHOD: u32 = 7;
    pub(super) const HOST_PREFIX: u32 = 8;
    pub(super) const STATIC_CONTEXT: u32 = 9;
    pub(super) const DEPRECATED: u32 = 10;
    pub(super) const UNKNOWN: u32 = 11;
    pub(super) const AUTH: u32 = 12;
    pub(super) const AUTH_TYPE: u32 = 13;
    pub(super) const UNSIGNED_PAYLOAD: u32 = 14;
    pub(super) const CHECKSUM: u32 = 15;
    pub(super) const CHECKSUM_REQUIRED: u32 = 16;
    pub(super) const COMPRESSION: u32 = 17;
    pub(super) const OPERATION_CONTEXT: u32 = 18;
    pub(super) const DISCOVERY: u32 = 19;
    pub(super) const DISCOVERY_REQUIRED: u32 = 20;
    pub(super) const ENDPOINT_OPERATION: u32 = 21;
}
