//! Packed definitions: the built-in format instead of JSON.
//!
//! An archive contains the definitions of many services and is read in place: opening it reads the header, opening a
//! service reads its metadata, and a shape or operation is decoded on first use. All files are in the form of
//! [`inia_core::packed`] and share one dictionary: models as below, other files as a value, or as the packed form of the
//! type that reads them. Only large files are compressed, each separately.
//!
//! ```text
//! archive     "inia" version  dictionary  names  services  contents
//! dictionary  records of text: the words that all texts below are encoded with
//! names       records of: letters and digits of a name, of any service of AWS, its service; sorted
//! services    records of: name, position of its contents, then a list of its API versions: version, list of files
//! file        kind, 2 * uncompressed length (0 if not compressed) + 1 if it is not a value, length
//! contents    the files in the same order, without gaps; files for all services have an empty service name
//! model       metadata  traits  operations: records  shapes: records  ids of error shapes
//! records     count  position of every eighth record  total length  (length bytes)*
//! ```
//! Numbers have variable length, seven bits per byte. The contents of a service are contiguous, so that the build
//! script of `inia-builtin` can copy selected services without decoding them.
//!
//! Archives are created with the feature `pack`. Every change of the format increments the version and requires
//! `cargo xtask models --pack`, which writes `crates/builtin/definitions.inia` again.

mod archive;
mod service;

use std::cmp::Ordering;

use inia_core::Str;
use inia_core::packed::{Packed, PackedReader, PackedWriter, packed_enum, packed_struct};

pub use archive::Archive;
pub(crate) use archive::ArchivedVersion;
#[cfg(feature = "pack")]
pub(crate) use archive::{MAGIC, NOT_A_VALUE};
pub(crate) use service::{PackedService, PackedTexts};

use crate::metadata::Metadata;
use crate::{
    ChecksumTraits, EndpointDiscovery, ErrorTraits, Flags, Location, Operation, Retryable, ShapeId,
    Traits, XmlNamespace,
};

/// Replaces the name of a member that has the same name as its target. Decoded as a text this would be an empty word
/// followed by more words, which is never written.
pub(crate) const NAME_OF_TARGET: u64 = 1;

/// Returns the index for which `compare` returns `Equal`, of `count` indexes in the order of `compare`.
pub(crate) fn binary_search(
    count: usize,
    mut compare: impl FnMut(usize) -> Option<Ordering>,
) -> Option<usize> {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low.midpoint(high);
        match compare(middle)? {
            Ordering::Equal => return Some(middle),
            Ordering::Less => low = middle + 1,
            Ordering::Greater => high = middle,
        }
    }
    None
}

packed_struct!(Metadata {
    service_id, api_version, endpoint_prefix, signature_version, protocol, full_name, uid
} optional {
    signing_name, json_version, target_prefix, xml_namespace, global_endpoint, abbreviation, h2,
    query_compatible, deprecated, auth, protocols, client_context, unknown
});

// The most frequent parts first, so that most flags take one byte.
packed_struct!(Operation { name, method, request_uri } optional {
    errors, result_wrapper, is_idempotent, is_readonly, host_prefix, static_context, is_deprecated,
    unknown, auth, auth_type, unsigned_payload, checksum, checksum_required, compression,
    operation_context, endpoint_discovery, is_endpoint_operation
} computed { index, response_code, input, output });

packed_struct!(ChecksumTraits { response_algorithms } optional {
    request_required, request_algorithm_member, request_validation_mode_member
});

packed_struct!(EndpointDiscovery { required });

packed_struct!(ErrorTraits {} optional { sender_fault, code, http_status, retryable });

packed_struct!(Retryable { throttling });

packed_struct!(Traits { flags } optional {
    location, query_name, xml_namespace, timestamp_format, context_param, unknown
} computed { location_name });

packed_struct!(XmlNamespace { uri } optional { prefix });

packed_enum!(Location { 1 = Uri, 2 = QueryString, 3 = Header, 4 = Headers, 5 = StatusCode });

impl Packed for Flags {
    fn write(&self, out: &mut PackedWriter<'_>) {
        self.bits().write(out);
    }

    fn read(reader: &mut PackedReader<'_>) -> Option<Self> {
        reader.int().map(Flags::from_bits)
    }
}

impl Packed for ShapeId {
    fn write(&self, out: &mut PackedWriter<'_>) {
        self.0.write(out);
    }

    fn read(reader: &mut PackedReader<'_>) -> Option<Self> {
        reader.int().map(ShapeId)
    }
}

/// Byte after the name of a shape.
#[derive(Clone, Copy)]
pub(crate) struct ShapeHead {
    pub(crate) kind: u8,
    pub(crate) has_traits: bool,
    pub(crate) has_constraints: bool,
    pub(crate) has_payload: bool,
    pub(crate) has_error: bool,
}

impl ShapeHead {
    fn from_byte(byte: u8) -> Self {
        ShapeHead {
            kind: byte & 15,
            has_traits: byte & 1 << 4 != 0,
            has_constraints: byte & 1 << 5 != 0,
            has_payload: byte & 1 << 6 != 0,
            has_error: byte & 1 << 7 != 0,
        }
    }
}

/// Encodings of a location name.
pub(crate) mod location_name {
    use super::Str;

    pub(crate) const NONE: usize = 0;
    pub(crate) const SAME: usize = 1;
    pub(crate) const LOWER_INITIAL: usize = 2;
    #[cfg(feature = "pack")]
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

/// Encodings of the response code of an operation that is not itself written.
pub(crate) mod response_code {
    pub(crate) const OK: u16 = 0;
    pub(crate) const NONE: u16 = 1;
}
