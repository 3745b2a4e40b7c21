//! Partitions: the groups of regions of `partitions.json`.

use inia_core::packed::{Packed, PackedReader, PackedWriter, packed_struct};
use inia_core::{Map, Result, Str, Value};

use crate::region_pattern::RegionPattern;
use inia_core::definition_node::{DefinitionNode, parse_document};

const MAX_PARTITIONS: usize = 64;

/// All partitions, in the order of the file; the first one is the default.
///
/// ```
/// use inia_endpoint::Partitions;
///
/// let partitions = Partitions::from_json(br#"{"partitions":[
///     {"id":"aws", "regionRegex":"^(us|eu)\\-\\w+\\-\\d+$", "regions":{"aws-global":{}},
///      "outputs":{"dnsSuffix":"amazonaws.com","dualStackDnsSuffix":"api.aws","implicitGlobalRegion":"us-east-1",
///                 "supportsFIPS":true,"supportsDualStack":true}},
///     {"id":"aws-cn", "regionRegex":"^cn\\-\\w+\\-\\d+$", "regions":{"cn-north-1":{"description":"China (Beijing)"}},
///      "outputs":{"dnsSuffix":"amazonaws.com.cn"}}]}"#)?;
/// assert_eq!(partitions.for_region("cn-north-1").id(), "aws-cn");
/// assert_eq!(partitions.for_region("eu-west-9").dns_suffix(), Some("amazonaws.com"));
/// assert!(partitions.find("mars-1").is_none());
/// assert_eq!(partitions.for_region("mars-1").id(), "aws");
/// # Ok::<(), inia_core::Error>(())
/// ```
///
/// # Source
/// botocore `endpoint_provider.py:RuleSetStandardLibrary.aws_partition`;
/// <https://smithy.io/2.0/aws/rules-engine/library-functions.html>
#[derive(Clone, Debug, PartialEq)]
pub struct Partitions {
    partitions: Box<[Partition]>,
}

/// A partition: a group of regions with one DNS suffix and one set of features.
#[derive(Clone, Debug, PartialEq)]
pub struct Partition {
    id: Str,
    pattern: RegionPattern,
    /// Names, each with its description.
    regions: Box<[(Str, Option<Str>)]>,
    dns_suffix: Option<Str>,
    dual_stack_dns_suffix: Option<Str>,
    implicit_global_region: Option<Str>,
    supports_fips: Option<bool>,
    supports_dual_stack: Option<bool>,
    /// Other `outputs`: booleans and strings.
    others: Map,
}

impl Partition {
    /// Returns the identifier, such as `aws` or `aws-us-gov`. In rules it is the attribute `name`.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns the suffix of host names, such as `amazonaws.com`.
    #[must_use]
    pub fn dns_suffix(&self) -> Option<&str> {
        self.dns_suffix.as_deref()
    }

    /// Returns the suffix of dual-stack (IPv4 and IPv6) host names, such as `api.aws`.
    #[must_use]
    pub fn dual_stack_dns_suffix(&self) -> Option<&str> {
        self.dual_stack_dns_suffix.as_deref()
    }

    /// Returns the signing region of global services, such as `us-east-1`.
    #[must_use]
    pub fn implicit_global_region(&self) -> Option<&str> {
        self.implicit_global_region.as_deref()
    }

    /// Returns whether the partition has FIPS endpoints, if the file states it.
    #[must_use]
    pub fn supports_fips(&self) -> Option<bool> {
        self.supports_fips
    }

    /// Returns whether the partition has dual-stack endpoints, if the file states it.
    #[must_use]
    pub fn supports_dual_stack(&self) -> Option<bool> {
        self.supports_dual_stack
    }

    /// Returns the listed regions, each with its description, in the order of the file.
    pub fn regions(&self) -> impl ExactSizeIterator<Item = (&str, Option<&str>)> {
        self.regions
            .iter()
            .map(|(name, description)| (&**name, description.as_deref()))
    }

    /// Returns the regular expression that matches regions not listed.
    #[must_use]
    pub fn region_pattern(&self) -> &str {
        self.pattern.source()
    }

    fn contains(&self, region: &str) -> bool {
        // The pattern is checked first because it matches nearly all regions, and faster than a search.
        self.pattern.matches(region) || self.regions.iter().any(|(name, _)| name == region)
    }

    fn complete_with(&mut self, other: &Partition) {
        for (own, other) in [
            (&mut self.dns_suffix, &other.dns_suffix),
            (
                &mut self.dual_stack_dns_suffix,
                &other.dual_stack_dns_suffix,
            ),
            (
                &mut self.implicit_global_region,
                &other.implicit_global_region,
            ),
        ] {
            if own.is_none() {
                own.clone_from(other);
            }
        }
        self.supports_fips = self.supports_fips.or(other.supports_fips);
        self.supports_dual_stack = self.supports_dual_stack.or(other.supports_dual_stack);
        for (name, value) in &other.others {
            if self.others.get(name).is_none() {
                self.others.insert(name.clone(), value.clone());
            }
        }
    }

    pub(crate) fn other(&self, name: &str) -> Option<&Value> {
        self.others.get(name)
    }
}

impl Partitions {
    /// Parses a `partitions.json`.
    ///
    /// # Errors
    /// The input is not JSON, has no partition, or a partition has no `id`, no `outputs` or no valid `regionRegex`.
    pub fn from_json(text: &[u8]) -> Result<Self> {
        let json = parse_document(text)?;
        let root = DefinitionNode::document(&json);
        let list = root.require("partitions")?;
        let partitions = list.items()?.map(parse_partition).collect::<Result<_>>()?;
        Self::new(partitions).ok_or_else(|| list.error("must have 1 to 64 partitions"))
    }

    /// Returns `None` if there are no partitions or too many.
    fn new(partitions: Vec<Partition>) -> Option<Self> {
        (1..=MAX_PARTITIONS)
            .contains(&partitions.len())
            .then(|| Self {
                partitions: partitions.into_boxed_slice(),
            })
    }

    /// Completes these partitions with others: a partition gets the outputs that it does not state, and partitions that are missing are
    /// added.
    ///
    /// An older `partitions.json` lacks outputs that newer endpoint rules read.
    #[must_use]
    pub fn completed_with(mut self, others: &Partitions) -> Self {
        for partition in &mut self.partitions {
            if let Some(other) = others.get(&partition.id) {
                partition.complete_with(other);
            }
        }
        let missing = others.iter().filter(|other| self.get(&other.id).is_none());
        let missing: Vec<Partition> = missing.cloned().collect();
        let mut all = self.partitions.into_vec();
        all.extend(missing);
        all.truncate(MAX_PARTITIONS);
        Self {
            partitions: all.into_boxed_slice(),
        }
    }

    /// Returns the partitions in the order of the file.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Partition> {
        self.partitions.iter()
    }

    /// Returns the partition with this identifier.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Partition> {
        self.partitions
            .iter()
            .find(|partition| *partition.id == *id)
    }

    /// Returns the first partition that lists `region` or whose pattern matches it.
    #[must_use]
    pub fn find(&self, region: &str) -> Option<&Partition> {
        self.partitions
            .iter()
            .find(|partition| partition.contains(region))
    }

    /// Returns the partition of `region`, or the default partition if the region is in none.
    #[must_use]
    pub fn for_region(&self, region: &str) -> &Partition {
        self.find(region)
            .unwrap_or_else(|| self.default_partition())
    }

    /// Returns the default partition: the first one.
    #[must_use]
    #[expect(clippy::indexing_slicing, reason = "`new` rejects an empty list")]
    pub fn default_partition(&self) -> &Partition {
        &self.partitions[0]
    }
}

fn parse_partition(node: DefinitionNode<'_, '_>) -> Result<Partition> {
    let id = node.require("id")?.string()?.clone();
    let pattern = RegionPattern::from_json(node.require("regionRegex")?)?;
    let regions = node.require("regions")?;
    let regions = regions.entries()?.map(|(name, region)| {
        let description = match region.value().get("description") {
            Some(Value::String(text)) => Some(text.clone()),
            _ => None,
        };
        (name.clone(), description)
    });
    let regions = regions.collect();
    let outputs = node.require("outputs")?;
    let mut others = Map::new();
    for (name, value) in outputs.entries()? {
        match (name.as_str(), value.value()) {
            // The identifier replaces `name`, as in botocore's `format_partition_output`.
            (
                "name"
                | "dnsSuffix"
                | "dualStackDnsSuffix"
                | "implicitGlobalRegion"
                | "supportsFIPS"
                | "supportsDualStack",
                _,
            ) => {}
            // Rules can only use booleans and strings.
            (_, value @ (Value::Bool(_) | Value::String(_))) => {
                others.insert(name.clone(), value.clone());
            }
            _ => {}
        }
    }
    Ok(Partition {
        id,
        pattern,
        regions,
        dns_suffix: outputs.optional_string("dnsSuffix")?.cloned(),
        dual_stack_dns_suffix: outputs.optional_string("dualStackDnsSuffix")?.cloned(),
        implicit_global_region: outputs.optional_string("implicitGlobalRegion")?.cloned(),
        supports_fips: outputs.optional_bool("supportsFIPS")?,
        supports_dual_stack: outputs.optional_bool("supportsDualStack")?,
        others,
    })
}

impl Packed for Partitions {
    fn write(&self, out: &mut PackedWriter<'_>) {
        self.partitions.write(out);
    }

    fn read(reader: &mut PackedReader<'_>) -> Option<Self> {
        Self::new(Packed::read(reader)?)
    }
}

packed_struct!(Partition { id, pattern, regions, others } optional {
    dns_suffix, dual_stack_dns_suffix, implicit_global_region, supports_fips, supports_dual_stack
});

#[cfg(test)]
mod tests {
    use super::*;
    use inia_core::packed::{from_bytes, to_bytes};

    const JSON: &str = r#"{"version":"1.1","partitions":[
        {"id":"one","regionRegex":"^(us|eu)\\-\\w+\\-\\d+$","regions":{"one-global":{"description":"all"}},
         "outputs":{"dnsSuffix":"one.test","supportsFIPS":true,"name":"ignored","tier":"gold","beta":false,"list":[]}},
        {"id":"two","regionRegex":"^us\\-two\\-\\d+$","regions":{"us-two-1":{},"two-global":{}},
         "outputs":{"dnsSuffix":"two.test","dualStackDnsSuffix":"six.two.test","supportsDualStack":false,
                    "implicitGlobalRegion":"us-two-1"}}]}"#;

    #[test]
    fn finds_first_partition_that_lists_or_matches_a_region() {
        let partitions = Partitions::from_json(JSON.as_bytes()).unwrap();
        for (region, expected) in [
            ("one-global", "one"),
            ("two-global", "two"),
            // Listed by the second partition, but the pattern of the first one matches.
            ("us-two-1", "one"),
            ("eu-x-9", "one"),
        ] {
            assert_eq!(partitions.find(region).unwrap().id(), expected, "{region}");
        }
        assert!(partitions.find("nowhere").is_none());
        assert_eq!(partitions.for_region("nowhere").id(), "one");
    }

    #[test]
    fn packed_form_round_trips() {
        let partitions = Partitions::from_json(JSON.as_bytes()).unwrap();
        let bytes = to_bytes(&partitions);
        let again: Partitions = from_bytes(&bytes).unwrap();
        assert_eq!(partitions, again);
        let one = again.get("one").unwrap();
        assert_eq!(one.supports_fips(), Some(true));
        assert_eq!(one.supports_dual_stack(), None);
        assert_eq!(one.other("tier"), Some(&Value::from("gold")));
        assert_eq!(one.other("beta"), Some(&Value::Bool(false)));
        assert_eq!(one.other("list"), None);
        assert_eq!(one.regions().next(), Some(("one-global", Some("all"))));
        for length in 0..bytes.len() {
            assert!(from_bytes::<Partitions>(&bytes[..length]).is_none());
        }
    }

    #[test]
    fn older_partitions_are_completed() {
        let old = r#"{"partitions":[{"id":"two","regionRegex":"^old$","regions":{},"outputs":{"dnsSuffix":"old.test"}}]}"#;
        let old = Partitions::from_json(old.as_bytes()).unwrap();
        let new = Partitions::from_json(JSON.as_bytes()).unwrap();
        let all = old.completed_with(&new);
        let two = all.default_partition();
        assert_eq!((two.id(), two.region_pattern()), ("two", "^old$"));
        assert_eq!(two.dns_suffix(), Some("old.test"));
        assert_eq!(two.implicit_global_region(), Some("us-two-1"));
        assert_eq!(two.supports_dual_stack(), Some(false));
        assert_eq!(
            all.get("one").unwrap().other("tier"),
            Some(&Value::from("gold"))
        );
    }

    #[test]
    fn errors_name_the_json_path() {
        let cases = [
            ("{}", "$"),
            (r#"{"partitions":[]}"#, "$.partitions"),
            (r#"{"partitions":[{"id":1}]}"#, "$.partitions[0].id"),
            (
                r#"{"partitions":[{"id":"a","regionRegex":"("}]}"#,
                "$.partitions[0].regionRegex",
            ),
            (
                r#"{"partitions":[{"id":"a","regionRegex":"a","regions":{}}]}"#,
                "$.partitions[0]",
            ),
            (
                r#"{"partitions":[{"id":"a","regionRegex":"a","regions":{},"outputs":{"dnsSuffix":1}}]}"#,
                "$.partitions[0].outputs.dnsSuffix",
            ),
        ];
        for (json, path) in cases {
            let error = Partitions::from_json(json.as_bytes()).unwrap_err();
            assert!(
                error.to_string().starts_with(&format!("{path}: ")),
                "{json}: {error}"
            );
        }
    }
}
