//! The region of a client for which none is set.
//!
//! # Source
//! botocore `client.py:ClientEndpointBridge.resolve`, `args.py:ClientArgsCreator._compute_s3_config`.

use inia_core::config::ClientSettings;
use inia_core::{Error, ErrorKind, Result, Str};
use inia_endpoint::EndpointsData;
use inia_model::ServiceModel;

/// The region of S3's global endpoint, and of custom endpoints.
const FALLBACK_REGION: &str = "us-east-1";

/// A region that is not set by the user.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct DefaultRegion {
    /// The region, or the name of a partition's only endpoint, such as `aws-global`.
    pub(crate) region: Str,
    /// The region to sign for, if it differs.
    pub(crate) signing_region: Option<Str>,
}

/// Returns the region of a client without one; `None` if the service requires a region.
///
/// DIFFERENCE: a custom endpoint needs no region for any service; botocore requires one for all but S3.
pub(crate) fn default_region(
    model: &ServiceModel,
    settings: &ClientSettings,
    endpoints: impl FnOnce() -> Result<EndpointsData>,
) -> Option<DefaultRegion> {
    if settings.endpoint_url.is_some() || *model.name() == "s3" {
        return Some(DefaultRegion {
            region: Str::from_static(FALLBACK_REGION),
            signing_region: None,
        });
    }
    let endpoints = endpoints().ok()?;
    let endpoint = endpoints.global_endpoint(&model.metadata().endpoint_prefix)?;
    Some(DefaultRegion {
        region: endpoint.name.clone(),
        signing_region: endpoint.signing_region.clone(),
    })
}

/// Returns the error of a call that requires a region.
#[cold]
pub(crate) fn missing_region() -> Error {
    Error::new(
        ErrorKind::Config,
        "Missing Region: no region is set. Set it on the client or the session (`--region` on the command line), in AWS_REGION, or as `region` in the profile",
    )
}
