//! [`XmlDecode`], the compiled shapes of the XML decoder.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU16, Ordering};

use inia_core::{Str, Value};
use inia_model::{Kind, Location, Member, ServiceModel, ShapeId, Structure};

use crate::mismatch::settle;
use crate::shape::{CompiledMember, CompiledStructure, ShapeFormat, Shapes, ValueType};

/// The shapes of a service as XML.
pub(crate) type XmlShapes = Shapes<XmlDecode>;

/// A structure: each member is a child element or an attribute.
pub(super) type XmlStructure = CompiledStructure<XmlDecode>;

/// A structure member.
pub(super) type XmlMember = CompiledMember<XmlDecode>;

/// Reading of XML.
#[derive(Debug)]
pub(crate) struct XmlDecode;

/// The elements of a member, item, key or value.
#[derive(Debug)]
pub(crate) struct XmlName {
    /// The element's name followed by `>`. Empty for a member that is not an element, and for one that shares its element
    /// name with an earlier one, from which it is reached.
    pub(super) open: Box<[u8]>,
    /// `true` if the items of the list, or the entries of the map, are children of the structure's element.
    pub(super) flattened: bool,
    /// `true` if the element has only the text of one value.
    pub(super) is_text: bool,
    /// The next member with the same element name; each of them reads the element.
    pub(super) next_same_name: Option<u16>,
    /// The member that came after this one in the last response that had it.
    after: AtomicU16,
}

/// The names of a structure's members.
#[derive(Debug)]
pub(crate) struct XmlNames {
    /// The members that are attributes.
    pub(super) attributes: Box<[XmlAttribute]>,
    /// The member that came first in the last response.
    first: AtomicU16,
}

/// A member that is an attribute of its structure's element.
#[derive(Debug)]
pub(super) struct XmlAttribute {
    /// The member's position.
    pub(super) member: usize,
    /// `true` if the attribute's name has a prefix; any prefix matches.
    pub(super) has_prefix: bool,
    /// The attribute's name without its prefix.
    pub(super) local_name: Str,
}

impl ShapeFormat for XmlDecode {
    type Spec = ValueType;
    type Wire = XmlName;
    type Extra = XmlNames;

    fn key<'m>(_: &'m Member, compiled: &'m XmlMember) -> &'m [u8] {
        compiled.wire.element_name()
    }

    fn spec(model: &ServiceModel, member: &Member, _: bool) -> ValueType {
        ValueType::of(model, member)
    }

    fn wire(&self, model: &ServiceModel, member: &Member, in_structure: bool) -> XmlName {
        let traits = &member.traits;
        let is_element = !(in_structure
            && (is_elsewhere(member) || traits.is_xml_attribute() || traits.is_event_header()));
        let kind = &model.shape(member.target).kind;
        let flattened = matches!(kind, Kind::List(_) | Kind::Map { .. }) && traits.is_flattened();
        let open = match element_name(model, member, flattened) {
            name if is_element => [name.as_bytes(), b">"].concat().into(),
            _ => Box::default(),
        };
        XmlName {
            open,
            flattened,
            is_text: is_element
                && !matches!(kind, Kind::Structure(_) | Kind::List(_) | Kind::Map { .. }),
            next_same_name: None,
            after: AtomicU16::new(0),
        }
    }

    fn extra(&self, structure: &Structure, members: &mut [XmlMember]) -> XmlNames {
        link_same_names(members);
        for (position, member) in (1..).zip(members.iter()) {
            member.wire.after.store(position, Ordering::Relaxed);
        }
        let is_attribute =
            |member: &Member| member.traits.is_xml_attribute() && !is_elsewhere(member);
        let attributes = structure.members.iter().enumerate();
        let attributes = attributes.filter(|(_, member)| is_attribute(member));
        XmlNames {
            attributes: attributes
                .map(|(position, member)| {
                    let name = member.wire_name();
                    let prefixed = name.split_once(':');
                    XmlAttribute {
                        member: position,
                        has_prefix: prefixed.is_some(),
                        local_name: prefixed.map_or(name.as_str(), |(_, name)| name).into(),
                    }
                })
                .collect(),
            first: AtomicU16::new(0),
        }
    }
}

/// Returns whether a member is bound to a header or the status.
fn is_elsewhere(member: &Member) -> bool {
    matches!(
        member.traits.location,
        Some(Location::Header | Location::Headers | Location::StatusCode)
    )
}

/// Returns the name of a member's elements.
///
/// A list shape that is flattened itself uses the item's location name; a list flattened by the member's trait uses the
/// member's name. botocore uses the item's name in both cases; no definition has both and two names.
///
/// # Source
/// botocore `parsers.py:BaseXMLResponseParser._member_key_name`; Smithy's `xmlFlattened` trait for the second rule.
pub(super) fn element_name<'m>(
    model: &'m ServiceModel,
    member: &'m Member,
    flattened: bool,
) -> &'m Str {
    let shape = model.shape(member.target);
    match &shape.kind {
        Kind::List(item) if flattened && shape.traits.is_flattened() => {
            item.traits.location_name.as_ref()
        }
        _ => None,
    }
    .unwrap_or(member.wire_name())
}

impl XmlShapes {
    /// Returns the type of elements with values of a shape.
    pub(crate) fn target(&self, shape: ShapeId) -> ValueType {
        ValueType::of_shape(&self.model, shape)
    }

    /// Settles a decoded value.
    #[cold]
    pub(crate) fn settle(&self, target: ValueType, value: &mut Value) {
        let name = match target {
            ValueType::Structure(id) | ValueType::List(id) | ValueType::Map(id) => {
                &self.model.shape(id).name
            }
            _ => "",
        };
        settle(&self.model, name, target, value, true);
    }
}

impl XmlName {
    /// Returns the element's name.
    #[inline]
    pub(super) fn element_name(&self) -> &[u8] {
        self.open.split_last().map_or(&[], |(_, name)| name)
    }
}

impl XmlStructure {
    /// Returns the position of the member with an element name.
    #[inline]
    pub(super) fn by_element(&self, name: &[u8]) -> Option<u16> {
        u16::try_from(self.index.get(name)?).ok()
    }

    /// Predicts the member that comes after another one, or first.
    ///
    /// Services write the members of a structure in the same order each time, but not always in that of the model; so
    /// the order of the last response is tried first.
    #[inline]
    pub(super) fn predict(&self, previous: Option<u16>) -> u16 {
        self.order(previous).load(Ordering::Relaxed)
    }

    /// Records which member came after another one, or first.
    #[inline]
    pub(super) fn record(&self, previous: Option<u16>, member: u16) {
        self.order(previous).store(member, Ordering::Relaxed);
    }

    #[inline]
    fn order(&self, previous: Option<u16>) -> &AtomicU16 {
        previous
            .and_then(|position| self.members.get(usize::from(position)))
            .map_or(&self.extra.first, |member| &member.wire.after)
    }
}

/// Links each member to the next one with the same element name.
fn link_same_names(members: &mut [XmlMember]) {
    let mut last_by_name: HashMap<Box<[u8]>, usize> = HashMap::new();
    for position in 0..members.len() {
        let Some(XmlMember { wire, .. }) = members.get_mut(position) else {
            break;
        };
        if wire.open.is_empty() {
            continue;
        }
        let Some(previous) = last_by_name.insert(wire.open.clone(), position) else {
            continue;
        };
        wire.open = Box::default();
        wire.is_text = false;
        if let Some(XmlMember { wire, .. }) = members.get_mut(previous) {
            wire.next_same_name = u16::try_from(position).ok();
            wire.is_text = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn layouts(shapes: &str) -> XmlShapes {
        let definition = format!(
            r#"{{"metadata": {{"protocol": "rest-xml", "serviceId": "T", "apiVersion": "1", "endpointPrefix": "t",
                 "signatureVersion": "v4"}}, "operations": {{}}, "shapes": {shapes}}}"#
        );
        let model = ServiceModel::from_json("t", definition.as_bytes()).unwrap();
        Shapes::new(Arc::new(model), XmlDecode)
    }

    fn structure<'l>(layouts: &'l XmlShapes, name: &str) -> &'l XmlStructure {
        layouts
            .structure(layouts.model.shape_id(name).unwrap())
            .unwrap()
    }

    #[test]
    fn finds_members_by_element_name() {
        let names: Vec<String> = (0..150).map(|i| format!("member{i}OfMany")).collect();
        let members: Vec<String> = names
            .iter()
            .map(|name| format!(r#""{name}": {{"shape": "S"}}"#))
            .collect();
        let layouts = layouts(&format!(
            r#"{{"Big": {{"type": "structure", "members": {{{}}}}}, "S": {{"type": "string"}}}}"#,
            members.join(",")
        ));
        let big = structure(&layouts, "Big");
        for name in &names {
            let found = big.by_element(name.as_bytes()).unwrap();
            assert_eq!(*big.members[usize::from(found)].name, *name);
        }
        for name in ["", "member", "member150OfMany", "Member1OfMany", "x"] {
            assert_eq!(big.by_element(name.as_bytes()), None, "{name}");
        }
    }

    #[test]
    fn flattened_list_shapes_use_the_item_name() {
        let layouts = layouts(
            r#"{"A": {"type": "structure", "members": {
                    "Own": {"shape": "Own", "locationName": "wire"},
                    "Here": {"shape": "Plain", "flattened": true, "locationName": "here"},
                    "Wrapped": {"shape": "Plain"}}},
                "Own": {"type": "list", "member": {"shape": "S", "locationName": "item"}, "flattened": true},
                "Plain": {"type": "list", "member": {"shape": "S", "locationName": "item"}},
                "S": {"type": "string"}}"#,
        );
        let found: Vec<_> = structure(&layouts, "A")
            .members
            .iter()
            .map(|member| {
                (
                    String::from_utf8_lossy(&member.wire.open).into_owned(),
                    member.wire.flattened,
                )
            })
            .collect();
        assert_eq!(
            found,
            [
                ("item>".to_owned(), true),
                ("here>".to_owned(), true),
                ("Wrapped>".to_owned(), false)
            ]
        );
    }

    #[test]
    fn links_members_with_the_same_element_name() {
        let layouts = layouts(
            r#"{"A": {"type": "structure", "members": {
                    "Event": {"shape": "S"},
                    "Events": {"shape": "L", "locationName": "Event"},
                    "Third": {"shape": "S", "locationName": "Event"}}},
                "L": {"type": "list", "member": {"shape": "S"}, "flattened": true},
                "S": {"type": "string"}}"#,
        );
        let layout = structure(&layouts, "A");
        assert_eq!(layout.by_element(b"Event"), Some(0));
        let links: Vec<_> = layout
            .members
            .iter()
            .map(|member| member.wire.next_same_name)
            .collect();
        assert_eq!(links, [Some(1), Some(2), None]);
    }
}
