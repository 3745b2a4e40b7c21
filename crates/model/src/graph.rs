//! The shapes and operations of a service: all there, or unpacked one by one as they are asked for.

use std::sync::LazyLock;

use inia_core::Str;

use crate::packed::PackedService;
use crate::tables::Cells;
use crate::{Constraints, Kind, Operation, Shape, ShapeId, Traits};

pub(crate) enum Graph {
    /// From JSON.
    Loaded {
        shapes: Box<[Shape]>,
        operations: Box<[Operation]>,
    },
    /// In an archive.
    Packed {
        packed: PackedService,
        shapes: Cells<Box<Shape>>,
        operations: Cells<Box<Operation>>,
        operation_names: Cells<Str>,
    },
}

/// In the place of a shape that is not there.
static NO_SHAPE: Shape = Shape {
    name: Str::new(),
    kind: Kind::String,
    traits: Traits::NONE,
    constraints: Constraints::NONE,
};

/// In the place of an operation that is not there.
static NO_OPERATION: LazyLock<Operation> = LazyLock::new(Operation::default);

/// In the place of a name that is not there.
static NO_NAME: Str = Str::new();

impl Graph {
    pub(crate) fn loaded(shapes: Vec<Shape>, mut operations: Vec<Operation>) -> Self {
        operations.sort_by(|a, b| a.name.cmp(&b.name));
        for (index, operation) in (0u32..).zip(&mut operations) {
            operation.index = index;
        }
        Graph::Loaded {
            shapes: shapes.into(),
            operations: operations.into(),
        }
    }

    pub(crate) fn packed(packed: PackedService) -> Self {
        Graph::Packed {
            shapes: Cells::new(packed.shape_count()),
            operations: Cells::new(packed.operation_count()),
            operation_names: Cells::new(packed.operation_count()),
            packed,
        }
    }

    pub(crate) fn shape_count(&self) -> u32 {
        let count = match self {
            Graph::Loaded { shapes, .. } => shapes.len(),
            Graph::Packed { shapes, .. } => shapes.len(),
        };
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    #[inline]
    pub(crate) fn shape(&self, id: ShapeId) -> &Shape {
        match self {
            Graph::Loaded { shapes, .. } => shapes.get(id.index()).unwrap_or(&NO_SHAPE),
            Graph::Packed { shapes, packed, .. } => shapes
                .get_or_init(id.index(), || unpack_shape(packed, id))
                .map_or(&NO_SHAPE, |shape| &**shape),
        }
    }

    /// A shape's name, without unpacking the rest of it.
    pub(crate) fn shape_name(&self, id: ShapeId) -> Str {
        match self {
            Graph::Loaded { .. } => self.shape(id).name.clone(),
            Graph::Packed { packed, .. } => packed.shape_name(id).unwrap_or_default(),
        }
    }

    /// The shapes of errors, in order.
    pub(crate) fn errors(&self) -> Vec<ShapeId> {
        match self {
            Graph::Loaded { shapes, .. } => (0..)
                .map(ShapeId)
                .zip(shapes)
                .filter(|(_, shape)| shape.traits.is_exception())
                .map(|(id, _)| id)
                .collect(),
            Graph::Packed { packed, .. } => packed.errors().unwrap_or_default(),
        }
    }

    pub(crate) fn operation_count(&self) -> u32 {
        let count = match self {
            Graph::Loaded { operations, .. } => operations.len(),
            Graph::Packed { operations, .. } => operations.len(),
        };
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    pub(crate) fn operation(&self, index: u32) -> &Operation {
        match self {
            Graph::Loaded { operations, .. } => operations.get(index as usize),
            Graph::Packed {
                operations, packed, ..
            } => operations
                .get_or_init(index as usize, || unpack_operation(packed, index))
                .map(|operation| &**operation),
        }
        .unwrap_or(&NO_OPERATION)
    }

    pub(crate) fn operation_name(&self, index: u32) -> &Str {
        match self {
            Graph::Loaded { operations, .. } => operations
                .get(index as usize)
                .map_or(&NO_NAME, |operation| &operation.name),
            Graph::Packed {
                operation_names,
                packed,
                ..
            } => operation_names
                .get_or_init(index as usize, || {
                    packed.operation_name(index as usize).unwrap_or_default()
                })
                .unwrap_or(&NO_NAME),
        }
    }

    /// The operation of exactly this name.
    pub(crate) fn find_operation(&self, name: &str) -> Option<u32> {
        let (mut low, mut high) = (0, self.operation_count());
        while low < high {
            let middle = low.midpoint(high);
            match (**self.operation_name(middle)).cmp(name) {
                std::cmp::Ordering::Equal => return Some(middle),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }
}

/// An archive is made by the build that carries it: a record that cannot be read is one that somebody damaged, and reads as
/// nothing much.
#[cold]
fn unpack_shape(packed: &PackedService, id: ShapeId) -> Box<Shape> {
    Box::new(packed.shape(id).unwrap_or_else(|| NO_SHAPE.clone()))
}

#[cold]
fn unpack_operation(packed: &PackedService, index: u32) -> Box<Operation> {
    Box::new(
        packed
            .operation(index as usize)
            .unwrap_or_else(|| Operation {
                name: packed.operation_name(index as usize).unwrap_or_default(),
                index,
                ..Operation::default()
            }),
    )
}
