//! `endpoints.json`: which regions each service is in, and the hosts that services had before rule sets.
//!
//! Rule sets decide where requests go. This older data still answers which regions exist and which of them a service
//! claims to be in, and it gives an endpoint to a service that has no rule set, such as one a user dropped in.

mod construct;
mod pack;
mod parse;

use crate::error::{DefinitionError, EndpointError, EndpointErrorKind};
use crate::lists::{ListId, Lists};
use crate::pattern::RegionPattern;
use crate::texts::Texts;

pub use construct::{LegacyEndpoint, LegacyRequest, LegacyTarget};

/// The number of a text.
type TextId = u16;
/// The number of a form.
type FormId = u16;

/// What `endpoints.json` says of partitions, services and regions.
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
    texts: Texts,
    lists: Lists,
    forms: Box<[Form]>,
    partitions: Box<[PartitionEntry]>,
}

/// Which kind of endpoint is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct EndpointVariant {
    /// One that answers over IPv6 as well.
    pub dual_stack: bool,
    /// One whose cryptography is validated under FIPS 140.
    pub fips: bool,
}

#[derive(Clone, Debug)]
struct PartitionEntry {
    id: TextId,
    name: Option<TextId>,
    dns_suffix: TextId,
    pattern: Option<RegionPattern>,
    defaults: FormId,
    /// Each with its description.
    regions: Box<[(TextId, Option<TextId>)]>,
    services: Box<[ServiceEntry]>,
}

#[derive(Clone, Debug)]
struct ServiceEntry {
    name: TextId,
    partition_endpoint: Option<TextId>,
    is_regionalized: bool,
    defaults: FormId,
    endpoints: Box<[(TextId, FormId)]>,
}

/// What is said of an endpoint, or by default of those of a service or a partition. Anything may be left open.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Form {
    hostname: Option<TextId>,
    dns_suffix: Option<TextId>,
    ssl_common_name: Option<TextId>,
    credential_scope: Option<Scope>,
    protocols: Option<ListId>,
    signature_versions: Option<ListId>,
    deprecated: bool,
    /// Pairs of tags and the number of a form.
    variants: ListId,
}

/// What to sign for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Scope {
    region: Option<TextId>,
    service: Option<TextId>,
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
    /// Reads an `endpoints.json`. Keys that are not known are ignored.
    ///
    /// # Errors
    /// The text is not JSON or not of this form; the error names the place.
    pub fn from_json(text: &[u8]) -> Result<Self, DefinitionError> {
        parse::parse(text)
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// # Errors
    /// The bytes were not written by this version of the crate, or are damaged.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DefinitionError> {
        pack::read(bytes)
    }

    /// The packed form: about a third of the JSON, and read much faster.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        pack::write(self)
    }

    fn text(&self, id: TextId) -> &str {
        self.texts.get(id)
    }

    fn form(&self, id: FormId) -> Option<&Form> {
        self.forms.get(usize::from(id))
    }

    fn partition(&self, id: &str) -> Option<&PartitionEntry> {
        self.partitions
            .iter()
            .find(|partition| self.text(partition.id) == id)
    }

    fn service<'a>(&self, partition: &'a PartitionEntry, name: &str) -> Option<&'a ServiceEntry> {
        partition
            .services
            .iter()
            .find(|service| self.text(service.name) == name)
    }

    /// The variant of a form, where it has one with exactly these tags.
    fn variant(&self, form: Option<&Form>, tags: u16) -> Option<&Form> {
        let (variants, _) = self.lists.get(form?.variants).as_chunks::<2>();
        let &[_, id] = variants.iter().find(|[of, _]| *of == tags)?;
        self.form(id)
    }

    fn lists_region(&self, partition: &PartitionEntry, region: &str) -> bool {
        partition
            .regions
            .iter()
            .any(|(name, _)| self.text(*name) == region)
    }

    fn matches_region(&self, partition: &PartitionEntry, region: &str) -> bool {
        self.lists_region(partition, region)
            || partition
                .pattern
                .as_ref()
                .is_some_and(|p| p.matches(region))
    }

    /// The identifiers of all partitions.
    ///
    /// # Source
    /// botocore `session.py:Session.get_available_partitions`
    pub fn partitions(&self) -> impl ExactSizeIterator<Item = &str> {
        self.partitions
            .iter()
            .map(|partition| self.text(partition.id))
    }

    /// The name of a partition for people, such as `AWS GovCloud (US)`.
    #[must_use]
    pub fn partition_name(&self, partition: &str) -> Option<&str> {
        self.partition(partition)?.name.map(|name| self.text(name))
    }

    /// The regions of a partition, each with its description; none for a partition that is not known.
    pub fn regions(&self, partition: &str) -> impl Iterator<Item = (&str, Option<&str>)> {
        let regions = self
            .partition(partition)
            .map(|partition| &*partition.regions)
            .unwrap_or_default();
        regions
            .iter()
            .map(|(name, description)| (self.text(*name), description.map(|text| self.text(text))))
    }

    /// The endpoint prefixes of the services that a partition says something of.
    pub fn services(&self, partition: &str) -> impl Iterator<Item = &str> {
        let services = self
            .partition(partition)
            .map(|partition| &*partition.services)
            .unwrap_or_default();
        services.iter().map(|service| self.text(service.name))
    }

    /// The names of a service's endpoints in a partition: regions and, where `non_regional` says so, others such as
    /// `fips-us-gov-west-1` and `aws-global`. With a variant only regions count that have this variant.
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
        let counts = |name: TextId, form: FormId| {
            let regional = self.lists_region(partition, self.text(name));
            if tags != 0 && regional {
                self.variant(self.form(form), tags).is_some()
            } else {
                non_regional || regional
            }
        };
        let endpoints = service
            .endpoints
            .iter()
            .filter(|(name, form)| counts(*name, *form));
        endpoints.map(|(name, _)| self.text(*name)).collect()
    }

    /// The partition that lists a region or whose pattern the region matches.
    ///
    /// # Errors
    /// [`EndpointErrorKind::UnknownRegion`].
    ///
    /// # Source
    /// botocore `regions.py:EndpointResolver.get_partition_for_region`
    pub fn partition_for_region(&self, region: &str) -> Result<&str, EndpointError> {
        let partition = self
            .partitions
            .iter()
            .find(|partition| self.matches_region(partition, region));
        partition
            .map(|partition| self.text(partition.id))
            .ok_or_else(|| {
                let message = format!(
                    "Unknown region: '{region}'. No partition found for provided region_name."
                );
                EndpointError::new(EndpointErrorKind::UnknownRegion, message)
            })
    }

    /// The suffix of a partition's host names.
    ///
    /// # Source
    /// botocore `regions.py:EndpointResolver.get_partition_dns_suffix`
    #[must_use]
    pub fn dns_suffix(&self, partition: &str, variant: EndpointVariant) -> Option<&str> {
        let partition = self.partition(partition)?;
        let suffix = match variant.tags() {
            0 => partition.dns_suffix,
            tags => {
                self.variant(self.form(partition.defaults), tags)?
                    .dns_suffix?
            }
        };
        Some(self.text(suffix))
    }

    /// The name of the endpoint that a service has for a whole partition, such as IAM's `aws-global`.
    #[must_use]
    pub fn partition_endpoint(&self, service: &str, partition: &str) -> Option<&str> {
        let service = self.service(self.partition(partition)?, service)?;
        service.partition_endpoint.map(|name| self.text(name))
    }

    /// Whether a service has an endpoint in each region of a partition, rather than one for them all.
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
    fn knows_partitions_by_region_and_suffix() {
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
