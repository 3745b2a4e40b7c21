//! DPoP proofs, signed with P-256.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use p256::SecretKey;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use p256::elliptic_curve::sec1::ToSec1Point as _;
use p256::pkcs8::DecodePrivateKey as _;
use zeroize::Zeroizing;

use crate::credentials::provider::failed;
use crate::{Result, Timestamp};

/// A P-256 key that signs proofs. Its bytes are zeroed on drop.
pub(in crate::credentials) struct DpopKey(SigningKey);

impl DpopKey {
    /// Parses a key in PEM: `EC PRIVATE KEY` (SEC 1) or `PRIVATE KEY` (PKCS 8).
    pub(in crate::credentials) fn from_pem(pem: &str) -> Result<Self> {
        let mut base64 = Zeroizing::new(String::with_capacity(pem.len()));
        for line in pem.lines().map(str::trim) {
            if !line.starts_with("-----") {
                base64.push_str(line);
            }
        }
        let der = STANDARD.decode(base64.as_bytes()).ok().map(Zeroizing::new);
        let key = der.and_then(|der| {
            SecretKey::from_sec1_der(&der)
                .ok()
                .or_else(|| SecretKey::from_pkcs8_der(&der).ok())
        });
        match key {
            Some(key) => Ok(DpopKey(SigningKey::from(&key))),
            None => Err(failed("the dpopKey is not a P-256 key")),
        }
    }

    /// Returns a proof for a `POST` request to a URL.
    ///
    /// # Source
    /// botocore `credentials.py:_build_dpop_header`.
    pub(in crate::credentials) fn proof(
        &self,
        url: &str,
        now: Timestamp,
        id: &str,
    ) -> Result<String> {
        let point = self.0.verifying_key().as_affine().to_sec1_point(false);
        let (Some(x), Some(y)) = (point.x(), point.y()) else {
            return Err(failed("the dpopKey has no public point"));
        };
        // The same order of members as in botocore.
        let header = format!(
            r#"{{"typ":"dpop+jwt","alg":"ES256","jwk":{{"kty":"EC","x":"{}","y":"{}","crv":"P-256"}}}}"#,
            URL_SAFE_NO_PAD.encode(x),
            URL_SAFE_NO_PAD.encode(y)
        );
        let payload = format!(
            r#"{{"htm":"POST","htu":{},"iat":{},"jti":{}}}"#,
            serde_json::Value::from(url),
            now.seconds(),
            serde_json::Value::from(id)
        );
        let mut proof = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header),
            URL_SAFE_NO_PAD.encode(payload)
        );
        let signature: Signature = self
            .0
            .try_sign(proof.as_bytes())
            .map_err(|_| failed("signing with the dpopKey failed"))?;
        proof.push('.');
        URL_SAFE_NO_PAD.encode_string(signature.to_bytes(), &mut proof);
        Ok(proof)
    }
}

impl std::fmt::Debug for DpopKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DpopKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use p256::ecdsa::VerifyingKey;
    use p256::ecdsa::signature::Verifier as _;
    use p256::pkcs8::EncodePrivateKey as _;

    use super::*;

    /// Returns a key in both formats.
    fn pems() -> [String; 2] {
        let key = SecretKey::from_slice(&[7; 32]).unwrap();
        let pem = |label: &str, der: &[u8]| {
            let body = STANDARD.encode(der);
            let (one, two) = body.split_at(64);
            format!("-----BEGIN {label}-----\n{one}\n{two}\n-----END {label}-----\n")
        };
        [
            pem("EC PRIVATE KEY", &key.to_sec1_der().unwrap()),
            pem("PRIVATE KEY", key.to_pkcs8_der().unwrap().as_bytes()),
        ]
    }

    #[test]
    fn proof_is_signed_by_the_key_in_its_header() {
        for pem in pems() {
            let key = DpopKey::from_pem(&pem).unwrap();
            let proof = key
                .proof(
                    "https://x.example/v1/token",
                    Timestamp::new(1_700_000_000, 5),
                    "id-1",
                )
                .unwrap();
            let parts: Vec<&str> = proof.split('.').collect();
            let [header, payload, signature] = parts.as_slice() else {
                panic!("{proof}");
            };
            let decode = |part: &str| -> serde_json::Value {
                serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
            };
            let header = (decode(header), *header);
            assert_eq!(header.0["typ"], "dpop+jwt");
            assert_eq!(
                decode(payload),
                serde_json::json!({"htm": "POST", "htu": "https://x.example/v1/token", "iat": 1_700_000_000, "jti": "id-1"})
            );
            let jwk = &header.0["jwk"];
            let coordinate =
                |name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap();
            let mut point = vec![4];
            point.extend(coordinate("x"));
            point.extend(coordinate("y"));
            let key = VerifyingKey::from_sec1_bytes(&point).unwrap();
            let signature =
                Signature::from_slice(&URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
            key.verify(format!("{}.{payload}", header.1).as_bytes(), &signature)
                .unwrap();
        }
    }

    #[test]
    fn rejects_invalid_keys_without_quoting_them() {
        for pem in [
            "",
            "hidden",
            "-----BEGIN PRIVATE KEY-----\naGlkZGVu\n-----END PRIVATE KEY-----",
        ] {
            let error = DpopKey::from_pem(pem).unwrap_err();
            assert!(!format!("{error:?}").contains("hidden"));
        }
    }
}
