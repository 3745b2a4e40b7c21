//! Iterators over the entries of a [`Map`]: [`MapIter`], [`MapIntoIter`].

use std::sync::Arc;

use super::{Map, MapRepr, pooled, row, text};
use crate::Str;
use crate::value::row_pool::SharedTable;
use crate::value::{Name, Value};

/// Iterator over the entries of a [`Map`] in order.
#[derive(Clone, Debug)]
pub struct MapIter<'a>(MapIterRepr<'a>);

#[derive(Clone, Debug)]
enum MapIterRepr<'a> {
    Pairs(std::slice::Iter<'a, (Str, Value)>),
    Members(std::slice::Iter<'a, (Name, Value)>),
    One(Option<(&'a Str, &'a Value)>),
    Row(std::iter::Zip<std::slice::Iter<'a, Str>, std::slice::Iter<'a, Value>>),
    Index(indexmap::map::Iter<'a, Str, Value>),
}

impl<'a> MapIter<'a> {
    #[inline]
    pub(super) fn of(map: &'a Map) -> Self {
        MapIter(match &map.0 {
            MapRepr::Pairs(pairs) => MapIterRepr::Pairs(pairs.iter()),
            MapRepr::Members(members) => MapIterRepr::Members(members.iter()),
            MapRepr::Member(key, value) => MapIterRepr::One(Some((text(*key), &**value))),
            MapRepr::Pooled {
                index,
                name,
                values,
            } => MapIterRepr::One(Some((text(*name), pooled(values, *index)))),
            MapRepr::Row { start, table } => {
                let (keys, values) = row(table, *start);
                MapIterRepr::Row(keys.iter().zip(values))
            }
            MapRepr::Index(index) => MapIterRepr::Index(index.iter()),
        })
    }
}

impl<'a> Iterator for MapIter<'a> {
    type Item = (&'a Str, &'a Value);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            MapIterRepr::Pairs(pairs) => pairs.next().map(|(key, value)| (key, value)),
            MapIterRepr::Members(members) => members.next().map(|(key, value)| (&**key, value)),
            MapIterRepr::One(one) => one.take(),
            MapIterRepr::Row(row) => row.next(),
            MapIterRepr::Index(index) => index.next(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.0 {
            MapIterRepr::Pairs(pairs) => pairs.size_hint(),
            MapIterRepr::Members(members) => members.size_hint(),
            MapIterRepr::One(one) => (usize::from(one.is_some()), Some(usize::from(one.is_some()))),
            MapIterRepr::Row(row) => row.size_hint(),
            MapIterRepr::Index(index) => index.size_hint(),
        }
    }
}

impl ExactSizeIterator for MapIter<'_> {}

impl<'a> IntoIterator for &'a Map {
    type Item = (&'a Str, &'a Value);
    type IntoIter = MapIter<'a>;

    #[inline]
    fn into_iter(self) -> MapIter<'a> {
        self.iter()
    }
}

impl IntoIterator for Map {
    type Item = (Str, Value);
    type IntoIter = MapIntoIter;

    fn into_iter(self) -> MapIntoIter {
        MapIntoIter(match self.0 {
            MapRepr::Pairs(pairs) => MapIntoIterRepr::Pairs(pairs.into_iter()),
            MapRepr::Members(members) => MapIntoIterRepr::Members(members.into_iter()),
            MapRepr::Member(key, value) => MapIntoIterRepr::One(Some((text(key).clone(), *value))),
            MapRepr::Pooled {
                index,
                name,
                values,
            } => MapIntoIterRepr::One(Some((text(name).clone(), pooled(&values, index).clone()))),
            MapRepr::Row { start, table } => MapIntoIterRepr::Row(table, start, 0),
            MapRepr::Index(index) => MapIntoIterRepr::Index(index.into_iter()),
        })
    }
}

/// Owning iterator over the entries of a [`Map`] in order.
#[derive(Debug)]
pub struct MapIntoIter(MapIntoIterRepr);

#[derive(Debug)]
enum MapIntoIterRepr {
    Pairs(thin_vec::IntoIter<(Str, Value)>),
    Members(thin_vec::IntoIter<(Name, Value)>),
    One(Option<(Str, Value)>),
    /// A row, and the number of entries already returned.
    Row(Arc<SharedTable>, u32, usize),
    Index(indexmap::map::IntoIter<Str, Value>),
}

impl Iterator for MapIntoIter {
    type Item = (Str, Value);

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            MapIntoIterRepr::Pairs(pairs) => pairs.next(),
            MapIntoIterRepr::Members(members) => {
                members.next().map(|(name, value)| (name.into(), value))
            }
            MapIntoIterRepr::One(one) => one.take(),
            MapIntoIterRepr::Row(table, start, position) => {
                let (keys, values) = row(table, *start);
                let entry = keys
                    .get(*position)
                    .cloned()
                    .zip(values.get(*position).cloned());
                *position += 1;
                entry
            }
            MapIntoIterRepr::Index(index) => index.next(),
        }
    }
}
