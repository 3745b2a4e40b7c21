//! [`Paginator`]: the results of an operation page by page, item by item, or all at once.
//!
//! # Source
//! botocore `paginate.py:Paginator`, `PageIterator`.

mod cursor;
mod full_result;
mod items;
mod token;

pub use items::{PageItems, SearchResults};

use std::fmt;
use std::future::IntoFuture;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use inia_core::ports::BoxFuture;
use inia_core::{Error, ErrorKind, Result, Str, UserAgentFeatures, Value};
use inia_model::{Kind, PaginatorModel};

use crate::{Client, Output, Params};
use cursor::PaginatorCursor;
use full_result::FullResult;
use token::ResumeToken;

impl Client {
    /// Returns a paginator of an operation: a stream of its pages, or of their items.
    ///
    /// If AWS defines no paginator for the operation, one is inferred from the names of its members: see
    /// [`is_inferred`](Paginator::is_inferred). Nothing happens until the first page is requested, which also reports invalid names
    /// and parameters.
    ///
    /// ```no_run
    /// # async fn example() -> inia_core::Result<()> {
    /// # use inia_dispatch as inia;
    /// use inia::{Session, json};
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
    /// println!("resume with {:?}", objects.resume_token());
    /// # Ok(())
    /// # }
    /// ```
    pub fn paginate(&self, operation: &str, params: impl Into<Params>) -> Paginator {
        Paginator {
            state: PaginatorState::Builder(Box::new(PaginatorOptions {
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

    /// Returns the paginator definition of an operation.
    ///
    /// # Errors
    /// `Model`: there is no such operation, or its paginator is invalid. `Pagination`: the operation cannot be paginated.
    pub fn paginator(&self, operation: &str) -> Result<Arc<PaginatorModel>> {
        let operation = self.model().operation(operation)?;
        let model = PaginatorModel::for_operation(self.paginators()?, self.model(), operation)?;
        model.map(Arc::new).ok_or_else(|| {
            Error::new(
                ErrorKind::Pagination,
                format!(
                    "{}: {} cannot be paginated",
                    self.service_name(),
                    operation.name
                ),
            )
        })
    }
}

/// A pagination: a [`Stream`] of pages, each an [`Output`] of the operation.
///
/// It is a builder until the first page is requested. Dropping it ends the pagination.
#[must_use = "a pagination does nothing until its pages are requested"]
pub struct Paginator {
    client: Client,
    state: PaginatorState,
    call: Option<BoxFuture<'static, Result<Output>>>,
}

enum PaginatorState {
    Builder(Box<PaginatorOptions>),
    Running(Box<PaginatorCursor>),
    /// The pagination could not be started.
    Failed,
}

struct PaginatorOptions {
    model: Result<Arc<PaginatorModel>>,
    params: Params,
    page_size: Option<u64>,
    max_items: Option<usize>,
    starting_token: Option<String>,
}

impl Paginator {
    fn with_options(mut self, change: impl FnOnce(&mut PaginatorOptions)) -> Self {
        if let PaginatorState::Builder(options) = &mut self.state {
            change(options);
        }
        self
    }

    /// Sets the maximum number of items per page. The pagination fails if the operation does not support it.
    pub fn page_size(self, items: u64) -> Self {
        self.with_options(|options| options.page_size = Some(items))
    }

    /// Limits the total number of items. [`resume_token`](Self::resume_token) returns the token to continue with.
    pub fn max_items(self, items: usize) -> Self {
        self.with_options(|options| options.max_items = Some(items))
    }

    /// Resumes an earlier pagination: with its [`resume_token`](Self::resume_token), with a `NextToken` of botocore or the AWS CLI,
    /// or with a token of the service.
    pub fn starting_token(self, token: impl Into<String>) -> Self {
        let token = token.into();
        self.with_options(|options| options.starting_token = Some(token))
    }

    /// Returns the paginator definition; `None` if the operation cannot be paginated, which the first page reports as an error.
    #[must_use]
    pub fn model(&self) -> Option<&Arc<PaginatorModel>> {
        match &self.state {
            PaginatorState::Builder(options) => options.model.as_ref().ok(),
            PaginatorState::Running(cursor) => Some(cursor.model()),
            PaginatorState::Failed => None,
        }
    }

    /// Returns true if AWS defines no paginator for the operation, and this one is inferred from the names of its members.
    #[must_use]
    pub fn is_inferred(&self) -> bool {
        self.model().is_some_and(|model| model.inferred)
    }

    /// Returns the next page; `None` at the end.
    pub async fn next(&mut self) -> Option<Result<Output>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// Returns the token to resume with, if [`max_items`](Self::max_items) ended the pagination before the last item. botocore and
    /// the AWS CLI accept it too.
    #[must_use]
    pub fn resume_token(&self) -> Option<String> {
        match &self.state {
            PaginatorState::Running(cursor) => cursor.resume_token(),
            _ => None,
        }
    }

    /// Returns the values of the non-aggregate keys, which are the same on every page. Empty before the first page.
    #[must_use]
    pub fn non_aggregate_part(&self) -> Option<&Value> {
        match &self.state {
            PaginatorState::Running(cursor) => Some(cursor.non_aggregate()),
            _ => None,
        }
    }

    /// Returns a stream of the items: the elements of the first result key of each page.
    ///
    /// Each entry of a map is an item, as a map of one entry; any other value is one item.
    pub fn items(self) -> PageItems {
        PageItems::new(self, None)
    }

    /// Returns a stream of the items of another result key, such as `CommonPrefixes`.
    pub fn items_of(self, result_key: impl Into<Str>) -> PageItems {
        PageItems::new(self, Some(result_key.into()))
    }

    /// Returns a stream of the results of a JMESPath expression over each page: the elements of a list, or any other value itself.
    ///
    /// # Source
    /// botocore `paginate.py:PageIterator.search`.
    pub fn search(self, expression: &str) -> SearchResults {
        SearchResults::new(self, expression)
    }

    /// Reads all pages and joins them: lists and strings are concatenated, maps merged, and numbers added up. The result has the
    /// non-aggregate keys too, and in `NextToken` the token to resume with if [`max_items`](Self::max_items) ended the pagination
    /// before the last item.
    ///
    /// # Errors
    /// As a call of the operation; also `Pagination` if the service returns the same token twice, also in a circle.
    ///
    /// # Source
    /// botocore `paginate.py:PageIterator.build_full_result`.
    pub async fn build_full_result(mut self) -> Result<Value> {
        let mut result = self.model().map(|model| FullResult::new(model));
        while let Some(page) = self.next().await {
            let mut page = page?;
            if let (Some(result), Some(model)) = (&mut result, self.model()) {
                result.add(&model.result_keys, &mut page.value)?;
            }
        }
        let (Some(result), Some(model)) = (result, self.model()) else {
            return Ok(Value::map());
        };
        let non_aggregate = self.non_aggregate_part().cloned().unwrap_or_default();
        result.finish(&model.result_keys, non_aggregate, self.resume_token())
    }

    /// Ends the pagination.
    fn stop(&mut self) {
        if let PaginatorState::Running(cursor) = &mut self.state {
            cursor.finish();
        }
    }

    /// Starts the pagination, unless it is running.
    fn start(&mut self) -> Result<&mut PaginatorCursor> {
        if let PaginatorState::Builder(_) = &self.state {
            let state = std::mem::replace(&mut self.state, PaginatorState::Failed);
            if let PaginatorState::Builder(options) = state {
                let cursor = options.start(&self.client)?;
                self.state = PaginatorState::Running(Box::new(cursor));
            }
        }
        match &mut self.state {
            PaginatorState::Running(cursor) => Ok(cursor),
            _ => Err(Error::new(
                ErrorKind::Pagination,
                "the pagination could not be started",
            )),
        }
    }
}

impl PaginatorOptions {
    fn start(self, client: &Client) -> Result<PaginatorCursor> {
        let model = self.model?;
        let start = match self.starting_token {
            None => None,
            Some(token) => Some(ResumeToken::decode(&token, &model.input_tokens).map_err(
                |problem| {
                    Error::new(
                        ErrorKind::Pagination,
                        format!("{}: {problem}", model.operation),
                    )
                },
            )?),
        };
        let page_size = self
            .page_size
            .map(|size| limit_value(client, &model, size))
            .transpose()?;
        let mut params = self.params.into_value()?;
        let operation = client.model().operation(&model.operation)?;
        if let Some(native) = client.native_operation(operation) {
            native.encode(operation, &mut params)?;
        }
        PaginatorCursor::new(model, params, page_size, self.max_items, start)
    }
}

/// Returns the page size in the type of the limit parameter: an integer, or for some operations a string.
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
        if matches!(this.state, PaginatorState::Failed) {
            return Poll::Ready(None);
        }
        if let Err(error) = this.start() {
            return Poll::Ready(Some(Err(error)));
        }
        let PaginatorState::Running(cursor) = &mut this.state else {
            return Poll::Ready(None);
        };
        let call = match &mut this.call {
            Some(call) => call,
            None => match cursor.next_request() {
                None => return Poll::Ready(None),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                Some(Ok(params)) => {
                    // The tokens of native clients are those of all others, so that they can be exchanged.
                    let client = this.client.with_native_values(false);
                    let call = client
                        .call(&cursor.model().operation, params)
                        .features(UserAgentFeatures::PAGINATOR);
                    this.call.insert(call.into_future())
                }
            },
        };
        let output = ready!(call.as_mut().poll(context));
        this.call = None;
        let page = match output {
            Ok(mut page) => cursor.accept(&mut page.value).map(|()| page),
            Err(error) => {
                cursor.finish();
                Err(error)
            }
        };
        let model = this.client.model();
        let operation = model.operation(&cursor.model().operation);
        let native = operation
            .ok()
            .and_then(|operation| this.client.native_operation(operation));
        Poll::Ready(Some(match native {
            Some(native) => native.decode_result(model, page),
            None => page,
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
