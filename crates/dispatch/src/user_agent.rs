//! The `user-agent` header.
//!
//! ```text
//! inia/0.1.0 ua/2.1 os/linux md/arch#x86_64 lang/rust exec-env/AWS_ECS_FARGATE m/E,Z,b,g cfg/retry-mode#standard app/name extra
//! ```
//!
//! # Source
//! botocore `useragent.py:UserAgentString`.

use std::env::consts;
use std::sync::OnceLock;

use inia_core::config::{AccountIdEndpointMode, ChecksumMode, ClientSettings, RetryMode, setting};
use inia_core::ports::Env;
use inia_core::{Str, UserAgentFeatures};
use inia_protocol::Protocol;

/// The user agent of a client, with its headers cached by features.
#[derive(Debug)]
pub(crate) struct UserAgent {
    /// The components before the features.
    prefix: String,
    /// The components after the features.
    suffix: String,
    /// The features of all requests; `None` if the settings override the user agent, which then has no features.
    features: Option<UserAgentFeatures>,
    /// The first headers that were built. Calls with further combinations of features build theirs each time.
    cache: [OnceLock<(UserAgentFeatures, Str)>; 16],
}

impl UserAgent {
    /// Creates the user agent of a client. `features` are those of all its requests.
    pub(crate) fn new(
        settings: &ClientSettings,
        env: &dyn Env,
        features: UserAgentFeatures,
    ) -> Self {
        let extra = match &settings.user_agent_extra {
            Some(extra) => format!(" {extra}"),
            None => String::new(),
        };
        if let Some(complete) = &settings.user_agent {
            return UserAgent {
                prefix: complete.to_string(),
                suffix: extra,
                features: None,
                cache: Default::default(),
            };
        }
        let mut prefix = format!(
            "inia/{} ua/2.1 {} md/arch#{} lang/rust",
            env!("CARGO_PKG_VERSION"),
            os(),
            consts::ARCH
        );
        if let Some((_, name)) = setting::EXECUTION_ENV.from_env(env) {
            prefix.push_str(" exec-env/");
            push_sanitized(&mut prefix, &name, false);
        }
        let mut suffix = format!(" cfg/retry-mode#{}", settings.retry_mode);
        if let Some(id) = &settings.user_agent_appid {
            suffix.push_str(" app/");
            push_sanitized(&mut suffix, id, true);
        }
        suffix.push_str(&extra);
        UserAgent {
            prefix,
            suffix,
            features: Some(features),
            cache: Default::default(),
        }
    }

    /// Returns the header of a request with these features.
    pub(crate) fn header(&self, features: UserAgentFeatures) -> Str {
        let features = match self.features {
            Some(common) => common | features,
            None => UserAgentFeatures::default(),
        };
        for entry in &self.cache {
            let (cached, header) = entry.get_or_init(|| (features, self.build(features)));
            if *cached == features {
                return header.clone();
            }
        }
        self.build(features)
    }

    fn build(&self, features: UserAgentFeatures) -> Str {
        let mut header = self.prefix.clone();
        for (position, id) in features.ids().enumerate() {
            header.push_str(if position == 0 { " m/" } else { "," });
            header.push_str(id);
        }
        header.push_str(&self.suffix);
        Str::from(header)
    }
}

/// Returns the features of all requests of a client, without those of its endpoint rules and identity.
pub(crate) fn client_features(settings: &ClientSettings, protocol: Protocol) -> UserAgentFeatures {
    let mut features = match settings.retry_mode {
        RetryMode::Legacy => UserAgentFeatures::RETRY_MODE_LEGACY,
        RetryMode::Standard => UserAgentFeatures::RETRY_MODE_STANDARD,
        RetryMode::Adaptive => UserAgentFeatures::RETRY_MODE_ADAPTIVE,
    };
    features |= match settings.request_checksum_calculation {
        ChecksumMode::WhenSupported => UserAgentFeatures::FLEXIBLE_CHECKSUMS_REQ_WHEN_SUPPORTED,
        ChecksumMode::WhenRequired => UserAgentFeatures::FLEXIBLE_CHECKSUMS_REQ_WHEN_REQUIRED,
    };
    features |= match settings.response_checksum_validation {
        ChecksumMode::WhenSupported => UserAgentFeatures::FLEXIBLE_CHECKSUMS_RES_WHEN_SUPPORTED,
        ChecksumMode::WhenRequired => UserAgentFeatures::FLEXIBLE_CHECKSUMS_RES_WHEN_REQUIRED,
    };
    if settings.endpoint_url.is_some() {
        features |= UserAgentFeatures::ENDPOINT_OVERRIDE;
    }
    if protocol == Protocol::RpcV2Cbor {
        features |= UserAgentFeatures::PROTOCOL_RPC_V2_CBOR;
    }
    features
}

/// Returns the feature of an account id endpoint mode.
pub(crate) fn account_id_mode_feature(mode: AccountIdEndpointMode) -> UserAgentFeatures {
    match mode {
        AccountIdEndpointMode::Preferred => UserAgentFeatures::ACCOUNT_ID_MODE_PREFERRED,
        AccountIdEndpointMode::Disabled => UserAgentFeatures::ACCOUNT_ID_MODE_DISABLED,
        AccountIdEndpointMode::Required => UserAgentFeatures::ACCOUNT_ID_MODE_REQUIRED,
    }
}

/// Returns the component of the operating system. Names that AWS does not define are sent as metadata.
fn os() -> String {
    match consts::OS {
        name @ ("windows" | "linux" | "macos" | "android" | "ios") => format!("os/{name}"),
        name => format!("os/other md/{name}"),
    }
}

/// Appends text with `-` in place of characters that are not allowed.
///
/// # Source
/// botocore `useragent.py:sanitize_user_agent_string_component`.
fn push_sanitized(header: &mut String, text: &str, allow_hash: bool) {
    let is_allowed = |c: char| {
        c.is_ascii_alphanumeric() || "!$%&'*+-.^_`|~,".contains(c) || (allow_hash && c == '#')
    };
    header.extend(text.chars().map(|c| if is_allowed(c) { c } else { '-' }));
}
