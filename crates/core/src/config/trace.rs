//! The Lambda trace header.

use super::setting;
use crate::ports::Env;
use crate::push_percent_encoded_except;

/// Returns the value of the header `X-Amzn-Trace-Id` inside a Lambda function, which Lambda uses to detect recursive invocations, and
/// `None` elsewhere. A request that already has the header keeps it.
///
/// # Source
/// botocore `handlers.py:add_recursion_detection_header`.
#[must_use]
pub fn trace_header(env: &dyn Env) -> Option<String> {
    setting::LAMBDA_FUNCTION_NAME.from_env(env)?;
    let (name, _) = setting::TRACE_ID.from_env(env)?;
    // As it is, with white space.
    let id = env.var(name)?;
    let mut header = String::with_capacity(id.len());
    push_percent_encoded_except(&mut header, &id, |byte| b"=;:+&[]{}\"',".contains(&byte));
    Some(header)
}
