//! AWS Import/Export.

/// Returns the signing name, which the definition lacks. The service exists in the partition `aws` only.
pub(super) fn signing_name(region: &str) -> Option<&'static str> {
    let is_other = ["cn-", "us-gov-"]
        .iter()
        .any(|prefix| region.starts_with(prefix))
        || region.contains("-iso");
    (!is_other).then_some("IngestionService")
}
