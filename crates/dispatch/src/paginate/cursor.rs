//! [`Cursor`]: what to ask for next, and what to make of the answer. It sends nothing itself.

use std::sync::Arc;

use inia_core::{Error, ErrorKind, List, Map, Result, Str, Value};
use inia_model::{PaginatorModel, ResultKey};

use super::token::Place;

/// A pagination between two of its requests.
#[derive(Debug)]
pub(super) struct Cursor {
    model: Arc<PaginatorModel>,
    /// The parameters of the next request.
    params: Value,
    /// The tokens of the request that is out, or comes first.
    tokens: Map,
    /// How many items of the first page are not wanted; `None` once it was seen.
    skip: Option<usize>,
    /// How many items are still wanted; `None` for all.
    left: Option<usize>,
    /// The tokens that the page before gave.
    previous: Option<Map>,
    state: State,
    /// Where to go on from, where it was stopped for having enough.
    resume: Option<Place>,
    non_aggregate: Value,
}

#[derive(Debug)]
enum State {
    Ready,
    /// The same tokens came twice: the next request would give the same page for ever.
    Stuck,
    Finished,
}

impl Cursor {
    /// A pagination from its start or from a place. `page_size` is the value for the limit parameter.
    pub(super) fn new(
        model: Arc<PaginatorModel>,
        mut params: Value,
        page_size: Option<Value>,
        max_items: Option<usize>,
        start: Option<Place>,
    ) -> Result<Self> {
        if params.is_null() {
            params = Value::map();
        }
        let skip = start.as_ref().and_then(|start| start.seen).unwrap_or(0);
        let names = model.input_tokens.iter();
        let tokens = match start {
            Some(start) => {
                inject(&mut params, &start.tokens);
                start.tokens
            }
            None => names.map(|name| (name.clone(), Value::Null)).collect(),
        };
        if let Some(page_size) = page_size {
            let Some(limit_key) = &model.limit_key else {
                return Err(Error::new(
                    ErrorKind::Pagination,
                    format!("{}: the size of a page cannot be chosen", model.operation),
                ));
            };
            if let Some(params) = params.as_map_mut() {
                params.insert(limit_key.clone(), page_size);
            }
        }
        Ok(Cursor {
            params,
            tokens,
            skip: Some(skip),
            left: max_items,
            previous: None,
            state: State::Ready,
            resume: None,
            non_aggregate: Value::map(),
            model,
        })
    }

    pub(super) fn model(&self) -> &Arc<PaginatorModel> {
        &self.model
    }

    /// The parameters of the next request; `None` at the end.
    ///
    /// # Errors
    /// `Pagination`: the service gave the same tokens twice.
    pub(super) fn request(&mut self) -> Option<Result<Value>> {
        match self.state {
            State::Ready => Some(Ok(self.params.clone())),
            State::Finished => None,
            State::Stuck => {
                self.state = State::Finished;
                let tokens = Place {
                    tokens: self.previous.take().unwrap_or_default(),
                    seen: None,
                };
                Some(Err(Error::new(
                    ErrorKind::Pagination,
                    format!(
                        "{}: the service gave the same token twice: {}",
                        self.model.operation,
                        tokens.encode()
                    ),
                )))
            }
        }
    }

    /// Nothing more is asked for.
    pub(super) fn finish(&mut self) {
        self.state = State::Finished;
    }

    /// Takes a page in: cuts off what is not wanted of it, and finds out what comes next.
    ///
    /// # Source
    /// botocore `paginate.py:PageIterator.__iter__`. DIFFERENCE: the tokens of the next page are read before anything is cut off; where
    /// one stands in the last item, botocore loses it with the item.
    pub(super) fn accept(&mut self, page: &mut Value) -> Result<()> {
        let accepted = self.take_in(page);
        if accepted.is_err() {
            self.state = State::Finished;
        }
        accepted
    }

    fn take_in(&mut self, page: &mut Value) -> Result<()> {
        let next = self.next_tokens(page)?;
        let mut skipped = 0;
        if let Some(skip) = self.skip.take() {
            self.record_non_aggregate(page)?;
            if skip > 0 {
                self.skip_items(page, skip)?;
                skipped = skip;
            }
        }
        if let Some(left) = self.left {
            let count = match self.model.result_keys.first() {
                Some(key) => count(&*key.find(page)?),
                None => 0,
            };
            if count > left {
                self.keep_items(page, left)?;
                self.resume = Some(Place {
                    tokens: std::mem::take(&mut self.tokens),
                    seen: Some(left + skipped),
                });
                self.state = State::Finished;
                return Ok(());
            }
            self.left = Some(left - count);
        }
        let Some(next) = next else {
            self.state = State::Finished;
            return Ok(());
        };
        if self.left == Some(0) {
            self.resume = Some(Place {
                tokens: next,
                seen: None,
            });
            self.state = State::Finished;
        } else if self.previous.as_ref() == Some(&next) {
            self.state = State::Stuck;
        } else {
            inject(&mut self.params, &next);
            self.previous = Some(next.clone());
            self.tokens = next;
        }
        Ok(())
    }

    /// The tokens of the next page; `None` where there is none.
    fn next_tokens(&self, page: &Value) -> Result<Option<Map>> {
        if let Some(more) = &self.model.more_results
            && !is_true(&*more.search(page)?)
        {
            return Ok(None);
        }
        let names = self.model.input_tokens.iter();
        let mut tokens = Map::with_capacity(self.model.input_tokens.len());
        for (name, token) in names.zip(&self.model.output_tokens) {
            let found = token.search(page)?;
            // The text of a page may be shared by all strings in it: a token that lives on must not keep it.
            let value = match &*found {
                Value::String(text) if !text.is_empty() => Value::String(text.detach()),
                token if is_true(token) => token.clone(),
                _ => Value::Null,
            };
            tokens.push(name.clone(), value);
        }
        let has_token = tokens.values().any(|token| !token.is_null());
        Ok(has_token.then_some(tokens))
    }

    fn record_non_aggregate(&mut self, page: &Value) -> Result<()> {
        for key in &self.model.non_aggregate_keys {
            let value = key.find(page)?.into_owned();
            key.set(&mut self.non_aggregate, value)?;
        }
        Ok(())
    }

    /// Takes the first items off the first page, and what the page lists beside them, for that came with those items.
    ///
    /// # Source
    /// botocore `paginate.py:PageIterator._handle_first_request`. DIFFERENCE: what is listed beside the items stays where none of them
    /// was seen yet; botocore drops it there, too, and it is never seen.
    fn skip_items(&self, page: &mut Value, skip: usize) -> Result<()> {
        let Some((primary, others)) = self.model.result_keys.split_first() else {
            return Ok(());
        };
        change(primary, page, |items| cut(items, skip..usize::MAX))?;
        for key in others {
            change(key, page, |beside| match beside {
                // A count of what the service looked at is the same however much of it is wanted.
                Value::Bool(_) | Value::Int(_) | Value::BigInt(_) | Value::Float(_) => {}
                Value::List(_) | Value::Map(_) | Value::String(_) => cut(beside, 0..0),
                other => *other = Value::Null,
            })?;
        }
        Ok(())
    }

    fn keep_items(&self, page: &mut Value, keep: usize) -> Result<()> {
        match self.model.result_keys.first() {
            Some(primary) => change(primary, page, |items| cut(items, 0..keep)),
            None => Ok(()),
        }
    }

    /// Where to go on from, once enough items were seen and there are more.
    pub(super) fn resume_token(&self) -> Option<String> {
        self.resume.as_ref().map(Place::encode)
    }

    /// What the first page said is the same on every page.
    pub(super) fn non_aggregate(&self) -> &Value {
        &self.non_aggregate
    }
}

/// Puts tokens into parameters, and takes those out that the service gave no value for.
fn inject(params: &mut Value, tokens: &Map) {
    let Some(params) = params.as_map_mut() else {
        return;
    };
    for (name, token) in tokens {
        if token.is_null() || *token == "None" {
            params.remove(name);
        } else {
            params.insert(name.clone(), token.clone());
        }
    }
}

/// Changes what a result key finds; nothing where it finds nothing.
fn change(key: &ResultKey, page: &mut Value, change: impl FnOnce(&mut Value)) -> Result<()> {
    if let Some(found) = key.find_mut(page) {
        change(found);
        return Ok(());
    }
    let mut found = key.find(page)?.into_owned();
    if found.is_null() {
        return Ok(());
    }
    change(&mut found);
    key.set(page, found)
}

/// How many items a result is: elements of a list, entries of a map, characters of a text.
fn count(items: &Value) -> usize {
    match items {
        Value::Null => 0,
        Value::List(list) => list.len(),
        Value::Map(map) => map.len(),
        Value::String(text) => text.chars().count(),
        _ => 1,
    }
}

/// Leaves the items at the given positions.
fn cut(items: &mut Value, range: std::ops::Range<usize>) {
    match items {
        Value::List(list) => {
            list.truncate(range.end);
            let start = range.start.min(list.len());
            list.rotate_left(start);
            let rest = list.len() - start;
            list.truncate(rest);
        }
        Value::Map(map) => {
            let entries = std::mem::take(map).into_iter();
            let wanted = range.end.saturating_sub(range.start);
            *map = entries.skip(range.start).take(wanted).collect();
        }
        Value::String(text) => {
            let wanted = range.end.saturating_sub(range.start);
            let part: String = text.chars().skip(range.start).take(wanted).collect();
            *text = Str::from(part);
        }
        _ => {}
    }
}

/// Whether Python counts a value as true: what decides over tokens and flags.
fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Int(value) => *value != 0,
        Value::Float(value) => *value != 0.0,
        Value::String(text) => !text.is_empty(),
        Value::Blob(bytes) => !bytes.is_empty(),
        Value::List(list) => !list.is_empty(),
        Value::Map(map) => !map.is_empty(),
        Value::BigInt(_) | Value::Timestamp(_) => true,
    }
}

/// The items of a result, by value: elements of a list; entries of a map, each as a map of its own; anything else is one item.
pub(super) fn items(result: Value) -> List {
    match result {
        Value::Null => List::new(),
        Value::List(list) => list,
        Value::Map(map) => map
            .into_iter()
            .map(|entry| Value::Map(Map::from_iter([entry])))
            .collect(),
        other => List::from_iter([other]),
    }
}

#[cfg(test)]
mod tests;
