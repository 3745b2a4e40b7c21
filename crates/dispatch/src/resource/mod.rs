//! Resources: a service as things that have identifiers, data and actions, and that lead to each other.
//!
//! # Source
//! boto3 `resources/`.

mod action;
mod collection;
mod data;
mod describe;
mod extras;
mod outcome;
mod params;
mod print;

pub use action::Action;
pub use collection::{Collection, CollectionItems, CollectionPages};
pub use describe::ResourcePart;
pub use outcome::Outcome;
pub(crate) use params::FillParams;

use std::borrow::Cow;
use std::sync::Arc;

use inia_core::config::Config;
use inia_core::ports::BoxFuture;
use inia_core::{Error, ErrorKind, Result, Str, Value};
use inia_model::{IdentifierSource, ResourceModel, Resources};

use crate::wait::WaitParams;
use crate::{Client, Session, Wait};
use data::Data;
use extras::LoadExtra;

/// A resource: a service, or a thing in it. Cheap to clone, and safe to share: its clones share its data.
///
/// Names are accepted as the definition spells them (`CreateBucket`) and in snake case (`create_bucket`), and where two parts of a
/// resource would have the same name as boto3 tells them apart.
///
/// ```no_run
/// # async fn example() -> inia_core::Result<()> {
/// use inia_dispatch::{Session, json};
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
/// Two resources are equal when they are of one kind and have the same identifiers, whatever client they came from.
#[derive(Clone)]
pub struct Resource(Arc<Inner>);

struct Inner {
    client: Client,
    resources: Arc<Resources>,
    model: Arc<ResourceModel>,
    identifiers: Box<[Value]>,
    data: Data,
}

impl Session {
    /// A service as a resource, with the session's settings.
    ///
    /// # Errors
    /// As [`client`](Session::client); `Model` where there is no resource definition of the service.
    pub fn resource(&self, service: &str) -> Result<Resource> {
        self.resource_with(service, &Config::new())
    }

    /// A service as a resource, with settings of its own over the session's.
    ///
    /// # Errors
    /// As [`resource`](Session::resource).
    ///
    /// # Source
    /// boto3 `session.py:Session.resource`.
    pub fn resource_with(&self, service: &str, config: &Config) -> Result<Resource> {
        let merged = self.core().config().merge(config);
        if merged.user_agent_extra.is_some() {
            return self.client_with(service, config)?.resource();
        }
        let config = config.clone().user_agent_extra("Resource");
        self.client_with(service, &config)?.resource()
    }
}

impl Client {
    /// The service as a resource.
    ///
    /// # Errors
    /// `Model`: there is no resource definition of the service (the message names the services that have one), or it is broken.
    pub fn resource(&self) -> Result<Resource> {
        let resources = Arc::clone(self.resources()?);
        let model = Arc::clone(resources.service()?);
        Ok(Resource(Arc::new(Inner {
            client: self.clone(),
            resources,
            model,
            identifiers: Box::default(),
            data: Data::default(),
        })))
    }
}

impl Resource {
    /// The client that the resource makes its calls with.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.0.client
    }

    /// The service's name.
    #[must_use]
    pub fn service_name(&self) -> &Str {
        &self.0.model.service
    }

    /// What kind of resource this is, such as `Bucket`; `ServiceResource` for the service itself.
    #[must_use]
    pub fn name(&self) -> &Str {
        &self.0.model.name
    }

    /// What resources of its kind have.
    #[must_use]
    pub fn model(&self) -> &ResourceModel {
        &self.0.model
    }

    /// The identifiers, with their names.
    pub fn identifiers(&self) -> impl ExactSizeIterator<Item = (&Str, &Value)> {
        let names = self.0.model.identifiers.iter();
        names
            .map(|identifier| &identifier.name)
            .zip(&self.0.identifiers)
    }

    /// The identifier of a name.
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

    /// A sub-resource, by the identifiers that this resource does not have itself: in order as a list, or by name as a map.
    ///
    /// ```no_run
    /// # fn example(s3: &inia_dispatch::Resource) -> inia_core::Result<()> {
    /// use inia_dispatch::json;
    ///
    /// let bucket = s3.get("Bucket", ["logs"])?;
    /// let object = bucket.get("Object", json!({"key": "2026/01.log"}))?;
    /// assert_eq!(object.to_string(), "s3.Object(bucket_name='logs', key='2026/01.log')");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `Model`: there is no such sub-resource. `Resource`: identifiers are missing, or there are too many or others.
    ///
    /// # Source
    /// boto3 `resources/factory.py:ResourceFactory._create_class_partial`.
    pub fn get(&self, name: &str, identifiers: impl Into<Value>) -> Result<Resource> {
        let relation = self.0.model.subresource(name)?;
        let model = self.0.resources.resource(&relation.resource.resource)?;
        let own = relation.resource.identifiers.iter();
        let own = own.filter_map(|identifier| match identifier.source {
            IdentifierSource::Identifier(position) => Some(self.identifier_at(position)),
            _ => None,
        });
        let mut values: Vec<Value> = own.collect();
        let mut by_name = Vec::new();
        match identifiers.into() {
            Value::Null => {}
            Value::List(given) => values.extend(given),
            Value::Map(given) => by_name.extend(given),
            one => values.push(one),
        }
        if values.len() > model.identifiers.len() {
            return Err(wrong_identifiers(
                model,
                format_args!("{} are given", values.len()),
            ));
        }
        values.resize(model.identifiers.len(), Value::Null);
        for (name, value) in by_name {
            let position = model.identifier(&name);
            match position.and_then(|position| values.get_mut(position)) {
                Some(slot) => *slot = value,
                None => return Err(wrong_identifiers(model, format_args!("`{name}` is given"))),
            }
        }
        self.sibling(model, values, None)
    }

    /// Another resource of the same service.
    fn sibling(
        &self,
        model: &Arc<ResourceModel>,
        identifiers: Vec<Value>,
        data: Option<Value>,
    ) -> Result<Resource> {
        for (identifier, value) in model.identifiers.iter().zip(&identifiers) {
            let problem = match value {
                Value::Null => "is not given",
                Value::List(_) | Value::Map(_) => "is no single value",
                _ => continue,
            };
            return Err(wrong_identifiers(
                model,
                format_args!("`{}` {problem}", identifier.name),
            ));
        }
        Ok(Resource(Arc::new(Inner {
            client: self.0.client.clone(),
            resources: Arc::clone(&self.0.resources),
            model: Arc::clone(model),
            identifiers: identifiers.into(),
            data: Data::new(data),
        })))
    }

    /// The names of the sub-resources, in order.
    #[must_use]
    pub fn available_subresources(&self) -> Vec<Str> {
        let relations = self.0.model.subresources.iter();
        let mut names: Vec<Str> = relations.map(|relation| relation.name.clone()).collect();
        names.sort();
        names
    }

    /// The data, if they are loaded.
    #[must_use]
    pub fn data(&self) -> Option<Arc<Value>> {
        self.0.data.get()
    }

    /// The data, loaded if they are not yet: once, however many tasks ask.
    ///
    /// # Errors
    /// As a call of the operation that loads; `Resource` where there is none. [`Value::Null`] where the service knows nothing of it.
    pub async fn loaded(&self) -> Result<Arc<Value>> {
        self.0.data.get_or_load(|| self.fetch()).await
    }

    /// Loads the data, anew if they are there.
    ///
    /// # Errors
    /// As [`loaded`](Self::loaded).
    pub async fn load(&self) -> Result<Arc<Value>> {
        self.0.data.load(|| self.fetch()).await
    }

    /// Loads the data anew: [`load`](Self::load).
    ///
    /// # Errors
    /// As [`loaded`](Self::loaded).
    pub async fn reload(&self) -> Result<Arc<Value>> {
        self.load().await
    }

    fn can_load(&self) -> bool {
        self.0.model.load.is_some() || LoadExtra::of(&self.0.model).is_some()
    }

    /// Asks the service for the data. A definition whose load needs the data themselves is refused when it is read.
    fn fetch(&self) -> BoxFuture<'_, Result<Value>> {
        if let Some(extra) = LoadExtra::of(&self.0.model) {
            return (extra.load)(self);
        }
        Box::pin(async move {
            let Some(load) = &self.0.model.load else {
                return Err(Error::new(
                    ErrorKind::Resource,
                    format!("{self}: its data cannot be loaded"),
                ));
            };
            let mut params = Value::map();
            self.fill_in(&load.request.params, &mut params, None)
                .await?;
            let output = self.0.client.call(&load.request.operation, params).await?;
            action::part(output, load).map(|output| output.value)
        })
    }

    /// An attribute: a member of the data, which are loaded for it if they are not there.
    ///
    /// # Errors
    /// As [`loaded`](Self::loaded); `Model` where there is no such attribute; `Resource` where the service knows nothing of the
    /// resource.
    pub async fn attribute(&self, name: &str) -> Result<Value> {
        let attribute = match self.0.model.attribute(name) {
            Ok(attribute) => attribute,
            // What tells the resource apart is had as its attributes are.
            Err(error) => return self.identifier(name).cloned().ok_or(error),
        };
        if let Some(position) = attribute.identifier {
            return Ok(self.identifier_at(position));
        }
        let data = self.loaded().await?;
        if data.is_null() {
            return Err(Error::new(
                ErrorKind::Resource,
                format!("{self}: the service knows nothing of it"),
            ));
        }
        Ok(data.get(&attribute.member).cloned().unwrap_or_default())
    }

    /// Something the resource does. Parameters that it fills in need not be given, and may be.
    pub fn action(&self, name: &str, params: impl Into<Value>) -> Action {
        Action::new(self, name, params.into())
    }

    /// What the data lead to: a resource, several, or nothing.
    ///
    /// # Errors
    /// As [`loaded`](Self::loaded); `Model` where there is no such reference.
    ///
    /// # Source
    /// boto3 `resources/factory.py:ResourceFactory._create_reference`.
    pub async fn reference(&self, name: &str) -> Result<Outcome> {
        let relation = self.0.model.reference(name)?;
        let data = self.loaded().await?;
        self.make(
            &relation.resource,
            None,
            &Value::map(),
            Cow::Borrowed(&data),
        )
        .await
    }

    /// The resources that the resource lists under a name. A wrong name is told when they are asked for.
    pub fn collection(&self, name: &str) -> Collection {
        Collection::new(self, name)
    }

    /// A wait for the resource, such as `running`, `Running` or `wait_until_running`.
    pub fn wait_until(&self, waiter: &str, params: impl Into<Value>) -> Wait {
        let found = self.0.model.waiter(waiter);
        let model = match &found {
            Ok(found) => self.0.client.waiter(&found.waiter),
            // The wait tells that there is none when it is awaited.
            Err(error) => Err(Error::new(error.kind(), error.message().to_owned())),
        };
        let fill = FillParams {
            resource: self.clone(),
            params: found.map(|found| found.params.clone()),
            given: params.into(),
        };
        Wait::new(self.0.client.clone(), model, WaitParams::OfResource(fill))
    }
}

#[cold]
fn wrong_identifiers(model: &ResourceModel, problem: std::fmt::Arguments<'_>) -> Error {
    let identifiers = model.identifiers.iter();
    let names: Vec<&str> = identifiers
        .map(|identifier| identifier.name.as_str())
        .collect();
    let names = if names.is_empty() {
        "no identifiers".to_owned()
    } else {
        names.join(", ")
    };
    Error::new(
        ErrorKind::Resource,
        format!("{}.{} takes {names}: {problem}", model.service, model.name),
    )
}
