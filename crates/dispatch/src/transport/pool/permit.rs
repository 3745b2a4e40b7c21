//! [`Permit`]: counts the open connections of a pool.

use std::sync::Arc;

use super::PoolShared;

/// Permission to have a connection open.
pub(super) struct Permit(pub(super) Option<Arc<PoolShared>>);

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(pool) = self.0.take() {
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
    /// Gives the permit back without granting it to the next request.
    pub(super) fn give_back(mut self) {
        if let Some(pool) = self.0.take() {
            let mut state = pool.state();
            state.open = state.open.saturating_sub(1);
        }
    }
}
