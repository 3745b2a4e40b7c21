//! Names that the command line spells otherwise than the definitions do.
//!
//! Operations are spelled as on the command line; an empty operation means all of a service.
//!
//! # Source
//! The AWS CLI, `customizations/argrename.py` of versions 1.46 and 2, `rds.py` and `sessendemail.py`, and the files named at the tables.

/// Service, operation, and the old and new name of an option.
type RenameRow = (&'static str, &'static str, &'static str, &'static str);

/// Service, and the old and new name of an operation.
type OperationRow = (&'static str, &'static str, &'static str);

/// Options that have another name than their members. Rows of the source that apply to no operation of the definitions are left out.
#[rustfmt::skip]
const RENAMED: &[RenameRow] = &[
    ("apigateway", "create-rest-api", "version", "api-version"),
    ("apigatewayv2", "create-api", "version", "api-version"),
    ("apigatewayv2", "update-api", "version", "api-version"),
    ("clouddirectory", "publish-schema", "version", "schema-version"),
    ("cloudsearchdomain", "search", "query", "search-query"),
    ("cloudsearchdomain", "suggest", "query", "suggest-query"),
    ("codepipeline", "create-custom-action-type", "version", "action-version"),
    ("codepipeline", "delete-custom-action-type", "version", "action-version"),
    ("codepipeline", "get-action-type", "version", "action-version"),
    ("codepipeline", "get-pipeline", "version", "pipeline-version"),
    ("controltower", "create-landing-zone", "version", "landing-zone-version"),
    ("controltower", "update-landing-zone", "version", "landing-zone-version"),
    ("datapipeline", "", "query", "objects-query"),
    ("datapipeline", "get-pipeline-definition", "version", "pipeline-version"),
    ("ec2", "", "no-disable-api-termination", "enable-api-termination"),
    ("ec2", "", "no-egress", "ingress"),
    ("ec2", "create-image", "no-no-reboot", "reboot"),
    ("ecs", "", "no-enable-execute-command", "disable-execute-command"),
    ("ecs", "execute-command", "no-interactive", "non-interactive"),
    ("eks", "create-cluster", "version", "kubernetes-version"),
    ("eks", "create-nodegroup", "version", "kubernetes-version"),
    ("eks", "update-cluster-version", "version", "kubernetes-version"),
    ("eks", "update-nodegroup-version", "version", "kubernetes-version"),
    ("emr", "", "job-flow-id", "cluster-id"),
    ("emr", "", "job-flow-ids", "cluster-ids"),
    ("gamelift", "create-build", "version", "build-version"),
    ("gamelift", "create-script", "version", "script-version"),
    ("gamelift", "update-build", "version", "build-version"),
    ("gamelift", "update-script", "version", "script-version"),
    ("glue", "get-unfiltered-partition-metadata", "region", "resource-region"),
    ("glue", "get-unfiltered-partitions-metadata", "region", "resource-region"),
    ("glue", "get-unfiltered-table-metadata", "region", "resource-region"),
    ("iotwireless", "", "lo-ra-wan", "lorawan"),
    ("kinesisanalytics", "add-application-output", "output", "application-output"),
    ("kinesisanalyticsv2", "add-application-output", "output", "application-output"),
    ("lex-models", "delete-bot-version", "version", "bot-version"),
    ("lex-models", "delete-intent-version", "version", "intent-version"),
    ("lex-models", "delete-slot-type-version", "version", "slot-type-version"),
    ("lex-models", "get-export", "version", "resource-version"),
    ("lex-models", "get-intent", "version", "intent-version"),
    ("lex-models", "get-slot-type", "version", "slot-type-version"),
    ("license-manager", "delete-grant", "version", "grant-version"),
    ("license-manager", "get-grant", "version", "grant-version"),
    ("license-manager", "get-license", "version", "license-version"),
    ("mturk", "list-qualification-types", "query", "types-query"),
    ("pinpoint", "delete-email-template", "version", "template-version"),
    ("pinpoint", "delete-in-app-template", "version", "template-version"),
    ("pinpoint", "delete-push-template", "version", "template-version"),
    ("pinpoint", "delete-sms-template", "version", "template-version"),
    ("pinpoint", "delete-voice-template", "version", "template-version"),
    ("pinpoint", "get-campaign-version", "version", "campaign-version"),
    ("pinpoint", "get-email-template", "version", "template-version"),
    ("pinpoint", "get-in-app-template", "version", "template-version"),
    ("pinpoint", "get-push-template", "version", "template-version"),
    ("pinpoint", "get-segment-version", "version", "segment-version"),
    ("pinpoint", "get-sms-template", "version", "template-version"),
    ("pinpoint", "get-voice-template", "version", "template-version"),
    ("pinpoint", "update-email-template", "version", "template-version"),
    ("pinpoint", "update-in-app-template", "version", "template-version"),
    ("pinpoint", "update-push-template", "version", "template-version"),
    ("pinpoint", "update-sms-template", "version", "template-version"),
    ("pinpoint", "update-voice-template", "version", "template-version"),
    ("rds", "add-option-to-option-group", "options-to-include", "options"),
    ("rds", "remove-option-from-option-group", "options-to-remove", "options"),
    ("rekognition", "create-stream-processor", "output", "stream-processor-output"),
    ("route53", "delete-traffic-policy", "version", "traffic-policy-version"),
    ("route53", "get-traffic-policy", "version", "traffic-policy-version"),
    ("route53", "update-traffic-policy-comment", "version", "traffic-policy-version"),
    ("route53domains", "view-billing", "end", "end-time"),
    ("route53domains", "view-billing", "start", "start-time"),
    ("sagemaker", "delete-image-version", "version", "version-number"),
    ("sagemaker", "describe-image-version", "version", "version-number"),
    ("sagemaker", "list-aliases", "version", "version-number"),
    ("sagemaker", "update-image-version", "version", "version-number"),
    ("ses", "send-email", "source", "from"),
    ("sns", "subscribe", "endpoint", "notification-endpoint"),
    ("stepfunctions", "send-task-success", "output", "task-output"),
    ("swf", "register-activity-type", "version", "activity-version"),
    ("swf", "register-workflow-type", "version", "workflow-version"),
    ("workdocs", "create-notification-subscription", "endpoint", "notification-endpoint"),
    ("workdocs", "describe-users", "query", "user-query"),
];

/// Further names of options, in addition to those of their members: old spellings that scripts use.
#[rustfmt::skip]
const ALIASES: &[RenameRow] = &[
    ("codedeploy", "create-deployment-group", "ec2-tag-set", "ec-2-tag-set"),
    ("codedeploy", "list-application-revisions", "s3-bucket", "s-3-bucket"),
    ("codedeploy", "list-application-revisions", "s3-key-prefix", "s-3-key-prefix"),
    ("codedeploy", "update-deployment-group", "ec2-tag-set", "ec-2-tag-set"),
    ("cognito-identity", "create-identity-pool", "open-id-connect-provider-arns", "open-id-connect-provider-ar-ns"),
    ("elasticache", "create-replication-group", "preferred-cache-cluster-azs", "preferred-cache-cluster-a-zs"),
    ("iam", "enable-mfa-device", "authentication-code1", "authentication-code-1"),
    ("iam", "enable-mfa-device", "authentication-code2", "authentication-code-2"),
    ("iam", "resync-mfa-device", "authentication-code1", "authentication-code-1"),
    ("iam", "resync-mfa-device", "authentication-code2", "authentication-code-2"),
    ("importexport", "get-shipping-label", "street1", "street-1"),
    ("importexport", "get-shipping-label", "street2", "street-2"),
    ("importexport", "get-shipping-label", "street3", "street-3"),
    ("lambda", "publish-version", "code-sha256", "code-sha-256"),
    ("lightsail", "import-key-pair", "public-key-base64", "public-key-base-64"),
    ("mgn", "", "replication-configuration-template-ids", "replication-configuration-template-i-ds"),
    ("mgn", "", "replication-servers-security-groups-ids", "replication-servers-security-groups-i-ds"),
    ("mgn", "", "source-server-ids", "source-server-i-ds"),
    ("route53domains", "view-billing", "start-time", "start"),
    ("storagegateway", "describe-cached-iscsi-volumes", "volume-arns", "volume-ar-ns"),
    ("storagegateway", "describe-stored-iscsi-volumes", "volume-arns", "volume-ar-ns"),
    ("storagegateway", "describe-tape-archives", "tape-arns", "tape-ar-ns"),
    ("storagegateway", "describe-tapes", "tape-arns", "tape-ar-ns"),
    ("storagegateway", "describe-vtl-devices", "vtl-device-arns", "vtl-device-ar-ns"),
];

/// Names of services on the command line, and in the definitions.
///
/// # Source
/// `customizations/configservice/rename_cmd.py`, `customizations/codedeploy/codedeploy.py`, `customizations/s3/s3.py`,
/// `customizations/sagemaker.py`.
const SERVICES: &[(&str, &str)] = &[
    ("configservice", "config"),
    ("deploy", "codedeploy"),
    ("runtime.sagemaker", "sagemaker-runtime"),
    ("s3api", "s3"),
];

/// Further names of operations.
///
/// # Source
/// `customizations/cloudwatch.py`, `mturk.py`, `rds.py`, `signin.py`, `socialmessaging.py`.
#[rustfmt::skip]
const OPERATIONS: &[OperationRow] = &[
    ("cloudwatch", "get-o-tel-enrichment", "get-otel-enrichment"),
    ("cloudwatch", "start-o-tel-enrichment", "start-otel-enrichment"),
    ("cloudwatch", "stop-o-tel-enrichment", "stop-otel-enrichment"),
    ("mturk", "list-hi-ts-for-qualification-type", "list-hits-for-qualification-type"),
    ("rds", "add-option-to-option-group", "modify-option-group"),
    ("rds", "remove-option-from-option-group", "modify-option-group"),
    ("signin", "create-o-auth2-token", "create-oauth2-token"),
    ("socialmessaging", "delete-whatsapp-media-message", "delete-whatsapp-message-media"),
];

/// Operations that the AWS CLI does not have.
///
/// # Source
/// `customizations/removals.py`, `customizations/rds.py`.
const REMOVED: &[(&str, &[&str])] = &[
    ("ec2", &["import-instance", "import-volume"]),
    (
        "emr",
        &[
            "add-job-flow-steps",
            "describe-job-flows",
            "list-bootstrap-actions",
            "list-instance-groups",
            "run-job-flow",
            "set-keep-job-flow-alive-when-no-steps",
            "set-termination-protection",
            "set-unhealthy-node-replacement",
            "set-visible-to-all-users",
            "terminate-job-flows",
        ],
    ),
    ("kinesis", &["subscribe-to-shard"]),
    ("lexv2-runtime", &["start-conversation"]),
    ("rds", &["modify-option-group"]),
    (
        "ses",
        &[
            "delete-verified-email-address",
            "list-verified-email-addresses",
            "verify-email-address",
        ],
    ),
];

/// Returns the name of a service in the definitions.
pub(crate) fn service_name(name: &str) -> &str {
    let mut rows = SERVICES.iter();
    rows.find(|(alias, _)| *alias == name)
        .map_or(name, |(_, service)| service)
}

/// Returns the name of an operation on the command line by one of its other names.
pub(crate) fn operation_name<'n>(service: &str, name: &'n str) -> &'n str {
    let mut rows = OPERATIONS.iter();
    rows.find(|(of_service, alias, _)| *of_service == service && *alias == name)
        .map_or(name, |(.., operation)| operation)
}

/// Reports whether the AWS CLI does not have an operation.
pub(crate) fn is_removed(service: &str, operation: &str) -> bool {
    REMOVED
        .iter()
        .any(|(of_service, names)| *of_service == service && names.contains(&operation))
}

/// Returns the rows of a table for an operation: old and new names.
fn rows(
    table: &'static [RenameRow],
    service: &str,
    operation: &str,
) -> impl Iterator<Item = (&'static str, &'static str)> {
    table
        .iter()
        .filter(move |(of_service, of_operation, ..)| {
            *of_service == service && (of_operation.is_empty() || *of_operation == operation)
        })
        .map(|(.., old, new)| (*old, *new))
}

/// Returns the options of an operation that have another name: the name of the member and that of the option.
pub(crate) fn renamed(
    service: &str,
    operation: &str,
) -> impl Iterator<Item = (&'static str, &'static str)> {
    rows(RENAMED, service, operation)
}

/// Returns further names of an operation's options: the name of the option, and the other one.
pub(crate) fn aliases(
    service: &str,
    operation: &str,
) -> impl Iterator<Item = (&'static str, &'static str)> {
    rows(ALIASES, service, operation)
}

#[cfg(test)]
mod tests {
    use inia::model::kebab_case;

    use super::*;
    use crate::customization::test_session;

    /// A row with a misspelt or removed service, operation or option would never apply.
    #[test]
    fn all_rows_name_operations_and_options_of_the_definitions() {
        let session = test_session();
        let model = |service: &str| session.catalog().service(service, None).unwrap();
        let mut unknown = Vec::new();
        for (service, operation, old, new) in RENAMED.iter().chain(ALIASES) {
            let model = model(service);
            let typed = operation_name(service, operation);
            let is_known = model
                .operations()
                .filter(|found| operation.is_empty() || kebab_case(&found.name) == typed)
                .filter_map(|found| model.input(found))
                .flat_map(|input| &input.members)
                .map(|member| kebab_case(&member.name))
                .any(|name| {
                    // The options of an alias can have the new name of a member.
                    let renamed =
                        renamed(service, operation).any(|(was, is)| was == name && is == *old);
                    name == *old
                        || renamed
                        || old.strip_prefix("no-").is_some_and(|old| old == name)
                });
            if !is_known {
                unknown.push(format!("{service} {operation} {old} {new}"));
            }
        }
        for (alias, service) in SERVICES {
            assert!(session.catalog().service(service, None).is_ok(), "{alias}");
        }
        for (service, alias, operation) in OPERATIONS {
            if model(service).operation(operation).is_err() {
                unknown.push(format!("{service} {alias} {operation}"));
            }
        }
        for (service, operations) in REMOVED {
            for operation in *operations {
                if model(service).operation(operation).is_err() {
                    unknown.push(format!("{service} {operation}"));
                }
            }
        }
        assert!(unknown.is_empty(), "{}", unknown.join("\n"));
    }
}
