//! The settings table: environment variables, profile keys, kind and default of every setting.
//!
//! The value of a setting is taken from, in this order: code, the environment variables, the profile keys, the default.
//!
//! # Source
//! botocore `configprovider.py:BOTOCORE_DEFAUT_SESSION_VARIABLES`, `DEFAULT_S3_CONFIG_VARS`, `DEFAULT_PROXIES_CONFIG_VARS`;
//! `credentials.py`, `utils.py` for the variables that only credential providers read.

use crate::ports::Env;
use crate::{Error, ErrorKind, Result, Str};

/// A row of the settings table: the sources, the kind and the default of a setting.
///
/// ```
/// use inia_core::config::setting;
///
/// assert_eq!(setting::REGION.env, ["AWS_REGION", "AWS_DEFAULT_REGION"]);
/// assert_eq!(setting::RETRY_MODE.default, Some("standard"));
/// assert!(setting::ALL.iter().any(|setting| setting.name == "use_fips_endpoint"));
/// ```
#[derive(Debug)]
pub struct Setting {
    /// The name in code, the same as in botocore.
    pub name: &'static str,
    /// The environment variables; the first one that is set is used.
    pub env: &'static [&'static str],
    /// The profile keys; the first one that exists is used.
    pub keys: &'static [ConfigKey],
    /// The kind of the value.
    pub kind: SettingKind,
    /// The default value.
    pub default: Option<&'static str>,
}

/// A key of a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigKey {
    /// A property.
    Key(&'static str),
    /// A sub-property.
    Nested(&'static str, &'static str),
}

/// The kind of a setting, which determines its valid values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingKind {
    /// Any text.
    Text,
    /// A boolean: `true`, case-insensitively; any other text is false.
    Flag,
    /// An integer within inclusive bounds.
    Integer(i64, i64),
    /// A number of seconds, possibly with a fraction.
    Seconds,
    /// One of a list of names, case-insensitively.
    Choice(&'static [&'static str]),
}

/// The parsed value of a setting.
#[derive(Clone, Debug, PartialEq)]
pub enum SettingValue {
    /// Text, or the chosen name as spelled in the settings table.
    Text(Str),
    /// A boolean.
    Flag(bool),
    /// An integer.
    Integer(i64),
    /// Seconds.
    Seconds(f64),
}

impl Setting {
    /// Returns the first environment variable that is set, with its value. An empty variable counts as not set.
    ///
    /// DIFFERENCE: botocore uses the value of an empty variable; the other SDKs ignore it.
    #[must_use]
    pub fn from_env(&self, env: &dyn Env) -> Option<(&'static str, String)> {
        self.env.iter().find_map(|name| {
            let value = env.var(name).filter(|value| !value.trim().is_empty())?;
            Some((*name, value))
        })
    }

    /// Parses a value of this setting's kind. `origin` names the source of the text in errors.
    ///
    /// # Errors
    /// `Config` if the text is not valid.
    pub fn parse(&self, text: &str, origin: &str) -> Result<SettingValue> {
        let text = text.trim();
        let problem = match self.kind {
            SettingKind::Text => return Ok(SettingValue::Text(Str::from(text))),
            SettingKind::Flag => {
                let flag = text.eq_ignore_ascii_case("true");
                if !flag && !text.eq_ignore_ascii_case("false") {
                    tracing::warn!("{origin}: `{text}` is neither true nor false, using false");
                }
                return Ok(SettingValue::Flag(flag));
            }
            SettingKind::Integer(min, max) => match text.parse() {
                Ok(number) if (min..=max).contains(&number) => {
                    return Ok(SettingValue::Integer(number));
                }
                _ if max == i64::MAX => format!("is not an integer of at least {min}"),
                _ => format!("is not an integer between {min} and {max}"),
            },
            SettingKind::Seconds => match text.parse::<f64>() {
                // The limit of a day prevents overflow when timeouts are added.
                Ok(seconds) if (0.0..=86_400.0).contains(&seconds) => {
                    return Ok(SettingValue::Seconds(seconds));
                }
                _ => "is not a number of seconds".to_owned(),
            },
            SettingKind::Choice(names) => {
                match names.iter().find(|name| name.eq_ignore_ascii_case(text)) {
                    Some(name) => return Ok(SettingValue::Text(Str::from_static(name))),
                    None => format!("is not one of {}", names.join(", ")),
                }
            }
        };
        Err(Error::new(
            ErrorKind::Config,
            format!("{origin}: `{text}` {problem}"),
        ))
    }
}

/// The values of `defaults_mode`.
pub(crate) const DEFAULTS_MODES: &[&str] = &[
    "legacy",
    "standard",
    "in-region",
    "cross-region",
    "mobile",
    "auto",
];
const RETRY_MODES: &[&str] = &["legacy", "standard", "adaptive"];
const LEGACY_OR_REGIONAL: &[&str] = &["legacy", "regional"];
const CHECKSUM_MODES: &[&str] = &["when_supported", "when_required"];

use ConfigKey::{Key, Nested};
use SettingKind::{Choice, Flag, Integer, Seconds, Text};

macro_rules! settings {
    ($($(#[$doc:meta])* $constant:ident = $name:literal, $kind:expr, env $env:tt, keys $keys:tt, default $default:expr;)*) => {
        $(
            $(#[$doc])*
            pub static $constant: Setting = Setting {
                name: $name,
                env: &$env,
                keys: &$keys,
                kind: $kind,
                default: $default,
            };
        )*

        /// All settings, in table order.
        pub static ALL: &[&Setting] = &[$(&$constant),*];
    };
}

settings! {
    /// The profile.
    PROFILE = "profile", Text, env ["AWS_DEFAULT_PROFILE", "AWS_PROFILE"], keys [], default None;
    /// The region.
    ///
    /// DIFFERENCE: botocore reads `AWS_DEFAULT_REGION` only. Every other SDK reads `AWS_REGION`, and Lambda, ECS and CodeBuild set it.
    REGION = "region", Text, env ["AWS_REGION", "AWS_DEFAULT_REGION"], keys [Key("region")], default None;
    /// The config file.
    CONFIG_FILE = "config_file", Text, env ["AWS_CONFIG_FILE"], keys [], default Some("~/.aws/config");
    /// The credentials file.
    CREDENTIALS_FILE = "credentials_file", Text, env ["AWS_SHARED_CREDENTIALS_FILE"], keys [], default Some("~/.aws/credentials");
    /// Folders with service definitions, separated as in `PATH`.
    DATA_PATH = "data_path", Text, env ["AWS_DATA_PATH"], keys [Key("data_path")], default None;
    /// A file of trusted CA certificates that replaces the built-in ones.
    CA_BUNDLE = "ca_bundle", Text, env ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"], keys [Key("ca_bundle")], default None;
    /// A file of trusted CA certificates if `ca_bundle` is not set, as for curl and OpenSSL.
    ///
    /// DIFFERENCE: botocore does not read these variables.
    SYSTEM_CA_BUNDLE = "system_ca_bundle", Text, env ["CURL_CA_BUNDLE", "SSL_CERT_FILE"], keys [], default None;
    /// The timeout of the instance metadata service, in seconds.
    METADATA_SERVICE_TIMEOUT = "metadata_service_timeout", Seconds, env ["AWS_METADATA_SERVICE_TIMEOUT"], keys [Key("metadata_service_timeout")], default Some("1");
    /// The maximum number of attempts for the instance metadata service.
    METADATA_SERVICE_NUM_ATTEMPTS = "metadata_service_num_attempts", Integer(1, 100), env ["AWS_METADATA_SERVICE_NUM_ATTEMPTS"], keys [Key("metadata_service_num_attempts")], default Some("1");
    /// The URL of the instance metadata service.
    EC2_METADATA_SERVICE_ENDPOINT = "ec2_metadata_service_endpoint", Text, env ["AWS_EC2_METADATA_SERVICE_ENDPOINT"], keys [Key("ec2_metadata_service_endpoint")], default None;
    /// The address family of the instance metadata service.
    EC2_METADATA_SERVICE_ENDPOINT_MODE = "ec2_metadata_service_endpoint_mode", Choice(&["ipv4", "ipv6"]), env ["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"], keys [Key("ec2_metadata_service_endpoint_mode")], default None;
    /// Disable instance metadata requests without a session token (IMDSv1).
    EC2_METADATA_V1_DISABLED = "ec2_metadata_v1_disabled", Flag, env ["AWS_EC2_METADATA_V1_DISABLED"], keys [Key("ec2_metadata_v1_disabled")], default Some("false");
    /// Disable the instance metadata service.
    EC2_METADATA_DISABLED = "ec2_metadata_disabled", Flag, env ["AWS_EC2_METADATA_DISABLED"], keys [], default Some("false");
    /// Use the IPv6 address of the instance metadata service (the older option).
    IMDS_USE_IPV6 = "imds_use_ipv6", Flag, env ["AWS_IMDS_USE_IPV6"], keys [Key("imds_use_ipv6")], default Some("false");
    /// The name of the instance profile, which saves a request to the instance metadata service.
    ///
    /// DIFFERENCE: botocore does not have this setting, which is part of version 2.1 of the service's credential paths.
    EC2_INSTANCE_PROFILE_NAME = "ec2_instance_profile_name", Text, env ["AWS_EC2_INSTANCE_PROFILE_NAME"], keys [Key("ec2_instance_profile_name")], default None;
    /// Use dual-stack (IPv4 and IPv6) endpoints.
    USE_DUALSTACK_ENDPOINT = "use_dualstack_endpoint", Flag, env ["AWS_USE_DUALSTACK_ENDPOINT"], keys [Key("use_dualstack_endpoint")], default None;
    /// Use FIPS endpoints.
    USE_FIPS_ENDPOINT = "use_fips_endpoint", Flag, env ["AWS_USE_FIPS_ENDPOINT"], keys [Key("use_fips_endpoint")], default None;
    /// The endpoint for all services; an endpoint for a single service takes precedence
    /// ([`configured_endpoint_url`](super::Settings::configured_endpoint_url)).
    ENDPOINT_URL = "endpoint_url", Text, env ["AWS_ENDPOINT_URL"], keys [Key("endpoint_url")], default None;
    /// The `[services]` section with settings for single services.
    SERVICES = "services", Text, env [], keys [Key("services")], default None;
    /// Ignore endpoints from the environment and the config file.
    IGNORE_CONFIGURED_ENDPOINT_URLS = "ignore_configured_endpoint_urls", Flag, env ["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"], keys [Key("ignore_configured_endpoint_urls")], default None;
    /// Validate parameters before a call.
    PARAMETER_VALIDATION = "parameter_validation", Flag, env [], keys [Key("parameter_validation")], default Some("true");
    /// Use endpoint discovery.
    ENDPOINT_DISCOVERY_ENABLED = "endpoint_discovery_enabled", Choice(&["auto", "true", "false"]), env ["AWS_ENDPOINT_DISCOVERY_ENABLED"], keys [Key("endpoint_discovery_enabled")], default Some("auto");
    /// Use the regional endpoints of STS.
    STS_REGIONAL_ENDPOINTS = "sts_regional_endpoints", Choice(LEGACY_OR_REGIONAL), env ["AWS_STS_REGIONAL_ENDPOINTS"], keys [Key("sts_regional_endpoints")], default Some("regional");
    /// The retry mode.
    RETRY_MODE = "retry_mode", Choice(RETRY_MODES), env ["AWS_RETRY_MODE"], keys [Key("retry_mode")], default Some("standard");
    /// The maximum number of attempts, including the first; the default depends on the retry mode.
    MAX_ATTEMPTS = "max_attempts", Integer(1, 1_000_000), env ["AWS_MAX_ATTEMPTS"], keys [Key("max_attempts")], default None;
    /// The defaults mode.
    DEFAULTS_MODE = "defaults_mode", Choice(DEFAULTS_MODES), env ["AWS_DEFAULTS_MODE"], keys [Key("defaults_mode")], default Some("legacy");
    /// The application id in the user agent.
    USER_AGENT_APPID = "user_agent_appid", Text, env ["AWS_SDK_UA_APP_ID"], keys [Key("sdk_ua_app_id")], default None;
    /// The minimum size of a body that is compressed, in bytes.
    REQUEST_MIN_COMPRESSION_SIZE_BYTES = "request_min_compression_size_bytes", Integer(1, 1_048_576), env ["AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES"], keys [Key("request_min_compression_size_bytes")], default Some("10240");
    /// Disable request compression.
    DISABLE_REQUEST_COMPRESSION = "disable_request_compression", Flag, env ["AWS_DISABLE_REQUEST_COMPRESSION"], keys [Key("disable_request_compression")], default Some("false");
    /// The signing region set for SigV4a, separated by commas.
    SIGV4A_SIGNING_REGION_SET = "sigv4a_signing_region_set", Text, env ["AWS_SIGV4A_SIGNING_REGION_SET"], keys [Key("sigv4a_signing_region_set")], default None;
    /// When request checksums are calculated.
    REQUEST_CHECKSUM_CALCULATION = "request_checksum_calculation", Choice(CHECKSUM_MODES), env ["AWS_REQUEST_CHECKSUM_CALCULATION"], keys [Key("request_checksum_calculation")], default Some("when_supported");
    /// When response checksums are validated.
    RESPONSE_CHECKSUM_VALIDATION = "response_checksum_validation", Choice(CHECKSUM_MODES), env ["AWS_RESPONSE_CHECKSUM_VALIDATION"], keys [Key("response_checksum_validation")], default Some("when_supported");
    /// Use account-based endpoints.
    ACCOUNT_ID_ENDPOINT_MODE = "account_id_endpoint_mode", Choice(&["preferred", "disabled", "required"]), env ["AWS_ACCOUNT_ID_ENDPOINT_MODE"], keys [Key("account_id_endpoint_mode")], default Some("preferred");
    /// Do not add the host prefix of an operation to the endpoint.
    DISABLE_HOST_PREFIX_INJECTION = "disable_host_prefix_injection", Flag, env ["AWS_DISABLE_HOST_PREFIX_INJECTION"], keys [Key("disable_host_prefix_injection")], default None;
    /// Auth schemes in order of preference, separated by commas.
    AUTH_SCHEME_PREFERENCE = "auth_scheme_preference", Text, env ["AWS_AUTH_SCHEME_PREFERENCE"], keys [Key("auth_scheme_preference")], default None;
    /// Enable TCP keepalive.
    TCP_KEEPALIVE = "tcp_keepalive", Flag, env ["BOTOCORE_TCP_KEEPALIVE"], keys [Key("tcp_keepalive")], default None;
    /// Sign S3 Express requests without session credentials.
    S3_DISABLE_EXPRESS_SESSION_AUTH = "s3_disable_express_session_auth", Choice(&["true", "false"]), env ["AWS_S3_DISABLE_EXPRESS_SESSION_AUTH"], keys [Key("s3_disable_express_session_auth")], default None;
    /// The position of the bucket in an S3 URL.
    S3_ADDRESSING_STYLE = "s3.addressing_style", Choice(&["auto", "virtual", "path"]), env [], keys [Nested("s3", "addressing_style")], default None;
    /// Use S3 transfer acceleration endpoints.
    S3_USE_ACCELERATE_ENDPOINT = "s3.use_accelerate_endpoint", Flag, env [], keys [Nested("s3", "use_accelerate_endpoint")], default None;
    /// Use dual-stack endpoints of S3 (the older option).
    S3_USE_DUALSTACK_ENDPOINT = "s3.use_dualstack_endpoint", Flag, env [], keys [Nested("s3", "use_dualstack_endpoint")], default None;
    /// Include the SHA-256 of the payload in the signature of S3 requests.
    S3_PAYLOAD_SIGNING_ENABLED = "s3.payload_signing_enabled", Flag, env [], keys [Nested("s3", "payload_signing_enabled")], default None;
    /// Use the region of a bucket ARN instead of the client's region.
    S3_USE_ARN_REGION = "s3.use_arn_region", Flag, env ["AWS_S3_USE_ARN_REGION"], keys [Key("s3_use_arn_region"), Nested("s3", "use_arn_region")], default None;
    /// Use the regional or the global endpoint of S3 in us-east-1.
    S3_US_EAST_1_REGIONAL_ENDPOINT = "s3.us_east_1_regional_endpoint", Choice(LEGACY_OR_REGIONAL), env ["AWS_S3_US_EAST_1_REGIONAL_ENDPOINT"], keys [Key("s3_us_east_1_regional_endpoint"), Nested("s3", "us_east_1_regional_endpoint")], default None;
    /// Reject multi-region access points.
    S3_DISABLE_MULTIREGION_ACCESS_POINTS = "s3.s3_disable_multiregion_access_points", Flag, env ["AWS_S3_DISABLE_MULTIREGION_ACCESS_POINTS"], keys [Nested("s3", "s3_disable_multiregion_access_points")], default None;
    /// A file of CA certificates to verify a proxy with.
    PROXY_CA_BUNDLE = "proxies_config.proxy_ca_bundle", Text, env [], keys [Key("proxy_ca_bundle"), Nested("proxies_config", "proxy_ca_bundle")], default None;
    /// The client certificate for TLS with a proxy.
    PROXY_CLIENT_CERT = "proxies_config.proxy_client_cert", Text, env [], keys [Key("proxy_client_cert"), Nested("proxies_config", "proxy_client_cert")], default None;
    /// Forward HTTPS requests through a proxy instead of opening a tunnel.
    PROXY_USE_FORWARDING_FOR_HTTPS = "proxies_config.proxy_use_forwarding_for_https", Flag, env [], keys [Key("proxy_use_forwarding_for_https"), Nested("proxies_config", "proxy_use_forwarding_for_https")], default None;
    /// The proxy for `http` URLs. In a CGI environment, where `HTTP_PROXY` is set by a request header, only `http_proxy` is read.
    HTTP_PROXY = "http_proxy", Text, env ["http_proxy", "HTTP_PROXY"], keys [], default None;
    /// The proxy for `https` URLs.
    HTTPS_PROXY = "https_proxy", Text, env ["https_proxy", "HTTPS_PROXY"], keys [], default None;
    /// The proxy for all other URLs.
    ///
    /// DIFFERENCE: botocore supports neither this variable nor networks in `NO_PROXY`.
    ALL_PROXY = "all_proxy", Text, env ["all_proxy", "ALL_PROXY"], keys [], default None;
    /// Hosts that bypass the proxy, separated by commas.
    NO_PROXY = "no_proxy", Text, env ["no_proxy", "NO_PROXY"], keys [], default None;
    /// The access key id.
    ACCESS_KEY_ID = "access_key_id", Text, env ["AWS_ACCESS_KEY_ID"], keys [Key("aws_access_key_id")], default None;
    /// The secret access key.
    SECRET_ACCESS_KEY = "secret_access_key", Text, env ["AWS_SECRET_ACCESS_KEY"], keys [Key("aws_secret_access_key")], default None;
    /// The session token.
    SESSION_TOKEN = "session_token", Text, env ["AWS_SECURITY_TOKEN", "AWS_SESSION_TOKEN"], keys [Key("aws_security_token"), Key("aws_session_token")], default None;
    /// The expiration of the credentials in the environment.
    CREDENTIAL_EXPIRATION = "credential_expiration", Text, env ["AWS_CREDENTIAL_EXPIRATION"], keys [], default None;
    /// The account id of the credentials.
    ACCOUNT_ID = "account_id", Text, env ["AWS_ACCOUNT_ID"], keys [Key("aws_account_id")], default None;
    /// The role to assume.
    ROLE_ARN = "role_arn", Text, env ["AWS_ROLE_ARN"], keys [Key("role_arn")], default None;
    /// The file of the web identity token.
    WEB_IDENTITY_TOKEN_FILE = "web_identity_token_file", Text, env ["AWS_WEB_IDENTITY_TOKEN_FILE"], keys [Key("web_identity_token_file")], default None;
    /// The session name of an assumed role.
    ROLE_SESSION_NAME = "role_session_name", Text, env ["AWS_ROLE_SESSION_NAME"], keys [Key("role_session_name")], default None;
    /// The path of the container credentials endpoint on the ECS address.
    CONTAINER_CREDENTIALS_RELATIVE_URI = "container_credentials_relative_uri", Text, env ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"], keys [], default None;
    /// The URL of the container credentials endpoint.
    CONTAINER_CREDENTIALS_FULL_URI = "container_credentials_full_uri", Text, env ["AWS_CONTAINER_CREDENTIALS_FULL_URI"], keys [], default None;
    /// The authorization token for the container credentials endpoint.
    CONTAINER_AUTHORIZATION_TOKEN = "container_authorization_token", Text, env ["AWS_CONTAINER_AUTHORIZATION_TOKEN"], keys [], default None;
    /// The file of the authorization token for the container credentials endpoint.
    CONTAINER_AUTHORIZATION_TOKEN_FILE = "container_authorization_token_file", Text, env ["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"], keys [], default None;
    /// The cache folder of `aws login`.
    LOGIN_CACHE_DIRECTORY = "login_cache_directory", Text, env ["AWS_LOGIN_CACHE_DIRECTORY"], keys [], default Some("~/.aws/login/cache");
    /// The credentials file of the original EC2 tools.
    EC2_CREDENTIAL_FILE = "ec2_credential_file", Text, env ["AWS_CREDENTIAL_FILE"], keys [], default None;
    /// The config file of boto 2.
    BOTO_CONFIG = "boto_config", Text, env ["BOTO_CONFIG"], keys [], default None;
    /// The execution environment, set by Lambda and other services.
    EXECUTION_ENV = "execution_env", Text, env ["AWS_EXECUTION_ENV"], keys [], default None;
    /// The name of the Lambda function.
    LAMBDA_FUNCTION_NAME = "lambda_function_name", Text, env ["AWS_LAMBDA_FUNCTION_NAME"], keys [], default None;
    /// The trace id of a Lambda invocation.
    TRACE_ID = "trace_id", Text, env ["_X_AMZN_TRACE_ID"], keys [], default None;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_valid_and_names_are_unique() {
        let mut names = std::collections::HashSet::new();
        let mut variables = std::collections::HashSet::new();
        for setting in ALL {
            assert!(names.insert(setting.name), "{}", setting.name);
            for variable in setting.env {
                assert!(variables.insert(variable), "{variable}");
            }
            if let Some(default) = setting.default {
                setting.parse(default, setting.name).unwrap();
            }
        }
    }

    #[test]
    fn parses_values_of_each_kind() {
        for (setting, text, expected) in [
            (
                &RETRY_MODE,
                "Adaptive",
                Ok(SettingValue::Text("adaptive".into())),
            ),
            (&USE_FIPS_ENDPOINT, "TRUE", Ok(SettingValue::Flag(true))),
            (&USE_FIPS_ENDPOINT, "1", Ok(SettingValue::Flag(false))),
            (&MAX_ATTEMPTS, " 5 ", Ok(SettingValue::Integer(5))),
            (
                &METADATA_SERVICE_TIMEOUT,
                "0.5",
                Ok(SettingValue::Seconds(0.5)),
            ),
            (
                &MAX_ATTEMPTS,
                "0",
                Err("X: `0` is not an integer between 1 and 1000000"),
            ),
            (
                &METADATA_SERVICE_TIMEOUT,
                "NaN",
                Err("X: `NaN` is not a number of seconds"),
            ),
            (
                &RETRY_MODE,
                "fast",
                Err("X: `fast` is not one of legacy, standard, adaptive"),
            ),
        ] {
            match (setting.parse(text, "X"), expected) {
                (Ok(value), Ok(expected)) => assert_eq!(value, expected, "{text}"),
                (Err(error), Err(expected)) => assert_eq!(error.to_string(), expected),
                (got, expected) => panic!("{text}: {got:?}, not {expected:?}"),
            }
        }
    }
}
