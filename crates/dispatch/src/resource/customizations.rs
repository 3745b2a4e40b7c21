//! Customizations of resources: loads and actions that are not in their definitions, keyed by service and resource.
//!
//! # Source
//! boto3 `session.py:Session._register_default_handlers`.

use std::fmt;

use inia_core::ports::BoxFuture;
use inia_core::{Result, Value, json};
use inia_model::ResourceModel;

use super::{Resource, ResourceOutcome};
use crate::Client;

type LoadFn = for<'a> fn(&'a Resource) -> BoxFuture<'a, Result<Value>>;
type ActionFn = for<'a> fn(&'a Resource, Value) -> BoxFuture<'a, Result<ResourceOutcome>>;

/// The load of a resource whose definition has none.
pub(super) struct CustomLoad {
    service: &'static str,
    resource: &'static str,
    pub(super) operation: &'static str,
    pub(super) load: LoadFn,
}

/// An action that is added to a resource's definition, or replaces one.
pub(super) struct CustomAction {
    service: &'static str,
    resource: &'static str,
    pub(super) name: &'static str,
    pub(super) operation: &'static str,
    /// Parameters that the resource fills in.
    pub(super) filled_in: &'static [&'static str],
    pub(super) run: ActionFn,
}

/// Services whose resources have native values in place of attribute values: see [`Client::native`]. boto3's `Table.batch_writer` is
/// [`Table::batch_writer`](crate::dynamodb::Table::batch_writer).
///
/// # Source
/// boto3 `dynamodb/transform.py:register_high_level_interface`, `dynamodb/table.py:register_table_methods`.
const NATIVE: &[&str] = &["dynamodb"];

/// Returns the client for the resources of its service.
pub(super) fn resource_client(client: &Client) -> Client {
    match NATIVE.contains(&client.service_name().as_str()) {
        true => client.native(),
        false => client.clone(),
    }
}

/// # Source
/// boto3 `s3/inject.py`.
const LOADS: &[CustomLoad] = &[
    CustomLoad {
        service: "s3",
        resource: "Bucket",
        operation: "ListBuckets",
        load: load_bucket,
    },
    CustomLoad {
        service: "s3",
        resource: "ObjectSummary",
        operation: "HeadObject",
        load: load_object_summary,
    },
];

/// # Source
/// boto3 `ec2/createtags.py`, `ec2/deletetags.py`.
const ACTIONS: &[CustomAction] = &[
    CustomAction {
        service: "ec2",
        resource: "ServiceResource",
        name: "create_tags",
        operation: "CreateTags",
        filled_in: &[],
        run: create_tags,
    },
    CustomAction {
        service: "ec2",
        resource: "Instance",
        name: "delete_tags",
        operation: "DeleteTags",
        filled_in: &["Resources"],
        run: delete_tags,
    },
];

impl CustomLoad {
    pub(super) fn find(model: &ResourceModel) -> Option<&'static Self> {
        LOADS
            .iter()
            .find(|load| model.service == *load.service && model.name == *load.resource)
    }
}

impl CustomAction {
    pub(super) fn all(model: &ResourceModel) -> impl Iterator<Item = &'static Self> {
        ACTIONS
            .iter()
            .filter(|action| model.service == *action.service && model.name == *action.resource)
    }

    pub(super) fn find(model: &ResourceModel, name: &str) -> Option<&'static Self> {
        Self::all(model).find(|action| {
            action.operation == name || action.name == name || action.name == name.replace('-', "_")
        })
    }
}

impl fmt::Debug for CustomAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CustomAction").field(&self.name).finish()
    }
}

/// Loads a bucket's data from `ListBuckets`, the only operation that returns them. They are empty for a bucket of another account,
/// and if access is denied.
fn load_bucket(bucket: &Resource) -> BoxFuture<'_, Result<Value>> {
    Box::pin(async move {
        let mut response = match bucket.client().call("ListBuckets", json!({})).await {
            Ok(output) => output.value,
            Err(error)
                if error
                    .service()
                    .is_some_and(|error| error.code == "AccessDenied") =>
            {
                return Ok(Value::map());
            }
            Err(error) => return Err(error),
        };
        let name = bucket.identifier("name");
        let buckets = response
            .as_map_mut()
            .and_then(|response| response.remove("Buckets"));
        let Some(Value::List(buckets)) = buckets else {
            return Ok(Value::map());
        };
        let data = buckets
            .into_iter()
            .find(|bucket| bucket.get("Name") == name);
        Ok(data.unwrap_or_else(Value::map))
    })
}

/// Loads an object summary from `HeadObject`, with `ContentLength` renamed to `Size` as in object listings.
fn load_object_summary(summary: &Resource) -> BoxFuture<'_, Result<Value>> {
    Box::pin(async move {
        let bucket = summary.identifier("bucket_name").cloned();
        let key = summary.identifier("key").cloned();
        let params = json!({"Bucket": bucket, "Key": key});
        let mut head = summary.client().call("HeadObject", params).await?.value;
        if let Some(head) = head.as_map_mut()
            && let Some(size) = head.remove("ContentLength")
        {
            head.insert("Size", size);
        }
        Ok(head)
    })
}

/// Tags several resources. Returns a `Tag` for each resource and tag.
fn create_tags(ec2: &Resource, params: Value) -> BoxFuture<'_, Result<ResourceOutcome>> {
    Box::pin(async move {
        ec2.client().call("CreateTags", params.clone()).await?;
        let mut tags = Vec::new();
        let items = |name| params.get(name).into_iter().flat_map(Value::items);
        for resource in items("Resources") {
            for tag in items("Tags") {
                let (key, value) = (tag.get("Key").cloned(), tag.get("Value").cloned());
                tags.push(ec2.get("Tag", json!([resource.clone(), key, value]))?);
            }
        }
        Ok(ResourceOutcome::Resources(tags))
    })
}

/// Deletes tags of an instance.
fn delete_tags(instance: &Resource, params: Value) -> BoxFuture<'_, Result<ResourceOutcome>> {
    Box::pin(async move {
        let mut all = json!({"Resources": [instance.identifier("id").cloned()]});
        super::params::override_params(&mut all, without_resources(params))?;
        let output = instance.client().call("DeleteTags", all).await?;
        Ok(ResourceOutcome::from(output))
    })
}

/// Removes `Resources` from the caller's parameters: the tags are always deleted from the instance itself.
fn without_resources(mut params: Value) -> Value {
    if let Some(params) = params.as_map_mut() {
        params.remove("Resources");
    }
    params
}
