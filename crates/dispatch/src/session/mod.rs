//! [`Session`]: settings, credentials and service definitions, from which clients are created.

mod builder;
mod factory;
mod invoke;

pub use builder::SessionBuilder;

use std::fmt;
use std::sync::Arc;

use inia_core::config::{Config, Settings};
use inia_core::{
    Credentials, Error, ErrorKind, Identities, Result, SsoLogin, SsoLogout, Str, Token,
};
use inia_endpoint::{EndpointVariant, EndpointsData};
use inia_model::{Catalog, DefinitionSource, ServiceModel};

use crate::interceptor::Interceptors;
use crate::{Client, RetryOptions};
use factory::ServiceFactory;

pub(crate) use factory::ClientOptions;

/// Settings, credentials and service definitions, from which clients are created. Cheap to clone, and safe to share.
///
/// ```no_run
/// # use inia_dispatch as inia;
/// use inia::Session;
///
/// # async fn example() -> inia_core::Result<()> {
/// let session = Session::load().await?; // environment, ~/.aws, container, instance: boto3's rules
/// let ec2 = session.client("ec2")?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Session(Arc<SessionInner>);

struct SessionInner {
    config: Config,
    retry: RetryOptions,
    interceptors: Interceptors,
    identities: Arc<Identities>,
    factory: Arc<ServiceFactory>,
}

impl Session {
    /// Returns a builder over this process's environment, files and network.
    pub fn builder() -> SessionBuilder {
        SessionBuilder::new()
    }

    /// Loads a session from the environment and the files in `~/.aws`.
    ///
    /// # Errors
    /// `Config`: a config file is invalid, or the profile that the environment names is missing.
    pub async fn load() -> Result<Self> {
        Session::builder().load().await
    }

    /// Returns the settings: from code, the environment, the profile and the defaults.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.0.factory.settings
    }

    /// Returns the options set in code, which a client's options override.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// Returns the catalog of service definitions.
    #[must_use]
    pub fn catalog(&self) -> &Arc<Catalog> {
        &self.0.factory.catalog
    }

    /// Returns the profile name.
    #[must_use]
    pub fn profile(&self) -> &str {
        self.settings().profile_name()
    }

    /// Returns the region; `None` if none is set.
    ///
    /// # Errors
    /// `Config`: the region is not a valid host label.
    pub fn region(&self) -> Result<Option<Str>> {
        self.settings().region(&self.0.config)
    }

    /// Returns the credentials, refreshed if necessary.
    ///
    /// # Errors
    /// `Credentials`: no provider has any. The message lists the providers and the reason of each.
    pub async fn credentials(&self) -> Result<Arc<Credentials>> {
        self.0.identities.credentials().await
    }

    /// Invalidates credentials that a service has rejected as expired or unknown. They are loaded again for the next call.
    pub fn invalidate(&self, rejected: &Arc<Credentials>) {
        self.0.identities.invalidate(rejected);
    }

    /// Returns the bearer token for the signing name (`bedrock`) of a service, refreshed if necessary.
    ///
    /// # Errors
    /// `Credentials`: no provider has any. The message lists the providers and the reason of each.
    pub async fn token(&self, signing_name: Option<&str>) -> Result<Arc<Token>> {
        self.0.identities.token(signing_name).await
    }

    /// Starts a login to IAM Identity Center: for the given `[sso-session]`, or by default for the one in the profile.
    ///
    /// ```no_run
    /// # async fn example() -> inia_core::Result<()> {
    /// let session = inia_dispatch::Session::load().await?;
    /// let login = session.sso_login(None).await?;
    /// println!("open {} and enter {}", login.verification_url(), login.user_code());
    /// login.finish().await?; // waits until the user has confirmed
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `Config`: the config file has no such SSO session, or the profile has no SSO settings. The service's errors.
    pub async fn sso_login(&self, session: Option<&str>) -> Result<SsoLogin> {
        self.0.identities.sso_login(session).await
    }

    /// Ends all logins to IAM Identity Center, and removes their cached tokens and credentials.
    ///
    /// # Errors
    /// `Credentials`: a cache file cannot be removed.
    pub async fn sso_logout(&self) -> Result<SsoLogout> {
        self.0.identities.sso_logout().await
    }

    /// Returns the names of the profiles in both config files.
    #[must_use]
    pub fn available_profiles(&self) -> Vec<Str> {
        let names = self.settings().files().profile_names();
        names.map(Str::from).collect()
    }

    /// Returns the names of all services with a definition, sorted.
    #[must_use]
    pub fn available_services(&self) -> Vec<Str> {
        self.catalog().services()
    }

    /// Returns the definition of a service, in the API version of `api_versions` in the profile or the newest.
    ///
    /// # Errors
    /// `Model`: unknown service or version, or an invalid definition.
    pub fn service_model(&self, service: &str) -> Result<Arc<ServiceModel>> {
        let version = self.settings().api_version(service);
        self.catalog().service(service, version)
    }

    /// Returns the API version and the origin of the definition of a service.
    ///
    /// # Errors
    /// `Model`: unknown service or version, or a file that cannot be read.
    pub fn definition_source(&self, service: &str) -> Result<DefinitionSource> {
        let version = self.settings().api_version(service);
        self.catalog().source(service, version)
    }

    /// Returns the names of all services with a resource definition, sorted.
    #[must_use]
    pub fn available_resources(&self) -> Vec<Str> {
        let mut services = self.available_services();
        services.retain(|service| {
            !self
                .catalog()
                .api_versions(service, "resources-1")
                .is_empty()
        });
        services
    }

    /// Returns the ids of all partitions (`aws`, `aws-cn`...).
    ///
    /// # Errors
    /// `Model`: the partition definitions are missing or invalid.
    pub fn available_partitions(&self) -> Result<Vec<Str>> {
        Ok(self.endpoints()?.partitions().cloned().collect())
    }

    /// Returns the regions of a partition in which a service is listed. The list of a new service may be empty or incomplete.
    ///
    /// # Errors
    /// `Model`: the service is unknown, or the endpoint definitions are missing or invalid.
    pub fn available_regions(&self, service: &str, partition: &str) -> Result<Vec<Str>> {
        let model = self.catalog().service(service, None)?;
        let endpoints = self.endpoints()?;
        let regions = endpoints.available_endpoints(
            &model.metadata().endpoint_prefix,
            partition,
            false,
            EndpointVariant::default(),
        );
        Ok(regions.into_iter().cloned().collect())
    }

    /// Returns the id of the partition that a region belongs to.
    ///
    /// # Errors
    /// `Model`: no partition has the region, or the endpoint definitions are missing or invalid.
    pub fn partition_for_region(&self, region: &str) -> Result<Str> {
        let endpoints = self.endpoints()?;
        endpoints
            .partition_for_region(region)
            .cloned()
            .map_err(|error| Error::new(ErrorKind::Model, error.message().to_owned()))
    }

    pub(crate) fn identities(&self) -> &Arc<Identities> {
        &self.0.identities
    }

    fn endpoints(&self) -> Result<EndpointsData> {
        self.0.factory.endpoints()
    }

    /// Returns a client for a service, with the session's settings. The service is named as by boto3 (`sqs`, `stepfunctions`), by its
    /// service id (`sfn`, `Lex Runtime V2`) or by boto3's class name (`ElasticLoadBalancingv2`), in any case.
    ///
    /// # Errors
    /// `Model`: the service is unknown (the message suggests similar names), or its definition is invalid. `Config`: a setting
    /// is invalid.
    pub fn client(&self, service: &str) -> Result<Client> {
        self.client_with(service, &Config::new())
    }

    /// Returns a client with settings that override the session's.
    ///
    /// ```no_run
    /// # async fn example() -> inia_core::Result<()> {
    /// # mod inia { pub use inia_core::*; pub use inia_dispatch::*; }
    /// use inia::{Session, config::Config};
    ///
    /// let session = Session::load().await?;
    /// let config = Config::new().region("eu-west-1").endpoint_url("http://127.0.0.1:5000");
    /// let sqs = session.client_with("sqs", &config)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`client`](Self::client).
    pub fn client_with(&self, service: &str, config: &Config) -> Result<Client> {
        let config = self.0.config.merge(config);
        let identities = Arc::clone(&self.0.identities);
        self.make_client(
            service,
            ClientOptions::new(config, &self.0.retry, &self.0.interceptors, identities),
        )
    }

    pub(crate) fn make_client(&self, service: &str, mut options: ClientOptions) -> Result<Client> {
        let service = self.0.factory.service(service, &options)?;
        options.retry_state = Some(Arc::clone(&service.retry_state));
        Ok(Client::new(service, self.clone(), options))
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("profile", &self.profile())
            .field("config", &self.0.config)
            .field("identities", &self.0.identities)
            .finish_non_exhaustive()
    }
}
