//! Cross-region copies: the request carries a presigned URL, with which the service fetches the source.

/// Describes a cross-region copy operation.
///
/// The request to the destination region carries a presigned URL of the same request in the source region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CrossRegionCopy {
    /// Parameter for the presigned URL. If the caller sets it, no URL is added.
    pub(crate) url_param: &'static str,
    /// True if the source region is optional: without it the copy stays within the region, and needs no URL.
    pub(crate) allows_same_region: bool,
    /// True if the request carries the source and destination regions as well.
    pub(crate) sends_regions: bool,
}

impl CrossRegionCopy {
    /// Parameter for the source region.
    pub(crate) const SOURCE_REGION: &'static str = "SourceRegion";
    /// Parameter for the destination region.
    pub(crate) const DESTINATION_REGION: &'static str = "DestinationRegion";

    /// EC2, whose definition has both regions as members.
    pub(crate) const EC2: Self = CrossRegionCopy {
        url_param: "PresignedUrl",
        allows_same_region: false,
        sends_regions: true,
    };

    /// RDS, DocumentDB and Neptune. SDKs add the source region to their definitions; the services do not accept it.
    pub(crate) const RDS: Self = CrossRegionCopy {
        url_param: "PreSignedUrl",
        allows_same_region: true,
        sends_regions: false,
    };
}
