//! [`Definitions`]: what a client's paginators, waiters and resources are read from.

use std::sync::{Arc, OnceLock};

use inia_core::{Error, ErrorKind, Result};
use inia_model::{Paginators, Resources, WaiterModel, Waiters};

use crate::Client;

/// The definitions beside a service's model, each loaded when it is first asked for.
#[derive(Debug, Default)]
pub(crate) struct Definitions {
    paginators: OnceLock<Option<Paginators>>,
    waiters: OnceLock<Option<Waiters>>,
    resources: OnceLock<Arc<Resources>>,
}

impl Client {
    /// The paginators that AWS ships for the service; `None` where it ships none.
    ///
    /// # Errors
    /// `Model`: their file is broken.
    pub fn paginators(&self) -> Result<Option<&Paginators>> {
        let cell = &self.definitions().paginators;
        let load = || Paginators::load(self.session().catalog(), self.model());
        get_or_load(cell, load).map(Option::as_ref)
    }

    /// The waiters that AWS ships for the service; `None` where it ships none.
    ///
    /// # Errors
    /// `Model`: their file is broken.
    pub fn waiters(&self) -> Result<Option<&Waiters>> {
        let cell = &self.definitions().waiters;
        let load = || Waiters::load(self.session().catalog(), self.model());
        get_or_load(cell, load).map(Option::as_ref)
    }

    /// What a waiter of the service waits for, by its name as the definition spells it (`InstanceRunning`) or in snake case.
    ///
    /// # Errors
    /// `Model`: there is no such waiter (the message offers the nearest names), or it is broken.
    pub fn waiter(&self, name: &str) -> Result<WaiterModel> {
        match self.waiters()? {
            Some(waiters) => waiters.waiter(name),
            None => Err(Error::new(
                ErrorKind::Model,
                format!("{} has no waiters", self.service_name()),
            )),
        }
    }

    pub(crate) fn resources(&self) -> Result<&Arc<Resources>> {
        let cell = &self.definitions().resources;
        let load = || Resources::load(self.session().catalog(), self.model()).map(Arc::new);
        get_or_load(cell, load)
    }
}

fn get_or_load<T>(cell: &OnceLock<T>, load: impl FnOnce() -> Result<T>) -> Result<&T> {
    if let Some(loaded) = cell.get() {
        return Ok(loaded);
    }
    let loaded = load()?;
    Ok(cell.get_or_init(|| loaded))
}
