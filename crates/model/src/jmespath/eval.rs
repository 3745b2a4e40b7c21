//! What an expression makes of a document.

use std::cmp::Ordering;

use inia_core::Value;

use super::ast::{Comparator, Node};
use super::compare;
use super::found::{Found, Type};
use super::functions;
use super::limits::{Failure, Limits};

/// One search.
#[derive(Debug)]
pub(super) struct Evaluator {
    pub(super) limits: Limits,
}

impl Evaluator {
    pub(super) fn new() -> Self {
        Evaluator {
            limits: Limits::new(),
        }
    }

    /// The result of a part for the current value.
    pub(super) fn eval<'a>(
        &mut self,
        node: &'a Node,
        current: &Found<'a>,
    ) -> Result<Found<'a>, Failure> {
        match node {
            Node::Current => Ok(current.clone()),
            Node::Field(name) => Ok(current.field(name).unwrap_or(Found::NULL)),
            Node::Index(position) => Ok(index(current, *position)),
            Node::Slice { start, stop, step } => self.slice(current, *start, *stop, *step),
            Node::Literal(value) => Ok(Found::Ref(value)),
            Node::Sequence(nodes) => {
                let mut nodes = nodes.iter();
                let Some(first) = nodes.next() else {
                    return Ok(current.clone());
                };
                let mut found = self.eval(first, current)?;
                for node in nodes {
                    found = self.eval(node, &found)?;
                }
                Ok(found)
            }
            Node::Each(each) => self.each(current, each),
            Node::EachValue(each) => match current.entries() {
                Some(entries) => self.project(entries.map(|(_, value)| value), each),
                None => Ok(Found::NULL),
            },
            Node::Flatten(each) => self.flatten(current, each),
            Node::Filter { condition, each } => self.filter(current, condition, each),
            Node::Or(nodes) => self.first(nodes, current, true),
            Node::And(nodes) => self.first(nodes, current, false),
            Node::Not(inner) => Ok(Found::from(!self.eval(inner, current)?.is_true())),
            Node::Comparison {
                comparator,
                left,
                right,
            } => self.compare(*comparator, left, right, current),
            Node::List(nodes) => {
                if current.is_null() {
                    return Ok(Found::NULL);
                }
                self.limits.spend(nodes.len() as u64)?;
                let parts: Result<_, _> =
                    nodes.iter().map(|node| self.eval(node, current)).collect();
                Found::list(parts?)
            }
            Node::Map(entries) => {
                if current.is_null() {
                    return Ok(Found::NULL);
                }
                self.limits.spend(entries.len() as u64)?;
                let parts: Result<_, _> = entries
                    .iter()
                    .map(|(key, node)| Ok((key.clone(), self.eval(node, current)?)))
                    .collect();
                Found::map(parts?)
            }
            Node::Call {
                function,
                arguments,
            } => functions::call(self, *function, arguments, current),
        }
    }

    /// The first result that counts as `wanted`, or the last one.
    fn first<'a>(
        &mut self,
        nodes: &'a [Node],
        current: &Found<'a>,
        wanted: bool,
    ) -> Result<Found<'a>, Failure> {
        let mut found = Found::NULL;
        for node in nodes {
            found = self.eval(node, current)?;
            if found.is_true() == wanted {
                break;
            }
        }
        Ok(found)
    }

    fn each<'a>(&mut self, current: &Found<'a>, each: &'a Node) -> Result<Found<'a>, Failure> {
        if let (Found::Ref(Value::List(list)), Some(path)) = (current, each.path()) {
            let mut results = Vec::with_capacity(list.len());
            self.walk_each(&mut results, list, path)?;
            return Found::list(results);
        }
        match current.elements() {
            Some(elements) => self.project(elements, each),
            None => Ok(Found::NULL),
        }
    }

    fn project<'a>(
        &mut self,
        elements: impl Iterator<Item = Found<'a>>,
        each: &'a Node,
    ) -> Result<Found<'a>, Failure> {
        let mut results = Vec::with_capacity(elements.size_hint().0);
        for element in elements {
            self.add(&mut results, &element, each)?;
        }
        Found::list(results)
    }

    /// Adds what a plain path leads to in each element of the document, unless it is null: what most projections are.
    fn walk_each<'a>(
        &mut self,
        results: &mut Vec<Found<'a>>,
        elements: &'a [Value],
        path: &[Node],
    ) -> Result<(), Failure> {
        self.limits.spend(elements.len() as u64)?;
        let found = elements.iter().filter_map(|element| walk(path, element));
        results.extend(found.filter(|found| !found.is_null()).map(Found::Ref));
        Ok(())
    }

    /// Adds what a part makes of an element, unless it is null.
    fn add<'a>(
        &mut self,
        results: &mut Vec<Found<'a>>,
        element: &Found<'a>,
        each: &'a Node,
    ) -> Result<(), Failure> {
        self.limits.spend(1)?;
        let found = self.eval(each, element)?;
        if !found.is_null() {
            results.push(found);
        }
        Ok(())
    }

    fn flatten<'a>(&mut self, current: &Found<'a>, each: &'a Node) -> Result<Found<'a>, Failure> {
        let Some(elements) = current.elements() else {
            return Ok(Found::NULL);
        };
        let mut results = Vec::with_capacity(elements.len());
        let path = each.path();
        for element in elements {
            match (&element, path) {
                (Found::Ref(Value::List(inner)), Some(path)) => {
                    self.walk_each(&mut results, inner, path)?;
                    continue;
                }
                (Found::Ref(value), Some(path)) => {
                    self.walk_each(&mut results, std::slice::from_ref(*value), path)?;
                    continue;
                }
                _ => {}
            }
            match element.elements() {
                Some(inner) => {
                    for element in inner {
                        self.add(&mut results, &element, each)?;
                    }
                }
                None => self.add(&mut results, &element, each)?,
            }
        }
        Found::list(results)
    }

    fn filter<'a>(
        &mut self,
        current: &Found<'a>,
        condition: &'a Node,
        each: &'a Node,
    ) -> Result<Found<'a>, Failure> {
        let Some(elements) = current.elements() else {
            return Ok(Found::NULL);
        };
        let mut results = Vec::new();
        for element in elements {
            self.limits.spend(1)?;
            if self.eval(condition, &element)?.is_true() {
                self.add(&mut results, &element, each)?;
            }
        }
        Found::list(results)
    }

    fn compare<'a>(
        &mut self,
        comparator: Comparator,
        left: &'a Node,
        right: &'a Node,
        current: &Found<'a>,
    ) -> Result<Found<'a>, Failure> {
        let left = self.eval(left, current)?;
        let right = self.eval(right, current)?;
        let holds: fn(Ordering) -> bool = match comparator {
            Comparator::Equal => {
                return Ok(Found::from(compare::equal(
                    &left,
                    &right,
                    &mut self.limits,
                )?));
            }
            Comparator::NotEqual => {
                return Ok(Found::from(!compare::equal(
                    &left,
                    &right,
                    &mut self.limits,
                )?));
            }
            Comparator::Less => Ordering::is_lt,
            Comparator::LessOrEqual => Ordering::is_le,
            Comparator::Greater => Ordering::is_gt,
            Comparator::GreaterOrEqual => Ordering::is_ge,
        };
        Ok(match compare::order(&left, &right) {
            Some(order) => Found::from(holds(order)),
            // Two numbers of which one is NaN are in no order, and that is known; a number and a string cannot be asked.
            None if left.type_of() == Type::Number && right.type_of() == Type::Number => {
                Found::from(false)
            }
            None => Found::NULL,
        })
    }

    fn slice<'a>(
        &mut self,
        current: &Found<'a>,
        start: Option<i64>,
        stop: Option<i64>,
        step: i64,
    ) -> Result<Found<'a>, Failure> {
        let Some(len) = current.len() else {
            return Ok(Found::NULL);
        };
        let positions = slice_positions(len, start, stop, step);
        let parts: Vec<Found<'a>> = positions
            .filter_map(|position| current.get(position))
            .collect();
        self.limits.spend(parts.len() as u64)?;
        Found::list(parts)
    }
}

/// The element at a position, counted from the end if negative; null where there is none.
fn index<'a>(current: &Found<'a>, position: i64) -> Found<'a> {
    current
        .len()
        .and_then(|len| absolute(position, len))
        .and_then(|position| current.get(position))
        .unwrap_or(Found::NULL)
}

/// A position counted from the start.
pub(super) fn absolute(position: i64, len: usize) -> Option<usize> {
    if position < 0 {
        len.checked_sub(usize::try_from(position.unsigned_abs()).ok()?)
    } else {
        usize::try_from(position).ok()
    }
}

/// The positions a slice selects: those Python's does.
fn slice_positions(
    len: usize,
    start: Option<i64>,
    stop: Option<i64>,
    step: i64,
) -> impl Iterator<Item = usize> {
    let len = i64::try_from(len).unwrap_or(i64::MAX);
    // The bounds of a walk: forwards from 0 to len, backwards from len - 1 to -1.
    let (low, high) = if step < 0 { (-1, len - 1) } else { (0, len) };
    let clamp = |bound: i64| {
        let bound = if bound < 0 {
            bound.saturating_add(len)
        } else {
            bound
        };
        bound.clamp(low, high.max(low))
    };
    let (first, last) = if step < 0 { (high, low) } else { (low, high) };
    let mut next = start.map_or(first, clamp);
    let stop = stop.map_or(last, clamp);
    std::iter::from_fn(move || {
        let more = if step < 0 { next > stop } else { next < stop };
        let position = usize::try_from(next).ok().filter(|_| more)?;
        next = next.saturating_add(step);
        Some(position)
    })
}

/// The value at the end of a plain path.
pub(super) fn walk<'a>(nodes: &[Node], mut value: &'a Value) -> Option<&'a Value> {
    for node in nodes {
        value = match (node, value) {
            (Node::Field(name), Value::Map(map)) => map.get(name)?,
            (Node::Index(position), Value::List(list)) => {
                list.get(absolute(*position, list.len())?)?
            }
            _ => return None,
        };
    }
    Some(value)
}

/// The value at the end of a plain path, to change in place.
pub(super) fn walk_mut<'a>(nodes: &[Node], mut value: &'a mut Value) -> Option<&'a mut Value> {
    for node in nodes {
        value = match (node, value) {
            (Node::Field(name), Value::Map(map)) => map.get_mut(name)?,
            (Node::Index(position), Value::List(list)) => {
                let position = absolute(*position, list.len())?;
                list.get_mut(position)?
            }
            _ => return None,
        };
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_select_what_python_selects() {
        let select =
            |len, start, stop, step| slice_positions(len, start, stop, step).collect::<Vec<_>>();
        assert_eq!(select(5, None, None, 1), [0, 1, 2, 3, 4]);
        assert_eq!(select(5, None, None, -1), [4, 3, 2, 1, 0]);
        assert_eq!(select(5, Some(-2), None, 1), [3, 4]);
        assert_eq!(select(5, Some(-100), Some(100), 2), [0, 2, 4]);
        assert_eq!(select(5, Some(100), Some(-100), -2), [4, 2, 0]);
        assert_eq!(select(5, Some(1), Some(1), 1), Vec::<usize>::new());
        assert_eq!(select(0, None, None, -1), Vec::<usize>::new());
        assert_eq!(select(3, Some(i64::MAX), Some(i64::MIN), i64::MIN), [2]);
        assert_eq!(select(3, Some(i64::MIN), Some(i64::MAX), i64::MAX), [0]);
    }
}
