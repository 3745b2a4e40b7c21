//! Global options.

use std::time::Duration;

use inia::config::{Config, UNSIGNED};
use inia::ports::Host;
use inia::{Session, SessionBuilder};

use super::Arity;
use crate::status::CliError;

/// Global options and the number of values of each.
pub(super) const NAMES: &[(&str, Arity)] = &[
    ("ca-bundle", Arity::One),
    ("cli-connect-timeout", Arity::One),
    ("cli-read-timeout", Arity::One),
    ("debug", Arity::Flag),
    ("endpoint-url", Arity::One),
    ("no-sign-request", Arity::Flag),
    ("no-verify-ssl", Arity::Flag),
    ("output", Arity::One),
    ("profile", Arity::One),
    ("query", Arity::One),
    ("region", Arity::One),
];

/// Format of printed results.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum OutputFormat {
    #[default]
    Json,
    Text,
    Table,
    Yaml,
}

impl OutputFormat {
    /// Returns the format of that name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        match name {
            "json" => Some(OutputFormat::Json),
            "text" => Some(OutputFormat::Text),
            "table" => Some(OutputFormat::Table),
            "yaml" => Some(OutputFormat::Yaml),
            _ => None,
        }
    }
}

/// Values of the global options.
#[derive(Clone, Debug, Default)]
pub(crate) struct GlobalOptions {
    pub(crate) region: Option<String>,
    pub(crate) profile: Option<String>,
    pub(crate) endpoint_url: Option<String>,
    pub(crate) ca_bundle: Option<String>,
    pub(crate) query: Option<String>,
    pub(crate) output: Option<OutputFormat>,
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) read_timeout: Option<Duration>,
    pub(crate) no_sign_request: bool,
    pub(crate) no_verify_ssl: bool,
    pub(crate) debug: bool,
}

impl GlobalOptions {
    pub(super) fn set(&mut self, name: &str, value: Option<String>) -> Result<(), CliError> {
        match name {
            "ca-bundle" => self.ca_bundle = value,
            "cli-connect-timeout" => self.connect_timeout = seconds(name, value)?,
            "cli-read-timeout" => self.read_timeout = seconds(name, value)?,
            "debug" => self.debug = true,
            "endpoint-url" => self.endpoint_url = value,
            "no-sign-request" => self.no_sign_request = true,
            "no-verify-ssl" => self.no_verify_ssl = true,
            "output" => {
                let name = value.unwrap_or_default();
                let format = OutputFormat::from_name(&name);
                let unknown = || {
                    CliError::usage(format!(
                        "--output: {name:?} is not one of json, text, table and yaml"
                    ))
                };
                self.output = Some(format.ok_or_else(unknown)?);
            }
            "profile" => self.profile = value,
            "query" => self.query = value,
            "region" => self.region = value,
            _ => return Err(CliError::usage(format!("unknown option --{name}"))),
        }
        Ok(())
    }

    /// Returns a session builder with these options, which prompts for MFA codes on the terminal.
    pub(crate) fn session(&self) -> SessionBuilder {
        self.session_over(crate::terminal::host())
    }

    /// Returns a session builder with these options on the given host.
    pub(crate) fn session_over(&self, host: Host) -> SessionBuilder {
        let mut builder = Session::builder().host(host).config(&self.config());
        if let Some(profile) = &self.profile {
            builder = builder.profile(profile.as_str());
        }
        if let Some(region) = &self.region {
            builder = builder.region(region.as_str());
        }
        builder
    }

    fn config(&self) -> Config {
        let mut config = Config::new();
        if let Some(url) = &self.endpoint_url {
            config = config.endpoint_url(url.as_str());
        }
        if let Some(path) = &self.ca_bundle {
            config = config.ca_bundle(path.as_str());
        }
        if let Some(limit) = self.connect_timeout {
            config = config.connect_timeout(limit);
        }
        if let Some(limit) = self.read_timeout {
            config = config.read_timeout(limit);
        }
        if self.no_sign_request {
            config = config.signature_version(UNSIGNED);
        }
        if self.no_verify_ssl {
            warn_unverified();
            config = config.verify(false);
        }
        config
    }
}

/// Warns once that certificates are not verified.
fn warn_unverified() {
    static WARNING: std::sync::Once = std::sync::Once::new();
    WARNING.call_once(|| {
        eprintln!("warning: --no-verify-ssl: whoever intercepts the connection can read requests and credentials");
    });
}

fn seconds(name: &str, value: Option<String>) -> Result<Option<Duration>, CliError> {
    let value = value.unwrap_or_default();
    let seconds = value
        .parse()
        .ok()
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    match seconds {
        // 0 means no timeout, represented by one day.
        Some(Duration::ZERO) => Ok(Some(Duration::from_secs(86_400))),
        Some(limit) => Ok(Some(limit)),
        None => Err(CliError::usage(format!(
            "--{name}: {value:?} is not a number of seconds"
        ))),
    }
}
