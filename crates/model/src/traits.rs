//! [`Traits`]: what a definition says about a shape or a member beyond its type.

use inia_core::{Str, TimestampFormat, Value};

/// Where in an HTTP message a member travels; a member without a location is part of the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Location {
    /// A label of the request path.
    Uri,
    /// The query string.
    QueryString,
    /// One header.
    Header,
    /// All headers that begin with the location name, as a map.
    Headers,
    /// The status code of a response.
    StatusCode,
}

/// An XML namespace declaration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct XmlNamespace {
    /// The namespace URI.
    pub uri: Str,
    /// The prefix; `None` declares the default namespace.
    pub prefix: Option<Str>,
}

/// The yes-or-no traits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Flags(u32);

macro_rules! flags {
    ($($(#[$doc:meta])* $constant:ident $getter:ident $wire:literal = $bit:literal;)*) => {
        impl Flags {
            $(#[doc = concat!("The trait `", $wire, "`.")] pub const $constant: Flags = Flags(1 << $bit);)*

            /// The flag under its name in a definition.
            #[must_use]
            pub fn from_wire(name: &str) -> Option<Flags> {
                match name { $($wire => Some(Flags::$constant),)* _ => None }
            }

            /// The names of the flags that are set, as a definition has them.
            pub(crate) fn names(self) -> impl Iterator<Item = &'static str> {
                [$(($wire, Flags::$constant)),*]
                    .into_iter()
                    .filter(move |(_, flag)| self.contains(*flag))
                    .map(|(name, _)| name)
            }
        }

        impl Traits {
            $($(#[$doc])* #[must_use] #[inline] pub fn $getter(&self) -> bool { self.flags.contains(Flags::$constant) })*
        }
    };
}

flags! {
    /// The list or map is not wrapped in an element of its own.
    FLATTENED is_flattened "flattened" = 0;
    /// The blob is the message body as a stream.
    STREAMING is_streaming "streaming" = 1;
    /// The member is an attribute of its structure's element.
    XML_ATTRIBUTE is_xml_attribute "xmlAttribute" = 2;
    /// The value is JSON inside a string.
    JSON_VALUE is_json_value "jsonvalue" = 3;
    /// The member is filled with a fresh UUID when absent.
    IDEMPOTENCY_TOKEN is_idempotency_token "idempotencyToken" = 4;
    /// The member is a label of the operation's host prefix.
    HOST_LABEL is_host_label "hostLabel" = 5;
    /// The member is the payload of its event.
    EVENT_PAYLOAD is_event_payload "eventpayload" = 6;
    /// The member is a header of its event.
    EVENT_HEADER is_event_header "eventheader" = 7;
    /// The structure is one event of an event stream.
    EVENT is_event "event" = 8;
    /// The structure is an event stream: one of its members an event.
    EVENT_STREAM is_event_stream "eventstream" = 9;
    /// At most one member of the structure is set.
    UNION is_union "union" = 10;
    /// The value is a document: any JSON.
    DOCUMENT is_document "document" = 11;
    /// The list or map may hold nulls.
    SPARSE is_sparse "sparse" = 12;
    /// The structure is an error.
    EXCEPTION is_exception "exception" = 13;
    /// The error is the service's fault.
    FAULT is_fault "fault" = 14;
    /// The value must not be printed.
    SENSITIVE is_sensitive "sensitive" = 15;
    /// The number or boolean has no default.
    BOXED is_boxed "box" = 16;
    /// AWS advises against its use.
    DEPRECATED is_deprecated "deprecated" = 17;
    /// The streaming blob needs a known length.
    REQUIRES_LENGTH requires_length "requiresLength" = 18;
    /// The structure's element is wrapped once more in the answer.
    WRAPPER is_wrapper "wrapper" = 19;
}

impl Flags {
    /// Whether every flag of `other` is set.
    #[must_use]
    #[inline]
    pub fn contains(self, other: Flags) -> bool {
        self.0 & other.0 == other.0
    }

    /// Sets or clears a flag.
    pub fn set(&mut self, flag: Flags, on: bool) {
        self.0 = if on {
            self.0 | flag.0
        } else {
            self.0 & !flag.0
        };
    }

    /// The flags as bits, for a packed definition.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// The flags from [`Flags::bits`]; unknown bits are kept and mean nothing.
    #[must_use]
    pub const fn from_bits(bits: u32) -> Self {
        Flags(bits)
    }
}

/// The traits of a shape or, merged over those of the shape it targets, of a member.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Traits {
    /// The yes-or-no traits; each has a getter of its own.
    pub flags: Flags,
    /// `location`.
    pub location: Option<Location>,
    /// `locationName`: the name on the wire.
    pub location_name: Option<Str>,
    /// `queryName`: the name on the wire in the EC2 protocol's requests.
    pub query_name: Option<Str>,
    /// `xmlNamespace`.
    pub xml_namespace: Option<Box<XmlNamespace>>,
    /// `timestampFormat`.
    pub timestamp_format: Option<TimestampFormat>,
    /// `contextParam.name`: the endpoint rule set parameter that the member fills.
    pub context_param: Option<Str>,
    /// Traits that this version does not know, by name.
    pub unknown: Option<Box<Vec<(Str, Value)>>>,
}

impl Traits {
    /// No traits at all.
    pub(crate) const NONE: Traits = Traits {
        flags: Flags(0),
        location: None,
        location_name: None,
        query_name: None,
        xml_namespace: None,
        timestamp_format: None,
        context_param: None,
        unknown: None,
    };

    /// These traits over those of a target: what a member says wins, and what it leaves open is the target's.
    #[must_use]
    pub fn over(mut self, target: &Traits) -> Traits {
        self.flags = Flags(self.flags.0 | target.flags.0);
        self.location = self.location.or(target.location);
        self.timestamp_format = self.timestamp_format.or(target.timestamp_format);
        let pairs = [
            (&mut self.location_name, &target.location_name),
            (&mut self.query_name, &target.query_name),
            (&mut self.context_param, &target.context_param),
        ];
        for (mine, theirs) in pairs {
            if mine.is_none() {
                mine.clone_from(theirs);
            }
        }
        if self.xml_namespace.is_none() {
            self.xml_namespace.clone_from(&target.xml_namespace);
        }
        self
    }
}
