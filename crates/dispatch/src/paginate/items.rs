//! [`Items`] and [`SearchResults`]: what pages list, one by one.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use inia_core::{Error, ErrorKind, List, Result, Str, Value};
use inia_model::jmespath::Expression;
use inia_model::{ResultKey, did_you_mean};

use super::Paginator;
use super::cursor::items;

/// What the pages of a pagination list, one by one: a [`Stream`] of values. One page at a time is in memory.
#[must_use = "a pagination does nothing before it is asked for items"]
pub struct Items {
    pages: Paginator,
    /// The result key asked for, where it is not the first.
    wanted: Option<Str>,
    page: <List as IntoIterator>::IntoIter,
}

impl Items {
    pub(super) fn new(pages: Paginator, wanted: Option<Str>) -> Self {
        Items {
            pages,
            wanted,
            page: List::new().into_iter(),
        }
    }

    /// The next item; `None` at the end.
    pub async fn next(&mut self) -> Option<Result<Value>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// All items that are left.
    ///
    /// # Errors
    /// As a call of the operation, and `Pagination` where the service gives the same token twice.
    pub async fn collect(mut self) -> Result<Vec<Value>> {
        let mut all = Vec::new();
        while let Some(item) = self.next().await {
            all.push(item?);
        }
        Ok(all)
    }

    /// As [`Paginator::resume_token`].
    #[must_use]
    pub fn resume_token(&self) -> Option<String> {
        self.pages.resume_token()
    }

    fn items_of(&self, page: &mut Value) -> Result<List> {
        let keys: &[ResultKey] = match self.pages.model() {
            Some(model) => &model.result_keys,
            None => &[],
        };
        let key = match &self.wanted {
            None => keys.first(),
            Some(wanted) => keys.iter().find(|key| *key.as_str() == **wanted),
        };
        match key {
            Some(key) => Ok(items(key.take(page)?)),
            None => Err(self.nothing_listed(keys)),
        }
    }

    #[cold]
    fn nothing_listed(&self, keys: &[ResultKey]) -> Error {
        let operation = self.pages.model().map_or("", |model| &model.operation);
        let message = match &self.wanted {
            None => format!("{operation}: it is not known which part of a page has its items"),
            Some(wanted) => {
                let hint = did_you_mean(wanted, keys.iter().map(ResultKey::as_str));
                format!("{operation}: {wanted:?} is not what its pages list{hint}")
            }
        };
        Error::new(ErrorKind::Pagination, message)
    }
}

impl Stream for Items {
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
                Some(Ok(mut page)) => match this.items_of(&mut page.value) {
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

impl fmt::Debug for Items {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items")
            .field("pages", &self.pages)
            .field("wanted", &self.wanted)
            .finish_non_exhaustive()
    }
}

/// What a JMESPath expression finds in the pages of a pagination, one by one: a [`Stream`] of values.
#[must_use = "a pagination does nothing before it is asked for results"]
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

    /// The next result; `None` at the end.
    pub async fn next(&mut self) -> Option<Result<Value>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// All results that are left.
    ///
    /// # Errors
    /// As a call of the operation, and `Validation` where the expression is none, or does not fit the pages.
    pub async fn collect(mut self) -> Result<Vec<Value>> {
        let mut all = Vec::new();
        while let Some(result) = self.next().await {
            all.push(result?);
        }
        Ok(all)
    }

    /// As [`Paginator::resume_token`].
    #[must_use]
    pub fn resume_token(&self) -> Option<String> {
        self.pages.resume_token()
    }
}

/// What an expression finds, taken out of the page rather than copied where it can be.
fn found(expression: &Expression, page: &mut Value) -> Result<Value> {
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
                Some(Ok(mut page)) => match found(expression, &mut page.value) {
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
