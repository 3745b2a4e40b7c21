//! [`Place`]: where a walk through parameters is.

use std::fmt;

/// Where the walk is: a list through its stack frames, written out only for a problem.
#[derive(Clone, Copy)]
pub(super) struct Place<'p> {
    pub(super) parent: Option<&'p Place<'p>>,
    step: Step<'p>,
    pub(super) depth: usize,
}

#[derive(Clone, Copy)]
pub(super) enum Step<'p> {
    /// The parameters as a whole.
    Root,
    /// A member of a structure, or the value of a map's entry.
    Name(&'p str),
    /// An element of a list.
    Index(usize),
    /// The key of a map's entry.
    Key(&'p str),
}

impl<'p> Place<'p> {
    pub(super) const ROOT: Place<'static> = Place {
        parent: None,
        step: Step::Root,
        depth: 0,
    };

    pub(super) fn then(&'p self, step: Step<'p>) -> Place<'p> {
        Place {
            parent: Some(self),
            step,
            depth: self.depth + 1,
        }
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(parent) = self.parent else {
            return Ok(());
        };
        parent.fmt(f)?;
        match self.step {
            Step::Root => Ok(()),
            Step::Name(name) if parent.parent.is_none() => f.write_str(name),
            Step::Name(name) => write!(f, ".{name}"),
            Step::Index(index) => write!(f, "[{index}]"),
            Step::Key(key) => write!(f, " (key: {key})"),
        }
    }
}
