//! Replays recorded traffic: HTTP requests as recorded, and service calls by the meaning of their responses.
//!
//! Other suites check the wire format of service calls; here the operation, its endpoint and its parameters are
//! checked.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::{Arc, Mutex};

use inia_core::config::{
    Config, ConfigFiles, DefaultsTable, FileLocations, Platform, ServiceName, Settings,
};
use inia_core::ports::{BoxFuture, Host, HttpRequest, HttpResponse, Invoke, InvokeOptions};
use inia_core::{Error, ErrorKind, Result, ServiceError, Str, Timestamp, TimestampFormat, Value};
use serde_json::Value as Json;

use crate::fakes::{FakeHttp, response};

/// A recorded exchange.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    pub(crate) method: String,
    pub(crate) uri: String,
    /// Lower-case names and values.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) request: String,
    pub(crate) status: u16,
    pub(crate) response: String,
}

impl Exchange {
    /// Returns a header of the request.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(header, _)| header == name)?;
        Some(value)
    }
}

/// The remaining exchanges.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recording(Arc<Mutex<VecDeque<Exchange>>>);

impl Recording {
    /// Reads an `http-traffic.json`.
    pub(crate) fn read(path: &Path) -> Self {
        let file = crate::read_json(path);
        let mut exchanges: Vec<(u64, Exchange)> = Vec::new();
        for event in file["events"].as_array().unwrap() {
            let connection = event["connection_id"].as_u64().unwrap();
            let action = &event["action"];
            if let Some(request) = action.get("Request") {
                let request = &request["request"];
                let headers = request["headers"].as_object().unwrap().iter();
                let exchange = Exchange {
                    method: request["method"].as_str().unwrap().to_owned(),
                    uri: request["uri"].as_str().unwrap().to_owned(),
                    headers: headers
                        .map(|(name, values)| {
                            (name.to_lowercase(), values[0].as_str().unwrap().to_owned())
                        })
                        .collect(),
                    request: String::new(),
                    status: 0,
                    response: String::new(),
                };
                exchanges.push((connection, exchange));
                continue;
            }
            let (_, exchange) = exchanges
                .iter_mut()
                .find(|(id, _)| *id == connection)
                .expect("an exchange starts with a request");
            if let Some(data) = action.get("Data") {
                let text = data["data"]["Utf8"].as_str().unwrap();
                match data["direction"].as_str() {
                    Some("Request") => exchange.request.push_str(text),
                    _ => exchange.response.push_str(text),
                }
            } else if let Some(response) = action.get("Response") {
                let status = response["response"]["Ok"]["status"].as_u64().unwrap();
                exchange.status = u16::try_from(status).unwrap();
            }
        }
        let exchanges = exchanges.into_iter().map(|(_, exchange)| exchange);
        Recording(Arc::new(Mutex::new(exchanges.collect())))
    }

    /// Returns the next exchange.
    pub(crate) fn next(&self) -> Option<Exchange> {
        self.0.lock().unwrap().pop_front()
    }

    /// Reports whether all exchanges were replayed.
    pub(crate) fn is_over(&self) -> bool {
        self.0.lock().unwrap().is_empty()
    }

    /// Returns the bodies of all responses, which contain the secrets.
    pub(crate) fn responses(&self) -> Vec<String> {
        let exchanges = self.0.lock().unwrap();
        exchanges
            .iter()
            .map(|exchange| exchange.response.clone())
            .collect()
    }

    /// Returns an HTTP port that replays the recording.
    pub(crate) fn http(&self) -> FakeHttp {
        let recording = self.clone();
        FakeHttp::new(move |request| recording.send(request))
    }

    fn send(&self, request: &HttpRequest) -> Result<HttpResponse> {
        let mut exchanges = self.0.lock().unwrap();
        let expected = exchanges.front().is_some_and(|exchange| {
            let same_headers = ["x-aws-ec2-metadata-token", "authorization"]
                .iter()
                .all(|name| {
                    let sent = request
                        .headers
                        .iter()
                        .find(|(header, _)| header.eq_ignore_ascii_case(name));
                    exchange
                        .header(name)
                        .is_none_or(|value| sent.is_some_and(|(_, sent)| sent.expose() == value))
                });
            exchange.method == request.method && exchange.uri == request.url && same_headers
        });
        if expected && let Some(exchange) = exchanges.pop_front() {
            return response(exchange.status, exchange.response);
        }
        if request.url.contains("/security-credentials-extended/") {
            // The recordings predate these paths; services without them return 404.
            return response(404, "");
        }
        Err(Error::new(
            ErrorKind::Connection,
            format!(
                "no recorded response for {} {}",
                request.method, request.url
            ),
        ))
    }

    /// Returns the `Invoke` port of a session with these ports.
    pub(crate) fn invoke(&self, host: &Host) -> Arc<dyn Invoke> {
        let locations = FileLocations::resolve(&*host.env, Platform::CURRENT);
        let settings = ConfigFiles::load(&*host.files, locations).and_then(|files| {
            Settings::new(
                Arc::clone(&host.env),
                Arc::new(files),
                None,
                BTreeMap::new(),
            )
        });
        Arc::new(ReplayInvoke {
            recording: self.clone(),
            settings,
        })
    }
}

#[derive(Debug)]
struct ReplayInvoke {
    recording: Recording,
    /// An error is reported by the session itself.
    settings: Result<Settings>,
}

impl Invoke for ReplayInvoke {
    fn call<'a>(
        &'a self,
        service: &'a str,
        operation: &'a str,
        params: Value,
        options: InvokeOptions,
    ) -> BoxFuture<'a, Result<Value>> {
        let params = serde_json::to_value(&params).unwrap();
        Box::pin(std::future::ready(
            self.response(service, operation, &params, &options),
        ))
    }
}

impl ReplayInvoke {
    fn response(
        &self,
        service: &str,
        operation: &str,
        params: &Json,
        options: &InvokeOptions,
    ) -> Result<Value> {
        // Three attempts, as in a client.
        for _ in 0..3 {
            let Some(exchange) = self.recording.next() else {
                return Err(Error::new(ErrorKind::Connection, "no recorded response"));
            };
            let endpoint = self.endpoint(service, options)?;
            assert!(
                exchange.uri.starts_with(&endpoint),
                "called {endpoint}, recorded is {}",
                exchange.uri
            );
            match operation {
                "AssumeRole" | "AssumeRoleWithWebIdentity" => {
                    let action = format!("Action={operation}&");
                    assert!(exchange.request.starts_with(&action), "called {operation}");
                    let signed = options.credentials.is_some();
                    assert_eq!(signed, operation == "AssumeRole", "{operation} is signed");
                    for name in ["RoleArn", "RoleSessionName"] {
                        assert!(params[name].as_str().is_some_and(|text| !text.is_empty()));
                    }
                }
                "GetRoleCredentials" => {
                    assert!(
                        options.credentials.is_none(),
                        "GetRoleCredentials must not be signed"
                    );
                    let text = |name: &str| params[name].as_str().unwrap();
                    assert!(
                        exchange
                            .uri
                            .contains(&format!("account_id={}", text("accountId")))
                    );
                    assert!(
                        exchange
                            .uri
                            .contains(&format!("role_name={}", text("roleName")))
                    );
                    let token = (
                        "x-amz-sso_bearer_token".to_owned(),
                        text("accessToken").to_owned(),
                    );
                    assert!(exchange.headers.contains(&token));
                }
                other => panic!("called {service} {other}"),
            }
            match (exchange.status, service) {
                (200, "sts") => return Ok(parse_sts_response(&exchange.response)),
                (200, _) => return Ok(serde_json::from_str(&exchange.response).unwrap()),
                (500.., _) => {}
                (status, _) => {
                    let error = ServiceError {
                        code: Str::from(tag(&exchange.response, "Code").unwrap_or_default()),
                        message: Str::from(tag(&exchange.response, "Message").unwrap_or_default()),
                        http_status: status,
                        ..ServiceError::default()
                    };
                    return Err(Error::from_service(operation, error));
                }
            }
            if self.recording.is_over() {
                let error = ServiceError {
                    http_status: exchange.status,
                    ..ServiceError::default()
                };
                return Err(Error::from_service(operation, error));
            }
        }
        Err(Error::new(
            ErrorKind::Connection,
            "no response after three attempts",
        ))
    }

    /// Returns the endpoint of a service under the current settings.
    fn endpoint(&self, service: &str, options: &InvokeOptions) -> Result<String> {
        let name = ServiceName {
            name: service,
            id: if service == "sts" { "STS" } else { "SSO" },
        };
        let mut config = Config::new();
        if let Some(region) = &options.region {
            config = config.region(region.clone());
        }
        let settings = self.settings.as_ref().unwrap();
        let settings = settings.for_client(&config, name, &DefaultsTable::default(), None)?;
        if let Some(url) = settings.endpoint_url {
            return Ok(url.to_string());
        }
        let host = if service == "sts" {
            "sts"
        } else {
            "portal.sso"
        };
        let fips = if settings.use_fips_endpoint {
            "-fips"
        } else {
            ""
        };
        let domain = if settings.use_dualstack_endpoint {
            "api.aws"
        } else {
            "amazonaws.com"
        };
        let region = settings.region.expect("services are called in a region");
        Ok(format!("https://{host}{fips}.{region}.{domain}/"))
    }
}

/// Parses a response of STS.
fn parse_sts_response(xml: &str) -> Value {
    let text = |name: &str| tag(xml, name).unwrap_or_default().to_owned();
    let expires = Timestamp::parse(&text("Expiration"), TimestampFormat::Iso8601).unwrap();
    inia_core::json!({
        "AssumedRoleUser": {"Arn": text("Arn")},
        "Credentials": {
            "AccessKeyId": text("AccessKeyId"),
            "SecretAccessKey": text("SecretAccessKey"),
            "SessionToken": text("SessionToken"),
            "Expiration": expires,
        },
    })
}

fn tag<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    Some(text)
}
