//! Compiled shapes: all that a wire format needs to read or write the values of a shape, computed once.
//!
//! ```text
//! model's shape --compile--> CompiledShape<F>     once per shape, format and direction, on first use
//!
//! compile       this module: types, constraints, required members, locations    the same for all formats
//! ShapeFormat   encoded names of members, items, keys and values                one small implementation per format
//! ```
//! Reading and writing have tables of their own, because a shape is mostly used in one direction.

mod keyed;
mod literal;
mod name_index;
mod padded_literal;
mod param;
mod value_type;

use std::fmt;
use std::sync::Arc;

use inia_core::Name;
use inia_model::{Kind, Member, ServiceModel, ShapeId, ShapeTable, Structure};

pub(crate) use keyed::{DecodeMember, DecodeStructure, KeyDecode, KeyEncode};
pub(crate) use literal::Literal;
pub(crate) use name_index::{MemberNameIndex, NameFilter, head_word};
pub(crate) use padded_literal::{PaddedLiteral, SHORT, put_short};
pub(crate) use param::{MemberOrder, ParamSpec, TypeSpec, is_long_enough};
pub(crate) use value_type::{UNKNOWN_MEMBER, ValueType, unknown_union_member};

/// The part of a compiled shape that depends on the format.
pub(crate) trait ShapeFormat: fmt::Debug + Sized {
    /// The type of a member: a [`ValueType`] for reading, a [`ParamSpec`] for writing.
    type Spec: fmt::Debug;
    /// The encoded name of a member, list item, map key or map value.
    type Wire: fmt::Debug;
    /// Additional parts of a structure.
    type Extra: fmt::Debug;

    /// Returns the name by which a member is looked up; an empty one if it is not.
    fn key<'m>(member: &'m Member, compiled: &'m CompiledMember<Self>) -> &'m [u8];

    /// Compiles the type of a member.
    fn spec(model: &ServiceModel, member: &Member, is_required: bool) -> Self::Spec;

    /// Encodes the name of a member, or of an item, key or value if it is not in a structure.
    fn wire(&self, model: &ServiceModel, member: &Member, in_structure: bool) -> Self::Wire;

    /// Completes a structure after its members were compiled.
    fn extra(&self, structure: &Structure, members: &mut [CompiledMember<Self>]) -> Self::Extra;
}

/// The compiled form of a member, list item, map key or map value.
#[derive(Debug)]
pub(crate) struct CompiledMember<F: ShapeFormat> {
    pub(crate) wire: F::Wire,
    /// The member's name, its key in a value.
    pub(crate) name: Name,
    pub(crate) spec: F::Spec,
    /// `true` if the items of the list, or the entries of the map, are not wrapped in an element of their own.
    pub(crate) is_flattened: bool,
    /// `true` if the member is bound to the URI, a header or the status when the structure is the input or output of a
    /// REST format.
    pub(crate) has_location: bool,
}

/// The compiled form of a structure.
#[derive(Debug)]
pub(crate) struct CompiledStructure<F: ShapeFormat> {
    /// The members, in the order of the model.
    pub(crate) members: Box<[CompiledMember<F>]>,
    /// Member positions by [`ShapeFormat::key`].
    pub(crate) index: MemberNameIndex,
    pub(crate) shape: ShapeId,
    pub(crate) is_union: bool,
    /// The number of required members.
    pub(crate) required: usize,
    pub(crate) extra: F::Extra,
}

/// The compiled form of a shape.
#[derive(Debug)]
pub(crate) enum CompiledShape<F: ShapeFormat> {
    Structure(CompiledStructure<F>),
    List {
        item: CompiledMember<F>,
        is_sparse: bool,
    },
    Map {
        key: CompiledMember<F>,
        value: CompiledMember<F>,
        is_sparse: bool,
    },
    Scalar,
}

/// The compiled shapes of a service, in one format and direction.
#[derive(Debug)]
pub(crate) struct Shapes<F: ShapeFormat> {
    pub(crate) model: Arc<ServiceModel>,
    pub(crate) format: F,
    table: ShapeTable<CompiledShape<F>>,
}

impl<F: ShapeFormat> Shapes<F> {
    /// Creates an empty table.
    pub(crate) fn new(model: Arc<ServiceModel>, format: F) -> Self {
        let table = ShapeTable::new(model.shape_count());
        Shapes {
            model,
            format,
            table,
        }
    }

    /// Returns a shape, or `None` for one of another service.
    #[inline]
    pub(crate) fn get(&self, id: ShapeId) -> Option<&CompiledShape<F>> {
        self.table.get_or_init(id, || self.compile(id))
    }

    /// Returns a structure.
    #[inline]
    pub(crate) fn structure(&self, id: ShapeId) -> Option<&CompiledStructure<F>> {
        match self.get(id) {
            Some(CompiledShape::Structure(structure)) => Some(structure),
            _ => None,
        }
    }

    /// Returns the shape of a structure, list or map type.
    #[inline]
    pub(crate) fn container(&self, target: ValueType) -> Option<&CompiledShape<F>> {
        match target {
            ValueType::Structure(id) | ValueType::List(id) | ValueType::Map(id) => self.get(id),
            _ => None,
        }
    }

    #[cold]
    fn compile(&self, id: ShapeId) -> CompiledShape<F> {
        let shape = self.model.shape(id);
        let is_sparse = shape.traits.is_sparse();
        let part = |member| CompiledMember::new(&self.format, &self.model, member, None);
        match &shape.kind {
            Kind::Structure(structure) => CompiledShape::Structure(CompiledStructure::new(
                &self.format,
                &self.model,
                id,
                structure,
            )),
            Kind::List(item) => CompiledShape::List {
                item: part(item),
                is_sparse,
            },
            Kind::Map { key, value } => CompiledShape::Map {
                key: part(key),
                value: part(value),
                is_sparse,
            },
            _ => CompiledShape::Scalar,
        }
    }
}

impl<F: ShapeFormat> CompiledStructure<F> {
    /// Compiles a structure.
    pub(crate) fn new(
        format: &F,
        model: &ServiceModel,
        id: ShapeId,
        structure: &Structure,
    ) -> Self {
        let mut is_required = vec![false; structure.members.len()];
        for position in &structure.required {
            if let Some(is_required) = is_required.get_mut(*position as usize) {
                *is_required = true;
            }
        }
        let members = structure.members.iter().zip(&is_required);
        let mut members: Box<[CompiledMember<F>]> = members
            .map(|(member, required)| CompiledMember::new(format, model, member, Some(*required)))
            .collect();
        let extra = format.extra(structure, &mut members);
        let keys = structure.members.iter().zip(&members);
        let keys = keys.map(|(member, compiled)| F::key(member, compiled));
        CompiledStructure {
            index: MemberNameIndex::new(keys),
            shape: id,
            is_union: model.shape(id).traits.is_union(),
            required: is_required.iter().filter(|required| **required).count(),
            extra,
            members,
        }
    }
}

impl<F: ShapeFormat> CompiledMember<F> {
    /// Compiles a member of a structure, which may be required, or a list item, map key or map value.
    fn new(format: &F, model: &ServiceModel, member: &Member, is_required: Option<bool>) -> Self {
        CompiledMember {
            wire: format.wire(model, member, is_required.is_some()),
            name: Name::intern(&member.name),
            spec: F::spec(model, member, is_required.unwrap_or_default()),
            is_flattened: member.traits.is_flattened(),
            has_location: member.traits.location.is_some(),
        }
    }
}
