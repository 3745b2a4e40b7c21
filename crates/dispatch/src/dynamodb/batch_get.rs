//! [`BatchGet`]: reads many items of a table by their keys.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_util::TryStreamExt as _;
use futures_util::stream::try_unfold;
use inia_core::{Error, ErrorKind, List, Map, Result, Str, Value, from_value, json};
use serde::de::DeserializeOwned;

use super::unprocessed::{UnprocessedBackoff, stalled};
use crate::{Client, Params};

/// Maximum number of keys in a `BatchGetItem` call.
const BATCH_SIZE: usize = 100;

/// Reads many items of a table by their keys, 100 per call: a stream of items, in no particular order. Keys without an item have none in the
/// stream. See [`Table::batch_get`](super::Table::batch_get).
///
/// Duplicate keys are requested once. Keys that the service leaves unprocessed are requested again after a delay, up to ten times in a row.
///
/// ```no_run
/// # use inia_dispatch as inia;
/// # async fn example() -> inia_core::Result<()> {
/// use inia::dynamodb::Table;
/// use inia::{Session, json};
///
/// let table = Table::new(&Session::load().await?.client("dynamodb")?, "users");
/// let keys = (0..1000).map(|id| json!({"id": id}));
/// let mut users = table.batch_get(keys, json!({"ConsistentRead": true}));
/// while let Some(user) = users.next().await {
///     println!("{}", user?["id"]);
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is read until the stream is polled"]
pub struct BatchGet(Pin<Box<dyn Stream<Item = Result<Value>> + Send>>);

impl BatchGet {
    pub(super) fn new(
        client: &Client,
        table: &Str,
        keys: Result<Vec<Value>>,
        options: Params,
    ) -> Self {
        let state = BatchGetState::Builder {
            client: client.with_native_values(false),
            table: table.clone(),
            keys,
            options,
        };
        let pages = try_unfold(state, BatchGetState::next);
        let items = pages.map_ok(|page| futures_util::stream::iter(page.into_iter().map(Ok)));
        BatchGet(Box::pin(items.try_flatten()))
    }

    /// Returns the next item; `None` at the end.
    pub async fn next(&mut self) -> Option<Result<Value>> {
        std::future::poll_fn(|context| self.0.as_mut().poll_next(context)).await
    }

    /// Reads all items as a type.
    ///
    /// # Errors
    /// As a call of `BatchGetItem`; `Validation` if a key cannot be converted; `Parse` if an item does not match the type; `Service` with the
    /// code `ProvisionedThroughputExceededException` if the service leaves whole batches unprocessed ten times in a row.
    pub async fn collect<T: DeserializeOwned>(mut self) -> Result<Vec<T>> {
        let mut items = Vec::new();
        while let Some(item) = self.next().await {
            items.push(from_value(item?)?);
        }
        Ok(items)
    }
}

impl Stream for BatchGet {
    type Item = Result<Value>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(context)
    }
}

impl fmt::Debug for BatchGet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchGet").finish_non_exhaustive()
    }
}

enum BatchGetState {
    Builder {
        client: Client,
        table: Str,
        keys: Result<Vec<Value>>,
        options: Params,
    },
    Running(Box<RunningBatchGet>),
}

struct RunningBatchGet {
    client: Client,
    table: Str,
    keys: VecDeque<Value>,
    options: Map,
    backoff: UnprocessedBackoff,
}

impl BatchGetState {
    async fn next(self) -> Result<Option<(List, BatchGetState)>> {
        let mut running = match self {
            BatchGetState::Running(running) => running,
            BatchGetState::Builder {
                client,
                table,
                keys,
                options,
            } => Box::new(RunningBatchGet::start(client, table, keys?, options)?),
        };
        if running.keys.is_empty() {
            return Ok(None);
        }
        let page = running.read_batch().await?;
        Ok(Some((page, BatchGetState::Running(running))))
    }
}

impl RunningBatchGet {
    fn start(client: Client, table: Str, keys: Vec<Value>, options: Params) -> Result<Self> {
        let mut options = match options.into_value()? {
            Value::Map(options) => options,
            Value::Null => Map::new(),
            other => {
                let message = format!("parameters must be a map, not a {}", other.type_name());
                return Err(Error::new(ErrorKind::Validation, message));
            }
        };
        options.insert("Keys", Value::from(keys));
        let params = json!({"RequestItems": of_table(&table, options)});
        let mut params = client.native().wire_params("BatchGetItem", params)?;
        let table_params = params
            .get_mut("RequestItems")
            .and_then(|tables| tables.get_mut(&table));
        let Some(Value::Map(mut options)) = table_params.map(Value::take) else {
            return Err(Error::new(
                ErrorKind::Model,
                "BatchGetItem has no RequestItems",
            ));
        };
        let mut seen = std::collections::HashSet::new();
        let keys = match options.remove("Keys") {
            Some(Value::List(keys)) => keys
                .into_iter()
                .filter(|key| seen.insert(key.to_json_string()))
                .collect(),
            _ => VecDeque::new(),
        };
        Ok(RunningBatchGet {
            client,
            table,
            keys,
            options,
            backoff: UnprocessedBackoff::default(),
        })
    }

    async fn read_batch(&mut self) -> Result<List> {
        self.backoff.wait(&self.client).await;
        let size = self.keys.len().min(BATCH_SIZE);
        let batch: List = self.keys.drain(..size).collect();
        let mut options = self.options.clone();
        options.insert("Keys", Value::List(batch));
        let params = json!({"RequestItems": of_table(&self.table, options)});
        let mut output = self.client.call("BatchGetItem", params).await?;
        let mut unprocessed = 0;
        if let Some(Value::Map(tables)) = output.value.get_mut("UnprocessedKeys").map(Value::take) {
            for (_, mut table) in tables {
                if let Some(Value::List(keys)) = table.get_mut("Keys").map(Value::take) {
                    unprocessed += keys.len();
                    self.keys.extend(keys);
                }
            }
        }
        if !self.backoff.record(size, unprocessed) {
            return Err(stalled("BatchGetItem", "keys", self.keys.len()));
        }
        let native = self.client.native();
        let operation = native.model().operation("BatchGetItem")?;
        if let Some(native) = native.native_operation(operation) {
            native.decode(&mut output.value);
        }
        let mut items = List::new();
        if let Some(Value::Map(tables)) = output.value.get_mut("Responses").map(Value::take) {
            for (_, table) in tables {
                if let Value::List(table) = table {
                    items.extend(table);
                }
            }
        }
        Ok(items)
    }
}

/// Returns a map with the parameters of one table.
fn of_table(table: &Str, params: Map) -> Value {
    Value::Map(Map::from_iter([(table.clone(), params)]))
}
