//! `inia configure export-credentials`: prints credentials for programs that do not resolve them themselves.

use std::sync::Arc;

use inia::config::setting;
use inia::host::TokioCommands;
use inia::ports::Host;
use inia::{Credentials, Error, ErrorKind, Session, TimestampFormat, Value, json};

use crate::arguments::{
    Arguments, Arity, OptionGroup, OptionRow, OutputFormat, OutputOptions, SessionOptions,
};
use crate::command::describe;
use crate::output::Printer;
use crate::status::CliError;

/// Environment variable with the comma-separated profiles that parent commands are exporting. The AWS CLI uses the same
/// variable, so a chain of both is detected.
const PROFILE_CHAIN: &str = "_AWS_CLI_PROFILE_CHAIN";
/// Maximum depth of exports nested through `credential_process`.
const MAX_CHAIN: usize = 4;

/// Format of printed credentials.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum ExportFormat {
    #[default]
    Process,
    Env,
    EnvNoExport,
    PowerShell,
    WindowsCmd,
    Fish,
}

const FORMATS: [(&str, ExportFormat); 6] = [
    ("process", ExportFormat::Process),
    ("env", ExportFormat::Env),
    ("env-no-export", ExportFormat::EnvNoExport),
    ("powershell", ExportFormat::PowerShell),
    ("windows-cmd", ExportFormat::WindowsCmd),
    ("fish", ExportFormat::Fish),
];

/// The option of the command.
#[derive(Debug, Default)]
struct ExportOptions {
    format: ExportFormat,
}

impl OptionGroup for ExportOptions {
    const OPTIONS: &'static [OptionRow<Self>] = &[OptionRow {
        name: "format",
        arity: Arity::One,
        set: |options, name| {
            let format = FORMATS.iter().find(|(format, _)| *format == name);
            options.format = format.map(|(_, format)| *format).ok_or_else(|| {
                let known: Vec<&str> = FORMATS.iter().map(|(name, _)| *name).collect();
                CliError::usage(format!(
                    "--format: {name:?} is not one of {}",
                    known.join(", ")
                ))
            })?;
            Ok(())
        },
    }];
}

/// Prints the session's credentials in the format given by `--format`.
///
/// # Source
/// The AWS CLI reference, `configure export-credentials`.
pub(super) async fn run(mut arguments: Arguments) -> Result<(), CliError> {
    let (options, export): (SessionOptions, ExportOptions) = arguments.take()?;
    arguments.finish::<0>("configure export-credentials")?;
    let host = host_with_chain(options.profile.as_deref())?;
    let session: Session = options.session_over(host).load().await?;
    let credentials = session.credentials().await?;
    match export.format {
        ExportFormat::Process => {
            let printer = Printer::with_default(OutputOptions::default(), OutputFormat::Json);
            printer.print(process(&credentials), "export-credentials")
        }
        other => describe::print(lines(&credentials, other)?),
    }
}

/// Returns a host whose child processes receive the chain of exported profiles.
///
/// # Errors
/// `Config` if a parent command is already exporting this profile, because its `credential_process` calls this command,
/// or if the chain is too deep.
fn host_with_chain(profile: Option<&str>) -> Result<Host, CliError> {
    let host = crate::terminal::host();
    let profile = match profile {
        Some(name) => name.to_owned(),
        None => setting::PROFILE
            .from_env(&*host.env)
            .map_or_else(|| "default".to_owned(), |(_, name)| name.trim().to_owned()),
    };
    let parents = host.env.var(PROFILE_CHAIN).unwrap_or_default();
    let names: Vec<&str> = parents
        .split(',')
        .map(|name| name.trim().trim_matches('"'))
        .filter(|name| !name.is_empty())
        .collect();
    let problem = if names.contains(&profile.as_str()) {
        format!(
            "profile `{profile}` resolves its credentials through itself: {} -> {profile}",
            names.join(" -> ")
        )
    } else if names.len() >= MAX_CHAIN {
        format!(
            "credential exports are nested too deep ({} profiles): {}",
            names.len(),
            names.join(" -> ")
        )
    } else {
        let chain = names.iter().copied().chain([profile.as_str()]);
        let chain = chain.collect::<Vec<_>>().join(",");
        return Ok(Host {
            commands: Arc::new(TokioCommands::default().env(PROFILE_CHAIN, chain)),
            ..host
        });
    };
    Err(Error::new(ErrorKind::Config, problem).into())
}

/// Returns the credentials in the output format of a `credential_process`.
fn process(credentials: &Credentials) -> Value {
    let mut value = json!({
        "Version": 1,
        "AccessKeyId": &credentials.access_key_id,
        "SecretAccessKey": credentials.secret_access_key.expose(),
    });
    if let Some(map) = value.as_map_mut() {
        let mut put = |name: &'static str, text: &str| map.insert(name, Value::from(text));
        if let Some(token) = &credentials.session_token {
            put("SessionToken", token.expose());
        }
        if let Some(expires) = credentials.expires {
            put("Expiration", &expires.format(TimestampFormat::Iso8601));
        }
        if let Some(account_id) = &credentials.account_id {
            put("AccountId", account_id);
        }
    }
    value
}

/// Returns one line per variable.
fn lines(credentials: &Credentials, format: ExportFormat) -> Result<Vec<String>, CliError> {
    let expires = credentials
        .expires
        .map(|moment| moment.format(TimestampFormat::Iso8601));
    let variables = [
        ("AWS_ACCESS_KEY_ID", Some(&*credentials.access_key_id)),
        (
            "AWS_SECRET_ACCESS_KEY",
            Some(credentials.secret_access_key.expose()),
        ),
        (
            "AWS_SESSION_TOKEN",
            credentials
                .session_token
                .as_ref()
                .map(inia::credentials::Secret::expose),
        ),
        ("AWS_CREDENTIAL_EXPIRATION", expires.as_deref()),
        ("AWS_ACCOUNT_ID", credentials.account_id.as_deref()),
    ];
    variables
        .into_iter()
        .filter_map(|(name, value)| value.map(|value| line(name, value, format)))
        .collect()
}

/// Returns a line that sets a variable in a shell. Values with characters that are special to the shell are quoted.
fn line(name: &str, value: &str, format: ExportFormat) -> Result<String, CliError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-+=/.:@%,".contains(c);
    let quoted = |quote: &str| {
        if value.chars().all(plain) {
            value.to_owned()
        } else {
            format!("'{}'", value.replace('\'', quote))
        }
    };
    let problem = value.contains(char::is_control)
        || (format == ExportFormat::WindowsCmd
            && value.contains(['"', '%', '&', '|', '<', '>', '^', '!']));
    if problem {
        return Err(Error::new(
            ErrorKind::Credentials,
            format!("{name} contains characters that this format cannot represent"),
        )
        .into());
    }
    Ok(match format {
        ExportFormat::Env => format!("export {name}={}", quoted(r"'\''")),
        ExportFormat::EnvNoExport | ExportFormat::Process => format!("{name}={}", quoted(r"'\''")),
        ExportFormat::PowerShell => format!("$Env:{name}='{}'", value.replace('\'', "''")),
        ExportFormat::WindowsCmd => format!("set {name}={value}"),
        ExportFormat::Fish => format!(
            "set -gx {name} {}",
            if value.chars().all(plain) {
                value.to_owned()
            } else {
                format!("'{}'", value.replace('\\', r"\\").replace('\'', r"\'"))
            }
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_values_for_each_shell() {
        let special = "a'b\\c $x";
        for (format, plain, quoted) in [
            (
                ExportFormat::Env,
                "export N=ab/+=",
                r"export N='a'\''b\c $x'",
            ),
            (ExportFormat::EnvNoExport, "N=ab/+=", r"N='a'\''b\c $x'"),
            (
                ExportFormat::PowerShell,
                "$Env:N='ab/+='",
                r"$Env:N='a''b\c $x'",
            ),
            (ExportFormat::WindowsCmd, "set N=ab/+=", r"set N=a'b\c $x"),
            (
                ExportFormat::Fish,
                "set -gx N ab/+=",
                r"set -gx N 'a\'b\\c $x'",
            ),
        ] {
            assert_eq!(line("N", "ab/+=", format).unwrap(), plain);
            assert_eq!(line("N", special, format).unwrap(), quoted);
        }
        assert!(line("N", "a\nb", ExportFormat::Env).is_err());
        assert!(line("N", "a&calc", ExportFormat::WindowsCmd).is_err());
    }
}
