//! AWS Health.

/// Returns the region of the only endpoint in the partition of a region.
///
/// DIFFERENCE: botocore signs for this region, but sends to the host of the client's region, which does not exist.
pub(super) fn home_region(region: &str) -> Option<&'static str> {
    match region {
        "aws-global" | "aws-cn-global" => None,
        _ if region.starts_with("cn-") => Some("cn-northwest-1"),
        _ if region.starts_with("us-gov-") || region.contains("-iso") => None,
        _ => Some("us-east-1"),
    }
}
