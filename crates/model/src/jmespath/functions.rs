//! The functions of the language: one table of names and parameters, one body each.
//!
//! Names, the number of arguments and which of them are expressions are checked when an expression is compiled, types when
//! it is searched.

use std::collections::HashMap;

use inia_core::{Str, Value};

use super::ast::Argument;
use super::compare::{self, Key};
use super::eval::Evaluator;
use super::found::{Entries, Found, Type};
use super::limits::Failure;
use super::{number, text};
use crate::names::did_you_mean;

/// A function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Abs,
    Avg,
    Ceil,
    Contains,
    EndsWith,
    Floor,
    Join,
    Keys,
    Length,
    Map,
    Max,
    MaxBy,
    Merge,
    Min,
    MinBy,
    NotNull,
    Reverse,
    Sort,
    SortBy,
    StartsWith,
    Sum,
    ToArray,
    ToNumber,
    ToString,
    Type,
    Values,
}

/// What a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Parameter {
    Any,
    /// `&expression`
    Expression,
    Number,
    String,
    Array,
    Object,
    ArrayOrString,
    StringArrayOrObject,
    Numbers,
    Strings,
    NumbersOrStrings,
}

struct Signature {
    name: &'static str,
    function: Function,
    parameters: &'static [Parameter],
    /// Whether the last parameter may be given any number of times more.
    variadic: bool,
}

const fn row(
    name: &'static str,
    function: Function,
    parameters: &'static [Parameter],
) -> Signature {
    Signature {
        name,
        function,
        parameters,
        variadic: false,
    }
}

const fn variadic(
    name: &'static str,
    function: Function,
    parameters: &'static [Parameter],
) -> Signature {
    Signature {
        name,
        function,
        parameters,
        variadic: true,
    }
}

/// # Source
/// <https://jmespath.org/specification.html#built-in-functions>
static FUNCTIONS: &[Signature] = &[
    row("abs", Function::Abs, &[Parameter::Number]),
    row("avg", Function::Avg, &[Parameter::Numbers]),
    row("ceil", Function::Ceil, &[Parameter::Number]),
    row(
        "contains",
        Function::Contains,
        &[Parameter::ArrayOrString, Parameter::Any],
    ),
    row(
        "ends_with",
        Function::EndsWith,
        &[Parameter::String, Parameter::String],
    ),
    row("floor", Function::Floor, &[Parameter::Number]),
    row(
        "join",
        Function::Join,
        &[Parameter::String, Parameter::Strings],
    ),
    row("keys", Function::Keys, &[Parameter::Object]),
    row(
        "length",
        Function::Length,
        &[Parameter::StringArrayOrObject],
    ),
    row(
        "map",
        Function::Map,
        &[Parameter::Expression, Parameter::Array],
    ),
    row("max", Function::Max, &[Parameter::NumbersOrStrings]),
    row(
        "max_by",
        Function::MaxBy,
        &[Parameter::Array, Parameter::Expression],
    ),
    variadic("merge", Function::Merge, &[Parameter::Object]),
    row("min", Function::Min, &[Parameter::NumbersOrStrings]),
    row(
        "min_by",
        Function::MinBy,
        &[Parameter::Array, Parameter::Expression],
    ),
    variadic("not_null", Function::NotNull, &[Parameter::Any]),
    row("reverse", Function::Reverse, &[Parameter::ArrayOrString]),
    row("sort", Function::Sort, &[Parameter::NumbersOrStrings]),
    row(
        "sort_by",
        Function::SortBy,
        &[Parameter::Array, Parameter::Expression],
    ),
    row(
        "starts_with",
        Function::StartsWith,
        &[Parameter::String, Parameter::String],
    ),
    row("sum", Function::Sum, &[Parameter::Numbers]),
    row("to_array", Function::ToArray, &[Parameter::Any]),
    row("to_number", Function::ToNumber, &[Parameter::Any]),
    row("to_string", Function::ToString, &[Parameter::Any]),
    row("type", Function::Type, &[Parameter::Any]),
    row("values", Function::Values, &[Parameter::Object]),
];

impl Signature {
    /// The parameter an argument is for.
    fn parameter(&self, position: usize) -> Parameter {
        let parameter = self.parameters.get(position).or(self.parameters.last());
        parameter.copied().unwrap_or(Parameter::Any)
    }
}

impl Function {
    /// The function of a name.
    pub(super) fn named(name: &str) -> Option<Function> {
        let row = FUNCTIONS.iter().find(|row| row.name == name)?;
        Some(row.function)
    }

    fn signature(self) -> &'static Signature {
        static UNLISTED: Signature = variadic("", Function::NotNull, &[]);
        FUNCTIONS
            .iter()
            .find(|row| row.function == self)
            .unwrap_or(&UNLISTED)
    }
}

/// What to say of a function there is not.
#[cold]
pub(super) fn unknown(name: &str) -> String {
    let names = FUNCTIONS.iter().map(|row| row.name);
    format!("there is no function `{name}`{}", did_you_mean(name, names))
}

/// Whether a call's arguments fit in number and kind; if not, which argument does not, and why.
pub(super) fn check(
    function: Function,
    arguments: &[Argument],
) -> Result<(), (Option<usize>, String)> {
    let signature = function.signature();
    let (name, wanted, given) = (signature.name, signature.parameters.len(), arguments.len());
    if given < wanted || (given > wanted && !signature.variadic) {
        let least = if signature.variadic { "at least " } else { "" };
        let plural = if wanted == 1 { "" } else { "s" };
        return Err((
            None,
            format!("{name}() takes {least}{wanted} argument{plural}, {given} given"),
        ));
    }
    for (position, argument) in arguments.iter().enumerate() {
        let problem = match (signature.parameter(position), argument) {
            (Parameter::Expression, Argument::Value(_)) => {
                "must be an expression: put `&` before it"
            }
            (Parameter::Expression, Argument::Expression(_)) => continue,
            (_, Argument::Expression(_)) => "is a value, not an expression: leave the `&` out",
            (_, Argument::Value(_)) => continue,
        };
        return Err((
            Some(position),
            format!("argument {} of {name}() {problem}", position + 1),
        ));
    }
    Ok(())
}

impl Parameter {
    fn accepts(self, found: &Found<'_>) -> bool {
        let all = |wanted: Type| {
            found
                .elements()
                .is_some_and(|mut elements| elements.all(|element| element.type_of() == wanted))
        };
        let kind = found.type_of();
        match self {
            Parameter::Any | Parameter::Expression => true,
            Parameter::Number => kind == Type::Number,
            Parameter::String => kind == Type::String,
            Parameter::Array => kind == Type::Array,
            Parameter::Object => kind == Type::Object,
            Parameter::ArrayOrString => matches!(kind, Type::Array | Type::String),
            Parameter::StringArrayOrObject => {
                matches!(kind, Type::String | Type::Array | Type::Object)
            }
            Parameter::Numbers => all(Type::Number),
            Parameter::Strings => all(Type::String),
            Parameter::NumbersOrStrings => all(Type::Number) || all(Type::String),
        }
    }

    fn describe(self) -> &'static str {
        match self {
            Parameter::Any => "a value",
            Parameter::Expression => "an expression",
            Parameter::Number => "a number",
            Parameter::String => "a string",
            Parameter::Array => "an array",
            Parameter::Object => "an object",
            Parameter::ArrayOrString => "an array or a string",
            Parameter::StringArrayOrObject => "a string, an array or an object",
            Parameter::Numbers => "an array of numbers",
            Parameter::Strings => "an array of strings",
            Parameter::NumbersOrStrings => "an array of numbers or an array of strings",
        }
    }
}

/// What a value is, for the message that it does not fit.
fn describe(found: &Found<'_>) -> String {
    match found.elements() {
        Some(elements) => {
            let mut kinds: Vec<&str> = Vec::new();
            for element in elements {
                let kind = element.type_of().name();
                if !kinds.contains(&kind) {
                    kinds.push(kind);
                }
            }
            if kinds.is_empty() {
                "an empty array".to_owned()
            } else {
                format!("an array of {}", kinds.join(" and "))
            }
        }
        None => found.type_of().name().to_owned(),
    }
}

/// The value of a call.
pub(super) fn call<'a>(
    evaluator: &mut Evaluator,
    function: Function,
    arguments: &'a [Argument],
    current: &Found<'a>,
) -> Result<Found<'a>, Failure> {
    let signature = function.signature();
    let mut values = Vec::with_capacity(arguments.len());
    for (position, argument) in arguments.iter().enumerate() {
        let Argument::Value(node) = argument else {
            values.push(Found::NULL);
            continue;
        };
        let found = evaluator.eval(node, current)?;
        let parameter = signature.parameter(position);
        if !parameter.accepts(&found) {
            return Err(Failure::new(format!(
                "argument {} of {}() must be {}, not {}",
                position + 1,
                signature.name,
                parameter.describe(),
                describe(&found),
            )));
        }
        values.push(found);
    }
    let null = Found::NULL;
    let first = values.first().unwrap_or(&null);
    let second = values.get(1).unwrap_or(&null);
    match function {
        Function::Abs => Ok(scalar(number::abs(number_of(first)))),
        Function::Avg => Ok(scalar(average(first))),
        Function::Ceil => Ok(scalar(number::ceil(number_of(first)))),
        Function::Contains => contains(evaluator, first, second),
        Function::EndsWith => Ok(Found::from(
            first
                .text()
                .zip(second.text())
                .is_some_and(|(text, end)| text.ends_with(&*end)),
        )),
        Function::Floor => Ok(scalar(number::floor(number_of(first)))),
        Function::Join => join(evaluator, first, second),
        Function::Keys => {
            let keys = first.entries().into_iter().flatten();
            gather(evaluator, keys.map(|(key, _)| scalar(Value::String(key))))
        }
        Function::Length => Ok(scalar(Value::from(length(first)))),
        Function::Map => {
            let Some(Argument::Expression(node)) = arguments.first() else {
                return Ok(Found::NULL);
            };
            let mut results = Vec::with_capacity(second.len().unwrap_or(0));
            for element in second.elements().into_iter().flatten() {
                evaluator.limits.spend(1)?;
                results.push(evaluator.eval(node, &element)?);
            }
            Found::list(results)
        }
        Function::Max => Ok(extreme(first, first, std::cmp::Ordering::Greater)),
        Function::Min => Ok(extreme(first, first, std::cmp::Ordering::Less)),
        Function::MaxBy => {
            let keys = sort_keys(evaluator, signature, first, arguments.get(1))?;
            Ok(extreme(first, &keys, std::cmp::Ordering::Greater))
        }
        Function::MinBy => {
            let keys = sort_keys(evaluator, signature, first, arguments.get(1))?;
            Ok(extreme(first, &keys, std::cmp::Ordering::Less))
        }
        Function::Merge => merge(evaluator, &values),
        Function::NotNull => {
            let found = values.iter().find(|found| !found.is_null());
            Ok(found.cloned().unwrap_or(Found::NULL))
        }
        Function::Reverse => match first.elements() {
            Some(elements) => gather(evaluator, elements.rev()),
            None => {
                let text: String = first.text().unwrap_or_default().chars().rev().collect();
                evaluator.limits.spend_on_text(text.len())?;
                Ok(scalar(Value::from(text)))
            }
        },
        Function::Sort => sorted(evaluator, first, first),
        Function::SortBy => {
            let keys = sort_keys(evaluator, signature, first, arguments.get(1))?;
            sorted(evaluator, first, &keys)
        }
        Function::StartsWith => Ok(Found::from(
            first
                .text()
                .zip(second.text())
                .is_some_and(|(text, start)| text.starts_with(&*start)),
        )),
        Function::Sum => Ok(scalar(number::sum(&numbers_of(first)))),
        Function::ToArray => match first.type_of() {
            Type::Array => Ok(first.clone()),
            _ => Found::list(vec![first.clone()]),
        },
        Function::ToNumber => Ok(match first.type_of() {
            Type::Number => first.clone(),
            Type::String => scalar(number::parse(&first.text().unwrap_or_default())),
            _ => Found::NULL,
        }),
        Function::ToString => match first.value() {
            Some(Value::String(_)) => Ok(first.clone()),
            Some(value) if first.type_of() == Type::String => Ok(scalar(Value::from(
                super::found::text_of(value)
                    .unwrap_or_default()
                    .into_owned(),
            ))),
            _ => Ok(scalar(Value::from(text::json(
                first,
                &mut evaluator.limits,
            )?))),
        },
        Function::Type => Ok(scalar(Value::String(Str::from_static(
            first.type_of().name(),
        )))),
        Function::Values => {
            let values = first.entries().into_iter().flatten();
            gather(evaluator, values.map(|(_, value)| value))
        }
    }
}

fn scalar<'a>(value: Value) -> Found<'a> {
    Found::Scalar(value)
}

/// A list of parts of something that is there already.
fn gather<'a>(
    evaluator: &mut Evaluator,
    parts: impl Iterator<Item = Found<'a>>,
) -> Result<Found<'a>, Failure> {
    let parts: Vec<Found<'a>> = parts.collect();
    evaluator.limits.spend(parts.len() as u64)?;
    Found::list(parts)
}

fn number_of<'f>(found: &'f Found<'_>) -> &'f Value {
    found.value().unwrap_or(&Value::Null)
}

fn numbers_of(found: &Found<'_>) -> Vec<Value> {
    let elements = found.elements().into_iter().flatten();
    elements
        .map(|element| number_of(&element).clone())
        .collect()
}

fn average(array: &Found<'_>) -> Value {
    let numbers = numbers_of(array);
    if numbers.is_empty() {
        return Value::Null;
    }
    #[expect(
        clippy::cast_precision_loss,
        reason = "no list is so long that its length is no float"
    )]
    let count = numbers.len() as f64;
    Value::Float(number::sum(&numbers).as_f64().unwrap_or(f64::NAN) / count)
}

/// Characters, elements or entries.
fn length(found: &Found<'_>) -> usize {
    if let Some(text) = found.text() {
        return text.chars().count();
    }
    let entries = found.entries().map(|entries| entries.len());
    found.len().or(entries).unwrap_or(0)
}

fn contains<'a>(
    evaluator: &mut Evaluator,
    subject: &Found<'a>,
    wanted: &Found<'a>,
) -> Result<Found<'a>, Failure> {
    if let Some(elements) = subject.elements() {
        for element in elements {
            if compare::equal(&element, wanted, &mut evaluator.limits)? {
                return Ok(Found::from(true));
            }
        }
        return Ok(Found::from(false));
    }
    let (text, part) = (subject.text(), wanted.text());
    Ok(Found::from(
        text.zip(part)
            .is_some_and(|(text, part)| text.contains(&*part)),
    ))
}

fn join<'a>(
    evaluator: &mut Evaluator,
    glue: &Found<'a>,
    array: &Found<'a>,
) -> Result<Found<'a>, Failure> {
    let glue = glue.text().unwrap_or_default();
    let mut joined = String::new();
    for (position, element) in array.elements().into_iter().flatten().enumerate() {
        let part = element.text().unwrap_or_default();
        evaluator
            .limits
            .spend_on_text(part.len().saturating_add(glue.len()))?;
        if position > 0 {
            joined.push_str(&glue);
        }
        joined.push_str(&part);
    }
    Ok(scalar(Value::from(joined)))
}

/// The entries of all maps; a later one's value takes the place of an earlier one's.
fn merge<'a>(evaluator: &mut Evaluator, maps: &[Found<'a>]) -> Result<Found<'a>, Failure> {
    let mut entries: Entries<'a> = Vec::new();
    let mut positions: HashMap<Str, usize> = HashMap::new();
    for (key, value) in maps.iter().filter_map(Found::entries).flatten() {
        evaluator.limits.spend(1)?;
        let earlier = positions
            .get(&key)
            .and_then(|position| entries.get_mut(*position));
        if let Some((_, earlier)) = earlier {
            *earlier = value;
        } else {
            positions.insert(key.clone(), entries.len());
            entries.push((key, value));
        }
    }
    Found::map(entries)
}

/// What `&expression` gives for each element, as a list of numbers or a list of strings.
fn sort_keys<'a>(
    evaluator: &mut Evaluator,
    signature: &Signature,
    array: &Found<'a>,
    argument: Option<&'a Argument>,
) -> Result<Found<'a>, Failure> {
    let Some(Argument::Expression(node)) = argument else {
        return Ok(Found::NULL);
    };
    let mut keys = Vec::with_capacity(array.len().unwrap_or(0));
    for element in array.elements().into_iter().flatten() {
        evaluator.limits.spend(1)?;
        keys.push(evaluator.eval(node, &element)?);
    }
    let keys = Found::list(keys)?;
    if Parameter::NumbersOrStrings.accepts(&keys) {
        return Ok(keys);
    }
    Err(Failure::new(format!(
        "the expression of {}() must give a number for every element or a string for every element, not {}",
        signature.name,
        describe(&keys),
    )))
}

/// The elements in the order of their keys; equal ones stay in theirs.
fn sorted<'a>(
    evaluator: &mut Evaluator,
    array: &Found<'a>,
    keys: &Found<'a>,
) -> Result<Found<'a>, Failure> {
    let keys: Vec<Found<'a>> = keys.elements().into_iter().flatten().collect();
    let elements = array.elements().into_iter().flatten();
    let mut pairs: Vec<(Key<'_>, Found<'a>)> =
        compare::keys(&keys).into_iter().zip(elements).collect();
    evaluator.limits.spend(pairs.len() as u64)?;
    pairs.sort_by(|(one, _), (other, _)| one.cmp(other));
    Found::list(pairs.into_iter().map(|(_, element)| element).collect())
}

/// The first element whose key no other exceeds in the direction; null where there is no element.
fn extreme<'a>(array: &Found<'a>, keys: &Found<'a>, direction: std::cmp::Ordering) -> Found<'a> {
    let keys: Vec<Found<'a>> = keys.elements().into_iter().flatten().collect();
    let mut best: Option<(usize, Key<'_>)> = None;
    for (position, key) in compare::keys(&keys).into_iter().enumerate() {
        if best
            .as_ref()
            .is_none_or(|(_, best)| key.cmp(best) == direction)
        {
            best = Some((position, key));
        }
    }
    best.and_then(|(position, _)| array.get(position))
        .unwrap_or(Found::NULL)
}
