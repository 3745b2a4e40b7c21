//! Converts a definition in botocore's format to a Smithy model, as AWS's own converter does.

use std::collections::{BTreeMap, BTreeSet};

use crate::json::{Json, Object};

/// The files of a service that have Smithy traits.
pub(crate) struct ServiceFiles {
    pub(crate) model: Json,
    pub(crate) paginators: Option<Json>,
    pub(crate) waiters: Option<Json>,
    pub(crate) rules: Option<Json>,
}

/// Converts the definition of a service; `name` is its folder name.
pub(crate) fn convert(name: &str, files: &ServiceFiles) -> Json {
    let letters = name.chars().filter(char::is_ascii_alphanumeric);
    let mut converter = SmithyConverter {
        namespace: format!("com.amazonaws.x{}", letters.collect::<String>()),
        protocols: protocols(&files.model),
        files,
        messages: BTreeSet::new(),
        copies: BTreeSet::new(),
        shapes: Object::new(),
    };
    converter.collect();
    converter.service(name);
    for (name, operation) in files.model.members("operations") {
        converter.operation(name, operation);
    }
    for (name, shape) in files.model.members("shapes") {
        converter.shape(name, shape);
    }
    for (name, suffix) in converter.copies.clone() {
        let mut shape = converter.shapes.get(&converter.id(&name)).cloned();
        if let Some(Json::Object(shape)) = &mut shape
            && let Some(Json::Object(traits)) = shape.get_mut("traits")
        {
            let (id, value) = match suffix {
                JSON_SUFFIX => ("smithy.api#mediaType", "application/json".into()),
                _ => ("smithy.api#streaming", empty()),
            };
            traits.insert(id.to_owned(), value);
        }
        let id = converter.id(&format!("{name}{suffix}"));
        converter.shapes.extend(shape.map(|shape| (id, shape)));
    }
    object([
        ("smithy", "2.0".into()),
        ("shapes", Json::Object(converter.shapes)),
    ])
}

/// Suffix of the copy of a string shape with a media type, for members that are JSON in a string.
pub(crate) const JSON_SUFFIX: &str = "__JsonText";
/// Suffix of the copy of a blob shape that is streaming, for members that are streams.
pub(crate) const STREAM_SUFFIX: &str = "__Stream";

const UNIT: &str = "smithy.api#Unit";

struct SmithyConverter<'f> {
    namespace: String,
    /// Names of the protocols, the preferred one first.
    protocols: Vec<String>,
    files: &'f ServiceFiles,
    /// Inputs, outputs and errors.
    messages: BTreeSet<String>,
    /// Shapes of which a copy with another trait is needed, and the suffix of the copy.
    copies: BTreeSet<(String, &'static str)>,
    shapes: Object,
}

fn object<const N: usize>(entries: [(&str, Json); N]) -> Json {
    Json::Object(entries.map(|(name, value)| (name.to_owned(), value)).into())
}

fn empty() -> Json {
    Json::Object(Object::new())
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Json::String(text.to_owned())
    }
}

impl From<String> for Json {
    fn from(text: String) -> Self {
        Json::String(text)
    }
}

fn is_true(of: &Json, name: &str) -> bool {
    of.get(name) == Some(&Json::Bool(true))
}

/// Returns the protocols of a service in botocore's order of preference.
fn protocols(model: &Json) -> Vec<String> {
    const ORDER: [&str; 6] = [
        "json",
        "rest-json",
        "rest-xml",
        "smithy-rpc-v2-cbor",
        "query",
        "ec2",
    ];
    let Some(metadata) = model.get("metadata") else {
        return Vec::new();
    };
    let mut names: Vec<&str> = metadata
        .items("protocols")
        .filter_map(Json::as_str)
        .collect();
    if names.is_empty() {
        names.extend(metadata.string("protocol"));
    }
    let listed = ORDER.into_iter().filter(|name| names.contains(name));
    listed.map(str::to_owned).collect()
}

impl SmithyConverter<'_> {
    fn id(&self, name: &str) -> String {
        format!("{}#{name}", self.namespace)
    }

    /// Returns the id of the service or an operation, whose names may be those of data shapes.
    fn api_id(&self, name: &str) -> String {
        format!("{}.api#{name}", self.namespace)
    }

    fn protocol(&self) -> &str {
        self.protocols.first().map_or("", String::as_str)
    }

    fn is_rest(&self) -> bool {
        self.protocol().starts_with("rest-")
    }

    fn is_xml(&self) -> bool {
        matches!(self.protocol(), "rest-xml" | "query" | "ec2")
    }

    fn shape_of(&self, reference: &Json) -> Option<&Json> {
        self.files
            .model
            .get("shapes")?
            .get(reference.string("shape")?)
    }

    fn collect(&mut self) {
        let model = &self.files.model;
        for (_, operation) in model.members("operations") {
            let parts = ["input", "output"]
                .into_iter()
                .filter_map(|part| operation.get(part));
            for reference in parts.chain(operation.items("errors")) {
                self.messages
                    .extend(reference.string("shape").map(str::to_owned));
            }
        }
        for (_, shape) in model.members("shapes") {
            let parts = ["member", "key", "value"]
                .into_iter()
                .filter_map(|part| shape.get(part));
            let members = shape.members("members").map(|(_, member)| member);
            for member in members.chain(parts) {
                let target = member.string("shape").unwrap_or_default().to_owned();
                let suffix = copy_suffix(member);
                self.copies.extend(suffix.map(|suffix| (target, suffix)));
            }
        }
    }

    fn service(&mut self, name: &str) {
        let metadata = self
            .files
            .model
            .get("metadata")
            .cloned()
            .unwrap_or_else(empty);
        let text = |key: &str| metadata.string(key);
        let prefix = text("endpointPrefix").unwrap_or(name);
        let mut service = Object::new();
        for (entry, value) in [
            ("sdkId", text("serviceId").unwrap_or(name)),
            ("endpointPrefix", prefix),
            ("docId", text("uid").unwrap_or(name)),
        ] {
            service.insert(entry.to_owned(), value.into());
        }
        let mut traits = Object::new();
        traits.insert("aws.api#service".to_owned(), Json::Object(service));
        if let Some(title) = text("serviceFullName") {
            traits.insert("smithy.api#title".to_owned(), title.into());
        }
        for protocol in &self.protocols {
            let id = match (protocol.as_str(), text("jsonVersion")) {
                ("json", Some("1.0")) => "aws.protocols#awsJson1_0",
                ("json", _) => "aws.protocols#awsJson1_1",
                ("rest-json", _) => "aws.protocols#restJson1",
                ("rest-xml", _) => "aws.protocols#restXml",
                ("smithy-rpc-v2-cbor", _) => "smithy.protocols#rpcv2Cbor",
                ("query", _) => "aws.protocols#awsQuery",
                _ => "aws.protocols#ec2Query",
            };
            let h2 = metadata
                .get("protocolSettings")
                .and_then(|settings| settings.string("h2"));
            let versions = Json::Array(vec!["h2".into(), "http/1.1".into()]);
            let settings = match h2 {
                Some("optional") => object([("http", versions)]),
                Some(_) => object([("eventStreamHttp", versions)]),
                None => empty(),
            };
            traits.insert(id.to_owned(), settings);
        }
        if metadata.get("awsQueryCompatible").is_some() {
            traits.insert("aws.protocols#awsQueryCompatible".to_owned(), empty());
        }
        let schemes: Vec<&str> = metadata.items("auth").filter_map(Json::as_str).collect();
        let default: &[&str] = match text("signatureVersion") {
            Some("bearer") => &["smithy.api#httpBearerAuth"],
            _ => &["aws.auth#sigv4"],
        };
        let schemes = if schemes.is_empty() {
            default
        } else {
            &schemes
        };
        for scheme in schemes {
            let is_signed = scheme.starts_with("aws.auth#");
            let signing = object([("name", text("signingName").unwrap_or(prefix).into())]);
            let value = if is_signed { signing } else { empty() };
            traits.insert((*scheme).to_owned(), value);
        }
        let order = schemes.iter().map(|scheme| Json::from(*scheme)).collect();
        traits.insert("smithy.api#auth".to_owned(), Json::Array(order));
        if let Some(uri) = text("xmlNamespace") {
            let namespace = object([("uri", uri.into())]);
            traits.insert("smithy.api#xmlNamespace".to_owned(), namespace);
        }
        if let Some(params) = self.files.model.get("clientContextParams") {
            traits.insert(
                "smithy.rules#clientContextParams".to_owned(),
                params.clone(),
            );
        }
        if let Some(rules) = &self.files.rules {
            traits.insert("smithy.rules#endpointRuleSet".to_owned(), rules.clone());
        }
        if is_true(&self.files.model, "deprecated") {
            traits.insert("smithy.api#deprecated".to_owned(), empty());
        }
        let mut operations = self.files.model.members("operations");
        let discovery = operations.find(|(_, operation)| is_true(operation, "endpointoperation"));
        if let Some((operation, _)) = discovery {
            let value = object([("operation", self.api_id(operation).into())]);
            traits.insert("aws.api#clientEndpointDiscovery".to_owned(), value);
        }
        let operations = self.files.model.members("operations");
        let operations = operations.map(|(operation, _)| target(self.api_id(operation)));
        let service = object([
            ("type", "service".into()),
            ("version", text("apiVersion").unwrap_or_default().into()),
            ("operations", Json::Array(operations.collect())),
            ("traits", Json::Object(traits)),
        ]);
        let shape_name = service_name(&metadata);
        self.shapes.insert(self.api_id(&shape_name), service);
    }

    fn operation(&mut self, name: &str, operation: &Json) {
        let reference = |part: &str| {
            let shape = operation
                .get(part)
                .and_then(|reference| reference.string("shape"));
            target(shape.map_or_else(|| UNIT.to_owned(), |shape| self.id(shape)))
        };
        let (input, output) = (reference("input"), reference("output"));
        let errors = operation
            .items("errors")
            .filter_map(|error| error.string("shape"));
        let errors = errors.map(|error| target(self.id(error))).collect();
        let mut traits = Object::new();
        let mut put = |id: &str, value: Json| drop(traits.insert(id.to_owned(), value));
        if self.is_rest()
            && let Some(http) = operation.get("http")
        {
            let uri = http.string("requestUri").unwrap_or("/");
            let input = operation
                .get("input")
                .and_then(|input| self.shape_of(input));
            let mut binding = Object::new();
            binding.insert(
                "method".to_owned(),
                http.string("method").unwrap_or("POST").into(),
            );
            binding.insert("uri".to_owned(), with_member_labels(uri, input).into());
            if let Some(code) = http.get("responseCode") {
                binding.insert("code".to_owned(), code.clone());
            }
            put("smithy.api#http", Json::Object(binding));
        }
        for (key, id) in [
            ("readonly", "smithy.api#readonly"),
            ("idempotent", "smithy.api#idempotent"),
            ("deprecated", "smithy.api#deprecated"),
            ("httpChecksumRequired", "smithy.api#httpChecksumRequired"),
            ("unsignedPayload", "aws.auth#unsignedPayload"),
        ] {
            if is_true(operation, key) {
                put(id, empty());
            }
        }
        for (key, id) in [
            ("endpoint", "smithy.api#endpoint"),
            ("httpChecksum", "aws.protocols#httpChecksum"),
            ("requestcompression", "smithy.api#requestCompression"),
            ("staticContextParams", "smithy.rules#staticContextParams"),
            (
                "operationContextParams",
                "smithy.rules#operationContextParams",
            ),
            ("endpointdiscovery", "aws.api#clientDiscoveredEndpoint"),
        ] {
            if let Some(value) = operation.get(key) {
                put(id, value.clone());
            }
        }
        match (operation.string("authtype"), operation.get("auth")) {
            (Some("none"), _) => {
                put("smithy.api#auth", Json::Array(Vec::new()));
                put("smithy.api#optionalAuth", empty());
            }
            (kind, auth) => {
                if kind == Some("v4-unsigned-body") {
                    put("aws.auth#unsignedPayload", empty());
                }
                if let Some(auth) = auth {
                    put("smithy.api#auth", auth.clone());
                }
            }
        }
        let paginators = self
            .files
            .paginators
            .as_ref()
            .and_then(|file| file.get("pagination"));
        if let Some(paginator) = paginators.and_then(|all| all.get(name))
            && let Some(value) = paginated(paginator)
        {
            put("smithy.api#paginated", value);
        }
        let waiters = self.waiters(name);
        if !waiters.is_empty() {
            put("smithy.waiters#waitable", Json::Object(waiters));
        }
        let shape = object([
            ("type", "operation".into()),
            ("input", input),
            ("output", output),
            ("errors", Json::Array(errors)),
            ("traits", Json::Object(traits)),
        ]);
        self.shapes.insert(self.api_id(name), shape);
    }

    /// Returns the waiters of an operation.
    fn waiters(&self, operation: &str) -> Object {
        let Some(file) = &self.files.waiters else {
            return Object::new();
        };
        let waiters = file.members("waiters");
        let own = waiters.filter(|(_, waiter)| waiter.string("operation") == Some(operation));
        let own = own.map(|(name, waiter)| {
            let acceptors = waiter.items("acceptors").filter_map(acceptor).collect();
            let waiter = object([
                (
                    "minDelay",
                    waiter.get("delay").cloned().unwrap_or(Json::Null),
                ),
                ("acceptors", Json::Array(acceptors)),
            ]);
            (name.to_owned(), waiter)
        });
        own.collect()
    }

    fn shape(&mut self, name: &str, shape: &Json) {
        let kind = shape.string("type").unwrap_or_default();
        let traits = self.shape_traits(name, kind, shape);
        let mut converted = Object::new();
        let smithy_kind = match kind {
            "structure" if is_true(shape, "document") => "document",
            "structure" if is_true(shape, "union") || is_true(shape, "eventstream") => "union",
            "string" if shape.get("enum").is_some() => "enum",
            "character" => "string",
            "biginteger" => "bigInteger",
            "bigdecimal" => "bigDecimal",
            other => other,
        };
        converted.insert("type".to_owned(), smithy_kind.into());
        match smithy_kind {
            "structure" | "union" => {
                let members = self.structure(name, shape);
                converted.insert("members".to_owned(), Json::Object(members));
            }
            "list" => {
                converted.insert("member".to_owned(), self.part(shape, "member"));
            }
            "map" => {
                converted.insert("key".to_owned(), self.part(shape, "key"));
                converted.insert("value".to_owned(), self.part(shape, "value"));
            }
            "enum" => {
                let values = shape.items("enum").filter_map(Json::as_str).enumerate();
                let members = values.map(|(position, value)| {
                    let traits = object([("smithy.api#enumValue", value.into())]);
                    let member = object([("target", UNIT.into()), ("traits", traits)]);
                    (format!("VALUE_{position}"), member)
                });
                let members: Object = members.collect();
                // Values may be listed twice in definitions, but not in a model.
                converted.insert("members".to_owned(), Json::Object(members));
            }
            _ => {}
        }
        if let Some(payload) = shape.string("payload").filter(|_| self.is_rest())
            && let Some(Json::Object(members)) = converted.get_mut("members")
            && let Some(Json::Object(member)) = members.get_mut(payload)
            && let Some(Json::Object(traits)) = member.get_mut("traits")
        {
            traits.insert("smithy.api#httpPayload".to_owned(), empty());
        }
        converted.insert("traits".to_owned(), Json::Object(traits));
        self.shapes.insert(self.id(name), Json::Object(converted));
    }

    fn shape_traits(&self, name: &str, kind: &str, shape: &Json) -> Object {
        let mut traits = Object::new();
        let mut put = |id: &str, value: Json| drop(traits.insert(id.to_owned(), value));
        let bounds: Object = ["min", "max"]
            .into_iter()
            .filter_map(|bound| Some((bound.to_owned(), shape.get(bound)?.clone())))
            .collect();
        if !bounds.is_empty() {
            let is_number = matches!(kind, "integer" | "long" | "float" | "double");
            let id = if is_number {
                "smithy.api#range"
            } else {
                "smithy.api#length"
            };
            put(id, Json::Object(bounds));
        }
        if let Some(pattern) = shape.get("pattern") {
            put("smithy.api#pattern", pattern.clone());
        }
        for (key, id) in [
            ("sensitive", "smithy.api#sensitive"),
            ("sparse", "smithy.api#sparse"),
            ("streaming", "smithy.api#streaming"),
            ("eventstream", "smithy.api#streaming"),
            ("requiresLength", "smithy.api#requiresLength"),
            ("deprecated", "smithy.api#deprecated"),
        ] {
            if is_true(shape, key) {
                put(id, empty());
            }
        }
        common_traits(shape, &mut put);
        if kind == "structure" && self.is_xml() {
            let operations = self.files.model.members("operations");
            let inputs = operations.filter_map(|(_, operation)| operation.get("input"));
            let root = inputs
                .into_iter()
                .find(|input| input.string("shape") == Some(name));
            let root_name = root.and_then(|root| root.string("locationName"));
            if let Some(name) = shape.string("locationName").or(root_name) {
                put("smithy.api#xmlName", name.into());
            }
            if let Some(namespace) = root.and_then(|root| root.get("xmlNamespace")) {
                put("smithy.api#xmlNamespace", as_namespace(namespace));
            }
        }
        if is_true(shape, "exception") {
            let is_fault = is_true(shape, "fault");
            put(
                "smithy.api#error",
                if is_fault { "server" } else { "client" }.into(),
            );
            let error = shape.get("error");
            let status = error.and_then(|error| error.get("httpStatusCode"));
            if let Some(status) = status {
                put("smithy.api#httpError", status.clone());
            }
            if let Some(code) = error.and_then(|error| error.get("code")) {
                let mut value = Object::new();
                value.insert("code".to_owned(), code.clone());
                value.extend(status.map(|status| ("httpResponseCode".to_owned(), status.clone())));
                put("aws.protocols#awsQueryError", Json::Object(value));
            }
            if let Some(retryable) = shape.get("retryable") {
                put("smithy.api#retryable", retryable.clone());
            }
        }
        traits
    }

    fn structure(&self, name: &str, shape: &Json) -> Object {
        let required: BTreeSet<&str> = shape.items("required").filter_map(Json::as_str).collect();
        let is_message = self.is_rest() && self.messages.contains(name);
        let members = shape.members("members").map(|(member_name, member)| {
            let mut traits = self.member_traits(member_name, member, is_message);
            if required.contains(member_name) {
                traits.insert("smithy.api#required".to_owned(), empty());
            }
            (member_name.to_owned(), self.reference(member, traits))
        });
        members.collect()
    }

    fn part(&self, shape: &Json, part: &str) -> Json {
        let Some(member) = shape.get(part) else {
            return Json::Null;
        };
        let traits = self.member_traits(part, member, false);
        self.reference(member, traits)
    }

    fn reference(&self, member: &Json, traits: Object) -> Json {
        let shape = member.string("shape").unwrap_or_default();
        let suffix = copy_suffix(member).unwrap_or_default();
        let id = self.id(&format!("{shape}{suffix}"));
        object([("target", id.into()), ("traits", Json::Object(traits))])
    }

    fn member_traits(&self, name: &str, member: &Json, is_message: bool) -> Object {
        let mut traits = Object::new();
        let mut put = |id: &str, value: Json| drop(traits.insert(id.to_owned(), value));
        for (key, id) in [
            ("idempotencyToken", "smithy.api#idempotencyToken"),
            ("hostLabel", "smithy.api#hostLabel"),
            ("xmlAttribute", "smithy.api#xmlAttribute"),
            ("flattened", "smithy.api#xmlFlattened"),
            ("eventheader", "smithy.api#eventHeader"),
            ("eventpayload", "smithy.api#eventPayload"),
            ("endpointdiscoveryid", "aws.api#clientEndpointDiscoveryId"),
            ("deprecated", "smithy.api#deprecated"),
            ("sensitive", "smithy.api#sensitive"),
        ] {
            if is_true(member, key) {
                put(id, empty());
            }
        }
        common_traits(member, &mut put);
        if let Some(param) = member.get("contextParam") {
            put("smithy.rules#contextParam", param.clone());
        }
        let target = self.shape_of(member);
        let kind = target
            .and_then(|target| target.string("type"))
            .unwrap_or_default();
        let wire_name = member.string("locationName");
        let is_map = kind == "map";
        match member.string("location").filter(|_| is_message) {
            Some("uri") => put("smithy.api#httpLabel", empty()),
            Some("querystring") if is_map => put("smithy.api#httpQueryParams", empty()),
            Some("querystring") => put("smithy.api#httpQuery", wire_name.unwrap_or(name).into()),
            Some("header") => put("smithy.api#httpHeader", wire_name.unwrap_or(name).into()),
            Some("headers") => {
                put(
                    "smithy.api#httpPrefixHeaders",
                    wire_name.unwrap_or_default().into(),
                );
            }
            Some("statusCode") => put("smithy.api#httpResponseCode", empty()),
            _ => {
                let flattened = target.filter(|target| is_true(target, "flattened"));
                let item = flattened.and_then(|list| list.get("member")?.string("locationName"));
                let id = if self.is_xml() {
                    "smithy.api#xmlName"
                } else {
                    "smithy.api#jsonName"
                };
                let inherited = target.and_then(|target| target.string("locationName"));
                let inherited = inherited.filter(|_| kind != "structure");
                if let Some(wire_name) = item.or(wire_name).or(inherited) {
                    put(id, wire_name.into());
                }
                if flattened.is_some() {
                    put("smithy.api#xmlFlattened", empty());
                }
                if let Some(name) = member.string("queryName") {
                    put("aws.protocols#ec2QueryName", name.into());
                }
            }
        }
        traits
    }
}

/// Returns the suffix of the copy of its target that a member refers to: traits of Smithy's shapes are traits of members here.
fn copy_suffix(member: &Json) -> Option<&'static str> {
    if is_true(member, "jsonvalue") {
        return Some(JSON_SUFFIX);
    }
    is_true(member, "streaming").then_some(STREAM_SUFFIX)
}

/// Adds the traits that shapes and members have in common.
fn common_traits(of: &Json, put: &mut impl FnMut(&str, Json)) {
    if let Some(namespace) = of.get("xmlNamespace") {
        put("smithy.api#xmlNamespace", as_namespace(namespace));
    }
    let format = match of.string("timestampFormat") {
        Some("iso8601") => "date-time",
        Some("unixTimestamp") => "epoch-seconds",
        Some("rfc822") => "http-date",
        _ => return,
    };
    put("smithy.api#timestampFormat", format.into());
}

fn as_namespace(namespace: &Json) -> Json {
    match namespace {
        Json::String(uri) => object([("uri", uri.as_str().into())]),
        other => other.clone(),
    }
}

fn target(id: String) -> Json {
    object([("target", id.into())])
}

/// Returns the name of the service shape, which is the target of requests in some protocols.
pub(crate) fn service_name(metadata: &Json) -> String {
    let name = metadata
        .string("targetPrefix")
        .or_else(|| metadata.string("serviceId"));
    let name = name.unwrap_or("Service");
    let name = name.rsplit('.').next().unwrap_or(name);
    name.replace([' ', '-'], "")
}

/// Returns a URI with the names of members in place of those on the wire, as labels of Smithy have no other name.
fn with_member_labels(uri: &str, input: Option<&Json>) -> String {
    let labels: BTreeMap<&str, &str> = input
        .into_iter()
        .flat_map(|input| input.members("members"))
        .filter(|(_, member)| member.string("location") == Some("uri"))
        .map(|(name, member)| (member.string("locationName").unwrap_or(name), name))
        .collect();
    let mut result = String::new();
    let mut rest = uri;
    while let Some((before, label)) = rest.split_once('{') {
        let (label, after) = label.split_once('}').unwrap_or((label, ""));
        let (bare, plus) = match label.strip_suffix('+') {
            Some(bare) => (bare, "+"),
            None => (label, ""),
        };
        let name = labels.get(bare).copied().unwrap_or(bare);
        result.push_str(&format!("{before}{{{name}{plus}}}"));
        rest = after;
    }
    result.push_str(rest);
    result
}

/// Returns a `paginated` trait; `None` if the paginator has several tokens, which the trait cannot have.
fn paginated(paginator: &Json) -> Option<Json> {
    let mut value = Object::new();
    for (key, entry) in [
        ("input_token", "inputToken"),
        ("output_token", "outputToken"),
        ("limit_key", "pageSize"),
        ("result_key", "items"),
    ] {
        match paginator.get(key) {
            Some(Json::String(text)) => drop(value.insert(entry.to_owned(), text.as_str().into())),
            Some(Json::Array(_)) if key != "result_key" => return None,
            _ => {}
        }
    }
    Some(Json::Object(value))
}

/// Returns an acceptor of a `waitable` trait; `None` if its matcher has no equivalent.
fn acceptor(acceptor: &Json) -> Option<Json> {
    let expected = acceptor.get("expected");
    let matcher = match (acceptor.string("matcher")?, expected) {
        ("error", Some(Json::Bool(any))) => object([("success", Json::Bool(!any))]),
        ("error", Some(Json::String(code))) => object([("errorType", code.as_str().into())]),
        (kind @ ("path" | "pathAll" | "pathAny"), Some(expected)) => {
            let (comparator, expected) = match (kind, expected) {
                ("path", Json::Bool(flag)) => ("booleanEquals", flag.to_string()),
                ("path", Json::String(text)) => ("stringEquals", text.clone()),
                ("pathAll", Json::String(text)) => ("allStringEquals", text.clone()),
                ("pathAny", Json::String(text)) => ("anyStringEquals", text.clone()),
                _ => return None,
            };
            let output = object([
                ("path", acceptor.string("argument")?.into()),
                ("comparator", comparator.into()),
                ("expected", expected.into()),
            ]);
            object([("output", output)])
        }
        ("status", Some(Json::Number(status))) if status.as_u64() == Some(200) => {
            object([("success", Json::Bool(true))])
        }
        _ => return None,
    };
    Some(object([
        ("state", acceptor.string("state")?.into()),
        ("matcher", matcher),
    ]))
}
