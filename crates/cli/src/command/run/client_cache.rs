//! The clients that the calls of `inia run` share.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use inia::{Client, Result, Session};

use super::call::{ClientKey, LineCall};

/// Maximum number of cached clients.
const MAX_CLIENTS: usize = 256;

/// A cache of clients by service, region, endpoint and settings. Credentials belong to a call, not to its client.
pub(super) struct ClientCache {
    session: Session,
    clients: Mutex<ClientTable>,
}

#[derive(Default)]
struct ClientTable {
    clients: HashMap<ClientKey, CachedClient>,
    /// Number of look-ups, as a clock.
    lookups: u64,
}

struct CachedClient {
    client: Client,
    last_used: u64,
}

impl ClientCache {
    pub(super) fn new(session: Session) -> Self {
        ClientCache {
            session,
            clients: Mutex::default(),
        }
    }

    /// Returns the client of a call.
    pub(super) fn get(&self, call: &LineCall) -> Result<Client> {
        let key = call.client_key();
        if let Some(client) = self.table().get(&key) {
            return Ok(client);
        }
        let client = self
            .session
            .client_with(&call.service, &call.client_config()?)?;
        self.table().insert(key, client.clone());
        Ok(client)
    }

    fn table(&self) -> std::sync::MutexGuard<'_, ClientTable> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientTable {
    fn get(&mut self, key: &ClientKey) -> Option<Client> {
        self.lookups += 1;
        let cached = self.clients.get_mut(key)?;
        cached.last_used = self.lookups;
        Some(cached.client.clone())
    }

    /// Adds a client. If the cache is full, the one that was used longest ago is dropped.
    fn insert(&mut self, key: ClientKey, client: Client) {
        if self.clients.len() >= MAX_CLIENTS {
            let oldest = self
                .clients
                .iter()
                .min_by_key(|(_, cached)| cached.last_used);
            if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
                self.clients.remove(&oldest);
            }
        }
        let last_used = self.lookups;
        self.clients.insert(key, CachedClient { client, last_used });
    }
}
