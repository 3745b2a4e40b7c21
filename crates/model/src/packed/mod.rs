//! Packed definitions: the built-in format instead of JSON.
//!
//! An archive contains the definitions of many services and is read in place: opening it reads the header, opening a
//! service reads its metadata, and a shape or operation is decoded on first use. Only rarely used files (paginators,
//! waiters, resources) are compressed, each separately.
//!
//! ```text
//! archive     "inia" version  dictionary  aliases  kinds  services  contents
//! dictionary  records of text: the words that all texts below are encoded with
//! aliases     records of: former service name, current name
//! kinds       records of text: the file kinds
//! services    records of: name, position of its contents, then for each API version: version, length of the model, then for
//!             each file: kind, encoding, uncompressed length, length; files for all services have an empty service name
//! contents    of the services in the same order, without gaps: for each API version the model, if any, and the files
//! model       metadata  traits  operations: records  shapes: records  ids of error shapes
//! records     count  position of every sixteenth record  total length  (length bytes)*
//! ```
//! Numbers have variable length, seven bits per byte. The contents of a service are contiguous, so that the build
//! script of `inia-builtin` can copy selected services without decoding them.
//!
//! Archives are created with the feature `pack`. Every change of the format increments the version and requires
//! `cargo xtask models --pack`, which writes `crates/builtin/definitions.inia` again.

mod archive;
mod decode;
pub(crate) mod dictionary;
pub(crate) mod reader;
mod record_reader;
mod value;

pub use archive::Archive;
pub(crate) use archive::ArchivedVersion;
#[cfg(feature = "pack")]
pub(crate) use archive::{MAGIC, encoding};
pub(crate) use decode::PackedService;
pub(crate) use record_reader::PackedTexts;

/// Replaces the name of a member that has the same name as its target. Decoded as a text this would be an empty word
/// followed by more words, which is never written.
pub(crate) const NAME_OF_TARGET: u64 = 1;

/// HTTP methods that are encoded as a number.
pub(crate) const METHODS: [&str; 6] = ["POST", "GET", "PUT", "DELETE", "PATCH", "HEAD"];

/// Byte after the name of a shape.
#[derive(Clone, Copy)]
pub(crate) struct ShapeHead {
    pub(crate) kind: u8,
    pub(crate) has_traits: bool,
    pub(crate) has_constraints: bool,
    /// A structure with error traits or a payload.
    pub(crate) has_more: bool,
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

/// Encodings of a location name.
pub(crate) mod location_name {
    use inia_core::Str;

    pub(crate) const NONE: usize = 0;
    pub(crate) const SAME: usize = 1;
    pub(crate) const LOWER_INITIAL: usize = 2;
    pub(crate) const OTHER: usize = 3;

    /// Returns the name with its first letter in lower case, if that is a capital.
    pub(crate) fn with_lower_initial(name: &str) -> Option<Str> {
        let initial = name.chars().next().filter(char::is_ascii_uppercase)?;
        let rest = name.get(1..)?;
        let mut lower = String::with_capacity(name.len());
        lower.push(initial.to_ascii_lowercase());
        lower.push_str(rest);
        Some(Str::from(lower))
    }
}

/// Bits of the optional parts of a set of traits.
pub(crate) mod traits {
    pub(crate) const QUERY_NAME: u8 = 1;
    pub(crate) const XML_NAMESPACE: u8 = 2;
    pub(crate) const XML_PREFIX: u8 = 4;
    pub(crate) const CONTEXT_PARAM: u8 = 8;
    pub(crate) const UNKNOWN: u8 = 16;
}

/// Bits of the optional parts of an operation, the most frequent lowest.
pub(crate) mod operation_flag {
    pub(crate) const INPUT: u32 = 0;
    pub(crate) const OUTPUT: u32 = 1;
    pub(crate) const NO_RESPONSE_CODE: u32 = 2;
    pub(crate) const RESULT_WRAPPER: u32 = 3;
    pub(crate) const IDEMPOTENT: u32 = 4;
    pub(crate) const READONLY: u32 = 5;
    pub(crate) const RESPONSE_CODE: u32 = 6;
    pub(crate) const OTHER_METHOD: u32 = 7;
    pub(crate) const HOST_PREFIX: u32 = 8;
    pub(crate) const STATIC_CONTEXT: u32 = 9;
    pub(crate) const DEPRECATED: u32 = 10;
    pub(crate) const UNKNOWN: u32 = 11;
    pub(crate) const AUTH: u32 = 12;
    pub(crate) const AUTH_TYPE: u32 = 13;
    pub(crate) const UNSIGNED_PAYLOAD: u32 = 14;
    pub(crate) const CHECKSUM: u32 = 15;
    pub(crate) const CHECKSUM_REQUIRED: u32 = 16;
    pub(crate) const COMPRESSION: u32 = 17;
    pub(crate) const OPERATION_CONTEXT: u32 = 18;
    pub(crate) const DISCOVERY: u32 = 19;
    pub(crate) const DISCOVERY_REQUIRED: u32 = 20;
    pub(crate) const ENDPOINT_OPERATION: u32 = 21;
}
