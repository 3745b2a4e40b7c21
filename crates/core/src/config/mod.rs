//! Configuration: the config files, the settings table, and the settings of a client resolved from both.
//!
//! | | |
//! |---|---|
//! | [`ConfigFiles`] | the contents of `~/.aws/config` and `~/.aws/credentials` |
//! | [`line_parser`] | the lines of a config file, for programs that edit it |
//! | [`setting`] | the settings table: environment variables, profile keys, kinds, defaults |
//! | [`Settings`] | the settings of a session |
//! | [`Config`] | options set in code |
//! | [`ClientSettings`] | all resolved settings of one client |

mod client;
mod defaults_mode;
mod files;
pub mod line_parser;
mod location;
mod options;
pub mod setting;
mod settings;
pub(crate) mod shell_words;
mod table;
mod trace;

pub use client::{ClientSettings, ServiceName, check_region};
pub use defaults_mode::{DefaultsTable, ModeDefaults};
pub use files::{ConfigFiles, FileLocations, Heading, Property, Section};

pub use location::{Platform, expand_user, home_folder};
pub use options::{
    AccountIdEndpointMode, AddressingStyle, ChecksumMode, ClientCertificate, Config, DefaultsMode,
    EndpointDiscovery, IpVersion, NameList, Proxies, ProxyConfig, RegionalEndpoints, RetryMode,
    S3Config, UNSIGNED,
};
pub use settings::{SettingSource, Settings};
pub use trace::trace_header;

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeMap;
    use std::path::PathBuf;

    use crate::ports::Env;

    /// An environment with fixed variables.
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

        fn home(&self) -> Option<PathBuf> {
            None
        }

        fn home_of(&self, user: &str) -> Option<PathBuf> {
            match user {
                "root" => Some("/".into()),
                "other" => Some("/home/other".into()),
                _ => None,
            }
        }
    }
}
