//! The settings table: one row per setting.
//!
//! A row has the documentation, the constant in [`setting`](super::setting), the name, which is the same as in botocore, the type with
//! the bounds of an integer, the default, the environment variables and the profile keys. A dot in a profile key separates a property
//! from a sub-property. `resolve` names the method of `Resolver` for a setting with a rule of its own.
//!
//! From a row of [`client_options`] come the option of [`Config`](super::Config) with its setter, its key in JSON
//! ([`Config::from_value`](super::Config::from_value)), the field of [`ClientSettings`](super::ClientSettings), and the row of
//! `docs/configuration.md`, which a test compares.
//!
//! # Source
//! botocore `config.py:Config`, `configprovider.py:BOTOCORE_DEFAUT_SESSION_VARIABLES`, `DEFAULT_S3_CONFIG_VARS`,
//! `DEFAULT_PROXIES_CONFIG_VARS`; `credentials.py`, `utils.py` for the variables that only credential providers read.

/// Options of a client.
macro_rules! client_options {
    ($callback:ident $($argument:tt)*) => {
        $callback! { ($($argument)*)
            /// The region.
            ///
            /// DIFFERENCE: botocore reads `AWS_DEFAULT_REGION` only. Every other SDK reads `AWS_REGION`, and Lambda, ECS and CodeBuild set
            /// it.
            REGION region: Str,
                env ["AWS_REGION", "AWS_DEFAULT_REGION"], keys ["region"], resolve region;
            /// The endpoint, which overrides the endpoint rules of the service. An endpoint for a single service in the environment or the
            /// config file takes precedence over one for all services.
            ENDPOINT_URL endpoint_url: Str,
                env ["AWS_ENDPOINT_URL"], keys ["endpoint_url"], resolve endpoint_url;
            /// Ignore endpoints from the environment and the config file.
            IGNORE_CONFIGURED_ENDPOINT_URLS ignore_configured_endpoint_urls: bool = "false",
                env ["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"], keys ["ignore_configured_endpoint_urls"];
            /// Use dual-stack (IPv4 and IPv6) endpoints.
            USE_DUALSTACK_ENDPOINT use_dualstack_endpoint: bool = "false",
                env ["AWS_USE_DUALSTACK_ENDPOINT"], keys ["use_dualstack_endpoint"];
            /// Use FIPS endpoints.
            USE_FIPS_ENDPOINT use_fips_endpoint: bool = "false",
                env ["AWS_USE_FIPS_ENDPOINT"], keys ["use_fips_endpoint"];
            /// Use `https`.
            USE_SSL use_ssl: bool = "true";
            /// The API version of the service definition; the newest if not set.
            ///
            /// The profile can have one per service, in the sub-properties of `api_versions`.
            API_VERSION api_version: Str, resolve api_version;
            /// The wire protocol by its name in the service definitions (`json`, `smithy-rpc-v2-cbor`), for services with several protocols.
            PROTOCOL protocol: Str;
            /// The signature version by botocore's name (`v4`, `s3v4`, `bearer`); `unsigned` disables signing.
            ///
            /// The profile can have one per service, in the sub-properties of the service (`s3 =`).
            SIGNATURE_VERSION signature_version: Str, resolve signature_version;
            /// Auth schemes in order of preference, separated by commas (`sigv4a,sigv4`).
            AUTH_SCHEME_PREFERENCE auth_scheme_preference: NameList = "",
                env ["AWS_AUTH_SCHEME_PREFERENCE"], keys ["auth_scheme_preference"];
            /// The signing region set for SigV4a, separated by commas.
            SIGV4A_SIGNING_REGION_SET sigv4a_signing_region_set: NameList = "",
                env ["AWS_SIGV4A_SIGNING_REGION_SET"], keys ["sigv4a_signing_region_set"];
            /// The timeout for connecting, in seconds.
            CONNECT_TIMEOUT connect_timeout: Duration = "60";
            /// The timeout for each read of a response, in seconds.
            READ_TIMEOUT read_timeout: Duration = "60";
            /// The timeout for an attempt, in seconds, from its credentials to its response; 0 is none. A streamed body is not part of it.
            ATTEMPT_TIMEOUT attempt_timeout: Duration;
            /// The timeout for a call with all its attempts and delays, in seconds; 0 is none. A streamed body is not part of it.
            CALL_TIMEOUT call_timeout: Duration;
            /// The minimum throughput of bodies in both directions, in bytes per second; 0 is none. Event streams may be slower.
            ///
            /// DIFFERENCE: botocore waits for a server that sends a byte before each read timeout.
            MIN_THROUGHPUT min_throughput: u32 = "1";
            /// The time for which a body may be slower than `min_throughput`, in seconds; by default the read timeout.
            STALL_GRACE stall_grace: Duration;
            /// The maximum number of open connections; further requests wait in order.
            ///
            /// A connection is in use until the response body has been read or dropped. The default is half of the usual limit of 1,024 file
            /// descriptors per process.
            ///
            /// DIFFERENCE: botocore's option limits idle connections only, and its default is 10.
            MAX_POOL_CONNECTIONS max_pool_connections: usize [1..=1_000_000] = "500";
            /// The maximum size of a response that is read into memory, in bytes. Streams are not limited.
            ///
            /// DIFFERENCE: botocore has no limit.
            MAX_RESPONSE_BYTES max_response_bytes: usize = "1073741824";
            /// Verify the certificates of servers. Without it, whoever intercepts a connection can read requests and credentials.
            VERIFY verify: bool = "true";
            /// Enable TCP keepalive.
            TCP_KEEPALIVE tcp_keepalive: bool = "false",
                env ["BOTOCORE_TCP_KEEPALIVE"], keys ["tcp_keepalive"];
            /// Proxies by the scheme of the request (`http`, `https`, or `all` for both), which replace those of the environment.
            PROXIES proxies: Proxies = "", resolve proxies;
            /// Hosts that bypass the proxies of the environment, separated by commas.
            NO_PROXY no_proxy: Str,
                env ["no_proxy", "NO_PROXY"], resolve no_proxy;
            /// TLS and forwarding options for proxies.
            PROXIES_CONFIG proxies_config: ProxyConfig = "", resolve proxies_config;
            /// The client certificate for TLS.
            CLIENT_CERT client_cert: ClientCertificate;
            /// A file of trusted CA certificates that replaces the built-in ones.
            CA_BUNDLE ca_bundle: PathBuf,
                env ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"], keys ["ca_bundle"], resolve ca_bundle;
            /// The retry mode.
            RETRY_MODE retry_mode: RetryMode = "standard",
                env ["AWS_RETRY_MODE"], keys ["retry_mode"];
            /// The maximum number of attempts, including the first; the default depends on the retry mode.
            MAX_ATTEMPTS max_attempts: u32 [1..=1_000_000],
                env ["AWS_MAX_ATTEMPTS"], keys ["max_attempts"];
            /// The defaults mode.
            DEFAULTS_MODE defaults_mode: DefaultsMode = "legacy",
                env ["AWS_DEFAULTS_MODE"], keys ["defaults_mode"], resolve defaults_mode;
            /// Validate parameters before a call.
            PARAMETER_VALIDATION parameter_validation: bool = "true",
                keys ["parameter_validation"];
            /// Add the host prefix of an operation to the endpoint.
            INJECT_HOST_PREFIX inject_host_prefix: bool = "true", resolve inject_host_prefix;
            /// Use endpoint discovery.
            ENDPOINT_DISCOVERY_ENABLED endpoint_discovery_enabled: EndpointDiscovery = "auto",
                env ["AWS_ENDPOINT_DISCOVERY_ENABLED"], keys ["endpoint_discovery_enabled"];
            /// The minimum size of a body that is compressed, in bytes.
            REQUEST_MIN_COMPRESSION_SIZE_BYTES request_min_compression_size_bytes: u32 [1..=1_048_576] = "10240",
                env ["AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES"], keys ["request_min_compression_size_bytes"];
            /// Disable request compression.
            DISABLE_REQUEST_COMPRESSION disable_request_compression: bool = "false",
                env ["AWS_DISABLE_REQUEST_COMPRESSION"], keys ["disable_request_compression"];
            /// When request checksums are calculated.
            REQUEST_CHECKSUM_CALCULATION request_checksum_calculation: ChecksumMode = "when_supported",
                env ["AWS_REQUEST_CHECKSUM_CALCULATION"], keys ["request_checksum_calculation"];
            /// When response checksums are validated.
            RESPONSE_CHECKSUM_VALIDATION response_checksum_validation: ChecksumMode = "when_supported",
                env ["AWS_RESPONSE_CHECKSUM_VALIDATION"], keys ["response_checksum_validation"];
            /// Use account-based endpoints.
            ACCOUNT_ID_ENDPOINT_MODE account_id_endpoint_mode: AccountIdEndpointMode = "preferred",
                env ["AWS_ACCOUNT_ID_ENDPOINT_MODE"], keys ["account_id_endpoint_mode"];
            /// Use the regional endpoints of STS.
            STS_REGIONAL_ENDPOINTS sts_regional_endpoints: RegionalEndpoints = "regional",
                env ["AWS_STS_REGIONAL_ENDPOINTS"], keys ["sts_regional_endpoints"];
            /// Options of S3.
            S3 s3: S3Config = "", resolve s3;
            /// Sign S3 Express requests without session credentials.
            S3_DISABLE_EXPRESS_SESSION_AUTH s3_disable_express_session_auth: bool = "false",
                env ["AWS_S3_DISABLE_EXPRESS_SESSION_AUTH"], keys ["s3_disable_express_session_auth"];
            /// Client context parameters of the endpoint rules.
            CLIENT_CONTEXT_PARAMS client_context_params: Map = "";
            /// The complete user agent, which replaces the generated one.
            USER_AGENT user_agent: Str;
            /// Text to append to the user agent.
            USER_AGENT_EXTRA user_agent_extra: Str;
            /// The application id in the user agent, at most 50 characters.
            USER_AGENT_APPID user_agent_appid: Str,
                env ["AWS_SDK_UA_APP_ID"], keys ["sdk_ua_app_id"];
        }
    };
}

/// Options of S3.
macro_rules! s3_options {
    ($callback:ident $($argument:tt)*) => {
        $callback! { ($($argument)*)
            /// The position of the bucket in an S3 URL.
            S3_ADDRESSING_STYLE addressing_style: AddressingStyle,
                keys ["s3.addressing_style"];
            /// Use S3 transfer acceleration endpoints.
            S3_USE_ACCELERATE_ENDPOINT use_accelerate_endpoint: bool,
                keys ["s3.use_accelerate_endpoint"];
            /// Use dual-stack endpoints of S3 (the older option).
            S3_USE_DUALSTACK_ENDPOINT use_dualstack_endpoint: bool,
                keys ["s3.use_dualstack_endpoint"];
            /// Include the SHA-256 of the payload in the signature of S3 requests.
            S3_PAYLOAD_SIGNING_ENABLED payload_signing_enabled: bool,
                keys ["s3.payload_signing_enabled"];
            /// Use the region of a bucket ARN instead of the client's region.
            S3_USE_ARN_REGION use_arn_region: bool,
                env ["AWS_S3_USE_ARN_REGION"], keys ["s3_use_arn_region", "s3.use_arn_region"];
            /// Use the regional or the global endpoint of S3 in us-east-1.
            S3_US_EAST_1_REGIONAL_ENDPOINT us_east_1_regional_endpoint: RegionalEndpoints,
                env ["AWS_S3_US_EAST_1_REGIONAL_ENDPOINT"], keys ["s3_us_east_1_regional_endpoint", "s3.us_east_1_regional_endpoint"];
            /// Reject multi-region access points.
            S3_DISABLE_MULTIREGION_ACCESS_POINTS s3_disable_multiregion_access_points: bool,
                env ["AWS_S3_DISABLE_MULTIREGION_ACCESS_POINTS"], keys ["s3.s3_disable_multiregion_access_points"];
            /// Send `Content-MD5` instead of a newer checksum where S3 requires one, as in `DeleteObjects`.
            S3_CONTENT_MD5 content_md5: bool,
                keys ["s3.content_md5"];
            /// Send checksums of uploads in trailers: by default for streams that can be read only once, and over TLS.
            S3_CHECKSUM_TRAILERS checksum_trailers: bool,
                keys ["s3.checksum_trailers"];
            /// Follow redirects: to the region of a bucket, and to another URL if the endpoint is a custom one.
            S3_FOLLOW_REDIRECTS follow_redirects: bool,
                keys ["s3.follow_redirects"];
        }
    };
}

/// TLS and forwarding options for proxies.
macro_rules! proxy_options {
    ($callback:ident $($argument:tt)*) => {
        $callback! { ($($argument)*)
            /// A file of CA certificates to verify a proxy with.
            PROXY_CA_BUNDLE proxy_ca_bundle: PathBuf,
                keys ["proxy_ca_bundle", "proxies_config.proxy_ca_bundle"];
            /// The client certificate for TLS with a proxy.
            PROXY_CLIENT_CERT proxy_client_cert: ClientCertificate,
                keys ["proxy_client_cert", "proxies_config.proxy_client_cert"];
            /// Forward HTTPS requests through a proxy instead of opening a tunnel.
            PROXY_USE_FORWARDING_FOR_HTTPS proxy_use_forwarding_for_https: bool,
                keys ["proxy_use_forwarding_for_https", "proxies_config.proxy_use_forwarding_for_https"];
        }
    };
}

/// Settings of sessions and credential providers.
macro_rules! session_settings {
    ($callback:ident $($argument:tt)*) => {
        $callback! { ($($argument)*)
            /// The profile.
            PROFILE profile: Str,
                env ["AWS_DEFAULT_PROFILE", "AWS_PROFILE"];
            /// The config file.
            CONFIG_FILE config_file: Str = "~/.aws/config",
                env ["AWS_CONFIG_FILE"];
            /// The credentials file.
            CREDENTIALS_FILE credentials_file: Str = "~/.aws/credentials",
                env ["AWS_SHARED_CREDENTIALS_FILE"];
            /// Folders with service definitions, separated as in `PATH`.
            DATA_PATH data_path: Str,
                env ["AWS_DATA_PATH"], keys ["data_path"];
            /// The `[services]` section with settings for single services.
            SERVICES services: Str,
                keys ["services"];
            /// Do not add the host prefix of an operation to the endpoint.
            DISABLE_HOST_PREFIX_INJECTION disable_host_prefix_injection: bool = "false",
                env ["AWS_DISABLE_HOST_PREFIX_INJECTION"], keys ["disable_host_prefix_injection"];
            /// The proxy for `http` URLs. In a CGI environment, where `HTTP_PROXY` is set by a request header, only `http_proxy` is read.
            HTTP_PROXY http_proxy: Str,
                env ["http_proxy", "HTTP_PROXY"];
            /// The proxy for `https` URLs.
            HTTPS_PROXY https_proxy: Str,
                env ["https_proxy", "HTTPS_PROXY"];
            /// The proxy for all other URLs.
            ///
            /// DIFFERENCE: botocore supports neither this variable nor networks in `NO_PROXY`.
            ALL_PROXY all_proxy: Str,
                env ["all_proxy", "ALL_PROXY"];
            /// A file of trusted CA certificates if `ca_bundle` is not set, as for curl and OpenSSL.
            ///
            /// DIFFERENCE: botocore does not read these variables.
            SYSTEM_CA_BUNDLE system_ca_bundle: PathBuf,
                env ["CURL_CA_BUNDLE", "SSL_CERT_FILE"];
            /// The timeout of the instance metadata service, in seconds.
            METADATA_SERVICE_TIMEOUT metadata_service_timeout: Duration = "1",
                env ["AWS_METADATA_SERVICE_TIMEOUT"], keys ["metadata_service_timeout"];
            /// The maximum number of attempts for the instance metadata service.
            METADATA_SERVICE_NUM_ATTEMPTS metadata_service_num_attempts: u32 [1..=100] = "1",
                env ["AWS_METADATA_SERVICE_NUM_ATTEMPTS"], keys ["metadata_service_num_attempts"];
            /// The URL of the instance metadata service.
            EC2_METADATA_SERVICE_ENDPOINT ec2_metadata_service_endpoint: Str,
                env ["AWS_EC2_METADATA_SERVICE_ENDPOINT"], keys ["ec2_metadata_service_endpoint"];
            /// The address family of the instance metadata service.
            EC2_METADATA_SERVICE_ENDPOINT_MODE ec2_metadata_service_endpoint_mode: IpVersion,
                env ["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"], keys ["ec2_metadata_service_endpoint_mode"];
            /// Disable instance metadata requests without a session token (IMDSv1).
            EC2_METADATA_V1_DISABLED ec2_metadata_v1_disabled: bool = "false",
                env ["AWS_EC2_METADATA_V1_DISABLED"], keys ["ec2_metadata_v1_disabled"];
            /// Disable the instance metadata service.
            EC2_METADATA_DISABLED ec2_metadata_disabled: bool = "false",
                env ["AWS_EC2_METADATA_DISABLED"];
            /// Use the IPv6 address of the instance metadata service (the older option).
            IMDS_USE_IPV6 imds_use_ipv6: bool = "false",
                env ["AWS_IMDS_USE_IPV6"], keys ["imds_use_ipv6"];
            /// The name of the instance profile, which saves a request to the instance metadata service.
            ///
            /// DIFFERENCE: botocore does not have this setting, which is part of version 2.1 of the service's credential paths.
            EC2_INSTANCE_PROFILE_NAME ec2_instance_profile_name: Str,
                env ["AWS_EC2_INSTANCE_PROFILE_NAME"], keys ["ec2_instance_profile_name"];
            /// The access key id.
            ACCESS_KEY_ID access_key_id: Str,
                env ["AWS_ACCESS_KEY_ID"], keys ["aws_access_key_id"];
            /// The secret access key.
            SECRET_ACCESS_KEY secret_access_key: Str,
                env ["AWS_SECRET_ACCESS_KEY"], keys ["aws_secret_access_key"];
            /// The session token.
            SESSION_TOKEN session_token: Str,
                env ["AWS_SECURITY_TOKEN", "AWS_SESSION_TOKEN"], keys ["aws_security_token", "aws_session_token"];
            /// The expiration of the credentials in the environment.
            CREDENTIAL_EXPIRATION credential_expiration: Str,
                env ["AWS_CREDENTIAL_EXPIRATION"];
            /// The account id of the credentials.
            ACCOUNT_ID account_id: Str,
                env ["AWS_ACCOUNT_ID"], keys ["aws_account_id"];
            /// The role to assume.
            ROLE_ARN role_arn: Str,
                env ["AWS_ROLE_ARN"], keys ["role_arn"];
            /// The file of the web identity token.
            WEB_IDENTITY_TOKEN_FILE web_identity_token_file: Str,
                env ["AWS_WEB_IDENTITY_TOKEN_FILE"], keys ["web_identity_token_file"];
            /// The session name of an assumed role.
            ROLE_SESSION_NAME role_session_name: Str,
                env ["AWS_ROLE_SESSION_NAME"], keys ["role_session_name"];
            /// The path of the container credentials endpoint on the ECS address.
            CONTAINER_CREDENTIALS_RELATIVE_URI container_credentials_relative_uri: Str,
                env ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"];
            /// The URL of the container credentials endpoint.
            CONTAINER_CREDENTIALS_FULL_URI container_credentials_full_uri: Str,
                env ["AWS_CONTAINER_CREDENTIALS_FULL_URI"];
            /// The authorization token for the container credentials endpoint.
            CONTAINER_AUTHORIZATION_TOKEN container_authorization_token: Str,
                env ["AWS_CONTAINER_AUTHORIZATION_TOKEN"];
            /// The file of the authorization token for the container credentials endpoint.
            CONTAINER_AUTHORIZATION_TOKEN_FILE container_authorization_token_file: Str,
                env ["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"];
            /// The cache folder of `aws login`.
            LOGIN_CACHE_DIRECTORY login_cache_directory: Str = "~/.aws/login/cache",
                env ["AWS_LOGIN_CACHE_DIRECTORY"];
            /// The credentials file of the original EC2 tools.
            EC2_CREDENTIAL_FILE ec2_credential_file: Str,
                env ["AWS_CREDENTIAL_FILE"];
            /// The config file of boto 2.
            BOTO_CONFIG boto_config: Str,
                env ["BOTO_CONFIG"];
            /// The execution environment, set by Lambda and other services.
            EXECUTION_ENV execution_env: Str,
                env ["AWS_EXECUTION_ENV"];
            /// The name of the Lambda function.
            LAMBDA_FUNCTION_NAME lambda_function_name: Str,
                env ["AWS_LAMBDA_FUNCTION_NAME"];
            /// The trace id of a Lambda invocation.
            TRACE_ID trace_id: Str,
                env ["_X_AMZN_TRACE_ID"];
        }
    };
}

pub(super) use {client_options, proxy_options, s3_options, session_settings};
