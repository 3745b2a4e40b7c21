//! Known differences.

use super::compare::{Aspect, Difference};
use super::corpus::Case;

/// A known difference.
pub(crate) struct Known {
    /// Start of the command lines.
    pub(crate) line: &'static str,
    pub(crate) aspect: Aspect,
    #[allow(dead_code, reason = "read by people")]
    pub(crate) reason: &'static str,
}

const fn row(line: &'static str, aspect: Aspect, reason: &'static str) -> Known {
    Known {
        line,
        aspect,
        reason,
    }
}

/// Version 2 has the option, version 1 does not.
const BINARY_OPTION: &str = "--cli-binary-format is an option of version 2";

/// Written for the description of a cluster from three calls.
const EMR: &str = "emr describe-cluster is not a custom command yet";

#[rustfmt::skip]
pub(crate) const KNOWN: &[Known] = &[
    row("ec2 bundle-instance --instance-id i-1 --storage", Aspect::Body, "the default policy has the current time"),
    row("iam list-users --generate-cli-skeleton output --query Users", Aspect::Status, "the sample output is not checked against the bounds of lengths"),
    row("lambda invoke --generate-cli-skeleton", Aspect::Status, "operations with a streaming output have skeletons too"),
    row("s3api head-object", Aspect::Stdout, "the HTTP library adds the length, which the canned response of the package does not have"),
    row("ec2 describe-instances --query 'Reservations[].Instances[?LaunchTime", Aspect::Status, "comparisons of a text with a number are null, as JMESPath specifies; the package fails"),
    row("sqs list-queues", Aspect::Status, "a region that is not a host label is invalid configuration"),
    row("lambda invoke --function-name f --payload '{\"a\":1}' --cli-binary-format", Aspect::Status, BINARY_OPTION),
    row("lambda invoke --function-name f --payload '{\"a\":1}' --cli-binary-format", Aspect::Calls, BINARY_OPTION),
    row("lambda invoke --function-name f --payload '{\"a\":1}' --cli-binary-format", Aspect::Files, BINARY_OPTION),
    row("emr describe-cluster", Aspect::Calls, EMR),
    row("emr describe-cluster", Aspect::Stdout, EMR),
    row("ecs execute-command", Aspect::Status, "the Session Manager plugin is not started yet"),
    row("ecs execute-command", Aspect::Calls, "the Session Manager plugin is not started yet"),
];

/// Returns the row of a known difference.
pub(crate) fn reason(case: &Case, difference: &Difference) -> Option<usize> {
    KNOWN
        .iter()
        .position(|row| row.aspect == difference.aspect && case.line.starts_with(row.line))
}
