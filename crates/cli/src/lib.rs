//! The inia command: every operation of every AWS service from the shell.
//!
//! ```text
//! inia <service> <operation> [--member value ...]    one call
//! inia <service> <operation> help                    its shapes
//! inia <service>                                     its operations
//! inia <service> wait <name> [--member value ...]    wait for a resource state
//! inia services                                      all services
//! inia resource [service] [name] ...                 resources, collections, actions
//! inia run [--concurrency N]                         one call per line of input
//! inia call <service> <operation> ...                a call, even if the service is named as a command
//! inia sso login | logout                            IAM Identity Center
//! inia configure [get|set|list|...]                  the config files
//! ```

#![forbid(unsafe_code)]

mod arguments;
mod command;
mod log;
mod output;
mod signal;
mod status;
mod terminal;

use std::io::IsTerminal as _;
use std::process::ExitCode;

use arguments::Arguments;
use signal::Signals;
use status::CliError;

const HELP: &str = "\
inia: call any operation of any AWS service

  inia <service> <operation> [--member value ...]    make a call
  inia <service> <operation> help                    print an operation's input and output
  inia <service>                                     list a service's operations
  inia <service> wait <name> [--member value ...]    wait until a resource reaches a state
  inia <service> wait                                list a service's waiters
  inia services                                      list all services
  inia resource                                      list the services that have resources
  inia resource <service> [Name]                     describe a service or one of its resources
  inia resource <service> <Name> <identifier> [part] print a resource, or one of its attributes, collections or references;
                                                     run an action, wait: inia resource s3 Bucket logs objects --limit 5
  inia run [--concurrency N]                         make a call for each line of standard input
  inia call <service> <operation> ...                make a call, even if the service is named as a command
  inia sso login [--sso-session S]                   log in to IAM Identity Center; inia sso logout logs out
  inia configure                                     set keys, region and output format; subcommands: get, set,
                                                     list, list-profiles, export-credentials

Options of every command:
  --region R  --profile P  --endpoint-url U  --ca-bundle FILE  --no-sign-request  --no-verify-ssl
  --query JMESPATH  --output json|text|table|yaml
  --cli-read-timeout SECONDS  --cli-connect-timeout SECONDS  --debug

Options of every call:
  --cli-input-json JSON|file://FILE  --generate-cli-skeleton
  --max-items N  --page-size N  --starting-token T  --no-paginate

Values are text, JSON, or Key=Value shorthand; file://F reads text from a file, fileb://F reads bytes.
";

/// Runs the command line of this process and returns its exit code.
#[must_use]
pub fn main() -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("inia: cannot start the async runtime: {error}");
            return ExitCode::from(status::OTHER);
        }
    };
    let result = runtime.block_on(async {
        let arguments = process_arguments()?;
        run(arguments, &mut Signals::listen()).await
    });
    // Drops background tasks, such as a pending read of standard input, without waiting for them.
    runtime.shutdown_background();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(CliError::NotSet) => ExitCode::from(status::NOT_SET),
        Err(CliError::Signal(signal)) => ExitCode::from(signal.status()),
        Err(error) if error.is_broken_pipe() => ExitCode::from(status::OTHER),
        Err(error) => {
            eprintln!("\n{error}");
            error.status()
        }
    }
}

/// Returns the arguments of this process.
fn process_arguments() -> Result<Vec<String>, CliError> {
    let text = |argument: std::ffi::OsString| {
        argument.into_string().map_err(|argument| {
            CliError::usage(format!("the argument {argument:?} is not valid UTF-8"))
        })
    };
    std::env::args_os().skip(1).map(text).collect()
}

async fn run(arguments: Vec<String>, signals: &mut Signals) -> Result<(), CliError> {
    if let Some(option @ ("--version" | "--help")) = arguments.first().map(String::as_str) {
        return print(if option == "--help" {
            HELP
        } else {
            concat!("inia ", env!("CARGO_PKG_VERSION"), "\n")
        });
    }
    let mut arguments = Arguments::new(arguments);
    let Some(command) = arguments.positional()? else {
        return Err(CliError::usage(format!("missing command\n\n{HELP}")));
    };
    match command.as_str() {
        "run" => command::run::run(arguments, signals).await,
        "batch" if is_line_filter(&arguments) => command::run::run(arguments, signals).await,
        command => signals.interrupt(run_command(command, arguments)).await,
    }
}

async fn run_command(command: &str, mut arguments: Arguments) -> Result<(), CliError> {
    match command {
        "help" => print(HELP),
        "call" => match arguments.positional()? {
            Some(service) => call(&service, arguments).await,
            None => Err(CliError::usage("usage: inia call SERVICE OPERATION ...")),
        },
        "resource" => command::resource::run(arguments).await,
        "configure" => command::configure::run(arguments).await,
        "services" => {
            arguments.finish()?;
            let session = session(&arguments).await?;
            command::describe::services(&session)
        }
        "sso" => match arguments.positional()?.as_deref() {
            Some("login") => command::sso::login(arguments).await,
            Some("logout") => command::sso::logout(arguments).await,
            operation => call_operation("sso", operation, arguments).await,
        },
        service => call(service, arguments).await,
    }
}

/// Returns true if `inia batch` means `inia run`: it names no operation of AWS Batch, calls can be read from standard
/// input, and the command is not called as `aws`.
fn is_line_filter(arguments: &Arguments) -> bool {
    let program = std::env::args_os().next().unwrap_or_default();
    let is_aws = std::path::Path::new(&program)
        .file_stem()
        .is_some_and(|name| name == "aws");
    !is_aws && !std::io::stdin().is_terminal() && arguments.names_no_operation()
}

async fn call(service: &str, mut arguments: Arguments) -> Result<(), CliError> {
    let operation = arguments.positional()?;
    call_operation(service, operation.as_deref(), arguments).await
}

async fn call_operation(
    service: &str,
    operation: Option<&str>,
    arguments: Arguments,
) -> Result<(), CliError> {
    let service = service_name(service);
    let session = session(&arguments).await?;
    let model = session.catalog().service(service, None)?;
    let name = match operation {
        None | Some("help") => return command::describe::operations(&model),
        Some("wait") => return wait(service, arguments).await,
        Some(name) => name,
    };
    let Ok(operation) = model.operation(name) else {
        let names: Vec<String> = model
            .operations()
            .map(|operation| inia::kebab_case(&operation.name))
            .collect();
        return Err(CliError::usage(format!(
            "{service}: unknown operation {name:?}{}",
            inia::did_you_mean(name, names.iter().map(String::as_str))
        )));
    };
    if arguments.next_is_help() {
        return command::describe::operation(&model, operation);
    }
    let client = client(service, &arguments).await?;
    let operation = client.model().operation(name)?.clone();
    command::call::run(arguments, client, &operation).await
}

async fn wait(service: &str, mut arguments: Arguments) -> Result<(), CliError> {
    let name = arguments.positional()?;
    let client = client(service, &arguments).await?;
    match name.as_deref() {
        None | Some("help") => command::wait::list(&client),
        Some(name) => command::wait::run(arguments, client, name).await,
    }
}

/// Returns the client of a call. Options that follow may still set a profile or a region, so all global options are
/// read first.
async fn client(service: &str, arguments: &Arguments) -> Result<inia::Client, CliError> {
    let session = arguments.preview_global().session().load().await?;
    Ok(session.client(service)?)
}

/// Service names of the AWS CLI that differ from botocore's.
///
/// # Source
/// The AWS CLI command reference.
const CLI_NAMES: &[(&str, &str)] = &[
    ("configservice", "config"),
    ("deploy", "codedeploy"),
    ("s3api", "s3"),
];

fn service_name(name: &str) -> &str {
    CLI_NAMES
        .iter()
        .find(|(alias, _)| *alias == name)
        .map_or(name, |(_, service)| service)
}

async fn session(arguments: &Arguments) -> Result<inia::Session, CliError> {
    if arguments.global.debug {
        log::start();
    }
    Ok(arguments.global.session().load().await?)
}

fn print(text: &str) -> Result<(), CliError> {
    use std::io::Write as _;
    std::io::stdout().lock().write_all(text.as_bytes())?;
    Ok(())
}
