//! Endpoints from `endpoints.json`, for services without a rule set.

use super::{
    CredentialScope, EndpointVariant, EndpointsData, PartialEndpoint, PartitionEntry, ServiceEntry,
    StringId,
};
use crate::error::{EndpointError, EndpointErrorKind};
use crate::list_table::ListId;

/// Partitions without dual-stack endpoints, even if their data lists some.
///
/// # Source
/// botocore `regions.py:EndpointResolver._UNSUPPORTED_DUALSTACK_PARTITIONS`
const NO_DUAL_STACK: [&str; 2] = ["aws-iso", "aws-iso-b"];

/// The service, region and variant of an endpoint to construct.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LegacyRequest<'a> {
    /// The service's endpoint prefix, such as `elasticloadbalancing`.
    pub service: &'a str,
    /// The region, or the name of another endpoint. Optional for services with one endpoint per partition.
    pub region: Option<&'a str>,
    /// The partition; `None` selects the partition of the region.
    pub partition: Option<&'a str>,
    /// The variant: dual-stack, FIPS, both or neither.
    pub variant: EndpointVariant,
}

/// An endpoint of `endpoints.json`, merged with the defaults of its service and partition.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LegacyEndpoint {
    /// The partition, such as `aws`.
    pub partition: String,
    /// The name of the endpoint: a region, or a name such as `aws-global`.
    pub endpoint_name: String,
    /// The host.
    pub hostname: String,
    /// The DNS suffix of the host.
    pub dns_suffix: String,
    /// The common name of the host's certificate, if it differs from the host.
    pub ssl_common_name: Option<String>,
    /// `http`, `https` or both.
    pub protocols: Vec<String>,
    /// `v4`, `s3v4`, `v2`, ..., most preferred first.
    pub signature_versions: Vec<String>,
    /// The signing region, if it differs from the endpoint's name.
    pub signing_region: Option<String>,
    /// The signing name, if it differs from the service model's.
    pub signing_name: Option<String>,
    /// Whether the endpoint is marked as deprecated.
    pub deprecated: bool,
}

impl LegacyEndpoint {
    /// Returns the URL, with `https` if `secure` and the service supports it.
    ///
    /// # Source
    /// botocore `client.py:ClientEndpointBridge._make_url`
    #[must_use]
    pub fn url(&self, secure: bool) -> String {
        let scheme = if secure && self.protocols.iter().any(|protocol| protocol == "https") {
            "https"
        } else {
            "http"
        };
        format!("{scheme}://{}", self.hostname)
    }
}

/// The URL and signing scope of a client whose service has no rule set.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LegacyTarget {
    /// The URL.
    pub url: String,
    /// The client's region.
    pub region: Option<String>,
    /// The signing region.
    pub signing_region: Option<String>,
    /// The signing name; `None` means the service model's.
    pub signing_name: Option<String>,
    /// The matching endpoint; `None` if the URL follows AWS's naming convention.
    pub endpoint: Option<LegacyEndpoint>,
}

impl EndpointsData {
    /// Returns the endpoint of a service, or `None` if the region is in no partition.
    ///
    /// # Errors
    /// The service requires a region and none is set, or it has no endpoint of this variant.
    ///
    /// # Source
    /// botocore `regions.py:EndpointResolver.construct_endpoint`
    pub fn construct_endpoint(
        &self,
        request: &LegacyRequest<'_>,
    ) -> Result<Option<LegacyEndpoint>, EndpointError> {
        let mut request = *request;
        if request.service == "s3" && request.variant.dual_stack && request.region.is_none() {
            request.region = Some("us-east-1");
        }
        if let Some(name) = request.partition {
            // The last of several partitions with the same name wins.
            return match self
                .partitions
                .iter()
                .rfind(|partition| self.string(partition.id) == name)
            {
                Some(partition) => self.in_partition(partition, &request, true),
                None => Ok(None),
            };
        }
        for partition in &self.partitions {
            if request.variant.dual_stack && NO_DUAL_STACK.contains(&self.string(partition.id)) {
                continue;
            }
            if let Some(endpoint) = self.in_partition(partition, &request, false)? {
                return Ok(Some(endpoint));
            }
        }
        Ok(None)
    }

    /// Returns the URL and signing scope of a client: from `endpoint_url`, from this data, from the defaults of partition
    /// `aws`, or from AWS's naming convention, in this order.
    ///
    /// # Errors
    /// Those of [`construct_endpoint`](Self::construct_endpoint).
    ///
    /// # Source
    /// botocore `client.py:ClientEndpointBridge.resolve`
    pub fn target(
        &self,
        request: &LegacyRequest<'_>,
        endpoint_url: Option<&str>,
        secure: bool,
    ) -> Result<LegacyTarget, EndpointError> {
        let endpoint = match self.construct_endpoint(request)? {
            Some(endpoint) => Some(endpoint),
            None => self.construct_endpoint(&LegacyRequest {
                partition: Some("aws"),
                ..*request
            })?,
        };
        let client_region = request.region.map(str::to_owned);
        let Some(endpoint) = endpoint else {
            let scheme = if secure { "https" } else { "http" };
            let region = request.region.unwrap_or("None");
            let url = format!("{scheme}://{}.{region}.amazonaws.com", request.service);
            return Ok(LegacyTarget {
                url: endpoint_url.map_or(url, str::to_owned),
                region: client_region.clone(),
                signing_region: client_region,
                signing_name: None,
                endpoint: None,
            });
        };
        // With a custom endpoint URL, the client's region applies unchanged.
        let (url, region, signing_region) = match endpoint_url {
            Some(url) => (url.to_owned(), client_region.clone(), client_region),
            None => {
                let name = Some(endpoint.endpoint_name.clone());
                (
                    endpoint.url(secure),
                    name.clone(),
                    endpoint.signing_region.clone().or(name),
                )
            }
        };
        Ok(LegacyTarget {
            url,
            region,
            signing_region,
            signing_name: endpoint.signing_name.clone(),
            endpoint: Some(endpoint),
        })
    }

    fn in_partition(
        &self,
        partition: &PartitionEntry,
        request: &LegacyRequest<'_>,
        forced: bool,
    ) -> Result<Option<LegacyEndpoint>, EndpointError> {
        let id = self.string(partition.id);
        if request.variant.dual_stack && NO_DUAL_STACK.contains(&id) {
            let reason =
                format!("Dualstack endpoints are currently not supported for {id} partition");
            return Err(no_variant(
                EndpointVariant {
                    dual_stack: true,
                    fips: false,
                },
                &reason,
            ));
        }
        let service = self.service(partition, request.service);
        let partition_endpoint = service
            .and_then(|service| service.partition_endpoint)
            .map(|name| self.string(name));
        let Some(region) = request.region.or(partition_endpoint) else {
            return Err(EndpointError::new(
                EndpointErrorKind::NoRegion,
                "You must specify a region.",
            ));
        };
        let endpoint_name =
            if service.is_some_and(|service| self.endpoint(service, region).is_some()) {
                region
            } else if forced || self.matches_region(partition, region) {
                let regionalized = service.is_none_or(|service| service.is_regionalized);
                partition_endpoint
                    .filter(|_| !regionalized)
                    .unwrap_or(region)
            } else {
                return Ok(None);
            };
        self.assemble(partition, service, endpoint_name, request)
            .map(Some)
    }

    fn endpoint(&self, service: &ServiceEntry, name: &str) -> Option<&PartialEndpoint> {
        let (_, partial) = service
            .endpoints
            .iter()
            .rfind(|(endpoint, _)| self.string(*endpoint) == name)?;
        self.partial(*partial)
    }

    /// Merges an endpoint with the defaults of the service and then of the partition.
    fn assemble(
        &self,
        partition: &PartitionEntry,
        service: Option<&ServiceEntry>,
        name: &str,
        request: &LegacyRequest<'_>,
    ) -> Result<LegacyEndpoint, EndpointError> {
        let endpoint = service.and_then(|service| self.endpoint(service, name));
        let service_defaults = service.and_then(|service| self.partial(service.defaults));
        let partition_defaults = self.partial(partition.defaults);
        let mut merged = MergedEndpoint::default();
        let tags = request.variant.tags();
        if tags != 0 {
            let variants = [endpoint, service_defaults, partition_defaults]
                .map(|partial| self.variant(partial, tags));
            if variants.iter().all(Option::is_none) {
                let reason = format!(
                    "Endpoint does not exist for {} in region {name}",
                    request.service
                );
                return Err(no_variant(request.variant, &reason));
            }
            variants
                .into_iter()
                .flatten()
                .for_each(|partial| merged.merge(partial));
        }
        if let Some(endpoint) = endpoint {
            merged.merge(endpoint);
        }
        // Set before merging the defaults, so that it takes precedence over them.
        let dns_suffix = *merged.dns_suffix.get_or_insert(partition.dns_suffix);
        for partial in [service_defaults, partition_defaults].into_iter().flatten() {
            merged.merge(partial);
        }
        let expand = |template: StringId| {
            let template = self
                .string(template)
                .replace("{service}", request.service)
                .replace("{region}", name);
            template.replace("{dnsSuffix}", self.string(dns_suffix))
        };
        let Some(hostname) = merged.hostname else {
            let message = format!("{} has no host name in {name}.", request.service);
            return Err(EndpointError::evaluation(message));
        };
        let strings = |list: Option<ListId>| {
            let list = list.map(|list| self.lists.get(list)).unwrap_or_default();
            list.iter()
                .map(|text| self.string(*text).to_owned())
                .collect()
        };
        let scope = merged.credential_scope.unwrap_or_default();
        Ok(LegacyEndpoint {
            partition: self.string(partition.id).to_owned(),
            endpoint_name: name.to_owned(),
            hostname: expand(hostname),
            dns_suffix: self.string(dns_suffix).to_owned(),
            ssl_common_name: merged.ssl_common_name.map(expand),
            protocols: strings(merged.protocols),
            signature_versions: strings(merged.signature_versions),
            signing_region: scope.region.map(|region| self.string(region).to_owned()),
            signing_name: scope.service.map(|service| self.string(service).to_owned()),
            deprecated: merged.deprecated,
        })
    }
}

/// Partial endpoints merged: the first value of each field wins.
#[derive(Debug, Default)]
struct MergedEndpoint {
    hostname: Option<StringId>,
    dns_suffix: Option<StringId>,
    ssl_common_name: Option<StringId>,
    credential_scope: Option<CredentialScope>,
    protocols: Option<ListId>,
    signature_versions: Option<ListId>,
    deprecated: bool,
}

impl MergedEndpoint {
    fn merge(&mut self, partial: &PartialEndpoint) {
        self.hostname = self.hostname.or(partial.hostname);
        self.dns_suffix = self.dns_suffix.or(partial.dns_suffix);
        self.ssl_common_name = self.ssl_common_name.or(partial.ssl_common_name);
        self.credential_scope = self.credential_scope.or(partial.credential_scope);
        self.protocols = self.protocols.or(partial.protocols);
        self.signature_versions = self.signature_versions.or(partial.signature_versions);
        self.deprecated |= partial.deprecated;
    }
}

#[cold]
fn no_variant(variant: EndpointVariant, reason: &str) -> EndpointError {
    let tags: Vec<&str> = [
        (variant.dual_stack, "'dualstack'"),
        (variant.fips, "'fips'"),
    ]
    .into_iter()
    .filter_map(|(enabled, tag)| enabled.then_some(tag))
    .collect();
    let tags = tags.join(", ");
    let message = format!(
        "Unable to construct a modeled endpoint with the following variant(s) [{tags}]: {reason}"
    );
    EndpointError::new(EndpointErrorKind::NoVariant, message)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    const JSON: &str = r#"{"version": 3, "partitions": [
        {"partition": "aws", "partitionName": "AWS Standard", "dnsSuffix": "amazonaws.com",
         "regionRegex": "^(us|eu)\\-\\w+$",
         "defaults": {"hostname": "{service}.{region}.{dnsSuffix}", "protocols": ["https"], "variants": [
            {"hostname": "{service}-fips.{region}.{dnsSuffix}", "tags": ["fips"]},
            {"dnsSuffix": "api.aws", "hostname": "{service}.{region}.{dnsSuffix}", "tags": ["dualstack"]},
            {"dnsSuffix": "api.aws", "hostname": "{service}-fips.{region}.{dnsSuffix}", "tags": ["dualstack", "fips"]},
            {"hostname": "never", "tags": ["quantum"]}]},
         "regions": {"us-foo": {"description": "United"}, "us-bar": {}, "eu-baz": {}},
         "services": {
            "ec2": {
                "defaults": {"protocols": ["http", "https"], "signatureVersions": ["v4"], "variants": [
                    {"dnsSuffix": "api.aws", "hostname": "api.ec2.{region}.{dnsSuffix}", "tags": ["dualstack"]}]},
                "endpoints": {
                    "us-foo": {"hostname": "ec2.us-foo.amazonaws.com", "variants": [
                        {"dnsSuffix": "api.aws", "hostname": "ec2.foo.{dnsSuffix}", "tags": ["dualstack"]},
                        {"hostname": "ec2-fips.foo.amazonaws.com", "tags": ["fips"]},
                        {"hostname": "ec2-fips.foo.api.aws", "tags": ["fips", "dualstack"]}]},
                    "us-bar": {},
                    "us-dep": {"deprecated": true},
                    "us-fizz": {"credentialScope": {"region": "us-fuzz", "service": "zzz"},
                                "hostname": "ec2.us-fizz.amazonaws.com"},
                    "eu-baz": {},
                    "d": {}}},
            "s3": {
                "defaults": {"sslCommonName": "{service}.{region}.{dnsSuffix}", "dnsSuffix": "unused", "variants": [
                    {"hostname": "s3.dualstack.{region}.{dnsSuffix}", "tags": ["dualstack"]}]},
                "endpoints": {
                    "us-foo": {"sslCommonName": "{region}.{service}.{dnsSuffix}"},
                    "us-fizz": {"hostname": "s3.api.us-fizz.amazonaws.com", "variants": [{"tags": ["dualstack"]}]},
                    "us-east-1": {}}},
            "not-regionalized": {"isRegionalized": false, "partitionEndpoint": "aws",
                "endpoints": {"aws": {"hostname": "not-regionalized"}, "us-foo": {}}},
            "non-partition": {"partitionEndpoint": "aws",
                "endpoints": {"aws": {"hostname": "host"}, "us-foo": {}}}}},
        {"partition": "foo", "dnsSuffix": "foo.com", "regionRegex": "^(foo)\\-\\w+$",
         "defaults": {"hostname": "{service}.{region}.{dnsSuffix}", "protocols": ["http"], "foo": "bar"},
         "regions": {"foo-1": {}, "foo-2": {}, "foo-3": {}},
         "services": {"ec2": {"endpoints": {"foo-1": {"foo": "baz"}, "foo-2": {}, "foo-x": {}}}}},
        {"partition": "aws-iso", "dnsSuffix": "iso.test", "defaults": {"hostname": "{service}.{region}.{dnsSuffix}"},
         "regions": {"iso-1": {}}, "services": {}}]}"#;

    pub(in crate::regions) fn data() -> EndpointsData {
        EndpointsData::from_json(JSON.as_bytes()).unwrap()
    }

    fn request<'a>(service: &'a str, region: Option<&'a str>, variant: &str) -> LegacyRequest<'a> {
        LegacyRequest {
            service,
            region,
            partition: None,
            variant: EndpointVariant {
                dual_stack: variant.contains("dualstack"),
                fips: variant.contains("fips"),
            },
        }
    }

    #[test]
    fn constructs_hosts() {
        let data = data();
        let cases = [
            ("ec2", Some("us-foo"), "", "ec2.us-foo.amazonaws.com"),
            ("ec2", Some("us-bar"), "", "ec2.us-bar.amazonaws.com"),
            ("ec2", Some("eu-new"), "", "ec2.eu-new.amazonaws.com"),
            ("ec2", Some("d"), "", "ec2.d.amazonaws.com"),
            ("ec2", Some("foo-2"), "", "ec2.foo-2.foo.com"),
            (
                "unknown",
                Some("us-bar"),
                "",
                "unknown.us-bar.amazonaws.com",
            ),
            (
                "not-regionalized",
                Some("us-foo"),
                "",
                "not-regionalized.us-foo.amazonaws.com",
            ),
            ("not-regionalized", Some("us-bar"), "", "not-regionalized"),
            ("not-regionalized", None, "", "not-regionalized"),
            (
                "non-partition",
                Some("us-new"),
                "",
                "non-partition.us-new.amazonaws.com",
            ),
            ("s3", Some("us-foo"), "", "s3.us-foo.amazonaws.com"),
            ("ec2", Some("us-foo"), "dualstack", "ec2.foo.api.aws"),
            ("ec2", Some("us-bar"), "dualstack", "api.ec2.us-bar.api.aws"),
            (
                "unknown",
                Some("us-bar"),
                "dualstack",
                "unknown.us-bar.api.aws",
            ),
            (
                "s3",
                Some("us-fizz"),
                "dualstack",
                "s3.dualstack.us-fizz.api.aws",
            ),
            ("s3", None, "dualstack", "s3.dualstack.us-east-1.api.aws"),
            ("ec2", Some("us-foo"), "fips", "ec2-fips.foo.amazonaws.com"),
            (
                "ec2",
                Some("us-bar"),
                "fips",
                "ec2-fips.us-bar.amazonaws.com",
            ),
            (
                "ec2",
                Some("us-foo"),
                "dualstack fips",
                "ec2-fips.foo.api.aws",
            ),
            (
                "ec2",
                Some("us-bar"),
                "dualstack fips",
                "ec2-fips.us-bar.api.aws",
            ),
        ];
        for (service, region, variant, expected) in cases {
            let endpoint = data
                .construct_endpoint(&request(service, region, variant))
                .unwrap()
                .unwrap();
            assert_eq!(
                endpoint.hostname, expected,
                "{service} {region:?} {variant}"
            );
        }
    }

    #[test]
    fn merges_defaults() {
        let data = data();
        let get = |service, region| {
            data.construct_endpoint(&request(service, Some(region), ""))
                .unwrap()
                .unwrap()
        };
        let ec2 = get("ec2", "us-fizz");
        assert_eq!(ec2.protocols, ["http", "https"]);
        assert_eq!(ec2.signature_versions, ["v4"]);
        assert_eq!(ec2.signing_region.as_deref(), Some("us-fuzz"));
        assert_eq!(ec2.signing_name.as_deref(), Some("zzz"));
        assert_eq!(ec2.url(true), "https://ec2.us-fizz.amazonaws.com");
        assert_eq!(
            get("s3", "us-foo").ssl_common_name.as_deref(),
            Some("us-foo.s3.amazonaws.com")
        );
        assert_eq!(
            get("s3", "us-bar").ssl_common_name.as_deref(),
            Some("s3.us-bar.amazonaws.com")
        );
        assert_eq!(get("s3", "us-foo").dns_suffix, "amazonaws.com");
        assert_eq!(get("ec2", "foo-1").url(true), "http://ec2.foo-1.foo.com");
        assert!(get("ec2", "us-dep").deprecated);
    }

    #[test]
    fn reports_missing_regions_and_variants() {
        let data = data();
        let fails = |request: &LegacyRequest<'_>| data.construct_endpoint(request).unwrap_err();
        let error = fails(&request("ec2", None, ""));
        assert_eq!(
            (error.kind(), error.message()),
            (EndpointErrorKind::NoRegion, "You must specify a region.")
        );
        let error = fails(&request("ec2", Some("foo-1"), "dualstack fips"));
        assert_eq!(error.kind(), EndpointErrorKind::NoVariant);
        assert_eq!(
            error.message(),
            "Unable to construct a modeled endpoint with the following variant(s) ['dualstack', 'fips']: \
             Endpoint does not exist for ec2 in region foo-1"
        );
        let iso = LegacyRequest {
            partition: Some("aws-iso"),
            ..request("ec2", Some("iso-1"), "dualstack")
        };
        assert!(
            fails(&iso)
                .message()
                .contains("not supported for aws-iso partition")
        );
        assert_eq!(
            data.construct_endpoint(&request("ec2", Some("iso-1"), "dualstack")),
            Ok(None)
        );
        assert_eq!(
            data.construct_endpoint(&request("ec2", Some("mars"), "")),
            Ok(None)
        );
        let nowhere = LegacyRequest {
            partition: Some("nowhere"),
            ..request("ec2", Some("us-foo"), "")
        };
        assert_eq!(data.construct_endpoint(&nowhere), Ok(None));
    }

    #[test]
    fn targets_fall_back_in_order() {
        let data = data();
        let target = data
            .target(&request("ec2", Some("us-fizz"), ""), None, true)
            .unwrap();
        assert_eq!(target.url, "https://ec2.us-fizz.amazonaws.com");
        assert_eq!(target.region.as_deref(), Some("us-fizz"));
        assert_eq!(target.signing_region.as_deref(), Some("us-fuzz"));
        assert_eq!(target.signing_name.as_deref(), Some("zzz"));
        let target = data
            .target(
                &request("ec2", Some("us-fizz"), ""),
                Some("http://localhost"),
                true,
            )
            .unwrap();
        assert_eq!(target.url, "http://localhost");
        assert_eq!(target.signing_region.as_deref(), Some("us-fizz"));
        let target = data
            .target(&request("not-regionalized", None, ""), None, false)
            .unwrap();
        assert_eq!(
            (target.url.as_str(), target.region.as_deref()),
            ("http://not-regionalized", Some("aws"))
        );
        let target = data
            .target(&request("ec2", Some("mars"), ""), None, true)
            .unwrap();
        assert_eq!(target.url, "https://ec2.mars.amazonaws.com");
        let nothing = EndpointsData::from_json(br#"{"partitions": []}"#).unwrap();
        let target = nothing
            .target(&request("ec2", Some("mars"), ""), None, true)
            .unwrap();
        assert_eq!(
            (target.url.as_str(), target.endpoint),
            ("https://ec2.mars.amazonaws.com", None)
        );
    }
}
