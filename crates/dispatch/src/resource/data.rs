//! [`Data`]: a resource's data, loaded once however many tasks want them.

use std::future::Future;
use std::sync::{Arc, PoisonError, RwLock};

use inia_core::{Result, Value};
use tokio::sync::Mutex;

/// The data of a resource; shared by its clones.
#[derive(Debug, Default)]
pub(super) struct Data {
    state: RwLock<State>,
    /// Held while data are loaded: who comes later waits and finds them.
    loading: Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    data: Option<Arc<Value>>,
    /// How often the data were forgotten or replaced: data that were asked for before that are old.
    changes: u64,
}

impl Data {
    pub(super) fn new(data: Option<Value>) -> Self {
        let state = State {
            data: data.map(Arc::new),
            changes: 0,
        };
        Data {
            state: RwLock::new(state),
            loading: Mutex::default(),
        }
    }

    pub(super) fn get(&self) -> Option<Arc<Value>> {
        self.read(|state| state.data.clone())
    }

    /// Forgets the data: they are loaded again when they are next wanted.
    pub(super) fn clear(&self) {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        state.data = None;
        state.changes += 1;
    }

    fn read<T>(&self, read: impl FnOnce(&State) -> T) -> T {
        read(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The data, loaded if they are not there.
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

    /// The data, loaded anew.
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
        let before = self.read(|state| state.changes);
        let data = Arc::new(load().await?);
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if state.changes == before {
            // What the service knows nothing of has no data, and may have some when it is asked again.
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
    fn many_who_want_them_load_them_once() {
        block_on(async {
            let data = Data::default();
            let loads = AtomicU32::new(0);
            let load = || async {
                loads.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
                Ok(json!({"a": 1}))
            };
            let all = (0..100).map(|_| data.get_or_load(load));
            for found in futures_util::future::join_all(all).await {
                assert_eq!(found.unwrap()["a"], 1);
            }
            assert_eq!(loads.load(Ordering::Relaxed), 1);
            data.load(load).await.unwrap();
            data.clear();
            data.get_or_load(load).await.unwrap();
            assert_eq!(loads.load(Ordering::Relaxed), 3);
        });
    }

    #[test]
    fn what_was_asked_for_before_a_change_is_not_kept() {
        block_on(async {
            let data = Data::default();
            let load = || async {
                data.clear();
                Ok(json!({"old": true}))
            };
            assert_eq!(data.get_or_load(load).await.unwrap()["old"], true);
            assert!(data.get().is_none());
        });
    }

    #[test]
    fn failures_and_nothing_are_not_kept() {
        block_on(async {
            let data = Data::default();
            let fail = || async { Err(Error::new(ErrorKind::Timeout, "late")) };
            assert!(data.get_or_load(fail).await.is_err());
            let nothing = || async { Ok(Value::Null) };
            assert!(data.get_or_load(nothing).await.unwrap().is_null());
            assert!(data.get().is_none());
        });
    }
}
