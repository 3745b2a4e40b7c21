//! What resources have beyond their definitions: one row a rule, keyed by service and resource.
//!
//! # Source
//! boto3 `session.py:Session._register_default_handlers`.

use std::fmt;

use inia_core::ports::BoxFuture;
use inia_core::{Result, Value, json};
use inia_model::ResourceModel;

use super::{Outcome, Resource};

type Load = for<'a> fn(&'a Resource) -> BoxFuture<'a, Result<Value>>;
type Run = for<'a> fn(&'a Resource, Value) -> BoxFuture<'a, Result<Outcome>>;

/// How a resource is loaded that its definition cannot load.
pub(super) struct LoadExtra {
    service: &'static str,
    resource: &'static str,
    pub(super) operation: &'static str,
    pub(super) load: Load,
}

/// An action that a resource's definition does not have, or not rightly.
pub(super) struct ActionExtra {
    service: &'static str,
    resource: &'static str,
    pub(super) name: &'static str,
    pub(super) operation: &'static str,
    /// The parameters that the resource fills in.
    pub(super) filled_in: &'static [&'static str],
    pub(super) run: Run,
}

/// # Source
/// boto3 `s3/inject.py`.
const LOADS: &[LoadExtra] = &[
    LoadExtra {
        service: "s3",
        resource: "Bucket",
        operation: "ListBuckets",
        load: load_bucket,
    },
    LoadExtra {
        service: "s3",
        resource: "ObjectSummary",
        operation: "HeadObject",
        load: load_object_summary,
    },
];

/// # Source
/// boto3 `ec2/createtags.py`, `ec2/deletetags.py`.
const ACTIONS: &[ActionExtra] = &[
    ActionExtra {
        service: "ec2",
        resource: "ServiceResource",
        name: "create_tags",
        operation: "CreateTags",
        filled_in: &[],
        run: create_tags,
    },
    ActionExtra {
        service: "ec2",
        resource: "Instance",
        name: "delete_tags",
        operation: "DeleteTags",
        filled_in: &["Resources"],
        run: delete_tags,
    },
];

impl LoadExtra {
    pub(super) fn of(model: &ResourceModel) -> Option<&'static Self> {
        let of_resource =
            |extra: &&Self| model.service == *extra.service && model.name == *extra.resource;
        LOADS.iter().find(of_resource)
    }
}

impl ActionExtra {
    pub(super) fn all_of(model: &ResourceModel) -> impl Iterator<Item = &'static Self> {
        ACTIONS
            .iter()
            .filter(|extra| model.service == *extra.service && model.name == *extra.resource)
    }

    pub(super) fn of(model: &ResourceModel, name: &str) -> Option<&'static Self> {
        Self::all_of(model).find(|extra| {
            extra.operation == name || extra.name == name || extra.name == name.replace('-', "_")
        })
    }
}

impl fmt::Debug for ActionExtra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ActionExtra").field(&self.name).finish()
    }
}

/// A bucket's data stand in the list of all buckets only. There are none for a bucket of somebody else, or where the list is refused.
fn load_bucket(bucket: &Resource) -> BoxFuture<'_, Result<Value>> {
    Box::pin(async move {
        let listed = bucket.client().call("ListBuckets", json!({})).await;
        let mut listed = match listed {
            Ok(listed) => listed.value,
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
        let buckets = listed
            .as_map_mut()
            .and_then(|listed| listed.remove("Buckets"));
        let Some(Value::List(buckets)) = buckets else {
            return Ok(Value::map());
        };
        let found = buckets
            .into_iter()
            .find(|bucket| bucket.get("Name") == name);
        Ok(found.unwrap_or_else(Value::map))
    })
}

/// An object's summary is told by its head, under the names that a list of objects has for the same.
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

/// Tags several resources, and answers with a `Tag` for each resource and tag.
fn create_tags(ec2: &Resource, params: Value) -> BoxFuture<'_, Result<Outcome>> {
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
        Ok(Outcome::Resources(tags))
    })
}

/// Takes tags off an instance.
fn delete_tags(instance: &Resource, params: Value) -> BoxFuture<'_, Result<Outcome>> {
    Box::pin(async move {
        let mut all = json!({"Resources": [instance.identifier("id").cloned()]});
        super::params::update(&mut all, without_resources(params))?;
        let output = instance.client().call("DeleteTags", all).await?;
        Ok(Outcome::from(output))
    })
}

/// The resource itself is what loses its tags, whatever a caller names.
fn without_resources(mut params: Value) -> Value {
    if let Some(params) = params.as_map_mut() {
        params.remove("Resources");
    }
    params
}
