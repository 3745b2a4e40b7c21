//! The decision whether a body is hashed into the signature.

/// The inputs that decide whether a body is hashed into the signature or sent as [`Payload::Unsigned`].
///
/// ```
/// use inia_signing::PayloadSigning;
///
/// let upload = PayloadSigning { tls: true, streaming: true, checksum: true, ..PayloadSigning::default() };
/// assert!(!upload.s3());
/// assert!(upload.general());
/// ```
///
/// [`Payload::Unsigned`]: crate::Payload::Unsigned
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PayloadSigning {
    /// `true` if the request is sent over TLS.
    pub tls: bool,
    /// `false` if the operation's definition leaves the body unsigned (`unsignedPayload`, `v4-unsigned-body`).
    pub operation: bool,
    /// The user's S3 setting `payload_signing_enabled`.
    pub configured: Option<bool>,
    /// `true` if the request has a checksum header, or `content-md5` if no checksum algorithm applies.
    pub checksum: bool,
    /// `true` if the operation's input has a streaming body.
    pub streaming: bool,
}

impl Default for PayloadSigning {
    fn default() -> Self {
        Self {
            tls: true,
            operation: true,
            configured: None,
            checksum: false,
            streaming: false,
        }
    }
}

impl PayloadSigning {
    /// Applies the rule of all services except S3: always hashed over plain HTTP, otherwise as the operation defines.
    ///
    /// # Source
    /// botocore `auth.py:SigV4Auth._should_sha256_sign_payload`
    #[must_use]
    pub fn general(&self) -> bool {
        !self.tls || self.operation
    }

    /// Applies the rule of S3: TLS and a checksum are enough protection for a streaming body.
    ///
    /// # Source
    /// botocore `auth.py:S3SigV4Auth._should_sha256_sign_payload`
    #[must_use]
    pub fn s3(&self) -> bool {
        match self.configured {
            Some(configured) => configured,
            None if !self.tls || !self.checksum => true,
            None => !self.streaming && self.general(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cases of botocore's `tests/unit/auth/test_signers.py:TestS3SigV4Auth`.
    #[test]
    fn s3_rule_matches_botocore() {
        let base = PayloadSigning::default();
        for (name, case, expected) in [
            (
                "config true",
                PayloadSigning {
                    configured: Some(true),
                    ..base
                },
                true,
            ),
            (
                "config false",
                PayloadSigning {
                    configured: Some(false),
                    ..base
                },
                false,
            ),
            (
                "no checksum",
                PayloadSigning {
                    streaming: true,
                    ..base
                },
                true,
            ),
            (
                "not https",
                PayloadSigning {
                    tls: false,
                    streaming: true,
                    checksum: true,
                    ..base
                },
                true,
            ),
            (
                "not streaming",
                PayloadSigning {
                    checksum: true,
                    ..base
                },
                true,
            ),
            (
                "checksum",
                PayloadSigning {
                    streaming: true,
                    checksum: true,
                    ..base
                },
                false,
            ),
            (
                "operation",
                PayloadSigning {
                    operation: false,
                    checksum: true,
                    ..base
                },
                false,
            ),
            (
                "operation, http",
                PayloadSigning {
                    tls: false,
                    operation: false,
                    checksum: true,
                    ..base
                },
                true,
            ),
            (
                "operation, no checksum",
                PayloadSigning {
                    operation: false,
                    ..base
                },
                true,
            ),
        ] {
            assert_eq!(case.s3(), expected, "{name}");
        }
    }

    #[test]
    fn general_rule_depends_on_tls_and_operation() {
        let base = PayloadSigning::default();
        assert!(base.general());
        assert!(
            !PayloadSigning {
                operation: false,
                ..base
            }
            .general()
        );
        assert!(
            PayloadSigning {
                operation: false,
                tls: false,
                ..base
            }
            .general()
        );
    }
}
