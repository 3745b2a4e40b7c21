//! The table of rules, by service.

use crate::auth::AuthScheme;

use super::{
    CrossRegionCopy, Rule, Step, alias, autoscaling, cloudformation, cloudsearch, ec2, glacier,
    iam, machinelearning, rest, route53, s3, s3_control,
};

/// The operations that take a customer's encryption key.
const WITH_CUSTOMER_KEY: &[&str] = &[
    "CompleteMultipartUpload",
    "CopyObject",
    "CreateMultipartUpload",
    "GetObject",
    "HeadObject",
    "PutObject",
    "SelectObjectContent",
    "UploadPart",
    "UploadPartCopy",
];

pub(super) const RULES: &[Rule] = &[
    Rule {
        service: "apigateway",
        operations: &[],
        step: Step::Request(rest::accept_json),
        source: "botocore handlers.py:add_accept_header",
    },
    Rule {
        service: "autoscaling",
        operations: &["CreateLaunchConfiguration"],
        step: Step::Params(autoscaling::encode_user_data),
        source: "botocore handlers.py:base64_encode_user_data",
    },
    Rule {
        service: "cloudformation",
        operations: &["GetTemplate"],
        step: Step::Output(cloudformation::read_json_template),
        source: "botocore handlers.py:json_decode_template_body",
    },
    Rule {
        service: "cloudsearchdomain",
        operations: &["Search"],
        step: Step::Params(alias::return_fields),
        source: "botocore handlers.py:ParameterAlias cloudsearchdomain.Search",
    },
    Rule {
        service: "cloudsearchdomain",
        operations: &["Search"],
        step: Step::Request(cloudsearch::post_query_as_form),
        source: "botocore handlers.py:change_get_to_post",
    },
    Rule {
        service: "docdb",
        operations: &["CopyDBClusterSnapshot", "CreateDBCluster"],
        step: Step::CrossRegionCopy(CrossRegionCopy::RDS),
        source: "botocore handlers.py:inject_presigned_url_rds",
    },
    Rule {
        service: "ec2",
        operations: &[],
        step: Step::Params(alias::filters),
        source: "botocore handlers.py:ParameterAlias ec2.*",
    },
    Rule {
        service: "ec2",
        operations: &["CopySnapshot"],
        step: Step::CrossRegionCopy(CrossRegionCopy::EC2),
        source: "botocore handlers.py:inject_presigned_url_ec2",
    },
    Rule {
        service: "ec2",
        operations: &["GetConsoleOutput"],
        step: Step::Output(ec2::decode_console_output),
        source: "botocore handlers.py:decode_console_output",
    },
    Rule {
        service: "ec2",
        operations: &["RunInstances"],
        step: Step::Params(autoscaling::encode_user_data),
        source: "botocore handlers.py:base64_encode_user_data",
    },
    Rule {
        service: "glacier",
        operations: &[],
        step: Step::Params(glacier::default_account),
        source: "botocore handlers.py:inject_account_id",
    },
    Rule {
        service: "glacier",
        operations: &[],
        step: Step::Request(glacier::name_version),
        source: "botocore handlers.py:add_glacier_version",
    },
    Rule {
        service: "glacier",
        operations: &["UploadArchive", "UploadMultipartPart"],
        step: Step::Request(glacier::add_tree_hash),
        source: "botocore handlers.py:add_glacier_checksums",
    },
    Rule {
        service: "iam",
        operations: &[],
        step: Step::Output(iam::decode_policies),
        source: "botocore handlers.py:json_decode_policies",
    },
    Rule {
        service: "importexport",
        operations: &[],
        step: Step::Scheme(AuthScheme::SigV4),
        source: "botocore client.py:ClientCreator._set_importexport_signature_version",
    },
    Rule {
        service: "logs",
        operations: &["CreateExportTask"],
        step: Step::Params(alias::from_time),
        source: "botocore handlers.py:ParameterAlias logs.CreateExportTask",
    },
    Rule {
        service: "machinelearning",
        operations: &["Predict"],
        step: Step::Request(machinelearning::send_to_predict_endpoint),
        source: "botocore handlers.py:switch_host_machinelearning",
    },
    Rule {
        service: "neptune",
        operations: &["CopyDBClusterSnapshot", "CreateDBCluster"],
        step: Step::CrossRegionCopy(CrossRegionCopy::RDS),
        source: "botocore handlers.py:inject_presigned_url_rds",
    },
    Rule {
        service: "rds",
        operations: &[
            "CopyDBClusterSnapshot",
            "CopyDBSnapshot",
            "CreateDBCluster",
            "CreateDBInstanceReadReplica",
            "StartDBInstanceAutomatedBackupsReplication",
        ],
        step: Step::CrossRegionCopy(CrossRegionCopy::RDS),
        source: "botocore handlers.py:inject_presigned_url_rds",
    },
    Rule {
        service: "route53",
        operations: &[],
        step: Step::Params(route53::last_segment_of_ids),
        source: "botocore handlers.py:fix_route53_ids",
    },
    Rule {
        service: "s3",
        operations: &[],
        step: Step::Params(s3::bucket::check_name),
        source: "botocore handlers.py:validate_bucket_name",
    },
    Rule {
        service: "s3",
        operations: &[],
        step: Step::Params(s3::bucket::address),
        source: "botocore handlers.py:customize_endpoint_resolver_builtins",
    },
    Rule {
        service: "s3",
        operations: &["CopyObject", "CreateMultipartUpload", "PutObject"],
        step: Step::Params(s3::object::check_metadata),
        source: "botocore handlers.py:validate_ascii_metadata",
    },
    Rule {
        service: "s3",
        operations: &["CopyObject", "UploadPartCopy"],
        step: Step::Params(s3::object::encode_copy_source),
        source: "botocore handlers.py:handle_copy_source_param",
    },
    Rule {
        service: "s3",
        operations: &["CopyObject", "UploadPartCopy"],
        step: Step::Params(s3::object::hash_copy_source_key),
        source: "botocore handlers.py:copy_source_sse_md5",
    },
    Rule {
        service: "s3",
        operations: WITH_CUSTOMER_KEY,
        step: Step::Params(s3::object::hash_customer_key),
        source: "botocore handlers.py:sse_md5",
    },
    Rule {
        service: "s3",
        operations: &["ListObjectVersions", "ListObjects", "ListObjectsV2"],
        step: Step::Params(s3::listing::ask_for_encoded_keys),
        source: "botocore handlers.py:set_list_objects_encoding_type_url",
    },
    Rule {
        service: "s3",
        operations: &["ListObjectVersions", "ListObjects", "ListObjectsV2"],
        step: Step::Output(s3::listing::decode_keys),
        source: "botocore handlers.py:decode_list_object, decode_list_object_v2, decode_list_object_versions",
    },
    Rule {
        service: "s3",
        operations: &[],
        step: Step::Request(s3::bucket::take_out_of_path),
        source: "botocore handlers.py:remove_bucket_from_url_paths_from_model",
    },
    Rule {
        service: "s3",
        operations: &[],
        step: Step::Response(s3::answer::error_behind_success),
        source: "botocore handlers.py:_handle_200_error",
    },
    Rule {
        service: "s3",
        operations: &[],
        step: Step::Output(s3::answer::keep_expires_as_text),
        source: "botocore handlers.py:handle_expires_header",
    },
    Rule {
        service: "s3",
        operations: &["GetBucketLocation"],
        step: Step::Output(s3::answer::read_bucket_location),
        source: "botocore handlers.py:parse_get_bucket_location",
    },
    Rule {
        service: "s3",
        operations: &[],
        step: Step::Error(s3::redirect::to_bucket_region),
        source: "botocore utils.py:S3RegionRedirectorv2",
    },
    Rule {
        service: "s3control",
        operations: &[],
        step: Step::Params(s3_control::account_from_arn),
        source: "botocore utils.py:S3ControlArnParamHandlerv2",
    },
    Rule {
        service: "s3control",
        operations: &[],
        step: Step::Request(s3_control::leave_account_to_endpoint),
        source: "botocore handlers.py:remove_accid_host_prefix_from_model",
    },
    Rule {
        service: "sso-oidc",
        operations: &[],
        step: Step::Response(rest::message_from_error_description),
        source: "botocore handlers.py:_map_oauth2_errors",
    },
];
