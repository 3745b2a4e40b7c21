//! [`Traits`]: attributes of a shape or member other than its type.

use inia_core::{Str, TimestampFormat, Value};

/// Location of a member in an HTTP message. A member without a location is part of the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Location {
    /// Label in the request path.
    Uri,
    /// Query string parameter.
    QueryString,
    /// Single header.
    Header,
    /// Map of all headers whose names start with the location name.
    Headers,
    /// HTTP status of the response.
    StatusCode,
}

/// XML namespace declaration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct XmlNamespace {
    /// Namespace URI.
    pub uri: Str,
    /// Prefix; `None` declares the default namespace.
    pub prefix: Option<Str>,
}

/// Boolean traits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Flags(u32);

macro_rules! flags {
    ($($(#[$doc:meta])* $constant:ident $getter:ident $wire:literal = $bit:literal;)*) => {
        impl Flags {
            $(#[doc = concat!("The trait `", $wire, "`.")] pub const $constant: Flags = Flags(1 << $bit);)*

            /// Returns the flag with a name in a definition.
            #[must_use]
            pub fn from_wire(name: &str) -> Option<Flags> {
                match name { $($wire => Some(Flags::$constant),)* _ => None }
            }

            /// Returns the names of the set flags as definitions spell them.
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
    /// The list or map has no wrapping element.
    FLATTENED is_flattened "flattened" = 0;
    /// The blob is the message body, as a stream.
    STREAMING is_streaming "streaming" = 1;
    /// The member is an attribute of the XML element of its structure.
    XML_ATTRIBUTE is_xml_attribute "xmlAttribute" = 2;
    /// The value is JSON inside a string.
    JSON_VALUE is_json_value "jsonvalue" = 3;
    /// An absent member is filled with a new UUID.
    IDEMPOTENCY_TOKEN is_idempotency_token "idempotencyToken" = 4;
    /// The member is a label of the operation's host prefix.
    HOST_LABEL is_host_label "hostLabel" = 5;
    /// The member is the payload of its event.
    EVENT_PAYLOAD is_event_payload "eventpayload" = 6;
    /// The member is a header of its event.
    EVENT_HEADER is_event_header "eventheader" = 7;
    /// The structure is one event of an event stream.
    EVENT is_event "event" = 8;
    /// The structure is an event stream; each of its members is an event.
    EVENT_STREAM is_event_stream "eventstream" = 9;
    /// Exactly one member of the structure is set.
    UNION is_union "union" = 10;
    /// The value is a document (any JSON value).
    DOCUMENT is_document "document" = 11;
    /// The list or map may contain nulls.
    SPARSE is_sparse "sparse" = 12;
    /// The structure is an error.
    EXCEPTION is_exception "exception" = 13;
    /// The error is the service's fault.
    FAULT is_fault "fault" = 14;
    /// The value must not be printed or logged.
    SENSITIVE is_sensitive "sensitive" = 15;
    /// The number or boolean has no default.
    BOXED is_boxed "box" = 16;
    /// The shape or member is deprecated.
    DEPRECATED is_deprecated "deprecated" = 17;
    /// The streaming blob requires a known length.
    REQUIRES_LENGTH requires_length "requiresLength" = 18;
    /// The XML element of the structure has a wrapping element in the response.
    WRAPPER is_wrapper "wrapper" = 19;
}

impl Flags {
    /// Returns whether every flag of `other` is set.
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

    /// Returns the flags as bits, for a packed definition.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Returns the flags for [`Flags::bits`]; unknown bits are kept and have no effect.
    #[must_use]
    pub const fn from_bits(bits: u32) -> Self {
        Flags(bits)
    }
}

/// Traits of a shape, or of a member with the traits of its target merged in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Traits {
    /// Boolean traits, each with its own getter.
    pub flags: Flags,
    /// `location`.
    pub location: Option<Location>,
    /// `locationName`: the name on the wire.
    pub location_name: Option<Str>,
    /// `queryName`: the name on the wire in requests of the EC2 protocol.
    pub query_name: Option<Str>,
    /// `xmlNamespace`.
    pub xml_namespace: Option<Box<XmlNamespace>>,
    /// `timestampFormat`.
    pub timestamp_format: Option<TimestampFormat>,
    /// `contextParam.name`: the endpoint rule set parameter that is set from the member.
    pub context_param: Option<Str>,
    /// Unknown traits, by name.
    pub unknown: Option<Box<Vec<(Str, Value)>>>,
}

impl Traits {
    /// No traits.
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

    /// Merges these traits over those of a target: a trait that is unset here is taken from the target.
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
        for (own, inherited) in pairs {
            if own.is_none() {
                own.clone_from(inherited);
            }
        }
        if self.xml_namespace.is_none() {
            self.xml_namespace.clone_from(&target.xml_namespace);
        }
        self
    }
}
