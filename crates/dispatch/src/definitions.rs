//! [`Definitions`]: lazily loaded paginator, waiter and resource definitions of a client.

use std::sync::{Arc, OnceLock};

use inia_core::{Error, ErrorKind, Result};
use inia_model::{Paginators, Resources, WaiterModel, Waiters};

use crate::Client;

/// The paginator, waiter and resource definitions of a service, each loaded on first use.
#[derive(Debug, Default)]
pub(crate) struct Definitions {
    paginators: OnceLock<Option<Paginators>>,
    waiters: OnceLock<Option<Waiters>>,
    resources: OnceLock<Arc<Resources>>,
}

impl Client {
    /// Returns the service's paginators; `None` if AWS defines none.
    ///
    /// # Errors
    /// `Model`: the definition is invalid.
    pub fn paginators(&self) -> Result<Option<&Paginators>> {
        let cell = &self.definitions().paginators;
        let load = || Paginators::load(self.session().catalog(), self.model());
        get_or_load(cell, load).map(Option::as_ref)
    }

    /// Returns the service's waiters; `None` if AWS defines none.
    ///
    /// # Errors
    /// `Model`: the definition is invalid.
    pub fn waiters(&self) -> Result<Option<&Waiters>> {
        let cell = &self.definitions().waiters;
        let load = || Waiters::load(self.session().catalog(), self.model());
        get_or_load(cell, load).map(Option::as_ref)
    }

    /// Returns a waiter of the service, by its name as in the definition (`InstanceRunning`) or in snake case.
    ///
    /// # Errors
    /// `Model`: there is no such waiter (the message suggests similar names), or its definition is invalid.
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
