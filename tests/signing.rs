//! The published signing suites, one trial a case:
//!
//! - `v4/...` and `v4a/...`: AWS's signing test suite, from `INIA_CONFORMANCE` or `../shared/conformance`
//! - `botocore/...`: botocore's `tests/unit/auth/aws4_testsuite`, from `INIA_PEERS` or `target/peers`
//!
//! See `tests/support/mod.rs` for how a suite runs, and what happens where its data is not at hand.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use inia_signing::{
    AsymmetricKey, CanonicalRequest, ContentSha256, Credentials, PathEncoding, Payload,
    SessionTokenMode, SignableRequest, SigningAlgorithm, SigningKeyCache, SigningParams,
    SigningSettings, SigningTime, headers_canonical_request, presign_v4, presign_v4a,
    query_canonical_request, sign_v4, sign_v4a, string_to_sign,
};
use libtest_mimic::Failed;
use p256::ecdsa::signature::Verifier;
use p256::ecdsa::{DerSignature, VerifyingKey};
use serde_json::Value;

type Outcome = Result<(), Failed>;

fn main() -> ExitCode {
    let conformance = support::conformance_dir("signing");
    let aws = |folder: &str| conformance.as_ref().map(|signing| signing.join(folder));
    let mut cases = Vec::new();
    cases.extend(suite("v4", aws("v4"), "request.txt", v4_case));
    cases.extend(suite("v4a", aws("v4a"), "request.txt", v4a_case));
    cases.extend(suite("botocore", botocore_suite(), ".req", botocore_case));
    support::run("signing", cases)
}

/// `tests/unit/auth/aws4_testsuite` of whichever botocore is there.
fn botocore_suite() -> Option<PathBuf> {
    let peers = fs::read_dir(support::peers_dir()?).ok()?.flatten();
    let botocore = peers.map(|entry| entry.path()).find(|path| {
        path.file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with("botocore-"))
    })?;
    Some(botocore.join("tests/unit/auth/aws4_testsuite"))
}

/// A case for each folder below `root` that has a file whose name ends like `marker`.
fn suite(
    name: &str,
    root: Option<PathBuf>,
    marker: &str,
    check: fn(&Case) -> Outcome,
) -> Vec<support::Case> {
    let mut folders = BTreeSet::new();
    if let Some(root) = &root {
        collect_cases(root, marker, &mut folders);
    }
    if folders.is_empty() {
        return vec![support::Case::absent(name)];
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

fn collect_cases(folder: &Path, marker: &str, found: &mut BTreeSet<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect_cases(&path, marker, found);
        } else if entry.file_name().to_string_lossy().ends_with(marker) {
            found.insert(folder.to_owned());
        }
    }
}

/// A case: a folder of expectations.
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

    /// A file that must be there.
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

/// A request as the suites write it: not always valid HTTP.
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
                // A line that starts with white space continues the one before.
                (_, Some((_, value))) if line.starts_with(' ') => {
                    value.push('\n');
                    value.push_str(line);
                }
                (Some((name, value)), _) => headers.push((name.to_lowercase(), value.to_owned())),
                (None, _) => return Err(format!("not a header: {line}").into()),
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

    fn header(&self, wanted: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(name, _)| name == wanted)
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

/// What `context.json` says.
struct Context {
    access_key_id: String,
    secret_access_key: String,
    token: Option<String>,
    region: String,
    service: String,
    time: SigningTime,
    settings: SigningSettings,
    expires_in: u64,
}

impl Context {
    fn read(case: &Case) -> Result<Self, Failed> {
        let json: Value = serde_json::from_str(&case.file("context.json")?)?;
        let text = |pointer: &str| {
            json.pointer(pointer)
                .and_then(Value::as_str)
                .map(str::to_owned)
                .ok_or_else(|| format!("no {pointer}"))
        };
        let flag = |name: &str| json.get(name).and_then(Value::as_bool).unwrap_or_default();
        let time: String = text("/timestamp")?
            .chars()
            .filter(|c| !matches!(c, '-' | ':'))
            .collect();
        Ok(Self {
            access_key_id: text("/credentials/access_key_id")?,
            secret_access_key: text("/credentials/secret_access_key")?,
            token: text("/credentials/token").ok(),
            region: text("/region")?,
            service: text("/service")?,
            time: SigningTime::parse(&time).ok_or("not a time")?,
            settings: SigningSettings {
                // The suite's paths are as they go on the wire.
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
        let credentials = Credentials::new(
            &self.access_key_id,
            &self.secret_access_key,
            self.token.as_deref(),
        );
        SigningParams {
            credentials,
            region: &self.region,
            service: &self.service,
            time: self.time,
            settings: self.settings,
        }
    }
}

fn v4_case(case: &Case) -> Outcome {
    if !case.has("context.json") {
        return v4_double_encoding_case(case);
    }
    let context = Context::read(case)?;
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
            expected.header(name).unwrap_or("(no such header)"),
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

    // The path is encoded a second time only where it was encoded once.
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

/// Two older cases, which have no context: paths that are encoded on the wire already.
fn v4_double_encoding_case(case: &Case) -> Outcome {
    let raw = RawRequest::parse(&case.file("request.txt")?)?;
    let expected = case.file("header-canonical-request.txt")?;
    let time = expected
        .lines()
        .find_map(|line| line.strip_prefix("x-amz-date:"))
        .ok_or("no date")?;
    let headers = raw.headers();
    let request = raw.signable(&headers);
    let params = SigningParams {
        credentials: Credentials::new(
            "AKIDEXAMPLE",
            "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            None,
        ),
        region: "us-east-2",
        service: "lambda",
        time: SigningTime::parse(time).ok_or("not a time")?,
        settings: SigningSettings::GENERAL,
    };
    let canonical = headers_canonical_request(SigningAlgorithm::HmacSha256, &request, &params);
    same("canonical request", canonical.as_str(), &expected)?;
    // The other case's signed request is of another day and other credentials than its canonical request.
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

fn v4a_case(case: &Case) -> Outcome {
    let context = Context::read(case)?;
    let raw = RawRequest::parse(&case.file("request.txt")?)?;
    let headers = raw.headers();
    let request = raw.signable(&headers);
    let params = context.params();
    let keys = SigningKeyCache::default();
    let v4a = SigningAlgorithm::EcdsaP256Sha256;

    let key = AsymmetricKey::derive(&context.access_key_id, &context.secret_access_key)?;
    let public: Value = serde_json::from_str(&case.file("public-key.json")?)?;
    let coordinate = |name: &str| {
        public
            .get(name)
            .and_then(Value::as_str)
            .ok_or("no coordinate")
    };
    let expected_key = format!("04{}{}", coordinate("X")?, coordinate("Y")?);
    same("public key", hex(&key.public_key()), expected_key)?;
    let verifying = VerifyingKey::from_sec1_bytes(&key.public_key())?;
    let verify = |what: &str, string_to_sign: &str, signature: &str| -> Outcome {
        let signature = DerSignature::try_from(unhex(signature)?.as_slice())?;
        verifying
            .verify(string_to_sign.as_bytes(), &signature)
            .map_err(|_| format!("{what} does not verify").into())
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
        let expected = expected.header(name).unwrap_or("(no such header)");
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
        "the suite's query signature",
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

fn botocore_case(case: &Case) -> Outcome {
    let name = case.name();
    let file = |extension: &str| case.file(&format!("{name}.{extension}"));
    let raw = RawRequest::parse(&file("req")?)?;
    let canonical_request = file("creq")?;
    let token = canonical_request
        .lines()
        .find_map(|line| line.strip_prefix("x-amz-security-token:"));
    let headers = raw.headers();
    let request = raw.signable(&headers);
    let params = SigningParams {
        credentials: Credentials::new(
            "AKIDEXAMPLE",
            "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            token,
        ),
        region: "us-east-1",
        service: "service",
        time: SigningTime::parse("20150830T123600Z").ok_or("not a time")?,
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

fn intermediate_texts(
    case: &Case,
    place: &str,
    algorithm: SigningAlgorithm,
    params: &SigningParams<'_>,
    canonical: &CanonicalRequest,
) -> Outcome {
    let expected = case.file(&format!("{place}-canonical-request.txt"))?;
    same(
        &format!("{place} canonical request"),
        canonical.as_str(),
        &expected,
    )?;
    let expected = case.file(&format!("{place}-string-to-sign.txt"))?;
    same(
        &format!("{place} string to sign"),
        &string_to_sign(algorithm, params, canonical),
        &expected,
    )
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, ours: T, expected: T) -> Outcome {
    if ours == expected {
        return Ok(());
    }
    Err(format!("{what} differs\nours:     {ours:#?}\nexpected: {expected:#?}").into())
}

/// The order of parameters in a presigned URL has no meaning.
fn pairs(query: &str) -> Vec<String> {
    let mut pairs: Vec<_> = query.split('&').map(str::to_owned).collect();
    pairs.sort();
    pairs
}

/// The suite leaves characters raw that we send encoded.
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

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Result<Vec<u8>, Failed> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return Err("an odd number of digits".into());
    }
    pairs
        .iter()
        .map(|pair| Ok(u8::from_str_radix(std::str::from_utf8(pair)?, 16)?))
        .collect()
}
