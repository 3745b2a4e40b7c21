//! The table of rules.

use super::{Rule, Step};
use super::s3;

pub(super) const RULES: &[Rule] = &[
    Rule {
        service: "s3",
        operations: &[],
        step: Step::Request(s3::take_bucket_out_of_path),
        source: "botocore handlers.py:remove_bucket_from_url_paths_from_model",
    },
];
