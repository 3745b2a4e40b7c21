//! `inia fake-server`: an HTTP server for tests, until it is interrupted.

use std::sync::Arc;

use inia::testing::{FakeServer, Fault, StubSession};
use inia::{Credentials, Session};

use crate::arguments::{Arguments, Arity, OptionGroup, OptionRow, ProfileOption};
use crate::output;
use crate::status::CliError;

/// Options of `inia fake-server`.
#[derive(Debug, Default)]
struct FakeServerOptions {
    services: Vec<String>,
    port: u16,
    faults: Vec<Fault>,
    script: Option<String>,
    verifies_signatures: bool,
}

impl OptionGroup for FakeServerOptions {
    const OPTIONS: &'static [OptionRow<Self>] = &[
        OptionRow {
            name: "fault",
            arity: Arity::One,
            set: |options, text| {
                options.faults.push(text.parse()?);
                Ok(())
            },
        },
        OptionRow {
            name: "port",
            arity: Arity::One,
            set: |options, text| {
                options.port = text.parse().map_err(|_| {
                    CliError::usage(format!("--port: {text:?} is not a port number"))
                })?;
                Ok(())
            },
        },
        OptionRow {
            name: "script",
            arity: Arity::One,
            set: |options, path| {
                let text = std::fs::read_to_string(&path)
                    .map_err(|error| CliError::usage(format!("--script: {path}: {error}")))?;
                options.script = Some(text);
                Ok(())
            },
        },
        OptionRow {
            name: "service",
            arity: Arity::One,
            set: |options, name| {
                options.services.push(name);
                Ok(())
            },
        },
        OptionRow {
            name: "verify-signatures",
            arity: Arity::Flag,
            set: |options, _| {
                options.verifies_signatures = true;
                Ok(())
            },
        },
    ];
}

/// Runs the server. The first line on standard output is `listening on http://127.0.0.1:PORT`.
pub(crate) async fn run(mut arguments: Arguments) -> Result<(), CliError> {
    let (options, profile): (FakeServerOptions, ProfileOption) = arguments.take()?;
    arguments.finish::<0>(
        "fake-server [--service S] [--port P] [--fault F] [--script FILE] [--verify-signatures]",
    )?;
    let session = profile.load().await?;
    let mut builder = FakeServer::builder()
        .port(options.port)
        .stubs(stubs(&session)?);
    for service in options.services {
        builder = builder.service(service);
    }
    for fault in options.faults {
        builder = builder.fault(fault);
    }
    if let Some(script) = options.script {
        builder = builder.script(script);
    }
    if options.verifies_signatures {
        let credentials = session.credentials().await?;
        builder = builder.verify_signatures(Credentials::clone(&credentials));
    }
    let server = builder.start().await?;
    output::write(&format!("listening on {}\n", server.url()))?;
    server.wait().await;
    Ok(())
}

/// Returns rules for the definitions of a session.
fn stubs(session: &Session) -> Result<StubSession, CliError> {
    let builder = Session::builder()
        .catalog(Arc::clone(session.catalog()))
        .region("us-east-1")
        .credentials(Credentials::new("AKIDEXAMPLE", "secret", None));
    Ok(StubSession::from_builder(builder)?)
}
