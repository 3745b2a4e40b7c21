//! Signature Version 2 for the query protocol: the signature is a form parameter.
//!
//! ```text
//! StringToSign = HTTP-Verb + '\n' + Host + '\n' + Path + '\n' + name=value pairs, sorted and joined by '&'
//! ```
//!
//! # Source
//! botocore `auth.py:SigV2Auth`

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use inia_core::{Credentials, push_percent_encoded};
use percent_encoding::percent_decode_str;

use crate::canonical::split_pair;
use crate::key::{hmac_sha256, mac};
use crate::params::session_token;
use crate::time::SigningTime;

/// Parameters added by the signer, which are replaced when a request is signed again.
const OWN: [&str; 6] = [
    "AWSAccessKeyId",
    "SignatureVersion",
    "SignatureMethod",
    "Timestamp",
    "SecurityToken",
    "Signature",
];

/// Signs a percent-encoded form (`Action=...&Version=...`), which is the body of a POST or the query string of a GET.
/// Returns the complete form with the parameters of the signature at its end.
///
/// `host` includes the port, as in the URL.
///
/// ```
/// use inia_core::{Credentials, Timestamp};
/// use inia_signing::sign_v2;
///
/// let credentials = Credentials::new("foo", "bar", None);
/// let time = Timestamp::new(1_403_253_623, 0).into();
/// let form = sign_v2("POST", "sdb.amazonaws.com", "/", "Action=ListDomains", &credentials, time);
/// assert!(form.starts_with("Action=ListDomains&AWSAccessKeyId=foo&SignatureVersion=2&SignatureMethod=HmacSHA256"));
/// ```
///
/// # Source
/// botocore `auth.py:SigV2Auth.add_auth`
#[must_use]
pub fn sign_v2(
    method: &str,
    host: &str,
    path: &str,
    form: &str,
    credentials: &Credentials,
    time: SigningTime,
) -> String {
    let mut out = String::with_capacity(form.len() + 256);
    for pair in form
        .split('&')
        .filter(|pair| !pair.is_empty() && !OWN.contains(&split_pair(pair).0))
    {
        out.push_str(pair);
        out.push('&');
    }
    out.push_str("AWSAccessKeyId=");
    push_percent_encoded(&mut out, &credentials.access_key_id);
    out.push_str("&SignatureVersion=2&SignatureMethod=HmacSHA256&Timestamp=");
    push_percent_encoded(&mut out, &time.extended());
    if let Some(token) = session_token(credentials) {
        out.push_str("&SecurityToken=");
        push_percent_encoded(&mut out, token);
    }
    let string_to_sign = string_to_sign(method, host, path, &out);
    let hmac = hmac_sha256(credentials.secret_access_key.expose().as_bytes());
    let signature = BASE64_STANDARD.encode(mac(hmac, string_to_sign.as_bytes()));
    out.push_str("&Signature=");
    push_percent_encoded(&mut out, &signature);
    out
}

fn string_to_sign(method: &str, host: &str, path: &str, form: &str) -> String {
    let path = if path.is_empty() { "/" } else { path };
    let mut out = format!("{method}\n{host}\n{path}\n");
    let mut pairs: Vec<_> = form
        .split('&')
        .map(split_pair)
        .map(|(n, v)| (decode_form(n), decode_form(v)))
        .collect();
    pairs.sort();
    for (at, (name, value)) in pairs.iter().enumerate() {
        if at > 0 {
            out.push('&');
        }
        push_percent_encoded(&mut out, name);
        out.push('=');
        push_percent_encoded(&mut out, value);
    }
    out
}

/// Decodes a form value, in which a plus sign is a space.
fn decode_form(text: &str) -> String {
    let text = text.replace('+', " ");
    percent_decode_str(&text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_values::time;

    const FORM: &str = "Foo=%E2%9C%93";

    /// Cases of botocore's `tests/unit/auth/test_signers.py:TestSigV2`, whose URL has no host.
    #[test]
    fn signs_as_botocore() {
        let credentials = Credentials::new("foo", "bar", None);
        let time = time("20140620T084023Z");
        let post = sign_v2("POST", "", "/", FORM, &credentials, time);
        assert_eq!(
            post,
            "Foo=%E2%9C%93&AWSAccessKeyId=foo&SignatureVersion=2&SignatureMethod=HmacSHA256\
             &Timestamp=2014-06-20T08%3A40%3A23Z&Signature=Tiecw%2Bt51tok4dTT8B4bg47zxHEM%2FKcD55f2%2Fx6K22o%3D"
        );
        let get = sign_v2("GET", "", "", FORM, &credentials, time);
        assert!(
            get.ends_with("&Signature=Un97klqZCONP65bA1%2BIv4H3AcB2I40I4DBvw5ZERFPw%3D"),
            "{get}"
        );
        assert_eq!(sign_v2("POST", "", "/", &post, &credentials, time), post);
    }

    #[test]
    fn sorts_decoded_pairs() {
        let text = string_to_sign("GET", "h:80", "/p", "b=x+y&a.b=1&a=%2F&B=~");
        assert_eq!(text, "GET\nh:80\n/p\nB=~&a=%2F&a.b=1&b=x%20y");
    }

    #[test]
    fn adds_token_of_temporary_credentials() {
        let credentials = Credentials::new("foo", "bar", Some("to/ken"));
        let form = sign_v2("POST", "h", "/", "", &credentials, time("19700101T000000Z"));
        assert!(form.starts_with("AWSAccessKeyId=foo&"));
        assert!(form.contains("&SecurityToken=to%2Fken&Signature="));
    }
}
