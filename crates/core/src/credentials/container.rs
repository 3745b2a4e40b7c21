//! Provider 11, `container-role`: the role of an ECS task or an EKS pod.

use std::time::Duration;

use bytes::Bytes;
use zeroize::Zeroizing;

use super::json::{self, Object};
use super::provider::{failed, misconfigured};
use super::url;
use super::{Credentials, Lookup, Provider, ProviderContext, expiration};
use crate::config::setting;
use crate::ports::{BoxFuture, HttpRequest};
use crate::{Error, ErrorKind, Result, Secret, Str, UserAgentFeatures};

/// Credentials from the container credentials endpoint named in the environment.
///
/// # Source
/// botocore `credentials.py:ContainerProvider`, `utils.py:ContainerMetadataFetcher`.
#[derive(Debug)]
pub(super) struct ContainerProvider;

const NAME: &str = "container-role";
/// The host of the ECS credentials endpoint.
const TASK_HOST: &str = "169.254.170.2";
/// Hosts other than loopback that are allowed without TLS.
const PLAIN_HOSTS: [&str; 3] = [TASK_HOST, "169.254.170.23", "fd00:ec2::23"];
const TIMEOUT: Duration = Duration::from_secs(2);
const ATTEMPTS: u32 = 3;
const RETRY_DELAY: Duration = Duration::from_secs(1);
/// The maximum size of a response, in bytes.
const RESPONSE_LIMIT: usize = 64 * 1024;

impl Provider<Credentials> for ContainerProvider {
    fn name(&self) -> &str {
        NAME
    }

    fn load<'a>(
        &'a self,
        context: &'a ProviderContext,
    ) -> BoxFuture<'a, Result<Lookup<Credentials>>> {
        Box::pin(load(context))
    }
}

async fn load(context: &ProviderContext) -> Result<Lookup<Credentials>> {
    let env = &*context.host.env;
    let url = match (
        setting::CONTAINER_CREDENTIALS_RELATIVE_URI.from_env(env),
        setting::CONTAINER_CREDENTIALS_FULL_URI.from_env(env),
    ) {
        (Some((name, path)), _) => {
            if !path.starts_with('/') {
                return Err(misconfigured(format!("{name} must start with /")));
            }
            let url = format!("http://{TASK_HOST}{path}");
            check_host(name, &url)?;
            url
        }
        (None, Some((name, url))) => {
            check_host(name, &url)?;
            url
        }
        (None, None) => {
            return Lookup::none(
                "neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI is set",
            );
        }
    };
    let mut headers = vec![("Accept".to_owned(), Secret::from("application/json"))];
    if let Some(token) = authorization(context)? {
        headers.push(("Authorization".to_owned(), token));
    }
    let mut attempt = 1;
    let mut response = loop {
        let request = HttpRequest {
            method: "GET",
            url: url.clone(),
            headers: headers.clone(),
            body: Bytes::new(),
            timeout: TIMEOUT,
            limit: RESPONSE_LIMIT,
        };
        match fetch(context, request).await {
            Ok(response) => break response,
            Err(error) if attempt < ATTEMPTS => {
                tracing::debug!("container credentials, attempt {attempt}: {error:#}");
                attempt += 1;
                context.host.clock.sleep(RETRY_DELAY).await;
            }
            Err(error) => {
                return Err(failed(format!(
                    "loading container credentials failed after {ATTEMPTS} attempts"
                ))
                .with_source(error));
            }
        }
    };
    let invalid = |error: Error| {
        failed("invalid response of the container credentials endpoint").with_source(error)
    };
    let secret_access_key =
        json::take_secret(&mut response, "SecretAccessKey").ok_or_else(|| {
            failed("the response of the container credentials endpoint has no SecretAccessKey")
        })?;
    let session_token = json::take_secret(&mut response, "Token");
    let expires = expiration::optional(&response, "Expiration").map_err(invalid)?;
    Ok(Lookup::Found(Credentials {
        access_key_id: Str::from(json::required(&response, "AccessKeyId").map_err(invalid)?),
        secret_access_key,
        session_token,
        expires,
        account_id: json::text(&response, "AccountId").map(Str::from),
        provider: Str::from_static(NAME),
        features: UserAgentFeatures::CREDENTIALS_HTTP,
    }))
}

/// Checks that credentials may be requested from a URL: any host with TLS, without TLS only loopback and [`PLAIN_HOSTS`].
fn check_host(name: &str, address: &str) -> Result<()> {
    let parts =
        url::parse(address).map_err(|problem| misconfigured(format!("{name}: {problem}")))?;
    if parts.scheme == "https" || parts.is_loopback() || PLAIN_HOSTS.contains(&parts.host) {
        return Ok(());
    }
    Err(misconfigured(format!(
        "{name}: host `{}` requires https; http is allowed for loopback, {}",
        parts.host,
        PLAIN_HOSTS.join(", ")
    )))
}

/// Returns the authorization token.
fn authorization(context: &ProviderContext) -> Result<Option<Secret>> {
    let env = &*context.host.env;
    let token =
        if let Some((name, path)) = setting::CONTAINER_AUTHORIZATION_TOKEN_FILE.from_env(env) {
            let path = std::path::PathBuf::from(path);
            let unreadable = || failed(format!("{name}: cannot read {}", path.display()));
            let bytes = context
                .host
                .files
                .read(&path)
                .map_err(|error| unreadable().with_source(error))?;
            let bytes = Zeroizing::new(bytes);
            let token = std::str::from_utf8(&bytes)
                .map_err(|_| failed(format!("{name}: {} is not UTF-8", path.display())))?;
            Secret::from(token.trim())
        } else if let Some((_, token)) = setting::CONTAINER_AUTHORIZATION_TOKEN.from_env(env) {
            Secret::from(token)
        } else {
            return Ok(None);
        };
    if token.expose().contains(['\r', '\n']) {
        return Err(failed(
            "the container authorization token contains line breaks, which are not allowed in a header",
        ));
    }
    Ok(Some(token))
}

async fn fetch(context: &ProviderContext, request: HttpRequest) -> Result<Object> {
    let response = context.host.http.send(request).await?;
    let object = json::object(&response.body);
    if response.status == 200 {
        return object;
    }
    // Of an error response only code and message are reported: the rest may contain secrets.
    let detail = object.ok().and_then(|object| {
        let code = json::text(&object, "code").or_else(|| json::text(&object, "Code"))?;
        let message = json::text(&object, "message")
            .or_else(|| json::text(&object, "Message"))
            .unwrap_or_default();
        let detail: String = format!(": {code} {message}").chars().take(500).collect();
        Some(detail)
    });
    Err(Error::new(
        ErrorKind::Connection,
        format!("HTTP {}{}", response.status, detail.unwrap_or_default()),
    ))
}
