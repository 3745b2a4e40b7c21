//! Whether a body is hashed into the signature.

/// What decides whether a body is hashed into the signature or left out as [`Payload::Unsigned`].
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
    /// Whether the request goes over TLS.
    pub tls: bool,
    /// What the operation says (`unsignedPayload`, `v4-unsigned-body`): `false` where the body is not signed.
    pub operation: bool,
    /// What the user says, by S3's `payload_signing_enabled` setting.
    pub configured: Option<bool>,
    /// Whether the request has the header of its checksum, or `content-md5` where it has no checksum algorithm.
    pub checksum: bool,
    /// Whether the operation's input has a streaming body.
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
    /// The rule of every service but S3: always over plain HTTP, else as the operation says.
    ///
    /// # Source
    /// botocore `auth.py:SigV4Auth._should_sha256_sign_payload`
    #[must_use]
    pub fn general(&self) -> bool {
        !self.tls || self.operation
    }

    /// The rule of S3: TLS and a checksum together protect a streaming body enough.
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

    /// The cases of botocore's `tests/unit/auth/test_signers.py:TestS3SigV4Auth`.
    #[test]
    fn s3() {
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
    fn general() {
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
