//! Amazon Resource Names.

/// The parts of an ARN: `arn:partition:service:region:account-id:resource`.
///
/// ```
/// use inia_endpoint::Arn;
///
/// let arn = Arn::parse("arn:aws:s3:us-west-2:123456789012:accesspoint:logs").unwrap();
/// assert_eq!(arn.region, "us-west-2");
/// assert_eq!(arn.resource_id().collect::<Vec<_>>(), ["accesspoint", "logs"]);
/// assert!(Arn::parse("arn:aws:s3").is_none());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arn<'a> {
    /// The partition, such as `aws`. Never empty.
    pub partition: &'a str,
    /// The service, such as `s3`. Never empty.
    pub service: &'a str,
    /// The region, empty for global resources.
    pub region: &'a str,
    /// The account, empty if the service omits it.
    pub account_id: &'a str,
    /// The rest after the account, including colons and slashes. Never empty.
    pub resource: &'a str,
}

impl<'a> Arn<'a> {
    /// Parses an ARN. Returns `None` if `text` is not an ARN, or its partition, service or resource is empty.
    ///
    /// # Source
    /// botocore `endpoint_provider.py:RuleSetStandardLibrary.aws_parse_arn`
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        if parts.next() != Some("arn") {
            return None;
        }
        let arn = Self {
            partition: parts.next()?,
            service: parts.next()?,
            region: parts.next()?,
            account_id: parts.next()?,
            resource: parts.next()?,
        };
        let complete =
            !arn.partition.is_empty() && !arn.service.is_empty() && !arn.resource.is_empty();
        complete.then_some(arn)
    }

    /// Returns the parts of the resource, split at every colon and slash.
    pub fn resource_id(&self) -> impl DoubleEndedIterator<Item = &'a str> + use<'a> {
        resource_id(self.resource)
    }
}

pub(crate) fn resource_id(resource: &str) -> impl DoubleEndedIterator<Item = &str> {
    resource.split([':', '/'])
}

/// Returns the part of a resource at `index`: a faster `resource_id(resource).nth(index)` for rule evaluation.
pub(crate) fn resource_part(resource: &str, index: usize) -> Option<&str> {
    let is_delimiter = |byte: &u8| matches!(byte, b':' | b'/');
    let bytes = resource.as_bytes();
    let mut start = 0;
    for _ in 0..index {
        start += bytes.get(start..)?.iter().position(is_delimiter)? + 1;
    }
    let rest = resource.get(start..)?;
    match rest.as_bytes().iter().position(is_delimiter) {
        Some(end) => rest.get(..end),
        None => Some(rest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_arns_like_botocore() {
        let cases: [(&str, Option<[&str; 5]>); 9] = [
            (
                "arn:aws:s3:::bucket/key",
                Some(["aws", "s3", "", "", "bucket/key"]),
            ),
            (
                "arn:aws:kinesis:us-east-1:1234567890:stream/mystream:foo",
                Some([
                    "aws",
                    "kinesis",
                    "us-east-1",
                    "1234567890",
                    "stream/mystream:foo",
                ]),
            ),
            ("arn:aws:this-is-not-an-arn:foo", None),
            ("arn::s3:::bucket", None),
            ("arn:aws::::bucket", None),
            ("arn:aws:s3:::", None),
            ("ARN:aws:s3:::bucket", None),
            ("", None),
            ("arn", None),
        ];
        for (text, expected) in cases {
            let parts = Arn::parse(text)
                .map(|a| [a.partition, a.service, a.region, a.account_id, a.resource]);
            assert_eq!(parts, expected, "{text}");
        }
    }

    #[test]
    fn splits_resource_ids_at_colons_and_slashes() {
        let arn = Arn::parse("arn:aws:kinesis:us-east-1:1:stream/my:foo").unwrap();
        assert_eq!(
            arn.resource_id().collect::<Vec<_>>(),
            ["stream", "my", "foo"]
        );
        assert_eq!(arn.resource_id().next_back(), Some("foo"));
        for resource in ["", "a", "a:b/c", "/é:", "::x"] {
            for index in 0..5 {
                let expected = resource_id(resource).nth(index);
                assert_eq!(
                    resource_part(resource, index),
                    expected,
                    "{resource} {index}"
                );
            }
        }
    }
}
