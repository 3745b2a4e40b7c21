use inia_core::json;

use super::*;

const SERVICE: &str = r#"{
    "metadata": {"protocol": "query", "endpointPrefix": "ponds", "apiVersion": "2026-01-01", "serviceId": "Ponds"},
    "operations": {
        "DescribeFrog": {"name": "DescribeFrog", "http": {"method": "POST", "requestUri": "/"},
            "input": {"shape": "FrogRequest"}, "output": {"shape": "Frog"}}
    },
    "shapes": {
        "FrogRequest": {"type": "structure", "members": {"FrogId": {"shape": "String"}}},
        "Frog": {"type": "structure", "members": {
            "FrogId": {"shape": "String"}, "Name": {"shape": "String"}, "State": {"shape": "String"}, "Load": {"shape": "String"},
            "PondId": {"shape": "String"}, "Meta": {"shape": "String"}, "EyesCount": {"shape": "Count"}}},
        "String": {"type": "string"}, "Count": {"type": "integer"}
    }
}"#;

fn frog() -> Value {
    json!({
        "identifiers": [{"name": "Id", "memberName": "FrogId"}, {"name": "Name"}],
        "shape": "Frog",
        "load": {
            "request": {"operation": "DescribeFrog", "params": [
                {"target": "FrogId", "source": "identifier", "name": "Id"},
                {"target": "Filters[0].Name", "source": "string", "value": "name"},
                {"target": "Filters[0].Values[0]", "source": "identifier", "name": "Name"},
                {"target": "Other", "source": "input"}
            ]},
            "path": "$"
        },
        "actions": {
            "State": {"request": {"operation": "DescribeFrog", "params": [
                {"target": "Pond", "source": "data", "path": "PondId"}]}},
            "JumpTwice": {"request": {"operation": "DescribeFrog"}, "resource": {
                "type": "Frog", "path": "Frogs[]", "identifiers": [
                    {"target": "Id", "source": "response", "path": "Frogs[].FrogId"},
                    {"target": "Name", "source": "requestParameter", "path": "Name"}
            ]}}
        },
        "batchActions": {"Jump": {"request": {"operation": "DescribeFrog", "params": [
            {"target": "Ids[*]", "source": "identifier", "name": "Id"}]}}},
        "has": {
            "Pond": {"resource": {"type": "Pond", "identifiers": [{"target": "Id", "source": "data", "path": "PondId"}]}},
            "Leg": {"resource": {"type": "Leg", "identifiers": [
                {"target": "FrogId", "source": "identifier", "name": "Id"}, {"target": "Number", "source": "input"}]}}
        },
        "hasMany": {"Legs": {
            "request": {"operation": "DescribeFrog"},
            "resource": {"type": "Leg", "identifiers": [{"target": "Number", "source": "response", "path": "Legs[].Number"}]}
        }},
        "waiters": {"Awake": {"waiterName": "FrogAwake", "params": [{"target": "FrogId", "source": "identifier", "name": "Id"}]}}
    })
}

fn definition() -> Value {
    json!({
        "service": {
            "actions": {},
            "has": {"Toad": {"resource": {"type": "Frog", "identifiers": [{"target": "Id", "source": "input"}]}}},
            "hasMany": {}
        },
        "resources": {
            "Frog": frog(),
            "Pond": {"identifiers": [{"name": "Id"}]},
            "Leg": {"identifiers": [{"name": "FrogId"}, {"name": "Number"}], "batchActions": {
                "Stretch": {"request": {"operation": "DescribeFrog"}}}}
        }
    })
}

fn resources(definition: Value) -> Resources {
    let model = ServiceModel::from_json("ponds", SERVICE.as_bytes()).unwrap();
    Resources::from_value(Arc::new(model), "ponds/resources-1.json", definition).unwrap()
}

fn names<'a, T: 'a>(parts: &'a [T], name: impl Fn(&'a T) -> &'a Str) -> Vec<&'a str> {
    parts.iter().map(|part| name(part).as_str()).collect()
}

#[test]
fn parses_every_part() {
    let resources = resources(definition());
    let frog = resources.resource("Frog").unwrap();
    assert_eq!(frog.service, "ponds");
    assert_eq!(frog.name, "Frog");
    assert!(!frog.is_service());
    assert_eq!(names(&frog.identifiers, |id| &id.name), ["id", "name"]);
    assert_eq!(frog.identifiers[0].attribute.as_deref(), Some("frog_id"));

    let load = frog.load.as_ref().unwrap();
    assert_eq!(load.request.operation, "DescribeFrog");
    assert!(load.path.is_none(), "`$` is the whole");
    let sources: Vec<&ParamSource> = load
        .request
        .params
        .iter()
        .map(|param| &param.source)
        .collect();
    assert_eq!(*sources[0], ParamSource::Identifier(0));
    assert_eq!(*sources[1], ParamSource::Constant(json!("name")));
    assert_eq!(*sources[3], ParamSource::Input);
    assert!(!load.request.needs_data());

    let state = &frog.action("state").unwrap().request;
    let source = &state.params[0].source;
    assert!(matches!(source, ParamSource::Data(path) if path.as_str() == "PondId"));
    assert!(state.needs_data());

    let jump = frog.action("jump_twice").unwrap();
    let target = jump.resource.as_ref().unwrap();
    assert_eq!(target.resource, "Frog");
    assert_eq!(target.path.as_ref().unwrap().as_str(), "Frogs[]");
    assert!(!target.needs_data());

    assert_eq!(names(&frog.references, |part| &part.name), ["pond"]);
    assert!(frog.references[0].resource.needs_data());
    assert_eq!(names(&frog.subresources, |part| &part.name), ["Leg"]);
    let inputs: Vec<&Str> = frog.subresources[0].resource.inputs().collect();
    assert_eq!(inputs, ["number"]);
    assert_eq!(names(&frog.collections, |part| &part.name), ["legs"]);
    assert_eq!(frog.waiters[0].name, "wait_until_awake");
    assert_eq!(frog.waiters[0].waiter, "FrogAwake");
    assert_eq!(frog.batch_action("jump").unwrap().model_name, "Jump");
}

#[test]
fn appends_kind_to_clashing_names() {
    let resources = resources(definition());
    let frog = resources.resource("Frog").unwrap();
    // `state` is the name of an action, `load` of the load, `name` of an identifier, and `meta` is reserved.
    assert_eq!(
        names(&frog.attributes, |attribute| &attribute.name),
        [
            "frog_id",
            "state_attribute",
            "load_attribute",
            "pond_id",
            "meta_attribute",
            "eyes_count"
        ]
    );
    assert_eq!(frog.attributes[0].identifier, Some(0));
    assert_eq!(frog.attributes[1].member, "State");
    assert_eq!(frog.action("state").unwrap().name, "state");
    assert_eq!(frog.attribute("State").unwrap().name, "state_attribute");
    assert_eq!(frog.attribute("state").unwrap().name, "state_attribute");
}

#[test]
fn rejects_name_that_clashes_twice() {
    let mut definition = definition();
    let actions = json!({"State": {"request": {"operation": "DescribeFrog"}}, "StateAttribute": {"request": {"operation": "DescribeFrog"}}});
    let resource = definition
        .as_map_mut()
        .unwrap()
        .get_mut("resources")
        .unwrap();
    let frog = resource.as_map_mut().unwrap().get_mut("Frog").unwrap();
    frog.as_map_mut().unwrap().insert("actions", actions);
    let error = resources(definition)
        .resource("Frog")
        .unwrap_err()
        .to_string();
    assert_eq!(
        error,
        "ponds/resources-1.json: resources.Frog: Frog: names `state` and `state_attribute` are both in use"
    );
}

#[test]
fn service_relates_to_every_resource() {
    let resources = resources(definition());
    let service = resources.service().unwrap();
    assert!(service.is_service());
    assert_eq!(
        names(&service.subresources, |part| &part.name),
        ["Toad", "Pond", "Leg"]
    );
    let leg = service.subresource("leg").unwrap();
    let inputs: Vec<&Str> = leg.resource.inputs().collect();
    assert_eq!(inputs, ["frog_id", "number"]);
    assert!(Arc::ptr_eq(service, resources.service().unwrap()));
}

#[test]
fn relation_may_have_the_name_of_another_resource() {
    let mut definition = definition();
    let service = definition.as_map_mut().unwrap().get_mut("service");
    let pond = json!({"resource": {"type": "Leg", "identifiers": [{"target": "FrogId", "source": "input"}]}});
    service
        .unwrap()
        .as_map_mut()
        .unwrap()
        .insert("has", json!({"Pond": pond}));
    let resources = resources(definition);
    let service = resources.service().unwrap();
    assert_eq!(
        names(&service.subresources, |part| &part.name),
        ["Frog", "Pond"]
    );
    assert_eq!(
        service.subresource("Pond").unwrap().resource.resource,
        "Leg"
    );
}

#[test]
fn finds_parts_in_any_spelling() {
    let resources = resources(definition());
    let frog = resources.resource("Frog").unwrap();
    for name in ["jump_twice", "JumpTwice", "jump-twice"] {
        assert_eq!(frog.action(name).unwrap().name, "jump_twice");
    }
    for name in ["awake", "Awake", "wait_until_awake", "wait-until-awake"] {
        assert_eq!(frog.waiter(name).unwrap().name, "wait_until_awake");
    }
    for name in ["Id", "id"] {
        assert_eq!(frog.identifier(name), Some(0));
    }
    assert_eq!(frog.identifier("frog_id"), None);
    assert_eq!(
        frog.action("jump_twize").unwrap_err().to_string(),
        "ponds.Frog has no action \"jump_twize\"; did you mean jump_twice?"
    );
    assert_eq!(
        resources.resource("Frag").unwrap_err().to_string(),
        "ponds has no resource \"Frag\"; did you mean Frog?"
    );
}

#[test]
fn rejects_invalid_resource_with_its_path_only() {
    for (path, bad, message) in [
        (
            &["shape"][..],
            json!("Frogg"),
            "resources.Frog.shape: ponds has no shape `Frogg`",
        ),
        (
            &["load"],
            json!({}),
            "resources.Frog.load: missing `request`",
        ),
        (
            &["load"],
            json!({"request": {"operation": "X", "params": [{"target": "A", "source": "data", "path": "B"}]}}),
            "resources.Frog.load: load must not depend on the data that it loads",
        ),
        (
            &["actions"],
            json!({"Hop": {"request": {}}}),
            "resources.Frog.actions.Hop.request: missing `operation`",
        ),
        (
            &["waiters"],
            json!({"Up": {"waiterName": "Up", "params": [{"target": "X", "source": "identifier", "name": "Ident"}]}}),
            "resources.Frog.waiters.Up.params[0].name: Frog has no identifier `Ident`; identifiers: Id, Name",
        ),
        (
            &["waiters"],
            json!({"Up": {"waiterName": "Up", "params": [{"target": "X[", "source": "input"}]}}),
            "resources.Frog.waiters.Up.params[0].target: invalid parameter path `X[`",
        ),
        (
            &["has"],
            json!({"Pond": {"resource": {"type": "Pond", "identifiers": [{"target": "Id", "source": "air"}]}}}),
            "resources.Frog.has.Pond.resource.identifiers[0].source: unknown source `air`",
        ),
        (
            &["identifiers"],
            json!([{}]),
            "resources.Frog.identifiers[0]: missing `name`",
        ),
    ] {
        let mut definition = definition();
        let mut part = definition
            .as_map_mut()
            .unwrap()
            .get_mut("resources")
            .unwrap();
        part = part.as_map_mut().unwrap().get_mut("Frog").unwrap();
        part.as_map_mut().unwrap().insert(path[0], bad);
        let resources = resources(definition);
        let error = resources.resource("Frog").unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
        assert!(error.starts_with("ponds/resources-1.json: "), "{error}");
        assert!(resources.resource("Leg").is_ok());
    }
}

#[test]
fn describes_resource_as_data() {
    let resources = resources(definition());
    let description = resources.resource("Frog").unwrap().describe(&resources);
    assert_eq!(description["resource"], "Frog");
    assert_eq!(
        description["identifiers"][0],
        json!({"name": "id", "attribute": "frog_id"})
    );
    assert_eq!(
        description["attributes"][5],
        json!({"name": "eyes_count", "member": "EyesCount", "type": "integer"})
    );
    assert_eq!(
        description["load"]["filled_in"],
        json!(["FrogId", "Filters"])
    );
    assert_eq!(description["actions"][1]["resource"], "Frog");
    assert_eq!(
        description["sub_resources"][0],
        json!({"name": "Leg", "resource": "Leg", "identifiers": ["number"]})
    );
    assert_eq!(description["references"][0]["name"], "pond");
    assert_eq!(
        description["collections"][0]["batch_actions"][0]["name"],
        "stretch"
    );
    assert_eq!(
        description["waiters"][0],
        json!({"name": "wait_until_awake", "waiter": "FrogAwake", "filled_in": ["FrogId"]})
    );
    assert!(resources.resource("Pond").unwrap().describe(&resources)["load"].is_null());
}
