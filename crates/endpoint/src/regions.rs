//! `endpoints.json`: the regions of each service.
//!
//! Rule sets resolve endpoints; of this older data only the lists of regions are used.

use inia_core::packed::packed_struct;
use inia_core::{Result, Str};

use crate::error::{EndpointError, EndpointErrorKind};
use crate::region_pattern::RegionPattern;
use inia_core::definition_node::{DefinitionNode, parse_document};

/// The partitions, services and regions of `endpoints.json`.
///
/// ```
/// use inia_endpoint::{EndpointVariant, EndpointsData};
///
/// let data = EndpointsData::from_json(br#"{"partitions": [{
///     "partition": "aws", "regionRegex": "^(us|eu)\\-\\w+\\-\\d+$",
///     "regions": {"eu-west-1": {"description": "Europe (Ireland)"}},
///     "services": {"sqs": {"endpoints": {"eu-west-1": {}, "fips-eu-west-1": {}}}}}]}"#)?;
/// assert_eq!(data.available_endpoints("sqs", "aws", false, EndpointVariant::default()), ["eu-west-1"]);
/// assert_eq!(data.partition_for_region("us-east-1")?, "aws");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Source
/// botocore `regions.py:EndpointResolver`
#[derive(Clone, Debug, PartialEq)]
pub struct EndpointsData {
    partitions: Box<[PartitionEntry]>,
}

/// The variant of an endpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct EndpointVariant {
    /// Dual-stack: IPv4 and IPv6.
    pub dual_stack: bool,
    /// FIPS: cryptography validated under FIPS 140.
    pub fips: bool,
}

#[derive(Clone, Debug, PartialEq)]
struct PartitionEntry {
    id: Str,
    pattern: Option<RegionPattern>,
    regions: Box<[Str]>,
    services: Box<[ServiceEntry]>,
}

#[derive(Clone, Debug, PartialEq)]
struct ServiceEntry {
    name: Str,
    global: Option<GlobalEndpoint>,
    /// Names of endpoints and the variants of each, as bits of [`EndpointVariant::bit`].
    endpoints: Box<[(Str, u8)]>,
}

packed_struct!(EndpointsData { partitions });
packed_struct!(PartitionEntry {
    id,
    pattern,
    regions,
    services
});
packed_struct!(ServiceEntry { name, endpoints } optional { global });
packed_struct!(GlobalEndpoint { name } optional { signing_region });

/// The partition-wide endpoint of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GlobalEndpoint {
    /// The name, such as `aws-global`.
    pub name: Str,
    /// The region to sign for.
    pub signing_region: Option<Str>,
}

impl EndpointVariant {
    fn bit(self) -> u8 {
        1 << (u8::from(self.dual_stack) | u8::from(self.fips) << 1)
    }
}

impl EndpointsData {
    /// Parses an `endpoints.json`. Unknown keys are ignored.
    ///
    /// # Errors
    /// The input is not JSON, or not a valid `endpoints.json`; the error names the JSON path.
    pub fn from_json(text: &[u8]) -> Result<Self> {
        let json = parse_document(text)?;
        let root = DefinitionNode::document(&json);
        let list = root.require("partitions")?;
        let partitions = list.items()?.map(parse_partition).collect::<Result<_>>()?;
        Ok(EndpointsData { partitions })
    }

    /// Returns the identifiers of all partitions.
    ///
    /// # Source
    /// botocore `session.py:Session.get_available_partitions`
    pub fn partitions(&self) -> impl ExactSizeIterator<Item = &Str> {
        self.partitions.iter().map(|partition| &partition.id)
    }

    /// Returns the names of a service's endpoints in a partition: regions and, if `non_regional`, others such as
    /// `fips-us-gov-west-1` and `aws-global`. With a variant, only regions with an endpoint of this variant are returned.
    ///
    /// `service` is the service's endpoint prefix, such as `elasticloadbalancing`.
    ///
    /// # Source
    /// botocore `regions.py:EndpointResolver.get_available_endpoints`, `session.py:Session.get_available_regions`
    #[must_use]
    pub fn available_endpoints(
        &self,
        service: &str,
        partition: &str,
        non_regional: bool,
        variant: EndpointVariant,
    ) -> Vec<&Str> {
        let Some(partition) = self.partitions.iter().find(|entry| entry.id == *partition) else {
            return Vec::new();
        };
        let services = &mut partition.services.iter();
        let Some(service) = services.find(|entry| entry.name == *service) else {
            return Vec::new();
        };
        let endpoints = service.endpoints.iter().filter(|(name, variants)| {
            let is_regional = partition.regions.contains(name);
            if is_regional && variant != EndpointVariant::default() {
                variants & variant.bit() != 0
            } else {
                is_regional || non_regional
            }
        });
        endpoints.map(|(name, _)| name).collect()
    }

    /// Returns the partition-wide endpoint of a service in the default partition, such as IAM's, which a client without a
    /// region uses; `None` if the service has only regional endpoints.
    ///
    /// `service` is the service's endpoint prefix.
    ///
    /// # Source
    /// botocore `regions.py:EndpointResolver.construct_endpoint`, without a region and a partition.
    #[must_use]
    pub fn global_endpoint(&self, service: &str) -> Option<&GlobalEndpoint> {
        let services = &mut self.partitions.first()?.services.iter();
        services
            .find(|entry| entry.name == *service)?
            .global
            .as_ref()
    }

    /// Returns the first partition that lists `region` or whose pattern matches it.
    ///
    /// # Errors
    /// [`EndpointErrorKind::UnknownRegion`] if there is none.
    ///
    /// # Source
    /// botocore `regions.py:EndpointResolver.get_partition_for_region`
    pub fn partition_for_region(&self, region: &str) -> std::result::Result<&Str, EndpointError> {
        let mut partitions = self.partitions.iter();
        let partition = partitions.find(|partition| {
            partition.regions.iter().any(|name| name == region)
                || partition
                    .pattern
                    .as_ref()
                    .is_some_and(|pattern| pattern.matches(region))
        });
        partition.map(|partition| &partition.id).ok_or_else(|| {
            let message =
                format!("Unknown region: '{region}'. No partition found for provided region_name.");
            EndpointError::new(EndpointErrorKind::UnknownRegion, message)
        })
    }
}

fn parse_partition(node: DefinitionNode<'_, '_>) -> Result<PartitionEntry> {
    let pattern = node.get("regionRegex").map(RegionPattern::from_json);
    let regions = node.require("regions")?;
    let services = node.require("services")?;
    let services = services.entries()?.map(|(name, service)| {
        let mut endpoints = Vec::new();
        if let Some(map) = service.get("endpoints") {
            for (name, endpoint) in map.entries()? {
                endpoints.push((name.clone(), parse_variants(endpoint)?));
            }
        }
        Ok(ServiceEntry {
            name: name.clone(),
            global: parse_global_endpoint(service)?,
            endpoints: endpoints.into(),
        })
    });
    Ok(PartitionEntry {
        id: node.require("partition")?.string()?.clone(),
        pattern: pattern.transpose()?,
        regions: regions.entries()?.map(|(name, _)| name.clone()).collect(),
        services: services.collect::<Result<_>>()?,
    })
}

fn parse_global_endpoint(service: DefinitionNode<'_, '_>) -> Result<Option<GlobalEndpoint>> {
    let (Some(name), Some(endpoints)) =
        (service.get("partitionEndpoint"), service.get("endpoints"))
    else {
        return Ok(None);
    };
    let name = name.string()?;
    let Some(endpoint) = endpoints.get(name) else {
        return Ok(None);
    };
    let defaults = service.get("defaults");
    let scope = endpoint.get("credentialScope");
    let scope = scope.or_else(|| defaults.as_ref()?.get("credentialScope"));
    let region = scope.map(|scope| {
        scope
            .get("region")
            .map(|region| region.string().cloned())
            .transpose()
    });
    Ok(Some(GlobalEndpoint {
        name: name.clone(),
        signing_region: region.transpose()?.flatten(),
    }))
}

/// Returns the variants of an endpoint. One with an unknown tag cannot be requested and is left out.
fn parse_variants(endpoint: DefinitionNode<'_, '_>) -> Result<u8> {
    endpoint.object()?;
    let mut bits = 0;
    let Some(variants) = endpoint.get("variants") else {
        return Ok(bits);
    };
    for variant in variants.items()? {
        let mut found = Some(EndpointVariant::default());
        for tag in variant.require("tags")?.items()? {
            match (tag.str()?, &mut found) {
                ("dualstack", Some(found)) => found.dual_stack = true,
                ("fips", Some(found)) => found.fips = true,
                _ => found = None,
            }
        }
        bits |= found.map_or(0, EndpointVariant::bit);
    }
    Ok(bits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use inia_core::packed::{from_bytes, to_bytes};

    const JSON: &str = r#"{"version": 3, "partitions": [
        {"partition": "aws", "partitionName": "AWS Standard", "dnsSuffix": "amazonaws.com", "regionRegex": "^(us|eu)\\-\\w+$",
         "regions": {"us-foo": {"description": "United"}, "us-bar": {}, "eu-baz": {}},
         "services": {
            "ec2": {
                "defaults": {"variants": [{"dnsSuffix": "api.aws", "tags": ["dualstack"]}]},
                "endpoints": {
                    "us-foo": {"variants": [
                        {"tags": ["dualstack"]}, {"tags": ["fips"]}, {"tags": ["fips", "dualstack"]}, {"tags": ["fips", "quantum"]}]},
                    "us-bar": {}, "us-dep": {"deprecated": true}, "us-fizz": {"hostname": "ec2.us-fizz.amazonaws.com"},
                    "eu-baz": {}, "d": {}}},
            "global": {"isRegionalized": false, "partitionEndpoint": "aws-global", "defaults": {},
                "endpoints": {"aws-global": {"credentialScope": {"region": "us-foo"}}}},
            "signed": {"partitionEndpoint": "x", "defaults": {"credentialScope": {"service": "s"}}, "endpoints": {"x": {}}},
            "broken": {"partitionEndpoint": "x", "endpoints": {}}}},
        {"partition": "foo", "regionRegex": "^(foo)\\-\\w+$", "regions": {"foo-1": {}, "foo-2": {}, "foo-3": {}},
         "services": {"ec2": {"endpoints": {"foo-1": {"foo": "baz"}, "foo-2": {}, "foo-x": {}}}}},
        {"partition": "aws-iso", "regions": {"iso-1": {}}, "services": {}}]}"#;

    fn data() -> EndpointsData {
        EndpointsData::from_json(JSON.as_bytes()).unwrap()
    }

    #[test]
    fn lists_partitions_and_endpoints() {
        let data = data();
        assert!(data.partitions().eq(["aws", "foo", "aws-iso"]));
        let variant = |dual_stack, fips| EndpointVariant { dual_stack, fips };
        let none = EndpointVariant::default();
        let list = |service, partition, non_regional, variant| {
            data.available_endpoints(service, partition, non_regional, variant)
        };
        assert_eq!(
            list("ec2", "aws", false, none),
            ["us-foo", "us-bar", "eu-baz"]
        );
        assert_eq!(
            list("ec2", "aws", true, none),
            ["us-foo", "us-bar", "us-dep", "us-fizz", "eu-baz", "d"]
        );
        assert_eq!(list("ec2", "foo", false, none), ["foo-1", "foo-2"]);
        assert_eq!(list("ec2", "nowhere", false, none), [""; 0]);
        assert_eq!(list("nothing", "aws", false, none), [""; 0]);
        assert_eq!(list("global", "aws", true, none), ["aws-global"]);
        for variant in [
            variant(true, false),
            variant(false, true),
            variant(true, true),
        ] {
            assert_eq!(list("ec2", "aws", false, variant), ["us-foo"]);
            assert_eq!(list("ec2", "foo", false, variant), [""; 0]);
        }
    }

    #[test]
    fn finds_partitions_by_region() {
        let data = data();
        assert_eq!(data.partition_for_region("us-foo").unwrap(), "aws");
        assert_eq!(data.partition_for_region("eu-xyz").unwrap(), "aws");
        assert_eq!(data.partition_for_region("foo-9").unwrap(), "foo");
        assert_eq!(data.partition_for_region("iso-1").unwrap(), "aws-iso");
        let error = data.partition_for_region("mars").unwrap_err();
        assert_eq!(error.kind(), EndpointErrorKind::UnknownRegion);
        assert_eq!(
            error.message(),
            "Unknown region: 'mars'. No partition found for provided region_name."
        );
    }

    #[test]
    fn finds_global_endpoints() {
        let data = data();
        let global = |service| {
            let endpoint = data.global_endpoint(service)?;
            Some((endpoint.name.as_str(), endpoint.signing_region.as_deref()))
        };
        assert_eq!(global("global"), Some(("aws-global", Some("us-foo"))));
        assert_eq!(global("signed"), Some(("x", None)));
        assert_eq!(global("broken"), None);
        assert_eq!(global("ec2"), None);
        assert_eq!(global("nothing"), None);
    }

    #[test]
    fn packed_form_round_trips() {
        let bytes = to_bytes(&data());
        assert_eq!(from_bytes::<EndpointsData>(&bytes), Some(data()));
        for length in 0..bytes.len() {
            assert!(from_bytes::<EndpointsData>(&bytes[..length]).is_none());
        }
    }

    #[test]
    fn errors_name_the_json_path() {
        let cases = [
            ("{}", "$"),
            (r#"{"partitions":{}}"#, "$.partitions"),
            (r#"{"partitions":[{}]}"#, "$.partitions[0]"),
            (
                r#"{"partitions":[{"regions":{},"regionRegex":"(","services":{}}]}"#,
                "$.partitions[0]",
            ),
            (
                r#"{"partitions":[{"partition":"a","regions":{},"services":{},"regionRegex":"("}]}"#,
                "$.partitions[0].regionRegex",
            ),
            (
                r#"{"partitions":[{"partition":"a","regions":{},"services":{"s":{"endpoints":{"e":1}}}}]}"#,
                "$.partitions[0].services.s.endpoints.e",
            ),
            (
                r#"{"partitions":[{"partition":"a","regions":{},
                    "services":{"s":{"endpoints":{"e":{"variants":[{}]}}}}}]}"#,
                "$.partitions[0].services.s.endpoints.e.variants[0]",
            ),
        ];
        for (json, path) in cases {
            let error = EndpointsData::from_json(json.as_bytes())
                .unwrap_err()
                .to_string();
            assert!(error.starts_with(&format!("{path}: ")), "{json}: {error}");
        }
    }
}
