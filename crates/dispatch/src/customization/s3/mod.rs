//! S3.

pub(super) mod answer;
pub(super) mod bucket;
pub(super) mod listing;
pub(super) mod object;
pub(super) mod redirect;
