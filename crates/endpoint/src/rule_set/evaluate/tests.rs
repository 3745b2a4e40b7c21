use inia_core::{Str, json};

use super::*;
use crate::error::EndpointErrorKind::{Evaluation, MissingParameter, NoMatch, ParameterType, Rule};
use crate::rule_set::RuleSet;

fn partitions() -> Partitions {
    Partitions::from_json(
        br#"{"partitions":[
            {"id":"one","regionRegex":"^us\\-\\w+\\-\\d+$","regions":{},
             "outputs":{"dnsSuffix":"one.test","supportsFIPS":true,"tier":"gold","beta":false}},
            {"id":"two","regionRegex":"^cn\\-\\w+\\-\\d+$","regions":{},"outputs":{"dnsSuffix":"two.test"}}]}"#,
    )
    .unwrap()
}

const PARAMETERS: &str = r#"{"S":{"type":"string"},"T":{"type":"string","default":"dflt"},
    "B":{"type":"boolean"},"L":{"type":"stringArray"},"D":{"type":"stringArray","default":["x","y"]}}"#;

fn run(rules: &str, set: &[(usize, ParameterValue<'_>)]) -> Result<Endpoint, EndpointError> {
    let json = format!(r#"{{"version":"1.0","parameters":{PARAMETERS},"rules":[{rules}]}}"#);
    let compiled = RuleSet::from_json(json.as_bytes()).unwrap();
    let rule_set =
        inia_core::packed::from_bytes::<RuleSet>(&inia_core::packed::to_bytes(&compiled)).unwrap();
    assert_eq!(rule_set, compiled);
    let mut params = EndpointParams::new(&rule_set);
    for (index, value) in set {
        params.set(*index, value.clone());
    }
    rule_set.evaluate(&partitions(), &params)
}

/// Resolves a template if the conditions are true; otherwise `-`.
fn resolve(conditions: &str, template: &str, set: &[(usize, ParameterValue<'_>)]) -> String {
    let rules = format!(
        r#"{{"type":"endpoint","conditions":[{conditions}],"endpoint":{{"url":"{template}"}}}},
        {{"type":"endpoint","conditions":[],"endpoint":{{"url":"-"}}}}"#
    );
    match run(&rules, set) {
        Ok(endpoint) => endpoint.url,
        Err(error) => format!("{:?}: {error}", error.kind()),
    }
}

const S: usize = 0;
const T: usize = 1;
const B: usize = 2;
const L: usize = 3;

#[test]
fn evaluates_functions() {
    let list = || ParameterValue::from(vec!["a", "b", "c"]);
    let arn = || ParameterValue::from("arn:aws:s3:us-west-2:1:accesspoint:my/ap");
    // (conditions, template, parameter, expected)
    let cases: [(&str, &str, usize, ParameterValue<'_>, &str); 40] = [
        (
            r#"{"fn":"isSet","argv":[{"ref":"S"}]}"#,
            "set",
            S,
            "".into(),
            "set",
        ),
        (
            r#"{"fn":"isSet","argv":[{"ref":"S"}]}"#,
            "set",
            B,
            true.into(),
            "-",
        ),
        (
            r#"{"fn":"isSet","argv":[{"ref":"T"}]}"#,
            "{T}",
            B,
            true.into(),
            "dflt",
        ),
        (
            r#"{"fn":"isSet","argv":[{"ref":"Missing"}]}"#,
            "set",
            B,
            true.into(),
            "-",
        ),
        (
            r#"{"fn":"not","argv":[{"ref":"S"}]}"#,
            "falsy",
            S,
            "".into(),
            "falsy",
        ),
        (
            r#"{"fn":"not","argv":[{"ref":"S"}]}"#,
            "falsy",
            S,
            "x".into(),
            "-",
        ),
        (
            r#"{"fn":"not","argv":[{"ref":"L"}]}"#,
            "falsy",
            L,
            Vec::new().into(),
            "falsy",
        ),
        (
            r#"{"fn":"not","argv":[{"ref":"L"}]}"#,
            "falsy",
            L,
            list(),
            "-",
        ),
        (
            r#"{"fn":"not","argv":[{"ref":"B"}]}"#,
            "falsy",
            B,
            false.into(),
            "falsy",
        ),
        (
            r#"{"fn":"booleanEquals","argv":[{"ref":"B"},true]}"#,
            "{B}",
            B,
            true.into(),
            "True",
        ),
        (
            r#"{"fn":"booleanEquals","argv":[true,{"ref":"B"}]}"#,
            "{B}",
            B,
            false.into(),
            "-",
        ),
        (
            r#"{"fn":"booleanEquals","argv":[{"ref":"B"},true]}"#,
            "",
            S,
            "x".into(),
            "Evaluation: Both arguments must be bools, not unset and a boolean.",
        ),
        (
            r#"{"fn":"stringEquals","argv":[{"ref":"S"},"x{T}"]}"#,
            "same",
            S,
            "xdflt".into(),
            "same",
        ),
        (
            r#"{"fn":"stringEquals","argv":[{"ref":"S"},{"ref":"L"}]}"#,
            "",
            L,
            list(),
            "Evaluation: Both values must be strings, not unset and a list of strings.",
        ),
        (
            r#"{"fn":"getAttr","argv":[{"ref":"L"},"[1]"],"assign":"v"}"#,
            "{v}",
            L,
            list(),
            "b",
        ),
        (
            r#"{"fn":"getAttr","argv":[{"ref":"L"},"[-1]"],"assign":"v"}"#,
            "{v}",
            L,
            list(),
            "c",
        ),
        (
            r#"{"fn":"getAttr","argv":[{"ref":"L"},"[-4]"],"assign":"v"}"#,
            "{v}",
            L,
            list(),
            "-",
        ),
        (
            r#"{"fn":"getAttr","argv":[{"ref":"L"},"[3]"],"assign":"v"}"#,
            "{v}",
            L,
            list(),
            "-",
        ),
        (
            r#"{"fn":"getAttr","argv":[{"ref":"D"},"[1]"],"assign":"v"}"#,
            "{v}",
            L,
            list(),
            "y",
        ),
        (
            r#"{"fn":"aws.parseArn","argv":[{"ref":"S"}],"assign":"a"},
               {"fn":"getAttr","argv":[{"ref":"a"},"resourceId[2]"],"assign":"v"}"#,
            "{a#region}/{a#accountId}/{a#service}/{a#partition}/{v}",
            S,
            arn(),
            "us-west-2/1/s3/aws/ap",
        ),
        (
            r#"{"fn":"getAttr","argv":[{"fn":"aws.parseArn","argv":[{"ref":"S"}]},"resourceId[-2]"],"assign":"v"}"#,
            "{v}",
            S,
            arn(),
            "my",
        ),
        (
            r#"{"fn":"aws.parseArn","argv":[{"ref":"S"}]}"#,
            "arn",
            S,
            "no".into(),
            "-",
        ),
        (
            r#"{"fn":"parseURL","argv":[{"ref":"S"}],"assign":"u"}"#,
            "{u#scheme} {u#authority} {u#path} {u#normalizedPath} {u#isIp}",
            S,
            "http://1.2.3.4:80/a/../b".into(),
            "http 1.2.3.4:80 /a/../b /b/ True",
        ),
        (
            r#"{"fn":"substring","argv":[{"ref":"S"},1,3,false],"assign":"v"}"#,
            "{v}",
            S,
            "abcde".into(),
            "bc",
        ),
        (
            r#"{"fn":"substring","argv":[{"ref":"S"},1,3,true],"assign":"v"}"#,
            "{v}",
            S,
            "abcde".into(),
            "cd",
        ),
        (
            r#"{"fn":"substring","argv":[{"ref":"S"},1,3,true]}"#,
            "",
            B,
            true.into(),
            "Evaluation: Input must be a string, not unset.",
        ),
        (
            r#"{"fn":"uriEncode","argv":[{"ref":"S"}],"assign":"v"}"#,
            "{v}",
            S,
            "a b/é".into(),
            "a%20b%2F%C3%A9",
        ),
        (
            r#"{"fn":"uriEncode","argv":[{"ref":"S"}],"assign":"v"}"#,
            "{v}",
            B,
            true.into(),
            "-",
        ),
        (
            r#"{"fn":"uriEncode","argv":[{"ref":"B"}],"assign":"v"}"#,
            "{v}",
            B,
            true.into(),
            "True",
        ),
        (
            r#"{"fn":"isValidHostLabel","argv":[{"ref":"S"},true]}"#,
            "valid",
            S,
            "a.b".into(),
            "valid",
        ),
        (
            r#"{"fn":"isValidHostLabel","argv":[{"ref":"S"},false]}"#,
            "valid",
            S,
            "a.b".into(),
            "-",
        ),
        (
            r#"{"fn":"isValidHostLabel","argv":[{"ref":"S"},true]}"#,
            "valid",
            B,
            true.into(),
            "-",
        ),
        (
            r#"{"fn":"aws.partition","argv":[{"ref":"S"}],"assign":"p"}"#,
            "{p#name} {p#dnsSuffix} {p#supportsFIPS} {p#tier} {p#beta}",
            S,
            "us-x-1".into(),
            "one one.test True gold False",
        ),
        (
            r#"{"fn":"aws.partition","argv":[{"ref":"S"}],"assign":"p"}"#,
            "{p#name}",
            S,
            "cn-x-1".into(),
            "two",
        ),
        (
            r#"{"fn":"aws.partition","argv":[{"ref":"S"}],"assign":"p"}"#,
            "{p#name}",
            B,
            true.into(),
            "one",
        ),
        (
            r#"{"fn":"coalesce","argv":[{"ref":"S"},"b"],"assign":"v"}"#,
            "{v}",
            B,
            true.into(),
            "b",
        ),
        (
            r#"{"fn":"coalesce","argv":[{"ref":"B"},true],"assign":"v"}"#,
            "{v}",
            B,
            false.into(),
            "-",
        ),
        (
            r#"{"fn":"ite","argv":[{"ref":"B"},"yes","no"],"assign":"v"}"#,
            "{v}",
            B,
            false.into(),
            "no",
        ),
        (
            r#"{"fn":"ite","argv":[{"ref":"S"},"yes","no"]}"#,
            "",
            S,
            "x".into(),
            "Evaluation: The condition of ite must be a bool, not a string.",
        ),
        (
            r#"{"fn":"split","argv":[{"ref":"S"},"--",0],"assign":"p"},
               {"fn":"getAttr","argv":[{"ref":"p"},"[-2]"],"assign":"v"}"#,
            "{v}",
            S,
            "a--b--c".into(),
            "b",
        ),
    ];
    for (conditions, template, index, value, expected) in cases {
        assert_eq!(
            resolve(conditions, template, &[(index, value.clone())]),
            expected,
            "{conditions} {value:?}"
        );
    }
}

#[test]
fn first_matching_rule_wins_and_trees_fall_through() {
    let set = |s: &'static str| [(S, s.into())];
    let rules = r#"
        {"type":"tree","conditions":[{"fn":"stringEquals","argv":[{"ref":"S"},"a"]}],"rules":[
            {"type":"tree","conditions":[],"rules":[]},
            {"type":"error","conditions":[{"fn":"isSet","argv":[{"ref":"B"}]}],"error":"no {B}"},
            {"type":"endpoint","conditions":[{"fn":"isSet","argv":[{"ref":"L"}]}],"endpoint":{"url":"l"}}]},
        {"type":"endpoint","conditions":[{"fn":"stringEquals","argv":[{"ref":"S"},"a"]}],"endpoint":{"url":{"ref":"S"}}}"#;
    assert_eq!(run(rules, &set("a")).unwrap().url, "a");
    let error = run(rules, &[(S, "a".into()), (B, true.into())]).unwrap_err();
    assert_eq!((error.kind(), error.message()), (Rule, "no True"));
    let error = run(rules, &[(S, "z".into()), (L, vec!["p", "q"].into())]).unwrap_err();
    assert_eq!(error.kind(), NoMatch);
    assert_eq!(
        error.message(),
        "No endpoint found for parameters:\nS: z\nL: [\"p\", \"q\"]"
    );
}

#[test]
fn variables_are_scoped_to_their_rule() {
    let rules = r#"
        {"type":"tree","conditions":[{"fn":"coalesce","argv":["in",""],"assign":"v"}],"rules":[
            {"type":"endpoint","conditions":[{"fn":"isSet","argv":[{"ref":"S"}]}],"endpoint":{"url":"{v}"}}]},
        {"type":"endpoint","conditions":[{"fn":"not","argv":[{"fn":"isSet","argv":[{"ref":"v"}]}]}],
         "endpoint":{"url":"out"}}"#;
    assert_eq!(run(rules, &[(S, "".into())]).unwrap().url, "in");
    assert_eq!(run(rules, &[]).unwrap().url, "out");
}

#[test]
fn variables_cannot_be_reassigned() {
    let twice = r#"{"fn":"uriEncode","argv":[{"ref":"S"}],"assign":"v"},{"fn":"isSet","argv":[{"ref":"S"}],"assign":"v"}"#;
    let message =
        "Evaluation: Assignment v already exists in scoped variables and cannot be overwritten";
    assert_eq!(resolve(twice, "", &[(S, "x".into())]), message);
    // The first condition is false, so the second assignment is not evaluated.
    assert_eq!(resolve(twice, "", &[]), "-");
    let over = r#"{"fn":"coalesce","argv":["new","new"],"assign":"S"}"#;
    assert_eq!(resolve(over, "{S}", &[]), "new");
    assert_eq!(
        resolve(over, "{S}", &[(S, "x".into())]),
        message.replace(" v ", " S ")
    );
    let over = r#"{"fn":"coalesce","argv":["new","new"],"assign":"T"}"#;
    assert_eq!(resolve(over, "{T}", &[]), message.replace(" v ", " T "));
    assert_eq!(
        resolve(over, "{T}", &[(T, "x".into())]),
        message.replace(" v ", " T ")
    );
}

#[test]
fn templates_require_set_values() {
    assert_eq!(
        resolve("", "{S}", &[]),
        "Evaluation: S in a template is unset."
    );
    assert_eq!(
        resolve("", "{Missing}{S}", &[]),
        "Evaluation: An unknown variable in a template is unset."
    );
    assert_eq!(
        resolve("", "{L}", &[(L, vec!["a"].into())]),
        "Evaluation: L in a template is a list of strings."
    );
    let partition = r#"{"fn":"aws.partition","argv":[{"ref":"S"}],"assign":"p"}"#;
    assert_eq!(
        resolve(
            partition,
            "{p#implicitGlobalRegion}",
            &[(S, "us-x-1".into())]
        ),
        "Evaluation: aws.partition(S)#implicitGlobalRegion in a template is unset."
    );
    assert_eq!(resolve("", "{{{T}}} {{S}}", &[]), "{dflt} {S}");
}

#[test]
fn checks_parameters_before_rules() {
    let json = br#"{"version":"1.0","parameters":{"A":{"type":"string","required":true},
        "R":{"type":"string","required":true,"default":"r"}},"rules":[]}"#;
    let rule_set = RuleSet::from_json(json).unwrap();
    let mut params = EndpointParams::new(&rule_set);
    let error = rule_set.evaluate(&partitions(), &params).unwrap_err();
    assert_eq!(
        (error.kind(), error.message()),
        (
            MissingParameter,
            "Cannot find value for required parameter A"
        )
    );
    params.set(0, true);
    let error = rule_set.evaluate(&partitions(), &params).unwrap_err();
    assert_eq!(
        (error.kind(), error.message()),
        (
            ParameterType,
            "Value (A) is the wrong type. Must be a string."
        )
    );
    params.set(0, "a");
    params.set(99, "ignored");
    assert_eq!(
        rule_set
            .evaluate(&partitions(), &params)
            .unwrap_err()
            .kind(),
        NoMatch
    );
}

#[test]
fn resolves_headers_and_properties() {
    let rules = r#"{"type":"endpoint","conditions":[],"endpoint":{"url":"https://{T}",
        "headers":{"x-b":["{T}-1",{"ref":"S"}],"x-a":[]},
        "properties":{"z":"{T}","authSchemes":[{"name":"sigv4","signingRegion":"{S}","disableDoubleEncoding":true}],
            "a":[null,1,1.5,false,{"{T}":"{{"}]}}}"#;
    let endpoint = run(rules, &[(S, "s".into())]).unwrap();
    assert_eq!(
        endpoint.headers,
        [
            ("x-b".to_owned(), vec!["dflt-1".to_owned(), "s".to_owned()]),
            ("x-a".to_owned(), vec![])
        ]
    );
    let names: Vec<&Str> = endpoint.properties.keys().collect();
    assert_eq!(names, ["z", "authSchemes", "a"]);
    assert_eq!(endpoint.properties.get("z"), Some(&Value::from("dflt")));
    assert_eq!(
        endpoint.properties.get("a"),
        Some(&json!([null, 1, 1.5, false, {"{T}": "{{"}]))
    );
    assert_eq!(
        endpoint.auth_schemes[0].signing_region.as_deref(),
        Some("s")
    );
    assert_eq!(endpoint.auth_schemes[0].disable_double_encoding, Some(true));
}

#[test]
fn bounds_the_length_of_strings() {
    let mut conditions = vec![r#"{"fn":"uriEncode","argv":["{T}{T}"],"assign":"va"}"#.to_owned()];
    for (this, next) in ('a'..='y').zip('b'..='z') {
        conditions.push(format!(
            r#"{{"fn":"uriEncode","argv":["{{v{this}}}{{v{this}}}"],"assign":"v{next}"}}"#
        ));
    }
    assert_eq!(
        resolve(&conditions.join(","), "x", &[]),
        "Evaluation: The endpoint is too long."
    );
    assert!(matches!(run("", &[]), Err(error) if error.kind() != Evaluation));
}
