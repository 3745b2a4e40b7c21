//! Parser of `endpoints.json`.

use super::{
    CredentialScope, DUAL_STACK, EndpointsData, FIPS, PartialEndpoint, PartialEndpointId,
    PartitionEntry, ServiceEntry, StringId,
};
use crate::error::DefinitionError;
use crate::interner::Interner;
use crate::json::{self, Json, JsonPath};
use crate::list_table::{ListId, ListTable};
use crate::region_pattern::RegionPattern;
use crate::string_table::StringTableBuilder;

#[derive(Debug, Default)]
struct RegionsCompiler {
    strings: StringTableBuilder,
    lists: Interner<Box<[u16]>>,
    partials: Interner<PartialEndpoint>,
}

pub(super) fn parse(text: &[u8]) -> Result<EndpointsData, DefinitionError> {
    let json = json::parse(text)?;
    let root = JsonPath::Root;
    let path = root.key("partitions");
    let list = json.required("partitions", &root)?.list(&path)?;
    let mut compiler = RegionsCompiler::default();
    let mut partitions = Vec::with_capacity(list.len());
    for (index, partition) in list.iter().enumerate() {
        partitions.push(compiler.partition(partition, &path.index(index))?);
    }
    let lists =
        ListTable::new(compiler.lists.items()).ok_or_else(|| root.error("definition too large"))?;
    Ok(EndpointsData {
        strings: compiler.strings.finish(),
        lists,
        partials: compiler.partials.into_items().into_boxed_slice(),
        partitions: partitions.into_boxed_slice(),
    })
}

impl RegionsCompiler {
    fn string(&mut self, text: &str, path: &JsonPath<'_>) -> Result<StringId, DefinitionError> {
        self.strings
            .intern(text)
            .ok_or_else(|| path.error("too many strings"))
    }

    /// Interns the string of `key`, if the key is present.
    fn string_of(
        &mut self,
        json: &Json<'_>,
        key: &str,
        path: &JsonPath<'_>,
    ) -> Result<Option<StringId>, DefinitionError> {
        let path = path.key(key);
        match json.get(key) {
            Some(value) => self.string(value.text(&path)?, &path).map(Some),
            None => Ok(None),
        }
    }

    /// Interns the list of strings of `key`, if the key is present.
    fn strings_of(
        &mut self,
        json: &Json<'_>,
        key: &str,
        path: &JsonPath<'_>,
    ) -> Result<Option<ListId>, DefinitionError> {
        let path = path.key(key);
        let Some(value) = json.get(key) else {
            return Ok(None);
        };
        let mut list = Vec::new();
        for (index, item) in value.list(&path)?.iter().enumerate() {
            let path = path.index(index);
            list.push(self.string(item.text(&path)?, &path)?);
        }
        self.lists.intern(list.into_boxed_slice(), &path).map(Some)
    }

    fn partition(
        &mut self,
        json: &Json<'_>,
        path: &JsonPath<'_>,
    ) -> Result<PartitionEntry, DefinitionError> {
        json.map(path)?;
        let id = self
            .string_of(json, "partition", path)?
            .ok_or_else(|| path.missing("partition"))?;
        let dns_suffix = self
            .string_of(json, "dnsSuffix", path)?
            .ok_or_else(|| path.missing("dnsSuffix"))?;
        let pattern = match json.get("regionRegex") {
            Some(pattern) => {
                let path = path.key("regionRegex");
                let pattern = RegionPattern::new(pattern.text(&path)?);
                Some(pattern.map_err(|error| {
                    path.error(format_args!("not a regular expression: {error}"))
                })?)
            }
            None => None,
        };
        let regions_path = path.key("regions");
        let mut regions = Vec::new();
        for (name, region) in json.required("regions", path)?.map(&regions_path)? {
            let path = regions_path.key(name);
            regions.push((
                self.string(name, &path)?,
                self.string_of(region, "description", &path)?,
            ));
        }
        let services_path = path.key("services");
        let mut services = Vec::new();
        for (name, service) in json.required("services", path)?.map(&services_path)? {
            services.push(self.service(name, service, &services_path.key(name))?);
        }
        Ok(PartitionEntry {
            id,
            name: self.string_of(json, "partitionName", path)?,
            dns_suffix,
            pattern,
            defaults: self.defaults(json, path)?,
            regions: regions.into_boxed_slice(),
            services: services.into_boxed_slice(),
        })
    }

    fn service(
        &mut self,
        name: &str,
        json: &Json<'_>,
        path: &JsonPath<'_>,
    ) -> Result<ServiceEntry, DefinitionError> {
        json.map(path)?;
        let is_regionalized = match json.get("isRegionalized") {
            Some(value) => value.bool(&path.key("isRegionalized"))?,
            None => true,
        };
        let endpoints_path = path.key("endpoints");
        let mut endpoints = Vec::new();
        if let Some(map) = json.get("endpoints") {
            for (name, endpoint) in map.map(&endpoints_path)? {
                let path = endpoints_path.key(name);
                endpoints.push((self.string(name, &path)?, self.partial(endpoint, &path)?));
            }
        }
        Ok(ServiceEntry {
            name: self.string(name, path)?,
            partition_endpoint: self.string_of(json, "partitionEndpoint", path)?,
            is_regionalized,
            defaults: self.defaults(json, path)?,
            endpoints: endpoints.into_boxed_slice(),
        })
    }

    fn defaults(
        &mut self,
        json: &Json<'_>,
        path: &JsonPath<'_>,
    ) -> Result<PartialEndpointId, DefinitionError> {
        let path = path.key("defaults");
        let empty = Json::Map(Vec::new());
        self.partial(json.get("defaults").unwrap_or(&empty), &path)
    }

    fn partial(
        &mut self,
        json: &Json<'_>,
        path: &JsonPath<'_>,
    ) -> Result<PartialEndpointId, DefinitionError> {
        json.map(path)?;
        let mut variants = Vec::new();
        if let Some(list) = json.get("variants") {
            let path = path.key("variants");
            for (index, variant) in list.list(&path)?.iter().enumerate() {
                let path = path.index(index);
                let Some(tags) = tags(variant, &path)? else {
                    continue;
                };
                variants.extend([tags, self.partial_with(variant, &[], &path)?]);
            }
        }
        self.partial_with(json, &variants, path)
    }

    /// Interns an endpoint whose variants are already interned. A variant has no variants of its own.
    fn partial_with(
        &mut self,
        json: &Json<'_>,
        variants: &[u16],
        path: &JsonPath<'_>,
    ) -> Result<PartialEndpointId, DefinitionError> {
        let credential_scope = match json.get("credentialScope") {
            Some(scope) => {
                let path = path.key("credentialScope");
                scope.map(&path)?;
                Some(CredentialScope {
                    region: self.string_of(scope, "region", &path)?,
                    service: self.string_of(scope, "service", &path)?,
                })
            }
            None => None,
        };
        let deprecated = match json.get("deprecated") {
            Some(value) => value.bool(&path.key("deprecated"))?,
            None => false,
        };
        let partial = PartialEndpoint {
            hostname: self.string_of(json, "hostname", path)?,
            dns_suffix: self.string_of(json, "dnsSuffix", path)?,
            ssl_common_name: self.string_of(json, "sslCommonName", path)?,
            credential_scope,
            protocols: self.strings_of(json, "protocols", path)?,
            signature_versions: self.strings_of(json, "signatureVersions", path)?,
            deprecated,
            variants: self.lists.intern(variants.into(), path)?,
        };
        self.partials.intern(partial, path)
    }
}

/// Returns the tags of a variant, or `None` if one of them is unknown, since such a variant cannot be requested.
fn tags(variant: &Json<'_>, path: &JsonPath<'_>) -> Result<Option<u16>, DefinitionError> {
    variant.map(path)?;
    let list = variant.required("tags", path)?;
    let path = path.key("tags");
    let mut tags = Some(0);
    for (index, tag) in list.list(&path)?.iter().enumerate() {
        let bit = match tag.text(&path.index(index))? {
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
            assert_eq!(
                parse(json.as_bytes()).unwrap_err().location(),
                path,
                "{json}"
            );
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
