//! [`Str`]: the string type of values, names and headers.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

use smol_str::SmolStr;

use crate::chunks::{Chunks, SharedChunk};

/// An immutable string, 24 bytes wide and cheap to clone.
///
/// Strings of up to 23 bytes are stored inline and literals are borrowed. Longer strings are reference-counted, either alone or as
/// slices of a chunk that they share with other strings of the same response. The storage form does not affect equality.
///
/// A slice of a chunk keeps the whole chunk, at most 32 KiB, alive; [`Str::detach`] copies it out.
///
/// ```
/// # use inia_core as inia;
/// use inia::Str;
///
/// let name = Str::from("QueueUrls");
/// assert_eq!(name, "QueueUrls");
/// assert_eq!(name.len(), 9);
/// ```
#[derive(Clone)]
pub struct Str(StrRepr);

#[derive(Clone)]
enum StrRepr {
    Small(SmolStr),
    Slice {
        start: u32,
        end: u32,
        text: Arc<SharedText>,
    },
}

/// A chunk of text that strings are slices of; unset until its [`TextPool`] finishes it.
type SharedText = SharedChunk<String>;

/// Arena for the long strings of a response while it is parsed.
///
/// Each long string is copied into a chunk that it shares with its neighbours, so that the response body, most of which is markup
/// and short strings, can be freed: a page of EC2 instances takes a third less memory. A string that is kept for long keeps only
/// its chunk alive. A chunk costs two allocations for any number of strings.
///
/// Strings read as empty until the pool is dropped or starts the next chunk.
///
/// ```
/// use inia_core::detail::TextPool;
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
    /// Capacity of the first chunk, in bytes.
    first_capacity: usize,
}

/// Capacities of the first chunk and of the largest, in bytes: small responses allocate little, and a long-lived string keeps
/// little alive.
const CHUNK_CAPACITIES: std::ops::RangeInclusive<usize> = 128..=32 * 1024;

impl TextPool {
    /// Creates an empty pool, without allocating.
    #[must_use]
    pub const fn new() -> Self {
        TextPool {
            chunks: Chunks::new(),
            first_capacity: 0,
        }
    }

    /// Creates an empty pool for the strings of an input of `len` bytes, which determines the capacity of the first chunk.
    #[must_use]
    pub const fn for_input_len(len: usize) -> Self {
        TextPool {
            chunks: Chunks::new(),
            first_capacity: len / 4,
        }
    }

    /// Returns `text` as a string: inline if it is short, otherwise as a slice of a chunk.
    #[inline(always)]
    pub fn add(&mut self, text: &str) -> Str {
        if text.len() <= INLINE {
            Str(StrRepr::Small(SmolStr::new_inline(text)))
        } else {
            self.add_long(text)
        }
    }

    fn add_long(&mut self, text: &str) -> Str {
        // A string that would fill much of a chunk gets its own allocation.
        if text.len() > CHUNK_CAPACITIES.end() / 4 {
            return Str::from(text);
        }
        let first = self
            .first_capacity
            .clamp(*CHUNK_CAPACITIES.start(), *CHUNK_CAPACITIES.end());
        let (shared, chunk) = self
            .chunks
            .reserve(text.len(), &(first..=*CHUNK_CAPACITIES.end()));
        let start = chunk.len();
        chunk.push_str(text);
        match (u32::try_from(start), u32::try_from(chunk.len())) {
            (Ok(start), Ok(end)) => Str(StrRepr::Slice {
                start,
                end,
                text: Arc::clone(shared),
            }),
            _ => Str::from(text),
        }
    }
}

/// Maximum length of an inline [`Str`], in bytes.
const INLINE: usize = 23;

impl Str {
    /// Returns the empty string.
    #[must_use]
    pub const fn new() -> Self {
        Str(StrRepr::Small(SmolStr::new_static("")))
    }

    /// Returns a string that borrows a literal.
    #[must_use]
    pub const fn from_static(text: &'static str) -> Self {
        Str(StrRepr::Small(SmolStr::new_static(text)))
    }

    /// Returns the text.
    #[must_use]
    #[inline]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            StrRepr::Small(text) => text.as_str(),
            StrRepr::Slice { start, end, text } => {
                let text = text.get().map_or("", String::as_str);
                text.get(*start as usize..*end as usize).unwrap_or_default()
            }
        }
    }

    /// Returns the UTF-8 bytes of the text.
    #[must_use]
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            StrRepr::Small(text) => text.as_bytes(),
            StrRepr::Slice { start, end, text } => {
                let text = text.get().map_or("", String::as_str).as_bytes();
                text.get(*start as usize..*end as usize).unwrap_or_default()
            }
        }
    }

    /// Returns a copy that does not share a chunk, so that it does not keep other strings of its response alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        match &self.0 {
            StrRepr::Small(text) => Str(StrRepr::Small(text.clone())),
            StrRepr::Slice { .. } => Str(StrRepr::Small(SmolStr::new(self.as_str()))),
        }
    }
}

/// Compares two byte strings, without calling `memcmp` if they are short. Most comparisons are of member names, for which the
/// call takes several times as long as the comparison.
#[inline]
pub(crate) fn bytes_equal(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    if let (Some(head), Some(tail)) = (one.first_chunk::<8>(), one.last_chunk::<8>()) {
        // The first eight and the last eight bytes cover up to 16 bytes.
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
        Str(StrRepr::Small(SmolStr::new(text)))
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
            return Str(StrRepr::Small(SmolStr::new_inline(&text)));
        }
        match u32::try_from(text.len()) {
            Ok(end) => Str(StrRepr::Slice {
                start: 0,
                end,
                text: Arc::new(SharedText::from(text)),
            }),
            Err(_) => Str(StrRepr::Small(SmolStr::new(text))),
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
        bytes_equal(self.as_bytes(), other.as_bytes())
    }
}

impl Eq for Str {}

impl PartialEq<str> for Str {
    fn eq(&self, other: &str) -> bool {
        bytes_equal(self.as_bytes(), other.as_bytes())
    }
}

impl PartialEq<&str> for Str {
    fn eq(&self, other: &&str) -> bool {
        bytes_equal(self.as_bytes(), other.as_bytes())
    }
}

impl PartialEq<String> for Str {
    fn eq(&self, other: &String) -> bool {
        bytes_equal(self.as_bytes(), other.as_bytes())
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
    fn storage_form_does_not_affect_equality() {
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
    fn pool_stores_strings_of_any_length() {
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
    fn bytes_equal_detects_a_difference_in_any_byte() {
        for length in 0..40 {
            let text = vec![b'x'; length];
            assert!(bytes_equal(&text, &text.clone()));
            assert!(!bytes_equal(&text, &vec![b'x'; length + 1]));
            for position in 0..length {
                let mut other = text.clone();
                other[position] = b'y';
                assert!(!bytes_equal(&text, &other), "{length} {position}");
            }
        }
    }

    #[test]
    fn str_is_24_bytes_wide_with_a_niche() {
        // A page of results stores one for each name and string, so its size determines the memory of the page.
        assert_eq!(size_of::<Str>(), 24);
        assert_eq!(size_of::<Option<Str>>(), 24);
    }
}
