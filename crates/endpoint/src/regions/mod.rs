//! `endpoints.json`: the regions of each service, and the endpoints of services without a rule set.
//!
//! Rule sets resolve the endpoints of requests. This older data lists the regions of partitions and services, and provides
//! the endpoint of a service without a rule set, such as one that a user dropped in.

mod construct;
mod pack;
mod parse;

use inia_core::Result;

use crate::error::{EndpointError, EndpointErrorKind};
use crate::list_table::{ListId, ListTable};
use crate::region_pattern::RegionPattern;
use crate::string_table::StringTable;

pub use construct::{LegacyEndpoint, LegacyRequest, LegacyTarget};

/// The index of a string.
type StringId = u16;
/// The index of a partial endpoint.
type PartialEndpointId = u16;

/// The partitions, services and regions of `endpoints.json`.
///
/// ```
/// use inia_endpoint::{EndpointVariant, EndpointsData};
///
/// let data = EndpointsData::from_json(br#"{"partitions": [{
///     "partition": "aws", "partitionName": "AWS Standard", "dnsSuffix": "amazonaws.com",
///     "regionRegex": "^(us|eu)\\-\\w+\\-\\d+$",
///     "defaults": {"hostname": "{service}.{region}.{dnsSuffix}", "protocols": ["https"], "signatureVersions": ["v4"]},
///     "regions": {"eu-west-1": {"description": "Europe (Ireland)"}},
///     "services": {"sqs": {"endpoints": {"eu-west-1": {}, "fips-eu-west-1": {}}}}}]}"#)?;
/// assert_eq!(data.available_endpoints("sqs", "aws", false, EndpointVariant::default()), ["eu-west-1"]);
/// assert_eq!(data.partition_for_region("us-east-1")?, "aws");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Source
/// botocore `regions.py:EndpointResolver`
#[derive(Clone, Debug)]
pub struct EndpointsData {
    strings: StringTable,
    lists: ListTable,
    partials: Box<[PartialEndpoint]>,
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

#[derive(Clone, Debug)]
struct PartitionEntry {
    id: StringId,
    name: Option<StringId>,
    dns_suffix: StringId,
    pattern: Option<RegionPattern>,
    defaults: PartialEndpointId,
    /// Names, each with its description.
    regions: Box<[(StringId, Option<StringId>)]>,
    services: Box<[ServiceEntry]>,
}

#[derive(Clone, Debug)]
struct ServiceEntry {
    name: StringId,
    partition_endpoint: Option<StringId>,
    is_regionalized: bool,
    defaults: PartialEndpointId,
    endpoints: Box<[(StringId, PartialEndpointId)]>,
}

/// The data of an endpoint, of a variant, or of the defaults of a service or a partition. All fields are optional.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct PartialEndpoint {
    hostname: Option<StringId>,
    dns_suffix: Option<StringId>,
    ssl_common_name: Option<StringId>,
    credential_scope: Option<CredentialScope>,
    protocols: Option<ListId>,
    signature_versions: Option<ListId>,
    deprecated: bool,
    /// Pairs of variant tags and the index of a partial endpoint.
    variants: ListId,
}

/// The signing region and signing name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct CredentialScope {
    region: Option<StringId>,
    service: Option<StringId>,
}

const DUAL_STACK: u16 = 1;
const FIPS: u16 = 2;

impl EndpointVariant {
    fn tags(self) -> u16 {
        let bit = |flag: bool, bit: u16| if flag { bit } else { 0 };
        bit(self.dual_stack, DUAL_STACK) | bit(self.fips, FIPS)
    }
}

impl EndpointsData {
    /// Parses an `endpoints.json`. Unknown keys are ignored.
    ///
    /// # Errors
    /// The input is not JSON, or not a valid `endpoints.json`; the error names the JSON path.
    pub fn from_json(text: &[u8]) -> Result<Self> {
        parse::parse(text)
    }

    /// Reads the packed form that [`to_bytes`](Self::to_bytes) returns.
    ///
    /// # Errors
    /// The bytes were written by another version of this crate, or are damaged.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        pack::read(bytes)
    }

    /// Returns the packed form, which is about a third of the JSON's size and read much faster.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        pack::write(self)
    }

    fn string(&self, id: StringId) -> &str {
        self.strings.get(id)
    }

    fn partial(&self, id: PartialEndpointId) -> Option<&PartialEndpoint> {
        self.partials.get(usize::from(id))
    }

    fn partition(&self, id: &str) -> Option<&PartitionEntry> {
        self.partitions
            .iter()
            .find(|partition| self.string(partition.id) == id)
    }

    fn service<'a>(&self, partition: &'a PartitionEntry, name: &str) -> Option<&'a ServiceEntry> {
        partition
            .services
            .iter()
            .find(|service| self.string(service.name) == name)
    }

    /// Returns the variant with exactly these tags, if there is one.
    fn variant(&self, partial: Option<&PartialEndpoint>, tags: u16) -> Option<&PartialEndpoint> {
        let (variants, _) = self.lists.get(partial?.variants).as_chunks::<2>();
        let &[_, id] = variants.iter().find(|[of, _]| *of == tags)?;
        self.partial(id)
    }

    fn lists_region(&self, partition: &PartitionEntry, region: &str) -> bool {
        partition
            .regions
            .iter()
            .any(|(name, _)| self.string(*name) == region)
    }

    fn matches_region(&self, partition: &PartitionEntry, region: &str) -> bool {
        self.lists_region(partition, region)
            || partition
                .pattern
                .as_ref()
                .is_some_and(|p| p.matches(region))
    }

    /// Returns the identifiers of all partitions.
    ///
    /// # Source
    /// botocore `session.py:Session.get_available_partitions`
    pub fn partitions(&self) -> impl ExactSizeIterator<Item = &str> {
        self.partitions
            .iter()
            .map(|partition| self.string(partition.id))
    }

    /// Returns the display name of a partition, such as `AWS GovCloud (US)`.
    #[must_use]
    pub fn partition_name(&self, partition: &str) -> Option<&str> {
        self.partition(partition)?
            .name
            .map(|name| self.string(name))
    }

    /// Returns the regions of a partition, each with its description; none for an unknown partition.
    pub fn regions(&self, partition: &str) -> impl Iterator<Item = (&str, Option<&str>)> {
        let regions = self
            .partition(partition)
            .map(|partition| &*partition.regions)
            .unwrap_or_default();
        regions.iter().map(|(name, description)| {
            (
                self.string(*name),
                description.map(|text| self.string(text)),
            )
        })
    }

    /// Returns the endpoint prefixes of the services that a partition lists.
    pub fn services(&self, partition: &str) -> impl Iterator<Item = &str> {
        let services = self
            .partition(partition)
            .map(|partition| &*partition.services)
            .unwrap_or_default();
        services.iter().map(|service| self.string(service.name))
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
    ) -> Vec<&str> {
        let Some(partition) = self.partition(partition) else {
            return Vec::new();
        };
        let Some(service) = self.service(partition, service) else {
            return Vec::new();
        };
        let tags = variant.tags();
        let is_included = |name: StringId, partial: PartialEndpointId| {
            let regional = self.lists_region(partition, self.string(name));
            if tags != 0 && regional {
                self.variant(self.partial(partial), tags).is_some()
            } else {
                non_regional || regional
            }
        };
        let endpoints = service
            .endpoints
            .iter()
            .filter(|(name, partial)| is_included(*name, *partial));
        endpoints.map(|(name, _)| self.string(*name)).collect()
    }

    /// Returns the first partition that lists `region` or whose pattern matches it.
    ///
    /// # Errors
    /// [`EndpointErrorKind::UnknownRegion`] if there is none.
    ///
    /// # Source
    /// botocore `regions.py:EndpointResolver.get_partition_for_region`
    pub fn partition_for_region(&self, region: &str) -> std::result::Result<&str, EndpointError> {
        let partition = self
            .partitions
            .iter()
            .find(|partition| self.matches_region(partition, region));
        partition
            .map(|partition| self.string(partition.id))
            .ok_or_else(|| {
                let message = format!(
                    "Unknown region: '{region}'. No partition found for provided region_name."
                );
                EndpointError::new(EndpointErrorKind::UnknownRegion, message)
            })
    }

    /// Returns the DNS suffix of a partition.
    ///
    /// # Source
    /// botocore `regions.py:EndpointResolver.get_partition_dns_suffix`
    #[must_use]
    pub fn dns_suffix(&self, partition: &str, variant: EndpointVariant) -> Option<&str> {
        let partition = self.partition(partition)?;
        let suffix = match variant.tags() {
            0 => partition.dns_suffix,
            tags => {
                self.variant(self.partial(partition.defaults), tags)?
                    .dns_suffix?
            }
        };
        Some(self.string(suffix))
    }

    /// Returns the name of the partition-wide endpoint of a service, such as IAM's `aws-global`.
    #[must_use]
    pub fn partition_endpoint(&self, service: &str, partition: &str) -> Option<&str> {
        let service = self.service(self.partition(partition)?, service)?;
        service.partition_endpoint.map(|name| self.string(name))
    }

    /// Returns whether a service has an endpoint per region in a partition, rather than one for the partition.
    #[must_use]
    pub fn is_regionalized(&self, service: &str, partition: &str) -> bool {
        let partition = self.partition(partition);
        partition
            .and_then(|partition| self.service(partition, service))
            .is_none_or(|service| service.is_regionalized)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use construct::tests::data;

    fn variant(dual_stack: bool, fips: bool) -> EndpointVariant {
        EndpointVariant { dual_stack, fips }
    }

    #[test]
    fn lists_partitions_regions_and_services() {
        let data = data();
        assert_eq!(
            data.partitions().collect::<Vec<_>>(),
            ["aws", "foo", "aws-iso"]
        );
        assert_eq!(data.partition_name("aws"), Some("AWS Standard"));
        assert_eq!(data.partition_name("foo"), None);
        assert_eq!(
            data.regions("aws").collect::<Vec<_>>(),
            [
                ("us-foo", Some("United")),
                ("us-bar", None),
                ("eu-baz", None)
            ]
        );
        assert_eq!(data.regions("nowhere").count(), 0);
        assert_eq!(data.services("foo").collect::<Vec<_>>(), ["ec2"]);
    }

    #[test]
    fn lists_endpoints() {
        let data = data();
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
        assert_eq!(list("ec2", "aws", false, variant(true, false)), ["us-foo"]);
        assert_eq!(list("ec2", "aws", false, variant(false, true)), ["us-foo"]);
        assert_eq!(list("ec2", "aws", false, variant(true, true)), ["us-foo"]);
        assert_eq!(list("s3", "foo", false, variant(true, true)), [""; 0]);
    }

    #[test]
    fn finds_partitions_by_region() {
        let data = data();
        assert_eq!(data.partition_for_region("us-foo").unwrap(), "aws");
        assert_eq!(data.partition_for_region("eu-xyz").unwrap(), "aws");
        assert_eq!(data.partition_for_region("foo-9").unwrap(), "foo");
        let error = data.partition_for_region("mars").unwrap_err();
        assert_eq!(error.kind(), EndpointErrorKind::UnknownRegion);
        assert_eq!(
            error.message(),
            "Unknown region: 'mars'. No partition found for provided region_name."
        );
        assert_eq!(
            data.dns_suffix("aws", variant(false, false)),
            Some("amazonaws.com")
        );
        assert_eq!(
            data.dns_suffix("aws", variant(true, false)),
            Some("api.aws")
        );
        assert_eq!(data.dns_suffix("aws", variant(false, true)), None);
        assert_eq!(data.dns_suffix("foo", variant(true, false)), None);
        assert_eq!(
            data.partition_endpoint("not-regionalized", "aws"),
            Some("aws")
        );
        assert!(!data.is_regionalized("not-regionalized", "aws"));
        assert!(data.is_regionalized("ec2", "aws"));
        assert!(data.is_regionalized("nothing", "aws"));
    }
}
