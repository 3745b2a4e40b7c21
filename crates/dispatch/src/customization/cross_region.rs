//! Copies from another region: the request carries one that was signed for there, by which the service fetches the source.

/// What a request for a copy from another region carries.
///
/// The service of the destination gets a URL that is the same request, signed for the region of the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CrossRegionCopy {
    /// The parameter that the signed URL is sent in; a caller who gives it has signed it.
    pub(crate) url: &'static str,
    /// Whether a copy without a source region is one within the region, which needs no URL.
    pub(crate) may_be_local: bool,
    /// Whether the two regions are sent beside the URL.
    pub(crate) sends_regions: bool,
}

impl CrossRegionCopy {
    /// The parameter that names the source's region.
    pub(crate) const SOURCE_REGION: &'static str = "SourceRegion";
    /// The parameter that names the destination's region.
    pub(crate) const DESTINATION_REGION: &'static str = "DestinationRegion";

    /// EC2, where both regions are members of the definition.
    pub(crate) const EC2: Self = CrossRegionCopy {
        url: "PresignedUrl",
        may_be_local: false,
        sends_regions: true,
    };

    /// RDS and its kin, where the source's region is what SDKs add to the definition: the service does not know it.
    pub(crate) const RDS: Self = CrossRegionCopy {
        url: "PreSignedUrl",
        may_be_local: true,
        sends_regions: false,
    };
}
