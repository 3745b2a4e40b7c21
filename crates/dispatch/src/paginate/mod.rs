//! Pagination: an operation's results page by page, item by item, or all at once.
//!
//! # Source
//! botocore `paginate.py:Paginator`, `PageIterator`.

mod cursor;
mod full_result;
mod items;
mod token;

pub use items::{Items, SearchResults};

use std::fmt;
use std::future::IntoFuture;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use inia_core::ports::BoxFuture;
use inia_core::{Error, ErrorKind, Result, Str, Value};
use inia_model::{Kind, PaginatorModel};

use crate::{Client, Output};
use cursor::Cursor;
use full_result::FullResult;
use token::Place;

impl Client {
    /// A pagination of an operation: a stream of its pages, and from there of its items.
    ///
    /// Where AWS ships no paginator for the operation, one is told by the names of its members, and
    /// [`is_inferred`](Paginator::is_inferred) says so. Nothing happens before the stream is asked for its first page; wrong names and
    /// parameters are told then, too.
    ///
    /// ```no_run
    /// # async fn example() -> inia_core::Result<()> {
    /// use inia_dispatch::{Session, json};
    ///
    /// let s3 = Session::load().await?.client("s3")?;
    /// let mut pages = s3.paginate("ListObjectsV2", json!({"Bucket": "logs"})).page_size(100);
    /// while let Some(page) = pages.next().await {
    ///     println!("{} objects", page?["Contents"].items().count());
    /// }
    ///
    /// let mut objects = s3.paginate("ListObjectsV2", json!({"Bucket": "logs"})).max_items(10).items();
    /// while let Some(object) = objects.next().await {
    ///     println!("{}", object?["Key"].as_str().unwrap_or_default());
    /// }
    /// println!("go on with {:?}", objects.resume_token());
    /// # Ok(())
    /// # }
    /// ```
    pub fn paginate(&self, operation: &str, params: impl Into<Value>) -> Paginator {
        Paginator {
            stage: Stage::Built(Box::new(Built {
                model: self.paginator(operation),
                params: params.into(),
                page_size: None,
                max_items: None,
                starting_token: None,
            })),
            call: None,
            client: self.clone(),
        }
    }

    /// How an operation is carried from page to page.
    ///
    /// # Errors
    /// `Model`: there is no such operation, or its paginator is broken. `Pagination`: it does not answer in pages.
    pub fn paginator(&self, operation: &str) -> Result<Arc<PaginatorModel>> {
        let operation = self.model().operation(operation)?;
        let model = PaginatorModel::of(self.paginators()?, self.model(), operation)?;
        model.map(Arc::new).ok_or_else(|| {
            Error::new(
                ErrorKind::Pagination,
                format!(
                    "{}: {} does not answer in pages",
                    self.service_name(),
                    operation.name
                ),
            )
        })
    }
}

/// A pagination: a [`Stream`] of pages, each an [`Output`] as the operation gives it.
///
/// It is a builder until the first page is asked for. Dropping it stops it.
#[must_use = "a pagination does nothing before it is asked for pages"]
pub struct Paginator {
    client: Client,
    stage: Stage,
    call: Option<BoxFuture<'static, Result<Output>>>,
}

enum Stage {
    Built(Box<Built>),
    Running(Box<Cursor>),
    /// It could not begin.
    Failed,
}

struct Built {
    model: Result<Arc<PaginatorModel>>,
    params: Value,
    page_size: Option<u64>,
    max_items: Option<usize>,
    starting_token: Option<String>,
}

impl Paginator {
    fn built(mut self, change: impl FnOnce(&mut Built)) -> Self {
        if let Stage::Built(built) = &mut self.stage {
            change(built);
        }
        self
    }

    /// Asks the service for pages of at most this many items. An operation that takes no size fails.
    pub fn page_size(self, items: u64) -> Self {
        self.built(|built| built.page_size = Some(items))
    }

    /// Ends after this many items in all; [`resume_token`](Self::resume_token) then tells where to go on.
    pub fn max_items(self, items: usize) -> Self {
        self.built(|built| built.max_items = Some(items))
    }

    /// Starts where an earlier pagination stopped: with its [`resume_token`](Self::resume_token), botocore's or the AWS CLI's
    /// `NextToken`, or a token of the service's own.
    pub fn starting_token(self, token: impl Into<String>) -> Self {
        let token = token.into();
        self.built(|built| built.starting_token = Some(token))
    }

    /// How the operation is carried from page to page; `None` where it is not, which the first page tells as an error.
    #[must_use]
    pub fn model(&self) -> Option<&Arc<PaginatorModel>> {
        match &self.stage {
            Stage::Built(built) => built.model.as_ref().ok(),
            Stage::Running(cursor) => Some(cursor.model()),
            Stage::Failed => None,
        }
    }

    /// Whether AWS ships no paginator for the operation, and this one was told by the names of its members.
    #[must_use]
    pub fn is_inferred(&self) -> bool {
        self.model().is_some_and(|model| model.inferred)
    }

    /// The next page; `None` at the end.
    pub async fn next(&mut self) -> Option<Result<Output>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// The token to go on with, where [`max_items`](Self::max_items) ended the pagination before the last item. It is botocore's
    /// and the AWS CLI's, too.
    #[must_use]
    pub fn resume_token(&self) -> Option<String> {
        match &self.stage {
            Stage::Running(cursor) => cursor.resume_token(),
            _ => None,
        }
    }

    /// What the first page says is the same on every page, once it was seen.
    #[must_use]
    pub fn non_aggregate_part(&self) -> Option<&Value> {
        match &self.stage {
            Stage::Running(cursor) => Some(cursor.non_aggregate()),
            _ => None,
        }
    }

    /// What the pages list, one by one: the elements of the operation's first result key.
    ///
    /// Of a map, each entry is an item, as a map of its own; anything else is an item itself.
    pub fn items(self) -> Items {
        Items::new(self, None)
    }

    /// What the pages list under another of the operation's result keys, such as `CommonPrefixes`.
    pub fn items_of(self, result_key: impl Into<Str>) -> Items {
        Items::new(self, Some(result_key.into()))
    }

    /// What a JMESPath expression finds in each page: the elements of a list one by one, anything else as it is.
    ///
    /// # Source
    /// botocore `paginate.py:PageIterator.search`.
    pub fn search(self, expression: &str) -> SearchResults {
        SearchResults::new(self, expression)
    }

    /// All pages as if they had been one: lists joined, numbers summed up, and what is the same on every page. Where
    /// [`max_items`](Self::max_items) ended it before the last item, the token to go on with is in `NextToken`.
    ///
    /// # Errors
    /// As a call of the operation, and `Pagination` where the service gives the same token twice.
    ///
    /// # Source
    /// botocore `paginate.py:PageIterator.build_full_result`.
    pub async fn build_full_result(mut self) -> Result<Value> {
        let mut whole = self.model().map(|model| FullResult::new(model));
        while let Some(page) = self.next().await {
            let mut page = page?;
            if let (Some(whole), Some(model)) = (&mut whole, self.model()) {
                whole.add(&model.result_keys, &mut page.value)?;
            }
        }
        let (Some(whole), Some(model)) = (whole, self.model()) else {
            return Ok(Value::map());
        };
        let non_aggregate = self.non_aggregate_part().cloned().unwrap_or_default();
        whole.finish(&model.result_keys, non_aggregate, self.resume_token())
    }

    /// Asks for no further page.
    fn stop(&mut self) {
        if let Stage::Running(cursor) = &mut self.stage {
            cursor.finish();
        }
    }

    /// Leaves the builder's stage.
    fn start(&mut self) -> Result<&mut Cursor> {
        if let Stage::Built(_) = &self.stage {
            let stage = std::mem::replace(&mut self.stage, Stage::Failed);
            if let Stage::Built(built) = stage {
                let cursor = built.start(&self.client)?;
                self.stage = Stage::Running(Box::new(cursor));
            }
        }
        match &mut self.stage {
            Stage::Running(cursor) => Ok(cursor),
            _ => Err(Error::new(
                ErrorKind::Pagination,
                "the pagination could not begin",
            )),
        }
    }
}

impl Built {
    fn start(self, client: &Client) -> Result<Cursor> {
        let model = self.model?;
        let start = match self.starting_token {
            None => None,
            Some(token) => Some(
                Place::decode(&token, &model.input_tokens).map_err(|problem| {
                    Error::new(
                        ErrorKind::Pagination,
                        format!("{}: {problem}", model.operation),
                    )
                })?,
            ),
        };
        let page_size = self
            .page_size
            .map(|size| limit_value(client, &model, size))
            .transpose()?;
        Cursor::new(model, self.params, page_size, self.max_items, start)
    }
}

/// The size of a page as its parameter takes it: some take a string.
fn limit_value(client: &Client, model: &PaginatorModel, size: u64) -> Result<Value> {
    let service = client.model();
    let operation = service.operation(&model.operation)?;
    let limit = model.limit_key.as_deref().unwrap_or_default();
    let member = service
        .input(operation)
        .and_then(|input| input.member(limit));
    Ok(
        match member.map(|member| &service.shape(member.target).kind) {
            Some(Kind::String) => Value::from(size.to_string()),
            _ => Value::from(size),
        },
    )
}

impl Stream for Paginator {
    type Item = Result<Output>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if matches!(this.stage, Stage::Failed) {
            return Poll::Ready(None);
        }
        if let Err(error) = this.start() {
            return Poll::Ready(Some(Err(error)));
        }
        let Stage::Running(cursor) = &mut this.stage else {
            return Poll::Ready(None);
        };
        let call = match &mut this.call {
            Some(call) => call,
            None => match cursor.request() {
                None => return Poll::Ready(None),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                Some(Ok(params)) => {
                    let call = this.client.call(&cursor.model().operation, params);
                    this.call.insert(call.into_future())
                }
            },
        };
        let answer = ready!(call.as_mut().poll(context));
        this.call = None;
        Poll::Ready(Some(match answer {
            Ok(mut page) => cursor.accept(&mut page.value).map(|()| page),
            Err(error) => {
                cursor.finish();
                Err(error)
            }
        }))
    }
}

impl fmt::Debug for Paginator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Paginator")
            .field("client", &self.client)
            .field("model", &self.model())
            .finish_non_exhaustive()
    }
}
