//! [`ClientSettings`]: all resolved settings of one client.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use indexmap::IndexMap;

use super::defaults_mode::{DefaultsTable, ModeDefaults};
use super::options::{
    AccountIdEndpointMode, ChecksumMode, ClientCertificate, Config, DefaultsMode,
    EndpointDiscovery, NameList, Proxies, ProxyConfig, RegionalEndpoints, RetryMode, S3Config,
    UNSIGNED, WithoutUserinfo,
};
use super::setting::{self, OptionType, Setting};
use super::settings::Settings;
use super::table::{client_options, proxy_options, s3_options};
use crate::{Error, ErrorKind, Map, Result, Str};

/// The names of a service.
#[derive(Clone, Copy, Debug)]
pub struct ServiceName<'a> {
    /// The name of the client in code (`lexv2-runtime`).
    pub name: &'a str,
    /// The service id of the definition (`Lex Runtime V2`).
    pub id: &'a str,
}

/// Resolves the settings of a client.
struct Resolver<'a> {
    settings: &'a Settings,
    config: &'a Config,
    service: ServiceName<'a>,
    mode: DefaultsMode,
    defaults: &'a ModeDefaults,
}

/// The type of a resolved setting: optional if it has no default.
macro_rules! resolved_type {
    ($type:ident) => { Option<$type> };
    ($type:ident $default:literal) => { $type };
}

/// Resolves a setting: with the method of its row, or from code, the environment, the profile and the defaults.
macro_rules! resolve_option {
    ($resolver:ident $setting:ident $field:ident [$($default:literal)?] $method:ident) => {
        $resolver.$method()?
    };
    ($resolver:ident $setting:ident $field:ident []) => {
        $resolver.optional(&setting::$setting, $resolver.config.$field.as_ref())?
    };
    ($resolver:ident $setting:ident $field:ident [$default:literal]) => {
        $resolver.required(&setting::$setting, $resolver.config.$field.as_ref())?
    };
}

/// Defines `ClientSettings` and its resolution.
macro_rules! define_client_settings {
    (() $(
        $(#[doc = $doc:literal])*
        $constant:ident $field:ident: $type:ident $([$bounds:expr])? $(= $default:literal)?
        $(, env $env:tt)? $(, keys $keys:tt)? $(, resolve $method:ident)?;
    )*) => {
        /// All settings of one client, resolved from the [`Config`]s, the environment, the profile and the defaults, in this order.
        #[derive(Clone)]
        #[non_exhaustive]
        pub struct ClientSettings {
            $($(#[doc = $doc])* pub $field: resolved_type!($type $($default)?),)*
        }

        impl Resolver<'_> {
            fn resolve(&self) -> Result<ClientSettings> {
                Ok(ClientSettings {
                    $($field: resolve_option!(self $constant $field [$($default)?] $($method)?),)*
                })
            }
        }

        /// Prints all settings, without the user names and passwords of URLs.
        impl fmt::Debug for ClientSettings {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut fields = f.debug_struct("ClientSettings");
                $(fields.field(stringify!($field), &WithoutUserinfo(&self.$field));)*
                fields.finish()
            }
        }
    };
}

/// Defines the resolution of nested options.
macro_rules! define_nested_settings {
    (($method:ident, $struct:ident) $(
        $(#[doc = $doc:literal])*
        $constant:ident $field:ident: $type:ident $(, env $env:tt)? $(, keys $keys:tt)?;
    )*) => {
        impl Resolver<'_> {
            fn $method(&self) -> Result<$struct> {
                let code = self.config.$method.as_ref();
                let mut options = $struct::new();
                $(options.$field = self.optional(&setting::$constant, code.and_then(|code| code.$field.as_ref()))?;)*
                Ok(options)
            }
        }
    };
}

client_options!(define_client_settings);
s3_options!(define_nested_settings s3, S3Config);
proxy_options!(define_nested_settings proxies_config, ProxyConfig);

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
        match config.defaults_mode {
            Some(mode) => Ok(mode),
            None => Ok(self
                .get(&setting::DEFAULTS_MODE)?
                .unwrap_or(DefaultsMode::Legacy)),
        }
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

    /// Resolves all settings of a client.
    ///
    /// `instance_region` is the region from the instance metadata service, if it is available, for the defaults mode `auto`.
    ///
    /// # Errors
    /// `Config` if a setting has an invalid value, or `table` has no defaults for the defaults mode.
    ///
    /// # Source
    /// botocore `args.py:ClientArgsCreator.compute_client_args`, `session.py:Session.create_client`.
    pub fn for_client(
        &self,
        config: &Config,
        service: ServiceName<'_>,
        table: &DefaultsTable,
        instance_region: Option<&str>,
    ) -> Result<ClientSettings> {
        let mode = self.defaults_mode(config)?.resolve_auto(
            self,
            self.region(config)?.as_deref(),
            instance_region,
        );
        let legacy = ModeDefaults::default();
        let defaults = match table.get(mode) {
            Some(defaults) => defaults,
            None if mode == DefaultsMode::Legacy => &legacy,
            None => {
                let problem = format!("defaults_mode: no defaults available for `{mode}`");
                return Err(Error::new(ErrorKind::Config, problem));
            }
        };
        let resolver = Resolver {
            settings: self,
            config,
            service,
            mode,
            defaults,
        };
        resolver.resolve()
    }
}

impl Resolver<'_> {
    fn optional<T: OptionType>(&self, setting: &Setting, code: Option<&T>) -> Result<Option<T>> {
        match code {
            Some(value) => {
                setting.check(value)?;
                Ok(Some(value.clone()))
            }
            None => self.settings.value(setting, self.defaults.get(setting)),
        }
    }

    fn required<T: OptionType>(&self, setting: &Setting, code: Option<&T>) -> Result<T> {
        self.optional(setting, code)?.ok_or_else(|| {
            let problem = format!("{} is empty: set it to a value, or remove it", setting.name);
            Error::new(ErrorKind::Config, problem)
        })
    }

    fn region(&self) -> Result<Option<Str>> {
        self.settings.region(self.config)
    }

    fn endpoint_url(&self) -> Result<Option<Str>> {
        if let Some(url) = &self.config.endpoint_url {
            return Ok(Some(url.clone()));
        }
        let ignore = self.config.ignore_configured_endpoint_urls.as_ref();
        if self.required(&setting::IGNORE_CONFIGURED_ENDPOINT_URLS, ignore)? {
            return Ok(None);
        }
        self.settings.configured_endpoint_url(self.service.id)
    }

    fn api_version(&self) -> Result<Option<Str>> {
        let version = self.optional(&setting::API_VERSION, self.config.api_version.as_ref())?;
        Ok(version.or_else(|| self.settings.api_version(self.service.name).map(Str::from)))
    }

    fn signature_version(&self) -> Result<Option<Str>> {
        let code = self.config.signature_version.as_ref();
        let version = self.optional(&setting::SIGNATURE_VERSION, code)?;
        Ok(version.or_else(|| {
            let version = self.settings.signature_version(self.service.name)?;
            Some(Str::from(version))
        }))
    }

    fn defaults_mode(&self) -> Result<DefaultsMode> {
        Ok(self.mode)
    }

    fn inject_host_prefix(&self) -> Result<bool> {
        match self.config.inject_host_prefix {
            Some(inject) => Ok(inject),
            None => Ok(!self.required(&setting::DISABLE_HOST_PREFIX_INJECTION, None)?),
        }
    }

    fn ca_bundle(&self) -> Result<Option<PathBuf>> {
        match self.optional(&setting::CA_BUNDLE, self.config.ca_bundle.as_ref())? {
            Some(path) => Ok(Some(path)),
            None => self.optional(&setting::SYSTEM_CA_BUNDLE, None),
        }
    }

    /// Returns the hosts that bypass the proxy. Those of the environment do not apply to proxies set in code.
    ///
    /// # Source
    /// botocore `endpoint.py:EndpointCreator.create_endpoint`.
    fn no_proxy(&self) -> Result<Option<Str>> {
        match (&self.config.no_proxy, &self.config.proxies) {
            (None, Some(_)) => Ok(None),
            (code, _) => self.optional(&setting::NO_PROXY, code.as_ref()),
        }
    }

    /// Returns the proxies set in code, or else in the environment.
    ///
    /// # Source
    /// Python's `urllib.request.getproxies_environment`.
    fn proxies(&self) -> Result<Proxies> {
        if let Some(proxies) = &self.config.proxies {
            return Ok(proxies.clone());
        }
        let env = self.settings.env();
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
        Ok(Proxies(proxies))
    }
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
    use crate::config::tests::FakeEnv;
    use crate::config::{AddressingStyle, ConfigFiles};

    const S3: ServiceName<'static> = ServiceName {
        name: "s3",
        id: "S3",
    };

    fn settings(env: &[(&str, &str)], profile: &str) -> Settings {
        Settings::new(
            Arc::new(FakeEnv::of(env)),
            Arc::new(ConfigFiles::parse(&format!("[default]\n{profile}"), "").unwrap()),
            None,
            BTreeMap::new(),
        )
        .unwrap()
    }

    fn resolve(env: &[(&str, &str)], profile: &str, config: &Config) -> Result<ClientSettings> {
        settings(env, profile).for_client(config, S3, &DefaultsTable::default(), None)
    }

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

    #[test]
    fn unset_settings_have_their_defaults() {
        let settings = resolve(&[], "", &Config::new()).unwrap();
        assert_eq!(settings.region, None);
        assert_eq!(settings.connect_timeout, Duration::from_secs(60));
        assert_eq!(settings.max_pool_connections, 500);
        assert_eq!(settings.max_response_bytes, 1 << 30);
        assert!(settings.verify);
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
        let config = Config::new()
            .region("eu-west-1")
            .s3(S3Config::new().use_accelerate_endpoint(true));
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
        let table = DefaultsTable::from_json(&serde_json::json!({
            "base": {
                "retryMode": "adaptive", "stsRegionalEndpoints": "regional", "s3UsEast1RegionalEndpoints": "regional",
                "connectTimeoutInMillis": 3100
            },
            "modes": {"standard": {}}
        }))
        .unwrap();
        let settings = settings(&[("AWS_STS_REGIONAL_ENDPOINTS", "legacy")], "");
        let config = Config::new().defaults_mode(DefaultsMode::Standard);
        let client = settings.for_client(&config, S3, &table, None).unwrap();
        assert_eq!(client.retry_mode, RetryMode::Adaptive);
        assert_eq!(client.sts_regional_endpoints, RegionalEndpoints::Legacy);
        assert_eq!(
            client.s3.us_east_1_regional_endpoint,
            Some(RegionalEndpoints::Regional)
        );
        assert_eq!(client.connect_timeout, Duration::from_millis(3100));
        assert_eq!(client.read_timeout, Duration::from_secs(60));
        let config = config.connect_timeout(Duration::from_secs(1));
        let client = settings.for_client(&config, S3, &table, None).unwrap();
        assert_eq!(client.connect_timeout, Duration::from_secs(1));
        let config = Config::new().defaults_mode(DefaultsMode::Mobile);
        assert!(settings.for_client(&config, S3, &table, None).is_err());
    }

    #[test]
    fn debug_omits_passwords_of_proxies_and_endpoints() {
        let env = [("HTTPS_PROXY", "http://u:hidden@p:1")];
        let config = Config::new().endpoint_url("http://u:hidden@host");
        let text = format!("{:?}", resolve(&env, "", &config).unwrap());
        assert!(
            !text.contains("hidden") && text.contains("http://host"),
            "{text}"
        );
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
