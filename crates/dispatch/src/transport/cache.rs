//! [`TransportCache`]: the transports of a session.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use inia_core::config::{ClientSettings, Config};
use inia_core::ports::Host;
use inia_core::{Error, ErrorKind, Result};

use super::settings::{read_file, transport_options};
use super::{CaBundle, HyperTransport, Transport, TransportSettings};

/// Wraps the transport that the settings of a client make.
pub(crate) type WrapTransport = Arc<dyn Fn(Arc<dyn Transport>) -> Arc<dyn Transport> + Send + Sync>;

/// One transport per distinct settings, shared by the clients of a session: the most recently used ones, so that a program with ever
/// new settings does not use ever more memory. Clients keep their transport.
#[derive(Default)]
pub(crate) struct TransportCache {
    /// The caller's transport, used by all clients.
    custom: Option<Arc<dyn Transport>>,
    wrap: Option<WrapTransport>,
    /// Most recently used last.
    transports: Mutex<Vec<(TransportSettings, Arc<dyn Transport>)>>,
    /// Most recently used last.
    bundles: Mutex<Vec<BundleFile>>,
}

/// A CA bundle that was read.
struct BundleFile {
    path: PathBuf,
    modified: Option<SystemTime>,
    bundle: Arc<CaBundle>,
}

/// Maximum number of transports, and of CA bundles.
const MAX_ENTRIES: usize = 64;

impl TransportCache {
    /// Creates a cache: of the caller's transport, or of transports by settings, each wrapped by `wrap`.
    pub(crate) fn new(custom: Option<Arc<dyn Transport>>, wrap: Option<WrapTransport>) -> Self {
        TransportCache {
            custom: match (custom, &wrap) {
                (Some(custom), Some(wrap)) => Some(wrap(custom)),
                (custom, _) => custom,
            },
            wrap,
            ..TransportCache::default()
        }
    }

    /// Returns the transport for a client with these settings. `config` are the options set in code.
    ///
    /// # Errors
    /// `Config`: a file cannot be read, a setting is not supported, or the caller's transport cannot honor an option.
    pub(crate) fn get(
        &self,
        host: &Host,
        settings: &ClientSettings,
        config: &Config,
    ) -> Result<Arc<dyn Transport>> {
        if let Some(custom) = &self.custom {
            let ignored = transport_options(config);
            if ignored.is_empty() {
                return Ok(Arc::clone(custom));
            }
            return Err(Error::new(
                ErrorKind::Config,
                format!(
                    "the session's own transport cannot honor {}: set them in that transport and remove the options, or use wrap_transport",
                    ignored.join(", ")
                ),
            ));
        }
        let settings = TransportSettings::for_client(host, settings, |setting, path| {
            self.bundle(host, setting, path)
        })?;
        let mut transports = self
            .transports
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let found = transports.iter().position(|(other, _)| *other == settings);
        let entry = match found {
            Some(index) => transports.remove(index),
            None => {
                let mut transport: Arc<dyn Transport> =
                    Arc::new(HyperTransport::new(settings.clone()));
                if let Some(wrap) = &self.wrap {
                    transport = wrap(transport);
                }
                (settings, transport)
            }
        };
        let transport = Arc::clone(&entry.1);
        push_recent(&mut transports, entry);
        Ok(transport)
    }

    /// Reads a CA bundle, unless its file has not changed since it was read.
    fn bundle(&self, host: &Host, setting: &str, path: &Path) -> Result<Arc<CaBundle>> {
        let modified = host.files.modified(path);
        let mut bundles = self.bundles.lock().unwrap_or_else(PoisonError::into_inner);
        let known = bundles
            .iter()
            .position(|known| known.path == path)
            .map(|index| bundles.remove(index));
        let file = match known {
            Some(known) if known.modified == modified && modified.is_some() => known,
            known => {
                let pem = read_file(host, setting, path)?;
                let bundle = CaBundle::from_pem(&pem)
                    .map_err(|error| error.at(format_args!("{setting}: {}", path.display())))?;
                let bundle = match known {
                    Some(known) if *known.bundle == bundle => known.bundle,
                    _ => Arc::new(bundle),
                };
                BundleFile {
                    path: path.to_owned(),
                    modified,
                    bundle,
                }
            }
        };
        let bundle = Arc::clone(&file.bundle);
        push_recent(&mut bundles, file);
        Ok(bundle)
    }
}

fn push_recent<T>(entries: &mut Vec<T>, entry: T) {
    if entries.len() >= MAX_ENTRIES {
        entries.remove(0);
    }
    entries.push(entry);
}

impl fmt::Debug for TransportCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransportCache")
            .field("custom", &self.custom)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_most_recent_entries() {
        let mut entries = Vec::new();
        for number in 0..100 {
            push_recent(&mut entries, number);
        }
        assert_eq!(entries.len(), MAX_ENTRIES);
        assert_eq!(entries.last(), Some(&99));
    }
}
