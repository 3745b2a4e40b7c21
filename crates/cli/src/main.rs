//! The inia command: every operation of every AWS service from the shell.

#![forbid(unsafe_code)]

mod command;

use std::process::ExitCode;

fn main() -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("inia: no runtime can be started: {error}");
            return ExitCode::from(255);
        }
    };
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() != Some("batch") {
        eprintln!("usage: inia batch [--concurrency N]");
        return ExitCode::from(252);
    }
    let concurrency = match (arguments.next().as_deref(), arguments.next()) {
        (Some("--concurrency"), Some(number)) => number.parse().unwrap_or(16),
        _ => 16,
    };
    runtime.block_on(async {
        let session = match inia::Session::load().await {
            Ok(session) => session,
            Err(error) => {
                eprintln!("inia: {error:#}");
                return ExitCode::from(253);
            }
        };
        let input = tokio::io::BufReader::new(tokio::io::stdin());
        match command::batch::run(session, input, tokio::io::stdout(), concurrency).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("inia: {error}");
                ExitCode::from(255)
            }
        }
    })
}
