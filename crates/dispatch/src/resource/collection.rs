//! [`Collection`]: the resources that a resource lists.

use std::borrow::Cow;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use futures_util::stream::try_unfold;
use inia_core::{Map, Result, Str, Value};
use inia_model::{Operation, PaginatorModel, ResourceTarget};

use super::action::part;
use super::params::{merge, no_map, update};
use super::{Outcome, Resource};
use crate::{Output, Paginator};

/// The resources that a resource lists. Nothing is asked for before it is walked through.
///
/// Each of its methods gives a collection of its own, so that one may be kept and narrowed down in several ways.
///
/// ```no_run
/// # async fn example() -> inia_core::Result<()> {
/// use inia_dispatch::{Session, json};
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
#[derive(Clone, Debug)]
#[must_use = "a collection does nothing before it is walked through"]
pub struct Collection {
    parent: Resource,
    name: Str,
    /// The caller's parameters; what is no map is told as an error later.
    filter: Value,
    limit: Option<usize>,
    page_size: Option<u64>,
}

impl Collection {
    pub(super) fn new(parent: &Resource, name: &str) -> Self {
        Collection {
            parent: parent.clone(),
            name: name.into(),
            filter: Value::map(),
            limit: None,
            page_size: None,
        }
    }

    /// The resource that lists.
    #[must_use]
    pub fn parent(&self) -> &Resource {
        &self.parent
    }

    /// All that is listed: the collection itself.
    pub fn all(self) -> Self {
        self
    }

    /// Adds parameters to the call that lists: lists go behind those that are there, anything else over it.
    pub fn filter(mut self, params: impl Into<Value>) -> Self {
        match (&mut self.filter, params.into()) {
            (_, Value::Null) => {}
            (Value::Map(filter), Value::Map(params)) => merge(filter, params),
            (filter @ Value::Map(_), params) => *filter = params,
            _ => {}
        }
        self
    }

    /// Ends after this many resources.
    pub fn limit(mut self, resources: usize) -> Self {
        self.limit = Some(resources);
        self
    }

    /// Asks the service for pages of at most this many. Where it answers all at once this means nothing.
    pub fn page_size(mut self, resources: u64) -> Self {
        self.page_size = Some(resources);
        self
    }

    /// The resources, one by one. One page at a time is in memory.
    pub fn iter(self) -> CollectionItems {
        CollectionItems {
            pages: self.pages(),
            page: Vec::new().into_iter(),
        }
    }

    /// The resources, page by page as the service lists them.
    pub fn pages(self) -> CollectionPages {
        let walk = Walk::Begin(self);
        CollectionPages(Box::pin(try_unfold(walk, Walk::step)))
    }

    /// Does something to all resources with one call for each page. Answers with the output of each call.
    ///
    /// # Errors
    /// As a call of the operation; `Model` where resources of the collection have no such batch action.
    ///
    /// # Source
    /// boto3 `resources/action.py:BatchAction`. DIFFERENCE: a page without resources is passed over; boto3 stops there.
    pub async fn batch(self, action: &str, params: impl Into<Value>) -> Result<Vec<Output>> {
        let params = params.into();
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
            let mut filled = Value::map();
            for (position, resource) in page?.iter().enumerate() {
                resource
                    .fill_in(&action.request.params, &mut filled, Some(position))
                    .await?;
            }
            if filled.as_map().is_none_or(Map::is_empty) {
                continue;
            }
            update(&mut filled, params.clone())?;
            let output = client.call(&action.request.operation, filled).await?;
            outputs.push(part(output, &action)?);
        }
        Ok(outputs)
    }
}

/// `s3.Bucket.objectsCollection(s3.Bucket(name='logs'), s3.ObjectSummary)`, as boto3 prints it.
impl fmt::Display for Collection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let model = self.parent.model();
        let (name, listed) = match model.collection(&self.name) {
            Ok(found) => (&found.name, found.resource.resource.as_str()),
            Err(_) => (&self.name, "?"),
        };
        let service = &model.service;
        f.write_str(service)?;
        if !model.is_service() {
            write!(f, ".{}", model.name)?;
        }
        write!(f, ".{name}Collection({}, {service}.{listed})", self.parent)
    }
}

/// A walk through a collection.
enum Walk {
    Begin(Collection),
    Going(Box<Going>),
}

struct Going {
    parent: Resource,
    target: ResourceTarget,
    operation: Operation,
    params: Value,
    source: Source,
    /// How many resources are still wanted.
    left: Option<usize>,
}

enum Source {
    Pages(Box<Paginator>),
    /// An operation that answers all at once.
    Once,
    Nothing,
}

impl Walk {
    /// The next page, and the walk after it.
    async fn step(self) -> Result<Option<(Vec<Resource>, Walk)>> {
        let mut going = match self {
            Walk::Begin(collection) => Box::new(Going::begin(collection).await?),
            Walk::Going(going) => going,
        };
        let page = going.page().await?;
        Ok(page.map(|page| (page, Walk::Going(going))))
    }
}

impl Going {
    async fn begin(collection: Collection) -> Result<Self> {
        let Collection {
            parent,
            name,
            filter,
            limit,
            page_size,
        } = collection;
        let model = parent.model();
        let found = model.collection(&name)?;
        let mut params = Value::map();
        parent
            .fill_in(&found.request.params, &mut params, None)
            .await?;
        match (&mut params, filter) {
            (Value::Map(params), Value::Map(filter)) => merge(params, filter),
            (_, filter) => return Err(no_map(&filter)),
        }
        let client = parent.client();
        let operation = client.model().operation(&found.request.operation)?.clone();
        let paginator = PaginatorModel::of(client.paginators()?, client.model(), &operation)?;
        let source = match paginator {
            None => Source::Once,
            Some(_) => {
                let mut pages = client.paginate(&operation.name, params.clone());
                if let Some(limit) = limit {
                    pages = pages.max_items(limit);
                }
                if let Some(page_size) = page_size {
                    pages = pages.page_size(page_size);
                }
                Source::Pages(Box::new(pages))
            }
        };
        Ok(Going {
            target: found.resource.clone(),
            operation,
            params,
            source,
            left: limit,
            parent,
        })
    }

    async fn page(&mut self) -> Result<Option<Vec<Resource>>> {
        let output = match &mut self.source {
            Source::Nothing => return Ok(None),
            Source::Once => {
                self.source = Source::Nothing;
                let client = self.parent.client();
                client
                    .call(&self.operation.name, self.params.clone())
                    .await?
            }
            Source::Pages(pages) => match pages.next().await {
                None => return Ok(None),
                Some(page) => page?,
            },
        };
        let made = self
            .parent
            .make(
                &self.target,
                Some(&self.operation),
                &self.params,
                Cow::Owned(output.value),
            )
            .await?;
        let mut page = match made {
            Outcome::Resource(resource) => vec![resource],
            Outcome::Resources(resources) => resources,
            Outcome::None | Outcome::Output(_) => Vec::new(),
        };
        if let Some(left) = &mut self.left {
            page.truncate(*left);
            *left -= page.len();
            if *left == 0 {
                self.source = Source::Nothing;
            }
        }
        Ok(Some(page))
    }
}

/// The resources of a collection, one by one: a [`Stream`].
#[must_use = "a collection does nothing before it is walked through"]
pub struct CollectionItems {
    pages: CollectionPages,
    page: std::vec::IntoIter<Resource>,
}

impl CollectionItems {
    /// The next resource; `None` at the end.
    pub async fn next(&mut self) -> Option<Result<Resource>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// All resources that are left.
    ///
    /// # Errors
    /// As a call of the operation that lists.
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

impl fmt::Debug for CollectionItems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CollectionItems").finish_non_exhaustive()
    }
}

/// The resources of a collection, page by page: a [`Stream`].
#[must_use = "a collection does nothing before it is walked through"]
pub struct CollectionPages(Pin<Box<dyn Stream<Item = Result<Vec<Resource>>> + Send>>);

impl CollectionPages {
    /// The next page; `None` at the end. A page may be empty.
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
