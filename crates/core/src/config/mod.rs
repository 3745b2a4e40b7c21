//! Configuration: the config files, the table of settings, and what a client makes of both.
//!
//! | | |
//! |---|---|
//! | [`ConfigFiles`] | what `~/.aws/config` and `~/.aws/credentials` say |
//! | [`ConfigFileEditor`] | changes a file and leaves the rest as it is |
//! | [`setting`] | the table of settings: variables, keys, kinds, defaults |
//! | [`Settings`] | a session's settings, looked up by the table |
//! | [`Config`] | what can be chosen in code |
//! | [`ClientSettings`] | every setting of one client, resolved |

mod client;
mod defaults_mode;
mod edit;
mod files;
mod location;
mod options;
mod parse;
pub mod setting;
mod settings;
mod trace;
pub(crate) mod words;

pub use client::{ClientSettings, DEFAULT_POOL, DEFAULT_TIMEOUT, ServiceName, check_region};
pub use defaults_mode::{DefaultsTable, ModeDefaults};
pub use edit::{ConfigFileEditor, ConfigFileKind, SectionName};
pub use files::{ConfigFiles, Property, Section};

pub use location::{FileLocations, Platform, home_folder};
pub use options::{
    AccountIdEndpointMode, AddressingStyle, ChecksumMode, ClientCertificate, Config, DefaultsMode,
    EndpointDiscovery, Proxies, ProxyConfig, RegionalEndpoints, Retries, RetryMode, S3Config,
    UNSIGNED,
};
pub use setting::ConfigKey;
pub use settings::{SettingSource, Settings};
pub use trace::trace_header;

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeMap;
    use std::path::PathBuf;

    use crate::ports::Env;

    /// An environment of given variables.
    #[derive(Debug, Default)]
    pub(crate) struct FakeEnv(pub(crate) BTreeMap<String, String>);

    impl FakeEnv {
        pub(crate) fn of(variables: &[(&str, &str)]) -> Self {
            let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
            FakeEnv(variables.iter().map(own).collect())
        }
    }

    impl Env for FakeEnv {
        fn var(&self, name: &str) -> Option<String> {
            self.0.get(name).cloned()
        }

        fn vars(&self) -> Vec<(String, String)> {
            self.0.clone().into_iter().collect()
        }

        fn home(&self) -> Option<PathBuf> {
            None
        }
    }
}
