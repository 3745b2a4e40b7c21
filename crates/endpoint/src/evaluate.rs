//! Evaluation of a compiled rule set.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell};

use crate::arn::Arn;
use crate::endpoint::{AuthScheme, Endpoint, Property};
use crate::error::{EndpointError, EndpointErrorKind};
use crate::functions;
use crate::parameter::{EndpointParams, ParameterDefault, ParameterValue, boolean};
use crate::partition::{Output, Partitions};
use crate::rule_set::program::{
    Action, Expr, ExprId, MAX_VERDICTS, NO_MEMO, Node, Program, PropertyForm,
};
use crate::texts::known;
use crate::url::ParsedUrl;
use crate::value::{Memo, Texts, Value};

/// Bytes of text that one evaluation may make; no endpoint comes near it.
const MAX_TEXT: usize = 1 << 20;
/// Memos that need no allocation.
const FEW_MEMOS: usize = 24;

pub(crate) fn evaluate(
    program: &Program,
    partitions: &Partitions,
    params: &EndpointParams<'_>,
) -> Result<Endpoint, EndpointError> {
    params.check(&program.parameters)?;
    let count = usize::from(program.memos);
    if count <= FEW_MEMOS {
        let memos = [const { OnceCell::new() }; FEW_MEMOS];
        Evaluation::new(program, partitions, params, &memos).run()
    } else {
        let memos: Vec<_> = (0..count).map(|_| OnceCell::new()).collect();
        Evaluation::new(program, partitions, params, &memos).run()
    }
}

/// What is known of a condition that several rules share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Unknown,
    Fails,
    Holds,
}

struct Evaluation<'e> {
    program: &'e Program,
    partitions: &'e Partitions,
    params: &'e EndpointParams<'e>,
    memos: &'e [OnceCell<Memo<'e>>],
    verdicts: [Cell<Verdict>; MAX_VERDICTS as usize],
    /// Bytes of text that may still be made.
    budget: Cell<usize>,
}

impl<'e> Evaluation<'e> {
    fn new(
        program: &'e Program,
        partitions: &'e Partitions,
        params: &'e EndpointParams<'e>,
        memos: &'e [OnceCell<Memo<'e>>],
    ) -> Self {
        Self {
            program,
            partitions,
            params,
            memos,
            verdicts: [const { Cell::new(Verdict::Unknown) }; MAX_VERDICTS as usize],
            budget: Cell::new(MAX_TEXT),
        }
    }

    fn run(&self) -> Result<Endpoint, EndpointError> {
        let mut at = 0;
        while let Some(step) = self.program.steps.get(at) {
            if !self.all_hold(self.program.conditions(step))? {
                at = usize::from(step.rule.next);
                continue;
            }
            match step.rule.action {
                Action::Tree => at += 1,
                Action::Endpoint(form) => return self.endpoint(form),
                Action::Error(text) => {
                    return Err(EndpointError::new(
                        EndpointErrorKind::Rule,
                        self.text(text)?,
                    ));
                }
            }
        }
        let message = format!(
            "No endpoint found for parameters:\n{}",
            self.params.describe(&self.program.parameters)
        );
        Err(EndpointError::new(EndpointErrorKind::NoMatch, message))
    }

    #[inline]
    fn all_hold(&self, conditions: &[ExprId]) -> Result<bool, EndpointError> {
        for &condition in conditions {
            let node = self.program.node(condition);
            let verdict = self.verdicts.get(usize::from(node.verdict));
            let holds = match verdict.map_or(Verdict::Unknown, Cell::get) {
                Verdict::Unknown => {
                    let holds = self.holds(condition, node)?;
                    if let Some(verdict) = verdict {
                        verdict.set(if holds {
                            Verdict::Holds
                        } else {
                            Verdict::Fails
                        });
                    }
                    holds
                }
                Verdict::Fails => false,
                Verdict::Holds => true,
            };
            if !holds {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// A condition holds where its value is neither unset nor false; the empty text holds.
    ///
    /// The conditions that rules are full of first, without the detour over a value.
    fn holds(&self, id: ExprId, node: Node) -> Result<bool, EndpointError> {
        match node.expr {
            Expr::IsSet(of) => Ok(!matches!(self.value(of)?, Value::Unset)),
            Expr::Not(of) => Ok(!self.value(of)?.is_truthy()),
            Expr::BooleanEquals(left, right) => self.boolean_equals(left, right),
            Expr::StringEquals(left, right) => self.string_equals(left, right),
            _ => Ok(!matches!(
                self.value(id)?,
                Value::Unset | Value::Bool(false)
            )),
        }
    }

    fn boolean_equals(&self, left: ExprId, right: ExprId) -> Result<bool, EndpointError> {
        match (self.value(left)?, self.value(right)?) {
            (Value::Bool(left), Value::Bool(right)) => Ok(left == right),
            (left, right) => Err(mismatch("Both arguments must be bools", left, right)),
        }
    }

    fn string_equals(&self, left: ExprId, right: ExprId) -> Result<bool, EndpointError> {
        match (self.value(left)?, self.value(right)?) {
            (Value::Text(left), Value::Text(right)) => Ok(left == right),
            (left, right) => Err(mismatch("Both values must be strings", left, right)),
        }
    }

    #[inline]
    fn value(&self, id: ExprId) -> Result<Value<'e>, EndpointError> {
        let node = self.program.node(id);
        match node.expr {
            // What needs no look at anything else, and most operands are.
            Expr::Parameter(index) => Ok(self.parameter(index)),
            Expr::Bool(value) => Ok(Value::Bool(value)),
            Expr::Text(text) => Ok(Value::Text(self.program.texts.get(text))),
            _ => self.inner_value(node),
        }
    }

    fn inner_value(&self, node: Node) -> Result<Value<'e>, EndpointError> {
        if node.memo == NO_MEMO {
            return self.compute(node.expr);
        }
        let Some(cell) = self.memos.get(usize::from(node.memo)) else {
            return Err(homeless());
        };
        if let Some(memo) = cell.get() {
            return Ok(memo.value());
        }
        let memo = self.make(node.expr)?;
        Ok(cell.get_or_init(|| memo).value())
    }

    /// The value of an expression that makes nothing new.
    fn compute(&self, expr: Expr) -> Result<Value<'e>, EndpointError> {
        Ok(match expr {
            Expr::Unset => Value::Unset,
            Expr::Bool(value) => Value::Bool(value),
            Expr::Text(text) => Value::Text(self.program.texts.get(text)),
            Expr::Parameter(index) => self.parameter(index),
            Expr::IsSet(of) => Value::Bool(!matches!(self.value(of)?, Value::Unset)),
            Expr::Not(of) => Value::Bool(!self.value(of)?.is_truthy()),
            Expr::StringEquals(left, right) => Value::Bool(self.string_equals(left, right)?),
            Expr::BooleanEquals(left, right) => Value::Bool(self.boolean_equals(left, right)?),
            Expr::Attribute { of, name } => self.attribute(self.value(of)?, name),
            Expr::Item { of, index } => match self.value(of)? {
                Value::Texts(texts) => texts.item(index).map_or(Value::Unset, Value::Text),
                _ => Value::Unset,
            },
            Expr::Substring {
                of,
                start,
                stop,
                reverse,
            } => match self.value(of)? {
                Value::Text(text) => functions::substring(text, start.into(), stop.into(), reverse)
                    .map_or(Value::Unset, Value::Text),
                other => {
                    return Err(EndpointError::evaluation(format!(
                        "Input must be a string, not {}.",
                        other.noun()
                    )));
                }
            },
            Expr::IsValidHostLabel(of, subdomains) => self.check_text(
                "isValidHostLabel",
                of,
                subdomains,
                functions::is_valid_host_label,
            )?,
            Expr::IsVirtualHostableS3Bucket(of, subdomains) => self.check_text(
                "aws.isVirtualHostableS3Bucket",
                of,
                subdomains,
                functions::is_virtual_hostable_s3_bucket,
            )?,
            Expr::Partition(of) => {
                Value::Partition(match self.text_or_unset("aws.partition", of)? {
                    Some(region) => self.partitions.for_region(region),
                    None => self.partitions.default_partition(),
                })
            }
            Expr::Coalesce(list) => {
                let mut value = Value::Unset;
                for &id in self.program.lists.get(list) {
                    value = self.value(id)?;
                    if !matches!(value, Value::Unset) {
                        break;
                    }
                }
                value
            }
            Expr::IfElse(condition, yes, no) => match self.value(condition)? {
                Value::Bool(true) => self.value(yes)?,
                Value::Bool(false) => self.value(no)?,
                other => {
                    let message =
                        format!("The condition of ite must be a bool, not {}.", other.noun());
                    return Err(EndpointError::evaluation(message));
                }
            },
            Expr::AssignAgain { value, name } => {
                self.value(value)?;
                return Err(assigned_twice(self.program.texts.get(name)));
            }
            Expr::AssignParameter { value, parameter } => {
                let value = self.value(value)?;
                if !matches!(self.parameter(parameter), Value::Unset) {
                    let parameter = self.program.parameters.get(usize::from(parameter));
                    return Err(assigned_twice(
                        parameter.map_or("", |parameter| parameter.name()),
                    ));
                }
                value
            }
            Expr::Template(_)
            | Expr::UriEncode(_)
            | Expr::ParseUrl(_)
            | Expr::ParseArn(_)
            | Expr::Split { .. } => {
                return Err(homeless());
            }
        })
    }

    /// The value of an expression that has a memo.
    fn make(&self, expr: Expr) -> Result<Memo<'e>, EndpointError> {
        let unset = Memo::Plain(Value::Unset);
        Ok(match expr {
            Expr::Template(pieces) => {
                let mut text = String::new();
                self.write_template(self.program.lists.get(pieces), &mut text)?;
                Memo::Text(text.into_boxed_str())
            }
            Expr::UriEncode(of) => match self.value(of)? {
                Value::Unset => unset,
                _ => {
                    let text = self.text(of)?;
                    let mut encoded = String::with_capacity(text.len());
                    functions::percent_encode(&text, b"", &mut encoded);
                    self.spend(encoded.len())?;
                    Memo::Text(encoded.into_boxed_str())
                }
            },
            Expr::ParseUrl(of) => match self
                .text_or_unset("parseURL", of)?
                .and_then(ParsedUrl::parse)
            {
                Some(url) => Memo::Url(Box::new(url)),
                None => unset,
            },
            Expr::ParseArn(of) => {
                match self.text_or_unset("aws.parseArn", of)?.and_then(Arn::parse) {
                    Some(arn) => Memo::Arn(Box::new(arn)),
                    None => unset,
                }
            }
            Expr::Split {
                of,
                delimiter,
                limit,
            } => match self.text_or_unset("split", of)? {
                Some(text) => {
                    // Each item takes sixteen bytes at least, even where a delimiter follows a delimiter.
                    self.spend(text.len().saturating_mul(2))?;
                    Memo::Texts(functions::split(
                        text,
                        self.program.texts.get(delimiter),
                        limit.into(),
                    ))
                }
                None => unset,
            },
            other => Memo::Plain(self.compute(other)?),
        })
    }

    fn parameter(&self, index: u16) -> Value<'e> {
        let index = usize::from(index);
        match self.params.get(index) {
            ParameterValue::String(text) => Value::Text(text),
            ParameterValue::Boolean(value) => Value::Bool(*value),
            ParameterValue::StringArray(items) => Value::Texts(Texts::Borrowed(items)),
            ParameterValue::Unset => match self
                .program
                .parameters
                .get(index)
                .and_then(|p| p.default.as_ref())
            {
                None => Value::Unset,
                Some(ParameterDefault::String(text)) => Value::Text(text),
                Some(ParameterDefault::Boolean(value)) => Value::Bool(*value),
                Some(ParameterDefault::StringArray(items)) => Value::Texts(Texts::Owned(items)),
            },
        }
    }

    /// DIFFERENCE: where botocore stumbles over an attribute that is not there, it has no value here.
    fn attribute(&self, of: Value<'e>, name: u16) -> Value<'e> {
        let text = |text: Option<&'e str>| text.map_or(Value::Unset, Value::Text);
        let flag = |flag: Option<bool>| flag.map_or(Value::Unset, Value::Bool);
        match of {
            Value::Partition(partition) => match name {
                known::NAME => Value::Text(partition.id()),
                known::DNS_SUFFIX => text(partition.dns_suffix()),
                known::DUAL_STACK_DNS_SUFFIX => text(partition.dual_stack_dns_suffix()),
                known::IMPLICIT_GLOBAL_REGION => text(partition.implicit_global_region()),
                known::SUPPORTS_FIPS => flag(partition.supports_fips()),
                known::SUPPORTS_DUAL_STACK => flag(partition.supports_dual_stack()),
                other => match partition.other(self.program.texts.get(other)) {
                    Some(Output::Text(text)) => Value::Text(text),
                    Some(Output::Bool(value)) => Value::Bool(*value),
                    None => Value::Unset,
                },
            },
            Value::Arn(arn) => match name {
                known::PARTITION => Value::Text(arn.partition),
                known::SERVICE => Value::Text(arn.service),
                known::REGION => Value::Text(arn.region),
                known::ACCOUNT_ID => Value::Text(arn.account_id),
                known::RESOURCE_ID => Value::Texts(Texts::Resource(arn.resource)),
                _ => Value::Unset,
            },
            Value::Url(url) => match name {
                known::SCHEME => Value::Text(url.scheme),
                known::AUTHORITY => Value::Text(url.authority),
                known::PATH => Value::Text(url.path),
                known::NORMALIZED_PATH => Value::Text(&url.normalized_path),
                known::IS_IP => Value::Bool(url.is_ip),
                _ => Value::Unset,
            },
            Value::Unset | Value::Bool(_) | Value::Text(_) | Value::Texts(_) => Value::Unset,
        }
    }

    /// A check of a text that an unset value fails.
    fn check_text(
        &self,
        function: &str,
        of: ExprId,
        subdomains: ExprId,
        check: fn(&str, bool) -> bool,
    ) -> Result<Value<'e>, EndpointError> {
        let subdomains = matches!(self.value(subdomains)?, Value::Bool(true));
        let text = self.text_or_unset(function, of)?;
        Ok(Value::Bool(
            text.is_some_and(|text| check(text, subdomains)),
        ))
    }

    fn text_or_unset(&self, function: &str, id: ExprId) -> Result<Option<&'e str>, EndpointError> {
        match self.value(id)? {
            Value::Text(text) => Ok(Some(text)),
            Value::Unset => Ok(None),
            other => Err(EndpointError::evaluation(format!(
                "{function} takes a string, not {}.",
                other.noun()
            ))),
        }
    }

    fn endpoint(&self, index: u16) -> Result<Endpoint, EndpointError> {
        let Some(form) = self.program.endpoints.get(usize::from(index)) else {
            return Err(homeless());
        };
        let url = self.text(form.url)?;
        let mut headers = Vec::new();
        for &[name, values] in self.program.lists.get(form.headers).as_chunks().0 {
            let values = self
                .program
                .lists
                .get(values)
                .iter()
                .map(|value| self.text(*value));
            headers.push((
                self.program.texts.get(name).to_owned(),
                values.collect::<Result<_, _>>()?,
            ));
        }
        let properties = match self.property(form.properties)? {
            Property::Map(entries) => entries,
            _ => Vec::new(),
        };
        let auth_schemes = AuthScheme::all(&properties);
        Ok(Endpoint {
            url,
            headers,
            properties,
            auth_schemes,
        })
    }

    fn property(&self, index: u16) -> Result<Property, EndpointError> {
        let lists = &self.program.lists;
        let form = self.program.properties.get(usize::from(index));
        Ok(match form.copied().unwrap_or(PropertyForm::Null) {
            PropertyForm::Null => Property::Null,
            PropertyForm::Bool(value) => Property::Bool(value),
            PropertyForm::Int(value) => Property::Int(value),
            PropertyForm::Float(bits) => Property::Float(f64::from_bits(bits)),
            PropertyForm::Text(id) => Property::String(match self.program.node(id).expr {
                Expr::Text(text) => self.program.texts.get_owned(text),
                _ => Cow::Owned(self.text(id)?),
            }),
            PropertyForm::List(list) => {
                let items = lists.get(list).iter().map(|item| self.property(*item));
                Property::List(items.collect::<Result<_, _>>()?)
            }
            PropertyForm::Map(list) => {
                let entries = lists.get(list).as_chunks().0.iter().map(|&[key, value]| {
                    Ok((self.program.texts.get_owned(key), self.property(value)?))
                });
                Property::Map(entries.collect::<Result<_, _>>()?)
            }
        })
    }

    /// The value of an expression as an owned text.
    fn text(&self, id: ExprId) -> Result<String, EndpointError> {
        let mut text = String::new();
        match self.program.node(id).expr {
            Expr::Template(pieces) => {
                self.write_template(self.program.lists.get(pieces), &mut text)?
            }
            _ => self.write_value(id, &mut text)?,
        }
        Ok(text)
    }

    fn write_template(&self, pieces: &[ExprId], out: &mut String) -> Result<(), EndpointError> {
        // Host names hold short pieces; what is longer grows once.
        out.reserve(pieces.len() * 16);
        pieces
            .iter()
            .try_for_each(|piece| self.write_value(*piece, out))
    }

    fn write_value(&self, id: ExprId, out: &mut String) -> Result<(), EndpointError> {
        let text = match self.value(id)? {
            Value::Text(text) => text,
            Value::Bool(value) => boolean(value),
            other => {
                let message = format!("{} in a template is {}.", self.describe(id), other.noun());
                return Err(EndpointError::evaluation(message));
            }
        };
        self.spend(text.len())?;
        out.push_str(text);
        Ok(())
    }

    /// Takes bytes off the budget, so that no rule set can make texts grow without end.
    fn spend(&self, bytes: usize) -> Result<(), EndpointError> {
        match self.budget.get().checked_sub(bytes) {
            Some(left) => {
                self.budget.set(left);
                Ok(())
            }
            None => Err(EndpointError::evaluation("The endpoint is too long.")),
        }
    }

    /// An expression in words, for messages.
    #[cold]
    fn describe(&self, id: ExprId) -> String {
        match self.program.node(id).expr {
            Expr::Parameter(index) => {
                let parameter = self.program.parameters.get(usize::from(index));
                parameter.map_or_else(String::new, |parameter| parameter.name().to_owned())
            }
            Expr::Attribute { of, name } => {
                format!("{}#{}", self.describe(of), self.program.texts.get(name))
            }
            Expr::Item { of, index } => format!("{}[{index}]", self.describe(of)),
            Expr::Unset => "An unknown variable".to_owned(),
            Expr::Partition(of) => format!("aws.partition({})", self.describe(of)),
            Expr::ParseArn(of) => format!("aws.parseArn({})", self.describe(of)),
            Expr::ParseUrl(of) => format!("parseURL({})", self.describe(of)),
            _ => "A value".to_owned(),
        }
    }
}

#[cold]
fn mismatch(message: &str, left: Value<'_>, right: Value<'_>) -> EndpointError {
    EndpointError::evaluation(format!(
        "{message}, not {} and {}.",
        left.noun(),
        right.noun()
    ))
}

#[cold]
fn assigned_twice(name: &str) -> EndpointError {
    EndpointError::evaluation(format!(
        "Assignment {name} already exists in scoped variables and cannot be overwritten"
    ))
}

/// [`Program::new`] gives a memo to everything that needs one, so this cannot come up.
#[cold]
fn homeless() -> EndpointError {
    EndpointError::evaluation("A value has no place to be kept.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::EndpointErrorKind::{
        Evaluation, MissingParameter, NoMatch, ParameterType, Rule,
    };
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
        let rule_set = RuleSet::from_bytes(&compiled.to_bytes()).unwrap();
        assert_eq!(rule_set, compiled);
        let mut params = EndpointParams::new(&rule_set);
        for (index, value) in set {
            params.set(*index, value.clone());
        }
        rule_set.evaluate(&partitions(), &params)
    }

    /// The text of a template where these conditions hold; `-` where they do not.
    fn text(conditions: &str, template: &str, set: &[(usize, ParameterValue<'_>)]) -> String {
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
    fn functions() {
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
                r#"{"fn":"isSet","argv":[{"ref":"Nobody"}]}"#,
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
                text(conditions, template, &[(index, value.clone())]),
                expected,
                "{conditions} {value:?}"
            );
        }
    }

    #[test]
    fn the_first_rule_that_holds_answers_and_trees_fall_through() {
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
    fn variables_end_with_their_rule() {
        let rules = r#"
            {"type":"tree","conditions":[{"fn":"coalesce","argv":["in",""],"assign":"v"}],"rules":[
                {"type":"endpoint","conditions":[{"fn":"isSet","argv":[{"ref":"S"}]}],"endpoint":{"url":"{v}"}}]},
            {"type":"endpoint","conditions":[{"fn":"not","argv":[{"fn":"isSet","argv":[{"ref":"v"}]}]}],
             "endpoint":{"url":"out"}}"#;
        assert_eq!(run(rules, &[(S, "".into())]).unwrap().url, "in");
        assert_eq!(run(rules, &[]).unwrap().url, "out");
    }

    #[test]
    fn variables_are_assigned_once() {
        let twice = r#"{"fn":"uriEncode","argv":[{"ref":"S"}],"assign":"v"},{"fn":"isSet","argv":[{"ref":"S"}],"assign":"v"}"#;
        let message =
            "Evaluation: Assignment v already exists in scoped variables and cannot be overwritten";
        assert_eq!(text(twice, "", &[(S, "x".into())]), message);
        // The second assignment is not reached.
        assert_eq!(text(twice, "", &[]), "-");
        let over = r#"{"fn":"coalesce","argv":["new","new"],"assign":"S"}"#;
        assert_eq!(text(over, "{S}", &[]), "new");
        assert_eq!(
            text(over, "{S}", &[(S, "x".into())]),
            message.replace(" v ", " S ")
        );
        let over = r#"{"fn":"coalesce","argv":["new","new"],"assign":"T"}"#;
        assert_eq!(text(over, "{T}", &[]), message.replace(" v ", " T "));
        assert_eq!(
            text(over, "{T}", &[(T, "x".into())]),
            message.replace(" v ", " T ")
        );
    }

    #[test]
    fn templates_need_values() {
        assert_eq!(
            text("", "{S}", &[]),
            "Evaluation: S in a template is unset."
        );
        assert_eq!(
            text("", "{Nobody}{S}", &[]),
            "Evaluation: An unknown variable in a template is unset."
        );
        assert_eq!(
            text("", "{L}", &[(L, vec!["a"].into())]),
            "Evaluation: L in a template is a list of strings."
        );
        let partition = r#"{"fn":"aws.partition","argv":[{"ref":"S"}],"assign":"p"}"#;
        assert_eq!(
            text(
                partition,
                "{p#implicitGlobalRegion}",
                &[(S, "us-x-1".into())]
            ),
            "Evaluation: aws.partition(S)#implicitGlobalRegion in a template is unset."
        );
        assert_eq!(text("", "{{{T}}} {{S}}", &[]), "{dflt} {S}");
    }

    #[test]
    fn parameters_are_checked_before_anything_else() {
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
    fn endpoints_carry_headers_and_properties() {
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
        let names: Vec<&str> = endpoint
            .properties
            .iter()
            .map(|(name, _)| &**name)
            .collect();
        assert_eq!(names, ["z", "authSchemes", "a"]);
        assert_eq!(endpoint.property("z").unwrap().as_str(), Some("dflt"));
        assert_eq!(
            serde_json::Value::from(endpoint.property("a").unwrap()),
            serde_json::json!([null, 1, 1.5, false, {"{T}": "{{"}])
        );
        assert_eq!(
            endpoint.auth_schemes[0].signing_region.as_deref(),
            Some("s")
        );
        assert_eq!(endpoint.auth_schemes[0].disable_double_encoding, Some(true));
    }

    #[test]
    fn texts_cannot_grow_without_end() {
        let mut conditions =
            vec![r#"{"fn":"uriEncode","argv":["{T}{T}"],"assign":"va"}"#.to_owned()];
        for (this, next) in ('a'..='y').zip('b'..='z') {
            conditions.push(format!(
                r#"{{"fn":"uriEncode","argv":["{{v{this}}}{{v{this}}}"],"assign":"v{next}"}}"#
            ));
        }
        assert_eq!(
            text(&conditions.join(","), "x", &[]),
            "Evaluation: The endpoint is too long."
        );
        assert!(matches!(run("", &[]), Err(error) if error.kind() != Evaluation));
    }
}
