//! Options for the session and for the output.

use std::time::Duration;

use inia::config::{Config, UNSIGNED};
use inia::jmespath::Expression;
use inia::ports::Host;
use inia::{Session, SessionBuilder};

use super::error_format::ErrorFormat;
use super::form::BinaryFormat;
use super::option::{Arity, OptionGroup, OptionRow};
use super::output_format::OutputFormat;
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
            name: "cli-error-format",
            arity: Arity::One,
            set: |_, name| ErrorFormat::set("--cli-error-format", &name),
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
                if !value.contains("://") {
                    return Err(CliError::usage(format!(
                        "Bad value for --endpoint-url \"{value}\": scheme is missing. Must be of the form http://<hostname>/ or https://<hostname>/"
                    )));
                }
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
        let session = self.session_over(crate::terminal::host()).load().await?;
        if let Some(name) = setting(&session, "cli_error_format") {
            ErrorFormat::set_default("cli_error_format", name)?;
        }
        Ok(session)
    }

    /// Reports whether the line has an endpoint.
    pub(crate) fn has_endpoint_url(&self) -> bool {
        self.endpoint_url.is_some()
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

/// Options of commands that print a result.
#[derive(Debug, Default)]
pub(crate) struct OutputOptions {
    pub(crate) format: Option<OutputFormat>,
    pub(crate) query: Option<Expression>,
    pub(crate) color: ColorChoice,
    pub(crate) no_pager: bool,
}

/// Value of `--color`, for tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ColorChoice {
    /// If standard output is a terminal.
    #[default]
    Auto,
    On,
    Off,
}

impl OptionGroup for OutputOptions {
    const OPTIONS: &'static [OptionRow<Self>] = &[
        OptionRow {
            name: "color",
            arity: Arity::One,
            set: |options, choice| {
                options.color = match choice.as_str() {
                    "on" => ColorChoice::On,
                    "off" => ColorChoice::Off,
                    "auto" => ColorChoice::Auto,
                    _ => {
                        return Err(CliError::usage(format!(
                            "--color: {choice:?} is not one of on, off and auto"
                        )));
                    }
                };
                Ok(())
            },
        },
        OptionRow {
            name: "no-cli-pager",
            arity: Arity::Flag,
            set: |options, _| {
                options.no_pager = true;
                Ok(())
            },
        },
        OptionRow {
            // Accepted for scripts: no command prompts for missing arguments.
            name: "no-cli-auto-prompt",
            arity: Arity::Flag,
            set: |_, _| Ok(()),
        },
        OptionRow {
            name: "output",
            arity: Arity::One,
            set: |options, name| {
                let unknown = || {
                    CliError::usage(format!(
                        "--output: {name:?} is not one of {}",
                        OutputFormat::NAMES
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

/// The option for the form of blobs.
#[derive(Debug, Default)]
pub(super) struct BinaryOptions {
    format: Option<BinaryFormat>,
}

impl OptionGroup for BinaryOptions {
    const OPTIONS: &'static [OptionRow<Self>] = &[OptionRow {
        name: "cli-binary-format",
        arity: Arity::One,
        set: |options, name| {
            options.format = Some(binary_format("--cli-binary-format", &name)?);
            Ok(())
        },
    }];
}

impl BinaryOptions {
    pub(super) fn resolve(self, session: &Session) -> Result<BinaryFormat, CliError> {
        const SETTING: &str = "cli_binary_format";
        let profile = session.settings().profile();
        match (
            self.format,
            profile.and_then(|profile| profile.get(SETTING)),
        ) {
            (Some(format), _) => Ok(format),
            (None, Some(name)) => binary_format(SETTING, name.trim()),
            (None, None) => Ok(BinaryFormat::default()),
        }
    }
}

fn binary_format(place: &str, name: &str) -> Result<BinaryFormat, CliError> {
    BinaryFormat::from_name(name).ok_or_else(|| {
        CliError::usage(format!(
            "{place}: {name:?} is not one of base64 and raw-in-base64-out"
        ))
    })
}

/// Returns a setting of the profile; none if it is empty.
pub(crate) fn setting<'s>(session: &'s Session, name: &str) -> Option<&'s str> {
    let profile = session.settings().profile()?;
    profile
        .get(name)
        .map(str::trim)
        .filter(|text| !text.is_empty())
}
