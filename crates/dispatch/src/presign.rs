//! [`Presign`]: a call as a URL that anybody who has it may use until it expires.

use std::fmt;
use std::future::IntoFuture;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use inia_core::config::check_region;
use inia_core::ports::BoxFuture;
use inia_core::{Credentials, Error, ErrorKind, Problem, Result, Str, Timestamp, Value};
use inia_model::Operation;
use inia_protocol::{Headers, Request, read_json};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::auth::{Auth, AuthScheme};
use crate::client::Client;
use crate::customization::{CallState, CrossRegionCopy};
use crate::params::Params;
use crate::pipeline::{CallOptions, Draft, Plan, Service};
use crate::sign::{Signable, SignableBody, presign};
use crate::url::{BaseUrl, Url};

/// How long AWS accepts a URL that was signed with SigV4: seven days.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// How long a URL for a copy between regions is good for, as botocore has it.
const COPY_EXPIRES: Duration = Duration::from_secs(60 * 60);

/// Everything but letters, digits and `-._~`.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A call that is signed but not sent, ready to be awaited: see [`Client::presign`].
#[derive(Debug)]
#[must_use = "nothing is signed before it is awaited"]
pub struct Presign {
    client: Client,
    operation: Result<u32>,
    params: Result<Params>,
    options: CallOptions,
    method: Option<Str>,
    expires_in: Duration,
}

impl Presign {
    pub(crate) fn new(
        client: Client,
        operation: Result<u32>,
        params: Result<Params>,
        expires_in: Duration,
    ) -> Self {
        Presign {
            client,
            operation,
            params,
            options: CallOptions::default(),
            method: None,
            expires_in,
        }
    }

    /// Signs for another HTTP method than the operation's own: most services of the query protocol take `GET` as well as `POST`.
    pub fn method(mut self, method: impl Into<Str>) -> Self {
        self.method = Some(method.into());
        self
    }

    /// Signs a header, which whoever uses the URL has to send.
    pub fn header(mut self, name: &str, value: impl Into<Str>) -> Self {
        self.options.headers.set(name.to_ascii_lowercase(), value);
        self
    }

    /// Signs with these credentials instead of the client's.
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.options.credentials = Some(Arc::new(credentials));
        self
    }

    /// Signs the request.
    ///
    /// # Errors
    /// As a [`Call`](crate::Call) before it is sent; `Validation` too where the URL is to be good for less than a second or more
    /// than seven days, and `Config` where the service's auth scheme has no form in a URL.
    pub async fn sign(self) -> Result<PresignedRequest> {
        let service = self.client.service();
        let operation = self.client.operation_at(self.operation?)?;
        service
            .presign(
                operation,
                self.params?,
                self.options,
                self.method,
                self.expires_in,
            )
            .await
    }
}

impl IntoFuture for Presign {
    type Output = Result<PresignedRequest>;
    type IntoFuture = BoxFuture<'static, Result<PresignedRequest>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.sign())
    }
}

/// A request whose signature is in its URL. Until it expires the URL is a credential: printing this with `{:?}` does not show it.
#[derive(Clone, PartialEq)]
pub struct PresignedRequest {
    method: Str,
    url: String,
    headers: Headers,
    body: Bytes,
    expires: Timestamp,
}

impl PresignedRequest {
    /// The HTTP method that was signed.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The whole URL.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The URL, taken out.
    #[must_use]
    pub fn into_url(self) -> String {
        self.url
    }

    /// The headers that were signed beside `host`, and have to be sent as they are; there are none unless the parameters or
    /// the wire format ask for some.
    #[must_use]
    pub fn headers(&self) -> &Headers {
        &self.headers
    }

    /// The body that the parameters make; empty where they are all in the URL. S3 takes any body in its place.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// When the URL stops working: when it or the credentials expire, whichever is first.
    #[must_use]
    pub fn expires(&self) -> Timestamp {
        self.expires
    }
}

impl fmt::Debug for PresignedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.url.split('?').next().unwrap_or_default();
        f.debug_struct("PresignedRequest")
            .field("method", &self.method)
            .field("url", &format_args!("{url}?..."))
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

impl Service {
    /// Signs a call in its URL.
    ///
    /// DIFFERENCE: S3's URLs are signed with SigV4 and lead to the region's own endpoint; botocore takes the signature of before
    /// SigV4 in the older regions, and the global endpoint, unless it is told otherwise. The older one is made where
    /// `signature_version` is `s3`.
    ///
    /// DIFFERENCE: the body of a form or of plain JSON goes into the URL, as with botocore; one that does not fit there (nested
    /// JSON of REST services, JSON of AWS's own protocols, XML, CBOR) stays a body whose hash is signed. botocore fails on these,
    /// or makes URLs that no service understands.
    ///
    /// # Source
    /// botocore `signers.py:generate_presigned_url`, `auth.py:SigV4QueryAuth`.
    pub(crate) async fn presign(
        &self,
        operation: &Operation,
        mut params: Params,
        mut options: CallOptions,
        method: Option<Str>,
        expires_in: Duration,
    ) -> Result<PresignedRequest> {
        if expires_in.as_secs() == 0 || expires_in > LONGEST {
            return Err(Error::from_problems(
                &operation.name,
                vec![Problem {
                    path: String::new(),
                    message: format!(
                        "a URL is good for 1 to {} seconds, not {}",
                        LONGEST.as_secs(),
                        expires_in.as_secs_f64()
                    ),
                }],
            ));
        }
        let plan = self.plan(operation)?;
        let mut state = CallState {
            presigning: true,
            ..CallState::default()
        };
        self.complete(operation, plan, &mut params, &options, &mut state)?;
        let written = self.check(operation, &mut params, &[])?;
        let Draft {
            mut request,
            endpoint_url,
            address,
            session_bucket,
            auth_path,
        } = self
            .draft(operation, plan, &params, written, &mut options, &state)
            .await?;
        if let Some(method) = method {
            request.method = method;
        }
        move_body_into_query(&mut request)?;
        let auth = &address.auth;
        let credentials = match auth.scheme {
            AuthScheme::None => None,
            AuthScheme::Bearer | AuthScheme::V2 => {
                return Err(Error::new(
                    ErrorKind::Config,
                    format!("{}: its auth scheme has no form in a URL", operation.name),
                ));
            }
            _ => {
                let bucket = session_bucket.as_deref();
                Some(self.signing_credentials(bucket, &options).await?)
            }
        };
        let url = self.in_url(
            &request,
            &endpoint_url,
            auth,
            auth_path.as_deref(),
            credentials.as_deref(),
            expires_in,
        )?;
        if auth.scheme == AuthScheme::HmacV1 {
            // They are in the URL.
            request.headers = Headers::new();
        }
        let now = self.now();
        let until = i64::try_from(expires_in.as_secs()).unwrap_or(i64::MAX);
        let expires = Timestamp::new(now.seconds().saturating_add(until), now.nanoseconds());
        Ok(PresignedRequest {
            method: request.method,
            url,
            headers: request.headers,
            body: request.body,
            expires: match credentials.and_then(|credentials| credentials.expires) {
                Some(end) if end < expires => end,
                _ => expires,
            },
        })
    }

    /// The URL of a request, with its signature.
    fn in_url(
        &self,
        request: &Request,
        endpoint_url: &BaseUrl,
        auth: &Auth,
        auth_path: Option<&str>,
        credentials: Option<&Credentials>,
        expires_in: Duration,
    ) -> Result<String> {
        let prefix = request
            .host_prefix
            .as_deref()
            .filter(|_| self.settings.inject_host_prefix)
            .unwrap_or_default();
        let url = Url::new(endpoint_url, prefix, &request.path, &request.query);
        let Some(credentials) = credentials else {
            return Ok(url.to_string());
        };
        let signable = Signable {
            method: &request.method,
            url: &url,
            body: SignableBody::Bytes(&request.body),
            streaming: false,
            has_checksum: false,
            payload_signing: None,
            auth_path,
        };
        let query = presign(
            &signable,
            auth,
            credentials,
            self.now(),
            &self.keys,
            &request.headers,
            expires_in.as_secs(),
        )?;
        Ok(Url::new(endpoint_url, prefix, &request.path, &query).to_string())
    }

    /// Puts the signed request to the source's region into a request for a copy from there.
    ///
    /// DIFFERENCE: the endpoint there comes from the service's endpoint rules; botocore replaces the name of the one region by
    /// that of the other in the URL.
    ///
    /// # Source
    /// botocore `handlers.py:inject_presigned_url_ec2, inject_presigned_url_rds`.
    pub(crate) async fn sign_copy(
        &self,
        copy: CrossRegionCopy,
        plan: &Plan,
        operation: &Operation,
        params: &Value,
        options: &CallOptions,
        request: &mut Request,
    ) -> Result<()> {
        let source = params
            .get(CrossRegionCopy::SOURCE_REGION)
            .and_then(Value::as_str);
        if source.is_none() && copy.may_be_local {
            return Ok(());
        }
        let mut form = Form::parse(&request.body);
        if !copy.sends_regions {
            form.remove(CrossRegionCopy::SOURCE_REGION);
        }
        let region = self.settings.region.as_deref();
        if let (Some(source), Some(region), false) = (source, region, form.contains(copy.url)) {
            check_region(source).map_err(|_| {
                Error::from_problems(
                    &operation.name,
                    vec![Problem {
                        path: CrossRegionCopy::SOURCE_REGION.to_owned(),
                        message: format!("{source:?} is no region"),
                    }],
                )
            })?;
            let address = self.address(operation, plan, params, None, Some(source), None)?;
            let mut there = Form::parse(&request.body);
            if !copy.sends_regions {
                there.remove(CrossRegionCopy::SOURCE_REGION);
            }
            there.set(CrossRegionCopy::DESTINATION_REGION, region);
            let there = Request {
                method: Str::from_static("GET"),
                path: request.path.clone(),
                query: there.to_string(),
                host_prefix: request.host_prefix.clone(),
                ..Request::default()
            };
            let credentials = match address.auth.scheme {
                AuthScheme::None => None,
                _ => Some(self.signing_credentials(None, options).await?),
            };
            let url = self.in_url(
                &there,
                &address.url,
                &address.auth,
                None,
                credentials.as_deref(),
                COPY_EXPIRES,
            )?;
            form.set(copy.url, &url);
            if copy.sends_regions {
                form.set(CrossRegionCopy::DESTINATION_REGION, region);
            }
        }
        request.body = Bytes::from(form.to_string());
        Ok(())
    }
}

/// Moves what a form or a plain JSON object holds into the query.
fn move_body_into_query(request: &mut Request) -> Result<()> {
    let kind = request.headers.get("content-type").unwrap_or_default();
    let pairs = if kind.starts_with("application/x-www-form-urlencoded") {
        String::from_utf8_lossy(&request.body).into_owned()
    } else if kind == "application/json" && !request.body.is_empty() {
        match plain_members(&read_json(request.body.clone())?) {
            Some(pairs) => pairs,
            None => return Ok(()),
        }
    } else {
        return Ok(());
    };
    if !request.query.is_empty() && !pairs.is_empty() {
        request.query.push('&');
    }
    request.query.push_str(&pairs);
    request.body = Bytes::new();
    request.headers.remove("content-type");
    Ok(())
}

/// The members of a JSON object as pairs of a query; `None` where one is nested and so does not fit there.
fn plain_members(value: &Value) -> Option<String> {
    let mut query = String::new();
    for (name, value) in value.as_map()? {
        let mut push = |value: &Value| {
            let text = match value {
                Value::List(_) | Value::Map(_) => return None,
                Value::String(text) => text.to_string(),
                other => other.to_json_string(),
            };
            if !query.is_empty() {
                query.push('&');
            }
            query.extend(utf8_percent_encode(name, RESERVED));
            query.push('=');
            query.extend(utf8_percent_encode(&text, RESERVED));
            Some(())
        };
        match value {
            Value::List(list) => list.iter().try_for_each(push)?,
            value => push(value)?,
        }
    }
    Some(query)
}

/// A form's fields, percent-encoded, in order.
struct Form(Vec<(String, String)>);

impl Form {
    fn parse(body: &[u8]) -> Self {
        let body = String::from_utf8_lossy(body);
        let pairs = body.split('&').filter(|pair| !pair.is_empty());
        Form(
            pairs
                .map(|pair| {
                    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                    (name.to_owned(), value.to_owned())
                })
                .collect(),
        )
    }

    fn position(&self, name: &str) -> Option<usize> {
        let is_it = |field: &(String, String)| percent_decode_str(&field.0).eq(name.bytes());
        self.0.iter().position(is_it)
    }

    fn contains(&self, name: &str) -> bool {
        self.position(name).is_some()
    }

    fn remove(&mut self, name: &str) {
        if let Some(position) = self.position(name) {
            self.0.remove(position);
        }
    }

    /// Sets a field, whose name needs no encoding.
    fn set(&mut self, name: &str, value: &str) {
        let value = utf8_percent_encode(value, RESERVED).to_string();
        match self.position(name).and_then(|at| self.0.get_mut(at)) {
            Some(field) => field.1 = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, value)) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "&" };
            write!(f, "{separator}{name}={value}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use inia_core::json;

    use super::*;

    #[test]
    fn a_form_is_changed_in_place() {
        let mut form = Form::parse(b"Action=X&Source%52egion=eu-west-1&Empty");
        assert!(form.contains("SourceRegion") && !form.contains("Source"));
        form.set("DestinationRegion", "a b");
        form.set("Action", "Y");
        form.remove("SourceRegion");
        assert_eq!(form.to_string(), "Action=Y&Empty=&DestinationRegion=a%20b");
    }

    #[test]
    fn only_plain_json_becomes_a_query() {
        let plain = json!({"Text": "a b&c", "Names": ["x", "y"], "Number": 1, "Yes": true});
        assert_eq!(
            plain_members(&plain).as_deref(),
            Some("Text=a%20b%26c&Names=x&Names=y&Number=1&Yes=true")
        );
        assert_eq!(plain_members(&json!({"a": {"b": 1}})), None);
        assert_eq!(plain_members(&json!({"a": [["b"]]})), None);
        assert_eq!(plain_members(&json!([1])), None);
    }

    #[test]
    fn printing_a_presigned_request_does_not_show_its_signature() {
        let request = PresignedRequest {
            method: "GET".into(),
            url: "https://host/path?X-Amz-Signature=abc".into(),
            headers: Headers::new(),
            body: Bytes::new(),
            expires: Timestamp::new(0, 0),
        };
        let text = format!("{request:?}");
        assert!(
            text.contains("https://host/path?...") && !text.contains("abc"),
            "{text}"
        );
    }
}
