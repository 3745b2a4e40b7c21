//! The instance metadata service: where it is, its session token, and what it answers.

use std::time::Duration;

use bytes::Bytes;

use super::ProviderContext;
use super::provider::{failed, misconfigured};
use super::url;
use crate::config::{Settings, setting};
use crate::ports::HttpRequest;
use crate::{Error, ErrorKind, Result, Secret};

const IPV4: &str = "http://169.254.169.254";
const IPV6: &str = "http://[fd00:ec2::254]";
const TOKEN_PATH: &str = "/latest/api/token";
const TOKEN_SECONDS: &str = "21600";
const REGION_PATH: &str = "/latest/meta-data/placement/region";
/// How much the service may answer, in bytes.
const ANSWER_LIMIT: usize = 64 * 1024;

/// The service as the settings say to reach it.
#[derive(Debug)]
pub(super) struct Imds<'a> {
    context: &'a ProviderContext,
    base: String,
    timeout: Duration,
    attempts: i64,
    v1_disabled: bool,
}

/// Why the service has no answer.
#[derive(Debug)]
pub(super) enum NoAnswer {
    /// It has nothing there (404).
    NotFound,
    /// It cannot be reached or is out of order: what was had before may be used on.
    Down(Error),
    /// It refuses.
    Refused(Error),
}

/// What opens the service: a session's token, or nothing for its first version.
pub(super) type SessionToken = Option<Secret>;

impl<'a> Imds<'a> {
    /// The service; `None` where the environment disables it.
    ///
    /// # Source
    /// botocore `utils.py:IMDSFetcher`, `resolve_imds_endpoint_mode`.
    pub(super) fn new(context: &'a ProviderContext) -> Result<Option<Self>> {
        let settings = &context.settings;
        if settings
            .flag(&setting::EC2_METADATA_DISABLED)?
            .unwrap_or(false)
        {
            return Ok(None);
        }
        Ok(Some(Imds {
            context,
            base: base_url(settings)?,
            timeout: settings
                .seconds(&setting::METADATA_SERVICE_TIMEOUT)?
                .filter(|timeout| !timeout.is_zero())
                .unwrap_or(Duration::from_secs(1)),
            attempts: settings
                .integer(&setting::METADATA_SERVICE_NUM_ATTEMPTS)?
                .unwrap_or(1),
            v1_disabled: settings
                .flag(&setting::EC2_METADATA_V1_DISABLED)?
                .unwrap_or(false),
        }))
    }

    /// Opens a session.
    ///
    /// A service that has no sessions, or whose answer does not come back through the hops of a container's network, is asked without
    /// one, unless that is disabled.
    ///
    /// DIFFERENCE: where nothing listens at all, botocore asks once more without a session; here that is the end.
    pub(super) async fn open(&self) -> Result<SessionToken, NoAnswer> {
        let headers = vec![(
            "x-aws-ec2-metadata-token-ttl-seconds".to_owned(),
            Secret::from(TOKEN_SECONDS),
        )];
        let problem = match self.send("PUT", TOKEN_PATH, &headers).await {
            Ok((200, body)) => match text(&body) {
                // A token goes back in a header: anything else is no token.
                Some(token) if token.bytes().all(|byte| byte.is_ascii_graphic()) => {
                    return Ok(Some(Secret::from(token)));
                }
                _ => "it gave no token".to_owned(),
            },
            Ok((status @ 400, _)) => {
                return Err(NoAnswer::Refused(Error::new(
                    ErrorKind::Connection,
                    format!("no session: HTTP {status}"),
                )));
            }
            Ok((status, _)) => format!("HTTP {status}"),
            Err(error) if error.kind() == ErrorKind::Timeout => error.to_string(),
            Err(error) => return Err(NoAnswer::Down(error)),
        };
        if self.v1_disabled {
            return Err(NoAnswer::Refused(failed(format!(
                "the instance metadata service opened no session ({problem}), and asking without one is disabled"
            ))));
        }
        tracing::debug!("instance metadata: no session ({problem}); asking without one");
        Ok(None)
    }

    /// Asks for a path; the answer is not empty.
    pub(super) async fn get(&self, path: &str, token: &SessionToken) -> Result<Bytes, NoAnswer> {
        let headers = token
            .iter()
            .map(|token| ("x-aws-ec2-metadata-token".to_owned(), token.clone()))
            .collect::<Vec<_>>();
        match self.send("GET", path, &headers).await {
            Ok((200, body)) if !body.is_empty() => Ok(body),
            Ok((404, _)) => Err(NoAnswer::NotFound),
            Ok((status, _)) => {
                let error = Error::new(
                    ErrorKind::Connection,
                    match status {
                        200 => format!("{path}: the answer is empty"),
                        _ => format!("{path}: HTTP {status}"),
                    },
                );
                if status == 200 || status >= 500 {
                    Err(NoAnswer::Down(error))
                } else {
                    Err(NoAnswer::Refused(error))
                }
            }
            Err(error) => Err(NoAnswer::Down(error)),
        }
    }

    /// Sends a request, again where it fails in a way that may pass.
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
                limit: ANSWER_LIMIT,
            };
            let result = self.context.host.http.send(request).await;
            let again = match &result {
                Ok(answer) => {
                    answer.status >= 500 || (answer.status == 200 && answer.body.is_empty())
                }
                // A token that does not arrive in time will not the next time either: it is lost on its way.
                Err(error) => !(method == "PUT" && error.kind() == ErrorKind::Timeout),
            };
            if !again || attempt >= self.attempts {
                return result.map(|answer| (answer.status, answer.body));
            }
            tracing::debug!("instance metadata {path}: attempt {attempt} failed");
            attempt += 1;
        }
    }
}

fn base_url(settings: &Settings) -> Result<String> {
    let mode = settings.text(&setting::EC2_METADATA_SERVICE_ENDPOINT_MODE)?;
    let ipv6 = match mode {
        Some(mode) => mode == "ipv6",
        None => settings.flag(&setting::IMDS_USE_IPV6)?.unwrap_or(false),
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

/// An answer's text, trimmed; `None` where it is none.
pub(super) fn text(body: &Bytes) -> Option<&str> {
    std::str::from_utf8(body)
        .ok()
        .map(str::trim)
        .filter(|text| !text.is_empty())
}

/// The region the instance is in; `None` where there is no service to ask.
///
/// # Source
/// botocore `utils.py:InstanceMetadataRegionFetcher`.
///
/// DIFFERENCE: botocore drops the last letter of the availability zone, which is wrong in local zones.
pub(crate) async fn instance_region(context: &ProviderContext) -> Option<String> {
    let service = Imds::new(context).ok().flatten()?;
    let token = service.open().await.ok()?;
    let body = service.get(REGION_PATH, &token).await.ok()?;
    let region = text(&body)?;
    let plausible = region.len() <= 63
        && region
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    plausible.then(|| region.to_owned())
}
