//! [`XmlLayouts`], the decoding tables of XML, compiled per shape on first use.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use inia_core::{List, Name, Str, Value};
use inia_model::{Kind, Location, Member, ServiceModel, Shape, ShapeId, ShapeTable, Structure};

use crate::decode_layout::ValueType;
use crate::mismatch::settle;
use crate::name_index::MemberNameIndex;

/// The XML layouts of a service.
#[derive(Debug)]
pub(crate) struct XmlLayouts {
    model: Arc<ServiceModel>,
    table: ShapeTable<XmlLayout>,
}

/// The layout of a shape within its element.
#[derive(Debug)]
pub(crate) enum XmlLayout {
    /// Each member is a child element or an attribute.
    Structure(XmlStructureLayout),
    /// Each child is an item, whatever its name.
    List(ValueType),
    /// Each child is an entry with a key and a value.
    Map(XmlMapLayout),
    /// The element's text.
    Scalar,
}

/// The members of a structure by their names in XML.
#[derive(Debug)]
pub(crate) struct XmlStructureLayout {
    /// The members that are child elements.
    pub(crate) members: Box<[XmlMemberLayout]>,
    /// The members that are attributes.
    pub(crate) attributes: Box<[XmlAttributeLayout]>,
    pub(crate) is_union: bool,
    names: MemberNameIndex,
    /// The member that came first in the last response.
    first: AtomicU16,
}

/// A member that is a child element, or several of them.
#[derive(Debug)]
pub(crate) struct XmlMemberLayout {
    /// The member's name.
    pub(crate) name: Name,
    /// The element's name followed by `>`. Empty for a member that shares its element name with an earlier one, from
    /// which it is reached.
    pub(crate) open: Box<[u8]>,
    pub(crate) target: ValueType,
    /// `true` if the items of the list, or the entries of the map, are children of the structure's element.
    pub(crate) flattened: bool,
    /// `true` if the element has only the text of one value.
    pub(crate) is_text: bool,
    /// The next member with the same element name; each of them reads the element.
    pub(crate) next_same_name: Option<u16>,
    /// The member that came after this one in the last response that had it.
    after: AtomicU16,
}

/// A member that is an attribute of its structure's element.
#[derive(Debug)]
pub(crate) struct XmlAttributeLayout {
    /// The member's name.
    pub(crate) name: Name,
    /// `true` if the attribute's name has a prefix; any prefix matches.
    pub(crate) has_prefix: bool,
    /// The attribute's name without its prefix.
    pub(crate) local_name: Str,
    pub(crate) target: ValueType,
}

/// The entries of a map.
#[derive(Debug)]
pub(crate) struct XmlMapLayout {
    pub(crate) key_name: Str,
    pub(crate) value_name: Str,
    pub(crate) value: ValueType,
}

impl XmlLayouts {
    /// Creates an empty table.
    pub(crate) fn new(model: Arc<ServiceModel>) -> Self {
        let table = ShapeTable::new(model.shape_count());
        XmlLayouts { model, table }
    }

    /// Returns the layout of a shape, or `None` for a shape of another service.
    #[inline]
    pub(crate) fn get(&self, shape: ShapeId) -> Option<&XmlLayout> {
        self.table
            .get_or_init(shape, || self.compile(self.model.shape(shape)))
    }

    /// Returns the layout of a list or map.
    #[inline]
    pub(crate) fn get_target(&self, target: ValueType) -> Option<&XmlLayout> {
        match target {
            ValueType::List(shape) | ValueType::Map(shape) => self.get(shape),
            _ => None,
        }
    }

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

    /// Returns the value of an empty element.
    pub(crate) fn empty(&self, shape: ShapeId) -> Value {
        match self.model.shape(shape).kind {
            Kind::List(_) => Value::List(List::new()),
            _ => Value::map(),
        }
    }

    fn compile(&self, shape: &Shape) -> XmlLayout {
        match &shape.kind {
            Kind::Structure(structure) => XmlLayout::Structure(self.structure(shape, structure)),
            Kind::List(item) => XmlLayout::List(self.target(item.target)),
            Kind::Map { key, value } => XmlLayout::Map(XmlMapLayout {
                key_name: key.wire_name().clone(),
                value_name: value.wire_name().clone(),
                value: self.target(value.target),
            }),
            _ => XmlLayout::Scalar,
        }
    }

    fn structure(&self, shape: &Shape, structure: &Structure) -> XmlStructureLayout {
        let mut members: Vec<XmlMemberLayout> = Vec::new();
        let mut attributes = Vec::new();
        for member in &structure.members {
            let traits = &member.traits;
            let has_location = matches!(
                traits.location,
                Some(Location::Header | Location::Headers | Location::StatusCode)
            );
            if has_location || traits.is_event_header() {
                continue;
            }
            let target = self.target(member.target);
            if traits.is_xml_attribute() {
                let wire_name = member.wire_name();
                let (has_prefix, local_name) = match wire_name.split_once(':') {
                    Some((_, local_name)) => (true, local_name),
                    None => (false, wire_name.as_str()),
                };
                attributes.push(XmlAttributeLayout {
                    name: Name::intern(&member.name),
                    has_prefix,
                    local_name: local_name.into(),
                    target,
                });
                continue;
            }
            let flattened =
                matches!(target, ValueType::List(_) | ValueType::Map(_)) && traits.is_flattened();
            let name = self.element_name(member, flattened);
            members.push(XmlMemberLayout {
                name: Name::intern(&member.name),
                open: [name.as_bytes(), b">"].concat().into(),
                target,
                flattened,
                is_text: !matches!(
                    target,
                    ValueType::Structure(_) | ValueType::List(_) | ValueType::Map(_)
                ),
                next_same_name: None,
                after: AtomicU16::new(u16::try_from(members.len() + 1).unwrap_or(u16::MAX)),
            });
        }
        link_same_names(&mut members);
        let names = MemberNameIndex::new(members.iter().map(|member| match &*member.open {
            // No element has this name.
            [] => "<",
            open => element_name(open),
        }));
        XmlStructureLayout {
            members: members.into(),
            attributes: attributes.into(),
            is_union: shape.traits.is_union(),
            names,
            first: AtomicU16::new(0),
        }
    }

    /// Returns the name of a member's elements.
    ///
    /// A list shape that is flattened itself uses the item's location name; a list flattened by the member's trait uses
    /// the member's name. botocore uses the item's name in both cases; no definition has both and two names.
    ///
    /// # Source
    /// botocore `parsers.py:BaseXMLResponseParser._member_key_name`; Smithy's `xmlFlattened` trait for the second rule.
    fn element_name<'m>(&'m self, member: &'m Member, flattened: bool) -> &'m Str {
        if flattened {
            let shape = self.model.shape(member.target);
            if let Kind::List(item) = &shape.kind
                && shape.traits.is_flattened()
                && let Some(name) = &item.traits.location_name
            {
                return name;
            }
        }
        member.wire_name()
    }
}

impl XmlStructureLayout {
    /// Returns the position of the member with an element name.
    #[inline]
    pub(crate) fn find(&self, name: &[u8]) -> Option<u16> {
        u16::try_from(self.names.get(name)?).ok()
    }

    /// Predicts the member that comes after another one, or first.
    ///
    /// Services write the members of a structure in the same order each time, but not always in that of the model; so
    /// the order of the last response is tried first.
    #[inline]
    pub(crate) fn predict(&self, previous: Option<u16>) -> u16 {
        self.order(previous).load(Ordering::Relaxed)
    }

    /// Records which member came after another one, or first.
    #[inline]
    pub(crate) fn record(&self, previous: Option<u16>, member: u16) {
        self.order(previous).store(member, Ordering::Relaxed);
    }

    #[inline]
    fn order(&self, previous: Option<u16>) -> &AtomicU16 {
        previous
            .and_then(|position| self.members.get(usize::from(position)))
            .map_or(&self.first, |member| &member.after)
    }
}

/// Links each member to the next one with the same element name.
fn link_same_names(members: &mut [XmlMemberLayout]) {
    let mut last_by_name: HashMap<Box<[u8]>, usize> = HashMap::new();
    for position in 0..members.len() {
        let Some(member) = members.get_mut(position) else {
            break;
        };
        let Some(previous) = last_by_name.insert(member.open.clone(), position) else {
            continue;
        };
        member.open = Box::default();
        member.is_text = false;
        if let Some(previous) = members.get_mut(previous) {
            previous.next_same_name = u16::try_from(position).ok();
            previous.is_text = false;
        }
    }
}

/// Returns an element's name without the `>` after it.
fn element_name(open: &[u8]) -> &str {
    let name = open.split_last().map_or(open, |(_, name)| name);
    std::str::from_utf8(name).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layouts(shapes: &str) -> XmlLayouts {
        let definition = format!(
            r#"{{"metadata": {{"protocol": "rest-xml", "serviceId": "T", "apiVersion": "1", "endpointPrefix": "t",
                 "signatureVersion": "v4"}}, "operations": {{}}, "shapes": {shapes}}}"#
        );
        XmlLayouts::new(Arc::new(
            ServiceModel::from_json("t", definition.as_bytes()).unwrap(),
        ))
    }

    fn structure<'l>(layouts: &'l XmlLayouts, name: &str) -> &'l XmlStructureLayout {
        match layouts.get(layouts.model.shape_id(name).unwrap()).unwrap() {
            XmlLayout::Structure(layout) => layout,
            other => panic!("{other:?}"),
        }
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
            let found = big.find(name.as_bytes()).unwrap();
            assert_eq!(*big.members[usize::from(found)].name, *name);
        }
        for name in ["", "member", "member150OfMany", "Member1OfMany", "x"] {
            assert_eq!(big.find(name.as_bytes()), None, "{name}");
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
                    String::from_utf8_lossy(&member.open).into_owned(),
                    member.flattened,
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
        assert_eq!(layout.find(b"Event"), Some(0));
        let twins: Vec<_> = layout
            .members
            .iter()
            .map(|member| member.next_same_name)
            .collect();
        assert_eq!(twins, [Some(1), Some(2), None]);
    }
}
