//! Builds the dictionary and encodes texts with it.

use std::collections::HashMap;
use std::ops::Range;

use inia_core::packed::{FIRST_WORD_CODE, LITERAL_CODE, PackedWriter, TextSink};

/// Counts texts and builds the dictionary.
#[derive(Debug, Default)]
pub(super) struct TextCounter(HashMap<Box<str>, u64>);

impl TextSink for TextCounter {
    fn text(&mut self, text: &str, _out: &mut PackedWriter<'_>) {
        match self.0.get_mut(text) {
            Some(count) => *count += 1,
            None => {
                self.0.insert(text.into(), 1);
            }
        }
    }
}

/// Encodes texts with a dictionary.
#[derive(Debug)]
pub(super) struct TextEncoder {
    words: Vec<String>,
    indexes: HashMap<String, usize>,
    /// Encoded texts, since most texts occur repeatedly.
    encoded: HashMap<Box<str>, Vec<u8>>,
}

/// Maximum number of parts in a word, other than a whole text.
const MAX_PARTS: usize = 6;

impl TextCounter {
    /// Builds a dictionary that minimises the size of the counted texts.
    ///
    /// Every run of parts that is frequent enough to pay for its entry is a candidate; each text is then encoded in the
    /// shortest way, and candidates that are hardly used are dropped.
    pub(super) fn into_encoder(self) -> TextEncoder {
        let mut texts: Vec<(Box<str>, u64)> = self.0.into_iter().collect();
        texts.sort();
        let texts: Vec<SplitText<'_>> = texts
            .iter()
            .map(|(text, count)| SplitText::new(text, *count))
            .collect();
        let mut uses: HashMap<&str, RunUsage> = HashMap::new();
        for text in &texts {
            text.each_run(|run, parts| uses.entry(run).or_default().add(text.count, parts));
        }
        uses.retain(|run, usage| usage.pays_off(run));
        for _ in 0..2 {
            let mut used: HashMap<&str, RunUsage> = HashMap::with_capacity(uses.len());
            for text in &texts {
                text.shortest_encoding(
                    |run| uses.contains_key(run).then_some(2),
                    |run, parts| {
                        used.entry(run).or_default().add(text.count, parts);
                    },
                );
            }
            used.retain(|run, usage| uses.contains_key(run) && usage.pays_off(run));
            uses = used;
        }
        let mut words: Vec<(u64, &str)> = uses
            .iter()
            .map(|(word, usage)| (usage.count, *word))
            .collect();
        words.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
        let words: Vec<String> = words.into_iter().map(|(_, word)| word.to_owned()).collect();
        let indexes = words.iter().cloned().zip(FIRST_WORD_CODE..).collect();
        TextEncoder {
            words,
            indexes,
            encoded: HashMap::new(),
        }
    }
}

impl TextEncoder {
    /// Writes the dictionary.
    pub(super) fn write(&self, out: &mut PackedWriter<'_>) {
        out.records(self.words.iter());
    }

    fn code(&self, text: &str, out: &mut PackedWriter<'_>) {
        let mut codes: Vec<Result<usize, Range<usize>>> = Vec::new();
        let mut position = 0;
        SplitText::new(text, 1).shortest_encoding(
            |run| self.indexes.get(run).map(|index| code_length(*index)),
            |run, _| {
                let start = position;
                position += run.len();
                match (self.indexes.get(run), codes.last_mut()) {
                    (Some(index), _) => codes.push(Ok(*index)),
                    // Adjacent literals are merged.
                    (None, Some(Err(before))) => before.end = position,
                    (None, _) => codes.push(Err(start..position)),
                }
            },
        );
        let Some(last) = codes.len().checked_sub(1) else {
            return out.size(0);
        };
        for (index, code) in codes.into_iter().enumerate() {
            let more = usize::from(index < last);
            match code {
                Ok(index) => out.size(index << 1 | more),
                Err(literal) => {
                    out.size(LITERAL_CODE << 1 | more);
                    out.block(text.get(literal).unwrap_or_default().as_bytes());
                }
            }
        }
    }
}

impl TextSink for TextEncoder {
    fn text(&mut self, text: &str, out: &mut PackedWriter<'_>) {
        if let Some(codes) = self.encoded.get(text) {
            out.bytes.extend_from_slice(codes);
            return;
        }
        let mut codes = PackedWriter::default();
        self.code(text, &mut codes);
        out.bytes.extend_from_slice(&codes.bytes);
        self.encoded.insert(text.into(), codes.bytes);
    }
}

fn code_length(index: usize) -> usize {
    match index {
        0..64 => 1,
        64..8192 => 2,
        _ => 3,
    }
}

/// Frequency of a run of parts, and its number of parts.
#[derive(Clone, Copy, Debug, Default)]
struct RunUsage {
    count: u64,
    parts: usize,
}

impl RunUsage {
    fn add(&mut self, count: u64, parts: usize) {
        self.count += count;
        self.parts = parts;
    }

    /// Returns whether a dictionary entry is smaller than encoding the parts of each occurrence.
    fn pays_off(&self, run: &str) -> bool {
        let entry = run.len() as u64 + 2;
        let saved = match self.parts {
            0 | 1 => run.len() as u64,
            parts => 2 * (parts as u64 - 1),
        };
        self.count > 1 && self.count * saved > entry
    }
}

/// A text and the end positions of its parts.
struct SplitText<'t> {
    text: &'t str,
    count: u64,
    ends: Vec<usize>,
}

impl<'t> SplitText<'t> {
    fn new(text: &'t str, count: u64) -> Self {
        SplitText {
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

    /// Calls `each` with every run of at most [`MAX_PARTS`] parts, and with the whole text.
    fn each_run(&self, mut each: impl FnMut(&'t str, usize)) {
        let parts = self.ends.len();
        for from in 0..parts {
            for to in from..parts.min(from + MAX_PARTS) {
                each(self.run(from, to), to - from + 1);
            }
        }
        if parts > MAX_PARTS {
            each(self.text, parts);
        }
    }

    /// Calls `each` with the runs of the shortest encoding; `cost` returns the size of a run's code in bytes, if it has
    /// one.
    fn shortest_encoding(
        &self,
        cost: impl Fn(&str) -> Option<usize>,
        mut each: impl FnMut(&'t str, usize),
    ) {
        let parts = self.ends.len();
        if parts > MAX_PARTS && cost(self.text).is_some() {
            return each(self.text, parts);
        }
        // best[i]: cost of the parts from i to the end, and the last part of the run that starts at i.
        let mut best = vec![(0, 0); parts + 1];
        for from in (0..parts).rev() {
            let mut shortest = (usize::MAX, from);
            for to in from..parts.min(from + MAX_PARTS) {
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

/// Returns the end positions of the parts of a text: capitalised words, acronyms, digits, and other characters.
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
    use inia_core::packed::PackedReader;

    #[test]
    fn splits_text_into_words() {
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
    fn decodes_encoded_texts() {
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
        let mut counter = TextCounter::default();
        for text in texts.iter().chain(&["Name", "Name", "ListQueues"]) {
            counter.text(text, &mut PackedWriter::default());
        }
        let mut encoder = counter.into_encoder();
        let mut writer = PackedWriter::default();
        encoder.write(&mut writer);
        for text in texts.iter().chain(&["never counted", "NameListé"]) {
            encoder.text(text, &mut writer);
        }
        let mut reader = PackedReader::new(writer.bytes.leak());
        let words = reader.words().unwrap();
        let mut reader = PackedReader::with_dictionary(reader.rest(), words);
        for text in texts.iter().chain(&["never counted", "NameListé"]) {
            assert_eq!(reader.text().unwrap(), *text);
        }
        assert!(reader.text().is_none());
    }
}
