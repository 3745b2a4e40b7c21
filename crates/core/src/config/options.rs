//! [`Config`]: options set in code, for a session or a single client.

use std::fmt;
use std::ops::Deref;
use std::path::PathBuf;
use std::time::Duration;

use indexmap::IndexMap;

use super::setting::{self, OptionType, Setting};
use super::table::{client_options, proxy_options, s3_options};
use crate::ports::Env;
use crate::{Error, ErrorKind, Map, Result, Str, Value, did_you_mean};

/// Defines an enum with conversions from and to the names of its variants in the environment and the config file.
macro_rules! string_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $value:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant),*
        }

        impl $name {
            /// The names of all variants.
            pub const NAMES: &[&str] = &[$($value),*];

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

        impl OptionType for $name {
            const EXPECTED: &str = "one of";
            const NAMES: &[&str] = Self::NAMES;

            fn parse(text: &str, _: &str) -> Option<Self> {
                Self::from_name(text)
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

string_enum! {
    /// A version of the Internet Protocol.
    IpVersion {
        /// IPv4.
        Ipv4 = "ipv4",
        /// IPv6.
        Ipv6 = "ipv6",
    }
}

/// Names in order, such as those of auth schemes. A text is split at its commas.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NameList(Vec<Str>);

impl From<&str> for NameList {
    fn from(names: &str) -> Self {
        let names = names.split(',').map(str::trim);
        NameList(
            names
                .filter(|name| !name.is_empty())
                .map(Str::from)
                .collect(),
        )
    }
}

impl OptionType for NameList {
    const EXPECTED: &str = "a string";

    fn parse(text: &str, _: &str) -> Option<Self> {
        Some(NameList::from(text))
    }
}

impl Deref for NameList {
    type Target = [Str];

    fn deref(&self) -> &[Str] {
        &self.0
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

impl OptionType for ClientCertificate {
    const EXPECTED: &str = "a path, or a list of the paths of certificate and key";

    fn parse(text: &str, _: &str) -> Option<Self> {
        let certificate = PathBuf::from(text);
        Some(ClientCertificate {
            certificate,
            key: None,
        })
    }

    fn from_json(setting: &Setting, json: &Value) -> Result<Self> {
        let (certificate, key) = match json {
            Value::List(paths) if paths.len() == 2 && json[1].as_str().is_some() => {
                (&json[0], json[1].as_str())
            }
            path => (path, None),
        };
        match certificate.as_str() {
            Some(certificate) => Ok(ClientCertificate {
                certificate: certificate.into(),
                key: key.map(PathBuf::from),
            }),
            None => Err(setting.invalid_json(Self::EXPECTED, json)),
        }
    }

    fn expanded(self, env: &dyn Env) -> Self {
        let certificate = self.certificate.expanded(env);
        let key = self.key.map(|key| key.expanded(env));
        ClientCertificate { certificate, key }
    }
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

impl OptionType for Proxies {
    const EXPECTED: &str = "an object of URLs";

    fn parse(text: &str, _: &str) -> Option<Self> {
        text.is_empty().then(Proxies::new)
    }

    fn from_json(setting: &Setting, json: &Value) -> Result<Self> {
        let mut proxies = Proxies::new();
        for (scheme, url) in Map::from_json(setting, json)? {
            let url = url
                .as_str()
                .ok_or_else(|| setting.invalid_json(Self::EXPECTED, &url))?;
            proxies = proxies.with(scheme.as_str(), url);
        }
        Ok(proxies)
    }
}

/// Defines the setter of an option. Texts and paths are converted.
macro_rules! option_setter {
    ($(#[doc = $doc:literal])* $field:ident: Str) => {
        option_setter!(into $(#[doc = $doc])* $field: Str);
    };
    ($(#[doc = $doc:literal])* $field:ident: PathBuf) => {
        option_setter!(into $(#[doc = $doc])* $field: PathBuf);
    };
    ($(#[doc = $doc:literal])* $field:ident: NameList) => {
        option_setter!(into $(#[doc = $doc])* $field: NameList);
    };
    ($(#[doc = $doc:literal])* $field:ident: $type:ident) => {
        $(#[doc = $doc])*
        #[must_use]
        pub fn $field(mut self, value: $type) -> Self {
            self.$field = Some(value);
            self
        }
    };
    (into $(#[doc = $doc:literal])* $field:ident: $type:ident) => {
        $(#[doc = $doc])*
        #[must_use]
        pub fn $field(mut self, value: impl Into<$type>) -> Self {
            self.$field = Some(value.into());
            self
        }
    };
}

/// Defines a structure of options from a part of the settings table, with setters, `merge` and conversion from JSON.
macro_rules! define_options {
    (($(#[$meta:meta])* $struct:ident) $(
        $(#[doc = $doc:literal])*
        $constant:ident $field:ident: $type:ident $([$bounds:expr])? $(= $default:literal)?
        $(, env $env:tt)? $(, keys $keys:tt)? $(, resolve $method:ident)?;
    )*) => {
        $(#[$meta])*
        #[derive(Clone, Default, PartialEq)]
        #[non_exhaustive]
        pub struct $struct {
            $($(#[doc = $doc])* pub $field: Option<$type>,)*
        }

        impl $struct {
            /// Returns options of which none is set.
            #[must_use]
            pub fn new() -> Self {
                Self::default()
            }

            $(option_setter!($(#[doc = $doc])* $field: $type);)*

            /// Returns a copy of these options overridden by those set in `other`, field by field in nested structures too.
            ///
            /// DIFFERENCE: botocore's `merge` replaces `retries` and `s3` as a whole, and loses fields that only the session sets.
            #[must_use]
            pub fn merge(&self, other: &Self) -> Self {
                $struct {
                    $($field: match (&self.$field, &other.$field) {
                        (Some(base), Some(value)) => Some(value.merged_over(base)),
                        (base, value) => value.as_ref().or(base.as_ref()).cloned(),
                    },)*
                }
            }

            /// Returns the names and values of the options that are set, without the user names and passwords of URLs.
            #[must_use]
            pub fn set_options(&self) -> Vec<(&'static str, String)> {
                let mut options = Vec::new();
                $(if let Some(value) = &self.$field {
                    options.push((stringify!($field), format!("{:?}", WithoutUserinfo(value))));
                })*
                options
            }

            /// Sets an option to a JSON value. Returns `false` if there is no option of that name.
            fn set_json(&mut self, name: &str, json: &Value) -> Result<bool> {
                $(if name == stringify!($field) {
                    self.$field = Some(OptionType::from_json(&setting::$constant, json)?);
                    return Ok(true);
                })*
                Ok(false)
            }

            fn json_names() -> impl Iterator<Item = &'static str> {
                [$(stringify!($field)),*].into_iter()
            }
        }

        /// Prints the options that are set, without the user names and passwords of URLs.
        impl fmt::Debug for $struct {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut fields = f.debug_struct(stringify!($struct));
                $(if let Some(value) = &self.$field {
                    fields.field(stringify!($field), &WithoutUserinfo(value));
                })*
                fields.finish_non_exhaustive()
            }
        }
    };
}

client_options!(define_options
    /// Options of a session or a client. Unset options are taken from the environment, the profile or the defaults.
    ///
    /// ```
    /// use std::time::Duration;
    /// use inia_core::config::{Config, RetryMode, S3Config};
    ///
    /// let session = Config::new().region("eu-west-1").read_timeout(Duration::from_secs(5));
    /// let client = Config::new().region("us-east-1").max_attempts(5).s3(S3Config::new().use_arn_region(true));
    /// let both = session.merge(&client);
    /// assert_eq!(both.region.as_deref(), Some("us-east-1"));
    /// assert_eq!(both.read_timeout, Some(Duration::from_secs(5)));
    /// ```
    ///
    /// # Source
    /// botocore `config.py:Config`.
    Config
);

s3_options!(define_options
    /// Options of S3.
    S3Config
);

proxy_options!(define_options
    /// TLS and forwarding options for proxies.
    ProxyConfig
);

macro_rules! nested_options {
    ($($type:ident),*) => {$(
        impl OptionType for $type {
            const EXPECTED: &str = "an object";

            fn parse(text: &str, _: &str) -> Option<Self> {
                text.is_empty().then(Self::new)
            }

            fn from_json(setting: &Setting, json: &Value) -> Result<Self> {
                let mut options = Self::new();
                for (name, value) in &Map::from_json(setting, json)? {
                    if !value.is_null() && !options.set_json(name, value)? {
                        let within = format!("config.{}", setting.name);
                        return Err(unknown_option(&within, name, Self::json_names()));
                    }
                }
                Ok(options)
            }

            fn merged_over(&self, base: &Self) -> Self {
                base.merge(self)
            }
        }
    )*};
}

nested_options!(S3Config, ProxyConfig);

/// The [`signature_version`](Config::signature_version) that disables signing.
pub const UNSIGNED: &str = "unsigned";

impl Config {
    /// Reads options from a JSON object with botocore's names. Null is the same as not set.
    ///
    /// ```
    /// # use inia_core as inia;
    /// use inia::{config::Config, json};
    ///
    /// let config = Config::from_value(&json!({"region_name": "eu-west-1", "retries": {"total_max_attempts": 2}, "read_timeout": 1.5}))?;
    /// assert_eq!(config.region.as_deref(), Some("eu-west-1"));
    /// assert_eq!(config.max_attempts, Some(2));
    /// # Ok::<(), inia_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Validation` if an option is unknown or has an invalid value.
    pub fn from_value(json: &Value) -> Result<Config> {
        let mut config = Config::new();
        for (name, value) in members("config", json)?
            .iter()
            .filter(|(_, value)| !value.is_null())
        {
            let is_known = match name.as_ref() {
                "region_name" => config.set_json("region", value)?,
                "retries" => config.set_retries(value)?,
                name => config.set_json(name, value)?,
            };
            if !is_known {
                let names = Self::json_names().chain(["region_name", "retries"]);
                return Err(unknown_option("config", name, names));
            }
        }
        Ok(config)
    }

    /// Sets botocore's `retries`, whose `max_attempts` does not count the first attempt.
    fn set_retries(&mut self, json: &Value) -> Result<bool> {
        for (name, value) in &members("config.retries", json)? {
            match (name.as_ref(), value) {
                ("mode", _) => self.set_json("retry_mode", value)?,
                ("max_attempts", Value::Int(retries)) => {
                    self.set_json("max_attempts", &Value::Int(retries.saturating_add(1)))?
                }
                ("max_attempts" | "total_max_attempts", _) => {
                    self.set_json("max_attempts", value)?
                }
                _ => {
                    let names = ["mode", "max_attempts", "total_max_attempts"];
                    return Err(unknown_option("config.retries", name, names.into_iter()));
                }
            };
        }
        Ok(true)
    }

    /// Disables request signing.
    #[must_use]
    pub fn unsigned(self) -> Self {
        self.signature_version(Str::from_static(UNSIGNED))
    }

    /// Sets the options for stores that offer S3's older features only: buckets in the path, checksums where they are required and as
    /// `Content-MD5`, no trailers, and no redirects. Options that are set before are kept.
    ///
    /// ```
    /// use inia_core::config::{AddressingStyle, Config};
    ///
    /// let config = Config::new().endpoint_url("http://127.0.0.1:9000").s3_compatible();
    /// assert_eq!(config.s3.unwrap().addressing_style, Some(AddressingStyle::Path));
    /// ```
    #[must_use]
    pub fn s3_compatible(self) -> Self {
        let s3 = S3Config::new()
            .addressing_style(AddressingStyle::Path)
            .content_md5(true)
            .checksum_trailers(false)
            .follow_redirects(false);
        Config::new()
            .request_checksum_calculation(ChecksumMode::WhenRequired)
            .response_checksum_validation(ChecksumMode::WhenRequired)
            .s3(s3)
            .merge(&self)
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

/// Returns the members of an object; null is an empty one.
fn members(name: &str, json: &Value) -> Result<Map> {
    match json {
        Value::Null => Ok(Map::new()),
        Value::Map(members) => Ok(members.clone()),
        json => {
            let actual = json.type_name();
            let problem = format!("{name}: expected an object, got a {actual}");
            Err(Error::new(ErrorKind::Validation, problem))
        }
    }
}

#[cold]
fn unknown_option<'a>(within: &str, name: &str, names: impl Iterator<Item = &'a str>) -> Error {
    let hint = did_you_mean(name, names);
    let problem = format!("{within}: unknown setting {name:?}{hint}");
    Error::new(ErrorKind::Validation, problem)
}

/// Prints a value without the user names and passwords of URLs.
pub(super) struct WithoutUserinfo<'a, T>(pub(super) &'a T);

impl<T: fmt::Debug> fmt::Debug for WithoutUserinfo<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{:?}", self.0);
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once("://") {
            write!(f, "{before}://")?;
            let end = after.find(['/', '"', '?']).unwrap_or(after.len());
            let authority = after.get(..end).unwrap_or_default();
            rest = match authority.rfind('@') {
                Some(at) => after.get(at + 1..).unwrap_or_default(),
                None => after,
            };
        }
        f.write_str(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn merges_nested_options_field_by_field() {
        let session = Config::new()
            .retry_mode(RetryMode::Adaptive)
            .s3(S3Config::new().use_arn_region(true));
        let client = Config::new()
            .max_attempts(2)
            .s3(S3Config::new().addressing_style(AddressingStyle::Path));
        let merged = session.merge(&client);
        assert_eq!(merged.retry_mode, Some(RetryMode::Adaptive));
        assert_eq!(merged.max_attempts, Some(2));
        let s3 = merged.s3.unwrap();
        assert_eq!(s3.addressing_style, Some(AddressingStyle::Path));
        assert_eq!(s3.use_arn_region, Some(true));
    }

    #[test]
    fn debug_omits_passwords_of_urls() {
        let config = Config::new()
            .proxies(Proxies::new().with("https", "http://u:hidden@proxy:3128"))
            .endpoint_url("http://u:hid@den@host/path@x");
        let text = format!("{config:?}");
        assert!(!text.contains("hid") && !text.contains("den@"), "{text}");
        assert!(
            text.contains(r#"endpoint_url: "http://host/path@x""#),
            "{text}"
        );
        assert!(!text.contains("region"), "{text}");
    }

    #[test]
    fn reads_json_with_the_names_of_botocore() {
        let config = Config::from_value(&json!({
            "region_name": "eu-west-1", "retries": {"max_attempts": 2, "mode": "Adaptive"}, "use_fips_endpoint": true,
            "connect_timeout": 0.5, "s3": {"addressing_style": "path", "s3_disable_multiregion_access_points": true},
            "endpoint_discovery_enabled": false, "client_cert": ["a.pem", "b.pem"], "proxies": {"https": "http://proxy:1"},
            "proxies_config": {"proxy_client_cert": "c.pem"}, "auth_scheme_preference": "sigv4a, sigv4", "ca_bundle": null,
            "client_context_params": {"UseX": true}, "max_pool_connections": 5, "s3_disable_express_session_auth": true
        }))
        .unwrap();
        let certificate = |certificate: &str, key: Option<&str>| ClientCertificate {
            certificate: certificate.into(),
            key: key.map(PathBuf::from),
        };
        let expected = Config::new()
            .region("eu-west-1")
            .max_attempts(3)
            .retry_mode(RetryMode::Adaptive)
            .use_fips_endpoint(true)
            .connect_timeout(Duration::from_millis(500))
            .s3(S3Config::new()
                .addressing_style(AddressingStyle::Path)
                .s3_disable_multiregion_access_points(true))
            .endpoint_discovery_enabled(EndpointDiscovery::Disabled)
            .client_cert(certificate("a.pem", Some("b.pem")))
            .proxies(Proxies::new().with("https", "http://proxy:1"))
            .proxies_config(ProxyConfig::new().proxy_client_cert(certificate("c.pem", None)))
            .auth_scheme_preference("sigv4a,sigv4")
            .client_context_param("UseX", true)
            .max_pool_connections(5)
            .s3_disable_express_session_auth(true);
        assert_eq!(config, expected);
        for (json, problem) in [
            (json!([]), "config: expected an object, got a list"),
            (
                json!({"regoin": "x"}),
                "config: unknown setting \"regoin\"; did you mean region?",
            ),
            (
                json!({"s3": {"adressing_style": 1}}),
                "config.s3: unknown setting \"adressing_style\"; did you mean addressing_style?",
            ),
            (
                json!({"retries": {"attempts": 1}}),
                "config.retries: unknown setting \"attempts\"",
            ),
            (
                json!({"retries": {"max_attempts": "none"}}),
                "config.max_attempts: `none` is not an integer between 1 and 1000000",
            ),
            (
                json!({"max_attempts": 0}),
                "config.max_attempts: `0` is not an integer between 1 and 1000000",
            ),
            (
                json!({"read_timeout": -1}),
                "config.read_timeout: `-1` is not a number of seconds between 0 and 86400",
            ),
            (
                json!({"region": ["x"]}),
                "config.region: expected a string, got a list",
            ),
            (
                json!({"defaults_mode": "fast"}),
                "config.defaults_mode: `fast` is not one of legacy, standard, in-region, cross-region, mobile, auto",
            ),
            (
                json!({"s3": {"use_arn_region": "yes"}}),
                "config.s3.use_arn_region: expected true or false, got a string",
            ),
            (
                json!({"client_cert": [1]}),
                "config.client_cert: expected a path, or a list of the paths of certificate and key, got a list",
            ),
        ] {
            let error = Config::from_value(&json).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Validation);
            assert_eq!(
                error
                    .to_string()
                    .split("; did you mean region or")
                    .next()
                    .unwrap(),
                problem
            );
        }
    }
}
