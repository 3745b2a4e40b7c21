//! JSON Schema of the input and the output of an operation, for machines that compose or check calls.

use std::collections::{BTreeMap, HashMap};

use inia_core::{List, Map, Str, Value, json};

use crate::{Constraints, Kind, Member, Operation, ServiceModel, ShapeId, Structure};

/// The dialect of the schemas.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// Maximum nesting depth of a schema; deeper structures are definitions of their own.
const MAX_DEPTH: usize = 24;

impl ServiceModel {
    /// Returns the JSON Schema (draft 2020-12) of an operation's input, as it is written in JSON: a blob is base64, a timestamp ISO 8601 or
    /// seconds.
    ///
    /// A valid document is valid as parameters and the other way round, except for alternative spellings. So maximum lengths,
    /// patterns and enumerations, which AWS extends before definitions are updated, are only annotations: `description` and
    /// `examples`. Structures that contain themselves, or occur more than once, are in `$defs`.
    ///
    /// ```
    /// # let model = inia_model::ServiceModel::from_json("tiny", br#"{
    /// #     "metadata": {"protocol": "json", "endpointPrefix": "tiny"},
    /// #     "operations": {"Tag": {"http": {}, "input": {"shape": "TagRequest"}}},
    /// #     "shapes": {
    /// #         "TagRequest": {"type": "structure", "required": ["Arn"], "members": {"Arn": {"shape": "Arn"}, "Count": {"shape": "Count"}}},
    /// #         "Arn": {"type": "string", "min": 20}, "Count": {"type": "integer"}}
    /// # }"#)?;
    /// let schema = model.input_json_schema(model.operation("Tag")?);
    /// assert_eq!(schema, inia_core::json!({
    ///     "$schema": "https://json-schema.org/draft/2020-12/schema",
    ///     "title": "TagRequest",
    ///     "type": "object",
    ///     "properties": {"Arn": {"type": "string", "minLength": 20}, "Count": {"type": "integer"}},
    ///     "required": ["Arn"],
    ///     "additionalProperties": false
    /// }));
    /// # Ok::<(), inia_core::Error>(())
    /// ```
    #[must_use]
    pub fn input_json_schema(&self, operation: &Operation) -> Value {
        self.json_schema(operation.input.as_ref(), true)
    }

    /// Returns the JSON Schema of an operation's output, which may have further members than the definition.
    #[must_use]
    pub fn output_json_schema(&self, operation: &Operation) -> Value {
        self.json_schema(operation.output.as_ref(), false)
    }

    fn json_schema(&self, root: Option<&Member>, is_input: bool) -> Value {
        let mut writer = SchemaWriter {
            model: self,
            is_input,
            uses: HashMap::new(),
            definitions: BTreeMap::new(),
            pending: Vec::new(),
        };
        let mut schema = Map::new();
        schema.insert("$schema", DIALECT);
        match root {
            Some(root) => {
                writer.count_uses(root.target);
                schema.insert("title", &self.shape(root.target).name);
                let structure = match &self.shape(root.target).kind {
                    Kind::Structure(structure) => structure,
                    _ => return Value::Map(schema),
                };
                let is_union = root.traits.is_union();
                schema.append(writer.structure(structure, is_union, 0));
            }
            None => {
                schema.insert("type", "object");
                schema.insert("properties", Map::new());
                if is_input {
                    schema.insert("additionalProperties", false);
                }
            }
        }
        writer.finish_definitions();
        if !writer.definitions.is_empty() {
            let mut definitions = Map::new();
            for (name, definition) in writer.definitions {
                definitions.insert(name, definition);
            }
            schema.insert("$defs", definitions);
        }
        Value::Map(schema)
    }
}

struct SchemaWriter<'m> {
    model: &'m ServiceModel,
    is_input: bool,
    /// The number of references to each structure, 2 for more and for structures that contain themselves.
    uses: HashMap<ShapeId, u8>,
    definitions: BTreeMap<Str, Value>,
    /// Structures that are referred to, but not defined yet.
    pending: Vec<ShapeId>,
}

impl<'m> SchemaWriter<'m> {
    /// Counts the references to the structures below a shape, also through lists and maps.
    fn count_uses(&mut self, root: ShapeId) {
        self.uses.insert(root, 1);
        let mut structures = vec![root];
        while let Some(id) = structures.pop() {
            let Kind::Structure(structure) = &self.model.shape(id).kind else {
                continue;
            };
            for member in &structure.members {
                let target = self.innermost(member.target);
                let uses = self.uses.entry(target).or_default();
                *uses = (*uses + 1).min(2);
                if *uses == 1 {
                    structures.push(target);
                }
            }
        }
    }

    /// Returns the shape within lists and maps.
    fn innermost(&self, mut id: ShapeId) -> ShapeId {
        for _ in 0..MAX_DEPTH {
            id = match &self.model.shape(id).kind {
                Kind::List(element) => element.target,
                Kind::Map { value, .. } => value.target,
                _ => break,
            };
        }
        id
    }

    fn is_shared(&self, id: ShapeId) -> bool {
        self.uses.get(&id).is_some_and(|uses| *uses > 1)
    }

    /// Writes the structures that are referred to, until none is missing.
    fn finish_definitions(&mut self) {
        while let Some(id) = self.pending.pop() {
            let shape = self.model.shape(id);
            if self.definitions.contains_key(&shape.name) {
                continue;
            }
            self.definitions.insert(shape.name.clone(), Value::Null);
            let definition = self.shape(id, 0);
            self.definitions
                .insert(shape.name.clone(), Value::Map(definition));
        }
    }

    fn structure(&mut self, structure: &'m Structure, is_union: bool, depth: usize) -> Map {
        let mut properties = Map::new();
        let mut required = List::new();
        for (position, member) in (0u32..).zip(&structure.members) {
            properties.insert(member.name.clone(), self.member(member, depth + 1));
            // Idempotency tokens are filled in.
            if structure.required.contains(&position) && !member.traits.is_idempotency_token() {
                required.push(&member.name);
            }
        }
        let mut schema = Map::new();
        schema.insert("type", "object");
        schema.insert("properties", properties);
        if !required.is_empty() {
            schema.insert("required", required);
        }
        if is_union {
            schema.insert("minProperties", 1);
            schema.insert("maxProperties", 1);
        }
        if self.is_input {
            schema.insert("additionalProperties", false);
        }
        schema
    }

    fn member(&mut self, member: &'m Member, depth: usize) -> Value {
        let shape = self.model.shape(member.target);
        let is_document = member.traits.is_document() || member.traits.is_json_value();
        let mut schema = if is_document {
            Map::new()
        } else if member.traits.is_event_stream() {
            let mut events = Map::new();
            events.insert("type", "array");
            events.insert("items", self.reference(member.target));
            events
        } else {
            match &shape.kind {
                Kind::Structure(_) if self.is_shared(member.target) => {
                    self.reference(member.target)
                }
                // A list or map that contains itself without a structure in between is possible.
                Kind::Structure(_) | Kind::List(_) | Kind::Map { .. } if depth > MAX_DEPTH => {
                    self.reference(member.target)
                }
                _ => self.shape(member.target, depth),
            }
        };
        if member.traits.is_deprecated() {
            schema.insert("deprecated", true);
        }
        Value::Map(schema)
    }

    fn reference(&mut self, id: ShapeId) -> Map {
        self.pending.push(id);
        let name = &self.model.shape(id).name;
        let mut schema = Map::new();
        schema.insert("$ref", format!("#/$defs/{name}"));
        schema
    }

    fn shape(&mut self, id: ShapeId, depth: usize) -> Map {
        let shape = self.model.shape(id);
        let constraints = &shape.constraints;
        let mut schema = Map::new();
        match &shape.kind {
            Kind::Structure(structure) => {
                if shape.traits.is_document() {
                    return schema;
                }
                let is_union = shape.traits.is_union() || shape.traits.is_event_stream();
                return self.structure(structure, is_union, depth);
            }
            Kind::List(element) => {
                schema.insert("type", "array");
                let items = self.member(element, depth + 1);
                schema.insert("items", sparse(items, shape.traits.is_sparse()));
                insert_min(&mut schema, "minItems", constraints);
            }
            Kind::Map { value, .. } => {
                schema.insert("type", "object");
                let values = self.member(value, depth + 1);
                schema.insert(
                    "additionalProperties",
                    sparse(values, shape.traits.is_sparse()),
                );
            }
            Kind::String => {
                schema.insert("type", "string");
                insert_min(&mut schema, "minLength", constraints);
                annotate(&mut schema, constraints);
            }
            Kind::Blob => {
                schema.insert("type", "string");
                schema.insert("contentEncoding", "base64");
            }
            Kind::Boolean => {
                schema.insert("type", "boolean");
            }
            Kind::Integer | Kind::Long => {
                schema.insert("type", "integer");
                insert_min(&mut schema, "minimum", constraints);
                annotate(&mut schema, constraints);
            }
            Kind::Float | Kind::Double => {
                schema.insert("type", "number");
                insert_min(&mut schema, "minimum", constraints);
                annotate(&mut schema, constraints);
            }
            Kind::Timestamp => {
                schema.insert("type", json!(["string", "number"]));
                schema.insert("format", "date-time");
            }
        }
        schema
    }
}

/// Allows nulls if the list or map is sparse.
fn sparse(schema: Value, is_sparse: bool) -> Value {
    if !is_sparse {
        return schema;
    }
    let mut null = Map::new();
    null.insert("type", "null");
    let mut either = Map::new();
    either.insert("anyOf", Value::from(vec![schema, Value::Map(null)]));
    Value::Map(either)
}

fn insert_min(schema: &mut Map, keyword: &str, constraints: &Constraints) {
    if let Some(min) = constraints
        .min
        .filter(|min| keyword == "minimum" || *min > 0.0)
    {
        schema.insert(keyword, super::operation::number(min));
    }
}

/// Adds what the service checks, but the client does not.
fn annotate(schema: &mut Map, constraints: &Constraints) {
    let values = constraints.enumeration();
    if !values.is_empty() {
        schema.insert("examples", values.iter().collect::<List>());
    }
    let mut parts = Vec::new();
    if let Some(max) = constraints.max {
        parts.push(format!("maximum {max}"));
    }
    if let Some(pattern) = constraints.pattern() {
        parts.push(format!("pattern {pattern}"));
    }
    if !parts.is_empty() {
        schema.insert("description", parts.join("; "));
    }
}

/// The reason of a verdict of [`ServiceModel::is_read_only`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReadOnlySource {
    /// The definition has the trait `readonly`.
    Trait,
    /// The rule of names and methods: see [`ServiceModel::is_read_only`].
    Rule,
    /// Neither says that the operation only reads.
    Unknown,
}

/// Starts of the names of operations that only read.
const READING_VERBS: [&str; 6] = ["Describe", "Get", "Head", "List", "Lookup", "Search"];

/// Operations that change something, although their names start like those that read.
///
/// # Source
/// The API references of the services.
const CHANGING: &[(&str, &str)] = &[
    // Creates an identity.
    ("cognito-identity", "GetId"),
    // Creates a key for one import.
    ("kms", "GetParametersForImport"),
    // Returns credentials.
    ("s3control", "GetDataAccess"),
    // Takes a task from a queue.
    ("stepfunctions", "GetActivityTask"),
];

/// Parts of the names of operations that return new credentials.
const CREDENTIAL_WORDS: [&str; 4] = ["Credentials", "Password", "PresignedUrl", "Token"];

impl ServiceModel {
    /// Reports whether an operation only reads, with the source of the verdict.
    ///
    /// The trait `readonly` of the definition counts; most definitions do not have it. Otherwise an operation reads if its name starts
    /// with `Describe`, `Get`, `Head`, `List`, `Lookup` or `Search`, no exception is known, it returns no new credentials (`GetSessionToken`),
    /// takes no idempotency token, and its HTTP method is neither `PUT`, `PATCH` nor `DELETE`. Anything else is not read-only: the rule errs on
    /// the safe side.
    ///
    /// ```
    /// use inia_model::ReadOnlySource;
    /// # let model = inia_model::ServiceModel::from_json("tiny", br#"{
    /// #     "metadata": {"protocol": "json", "endpointPrefix": "tiny"},
    /// #     "operations": {"ListTags": {"http": {"method": "POST"}}, "Tag": {"http": {"method": "POST"}},
    /// #                    "FindTags": {"http": {"method": "POST"}, "readonly": true}},
    /// #     "shapes": {}
    /// # }"#)?;
    /// let verdict = |name| Ok::<_, inia_core::Error>(model.is_read_only(model.operation(name)?));
    /// assert_eq!(verdict("FindTags")?, (true, ReadOnlySource::Trait));
    /// assert_eq!(verdict("ListTags")?, (true, ReadOnlySource::Rule));
    /// assert_eq!(verdict("Tag")?, (false, ReadOnlySource::Unknown));
    /// # Ok::<(), inia_core::Error>(())
    /// ```
    #[must_use]
    pub fn is_read_only(&self, operation: &Operation) -> (bool, ReadOnlySource) {
        if CHANGING.contains(&(&**self.name(), &*operation.name)) {
            return (false, ReadOnlySource::Rule);
        }
        if operation.is_readonly {
            return (true, ReadOnlySource::Trait);
        }
        let has_reading_name = READING_VERBS.iter().any(|verb| {
            operation.name.strip_prefix(verb).is_some_and(|rest| {
                // A word of its own: not `Getaway` or `Listen`.
                rest.is_empty() || rest.starts_with(|next: char| !next.is_ascii_lowercase())
            })
        });
        let returns_credentials = operation.name.starts_with("Get")
            && CREDENTIAL_WORDS
                .iter()
                .any(|word| operation.name.contains(word));
        let has_reading_method = matches!(&*operation.method, "" | "GET" | "HEAD" | "POST");
        let takes_token = self.input(operation).is_some_and(|input| {
            let mut members = input.members.iter();
            members.any(|member| member.traits.is_idempotency_token())
        });
        if has_reading_name && has_reading_method && !takes_token && !returns_credentials {
            (true, ReadOnlySource::Rule)
        } else {
            (false, ReadOnlySource::Unknown)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(shapes: &str) -> inia_core::Result<Value> {
        let definition = format!(
            r#"{{"metadata": {{"protocol": "json", "endpointPrefix": "t"}},
                 "operations": {{"Go": {{"http": {{}}, "input": {{"shape": "In"}}}}}}, "shapes": {shapes}}}"#
        );
        let model = ServiceModel::from_json("t", definition.as_bytes())?;
        Ok(model.input_json_schema(model.operation("Go")?))
    }

    #[test]
    fn every_kind_of_shape_has_a_schema() {
        let schema = schema(
            r#"{"In": {"type": "structure", "required": ["Token", "Tree"], "members": {
                    "Token": {"shape": "S", "idempotencyToken": true}, "Tree": {"shape": "Tree"}, "When": {"shape": "T"},
                    "Sizes": {"shape": "M"}, "State": {"shape": "E"}, "Any": {"shape": "D"}, "One": {"shape": "U"}, "Bytes": {"shape": "B"},
                    "Old": {"shape": "I", "deprecated": true}}},
                "Tree": {"type": "structure", "members": {"Left": {"shape": "Tree"}, "Leaf": {"shape": "S"}}},
                "S": {"type": "string"}, "T": {"type": "timestamp"}, "B": {"type": "blob"}, "I": {"type": "integer", "min": 1, "max": 9},
                "M": {"type": "map", "key": {"shape": "S"}, "value": {"shape": "L"}, "sparse": true},
                "L": {"type": "list", "member": {"shape": "I"}, "min": 1},
                "E": {"type": "string", "enum": ["on", "off"], "pattern": "o.*"},
                "D": {"type": "structure", "members": {}, "document": true},
                "U": {"type": "structure", "union": true, "members": {"A": {"shape": "S"}}}}"#,
        )
        .unwrap();
        assert_eq!(
            schema,
            json!({
                "$schema": DIALECT, "title": "In", "type": "object",
                "properties": {
                    "Token": {"type": "string"},
                    "Tree": {"$ref": "#/$defs/Tree"},
                    "When": {"type": ["string", "number"], "format": "date-time"},
                    "Sizes": {"type": "object", "additionalProperties": {"anyOf": [
                        {"type": "array", "items": {"type": "integer", "minimum": 1, "description": "maximum 9"}, "minItems": 1},
                        {"type": "null"}]}},
                    "State": {"type": "string", "examples": ["on", "off"], "description": "pattern o.*"},
                    "Any": {},
                    "One": {"type": "object", "properties": {"A": {"type": "string"}},
                            "minProperties": 1, "maxProperties": 1, "additionalProperties": false},
                    "Bytes": {"type": "string", "contentEncoding": "base64"},
                    "Old": {"type": "integer", "minimum": 1, "description": "maximum 9", "deprecated": true},
                },
                "required": ["Tree"], "additionalProperties": false,
                "$defs": {"Tree": {"type": "object", "properties": {
                    "Left": {"$ref": "#/$defs/Tree"}, "Leaf": {"type": "string"}}, "additionalProperties": false}},
            })
        );
    }

    #[test]
    fn lists_of_themselves_end() {
        let schema = schema(
            r#"{"In": {"type": "structure", "members": {"Nested": {"shape": "L"}}},
                "L": {"type": "list", "member": {"shape": "L"}}}"#,
        )
        .unwrap();
        assert_eq!(schema["$defs"]["L"]["type"], "array");
    }
}
