//! The inia command: every operation of every AWS service from the shell.
//!
//! ```text
//! inia <service> <operation> [--member value ...]    one call
//! inia <service> <operation> help                    its shapes
//! inia <service>                                     its operations
//! inia <service> wait <name> [--member value ...]    until something has come about
//! inia services                                      all services
//! inia resource [service] [name] ...                 resources, collections, actions
//! inia batch [--concurrency N]                       a call a line
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

use futures_util::future::{Either, select};

use arguments::{Arguments, Arity, Rest};
use status::Failure;

const HELP: &str = "\
inia: every operation of every AWS service

  inia <service> <operation> [--member value ...]    make a call
  inia <service> <operation> help                    print an operation's input and output
  inia <service>                                     list a service's operations
  inia <service> wait <name> [--member value ...]    wait until something has come about
  inia <service> wait                                list a service's waiters
  inia services                                      list all services
  inia resource                                      list the services that have resources
  inia resource <service> [Name]                     print what a service or a resource of it has
  inia resource <service> <Name> <identifier> [part] print a resource, or an attribute, collection or reference of it;
                                                     do an action, wait: inia resource s3 Bucket logs objects --limit 5
  inia batch [--concurrency N]                       make a call for each line of standard input
  inia sso login [--sso-session S]                   log in to IAM Identity Center; inia sso logout ends it
  inia configure                                     set keys, region and output format; get, set, list,
                                                     list-profiles and export-credentials do as they say

Options of every command:
  --region R  --profile P  --endpoint-url U  --ca-bundle FILE  --no-sign-request
  --query JMESPATH  --output json|text|table|yaml
  --cli-read-timeout SECONDS  --cli-connect-timeout SECONDS  --debug

Options of every call:
  --cli-input-json JSON|file://FILE  --generate-cli-skeleton
  --max-items N  --page-size N  --starting-token T  --no-paginate

Values are text, JSON, or Key=Value shorthand; file://F takes a file's text and fileb://F its bytes.
";

/// How many calls of a batch run at a time where nobody says.
const CONCURRENCY: usize = 16;

/// Does what the arguments of the process say, and gives the status to end it with.
#[must_use]
pub fn main() -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("inia: no runtime can be started: {error}");
            return ExitCode::from(status::OTHER);
        }
    };
    let ended = runtime.block_on(async {
        let running = pin!(run(Arguments::new(std::env::args().skip(1))));
        let interrupted = pin!(tokio::signal::ctrl_c());
        match select(running, interrupted).await {
            Either::Left((result, _)) => Some(result),
            Either::Right(_) => None,
        }
    });
    // What still runs, such as a read of standard input, is not waited for.
    runtime.shutdown_background();
    match ended {
        Some(Ok(())) => ExitCode::SUCCESS,
        Some(Err(failure)) if failure.is_broken_pipe() => ExitCode::from(status::OTHER),
        Some(Err(Failure::Absent)) => ExitCode::from(status::ABSENT),
        Some(Err(failure)) => {
            eprintln!("\n{failure}");
            failure.status()
        }
        // 128 and the number of the signal, as shells have it.
        None => ExitCode::from(130),
    }
}

async fn run(mut arguments: Arguments) -> Result<(), Failure> {
    if let Some(word @ ("--version" | "--help")) = std::env::args().nth(1).as_deref() {
        return print(if word == "--help" {
            HELP
        } else {
            concat!("inia ", env!("CARGO_PKG_VERSION"), "\n")
        });
    }
    let Some(word) = arguments.word()? else {
        return Err(Failure::usage(format!("what is to be done?\n\n{HELP}")));
    };
    match word.as_str() {
        "help" => print(HELP),
        "batch" => batch(arguments).await,
        "resource" => command::resource::run(arguments).await,
        "configure" => command::configure::run(arguments).await,
        "services" => {
            arguments.end()?;
            let session = session(&arguments).await?;
            command::describe::services(&session)
        }
        service => call(service, arguments).await,
    }
}

async fn call(service: &str, mut arguments: Arguments) -> Result<(), Failure> {
    let service = service_of(service);
    let operation = arguments.word()?;
    match (service, operation.as_deref()) {
        ("sso", Some("login")) => return command::sso::login(arguments).await,
        ("sso", Some("logout")) => return command::sso::logout(arguments).await,
        _ => {}
    }
    let session = session(&arguments).await?;
    let model = session.catalog().service(service, None)?;
    let wanted = match operation.as_deref() {
        None | Some("help") => return command::describe::operations(&model),
        Some("wait") => return wait(service, arguments).await,
        Some(wanted) => wanted,
    };
    let Ok(found) = model.operation(wanted) else {
        let names: Vec<String> = model
            .operations()
            .map(|operation| inia::kebab_case(&operation.name))
            .collect();
        return Err(Failure::usage(format!(
            "{service}: no operation {wanted:?}{}",
            inia::did_you_mean(wanted, names.iter().map(String::as_str))
        )));
    };
    if arguments.takes_help() {
        return command::describe::operation(&model, found);
    }
    let client = client(service, &arguments).await?;
    let operation = client.model().operation(wanted)?.clone();
    command::call::run(arguments, client, &operation).await
}

async fn wait(service: &str, mut arguments: Arguments) -> Result<(), Failure> {
    let name = arguments.word()?;
    let client = client(service, &arguments).await?;
    match name.as_deref() {
        None | Some("help") => command::wait::list(&client),
        Some(name) => command::wait::run(arguments, client, name).await,
    }
}

/// The client of a call. The options that are still ahead may name a profile or a region: it is made with all of them.
async fn client(service: &str, arguments: &Arguments) -> Result<inia::Client, Failure> {
    let session = arguments.preview_global().session().load().await?;
    Ok(session.client(service)?)
}

/// The services that the AWS CLI has under names of its own.
///
/// # Source
/// The AWS CLI command reference.
const CLI_NAMES: &[(&str, &str)] = &[
    ("configservice", "config"),
    ("deploy", "codedeploy"),
    ("s3api", "s3"),
];

fn service_of(word: &str) -> &str {
    CLI_NAMES
        .iter()
        .find(|(name, _)| *name == word)
        .map_or(word, |(_, service)| service)
}

async fn batch(mut arguments: Arguments) -> Result<(), Failure> {
    let arity = |name: &str| (name == "concurrency").then_some(Arity::One);
    let Rest { options, words } = arguments.rest(arity, || vec!["concurrency".to_owned()])?;
    if let Some(word) = words.first() {
        return Err(Failure::usage(format!("batch takes no {word:?}")));
    }
    let concurrency = match options.first().and_then(|(_, values)| values.first()) {
        None => CONCURRENCY,
        Some(number) => number
            .parse()
            .ok()
            .filter(|number| *number > 0)
            .ok_or_else(|| {
                Failure::usage(format!(
                    "--concurrency: {number:?} is not a whole number above 0"
                ))
            })?,
    };
    let session = session(&arguments).await?;
    let input = tokio::io::BufReader::new(tokio::io::stdin());
    command::batch::run(session, input, tokio::io::stdout(), concurrency).await?;
    Ok(())
}

async fn session(arguments: &Arguments) -> Result<inia::Session, Failure> {
    if arguments.global.debug {
        log::start();
    }
    Ok(arguments.global.session().load().await?)
}

fn print(text: &str) -> Result<(), Failure> {
    use std::io::Write as _;
    std::io::stdout().lock().write_all(text.as_bytes())?;
    Ok(())
}
