//! Checks that the documentation matches the program.

use inia::config::setting;

/// Returns the row of a setting in `docs/configuration.md`.
fn row(setting: &setting::Setting) -> String {
    let list = |names: &[&str]| match names {
        [] => "-".to_owned(),
        names => format!("`{}`", names.join("`, `")),
    };
    let option: &[&str] = match setting.is_option {
        true => &[setting.name],
        false => &[],
    };
    format!(
        "| {} | {} | {} | {} | {} |",
        setting.summary().trim_end_matches('.'),
        list(option),
        list(setting.env),
        list(setting.keys),
        list(setting.default.filter(|text| !text.is_empty()).as_slice()),
    )
}

#[test]
fn every_setting_is_documented_in_order() {
    let text = include_str!("../docs/configuration.md");
    let heading = "| | option | environment | profile | default |\n|---|---|---|---|---|\n";
    let (_, table) = text.split_once(heading).unwrap();
    let rows: Vec<&str> = table
        .lines()
        .take_while(|line| line.starts_with('|'))
        .collect();
    let expected: Vec<String> = setting::all().map(row).collect();
    assert!(
        rows == expected,
        "the table of settings in docs/configuration.md should be:\n{}",
        expected.join("\n")
    );
}

#[test]
fn every_provider_is_documented_in_order() {
    let text = include_str!("../docs/configuration.md");
    let chain = inia::credentials::CredentialChain::default();
    let names: Vec<&str> = chain.names().collect();
    assert_eq!(names.len(), 12);
    for (number, name) in names.iter().enumerate() {
        let row = format!("\n| {} | `{name}` |", number + 1);
        assert!(text.contains(&row), "{row}");
    }
}

/// The table of settings contains all environment variables and profile keys that botocore reads.
#[test]
fn all_botocore_variables_are_settings() {
    let names: Vec<&str> = setting::all()
        .flat_map(|setting| setting.env)
        .copied()
        .collect();
    for name in [
        "AWS_PROFILE",
        "AWS_DEFAULT_PROFILE",
        "AWS_DEFAULT_REGION",
        "AWS_CONFIG_FILE",
        "AWS_SHARED_CREDENTIALS_FILE",
        "AWS_DATA_PATH",
        "AWS_CA_BUNDLE",
        "REQUESTS_CA_BUNDLE",
        "AWS_METADATA_SERVICE_TIMEOUT",
        "AWS_METADATA_SERVICE_NUM_ATTEMPTS",
        "AWS_EC2_METADATA_SERVICE_ENDPOINT",
        "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
        "AWS_EC2_METADATA_V1_DISABLED",
        "AWS_EC2_METADATA_DISABLED",
        "AWS_IMDS_USE_IPV6",
        "AWS_USE_DUALSTACK_ENDPOINT",
        "AWS_USE_FIPS_ENDPOINT",
        "AWS_ENDPOINT_URL",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
        "AWS_ENDPOINT_DISCOVERY_ENABLED",
        "AWS_STS_REGIONAL_ENDPOINTS",
        "AWS_RETRY_MODE",
        "AWS_MAX_ATTEMPTS",
        "AWS_DEFAULTS_MODE",
        "AWS_SDK_UA_APP_ID",
        "AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES",
        "AWS_DISABLE_REQUEST_COMPRESSION",
        "AWS_SIGV4A_SIGNING_REGION_SET",
        "AWS_REQUEST_CHECKSUM_CALCULATION",
        "AWS_RESPONSE_CHECKSUM_VALIDATION",
        "AWS_ACCOUNT_ID_ENDPOINT_MODE",
        "AWS_DISABLE_HOST_PREFIX_INJECTION",
        "AWS_AUTH_SCHEME_PREFERENCE",
        "BOTOCORE_TCP_KEEPALIVE",
        "AWS_S3_DISABLE_EXPRESS_SESSION_AUTH",
        "AWS_S3_USE_ARN_REGION",
        "AWS_S3_US_EAST_1_REGIONAL_ENDPOINT",
        "AWS_S3_DISABLE_MULTIREGION_ACCESS_POINTS",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "NO_PROXY",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SECURITY_TOKEN",
        "AWS_SESSION_TOKEN",
        "AWS_CREDENTIAL_EXPIRATION",
        "AWS_ACCOUNT_ID",
        "AWS_ROLE_ARN",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_ROLE_SESSION_NAME",
        "AWS_LOGIN_CACHE_DIRECTORY",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        "AWS_CREDENTIAL_FILE",
        "BOTO_CONFIG",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_NAME",
        "_X_AMZN_TRACE_ID",
    ] {
        assert!(names.contains(&name), "{name}");
    }
}
