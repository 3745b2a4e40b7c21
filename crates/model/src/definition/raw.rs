//! The text of a `service-2.json` file as it stands: names are still names, and nothing is resolved.

use std::fmt;
use std::marker::PhantomData;

use inia_core::{Str, Value};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};

use crate::Flags;

/// A JSON object as pairs in the order of the text; an error is preceded by the name it is under.
fn named<'de, D, T>(deserializer: D, what: &'static str) -> Result<Vec<(Str, T)>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    struct Named<T>(&'static str, PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for Named<T> {
        type Value = Vec<(Str, T)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut pairs: Vec<(Str, T)> = Vec::new();
            while let Some(name) = map.next_key::<Str>()? {
                let value = map.next_value();
                let value = value
                    .map_err(|error| A::Error::custom(format!("{}{name}: {error}", self.0)))?;
                pairs.push((name, value));
            }
            Ok(pairs)
        }
    }
    deserializer.deserialize_map(Named(what, PhantomData))
}

fn operations<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<(Str, RawOperation)>, D::Error> {
    named(deserializer, "operation ")
}

fn shapes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<(Str, RawShape)>, D::Error> {
    named(deserializer, "shape ")
}

#[derive(Deserialize)]
pub(super) struct RawService {
    pub(super) metadata: RawMetadata,
    #[serde(default, deserialize_with = "operations")]
    pub(super) operations: Vec<(Str, RawOperation)>,
    #[serde(default, deserialize_with = "shapes")]
    pub(super) shapes: Vec<(Str, RawShape)>,
    #[serde(default, rename = "clientContextParams")]
    pub(super) client_context: Pairs<RawContextKind>,
    #[serde(default)]
    pub(super) deprecated: bool,
}

#[derive(Deserialize)]
pub(super) struct RawContextKind {
    #[serde(rename = "type")]
    pub(super) kind: Str,
}

/// Declares a struct read from an object in one pass over its keys: known keys go to their field, flags to a bit set, and
/// the rest is kept aside.
macro_rules! object {
    (
        $(#[$meta:meta])* struct $name:ident { $($wire:literal => $field:ident: $kind:ty,)* }
        otherwise($this:ident, $key:ident, $map:ident) $otherwise:block
        plus { $($extra:ident: $extra_kind:ty,)* }
    ) => {
        $(#[$meta])*
        #[derive(Default)]
        pub(super) struct $name { $(pub(super) $field: $kind,)* $(pub(super) $extra: $extra_kind,)* }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Object;
                impl<'de> Visitor<'de> for Object {
                    type Value = $name;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("an object")
                    }

                    fn visit_map<A: MapAccess<'de>>(self, mut $map: A) -> Result<$name, A::Error> {
                        let mut $this = $name::default();
                        while let Some($key) = $map.next_key::<Str>()? {
                            match &*$key {
                                $($wire => $this.$field = $map.next_value()?,)*
                                "documentation" => { $map.next_value::<IgnoredAny>()?; }
                                _ => $otherwise,
                            }
                        }
                        Ok($this)
                    }
                }
                deserializer.deserialize_map(Object)
            }
        }
    };
}

object! {
    struct RawMetadata {
        "serviceId" => service_id: Option<Str>,
        "apiVersion" => api_version: Option<Str>,
        "endpointPrefix" => endpoint_prefix: Option<Str>,
        "signingName" => signing_name: Option<Str>,
        "signatureVersion" => signature_version: Option<Str>,
        "auth" => auth: Vec<Str>,
        "protocol" => protocol: Option<Str>,
        "protocols" => protocols: Vec<Str>,
        "jsonVersion" => json_version: Option<Str>,
        "targetPrefix" => target_prefix: Option<Str>,
        "xmlNamespace" => xml_namespace: Option<Str>,
        "globalEndpoint" => global_endpoint: Option<Str>,
        "serviceFullName" => full_name: Option<Str>,
        "serviceAbbreviation" => abbreviation: Option<Str>,
        "uid" => uid: Option<Str>,
        "protocolSettings" => protocol_settings: RawProtocolSettings,
    }
    otherwise(this, key, map) {
        if &*key == "awsQueryCompatible" {
            map.next_value::<IgnoredAny>()?;
            this.query_compatible = true;
        } else {
            let value = map.next_value::<Value>()?;
            this.unknown.push((key, value));
        }
    }
    plus { query_compatible: bool, unknown: Vec<(Str, Value)>, }
}

#[derive(Default, Deserialize)]
pub(super) struct RawProtocolSettings {
    pub(super) h2: Option<Str>,
}

object! {
    struct RawOperation {
        "http" => http: RawHttp,
        "input" => input: Option<RawMember>,
        "output" => output: Option<RawMember>,
        "errors" => errors: Vec<RawMember>,
        "auth" => auth: Option<Vec<Str>>,
        "authtype" => auth_type: Option<Str>,
        "unsignedPayload" => unsigned_payload: bool,
        "endpoint" => endpoint: Option<RawEndpoint>,
        "httpChecksum" => checksum: Option<RawChecksum>,
        "httpChecksumRequired" => checksum_required: bool,
        "requestcompression" => compression: Option<RawCompression>,
        "staticContextParams" => static_context: Pairs<RawStaticContext>,
        "operationContextParams" => operation_context: Pairs<RawOperationContext>,
        "endpointdiscovery" => endpoint_discovery: Option<RawEndpointDiscovery>,
        "endpointoperation" => is_endpoint_operation: bool,
        "idempotent" => is_idempotent: bool,
        "readonly" => is_readonly: bool,
        "deprecated" => is_deprecated: bool,
    }
    otherwise(this, key, map) {
        let value = map.next_value::<Value>()?;
        if &*key != "name" {
            this.unknown.push((key, value));
        }
    }
    plus { unknown: Vec<(Str, Value)>, }
}

/// Pairs in the order of the text.
pub(super) struct Pairs<T>(Vec<(Str, T)>);

impl<T> Default for Pairs<T> {
    fn default() -> Self {
        Pairs(Vec::new())
    }
}

impl<T> IntoIterator for Pairs<T> {
    type Item = (Str, T);
    type IntoIter = std::vec::IntoIter<(Str, T)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Pairs<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        named(deserializer, "").map(Pairs)
    }
}

#[derive(Default, Deserialize)]
pub(super) struct RawHttp {
    pub(super) method: Option<Str>,
    #[serde(rename = "requestUri")]
    pub(super) request_uri: Option<Str>,
    #[serde(rename = "responseCode")]
    pub(super) response_code: Option<u16>,
}

#[derive(Deserialize)]
pub(super) struct RawEndpoint {
    #[serde(rename = "hostPrefix")]
    pub(super) host_prefix: Option<Str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawChecksum {
    #[serde(default, rename = "requestChecksumRequired")]
    pub(super) request_required: bool,
    pub(super) request_algorithm_member: Option<Str>,
    pub(super) request_validation_mode_member: Option<Str>,
    #[serde(default)]
    pub(super) response_algorithms: Vec<Str>,
}

#[derive(Deserialize)]
pub(super) struct RawCompression {
    #[serde(default)]
    pub(super) encodings: Vec<Str>,
}

#[derive(Deserialize)]
pub(super) struct RawStaticContext {
    pub(super) value: Value,
}

#[derive(Deserialize)]
pub(super) struct RawOperationContext {
    pub(super) path: Str,
}

#[derive(Deserialize)]
pub(super) struct RawEndpointDiscovery {
    #[serde(default)]
    pub(super) required: bool,
}

object! {
    struct RawShape {
        "type" => kind: Str,
        "members" => members: Pairs<RawMember>,
        "required" => required: Vec<Str>,
        "member" => member: Option<RawMember>,
        "key" => key: Option<RawMember>,
        "value" => value: Option<RawMember>,
        "min" => min: Option<f64>,
        "max" => max: Option<f64>,
        "pattern" => pattern: Option<Str>,
        "enum" => enumeration: Option<Vec<Str>>,
    }
    otherwise(this, key, map) { this.traits.read(key, &mut map)? }
    plus { traits: RawTraits, }
}

object! {
    struct RawMember {
        "shape" => shape: Str,
    }
    otherwise(this, key, map) { this.traits.read(key, &mut map)? }
    plus { traits: RawTraits, }
}

impl<'a, T> IntoIterator for &'a Pairs<T> {
    type Item = &'a (Str, T);
    type IntoIter = std::slice::Iter<'a, (Str, T)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<T> Pairs<T> {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

/// The traits that stand on a shape or on a reference to one.
#[derive(Default)]
pub(super) struct RawTraits {
    pub(super) flags: Flags,
    pub(super) location: Option<Str>,
    pub(super) location_name: Option<Str>,
    pub(super) query_name: Option<Str>,
    pub(super) xml_namespace: Option<RawXmlNamespace>,
    pub(super) timestamp_format: Option<Str>,
    pub(super) context_param: Option<RawContextParam>,
    pub(super) payload: Option<Str>,
    pub(super) result_wrapper: Option<Str>,
    pub(super) error: Option<RawError>,
    pub(super) retryable: Option<RawRetryable>,
    pub(super) unknown: Vec<(Str, Value)>,
}

impl RawTraits {
    fn read<'de, A: MapAccess<'de>>(&mut self, key: Str, map: &mut A) -> Result<(), A::Error> {
        match &*key {
            "location" => self.location = map.next_value()?,
            "locationName" => self.location_name = map.next_value()?,
            "queryName" => self.query_name = map.next_value()?,
            "xmlNamespace" => self.xml_namespace = map.next_value()?,
            "timestampFormat" => self.timestamp_format = map.next_value()?,
            "contextParam" => self.context_param = map.next_value()?,
            "payload" => self.payload = map.next_value()?,
            "resultWrapper" => self.result_wrapper = map.next_value()?,
            "error" => match map.next_value::<Value>()? {
                // On an operation's reference to an error this is an older form of the traits of the shape itself.
                Value::Map(error) => {
                    self.error = Some(RawError {
                        code: error.get("code").and_then(Value::as_str).map(Str::from),
                        http_status: error
                            .get("httpStatusCode")
                            .and_then(Value::as_i64)
                            .and_then(|status| u16::try_from(status).ok()),
                        sender_fault: error
                            .get("senderFault")
                            .and_then(Value::as_bool)
                            .unwrap_or_default(),
                    });
                }
                other => self.unknown.push((key, other)),
            },
            "retryable" => self.retryable = map.next_value()?,
            _ => {
                let value = map.next_value::<Value>()?;
                match (Flags::from_wire(&key), &value) {
                    (Some(flag), Value::Bool(on)) => self.flags.set(flag, *on),
                    _ => self.unknown.push((key, value)),
                }
            }
        }
        Ok(())
    }
}

/// `xmlNamespace`: an object, or just the URI.
#[derive(Clone)]
pub(super) struct RawXmlNamespace {
    pub(super) uri: Str,
    pub(super) prefix: Option<Str>,
}

impl<'de> Deserialize<'de> for RawXmlNamespace {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Uri(Str),
            Object { uri: Str, prefix: Option<Str> },
        }
        Ok(match Form::deserialize(deserializer)? {
            Form::Uri(uri) => RawXmlNamespace { uri, prefix: None },
            Form::Object { uri, prefix } => RawXmlNamespace { uri, prefix },
        })
    }
}

#[derive(Deserialize)]
pub(super) struct RawContextParam {
    pub(super) name: Str,
}

#[derive(Clone, Default)]
pub(super) struct RawError {
    pub(super) code: Option<Str>,
    pub(super) http_status: Option<u16>,
    pub(super) sender_fault: bool,
}

#[derive(Deserialize)]
pub(super) struct RawRetryable {
    #[serde(default)]
    pub(super) throttling: bool,
}
