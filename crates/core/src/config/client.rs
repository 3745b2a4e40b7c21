//! [`ClientSettings`]: all resolved settings of one client.

use std::path::PathBuf;
use std::time::Duration;

use indexmap::IndexMap;

use super::defaults_mode::ModeDefaults;
use super::options::{
    AccountIdEndpointMode, AddressingStyle, ChecksumMode, ClientCertificate, Config, DefaultsMode,
    EndpointDiscovery, Proxies, ProxyConfig, RegionalEndpoints, RetryMode, S3Config, UNSIGNED,
};
use super::setting::{self, Setting};
use super::settings::{SettingSource, Settings};
use crate::{Error, ErrorKind, Map, Result, Str};

/// The default timeout for connecting and for each read of a response.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);
/// The default maximum number of open connections. Half of the usual limit of 1,024 file descriptors per process.
pub const DEFAULT_MAX_POOL_CONNECTIONS: usize = 500;
/// The default maximum size of a response that is read into memory, in bytes.
const DEFAULT_MAX_RESPONSE_BYTES: usize = 1 << 30;

/// The names of a service.
#[derive(Clone, Copy, Debug)]
pub struct ServiceName<'a> {
    /// The name of the client in code (`lexv2-runtime`).
    pub name: &'a str,
    /// The service id of the definition (`Lex Runtime V2`).
    pub id: &'a str,
}

/// All settings of one client, resolved from the [`Config`]s, the environment, the profile and the defaults, in this order.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ClientSettings {
    /// The region, if one is set.
    pub region: Option<Str>,
    /// The configured endpoint, which overrides the endpoint rules.
    pub endpoint_url: Option<Str>,
    /// Use dual-stack (IPv4 and IPv6) endpoints.
    pub use_dualstack_endpoint: bool,
    /// Use FIPS endpoints.
    pub use_fips_endpoint: bool,
    /// Use `https`.
    pub use_ssl: bool,
    /// The API version of the service definition; the newest if `None`.
    pub api_version: Option<Str>,
    /// The wire protocol; the preferred one of the service if `None`.
    pub protocol: Option<Str>,
    /// The signature version; the one of the service definition if `None`.
    pub signature_version: Option<Str>,
    /// Auth schemes in order of preference.
    pub auth_scheme_preference: Vec<Str>,
    /// The signing region set for SigV4a.
    pub sigv4a_signing_region_set: Vec<Str>,
    /// The timeout for connecting.
    pub connect_timeout: Duration,
    /// The timeout for each read of a response.
    pub read_timeout: Duration,
    /// The maximum number of open connections.
    pub max_pool_connections: usize,
    /// The maximum size of a response that is read into memory, in bytes.
    pub max_response_bytes: usize,
    /// Verify the certificates of servers.
    pub verify: bool,
    /// Enable TCP keepalive.
    pub tcp_keepalive: bool,
    /// Proxies by the URL scheme of the request: `http`, `https` or `all`.
    pub proxies: Proxies,
    /// Hosts that bypass the proxy, separated by commas.
    pub no_proxy: Option<Str>,
    /// TLS and forwarding options for proxies.
    pub proxies_config: ProxyConfig,
    /// The client certificate for TLS.
    pub client_cert: Option<ClientCertificate>,
    /// A file of trusted CA certificates that replaces the built-in ones.
    pub ca_bundle: Option<PathBuf>,
    /// The retry mode.
    pub retry_mode: RetryMode,
    /// The maximum number of attempts, including the first; the default of the retry mode if `None`.
    pub max_attempts: Option<u32>,
    /// The defaults mode, with `auto` resolved.
    pub defaults_mode: DefaultsMode,
    /// Validate parameters before a call.
    pub parameter_validation: bool,
    /// Add the host prefix of an operation to the endpoint.
    pub inject_host_prefix: bool,
    /// Use of endpoint discovery.
    pub endpoint_discovery_enabled: EndpointDiscovery,
    /// The minimum size of a body that is compressed, in bytes.
    pub request_min_compression_size_bytes: u32,
    /// Disable request compression.
    pub disable_request_compression: bool,
    /// When request checksums are calculated.
    pub request_checksum_calculation: ChecksumMode,
    /// When response checksums are validated.
    pub response_checksum_validation: ChecksumMode,
    /// Use of account-based endpoints.
    pub account_id_endpoint_mode: AccountIdEndpointMode,
    /// Use of regional STS endpoints.
    pub sts_regional_endpoints: RegionalEndpoints,
    /// Options of S3.
    pub s3: S3Config,
    /// Sign S3 Express requests without session credentials.
    pub s3_disable_express_session_auth: bool,
    /// Client context parameters of the endpoint rules.
    pub client_context_params: Map,
    /// The complete user agent, which replaces the generated one.
    pub user_agent: Option<Str>,
    /// Text to append to the user agent.
    pub user_agent_extra: Option<Str>,
    /// The application id in the user agent.
    pub user_agent_appid: Option<Str>,
}

impl ClientSettings {
    /// Returns `true` if requests are not signed.
    #[must_use]
    pub fn is_unsigned(&self) -> bool {
        self.signature_version.as_deref() == Some(UNSIGNED)
    }
}

impl Settings {
    /// Returns the defaults mode. `auto` is not resolved.
    ///
    /// # Errors
    /// `Config` if the setting is not a defaults mode.
    pub fn defaults_mode(&self, config: &Config) -> Result<DefaultsMode> {
        let mode = self.choice(&setting::DEFAULTS_MODE, DefaultsMode::from_name)?;
        Ok(config
            .defaults_mode
            .or(mode)
            .unwrap_or(DefaultsMode::Legacy))
    }

    /// Returns the region of a client.
    ///
    /// # Errors
    /// `Config` if the region is not a valid host label.
    pub fn region(&self, config: &Config) -> Result<Option<Str>> {
        let region = match &config.region {
            Some(region) => Some(region.clone()),
            None => self.text(&setting::REGION)?,
        };
        if let Some(region) = &region {
            check_region(region)?;
        }
        Ok(region)
    }

    /// Resolves all settings of a client. `mode` is the defaults mode with `auto` resolved, and `mode_defaults` its defaults.
    ///
    /// # Errors
    /// `Config` if a setting has an invalid value.
    ///
    /// # Source
    /// botocore `args.py:ClientArgsCreator.compute_client_args`, `session.py:Session.create_client`.
    pub fn for_client(
        &self,
        config: &Config,
        service: ServiceName<'_>,
        mode: DefaultsMode,
        mode_defaults: Option<&ModeDefaults>,
    ) -> Result<ClientSettings> {
        let legacy = ModeDefaults::default();
        let defaults = mode_defaults.unwrap_or(&legacy);
        let retries = config.retries.unwrap_or_default();
        let flag = |explicit: Option<bool>, row: &Setting| -> Result<bool> {
            Ok(match explicit {
                Some(flag) => flag,
                None => self.flag(row)?.unwrap_or(false),
            })
        };
        let text = |explicit: &Option<Str>, row: &Setting| -> Result<Option<Str>> {
            match explicit {
                Some(text) => Ok(Some(text.clone())),
                None => self.text(row),
            }
        };

        let endpoint_url = match &config.endpoint_url {
            Some(url) => Some(url.clone()),
            None if flag(
                config.ignore_configured_endpoint_urls,
                &setting::IGNORE_CONFIGURED_ENDPOINT_URLS,
            )? =>
            {
                None
            }
            None => self.configured_endpoint_url(service.id)?,
        };
        let min_compression = match config.request_min_compression_size_bytes {
            Some(size @ 1..=1_048_576) => size,
            Some(size) => {
                return Err(Error::new(
                    ErrorKind::Config,
                    format!(
                        "request_min_compression_size_bytes must be between 1 and 1048576, got {size}"
                    ),
                ));
            }
            None => self
                .integer(&setting::REQUEST_MIN_COMPRESSION_SIZE_BYTES)?
                .and_then(|size| u32::try_from(size).ok())
                .unwrap_or(10_240),
        };
        let max_attempts = match retries.max_attempts {
            Some(0) => {
                return Err(Error::new(
                    ErrorKind::Config,
                    "retries: max_attempts includes the first attempt and must be at least 1",
                ));
            }
            Some(attempts) => Some(attempts),
            None => self
                .integer(&setting::MAX_ATTEMPTS)?
                .and_then(|attempts| u32::try_from(attempts).ok()),
        };
        let s3 = self.s3(defaults)?;

        Ok(ClientSettings {
            region: self.region(config)?,
            endpoint_url,
            use_dualstack_endpoint: flag(
                config.use_dualstack_endpoint,
                &setting::USE_DUALSTACK_ENDPOINT,
            )?,
            use_fips_endpoint: flag(config.use_fips_endpoint, &setting::USE_FIPS_ENDPOINT)?,
            use_ssl: config.use_ssl.unwrap_or(true),
            api_version: config
                .api_version
                .clone()
                .or_else(|| self.api_version(service.name).map(Str::from)),
            protocol: config.protocol.clone(),
            signature_version: config
                .signature_version
                .clone()
                .or_else(|| self.signature_version(service.name).map(Str::from)),
            auth_scheme_preference: split_list(text(
                &config.auth_scheme_preference,
                &setting::AUTH_SCHEME_PREFERENCE,
            )?),
            sigv4a_signing_region_set: split_list(text(
                &config.sigv4a_signing_region_set,
                &setting::SIGV4A_SIGNING_REGION_SET,
            )?),
            connect_timeout: config
                .connect_timeout
                .or(defaults.connect_timeout)
                .unwrap_or(DEFAULT_TIMEOUT),
            read_timeout: config.read_timeout.unwrap_or(DEFAULT_TIMEOUT),
            max_pool_connections: config
                .max_pool_connections
                .unwrap_or(DEFAULT_MAX_POOL_CONNECTIONS)
                .max(1),
            max_response_bytes: config
                .max_response_bytes
                .unwrap_or(DEFAULT_MAX_RESPONSE_BYTES),
            verify: config.verify.unwrap_or(true),
            tcp_keepalive: flag(config.tcp_keepalive, &setting::TCP_KEEPALIVE)?,
            // `no_proxy` does not apply to proxies set in code (botocore `endpoint.py:EndpointCreator.create_endpoint`).
            no_proxy: match &config.proxies {
                Some(_) => None,
                None => setting::NO_PROXY
                    .from_env(self.env())
                    .map(|(_, hosts)| Str::from(hosts)),
            },
            proxies: match &config.proxies {
                Some(proxies) => proxies.clone(),
                None => self.environment_proxies(),
            },
            proxies_config: match &config.proxies_config {
                Some(config) => config.clone(),
                None => ProxyConfig {
                    ca_bundle: self
                        .text(&setting::PROXY_CA_BUNDLE)?
                        .map(|path| self.expand(&path)),
                    client_certificate: self.text(&setting::PROXY_CLIENT_CERT)?.map(|path| {
                        ClientCertificate {
                            certificate: self.expand(&path),
                            key: None,
                        }
                    }),
                    use_forwarding_for_https: self
                        .flag(&setting::PROXY_USE_FORWARDING_FOR_HTTPS)?,
                },
            },
            client_cert: config.client_cert.clone(),
            ca_bundle: match &config.ca_bundle {
                Some(path) => Some(path.clone()),
                None => match self.text(&setting::CA_BUNDLE)? {
                    Some(path) => Some(path),
                    None => self.text(&setting::SYSTEM_CA_BUNDLE)?,
                }
                .map(|path| self.expand(&path)),
            },
            retry_mode: match retries.mode {
                Some(mode) => mode,
                None => self
                    .choice_or(
                        &setting::RETRY_MODE,
                        RetryMode::from_name,
                        defaults.retry_mode,
                    )?
                    .unwrap_or(RetryMode::Standard),
            },
            max_attempts,
            defaults_mode: mode,
            parameter_validation: match config.parameter_validation {
                Some(false) => false,
                _ => self.flag(&setting::PARAMETER_VALIDATION)?.unwrap_or(true),
            },
            inject_host_prefix: match config.inject_host_prefix {
                Some(inject) => inject,
                None => !flag(None, &setting::DISABLE_HOST_PREFIX_INJECTION)?,
            },
            endpoint_discovery_enabled: match config.endpoint_discovery_enabled {
                Some(discovery) => discovery,
                None => self
                    .choice(
                        &setting::ENDPOINT_DISCOVERY_ENABLED,
                        EndpointDiscovery::from_name,
                    )?
                    .unwrap_or(EndpointDiscovery::Auto),
            },
            request_min_compression_size_bytes: min_compression,
            disable_request_compression: flag(
                config.disable_request_compression,
                &setting::DISABLE_REQUEST_COMPRESSION,
            )?,
            request_checksum_calculation: self.checksum(
                config.request_checksum_calculation,
                &setting::REQUEST_CHECKSUM_CALCULATION,
            )?,
            response_checksum_validation: self.checksum(
                config.response_checksum_validation,
                &setting::RESPONSE_CHECKSUM_VALIDATION,
            )?,
            account_id_endpoint_mode: match config.account_id_endpoint_mode {
                Some(mode) => mode,
                None => self
                    .choice(
                        &setting::ACCOUNT_ID_ENDPOINT_MODE,
                        AccountIdEndpointMode::from_name,
                    )?
                    .unwrap_or(AccountIdEndpointMode::Preferred),
            },
            sts_regional_endpoints: self
                .choice_or(
                    &setting::STS_REGIONAL_ENDPOINTS,
                    RegionalEndpoints::from_name,
                    defaults.sts_regional_endpoints,
                )?
                .unwrap_or(RegionalEndpoints::Regional),
            s3: match &config.s3 {
                Some(explicit) => s3.merge(explicit),
                None => s3,
            },
            s3_disable_express_session_auth: match config.s3_disable_express_session_auth {
                Some(disable) => disable,
                None => self
                    .text(&setting::S3_DISABLE_EXPRESS_SESSION_AUTH)?
                    .is_some_and(|value| value == "true"),
            },
            client_context_params: config.client_context_params.clone().unwrap_or_default(),
            user_agent: config.user_agent.clone(),
            user_agent_extra: config.user_agent_extra.clone(),
            user_agent_appid: text(&config.user_agent_appid, &setting::USER_AGENT_APPID)?,
        })
    }

    fn s3(&self, defaults: &ModeDefaults) -> Result<S3Config> {
        Ok(S3Config {
            addressing_style: self
                .choice(&setting::S3_ADDRESSING_STYLE, AddressingStyle::from_name)?,
            use_accelerate_endpoint: self.flag(&setting::S3_USE_ACCELERATE_ENDPOINT)?,
            use_dualstack_endpoint: self.flag(&setting::S3_USE_DUALSTACK_ENDPOINT)?,
            payload_signing_enabled: self.flag(&setting::S3_PAYLOAD_SIGNING_ENABLED)?,
            use_arn_region: self.flag(&setting::S3_USE_ARN_REGION)?,
            us_east_1_regional_endpoint: self.choice_or(
                &setting::S3_US_EAST_1_REGIONAL_ENDPOINT,
                RegionalEndpoints::from_name,
                defaults.s3_us_east_1_regional_endpoints,
            )?,
            disable_multiregion_access_points: self
                .flag(&setting::S3_DISABLE_MULTIREGION_ACCESS_POINTS)?,
        })
    }

    fn checksum(&self, explicit: Option<ChecksumMode>, row: &Setting) -> Result<ChecksumMode> {
        match explicit {
            Some(mode) => Ok(mode),
            None => Ok(self
                .choice(row, ChecksumMode::from_name)?
                .unwrap_or(ChecksumMode::WhenSupported)),
        }
    }

    fn choice<T>(&self, row: &Setting, parse: impl Fn(&str) -> Option<T>) -> Result<Option<T>> {
        Ok(self.text(row)?.and_then(|name| parse(&name)))
    }

    /// Returns a choice, with `default` in place of the default in the settings table.
    fn choice_or<T>(
        &self,
        row: &Setting,
        parse: impl Fn(&str) -> Option<T>,
        default: Option<T>,
    ) -> Result<Option<T>> {
        match (self.lookup(row), default) {
            (None | Some((_, SettingSource::Default)), Some(default)) => Ok(Some(default)),
            _ => self.choice(row, parse),
        }
    }

    /// Returns the proxies set in the environment.
    ///
    /// # Source
    /// Python's `urllib.request.getproxies_environment`.
    fn environment_proxies(&self) -> Proxies {
        let env = self.env();
        let mut proxies = IndexMap::new();
        for (scheme, row) in [
            ("http", &setting::HTTP_PROXY),
            ("https", &setting::HTTPS_PROXY),
            ("all", &setting::ALL_PROXY),
        ] {
            if let Some((name, url)) = row.from_env(env)
                && !(name == "HTTP_PROXY" && env.var("REQUEST_METHOD").is_some())
            {
                proxies.insert(Str::from_static(scheme), Str::from(url));
            }
        }
        Proxies(proxies)
    }
}

fn split_list(text: Option<Str>) -> Vec<Str> {
    text.iter()
        .flat_map(|text| text.split(','))
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(Str::from)
        .collect()
}

/// Checks that a region is a valid host label.
///
/// # Errors
/// `Config` if it is not.
///
/// # Source
/// botocore `utils.py:validate_region_name`.
pub fn check_region(region: &str) -> Result<()> {
    let is_host_label = region.len() <= 63
        && !region.starts_with('-')
        && !region.ends_with('-')
        && region
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !(region.bytes().all(|byte| byte.is_ascii_digit()));
    if is_host_label {
        Ok(())
    } else {
        Err(Error::new(
            ErrorKind::Config,
            format!("region `{region}` is not a valid host label"),
        ))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use super::*;
    use crate::config::ConfigFiles;
    use crate::config::tests::FakeEnv;

    #[test]
    fn ca_bundle_of_the_profile_precedes_ssl_cert_file() {
        let bundle = |env: &[(&str, &str)], profile: &str| {
            let settings = resolve(env, profile, &Config::new()).unwrap();
            settings.ca_bundle
        };
        let ssl = ("SSL_CERT_FILE", "/ssl.pem");
        let curl = ("CURL_CA_BUNDLE", "/curl.pem");
        let aws = ("AWS_CA_BUNDLE", "/aws.pem");
        let profile = "ca_bundle = /profile.pem";
        assert_eq!(bundle(&[ssl], ""), Some("/ssl.pem".into()));
        assert_eq!(bundle(&[ssl, curl], ""), Some("/curl.pem".into()));
        assert_eq!(bundle(&[ssl, curl], profile), Some("/profile.pem".into()));
        assert_eq!(bundle(&[ssl, curl, aws], profile), Some("/aws.pem".into()));
        assert_eq!(bundle(&[], ""), None);
    }

    fn resolve(env: &[(&str, &str)], profile: &str, config: &Config) -> Result<ClientSettings> {
        let settings = Settings::new(
            Arc::new(FakeEnv::of(env)),
            Arc::new(ConfigFiles::parse(&format!("[default]\n{profile}"), "").unwrap()),
            None,
            BTreeMap::new(),
        )?;
        let service = ServiceName {
            name: "s3",
            id: "S3",
        };
        settings.for_client(config, service, DefaultsMode::Legacy, None)
    }

    #[test]
    fn unset_settings_have_their_defaults() {
        let settings = resolve(&[], "", &Config::new()).unwrap();
        assert_eq!(settings.region, None);
        assert_eq!(settings.connect_timeout, DEFAULT_TIMEOUT);
        assert_eq!(settings.max_pool_connections, DEFAULT_MAX_POOL_CONNECTIONS);
        assert_eq!(settings.retry_mode, RetryMode::Standard);
        assert_eq!(settings.max_attempts, None);
        assert_eq!(settings.request_min_compression_size_bytes, 10_240);
        assert!(settings.parameter_validation && settings.inject_host_prefix);
        assert!(!settings.use_fips_endpoint && !settings.is_unsigned());
        assert_eq!(settings.s3, S3Config::default());
    }

    #[test]
    fn resolves_settings_from_code_environment_and_profile() {
        let env = [
            ("AWS_USE_FIPS_ENDPOINT", "true"),
            ("AWS_S3_USE_ARN_REGION", "true"),
            ("AWS_DISABLE_HOST_PREFIX_INJECTION", "true"),
            ("HTTPS_PROXY", "http://p:1"),
            ("HTTP_PROXY", "http://evil"),
            ("REQUEST_METHOD", "GET"),
        ];
        let profile = "parameter_validation = false\nmax_attempts = 7\ns3 =\n  addressing_style = path\n  \
             signature_version = s3v4\napi_versions =\n  s3 = 2006-03-01";
        let config = Config::new().region("eu-west-1").s3(S3Config {
            use_accelerate_endpoint: Some(true),
            ..S3Config::default()
        });
        let settings = resolve(&env, profile, &config).unwrap();
        assert!(settings.use_fips_endpoint);
        assert!(!settings.parameter_validation && !settings.inject_host_prefix);
        assert_eq!(settings.max_attempts, Some(7));
        assert_eq!(settings.s3.use_arn_region, Some(true));
        assert_eq!(settings.s3.use_accelerate_endpoint, Some(true));
        assert_eq!(settings.s3.addressing_style, Some(AddressingStyle::Path));
        assert_eq!(settings.signature_version.as_deref(), Some("s3v4"));
        assert_eq!(settings.api_version.as_deref(), Some("2006-03-01"));
        assert_eq!(settings.proxies, Proxies::new().with("https", "http://p:1"));
    }

    #[test]
    fn defaults_mode_overrides_default_of_settings_table() {
        let settings = Settings::new(
            Arc::new(FakeEnv::of(&[("AWS_STS_REGIONAL_ENDPOINTS", "legacy")])),
            Arc::new(ConfigFiles::default()),
            None,
            BTreeMap::new(),
        )
        .unwrap();
        let defaults = ModeDefaults {
            retry_mode: Some(RetryMode::Adaptive),
            sts_regional_endpoints: Some(RegionalEndpoints::Regional),
            s3_us_east_1_regional_endpoints: Some(RegionalEndpoints::Regional),
            connect_timeout: Some(Duration::from_secs(3)),
            tls_negotiation_timeout: None,
        };
        let service = ServiceName {
            name: "s3",
            id: "S3",
        };
        let client = settings
            .for_client(
                &Config::new(),
                service,
                DefaultsMode::Standard,
                Some(&defaults),
            )
            .unwrap();
        assert_eq!(client.retry_mode, RetryMode::Adaptive);
        assert_eq!(client.sts_regional_endpoints, RegionalEndpoints::Legacy);
        assert_eq!(
            client.s3.us_east_1_regional_endpoint,
            Some(RegionalEndpoints::Regional)
        );
        assert_eq!(client.connect_timeout, Duration::from_secs(3));
    }

    #[test]
    fn rejects_invalid_values() {
        for config in [
            Config::new().region("a.b"),
            Config::new().region("-a"),
            Config::new().region("123"),
            Config::new().max_attempts(0),
            Config::new().request_min_compression_size_bytes(2_000_000),
        ] {
            assert_eq!(
                resolve(&[], "", &config).unwrap_err().kind(),
                ErrorKind::Config
            );
        }
        let env = [("AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES", "0")];
        assert!(resolve(&env, "", &Config::new()).is_err());
    }
}
