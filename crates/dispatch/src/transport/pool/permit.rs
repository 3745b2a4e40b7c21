//! [`Permit`]: counts the open connections of a pool.

use std::sync::Arc;

use super::PoolShared;
use crate::metrics;

/// Permission to have a connection open.
pub(super) struct Permit(Option<Arc<PoolShared>>);

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(pool) = self.0.take() {
            metrics::record_closed();
            {
                let mut state = pool.state();
                state.open = state.open.saturating_sub(1);
                state.releases += 1;
            }
            pool.serve();
        }
    }
}

impl Permit {
    /// Creates the permit of a connection that has been counted as open.
    pub(super) fn new(pool: Arc<PoolShared>) -> Self {
        metrics::record_opened();
        Permit(Some(pool))
    }

    /// Gives the permit back without granting it to the next request.
    pub(super) fn give_back(mut self) {
        if let Some(pool) = self.0.take() {
            metrics::record_closed();
            let mut state = pool.state();
            state.open = state.open.saturating_sub(1);
        }
    }
}
