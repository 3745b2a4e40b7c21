//! The input, output and errors of an operation as a printed tree and as data.

use std::collections::HashSet;
use std::fmt;

use inia_core::{List, Map, Str, Value};

use crate::{Constraints, Kind, Location, Member, Operation, ServiceModel, ShapeId, Traits};

/// Number of enumeration values in the printed tree; the data contains all.
const MAX_PRINTED_VALUES: usize = 16;

/// Description of an operation's input, output and errors.
///
/// `Display` prints it as a tree. Each structure is expanded at its first occurrence and only named after that, also
/// within itself, so that a description is never longer than the definition, however shapes refer to each other.
///
/// ```
/// # let model = inia_model::ServiceModel::from_json("tiny", br#"{
/// #     "metadata": {"protocol": "json", "endpointPrefix": "tiny"},
/// #     "operations": {"Tag": {"http": {"method": "POST", "requestUri": "/"}, "input": {"shape": "TagRequest"}}},
/// #     "shapes": {
/// #         "TagRequest": {"type": "structure", "required": ["Arn"], "members": {"Arn": {"shape": "Arn"}, "Tags": {"shape": "Tags"}}},
/// #         "Tags": {"type": "list", "member": {"shape": "Tag"}, "max": 50},
/// #         "Tag": {"type": "structure", "members": {"Key": {"shape": "Text"}, "More": {"shape": "Tags"}}},
/// #         "Arn": {"type": "string", "min": 20}, "Text": {"type": "string", "enum": ["team", "cost"]}}
/// # }"#)?;
/// let tag = model.describe(model.operation("Tag")?);
/// assert_eq!(tag.to_string(), "\
/// Tag
///
/// Input
///   Arn: string, required, at least 20 characters
///   Tags: list of structure Tag, at most 50 elements
///     Key: string, one of team, cost
///     More: list of structure Tag (as above), at most 50 elements
///
/// Output
///   nothing
/// ");
/// assert_eq!(tag.to_value()["input"]["members"][0]["min"], inia_core::Value::from(20));
/// # Ok::<(), inia_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Description {
    /// Folder name of the service.
    pub service: Str,
    /// Name of the operation.
    pub operation: Str,
    /// True if the operation is deprecated.
    pub is_deprecated: bool,
    /// Input; `None` if the operation takes no parameters.
    pub input: Option<DescriptionNode>,
    /// Output; `None` if the operation returns no data.
    pub output: Option<DescriptionNode>,
    /// Modeled errors.
    pub errors: Vec<DescriptionNode>,
}

/// A value in a description: a parameter, a result or a part of one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DescriptionNode {
    /// Name of the member; empty for an input, output or error, and in lists and maps.
    pub name: Str,
    /// Name of the shape.
    pub shape: Str,
    /// Type of the shape, or `union`, `document` or `event stream`.
    pub kind: &'static str,
    /// True if the member is required.
    pub is_required: bool,
    /// Other traits as text: `header x-amz-acl`, `streaming`, `sensitive`.
    pub notes: Vec<String>,
    /// Bounds and enumeration.
    pub constraints: Constraints,
    /// The shape is expanded elsewhere or contains itself, so that its members are not repeated here.
    pub is_elided: bool,
    /// Members of a structure.
    pub members: Vec<DescriptionNode>,
    /// Key of a map.
    pub key: Option<Box<DescriptionNode>>,
    /// Element of a list, or value of a map.
    pub element: Option<Box<DescriptionNode>>,
}

impl ServiceModel {
    /// Returns a description of an operation.
    #[must_use]
    pub fn describe(&self, operation: &Operation) -> Description {
        let mut describer = Describer {
            model: self,
            expanded: HashSet::new(),
            ancestors: Vec::new(),
            depth: 0,
            nodes: 0,
        };
        let input = operation
            .input
            .as_ref()
            .map(|input| describer.node(input, true));
        let output = operation
            .output
            .as_ref()
            .map(|output| describer.node(output, true));
        let errors = operation
            .errors
            .iter()
            .map(|error| describer.error(*error))
            .collect();
        Description {
            service: self.name().clone(),
            operation: operation.name.clone(),
            is_deprecated: operation.is_deprecated,
            input,
            output,
            errors,
        }
    }
}

/// Maximum depth of a description. AWS's definitions have at most 40 levels; a file may have any number.
const MAX_DEPTH: usize = 128;

/// Maximum number of nodes in the input, output and errors of a description. AWS's definitions have at most a few thousand; in a file,
/// maps of maps may double at each level.
const MAX_NODES: usize = 1_000_000;

struct Describer<'m> {
    model: &'m ServiceModel,
    /// Structures that have been expanded.
    expanded: HashSet<ShapeId>,
    /// Lists and maps between the last structure and the current shape.
    ancestors: Vec<ShapeId>,
    depth: usize,
    nodes: usize,
}

impl Describer<'_> {
    fn node(&mut self, member: &Member, is_required: bool) -> DescriptionNode {
        let shape = self.model.shape(member.target);
        let traits = &member.traits;
        let mut node = DescriptionNode {
            name: member.name.clone(),
            shape: shape.name.clone(),
            kind: match &shape.kind {
                Kind::Structure(_) if traits.is_document() => "document",
                Kind::Structure(_) if traits.is_event_stream() => "event stream",
                Kind::Structure(_) if traits.is_union() => "union",
                kind => kind.name(),
            },
            is_required,
            notes: notes(traits),
            constraints: shape.constraints.clone(),
            ..DescriptionNode::default()
        };
        self.depth += 1;
        self.nodes += 1;
        let is_within = self.depth < MAX_DEPTH && self.nodes < MAX_NODES;
        match &shape.kind {
            Kind::Structure(structure) if !traits.is_document() => {
                if is_within && self.expanded.insert(member.target) {
                    let required: HashSet<u32> = structure.required.iter().copied().collect();
                    // A list that refers to itself through a structure ends at that structure.
                    let ancestors = std::mem::take(&mut self.ancestors);
                    node.members = (0u32..)
                        .zip(&structure.members)
                        .map(|(position, member)| self.node(member, required.contains(&position)))
                        .collect();
                    self.ancestors = ancestors;
                } else {
                    node.is_elided = !structure.members.is_empty();
                }
            }
            Kind::List(_) | Kind::Map { .. }
                if !is_within || self.ancestors.contains(&member.target) =>
            {
                node.is_elided = true;
            }
            Kind::List(element) => {
                self.ancestors.push(member.target);
                node.element = Some(self.part(element));
                self.ancestors.pop();
            }
            Kind::Map { key, value } => {
                self.ancestors.push(member.target);
                node.key = Some(self.part(key));
                node.element = Some(self.part(value));
                self.ancestors.pop();
            }
            _ => {}
        }
        self.depth -= 1;
        node
    }

    fn part(&mut self, part: &Member) -> Box<DescriptionNode> {
        let node = self.node(part, false);
        Box::new(DescriptionNode {
            name: Str::new(),
            ..node
        })
    }

    fn error(&mut self, id: ShapeId) -> DescriptionNode {
        let member = Member {
            name: Str::new(),
            target: id,
            traits: self.model.shape(id).traits.clone(),
        };
        let mut node = self.node(&member, false);
        if let Kind::Structure(structure) = &self.model.shape(id).kind
            && let Some(error) = &structure.error
        {
            node.notes
                .extend(error.http_status.map(|status| format!("HTTP {status}")));
            let code = error.code.as_ref().filter(|code| **code != node.shape);
            node.notes.extend(code.map(|code| format!("code {code}")));
        }
        node
    }
}

fn notes(traits: &Traits) -> Vec<String> {
    let mut notes = Vec::new();
    let wire_name = traits.location_name.as_deref().unwrap_or_default();
    match traits.location {
        Some(Location::Uri) => notes.push("in the path".to_owned()),
        Some(Location::QueryString) => notes.push(format!("query parameter {wire_name}")),
        Some(Location::Header) => notes.push(format!("header {wire_name}")),
        Some(Location::Headers) => notes.push(format!("headers {wire_name}*")),
        Some(Location::StatusCode) => notes.push("HTTP status".to_owned()),
        None => {}
    }
    for (is_set, note) in [
        (traits.is_streaming(), "streaming"),
        (traits.is_idempotency_token(), "filled in when absent"),
        (traits.is_json_value(), "any JSON"),
        (traits.is_sensitive(), "sensitive"),
        (traits.is_deprecated(), "deprecated"),
    ] {
        if is_set {
            notes.push(note.to_owned());
        }
    }
    notes
}

impl Description {
    /// Returns the description as data, for `--output json` and for programs.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let part = |node: &Option<DescriptionNode>| {
            node.as_ref().map_or(Value::Null, DescriptionNode::to_value)
        };
        let mut map = Map::new();
        map.insert("service", &self.service);
        map.insert("operation", &self.operation);
        if self.is_deprecated {
            map.insert("deprecated", true);
        }
        map.insert("input", part(&self.input));
        map.insert("output", part(&self.output));
        map.insert(
            "errors",
            self.errors
                .iter()
                .map(DescriptionNode::to_value)
                .collect::<List>(),
        );
        Value::Map(map)
    }
}

impl DescriptionNode {
    /// Returns the node as data.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let mut map = Map::new();
        if !self.name.is_empty() {
            map.insert("name", &self.name);
        }
        map.insert("shape", &self.shape);
        map.insert("type", self.kind);
        if self.is_required {
            map.insert("required", true);
        }
        if !self.notes.is_empty() {
            map.insert("notes", self.notes.iter().collect::<List>());
        }
        for (name, bound) in [("min", self.constraints.min), ("max", self.constraints.max)] {
            if let Some(bound) = bound {
                map.insert(name, number(bound));
            }
        }
        if let Some(pattern) = self.constraints.pattern() {
            map.insert("pattern", pattern);
        }
        let values = self.constraints.enumeration();
        if !values.is_empty() {
            map.insert("enum", values.iter().collect::<List>());
        }
        if self.is_elided {
            map.insert("cut", true);
        }
        if !self.members.is_empty() {
            map.insert(
                "members",
                self.members
                    .iter()
                    .map(DescriptionNode::to_value)
                    .collect::<List>(),
            );
        }
        for (name, part) in [("key", &self.key), ("element", &self.element)] {
            if let Some(part) = part {
                map.insert(name, part.to_value());
            }
        }
        Value::Map(map)
    }

    /// Returns the members of the structure, or of the structure inside a list or map.
    fn inner_members(&self) -> &[DescriptionNode] {
        match &self.element {
            Some(element) => element.inner_members(),
            None => &self.members,
        }
    }

    /// Writes the type, such as `list of structure Tag`.
    fn write_type(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind)?;
        match (&self.key, &self.element) {
            (Some(_), Some(element)) => {
                f.write_str(" of strings to ")?;
                element.write_type(f)?;
            }
            (_, Some(element)) => {
                f.write_str(" of ")?;
                element.write_type(f)?;
            }
            _ if self.is_elided => write!(f, " {} (as above)", self.shape)?,
            _ if !self.members.is_empty() => write!(f, " {}", self.shape)?,
            _ => {}
        }
        Ok(())
    }

    /// Writes constraints and notes, each after a comma.
    fn write_constraints(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_required {
            f.write_str(", required")?;
        }
        let unit = match self.kind {
            "list" => " elements",
            "map" => " entries",
            "string" => " characters",
            "blob" => " bytes",
            _ => "",
        };
        match (self.constraints.min, self.constraints.max) {
            (Some(min), Some(max)) if min == max => write!(f, ", {min}{unit}")?,
            (Some(min), Some(max)) => write!(f, ", {min} to {max}{unit}")?,
            (Some(min), None) => write!(f, ", at least {min}{unit}")?,
            (None, Some(max)) => write!(f, ", at most {max}{unit}")?,
            (None, None) => {}
        }
        let values = self.constraints.enumeration();
        for (index, value) in values.iter().take(MAX_PRINTED_VALUES).enumerate() {
            f.write_str(if index == 0 { ", one of " } else { ", " })?;
            f.write_str(value)?;
        }
        if let Some(more @ 1..) = values.len().checked_sub(MAX_PRINTED_VALUES) {
            write!(f, " and {more} more")?;
        }
        self.notes.iter().try_for_each(|note| write!(f, ", {note}"))
    }

    fn write_tree(&self, indent: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:indent$}{}: ", "", self.name)?;
        self.write_type(f)?;
        self.write_constraints(f)?;
        f.write_str("\n")?;
        self.inner_members()
            .iter()
            .try_for_each(|member| member.write_tree(indent + 2, f))
    }
}

impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.operation)?;
        f.write_str(if self.is_deprecated {
            " (deprecated)\n"
        } else {
            "\n"
        })?;
        for (title, part) in [("Input", &self.input), ("Output", &self.output)] {
            writeln!(f, "\n{title}")?;
            let members = part
                .as_ref()
                .map(DescriptionNode::inner_members)
                .unwrap_or_default();
            match part {
                Some(part) if part.is_elided => writeln!(f, "  as the input")?,
                _ if members.is_empty() => writeln!(f, "  nothing")?,
                _ => {}
            }
            members
                .iter()
                .try_for_each(|member| member.write_tree(2, f))?;
        }
        if !self.errors.is_empty() {
            writeln!(f, "\nErrors")?;
        }
        for error in &self.errors {
            write!(f, "  {}", error.shape)?;
            error
                .notes
                .iter()
                .try_for_each(|note| write!(f, ", {note}"))?;
            writeln!(f)?;
        }
        Ok(())
    }
}

/// Returns a bound as an integer if it is one.
pub(super) fn number(bound: f64) -> Value {
    const LIMIT: f64 = 9_007_199_254_740_992.0;
    if bound.fract() == 0.0 && bound.abs() <= LIMIT {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a whole number within 2^53 is exactly an integer"
        )]
        Value::Int(bound as i64)
    } else {
        Value::Float(bound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn describe(shapes: &str) -> Description {
        let text = format!(
            r#"{{"metadata": {{"protocol": "json", "endpointPrefix": "t"}},
                "operations": {{"Go": {{"http": {{}}, "input": {{"shape": "In"}}, "output": {{"shape": "In"}},
                                "errors": [{{"shape": "Bad"}}], "deprecated": true}}}},
                "shapes": {{"Bad": {{"type": "structure", "members": {{}}, "exception": true,
                                   "error": {{"code": "Worse", "httpStatusCode": 400}}}}, {shapes}}}}}"#
        );
        let model = ServiceModel::from_json("test", text.as_bytes()).unwrap();
        model.describe(model.operation("Go").unwrap())
    }

    #[test]
    fn describes_types_constraints_and_traits() {
        let description = describe(
            r#""In": {"type": "structure", "required": ["Name"], "members": {
                    "Name": {"shape": "Name", "location": "header", "locationName": "x-name"},
                    "Table": {"shape": "Table"}, "Any": {"shape": "Any"}, "Choice": {"shape": "Choice"}, "Body": {"shape": "Body"}}},
                "Name": {"type": "string", "min": 1, "max": 8, "sensitive": true, "pattern": "a+"},
                "Table": {"type": "map", "key": {"shape": "Name"}, "value": {"shape": "Numbers"}, "min": 2},
                "Numbers": {"type": "list", "member": {"shape": "Number"}},
                "Number": {"type": "float", "max": 0.5},
                "Any": {"type": "structure", "members": {}, "document": true},
                "Choice": {"type": "structure", "union": true, "members": {"A": {"shape": "Number"}, "B": {"shape": "In"}}},
                "Body": {"type": "blob", "streaming": true, "deprecated": true}"#,
        );
        let expected = "\
Go (deprecated)

Input
  Name: string, required, 1 to 8 characters, header x-name, sensitive
  Table: map of strings to list of float, at least 2 entries
  Any: document
  Choice: union Choice
    A: float, at most 0.5
    B: structure In (as above)
  Body: blob, streaming, deprecated

Output
  as the input

Errors
  Bad, HTTP 400, code Worse
";
        assert_eq!(description.to_string(), expected);
        let input = &description.to_value()["input"];
        assert_eq!(input["members"][0]["pattern"], "a+");
        assert_eq!(input["members"][0]["notes"][0], "header x-name");
        assert_eq!(
            input["members"][1]["element"]["element"]["max"],
            Value::Float(0.5)
        );
        assert_eq!(input["members"][3]["members"][1]["cut"], true);
    }

    #[test]
    fn elides_recursive_shapes() {
        let description = describe(
            r#""In": {"type": "structure", "members": {"Again": {"shape": "In"}, "List": {"shape": "List"}, "Map": {"shape": "Map"}}},
                "List": {"type": "list", "member": {"shape": "List"}},
                "Map": {"type": "map", "key": {"shape": "T"}, "value": {"shape": "Map"}}, "T": {"type": "string"}"#,
        );
        assert!(
            description
                .to_string()
                .contains("List: list of list List (as above)")
        );
    }

    #[test]
    fn depth_is_bounded() {
        let chain: Vec<String> = (0..5000)
            .map(|i| {
                format!(
                    r#""S{i}": {{"type": "structure", "members": {{"M": {{"shape": "S{}"}}}}}}"#,
                    i + 1
                )
            })
            .collect();
        let description = describe(&format!(
            r#""In": {{"type": "structure", "members": {{"M": {{"shape": "S0"}}}}}}, {}, "S5000": {{"type": "string"}}"#,
            chain.join(", ")
        ));
        assert_eq!(
            description
                .to_string()
                .lines()
                .filter(|line| line.contains("M: "))
                .count(),
            MAX_DEPTH - 1
        );
    }
}
