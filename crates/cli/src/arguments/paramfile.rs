//! Option values from files: `file://F` for text and `fileb://F` for bytes.

use crate::paths;
use crate::status::CliError;

/// Text of an option: literal, or the contents of the file it names.
#[derive(Debug)]
pub(crate) enum ArgumentText {
    /// Literal text or the contents of a `file://` path.
    Plain(String),
    /// Contents of a `fileb://` path.
    Bytes(Vec<u8>),
}

impl ArgumentText {
    /// Reads the file of a `file://` or `fileb://` path. Any other text is literal.
    ///
    /// # Source
    /// The AWS CLI, `paramfile.py:get_file`.
    pub(super) fn load(text: &str) -> Result<Self, CliError> {
        let read = |path: &str| {
            std::fs::read(paths::expand(path))
                .map_err(|error| CliError::usage(format!("{text}: cannot read the file: {error}")))
        };
        if let Some(path) = text.strip_prefix("fileb://") {
            return read(path).map(ArgumentText::Bytes);
        }
        let Some(path) = text.strip_prefix("file://") else {
            return Ok(ArgumentText::Plain(text.to_owned()));
        };
        match String::from_utf8(read(path)?) {
            Ok(contents) => Ok(ArgumentText::Plain(contents)),
            Err(_) => Err(CliError::usage(format!(
                "{text}: the file is not UTF-8; use fileb:// for binary data"
            ))),
        }
    }

    /// Returns the raw bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            ArgumentText::Plain(text) => text.as_bytes(),
            ArgumentText::Bytes(bytes) => bytes,
        }
    }
}

/// Options whose value is never read from a file, since it is a URL or a text that may look like one: service and option.
///
/// # Source
/// The AWS CLI, `paramfile.py:PARAMFILE_DISABLED`.
const LITERAL: &[(&str, &[&str])] = &[
    ("apigateway", &["uri"]),
    ("apigatewayv2", &["integration-uri", "target"]),
    ("appstream", &["feedback-url", "redirect-url"]),
    (
        "cloudformation",
        &[
            "schema-handler-package",
            "stack-policy-during-update-url",
            "stack-policy-url",
            "template-url",
        ],
    ),
    ("comprehend", &["text", "text-list"]),
    ("emr", &["idp-auth-url"]),
    ("guardduty", &["location"]),
    ("iam", &["url"]),
    ("iot", &["document-source"]),
    ("machinelearning", &["predict-endpoint"]),
    (
        "mediatailor",
        &[
            "ad-decision-server-url",
            "slate-ad-url",
            "video-content-source-url",
        ],
    ),
    ("rds", &["pre-signed-url"]),
    ("s3", &["website-redirect-location"]),
    (
        "sagemaker",
        &["additional-code-repositories", "default-code-repository"],
    ),
    (
        "serverlessrepo",
        &[
            "home-page-url",
            "license-url",
            "readme-url",
            "source-code-url",
            "template-url",
        ],
    ),
    ("servicecatalog", &["support-url"]),
    (
        "ses",
        &["failure-redirection-url", "success-redirection-url"],
    ),
    ("sns", &["endpoint", "notification-endpoint"]),
    ("sqs", &["queue-url"]),
    ("translate", &["text"]),
    ("workdocs", &["endpoint", "notification-endpoint"]),
];

/// Reports whether the value of an option is always literal.
pub(super) fn is_literal(service: &str, option: &str) -> bool {
    LITERAL
        .iter()
        .any(|(of_service, options)| *of_service == service && options.contains(&option))
}
