//! Compiler of `endpoint-rule-set-1.json`.
//!
//! # Source
//! botocore `endpoint_provider.py:RuleSet`, `RuleCreator`, `ParameterDefinition`;
//! <https://smithy.io/2.0/additional-specs/rules-engine/specification.html>

use std::borrow::Cow;

use inia_core::{Error, ErrorKind, Result, Str, Value};

use crate::interner::{Interner, to_index};
use crate::list_table::{ListId, ListTable};
use crate::parameter::{BuiltIn, Parameter, ParameterDefault, ParameterType};
use crate::rule_set::diagram::Diagram;
use crate::rule_set::program::{
    EndpointTemplate, Expr, ExprId, Program, ProgramParts, PropertyTemplate, Rule, RuleAction,
    StringId,
};
use crate::string_table::StringTable;
use crate::template::{self, TemplatePart};
use inia_core::definition_node::{DefinitionNode, parse_document};

/// Compiles a rule set. Unknown keys are ignored.
pub(crate) fn compile(text: &[u8]) -> Result<Program> {
    let json = parse_document(text)?;
    let root = DefinitionNode::document(&json);
    let version = root.optional_str("version")?.unwrap_or("1.0");
    let mut compiler = RuleSetCompiler {
        strings: StringTable::interner(),
        ..RuleSetCompiler::default()
    };
    for (name, parameter) in root.require("parameters")?.entries()? {
        compiler.parameter(name, parameter)?;
    }
    if root.get("nodes").is_some() && root.get("results").is_some() {
        let diagram = compiler.diagram(root)?;
        return compiler.finish(version, Some(diagram));
    }
    for rule in root.require("rules")?.items()? {
        compiler.rule(rule)?;
    }
    compiler.finish(version, None)
}

#[derive(Debug, Default)]
struct RuleSetCompiler<'j> {
    strings: Interner<Cow<'j, str>>,
    lists: Interner<Vec<u16>>,
    exprs: Interner<Expr>,
    properties: Interner<PropertyTemplate>,
    endpoints: Interner<EndpointTemplate>,
    parameters: Vec<Parameter>,
    rules: Vec<Rule>,
    /// The variables in scope and the expressions assigned to them, in order of assignment.
    scope: Vec<(&'j str, ExprId)>,
    /// Variables are those of a decision diagram, in which a condition may be listed twice.
    is_diagram: bool,
}

impl<'j> RuleSetCompiler<'j> {
    fn finish(mut self, version: &'j str, diagram: Option<Diagram>) -> Result<Program> {
        let version = self.string(version)?;
        let parts = ProgramParts {
            version,
            strings: StringTable::new(&self.strings),
            lists: ListTable::new(self.lists.iter())?,
            exprs: self.exprs.into_items(),
            properties: self.properties.into_items(),
            endpoints: self.endpoints.into_items(),
            parameters: self.parameters,
            rules: self.rules,
        };
        Program::new(parts, diagram).map_err(|message| Error::new(ErrorKind::Model, message))
    }

    /// Compiles a decision diagram: its conditions share one scope, and its results are rules without conditions.
    fn diagram(&mut self, root: DefinitionNode<'j, '_>) -> Result<Diagram> {
        self.is_diagram = true;
        let conditions = root.require("conditions")?;
        let conditions = conditions.items()?.map(|condition| self.call(condition));
        let conditions = conditions.collect::<Result<_>>()?;
        for result in root.require("results")?.items()? {
            let conditions = result.get("conditions");
            if let Some(conditions) = conditions
                && conditions.items()?.next().is_some()
            {
                return Err(conditions.error("a result of a decision diagram has no conditions"));
            }
            let kind = result.require("type")?;
            if kind.str()? == "tree" {
                return Err(kind.error("a result of a decision diagram is an endpoint or an error"));
            }
            self.rule(result)?;
        }
        Diagram::parse(root, conditions)
    }

    fn string(&mut self, text: impl Into<Cow<'j, str>>) -> Result<StringId> {
        self.strings.intern(text.into())
    }

    fn list(&mut self, list: Vec<u16>) -> Result<ListId> {
        self.lists.intern(list)
    }

    fn expr(&mut self, expr: Expr) -> Result<ExprId> {
        self.exprs.intern(expr)
    }

    fn parameter(&mut self, name: &'j str, node: DefinitionNode<'j, '_>) -> Result<()> {
        let type_node = node.require("type")?;
        let type_name = type_node.str()?;
        let kind = match type_name.to_ascii_lowercase().as_str() {
            "string" => ParameterType::String,
            "boolean" => ParameterType::Boolean,
            "stringarray" => ParameterType::StringArray,
            _ => {
                return Err(type_node.error(format!(
                    "Unknown parameter type: {type_name}. A parameter must be of type string, boolean, or stringarray."
                )));
            }
        };
        let default = node
            .get("default")
            .map(|default| parameter_default(default, kind));
        let deprecation = node.get("deprecated").map(|deprecated| {
            let message = deprecated.value().get("message").and_then(Value::as_str);
            message.unwrap_or_default().into()
        });
        to_index(self.parameters.len())?;
        self.parameters.push(Parameter {
            name: name.into(),
            kind,
            required: node.optional_bool("required")?.unwrap_or(false),
            built_in: node.optional_str("builtIn")?.map(BuiltIn::from_name),
            default: default.transpose()?,
            deprecation,
            is_read: false,
            is_keyed: false,
        });
        Ok(())
    }

    fn rule(&mut self, rule: DefinitionNode<'j, '_>) -> Result<()> {
        let type_node = rule.require("type")?;
        let outer_scope = self.scope.len();
        let mut conditions = Vec::new();
        if let Some(list) = rule.get("conditions") {
            for condition in list.items()? {
                conditions.push(self.call(condition)?);
            }
        }
        let conditions = self.list(conditions)?;
        let index = to_index(self.rules.len())?;
        self.rules.push(Rule {
            conditions,
            action: RuleAction::Tree,
            nested: 0,
        });
        let action = match type_node.str()? {
            "tree" => {
                for rule in rule.require("rules")?.items()? {
                    self.rule(rule)?;
                }
                RuleAction::Tree
            }
            "endpoint" => RuleAction::Endpoint(self.endpoint(rule.require("endpoint")?)?),
            "error" => RuleAction::Error(self.value(rule.require("error")?)?),
            other => {
                return Err(type_node.error(format!(
                    "Unknown rule type: {other}. A rule must be of type tree, endpoint or error."
                )));
            }
        };
        let next = to_index(self.rules.len())?;
        if let Some(rule) = self.rules.get_mut(usize::from(index)) {
            rule.action = action;
            rule.nested = next - index - 1;
        }
        self.scope.truncate(outer_scope);
        Ok(())
    }

    fn endpoint(&mut self, endpoint: DefinitionNode<'j, '_>) -> Result<u16> {
        let url = self.value(endpoint.require("url")?)?;
        let mut headers = Vec::new();
        if let Some(map) = endpoint.get("headers") {
            for (name, values) in map.entries()? {
                let values = values.items()?.map(|value| self.value(value));
                let values = values.collect::<Result<_>>()?;
                headers.extend([self.string(name.as_str())?, self.list(values)?]);
            }
        }
        let headers = self.list(headers)?;
        let properties = match endpoint.get("properties") {
            Some(properties) => {
                check_properties(properties)?;
                self.property(properties)?
            }
            None => {
                let empty = self.list(Vec::new())?;
                self.properties.intern(PropertyTemplate::Map(empty))?
            }
        };
        self.endpoints.intern(EndpointTemplate {
            url,
            headers,
            properties,
        })
    }

    fn property(&mut self, property: DefinitionNode<'j, '_>) -> Result<u16> {
        let template = match property.value() {
            Value::Null => PropertyTemplate::Null,
            Value::Bool(value) => PropertyTemplate::Bool(*value),
            Value::Int(value) => PropertyTemplate::Int(*value),
            Value::String(_) => PropertyTemplate::String(self.template(property)?),
            Value::List(_) => {
                let list = property.items()?.map(|item| self.property(item));
                let list = list.collect::<Result<_>>()?;
                PropertyTemplate::List(self.list(list)?)
            }
            Value::Map(_) => {
                let mut list = Vec::new();
                for (key, value) in property.entries()? {
                    list.extend([self.string(key.as_str())?, self.property(value)?]);
                }
                PropertyTemplate::Map(self.list(list)?)
            }
            number => PropertyTemplate::Float(number.as_f64().unwrap_or(f64::NAN).to_bits()),
        };
        self.properties.intern(template)
    }

    /// Compiles a value: a function call, a reference, a string or template, or a boolean.
    fn value(&mut self, node: DefinitionNode<'j, '_>) -> Result<ExprId> {
        match node.value() {
            Value::Map(_) if node.get("fn").is_some() => self.call(node),
            Value::Map(_) => self.reference(node.require("ref")?.str()?),
            Value::String(_) => self.template(node),
            Value::Bool(value) => self.expr(Expr::Bool(*value)),
            _ => Err(node.expected("a string, boolean, function or reference")),
        }
    }

    fn reference(&mut self, name: &str) -> Result<ExprId> {
        match (self.variable(name), self.parameter_index(name)) {
            (Some(id), _) => Ok(id),
            (None, Some(index)) => self.expr(Expr::Parameter(index)),
            (None, None) => self.expr(Expr::Unset),
        }
    }

    /// Returns the expression assigned to a variable in scope.
    fn variable(&self, name: &str) -> Option<ExprId> {
        let mut scope = self.scope.iter();
        scope
            .find(|(variable, _)| *variable == name)
            .map(|(_, id)| *id)
    }

    fn parameter_index(&self, name: &str) -> Option<u16> {
        let mut parameters = (0..).zip(&self.parameters);
        parameters
            .find(|(_, parameter)| *parameter.name == *name)
            .map(|(index, _)| index)
    }

    fn template(&mut self, node: DefinitionNode<'j, '_>) -> Result<ExprId> {
        let text = node.str()?;
        let Some(parts) = template::parse(text).map_err(|message| node.error(message))? else {
            let text = self.string(text)?;
            return self.expr(Expr::String(text));
        };
        let mut exprs = Vec::with_capacity(parts.len());
        for part in parts {
            exprs.push(match part {
                TemplatePart::Literal(literal) => {
                    let text = self.string(literal)?;
                    self.expr(Expr::String(text))?
                }
                TemplatePart::Reference(reference) => {
                    let mut names = reference.split('#');
                    let mut of = self.reference(names.next().unwrap_or_default())?;
                    for name in names {
                        let name = self.string(name)?;
                        of = self.expr(Expr::Attribute { of, name })?;
                    }
                    of
                }
            });
        }
        let list = self.list(exprs)?;
        self.expr(Expr::Template(list))
    }

    /// Compiles a function call and, if it has `assign`, adds the variable to the scope.
    fn call(&mut self, call: DefinitionNode<'j, '_>) -> Result<ExprId> {
        let function = call.require("fn")?;
        let argv = call.require("argv")?;
        let arguments: Vec<_> = argv.items()?.collect();
        let expr = match (function.str()?, arguments.as_slice()) {
            ("isSet", [value]) => Expr::IsSet(self.value(*value)?),
            ("not", [value]) => Expr::Not(self.value(*value)?),
            ("stringEquals", [left, right]) => {
                Expr::StringEquals(self.value(*left)?, self.value(*right)?)
            }
            ("booleanEquals", [left, right]) => {
                Expr::BooleanEquals(self.value(*left)?, self.value(*right)?)
            }
            ("getAttr", [of, path]) => {
                let of = self.value(*of)?;
                self.attribute(of, *path)?
            }
            ("substring", [of, start, stop, reverse]) => Expr::Substring {
                of: self.value(*of)?,
                start: small_integer(*start)?,
                stop: small_integer(*stop)?,
                reverse: reverse.bool()?,
            },
            ("uriEncode", [of]) => Expr::UriEncode(self.value(*of)?),
            ("parseURL", [of]) => Expr::ParseUrl(self.value(*of)?),
            ("isValidHostLabel", [of, subdomains]) => {
                Expr::IsValidHostLabel(self.value(*of)?, self.value(*subdomains)?)
            }
            ("aws.partition", [of]) => Expr::Partition(self.value(*of)?),
            ("aws.parseArn", [of]) => Expr::ParseArn(self.value(*of)?),
            ("aws.isVirtualHostableS3Bucket", [of, subdomains]) => {
                Expr::IsVirtualHostableS3Bucket(self.value(*of)?, self.value(*subdomains)?)
            }
            ("coalesce", values @ [_, _, ..]) => {
                let values = values.iter().map(|value| self.value(*value));
                let values = values.collect::<Result<_>>()?;
                Expr::Coalesce(self.list(values)?)
            }
            ("ite", [condition, yes, no]) => {
                Expr::IfElse(self.value(*condition)?, self.value(*yes)?, self.value(*no)?)
            }
            ("split", [of, delimiter, limit]) => {
                let of = self.value(*of)?;
                if delimiter.str()?.is_empty() {
                    return Err(delimiter.error("must not be empty"));
                }
                Expr::Split {
                    of,
                    delimiter: self.string(delimiter.str()?)?,
                    limit: small_integer(*limit)?,
                }
            }
            (name, _) if FUNCTIONS.contains(&name) => {
                let count = arguments.len();
                return Err(argv.error(format!("wrong number of arguments for `{name}`: {count}")));
            }
            (name, _) => return Err(function.error(format!("unknown function `{name}`"))),
        };
        let id = self.expr(expr)?;
        match call.optional_str("assign")? {
            Some(variable) => self.assign(variable, id),
            None => Ok(id),
        }
    }

    fn assign(&mut self, name: &'j str, value: ExprId) -> Result<ExprId> {
        if let Some(assigned) = self.variable(name) {
            if self.is_diagram && assigned == value {
                return Ok(assigned);
            }
            let name = self.string(name)?;
            return self.expr(Expr::AssignAgain { value, name });
        }
        let value = match self.parameter_index(name) {
            Some(parameter) => self.expr(Expr::AssignParameter { value, parameter })?,
            None => value,
        };
        self.scope.push((name, value));
        Ok(value)
    }

    /// Compiles an attribute path such as `resourceId[1]` or `a.b`.
    fn attribute(&mut self, of: ExprId, path: DefinitionNode<'j, '_>) -> Result<Expr> {
        let mut steps: Vec<Expr> = Vec::new();
        for part in path.str()?.split('.') {
            let (key, index) = match part.split_once('[') {
                Some((key, index)) => (key, Some(index)),
                None => (part, None),
            };
            if !key.is_empty() || index.is_none() {
                let name = self.string(key)?;
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
            inner = self.expr(with_operand(step, inner))?;
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

fn small_integer(node: DefinitionNode<'_, '_>) -> Result<u16> {
    let number = node.value().as_i64();
    number
        .and_then(|number| u16::try_from(number).ok())
        .ok_or_else(|| node.error("must be an integer between 0 and 65535"))
}

fn parameter_default(
    node: DefinitionNode<'_, '_>,
    kind: ParameterType,
) -> Result<ParameterDefault> {
    Ok(match kind {
        ParameterType::String => ParameterDefault::String(node.str()?.into()),
        ParameterType::Boolean => ParameterDefault::Boolean(node.bool()?),
        ParameterType::StringArray => {
            let items = node.items()?.map(|item| item.str().map(Str::from));
            ParameterDefault::StringArray(items.collect::<Result<_>>()?)
        }
    })
}

/// Validates that properties are a map and that each auth scheme has a name, on which signing relies.
fn check_properties(properties: DefinitionNode<'_, '_>) -> Result<()> {
    properties.object()?;
    if let Some(schemes) = properties.get("authSchemes") {
        for scheme in schemes.items()? {
            scheme.require("name")?.str()?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(json: &str) -> Error {
        compile(json.as_bytes()).unwrap_err()
    }

    fn with_rules(rules: &str) -> String {
        format!(r#"{{"version":"1.0","parameters":{{"P":{{"type":"String"}}}},"rules":[{rules}]}}"#)
    }

    #[test]
    fn errors_name_the_json_path() {
        let cases = [
            ("[]", "$", "expected an object, found list"),
            ("{", "$", "EOF"),
            (r#"{"rules":[]}"#, "$", "missing `parameters`"),
            (
                r#"{"parameters":{},"conditions":[],"nodes":""}"#,
                "$",
                "missing `rules`",
            ),
            (
                r#"{"parameters":{"B":{"type":"list"}},"rules":[]}"#,
                "$.parameters.B.type",
                "Unknown parameter type: list. A parameter must be of type string, boolean, or stringarray.",
            ),
            (
                r#"{"parameters":{"B":{"type":"boolean","default":"x"}},"rules":[]}"#,
                "$.parameters.B.default",
                "expected a boolean, found string",
            ),
        ];
        for (json, path, message) in cases {
            let error = error(json).to_string();
            assert!(error.starts_with(&format!("{path}: ")), "{json}: {error}");
            assert!(error.contains(message), "{error}");
        }
        let cases = [
            (r#"{"conditions":[]}"#, "$.rules[0]", "missing `type`"),
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
                "found integer",
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
                "missing `name`",
            ),
            (
                r#"{"type":"endpoint","endpoint":{"url":"x","headers":{"a b":"c"}}}"#,
                "$.rules[0].endpoint.headers[\"a b\"]",
                "expected an array, found string",
            ),
        ];
        for (rule, path, message) in cases {
            let error = error(&with_rules(rule)).to_string();
            assert!(error.starts_with(&format!("{path}: ")), "{rule}: {error}");
            assert!(error.contains(message), "{error}");
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
    fn counts_nested_rules() {
        let leaf = r#"{"type":"error","error":"e"}"#;
        let tree =
            format!(r#"{{"type":"tree","rules":[{leaf},{{"type":"tree","rules":[]}},{leaf}]}}"#);
        let program = compile(with_rules(&format!("{tree},{leaf}")).as_bytes()).unwrap();
        let nested: Vec<u16> = program
            .rules
            .iter()
            .map(|compiled| compiled.rule.nested)
            .collect();
        assert_eq!(nested, [3, 0, 0, 0, 0]);
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
