//! Lists objects, with requests for several prefixes at the same time.

#![expect(
    clippy::indexing_slicing,
    reason = "indexing a value by a missing key returns null"
)]

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use futures_util::StreamExt as _;
use inia_core::{Map, Result, Str, Timestamp, Value};
use tokio::sync::mpsc::{Receiver, channel};
use tokio::task::JoinSet;

use crate::boxed_stream::boxed_stream;
use crate::context::TransferContext;

/// The operations of a listing.
pub(crate) const OPERATIONS: &[&str] = &["ListObjectsV2"];

/// Maximum number of prefixes that are listed at the same time.
const MAX_SEGMENTS: usize = 8;

/// Number of pages of a prefix that are received ahead.
const PAGES_AHEAD: usize = 2;

/// Maximum number of folders on the first page of a bucket whose folders are listed at the same time. Folders of few objects are listed
/// faster together.
const MAX_FOLDERS: usize = 8;

/// An object of a listing.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ListedObject {
    /// The key.
    pub key: Str,
    /// The size in bytes.
    pub size: u64,
    /// The time of the last modification, in seconds.
    pub last_modified: Option<Timestamp>,
    /// The ETag, in quotes.
    pub etag: Option<Str>,
    /// The storage class, such as `STANDARD`.
    pub storage_class: Option<Str>,
}

impl ListedObject {
    fn new(object: &Value) -> Option<Self> {
        let text = |name: &str| object[name].as_str().map(Str::from);
        Some(ListedObject {
            key: text("Key")?,
            size: object["Size"].as_u64().unwrap_or(0),
            last_modified: object["LastModified"].as_timestamp(),
            etag: text("ETag"),
            storage_class: text("StorageClass"),
        })
    }
}

boxed_stream! {
    /// The objects of a listing, in the order of their keys.
    pub struct ObjectListing(Result<ListedObject>);

    /// Returns the next object; `None` at the end.
    fn next;
}

impl ObjectListing {
    pub(crate) fn new(
        context: impl FnOnce() -> Result<Arc<TransferContext>> + Send + 'static,
        bucket: Str,
        prefix: Str,
    ) -> Self {
        let listing = ListingState::Start(Box::new(move || {
            Ok(ListRequest {
                context: context()?,
                bucket,
                prefix,
                start_after: None,
                delimiter: None,
            })
        }));
        let objects = futures_util::stream::try_unfold(listing, |mut state| async move {
            Ok(state.next_objects().await?.map(|objects| (objects, state)))
        });
        let objects = objects.flat_map(|objects: Result<Vec<ListedObject>>| {
            let objects: Vec<Result<ListedObject>> = match objects {
                Ok(objects) => objects.into_iter().map(Ok).collect(),
                Err(error) => vec![Err(error)],
            };
            futures_util::stream::iter(objects)
        });
        ObjectListing(Box::pin(objects))
    }
}

/// The parameters of a listing.
#[derive(Clone)]
struct ListRequest {
    context: Arc<TransferContext>,
    bucket: Str,
    prefix: Str,
    start_after: Option<Str>,
    delimiter: Option<&'static str>,
}

/// A page of a listing.
struct ListPage {
    objects: Vec<ListedObject>,
    prefixes: Vec<Str>,
    next: Option<Str>,
}

impl ListRequest {
    async fn page(&self, token: Option<&Str>) -> Result<ListPage> {
        let mut params = Map::new();
        params.insert("Bucket", self.bucket.clone());
        if !self.prefix.is_empty() {
            params.insert("Prefix", self.prefix.clone());
        }
        if let Some(delimiter) = self.delimiter {
            params.insert("Delimiter", delimiter);
        }
        match (token, &self.start_after) {
            (Some(token), _) => {
                params.insert("ContinuationToken", token.clone());
            }
            (None, Some(start)) => {
                params.insert("StartAfter", start.clone());
            }
            (None, None) => {}
        }
        let output = self.context.send("ListObjectsV2", &params).await?;
        let next = match output.value["IsTruncated"].as_bool() {
            Some(true) => output.value["NextContinuationToken"]
                .as_str()
                .map(Str::from),
            _ => None,
        };
        Ok(ListPage {
            objects: output.value["Contents"]
                .items()
                .filter_map(ListedObject::new)
                .collect(),
            prefixes: output.value["CommonPrefixes"]
                .items()
                .filter_map(|prefix| prefix["Prefix"].as_str().map(Str::from))
                .collect(),
            next,
        })
    }

    /// Lists all pages from a token on, in a task.
    fn pages(self, mut token: Option<Str>, tasks: &mut JoinSet<()>) -> Receiver<Result<ListPage>> {
        let (sender, pages) = channel(PAGES_AHEAD);
        tasks.spawn(async move {
            loop {
                let page = self.page(token.as_ref()).await;
                let next = page.as_ref().ok().and_then(|page| page.next.clone());
                // A service that repeats its token would be listed forever.
                let is_last = next.is_none() || next == token;
                if sender.send(page).await.is_err() || is_last {
                    return;
                }
                token = next;
            }
        });
        pages
    }
}

/// Returns the number of different folders directly below a prefix.
fn folder_count(prefix: &str, objects: &[ListedObject]) -> usize {
    let folders: BTreeSet<&str> = objects
        .iter()
        .filter_map(|object| Some(object.key.strip_prefix(prefix)?.split_once('/')?.0))
        .collect();
    folders.len()
}

type MakeRequest = Box<dyn FnOnce() -> Result<ListRequest> + Send>;

enum ListingState {
    Start(MakeRequest),
    Pages {
        pages: Receiver<Result<ListPage>>,
        _tasks: JoinSet<()>,
    },
    Folders(Box<FolderListing>),
    End,
}

impl ListingState {
    /// Returns the next objects, at least one; `None` at the end.
    async fn next_objects(&mut self) -> Result<Option<Vec<ListedObject>>> {
        loop {
            let objects = match std::mem::replace(self, ListingState::End) {
                ListingState::End => return Ok(None),
                ListingState::Start(request) => self.first_page(request()?).await?,
                ListingState::Pages { mut pages, _tasks } => match pages.recv().await {
                    None => return Ok(None),
                    Some(page) => {
                        let objects = page?.objects;
                        *self = ListingState::Pages { pages, _tasks };
                        objects
                    }
                },
                ListingState::Folders(mut folders) => match folders.next_objects().await? {
                    None => return Ok(None),
                    Some(objects) => {
                        *self = ListingState::Folders(folders);
                        objects
                    }
                },
            };
            if !objects.is_empty() {
                return Ok(Some(objects));
            }
        }
    }

    /// Lists the first page, and decides how the others are listed.
    async fn first_page(&mut self, request: ListRequest) -> Result<Vec<ListedObject>> {
        let page = request.page(None).await?;
        let (Some(token), Some(last)) = (page.next, page.objects.last()) else {
            return Ok(page.objects);
        };
        let mut tasks = JoinSet::new();
        let folders = folder_count(&request.prefix, &page.objects);
        if request.context.config.concurrency == 1 || folders == 0 || folders > MAX_FOLDERS {
            *self = ListingState::Pages {
                pages: request.pages(Some(token), &mut tasks),
                _tasks: tasks,
            };
            return Ok(page.objects);
        }
        let top = ListRequest {
            start_after: Some(last.key.clone()),
            delimiter: Some("/"),
            ..request.clone()
        };
        let entries = top.pages(None, &mut tasks);
        *self = ListingState::Folders(Box::new(FolderListing {
            listed_to: last.key.clone(),
            request,
            entries,
            are_entries_read: false,
            entry_queue: VecDeque::new(),
            segments: VecDeque::new(),
            tasks,
        }));
        Ok(page.objects)
    }
}

/// A listing whose folders are listed at the same time.
struct FolderListing {
    request: ListRequest,
    /// The last key of the first page.
    listed_to: Str,
    /// Pages of folders, and of the objects between them.
    entries: Receiver<Result<ListPage>>,
    are_entries_read: bool,
    entry_queue: VecDeque<ListEntry>,
    segments: VecDeque<ListSegment>,
    tasks: JoinSet<()>,
}

enum ListEntry {
    Object(ListedObject),
    Folder(Str),
}

impl ListEntry {
    fn key(&self) -> &Str {
        match self {
            ListEntry::Object(object) => &object.key,
            ListEntry::Folder(prefix) => prefix,
        }
    }
}

/// Objects in order.
enum ListSegment {
    Objects(Vec<ListedObject>),
    Pages(Receiver<Result<ListPage>>),
}

impl FolderListing {
    async fn next_objects(&mut self) -> Result<Option<Vec<ListedObject>>> {
        loop {
            self.start_segments().await?;
            match self.segments.front_mut() {
                None => return Ok(None),
                Some(ListSegment::Objects(objects)) => {
                    let objects = std::mem::take(objects);
                    self.segments.pop_front();
                    return Ok(Some(objects));
                }
                Some(ListSegment::Pages(pages)) => match pages.recv().await {
                    Some(page) => return Ok(Some(page?.objects)),
                    None => {
                        self.segments.pop_front();
                    }
                },
            }
        }
    }

    /// Starts to list further folders.
    async fn start_segments(&mut self) -> Result<()> {
        while self.segments.len() < MAX_SEGMENTS {
            if self.entry_queue.is_empty() && !self.are_entries_read {
                match self.entries.recv().await {
                    Some(page) => self.queue(page?),
                    None => self.are_entries_read = true,
                }
            }
            match self.entry_queue.pop_front() {
                None if self.are_entries_read => return Ok(()),
                None => {}
                Some(ListEntry::Object(object)) => match self.segments.back_mut() {
                    Some(ListSegment::Objects(objects)) => objects.push(object),
                    _ => self.segments.push_back(ListSegment::Objects(vec![object])),
                },
                Some(ListEntry::Folder(prefix)) => {
                    let request = ListRequest {
                        start_after: Some(self.listed_to.clone()).filter(|last| *last > prefix),
                        prefix,
                        ..self.request.clone()
                    };
                    let pages = request.pages(None, &mut self.tasks);
                    self.segments.push_back(ListSegment::Pages(pages));
                }
            }
            while self.tasks.try_join_next().is_some() {}
        }
        Ok(())
    }

    fn queue(&mut self, page: ListPage) {
        let objects = page.objects.into_iter().map(ListEntry::Object);
        let folders = page.prefixes.into_iter().map(ListEntry::Folder);
        let mut entries: Vec<ListEntry> = objects.chain(folders).collect();
        entries.sort_by(|one, two| one.key().as_str().cmp(two.key().as_str()));
        self.entry_queue.extend(entries);
    }
}
