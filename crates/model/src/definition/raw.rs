//! A `service-2.json` file as Rust types, with names unresolved. Strings without escapes are slices of the text.

use std::borrow::{Borrow, Cow};
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use inia_core::{Str, Value};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};

use crate::Flags;

/// A string in the text.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct RawText<'a>(Cow<'a, str>);

impl Deref for RawText<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for RawText<'_> {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl<'a> From<&'a str> for RawText<'a> {
    fn from(text: &'a str) -> Self {
        RawText(Cow::Borrowed(text))
    }
}

impl From<String> for RawText<'_> {
    fn from(text: String) -> Self {
        RawText(Cow::Owned(text))
    }
}

impl From<&RawText<'_>> for Str {
    fn from(text: &RawText<'_>) -> Self {
        Str::from(&*text.0)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for RawText<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct RawTextVisitor;
        impl<'de> Visitor<'de> for RawTextVisitor {
            type Value = RawText<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<RawText<'de>, E> {
                Ok(RawText(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<RawText<'de>, E> {
                Ok(RawText(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(RawTextVisitor)
    }
}

/// An object as pairs, in the order of the text.
pub(crate) struct RawPairs<'a, T>(pub(crate) Vec<(RawText<'a>, T)>);

impl<T> Default for RawPairs<'_, T> {
    fn default() -> Self {
        RawPairs(Vec::new())
    }
}

/// An error is prefixed with the key.
impl<'de: 'a, 'a, T: Deserialize<'de> + RawObject<'de>> Deserialize<'de> for RawPairs<'a, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct RawPairsVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de> + RawObject<'de>> Visitor<'de> for RawPairsVisitor<T> {
            type Value = RawPairs<'de, T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some(name) = map.next_key::<RawText<'de>>()? {
                    match map.next_value() {
                        Ok(value) => pairs.push((name, value)),
                        Err(error) => {
                            let prefix = T::ERROR_PREFIX;
                            return Err(A::Error::custom(format!("{prefix}{}: {error}", &*name)));
                        }
                    }
                }
                Ok(RawPairs(pairs))
            }
        }
        deserializer.deserialize_map(RawPairsVisitor(PhantomData))
    }
}

/// A type that is deserialized from an object.
pub(crate) trait RawObject<'de>: Sized {
    /// Prefix of the key in an error message.
    const ERROR_PREFIX: &'static str = "";

    /// Reads the value of a key that has no field.
    fn read_other<A: MapAccess<'de>>(&mut self, _key: &str, map: &mut A) -> Result<(), A::Error> {
        map.next_value::<IgnoredAny>()?;
        Ok(())
    }
}

/// Declares a struct that is deserialized from an object in one pass: known keys set their field, other keys are passed
/// to [`RawObject::read_other`]. Fields marked `required` must be present.
///
/// Equivalent to a derive, without the build time of a procedural macro.
macro_rules! object {
    (
        $(#[$meta:meta])*
        struct $name:ident $(<$life:lifetime>)? {
            $($wire:literal => $field:ident: $kind:ty $(= $required:ident)?,)*
            $(; $extra:ident: $extra_kind:ty)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Default)]
        pub(crate) struct $name $(<$life>)? {
            $(pub(crate) $field: $kind,)*
            $(pub(crate) $extra: $extra_kind,)*
        }

        impl<'de $(: $life, $life)?> Deserialize<'de> for $name $(<$life>)? {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct ObjectVisitor<T>(PhantomData<T>);
                impl<'de $(: $life, $life)?> Visitor<'de> for ObjectVisitor<$name $(<$life>)?> {
                    type Value = $name $(<$life>)?;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("an object")
                    }

                    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                        let mut object = $name::default();
                        $($(let mut $required = false;)?)*
                        while let Some(key) = map.next_key::<RawText<'de>>()? {
                            match &*key {
                                $($wire => {
                                    object.$field = map.next_value()?;
                                    $($required = true;)?
                                })*
                                "documentation" => { map.next_value::<IgnoredAny>()?; }
                                _ => object.read_other(&key, &mut map)?,
                            }
                        }
                        $($(if !$required {
                            return Err(A::Error::missing_field($wire));
                        })?)*
                        Ok(object)
                    }
                }
                deserializer.deserialize_map(ObjectVisitor(PhantomData))
            }
        }
    };
}

pub(crate) use object;

object! {
    struct RawService<'a> {
        "metadata" => metadata: RawMetadata = required,
        "operations" => operations: RawPairs<'a, RawOperation<'a>>,
        "shapes" => shapes: RawPairs<'a, RawShape<'a>>,
        "clientContextParams" => client_context: RawPairs<'a, RawContextKind>,
        "deprecated" => deprecated: bool,
    }
}

impl RawObject<'_> for RawService<'_> {}

object! {
    struct RawContextKind {
        "type" => kind: Str = required,
    }
}

impl RawObject<'_> for RawContextKind {}

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
        ; query_compatible: bool
        ; unknown: Vec<(Str, Value)>
    }
}

impl<'de> RawObject<'de> for RawMetadata {
    fn read_other<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        if key == "awsQueryCompatible" {
            map.next_value::<IgnoredAny>()?;
            self.query_compatible = true;
        } else {
            self.unknown.push((Str::from(key), map.next_value()?));
        }
        Ok(())
    }
}

object! {
    struct RawProtocolSettings {
        "h2" => h2: Option<Str>,
    }
}

impl RawObject<'_> for RawProtocolSettings {}

object! {
    struct RawOperation<'a> {
        "http" => http: RawHttp,
        "input" => input: Option<RawMember<'a>>,
        "output" => output: Option<RawMember<'a>>,
        "errors" => errors: Vec<RawMember<'a>>,
        "auth" => auth: Option<Vec<Str>>,
        "authtype" => auth_type: Option<Str>,
        "unsignedPayload" => unsigned_payload: bool,
        "endpoint" => endpoint: Option<RawEndpoint>,
        "httpChecksum" => checksum: Option<RawChecksum>,
        "httpChecksumRequired" => checksum_required: bool,
        "requestcompression" => compression: Option<RawCompression>,
        "staticContextParams" => static_context: RawPairs<'a, RawStaticContext>,
        "operationContextParams" => operation_context: RawPairs<'a, RawOperationContext>,
        "endpointdiscovery" => endpoint_discovery: Option<RawEndpointDiscovery>,
        "endpointoperation" => is_endpoint_operation: bool,
        "idempotent" => is_idempotent: bool,
        "readonly" => is_readonly: bool,
        "deprecated" => is_deprecated: bool,
        ; unknown: Vec<(Str, Value)>
    }
}

impl<'de> RawObject<'de> for RawOperation<'_> {
    const ERROR_PREFIX: &'static str = "operation ";

    fn read_other<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        if key == "name" {
            map.next_value::<IgnoredAny>()?;
        } else {
            self.unknown.push((Str::from(key), map.next_value()?));
        }
        Ok(())
    }
}

object! {
    struct RawHttp {
        "method" => method: Option<Str>,
        "requestUri" => request_uri: Option<Str>,
        "responseCode" => response_code: Option<u16>,
    }
}

impl RawObject<'_> for RawHttp {}

object! {
    struct RawEndpoint {
        "hostPrefix" => host_prefix: Option<Str>,
    }
}

impl RawObject<'_> for RawEndpoint {}

object! {
    struct RawChecksum {
        "requestChecksumRequired" => request_required: bool,
        "requestAlgorithmMember" => request_algorithm_member: Option<Str>,
        "requestValidationModeMember" => request_validation_mode_member: Option<Str>,
        "responseAlgorithms" => response_algorithms: Vec<Str>,
    }
}

impl RawObject<'_> for RawChecksum {}

object! {
    struct RawCompression {
        "encodings" => encodings: Vec<Str>,
    }
}

impl RawObject<'_> for RawCompression {}

object! {
    struct RawStaticContext {
        "value" => value: Value = required,
    }
}

impl RawObject<'_> for RawStaticContext {}

object! {
    struct RawOperationContext {
        "path" => path: Str = required,
    }
}

impl RawObject<'_> for RawOperationContext {}

object! {
    struct RawEndpointDiscovery {
        "required" => required: bool,
    }
}

impl RawObject<'_> for RawEndpointDiscovery {}

object! {
    struct RawShape<'a> {
        "type" => kind: RawText<'a>,
        "members" => members: RawPairs<'a, RawMember<'a>>,
        "required" => required: Vec<RawText<'a>>,
        "member" => member: Option<RawMember<'a>>,
        "key" => key: Option<RawMember<'a>>,
        "value" => value: Option<RawMember<'a>>,
        "min" => min: Option<f64>,
        "max" => max: Option<f64>,
        "pattern" => pattern: Option<Str>,
        "enum" => enumeration: Vec<Str>,
        "locationName" => location_name: Option<RawText<'a>>,
        ; traits: Option<Box<RawTraits>>
    }
}

impl<'de> RawObject<'de> for RawShape<'_> {
    const ERROR_PREFIX: &'static str = "shape ";

    fn read_other<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        self.traits.get_or_insert_default().read(key, map)
    }
}

object! {
    /// A reference to a shape. Most have at most a location name, so that other traits are boxed.
    struct RawMember<'a> {
        "shape" => shape: RawText<'a>,
        "locationName" => location_name: Option<RawText<'a>>,
        ; traits: Option<Box<RawTraits>>
    }
}

impl<'de> RawObject<'de> for RawMember<'_> {
    fn read_other<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        self.traits.get_or_insert_default().read(key, map)
    }
}

/// Traits of a shape or a reference to a shape, other than the location name.
#[derive(Default)]
pub(crate) struct RawTraits {
    pub(crate) flags: Flags,
    pub(crate) location: Option<Str>,
    pub(crate) query_name: Option<Str>,
    pub(crate) xml_namespace: Option<RawXmlNamespace>,
    pub(crate) timestamp_format: Option<Str>,
    pub(crate) context_param: Option<RawContextParam>,
    pub(crate) payload: Option<Str>,
    pub(crate) result_wrapper: Option<Str>,
    pub(crate) error: Option<RawError>,
    pub(crate) retryable: Option<RawRetryable>,
    pub(crate) unknown: Vec<(Str, Value)>,
}

impl RawTraits {
    fn read<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "location" => self.location = map.next_value()?,
            "queryName" => self.query_name = map.next_value()?,
            "xmlNamespace" => {
                let namespace = RawXmlNamespace::from_value(&map.next_value()?);
                self.xml_namespace = Some(namespace.ok_or_else(|| A::Error::missing_field("uri"))?);
            }
            "timestampFormat" => self.timestamp_format = map.next_value()?,
            "contextParam" => self.context_param = map.next_value()?,
            "payload" => self.payload = map.next_value()?,
            "resultWrapper" => self.result_wrapper = map.next_value()?,
            "error" => match map.next_value::<Value>()? {
                // On an operation's reference to an error, this is an older form of the traits of the error shape.
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
                other => self.unknown.push((Str::from(key), other)),
            },
            "retryable" => self.retryable = map.next_value()?,
            _ => {
                let value = map.next_value::<Value>()?;
                match (Flags::from_wire(key), &value) {
                    (Some(flag), Value::Bool(on)) => self.flags.set(flag, *on),
                    _ => self.unknown.push((Str::from(key), value)),
                }
            }
        }
        Ok(())
    }
}

/// `xmlNamespace`: an object, or only the URI.
#[derive(Clone)]
pub(crate) struct RawXmlNamespace {
    pub(crate) uri: Str,
    pub(crate) prefix: Option<Str>,
}

impl RawXmlNamespace {
    fn from_value(value: &Value) -> Option<Self> {
        let text = |name| value.get(name).and_then(Value::as_str).map(Str::from);
        Some(match value {
            Value::String(uri) => RawXmlNamespace {
                uri: uri.clone(),
                prefix: None,
            },
            _ => RawXmlNamespace {
                uri: text("uri")?,
                prefix: text("prefix"),
            },
        })
    }
}

object! {
    struct RawContextParam {
        "name" => name: Str = required,
    }
}

impl RawObject<'_> for RawContextParam {}

#[derive(Clone, Default)]
pub(crate) struct RawError {
    pub(crate) code: Option<Str>,
    pub(crate) http_status: Option<u16>,
    pub(crate) sender_fault: bool,
}

object! {
    struct RawRetryable {
        "throttling" => throttling: bool,
    }
}

impl RawObject<'_> for RawRetryable {}
