//! [`PaginatorCursor`]: the state of a pagination, without I/O.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use inia_core::{Error, ErrorKind, List, Map, Result, Str, Value};
use inia_model::{PaginatorModel, ResultKey};

use super::token::ResumeToken;

/// The state of a pagination between two requests.
#[derive(Debug)]
pub(super) struct PaginatorCursor {
    model: Arc<PaginatorModel>,
    /// Parameters of the next request.
    params: Value,
    /// Tokens of the current request.
    tokens: Map,
    /// Number of items to skip on the first page; `None` after that page.
    skip: Option<usize>,
    /// Number of items left until the limit; `None` for no limit.
    left: Option<usize>,
    /// Tokens of the requests so far.
    seen: SeenTokens,
    state: CursorState,
    /// The point to resume from, if the pagination ended at its limit.
    resume: Option<ResumeToken>,
    non_aggregate: Value,
}

#[derive(Debug)]
enum CursorState {
    Ready,
    /// The service returned these tokens before: the next request would return a page that was read already.
    RepeatedToken(Map),
    Finished,
}

impl PaginatorCursor {
    /// Starts a pagination, or resumes one at `start`. `page_size` is the value of the limit parameter.
    pub(super) fn new(
        model: Arc<PaginatorModel>,
        mut params: Value,
        page_size: Option<Value>,
        max_items: Option<usize>,
        start: Option<ResumeToken>,
    ) -> Result<Self> {
        if params.is_null() {
            params = Value::map();
        }
        let mut seen = SeenTokens::default();
        let skip = start.as_ref().and_then(|start| start.skip).unwrap_or(0);
        let names = model.input_tokens.iter();
        let tokens = match start {
            Some(start) => {
                set_tokens(&mut params, &start.tokens);
                seen.insert(&start.tokens);
                start.tokens
            }
            None => names.map(|name| (name.clone(), Value::Null)).collect(),
        };
        if let Some(page_size) = page_size {
            let Some(limit_key) = &model.limit_key else {
                return Err(Error::new(
                    ErrorKind::Pagination,
                    format!("{} does not support a page size", model.operation),
                ));
            };
            if let Some(params) = params.as_map_mut() {
                params.insert(limit_key.clone(), page_size);
            }
        }
        Ok(PaginatorCursor {
            params,
            tokens,
            skip: Some(skip),
            left: max_items,
            seen,
            state: CursorState::Ready,
            resume: None,
            non_aggregate: Value::map(),
            model,
        })
    }

    pub(super) fn model(&self) -> &Arc<PaginatorModel> {
        &self.model
    }

    /// Returns the parameters of the next request; `None` at the end.
    ///
    /// # Errors
    /// `Pagination`: the service returned the same tokens twice, one after the other or in a circle.
    pub(super) fn next_request(&mut self) -> Option<Result<Value>> {
        match std::mem::replace(&mut self.state, CursorState::Finished) {
            CursorState::Ready => {
                self.state = CursorState::Ready;
                Some(Ok(self.params.clone()))
            }
            CursorState::Finished => None,
            CursorState::RepeatedToken(tokens) => {
                let tokens = ResumeToken { tokens, skip: None };
                Some(Err(Error::new(
                    ErrorKind::Pagination,
                    format!(
                        "{}: the service returned the same token twice: {}",
                        self.model.operation,
                        tokens.encode()
                    ),
                )))
            }
        }
    }

    /// Ends the pagination.
    pub(super) fn finish(&mut self) {
        self.state = CursorState::Finished;
    }

    /// Processes a page: removes items that are skipped or beyond the limit, and determines the next request.
    ///
    /// # Source
    /// botocore `paginate.py:PageIterator.__iter__`. DIFFERENCE: the next tokens are read before items are removed; botocore loses a
    /// token that is part of a removed item.
    pub(super) fn accept(&mut self, page: &mut Value) -> Result<()> {
        let result = self.advance(page);
        if result.is_err() {
            self.state = CursorState::Finished;
        }
        result
    }

    fn advance(&mut self, page: &mut Value) -> Result<()> {
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
                self.resume = Some(ResumeToken {
                    tokens: std::mem::take(&mut self.tokens),
                    skip: Some(left + skipped),
                });
                self.state = CursorState::Finished;
                return Ok(());
            }
            self.left = Some(left - count);
        }
        let Some(next) = next else {
            self.state = CursorState::Finished;
            return Ok(());
        };
        if self.left == Some(0) {
            self.resume = Some(ResumeToken {
                tokens: next,
                skip: None,
            });
            self.state = CursorState::Finished;
        } else if !self.seen.insert(&next) {
            self.state = CursorState::RepeatedToken(next);
        } else {
            set_tokens(&mut self.params, &next);
            self.tokens = next;
        }
        Ok(())
    }

    /// Returns the tokens of the next page; `None` if this is the last one.
    fn next_tokens(&self, page: &Value) -> Result<Option<Map>> {
        if let Some(more) = &self.model.more_results
            && !is_true(&*more.search(page)?)
        {
            return Ok(None);
        }
        let names = self.model.input_tokens.iter();
        let mut tokens = Map::with_capacity(self.model.input_tokens.len());
        for (name, token) in names.zip(&self.model.output_tokens) {
            let result = token.search(page)?;
            // The strings of a page may share one buffer: a detached token does not keep it in memory.
            let value = match &*result {
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

    /// Removes the first items of the first page, and the results of the other result keys, which were returned with those items.
    ///
    /// # Source
    /// botocore `paginate.py:PageIterator._handle_first_request`. DIFFERENCE: the other results stay if no items are skipped; botocore
    /// removes them too, so that they are lost.
    fn skip_items(&self, page: &mut Value, skip: usize) -> Result<()> {
        let Some((primary, others)) = self.model.result_keys.split_first() else {
            return Ok(());
        };
        modify(primary, page, |items| slice(items, skip..usize::MAX))?;
        for key in others {
            modify(key, page, |result| match result {
                // Counts, such as that of scanned items, do not depend on skipped items.
                Value::Bool(_) | Value::Int(_) | Value::BigInt(_) | Value::Float(_) => {}
                Value::List(_) | Value::Map(_) | Value::String(_) => slice(result, 0..0),
                other => *other = Value::Null,
            })?;
        }
        Ok(())
    }

    fn keep_items(&self, page: &mut Value, keep: usize) -> Result<()> {
        match self.model.result_keys.first() {
            Some(primary) => modify(primary, page, |items| slice(items, 0..keep)),
            None => Ok(()),
        }
    }

    /// Returns the encoded token to resume with, if the pagination ended at its limit and there are more items.
    pub(super) fn resume_token(&self) -> Option<String> {
        self.resume.as_ref().map(ResumeToken::encode)
    }

    /// Returns the values of the non-aggregate keys, from the first page.
    pub(super) fn non_aggregate(&self) -> &Value {
        &self.non_aggregate
    }
}

/// The tokens of a pagination so far, as hashes. A service that returns tokens in a circle (A, B, A, B) is noticed when it returns
/// one for the second time, unless the circle has more than [`MAX_SEEN_TOKENS`] pages.
///
/// DIFFERENCE: botocore only compares a token with the one before it, and reads a circle of pages forever.
#[derive(Debug, Default)]
struct SeenTokens {
    hasher: RandomState,
    hashes: HashSet<u64>,
}

/// Maximum number of hashes in memory.
const MAX_SEEN_TOKENS: usize = 65_536;

impl SeenTokens {
    /// Adds tokens; returns false if they were added before.
    fn insert(&mut self, tokens: &Map) -> bool {
        let mut json = Vec::new();
        for token in tokens.values() {
            token.write_json(&mut json);
        }
        if self.hashes.len() >= MAX_SEEN_TOKENS {
            self.hashes.clear();
        }
        self.hashes.insert(self.hasher.hash_one(&json))
    }
}

/// Sets the token parameters, and removes those without a value.
fn set_tokens(params: &mut Value, tokens: &Map) {
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

/// Modifies the value of a result key, if the page has one.
fn modify(key: &ResultKey, page: &mut Value, change: impl FnOnce(&mut Value)) -> Result<()> {
    if let Some(value) = key.find_mut(page) {
        change(value);
        return Ok(());
    }
    let mut value = key.find(page)?.into_owned();
    if value.is_null() {
        return Ok(());
    }
    change(&mut value);
    key.set(page, value)
}

/// Returns the number of items in a result: elements of a list, entries of a map, characters of a string.
fn count(items: &Value) -> usize {
    match items {
        Value::Null => 0,
        Value::List(list) => list.len(),
        Value::Map(map) => map.len(),
        Value::String(text) => text.chars().count(),
        _ => 1,
    }
}

/// Keeps only the items in a range.
fn slice(items: &mut Value, range: std::ops::Range<usize>) {
    match items {
        Value::List(list) => {
            list.truncate(range.end);
            let start = range.start.min(list.len());
            list.rotate_left(start);
            let length = list.len() - start;
            list.truncate(length);
        }
        Value::Map(map) => {
            let entries = std::mem::take(map).into_iter();
            let length = range.end.saturating_sub(range.start);
            *map = entries.skip(range.start).take(length).collect();
        }
        Value::String(text) => {
            let length = range.end.saturating_sub(range.start);
            let slice: String = text.chars().skip(range.start).take(length).collect();
            *text = Str::from(slice);
        }
        _ => {}
    }
}

/// Returns true if Python's `bool()` would: botocore tests tokens and flags that way.
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

/// Splits a result into items: elements of a list; entries of a map, each as a map of one entry; anything else is one item.
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
