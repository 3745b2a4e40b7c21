//! Compiled shapes of the body formats that are keyed by member names, JSON and CBOR.

use inia_core::Map;
use inia_model::{Member, ServiceModel, Structure};

use super::{
    CompiledMember, CompiledStructure, Literal, PaddedLiteral, ParamSpec, ShapeFormat, ValueType,
};

/// Reading. Encodes a member's wire name as the key in front of its value, in its usual form.
#[derive(Debug)]
pub(crate) struct KeyDecode(pub(crate) fn(&str) -> Vec<u8>);

/// Writing. Encodes a member's wire name as the key in front of its value.
#[derive(Debug)]
pub(crate) struct KeyEncode(pub(crate) fn(&str) -> Vec<u8>);

/// The compiled form of a structure for reading.
pub(crate) type DecodeStructure = CompiledStructure<KeyDecode>;

/// The compiled form of a structure member for reading.
pub(crate) type DecodeMember = CompiledMember<KeyDecode>;

impl ShapeFormat for KeyDecode {
    type Spec = ValueType;
    type Wire = Literal;
    type Extra = ();

    fn key<'m>(member: &'m Member, _: &'m CompiledMember<Self>) -> &'m [u8] {
        member.wire_name().as_bytes()
    }

    fn spec(model: &ServiceModel, member: &Member, _: bool) -> ValueType {
        ValueType::of(model, member)
    }

    fn wire(&self, _: &ServiceModel, member: &Member, _: bool) -> Literal {
        Literal::new(&(self.0)(member.wire_name()))
    }

    fn extra(&self, _: &Structure, _: &mut [CompiledMember<Self>]) {}
}

impl DecodeStructure {
    /// Returns the member with a wire name, whose [`head_word`](super::head_word) is `head`, and its position.
    #[inline(always)]
    pub(crate) fn by_wire_name(&self, name: &[u8], head: u64) -> Option<(usize, &DecodeMember)> {
        let position = self.index.get_by_head(name, head)?;
        Some((position, self.members.get(position)?))
    }

    /// Returns the same for a name of at most eight bytes, which `head` holds completely.
    #[inline(always)]
    pub(crate) fn by_short_name(&self, head: u64, length: usize) -> Option<(usize, &DecodeMember)> {
        let position = self.index.get_short(head, length)?;
        Some((position, self.members.get(position)?))
    }

    /// Returns the member that is the only entry of a structure value, and its position.
    pub(crate) fn only_member(&self, structure: &Map) -> Option<(usize, &DecodeMember)> {
        let (name, _) = structure.get_index(0).filter(|_| structure.len() == 1)?;
        let mut members = self.members.iter().enumerate();
        members.find(|(_, member)| *member.name == *name)
    }
}

impl ShapeFormat for KeyEncode {
    type Spec = ParamSpec;
    type Wire = PaddedLiteral;
    type Extra = ();

    fn key<'m>(member: &'m Member, _: &'m CompiledMember<Self>) -> &'m [u8] {
        member.name.as_bytes()
    }

    fn spec(model: &ServiceModel, member: &Member, is_required: bool) -> ParamSpec {
        ParamSpec::new(model, member, is_required)
    }

    fn wire(&self, _: &ServiceModel, member: &Member, _: bool) -> PaddedLiteral {
        PaddedLiteral::new(&(self.0)(member.wire_name()))
    }

    fn extra(&self, _: &Structure, _: &mut [CompiledMember<Self>]) {}
}
