//! Resolved endpoints, their properties and auth schemes.

use std::borrow::Cow;

use serde_json::Value as JsonValue;

/// A resolved endpoint: the URL of a request, its headers and its auth schemes.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Endpoint {
    /// The URL: scheme, host, optional port, and the path that precedes the path of the operation.
    pub url: String,
    /// Headers of the request, each with its values, in the order of the rule. botocore sends only the first value.
    pub headers: Vec<(String, Vec<String>)>,
    /// All properties of the endpoint, including `authSchemes`, in the order of the rule.
    pub properties: Vec<(Cow<'static, str>, Property)>,
    /// The `authSchemes` property, most preferred first; empty if the rule leaves the choice to the service model.
    pub auth_schemes: Vec<AuthScheme>,
}

impl Endpoint {
    /// Returns the property named `name`.
    #[must_use]
    pub fn property(&self, name: &str) -> Option<&Property> {
        find(&self.properties, name)
    }
}

/// An auth scheme, from the `authSchemes` property.
///
/// # Source
/// <https://smithy.io/2.0/aws/rules-engine/auth-schemes.html>
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuthScheme {
    /// `sigv4`, `sigv4a`, `sigv4-s3express`, ...
    pub name: String,
    /// The service name to sign for.
    pub signing_name: Option<String>,
    /// The region to sign for (`sigv4`).
    pub signing_region: Option<String>,
    /// The regions to sign for (`sigv4a`).
    pub signing_region_set: Option<Vec<String>>,
    /// If true, the path is percent-encoded only once in the canonical request (S3).
    pub disable_double_encoding: Option<bool>,
}

impl AuthScheme {
    /// Returns the schemes of the `authSchemes` property. Each has a name, which the rule set compiler checks.
    pub(crate) fn all(properties: &[(Cow<'static, str>, Property)]) -> Vec<Self> {
        match find(properties, "authSchemes") {
            Some(Property::List(items)) => items.iter().filter_map(Self::from_property).collect(),
            _ => Vec::new(),
        }
    }

    fn from_property(property: &Property) -> Option<Self> {
        let Property::Map(entries) = property else {
            return None;
        };
        let mut scheme = Self::default();
        for (key, value) in entries {
            match (&**key, value) {
                ("name", Property::String(text)) => scheme.name = text.as_ref().into(),
                ("signingName", Property::String(text)) => {
                    scheme.signing_name = Some(text.as_ref().into());
                }
                ("signingRegion", Property::String(text)) => {
                    scheme.signing_region = Some(text.as_ref().into());
                }
                ("signingRegionSet", Property::List(items)) => {
                    let regions = items
                        .iter()
                        .filter_map(|item| item.as_str().map(str::to_owned));
                    scheme.signing_region_set = Some(regions.collect());
                }
                // botocore accepts the string `true` in any case.
                ("disableDoubleEncoding", Property::Bool(value)) => {
                    scheme.disable_double_encoding = Some(*value)
                }
                ("disableDoubleEncoding", Property::String(text)) => {
                    scheme.disable_double_encoding = Some(text.eq_ignore_ascii_case("true"));
                }
                _ => {}
            }
        }
        Some(scheme)
    }
}

/// A property of an endpoint: any JSON value, with maps in the order of the rule.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Property {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// An integer.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// A string, with its template resolved.
    String(Cow<'static, str>),
    /// A list.
    List(Vec<Property>),
    /// A map.
    Map(Vec<(Cow<'static, str>, Property)>),
}

impl Property {
    /// Returns the string, if this is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the boolean, if this is one.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// Returns the items, if this is a list.
    #[must_use]
    pub fn as_list(&self) -> Option<&[Property]> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }

    /// Returns the value of `key`, if this is a map that contains it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Property> {
        match self {
            Self::Map(entries) => find(entries, key),
            _ => None,
        }
    }
}

fn find<'a>(entries: &'a [(Cow<'static, str>, Property)], key: &str) -> Option<&'a Property> {
    entries
        .iter()
        .find(|(name, _)| name == key)
        .map(|(_, value)| value)
}

impl From<&Property> for JsonValue {
    fn from(property: &Property) -> Self {
        match property {
            Property::Null => JsonValue::Null,
            Property::Bool(value) => JsonValue::Bool(*value),
            Property::Int(value) => JsonValue::from(*value),
            Property::Float(value) => JsonValue::from(*value),
            Property::String(text) => JsonValue::String(text.clone().into_owned()),
            Property::List(items) => JsonValue::Array(items.iter().map(JsonValue::from).collect()),
            Property::Map(entries) => JsonValue::Object(
                entries
                    .iter()
                    .map(|(key, value)| (key.clone().into_owned(), JsonValue::from(value)))
                    .collect(),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Property {
        Property::String(text.to_owned().into())
    }

    #[test]
    fn parses_auth_schemes() {
        let scheme = Property::Map(vec![
            ("name".into(), text("sigv4a")),
            ("signingName".into(), text("s3")),
            ("signingRegionSet".into(), Property::List(vec![text("*")])),
            ("disableDoubleEncoding".into(), text("TRUE")),
            ("other".into(), Property::Int(1)),
        ]);
        let properties = vec![("authSchemes".into(), Property::List(vec![scheme]))];
        let expected = AuthScheme {
            name: "sigv4a".into(),
            signing_name: Some("s3".into()),
            signing_region: None,
            signing_region_set: Some(vec!["*".into()]),
            disable_double_encoding: Some(true),
        };
        assert_eq!(AuthScheme::all(&properties), [expected]);
        assert_eq!(AuthScheme::all(&[]), []);
    }

    #[test]
    fn converts_properties_to_json() {
        let property = Property::Map(vec![
            (
                "b".into(),
                Property::List(vec![
                    Property::Null,
                    Property::Bool(true),
                    Property::Float(0.5),
                ]),
            ),
            ("a".into(), Property::Int(-1)),
        ]);
        assert_eq!(
            JsonValue::from(&property),
            serde_json::json!({"a": -1, "b": [null, true, 0.5]})
        );
        assert_eq!(property.get("a"), Some(&Property::Int(-1)));
    }
}
