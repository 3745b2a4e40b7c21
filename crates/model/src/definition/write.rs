//! A model as the text of a `service-2.json` again: for extras to be laid over one that is kept packed.

use inia_core::{List, Map, Str, TimestampFormat, Value};

use crate::{
    Flags, Kind, Location, Member, Metadata, Operation, ServiceModel, Shape, Structure, Traits,
};

/// The definition that loads as this model. Traits stand on members as they are merged, so it may say them twice.
pub(super) fn service(model: &ServiceModel) -> Value {
    let writer = Writer { model };
    let metadata = model.metadata();
    let mut service = Object::default();
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
        let mut param = Object::default();
        param.put("type", kind);
        (name.clone(), param.done())
    });
    service.put("clientContextParams", context.collect::<Map>());
    service.flag("deprecated", metadata.deprecated);
    service.done()
}

/// An object in the making, which leaves out what is not there.
#[derive(Default)]
struct Object(Map);

impl Object {
    fn put(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name, value);
    }

    fn put_some(&mut self, name: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.put(name, value);
        }
    }

    fn put_any(&mut self, name: &str, texts: &[Str]) {
        if !texts.is_empty() {
            self.put(name, texts.iter().collect::<List>());
        }
    }

    fn flag(&mut self, name: &str, is_set: bool) {
        if is_set {
            self.put(name, true);
        }
    }

    fn rest(&mut self, unknown: &[(Str, Value)]) {
        for (name, value) in unknown {
            self.put(name, value.clone());
        }
    }

    fn done(self) -> Value {
        Value::Map(self.0)
    }
}

fn metadata_of(metadata: &Metadata) -> Value {
    let mut object = Object::default();
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
    object.put_any("auth", &metadata.auth);
    object.put_any("protocols", &metadata.protocols);
    if metadata.query_compatible {
        object.put("awsQueryCompatible", Value::map());
    }
    if let Some(h2) = &metadata.h2 {
        let mut settings = Object::default();
        settings.put("h2", h2);
        object.put("protocolSettings", settings.done());
    }
    object.rest(&metadata.unknown);
    object.done()
}

struct Writer<'m> {
    model: &'m ServiceModel,
}

impl Writer<'_> {
    fn name_of(&self, member: &Member) -> &Str {
        &self.model.shape(member.target).name
    }

    fn member(&self, member: &Member) -> Object {
        let mut object = Object::default();
        object.put("shape", self.name_of(member));
        traits(&member.traits, &mut object);
        object
    }

    fn shape(&self, shape: &Shape) -> Value {
        let mut object = Object::default();
        object.put("type", shape.kind.name());
        match &shape.kind {
            Kind::Structure(structure) => self.structure(structure, &mut object),
            Kind::List(member) => object.put("member", self.member(member).done()),
            Kind::Map { key, value } => {
                object.put("key", self.member(key).done());
                object.put("value", self.member(value).done());
            }
            _ => {}
        }
        traits(&shape.traits, &mut object);
        object.put_some("min", shape.constraints.min);
        object.put_some("max", shape.constraints.max);
        object.put_some("pattern", shape.constraints.pattern());
        object.put_any("enum", shape.constraints.enumeration());
        object.done()
    }

    fn structure(&self, structure: &Structure, object: &mut Object) {
        let members = structure.members.iter();
        object.put(
            "members",
            members
                .map(|member| (member.name.clone(), self.member(member).done()))
                .collect::<Map>(),
        );
        let required: Vec<Str> = structure
            .required
            .iter()
            .filter_map(|position| structure.members.get(*position as usize))
            .map(|member| member.name.clone())
            .collect();
        object.put_any("required", &required);
        object.put_some(
            "payload",
            structure.payload_member().map(|payload| &payload.name),
        );
        if let Some(error) = &structure.error {
            let mut traits = Object::default();
            traits.put_some("code", error.code.as_ref());
            traits.put_some("httpStatusCode", error.http_status);
            traits.flag("senderFault", error.sender_fault);
            object.put("error", traits.done());
            if let Some(retryable) = error.retryable {
                let mut traits = Object::default();
                traits.flag("throttling", retryable.throttling);
                object.put("retryable", traits.done());
            }
        }
    }

    fn operation(&self, operation: &Operation) -> Value {
        let mut object = Object::default();
        let mut http = Object::default();
        http.put("method", &operation.method);
        http.put("requestUri", &operation.request_uri);
        http.put_some("responseCode", operation.response_code);
        object.put("http", http.done());
        object.put_some(
            "input",
            operation
                .input
                .as_ref()
                .map(|input| self.member(input).done()),
        );
        // The wrapper stands on the reference to the output, or to the input where there is no output.
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
        object.put_some("output", output.map(Object::done));
        if !operation.errors.is_empty() {
            let errors = operation.errors.iter().map(|error| {
                let mut reference = Object::default();
                reference.put("shape", &self.model.shape(*error).name);
                reference.done()
            });
            object.put("errors", errors.collect::<List>());
        }
        if let Some(auth) = &operation.auth {
            object.put("auth", auth.iter().collect::<List>());
        }
        object.put_some("authtype", operation.auth_type.as_ref());
        if let Some(prefix) = &operation.host_prefix {
            let mut endpoint = Object::default();
            endpoint.put("hostPrefix", prefix);
            object.put("endpoint", endpoint.done());
        }
        if let Some(checksum) = &operation.checksum {
            let mut traits = Object::default();
            traits.flag("requestChecksumRequired", checksum.request_required);
            traits.put_some(
                "requestAlgorithmMember",
                checksum.request_algorithm_member.as_ref(),
            );
            traits.put_some(
                "requestValidationModeMember",
                checksum.request_validation_mode_member.as_ref(),
            );
            traits.put_any("responseAlgorithms", &checksum.response_algorithms);
            object.put("httpChecksum", traits.done());
        }
        if !operation.compression.is_empty() {
            let mut traits = Object::default();
            traits.put_any("encodings", &operation.compression);
            object.put("requestcompression", traits.done());
        }
        let fixed = operation.static_context.iter().map(|(name, value)| {
            let mut param = Object::default();
            param.put("value", value.clone());
            (name.clone(), param.done())
        });
        object.put("staticContextParams", fixed.collect::<Map>());
        let found = operation.operation_context.iter().map(|(name, path)| {
            let mut param = Object::default();
            param.put("path", path);
            (name.clone(), param.done())
        });
        object.put("operationContextParams", found.collect::<Map>());
        if let Some(discovery) = &operation.endpoint_discovery {
            let mut traits = Object::default();
            traits.flag("required", discovery.required);
            object.put("endpointdiscovery", traits.done());
        }
        object.flag("unsignedPayload", operation.unsigned_payload);
        object.flag("httpChecksumRequired", operation.checksum_required);
        object.flag("endpointoperation", operation.is_endpoint_operation);
        object.flag("idempotent", operation.is_idempotent);
        object.flag("readonly", operation.is_readonly);
        object.flag("deprecated", operation.is_deprecated);
        object.rest(&operation.unknown);
        object.done()
    }
}

fn traits(traits: &Traits, object: &mut Object) {
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
        let mut parts = Object::default();
        parts.put("uri", &namespace.uri);
        parts.put_some("prefix", namespace.prefix.as_ref());
        object.put("xmlNamespace", parts.done());
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
        let mut param = Object::default();
        param.put("name", name);
        object.put("contextParam", param.done());
    }
    if let Some(unknown) = &traits.unknown {
        object.rest(unknown);
    }
}
