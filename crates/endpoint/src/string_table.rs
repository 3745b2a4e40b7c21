//! Table of the interned strings of a definition.
//!
//! The first indexes are the attributes of partitions, ARNs and URLs, so the evaluator compares attributes by index.

use std::borrow::Cow;

use inia_core::Str;
use inia_core::packed::packed_struct;

use crate::interner::Interner;

/// Indexes of the attributes of partitions, ARNs and URLs.
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

const ATTRIBUTES: [&str; 16] = [
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
];

/// The strings of a compiled rule set, by index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StringTable {
    /// The strings after the attributes.
    own: Box<[Str]>,
}

packed_struct!(StringTable { own });

impl StringTable {
    /// Returns an interner for the strings of a rule set, which contains the attributes.
    pub(crate) fn interner<'a>() -> Interner<Cow<'a, str>> {
        ATTRIBUTES.into_iter().map(Cow::Borrowed).collect()
    }

    /// Creates the table of the strings of an [`interner`](Self::interner).
    pub(crate) fn new(strings: &Interner<Cow<'_, str>>) -> Self {
        let own = strings.iter().skip(ATTRIBUTES.len());
        StringTable {
            own: own.map(|text| Str::from(&**text)).collect(),
        }
    }

    /// Returns the string at `id`, or an empty string if `id` is out of range (see [`contains`](Self::contains)).
    #[inline]
    pub(crate) fn get(&self, id: u16) -> &str {
        let id = usize::from(id);
        match ATTRIBUTES.get(id) {
            Some(text) => text,
            None => self.own.get(id - ATTRIBUTES.len()).map_or("", Str::as_str),
        }
    }

    /// Returns the string at `id` for a result.
    pub(crate) fn get_shared(&self, id: u16) -> Str {
        let id = usize::from(id);
        match ATTRIBUTES.get(id) {
            Some(text) => Str::from_static(text),
            None => self
                .own
                .get(id - ATTRIBUTES.len())
                .cloned()
                .unwrap_or_default(),
        }
    }

    pub(crate) fn contains(&self, id: u16) -> bool {
        usize::from(id) < ATTRIBUTES.len() + self.own.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attribute_indexes_match_the_dictionary() {
        let texts = StringTable::new(&StringTable::interner());
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
    fn equal_strings_share_an_index() {
        let mut strings = StringTable::interner();
        assert_eq!(strings.iter().len(), ATTRIBUTES.len());
        assert_eq!(strings.intern("name".into()).unwrap(), attributes::NAME);
        let first = strings.intern("première".into()).unwrap();
        let second = strings.intern("".into()).unwrap();
        assert_eq!(strings.intern("première".into()).unwrap(), first);
        let texts = StringTable::new(&strings);
        assert_eq!([texts.get(first), texts.get(second)], ["première", ""]);
        assert_eq!(texts.get_shared(first), "première");
        assert!(texts.contains(second) && !texts.contains(second + 1));
        assert_eq!(texts.get(u16::MAX), "");
    }
}
