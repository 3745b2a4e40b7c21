//! Merges mixins into the shapes that use them.
//!
//! # Source
//! <https://smithy.io/2.0/spec/mixins.html>.

use std::collections::HashMap;

use inia_core::Result;

use super::ast::{Ast, AstIndex, AstMember, AstShape};
use super::invalid;
use super::traits::Traits;
use crate::definition::raw::RawText;

/// Maximum number of mixins that use each other in a chain.
const MAX_DEPTH: u32 = 100;
/// Maximum number of members that all mixins of a file add together.
const MAX_MEMBERS: usize = 1_000_000;

#[derive(Clone, Copy, PartialEq)]
enum MergeState {
    Pending,
    Merging,
    Merged,
}

/// Merges the mixins of all shapes.
///
/// # Errors
/// `Model`: an undefined mixin, a mixin that uses itself, or too many of them; the message has the shape.
pub(super) fn merge(ast: &mut Ast<'_>) -> Result<()> {
    let mut merger = MixinMerger {
        states: vec![MergeState::Pending; ast.shapes.len()],
        members: 0,
        ast,
    };
    for index in 0..merger.states.len() {
        if !merger.ast.shape(index).mixins.is_empty() {
            merger.merge(index, 0)?;
        }
    }
    merger.check_members()
}

struct MixinMerger<'m, 'a> {
    ast: &'m mut Ast<'a>,
    states: Vec<MergeState>,
    /// Number of members added so far.
    members: usize,
}

impl<'a> MixinMerger<'_, 'a> {
    fn merge(&mut self, index: AstIndex, depth: u32) -> Result<()> {
        let id = |merger: &Self| merger.ast.id(index).to_owned();
        match self.states.get(index) {
            Some(MergeState::Merged) | None => return Ok(()),
            Some(MergeState::Merging) => {
                return Err(invalid("a mixin uses itself").at(format_args!("shape {}", id(self))));
            }
            Some(MergeState::Pending) => {}
        }
        if depth > MAX_DEPTH {
            let message = format!("more than {MAX_DEPTH} mixins that use each other");
            return Err(invalid(message).at(format_args!("shape {}", id(self))));
        }
        self.set_state(index, MergeState::Merging);
        let mut merged = AstShape::default();
        for mixin in self.ast.shape(index).mixins.clone() {
            let mixin = self.ast.target(&mixin.target);
            let mixin = mixin.map_err(|error| error.at(format_args!("shape {}", id(self))))?;
            self.merge(mixin, depth + 1)?;
            let mixin = self.ast.shape(mixin);
            self.members += mixin.members.0.len();
            if self.members > MAX_MEMBERS {
                let message = format!("mixins add more than {MAX_MEMBERS} members");
                return Err(invalid(message).at(format_args!("shape {}", id(self))));
            }
            merged.inherit(mixin);
        }
        if let Some((_, shape)) = self.ast.shapes.get_mut(index) {
            let own = std::mem::take(shape);
            *shape = merged.extended(own);
        }
        self.set_state(index, MergeState::Merged);
        Ok(())
    }

    fn set_state(&mut self, index: AstIndex, state: MergeState) {
        if let Some(slot) = self.states.get_mut(index) {
            *slot = state;
        }
    }

    /// Checks that no `apply` statement named a member that its shape does not have.
    fn check_members(&self) -> Result<()> {
        for (id, shape) in &self.ast.shapes {
            let mut members = shape.members.0.iter();
            if let Some((name, _)) = members.find(|(_, member)| member.target.is_empty()) {
                let problem = invalid(format!("no member {:?} to apply traits to", &**name));
                return Err(problem.at(format_args!("shape {}", &**id)));
            }
        }
        Ok(())
    }
}

impl<'a> AstShape<'a> {
    /// Takes over what a mixin defines, after the mixins before it.
    fn inherit(&mut self, mixin: &AstShape<'a>) {
        self.traits.merge(mixin.traits.inherited());
        self.add_members(&mixin.members.0);
        for (own, inherited) in [
            (&mut self.member, &mixin.member),
            (&mut self.key, &mixin.key),
            (&mut self.value, &mixin.value),
        ] {
            if inherited.is_some() {
                own.clone_from(inherited);
            }
        }
        if mixin.version.is_some() {
            self.version.clone_from(&mixin.version);
        }
        self.rename.0.extend(mixin.rename.0.iter().cloned());
        self.errors.extend(mixin.errors.iter().cloned());
        self.operations.extend(mixin.operations.iter().cloned());
        self.resources.extend(mixin.resources.iter().cloned());
        let operations = &mut self.collection_operations;
        operations.extend(mixin.collection_operations.iter().cloned());
    }

    /// Adds the members of a shape that uses these mixins, after theirs.
    fn extended(mut self, own: AstShape<'a>) -> AstShape<'a> {
        self.traits.merge(own.traits);
        self.add_members(&own.members.0);
        self.rename.0.extend(own.rename.0);
        self.errors.extend(own.errors);
        self.operations.extend(own.operations);
        self.resources.extend(own.resources);
        self.collection_operations.extend(own.collection_operations);
        AstShape {
            traits: self.traits,
            members: self.members,
            member: merged_part(self.member, own.member),
            key: merged_part(self.key, own.key),
            value: merged_part(self.value, own.value),
            version: own.version.or(self.version),
            rename: self.rename,
            errors: self.errors,
            operations: self.operations,
            resources: self.resources,
            collection_operations: self.collection_operations,
            mixins: Vec::new(),
            ..own
        }
    }

    /// Adds members; one that is already there only gets the additional traits, and the new target if there is one.
    fn add_members(&mut self, members: &[(RawText<'a>, AstMember<'a>)]) {
        let mut positions: HashMap<RawText<'a>, usize> = (self.members.0.iter().zip(0..))
            .map(|((name, _), position)| (name.clone(), position))
            .collect();
        for (name, member) in members {
            let existing = positions
                .get(name)
                .and_then(|position| self.members.0.get_mut(*position));
            match existing {
                Some((_, existing)) => {
                    existing.traits.merge(member.traits.clone());
                    if !member.target.is_empty() {
                        existing.target = member.target.clone();
                    }
                }
                None => {
                    positions.insert(name.clone(), self.members.0.len());
                    self.members.0.push((name.clone(), member.clone()));
                }
            }
        }
    }
}

fn merged_part<'a>(
    inherited: Option<AstMember<'a>>,
    own: Option<AstMember<'a>>,
) -> Option<AstMember<'a>> {
    match (inherited, own) {
        (Some(inherited), Some(own)) => {
            let mut traits: Traits = inherited.traits;
            traits.merge(own.traits);
            Some(AstMember {
                target: own.target,
                traits,
            })
        }
        (inherited, own) => own.or(inherited),
    }
}
