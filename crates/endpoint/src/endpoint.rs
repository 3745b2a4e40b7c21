//! Resolved endpoints, their properties and auth schemes.

use inia_core::{Map, Str, Value};

/// A resolved endpoint: the URL of a request, its headers and its auth schemes.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Endpoint {
    /// The URL: scheme, host, optional port, and the path that precedes the path of the operation.
    pub url: String,
    /// Headers of the request, each with its values, in the order of the rule. botocore sends only the first value.
    pub headers: Vec<(String, Vec<String>)>,
    /// All properties of the endpoint, including `authSchemes`, in the order of the rule.
    pub properties: Map,
    /// The `authSchemes` property, most preferred first; empty if the rule leaves the choice to the service model.
    pub auth_schemes: Vec<AuthScheme>,
}

/// An auth scheme, from the `authSchemes` property.
///
/// # Source
/// <https://smithy.io/2.0/aws/rules-engine/auth-schemes.html>
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuthScheme {
    /// `sigv4`, `sigv4a`, `sigv4-s3express`, ...
    pub name: Str,
    /// The service name to sign for.
    pub signing_name: Option<Str>,
    /// The region to sign for (`sigv4`).
    pub signing_region: Option<Str>,
    /// The regions to sign for (`sigv4a`).
    pub signing_region_set: Option<Vec<Str>>,
    /// If true, the path is percent-encoded only once in the canonical request (S3).
    pub disable_double_encoding: Option<bool>,
}

impl AuthScheme {
    /// Returns the schemes of the `authSchemes` property. Each has a name, which the rule set compiler checks.
    pub(crate) fn all(properties: &Map) -> Vec<Self> {
        let schemes = properties.get("authSchemes").map(Value::items);
        schemes
            .into_iter()
            .flatten()
            .filter_map(Self::from_property)
            .collect()
    }

    fn from_property(property: &Value) -> Option<Self> {
        let mut scheme = Self::default();
        for (key, value) in property.as_map()? {
            match (key.as_str(), value) {
                ("name", Value::String(text)) => scheme.name = text.clone(),
                ("signingName", Value::String(text)) => scheme.signing_name = Some(text.clone()),
                ("signingRegion", Value::String(text)) => {
                    scheme.signing_region = Some(text.clone());
                }
                ("signingRegionSet", Value::List(items)) => {
                    let regions = items.iter().filter_map(|item| match item {
                        Value::String(text) => Some(text.clone()),
                        _ => None,
                    });
                    scheme.signing_region_set = Some(regions.collect());
                }
                // botocore accepts the string `true` in any case.
                ("disableDoubleEncoding", Value::Bool(value)) => {
                    scheme.disable_double_encoding = Some(*value);
                }
                ("disableDoubleEncoding", Value::String(text)) => {
                    scheme.disable_double_encoding = Some(text.eq_ignore_ascii_case("true"));
                }
                _ => {}
            }
        }
        Some(scheme)
    }
}

#[cfg(test)]
mod tests {
    use inia_core::json;

    use super::*;

    #[test]
    fn parses_auth_schemes() {
        let properties = json!({"authSchemes": [{
            "name": "sigv4a",
            "signingName": "s3",
            "signingRegionSet": ["*"],
            "disableDoubleEncoding": "TRUE",
            "other": 1
        }]});
        let expected = AuthScheme {
            name: "sigv4a".into(),
            signing_name: Some("s3".into()),
            signing_region: None,
            signing_region_set: Some(vec!["*".into()]),
            disable_double_encoding: Some(true),
        };
        let all = |properties: &Value| AuthScheme::all(properties.as_map().unwrap());
        assert_eq!(all(&properties), [expected]);
        assert_eq!(all(&json!({})), []);
    }
}
