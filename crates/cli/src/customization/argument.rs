//! Arguments that the AWS CLI adds to operations, and rules between arguments.
//!
//! Services are named as in the definitions, operations and options as on the command line. The source of a row is a file of the
//! AWS CLI, in `customizations/`.

use inia::{Map, Value};

use super::{OperationCommand, cloudfront, cloudsearch, cloudwatch, ec2, lambda};

/// Changes the parameters by a value of an argument; an error is a message.
type SetText = fn(&mut Map, &str) -> Result<(), String>;

/// An argument that is not a member of the input.
#[derive(Debug)]
pub(crate) struct CustomArgument {
    service: &'static str,
    operations: &'static [&'static str],
    pub(crate) name: &'static str,
    pub(crate) kind: CustomKind,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum CustomKind {
    /// The value of the member at a path.
    Member(&'static str),
    /// The value of the member at a path, which implies another value: its path and text.
    Implying(&'static str, &'static str, &'static str),
    /// A blob at a path, after a check of its bytes.
    Blob(&'static str, fn(&[u8]) -> Result<(), String>),
    /// A text.
    Text(SetText),
    /// Texts up to the next option.
    Texts(fn(&mut Map, &[String]) -> Result<(), String>),
    /// An option without value.
    Flag(fn(&mut Map)),
    /// A text for code that runs before or after the call.
    Kept,
}

const fn row(
    service: &'static str,
    operations: &'static [&'static str],
    name: &'static str,
    kind: CustomKind,
) -> CustomArgument {
    CustomArgument {
        service,
        operations,
        name,
        kind,
    }
}

/// Operations that take a revision.
const REVISIONS: &[&str] = &[
    "create-deployment",
    "get-application-revision",
    "register-application-revision",
];

/// Operations with security group rules.
const SECURITY_GROUP_RULES: &[&str] = &[
    "authorize-security-group-egress",
    "authorize-security-group-ingress",
    "revoke-security-group-egress",
    "revoke-security-group-ingress",
];

/// All arguments. Those of an operation are set in this order, after the members.
#[rustfmt::skip]
const ARGUMENTS: &[CustomArgument] = &[
    // cloudfront.py
    row("cloudfront", &["create-distribution"], "origin-domain-name", CustomKind::Text(cloudfront::origin_domain_name)),
    row("cloudfront", &["create-distribution"], "default-root-object", CustomKind::Text(cloudfront::default_root_object)),
    row("cloudfront", &["create-invalidation"], "paths", CustomKind::Texts(cloudfront::paths)),
    row("cloudfront", &["update-distribution"], "default-root-object", CustomKind::Kept),
    // cloudsearch.py
    row("cloudsearch", &["define-expression"], "name", CustomKind::Member("Expression.ExpressionName")),
    row("cloudsearch", &["define-expression"], "expression", CustomKind::Member("Expression.ExpressionValue")),
    row("cloudsearch", &["define-index-field"], "name", CustomKind::Member("IndexField.IndexFieldName")),
    row("cloudsearch", &["define-index-field"], "type", CustomKind::Member("IndexField.IndexFieldType")),
    row("cloudsearch", &["define-index-field"], "default-value", CustomKind::Text(|params, text| cloudsearch::option(params, "DefaultValue", text))),
    row("cloudsearch", &["define-index-field"], "facet-enabled", CustomKind::Text(|params, text| cloudsearch::option(params, "FacetEnabled", text))),
    row("cloudsearch", &["define-index-field"], "search-enabled", CustomKind::Text(|params, text| cloudsearch::option(params, "SearchEnabled", text))),
    row("cloudsearch", &["define-index-field"], "return-enabled", CustomKind::Text(|params, text| cloudsearch::option(params, "ReturnEnabled", text))),
    row("cloudsearch", &["define-index-field"], "sort-enabled", CustomKind::Text(|params, text| cloudsearch::option(params, "SortEnabled", text))),
    row("cloudsearch", &["define-index-field"], "source-field", CustomKind::Text(|params, text| cloudsearch::option(params, "SourceField", text))),
    row("cloudsearch", &["define-index-field"], "highlight-enabled", CustomKind::Text(|params, text| cloudsearch::option(params, "HighlightEnabled", text))),
    row("cloudsearch", &["define-index-field"], "analysis-scheme", CustomKind::Text(|params, text| cloudsearch::option(params, "AnalysisScheme", text))),
    // putmetricdata.py
    row("cloudwatch", &["put-metric-data"], "metric-name", CustomKind::Member("MetricData[].MetricName")),
    row("cloudwatch", &["put-metric-data"], "timestamp", CustomKind::Member("MetricData[].Timestamp")),
    row("cloudwatch", &["put-metric-data"], "unit", CustomKind::Member("MetricData[].Unit")),
    row("cloudwatch", &["put-metric-data"], "value", CustomKind::Member("MetricData[].Value")),
    row("cloudwatch", &["put-metric-data"], "dimensions", CustomKind::Text(cloudwatch::dimensions)),
    row("cloudwatch", &["put-metric-data"], "statistic-values", CustomKind::Text(cloudwatch::statistic_values)),
    row("cloudwatch", &["put-metric-data"], "storage-resolution", CustomKind::Member("MetricData[].StorageResolution")),
    // codedeploy/locationargs.py
    row("codedeploy", REVISIONS, "s3-location", CustomKind::Implying("revision.s3Location", "revision.revisionType", "S3")),
    row("codedeploy", REVISIONS, "github-location", CustomKind::Implying("revision.gitHubLocation", "revision.revisionType", "GitHub")),
    // configservice/putconfigurationrecorder.py
    row("config", &["put-configuration-recorder"], "recording-group", CustomKind::Member("ConfigurationRecorder.recordingGroup")),
    // ec2/bundleinstance.py
    row("ec2", &["bundle-instance"], "bucket", CustomKind::Member("Storage.S3.Bucket")),
    row("ec2", &["bundle-instance"], "prefix", CustomKind::Member("Storage.S3.Prefix")),
    row("ec2", &["bundle-instance"], "owner-akid", CustomKind::Member("Storage.S3.AWSAccessKeyId")),
    row("ec2", &["bundle-instance"], "policy", CustomKind::Text(ec2::upload_policy)),
    // ec2/addcount.py, ec2/runinstances.py
    row("ec2", &["run-instances"], "count", CustomKind::Text(ec2::count)),
    row("ec2", &["run-instances"], "secondary-private-ip-addresses", CustomKind::Texts(ec2::secondary_private_ip_addresses)),
    row("ec2", &["run-instances"], "secondary-private-ip-address-count", CustomKind::Text(ec2::secondary_private_ip_address_count)),
    row("ec2", &["run-instances"], "associate-public-ip-address", CustomKind::Flag(|params| ec2::associate_public_ip_address(params, true))),
    row("ec2", &["run-instances"], "no-associate-public-ip-address", CustomKind::Flag(|params| ec2::associate_public_ip_address(params, false))),
    // ec2/secgroupsimplify.py
    row("ec2", SECURITY_GROUP_RULES, "protocol", CustomKind::Text(ec2::protocol)),
    row("ec2", SECURITY_GROUP_RULES, "port", CustomKind::Text(ec2::port)),
    row("ec2", SECURITY_GROUP_RULES, "cidr", CustomKind::Text(ec2::cidr)),
    row("ec2", SECURITY_GROUP_RULES, "source-group", CustomKind::Text(ec2::source_group)),
    row("ec2", SECURITY_GROUP_RULES, "group-owner", CustomKind::Text(ec2::group_owner)),
    // iamvirtmfa.py
    row("iam", &["create-virtual-mfa-device"], "outfile", CustomKind::Kept),
    row("iam", &["create-virtual-mfa-device"], "bootstrap-method", CustomKind::Kept),
    // iot.py
    row("iot", &["create-certificate-from-csr", "create-keys-and-certificate"], "certificate-pem-outfile", CustomKind::Kept),
    row("iot", &["create-keys-and-certificate"], "public-key-outfile", CustomKind::Kept),
    row("iot", &["create-keys-and-certificate"], "private-key-outfile", CustomKind::Kept),
    // awslambda.py
    row("lambda", &["create-function"], "zip-file", CustomKind::Blob("Code.ZipFile", lambda::check_zip)),
    row("lambda", &["publish-layer-version"], "zip-file", CustomKind::Blob("Content.ZipFile", lambda::check_zip)),
    row("lambda", &["update-function-code"], "zip-file", CustomKind::Blob("ZipFile", lambda::check_zip)),
    // quicksight.py
    row("quicksight", &["start-asset-bundle-import-job"], "asset-bundle-import-source-bytes", CustomKind::Member("AssetBundleImportSource.Body")),
    // rekognition.py
    row("rekognition", &["compare-faces"], "source-image-bytes", CustomKind::Member("SourceImage.Bytes")),
    row("rekognition", &["compare-faces"], "target-image-bytes", CustomKind::Member("TargetImage.Bytes")),
    row("rekognition", &[], "image-bytes", CustomKind::Member("Image.Bytes")),
    // sessendemail.py
    row("ses", &["send-email"], "to", CustomKind::Member("Destination.ToAddresses")),
    row("ses", &["send-email"], "cc", CustomKind::Member("Destination.CcAddresses")),
    row("ses", &["send-email"], "bcc", CustomKind::Member("Destination.BccAddresses")),
    row("ses", &["send-email"], "subject", CustomKind::Member("Message.Subject.Data")),
    row("ses", &["send-email"], "text", CustomKind::Member("Message.Body.Text.Data")),
    row("ses", &["send-email"], "html", CustomKind::Member("Message.Body.Html.Data")),
    // translate.py
    row("translate", &["import-terminology"], "data-file", CustomKind::Member("TerminologyData.File")),
    row("translate", &["translate-document"], "document-content", CustomKind::Member("Document.Content")),
];

/// Options of members that the AWS CLI does not have, because other arguments replace them.
///
/// # Source
/// `cloudsearch.py`, `ec2/addcount.py`, `rds.py`.
const HIDDEN: &[(&str, &str, &[&str])] = &[
    ("cloudsearch", "define-expression", &["expression"]),
    ("cloudsearch", "define-index-field", &["index-field"]),
    ("ec2", "run-instances", &["max-count", "min-count"]),
    ("rds", "add-option-to-option-group", &["options-to-remove"]),
    (
        "rds",
        "remove-option-from-option-group",
        &["options-to-include"],
    ),
];

/// Custom arguments that are required.
///
/// # Source
/// `iamvirtmfa.py`, `translate.py`.
const REQUIRED: &[(&str, &str, &[&str])] = &[
    (
        "iam",
        "create-virtual-mfa-device",
        &["outfile", "bootstrap-method"],
    ),
    ("translate", "import-terminology", &["data-file"]),
    ("translate", "translate-document", &["document-content"]),
];

/// Service, operations, and two groups of options.
type ExclusiveRow = (
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
    &'static [&'static str],
);

/// Options of which only one group may be given.
///
/// # Source
/// `cloudfront.py`, `ec2/bundleinstance.py`, `ec2/runinstances.py`, `ec2/secgroupsimplify.py`, `putmetricdata.py`,
/// `sessendemail.py`.
const EXCLUSIVE: &[ExclusiveRow] = &[
    (
        "cloudfront",
        &["create-distribution", "update-distribution"],
        &["distribution-config"],
        &["default-root-object", "origin-domain-name"],
    ),
    (
        "cloudfront",
        &["create-invalidation"],
        &["invalidation-batch"],
        &["paths"],
    ),
    (
        "cloudwatch",
        &["put-metric-data"],
        &["metric-data"],
        &[
            "metric-name",
            "timestamp",
            "unit",
            "value",
            "dimensions",
            "statistic-values",
        ],
    ),
    (
        "ec2",
        &["bundle-instance"],
        &["storage"],
        &["bucket", "prefix", "owner-akid", "policy"],
    ),
    (
        "ec2",
        &["run-instances"],
        &["network-interfaces"],
        &[
            "secondary-private-ip-addresses",
            "secondary-private-ip-address-count",
            "associate-public-ip-address",
        ],
    ),
    (
        "ec2",
        SECURITY_GROUP_RULES,
        &["ip-permissions"],
        &["protocol", "port", "cidr", "source-group", "group-owner"],
    ),
    (
        "ses",
        &["send-email"],
        &["destination"],
        &["to", "cc", "bcc"],
    ),
    ("ses", &["send-email"], &["message"], &["text", "html"]),
];

/// Members of structures that must be given by an option of their own: the option of the structure, the member, and the option to
/// use.
///
/// # Source
/// `awslambda.py`, `translate.py`.
const MOVED: &[(&str, &str, &str, &str, &str)] = &[
    ("lambda", "create-function", "Code", "ZipFile", "zip-file"),
    (
        "lambda",
        "publish-layer-version",
        "Content",
        "ZipFile",
        "zip-file",
    ),
    (
        "translate",
        "import-terminology",
        "TerminologyData",
        "File",
        "data-file",
    ),
    (
        "translate",
        "translate-document",
        "Document",
        "Content",
        "document-content",
    ),
];

/// Service, operations, and a change of parameters.
type FixRow = (&'static str, &'static [&'static str], fn(&mut Map));

/// Changes of all parameters of an operation, after the arguments are set.
///
/// # Source
/// `ec2/addcount.py`, `ec2/bundleinstance.py`, `ec2/protocolarg.py`, `ec2/runinstances.py`.
const FIXES: &[FixRow] = &[
    (
        "ec2",
        &["create-network-acl-entry", "replace-network-acl-entry"],
        ec2::protocol_number,
    ),
    ("ec2", &["bundle-instance"], ec2::default_upload_policy),
    ("ec2", &["run-instances"], ec2::run_instances),
];

/// Returns the custom arguments of an operation.
pub(crate) fn arguments(
    command: OperationCommand<'_>,
) -> impl Iterator<Item = &'static CustomArgument> {
    ARGUMENTS
        .iter()
        .filter(move |row| command.is_one_of(row.service, row.operations))
}

/// Returns the names of the options that are replaced.
pub(crate) fn hidden(command: OperationCommand<'_>) -> &'static [&'static str] {
    named(HIDDEN, command)
}

/// Returns the names of the custom arguments that are required.
pub(crate) fn required(command: OperationCommand<'_>) -> &'static [&'static str] {
    named(REQUIRED, command)
}

fn named(
    table: &'static [(&str, &str, &'static [&'static str])],
    command: OperationCommand<'_>,
) -> &'static [&'static str] {
    let mut rows = table.iter();
    rows.find(|(service, operation, _)| command.is_one_of(service, &[operation]))
        .map_or(&[], |(.., names)| names)
}

/// Checks the rules between arguments.
///
/// # Errors
/// A message if arguments exclude each other. `given` are the options on the command line.
pub(crate) fn check(command: OperationCommand<'_>, given: &[&str]) -> Result<(), String> {
    for (service, operations, first, second) in EXCLUSIVE {
        if !command.is_one_of(service, operations) {
            continue;
        }
        let used = |group: &[&'static str]| {
            let mut names = group.iter();
            names.find(|name| given.contains(name)).copied()
        };
        if let (Some(_), Some(name)) = (used(first), used(second)) {
            return Err(format!(
                "The key \"{}\" cannot be specified when one of the following keys are also specified: {}",
                name.replace('-', "_"),
                first.join(", ").replace('-', "_")
            ));
        }
    }
    Ok(())
}

/// Checks that no member was given in a structure that has an option of its own.
///
/// # Errors
/// A message that names the option to use.
pub(crate) fn check_structure(
    command: OperationCommand<'_>,
    member: &str,
    value: &Value,
) -> Result<(), String> {
    for (service, operation, structure, inner, option) in MOVED {
        if command.is_one_of(service, &[operation])
            && *structure == member
            && value.get(inner).is_some()
        {
            return Err(format!(
                "{inner} cannot be provided as part of this argument; use --{option}"
            ));
        }
    }
    Ok(())
}

/// Changes the parameters of an operation after all arguments are set.
pub(crate) fn fix(command: OperationCommand<'_>, params: &mut Map) {
    for (service, operations, fix) in FIXES {
        if command.is_one_of(service, operations) {
            fix(params);
        }
    }
}

#[cfg(test)]
mod tests {
    use inia::model::kebab_case;

    use super::*;
    use crate::customization::{MemberPath, test_session};

    /// A row with a misspelt or removed operation, option or member would never apply.
    #[test]
    fn all_rows_name_operations_and_members_of_the_definitions() {
        let session = test_session();
        let model = |service: &str| session.catalog().service(service, None).unwrap();
        let typed = super::super::spelling::operation_name;
        for argument in ARGUMENTS {
            let model = model(argument.service);
            for name in argument.operations {
                let operation = model.operation(typed(argument.service, name)).unwrap();
                let path = match argument.kind {
                    CustomKind::Member(path)
                    | CustomKind::Implying(path, ..)
                    | CustomKind::Blob(path, _) => MemberPath(path),
                    _ => continue,
                };
                assert!(
                    path.member(&model, operation).is_some(),
                    "{} {name}: {}",
                    argument.service,
                    path.0
                );
            }
        }
        let is_custom = |service: &str, operation: &str, name: &str| {
            ARGUMENTS.iter().any(|row| {
                row.service == service && row.operations.contains(&operation) && row.name == name
            })
        };
        let is_option = |service: &str, operation: &str, name: &str| {
            let model = model(service);
            let found = model.operation(typed(service, operation)).unwrap();
            let input = model.input(found).unwrap();
            let mut members = input.members.iter();
            members.any(|member| kebab_case(&member.name) == name)
                || is_custom(service, operation, name)
        };
        for (service, operation, names) in HIDDEN.iter().chain(REQUIRED) {
            for name in *names {
                assert!(
                    is_option(service, operation, name),
                    "{service} {operation} --{name}"
                );
            }
        }
        for (service, operations, first, second) in EXCLUSIVE {
            // A group of several operations has the options of each of them.
            for name in first.iter().chain(*second) {
                assert!(
                    operations
                        .iter()
                        .any(|operation| is_option(service, operation, name)),
                    "{service} {operations:?} --{name}"
                );
            }
        }
        for (service, operation, structure, inner, option) in MOVED {
            let model = model(service);
            let found = model.operation(operation).unwrap();
            let member = model.input(found).unwrap().member(structure).unwrap();
            let structure = model.structure(member).unwrap();
            assert!(
                structure.member(inner).is_some(),
                "{service} {operation} {inner}"
            );
            assert!(
                is_custom(service, operation, option),
                "{service} {operation} --{option}"
            );
        }
        for (service, operations, _) in FIXES {
            for operation in *operations {
                assert!(
                    model(service).operation(operation).is_ok(),
                    "{service} {operation}"
                );
            }
        }
    }
}
