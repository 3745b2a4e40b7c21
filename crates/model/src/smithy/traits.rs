//! The Smithy traits that affect calls. All others, such as documentation and examples, are skipped while the AST is parsed.

use std::fmt;

use inia_core::{Str, Value};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::definition::raw::RawText;

macro_rules! traits {
    ($($name:ident = $id:literal,)*) => {
        /// A trait that affects calls.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Trait { $($name,)* }

        impl Trait {
            fn from_id(id: &str) -> Option<Trait> {
                match id { $($id => Some(Trait::$name),)* _ => None }
            }

            /// Returns the id of the trait.
            pub(super) const fn id(self) -> &'static str {
                match self { $(Trait::$name => $id,)* }
            }
        }
    };
}

traits! {
    // Model.
    Mixin = "smithy.api#mixin",
    Title = "smithy.api#title",
    Deprecated = "smithy.api#deprecated",
    Service = "aws.api#service",
    // Protocols.
    AwsJson10 = "aws.protocols#awsJson1_0",
    AwsJson11 = "aws.protocols#awsJson1_1",
    RestJson1 = "aws.protocols#restJson1",
    RestXml = "aws.protocols#restXml",
    RpcV2Cbor = "smithy.protocols#rpcv2Cbor",
    RpcV2Json = "smithy.protocols#rpcv2Json",
    AwsQuery = "aws.protocols#awsQuery",
    Ec2Query = "aws.protocols#ec2Query",
    AwsQueryCompatible = "aws.protocols#awsQueryCompatible",
    AwsQueryError = "aws.protocols#awsQueryError",
    Ec2QueryName = "aws.protocols#ec2QueryName",
    JsonName = "smithy.api#jsonName",
    XmlName = "smithy.api#xmlName",
    XmlFlattened = "smithy.api#xmlFlattened",
    XmlAttribute = "smithy.api#xmlAttribute",
    XmlNamespace = "smithy.api#xmlNamespace",
    TimestampFormat = "smithy.api#timestampFormat",
    MediaType = "smithy.api#mediaType",
    // HTTP.
    Http = "smithy.api#http",
    HttpLabel = "smithy.api#httpLabel",
    HttpQuery = "smithy.api#httpQuery",
    HttpQueryParams = "smithy.api#httpQueryParams",
    HttpHeader = "smithy.api#httpHeader",
    HttpPrefixHeaders = "smithy.api#httpPrefixHeaders",
    HttpPayload = "smithy.api#httpPayload",
    HttpResponseCode = "smithy.api#httpResponseCode",
    HttpError = "smithy.api#httpError",
    HttpChecksum = "aws.protocols#httpChecksum",
    HttpChecksumRequired = "smithy.api#httpChecksumRequired",
    RequestCompression = "smithy.api#requestCompression",
    Endpoint = "smithy.api#endpoint",
    HostLabel = "smithy.api#hostLabel",
    // Streams.
    Streaming = "smithy.api#streaming",
    RequiresLength = "smithy.api#requiresLength",
    EventHeader = "smithy.api#eventHeader",
    EventPayload = "smithy.api#eventPayload",
    // Constraints.
    Required = "smithy.api#required",
    Length = "smithy.api#length",
    Range = "smithy.api#range",
    Pattern = "smithy.api#pattern",
    Enum = "smithy.api#enum",
    EnumValue = "smithy.api#enumValue",
    Sensitive = "smithy.api#sensitive",
    Sparse = "smithy.api#sparse",
    IdempotencyToken = "smithy.api#idempotencyToken",
    // Operations and errors.
    Readonly = "smithy.api#readonly",
    Idempotent = "smithy.api#idempotent",
    Error = "smithy.api#error",
    Retryable = "smithy.api#retryable",
    Paginated = "smithy.api#paginated",
    Waitable = "smithy.waiters#waitable",
    // Auth.
    Auth = "smithy.api#auth",
    OptionalAuth = "smithy.api#optionalAuth",
    SigV4 = "aws.auth#sigv4",
    SigV4a = "aws.auth#sigv4a",
    HttpBearerAuth = "smithy.api#httpBearerAuth",
    HttpBasicAuth = "smithy.api#httpBasicAuth",
    HttpDigestAuth = "smithy.api#httpDigestAuth",
    HttpApiKeyAuth = "smithy.api#httpApiKeyAuth",
    UnsignedPayload = "aws.auth#unsignedPayload",
    // Endpoints.
    EndpointRuleSet = "smithy.rules#endpointRuleSet",
    EndpointBdd = "smithy.rules#endpointBdd",
    ClientContextParams = "smithy.rules#clientContextParams",
    ContextParam = "smithy.rules#contextParam",
    StaticContextParams = "smithy.rules#staticContextParams",
    OperationContextParams = "smithy.rules#operationContextParams",
    ClientEndpointDiscovery = "aws.api#clientEndpointDiscovery",
    ClientDiscoveredEndpoint = "aws.api#clientDiscoveredEndpoint",
    ClientEndpointDiscoveryId = "aws.api#clientEndpointDiscoveryId",
}

/// Traits of a shape or member, in the order of the text.
#[derive(Clone, Debug, Default)]
pub(super) struct Traits {
    list: Vec<(Trait, Value)>,
    /// `smithy.api#mixin.localTraits`: ids of the traits that a mixin keeps to itself.
    local: Vec<Str>,
}

impl Traits {
    pub(super) fn get(&self, id: Trait) -> Option<&Value> {
        let mut list = self.list.iter();
        list.find(|(existing, _)| *existing == id)
            .map(|(_, value)| value)
    }

    pub(super) fn has(&self, id: Trait) -> bool {
        self.get(id).is_some()
    }

    /// Returns the value of a trait that is a string.
    pub(super) fn text(&self, id: Trait) -> Option<&Str> {
        match self.get(id) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        }
    }

    /// Returns an entry of a trait that is an object.
    pub(super) fn entry(&self, id: Trait, name: &str) -> Option<&Value> {
        self.get(id)?.get(name)
    }

    /// Returns a string entry of a trait that is an object.
    pub(super) fn text_entry(&self, id: Trait, name: &str) -> Option<&Str> {
        match self.entry(id, name) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Trait, &Value)> {
        self.list.iter().map(|(id, value)| (*id, value))
    }

    /// Merges other traits over these.
    pub(super) fn merge(&mut self, others: Traits) {
        self.local.extend(others.local);
        for (id, value) in others.list {
            match self.list.iter_mut().find(|(existing, _)| *existing == id) {
                Some((_, existing)) => *existing = value,
                None => self.list.push((id, value)),
            }
        }
    }

    /// Returns the traits that shapes inherit from this mixin.
    pub(super) fn inherited(&self) -> Traits {
        let is_inherited =
            |id: Trait| id != Trait::Mixin && !self.local.iter().any(|local| *local == *id.id());
        let list = self.list.iter();
        Traits {
            list: list.filter(|(id, _)| is_inherited(*id)).cloned().collect(),
            local: Vec::new(),
        }
    }
}

impl<'de> Deserialize<'de> for Traits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TraitsVisitor;
        impl<'de> Visitor<'de> for TraitsVisitor {
            type Value = Traits;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of traits")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Traits, A::Error> {
                let mut traits = Traits::default();
                while let Some(id) = map.next_key::<RawText<'de>>()? {
                    let Some(id) = Trait::from_id(&id) else {
                        map.next_value::<IgnoredAny>()?;
                        continue;
                    };
                    let value: Value = map.next_value()?;
                    if id == Trait::Mixin
                        && let Some(Value::List(local)) = value.get("localTraits")
                    {
                        let ids = local.iter().filter_map(Value::as_str);
                        traits.local = ids.map(Str::from).collect();
                    }
                    traits.list.push((id, value));
                }
                Ok(traits)
            }
        }
        deserializer.deserialize_map(TraitsVisitor)
    }
}
