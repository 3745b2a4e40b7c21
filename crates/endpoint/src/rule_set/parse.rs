//! Compiler of `endpoint-rule-set-1.json`.
//!
//! # Source
//! botocore `endpoint_provider.py:RuleSet`, `RuleCreator`, `ParameterDefinition`;
//! <https://smithy.io/2.0/additional-specs/rules-engine/specification.html>

use std::collections::HashMap;

use crate::error::DefinitionError;
use crate::interner::{Interner, next_index};
use crate::json::{self, Json, JsonPath};
use crate::list_table::{ListId, ListTable};
use crate::parameter::{BuiltIn, Parameter, ParameterDefault, ParameterType};
use crate::rule_set::program::{
    EndpointTemplate, Expr, ExprId, Program, ProgramParts, PropertyTemplate, Rule, RuleAction,
    StringId,
};
use crate::string_table::StringTableBuilder;
use crate::template::{self, TemplatePart};

/// Compiles a rule set. Unknown keys are ignored.
pub(crate) fn compile(text: &[u8]) -> Result<Program, DefinitionError> {
    let json = json::parse(text)?;
    let root = JsonPath::Root;
    json.map(&root)?;
    let version = match json.get("version") {
        Some(version) => version.text(&root.key("version"))?,
        None => "1.0",
    };
    let mut compiler = RuleSetCompiler::default();
    let path = root.key("parameters");
    let parameters = json.required("parameters", &root)?;
    for (name, spec) in parameters.map(&path)? {
        compiler.parameter(name, spec, &path.key(name))?;
    }
    let path = root.key("rules");
    let rules = json.required("rules", &root)?;
    for (index, rule) in rules.list(&path)?.iter().enumerate() {
        compiler.rule(rule, &path.index(index))?;
    }
    let version = compiler.string(version, &root)?;
    compiler
        .finish(version)
        .map_err(|message| root.error(message))
}

#[derive(Debug, Default)]
struct RuleSetCompiler<'j> {
    strings: StringTableBuilder,
    lists: Interner<Box<[u16]>>,
    exprs: Interner<Expr>,
    properties: Interner<PropertyTemplate>,
    endpoints: Interner<EndpointTemplate>,
    parameters: Vec<Parameter>,
    parameter_indexes: HashMap<&'j str, u16>,
    rules: Vec<Rule>,
    /// The variables in scope, and the expressions assigned to them.
    scope: HashMap<&'j str, ExprId>,
    /// The same variables in order of assignment.
    assigned: Vec<&'j str>,
}

impl<'j> RuleSetCompiler<'j> {
    fn finish(self, version: StringId) -> Result<Program, &'static str> {
        let lists = ListTable::new(self.lists.items()).ok_or("rule set too large")?;
        Program::new(ProgramParts {
            version,
            strings: self.strings.finish(),
            lists,
            exprs: self.exprs.into_items(),
            properties: self.properties.into_items(),
            endpoints: self.endpoints.into_items(),
            parameters: self.parameters,
            rules: self.rules,
        })
    }

    fn string(&mut self, text: &str, path: &JsonPath<'_>) -> Result<StringId, DefinitionError> {
        self.strings
            .intern(text)
            .ok_or_else(|| path.error("too many strings"))
    }

    fn list(&mut self, list: Vec<u16>, path: &JsonPath<'_>) -> Result<ListId, DefinitionError> {
        self.lists.intern(list.into_boxed_slice(), path)
    }

    fn expr(&mut self, expr: Expr, path: &JsonPath<'_>) -> Result<ExprId, DefinitionError> {
        self.exprs.intern(expr, path)
    }

    fn parameter(
        &mut self,
        name: &'j str,
        spec: &Json<'_>,
        path: &JsonPath<'_>,
    ) -> Result<(), DefinitionError> {
        let type_path = path.key("type");
        let type_name = spec.required("type", path)?.text(&type_path)?;
        let kind = match type_name.to_ascii_lowercase().as_str() {
            "string" => ParameterType::String,
            "boolean" => ParameterType::Boolean,
            "stringarray" => ParameterType::StringArray,
            _ => {
                return Err(type_path.error(format_args!(
                    "Unknown parameter type: {type_name}. A parameter must be of type string, boolean, or stringarray."
                )));
            }
        };
        let present = |key| spec.get(key).filter(|value| **value != Json::Null);
        let default = match present("default") {
            Some(default) => Some(parameter_default(default, kind, &path.key("default"))?),
            None => None,
        };
        let built_in = match present("builtIn") {
            Some(name) => Some(BuiltIn::from_name(name.text(&path.key("builtIn"))?)),
            None => None,
        };
        let deprecation = present("deprecated").map(|deprecated| match deprecated.get("message") {
            Some(Json::Text(message)) => Box::from(&**message),
            _ => Box::default(),
        });
        let required = match present("required") {
            Some(required) => required.bool(&path.key("required"))?,
            None => false,
        };
        let number = next_index(self.parameters.len(), path)?;
        if self.parameter_indexes.insert(name, number).is_some() {
            return Err(path.error("duplicate parameter"));
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

    fn rule(&mut self, rule: &'j Json<'_>, path: &JsonPath<'_>) -> Result<(), DefinitionError> {
        rule.map(path)?;
        let type_path = path.key("type");
        let rule_type = rule.required("type", path)?.text(&type_path)?;
        let outer = self.assigned.len();
        let conditions = self.conditions(rule, path)?;
        let index = next_index(self.rules.len(), path)?;
        self.rules.push(Rule {
            conditions,
            action: RuleAction::Tree,
            next: index + 1,
        });
        let action = match rule_type {
            "tree" => {
                let rules = rule.required("rules", path)?;
                let path = path.key("rules");
                for (index, rule) in rules.list(&path)?.iter().enumerate() {
                    self.rule(rule, &path.index(index))?;
                }
                RuleAction::Tree
            }
            "endpoint" => {
                let endpoint = rule.required("endpoint", path)?;
                let path = path.key("endpoint");
                RuleAction::Endpoint(self.endpoint(endpoint, &path)?)
            }
            "error" => {
                let error = rule.required("error", path)?;
                let path = path.key("error");
                RuleAction::Error(self.value(error, &path)?)
            }
            other => {
                return Err(type_path.error(format_args!(
                    "Unknown rule type: {other}. A rule must be of type tree, endpoint or error."
                )));
            }
        };
        let next = next_index(self.rules.len(), path)?;
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
        path: &JsonPath<'_>,
    ) -> Result<ListId, DefinitionError> {
        let path = path.key("conditions");
        let conditions = match rule.get("conditions") {
            Some(conditions) => conditions.list(&path)?,
            None => &[],
        };
        let mut exprs = Vec::with_capacity(conditions.len());
        for (index, condition) in conditions.iter().enumerate() {
            exprs.push(self.call(condition, &path.index(index))?);
        }
        self.list(exprs, &path)
    }

    fn endpoint(
        &mut self,
        endpoint: &'j Json<'_>,
        path: &JsonPath<'_>,
    ) -> Result<u16, DefinitionError> {
        endpoint.map(path)?;
        let url_path = path.key("url");
        let url = self.value(endpoint.required("url", path)?, &url_path)?;
        let headers_path = path.key("headers");
        let mut headers = Vec::new();
        if let Some(map) = endpoint.get("headers") {
            for (name, values) in map.map(&headers_path)? {
                let path = headers_path.key(name);
                let mut exprs = Vec::new();
                for (index, value) in values.list(&path)?.iter().enumerate() {
                    exprs.push(self.value(value, &path.index(index))?);
                }
                headers.push(self.string(name, &path)?);
                headers.push(self.list(exprs, &path)?);
            }
        }
        let headers = self.list(headers, &headers_path)?;
        let properties_path = path.key("properties");
        let properties = match endpoint.get("properties") {
            Some(properties) => {
                properties.map(&properties_path)?;
                check_auth_schemes(properties, &properties_path)?;
                self.property(properties, &properties_path)?
            }
            None => {
                let none = self.list(Vec::new(), &properties_path)?;
                self.properties
                    .intern(PropertyTemplate::Map(none), &properties_path)?
            }
        };
        let template = EndpointTemplate {
            url,
            headers,
            properties,
        };
        self.endpoints.intern(template, path)
    }

    fn property(
        &mut self,
        property: &'j Json<'_>,
        path: &JsonPath<'_>,
    ) -> Result<u16, DefinitionError> {
        let template = match property {
            Json::Null => PropertyTemplate::Null,
            Json::Bool(value) => PropertyTemplate::Bool(*value),
            Json::Int(value) => PropertyTemplate::Int(*value),
            Json::Float(value) => PropertyTemplate::Float(value.to_bits()),
            Json::Text(text) => PropertyTemplate::String(self.template(text, path)?),
            Json::List(items) => {
                let mut list = Vec::with_capacity(items.len());
                for (index, item) in items.iter().enumerate() {
                    list.push(self.property(item, &path.index(index))?);
                }
                PropertyTemplate::List(self.list(list, path)?)
            }
            Json::Map(entries) => {
                let mut list = Vec::with_capacity(entries.len() * 2);
                for (key, value) in entries {
                    let path = path.key(key);
                    list.push(self.string(key, &path)?);
                    list.push(self.property(value, &path)?);
                }
                PropertyTemplate::Map(self.list(list, path)?)
            }
        };
        self.properties.intern(template, path)
    }

    /// Compiles a value: a function call, a reference, a string or template, or a boolean.
    fn value(
        &mut self,
        value: &'j Json<'_>,
        path: &JsonPath<'_>,
    ) -> Result<ExprId, DefinitionError> {
        match value {
            Json::Map(_) if value.get("fn").is_some() => self.call(value, path),
            Json::Map(_) => match value.get("ref") {
                Some(name) => {
                    let path = path.key("ref");
                    self.reference(name.text(&path)?, &path)
                }
                None => Err(path.error("must have a `fn` or a `ref`")),
            },
            Json::Text(text) => self.template(text, path),
            Json::Bool(value) => self.expr(Expr::Bool(*value), path),
            other => Err(path.mismatch("a string, a boolean, a function or a reference", other)),
        }
    }

    fn reference(&mut self, name: &str, path: &JsonPath<'_>) -> Result<ExprId, DefinitionError> {
        if let Some(id) = self.scope.get(name) {
            return Ok(*id);
        }
        let expr = self
            .parameter_indexes
            .get(name)
            .map_or(Expr::Unset, |number| Expr::Parameter(*number));
        self.expr(expr, path)
    }

    fn template(&mut self, text: &str, path: &JsonPath<'_>) -> Result<ExprId, DefinitionError> {
        let Some(parts) = template::parse(text).map_err(|message| path.error(message))? else {
            let text = self.string(text, path)?;
            return self.expr(Expr::String(text), path);
        };
        let mut exprs = Vec::with_capacity(parts.len());
        for part in parts {
            exprs.push(match part {
                TemplatePart::Literal(literal) => {
                    let text = self.string(&literal, path)?;
                    self.expr(Expr::String(text), path)?
                }
                TemplatePart::Reference(reference) => {
                    let mut names = reference.split('#');
                    let mut of = self.reference(names.next().unwrap_or_default(), path)?;
                    for name in names {
                        let name = self.string(name, path)?;
                        of = self.expr(Expr::Attribute { of, name }, path)?;
                    }
                    of
                }
            });
        }
        let list = self.list(exprs, path)?;
        self.expr(Expr::Template(list), path)
    }

    /// Compiles a function call and, if it has `assign`, adds the variable to the scope.
    fn call(&mut self, call: &'j Json<'_>, path: &JsonPath<'_>) -> Result<ExprId, DefinitionError> {
        call.map(path)?;
        let name = call.required("fn", path)?.text(&path.key("fn"))?;
        let argv_path = path.key("argv");
        let argv = call.required("argv", path)?.list(&argv_path)?;
        let at = |index| argv_path.index(index);
        let expr = match (name, argv) {
            ("isSet", [value]) => Expr::IsSet(self.value(value, &at(0))?),
            ("not", [value]) => Expr::Not(self.value(value, &at(0))?),
            ("stringEquals", [left, right]) => {
                Expr::StringEquals(self.value(left, &at(0))?, self.value(right, &at(1))?)
            }
            ("booleanEquals", [left, right]) => {
                Expr::BooleanEquals(self.value(left, &at(0))?, self.value(right, &at(1))?)
            }
            ("getAttr", [of, attribute_path]) => {
                let of = self.value(of, &at(0))?;
                self.attribute(of, attribute_path.text(&at(1))?, &at(1))?
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
                Expr::Coalesce(self.list(list, &argv_path)?)
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
                    return Err(at(1).error("must not be empty"));
                }
                Expr::Split {
                    of,
                    delimiter: self.string(delimiter, &at(1))?,
                    limit: small(limit, &at(2))?,
                }
            }
            _ if FUNCTIONS.contains(&name) => {
                return Err(argv_path.error(format_args!(
                    "wrong number of arguments for `{name}`: {}",
                    argv.len()
                )));
            }
            _ => {
                return Err(path
                    .key("fn")
                    .error(format_args!("unknown function `{name}`")));
            }
        };
        let id = self.expr(expr, path)?;
        match call.get("assign") {
            Some(variable) => {
                let path = path.key("assign");
                self.assign(variable.text(&path)?, id, &path)
            }
            None => Ok(id),
        }
    }

    fn assign(
        &mut self,
        name: &'j str,
        value: ExprId,
        path: &JsonPath<'_>,
    ) -> Result<ExprId, DefinitionError> {
        if self.scope.contains_key(name) {
            let name = self.string(name, path)?;
            return self.expr(Expr::AssignAgain { value, name }, path);
        }
        let value = match self.parameter_indexes.get(name) {
            Some(&parameter) => self.expr(Expr::AssignParameter { value, parameter }, path)?,
            None => value,
        };
        self.scope.insert(name, value);
        self.assigned.push(name);
        Ok(value)
    }

    /// Compiles an attribute path such as `resourceId[1]` or `a.b`.
    fn attribute(
        &mut self,
        of: ExprId,
        attribute_path: &str,
        path: &JsonPath<'_>,
    ) -> Result<Expr, DefinitionError> {
        let mut steps: Vec<Expr> = Vec::new();
        for part in attribute_path.split('.') {
            let (key, index) = match part.split_once('[') {
                Some((key, index)) => (key, Some(index)),
                None => (part, None),
            };
            if !key.is_empty() || index.is_none() {
                let name = self.string(key, path)?;
                steps.push(Expr::Attribute { of, name });
            }
            if let Some(index) = index {
                let index = index
                    .strip_suffix(']')
                    .and_then(|digits| digits.parse().ok());
                let index = index.ok_or_else(|| path.error("index is not a number in brackets"))?;
                steps.push(Expr::Item { of, index });
            }
        }
        // Each step but the last is interned, as the operand of the next step.
        let last = steps.pop().unwrap_or(Expr::Unset);
        let mut inner = of;
        for step in steps {
            inner = self.expr(with_operand(step, inner), path)?;
        }
        Ok(with_operand(last, inner))
    }
}

fn with_operand(step: Expr, of: ExprId) -> Expr {
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

fn small(number: &Json<'_>, path: &JsonPath<'_>) -> Result<u16, DefinitionError> {
    match number {
        Json::Int(number) => {
            u16::try_from(*number).map_err(|_| path.error("must be between 0 and 65535"))
        }
        other => Err(path.mismatch("an integer", other)),
    }
}

fn parameter_default(
    default: &Json<'_>,
    kind: ParameterType,
    path: &JsonPath<'_>,
) -> Result<ParameterDefault, DefinitionError> {
    Ok(match kind {
        ParameterType::String => ParameterDefault::String(default.text(path)?.into()),
        ParameterType::Boolean => ParameterDefault::Boolean(default.bool(path)?),
        ParameterType::StringArray => {
            let mut items = Vec::new();
            for (index, item) in default.list(path)?.iter().enumerate() {
                items.push(Box::from(item.text(&path.index(index))?));
            }
            ParameterDefault::StringArray(items.into_boxed_slice())
        }
    })
}

/// Validates `authSchemes` at load, so that signing can rely on the name of each scheme.
fn check_auth_schemes(properties: &Json<'_>, path: &JsonPath<'_>) -> Result<(), DefinitionError> {
    let path = path.key("authSchemes");
    let Some(schemes) = properties.get("authSchemes") else {
        return Ok(());
    };
    for (index, scheme) in schemes.list(&path)?.iter().enumerate() {
        let path = path.index(index);
        scheme.map(&path)?;
        scheme.required("name", &path)?.text(&path.key("name"))?;
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
    fn errors_name_the_json_path() {
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
                "duplicate",
            ),
        ];
        for (json, path, message) in cases {
            let error = error(json);
            assert_eq!(error.location(), path, "{json}");
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
                "unknown function",
            ),
            (
                r#"{"conditions":[{"fn":"isSet","argv":[]}],"type":"tree","rules":[]}"#,
                "$.rules[0].conditions[0].argv",
                "wrong number of arguments for `isSet`: 0",
            ),
            (
                r#"{"conditions":[{"fn":"isSet","argv":[1]}],"type":"tree","rules":[]}"#,
                "$.rules[0].conditions[0].argv[0]",
                "not a number",
            ),
            (
                r#"{"conditions":[{"fn":"getAttr","argv":[{"ref":"P"},"a[x]"]}],"type":"tree","rules":[]}"#,
                "$.rules[0].conditions[0].argv[1]",
                "index is not a number in brackets",
            ),
            (
                r#"{"type":"tree","rules":[{"type":"endpoint","endpoint":{"url":"{P}{"}}]}"#,
                "$.rules[0].rules[0].endpoint.url",
                "`{` without `}`",
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
        for (rule, path, message) in cases {
            let error = error(&with_rules(rule));
            assert_eq!(error.location(), path, "{rule}");
            assert!(error.message().contains(message), "{error}");
        }
    }

    #[test]
    fn interns_expressions_and_inlines_variables() {
        let rule = r#"{"conditions":[{"fn":"aws.partition","argv":[{"ref":"P"}],"assign":"V"},
            {"fn":"stringEquals","argv":[{"fn":"getAttr","argv":[{"ref":"V"},"name"]},"aws"]}],
            "type":"endpoint","endpoint":{"url":"https://{V#name}"}}"#;
        let program = compile(with_rules(&format!("{rule},{rule}")).as_bytes()).unwrap();
        // P, its partition, the partition's name, "aws", the comparison, "https://" and the template.
        assert_eq!(program.nodes.len(), 7);
        assert_eq!(program.rules.len(), 2);
        assert_eq!(
            program.rules[0].rule.conditions,
            program.rules[1].rule.conditions
        );
        assert_eq!(program.rules[0].rule.action, program.rules[1].rule.action);
    }

    #[test]
    fn computes_the_next_rule() {
        let leaf = r#"{"type":"error","error":"e"}"#;
        let tree =
            format!(r#"{{"type":"tree","rules":[{leaf},{{"type":"tree","rules":[]}},{leaf}]}}"#);
        let program = compile(with_rules(&format!("{tree},{leaf}")).as_bytes()).unwrap();
        let next: Vec<u16> = program
            .rules
            .iter()
            .map(|compiled| compiled.rule.next)
            .collect();
        assert_eq!(next, [4, 2, 3, 4, 5]);
    }

    #[test]
    fn detects_unread_parameters() {
        let json = r#"{"parameters":{"A":{"type":"string"},"B":{"type":"string"}},
            "rules":[{"type":"error","error":"{B}"}]}"#;
        let program = compile(json.as_bytes()).unwrap();
        let read: Vec<bool> = program.parameters.iter().map(Parameter::is_read).collect();
        assert_eq!(read, [false, true]);
    }

    #[test]
    fn rejects_deep_nesting() {
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
        assert_eq!(error(&json).message(), "expressions nested too deeply");
    }
}
