//! [`Table`]: the items of a table as values or Rust types.

use std::fmt;
use std::future::IntoFuture;

use inia_core::ports::BoxFuture;
use inia_core::{Error, ErrorKind, Map, Result, Str, Value, from_value, json};
use serde::de::DeserializeOwned;

use super::{BatchGet, BatchWriter, Condition, ParallelScan};
use crate::{Client, Output, Paginator, Params, Resource};

/// A table: reads and writes its items as native values, or as any type that serde can serialize. Cheap to clone.
///
/// ```no_run
/// # use inia_dispatch as inia;
/// use inia::dynamodb::{Attr, Key, Set, Table};
/// use inia::{Session, json};
///
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct User {
///     id: String,
///     age: u32,
///     roles: Set<String>,
/// }
///
/// # async fn example() -> inia_core::Result<()> {
/// let table = Table::new(&Session::load().await?.client("dynamodb")?, "users");
/// let user = User { id: "u-1".into(), age: 36, roles: Set::from(["admin".into()]) };
/// table.put(&user).condition(Attr("id").not_exists()).await?;
/// let user: Option<User> = table.get(json!({"id": "u-1"})).await?;
///
/// let orders = Table::new(table.client(), "orders");
/// let mut recent = orders.query(json!({"KeyConditionExpression": Key("user").eq("u-1") & Key("at").gt("2026")})).items();
/// while let Some(order) = recent.next().await {
///     println!("{}", order?);
/// }
/// # Ok(())
/// # }
/// ```
///
/// Other operations are calls of the [`client`](Self::client), which is native.
#[derive(Clone, Debug)]
pub struct Table {
    client: Client,
    name: Str,
}

impl Table {
    /// Returns a table by its name or ARN. `client` is a client of DynamoDB, native or not. Nothing is sent.
    #[must_use]
    pub fn new(client: &Client, name: impl Into<Str>) -> Self {
        Table {
            client: client.native(),
            name: name.into(),
        }
    }

    /// Returns the table of a resource.
    ///
    /// # Errors
    /// `Resource`: the resource is not a `Table` of DynamoDB.
    pub fn from_resource(resource: &Resource) -> Result<Self> {
        match (resource.name().as_str(), resource.identifier("name")) {
            ("Table", Some(Value::String(name))) => {
                Ok(Table::new(resource.client(), name.detach()))
            }
            _ => Err(Error::new(
                ErrorKind::Resource,
                format!("{resource} is not a Table of DynamoDB"),
            )),
        }
    }

    /// Returns the table's name.
    #[must_use]
    pub fn name(&self) -> &Str {
        &self.name
    }

    /// Returns the client, which is native.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Reads an item by its key; `None` if there is none.
    ///
    /// # Errors
    /// As a call of `GetItem`; `Parse` if the item does not match the type. The message names the path of the mismatch.
    pub async fn get<T: DeserializeOwned>(&self, key: impl Into<Params>) -> Result<Option<T>> {
        let params = json!({"TableName": &self.name, "Key": key.into().into_value()?});
        let mut output = self.client.call("GetItem", params).await?;
        match output.value.get_mut("Item").map(Value::take) {
            None | Some(Value::Null) => Ok(None),
            Some(item) => from_value(item).map(Some),
        }
    }

    /// Returns a write of an item, which replaces an earlier one with the same key.
    pub fn put(&self, item: impl Into<Params>) -> ItemWrite {
        ItemWrite::new(self, "PutItem", "Item", item.into())
    }

    /// Returns a deletion of an item by its key.
    pub fn delete(&self, key: impl Into<Params>) -> ItemWrite {
        ItemWrite::new(self, "DeleteItem", "Key", key.into())
    }

    /// Returns a query. `params` are those of the operation `Query`, without the table's name.
    pub fn query(&self, params: impl Into<Params>) -> Paginator {
        self.paginate("Query", params.into())
    }

    /// Returns a scan. `params` are those of the operation `Scan`, without the table's name.
    pub fn scan(&self, params: impl Into<Params>) -> Paginator {
        self.paginate("Scan", params.into())
    }

    fn paginate(&self, operation: &str, params: Params) -> Paginator {
        let params = params
            .into_value()
            .map(|params| with_entries(params, [("TableName", (&self.name).into())]));
        self.client.paginate(operation, Params::from_result(params))
    }

    /// Returns a scan of several segments at once. `params` are those of the operation `Scan`, without the table's name and the segments.
    pub fn parallel_scan(&self, segments: u32, params: impl Into<Params>) -> ParallelScan {
        ParallelScan::new(self, segments, params.into())
    }

    /// Returns a writer of many items.
    ///
    /// # Source
    /// boto3 `dynamodb/table.py:TableResource.batch_writer`.
    pub fn batch_writer(&self) -> BatchWriter {
        BatchWriter::new(&self.client, &self.name)
    }

    /// Returns a read of many items by their keys. `params` are those for one table in `BatchGetItem`, such as `ConsistentRead` or
    /// `ProjectionExpression`.
    pub fn batch_get<K: Into<Params>>(
        &self,
        keys: impl IntoIterator<Item = K>,
        params: impl Into<Params>,
    ) -> BatchGet {
        let keys = keys.into_iter().map(|key| key.into().into_value());
        BatchGet::new(&self.client, &self.name, keys.collect(), params.into())
    }
}

/// Adds entries to parameters. Validation reports parameters that are not a map.
fn with_entries<const N: usize>(params: Value, entries: [(&'static str, Value); N]) -> Value {
    match params {
        Value::Null => Value::Map(Map::from_iter(entries)),
        Value::Map(mut map) => {
            for (name, value) in entries {
                map.insert(name, value);
            }
            Value::Map(map)
        }
        other => other,
    }
}

/// A write or deletion of an item, ready to be awaited.
#[must_use = "nothing is written until this is awaited"]
pub struct ItemWrite {
    client: Client,
    operation: &'static str,
    params: Result<Value>,
}

impl ItemWrite {
    fn new(table: &Table, operation: &'static str, member: &'static str, content: Params) -> Self {
        let params = content
            .into_value()
            .map(|content| json!({"TableName": &table.name, member: content}));
        ItemWrite {
            client: table.client.clone(),
            operation,
            params,
        }
    }

    /// Sets a condition that the stored item must meet. If it does not, the write fails with `ConditionalCheckFailedException`.
    pub fn condition(self, condition: Condition) -> Self {
        self.params(json!({"ConditionExpression": condition}))
    }

    /// Adds parameters of the operation, such as `ReturnValues`.
    pub fn params(mut self, params: impl Into<Params>) -> Self {
        let added = params.into().into_value();
        self.params = match (self.params, added) {
            (Ok(Value::Map(mut params)), Ok(Value::Map(added))) => {
                params.extend(added);
                Ok(Value::Map(params))
            }
            (Ok(params), Ok(Value::Null)) => Ok(params),
            (Ok(_), Ok(other)) => Err(Error::new(
                ErrorKind::Validation,
                format!("parameters must be a map, not a {}", other.type_name()),
            )),
            (Err(error), _) | (_, Err(error)) => Err(error),
        };
        self
    }

    /// Makes the call.
    ///
    /// # Errors
    /// As a call of the operation; `Service` with the code `ConditionalCheckFailedException` if the item does not meet the condition.
    pub async fn send(self) -> Result<Output> {
        self.client.call(self.operation, self.params?).await
    }
}

/// Prints nothing of the item, which may contain secrets.
impl fmt::Debug for ItemWrite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ItemWrite")
            .field("operation", &self.operation)
            .finish_non_exhaustive()
    }
}

impl IntoFuture for ItemWrite {
    type Output = Result<Output>;
    type IntoFuture = BoxFuture<'static, Result<Output>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}
