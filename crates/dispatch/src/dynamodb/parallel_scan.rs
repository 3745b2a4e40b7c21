//! [`ParallelScan`]: reads a table in several segments at once.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use futures_util::StreamExt as _;
use futures_util::stream::iter;
use inia_core::{Error, ErrorKind, Result, Value};

use super::Table;
use crate::Params;

/// Maximum number of segments.
///
/// # Source
/// The DynamoDB API reference, `Scan`, `TotalSegments`.
const MAX_SEGMENTS: u32 = 1_000_000;

/// Maximum number of segments that are read at once.
const MAX_CONCURRENCY: usize = 64;

/// Reads a table in several segments at once: one stream of all their items, in no particular order. See
/// [`Table::parallel_scan`](super::Table::parallel_scan).
///
/// Up to 64 segments are read at once, one page of each is in memory. The stream ends at the first error.
///
/// ```no_run
/// # use inia_dispatch as inia;
/// # async fn example() -> inia_core::Result<()> {
/// use inia::dynamodb::{Attr, Table};
/// use inia::{Session, json};
///
/// let table = Table::new(&Session::load().await?.client("dynamodb")?, "users");
/// let mut adults = table.parallel_scan(8, json!({"FilterExpression": Attr("age").gte(18)}));
/// while let Some(user) = adults.next().await {
///     println!("{}", user?["id"]);
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is read until the stream is polled"]
pub struct ParallelScan(Option<Pin<Box<dyn Stream<Item = Result<Value>> + Send>>>);

impl ParallelScan {
    pub(super) fn new(table: &Table, segments: u32, params: Params) -> Self {
        let params = match params.into_value() {
            Ok(_) if segments == 0 || segments > MAX_SEGMENTS => {
                let message = format!(
                    "the number of segments must be between 1 and {MAX_SEGMENTS}, but is {segments}"
                );
                Err(Error::new(ErrorKind::Validation, message))
            }
            params => params,
        };
        let params = match params {
            Ok(params) => params,
            Err(error) => return ParallelScan(Some(Box::pin(iter([Err(error)])))),
        };
        let table = table.clone();
        let items = iter(0..segments).map(move |segment| {
            let mut params = params.clone();
            if params.is_null() {
                params = Value::map();
            }
            if let Some(params) = params.as_map_mut() {
                params.insert("Segment", segment);
                params.insert("TotalSegments", segments);
            }
            table.scan(params).items()
        });
        ParallelScan(Some(Box::pin(items.flatten_unordered(MAX_CONCURRENCY))))
    }

    /// Returns the next item; `None` at the end.
    pub async fn next(&mut self) -> Option<Result<Value>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// Collects the remaining items.
    ///
    /// # Errors
    /// As a call of `Scan`; `Validation` if the number of segments is 0 or more than 1,000,000.
    pub async fn collect(mut self) -> Result<Vec<Value>> {
        let mut items = Vec::new();
        while let Some(item) = self.next().await {
            items.push(item?);
        }
        Ok(items)
    }
}

impl Stream for ParallelScan {
    type Item = Result<Value>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(items) = &mut self.0 else {
            return Poll::Ready(None);
        };
        let item = ready!(items.as_mut().poll_next(context));
        if !matches!(item, Some(Ok(_))) {
            self.0 = None;
        }
        Poll::Ready(item)
    }
}

impl fmt::Debug for ParallelScan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParallelScan").finish_non_exhaustive()
    }
}
