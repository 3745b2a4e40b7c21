//! [`FieldPath`]: which parts of a document an expression reads.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Deref;

use inia_core::Str;

use super::ast::{Argument, Node};
use super::functions::Function;

/// A way from the root of a document to a part that an expression reads: what a checker follows through the shapes of a
/// model.
///
/// ```
/// use inia_model::jmespath::{Expression, Step};
///
/// let expression = Expression::compile("Reservations[].Instances[?State.Name=='running'].Id").unwrap();
/// let paths: Vec<String> = expression.field_paths().iter().map(ToString::to_string).collect();
/// assert_eq!(paths, ["Reservations[].Instances[*].Id", "Reservations[].Instances[*].State.Name"]);
/// assert_eq!(expression.field_paths()[0][1], Step::Flatten);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FieldPath(Vec<Step>);

/// A step of a [`FieldPath`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// `.Name`: to a member of a structure or the value under a key of a map.
    Field(Str),
    /// `[*]`, `[0]`, `[1:3]`: to an element of a list.
    Element,
    /// `[]`: through the list, or lists within lists, to what is no list; nowhere if this is no list already.
    Flatten,
    /// `.*`: to each member of a structure or each value of a map.
    Value,
}

impl Deref for FieldPath {
    type Target = [Step];

    fn deref(&self) -> &[Step] {
        &self.0
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                Step::Field(name) if position == 0 => f.write_str(name)?,
                Step::Field(name) => write!(f, ".{name}")?,
                Step::Element => f.write_str("[*]")?,
                Step::Flatten => f.write_str("[]")?,
                Step::Value if position == 0 => f.write_str("*")?,
                Step::Value => f.write_str(".*")?,
            }
        }
        Ok(())
    }
}

/// The paths an expression reads, in alphabetical order, without those that begin another one.
pub(super) fn field_paths(root: &Node) -> Vec<FieldPath> {
    let mut tracer = Tracer::default();
    tracer.observe(root, &Origin::Path(Vec::new()));
    let mut paths: Vec<FieldPath> = Vec::new();
    // A path comes right before its first extension.
    for path in tracer.paths {
        if let Some(last) = paths.last_mut()
            && path.starts_with(last)
        {
            *last = FieldPath(path);
        } else {
            paths.push(FieldPath(path));
        }
    }
    paths
}

/// How many steps of a path are told: no document is deeper, and an expression of many steps is not followed in the square of
/// their number.
const MAX_STEPS: usize = 256;

/// Where a result comes from.
#[derive(Clone, Debug)]
enum Origin {
    /// From the document itself.
    Path(Vec<Step>),
    /// A list of parts of the document.
    ListOf(Box<Origin>),
    /// Made by the expression.
    Made,
}

impl Origin {
    fn stepped(&self, step: Step) -> Origin {
        match self {
            Origin::Path(steps) if step == Step::Flatten && steps.last() == Some(&step) => {
                Origin::Path(steps.clone())
            }
            Origin::Path(steps) if steps.len() < MAX_STEPS => {
                let mut steps = steps.clone();
                steps.push(step);
                Origin::Path(steps)
            }
            _ => Origin::Made,
        }
    }

    fn element(&self) -> Origin {
        match self {
            Origin::ListOf(origin) => (**origin).clone(),
            origin => origin.stepped(Step::Element),
        }
    }

    fn flattened(&self) -> Origin {
        match self {
            Origin::ListOf(origin) => match &**origin {
                Origin::ListOf(inner) => (**inner).clone(),
                origin => origin.stepped(Step::Flatten),
            },
            origin => origin.stepped(Step::Flatten),
        }
    }

    fn steps(&self) -> Option<&[Step]> {
        match self {
            Origin::Path(steps) => Some(steps),
            Origin::ListOf(origin) => origin.steps(),
            Origin::Made => None,
        }
    }
}

#[derive(Default)]
struct Tracer {
    paths: BTreeSet<Vec<Step>>,
}

impl Tracer {
    /// Follows a part whose result is looked at.
    fn observe(&mut self, node: &Node, current: &Origin) -> Origin {
        let origin = self.trace(node, current);
        self.record(&origin);
        origin
    }

    fn record(&mut self, origin: &Origin) {
        if let Some(steps) = origin.steps()
            && !steps.is_empty()
        {
            self.paths.insert(steps.to_vec());
        }
    }

    fn trace(&mut self, node: &Node, current: &Origin) -> Origin {
        match node {
            Node::Current => current.clone(),
            Node::Field(name) => current.stepped(Step::Field(name.clone())),
            Node::Index(_) => current.element(),
            Node::Slice { .. } => Origin::ListOf(Box::new(current.element())),
            Node::Literal(_) => Origin::Made,
            Node::Sequence(nodes) => {
                let mut origin = current.clone();
                for node in nodes {
                    let next = self.trace(node, &origin);
                    if next.steps().is_none() {
                        self.record(&origin);
                    }
                    origin = next;
                }
                origin
            }
            Node::Each(each) => self.list_of(each, &current.element()),
            Node::EachValue(each) => self.list_of(each, &current.stepped(Step::Value)),
            Node::Flatten(each) => self.list_of(each, &current.flattened()),
            Node::Filter { condition, each } => {
                let element = current.element();
                self.observe(condition, &element);
                self.list_of(each, &element)
            }
            Node::Not(inner) => {
                self.observe(inner, current);
                Origin::Made
            }
            Node::Comparison { left, right, .. } => {
                self.observe(left, current);
                self.observe(right, current);
                Origin::Made
            }
            Node::Or(nodes) | Node::And(nodes) | Node::List(nodes) => {
                for node in nodes {
                    self.observe(node, current);
                }
                Origin::Made
            }
            Node::Map(entries) => {
                for (_, node) in entries {
                    self.observe(node, current);
                }
                Origin::Made
            }
            Node::Call {
                function,
                arguments,
            } => self.call(*function, arguments, current),
        }
    }

    fn list_of(&mut self, each: &Node, element: &Origin) -> Origin {
        Origin::ListOf(Box::new(self.trace(each, element)))
    }

    fn call(&mut self, function: Function, arguments: &[Argument], current: &Origin) -> Origin {
        let values: Vec<Origin> = arguments
            .iter()
            .map(|argument| match argument {
                Argument::Value(node) => self.observe(node, current),
                Argument::Expression(_) => Origin::Made,
            })
            .collect();
        let array = values.iter().find(|origin| !matches!(origin, Origin::Made));
        let Some(array) = array else {
            return Origin::Made;
        };
        let mut mapped = Origin::Made;
        for argument in arguments {
            if let Argument::Expression(node) = argument {
                mapped = self.observe(node, &array.element());
            }
        }
        match function {
            Function::Reverse | Function::Sort | Function::SortBy => array.clone(),
            Function::MaxBy | Function::MinBy => array.element(),
            Function::Map => Origin::ListOf(Box::new(mapped)),
            _ => Origin::Made,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Expression;

    #[test]
    fn paths_are_followed_through_every_part() {
        for (text, wanted) in [
            ("a.b.c", vec!["a.b.c"]),
            ("@", vec![]),
            (
                "NextMarker || Contents[-1].Key",
                vec!["Contents[*].Key", "NextMarker"],
            ),
            ("a[*].b[].c", vec!["a[*].b[].c"]),
            ("a[][].b", vec!["a[].b"]),
            ("a[*].b | [0].c", vec!["a[*].b.c"]),
            (
                "length(services[?!(length(deployments) == `1`)]) == `0`",
                vec!["services[*].deployments"],
            ),
            ("sort_by(a, &b.c)[-1].d", vec!["a[*].b.c", "a[*].d"]),
            ("map(&x, a)[0].y", vec!["a[*].x.y"]),
            ("a.{one: b, two: c.d}.one", vec!["a.b", "a.c.d"]),
            ("a | 'text'", vec!["a"]),
            ("a[1:2].b", vec!["a[*].b"]),
            ("a.*.b", vec!["a.*.b"]),
            ("`{\"x\": 1}`.x", vec![]),
            ("max_by(a, &b).c", vec!["a[*].b", "a[*].c"]),
        ] {
            let paths = Expression::compile(text).unwrap().field_paths();
            let paths: Vec<String> = paths.iter().map(ToString::to_string).collect();
            assert_eq!(paths, wanted, "{text}");
        }
    }
}
