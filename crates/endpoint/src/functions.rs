//! Functions of the rules engine, on plain values.

/// Returns whether `text` is a host label (1 to 63 letters, digits and inner hyphens) or, if `allow_subdomains`, several
/// host labels joined by dots.
///
/// DIFFERENCE: botocore's pattern also accepts non-ASCII digits and one trailing newline. Neither is valid in a host
/// name, so both are rejected here.
///
/// # Source
/// botocore `endpoint_provider.py:RuleSetStandardLibrary.is_valid_host_label`
pub(crate) fn is_valid_host_label(text: &str, allow_subdomains: bool) -> bool {
    if allow_subdomains {
        text.split('.').all(is_host_label)
    } else {
        is_host_label(text)
    }
}

fn is_host_label(label: &str) -> bool {
    let bytes = label.as_bytes();
    (1..=63).contains(&bytes.len())
        && bytes.first() != Some(&b'-')
        && bytes.last() != Some(&b'-')
        && bytes
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || *b == b'-')
}

/// Returns whether a bucket can be addressed as a virtual host: a host label of at least three characters, without upper
/// case, and not an IPv4 address.
///
/// # Source
/// botocore `endpoint_provider.py:RuleSetStandardLibrary.aws_is_virtual_hostable_s3_bucket`
pub(crate) fn is_virtual_hostable_s3_bucket(bucket: &str, allow_subdomains: bool) -> bool {
    bucket.len() >= 3
        && !bucket.bytes().any(|b| b.is_ascii_uppercase())
        && !is_ipv4(bucket)
        && is_valid_host_label(bucket, allow_subdomains)
}

/// Returns whether `text` has the form of an IPv4 address: four groups of one to three digits. Groups may exceed 255.
///
/// # Source
/// botocore `compat.py:IPV4_RE`
pub(crate) fn is_ipv4(text: &str) -> bool {
    let mut groups = 0;
    text.split('.').all(|group| {
        groups += 1;
        groups <= 4 && (1..=3).contains(&group.len()) && group.bytes().all(|b| b.is_ascii_digit())
    }) && groups == 4
}

/// Returns characters `start..stop` of `text`, counted from the end if `reverse`. Returns `None` if `text` is shorter than
/// `stop` or not ASCII, or the range is empty.
///
/// # Source
/// botocore `endpoint_provider.py:RuleSetStandardLibrary.substring`
pub(crate) fn substring(text: &str, start: usize, stop: usize, reverse: bool) -> Option<&str> {
    if start >= stop || text.len() < stop || !text.is_ascii() {
        return None;
    }
    if reverse {
        text.get(text.len() - stop..text.len() - start)
    } else {
        text.get(start..stop)
    }
}

/// Splits `text` at `delimiter` into at most `limit` parts; a `limit` of 0 means no limit.
///
/// # Source
/// <https://smithy.io/2.0/additional-specs/rules-engine/standard-library.html#split-function>
pub(crate) fn split<'a>(text: &'a str, delimiter: &str, limit: usize) -> Box<[&'a str]> {
    if limit == 0 {
        text.split(delimiter).collect()
    } else {
        text.splitn(limit, delimiter).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_labels() {
        let long = "a".repeat(63);
        let longer = "a".repeat(64);
        let cases = [
            ("a", false, true),
            ("a-b", false, true),
            ("A9", false, true),
            ("", false, false),
            ("-a", false, false),
            ("a-", false, false),
            ("a_b", false, false),
            ("a.b", false, false),
            ("a.b", true, true),
            ("a..b", true, false),
            (".a", true, false),
            ("", true, false),
            ("a\n", false, false),
            ("a\u{0661}", false, false),
            (&long, false, true),
            (&longer, false, false),
        ];
        for (text, subdomains, expected) in cases {
            assert_eq!(
                is_valid_host_label(text, subdomains),
                expected,
                "{text:?} {subdomains}"
            );
        }
    }

    #[test]
    fn virtual_hostable_buckets() {
        let cases = [
            ("mybucket", true),
            ("ab", false),
            ("a.b", true),
            ("my.great.bucket.aws.com", true),
            ("mY.GREAT.bucket.aws.com", false),
            ("192.168.1.1", false),
            ("999.999.999.999", false),
            ("1.2.3.4.5", true),
            ("1.2.3.4444", true),
            ("é.b", false),
        ];
        for (bucket, expected) in cases {
            assert_eq!(
                is_virtual_hostable_s3_bucket(bucket, true),
                expected,
                "{bucket}"
            );
        }
        assert!(!is_virtual_hostable_s3_bucket("a.b", false));
    }

    #[test]
    fn substrings() {
        assert_eq!(substring("abcdefg", 0, 4, false), Some("abcd"));
        assert_eq!(substring("abcdefg", 0, 4, true), Some("defg"));
        assert_eq!(substring("abcdefg", 1, 3, true), Some("ef"));
        assert_eq!(substring("abc", 0, 4, false), None);
        assert_eq!(substring("abc", 2, 2, false), None);
        assert_eq!(substring("abc", 3, 1, false), None);
        assert_eq!(substring("abcd\u{7f}", 0, 5, false), Some("abcd\u{7f}"));
        assert_eq!(substring("aébc", 0, 1, false), None);
    }

    #[test]
    fn splits() {
        assert_eq!(*split("a--b--c", "--", 0), ["a", "b", "c"]);
        assert_eq!(*split("a--b--c", "--", 2), ["a", "b--c"]);
        assert_eq!(*split("a--b--c", "--", 1), ["a--b--c"]);
        assert_eq!(*split("", "--", 0), [""]);
        assert_eq!(*split("----", "--", 0), ["", "", ""]);
        assert_eq!(
            *split("--x-s3--azid--suffix", "--", 2),
            ["", "x-s3--azid--suffix"]
        );
    }
}
