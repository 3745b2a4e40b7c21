//! Evaluation of a compiled rule set.

use std::cell::{Cell, OnceCell};

use inia_core::{Map, Value, push_percent_encoded};

use crate::arn::Arn;
use crate::endpoint::{AuthScheme, Endpoint};
use crate::error::{EndpointError, EndpointErrorKind};
use crate::functions;
use crate::parameter::{EndpointParams, ParameterDefault, ParameterValue, python_bool};
use crate::partition::Partitions;
use crate::rule_set::diagram::{Diagram, DiagramRef};
use crate::rule_set::program::{
    Expr, ExprId, ExprNode, MAX_SHARED_CONDITIONS, NO_SLOT, Program, PropertyTemplate, RuleAction,
};
use crate::string_table::attributes;
use crate::url::ParsedUrl;
use crate::value::{Memo, RuleValue, StringArray};

/// Maximum bytes of strings that one evaluation may create; far more than any endpoint needs.
const MAX_TEXT: usize = 1 << 20;
/// Number of memos kept on the stack.
const STACK_MEMOS: usize = 24;

pub(crate) fn evaluate(
    program: &Program,
    partitions: &Partitions,
    params: &EndpointParams<'_>,
) -> Result<Endpoint, EndpointError> {
    params.check(&program.parameters)?;
    let count = usize::from(program.memos);
    if count <= STACK_MEMOS {
        let memos = [const { OnceCell::new() }; STACK_MEMOS];
        Evaluation::new(program, partitions, params, &memos).run()
    } else {
        let memos: Vec<_> = (0..count).map(|_| OnceCell::new()).collect();
        Evaluation::new(program, partitions, params, &memos).run()
    }
}

/// Returns the conditions of the rules that apply.
#[cold]
pub(crate) fn trace(
    program: &Program,
    partitions: &Partitions,
    params: &EndpointParams<'_>,
) -> Result<Vec<String>, EndpointError> {
    params.check(&program.parameters)?;
    let memos: Vec<_> = (0..program.memos).map(|_| OnceCell::new()).collect();
    Evaluation::new(program, partitions, params, &memos).trace()
}

/// The result of a condition that several rules share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ConditionResult {
    Unknown,
    False,
    True,
}

struct Evaluation<'e> {
    program: &'e Program,
    partitions: &'e Partitions,
    params: &'e EndpointParams<'e>,
    memos: &'e [OnceCell<Memo<'e>>],
    shared_results: [Cell<ConditionResult>; MAX_SHARED_CONDITIONS as usize],
    /// Remaining bytes of strings that may be created.
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
            shared_results: [const { Cell::new(ConditionResult::Unknown) };
                MAX_SHARED_CONDITIONS as usize],
            budget: Cell::new(MAX_TEXT),
        }
    }

    fn run(&self) -> Result<Endpoint, EndpointError> {
        match &self.program.diagram {
            Some(diagram) => self.run_diagram(diagram),
            None => self.run_rules(),
        }
    }

    /// Evaluates a decision diagram.
    fn run_diagram(&self, diagram: &Diagram) -> Result<Endpoint, EndpointError> {
        let result = self.follow(diagram, |_, _| {})?;
        match result.and_then(|result| self.program.rules.get(usize::from(result))) {
            Some(compiled) => self.conclude(compiled.rule.action),
            None => Err(self.no_match()),
        }
    }

    /// Follows the references of a decision diagram to its result; `None` if no rule matches. `visit` is called with each condition
    /// on the way and its outcome.
    fn follow(
        &self,
        diagram: &Diagram,
        mut visit: impl FnMut(ExprId, bool),
    ) -> Result<Option<u16>, EndpointError> {
        let mut next = diagram.root;
        // A path without a cycle has at most all nodes.
        for _ in 0..=diagram.nodes.len() {
            let (node, is_swapped) = match next {
                DiagramRef::NoMatch => return Ok(None),
                DiagramRef::Result(result) => return Ok(Some(result)),
                DiagramRef::Node(node) => (node, false),
                DiagramRef::Complement(node) => (node, true),
            };
            let Some(node) = diagram.nodes.get(node as usize) else {
                return Ok(None);
            };
            let Some(&condition) = diagram.conditions.get(usize::from(node.condition)) else {
                return Ok(None);
            };
            let is_true = self.is_true(condition, self.program.node(condition))?;
            visit(condition, is_true);
            next = if is_true == is_swapped {
                node.if_false
            } else {
                node.if_true
            };
        }
        let message = "the decision diagram has a cycle".to_owned();
        Err(EndpointError::evaluation(message))
    }

    fn run_rules(&self) -> Result<Endpoint, EndpointError> {
        let mut index = 0;
        while let Some(compiled) = self.program.rules.get(index) {
            if !self.all_true(self.program.conditions(compiled))? {
                index += 1 + usize::from(compiled.rule.nested);
                continue;
            }
            match compiled.rule.action {
                RuleAction::Tree => index += 1,
                action => return self.conclude(action),
            }
        }
        Err(self.no_match())
    }

    /// Returns the endpoint or error of a rule whose conditions are true.
    fn conclude(&self, action: RuleAction) -> Result<Endpoint, EndpointError> {
        match action {
            RuleAction::Endpoint(template) => self.endpoint(template),
            RuleAction::Error(text) => Err(EndpointError::new(
                EndpointErrorKind::Rule,
                self.text(text)?,
            )),
            RuleAction::Tree => Err(self.no_match()),
        }
    }

    #[cold]
    fn no_match(&self) -> EndpointError {
        let message = format!(
            "No endpoint found for parameters:\n{}",
            self.params.describe(&self.program.parameters)
        );
        EndpointError::new(EndpointErrorKind::NoMatch, message)
    }

    /// Returns the conditions of the rules that apply, from the first to the one that returns an endpoint or an error; of a decision
    /// diagram, the conditions on the way to its result.
    #[cold]
    fn trace(&self) -> Result<Vec<String>, EndpointError> {
        let mut rules = Vec::new();
        if let Some(diagram) = &self.program.diagram {
            self.follow(diagram, |condition, is_true| {
                let text = self.expression(condition);
                rules.push(match is_true {
                    true => text,
                    false => format!("not({text})"),
                });
            })?;
            return Ok(rules);
        }
        let mut index = 0;
        while let Some(compiled) = self.program.rules.get(index) {
            let conditions = self.program.conditions(compiled);
            if !self.all_true(conditions)? {
                index += 1 + usize::from(compiled.rule.nested);
                continue;
            }
            let text: Vec<String> = conditions.iter().map(|id| self.expression(*id)).collect();
            rules.push(match text.is_empty() {
                true => "always".to_owned(),
                false => text.join(", "),
            });
            match compiled.rule.action {
                RuleAction::Tree => index += 1,
                RuleAction::Endpoint(_) | RuleAction::Error(_) => break,
            }
        }
        Ok(rules)
    }

    /// Returns an expression as text, as rule sets name its functions.
    #[cold]
    fn expression(&self, id: ExprId) -> String {
        let text = |id| self.expression(id);
        let string = |id| self.program.strings.get(id);
        match self.program.node(id).expr {
            Expr::Unset => "unset".to_owned(),
            Expr::Bool(value) => value.to_string(),
            Expr::String(id) => format!("{:?}", string(id)),
            Expr::Parameter(_) => self.describe(id),
            Expr::Template(list) => {
                let parts = self.program.lists.get(list).iter();
                let parts: Vec<String> = parts.map(|part| text(*part)).collect();
                parts.join(" + ")
            }
            Expr::IsSet(of) => format!("isSet({})", text(of)),
            Expr::Not(of) => format!("not({})", text(of)),
            Expr::StringEquals(left, right) | Expr::BooleanEquals(left, right) => {
                format!("{} == {}", text(left), text(right))
            }
            Expr::Attribute { of, name } => format!("{}#{}", text(of), string(name)),
            Expr::Item { of, index } => format!("{}[{index}]", text(of)),
            Expr::Substring {
                of,
                start,
                stop,
                reverse,
            } => format!("substring({}, {start}, {stop}, {reverse})", text(of)),
            Expr::UriEncode(of) => format!("uriEncode({})", text(of)),
            Expr::ParseUrl(of) => format!("parseURL({})", text(of)),
            Expr::IsValidHostLabel(of, subdomains) => {
                format!("isValidHostLabel({}, {})", text(of), text(subdomains))
            }
            Expr::Partition(of) => format!("aws.partition({})", text(of)),
            Expr::ParseArn(of) => format!("aws.parseArn({})", text(of)),
            Expr::IsVirtualHostableS3Bucket(of, subdomains) => {
                format!(
                    "aws.isVirtualHostableS3Bucket({}, {})",
                    text(of),
                    text(subdomains)
                )
            }
            Expr::Coalesce(list) => {
                let parts = self.program.lists.get(list).iter();
                let parts: Vec<String> = parts.map(|part| text(*part)).collect();
                format!("coalesce({})", parts.join(", "))
            }
            Expr::IfElse(condition, yes, no) => {
                format!("ite({}, {}, {})", text(condition), text(yes), text(no))
            }
            Expr::Split { of, delimiter, .. } => {
                format!("split({}, {:?})", text(of), string(delimiter))
            }
            Expr::AssignAgain { value, .. } | Expr::AssignParameter { value, .. } => text(value),
        }
    }

    #[inline]
    fn all_true(&self, conditions: &[ExprId]) -> Result<bool, EndpointError> {
        for &condition in conditions {
            let node = self.program.node(condition);
            let shared = self.shared_results.get(usize::from(node.result_slot));
            let is_true = match shared.map_or(ConditionResult::Unknown, Cell::get) {
                ConditionResult::Unknown => {
                    let is_true = self.is_true(condition, node)?;
                    if let Some(shared) = shared {
                        shared.set(if is_true {
                            ConditionResult::True
                        } else {
                            ConditionResult::False
                        });
                    }
                    is_true
                }
                ConditionResult::False => false,
                ConditionResult::True => true,
            };
            if !is_true {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Returns whether a condition is true: its value is neither unset nor false. The empty string is true.
    ///
    /// The most common conditions take a fast path that creates no value.
    fn is_true(&self, id: ExprId, node: ExprNode) -> Result<bool, EndpointError> {
        match node.expr {
            Expr::IsSet(of) => Ok(!matches!(self.value(of)?, RuleValue::Unset)),
            Expr::Not(of) => Ok(!self.value(of)?.is_truthy()),
            Expr::BooleanEquals(left, right) => self.boolean_equals(left, right),
            Expr::StringEquals(left, right) => self.string_equals(left, right),
            _ => Ok(!matches!(
                self.value(id)?,
                RuleValue::Unset | RuleValue::Bool(false)
            )),
        }
    }

    fn boolean_equals(&self, left: ExprId, right: ExprId) -> Result<bool, EndpointError> {
        match (self.value(left)?, self.value(right)?) {
            (RuleValue::Bool(left), RuleValue::Bool(right)) => Ok(left == right),
            (left, right) => Err(mismatch("Both arguments must be bools", left, right)),
        }
    }

    fn string_equals(&self, left: ExprId, right: ExprId) -> Result<bool, EndpointError> {
        match (self.value(left)?, self.value(right)?) {
            (RuleValue::String(left), RuleValue::String(right)) => Ok(left == right),
            (left, right) => Err(mismatch("Both values must be strings", left, right)),
        }
    }

    #[inline]
    fn value(&self, id: ExprId) -> Result<RuleValue<'e>, EndpointError> {
        let node = self.program.node(id);
        match node.expr {
            // Fast path for leaves, which most operands are.
            Expr::Parameter(index) => Ok(self.parameter(index)),
            Expr::Bool(value) => Ok(RuleValue::Bool(value)),
            Expr::String(text) => Ok(RuleValue::String(self.program.strings.get(text))),
            _ => self.memoized_value(node),
        }
    }

    fn memoized_value(&self, node: ExprNode) -> Result<RuleValue<'e>, EndpointError> {
        if node.memo_slot == NO_SLOT {
            return self.compute(node.expr);
        }
        let Some(cell) = self.memos.get(usize::from(node.memo_slot)) else {
            return Err(missing_memo());
        };
        if let Some(memo) = cell.get() {
            return Ok(memo.value());
        }
        let memo = self.create_memo(node.expr)?;
        Ok(cell.get_or_init(|| memo).value())
    }

    /// Returns the value of an expression that creates no owned data.
    fn compute(&self, expr: Expr) -> Result<RuleValue<'e>, EndpointError> {
        Ok(match expr {
            Expr::Unset => RuleValue::Unset,
            Expr::Bool(value) => RuleValue::Bool(value),
            Expr::String(text) => RuleValue::String(self.program.strings.get(text)),
            Expr::Parameter(index) => self.parameter(index),
            Expr::IsSet(of) => RuleValue::Bool(!matches!(self.value(of)?, RuleValue::Unset)),
            Expr::Not(of) => RuleValue::Bool(!self.value(of)?.is_truthy()),
            Expr::StringEquals(left, right) => RuleValue::Bool(self.string_equals(left, right)?),
            Expr::BooleanEquals(left, right) => RuleValue::Bool(self.boolean_equals(left, right)?),
            Expr::Attribute { of, name } => self.attribute(self.value(of)?, name),
            Expr::Item { of, index } => match self.value(of)? {
                RuleValue::StringArray(strings) => strings
                    .item(index)
                    .map_or(RuleValue::Unset, RuleValue::String),
                _ => RuleValue::Unset,
            },
            Expr::Substring {
                of,
                start,
                stop,
                reverse,
            } => match self.value(of)? {
                RuleValue::String(text) => {
                    functions::substring(text, start.into(), stop.into(), reverse)
                        .map_or(RuleValue::Unset, RuleValue::String)
                }
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
                RuleValue::Partition(match self.text_or_unset("aws.partition", of)? {
                    Some(region) => self.partitions.for_region(region),
                    None => self.partitions.default_partition(),
                })
            }
            Expr::Coalesce(list) => {
                let mut value = RuleValue::Unset;
                for &id in self.program.lists.get(list) {
                    value = self.value(id)?;
                    if !matches!(value, RuleValue::Unset) {
                        break;
                    }
                }
                value
            }
            Expr::IfElse(condition, yes, no) => match self.value(condition)? {
                RuleValue::Bool(true) => self.value(yes)?,
                RuleValue::Bool(false) => self.value(no)?,
                other => {
                    let message =
                        format!("The condition of ite must be a bool, not {}.", other.noun());
                    return Err(EndpointError::evaluation(message));
                }
            },
            Expr::AssignAgain { value, name } => {
                self.value(value)?;
                return Err(assigned_twice(self.program.strings.get(name)));
            }
            Expr::AssignParameter { value, parameter } => {
                let value = self.value(value)?;
                if !matches!(self.parameter(parameter), RuleValue::Unset) {
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
                return Err(missing_memo());
            }
        })
    }

    /// Computes the value of an expression that has a memo slot.
    fn create_memo(&self, expr: Expr) -> Result<Memo<'e>, EndpointError> {
        let unset = Memo::Plain(RuleValue::Unset);
        Ok(match expr {
            Expr::Template(parts) => {
                let mut text = String::new();
                self.write_template(self.program.lists.get(parts), &mut text)?;
                Memo::String(text.into_boxed_str())
            }
            Expr::UriEncode(of) => match self.value(of)? {
                RuleValue::Unset => unset,
                _ => {
                    let text = self.text(of)?;
                    let mut encoded = String::with_capacity(text.len());
                    push_percent_encoded(&mut encoded, &text);
                    self.spend(encoded.len())?;
                    Memo::String(encoded.into_boxed_str())
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
                    // Even an empty item takes 16 bytes.
                    self.spend(text.len().saturating_mul(2))?;
                    Memo::StringArray(functions::split(
                        text,
                        self.program.strings.get(delimiter),
                        limit.into(),
                    ))
                }
                None => unset,
            },
            other => Memo::Plain(self.compute(other)?),
        })
    }

    #[inline(always)]
    fn parameter(&self, index: u16) -> RuleValue<'e> {
        let index = usize::from(index);
        match self.params.get(index) {
            ParameterValue::String(text) => RuleValue::String(text),
            ParameterValue::Boolean(value) => RuleValue::Bool(*value),
            ParameterValue::StringArray(items) => {
                RuleValue::StringArray(StringArray::Borrowed(items))
            }
            ParameterValue::Unset => match self
                .program
                .parameters
                .get(index)
                .and_then(|p| p.default.as_ref())
            {
                None => RuleValue::Unset,
                Some(ParameterDefault::String(text)) => RuleValue::String(text),
                Some(ParameterDefault::Boolean(value)) => RuleValue::Bool(*value),
                Some(ParameterDefault::StringArray(items)) => {
                    RuleValue::StringArray(StringArray::Owned(items))
                }
            },
        }
    }

    /// Returns the attribute of a partition, an ARN or a URL.
    ///
    /// DIFFERENCE: a missing attribute is unset; botocore raises an error.
    fn attribute(&self, of: RuleValue<'e>, name: u16) -> RuleValue<'e> {
        let text = |text: Option<&'e str>| text.map_or(RuleValue::Unset, RuleValue::String);
        let flag = |flag: Option<bool>| flag.map_or(RuleValue::Unset, RuleValue::Bool);
        match of {
            RuleValue::Partition(partition) => match name {
                attributes::NAME => RuleValue::String(partition.id()),
                attributes::DNS_SUFFIX => text(partition.dns_suffix()),
                attributes::DUAL_STACK_DNS_SUFFIX => text(partition.dual_stack_dns_suffix()),
                attributes::IMPLICIT_GLOBAL_REGION => text(partition.implicit_global_region()),
                attributes::SUPPORTS_FIPS => flag(partition.supports_fips()),
                attributes::SUPPORTS_DUAL_STACK => flag(partition.supports_dual_stack()),
                other => match partition.other(self.program.strings.get(other)) {
                    Some(Value::String(text)) => RuleValue::String(text),
                    Some(Value::Bool(value)) => RuleValue::Bool(*value),
                    _ => RuleValue::Unset,
                },
            },
            RuleValue::Arn(arn) => match name {
                attributes::PARTITION => RuleValue::String(arn.partition),
                attributes::SERVICE => RuleValue::String(arn.service),
                attributes::REGION => RuleValue::String(arn.region),
                attributes::ACCOUNT_ID => RuleValue::String(arn.account_id),
                attributes::RESOURCE_ID => {
                    RuleValue::StringArray(StringArray::Resource(arn.resource))
                }
                _ => RuleValue::Unset,
            },
            RuleValue::Url(url) => match name {
                attributes::SCHEME => RuleValue::String(url.scheme),
                attributes::AUTHORITY => RuleValue::String(url.authority),
                attributes::PATH => RuleValue::String(url.path),
                attributes::NORMALIZED_PATH => RuleValue::String(&url.normalized_path),
                attributes::IS_IP => RuleValue::Bool(url.is_ip),
                _ => RuleValue::Unset,
            },
            RuleValue::Unset
            | RuleValue::Bool(_)
            | RuleValue::String(_)
            | RuleValue::StringArray(_) => RuleValue::Unset,
        }
    }

    /// Applies a predicate to a string; false if the string is unset.
    fn check_text(
        &self,
        function: &str,
        of: ExprId,
        subdomains: ExprId,
        check: fn(&str, bool) -> bool,
    ) -> Result<RuleValue<'e>, EndpointError> {
        let subdomains = matches!(self.value(subdomains)?, RuleValue::Bool(true));
        let text = self.text_or_unset(function, of)?;
        Ok(RuleValue::Bool(
            text.is_some_and(|text| check(text, subdomains)),
        ))
    }

    fn text_or_unset(&self, function: &str, id: ExprId) -> Result<Option<&'e str>, EndpointError> {
        match self.value(id)? {
            RuleValue::String(text) => Ok(Some(text)),
            RuleValue::Unset => Ok(None),
            other => Err(EndpointError::evaluation(format!(
                "{function} takes a string, not {}.",
                other.noun()
            ))),
        }
    }

    fn endpoint(&self, index: u16) -> Result<Endpoint, EndpointError> {
        let Some(template) = self.program.endpoints.get(usize::from(index)) else {
            return Err(missing_memo());
        };
        let url = self.text(template.url)?;
        let mut headers = Vec::new();
        for &[name, values] in self.program.lists.get(template.headers).as_chunks().0 {
            let values = self
                .program
                .lists
                .get(values)
                .iter()
                .map(|value| self.text(*value));
            headers.push((
                self.program.strings.get(name).to_owned(),
                values.collect::<Result<_, _>>()?,
            ));
        }
        let properties = match self.property(template.properties)? {
            Value::Map(properties) => properties,
            _ => Map::new(),
        };
        let auth_schemes = AuthScheme::all(&properties);
        Ok(Endpoint {
            url,
            headers,
            properties,
            auth_schemes,
        })
    }

    fn property(&self, index: u16) -> Result<Value, EndpointError> {
        let lists = &self.program.lists;
        let template = self.program.properties.get(usize::from(index));
        Ok(match template.copied().unwrap_or(PropertyTemplate::Null) {
            PropertyTemplate::Null => Value::Null,
            PropertyTemplate::Bool(value) => Value::Bool(value),
            PropertyTemplate::Int(value) => Value::Int(value),
            PropertyTemplate::Float(bits) => Value::Float(f64::from_bits(bits)),
            PropertyTemplate::String(id) => match self.program.node(id).expr {
                Expr::String(text) => Value::String(self.program.strings.get_shared(text)),
                _ => Value::from(self.text(id)?),
            },
            PropertyTemplate::List(list) => {
                let items = lists.get(list).iter().map(|item| self.property(*item));
                Value::List(items.collect::<Result<_, _>>()?)
            }
            PropertyTemplate::Map(list) => {
                let (entries, _) = lists.get(list).as_chunks();
                let mut map = Map::with_capacity(entries.len());
                for &[key, value] in entries {
                    map.push(self.program.strings.get_shared(key), self.property(value)?);
                }
                Value::Map(map)
            }
        })
    }

    /// Returns the value of an expression as an owned string.
    fn text(&self, id: ExprId) -> Result<String, EndpointError> {
        let mut text = String::new();
        match self.program.node(id).expr {
            Expr::Template(parts) => {
                self.write_template(self.program.lists.get(parts), &mut text)?
            }
            _ => self.write_value(id, &mut text)?,
        }
        Ok(text)
    }

    fn write_template(&self, parts: &[ExprId], out: &mut String) -> Result<(), EndpointError> {
        // The parts of host names are short; longer strings grow once.
        out.reserve(parts.len() * 16);
        parts
            .iter()
            .try_for_each(|piece| self.write_value(*piece, out))
    }

    fn write_value(&self, id: ExprId, out: &mut String) -> Result<(), EndpointError> {
        let text = match self.value(id)? {
            RuleValue::String(text) => text,
            RuleValue::Bool(value) => python_bool(value),
            other => {
                let message = format!("{} in a template is {}.", self.describe(id), other.noun());
                return Err(EndpointError::evaluation(message));
            }
        };
        self.spend(text.len())?;
        out.push_str(text);
        Ok(())
    }

    /// Deducts bytes from the budget, which bounds the strings that a rule set can create.
    fn spend(&self, bytes: usize) -> Result<(), EndpointError> {
        match self.budget.get().checked_sub(bytes) {
            Some(left) => {
                self.budget.set(left);
                Ok(())
            }
            None => Err(EndpointError::evaluation("The endpoint is too long.")),
        }
    }

    /// Describes an expression for error messages.
    #[cold]
    fn describe(&self, id: ExprId) -> String {
        match self.program.node(id).expr {
            Expr::Parameter(index) => {
                let parameter = self.program.parameters.get(usize::from(index));
                parameter.map_or_else(String::new, |parameter| parameter.name().to_owned())
            }
            Expr::Attribute { of, name } => {
                format!("{}#{}", self.describe(of), self.program.strings.get(name))
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
fn mismatch(message: &str, left: RuleValue<'_>, right: RuleValue<'_>) -> EndpointError {
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

/// Unreachable: [`Program::new`] assigns a memo slot to every expression that needs one.
#[cold]
fn missing_memo() -> EndpointError {
    EndpointError::evaluation("An expression has no memo slot.")
}

#[cfg(test)]
mod tests;
