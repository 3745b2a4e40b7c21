//! Table of the interned strings of a definition.
//!
//! The first indexes belong to a dictionary of strings that hundreds of AWS's rule sets share, so a packed rule set stores
//! only the strings that are unique to it. The dictionary begins with the attributes of partitions, ARNs and URLs, so the
//! evaluator compares attributes by index.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::bytes::{ByteReader, ByteWriter};
use crate::error::DefinitionError;

/// Dictionary indexes of the attributes of partitions, ARNs and URLs.
pub(crate) mod attributes {
    pub(crate) const DNS_SUFFIX: u16 = 0;
    pub(crate) const DUAL_STACK_DNS_SUFFIX: u16 = 1;
    pub(crate) const IMPLICIT_GLOBAL_REGION: u16 = 2;
    pub(crate) const NAME: u16 = 3;
    pub(crate) const SUPPORTS_FIPS: u16 = 4;
    pub(crate) const SUPPORTS_DUAL_STACK: u16 = 5;
    pub(crate) const PARTITION: u16 = 6;
    pub(crate) const SERVICE: u16 = 7;
    pub(crate) const REGION: u16 = 8;
    pub(crate) const ACCOUNT_ID: u16 = 9;
    pub(crate) const RESOURCE_ID: u16 = 10;
    pub(crate) const SCHEME: u16 = 11;
    pub(crate) const AUTHORITY: u16 = 12;
    pub(crate) const PATH: u16 = 13;
    pub(crate) const NORMALIZED_PATH: u16 = 14;
    pub(crate) const IS_IP: u16 = 15;
}

/// Strings shared by many rule sets. A change also changes [`dictionary_fingerprint`], so older packed forms are rejected.
const DICTIONARY: [&str; 49] = [
    "dnsSuffix",
    "dualStackDnsSuffix",
    "implicitGlobalRegion",
    "name",
    "supportsFIPS",
    "supportsDualStack",
    "partition",
    "service",
    "region",
    "accountId",
    "resourceId",
    "scheme",
    "authority",
    "path",
    "normalizedPath",
    "isIp",
    "1.0",
    "Region",
    "UseDualStack",
    "UseFIPS",
    "Endpoint",
    "https://",
    ".",
    "-fips.",
    ".amazonaws.com",
    "authSchemes",
    "sigv4",
    "sigv4a",
    "sigv4-s3express",
    "s3",
    "s3express",
    "signingName",
    "signingRegion",
    "signingRegionSet",
    "disableDoubleEncoding",
    "*",
    "",
    "aws",
    "aws-cn",
    "aws-us-gov",
    "us-east-1",
    "us-gov-west-1",
    "us-gov-east-1",
    "Invalid Configuration: FIPS and custom endpoint are not supported",
    "Invalid Configuration: Dualstack and custom endpoint are not supported",
    "Invalid Configuration: Missing Region",
    "FIPS and DualStack are enabled, but this partition does not support one or both",
    "FIPS is enabled but this partition does not support FIPS",
    "DualStack is enabled but this partition does not support DualStack",
];

/// Returns a fingerprint of the dictionary (FNV-1a).
pub(crate) fn dictionary_fingerprint() -> u16 {
    let hash = DICTIONARY
        .iter()
        .flat_map(|text| text.bytes().chain([0]))
        .fold(0x811c_9dc5u32, |hash, byte| {
            (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
        });
    (hash ^ (hash >> 16)) as u16
}

/// The strings of a compiled definition, by index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StringTable {
    own: Box<str>,
    ends: Box<[u32]>,
}

impl StringTable {
    /// Returns the string at `id`, or an empty string if `id` is out of range (see [`contains`](Self::contains)).
    #[inline]
    pub(crate) fn get(&self, id: u16) -> &str {
        let id = usize::from(id);
        match DICTIONARY.get(id) {
            Some(text) => text,
            None => self.own(id - DICTIONARY.len()),
        }
    }

    /// Returns the string at `id` for a result; a dictionary string is borrowed.
    pub(crate) fn get_owned(&self, id: u16) -> Cow<'static, str> {
        let id = usize::from(id);
        match DICTIONARY.get(id) {
            Some(text) => Cow::Borrowed(text),
            None => Cow::Owned(self.own(id - DICTIONARY.len()).to_owned()),
        }
    }

    fn own(&self, index: usize) -> &str {
        let end_of = |index: usize| self.ends.get(index).map(|end| *end as usize);
        let start = index.checked_sub(1).and_then(end_of).unwrap_or(0);
        let end = end_of(index).unwrap_or(start);
        self.own.get(start..end).unwrap_or_default()
    }

    pub(crate) fn contains(&self, id: u16) -> bool {
        usize::from(id) < DICTIONARY.len() + self.ends.len()
    }

    pub(crate) fn write(&self, writer: &mut ByteWriter) {
        writer.count(self.ends.len());
        for index in 0..self.ends.len() {
            writer.count(self.own(index).len());
        }
        writer.raw(self.own.as_bytes());
    }

    pub(crate) fn read(reader: &mut ByteReader<'_>) -> Result<Self, DefinitionError> {
        let count = reader.count(1)?;
        let mut ends = Vec::with_capacity(count);
        let mut end = 0u32;
        for _ in 0..count {
            end = reader
                .u32()?
                .checked_add(end)
                .ok_or_else(|| reader.error("strings too long"))?;
            ends.push(end);
        }
        let bytes = reader.raw(end as usize)?;
        let own = std::str::from_utf8(bytes).map_err(|_| reader.error("string is not UTF-8"))?;
        if !ends.iter().all(|end| own.is_char_boundary(*end as usize)) {
            return Err(reader.error("string ends inside a character"));
        }
        Ok(Self {
            own: own.into(),
            ends: ends.into_boxed_slice(),
        })
    }
}

/// Interns strings and builds their [`StringTable`].
#[derive(Debug)]
pub(crate) struct StringTableBuilder {
    ids: HashMap<String, u16>,
    own: String,
    ends: Vec<u32>,
}

impl Default for StringTableBuilder {
    fn default() -> Self {
        Self {
            ids: DICTIONARY
                .iter()
                .map(|text| (*text).to_owned())
                .zip(0..)
                .collect(),
            own: String::new(),
            ends: Vec::new(),
        }
    }
}

impl StringTableBuilder {
    /// Interns a string and returns its index, or `None` if the table is full.
    pub(crate) fn intern(&mut self, text: &str) -> Option<u16> {
        if let Some(id) = self.ids.get(text) {
            return Some(*id);
        }
        let id = u16::try_from(self.ids.len()).ok()?;
        self.own.push_str(text);
        self.ends.push(u32::try_from(self.own.len()).ok()?);
        self.ids.insert(text.to_owned(), id);
        Some(id)
    }

    pub(crate) fn finish(self) -> StringTable {
        StringTable {
            own: self.own.into_boxed_str(),
            ends: self.ends.into_boxed_slice(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attribute_indexes_match_the_dictionary() {
        let texts = StringTableBuilder::default().finish();
        for (id, text) in [
            (attributes::DNS_SUFFIX, "dnsSuffix"),
            (attributes::DUAL_STACK_DNS_SUFFIX, "dualStackDnsSuffix"),
            (attributes::IMPLICIT_GLOBAL_REGION, "implicitGlobalRegion"),
            (attributes::NAME, "name"),
            (attributes::SUPPORTS_FIPS, "supportsFIPS"),
            (attributes::SUPPORTS_DUAL_STACK, "supportsDualStack"),
            (attributes::PARTITION, "partition"),
            (attributes::SERVICE, "service"),
            (attributes::REGION, "region"),
            (attributes::ACCOUNT_ID, "accountId"),
            (attributes::RESOURCE_ID, "resourceId"),
            (attributes::SCHEME, "scheme"),
            (attributes::AUTHORITY, "authority"),
            (attributes::PATH, "path"),
            (attributes::NORMALIZED_PATH, "normalizedPath"),
            (attributes::IS_IP, "isIp"),
        ] {
            assert_eq!(texts.get(id), text);
        }
    }

    #[test]
    fn dictionary_has_no_duplicates() {
        assert_eq!(StringTableBuilder::default().ids.len(), DICTIONARY.len());
    }

    #[test]
    fn interns_and_round_trips_strings() {
        let mut table = StringTableBuilder::default();
        assert_eq!(table.intern("name"), Some(attributes::NAME));
        let first = table.intern("première").unwrap();
        let second = table.intern("").unwrap();
        let third = table.intern("troisième").unwrap();
        assert_eq!(table.intern("première"), Some(first));
        let texts = table.finish();
        let mut writer = ByteWriter::default();
        texts.write(&mut writer);
        let bytes = writer.into_bytes();
        let again = StringTable::read(&mut ByteReader::new(&bytes)).unwrap();
        assert_eq!(again, texts);
        assert_eq!(
            [again.get(first), again.get(second), again.get(third)],
            ["première", "", "troisième"]
        );
        assert!(again.contains(third) && !again.contains(third + 1));
        assert_eq!(again.get(u16::MAX), "");
    }
}
