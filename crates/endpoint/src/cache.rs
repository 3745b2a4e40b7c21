//! Cache of resolved endpoints, keyed by the values of the endpoint parameters.

use std::fmt;
use std::hash::Hasher;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::endpoint::Endpoint;
use crate::error::EndpointError;
use crate::hasher::MixHasher;
use crate::parameter::{EndpointParams, Parameter, ParameterValue};
use crate::partition::Partitions;
use crate::rule_set::RuleSet;

/// Entries per set. A new entry replaces the least recently used entry of its set.
const WAYS: usize = 4;
/// Maximum total length of the parameters' strings, in bytes; endpoints of longer parameters are not cached.
const MAX_KEY: usize = 2048;

/// A bounded cache of endpoints, safe to share between threads.
///
/// A cache belongs to one rule set and one set of partitions: neither is part of the key. Parameters that no rule reads
/// (S3's `Key`) are not part of the key either, so calls for all objects of a bucket share an entry. Errors are not
/// cached.
///
/// A hit hashes and compares the borrowed parameters and clones one `Arc`; it does not allocate.
///
/// ```
/// # use std::sync::Arc;
/// # use inia_endpoint::{EndpointCache, EndpointParams, Partitions, RuleSet};
/// # let rule_set = RuleSet::from_json(br#"{"version":"1.0","parameters":{"Region":{"type":"string"}},
/// #     "rules":[{"type":"endpoint","conditions":[],"endpoint":{"url":"https://{Region}.example.com"}}]}"#)?;
/// # let partitions = Partitions::from_json(br#"{"partitions":[{"id":"aws","regionRegex":"x","regions":{},"outputs":{}}]}"#)?;
/// let cache = EndpointCache::default();
/// let mut params = EndpointParams::new(&rule_set);
/// params.set(0, "eu-west-1");
/// let endpoint = cache.resolve(&rule_set, &partitions, &params)?;
/// assert_eq!(endpoint.url, "https://eu-west-1.example.com");
/// assert!(Arc::ptr_eq(&endpoint, &cache.resolve(&rule_set, &partitions, &params)?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Source
/// botocore `endpoint_provider.py:EndpointProvider._resolve_endpoint`, which caches the 100 most recent endpoints.
pub struct EndpointCache {
    state: Mutex<EndpointCacheState>,
}

struct EndpointCacheState {
    /// Sets of [`WAYS`] entries; the number of sets is a power of two.
    entries: Box<[Option<CachedEndpoint>]>,
    /// Incremented with each lookup, to order entries by last use.
    clock: u64,
}

struct CachedEndpoint {
    hash: u64,
    key: Box<[CacheKeyValue]>,
    endpoint: Arc<Endpoint>,
    last_used: u64,
}

/// An owned parameter value.
enum CacheKeyValue {
    Unset,
    String(Box<str>),
    Boolean(bool),
    StringArray(Box<[Box<str>]>),
}

impl Default for EndpointCache {
    fn default() -> Self {
        Self::new(100)
    }
}

impl EndpointCache {
    /// Returns an empty cache for at least `capacity` endpoints, and at most four times as many.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        let sets = capacity
            .clamp(1, 1 << 16)
            .div_ceil(WAYS)
            .next_power_of_two();
        Self {
            state: Mutex::new(EndpointCacheState {
                entries: (0..sets * WAYS).map(|_| None).collect(),
                clock: 0,
            }),
        }
    }

    /// Returns the endpoint for these parameters from the cache, or resolves it by [`RuleSet::evaluate`] and caches it.
    ///
    /// # Errors
    /// Those of [`RuleSet::evaluate`].
    pub fn resolve(
        &self,
        rule_set: &RuleSet,
        partitions: &Partitions,
        params: &EndpointParams<'_>,
    ) -> Result<Arc<Endpoint>, EndpointError> {
        let hash = hash(rule_set.parameters(), params);
        if let Some(endpoint) = self.lock().find(hash, rule_set.parameters(), params) {
            return Ok(endpoint);
        }
        let endpoint = Arc::new(rule_set.evaluate(partitions, params)?);
        if let Some(key) = key(rule_set.parameters(), params) {
            self.lock().insert(hash, key, Arc::clone(&endpoint));
        }
        Ok(endpoint)
    }

    fn lock(&self) -> MutexGuard<'_, EndpointCacheState> {
        // A panic under the lock leaves no partly written entry, so a poisoned lock is safe to use.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl EndpointCacheState {
    fn set(&mut self, hash: u64) -> &mut [Option<CachedEndpoint>] {
        // The upper half of the hash is mixed better than the lower half.
        let sets = self.entries.len() / WAYS;
        let start = ((hash >> 32) as usize & (sets - 1)) * WAYS;
        self.entries
            .get_mut(start..start + WAYS)
            .unwrap_or_default()
    }

    fn find(
        &mut self,
        hash: u64,
        parameters: &[Parameter],
        params: &EndpointParams<'_>,
    ) -> Option<Arc<Endpoint>> {
        self.clock += 1;
        let clock = self.clock;
        let entry = self
            .set(hash)
            .iter_mut()
            .flatten()
            .find(|entry| entry.hash == hash && entry.matches(parameters, params))?;
        entry.last_used = clock;
        Some(Arc::clone(&entry.endpoint))
    }

    fn insert(&mut self, hash: u64, key: Box<[CacheKeyValue]>, endpoint: Arc<Endpoint>) {
        let last_used = self.clock;
        // Replaces an entry of the same hash first: it was inserted by another thread meanwhile, or it is a collision.
        let age = |entry: &Option<CachedEndpoint>| match entry {
            Some(entry) if entry.hash != hash => entry.last_used + 1,
            _ => 0,
        };
        if let Some(oldest) = self.set(hash).iter_mut().min_by_key(|entry| age(entry)) {
            *oldest = Some(CachedEndpoint {
                hash,
                key,
                endpoint,
                last_used,
            });
        }
    }
}

impl CachedEndpoint {
    fn matches(&self, parameters: &[Parameter], params: &EndpointParams<'_>) -> bool {
        let read = parameters
            .iter()
            .zip(params.values())
            .filter(|(parameter, _)| parameter.is_keyed);
        read.zip(&self.key)
            .all(|((_, value), key)| match (value, key) {
                (ParameterValue::Unset, CacheKeyValue::Unset) => true,
                (ParameterValue::String(value), CacheKeyValue::String(key)) => **value == **key,
                (ParameterValue::Boolean(value), CacheKeyValue::Boolean(key)) => value == key,
                (ParameterValue::StringArray(values), CacheKeyValue::StringArray(keys)) => {
                    values.len() == keys.len()
                        && values.iter().zip(keys).all(|(value, key)| **value == **key)
                }
                _ => false,
            })
    }
}

/// Returns the values of the keyed parameters, or `None` if they are longer than [`MAX_KEY`].
fn key(parameters: &[Parameter], params: &EndpointParams<'_>) -> Option<Box<[CacheKeyValue]>> {
    let mut length = 0;
    let read = parameters
        .iter()
        .zip(params.values())
        .filter(|(parameter, _)| parameter.is_keyed);
    let key = read.map(|(_, value)| match value {
        ParameterValue::Unset => CacheKeyValue::Unset,
        ParameterValue::String(text) => {
            length += text.len();
            CacheKeyValue::String((*text).into())
        }
        ParameterValue::Boolean(value) => CacheKeyValue::Boolean(*value),
        ParameterValue::StringArray(items) => {
            length += items
                .iter()
                .map(|item| item.len() + size_of::<Box<str>>())
                .sum::<usize>();
            CacheKeyValue::StringArray(items.iter().map(|item| Box::from(*item)).collect())
        }
    });
    let key = key.collect();
    (length <= MAX_KEY).then_some(key)
}

/// Returns a hash of the keyed parameters. It is not collision-resistant: a collision costs a comparison or an entry, no
/// more.
fn hash(parameters: &[Parameter], params: &EndpointParams<'_>) -> u64 {
    let mut hasher = MixHasher::default();
    for (parameter, value) in parameters.iter().zip(params.values()) {
        if !parameter.is_keyed {
            continue;
        }
        match value {
            ParameterValue::Unset => hasher.write_u8(1),
            ParameterValue::Boolean(value) => hasher.write_u8(2 + u8::from(*value)),
            ParameterValue::String(text) => write_text(&mut hasher, text),
            ParameterValue::StringArray(items) => {
                hasher.write_usize(items.len());
                items.iter().for_each(|item| write_text(&mut hasher, item));
            }
        }
    }
    hasher.finish()
}

fn write_text(hasher: &mut MixHasher, text: &str) {
    hasher.write_usize(text.len());
    hasher.write(text.as_bytes());
}

impl fmt::Debug for EndpointCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        f.debug_struct("EndpointCache")
            .field("capacity", &state.entries.len())
            .field("endpoints", &state.entries.iter().flatten().count())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixture() -> (RuleSet, Partitions) {
        let rule_set = RuleSet::from_json(
            br#"{"version":"1.0","parameters":{"Region":{"type":"string"},"Flag":{"type":"boolean","default":false},
                "Names":{"type":"stringArray"},"Key":{"type":"string"}},
                "rules":[{"type":"error","conditions":[{"fn":"booleanEquals","argv":[{"ref":"Flag"},true]}],"error":"no"},
                {"type":"endpoint","conditions":[{"fn":"isSet","argv":[{"ref":"Names"}]}],"endpoint":{"url":"https://n.{Region}"}},
                {"type":"endpoint","conditions":[],"endpoint":{"url":"https://{Region}"}}]}"#,
        );
        let partitions = Partitions::from_json(
            br#"{"partitions":[{"id":"aws","regionRegex":"x","regions":{},"outputs":{}}]}"#,
        );
        (rule_set.unwrap(), partitions.unwrap())
    }

    #[test]
    fn unread_parameters_are_not_part_of_the_key() {
        let (rule_set, partitions) = fixture();
        let cache = EndpointCache::default();
        let get = |region, names: Option<Vec<&'static str>>, key| {
            let mut params = EndpointParams::new(&rule_set);
            params.set(0, region);
            params.set(2, names);
            params.set(3, key);
            cache.resolve(&rule_set, &partitions, &params).unwrap()
        };
        let first = get("a", None, "one");
        assert!(Arc::ptr_eq(&first, &get("a", None, "two")));
        assert!(!Arc::ptr_eq(&first, &get("b", None, "one")));
        let with_names = get("a", Some(vec!["x", "y"]), "one");
        assert_eq!(with_names.url, "https://n.a");
        assert!(Arc::ptr_eq(
            &with_names,
            &get("a", Some(vec!["x", "y"]), "one")
        ));
        assert!(!Arc::ptr_eq(
            &with_names,
            &get("a", Some(vec!["xy"]), "one")
        ));
    }

    #[test]
    fn does_not_cache_errors_and_bounds_its_size() {
        let (rule_set, partitions) = fixture();
        let cache = EndpointCache::new(8);
        let mut params = EndpointParams::new(&rule_set);
        params.set(0, "a");
        params.set(1, true);
        assert_eq!(
            cache
                .resolve(&rule_set, &partitions, &params)
                .unwrap_err()
                .message(),
            "no"
        );
        for number in 0..1000 {
            let region = format!("region-{number}");
            let mut params = EndpointParams::new(&rule_set);
            params.set(0, region.as_str());
            for _ in 0..2 {
                let endpoint = cache.resolve(&rule_set, &partitions, &params).unwrap();
                assert_eq!(endpoint.url, format!("https://{region}"));
            }
        }
        assert_eq!(
            format!("{cache:?}"),
            "EndpointCache { capacity: 8, endpoints: 8 }"
        );
        let long = "x".repeat(MAX_KEY + 1);
        let mut params = EndpointParams::new(&rule_set);
        params.set(0, long.as_str());
        let first = cache.resolve(&rule_set, &partitions, &params).unwrap();
        assert!(!Arc::ptr_eq(
            &first,
            &cache.resolve(&rule_set, &partitions, &params).unwrap()
        ));
    }

    #[test]
    fn public_types_are_send_and_sync() {
        fn shared<T: Send + Sync>() {}
        shared::<EndpointCache>();
        shared::<RuleSet>();
        shared::<Partitions>();
        shared::<crate::EndpointsData>();
        shared::<Endpoint>();
        shared::<EndpointError>();
        let (rule_set, partitions) = fixture();
        let cache = EndpointCache::new(4);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for number in 0..200 {
                        let region = format!("region-{}", number % 7);
                        let mut params = EndpointParams::new(&rule_set);
                        params.set(0, region.as_str());
                        let endpoint = cache.resolve(&rule_set, &partitions, &params).unwrap();
                        assert_eq!(endpoint.url, format!("https://{region}"));
                    }
                });
            }
        });
    }

    #[test]
    fn evicts_the_least_recently_used_entry() {
        let (rule_set, partitions) = fixture();
        let cache = EndpointCache::new(WAYS);
        let get = |region: &str| {
            let mut params = EndpointParams::new(&rule_set);
            params.set(0, region);
            cache.resolve(&rule_set, &partitions, &params).unwrap()
        };
        let recent = get("keep");
        for number in 0..100 {
            get(&format!("other-{number}"));
            assert!(Arc::ptr_eq(&recent, &get("keep")));
        }
    }
}
