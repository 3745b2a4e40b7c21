//! [`Str`]: the one string type of values, names and headers.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

use smol_str::SmolStr;

use crate::chunks::{Chunks, Done};

/// An immutable string that is cheap to clone and 24 bytes wide.
///
/// Up to 23 bytes are stored inline, literals are borrowed, and a longer string is shared: either on its own or together with
/// other strings of the response it was read from. How a given string is stored is private and never changes what it equals.
///
/// A string that shares its text with others keeps all of that, at most 32 KiB, alive; [`Str::detach`] copies it out.
///
/// ```
/// use inia_core::Str;
///
/// let name = Str::from("QueueUrls");
/// assert_eq!(name, "QueueUrls");
/// assert_eq!(name.len(), 9);
/// ```
#[derive(Clone)]
pub struct Str(Repr);

#[derive(Clone)]
enum Repr {
    Small(SmolStr),
    Slice {
        start: u32,
        end: u32,
        text: Arc<SharedText>,
    },
}

/// A text that strings are slices of: empty until the [`TextPool`] that gathers it is done.
type SharedText = Done<String>;

/// Where the long strings of a response are gathered while it is read.
///
/// Each long string is copied into a chunk of text that it shares with its neighbours. The response itself, most of which is
/// markup and short strings, need not be kept: a page of EC2's instances takes a third less for it. And a string that is kept for
/// long keeps no more than its chunk alive. A chunk costs two allocations, however many strings it holds.
///
/// The strings read as empty until the pool is dropped or has filled their chunk.
///
/// ```
/// use inia_core::TextPool;
///
/// let mut pool = TextPool::new();
/// let short = pool.add("short");
/// let long = pool.add("a name of more than 23 bytes");
/// drop(pool);
/// assert_eq!(short, "short");
/// assert_eq!(long, "a name of more than 23 bytes");
/// ```
#[derive(Debug, Default)]
pub struct TextPool {
    chunks: Chunks<String>,
    /// The room of the first chunk.
    room: usize,
}

/// The room of the first chunk and of the largest, in bytes: small answers take little, and a kept string keeps little.
const CHUNKS: std::ops::RangeInclusive<usize> = 128..=32 * 1024;

impl TextPool {
    /// A pool without a chunk.
    #[must_use]
    pub const fn new() -> Self {
        TextPool {
            chunks: Chunks::new(),
            room: 0,
        }
    }

    /// A pool without a chunk for the strings of a text of so many bytes: the first chunk is given room for what may be long.
    #[must_use]
    pub const fn for_text(length: usize) -> Self {
        TextPool {
            chunks: Chunks::new(),
            room: length / 4,
        }
    }

    /// A string of this text.
    #[inline(always)]
    pub fn add(&mut self, text: &str) -> Str {
        if text.len() <= INLINE {
            Str(Repr::Small(SmolStr::new_inline(text)))
        } else {
            self.add_long(text)
        }
    }

    fn add_long(&mut self, text: &str) -> Str {
        // A string that would fill much of a chunk has its own storage.
        if text.len() > CHUNKS.end() / 4 {
            return Str::from(text);
        }
        let first = self.room.clamp(*CHUNKS.start(), *CHUNKS.end());
        let (shared, chunk) = self.chunks.with_room(text.len(), &(first..=*CHUNKS.end()));
        let start = chunk.len();
        chunk.push_str(text);
        match (u32::try_from(start), u32::try_from(chunk.len())) {
            (Ok(start), Ok(end)) => Str(Repr::Slice {
                start,
                end,
                text: Arc::clone(shared),
            }),
            _ => Str::from(text),
        }
    }
}

/// How many bytes a [`Str`] stores without touching the heap.
const INLINE: usize = 23;

impl Str {
    /// The empty string.
    #[must_use]
    pub const fn new() -> Self {
        Str(Repr::Small(SmolStr::new_static("")))
    }

    /// A string literal, borrowed for good.
    #[must_use]
    pub const fn from_static(text: &'static str) -> Self {
        Str(Repr::Small(SmolStr::new_static(text)))
    }

    /// The text.
    #[must_use]
    #[inline]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Repr::Small(text) => text.as_str(),
            Repr::Slice { start, end, text } => {
                let text = text.get().map_or("", String::as_str);
                text.get(*start as usize..*end as usize).unwrap_or_default()
            }
        }
    }

    /// The text as bytes.
    #[must_use]
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Repr::Small(text) => text.as_bytes(),
            Repr::Slice { start, end, text } => {
                let text = text.get().map_or("", String::as_str).as_bytes();
                text.get(*start as usize..*end as usize).unwrap_or_default()
            }
        }
    }

    /// The same text in storage of its own, so that it no longer keeps its neighbours in the response it came from alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        match &self.0 {
            Repr::Small(text) => Str(Repr::Small(text.clone())),
            Repr::Slice { .. } => Str(Repr::Small(SmolStr::new(self.as_str()))),
        }
    }
}

/// Whether two texts are the same, without a call where they are short: most comparisons are of names, and calling `memcmp`
/// takes several times as long as comparing one.
#[inline]
pub(crate) fn same(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    if let (Some(head), Some(tail)) = (one.first_chunk::<8>(), one.last_chunk::<8>()) {
        // Up to 16 bytes, the first eight and the last eight are all there is.
        return other.first_chunk::<8>() == Some(head)
            && other.last_chunk::<8>() == Some(tail)
            && (one.len() <= 16 || one == other);
    }
    if let (Some(head), Some(tail)) = (one.first_chunk::<4>(), one.last_chunk::<4>()) {
        return other.first_chunk::<4>() == Some(head) && other.last_chunk::<4>() == Some(tail);
    }
    one.iter().eq(other)
}

impl Deref for Str {
    type Target = str;

    #[inline]
    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl Default for Str {
    fn default() -> Self {
        Str::new()
    }
}

impl AsRef<str> for Str {
    fn as_ref(&self) -> &str {
        self
    }
}

impl AsRef<[u8]> for Str {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl Borrow<str> for Str {
    fn borrow(&self) -> &str {
        self
    }
}

impl From<&str> for Str {
    #[inline]
    fn from(text: &str) -> Self {
        Str(Repr::Small(SmolStr::new(text)))
    }
}

impl From<&String> for Str {
    fn from(text: &String) -> Self {
        Str::from(text.as_str())
    }
}

impl From<String> for Str {
    fn from(text: String) -> Self {
        if text.len() <= INLINE {
            return Str(Repr::Small(SmolStr::new_inline(&text)));
        }
        match u32::try_from(text.len()) {
            Ok(end) => Str(Repr::Slice {
                start: 0,
                end,
                text: Arc::new(SharedText::from(text)),
            }),
            Err(_) => Str(Repr::Small(SmolStr::new(text))),
        }
    }
}

impl From<std::borrow::Cow<'_, str>> for Str {
    fn from(text: std::borrow::Cow<'_, str>) -> Self {
        match text {
            std::borrow::Cow::Borrowed(text) => Str::from(text),
            std::borrow::Cow::Owned(text) => Str::from(text),
        }
    }
}

impl From<char> for Str {
    fn from(character: char) -> Self {
        Str::from(&*character.encode_utf8(&mut [0; 4]))
    }
}

impl From<Str> for String {
    fn from(text: Str) -> Self {
        text.as_str().to_owned()
    }
}

impl fmt::Debug for Str {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Str {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.as_str(), f)
    }
}

impl PartialEq for Str {
    #[inline]
    fn eq(&self, other: &Str) -> bool {
        same(self.as_bytes(), other.as_bytes())
    }
}

impl Eq for Str {}

impl PartialEq<str> for Str {
    fn eq(&self, other: &str) -> bool {
        same(self.as_bytes(), other.as_bytes())
    }
}

impl PartialEq<&str> for Str {
    fn eq(&self, other: &&str) -> bool {
        same(self.as_bytes(), other.as_bytes())
    }
}

impl PartialEq<String> for Str {
    fn eq(&self, other: &String) -> bool {
        same(self.as_bytes(), other.as_bytes())
    }
}

impl PartialOrd for Str {
    fn partial_cmp(&self, other: &Str) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Str {
    fn cmp(&self, other: &Str) -> Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

impl Hash for Str {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl serde::Serialize for Str {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Str {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Str;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_str<E>(self, text: &str) -> Result<Str, E> {
                Ok(Str::from(text))
            }

            fn visit_string<E>(self, text: String) -> Result<Str, E> {
                Ok(Str::from(text))
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_storage_form_is_the_same_string() {
        let long = "a string that is longer than twenty-three bytes";
        let mut pool = TextPool::new();
        let slice = pool.add(long);
        drop(pool);
        for form in [
            Str::from(long),
            Str::from(long.to_owned()),
            Str::from_static(long),
            slice.clone(),
            slice.detach(),
        ] {
            assert_eq!(form, long);
            assert_eq!(form, slice);
            assert_eq!(form.as_bytes(), long.as_bytes());
        }
    }

    #[test]
    fn a_pool_holds_strings_of_every_length() {
        let texts: Vec<String> = (0..60_000)
            .step_by(97)
            .chain(0..2000)
            .map(|length| "é".repeat(length / 2) + &"x".repeat(length % 2))
            .collect();
        let mut pool = TextPool::new();
        let strings: Vec<Str> = texts.iter().map(|text| pool.add(text)).collect();
        drop(pool);
        for (string, text) in strings.iter().zip(&texts) {
            assert_eq!(string, text);
        }
    }

    #[test]
    fn a_difference_in_any_byte_is_seen() {
        for length in 0..40 {
            let text = vec![b'x'; length];
            assert!(same(&text, &text.clone()));
            assert!(!same(&text, &vec![b'x'; length + 1]));
            for position in 0..length {
                let mut other = text.clone();
                other[position] = b'y';
                assert!(!same(&text, &other), "{length} {position}");
            }
        }
    }

    #[test]
    fn str_is_24_bytes_and_leaves_room_for_a_tag() {
        // Names and values by the million are stored side by side: a byte more here is felt in every page of results.
        assert_eq!(size_of::<Str>(), 24);
        assert_eq!(size_of::<Option<Str>>(), 24);
    }
}
