//! The texts of a definition, each stored once and known by its number.
//!
//! The first numbers belong to a dictionary of texts that hundreds of AWS's rule sets share, so that a packed rule set
//! holds little more than what is its own. The very first ones are the attributes of partitions, ARNs and URLs, which
//! lets the evaluator tell them apart by number.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::bytes::{Reader, Writer};
use crate::error::DefinitionError;

/// Numbers of the texts that the evaluator knows.
pub(crate) mod known {
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

/// Changing anything here changes the packed form; [`dictionary_fingerprint`] makes old forms unreadable.
const COMMON: [&str; 49] = [
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

/// A fingerprint of the dictionary (FNV-1a).
pub(crate) fn dictionary_fingerprint() -> u16 {
    let hash = COMMON
        .iter()
        .flat_map(|text| text.bytes().chain([0]))
        .fold(0x811c_9dc5u32, |hash, byte| {
            (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
        });
    (hash ^ (hash >> 16)) as u16
}

/// The texts of a compiled rule set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Texts {
    own: Box<str>,
    ends: Box<[u32]>,
}

impl Texts {
    /// The text of this number; empty for a number that was not checked by [`contains`](Self::contains).
    #[inline]
    pub(crate) fn get(&self, id: u16) -> &str {
        let id = usize::from(id);
        match COMMON.get(id) {
            Some(text) => text,
            None => self.own(id - COMMON.len()),
        }
    }

    /// The same text for a result: one of the dictionary needs no copy.
    pub(crate) fn get_owned(&self, id: u16) -> Cow<'static, str> {
        let id = usize::from(id);
        match COMMON.get(id) {
            Some(text) => Cow::Borrowed(text),
            None => Cow::Owned(self.own(id - COMMON.len()).to_owned()),
        }
    }

    fn own(&self, index: usize) -> &str {
        let end_of = |index: usize| self.ends.get(index).map(|end| *end as usize);
        let start = index.checked_sub(1).and_then(end_of).unwrap_or(0);
        let end = end_of(index).unwrap_or(start);
        self.own.get(start..end).unwrap_or_default()
    }

    pub(crate) fn contains(&self, id: u16) -> bool {
        usize::from(id) < COMMON.len() + self.ends.len()
    }

    pub(crate) fn write(&self, writer: &mut Writer) {
        writer.count(self.ends.len());
        for index in 0..self.ends.len() {
            writer.count(self.own(index).len());
        }
        writer.raw(self.own.as_bytes());
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DefinitionError> {
        let count = reader.count(1)?;
        let mut ends = Vec::with_capacity(count);
        let mut end = 0u32;
        for _ in 0..count {
            end = reader
                .u32()?
                .checked_add(end)
                .ok_or_else(|| reader.error("the texts are too long"))?;
            ends.push(end);
        }
        let bytes = reader.raw(end as usize)?;
        let own = std::str::from_utf8(bytes).map_err(|_| reader.error("a text is not UTF-8"))?;
        if !ends.iter().all(|end| own.is_char_boundary(*end as usize)) {
            return Err(reader.error("a text ends inside a character"));
        }
        Ok(Self {
            own: own.into(),
            ends: ends.into_boxed_slice(),
        })
    }
}

/// Gives numbers to texts.
#[derive(Debug)]
pub(crate) struct TextTable {
    ids: HashMap<String, u16>,
    own: String,
    ends: Vec<u32>,
}

impl Default for TextTable {
    fn default() -> Self {
        Self {
            ids: COMMON
                .iter()
                .map(|text| (*text).to_owned())
                .zip(0..)
                .collect(),
            own: String::new(),
            ends: Vec::new(),
        }
    }
}

impl TextTable {
    /// The number of a text; `None` where there are too many or too long ones.
    pub(crate) fn id(&mut self, text: &str) -> Option<u16> {
        if let Some(id) = self.ids.get(text) {
            return Some(*id);
        }
        let id = u16::try_from(self.ids.len()).ok()?;
        self.own.push_str(text);
        self.ends.push(u32::try_from(self.own.len()).ok()?);
        self.ids.insert(text.to_owned(), id);
        Some(id)
    }

    pub(crate) fn finish(self) -> Texts {
        Texts {
            own: self.own.into_boxed_str(),
            ends: self.ends.into_boxed_slice(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_numbers_are_the_dictionary_s() {
        let texts = TextTable::default().finish();
        for (id, text) in [
            (known::DNS_SUFFIX, "dnsSuffix"),
            (known::DUAL_STACK_DNS_SUFFIX, "dualStackDnsSuffix"),
            (known::IMPLICIT_GLOBAL_REGION, "implicitGlobalRegion"),
            (known::NAME, "name"),
            (known::SUPPORTS_FIPS, "supportsFIPS"),
            (known::SUPPORTS_DUAL_STACK, "supportsDualStack"),
            (known::PARTITION, "partition"),
            (known::SERVICE, "service"),
            (known::REGION, "region"),
            (known::ACCOUNT_ID, "accountId"),
            (known::RESOURCE_ID, "resourceId"),
            (known::SCHEME, "scheme"),
            (known::AUTHORITY, "authority"),
            (known::PATH, "path"),
            (known::NORMALIZED_PATH, "normalizedPath"),
            (known::IS_IP, "isIp"),
        ] {
            assert_eq!(texts.get(id), text);
        }
    }

    #[test]
    fn the_dictionary_has_no_text_twice() {
        assert_eq!(TextTable::default().ids.len(), COMMON.len());
    }

    #[test]
    fn texts_have_one_number_and_round_trip() {
        let mut table = TextTable::default();
        assert_eq!(table.id("name"), Some(known::NAME));
        let first = table.id("première").unwrap();
        let second = table.id("").unwrap();
        let third = table.id("troisième").unwrap();
        assert_eq!(table.id("première"), Some(first));
        let texts = table.finish();
        let mut writer = Writer::default();
        texts.write(&mut writer);
        let bytes = writer.into_bytes();
        let again = Texts::read(&mut Reader::new(&bytes)).unwrap();
        assert_eq!(again, texts);
        assert_eq!(
            [again.get(first), again.get(second), again.get(third)],
            ["première", "", "troisième"]
        );
        assert!(again.contains(third) && !again.contains(third + 1));
        assert_eq!(again.get(u16::MAX), "");
    }
}
