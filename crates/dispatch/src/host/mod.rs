//! The real adapters for the ports of `inia-core`: environment, files, clock, chance, HTTP, commands, terminal.

mod commands;
mod files;
mod http;
mod system;

use std::sync::Arc;

use inia_core::ports::Host;

pub use commands::TokioCommands;
pub use files::OsFiles;
pub use http::PlainHttp;
pub use system::{NoPrompt, OsEnv, SystemClock, SystemRng};

/// The machine this process runs on.
#[must_use]
pub fn system_host() -> Host {
    Host {
        env: Arc::new(OsEnv),
        files: Arc::new(OsFiles),
        clock: Arc::new(SystemClock),
        rng: Arc::new(SystemRng),
        http: Arc::new(PlainHttp::default()),
        commands: Arc::new(TokioCommands::default()),
        prompt: Arc::new(NoPrompt),
    }
}
