//! [`UnprocessedBackoff`]: delays before unprocessed items of a batch are sent again.

use std::time::Duration;

use inia_core::{Error, ServiceError, Str};

use crate::Client;
use crate::retry::exponential_delay;

/// Maximum first delay.
const BASE: Duration = Duration::from_millis(50);

/// Maximum number of batches in a row of which the service processes nothing.
const MAX_STALLED: u32 = 10;

/// Exponential backoff between batches while the service leaves items unprocessed.
///
/// DIFFERENCE: boto3's batch writer sends unprocessed items again without a delay, and without an end.
#[derive(Debug, Default)]
pub(super) struct UnprocessedBackoff {
    /// Number of batches in a row that left items unprocessed.
    incomplete: u32,
    /// Number of batches in a row of which nothing was processed.
    stalled: u32,
}

impl UnprocessedBackoff {
    /// Waits if the last batch left items unprocessed.
    pub(super) async fn wait(&self, client: &Client) {
        if self.incomplete > 0 {
            let service = client.service();
            let delay = exponential_delay(BASE, self.incomplete, service.rng.unit());
            service.clock.sleep(delay).await;
        }
    }

    /// Records the result of a batch. Returns false if the service processes nothing any more.
    #[must_use]
    pub(super) fn record(&mut self, sent: usize, unprocessed: usize) -> bool {
        if unprocessed == 0 {
            *self = Self::default();
        } else if unprocessed < sent {
            self.incomplete = 1;
            self.stalled = 0;
        } else {
            self.incomplete = self.incomplete.saturating_add(1);
            self.stalled += 1;
        }
        if self.stalled < MAX_STALLED {
            return true;
        }
        // A later attempt starts anew.
        self.stalled = 0;
        false
    }
}

/// Returns the error of a service that processes nothing any more.
#[cold]
pub(super) fn stalled(operation: &str, what: &str, count: usize) -> Error {
    let error = ServiceError {
        code: Str::from_static("ProvisionedThroughputExceededException"),
        message: Str::from(format!(
            "{count} {what} are still unprocessed after several attempts"
        )),
        throttling: true,
        retryable: true,
        ..Default::default()
    };
    Error::from_service(operation, error)
}
