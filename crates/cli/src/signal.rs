//! SIGINT and SIGTERM. The first one drops the running command, which removes its temporary files and ends the commands
//! that it started; `inia run` finishes its calls.

use std::pin::pin;

use futures_util::future::{Either, select};

use crate::status::{CliError, Signal};

/// The signals that the process receives. They do not end it by themselves.
#[cfg(unix)]
#[derive(Debug)]
pub(crate) struct Signals {
    /// `None` if the process cannot listen to the signal.
    interrupt: Option<tokio::signal::unix::Signal>,
    terminate: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Signals {
    /// Starts listening.
    pub(crate) fn listen() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        Signals {
            interrupt: signal(SignalKind::interrupt()).ok(),
            terminate: signal(SignalKind::terminate()).ok(),
        }
    }

    /// Waits for the next signal.
    pub(crate) async fn next(&mut self) -> Signal {
        async fn receive(signal: &mut Option<tokio::signal::unix::Signal>) {
            let received = match signal {
                Some(signal) => signal.recv().await,
                None => None,
            };
            if received.is_none() {
                std::future::pending::<()>().await;
            }
        }
        let interrupt = pin!(receive(&mut self.interrupt));
        let terminate = pin!(receive(&mut self.terminate));
        match select(interrupt, terminate).await {
            Either::Left(_) => Signal::Interrupt,
            Either::Right(_) => Signal::Terminate,
        }
    }
}

/// The signals that the process receives: only Ctrl-C.
#[cfg(not(unix))]
#[derive(Debug)]
pub(crate) struct Signals;

#[cfg(not(unix))]
impl Signals {
    /// Starts listening.
    pub(crate) fn listen() -> Self {
        Signals
    }

    /// Waits for the next signal.
    pub(crate) async fn next(&mut self) -> Signal {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        Signal::Interrupt
    }
}

impl Signals {
    /// Runs a command until it ends, or until a signal drops it.
    pub(crate) async fn interrupt<T>(
        &mut self,
        command: impl Future<Output = Result<T, CliError>>,
    ) -> Result<T, CliError> {
        let (command, signal) = (pin!(command), pin!(self.next()));
        match select(command, signal).await {
            Either::Left((result, _)) => result,
            Either::Right((signal, _)) => Err(CliError::Signal(signal)),
        }
    }
}
