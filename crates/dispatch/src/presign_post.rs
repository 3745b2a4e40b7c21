//! [`PresignPost`]: builds forms that upload an object to S3.

use std::fmt;
use std::future::IntoFuture;
use std::sync::Arc;
use std::time::Duration;

use inia_core::ports::BoxFuture;
use inia_core::{Credentials, Error, Problem, Result, Str, Timestamp, Value, json};
use inia_signing::PostPolicy;

use crate::Client;
use crate::auth::AuthScheme;
use crate::customization::CallState;
use crate::params::ParamsValue;
use crate::pipeline::{CallOptions, RequestDraft};
use crate::presign::expires_problem;
use crate::sign::sign_post_policy;
use crate::url::Url;

/// Placeholder at the end of a key, which S3 replaces with the name of the uploaded file.
const FILENAME: &str = "${filename}";

/// Fields that need no condition.
///
/// # Source
/// The S3 API reference, "Creating a POST policy": every other field of the form must be in the policy.
const UNCONDITIONAL: [&str; 4] = ["file", "policy", "x-amz-signature", "AWSAccessKeyId"];

impl Client {
    /// Returns a builder of a presigned POST: the URL and the fields of an HTML form with which anyone can upload one object to S3 until
    /// it expires. A key that ends with `${filename}` lets the form choose the name.
    ///
    /// ```
    /// use std::time::Duration;
    /// # mod inia { pub use inia_core::*; pub use inia_dispatch::*; }
    /// use inia::{Credentials, Session, json};
    ///
    /// # fn main() -> inia_core::Result<()> {
    /// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    /// # runtime.block_on(async {
    /// let session = Session::builder()
    ///     .region("eu-west-1")
    ///     .credentials(Credentials::new("AKIDEXAMPLE", "secret", None))
    ///     .load()
    ///     .await?;
    /// let form = session
    ///     .client("s3")?
    ///     .presign_post("photos", "uploads/${filename}", Duration::from_secs(3600))
    ///     .field("Content-Type", "image/jpeg")
    ///     .condition(json!(["content-length-range", 1, 10_485_760]))
    ///     .await?;
    /// assert_eq!(form.url(), "https://photos.s3.eu-west-1.amazonaws.com/");
    /// let names: Vec<&str> = form.fields().iter().map(|(name, _)| name.as_str()).collect();
    /// assert_eq!(names[..2], ["Content-Type", "key"]);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Source
    /// botocore `signers.py:generate_presigned_post`.
    pub fn presign_post(
        &self,
        bucket: impl Into<Str>,
        key: impl Into<Str>,
        expires_in: Duration,
    ) -> PresignPost {
        PresignPost {
            client: self.clone(),
            bucket: bucket.into(),
            key: key.into(),
            fields: Vec::new(),
            conditions: Vec::new(),
            expires_in,
            options: CallOptions::default(),
        }
    }
}

/// A builder of a presigned POST, ready to be awaited: see [`Client::presign_post`]. `Debug` omits the values of fields and conditions.
#[must_use = "nothing is signed until this is awaited"]
pub struct PresignPost {
    client: Client,
    bucket: Str,
    key: Str,
    fields: Vec<(Str, Str)>,
    conditions: Vec<Value>,
    expires_in: Duration,
    options: CallOptions,
}

impl PresignPost {
    /// Adds a field of the form with its value, such as `acl`, `Content-Type`, `success_action_redirect` or `x-amz-meta-team`. The form
    /// must have this value, unless a condition about the field says otherwise.
    ///
    /// DIFFERENCE: boto3 adds no condition, without which S3 rejects the form.
    pub fn field(mut self, name: impl Into<Str>, value: impl Into<Str>) -> Self {
        self.fields.push((name.into(), value.into()));
        self
    }

    /// Adds a condition: `{"acl": "public-read"}`, `["starts-with", "$Content-Type", "image/"]` or
    /// `["content-length-range", 1, 1048576]`.
    pub fn condition(mut self, condition: impl Into<Value>) -> Self {
        self.conditions.push(condition.into());
        self
    }

    /// Signs with these credentials instead of the client's.
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.options.credentials = Some(Arc::new(credentials));
        self
    }

    /// Signs the form.
    ///
    /// # Errors
    /// `Validation`: a condition is neither a list nor an object, or `expires_in` is less than a second or more than seven days;
    /// `Model` if the client is not one of S3, `Config` if its auth scheme has no forms; `Credentials` and `Endpoint`.
    pub async fn sign(mut self) -> Result<PresignedPost> {
        self.check()?;
        let service = self.client.service();
        let operation = self.client.model().operation("HeadBucket")?;
        let plan = service.plan(operation)?;
        let mut state = CallState {
            presigning: true,
            ..CallState::default()
        };
        let mut params = ParamsValue::from(json!({"Bucket": self.bucket.clone()}));
        service.complete_params(operation, plan, &mut params, &self.options, &mut state)?;
        let serialized = service.validate(operation, &mut params, &[])?;
        let RequestDraft {
            request,
            endpoint_url,
            resolved,
            session_bucket,
            ..
        } = service
            .draft(
                operation,
                plan,
                &params,
                serialized,
                &mut self.options,
                &state,
            )
            .await?;
        let prefix = service.host_prefix(&request, &endpoint_url);
        let url = Url::new(&endpoint_url, prefix, &request.path, "").to_string();
        let now = service.now();
        let seconds = i64::try_from(self.expires_in.as_secs()).unwrap_or(i64::MAX);
        let expires = Timestamp::new(now.seconds().saturating_add(seconds), 0);
        let auth = &resolved.auth;
        let mut policy = PostPolicy::new(expires.into());
        for condition in &self.conditions {
            policy.json(&condition.to_json_string());
        }
        for (name, value) in &self.fields {
            let is_covered = UNCONDITIONAL.contains(&name.as_str())
                || self
                    .conditions
                    .iter()
                    .any(|condition| names_field(condition, name));
            if !is_covered {
                policy.equals(name, value);
            }
        }
        policy.equals("bucket", &self.bucket);
        match self.key.strip_suffix(FILENAME) {
            Some(prefix) => policy.starts_with("key", prefix),
            None => policy.equals("key", &self.key),
        };
        let mut fields = self.fields;
        fields.push((Str::from_static("key"), self.key));
        if auth.scheme == AuthScheme::None {
            return Ok(PresignedPost {
                url,
                fields,
                expires,
            });
        }
        let credentials = service
            .signing_credentials(session_bucket.as_deref(), &self.options)
            .await?;
        let signed = sign_post_policy(&policy, auth, &credentials, now, &service.keys)?;
        for (name, value) in signed {
            fields.push((Str::from_static(name), Str::from(value)));
        }
        Ok(PresignedPost {
            url,
            fields,
            expires: match credentials.expires {
                Some(earlier) if earlier < expires => earlier,
                _ => expires,
            },
        })
    }

    fn check(&self) -> Result<()> {
        let mut problems = Vec::from_iter(expires_problem(self.expires_in));
        for (index, condition) in self.conditions.iter().enumerate() {
            if !matches!(condition, Value::List(_) | Value::Map(_)) {
                problems.push(Problem {
                    path: format!("Conditions[{index}]"),
                    message: format!(
                        "expected a list or an object, got {}",
                        condition.type_name()
                    ),
                });
            }
        }
        if problems.is_empty() {
            Ok(())
        } else {
            Err(Error::from_problems("presign_post", problems))
        }
    }
}

/// Returns true if a condition is about a field of the form.
fn names_field(condition: &Value, name: &str) -> bool {
    match condition {
        Value::Map(map) => map.keys().any(|field| field.eq_ignore_ascii_case(name)),
        Value::List(list) => list
            .get(1)
            .and_then(Value::as_str)
            .and_then(|field| field.strip_prefix('$'))
            .is_some_and(|field| field.eq_ignore_ascii_case(name)),
        _ => false,
    }
}

impl IntoFuture for PresignPost {
    type Output = Result<PresignedPost>;
    type IntoFuture = BoxFuture<'static, Result<PresignedPost>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.sign())
    }
}

/// A form that uploads an object. Its fields are a credential until they expire, so `{:?}` does not print them.
#[derive(Clone, PartialEq, Eq)]
pub struct PresignedPost {
    url: String,
    fields: Vec<(Str, Str)>,
    expires: Timestamp,
}

impl PresignedPost {
    /// Returns the URL to post the form to.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns the fields of the form, which must come before the field `file`.
    #[must_use]
    pub fn fields(&self) -> &[(Str, Str)] {
        &self.fields
    }

    /// Returns the time at which the form or its credentials expire, whichever is first.
    #[must_use]
    pub fn expires(&self) -> Timestamp {
        self.expires
    }
}

impl fmt::Debug for PresignPost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields: Vec<&Str> = self.fields.iter().map(|(name, _)| name).collect();
        f.debug_struct("PresignPost")
            .field("client", &self.client)
            .field("bucket", &self.bucket)
            .field("key", &self.key)
            .field("fields", &fields)
            .field("expires_in", &self.expires_in)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for PresignedPost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PresignedPost")
            .field("url", &self.url)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_name_their_fields() {
        for (condition, is_named) in [
            (json!({"acl": "private"}), true),
            (json!(["starts-with", "$ACL", ""]), true),
            (json!(["eq", "$aclx", ""]), false),
            (json!(["content-length-range", 1, 2]), false),
            (json!({"bucket": "b"}), false),
        ] {
            assert_eq!(names_field(&condition, "acl"), is_named, "{condition}");
        }
    }
}
