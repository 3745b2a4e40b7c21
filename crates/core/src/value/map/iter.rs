//! The entries of a [`Map`] in order: [`Iter`], [`IntoIter`].

use std::sync::Arc;

use super::{Map, Repr, pooled, row, text};
use crate::Str;
use crate::value::rows::SharedTable;
use crate::value::{Name, Value};

/// The entries of a [`Map`], in order.
#[derive(Clone, Debug)]
pub struct Iter<'a>(IterRepr<'a>);

#[derive(Clone, Debug)]
enum IterRepr<'a> {
    Pairs(std::slice::Iter<'a, (Str, Value)>),
    Members(std::slice::Iter<'a, (Name, Value)>),
    One(Option<(&'a Str, &'a Value)>),
    Row(std::iter::Zip<std::slice::Iter<'a, Str>, std::slice::Iter<'a, Value>>),
    Index(indexmap::map::Iter<'a, Str, Value>),
}

impl<'a> Iter<'a> {
    #[inline]
    pub(super) fn of(map: &'a Map) -> Self {
        Iter(match &map.0 {
            Repr::Pairs(pairs) => IterRepr::Pairs(pairs.iter()),
            Repr::Members(members) => IterRepr::Members(members.iter()),
            Repr::Member(key, value) => IterRepr::One(Some((text(*key), &**value))),
            Repr::Pooled {
                place,
                name,
                values,
            } => IterRepr::One(Some((text(*name), pooled(values, *place)))),
            Repr::Row { start, table } => {
                let (keys, values) = row(table, *start);
                IterRepr::Row(keys.iter().zip(values))
            }
            Repr::Index(index) => IterRepr::Index(index.iter()),
        })
    }
}

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a Str, &'a Value);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            IterRepr::Pairs(pairs) => pairs.next().map(|(key, value)| (key, value)),
            IterRepr::Members(members) => members.next().map(|(key, value)| (&**key, value)),
            IterRepr::One(one) => one.take(),
            IterRepr::Row(row) => row.next(),
            IterRepr::Index(index) => index.next(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.0 {
            IterRepr::Pairs(pairs) => pairs.size_hint(),
            IterRepr::Members(members) => members.size_hint(),
            IterRepr::One(one) => (usize::from(one.is_some()), Some(usize::from(one.is_some()))),
            IterRepr::Row(row) => row.size_hint(),
            IterRepr::Index(index) => index.size_hint(),
        }
    }
}

impl ExactSizeIterator for Iter<'_> {}

impl<'a> IntoIterator for &'a Map {
    type Item = (&'a Str, &'a Value);
    type IntoIter = Iter<'a>;

    #[inline]
    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

impl IntoIterator for Map {
    type Item = (Str, Value);
    type IntoIter = IntoIter;

    fn into_iter(self) -> IntoIter {
        IntoIter(match self.0 {
            Repr::Pairs(pairs) => IntoIterRepr::Pairs(pairs.into_iter()),
            Repr::Members(members) => IntoIterRepr::Members(members.into_iter()),
            Repr::Member(key, value) => IntoIterRepr::One(Some((text(key).clone(), *value))),
            Repr::Pooled {
                place,
                name,
                values,
            } => IntoIterRepr::One(Some((text(name).clone(), pooled(&values, place).clone()))),
            Repr::Row { start, table } => IntoIterRepr::Row(table, start, 0),
            Repr::Index(index) => IntoIterRepr::Index(index.into_iter()),
        })
    }
}

/// The entries of a [`Map`] by value, in order.
#[derive(Debug)]
pub struct IntoIter(IntoIterRepr);

#[derive(Debug)]
enum IntoIterRepr {
    Pairs(thin_vec::IntoIter<(Str, Value)>),
    Members(thin_vec::IntoIter<(Name, Value)>),
    One(Option<(Str, Value)>),
    /// The row, and how many of its entries were taken.
    Row(Arc<SharedTable>, u32, usize),
    Index(indexmap::map::IntoIter<Str, Value>),
}

impl Iterator for IntoIter {
    type Item = (Str, Value);

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            IntoIterRepr::Pairs(pairs) => pairs.next(),
            IntoIterRepr::Members(members) => {
                members.next().map(|(name, value)| (name.into(), value))
            }
            IntoIterRepr::One(one) => one.take(),
            IntoIterRepr::Row(table, start, taken) => {
                let (keys, values) = row(table, *start);
                let entry = keys.get(*taken).cloned().zip(values.get(*taken).cloned());
                *taken += 1;
                entry
            }
            IntoIterRepr::Index(index) => index.next(),
        }
    }
}
