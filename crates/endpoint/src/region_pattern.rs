//! Region patterns: the `regionRegex` of a partition.
//!
//! All of AWS's patterns have one form, such as `^(us|eu)\-\w+\-\d+$`: a few alternatives, runs of word characters and
//! runs of digits, separated by hyphens. Patterns of this form take a fast path here; all others (a dropped-in file may
//! contain any expression) use a regular expression engine with linear running time.

use inia_core::packed::{Packed, PackedReader, PackedWriter};
use inia_core::{Result, Str};
use regex_lite::{Regex, RegexBuilder};

use inia_core::definition_node::DefinitionNode;

/// A compiled region pattern.
#[derive(Clone, Debug)]
pub(crate) struct RegionPattern {
    source: Str,
    matcher: PatternMatcher,
}

#[derive(Clone, Debug)]
enum PatternMatcher {
    Steps(Box<[PatternStep]>),
    Regex(Regex),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum PatternStep {
    /// A literal string.
    Literal(Box<str>),
    /// One of several strings, none of which is a prefix of another.
    OneOf(Box<[Box<str>]>),
    /// One or more ASCII letters, digits and underscores; never followed by a step that can start with one.
    Words,
    /// One or more ASCII digits; never followed by a step that can start with one.
    Digits,
}

impl RegionPattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// The message of the regular expression engine, if the pattern is invalid or too large.
    pub(crate) fn new(source: &str) -> std::result::Result<Self, String> {
        let matcher = match parse_steps(source) {
            Some(steps) => PatternMatcher::Steps(steps.into_boxed_slice()),
            None => {
                let regex = RegexBuilder::new(&format!("^(?:{source})"))
                    .size_limit(1 << 18)
                    .build();
                PatternMatcher::Regex(regex.map_err(|error| error.to_string())?)
            }
        };
        Ok(Self {
            source: source.into(),
            matcher,
        })
    }

    /// Compiles the pattern of a JSON string.
    pub(crate) fn from_json(node: DefinitionNode<'_, '_>) -> Result<Self> {
        Self::new(node.str()?)
            .map_err(|error| node.error(format!("not a regular expression: {error}")))
    }

    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// Returns whether `region` matches at its start, as Python's `re.match` does.
    ///
    /// DIFFERENCE: only ASCII word characters and digits match.
    pub(crate) fn matches(&self, region: &str) -> bool {
        match &self.matcher {
            PatternMatcher::Steps(steps) => {
                let mut rest = region;
                steps.iter().all(|step| match step.strip(rest) {
                    Some(left) => {
                        rest = left;
                        true
                    }
                    None => false,
                }) && rest.is_empty()
            }
            PatternMatcher::Regex(regex) => regex.is_match(region),
        }
    }
}

impl PartialEq for RegionPattern {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Packed for RegionPattern {
    fn write(&self, out: &mut PackedWriter<'_>) {
        self.source.write(out);
    }

    fn read(reader: &mut PackedReader<'_>) -> Option<Self> {
        RegionPattern::new(&reader.text()?).ok()
    }
}

impl PatternStep {
    /// Strips the prefix of `text` that matches this step and returns the rest, or `None` if it does not match.
    fn strip<'a>(&self, text: &'a str) -> Option<&'a str> {
        let run = |accepts: fn(&u8) -> bool| match text.bytes().position(|b| !accepts(&b)) {
            Some(0) => None,
            Some(end) => text.get(end..),
            None => (!text.is_empty()).then_some(""),
        };
        match self {
            PatternStep::Literal(literal) => text.strip_prefix(&**literal),
            PatternStep::OneOf(choices) => choices
                .iter()
                .find_map(|choice| text.strip_prefix(&**choice)),
            PatternStep::Words => run(is_word),
            PatternStep::Digits => run(u8::is_ascii_digit),
        }
    }

    /// Returns whether a match of this step can start with a character that `run` accepts, which requires backtracking.
    fn could_continue(&self, run: &PatternStep) -> bool {
        let accepted = |text: &str| text.bytes().next().is_none_or(|b| run.accepts(b));
        match self {
            PatternStep::Literal(literal) => accepted(literal),
            PatternStep::OneOf(choices) => choices.iter().any(|choice| accepted(choice)),
            PatternStep::Words | PatternStep::Digits => true,
        }
    }

    fn accepts(&self, byte: u8) -> bool {
        match self {
            PatternStep::Words => is_word(&byte),
            PatternStep::Digits => byte.is_ascii_digit(),
            PatternStep::Literal(_) | PatternStep::OneOf(_) => false,
        }
    }
}

fn is_word(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || *byte == b'_'
}

/// Parses a pattern of the fast path's form into steps. Returns `None` for any other pattern.
fn parse_steps(source: &str) -> Option<Vec<PatternStep>> {
    let mut rest = source.strip_prefix('^')?.strip_suffix('$')?;
    let mut steps: Vec<PatternStep> = Vec::new();
    while !rest.is_empty() {
        if let Some(left) = rest.strip_prefix(r"\w+") {
            steps.push(PatternStep::Words);
            rest = left;
        } else if let Some(left) = rest.strip_prefix(r"\d+") {
            steps.push(PatternStep::Digits);
            rest = left;
        } else if let Some(left) = rest.strip_prefix('(') {
            let (choices, left) = left.split_once(')')?;
            let choices: Vec<Box<str>> = choices.split('|').map(Box::from).collect();
            let plain = |choice: &str| !choice.is_empty() && choice.bytes().all(|b| is_word(&b));
            let starts_another = choices.iter().enumerate().any(|(i, a)| {
                choices
                    .iter()
                    .enumerate()
                    .any(|(j, b)| i != j && b.starts_with(&**a))
            });
            if !choices.iter().all(|choice| plain(choice)) || starts_another {
                return None;
            }
            steps.push(PatternStep::OneOf(choices.into_boxed_slice()));
            rest = left;
        } else {
            let mut literal = String::new();
            while let Some(c) = rest.chars().next() {
                let (c, left) = match rest.strip_prefix(r"\-") {
                    Some(left) => ('-', left),
                    None => (c, rest.strip_prefix(c)?),
                };
                if !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-')) {
                    break;
                }
                literal.push(c);
                rest = left;
            }
            // A quantifier after a literal, or an unsupported element.
            if literal.is_empty() || rest.starts_with(['*', '+', '?', '{', '|']) {
                return None;
            }
            steps.push(PatternStep::Literal(literal.into_boxed_str()));
        }
        if rest.starts_with(['*', '+', '?', '{', '|']) {
            return None;
        }
    }
    let is_run = |step: &PatternStep| matches!(step, PatternStep::Words | PatternStep::Digits);
    let needs_backtracking = steps
        .iter()
        .zip(steps.iter().skip(1))
        .any(|(step, next)| is_run(step) && next.could_continue(step));
    (!needs_backtracking).then_some(steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    const AWS: &str = r"^(us|eu|ap|sa|ca|me|af|il|mx)\-\w+\-\d+$";

    #[test]
    fn aws_patterns_use_the_fast_path() {
        for source in [
            AWS,
            r"^cn\-\w+\-\d+$",
            r"^eusc\-(de)\-\w+\-\d+$",
            r"^us\-iso\-\w+\-\d+$",
            "^us-gov-west-1$",
        ] {
            assert!(parse_steps(source).is_some(), "{source}");
        }
    }

    #[test]
    fn fast_path_matches_like_the_regex_engine() {
        let sources = [
            AWS,
            r"^cn\-\w+\-\d+$",
            r"^eusc\-(de)\-\w+\-\d+$",
            r"^us\-gov\-\w+\-\d+$",
        ];
        let regions = [
            "us-east-1",
            "us-east-10",
            "us-gov-west-1",
            "us-iso-east-1",
            "cn-north-1",
            "eusc-de-east-1",
            "us-east-",
            "us--1",
            "us-east-1a",
            "us-ea_st9-1",
            "xx-east-1",
            "us",
            "",
            "us-east-1 ",
            " us-east-1",
            "aws-global",
        ];
        for source in sources {
            let fast = RegionPattern::new(source).unwrap();
            let engine = Regex::new(source).unwrap();
            for region in regions {
                assert_eq!(
                    fast.matches(region),
                    engine.is_match(region),
                    "{source} {region}"
                );
            }
        }
    }

    #[test]
    fn other_patterns_use_the_regex_engine() {
        for source in [
            "us-east-1",
            r"^us\-\w+1$",
            r"^\w+\d+$",
            r"^(a|ab)\-\d+$",
            r"^us\-(a|b)?\-\d+$",
            r"^us+\-\d+$",
            r"^us\-.*$",
            r"^a|b$",
            "^$|^x$",
            "",
        ] {
            assert!(parse_steps(source).is_none(), "{source}");
            RegionPattern::new(source).unwrap();
        }
        let prefix = RegionPattern::new("us-").unwrap();
        assert!(prefix.matches("us-east-1") && !prefix.matches("xus-east-1"));
        assert!(RegionPattern::new("^a|b$").unwrap().matches("b"));
        assert!(RegionPattern::new("(").is_err());
        assert!(RegionPattern::new(r"\w{1000}{1000}").is_err());
    }
}
