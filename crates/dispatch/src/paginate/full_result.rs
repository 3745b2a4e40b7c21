//! [`FullResult`]: all pages as if they had been one.

use inia_core::{Map, Result, Value};
use inia_model::{PaginatorModel, ResultKey};

/// The pages seen so far, joined: lists one after the other, maps over each other, texts behind each other, and numbers summed up.
///
/// # Source
/// botocore `paginate.py:PageIterator.build_full_result`. DIFFERENCE: the entries of maps are joined; botocore keeps the first page's.
#[derive(Debug)]
pub(super) struct FullResult {
    parts: Vec<Option<Joined>>,
}

#[derive(Debug)]
enum Joined {
    Value(Value),
    /// Appended to in place, so that a long text is not copied with every page.
    Text(String),
}

impl FullResult {
    pub(super) fn new(model: &PaginatorModel) -> Self {
        FullResult {
            parts: model.result_keys.iter().map(|_| None).collect(),
        }
    }

    /// Takes what a page lists.
    pub(super) fn add(&mut self, keys: &[ResultKey], page: &mut Value) -> Result<()> {
        for (part, key) in self.parts.iter_mut().zip(keys) {
            let found = key.take(page)?;
            match part {
                _ if found.is_null() => {}
                Some(part) => part.join(found),
                None => *part = Some(Joined::from(found)),
            }
        }
        Ok(())
    }

    /// The joined result, with what is the same on every page, and as `NextToken` the token to resume with, if there is one.
    pub(super) fn finish(
        self,
        keys: &[ResultKey],
        non_aggregate: Value,
        resume_token: Option<String>,
    ) -> Result<Value> {
        let mut whole = Value::map();
        for (part, key) in self.parts.into_iter().zip(keys) {
            match part {
                None => {}
                Some(Joined::Value(value)) => key.set(&mut whole, value)?,
                Some(Joined::Text(text)) => key.set(&mut whole, Value::from(text))?,
            }
        }
        if let (Value::Map(whole), Value::Map(non_aggregate)) = (&mut whole, non_aggregate) {
            merge(whole, non_aggregate);
            if let Some(token) = resume_token {
                whole.insert("NextToken", token);
            }
        }
        Ok(whole)
    }
}

impl From<Value> for Joined {
    fn from(value: Value) -> Self {
        match value {
            Value::String(text) => Joined::Text(text.to_string()),
            other => Joined::Value(other),
        }
    }
}

impl Joined {
    fn join(&mut self, next: Value) {
        match (self, next) {
            (Joined::Text(text), Value::String(next)) => text.push_str(&next),
            (Joined::Value(Value::List(list)), Value::List(next)) => list.extend(next),
            (Joined::Value(Value::Map(map)), Value::Map(next)) => merge(map, next),
            (Joined::Value(sum @ (Value::Int(_) | Value::Float(_))), next) => {
                if let Some(both) = added(sum, &next) {
                    *sum = both;
                }
            }
            // What is not of one kind from page to page cannot be joined: the first page's stays.
            _ => {}
        }
    }
}

fn added(one: &Value, other: &Value) -> Option<Value> {
    match (one, other) {
        (Value::Int(one), Value::Int(other)) => {
            Some(Value::from(i128::from(*one) + i128::from(*other)))
        }
        _ => Some(Value::Float(one.as_f64()? + other.as_f64()?)),
    }
}

/// Puts entries over those that are there, map into map.
fn merge(into: &mut Map, from: Map) {
    for (name, value) in from {
        match (into.get_mut(&name), value) {
            (Some(Value::Map(into)), Value::Map(from)) => merge(into, from),
            (_, value) => {
                into.insert(name, value);
            }
        }
    }
}
