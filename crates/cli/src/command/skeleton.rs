//! `--generate-cli-skeleton`: an operation's parameters or output with sample values.

use inia::dynamodb::is_attribute_value;
use inia::{
    Client, List, Map, Str, Value, model::Kind, model::Member, model::Operation,
    model::ServiceModel, model::ShapeId,
};

use crate::arguments::{OutputFormat, OutputOptions, SkeletonKind};
use crate::output::{self, Printer};
use crate::status::CliError;

/// Maximum depth of a skeleton. AWS's definitions have at most 22 levels; a file may have any number.
const MAX_DEPTH: usize = 64;

/// Maximum number of values of a skeleton. AWS's largest one has 55,000.
const MAX_VALUES: usize = 200_000;

/// Prints the parameters of an operation, to fill in for `--cli-input-json`, or a sample output after validation of the parameters.
/// `supplied` are parameters that the command sets. The format and the query are those of the command line; a sample output
/// otherwise has the configured format.
pub(crate) fn print(
    kind: SkeletonKind,
    client: &Client,
    operation: &Operation,
    params: &Value,
    supplied: &[&str],
    options: OutputOptions,
    session: &inia::Session,
) -> Result<(), CliError> {
    let printer = match kind {
        SkeletonKind::Output => Printer::new(options, session)?,
        SkeletonKind::Input => Printer::with_default(options, OutputFormat::Json),
        SkeletonKind::YamlInput => Printer::with_default(options, OutputFormat::Yaml),
    };
    let skeleton = match kind {
        SkeletonKind::Output => {
            let mut params = client.wire_params(&operation.name, params.clone())?;
            client.model().validate(operation, &mut params, supplied)?;
            let is_json = printer.format() == OutputFormat::Json;
            Skeleton::of_output(client, operation, if is_json { 'T' } else { ' ' })
        }
        SkeletonKind::Input | SkeletonKind::YamlInput => Skeleton::of_input(client, operation),
    };
    if skeleton.is_cut {
        output::note(&format!(
            "the skeleton of {} is incomplete: empty structures and lists stand for shapes below {MAX_DEPTH} levels and beyond {MAX_VALUES} values",
            operation.name
        ));
    }
    match kind {
        SkeletonKind::Output => printer.print(skeleton.value, &operation.name),
        SkeletonKind::Input | SkeletonKind::YamlInput => {
            printer.print_skeleton(skeleton.value, &operation.name)
        }
    }
}

/// Sample values of a shape. Recursive shapes are empty in themselves.
struct Skeleton {
    value: Value,
    /// True if parts were left out because of a limit.
    is_cut: bool,
}

impl Skeleton {
    fn of_input(client: &Client, operation: &Operation) -> Self {
        Self::of(client, operation.input.as_ref(), false)
    }

    /// Strings are the names of their members. `separator` is that between date and time: Python has another one in JSON than in
    /// other formats.
    fn of_output(client: &Client, operation: &Operation, separator: char) -> Self {
        let model = client.model();
        let mut skeleton = Self::of(client, operation.output.as_ref(), true);
        if separator != 'T' {
            separate_times(&mut skeleton.value, separator);
        }
        let streamed = [
            model.streaming_output(operation),
            model.event_stream_output(operation),
        ];
        if let Some(members) = skeleton.value.as_map_mut() {
            for member in streamed.into_iter().flatten() {
                members.remove(&member.name);
            }
        }
        skeleton
    }

    fn of(client: &Client, root: Option<&Member>, has_names: bool) -> Self {
        let mut generator = SkeletonGenerator {
            model: client.model(),
            is_native: client.is_native(),
            has_names,
            parents: Vec::new(),
            values: 0,
            is_cut: false,
        };
        Skeleton {
            value: root.map_or_else(Value::map, |root| generator.value(root, "")),
            is_cut: generator.is_cut,
        }
    }
}

/// The time in a skeleton.
const TIME: &str = "1970-01-01T00:00:00";

/// Replaces the separator in the times of a skeleton.
fn separate_times(value: &mut Value, separator: char) {
    match value {
        Value::String(text) if **text == *TIME => {
            *value = Value::from(TIME.replace('T', &separator.to_string()));
        }
        Value::List(list) => {
            for value in list.iter_mut() {
                separate_times(value, separator);
            }
        }
        Value::Map(map) => {
            for (_, value) in map.iter_mut() {
                separate_times(value, separator);
            }
        }
        _ => {}
    }
}

struct SkeletonGenerator<'m> {
    model: &'m ServiceModel,
    /// True if native values are in place of attribute values.
    is_native: bool,
    /// True if strings are the names of their members.
    has_names: bool,
    parents: Vec<ShapeId>,
    values: usize,
    is_cut: bool,
}

impl SkeletonGenerator<'_> {
    fn value(&mut self, member: &Member, name: &str) -> Value {
        let shape = self.model.shape(member.target);
        self.values += 1;
        if self.is_native && is_attribute_value(self.model, member.target) {
            return Value::from(name);
        }
        let is_recursive = self.parents.contains(&member.target);
        let is_beyond = self.parents.len() >= MAX_DEPTH || self.values > MAX_VALUES;
        if is_recursive || is_beyond {
            let empty = match &shape.kind {
                Kind::List(_) => Some(Value::List(List::new())),
                Kind::Structure(_) | Kind::Map { .. } => Some(Value::map()),
                _ => None,
            };
            if let Some(empty) = empty {
                self.is_cut |= !is_recursive;
                return empty;
            }
        }
        self.parents.push(member.target);
        let value = match &shape.kind {
            Kind::Structure(structure) => {
                let mut map = Map::new();
                for member in &structure.members {
                    if self.values > MAX_VALUES {
                        self.is_cut = true;
                        break;
                    }
                    map.insert(member.name.clone(), self.value(member, &member.name));
                }
                Value::Map(map)
            }
            Kind::List(element) => {
                let name = self.model.shape(element.target).name.clone();
                Value::List(List::from_iter([self.value(element, &name)]))
            }
            Kind::Map { value: element, .. } => {
                let mut map = Map::new();
                map.insert("KeyName", self.value(element, ""));
                Value::Map(map)
            }
            Kind::String if self.has_names => Value::from(name),
            Kind::String => match shape.constraints.enumeration().first() {
                Some(first) => Value::String(first.clone()),
                None => Value::String(Str::new()),
            },
            // A text here would be taken for base64.
            Kind::Blob => Value::Null,
            Kind::Boolean => Value::Bool(true),
            Kind::Integer | Kind::Long => Value::Int(0),
            Kind::Float | Kind::Double => Value::Float(0.0),
            Kind::Timestamp => Value::from(TIME),
        };
        self.parents.pop();
        value
    }
}
