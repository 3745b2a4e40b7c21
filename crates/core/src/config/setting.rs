//! The table of settings: every name the environment and the config file know, with its kind and default.
//!
//! A setting is looked up in the order of the columns: what was given in code, the environment variables, the keys of the profile,
//! the default.
//!
//! # Source
//! botocore `configprovider.py:BOTOCORE_DEFAUT_SESSION_VARIABLES`, `DEFAULT_S3_CONFIG_VARS`, `DEFAULT_PROXIES_CONFIG_VARS`;
//! `credentials.py`, `utils.py` for the variables that only credential providers read.

use crate::ports::Env;
use crate::{Error, ErrorKind, Result, Str};

/// A setting: where its value may stand, what it may be and what it is where it stands nowhere.
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
    /// The name in code, as botocore has it.
    pub name: &'static str,
    /// The environment variables, the first one set counts.
    pub env: &'static [&'static str],
    /// The keys in the profile, the first one there counts.
    pub keys: &'static [ConfigKey],
    /// What the value may be.
    pub kind: SettingKind,
    /// The value where none is set.
    pub default: Option<&'static str>,
}

/// Where in a profile a value stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigKey {
    /// A property.
    Key(&'static str),
    /// A sub-property.
    Nested(&'static str, &'static str),
}

/// What a setting's value may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingKind {
    /// Any text.
    Text,
    /// `true` in any case is true, anything else false.
    Flag,
    /// A whole number within bounds.
    Integer(i64, i64),
    /// Seconds, with or without a fraction.
    Seconds,
    /// One of some words, in any case.
    Choice(&'static [&'static str]),
}

/// A setting's value.
#[derive(Clone, Debug, PartialEq)]
pub enum SettingValue {
    /// Text, or the word chosen as the table spells it.
    Text(Str),
    /// A boolean.
    Flag(bool),
    /// A whole number.
    Integer(i64),
    /// Seconds.
    Seconds(f64),
}

impl Setting {
    /// The value of the environment, and the variable it stands in. A variable that is empty counts as not set.
    ///
    /// DIFFERENCE: botocore takes an empty variable at its word, and an empty region for none; the other SDKs skip it.
    #[must_use]
    pub fn from_env(&self, env: &dyn Env) -> Option<(&'static str, String)> {
        self.env.iter().find_map(|name| {
            let value = env.var(name).filter(|value| !value.trim().is_empty())?;
            Some((*name, value))
        })
    }

    /// Reads a value of this setting's kind.
    ///
    /// # Errors
    /// `Config` where the text is not of the kind; `place` says where it stands.
    pub fn parse(&self, text: &str, place: &str) -> Result<SettingValue> {
        let text = text.trim();
        let problem = match self.kind {
            SettingKind::Text => return Ok(SettingValue::Text(Str::from(text))),
            SettingKind::Flag => {
                let truth = text.eq_ignore_ascii_case("true");
                if !truth && !text.eq_ignore_ascii_case("false") {
                    tracing::warn!(
                        "{place}: `{text}` is neither true nor false; it counts as false"
                    );
                }
                return Ok(SettingValue::Flag(truth));
            }
            SettingKind::Integer(least, most) => match text.parse() {
                Ok(number) if (least..=most).contains(&number) => {
                    return Ok(SettingValue::Integer(number));
                }
                _ if most == i64::MAX => format!("is not a whole number of at least {least}"),
                _ => format!("is not a whole number from {least} to {most}"),
            },
            SettingKind::Seconds => match text.parse::<f64>() {
                // A day is more than any of these waits can mean, and keeps every sum within range.
                Ok(seconds) if (0.0..=86_400.0).contains(&seconds) => {
                    return Ok(SettingValue::Seconds(seconds));
                }
                _ => "is not a number of seconds".to_owned(),
            },
            SettingKind::Choice(words) => {
                match words.iter().find(|word| word.eq_ignore_ascii_case(text)) {
                    Some(word) => return Ok(SettingValue::Text(Str::from_static(word))),
                    None => format!("is none of {}", words.join(", ")),
                }
            }
        };
        Err(Error::new(
            ErrorKind::Config,
            format!("{place}: `{text}` {problem}"),
        ))
    }
}

/// The words of `defaults_mode`.
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
const WHEN: &[&str] = &["when_supported", "when_required"];

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

        /// All settings, in the order of the table.
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
    /// Folders of service definitions, separated as in `PATH`.
    DATA_PATH = "data_path", Text, env ["AWS_DATA_PATH"], keys [Key("data_path")], default None;
    /// A file of certificates to trust instead of the built-in ones.
    CA_BUNDLE = "ca_bundle", Text, env ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"], keys [Key("ca_bundle")], default None;
    /// Seconds to wait for the instance metadata service.
    METADATA_SERVICE_TIMEOUT = "metadata_service_timeout", Seconds, env ["AWS_METADATA_SERVICE_TIMEOUT"], keys [Key("metadata_service_timeout")], default Some("1");
    /// Attempts in total to reach the instance metadata service.
    METADATA_SERVICE_NUM_ATTEMPTS = "metadata_service_num_attempts", Integer(1, 100), env ["AWS_METADATA_SERVICE_NUM_ATTEMPTS"], keys [Key("metadata_service_num_attempts")], default Some("1");
    /// The URL of the instance metadata service.
    EC2_METADATA_SERVICE_ENDPOINT = "ec2_metadata_service_endpoint", Text, env ["AWS_EC2_METADATA_SERVICE_ENDPOINT"], keys [Key("ec2_metadata_service_endpoint")], default None;
    /// Which of the instance metadata service's addresses to use.
    EC2_METADATA_SERVICE_ENDPOINT_MODE = "ec2_metadata_service_endpoint_mode", Choice(&["ipv4", "ipv6"]), env ["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"], keys [Key("ec2_metadata_service_endpoint_mode")], default None;
    /// Whether the instance metadata service is never asked without a session token.
    EC2_METADATA_V1_DISABLED = "ec2_metadata_v1_disabled", Flag, env ["AWS_EC2_METADATA_V1_DISABLED"], keys [Key("ec2_metadata_v1_disabled")], default Some("false");
    /// Whether the instance metadata service is never asked.
    EC2_METADATA_DISABLED = "ec2_metadata_disabled", Flag, env ["AWS_EC2_METADATA_DISABLED"], keys [], default Some("false");
    /// The older way to choose the instance metadata service's IPv6 address.
    IMDS_USE_IPV6 = "imds_use_ipv6", Flag, env ["AWS_IMDS_USE_IPV6"], keys [Key("imds_use_ipv6")], default Some("false");
    /// The instance profile, so that the instance metadata service is not asked for its name.
    ///
    /// DIFFERENCE: botocore has no such setting; it belongs to version 2.1 of the metadata service's credential paths.
    EC2_INSTANCE_PROFILE_NAME = "ec2_instance_profile_name", Text, env ["AWS_EC2_INSTANCE_PROFILE_NAME"], keys [Key("ec2_instance_profile_name")], default None;
    /// Whether endpoints that serve IPv4 and IPv6 are used.
    USE_DUALSTACK_ENDPOINT = "use_dualstack_endpoint", Flag, env ["AWS_USE_DUALSTACK_ENDPOINT"], keys [Key("use_dualstack_endpoint")], default None;
    /// Whether endpoints with FIPS-certified cryptography are used.
    USE_FIPS_ENDPOINT = "use_fips_endpoint", Flag, env ["AWS_USE_FIPS_ENDPOINT"], keys [Key("use_fips_endpoint")], default None;
    /// An endpoint for all services; one for a single service comes first ([`configured_endpoint_url`](super::Settings::configured_endpoint_url)).
    ENDPOINT_URL = "endpoint_url", Text, env ["AWS_ENDPOINT_URL"], keys [Key("endpoint_url")], default None;
    /// The `[services]` section with settings of single services.
    SERVICES = "services", Text, env [], keys [Key("services")], default None;
    /// Whether endpoints of the environment and the config file are passed over.
    IGNORE_CONFIGURED_ENDPOINT_URLS = "ignore_configured_endpoint_urls", Flag, env ["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"], keys [Key("ignore_configured_endpoint_urls")], default None;
    /// Whether parameters are checked before a call.
    PARAMETER_VALIDATION = "parameter_validation", Flag, env [], keys [Key("parameter_validation")], default Some("true");
    /// Whether client-side monitoring events are sent.
    CSM_ENABLED = "csm_enabled", Flag, env ["AWS_CSM_ENABLED"], keys [Key("csm_enabled")], default Some("false");
    /// Where client-side monitoring events go.
    CSM_HOST = "csm_host", Text, env ["AWS_CSM_HOST"], keys [Key("csm_host")], default Some("127.0.0.1");
    /// The UDP port client-side monitoring events go to.
    CSM_PORT = "csm_port", Integer(1, 65_535), env ["AWS_CSM_PORT"], keys [Key("csm_port")], default Some("31000");
    /// The client id in client-side monitoring events.
    CSM_CLIENT_ID = "csm_client_id", Text, env ["AWS_CSM_CLIENT_ID"], keys [Key("csm_client_id")], default Some("");
    /// Whether services are asked for their endpoints where they can be.
    ENDPOINT_DISCOVERY_ENABLED = "endpoint_discovery_enabled", Choice(&["auto", "true", "false"]), env ["AWS_ENDPOINT_DISCOVERY_ENABLED"], keys [Key("endpoint_discovery_enabled")], default Some("auto");
    /// Whether STS is called in the client's region.
    STS_REGIONAL_ENDPOINTS = "sts_regional_endpoints", Choice(LEGACY_OR_REGIONAL), env ["AWS_STS_REGIONAL_ENDPOINTS"], keys [Key("sts_regional_endpoints")], default Some("regional");
    /// How calls are retried.
    RETRY_MODE = "retry_mode", Choice(RETRY_MODES), env ["AWS_RETRY_MODE"], keys [Key("retry_mode")], default Some("standard");
    /// Attempts in total; where not set, the retry mode's own number.
    MAX_ATTEMPTS = "max_attempts", Integer(1, 1_000_000), env ["AWS_MAX_ATTEMPTS"], keys [Key("max_attempts")], default None;
    /// Which set of defaults is used.
    DEFAULTS_MODE = "defaults_mode", Choice(DEFAULTS_MODES), env ["AWS_DEFAULTS_MODE"], keys [Key("defaults_mode")], default Some("legacy");
    /// The application's name in the user agent.
    USER_AGENT_APPID = "user_agent_appid", Text, env ["AWS_SDK_UA_APP_ID"], keys [Key("sdk_ua_app_id")], default None;
    /// The least number of bytes of a body that is compressed.
    REQUEST_MIN_COMPRESSION_SIZE_BYTES = "request_min_compression_size_bytes", Integer(1, 1_048_576), env ["AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES"], keys [Key("request_min_compression_size_bytes")], default Some("10240");
    /// Whether bodies are never compressed.
    DISABLE_REQUEST_COMPRESSION = "disable_request_compression", Flag, env ["AWS_DISABLE_REQUEST_COMPRESSION"], keys [Key("disable_request_compression")], default Some("false");
    /// The regions a SigV4a signature is for, separated by commas.
    SIGV4A_SIGNING_REGION_SET = "sigv4a_signing_region_set", Text, env ["AWS_SIGV4A_SIGNING_REGION_SET"], keys [Key("sigv4a_signing_region_set")], default None;
    /// When requests get a checksum.
    REQUEST_CHECKSUM_CALCULATION = "request_checksum_calculation", Choice(WHEN), env ["AWS_REQUEST_CHECKSUM_CALCULATION"], keys [Key("request_checksum_calculation")], default Some("when_supported");
    /// When the checksums of responses are checked.
    RESPONSE_CHECKSUM_VALIDATION = "response_checksum_validation", Choice(WHEN), env ["AWS_RESPONSE_CHECKSUM_VALIDATION"], keys [Key("response_checksum_validation")], default Some("when_supported");
    /// Whether endpoints hold the account id.
    ACCOUNT_ID_ENDPOINT_MODE = "account_id_endpoint_mode", Choice(&["preferred", "disabled", "required"]), env ["AWS_ACCOUNT_ID_ENDPOINT_MODE"], keys [Key("account_id_endpoint_mode")], default Some("preferred");
    /// Whether operations leave the host as it is.
    DISABLE_HOST_PREFIX_INJECTION = "disable_host_prefix_injection", Flag, env ["AWS_DISABLE_HOST_PREFIX_INJECTION"], keys [Key("disable_host_prefix_injection")], default None;
    /// Auth schemes in the order they are preferred in, separated by commas.
    AUTH_SCHEME_PREFERENCE = "auth_scheme_preference", Text, env ["AWS_AUTH_SCHEME_PREFERENCE"], keys [Key("auth_scheme_preference")], default None;
    /// Whether connections are kept alive by TCP probes.
    TCP_KEEPALIVE = "tcp_keepalive", Flag, env ["BOTOCORE_TCP_KEEPALIVE"], keys [Key("tcp_keepalive")], default None;
    /// Whether S3 Express requests are signed without a session.
    S3_DISABLE_EXPRESS_SESSION_AUTH = "s3_disable_express_session_auth", Choice(&["true", "false"]), env ["AWS_S3_DISABLE_EXPRESS_SESSION_AUTH"], keys [Key("s3_disable_express_session_auth")], default None;
    /// Where in an S3 request the bucket stands.
    S3_ADDRESSING_STYLE = "s3.addressing_style", Choice(&["auto", "virtual", "path"]), env [], keys [Nested("s3", "addressing_style")], default None;
    /// Whether S3 transfers go through the accelerated endpoints.
    S3_USE_ACCELERATE_ENDPOINT = "s3.use_accelerate_endpoint", Flag, env [], keys [Nested("s3", "use_accelerate_endpoint")], default None;
    /// The older way to choose S3's dual stack endpoints.
    S3_USE_DUALSTACK_ENDPOINT = "s3.use_dualstack_endpoint", Flag, env [], keys [Nested("s3", "use_dualstack_endpoint")], default None;
    /// Whether S3 bodies are hashed for their signature.
    S3_PAYLOAD_SIGNING_ENABLED = "s3.payload_signing_enabled", Flag, env [], keys [Nested("s3", "payload_signing_enabled")], default None;
    /// Whether the region of an ARN given for a bucket is called.
    S3_USE_ARN_REGION = "s3.use_arn_region", Flag, env ["AWS_S3_USE_ARN_REGION"], keys [Key("s3_use_arn_region"), Nested("s3", "use_arn_region")], default None;
    /// Whether S3 is called in us-east-1 itself, rather than at its global endpoint.
    S3_US_EAST_1_REGIONAL_ENDPOINT = "s3.us_east_1_regional_endpoint", Choice(LEGACY_OR_REGIONAL), env ["AWS_S3_US_EAST_1_REGIONAL_ENDPOINT"], keys [Key("s3_us_east_1_regional_endpoint"), Nested("s3", "us_east_1_regional_endpoint")], default None;
    /// Whether multi-region access points are refused.
    S3_DISABLE_MULTIREGION_ACCESS_POINTS = "s3.s3_disable_multiregion_access_points", Flag, env ["AWS_S3_DISABLE_MULTIREGION_ACCESS_POINTS"], keys [Nested("s3", "s3_disable_multiregion_access_points")], default None;
    /// A file of certificates to trust a proxy by.
    PROXY_CA_BUNDLE = "proxies_config.proxy_ca_bundle", Text, env [], keys [Key("proxy_ca_bundle"), Nested("proxies_config", "proxy_ca_bundle")], default None;
    /// The certificate to show a proxy.
    PROXY_CLIENT_CERT = "proxies_config.proxy_client_cert", Text, env [], keys [Key("proxy_client_cert"), Nested("proxies_config", "proxy_client_cert")], default None;
    /// Whether a proxy is given HTTPS requests to forward rather than a tunnel.
    PROXY_USE_FORWARDING_FOR_HTTPS = "proxies_config.proxy_use_forwarding_for_https", Flag, env [], keys [Key("proxy_use_forwarding_for_https"), Nested("proxies_config", "proxy_use_forwarding_for_https")], default None;
    /// The proxy for `http` URLs. A web server's CGI environment names a request header `HTTP_PROXY`: there only the lower-case name counts.
    HTTP_PROXY = "http_proxy", Text, env ["http_proxy", "HTTP_PROXY"], keys [], default None;
    /// The proxy for `https` URLs.
    HTTPS_PROXY = "https_proxy", Text, env ["https_proxy", "HTTPS_PROXY"], keys [], default None;
    /// The proxy for every other URL.
    ///
    /// DIFFERENCE: botocore does not read it, nor networks in `NO_PROXY`.
    ALL_PROXY = "all_proxy", Text, env ["all_proxy", "ALL_PROXY"], keys [], default None;
    /// Hosts that are reached without proxy, separated by commas.
    NO_PROXY = "no_proxy", Text, env ["no_proxy", "NO_PROXY"], keys [], default None;
    /// The access key id.
    ACCESS_KEY_ID = "access_key_id", Text, env ["AWS_ACCESS_KEY_ID"], keys [Key("aws_access_key_id")], default None;
    /// The secret access key.
    SECRET_ACCESS_KEY = "secret_access_key", Text, env ["AWS_SECRET_ACCESS_KEY"], keys [Key("aws_secret_access_key")], default None;
    /// The session token.
    SESSION_TOKEN = "session_token", Text, env ["AWS_SECURITY_TOKEN", "AWS_SESSION_TOKEN"], keys [Key("aws_security_token"), Key("aws_session_token")], default None;
    /// When the environment's credentials expire.
    CREDENTIAL_EXPIRATION = "credential_expiration", Text, env ["AWS_CREDENTIAL_EXPIRATION"], keys [], default None;
    /// The account the credentials belong to.
    ACCOUNT_ID = "account_id", Text, env ["AWS_ACCOUNT_ID"], keys [Key("aws_account_id")], default None;
    /// The role to assume.
    ROLE_ARN = "role_arn", Text, env ["AWS_ROLE_ARN"], keys [Key("role_arn")], default None;
    /// The file with the web identity token.
    WEB_IDENTITY_TOKEN_FILE = "web_identity_token_file", Text, env ["AWS_WEB_IDENTITY_TOKEN_FILE"], keys [Key("web_identity_token_file")], default None;
    /// The name of a role's session.
    ROLE_SESSION_NAME = "role_session_name", Text, env ["AWS_ROLE_SESSION_NAME"], keys [Key("role_session_name")], default None;
    /// Where the container's credentials are, on the task's own address.
    CONTAINER_CREDENTIALS_RELATIVE_URI = "container_credentials_relative_uri", Text, env ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"], keys [], default None;
    /// Where the container's credentials are.
    CONTAINER_CREDENTIALS_FULL_URI = "container_credentials_full_uri", Text, env ["AWS_CONTAINER_CREDENTIALS_FULL_URI"], keys [], default None;
    /// What the container shows to be given credentials.
    CONTAINER_AUTHORIZATION_TOKEN = "container_authorization_token", Text, env ["AWS_CONTAINER_AUTHORIZATION_TOKEN"], keys [], default None;
    /// The file of what the container shows to be given credentials.
    CONTAINER_AUTHORIZATION_TOKEN_FILE = "container_authorization_token_file", Text, env ["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"], keys [], default None;
    /// The folder of the tokens of `aws login`.
    LOGIN_CACHE_DIRECTORY = "login_cache_directory", Text, env ["AWS_LOGIN_CACHE_DIRECTORY"], keys [], default Some("~/.aws/login/cache");
    /// The credential file of the first EC2 tools.
    EC2_CREDENTIAL_FILE = "ec2_credential_file", Text, env ["AWS_CREDENTIAL_FILE"], keys [], default None;
    /// The config file of the first boto.
    BOTO_CONFIG = "boto_config", Text, env ["BOTO_CONFIG"], keys [], default None;
    /// Where the code runs, as the service that runs it says.
    EXECUTION_ENV = "execution_env", Text, env ["AWS_EXECUTION_ENV"], keys [], default None;
    /// The Lambda function's name.
    LAMBDA_FUNCTION_NAME = "lambda_function_name", Text, env ["AWS_LAMBDA_FUNCTION_NAME"], keys [], default None;
    /// The trace that a call within Lambda belongs to.
    TRACE_ID = "trace_id", Text, env ["_X_AMZN_TRACE_ID"], keys [], default None;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_of_its_kind_and_every_name_stands_once() {
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
    fn values_are_read_by_their_kind() {
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
                Err("X: `0` is not a whole number from 1 to 1000000"),
            ),
            (
                &METADATA_SERVICE_TIMEOUT,
                "NaN",
                Err("X: `NaN` is not a number of seconds"),
            ),
            (
                &RETRY_MODE,
                "fast",
                Err("X: `fast` is none of legacy, standard, adaptive"),
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
