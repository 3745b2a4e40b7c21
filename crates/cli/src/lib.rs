//! The inia command: every operation of every AWS service from the shell.
//!
//! ```text
//! inia <service> <operation> [--member value ...]    one call
//! inia <service> <operation> help                    its shapes
//! inia <service>                                     its operations
//! inia <service> wait <name> [--member value ...]    wait for a resource state
//! inia services                                      all services
//! inia resource [service] [name] ...                 resources, collections, actions
//! inia batch [--concurrency N]                       one call per line of input
//! inia sso login | logout                            IAM Identity Center
//! inia configure [get|set|list|...]                  the config files
//! ```

#![forbid(unsafe_code)]

mod arguments;
mod command;
mod log;
mod output;
mod status;
mod terminal;

use std::pin::pin;
use std::process::ExitCode;

use futures_util::future::{Either, select, select_all};

use arguments::{Arguments, Arity, RemainingArguments};
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
  inia batch [--concurrency N]                       make a call for each line of standard input
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

/// Default number of concurrent calls of `inia batch`.
const CONCURRENCY: usize = 16;

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
    let ended = runtime.block_on(async {
        let running = pin!(async { run(process_arguments()?).await });
        match select(running, pin!(ending_signal())).await {
            Either::Left((result, _)) => Ok(result),
            Either::Right((signal, _)) => Err(signal),
        }
    });
    // Drops background tasks, such as a pending read of standard input, without waiting for them.
    runtime.shutdown_background();
    match ended {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(error)) if error.is_broken_pipe() => ExitCode::from(status::OTHER),
        Ok(Err(CliError::NotSet)) => ExitCode::from(status::NOT_SET),
        Ok(Err(error)) => {
            eprintln!("\n{error}");
            error.status()
        }
        // As shells report it.
        Err(signal) => ExitCode::from(128 + signal),
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

/// Waits for a signal that ends the process, and returns its number. The running command is dropped then, which also ends the
/// commands that it started.
#[cfg(unix)]
async fn ending_signal() -> u8 {
    use tokio::signal::unix::{SignalKind, signal};

    let kinds = [(SignalKind::interrupt(), 2), (SignalKind::terminate(), 15)];
    let signals = kinds.map(|(kind, number)| {
        Box::pin(async move {
            match signal(kind) {
                Ok(mut signal) => signal.recv().await,
                Err(_) => std::future::pending().await,
            };
            number
        })
    });
    select_all(signals).await.0
}

#[cfg(not(unix))]
async fn ending_signal() -> u8 {
    match tokio::signal::ctrl_c().await {
        Ok(()) => 2,
        Err(_) => std::future::pending().await,
    }
}

async fn run(arguments: Vec<String>) -> Result<(), CliError> {
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
        "help" => print(HELP),
        "batch" => batch(arguments).await,
        "resource" => command::resource::run(arguments).await,
        "configure" => command::configure::run(arguments).await,
        "services" => {
            arguments.finish()?;
            let session = session(&arguments).await?;
            command::describe::services(&session)
        }
        service => call(service, arguments).await,
    }
}

async fn call(service: &str, mut arguments: Arguments) -> Result<(), CliError> {
    let service = service_name(service);
    let operation = arguments.positional()?;
    match (service, operation.as_deref()) {
        ("sso", Some("login")) => return command::sso::login(arguments).await,
        ("sso", Some("logout")) => return command::sso::logout(arguments).await,
        _ => {}
    }
    let session = session(&arguments).await?;
    let model = session.catalog().service(service, None)?;
    let name = match operation.as_deref() {
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

async fn batch(mut arguments: Arguments) -> Result<(), CliError> {
    let arity = |name: &str| (name == "concurrency").then_some(Arity::One);
    let RemainingArguments {
        options,
        positionals,
    } = arguments.parse_rest(arity, || vec!["concurrency".to_owned()])?;
    if let Some(argument) = positionals.first() {
        return Err(CliError::unexpected(argument));
    }
    let concurrency = match options.first().and_then(|(_, values)| values.first()) {
        None => CONCURRENCY,
        Some(number) => number
            .parse()
            .ok()
            .filter(|number| *number > 0)
            .ok_or_else(|| {
                CliError::usage(format!(
                    "--concurrency: {number:?} is not a positive integer"
                ))
            })?,
    };
    let session = session(&arguments).await?;
    let input = tokio::io::BufReader::new(tokio::io::stdin());
    command::batch::run(session, input, tokio::io::stdout(), concurrency).await?;
    Ok(())
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
