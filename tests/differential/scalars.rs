//! Random strings and numbers, with a bias to values that are often encoded wrongly.

use inia_core::{Timestamp, TimestampFormat};

use super::random::Random;

/// Characters allowed in a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alphabet {
    /// Any character: JSON, CBOR, forms, paths and queries.
    Any,
    /// Characters allowed in XML 1.0.
    Xml,
    /// Characters allowed in a header, without surrounding white space.
    Header,
    /// Lower-case letters and digits: host labels and inputs of endpoint rules.
    Label,
}

const WORDS: &[&str] = &[
    "a",
    "river",
    "Boto",
    "inia-geoffrensis",
    "value_1",
    "0",
    "123",
    "-1",
    "true",
    "null",
    "NaN",
    "x",
    "2026-01-02",
];
const SPECIAL: &[&str] = &[
    "a b&c=d+e/f?g#h%20",
    "/leading//double/../up/.",
    "..",
    "semi;colon,comma:colon@at$dollar!bang*star'quote(paren)[bracket]~tilde",
    "<a href=\"x\">&amp;&lt;'</a>]]>",
    "<!-- c --><![CDATA[x]]><?pi?>",
    "back\\slash \"quotes\" {\"json\": [1]}",
    "arn:aws:iam::123456789012:role/path/name",
    "%00%zz%",
    "${jndi:x} {curly} `tick` ^|",
];
const FOREIGN: &[&str] = &[
    "Zoë",
    "東京タワー",
    "🐬🌊",
    "naïve ß İ ŉ",
    "e\u{301} combining",
    "\u{feff}bom \u{200b}zero \u{2028}line",
    "\u{fffd}\u{e000}\u{10fffd}",
    "שלום مرحبا",
    "\u{85}next\u{a0}nbsp",
];
const SPACED: &[&str] = &[
    " leading",
    "trailing ",
    "  ",
    "a  b",
    "tab\there",
    "line\nbreak",
    "\n",
];
const CONTROLS: &[&str] = &[
    "a\u{0}b",
    "a\u{1}b",
    "\u{7f}",
    "\u{b}\u{c}\u{1b}",
    "carriage\rreturn",
    "crlf\r\n",
    "\u{fffe}",
];

/// Returns a random string of at least `min` characters.
pub fn text(random: &mut Random, alphabet: Alphabet, min: usize) -> String {
    let mut out = match alphabet {
        Alphabet::Label => {
            let letters = b"abcdefghijklmnopqrstuvwxyz0123456789";
            let length = 3 + random.below(10);
            (0..length).map(|_| *random.pick(letters) as char).collect()
        }
        Alphabet::Header => match random.below(10) {
            0..5 => (*random.pick(WORDS)).to_owned(),
            5..8 => (*random.pick(SPECIAL)).to_owned(),
            8 if min == 0 => String::new(),
            _ => random.pick(FOREIGN).trim().to_owned(),
        },
        Alphabet::Any | Alphabet::Xml => match random.below(20) {
            0..8 => (*random.pick(WORDS)).to_owned(),
            8..13 => (*random.pick(SPECIAL)).to_owned(),
            13..16 => (*random.pick(FOREIGN)).to_owned(),
            16 => (*random.pick(SPACED)).to_owned(),
            17 if alphabet == Alphabet::Any => (*random.pick(CONTROLS)).to_owned(),
            18 => random.pick(SPECIAL).repeat(1 + random.below(8)),
            _ if min == 0 => String::new(),
            _ => (*random.pick(WORDS)).to_owned(),
        },
    };
    let missing = min.saturating_sub(out.chars().count());
    out.extend(std::iter::repeat_n('x', missing));
    out
}

/// Returns a random name that is valid as a header name or key.
pub fn token(random: &mut Random) -> String {
    let words = ["alpha", "Beta", "gamma-1", "DELTA", "x", "epsilon-zeta"];
    format!("{}{}", random.pick(&words), random.below(100))
}

/// Returns a random integer of 32 bits, or of 64 bits if `long`.
pub fn integer(random: &mut Random, long: bool) -> i64 {
    match random.below(8) {
        0 => 0,
        1 => 1,
        2 if long => *random.pick(&[
            i64::MAX,
            i64::MIN,
            1 << 53,
            (1 << 53) + 1,
            -(1 << 53) - 1,
            4_294_967_296,
        ]),
        2 => i64::from(*random.pick(&[i32::MAX, i32::MIN, 65_536])),
        3 => *random.pick(&[-1, 23, 24, 255, 256, 65_535, -24, -25, -256, -257]),
        4 if long => random.i64(),
        _ => (random.below(2_000_000) as i64) - 1_000_000,
    }
}

/// Returns a random float; if `single`, one that 32 bits can represent.
pub fn float(random: &mut Random, single: bool) -> f64 {
    let number = match random.below(12) {
        0 => 0.0,
        1 => -0.0,
        2 => f64::NAN,
        3 => *random.pick(&[f64::INFINITY, f64::NEG_INFINITY]),
        4 if !single => *random.pick(&[
            f64::MAX,
            f64::MIN,
            f64::MIN_POSITIVE,
            5e-324,
            1e16,
            1e22,
            123_456_789_012_345_680.0,
        ]),
        4 => f64::from(*random.pick(&[f32::MAX, f32::MIN_POSITIVE, 1e-45_f32, 16_777_216.0])),
        5 => *random.pick(&[
            1e15,
            9_999_999_999_999_998.0,
            1e-4,
            1e-5,
            1.5e-7,
            0.1,
            100.0,
            1e7,
        ]),
        6 => random.i64() as f64,
        7 => f64::from(random.below(1000) as u32),
        _ => (random.unit() - 0.5) * 10_f64.powi(random.below(20) as i32 - 8),
    };
    if single {
        f64::from(number as f32)
    } else {
        number
    }
}

/// Returns a random timestamp in microseconds, in the years 1000 to 9999: Python does not pad smaller years.
pub fn timestamp(random: &mut Random) -> Timestamp {
    // The second day, because time zones shift timestamps by hours.
    const FIRST: i64 = -30_610_137_600;
    const LAST: i64 = 253_402_300_799;
    let seconds = match random.below(8) {
        0 => 0,
        1 => *random.pick(&[FIRST, LAST, -1, 951_782_400, 4_102_444_799, -2_208_988_800]),
        2 => FIRST + (random.unit() * (LAST - FIRST) as f64) as i64,
        _ => 946_684_800 + random.below(1_500_000_000) as i64,
    };
    // Below this, a float of seconds distinguishes microseconds.
    let is_exact = seconds.abs() < 9_000_000_000;
    let micros = match random.below(4) {
        _ if !is_exact => 0,
        0 => random.below(1_000_000) as u32,
        1 => 1000 * random.below(1000) as u32,
        _ => 0,
    };
    Timestamp::new(seconds, micros * 1000)
}

/// Formats a timestamp in one of the formats that are accepted everywhere.
pub fn timestamp_text(random: &mut Random, timestamp: Timestamp) -> String {
    match random.below(6) {
        0 => timestamp.format(TimestampFormat::Rfc822),
        1 => Timestamp::new(timestamp.seconds(), 0).format(TimestampFormat::UnixTimestamp),
        2 => timestamp.format(TimestampFormat::Iso8601)[..10].to_owned(),
        3 => timestamp
            .format(TimestampFormat::Iso8601)
            .replace('Z', "+02:00"),
        4 => timestamp.format(TimestampFormat::Iso8601).replace('Z', ""),
        _ => timestamp.format(TimestampFormat::Iso8601),
    }
}
