//! Texts into an archive: the dictionary that makes all of them short, and their codes by it.

use std::collections::HashMap;
use std::ops::Range;

use super::writer::Writer;
use crate::packed::words::{FIRST, LITERAL};

/// Where an encoder's texts go: counted the first time, coded the second.
pub(super) trait Texts {
    fn text(&mut self, text: &str, out: &mut Writer);
}

/// Counts texts, and makes the dictionary.
#[derive(Debug, Default)]
pub(super) struct Counter(HashMap<Box<str>, u64>);

impl Texts for Counter {
    fn text(&mut self, text: &str, _out: &mut Writer) {
        match self.0.get_mut(text) {
            Some(count) => *count += 1,
            None => {
                self.0.insert(text.into(), 1);
            }
        }
    }
}

/// Codes texts by a dictionary.
#[derive(Debug)]
pub(super) struct Coder {
    words: Vec<String>,
    numbers: HashMap<String, usize>,
    /// The codes of every text so far: most texts occur again and again.
    coded: HashMap<Box<str>, Vec<u8>>,
}

/// How many parts the longest word is made of, whole texts aside.
const LONGEST: usize = 6;

impl Counter {
    /// The dictionary that makes all counted texts short.
    ///
    /// Every run of parts that occurs often enough to pay for its entry is a candidate; each text is then spelt in the
    /// shortest way, and candidates that hardly any spelling uses are dropped.
    pub(super) fn into_coder(self) -> Coder {
        let mut texts: Vec<(Box<str>, u64)> = self.0.into_iter().collect();
        texts.sort();
        let texts: Vec<Text<'_>> = texts
            .iter()
            .map(|(text, count)| Text::new(text, *count))
            .collect();
        let mut uses: HashMap<&str, Use> = HashMap::new();
        for text in &texts {
            text.each_run(|run, parts| uses.entry(run).or_default().add(text.count, parts));
        }
        uses.retain(|run, found| found.pays(run));
        for _ in 0..2 {
            let mut used: HashMap<&str, Use> = HashMap::with_capacity(uses.len());
            for text in &texts {
                text.spell(
                    |run| uses.contains_key(run).then_some(2),
                    |run, parts| {
                        used.entry(run).or_default().add(text.count, parts);
                    },
                );
            }
            used.retain(|run, found| uses.contains_key(run) && found.pays(run));
            uses = used;
        }
        let mut words: Vec<(u64, &str)> = uses
            .iter()
            .map(|(word, found)| (found.count, *word))
            .collect();
        words.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
        let words: Vec<String> = words.into_iter().map(|(_, word)| word.to_owned()).collect();
        let numbers = words.iter().cloned().zip(FIRST..).collect();
        Coder {
            words,
            numbers,
            coded: HashMap::new(),
        }
    }
}

impl Coder {
    /// Writes the dictionary.
    pub(super) fn write(&self, out: &mut Writer) {
        out.records(self.words.iter().map(String::as_bytes));
    }

    fn code(&self, text: &str, out: &mut Writer) {
        let mut codes: Vec<Result<usize, Range<usize>>> = Vec::new();
        let mut position = 0;
        Text::new(text, 1).spell(
            |run| self.numbers.get(run).map(|number| code_length(*number)),
            |run, _| {
                let start = position;
                position += run.len();
                match (self.numbers.get(run), codes.last_mut()) {
                    (Some(number), _) => codes.push(Ok(*number)),
                    // Two literals in a row are one.
                    (None, Some(Err(before))) => before.end = position,
                    (None, _) => codes.push(Err(start..position)),
                }
            },
        );
        let Some(last) = codes.len().checked_sub(1) else {
            return out.number(0);
        };
        for (index, code) in codes.into_iter().enumerate() {
            let more = usize::from(index < last);
            match code {
                Ok(number) => out.size(number << 1 | more),
                Err(literal) => {
                    out.size(LITERAL << 1 | more);
                    out.block(text.get(literal).unwrap_or_default().as_bytes());
                }
            }
        }
    }
}

impl Texts for Coder {
    fn text(&mut self, text: &str, out: &mut Writer) {
        if let Some(codes) = self.coded.get(text) {
            out.bytes.extend_from_slice(codes);
            return;
        }
        let mut codes = Writer::default();
        self.code(text, &mut codes);
        out.bytes.extend_from_slice(&codes.bytes);
        self.coded.insert(text.into(), codes.bytes);
    }
}

fn code_length(number: usize) -> usize {
    match number {
        0..64 => 1,
        64..8192 => 2,
        _ => 3,
    }
}

/// How often a run of parts is used, and how many parts it has.
#[derive(Clone, Copy, Debug, Default)]
struct Use {
    count: u64,
    parts: usize,
}

impl Use {
    fn add(&mut self, count: u64, parts: usize) {
        self.count += count;
        self.parts = parts;
    }

    /// Whether an entry costs less than spelling its parts out each time.
    fn pays(&self, run: &str) -> bool {
        let entry = run.len() as u64 + 2;
        let saved = match self.parts {
            0 | 1 => run.len() as u64,
            parts => 2 * (parts as u64 - 1),
        };
        self.count > 1 && self.count * saved > entry
    }
}

/// A text and where its parts end.
struct Text<'t> {
    text: &'t str,
    count: u64,
    ends: Vec<usize>,
}

impl<'t> Text<'t> {
    fn new(text: &'t str, count: u64) -> Self {
        Text {
            text,
            count,
            ends: part_ends(text),
        }
    }

    fn run(&self, from: usize, to: usize) -> &'t str {
        let start = from
            .checked_sub(1)
            .and_then(|before| self.ends.get(before))
            .copied()
            .unwrap_or(0);
        let end = self.ends.get(to).copied().unwrap_or(start);
        self.text.get(start..end).unwrap_or_default()
    }

    /// Calls with every run of at most [`LONGEST`] parts, and with the whole.
    fn each_run(&self, mut each: impl FnMut(&'t str, usize)) {
        let parts = self.ends.len();
        for from in 0..parts {
            for to in from..parts.min(from + LONGEST) {
                each(self.run(from, to), to - from + 1);
            }
        }
        if parts > LONGEST {
            each(self.text, parts);
        }
    }

    /// Calls with the runs of the shortest spelling; `cost` is a run's code in bytes, where it has one.
    fn spell(&self, cost: impl Fn(&str) -> Option<usize>, mut each: impl FnMut(&'t str, usize)) {
        let parts = self.ends.len();
        if parts > LONGEST && cost(self.text).is_some() {
            return each(self.text, parts);
        }
        // best[i]: the cost of the parts from i to the end, and where the run that begins there ends.
        let mut best = vec![(0, 0); parts + 1];
        for from in (0..parts).rev() {
            let mut shortest = (usize::MAX, from);
            for to in from..parts.min(from + LONGEST) {
                let run = self.run(from, to);
                let own = match cost(run) {
                    Some(cost) => cost,
                    None if to == from => run.len() + 2,
                    None => continue,
                };
                let total = own + best.get(to + 1).map_or(0, |(cost, _)| *cost);
                if total < shortest.0 {
                    shortest = (total, to);
                }
            }
            if let Some(slot) = best.get_mut(from) {
                *slot = shortest;
            }
        }
        let mut from = 0;
        while let Some(&(_, to)) = best.get(from).filter(|_| from < parts) {
            each(self.run(from, to), to - from + 1);
            from = to + 1;
        }
    }
}

/// Where the parts of a text end: capitalised words, acronyms, runs of digits and of anything else.
fn part_ends(text: &str) -> Vec<usize> {
    #[derive(Clone, Copy, PartialEq)]
    enum Class {
        Small,
        Capital,
        Digit,
        Other,
    }
    let classes: Vec<(usize, Class)> = text
        .char_indices()
        .map(|(position, character)| {
            let class = match character {
                'a'..='z' => Class::Small,
                'A'..='Z' => Class::Capital,
                '0'..='9' => Class::Digit,
                _ => Class::Other,
            };
            (position, class)
        })
        .collect();
    let mut ends = Vec::new();
    for window in classes.windows(2) {
        let [(_, before), (position, class)] = window else {
            continue;
        };
        let after = text
            .get(position + 1..)
            .and_then(|rest| rest.chars().next());
        let starts_word = *class == Class::Capital && after.is_some_and(|c| c.is_ascii_lowercase());
        let continues_word = *before == Class::Capital && *class == Class::Small;
        if (before != class && !continues_word) || (before == class && starts_word) {
            ends.push(*position);
        }
    }
    if !text.is_empty() {
        ends.push(text.len());
    }
    ends
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packed::bytes::Reader;
    use crate::packed::words::Words;

    #[test]
    fn parts_are_words() {
        for (text, parts) in [
            ("", &[][..]),
            ("DescribeDBInstances", &["Describe", "DB", "Instances"]),
            ("listVPCs", &["list", "VP", "Cs"]),
            (
                "/2015-03-31/{Name}",
                &["/", "2015", "-", "03", "-", "31", "/{", "Name", "}"],
            ),
            ("ünder A", &["ü", "nder", " ", "A"]),
        ] {
            let mut start = 0;
            let found: Vec<&str> = part_ends(text)
                .into_iter()
                .map(|end| text.get(std::mem::replace(&mut start, end)..end).unwrap())
                .collect();
            assert_eq!(found, parts, "{text}");
        }
    }

    #[test]
    fn texts_come_back() {
        let long = "Word".repeat(100);
        let texts = [
            "",
            "Name",
            "NameName",
            "ListQueues",
            "ListQueuesRequest",
            "ListTopicsRequest",
            "éß",
            "a b",
            "x",
            &long,
            "listQueues",
        ];
        let mut counter = Counter::default();
        for text in texts.iter().chain(&["Name", "Name", "ListQueues"]) {
            counter.text(text, &mut Writer::default());
        }
        let mut coder = counter.into_coder();
        let mut writer = Writer::default();
        coder.write(&mut writer);
        for text in texts.iter().chain(&["never counted", "NameListé"]) {
            coder.text(text, &mut writer);
        }
        let mut reader = Reader::new(writer.bytes.leak());
        let words = Words::read(&mut reader).unwrap();
        for text in texts.iter().chain(&["never counted", "NameListé"]) {
            assert_eq!(words.text(&mut reader).unwrap(), *text);
        }
        assert!(words.text(&mut reader).is_none());
    }
}
