//! [`ProblemPath`]: the path of a parameter during validation.

use std::fmt;

/// Path of a parameter, linked through stack frames and formatted only for a problem.
#[derive(Clone, Copy)]
pub(super) struct ProblemPath<'p> {
    pub(super) parent: Option<&'p ProblemPath<'p>>,
    step: PathStep<'p>,
    pub(super) depth: usize,
}

#[derive(Clone, Copy)]
pub(super) enum PathStep<'p> {
    /// The parameters as a whole.
    Root,
    /// Structure member, or map value.
    Name(&'p str),
    /// List element.
    Index(usize),
    /// Map key.
    Key(&'p str),
}

impl<'p> ProblemPath<'p> {
    pub(super) const ROOT: ProblemPath<'static> = ProblemPath {
        parent: None,
        step: PathStep::Root,
        depth: 0,
    };

    pub(super) fn then(&'p self, step: PathStep<'p>) -> ProblemPath<'p> {
        ProblemPath {
            parent: Some(self),
            step,
            depth: self.depth + 1,
        }
    }
}

impl fmt::Display for ProblemPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(parent) = self.parent else {
            return Ok(());
        };
        parent.fmt(f)?;
        match self.step {
            PathStep::Root => Ok(()),
            PathStep::Name(name) if parent.parent.is_none() => f.write_str(name),
            PathStep::Name(name) => write!(f, ".{name}"),
            PathStep::Index(index) => write!(f, "[{index}]"),
            PathStep::Key(key) => write!(f, " (key: {key})"),
        }
    }
}
