//! `inia configure export-credentials`: credentials for a program that cannot look for them itself.

use std::sync::Arc;

use inia::config::setting;
use inia::host::TokioCommands;
use inia::ports::Host;
use inia::{Credentials, Error, ErrorKind, Session, TimestampFormat, Value, json};

use crate::arguments::{Arguments, Arity, OutputFormat, Rest};
use crate::command::describe;
use crate::output;
use crate::status::Failure;

/// Names the profiles that are being exported by the commands above this one, separated by commas. It is the AWS CLI's, so that a
/// chain of both is seen as one.
const CHAIN: &str = "_AWS_CLI_PROFILE_CHAIN";
/// How many commands deep credentials may be exported from within a `credential_process`.
const DEEPEST: usize = 4;

/// How credentials are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Process,
    Env,
    EnvNoExport,
    PowerShell,
    WindowsCmd,
    Fish,
}

const FORMATS: [(&str, Format); 6] = [
    ("process", Format::Process),
    ("env", Format::Env),
    ("env-no-export", Format::EnvNoExport),
    ("powershell", Format::PowerShell),
    ("windows-cmd", Format::WindowsCmd),
    ("fish", Format::Fish),
];

/// Prints the session's credentials in the format that the rest of the line names.
///
/// # Source
/// The AWS CLI reference, `configure export-credentials`.
pub(super) async fn run(mut arguments: Arguments) -> Result<(), Failure> {
    let arity = |name: &str| (name == "format").then_some(Arity::One);
    let Rest { options, words } = arguments.rest(arity, || vec!["format".to_owned()])?;
    if let Some(word) = words.first() {
        return Err(Failure::usage(format!("{word:?} belongs to no option")));
    }
    let format = match options.last().and_then(|(_, values)| values.first()) {
        None => Format::Process,
        Some(wanted) => FORMATS
            .iter()
            .find(|(name, _)| name == wanted)
            .map(|(_, format)| *format)
            .ok_or_else(|| {
                let known: Vec<&str> = FORMATS.iter().map(|(name, _)| *name).collect();
                Failure::usage(format!(
                    "--format: {wanted:?} is none of {}",
                    known.join(", ")
                ))
            })?,
    };
    if arguments.global.debug {
        crate::log::start();
    }
    let host = within_chain(arguments.global.profile.as_deref())?;
    let session: Session = arguments.global.session_over(host).load().await?;
    let credentials = session.credentials().await?;
    match format {
        Format::Process => output::print(
            &process(&credentials),
            OutputFormat::Json,
            "export-credentials",
        ),
        other => describe::print(lines(&credentials, other)?),
    }
}

/// The host of a session whose commands know which profile is being exported.
///
/// # Errors
/// `Config` where the profile is being exported already, by a command that waits for this one: its `credential_process` asks for
/// itself.
fn within_chain(profile: Option<&str>) -> Result<Host, Failure> {
    let host = crate::terminal::host();
    let profile = match profile {
        Some(name) => name.to_owned(),
        None => setting::PROFILE
            .from_env(&*host.env)
            .map_or_else(|| "default".to_owned(), |(_, name)| name.trim().to_owned()),
    };
    let above = host.env.var(CHAIN).unwrap_or_default();
    let names: Vec<&str> = above
        .split(',')
        .map(|name| name.trim().trim_matches('"'))
        .filter(|name| !name.is_empty())
        .collect();
    let problem = if names.contains(&profile.as_str()) {
        format!(
            "the credentials of profile `{profile}` are asked for to find the credentials of profile `{profile}`: {} -> {profile}",
            names.join(" -> ")
        )
    } else if names.len() >= DEEPEST {
        format!(
            "the credentials of {} profiles wait for each other already: {}",
            names.len(),
            names.join(" -> ")
        )
    } else {
        let chain = names.iter().copied().chain([profile.as_str()]);
        let chain = chain.collect::<Vec<_>>().join(",");
        return Ok(Host {
            commands: Arc::new(TokioCommands::default().env(CHAIN, chain)),
            ..host
        });
    };
    Err(Error::new(ErrorKind::Config, problem).into())
}

/// What a `credential_process` prints.
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

/// A line for each variable that the credentials set.
fn lines(credentials: &Credentials, format: Format) -> Result<Vec<String>, Failure> {
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
            credentials.session_token.as_ref().map(inia::Secret::expose),
        ),
        ("AWS_CREDENTIAL_EXPIRATION", expires.as_deref()),
        ("AWS_ACCOUNT_ID", credentials.account_id.as_deref()),
    ];
    variables
        .into_iter()
        .filter_map(|(name, value)| value.map(|value| line(name, value, format)))
        .collect()
}

/// A line that sets a variable in a shell. A value that a shell would act upon is quoted, for whoever printed it is not us.
fn line(name: &str, value: &str, format: Format) -> Result<String, Failure> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-+=/.:@%,".contains(c);
    let quoted = |quote: &str| {
        if value.chars().all(plain) {
            value.to_owned()
        } else {
            format!("'{}'", value.replace('\'', quote))
        }
    };
    let problem = value.contains(char::is_control)
        || (format == Format::WindowsCmd
            && value.contains(['"', '%', '&', '|', '<', '>', '^', '!']));
    if problem {
        return Err(Error::new(
            ErrorKind::Credentials,
            format!("{name} has characters that cannot be written in this format"),
        )
        .into());
    }
    Ok(match format {
        Format::Env => format!("export {name}={}", quoted(r"'\''")),
        Format::EnvNoExport | Format::Process => format!("{name}={}", quoted(r"'\''")),
        Format::PowerShell => format!("$Env:{name}='{}'", value.replace('\'', "''")),
        Format::WindowsCmd => format!("set {name}={value}"),
        Format::Fish => format!(
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
    fn each_shell_reads_the_value_back() {
        let odd = "a'b\\c $x";
        for (format, plain, quoted) in [
            (Format::Env, "export N=ab/+=", r"export N='a'\''b\c $x'"),
            (Format::EnvNoExport, "N=ab/+=", r"N='a'\''b\c $x'"),
            (Format::PowerShell, "$Env:N='ab/+='", r"$Env:N='a''b\c $x'"),
            (Format::WindowsCmd, "set N=ab/+=", r"set N=a'b\c $x"),
            (Format::Fish, "set -gx N ab/+=", r"set -gx N 'a\'b\\c $x'"),
        ] {
            assert_eq!(line("N", "ab/+=", format).unwrap(), plain);
            assert_eq!(line("N", odd, format).unwrap(), quoted);
        }
        assert!(line("N", "a\nb", Format::Env).is_err());
        assert!(line("N", "a&calc", Format::WindowsCmd).is_err());
    }
}
