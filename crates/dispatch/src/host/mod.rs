//! Implements the ports of `inia-core` with the operating system: environment, files, clock, random numbers, HTTP, commands, prompts.

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

/// Returns the ports of the operating system.
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
