//! The packed form of `endpoints.json`.
//!
//! ```text
//! 'E' version dictionary-fingerprint(2)
//! texts, lists
//! forms       count, then of each: flags, what the flags announce, variants
//! partitions  count, then of each: id, [name], dns suffix, [pattern], defaults, regions, services
//! ```
//!
//! Where something may be left out, 0 stands for nothing and a number for the one before it.

use super::{EndpointsData, Form, PartitionEntry, Scope, ServiceEntry};
use crate::bytes::{Reader, Writer};
use crate::error::DefinitionError;
use crate::lists::Lists;
use crate::pattern::RegionPattern;
use crate::texts::{Texts, dictionary_fingerprint};

const MAGIC: u8 = b'E';
/// Bumped with every change of the packed form.
const VERSION: u8 = 1;

const DEPRECATED: u8 = 1;
const SCOPE: u8 = 2;

pub(super) fn write(data: &EndpointsData) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.byte(MAGIC);
    writer.byte(VERSION);
    writer.raw(&dictionary_fingerprint().to_le_bytes());
    data.texts.write(&mut writer);
    data.lists.write(&mut writer);
    writer.count(data.forms.len());
    for form in &data.forms {
        write_form(form, &mut writer);
    }
    writer.count(data.partitions.len());
    for partition in &data.partitions {
        write_partition(partition, &mut writer);
    }
    writer.into_bytes()
}

pub(super) fn read(bytes: &[u8]) -> Result<EndpointsData, DefinitionError> {
    let mut reader = Reader::new(bytes);
    let known = reader.byte()? == MAGIC
        && reader.byte()? == VERSION
        && reader.raw(2)? == dictionary_fingerprint().to_le_bytes().as_slice();
    if !known {
        return Err(reader.error("these are no packed endpoints of this version"));
    }
    let texts = Texts::read(&mut reader)?;
    let lists = Lists::read(&mut reader)?;
    let forms = read_all(&mut reader, read_form)?;
    let partitions = read_all(&mut reader, read_partition)?;
    reader.end()?;
    // Numbers that point nowhere are harmless: such a text is empty, such a list and such a form have nothing in them.
    Ok(EndpointsData {
        texts,
        lists,
        forms,
        partitions,
    })
}

fn read_all<'a, T>(
    reader: &mut Reader<'a>,
    mut read: impl FnMut(&mut Reader<'a>) -> Result<T, DefinitionError>,
) -> Result<Box<[T]>, DefinitionError> {
    let count = reader.count(2)?;
    // What is announced need not come: a long list grows as it is read.
    let mut all = Vec::with_capacity(count.min(1024));
    for _ in 0..count {
        all.push(read(reader)?);
    }
    Ok(all.into_boxed_slice())
}

fn write_optional(number: Option<u16>, writer: &mut Writer) {
    writer.int(number.map_or(0, |number| u32::from(number) + 1));
}

fn read_optional(reader: &mut Reader<'_>) -> Result<Option<u16>, DefinitionError> {
    match reader.u32()? {
        0 => Ok(None),
        number => u16::try_from(number - 1)
            .map(Some)
            .map_err(|_| reader.error("a number is out of range")),
    }
}

fn write_form(form: &Form, writer: &mut Writer) {
    let flag = |flag: bool, bit: u8| if flag { bit } else { 0 };
    writer.byte(flag(form.deprecated, DEPRECATED) | flag(form.credential_scope.is_some(), SCOPE));
    write_optional(form.hostname, writer);
    write_optional(form.dns_suffix, writer);
    write_optional(form.ssl_common_name, writer);
    write_optional(form.protocols, writer);
    write_optional(form.signature_versions, writer);
    if let Some(scope) = form.credential_scope {
        write_optional(scope.region, writer);
        write_optional(scope.service, writer);
    }
    writer.int(form.variants);
}

fn read_form(reader: &mut Reader<'_>) -> Result<Form, DefinitionError> {
    let flags = reader.byte()?;
    Ok(Form {
        deprecated: flags & DEPRECATED != 0,
        hostname: read_optional(reader)?,
        dns_suffix: read_optional(reader)?,
        ssl_common_name: read_optional(reader)?,
        protocols: read_optional(reader)?,
        signature_versions: read_optional(reader)?,
        credential_scope: if flags & SCOPE != 0 {
            Some(Scope {
                region: read_optional(reader)?,
                service: read_optional(reader)?,
            })
        } else {
            None
        },
        variants: reader.u16()?,
    })
}

fn write_partition(partition: &PartitionEntry, writer: &mut Writer) {
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
        for (name, form) in &service.endpoints {
            writer.int(*name);
            writer.int(*form);
        }
    }
}

fn read_partition(reader: &mut Reader<'_>) -> Result<PartitionEntry, DefinitionError> {
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
    fn packed_form_keeps_everything() {
        let data = data();
        let bytes = write(&data);
        let again = read(&bytes).unwrap();
        assert_eq!(format!("{data:?}"), format!("{again:?}"));
        for length in 0..bytes.len() {
            assert!(read(&bytes[..length]).is_err());
        }
    }
}
