//! Evaluation of an expression against a document.

use std::cmp::Ordering;

use inia_core::Value;

use super::ast::{AstNode, Comparator};
use super::budget::{EvalBudget, EvalError};
use super::compare;
use super::eval_value::{DataType, EvalValue};
use super::functions;

/// The state of one search.
#[derive(Debug)]
pub(super) struct Evaluator {
    pub(super) budget: EvalBudget,
}

impl Evaluator {
    pub(super) fn new() -> Self {
        Evaluator {
            budget: EvalBudget::new(),
        }
    }

    /// Evaluates a node for the current value.
    pub(super) fn eval<'a>(
        &mut self,
        node: &'a AstNode,
        current: &EvalValue<'a>,
    ) -> Result<EvalValue<'a>, EvalError> {
        match node {
            AstNode::Current => Ok(current.clone()),
            AstNode::Field(name) => Ok(current.field(name).unwrap_or(EvalValue::NULL)),
            AstNode::Index(position) => Ok(index(current, *position)),
            AstNode::Slice { start, stop, step } => self.slice(current, *start, *stop, *step),
            AstNode::Literal(value) => Ok(EvalValue::Ref(value)),
            AstNode::Sequence(nodes) => {
                let mut nodes = nodes.iter();
                let Some(first) = nodes.next() else {
                    return Ok(current.clone());
                };
                let mut result = self.eval(first, current)?;
                for node in nodes {
                    result = self.eval(node, &result)?;
                }
                Ok(result)
            }
            AstNode::Each(each) => self.each(current, each),
            AstNode::EachValue(each) => match current.entries() {
                Some(entries) => self.project(entries.map(|(_, value)| value), each),
                None => Ok(EvalValue::NULL),
            },
            AstNode::Flatten(each) => self.flatten(current, each),
            AstNode::Filter { condition, each } => self.filter(current, condition, each),
            AstNode::Or(nodes) => self.first(nodes, current, true),
            AstNode::And(nodes) => self.first(nodes, current, false),
            AstNode::Not(inner) => Ok(EvalValue::from(!self.eval(inner, current)?.is_true())),
            AstNode::Comparison {
                comparator,
                left,
                right,
            } => self.compare(*comparator, left, right, current),
            AstNode::List(nodes) => {
                if current.is_null() {
                    return Ok(EvalValue::NULL);
                }
                self.budget.spend(nodes.len() as u64)?;
                let parts: Result<_, _> =
                    nodes.iter().map(|node| self.eval(node, current)).collect();
                EvalValue::list(parts?)
            }
            AstNode::Map(entries) => {
                if current.is_null() {
                    return Ok(EvalValue::NULL);
                }
                self.budget.spend(entries.len() as u64)?;
                let parts: Result<_, _> = entries
                    .iter()
                    .map(|(key, node)| Ok((key.clone(), self.eval(node, current)?)))
                    .collect();
                EvalValue::map(parts?)
            }
            AstNode::Call {
                function,
                arguments,
            } => functions::call(self, *function, arguments, current),
        }
    }

    /// Returns the first result whose truth equals `expected`, or else the last result.
    fn first<'a>(
        &mut self,
        nodes: &'a [AstNode],
        current: &EvalValue<'a>,
        expected: bool,
    ) -> Result<EvalValue<'a>, EvalError> {
        let mut result = EvalValue::NULL;
        for node in nodes {
            result = self.eval(node, current)?;
            if result.is_true() == expected {
                break;
            }
        }
        Ok(result)
    }

    fn each<'a>(
        &mut self,
        current: &EvalValue<'a>,
        each: &'a AstNode,
    ) -> Result<EvalValue<'a>, EvalError> {
        if let (EvalValue::Ref(Value::List(list)), Some(path)) = (current, each.path()) {
            let mut results = Vec::with_capacity(list.len());
            self.walk_each(&mut results, list, path)?;
            return EvalValue::list(results);
        }
        match current.elements() {
            Some(elements) => self.project(elements, each),
            None => Ok(EvalValue::NULL),
        }
    }

    fn project<'a>(
        &mut self,
        elements: impl Iterator<Item = EvalValue<'a>>,
        each: &'a AstNode,
    ) -> Result<EvalValue<'a>, EvalError> {
        let mut results = Vec::with_capacity(elements.size_hint().0);
        for element in elements {
            self.add(&mut results, &element, each)?;
        }
        EvalValue::list(results)
    }

    /// Appends the value at a plain path of each element, unless it is null. The fast path of most projections.
    fn walk_each<'a>(
        &mut self,
        results: &mut Vec<EvalValue<'a>>,
        elements: &'a [Value],
        path: &[AstNode],
    ) -> Result<(), EvalError> {
        self.budget.spend(elements.len() as u64)?;
        let result = elements.iter().filter_map(|element| walk(path, element));
        results.extend(
            result
                .filter(|result| !result.is_null())
                .map(EvalValue::Ref),
        );
        Ok(())
    }

    /// Appends the result of a node for an element, unless it is null.
    fn add<'a>(
        &mut self,
        results: &mut Vec<EvalValue<'a>>,
        element: &EvalValue<'a>,
        each: &'a AstNode,
    ) -> Result<(), EvalError> {
        self.budget.spend(1)?;
        let result = self.eval(each, element)?;
        if !result.is_null() {
            results.push(result);
        }
        Ok(())
    }

    fn flatten<'a>(
        &mut self,
        current: &EvalValue<'a>,
        each: &'a AstNode,
    ) -> Result<EvalValue<'a>, EvalError> {
        let Some(elements) = current.elements() else {
            return Ok(EvalValue::NULL);
        };
        let mut results = Vec::with_capacity(elements.len());
        let path = each.path();
        for element in elements {
            match (&element, path) {
                (EvalValue::Ref(Value::List(inner)), Some(path)) => {
                    self.walk_each(&mut results, inner, path)?;
                    continue;
                }
                (EvalValue::Ref(value), Some(path)) => {
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
        EvalValue::list(results)
    }

    fn filter<'a>(
        &mut self,
        current: &EvalValue<'a>,
        condition: &'a AstNode,
        each: &'a AstNode,
    ) -> Result<EvalValue<'a>, EvalError> {
        let Some(elements) = current.elements() else {
            return Ok(EvalValue::NULL);
        };
        let mut results = Vec::new();
        for element in elements {
            self.budget.spend(1)?;
            if self.eval(condition, &element)?.is_true() {
                self.add(&mut results, &element, each)?;
            }
        }
        EvalValue::list(results)
    }

    fn compare<'a>(
        &mut self,
        comparator: Comparator,
        left: &'a AstNode,
        right: &'a AstNode,
        current: &EvalValue<'a>,
    ) -> Result<EvalValue<'a>, EvalError> {
        let left = self.eval(left, current)?;
        let right = self.eval(right, current)?;
        let matches: fn(Ordering) -> bool = match comparator {
            Comparator::Equal => {
                return Ok(EvalValue::from(compare::equal(
                    &left,
                    &right,
                    &mut self.budget,
                )?));
            }
            Comparator::NotEqual => {
                return Ok(EvalValue::from(!compare::equal(
                    &left,
                    &right,
                    &mut self.budget,
                )?));
            }
            Comparator::Less => Ordering::is_lt,
            Comparator::LessOrEqual => Ordering::is_le,
            Comparator::Greater => Ordering::is_gt,
            Comparator::GreaterOrEqual => Ordering::is_ge,
        };
        Ok(match compare::order(&left, &right) {
            Some(order) => EvalValue::from(matches(order)),
            // Comparing with NaN is false; comparing a number with a string is null.
            None if left.type_of() == DataType::Number && right.type_of() == DataType::Number => {
                EvalValue::from(false)
            }
            None => EvalValue::NULL,
        })
    }

    fn slice<'a>(
        &mut self,
        current: &EvalValue<'a>,
        start: Option<i64>,
        stop: Option<i64>,
        step: i64,
    ) -> Result<EvalValue<'a>, EvalError> {
        let Some(len) = current.len() else {
            return Ok(EvalValue::NULL);
        };
        let positions = slice_positions(len, start, stop, step);
        let parts: Vec<EvalValue<'a>> = positions
            .filter_map(|position| current.get(position))
            .collect();
        self.budget.spend(parts.len() as u64)?;
        EvalValue::list(parts)
    }
}

/// Returns the element at a position, counted from the end if negative, or null if there is none.
fn index<'a>(current: &EvalValue<'a>, position: i64) -> EvalValue<'a> {
    current
        .len()
        .and_then(|len| absolute(position, len))
        .and_then(|position| current.get(position))
        .unwrap_or(EvalValue::NULL)
}

/// Converts a possibly negative position into one counted from the start.
pub(super) fn absolute(position: i64, len: usize) -> Option<usize> {
    if position < 0 {
        len.checked_sub(usize::try_from(position.unsigned_abs()).ok()?)
    } else {
        usize::try_from(position).ok()
    }
}

/// Returns the positions that a slice selects, as in Python.
fn slice_positions(
    len: usize,
    start: Option<i64>,
    stop: Option<i64>,
    step: i64,
) -> impl Iterator<Item = usize> {
    let len = i64::try_from(len).unwrap_or(i64::MAX);
    // The bounds are 0 and len if the step is positive, otherwise len - 1 and -1.
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

/// Returns the value at a plain path.
pub(super) fn walk<'a>(nodes: &[AstNode], mut value: &'a Value) -> Option<&'a Value> {
    for node in nodes {
        value = match (node, value) {
            (AstNode::Field(name), Value::Map(map)) => map.get(name)?,
            (AstNode::Index(position), Value::List(list)) => {
                list.get(absolute(*position, list.len())?)?
            }
            _ => return None,
        };
    }
    Some(value)
}

/// Returns the value at a plain path for changing it in place.
pub(super) fn walk_mut<'a>(nodes: &[AstNode], mut value: &'a mut Value) -> Option<&'a mut Value> {
    for node in nodes {
        value = match (node, value) {
            (AstNode::Field(name), Value::Map(map)) => map.get_mut(name)?,
            (AstNode::Index(position), Value::List(list)) => {
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
    fn slices_select_the_same_positions_as_in_python() {
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
