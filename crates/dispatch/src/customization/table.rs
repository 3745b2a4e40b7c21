//! The customization table, sorted by service.

use crate::auth::AuthScheme;

use super::{
    CrossRegionCopy, Customization, Hook, alias, apigateway, cloudformation, cloudsearch, dynamodb,
    ec2, glacier, health, iam, importexport, machinelearning, route53, s3, s3_control, sso_oidc,
    user_data,
};

/// Operations of S3 whose successful response is never empty.
const WITH_RESULT_DOCUMENT: &[&str] = &[
    "CompleteMultipartUpload",
    "CopyObject",
    "CreateMultipartUpload",
    "CreateSession",
    "DeleteObjects",
    "GetBucketLocation",
    "ListBuckets",
    "ListDirectoryBuckets",
    "ListMultipartUploads",
    "ListObjectVersions",
    "ListObjects",
    "ListObjectsV2",
    "ListParts",
    "UploadPartCopy",
];

/// Operations with customer-provided encryption keys (SSE-C).
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

pub(super) const CUSTOMIZATIONS: &[Customization] = &[
    Customization {
        service: "apigateway",
        operations: &[],
        hook: Hook::Request(apigateway::accept_json),
        source: "botocore handlers.py:add_accept_header",
    },
    Customization {
        service: "autoscaling",
        operations: &["CreateLaunchConfiguration"],
        hook: Hook::Params(user_data::encode_user_data),
        source: "botocore handlers.py:base64_encode_user_data",
    },
    Customization {
        service: "cloudformation",
        operations: &["GetTemplate"],
        hook: Hook::Output(cloudformation::read_json_template),
        source: "botocore handlers.py:json_decode_template_body",
    },
    Customization {
        service: "cloudsearchdomain",
        operations: &["Search"],
        hook: Hook::Params(alias::return_fields),
        source: "botocore handlers.py:ParameterAlias cloudsearchdomain.Search",
    },
    Customization {
        service: "cloudsearchdomain",
        operations: &["Search"],
        hook: Hook::Request(cloudsearch::post_query_as_form),
        source: "botocore handlers.py:change_get_to_post",
    },
    Customization {
        service: "docdb",
        operations: &["CopyDBClusterSnapshot", "CreateDBCluster"],
        hook: Hook::CrossRegionCopy(CrossRegionCopy::RDS),
        source: "botocore handlers.py:inject_presigned_url_rds",
    },
    Customization {
        service: "dynamodb",
        operations: &[],
        hook: Hook::Response(dynamodb::check_crc32),
        source: "botocore retries/special.py:RetryDDBChecksumError",
    },
    Customization {
        service: "dynamodbstreams",
        operations: &[],
        hook: Hook::Response(dynamodb::check_crc32),
        source: "the AWS SDK for Go, service/dynamodbstreams: ValidateResponseChecksum",
    },
    Customization {
        service: "ec2",
        operations: &[],
        hook: Hook::Params(alias::filters),
        source: "botocore handlers.py:ParameterAlias ec2.*",
    },
    Customization {
        service: "ec2",
        operations: &["CopySnapshot"],
        hook: Hook::CrossRegionCopy(CrossRegionCopy::EC2),
        source: "botocore handlers.py:inject_presigned_url_ec2",
    },
    Customization {
        service: "ec2",
        operations: &["GetConsoleOutput"],
        hook: Hook::Output(ec2::decode_console_output),
        source: "botocore handlers.py:decode_console_output",
    },
    Customization {
        service: "ec2",
        operations: &["RunInstances"],
        hook: Hook::Params(user_data::encode_user_data),
        source: "botocore handlers.py:base64_encode_user_data",
    },
    Customization {
        service: "glacier",
        operations: &[],
        hook: Hook::Params(glacier::default_account),
        source: "botocore handlers.py:inject_account_id",
    },
    Customization {
        service: "glacier",
        operations: &[],
        hook: Hook::Request(glacier::set_version_header),
        source: "botocore handlers.py:add_glacier_version",
    },
    Customization {
        service: "glacier",
        operations: &["UploadArchive", "UploadMultipartPart"],
        hook: Hook::Request(glacier::add_tree_hash),
        source: "botocore handlers.py:add_glacier_checksums",
    },
    Customization {
        service: "health",
        operations: &[],
        hook: Hook::Region(health::home_region),
        source: "endpoints.json: health, credentialScope; the AWS Health user guide, \"Endpoints\"",
    },
    Customization {
        service: "iam",
        operations: &[],
        hook: Hook::Output(iam::decode_policies),
        source: "botocore handlers.py:json_decode_policies",
    },
    Customization {
        service: "importexport",
        operations: &[],
        hook: Hook::Scheme(AuthScheme::SigV4),
        source: "botocore client.py:ClientCreator._set_importexport_signature_version",
    },
    Customization {
        service: "importexport",
        operations: &[],
        hook: Hook::SigningName(importexport::signing_name),
        source: "endpoints.json: importexport, credentialScope",
    },
    Customization {
        service: "logs",
        operations: &["CreateExportTask"],
        hook: Hook::Params(alias::from_time),
        source: "botocore handlers.py:ParameterAlias logs.CreateExportTask",
    },
    Customization {
        service: "machinelearning",
        operations: &["Predict"],
        hook: Hook::Request(machinelearning::send_to_predict_endpoint),
        source: "botocore handlers.py:switch_host_machinelearning",
    },
    Customization {
        service: "neptune",
        operations: &["CopyDBClusterSnapshot", "CreateDBCluster"],
        hook: Hook::CrossRegionCopy(CrossRegionCopy::RDS),
        source: "botocore handlers.py:inject_presigned_url_rds",
    },
    Customization {
        service: "rds",
        operations: &[
            "CopyDBClusterSnapshot",
            "CopyDBSnapshot",
            "CreateDBCluster",
            "CreateDBInstanceReadReplica",
            "StartDBInstanceAutomatedBackupsReplication",
        ],
        hook: Hook::CrossRegionCopy(CrossRegionCopy::RDS),
        source: "botocore handlers.py:inject_presigned_url_rds",
    },
    Customization {
        service: "route53",
        operations: &[],
        hook: Hook::Params(route53::strip_id_prefixes),
        source: "botocore handlers.py:fix_route53_ids",
    },
    Customization {
        service: "s3",
        operations: &[],
        hook: Hook::Params(s3::bucket::check_name),
        source: "botocore handlers.py:validate_bucket_name",
    },
    Customization {
        service: "s3",
        operations: &[],
        hook: Hook::Params(s3::bucket::choose_addressing),
        source: "botocore handlers.py:customize_endpoint_resolver_builtins",
    },
    Customization {
        service: "s3",
        operations: &["CopyObject", "CreateMultipartUpload", "PutObject"],
        hook: Hook::Params(s3::metadata::encode),
        source: "botocore handlers.py:validate_ascii_metadata; the S3 user guide, \"Working with object metadata\"",
    },
    Customization {
        service: "s3",
        operations: &["GetObject", "HeadObject"],
        hook: Hook::Output(s3::metadata::decode),
        source: "the S3 user guide, \"Working with object metadata\"",
    },
    Customization {
        service: "s3",
        operations: &["CopyObject", "UploadPartCopy"],
        hook: Hook::Params(s3::object::encode_copy_source),
        source: "botocore handlers.py:handle_copy_source_param",
    },
    Customization {
        service: "s3",
        operations: &["CopyObject", "UploadPartCopy"],
        hook: Hook::Params(s3::object::hash_copy_source_key),
        source: "botocore handlers.py:copy_source_sse_md5",
    },
    Customization {
        service: "s3",
        operations: WITH_CUSTOMER_KEY,
        hook: Hook::Params(s3::object::hash_customer_key),
        source: "botocore handlers.py:sse_md5",
    },
    Customization {
        service: "s3",
        operations: &["ListObjectVersions", "ListObjects", "ListObjectsV2"],
        hook: Hook::Params(s3::listing::request_encoded_keys),
        source: "botocore handlers.py:set_list_objects_encoding_type_url",
    },
    Customization {
        service: "s3",
        operations: &["ListObjectVersions", "ListObjects", "ListObjectsV2"],
        hook: Hook::Output(s3::listing::decode_keys),
        source: "botocore handlers.py:decode_list_object, decode_list_object_v2, decode_list_object_versions",
    },
    Customization {
        service: "s3",
        operations: &[],
        hook: Hook::Request(s3::bucket::remove_from_path),
        source: "botocore handlers.py:remove_bucket_from_url_paths_from_model",
    },
    Customization {
        service: "s3",
        operations: &[],
        hook: Hook::Response(s3::response::error_in_ok_response),
        source: "botocore handlers.py:_handle_200_error",
    },
    Customization {
        service: "s3",
        operations: WITH_RESULT_DOCUMENT,
        hook: Hook::Response(s3::response::empty_ok_response),
        source: "the AWS SDK for Go, service/s3/internal/customizations: handle_200_error.go",
    },
    Customization {
        service: "s3",
        operations: &[],
        hook: Hook::RetryMalformed,
        source: "botocore handlers.py:_looks_like_special_case_error",
    },
    Customization {
        service: "s3",
        operations: &[],
        hook: Hook::Output(s3::response::add_expires_string),
        source: "botocore handlers.py:handle_expires_header",
    },
    Customization {
        service: "s3",
        operations: &["GetBucketLocation"],
        hook: Hook::Output(s3::response::parse_bucket_location),
        source: "botocore handlers.py:parse_get_bucket_location",
    },
    Customization {
        service: "s3",
        operations: &[],
        hook: Hook::Error(s3::redirect::to_bucket_region),
        source: "botocore utils.py:S3RegionRedirectorv2",
    },
    Customization {
        service: "s3control",
        operations: &[],
        hook: Hook::Params(s3_control::account_from_arn),
        source: "botocore utils.py:S3ControlArnParamHandlerv2",
    },
    Customization {
        service: "s3control",
        operations: &[],
        hook: Hook::Request(s3_control::remove_account_prefix),
        source: "botocore handlers.py:remove_accid_host_prefix_from_model",
    },
    Customization {
        service: "sso-oidc",
        operations: &[],
        hook: Hook::Response(sso_oidc::map_oauth_error),
        source: "botocore handlers.py:_map_oauth2_errors",
    },
];
