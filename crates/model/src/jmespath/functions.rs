//! Implementations of the functions of JMESPath.
//!
//! Names, argument counts and expression arguments are checked when an expression is compiled, types when it is evaluated.

use std::collections::HashMap;

use inia_core::{Str, Value};

use super::ast::CallArgument;
use super::budget::EvalError;
use super::compare::{self, SortKey};
use super::eval::Evaluator;
use super::eval_value::{DataType, EvalEntries, EvalValue};
use super::signature::{Function, FunctionSignature, ParameterType};
use super::{json_text, number};

/// Checks the number and the kinds of a call's arguments. The error names the position of the invalid argument, if it is one.
pub(super) fn check(
    function: Function,
    arguments: &[CallArgument],
) -> Result<(), (Option<usize>, String)> {
    let signature = function.signature();
    let (name, expected, actual) = (signature.name, signature.parameters.len(), arguments.len());
    if actual < expected || (actual > expected && !signature.variadic) {
        let least = if signature.variadic { "at least " } else { "" };
        let plural = if expected == 1 { "" } else { "s" };
        return Err((
            None,
            format!("{name}() takes {least}{expected} argument{plural}, {actual} given"),
        ));
    }
    for (position, argument) in arguments.iter().enumerate() {
        let problem = match (signature.parameter(position), argument) {
            (ParameterType::Expression, CallArgument::Value(_)) => {
                "must be an expression: put `&` before it"
            }
            (ParameterType::Expression, CallArgument::Expression(_)) => continue,
            (_, CallArgument::Expression(_)) => {
                "must be a value, not an expression: remove the `&`"
            }
            (_, CallArgument::Value(_)) => continue,
        };
        return Err((
            Some(position),
            format!("argument {} of {name}() {problem}", position + 1),
        ));
    }
    Ok(())
}

/// Describes the type of a value for an error message.
fn describe(value: &EvalValue<'_>) -> String {
    match value.elements() {
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
        None => value.type_of().name().to_owned(),
    }
}

/// Evaluates a call.
pub(super) fn call<'a>(
    evaluator: &mut Evaluator,
    function: Function,
    arguments: &'a [CallArgument],
    current: &EvalValue<'a>,
) -> Result<EvalValue<'a>, EvalError> {
    let signature = function.signature();
    let mut values = Vec::with_capacity(arguments.len());
    for (position, argument) in arguments.iter().enumerate() {
        let CallArgument::Value(node) = argument else {
            values.push(EvalValue::NULL);
            continue;
        };
        let value = evaluator.eval(node, current)?;
        let parameter = signature.parameter(position);
        if !parameter.accepts(&value) {
            return Err(EvalError::new(format!(
                "argument {} of {}() must be {}, not {}",
                position + 1,
                signature.name,
                parameter.describe(),
                describe(&value),
            )));
        }
        values.push(value);
    }
    let null = EvalValue::NULL;
    let first = values.first().unwrap_or(&null);
    let second = values.get(1).unwrap_or(&null);
    match function {
        Function::Abs => Ok(scalar(number::abs(number_of(first)))),
        Function::Avg => Ok(scalar(average(first))),
        Function::Ceil => Ok(scalar(number::ceil(number_of(first)))),
        Function::Contains => contains(evaluator, first, second),
        Function::EndsWith => Ok(EvalValue::from(
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
            let Some(CallArgument::Expression(node)) = arguments.first() else {
                return Ok(EvalValue::NULL);
            };
            let mut results = Vec::with_capacity(second.len().unwrap_or(0));
            for element in second.elements().into_iter().flatten() {
                evaluator.budget.spend(1)?;
                results.push(evaluator.eval(node, &element)?);
            }
            EvalValue::list(results)
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
            let value = values.iter().find(|value| !value.is_null());
            Ok(value.cloned().unwrap_or(EvalValue::NULL))
        }
        Function::Reverse => match first.elements() {
            Some(elements) => gather(evaluator, elements.rev()),
            None => {
                let text: String = first.text().unwrap_or_default().chars().rev().collect();
                evaluator.budget.spend_on_text(text.len())?;
                Ok(scalar(Value::from(text)))
            }
        },
        Function::Sort => sorted(evaluator, first, first),
        Function::SortBy => {
            let keys = sort_keys(evaluator, signature, first, arguments.get(1))?;
            sorted(evaluator, first, &keys)
        }
        Function::StartsWith => Ok(EvalValue::from(
            first
                .text()
                .zip(second.text())
                .is_some_and(|(text, start)| text.starts_with(&*start)),
        )),
        Function::Sum => Ok(scalar(number::sum(&numbers_of(first)))),
        Function::ToArray => match first.type_of() {
            DataType::Array => Ok(first.clone()),
            _ => EvalValue::list(vec![first.clone()]),
        },
        Function::ToNumber => Ok(match first.type_of() {
            DataType::Number => first.clone(),
            DataType::String => scalar(number::parse(&first.text().unwrap_or_default())),
            _ => EvalValue::NULL,
        }),
        Function::ToString => match first.value() {
            Some(Value::String(_)) => Ok(first.clone()),
            Some(value) if first.type_of() == DataType::String => Ok(scalar(Value::from(
                super::eval_value::text_of(value)
                    .unwrap_or_default()
                    .into_owned(),
            ))),
            _ => Ok(scalar(Value::from(json_text::write_json(
                first,
                &mut evaluator.budget,
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

fn scalar<'a>(value: Value) -> EvalValue<'a> {
    EvalValue::Scalar(value)
}

/// Creates a list of existing values.
fn gather<'a>(
    evaluator: &mut Evaluator,
    parts: impl Iterator<Item = EvalValue<'a>>,
) -> Result<EvalValue<'a>, EvalError> {
    let parts: Vec<EvalValue<'a>> = parts.collect();
    evaluator.budget.spend(parts.len() as u64)?;
    EvalValue::list(parts)
}

fn number_of<'f>(value: &'f EvalValue<'_>) -> &'f Value {
    value.value().unwrap_or(&Value::Null)
}

fn numbers_of(value: &EvalValue<'_>) -> Vec<Value> {
    let elements = value.elements().into_iter().flatten();
    elements
        .map(|element| number_of(&element).clone())
        .collect()
}

fn average(array: &EvalValue<'_>) -> Value {
    let numbers = numbers_of(array);
    if numbers.is_empty() {
        return Value::Null;
    }
    #[expect(
        clippy::cast_precision_loss,
        reason = "the length of a list is below 2^53"
    )]
    let count = numbers.len() as f64;
    Value::Float(number::sum(&numbers).as_f64().unwrap_or(f64::NAN) / count)
}

/// Returns the number of characters, elements or entries.
fn length(value: &EvalValue<'_>) -> usize {
    if let Some(text) = value.text() {
        return text.chars().count();
    }
    let entries = value.entries().map(|entries| entries.len());
    value.len().or(entries).unwrap_or(0)
}

fn contains<'a>(
    evaluator: &mut Evaluator,
    subject: &EvalValue<'a>,
    expected: &EvalValue<'a>,
) -> Result<EvalValue<'a>, EvalError> {
    if let Some(elements) = subject.elements() {
        for element in elements {
            if compare::equal(&element, expected, &mut evaluator.budget)? {
                return Ok(EvalValue::from(true));
            }
        }
        return Ok(EvalValue::from(false));
    }
    let (text, part) = (subject.text(), expected.text());
    Ok(EvalValue::from(
        text.zip(part)
            .is_some_and(|(text, part)| text.contains(&*part)),
    ))
}

fn join<'a>(
    evaluator: &mut Evaluator,
    separator: &EvalValue<'a>,
    array: &EvalValue<'a>,
) -> Result<EvalValue<'a>, EvalError> {
    let separator = separator.text().unwrap_or_default();
    let mut joined = String::new();
    for (position, element) in array.elements().into_iter().flatten().enumerate() {
        let part = element.text().unwrap_or_default();
        evaluator
            .budget
            .spend_on_text(part.len().saturating_add(separator.len()))?;
        if position > 0 {
            joined.push_str(&separator);
        }
        joined.push_str(&part);
    }
    Ok(scalar(Value::from(joined)))
}

/// Merges maps; later values replace earlier ones.
fn merge<'a>(
    evaluator: &mut Evaluator,
    maps: &[EvalValue<'a>],
) -> Result<EvalValue<'a>, EvalError> {
    let mut entries: EvalEntries<'a> = Vec::new();
    let mut positions: HashMap<Str, usize> = HashMap::new();
    for (key, value) in maps.iter().filter_map(EvalValue::entries).flatten() {
        evaluator.budget.spend(1)?;
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
    EvalValue::map(entries)
}

/// Returns the result of `&expression` for each element, which must be all numbers or all strings.
fn sort_keys<'a>(
    evaluator: &mut Evaluator,
    signature: &FunctionSignature,
    array: &EvalValue<'a>,
    argument: Option<&'a CallArgument>,
) -> Result<EvalValue<'a>, EvalError> {
    let Some(CallArgument::Expression(node)) = argument else {
        return Ok(EvalValue::NULL);
    };
    let mut keys = Vec::with_capacity(array.len().unwrap_or(0));
    for element in array.elements().into_iter().flatten() {
        evaluator.budget.spend(1)?;
        keys.push(evaluator.eval(node, &element)?);
    }
    let keys = EvalValue::list(keys)?;
    if ParameterType::NumbersOrStrings.accepts(&keys) {
        return Ok(keys);
    }
    Err(EvalError::new(format!(
        "the expression of {}() must return a number for every element or a string for every element, not {}",
        signature.name,
        describe(&keys),
    )))
}

/// Returns the elements in the order of their keys. The sort is stable.
fn sorted<'a>(
    evaluator: &mut Evaluator,
    array: &EvalValue<'a>,
    keys: &EvalValue<'a>,
) -> Result<EvalValue<'a>, EvalError> {
    let keys: Vec<EvalValue<'a>> = keys.elements().into_iter().flatten().collect();
    let elements = array.elements().into_iter().flatten();
    let mut pairs: Vec<(SortKey<'_>, EvalValue<'a>)> =
        compare::keys(&keys).into_iter().zip(elements).collect();
    evaluator.budget.spend(pairs.len() as u64)?;
    pairs.sort_by(|(left, _), (right, _)| left.cmp(right));
    EvalValue::list(pairs.into_iter().map(|(_, element)| element).collect())
}

/// Returns the first element with the smallest or largest key, or null if there are no elements.
fn extreme<'a>(
    array: &EvalValue<'a>,
    keys: &EvalValue<'a>,
    direction: std::cmp::Ordering,
) -> EvalValue<'a> {
    let keys: Vec<EvalValue<'a>> = keys.elements().into_iter().flatten().collect();
    let mut best: Option<(usize, SortKey<'_>)> = None;
    for (position, key) in compare::keys(&keys).into_iter().enumerate() {
        if best
            .as_ref()
            .is_none_or(|(_, best)| key.cmp(best) == direction)
        {
            best = Some((position, key));
        }
    }
    best.and_then(|(position, _)| array.get(position))
        .unwrap_or(EvalValue::NULL)
}
