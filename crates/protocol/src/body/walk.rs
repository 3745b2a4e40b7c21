//! [`Writer`]: the walk through parameters and patterns, for any [`Notation`].

use std::marker::PhantomData;

use inia_core::{Error, ErrorKind, List, Map, Result, Str, Timestamp, TimestampFormat, Value};
use inia_model::{Member, ServiceModel, ShapeId};

use super::buffer::{Buffer, Window};
use super::pattern::{Order, Pattern, Patterns, Slots};
use crate::fit::{FIT_DEPTH, Misfits, Part, is_long_enough};
use crate::layout::Target;
use crate::scalar::mismatch;

/// How values are written. Each function is given the place it writes at, and gives the place behind what it wrote.
pub(crate) trait Notation {
    /// How deep parameters may be nested where validation does not say.
    const MAX_DEPTH: u32;

    /// What stands before the value of a structure's member of a name.
    fn key(name: &str) -> Vec<u8>;

    /// Begins a structure or map of so many entries.
    fn open_map(out: &mut Buffer, at: usize, entries: usize) -> usize;

    /// Ends a structure or map that began at `start` for `announced` entries, of which some may have been left out.
    fn close_map(
        out: &mut Buffer,
        start: usize,
        at: usize,
        announced: usize,
        written: usize,
    ) -> usize;

    /// Writes what stands before the value of a map's entry.
    fn entry(out: &mut Buffer, at: usize, name: &str) -> usize;

    /// Begins a list of so many items.
    fn open_list(out: &mut Buffer, at: usize, items: usize) -> usize;

    /// Writes what stands before an item.
    fn item(out: &mut Buffer, at: usize) -> usize;

    /// Ends a list that began at `start`.
    fn close_list(out: &mut Buffer, start: usize, at: usize) -> usize;

    /// Writes nothing.
    fn null(out: &mut Buffer, at: usize) -> usize;

    /// Writes a string.
    fn string(out: &mut Buffer, at: usize, text: &str) -> usize;

    /// Writes a string to a window, and gives the length of what is written; `None` for one that [`Notation::string`] must write.
    fn short_string(window: &mut Window, text: &[u8]) -> Option<usize>;

    /// Writes an integer, and gives the length of what is written.
    fn integer(window: &mut Window, number: i64) -> usize;

    /// Writes a float of a shape of double precision, and gives the length of what is written.
    fn double(window: &mut Window, number: f64) -> usize;

    /// Writes a moment, and gives the length of what is written; `None` for one that [`Notation::scalar`] must write.
    fn short_timestamp(
        window: &mut Window,
        moment: Timestamp,
        format: Option<TimestampFormat>,
    ) -> Option<usize>;

    /// Writes a value that is no structure, list or map of the model; `depth` is how much deeper it may be.
    fn scalar(
        out: &mut Buffer,
        at: usize,
        target: Target,
        place: &str,
        value: &Value,
        depth: u32,
    ) -> Result<usize>;
}

/// Writes values of a service's shapes.
#[derive(Debug)]
pub(crate) struct Writer<'m, N> {
    out: Buffer,
    model: &'m ServiceModel,
    patterns: &'m Patterns,
    misfits: Misfits,
    notation: PhantomData<N>,
}

impl<'m, N: Notation> Writer<'m, N> {
    /// A writer with room for `capacity` bytes.
    pub(crate) fn new(
        model: &'m ServiceModel,
        patterns: &'m Patterns,
        misfits: Misfits,
        capacity: usize,
    ) -> Self {
        Writer {
            out: Buffer::new(capacity),
            model,
            patterns,
            misfits,
            notation: PhantomData,
        }
    }

    /// The value of a member as a body.
    pub(crate) fn member(mut self, member: &Member, value: &Value) -> Result<Vec<u8>> {
        let part = Part::of(self.model, member);
        let depth = self.max_depth();
        let end = self.value(&part, value, &member.name, depth, 0)?;
        Ok(self.out.into_vec(end))
    }

    /// A map as the members of a structure, as a body. With `body_only`, members that travel in the head of an HTTP message are
    /// passed over.
    pub(crate) fn members(mut self, id: ShapeId, map: &Map, body_only: bool) -> Result<Vec<u8>> {
        let Pattern::Structure(slots) = self.patterns.get(self.model, id) else {
            return Err(too_odd("the shape is not a structure"));
        };
        let depth = self.max_depth();
        let end = self.fields(slots, map, body_only, depth, &mut Order::default(), 0)?;
        Ok(self.out.into_vec(end))
    }

    fn max_depth(&self) -> u32 {
        match self.misfits {
            Misfits::Refuse => FIT_DEPTH,
            Misfits::Write => N::MAX_DEPTH,
        }
    }

    /// Writes a value as the part of its container.
    #[inline(never)]
    fn value(
        &mut self,
        part: &Part,
        value: &Value,
        place: &Str,
        depth: u32,
        at: usize,
    ) -> Result<usize> {
        match short::<N>(part, value, self.out.window(at)) {
            Some(length) => Ok(at + length),
            None => self.long(part, value, place, depth, at),
        }
    }

    /// Writes a value that is not [`short`].
    #[inline(never)]
    fn long(
        &mut self,
        part: &Part,
        value: &Value,
        place: &Str,
        depth: u32,
        at: usize,
    ) -> Result<usize> {
        match (part.target, value) {
            (Target::Structure(id), Value::Map(map)) => self.structure(id, map, place, depth, at),
            (Target::List(id), Value::List(list)) if part.takes_length(list.len()) => {
                self.list(id, list, place, depth, at)
            }
            (Target::Map(id), Value::Map(map)) => self.map(id, map, place, depth, at),
            (Target::String, Value::String(text))
                if part.takes_text(text) || self.misfits == Misfits::Write =>
            {
                Ok(N::string(&mut self.out, at, text))
            }
            _ => self.other(part, value, place, depth, at),
        }
    }

    /// Writes any other scalar, and what does not fit.
    #[inline(never)]
    fn other(
        &mut self,
        part: &Part,
        value: &Value,
        place: &Str,
        depth: u32,
        at: usize,
    ) -> Result<usize> {
        if self.misfits == Misfits::Refuse && !part.fits(value, depth) {
            return Err(misfit(place, value));
        }
        match (part.target, value) {
            (Target::List(id), Value::List(list)) => self.list(id, list, place, depth, at),
            (Target::Structure(_) | Target::Map(_), Value::String(_) | Value::List(_)) => {
                Err(mismatch(place, "a map", value))
            }
            (Target::List(_), Value::String(_) | Value::Map(_)) => {
                Err(mismatch(place, "a list", value))
            }
            (target, value) => N::scalar(&mut self.out, at, target, place, value, depth),
        }
    }

    #[inline(never)]
    fn structure(
        &mut self,
        id: ShapeId,
        map: &Map,
        place: &Str,
        depth: u32,
        at: usize,
    ) -> Result<usize> {
        let depth = deeper(depth, place)?;
        match self.patterns.get(self.model, id) {
            Pattern::Structure(slots) => {
                self.fields(slots, map, false, depth, &mut Order::default(), at)
            }
            _ => Err(too_odd("the shape is not a structure")),
        }
    }

    /// Writes the members of a structure.
    #[inline(never)]
    fn fields(
        &mut self,
        slots: &Slots,
        map: &Map,
        body_only: bool,
        depth: u32,
        order: &mut Order,
        start: usize,
    ) -> Result<usize> {
        match map.as_pairs() {
            Some(pairs) => {
                let members = pairs.iter().map(|(name, value)| (name, value));
                self.each_field(slots, map, members, body_only, depth, order, start)
            }
            None => self.each_field(slots, map, map.iter(), body_only, depth, order, start),
        }
    }

    /// As [`Writer::fields`], a part of its caller.
    #[inline(always)]
    #[expect(clippy::too_many_arguments, reason = "no call is made")]
    fn each_field<'v>(
        &mut self,
        slots: &Slots,
        map: &Map,
        members: impl Iterator<Item = (&'v Str, &'v Value)>,
        body_only: bool,
        depth: u32,
        order: &mut Order,
        start: usize,
    ) -> Result<usize> {
        let announced = map.len();
        let mut at = N::open_map(&mut self.out, start, announced);
        let mut given = 0;
        let mut left_out = 0;
        for (place, (name, value)) in members.enumerate() {
            let Some(slot) = slots.find(name, place, order) else {
                // What is null counts as absent, but not under any name.
                if value.is_null() && self.misfits == Misfits::Write {
                    left_out += 1;
                    continue;
                }
                return Err(slots.no_such_member(name));
            };
            if value.is_null() {
                left_out += 1;
                continue;
            }
            given |= slot.required_bit;
            if slot.has_location && body_only {
                left_out += 1;
                continue;
            }
            // Most members are short.
            let short = |window: &mut Window| short::<N>(&slot.part, value, window);
            at = match self.out.piece_and(at, &slot.key, short) {
                Some(end) => end,
                None => {
                    let at = self.out.piece(at, &slot.key);
                    self.value(&slot.part, value, name, depth, at)?
                }
            };
        }
        let written = announced - left_out;
        if self.misfits == Misfits::Refuse
            && !(slots.required.are_given(given, map) && (!slots.is_union || written == 1))
        {
            return Err(too_odd("other members must be given"));
        }
        Ok(N::close_map(&mut self.out, start, at, announced, written))
    }

    #[inline(never)]
    fn list(
        &mut self,
        id: ShapeId,
        list: &List,
        place: &Str,
        depth: u32,
        start: usize,
    ) -> Result<usize> {
        let depth = deeper(depth, place)?;
        let Pattern::List { item, is_sparse } = self.patterns.get(self.model, id) else {
            return Err(too_odd("the shape is not a list"));
        };
        // Looked up once for all items.
        let slots = self.slots(item, depth);
        let mut order = Order::default();
        let mut at = N::open_list(&mut self.out, start, list.len());
        for value in list.iter() {
            at = N::item(&mut self.out, at);
            at = match (slots, value) {
                (Some(slots), Value::Map(map)) => match map.as_pairs() {
                    // Most lists of some length are of structures that somebody put together: no call for each.
                    Some(pairs) => {
                        let members = pairs.iter().map(|(name, value)| (name, value));
                        self.each_field(slots, map, members, false, depth - 1, &mut order, at)?
                    }
                    None => self.fields(slots, map, false, depth - 1, &mut order, at)?,
                },
                (_, Value::Null) => self.null(*is_sparse, place, at)?,
                _ => self.value(item, value, place, depth, at)?,
            };
        }
        Ok(N::close_list(&mut self.out, start, at))
    }

    #[inline(never)]
    fn map(
        &mut self,
        id: ShapeId,
        map: &Map,
        place: &Str,
        depth: u32,
        start: usize,
    ) -> Result<usize> {
        let depth = deeper(depth, place)?;
        let Pattern::Map {
            key,
            value: item,
            is_sparse,
        } = self.patterns.get(self.model, id)
        else {
            return Err(too_odd("the shape is not a map"));
        };
        // Looked up once for all entries.
        let slots = self.slots(item, depth);
        let mut order = Order::default();
        let mut at = N::open_map(&mut self.out, start, map.len());
        for (name, value) in map {
            if self.misfits == Misfits::Refuse && !is_long_enough(name, key.least) {
                return Err(too_odd("a key is too short"));
            }
            at = N::entry(&mut self.out, at, name);
            at = match (slots, value) {
                (Some(slots), Value::Map(map)) => {
                    self.fields(slots, map, false, depth - 1, &mut order, at)?
                }
                (_, Value::Null) => self.null(*is_sparse, name, at)?,
                _ => self.value(item, value, name, depth, at)?,
            };
        }
        Ok(N::close_map(&mut self.out, start, at, map.len(), map.len()))
    }

    /// The members of a part that is a structure, where one may be entered.
    fn slots(&self, part: &Part, depth: u32) -> Option<&'m Slots> {
        match part.target {
            Target::Structure(id) if depth > 0 => match self.patterns.get(self.model, id) {
                Pattern::Structure(slots) => Some(slots),
                _ => None,
            },
            _ => None,
        }
    }

    /// Writes a null in a list or map.
    fn null(&mut self, is_sparse: bool, place: &Str, at: usize) -> Result<usize> {
        if self.misfits == Misfits::Refuse && !is_sparse {
            return Err(misfit(place, &Value::Null));
        }
        Ok(N::null(&mut self.out, at))
    }
}

/// Writes a scalar that fits and takes little room, as most do, and gives the length of what is written.
#[inline(always)]
fn short<N: Notation>(part: &Part, value: &Value, window: &mut Window) -> Option<usize> {
    match (part.target, value) {
        (Target::String, Value::String(text)) => {
            // How it is stored is looked at once.
            let text = text.as_str();
            if part.takes_text(text) {
                N::short_string(window, text.as_bytes())
            } else {
                None
            }
        }
        (Target::Integer, Value::Int(number)) if part.takes_integer(*number) => {
            Some(N::integer(window, *number))
        }
        (Target::Double, Value::Float(number)) if part.takes_float(*number) => {
            Some(N::double(window, *number))
        }
        (Target::Timestamp(format), Value::Timestamp(moment)) => {
            N::short_timestamp(window, *moment, format)
        }
        _ => None,
    }
}

fn deeper(depth: u32, place: &str) -> Result<u32> {
    depth
        .checked_sub(1)
        .ok_or_else(|| too_odd(&format!("{place}: it is nested too deep")))
}

#[cold]
fn misfit(place: &str, value: &Value) -> Error {
    mismatch(place, "what its shape asks for", value)
}

#[cold]
fn too_odd(message: &str) -> Error {
    Error::new(ErrorKind::Validation, message.to_owned())
}
