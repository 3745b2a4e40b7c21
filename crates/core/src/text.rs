//! [`Str`]: the one string type of values, names and headers.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::{Deref, Range};
use std::sync::Arc;

use smol_str::SmolStr;

/// An immutable string that is cheap to clone and 24 bytes wide.
///
/// Up to 23 bytes are stored inline, literals are borrowed, and a longer string is shared: either on its own or as a
/// slice of the response it was read from. How a given string is stored is private and never changes what it equals.
///
/// A slice keeps the whole response text alive; [`Str::detach`] copies it out.
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
        text: Arc<String>,
    },
}

/// A decoded response text that [`Str`] values may be slices of.
///
/// ```
/// use inia_core::SharedText;
///
/// let text = SharedText::from_utf8(b"<Name>a name of more than 23 bytes</Name>".to_vec()).unwrap();
/// assert_eq!(text.slice(6..34), "a name of more than 23 bytes");
/// ```
#[derive(Clone, Debug)]
pub struct SharedText(Arc<String>);

impl SharedText {
    /// Takes over a buffer of UTF-8 text without copying it.
    ///
    /// # Errors
    /// The position of the first byte that is not UTF-8.
    pub fn from_utf8(bytes: Vec<u8>) -> Result<Self, std::str::Utf8Error> {
        String::from_utf8(bytes)
            .map(|text| SharedText(Arc::new(text)))
            .map_err(|error| error.utf8_error())
    }

    /// The whole text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part of the text at a byte range; empty where the range does not lie on character boundaries within the text.
    #[must_use]
    pub fn slice(&self, range: Range<usize>) -> Str {
        let Some(part) = self.0.get(range.clone()) else {
            return Str::new();
        };
        if part.len() <= INLINE {
            return Str(Repr::Small(SmolStr::new_inline(part)));
        }
        match (u32::try_from(range.start), u32::try_from(range.end)) {
            (Ok(start), Ok(end)) => Str(Repr::Slice {
                start,
                end,
                text: Arc::clone(&self.0),
            }),
            _ => Str(Repr::Small(SmolStr::new(part))),
        }
    }
}

impl From<String> for SharedText {
    fn from(text: String) -> Self {
        SharedText(Arc::new(text))
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
            Repr::Slice { start, end, text } => text
                .as_bytes()
                .get(*start as usize..*end as usize)
                .unwrap_or_default(),
        }
    }

    /// The same text in storage of its own, so that it no longer keeps the response it came from alive.
    #[must_use]
    pub fn detach(&self) -> Self {
        match &self.0 {
            Repr::Small(text) => Str(Repr::Small(text.clone())),
            Repr::Slice { .. } => Str(Repr::Small(SmolStr::new(self.as_str()))),
        }
    }
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
                text: Arc::new(text),
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
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for Str {}

impl PartialEq<str> for Str {
    fn eq(&self, other: &str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl PartialEq<&str> for Str {
    fn eq(&self, other: &&str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl PartialEq<String> for Str {
    fn eq(&self, other: &String) -> bool {
        self.as_bytes() == other.as_bytes()
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
        let shared = SharedText::from(format!("xx{long}yy"));
        let slice = shared.slice(2..2 + long.len());
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
    fn a_slice_off_the_text_or_inside_a_character_is_empty() {
        let shared = SharedText::from("é".repeat(40));
        assert_eq!(shared.slice(1..60), "");
        assert_eq!(shared.slice(0..1000), "");
    }

    #[test]
    fn str_is_24_bytes_and_leaves_room_for_a_tag() {
        // Names and values by the million are stored side by side: a byte more here is felt in every page of results.
        assert_eq!(size_of::<Str>(), 24);
        assert_eq!(size_of::<Option<Str>>(), 24);
    }
}
