//! When values are equal, and which of them comes first.
//!
//! Strings are ordered by code point, numbers by their exact value whatever their kind. Two timestamps compare as
//! moments, a timestamp and a string as moments if the string is an ISO 8601 date or date and time, and by their text
//! if not; a blob compares as its base64 text.

use std::borrow::Cow;
use std::cmp::Ordering;

use inia_core::{Timestamp, TimestampFormat, Value};

use super::found::{Found, text_of};
use super::limits::{Failure, Limits};
use super::number;

/// Whether two results are equal.
pub(super) fn equal(
    one: &Found<'_>,
    other: &Found<'_>,
    limits: &mut Limits,
) -> Result<bool, Failure> {
    if let (Some(one), Some(other)) = (one.value(), other.value()) {
        return equal_values(one, other, limits);
    }
    if let (Some(ones), Some(others)) = (one.elements(), other.elements()) {
        if ones.len() != others.len() {
            return Ok(false);
        }
        for (one, other) in ones.zip(others) {
            limits.spend(1)?;
            if !equal(&one, &other, limits)? {
                return Ok(false);
            }
        }
        return Ok(true);
    }
    if let (Some(ones), Some(others)) = (one.entries(), other.entries()) {
        let count = others.len();
        if ones.len() != count {
            return Ok(false);
        }
        for (key, one) in ones {
            // A map the expression made is looked through from its start.
            limits.spend(1 + count as u64 / 8)?;
            match other.field(&key) {
                Some(other) if equal(&one, &other, limits)? => {}
                _ => return Ok(false),
            }
        }
        return Ok(true);
    }
    Ok(false)
}

fn equal_values(one: &Value, other: &Value, limits: &mut Limits) -> Result<bool, Failure> {
    Ok(match (one, other) {
        (Value::Null, Value::Null) => true,
        (Value::Bool(one), Value::Bool(other)) => one == other,
        (Value::String(one), Value::String(other)) => one == other,
        (Value::Blob(one), Value::Blob(other)) => one == other,
        (Value::List(ones), Value::List(others)) => {
            if ones.len() != others.len() {
                return Ok(false);
            }
            limits.spend(ones.len() as u64)?;
            for (one, other) in ones.iter().zip(others) {
                if !equal_values(one, other, limits)? {
                    return Ok(false);
                }
            }
            true
        }
        (Value::Map(ones), Value::Map(others)) => {
            if ones.len() != others.len() {
                return Ok(false);
            }
            limits.spend(ones.len() as u64)?;
            for (key, one) in ones {
                let Some(other) = others.get(key) else {
                    return Ok(false);
                };
                if !equal_values(one, other, limits)? {
                    return Ok(false);
                }
            }
            true
        }
        _ => order_values(one, other) == Some(Ordering::Equal),
    })
}

/// How two results are ordered; `None` unless both are numbers or both are strings.
pub(super) fn order(one: &Found<'_>, other: &Found<'_>) -> Option<Ordering> {
    order_values(one.value()?, other.value()?)
}

fn order_values(one: &Value, other: &Value) -> Option<Ordering> {
    match (one, other) {
        (Value::String(one), Value::String(other)) => Some(one.cmp(other)),
        (Value::Timestamp(one), Value::Timestamp(other)) => Some(one.cmp(other)),
        (Value::Timestamp(one), Value::String(other)) => Some(match moment(other) {
            Some(other) => one.cmp(&other),
            None => one.to_string().as_str().cmp(other),
        }),
        (Value::String(one), Value::Timestamp(other)) => Some(match moment(one) {
            Some(one) => one.cmp(other),
            None => one.as_str().cmp(other.to_string().as_str()),
        }),
        _ => match (text_of(one), text_of(other)) {
            (Some(one), Some(other)) => Some(one.cmp(&other)),
            _ => number::compare(one, other),
        },
    }
}

fn moment(text: &str) -> Option<Timestamp> {
    Timestamp::parse(text, TimestampFormat::Iso8601).ok()
}

/// What results are sorted by.
#[derive(Debug)]
pub(super) enum Key<'k> {
    Number(&'k Value),
    Moment(Timestamp),
    Text(Cow<'k, str>),
}

/// The keys of results that are all numbers or all strings; such keys are in a total order.
pub(super) fn keys<'k>(results: &'k [Found<'_>]) -> Vec<Key<'k>> {
    let values: Vec<&Value> = results.iter().filter_map(Found::value).collect();
    let moments: Option<Vec<Timestamp>> = values.iter().map(|value| value.as_timestamp()).collect();
    if let Some(moments) = moments {
        return moments.into_iter().map(Key::Moment).collect();
    }
    let key = |value| text_of(value).map_or(Key::Number(value), Key::Text);
    values.into_iter().map(key).collect()
}

impl Key<'_> {
    /// Which comes first. NaN comes after every other number.
    pub(super) fn cmp(&self, other: &Key<'_>) -> Ordering {
        match (self, other) {
            (Key::Number(one), Key::Number(other)) => {
                number::compare(one, other).unwrap_or_else(|| is_nan(one).cmp(&is_nan(other)))
            }
            (Key::Moment(one), Key::Moment(other)) => one.cmp(other),
            (Key::Text(one), Key::Text(other)) => one.cmp(other),
            _ => Ordering::Equal,
        }
    }
}

fn is_nan(value: &Value) -> bool {
    matches!(value, Value::Float(float) if float.is_nan())
}
