//! [`Settings`]: the settings of a session.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use super::files::{ConfigFiles, Section};
use super::location::Platform;
use super::setting::{self, OptionType, Setting};
use crate::ports::Env;
use crate::{Error, ErrorKind, Result, Str};

/// The name of the profile that is used if none is chosen.
pub(crate) const DEFAULT_PROFILE: &str = "default";

/// The settings of a session: from code, the environment, the profile and the defaults, in this order.
///
/// Cheap to clone. Environment variables are read for each lookup; the files are read once.
#[derive(Clone)]
pub struct Settings(Arc<SettingsInner>);

struct SettingsInner {
    env: Arc<dyn Env>,
    files: Arc<ConfigFiles>,
    /// The profile name, if one is chosen.
    profile: Option<Str>,
    /// `true` if the profile was chosen in code.
    explicit_profile: bool,
    explicit: BTreeMap<&'static str, Str>,
}

/// The source of a setting's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingSource {
    /// Set in code.
    Explicit,
    /// An environment variable.
    Env(&'static str),
    /// A property of the profile.
    Profile(&'static str),
    /// The default of the settings table.
    Default,
}

impl fmt::Display for SettingSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SettingSource::Explicit => f.write_str("the setting"),
            SettingSource::Env(name) => f.write_str(name),
            SettingSource::Profile(key) => write!(f, "the profile's {key}"),
            SettingSource::Default => f.write_str("the default"),
        }
    }
}

impl Settings {
    /// Creates settings from an environment and config files.
    ///
    /// `profile` is the profile chosen in code; if `None`, it is taken from the environment. `explicit` are values set in code.
    ///
    /// # Errors
    /// `Config` if the chosen profile is in neither file, or the environment variable of a setting is not Unicode.
    pub fn new(
        env: Arc<dyn Env>,
        files: Arc<ConfigFiles>,
        profile: Option<Str>,
        explicit: BTreeMap<&'static str, Str>,
    ) -> Result<Self> {
        check_unicode(&*env)?;
        let explicit_profile = profile.is_some();
        let profile = profile.or_else(|| {
            let (_, name) = setting::PROFILE.from_env(&*env)?;
            Some(Str::from(name))
        });
        if let Some(name) = &profile
            && files.profile(name).is_none()
        {
            return Err(missing_profile(name, &files));
        }
        Ok(Settings(Arc::new(SettingsInner {
            env,
            files,
            profile,
            explicit_profile,
            explicit,
        })))
    }

    /// Returns the profile name; `default` if none is chosen.
    #[must_use]
    pub fn profile_name(&self) -> &str {
        self.0.profile.as_deref().unwrap_or(DEFAULT_PROFILE)
    }

    /// Returns `true` if the profile was chosen in code rather than in the environment. Credentials in the environment are ignored then.
    #[must_use]
    pub fn has_explicit_profile(&self) -> bool {
        self.0.explicit_profile
    }

    /// Returns the profile; `None` if none is chosen and there is no default profile.
    #[must_use]
    pub fn profile(&self) -> Option<&Section> {
        self.0.files.profile(self.profile_name())
    }

    /// Returns the config files.
    #[must_use]
    pub fn files(&self) -> &ConfigFiles {
        &self.0.files
    }

    /// Returns the environment.
    #[must_use]
    pub fn env(&self) -> &dyn Env {
        &*self.0.env
    }

    /// Returns the unparsed text of a setting and its source.
    #[must_use]
    pub fn lookup(&self, setting: &Setting) -> Option<(Str, SettingSource)> {
        self.lookup_or(setting, None)
    }

    /// Returns the unparsed text of a setting and its source, with `default` in place of the default in the settings table.
    fn lookup_or(&self, setting: &Setting, default: Option<&Str>) -> Option<(Str, SettingSource)> {
        if let Some(text) = self.0.explicit.get(setting.name) {
            return Some((text.clone(), SettingSource::Explicit));
        }
        if let Some((name, text)) = setting.from_env(&*self.0.env) {
            return Some((Str::from(text), SettingSource::Env(name)));
        }
        if let Some(profile) = self.profile() {
            for key in setting.keys {
                if let Some(text) = profile.get_path(key) {
                    return Some((Str::from(text), SettingSource::Profile(key)));
                }
            }
        }
        let default = default
            .cloned()
            .or_else(|| setting.default.map(Str::from_static))?;
        Some((default, SettingSource::Default))
    }

    /// Returns the value of a setting; `None` if it is not set and has no default. `default` replaces the default in the settings table.
    pub(super) fn value<T: OptionType>(
        &self,
        setting: &Setting,
        default: Option<&Str>,
    ) -> Result<Option<T>> {
        let Some((text, source)) = self.lookup_or(setting, default) else {
            return Ok(None);
        };
        let origin = match source {
            SettingSource::Env(name) => name.to_owned(),
            SettingSource::Profile(key) => {
                let name = key.rsplit('.').next().unwrap_or(key);
                format!("profile `{}`: {name}", self.profile_name())
            }
            SettingSource::Explicit | SettingSource::Default => setting.name.to_owned(),
        };
        if text.trim().is_empty() && source != SettingSource::Default {
            return Ok(None);
        }
        let value: T = setting.parse(&text, &origin)?;
        Ok(Some(match source {
            SettingSource::Env(_) | SettingSource::Profile(_) => value.expanded(self.env()),
            SettingSource::Explicit | SettingSource::Default => value,
        }))
    }

    /// Returns the value of a setting; `None` if it is empty, or not set and without a default.
    ///
    /// # Errors
    /// `Config` if the value is not valid; the message contains its source.
    pub(crate) fn get<T: OptionType>(&self, setting: &Setting) -> Result<Option<T>> {
        self.value(setting, None)
    }

    /// Returns the text of a setting; `None` if it is empty.
    ///
    /// # Errors
    /// `Config` if the value is not valid; the message contains its source.
    pub fn text(&self, setting: &Setting) -> Result<Option<Str>> {
        self.get(setting)
    }

    /// Expands `~` and variables in the path of a setting.
    pub(crate) fn expand(&self, path: &str) -> PathBuf {
        super::location::expand(path, self.env(), Platform::CURRENT)
    }

    /// Returns a path below `~/.aws`; empty if there is no home folder.
    #[must_use]
    pub fn in_aws_folder(&self, parts: &[&str]) -> PathBuf {
        super::location::in_aws_folder(self.env(), Platform::CURRENT, parts)
    }

    /// Returns the folders of service definitions in `data_path`, in order.
    ///
    /// # Errors
    /// As [`text`](Self::text).
    ///
    /// # Source
    /// botocore `loaders.py:create_loader`.
    pub fn data_folders(&self) -> Result<Vec<PathBuf>> {
        let separator = if cfg!(windows) { ';' } else { ':' };
        let data_path = self.text(&setting::DATA_PATH)?.unwrap_or_default();
        let folders = data_path.split(separator).map(str::trim);
        let folders = folders.filter(|folder| !folder.is_empty());
        Ok(folders.map(|folder| self.expand(folder)).collect())
    }

    /// Returns `~/.aws/models`, which may contain service definitions too; `None` if there is no home folder.
    ///
    /// # Source
    /// botocore `loaders.py:Loader.CUSTOMER_DATA_PATH`.
    #[must_use]
    pub fn user_models_folder(&self) -> Option<PathBuf> {
        let folder = self.in_aws_folder(&["models"]);
        (!folder.as_os_str().is_empty()).then_some(folder)
    }

    /// Returns the endpoint configured for a service id (`S3`, `Lex Runtime V2`) in the environment or the config file.
    ///
    /// In this order: `AWS_ENDPOINT_URL_<SERVICE_ID>`, `AWS_ENDPOINT_URL`, `endpoint_url` of the service in the `[services]` section of
    /// the profile, `endpoint_url` of the profile. `ignore_configured_endpoint_urls` is not considered here.
    ///
    /// # Errors
    /// `Config` if the `[services]` section of the profile does not exist.
    ///
    /// # Source
    /// botocore `configprovider.py:ConfiguredEndpointProvider`.
    pub fn configured_endpoint_url(&self, service_id: &str) -> Result<Option<Str>> {
        let id = service_id.replace([' ', '-'], "_");
        let variable = format!("AWS_ENDPOINT_URL_{}", id.to_ascii_uppercase());
        let url = self.env().var(&variable).map(setting::trimmed);
        if let Some(url) = url.filter(|url| !url.is_empty()) {
            return Ok(Some(Str::from(url)));
        }
        let global = self.lookup(&setting::ENDPOINT_URL);
        if let Some((url, SettingSource::Explicit | SettingSource::Env(_))) = &global {
            return Ok(Some(url.clone()));
        }
        if let Some(name) = self.text(&setting::SERVICES)? {
            let services = self.files().services(&name).ok_or_else(|| {
                Error::new(
                    ErrorKind::Config,
                    format!(
                        "services section `{name}` of profile `{}` not found in the config file",
                        self.profile_name()
                    ),
                )
            })?;
            if let Some(url) = services.get_nested(&id.to_ascii_lowercase(), "endpoint_url")
                && !url.is_empty()
            {
                return Ok(Some(Str::from(url)));
            }
        }
        Ok(global.map(|(url, _)| url).filter(|url| !url.is_empty()))
    }

    /// Returns the API version of a service (`ec2`) in `api_versions` of the profile.
    #[must_use]
    pub fn api_version(&self, service: &str) -> Option<&str> {
        self.profile()?.get_nested("api_versions", service)
    }

    /// Returns `signature_version` in the sub-properties of a service (`s3 =`) of the profile.
    #[must_use]
    pub fn signature_version(&self, service: &str) -> Option<&str> {
        self.profile()?.get_nested(service, "signature_version")
    }
}

/// Checks that no environment variable of a setting is ignored because its value is not Unicode.
fn check_unicode(env: &dyn Env) -> Result<()> {
    let is_setting = |name: &str| {
        name.starts_with("AWS_") || setting::all().any(|setting| setting.env.contains(&name))
    };
    match env.not_unicode().into_iter().find(|name| is_setting(name)) {
        None => Ok(()),
        Some(name) => Err(Error::new(
            ErrorKind::Config,
            format!("the environment variable {name} is not valid UTF-8"),
        )),
    }
}

#[cold]
fn missing_profile(name: &str, files: &ConfigFiles) -> Error {
    let available: Vec<&str> = files.profile_names().take(20).collect();
    let locations = files.locations();
    let available = if available.is_empty() {
        "no profiles available".to_owned()
    } else {
        format!("available profiles: {}", available.join(", "))
    };
    Error::new(
        ErrorKind::Config,
        format!(
            "profile `{name}` not found in {} or {}; {available}",
            locations.config.display(),
            locations.credentials.display()
        ),
    )
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("profile", &self.profile_name())
            .field("explicit", &self.0.explicit.keys())
            .field("files", &self.0.files)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::AddressingStyle;
    use crate::config::tests::FakeEnv;

    fn settings(env: &[(&str, &str)], config: &str, profile: Option<&str>) -> Result<Settings> {
        Settings::new(
            Arc::new(FakeEnv::of(env)),
            Arc::new(ConfigFiles::parse(config, "")?),
            profile.map(Str::from),
            BTreeMap::from([("sdk_from_code", Str::from("x"))]),
        )
    }

    #[test]
    fn precedence_is_code_environment_profile_default() {
        let files = Arc::new(ConfigFiles::parse("[default]\nretry_mode = legacy", "").unwrap());
        let env = |value: &str| Arc::new(FakeEnv::of(&[("AWS_RETRY_MODE", value)]));
        let explicit = BTreeMap::from([("retry_mode", Str::from("standard"))]);
        let mode = |env, explicit| {
            Settings::new(env, files.clone(), None, explicit)
                .unwrap()
                .text(&setting::RETRY_MODE)
                .unwrap()
                .unwrap()
        };
        assert_eq!(mode(env("adaptive"), explicit), "standard");
        assert_eq!(mode(env("adaptive"), BTreeMap::new()), "adaptive");
        assert_eq!(mode(env(""), BTreeMap::new()), "legacy");
        let empty = settings(&[], "", None).unwrap();
        assert_eq!(
            empty.lookup(&setting::RETRY_MODE).unwrap(),
            ("standard".into(), SettingSource::Default)
        );
    }

    #[test]
    fn data_path_is_read_from_environment_and_profile() {
        let folders = |env: &[(&str, &str)], config: &str| {
            let home = [("HOME", "/home/me"), ("DATA", "/data")];
            let settings = settings(&[&home, env].concat(), config, None).unwrap();
            let models = settings.user_models_folder().unwrap();
            assert_eq!(models, PathBuf::from("/home/me/.aws/models"));
            let folders = settings.data_folders().unwrap().into_iter();
            folders
                .map(|folder| folder.display().to_string())
                .collect::<Vec<_>>()
        };
        let profile = "[default]\ndata_path = ~/x:$DATA/y";
        assert!(folders(&[], "").is_empty());
        assert_eq!(folders(&[], profile), ["/home/me/x", "/data/y"]);
        assert_eq!(
            folders(&[("AWS_DATA_PATH", "/a:~/b::~")], profile),
            ["/a", "/home/me/b", "/home/me"]
        );
        assert_eq!(
            folders(&[("AWS_DATA_PATH", "${DATA}y:$NOPE/z")], ""),
            ["/datay", "$NOPE/z"]
        );
        assert_eq!(settings(&[], "", None).unwrap().user_models_folder(), None);
    }

    #[test]
    fn aws_region_takes_precedence_over_aws_default_region() {
        let both = [("AWS_DEFAULT_REGION", "a"), ("AWS_REGION", "b")];
        let region = |env: &[(&str, &str)]| {
            settings(env, "[default]\nregion = c", None)
                .unwrap()
                .text(&setting::REGION)
                .unwrap()
                .unwrap()
        };
        assert_eq!(region(&both), "b");
        assert_eq!(region(&both[..1]), "a");
        assert_eq!(region(&[]), "c");
    }

    #[test]
    fn rejects_missing_profile() {
        let error = settings(&[("AWS_PROFILE", "gone")], "[profile here]", None).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains("`gone`") && error.to_string().contains("here"));
        assert!(settings(&[], "[profile here]", None).is_ok());
        let settings = settings(&[("AWS_PROFILE", "gone")], "[profile here]", Some("here"));
        assert!(settings.unwrap().has_explicit_profile());
    }

    #[test]
    fn errors_contain_the_source_of_the_value() {
        let error = settings(&[("AWS_MAX_ATTEMPTS", "x")], "", None)
            .unwrap()
            .get::<u32>(&setting::MAX_ATTEMPTS)
            .unwrap_err();
        assert!(error.to_string().starts_with("AWS_MAX_ATTEMPTS: `x`"));
        let error = settings(&[], "[profile a]\ns3 =\n addressing_style = up", Some("a"))
            .unwrap()
            .get::<AddressingStyle>(&setting::S3_ADDRESSING_STYLE)
            .unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("profile `a`: addressing_style: `up`")
        );
    }

    #[test]
    fn rejects_missing_services_section() {
        let settings = settings(&[], "[default]\nservices = gone", None).unwrap();
        assert!(settings.configured_endpoint_url("S3").is_err());
    }
}
