//! Log events for the messages of an attempt: method, URL, status and headers, never bodies or secrets.

use std::borrow::Cow;
use std::fmt::Write as _;

use inia_model::{Location, Operation, ServiceModel, Structure};
use inia_protocol::Headers;
use tracing::Level;

use super::request::PreparedRequest;
use crate::transport::{WireBody, WireRequest, WireResponse};

/// Parts of the names of headers and query parameters with secret values.
const SECRET_NAMES: [&str; 11] = [
    "accesskeyid",
    "authentication",
    "authorization",
    "cookie",
    "credential",
    "customer-key",
    "password",
    "secret",
    "signature",
    "token",
    "x-api-key",
];

const REDACTED: &str = "<redacted>";

/// Logs a request before it is sent.
pub(super) fn request(
    model: &ServiceModel,
    operation: &Operation,
    prepared: &PreparedRequest,
    request: &WireRequest,
    attempt: u32,
) {
    if !tracing::event_enabled!(Level::DEBUG) {
        return;
    }
    let secrets = SecretMembers(model.input(operation));
    let auth = &prepared.resolved.auth;
    let body = match &request.body {
        WireBody::Bytes(bytes) => format!("{} bytes", bytes.len()),
        WireBody::Stream(_) => "stream".to_owned(),
    };
    tracing::debug!(
        service = %model.name(),
        operation = %operation.name,
        attempt,
        method = %request.method,
        url = %secrets.url(operation, &request.url),
        endpoint = %prepared.resolved.endpoint.url,
        auth = ?auth.scheme,
        signing_name = %auth.signing_name,
        signing_region = %auth.region,
        headers = %secrets.headers(&request.headers),
        body = %body,
        "request"
    );
}

/// Logs a response when its headers have arrived.
pub(super) fn response(
    model: &ServiceModel,
    operation: &Operation,
    response: &WireResponse,
    attempt: u32,
) {
    if !tracing::event_enabled!(Level::DEBUG) {
        return;
    }
    let secrets = SecretMembers(model.output(operation));
    tracing::debug!(
        service = %model.name(),
        operation = %operation.name,
        attempt,
        status = response.status,
        headers = %secrets.headers(&response.headers),
        "response"
    );
}

/// The members of an input or output, of which sensitive ones are redacted.
pub(crate) struct SecretMembers<'m>(pub(crate) Option<&'m Structure>);

impl SecretMembers<'_> {
    /// Reports whether the value of a header or query parameter is secret.
    pub(crate) fn contains(&self, location: Location, name: &str) -> bool {
        let lower_case = name.to_ascii_lowercase();
        SECRET_NAMES.iter().any(|part| lower_case.contains(part))
            || self.sensitive(location).any(|member| {
                member.is_none_or(|location_name| location_name.eq_ignore_ascii_case(name))
            })
            || location == Location::Header
                && self.sensitive(Location::Headers).any(|prefix| {
                    prefix.is_none_or(|prefix| lower_case.starts_with(&prefix.to_ascii_lowercase()))
                })
    }

    /// Returns the location names of the sensitive members in a location; `None` is any name.
    fn sensitive(&self, location: Location) -> impl Iterator<Item = Option<&str>> {
        let members = self.0.into_iter().flat_map(|structure| &structure.members);
        members
            .map(|member| &member.traits)
            .filter(move |traits| traits.is_sensitive() && traits.location == Some(location))
            .map(|traits| traits.location_name.as_deref())
    }

    fn headers(&self, headers: &Headers) -> String {
        let mut text = String::new();
        for (name, value) in headers.iter() {
            let value = match self.contains(Location::Header, name) {
                true => REDACTED,
                false => value,
            };
            let separator = if text.is_empty() { "" } else { "; " };
            let _ = write!(text, "{separator}{name}: {value}");
        }
        text
    }

    /// Redacts the secret query parameters of a URL, and its path if that has a sensitive label.
    pub(crate) fn url<'u>(&self, operation: &Operation, url: &'u str) -> Cow<'u, str> {
        let (base, query) = match url.split_once('?') {
            Some((base, query)) => (base, Some(query)),
            None => (url, None),
        };
        let has_secret_path = self.sensitive(Location::Uri).next().is_some();
        if !has_secret_path && query.is_none() {
            return Cow::Borrowed(url);
        }
        let mut text = String::new();
        if has_secret_path {
            let scheme_end = base.find("://").map_or(0, |position| position + 3);
            let authority = base.get(scheme_end..).unwrap_or_default();
            let authority_end = authority.find('/').unwrap_or(authority.len());
            text.push_str(base.get(..scheme_end + authority_end).unwrap_or_default());
            let template = operation.request_uri.split('?').next();
            text.push_str(template.unwrap_or_default());
        } else {
            text.push_str(base);
        }
        for (position, pair) in query
            .into_iter()
            .flat_map(|query| query.split('&'))
            .enumerate()
        {
            text.push(if position == 0 { '?' } else { '&' });
            match pair.split_once('=') {
                Some((name, _)) if self.contains(Location::QueryString, name) => {
                    let _ = write!(text, "{name}={REDACTED}");
                }
                _ => text.push_str(pair),
            }
        }
        Cow::Owned(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model() -> ServiceModel {
        ServiceModel::from_json(
            "test",
            br#"{"metadata": {"protocol": "rest-json", "endpointPrefix": "t"},
                "operations": {"Go": {"http": {"method": "GET", "requestUri": "/a/{Phone}?x"}, "input": {"shape": "In"}},
                               "Open": {"http": {"method": "GET", "requestUri": "/b"}, "input": {"shape": "Plain"}}},
                "shapes": {
                    "In": {"type": "structure", "members": {
                        "Phone": {"shape": "Hidden", "location": "uri", "locationName": "Phone"},
                        "Mail": {"shape": "Hidden", "location": "querystring", "locationName": "mail"},
                        "Name": {"shape": "Hidden", "location": "header", "locationName": "X-Name"},
                        "Meta": {"shape": "HiddenMap", "location": "headers", "locationName": "x-meta-"}}},
                    "Plain": {"type": "structure", "members": {}},
                    "HiddenMap": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Text"}, "sensitive": true},
                    "Hidden": {"type": "string", "sensitive": true}, "Text": {"type": "string"}}}"#,
        )
        .unwrap()
    }

    #[test]
    fn redacts_secret_names_and_sensitive_members() {
        let model = model();
        let operation = model.operation("Go").unwrap();
        let secrets = SecretMembers(model.input(operation));
        let mut headers = Headers::new();
        for (name, value) in [
            ("authorization", "AWS4-HMAC-SHA256 Signature=secret"),
            ("x-amz-security-token", "secret"),
            ("x-amz-sso_bearer_token", "secret"),
            ("set-cookie", "secret"),
            ("x-amz-server-side-encryption-customer-key", "secret"),
            ("x-name", "secret"),
            ("x-meta-a", "secret"),
            ("content-type", "text/plain"),
        ] {
            headers.push(name, value);
        }
        let text = secrets.headers(&headers);
        assert!(!text.contains("secret"), "{text}");
        assert!(
            text.ends_with("x-meta-a: <redacted>; content-type: text/plain"),
            "{text}"
        );
        assert_eq!(
            secrets.url(operation, "https://h:1/a/+49?x&mail=secret&max=1&X-Amz-Security-Token=secret&X-Amz-Credential=secret"),
            "https://h:1/a/{Phone}?x&mail=<redacted>&max=1&X-Amz-Security-Token=<redacted>&X-Amz-Credential=<redacted>"
        );

        let operation = model.operation("Open").unwrap();
        let secrets = SecretMembers(model.input(operation));
        assert_eq!(secrets.url(operation, "https://h/b"), "https://h/b");
        assert_eq!(
            secrets.url(operation, "https://h/b?mail=m"),
            "https://h/b?mail=m"
        );
    }
}
