//! Errors for runtimes that cannot make calls: tokio panics if its timer or its I/O driver is not enabled.

use std::any::Any;
use std::panic::{AssertUnwindSafe, resume_unwind};

use futures_util::FutureExt as _;
use inia_core::{Error, ErrorKind, Result};

/// Awaits a call, and converts tokio's panic for a missing runtime or driver to an error. Other panics continue.
///
/// There is no other way to learn whether a runtime has its drivers.
///
/// # Errors
/// Those of the call. `Config`: there is no runtime, or it lacks a driver.
pub(crate) fn with_drivers<T>(
    call: impl Future<Output = Result<T>>,
) -> impl Future<Output = Result<T>> {
    // Nothing that the call shares with other calls is left half-changed: its locks are not held while it waits. An `async fn` would
    // hold the future of the call twice.
    AssertUnwindSafe(call)
        .catch_unwind()
        .map(|result| match result {
            Ok(result) => result,
            Err(panic) if is_missing_driver(&*panic) => Err(Error::new(
                ErrorKind::Config,
                "calls require a tokio runtime with timers and I/O: call `enable_all` on its builder",
            )),
            Err(panic) => resume_unwind(panic),
        })
}

/// Returns true if a panic is tokio's for a missing runtime or driver.
///
/// # Source
/// tokio `util/error.rs:CONTEXT_MISSING_ERROR`, `runtime/driver.rs`.
#[cold]
fn is_missing_driver(panic: &(dyn Any + Send)) -> bool {
    let message = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    message.is_some_and(|message| {
        [
            "Tokio 1.x context was found, but",
            "there is no reactor running",
            "there is no signal driver running",
        ]
        .iter()
        .any(|text| message.contains(text))
    })
}
