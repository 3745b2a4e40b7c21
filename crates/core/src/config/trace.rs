//! The Lambda trace header.

use std::fmt::Write as _;

use super::setting;
use crate::ports::Env;

/// Returns the value of the header `X-Amzn-Trace-Id` inside a Lambda function, which Lambda uses to detect recursive invocations, and
/// `None` elsewhere. A request that already has the header keeps it.
///
/// # Source
/// botocore `handlers.py:add_recursion_detection_header`.
#[must_use]
pub fn trace_header(env: &dyn Env) -> Option<String> {
    setting::LAMBDA_FUNCTION_NAME.from_env(env)?;
    let (_, id) = setting::TRACE_ID.from_env(env)?;
    let mut header = String::with_capacity(id.len());
    for byte in id.bytes() {
        if byte.is_ascii_alphanumeric() || b"_.-~=;:+&[]{}\"',".contains(&byte) {
            header.push(char::from(byte));
        } else {
            let _ = write!(header, "%{byte:02X}");
        }
    }
    Some(header)
}
