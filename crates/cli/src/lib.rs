//! The inia command: every operation of every AWS service from the shell.
//!
//! ```text
//! inia <service> <operation> [--member value ...]    one call
//! inia <service> <operation> help                    its shapes
//! inia <service>                                     its operations
//! inia <service> wait <name> [--member value ...]    wait for a resource state
//! inia services                                      all services
//! inia model check FILE                              the problems of a definition
//! inia resource [service] [name] ...                 resources, collections, actions
//! inia run [--concurrency N]                         one call per line of input
//! inia call <service> <operation> ...                a call, even if the service is named as a command
//! inia sso login | logout                            IAM Identity Center
//! inia configure [get|set|list|...]                  the config files
//! ```

#![forbid(unsafe_code)]

mod arguments;
mod command;
mod customization;
mod error_report;
mod log;
mod output;
mod paths;
mod program;
mod signal;
mod status;
mod terminal;
mod yaml;

use std::io::IsTerminal as _;
use std::process::ExitCode;

use inia::{model::Operation, model::ServiceModel};

use arguments::{Arguments, ProfileOption, SessionOptions};
use customization::spelling;
use signal::Signals;
use status::CliError;

const HELP: &str = "\
inia: call any operation of any AWS service

  inia <service> <operation> [--member value ...]    make a call
  inia <service> <operation> help                    print an operation's input and output
  inia <service>                                     list a service's operations
  inia <service> wait <name> [--member value ...]    wait until a resource reaches a state
  inia <service> wait                                list a service's waiters
  inia services [--sources]                          list all services, with the versions and files of their definitions
  inia model check FILE                              load a definition or Smithy model, and print its problems
  inia resource                                      list the services that have resources
  inia resource <service> [Name]                     describe a service or one of its resources
  inia resource <service> <Name> <identifier> [part] print a resource, or one of its attributes, collections or references;
                                                     run an action, wait: inia resource s3 Bucket logs objects --limit 5
  inia run [--concurrency N]                         make a call for each line of standard input
  inia call <service> <operation> ...                make a call, even if the service is named as a command
  inia sso login [--sso-session S]                   log in to IAM Identity Center; inia sso logout logs out
  inia fake-server [--service S] [--port P]          serve any operation on this machine, for tests: [--fault 503:0.2]
                                                     [--script FILE] [--verify-signatures]
  inia configure                                     set keys, region and output format; subcommands: get, set,
                                                     list, list-profiles, export-credentials, add-model, remove-model

Options, anywhere on the line; an option without effect on the command is an error:
  --profile P                                        of every command that reads definitions or config files
  --region R  --endpoint-url U  --ca-bundle FILE  --no-sign-request  --no-verify-ssl
  --cli-read-timeout SECONDS  --cli-connect-timeout SECONDS
                                                     of every command that calls a service
  --query JMESPATH  --output json|text|table|yaml|yaml-stream|off  --color on|off|auto  --no-cli-pager
                                                     of every command that prints a result
  --cli-error-format legacy|enhanced|json|yaml|text|table
                                                     of every command that calls a service
  --cli-input-json JSON|file://FILE  --cli-input-yaml YAML|file://FILE  --cli-binary-format base64|raw-in-base64-out
  --generate-cli-skeleton [input|yaml-input|output]  of every command that takes the parameters of an operation
  --input-events JSON|file://LINES|-  --frame-bytes N
                                                     of operations whose input is an event stream
  --max-items N  --page-size N  --starting-token T  --no-paginate
                                                     of calls of paginated operations
  --explain [--with-credentials]                     of calls: print the request, its endpoint, auth scheme, settings and
                                                     credentials instead of sending it; nothing is fetched unless
                                                     --with-credentials
  --debug                                            print requests, responses and decisions, without bodies and secrets

Values are text, JSON, or Key=Value shorthand. file://F is the text and fileb://F are the bytes of a file; in shorthand,
Key@=file://F. A value that begins with -- is written --name=VALUE.
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
            output::write_error(&format!("\n{}", error_report::text(&error)));
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
    if is_version(&arguments) {
        return print(&program::version());
    }
    let mut arguments = Arguments::new(arguments);
    if arguments.is_debug() {
        log::start();
    }
    let Some(command) = arguments.positional()? else {
        return Err(CliError::usage(format!("missing command\n\n{HELP}")));
    };
    match command.as_str() {
        "run" => command::run::run(arguments, signals).await,
        "batch" if is_line_filter(&arguments) => command::run::run(arguments, signals).await,
        command => signals.interrupt(run_command(command, arguments)).await,
    }
}

/// Reports whether the line asks for the version, before any command.
fn is_version(arguments: &[String]) -> bool {
    let mut options = arguments.iter().take_while(|word| word.starts_with("--"));
    options.any(|word| word == "--version")
}

async fn run_command(command: &str, mut arguments: Arguments) -> Result<(), CliError> {
    match command {
        "help" => {
            arguments.finish::<0>("help")?;
            print(HELP)
        }
        "call" => match arguments.positional()? {
            Some(service) => call(&service, arguments).await,
            None => Err(CliError::usage("usage: inia call SERVICE OPERATION ...")),
        },
        "resource" => command::resource::run(arguments).await,
        "configure" => command::configure::run(arguments).await,
        "fake-server" => command::fake_server::run(arguments).await,
        "services" => {
            let profile: ProfileOption = arguments.take()?;
            let sources: command::describe::SourcesOption = arguments.take()?;
            arguments.finish::<0>("services")?;
            command::describe::services(&profile.load().await?, sources)
        }
        "model" => match arguments.positional()?.as_deref() {
            Some("check") => command::model::check(arguments),
            _ => Err(CliError::usage(
                "usage: inia model check FILE [--service-name NAME]",
            )),
        },
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
    !program::is_aws() && !std::io::stdin().is_terminal() && command::run::is_complete(arguments)
}

async fn call(service: &str, mut arguments: Arguments) -> Result<(), CliError> {
    let operation = arguments.positional()?;
    call_operation(service, operation.as_deref(), arguments).await
}

async fn call_operation(
    service: &str,
    operation: Option<&str>,
    mut arguments: Arguments,
) -> Result<(), CliError> {
    let service = spelling::service_name(service);
    let name = match operation {
        None if program::is_aws() => {
            return Err(CliError::Line(
                "the following arguments are required: operation".to_owned(),
            ));
        }
        None | Some("help") => return describe(service, arguments).await,
        Some("wait") => return wait(service, arguments).await,
        Some(name) => name,
    };
    if arguments.take_help() {
        let profile: ProfileOption = arguments.take()?;
        arguments.finish::<0>("<service> <operation> help")?;
        let model = profile.load().await?.service_model(service)?;
        return command::describe::operation(&model, find_operation(&model, name)?);
    }
    let options = arguments.take::<SessionOptions>()?;
    let session = options.load().await?;
    let client = session.client(service)?;
    let has_endpoint = options.has_endpoint_url()
        || session
            .settings()
            .configured_endpoint_url(&client.model().metadata().service_id)?
            .is_some();
    customization::check_endpoint(service, has_endpoint)?;
    let model = std::sync::Arc::clone(client.model());
    let operation = find_operation(&model, name)?;
    let command = customization::command_name(&model, operation, name);
    command::call::run(arguments, &session, client, operation, &command).await
}

/// Lists the operations of a service.
async fn describe(service: &str, mut arguments: Arguments) -> Result<(), CliError> {
    let profile: ProfileOption = arguments.take()?;
    arguments.finish::<0>("<service>")?;
    let model = profile.load().await?.service_model(service)?;
    command::describe::operations(&model)
}

fn find_operation<'m>(model: &'m ServiceModel, name: &str) -> Result<&'m Operation, CliError> {
    let found = match program::is_aws() && spelling::is_removed(model.name(), name) {
        true => None,
        false => model
            .operation(spelling::operation_name(model.name(), name))
            .ok(),
    };
    found.ok_or_else(|| {
        let names: Vec<String> = model
            .operations()
            .map(|operation| inia::model::kebab_case(&operation.name))
            .collect();
        CliError::usage(format!(
            "{}: unknown operation {name:?}{}",
            model.name(),
            inia::model::did_you_mean(name, names.iter().map(String::as_str))
        ))
    })
}

async fn wait(service: &str, mut arguments: Arguments) -> Result<(), CliError> {
    let name = arguments.positional()?.filter(|name| name != "help");
    if name.is_none() || arguments.take_help() {
        let profile: ProfileOption = arguments.take()?;
        arguments.finish::<0>("<service> wait")?;
        let client = profile.load().await?.client(service)?;
        return match &name {
            None => command::wait::list(&client),
            Some(name) => command::wait::describe(&client, name),
        };
    }
    let session = arguments.take::<SessionOptions>()?.load().await?;
    let client = session.client(service)?;
    command::wait::run(arguments, &session, client, &name.unwrap_or_default()).await
}

fn print(text: &str) -> Result<(), CliError> {
    output::write(text)
}
