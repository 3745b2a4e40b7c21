//! Table of the interned strings of a definition.
//!
//! The first indexes belong to a dictionary of strings that hundreds of AWS's rule sets share, so a packed rule set stores
//! only the strings that are unique to it. The dictionary begins with the attributes of partitions, ARNs and URLs, so the
//! evaluator compares attributes by index.

use std::borrow::Cow;

use inia_core::packed::{PackedReader, PackedWriter};
use inia_core::{Result, Str};

use crate::interner::{Interner, too_large};

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
    /// Returns an interner for the strings of a definition, which contains the dictionary.
    pub(crate) fn interner<'a>() -> Interner<Cow<'a, str>> {
        DICTIONARY.into_iter().map(Cow::Borrowed).collect()
    }

    /// Creates the table of the strings of an [`interner`](Self::interner).
    ///
    /// # Errors
    /// The strings are longer than `u32::MAX` in total.
    pub(crate) fn new(strings: &Interner<Cow<'_, str>>) -> Result<Self> {
        let mut own = String::new();
        let mut ends = Vec::new();
        for text in strings.iter().skip(DICTIONARY.len()) {
            own.push_str(text);
            ends.push(u32::try_from(own.len()).map_err(|_| too_large())?);
        }
        Ok(StringTable {
            own: own.into_boxed_str(),
            ends: ends.into_boxed_slice(),
        })
    }

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
    pub(crate) fn get_shared(&self, id: u16) -> Str {
        let id = usize::from(id);
        match DICTIONARY.get(id) {
            Some(text) => Str::from_static(text),
            None => Str::from(self.own(id - DICTIONARY.len())),
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

    pub(crate) fn write(&self, writer: &mut PackedWriter) {
        writer.size(self.ends.len());
        for index in 0..self.ends.len() {
            writer.size(self.own(index).len());
        }
        writer.raw(self.own.as_bytes());
    }

    pub(crate) fn read(reader: &mut PackedReader<'_>) -> Option<Self> {
        let count = reader.count(1)?;
        let mut ends = Vec::with_capacity(count);
        let mut end = 0u32;
        for _ in 0..count {
            end = end.checked_add(reader.int()?)?;
            ends.push(end);
        }
        let own = std::str::from_utf8(reader.take(end as usize)?).ok()?;
        let are_boundaries = ends.iter().all(|end| own.is_char_boundary(*end as usize));
        are_boundaries.then(|| Self {
            own: own.into(),
            ends: ends.into_boxed_slice(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attribute_indexes_match_the_dictionary() {
        let texts = StringTable::new(&StringTable::interner()).unwrap();
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
        assert_eq!(StringTable::interner().iter().len(), DICTIONARY.len());
    }

    #[test]
    fn interns_and_round_trips_strings() {
        let mut strings = StringTable::interner();
        assert_eq!(strings.intern("name".into()).unwrap(), attributes::NAME);
        let first = strings.intern("première".into()).unwrap();
        let second = strings.intern("".into()).unwrap();
        let third = strings.intern("troisième".into()).unwrap();
        assert_eq!(strings.intern("première".into()).unwrap(), first);
        let texts = StringTable::new(&strings).unwrap();
        let mut writer = PackedWriter::default();
        texts.write(&mut writer);
        let bytes = writer.bytes;
        let again = StringTable::read(&mut PackedReader::new(&bytes)).unwrap();
        assert_eq!(again, texts);
        assert_eq!(
            [again.get(first), again.get(second), again.get(third)],
            ["première", "", "troisième"]
        );
        assert!(again.contains(third) && !again.contains(third + 1));
        assert_eq!(again.get(u16::MAX), "");
    }
}
