//! Converts a model back to a `service-2.json` value, so that extras can be merged over a packed model.

use inia_core::{List, Map, Str, TimestampFormat, Value};

use crate::{
    Flags, Kind, Location, Member, Metadata, Operation, ServiceModel, Shape, Structure, Traits,
};

/// Returns a definition that loads as this model. Traits merged into a member are written on the member and on its
/// target.
pub(super) fn service(model: &ServiceModel) -> Value {
    let writer = DefinitionWriter { model };
    let metadata = model.metadata();
    let mut service = ObjectBuilder::default();
    service.put("metadata", metadata_of(metadata));
    let operations = model.operations();
    service.put(
        "operations",
        operations
            .map(|operation| (operation.name.clone(), writer.operation(operation)))
            .collect::<Map>(),
    );
    let shapes = model.shapes();
    service.put(
        "shapes",
        shapes
            .map(|(_, shape)| (shape.name.clone(), writer.shape(shape)))
            .collect::<Map>(),
    );
    let context = metadata.client_context.iter().map(|(name, kind)| {
        let mut param = ObjectBuilder::default();
        param.put("type", kind);
        (name.clone(), param.build())
    });
    service.put("clientContextParams", context.collect::<Map>());
    service.flag("deprecated", metadata.deprecated);
    service.build()
}

/// Object builder that skips absent values.
#[derive(Default)]
struct ObjectBuilder(Map);

impl ObjectBuilder {
    fn put(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name, value);
    }

    fn put_some(&mut self, name: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.put(name, value);
        }
    }

    fn put_list(&mut self, name: &str, texts: &[Str]) {
        if !texts.is_empty() {
            self.put(name, texts.iter().collect::<List>());
        }
    }

    fn flag(&mut self, name: &str, is_set: bool) {
        if is_set {
            self.put(name, true);
        }
    }

    fn put_unknown(&mut self, unknown: &[(Str, Value)]) {
        for (name, value) in unknown {
            self.put(name, value.clone());
        }
    }

    fn build(self) -> Value {
        Value::Map(self.0)
    }
}

fn metadata_of(metadata: &Metadata) -> Value {
    let mut object = ObjectBuilder::default();
    for (name, text) in [
        ("serviceId", &metadata.service_id),
        ("apiVersion", &metadata.api_version),
        ("endpointPrefix", &metadata.endpoint_prefix),
        ("signatureVersion", &metadata.signature_version),
        ("protocol", &metadata.protocol),
        ("serviceFullName", &metadata.full_name),
        ("uid", &metadata.uid),
    ] {
        object.put(name, text);
    }
    for (name, text) in [
        ("signingName", &metadata.signing_name),
        ("jsonVersion", &metadata.json_version),
        ("targetPrefix", &metadata.target_prefix),
        ("xmlNamespace", &metadata.xml_namespace),
        ("globalEndpoint", &metadata.global_endpoint),
        ("serviceAbbreviation", &metadata.abbreviation),
    ] {
        object.put_some(name, text.as_ref());
    }
    object.put_list("auth", &metadata.auth);
    object.put_list("protocols", &metadata.protocols);
    if metadata.query_compatible {
        object.put("awsQueryCompatible", Value::map());
    }
    if let Some(h2) = &metadata.h2 {
        let mut settings = ObjectBuilder::default();
        settings.put("h2", h2);
        object.put("protocolSettings", settings.build());
    }
    object.put_unknown(&metadata.unknown);
    object.build()
}

struct DefinitionWriter<'m> {
    model: &'m ServiceModel,
}

impl DefinitionWriter<'_> {
    fn name_of(&self, member: &Member) -> &Str {
        &self.model.shape(member.target).name
    }

    fn member(&self, member: &Member) -> ObjectBuilder {
        let mut object = ObjectBuilder::default();
        object.put("shape", self.name_of(member));
        traits(&member.traits, &mut object);
        object
    }

    fn shape(&self, shape: &Shape) -> Value {
        let mut object = ObjectBuilder::default();
        object.put("type", shape.kind.name());
        match &shape.kind {
            Kind::Structure(structure) => self.structure(structure, &mut object),
            Kind::List(member) => object.put("member", self.member(member).build()),
            Kind::Map { key, value } => {
                object.put("key", self.member(key).build());
                object.put("value", self.member(value).build());
            }
            _ => {}
        }
        traits(&shape.traits, &mut object);
        object.put_some("min", shape.constraints.min);
        object.put_some("max", shape.constraints.max);
        object.put_some("pattern", shape.constraints.pattern());
        object.put_list("enum", shape.constraints.enumeration());
        object.build()
    }

    fn structure(&self, structure: &Structure, object: &mut ObjectBuilder) {
        let members = structure.members.iter();
        object.put(
            "members",
            members
                .map(|member| (member.name.clone(), self.member(member).build()))
                .collect::<Map>(),
        );
        let required: Vec<Str> = structure
            .required
            .iter()
            .filter_map(|position| structure.members.get(*position as usize))
            .map(|member| member.name.clone())
            .collect();
        object.put_list("required", &required);
        object.put_some(
            "payload",
            structure.payload_member().map(|payload| &payload.name),
        );
        if let Some(error) = &structure.error {
            let mut traits = ObjectBuilder::default();
            traits.put_some("code", error.code.as_ref());
            traits.put_some("httpStatusCode", error.http_status);
            traits.flag("senderFault", error.sender_fault);
            object.put("error", traits.build());
            if let Some(retryable) = error.retryable {
                let mut traits = ObjectBuilder::default();
                traits.flag("throttling", retryable.throttling);
                object.put("retryable", traits.build());
            }
        }
    }

    fn operation(&self, operation: &Operation) -> Value {
        let mut object = ObjectBuilder::default();
        let mut http = ObjectBuilder::default();
        http.put("method", &operation.method);
        http.put("requestUri", &operation.request_uri);
        http.put_some("responseCode", operation.response_code);
        object.put("http", http.build());
        object.put_some(
            "input",
            operation
                .input
                .as_ref()
                .map(|input| self.member(input).build()),
        );
        // The wrapper belongs to the reference to the output, or to the input if there is no output.
        let mut output = operation.output.as_ref().map(|output| self.member(output));
        match (&mut output, &operation.result_wrapper) {
            (Some(output), Some(wrapper)) => output.put("resultWrapper", wrapper),
            (None, Some(wrapper)) => {
                if let Some(Value::Map(input)) = object.0.get_mut("input") {
                    input.insert("resultWrapper", wrapper);
                }
            }
            (_, None) => {}
        }
        object.put_some("output", output.map(ObjectBuilder::build));
        if !operation.errors.is_empty() {
            let errors = operation.errors.iter().map(|error| {
                let mut reference = ObjectBuilder::default();
                reference.put("shape", &self.model.shape(*error).name);
                reference.build()
            });
            object.put("errors", errors.collect::<List>());
        }
        if let Some(auth) = &operation.auth {
            object.put("auth", auth.iter().collect::<List>());
        }
        object.put_some("authtype", operation.auth_type.as_ref());
        if let Some(prefix) = &operation.host_prefix {
            let mut endpoint = ObjectBuilder::default();
            endpoint.put("hostPrefix", prefix);
            object.put("endpoint", endpoint.build());
        }
        if let Some(checksum) = &operation.checksum {
            let mut traits = ObjectBuilder::default();
            traits.flag("requestChecksumRequired", checksum.request_required);
            traits.put_some(
                "requestAlgorithmMember",
                checksum.request_algorithm_member.as_ref(),
            );
            traits.put_some(
                "requestValidationModeMember",
                checksum.request_validation_mode_member.as_ref(),
            );
            traits.put_list("responseAlgorithms", &checksum.response_algorithms);
            object.put("httpChecksum", traits.build());
        }
        if !operation.compression.is_empty() {
            let mut traits = ObjectBuilder::default();
            traits.put_list("encodings", &operation.compression);
            object.put("requestcompression", traits.build());
        }
        let fixed = operation.static_context.iter().map(|(name, value)| {
            let mut param = ObjectBuilder::default();
            param.put("value", value.clone());
            (name.clone(), param.build())
        });
        object.put("staticContextParams", fixed.collect::<Map>());
        let found = operation.operation_context.iter().map(|(name, path)| {
            let mut param = ObjectBuilder::default();
            param.put("path", path);
            (name.clone(), param.build())
        });
        object.put("operationContextParams", found.collect::<Map>());
        if let Some(discovery) = &operation.endpoint_discovery {
            let mut traits = ObjectBuilder::default();
            traits.flag("required", discovery.required);
            object.put("endpointdiscovery", traits.build());
        }
        object.flag("unsignedPayload", operation.unsigned_payload);
        object.flag("httpChecksumRequired", operation.checksum_required);
        object.flag("endpointoperation", operation.is_endpoint_operation);
        object.flag("idempotent", operation.is_idempotent);
        object.flag("readonly", operation.is_readonly);
        object.flag("deprecated", operation.is_deprecated);
        object.put_unknown(&operation.unknown);
        object.build()
    }
}

fn traits(traits: &Traits, object: &mut ObjectBuilder) {
    for name in Flags::names(traits.flags) {
        object.put(name, true);
    }
    object.put_some(
        "location",
        traits.location.map(|location| match location {
            Location::Uri => "uri",
            Location::QueryString => "querystring",
            Location::Header => "header",
            Location::Headers => "headers",
            Location::StatusCode => "statusCode",
        }),
    );
    object.put_some("locationName", traits.location_name.as_ref());
    object.put_some("queryName", traits.query_name.as_ref());
    if let Some(namespace) = &traits.xml_namespace {
        let mut parts = ObjectBuilder::default();
        parts.put("uri", &namespace.uri);
        parts.put_some("prefix", namespace.prefix.as_ref());
        object.put("xmlNamespace", parts.build());
    }
    object.put_some(
        "timestampFormat",
        traits.timestamp_format.map(|format| match format {
            TimestampFormat::Iso8601 => "iso8601",
            TimestampFormat::Rfc822 => "rfc822",
            TimestampFormat::UnixTimestamp => "unixTimestamp",
        }),
    );
    if let Some(name) = &traits.context_param {
        let mut param = ObjectBuilder::default();
        param.put("name", name);
        object.put("contextParam", param.build());
    }
    if let Some(unknown) = &traits.unknown {
        object.put_unknown(unknown);
    }
}
