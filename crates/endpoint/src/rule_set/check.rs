//! The check of a compiled rule set, and the places for what an evaluation remembers.
//!
//! Whoever compiles a rule set makes no mistakes, but bytes may come from anywhere. So both go through this one gate:
//! behind it every number is valid, expressions and properties look only at earlier ones, rules lead only forwards, and
//! nothing that an evaluation has to do is larger than any endpoint needs.

use crate::lists::{ListId, Lists};
use crate::rule_set::program::{
    Action, Expr, ExprId, MAX_VERDICTS, NO_MEMO, NO_VERDICT, Node, Parts, Program, PropertyForm,
    Step, TextId,
};

/// How deeply expressions and properties may nest.
const MAX_DEPTH: u8 = 64;
/// How many conditions all rules may have in all, those shared by several rules counted for each.
const MAX_CONDITIONS: u32 = 1 << 18;
/// How many values the headers, and how many nodes the properties of one endpoint may have.
const MAX_FANOUT: u32 = 4096;
/// An expression that costs more than this many steps is computed once, if it is asked for more than once.
const MEMO_COST: u32 = 8;

impl Program {
    /// Checks everything and gives out memos.
    ///
    /// # Errors
    /// What is wrong. Only a damaged packed form or an absurdly large rule set can get here.
    pub(crate) fn new(parts: Parts) -> Result<Self, &'static str> {
        let mut checker = Checker::new(&parts);
        checker.texts_and_limits()?;
        checker.exprs()?;
        let sizes = checker.properties()?;
        checker.endpoints(&sizes)?;
        let steps = checker.rules()?;
        let (memos, count) = checker.memos();
        let read = std::mem::take(&mut checker.read);
        let mut verdicts = 0..MAX_VERDICTS;
        let nodes = parts.exprs.iter().zip(&checker.uses).zip(memos);
        let nodes = nodes.map(|((&expr, uses), memo)| Node {
            expr,
            memo,
            verdict: if uses.as_condition > 1 {
                verdicts.next().unwrap_or(NO_VERDICT)
            } else {
                NO_VERDICT
            },
        });
        let nodes = nodes.collect();
        let mut parameters = parts.parameters;
        for (parameter, read) in parameters.iter_mut().zip(read) {
            parameter.is_read = read;
        }
        Ok(Self {
            version: parts.version,
            nodes,
            texts: parts.texts,
            lists: parts.lists,
            properties: parts.properties.into_boxed_slice(),
            endpoints: parts.endpoints.into_boxed_slice(),
            parameters: parameters.into_boxed_slice(),
            steps: steps.into_boxed_slice(),
            memos: count,
        })
    }
}

/// How often and for what an expression is asked for.
#[derive(Clone, Copy, Debug, Default)]
struct Use {
    count: u32,
    /// Whether it is asked for by another expression or as a condition, rather than written out at the end.
    as_value: bool,
    /// How often it is a condition.
    as_condition: u32,
}

struct Checker<'a> {
    parts: &'a Parts,
    uses: Vec<Use>,
    read: Vec<bool>,
}

const WRONG_NUMBER: &str = "a number points nowhere";

impl<'a> Checker<'a> {
    fn new(parts: &'a Parts) -> Self {
        Self {
            uses: vec![Use::default(); parts.exprs.len()],
            read: vec![false; parts.parameters.len()],
            parts,
        }
    }

    fn texts_and_limits(&self) -> Result<(), &'static str> {
        let parts = self.parts;
        let counts = [
            parts.exprs.len(),
            parts.properties.len(),
            parts.endpoints.len(),
            parts.rules.len(),
            parts.parameters.len(),
        ];
        if counts
            .into_iter()
            .any(|count| count >= usize::from(u16::MAX))
        {
            return Err("the rule set is too large");
        }
        if !parts.texts.contains(parts.version) {
            return Err(WRONG_NUMBER);
        }
        Ok(())
    }

    fn text(&self, id: TextId) -> Result<(), &'static str> {
        if self.parts.texts.contains(id) {
            Ok(())
        } else {
            Err(WRONG_NUMBER)
        }
    }

    fn list(&self, id: ListId) -> Result<&'a [u16], &'static str> {
        self.parts.lists.find(id).ok_or(WRONG_NUMBER)
    }

    /// Notes one more use of an expression.
    fn wanted(&mut self, id: ExprId, as_value: bool) -> Result<(), &'static str> {
        let entry = self.uses.get_mut(usize::from(id)).ok_or(WRONG_NUMBER)?;
        entry.count = entry.count.saturating_add(1);
        entry.as_value |= as_value;
        Ok(())
    }

    fn exprs(&mut self) -> Result<(), &'static str> {
        let mut depths: Vec<u8> = Vec::with_capacity(self.parts.exprs.len());
        for &expr in &self.parts.exprs {
            match expr {
                Expr::Text(text)
                | Expr::Attribute { name: text, .. }
                | Expr::AssignAgain { name: text, .. } => {
                    self.text(text)?;
                }
                Expr::Split { delimiter, .. } => {
                    self.text(delimiter)?;
                    if self.parts.texts.get(delimiter).is_empty() {
                        return Err("a delimiter is empty");
                    }
                }
                Expr::Parameter(parameter) | Expr::AssignParameter { parameter, .. } => {
                    *self
                        .read
                        .get_mut(usize::from(parameter))
                        .ok_or(WRONG_NUMBER)? = true;
                }
                Expr::Template(list) | Expr::Coalesce(list) => {
                    self.list(list)?;
                }
                _ => {}
            }
            let (mut depth, mut known) = (0, true);
            operands_of(expr, &self.parts.lists, |operand| {
                let operand = usize::from(operand);
                match (depths.get(operand), self.uses.get_mut(operand)) {
                    (Some(below), Some(entry)) => {
                        depth = depth.max(below + 1);
                        entry.count = entry.count.saturating_add(1);
                        entry.as_value = true;
                    }
                    _ => known = false,
                }
            });
            if !known {
                return Err("an expression needs a later one");
            }
            if depth > MAX_DEPTH {
                return Err("expressions nest too deeply");
            }
            depths.push(depth);
        }
        Ok(())
    }

    /// The number of nodes of each property, its own included.
    fn properties(&mut self) -> Result<Vec<u32>, &'static str> {
        let mut sizes: Vec<(u32, u8)> = Vec::with_capacity(self.parts.properties.len());
        for &property in &self.parts.properties {
            let children: Vec<u16> = match property {
                PropertyForm::Text(expr) => {
                    self.wanted(expr, false)?;
                    Vec::new()
                }
                PropertyForm::List(list) => self.list(list)?.to_vec(),
                PropertyForm::Map(list) => {
                    let mut children = Vec::new();
                    for (key, value) in pairs(self.list(list)?)? {
                        self.text(key)?;
                        children.push(value);
                    }
                    children
                }
                PropertyForm::Null
                | PropertyForm::Bool(_)
                | PropertyForm::Int(_)
                | PropertyForm::Float(_) => Vec::new(),
            };
            let (mut size, mut depth) = (1u32, 0u8);
            for child in children {
                let (child_size, child_depth) = *sizes
                    .get(usize::from(child))
                    .ok_or("a property holds a later one")?;
                size = size.saturating_add(child_size);
                depth = depth.max(child_depth + 1);
            }
            if size > MAX_FANOUT || depth > MAX_DEPTH {
                return Err("the properties of an endpoint are too large");
            }
            sizes.push((size, depth));
        }
        Ok(sizes.into_iter().map(|(size, _)| size).collect())
    }

    fn endpoints(&mut self, sizes: &[u32]) -> Result<(), &'static str> {
        for endpoint in &self.parts.endpoints {
            self.wanted(endpoint.url, false)?;
            let mut values = 0;
            for (name, list) in pairs(self.list(endpoint.headers)?)? {
                self.text(name)?;
                for &value in self.list(list)? {
                    self.wanted(value, false)?;
                    values += 1;
                }
                values += 1;
                if values > MAX_FANOUT {
                    return Err("the headers of an endpoint are too many");
                }
            }
            let properties = usize::from(endpoint.properties);
            let is_map = matches!(
                self.parts.properties.get(properties),
                Some(PropertyForm::Map(_))
            );
            if !is_map || sizes.get(properties).is_none() {
                return Err(WRONG_NUMBER);
            }
        }
        Ok(())
    }

    fn rules(&mut self) -> Result<Vec<Step>, &'static str> {
        let mut steps = Vec::with_capacity(self.parts.rules.len());
        let mut conditions = 0;
        for (index, &rule) in self.parts.rules.iter().enumerate() {
            let (first, end) = self.parts.lists.span(rule.conditions).ok_or(WRONG_NUMBER)?;
            conditions += end - first;
            if conditions > MAX_CONDITIONS {
                return Err("the rules have too many conditions");
            }
            for &condition in self.list(rule.conditions)? {
                self.wanted(condition, true)?;
                if let Some(entry) = self.uses.get_mut(usize::from(condition)) {
                    entry.as_condition += 1;
                }
            }
            match rule.action {
                Action::Tree => {}
                Action::Endpoint(endpoint)
                    if usize::from(endpoint) < self.parts.endpoints.len() => {}
                Action::Endpoint(_) => return Err(WRONG_NUMBER),
                Action::Error(text) => self.wanted(text, false)?,
            }
            if usize::from(rule.next) <= index || usize::from(rule.next) > self.parts.rules.len() {
                return Err("a rule leads backwards or beyond the last");
            }
            steps.push(Step { rule, first, end });
        }
        Ok(steps)
    }

    /// The memo of each expression, and their number.
    ///
    /// Texts, URLs, ARNs and lists that are made during an evaluation always have one, since something must own them.
    /// Other expressions have one where they are asked for more than once and cost something, be it their function or the
    /// expressions under them; so no expression is worth more than a few steps, whatever a rule set does.
    fn memos(&self) -> (Vec<u16>, u16) {
        let mut memos = Vec::with_capacity(self.parts.exprs.len());
        let mut costs: Vec<u32> = Vec::with_capacity(self.parts.exprs.len());
        let mut count = 0;
        for (&expr, uses) in self.parts.exprs.iter().zip(&self.uses) {
            let mut cost = 1u32;
            operands_of(expr, &self.parts.lists, |operand| {
                cost = cost.saturating_add(costs.get(usize::from(operand)).copied().unwrap_or(0));
            });
            let wanted = match expr {
                Expr::UriEncode(_) | Expr::ParseUrl(_) | Expr::ParseArn(_) | Expr::Split { .. } => {
                    true
                }
                Expr::Template(_) => uses.as_value,
                Expr::Partition(_)
                | Expr::IsValidHostLabel(..)
                | Expr::IsVirtualHostableS3Bucket(..) => uses.count > 1,
                _ => cost > MEMO_COST && uses.count > 1,
            };
            if wanted {
                memos.push(count);
                count += 1;
                cost = 1;
            } else {
                memos.push(NO_MEMO);
            }
            costs.push(cost);
        }
        (memos, count)
    }
}

fn pairs(list: &[u16]) -> Result<impl Iterator<Item = (u16, u16)>, &'static str> {
    let (pairs, rest) = list.as_chunks::<2>();
    if rest.is_empty() {
        Ok(pairs.iter().map(|&[key, value]| (key, value)))
    } else {
        Err("a key has no value")
    }
}

fn operands_of(expr: Expr, lists: &Lists, mut operand: impl FnMut(ExprId)) {
    match expr {
        Expr::Unset | Expr::Bool(_) | Expr::Text(_) | Expr::Parameter(_) => {}
        Expr::Template(list) | Expr::Coalesce(list) => {
            lists.get(list).iter().copied().for_each(operand)
        }
        Expr::IsSet(of)
        | Expr::Not(of)
        | Expr::Attribute { of, .. }
        | Expr::Item { of, .. }
        | Expr::Substring { of, .. }
        | Expr::UriEncode(of)
        | Expr::ParseUrl(of)
        | Expr::Partition(of)
        | Expr::ParseArn(of)
        | Expr::Split { of, .. }
        | Expr::AssignAgain { value: of, .. }
        | Expr::AssignParameter { value: of, .. } => operand(of),
        Expr::StringEquals(left, right)
        | Expr::BooleanEquals(left, right)
        | Expr::IsValidHostLabel(left, right)
        | Expr::IsVirtualHostableS3Bucket(left, right) => {
            operand(left);
            operand(right);
        }
        Expr::IfElse(condition, yes, no) => {
            operand(condition);
            operand(yes);
            operand(no);
        }
    }
}
