//! [`BatchWriter`]: writes many items of a table.

use std::fmt;

use inia_core::{Error, ErrorKind, List, Map, Result, Str, Value, json};

use super::attribute::is_same_key;
use super::unprocessed::{UnprocessedBackoff, stalled};
use crate::{Client, Params};

/// Maximum number of writes in a `BatchWriteItem` call.
const BATCH_SIZE: usize = 25;

/// Writes and deletes many items of a table, 25 per call: see [`Table::batch_writer`](super::Table::batch_writer).
///
/// Items that the service leaves unprocessed, because it throttles the table, are sent again after a delay. [`finish`](Self::finish) sends the
/// rest.
///
/// ```no_run
/// # use inia_dispatch as inia;
/// # async fn example() -> inia_core::Result<()> {
/// use inia::dynamodb::Table;
/// use inia::{Session, json};
///
/// let table = Table::new(&Session::load().await?.client("dynamodb")?, "users");
/// let mut batch = table.batch_writer();
/// for id in 0..1000 {
///     batch.put(json!({"id": id, "state": "new"})).await?;
/// }
/// batch.delete(json!({"id": 1000})).await?;
/// batch.finish().await?;
/// # Ok(())
/// # }
/// ```
///
/// # Source
/// boto3 `dynamodb/table.py:BatchWriter`. DIFFERENCE: unprocessed items are sent again with a growing delay, and ten times in a row at most;
/// the items of a failed call stay in the writer.
#[must_use = "finish sends the rest"]
pub struct BatchWriter {
    /// A client without native values: items are converted when they are added.
    client: Client,
    table: Str,
    requests: Vec<Value>,
    key: Vec<Str>,
    backoff: UnprocessedBackoff,
}

impl BatchWriter {
    pub(super) fn new(client: &Client, table: &Str) -> Self {
        BatchWriter {
            client: client.with_native_values(false),
            table: table.clone(),
            requests: Vec::new(),
            key: Vec::new(),
            backoff: UnprocessedBackoff::default(),
        }
    }

    /// Replaces earlier writes of the same item, by the names of the table's key attributes. The service rejects a batch that writes an item
    /// twice.
    ///
    /// # Source
    /// boto3, parameter `overwrite_by_pkeys`.
    pub fn overwrite_by<K: Into<Str>>(mut self, key: impl IntoIterator<Item = K>) -> Self {
        self.key = key.into_iter().map(Into::into).collect();
        self
    }

    /// Adds an item to write, in native form. Sends a batch if it is full.
    ///
    /// # Errors
    /// `Validation`: the item cannot be converted, or lacks an attribute of [`overwrite_by`](Self::overwrite_by); it is not added. Otherwise
    /// as [`flush`](Self::flush).
    pub async fn put(&mut self, item: impl Into<Params>) -> Result<()> {
        self.add("PutRequest", "Item", item.into()).await
    }

    /// Adds an item to delete, by its key in native form. Sends a batch if it is full.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub async fn delete(&mut self, key: impl Into<Params>) -> Result<()> {
        self.add("DeleteRequest", "Key", key.into()).await
    }

    /// Returns the number of writes that have not been sent, or were left unprocessed.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.requests.len()
    }

    /// Sends all writes.
    ///
    /// # Errors
    /// As a call of `BatchWriteItem`, whose writes are kept and sent again by the next flush; `Service` with the code
    /// `ProvisionedThroughputExceededException` if the service leaves whole batches unprocessed ten times in a row.
    pub async fn flush(&mut self) -> Result<()> {
        while !self.requests.is_empty() {
            self.send_batch().await?;
        }
        Ok(())
    }

    /// Sends all writes and ends the writer.
    ///
    /// # Errors
    /// As [`flush`](Self::flush).
    pub async fn finish(mut self) -> Result<()> {
        self.flush().await
    }

    async fn add(
        &mut self,
        kind: &'static str,
        member: &'static str,
        content: Params,
    ) -> Result<()> {
        let mut content = content.into_value()?;
        if content.as_map().is_none() {
            let type_name = content.type_name();
            return Err(invalid(format!(
                "{member} must be a map, not a {type_name}"
            )));
        }
        self.encode(member, &mut content)?;
        if let Some(missing) = self.key.iter().find(|name| content.get(name).is_none()) {
            return Err(invalid(format!(
                "{member} has no attribute {missing}, which is part of the key to overwrite by"
            )));
        }
        let request = json!({kind: {member: content}});
        if !self.key.is_empty() {
            let key = &self.key;
            self.requests
                .retain(|other| !has_same_key(other, &request, key));
        }
        self.requests.push(request);
        if self.requests.len() >= BATCH_SIZE {
            self.send_batch().await?;
        }
        Ok(())
    }

    /// Converts an item or a key, with the definition of `PutItem` or `DeleteItem`.
    fn encode(&self, member: &'static str, content: &mut Value) -> Result<()> {
        let operation = match member {
            "Item" => "PutItem",
            _ => "DeleteItem",
        };
        let params = json!({member: content.take()});
        let mut params = self.client.native().wire_params(operation, params)?;
        *content = params.get_mut(member).map(Value::take).unwrap_or_default();
        Ok(())
    }

    async fn send_batch(&mut self) -> Result<()> {
        self.backoff.wait(&self.client).await;
        let size = self.requests.len().min(BATCH_SIZE);
        let batch: List = self.requests.iter().take(size).cloned().collect();
        let mut items = Map::new();
        items.insert(self.table.clone(), Value::List(batch));
        let params = json!({"RequestItems": items});
        let mut output = self.client.call("BatchWriteItem", params).await?;
        // Removed only now: if the call fails, they stay.
        self.requests.drain(..size);
        let mut unprocessed = 0;
        if let Some(Value::Map(tables)) = output.value.get_mut("UnprocessedItems").map(Value::take)
        {
            for (_, requests) in tables {
                if let Value::List(requests) = requests {
                    unprocessed += requests.len();
                    self.requests.extend(requests);
                }
            }
        }
        if self.backoff.record(size, unprocessed) {
            return Ok(());
        }
        Err(stalled("BatchWriteItem", "writes", self.requests.len()))
    }
}

/// Prints nothing of the items, which may contain secrets.
impl fmt::Debug for BatchWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchWriter")
            .field("table", &self.table)
            .field("pending", &self.requests.len())
            .finish_non_exhaustive()
    }
}

/// Warns of writes that are lost.
impl Drop for BatchWriter {
    fn drop(&mut self) {
        if !self.requests.is_empty() {
            tracing::warn!(
                table = self.table.as_str(),
                writes = self.requests.len(),
                "a batch writer was dropped with unsent writes; call finish"
            );
        }
    }
}

#[cold]
fn invalid(message: String) -> Error {
    Error::new(ErrorKind::Validation, message)
}

/// Returns the item or key of a request.
fn content(request: &Value) -> Option<&Value> {
    match request.get("PutRequest") {
        Some(put) => put.get("Item"),
        None => request.get("DeleteRequest")?.get("Key"),
    }
}

fn has_same_key(one: &Value, other: &Value, key: &[Str]) -> bool {
    let part = |request, name| content(request).and_then(|content: &Value| content.get(name));
    key.iter()
        .all(|name| match (part(one, name), part(other, name)) {
            (Some(one), Some(other)) => is_same_key(one, other),
            _ => false,
        })
}
