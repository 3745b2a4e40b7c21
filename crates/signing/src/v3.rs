//! Signature Version 3 over HTTPS, which signs only the date: `signature_version` `v3` and `v3https`.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::credentials::Credentials;
use crate::key::{hmac_sha256, mac};
use crate::time::SigningTime;

/// Returns the headers of Signature Version 3: `date`, `x-amz-security-token` for temporary credentials, and
/// `x-amzn-authorization`. It protects only the date; use it only over TLS.
///
/// # Source
/// botocore `auth.py:SigV3Auth`
#[must_use]
pub fn sign_v3(credentials: &Credentials<'_>, time: SigningTime) -> Vec<(&'static str, String)> {
    let date = time.http_date("GMT");
    let hmac = hmac_sha256(credentials.secret_access_key.as_bytes());
    let signature = BASE64_STANDARD.encode(mac(hmac, date.as_bytes()));
    let key_id = credentials.access_key_id;
    let authorization = format!(
        "AWS3-HTTPS AWSAccessKeyId={key_id},SigningAlgorithm=HmacSHA256,Signature={signature}"
    );
    let mut headers = vec![("date", date)];
    headers.extend(
        credentials
            .token()
            .map(|token| ("x-amz-security-token", token.to_owned())),
    );
    headers.push(("x-amzn-authorization", authorization));
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Case of botocore's `tests/unit/auth/test_signers.py:TestSigV3`.
    #[test]
    fn signs_as_botocore() {
        let time = SigningTime::parse("20051117T184958Z").unwrap();
        assert_eq!(
            sign_v3(&Credentials::new("access_key", "secret_key", None), time),
            [
                ("date", "Thu, 17 Nov 2005 18:49:58 GMT".to_owned()),
                (
                    "x-amzn-authorization",
                    "AWS3-HTTPS AWSAccessKeyId=access_key,SigningAlgorithm=HmacSHA256,\
                     Signature=M245fo86nVKI8rLpH4HgWs841sBTUKuwciiTpjMDgPs="
                        .to_owned()
                ),
            ]
        );
        let headers = sign_v3(&Credentials::new("foo", "bar", Some("baz")), time);
        assert_eq!(headers[1], ("x-amz-security-token", "baz".to_owned()));
    }
}
