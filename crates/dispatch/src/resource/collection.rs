//! [`Collection`]: a collection of resources.

use std::borrow::Cow;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use futures_util::stream::try_unfold;
use inia_core::{Error, Map, Result, Str, Value};
use inia_model::{Operation, PaginatorModel, ResourceTarget};

use super::action::apply_path;
use super::params::{invalid_params, merge, override_params};
use super::{Resource, ResourceOutcome};
use crate::{Output, Paginator, Params};

/// A collection of resources. No call is made until it is iterated.
///
/// Collections are cheap to clone, so that one can be filtered in several ways.
///
/// ```no_run
/// # async fn example() -> inia_core::Result<()> {
/// # use inia_dispatch as inia;
/// use inia::{Session, json};
///
/// let bucket = Session::load().await?.resource("s3")?.get("Bucket", ["logs"])?;
/// let logs = bucket.collection("objects").filter(json!({"Prefix": "2026/"}));
/// let mut first = logs.clone().limit(100).iter();
/// while let Some(object) = first.next().await {
///     println!("{}", object?);
/// }
/// logs.batch("delete", json!({})).await?;
/// # Ok(())
/// # }
/// ```
///
/// # Source
/// boto3 `resources/collection.py:ResourceCollection`.
#[derive(Clone)]
#[must_use = "a collection does nothing until it is iterated"]
pub struct Collection {
    parent: Resource,
    name: Str,
    /// The parameters of the filters, or the error of one that cannot be serialized.
    filter: std::result::Result<Value, Arc<Error>>,
    limit: Option<usize>,
    page_size: Option<u64>,
}

impl Collection {
    pub(super) fn new(parent: &Resource, name: &str) -> Self {
        Collection {
            parent: parent.clone(),
            name: name.into(),
            filter: Ok(Value::map()),
            limit: None,
            page_size: None,
        }
    }

    /// Returns the resource that has the collection.
    #[must_use]
    pub fn parent(&self) -> &Resource {
        &self.parent
    }

    /// Returns the collection itself, as in boto3.
    pub fn all(self) -> Self {
        self
    }

    /// Adds parameters to the list operation: lists are appended to, other values are replaced.
    pub fn filter(mut self, params: impl Into<Params>) -> Self {
        match (&mut self.filter, params.into().into_value()) {
            (Ok(_), Ok(Value::Null)) => {}
            (Ok(Value::Map(filter)), Ok(Value::Map(params))) => merge(filter, params),
            (Ok(filter @ Value::Map(_)), Ok(params)) => *filter = params,
            (filter @ Ok(_), Err(error)) => *filter = Err(Arc::new(error)),
            _ => {}
        }
        self
    }

    /// Limits the number of resources.
    pub fn limit(mut self, resources: usize) -> Self {
        self.limit = Some(resources);
        self
    }

    /// Sets the maximum number of resources per page. Ignored if the operation has no pages.
    pub fn page_size(mut self, resources: u64) -> Self {
        self.page_size = Some(resources);
        self
    }

    /// Returns a stream of the resources. One page at a time is in memory.
    pub fn iter(self) -> CollectionItems {
        CollectionItems {
            pages: self.pages(),
            page: Vec::new().into_iter(),
        }
    }

    /// Returns a stream of the pages of resources.
    pub fn pages(self) -> CollectionPages {
        let state = CollectionState::Builder(self);
        CollectionPages(Box::pin(try_unfold(state, CollectionState::next)))
    }

    /// Performs a batch action on all resources, with one call per page. Returns the output of each call.
    ///
    /// # Errors
    /// As a call of the operation; `Model` if the resources of the collection have no such batch action.
    ///
    /// # Source
    /// boto3 `resources/action.py:BatchAction`. DIFFERENCE: an empty page is skipped; boto3 stops there.
    pub async fn batch(self, action: &str, params: impl Into<Params>) -> Result<Vec<Output>> {
        let params = params.into().into_value()?;
        let collection = self.parent.model().collection(&self.name)?;
        let target = self
            .parent
            .0
            .resources
            .resource(&collection.resource.resource)?;
        let action = target.batch_action(action)?.clone();
        let client = self.parent.client().clone();
        let mut pages = self.pages();
        let mut outputs = Vec::new();
        while let Some(page) = pages.next().await {
            let mut page_params = Value::map();
            for (position, resource) in page?.iter().enumerate() {
                resource
                    .fill_in(&action.request.params, &mut page_params, Some(position))
                    .await?;
            }
            if page_params.as_map().is_none_or(Map::is_empty) {
                continue;
            }
            override_params(&mut page_params, params.clone())?;
            let output = client.call(&action.request.operation, page_params).await?;
            outputs.push(apply_path(output, &action)?);
        }
        Ok(outputs)
    }
}

/// Formats as boto3: `s3.Bucket.objectsCollection(s3.Bucket(name='logs'), s3.ObjectSummary)`.
impl fmt::Display for Collection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let model = self.parent.model();
        let (name, element) = match model.collection(&self.name) {
            Ok(collection) => (&collection.name, collection.resource.resource.as_str()),
            Err(_) => (&self.name, "?"),
        };
        let service = &model.service;
        f.write_str(service)?;
        if !model.is_service() {
            write!(f, ".{}", model.name)?;
        }
        write!(f, ".{name}Collection({}, {service}.{element})", self.parent)
    }
}

/// The state of an iteration.
enum CollectionState {
    Builder(Collection),
    Running(Box<CollectionCursor>),
}

struct CollectionCursor {
    parent: Resource,
    target: ResourceTarget,
    operation: Operation,
    params: Value,
    source: PageSource,
    /// Number of resources left until the limit.
    left: Option<usize>,
}

enum PageSource {
    Paginator(Box<Paginator>),
    /// An operation without pages, not called yet.
    SingleCall,
    Exhausted,
}

impl CollectionState {
    /// Returns the next page and the state after it.
    async fn next(self) -> Result<Option<(Vec<Resource>, CollectionState)>> {
        let mut cursor = match self {
            CollectionState::Builder(collection) => {
                Box::new(CollectionCursor::start(collection).await?)
            }
            CollectionState::Running(cursor) => cursor,
        };
        let page = cursor.next_page().await?;
        Ok(page.map(|page| (page, CollectionState::Running(cursor))))
    }
}

impl CollectionCursor {
    async fn start(collection: Collection) -> Result<Self> {
        let Collection {
            parent,
            name,
            filter,
            limit,
            page_size,
        } = collection;
        let model = parent.model();
        let definition = model.collection(&name)?;
        let mut params = Value::map();
        parent
            .fill_in(&definition.request.params, &mut params, None)
            .await?;
        match (&mut params, filter) {
            (Value::Map(params), Ok(Value::Map(filter))) => merge(params, filter),
            (_, Ok(filter)) => return Err(invalid_params(&filter)),
            (_, Err(error)) => return Err(Error::new(error.kind(), error.to_string())),
        }
        let client = parent.client();
        let operation = client
            .model()
            .operation(&definition.request.operation)?
            .clone();
        let paginator =
            PaginatorModel::for_operation(client.paginators()?, client.model(), &operation)?;
        let source = match paginator {
            None => PageSource::SingleCall,
            Some(_) => {
                let mut pages = client.paginate(&operation.name, params.clone());
                if let Some(limit) = limit {
                    pages = pages.max_items(limit);
                }
                if let Some(page_size) = page_size {
                    pages = pages.page_size(page_size);
                }
                PageSource::Paginator(Box::new(pages))
            }
        };
        Ok(CollectionCursor {
            target: definition.resource.clone(),
            operation,
            params,
            source,
            left: limit,
            parent,
        })
    }

    async fn next_page(&mut self) -> Result<Option<Vec<Resource>>> {
        let output = match &mut self.source {
            PageSource::Exhausted => return Ok(None),
            PageSource::SingleCall => {
                self.source = PageSource::Exhausted;
                let client = self.parent.client();
                client
                    .call(&self.operation.name, self.params.clone())
                    .await?
            }
            PageSource::Paginator(pages) => match pages.next().await {
                None => return Ok(None),
                Some(page) => page?,
            },
        };
        let outcome = self
            .parent
            .build_resources(
                &self.target,
                Some(&self.operation),
                &self.params,
                Cow::Owned(output.value),
            )
            .await?;
        let mut page = match outcome {
            ResourceOutcome::Resource(resource) => vec![resource],
            ResourceOutcome::Resources(resources) => resources,
            ResourceOutcome::None | ResourceOutcome::Output(_) => Vec::new(),
        };
        if let Some(left) = &mut self.left {
            page.truncate(*left);
            *left -= page.len();
            if *left == 0 {
                self.source = PageSource::Exhausted;
            }
        }
        Ok(Some(page))
    }
}

/// The resources of a collection: a [`Stream`].
#[must_use = "a collection does nothing until it is iterated"]
pub struct CollectionItems {
    pages: CollectionPages,
    page: std::vec::IntoIter<Resource>,
}

impl CollectionItems {
    /// Returns the next resource; `None` at the end.
    pub async fn next(&mut self) -> Option<Result<Resource>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// Collects the remaining resources.
    ///
    /// # Errors
    /// As a call of the list operation.
    pub async fn collect(mut self) -> Result<Vec<Resource>> {
        let mut all = Vec::new();
        while let Some(resource) = self.next().await {
            all.push(resource?);
        }
        Ok(all)
    }
}

impl Stream for CollectionItems {
    type Item = Result<Resource>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(resource) = self.page.next() {
                return Poll::Ready(Some(Ok(resource)));
            }
            match ready!(Pin::new(&mut self.pages).poll_next(context)) {
                None => return Poll::Ready(None),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                Some(Ok(page)) => self.page = page.into_iter(),
            }
        }
    }
}

/// Prints no parameters of the filters, which may contain secrets.
impl fmt::Debug for Collection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Collection")
            .field("parent", &self.parent)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for CollectionItems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CollectionItems").finish_non_exhaustive()
    }
}

/// The pages of a collection: a [`Stream`].
#[must_use = "a collection does nothing until it is iterated"]
pub struct CollectionPages(Pin<Box<dyn Stream<Item = Result<Vec<Resource>>> + Send>>);

impl CollectionPages {
    /// Returns the next page; `None` at the end. A page may be empty.
    pub async fn next(&mut self) -> Option<Result<Vec<Resource>>> {
        std::future::poll_fn(|context| self.0.as_mut().poll_next(context)).await
    }
}

impl Stream for CollectionPages {
    type Item = Result<Vec<Resource>>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(context)
    }
}

impl fmt::Debug for CollectionPages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CollectionPages").finish_non_exhaustive()
    }
}
