//! Region patterns: the `regionRegex` of a partition.
//!
//! All of AWS's patterns have one form, such as `^(us|eu)\-\w+\-\d+$`: a few alternatives, runs of word characters and
//! runs of digits with hyphens between. That form is matched by the few lines below; anything else (a dropped-in file
//! may hold any expression) goes to a regular expression engine with linear running time.

use regex_lite::{Regex, RegexBuilder};

/// A compiled region pattern.
#[derive(Clone, Debug)]
pub(crate) struct RegionPattern {
    source: Box<str>,
    matcher: Matcher,
}

#[derive(Clone, Debug)]
enum Matcher {
    Steps(Box<[Step]>),
    Regex(Regex),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    /// This text.
    Literal(Box<str>),
    /// One of these texts, none of which is the start of another.
    OneOf(Box<[Box<str>]>),
    /// One or more ASCII letters, digits and underscores; never followed by a step that could start with one.
    Words,
    /// One or more ASCII digits; never followed by a step that could start with one.
    Digits,
}

impl RegionPattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// The engine's own words, where the pattern is not a regular expression.
    pub(crate) fn new(source: &str) -> Result<Self, String> {
        let matcher = match steps(source) {
            Some(steps) => Matcher::Steps(steps.into_boxed_slice()),
            None => {
                let regex = RegexBuilder::new(&format!("^(?:{source})"))
                    .size_limit(1 << 18)
                    .build();
                Matcher::Regex(regex.map_err(|error| error.to_string())?)
            }
        };
        Ok(Self {
            source: source.into(),
            matcher,
        })
    }

    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// Whether a region matches, from its start, as Python's `re.match` would have it.
    ///
    /// DIFFERENCE: word characters and digits are ASCII's.
    pub(crate) fn matches(&self, region: &str) -> bool {
        match &self.matcher {
            Matcher::Steps(steps) => {
                let mut rest = region;
                steps.iter().all(|step| match step.strip(rest) {
                    Some(left) => {
                        rest = left;
                        true
                    }
                    None => false,
                }) && rest.is_empty()
            }
            Matcher::Regex(regex) => regex.is_match(region),
        }
    }
}

impl Step {
    /// What follows the part of `text` that this step takes.
    fn strip<'a>(&self, text: &'a str) -> Option<&'a str> {
        let run = |of: fn(&char) -> bool| {
            let left = text.trim_start_matches(|c| of(&c));
            (left.len() < text.len()).then_some(left)
        };
        match self {
            Step::Literal(literal) => text.strip_prefix(&**literal),
            Step::OneOf(choices) => choices
                .iter()
                .find_map(|choice| text.strip_prefix(&**choice)),
            Step::Words => run(is_word),
            Step::Digits => run(char::is_ascii_digit),
        }
    }

    /// Whether a text that this step takes could start with a character that `run` takes, which would call for
    /// backtracking.
    fn could_continue(&self, run: &Step) -> bool {
        let taken = |text: &str| text.chars().next().is_none_or(|c| run.takes(c));
        match self {
            Step::Literal(literal) => taken(literal),
            Step::OneOf(choices) => choices.iter().any(|choice| taken(choice)),
            Step::Words | Step::Digits => true,
        }
    }

    fn takes(&self, c: char) -> bool {
        match self {
            Step::Words => is_word(&c),
            Step::Digits => c.is_ascii_digit(),
            Step::Literal(_) | Step::OneOf(_) => false,
        }
    }
}

fn is_word(c: &char) -> bool {
    c.is_ascii_alphanumeric() || *c == '_'
}

/// The steps of a pattern in the one simple form; `None` where it has any other.
fn steps(source: &str) -> Option<Vec<Step>> {
    let mut rest = source.strip_prefix('^')?.strip_suffix('$')?;
    let mut steps: Vec<Step> = Vec::new();
    while !rest.is_empty() {
        if let Some(left) = rest.strip_prefix(r"\w+") {
            steps.push(Step::Words);
            rest = left;
        } else if let Some(left) = rest.strip_prefix(r"\d+") {
            steps.push(Step::Digits);
            rest = left;
        } else if let Some(left) = rest.strip_prefix('(') {
            let (choices, left) = left.split_once(')')?;
            let choices: Vec<Box<str>> = choices.split('|').map(Box::from).collect();
            let plain = |choice: &str| !choice.is_empty() && choice.chars().all(|c| is_word(&c));
            let starts_another = choices.iter().enumerate().any(|(i, a)| {
                choices
                    .iter()
                    .enumerate()
                    .any(|(j, b)| i != j && b.starts_with(&**a))
            });
            if !choices.iter().all(|choice| plain(choice)) || starts_another {
                return None;
            }
            steps.push(Step::OneOf(choices.into_boxed_slice()));
            rest = left;
        } else {
            let mut literal = String::new();
            while let Some(c) = rest.chars().next() {
                let (c, left) = match rest.strip_prefix(r"\-") {
                    Some(left) => ('-', left),
                    None => (c, rest.strip_prefix(c)?),
                };
                if !(is_word(&c) || c == '-') {
                    break;
                }
                literal.push(c);
                rest = left;
            }
            // A quantifier after a literal, or anything else than the parts above.
            if literal.is_empty() || rest.starts_with(['*', '+', '?', '{', '|']) {
                return None;
            }
            steps.push(Step::Literal(literal.into_boxed_str()));
        }
        if rest.starts_with(['*', '+', '?', '{', '|']) {
            return None;
        }
    }
    let is_run = |step: &Step| matches!(step, Step::Words | Step::Digits);
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
    fn aws_patterns_take_the_fast_path() {
        for source in [
            AWS,
            r"^cn\-\w+\-\d+$",
            r"^eusc\-(de)\-\w+\-\d+$",
            r"^us\-iso\-\w+\-\d+$",
            "^us-gov-west-1$",
        ] {
            assert!(steps(source).is_some(), "{source}");
        }
    }

    #[test]
    fn fast_path_agrees_with_the_engine() {
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
    fn other_patterns_go_to_the_engine() {
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
            assert!(steps(source).is_none(), "{source}");
            RegionPattern::new(source).unwrap();
        }
        let prefix = RegionPattern::new("us-").unwrap();
        assert!(prefix.matches("us-east-1") && !prefix.matches("xus-east-1"));
        assert!(RegionPattern::new("^a|b$").unwrap().matches("b"));
        assert!(RegionPattern::new("(").is_err());
        assert!(RegionPattern::new(r"\w{1000}{1000}").is_err());
    }
}
