//! The client of the instance metadata service (IMDS).

use std::time::Duration;

use bytes::Bytes;

use super::ProviderContext;
use super::provider::{failed, misconfigured};
use super::url;
use crate::config::{IpVersion, Settings, setting};
use crate::ports::HttpRequest;
use crate::{Error, ErrorKind, Result, Secret};

const IPV4: &str = "http://169.254.169.254";
const IPV6: &str = "http://[fd00:ec2::254]";
const TOKEN_PATH: &str = "/latest/api/token";
const TOKEN_SECONDS: &str = "21600";
const REGION_PATH: &str = "/latest/meta-data/placement/region";
/// The maximum size of a response, in bytes.
const RESPONSE_LIMIT: usize = 64 * 1024;

/// A client of the instance metadata service.
#[derive(Debug)]
pub(super) struct Imds<'a> {
    context: &'a ProviderContext,
    base: String,
    timeout: Duration,
    attempts: u32,
    v1_disabled: bool,
}

/// The error of a request.
#[derive(Debug)]
pub(super) enum ImdsError {
    /// HTTP status 404.
    NotFound,
    /// The service cannot be reached or failed: cached credentials may still be used.
    Unavailable(Error),
    /// The service rejected the request.
    Refused(Error),
}

/// The session token of IMDSv2, or `None` for IMDSv1.
pub(super) type SessionToken = Option<Secret>;

impl<'a> Imds<'a> {
    /// Creates a client; `None` if the service is disabled.
    ///
    /// # Source
    /// botocore `utils.py:IMDSFetcher`, `resolve_imds_endpoint_mode`.
    pub(super) fn new(context: &'a ProviderContext) -> Result<Option<Self>> {
        let settings = &context.settings;
        if settings
            .get(&setting::EC2_METADATA_DISABLED)?
            .unwrap_or(false)
        {
            return Ok(None);
        }
        Ok(Some(Imds {
            context,
            base: base_url(settings)?,
            timeout: settings
                .get(&setting::METADATA_SERVICE_TIMEOUT)?
                .filter(|timeout: &Duration| !timeout.is_zero())
                .unwrap_or(Duration::from_secs(1)),
            attempts: settings
                .get(&setting::METADATA_SERVICE_NUM_ATTEMPTS)?
                .unwrap_or(1),
            v1_disabled: settings
                .get(&setting::EC2_METADATA_V1_DISABLED)?
                .unwrap_or(false),
        }))
    }

    /// Requests a session token.
    ///
    /// Falls back to IMDSv1, unless that is disabled, if the service does not support sessions or the response is dropped because of the
    /// hop limit of a container network.
    ///
    /// DIFFERENCE: if the connection is refused, botocore tries IMDSv1 too; here this is an error.
    pub(super) async fn session_token(&self) -> Result<SessionToken, ImdsError> {
        let headers = vec![(
            "x-aws-ec2-metadata-token-ttl-seconds".to_owned(),
            Secret::from(TOKEN_SECONDS),
        )];
        let problem = match self.send("PUT", TOKEN_PATH, &headers).await {
            Ok((200, body)) => match text(&body) {
                // The token is sent in a header, so other characters are not allowed.
                Some(token) if token.bytes().all(|byte| byte.is_ascii_graphic()) => {
                    return Ok(Some(Secret::from(token)));
                }
                _ => "invalid token".to_owned(),
            },
            Ok((status @ 400, _)) => {
                return Err(ImdsError::Refused(Error::new(
                    ErrorKind::Connection,
                    format!("cannot open a session: HTTP {status}"),
                )));
            }
            Ok((status, _)) => format!("HTTP {status}"),
            Err(error) if error.kind() == ErrorKind::Timeout => error.to_string(),
            Err(error) => return Err(ImdsError::Unavailable(error)),
        };
        if self.v1_disabled {
            return Err(ImdsError::Refused(failed(format!(
                "cannot open a session with the instance metadata service ({problem}), and IMDSv1 is disabled"
            ))));
        }
        tracing::debug!(
            "instance metadata: cannot open a session ({problem}); falling back to IMDSv1"
        );
        Ok(None)
    }

    /// Requests a path. An empty response is an error.
    pub(super) async fn get(&self, path: &str, token: &SessionToken) -> Result<Bytes, ImdsError> {
        let headers = token
            .iter()
            .map(|token| ("x-aws-ec2-metadata-token".to_owned(), token.clone()))
            .collect::<Vec<_>>();
        match self.send("GET", path, &headers).await {
            Ok((200, body)) if !body.is_empty() => Ok(body),
            Ok((404, _)) => Err(ImdsError::NotFound),
            Ok((status, _)) => {
                let error = Error::new(
                    ErrorKind::Connection,
                    match status {
                        200 => format!("{path}: empty response"),
                        _ => format!("{path}: HTTP {status}"),
                    },
                );
                if status == 200 || status >= 500 {
                    Err(ImdsError::Unavailable(error))
                } else {
                    Err(ImdsError::Refused(error))
                }
            }
            Err(error) => Err(ImdsError::Unavailable(error)),
        }
    }

    /// Sends a request, with retries for transient errors.
    async fn send(
        &self,
        method: &'static str,
        path: &str,
        headers: &[(String, Secret)],
    ) -> Result<(u16, Bytes)> {
        let mut attempt = 1;
        loop {
            let request = HttpRequest {
                method,
                url: format!("{}{path}", self.base),
                headers: headers.to_vec(),
                body: Bytes::new(),
                timeout: self.timeout,
                limit: RESPONSE_LIMIT,
            };
            let result = self.context.host.http.send(request).await;
            let retryable = match &result {
                Ok(response) => {
                    response.status >= 500 || (response.status == 200 && response.body.is_empty())
                }
                // A timeout of the token request is caused by the hop limit, so a retry would fail too.
                Err(error) => !(method == "PUT" && error.kind() == ErrorKind::Timeout),
            };
            if !retryable || attempt >= self.attempts {
                return result.map(|response| (response.status, response.body));
            }
            tracing::debug!("instance metadata {path}: attempt {attempt} failed");
            attempt += 1;
        }
    }
}

fn base_url(settings: &Settings) -> Result<String> {
    let ipv6 = match settings.get::<IpVersion>(&setting::EC2_METADATA_SERVICE_ENDPOINT_MODE)? {
        Some(version) => version == IpVersion::Ipv6,
        None => settings.get(&setting::IMDS_USE_IPV6)?.unwrap_or(false),
    };
    let base = match settings.text(&setting::EC2_METADATA_SERVICE_ENDPOINT)? {
        Some(endpoint) => {
            url::parse(&endpoint).map_err(|problem| {
                misconfigured(format!(
                    "ec2_metadata_service_endpoint `{endpoint}`: {problem}"
                ))
            })?;
            String::from(endpoint)
        }
        None if ipv6 => IPV6.to_owned(),
        None => IPV4.to_owned(),
    };
    Ok(base.trim_end_matches('/').to_owned())
}

/// Returns the trimmed text of a body; `None` if it is empty or not UTF-8.
pub(super) fn text(body: &Bytes) -> Option<&str> {
    std::str::from_utf8(body)
        .ok()
        .map(str::trim)
        .filter(|text| !text.is_empty())
}

/// Returns the region of the instance; `None` if the service is not available.
///
/// # Source
/// botocore `utils.py:InstanceMetadataRegionFetcher`.
///
/// DIFFERENCE: botocore removes the last letter of the availability zone, which is wrong in local zones.
pub(super) async fn instance_region(context: &ProviderContext) -> Option<String> {
    let service = Imds::new(context).ok().flatten()?;
    let token = service.session_token().await.ok()?;
    let body = service.get(REGION_PATH, &token).await.ok()?;
    let region = text(&body)?;
    let valid = region.len() <= 63
        && region
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    valid.then(|| region.to_owned())
}
