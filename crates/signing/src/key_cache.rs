//! [`SigningKeyCache`].

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::{PoisonError, RwLock};

use inia_core::Credentials;

#[cfg(feature = "sigv4a")]
use crate::asymmetric_key::{AsymmetricKey, SigningError};
use crate::key::SigningKey;
use crate::params::SigningParams;
use crate::signature::Signature;
use crate::time::SigningTime;

/// A small cache of signing keys by date, region, service and credentials, shared between threads.
///
/// It stores derived keys and a keyed hash of each secret access key, which distinguishes two secrets of one access
/// key id, but not the secrets themselves. When it is full the oldest entry is overwritten, so that a process that
/// uses many accounts and regions needs no more memory. A cache miss costs about a microsecond.
///
/// ```
/// use inia_core::{Credentials, Timestamp};
/// use inia_signing::SigningKeyCache;
///
/// let keys = SigningKeyCache::default();
/// let credentials = Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", None);
/// let time = Timestamp::new(1_440_938_160, 0).into();
/// let signature = keys.signing_key(&credentials, time, "us-east-1", "iam").sign(b"...");
/// assert_eq!(signature, keys.signing_key(&credentials, time, "us-east-1", "iam").sign(b"..."));
/// ```
pub struct SigningKeyCache {
    hmac: RwLock<Ring<HmacEntry>>,
    #[cfg(feature = "sigv4a")]
    ecdsa: RwLock<Ring<EcdsaEntry>>,
    capacity: usize,
    hashers: [RandomState; 2],
}

/// A keyed hash that identifies a secret access key.
type Fingerprint = [u64; 2];

struct HmacEntry {
    date: [u8; 8],
    region: Box<str>,
    service: Box<str>,
    access_key_id: Box<str>,
    secret: Fingerprint,
    key: SigningKey,
}

#[cfg(feature = "sigv4a")]
struct EcdsaEntry {
    access_key_id: Box<str>,
    secret: Fingerprint,
    key: AsymmetricKey,
}

/// Entries in insertion order; once the capacity is reached the oldest is overwritten.
struct Ring<T> {
    entries: Vec<T>,
    oldest: usize,
}

impl<T> Ring<T> {
    const fn new() -> Self {
        Self {
            entries: Vec::new(),
            oldest: 0,
        }
    }

    fn push(&mut self, entry: T, capacity: usize) {
        if self.entries.len() < capacity {
            self.entries.push(entry);
        } else if let Some(slot) = self.entries.get_mut(self.oldest) {
            *slot = entry;
            self.oldest = (self.oldest + 1) % capacity;
        }
    }
}

impl SigningKeyCache {
    /// The capacity of [`SigningKeyCache::default`], in keys.
    pub const DEFAULT_CAPACITY: usize = 16;

    /// Creates a cache of at most `capacity` keys per algorithm, at least one.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self {
            hmac: RwLock::new(Ring::new()),
            #[cfg(feature = "sigv4a")]
            ecdsa: RwLock::new(Ring::new()),
            capacity: capacity.max(1),
            hashers: [RandomState::new(), RandomState::new()],
        }
    }

    /// Returns the SigV4 key for these credentials on the date of `time`, from the cache or newly derived.
    #[must_use]
    pub fn signing_key(
        &self,
        credentials: &Credentials,
        time: SigningTime,
        region: &str,
        service: &str,
    ) -> SigningKey {
        self.with_key(credentials, time, region, service, SigningKey::clone)
    }

    /// Returns the signature of a string to sign. Uses the key in place, because a copy would have to be wiped.
    pub(crate) fn sign(&self, params: &SigningParams<'_>, string_to_sign: &str) -> Signature {
        let digest = self.with_key(
            params.credentials,
            params.time,
            params.region,
            params.service,
            |key| key.sign(string_to_sign.as_bytes()),
        );
        Signature::from_hmac(&digest)
    }

    fn with_key<T>(
        &self,
        credentials: &Credentials,
        time: SigningTime,
        region: &str,
        service: &str,
        use_key: impl FnOnce(&SigningKey) -> T,
    ) -> T {
        let date = time.date_bytes();
        let secret = self.fingerprint(credentials.secret_access_key.expose());
        let matches = |entry: &&HmacEntry| {
            entry.date == date
                && entry.secret == secret
                && *entry.region == *region
                && *entry.service == *service
                && *entry.access_key_id == *credentials.access_key_id
        };
        let ring = self.hmac.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = ring.entries.iter().find(matches) {
            return use_key(&entry.key);
        }
        drop(ring);
        let key = SigningKey::derive(
            credentials.secret_access_key.expose(),
            time,
            region,
            service,
        );
        let result = use_key(&key);
        let mut ring = self.hmac.write().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have added the key in the meantime.
        if !ring.entries.iter().any(|entry| matches(&entry)) {
            let entry = HmacEntry {
                date,
                region: region.into(),
                service: service.into(),
                access_key_id: (&*credentials.access_key_id).into(),
                secret,
                key,
            };
            ring.push(entry, self.capacity);
        }
        result
    }

    /// Returns the SigV4a key pair of these credentials, from the cache or newly derived.
    ///
    /// # Errors
    /// See [`AsymmetricKey::derive`](crate::AsymmetricKey::derive).
    #[cfg(feature = "sigv4a")]
    pub fn asymmetric_key(&self, credentials: &Credentials) -> Result<AsymmetricKey, SigningError> {
        let secret = self.fingerprint(credentials.secret_access_key.expose());
        let find = |ring: &Ring<EcdsaEntry>| {
            ring.entries
                .iter()
                .find(|entry| {
                    entry.secret == secret && *entry.access_key_id == *credentials.access_key_id
                })
                .map(|entry| entry.key.clone())
        };
        if let Some(key) = find(&self.ecdsa.read().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(key);
        }
        let key = AsymmetricKey::derive(
            &credentials.access_key_id,
            credentials.secret_access_key.expose(),
        )?;
        let mut ring = self.ecdsa.write().unwrap_or_else(PoisonError::into_inner);
        if find(&ring).is_none() {
            let entry = EcdsaEntry {
                access_key_id: (&*credentials.access_key_id).into(),
                secret,
                key: key.clone(),
            };
            ring.push(entry, self.capacity);
        }
        Ok(key)
    }

    /// Returns the number of cached keys.
    pub(crate) fn len(&self) -> usize {
        let len = self
            .hmac
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .entries
            .len();
        #[cfg(feature = "sigv4a")]
        let len = len
            + self
                .ecdsa
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .entries
                .len();
        len
    }

    /// Returns a 128-bit hash keyed with random state of this cache, so that no two secrets can be made to collide.
    fn fingerprint(&self, secret: &str) -> Fingerprint {
        let [one, other] = &self.hashers;
        [one.hash_one(secret), other.hash_one(secret)]
    }
}

impl Default for SigningKeyCache {
    fn default() -> Self {
        Self::with_capacity(Self::DEFAULT_CAPACITY)
    }
}

impl fmt::Debug for SigningKeyCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKeyCache")
            .field("len", &self.len())
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_values::time;

    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

    #[test]
    fn cached_keys_equal_derived_keys() {
        let keys = SigningKeyCache::with_capacity(3);
        let cases = [
            ("AKID", SECRET, "20150830T123600Z", "us-east-1", "iam"),
            ("AKID", SECRET, "20150831T000000Z", "us-east-1", "iam"),
            ("AKID", SECRET, "20150830T123600Z", "us-west-2", "iam"),
            ("AKID", SECRET, "20150830T123600Z", "us-east-1", "s3"),
            ("AKID", "rotated", "20150830T123600Z", "us-east-1", "iam"),
            ("OTHER", SECRET, "20150830T123600Z", "us-east-1", "iam"),
        ];
        for _ in 0..3 {
            for (access_key_id, secret, at, region, service) in cases {
                let credentials = Credentials::new(access_key_id, secret, None);
                let found = keys.signing_key(&credentials, time(at), region, service);
                let derived = SigningKey::derive(secret, time(at), region, service);
                assert_eq!(found.sign(b"text"), derived.sign(b"text"));
                assert!(keys.len() <= 3);
            }
        }
    }

    #[test]
    fn concurrent_lookups_add_one_entry() {
        let keys = SigningKeyCache::default();
        let credentials = Credentials::new("AKID", SECRET, None);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    keys.signing_key(&credentials, time("20150830T123600Z"), "us-east-1", "iam")
                });
            }
        });
        assert_eq!(keys.len(), 1);
    }

    #[test]
    fn debug_shows_no_secrets() {
        let keys = SigningKeyCache::default();
        let credentials = Credentials::new("AKID", SECRET, None);
        let key = keys.signing_key(&credentials, time("20150830T123600Z"), "us-east-1", "iam");
        for text in [format!("{key:?}"), format!("{keys:?}")] {
            assert!(!text.contains("wJalr"), "{text}");
        }
    }
}
