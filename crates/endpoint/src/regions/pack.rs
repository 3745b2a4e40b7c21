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

use super::{CredentialScope, EndpointsData, PartialEndpoint, PartitionEntry, ServiceEntry};
use crate::bytes::{ByteReader, ByteWriter};
use crate::error::DefinitionError;
use crate::list_table::ListTable;
use crate::region_pattern::RegionPattern;
use crate::string_table::{StringTable, dictionary_fingerprint};

const MAGIC: u8 = b'E';
/// Incremented with every change of the packed form.
const VERSION: u8 = 1;

const DEPRECATED: u8 = 1;
const SCOPE: u8 = 2;

pub(super) fn write(data: &EndpointsData) -> Vec<u8> {
    let mut writer = ByteWriter::default();
    writer.byte(MAGIC);
    writer.byte(VERSION);
    writer.raw(&dictionary_fingerprint().to_le_bytes());
    data.strings.write(&mut writer);
    data.lists.write(&mut writer);
    writer.count(data.partials.len());
    for partial in &data.partials {
        write_partial(partial, &mut writer);
    }
    writer.count(data.partitions.len());
    for partition in &data.partitions {
        write_partition(partition, &mut writer);
    }
    writer.into_bytes()
}

pub(super) fn read(bytes: &[u8]) -> Result<EndpointsData, DefinitionError> {
    let mut reader = ByteReader::new(bytes);
    let is_current = reader.byte()? == MAGIC
        && reader.byte()? == VERSION
        && reader.raw(2)? == dictionary_fingerprint().to_le_bytes().as_slice();
    if !is_current {
        return Err(reader.error("not packed endpoints of this version"));
    }
    let strings = StringTable::read(&mut reader)?;
    let lists = ListTable::read(&mut reader)?;
    let partials = read_all(&mut reader, read_partial)?;
    let partitions = read_all(&mut reader, read_partition)?;
    reader.end()?;
    // An index out of range is harmless: it resolves to an empty string, an empty list or no endpoint.
    Ok(EndpointsData {
        strings,
        lists,
        partials,
        partitions,
    })
}

fn read_all<'a, T>(
    reader: &mut ByteReader<'a>,
    mut read: impl FnMut(&mut ByteReader<'a>) -> Result<T, DefinitionError>,
) -> Result<Box<[T]>, DefinitionError> {
    let count = reader.count(2)?;
    // The count may be wrong in damaged input: a long list grows as it is read.
    let mut all = Vec::with_capacity(count.min(1024));
    for _ in 0..count {
        all.push(read(reader)?);
    }
    Ok(all.into_boxed_slice())
}

fn write_optional(number: Option<u16>, writer: &mut ByteWriter) {
    writer.int(number.map_or(0, |number| u32::from(number) + 1));
}

fn read_optional(reader: &mut ByteReader<'_>) -> Result<Option<u16>, DefinitionError> {
    match reader.u32()? {
        0 => Ok(None),
        number => u16::try_from(number - 1)
            .map(Some)
            .map_err(|_| reader.error("integer out of range")),
    }
}

fn write_partial(partial: &PartialEndpoint, writer: &mut ByteWriter) {
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
    writer.int(partial.variants);
}

fn read_partial(reader: &mut ByteReader<'_>) -> Result<PartialEndpoint, DefinitionError> {
    let flags = reader.byte()?;
    Ok(PartialEndpoint {
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
        variants: reader.u16()?,
    })
}

fn write_partition(partition: &PartitionEntry, writer: &mut ByteWriter) {
    writer.int(partition.id);
    write_optional(partition.name, writer);
    writer.int(partition.dns_suffix);
    writer.optional_text(partition.pattern.as_ref().map(RegionPattern::source));
    writer.int(partition.defaults);
    writer.count(partition.regions.len());
    for (name, description) in &partition.regions {
        writer.int(*name);
        write_optional(*description, writer);
    }
    writer.count(partition.services.len());
    for service in &partition.services {
        writer.int(service.name);
        write_optional(service.partition_endpoint, writer);
        writer.flag(service.is_regionalized);
        writer.int(service.defaults);
        writer.count(service.endpoints.len());
        for (name, partial) in &service.endpoints {
            writer.int(*name);
            writer.int(*partial);
        }
    }
}

fn read_partition(reader: &mut ByteReader<'_>) -> Result<PartitionEntry, DefinitionError> {
    Ok(PartitionEntry {
        id: reader.u16()?,
        name: read_optional(reader)?,
        dns_suffix: reader.u16()?,
        pattern: match reader.optional_text()? {
            Some(source) => Some(RegionPattern::new(source).map_err(|error| reader.error(&error))?),
            None => None,
        },
        defaults: reader.u16()?,
        regions: read_all(reader, |reader| Ok((reader.u16()?, read_optional(reader)?)))?,
        services: read_all(reader, |reader| {
            Ok(ServiceEntry {
                name: reader.u16()?,
                partition_endpoint: read_optional(reader)?,
                is_regionalized: reader.flag()?,
                defaults: reader.u16()?,
                endpoints: read_all(reader, |reader| Ok((reader.u16()?, reader.u16()?)))?,
            })
        })?,
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
