//! Provider 11, `container-role`: the role of an ECS task or of a pod of EKS.

use std::time::Duration;

use bytes::Bytes;
use zeroize::Zeroizing;

use super::json::{self, Object};
use super::provider::{failed, misconfigured};
use super::url;
use super::{CredentialFeatures, CredentialProvider, Credentials, Lookup, ProviderContext, moment};
use crate::config::setting;
use crate::ports::{BoxFuture, HttpRequest};
use crate::{Error, ErrorKind, Result, Secret, Str};

/// Credentials of the endpoint that the environment of a container names.
///
/// # Source
/// botocore `credentials.py:ContainerProvider`, `utils.py:ContainerMetadataFetcher`.
#[derive(Debug)]
pub(super) struct ContainerProvider;

const NAME: &str = "container-role";
/// The address of a task's own credentials.
const TASK_HOST: &str = "169.254.170.2";
/// Hosts that may be asked without TLS, beside this machine.
const PLAIN_HOSTS: [&str; 3] = [TASK_HOST, "169.254.170.23", "fd00:ec2::23"];
const TIME_LIMIT: Duration = Duration::from_secs(2);
const ATTEMPTS: u32 = 3;
const PAUSE: Duration = Duration::from_secs(1);
/// How much the endpoint may answer, in bytes.
const ANSWER_LIMIT: usize = 64 * 1024;

impl CredentialProvider for ContainerProvider {
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
                return Err(misconfigured(format!("{name} does not start with /")));
            }
            let url = format!("http://{TASK_HOST}{path}");
            check(name, &url)?;
            url
        }
        (None, Some((name, url))) => {
            check(name, &url)?;
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
    let mut answer = loop {
        let request = HttpRequest {
            method: "GET",
            url: url.clone(),
            headers: headers.clone(),
            body: Bytes::new(),
            timeout: TIME_LIMIT,
            limit: ANSWER_LIMIT,
        };
        match ask(context, request).await {
            Ok(answer) => break answer,
            Err(error) if attempt < ATTEMPTS => {
                tracing::debug!("container credentials, attempt {attempt}: {error:#}");
                attempt += 1;
                context.host.clock.sleep(PAUSE).await;
            }
            Err(error) => {
                return Err(failed(format!(
                    "the container's credentials could not be had in {ATTEMPTS} attempts"
                ))
                .with_source(error));
            }
        }
    };
    let unusable =
        |error: Error| failed("the container's endpoint gave no credentials").with_source(error);
    let secret_access_key = json::take_secret(&mut answer, "SecretAccessKey").ok_or_else(|| {
        failed("the container's endpoint gave credentials without SecretAccessKey")
    })?;
    let session_token = json::take_secret(&mut answer, "Token");
    let expires = match json::text(&answer, "Expiration") {
        Some(text) => Some(moment::parse(text).map_err(unusable)?),
        None => None,
    };
    Ok(Lookup::Found(Credentials {
        access_key_id: Str::from(json::required(&answer, "AccessKeyId").map_err(unusable)?),
        secret_access_key,
        session_token,
        expires,
        account_id: json::text(&answer, "AccountId").map(Str::from),
        provider: Str::from_static(NAME),
        features: CredentialFeatures::HTTP,
    }))
}

/// Whether credentials may be asked of a URL: over TLS of any host, without it of this machine and of the hosts that are known.
fn check(name: &str, address: &str) -> Result<()> {
    let parts =
        url::parse(address).map_err(|problem| misconfigured(format!("{name}: {problem}")))?;
    if parts.scheme == "https" || parts.is_loopback() || PLAIN_HOSTS.contains(&parts.host) {
        return Ok(());
    }
    Err(misconfigured(format!(
        "{name}: `{}` may not be asked without TLS: only this machine, {} may",
        parts.host,
        PLAIN_HOSTS.join(", ")
    )))
}

/// What the container shows for its credentials.
fn authorization(context: &ProviderContext) -> Result<Option<Secret>> {
    let env = &*context.host.env;
    let token =
        if let Some((name, path)) = setting::CONTAINER_AUTHORIZATION_TOKEN_FILE.from_env(env) {
            let path = std::path::PathBuf::from(path);
            let unreadable = || failed(format!("{name}: {} cannot be read", path.display()));
            let bytes = context
                .host
                .files
                .read(&path)
                .map_err(|error| unreadable().with_source(error))?;
            let bytes = Zeroizing::new(bytes);
            let token = std::str::from_utf8(&bytes)
                .map_err(|_| failed(format!("{name}: {} is not UTF-8", path.display())))?;
            Secret::from(token)
        } else if let Some((_, token)) = setting::CONTAINER_AUTHORIZATION_TOKEN.from_env(env) {
            Secret::from(token)
        } else {
            return Ok(None);
        };
    if token.expose().contains(['\r', '\n']) {
        return Err(failed(
            "the container's authorization token has line breaks, and cannot be a header",
        ));
    }
    Ok(Some(token))
}

async fn ask(context: &ProviderContext, request: HttpRequest) -> Result<Object> {
    let answer = context.host.http.send(request).await?;
    let object = json::object(&answer.body);
    if answer.status == 200 {
        return object;
    }
    // An error may say what is wrong; nothing else of it is repeated.
    let said = object.ok().and_then(|object| {
        let code = json::text(&object, "code").or_else(|| json::text(&object, "Code"))?;
        let message = json::text(&object, "message")
            .or_else(|| json::text(&object, "Message"))
            .unwrap_or_default();
        let said: String = format!(": {code} {message}").chars().take(500).collect();
        Some(said)
    });
    Err(Error::new(
        ErrorKind::Connection,
        format!("HTTP {}{}", answer.status, said.unwrap_or_default()),
    ))
}
