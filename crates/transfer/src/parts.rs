//! [`PartTasks`]: runs the parts of a transfer at the same time.

use std::pin::pin;

use futures_util::future::{Either, select};
use inia_core::Result;
use tokio::task::{JoinError, JoinSet};

use crate::context::task_error;

/// The parts of a transfer that are being transferred, each in a task. Dropping it aborts them.
#[derive(Debug)]
pub(crate) struct PartTasks<T> {
    tasks: JoinSet<Result<T>>,
    done: Vec<T>,
}

impl<T: Send + 'static> PartTasks<T> {
    pub(crate) fn new() -> Self {
        PartTasks {
            tasks: JoinSet::new(),
            done: Vec::new(),
        }
    }

    /// Starts a part.
    pub(crate) fn spawn(&mut self, part: impl Future<Output = Result<T>> + Send + 'static) {
        self.tasks.spawn(part);
    }

    /// Waits for a condition of the next part, such as free memory.
    ///
    /// # Errors
    /// The error of the condition, or of a part that failed meanwhile.
    pub(crate) async fn wait_for<R>(
        &mut self,
        condition: impl Future<Output = Result<R>>,
    ) -> Result<R> {
        let mut condition = pin!(condition);
        loop {
            if self.tasks.is_empty() {
                return condition.await;
            }
            let part = match select(pin!(self.tasks.join_next()), &mut condition).await {
                Either::Left((part, _)) => part,
                Either::Right((result, _)) => return result,
            };
            if let Some(part) = part {
                self.collect(part)?;
            }
        }
    }

    /// Takes the results of the parts that are done.
    pub(crate) fn take_done(&mut self) -> Vec<T> {
        std::mem::take(&mut self.done)
    }

    fn collect(&mut self, part: Result<Result<T>, JoinError>) -> Result<()> {
        self.done
            .push(part.unwrap_or_else(|error| Err(task_error(error)))?);
        Ok(())
    }

    /// Waits until fewer than `limit` parts are being transferred.
    ///
    /// # Errors
    /// The error of a part that failed.
    pub(crate) async fn wait_for_fewer_than(&mut self, limit: usize) -> Result<()> {
        while self.tasks.len() >= limit.max(1) {
            match self.tasks.join_next().await {
                Some(part) => self.collect(part)?,
                None => break,
            }
        }
        Ok(())
    }

    /// Waits for all parts. Returns their results in the order of their ends.
    ///
    /// # Errors
    /// The error of the first part that failed.
    pub(crate) async fn finish(mut self) -> Result<Vec<T>> {
        while let Some(part) = self.tasks.join_next().await {
            self.collect(part)?;
        }
        Ok(std::mem::take(&mut self.done))
    }
}
