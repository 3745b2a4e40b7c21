//! The packed form of `endpoints.json`.
//!
//! ```text
//! 'E' version dictionary-fingerprint(2)
//! strings, lists
//! endpoints   count, then for each: flags, optional fields, variants
//! partitions  count, then for each: id, [name], dns suffix, [pattern], defaults, regions, services
//! ```
//!
//! An optional index is 0 if it is absent, and the index plus 1 otherwise.

use inia_core::Result;
use inia_core::packed::{PackedReader, PackedWriter};

use super::{CredentialScope, EndpointsData, PartialEndpoint, PartitionEntry, ServiceEntry};
use crate::list_table::ListTable;
use crate::packed::{self, read_all, read_optional_text, write_all, write_optional_text};
use crate::region_pattern::RegionPattern;
use crate::string_table::{StringTable, dictionary_fingerprint};

const DEPRECATED: u8 = 1;
const SCOPE: u8 = 2;

/// Magic byte, version and dictionary fingerprint. The version is incremented with every change of the packed form.
fn header() -> [u8; 4] {
    let [low, high] = dictionary_fingerprint().to_le_bytes();
    [b'E', 1, low, high]
}

pub(super) fn write(data: &EndpointsData) -> Vec<u8> {
    packed::encode(&header(), |writer| {
        data.strings.write(writer);
        data.lists.write(writer);
        write_all(&data.partials, writer, write_partial);
        write_all(&data.partitions, writer, write_partition);
    })
}

pub(super) fn read(bytes: &[u8]) -> Result<EndpointsData> {
    // An index out of range is harmless: it resolves to an empty string, an empty list or no endpoint.
    packed::decode(&header(), bytes, |reader| {
        Some(EndpointsData {
            strings: StringTable::read(reader)?,
            lists: ListTable::read(reader)?,
            partials: read_all(reader, 2, read_partial)?.into_boxed_slice(),
            partitions: read_all(reader, 2, read_partition)?.into_boxed_slice(),
        })
    })
}

fn write_optional(index: Option<u16>, writer: &mut PackedWriter) {
    writer.number(index.map_or(0, |index| u32::from(index) + 1));
}

fn read_optional(reader: &mut PackedReader<'_>) -> Option<Option<u16>> {
    match reader.int::<u32>()?.checked_sub(1) {
        Some(index) => u16::try_from(index).ok().map(Some),
        None => Some(None),
    }
}

fn write_partial(partial: &PartialEndpoint, writer: &mut PackedWriter) {
    let flag = |flag: bool, bit: u8| if flag { bit } else { 0 };
    writer.byte(
        flag(partial.deprecated, DEPRECATED) | flag(partial.credential_scope.is_some(), SCOPE),
    );
    write_optional(partial.hostname, writer);
    write_optional(partial.dns_suffix, writer);
    write_optional(partial.ssl_common_name, writer);
    write_optional(partial.protocols, writer);
    write_optional(partial.signature_versions, writer);
    if let Some(scope) = partial.credential_scope {
        write_optional(scope.region, writer);
        write_optional(scope.service, writer);
    }
    writer.number(partial.variants);
}

fn read_partial(reader: &mut PackedReader<'_>) -> Option<PartialEndpoint> {
    let flags = reader.byte()?;
    Some(PartialEndpoint {
        deprecated: flags & DEPRECATED != 0,
        hostname: read_optional(reader)?,
        dns_suffix: read_optional(reader)?,
        ssl_common_name: read_optional(reader)?,
        protocols: read_optional(reader)?,
        signature_versions: read_optional(reader)?,
        credential_scope: if flags & SCOPE != 0 {
            Some(CredentialScope {
                region: read_optional(reader)?,
                service: read_optional(reader)?,
            })
        } else {
            None
        },
        variants: reader.int()?,
    })
}

fn write_partition(partition: &PartitionEntry, writer: &mut PackedWriter) {
    writer.number(partition.id);
    write_optional(partition.name, writer);
    writer.number(partition.dns_suffix);
    write_optional_text(
        partition.pattern.as_ref().map(RegionPattern::source),
        writer,
    );
    writer.number(partition.defaults);
    write_all(&partition.regions, writer, |(name, description), writer| {
        writer.number(*name);
        write_optional(*description, writer);
    });
    write_all(&partition.services, writer, |service, writer| {
        writer.number(service.name);
        write_optional(service.partition_endpoint, writer);
        writer.flag(service.is_regionalized);
        writer.number(service.defaults);
        write_all(&service.endpoints, writer, |(name, partial), writer| {
            writer.number(*name);
            writer.number(*partial);
        });
    });
}

fn read_partition(reader: &mut PackedReader<'_>) -> Option<PartitionEntry> {
    Some(PartitionEntry {
        id: reader.int()?,
        name: read_optional(reader)?,
        dns_suffix: reader.int()?,
        pattern: match read_optional_text(reader)? {
            Some(source) => Some(RegionPattern::new(source).ok()?),
            None => None,
        },
        defaults: reader.int()?,
        regions: read_all(reader, 2, |reader| {
            Some((reader.int()?, read_optional(reader)?))
        })?
        .into_boxed_slice(),
        services: read_all(reader, 2, |reader| {
            Some(ServiceEntry {
                name: reader.int()?,
                partition_endpoint: read_optional(reader)?,
                is_regionalized: reader.flag()?,
                defaults: reader.int()?,
                endpoints: read_all(reader, 2, |reader| Some((reader.int()?, reader.int()?)))?
                    .into_boxed_slice(),
            })
        })?
        .into_boxed_slice(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::regions::construct::tests::data;

    #[test]
    fn packed_form_round_trips() {
        let data = data();
        let bytes = write(&data);
        let again = read(&bytes).unwrap();
        assert_eq!(format!("{data:?}"), format!("{again:?}"));
        for length in 0..bytes.len() {
            assert!(read(&bytes[..length]).is_err());
        }
    }
}
