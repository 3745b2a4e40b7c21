//! [`DefaultsTable`]: the defaults of each defaults mode.

use std::time::Duration;

use super::options::{DefaultsMode, RegionalEndpoints, RetryMode};
use super::setting;
use super::settings::Settings;
use crate::{Error, ErrorKind, Result};

/// The defaults of each defaults mode, read from `sdk-default-configuration.json`.
///
/// ```
/// use std::time::Duration;
/// use inia_core::config::{DefaultsMode, DefaultsTable};
///
/// let table = DefaultsTable::from_json(&serde_json::json!({
///     "base": {"retryMode": "standard", "connectTimeoutInMillis": 1100},
///     "modes": {"standard": {"connectTimeoutInMillis": {"override": 3100}}, "in-region": {}}
/// }))?;
/// let standard = table.get(DefaultsMode::Standard).unwrap();
/// assert_eq!(standard.connect_timeout, Some(Duration::from_millis(3100)));
/// assert!(table.get(DefaultsMode::Legacy).is_none());
/// # Ok::<(), inia_core::Error>(())
/// ```
///
/// # Source
/// botocore `configprovider.py:DefaultConfigResolver`.
#[derive(Clone, Debug, Default)]
pub struct DefaultsTable(Vec<(DefaultsMode, ModeDefaults)>);

/// The defaults of one defaults mode.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModeDefaults {
    /// The retry mode.
    pub retry_mode: Option<RetryMode>,
    /// Use of regional STS endpoints.
    pub sts_regional_endpoints: Option<RegionalEndpoints>,
    /// Use of the regional S3 endpoint in us-east-1.
    pub s3_us_east_1_regional_endpoints: Option<RegionalEndpoints>,
    /// The timeout for connecting.
    pub connect_timeout: Option<Duration>,
    /// The timeout for TLS negotiation.
    pub tls_negotiation_timeout: Option<Duration>,
}

impl DefaultsTable {
    /// Parses `sdk-default-configuration.json`. Unknown modes and defaults are ignored.
    ///
    /// # Errors
    /// `Model` if the file has an unexpected structure.
    pub fn from_json(json: &serde_json::Value) -> Result<Self> {
        let invalid = |problem: &str| {
            Error::new(
                ErrorKind::Model,
                format!("sdk-default-configuration.json: {problem}"),
            )
        };
        let base = json
            .get("base")
            .and_then(serde_json::Value::as_object)
            .ok_or_else(|| invalid("`base` is missing"))?;
        let modes = json
            .get("modes")
            .and_then(serde_json::Value::as_object)
            .ok_or_else(|| invalid("`modes` is missing"))?;
        let mut table = Vec::new();
        for (name, changes) in modes {
            let Some(mode) = DefaultsMode::from_name(name) else {
                continue;
            };
            let value = |key: &str| -> Option<serde_json::Value> {
                let base = base.get(key);
                let Some(change) = changes.get(key) else {
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
            };
            let millis = |key: &str| -> Option<Duration> {
                let millis = value(key)?.as_f64()?;
                (0.0..=86_400_000.0)
                    .contains(&millis)
                    .then(|| Duration::from_secs_f64(millis / 1000.0))
            };
            let endpoints =
                |key: &str| value(key).and_then(|v| RegionalEndpoints::from_name(v.as_str()?));
            table.push((
                mode,
                ModeDefaults {
                    retry_mode: value("retryMode").and_then(|v| RetryMode::from_name(v.as_str()?)),
                    sts_regional_endpoints: endpoints("stsRegionalEndpoints"),
                    s3_us_east_1_regional_endpoints: endpoints("s3UsEast1RegionalEndpoints"),
                    connect_timeout: millis("connectTimeoutInMillis"),
                    tls_negotiation_timeout: millis("tlsNegotiationTimeoutInMillis"),
                },
            ));
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
        let table = DefaultsTable::from_json(&serde_json::json!({
            "base": {"connectTimeoutInMillis": 1000, "tlsNegotiationTimeoutInMillis": 1000, "stsRegionalEndpoints": "regional"},
            "modes": {"mobile": {"connectTimeoutInMillis": {"multiply": 2}, "tlsNegotiationTimeoutInMillis": {"add": 5}}, "new": {}}
        }))
        .unwrap();
        let mobile = table.get(DefaultsMode::Mobile).unwrap();
        assert_eq!(mobile.connect_timeout, Some(Duration::from_millis(2000)));
        assert_eq!(
            mobile.tls_negotiation_timeout,
            Some(Duration::from_millis(1005))
        );
        assert_eq!(
            mobile.sts_regional_endpoints,
            Some(RegionalEndpoints::Regional)
        );
        assert!(DefaultsTable::from_json(&serde_json::json!([])).is_err());
    }
}
