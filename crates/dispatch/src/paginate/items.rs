//! [`PageItems`] and [`SearchResults`]: streams over the items of pages.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use inia_core::{Error, ErrorKind, List, Result, Str, Value};
use inia_model::jmespath::Expression;
use inia_model::{ResultKey, did_you_mean};

use super::Paginator;
use super::cursor::items;

/// The items of a pagination: a [`Stream`] of values. One page at a time is in memory.
#[must_use = "a pagination does nothing until its items are requested"]
pub struct PageItems {
    pages: Paginator,
    /// The result key, if it is not the first one.
    result_key: Option<Str>,
    page: <List as IntoIterator>::IntoIter,
}

impl PageItems {
    pub(super) fn new(pages: Paginator, result_key: Option<Str>) -> Self {
        PageItems {
            pages,
            result_key,
            page: List::new().into_iter(),
        }
    }

    /// Returns the next item; `None` at the end.
    pub async fn next(&mut self) -> Option<Result<Value>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// Collects the remaining items.
    ///
    /// # Errors
    /// As a call of the operation; also `Pagination` if the service returns the same token twice.
    pub async fn collect(mut self) -> Result<Vec<Value>> {
        let mut all = Vec::new();
        while let Some(item) = self.next().await {
            all.push(item?);
        }
        Ok(all)
    }

    /// Returns the token to resume with: see [`Paginator::resume_token`].
    #[must_use]
    pub fn resume_token(&self) -> Option<String> {
        self.pages.resume_token()
    }

    fn take_items(&self, page: &mut Value) -> Result<List> {
        let keys: &[ResultKey] = match self.pages.model() {
            Some(model) => &model.result_keys,
            None => &[],
        };
        let key = match &self.result_key {
            None => keys.first(),
            Some(name) => keys.iter().find(|key| *key.as_str() == **name),
        };
        match key {
            Some(key) => Ok(items(key.take(page)?)),
            None => Err(self.unknown_result_key(keys)),
        }
    }

    #[cold]
    fn unknown_result_key(&self, keys: &[ResultKey]) -> Error {
        let operation = self.pages.model().map_or("", |model| &model.operation);
        let message = match &self.result_key {
            None => format!("{operation}: the paginator has no result key"),
            Some(name) => {
                let hint = did_you_mean(name, keys.iter().map(ResultKey::as_str));
                format!("{operation}: {name:?} is not a result key of the paginator{hint}")
            }
        };
        Error::new(ErrorKind::Pagination, message)
    }
}

impl Stream for PageItems {
    type Item = Result<Value>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            if let Some(item) = this.page.next() {
                return Poll::Ready(Some(Ok(item)));
            }
            match ready!(Pin::new(&mut this.pages).poll_next(context)) {
                None => return Poll::Ready(None),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                Some(Ok(mut page)) => match this.take_items(&mut page.value) {
                    Ok(items) => this.page = items.into_iter(),
                    Err(error) => {
                        this.pages.stop();
                        return Poll::Ready(Some(Err(error)));
                    }
                },
            }
        }
    }
}

impl fmt::Debug for PageItems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PageItems")
            .field("pages", &self.pages)
            .field("result_key", &self.result_key)
            .finish_non_exhaustive()
    }
}

/// The results of a JMESPath expression over the pages of a pagination: a [`Stream`] of values.
#[must_use = "a pagination does nothing until its results are requested"]
pub struct SearchResults {
    pages: Paginator,
    expression: Option<Result<Expression>>,
    page: <List as IntoIterator>::IntoIter,
}

impl SearchResults {
    pub(super) fn new(pages: Paginator, expression: &str) -> Self {
        SearchResults {
            pages,
            expression: Some(Expression::compile(expression)),
            page: List::new().into_iter(),
        }
    }

    /// Returns the next result; `None` at the end.
    pub async fn next(&mut self) -> Option<Result<Value>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// Collects the remaining results.
    ///
    /// # Errors
    /// As a call of the operation; also `Validation` if the expression is invalid or cannot be evaluated over a page.
    pub async fn collect(mut self) -> Result<Vec<Value>> {
        let mut all = Vec::new();
        while let Some(result) = self.next().await {
            all.push(result?);
        }
        Ok(all)
    }

    /// Returns the token to resume with: see [`Paginator::resume_token`].
    #[must_use]
    pub fn resume_token(&self) -> Option<String> {
        self.pages.resume_token()
    }
}

/// Evaluates an expression over a page. A plain path moves its result out of the page instead of copying it.
fn take_result(expression: &Expression, page: &mut Value) -> Result<Value> {
    if expression.is_path() {
        return Ok(expression.search_mut(page).map_or(Value::Null, Value::take));
    }
    Ok(expression.search(page)?.into_owned())
}

impl Stream for SearchResults {
    type Item = Result<Value>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            if let Some(result) = this.page.next() {
                return Poll::Ready(Some(Ok(result)));
            }
            let expression = match &this.expression {
                Some(Ok(expression)) => expression,
                Some(Err(_)) => return Poll::Ready(this.expression.take().and_then(failure)),
                None => return Poll::Ready(None),
            };
            match ready!(Pin::new(&mut this.pages).poll_next(context)) {
                None => return Poll::Ready(None),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                Some(Ok(mut page)) => match take_result(expression, &mut page.value) {
                    Ok(Value::List(results)) => this.page = results.into_iter(),
                    Ok(result) => return Poll::Ready(Some(Ok(result))),
                    Err(error) => {
                        this.pages.stop();
                        return Poll::Ready(Some(Err(error)));
                    }
                },
            }
        }
    }
}

fn failure(expression: Result<Expression>) -> Option<Result<Value>> {
    expression.err().map(Err)
}

impl fmt::Debug for SearchResults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SearchResults")
            .field("pages", &self.pages)
            .field("expression", &self.expression)
            .finish_non_exhaustive()
    }
}
