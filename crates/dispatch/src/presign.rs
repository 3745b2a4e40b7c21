//! [`Presign`]: builds presigned URLs.

use std::fmt;
use std::future::IntoFuture;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use inia_core::config::check_region;
use inia_core::ports::BoxFuture;
use inia_core::{
    Credentials, Error, ErrorKind, Problem, Result, Str, Timestamp, Value, push_percent_encoded,
};
use inia_model::Operation;
use inia_protocol::{Headers, Request, read_json};
use percent_encoding::percent_decode_str;

use crate::auth::{Auth, AuthScheme};
use crate::client::Client;
use crate::customization::{CallState, CrossRegionCopy};
use crate::params::{Params, ParamsValue};
use crate::pipeline::{CallOptions, Plan, RequestDraft, Service};
use crate::sign::{Signable, SignableBody, presign};
use crate::url::{BaseUrl, Url};

/// Maximum lifetime of a URL that is signed with SigV4: seven days.
const MAX_EXPIRES: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Lifetime of the presigned URL for a copy between regions, as in botocore.
const COPY_EXPIRES: Duration = Duration::from_secs(60 * 60);

/// A builder of a presigned URL, ready to be awaited: see [`Client::presign`].
#[derive(Debug)]
#[must_use = "nothing is signed until this is awaited"]
pub struct Presign {
    client: Client,
    operation: Result<u32>,
    params: Params,
    options: CallOptions,
    method: Option<Str>,
    expires_in: Duration,
}

impl Presign {
    pub(crate) fn new(
        client: Client,
        operation: Result<u32>,
        params: Params,
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

    /// Sets the HTTP method to sign, instead of the operation's own. Most services of the query protocol accept `GET` as well as
    /// `POST`.
    pub fn method(mut self, method: impl Into<Str>) -> Self {
        self.method = Some(method.into());
        self
    }

    /// Adds a signed header. A request to the URL must send it unchanged.
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
    /// As a [`Call`](crate::Call) before it is sent; also `Validation` if `expires_in` is less than a second or more than seven
    /// days, and `Config` if the service's auth scheme does not support presigned URLs.
    pub async fn sign(self) -> Result<PresignedRequest> {
        let service = self.client.service();
        let operation = self.client.operation_at(self.operation?)?;
        let mut params = self.params.into_params_value()?;
        if let Some(native) = self.client.native_operation(operation)
            && native.has_input()
        {
            native.encode(operation, params.to_mut())?;
        }
        service
            .presign(
                operation,
                params,
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

/// A request with its signature in the URL. The URL is a credential until it expires, so `{:?}` does not print it.
#[derive(Clone, PartialEq)]
pub struct PresignedRequest {
    method: Str,
    url: String,
    headers: Headers,
    body: Bytes,
    expires: Timestamp,
}

impl PresignedRequest {
    /// Returns the signed HTTP method.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// Returns the presigned URL.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Converts the request into its URL.
    #[must_use]
    pub fn into_url(self) -> String {
        self.url
    }

    /// Returns the signed headers other than `host`, which must be sent unchanged. Empty unless the parameters or the wire format
    /// need headers.
    #[must_use]
    pub fn headers(&self) -> &Headers {
        &self.headers
    }

    /// Returns the body to send; empty if all parameters are in the URL. S3 accepts any other body in its place.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// Returns the time at which the URL or its credentials expire, whichever is first.
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

/// Returns the problem of a lifetime that is not between a second and seven days.
pub(crate) fn expires_problem(expires_in: Duration) -> Option<Problem> {
    let is_valid = expires_in.as_secs() > 0 && expires_in <= MAX_EXPIRES;
    (!is_valid).then(|| Problem {
        path: String::new(),
        message: format!(
            "expires_in must be between 1 and {} seconds, but is {}",
            MAX_EXPIRES.as_secs(),
            expires_in.as_secs_f64()
        ),
    })
}

impl Service {
    /// Builds a presigned URL.
    ///
    /// DIFFERENCE: S3 URLs are signed with SigV4 and use the regional endpoint; by default botocore signs with HMAC-SHA1 in the
    /// older regions, and uses the global endpoint. Setting `signature_version` to `s3` selects HMAC-SHA1.
    ///
    /// DIFFERENCE: a form or a flat JSON body moves into the URL, as in botocore. Any other body (nested JSON of REST services,
    /// JSON of AWS's own protocols, XML, CBOR) stays a body whose hash is signed; botocore fails on these, or builds URLs that no
    /// service accepts.
    ///
    /// # Source
    /// botocore `signers.py:generate_presigned_url`, `auth.py:SigV4QueryAuth`.
    pub(crate) async fn presign(
        &self,
        operation: &Operation,
        mut params: ParamsValue,
        mut options: CallOptions,
        method: Option<Str>,
        expires_in: Duration,
    ) -> Result<PresignedRequest> {
        if let Some(problem) = expires_problem(expires_in) {
            return Err(Error::from_problems(&operation.name, vec![problem]));
        }
        let plan = self.plan(operation)?;
        let mut state = CallState {
            presigning: true,
            ..CallState::default()
        };
        self.complete_params(operation, plan, &mut params, &options, &mut state)?;
        let serialized = self.validate(operation, &mut params, &[])?;
        let RequestDraft {
            mut request,
            endpoint_url,
            resolved,
            session_bucket,
            auth_path,
            ..
        } = self
            .draft(operation, plan, &params, serialized, &mut options, &state)
            .await?;
        if let Some(method) = method {
            request.method = method;
        }
        move_body_into_query(&mut request)?;
        let auth = &resolved.auth;
        let credentials = match auth.scheme {
            AuthScheme::None => None,
            AuthScheme::Bearer | AuthScheme::V2 => {
                return Err(Error::new(
                    ErrorKind::Config,
                    format!(
                        "{}: the auth scheme of the operation does not support presigned URLs",
                        operation.name
                    ),
                ));
            }
            _ => {
                let bucket = session_bucket.as_deref();
                Some(self.signing_credentials(bucket, &options).await?)
            }
        };
        let url = self.presigned_url(
            &request,
            &endpoint_url,
            auth,
            auth_path.as_deref(),
            credentials.as_deref(),
            expires_in,
        )?;
        if auth.scheme == AuthScheme::HmacV1 {
            // The signed headers are query parameters of the URL.
            request.headers = Headers::new();
        }
        let now = self.now();
        let seconds = i64::try_from(expires_in.as_secs()).unwrap_or(i64::MAX);
        let expires = Timestamp::new(now.seconds().saturating_add(seconds), now.nanoseconds());
        Ok(PresignedRequest {
            method: request.method,
            url,
            headers: request.headers,
            body: request.body,
            expires: match credentials.and_then(|credentials| credentials.expires) {
                Some(earlier) if earlier < expires => earlier,
                _ => expires,
            },
        })
    }

    /// Returns the URL of a request with the signature in its query; unsigned without credentials.
    fn presigned_url(
        &self,
        request: &Request,
        endpoint_url: &BaseUrl,
        auth: &Auth,
        auth_path: Option<&str>,
        credentials: Option<&Credentials>,
        expires_in: Duration,
    ) -> Result<String> {
        let prefix = self.host_prefix(request, endpoint_url);
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

    /// Adds the presigned URL of the source region to a cross-region copy request.
    ///
    /// DIFFERENCE: the endpoint of the source region comes from the endpoint rule set; botocore replaces the region's name in the
    /// URL of the destination.
    ///
    /// # Source
    /// botocore `handlers.py:inject_presigned_url_ec2, inject_presigned_url_rds`.
    pub(crate) async fn presign_copy_source(
        &self,
        copy: CrossRegionCopy,
        plan: &Plan,
        operation: &Operation,
        params: &Value,
        options: &CallOptions,
        request: &mut Request,
    ) -> Result<()> {
        let source_region = params
            .get(CrossRegionCopy::SOURCE_REGION)
            .and_then(Value::as_str);
        if source_region.is_none() && copy.allows_same_region {
            return Ok(());
        }
        let mut form = FormBody::parse(&request.body);
        if !copy.sends_regions {
            form.remove(CrossRegionCopy::SOURCE_REGION);
        }
        let region = self.settings.region.as_deref();
        if let (Some(source_region), Some(region), false) =
            (source_region, region, form.contains(copy.url_param))
        {
            check_region(source_region).map_err(|_| {
                Error::from_problems(
                    &operation.name,
                    vec![Problem {
                        path: CrossRegionCopy::SOURCE_REGION.to_owned(),
                        message: format!("{source_region:?} is not a region"),
                    }],
                )
            })?;
            let resolved =
                self.resolve_endpoint(operation, plan, params, None, Some(source_region), None)?;
            let mut query = FormBody::parse(&request.body);
            if !copy.sends_regions {
                query.remove(CrossRegionCopy::SOURCE_REGION);
            }
            query.set(CrossRegionCopy::DESTINATION_REGION, region);
            let source_request = Request {
                method: Str::from_static("GET"),
                path: request.path.clone(),
                query: query.to_string(),
                host_prefix: request.host_prefix.clone(),
                ..Request::default()
            };
            let credentials = match resolved.auth.scheme {
                AuthScheme::None => None,
                _ => Some(self.signing_credentials(None, options).await?),
            };
            let url = self.presigned_url(
                &source_request,
                &resolved.url,
                &resolved.auth,
                None,
                credentials.as_deref(),
                COPY_EXPIRES,
            )?;
            form.set(copy.url_param, &url);
            if copy.sends_regions {
                form.set(CrossRegionCopy::DESTINATION_REGION, region);
            }
        }
        request.body = Bytes::from(form.to_string());
        Ok(())
    }
}

/// Moves a form body or a flat JSON object into the query.
fn move_body_into_query(request: &mut Request) -> Result<()> {
    let content_type = request.headers.get("content-type").unwrap_or_default();
    let pairs = if content_type.starts_with("application/x-www-form-urlencoded") {
        String::from_utf8_lossy(&request.body).into_owned()
    } else if content_type == "application/json" && !request.body.is_empty() {
        match flat_members(&read_json(request.body.clone())?) {
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

/// Returns the members of a JSON object as query pairs; `None` if a member is nested.
fn flat_members(value: &Value) -> Option<String> {
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
            push_percent_encoded(&mut query, name);
            query.push('=');
            push_percent_encoded(&mut query, &text);
            Some(())
        };
        match value {
            Value::List(list) => list.iter().try_for_each(push)?,
            value => push(value)?,
        }
    }
    Some(query)
}

/// Fields of a form-encoded body, in order. Names and values stay percent-encoded.
struct FormBody(Vec<(String, String)>);

impl FormBody {
    fn parse(body: &[u8]) -> Self {
        let body = String::from_utf8_lossy(body);
        let pairs = body.split('&').filter(|pair| !pair.is_empty());
        FormBody(
            pairs
                .map(|pair| {
                    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                    (name.to_owned(), value.to_owned())
                })
                .collect(),
        )
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.0
            .iter()
            .position(|(field, _)| percent_decode_str(field).eq(name.bytes()))
    }

    fn contains(&self, name: &str) -> bool {
        self.position(name).is_some()
    }

    fn remove(&mut self, name: &str) {
        if let Some(position) = self.position(name) {
            self.0.remove(position);
        }
    }

    /// Sets a field. The name must not need encoding.
    fn set(&mut self, name: &str, value: &str) {
        let mut encoded = String::with_capacity(value.len());
        push_percent_encoded(&mut encoded, value);
        match self.position(name).and_then(|at| self.0.get_mut(at)) {
            Some(field) => field.1 = encoded,
            None => self.0.push((name.to_owned(), encoded)),
        }
    }
}

impl fmt::Display for FormBody {
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
    fn changes_form_fields_in_place() {
        let mut form = FormBody::parse(b"Action=X&Source%52egion=eu-west-1&Empty");
        assert!(form.contains("SourceRegion") && !form.contains("Source"));
        form.set("DestinationRegion", "a b");
        form.set("Action", "Y");
        form.remove("SourceRegion");
        assert_eq!(form.to_string(), "Action=Y&Empty=&DestinationRegion=a%20b");
    }

    #[test]
    fn only_flat_json_becomes_a_query() {
        let flat = json!({"Text": "a b&c", "Names": ["x", "y"], "Number": 1, "Yes": true});
        assert_eq!(
            flat_members(&flat).as_deref(),
            Some("Text=a%20b%26c&Names=x&Names=y&Number=1&Yes=true")
        );
        assert_eq!(flat_members(&json!({"a": {"b": 1}})), None);
        assert_eq!(flat_members(&json!({"a": [["b"]]})), None);
        assert_eq!(flat_members(&json!([1])), None);
    }

    #[test]
    fn debug_output_omits_the_signature() {
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
