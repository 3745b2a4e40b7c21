//! Partitions: the groups of regions of `partitions.json`.

use crate::bytes::{ByteReader, ByteWriter};
use crate::error::DefinitionError;
use crate::json::{self, Json, JsonPath};
use crate::region_pattern::RegionPattern;

/// Incremented with every change of the packed form.
const VERSION: u8 = 1;
const MAGIC: u8 = b'P';
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
/// # Ok::<(), inia_endpoint::DefinitionError>(())
/// ```
///
/// # Source
/// botocore `endpoint_provider.py:RuleSetStandardLibrary.aws_partition`;
/// <https://smithy.io/2.0/aws/rules-engine/library-functions.html>
#[derive(Clone, Debug)]
pub struct Partitions {
    partitions: Box<[Partition]>,
    /// All listed regions, sorted, each with the index of its partition.
    listed: Box<[(Box<str>, u16)]>,
}

/// A partition: a group of regions with one DNS suffix and one set of features.
#[derive(Clone, Debug)]
pub struct Partition {
    id: Box<str>,
    pattern: RegionPattern,
    regions: Box<[PartitionRegion]>,
    dns_suffix: Option<Box<str>>,
    dual_stack_dns_suffix: Option<Box<str>>,
    implicit_global_region: Option<Box<str>>,
    supports_fips: Option<bool>,
    supports_dual_stack: Option<bool>,
    others: Box<[(Box<str>, PartitionOutput)]>,
}

#[derive(Clone, Debug)]
struct PartitionRegion {
    name: Box<str>,
    description: Option<Box<str>>,
}

/// An entry of a partition's `outputs`, which `aws.partition` returns to the rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PartitionOutput {
    Bool(bool),
    String(Box<str>),
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
            .map(|region| (&*region.name, region.description.as_deref()))
    }

    /// Returns the regular expression that matches regions not listed.
    #[must_use]
    pub fn region_pattern(&self) -> &str {
        self.pattern.source()
    }

    pub(crate) fn other(&self, name: &str) -> Option<&PartitionOutput> {
        self.others
            .iter()
            .find(|(other, _)| **other == *name)
            .map(|(_, output)| output)
    }
}

impl Partitions {
    /// Parses a `partitions.json`.
    ///
    /// # Errors
    /// The input is not JSON, has no partition, or a partition has no `id`, no `outputs` or no valid `regionRegex`.
    pub fn from_json(text: &[u8]) -> Result<Self, DefinitionError> {
        let json = json::parse(text)?;
        let root = JsonPath::Root;
        let path = root.key("partitions");
        let list = json.required("partitions", &root)?.list(&path)?;
        if list.len() > MAX_PARTITIONS {
            return Err(path.error("too many partitions"));
        }
        let mut partitions = Vec::with_capacity(list.len());
        for (index, item) in list.iter().enumerate() {
            partitions.push(partition(item, &path.index(index))?);
        }
        Self::new(partitions).ok_or_else(|| path.error("no partitions"))
    }

    /// Reads the packed form that [`to_bytes`](Self::to_bytes) returns.
    ///
    /// # Errors
    /// The bytes were written by another version of this crate, or are damaged.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DefinitionError> {
        let mut reader = ByteReader::new(bytes);
        if reader.byte()? != MAGIC || reader.byte()? != VERSION {
            return Err(reader.error("not packed partitions of this version"));
        }
        let count = reader.count(4)?;
        if count > MAX_PARTITIONS {
            return Err(reader.error("too many partitions"));
        }
        let mut partitions = Vec::with_capacity(count);
        for _ in 0..count {
            partitions.push(read_partition(&mut reader)?);
        }
        reader.end()?;
        Self::new(partitions).ok_or_else(|| reader.error("no partitions"))
    }

    /// Returns the packed form, which is smaller than the JSON and read in a few microseconds.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = ByteWriter::default();
        writer.byte(MAGIC);
        writer.byte(VERSION);
        writer.count(self.partitions.len());
        for partition in &self.partitions {
            write_partition(partition, &mut writer);
        }
        writer.into_bytes()
    }

    fn new(partitions: Vec<Partition>) -> Option<Self> {
        if partitions.is_empty() {
            return None;
        }
        let mut listed: Vec<(Box<str>, u16)> = Vec::new();
        for (index, partition) in (0..).zip(&partitions) {
            listed.extend(
                partition
                    .regions
                    .iter()
                    .map(|region| (region.name.clone(), index)),
            );
        }
        // A region belongs to the first partition that lists it, unless the pattern of an earlier partition matches it.
        listed.sort_unstable();
        listed.dedup_by(|later, earlier| later.0 == earlier.0);
        for (name, index) in &mut listed {
            let earlier = (0..*index)
                .zip(&partitions)
                .find(|(_, partition)| partition.pattern.matches(name));
            if let Some((earlier, _)) = earlier {
                *index = earlier;
            }
        }
        Some(Self {
            partitions: partitions.into_boxed_slice(),
            listed: listed.into_boxed_slice(),
        })
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
        if let Ok(at) = self
            .listed
            .binary_search_by(|(name, _)| (**name).cmp(region))
        {
            return self
                .listed
                .get(at)
                .and_then(|(_, index)| self.partitions.get(usize::from(*index)));
        }
        self.partitions
            .iter()
            .find(|partition| partition.pattern.matches(region))
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

fn partition(json: &Json<'_>, path: &JsonPath<'_>) -> Result<Partition, DefinitionError> {
    json.map(path)?;
    let required = |key| json.required(key, path);
    let id = required("id")?.text(&path.key("id"))?;
    let pattern_path = path.key("regionRegex");
    let pattern = RegionPattern::new(required("regionRegex")?.text(&pattern_path)?)
        .map_err(|error| pattern_path.error(format_args!("not a regular expression: {error}")))?;
    let regions_path = path.key("regions");
    let mut regions = Vec::new();
    for (name, region) in required("regions")?.map(&regions_path)? {
        let description = region.get("description").and_then(|json| match json {
            Json::Text(text) => Some(Box::from(&**text)),
            _ => None,
        });
        regions.push(PartitionRegion {
            name: Box::from(&**name),
            description,
        });
    }
    let mut partition = Partition {
        id: id.into(),
        pattern,
        regions: regions.into_boxed_slice(),
        dns_suffix: None,
        dual_stack_dns_suffix: None,
        implicit_global_region: None,
        supports_fips: None,
        supports_dual_stack: None,
        others: Box::default(),
    };
    let outputs_path = path.key("outputs");
    let mut others = Vec::new();
    for (name, value) in required("outputs")?.map(&outputs_path)? {
        let output_path = outputs_path.key(name);
        match &**name {
            "dnsSuffix" => partition.dns_suffix = Some(value.text(&output_path)?.into()),
            "dualStackDnsSuffix" => {
                partition.dual_stack_dns_suffix = Some(value.text(&output_path)?.into())
            }
            "implicitGlobalRegion" => {
                partition.implicit_global_region = Some(value.text(&output_path)?.into())
            }
            "supportsFIPS" => partition.supports_fips = Some(value.bool(&output_path)?),
            "supportsDualStack" => partition.supports_dual_stack = Some(value.bool(&output_path)?),
            // Replaced by the identifier, as in botocore's `format_partition_output`.
            "name" => {}
            other => match value {
                Json::Bool(value) => others.push((Box::from(other), PartitionOutput::Bool(*value))),
                Json::Text(text) => others.push((
                    Box::from(other),
                    PartitionOutput::String(Box::from(&**text)),
                )),
                // Rules can only use booleans and strings.
                _ => {}
            },
        }
    }
    partition.others = others.into_boxed_slice();
    Ok(partition)
}

fn write_partition(partition: &Partition, writer: &mut ByteWriter) {
    writer.text(&partition.id);
    writer.text(partition.pattern.source());
    writer.count(partition.regions.len());
    for region in &partition.regions {
        writer.text(&region.name);
        writer.optional_text(region.description.as_deref());
    }
    writer.optional_text(partition.dns_suffix());
    writer.optional_text(partition.dual_stack_dns_suffix());
    writer.optional_text(partition.implicit_global_region());
    for flag in [partition.supports_fips, partition.supports_dual_stack] {
        writer.byte(flag.map_or(2, u8::from));
    }
    writer.count(partition.others.len());
    for (name, output) in &partition.others {
        writer.text(name);
        match output {
            PartitionOutput::Bool(value) => writer.byte(u8::from(*value)),
            PartitionOutput::String(text) => {
                writer.byte(2);
                writer.text(text);
            }
        }
    }
}

fn read_partition(reader: &mut ByteReader<'_>) -> Result<Partition, DefinitionError> {
    let id = reader.text()?.into();
    let pattern = RegionPattern::new(reader.text()?).map_err(|error| reader.error(&error))?;
    let count = reader.count(2)?;
    let mut regions = Vec::with_capacity(count);
    for _ in 0..count {
        regions.push(PartitionRegion {
            name: reader.text()?.into(),
            description: reader.optional_text()?.map(Box::from),
        });
    }
    let dns_suffix = reader.optional_text()?.map(Box::from);
    let dual_stack_dns_suffix = reader.optional_text()?.map(Box::from);
    let implicit_global_region = reader.optional_text()?.map(Box::from);
    let mut flags = [None; 2];
    for flag in &mut flags {
        *flag = match reader.byte()? {
            2 => None,
            value => Some(value == 1),
        };
    }
    let [supports_fips, supports_dual_stack] = flags;
    let count = reader.count(2)?;
    let mut others = Vec::with_capacity(count);
    for _ in 0..count {
        let name = Box::from(reader.text()?);
        let output = match reader.byte()? {
            2 => PartitionOutput::String(reader.text()?.into()),
            value => PartitionOutput::Bool(value == 1),
        };
        others.push((name, output));
    }
    Ok(Partition {
        id,
        pattern,
        regions: regions.into_boxed_slice(),
        dns_suffix,
        dual_stack_dns_suffix,
        implicit_global_region,
        supports_fips,
        supports_dual_stack,
        others: others.into_boxed_slice(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let bytes = partitions.to_bytes();
        let again = Partitions::from_bytes(&bytes).unwrap();
        assert_eq!(format!("{partitions:?}"), format!("{again:?}"));
        let one = again.get("one").unwrap();
        assert_eq!(one.supports_fips(), Some(true));
        assert_eq!(one.supports_dual_stack(), None);
        assert_eq!(
            one.other("tier"),
            Some(&PartitionOutput::String("gold".into()))
        );
        assert_eq!(one.other("beta"), Some(&PartitionOutput::Bool(false)));
        assert_eq!(one.other("list"), None);
        assert_eq!(one.regions().next(), Some(("one-global", Some("all"))));
        for length in 0..bytes.len() {
            assert!(Partitions::from_bytes(&bytes[..length]).is_err());
        }
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
            assert_eq!(
                Partitions::from_json(json.as_bytes())
                    .unwrap_err()
                    .location(),
                path,
                "{json}"
            );
        }
    }
}
