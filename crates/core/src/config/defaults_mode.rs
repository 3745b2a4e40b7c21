//! [`DefaultsTable`]: the defaults of each defaults mode.

use serde_json::Value as Json;

use super::options::DefaultsMode;
use super::setting::{self, Setting};
use super::settings::Settings;
use crate::{Error, ErrorKind, Result, Str};

/// The defaults of each defaults mode, read from `sdk-default-configuration.json`.
///
/// ```
/// use inia_core::config::{DefaultsMode, DefaultsTable, setting};
///
/// let table = DefaultsTable::from_json(&serde_json::json!({
///     "base": {"retryMode": "standard", "connectTimeoutInMillis": 1100},
///     "modes": {"standard": {"connectTimeoutInMillis": {"override": 3100}}, "in-region": {}}
/// }))?;
/// let standard = table.get(DefaultsMode::Standard).unwrap();
/// assert_eq!(standard.get(&setting::CONNECT_TIMEOUT).unwrap(), "3.1");
/// assert!(table.get(DefaultsMode::Legacy).is_none());
/// # Ok::<(), inia_core::Error>(())
/// ```
///
/// # Source
/// botocore `configprovider.py:DefaultConfigResolver`.
#[derive(Clone, Debug, Default)]
pub struct DefaultsTable(Vec<(DefaultsMode, ModeDefaults)>);

/// The defaults of one defaults mode.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModeDefaults(Vec<(&'static str, Str)>);

/// The settings that have defaults per mode, with their keys in the file.
const KEYS: &[(&Setting, &str)] = &[
    (&setting::RETRY_MODE, "retryMode"),
    (&setting::STS_REGIONAL_ENDPOINTS, "stsRegionalEndpoints"),
    (
        &setting::S3_US_EAST_1_REGIONAL_ENDPOINT,
        "s3UsEast1RegionalEndpoints",
    ),
    (&setting::CONNECT_TIMEOUT, "connectTimeoutInMillis"),
];

impl ModeDefaults {
    /// Returns the default of a setting.
    #[must_use]
    pub fn get(&self, setting: &Setting) -> Option<&Str> {
        let default = self.0.iter().find(|(name, _)| *name == setting.name);
        default.map(|(_, text)| text)
    }
}

impl DefaultsTable {
    /// Parses `sdk-default-configuration.json`. Unknown modes and defaults are ignored.
    ///
    /// # Errors
    /// `Model` if the file has an unexpected structure.
    pub fn from_json(json: &Json) -> Result<Self> {
        let object = |name: &str| {
            json.get(name).and_then(Json::as_object).ok_or_else(|| {
                let problem = format!("sdk-default-configuration.json: `{name}` is missing");
                Error::new(ErrorKind::Model, problem)
            })
        };
        let base = object("base")?;
        let mut table = Vec::new();
        for (name, changes) in object("modes")? {
            let Some(mode) = DefaultsMode::from_name(name) else {
                continue;
            };
            let mut defaults = Vec::new();
            for &(setting, key) in KEYS {
                let text = match changed(base.get(key), changes.get(key)) {
                    Some(Json::String(text)) => Str::from(text),
                    Some(Json::Number(millis)) => {
                        let seconds = millis.as_f64().unwrap_or_default() / 1000.0;
                        Str::from(seconds.to_string())
                    }
                    _ => continue,
                };
                defaults.push((setting.name, text));
            }
            table.push((mode, ModeDefaults(defaults)));
        }
        Ok(DefaultsTable(table))
    }

    /// Returns the defaults of a mode; `None` for `legacy` and `auto`, which have no defaults.
    #[must_use]
    pub fn get(&self, mode: DefaultsMode) -> Option<&ModeDefaults> {
        self.0
            .iter()
            .find(|(name, _)| *name == mode)
            .map(|(_, defaults)| defaults)
    }
}

/// Returns a value of `base`, changed as a mode demands.
fn changed(base: Option<&Json>, change: Option<&Json>) -> Option<Json> {
    let Some(change) = change else {
        return base.cloned();
    };
    if let Some(replacement) = change.get("override") {
        return Some(replacement.clone());
    }
    let base = base?.as_f64()?;
    let number = match (change.get("multiply"), change.get("add")) {
        (Some(factor), _) => base * factor.as_f64()?,
        (None, Some(increment)) => base + increment.as_f64()?,
        (None, None) => base,
    };
    Some(number.into())
}

impl DefaultsMode {
    /// Resolves `auto`: in-region or cross-region if the region that the code runs in is known, otherwise standard.
    ///
    /// If `AWS_EXECUTION_ENV` is set, that region is `AWS_REGION` or `AWS_DEFAULT_REGION`; otherwise it is `instance_region`, as
    /// returned by the instance metadata service.
    ///
    /// # Source
    /// botocore `configprovider.py:SmartDefaultsConfigStoreFactory.resolve_auto_mode`.
    #[must_use]
    pub fn resolve_auto(
        self,
        settings: &Settings,
        region: Option<&str>,
        instance_region: Option<&str>,
    ) -> DefaultsMode {
        if self != DefaultsMode::Auto {
            return self;
        }
        let current = environment_region(settings);
        match current.as_deref().or(instance_region) {
            None => DefaultsMode::Standard,
            current if current == region => DefaultsMode::InRegion,
            Some(_) => DefaultsMode::CrossRegion,
        }
    }

    /// Returns `true` if resolving `auto` requires the region from the instance metadata service.
    #[must_use]
    pub fn needs_instance_region(self, settings: &Settings) -> bool {
        self == DefaultsMode::Auto && environment_region(settings).is_none()
    }
}

/// Returns the region that the code runs in, according to the environment.
fn environment_region(settings: &Settings) -> Option<String> {
    setting::EXECUTION_ENV.from_env(settings.env())?;
    let (_, region) = setting::REGION.from_env(settings.env())?;
    Some(region)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use super::*;
    use crate::config::ConfigFiles;
    use crate::config::tests::FakeEnv;

    #[test]
    fn auto_compares_regions() {
        let mode = |env: &[(&str, &str)], instance| {
            let settings = Settings::new(
                Arc::new(FakeEnv::of(env)),
                Arc::new(ConfigFiles::default()),
                None,
                BTreeMap::new(),
            )
            .unwrap();
            let needs = DefaultsMode::Auto.needs_instance_region(&settings);
            let mode = DefaultsMode::Auto.resolve_auto(&settings, Some("eu-west-1"), instance);
            (mode, needs)
        };
        let lambda = ("AWS_EXECUTION_ENV", "AWS_Lambda_java8");
        let same = ("AWS_REGION", "eu-west-1");
        let other = ("AWS_DEFAULT_REGION", "us-west-2");
        assert_eq!(mode(&[lambda, same], None), (DefaultsMode::InRegion, false));
        assert_eq!(
            mode(&[lambda, other], None),
            (DefaultsMode::CrossRegion, false)
        );
        assert_eq!(
            mode(&[same], Some("us-west-2")),
            (DefaultsMode::CrossRegion, true)
        );
        assert_eq!(mode(&[], Some("eu-west-1")), (DefaultsMode::InRegion, true));
        assert_eq!(mode(&[], None), (DefaultsMode::Standard, true));
    }

    #[test]
    fn parses_add_and_multiply() {
        let table = |change: Json| {
            let defaults = DefaultsTable::from_json(&serde_json::json!({
                "base": {"connectTimeoutInMillis": 1000, "stsRegionalEndpoints": "regional"},
                "modes": {"mobile": {"connectTimeoutInMillis": change}, "new": {}}
            }))?;
            Ok::<_, Error>(defaults.get(DefaultsMode::Mobile).unwrap().clone())
        };
        for (change, expected) in [
            (serde_json::json!({"multiply": 2}), "2"),
            (serde_json::json!({"add": 5}), "1.005"),
            (serde_json::json!({"override": 3100}), "3.1"),
        ] {
            let mobile = table(change).unwrap();
            assert_eq!(mobile.get(&setting::CONNECT_TIMEOUT).unwrap(), expected);
            assert_eq!(
                mobile.get(&setting::STS_REGIONAL_ENDPOINTS).unwrap(),
                "regional"
            );
        }
        assert!(DefaultsTable::from_json(&serde_json::json!([])).is_err());
    }
}
