//! The `config` object of an input line: client settings under botocore's names.

use std::time::Duration;

use inia::config::{
    AccountIdEndpointMode, AddressingStyle, ChecksumMode, Config, DefaultsMode, RegionalEndpoints,
    Retries, RetryMode, S3Config,
};
use inia::{Error, ErrorKind, Result, Value};

/// Supported settings.
const SETTINGS: [&str; 29] = [
    "account_id_endpoint_mode",
    "api_version",
    "auth_scheme_preference",
    "client_context_params",
    "connect_timeout",
    "defaults_mode",
    "disable_request_compression",
    "endpoint_url",
    "ignore_configured_endpoint_urls",
    "inject_host_prefix",
    "max_pool_connections",
    "max_response_bytes",
    "parameter_validation",
    "protocol",
    "read_timeout",
    "region",
    "region_name",
    "request_checksum_calculation",
    "request_min_compression_size_bytes",
    "response_checksum_validation",
    "retries",
    "s3",
    "signature_version",
    "sigv4a_signing_region_set",
    "use_dualstack_endpoint",
    "use_fips_endpoint",
    "user_agent",
    "user_agent_extra",
    "verify",
];

/// Reads the settings; null means none.
pub(super) fn read(value: &Value) -> Result<Config> {
    let mut config = Config::new();
    let map = match value {
        Value::Null => return Ok(config),
        Value::Map(map) => map,
        other => {
            return Err(invalid(format!(
                "config: expected an object, got a {}",
                other.type_name()
            )));
        }
    };
    for (name, value) in map {
        if value.is_null() {
            continue;
        }
        config = match &**name {
            "account_id_endpoint_mode" => config.account_id_endpoint_mode(keyword(
                name,
                value,
                AccountIdEndpointMode::from_name,
            )?),
            "api_version" => config.api_version(text(name, value)?),
            "auth_scheme_preference" => config.auth_scheme_preference(text(name, value)?),
            "client_context_params" => config.client_context_params(
                value
                    .as_map()
                    .cloned()
                    .ok_or_else(|| expected(name, "an object", value))?,
            ),
            "connect_timeout" => config.connect_timeout(seconds(name, value)?),
            "defaults_mode" => config.defaults_mode(keyword(name, value, DefaultsMode::from_name)?),
            "disable_request_compression" => config.disable_request_compression(flag(name, value)?),
            "endpoint_url" => config.endpoint_url(text(name, value)?),
            "ignore_configured_endpoint_urls" => {
                config.ignore_configured_endpoint_urls(flag(name, value)?)
            }
            "inject_host_prefix" => config.inject_host_prefix(flag(name, value)?),
            "max_pool_connections" => config.max_pool_connections(number(name, value)? as usize),
            "max_response_bytes" => config.max_response_bytes(number(name, value)? as usize),
            "parameter_validation" => config.parameter_validation(flag(name, value)?),
            "protocol" => config.protocol(text(name, value)?),
            "read_timeout" => config.read_timeout(seconds(name, value)?),
            "region" | "region_name" => config.region(text(name, value)?),
            "request_checksum_calculation" => {
                config.request_checksum_calculation(keyword(name, value, ChecksumMode::from_name)?)
            }
            "request_min_compression_size_bytes" => {
                config.request_min_compression_size_bytes(number(name, value)?)
            }
            "response_checksum_validation" => {
                config.response_checksum_validation(keyword(name, value, ChecksumMode::from_name)?)
            }
            "retries" => config.retries(retries(value)?),
            "s3" => config.s3(s3(value)?),
            "signature_version" => config.signature_version(text(name, value)?),
            "sigv4a_signing_region_set" => config.sigv4a_signing_region_set(text(name, value)?),
            "use_dualstack_endpoint" => config.use_dualstack_endpoint(flag(name, value)?),
            "use_fips_endpoint" => config.use_fips_endpoint(flag(name, value)?),
            "user_agent" => config.user_agent(text(name, value)?),
            "user_agent_extra" => config.user_agent_extra(text(name, value)?),
            "verify" => config.verify(flag(name, value)?),
            _ => {
                return Err(invalid(format!(
                    "config: unknown setting {name:?}{}",
                    inia::did_you_mean(name, SETTINGS)
                )));
            }
        };
    }
    Ok(config)
}

fn retries(value: &Value) -> Result<Retries> {
    let map = value
        .as_map()
        .ok_or_else(|| expected("retries", "an object", value))?;
    let mut retries = Retries::default();
    for (name, value) in map {
        match &**name {
            "mode" => retries.mode = Some(keyword(name, value, RetryMode::from_name)?),
            "total_max_attempts" => retries.max_attempts = Some(number(name, value)?),
            // botocore's `max_attempts` counts retries, not attempts.
            "max_attempts" => retries.max_attempts = Some(number(name, value)?.saturating_add(1)),
            _ => return Err(invalid(format!("config.retries: unknown setting {name:?}"))),
        }
    }
    Ok(retries)
}

fn s3(value: &Value) -> Result<S3Config> {
    let map = value
        .as_map()
        .ok_or_else(|| expected("s3", "an object", value))?;
    let mut s3 = S3Config::default();
    for (name, value) in map {
        match &**name {
            "addressing_style" => {
                s3.addressing_style = Some(keyword(name, value, AddressingStyle::from_name)?)
            }
            "use_accelerate_endpoint" => s3.use_accelerate_endpoint = Some(flag(name, value)?),
            "use_dualstack_endpoint" => s3.use_dualstack_endpoint = Some(flag(name, value)?),
            "payload_signing_enabled" => s3.payload_signing_enabled = Some(flag(name, value)?),
            "use_arn_region" => s3.use_arn_region = Some(flag(name, value)?),
            "us_east_1_regional_endpoint" => {
                s3.us_east_1_regional_endpoint =
                    Some(keyword(name, value, RegionalEndpoints::from_name)?);
            }
            "s3_disable_multiregion_access_points" => {
                s3.disable_multiregion_access_points = Some(flag(name, value)?)
            }
            _ => return Err(invalid(format!("config.s3: unknown setting {name:?}"))),
        }
    }
    Ok(s3)
}

fn expected(name: &str, expected_type: &str, value: &Value) -> Error {
    invalid(format!(
        "config.{name}: expected {expected_type}, got a {}",
        value.type_name()
    ))
}

fn text<'a>(name: &str, value: &'a Value) -> Result<&'a str> {
    value
        .as_str()
        .ok_or_else(|| expected(name, "a string", value))
}

fn flag(name: &str, value: &Value) -> Result<bool> {
    value
        .as_bool()
        .ok_or_else(|| expected(name, "true or false", value))
}

fn number(name: &str, value: &Value) -> Result<u32> {
    value
        .as_i64()
        .and_then(|number| u32::try_from(number).ok())
        .ok_or_else(|| expected(name, "an integer", value))
}

fn seconds(name: &str, value: &Value) -> Result<Duration> {
    value
        .as_f64()
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| expected(name, "a number of seconds", value))
}

fn keyword<T>(name: &str, value: &Value, read: impl Fn(&str) -> Option<T>) -> Result<T> {
    let text = text(name, value)?;
    read(text).ok_or_else(|| invalid(format!("config.{name}: invalid value {text:?}")))
}

pub(super) fn invalid(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Validation, message)
}
