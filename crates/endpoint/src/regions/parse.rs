//! Parser of `endpoints.json`.

use std::borrow::Cow;

use inia_core::Result;

use super::{
    CredentialScope, DUAL_STACK, EndpointsData, FIPS, PartialEndpoint, PartialEndpointId,
    PartitionEntry, ServiceEntry, StringId,
};
use crate::interner::Interner;
use crate::json::{self, JsonNode};
use crate::list_table::{ListId, ListTable};
use crate::region_pattern::RegionPattern;
use crate::string_table::StringTable;

#[derive(Debug)]
struct RegionsCompiler<'j> {
    strings: Interner<Cow<'j, str>>,
    lists: Interner<Vec<u16>>,
    partials: Interner<PartialEndpoint>,
}

pub(super) fn parse(text: &[u8]) -> Result<EndpointsData> {
    let json = json::parse(text)?;
    let root = JsonNode::root(&json);
    let mut compiler = RegionsCompiler {
        strings: StringTable::interner(),
        lists: Interner::default(),
        partials: Interner::default(),
    };
    let list = root.required("partitions")?;
    let partitions = list.items()?.map(|node| compiler.partition(node));
    let partitions = partitions.collect::<Result<_>>()?;
    Ok(EndpointsData {
        strings: StringTable::new(&compiler.strings)?,
        lists: ListTable::new(compiler.lists.iter())?,
        partials: compiler.partials.into_items(),
        partitions,
    })
}

impl<'j> RegionsCompiler<'j> {
    fn intern(&mut self, text: &'j str) -> Result<StringId> {
        self.strings.intern(Cow::Borrowed(text))
    }

    /// Interns the string of `key`, if the key is present.
    fn string(&mut self, node: JsonNode<'_, 'j>, key: &str) -> Result<Option<StringId>> {
        let text = node.optional_str(key)?;
        text.map(|text| self.intern(text)).transpose()
    }

    /// Interns the list of strings of `key`, if the key is present.
    fn strings(&mut self, node: JsonNode<'_, 'j>, key: &str) -> Result<Option<ListId>> {
        let Some(list) = node.get(key) else {
            return Ok(None);
        };
        let list = list.items()?.map(|item| self.intern(item.str()?));
        let list = list.collect::<Result<_>>()?;
        self.lists.intern(list).map(Some)
    }

    fn partition(&mut self, node: JsonNode<'_, 'j>) -> Result<PartitionEntry> {
        let id = self.intern(node.required("partition")?.str()?)?;
        let dns_suffix = self.intern(node.required("dnsSuffix")?.str()?)?;
        let pattern = node
            .get("regionRegex")
            .map(RegionPattern::from_json)
            .transpose()?;
        let regions = node.required("regions")?;
        let regions = regions.entries()?.map(|(name, region)| {
            let name = self.intern(name)?;
            Ok((name, self.string(region, "description")?))
        });
        let regions = regions.collect::<Result<_>>()?;
        let services = node.required("services")?;
        let services = services
            .entries()?
            .map(|(name, service)| self.service(name, service));
        let services = services.collect::<Result<_>>()?;
        Ok(PartitionEntry {
            id,
            name: self.string(node, "partitionName")?,
            dns_suffix,
            pattern,
            defaults: self.defaults(node)?,
            regions,
            services,
        })
    }

    fn service(&mut self, name: &'j str, node: JsonNode<'_, 'j>) -> Result<ServiceEntry> {
        let mut endpoints = Vec::new();
        if let Some(map) = node.get("endpoints") {
            for (name, endpoint) in map.entries()? {
                endpoints.push((self.intern(name)?, self.endpoint(endpoint)?));
            }
        }
        Ok(ServiceEntry {
            name: self.intern(name)?,
            partition_endpoint: self.string(node, "partitionEndpoint")?,
            is_regionalized: node.optional_bool("isRegionalized")?.unwrap_or(true),
            defaults: self.defaults(node)?,
            endpoints: endpoints.into_boxed_slice(),
        })
    }

    fn defaults(&mut self, node: JsonNode<'_, 'j>) -> Result<PartialEndpointId> {
        match node.get("defaults") {
            Some(defaults) => self.endpoint(defaults),
            None => {
                let variants = self.lists.intern(Vec::new())?;
                self.partials.intern(PartialEndpoint {
                    variants,
                    ..PartialEndpoint::default()
                })
            }
        }
    }

    /// Interns an endpoint with its variants.
    fn endpoint(&mut self, node: JsonNode<'_, 'j>) -> Result<PartialEndpointId> {
        node.map()?;
        let mut variants = Vec::new();
        if let Some(list) = node.get("variants") {
            for variant in list.items()? {
                if let Some(tags) = tags(variant)? {
                    // A variant has no variants of its own.
                    variants.extend([tags, self.endpoint_with(variant, Vec::new())?]);
                }
            }
        }
        self.endpoint_with(node, variants)
    }

    /// Interns an endpoint whose variants are already interned.
    fn endpoint_with(
        &mut self,
        node: JsonNode<'_, 'j>,
        variants: Vec<u16>,
    ) -> Result<PartialEndpointId> {
        let credential_scope = match node.get("credentialScope") {
            Some(scope) => Some(CredentialScope {
                region: self.string(scope, "region")?,
                service: self.string(scope, "service")?,
            }),
            None => None,
        };
        let partial = PartialEndpoint {
            hostname: self.string(node, "hostname")?,
            dns_suffix: self.string(node, "dnsSuffix")?,
            ssl_common_name: self.string(node, "sslCommonName")?,
            credential_scope,
            protocols: self.strings(node, "protocols")?,
            signature_versions: self.strings(node, "signatureVersions")?,
            deprecated: node.optional_bool("deprecated")?.unwrap_or(false),
            variants: self.lists.intern(variants)?,
        };
        self.partials.intern(partial)
    }
}

/// Returns the tags of a variant, or `None` if one of them is unknown, since such a variant cannot be requested.
fn tags(variant: JsonNode<'_, '_>) -> Result<Option<u16>> {
    let mut tags = Some(0);
    for tag in variant.required("tags")?.items()? {
        let bit = match tag.str()? {
            "dualstack" => Some(DUAL_STACK),
            "fips" => Some(FIPS),
            _ => None,
        };
        tags = tags.zip(bit).map(|(tags, bit)| tags | bit);
    }
    Ok(tags)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_the_json_path() {
        let cases = [
            ("{}", "$"),
            (r#"{"partitions":{}}"#, "$.partitions"),
            (r#"{"partitions":[{}]}"#, "$.partitions[0]"),
            (
                r#"{"partitions":[{"partition":"a","dnsSuffix":"b"}]}"#,
                "$.partitions[0]",
            ),
            (
                r#"{"partitions":[{"partition":"a","dnsSuffix":"b","regionRegex":"("}]}"#,
                "$.partitions[0].regionRegex",
            ),
            (
                r#"{"partitions":[{"partition":"a","dnsSuffix":"b","regions":{},
                    "services":{"s":{"endpoints":{"e":{"hostname":1}}}}}]}"#,
                "$.partitions[0].services.s.endpoints.e.hostname",
            ),
            (
                r#"{"partitions":[{"partition":"a","dnsSuffix":"b","regions":{},
                    "services":{"s":{"endpoints":{"e":{"variants":[{}]}}}}}]}"#,
                "$.partitions[0].services.s.endpoints.e.variants[0]",
            ),
        ];
        for (json, path) in cases {
            let error = parse(json.as_bytes()).unwrap_err().to_string();
            assert!(error.starts_with(&format!("{path}: ")), "{json}: {error}");
        }
    }

    #[test]
    fn deduplicates_equal_endpoints() {
        let json = r#"{"partitions":[{"partition":"a","dnsSuffix":"b","regions":{},"services":
            {"s":{"endpoints":{"e":{"hostname":"h"},"f":{"hostname":"h","newKey":1},"g":{"hostname":"i"}}}}}]}"#;
        // The two host names, and the empty defaults.
        assert_eq!(parse(json.as_bytes()).unwrap().partials.len(), 3);
    }
}
