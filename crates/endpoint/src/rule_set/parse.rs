//! From `endpoint-rule-set-1.json` to the compiled form.
//!
//! # Source
//! botocore `endpoint_provider.py:RuleSet`, `RuleCreator`, `ParameterDefinition`;
//! <https://smithy.io/2.0/additional-specs/rules-engine/specification.html>

use std::collections::HashMap;

use crate::error::DefinitionError;
use crate::json::{self, Json, Place};
use crate::lists::{ListId, Lists};
use crate::numbered::{Numbered, next_number};
use crate::parameter::{BuiltIn, Parameter, ParameterDefault, ParameterType};
use crate::rule_set::program::{
    Action, EndpointForm, Expr, ExprId, Parts, Program, PropertyForm, Rule, TextId,
};
use crate::template::{self, Piece};
use crate::texts::TextTable;

/// Compiles a rule set. Keys that are not known are ignored.
pub(crate) fn compile(text: &[u8]) -> Result<Program, DefinitionError> {
    let json = json::parse(text)?;
    let root = Place::Root;
    json.map(&root)?;
    let version = match json.get("version") {
        Some(version) => version.text(&root.key("version"))?,
        None => "1.0",
    };
    let mut compiler = Compiler::default();
    let place = root.key("parameters");
    let parameters = json
        .get("parameters")
        .ok_or_else(|| root.missing("parameters"))?;
    for (name, spec) in parameters.map(&place)? {
        compiler.parameter(name, spec, &place.key(name))?;
    }
    let place = root.key("rules");
    let rules = json.get("rules").ok_or_else(|| root.missing("rules"))?;
    for (index, rule) in rules.list(&place)?.iter().enumerate() {
        compiler.rule(rule, &place.index(index))?;
    }
    let version = compiler.text(version, &root)?;
    compiler
        .finish(version)
        .map_err(|message| root.error(message))
}

#[derive(Debug, Default)]
struct Compiler<'j> {
    texts: TextTable,
    lists: Numbered<Box<[u16]>>,
    exprs: Numbered<Expr>,
    properties: Numbered<PropertyForm>,
    endpoints: Numbered<EndpointForm>,
    parameters: Vec<Parameter>,
    parameter_numbers: HashMap<&'j str, u16>,
    rules: Vec<Rule>,
    /// The variables that can be seen from here, and what they were assigned.
    scope: HashMap<&'j str, ExprId>,
    /// The same variables in the order of their assignment.
    assigned: Vec<&'j str>,
}

impl<'j> Compiler<'j> {
    fn finish(self, version: TextId) -> Result<Program, &'static str> {
        let lists = Lists::new(self.lists.all()).ok_or("the rule set is too large")?;
        Program::new(Parts {
            version,
            texts: self.texts.finish(),
            lists,
            exprs: self.exprs.into_all(),
            properties: self.properties.into_all(),
            endpoints: self.endpoints.into_all(),
            parameters: self.parameters,
            rules: self.rules,
        })
    }

    fn text(&mut self, text: &str, place: &Place<'_>) -> Result<TextId, DefinitionError> {
        self.texts
            .id(text)
            .ok_or_else(|| place.error("the rule set has too many texts"))
    }

    fn list(&mut self, list: Vec<u16>, place: &Place<'_>) -> Result<ListId, DefinitionError> {
        self.lists.id(list.into_boxed_slice(), place)
    }

    fn expr(&mut self, expr: Expr, place: &Place<'_>) -> Result<ExprId, DefinitionError> {
        self.exprs.id(expr, place)
    }

    fn parameter(
        &mut self,
        name: &'j str,
        spec: &Json<'_>,
        place: &Place<'_>,
    ) -> Result<(), DefinitionError> {
        let type_place = place.key("type");
        let type_name = spec
            .get("type")
            .ok_or_else(|| place.missing("type"))?
            .text(&type_place)?;
        let kind = match type_name.to_ascii_lowercase().as_str() {
            "string" => ParameterType::String,
            "boolean" => ParameterType::Boolean,
            "stringarray" => ParameterType::StringArray,
            _ => {
                return Err(type_place.error(format_args!(
                    "Unknown parameter type: {type_name}. A parameter must be of type string, boolean, or stringarray."
                )));
            }
        };
        let present = |key| spec.get(key).filter(|value| **value != Json::Null);
        let default = match present("default") {
            Some(default) => Some(parameter_default(default, kind, &place.key("default"))?),
            None => None,
        };
        let built_in = match present("builtIn") {
            Some(name) => Some(BuiltIn::from_name(name.text(&place.key("builtIn"))?)),
            None => None,
        };
        let deprecation = present("deprecated").map(|deprecated| match deprecated.get("message") {
            Some(Json::Text(message)) => Box::from(&**message),
            _ => Box::default(),
        });
        let required = match present("required") {
            Some(required) => required.bool(&place.key("required"))?,
            None => false,
        };
        let number = next_number(self.parameters.len(), place)?;
        if self.parameter_numbers.insert(name, number).is_some() {
            return Err(place.error("the parameter is declared twice"));
        }
        self.parameters.push(Parameter {
            name: name.into(),
            kind,
            required,
            built_in,
            default,
            deprecation,
            is_read: false,
        });
        Ok(())
    }

    fn rule(&mut self, rule: &'j Json<'_>, place: &Place<'_>) -> Result<(), DefinitionError> {
        rule.map(place)?;
        let type_place = place.key("type");
        let rule_type = rule
            .get("type")
            .ok_or_else(|| place.missing("type"))?
            .text(&type_place)?;
        let outer = self.assigned.len();
        let conditions = self.conditions(rule, place)?;
        let index = next_number(self.rules.len(), place)?;
        self.rules.push(Rule {
            conditions,
            action: Action::Tree,
            next: index + 1,
        });
        let action = match rule_type {
            "tree" => {
                let place = place.key("rules");
                let rules = rule
                    .get("rules")
                    .ok_or_else(|| place.error("a tree has no rules"))?;
                for (index, rule) in rules.list(&place)?.iter().enumerate() {
                    self.rule(rule, &place.index(index))?;
                }
                Action::Tree
            }
            "endpoint" => {
                let place = place.key("endpoint");
                let endpoint = rule
                    .get("endpoint")
                    .ok_or_else(|| place.error("an endpoint rule has no endpoint"))?;
                Action::Endpoint(self.endpoint(endpoint, &place)?)
            }
            "error" => {
                let place = place.key("error");
                let error = rule
                    .get("error")
                    .ok_or_else(|| place.error("an error rule has no error"))?;
                Action::Error(self.value(error, &place)?)
            }
            other => {
                return Err(type_place.error(format_args!(
                    "Unknown rule type: {other}. A rule must be of type tree, endpoint or error."
                )));
            }
        };
        let next = next_number(self.rules.len(), place)?;
        if let Some(rule) = self.rules.get_mut(usize::from(index)) {
            rule.action = action;
            rule.next = next;
        }
        for name in self.assigned.drain(outer..) {
            self.scope.remove(name);
        }
        Ok(())
    }

    fn conditions(
        &mut self,
        rule: &'j Json<'_>,
        place: &Place<'_>,
    ) -> Result<ListId, DefinitionError> {
        let place = place.key("conditions");
        let conditions = match rule.get("conditions") {
            Some(conditions) => conditions.list(&place)?,
            None => &[],
        };
        let mut exprs = Vec::with_capacity(conditions.len());
        for (index, condition) in conditions.iter().enumerate() {
            exprs.push(self.call(condition, &place.index(index))?);
        }
        self.list(exprs, &place)
    }

    fn endpoint(
        &mut self,
        endpoint: &'j Json<'_>,
        place: &Place<'_>,
    ) -> Result<u16, DefinitionError> {
        endpoint.map(place)?;
        let url_place = place.key("url");
        let url = self.value(
            endpoint.get("url").ok_or_else(|| place.missing("url"))?,
            &url_place,
        )?;
        let headers_place = place.key("headers");
        let mut headers = Vec::new();
        if let Some(map) = endpoint.get("headers") {
            for (name, values) in map.map(&headers_place)? {
                let place = headers_place.key(name);
                let mut exprs = Vec::new();
                for (index, value) in values.list(&place)?.iter().enumerate() {
                    exprs.push(self.value(value, &place.index(index))?);
                }
                headers.push(self.text(name, &place)?);
                headers.push(self.list(exprs, &place)?);
            }
        }
        let headers = self.list(headers, &headers_place)?;
        let properties_place = place.key("properties");
        let properties = match endpoint.get("properties") {
            Some(properties) => {
                properties.map(&properties_place)?;
                check_auth_schemes(properties, &properties_place)?;
                self.property(properties, &properties_place)?
            }
            None => {
                let none = self.list(Vec::new(), &properties_place)?;
                self.properties
                    .id(PropertyForm::Map(none), &properties_place)?
            }
        };
        let form = EndpointForm {
            url,
            headers,
            properties,
        };
        self.endpoints.id(form, place)
    }

    fn property(
        &mut self,
        property: &'j Json<'_>,
        place: &Place<'_>,
    ) -> Result<u16, DefinitionError> {
        let form = match property {
            Json::Null => PropertyForm::Null,
            Json::Bool(value) => PropertyForm::Bool(*value),
            Json::Int(value) => PropertyForm::Int(*value),
            Json::Float(value) => PropertyForm::Float(value.to_bits()),
            Json::Text(text) => PropertyForm::Text(self.template(text, place)?),
            Json::List(items) => {
                let mut list = Vec::with_capacity(items.len());
                for (index, item) in items.iter().enumerate() {
                    list.push(self.property(item, &place.index(index))?);
                }
                PropertyForm::List(self.list(list, place)?)
            }
            Json::Map(entries) => {
                let mut list = Vec::with_capacity(entries.len() * 2);
                for (key, value) in entries {
                    let place = place.key(key);
                    list.push(self.text(key, &place)?);
                    list.push(self.property(value, &place)?);
                }
                PropertyForm::Map(self.list(list, place)?)
            }
        };
        self.properties.id(form, place)
    }

    /// A value: a function, a reference, a text or template, or a boolean.
    fn value(&mut self, value: &'j Json<'_>, place: &Place<'_>) -> Result<ExprId, DefinitionError> {
        match value {
            Json::Map(_) if value.get("fn").is_some() => self.call(value, place),
            Json::Map(_) => match value.get("ref") {
                Some(name) => {
                    let place = place.key("ref");
                    self.reference(name.text(&place)?, &place)
                }
                None => Err(place.error("must have a `fn` or a `ref`")),
            },
            Json::Text(text) => self.template(text, place),
            Json::Bool(value) => self.expr(Expr::Bool(*value), place),
            other => Err(place.mismatch("a string, a boolean, a function or a reference", other)),
        }
    }

    fn reference(&mut self, name: &str, place: &Place<'_>) -> Result<ExprId, DefinitionError> {
        if let Some(id) = self.scope.get(name) {
            return Ok(*id);
        }
        let expr = self
            .parameter_numbers
            .get(name)
            .map_or(Expr::Unset, |number| Expr::Parameter(*number));
        self.expr(expr, place)
    }

    fn template(&mut self, text: &str, place: &Place<'_>) -> Result<ExprId, DefinitionError> {
        let Some(pieces) = template::pieces(text).map_err(|message| place.error(message))? else {
            let text = self.text(text, place)?;
            return self.expr(Expr::Text(text), place);
        };
        let mut exprs = Vec::with_capacity(pieces.len());
        for piece in pieces {
            exprs.push(match piece {
                Piece::Literal(literal) => {
                    let text = self.text(&literal, place)?;
                    self.expr(Expr::Text(text), place)?
                }
                Piece::Reference(reference) => {
                    let mut path = reference.split('#');
                    let mut of = self.reference(path.next().unwrap_or_default(), place)?;
                    for name in path {
                        let name = self.text(name, place)?;
                        of = self.expr(Expr::Attribute { of, name }, place)?;
                    }
                    of
                }
            });
        }
        let list = self.list(exprs, place)?;
        self.expr(Expr::Template(list), place)
    }

    /// A function and, where it has an `assign`, the variable that holds its value from here on.
    fn call(&mut self, call: &'j Json<'_>, place: &Place<'_>) -> Result<ExprId, DefinitionError> {
        call.map(place)?;
        let name = call
            .get("fn")
            .ok_or_else(|| place.missing("fn"))?
            .text(&place.key("fn"))?;
        let argv_place = place.key("argv");
        let argv = call
            .get("argv")
            .ok_or_else(|| place.missing("argv"))?
            .list(&argv_place)?;
        let at = |index| argv_place.index(index);
        let expr = match (name, argv) {
            ("isSet", [value]) => Expr::IsSet(self.value(value, &at(0))?),
            ("not", [value]) => Expr::Not(self.value(value, &at(0))?),
            ("stringEquals", [left, right]) => {
                Expr::StringEquals(self.value(left, &at(0))?, self.value(right, &at(1))?)
            }
            ("booleanEquals", [left, right]) => {
                Expr::BooleanEquals(self.value(left, &at(0))?, self.value(right, &at(1))?)
            }
            ("getAttr", [of, path]) => {
                let of = self.value(of, &at(0))?;
                self.attribute(of, path.text(&at(1))?, &at(1))?
            }
            ("substring", [of, start, stop, reverse]) => Expr::Substring {
                of: self.value(of, &at(0))?,
                start: small(start, &at(1))?,
                stop: small(stop, &at(2))?,
                reverse: reverse.bool(&at(3))?,
            },
            ("uriEncode", [of]) => Expr::UriEncode(self.value(of, &at(0))?),
            ("parseURL", [of]) => Expr::ParseUrl(self.value(of, &at(0))?),
            ("isValidHostLabel", [of, subdomains]) => {
                Expr::IsValidHostLabel(self.value(of, &at(0))?, self.value(subdomains, &at(1))?)
            }
            ("aws.partition", [of]) => Expr::Partition(self.value(of, &at(0))?),
            ("aws.parseArn", [of]) => Expr::ParseArn(self.value(of, &at(0))?),
            ("aws.isVirtualHostableS3Bucket", [of, subdomains]) => Expr::IsVirtualHostableS3Bucket(
                self.value(of, &at(0))?,
                self.value(subdomains, &at(1))?,
            ),
            ("coalesce", values @ [_, _, ..]) => {
                let mut list = Vec::with_capacity(values.len());
                for (index, value) in values.iter().enumerate() {
                    list.push(self.value(value, &at(index))?);
                }
                Expr::Coalesce(self.list(list, &argv_place)?)
            }
            ("ite", [condition, yes, no]) => Expr::IfElse(
                self.value(condition, &at(0))?,
                self.value(yes, &at(1))?,
                self.value(no, &at(2))?,
            ),
            ("split", [of, delimiter, limit]) => {
                let of = self.value(of, &at(0))?;
                let delimiter = delimiter.text(&at(1))?;
                if delimiter.is_empty() {
                    return Err(at(1).error("a delimiter must not be empty"));
                }
                Expr::Split {
                    of,
                    delimiter: self.text(delimiter, &at(1))?,
                    limit: small(limit, &at(2))?,
                }
            }
            _ if FUNCTIONS.contains(&name) => {
                return Err(argv_place.error(format_args!(
                    "`{name}` does not take {} arguments",
                    argv.len()
                )));
            }
            _ => {
                return Err(place
                    .key("fn")
                    .error(format_args!("the function `{name}` is not known")));
            }
        };
        let id = self.expr(expr, place)?;
        match call.get("assign") {
            Some(variable) => {
                let place = place.key("assign");
                self.assign(variable.text(&place)?, id, &place)
            }
            None => Ok(id),
        }
    }

    fn assign(
        &mut self,
        name: &'j str,
        value: ExprId,
        place: &Place<'_>,
    ) -> Result<ExprId, DefinitionError> {
        if self.scope.contains_key(name) {
            let name = self.text(name, place)?;
            return self.expr(Expr::AssignAgain { value, name }, place);
        }
        let value = match self.parameter_numbers.get(name) {
            Some(&parameter) => self.expr(Expr::AssignParameter { value, parameter }, place)?,
            None => value,
        };
        self.scope.insert(name, value);
        self.assigned.push(name);
        Ok(value)
    }

    /// The expression for a path such as `resourceId[1]` or `a.b`.
    fn attribute(
        &mut self,
        of: ExprId,
        path: &str,
        place: &Place<'_>,
    ) -> Result<Expr, DefinitionError> {
        let mut steps: Vec<Expr> = Vec::new();
        for part in path.split('.') {
            let (key, index) = match part.split_once('[') {
                Some((key, index)) => (key, Some(index)),
                None => (part, None),
            };
            if !key.is_empty() || index.is_none() {
                let name = self.text(key, place)?;
                steps.push(Expr::Attribute { of, name });
            }
            if let Some(index) = index {
                let index = index
                    .strip_suffix(']')
                    .and_then(|digits| digits.parse().ok());
                let index =
                    index.ok_or_else(|| place.error("an index is not a number in brackets"))?;
                steps.push(Expr::Item { of, index });
            }
        }
        // Every step but the last becomes an expression that the next one looks into.
        let last = steps.pop().unwrap_or(Expr::Unset);
        let mut inner = of;
        for step in steps {
            inner = self.expr(looking_into(step, inner), place)?;
        }
        Ok(looking_into(last, inner))
    }
}

fn looking_into(step: Expr, of: ExprId) -> Expr {
    match step {
        Expr::Attribute { name, .. } => Expr::Attribute { of, name },
        Expr::Item { index, .. } => Expr::Item { of, index },
        other => other,
    }
}

const FUNCTIONS: [&str; 15] = [
    "isSet",
    "not",
    "stringEquals",
    "booleanEquals",
    "getAttr",
    "substring",
    "uriEncode",
    "parseURL",
    "isValidHostLabel",
    "aws.partition",
    "aws.parseArn",
    "aws.isVirtualHostableS3Bucket",
    "coalesce",
    "ite",
    "split",
];

fn small(number: &Json<'_>, place: &Place<'_>) -> Result<u16, DefinitionError> {
    match number {
        Json::Int(number) => {
            u16::try_from(*number).map_err(|_| place.error("must be between 0 and 65535"))
        }
        other => Err(place.mismatch("an integer", other)),
    }
}

fn parameter_default(
    default: &Json<'_>,
    kind: ParameterType,
    place: &Place<'_>,
) -> Result<ParameterDefault, DefinitionError> {
    Ok(match kind {
        ParameterType::String => ParameterDefault::String(default.text(place)?.into()),
        ParameterType::Boolean => ParameterDefault::Boolean(default.bool(place)?),
        ParameterType::StringArray => {
            let mut items = Vec::new();
            for (index, item) in default.list(place)?.iter().enumerate() {
                items.push(Box::from(item.text(&place.index(index))?));
            }
            ParameterDefault::StringArray(items.into_boxed_slice())
        }
    })
}

/// Signing relies on these; so they are looked at here rather than when a request waits for them.
fn check_auth_schemes(properties: &Json<'_>, place: &Place<'_>) -> Result<(), DefinitionError> {
    let place = place.key("authSchemes");
    let Some(schemes) = properties.get("authSchemes") else {
        return Ok(());
    };
    for (index, scheme) in schemes.list(&place)?.iter().enumerate() {
        let place = place.index(index);
        scheme.map(&place)?;
        scheme
            .get("name")
            .ok_or_else(|| place.missing("name"))?
            .text(&place.key("name"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(json: &str) -> DefinitionError {
        compile(json.as_bytes()).unwrap_err()
    }

    fn with_rules(rules: &str) -> String {
        format!(r#"{{"version":"1.0","parameters":{{"P":{{"type":"String"}}}},"rules":[{rules}]}}"#)
    }

    #[test]
    fn problems_name_their_place() {
        let cases = [
            ("[]", "$", "must be an object"),
            ("{", "$", "EOF"),
            (r#"{"rules":[]}"#, "$", "`parameters` is missing"),
            (
                r#"{"parameters":{},"conditions":[],"nodes":""}"#,
                "$",
                "`rules` is missing",
            ),
            (
                r#"{"parameters":{"B":{"type":"list"}},"rules":[]}"#,
                "$.parameters.B.type",
                "Unknown parameter type: list. A parameter must be of type string, boolean, or stringarray.",
            ),
            (
                r#"{"parameters":{"B":{"type":"boolean","default":"x"}},"rules":[]}"#,
                "$.parameters.B.default",
                "must be a boolean, not a string",
            ),
            (
                r#"{"parameters":{"B":{"type":"string"},"B":{"type":"string"}},"rules":[]}"#,
                "$.parameters.B",
                "twice",
            ),
        ];
        for (json, place, message) in cases {
            let error = error(json);
            assert_eq!(error.place(), place, "{json}");
            assert!(error.message().contains(message), "{error}");
        }
        let cases = [
            (r#"{"conditions":[]}"#, "$.rules[0]", "`type` is missing"),
            (
                r#"{"conditions":[],"type":"foo"}"#,
                "$.rules[0].type",
                "Unknown rule type: foo. A rule must be of type tree, endpoint or error.",
            ),
            (
                r#"{"conditions":[{"fn":"nope","argv":[]}],"type":"tree","rules":[]}"#,
                "$.rules[0].conditions[0].fn",
                "not known",
            ),
            (
                r#"{"conditions":[{"fn":"isSet","argv":[]}],"type":"tree","rules":[]}"#,
                "$.rules[0].conditions[0].argv",
                "`isSet` does not take 0 arguments",
            ),
            (
                r#"{"conditions":[{"fn":"isSet","argv":[1]}],"type":"tree","rules":[]}"#,
                "$.rules[0].conditions[0].argv[0]",
                "not a number",
            ),
            (
                r#"{"conditions":[{"fn":"getAttr","argv":[{"ref":"P"},"a[x]"]}],"type":"tree","rules":[]}"#,
                "$.rules[0].conditions[0].argv[1]",
                "an index is not a number in brackets",
            ),
            (
                r#"{"type":"tree","rules":[{"type":"endpoint","endpoint":{"url":"{P}{"}}]}"#,
                "$.rules[0].rules[0].endpoint.url",
                "a `{` has no `}`",
            ),
            (
                r#"{"type":"endpoint","endpoint":{"url":"x","properties":{"authSchemes":[{}]}}}"#,
                "$.rules[0].endpoint.properties.authSchemes[0]",
                "`name` is missing",
            ),
            (
                r#"{"type":"endpoint","endpoint":{"url":"x","headers":{"a b":"c"}}}"#,
                "$.rules[0].endpoint.headers[\"a b\"]",
                "must be a list, not a string",
            ),
        ];
        for (rule, place, message) in cases {
            let error = error(&with_rules(rule));
            assert_eq!(error.place(), place, "{rule}");
            assert!(error.message().contains(message), "{error}");
        }
    }

    #[test]
    fn equal_expressions_have_one_number_and_variables_are_numbers() {
        let rule = r#"{"conditions":[{"fn":"aws.partition","argv":[{"ref":"P"}],"assign":"V"},
            {"fn":"stringEquals","argv":[{"fn":"getAttr","argv":[{"ref":"V"},"name"]},"aws"]}],
            "type":"endpoint","endpoint":{"url":"https://{V#name}"}}"#;
        let program = compile(with_rules(&format!("{rule},{rule}")).as_bytes()).unwrap();
        // P, its partition, the partition's name, "aws", the comparison, "https://" and the template.
        assert_eq!(program.nodes.len(), 7);
        assert_eq!(program.steps.len(), 2);
        assert_eq!(
            program.steps[0].rule.conditions,
            program.steps[1].rule.conditions
        );
        assert_eq!(program.steps[0].rule.action, program.steps[1].rule.action);
    }

    #[test]
    fn rules_know_where_to_go_on() {
        let leaf = r#"{"type":"error","error":"e"}"#;
        let tree =
            format!(r#"{{"type":"tree","rules":[{leaf},{{"type":"tree","rules":[]}},{leaf}]}}"#);
        let program = compile(with_rules(&format!("{tree},{leaf}")).as_bytes()).unwrap();
        let next: Vec<u16> = program.steps.iter().map(|step| step.rule.next).collect();
        assert_eq!(next, [4, 2, 3, 4, 5]);
    }

    #[test]
    fn unread_parameters_are_known() {
        let json = r#"{"parameters":{"A":{"type":"string"},"B":{"type":"string"}},
            "rules":[{"type":"error","error":"{B}"}]}"#;
        let program = compile(json.as_bytes()).unwrap();
        let read: Vec<bool> = program.parameters.iter().map(Parameter::is_read).collect();
        assert_eq!(read, [false, true]);
    }

    #[test]
    fn deep_nesting_is_refused() {
        let mut value = r#"{"ref":"P"}"#.to_owned();
        for _ in 0..40 {
            value = format!(r#"{{"fn":"not","argv":[{value}]}}"#);
        }
        let json = with_rules(&format!(
            r#"{{"conditions":[{value}],"type":"error","error":"e"}}"#
        ));
        compile(json.as_bytes()).unwrap();
        let mut conditions =
            vec![r#"{"fn":"coalesce","argv":[{"ref":"P"},{"ref":"P"}],"assign":"v0"}"#.to_owned()];
        for i in 0..70 {
            conditions.push(format!(
                r#"{{"fn":"coalesce","argv":[{{"ref":"v{i}"}},{{"ref":"P"}}],"assign":"v{}"}}"#,
                i + 1
            ));
        }
        let json = with_rules(&format!(
            r#"{{"conditions":[{}],"type":"error","error":"e"}}"#,
            conditions.join(",")
        ));
        assert_eq!(error(&json).message(), "expressions nest too deeply");
    }
}
