//! [`Layouts`]: how the values of a service's shapes lie in XML, worked out shape by shape on first use.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use inia_core::{List, Name, Str, Value};
use inia_model::{Kind, Location, Member, ServiceModel, Shape, ShapeId, ShapeTable, Structure};

use crate::names::NameIndex;

/// The layouts of a service's shapes.
#[derive(Debug)]
pub(crate) struct Layouts {
    model: Arc<ServiceModel>,
    table: ShapeTable<Layout>,
}

/// How the value of one shape lies in its element.
#[derive(Debug)]
pub(crate) enum Layout {
    /// Each member is a child, or an attribute.
    Structure(StructureLayout),
    /// Each child is an item, whatever its name.
    List(Target),
    /// Each child is an entry with a key and a value.
    Map(MapLayout),
    /// The element's text.
    Scalar,
}

/// What an element is to be read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) form: Form,
    pub(crate) shape: ShapeId,
}

/// The type of a [`Target`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    String,
    Blob,
    Boolean,
    Integer,
    Float,
    Timestamp,
    Structure,
    List,
    Map,
}

/// The members of a structure by their names in XML.
#[derive(Debug)]
pub(crate) struct StructureLayout {
    /// The shape's name.
    pub(crate) name: Str,
    /// The members that are child elements.
    pub(crate) members: Box<[MemberLayout]>,
    /// The members that are attributes.
    pub(crate) attributes: Box<[AttributeLayout]>,
    /// Whether exactly one member is set.
    pub(crate) is_union: bool,
    names: NameIndex,
    /// The member that came first in the last answer.
    first: AtomicU16,
}

/// A member that is a child element, or several of them.
#[derive(Debug)]
pub(crate) struct MemberLayout {
    /// The member's name.
    pub(crate) name: Name,
    /// The element's name with `>` behind it; empty for a twin, which is reached by way of the first of its name.
    pub(crate) open: Box<[u8]>,
    pub(crate) target: Target,
    /// Whether the items of the list, or the entries of the map, lie in the structure's own element.
    pub(crate) flattened: bool,
    /// Whether the element holds nothing but the text of one value.
    pub(crate) is_text: bool,
    /// The next member of the same element name: each of them reads the element.
    pub(crate) twin: Option<u16>,
    /// The member that came after this one in the last answer that had it.
    after: AtomicU16,
}

/// A member that is an attribute of its structure's element.
#[derive(Debug)]
pub(crate) struct AttributeLayout {
    /// The member's name.
    pub(crate) name: Name,
    /// Whether the attribute's name has a prefix; which one does not matter.
    pub(crate) has_prefix: bool,
    /// The attribute's name without its prefix.
    pub(crate) local_name: Str,
    pub(crate) target: Target,
}

/// The entries of a map.
#[derive(Debug)]
pub(crate) struct MapLayout {
    pub(crate) key_name: Str,
    pub(crate) value_name: Str,
    pub(crate) value: Target,
}

impl Layouts {
    /// The layouts of a service, none of them made yet.
    pub(crate) fn new(model: Arc<ServiceModel>) -> Self {
        let table = ShapeTable::new(model.shape_count());
        Layouts { model, table }
    }

    /// The layout of a shape; `None` for a shape of another service.
    #[inline]
    pub(crate) fn get(&self, shape: ShapeId) -> Option<&Layout> {
        self.table
            .get_or_init(shape, || self.make(self.model.shape(shape)))
    }

    /// What an element is to be read as that holds a value of a shape.
    pub(crate) fn target(&self, shape: ShapeId) -> Target {
        let form = match self.model.shape(shape).kind {
            Kind::Structure(_) => Form::Structure,
            Kind::List(_) => Form::List,
            Kind::Map { .. } => Form::Map,
            Kind::String => Form::String,
            Kind::Blob => Form::Blob,
            Kind::Boolean => Form::Boolean,
            Kind::Integer | Kind::Long => Form::Integer,
            Kind::Float | Kind::Double => Form::Float,
            Kind::Timestamp => Form::Timestamp,
        };
        Target { form, shape }
    }

    /// The value of an element of a shape that is empty.
    pub(crate) fn empty(&self, shape: ShapeId) -> Value {
        match self.model.shape(shape).kind {
            Kind::List(_) => Value::List(List::new()),
            _ => Value::map(),
        }
    }

    fn make(&self, shape: &Shape) -> Layout {
        match &shape.kind {
            Kind::Structure(structure) => Layout::Structure(self.structure(shape, structure)),
            Kind::List(item) => Layout::List(self.target(item.target)),
            Kind::Map { key, value } => Layout::Map(MapLayout {
                key_name: key.wire_name().clone(),
                value_name: value.wire_name().clone(),
                value: self.target(value.target),
            }),
            _ => Layout::Scalar,
        }
    }

    fn structure(&self, shape: &Shape, structure: &Structure) -> StructureLayout {
        let mut members: Vec<MemberLayout> = Vec::new();
        let mut attributes = Vec::new();
        for member in &structure.members {
            let traits = &member.traits;
            let elsewhere = matches!(
                traits.location,
                Some(Location::Header | Location::Headers | Location::StatusCode)
            );
            if elsewhere || traits.is_event_header() {
                continue;
            }
            let target = self.target(member.target);
            if traits.is_xml_attribute() {
                let wire_name = member.wire_name();
                let (has_prefix, local_name) = match wire_name.split_once(':') {
                    Some((_, local_name)) => (true, local_name),
                    None => (false, wire_name.as_str()),
                };
                attributes.push(AttributeLayout {
                    name: Name::intern(&member.name),
                    has_prefix,
                    local_name: local_name.into(),
                    target,
                });
                continue;
            }
            let flattened = matches!(target.form, Form::List | Form::Map) && traits.is_flattened();
            let name = self.element_name(member, flattened);
            members.push(MemberLayout {
                name: Name::intern(&member.name),
                open: [name.as_bytes(), b">"].concat().into(),
                target,
                flattened,
                is_text: target.form.is_text(),
                twin: None,
                after: AtomicU16::new(u16::try_from(members.len() + 1).unwrap_or(u16::MAX)),
            });
        }
        join_twins(&mut members);
        let names = NameIndex::new(members.iter().map(|member| match &*member.open {
            // No element has this name.
            [] => "<",
            open => element_name(open),
        }));
        StructureLayout {
            name: shape.name.clone(),
            members: members.into(),
            attributes: attributes.into(),
            is_union: shape.traits.is_union(),
            names,
            first: AtomicU16::new(0),
        }
    }

    /// The name of the elements that hold a member.
    ///
    /// A list that is flattened wherever it is used names its items itself; one that is flattened by the member goes by
    /// the member's name. botocore takes the item's name in both cases; no definition has both and two names.
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

impl Form {
    /// Whether a value of the type is text.
    fn is_text(self) -> bool {
        !matches!(self, Form::Structure | Form::List | Form::Map)
    }
}

impl MemberLayout {
    /// The element's name.
    pub(crate) fn element_name(&self) -> &str {
        element_name(&self.open)
    }
}

impl StructureLayout {
    /// The position of the member whose element has a name.
    #[inline]
    pub(crate) fn find(&self, name: &[u8]) -> Option<u16> {
        u16::try_from(self.names.get(name)?).ok()
    }

    /// The member that is likely to come after another one, or first.
    ///
    /// Services write the members of a structure in the same order each time, but not always in the definition's: so what
    /// came last time is tried first.
    #[inline]
    pub(crate) fn likely(&self, previous: Option<u16>) -> u16 {
        self.order(previous).load(Ordering::Relaxed)
    }

    /// Notes which member came after another one, or first.
    #[inline]
    pub(crate) fn learn(&self, previous: Option<u16>, member: u16) {
        self.order(previous).store(member, Ordering::Relaxed);
    }

    #[inline]
    fn order(&self, previous: Option<u16>) -> &AtomicU16 {
        previous
            .and_then(|position| self.members.get(usize::from(position)))
            .map_or(&self.first, |member| &member.after)
    }
}

/// Makes every member whose element name an earlier one has a twin of that.
fn join_twins(members: &mut [MemberLayout]) {
    let mut holders: HashMap<Box<[u8]>, usize> = HashMap::new();
    for position in 0..members.len() {
        let Some(member) = members.get_mut(position) else {
            break;
        };
        let Some(holder) = holders.insert(member.open.clone(), position) else {
            continue;
        };
        member.open = Box::default();
        member.is_text = false;
        if let Some(holder) = members.get_mut(holder) {
            holder.twin = u16::try_from(position).ok();
            holder.is_text = false;
        }
    }
}

/// An element's name without the `>` behind it.
fn element_name(open: &[u8]) -> &str {
    let name = open.split_last().map_or(open, |(_, name)| name);
    std::str::from_utf8(name).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layouts(shapes: &str) -> Layouts {
        let definition = format!(
            r#"{{"metadata": {{"protocol": "rest-xml", "serviceId": "T", "apiVersion": "1", "endpointPrefix": "t",
                 "signatureVersion": "v4"}}, "operations": {{}}, "shapes": {shapes}}}"#
        );
        Layouts::new(Arc::new(
            ServiceModel::from_json("t", definition.as_bytes()).unwrap(),
        ))
    }

    fn structure<'l>(layouts: &'l Layouts, name: &str) -> &'l StructureLayout {
        match layouts.get(layouts.model.shape_id(name).unwrap()).unwrap() {
            Layout::Structure(layout) => layout,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_member_is_found_by_its_element_and_no_other_name_is() {
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
    fn a_flattened_list_goes_by_its_items_name_only_where_the_list_says_so() {
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
    fn members_of_one_element_name_are_twins() {
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
        let twins: Vec<_> = layout.members.iter().map(|member| member.twin).collect();
        assert_eq!(twins, [Some(1), Some(2), None]);
    }
}
