//! Checksums of whole objects, from the checksums of their parts.
//!
//! # Source
//! The S3 user guide, "Checking object integrity for data uploads in Amazon S3".

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use inia_core::config::ChecksumMode;
use inia_core::{Error, ErrorKind, Result, Value};
use inia_dispatch::Client;
use inia_dispatch::detail::{Algorithm, Hasher};

use crate::arguments::ExtraArgs;

/// The checksum of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ObjectChecksum {
    pub(crate) algorithm: Algorithm,
    /// True for a checksum of all bytes; false for one of the checksums of the parts.
    pub(crate) is_full_object: bool,
}

/// A checksum of the bytes of a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PartChecksum {
    pub(crate) digest: Vec<u8>,
    pub(crate) length: u64,
}

impl PartChecksum {
    pub(crate) fn of(algorithm: Algorithm, bytes: &[u8]) -> Self {
        let mut hasher = Hasher::new(algorithm);
        hasher.update(bytes);
        PartChecksum {
            digest: hasher.digest(),
            length: bytes.len() as u64,
        }
    }

    /// Returns the checksum in base64.
    pub(crate) fn base64(&self) -> String {
        BASE64_STANDARD.encode(&self.digest)
    }
}

/// Returns the name of the member that holds a checksum, such as `ChecksumCRC32`.
pub(crate) fn member(algorithm: Algorithm) -> String {
    format!("Checksum{}", algorithm.name())
}

impl ObjectChecksum {
    /// Returns the checksum of an upload: as its arguments say, or else CRC-64/NVME of the whole object; `None` if the client calculates
    /// checksums only where they are required.
    ///
    /// DIFFERENCE: boto3 sends CRC-32, and for an upload in parts the composite of their checksums.
    ///
    /// # Errors
    /// `Validation`: the algorithm is not supported.
    pub(crate) fn of_upload(client: &Client, arguments: &ExtraArgs) -> Result<Option<Self>> {
        let given = Algorithm::BY_COST
            .into_iter()
            .find(|algorithm| arguments.get(&member(*algorithm)).is_some());
        let is_full_object = match arguments.str("ChecksumType") {
            Some(kind) => kind.eq_ignore_ascii_case("FULL_OBJECT"),
            None => given.is_some(),
        };
        if let Some(algorithm) = given {
            return Ok(Some(ObjectChecksum {
                algorithm,
                is_full_object,
            }));
        }
        if let Some(name) = arguments.str("ChecksumAlgorithm") {
            let algorithm = Algorithm::from_name(name).ok_or_else(|| {
                let message = format!("the checksum algorithm {name:?} is not supported");
                Error::new(ErrorKind::Validation, message)
            })?;
            return Ok(Some(ObjectChecksum {
                algorithm,
                is_full_object: is_full_object || algorithm == Algorithm::Crc64Nvme,
            }));
        }
        Ok(match client.settings().request_checksum_calculation {
            ChecksumMode::WhenSupported => Some(ObjectChecksum {
                algorithm: Algorithm::Crc64Nvme,
                is_full_object: true,
            }),
            ChecksumMode::WhenRequired => None,
        })
    }

    /// Returns the checksum of a stored object and its value, from the output of `HeadObject` or `GetObject`. A composite checksum has
    /// the suffix `-` and the number of parts.
    pub(crate) fn of_object(output: &Value) -> Option<(Self, String)> {
        Algorithm::BY_COST.into_iter().find_map(|algorithm| {
            let value = output.get(&member(algorithm))?.as_str()?;
            // Some servers return the checksum of another algorithm.
            let digest = value.split('-').next().unwrap_or_default();
            let length = BASE64_STANDARD.decode(digest).ok()?.len();
            if length != Hasher::new(algorithm).digest().len() {
                return None;
            }
            let checksum = ObjectChecksum {
                algorithm,
                is_full_object: !value.contains('-'),
            };
            Some((checksum, value.to_owned()))
        })
    }

    /// Returns the name of the type in parameters.
    pub(crate) fn type_name(self) -> &'static str {
        if self.is_full_object {
            "FULL_OBJECT"
        } else {
            "COMPOSITE"
        }
    }

    /// Returns the checksum of an object in parts, in base64; `None` if it cannot be computed from theirs.
    pub(crate) fn of_parts(self, parts: &[PartChecksum]) -> Option<String> {
        if !self.is_full_object {
            let mut hasher = Hasher::new(self.algorithm);
            for part in parts {
                hasher.update(&part.digest);
            }
            return Some(format!("{}-{}", hasher.finish(), parts.len()));
        }
        let (first, rest) = parts.split_first()?;
        if rest.is_empty() {
            return Some(first.base64());
        }
        let crc = Crc::of(self.algorithm)?;
        let mut combined = crc.read(&first.digest);
        // Most parts have one length.
        let mut shift = (0, 0);
        for part in rest {
            if shift.0 != part.length {
                shift = (part.length, crc.zeros(part.length));
            }
            combined = crc.multiply(shift.1, combined) ^ crc.read(&part.digest);
        }
        Some(BASE64_STANDARD.encode(crc.write(combined)))
    }
}

/// Compares the checksum of an object with the one of a response, if the response has it.
///
/// # Errors
/// `Stream`: they differ.
pub(crate) fn verify(output: &Value, algorithm: Algorithm, expected: &str) -> Result<()> {
    let Some(actual) = output.get(&member(algorithm)).and_then(Value::as_str) else {
        return Ok(());
    };
    if actual == expected {
        return Ok(());
    }
    let message = format!(
        "checksum mismatch: the {} of the data is {expected}, but the stored object has {actual}",
        algorithm.name()
    );
    Err(Error::new(ErrorKind::Stream, message))
}

/// A cyclic redundancy check in reflected form, with all bits set initially and inverted at the end.
#[derive(Clone, Copy)]
struct Crc {
    bits: u32,
    polynomial: u64,
}

impl Crc {
    fn of(algorithm: Algorithm) -> Option<Self> {
        let (bits, polynomial) = match algorithm {
            Algorithm::Crc32 => (32, 0xedb8_8320),
            Algorithm::Crc32c => (32, 0x82f6_3b78),
            Algorithm::Crc64Nvme => (64, 0x9a6c_9329_ac4b_c9b5),
            _ => return None,
        };
        Some(Crc { bits, polynomial })
    }

    fn read(self, digest: &[u8]) -> u64 {
        digest
            .iter()
            .fold(0, |value, byte| value << 8 | u64::from(*byte))
    }

    fn write(self, value: u64) -> Vec<u8> {
        let bytes = value.to_be_bytes();
        let skipped = bytes.len() - self.bits as usize / 8;
        bytes.iter().skip(skipped).copied().collect()
    }

    /// Multiplies two polynomials modulo the check's.
    ///
    /// # Source
    /// zlib `crc32.c:multmodp`.
    fn multiply(self, a: u64, mut b: u64) -> u64 {
        let mut product = 0;
        for bit in (0..self.bits).rev() {
            if a >> bit & 1 == 1 {
                product ^= b;
            }
            b = if b & 1 == 1 {
                b >> 1 ^ self.polynomial
            } else {
                b >> 1
            };
        }
        product
    }

    /// Returns the polynomial that appends as many zero bytes.
    fn zeros(self, bytes: u64) -> u64 {
        let one = 1 << (self.bits - 1);
        let mut power = 1u64 << (self.bits - 2);
        // Eight bits.
        for _ in 0..3 {
            power = self.multiply(power, power);
        }
        let mut result = one;
        let mut left = bytes;
        while left > 0 {
            if left & 1 == 1 {
                result = self.multiply(power, result);
            }
            power = self.multiply(power, power);
            left >>= 1;
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_combine_to_the_checksum_of_the_whole() {
        let data: Vec<u8> = (0..100_003u32).map(|i| (i * 7 + i / 251) as u8).collect();
        for algorithm in [Algorithm::Crc32, Algorithm::Crc32c, Algorithm::Crc64Nvme] {
            let checksum = ObjectChecksum {
                algorithm,
                is_full_object: true,
            };
            let whole = PartChecksum::of(algorithm, &data).base64();
            for size in [1000, 4096, 33_333, 100_003, 200_000] {
                let parts: Vec<PartChecksum> = data
                    .chunks(size)
                    .map(|part| PartChecksum::of(algorithm, part))
                    .collect();
                assert_eq!(checksum.of_parts(&parts).as_ref(), Some(&whole), "{size}");
            }
        }
    }

    #[test]
    fn checksums_of_objects_have_the_length_of_their_algorithm() {
        use inia_core::json;
        let of = |output: Value| ObjectChecksum::of_object(&output).map(|(checksum, _)| checksum);
        let full = |algorithm, is_full_object| {
            Some(ObjectChecksum {
                algorithm,
                is_full_object,
            })
        };
        let crc32 = of(json!({"ChecksumCRC32": "NhCmhg=="}));
        assert_eq!(crc32, full(Algorithm::Crc32, true));
        let parts = of(json!({"ChecksumCRC32": "NhCmhg==-3"}));
        assert_eq!(parts, full(Algorithm::Crc32, false));
        assert_eq!(of(json!({"ChecksumCRC64NVME": "NhCmhg=="})), None);
        assert_eq!(of(json!({"ChecksumCRC32": "?"})), None);
    }

    #[test]
    fn composites_name_the_number_of_parts() {
        let checksum = ObjectChecksum {
            algorithm: Algorithm::Sha256,
            is_full_object: false,
        };
        let parts = ["a", "b"].map(|part| PartChecksum::of(Algorithm::Sha256, part.as_bytes()));
        let digests: Vec<u8> = parts.iter().flat_map(|part| part.digest.clone()).collect();
        let expected = PartChecksum::of(Algorithm::Sha256, &digests).base64();
        assert_eq!(checksum.of_parts(&parts), Some(format!("{expected}-2")));
        let full = ObjectChecksum {
            is_full_object: true,
            ..checksum
        };
        assert_eq!(full.of_parts(&parts), None);
    }
}
