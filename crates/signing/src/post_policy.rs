//! S3 POST policies: forms that let a browser upload one object until the policy expires.
//!
//! # Source
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html>;
//! botocore `auth.py:S3SigV4PostAuth`, `auth.py:S3ExpressPostAuth`, `auth.py:HmacV1PostAuth`

use std::fmt;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use inia_core::{Credentials, push_ascii_json};

use crate::hmac_v1;
use crate::key_cache::SigningKeyCache;
use crate::params::{SigningAlgorithm, SigningParams, session_token};
use crate::signature::Signature;
use crate::time::SigningTime;

/// The conditions and the expiration of an HTML form upload.
///
/// ```
/// # use inia_core::{Credentials, Timestamp};
/// # use inia_signing::*;
/// # let credentials = Credentials::new("AKIDEXAMPLE", "secret", None);
/// # let params = SigningParams {
/// #     credentials: &credentials, region: "us-east-1", service: "s3",
/// #     time: Timestamp::new(0, 0).into(), settings: SigningSettings::S3,
/// # };
/// # let keys = SigningKeyCache::default();
/// let mut policy = PostPolicy::new(Timestamp::new(1_440_938_160, 0).into());
/// policy.equals("bucket", "photos").starts_with("key", "user/").content_length(0, 1_048_576);
/// let fields = policy.sign_v4(&params, &keys);
/// assert_eq!(fields.first().unwrap().0, "x-amz-algorithm");
/// assert_eq!(fields.last().unwrap().0, "x-amz-signature");
/// ```
#[derive(Clone)]
pub struct PostPolicy {
    expiration: SigningTime,
    /// JSON values, separated by `, `.
    conditions: String,
}

/// Form fields to add, in this order: names and values.
pub type PostFields = Vec<(&'static str, String)>;

impl PostPolicy {
    /// Creates a policy without conditions that expires at `expiration`.
    #[must_use]
    pub fn new(expiration: SigningTime) -> Self {
        Self {
            expiration,
            conditions: String::new(),
        }
    }

    /// Requires the form field `name` to equal `value`.
    pub fn equals(&mut self, name: &str, value: &str) -> &mut Self {
        push_equals(&mut self.conditions, name, value);
        self
    }

    /// Requires the form field `name` to start with `prefix`; an empty prefix allows any value.
    pub fn starts_with(&mut self, name: &str, prefix: &str) -> &mut Self {
        let out = &mut self.conditions;
        push_separator(out);
        out.push_str("[\"starts-with\", ");
        push_ascii_json(out, &format!("${name}"));
        out.push_str(", ");
        push_ascii_json(out, prefix);
        out.push(']');
        self
    }

    /// Requires the object's size to be from `min` to `max` bytes.
    pub fn content_length(&mut self, min: u64, max: u64) -> &mut Self {
        push_separator(&mut self.conditions);
        // Writing to a String cannot fail.
        let _ = write!(self.conditions, "[\"content-length-range\", {min}, {max}]");
        self
    }

    /// Adds a condition as JSON text, unchanged.
    pub fn json(&mut self, condition: &str) -> &mut Self {
        push_separator(&mut self.conditions);
        self.conditions.push_str(condition);
        self
    }

    /// Signs the policy with SigV4 and returns the form fields, including the session token of temporary credentials.
    #[must_use]
    pub fn sign_v4(&self, params: &SigningParams<'_>, keys: &SigningKeyCache) -> PostFields {
        let algorithm = SigningAlgorithm::HmacSha256;
        let mut fields = vec![
            ("x-amz-algorithm", algorithm.as_str().to_owned()),
            ("x-amz-credential", params.credential(algorithm)),
            ("x-amz-date", params.time.as_str().to_owned()),
        ];
        if let Some(token) = session_token(params.credentials) {
            fields.push((params.settings.token_name.field(), token.to_owned()));
        }
        let policy = self.encode(&fields);
        let key = keys.signing_key(
            params.credentials,
            params.time,
            params.region,
            params.service,
        );
        let signature = Signature::from_hmac(&key.sign(policy.as_bytes()));
        fields.push(("policy", policy));
        fields.push(("x-amz-signature", signature.as_str().to_owned()));
        fields
    }

    /// Signs the policy with HMAC-SHA-1, which newer regions reject, and returns the form fields.
    #[must_use]
    pub fn sign_hmac_v1(&self, credentials: &Credentials) -> PostFields {
        let token =
            session_token(credentials).map(|token| ("x-amz-security-token", token.to_owned()));
        let policy = self.encode(token.as_slice());
        let signature = hmac_v1::sign_string(credentials, &policy);
        let mut fields = vec![(
            "AWSAccessKeyId",
            credentials.access_key_id.as_str().to_owned(),
        )];
        fields.extend(token);
        fields.push(("policy", policy));
        fields.push(("signature", signature));
        fields
    }

    /// Returns the policy including the signer's conditions in base64. The JSON has Python's spacing, so that the text
    /// equals botocore's.
    fn encode(&self, fields: &[(&'static str, String)]) -> String {
        let mut conditions = self.conditions.clone();
        for (name, value) in fields {
            push_equals(&mut conditions, name, value);
        }
        let expiration = self.expiration.extended();
        BASE64_STANDARD.encode(format!(
            "{{\"expiration\": \"{expiration}\", \"conditions\": [{conditions}]}}"
        ))
    }
}

impl fmt::Debug for PostPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostPolicy")
            .field("expiration", &self.expiration)
            .finish_non_exhaustive()
    }
}

fn push_equals(out: &mut String, name: &str, value: &str) {
    push_separator(out);
    out.push('{');
    push_ascii_json(out, name);
    out.push_str(": ");
    push_ascii_json(out, value);
    out.push('}');
}

fn push_separator(out: &mut String) {
    if !out.is_empty() {
        out.push_str(", ");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SigningSettings;
    use crate::test_values::{credentials, time};

    fn decode(fields: &PostFields) -> String {
        let policy = fields.iter().find(|(name, _)| *name == "policy").unwrap();
        String::from_utf8(BASE64_STANDARD.decode(&policy.1).unwrap()).unwrap()
    }

    fn params(token: Option<&'static str>) -> SigningParams<'static> {
        SigningParams {
            credentials: credentials("access_key", "secret_key", token),
            region: "myregion",
            service: "myservice",
            time: time("20140101T000000Z"),
            settings: SigningSettings::S3,
        }
    }

    fn policy() -> PostPolicy {
        let mut policy = PostPolicy::new(time("20071201T120000Z"));
        policy
            .equals("acl", "public-read")
            .json("{\"bucket\": \"mybucket\"}")
            .starts_with("key", "mykey");
        policy
    }

    #[test]
    fn v4_fields_and_policy_match_botocore() {
        let fields = policy().sign_v4(&params(None), &SigningKeyCache::default());
        let names: Vec<_> = fields.iter().map(|(name, _)| *name).collect();
        assert_eq!(
            names,
            [
                "x-amz-algorithm",
                "x-amz-credential",
                "x-amz-date",
                "policy",
                "x-amz-signature"
            ]
        );
        assert_eq!(
            decode(&fields),
            "{\"expiration\": \"2007-12-01T12:00:00Z\", \"conditions\": [{\"acl\": \"public-read\"}, \
             {\"bucket\": \"mybucket\"}, [\"starts-with\", \"$key\", \"mykey\"], \
             {\"x-amz-algorithm\": \"AWS4-HMAC-SHA256\"}, \
             {\"x-amz-credential\": \"access_key/20140101/myregion/myservice/aws4_request\"}, \
             {\"x-amz-date\": \"20140101T000000Z\"}]}"
        );
    }

    /// The signature covers the base64 text of the policy.
    #[test]
    fn signs_the_encoded_policy() {
        let fields = policy().sign_v4(&params(Some("token")), &SigningKeyCache::default());
        let value = |field_name: &str| {
            fields
                .iter()
                .find(|(name, _)| *name == field_name)
                .unwrap()
                .1
                .clone()
        };
        let key =
            crate::SigningKey::derive("secret_key", params(None).time, "myregion", "myservice");
        let expected = Signature::from_hmac(&key.sign(value("policy").as_bytes()));
        assert_eq!(value("x-amz-signature"), expected.as_str());
        assert_eq!(value("x-amz-security-token"), "token");
        assert!(decode(&fields).ends_with(", {\"x-amz-security-token\": \"token\"}]}"));
    }

    #[test]
    fn returns_express_and_hmac_v1_fields() {
        let mut express = params(Some("token"));
        express.settings = SigningSettings::S3_EXPRESS;
        let fields = policy().sign_v4(&express, &SigningKeyCache::default());
        assert!(
            fields
                .iter()
                .any(|field| *field == ("X-Amz-S3session-Token", "token".to_owned()))
        );

        let fields = policy().sign_hmac_v1(express.credentials);
        let names: Vec<_> = fields.iter().map(|(name, _)| *name).collect();
        assert_eq!(
            names,
            [
                "AWSAccessKeyId",
                "x-amz-security-token",
                "policy",
                "signature"
            ]
        );
    }

    #[test]
    fn writes_an_empty_policy_as_valid_json() {
        let fields = PostPolicy::new(params(None).time).sign_hmac_v1(params(None).credentials);
        assert_eq!(
            decode(&fields),
            "{\"expiration\": \"2014-01-01T00:00:00Z\", \"conditions\": []}"
        );
    }
}
