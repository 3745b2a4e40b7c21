//! Shapes and operations of a service, loaded from JSON or decoded from an archive on first use.

use std::sync::LazyLock;

use inia_core::Str;

use crate::packed::{PackedService, binary_search};
use crate::tables::LazyTable;
use crate::{Constraints, Kind, Operation, Shape, ShapeId, Traits};

pub(crate) enum ShapeGraph {
    /// Loaded from JSON, complete.
    Loaded {
        shapes: Box<[Shape]>,
        operations: Box<[Operation]>,
    },
    /// Decoded from an archive, one shape or operation at a time.
    Packed {
        packed: PackedService,
        shapes: LazyTable<Box<Shape>>,
        operations: LazyTable<Box<Operation>>,
        operation_names: LazyTable<Str>,
    },
}

/// Returned for an unknown shape id.
static MISSING_SHAPE: Shape = Shape {
    name: Str::new(),
    kind: Kind::String,
    traits: Traits::NONE,
    constraints: Constraints::NONE,
};

/// Returned for an unknown operation index.
static MISSING_OPERATION: LazyLock<Operation> = LazyLock::new(Operation::default);

/// Returned as the name of an unknown operation.
static MISSING_NAME: Str = Str::new();

impl ShapeGraph {
    pub(crate) fn loaded(shapes: Vec<Shape>, mut operations: Vec<Operation>) -> Self {
        operations.sort_by(|a, b| a.name.cmp(&b.name));
        for (index, operation) in (0u32..).zip(&mut operations) {
            operation.index = index;
        }
        ShapeGraph::Loaded {
            shapes: shapes.into(),
            operations: operations.into(),
        }
    }

    pub(crate) fn packed(packed: PackedService) -> Self {
        ShapeGraph::Packed {
            shapes: LazyTable::new(packed.shape_count()),
            operations: LazyTable::new(packed.operation_count()),
            operation_names: LazyTable::new(packed.operation_count()),
            packed,
        }
    }

    pub(crate) fn shape_count(&self) -> u32 {
        let count = match self {
            ShapeGraph::Loaded { shapes, .. } => shapes.len(),
            ShapeGraph::Packed { shapes, .. } => shapes.len(),
        };
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    #[inline]
    pub(crate) fn shape(&self, id: ShapeId) -> &Shape {
        match self {
            ShapeGraph::Loaded { shapes, .. } => shapes.get(id.index()).unwrap_or(&MISSING_SHAPE),
            ShapeGraph::Packed { shapes, packed, .. } => shapes
                .get_or_init(id.index(), || decode_shape(packed, id))
                .map_or(&MISSING_SHAPE, |shape| &**shape),
        }
    }

    /// Returns the name of a shape without decoding the rest of the shape.
    pub(crate) fn shape_name(&self, id: ShapeId) -> Str {
        match self {
            ShapeGraph::Loaded { .. } => self.shape(id).name.clone(),
            ShapeGraph::Packed { packed, .. } => packed.shape_name(id).unwrap_or_default(),
        }
    }

    /// Returns the ids of the error shapes, in ascending order.
    pub(crate) fn errors(&self) -> Vec<ShapeId> {
        match self {
            ShapeGraph::Loaded { shapes, .. } => (0..)
                .map(ShapeId)
                .zip(shapes)
                .filter(|(_, shape)| shape.traits.is_exception())
                .map(|(id, _)| id)
                .collect(),
            ShapeGraph::Packed { packed, .. } => packed.errors().unwrap_or_default(),
        }
    }

    pub(crate) fn operation_count(&self) -> u32 {
        let count = match self {
            ShapeGraph::Loaded { operations, .. } => operations.len(),
            ShapeGraph::Packed { operations, .. } => operations.len(),
        };
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    pub(crate) fn operation(&self, index: u32) -> &Operation {
        match self {
            ShapeGraph::Loaded { operations, .. } => operations.get(index as usize),
            ShapeGraph::Packed {
                operations, packed, ..
            } => operations
                .get_or_init(index as usize, || decode_operation(packed, index))
                .map(|operation| &**operation),
        }
        .unwrap_or(&MISSING_OPERATION)
    }

    pub(crate) fn operation_name(&self, index: u32) -> &Str {
        match self {
            ShapeGraph::Loaded { operations, .. } => operations
                .get(index as usize)
                .map_or(&MISSING_NAME, |operation| &operation.name),
            ShapeGraph::Packed {
                operation_names,
                packed,
                ..
            } => operation_names
                .get_or_init(index as usize, || {
                    packed.operation_name(index as usize).unwrap_or_default()
                })
                .unwrap_or(&MISSING_NAME),
        }
    }

    /// Returns the index of the operation with exactly this name.
    pub(crate) fn find_operation(&self, name: &str) -> Option<u32> {
        let index = binary_search(self.operation_count() as usize, |index| {
            Some((**self.operation_name(u32::try_from(index).ok()?)).cmp(name))
        });
        index.and_then(|index| u32::try_from(index).ok())
    }
}

#[cold]
fn decode_shape(packed: &PackedService, id: ShapeId) -> Box<Shape> {
    Box::new(packed.shape(id).unwrap_or_else(|| MISSING_SHAPE.clone()))
}

#[cold]
fn decode_operation(packed: &PackedService, index: u32) -> Box<Operation> {
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
