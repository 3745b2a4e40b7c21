//! [`FieldPath`]: the parts of a document that an expression reads.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Deref;

use inia_core::Str;

use super::ast::{AstNode, CallArgument};
use super::signature::Function;

/// A path from the root of a document to a part that an expression reads, used to check expressions against the shapes of a
/// model.
///
/// ```
/// use inia_model::jmespath::{Expression, FieldStep};
///
/// let expression = Expression::compile("Reservations[].Instances[?State.Name=='running'].Id").unwrap();
/// let paths: Vec<String> = expression.field_paths().iter().map(ToString::to_string).collect();
/// assert_eq!(paths, ["Reservations[].Instances[*].Id", "Reservations[].Instances[*].State.Name"]);
/// assert_eq!(expression.field_paths()[0][1], FieldStep::Flatten);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FieldPath(Vec<FieldStep>);

/// A step of a [`FieldPath`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FieldStep {
    /// `.Name`: a member of a structure or the value of a map key.
    Field(Str),
    /// `[*]`, `[0]`, `[1:3]`: an element of a list.
    Element,
    /// `[]`: the elements of a list and of lists nested in it; invalid if the value is not a list.
    Flatten,
    /// `.*`: each member of a structure or each value of a map.
    Value,
}

impl Deref for FieldPath {
    type Target = [FieldStep];

    fn deref(&self) -> &[FieldStep] {
        &self.0
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                FieldStep::Field(name) if position == 0 => f.write_str(name)?,
                FieldStep::Field(name) => write!(f, ".{name}")?,
                FieldStep::Element => f.write_str("[*]")?,
                FieldStep::Flatten => f.write_str("[]")?,
                FieldStep::Value if position == 0 => f.write_str("*")?,
                FieldStep::Value => f.write_str(".*")?,
            }
        }
        Ok(())
    }
}

/// Returns the paths that an expression reads in alphabetical order, without paths that are prefixes of others.
pub(super) fn field_paths(root: &AstNode) -> Vec<FieldPath> {
    let mut tracer = PathTracer::default();
    tracer.observe(root, &ResultOrigin::Path(Vec::new()));
    let mut paths: Vec<FieldPath> = Vec::new();
    // A path is sorted directly before its first extension.
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

/// The maximum length of a path. No document is deeper, and it keeps the analysis of long expressions from taking
/// quadratic time.
const MAX_STEPS: usize = 256;

/// The origin of a result.
#[derive(Clone, Debug)]
enum ResultOrigin {
    /// A part of the document.
    Path(Vec<FieldStep>),
    /// A list of parts of the document.
    ListOf(Box<ResultOrigin>),
    /// Computed by the expression.
    Computed,
}

impl ResultOrigin {
    fn stepped(&self, step: FieldStep) -> ResultOrigin {
        match self {
            ResultOrigin::Path(steps)
                if step == FieldStep::Flatten && steps.last() == Some(&step) =>
            {
                ResultOrigin::Path(steps.clone())
            }
            ResultOrigin::Path(steps) if steps.len() < MAX_STEPS => {
                let mut steps = steps.clone();
                steps.push(step);
                ResultOrigin::Path(steps)
            }
            _ => ResultOrigin::Computed,
        }
    }

    fn element(&self) -> ResultOrigin {
        match self {
            ResultOrigin::ListOf(origin) => (**origin).clone(),
            origin => origin.stepped(FieldStep::Element),
        }
    }

    fn flattened(&self) -> ResultOrigin {
        match self {
            ResultOrigin::ListOf(origin) => match &**origin {
                ResultOrigin::ListOf(inner) => (**inner).clone(),
                origin => origin.stepped(FieldStep::Flatten),
            },
            origin => origin.stepped(FieldStep::Flatten),
        }
    }

    fn steps(&self) -> Option<&[FieldStep]> {
        match self {
            ResultOrigin::Path(steps) => Some(steps),
            ResultOrigin::ListOf(origin) => origin.steps(),
            ResultOrigin::Computed => None,
        }
    }
}

#[derive(Default)]
struct PathTracer {
    paths: BTreeSet<Vec<FieldStep>>,
}

impl PathTracer {
    /// Traces a node and records the path of its result.
    fn observe(&mut self, node: &AstNode, current: &ResultOrigin) -> ResultOrigin {
        let origin = self.trace(node, current);
        self.record(&origin);
        origin
    }

    fn record(&mut self, origin: &ResultOrigin) {
        if let Some(steps) = origin.steps()
            && !steps.is_empty()
        {
            self.paths.insert(steps.to_vec());
        }
    }

    fn trace(&mut self, node: &AstNode, current: &ResultOrigin) -> ResultOrigin {
        match node {
            AstNode::Current => current.clone(),
            AstNode::Field(name) => current.stepped(FieldStep::Field(name.clone())),
            AstNode::Index(_) => current.element(),
            AstNode::Slice { .. } => ResultOrigin::ListOf(Box::new(current.element())),
            AstNode::Literal(_) => ResultOrigin::Computed,
            AstNode::Sequence(nodes) => {
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
            AstNode::Each(each) => self.list_of(each, &current.element()),
            AstNode::EachValue(each) => self.list_of(each, &current.stepped(FieldStep::Value)),
            AstNode::Flatten(each) => self.list_of(each, &current.flattened()),
            AstNode::Filter { condition, each } => {
                let element = current.element();
                self.observe(condition, &element);
                self.list_of(each, &element)
            }
            AstNode::Not(inner) => {
                self.observe(inner, current);
                ResultOrigin::Computed
            }
            AstNode::Comparison { left, right, .. } => {
                self.observe(left, current);
                self.observe(right, current);
                ResultOrigin::Computed
            }
            AstNode::Or(nodes) | AstNode::And(nodes) | AstNode::List(nodes) => {
                for node in nodes {
                    self.observe(node, current);
                }
                ResultOrigin::Computed
            }
            AstNode::Map(entries) => {
                for (_, node) in entries {
                    self.observe(node, current);
                }
                ResultOrigin::Computed
            }
            AstNode::Call {
                function,
                arguments,
            } => self.call(*function, arguments, current),
        }
    }

    fn list_of(&mut self, each: &AstNode, element: &ResultOrigin) -> ResultOrigin {
        ResultOrigin::ListOf(Box::new(self.trace(each, element)))
    }

    fn call(
        &mut self,
        function: Function,
        arguments: &[CallArgument],
        current: &ResultOrigin,
    ) -> ResultOrigin {
        let values: Vec<ResultOrigin> = arguments
            .iter()
            .map(|argument| match argument {
                CallArgument::Value(node) => self.observe(node, current),
                CallArgument::Expression(_) => ResultOrigin::Computed,
            })
            .collect();
        let array = values
            .iter()
            .find(|origin| !matches!(origin, ResultOrigin::Computed));
        let Some(array) = array else {
            return ResultOrigin::Computed;
        };
        let mut mapped = ResultOrigin::Computed;
        for argument in arguments {
            if let CallArgument::Expression(node) = argument {
                mapped = self.observe(node, &array.element());
            }
        }
        match function {
            Function::Reverse | Function::Sort | Function::SortBy => array.clone(),
            Function::MaxBy | Function::MinBy => array.element(),
            Function::Map => ResultOrigin::ListOf(Box::new(mapped)),
            _ => ResultOrigin::Computed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Expression;

    #[test]
    fn follows_paths_through_every_node() {
        for (text, expected) in [
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
            assert_eq!(paths, expected, "{text}");
        }
    }
}
