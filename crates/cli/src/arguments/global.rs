//! Options for the session and for the output.

use std::time::Duration;

use inia::config::{Config, UNSIGNED};
use inia::jmespath::Expression;
use inia::ports::Host;
use inia::{Session, SessionBuilder};

use super::option::{Arity, OptionGroup, OptionRow};
use crate::status::CliError;

/// The option of commands that read definitions or config files, and call no service.
#[derive(Debug, Default)]
pub(crate) struct ProfileOption {
    pub(crate) profile: Option<String>,
}

impl OptionGroup for ProfileOption {
    const OPTIONS: &'static [OptionRow<Self>] = &[OptionRow {
        name: "profile",
        arity: Arity::One,
        set: |options, value| {
            options.profile = Some(value);
            Ok(())
        },
    }];
}

impl ProfileOption {
    /// Loads the session of the profile.
    pub(crate) async fn load(self) -> Result<Session, CliError> {
        let options = SessionOptions {
            profile: self.profile,
            ..SessionOptions::default()
        };
        options.load().await
    }
}

/// Options for credentials, region and connections.
#[derive(Debug, Default)]
pub(crate) struct SessionOptions {
    pub(crate) region: Option<String>,
    pub(crate) profile: Option<String>,
    endpoint_url: Option<String>,
    ca_bundle: Option<String>,
    connect_timeout: Option<Duration>,
    read_timeout: Option<Duration>,
    no_sign_request: bool,
    no_verify_ssl: bool,
}

impl OptionGroup for SessionOptions {
    const OPTIONS: &'static [OptionRow<Self>] = &[
        OptionRow {
            name: "ca-bundle",
            arity: Arity::One,
            set: |options, value| {
                options.ca_bundle = Some(value);
                Ok(())
            },
        },
        OptionRow {
            name: "cli-connect-timeout",
            arity: Arity::One,
            set: |options, value| {
                options.connect_timeout = Some(seconds("cli-connect-timeout", &value)?);
                Ok(())
            },
        },
        OptionRow {
            name: "cli-read-timeout",
            arity: Arity::One,
            set: |options, value| {
                options.read_timeout = Some(seconds("cli-read-timeout", &value)?);
                Ok(())
            },
        },
        OptionRow {
            name: "endpoint-url",
            arity: Arity::One,
            set: |options, value| {
                options.endpoint_url = Some(value);
                Ok(())
            },
        },
        OptionRow {
            name: "no-sign-request",
            arity: Arity::Flag,
            set: |options, _| {
                options.no_sign_request = true;
                Ok(())
            },
        },
        OptionRow {
            name: "no-verify-ssl",
            arity: Arity::Flag,
            set: |options, _| {
                options.no_verify_ssl = true;
                Ok(())
            },
        },
        OptionRow {
            name: "profile",
            arity: Arity::One,
            set: |options, value| {
                options.profile = Some(value);
                Ok(())
            },
        },
        OptionRow {
            name: "region",
            arity: Arity::One,
            set: |options, value| {
                options.region = Some(value);
                Ok(())
            },
        },
    ];
}

impl SessionOptions {
    /// Loads a session that prompts for MFA codes on the terminal.
    pub(crate) async fn load(&self) -> Result<Session, CliError> {
        let session = self.session_over(crate::terminal::host());
        Ok(session.load().await?)
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
            warn_unverified("--no-verify-ssl");
            config = config.verify(false);
        }
        config
    }
}

/// Warns once that certificates are not verified, because of an option or setting.
pub(crate) fn warn_unverified(setting: &str) {
    static WARNING: std::sync::Once = std::sync::Once::new();
    WARNING.call_once(|| {
        eprintln!("warning: {setting}: an attacker who intercepts the connection can read requests and credentials");
    });
}

/// Parses a timeout. 0 means no timeout, represented by one day.
fn seconds(name: &str, value: &str) -> Result<Duration, CliError> {
    let seconds = value.parse().ok();
    match seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()) {
        Some(Duration::ZERO) => Ok(Duration::from_secs(86_400)),
        Some(limit) => Ok(limit),
        None => Err(CliError::usage(format!(
            "--{name}: {value:?} is not a number of seconds"
        ))),
    }
}

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

/// Options of commands that print a result.
#[derive(Debug, Default)]
pub(crate) struct OutputOptions {
    pub(crate) format: Option<OutputFormat>,
    pub(crate) query: Option<Expression>,
}

impl OptionGroup for OutputOptions {
    const OPTIONS: &'static [OptionRow<Self>] = &[
        OptionRow {
            name: "output",
            arity: Arity::One,
            set: |options, name| {
                let unknown = || {
                    CliError::usage(format!(
                        "--output: {name:?} is not one of json, text, table and yaml"
                    ))
                };
                options.format = Some(OutputFormat::from_name(&name).ok_or_else(unknown)?);
                Ok(())
            },
        },
        OptionRow {
            name: "query",
            arity: Arity::One,
            set: |options, text| {
                options.query = Some(Expression::compile(&text)?);
                Ok(())
            },
        },
    ];
}

impl OutputOptions {
    /// Returns an error that names an option of this group if one was given.
    pub(crate) fn reject(&self, reason: &str) -> Result<(), CliError> {
        let name = match self {
            OutputOptions { query: Some(_), .. } => "query",
            OutputOptions {
                format: Some(_), ..
            } => "output",
            _ => return Ok(()),
        };
        Err(CliError::usage(format!("--{name} has no effect: {reason}")))
    }
}
