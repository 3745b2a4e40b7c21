//! Retries of parts: a call that failed after its own retries is made again later.

use std::time::Duration;

use inia_core::{Error, Map, Result};
use inia_dispatch::Output;

use crate::context::TransferContext;

/// Maximum delay between two tries of a part.
const MAX_DELAY: Duration = Duration::from_secs(20);

/// Maximum number of consecutive failures by throttling.
const MAX_THROTTLED: u32 = 50;

/// Counts the consecutive failures of a part.
#[derive(Debug, Default)]
pub(crate) struct PartRetries {
    failures: u32,
    throttled: u32,
}

impl PartRetries {
    /// Starts to count anew, because the part made progress.
    pub(crate) fn reset(&mut self) {
        *self = PartRetries::default();
    }

    /// Waits until the part can be tried again.
    ///
    /// # Errors
    /// The error, if it is permanent or too many failures came before it.
    pub(crate) async fn wait(&mut self, context: &TransferContext, error: Error) -> Result<()> {
        let is_throttling = error.is_throttling() || error.http_status() == Some(503);
        if is_throttling {
            context.shared.gate.throttled();
            self.throttled += 1;
        } else {
            self.failures += 1;
        }
        let is_left =
            self.failures < context.config.part_attempts && self.throttled < MAX_THROTTLED;
        if !error.is_retryable() {
            return Err(error);
        }
        if !is_left {
            let failures = self.failures + self.throttled;
            return Err(error.with_note(format_args!("tried {failures} times")));
        }
        let exponent = (self.failures + self.throttled).saturating_sub(1).min(16);
        let longest = context
            .config
            .retry_delay
            .saturating_mul(1 << exponent)
            .min(MAX_DELAY);
        let delay = longest.mul_f64(0.5 + fastrand::f64() / 2.0);
        tracing::debug!(error = %error.kind(), ?delay, "a part failed, trying it again");
        tokio::time::sleep(delay).await;
        Ok(())
    }
}

/// Makes a call until it succeeds, with a permit of the gate for each try.
pub(crate) async fn with_retries<T, F: Future<Output = Result<T>>>(
    context: &TransferContext,
    mut call: impl FnMut() -> F,
) -> Result<T> {
    let mut retries = PartRetries::default();
    loop {
        let permit = context.shared.gate.enter().await;
        context.control.checkpoint().await?;
        let result = call().await;
        drop(permit);
        match result {
            Ok(output) => {
                context.shared.gate.succeeded();
                return Ok(output);
            }
            Err(error) => retries.wait(context, error).await?,
        }
    }
}

impl TransferContext {
    /// Makes a call, with retries and a permit of the gate.
    pub(crate) async fn send(&self, operation: &str, params: &Map) -> Result<Output> {
        with_retries(self, || async {
            self.call(operation, params.clone())?.send().await
        })
        .await
    }
}
