//! [`PipelineInvoke`]: calls of credential providers.

use std::fmt;
use std::sync::Arc;

use inia_core::config::{Config, UNSIGNED};
use inia_core::ports::{BoxFuture, Invoke, InvokeOptions};
use inia_core::{Result, Value};

use super::factory::{ClientOptions, ServiceFactory};
use crate::identity::StaticIdentity;
use crate::interceptor::Interceptors;
use crate::pipeline::{CallOptions, current_deadline};
use crate::retry::RetryOptions;

/// Calls services for credential providers, through the same pipeline.
///
/// The session's options and its defaults mode apply to these calls too.
///
/// # Source
/// botocore `session.py:Session.create_client`, which the providers' `client_creator` is.
pub(super) struct PipelineInvoke {
    factory: Arc<ServiceFactory>,
    config: Config,
    retry: RetryOptions,
    interceptors: Interceptors,
}

impl PipelineInvoke {
    /// Creates the port with the options of a session, of which those that choose the endpoint, the API version, the protocol or the
    /// signature of a client do not apply to providers.
    pub(super) fn new(
        factory: Arc<ServiceFactory>,
        config: &Config,
        retry: &RetryOptions,
        interceptors: &Interceptors,
    ) -> Self {
        let mut config = config.clone();
        config.region = None;
        config.endpoint_url = None;
        config.api_version = None;
        config.protocol = None;
        config.signature_version = None;
        config.auth_scheme_preference = None;
        PipelineInvoke {
            factory,
            config,
            retry: retry.clone(),
            interceptors: interceptors.clone(),
        }
    }
}

impl fmt::Debug for PipelineInvoke {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PipelineInvoke").finish_non_exhaustive()
    }
}

impl Invoke for PipelineInvoke {
    fn call<'a>(
        &'a self,
        service: &'a str,
        operation: &'a str,
        params: Value,
        options: InvokeOptions,
    ) -> BoxFuture<'a, Result<Value>> {
        Box::pin(async move {
            let mut config = self.config.clone();
            if let Some(region) = options.region {
                config = config.region(region);
            }
            if let Some(url) = options.endpoint_url {
                config = config.endpoint_url(url);
            }
            if options.credentials.is_none() {
                config = config.signature_version(UNSIGNED);
            }
            let identity = Arc::new(StaticIdentity {
                credentials: options.credentials.map(Arc::new),
                token: None,
            });
            let client = ClientOptions::new(config, &self.retry, &self.interceptors, identity);
            let service = self.factory.service(service, &client)?;
            let operation = service.model.operation(operation)?;
            let call_options = CallOptions {
                headers: options.headers.into_iter().collect(),
                url_headers: options.url_headers,
                features: options.features,
                ttl: current_deadline(),
                ..CallOptions::default()
            };
            let output = service.call(operation, params, call_options).await?;
            Ok(output.value)
        })
    }
}
