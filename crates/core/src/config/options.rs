//! [`Config`]: options set in code, for a session or a single client.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use indexmap::IndexMap;

use crate::{Map, Str, Value};

/// Defines an enum with conversions from and to the names of its variants in the environment and the config file.
macro_rules! string_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $value:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant),*
        }

        impl $name {
            /// Returns the variant of a name, case-insensitively.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                $(if name.eq_ignore_ascii_case($value) { return Some(Self::$variant); })*
                None
            }

            /// Returns the name in the environment and the config file.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $value),* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

string_enum! {
    /// The retry mode.
    RetryMode {
        /// The rules of `_retry.json`.
        Legacy = "legacy",
        /// The rules shared by all SDKs.
        Standard = "standard",
        /// The shared rules, with client-side rate limiting when a service throttles.
        Adaptive = "adaptive",
    }
}

string_enum! {
    /// The endpoint used for a service that has a global and a regional endpoint.
    RegionalEndpoints {
        /// The global endpoint.
        Legacy = "legacy",
        /// The endpoint of the client's region.
        Regional = "regional",
    }
}

string_enum! {
    /// The position of the bucket in an S3 URL.
    AddressingStyle {
        /// In the host if the bucket name is a valid host label, otherwise in the path.
        Auto = "auto",
        /// In the host.
        Virtual = "virtual",
        /// In the path.
        Path = "path",
    }
}

string_enum! {
    /// When checksums are calculated or validated.
    ChecksumMode {
        /// For all operations that support checksums.
        WhenSupported = "when_supported",
        /// Only for operations that require a checksum.
        WhenRequired = "when_required",
    }
}

string_enum! {
    /// Use of account-based endpoints.
    AccountIdEndpointMode {
        /// If the account id is available.
        Preferred = "preferred",
        /// Never.
        Disabled = "disabled",
        /// Always; a call without an account id fails.
        Required = "required",
    }
}

string_enum! {
    /// Use of endpoint discovery.
    EndpointDiscovery {
        /// For operations that require it.
        Auto = "auto",
        /// For all operations that support it.
        Enabled = "true",
        /// Never.
        Disabled = "false",
    }
}

string_enum! {
    /// The defaults mode.
    DefaultsMode {
        /// The defaults that predate defaults modes.
        Legacy = "legacy",
        /// The defaults recommended for most programs.
        Standard = "standard",
        /// Defaults for calls within a region.
        InRegion = "in-region",
        /// Defaults for calls to other regions.
        CrossRegion = "cross-region",
        /// Defaults for mobile applications.
        Mobile = "mobile",
        /// In-region or cross-region, if the region that the code runs in can be determined; otherwise standard.
        Auto = "auto",
    }
}

/// Options for retries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retries {
    /// The retry mode.
    pub mode: Option<RetryMode>,
    /// The maximum number of attempts, including the first; at least 1.
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

/// Options of S3.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct S3Config {
    /// The position of the bucket in the URL.
    pub addressing_style: Option<AddressingStyle>,
    /// Use transfer acceleration endpoints.
    pub use_accelerate_endpoint: Option<bool>,
    /// Use dual-stack endpoints (the older, S3-only option).
    pub use_dualstack_endpoint: Option<bool>,
    /// Include the SHA-256 of the payload in the signature.
    pub payload_signing_enabled: Option<bool>,
    /// Use the region of a bucket ARN instead of the client's region.
    pub use_arn_region: Option<bool>,
    /// The endpoint used for us-east-1.
    pub us_east_1_regional_endpoint: Option<RegionalEndpoints>,
    /// Reject multi-region access points.
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

/// A client certificate for TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The certificate file.
    pub certificate: PathBuf,
    /// The file of the private key; the certificate file if `None`.
    pub key: Option<PathBuf>,
}

/// Proxy URLs by request scheme.
///
/// `Debug` omits the URLs, which may contain passwords.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Proxies(pub IndexMap<Str, Str>);

impl Proxies {
    /// Returns an empty set of proxies.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a proxy for requests of a scheme: `http`, `https` or `all` for both.
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

/// TLS and forwarding options for proxies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProxyConfig {
    /// A file of CA certificates to verify the proxy with.
    pub ca_bundle: Option<PathBuf>,
    /// The client certificate for TLS with the proxy.
    pub client_certificate: Option<ClientCertificate>,
    /// Forward HTTPS requests through the proxy instead of opening a tunnel.
    pub use_forwarding_for_https: Option<bool>,
}

macro_rules! options {
    (
        into { $($(#[$into_doc:meta])* $into:ident: $into_type:ty;)* }
        plain { $($(#[$doc:meta])* $field:ident: $type:ty;)* }
    ) => {
        /// Options of a session or a client. Unset options are taken from the environment, the profile or the defaults.
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

            /// Returns a copy of this configuration overridden by the options set in `other`. `retries` and `s3` are merged field by field.
            ///
            /// DIFFERENCE: botocore's `merge` replaces `retries` and `s3` as a whole, and loses fields that only the session sets.
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
        /// The endpoint, which overrides the endpoint rules of the service.
        endpoint_url: Str;
        /// The API version of the service definition; the newest if not set.
        api_version: Str;
        /// The wire protocol by its name in the service definitions (`json`, `smithy-rpc-v2-cbor`), for services with several protocols.
        protocol: Str;
        /// The signature version by botocore's name (`v4`, `s3v4`, `bearer`); [`UNSIGNED`] disables signing.
        signature_version: Str;
        /// Auth schemes in order of preference, separated by commas (`sigv4a,sigv4`).
        auth_scheme_preference: Str;
        /// The signing region set for SigV4a, separated by commas.
        sigv4a_signing_region_set: Str;
        /// A file of trusted CA certificates that replaces the built-in ones.
        ca_bundle: PathBuf;
        /// The complete user agent, which replaces the generated one.
        user_agent: Str;
        /// Text to append to the user agent.
        user_agent_extra: Str;
        /// The application id in the user agent, at most 50 characters.
        user_agent_appid: Str;
    }
    plain {
        /// Ignore endpoints from the environment and the config file.
        ignore_configured_endpoint_urls: bool;
        /// Use dual-stack (IPv4 and IPv6) endpoints.
        use_dualstack_endpoint: bool;
        /// Use FIPS endpoints.
        use_fips_endpoint: bool;
        /// Use `https`; the default is `true`.
        use_ssl: bool;
        /// The timeout for connecting; the default is 60 s unless the defaults mode has another.
        connect_timeout: Duration;
        /// The timeout for each read of a response; the default is 60 s.
        read_timeout: Duration;
        /// The maximum number of open connections, at least 1; further requests wait in order. The default is 500. A connection is
        /// in use until the response body has been read or dropped.
        ///
        /// DIFFERENCE: botocore's option limits idle connections only, and its default is 10.
        max_pool_connections: usize;
        /// The maximum size of a response that is read into memory, in bytes; the default is 1 GiB. Streams are not limited.
        ///
        /// DIFFERENCE: botocore has no limit.
        max_response_bytes: usize;
        /// Verify the certificates of servers; the default is `true`. `false` exposes requests and credentials to whoever intercepts the
        /// connection, and logs a warning.
        verify: bool;
        /// Enable TCP keepalive.
        tcp_keepalive: bool;
        /// Proxies, which replace those of the environment.
        proxies: Proxies;
        /// TLS and forwarding options for proxies.
        proxies_config: ProxyConfig;
        /// The client certificate for TLS.
        client_cert: ClientCertificate;
        /// Options for retries.
        retries: Retries;
        /// The defaults mode.
        defaults_mode: DefaultsMode;
        /// Validate parameters before a call.
        parameter_validation: bool;
        /// Add the host prefix of an operation to the endpoint.
        inject_host_prefix: bool;
        /// Use of endpoint discovery.
        endpoint_discovery_enabled: EndpointDiscovery;
        /// The minimum size of a body that is compressed, in bytes; 1 to 1,048,576.
        request_min_compression_size_bytes: u32;
        /// Disable request compression.
        disable_request_compression: bool;
        /// When request checksums are calculated.
        request_checksum_calculation: ChecksumMode;
        /// When response checksums are validated.
        response_checksum_validation: ChecksumMode;
        /// Use of account-based endpoints.
        account_id_endpoint_mode: AccountIdEndpointMode;
        /// Options of S3.
        s3: S3Config;
        /// Sign S3 Express requests without session credentials.
        s3_disable_express_session_auth: bool;
        /// Client context parameters of the endpoint rules.
        client_context_params: Map;
    }
}

/// The [`signature_version`](Config::signature_version) that disables signing.
pub const UNSIGNED: &str = "unsigned";

impl Config {
    /// Returns an empty configuration.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the maximum number of attempts, including the first.
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

    /// Disables request signing.
    #[must_use]
    pub fn unsigned(self) -> Self {
        self.signature_version(Str::from_static(UNSIGNED))
    }

    /// Sets a client context parameter of the endpoint rules.
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
    fn merges_retries_and_s3_field_by_field() {
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
    fn debug_omits_proxy_passwords() {
        let config =
            Config::new().proxies(Proxies::new().with("https", "http://u:hidden@proxy:3128"));
        assert!(!format!("{config:?}").contains("hidden"));
    }
}
