//! [`ResourceData`]: the lazily loaded data of a resource.

use std::future::Future;
use std::sync::{Arc, PoisonError, RwLock};

use inia_core::{Result, Value};
use tokio::sync::Mutex;

/// The data of a resource, shared by its clones. Concurrent tasks share one load.
#[derive(Debug, Default)]
pub(super) struct ResourceData {
    state: RwLock<ResourceDataState>,
    /// Locked while data are loaded, so that other tasks wait for them.
    loading: Mutex<()>,
}

#[derive(Debug, Default)]
struct ResourceDataState {
    data: Option<Arc<Value>>,
    /// Incremented when the data are cleared: a load that started before is stale.
    version: u64,
}

impl ResourceData {
    pub(super) fn new(data: Option<Value>) -> Self {
        let state = ResourceDataState {
            data: data.map(Arc::new),
            version: 0,
        };
        ResourceData {
            state: RwLock::new(state),
            loading: Mutex::default(),
        }
    }

    pub(super) fn get(&self) -> Option<Arc<Value>> {
        self.read(|state| state.data.clone())
    }

    /// Clears the data, so that the next access loads them again.
    pub(super) fn clear(&self) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        state.data = None;
        state.version += 1;
    }

    fn read<T>(&self, read: impl FnOnce(&ResourceDataState) -> T) -> T {
        read(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Returns the data, loaded if necessary.
    pub(super) async fn get_or_load<F>(&self, load: impl FnOnce() -> F) -> Result<Arc<Value>>
    where
        F: Future<Output = Result<Value>>,
    {
        if let Some(data) = self.get() {
            return Ok(data);
        }
        let _loading = self.loading.lock().await;
        match self.get() {
            Some(data) => Ok(data),
            None => self.load_now(load).await,
        }
    }

    /// Loads the data, even if they are loaded already.
    pub(super) async fn load<F>(&self, load: impl FnOnce() -> F) -> Result<Arc<Value>>
    where
        F: Future<Output = Result<Value>>,
    {
        let _loading = self.loading.lock().await;
        self.load_now(load).await
    }

    async fn load_now<F>(&self, load: impl FnOnce() -> F) -> Result<Arc<Value>>
    where
        F: Future<Output = Result<Value>>,
    {
        let version = self.read(|state| state.version);
        let data = Arc::new(load().await?);
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if state.version == version {
            // Null means that the resource does not exist yet, so the next access loads again.
            state.data = (!data.is_null()).then(|| Arc::clone(&data));
        }
        Ok(data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use inia_core::{Error, ErrorKind, json};
    use std::sync::atomic::{AtomicU32, Ordering};

    fn block_on<F: Future>(future: F) -> F::Output {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        runtime.block_on(future)
    }

    #[test]
    fn concurrent_tasks_share_one_load() {
        block_on(async {
            let data = ResourceData::default();
            let loads = AtomicU32::new(0);
            let load = || async {
                loads.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
                Ok(json!({"a": 1}))
            };
            let all = (0..100).map(|_| data.get_or_load(load));
            for loaded in futures_util::future::join_all(all).await {
                assert_eq!(loaded.unwrap()["a"], 1);
            }
            assert_eq!(loads.load(Ordering::Relaxed), 1);
            data.load(load).await.unwrap();
            data.clear();
            data.get_or_load(load).await.unwrap();
            assert_eq!(loads.load(Ordering::Relaxed), 3);
        });
    }

    #[test]
    fn discards_data_cleared_while_loading() {
        block_on(async {
            let data = ResourceData::default();
            let load = || async {
                data.clear();
                Ok(json!({"old": true}))
            };
            assert_eq!(data.get_or_load(load).await.unwrap()["old"], true);
            assert!(data.get().is_none());
        });
    }

    #[test]
    fn does_not_keep_errors_and_null() {
        block_on(async {
            let data = ResourceData::default();
            let fail = || async { Err(Error::new(ErrorKind::Timeout, "late")) };
            assert!(data.get_or_load(fail).await.is_err());
            let null = || async { Ok(Value::Null) };
            assert!(data.get_or_load(null).await.unwrap().is_null());
            assert!(data.get().is_none());
        });
    }
}
