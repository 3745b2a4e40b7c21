//! Structures: children and attributes to members.

use inia_core::{List, Map, Name, Result, Str, Value};

use super::decode::{Decoder, scalar_value};
use super::layout::{Form, Layout, MemberLayout, StructureLayout};
use super::reader::Next;
use super::tag::Tag;

impl<'t, 'l> Decoder<'t, 'l> {
    /// Reads an element as a structure.
    pub(super) fn structure(
        &mut self,
        layout: &'l StructureLayout,
        tag: &Tag<'t>,
        depth: u32,
    ) -> Result<Value> {
        let base = self.members.len();
        if !layout.attributes.is_empty() {
            self.attributes(layout, tag)?;
        }
        let mut unknown = Unknown::default();
        if !tag.is_empty() {
            let mut seen = Seen::default();
            let mut previous = None;
            loop {
                let likely = layout.likely(previous);
                let guess = layout.members.get(usize::from(likely));
                if let Some(member) = guess
                    && member.is_text
                    && let Some(text) = self.reader.next_text(&member.open)
                {
                    previous = Some(likely);
                    if !seen.again(likely, || self.has_member(base, member.name)) {
                        let form = member.target.form;
                        let value = self
                            .scalar_of(form, text)
                            .ok_or_else(|| self.unreadable(form, text, member.element_name()))?;
                        self.members.push(member.name, value);
                    }
                    continue;
                }
                let (position, member, child) = match guess
                    .and_then(|member| Some((likely, member, self.reader.next_is(&member.open)?)))
                {
                    Some(found) => found,
                    None => match self.reader.next()? {
                        Next::End => break,
                        Next::Child(child) => match layout.find(child.local_name()) {
                            Some(position) => {
                                layout.learn(previous, position);
                                match layout.members.get(usize::from(position)) {
                                    Some(member) => (position, member, child),
                                    None => continue,
                                }
                            }
                            None => {
                                unknown.note(child.local_name());
                                self.unknown(&child, depth)?;
                                continue;
                            }
                        },
                    },
                };
                previous = Some(position);
                let again = seen.again(position, || self.has_member(base, member.name));
                if let Some(twin) = member.twin {
                    self.twins(layout, member, twin, base, &child, depth)?;
                } else if member.flattened {
                    self.flattened(member, base, again, &child, depth)?;
                } else if again {
                    self.reader.skip_content(&child, depth + 1)?;
                } else {
                    let value = self.value(member.target, &child, depth + 1)?;
                    self.members.push(member.name, value);
                }
            }
            self.reader.close(tag)?;
        }
        if layout.is_union {
            return self.union(layout, base, &unknown);
        }
        Ok(Value::Map(self.members.split_off(base)))
    }

    fn has_member(&self, base: usize, name: Name) -> bool {
        self.members.position(base, name).is_some()
    }

    /// Reads the attributes of a structure's element that are members.
    #[cold]
    fn attributes(&mut self, layout: &StructureLayout, tag: &Tag<'t>) -> Result<()> {
        for member in &layout.attributes {
            let found = tag.attributes().find(|attribute| {
                attribute.prefix != "xmlns"
                    && attribute.prefix.is_empty() != member.has_prefix
                    && *attribute.local_name == *member.local_name
            });
            if let Some(attribute) = found {
                let text = attribute
                    .value()
                    .map_err(|message| self.reader.error(message))?;
                let value = match member.target.form {
                    Form::String => Value::from(Str::from(text)),
                    form => scalar_value(form, &text).ok_or_else(|| {
                        self.reader
                            .error(&format!("{text:?} is not {}", form.article()))
                    })?,
                };
                self.members.push(member.name, value);
            }
        }
        Ok(())
    }

    /// Reads an element that several members are to hold, for each of them.
    #[cold]
    fn twins(
        &mut self,
        layout: &'l StructureLayout,
        first: &'l MemberLayout,
        second: u16,
        base: usize,
        child: &Tag<'t>,
        depth: u32,
    ) -> Result<()> {
        let content = self.reader.clone();
        let mut member = Some(first);
        let mut twin = Some(second);
        while let Some(current) = member {
            self.reader = content.clone();
            if current.flattened {
                self.flattened_one(current, base, child, depth)?;
            } else if self.has_member(base, current.name) {
                self.reader.skip_content(child, depth + 1)?;
            } else {
                let value = self.value(current.target, child, depth + 1)?;
                self.members.push(current.name, value);
            }
            member = twin.and_then(|position| layout.members.get(usize::from(position)));
            twin = member.and_then(|member| member.twin);
        }
        Ok(())
    }

    /// Reads one item or entry of a flattened member, and joins it to what there is.
    fn flattened_one(
        &mut self,
        member: &'l MemberLayout,
        base: usize,
        child: &Tag<'t>,
        depth: u32,
    ) -> Result<()> {
        match self.layouts.get(member.target.shape) {
            Some(Layout::List(item)) => {
                let value = self.value(*item, child, depth + 1)?;
                match self.members.get_mut(base, member.name) {
                    Some(Value::List(list)) => list.push(value),
                    _ => self
                        .members
                        .push(member.name, Value::List(List::from_iter([value]))),
                }
                Ok(())
            }
            Some(Layout::Map(layout)) => {
                let (key, value) = self.map_entry(layout, child, depth + 1)?;
                match self.members.get_mut(base, member.name) {
                    Some(Value::Map(map)) => {
                        map.insert(key, value);
                    }
                    _ => self
                        .members
                        .push(member.name, Value::Map(Map::from_iter([(key, value)]))),
                }
                Ok(())
            }
            _ => Err(self.reader.error("a shape of another service")),
        }
    }

    /// Reads a flattened member from its first item or entry of a row, up to the end of the row.
    fn flattened(
        &mut self,
        member: &'l MemberLayout,
        base: usize,
        again: bool,
        first: &Tag<'t>,
        depth: u32,
    ) -> Result<()> {
        let Some(Layout::List(item)) = self.layouts.get(member.target.shape) else {
            return self.flattened_one(member, base, first, depth);
        };
        let items = self.items.len();
        let value = self.value(*item, first, depth + 1)?;
        self.items.push(value);
        while let Some(next) = self.reader.next_like(first) {
            let value = self.value(*item, &next, depth + 1)?;
            self.items.push(value);
        }
        if again {
            let more = self.items.split_off(items);
            if let Some(Value::List(list)) = self.members.get_mut(base, member.name) {
                list.extend(more);
            }
        } else {
            let list = self.items.split_off(items);
            self.members.push(member.name, Value::List(list));
        }
        Ok(())
    }

    /// A union's one member, or the name of one that the definition does not know.
    ///
    /// # Source
    /// botocore `parsers.py:ResponseParser._has_unknown_tagged_union_member`.
    fn union(
        &mut self,
        layout: &StructureLayout,
        base: usize,
        unknown: &Unknown<'t>,
    ) -> Result<Value> {
        let map = self.members.split_off(base);
        match (map.len(), unknown.count) {
            (1, 0) => Ok(Value::Map(map)),
            (0, 1) => {
                let name = String::from_utf8_lossy(unknown.name).into_owned();
                let inner = Value::Map(Map::from_iter([("name", name)]));
                Ok(Value::Map(Map::from_iter([("SDK_UNKNOWN_MEMBER", inner)])))
            }
            (known, unknown) => Err(self.reader.error(&format!(
                "{}: a union has one member, not {}",
                layout.name,
                known + unknown
            ))),
        }
    }
}

/// Which members of a structure have come by.
#[derive(Default)]
struct Seen(u128);

impl Seen {
    /// Whether a member has come by before; from now on it has. `search` answers for the members beyond the 128th.
    #[inline]
    fn again(&mut self, position: u16, search: impl FnOnce() -> bool) -> bool {
        if position >= 128 {
            return search();
        }
        let bit = 1u128 << position;
        let again = self.0 & bit != 0;
        self.0 |= bit;
        again
    }
}

/// The children of a structure that are no members, as far as a union needs to know: how many names, and the last.
#[derive(Default)]
struct Unknown<'t> {
    count: usize,
    name: &'t [u8],
}

impl<'t> Unknown<'t> {
    fn note(&mut self, name: &'t [u8]) {
        if self.count == 0 || self.name != name {
            self.count += 1;
            self.name = name;
        }
    }
}
