//! The published signing suites, one trial per case:
//!
//! - `v4/...` and `v4a/...`: AWS's signing test suite, from `INIA_CONFORMANCE` or `../shared/conformance`
//! - `botocore/...`: botocore's `tests/unit/auth/aws4_testsuite`, from `INIA_PEERS` or `target/peers`
//!
//! `tests/support/mod.rs` describes how suites run and how missing data is reported.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use inia_core::{Credentials, Timestamp, to_hex};
use inia_signing::{
    AsymmetricKey, CanonicalRequest, ContentSha256, PathEncoding, Payload, SessionTokenMode,
    SignableRequest, SigningAlgorithm, SigningKeyCache, SigningParams, SigningSettings,
    SigningTime, headers_canonical_request, presign_v4, presign_v4a, query_canonical_request,
    sign_v4, sign_v4a, string_to_sign,
};
use libtest_mimic::Failed;
use p256::ecdsa::signature::Verifier;
use p256::ecdsa::{DerSignature, VerifyingKey};
use serde_json::Value;

type CaseResult = Result<(), Failed>;

fn main() -> ExitCode {
    let conformance = support::conformance_dir("signing");
    let aws = |folder: &str| conformance.as_ref().map(|signing| signing.join(folder));
    let mut cases = Vec::new();
    cases.extend(suite("v4", aws("v4"), "request.txt", v4_case));
    cases.extend(suite("v4a", aws("v4a"), "request.txt", v4a_case));
    cases.extend(suite("botocore", botocore_suite(), ".req", botocore_case));
    support::run("signing", cases)
}

/// Returns `tests/unit/auth/aws4_testsuite` of the botocore source archive, any version.
fn botocore_suite() -> Option<PathBuf> {
    let botocore = support::botocore_source()?;
    Some(botocore.join("tests/unit/auth/aws4_testsuite"))
}

/// Returns a case for each folder below `root` that has a file whose name ends with `marker`.
fn suite(
    name: &str,
    root: Option<PathBuf>,
    marker: &str,
    check: fn(&Case) -> CaseResult,
) -> Vec<support::Case> {
    let mut folders = BTreeSet::new();
    if let Some(root) = &root {
        collect_cases(root, marker, &mut folders);
    }
    if folders.is_empty() {
        return vec![support::Case::unavailable(name)];
    }
    let case = |folder: PathBuf| {
        let below = root
            .as_ref()
            .and_then(|root| folder.strip_prefix(root).ok());
        let id = format!("{name}/{}", below.unwrap_or(&folder).display());
        support::Case::new(id, move || check(&Case { folder }))
    };
    folders.into_iter().map(case).collect()
}

fn collect_cases(folder: &Path, marker: &str, folders: &mut BTreeSet<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect_cases(&path, marker, folders);
        } else if entry.file_name().to_string_lossy().ends_with(marker) {
            folders.insert(folder.to_owned());
        }
    }
}

/// A case: a folder with expected values.
struct Case {
    folder: PathBuf,
}

impl Case {
    fn name(&self) -> String {
        self.folder
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    }

    /// Reads a required file.
    fn file(&self, name: &str) -> Result<String, Failed> {
        let path = self.folder.join(name);
        let text =
            fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(text.replace('\r', "").trim_end_matches('\n').to_owned())
    }

    fn has(&self, name: &str) -> bool {
        self.folder.join(name).exists()
    }
}

/// A request as in the suites, not always valid HTTP.
struct RawRequest {
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl RawRequest {
    fn parse(text: &str) -> Result<Self, Failed> {
        let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
        let mut lines = head.lines();
        let request_line = lines.next().ok_or("no request line")?;
        let (method, target) = request_line.split_once(' ').ok_or("no target")?;
        let target = target.strip_suffix(" HTTP/1.1").unwrap_or(target);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut headers: Vec<(String, String)> = Vec::new();
        for line in lines {
            match (line.split_once(':'), headers.last_mut()) {
                // A line that starts with a space continues the previous header.
                (_, Some((_, value))) if line.starts_with(' ') => {
                    value.push('\n');
                    value.push_str(line);
                }
                (Some((name, value)), _) => headers.push((name.to_lowercase(), value.to_owned())),
                (None, _) => return Err(format!("invalid header: {line}").into()),
            }
        }
        Ok(Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers,
            body: body.to_owned(),
        })
    }

    fn header(&self, key: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value.trim())
    }

    fn headers(&self) -> Vec<(&str, &str)> {
        self.headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect()
    }

    fn signable<'a>(&'a self, headers: &'a [(&'a str, &'a str)]) -> SignableRequest<'a> {
        SignableRequest {
            method: &self.method,
            host: "",
            path: &self.path,
            query: &self.query,
            headers,
            payload: Payload::Bytes(self.body.as_bytes()),
        }
    }
}

/// Contents of `context.json`.
struct SuiteContext {
    credentials: Credentials,
    region: String,
    service: String,
    time: SigningTime,
    settings: SigningSettings,
    expires_in: u64,
}

impl SuiteContext {
    fn read(case: &Case) -> Result<Self, Failed> {
        let json: Value = serde_json::from_str(&case.file("context.json")?)?;
        let text = |pointer: &str| {
            json.pointer(pointer)
                .and_then(Value::as_str)
                .map(str::to_owned)
                .ok_or_else(|| format!("no {pointer}"))
        };
        let flag = |name: &str| json.get(name).and_then(Value::as_bool).unwrap_or_default();
        Ok(Self {
            credentials: Credentials::new(
                &text("/credentials/access_key_id")?,
                &text("/credentials/secret_access_key")?,
                text("/credentials/token").ok().as_deref(),
            ),
            region: text("/region")?,
            service: text("/service")?,
            time: text("/timestamp")?.parse::<Timestamp>()?.into(),
            settings: SigningSettings {
                // The paths of the suite are already encoded.
                path_encoding: PathEncoding::Once,
                normalize_path: flag("normalize"),
                content_sha256: if flag("sign_body") {
                    ContentSha256::Always
                } else {
                    ContentSha256::Never
                },
                session_token: if flag("omit_session_token") {
                    SessionTokenMode::AddedAfterSigning
                } else {
                    SessionTokenMode::Signed
                },
                ..SigningSettings::GENERAL
            },
            expires_in: json
                .get("expiration_in_seconds")
                .and_then(Value::as_u64)
                .ok_or("no expiration")?,
        })
    }

    fn params(&self) -> SigningParams<'_> {
        SigningParams {
            credentials: &self.credentials,
            region: &self.region,
            service: &self.service,
            time: self.time,
            settings: self.settings,
        }
    }
}

fn v4_case(case: &Case) -> CaseResult {
    if !case.has("context.json") {
        return v4_double_encoding_case(case);
    }
    let context = SuiteContext::read(case)?;
    let raw = RawRequest::parse(&case.file("request.txt")?)?;
    let headers = raw.headers();
    let request = raw.signable(&headers);
    let params = context.params();
    let keys = SigningKeyCache::default();
    let v4 = SigningAlgorithm::HmacSha256;

    let canonical = headers_canonical_request(v4, &request, &params);
    intermediate_texts(case, "header", v4, &params, &canonical)?;
    let signed = sign_v4(&request, &params, &keys);
    same(
        "signature",
        signed.signature().as_str(),
        &case.file("header-signature.txt")?,
    )?;
    let expected = RawRequest::parse(&case.file("header-signed-request.txt")?)?;
    for (name, value) in signed.iter() {
        same(
            name,
            value,
            expected.header(name).unwrap_or("(missing header)"),
        )?;
    }
    same(
        "number of headers",
        headers.len() + signed.iter().count(),
        expected.headers.len(),
    )?;

    let canonical = query_canonical_request(v4, &request, &params, context.expires_in);
    intermediate_texts(case, "query", v4, &params, &canonical)?;
    let presigned = presign_v4(&request, &params, context.expires_in, &keys);
    same(
        "query signature",
        presigned.signature().as_str(),
        &case.file("query-signature.txt")?,
    )?;
    let expected = RawRequest::parse(&case.file("query-signed-request.txt")?)?;
    same(
        "query",
        pairs(presigned.query()),
        pairs(&encoded(&expected.query)),
    )?;

    // The path is encoded twice only if it was encoded once.
    if !raw.path.contains('%') {
        let twice = SigningSettings {
            path_encoding: PathEncoding::Twice,
            ..context.settings
        };
        let twice = sign_v4(
            &request,
            &SigningParams {
                settings: twice,
                ..params
            },
            &keys,
        );
        same(
            "signature with the path encoded twice",
            twice.authorization(),
            signed.authorization(),
        )?;
    }
    Ok(())
}

/// Two older cases without context, with paths that are already encoded.
fn v4_double_encoding_case(case: &Case) -> CaseResult {
    let raw = RawRequest::parse(&case.file("request.txt")?)?;
    let expected = case.file("header-canonical-request.txt")?;
    let time = expected
        .lines()
        .find_map(|line| line.strip_prefix("x-amz-date:"))
        .ok_or("no date")?;
    let headers = raw.headers();
    let request = raw.signable(&headers);
    let credentials = suite_credentials(None);
    let params = SigningParams {
        credentials: &credentials,
        region: "us-east-2",
        service: "lambda",
        time: time.parse::<Timestamp>()?.into(),
        settings: SigningSettings::GENERAL,
    };
    let canonical = headers_canonical_request(SigningAlgorithm::HmacSha256, &request, &params);
    same("canonical request", canonical.as_str(), &expected)?;
    // In the other case, the signed request has another date and other credentials than the canonical request.
    if case.has("header-string-to-sign.txt") {
        intermediate_texts(
            case,
            "header",
            SigningAlgorithm::HmacSha256,
            &params,
            &canonical,
        )?;
    }
    Ok(())
}

fn v4a_case(case: &Case) -> CaseResult {
    let context = SuiteContext::read(case)?;
    let raw = RawRequest::parse(&case.file("request.txt")?)?;
    let headers = raw.headers();
    let request = raw.signable(&headers);
    let params = context.params();
    let keys = SigningKeyCache::default();
    let v4a = SigningAlgorithm::EcdsaP256Sha256;

    let key = AsymmetricKey::derive(
        &context.credentials.access_key_id,
        context.credentials.secret_access_key.expose(),
    )?;
    let public: Value = serde_json::from_str(&case.file("public-key.json")?)?;
    let coordinate = |name: &str| {
        public
            .get(name)
            .and_then(Value::as_str)
            .ok_or("no coordinate")
    };
    let expected_key = format!("04{}{}", coordinate("X")?, coordinate("Y")?);
    same("public key", to_hex(&key.public_key()), expected_key)?;
    let verifying = VerifyingKey::from_sec1_bytes(&key.public_key())?;
    let verify = |label: &str, string_to_sign: &str, signature: &str| -> CaseResult {
        let signature = DerSignature::try_from(unhex(signature)?.as_slice())?;
        verifying
            .verify(string_to_sign.as_bytes(), &signature)
            .map_err(|_| format!("{label} does not verify").into())
    };

    let canonical = headers_canonical_request(v4a, &request, &params);
    intermediate_texts(case, "header", v4a, &params, &canonical)?;
    let text = string_to_sign(v4a, &params, &canonical);
    verify(
        "the suite's signature",
        &text,
        &case.file("header-signature.txt")?,
    )?;
    let signed = sign_v4a(&request, &params, &keys)?;
    verify("our signature", &text, signed.signature().as_str())?;
    let expected = RawRequest::parse(&case.file("header-signed-request.txt")?)?;
    for (name, value) in signed.iter() {
        let expected = expected.header(name).unwrap_or("(missing header)");
        match (
            value.split_once(", Signature="),
            expected.split_once(", Signature="),
        ) {
            (Some((ours, _)), Some((theirs, signature))) => {
                same(name, ours, theirs)?;
                verify("the signed request's signature", &text, signature)?;
            }
            _ => same(name, value, expected)?,
        }
    }
    same(
        "number of headers",
        headers.len() + signed.iter().count(),
        expected.headers.len(),
    )?;

    let canonical = query_canonical_request(v4a, &request, &params, context.expires_in);
    intermediate_texts(case, "query", v4a, &params, &canonical)?;
    let text = string_to_sign(v4a, &params, &canonical);
    verify(
        "query signature of the suite",
        &text,
        &case.file("query-signature.txt")?,
    )?;
    let presigned = presign_v4a(&request, &params, context.expires_in, &keys)?;
    verify("our query signature", &text, presigned.signature().as_str())?;
    let expected = RawRequest::parse(&case.file("query-signed-request.txt")?)?;
    let unsigned = |query: &str| {
        pairs(query)
            .into_iter()
            .filter(|pair| !pair.starts_with("X-Amz-Signature="))
            .collect::<Vec<_>>()
    };
    same(
        "query",
        unsigned(presigned.query()),
        unsigned(&encoded(&expected.query)),
    )
}

fn botocore_case(case: &Case) -> CaseResult {
    let name = case.name();
    let file = |extension: &str| case.file(&format!("{name}.{extension}"));
    let raw = RawRequest::parse(&file("req")?)?;
    let canonical_request = file("creq")?;
    let token = canonical_request
        .lines()
        .find_map(|line| line.strip_prefix("x-amz-security-token:"));
    let headers = raw.headers();
    let request = raw.signable(&headers);
    let credentials = suite_credentials(token);
    let params = SigningParams {
        credentials: &credentials,
        region: "us-east-1",
        service: "service",
        time: Timestamp::new(1_440_938_160, 0).into(),
        settings: SigningSettings::GENERAL,
    };
    let v4 = SigningAlgorithm::HmacSha256;
    let canonical = headers_canonical_request(v4, &request, &params);
    same("canonical request", canonical.as_str(), &canonical_request)?;
    same(
        "string to sign",
        &string_to_sign(v4, &params, &canonical),
        &file("sts")?,
    )?;
    let signed = sign_v4(&request, &params, &SigningKeyCache::default());
    same("authorization", signed.authorization(), &file("authz")?)
}

/// The credentials of the cases without `context.json`.
fn suite_credentials(token: Option<&str>) -> Credentials {
    Credentials::new(
        "AKIDEXAMPLE",
        "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        token,
    )
}

fn intermediate_texts(
    case: &Case,
    prefix: &str,
    algorithm: SigningAlgorithm,
    params: &SigningParams<'_>,
    canonical: &CanonicalRequest,
) -> CaseResult {
    let expected = case.file(&format!("{prefix}-canonical-request.txt"))?;
    same(
        &format!("{prefix} canonical request"),
        canonical.as_str(),
        &expected,
    )?;
    let expected = case.file(&format!("{prefix}-string-to-sign.txt"))?;
    same(
        &format!("{prefix} string to sign"),
        &string_to_sign(algorithm, params, canonical),
        &expected,
    )
}

fn same<T: PartialEq + std::fmt::Debug>(label: &str, ours: T, expected: T) -> CaseResult {
    if ours == expected {
        return Ok(());
    }
    Err(format!("{label} differs\nours:     {ours:#?}\nexpected: {expected:#?}").into())
}

/// Splits a query into sorted parameters; their order has no meaning.
fn pairs(query: &str) -> Vec<String> {
    let mut pairs: Vec<_> = query.split('&').map(str::to_owned).collect();
    pairs.sort();
    pairs
}

/// Encodes characters that the suite leaves unencoded.
fn encoded(query: &str) -> String {
    query.chars().fold(String::new(), |mut out, character| {
        if character.is_ascii() {
            out.push(character);
        } else {
            let mut utf8 = [0; 4];
            out.extend(
                character
                    .encode_utf8(&mut utf8)
                    .bytes()
                    .map(|byte| format!("%{byte:02X}")),
            );
        }
        out
    })
}

fn unhex(text: &str) -> Result<Vec<u8>, Failed> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return Err("odd number of hexadecimal digits".into());
    }
    pairs
        .iter()
        .map(|pair| Ok(u8::from_str_radix(std::str::from_utf8(pair)?, 16)?))
        .collect()
}
