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
mod tests;
