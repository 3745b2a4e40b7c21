//! From `endpoints.json`.

use super::{
    DUAL_STACK, EndpointsData, FIPS, Form, FormId, PartitionEntry, Scope, ServiceEntry, TextId,
};
use crate::error::DefinitionError;
use crate::json::{self, Json, Place};
use crate::lists::{ListId, Lists};
use crate::numbered::Numbered;
use crate::pattern::RegionPattern;
use crate::texts::TextTable;

#[derive(Debug, Default)]
struct Compiler {
    texts: TextTable,
    lists: Numbered<Box<[u16]>>,
    forms: Numbered<Form>,
}

pub(super) fn parse(text: &[u8]) -> Result<EndpointsData, DefinitionError> {
    let json = json::parse(text)?;
    let root = Place::Root;
    let place = root.key("partitions");
    let list = json
        .get("partitions")
        .ok_or_else(|| root.missing("partitions"))?
        .list(&place)?;
    let mut compiler = Compiler::default();
    let mut partitions = Vec::with_capacity(list.len());
    for (index, partition) in list.iter().enumerate() {
        partitions.push(compiler.partition(partition, &place.index(index))?);
    }
    let lists = Lists::new(compiler.lists.all())
        .ok_or_else(|| root.error("the definition is too large"))?;
    Ok(EndpointsData {
        texts: compiler.texts.finish(),
        lists,
        forms: compiler.forms.into_all().into_boxed_slice(),
        partitions: partitions.into_boxed_slice(),
    })
}

impl Compiler {
    fn text(&mut self, text: &str, place: &Place<'_>) -> Result<TextId, DefinitionError> {
        self.texts
            .id(text)
            .ok_or_else(|| place.error("the definition has too many texts"))
    }

    /// The text of a key; `None` where there is no such key.
    fn text_of(
        &mut self,
        json: &Json<'_>,
        key: &str,
        place: &Place<'_>,
    ) -> Result<Option<TextId>, DefinitionError> {
        let place = place.key(key);
        match json.get(key) {
            Some(value) => self.text(value.text(&place)?, &place).map(Some),
            None => Ok(None),
        }
    }

    /// The texts of a key, as a list.
    fn texts_of(
        &mut self,
        json: &Json<'_>,
        key: &str,
        place: &Place<'_>,
    ) -> Result<Option<ListId>, DefinitionError> {
        let place = place.key(key);
        let Some(value) = json.get(key) else {
            return Ok(None);
        };
        let mut list = Vec::new();
        for (index, item) in value.list(&place)?.iter().enumerate() {
            let place = place.index(index);
            list.push(self.text(item.text(&place)?, &place)?);
        }
        self.lists.id(list.into_boxed_slice(), &place).map(Some)
    }

    fn partition(
        &mut self,
        json: &Json<'_>,
        place: &Place<'_>,
    ) -> Result<PartitionEntry, DefinitionError> {
        json.map(place)?;
        let id = self
            .text_of(json, "partition", place)?
            .ok_or_else(|| place.missing("partition"))?;
        let dns_suffix = self
            .text_of(json, "dnsSuffix", place)?
            .ok_or_else(|| place.missing("dnsSuffix"))?;
        let pattern = match json.get("regionRegex") {
            Some(pattern) => {
                let place = place.key("regionRegex");
                let pattern = RegionPattern::new(pattern.text(&place)?);
                Some(pattern.map_err(|error| {
                    place.error(format_args!("is not a regular expression: {error}"))
                })?)
            }
            None => None,
        };
        let regions_place = place.key("regions");
        let mut regions = Vec::new();
        for (name, region) in json
            .get("regions")
            .ok_or_else(|| place.missing("regions"))?
            .map(&regions_place)?
        {
            let place = regions_place.key(name);
            regions.push((
                self.text(name, &place)?,
                self.text_of(region, "description", &place)?,
            ));
        }
        let services_place = place.key("services");
        let mut services = Vec::new();
        for (name, service) in json
            .get("services")
            .ok_or_else(|| place.missing("services"))?
            .map(&services_place)?
        {
            services.push(self.service(name, service, &services_place.key(name))?);
        }
        Ok(PartitionEntry {
            id,
            name: self.text_of(json, "partitionName", place)?,
            dns_suffix,
            pattern,
            defaults: self.defaults(json, place)?,
            regions: regions.into_boxed_slice(),
            services: services.into_boxed_slice(),
        })
    }

    fn service(
        &mut self,
        name: &str,
        json: &Json<'_>,
        place: &Place<'_>,
    ) -> Result<ServiceEntry, DefinitionError> {
        json.map(place)?;
        let is_regionalized = match json.get("isRegionalized") {
            Some(value) => value.bool(&place.key("isRegionalized"))?,
            None => true,
        };
        let endpoints_place = place.key("endpoints");
        let mut endpoints = Vec::new();
        if let Some(map) = json.get("endpoints") {
            for (name, endpoint) in map.map(&endpoints_place)? {
                let place = endpoints_place.key(name);
                endpoints.push((self.text(name, &place)?, self.form(endpoint, &place)?));
            }
        }
        Ok(ServiceEntry {
            name: self.text(name, place)?,
            partition_endpoint: self.text_of(json, "partitionEndpoint", place)?,
            is_regionalized,
            defaults: self.defaults(json, place)?,
            endpoints: endpoints.into_boxed_slice(),
        })
    }

    fn defaults(&mut self, json: &Json<'_>, place: &Place<'_>) -> Result<FormId, DefinitionError> {
        let place = place.key("defaults");
        let nothing = Json::Map(Vec::new());
        self.form(json.get("defaults").unwrap_or(&nothing), &place)
    }

    fn form(&mut self, json: &Json<'_>, place: &Place<'_>) -> Result<FormId, DefinitionError> {
        json.map(place)?;
        let mut variants = Vec::new();
        if let Some(list) = json.get("variants") {
            let place = place.key("variants");
            for (index, variant) in list.list(&place)?.iter().enumerate() {
                let place = place.index(index);
                let Some(tags) = tags(variant, &place)? else {
                    continue;
                };
                variants.extend([tags, self.form_without(variant, &[], &place)?]);
            }
        }
        self.form_without(json, &variants, place)
    }

    /// A form with variants that were read already: a variant has no variants of its own.
    fn form_without(
        &mut self,
        json: &Json<'_>,
        variants: &[u16],
        place: &Place<'_>,
    ) -> Result<FormId, DefinitionError> {
        let credential_scope = match json.get("credentialScope") {
            Some(scope) => {
                let place = place.key("credentialScope");
                scope.map(&place)?;
                Some(Scope {
                    region: self.text_of(scope, "region", &place)?,
                    service: self.text_of(scope, "service", &place)?,
                })
            }
            None => None,
        };
        let deprecated = match json.get("deprecated") {
            Some(value) => value.bool(&place.key("deprecated"))?,
            None => false,
        };
        let form = Form {
            hostname: self.text_of(json, "hostname", place)?,
            dns_suffix: self.text_of(json, "dnsSuffix", place)?,
            ssl_common_name: self.text_of(json, "sslCommonName", place)?,
            credential_scope,
            protocols: self.texts_of(json, "protocols", place)?,
            signature_versions: self.texts_of(json, "signatureVersions", place)?,
            deprecated,
            variants: self.lists.id(variants.into(), place)?,
        };
        self.forms.id(form, place)
    }
}

/// The tags of a variant; `None` where one of them is not known, so that nobody can ask for it.
fn tags(variant: &Json<'_>, place: &Place<'_>) -> Result<Option<u16>, DefinitionError> {
    variant.map(place)?;
    let place = place.key("tags");
    let mut tags = Some(0);
    for (index, tag) in variant
        .get("tags")
        .ok_or_else(|| place.error("must be there"))?
        .list(&place)?
        .iter()
        .enumerate()
    {
        let bit = match tag.text(&place.index(index))? {
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
    fn problems_name_their_place() {
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
                "$.partitions[0].services.s.endpoints.e.variants[0].tags",
            ),
        ];
        for (json, place) in cases {
            assert_eq!(parse(json.as_bytes()).unwrap_err().place(), place, "{json}");
        }
    }

    #[test]
    fn equal_forms_are_kept_once() {
        let json = r#"{"partitions":[{"partition":"a","dnsSuffix":"b","regions":{},"services":
            {"s":{"endpoints":{"e":{"hostname":"h"},"f":{"hostname":"h","newKey":1},"g":{"hostname":"i"}}}}}]}"#;
        // The two host names, and nothing at all.
        assert_eq!(parse(json.as_bytes()).unwrap().forms.len(), 3);
    }
}
