//! Parsing of structures: child elements and attributes to members.

use inia_core::detail::MemberMark;
use inia_core::{List, Map, Result, Str, Value};

use super::decoder::XmlDecoder;
use super::layout::{XmlMember, XmlStructure};
use super::reader::{XmlEvent, XmlText};
use super::tag::StartTag;
use crate::scalar::scalar_from_text;
use crate::shape::{CompiledShape, UNKNOWN_MEMBER, ValueType};

const REPEATED: &str = "repeated; the first one counts";

impl<'t, 'l> XmlDecoder<'t, 'l> {
    /// Parses an element as a structure.
    pub(super) fn structure(
        &mut self,
        layout: &'l XmlStructure,
        tag: &StartTag<'t>,
        depth: u32,
    ) -> Result<Value> {
        let mark = self.members.begin();
        if !layout.extra.attributes.is_empty() {
            self.attributes(layout, tag)?;
        }
        let mut unknown = UnknownChildren::default();
        if !tag.is_empty() {
            let start = self.reader.position();
            let mut seen = SeenMembers::default();
            let mut previous = None;
            loop {
                let predicted = layout.predict(previous);
                let prediction = layout.members.get(usize::from(predicted));
                if let Some(member) = prediction
                    && member.wire.is_text
                    && let Some(text) = self.reader.text_if(&member.wire.open)
                {
                    previous = Some(predicted);
                    if !seen.mark(predicted, || self.members.contains(&mark, member.name)) {
                        let value = self.scalar_of(member.spec, text);
                        self.members.push(member.name, value);
                    } else if let XmlText::Range(position, _) = text {
                        self.log(position, REPEATED);
                    }
                    continue;
                }
                let (position, member, child) = match prediction.and_then(|member| {
                    Some((predicted, member, self.reader.enter_if(&member.wire.open)?))
                }) {
                    Some(child) => child,
                    None => match self.reader.next()? {
                        XmlEvent::End => break,
                        XmlEvent::Child(child) => match layout.by_element(child.local_name()) {
                            Some(position) => {
                                layout.record(previous, position);
                                match layout.members.get(usize::from(position)) {
                                    Some(member) => (position, member, child),
                                    None => continue,
                                }
                            }
                            None => {
                                unknown.record(child.local_name());
                                self.skip_unknown(&child, depth)?;
                                continue;
                            }
                        },
                    },
                };
                previous = Some(position);
                let is_repeated = seen.mark(position, || self.members.contains(&mark, member.name));
                if let Some(next_same_name) = member.wire.next_same_name {
                    self.same_name_members(layout, member, next_same_name, &mark, &child, depth)?;
                } else if member.wire.flattened {
                    self.flattened(member, &mark, is_repeated, &child, depth)?;
                } else if is_repeated {
                    self.skip_repeated(&child, depth)?;
                } else {
                    let value = self.value(member.spec, &child, depth + 1)?;
                    self.members.push(member.name, value);
                }
            }
            if previous.is_some() || unknown.count > 0 || self.members.count(&mark) > 0 {
                self.reader.close(tag)?;
            } else if let Some(text) = self.close_childless(tag, start, depth)? {
                // The structure is empty.
                let _ = self.members.finish(mark);
                return Ok(text);
            }
        }
        if layout.is_union {
            return Ok(self.union(mark, &unknown));
        }
        Ok(Value::Map(self.members.finish_owned(mark)))
    }

    /// Skips an element that may not be repeated.
    #[cold]
    fn skip_repeated(&mut self, child: &StartTag<'t>, depth: u32) -> Result<()> {
        let position = self.reader.position();
        self.reader.skip_content(child, depth + 1)?;
        self.log(position, REPEATED);
        Ok(())
    }

    /// Parses the attributes of a structure's element that are members.
    #[cold]
    fn attributes(&mut self, layout: &XmlStructure, tag: &StartTag<'t>) -> Result<()> {
        for modeled in &layout.extra.attributes {
            let attribute = tag.attributes().find(|attribute| {
                attribute.prefix != "xmlns"
                    && attribute.prefix.is_empty() != modeled.has_prefix
                    && *attribute.local_name == *modeled.local_name
            });
            if let (Some(attribute), Some(member)) = (attribute, layout.members.get(modeled.member))
            {
                let text = attribute
                    .value()
                    .map_err(|message| self.reader.error(message))?;
                let value = scalar_from_text(member.spec, &text);
                self.has_mismatch |= value.is_none() && member.spec != ValueType::String;
                let value = value.unwrap_or_else(|| Value::String(Str::from(text)));
                self.members.push(member.name, value);
            }
        }
        Ok(())
    }

    /// Parses an element once for each of the members that share its name.
    #[cold]
    fn same_name_members(
        &mut self,
        layout: &'l XmlStructure,
        first: &'l XmlMember,
        second: u16,
        mark: &MemberMark,
        child: &StartTag<'t>,
        depth: u32,
    ) -> Result<()> {
        let content = self.reader.clone();
        let mut member = Some(first);
        let mut next_same_name = Some(second);
        while let Some(current) = member {
            self.reader = content.clone();
            if current.wire.flattened {
                self.flattened_one(current, mark, child, depth)?;
            } else if self.members.contains(mark, current.name) {
                self.reader.skip_content(child, depth + 1)?;
            } else {
                let value = self.value(current.spec, child, depth + 1)?;
                self.members.push(current.name, value);
            }
            member = next_same_name.and_then(|position| layout.members.get(usize::from(position)));
            next_same_name = member.and_then(|member| member.wire.next_same_name);
        }
        Ok(())
    }

    /// Parses one item or entry of a flattened member and appends it to the member's value.
    fn flattened_one(
        &mut self,
        member: &'l XmlMember,
        mark: &MemberMark,
        child: &StartTag<'t>,
        depth: u32,
    ) -> Result<()> {
        match self.shapes.container(member.spec) {
            Some(CompiledShape::List { item, .. }) => {
                let value = self.value(item.spec, child, depth + 1)?;
                match self.members.get_mut(mark, member.name) {
                    Some(Value::List(list)) => list.push(value),
                    _ => self
                        .members
                        .push(member.name, Value::List(List::from_iter([value]))),
                }
                Ok(())
            }
            Some(CompiledShape::Map { key, value, .. }) => {
                let position = self.reader.position();
                let Some((key, value)) = self.map_entry(key, value, child, depth + 1)? else {
                    self.log(position, "an entry without a key; left out");
                    return Ok(());
                };
                match self.members.get_mut(mark, member.name) {
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

    /// Parses a flattened member from the first item or entry of a run up to the end of the run.
    fn flattened(
        &mut self,
        member: &'l XmlMember,
        mark: &MemberMark,
        is_repeated: bool,
        first: &StartTag<'t>,
        depth: u32,
    ) -> Result<()> {
        let Some(CompiledShape::List { item, .. }) = self.shapes.container(member.spec) else {
            return self.flattened_one(member, mark, first, depth);
        };
        let items = self.items.begin();
        let value = self.value(item.spec, first, depth + 1)?;
        self.items.push(value);
        while let Some(next) = self.reader.enter_same(first) {
            let value = self.value(item.spec, &next, depth + 1)?;
            self.items.push(value);
        }
        if is_repeated {
            let more = self.items.finish_owned(items);
            if let Some(Value::List(list)) = self.members.get_mut(mark, member.name) {
                list.extend(more);
            }
        } else {
            let list = self.items.finish_owned(items);
            self.members.push(member.name, Value::List(list));
        }
        Ok(())
    }

    /// Builds a union from its one member, or from the name of one that is not in the model.
    ///
    /// # Source
    /// botocore `parsers.py:ResponseParser._has_unknown_tagged_union_member`.
    fn union(&mut self, mark: MemberMark, unknown: &UnknownChildren<'t>) -> Value {
        let mut map = self.members.finish_owned(mark);
        self.has_mismatch |= map.len() + unknown.count != 1;
        if unknown.count > 0 {
            let name = String::from_utf8_lossy(unknown.name).into_owned();
            let inner = Value::Map(Map::from_iter([("name", name)]));
            map.insert(UNKNOWN_MEMBER, inner);
        }
        Value::Map(map)
    }
}

/// The members of a structure that were read.
#[derive(Default)]
struct SeenMembers(u128);

impl SeenMembers {
    /// Marks a member as read and returns whether it was read before. `search` is used for members beyond the 128th.
    #[inline]
    fn mark(&mut self, position: u16, search: impl FnOnce() -> bool) -> bool {
        if position >= 128 {
            return search();
        }
        let bit = 1u128 << position;
        let is_repeated = self.0 & bit != 0;
        self.0 |= bit;
        is_repeated
    }
}

/// The children of a structure that are not members, as needed for unions: the number of different names, and the last
/// one.
#[derive(Default)]
struct UnknownChildren<'t> {
    count: usize,
    name: &'t [u8],
}

impl<'t> UnknownChildren<'t> {
    fn record(&mut self, name: &'t [u8]) {
        if self.count == 0 || self.name != name {
            self.count += 1;
            self.name = name;
        }
    }
}
