//! Validation of a compiled rule set, and assignment of memo slots.
//!
//! The compiler and the reader of packed forms both validate here, since packed bytes may be hostile. A validated program
//! has only valid indexes, expressions and properties reference only earlier ones, rules jump only forwards, and the cost
//! of an evaluation is bounded.

use crate::list_table::{ListId, ListTable};
use crate::rule_set::diagram::Diagram;
use crate::rule_set::program::{
    CompiledRule, Expr, ExprId, ExprNode, MAX_SHARED_CONDITIONS, NO_RESULT_SLOT, NO_SLOT, Program,
    ProgramParts, PropertyTemplate, RuleAction, StringId,
};

/// Maximum nesting depth of expressions and properties.
const MAX_DEPTH: u8 = 64;
/// Maximum number of conditions of all rules; a condition shared by several rules counts for each.
const MAX_CONDITIONS: u32 = 1 << 18;
/// Maximum number of header values, and of nodes in the properties, of one endpoint.
const MAX_FANOUT: u32 = 4096;
/// An expression that is used more than once is memoized if its cost exceeds this number of operations.
const MEMO_COST: u32 = 8;

impl Program {
    /// Validates a program and assigns memo slots.
    ///
    /// # Errors
    /// The error message, for a damaged packed form or an excessively large rule set.
    pub(crate) fn new(parts: ProgramParts, diagram: Option<Diagram>) -> Result<Self, &'static str> {
        let mut validator = ProgramValidator::new(&parts);
        validator.limits()?;
        validator.exprs()?;
        let sizes = validator.properties()?;
        validator.endpoints(&sizes)?;
        let rules = validator.rules()?;
        if let Some(diagram) = &diagram {
            validator.diagram(diagram)?;
        }
        let (memo_slots, memos) = validator.memo_slots();
        let read = std::mem::take(&mut validator.read);
        let mut result_slots = 0..MAX_SHARED_CONDITIONS;
        let nodes = parts.exprs.iter().zip(&validator.uses).zip(memo_slots);
        let nodes = nodes.map(|((&expr, uses), memo_slot)| ExprNode {
            expr,
            memo_slot,
            result_slot: if uses.as_condition > 1 {
                result_slots.next().unwrap_or(NO_RESULT_SLOT)
            } else {
                NO_RESULT_SLOT
            },
        });
        let nodes = nodes.collect();
        let mut parameters = parts.parameters;
        for (parameter, read) in parameters.iter_mut().zip(read) {
            parameter.is_read = read;
            parameter.is_keyed = read || parameter.required;
        }
        Ok(Self {
            version: parts.version,
            nodes,
            strings: parts.strings,
            lists: parts.lists,
            properties: parts.properties.into_boxed_slice(),
            endpoints: parts.endpoints.into_boxed_slice(),
            parameters: parameters.into_boxed_slice(),
            rules: rules.into_boxed_slice(),
            memos,
            diagram,
        })
    }
}

/// The uses of an expression.
#[derive(Clone, Copy, Debug, Default)]
struct ExprUsage {
    count: u32,
    /// True if it is an operand or a condition, rather than only part of the resulting endpoint or error.
    as_value: bool,
    /// Number of uses as a condition.
    as_condition: u32,
}

struct ProgramValidator<'a> {
    parts: &'a ProgramParts,
    uses: Vec<ExprUsage>,
    read: Vec<bool>,
}

const INVALID_INDEX: &str = "index out of range";

impl<'a> ProgramValidator<'a> {
    fn new(parts: &'a ProgramParts) -> Self {
        Self {
            uses: vec![ExprUsage::default(); parts.exprs.len()],
            read: vec![false; parts.parameters.len()],
            parts,
        }
    }

    fn limits(&self) -> Result<(), &'static str> {
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
            return Err("rule set too large");
        }
        if !parts.strings.contains(parts.version) {
            return Err(INVALID_INDEX);
        }
        Ok(())
    }

    fn string(&self, id: StringId) -> Result<(), &'static str> {
        if self.parts.strings.contains(id) {
            Ok(())
        } else {
            Err(INVALID_INDEX)
        }
    }

    fn list(&self, id: ListId) -> Result<&'a [u16], &'static str> {
        self.parts.lists.find(id).ok_or(INVALID_INDEX)
    }

    /// Records a use of an expression.
    fn record_use(&mut self, id: ExprId, as_value: bool) -> Result<(), &'static str> {
        let entry = self.uses.get_mut(usize::from(id)).ok_or(INVALID_INDEX)?;
        entry.count = entry.count.saturating_add(1);
        entry.as_value |= as_value;
        Ok(())
    }

    fn exprs(&mut self) -> Result<(), &'static str> {
        let mut depths: Vec<u8> = Vec::with_capacity(self.parts.exprs.len());
        for &expr in &self.parts.exprs {
            match expr {
                Expr::String(text)
                | Expr::Attribute { name: text, .. }
                | Expr::AssignAgain { name: text, .. } => {
                    self.string(text)?;
                }
                Expr::Split { delimiter, .. } => {
                    self.string(delimiter)?;
                    if self.parts.strings.get(delimiter).is_empty() {
                        return Err("empty delimiter");
                    }
                }
                Expr::Parameter(parameter) | Expr::AssignParameter { parameter, .. } => {
                    *self
                        .read
                        .get_mut(usize::from(parameter))
                        .ok_or(INVALID_INDEX)? = true;
                }
                Expr::Template(list) | Expr::Coalesce(list) => {
                    self.list(list)?;
                }
                _ => {}
            }
            let (mut depth, mut is_ordered) = (0, true);
            operands_of(expr, &self.parts.lists, |operand| {
                let operand = usize::from(operand);
                match (depths.get(operand), self.uses.get_mut(operand)) {
                    (Some(below), Some(entry)) => {
                        depth = depth.max(below + 1);
                        entry.count = entry.count.saturating_add(1);
                        entry.as_value = true;
                    }
                    _ => is_ordered = false,
                }
            });
            if !is_ordered {
                return Err("expression references a later one");
            }
            if depth > MAX_DEPTH {
                return Err("expressions nested too deeply");
            }
            depths.push(depth);
        }
        Ok(())
    }

    /// Returns the number of nodes of each property, including itself.
    fn properties(&mut self) -> Result<Vec<u32>, &'static str> {
        let mut sizes: Vec<(u32, u8)> = Vec::with_capacity(self.parts.properties.len());
        for &property in &self.parts.properties {
            let children: Vec<u16> = match property {
                PropertyTemplate::String(expr) => {
                    self.record_use(expr, false)?;
                    Vec::new()
                }
                PropertyTemplate::List(list) => self.list(list)?.to_vec(),
                PropertyTemplate::Map(list) => {
                    let mut children = Vec::new();
                    for (key, value) in pairs(self.list(list)?)? {
                        self.string(key)?;
                        children.push(value);
                    }
                    children
                }
                PropertyTemplate::Null
                | PropertyTemplate::Bool(_)
                | PropertyTemplate::Int(_)
                | PropertyTemplate::Float(_) => Vec::new(),
            };
            let (mut size, mut depth) = (1u32, 0u8);
            for child in children {
                let (child_size, child_depth) = *sizes
                    .get(usize::from(child))
                    .ok_or("property references a later one")?;
                size = size.saturating_add(child_size);
                depth = depth.max(child_depth + 1);
            }
            if size > MAX_FANOUT || depth > MAX_DEPTH {
                return Err("properties of an endpoint too large");
            }
            sizes.push((size, depth));
        }
        Ok(sizes.into_iter().map(|(size, _)| size).collect())
    }

    fn endpoints(&mut self, sizes: &[u32]) -> Result<(), &'static str> {
        for endpoint in &self.parts.endpoints {
            self.record_use(endpoint.url, false)?;
            let mut values = 0;
            for (name, list) in pairs(self.list(endpoint.headers)?)? {
                self.string(name)?;
                for &value in self.list(list)? {
                    self.record_use(value, false)?;
                    values += 1;
                }
                values += 1;
                if values > MAX_FANOUT {
                    return Err("too many headers of an endpoint");
                }
            }
            let properties = usize::from(endpoint.properties);
            let is_map = matches!(
                self.parts.properties.get(properties),
                Some(PropertyTemplate::Map(_))
            );
            if !is_map || sizes.get(properties).is_none() {
                return Err(INVALID_INDEX);
            }
        }
        Ok(())
    }

    fn rules(&mut self) -> Result<Vec<CompiledRule>, &'static str> {
        let mut rules = Vec::with_capacity(self.parts.rules.len());
        let mut conditions = 0;
        for (index, &rule) in self.parts.rules.iter().enumerate() {
            let (first, end) = self
                .parts
                .lists
                .span(rule.conditions)
                .ok_or(INVALID_INDEX)?;
            conditions += end - first;
            if conditions > MAX_CONDITIONS {
                return Err("too many conditions");
            }
            for &condition in self.list(rule.conditions)? {
                self.record_use(condition, true)?;
                if let Some(entry) = self.uses.get_mut(usize::from(condition)) {
                    entry.as_condition += 1;
                }
            }
            match rule.action {
                RuleAction::Tree => {}
                RuleAction::Endpoint(endpoint)
                    if usize::from(endpoint) < self.parts.endpoints.len() => {}
                RuleAction::Endpoint(_) => return Err(INVALID_INDEX),
                RuleAction::Error(text) => self.record_use(text, false)?,
            }
            if index + usize::from(rule.nested) >= self.parts.rules.len() {
                return Err("nested rules past the end");
            }
            rules.push(CompiledRule { rule, first, end });
        }
        Ok(rules)
    }

    fn diagram(&mut self, diagram: &Diagram) -> Result<(), &'static str> {
        diagram.check(self.parts.rules.len())?;
        for node in &diagram.nodes {
            let condition = diagram.conditions.get(usize::from(node.condition));
            self.record_use(condition.copied().ok_or(INVALID_INDEX)?, true)?;
        }
        Ok(())
    }

    /// Returns the memo slot of each expression, and the number of slots.
    ///
    /// Strings, URLs, ARNs and lists that an evaluation creates always have a slot, which owns them. Other expressions have
    /// one if they are used more than once and are expensive, including their operands. So the cost of evaluating any
    /// expression is bounded.
    fn memo_slots(&self) -> (Vec<u16>, u16) {
        let mut slots = Vec::with_capacity(self.parts.exprs.len());
        let mut costs: Vec<u32> = Vec::with_capacity(self.parts.exprs.len());
        let mut count = 0;
        for (&expr, uses) in self.parts.exprs.iter().zip(&self.uses) {
            let mut cost = 1u32;
            operands_of(expr, &self.parts.lists, |operand| {
                cost = cost.saturating_add(costs.get(usize::from(operand)).copied().unwrap_or(0));
            });
            let is_memoized = match expr {
                Expr::UriEncode(_) | Expr::ParseUrl(_) | Expr::ParseArn(_) | Expr::Split { .. } => {
                    true
                }
                Expr::Template(_) => uses.as_value,
                Expr::Partition(_)
                | Expr::IsValidHostLabel(..)
                | Expr::IsVirtualHostableS3Bucket(..) => uses.count > 1,
                _ => cost > MEMO_COST && uses.count > 1,
            };
            if is_memoized {
                slots.push(count);
                count += 1;
                cost = 1;
            } else {
                slots.push(NO_SLOT);
            }
            costs.push(cost);
        }
        (slots, count)
    }
}

fn pairs(list: &[u16]) -> Result<impl Iterator<Item = (u16, u16)>, &'static str> {
    let (pairs, rest) = list.as_chunks::<2>();
    if rest.is_empty() {
        Ok(pairs.iter().map(|&[key, value]| (key, value)))
    } else {
        Err("key without a value")
    }
}

fn operands_of(expr: Expr, lists: &ListTable, mut operand: impl FnMut(ExprId)) {
    match expr {
        Expr::Unset | Expr::Bool(_) | Expr::String(_) | Expr::Parameter(_) => {}
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
