//! Equality and order of values.
//!
//! Strings are ordered by code point, numbers by their exact value. Two timestamps compare by time. A timestamp and a
//! string compare by time if the string is an ISO 8601 date or date and time, otherwise by text. A blob compares as its
//! base64 text.

use std::borrow::Cow;
use std::cmp::Ordering;

use inia_core::{Timestamp, TimestampFormat, Value};

use super::budget::{EvalBudget, EvalError};
use super::eval_value::{EvalValue, text_of};
use super::number;

/// Returns `true` if two results are equal.
pub(super) fn equal(
    left: &EvalValue<'_>,
    right: &EvalValue<'_>,
    budget: &mut EvalBudget,
) -> Result<bool, EvalError> {
    if let (Some(left), Some(right)) = (left.value(), right.value()) {
        return equal_values(left, right, budget);
    }
    if let (Some(left_items), Some(right_items)) = (left.elements(), right.elements()) {
        if left_items.len() != right_items.len() {
            return Ok(false);
        }
        for (left, right) in left_items.zip(right_items) {
            budget.spend(1)?;
            if !equal(&left, &right, budget)? {
                return Ok(false);
            }
        }
        return Ok(true);
    }
    if let (Some(left_items), Some(right_items)) = (left.entries(), right.entries()) {
        let count = right_items.len();
        if left_items.len() != count {
            return Ok(false);
        }
        for (key, left) in left_items {
            // Looking up a key in a computed map is a linear scan.
            budget.spend(1 + count as u64 / 8)?;
            match right.field(&key) {
                Some(right) if equal(&left, &right, budget)? => {}
                _ => return Ok(false),
            }
        }
        return Ok(true);
    }
    Ok(false)
}

fn equal_values(left: &Value, right: &Value, budget: &mut EvalBudget) -> Result<bool, EvalError> {
    Ok(match (left, right) {
        (Value::Null, Value::Null) => true,
        (Value::Bool(left), Value::Bool(right)) => left == right,
        (Value::String(left), Value::String(right)) => left == right,
        (Value::Blob(left), Value::Blob(right)) => left == right,
        (Value::List(left_items), Value::List(right_items)) => {
            if left_items.len() != right_items.len() {
                return Ok(false);
            }
            budget.spend(left_items.len() as u64)?;
            for (left, right) in left_items.iter().zip(right_items) {
                if !equal_values(left, right, budget)? {
                    return Ok(false);
                }
            }
            true
        }
        (Value::Map(left_items), Value::Map(right_items)) => {
            if left_items.len() != right_items.len() {
                return Ok(false);
            }
            budget.spend(left_items.len() as u64)?;
            for (key, left) in left_items {
                let Some(right) = right_items.get(key) else {
                    return Ok(false);
                };
                if !equal_values(left, right, budget)? {
                    return Ok(false);
                }
            }
            true
        }
        _ => order_values(left, right) == Some(Ordering::Equal),
    })
}

/// Compares two results; `None` unless both are numbers or both are strings.
pub(super) fn order(left: &EvalValue<'_>, right: &EvalValue<'_>) -> Option<Ordering> {
    order_values(left.value()?, right.value()?)
}

fn order_values(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        (Value::Timestamp(left), Value::Timestamp(right)) => Some(left.cmp(right)),
        (Value::Timestamp(left), Value::String(right)) => Some(match parse_iso8601(right) {
            Some(right) => left.cmp(&right),
            None => left.to_string().as_str().cmp(right),
        }),
        (Value::String(left), Value::Timestamp(right)) => Some(match parse_iso8601(left) {
            Some(left) => left.cmp(right),
            None => left.as_str().cmp(right.to_string().as_str()),
        }),
        _ => match (text_of(left), text_of(right)) {
            (Some(left), Some(right)) => Some(left.cmp(&right)),
            _ => number::compare(left, right),
        },
    }
}

fn parse_iso8601(text: &str) -> Option<Timestamp> {
    Timestamp::parse(text, TimestampFormat::Iso8601).ok()
}

/// A key that results are sorted by.
#[derive(Debug)]
pub(super) enum SortKey<'k> {
    Number(&'k Value),
    Timestamp(Timestamp),
    Text(Cow<'k, str>),
}

/// Returns the sort keys of results that are all numbers or all strings; the keys have a total order.
pub(super) fn keys<'k>(results: &'k [EvalValue<'_>]) -> Vec<SortKey<'k>> {
    let values: Vec<&Value> = results.iter().filter_map(EvalValue::value).collect();
    let timestamps: Option<Vec<Timestamp>> =
        values.iter().map(|value| value.as_timestamp()).collect();
    if let Some(timestamps) = timestamps {
        return timestamps.into_iter().map(SortKey::Timestamp).collect();
    }
    let key = |value| text_of(value).map_or(SortKey::Number(value), SortKey::Text);
    values.into_iter().map(key).collect()
}

impl SortKey<'_> {
    /// Compares two keys. NaN sorts after every other number.
    pub(super) fn cmp(&self, right: &SortKey<'_>) -> Ordering {
        match (self, right) {
            (SortKey::Number(left), SortKey::Number(right)) => {
                number::compare(left, right).unwrap_or_else(|| is_nan(left).cmp(&is_nan(right)))
            }
            (SortKey::Timestamp(left), SortKey::Timestamp(right)) => left.cmp(right),
            (SortKey::Text(left), SortKey::Text(right)) => left.cmp(right),
            _ => Ordering::Equal,
        }
    }
}

fn is_nan(value: &Value) -> bool {
    matches!(value, Value::Float(float) if float.is_nan())
}
