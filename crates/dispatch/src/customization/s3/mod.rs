//! S3.

pub(super) mod bucket;
pub(super) mod listing;
pub(super) mod metadata;
pub(super) mod object;
pub(super) mod redirect;
pub(super) mod response;
