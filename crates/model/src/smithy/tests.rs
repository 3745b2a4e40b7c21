use inia_core::{TimestampFormat, Value, json};

use super::SmithyService;
use crate::{Kind, Location, Member, Paginators, Waiters};

/// Returns a model with one operation `Go` of a service with these traits; `shapes` are its other shapes, without braces.
fn model(service_traits: &str, operation_traits: &str, shapes: &str) -> String {
    format!(
        r#"{{"smithy": "2.0", "shapes": {{
            "t#Service": {{"type": "service", "version": "1", "operations": [{{"target": "t#Go"}}], "traits": {{{service_traits}}}}},
            "t#Go": {{"type": "operation", "input": {{"target": "t#In"}}, "output": {{"target": "t#Out"}},
                      "errors": [{{"target": "t#Bad"}}], "traits": {{{operation_traits}}}}},
            "t#Out": {{"type": "structure", "members": {{}}}},
            "t#Bad": {{"type": "structure", "members": {{}}, "traits": {{"smithy.api#error": "client"}}}},
            {shapes}
        }}}}"#
    )
}

fn load(text: &str) -> SmithyService {
    SmithyService::from_json("test", text.as_bytes()).unwrap()
}

fn problem(text: &str) -> String {
    let error = SmithyService::from_json("test", text.as_bytes()).unwrap_err();
    error.to_string()
}

/// Returns a service of a protocol whose input has these members.
fn with_input(protocol: &str, members: &str, shapes: &str) -> SmithyService {
    let input = format!(r#""t#In": {{"type": "structure", "members": {{{members}}}}} {shapes}"#);
    let http = r#""smithy.api#http": {"method": "POST", "uri": "/", "code": 201}"#;
    load(&model(&format!(r#""{protocol}": {{}}"#), http, &input))
}

fn input_member<'s>(service: &'s SmithyService, name: &str) -> &'s Member {
    let go = service.model.operation("Go").unwrap();
    service.model.input(go).unwrap().member(name).unwrap()
}

const NAMED: &str = r#""a": {"target": "smithy.api#String", "traits": {
    "smithy.api#jsonName": "json", "smithy.api#xmlName": "xml", "aws.protocols#ec2QueryName": "Ec2"}},
    "plain": {"target": "smithy.api#String"}"#;

#[test]
fn each_protocol_has_its_own_name_trait() {
    for (protocol, wire_name, query_name, plain) in [
        ("aws.protocols#awsJson1_0", "a", None, None),
        ("aws.protocols#awsJson1_1", "a", None, None),
        ("aws.protocols#restJson1", "json", None, None),
        ("aws.protocols#restXml", "xml", None, None),
        ("aws.protocols#awsQuery", "xml", None, None),
        ("aws.protocols#ec2Query", "xml", Some("Ec2"), Some("Plain")),
        ("smithy.protocols#rpcv2Cbor", "a", None, None),
    ] {
        let service = with_input(protocol, NAMED, "");
        let member = input_member(&service, "a");
        assert_eq!(member.wire_name(), wire_name, "{protocol}");
        assert_eq!(
            member.traits.query_name.as_deref(),
            query_name,
            "{protocol}"
        );
        let member = input_member(&service, "plain");
        assert_eq!(member.traits.query_name.as_deref(), plain, "{protocol}");
    }
}

#[test]
fn http_bindings_count_in_rest_protocols_and_on_whole_messages_only() {
    let members = r#"
        "label": {"target": "smithy.api#String", "traits": {"smithy.api#httpLabel": {}, "smithy.api#required": {}}},
        "query": {"target": "smithy.api#String", "traits": {"smithy.api#httpQuery": "q"}},
        "params": {"target": "t#Map", "traits": {"smithy.api#httpQueryParams": {}}},
        "header": {"target": "smithy.api#Timestamp", "traits": {"smithy.api#httpHeader": "X-Header"}},
        "prefix": {"target": "t#Map", "traits": {"smithy.api#httpPrefixHeaders": ""}},
        "code": {"target": "smithy.api#Integer", "traits": {"smithy.api#httpResponseCode": {}}},
        "body": {"target": "t#Nested", "traits": {"smithy.api#httpPayload": {}}}"#;
    let shapes = r#", "t#Map": {"type": "map", "key": {"target": "smithy.api#String"}, "value": {"target": "smithy.api#String"}},
        "t#Nested": {"type": "structure", "members": {"inner": {"target": "smithy.api#String", "traits": {"smithy.api#httpHeader": "no"}}}}"#;
    let rest = with_input("aws.protocols#restXml", members, shapes);
    let location = |name| {
        let traits = &input_member(&rest, name).traits;
        (traits.location, traits.location_name.as_deref())
    };
    assert_eq!(location("label"), (Some(Location::Uri), Some("label")));
    assert_eq!(location("query"), (Some(Location::QueryString), Some("q")));
    assert_eq!(location("params"), (Some(Location::QueryString), None));
    assert_eq!(
        location("header"),
        (Some(Location::Header), Some("X-Header"))
    );
    assert_eq!(location("prefix"), (Some(Location::Headers), Some("")));
    assert_eq!(location("code"), (Some(Location::StatusCode), Some("code")));
    assert_eq!(location("body"), (None, None));
    let go = rest.model.operation("go").unwrap();
    assert_eq!(go.response_code, Some(201));
    let input = rest.model.input(go).unwrap();
    assert_eq!(input.payload_member().unwrap().name, "body");
    assert_eq!(*input.required, [0]);
    let nested = rest.model.structure(input.member("body").unwrap()).unwrap();
    assert_eq!(nested.members[0].traits.location, None);

    let rpc = with_input("aws.protocols#awsJson1_0", members, shapes);
    assert_eq!(input_member(&rpc, "query").traits.location, None);
    let go = rpc.model.operation("go").unwrap();
    assert_eq!((go.method.as_str(), go.request_uri.as_str()), ("POST", "/"));
    assert!(rpc.model.input(go).unwrap().payload_member().is_none());
    assert_eq!(
        rpc.model.metadata().target_prefix.as_deref(),
        Some("Service")
    );
}

#[test]
fn simple_and_aggregate_types_have_their_kinds() {
    let service = with_input(
        "aws.protocols#restJson1",
        r#""big": {"target": "smithy.api#BigInteger"}, "decimal": {"target": "smithy.api#BigDecimal"},
           "small": {"target": "smithy.api#Byte"}, "free": {"target": "smithy.api#Document"}, "one": {"target": "t#Union"},
           "level": {"target": "t#Level"}, "color": {"target": "t#Color"}, "old": {"target": "t#OldEnum"},
           "sparse": {"target": "t#Sparse"}, "time": {"target": "t#Time"},
           "own": {"target": "t#Time", "traits": {"smithy.api#timestampFormat": "http-date"}}"#,
        r#", "t#Union": {"type": "union", "members": {"empty": {"target": "smithy.api#Unit"}, "self": {"target": "t#Union"}}},
           "t#Level": {"type": "intEnum", "members": {"LOW": {"target": "smithy.api#Unit", "traits": {"smithy.api#enumValue": 1}}}},
           "t#Color": {"type": "enum", "members": {"RED": {"target": "smithy.api#Unit"},
                       "BLUE": {"target": "smithy.api#Unit", "traits": {"smithy.api#enumValue": "blau"}}}},
           "t#OldEnum": {"type": "string", "traits": {"smithy.api#enum": [{"value": "a", "name": "A"}, {"value": "b"}]}},
           "t#Sparse": {"type": "list", "member": {"target": "smithy.api#String"}, "traits": {"smithy.api#sparse": {}, "smithy.api#length": {"min": 1, "max": 3}}},
           "t#Time": {"type": "timestamp", "traits": {"smithy.api#timestampFormat": "epoch-seconds"}}"#,
    );
    let shape = |name| service.model.shape(input_member(&service, name).target);
    assert_eq!(shape("big").kind, Kind::Long);
    assert_eq!(shape("decimal").kind, Kind::Double);
    assert_eq!(shape("small").kind, Kind::Integer);
    assert_eq!(shape("level").kind, Kind::Integer);
    assert!(shape("free").traits.is_document());
    assert!(shape("one").traits.is_union());
    assert_eq!(shape("color").constraints.enumeration(), ["RED", "blau"]);
    assert_eq!(shape("old").constraints.enumeration(), ["a", "b"]);
    assert!(shape("sparse").traits.is_sparse());
    assert_eq!(shape("sparse").constraints.max, Some(3.0));
    let format = |name| input_member(&service, name).traits.timestamp_format;
    assert_eq!(format("time"), Some(TimestampFormat::UnixTimestamp));
    assert_eq!(format("own"), Some(TimestampFormat::Rfc822));
}

#[test]
fn event_streams_and_streaming_blobs_are_marked() {
    let service = with_input(
        "aws.protocols#restJson1",
        r#""events": {"target": "t#Events", "traits": {"smithy.api#httpPayload": {}}}"#,
        r#", "t#Events": {"type": "union", "traits": {"smithy.api#streaming": {}},
               "members": {"said": {"target": "t#Said"}, "bad": {"target": "t#Bad"}}},
           "t#Said": {"type": "structure", "members": {
               "kind": {"target": "smithy.api#String", "traits": {"smithy.api#eventHeader": {}}},
               "data": {"target": "smithy.api#Blob", "traits": {"smithy.api#eventPayload": {}}}}}"#,
    );
    let go = service.model.operation("Go").unwrap();
    let events = service.model.event_stream_input(go).unwrap();
    assert!(!events.traits.is_union());
    let members = &service.model.structure(events).unwrap().members;
    assert!(members[0].traits.is_event() && !members[1].traits.is_event());
    let said = service.model.structure(&members[0]).unwrap();
    assert!(said.members[0].traits.is_event_header());
    assert!(said.members[1].traits.is_event_payload());
}

#[test]
fn mixins_come_first_and_apply_statements_reach_inherited_members() {
    let shapes = r#""t#In": {"type": "structure", "mixins": [{"target": "t#B"}], "members": {"own": {"target": "smithy.api#String"}}},
        "t#A": {"type": "structure", "members": {"a": {"target": "smithy.api#String"}}, "traits": {
            "smithy.api#mixin": {"localTraits": ["smithy.api#deprecated"]}, "smithy.api#sensitive": {}, "smithy.api#deprecated": {}}},
        "t#B": {"type": "structure", "mixins": [{"target": "t#A"}], "members": {"b": {"target": "smithy.api#String"}},
                "traits": {"smithy.api#mixin": {}}},
        "t#In$a": {"type": "apply", "traits": {"smithy.api#required": {}, "smithy.api#jsonName": "alpha"}},
        "t#In$own": {"type": "apply", "traits": {"smithy.api#idempotencyToken": {}}}"#;
    let http = r#""smithy.api#http": {"method": "POST", "uri": "/"}"#;
    let service = load(&model(r#""aws.protocols#restJson1": {}"#, http, shapes));
    let go = service.model.operation("Go").unwrap();
    let input = service.model.input(go).unwrap();
    let names: Vec<&str> = input
        .members
        .iter()
        .map(|member| member.name.as_str())
        .collect();
    assert_eq!(names, ["a", "b", "own"]);
    assert_eq!(*input.required, [0]);
    assert_eq!(input.members[0].wire_name(), "alpha");
    assert!(input.members[2].traits.is_idempotency_token());
    let traits = &service
        .model
        .shape(go.input.as_ref().unwrap().target)
        .traits;
    assert!(traits.is_sensitive() && !traits.is_deprecated());
}

#[test]
fn renames_and_equal_names_keep_names_unique() {
    let text = r#"{"smithy": "2.0", "shapes": {
        "a#S": {"type": "service", "version": "1", "rename": {"b#Thing": "OtherThing"}, "operations": [{"target": "a#Go"}],
                "traits": {"aws.protocols#restXml": {}}},
        "a#Go": {"type": "operation", "input": {"target": "a#In"}, "traits": {"smithy.api#http": {"method": "GET", "uri": "/"}}},
        "a#In": {"type": "structure", "members": {"x": {"target": "a#Thing"}, "y": {"target": "b#Thing"},
                 "z": {"target": "a#String"}, "w": {"target": "smithy.api#String"}}},
        "a#Thing": {"type": "structure", "members": {}}, "b#Thing": {"type": "structure", "members": {}},
        "a#String": {"type": "string"}
    }}"#;
    let service = load(text);
    let name = |member| {
        service
            .model
            .shape(input_member(&service, member).target)
            .name
            .as_str()
    };
    assert_eq!(name("x"), "Thing");
    assert_eq!(name("y"), "OtherThing");
    assert_eq!((name("z"), name("w")), ("String", "smithy.api#String"));
    // The root element of a renamed structure has its own name.
    let renamed = service.model.shape(input_member(&service, "y").target);
    assert_eq!(renamed.traits.location_name.as_deref(), Some("Thing"));
}

#[test]
fn auth_follows_the_traits_of_service_and_operation() {
    let input = r#""t#In": {"type": "structure", "members": {}}"#;
    let auth = |service: &str, operation: &str| {
        let traits = format!(r#""aws.protocols#awsJson1_0": {{}} {service}"#);
        let service = load(&model(&traits, operation, input)).model;
        let go = service.operation("Go").unwrap();
        let schemes: Vec<String> = service
            .metadata()
            .auth
            .iter()
            .map(ToString::to_string)
            .collect();
        (
            schemes.join(","),
            go.auth_type.as_deref().unwrap_or("-").to_owned(),
            go.auth.is_some(),
        )
    };
    let sigv4 = r#", "aws.auth#sigv4": {"name": "go"}"#;
    assert_eq!(
        auth("", ""),
        ("smithy.api#noAuth".into(), "-".into(), false)
    );
    assert_eq!(
        auth(sigv4, ""),
        ("aws.auth#sigv4".into(), "-".into(), false)
    );
    let both = format!(r#"{sigv4}, "smithy.api#httpBearerAuth": {{}}"#);
    let schemes = "aws.auth#sigv4,smithy.api#httpBearerAuth";
    assert_eq!(auth(&both, ""), (schemes.into(), "-".into(), false));
    let ordered = format!(r#"{both}, "smithy.api#auth": ["smithy.api#httpBearerAuth"]"#);
    assert_eq!(auth(&ordered, "").0, "smithy.api#httpBearerAuth");
    assert_eq!(auth(sigv4, r#""smithy.api#optionalAuth": {}"#).1, "none");
    assert_eq!(auth(sigv4, r#""smithy.api#auth": []"#).1, "none");
    assert_eq!(
        auth(sigv4, r#""aws.auth#unsignedPayload": {}"#).1,
        "v4-unsigned-body"
    );
    assert!(auth(sigv4, r#""smithy.api#auth": ["aws.auth#sigv4"]"#).2);
}

#[test]
fn paginated_operations_and_waiters_become_files() {
    let service = load(include_str!("../../../../tests/smithy/weather.json"));
    let paginators = Paginators::from_value("p", service.paginators.unwrap()).unwrap();
    let stations = paginators.find("ListStations").unwrap().unwrap();
    assert_eq!(*stations.input_tokens, ["nextToken"]);
    assert_eq!(stations.result_keys[0].as_str(), "stations");
    assert_eq!(stations.limit_key.as_deref(), Some("limit"));
    assert!(paginators.find("GetStation").unwrap().is_none());
    let waiters = Waiters::from_value("w", service.waiters.unwrap()).unwrap();
    let ready = waiters.waiter("station_ready").unwrap();
    assert_eq!(ready.operation, "GetStation");
    assert_eq!(
        (ready.delay.as_secs(), ready.max_delay.unwrap().as_secs()),
        (3, 20)
    );
    let acceptors: Vec<String> = ready
        .acceptors
        .iter()
        .map(|a| a.matcher.to_string())
        .collect();
    assert_eq!(acceptors.len(), 3, "{acceptors:?}");
    assert!(
        acceptors[1].contains("Throttled") && !acceptors[1].contains('#'),
        "{acceptors:?}"
    );
}

#[test]
fn a_paginated_trait_without_items_lists_those_of_the_output() {
    let shapes = r#""t#In": {"type": "structure", "members": {"token": {"target": "smithy.api#String"}}},
        "t#Page": {"type": "structure", "members": {"next": {"target": "smithy.api#String"}, "IsTruncated": {"target": "smithy.api#Boolean"},
            "failures": {"target": "t#Names"}, "names": {"target": "t#Names"}}},
        "t#Names": {"type": "list", "member": {"target": "smithy.api#String"}}"#;
    let traits = r#""smithy.api#paginated": {"inputToken": "token", "outputToken": "next"}"#;
    let text = model(r#""aws.protocols#awsJson1_0": {}"#, traits, shapes);
    let service = load(&text.replace(r#""target": "t#Out""#, r#""target": "t#Page""#));
    let paginators = Paginators::from_value("p", service.paginators.unwrap()).unwrap();
    let go = paginators.find("Go").unwrap().unwrap();
    let keys: Vec<&str> = go.result_keys.iter().map(|key| key.as_str()).collect();
    assert_eq!(keys, ["names", "failures"]);
    assert_eq!(go.more_results.unwrap().as_str(), "IsTruncated");
}

#[test]
fn endpoint_rules_are_those_of_the_service_or_ask_for_a_url() {
    let input = r#""t#In": {"type": "structure", "members": {
        "bucket": {"target": "smithy.api#String", "traits": {"smithy.rules#contextParam": {"name": "Bucket"}}}}}"#;
    let traits = r#""aws.protocols#awsJson1_0": {}, "smithy.rules#clientContextParams": {"Fast": {"type": "boolean"}}"#;
    let operation = r#""smithy.rules#staticContextParams": {"Kind": {"value": "data"}},
        "smithy.rules#operationContextParams": {"Keys": {"path": "keys[]"}}, "smithy.api#endpoint": {"hostPrefix": "{bucket}."}"#;
    let service = load(&model(traits, operation, input));
    let rules = service.endpoint_rules.as_ref().unwrap();
    assert_eq!(rules["rules"][1]["type"], *"error");
    let go = service.model.operation("Go").unwrap();
    assert_eq!(go.host_prefix.as_deref(), Some("{bucket}."));
    assert_eq!(go.static_context[0].1, Value::from("data"));
    assert_eq!(go.operation_context[0].1, "keys[]");
    assert_eq!(
        input_member(&service, "bucket")
            .traits
            .context_param
            .as_deref(),
        Some("Bucket")
    );
    assert_eq!(service.model.metadata().client_context[0].0, "Fast");
    let own = format!(r#"{traits}, "smithy.rules#endpointBdd": {{"nodes": "", "results": []}}"#);
    let service = load(&model(&own, "", input));
    assert_eq!(
        service.endpoint_rules,
        Some(json!({"nodes": "", "results": []}))
    );
}

#[test]
fn broken_models_are_reported_with_the_shape() {
    let input = r#""t#In": {"type": "structure", "members": {}}"#;
    let json = r#""aws.protocols#awsJson1_0": {}"#;
    for (text, message) in [
        ("{".to_owned(), "Smithy model \"test\": EOF while parsing"),
        ("{}".to_owned(), "missing field `shapes`"),
        (r#"{"shapes": {}}"#.to_owned(), "missing \"smithy\" version"),
        (
            r#"{"smithy": "3.0", "shapes": {}}"#.to_owned(),
            "unsupported Smithy version \"3.0\"",
        ),
        (
            r#"{"smithy": "2.0", "shapes": {}}"#.to_owned(),
            "no service shape",
        ),
        (
            model("", "", input),
            "shape t#Service: the service has no protocol trait that is supported; supported: aws.protocols#awsJson1_1",
        ),
        (
            model(r#""smithy.protocols#rpcv2Json": {}"#, "", input),
            "smithy.protocols#rpcv2Json is not supported",
        ),
        (
            model(json, "", r#""t#Other": {"type": "string"}"#),
            "shape t#Go: refers to undefined shape \"t#In\"",
        ),
        (
            model(
                json,
                "",
                r#""t#In": {"type": "structure", "members": {"a": {"target": "t#X"}}}"#,
            ),
            "shape t#In: member a: refers to undefined shape \"t#X\"",
        ),
        (
            model(json, "", r#""t#In": {"type": "tensor"}"#),
            "shape t#In: unknown type \"tensor\"",
        ),
        (
            model(json, "", r#""t#In": {"type": "list"}"#),
            "shape t#In: missing member",
        ),
        (
            model(
                json,
                "",
                r#""t#In": {"type": "structure", "mixins": [{"target": "t#In"}]}"#,
            ),
            "shape t#In: a mixin uses itself",
        ),
        (
            model(
                json,
                "",
                &format!(r#"{input}, "t#No": {{"type": "apply"}}"#),
            ),
            "apply statement for undefined shape \"t#No\"",
        ),
        (
            model(
                json,
                "",
                &format!(r#"{input}, "t#In$x": {{"type": "apply"}}"#),
            ),
            "shape t#In: no member \"x\" to apply traits to",
        ),
        (
            model(
                json,
                "",
                r#""t#In": {"type": "structure", "members": {"a": {}}}"#,
            ),
            "shape t#In: member a: missing field `target`",
        ),
    ] {
        let error = problem(&text);
        assert!(
            error.contains(message),
            "{error}\n does not contain: {message}"
        );
    }
}

#[test]
fn absurd_depth_is_an_error_or_costs_nothing() {
    // A chain of mixins.
    let mut shapes = r#""t#In": {"type": "structure", "mixins": [{"target": "t#M0"}]}"#.to_owned();
    for number in 0..200 {
        let next = number + 1;
        shapes.push_str(&format!(
            r#", "t#M{number}": {{"type": "structure", "mixins": [{{"target": "t#M{next}"}}]}}"#
        ));
    }
    shapes.push_str(r#", "t#M200": {"type": "structure"}"#);
    let json = r#""aws.protocols#awsJson1_0": {}"#;
    let error = problem(&model(json, "", &shapes));
    assert!(
        error.contains("more than 100 mixins that use each other"),
        "{error}"
    );
    // A chain of 20,000 lists.
    let mut shapes =
        r#""t#In": {"type": "structure", "members": {"a": {"target": "t#L0"}}}"#.to_owned();
    for number in 0..20_000 {
        let next = number + 1;
        shapes.push_str(&format!(
            r#", "t#L{number}": {{"type": "list", "member": {{"target": "t#L{next}"}}}}"#
        ));
    }
    shapes.push_str(r#", "t#L20000": {"type": "string"}"#);
    assert!(load(&model(json, "", &shapes)).model.shape_count() > 20_000);
    // Deep values of a trait.
    let deep = format!(
        r#"{json}, "smithy.rules#endpointRuleSet": {}{}"#,
        "[".repeat(5000),
        "]".repeat(5000)
    );
    let error = problem(&model(&deep, "", r#""t#In": {"type": "structure"}"#));
    assert!(error.contains("recursion limit"), "{error}");
    // Resources that contain each other.
    let text = r#"{"smithy": "2.0", "shapes": {
        "t#S": {"type": "service", "version": "1", "resources": [{"target": "t#R"}], "traits": {"aws.protocols#awsJson1_0": {}}},
        "t#R": {"type": "resource", "resources": [{"target": "t#R"}], "create": {"target": "t#Go"}, "put": {"target": "t#Go"}},
        "t#Go": {"type": "operation"}
    }}"#;
    assert_eq!(load(text).model.operation_count(), 1);
}
