//! A Smithy JSON AST as Rust types: shapes by id, with the traits that affect calls. Strings without escapes are slices of the text.
//!
//! ```text
//! {"smithy": "2.0", "shapes": {
//!     "example.weather#Weather": {"type": "service", "version": "2026-01-01", "operations": [{"target": "example.weather#GetCity"}], "traits": {..}},
//!     "example.weather#GetCity": {"type": "operation", "input": {"target": "example.weather#GetCityInput"}, ..},
//!     "example.weather#GetCityInput": {"type": "structure", "members": {"name": {"target": "smithy.api#String", "traits": {..}}}},
//!     "example.weather#GetCityInput$name": {"type": "apply", "traits": {..}}
//! }}
//! ```
//!
//! # Source
//! <https://smithy.io/2.0/spec/json-ast.html>.

use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;
use std::sync::LazyLock;

use inia_core::{Error, ErrorKind, Result, Str};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};

use super::invalid;
use super::traits::{Trait, Traits};
use crate::definition::raw::{RawObject, RawPairs, RawText, object};

/// Position of a shape in [`Ast::shapes`].
pub(super) type AstIndex = usize;

object! {
    struct RawAst<'a> {
        "smithy" => version: Option<RawText<'a>>,
        "shapes" => shapes: RawPairs<'a, AstShape<'a>> = required,
    }
}

impl RawObject<'_> for RawAst<'_> {}

object! {
    /// A shape of any type, or an `apply` statement.
    struct AstShape<'a> {
        "type" => kind: RawText<'a> = required,
        "traits" => traits: Traits,
        "members" => members: RawPairs<'a, AstMember<'a>>,
        "member" => member: Option<AstMember<'a>>,
        "key" => key: Option<AstMember<'a>>,
        "value" => value: Option<AstMember<'a>>,
        "mixins" => mixins: Vec<AstRef<'a>>,
        "version" => version: Option<RawText<'a>>,
        "input" => input: Option<AstRef<'a>>,
        "output" => output: Option<AstRef<'a>>,
        "errors" => errors: Vec<AstRef<'a>>,
        "rename" => rename: RawPairs<'a, RawText<'a>>,
        "operations" => operations: Vec<AstRef<'a>>,
        "collectionOperations" => collection_operations: Vec<AstRef<'a>>,
        "resources" => resources: Vec<AstRef<'a>>,
        "create" => create: Option<AstRef<'a>>,
        "put" => put: Option<AstRef<'a>>,
        "read" => read: Option<AstRef<'a>>,
        "update" => update: Option<AstRef<'a>>,
        "delete" => delete: Option<AstRef<'a>>,
        "list" => list: Option<AstRef<'a>>,
    }
}

impl RawObject<'_> for AstShape<'_> {
    const ERROR_PREFIX: &'static str = "shape ";
}

impl RawObject<'_> for RawText<'_> {}

object! {
    #[derive(Clone)]
    struct AstMember<'a> {
        "target" => target: RawText<'a> = required,
        "traits" => traits: Traits,
    }
}

impl RawObject<'_> for AstMember<'_> {
    const ERROR_PREFIX: &'static str = "member ";
}

object! {
    #[derive(Clone)]
    struct AstRef<'a> {
        "target" => target: RawText<'a> = required,
    }
}

impl RawObject<'_> for AstRef<'_> {}

impl AstShape<'_> {
    /// Returns true if the shape is an event stream: a streaming union.
    pub(super) fn is_event_stream(&self) -> bool {
        *self.kind == *"union" && self.traits.has(Trait::Streaming)
    }

    /// Returns the name of an AWS service for configuration.
    pub(super) fn sdk_id(&self) -> Option<&Str> {
        self.traits.text_entry(Trait::Service, "sdkId")
    }

    /// Merges the traits of an `apply` statement into a member. If the shape has no such member, one without a target is added: the
    /// shape may inherit it from a mixin.
    fn apply_to_member(&mut self, name: &str, traits: Traits) {
        let part = match name {
            "member" => self.member.as_mut(),
            "key" => self.key.as_mut(),
            "value" => self.value.as_mut(),
            _ => None,
        };
        if let Some(part) = part {
            part.traits.merge(traits);
            return;
        }
        let members = &mut self.members.0;
        match members.iter_mut().find(|(member, _)| **member == *name) {
            Some((_, member)) => member.traits.merge(traits),
            None => members.push((
                RawText::from(name.to_owned()),
                AstMember {
                    target: RawText::default(),
                    traits,
                },
            )),
        }
    }
}

/// Simple shapes of the prelude.
///
/// # Source
/// <https://smithy.io/2.0/spec/model.html#prelude>.
const PRELUDE: [(&str, &str); 21] = [
    ("smithy.api#String", "string"),
    ("smithy.api#Blob", "blob"),
    ("smithy.api#BigInteger", "bigInteger"),
    ("smithy.api#BigDecimal", "bigDecimal"),
    ("smithy.api#Timestamp", "timestamp"),
    ("smithy.api#Document", "document"),
    ("smithy.api#Boolean", "boolean"),
    ("smithy.api#PrimitiveBoolean", "boolean"),
    ("smithy.api#Byte", "byte"),
    ("smithy.api#PrimitiveByte", "byte"),
    ("smithy.api#Short", "short"),
    ("smithy.api#PrimitiveShort", "short"),
    ("smithy.api#Integer", "integer"),
    ("smithy.api#PrimitiveInteger", "integer"),
    ("smithy.api#Long", "long"),
    ("smithy.api#PrimitiveLong", "long"),
    ("smithy.api#Float", "float"),
    ("smithy.api#PrimitiveFloat", "float"),
    ("smithy.api#Double", "double"),
    ("smithy.api#PrimitiveDouble", "double"),
    (UNIT, "structure"),
];

/// Returns the name of a shape: the part of its id after the namespace.
pub(super) fn name_of(id: &str) -> &str {
    id.split_once('#').map_or(id, |(_, name)| name)
}

/// Id of the shape of an operation without input or output, and of union members without a value.
pub(super) const UNIT: &str = "smithy.api#Unit";

/// A loaded AST, with `apply` statements applied. Mixins are not yet merged.
pub(super) struct Ast<'a> {
    pub(super) shapes: Vec<(RawText<'a>, AstShape<'a>)>,
    /// Positions of shapes by id.
    index: HashMap<RawText<'a>, AstIndex>,
}

impl<'a> Ast<'a> {
    /// Parses an AST.
    ///
    /// # Errors
    /// `Model`: the text is not JSON, has no `smithy` version, or an unsupported one. The message has the shape or the line.
    pub(super) fn parse(text: &'a str) -> Result<Self> {
        let problem =
            |problem: &dyn fmt::Display| Error::new(ErrorKind::Model, problem.to_string());
        let raw: RawAst<'a> = serde_json::from_str(text).map_err(|error| problem(&error))?;
        match raw.version.as_deref() {
            Some("1.0" | "1" | "2.0" | "2" | "2.1") => {}
            Some(version) => {
                return Err(invalid(format!(
                    "unsupported Smithy version {version:?}; 1.0 and 2.0 are supported"
                )));
            }
            None => return Err(invalid("missing \"smithy\" version: not a Smithy JSON AST")),
        }
        let mut shapes = raw.shapes.0;
        for (id, kind) in PRELUDE {
            let shape = AstShape {
                kind: RawText::from(kind),
                ..AstShape::default()
            };
            shapes.push((RawText::from(id), shape));
        }
        let mut ast = Ast {
            index: HashMap::with_capacity(shapes.len()),
            shapes,
        };
        for (position, (id, shape)) in ast.shapes.iter().enumerate() {
            if *shape.kind != *"apply" {
                ast.index.entry(id.clone()).or_insert(position);
            }
        }
        ast.apply_statements()?;
        Ok(ast)
    }

    /// Returns the position of a shape.
    pub(super) fn find(&self, id: &str) -> Option<AstIndex> {
        self.index.get(id).copied()
    }

    /// Returns a shape that another shape refers to.
    ///
    /// # Errors
    /// `Model`: there is no such shape.
    pub(super) fn target(&self, id: &str) -> Result<AstIndex> {
        self.find(id)
            .ok_or_else(|| invalid(format!("refers to undefined shape {id:?}")))
    }

    /// Returns the shape at a position.
    pub(super) fn shape(&self, index: AstIndex) -> &AstShape<'a> {
        self.shapes.get(index).map_or(&MISSING, |(_, shape)| shape)
    }

    /// Returns the id of the shape at a position.
    pub(super) fn id(&self, index: AstIndex) -> &str {
        self.shapes.get(index).map_or("", |(id, _)| id)
    }

    /// Merges the traits of `apply` statements into the shapes and members that they name. Those of members that a shape
    /// inherits from its mixins are kept as members without a target until the mixins are merged.
    fn apply_statements(&mut self) -> Result<()> {
        let statements: Vec<AstIndex> = self
            .shapes
            .iter()
            .enumerate()
            .filter(|(_, (_, shape))| *shape.kind == *"apply")
            .map(|(position, _)| position)
            .collect();
        for position in statements {
            let (id, traits) = match self.shapes.get_mut(position) {
                Some((id, shape)) => ((**id).to_owned(), std::mem::take(&mut shape.traits)),
                None => continue,
            };
            let (shape, member) = match id.split_once('$') {
                Some((shape, member)) => (shape, Some(member)),
                None => (&*id, None),
            };
            let target = self
                .find(shape)
                .and_then(|index| self.shapes.get_mut(index))
                .map(|(_, shape)| shape);
            let Some(target) = target else {
                return Err(invalid(format!(
                    "apply statement for undefined shape {id:?}"
                )));
            };
            match member {
                None => target.traits.merge(traits),
                Some(member) => target.apply_to_member(member, traits),
            }
        }
        Ok(())
    }
}

/// Returned for a position that is out of range.
static MISSING: LazyLock<AstShape<'static>> = LazyLock::new(AstShape::default);
