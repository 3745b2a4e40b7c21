//! Resources: an object-oriented interface to services, with identifiers, attributes, actions, references and collections.
//!
//! # Source
//! boto3 `resources/`.

mod action;
mod collection;
mod customizations;
mod data;
mod describe;
mod display;
mod outcome;
mod params;

pub use action::Action;
pub use collection::{Collection, CollectionItems, CollectionPages};
pub use describe::ResourcePart;
pub use outcome::ResourceOutcome;
pub(crate) use params::ResourceParams;

use std::borrow::Cow;
use std::sync::Arc;

use inia_core::config::Config;
use inia_core::ports::BoxFuture;
use inia_core::{Error, ErrorKind, Result, Str, Value};
use inia_model::{IdentifierSource, ResourceModel, Resources};

use crate::wait::WaitParams;
use crate::{Client, Params, Session, Wait};
use customizations::{CustomLoad, resource_client};
use data::ResourceData;

/// A resource: a service, or an object in it. Cheap to clone, and safe to share: clones share their data.
///
/// Names are accepted as in the definition (`CreateBucket`) and in snake case (`create_bucket`). Conflicting names are resolved as in
/// boto3.
///
/// ```no_run
/// # async fn example() -> inia_core::Result<()> {
/// # use inia_dispatch as inia;
/// use inia::{Session, json};
///
/// let ec2 = Session::load().await?.resource("ec2")?;
/// let instance = ec2.get("Instance", ["i-1"])?;
/// println!("{instance} is a {}", instance.attribute("instance_type").await?.as_str().unwrap_or("?"));
/// let subnet = instance.reference("subnet").await?.into_resource()?;
/// instance.action("stop", json!({})).await?;
/// instance.wait_until("stopped", json!({})).await?;
/// let mut volumes = instance.collection("volumes").iter();
/// while let Some(volume) = volumes.next().await {
///     println!("{}", volume?);
/// }
/// # Ok(())
/// # }
/// ```
///
/// Two resources are equal if they have the same type and identifiers, even if their clients differ.
#[derive(Clone)]
pub struct Resource(Arc<ResourceInner>);

struct ResourceInner {
    client: Client,
    resources: Arc<Resources>,
    model: Arc<ResourceModel>,
    identifiers: Box<[Value]>,
    data: ResourceData,
}

impl Session {
    /// Returns the service resource of a service, with the session's settings.
    ///
    /// # Errors
    /// As [`client`](Session::client); `Model` if the service has no resource definition.
    pub fn resource(&self, service: &str) -> Result<Resource> {
        self.resource_with(service, &Config::new())
    }

    /// Returns the service resource of a service, with settings that override the session's.
    ///
    /// # Errors
    /// As [`resource`](Session::resource).
    ///
    /// # Source
    /// boto3 `session.py:Session.resource`.
    pub fn resource_with(&self, service: &str, config: &Config) -> Result<Resource> {
        let merged = self.config().merge(config);
        if merged.user_agent_extra.is_some() {
            return self.client_with(service, config)?.resource();
        }
        let config = config.clone().user_agent_extra("Resource");
        self.client_with(service, &config)?.resource()
    }
}

impl Client {
    /// Returns the service resource.
    ///
    /// # Errors
    /// `Model`: the service has no resource definition (the message lists the services that have one), or it is invalid.
    pub fn resource(&self) -> Result<Resource> {
        let resources = Arc::clone(self.resources()?);
        let model = Arc::clone(resources.service()?);
        Ok(Resource(Arc::new(ResourceInner {
            client: resource_client(self),
            resources,
            model,
            identifiers: Box::default(),
            data: ResourceData::default(),
        })))
    }
}

impl Resource {
    /// Returns the resource's client, which is [native](Client::native) for DynamoDB.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.0.client
    }

    /// Returns the service's name.
    #[must_use]
    pub fn service_name(&self) -> &Str {
        &self.0.model.service
    }

    /// Returns the type of the resource, such as `Bucket`; `ServiceResource` for the service itself.
    #[must_use]
    pub fn name(&self) -> &Str {
        &self.0.model.name
    }

    /// Returns the resource's definition.
    #[must_use]
    pub fn model(&self) -> &ResourceModel {
        &self.0.model
    }

    /// Returns the names and values of the identifiers.
    pub fn identifiers(&self) -> impl ExactSizeIterator<Item = (&Str, &Value)> {
        let names = self.0.model.identifiers.iter();
        names
            .map(|identifier| &identifier.name)
            .zip(&self.0.identifiers)
    }

    /// Returns an identifier by its name.
    #[must_use]
    pub fn identifier(&self, name: &str) -> Option<&Value> {
        self.0.identifiers.get(self.0.model.identifier(name)?)
    }

    fn identifier_at(&self, position: usize) -> Value {
        self.0
            .identifiers
            .get(position)
            .cloned()
            .unwrap_or_default()
    }

    /// Returns a sub-resource by the identifiers that this resource does not have: as a list in order, or as a map by name.
    ///
    /// ```no_run
    /// # fn example(s3: &inia_dispatch::Resource) -> inia_core::Result<()> {
    /// # use inia_dispatch as inia;
    /// use inia::json;
    ///
    /// let bucket = s3.get("Bucket", ["logs"])?;
    /// let object = bucket.get("Object", json!({"key": "2026/01.log"}))?;
    /// assert_eq!(object.to_string(), "s3.Object(bucket_name='logs', key='2026/01.log')");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `Model`: the sub-resource is unknown. `Resource`: identifiers are missing, too many, or unknown.
    ///
    /// # Source
    /// boto3 `resources/factory.py:ResourceFactory._create_class_partial`.
    pub fn get(&self, name: &str, identifiers: impl Into<Value>) -> Result<Resource> {
        let relation = self.0.model.subresource(name)?;
        let model = self.0.resources.resource(&relation.resource.resource)?;
        let inherited = relation.resource.identifiers.iter();
        let inherited = inherited.filter_map(|identifier| match identifier.source {
            IdentifierSource::Identifier(position) => Some(self.identifier_at(position)),
            _ => None,
        });
        let mut values: Vec<Value> = inherited.collect();
        let mut by_name = Vec::new();
        match identifiers.into() {
            Value::Null => {}
            Value::List(list) => values.extend(list),
            Value::Map(map) => by_name.extend(map),
            single => values.push(single),
        }
        if values.len() > model.identifiers.len() {
            return Err(invalid_identifiers(
                model,
                format_args!("too many identifiers ({})", values.len()),
            ));
        }
        values.resize(model.identifiers.len(), Value::Null);
        for (name, value) in by_name {
            let position = model.identifier(&name);
            match position.and_then(|position| values.get_mut(position)) {
                Some(slot) => *slot = value,
                None => {
                    return Err(invalid_identifiers(
                        model,
                        format_args!("unknown identifier `{name}`"),
                    ));
                }
            }
        }
        self.create_resource(model, values, None)
    }

    /// Creates a resource of the same service and client.
    fn create_resource(
        &self,
        model: &Arc<ResourceModel>,
        identifiers: Vec<Value>,
        data: Option<Value>,
    ) -> Result<Resource> {
        for (identifier, value) in model.identifiers.iter().zip(&identifiers) {
            let problem = match value {
                Value::Null => "is missing",
                Value::List(_) | Value::Map(_) => "must be a single value",
                _ => continue,
            };
            return Err(invalid_identifiers(
                model,
                format_args!("`{}` {problem}", identifier.name),
            ));
        }
        Ok(Resource(Arc::new(ResourceInner {
            client: self.0.client.clone(),
            resources: Arc::clone(&self.0.resources),
            model: Arc::clone(model),
            identifiers: identifiers.into(),
            data: ResourceData::new(data),
        })))
    }

    /// Returns the names of the sub-resources, sorted.
    #[must_use]
    pub fn available_subresources(&self) -> Vec<Str> {
        let relations = self.0.model.subresources.iter();
        let mut names: Vec<Str> = relations.map(|relation| relation.name.clone()).collect();
        names.sort();
        names
    }

    /// Returns the data, if they are loaded.
    #[must_use]
    pub fn data(&self) -> Option<Arc<Value>> {
        self.0.data.get()
    }

    /// Returns the data, loaded if necessary. Concurrent tasks share one load. [`Value::Null`] if the resource does not exist.
    ///
    /// # Errors
    /// As a call of the load operation; `Resource` if the resource has none.
    pub async fn loaded(&self) -> Result<Arc<Value>> {
        self.0.data.get_or_load(|| self.fetch()).await
    }

    /// Loads the data, even if they are loaded already.
    ///
    /// # Errors
    /// As [`loaded`](Self::loaded).
    pub async fn load(&self) -> Result<Arc<Value>> {
        self.0.data.load(|| self.fetch()).await
    }

    /// Alias of [`load`](Self::load), as in boto3.
    ///
    /// # Errors
    /// As [`loaded`](Self::loaded).
    pub async fn reload(&self) -> Result<Arc<Value>> {
        self.load().await
    }

    fn can_load(&self) -> bool {
        self.0.model.load.is_some() || CustomLoad::find(&self.0.model).is_some()
    }

    /// Fetches the data from the service. The parser of definitions rejects a load that depends on the data, so this does not recurse.
    fn fetch(&self) -> BoxFuture<'_, Result<Value>> {
        if let Some(custom) = CustomLoad::find(&self.0.model) {
            return (custom.load)(self);
        }
        Box::pin(async move {
            let Some(load) = &self.0.model.load else {
                return Err(Error::new(
                    ErrorKind::Resource,
                    format!("{self}: the resource has no load operation"),
                ));
            };
            let mut params = Value::map();
            self.fill_in(&load.request.params, &mut params, None)
                .await?;
            let output = self.0.client.call(&load.request.operation, params).await?;
            action::apply_path(output, load).map(|output| output.value)
        })
    }

    /// Returns an attribute: a member of the data, which are loaded if necessary, or an identifier.
    ///
    /// # Errors
    /// As [`loaded`](Self::loaded); `Model` if the attribute is unknown; `Resource` if the resource does not exist.
    pub async fn attribute(&self, name: &str) -> Result<Value> {
        let attribute = match self.0.model.attribute(name) {
            Ok(attribute) => attribute,
            Err(error) => return self.identifier(name).cloned().ok_or(error),
        };
        if let Some(position) = attribute.identifier {
            return Ok(self.identifier_at(position));
        }
        let data = self.loaded().await?;
        if data.is_null() {
            return Err(Error::new(
                ErrorKind::Resource,
                format!("{self}: the resource does not exist"),
            ));
        }
        Ok(data.get(&attribute.member).cloned().unwrap_or_default())
    }

    /// Returns an action of the resource. `params` override the parameters that the resource fills in.
    pub fn action(&self, name: &str, params: impl Into<Params>) -> Action {
        Action::new(self, name, params.into())
    }

    /// Returns the resources that the data refer to: one, several, or none.
    ///
    /// # Errors
    /// As [`loaded`](Self::loaded); `Model` if the reference is unknown.
    ///
    /// # Source
    /// boto3 `resources/factory.py:ResourceFactory._create_reference`.
    pub async fn reference(&self, name: &str) -> Result<ResourceOutcome> {
        let relation = self.0.model.reference(name)?;
        let data = self.loaded().await?;
        self.build_resources(
            &relation.resource,
            None,
            &Value::map(),
            Cow::Borrowed(&data),
        )
        .await
    }

    /// Returns a collection of the resource. An unknown name is reported when the collection is iterated.
    pub fn collection(&self, name: &str) -> Collection {
        Collection::new(self, name)
    }

    /// Returns a wait for the resource, by the waiter's name, such as `running`, `Running` or `wait_until_running`.
    pub fn wait_until(&self, waiter: &str, params: impl Into<Params>) -> Wait {
        let definition = self.0.model.waiter(waiter);
        let model = match &definition {
            Ok(definition) => self.0.client.waiter(&definition.waiter),
            // Reported when the wait is awaited.
            Err(error) => Err(Error::new(error.kind(), error.message().to_owned())),
        };
        let params = ResourceParams {
            resource: self.clone(),
            params: definition.map(|definition| definition.params.clone()),
            overrides: params.into(),
        };
        Wait::new(
            self.0.client.clone(),
            model,
            WaitParams::Deferred(Box::pin(params.resolve())),
        )
    }
}

#[cold]
fn invalid_identifiers(model: &ResourceModel, problem: std::fmt::Arguments<'_>) -> Error {
    let identifiers = model.identifiers.iter();
    let names: Vec<&str> = identifiers
        .map(|identifier| identifier.name.as_str())
        .collect();
    let names = if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    };
    Error::new(
        ErrorKind::Resource,
        format!(
            "{}.{}: {problem}; expected identifiers: {names}",
            model.service, model.name
        ),
    )
}
