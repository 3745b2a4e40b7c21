//! `inia resource`: the resources of a service, with their identifiers, attributes, actions and relations.
//!
//! ```text
//! inia resource                                       services with resources
//! inia resource s3                                    describe the service resource
//! inia resource s3 Bucket                             describe the Bucket resource
//! inia resource s3 Bucket logs                        one bucket: identifiers and attributes
//! inia resource s3 Bucket logs creation_date          an attribute
//! inia resource s3 Bucket logs objects --limit 5      a collection
//! inia resource s3 Bucket logs Object a.txt get -     a sub-resource and an action
//! inia resource ec2 Instance i-1 subnet vpc id        references
//! inia resource ec2 Instance i-1 wait-until-running   a waiter
//! inia resource dynamodb Table t get-item --key '{"id": "a"}'   an action with native values
//! ```

use inia::dynamodb::with_binary_entries;
use inia::{
    Session, Value, model::Operation, model::ResourceModel, resource::Resource,
    resource::ResourceOutcome, resource::ResourcePart,
};

use crate::arguments::{
    Arguments, CollectionOptions, InputRules, OperationArguments, OutputOptions, ProfileOption,
    SessionOptions,
};
use crate::command::response::{Outfile, receive};
use crate::command::{describe, skeleton};
use crate::customization::OperationCommand;
use crate::output::Printer;
use crate::status::CliError;

/// Runs `inia resource` with the remaining arguments.
pub(crate) async fn run(mut arguments: Arguments) -> Result<(), CliError> {
    let service = match arguments.positional()? {
        Some(service) if service != "help" => service,
        _ => {
            let profile: ProfileOption = arguments.take()?;
            arguments.finish::<0>("resource")?;
            let session = profile.load().await?;
            let services = session.available_resources();
            return describe::print(services.iter().map(|name| name.to_string()));
        }
    };
    let service = crate::customization::spelling::service_name(&service);
    let first = arguments.positional()?;
    // Without a call: finds out whether the arguments name a description or a part of a resource.
    let profile: ProfileOption = arguments.clone().take()?;
    let session = profile.load().await?;
    let resource = session.resource(service)?;
    let names_resource = |name: &str| {
        let part = resource.part(&to_snake_case(name));
        part.is_none_or(|part| part == ResourcePart::Subresource)
    };
    let first = match first {
        Some(first) if !(names_resource(&first) && arguments.is_last_positional()) => first,
        // A resource name without identifiers describes that resource.
        name => {
            let (ProfileOption { .. }, output) = arguments.take()?;
            arguments.finish::<0>("resource <service> <Name>")?;
            let description = resource.client().describe_resource(name.as_deref())?;
            let title = name.as_deref().unwrap_or("resource");
            return Printer::new(output, &session)?
                .in_order()
                .print(description, title);
        }
    };
    let session = arguments.take::<SessionOptions>()?.load().await?;
    let resource = session.resource(service)?;
    let path = ResourcePath::parse(&resource, first, &mut arguments)?;
    path.run(resource, &session, arguments).await
}

/// The part of a resource that the arguments name, found without a call, so that the options of the command are checked before the
/// first one.
struct ResourcePath {
    steps: Vec<ResourceStep>,
    /// Definition of the resource behind the last step.
    model: std::sync::Arc<ResourceModel>,
    end: PathEnd,
}

enum ResourceStep {
    Subresource { name: String, identifiers: Value },
    Reference(String),
}

/// The last word of a path: the member of the last resource. None for the resource itself.
enum PathEnd {
    Resource,
    Attribute(String),
    Collection(String),
    Action(String),
    Waiter(String),
}

impl ResourcePath {
    fn parse(root: &Resource, first: String, arguments: &mut Arguments) -> Result<Self, CliError> {
        let mut path = ResourcePath {
            steps: Vec::new(),
            model: std::sync::Arc::clone(root.definition(root.name())?),
            end: PathEnd::Resource,
        };
        let mut next = Some(first);
        while let Some(argument) = next {
            let name = to_snake_case(&argument);
            let Some(part) = root.part_of(&path.model, &name) else {
                return Err(unknown(root, &path.model, &argument));
            };
            path.end = match part {
                ResourcePart::Identifier | ResourcePart::Attribute => PathEnd::Attribute(name),
                ResourcePart::Collection => PathEnd::Collection(name),
                ResourcePart::Action => PathEnd::Action(name),
                ResourcePart::Waiter => PathEnd::Waiter(name),
                ResourcePart::Subresource => {
                    let relation = path.model.subresource(&name)?;
                    let mut identifiers = Vec::new();
                    for identifier in relation.resource.inputs() {
                        let value = arguments.positional()?.ok_or_else(|| {
                            CliError::usage(format!(
                                "{argument} requires its {identifier} after the name"
                            ))
                        })?;
                        identifiers.push(Value::from(value));
                    }
                    let target = root.definition(&relation.resource.resource)?;
                    path.model = std::sync::Arc::clone(target);
                    path.steps.push(ResourceStep::Subresource {
                        name,
                        identifiers: Value::from_iter(identifiers),
                    });
                    PathEnd::Resource
                }
                ResourcePart::Reference => {
                    let relation = path.model.reference(&name)?;
                    let target = root.definition(&relation.resource.resource)?;
                    path.model = std::sync::Arc::clone(target);
                    path.steps.push(ResourceStep::Reference(name));
                    PathEnd::Resource
                }
            };
            next = match path.end {
                PathEnd::Resource => arguments.positional()?,
                _ => None,
            };
        }
        Ok(path)
    }

    /// Parses the options of the command, and then makes its calls.
    async fn run(
        self,
        resource: Resource,
        session: &Session,
        mut arguments: Arguments,
    ) -> Result<(), CliError> {
        match self.end {
            PathEnd::Resource => {
                let output: OutputOptions = arguments.take()?;
                arguments.finish::<0>("resource <service> <Name> <identifier>")?;
                let printer = Printer::new(output, session)?;
                let value = match walk(resource, self.steps).await? {
                    ResourceOutcome::Resource(resource) => {
                        if can_load(&resource) {
                            resource.loaded().await?;
                        }
                        row(&resource)
                    }
                    other => outcome(other),
                };
                printer.print(value, &self.model.name)
            }
            PathEnd::Attribute(name) => {
                let output: OutputOptions = arguments.take()?;
                arguments.finish::<0>("resource <service> <Name> <identifier> <attribute>")?;
                let printer = Printer::new(output, session)?;
                let resource = walk(resource, self.steps).await?.into_resource()?;
                printer.print(resource.attribute(&name).await?, &name)
            }
            PathEnd::Waiter(name) => {
                arguments.finish::<0>("resource <service> <Name> <identifier> <waiter>")?;
                let resource = walk(resource, self.steps).await?.into_resource()?;
                resource.wait_until(&name, Value::map()).await?;
                Ok(())
            }
            PathEnd::Collection(ref name) => {
                let model = std::sync::Arc::clone(resource.client().model());
                let target = self.model.collection(name)?;
                let operation = model.operation(&target.request.operation)?;
                let supplied = target.request.params.iter();
                let supplied: Vec<&str> = supplied.map(|param| param.target.parameter()).collect();
                let rules = InputRules {
                    form: arguments.value_form(session, resource.client())?,
                    supplied: &supplied,
                };
                let ((output, limits), parsed): ((OutputOptions, CollectionOptions), _) =
                    OperationArguments::parse(arguments, plain(&model, operation), rules)?;
                if let Some(argument) = parsed.positionals.first() {
                    return Err(CliError::unexpected(argument));
                }
                if let Some(kind) = parsed.skeleton {
                    let params = &parsed.params;
                    let client = resource.client();
                    return skeleton::print(
                        kind, client, operation, params, &supplied, output, session,
                    );
                }
                let printer = Printer::new(output, session)?;
                let resource = walk(resource, self.steps).await?.into_resource()?;
                let rows = collection(&resource, name, limits, parsed.params).await?;
                printer.print(rows, name)
            }
            PathEnd::Action(ref name) => {
                let client = resource.client().clone();
                let model = client.model();
                let action_call = ActionCall::find(&resource, &self.model, name)?;
                let operation = model.operation(&action_call.operation)?;
                let supplied: Vec<&str> = action_call.supplied.iter().map(String::as_str).collect();
                let rules = InputRules {
                    form: arguments.value_form(session, resource.client())?,
                    supplied: &supplied,
                };
                let (output, parsed): (OutputOptions, _) =
                    OperationArguments::parse(arguments, plain(model, operation), rules)?;
                let outfile = Outfile::of(model, operation, &parsed)?;
                if let Some(kind) = parsed.skeleton {
                    let params = &parsed.params;
                    return skeleton::print(
                        kind, &client, operation, params, &supplied, output, session,
                    );
                }
                if outfile.as_ref().is_some_and(Outfile::is_standard_output) {
                    output.reject("the body is written to standard output")?;
                }
                let printer = Printer::new(output, session)?;
                let resource = walk(resource, self.steps).await?.into_resource()?;
                match action(&resource, name, operation, parsed, outfile, &printer).await? {
                    Some(value) => printer.print(value, &operation.name),
                    None => Ok(()),
                }
            }
        }
    }
}

/// Follows the steps from a resource. A reference at the end may be no resource, or several.
async fn walk(root: Resource, steps: Vec<ResourceStep>) -> Result<ResourceOutcome, CliError> {
    let mut current = ResourceOutcome::Resource(root);
    for step in steps {
        let resource = current.into_resource()?;
        current = match step {
            ResourceStep::Subresource { name, identifiers } => {
                ResourceOutcome::Resource(resource.get(&name, identifiers)?)
            }
            ResourceStep::Reference(name) => resource.reference(&name).await?,
        };
    }
    Ok(current)
}

/// Converts a kebab-case argument to the snake_case of resource definitions.
fn to_snake_case(word: &str) -> String {
    word.replace('-', "_")
}

#[cold]
fn unknown(root: &Resource, model: &ResourceModel, argument: &str) -> CliError {
    let description = root.describe_definition(model);
    let kinds = [
        "attributes",
        "actions",
        "sub_resources",
        "references",
        "collections",
        "waiters",
    ];
    let names: Vec<&str> = kinds
        .iter()
        .filter_map(|kind| description.get(kind))
        .flat_map(Value::items)
        .filter_map(|part| part.get("name")?.as_str())
        .collect();
    CliError::usage(format!(
        "{}.{} has no {argument:?}{}",
        model.service,
        model.name,
        inia::model::did_you_mean(&to_snake_case(argument), names)
    ))
}

/// The operation of an action, and the parameters that the resource fills in.
struct ActionCall {
    operation: String,
    supplied: Vec<String>,
}

impl ActionCall {
    fn find(root: &Resource, model: &ResourceModel, name: &str) -> Result<Self, CliError> {
        let description = root.describe_definition(model);
        let actions = description.get("actions");
        let mut actions = actions.into_iter().flat_map(Value::items);
        let action = actions.find(|action| {
            let action = action.get("name").and_then(Value::as_str);
            action.is_some_and(|action| action == name || action == inia::model::snake_case(name))
        });
        let text = |value: &Value| value.as_str().map(str::to_owned);
        match action.and_then(|action| Some((action, text(action.get("operation")?)?))) {
            Some((action, operation)) => {
                let supplied = action.get("filled_in").into_iter().flat_map(Value::items);
                Ok(ActionCall {
                    operation,
                    supplied: supplied.filter_map(text).collect(),
                })
            }
            None => Ok(ActionCall {
                operation: model.action(name)?.request.operation.to_string(),
                supplied: Vec::new(),
            }),
        }
    }
}

fn can_load(resource: &Resource) -> bool {
    resource
        .describe()
        .get("load")
        .is_some_and(|load| !load.is_null())
}

/// Returns the identifiers and the loaded attributes of a resource.
fn row(resource: &Resource) -> Value {
    let data = resource.data();
    let mut row = inia::Map::new();
    for (name, value) in resource.identifiers() {
        row.insert(name.clone(), value.clone());
    }
    for attribute in &resource.model().attributes {
        let value = data.as_ref().and_then(|data| data.get(&attribute.member));
        if let Some(value) = value
            && !row.contains_key(&attribute.name)
        {
            row.insert(attribute.name.clone(), value.clone());
        }
    }
    Value::Map(row)
}

fn outcome(outcome: ResourceOutcome) -> Value {
    match outcome {
        ResourceOutcome::None => Value::Null,
        ResourceOutcome::Output(output) => output.value,
        ResourceOutcome::Resource(resource) => row(&resource),
        ResourceOutcome::Resources(resources) => resources.iter().map(row).collect(),
    }
}

/// Lists a collection, filtered by the parameters of its operation.
async fn collection(
    resource: &Resource,
    name: &str,
    limits: CollectionOptions,
    params: Value,
) -> Result<Value, CliError> {
    let mut collection = resource.collection(name).filter(params);
    if let Some(limit) = limits.limit {
        collection = collection.limit(limit);
    }
    if let Some(size) = limits.page_size {
        collection = collection.page_size(size);
    }
    let mut items = collection.iter();
    let mut rows = Vec::new();
    while let Some(item) = items.next().await {
        rows.push(row(&item?));
    }
    Ok(Value::from_iter(rows))
}

/// Runs an action, and returns the value to print. Parameters that the resource does not fill in are those of the arguments.
async fn action(
    resource: &Resource,
    name: &str,
    operation: &Operation,
    arguments: OperationArguments,
    outfile: Option<Outfile>,
    printer: &Printer,
) -> Result<Option<Value>, CliError> {
    let body = arguments.open_body().await?;
    let mut action = resource.action(name, arguments.params).resume_body();
    if let Some(body) = body {
        action = action.body(body);
    }
    let result = action.await.map_err(|error| CliError::Call {
        operation: operation.name.to_string(),
        error,
    })?;
    let value = match result {
        ResourceOutcome::Output(response) => {
            let model = resource.client().model();
            match receive(*response, outfile.as_ref(), model, operation, printer).await? {
                Some(value) => value,
                None => return Ok(None),
            }
        }
        other => outcome(other),
    };
    let value = match resource.client().is_native() {
        true => with_binary_entries(value),
        false => value,
    };
    let is_empty = value.is_null() || value.as_map().is_some_and(inia::Map::is_empty);
    Ok((!is_empty).then_some(value))
}

/// Returns an operation without the arguments that the AWS CLI adds to its commands: resources have none of them.
fn plain<'m>(
    model: &'m inia::model::ServiceModel,
    operation: &'m Operation,
) -> OperationCommand<'m> {
    OperationCommand {
        model,
        operation,
        name: "",
    }
}
