//! [`ClientSettings`]: every setting of one client, resolved.

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

/// The time limit to open a connection, and for each read of an answer, where none is set.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);
/// The most idle connections kept where none is set.
pub const DEFAULT_POOL: usize = 10;

/// How a service is named: in code and in its definition.
#[derive(Clone, Copy, Debug)]
pub struct ServiceName<'a> {
    /// The name in code (`lexv2-runtime`).
    pub name: &'a str,
    /// The definition's service id (`Lex Runtime V2`).
    pub id: &'a str,
}

/// Every setting of one client: what the [`Config`]s say, then the environment, the profile and the defaults.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ClientSettings {
    /// The region; `None` where none is set.
    pub region: Option<Str>,
    /// The endpoint that was given or configured, in place of the rules' own.
    pub endpoint_url: Option<Str>,
    /// Whether endpoints that serve IPv4 and IPv6 are used.
    pub use_dualstack_endpoint: bool,
    /// Whether endpoints with FIPS-certified cryptography are used.
    pub use_fips_endpoint: bool,
    /// Whether `https` is used.
    pub use_ssl: bool,
    /// The API version of the service's definition; the newest where `None`.
    pub api_version: Option<Str>,
    /// The wire protocol; the service's first where `None`.
    pub protocol: Option<Str>,
    /// The signature version; the definition's where `None`.
    pub signature_version: Option<Str>,
    /// Auth schemes in the order they are preferred in.
    pub auth_scheme_preference: Vec<Str>,
    /// The regions a SigV4a signature is for.
    pub sigv4a_signing_region_set: Vec<Str>,
    /// The time limit to open a connection.
    pub connect_timeout: Duration,
    /// The time limit for each read of an answer.
    pub read_timeout: Duration,
    /// The most idle connections kept.
    pub max_pool_connections: usize,
    /// Whether connections are kept alive by TCP probes.
    pub tcp_keepalive: bool,
    /// Proxies, by the scheme of the requests they are for: `http`, `https`, or `all`.
    pub proxies: Proxies,
    /// Hosts that are reached without proxy, separated by commas.
    pub no_proxy: Option<Str>,
    /// How proxies are spoken to.
    pub proxies_config: ProxyConfig,
    /// The client's certificate for TLS.
    pub client_cert: Option<ClientCertificate>,
    /// A file of certificates to trust instead of the built-in ones.
    pub ca_bundle: Option<PathBuf>,
    /// How calls are retried.
    pub retry_mode: RetryMode,
    /// Attempts in total; the retry mode's own number where `None`.
    pub max_attempts: Option<u32>,
    /// The mode of defaults, `auto` resolved.
    pub defaults_mode: DefaultsMode,
    /// Whether parameters are checked before a call.
    pub parameter_validation: bool,
    /// Whether operations may put a prefix before the host.
    pub inject_host_prefix: bool,
    /// Whether services are asked for their endpoints.
    pub endpoint_discovery_enabled: EndpointDiscovery,
    /// The least number of bytes of a body that is compressed.
    pub request_min_compression_size_bytes: u32,
    /// Whether bodies are never compressed.
    pub disable_request_compression: bool,
    /// When requests get a checksum.
    pub request_checksum_calculation: ChecksumMode,
    /// When the checksums of responses are checked.
    pub response_checksum_validation: ChecksumMode,
    /// Whether endpoints hold the account id.
    pub account_id_endpoint_mode: AccountIdEndpointMode,
    /// Whether STS is called in the region.
    pub sts_regional_endpoints: RegionalEndpoints,
    /// S3's own options.
    pub s3: S3Config,
    /// Whether S3 Express requests are signed without a session.
    pub s3_disable_express_session_auth: bool,
    /// Parameters of the service's endpoint rules.
    pub client_context_params: Map,
    /// The whole user agent, in place of the built one.
    pub user_agent: Option<Str>,
    /// Text to append to the user agent.
    pub user_agent_extra: Option<Str>,
    /// The application's name in the user agent.
    pub user_agent_appid: Option<Str>,
}

impl ClientSettings {
    /// Whether requests are signed at all.
    #[must_use]
    pub fn is_unsigned(&self) -> bool {
        self.signature_version.as_deref() == Some(UNSIGNED)
    }
}

impl Settings {
    /// The mode of defaults, `auto` not yet resolved.
    ///
    /// # Errors
    /// `Config` where the setting is no mode.
    pub fn defaults_mode(&self, config: &Config) -> Result<DefaultsMode> {
        let mode = self.word(&setting::DEFAULTS_MODE, DefaultsMode::from_word)?;
        Ok(config
            .defaults_mode
            .or(mode)
            .unwrap_or(DefaultsMode::Legacy))
    }

    /// The region of a client.
    ///
    /// # Errors
    /// `Config` where it could not stand in a host name.
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

    /// All settings of a client of a service. `mode` is the mode of defaults, `auto` resolved, with what it means.
    ///
    /// # Errors
    /// `Config` where a setting is not of its kind.
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
        let flag = |given: Option<bool>, row: &Setting| -> Result<bool> {
            Ok(match given {
                Some(flag) => flag,
                None => self.flag(row)?.unwrap_or(false),
            })
        };
        let text = |given: &Option<Str>, row: &Setting| -> Result<Option<Str>> {
            match given {
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
                        "request_min_compression_size_bytes: {size} is not a number from 1 to 1048576"
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
                    "retries: max_attempts counts the first attempt and is at least 1",
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
            auth_scheme_preference: list(text(
                &config.auth_scheme_preference,
                &setting::AUTH_SCHEME_PREFERENCE,
            )?),
            sigv4a_signing_region_set: list(text(
                &config.sigv4a_signing_region_set,
                &setting::SIGV4A_SIGNING_REGION_SET,
            )?),
            connect_timeout: config
                .connect_timeout
                .or(defaults.connect_timeout)
                .unwrap_or(DEFAULT_TIMEOUT),
            read_timeout: config.read_timeout.unwrap_or(DEFAULT_TIMEOUT),
            max_pool_connections: config.max_pool_connections.unwrap_or(DEFAULT_POOL),
            tcp_keepalive: flag(config.tcp_keepalive, &setting::TCP_KEEPALIVE)?,
            // Proxies that are given hold for every host (botocore `endpoint.py:EndpointCreator.create_endpoint`).
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
                None => self
                    .text(&setting::CA_BUNDLE)?
                    .map(|path| self.expand(&path)),
            },
            retry_mode: match retries.mode {
                Some(mode) => mode,
                None => self
                    .word_or(
                        &setting::RETRY_MODE,
                        RetryMode::from_word,
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
                    .word(
                        &setting::ENDPOINT_DISCOVERY_ENABLED,
                        EndpointDiscovery::from_word,
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
                    .word(
                        &setting::ACCOUNT_ID_ENDPOINT_MODE,
                        AccountIdEndpointMode::from_word,
                    )?
                    .unwrap_or(AccountIdEndpointMode::Preferred),
            },
            sts_regional_endpoints: self
                .word_or(
                    &setting::STS_REGIONAL_ENDPOINTS,
                    RegionalEndpoints::from_word,
                    defaults.sts_regional_endpoints,
                )?
                .unwrap_or(RegionalEndpoints::Regional),
            s3: match &config.s3 {
                Some(given) => s3.merge(given),
                None => s3,
            },
            s3_disable_express_session_auth: match config.s3_disable_express_session_auth {
                Some(disable) => disable,
                None => self
                    .text(&setting::S3_DISABLE_EXPRESS_SESSION_AUTH)?
                    .is_some_and(|word| word == "true"),
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
                .word(&setting::S3_ADDRESSING_STYLE, AddressingStyle::from_word)?,
            use_accelerate_endpoint: self.flag(&setting::S3_USE_ACCELERATE_ENDPOINT)?,
            use_dualstack_endpoint: self.flag(&setting::S3_USE_DUALSTACK_ENDPOINT)?,
            payload_signing_enabled: self.flag(&setting::S3_PAYLOAD_SIGNING_ENABLED)?,
            use_arn_region: self.flag(&setting::S3_USE_ARN_REGION)?,
            us_east_1_regional_endpoint: self.word_or(
                &setting::S3_US_EAST_1_REGIONAL_ENDPOINT,
                RegionalEndpoints::from_word,
                defaults.s3_us_east_1_regional_endpoints,
            )?,
            disable_multiregion_access_points: self
                .flag(&setting::S3_DISABLE_MULTIREGION_ACCESS_POINTS)?,
        })
    }

    fn checksum(&self, given: Option<ChecksumMode>, row: &Setting) -> Result<ChecksumMode> {
        match given {
            Some(mode) => Ok(mode),
            None => Ok(self
                .word(row, ChecksumMode::from_word)?
                .unwrap_or(ChecksumMode::WhenSupported)),
        }
    }

    fn word<T>(&self, row: &Setting, read: impl Fn(&str) -> Option<T>) -> Result<Option<T>> {
        Ok(self.text(row)?.and_then(|word| read(&word)))
    }

    /// A word, with the mode's default in place of the table's.
    fn word_or<T>(
        &self,
        row: &Setting,
        read: impl Fn(&str) -> Option<T>,
        default: Option<T>,
    ) -> Result<Option<T>> {
        match (self.lookup(row), default) {
            (None | Some((_, SettingSource::Default)), Some(default)) => Ok(Some(default)),
            _ => self.word(row, read),
        }
    }

    /// The proxies of the environment, by scheme.
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

fn list(text: Option<Str>) -> Vec<Str> {
    text.iter()
        .flat_map(|text| text.split(','))
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(Str::from)
        .collect()
}

/// Refuses a region that could not stand in a host name.
///
/// # Errors
/// `Config`: it is no host label.
///
/// # Source
/// botocore `utils.py:validate_region_name`.
pub fn check_region(region: &str) -> Result<()> {
    let label = region.len() <= 63
        && !region.starts_with('-')
        && !region.ends_with('-')
        && region
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !(region.bytes().all(|byte| byte.is_ascii_digit()));
    if label {
        Ok(())
    } else {
        Err(Error::new(
            ErrorKind::Config,
            format!("region: `{region}` is not a valid host label"),
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
    fn without_anything_set_everything_has_its_default() {
        let settings = resolve(&[], "", &Config::new()).unwrap();
        assert_eq!(settings.region, None);
        assert_eq!(settings.connect_timeout, DEFAULT_TIMEOUT);
        assert_eq!(settings.max_pool_connections, DEFAULT_POOL);
        assert_eq!(settings.retry_mode, RetryMode::Standard);
        assert_eq!(settings.max_attempts, None);
        assert_eq!(settings.request_min_compression_size_bytes, 10_240);
        assert!(settings.parameter_validation && settings.inject_host_prefix);
        assert!(!settings.use_fips_endpoint && !settings.is_unsigned());
        assert_eq!(settings.s3, S3Config::default());
    }

    #[test]
    fn each_source_reaches_the_client() {
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
    fn a_mode_of_defaults_stands_before_the_tables() {
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
    fn bad_values_are_refused() {
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
