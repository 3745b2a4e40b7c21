//! [`Config`]: what can be chosen in code, for a session or a single client.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use indexmap::IndexMap;

use crate::{Map, Str, Value};

/// A word of a setting as an enum: its variants, their words, and back.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant),*
        }

        impl $name {
            /// The variant of a word, in any case.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                $(if word.eq_ignore_ascii_case($word) { return Some(Self::$variant); })*
                None
            }

            /// The word of the environment and the config file.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words! {
    /// How calls are retried.
    RetryMode {
        /// By the rules of `_retry.json`.
        Legacy = "legacy",
        /// By the rules all SDKs share.
        Standard = "standard",
        /// By the shared rules, and slower where a service throttles.
        Adaptive = "adaptive",
    }
}

words! {
    /// Whether a service with a global endpoint is called there or in the client's region.
    RegionalEndpoints {
        /// At the global endpoint.
        Legacy = "legacy",
        /// In the region.
        Regional = "regional",
    }
}

words! {
    /// Where in an S3 request the bucket stands.
    AddressingStyle {
        /// In the host where its name allows, else in the path.
        Auto = "auto",
        /// In the host.
        Virtual = "virtual",
        /// In the path.
        Path = "path",
    }
}

words! {
    /// When checksums are made or checked.
    ChecksumMode {
        /// Wherever the operation supports them.
        WhenSupported = "when_supported",
        /// Only where the operation requires them.
        WhenRequired = "when_required",
    }
}

words! {
    /// Whether endpoints hold the account id.
    AccountIdEndpointMode {
        /// Where the account id is known.
        Preferred = "preferred",
        /// Never.
        Disabled = "disabled",
        /// Always; a call without account id fails.
        Required = "required",
    }
}

words! {
    /// Whether services are asked for their endpoints.
    EndpointDiscovery {
        /// Where an operation requires it.
        Auto = "auto",
        /// Wherever an operation supports it.
        Enabled = "true",
        /// Never.
        Disabled = "false",
    }
}

words! {
    /// Which set of defaults is used.
    DefaultsMode {
        /// Those from before there were modes.
        Legacy = "legacy",
        /// Those recommended for most programs.
        Standard = "standard",
        /// For calls within a region.
        InRegion = "in-region",
        /// For calls to other regions.
        CrossRegion = "cross-region",
        /// For mobile applications.
        Mobile = "mobile",
        /// In-region or cross-region, as it turns out; else standard.
        Auto = "auto",
    }
}

/// Retries, as a client is asked to make them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retries {
    /// The mode.
    pub mode: Option<RetryMode>,
    /// Attempts in total, the first one included; at least 1.
    pub max_attempts: Option<u32>,
}

impl Retries {
    fn merge(&self, other: &Retries) -> Retries {
        Retries {
            mode: other.mode.or(self.mode),
            max_attempts: other.max_attempts.or(self.max_attempts),
        }
    }
}

/// S3's own options.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct S3Config {
    /// Where in a request the bucket stands.
    pub addressing_style: Option<AddressingStyle>,
    /// Whether transfers go through the accelerated endpoints.
    pub use_accelerate_endpoint: Option<bool>,
    /// The older way to choose dual stack endpoints.
    pub use_dualstack_endpoint: Option<bool>,
    /// Whether bodies are hashed for their signature.
    pub payload_signing_enabled: Option<bool>,
    /// Whether the region of an ARN given for a bucket is called.
    pub use_arn_region: Option<bool>,
    /// Whether us-east-1 is called itself, rather than the global endpoint.
    pub us_east_1_regional_endpoint: Option<RegionalEndpoints>,
    /// Whether multi-region access points are refused.
    pub disable_multiregion_access_points: Option<bool>,
}

impl S3Config {
    pub(super) fn merge(&self, other: &S3Config) -> S3Config {
        S3Config {
            addressing_style: other.addressing_style.or(self.addressing_style),
            use_accelerate_endpoint: other
                .use_accelerate_endpoint
                .or(self.use_accelerate_endpoint),
            use_dualstack_endpoint: other.use_dualstack_endpoint.or(self.use_dualstack_endpoint),
            payload_signing_enabled: other
                .payload_signing_enabled
                .or(self.payload_signing_enabled),
            use_arn_region: other.use_arn_region.or(self.use_arn_region),
            us_east_1_regional_endpoint: other
                .us_east_1_regional_endpoint
                .or(self.us_east_1_regional_endpoint),
            disable_multiregion_access_points: other
                .disable_multiregion_access_points
                .or(self.disable_multiregion_access_points),
        }
    }
}

/// A certificate of the client for TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The file of the certificate.
    pub certificate: PathBuf,
    /// The file of its key; the certificate's own where absent.
    pub key: Option<PathBuf>,
}

/// Proxies by what they are for.
///
/// `Debug` names what they are for only: a proxy's URL may hold a password.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Proxies(pub IndexMap<Str, Str>);

impl Proxies {
    /// No proxies.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a proxy for the requests of a scheme: `http`, `https`, or `all` for both.
    #[must_use]
    pub fn with(mut self, scheme: impl Into<Str>, proxy: impl Into<Str>) -> Self {
        self.0.insert(scheme.into(), proxy.into());
        self
    }
}

impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// How proxies are spoken to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProxyConfig {
    /// A file of certificates to trust the proxy by.
    pub ca_bundle: Option<PathBuf>,
    /// The certificate to show the proxy.
    pub client_certificate: Option<ClientCertificate>,
    /// Whether the proxy is given HTTPS requests to forward rather than a tunnel.
    pub use_forwarding_for_https: Option<bool>,
}

macro_rules! options {
    (
        into { $($(#[$into_doc:meta])* $into:ident: $into_type:ty;)* }
        plain { $($(#[$doc:meta])* $field:ident: $type:ty;)* }
    ) => {
        /// Options of a session or of a client. What is not set here comes from the environment, the profile or the defaults.
        ///
        /// ```
        /// use std::time::Duration;
        /// use inia_core::config::{Config, RetryMode, Retries};
        ///
        /// let session = Config::new().region("eu-west-1").read_timeout(Duration::from_secs(5));
        /// let client = Config::new().region("us-east-1").max_attempts(5);
        /// let both = session.merge(&client);
        /// assert_eq!(both.region.as_deref(), Some("us-east-1"));
        /// assert_eq!(both.read_timeout, Some(Duration::from_secs(5)));
        /// ```
        ///
        /// # Source
        /// botocore `config.py:Config`.
        ///
        /// DIFFERENCE: `verify=False` has no twin: certificates are always checked, against [`ca_bundle`](Self::ca_bundle) if it is set.
        #[derive(Clone, Debug, Default, PartialEq)]
        #[non_exhaustive]
        pub struct Config {
            $($(#[$into_doc])* pub $into: Option<$into_type>,)*
            $($(#[$doc])* pub $field: Option<$type>,)*
        }

        impl Config {
            $($(#[$into_doc])*
            #[must_use]
            pub fn $into(mut self, value: impl Into<$into_type>) -> Self {
                self.$into = Some(value.into());
                self
            })*

            $($(#[$doc])*
            #[must_use]
            pub fn $field(mut self, value: $type) -> Self {
                self.$field = Some(value);
                self
            })*

            /// This one with whatever the other sets in its place. Options with parts, such as `retries` and `s3`, are merged part by part.
            ///
            /// DIFFERENCE: botocore's `merge` replaces `retries` and `s3` as a whole, and so forgets parts that only the session sets.
            #[must_use]
            pub fn merge(&self, other: &Config) -> Config {
                let mut merged = Config {
                    $($into: other.$into.clone().or_else(|| self.$into.clone()),)*
                    $($field: other.$field.clone().or_else(|| self.$field.clone()),)*
                };
                if let (Some(one), Some(two)) = (&self.retries, &other.retries) {
                    merged.retries = Some(one.merge(two));
                }
                if let (Some(one), Some(two)) = (&self.s3, &other.s3) {
                    merged.s3 = Some(one.merge(two));
                }
                merged
            }
        }
    };
}

options! {
    into {
        /// The region.
        region: Str;
        /// The endpoint, in place of the one the service's rules give.
        endpoint_url: Str;
        /// The API version of the service's definition; the newest where not set.
        api_version: Str;
        /// The wire protocol, by the name in the definitions (`json`, `smithy-rpc-v2-cbor`), where a service has several.
        protocol: Str;
        /// The signature version, by botocore's name (`v4`, `s3v4`, `bearer`); [`UNSIGNED`] does not sign.
        signature_version: Str;
        /// Auth schemes in the order they are preferred in, separated by commas (`sigv4a,sigv4`).
        auth_scheme_preference: Str;
        /// The regions a SigV4a signature is for, separated by commas.
        sigv4a_signing_region_set: Str;
        /// A file of certificates to trust instead of the built-in ones.
        ca_bundle: PathBuf;
        /// The whole user agent, in place of the built one.
        user_agent: Str;
        /// Text to append to the user agent.
        user_agent_extra: Str;
        /// The application's name in the user agent, at most 50 characters.
        user_agent_appid: Str;
    }
    plain {
        /// Whether endpoints of the environment and the config file are passed over.
        ignore_configured_endpoint_urls: bool;
        /// Whether endpoints that serve IPv4 and IPv6 are used.
        use_dualstack_endpoint: bool;
        /// Whether endpoints with FIPS-certified cryptography are used.
        use_fips_endpoint: bool;
        /// Whether `https` is used; on where not set.
        use_ssl: bool;
        /// The time limit to open a connection; 60 s where no mode of defaults says otherwise.
        connect_timeout: Duration;
        /// The time limit for each read of an answer; 60 s where not set.
        read_timeout: Duration;
        /// The most idle connections kept; 10 where not set.
        max_pool_connections: usize;
        /// Whether connections are kept alive by TCP probes.
        tcp_keepalive: bool;
        /// Proxies, in place of the environment's.
        proxies: Proxies;
        /// How proxies are spoken to.
        proxies_config: ProxyConfig;
        /// The client's certificate for TLS.
        client_cert: ClientCertificate;
        /// Retries.
        retries: Retries;
        /// Which set of defaults is used.
        defaults_mode: DefaultsMode;
        /// Whether parameters are checked before a call.
        parameter_validation: bool;
        /// Whether operations may put a prefix before the host.
        inject_host_prefix: bool;
        /// Whether services are asked for their endpoints.
        endpoint_discovery_enabled: EndpointDiscovery;
        /// The least number of bytes of a body that is compressed; 1 to 1,048,576.
        request_min_compression_size_bytes: u32;
        /// Whether bodies are never compressed.
        disable_request_compression: bool;
        /// When requests get a checksum.
        request_checksum_calculation: ChecksumMode;
        /// When the checksums of responses are checked.
        response_checksum_validation: ChecksumMode;
        /// Whether endpoints hold the account id.
        account_id_endpoint_mode: AccountIdEndpointMode;
        /// S3's own options.
        s3: S3Config;
        /// Whether S3 Express requests are signed without a session.
        s3_disable_express_session_auth: bool;
        /// Parameters of the service's endpoint rules.
        client_context_params: Map;
    }
}

/// The [`signature_version`](Config::signature_version) that does not sign.
pub const UNSIGNED: &str = "unsigned";

impl Config {
    /// Options of which none is set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the attempts in total, the first one included.
    #[must_use]
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.retries.get_or_insert_default().max_attempts = Some(attempts);
        self
    }

    /// Sets the retry mode.
    #[must_use]
    pub fn retry_mode(mut self, mode: RetryMode) -> Self {
        self.retries.get_or_insert_default().mode = Some(mode);
        self
    }

    /// Does not sign requests.
    #[must_use]
    pub fn unsigned(self) -> Self {
        self.signature_version(Str::from_static(UNSIGNED))
    }

    /// Sets a parameter of the service's endpoint rules.
    #[must_use]
    pub fn client_context_param(mut self, name: impl Into<Str>, value: impl Into<Value>) -> Self {
        self.client_context_params
            .get_or_insert_default()
            .insert(name, value);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_with_parts_are_merged_part_by_part() {
        let session = Config::new().retry_mode(RetryMode::Adaptive).s3(S3Config {
            use_arn_region: Some(true),
            ..S3Config::default()
        });
        let client = Config::new().max_attempts(2).s3(S3Config {
            addressing_style: Some(AddressingStyle::Path),
            ..S3Config::default()
        });
        let merged = session.merge(&client);
        assert_eq!(
            merged.retries,
            Some(Retries {
                mode: Some(RetryMode::Adaptive),
                max_attempts: Some(2)
            })
        );
        let s3 = merged.s3.unwrap();
        assert_eq!(s3.addressing_style, Some(AddressingStyle::Path));
        assert_eq!(s3.use_arn_region, Some(true));
    }

    #[test]
    fn a_proxys_password_is_not_printed() {
        let config =
            Config::new().proxies(Proxies::new().with("https", "http://u:hidden@proxy:3128"));
        assert!(!format!("{config:?}").contains("hidden"));
    }
}
