//! [`FullResult`]: joins all pages of a pagination.

use inia_core::{Map, Result, Value};
use inia_model::{PaginatorModel, ResultKey};

/// The joined pages: lists and strings are concatenated, maps are merged, and numbers are added up.
///
/// # Source
/// botocore `paginate.py:PageIterator.build_full_result`. DIFFERENCE: maps are merged; botocore keeps the map of the first page.
#[derive(Debug)]
pub(super) struct FullResult {
    /// One value per result key.
    values: Vec<Option<JoinedValue>>,
}

#[derive(Debug)]
enum JoinedValue {
    Value(Value),
    /// A growable buffer, so that a long string is not copied with every page.
    String(String),
}

impl FullResult {
    pub(super) fn new(model: &PaginatorModel) -> Self {
        FullResult {
            values: model.result_keys.iter().map(|_| None).collect(),
        }
    }

    /// Moves the results out of a page, and joins them.
    pub(super) fn add(&mut self, keys: &[ResultKey], page: &mut Value) -> Result<()> {
        for (joined, key) in self.values.iter_mut().zip(keys) {
            let value = key.take(page)?;
            match joined {
                _ if value.is_null() => {}
                Some(joined) => joined.join(value),
                None => *joined = Some(JoinedValue::from(value)),
            }
        }
        Ok(())
    }

    /// Returns the joined result, with the values of the non-aggregate keys, and the token to resume with as `NextToken`.
    pub(super) fn finish(
        self,
        keys: &[ResultKey],
        non_aggregate: Value,
        resume_token: Option<String>,
    ) -> Result<Value> {
        let mut result = Value::map();
        for (joined, key) in self.values.into_iter().zip(keys) {
            match joined {
                None => {}
                Some(JoinedValue::Value(value)) => key.set(&mut result, value)?,
                Some(JoinedValue::String(text)) => key.set(&mut result, Value::from(text))?,
            }
        }
        if let (Value::Map(result), Value::Map(non_aggregate)) = (&mut result, non_aggregate) {
            merge(result, non_aggregate);
            if let Some(token) = resume_token {
                result.insert("NextToken", token);
            }
        }
        Ok(result)
    }
}

impl From<Value> for JoinedValue {
    fn from(value: Value) -> Self {
        match value {
            Value::String(text) => JoinedValue::String(text.to_string()),
            other => JoinedValue::Value(other),
        }
    }
}

impl JoinedValue {
    fn join(&mut self, next: Value) {
        match (self, next) {
            (JoinedValue::String(text), Value::String(next)) => text.push_str(&next),
            (JoinedValue::Value(Value::List(list)), Value::List(next)) => list.extend(next),
            (JoinedValue::Value(Value::Map(map)), Value::Map(next)) => merge(map, next),
            (JoinedValue::Value(sum @ (Value::Int(_) | Value::Float(_))), next) => {
                if let Some(total) = add(sum, &next) {
                    *sum = total;
                }
            }
            // Values of different types cannot be joined: the first page's value stays.
            _ => {}
        }
    }
}

fn add(a: &Value, b: &Value) -> Option<Value> {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => Some(Value::from(i128::from(*a) + i128::from(*b))),
        _ => Some(Value::Float(a.as_f64()? + b.as_f64()?)),
    }
}

/// Merges entries recursively; new values replace old ones.
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
